"""A reviewer's desk: a data folder as one person works through it. Which page comes next, a page opened, a page put back.

Stands beside the way of a page, between the label files (`corpus`) and the web page that shows them (`review`). What is
shown and changed are `Piece`s: `cut` makes them of a page's segments and labels, `join` makes labels of them again, and
`join(cut(…))` gives the labels that were there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any

from pagesieve import corpus, selection
from pagesieve.carry import counterparts
from pagesieve.corpus import CorpusError, Document, Label
from pagesieve.html import annotated, inert, labels_of_elements, read_html
from pagesieve.model import Model
from pagesieve.page import BLANK, Segment
from pagesieve.render import ANNOTATION_STYLE
from pagesieve.renderings import html_of, html_view
from pagesieve.roles import LABEL_OF_ROLE, ROLES

__all__ = ["ORDERS", "Desk", "DeskError", "Piece", "cut", "join"]

ORDERS = ("unsure", "names")
SECONDS = "review_seconds"  # key of a label file: how long a person had the page before their eyes
HTML_STYLE = (
    "svg:not([width]){width:1.5em;height:1.5em}"  # icons whose size a style sheet gives, which is not there
    ":target{outline:3px solid #1f5fbf;outline-offset:2px;scroll-margin:35vh}"  # what the person is at in the text
)
MOST_SECONDS = 10**9
PIECE = ("start", "end", "role", "segment", "begins")  # what a piece is sent as
MILLE = 1000  # probabilities travel as whole thousandths


class DeskError(LookupError):
    """A page that is not on the desk: unknown, or outside the data folder."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is shown and labelled as one: a segment, or a part of one where a label's range ends within it.

    `segment` is the segment's place on the page. `begins` is true where a range begins although the piece before has the same
    role (two stories of one list may have a range each).
    """

    start: int
    end: int
    role: str
    segment: int
    begins: bool = False


def cut(text: str, segments: Sequence[Segment], labels: Sequence[Label]) -> list[Piece]:
    """The pieces of a page, in order, without what is `BLANK` at their ends; `boilerplate` where no label is."""
    pieces: list[Piece] = []
    first = 0
    last: Label | None = None  # of the piece before
    for number, segment in enumerate(segments):
        while first < len(labels) and labels[first].end <= segment.start:
            first += 1
        inside = list(_until(labels, first, segment.end))
        bounds = sorted({segment.start, segment.end, *(min(max(b, segment.start), segment.end) for x in inside for b in (x.start, x.end))})
        for start, end in pairwise(bounds):
            part = text[start:end]
            if not part.strip(BLANK):
                continue
            label = next((x for x in inside if x.start <= start < x.end), None)
            role = label.role if label else "boilerplate"
            begins = bool(pieces) and label is not last and role == pieces[-1].role
            start, end = start + len(part) - len(part.lstrip(BLANK)), end - len(part) + len(part.rstrip(BLANK))
            pieces.append(Piece(start, end, role, number, begins))
            last = label
    return pieces


def _until(labels: Sequence[Label], first: int, end: int) -> Iterable[Label]:
    while first < len(labels) and labels[first].start < end:
        yield labels[first]
        first += 1


def join(pieces: Iterable[Piece]) -> list[Label]:
    """The pieces' labels: a range for each run of one role, and a new one wherever a piece `begins` one."""
    labels: list[Label] = []
    for piece in pieces:
        if labels and labels[-1].role == piece.role and not piece.begins:
            labels[-1] = Label(labels[-1].start, piece.end, piece.role)
        else:
            labels.append(Label(piece.start, piece.end, piece.role))
    return labels


@dataclass(frozen=True)
class Desk:
    """The data folder `root` under review: `model` says how sure it is of a segment, `waiting` are names of pages, first to be reviewed first.

    Pages are named as in their label files, `<site>/<page>.txt`; nothing outside the folder is read or written.
    """

    root: Path
    model: Model
    waiting: tuple[str, ...] = ()
    _saving: Lock = field(default_factory=Lock, repr=False, compare=False)

    @classmethod
    def laid(cls, root: Path | str, model: Model, order: str = "unsure") -> Desk:
        """The desk with its pages in order: by `review_order.json` where it is there, else least sure first; `order="names"`: by name.

        What is wrong with a page that cannot be used is said when it is opened.
        """
        root = Path(root)
        if order not in ORDERS:
            raise ValueError(f"order={order!r} is none of {', '.join(ORDERS)}")
        if not any((root / "labeled").glob("*/*.json")):
            raise FileNotFoundError(f"{root}/labeled: no label files there; `make label` proposes labels for the pages in {root}/raw")
        if order == "names":
            return cls(root, model)
        if (root / selection.ORDER).exists():
            return cls(root, model, tuple(_listed(root / selection.ORDER, str)))
        return cls(root, model, tuple(selection.order_of(corpus.read(root, ["proposed"], faults=[]), model)))

    def pages(self) -> dict[str, Any]:
        """All pages with what is known of them, and three lists of names: `review` (proposed pages), `doubts`, `all`.

        A label file that cannot be used stands under `faults` and leaves the others as they are.
        """
        pages: dict[str, dict[str, Any]] = {}
        faults: list[str] = []
        for path in sorted((self.root / "labeled").glob("*/*.json")):
            try:
                record = corpus.read_labels(path)
            except (CorpusError, OSError) as error:
                faults.append(str(error))
                continue
            pages[record["page"]] = {key: record[key] for key in ("site", "language", "status")} | {"seconds": _seconds(record)}
        proposed = [name for name, page in pages.items() if page["status"] == "proposed"]
        rank = {name: place for place, name in enumerate(self.waiting)}
        return {
            "root": str(self.root.resolve()),
            "roles": ROLES,
            "labels": LABEL_OF_ROLE,
            "pages": pages,
            "faults": faults,
            "lists": {
                "review": sorted(proposed, key=lambda name: (rank.get(name, len(rank)), name)),
                "doubts": [name for name in self._doubts() if name in pages],
                "all": sorted(pages),
            },
        }

    def open(self, name: str) -> dict[str, Any]:
        """The page `name` as plain values: its text, its pieces, what the model says of each segment, and the file's version."""
        version = corpus.version(self._label_path(name))
        document = self._document(name)
        said = self.model.predict(document.segments)
        return {
            "name": name,
            "text": document.page.text,
            "pieces": _plain(cut(document.page.text, document.segments, document.labels)),
            "version": version,
            "status": document.status,
            "language": document.language,
            "seconds": _seconds(document.extra),
            "html": self._html(name) is not None,
            "said": said.roles.tolist(),
            "chances": (said.probabilities * MILLE).round().astype(int).tolist(),
            "doubts": self._doubts().get(name, []),
        }

    def save(self, name: str, version: str, pieces: Sequence[Any], status: str, seconds: float) -> str:
        """Write the pieces' labels to the page's label file and return its new version.

        Raises `StaleError` if the file is not the one that was opened, `CorpusError` for labels that don't fit the page.
        """
        path = self._label_path(name)
        if not isinstance(seconds, int | float) or not 0 <= seconds < MOST_SECONDS:
            raise CorpusError(f"{name}: seconds is {str(seconds)[:20]}; it must be a number from 0")
        if status not in corpus.STATUSES:
            raise CorpusError(f"{name}: status {status!r} is neither of {', '.join(corpus.STATUSES)}")
        if not isinstance(pieces, list) or not all(map(_is_piece, pieces)):
            raise CorpusError(f"{name}: pieces that cannot be read (each must be {', '.join(PIECE)}, whole numbers); reload the page")
        found = [Piece(start, end, ROLES[role], segment, bool(begins)) for start, end, role, segment, begins in pieces]
        with self._saving:
            return corpus.change_labels(self.root, path, version, join(found), status=status, **{SECONDS: round(float(seconds), 1)})

    def html(self, name: str) -> str:
        """The page's HTML, nothing in it that runs or loads, coloured by the labels of its text where they can be carried over.

        Each element that holds a segment has the id `pagesieve-` and its number, as `places` gives them.
        """
        document, source = self._with_html(name)
        view = html_view(document, self.root)
        elements = [s.markup.element for s in read_html(source).segments if s.markup]
        colours = {} if view is None else _of_elements(view)
        return inert(annotated(source, colours, ANNOTATION_STYLE + HTML_STYLE, {element: f"pagesieve-{element}" for element in elements}))

    def places(self, name: str) -> list[int]:
        """For each segment of the page's text the number of the element in its HTML that holds most of its words, -1 for none."""
        document, source = self._with_html(name)
        segments = read_html(source).segments
        elements = [s.markup.element if s.markup else -1 for s in segments]
        return [elements[place] if place >= 0 else -1 for place in counterparts(document.segments, segments).tolist()]

    def _with_html(self, name: str) -> tuple[Document, str]:
        document, source = self._document(name), self._html(name)
        if source is None:
            raise DeskError(f"{name}: has no HTML beside its text")
        return document, source

    def _document(self, name: str) -> Document:
        self._below("raw", name, ".txt")
        return corpus.read_one(self.root, self._label_path(name))

    def _html(self, name: str) -> str | None:
        for ending in corpus.HTML_ENDINGS:
            self._below("raw", name, ending)
        return html_of(self.root / "raw" / name)

    def _label_path(self, name: str) -> Path:
        path = self._below("labeled", name, ".json")
        if not path.is_file():
            raise DeskError(f"{name}: no such page in {self.root}; reload the list of pages")
        return path

    def _below(self, folder: str, name: str, ending: str) -> Path:
        """A file of the page in one of the folders; `DeskError` if it lies anywhere else, be it through a link."""
        page = Path(name)
        if len(page.parts) == 2 and "\0" not in name:
            path = self.root / folder / page.with_suffix(ending)
            if path.resolve().is_relative_to((self.root / folder).resolve()):
                return path
        raise DeskError(f"{name}: is no <site>/<page>.txt of {self.root}")

    def _doubts(self) -> dict[str, list[dict[str, Any]]]:
        """The doubts of each page, pages in the order of their greatest doubt; {} where `make label ARGS="mode=doubt"` has not run."""
        path = self.root / selection.DOUBTS
        pages: dict[str, list[dict[str, Any]]] = {}
        for doubt in _listed(path, dict) if path.exists() else []:
            if not (doubt.keys() >= {"page", "start", "role", "said", "doubted"} and isinstance(doubt["page"], str)):
                raise CorpusError(f'{path}: holds {doubt}, which is no doubt; make it anew with `make label ARGS="mode=doubt"`')
            pages.setdefault(doubt["page"], []).append(doubt)
        return pages


def _is_piece(given: Any) -> bool:
    """Whether this is a piece as `Desk.open` gives it."""
    return isinstance(given, list) and len(given) == len(PIECE) and all(type(of) is int for of in given) and 0 <= given[2] < len(ROLES)


def _plain(pieces: Iterable[Piece]) -> list[list[int]]:
    return [[p.start, p.end, ROLES.index(p.role), p.segment, int(p.begins)] for p in pieces]


def _of_elements(view: Document) -> dict[int, tuple[str, str]]:
    """Label and role of each element of an HTML page that holds a segment."""
    roles = [ROLES[role] for role in view.roles.tolist()]
    return labels_of_elements((s.markup, s.text, (LABEL_OF_ROLE[role], role)) for s, role in zip(view.segments, roles, strict=True))


def _seconds(record: dict[str, Any]) -> float:
    seconds = record.get(SECONDS, 0.0)
    return float(seconds) if isinstance(seconds, int | float) else 0.0


def _listed(path: Path, kind: type) -> list[Any]:
    """The list in the JSON file `path`, all of one kind."""
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{path}: not JSON ({error}); make it anew with `make label`, or delete it") from error
    if not isinstance(found, list) or not all(isinstance(item, kind) for item in found):
        raise CorpusError(f"{path}: is not a list of {kind.__name__}; make it anew with `make label`, or delete it")
    return found
