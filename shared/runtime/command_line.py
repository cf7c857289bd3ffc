"""What can be asked of a service's program; to ask what that is does nothing else."""

import argparse
from collections.abc import Mapping, Sequence

from shared.runtime.commands import COMMANDS, Command

ROLES: Mapping[str, str] = {
    "api": "serve HTTP until it is asked to stop",
    "worker": "consume, publish and do what is due until it is asked to stop",
}


def asked(
    service: str, argv: Sequence[str], commands: Mapping[str, Command] = COMMANDS
) -> argparse.Namespace:
    """What the command line says, its first word as `word`. Ends the process for `--help` and mistakes."""
    parser = argparse.ArgumentParser(
        prog=f"python -m services.{service}", description=f"The service {service}."
    )
    words = parser.add_subparsers(dest="word", required=True, metavar="command")
    for name, meaning in ROLES.items():
        words.add_parser(name, help=meaning, description=meaning)
    for name, command in commands.items():
        own = words.add_parser(name, help=command.meaning, description=command.meaning)
        command.options(own)
    return parser.parse_args(argv)
