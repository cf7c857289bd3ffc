"""Mail as it really comes: charsets and their lies, HTML, attachments, machines, bombs."""

import base64
import time
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from services.intake.adapters.channels.email.inbound import read_mail
from services.intake.domain.arrival import Arrival
from services.intake.domain.mail import Envelope
from shared.kernel.errors import Invalid
from tests.unit.intake.builders import NOON

HEAD = "From: Asha Rao <asha@example.org>\r\nTo: help@rapport.example\r\nMessage-ID: <1@example.org>\r\n"

ANSWER = HEAD + "In-Reply-To: <0@rapport.example>\r\n"


def read(content: bytes | str, sender: str = "asha@example.org") -> Arrival:
    """Read a mail; text is taken as UTF-8, and a head is given to what has none."""
    raw = content.encode() if isinstance(content, str) else content
    return read_mail(raw, Envelope(sender=sender, recipients=("help@rapport.example",)), NOON)


def a_mail(body: bytes, content_type: str, *more: str) -> bytes:
    head = [HEAD + f"Content-Type: {content_type}", *more]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("Grüße aus Köln", "iso-8859-1"),
        ("“quoted” – €5", "windows-1252"),
        ("нийт төлбөр", "utf-8"),
        ("Привет, где заказ?", "koi8-r"),
        ("Привет, где заказ?", "windows-1251"),
        ("注文が届きません", "iso-2022-jp"),
        ("注文が届きません", "shift_jis"),
        ("您好,订单在哪里", "gb18030"),
        ("నా పార్సెల్ రాలేదు", "utf-16"),
        ("مرحبا، أين طلبي؟", "utf-8"),
        ("🙂 four bytes 𝒳", "utf-8"),
    ],
)
def test_the_words_survive_their_charset(text: str, charset: str) -> None:
    mail = a_mail(
        base64.b64encode(text.encode(charset)),
        f"text/plain; charset={charset}",
        "Content-Transfer-Encoding: base64",
    )
    assert read(mail).text == text


@pytest.mark.parametrize(
    ("content", "label", "text"),
    [
        ("Grüße".encode(), "us-ascii", "Grüße"),
        ("Grüße".encode(), "iso-8859-1", "Grüße"),
        ("Grüße".encode("latin-1"), "utf-8", "Grüße"),
        ("Grüße".encode("latin-1"), "no-such-charset", "Grüße"),
        ("Grüße".encode(), "rot13", "Grüße"),
        ("Grüße".encode(), '"', "Grüße"),
        ("Grüße".encode(), "unicode_escape", "Grüße"),
        (b"\xff\xfe\x81", "utf-8", "ÿþ\ufffd"),
    ],
)
def test_a_wrong_label_does_not_spoil_the_words(content: bytes, label: str, text: str) -> None:
    mail = a_mail(content, f"text/plain; charset={label}", "Content-Transfer-Encoding: 8bit")
    assert read(mail).text == text


@pytest.mark.parametrize(
    ("text", "charset", "label"),
    [
        ("朱镕基先生", "gbk", "gb2312"),
        ("40 € zurück", "cp1252", "iso-8859-1"),
        ("İstanbul’a kargo", "cp1254", "iso-8859-9"),
        ("①番の商品", "cp932", "shift_jis"),
        ("똠방각하", "cp949", "euc-kr"),
        ("“สวัสดี”", "cp874", "tis-620"),
        ("ｶﾀｶﾅの商品", "iso2022_jp_ext", "iso-2022-jp"),
    ],
)
def test_a_label_is_read_as_what_programs_write_under_it(
    text: str, charset: str, label: str
) -> None:
    mail = a_mail(text.encode(charset), f"text/plain; charset={label}")
    assert read(mail).text == text


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("注文した商品がまだ届きません。返金をお願いします。", "iso2022_jp"),
        ("注文した商品がまだ届きません。返金をお願いします。", "euc_jp"),
        ("Здравствуйте, верните деньги за заказ 4711", "cp1251"),
        ("Здравствуйте, верните деньги за заказ 4711", "koi8-r"),
        ("我訂購的商品還沒有收到，請退款。謝謝", "big5"),
        ("주문한 상품이 아직 도착하지 않았습니다.", "euc_kr"),
        ("ההזמנה שלי לא הגיעה, אנא החזירו את הכסף", "cp1255"),
        ("Proszę o zwrot pieniędzy, zamówienie nie dotarło", "iso8859-2"),
    ],
)
@pytest.mark.parametrize("label", ["", "; charset=us-ascii", "; charset=x-unknown"])
def test_without_a_label_that_tells_anything_the_charset_is_found_out(
    text: str, charset: str, label: str
) -> None:
    lines = f"{'A line before it.' * 40}\r\n".encode() + text.encode(charset)
    assert read(a_mail(lines, f"text/plain{label}")).text.endswith(text)


def test_heads_and_file_names_that_are_not_encoded_are_in_the_charset_of_the_words() -> None:
    name, subject = "Счёт №5.docx", "Возврат денег"
    mail = (
        HEAD
        + f"Subject: {subject}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        + "Content-Type: text/plain; charset=windows-1251\r\n\r\nЗдравствуйте\r\n--b\r\n"
        + f'Content-Type: application/x-word\r\nContent-Disposition: attachment; filename="{name}"\r\n\r\nx\r\n--b--'
    )
    arrival = read(mail.encode("cp1251"))
    assert (arrival.subject, arrival.text) == (subject, "Здравствуйте")
    assert [each.name for each in arrival.attachments] == [name]


@pytest.mark.parametrize(
    "kind",
    ["multipart/mixed; boundary=nowhere", "multipart/alternative", 'text/plain; name="body.txt"'],
)
def test_the_words_are_found_where_the_structure_is_wrong(kind: str) -> None:
    arrival = read(a_mail(b"My parcel is late.", kind))
    assert (arrival.text, arrival.attachments) == ("My parcel is late.", ())


def test_a_text_that_is_attached_beside_nothing_stays_a_file() -> None:
    mail = a_mail(b"a;b", "text/plain", 'Content-Disposition: attachment; filename="list.csv"')
    arrival = read(mail)
    assert (arrival.text, [each.name for each in arrival.attachments]) == ("", ["list.csv"])


def test_plain_words_that_only_say_where_the_words_are_give_way_to_the_html() -> None:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "asha@example.org"
    mail.set_content("This message is in HTML.")
    said = "My parcel has not come, and nobody answers the telephone. " * 3
    mail.add_alternative(f"<p>{said}</p>", subtype="html")
    assert read(mail.as_bytes()).text == said.strip()


def test_an_attached_mail_is_called_as_what_it_is_about() -> None:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "asha@example.org"
    mail.set_content("See below.")
    inner = EmailMessage()
    inner["Subject"] = "Grüße aus Köln"
    inner.set_content("an older mail")
    mail.add_attachment(inner)
    assert [each.name for each in read(mail.as_bytes()).attachments] == ["Grüße aus Köln.eml"]


@pytest.mark.parametrize(
    ("head", "author"),
    [
        ("From: Shop <noreply@shop.example>\r\nReply-To: Jane <jane@example.org>", "jane"),
        ("From: Shop <orders-no-reply@shop.example>\r\nReply-To: jane@example.org", "jane"),
        ("From: nobody\r\nReply-To: jane@example.org\r\nSender: bulk@shop.example", "jane"),
        ("From: Asha <asha@example.org>\r\nReply-To: jane@example.org", "asha"),
        ("From: noreply@shop.example", "noreply"),
        ("From: noreply-fan@example.org\r\nReply-To: jane@example.org", "jane"),
        ("From: noreen@example.org\r\nReply-To: jane@example.org", "noreen"),
    ],
)
def test_who_takes_no_answers_is_not_who_wrote(head: str, author: str) -> None:
    arrival = read(f"{head}\r\nMessage-ID: <1@x.example>\r\n\r\nhello")
    assert arrival.sender.address.startswith(f"{author}")


@pytest.mark.parametrize(
    "text",
    [
        "Hello, please rebook my ticket:\nFrom: Berlin\nTo: Paris\nDate: 12 May\n\nI need an earlier train.",
        "Please see below.\n\n-----Original Message-----\nFrom: Tom\nSent: Monday\n\nI complain.",
        "Hello,\nOn 3 May your colleague Tom wrote:\nwe refund within five days.\nNothing has come.",
    ],
)
def test_a_mail_that_answers_nothing_has_no_quotes(text: str) -> None:
    assert read(f"{HEAD}Subject: Hello\r\n\r\n{text}").text == text


def test_answers_below_and_between_quotes_are_the_words() -> None:
    body = "Hi,\n\nOn Mon, 2 Mar 2026, Help <help@rapport.example> wrote:\n> 1. Is it blue?\nYes.\n> 2. Is it new?\nNo."
    for head in (ANSWER, f"{HEAD}Subject: Re: Your order\r\n", f"{HEAD}Subject: AW[2]: Order\r\n"):
        arrival = read(f"{head}\r\n{body}")
        assert arrival.text == "Hi,\n\nYes.\nNo."
        assert arrival.full_text == body


def test_nul_bytes_and_lone_surrogates_are_marked_as_lost() -> None:
    assert read(a_mail(b"a\x00b", "text/plain")).text == "a\ufffdb"
    surrogate = "x\ud800y".encode("utf-16-le", "surrogatepass")
    mail = a_mail(
        base64.b64encode(surrogate),
        "text/plain; charset=utf-16-le",
        "Content-Transfer-Encoding: base64",
    )
    read(mail).text.encode()


def test_html_alone_is_read_without_scripts_and_markup() -> None:
    html = "<html><head><style>p{}</style></head><body><p>My <b>parcel</b></p><script>alert(1)</script><p>is late</p></body></html>"
    text = read(a_mail(html.encode(), "text/html; charset=utf-8")).text
    assert text.split() == ["My", "parcel", "is", "late"]


def test_of_the_same_words_twice_the_plain_ones_are_read() -> None:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "asha@example.org"
    mail.set_content("plain words")
    mail.add_alternative("<p>rich words</p>", subtype="html")
    arrival = read(mail.as_bytes())
    assert (arrival.text, arrival.attachments) == ("plain words", ())


def test_an_empty_plain_part_gives_way_to_the_html() -> None:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "asha@example.org"
    mail.set_content(" \n")
    mail.add_alternative("<p>rich words</p>", subtype="html")
    assert read(mail.as_bytes()).text == "rich words"


def test_attachments_are_kept_with_name_type_and_bytes() -> None:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "asha@example.org"
    mail.set_content("see the picture")
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="Übersicht.png")
    mail.add_attachment("a,b\n", subtype="csv", filename="list.csv")
    forwarded = EmailMessage()
    forwarded.set_content("an older mail")
    mail.add_attachment(forwarded)
    arrival = read(mail.as_bytes())
    assert arrival.text == "see the picture"
    picture, table, inner = arrival.attachments
    assert (picture.name, picture.media_type, picture.content) == (
        "Übersicht.png",
        "image/png",
        b"\x89PNG",
    )
    assert (table.name, table.content.strip()) == ("list.csv", b"a,b")
    assert inner.media_type == "message/rfc822"
    assert b"an older mail" in inner.content


def test_quotes_are_hidden_and_the_full_text_is_kept() -> None:
    body = "It is still broken.\r\n\r\nOn Mon, 2 Mar 2026 at 12:00, Help <help@rapport.example> wrote:\r\n> we fixed it\r\n"
    arrival = read(ANSWER + "\r\n" + body)
    assert arrival.text == "It is still broken."
    assert arrival.full_text
    assert "we fixed it" in arrival.full_text


def test_a_mail_that_only_quotes_is_shown_whole() -> None:
    arrival = read(HEAD + "\r\n> only a quote\r\n")
    assert "only a quote" in arrival.text


def test_encoded_and_raw_headers_are_read() -> None:
    encoded = "=?utf-8?b?" + base64.b64encode("Größe".encode()).decode() + "?= ="
    mail = (HEAD + f"Subject: {encoded}\r\n folded\r\n\r\nx").encode()
    assert read(mail).subject == "Größe = folded"
    assert read(HEAD + "Subject: Größe\r\n\r\nx").subject == "Größe"
    assert read(HEAD + "Subject: =?nope?b?/w==?= =?utf-8?b?!?=\r\n\r\nx").subject
    assert read("From: =?utf-8?q?M=C3=BCller=2C_J?= <m@example.org>\r\n\r\nx").name == "Müller, J"


def test_ids_and_references_are_read_the_nearest_first() -> None:
    mail = HEAD + "In-Reply-To: <c@x>\r\nReferences: <a@x> <b@x>\r\n <c@x>\r\n\r\nx"
    arrival = read(mail)
    assert arrival.mail_id == "<1@example.org>"
    assert arrival.refers_to == ("<c@x>", "<b@x>", "<a@x>")


def test_the_same_mail_has_the_same_key_whatever_road_it_took() -> None:
    again = "Received: from elsewhere\r\n" + HEAD + "\r\nhello\r\n\r\n"
    assert read(HEAD + "\r\nhello").key == read(again).key
    assert read(HEAD + "\r\nhello").key != read(HEAD + "\r\nother").key


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner-email=x",
        "Precedence: bulk",
        "List-Unsubscribe: <mailto:off@example.org>",
        "Feedback-ID: 1:2:3:mailer",
        "X-Autogenerated: yes",
        "Subject: Automatic reply: Where is my parcel?",
        "Subject: =?utf-8?q?Automatische_Antwort=3A_Paket?=",
        "Subject: Out of Office",
        "Subject: =?utf-8?b?6Ieq5Yqo5Zue5aSN77ya5L2g5aW9?=",
        "X-Rapport-Loop: rapport.example",
        "X-Autoreply: yes",
        "Return-Path: <>",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
    ],
)
def test_what_a_machine_wrote_is_known_as_automatic(header: str) -> None:
    assert read(HEAD + header + "\r\n\r\nout of office").automatic


@pytest.mark.parametrize(
    "header",
    [
        "Precedence: list",
        "List-Id: <help.rapport.example>",
        "List-Id: <help.rapport.example>\r\nList-Unsubscribe: <mailto:off@example.org>",
        "X-Auto-Response-Suppress: OOF, DR",
        "X-Auto-Response-Suppress: All",
        "Reply-To: noreply@example.org",
    ],
)
def test_a_person_whom_no_machine_is_to_answer_is_a_person(header: str) -> None:
    author = "From: noreply@shop.example\r\n" if "noreply" in header else HEAD
    arrival = read(f"{author}{header}\r\n\r\nmy parcel is late")
    assert (arrival.automatic, arrival.for_people_only) == (False, True)


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: no\r\nPrecedence: normal",
        "X-Auto-Response-Suppress: DR, NRN, RN",
        "Subject: Out of office chairs, and nobody answers",
        "Subject: Automatic replies do not help me",
        "Subject: Abwesend waren bisher alle",
    ],
)
def test_a_person_is_not_a_machine(header: str) -> None:
    arrival = read(f"{HEAD}{header}\r\n\r\nhello")
    assert (arrival.automatic, arrival.for_people_only) == (False, False)


def test_a_bounce_is_automatic_by_its_null_return_path() -> None:
    bounce = "From: MAILER-DAEMON@mx.example.org (Mail Delivery System)\r\n\r\nundeliverable"
    arrival = read(bounce, sender="")
    assert arrival.automatic
    assert arrival.sender.address == "mailer-daemon@mx.example.org"


def test_without_any_sender_it_cannot_be_taken() -> None:
    with pytest.raises(Invalid, match="no sender"):
        read("Subject: x\r\n\r\nhello", sender="")


def nested(depth: int) -> bytes:
    head = HEAD.encode()
    parts = [
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(depth)
    ]
    return head + b"".join(parts) + b"Content-Type: text/plain\r\n\r\ndeep down\r\n"


def test_parts_within_parts_are_read_to_a_depth() -> None:
    assert read(nested(15)).text == "deep down"
    for depth in (25, 90, 5_000):
        with pytest.raises(Invalid):
            read(nested(depth))


@pytest.mark.parametrize(
    "body",
    [
        b"<" * 200_000,
        b"<div>" * 20_000,
        b"> " * 20_000,
        b"On " * 15_000 + b"wrote:",
        b"\n".join([b"On Mon, x wrote:"] * 2_500),
        b"-" * 49_000,
        (b" " * 1_900 + b"\n") * 25,
        (b"_" * 60 + b"\nFrom: x\n") * 600,
    ],
    ids=lambda body: body[:12].decode(),
)
@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
def test_nobody_can_keep_the_reader_busy(body: bytes, kind: str) -> None:
    began = time.perf_counter()
    read(a_mail(body, kind))
    assert time.perf_counter() - began < 2
