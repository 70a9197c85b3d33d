"""How good the model that ships is on sites it has not seen: its own training's cross-validation, looked at from all sides.

    make ship && .venv/bin/python benchmarks/unseen.py      # needs ../shared/webpages and the extra `views`

`make ship` keeps five models in `models/unseen/`, each trained as the one that ships but without one fold of sites, calibrated
by the other folds. Each judges here the pages of its fold: the text dumps as they are, every rendering of them (and those of `dumps.mjs`, where
what it names is installed), with character references and with scripts as text, their HTML, pieces of their articles alone, nothing but their headline and body, and the pages without their articles (`pagesieve.excerpts`). "Other pages" are those of `data/line_roles.json`: guides, firms' and
institutions' pages, few of them news.
Writes `benchmarks/results/unseen.json` and prints the tables that stand in `benchmarks/quality.md`.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from hydra import compose, initialize_config_dir
from joblib import Parallel, delayed

from pagesieve import corpus, evaluation, report
from pagesieve.config import config_dir, register
from pagesieve.corpus import Document
from pagesieve.excerpts import article, excerpt, remainder
from pagesieve.files import write_text
from pagesieve.renderings import FROM_HTML, FROM_TEXT, html_of, html_view, render, rendered, with_scripts
from pagesieve.roles import LABELS, ROLES
from pagesieve.storage import load_model

OUT = Path(__file__).parent / "results" / "unseen.json"
MODELS = Path("models", "unseen")
VIEWS = ("w3m", "HTML")
PIECE = 7  # another seed than training's
PARTS: dict[str, Callable[[Document], Document | None]] = {
    "piece of ": lambda page: excerpt(page, PIECE),
    "article of ": article,
    "rest of ": remainder,
}
TOLD = ("headline", "body", "boilerplate")
HEADLINE, BODY = ROLES.index("headline"), LABELS.index("body")
_SIGNS = re.compile("[\u00a0\u00ab\u00bb\u2010-\u203a]")
TIMEOUT = 120  # seconds a program may take for a page


def _program(*command: str) -> Callable[[str], str | None]:
    def run(html: str) -> str | None:
        if shutil.which(command[0]) is None:
            return None
        done = subprocess.run(command, input=html.encode("utf-8", "replace"), capture_output=True, timeout=TIMEOUT, check=False)
        if done.returncode:
            return None
        return re.sub(r"file:///", "https://www.site.example/", done.stdout.decode("utf-8", "replace"))

    return run


LYNX = ("lynx", "-dump", "-force_html", "-assume_charset=utf-8", "-display_charset=utf-8", "-stdin")
PROGRAMS = {
    "w3m-120": _program("w3m", "-dump", "-T", "text/html", "-I", "UTF-8", "-O", "UTF-8", "-cols", "120"),
    "lynx": _program(*LYNX),
    "lynx-132": _program(*LYNX, "-width=132"),
    "elinks": _program(
        "elinks", "-dump", "-dump-charset", "utf-8", "-force-html", "-no-numbering", "-no-references",
        "-eval", 'set document.codepage.assume = "utf-8"',
    ),
    **{name: _program("node", str(Path(__file__).parent / "dumps.mjs"), name) for name in ("turndown", "cards", "reader", "html-to-text")},
}  # fmt: skip
RENDERINGS = ("w3m", *PROGRAMS, *FROM_HTML, *FROM_TEXT, "references", "scripts")


def _view(document: Document, name: str, root: Path) -> Document | None:
    """The document as `name` has it: a rendering, "HTML", a piece of either, its article alone, or what is left of it without that."""
    for begin, part in PARTS.items():
        if name.startswith(begin):
            whole = _view(document, name.removeprefix(begin), root)
            return whole and part(whole)
    if name == "HTML":
        return html_view(document, root)
    if name == "w3m":
        return document
    html = html_of(root / "raw" / document.page.name)
    if name == "scripts":
        return None if html is None else with_scripts(document, html)
    if name == "references":
        return rendered(document, name, _SIGNS.sub(lambda match: f"&#{ord(match[0])};", escape(document.page.text)))
    text = (PROGRAMS[name](html) if html is not None else None) if name in PROGRAMS else render(name, document.page.text, html)
    return None if text is None else rendered(document, name, text)


def judged(name: str, documents: Sequence[Document], fold: int, root: Path) -> list[evaluation.Judged]:
    """The documents of a fold as `name` has them, judged by the model that has not seen their sites.

    Words that the labelled dump does not hold count as it labels their segment.
    """
    model = load_model(MODELS / f"{fold}.npz")
    own = model.html if name.endswith("HTML") else model
    assert own is not None
    return evaluation.judge_documents(own, [view for d in documents if (view := _view(d, name, root)) is not None])


def headlines(pages: Sequence[evaluation.Judged]) -> dict[str, float]:
    """How many pages there are, and which share of their first segments, their headlines, is said to have each role of `TOLD`."""
    told = [ROLES[int(page.roles[0])] for page in pages]
    return {"pages": len(pages), **{role: told.count(role) / len(told) for role in TOLD}}


def titles(pages: Sequence[evaluation.Judged]) -> dict[str, float]:
    """How many pages have a headline, in the body of which share the first one is, and which share of the segments first said to be headlines are."""
    true = [(page, np.flatnonzero(page.true_roles == HEADLINE)) for page in pages]
    found = [bool(page.labels[own[0]] == BODY) for page, own in true if len(own)]
    told = [(page, np.flatnonzero(page.roles == HEADLINE)) for page in pages]
    right = [bool(page.true_roles[own[0]] == HEADLINE) for page, own in told if len(own)]
    return {"pages": len(found), "found": sum(found) / len(found), "right": sum(right) / len(right)}


def main() -> None:
    register()
    with initialize_config_dir(config_dir(), version_base="1.3"):
        config: Any = compose("train", ["experiment=shipped"])
    root, others = map(Path, config.data.also)
    fold_of = json.loads((MODELS / "folds.json").read_text("utf-8"))

    def judge(name: str, root: Path = root) -> list[evaluation.Judged]:
        documents = corpus.read(root)
        parts = [
            (name, [d for d in documents if fold_of[d.site] == fold][part::4], fold, root)
            for fold in range(config.cv.folds)
            for part in range(4)
        ]
        return [page for found in Parallel(config.n_jobs)(delayed(judged)(*part) for part in parts) for page in found]

    text, html = judge("w3m"), judge("HTML")
    results: dict[str, Any] = {"real pages": evaluation.summary(text, config.seed), "dial": evaluation.dial_table(text)}
    results["HTML"], results["dial, HTML"] = evaluation.summary(html, config.seed), evaluation.dial_table(html)
    results["confidence"] = evaluation.confidence_table(text)
    results["breakdown"] = {key: value for key, value in evaluation.breakdown(text).items() if key in ("language", "length")}
    more = {"other pages": judge("w3m", others), "other pages, HTML": judge("HTML", others)}
    results |= {name: evaluation.summary(pages, config.seed) for name, pages in more.items()}
    results["headlines"] = {name: titles(pages) for name, pages in ({"real pages": text, "HTML": html} | more).items()}
    for name in ("real pages", "HTML", "other pages", "other pages, HTML"):
        print(report.score_table({name: results[name]}), report.rates(results[name]), sep="\n\n", flush=True)
    for name in ("dial", "dial, HTML"):
        print(f"{name}\n{report.dial_table(results[name])}", flush=True)
    print(report.confidence_table(results["confidence"]), flush=True)

    print(
        report.table(["headlines", "pages", "found", "right"], [[name, *of.values()] for name, of in results["headlines"].items()]),
        flush=True,
    )

    rows, results["renderings"] = [], {}
    for name in (*RENDERINGS, "piece of w3m", "piece of HTML"):
        pages = text if name == "w3m" else judge(name)
        if not pages:  # what makes it is not installed
            continue
        found = evaluation.summary(pages, config.seed)
        results["renderings"][name] = found
        by_words, by_segments = found["by_words"], found["by_segments"]
        rows.append([name, found["pages"], by_words["macro"], by_words["f1"]["body"], by_words["f1"]["teaser"], by_segments["macro"]])
    print(report.table(["rendering", "pages", "macro (words)", "body", "teaser", "macro (segments)"], rows), flush=True)
    alone, rests = ({view: judge(f"{kind} of {view}") for view in VIEWS} for kind in ("article", "rest"))
    results["nothing but the article"] = {f"article of {view}": headlines(pages) for view, pages in alone.items()}
    rows = [[name, found["pages"], *(found[role] for role in TOLD)] for name, found in results["nothing but the article"].items()]
    print(report.table(["nothing but the article", "pages", *(f"headline told as {role}" for role in TOLD)], rows), flush=True)
    results["without the article"] = {f"rest of {view}": evaluation.summary(pages, config.seed) for view, pages in rests.items()}
    rows = [
        [name, found["pages"], found["needless_bodies"], found["needless_words"]] for name, found in results["without the article"].items()
    ]
    print(report.table(["without the article", "pages", "pages with a body", "of their words"], rows), flush=True)
    kinds = dict(zip(VIEWS, (text, html), strict=True))
    kinds |= {f"{name} of {view}": of[view] for name, of in (("article", alone), ("rest", rests)) for view in VIEWS}
    results["whether there is an article"] = evaluation.article_table(
        {name: [page.article for page in pages] for name, pages in kinds.items()}
    )
    print(report.article_table(results["whether there is an article"]), flush=True)
    write_text(OUT, json.dumps(report.plain(results), indent=1) + "\n")


if __name__ == "__main__":
    main()
