"""`benchmarks/same.py`: it can be asked how it is called; what it compares takes too long for here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FILE = Path(__file__).parents[1] / "benchmarks" / "same.py"


def test_its_help_says_what_it_takes_and_compares_nothing() -> None:
    ended = subprocess.run([sys.executable, FILE, "--help"], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "FOLDER" in ended.stdout
    assert "segment_many" in ended.stdout
