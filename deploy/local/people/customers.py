"""How a customer reaches the platform: a mail, a form that posts for them, another system that publishes."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formataddr, make_msgid
from typing import Any

import aiosmtplib
import httpx2

from deploy.local.instance import ROOT
from deploy.local.people.mailboxes import Mail
from deploy.local.ports import LOOPBACK

PUBLISHER = ROOT / "docs" / "examples" / "publish_contact.py"


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A person outside: a name, an address, a language and where they live."""

    name: str
    address: str
    language: str
    time_zone: str


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a customer wants, in their own words."""

    topic: str
    subject: str
    text: str
    need: Mapping[str, Any] | None = None


async def write_mail(
    smtp_port: int,
    customer: Customer,
    words: Words,
    *,
    to: str,
    answering: Mail | None = None,
    message_id: str = "",
) -> str:
    """Send a mail as the customer; returns its Message-ID once the platform has taken it.

    The same words with the same `message_id` are the same mail, sent again.
    """
    mail = EmailMessage()
    mail["From"] = formataddr((customer.name, customer.address))
    mail["To"] = to
    mail["Subject"] = words.subject
    mail["Message-ID"] = message_id or make_msgid(domain=customer.address.partition("@")[2])
    if answering:
        mail["In-Reply-To"] = answering.message_id
        mail["References"] = answering.message_id
    mail.set_content(words.text)
    await aiosmtplib.send(
        mail, hostname=LOOPBACK, port=smtp_port, sender=customer.address, start_tls=False
    )
    return str(mail["Message-ID"])


def contact_of(customer: Customer, words: Words, *, reference: str, channel: str) -> dict[str, Any]:
    """The contact as `POST /v1/contacts` and `rapport.contact.submitted.v1` take it."""
    contact = {
        "reference": reference,
        "channel": channel,
        "topic": words.topic,
        "language": customer.language,
        "time_zone": customer.time_zone,
        "personal": {
            "name": customer.name,
            "address": customer.address,
            "subject": words.subject,
            "text": words.text,
        },
    }
    return contact | ({"need": dict(words.need)} if words.need else {})


async def post_contact(
    intake: httpx2.AsyncClient, contact: Mapping[str, Any], *, key: str
) -> dict[str, Any]:
    """Hand in a contact over HTTP; returns the response's body, promise included."""
    headers = {"Idempotency-Key": key}
    response = await intake.post("/v1/contacts", json=dict(contact), headers=headers)
    response.raise_for_status()
    accepted: dict[str, Any] = response.json()
    return accepted


async def publish_contact(
    bootstrap: str, customer: Customer, words: Words, *, reference: str
) -> None:
    """Publish a contact as another system would: with the example program of the documentation."""
    arguments = {
        "bootstrap": bootstrap,
        "reference": reference,
        "address": customer.address,
        "name": customer.name,
        "subject": words.subject,
        "text": words.text,
        "topic": words.topic,
        "language": customer.language,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(PUBLISHER),
        *(f"--{name}={value}" for name, value in arguments.items()),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{PUBLISHER.name} ended with {process.returncode}: {output.decode()}")


async def answer_check_in(
    link: str, *, solved: bool, csat: int | None = None, comment: str = ""
) -> int:
    """Answer the question behind a check-in link; returns the HTTP status."""
    async with httpx2.AsyncClient(timeout=10, trust_env=False) as browser:
        response = await browser.post(
            f"{link}/answer", json={"solved": solved, "csat": csat, "comment": comment}
        )
    return response.status_code
