"""The page that says how to install, typed from its first command to its last on a cluster that has only what it asks for."""

import re

import pytest

from deploy.k8s.local.platform import Platform
from tests.cluster.following import followed

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

CONFIRMED = re.compile(r'"n": ?1\b')


def test_it_leads_to_a_customer_who_says_that_it_is_solved(empty: Platform) -> None:
    empty.keep_mail()
    done = followed("docs/operate/install.md")
    assert done.returncode == 0, done.stdout[-4_000:]
    assert CONFIRMED.search(done.stdout), done.stdout[-4_000:]
