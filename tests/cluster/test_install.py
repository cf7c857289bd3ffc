"""The page that says how to install, typed from its first command to its last on a cluster that has only what it asks for."""

import os
import re
import subprocess

import pytest

from deploy.k8s.local.platform import Platform
from deploy.local.instance import ROOT
from tests.cluster.conftest import Note
from tests.e2e.test_tutorial import BLOCK, STRICT

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

PAGE = ROOT / "docs/operate/install.md"
CONFIRMED = re.compile(r'"n": ?1\b')
WITHIN_SECONDS = 900


def test_it_leads_to_a_customer_who_says_that_it_is_solved(empty: Platform, note: Note) -> None:
    empty.keep_mail()
    typed = subprocess.run(
        ["bash", "-c", STRICT + "\n".join(BLOCK.findall(PAGE.read_text()))],
        cwd=ROOT,
        env=os.environ | {"MAKEFLAGS": "--no-print-directory"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WITHIN_SECONDS,
        check=False,
    )
    assert typed.returncode == 0, typed.stdout[-4_000:]
    assert CONFIRMED.search(typed.stdout), typed.stdout[-4_000:]
