"""Where attachments belong: a key for each content of a contact, fixed before anything is decided."""

from hashlib import sha256
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from services.intake.domain.acceptance import decide
from services.intake.domain.arrival import Accepted, Attachment
from services.intake.domain.attachment_key import contact_of, key_of
from services.intake.domain.known_before import Customer, Known, Thread
from tests.unit.intake.builders import a_config, an_arrival

TABLE = b"a,b\n"


def a_file(content: bytes = TABLE) -> Attachment:
    digest = sha256(content).digest()
    return Attachment(name="a.csv", media_type="text/csv", content=content, digest=digest)


def test_a_key_says_whose_it_is_and_strange_ones_are_nobody_s() -> None:
    contact_id = uuid4()
    key = key_of(contact_id, sha256(TABLE).digest())
    assert contact_of(key) == contact_id
    for strange in ("", "readme", f"{contact_id}/x", f"{key}#1", f"{key}\n", f"x/{key}"):
        assert contact_of(strange) is None, strange


def test_a_row_never_names_files_that_are_not_stored() -> None:
    arrival = an_arrival(attachments=(a_file(),))
    with pytest.raises(ValueError, match="stored before"):
        decide([arrival], ["en"], _known(arrival.sender), a_config())


def test_an_arrival_keeps_to_the_contact_under_which_its_files_are_stored() -> None:
    """Its first mail may be committed while the files of the second one are on their way."""
    arrival = an_arrival(attachments=(a_file(),), refers_to=("<1@x>",))
    placed = msgspec.structs.replace(arrival, contact_id=uuid4())
    plan = decide([placed], ["en"], _known(arrival.sender, "<1@x>"), a_config())
    [outcome] = plan.outcomes
    assert isinstance(outcome, Accepted)
    assert outcome.receipt.contact_id == placed.contact_id
    assert [contact.contact_id for contact in plan.contacts] == [placed.contact_id]


def _known(sender: Any, *mails: str) -> Known:
    customer = Customer(
        customer_id=uuid4(), point_id=uuid4(), language="en", time_zone="UTC", value_tier="standard"
    )
    threads = {mail: [Thread(uuid4(), customer.customer_id, automatic=False)] for mail in mails}
    return Known(customers={sender: customer}, earlier={}, threads=threads)
