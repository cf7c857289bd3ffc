"""Dead letters for the operator: list them, read them, replay them; and resume what they paused."""

import argparse
import sys
from collections.abc import Sequence

import msgspec

from shared.database.database import Database
from shared.kernel.listing import listing
from shared.messaging.dead_letters.listed import Letter, Listed, list_dead_letters
from shared.messaging.dead_letters.pauses import PausedGroup, paused_groups, resume_groups
from shared.messaging.dead_letters.replay import replay
from shared.settings import DatabaseSettings, HasDatabaseAndKafka, KafkaSettings

NOTHING = "No dead letters."
NONE_CHOSEN = "No such dead letters."
NONE_PAUSED = "No consumer group is paused."
NOT_PAUSED = "This consumer group is not paused."
REPLAYING = """\
Put records back where they came from, with the same key, value and event id. A letter that was replayed
before is left out: if its record failed again, that made a letter of its own. The record is for this
service alone, the others pass over it; but on a compacted topic (customers, agents, queues) every
service reads it again, and one that refused it refuses it again. Replay when the cause is gone: what
cannot be read will be a dead letter again."""

RESUMING = """\
Let a consumer group go on that is paused since it made too many dead letters: in every process, with the
record at which it stopped, and with counts that begin anew. Resume when the cause is gone; else it makes
as many dead letters once more, and is paused again."""


async def dead_letters_command(
    service: str, settings: HasDatabaseAndKafka, asked: argparse.Namespace
) -> int:
    """`list [--limit N] [--before N] [--json] [--show]`, `replay --offset N | --reason R | --all [--again]`, `paused`, or
    `resume [GROUP]`.
    """
    if asked.action in {"paused", "resume"}:
        return await _pauses(service, settings.database, asked)
    letters = await list_dead_letters(service, settings.kafka)
    if asked.action == "replay":
        return await _replay_chosen(service, settings.kafka, letters, asked)
    before = [each for each in letters if asked.before is None or each.listed.offset < asked.before]
    lines = [_line(letter, asked) for letter in before[-asked.limit :]]
    # Of JSON a program reads every line, so there a person is told beside it.
    out = sys.stderr if asked.json and not lines else sys.stdout
    out.write(listing(lines, nothing=NOTHING) + "\n")
    return 0


def dead_letters_options(parser: argparse.ArgumentParser) -> None:
    """What the command can be told."""
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser(
        "list", help="what could not be taken, why, and if it was replayed"
    )
    listing.add_argument("--limit", type=int, default=50, help="the newest N (default 50)")
    listing.add_argument("--before", type=int, help="only those before this offset: the next page")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    listing.add_argument("--show", action="store_true", help="with the value: personal data")
    replaying = actions.add_parser(
        "replay", help="put them back where they came from, each once", description=REPLAYING
    )
    which = replaying.add_mutually_exclusive_group(required=True)
    which.add_argument("--offset", type=int, help="the one at this offset")
    which.add_argument("--reason", help="all of this reason")
    which.add_argument("--all", action="store_true", help="all that the topic keeps")
    replaying.add_argument("--again", action="store_true", help="also what was replayed before")
    actions.add_parser("paused", help="consumer groups that made too many, since when and why")
    resuming = actions.add_parser("resume", help="let such a group go on", description=RESUMING)
    resuming.add_argument("group", nargs="?", help="this one (default: all that are paused)")


async def _pauses(service: str, settings: DatabaseSettings, asked: argparse.Namespace) -> int:
    async with (
        Database.opened(settings, service=service) as database,
        database.transaction() as tx,
    ):
        if asked.action == "resume":
            lines = [f"resumed {group}" for group in await resume_groups(tx, asked.group)]
            nothing = NOT_PAUSED if asked.group else NONE_PAUSED
        else:
            lines, nothing = [_paused(each) for each in await paused_groups(tx)], NONE_PAUSED
    sys.stdout.write(listing(lines, nothing=nothing) + "\n")
    return int(not lines and nothing == NOT_PAUSED)


def _paused(group: PausedGroup) -> str:
    return "  ".join((group.consumer_group, group.paused_at.isoformat(), group.paused_because))


async def _replay_chosen(
    service: str, kafka: KafkaSettings, letters: Sequence[Letter], asked: argparse.Namespace
) -> int:
    chosen = [letter for letter in letters if _chosen(letter.listed, asked)]
    due = [letter for letter in chosen if letter.listed.waits or asked.again]
    replayed = await replay(service, kafka, due)
    left, before = len(due) - replayed, len(chosen) - len(due)
    said = f"{replayed} replayed" + f"; {left} too large, at their origin alone" * bool(left)
    said += f"; {before} replayed before and left out (--again takes them, too)" * bool(before)
    none = NONE_CHOSEN if letters else NOTHING
    sys.stdout.write(f"{said if chosen else none}\n")
    return 0 if chosen or asked.all else 1


def _chosen(listed: Listed, asked: argparse.Namespace) -> bool:
    return bool(asked.all or listed.offset == asked.offset or listed.reason == asked.reason)


def _line(letter: Letter, asked: argparse.Namespace) -> str:
    listed, value = letter.listed, (letter.record.value or b"").decode(errors="replace")
    if asked.json:
        shown = msgspec.to_builtins(listed) | ({"value": value} if asked.show else {})
        return msgspec.json.encode(shown).decode()
    state = "waits   " if listed.waits else "replayed"
    columns = (listed.offset, listed.at.isoformat(), state, f"replays {listed.replays}")
    about = (listed.reason, listed.origin, listed.type, listed.detail)
    return "  ".join([*map(str, columns), *about, *([value] if asked.show else [])])
