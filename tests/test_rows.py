from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SMALL
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from pagesieve import corpus, rows, training
from pagesieve.rows import Rows, Sample, drawn

sizes = st.lists(st.integers(1, 6), min_size=1, max_size=8)


@given(sizes, st.integers(0, 50), st.integers(0, 3))
def test_all_segments_are_drawn_or_as_many_as_wanted(sizes: list[int], most: int, seed: int) -> None:
    found = drawn(sizes, most, seed)
    assert [len(page) for page in found] == sizes
    assert sum(page.sum() for page in found) == min(most, sum(sizes))
    assert np.array_equal(np.concatenate(found), np.concatenate(drawn(sizes, most, seed)))


def test_every_segment_has_the_same_chance_to_be_drawn() -> None:
    times = sum(np.concatenate(drawn([3, 7], 4, seed)) for seed in range(1000))
    np.testing.assert_allclose(times, [400] * 10, atol=70)


@pytest.fixture(scope="module")
def samples(tiny_corpus: Path) -> list[Sample]:
    return [*training.prepare(corpus.read(tiny_corpus), SMALL)]


def expected(samples: list[Sample], least: int) -> tuple[list[str], Any]:
    """The terms that are there so often, and the counts of each segment's, by scikit-learn."""
    texts = [terms for s in sorted(samples, key=lambda s: s.name) for terms in s.measures.terms]
    total = Counter(term for terms in texts for term in terms)
    vocabulary = sorted(term for term, count in total.items() if count >= least)
    return vocabulary, CountVectorizer(analyzer=list, vocabulary=vocabulary).transform(texts).toarray()


def counts(found: Rows) -> Any:
    return np.concatenate([piece.toarray() for _, piece in found.pieces(np.arange(len(found.truth)))])


@pytest.mark.parametrize("least", [1, 4])
def test_rows_hold_the_terms_and_counts_that_scikit_learn_counts(least: int, samples: list[Sample], tmp_path: Path) -> None:
    some = samples[::-1]
    found = Rows.of(some, tmp_path, least, seed=0)
    vocabulary, matrix = expected(some, least)
    assert found.terms[0] == vocabulary
    np.testing.assert_array_equal(counts(found), matrix)
    by_name = sorted(range(len(some)), key=lambda number: some[number].name)
    np.testing.assert_array_equal(found.sample, np.repeat(by_name, [len(some[number].roles) for number in by_name]))
    np.testing.assert_array_equal(found.truth, np.concatenate([some[number].roles for number in by_name]))
    np.testing.assert_array_equal(found.columns, np.concatenate([some[number].columns for number in by_name]))


def test_samples_for_the_second_pass_have_no_rows(samples: list[Sample], tmp_path: Path) -> None:
    for name in ("some", "without"):
        (tmp_path / name).mkdir()
    some = [replace(sample, first=number % 3 > 0) for number, sample in enumerate(samples)]
    left = [number for number, sample in enumerate(some) if sample.first]
    found = Rows.of(some, tmp_path / "some", 2, seed=0)
    expected = Rows.of([samples[number] for number in left], tmp_path / "without", 2, seed=0)
    np.testing.assert_array_equal(found.sample, np.array(left)[expected.sample])
    assert found.terms[0] == expected.terms[0]
    np.testing.assert_array_equal(counts(found), counts(expected))
    np.testing.assert_array_equal(found.truth, expected.truth)


def test_however_little_is_counted_at_once_the_rows_are_the_same(
    samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    whole = Rows.of(samples, tmp_path / "one", 2, seed=0)
    matrix = counts(whole)
    monkeypatch.setattr(rows, "TOGETHER", 1)
    monkeypatch.setattr(rows, "PIECE", 7)
    little = Rows.of(samples, tmp_path / "other", 2, seed=0)
    assert little.terms[0] == whole.terms[0]
    np.testing.assert_array_equal(counts(little), matrix)


def test_of_too_many_segments_some_are_learned_from_with_the_terms_of_these_alone(
    samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MOST", 50)
    found = Rows.of(samples, tmp_path, 1, seed=0)
    assert len(found.truth) == 50
    assert len(np.unique(found.sample)) > len(samples) / 2
    matrix = counts(found)
    assert matrix.sum(0).min() == 1 or matrix.shape[1] == 0
    assert matrix.sum(1).min() > 0


def test_without_words_no_term_is_counted(samples: list[Sample], tmp_path: Path) -> None:
    found = Rows.of(samples, tmp_path, None, seed=0)
    assert found.terms[0] == []
    assert counts(found).shape == (sum(len(s.roles) for s in samples), 0)
