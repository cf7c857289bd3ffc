"""The customers' mail provider, on a loop of its own: it takes mail whatever the tests are doing."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from threading import Thread
from typing import Any, Self, TypeVar

from deploy.local.people.mailboxes import Mail, Mailboxes
from deploy.local.ports import LOOPBACK
from deploy.local.started import Started

T = TypeVar("T")
Kind = Callable[[Mail], bool]


class Post(Started):
    """Everybody's mailboxes; a context manager. `here` is where our mail is to be handed over."""

    def __init__(self) -> None:
        self._boxes = Mailboxes()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="post", daemon=True)

    def start(self) -> Self:
        """Return when it is there."""
        self._thread.start()
        self._there(self._boxes.start()).result()
        return self

    def stop(self) -> None:
        """End it."""
        self._there(self._boxes.stop()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def here(self) -> tuple[str, int]:
        return LOOPBACK, self._boxes.port

    async def mail_to(self, address: str, kind: Kind, within: float = 30.0) -> Mail:
        """The first mail of that kind to the address, come or still to come."""
        return await asyncio.wrap_future(self._there(self._boxes.wait_for(address, kind, within)))

    def mails_to(self, address: str) -> list[Mail]:
        """Every mail that came to the address so far."""
        return list(self._boxes.mails.get(address, ()))

    def came_twice(self) -> set[str]:
        """Message-IDs of ours that arrived more than once."""
        mails = [mail.message_id for box in list(self._boxes.mails.values()) for mail in box]
        return {message_id for message_id, n in Counter(mails).items() if n > 1}

    def _there(self, work: Coroutine[Any, Any, T]) -> "asyncio.Future[T]":
        return asyncio.run_coroutine_threadsafe(work, self._loop)  # type: ignore[return-value]


def acknowledgement(mail: Mail) -> bool:
    """Ours, written by a machine, and no question."""
    return mail.headers.get("auto-submitted", "no") != "no" and mail.link is None


def question(mail: Mail) -> bool:
    """A check-in."""
    return mail.link is not None


def reply(mail: Mail) -> bool:
    """Written by an agent."""
    return not acknowledgement(mail) and not question(mail)
