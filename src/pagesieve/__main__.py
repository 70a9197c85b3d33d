"""Where the command begins: `pagesieve`, `python -m pagesieve`."""

import os
import sys


def main() -> int:
    """Run the command; returns its exit status."""
    # The products of a page are too small for threads, which spin while they wait for each other: half of a page's time, and last
    # digits that depend on their number. Has to be said before numpy is imported; what is set already holds.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from pagesieve.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(main())
