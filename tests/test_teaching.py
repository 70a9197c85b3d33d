from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import QUICK, SMALL, file_of, page_html, page_lines, write_page
from programs import SMALL_TRAINING, composed, folder

from pagesieve import corpus, teaching
from pagesieve.features import MARKUP
from pagesieve.html import read_html
from pagesieve.model import Linear, Model
from pagesieve.page import split
from pagesieve.roles import ROLES
from pagesieve.sieve import Sieve
from pagesieve.teaching import Lesson
from pagesieve.train import train
from pagesieve.training import Sample, Taught, Told, cross_fit, fit, sampled

BODY, TEASER = ROLES.index("body"), ROLES.index("teaser")
OF_HTML = replace(SMALL, groups=(*SMALL.groups, MARKUP))
NEW = ("anvil", "bellows", "crucible", "dross")


def write_body(root: Path, site: str, lines: list[tuple[str, str]], body: str | None = None, html: bool = True) -> Path:
    raw = write_page(root.parent / "pages", f"{site}.example", "story", lines)
    folder = root / f"{site}.example"
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "story.txt"
    page.write_bytes(raw.read_bytes())
    if html:
        page.with_suffix(".html").write_text(page_html(lines), encoding="utf-8")
    known = "\n".join(text for role, text in lines if role == "body") if body is None else body
    page.with_suffix(".json").write_text(
        json.dumps({"page": f"{site}.example/story.txt", "site": f"{site}.example", "body": known}), "utf-8"
    )
    return page


@pytest.fixture(scope="module")
def bodies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("known") / "bodies"
    for site in NEW:
        write_body(root, site, page_lines(site, 1))
    return root


@pytest.fixture(scope="module")
def given(bodies: Path) -> list[Lesson]:
    return [page for page in teaching.lessons(corpus.read_bodies(bodies), OF_HTML, SMALL) if page]


@pytest.fixture(scope="module")
def teacher(tiny_sieve: Sieve) -> Model:
    assert tiny_sieve.model.html is not None
    return tiny_sieve.model.html


def always(role: str) -> Model:
    """A teacher that says the same of every segment."""
    return Model(Linear.prior(np.where(np.array(ROLES) == role, 9, 0).astype(np.float32)))


def texts(sample_of: Lesson, roles: np.ndarray, role: int) -> list[str]:
    return [s.text for s, found in zip(sample_of.text, roles.tolist(), strict=True) if found == role]


def test_a_page_is_told_by_the_teacher_and_held_to_its_body_in_both_views(given: list[Lesson], teacher: Model) -> None:
    assert len(given) == len(NEW)
    for page, site in zip(given, NEW, strict=True):
        html, text = teaching.tell(page, teacher)
        lines = page_lines(site, 1)
        assert texts(page, text.roles, BODY) == [line for role, line in lines if role == "body"]
        assert {line.strip("• ") for line in texts(page, text.roles, TEASER)} <= {
            line.strip("• ") for role, line in lines if role == "teaser"
        }
        assert html.known.mean() > 0.9
        assert len(html.roles) == len(html.known) == len(page.html)
        assert len(text.roles) == len(text.known) == len(page.text)


def test_what_the_known_text_does_not_hold_is_no_body_whatever_the_teacher_says(tmp_path: Path) -> None:
    lines = [
        ("body", "The ferry carried nine barrels of tar over the strait while it rained, and nobody asked why it did so that day."),
        ("", ""),
    ] * 12
    foreign = "A stray line about kites"
    write_body(tmp_path / "bodies", "anvil", [*lines, ("boilerplate", foreign)])
    (page,) = teaching.lessons(corpus.read_bodies(tmp_path / "bodies"), OF_HTML, SMALL)
    assert page is not None
    for view in teaching.tell(page, always("body")):
        assert (view.roles[:-1] == BODY).all()
        assert view.roles[-1] != BODY
        assert view.known.all()


def test_a_page_whose_teacher_and_body_do_not_agree_is_left_out(tmp_path: Path, given: list[Lesson], teacher: Model) -> None:
    assert not any(view.known.any() for view in teaching.tell(given[0], always("teaser")))
    lines = page_lines("ember", 1)
    write_body(tmp_path / "bodies", "ember", lines, body="Nothing of this stands on the page. It was another one.")
    write_body(tmp_path / "bodies", "flux", lines, body="")
    for page in teaching.lessons(corpus.read_bodies(tmp_path / "bodies"), OF_HTML, SMALL):
        assert page is not None
        assert not any(view.known.any() for view in teaching.tell(page, teacher))


def lesson(share: list[float], words: list[int], body_words: int, more: str = "") -> Lesson:
    """A lesson of HTML segments of which the known text holds these shares of so many words; `more` stands in the text dump alone."""
    text = "\n\n".join(" ".join(f"{letter}{i}" for i in range(max(count, 1))) for letter, count in zip("abcdef", words, strict=False))
    page = read_html("".join(f"<p>{part}</p>" for part in text.split("\n\n")), "x")
    segments = split(text + more)
    samples = [
        sampled("a.example", "x", view, np.zeros(len(view), dtype=np.int64), chosen)
        for view, chosen in ((page.segments, OF_HTML), (segments, SMALL))
    ]
    assert len(page.segments) == len(share)
    return Lesson(page.page, page.segments, segments, *samples, np.array(share), np.array(words), body_words)


def test_a_segment_is_body_or_none_where_the_known_text_leaves_no_doubt() -> None:
    html, _ = teaching.tell(lesson([1.0, 0.5, 0.1, 1.0, 0.1], [90, 10, 10, 3, 3], 100), always("body"))
    assert html.roles[[0, 1]].tolist() == [BODY, BODY]
    assert BODY not in html.roles[[2, 4]]
    assert html.known.tolist() == [True, False, True, True, True]  # half in the text is in doubt; short ones go by the teacher
    html, _ = teaching.tell(lesson([1.0, 0.3, 1.0], [90, 10, 3], 100), always("body"))
    assert html.known.tolist() == [True, False, True]


def test_few_words_that_stand_in_the_text_by_accident_are_what_the_teacher_says() -> None:
    given = lesson([1.0, 1.0, 1.0], [90, 3, 4], 97)
    chances = np.full((3, len(ROLES)), 0.01)
    chances[:, BODY], chances[1:, TEASER] = 0.5, 0.9

    class Sure:
        def judge(self, measures: object) -> SimpleNamespace:
            return SimpleNamespace(probabilities=chances)

    html, _ = teaching.tell(given, Sure())  # type: ignore[arg-type]
    assert html.roles.tolist() == [BODY, TEASER, BODY]


@pytest.mark.parametrize(("foreign", "known"), [(20, True), (60, False)])
def test_a_page_is_left_out_from_a_sixth_of_disagreement_on(foreign: int, known: bool) -> None:
    html, text = teaching.tell(lesson([1.0, 0.0], [100, foreign], 100), always("body"))
    assert html.known.all() == text.known.all() == known
    assert html.known.any() == known


def test_what_only_the_text_dump_holds_is_not_told() -> None:
    _, text = teaching.tell(lesson([1.0, 1.0], [50, 50], 100, more="\n\nA stray line about kites"), always("body"))
    assert text.known.tolist() == [True, True, False]


def test_a_page_without_html_or_without_text_teaches_nothing(tmp_path: Path) -> None:
    write_body(tmp_path / "bodies", "anvil", page_lines("anvil", 1), html=False)
    write_body(tmp_path / "bodies", "bellows", [("", " ")])
    assert list(teaching.lessons(corpus.read_bodies(tmp_path / "bodies"), OF_HTML, SMALL)) == [None, None]


def test_each_fold_is_taught_by_its_own_teacher_and_sites_without_a_fold_get_one(given: list[Lesson], teacher: Model) -> None:
    html, text = teaching.teach(given, [teacher, always("boilerplate"), teacher], always("meta"), {"anvil.example": 2})
    for taught in (html, text):
        assert [sum(told.known.any() for told in one) for one in taught.without] == [len(NEW), 0, len(NEW)]
        assert taught.learned == 0
        assert taught.fold_of["anvil.example"] == 2
        assert {taught.fold_of[f"{site}.example"] for site in NEW} == {0, 1, 2}


# ---------------------------------------------------------------------------------------- learning from what was told


@pytest.fixture(scope="module")
def taught(given: list[Lesson], teacher: Model, samples: list[Sample], folds: np.ndarray) -> Taught:
    fold_of: Mapping[str, int] = {s.site: int(fold) for s, fold in zip(samples, folds, strict=True)}
    return teaching.teach(given, [teacher] * 3, teacher, fold_of)[1]


def whole(samples: list[Sample], folds: np.ndarray, taught: Taught | None, path: Path) -> tuple[list[bytes], bytes]:
    """The files of the folds' models and of the last one."""
    crossed = cross_fit(samples, folds, QUICK, seed=0, taught=taught)
    last, _ = fit(samples, crossed, QUICK, seed=0, taught=taught)
    return [file_of(model, path / "fold.npz") for model in crossed.models], file_of(last, path / "last.npz")


def test_what_one_teacher_says_reaches_only_the_model_it_is_for(
    samples: list[Sample], folds: np.ndarray, taught: Taught, tmp_path: Path
) -> None:
    models, last = whole(samples, folds, taught, tmp_path)
    other = [replace(told, roles=np.roll(told.roles, 1)) for told in taught.without[1]]
    changed, last_then = whole(samples, folds, replace(taught, without=[taught.without[0], other, taught.without[2]]), tmp_path)
    assert [a == b for a, b in zip(models, changed, strict=True)] == [True, False, True]
    assert last_then != last  # its second pass learns from the folds' first passes
    assert whole(samples, folds, None, tmp_path)[1] != last


def test_segments_whose_role_is_not_known_are_not_learned_from(
    samples: list[Sample], folds: np.ndarray, taught: Taught, tmp_path: Path
) -> None:
    def with_roles(role: str) -> Taught:
        def hidden(told: Told) -> Told:
            every = np.arange(len(told.roles)) % 2 == 0
            return Told(np.where(every, ROLES.index(role), told.roles), ~every)

        return replace(taught, without=[[hidden(s) for s in one] for one in taught.without], last=[hidden(s) for s in taught.last])

    assert whole(samples, folds, with_roles("comment"), tmp_path) == whole(samples, folds, with_roles("headline"), tmp_path)


def test_training_takes_pages_of_known_body_along(tiny_corpus: Path, bodies: Path, tmp_path: Path) -> None:
    facts = train(composed("train", *folder(tiny_corpus), f"data.bodies={bodies}", f"out={tmp_path / 'm'}", *SMALL_TRAINING))
    assert facts["bodies"] == len(NEW)
    assert facts["pages"] == 16
