"""`python -m deploy.local up | down | status | token | env`: the platform to play with."""

import argparse
import os
import shlex
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from deploy.local import background
from deploy.local.background import HOME, facts_of
from deploy.local.failure import LaunchFailure
from deploy.local.parts import say_plainly
from deploy.local.platform import SERVICES
from deploy.local.signposts import signposts
from deploy.local.tokens import TokenIssuer

EXAMPLE_BODY = (
    '{"reference": "example-1", "channel": "web", "personal": '
    '{"address": "ada@example.org", "subject": "Paid twice", "text": "I was charged twice."}}'
)
_EXAMPLE = """\
curl -s {intake}/v1/contacts \\
    -H 'Authorization: Bearer {token}' \\
    -H 'Content-Type: application/json' -H 'Idempotency-Key: example-1' \\
    -d '{body}'"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status. Expected failures are one plain message."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except LaunchFailure as failure:
        say_plainly(str(failure))
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    commands.add_parser("up", help="run the platform in the background").set_defaults(command=_up)
    commands.add_parser("down", help="end it").set_defaults(command=_down)
    commands.add_parser("status", help="say what runs and where").set_defaults(command=_status)
    token = commands.add_parser("token", help="print a signed token for its APIs")
    token.add_argument("--subject", required=True, help="whose token: an agent's id, a program")
    token.add_argument("--scope", required=True, help='what it may do: "contacts.write desk"')
    token.add_argument("--hours", type=float, default=12.0, help="how long (12)")
    token.set_defaults(command=_token)
    env = commands.add_parser("env", help="print a service's environment, for eval in a shell")
    env.add_argument("service", choices=SERVICES)
    env.set_defaults(command=_env)
    commands.add_parser("keep").set_defaults(command=_keep)
    return parser


def _up(_options: argparse.Namespace) -> int:
    facts = background.up(say_plainly)
    print(_addresses(facts))
    print(f"\nTry:\n  {_example(facts)}")
    print("\nTokens: python -m deploy.local token --help      End it: make down")
    return 0


def _down(_options: argparse.Namespace) -> int:
    background.down(say_plainly)
    return 0


def _status(_options: argparse.Namespace) -> int:
    facts = facts_of()
    if not facts:
        print("It is not running. Start it: make up")
        return 1
    print(_addresses(facts))
    processes = background.state_of_processes()
    for name, pid, lives in processes:
        print(f"  {name:<18}{f'process {pid}' if lives else 'ENDED'}")
    return 0 if all(lives for _name, _pid, lives in processes) else 1


def _token(options: argparse.Namespace) -> int:
    issuer = TokenIssuer(HOME / "issuer")
    ttl = timedelta(hours=options.hours)
    print(issuer.mint(options.subject, options.scope.split(), ttl))
    return 0


def _env(options: argparse.Namespace) -> int:
    facts = facts_of()
    if not facts:
        raise LaunchFailure("It is not running. Start it: make up")
    for name, value in facts["environment"][options.service].items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _keep(_options: argparse.Namespace) -> int:
    background.keep()
    return 0


def _addresses(facts: Mapping[str, Any]) -> str:
    lines = [f"{name:<10}{url}" for name, url in facts["api"].items()]
    lines += [f"{'e-mail':<10}{facts['smtp']} (SMTP)"]
    lines += [f"{'events':<10}{facts['bootstrap']} ({facts['broker']})"]
    lines += [f"{'mail sent':<10}{os.path.relpath(HOME / 'mailbox')}"]
    ops = {(name.split()[0], name.split()[1]): url for name, url in facts["ops"].items()}
    return "\n".join([*lines, *signposts(ops, HOME / "logs")])


def _example(facts: Mapping[str, Any]) -> str:
    token = TokenIssuer(HOME / "issuer").mint("you", ["contacts.write"], timedelta(hours=12))
    return _EXAMPLE.format(intake=facts["api"]["intake"], token=token, body=EXAMPLE_BODY)


if __name__ == "__main__":
    sys.exit(main())
