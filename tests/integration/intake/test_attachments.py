"""Attachments in their store, a folder and a bucket alike: durable before their row, streamed back, swept."""

import os
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiosmtplib
import httpx2
import pytest
from prometheus_client import REGISTRY

from services.intake.adapters.attachment_store import AttachmentStore
from services.intake.domain.attachment_key import key_of
from services.intake.entrypoints.jobs import STEP_SECONDS, SWEEP_SECONDS, delete_orphans
from services.intake.entrypoints.smtp import SmtpServer
from shared.kernel.errors import Unavailable
from tests.conftest import OpenDatabase
from tests.integration.intake.desk import a_contact, calling
from tests.integration.intake.place import Intake
from tests.integration.intake.test_smtp_server import a_mail, deliver, listening
from tests.support.clock import FakeClock
from tests.support.object_store import Folder, Store, bucket

TABLE, PICTURE = b"a,b\n", bytes(range(256)) * 4_000
LONG = timedelta(days=2)


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store that can be away."""
    if request.param == "folder":
        yield Folder(tmp_path / "files")
    else:
        with bucket() as opened:
            yield opened


@pytest.fixture
async def intake(
    open_database: OpenDatabase, clock: FakeClock, place: Store
) -> AsyncIterator[Intake]:
    opened = Intake(await open_database("intake"), clock, attachments=place.settings)
    yield opened
    await opened.readers.close()


@pytest.fixture
async def server(intake: Intake) -> AsyncIterator[SmtpServer]:
    async with listening(intake.mail) as opened:
        yield opened


@pytest.fixture
async def client(intake: Intake, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with calling(intake, tmp_path) as caller:
        yield caller


def with_files(*files: tuple[bytes, str, str], **headers: str) -> EmailMessage:
    mail = a_mail(**headers)
    for content, media_type, name in files:
        maintype, _, subtype = media_type.partition("/")
        mail.add_attachment(content, maintype=maintype, subtype=subtype, filename=name)
    return mail


async def contact_ids(intake: Intake) -> list[UUID]:
    return [row[0] for row in await intake.rows("select contact_id from contact order by 1")]


async def shown(client: httpx2.AsyncClient, contact_id: UUID) -> list[dict[str, Any]]:
    response = await client.get(f"/v1/contacts/{contact_id}")
    messages: list[dict[str, Any]] = response.json()["messages"]
    return messages


async def to_the_end(intake: Intake) -> None:
    while await intake.orphans.step():
        pass


async def test_files_are_downloaded_as_they_came_under_the_names_they_had(
    intake: Intake, place: Store, server: SmtpServer, client: httpx2.AsyncClient
) -> None:
    files = (PICTURE, "image/png", "Übersicht – ఫైల్.png"), (TABLE, "text/html", "list.html")
    await deliver(server, with_files(*files))
    [contact_id] = await contact_ids(intake)
    message = next(each for each in await shown(client, contact_id) if each["direction"] == "in")
    assert message["attachments"] == 2
    assert [(file["name"], file["media_type"], file["size"]) for file in message["files"]] == [
        ("Übersicht – ఫైల్.png", "image/png", len(PICTURE)),
        ("list.html", "text/html", len(TABLE)),
    ]
    path = f"/v1/contacts/{contact_id}/messages/{message['message_id']}/attachments"
    first, second = [await client.get(f"{path}/{file['position']}") for file in message["files"]]
    assert (first.content, second.content) == (PICTURE, TABLE)
    assert first.headers["content-length"] == str(len(PICTURE))
    assert first.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''%C3%9Cbersicht%20%E2%80%93%20"
        "%E0%B0%AB%E0%B1%88%E0%B0%B2%E0%B1%8D.png"
    )
    assert second.headers["content-type"] == "application/octet-stream"
    assert set(place.contents()) == {
        key_of(contact_id, sha256(content).digest()) for content, _, _ in files
    }


async def test_only_a_message_s_own_files_are_found_under_it(
    intake: Intake, server: SmtpServer, client: httpx2.AsyncClient
) -> None:
    await deliver(server, with_files((TABLE, "text/csv", "a.csv")))
    [contact_id] = await contact_ids(intake)
    message_id = (await shown(client, contact_id))[0]["message_id"]
    for wrong in (
        f"{contact_id}/messages/{message_id}/attachments/1",
        f"{contact_id}/messages/{uuid4()}/attachments/0",
        f"{uuid4()}/messages/{message_id}/attachments/0",
    ):
        assert (await client.get(f"/v1/contacts/{wrong}")).status_code == 404, wrong


async def test_a_follow_up_s_files_lie_with_its_contact_and_the_same_file_lies_there_once(
    intake: Intake, place: Store, server: SmtpServer
) -> None:
    await deliver(server, with_files((TABLE, "text/csv", "a.csv"), Message_ID="<1@example.org>"))
    follow_up = {"Message_ID": "<2@example.org>", "In_Reply_To": "<1@example.org>"}
    await deliver(
        server,
        with_files((TABLE, "text/csv", "b.csv"), (PICTURE, "image/png", "c.png"), **follow_up),
    )
    [contact_id] = await contact_ids(intake)
    assert place.contents() == {
        key_of(contact_id, sha256(content).digest()): content for content in (TABLE, PICTURE)
    }
    assert await intake.value("select count(*) from attachment") == 3


async def test_a_mail_that_comes_again_stores_nothing_again(
    intake: Intake, place: Store, server: SmtpServer
) -> None:
    mail = with_files((TABLE, "text/csv", "a.csv"), Message_ID="<1@example.org>")
    await deliver(server, mail)
    before = place.contents()
    await deliver(server, mail)
    assert place.contents() == before
    assert await intake.accounts() == {"email": (2, 1, 0, 1)}


async def test_while_the_store_is_away_what_brings_files_waits_and_all_else_comes_in(
    intake: Intake, place: Store, server: SmtpServer, client: httpx2.AsyncClient
) -> None:
    mail = with_files((TABLE, "text/csv", "a.csv"), sender="ben@example.org")
    place.away()
    with pytest.raises(Unavailable):
        await intake.store.check()
    with pytest.raises(aiosmtplib.SMTPDataError) as deferred:
        await deliver(server, mail)
    assert deferred.value.code == 451
    await deliver(server, a_mail())
    assert (await client.post("/v1/contacts", json=a_contact())).status_code == 202
    assert await intake.accounts() == {"email": (1, 1, 0, 0), "web": (1, 1, 0, 0)}
    place.back()
    await intake.store.check()
    await deliver(server, mail)
    assert await intake.accounts() == {"email": (2, 2, 0, 0), "web": (1, 1, 0, 0)}


async def test_a_download_while_the_store_is_away_is_503(
    intake: Intake, place: Store, server: SmtpServer, client: httpx2.AsyncClient
) -> None:
    await deliver(server, with_files((TABLE, "text/csv", "a.csv")))
    [contact_id] = await contact_ids(intake)
    message_id = (await shown(client, contact_id))[0]["message_id"]
    path = f"/v1/contacts/{contact_id}/messages/{message_id}/attachments/0"
    place.away()
    response = await client.get(path)
    assert (response.status_code, response.json()["type"]) == (
        503,
        "urn:rapport:problem:unavailable",
    )
    place.back()
    assert (await client.get(path)).content == TABLE


async def test_what_could_not_be_stored_leaves_no_row_and_a_replay_stores_it_with_its_files(
    intake: Intake, place: Store, server: SmtpServer
) -> None:
    await intake.rows(
        "create function refuse() returns trigger language plpgsql as"
        " $$ begin raise exception 'not this'; end $$"
    )
    await intake.rows(
        "create trigger refuse before insert on attachment for each row execute function refuse()"
    )
    await deliver(server, with_files((TABLE, "text/csv", "a.csv")))
    assert await intake.accounts() == {"email": (1, 0, 1, 0)}
    [orphan] = place.contents()
    await intake.rows("drop trigger refuse on attachment")
    _, receipt = await intake.replay(await intake.value("select quarantine_id from quarantine"))
    own = key_of(receipt.contact_id, sha256(TABLE).digest())
    assert set(place.contents()) == {orphan, own}
    assert await intake.value("select count(*) from attachment") == 1


async def test_what_no_contact_owns_is_deleted_when_it_is_old_and_nothing_else(
    intake: Intake, place: Store, server: SmtpServer
) -> None:
    await deliver(server, with_files((TABLE, "text/csv", "a.csv")))
    [named] = place.contents()
    orphan, foreign = key_of(uuid4(), sha256(PICTURE).digest()), "somebody/else"
    await intake.store.put({orphan: PICTURE, foreign: b"x"})
    context = intake.jobs(batch=10)
    present = datetime.now(intake.clock.now().tzinfo)
    intake.clock.advance((present - intake.clock.now()).total_seconds())
    assert await delete_orphans(context) == STEP_SECONDS
    assert set(place.contents()) == {named, orphan, foreign}
    assert await delete_orphans(context) == SWEEP_SECONDS
    intake.clock.advance(LONG.total_seconds())
    deleted = REGISTRY.get_sample_value("rapport_intake_orphans_deleted_total") or 0
    assert await delete_orphans(context) == STEP_SECONDS
    assert set(place.contents()) == {named, foreign}
    assert REGISTRY.get_sample_value("rapport_intake_orphans_deleted_total") == deleted + 1


async def test_a_sweep_goes_a_page_at_a_time_and_begins_anew_after_an_outage(
    intake: Intake, place: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.intake.adapters.attachment_store.PAGE", 2)
    orphans = {key_of(uuid4(), sha256(TABLE).digest()): TABLE for _ in range(5)}
    await intake.store.put(orphans)
    present = datetime.now(intake.clock.now().tzinfo)
    intake.clock.advance((present + LONG - intake.clock.now()).total_seconds())
    assert await intake.orphans.step()
    assert len(place.contents()) == 3
    place.away()
    with pytest.raises(Unavailable):
        await to_the_end(intake)
    place.back()
    await to_the_end(intake)
    assert place.contents() == {}


async def test_a_folder_is_on_the_disk_before_its_row_and_closed_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path / "files")
    store = AttachmentStore(folder.settings)
    synced: list[str] = []

    def fsync(opened: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{opened}").readlink()))

    monkeypatch.setattr(os, "fsync", fsync)
    key = key_of(uuid4(), sha256(TABLE).digest())
    await store.put({key: TABLE})
    file = folder.place / key
    assert synced == [str(file), str(file.parent), str(folder.place)]
    assert folder.place.stat().st_mode & 0o077 == 0
