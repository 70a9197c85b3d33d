from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import page_lines, write_page
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from pagesieve import corpus, evaluation
from pagesieve.evaluation import BASELINES, Interval, Judged, breakdown, calibration, comparison, confusion, precision_recall, summary
from pagesieve.features import measure
from pagesieve.roles import LABEL_OF_ROLE, LABELS, ROLES, label_matrix
from pagesieve.storage import load_model

BODY, BOILERPLATE, TEASER = (LABELS.index(name) for name in ("body", "boilerplate", "teaser"))
LABEL_OF = label_matrix(LABEL_OF_ROLE).argmax(1)
NAN = float("nan")


def judged_page(
    true: Sequence[str], said: Sequence[str], words: Sequence[float] = (), site: str = "a.example", language: str = "en", **changed: Any
) -> Judged:
    """A page with these true and predicted roles, the answers given for sure."""
    truth, answer = (np.array([ROLES.index(role) for role in roles], dtype=np.int64) for roles in (true, said))
    counts = np.array(words or [1.0] * len(true))
    labels = LABEL_OF[answer]
    shares, caution = np.eye(len(LABELS))[labels], np.ones(len(labels))
    page = Judged(f"{site}/page.txt", site, language, counts, truth, answer, LABEL_OF[truth], labels, shares, caution / 2, caution)
    return replace(page, **changed)


def random_pages(seed: int, pages: int = 12, sites: int = 4, segments: int = 30, roles: Sequence[int] = range(len(ROLES))) -> list[Judged]:
    """Pages judged rightly four times of five, else at random, with random probabilities that fit the answers."""
    random = np.random.RandomState(seed)
    out = []
    for number in range(pages):
        true = random.choice(roles, segments)
        said = np.where(random.rand(segments) < 0.8, true, random.choice(roles, segments))
        shares = random.dirichlet(np.ones(len(LABELS)), segments)
        place = np.arange(segments)
        most = shares.argmax(1)
        shares[place, most], shares[place, LABEL_OF[said]] = shares[place, LABEL_OF[said]], shares[place, most].copy()
        page = judged_page([ROLES[r] for r in true], [ROLES[r] for r in said], random.randint(1, 50, segments).tolist())
        out.append(replace(page, name=f"{number}.txt", site=f"{number % sites}.example", shares=shares))
    return out


def joined(pages: Sequence[Judged], field: str) -> Any:
    return np.concatenate([getattr(page, field) for page in pages])


# ---------------------------------------------------------------------------------------- scores against scikit-learn

seeds = st.integers(0, 10_000)
role_sets = st.sampled_from([range(8), [1, 4], [0, 1, 4, 6], [6], [1, 2, 3, 7]])


@given(seeds, role_sets, st.sampled_from(["segments", "words"]))
def test_scores_equal_those_of_scikit_learn(seed: int, roles: Sequence[int], by: str) -> None:
    pages = random_pages(seed, pages=3, sites=2, segments=15, roles=roles)
    found = summary(pages)[f"by_{by}"]
    weights = joined(pages, "words") if by == "words" else None
    truth, said = joined(pages, "true_labels"), joined(pages, "labels")
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        truth, said, labels=range(len(LABELS)), sample_weight=weights, zero_division=NAN
    )
    for name, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        np.testing.assert_allclose([found[name][label].value for label in LABELS], values, atol=1e-9, err_msg=name)
    assert found["macro"].value == pytest.approx(np.nanmean(f1))
    role_f1 = metrics.f1_score(
        joined(pages, "true_roles"), joined(pages, "roles"), labels=range(8), average=None, sample_weight=weights, zero_division=NAN
    )
    np.testing.assert_allclose([found["roles"][role].value for role in ROLES], role_f1, atol=1e-9)


@given(seeds, st.sampled_from(["segments", "words"]))
def test_the_confusion_matrix_equals_that_of_scikit_learn(seed: int, by: str) -> None:
    pages = random_pages(seed, pages=3, segments=10)
    weights = joined(pages, "words") if by == "words" else None
    for of, true, said, size in (("labels", "true_labels", "labels", 3), ("roles", "true_roles", "roles", 8)):
        expected = metrics.confusion_matrix(joined(pages, true), joined(pages, said), labels=range(size), sample_weight=weights)
        np.testing.assert_allclose(confusion(pages, by, of), expected)


def test_a_summary_counts_pages_sites_segments_and_words() -> None:
    pages = [judged_page(["body", "teaser"], ["body", "body"], [10, 3]), judged_page(["body"], ["body"], [7])]
    found = summary([*pages, judged_page(["meta"], ["body"], [2], site="b.example")])
    assert (found["pages"], found["sites"], found["segments"], found["words"]) == (3, 2, 4, 22)


def test_a_label_that_is_nowhere_has_no_score_and_does_not_lower_the_mean() -> None:
    found = summary([judged_page(["body", "meta"], ["body", "meta"])])["by_segments"]
    assert math.isnan(found["f1"]["teaser"].value)
    assert str(found["f1"]["teaser"]) == "–"
    assert found["macro"].value == 1


def test_a_label_that_is_only_said_or_only_there_scores_nought() -> None:
    assert summary([judged_page(["body", "meta"], ["body", "teaser"])])["by_segments"]["f1"]["teaser"].value == 0
    assert summary([judged_page(["body", "teaser"], ["body", "meta"])])["by_segments"]["f1"]["teaser"].value == 0


def test_no_pages_are_no_score() -> None:
    with pytest.raises(ValueError, match="no pages to score"):
        summary([])


# ------------------------------------------------------------------------------------------------------- intervals


def intervals(found: dict[str, Any]) -> list[Interval]:
    scores = [found[f"by_{by}"] for by in ("segments", "words")]
    named = [interval for score in scores for name in ("f1", "precision", "recall", "roles") for interval in score[name].values()]
    return [*named, *(score["macro"] for score in scores), found["comment_as_body"], found["leaking_pages"]]


@pytest.mark.parametrize("seed", range(3))
def test_intervals_contain_their_value(seed: int) -> None:
    for interval in intervals(summary(random_pages(seed, pages=30, sites=10))):
        assert interval.low <= interval.value <= interval.high


def test_more_sites_give_narrower_intervals_and_more_pages_of_the_same_sites_do_not() -> None:
    def width(pages: int, sites: int) -> float:
        macro: Interval = summary(random_pages(1, pages, sites))["by_segments"]["macro"]
        return macro.high - macro.low

    few, many = width(100, 5), width(100, 100)
    assert 0 < width(200, 100) < few
    copies = [replace(page, name=f"{n}") for n, page in enumerate(random_pages(1, 5, 5) * 20)]
    copied: Interval = summary(copies)["by_segments"]["macro"]
    assert copied.high - copied.low > many


def test_one_site_has_no_width() -> None:
    macro = summary(random_pages(0, pages=5, sites=1))["by_segments"]["macro"]
    assert macro.low == macro.value == macro.high


def test_a_label_of_one_site_only_is_measured_where_a_resample_has_it() -> None:
    pages = [judged_page(["body"], ["body"], site=f"{n}.example") for n in range(5)]
    found = summary([*pages, judged_page(["teaser", "teaser"], ["teaser", "meta"], site="t.example")])["by_segments"]["recall"]["teaser"]
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


def test_intervals_depend_on_the_seed_and_on_nothing_else() -> None:
    pages = random_pages(0)
    assert intervals(summary(pages, seed=1)) == intervals(summary(pages[::-1], seed=1))
    assert intervals(summary(pages, seed=1)) != intervals(summary(pages, seed=2))


# ------------------------------------------------------------------------------------------------- rates users ask


def test_comment_as_body_is_the_share_of_comment_words_labelled_body() -> None:
    pages = [
        judged_page(["comment", "comment", "body"], ["body", "comment", "body"], [30, 50, 9]),
        judged_page(["comment"], ["meta"], [20]),
    ]
    assert summary(pages)["comment_as_body"].value == pytest.approx(0.3)
    assert math.isnan(summary([judged_page(["body"], ["body"])])["comment_as_body"].value)


def test_a_page_leaks_if_one_of_its_teasers_is_labelled_body() -> None:
    leaks = judged_page(["teaser", "teaser", "body"], ["teaser", "headline", "body"])
    tight = judged_page(["teaser", "body"], ["meta", "teaser"])
    without = judged_page(["meta"], ["body"])
    assert summary([leaks, tight, without])["leaking_pages"].value == 0.5
    assert math.isnan(summary([without])["leaking_pages"].value)


def test_a_page_without_an_article_should_get_no_body() -> None:
    right, wrong = judged_page(["meta", "teaser"], ["meta", "meta"]), judged_page(["meta", "teaser", "meta"], ["meta", "headline", "body"])
    article = judged_page(["body", "meta"], ["body", "body"])
    found = summary([right, wrong, right, article])
    assert found["needless_bodies"].value == pytest.approx(1 / 3)
    assert found["needless_words"].value == pytest.approx(2 / 7)
    assert math.isnan(summary([article])["needless_bodies"].value)
    assert math.isnan(summary([article])["needless_words"].value)


# ----------------------------------------------------------------------------------------------------- probabilities


def said_for_sure(chance: float, true_share: float, segments: int = 1000) -> list[Judged]:
    """A page whose segments are said to be body with this chance, of which this share is."""
    right = round(segments * true_share)
    page = judged_page(["body"] * right + ["meta"] * (segments - right), ["body"] * segments)
    shares = np.zeros((segments, len(LABELS)))
    shares[:, BODY], shares[:, BOILERPLATE] = chance, 1 - chance
    return [replace(page, shares=shares)]


@pytest.mark.parametrize(("chance", "share", "error"), [(0.7, 0.7, 0), (1, 1, 0), (0, 0, 0), (0.95, 0.6, 0.35), (0.2, 0.5, 0.3)])
def test_the_calibration_error_is_how_far_what_is_said_is_from_what_is_true(chance: float, share: float, error: float) -> None:
    found = calibration(said_for_sure(chance, share), BODY)
    assert found["error"] == pytest.approx(error, abs=1e-9)
    assert found["bins"] == [{"said": pytest.approx(chance), "true": pytest.approx(share), "count": 1000}]


def test_segments_drawn_with_the_probabilities_said_are_calibrated_and_sharpened_ones_are_not() -> None:
    random = np.random.RandomState(0)
    shares = random.dirichlet(np.ones(len(LABELS)), 20_000)
    drawn = (shares.cumsum(1) > random.rand(20_000, 1)).argmax(1)
    role = [ROLES.index(name) for name in ("body", "boilerplate", "teaser")]
    page = judged_page([ROLES[role[label]] for label in drawn], ["body"] * 20_000, shares=shares)
    sharp = replace(page, shares=shares**4 / (shares**4).sum(1, keepdims=True))
    for label in range(len(LABELS)):
        assert calibration([page], label)["error"] < 0.02
        assert calibration([sharp], label)["error"] > 0.1
        assert sum(b["count"] for b in calibration([sharp], label)["bins"]) == 20_000


@given(seeds)
def test_precision_and_recall_at_every_threshold_equal_those_of_scikit_learn(seed: int) -> None:
    pages = random_pages(seed, pages=3, segments=20)
    for page in pages:
        page.shares[:] = page.shares.round(1)  # ties
    for label in range(len(LABELS)):
        found = precision_recall(pages, label)
        if not (joined(pages, "true_labels") == label).any():
            continue  # told by the test below
        precision, recall, threshold = metrics.precision_recall_curve(
            joined(pages, "true_labels") == label, joined(pages, "shares")[:, label]
        )
        assert found["threshold"] == pytest.approx(threshold[::-1])
        assert found["precision"] == pytest.approx(precision[-2::-1])
        assert found["recall"] == pytest.approx(recall[-2::-1])


def test_a_long_precision_recall_curve_is_thinned_and_keeps_its_ends() -> None:
    pages = random_pages(0, pages=20, segments=100)
    found = precision_recall(pages, BODY)
    assert len(found["threshold"]) == len(found["precision"]) == len(found["recall"]) == 200
    assert found["recall"][-1] == 1
    assert found["threshold"][0] == joined(pages, "shares")[:, BODY].max()
    assert found["threshold"] == sorted(found["threshold"], reverse=True)


def test_a_label_on_no_page_has_no_curve() -> None:
    assert precision_recall([judged_page(["body"], ["teaser"])], TEASER) == {"threshold": [], "precision": [], "recall": []}


# -------------------------------------------------------------------------------------------------------- breakdown


def test_the_breakdown_has_a_row_for_each_site_language_renderer_and_length() -> None:
    pages = [
        judged_page(["body", "teaser"], ["body", "meta"], [400, 99.5], site="b.example"),
        judged_page(["body"], ["body"], [500], site="a.example", language="it"),
        judged_page(["body"], ["body"], [1499], site="a.example", language="it"),
        judged_page(["body", "meta"], ["body", "body"], [1400, 100], site="a.example"),
        judged_page(["body"], ["body"], [9000], site="c.example"),
    ]
    found = breakdown(pages)
    assert {kind: {name: row["pages"] for name, row in rows.items()} for kind, rows in found.items()} == {
        "site": {"a.example": 3, "b.example": 1, "c.example": 1},
        "language": {"en": 3, "it": 2},
        "renderer": {"unknown": 5},
        "length": {"0 to 499 words": 1, "500 to 1499 words": 2, "1500 to 3999 words": 1, "4000 words or more": 1},
    }
    assert list(found["site"]) == ["a.example", "b.example", "c.example"]
    wrong = found["site"]["b.example"]
    assert wrong["wrong_words"] == pytest.approx(99.5 / 499.5)
    assert wrong["f1"]["body"] == 1
    assert wrong["f1"]["teaser"] == 0
    assert wrong["macro"] == pytest.approx(1 / 3)
    assert all(not row["intervals"] for row in found["site"].values())
    english = found["language"]["en"]
    assert list(english["intervals"]) == ["macro", *LABELS]
    for name, value in english["f1"].items():
        assert english["intervals"][name].value == value
        assert english["intervals"][name].low <= value <= english["intervals"][name].high


def test_wrong_words_are_those_with_the_wrong_label_not_the_wrong_role() -> None:
    page = judged_page(["body", "headline", "teaser", "meta"], ["body", "body", "body", "comment"], [10, 5, 3, 2])
    assert evaluation.wrong_words(page) == 3


# -------------------------------------------------------------------------------------------------------- baselines


def documents(root: Path, *lines: tuple[str, str]) -> list[corpus.Document]:
    write_page(root, "a.example", "story", lines)
    return corpus.read(root)


def line(words: int) -> tuple[str, str]:
    return ("body", " ".join(["tar"] * words) + ".")


@pytest.mark.parametrize(
    ("previous", "current", "following", "content"),
    [(1, 16, 1, False), (1, 17, 1, True), (1, 1, 15, False), (1, 1, 16, True), (4, 1, 1, False), (5, 1, 1, True), (4, 16, 15, False)],
)
def test_the_number_of_words_rule_takes_for_content_what_its_authors_do(
    previous: int, current: int, following: int, content: bool, tmp_path: Path
) -> None:
    (page,) = evaluation.baseline(
        "number of words (Kohlschütter 2010)", documents(tmp_path, line(previous), line(current), line(following)), LABEL_OF_ROLE
    )
    assert page.words.tolist() == [previous, current, following]
    assert page.labels[1] == (BODY if content else BOILERPLATE)


def test_the_majority_baseline_says_boilerplate_of_everything(tmp_path: Path) -> None:
    (page,) = evaluation.baseline("majority", documents(tmp_path, *page_lines("a", 1)), LABEL_OF_ROLE)
    assert set(page.labels.tolist()) == {BOILERPLATE}
    assert {LABELS[label] for label in page.true_labels} == set(LABELS)


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_is_sure_of_itself_and_passes_over_empty_pages(name: str, tmp_path: Path) -> None:
    write_page(tmp_path, "a.example", "empty", [("", "")])
    (page,) = evaluation.baseline(name, documents(tmp_path, *page_lines("a", 1)), LABEL_OF_ROLE)
    assert page.name == "a.example/story.txt"
    np.testing.assert_array_equal(page.shares, np.eye(len(LABELS))[page.labels])
    assert 0 <= summary([page])["by_segments"]["macro"].value <= 1


def test_a_baselines_labels_follow_the_label_map(tmp_path: Path) -> None:
    (page,) = evaluation.baseline("majority", documents(tmp_path, line(3)), {**LABEL_OF_ROLE, "boilerplate": "teaser"})
    assert page.labels.tolist() == [TEASER]


# ----------------------------------------------------------------------------------------------------------- models


def test_documents_are_judged_as_the_model_judges_their_segments(tiny_model: Path, tiny_corpus: Path) -> None:
    model = load_model(tiny_model)
    them = corpus.read(tiny_corpus)
    judged = evaluation.judge_documents(model, them)
    assert [page.name for page in judged] == [document.page.name for document in them]
    for page, document in zip(judged, them, strict=True):
        said = model.predict(document.segments)
        np.testing.assert_array_equal(page.labels, said.labels)
        np.testing.assert_array_equal(page.roles, said.roles)
        np.testing.assert_array_equal(page.shares, said.shares)
        np.testing.assert_array_equal(page.words, measure(document.segments).words)
        assert [ROLES[r] for r in page.true_roles] == [ROLES[r] for r in document.roles]
        np.testing.assert_array_equal(page.true_labels, LABEL_OF[page.true_roles])


def test_pages_without_a_segment_are_not_judged(tiny_model: Path, tmp_path: Path) -> None:
    write_page(tmp_path, "a.example", "empty", [("", " "), ("", "")])
    assert evaluation.judge_documents(load_model(tiny_model), corpus.read(tmp_path)) == []


# ------------------------------------------------------------------------------------------------------ comparison


def relabelled(page: Judged, said: str) -> Judged:
    """The page with every answer `said`."""
    roles = np.full(len(page.roles), ROLES.index(said), dtype=np.int64)
    return replace(page, roles=roles, labels=LABEL_OF[roles])


@given(seeds)
def test_a_model_beside_itself_has_gained_nothing(seed: int) -> None:
    pages = random_pages(seed)
    found = comparison(pages, pages)
    assert found["worse"] == []
    assert found["pages"] == {}
    assert found["by_words"]["macro"] == Interval(0, 0, 0)


@given(seeds)
def test_the_gain_is_the_difference_of_the_scores(seed: int) -> None:
    before, after = (
        random_pages(seed),
        [replace(p, roles=q.roles, labels=q.labels) for p, q in zip(random_pages(seed), random_pages(seed + 1), strict=True)],
    )
    found, there = comparison(before, after), comparison(after, before)
    old, new = summary(before), summary(after)
    for by in ("by_segments", "by_words"):
        assert found[by]["macro"].value == pytest.approx(new[by]["macro"].value - old[by]["macro"].value)
        for label in LABELS:
            gain, back = found[by]["f1"][label], there[by]["f1"][label]
            assert gain.value == pytest.approx(new[by]["f1"][label].value - old[by]["f1"][label].value)
            assert (gain.value, gain.low, gain.high) == pytest.approx((-back.value, -back.high, -back.low))
    assert found["pages"] == {name: -gain for name, gain in there["pages"].items()}


def test_a_label_lost_on_every_site_is_worse_and_one_lost_on_a_single_site_of_many_is_not() -> None:
    before = [judged_page(["body", "teaser", "meta"], ["body", "teaser", "meta"], site=f"{n}.example") for n in range(9)]
    every = comparison(before, [relabelled(page, "body") for page in before])
    assert ("teaser", "segments") in every["worse"]
    assert ("teaser", "words") in every["worse"]
    one = comparison(before, [relabelled(before[0], "body"), *before[1:]])
    assert one["worse"] == []
    assert one["pages"] == {before[0].name: -2}
    assert one["by_segments"]["f1"]["teaser"].value < 0


def test_pages_are_listed_from_the_most_gained_to_the_most_lost() -> None:
    right, wrong = ["body", "meta"], ["meta", "body"]
    good, bad = (judged_page(right, said, [5, 2]) for said in (right, wrong))
    names = {"a": (bad, good), "b": (good, bad), "c": (good, good), "d": (judged_page(right, ["body", "body"], [5, 2]), good)}
    before, after = ([replace(pair[i], name=name) for name, pair in names.items()] for i in (0, 1))
    assert list(comparison(before, after)["pages"].items()) == [("a", 7), ("d", 2), ("b", -7)]


def test_answers_to_different_questions_are_not_compared() -> None:
    pages = random_pages(1)
    with pytest.raises(ValueError, match="pages differ"):
        comparison(pages, pages[1:])
    with pytest.raises(ValueError, match="pages differ"):
        comparison(pages, [replace(pages[0], true_labels=1 - pages[0].true_labels.clip(0, 1)), *pages[1:]])
