"""How fast a page is segmented: cold (a new process: import, load, first page) and warm, and that time grows with size.

    .venv/bin/python benchmarks/speed.py [model]

Needs a trained model (`make train`). Prints a table and writes `benchmarks/results/speed.json`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pagesieve
from pagesieve import report
from pagesieve.storage import write_text

ROUNDS = 200
SIZE = 10_000  # characters
COLD = (
    "import sys, time; t = time.perf_counter(); import pagesieve; s = pagesieve.load(sys.argv[1]); "
    "s.segment(sys.stdin.buffer.read()); print(time.perf_counter() - t)"
)


def page_of(size: int) -> str:
    """Text of the written corpus, cut or repeated to `size` characters."""
    text = "\n\n".join(path.read_text("utf-8") for path in sorted(Path("data/raw").glob("*/*.txt"))[:40])
    return (text * (size // len(text) + 1))[:size]


def cold(model: str, page: str) -> float:
    done = subprocess.run([sys.executable, "-c", COLD, model], input=page.encode(), capture_output=True, check=True)
    return float(done.stdout)


def warm(sieve: pagesieve.Sieve, page: str, rounds: int) -> list[float]:
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        sieve.segment(page)
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)


def main() -> None:
    model = sys.argv[1] if len(sys.argv) > 1 else "models/default"
    sieve = pagesieve.load(model)
    page = page_of(SIZE)
    starts = sorted(cold(model, page) for _ in range(11))
    times = warm(sieve, page, ROUNDS)
    sizes = {size: warm(sieve, page_of(size), 3)[0] for size in (10_000, 100_000, 1_000_000, 10_000_000)}
    facts = {
        "segments": len(sieve.segment(page)),
        "cold_seconds": {"min": starts[0], "median": starts[len(starts) // 2]},
        "warm_seconds": {"min": times[0], "median": times[len(times) // 2]},
        "seconds_by_size": sizes,
    }
    write_text(Path(__file__).parent / "results" / "speed.json", json.dumps(facts, indent=1) + "\n")
    print(f"one page of {SIZE} characters, {facts['segments']} segments")
    rows = [["cold: import, load, segment", f"{starts[0]:.3f} s", f"{starts[len(starts) // 2]:.3f} s"]]
    rows += [["warm: segment", f"{times[0] * 1e3:.2f} ms", f"{times[len(times) // 2] * 1e3:.2f} ms"]]
    print(report.table(["", "least", "median"], rows))
    print(report.table(["characters", "seconds", "µs per 1,000"], [[s, f"{t:.3f}", f"{t / s * 1e9:.0f}"] for s, t in sizes.items()]))


if __name__ == "__main__":
    main()
