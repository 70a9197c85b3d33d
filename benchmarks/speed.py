"""How fast pages are segmented: cold (a new process: import, load, first page) and warm, where the time goes, how it grows with size.

    OPENBLAS_NUM_THREADS=1 .venv/bin/python benchmarks/speed.py [model] [folder of pages]

Needs a trained model (`make train`). The pages are all `.txt`, `.html` and `.html.gz` in the folder (`data/raw` without one);
trafilatura (extra `bench`) reads the same HTML in the same turns. Times of stages are CPU time, the least of some turns.
Prints tables and writes `benchmarks/results/speed.json`.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pagesieve
from pagesieve import report
from pagesieve.features import layout, measure_pages
from pagesieve.files import write_text
from pagesieve.flow import lay_out, shown
from pagesieve.html import TOGETHER, _lay_out, _Parsed, decode_html
from pagesieve.markup import markup_of
from pagesieve.model import Model, Prediction, _blend, second_pass_inputs
from pagesieve.page import decode, grouped, split
from pagesieve.parse import parse
from pagesieve.sieve import BATCH
from pagesieve.titles import titled
from pagesieve.tree import read_tree

ROUNDS = 200
SIZE = 10_000  # characters
TURNS = 5
MOST = 150  # pages of each view that the stages are timed on
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


def read_pages(folder: Path) -> dict[str, list[bytes]]:
    """Bytes of some pages of each view, evenly chosen."""
    texts = sorted(folder.rglob("*.txt"))
    htmls = sorted([*folder.rglob("*.html"), *folder.rglob("*.html.gz")])
    chosen = {"text": texts[:: len(texts) // MOST + 1], "html": htmls[:: len(htmls) // MOST + 1]}
    return {
        view: [gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in paths]
        for view, paths in chosen.items()
        if paths
    }


def stages(sieve: pagesieve.Sieve, view: str, pages: Sequence[bytes]) -> dict[str, float]:
    """CPU seconds of each stage for these pages, a batch at a time."""
    spent: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        started = time.process_time()
        found = work()
        spent[stage] = spent.get(stage, 0.0) + time.process_time() - started
        return found

    model = sieve.model if view == "text" else sieve.model.html
    assert model is not None
    rest = iter(pages)
    while batch := list(islice(rest, BATCH)):
        if view == "text":
            texts = timed("read", lambda batch=batch: [decode(page) for page in batch])
            segments = timed("split", lambda texts=texts: [split(text) for text in texts])
        else:
            texts = timed("read", lambda batch=batch: [decode_html(page) for page in batch])
            segments = [
                page
                for group in grouped([(text, "page") for text in texts], map(len, texts), TOGETHER)
                for page in _html_stages(group, timed)
            ]
        _judge(model, segments, timed)
    return spent


def _html_stages(group: Sequence[tuple[str, str]], timed: Callable[[str, Callable[[], Any]], Any]) -> list[Any]:
    """The segments of HTML pages that are read together."""
    timed("the parser alone", lambda: [parse(html) for html, _ in group])
    parsed = timed("parse, metadata, write out", lambda: [_Parsed.of(html) for html, _ in group])
    tree = timed("columns", lambda: read_tree([page.written for page in parsed]))
    seen = timed("lines", lambda: shown(tree))
    lines = timed("lines", lambda: lay_out(tree, seen))
    laid = _lay_out(parsed)
    titles = [page.metadata.title for page in parsed]
    shares = timed("titles", lambda: [titled(page.segments.text, title) for page, title in zip(laid, titles, strict=True)])
    timed("markup", lambda: markup_of(tree, seen, lines, shares))
    return [page.segments for page in laid]


def _judge(model: Model, pages: Sequence[Any], timed: Callable[[str, Callable[[], Any]], Any]) -> None:
    measures = timed("measure", lambda: measure_pages(pages))
    columns = timed("layout", lambda: layout(measures, model.linear.groups))
    first = probabilities = timed("first pass", lambda: model.linear.probabilities(measures, columns))
    network = model.network
    if network is not None:
        inputs = timed("second pass's inputs", lambda: second_pass_inputs(measures, columns, first, model.linear.groups))
        second = timed("second pass", lambda: network.probabilities(inputs, measures.bounds))
        probabilities = _blend(second, first, network.first_share)
    decoded = timed("decode", lambda: model.in_place(probabilities, measures))
    spans = list(zip(measures.bounds.tolist(), measures.bounds.tolist()[1:], strict=False))
    timed("labels", lambda: [Prediction.of(decoded[a:b], measures.words[a:b], model.label_of_role, model.calibration) for a, b in spans])


def compare(sieve: pagesieve.Sieve, pages: dict[str, list[bytes]]) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Milliseconds a page: of whole ways (pagesieve in batches and one by one, trafilatura), and of the stages of each view."""
    whole: dict[str, dict[str, list[float]]] = {view: {} for view in pages}
    parts: dict[str, list[dict[str, float]]] = {view: [] for view in pages}
    ways: dict[str, Callable[[list[bytes]], Any]] = {
        "in batches": lambda found: [answer.body for answer in sieve.segment_many(found)],
        "one by one": lambda found: [sieve.segment(page).body for page in found],
    }
    try:
        import trafilatura
    except ModuleNotFoundError:
        pass
    else:
        ways["trafilatura"] = lambda found: [trafilatura.extract(page, include_comments=False) for page in found]
    for _ in range(TURNS):
        for view, found in pages.items():
            for way, work in ways.items():
                if way != "trafilatura" or view == "html":
                    started = time.process_time()
                    work(found)
                    whole[view].setdefault(way, []).append((time.process_time() - started) / len(found) * 1e3)
            parts[view].append({stage: seconds / len(found) * 1e3 for stage, seconds in stages(sieve, view, found).items()})
    best = {view: {way: min(times) for way, times in of.items()} for view, of in whole.items()}
    return best, {view: {stage: min(turn[stage] for turn in turns) for stage in turns[0]} for view, turns in parts.items()}


def main() -> None:
    model = sys.argv[1] if len(sys.argv) > 1 else "models/default"
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else "data/raw")
    sieve = pagesieve.load(model)
    page = page_of(SIZE)
    starts = sorted(cold(model, page) for _ in range(11))
    times = warm(sieve, page, ROUNDS)
    sizes = {size: warm(sieve, page_of(size), 3)[0] for size in (10_000, 100_000, 1_000_000, 10_000_000)}
    pages = read_pages(folder)
    whole, parts = compare(sieve, pages)
    facts = {
        "segments": len(sieve.segment(page)),
        "cold_seconds": {"min": starts[0], "median": starts[len(starts) // 2]},
        "warm_seconds": {"min": times[0], "median": times[len(times) // 2]},
        "seconds_by_size": sizes,
        "pages": {view: len(found) for view, found in pages.items()},
        "milliseconds_a_page": whole,
        "milliseconds_a_page_by_stage": parts,
    }
    write_text(Path(__file__).parent / "results" / "speed.json", json.dumps(facts, indent=1) + "\n")
    print(f"one page of {SIZE} characters, {facts['segments']} segments")
    rows = [["cold: import, load, segment", f"{starts[0]:.3f} s", f"{starts[len(starts) // 2]:.3f} s"]]
    rows += [["warm: segment", f"{times[0] * 1e3:.2f} ms", f"{times[len(times) // 2] * 1e3:.2f} ms"]]
    print(report.table(["", "least", "median"], rows))
    print(report.table(["characters", "seconds", "µs per 1,000"], [[s, f"{t:.3f}", f"{t / s * 1e9:.0f}"] for s, t in sizes.items()]))
    peer = whole.get("html", {}).get("trafilatura", 0.0)
    ways = [[view, way, f"{ms:.2f}", f"{peer / ms:.1f}" if peer else ""] for view, of in whole.items() for way, ms in of.items()]
    print(report.table(["view", "way", "ms a page", "times trafilatura"], ways))
    names = dict.fromkeys(stage for of in parts.values() for stage in of)
    print(report.table(["stage, ms a page", *parts], [[n, *(f"{of[n]:.3f}" if n in of else "" for of in parts.values())] for n in names]))


if __name__ == "__main__":
    main()
