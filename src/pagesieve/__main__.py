"""Where the command begins: `pagesieve`, `python -m pagesieve`."""

import os
import signal
import sys


def main() -> int:
    """Run the command; returns its exit status, that of Ctrl-C where it is interrupted."""
    # Pages are judged by one thread (see `model`); others that numpy starts when it is imported would be for nothing, and take a third of a
    # short page's time. What is set already holds.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        from pagesieve.cli import main

        return main()
    except KeyboardInterrupt:
        print("pagesieve: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
