"""What `unseen.py` and `peers.py` have measured → the tables of README.md and benchmarks/quality.md.

    .venv/bin/python benchmarks/figures.py      # after these two

A table that is filled stands right below a comment that names it (`<!-- unseen: dial -->`). In README, where other figures stand beside these, rows are
known by their first cell. Prose is left alone: it wants reading.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pagesieve.files import write_text
from pagesieve.roles import LABELS

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
README, QUALITY = "README.md", "benchmarks/quality.md"
SOURCES = {"unseen": "unseen.json", "peers": "peers.json"}
VIEWS = {
    "text dump": "real pages",
    "HTML": "HTML",
    "the 597 pages of `data/line_roles.json`, text dump": "other pages",
    "these, HTML": "other pages, HTML",
}
PEERS = {
    "trafilatura": "trafilatura 2.3.1, without comments",
    "resiliparse": "resiliparse, main content",
}  # in README; the others go by their own names
BEST = "pagesieve, HTML"

Row = Sequence[str]


def figure(value: float | Mapping[str, float]) -> str:
    """A score with three digits."""
    return f"{value if isinstance(value, (int, float)) else value['value']:.3f}"


def with_interval(score: Mapping[str, float], bold: bool = False) -> str:
    """A score with its 95 % interval."""
    return f"{'**' * bold}{figure(score)}{'**' * bold} [{figure(score['low'])}, {figure(score['high'])}]"


def tables(unseen: Mapping[str, Any], peers: Mapping[str, Any]) -> dict[tuple[str, str], list[Row]]:
    """The rows of each table, by its file and its name."""
    return {
        (QUALITY, "unseen: views"): [_view(name, unseen[key]) for name, key in VIEWS.items()],
        (QUALITY, "unseen: dial"): list(map(_dial, unseen["dial"])),
        (QUALITY, "unseen: dial, HTML"): list(map(_dial, unseen["dial, HTML"])),
        (QUALITY, "unseen: renderings"): [
            _rendering(name, of) for name, of in unseen["renderings"].items() if not name.startswith("piece ")
        ],
        (QUALITY, "unseen: pieces"): [_rendering(name, of)[:5] for name, of in unseen["renderings"].items() if name.startswith("piece ")],
        (QUALITY, "unseen: headlines"): [_article(name, **unseen["headlines"][key]) for name, key in VIEWS.items()],
        (QUALITY, "unseen: articles"): [_article(name, **of) for name, of in unseen["nothing but the article"].items()],
        (QUALITY, "unseen: rests"): [
            [name, str(of["pages"]), with_interval(of["needless_bodies"]), with_interval(of["needless_words"])]
            for name, of in unseen["without the article"].items()
        ],
        (QUALITY, "unseen: whether there is an article"): [
            [of["kind"], str(of["pages"]), *map(figure, of["at"])] for of in unseen["whether there is an article"]
        ],
        (QUALITY, "unseen: confidence"): [
            [figure(of["said"]), figure(of["true"]), str(of["pages"])] for of in unseen["confidence"]["bins"]
        ],
        (README, "unseen: views"): [
            [
                f"pagesieve, {name}",
                *_segments(unseen[VIEWS[name]], name == "HTML"),
                f"{100 * unseen[VIEWS[name]]['comment_as_body']['value']:.0f} %",
            ]
            for name in ("HTML", "text dump")
        ],
        (README, "peers: body"): _beside(*peers.values()),
    }


def _segments(of: Mapping[str, Any], best: bool = False) -> Row:
    """The F1 over segments: macro, then of each label."""
    return [with_interval(of["by_segments"]["macro"], best), *(figure(of["by_segments"]["f1"][label]) for label in LABELS)]


def _view(name: str, of: Mapping[str, Any]) -> Row:
    words = of["by_words"]
    return [
        name,
        *_segments(of),
        with_interval(words["macro"]),
        *(figure(words["f1"][label]) for label in ("body", "teaser")),
        figure(of["comment_as_body"]),
        figure(max(of["calibration_error"].values())),
        figure(of["leaking_pages"]),
    ]


def _dial(of: Mapping[str, float]) -> Row:
    dial, *others = of.values()
    return [f"{dial:.2f}", *map(figure, others)]


def _rendering(name: str, of: Mapping[str, Any]) -> Row:
    words = of["by_words"]
    scores = (words["macro"], words["f1"]["body"], words["f1"]["teaser"], of["by_segments"]["macro"])
    return [name, str(of["pages"]), *map(with_interval, scores)]


def _article(name: str, pages: int, **told: float) -> Row:
    return [name, str(pages), *map(figure, told.values())]


def _beside(labelled: Mapping[str, Any], others: Mapping[str, Any]) -> list[Row]:
    """The rows of the extractors: their bodies on both folders, and on the first one stories in it and pages a second."""
    rows = []
    for name, of in labelled.items():
        best = name == BEST
        leaked = figure(of["pages with a leaked teaser"])
        scores = (with_interval(of["word F1"], best), f"**{leaked}**" if best else leaked, with_interval(others[name]["word F1"], best))
        rows.append([PEERS.get(name, name), *scores, f"{of['pages per second']:.0f}"])
    return rows


def filled(text: str, name: str, rows: Sequence[Row], whole: bool) -> str:
    """`text` with these rows in its table of that name: as the `whole` of it, or each in the place of the one with the same first cell.

    Raises `ValueError` where there is no such table, or no such row.
    """
    found = re.search(rf"<!-- {re.escape(name)} -->\n\n((?:\|.*\n){{2}})((?:\|.*\n)*)", text)
    if found is None:
        raise ValueError(f"no table right below <!-- {name} -->")
    lines = {row[0]: f"| {' | '.join(row)} |\n" for row in rows}
    if not whole:
        before = {line.split("|")[1].strip(): line for line in found[2].splitlines(keepends=True)}
        lacking = sorted({*lines} - {*before})
        if lacking:
            raise ValueError(f"<!-- {name} -->: no row {lacking[0]}")
        lines = before | lines
    return text[: found.start(2)] + "".join(lines.values()) + text[found.end(2) :]


def main() -> None:
    measured = {name: json.loads((RESULTS / file).read_text("utf-8")) for name, file in SOURCES.items()}
    for (file, name), rows in tables(**measured).items():
        path = ROOT / file
        write_text(path, filled(path.read_text("utf-8"), name, rows, whole=file == QUALITY))


if __name__ == "__main__":
    main()
