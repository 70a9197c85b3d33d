"""`python -m pagesieve` is the command `pagesieve`."""

import sys

from pagesieve.cli import main

sys.exit(main())
