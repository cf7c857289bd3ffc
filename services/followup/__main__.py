"""`python -m services.followup api|worker|migrate|topics|dead-letters|republish|rebase|check`."""

import sys

from services.followup.bootstrap import SERVICE
from shared.runtime import run

if __name__ == "__main__":
    run(SERVICE, sys.argv[1:])
