"""The envelope, held against another implementation of CloudEvents and against nonsense."""

import json
import re
from base64 import b64encode
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_structured, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.cloudevents import (
    Incoming,
    Outgoing,
    caused_by,
    decode,
    decode_wanted,
    encode,
)
from shared.contracts.event import Event
from shared.contracts.external import ContactSubmitted, SubmittedPersonal
from shared.contracts.followup import ResolutionConfirmed
from shared.contracts.trace_context import TraceContext
from shared.contracts.values import Channel
from shared.kernel.errors import Invalid
from shared.kernel.ids import stable_id
from tests.support.kafka import AT, confirmed, message
from tests.support.records import FakeRecord, record

TYPE = "rapport.contact.submitted.v1"
DATA = {
    "reference": "order-7",
    "channel": "email",
    "personal": {"address": "ada@example.org", "text": "Ünser Gerät ☎ 🎉"},
}
TRACE = TraceContext(f"00-{'a' * 32}-{'b' * 16}-01")
HEADERS = {
    "content-type": b"application/json",
    "ce_specversion": b"1.0",
    "ce_id": b"e-1",
    "ce_source": b"https://shop.example",
    "ce_type": TYPE.encode(),
}


def foreign(
    value: object = DATA, *, without: str = "", raw: bytes | None = None, **headers: bytes | None
) -> FakeRecord:
    """A record of a publisher outside; `raw` replaces the JSON of `value`."""
    merged: dict[str, bytes | None] = {
        **HEADERS,
        **{f"ce_{name}": content for name, content in headers.items()},
    }
    kept = tuple((name, content) for name, content in merged.items() if name != without)
    return FakeRecord(raw if raw is not None else json.dumps(value).encode(), kept)


def structured(**changes: object) -> FakeRecord:
    event = {"specversion": "1.0", "id": "e-1", "source": "https://shop.example", "type": TYPE}
    body = {name: part for name, part in {**event, "data": DATA, **changes}.items() if part}
    return FakeRecord(
        json.dumps(body).encode(),
        (("content-type", b"application/cloudevents+json; charset=utf-8"),),
    )


def test_what_we_write_another_implementation_reads() -> None:
    outgoing = Outgoing(confirmed(), trace=TRACE)
    key, value, headers = message(outgoing, seq=4, source="rapport/followup")
    read = from_structured(
        KafkaMessage({name: part or b"" for name, part in headers}, key, value or b""),
        JSONFormat(),
        CloudEvent,
    )
    assert read.get_id() == str(outgoing.id)
    assert read.get_source() == "rapport/followup"
    assert read.get_type() == "rapport.resolution.confirmed.v1"
    assert read.get_time() == AT
    assert read.get_extension("seq") == 4
    assert read.get_extension("partitionkey") == read.get_subject() == (key or b"").decode()
    assert read.get_extension("traceparent") == TRACE.parent
    assert read.get_data() == msgspec.to_builtins(outgoing.data)


def test_the_value_is_the_whole_event_and_the_type_stands_first() -> None:
    _, value, headers = message(confirmed())
    assert headers == [("content-type", b"application/cloudevents+json; charset=UTF-8")]
    assert (value or b"").startswith(b'{"type":"rapport.resolution.confirmed.v1",')
    assert b"null" not in (value or b"")


@pytest.mark.parametrize("write", [to_binary, to_structured])
def test_what_another_implementation_writes_we_read(write: object) -> None:
    assert callable(write)
    event = CloudEvent(
        {
            "id": "e-1",
            "source": "https://shop.example",
            "type": TYPE,
            "specversion": "1.0",
            "time": AT,
            "subject": "order-7",
            "datacontenttype": "application/json",
            "traceparent": f"00-{'a' * 32}-{'b' * 16}-01",
        },
        DATA,
    )
    written = write(event, JSONFormat())
    read = decode(FakeRecord(written.value, tuple(written.headers.items())))
    assert read.data == msgspec.convert(DATA, ContactSubmitted)
    assert read.id == stable_id("https://shop.example", "e-1")
    assert (read.subject, read.time, read.source) == ("order-7", AT, "https://shop.example")
    assert read.trace == TraceContext(f"00-{'a' * 32}-{'b' * 16}-01")


def test_our_own_events_keep_their_id_and_their_number() -> None:
    outgoing = Outgoing(confirmed())
    read = decode(record(message(outgoing, seq=9)))
    assert (read.id, read.seq, read.data) == (outgoing.id, 9, outgoing.data)


@given(st.text(max_size=200).filter(lambda text: "\0" not in text and text.isprintable()))
def test_any_text_survives_the_journey(text: str) -> None:
    personal = SubmittedPersonal(address="a@b.example", text=text)
    event = ContactSubmitted(reference="r", channel=Channel.WEB, personal=personal)
    assert decode(record(message(event))).data == event


def test_the_same_source_and_id_are_the_same_event_wherever_it_stands() -> None:
    first, second = foreign(), FakeRecord(foreign().value, foreign().headers, offset=99)
    other = foreign(source=b"https://other.example")
    assert decode(first).id == decode(second).id != decode(other).id


def test_what_the_publisher_left_out_is_taken_from_the_record() -> None:
    read = decode(foreign())
    assert read.subject == "order-7"
    assert read.time == datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    assert (read.origin.topic, read.origin.partition, read.origin.offset) == (
        "rapport.inbox",
        3,
        17,
    )


def test_times_are_turned_to_utc() -> None:
    assert decode(foreign(time=b"2026-03-02T13:00:00+01:00")).time == AT


def test_data_may_be_base64_in_structured_mode() -> None:
    encoded = b64encode(json.dumps(DATA).encode()).decode()
    read = decode(structured(data=None, data_base64=encoded))
    assert read.data == msgspec.convert(DATA, ContactSubmitted)


def test_a_known_type_that_is_not_wanted_is_passed_over_unread() -> None:
    assert decode_wanted(foreign(raw=b"not JSON"), frozenset({ResolutionConfirmed})) is None
    assert decode_wanted(foreign(), frozenset({ContactSubmitted})) is not None


def test_an_answer_follows_the_trace_of_its_cause() -> None:
    cause: Incoming[Event] = decode(foreign(traceparent=TRACE.parent.encode()))
    (answer,) = caused_by(cause, confirmed())
    other = TraceContext(f"00-{'c' * 32}-{'d' * 16}-01")
    encoded = encode(answer, "rapport/tests", AT, other)
    written = json.loads(encoded.value)
    assert written["traceparent"] == encoded.traceparent == TRACE.parent
    assert written["causationid"] == str(cause.id)


def test_a_wrong_trace_context_is_no_reason_to_refuse_an_event() -> None:
    assert decode(foreign(traceparent=b"0" * 5_000)).trace is None
    assert decode(structured(traceparent="00-1-2-01")).trace is None
    wrong = {"traceparent": TRACE.parent.encode(), "tracestate": b"x" * 5_000}
    assert (
        decode(foreign(traceparent=wrong["traceparent"], tracestate=wrong["tracestate"])).trace
        == TRACE
    )


def test_a_doubled_traceparent_is_none_and_states_are_one_list() -> None:
    parent, states = ("ce_traceparent", TRACE.parent.encode()), [b"a=1", b"b=2"]
    listed = (*foreign().headers, parent, *(("ce_tracestate", each) for each in states))
    assert decode(foreign().with_headers(listed)).trace == TraceContext(TRACE.parent, "a=1,b=2")
    assert decode(foreign().with_headers((*listed, parent))).trace is None


def test_names_of_headers_and_media_types_may_be_written_in_any_case() -> None:
    shouting = tuple((name.upper(), content) for name, content in foreign().headers)
    assert decode(foreign().with_headers(shouting)).data == decode(foreign()).data
    media_type = (("Content-Type", b"Application/CloudEvents+JSON ;charset=utf-8"),)
    assert decode(structured().with_headers(media_type)).data == decode(foreign()).data


def test_the_attributes_may_stand_in_any_order() -> None:
    event = json.loads(structured().value or b"")
    turned = json.dumps(dict(reversed(event.items()))).encode()
    assert decode(replace(structured(), value=turned)).data == decode(foreign()).data


def test_what_we_do_not_know_is_passed_over() -> None:
    more = structured(dataschema="https://shop.example/v1", colour="blue", weight=7)
    assert decode(more).data == decode(foreign()).data


def test_a_backslash_before_u0000_is_text_and_not_nul() -> None:
    raw = json.dumps({**DATA, "reference": r"C:\u0000"}).encode()
    assert isinstance(data := decode(foreign(raw=raw)).data, ContactSubmitted)
    assert data.reference == r"C:\u0000"


SECRET = "ada's secret@example.org"
POISON = {
    "no JSON": foreign(raw=b"{"),
    "nothing": foreign(raw=b""),
    "no value": FakeRecord(None, foreign().headers),
    "wrong shape": foreign([SECRET]),
    "missing field": foreign({"reference": SECRET}),
    "wrong type of field": foreign({**DATA, "reference": 7}),
    "value outside its list": foreign({**DATA, "channel": SECRET}),
    "value over its limit": foreign({**DATA, "reference": "x" * 999}),
    "bad UTF-8 in the data": foreign(raw=json.dumps(DATA).encode().replace(b"order-7", b"\xff")),
    "bad UTF-8 in a header": foreign(id=b"\xff\xfe"),
    "NUL in the data": foreign({**DATA, "reference": f"a\0{SECRET}"}),
    "NUL in a header": foreign(subject=b"a\0b"),
    "half a surrogate": foreign(raw=json.dumps(DATA).encode().replace(b"order-7", rb"\ud83d")),
    "unknown type": foreign(type=b"rapport.contact.vanished.v1"),
    "unknown version": foreign(type=b"rapport.contact.submitted.v7"),
    "type that is no name": foreign(type=SECRET.encode()),
    "other specversion": foreign(specversion=b"0.3"),
    "no headers": FakeRecord(b"{}"),
    "no id": foreign(without="ce_id"),
    "no source": foreign(without="ce_source"),
    "no type": foreign(without="ce_type"),
    "no specversion": foreign(without="ce_specversion"),
    "empty id": foreign(id=b""),
    "endless id": foreign(id=b"x" * 5_000),
    "time without a zone": foreign(time=b"2026-03-02T13:00:00"),
    "time that is none": foreign(time=SECRET.encode()),
    "time before the calendar": foreign(time=b"0001-01-01T00:00:00+14:00"),
    "no time, and a timestamp beyond the calendar": replace(foreign(), timestamp=2**62),
    "seq that is no number": foreign(seq=SECRET.encode()),
    "seq beyond all numbers": foreign(seq=b"9" * 30),
    "seq below all numbers": foreign(seq=b"-1"),
    "no content in a header that is needed": foreign(id=None),
    "an event of ours, no UUID": foreign(type=b"rapport.resolution.confirmed.v1"),
    "structured, no JSON": FakeRecord(b"<", structured().headers),
    "structured, no type": structured(type=None),
    "structured, bad base64": structured(data=None, data_base64="*"),
    "structured, no data": structured(data=None),
    "structured, data twice": structured(data_base64=b64encode(json.dumps(DATA).encode()).decode()),
    "structured, base64 of no JSON": structured(data=None, data_base64="AAAA"),
    "structured, number for a text": structured(source=7),
    "structured, endless nesting": FakeRecord(b'{"data":' * 20_000, structured().headers),
    "structured, seq as text": structured(seq=SECRET),
    "a batch of events": structured().with_headers(
        (("content-type", b"application/cloudevents-batch+json"),)
    ),
    "an event format we do not read": structured().with_headers(
        (("content-type", b"application/cloudevents+avro"),)
    ),
    "an attribute twice": foreign().with_headers((*foreign().headers, ("ce_id", b"e-2"))),
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
def test_poison_is_refused_with_a_reason_that_tells_nothing_personal(poison: FakeRecord) -> None:
    with pytest.raises(Invalid) as refused:
        decode(poison)
    assert refused.value.detail
    assert "secret" not in refused.value.detail


@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        ("no headers", "no CloudEvent: there is neither a content-type"),
        ("no type", "no CloudEvent: there is neither a content-type"),
        ("no value", "data: "),
        ("unknown version", "unknown type rapport.contact.submitted.v7"),
        ("type that is no name", "unknown type, none of Rapport's"),
        ("structured, no JSON", "envelope: JSON is malformed"),
    ],
)
def test_a_reason_says_what_the_record_is(poison: str, reason: str) -> None:
    with pytest.raises(Invalid, match=f"^{re.escape(reason)}"):
        decode(POISON[poison])


def test_a_json_object_without_a_type_is_no_event() -> None:
    with pytest.raises(Invalid) as refused:
        decode(FakeRecord(b"{}", structured().headers))
    assert refused.value.detail == "no CloudEvent: the value has no type"


CONTENT = st.one_of(
    st.none(),
    st.binary(max_size=40),
    st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat().encode()),
    st.integers().map(lambda number: str(number).encode()),
    st.sampled_from([TYPE.encode(), b"rapport/intake", b"application/cloudevents+json"]),
)
NAMES = st.sampled_from([*HEADERS, *(f"ce_{name}" for name in ("time", "seq", "traceparent"))])


@given(
    changes=st.dictionaries(st.one_of(NAMES, st.text(max_size=20)), CONTENT, max_size=4),
    value=st.one_of(st.none(), st.binary(max_size=200), st.just(foreign().value)),
    timestamp=st.integers(-(2**63), 2**63 - 1),
)
def test_whatever_a_record_holds_it_is_an_event_or_invalid(
    changes: dict[str, bytes | None], value: bytes | None, timestamp: int
) -> None:
    headers = tuple({**HEADERS, **changes}.items())
    with suppress(Invalid):
        decode(FakeRecord(value, headers, timestamp=timestamp))


def test_an_event_id_is_a_uuid_of_version_7() -> None:
    assert Outgoing(confirmed()).id.version == 7
    assert isinstance(decode(foreign()).id, UUID)
