"""The counted part of the data card: tables in `data/README.md` that always say what the data are.

`make check-data` compares them with the data; `python -m pagesieve.check_data --write-card` writes them anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pagesieve.corpus import Document, Problem, html_path
from pagesieve.features import measure
from pagesieve.files import write_text
from pagesieve.report import table
from pagesieve.roles import LABEL_OF_ROLE, LABELS, ROLES

__all__ = ["check_card", "counts", "write_card"]

BEGIN, END = "<!-- counts: begin -->", "<!-- counts: end -->"
CARD = "README.md"


def counts(root: Path | str, documents: Sequence[Document]) -> str:
    """The tables: pages, segments and words by role, label, language, view, renderer, phenomenon and site."""
    segments: Counter[str] = Counter()
    words: Counter[str] = Counter()
    pages: Counter[str] = Counter()
    for document in documents:
        names = [ROLES[role] for role in document.roles.tolist()]
        segments.update(names)
        pages.update(set(names))
        for name, count in zip(names, measure(document.segments).words.tolist() if names else [], strict=True):
            words[name] += round(count)
    labels = {label: [role for role in ROLES if LABEL_OF_ROLE[role] == label] for label in LABELS}
    total_segments, total_words = max(segments.total(), 1), max(words.total(), 1)

    def row(name: str, roles: Sequence[str]) -> list[str]:
        count, text = sum(segments[r] for r in roles), sum(words[r] for r in roles)
        return [name, str(count), f"{count / total_segments:.1%}", str(text), f"{text / total_words:.1%}"]

    head = ["segments", "share", "words", "share"]
    views = Counter("text and HTML" if html_path(Path(root, "raw", d.page.name)) else "text" for d in documents)
    parts = [
        f"{len(documents)} pages of {len({d.site for d in documents})} sites.",
        table(["role", *head, "pages"], [[*row(role, [role]), pages[role]] for role in ROLES]),
        table(["label", *head], [row(label, labels[label]) for label in LABELS]),
        _tally("language", Counter(d.language for d in documents)),
        _tally("views", views),
        _tally("renderer", Counter(str(d.extra.get("renderer", "unknown")) for d in documents)),
        _tally("phenomenon", Counter(name for d in documents for name in _phenomena(d))),
        "Pages by site: " + ", ".join(f"{site} {n}" for site, n in sorted(Counter(d.site for d in documents).items())) + ".",
    ]
    return "\n\n".join(parts)


def _phenomena(document: Document) -> list[str]:
    """What the label file names as such; nothing where it holds something else, which `corpus.check` tells."""
    found = document.extra.get("phenomena")
    return [str(name) for name in found] if isinstance(found, list) else []


def _tally(name: str, tally: Counter[str]) -> str:
    return table([name, "pages"], sorted(tally.items(), key=lambda item: (-item[1], item[0])))


def write_card(root: Path | str, documents: Sequence[Document]) -> None:
    """Write the tables into the data card, between its two marks; `ValueError` if it has none."""
    path = Path(root, CARD)
    before, after = _around(path)
    write_text(path, f"{before}{BEGIN}\n{counts(root, documents)}\n{END}{after}")


def check_card(root: Path | str, documents: Sequence[Document]) -> list[Problem]:
    """A `Problem` if the data card's tables are missing or not what the data say; with the folder's name, for there are other READMEs."""
    path = Path(root, CARD)
    try:
        before, after = _around(path)
    except FileNotFoundError:
        return [Problem(str(path), f"is missing; write a data card, with the marks {BEGIN} and {END} where its counts belong")]
    except (OSError, ValueError) as error:
        return [Problem(str(path), str(error).removeprefix(f"{path}: "))]
    text = path.read_text("utf-8")
    if text[len(before) + len(BEGIN) : len(text) - len(after) - len(END)].strip() != counts(root, documents):
        return [Problem(str(path), f"its counts are not those of the data; run `python -m pagesieve.check_data {root} --write-card`")]
    return []


def _around(path: Path) -> tuple[str, str]:
    """The card's text before and after the tables."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8") from error
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path}: lacks the marks {BEGIN} and {END} around the counted tables; put them where these belong")
    return before, after
