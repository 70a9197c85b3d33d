"""The numpy model against the scikit-learn estimators it is copied from."""

from __future__ import annotations

import itertools
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SITES, page_lines, write_page
from hypothesis import given
from hypothesis import strategies as st

import pagesieve
from pagesieve import corpus, training
from pagesieve.features import GROUPS, layout, measure
from pagesieve.html import read_html
from pagesieve.model import Model, Prediction, _reached, _stretches
from pagesieve.page import split
from pagesieve.roles import LABEL_OF_ROLE, LABELS, ROLES
from pagesieve.storage import load_model
from pagesieve.training import CrossFit, Sample, Settings

BODY, BOILERPLATE, TEASER = (ROLES.index(role) for role in ("body", "boilerplate", "teaser"))
NOT_CROSSED = CrossFit(np.zeros(0, dtype=np.int64), [], [], [])  # a first pass alone needs no out-of-fold answers


def settings(classifier: str = "logistic", **changed: Any) -> Settings:
    return Settings(**{"classifier": classifier, "sequence": False, "min_df": 1, "max_iter": 20, **changed})


def samples_with(roles: tuple[str, ...], root: Path, chosen: Settings) -> list[Sample]:
    """Five pages with only these roles."""
    for site in SITES[:5]:
        write_page(root, f"{site}.example", "story", [line for line in page_lines(site, 1) if not line[1].strip() or line[0] in roles])
    return training.prepare(corpus.read(root), chosen)


STRANGE = "\n".join(
    ["zzz qqq", "|||||||||||", "© " * 40, "42", "A " * 300, "Home Home Home", "• " + "tar " * 30, "Ω≈ç√", "新しい記事はこちら", "...", "a"]
)

CASES = {
    "all roles": (ROLES, {}),
    "no comments, no captions": (tuple(r for r in ROLES if r not in ("comment", "caption")), {}),
    "two roles": (("body", "boilerplate"), {}),
    "words alone": (ROLES, {"groups": ()}),
    "layout alone": (ROLES, {"words": False}),
    "one group of layout": (ROLES, {"groups": GROUPS[:1]}),
    "terms in many segments only": (ROLES, {"min_df": 5}),
}


@pytest.mark.parametrize("classifier", ["logistic", "sgd"])
@pytest.mark.parametrize(("roles", "changed"), CASES.values(), ids=CASES)
def test_the_first_pass_gives_the_probabilities_of_the_scikit_learn_pipeline(
    classifier: str, roles: tuple[str, ...], changed: dict[str, Any], tmp_path: Path
) -> None:
    chosen = settings(classifier, **changed)
    samples = samples_with(roles, tmp_path, chosen)
    model, pipeline = training.fit(samples, NOT_CROSSED, chosen, seed=0)
    measures = measure(split(STRANGE))
    truth = np.zeros(len(measures), dtype=np.int64)
    strange = Sample("strange.example", "strange", measures, layout(measures, chosen.groups), truth)
    present = [int(role) for role in pipeline.classes_]
    assert [ROLES[role] for role in present] == [role for role in ROLES if role in roles]
    for sample in [*samples, strange]:
        rows = [training.Row(terms, columns) for terms, columns in zip(sample.measures.terms, sample.columns, strict=True)]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = model.linear.probabilities(sample.measures, sample.columns)
        np.testing.assert_allclose(found[:, present], pipeline.predict_proba(rows), atol=3e-3)
        np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)


def test_however_low_the_scores_of_one_versus_rest_an_absent_role_has_no_chance(tmp_path: Path) -> None:
    chosen = settings("sgd", alpha=1e-9, max_iter=2)
    samples = samples_with(("body", "boilerplate", "teaser"), tmp_path, chosen)
    model, _ = training.fit(samples, NOT_CROSSED, chosen, seed=0)
    model.linear.intercept[[BODY, BOILERPLATE, TEASER]] -= 300
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = model.predict(split(STRANGE)).probabilities
    assert found[:, [BODY, BOILERPLATE, TEASER]].sum(1) == pytest.approx(1, abs=1e-6)


def test_the_majority_baseline_gives_every_segment_the_shares_of_the_roles_in_training(tmp_path: Path) -> None:
    chosen = settings("majority")
    samples = samples_with(("body", "boilerplate", "teaser"), tmp_path, chosen)
    model, _ = training.fit(samples, NOT_CROSSED, chosen, seed=0)
    roles = np.concatenate([s.roles for s in samples])
    found = model.predict(split(STRANGE)).probabilities
    expected = np.bincount(roles, minlength=len(ROLES)) / len(roles)
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), atol=1e-5)


# ------------------------------------------------------------------------------------------------------ prediction


def test_the_label_is_the_likeliest_sum_and_the_role_the_likeliest_of_that_label() -> None:
    chances = np.zeros((2, len(ROLES)), dtype=np.float32)
    chances[0, [ROLES.index(r) for r in ("caption", "meta", "teaser")]] = 0.25, 0.35, 0.4  # teaser leads, boilerplate's roles sum to more
    chances[1, [ROLES.index(r) for r in ("body", "meta", "boilerplate", "comment")]] = 0.26, 0.24, 0.22, 0.28
    said = Prediction.of(chances, np.ones(len(chances), dtype=np.float32), LABEL_OF_ROLE)
    assert [LABELS[i] for i in said.labels] == ["boilerplate", "boilerplate"]
    assert [ROLES[i] for i in said.roles] == ["meta", "comment"]
    np.testing.assert_allclose(said.shares, [[0, 0.6, 0.4], [0.26, 0.74, 0]], atol=1e-6)


def test_the_label_follows_the_models_own_map() -> None:
    chances = np.zeros((1, len(ROLES)), dtype=np.float32)
    chances[0, [ROLES.index("caption"), ROLES.index("body")]] = 0.8, 0.2
    assert LABELS[Prediction.of(chances, np.ones(len(chances), dtype=np.float32), LABEL_OF_ROLE).labels[0]] == "boilerplate"
    said = Prediction.of(chances, np.ones(len(chances), dtype=np.float32), {**LABEL_OF_ROLE, "caption": "body"})
    assert (LABELS[said.labels[0]], ROLES[said.roles[0]]) == ("body", "caption")


def test_no_segments_give_empty_arrays(tiny_model: Path) -> None:
    said = load_model(tiny_model).predict(())
    assert said.probabilities.shape == (0, len(ROLES))
    assert said.shares.shape == (0, len(LABELS))
    assert len(said.labels) == len(said.roles) == 0


@pytest.mark.parametrize("text", [STRANGE, "one line", "word " * 2000, "\n".join("x" for _ in range(500))])
def test_predictions_are_probabilities_whatever_the_page(text: str, tiny_model: Path) -> None:
    model: Model = load_model(tiny_model)
    segments = split(text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        said = model.predict(segments)
    assert said.probabilities.shape == (len(segments), len(ROLES))
    assert ((said.probabilities >= 0) & (said.probabilities <= 1)).all()
    np.testing.assert_allclose(said.shares.sum(1), 1, atol=1e-5)


@given(st.lists(st.integers(0, 40), max_size=8))
def test_stretches_hold_whole_pages_or_pieces_of_an_endless_one(sizes: list[int]) -> None:
    bounds = [0, *itertools.accumulate(sizes)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pagesieve.model.MOST_ROWS", 10)
        patch.setattr("pagesieve.model.FEW_ROWS", 5)
        found = list(_stretches(bounds))
    assert [begin for begin, _ in found[:1]] == [0] * bool(bounds[-1])
    assert all(end == begin for (_, end), (begin, _) in itertools.pairwise(found))
    assert all(0 < end - begin <= 10 for begin, end in found)
    assert all(end - begin <= 5 for begin, end in found if any(begin < cut < end for cut in bounds))
    for begin, end in itertools.pairwise(bounds):  # the networks read the same rows at once as they would of the page alone
        cuts = [cut for cut, _ in found if begin < cut < end]
        assert cuts == list(range(begin + 10, end, 10)) or (not cuts and end - begin <= 10)


@pytest.mark.parametrize("kind", ["text", "html"])
def test_an_endless_page_is_judged_in_pieces_with_almost_the_same_result(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pagesieve.load().model
    judge = whole if kind == "text" else whole.html
    assert judge is not None
    lines = [line for _, line in page_lines("eddystone", 3) if line.strip()] * 5
    page = split("\n\n".join(lines)) if kind == "text" else read_html("<html>" + "".join(f"<p>{line}</p>" for line in lines)).segments
    assert len(page) > 2 * 48
    expected = judge.predict(page)
    monkeypatch.setattr("pagesieve.model.MOST_ROWS", 48)
    monkeypatch.setattr("pagesieve.features.PIECE", 300)
    unlike = {}
    for reach in (0, 40, 500):
        monkeypatch.setattr("pagesieve.model.REACH", reach)
        found = judge.predict(page)
        unlike[reach] = float(np.abs(found.probabilities - expected.probabilities).mean())
    assert unlike[500] < 1e-6  # the whole page is read, but for sums in another order
    assert unlike[500] < unlike[40] < unlike[0]
    assert unlike[40] < 0.01


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6).filter(any), st.data())
def test_a_piece_is_read_with_what_stands_around_it_on_its_page(sizes: list[int], data: st.DataObject) -> None:
    bounds = np.cumsum([0, *sizes])
    begin = data.draw(st.integers(0, int(bounds[-1]) - 1))
    end = data.draw(st.integers(begin + 1, int(bounds[-1])))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pagesieve.model.REACH", 7)
        low, high, inside = _reached(bounds, begin, end)
    first, last = max(cut for cut in bounds if cut <= begin), min(cut for cut in bounds if cut >= end)
    assert (low, high) == (max(begin - 7, first), min(end + 7, last))
    assert {int(low + cut) for cut in inside} == {low, high, *(int(cut) for cut in bounds if low < cut < high)}


def test_segments_of_a_text_dump_that_look_the_same_draw_each_other_along() -> None:
    model = pagesieve.load().model
    stories = "".join(
        f"\n  • Ferry {n} sails again\n\n    The ferry sails again from the harbour to islands {'after a long winter' if n % 2 else 'now'}.\n"
        for n in range(6)
    )
    measures = measure(split(f"{'The ferry sails again. ' * 9}\n{stories}"))
    apart, together = (replace(model, shape_share=share).passes(measures)[1] for share in (0.0, 0.5))
    summaries = slice(2, None, 2)
    np.testing.assert_allclose(together[0], apart[0], atol=1e-5)  # nothing looks like the paragraph
    np.testing.assert_allclose(together[1::2], apart[1::2], atol=1e-5)  # titles are short
    assert np.ptp(together[summaries], axis=0).max() < np.ptp(apart[summaries], axis=0).max()
    np.testing.assert_allclose(together.sum(1), 1, rtol=1e-5)


def test_lines_of_an_html_page_that_look_the_same_draw_each_other_along() -> None:
    model = pagesieve.load().model.html
    assert model is not None
    rows = "".join(f"<li><a href='/{n}'>{'Ferry sails again after a winter' if n % 2 else 'Sport'}</a></li>" for n in range(8))
    measures = measure(read_html(f"<html><body><p>{'The ferry sails again. ' * 9}</p><ul>{rows}</ul></body></html>").segments)
    apart, together = (replace(model, shape_share=share).passes(measures)[1] for share in (0.0, 0.5))
    np.testing.assert_allclose(together[0], apart[0], atol=1e-5)  # nothing looks like the paragraph
    assert np.ptp(together[1:], axis=0).max() < 0.9 * np.ptp(apart[1:], axis=0).max()
    np.testing.assert_allclose(together.sum(1), 1, rtol=1e-5)
