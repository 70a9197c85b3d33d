"""Beside a page's way: pages of which only the article's text is known → samples to learn from.

Pages with a role for every segment are rare, pages with the text of their article are not: benchmarks of extractors hold
thousands. A model of HTML pages, the teacher, says the role of each segment of such a page's HTML and is overruled by the
known text: what is not in it is no body, and what is, is body. Pages on which teacher and text hardly agree are left out.
The roles are carried over to the page's text dumps, whose own model sees far less than the teacher does: that is what is
gained (Blum and Mitchell's co-training, 1998, with one view as teacher; held to partial labels).

A model that is to be judged on a fold must learn nothing from a teacher that has seen it: there is a teacher a fold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from pagesieve.carry import WORD, carry, within
from pagesieve.corpus import KnownBody, Label
from pagesieve.html import read_html
from pagesieve.model import Model
from pagesieve.page import Page, Segments, split
from pagesieve.renderings import LEAST_FOUND, drawn, html_of
from pagesieve.roles import ROLES
from pagesieve.rows import Sample
from pagesieve.shelf import Shelf
from pagesieve.training import Settings, Taught, Told, sampled

__all__ = ["Lesson", "lessons", "teach", "tell"]

BODY = ROLES.index("body")
OUTSIDE, INSIDE = 0.2, 0.7  # share of a segment's words in the known text below which it is no body, above which it is
FEWEST = 4  # words; fewer stand in an article's text by accident
AGREED = 0.85  # F1 over words of the teacher's body and the known one from which a page is learned from
CARRIED = 0.5  # share of a segment's words that the other view must hold, or its role is not known


@dataclass(frozen=True, slots=True)
class Lesson:
    """A page of known body, measured as HTML and as some programs dump it; the roles of these samples are still to be told."""

    page: Page  # in the HTML view
    html: Segments
    texts: tuple[Segments, ...]
    html_sample: Sample
    text_samples: tuple[Sample, ...]
    share: NDArray[np.float64]  # of each HTML segment's words, that the known text holds
    words: NDArray[np.int64]  # of each HTML segment
    body_words: int  # of the known text


def lessons(
    pages: Iterable[KnownBody], of_html: Settings, of_text: Settings, views: int, seed: int, n_jobs: int = 1
) -> Iterator[Lesson | None]:
    """The pages made ready for a teacher, in their order; None for one without HTML beside it or with a view that shows nothing.

    Each comes as its text dump and in `views` other renderings, drawn by `seed`.
    """
    yield from Parallel(n_jobs=n_jobs, return_as="generator")(delayed(_lesson)(page, of_html, of_text, views, seed) for page in pages)


def _lesson(page: KnownBody, of_html: Settings, of_text: Settings, views: int, seed: int) -> Lesson | None:
    source = html_of(page.path)
    html = None if source is None else read_html(source, f"{page.page.name}@html")
    if html is None or not html.segments or not page.page.text.strip():
        return None
    dumps = {page.page.name: page.page.text}
    dumps |= {f"{page.page.name}@{name}": text for name, text in islice(drawn(page.page, source, seed), views)}
    cut = {name: segments for name, text in dumps.items() if (segments := split(text))}
    share, words = within(html.segments, page.body)

    def untold(name: str, segments: Segments, settings: Settings) -> Sample:
        return sampled(page.site, name, segments, np.zeros(len(segments), dtype=np.int64), settings)

    return Lesson(
        html.page,
        html.segments,
        tuple(cut.values()),
        untold(html.page.name, html.segments, of_html),
        tuple(untold(name, segments, of_text) for name, segments in cut.items()),
        share,
        words,
        len(WORD.findall(page.body)),
    )


def tell(given: Lesson, teacher: Model) -> tuple[Told, list[Told]]:
    """What `teacher` says of the page's HTML and texts, held to the known body; nothing is known where the two hardly agree on it."""
    chances = teacher.judge(given.html_sample.measures).probabilities.copy()
    agreed = _agreement(chances.argmax(1) == BODY, given) >= AGREED
    outside, inside = given.share < OUTSIDE, (given.share > INSIDE) & (given.words >= FEWEST)
    chances[outside, BODY] = 0
    roles = np.where(inside, BODY, chances.argmax(1))
    labels = [Label(s.start, s.end, ROLES[role]) for s, role in zip(given.html, roles.tolist(), strict=True)]
    carried = [carry(labels, given.page.text, text) for text in given.texts]
    texts = [Told(c.roles, (c.known >= CARRIED) & (agreed and c.found >= LEAST_FOUND)) for c in carried]
    return Told(roles, (outside | inside | (given.words < FEWEST)) & agreed), texts


def _agreement(said: NDArray[np.bool_], given: Lesson) -> float:
    """F1 over words of the segments said to be body and the known body."""
    right = float((given.share * given.words)[said].sum())
    return 2 * right / max(int(given.words[said].sum()) + given.body_words, 1)


def teach(
    given: Iterable[Lesson | None], teachers: Sequence[Model], last: Model, fold_of: Mapping[str, int], n_jobs: int = 1
) -> tuple[Taught, Taught]:
    """The lessons told, HTML and texts, to be learned from.

    `teachers[j]` is a model of HTML that has seen all labelled sites but those of fold j, `last` one that has seen all, and
    `fold_of` holds the fold of each labelled site; sites that have none get one.
    """
    pages = Shelf(page for page in given if page is not None)
    html = Shelf(page.html_sample for page in pages)
    texts = Shelf(sample for page in pages for sample in page.text_samples)
    others = sorted({page.site for page in html} - fold_of.keys())
    folds = {**fold_of, **{site: number % len(teachers) for number, site in enumerate(others)}}
    said = Parallel(n_jobs=n_jobs)(delayed(_tell_all)(pages, teacher) for teacher in (*teachers, last))
    of_html = [[told for told, _ in one] for one in said]
    of_text = [[told for _, dumps in one for told in dumps] for one in said]
    return Taught(html, of_html[:-1], of_html[-1], folds), Taught(texts, of_text[:-1], of_text[-1], folds)


def _tell_all(given: Shelf[Lesson], teacher: Model) -> list[tuple[Told, list[Told]]]:
    return [tell(page, teacher) for page in given]
