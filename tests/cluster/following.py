"""Pages followed to the letter on the cluster: every command of them, in their order."""

import os
from subprocess import CompletedProcess

from deploy.k8s.local.places import BIN, KUBECONFIG
from deploy.local.instance import ROOT
from tests.e2e.test_tutorial import BLOCK, typed

WITHIN_SECONDS = 900


def followed(page: str) -> CompletedProcess[str]:
    """What a person sees who types all of the page."""
    known = {"KUBECONFIG": str(KUBECONFIG), "PATH": f"{BIN}:{os.environ['PATH']}"}
    commands = "\n".join(BLOCK.findall((ROOT / page).read_text()))
    return typed(ROOT, commands, known, WITHIN_SECONDS)
