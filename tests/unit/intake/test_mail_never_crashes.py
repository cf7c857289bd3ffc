"""Whatever bytes come: they are read, or refused with a reason, and what is read can be stored."""

import random
from email.message import EmailMessage
from email.policy import SMTP

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.adapters.channels.email.inbound import read_mail
from services.intake.domain.mail import Envelope, mail_id
from services.intake.domain.text import MAX_LINE, MAX_NAME, MAX_TEXT
from shared.kernel.errors import Invalid
from tests.unit.intake.builders import NOON

NAMES = st.sampled_from(
    [
        "From", "Sender", "To", "Subject", "Message-ID", "In-Reply-To", "References", "Date",
        "Content-Type", "Content-Disposition", "Content-Transfer-Encoding", "Auto-Submitted",
    ]
)  # fmt: skip
PIECES = st.sampled_from(
    [
        "multipart/mixed; boundary=b", "multipart/alternative; boundary=", "text/html; charset=utf-7",
        "text/plain; charset=", "message/rfc822", "message/delivery-status", "base64", "x-uuencode",
        "quoted-printable", "=?utf-8?b?4pyT?=", "=?utf-8?q?=ZZ?=", "=?x?x?", "attachment; filename*=utf-8''%E2%82",
        "attachment; filename*0=a; filename*1*=%", "<a@b>", "a@b.org", "\"", "(", "<", ";", "\udcff", "\x00", "é", "@",
    ]
)  # fmt: skip
VALUES = st.lists(PIECES | st.text(max_size=8), max_size=4).map(" ".join)
LINES = st.sampled_from(
    [
        b"--b",
        b"--b--",
        b"--",
        b"",
        b"begin 644 x",
        b"=",
        b"=E2=82",
        b"<p>",
        b"<![CDATA[",
        b"> quoted",
        b"On x wrote:",
    ]
) | st.binary(max_size=30)
BODIES = st.lists(LINES, max_size=12).map(b"\r\n".join)
MAILS = st.tuples(st.lists(st.tuples(NAMES, VALUES), max_size=8), BODIES)


def check(content: bytes, sender: str = "a@b.org") -> None:
    try:
        arrival = read_mail(content, Envelope(sender=sender, recipients=("h@r.example",)), NOON)
    except Invalid:
        return
    whole = (arrival.text, arrival.full_text or "", arrival.subject, arrival.name)
    for text in (*whole, arrival.sender.address, arrival.mail_id or "", *arrival.refers_to):
        assert "\x00" not in text
        text.encode()
    assert len(arrival.text) <= MAX_TEXT
    assert max(len(arrival.subject), len(arrival.mail_id or "")) <= MAX_LINE
    assert len(arrival.name) <= MAX_NAME
    for file in arrival.attachments:
        f"{file.name}{file.media_type}".encode()
        assert "\x00" not in file.name + file.media_type


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MAILS)
def test_mails_made_of_awkward_pieces(mail: tuple[list[tuple[str, str]], bytes]) -> None:
    fields, body = mail
    head = "\r\n".join(f"{name}: {value}" for name, value in fields)
    check(head.encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["", "a@b.org", "\x00", "é@ü.org"]))
def test_bytes_of_any_kind(content: bytes, sender: str) -> None:
    check(content, sender)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_a_good_mail_with_some_bytes_spoiled(seed: int, spoiled: int) -> None:
    dice = random.Random(seed)
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["Subject"], mail["Message-ID"] = "Ö <o@example.org>", "Größe", "<1@x>"
    mail.set_content("ధన్యవాదాలు\n" * 5)
    mail.add_alternative("<p>ధన్యవాదాలు</p>", subtype="html")
    mail.add_attachment(b"\x00\x01", maintype="application", subtype="pdf", filename="ఫైల్.pdf")
    content = bytearray(mail.as_bytes())
    for _ in range(spoiled):
        content[dice.randrange(len(content))] = dice.randrange(256)
    check(bytes(content))


@given(st.text(max_size=60))
def test_a_message_id_is_found_or_not(value: str) -> None:
    found = mail_id({"message-id": [value]})
    assert found is None or (found in value and found[0] + found[-1] == "<>")
