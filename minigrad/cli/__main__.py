"""`python -m minigrad.cli` is the `minigrad` command."""

import sys

from . import main

sys.exit(main())
