"""Pages followed to the letter: every command of them, in their order, by a shell that stops at the first that fails."""

import os
import subprocess

from deploy.k8s.local.places import BIN, KUBECONFIG
from deploy.local.instance import ROOT
from tests.e2e.test_tutorial import BLOCK, STRICT

WITHIN_SECONDS = 900


def typed(page: str) -> tuple[int, str]:
    """The exit status, and what a person would see."""
    commands = "\n".join(BLOCK.findall((ROOT / page).read_text()))
    known = {"KUBECONFIG": str(KUBECONFIG), "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", STRICT + commands],
        cwd=ROOT,
        env=os.environ | known | {"MAKEFLAGS": "--no-print-directory"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WITHIN_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout
