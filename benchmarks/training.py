"""How training grows with the number of pages: time, and memory of all its processes.

    .venv/bin/python benchmarks/training.py [--pages 50 200 500 1000 2000 5000] [--roots data ../shared/webpages] [--longest 100] [override …]

(needs the extra `views`). The pages of the roots, then their renderings, then all of these again with a tenth of the lines left out and
every fiftieth word made up (so that the vocabulary grows as that of new pages would), are written to a temporary folder; the first so
many are trained on by `python -m pagesieve.train` with 2 jobs. Time is wall time, and CPU time of all processes and of the one that
reads the pages: its own and half of the others' is what two free cores would need. Memory is the largest sum, over all processes at
one moment, of their proportional set sizes (PSS: pages of memory that several share count once), files mapped into memory included.
Linux only. Adds to `benchmarks/results/training.json` and draws `training.svg`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pagesieve import corpus, report
from pagesieve.corpus import Document, Label
from pagesieve.files import write_text
from pagesieve.page import Page
from pagesieve.renderings import FROM_HTML, FROM_TEXT, views

RESULTS = Path(__file__).with_name("results")
SETTINGS = ("data=folder", "cv.random_split=false", "model.max_terms=60000")
LEFT_OUT, MADE_UP = 0.1, 0.02
PERIOD = 2.0  # seconds between two looks at the memory


def grown(roots: list[str], longest: int | None) -> Iterator[Document]:
    """The labelled pages of the roots, then renderings of them, then changed copies of all these, without end."""
    sources = [(d, root) for root in roots for d in corpus.read(root) if 0 < len(d.segments) <= (longest or len(d.segments))]
    random.Random(0).shuffle(sources)
    yield from (d for d, _ in sources)
    renderings = [views(d, root, len(FROM_HTML) + len(FROM_TEXT), 0) for d, root in sources]
    known = [d for d, _ in sources]
    while made := [view for of_page in renderings if (view := next(of_page, None)) is not None]:
        yield from made
        known += made
    turn = 0
    while True:
        turn += 1
        yield from (changed(d, turn) for d in known)


def changed(document: Document, turn: int) -> Document:
    """`document` with some labelled ranges left out and some words made up."""
    drawn = random.Random(f"{turn} {document.page.name}")
    text, labels, position = "", [], 0
    for label in document.labels:
        gap, part = document.page.text[position : label.start], document.page.text[label.start : label.end]
        position = label.end
        if drawn.random() < LEFT_OUT:
            continue
        part = re.sub(r"[^\W\d_]{4,}", lambda found: made_up(found[0], drawn) if drawn.random() < MADE_UP else found[0], part)
        labels.append(Label(len(text) + len(gap), len(text) + len(gap) + len(part), label.role))
        text += gap + part
    return replace(document, page=Page(text + "\n", f"{document.page.name}@{turn}"), labels=tuple(labels))


def made_up(word: str, drawn: random.Random) -> str:
    letters = list(word)
    drawn.shuffle(letters)
    return "".join(letters)


def write(documents: Iterator[Document], count: int, root: Path) -> None:
    """So many pages as a corpus, sites as they are, so that no page's renderings are on two sides of a split."""
    for number in range(count):
        document = next(documents)
        raw = root / "raw" / document.site / f"{number:06}.txt"
        raw.parent.mkdir(parents=True, exist_ok=True)
        raw.write_bytes(document.page.text.encode("utf-8", "surrogateescape"))
        corpus.write_labels(root, raw, document.labels, site=document.site, language=document.language, status="reviewed")


def part(root: Path, count: int, folder: Path) -> Path:
    """The first so many pages of the corpus `root`, linked."""
    for raw in sorted((root / "raw").glob("*/*.txt"), key=lambda path: path.stem)[:count]:
        for path in (raw, corpus.label_path(root, raw)):
            there = folder / path.relative_to(root)
            there.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, there)
    return folder


def family(process: int) -> list[int]:
    """The process and all that descend from it."""
    parent = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
    found = [process]
    for member in found:
        found += [child for child, its in parent.items() if its == member]
    return found


def memory(process: int) -> int:
    """Bytes that the process and its descendants hold, shared ones counted once."""
    total = 0
    for member in family(process):
        try:
            total += int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{member}/smaps_rollup").read_text(), re.MULTILINE)[1]) * 1024  # type: ignore[index]
        except (OSError, TypeError):
            continue
    return total


def seconds(process: int) -> float:
    """CPU time of one process."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def trained(root: Path, overrides: list[str]) -> dict[str, Any]:
    """Training on the corpus `root` in a process of its own: what it cost, and its score."""
    out = root.with_name("model")
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [
        sys.executable,
        "-m",
        "pagesieve.train",
        *SETTINGS,
        f"data.root={root}",
        f"out={out}",
        f"hydra.run.dir={root.with_name('log')}",
        *overrides,
    ]
    most, told, alone = 0, time.monotonic(), 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            most, alone = max(most, memory(process.pid)), max(alone, seconds(process.pid))
            if time.monotonic() - told > 60:
                told = time.monotonic()
                print(
                    f"{told - started:.0f} s, {alone:.0f} of them CPU of the first process, {most / 1e6:.0f} MB at most",
                    file=sys.stderr,
                    flush=True,
                )
            time.sleep(PERIOD)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit status {process.returncode}; run it by hand to see why")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    return {
        "pages": manifest["pages"],
        "segments": manifest["segments"],
        "wall": round(time.monotonic() - started, 1),
        "cpu": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "alone": round(alone, 1),
        "memory": most,
        "largest process": manifest["peak_memory_mb"] * 2**20,
        "macro": manifest["scores"]["unseen sites"]["by_segments"]["macro"],
    }


def free(row: dict[str, Any]) -> float:
    """Seconds that two cores would need that nobody else uses: the first process's, and half of its workers'."""
    return float(row["alone"] + (row["cpu"] - row["alone"]) / 2)


def plot(found: list[dict[str, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with matplotlib.rc_context({"svg.hashsalt": "pagesieve", "font.size": 8}):
        figure, axes = pyplot.subplots(1, 2, figsize=(9, 3), layout="constrained")
        pages = [row["pages"] for row in found]
        axes[0].loglog(pages, [row["cpu"] for row in found], "o-", label="CPU, all processes")
        axes[0].loglog(pages, [free(row) for row in found], "o-", label="two free cores")
        axes[1].loglog(pages, [row["memory"] / 1e6 for row in found], "o-", label="all processes (PSS)")
        axes[0].set(xlabel="pages trained on", ylabel="seconds")
        axes[1].set(xlabel="pages trained on", ylabel="megabytes")
        for axis in axes:
            axis.legend()
            axis.grid(alpha=0.3)
        figure.savefig(path, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, nargs="+", default=[50, 200, 500, 1000, 2000, 5000])
    parser.add_argument("--roots", nargs="+", default=["data", "../shared/webpages"])
    parser.add_argument("--longest", type=int, help="segments; pages that have more are left out")
    parser.add_argument("--results", type=Path, default=RESULTS / "training.json")
    parser.add_argument("overrides", nargs="*")
    options = parser.parse_args()
    rows = json.loads(options.results.read_text("utf-8")) if options.results.exists() else []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(grown(options.roots, options.longest), max(options.pages), folder / "all")
        for count in options.pages:
            row = trained(part(folder / "all", count, folder / str(count) / "data"), options.overrides)
            print(json.dumps(row), flush=True)
            rows = sorted([*(r for r in rows if r["pages"] != row["pages"]), row], key=lambda r: r["pages"])
            write_text(options.results, json.dumps(rows, indent=1) + "\n")
    table = [
        [f"{r['pages']:,}", f"{r['segments']:,}", f"{r['wall']:.0f}", f"{r['cpu']:.0f}", f"{free(r):.0f}", f"{r['memory'] / 1e6:,.0f}"]
        for r in rows
    ]
    print(report.table(["pages", "segments", "wall s", "CPU s", "two free cores, s", "MB"], table))
    plot(rows, options.results.with_suffix(".svg"))


if __name__ == "__main__":
    main()
