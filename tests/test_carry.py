"""`pagesieve.carry`: labels find their words in another rendering."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from conftest import grows_linearly, page_lines, write_page
from hypothesis import given
from hypothesis import strategies as st

from pagesieve import corpus
from pagesieve.carry import aligned, carry, counterparts
from pagesieve.corpus import Label
from pagesieve.page import split
from pagesieve.roles import ROLES


def document(tmp_path_factory: pytest.TempPathFactory) -> corpus.Document:
    root = tmp_path_factory.mktemp("carry")
    write_page(root, "eddystone.example", "one", page_lines("eddystone", 3))
    return corpus.read(root)[0]


def test_the_same_text_keeps_every_role(tmp_path_factory: pytest.TempPathFactory) -> None:
    one = document(tmp_path_factory)
    found = carry(one.labels, one.page.text, one.segments)
    np.testing.assert_array_equal(found.roles, one.roles)
    assert found.found == 1.0


def test_other_line_breaks_bullets_and_markup_change_no_role(tmp_path_factory: pytest.TempPathFactory) -> None:
    one = document(tmp_path_factory)
    other = "".join(f"* [{' '.join(s.text.split())}](https://eddystone.example/{i})\n\n" for i, s in enumerate(one.segments))
    segments = split(other)
    found = carry(one.labels, one.page.text, segments)
    assert len(segments) == len(one.segments)
    np.testing.assert_array_equal(found.roles, one.roles)


def test_what_the_labelled_text_lacks_takes_its_neighbours_role_or_boilerplate() -> None:
    text = "Rowers lose by a length\nStorm closes the quay\n"
    labels = [Label(0, 23, "teaser"), Label(24, 45, "teaser")]
    between = split("Rowers lose by a length\n***\nStorm closes the quay\nqqq\n")  # the last line as a list of addresses below a dump
    assert [ROLES[r] for r in carry(labels, text, between).roles] == ["teaser", "teaser", "teaser", "boilerplate"]
    mixed = [Label(0, 23, "body"), Label(24, 45, "teaser")]
    assert [ROLES[r] for r in carry(mixed, text, between).roles] == ["body", "boilerplate", "teaser", "boilerplate"]
    assert carry(mixed, text, between).known.tolist() == [1, 0, 1, 0]


def test_nothing_in_common_is_boilerplate() -> None:
    found = carry([Label(0, 5, "body")], "Tides", split("Mill\nLantern\n"))
    assert [ROLES[r] for r in found.roles] == ["boilerplate", "boilerplate"]
    assert found.found == 0
    assert carry([], "", ()).found == 1.0


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_alignment_pairs_equal_words_in_order(one: list[str], other: list[str]) -> None:
    pairs = aligned(one, other).tolist()
    assert all(one[a] == other[b] for a, b in pairs)
    assert all(a < c and b < d for (a, b), (c, d) in itertools.pairwise(pairs))


def test_words_written_together_are_found_in_either_text() -> None:
    apart, together = "the quay closes at noon today".split(), "the quaycloses at noontoday".split()
    assert aligned(apart, together).tolist() == [[0, 0], [1, 1], [2, 1], [3, 2], [4, 3], [5, 3]]
    assert aligned(together, apart).tolist() == [[0, 0], [1, 1], [1, 2], [2, 3], [3, 4], [3, 5]]
    assert aligned(["quayclose"], ["quay", "closes"]).tolist() == aligned(["quays"], ["quay"]).tolist() == []
    labels = [Label(0, 8, "headline"), Label(9, 20, "teaser")]
    found = carry(labels, "The quay closesNoon", split("The\nquay\n\ncloses\nNoon\n"))
    assert [ROLES[role] for role in found.roles] == ["headline", "headline", "teaser", "teaser"]
    assert (found.found, found.known.tolist()) == (1.0, [1, 1, 1, 1])
    assert carry(labels, "The quay closes Noon", split("Thequay\nclosesNoon\n")).known.tolist() == [1, 1]


@given(st.lists(st.sampled_from(["a", "ab", "b", "abb", "ba"]), max_size=9), st.lists(st.sampled_from(["a", "ab", "b", "bab"]), max_size=9))
def test_what_is_paired_holds_the_same_letters(one: list[str], other: list[str]) -> None:
    assert all(one[a] in other[b] or other[b] in one[a] for a, b in aligned(one, other).tolist())


@given(st.lists(st.sampled_from("abcdefghij"), max_size=40), st.lists(st.sampled_from("abcdefghijk"), max_size=40), st.integers(0, 400))
def test_long_texts_are_compared_between_words_that_both_have_once(one: list[str], other: list[str], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pagesieve.carry.MOST_COMPARED", most)
        pairs = aligned(one, other).tolist()
    assert all(one[a] == other[b] for a, b in pairs)
    assert all(a < c and b < d for (a, b), (c, d) in itertools.pairwise(pairs))


def test_texts_too_long_to_be_compared_at_once_are_aligned_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [f"word{i % 70 if i % 3 else i}" for i in range(600)]
    other = [word for i, word in enumerate(words) if i % 50]
    whole = aligned(words, other)
    monkeypatch.setattr("pagesieve.carry.MOST_COMPARED", 2_000)
    assert len(whole) == len(other)
    np.testing.assert_array_equal(aligned(words, other), whole)


def test_the_time_of_a_word_without_end_grows_with_its_length() -> None:
    assert grows_linearly(lambda n: ["a", "ab" * n, "b"], lambda words: aligned(words, ["a", "q", "b"]), 20_000)


def test_text_of_unspaced_scripts_is_aligned_by_character() -> None:
    text = "港の灯台が閉まる\n船は午後に戻る\n"
    labels = [Label(0, 8, "headline"), Label(9, 16, "body")]
    assert [ROLES[r] for r in carry(labels, text, split("港の灯台が\n閉まる\n\n船は午後に戻る\n")).roles] == [
        "headline",
        "headline",
        "body",
    ]


def test_counterparts_are_the_segments_that_hold_most_words_of_each() -> None:
    one = split("Ferry sinks\n\nNobody was hurt.\n\nShare\n\n• • •\n\nBy Ada Quill, Monday\n")
    other = split("Menu\n\nFerry\n\nsinks off the quay\n\nNobody was hurt. By Ada Quill,\n\nMonday\n")
    assert counterparts(one, other).tolist() == [1, 3, -1, -1, 3]
    assert counterparts(one, ()).tolist() == [-1] * 5
    assert counterparts((), other).tolist() == []
    assert counterparts(one, one).tolist() == [0, 1, 2, -1, 4]
