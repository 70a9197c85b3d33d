"""Many pages with every fault mixed in, killed at random moments and resumed: is the output the undisturbed run's, does memory stay flat?

    .venv/bin/python benchmarks/soak.py [PAGES] [KILLS] [JOBS]

(200,000, 10 and 1 unless told). The pages of `data/raw` come again and again under new ids; among them, at random but always the
same, are bad bytes, empty, endless and broken records. The command runs once undisturbed and once with SIGKILL at moments spread
over that run's time. Says whether both outputs and error lists are the same bytes, how often the runs were killed, how many
rows were made more than once, and the largest memory of a process in each tenth of the run. Writes
`benchmarks/results/soak.json` where nothing differs; exits with 1 where something does.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pagesieve.files import write_text

RESULTS = Path(__file__).with_name("results") / "soak.json"
CHECKPOINT = 5.0  # seconds
SAMPLED = 0.2  # seconds between two looks at memory
HUGE = 1_500_000  # characters; more than that is refused by --max-bytes below
MAX_BYTES = 1_000_000
FAULTY = 0.02  # share of the records


def records(pages: Sequence[str], count: int, seed: int = 0) -> Iterator[bytes]:
    """A line of JSONL for each of `count` records."""
    chance = random.Random(seed)
    faults = (
        lambda i: b'{"id": %d, "text": "\xff\xfe bad bytes"}' % i,
        lambda i: b'{"id": %d, "text": "broken off' % i,
        lambda i: b'{"id": %d}' % i,
        lambda i: b'{"id": %d, "text": ""}' % i,
        lambda i: b"[1, 2]",
        lambda i: b"\x00\x01\x02",
        lambda i: json.dumps({"id": i, "text": "%PDF-1.7 \x00\x01"}).encode(),
        lambda i: json.dumps({"id": i, "text": "\ud800 half a character"}).encode(),
        lambda i: json.dumps({"id": i, "text": "A line of a huge page.\n" * (HUGE // 23)}).encode() if i % 5 == 0 else b"{}",
        lambda i: json.dumps({"id": i, "text": "<html><body>" + "<div>" * 3000 + "deep"}).encode(),
    )
    for i in range(count):
        if chance.random() < FAULTY:
            yield chance.choice(faults)(i) + b"\n"
        else:
            yield json.dumps({"id": i, "text": pages[i % len(pages)]}).encode() + b"\n"


def resident(process: int) -> int:
    """The largest resident memory (bytes) of the process and its children now."""
    found = 0
    for pid in [
        process,
        *map(int, subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True, check=False).stdout.split()),
    ]:
        try:
            found = max(found, int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def watched(program: Sequence[str], seconds: float | None = None) -> tuple[bool, float, list[int]]:
    """Run the command, and kill it after `seconds`; whether it came to its end, its time, its memory."""
    started, memory = time.monotonic(), []
    process = subprocess.Popen(program, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        memory.append(resident(process.pid))
        if seconds is not None and time.monotonic() - started > seconds:
            process.kill()
            process.wait()
            return False, time.monotonic() - started, memory
        time.sleep(SAMPLED)
    if process.returncode:
        raise RuntimeError(f"{' '.join(program)}: exit status {process.returncode}")
    return True, time.monotonic() - started, memory


def digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def soak(folder: Path, pages: Sequence[str], count: int, kills: int, jobs: int, checkpoint: float = CHECKPOINT) -> dict[str, Any]:
    """Both runs; what there is to say of them."""
    with (folder / "pages.jsonl").open("wb") as file:
        file.writelines(records(pages, count))

    def command(name: str) -> list[str]:
        options = [
            "--jobs",
            str(jobs),
            "--checkpoint",
            str(checkpoint),
            "--max-bytes",
            str(MAX_BYTES),
            "--errors",
            str(folder / f"{name}.errors"),
        ]
        return [sys.executable, "-m", "pagesieve", str(folder / "pages.jsonl"), "-o", str(folder / f"{name}.jsonl"), *options]

    _, seconds, memory = watched(command("calm"))
    chance = random.Random(count)
    killed, time_spent, at_kill = 0, 0.0, []
    while True:
        moment = chance.uniform(0.5, 1.5) * seconds / (kills + 1) + checkpoint if killed < kills else None
        done, spent, _ = watched(command("rough"), moment)
        time_spent += spent
        if done:
            break
        killed += 1
        journal = folder / "rough.jsonl.parts" / "journal.json"
        at_kill.append(json.loads(journal.read_text())["progress"]["pages"] if journal.exists() else 0)
    tenths = [max(memory[i * len(memory) // 10 : (i + 1) * len(memory) // 10] or [0]) for i in range(10)]
    names = [(folder / f"calm.{end}", folder / f"rough.{end}") for end in ("jsonl", "errors")]
    return {
        "records": count,
        "rows": sum(1 for _ in names[0][0].open("rb")),
        "errors": sum(1 for _ in names[1][0].open("rb")),
        "jobs": jobs,
        "identical": all(digest(calm) == digest(rough) for calm, rough in names),
        "killed": killed,
        "rows safe at each kill": at_kill,
        "seconds undisturbed": round(seconds),
        "seconds with kills": round(time_spent),
        "megabytes in each tenth": [size // 1_000_000 for size in tenths],
    }


def main() -> int:
    count, kills, jobs = (int(given) for given in [*sys.argv[1:], *("200000", "10", "1")[len(sys.argv) - 1 :]])
    pages = [path.read_text("utf-8") for path in sorted(Path("data/raw").glob("*/*"))]
    with tempfile.TemporaryDirectory() as folder:
        found = soak(Path(folder), pages, count, kills, jobs)
    for name, value in found.items():
        print(f"{name}: {value}")
    if found["identical"]:
        write_text(RESULTS, json.dumps(found, indent=1) + "\n")
    return int(not found["identical"])


if __name__ == "__main__":
    sys.exit(main())
