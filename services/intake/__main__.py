"""`python -m services.intake api|worker|migrate|topics|dead-letters|republish|rebase|check`."""

import sys

from services.intake.bootstrap import SERVICE
from shared.runtime import run

if __name__ == "__main__":
    run(SERVICE, sys.argv[1:])
