"""A mail provider that refuses, and quotes whom."""

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.people.mailboxes import Mailboxes
from tests.e2e.post import Post
from tests.telemetry.seeds import WORDS

REFUSED, LATER = "refused", "later"


class Quoting(Mailboxes):
    """Refuses, or defers once, and quotes address and name as many providers do."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: set[str] = set()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names it
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Whether we take mail for the address; called by the server."""
        if REFUSED in address:
            return f"550 5.1.1 <{address}>: no such person as {WORDS[0]}"
        if LATER in address and address not in self._asked:
            self._asked.add(address)
            return f"451 4.2.0 <{address}>: the mailbox of {WORDS[0]} is busy"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"


class QuotingPost(Post):
    """As `Post`, with that provider."""

    def __init__(self) -> None:
        super().__init__()
        self._boxes = Quoting()
