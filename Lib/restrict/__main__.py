"""python -m restrict: see _cli.py."""

import sys

from restrict._cli import main

if __name__ == "__main__":
    sys.exit(main())
