"""The mail that the platform has sent, as the customers of a local profile would read it."""

import email
import email.policy
import mailbox
from datetime import datetime
from pathlib import Path

from deploy.local.people.mailboxes import Mail, read_mail
from shared.kernel.listing import listing

NOTHING = "No mail has been sent."


def list_of(folder: Path) -> str:
    """A line for each mail, the oldest first, numbered from 1."""
    lines = (
        f"{number:>3}  {at:%H:%M:%S}  to {mail.to}: {mail.subject}"
        for number, (at, mail) in enumerate(_all(folder), 1)
    )
    return listing(lines, nothing=NOTHING)


def show(folder: Path, number: int) -> str | None:
    """One of them, whole; None if there is no such number."""
    sent = _all(folder)
    if not 1 <= number <= len(sent):
        return None
    at, mail = sent[number - 1]
    return f"Sent:    {at:%Y-%m-%d %H:%M:%S}\nTo:      {mail.to}\nSubject: {mail.subject}\n\n{mail.text}"


def _all(folder: Path) -> list[tuple[datetime, Mail]]:
    if not folder.exists():
        return []
    box = mailbox.Maildir(folder, factory=None, create=False)
    found = [(message.get_date(), _read(box.get_bytes(key))) for key, message in box.items()]
    found.sort(key=lambda each: each[0])
    return [(datetime.fromtimestamp(at).astimezone(), mail) for at, mail in found]


def _read(content: bytes) -> Mail:
    parsed = email.message_from_bytes(content, policy=email.policy.default)
    return read_mail(str(parsed["To"] or parsed["X-RcptTo"] or ""), parsed)
