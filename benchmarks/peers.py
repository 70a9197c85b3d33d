"""pagesieve beside other extractors, on any folder of pages whose article text is known: quality, leaks, speed, memory.

    make bench [ARGS="folder …"]          # sets up the extra `bench`; default: the pages of held-out sites in data/
    .venv/bin/python benchmarks/peers.py ../shared/webpages ../shared/webpages/body_only --unseen models/unseen --out benchmarks/results

Each folder may be laid out as this project's data (`raw/`, `labeled/`), as pages with `.json` files that hold their `body`, as
the article-extraction-benchmark (`html/*.html.gz`, `ground-truth.json`) or as WCXB (`html/`, `ground-truth/*.json`). With
`--unseen` (what `benchmarks/unseen.py` leaves) each page is judged by a model that has not seen its site.

Peers run in a process of their own each, on one core, and take turns by batches of pages, which pagesieve takes whole. Writes
`peers.json`, `peers.md` and `peers.svg` to `reports/bench` (`--out` for another folder).
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import multiprocessing
import os
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from tqdm import tqdm

import pagesieve
from pagesieve import corpus, report
from pagesieve.carry import WORD
from pagesieve.evaluation import Interval
from pagesieve.files import write_text
from pagesieve.html import decode_html
from pagesieve.page import PageError
from pagesieve.renderings import html_of, render

OUT = Path("reports", "bench")
BATCH = 32  # pages a peer works on before the next one's turn, and that pagesieve takes at once
SHINGLE = 4  # words; the article-extraction-benchmark compares texts by runs of four
TITLE_WORDS = 5  # words from which a teaser's line found in an extracted body is no accident
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Known:
    """A page whose article text is known. `teasers` are the recommended stories' lines, () where they are not known."""

    name: str
    site: str
    html: str
    text: str  # its text dump
    body: str
    teasers: tuple[str, ...] = ()


# ---------------------------------------------------------------------------------------------------------- folders


def pages_of(folder: Path, sites: set[str] | None = None) -> Iterator[Known]:
    """The pages of a folder in any of the known layouts, those of `sites` alone where given."""
    if (folder / "labeled").is_dir():
        for document in corpus.read(folder):
            html = html_of(folder / "raw" / document.page.name)
            if html is not None and (sites is None or document.site in sites):
                lines = {role: _lines(document, role) for role in ("body", "teaser")}
                own = " " + " ".join(words("\n".join([*lines["body"], *_lines(document, "headline")]))) + " "
                teasers = [line for line in lines["teaser"] if len(words(line)) >= TITLE_WORDS and not _within(line, own)]
                yield Known(document.page.name, document.site, html, document.page.text, "\n".join(lines["body"]), tuple(teasers))
    elif (folder / "ground-truth.json").is_file():
        for name, record in json.loads((folder / "ground-truth.json").read_text("utf-8")).items():
            yield _from_html(name, _html_file(folder / "html", name), record["articleBody"])
    elif (folder / "ground-truth").is_dir():
        for path in sorted((folder / "ground-truth").glob("*.json")):
            record = json.loads(path.read_text("utf-8"))
            yield _from_html(path.stem, _html_file(folder / "html", path.stem), record["ground_truth"]["main_content"])
    else:
        for path in sorted(folder.glob("*/*.json")):
            record = json.loads(path.read_text("utf-8"))
            html = html_of(path.with_suffix(".txt")) or ""
            yield Known(record["page"], record["site"], html, path.with_suffix(".txt").read_text("utf-8"), record["body"])


def _lines(document: corpus.Document, role: str) -> list[str]:
    return [document.page.text[label.start : label.end] for label in document.labels if label.role == role]


def _html_file(folder: Path, name: str) -> str:
    for path in (folder / f"{name}.html.gz", folder / f"{name}.html"):
        if path.exists():
            return decode_html(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
    raise FileNotFoundError(f"{folder}: neither {name}.html.gz nor {name}.html is there")


def _from_html(name: str, html: str, body: str) -> Known:
    return Known(name, name, html, render("inscriptis", "", html) or "", body)


# ------------------------------------------------------------------------------------------------------------ peers


Batch = Sequence[Known]
Peer = Callable[[Batch], list[str | None]]  # the bodies of some pages, None where it fails on one


def _fold_of(unseen: str | None) -> dict[str, int]:
    """The fold of each site that the models in the folder `unseen` know; {} without one."""
    return json.loads(Path(unseen, "folds.json").read_text("utf-8")) if unseen else {}


def _pagesieve(kind: str, unseen: str | None, model: str | None) -> Peer:
    """All pages of a batch at once, each judged by a model that has not seen its site, or all by the same."""
    sieves = [pagesieve.load(path) for path in sorted(Path(unseen).glob("*.npz"))] if unseen else [pagesieve.load(model)]
    fold_of = _fold_of(unseen)

    def bodies(batch: Batch) -> list[str | None]:
        found: list[str | None] = [None] * len(batch)
        for fold, sieve in enumerate(sieves):
            places = [i for i, page in enumerate(batch) if fold_of.get(page.site, 0) == fold]
            answers = sieve.segment_batch(
                [batch[i].html if kind == "html" else batch[i].text for i in places], kind, names=[batch[i].name for i in places]
            )
            for i, answer in zip(places, answers, strict=True):
                if isinstance(answer, PageError):
                    print(f"peers: {answer}", file=sys.stderr)
                else:
                    found[i] = answer.body
        return found

    return bodies


def _one_by_one(extract: Callable[[str], str | None]) -> Peer:
    """A peer that takes a page's HTML at a time."""

    def body(page: Known) -> str | None:
        try:
            return extract(page.html) or ""
        except Exception as error:
            print(f"peers: {page.name}: {type(error).__name__}: {error}", file=sys.stderr)
            return None

    return lambda batch: [body(page) for page in batch]


def _trafilatura(unseen: str | None, model: str | None) -> Peer:
    from trafilatura import extract

    return _one_by_one(lambda html: extract(html, include_comments=False))


def _readability(unseen: str | None, model: str | None) -> Peer:
    from html_text import extract_text
    from readability import Document

    return _one_by_one(lambda html: extract_text(Document(html).summary()))


def _resiliparse(unseen: str | None, model: str | None) -> Peer:
    from resiliparse.extract.html2text import extract_plain_text

    return _one_by_one(lambda html: extract_plain_text(html, main_content=True, alt_texts=False))


def _justext(unseen: str | None, model: str | None) -> Peer:
    import justext

    stop = frozenset().union(*(justext.get_stoplist(name) for name in ("English", "German", "Spanish", "French")))
    return _one_by_one(lambda html: "\n".join(p.text for p in justext.justext(html.encode(), stop) if not p.is_boilerplate))


def _newspaper(unseen: str | None, model: str | None) -> Peer:
    from newspaper import Article

    def body(html: str) -> str:
        article = Article("https://www.site.example/story", fetch_images=False)
        article.download(input_html=html)
        article.parse()
        return str(article.text)

    return _one_by_one(body)


PEERS: dict[str, Callable[[str | None, str | None], Peer]] = {
    "pagesieve, HTML": lambda unseen, model: _pagesieve("html", unseen, model),
    "pagesieve, text dump": lambda unseen, model: _pagesieve("text", unseen, model),
    "trafilatura": _trafilatura,
    "resiliparse": _resiliparse,
    "readability-lxml": _readability,
    "jusText": _justext,
    "newspaper4k": _newspaper,
}


def _serve(pipe: Any, name: str, unseen: str | None, model: str | None) -> None:
    """A peer's process: for each batch of pages the bodies and the processor seconds they took; at the end its peak memory."""
    extract = PEERS[name](unseen, model)
    sites = list({fold: site for site, fold in _fold_of(unseen).items()}.values()) or [""]  # one for each model
    extract([Known("warm", site, "<html><body><p>Row on, said the mill.</p></body></html>", "Row on.", "") for site in sites])
    while (batch := pipe.recv()) is not None:
        started = time.process_time()
        bodies = extract(batch)
        pipe.send((bodies, time.process_time() - started))
    pipe.send(_peak_megabytes())


def _peak_megabytes() -> int:
    """Of this process. What `getrusage` says includes the process that started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    found = re.search(r"VmHWM:\s*(\d+)", status.read_text())
    return int(found[1]) // 1024 if found else 0


def run_peers(
    pages: Sequence[Known], names: Sequence[str], unseen: str | None, model: str | None
) -> dict[str, tuple[list[str | None], float, int]]:
    """For each peer: the body of each page, processor seconds for all, peak memory in megabytes."""
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    context = multiprocessing.get_context("spawn")
    pipes: dict[str, Any] = {}
    for name in names:
        pipes[name], theirs = context.Pipe()
        context.Process(target=_serve, args=(theirs, name, unseen, model), daemon=True).start()
        theirs.close()
    bodies: dict[str, list[str | None]] = {name: [] for name in names}
    seconds = dict.fromkeys(names, 0.0)
    for first in tqdm(range(0, len(pages), BATCH), desc="turns", unit="batch", file=sys.stderr):
        batch = pages[first : first + BATCH]
        for name in names:
            pipes[name].send(batch)
            found, took = pipes[name].recv()
            bodies[name] += found
            seconds[name] += took
    out = {}
    for name in names:
        pipes[name].send(None)
        out[name] = (bodies[name], seconds[name], pipes[name].recv())
    return out


# ----------------------------------------------------------------------------------------------------------- scores


def words(text: str) -> list[str]:
    return [match[0].lower() for match in WORD.finditer(text)]


def f1(said: Counter[Any], true: Counter[Any]) -> float:
    """F1 of two bags; 1 if both are empty."""
    total = sum(said.values()) + sum(true.values())
    return 2 * sum((said & true).values()) / total if total else 1.0


def shingles(tokens: Sequence[str]) -> Counter[tuple[str, ...]]:
    """All runs of four words, as the article-extraction-benchmark counts them (a shorter text is one run)."""
    return Counter(tuple(tokens[i : i + SHINGLE]) for i in range(max(1, len(tokens) - SHINGLE + 1)) if tokens)


def shingle_scores(said: Sequence[str], true: Sequence[str]) -> tuple[float, float]:
    """Precision and recall of a page over shingles; NaN where there is nothing to divide by."""
    a, b = shingles(said), shingles(true)
    both = sum((a & b).values())
    return both / sum(a.values()) if a else float("nan"), both / sum(b.values()) if b else float("nan")


def _within(line: str, body: str) -> bool:
    return f" {' '.join(words(line))} " in body


def interval(values: np.ndarray, sites: Sequence[str]) -> Interval:
    """Mean of `values` with its interval by resampling sites."""
    names, place = np.unique(list(sites), return_inverse=True)
    sums = np.stack([np.bincount(place, values, minlength=len(names)), np.bincount(place, minlength=len(names))])
    drawn = np.random.RandomState(0).multinomial(len(names), np.full(len(names), 1 / len(names)), size=RESAMPLES) @ sums.T
    low, high = np.quantile(drawn[:, 0] / np.maximum(drawn[:, 1], 1), [0.025, 0.975])
    return Interval(float(values.mean()), float(low), float(high))


def scores(pages: Sequence[Known], bodies: Sequence[str | None]) -> dict[str, Any]:
    """What a peer's bodies are worth; a page it failed on (None) is one it found nothing on."""
    said, true = [words(body or "") for body in bodies], [words(page.body) for page in pages]
    sites = [page.site for page in pages]
    by_shingle = np.array([shingle_scores(a, b) for a, b in zip(said, true, strict=True)])
    precision, recall = (float(np.nanmean(column)) if np.isfinite(column).any() else 0.0 for column in by_shingle.T)
    with_teasers = [i for i, page in enumerate(pages) if page.teasers]
    leaks = [sum(_within(line, f" {' '.join(said[i])} ") for line in pages[i].teasers) for i in with_teasers]
    found: dict[str, Any] = {
        "failed": sum(body is None for body in bodies),
        "word F1": interval(np.array([f1(Counter(a), Counter(b)) for a, b in zip(said, true, strict=True)]), sites),
        "shingle F1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        "shingle precision": precision,
        "shingle recall": recall,
    }
    if with_teasers:
        some = [sites[i] for i in with_teasers]
        found["pages with a leaked teaser"] = interval(np.array(leaks, dtype=float) > 0, some)
        found["teaser lines leaked"] = sum(leaks) / sum(len(pages[i].teasers) for i in with_teasers)
    return found


def table(results: dict[str, dict[str, Any]]) -> str:
    """The results of a folder as a Markdown table."""
    base = results.get("trafilatura", next(iter(results.values())))["pages per second"]
    leak = "pages with a leaked teaser"
    has_leaks = any(leak in found for found in results.values())
    head = ["", "body F1 (words)", "F1 (4-word runs)", "precision", "recall", *([leak, "teaser lines leaked"] if has_leaks else [])]
    rows = []
    for name, found in results.items():
        leaks = [found[leak], f"{found['teaser lines leaked']:.3f}"] if has_leaks else []
        plain = [f"{found[key]:.3f}" for key in ("shingle F1", "shingle precision", "shingle recall")]
        speed = f"{found['pages per second']:.0f} ({found['pages per second'] / base:.1f}×)"
        rows.append([name, found["word F1"], *plain, *leaks, found["failed"], speed, found["peak MB"]])
    return report.table([*head, "failed", "pages/s, one core", "peak MB"], rows)


def picture(by_folder: dict[str, dict[str, dict[str, Any]]], path: Path) -> None:
    """Body F1 against speed, a panel a folder."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with matplotlib.rc_context({"svg.hashsalt": "pagesieve", "font.size": 9}):
        figure, axes = pyplot.subplots(1, len(by_folder), figsize=(5.2 * len(by_folder), 3.8), squeeze=False)
        for axis, (folder, results) in zip(axes[0], by_folder.items(), strict=True):
            for name, found in results.items():
                score = found["word F1"]
                ours = name.startswith("pagesieve")
                error = [[score.value - score.low], [score.high - score.value]]
                axis.errorbar(found["pages per second"], score.value, error, fmt="o", color="#2a8a3c" if ours else "#777777", capsize=2)
                axis.annotate(name, (found["pages per second"], score.value), xytext=(5, 4), textcoords="offset points")
            axis.set(xscale="log", xlabel="pages per second on one core", ylabel="body F1 over words", title=folder)
            axis.margins(x=0.25)
            axis.grid(alpha=0.3)
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", bbox_inches="tight", metadata={"Date": None})
        write_text(path, re.sub(r"\s*<metadata>.*?</metadata>", "", drawn.getvalue(), flags=re.DOTALL))


def main() -> None:
    parser = argparse.ArgumentParser(description="pagesieve beside other extractors")
    parser.add_argument("folders", nargs="*", type=Path, help="folders of pages with known bodies (default: data, held-out sites)")
    parser.add_argument("--unseen", help="folder of benchmarks/unseen.py's models; each page gets one that has not seen its site")
    parser.add_argument("--model", help="model folder or file (default: the one that ships)")
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=list(PEERS), help="which to run (default: all)")
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder for the results (default: {OUT})")
    options = parser.parse_args()
    sites = None
    if not options.folders:
        options.folders = [Path("data")]
        sites = set(yaml.safe_load(Path("conf/data/repository.yaml").read_text("utf-8"))["held_out"])
    by_folder: dict[str, dict[str, dict[str, Any]]] = {}
    texts = []
    for folder in options.folders:
        fold_of = _fold_of(options.unseen)
        pages = sorted(pages_of(folder, sites), key=lambda page: fold_of.get(page.site, 0))  # so that most batches have one model
        if not pages:
            sys.exit(f"peers: {folder}: no page with HTML and known body; see the top of {__file__} for the layouts")
        answers = run_peers(pages, options.peers, options.unseen, options.model)
        title = f"{folder.name}: {len(pages)} pages of {len({page.site for page in pages})} sites"
        by_folder[title] = {
            name: {**scores(pages, bodies), "pages per second": len(pages) / seconds, "peak MB": memory}
            for name, (bodies, seconds, memory) in answers.items()
        }
        texts.append(f"{title}\n\n{table(by_folder[title])}\n")
        print(texts[-1], flush=True)
    write_text(options.out / "peers.json", json.dumps(report.plain(by_folder), indent=1) + "\n")
    write_text(options.out / "peers.md", "\n".join(texts))
    picture(by_folder, options.out / "peers.svg")


if __name__ == "__main__":
    main()
