"""How time and memory grow: with a page's size, with its segments, with the number of pages, with jobs.

    .venv/bin/python benchmarks/growth.py [LARGEST PAGE in bytes] [LARGEST CORPUS in pages]

(50,000,000 and 100,000 unless told.) Pages are those of `data/raw`, cut or repeated. A page's time is CPU time of a process of its
own that has loaded the model, the least of some turns for small pages; its memory is that process's largest. A corpus goes
through the command; its time is CPU time of all processes, and wall time, its memory that of the largest process. Writes
`benchmarks/results/growth.json` and `growth.svg`.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pagesieve import report
from pagesieve.files import write_text

RESULTS = Path(__file__).with_name("results")
SIZES = (1_000, 10_000, 100_000, 1_000_000, 5_000_000, 10_000_000, 50_000_000)  # bytes
SEGMENTS = (10, 100, 1_000, 10_000, 100_000)
CORPORA = (100, 1_000, 10_000, 100_000)  # pages
PARAGRAPH = "The harbour master counted the lanterns before dawn, and nobody asked why the ledger had been carried home."
ONE = r"""
import json, re, sys, time
import pagesieve
sieve = pagesieve.load()
page = open(sys.argv[1], "rb").read()
turns = max(1, min(20, 200_000 // len(page)))
least, segments = 1e9, 0
for _ in range(turns):
    started = time.process_time()
    segments = len(sieve.segment(page).segments)
    least = min(least, time.process_time() - started)
memory = int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]) * 1024
print(json.dumps({"bytes": len(page), "segments": segments, "seconds": least, "memory": memory}))
"""
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}


def joined(end: str, size: int) -> bytes:
    """A page of `size` bytes made of the pages of `data/raw`; HTML has one head and body."""
    parts = [path.read_bytes() for path in sorted(Path("data/raw").glob(f"*/*{end}"))[:40]]
    if end == ".html":
        parts = [part.partition(b"<body")[2].partition(b">")[2].partition(b"</body")[0] for part in parts]
    found = b"<!doctype html><html><body>" if end == ".html" else b""
    for part in itertools.cycle(parts):
        if len(found) >= size:
            return found[:size].decode("utf-8", "ignore").encode()
        found += part + b"\n\n"
    raise ValueError(f"data/raw has no pages that end in {end}")


def of_segments(view: str, count: int) -> bytes:
    """A page of so many segments, 100,000 characters in all as far as each has one."""
    texts = [f"{i} {PARAGRAPH[: max(100_000 // count, 1)]}" for i in range(count)]
    if view == "html":
        return ("<!doctype html><html><body>" + "".join(f"<p>{text}</p>" for text in texts)).encode()
    return "\n\n".join(texts).encode()


def one(page: bytes, folder: Path) -> dict[str, float]:
    path = folder / "page"
    path.write_bytes(page)
    done = subprocess.run([sys.executable, "-c", ONE, str(path)], capture_output=True, check=True, env=ENVIRONMENT)
    return dict(json.loads(done.stdout))


def corpus(count: int, jobs: int, folder: Path) -> dict[str, float]:
    """The command on `count` pages of both views."""
    pages = [path.read_text("utf-8") for path in sorted(Path("data/raw").glob("*/*"))]
    with (folder / "pages.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps({"id": i, "text": pages[i % len(pages)]}) + "\n" for i in range(count))
    program = [sys.executable, "-m", "pagesieve", str(folder / "pages.jsonl"), "-o", str(folder / "rows.jsonl"), "--jobs", str(jobs)]
    timed = (
        "import json, resource, subprocess, sys, time; started = time.monotonic(); "
        "subprocess.run(sys.argv[1:], check=True, stderr=subprocess.DEVNULL); used = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(json.dumps([used.ru_utime + used.ru_stime, time.monotonic() - started, used.ru_maxrss * 1024]))"
    )
    done = subprocess.run([sys.executable, "-c", timed, *program], capture_output=True, check=True, env=ENVIRONMENT)
    cpu, wall, memory = json.loads(done.stdout)
    return {"pages": count, "jobs": jobs, "cpu": cpu, "wall": wall, "memory": memory}


def plot(found: dict[str, Any], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with matplotlib.rc_context({"svg.hashsalt": "pagesieve", "font.size": 8}):
        figure, axes = pyplot.subplots(2, 2, figsize=(9, 6), layout="constrained")
        for view in ("text", "html"):
            for column, kind, x in ((0, "size", "bytes"), (1, "segments", "segments")):
                rows = [row for row in found[kind] if row["view"] == view]
                axes[0][column].loglog([row[x] for row in rows], [row["seconds"] for row in rows], "o-", label=view)
                axes[0][column].set(xlabel=f"{x} of a page", ylabel="seconds (CPU)")
        for jobs in sorted({row["jobs"] for row in found["corpus"]}):
            rows = [row for row in found["corpus"] if row["jobs"] == jobs]
            axes[1][0].loglog([row["pages"] for row in rows], [row["cpu"] for row in rows], "o-", label=f"{jobs} jobs")
            axes[1][1].semilogx([row["pages"] for row in rows], [row["memory"] / 1e6 for row in rows], "o-", label=f"{jobs} jobs")
        axes[1][0].set(xlabel="pages", ylabel="seconds (CPU, all processes)")
        axes[1][1].set(xlabel="pages", ylabel="megabytes (largest process)", ylim=(0, None))
        for axis in axes.flat:
            axis.legend()
            axis.grid(alpha=0.3)
        figure.savefig(path, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))


def main() -> None:
    largest, most = (int(given) for given in [*sys.argv[1:], *("50000000", "100000")[len(sys.argv) - 1 :]])
    found: dict[str, list[dict[str, Any]]] = {"size": [], "segments": [], "corpus": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for view, end in (("text", ".txt"), ("html", ".html")):
            for size in (size for size in SIZES if size <= largest):
                found["size"].append({"view": view, **one(joined(end, size), folder)})
            for count in SEGMENTS:
                found["segments"].append({"view": view, **one(of_segments(view, count), folder)})
        for count, jobs in itertools.product((count for count in CORPORA if count <= most), (1, 2)):
            found["corpus"].append(corpus(count, jobs, folder))
    for kind, x in (("size", "bytes"), ("segments", "segments")):
        rows = [[r["view"], f"{r[x]:,}", f"{r['seconds'] * 1e3:.1f}", f"{r['memory'] / 1e6:.0f}"] for r in found[kind]]
        print(report.table(["view", x, "ms", "MB"], rows), end="\n\n")
    rows = [[f"{r['pages']:,}", str(r["jobs"]), f"{r['cpu']:.1f}", f"{r['wall']:.1f}", f"{r['memory'] / 1e6:.0f}"] for r in found["corpus"]]
    print(report.table(["pages", "jobs", "CPU s", "wall s", "MB"], rows))
    write_text(RESULTS / "growth.json", json.dumps(found, indent=1) + "\n")
    plot(found, RESULTS / "growth.svg")


if __name__ == "__main__":
    main()
