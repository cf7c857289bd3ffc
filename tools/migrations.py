"""`python -m tools.migrations`: refuse migrations that lock people out or break the release before.

What each statement locks is known to squawk, a linter for PostgreSQL; it reads what Alembic would run.
"""

import argparse
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from shared.contracts.topics import SERVICES
from shared.database.migrate import later_migrations

SQUAWK = str(Path(sysconfig.get_path("scripts")) / "squawk")
PASSED_OVER = (
    "require-lock-timeout",  # set for every migration by shared/database/online_ddl.py
    "require-statement-timeout",
    "prefer-bigint-over-int",  # which type a column has is said in tables.py
    "prefer-text-field",
)
OPTIONS = ("--reporter=gcc", "--pg-version=15.0", f"--exclude={','.join(PASSED_OVER)}")
"""15 is the oldest PostgreSQL that Rapport runs on."""


def main(arguments: Sequence[str]) -> int:
    """Look at all migrations after the first of each service; 0 only if nothing is to be said."""
    parser = argparse.ArgumentParser(prog="python -m tools.migrations", description=__doc__)
    parser.parse_args(arguments)
    sql = {
        f"services/{service}/migrations/versions/{name}": statements
        for service in SERVICES
        for name, statements in later_migrations(service).items()
    }
    found = [line for name, statements in sql.items() for line in findings(name, statements)]
    if found:
        sys.stderr.writelines(f"{line}\n" for line in found)
        sys.stderr.write("docs/migrations.md shows what can be done instead.\n")
        return 1
    sys.stdout.write(f"{len(sql)} migrations lock nobody out.\n")
    return 0


def findings(name: str, sql: str) -> list[str]:
    """What is wrong with the SQL of a migration, a line each: file, line of the SQL, rule, reason."""
    argv = [SQUAWK, *OPTIONS, f"--stdin-filepath={name}"]
    done = subprocess.run(  # noqa: S603 - the program of our own environment
        argv, input=sql, capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    if done.returncode and not lines:
        raise RuntimeError(f"squawk failed: {done.stderr}")
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
