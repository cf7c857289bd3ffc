"""`python -m docs.generate [--check]`: everything under docs/ and contracts that comes from the code."""

import subprocess
import sys

GENERATORS = (
    "shared.contracts.publish",
    "shared.observability.names",
    "services.analytics.entrypoints.definitions",
)


def main(arguments: list[str]) -> int:
    """Run every generator; 0 only if each one is content."""
    statuses = [
        subprocess.run([sys.executable, "-m", name, *arguments], check=False).returncode
        for name in GENERATORS
    ]
    return max(statuses)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
