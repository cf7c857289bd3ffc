"""What can be asked of a service's program; to ask what that is does nothing else."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from shared.messaging.dead_letters.command import dead_letters_options
from shared.messaging.outbox.republish import republish_options

Options = Callable[[argparse.ArgumentParser], None]


class Command(NamedTuple):
    """One word of the command line: what it does, and what more it may be told."""

    meaning: str
    options: Options = lambda _: None


ROLES: Mapping[str, Command] = {
    "api": Command("serve HTTP until it is asked to stop"),
    "worker": Command("consume, publish and do what is due until it is asked to stop"),
}
COMMANDS: Mapping[str, Command] = {
    "migrate": Command("bring the database's tables to this version"),
    "check": Command("say whether the environment is complete, and what of it is reached"),
    "dead-letters": Command("list what could not be taken, or put it back", dead_letters_options),
    "republish": Command("publish again all events since some time", republish_options),
}


def asked(service: str, argv: Sequence[str]) -> argparse.Namespace:
    """What the command line says, its first word as `word`. Ends the process for `--help` and mistakes."""
    parser = argparse.ArgumentParser(
        prog=f"python -m services.{service}", description=f"The service {service}."
    )
    words = parser.add_subparsers(dest="word", required=True, metavar="command")
    for name, command in {**ROLES, **COMMANDS}.items():
        own = words.add_parser(name, help=command.meaning, description=command.meaning)
        command.options(own)
    return parser.parse_args(argv)
