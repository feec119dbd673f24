"""`python -m minigrad.bench`: the benchmark in this process."""

import sys

from .run import main

if __name__ == "__main__":
    sys.exit(main())
