"""python -m tools.contracts [--check | --release]"""

import sys

from tools.contracts.files import main

sys.exit(main(sys.argv[1:]))
