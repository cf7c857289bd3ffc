"""`python -m deploy.local up | down | reset | status | restart | shell | mail | token | env`: the platform to play with."""

import argparse
import os
import shlex
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from deploy.local import background, mail_sent
from deploy.local.background import HOME, facts_of
from deploy.local.failure import LaunchFailure
from deploy.local.parts import say_plainly
from deploy.local.platform import API, SERVICES, WORKER
from deploy.local.restart import restart
from deploy.local.seed import ADDRESS, AGENT
from deploy.local.signposts import signposts
from deploy.local.tokens import TokenIssuer

EXAMPLE_BODY = (
    '{"reference": "example-1", "channel": "web", "language": "en", "personal": '
    '{"name": "Ada Whitfield", "address": "ada@post.example", "subject": "Charged twice", '
    '"text": "I was charged twice. Please return the second payment."}}'
)
SCOPES = (
    "contacts.write",
    "desk",
    "figures.read",
    "followup.admin",
    "intake.admin",
    "routing.admin",
)
TTL = timedelta(hours=12)
_FIRST_STEPS = """
Its addresses, and a token as the agent {agent} for twelve hours, in your shell (AGENT=tom: as another):
  eval "$(make -s shell)"

What each API takes and answers, with commands to copy, stands at its /docs (routing: {routing}/docs).

Three things to try then (docs/tutorial.md goes on from here):
  1. Write as a customer, and see what you are promised:
     curl -s $INTAKE/v1/contacts -H "Authorization: Bearer $TOKEN" \\
       -H 'Content-Type: application/json' -H 'Idempotency-Key: example-1' \\
       -d '{body}'
  2. See who is offered to {agent}:
     curl -s $ROUTING/v1/desk -H "Authorization: Bearer $TOKEN"
  3. Read the mail that was sent: make mail"""
_EMPTY = """
It is empty, as SEED=0 asks: no queue and no agent. {routing}/docs shows how they are made, step by step, with
the addresses and a token as the agent `ana`, who is made there, in your shell:
  eval "$(make -s shell AGENT=ana)\""""
_END = """
Data stays when it ends; `make reset` forgets it. An agent's claim is asked about after {check_in} s. End it: make down"""


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
    again = commands.add_parser("restart", help="end one part of it and start it again")
    again.add_argument("part", help="a name that `status` lists")
    again.set_defaults(command=_restart)
    token = commands.add_parser("token", help="print a signed token for its APIs")
    token.add_argument("--subject", required=True, help="whose token: an agent's id, a program")
    token.add_argument("--scope", required=True, help='what it may do: "contacts.write desk"')
    token.add_argument("--hours", type=float, default=12.0, help="how long (12)")
    token.set_defaults(command=_token)
    env = commands.add_parser("env", help="print a service's environment, for eval in a shell")
    env.add_argument("service", choices=SERVICES)
    env.add_argument("role", choices=(API, WORKER), nargs="?", default=API, help="of which (api)")
    env.set_defaults(command=_env)
    shell = commands.add_parser("shell", help="print addresses and a token, for eval in a shell")
    shell.add_argument(
        "agent", nargs="?", default=AGENT, help=f"whose token: an agent's id ({AGENT})"
    )
    shell.set_defaults(command=_shell)
    mail = commands.add_parser("mail", help="list the mail that was sent, or show one of it")
    mail.add_argument("number", type=int, nargs="?", help="which one of the list")
    mail.set_defaults(command=_mail)
    commands.add_parser("reset", help="end it and forget its data").set_defaults(command=_reset)
    keep = commands.add_parser("keep", help="run the platform in the foreground, as `up` does")
    keep.set_defaults(command=_keep)
    return parser


def _up(_options: argparse.Namespace) -> int:
    facts = background.up(say_plainly)
    print(_addresses(facts))
    routing = facts["api"]["routing"]
    seeded = _FIRST_STEPS.format(agent=AGENT, body=EXAMPLE_BODY, routing=routing)
    print(seeded if facts["seeded"] else _EMPTY.format(routing=routing))
    print(_END.format(check_in=background.CHECK_IN_SECONDS))
    return 0


def _down(_options: argparse.Namespace) -> int:
    background.down(say_plainly)
    return 0


def _reset(_options: argparse.Namespace) -> int:
    background.reset(say_plainly)
    return 0


def _mail(options: argparse.Namespace) -> int:
    folder = HOME / "mailbox"
    if options.number is None:
        print(mail_sent.list_of(folder))
        return 0
    mail = mail_sent.show(folder, options.number)
    print(mail or f"There is no mail {options.number}.")
    return 0 if mail else 1


def _status(_options: argparse.Namespace) -> int:
    facts = facts_of()
    if not facts:
        print("It is not running. Start it: make up")
        return 1
    print(_addresses(facts))
    processes = background.state_of_processes()
    for name, pid, lives in processes:
        print(f"  {name:<18}{f'process {pid}' if lives else _next_step(name)}")
    return 0 if all(lives for _name, _pid, lives in processes) else 1


def _next_step(part: str) -> str:
    log = os.path.relpath(HOME / "logs" / f"{part}.log")
    return f"ENDED; {log} says why. Start it again: make restart PART={part}"


def _restart(options: argparse.Namespace) -> int:
    _running()
    restart(HOME, options.part)
    print(f"{options.part} was ended and runs again.")
    return 0


def _token(options: argparse.Namespace) -> int:
    issuer = TokenIssuer(HOME / "issuer")
    ttl = timedelta(hours=options.hours)
    print(issuer.mint(options.subject, options.scope.split(), ttl))
    return 0


def _shell(options: argparse.Namespace) -> int:
    facts = _running()
    smtp, kafka = facts["smtp"], facts["bootstrap"]
    named = {name.upper(): url for name, url in facts["api"].items()}
    named |= {"SMTP": f"smtp://{smtp}", "KAFKA": kafka}
    named["TOKEN"] = TokenIssuer(HOME / "issuer").mint(options.agent, SCOPES, TTL)
    _export(named)
    return 0


def _running() -> Mapping[str, Any]:
    facts = facts_of()
    if not facts:
        raise LaunchFailure("It is not running. Start it: make up")
    return facts


def _export(variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")


def _env(options: argparse.Namespace) -> int:
    _export(_running()["environment"][options.service][options.role])
    return 0


def _keep(_options: argparse.Namespace) -> int:
    background.keep()
    return 0


def _addresses(facts: Mapping[str, Any]) -> str:
    lines = [f"{name:<10}{url}" for name, url in facts["api"].items()]
    lines += [f"{'mail to':<10}{ADDRESS} at {facts['smtp']} (SMTP)"]
    lines += [f"{'events':<10}{facts['bootstrap']} ({facts['broker']})"]
    lines += [f"{'mail sent':<10}make mail ({os.path.relpath(HOME / 'mailbox')})"]
    lines += [
        f"{'port':<10}{port} for {name}: {usual} was taken"
        for name, usual, port in facts["instead"]
    ]
    ops = {(name.split()[0], name.split()[1]): url for name, url in facts["ops"].items()}
    return "\n".join([*lines, *signposts(ops, HOME / "logs")])


if __name__ == "__main__":
    sys.exit(main())
