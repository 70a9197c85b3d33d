"""The whole way of a page in use: `load` a model, `Sieve.segment` a page. Needs no library that trains."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from pagesieve.calibration import DIAL, check_dial
from pagesieve.encodings import known_encoding
from pagesieve.explain import Explanation, explain
from pagesieve.html import HtmlPage, decode_html, dump_in, looks_like_html, read_pages
from pagesieve.model import Model, Prediction
from pagesieve.page import BOM, PageError, checked, foreign, read_page, split
from pagesieve.roles import LABELS, ROLES
from pagesieve.segmentation import LabeledSegments, Segmentation, has_body
from pagesieve.stated import front_matter
from pagesieve.storage import load_model
from pagesieve.words import count_words

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["KINDS", "Kind", "Raw", "Sieve", "kind_of", "load"]

Kind = Literal["auto", "text", "html"]
KINDS: tuple[Kind, ...] = ("auto", "text", "html")
Raw = str | bytes | bytearray | memoryview  # a page as it comes
SHIPPED = Path(__file__).parent / "models" / "default.npz"  # the model that comes with the package
SNIFFED = 30_000  # bytes by which HTML is told from text
BATCH = 32  # pages judged at once, and handed to a worker at once
ARTICLE_WORDS = 40  # words of a page from which it is said that no article was found
AHEAD = 2  # batches that wait or are judged for each process


@dataclass(frozen=True, slots=True, repr=False)
class Sieve:
    """A trained model, ready to segment pages."""

    model: Model

    def __repr__(self) -> str:
        views = "text dumps" if self.model.html is None else "text dumps and HTML"
        return f"<Sieve: a model of {views}, made by pagesieve {self.info.get('versions', {}).get('pagesieve', '?')}>"

    @property
    def info(self) -> dict[str, Any]:
        """What the model file says of its making: data, versions, scores."""
        return dict(self.model.info)

    def segment(self, page: Raw, kind: Kind = "auto", name: str = "page", dial: float = DIAL, encoding: str = "") -> Segmentation:
        """Every segment of `page` with its label, role and probability; an empty page gives an empty Segmentation.

        `page` is one scraped page, its text or its HTML, as str or as bytes. `kind="auto"` tells HTML from text by how the page begins;
        "text" and "html" take anything as such. `name` stands for the page in messages. `dial` goes from 0 ("no foreign line in the body")
        over 0.5 (the likeliest label, but body only where teaser is much less likely) to 1 ("no body line lost"). `encoding` is what is
        known of the encoding of bytes, such as what the server said; text needs none.

        Raises `PageError` for what is no page (binary data, a PDF, a feed, JSON, other XML, mail) and for HTML where the model has not learned any, and for
        what is wrong with the call itself as `segment_batch` does.
        """
        (answer,) = self.segment_batch([page], kind, [name], dial, encoding)
        if isinstance(answer, PageError):
            raise answer
        return answer

    def segment_batch(
        self,
        pages: Iterable[Raw | PageError],
        kind: Kind = "auto",
        names: Sequence[str] | None = None,
        dial: float = DIAL,
        encoding: str = "",
    ) -> list[Segmentation | PageError]:
        """`segment` for all of these pages at once: one answer each, in order, the same to the last bit, and much faster. `[]` for no pages.

        In place of a page that `segment` would refuse, or that is a `PageError`, stands that `PageError`; the others are answered all the
        same. `names` stand for the pages in messages, one each; without them their places do. What is wrong with the call itself raises: `TypeError` for a page that is
        neither str nor bytes, `ValueError` for an unknown `kind` or `encoding`, a `dial` out of range, or another number of names than of pages.
        """
        _check_call(pages, kind, dial, encoding)
        pages = list(pages)
        called = list(names) if names is not None else [f"pages[{number}]" for number in range(len(pages))]
        if len(called) != len(pages):
            raise ValueError(f"{len(called)} names for {len(pages)} pages; give one for each, or none")
        taken = [self._take(page, kind, name, encoding) for page, name in zip(pages, called, strict=True)]
        sources = [(found, name) for found, name in zip(taken, called, strict=True) if isinstance(found, str)]
        htmls = iter(read_pages(sources))
        read = [dump_in(next(htmls)) if isinstance(found, str) else found for found in taken]
        said: dict[int, Prediction] = {}
        for view, model in (("text", self.model), ("html", self.model.html)):
            places = [i for i, taken in enumerate(read) if isinstance(taken, HtmlPage) and taken.page.view == view]
            if places and model is not None:
                segments = [taken.segments for taken in map(read.__getitem__, places) if isinstance(taken, HtmlPage)]
                said.update(zip(places, model.predict_pages(segments, dial), strict=True))
        return [self._answer(taken, said[i], dial) if isinstance(taken, HtmlPage) else taken for i, taken in enumerate(read)]

    def _take(self, page: Raw | PageError, kind: str, name: str, encoding: str) -> HtmlPage | PageError | str:
        """The segments of a text dump, or why there are none; of an HTML page its source."""
        if isinstance(page, PageError):
            return page
        try:
            source = _html(page, kind, encoding)
            if source is None:
                read = read_page(page, name, encoding)
                if kind == "auto" and (found := foreign(read.text)):
                    raise PageError(f"{name}: looks like {found}, or say that its kind is text to take it as that")
                return HtmlPage(read, split(read.text), front_matter(read.text)[0])
            if self.model.html is None:
                raise PageError(
                    f"{name}: is HTML, and this model has learned text dumps only; train one on pages with HTML beside them "
                    "(`make train`), render the page to text first, or say that its kind is text to take the markup as that"
                )
            return source
        except PageError as error:
            return error

    def _answer(self, taken: HtmlPage, said: Prediction, dial: float) -> Segmentation:
        chances = np.minimum(said.chances, 1.0).tolist()
        labels, roles = ([names[i] for i in of.tolist()] for names, of in ((LABELS, said.labels), (ROLES, said.roles)))
        segments = LabeledSegments(taken.segments, labels, roles, chances)
        page = taken.page
        confidence = said.confidence if segments else 0.0
        at_dial = f" with dial={dial:g}" if dial < DIAL else ""  # there may be one all the same
        missing = () if has_body(segments) or count_words(page.text) < ARTICLE_WORDS else (f"no article found{at_dial}",)
        notes = (*taken.notes, *missing)
        return Segmentation(page.text, segments, confidence, self._explain, page.view, taken.metadata, notes, taken.source, said.article)

    def _explain(self, segments: LabeledSegments, place: int) -> Explanation:
        model = self.model if segments.plain.markup is None else self.model.html
        assert model is not None
        return explain(model, segments.plain, place, segments.labels[place], segments.roles[place])

    @overload
    def segment_many(
        self,
        pages: Iterable[Raw],
        n_jobs: int = 1,
        kind: Kind = "auto",
        dial: float = DIAL,
        encoding: str = "",
        errors: Literal["raise"] = "raise",
    ) -> Iterator[Segmentation]: ...
    @overload
    def segment_many(
        self,
        pages: Iterable[Raw],
        n_jobs: int = 1,
        kind: Kind = "auto",
        dial: float = DIAL,
        encoding: str = "",
        *,
        errors: Literal["return"],
    ) -> Iterator[Segmentation | PageError]: ...
    def segment_many(
        self,
        pages: Iterable[Raw],
        n_jobs: int = 1,
        kind: Kind = "auto",
        dial: float = DIAL,
        encoding: str = "",
        errors: Literal["raise", "return"] = "raise",
    ) -> Iterator[Segmentation | PageError]:
        """`segment` for each page, in order, as an iterator that keeps few pages in memory: the same answers to the last bit.

        Pages are taken `BATCH` at a time and judged by `n_jobs` processes, -1 for as many as there are cores. The `PageError` of a page that
        `segment` refuses names it by its place (`pages[7]`); it is raised after the answers for the pages before, or, with `errors="return"`,
        stands in the answer's place, and the others follow. What is neither str nor bytes (a data
        frame's missing value) is a `PageError` then, a `TypeError` otherwise. What is wrong with the call itself raises at once.
        """
        _check_call(pages, kind, dial, encoding)
        if errors not in ("raise", "return"):
            raise ValueError(f"errors={errors!r} is neither raise nor return")
        if not isinstance(n_jobs, int) or n_jobs == 0:
            raise ValueError(f"n_jobs={n_jobs!r}: give a number of processes, or -1 for as many as there are cores")
        given = _typed(pages, errors)
        answers = self._in_processes(given, n_jobs, kind, dial, encoding) if n_jobs != 1 else self._in_batches(given, kind, dial, encoding)
        return answers if errors == "return" else _or_raise(answers)

    def _in_batches(self, pages: Iterable[Raw | PageError], kind: Kind, dial: float, encoding: str) -> Iterator[Segmentation | PageError]:
        broken: list[Exception] = []
        for batch, names in _batches(pages, broken):
            yield from self.segment_batch(batch, kind, names, dial, encoding)
        for reason in broken:
            raise reason

    def _in_processes(
        self, pages: Iterable[Raw | PageError], n_jobs: int, kind: Kind, dial: float, encoding: str
    ) -> Iterator[Segmentation | PageError]:
        # Only now: one page needs no joblib. Its `Parallel` would kill the processes where somebody leaves early, and the next call's with them.
        from joblib import effective_n_jobs
        from joblib.externals.loky.process_executor import ProcessPoolExecutor

        broken: list[Exception] = []
        batches = _batches(pages, broken)
        first = list(islice(batches, effective_n_jobs(n_jobs)))
        jobs = max(1, len(first))  # no more than there is work for
        waiting: deque[Future[list[Segmentation | PageError]]] = deque()
        try:
            executor = ProcessPoolExecutor(jobs, initializer=_keep, initargs=(self,))
        except OSError as error:
            raise OSError(f"n_jobs={n_jobs}: {error}: this machine lets no processes share memory (/dev/shm); give n_jobs=1") from error
        try:
            for batch, names in chain(first, batches):
                waiting.append(executor.submit(_segment_batch, batch, kind, names, dial, encoding))
                if len(waiting) == AHEAD * jobs:
                    yield from self._returned(waiting.popleft().result())
            while waiting:
                yield from self._returned(waiting.popleft().result())
            for reason in broken:
                raise reason
        finally:
            for future in waiting:
                future.cancel()
            executor.shutdown(wait=not waiting)  # whoever leaves early waits for nothing

    def _returned(self, answers: Iterable[Segmentation | PageError]) -> Iterator[Segmentation | PageError]:
        """Answers of another process, which came without their way back to the model."""
        return (answer if isinstance(answer, PageError) else replace(answer, judge=self._explain) for answer in answers)


_kept: list[Sieve] = []  # in a process that `segment_many` has started: the model, which is sent there once


def _keep(sieve: Sieve) -> None:
    _kept[:] = [sieve]


def _segment_batch(
    pages: list[Raw | PageError], kind: Kind, names: list[str], dial: float, encoding: str
) -> list[Segmentation | PageError]:
    return _kept[0].segment_batch(pages, kind, names, dial, encoding)


def _check_call(pages: Iterable[Raw | PageError], kind: str, dial: float, encoding: str) -> None:
    """Raise what is wrong with a call, before any page is looked at."""
    if isinstance(pages, (str, bytes, bytearray, memoryview)) or not isinstance(pages, Iterable):
        raise TypeError(f"pages is one {type(pages).__name__}, not several; give a list of pages, or call segment")
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r} is none of {', '.join(KINDS)}")
    if not isinstance(encoding, str):
        raise TypeError(f'encoding={encoding!r} is no text; give a name, such as utf-8, or "" where nothing is known')
    if encoding and not known_encoding(encoding):
        raise ValueError(f"encoding={encoding!r} is none that is known; give a usual name, such as utf-8, windows-1251, shift_jis")
    check_dial(dial)


def _typed(pages: Iterable[Raw | PageError], errors: str) -> Iterator[Raw | PageError]:
    """The pages; for what is none by its type a `PageError`, or where `errors` are to be raised a `TypeError`."""
    for place, page in enumerate(pages):
        if isinstance(page, (str, bytes, bytearray, memoryview, PageError)):
            yield page
            continue
        told = f"pages[{place}]: a page is str or bytes, not {type(page).__name__}"
        if errors == "raise":
            raise TypeError(f"{told}; read the file first")
        yield PageError(told)


def _batches(pages: Iterable[Raw | PageError], broken: list[Exception]) -> Iterator[tuple[list[Raw | PageError], list[str]]]:
    """The pages, `BATCH` at a time, and what they are called in messages. The error with which they break off goes to `broken`: what came before is answered first."""
    iterator, place = iter(pages), 0
    while not broken:
        batch: list[Raw | PageError] = []
        try:
            batch.extend(islice(iterator, BATCH))
        except Exception as error:
            broken.append(error)
        if not batch:
            return
        yield batch, [f"pages[{place + i}]" for i in range(len(batch))]
        place += len(batch)


def _or_raise(answers: Iterable[Segmentation | PageError]) -> Iterator[Segmentation]:
    for answer in answers:
        if isinstance(answer, PageError):
            raise answer
        yield answer


def _html(page: Raw, kind: str, encoding: str) -> str | None:
    """The page's HTML as text; None for a text dump, and for what is no page."""
    if kind == "text" or not isinstance(page, (str, bytes, bytearray, memoryview)):
        return None
    if isinstance(page, str):
        return page.removeprefix(BOM) if kind == "html" or looks_like_html(page) else None
    data = bytes(page)
    if kind == "auto":
        wide = bool(encoding) and known_encoding(encoding).startswith(("utf-16", "utf-32"))  # whose white space has several bytes
        sample = (data if wide else data.lstrip())[:SNIFFED]
        if not encoding and b"<" not in sample:
            return None  # a dump, told without a look for its encoding
        seen = decode_html(sample, encoding)
        more = len(data) > SNIFFED and seen.lstrip()[:1] == "<"  # all that was seen may be a comment, script or style sheet before a page
        if not looks_like_html(seen) and not (more and looks_like_html(decode_html(data, encoding))):
            return None
    return decode_html(data, encoding)


def kind_of(page: Raw, kind: Kind, said: str) -> Kind:
    """The kind to take a page as: `kind`, unless that is "auto" and `said`, what its place says of it (a file's name, a field, a server), is "html" or "text".

    What is said to be one of these and is a PDF, JSON, other XML, a feed or a picture stays "auto", so that `segment` tells what it is.
    """
    if kind != "auto" or said not in ("html", "text"):
        return kind
    try:
        text = page if isinstance(page, str) else checked(bytes(page).decode("latin-1"), "")
    except PageError:
        return kind
    return kind if foreign(text) else "html" if said == "html" else "text"


def load(path: Path | str | None = None) -> Sieve:
    """A `Sieve` with the model at `path`, a model folder or the `.npz` file in it, or else with the model that comes with the package.

    Without a path the environment variable PAGESIEVE_MODEL, where it is set, gives one. Raises `FileNotFoundError` where no model is
    there, `ModelError` for a file that cannot be used.
    """
    return Sieve(load_model(path or os.environ.get("PAGESIEVE_MODEL") or SHIPPED))
