"""What the tests share: pages and label files written to disk, a small corpus, a model trained from it once a run."""

from __future__ import annotations

import gc
import hashlib
import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st

from pagesieve import corpus, training
from pagesieve.calibration import Calibration
from pagesieve.features import MARKUP
from pagesieve.model import Model
from pagesieve.renderings import html_view
from pagesieve.sieve import Sieve, load
from pagesieve.storage import save_model

SITES = ("saltmarsh", "tillerpost", "quernstone", "larkrise", "foundryrow", "eddystone", "wickfield", "barleymow")
SMALL = training.Settings(min_df=1, max_iter=30, units=16, states=8, steps=100, rate=1e-2, networks=2)
QUICK = replace(SMALL, networks=1, max_iter=10, units=8, states=4)

# No deadline: how long an example takes says more about the machine's other work than about the code.
settings.register_profile("pagesieve", deadline=None)
settings.load_profile("pagesieve")

# What may stand in a text dump, and texts of it.
PIECES = [
    "word", "Two words", "A sentence.", "• ", "* ", "- ", "1. ", "12) ", "o ", "+ ", "#", "[3]", "| ", " » ", "===", "---",
    "\n", "\n\n", "\r\n", "\r", "\t", " ", "    ", "\xa0", "\u200b", "\ufeff", "\f", "\v", "\x1c", "\x85", "\u2028", "\u2029", "\u3000",
    "汉字。", "漢字カナ", "ÅÉ", "\ud800", "\x00", "\x1b[31m", "😀", "e\u0301", "\u0301", "\xad", "\u200d", "\u200f", "\ufe0f", "İΣ", "की", "ที่", "<br>", "<BR />", "</p>", "<b>", "</b>", '<a href="/x">', "long " * 30, "x" * 90, "… ", '." ', "?) ",
]  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=60).map("".join))


def write_page(root: Path, site: str, name: str, lines: Iterable[tuple[str, str]], **facts: Any) -> Path:
    """Write `raw/<site>/<name>.txt` and its label file; returns the raw file's path.

    `lines` are (role, text) pairs, a line each; blank text is a blank line and its role is ignored. `facts` overrides keys
    of the label file (status, language, labels …).
    """
    labels, parts, position = [], [], 0
    for role, text in lines:
        if text.strip():
            start = position + len(text) - len(text.lstrip())
            labels.append({"start": start, "end": position + len(text.rstrip()), "role": role})
        parts.append(text + "\n")
        position += len(text) + 1
    raw = root / "raw" / site / f"{name}.txt"
    raw.parent.mkdir(parents=True, exist_ok=True)
    raw.write_bytes("".join(parts).encode("utf-8"))
    record = {
        "page": f"{site}/{name}.txt",
        "sha256": hashlib.sha256(raw.read_bytes()).hexdigest(),
        "url": None,
        "site": site,
        "language": "en",
        "source": "written for a test",
        "licence": "MIT",
        "status": "reviewed",
        "labels": labels,
    }
    label = label_file(root, site, name)
    label.parent.mkdir(parents=True, exist_ok=True)
    label.write_text(json.dumps({**record, **facts}), encoding="utf-8")
    return raw


def label_file(root: Path, site: str, name: str) -> Path:
    return root / "labeled" / site / f"{name}.json"


def page_lines(site: str, number: int) -> list[tuple[str, str]]:
    """An invented news page with every role, the same for the same arguments, worded differently for others."""
    r = random.Random(f"{site} {number}")

    def sentence() -> str:
        who = r.choice(["The harbour master", "A baker", "The bell ringers", "Two surveyors", "The night ferry", "Her old teacher"])
        did = r.choice(["counted", "mended", "painted over", "argued about", "carried home", "forgot", "measured again"])
        what = r.choice(["the lanterns", "nine barrels of tar", "a torn chart", "the weather vane", "every broken oar", "the ledger"])
        when = r.choice(["before dawn", "on Tuesday", "while it rained", "after the vote", "in the last week of March", "without a word"])
        why = r.choice(["and nobody asked why", "because the tide had turned", "which pleased the council", "as their mothers once did"])
        return f"{who} {did} {what} {when}, {why}."

    def title() -> str:
        what = r.choice(["Ferry", "Orchard", "Mill", "Lighthouse", "School bus", "Market hall", "Kite club"])
        does = r.choice(["wins new lease", "closes for winter", "gets a second chance", "divides the valley", "finds its lost bell"])
        return f"{what} {does} {r.choice(['again', 'at last', 'after storm', 'this spring', 'despite doubts'])}"

    lines = [("boilerplate", t) for t in ("Home", "News", "Weather", "Sign in", f"Subscribe to {site}")] + [("", "")]
    lines += [("headline", title()), ("meta", f"By {r.choice(['Ada Quill', 'Tom Rusk', 'Ines Vale'])}"), ("meta", f"{r.randint(1, 28)} May, 4 min read"), ("", "")]  # fmt: skip
    lines += [("caption", f"The quay at noon. Photo: {site} archive"), ("", "")]
    for _ in range(r.randint(4, 7)):
        lines += [("body", " ".join(sentence() for _ in range(r.randint(2, 4)))), ("", "")]
    lines += [("boilerplate", "Share this story"), ("", ""), ("teaser_heading", r.choice(["Recommended stories", "Read more"])), ("", "")]
    for _ in range(r.randint(3, 5)):
        lines += [("teaser", f"  • {title()}"), ("", ""), ("teaser", f"    {sentence()}"), ("", "")]
    lines += [("comment", "2 comments")]
    lines += [("comment", t) for _ in range(2) for t in (r.choice(["gullwatcher", "oldsalt77"]), "I was there and it was not like that!")]
    return [*lines, ("", ""), ("boilerplate", f"© {site} press. All rights reserved."), ("boilerplate", "Terms of use")]


def page_text(lines: Iterable[tuple[str, str]]) -> str:
    return "".join(text + "\n" for _, text in lines)


def page_html(lines: Iterable[tuple[str, str]], title: str = "x") -> str:
    """The same page as a content system may emit it: a class for each role, teasers as cards of a list."""
    parts = []
    for number, (role, text) in enumerate(lines):
        line = text.strip()
        if line.startswith("•"):
            parts.append(f"<ul class='related'><li><h3><a href='/story/{number}'>{line[2:]}</a></h3></li></ul>")
        elif role == "headline":
            parts.append(f"<h1>{line}</h1>")
        elif line:
            parts.append(f"<div class='{role}'><p>{line}</p></div>")
    style = "<style>p {}</style>"
    return f"<!doctype html><html lang=en><head><title>{title}</title>{style}</head><body>{''.join(parts)}<script>var x;</script></body></html>"


def fastest(work: Callable[[], object], times: int = 3) -> float:
    """Processor seconds of the fastest of some runs, other processes and garbage collection aside: they come when they come."""
    best = float("inf")
    gc.collect()
    gc.disable()
    try:
        for _ in range(times):
            started = time.thread_time()
            work()
            best = min(best, time.thread_time() - started)
    finally:
        gc.enable()
    return best


def grows_linearly(make: Callable[[int], object], work: Callable[[Any], object], size: int) -> bool:
    """Whether four times the input takes at most eight times as long; quadratic work takes sixteen times, however often tried."""
    small, large = make(size), make(4 * size)
    return any(fastest(lambda: work(large)) <= 8 * max(fastest(lambda: work(small)), 1e-3) for _ in range(3))


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data root of two pages from each of eight invented sites, all roles present, all reviewed, with their HTML."""
    root = tmp_path_factory.mktemp("corpus")
    for site in SITES:
        for number in (1, 2):
            lines = page_lines(site, number)
            raw = write_page(root, f"{site}.example", f"story{number}", lines)
            raw.with_suffix(".html").write_text(page_html(lines), encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def samples(tiny_corpus: Path) -> Sequence[training.Sample]:
    return training.prepare(corpus.read(tiny_corpus), QUICK)


@pytest.fixture(scope="session")
def folds(samples: Sequence[training.Sample]) -> np.ndarray:
    return training.assign_folds([s.site for s in samples], 3, seed=0)


def file_of(model: Model, path: Path) -> bytes:
    """The bytes of the model's file, which is written to `path`."""
    save_model(model, path)
    return path.read_bytes()


@pytest.fixture(scope="session")
def tiny_model(tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder, trained on `tiny_corpus` once a run."""
    folder = tmp_path_factory.mktemp("model")
    documents = corpus.read(tiny_corpus)
    html = [view for d in documents if (view := html_view(d, tiny_corpus)) is not None]
    save_model(replace(_fitted(documents, SMALL), html=_fitted(html, replace(SMALL, groups=(*SMALL.groups, MARKUP)))), folder / "model.npz")
    return folder


def _fitted(documents: list[corpus.Document], settings: training.Settings) -> Model:
    samples = training.prepare(documents, settings)
    folds = training.assign_folds([sample.site for sample in samples], 3, seed=0)
    crossed = training.cross_fit(samples, folds, settings, seed=0)
    calibration = Calibration(article=np.array([1.0, 0.5, 1.0, 0.0], dtype=np.float32))
    return training.fit(samples, crossed, settings, seed=0, calibration=calibration, info={"pages": len(samples)})[0]


@pytest.fixture(scope="session")
def tiny_sieve(tiny_model: Path) -> Sieve:
    return load(tiny_model)
