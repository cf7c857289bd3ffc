"""Stores of attachments for tests: a folder, and a bucket behind real HTTP; each can be away for a while."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import boto3
from moto.server import ThreadedMotoServer

from services.intake.settings import AttachmentSettings

LOOPBACK = "127.0.0.1"
KEYS = {"access_key_id": "tests", "secret_access_key": "s3cret"}


class Store(Protocol):
    """A store as intake is told of it; `contents` is what stands in it, by key."""

    @property
    def settings(self) -> AttachmentSettings: ...

    def away(self) -> None: ...

    def back(self) -> None: ...

    def contents(self) -> dict[str, bytes]: ...


class Folder:
    """A folder; away is one that was moved, such as a disk that is not mounted."""

    def __init__(self, place: Path) -> None:
        self.place, self._hidden = place, place.with_suffix(".away")
        self.settings = AttachmentSettings(url=place.as_uri(), single_node=True)

    def away(self) -> None:
        self.place.rename(self._hidden)

    def back(self) -> None:
        self._hidden.rename(self.place)

    def contents(self) -> dict[str, bytes]:
        files = (path for path in self.place.rglob("*") if path.is_file())
        return {str(path.relative_to(self.place)): path.read_bytes() for path in files}


class Bucket:
    """A bucket of a server of its own; away is one whose server has ended."""

    def __init__(self) -> None:
        self._name, self._port = f"files-{uuid4()}", 0
        self._server = self._started()
        _, self._port = self._server.get_host_and_port()
        self.client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=KEYS["access_key_id"],
            aws_secret_access_key=KEYS["secret_access_key"],
        )
        self.client.create_bucket(Bucket=self._name)
        self.settings = AttachmentSettings.model_validate(
            {"url": f"s3://{self._name}/attachments", "endpoint": self.endpoint, **KEYS}
        )

    @property
    def endpoint(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    def away(self) -> None:
        self._server.stop()

    def back(self) -> None:
        """On the port it had, with all that is in it."""
        self._server = self._started()

    def contents(self) -> dict[str, bytes]:
        listed = self.client.list_objects_v2(Bucket=self._name).get("Contents", [])
        return {
            each["Key"].removeprefix("attachments/"): self._content(each["Key"]) for each in listed
        }

    def _content(self, key: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=self._name, Key=key)["Body"].read()
        return content

    def _started(self) -> ThreadedMotoServer:
        server = ThreadedMotoServer(ip_address=LOOPBACK, port=self._port, verbose=False)
        server.start()
        return server


@contextmanager
def bucket() -> Iterator[Bucket]:
    """A bucket of its own, whose server ends with the block."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    opened = Bucket()
    try:
        yield opened
    finally:
        opened.client.close()
        opened.away()
