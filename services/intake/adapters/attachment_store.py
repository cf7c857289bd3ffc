"""The object store of attachments: a folder or a bucket of S3, spoken to by one library."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from services.intake.settings import AttachmentSettings, bucket_of, folder_of
from shared.kernel.errors import Unavailable

if TYPE_CHECKING:
    from obstore.store import S3Config

MAX_IN_FLIGHT: Final = 16
PAGE: Final = 1_000
"""Objects of one page: what S3 lists, and deletes, in one request."""
_PIECE: Final = 64 * 2**10
_RETRIES: Final = 2
_CONNECT: Final = timedelta(seconds=5)
_DOWNLOAD: Final = timedelta(minutes=5)
"""After it a download ends, however slow its reader is."""


class StoredObject(NamedTuple):
    """What the store says of an object."""

    key: str
    written_at: datetime


class AttachmentStore:
    """Keeps contents under keys. Whatever the store or its network does is `Unavailable`."""

    def __init__(self, settings: AttachmentSettings) -> None:
        """Makes the folder, where it is one; a bucket has to be there. Raises `OSError`."""
        self._seconds = settings.timeout_seconds
        self._folder = folder_of(settings.url)
        self._objects = _bucket(settings) if self._folder is None else _local(self._folder)
        self._turns = asyncio.Semaphore(MAX_IN_FLIGHT)

    async def put(self, contents: Mapping[str, bytes]) -> None:
        """Keep these under their keys: they are durable when it returns.

        Raises `Unavailable`; then some of them may be there. What is there under a key stays, for a
        key says what is in it.
        """
        async with self._asked():
            await asyncio.gather(*(self._put(*each) for each in contents.items()))
            if self._folder is not None:
                await asyncio.to_thread(_sync, self._folder, contents)

    async def read(self, key: str, size: int) -> AsyncIterator[bytes]:
        """The content in pieces; raises `Unavailable`, also where it is not there with this size."""
        async with self._asked():
            found = await obstore.get_async(self._objects, key)
        if found.meta["size"] != size:
            raise Unavailable("attachments: an object has another size than was written")
        return _pieces(found)

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete them. Some may be left where another process deletes them, too."""
        if keys:
            async with self._asked():
                with suppress(FileNotFoundError):
                    await obstore.delete_async(self._objects, keys)

    async def pages(self) -> AsyncIterator[list[StoredObject]]:
        """All that is stored, in no order, in pages that are read when they are asked for."""
        async with self._asked():
            listing = obstore.list(self._objects, chunk_size=PAGE)
        while True:
            async with self._asked():
                page = await anext(listing, None)
            if page is None:
                return
            yield [StoredObject(each["path"], each["last_modified"]) for each in page]

    async def check(self) -> None:
        """Raises `Unavailable` while the store does not answer."""
        async with self._asked():
            await anext(obstore.list(self._objects, chunk_size=1), None)

    async def _put(self, key: str, content: bytes) -> None:
        async with self._turns:
            if not await self._has(key, len(content)):
                # In one piece: parts of an upload that ended halfway would stay, and nobody lists them.
                await obstore.put_async(self._objects, key, content, use_multipart=False)

    async def _has(self, key: str, size: int) -> bool:
        """Whether it is there: a copy is not written over one that a row may name."""
        try:
            found = await obstore.head_async(self._objects, key)
        except FileNotFoundError:
            return False
        return found["size"] == size

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator[None]:
        """Inside, whatever fails or takes too long is `Unavailable`; a folder that has gone, too.

        The library would make the folder anew: on the wrong disk, where one is not mounted.
        """
        try:
            async with asyncio.timeout(self._seconds):
                if self._folder is not None and not os.access(self._folder, os.W_OK | os.X_OK):
                    raise FileNotFoundError
                yield
        except (BaseError, OSError) as error:
            raise Unavailable(f"attachments: {type(error).__name__}") from error


def _local(folder: Path) -> ObjectStore:
    """Nobody else on the machine may look into it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return LocalStore(folder, automatic_cleanup=True)


def _bucket(settings: AttachmentSettings) -> ObjectStore:
    """Without keys of ours, the library finds those of the machine: environment, identity, role."""
    bucket, prefix = bucket_of(settings.url)
    secret = settings.secret_access_key
    given: S3Config = {"bucket": bucket, "region": settings.region}
    if settings.endpoint:
        given["endpoint"] = settings.endpoint
    if settings.access_key_id and secret:
        given["access_key_id"] = settings.access_key_id
        given["secret_access_key"] = secret.get_secret_value()
    plain = settings.endpoint is not None and settings.endpoint.startswith("http:")
    return S3Store(
        prefix=prefix or None,
        config=given,
        virtual_hosted_style_request=False,
        client_options={"allow_http": plain, "connect_timeout": _CONNECT, "timeout": _DOWNLOAD},
        retry_config={
            "max_retries": _RETRIES,
            "retry_timeout": timedelta(seconds=settings.timeout_seconds),
        },
    )


def _sync(folder: Path, keys: Iterable[str]) -> None:
    """The library leaves writing to the disk to the system: a loss of power would take files along."""
    files = [folder / key for key in keys]
    for path in (*files, *{file.parent for file in files}, folder):
        opened = os.open(path, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


async def _pieces(found: "obstore.GetResult") -> AsyncIterator[bytes]:
    async for piece in found.stream(min_chunk_size=_PIECE):
        yield bytes(piece)
