"""Every line takes one path, and nothing personal passes it."""

import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
import structlog
from aiokafka.errors import NodeNotReadyError

from shared.kernel.errors import Invalid
from shared.observability import logging as ours
from shared.observability import span_names, tracing
from shared.observability.scrub import WITHHELD, scrubbed
from shared.settings import TelemetrySettings

Lines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    out = StringIO()
    root = logging.getLogger()
    before, level, config = root.handlers[:], root.level, structlog.get_config()
    ours.configure(TelemetrySettings(log_level="DEBUG"), service="intake", role="api", out=out)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(False)
    logging.raiseExceptions = True
    structlog.configure(**config)


@pytest.mark.parametrize(
    "personal",
    [
        "jane.doe@example.org",
        "Jane <jane+tag@sub.example.co.uk>",
        "+49 151 23456789",
        "+1 (415) 555-2671",
        "+976-11-123456",
        "(415) 555-2671",
        "415-555-2671",
        "0151 2345678",
        "030/1234567",
        "4915123456789",
        "బాల@ఉదాహరణ.భారత్",
    ],
)
def test_what_looks_like_an_address_or_a_number_is_replaced(personal: str) -> None:
    text = str(scrubbed(f"message from {personal} came in"))
    assert text.startswith("message from ")
    assert text.endswith(" came in")
    assert not any(part in text for part in personal.split() if any(c.isdigit() for c in part))
    assert "@" not in text


@pytest.mark.parametrize(
    "harmless",
    [
        "01901234-5678-7012-8123-123456789012",
        "2026-11-22T10:24:23.913880Z",
        "127.0.0.1:43065",
        "offset 123456789 of partition 3",
        "took 0.123456789012 s",
        "0af7651916cd43dd8448eb211c80319c",
        "shared/http/app.py:80",
        "HTTP 422",
    ],
)
def test_ids_times_hosts_and_counts_stay(harmless: str) -> None:
    assert scrubbed(harmless) == harmless


def test_nested_values_are_scrubbed_too() -> None:
    assert scrubbed({"a": [("x@y.org", 7)]}) == {"a": [["[email]", 7]]}


def test_a_line_says_who_speaks_and_withholds_people(lines: Lines) -> None:
    log = ours.get_logger("services.intake.x")
    log.info("received %d from %s", 3, "jane@example.org", email="x", contact_id="c1")
    [line] = lines()
    assert line["event"] == "received 3 from [email]"
    assert (line["service"], line["role"], line["level"]) == ("intake", "api", "info")
    assert (line["email"], line["contact_id"]) == (WITHHELD, "c1")


def test_libraries_take_the_same_path(lines: Lines) -> None:
    logging.getLogger("alembic").warning("to %s", "jane@example.org")
    [line] = lines()
    assert (line["event"], line["logger"], line["service"]) == ("to [email]", "alembic", "intake")


def test_an_exception_tells_its_places_and_only_safe_texts(lines: Lines) -> None:
    try:
        try:
            int("Jane Doe, Elm Street")
        except ValueError as cause:
            raise Invalid("the amount is not a number") from cause
    except Invalid:
        ours.get_logger("x").exception("refused")
        logging.getLogger("library").exception("refused")
    first, second = lines()
    for line in (first, second):
        assert line["error"] == ["Invalid: the amount is not a number", "ValueError"]
        assert "Jane" not in json.dumps(line)
        assert "test_logging.py" in str(line["at"])


def test_a_line_inside_a_trace_carries_its_id(lines: Lines) -> None:
    with tracing.span(span_names.STORE):
        ours.get_logger("x").info("stored")
        ids = tracing.current_ids()
    [line] = lines()
    assert ids == (line["trace_id"], line["span_id"])


def test_a_repeated_warning_of_a_noisy_library_is_held_back_and_counted(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(ours, "monotonic", lambda: now[0])
    noisy = logging.getLogger("opentelemetry.exporter")
    for number in range(240):
        noisy.error("collector %s is away", number)
    now[0] += 60
    noisy.error("collector %s is away", 7)
    assert [line["event"] for line in lines()] == [
        "collector 0 is away",
        "collector 7 is away (239 more like it)",
    ]


def test_the_kafka_client_has_a_line_only_where_it_stumbles(lines: Lines) -> None:
    client = logging.getLogger("aiokafka.conn")
    client.info("Discovered coordinator")
    client.error("Unable to connect")
    client.error("Unexpected error in fetcher routine", exc_info=KeyError(3))
    [line] = lines()
    assert (line["event"], line["error"]) == ("Unexpected error in fetcher routine", ["KeyError"])


def test_the_database_driver_does_not_tell_of_an_outage(lines: Lines) -> None:
    pool = logging.getLogger("asyncpg.pool")
    pool.warning("Failed to restore the pool", exc_info=ConnectionRefusedError())
    pool.warning("Failed to restore the pool", exc_info=TimeoutError())
    assert not lines()


def test_other_loggers_are_never_held_back(lines: Lines) -> None:
    for _ in range(3):
        ours.get_logger("services.intake").warning("again")
    assert len(lines()) == 3


def test_libraries_do_not_tell_every_detail_though_we_may(lines: Lines) -> None:
    logging.getLogger("aiosmtplib").debug("response: %s", b"I was charged twice")
    ours.get_logger("services.intake").debug("looking")
    assert [line["event"] for line in lines()] == ["looking"]


def test_what_a_client_gave_up_in_an_outage_is_no_line_of_the_event_loop(lines: Lines) -> None:
    loop = logging.getLogger("asyncio")
    loop.error("Task exception was never retrieved", exc_info=NodeNotReadyError())
    loop.error("Task exception was never retrieved", exc_info=KeyError(3))
    [line] = lines()
    assert line["error"] == ["KeyError"]
