"""The whole way of a page in use: `load` a model, `Sieve.segment` a page. Needs numpy alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from pagesieve.calibration import DIAL
from pagesieve.explain import Explanation, explain
from pagesieve.model import Model
from pagesieve.page import Page, PageError, Segment, read_page, split
from pagesieve.roles import LABELS, ROLES
from pagesieve.segmentation import LabeledSegment, Segmentation
from pagesieve.storage import load_model

__all__ = ["Sieve", "load"]

KINDS = ("auto", "text")
SHIPPED = Path(__file__).parent / "models" / "default.npz"  # the model that comes with the package
BATCH = 32  # pages handed to a worker at once

_TAG = re.compile(r"<(?:!doctype html|html|head|body|div|p|span|a|li|ul|script|meta|table|h[1-6])\b[^<>]*>", re.IGNORECASE)
_DOCUMENT = re.compile(r"(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype html|html\b)", re.IGNORECASE | re.DOTALL)
HTML_TAGS = 8  # known tags in the first `HTML_SAMPLE` characters from which a page is HTML and no text dump
HTML_SAMPLE = 20_000


@dataclass(frozen=True, slots=True)
class Sieve:
    """A trained model, ready to segment pages."""

    model: Model

    @property
    def info(self) -> dict[str, Any]:
        """What the model file says of its making: data, versions, scores."""
        return dict(self.model.info)

    def segment(self, page: str | bytes, kind: str = "auto", name: str = "page", dial: float = DIAL) -> Segmentation:
        """Every segment of `page` with its label, role and probability; an empty page gives an empty Segmentation.

        `page` is the text of a scraped page, or its bytes. `kind="auto"` refuses what looks like HTML; `kind="text"`
        takes anything as text. `name` stands for the page in messages. `dial` goes from 0 ("no foreign line in the body")
        over 0.5 (each segment's likeliest label) to 1 ("no body line lost"). Raises `PageError` for binary data and HTML.
        """
        if kind not in KINDS:
            raise ValueError(f'kind={kind!r}: pagesieve reads text dumps, give kind="auto" or kind="text"')
        if not 0 <= dial <= 1:
            raise ValueError(f"dial={dial}: give a number from 0 (no foreign line in the body) to 1 (no body line lost)")
        read = read_page(page, name)
        if kind == "auto":
            _refuse_html(read)
        segments = split(read.text)
        said = self.model.predict(segments, dial)
        chances = said.shares[range(len(segments)), said.labels].tolist()
        return Segmentation(
            read.text,
            tuple(
                LabeledSegment(
                    s.text, s.start, s.end, LABELS[label], ROLES[role], min(chance, 1.0), s.bullet, s.indent, s.blank_before, s.inline
                )
                for s, label, role, chance in zip(segments, said.labels.tolist(), said.roles.tolist(), chances, strict=True)
            ),
            said.confidence,
            self._explain,
        )

    def _explain(self, segments: Sequence[LabeledSegment], place: int) -> Explanation:
        plain = [Segment(s.text, s.start, s.end, s.indent, s.bullet, s.blank_before, s.inline) for s in segments]
        return explain(self.model, plain, place, segments[place].label, segments[place].role)

    def segment_many(self, pages: Iterable[str | bytes], n_jobs: int = 1, kind: str = "auto", dial: float = DIAL) -> Iterator[Segmentation]:
        """`segment` for each page, in order, as an iterator that keeps few pages in memory; `n_jobs` processes."""
        if n_jobs == 1:
            for page in pages:
                yield self.segment(page, kind, dial=dial)
            return
        from joblib import Parallel, delayed  # only now: one page needs no joblib

        work = Parallel(n_jobs=n_jobs, return_as="generator", pre_dispatch="2*n_jobs")
        for answers in work(delayed(_segment_batch)(self, batch, kind, dial) for batch in _batches(pages)):
            for answer in answers:
                yield replace(answer, judge=self._explain)


def _batches(pages: Iterable[str | bytes]) -> Iterator[list[str | bytes]]:
    iterator = iter(pages)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def _segment_batch(sieve: Sieve, pages: list[str | bytes], kind: str, dial: float) -> list[Segmentation]:
    """The batch's answers without their way back to the model, which must not travel with each of them."""
    return [replace(sieve.segment(page, kind, dial=dial), judge=None) for page in pages]


def _refuse_html(page: Page) -> None:
    """A text dump may quote markup; HTML begins with it and holds a lot of it."""
    sample = page.text[:HTML_SAMPLE].lstrip("\ufeff \t\r\n")
    if not sample.startswith("<"):
        return
    if _DOCUMENT.match(sample) or sum(1 for _ in islice(_TAG.finditer(sample), HTML_TAGS)) >= HTML_TAGS:
        raise PageError(
            f"{page.name}: looks like HTML, and pagesieve reads text dumps; render it to text first "
            '(for instance `w3m -dump -cols 2000 page.html`), or pass kind="text" to take the markup as text'
        )


def load(path: Path | str | None = None) -> Sieve:
    """A `Sieve` with the model that comes with the package, or with the one at `path`, a model folder or its `.npz`.

    Without a path the environment variable PAGESIEVE_MODEL, where it is set, names the file. Raises `FileNotFoundError` where
    there is none, `ModelError` for a file that cannot be used.
    """
    return Sieve(load_model(path if path is not None else os.environ.get("PAGESIEVE_MODEL") or SHIPPED))
