"""`python -m services.analytics api|worker|migrate|topics|dead-letters|republish|rebase|check|recount|replay|rebuild`."""

import sys

from services.analytics.bootstrap import SERVICE
from shared.runtime import run

if __name__ == "__main__":
    run(SERVICE, sys.argv[1:])
