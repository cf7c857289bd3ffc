"""`python -m deploy.k8s.local`: a Kubernetes on this machine, with all that Rapport asks of others, until Ctrl-C."""

import argparse
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from threading import Event

from deploy.k8s.local.images import make_images
from deploy.k8s.local.places import HOME, KUBECONFIG
from deploy.k8s.local.platform import HERE, MAILBOX, Platform, have_image
from deploy.k8s.local.programs import build
from deploy.local.failure import LaunchFailure
from deploy.local.instance import ROOT
from deploy.local.mail_sent import list_of, show
from deploy.local.parts import say_plainly
from deploy.local.tokens import TokenIssuer

SCOPES = "contacts.write contacts.read intake.admin routing.admin desk figures.read"
DAY = timedelta(days=1)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 0 after Ctrl-C, 1 with a plain sentence if something cannot be had or does not start."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m deploy.k8s.local")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("up", help="start it (the default)")
    commands.add_parser("build", help="only build what it is made of")
    token = commands.add_parser("token", help="print a token of its issuer")
    token.add_argument("subject", nargs="?", default="mara", help="whose (default: mara)")
    mail = commands.add_parser("mail", help="print the mail that customers got")
    mail.add_argument("number", nargs="?", type=int, help="one of them, whole")
    asked = parser.parse_args(argv)
    if asked.command == "token":
        print(TokenIssuer(HOME / "issuer").mint(asked.subject, SCOPES.split(), DAY))
    elif asked.command == "mail":
        print(show(MAILBOX, asked.number) if asked.number else list_of(MAILBOX))
    else:
        return _run(up=asked.command != "build")
    return 0


def _run(*, up: bool) -> int:
    try:
        build(say_plainly)
        make_images(say_plainly)
        have_image(HERE, ROOT, say_plainly)
        if up:
            _until_stopped()
    except LaunchFailure as reason:
        say_plainly(str(reason))
        return 1
    return 0


def _until_stopped() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), Platform(say_plainly) as platform:
        platform.keep_mail()
        say_plainly(f"Ready; docs/operate/install.md brings Rapport. KUBECONFIG={KUBECONFIG}")
        Event().wait()


if __name__ == "__main__":
    sys.exit(main())
