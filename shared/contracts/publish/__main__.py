"""python -m shared.contracts.publish [--check | --release]"""

import sys

from shared.contracts.publish.files import main

sys.exit(main(sys.argv[1:]))
