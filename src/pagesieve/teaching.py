"""Beside a page's way: pages of which only the article's text is known → samples to learn from.

Pages with a role for every segment are rare, pages with the text of their article are not: benchmarks of extractors hold
thousands. A model of HTML pages, the teacher, says the role of each segment of such a page's HTML and is overruled by the
known text: what is not in it is no body, and what is, is body. Pages on which teacher and text hardly agree are left out.
The roles are carried over to the page's text dump, whose own model sees far less than the teacher does: that is what is
gained (Blum and Mitchell's co-training, 1998, with one view as teacher; held to partial labels).

A model that is to be judged on a fold must learn nothing from a teacher that has seen it: there is a teacher a fold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from pagesieve.carry import WORD, carry, within
from pagesieve.corpus import KnownBody, Label
from pagesieve.html import read_html
from pagesieve.model import Model
from pagesieve.page import Page, Segments, split
from pagesieve.renderings import html_of
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
    """A page of known body in both views, measured; the roles of these samples are still to be told."""

    page: Page  # in the HTML view
    html: Segments
    text: Segments
    html_sample: Sample
    text_sample: Sample
    share: NDArray[np.float64]  # of each HTML segment's words, that the known text holds
    words: NDArray[np.int64]  # of each HTML segment
    body_words: int  # of the known text


def lessons(pages: Iterable[KnownBody], of_html: Settings, of_text: Settings, n_jobs: int = 1) -> Iterator[Lesson | None]:
    """The pages made ready for a teacher, in their order; None for one without HTML beside it or with a view that shows nothing."""
    yield from Parallel(n_jobs=n_jobs, return_as="generator")(delayed(_lesson)(page, of_html, of_text) for page in pages)


def _lesson(page: KnownBody, of_html: Settings, of_text: Settings) -> Lesson | None:
    source = html_of(page.path)
    text = split(page.page.text)
    html = None if source is None else read_html(source, f"{page.page.name}@html")
    if html is None or not html.segments or not text:
        return None
    share, words = within(html.segments, page.body)
    untold = [np.zeros(len(view), dtype=np.int64) for view in (html.segments, text)]
    html_sample = sampled(page.site, html.page.name, html.segments, untold[0], of_html)
    text_sample = sampled(page.site, page.page.name, text, untold[1], of_text)
    return Lesson(html.page, html.segments, text, html_sample, text_sample, share, words, len(WORD.findall(page.body)))


def tell(given: Lesson, teacher: Model) -> tuple[Told, Told]:
    """What `teacher` says of the page's HTML and text, held to the known body; nothing is known where the two hardly agree on it."""
    chances = teacher.judge(given.html_sample.measures).probabilities.copy()
    agreed = _agreement(chances.argmax(1) == BODY, given) >= AGREED
    outside, inside = given.share < OUTSIDE, (given.share > INSIDE) & (given.words >= FEWEST)
    chances[outside, BODY] = 0
    roles = np.where(inside, BODY, chances.argmax(1))
    labels = [Label(s.start, s.end, ROLES[role]) for s, role in zip(given.html, roles.tolist(), strict=True)]
    carried = carry(labels, given.page.text, given.text)
    known = outside | inside | (given.words < FEWEST)
    return Told(roles, known & agreed), Told(carried.roles, (carried.known >= CARRIED) & agreed)


def _agreement(said: NDArray[np.bool_], given: Lesson) -> float:
    """F1 over words of the segments said to be body and the known body."""
    right = float((given.share * given.words)[said].sum())
    return 2 * right / max(int(given.words[said].sum()) + given.body_words, 1)


def teach(
    given: Iterable[Lesson | None], teachers: Sequence[Model], last: Model, fold_of: Mapping[str, int], n_jobs: int = 1
) -> tuple[Taught, Taught]:
    """The lessons told, HTML and text, to be learned from.

    `teachers[j]` is a model of HTML that has seen all labelled sites but those of fold j, `last` one that has seen all, and
    `fold_of` holds the fold of each labelled site; sites that have none get one.
    """
    pages = Shelf(page for page in given if page is not None)
    html, text = Shelf(page.html_sample for page in pages), Shelf(page.text_sample for page in pages)
    others = sorted({page.site for page in html} - fold_of.keys())
    folds = {**fold_of, **{site: number % len(teachers) for number, site in enumerate(others)}}
    said = Parallel(n_jobs=n_jobs)(delayed(_tell_all)(pages, teacher) for teacher in (*teachers, last))
    of_html, of_text = ([[told[view] for told in one] for one in said] for view in (0, 1))
    return Taught(html, of_html[:-1], of_html[-1], folds), Taught(text, of_text[:-1], of_text[-1], folds)


def _tell_all(given: Shelf[Lesson], teacher: Model) -> list[tuple[Told, Told]]:
    return [tell(page, teacher) for page in given]
