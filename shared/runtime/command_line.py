"""What can be asked of a service's program; to ask what that is does nothing else."""

import argparse
from collections.abc import Mapping, Sequence
from functools import partial

from shared.runtime.commands import COMMANDS, Command

ROLES: Mapping[str, str] = {
    "api": "serve HTTP until it is asked to stop",
    "worker": "consume, publish and do what is due until it is asked to stop",
}


def asked(
    service: str,
    argv: Sequence[str],
    commands: Mapping[str, Command] = COMMANDS,
    parts: Sequence[str] = (),
) -> argparse.Namespace:
    """What the command line says, its first word as `word`. Ends the process for `--help` and mistakes.

    `parts` are what a worker consists of; without `--parts` it runs all of them.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m services.{service}", description=f"The service {service}."
    )
    words = parser.add_subparsers(dest="word", required=True, metavar="command")
    roles = {
        name: words.add_parser(name, help=meaning, description=meaning)
        for name, meaning in ROLES.items()
    }
    roles["worker"].add_argument(
        "--parts",
        type=partial(_chosen, parts),
        default=frozenset(parts),
        metavar="PART,PART",
        help=f"run these alone: {','.join(parts)} (default: all)",
    )
    for name, command in commands.items():
        own = words.add_parser(name, help=command.meaning, description=command.meaning)
        command.options(own)
    return parser.parse_args(argv)


def _chosen(parts: Sequence[str], text: str) -> frozenset[str]:
    named = text.split(",")
    if unknown := [name for name in named if name not in parts]:
        raise argparse.ArgumentTypeError(f"no part {unknown[0]!r}; there are {', '.join(parts)}")
    return frozenset(named)
