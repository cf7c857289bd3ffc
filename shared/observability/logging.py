"""Structured lines to standard output: ours, and those of every library, through one door."""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from time import monotonic
from traceback import extract_tb
from typing import Any, Final, TextIO

import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter
from structlog.typing import EventDict, Processor

from shared.kernel.errors import Failure
from shared.observability import tracing
from shared.observability.scrub import scrubbed_fields
from shared.settings import TelemetrySettings

OURS: Final = ("services", "shared")
SPOKEN_FOR: Final = ("aiokafka", "asyncpg.pool")
"""What these say of an outage, forty times over, the process says itself, once (`outages`)."""
NOISY: Final = ("aiokafka", "opentelemetry", "kafka")
WORDY: Final = ("uvicorn.error", "httpx2", "asyncio", "alembic")
QUIET_SECONDS: Final = 60.0
KINDS: Final = 500
INNERMOST: Final = 12
_CONFIGURED: Final[list[int]] = []
_OPEN_TEXT: Final = (OSError, TypeError, AttributeError, NameError, ImportError, RuntimeError)


def get_logger(name: str) -> BoundLogger:
    """A logger: `log.info("what happened", contact_id=…)`. Values are scrubbed on their way out."""
    logger: BoundLogger = structlog.get_logger(name)
    return logger


def configure(
    settings: TelemetrySettings, *, service: str, role: str, out: TextIO | None = None
) -> None:
    """Send every line of this process to standard output, one JSON object or one plain line each."""
    common: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Origin(service, role),
        _trace_ids,
        _exception,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *common,
            structlog.stdlib.PositionalArgumentsFormatter(),
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out or sys.stdout)
    handler.addFilter(Repeats(NOISY, QUIET_SECONDS))
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=common,
            processors=[ProcessorFormatter.remove_processors_meta, _scrub, _renderer(settings)],
        )
    )
    level = logging.getLevelNamesMapping()[settings.log_level]
    # In every detail, libraries tell of the words that pass through them: that is for nobody.
    logging.basicConfig(level=max(level, logging.INFO), handlers=[handler], force=True)
    _CONFIGURED[:] = [level]
    for ours in OURS:
        logging.getLogger(ours).setLevel(level)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # a line that cannot be written is not shown unscrubbed
    for wordy in WORDY:
        logging.getLogger(wordy).setLevel(logging.WARNING)


def toggle_debug() -> None:
    """Let our own loggers write every detail; the next time, what is configured again."""
    configured = _CONFIGURED[-1] if _CONFIGURED else logging.INFO
    ours = [logging.getLogger(name) for name in OURS]
    level = configured if ours[0].level == logging.DEBUG else logging.DEBUG
    for each in ours:
        each.setLevel(level)
    get_logger(__name__).info("log level", now=logging.getLevelName(level))


class Repeats(logging.Filter):
    """Lets a repeated warning of a noisy library through once in a while, and says how many it held.

    A library that is spoken for is let through only with an exception.
    """

    def __init__(self, noisy: tuple[str, ...], quiet_seconds: float) -> None:
        super().__init__()
        self._noisy = noisy
        self._quiet = quiet_seconds
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if _spoken_for(record):
            return False
        if record.levelno < logging.WARNING or not record.name.startswith(self._noisy):
            return True
        if len(self._seen) > KINDS:
            self._seen.clear()
        key, now = (record.name, str(record.msg)), monotonic()
        last, held = self._seen.get(key, (now - self._quiet, 0))
        if now - last < self._quiet:
            self._seen[key] = (last, held + 1)
            return False
        self._seen[key] = (now, 0)
        if held:
            record.msg, record.args = f"{record.getMessage()} ({held} more like it)", None
        return True


def _stumbled(record: logging.LogRecord) -> bool:
    """Whether there is an exception that is more than a part being away."""
    error = record.exc_info[1] if record.exc_info else None
    return error is not None and not isinstance(error, OSError)


def _spoken_for(record: logging.LogRecord) -> bool:
    """Also what a library leaves to the event loop to say: of its own kind, and raised where nobody waited any more."""
    error = record.exc_info[1] if record.exc_info else None
    left = record.name == "asyncio" and type(error).__module__.startswith(SPOKEN_FOR)
    return left or (record.name.startswith(SPOKEN_FOR) and not _stumbled(record))


class _Origin:
    """Says on each line who speaks."""

    def __init__(self, service: str, role: str) -> None:
        self._fields = {"service": service, "role": role}

    def __call__(self, _: Any, __: str, line: EventDict) -> EventDict:
        line.update(self._fields)
        return line


def _trace_ids(_: Any, __: str, line: EventDict) -> EventDict:
    ids = tracing.current_ids()
    if ids is not None:
        line["trace_id"], line["span_id"] = ids
    return line


def _exception(_: Any, __: str, line: EventDict) -> EventDict:
    """An exception as its classes and places; its text only where it cannot quote what people wrote."""
    found = line.pop("exc_info", None)
    error = found[1] if isinstance(found, tuple) else found
    if found is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        line["error"] = [_logged(cause) for cause in _chain(error)]
        frames = extract_tb(error.__traceback__)[-INNERMOST:]
        line["at"] = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
    return line


def _short(path: str) -> str:
    return path.rpartition("site-packages/")[2]


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        if isinstance(seen, BaseExceptionGroup):
            for inner in seen.exceptions:
                yield from _chain(inner)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def _logged(error: BaseException) -> str:
    kind = type(error).__name__
    if isinstance(error, Failure):
        return f"{kind}: {error.detail}"
    if isinstance(error, _OPEN_TEXT):
        return f"{kind}: {error}"
    facts = [getattr(error, name, None) for name in ("sqlstate", "constraint_name")]
    return " ".join([kind, *map(str, filter(None, facts))])


def _scrub(_: Any, __: str, line: MutableMapping[str, Any]) -> EventDict:
    return scrubbed_fields(line)


def _renderer(settings: TelemetrySettings) -> Processor:
    if settings.log_format == "console":
        return structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    return structlog.processors.JSONRenderer(ensure_ascii=False)
