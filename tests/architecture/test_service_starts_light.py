"""A role starts without what only migrations and exporters need: every process would pay for it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT_AT_START = ("sqlalchemy", "alembic", "opentelemetry.exporter")
LOADED = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*(name for name in sys.argv[2:] if name in sys.modules))
"""


@pytest.mark.parametrize("service", ["intake", "routing", "followup", "analytics"])
def test_a_role_starts_without_the_tools_of_migrations(service: str) -> None:
    module = f"services.{service}.bootstrap"
    result = subprocess.run(
        [sys.executable, "-c", LOADED, module, *NOT_AT_START],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.split() == []
