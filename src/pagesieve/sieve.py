"""The whole way of a page in use: `load` a model, `Sieve.segment` a page. Needs numpy alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pagesieve.model import Model
from pagesieve.page import Page, PageError, read_page, split
from pagesieve.roles import LABELS, ROLES
from pagesieve.segmentation import LabeledSegment, Segmentation
from pagesieve.storage import load_model

__all__ = ["Sieve", "load"]

KINDS = ("auto", "text")
TRAINED_HERE = Path("models/default")  # where `make train` saves
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

    def segment(self, page: str | bytes, kind: str = "auto", name: str = "page") -> Segmentation:
        """Every segment of `page` with its label, role and probability; an empty page gives an empty Segmentation.

        `page` is the text of a scraped page, or its bytes. `kind="auto"` refuses what looks like HTML; `kind="text"`
        takes anything as text. `name` stands for the page in messages. Raises `PageError` for binary data and HTML.
        """
        if kind not in KINDS:
            raise ValueError(f'kind={kind!r}: pagesieve reads text dumps, give kind="auto" or kind="text"')
        read = read_page(page, name)
        if kind == "auto":
            _refuse_html(read)
        segments = split(read.text)
        said = self.model.predict(segments)
        chances = said.shares[range(len(segments)), said.labels].tolist()
        return Segmentation(
            read.text,
            tuple(
                LabeledSegment(
                    s.text, s.start, s.end, LABELS[label], ROLES[role], min(chance, 1.0), s.bullet, s.indent, s.blank_before, s.inline
                )
                for s, label, role, chance in zip(segments, said.labels.tolist(), said.roles.tolist(), chances, strict=True)
            ),
        )

    def segment_many(self, pages: Iterable[str | bytes], n_jobs: int = 1, kind: str = "auto") -> Iterator[Segmentation]:
        """`segment` for each page, in order, as an iterator that keeps few pages in memory; `n_jobs` processes."""
        if n_jobs == 1:
            for page in pages:
                yield self.segment(page, kind)
            return
        from joblib import Parallel, delayed  # only now: one page needs no joblib

        work = Parallel(n_jobs=n_jobs, return_as="generator", pre_dispatch="2*n_jobs")
        for answers in work(delayed(_segment_batch)(self, batch, kind) for batch in _batches(pages)):
            yield from answers


def _batches(pages: Iterable[str | bytes]) -> Iterator[list[str | bytes]]:
    iterator = iter(pages)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def _segment_batch(sieve: Sieve, pages: list[str | bytes], kind: str) -> list[Segmentation]:
    return [sieve.segment(page, kind) for page in pages]


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
    """A `Sieve` with the model at `path`, a model folder or its `.npz`.

    Without a path: the file named by the environment variable PAGESIEVE_MODEL, else the model that `make train` saved in
    `models/default` below the current folder. Raises `FileNotFoundError` where there is none, `ModelError` for a file
    that cannot be used.
    """
    return Sieve(load_model(path if path is not None else os.environ.get("PAGESIEVE_MODEL", TRAINED_HERE)))
