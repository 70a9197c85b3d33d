from __future__ import annotations

import numpy as np
import pytest
from conftest import TEXTS, grows_linearly, page_lines, page_text
from hypothesis import example, given
from hypothesis import strategies as st

from pagesieve import features
from pagesieve.features import (
    GROUPS,
    Floats,
    LayoutRows,
    column_names,
    layout,
    measure,
    measure_pages,
    shapes,
)
from pagesieve.html import read_html
from pagesieve.page import MAX_INDENT, split
from pagesieve.words import HEAD, TAIL, WHOLE, terms, tokens

PAGE = page_text(page_lines("saltmarsh", 1))
LAYOUT = [feature for feature in features.LAYOUT if feature.group in GROUPS]


def columns(text: str) -> dict[str, list[float]]:
    """The layout of a page's segments by column name."""
    return dict(zip(column_names(), layout(measure(split(text))).T.tolist(), strict=True))


# ------------------------------------------------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\xa0", []),
        ("Row, row!", ["row", ",", "row", "!"]),
        ("It’s o'clock 'now'", ["it’s", "o'clock", "'", "now", "'"]),
        ("12,500 boats at 06:12 on 4/5/26", ["00,000", "boats", "at", "00:00", "on", "0/0/00"]),
        ("ÉTÉ ٣", ["été", "0"]),
        ("[Orchard](/sold?x=(1) now", ["[", "orchard", "now"]),
        ('[Orchard](/sold "Sold to a (cider) maker") now', ["[", "orchard", "now"]),
        ('![Quay](data:image/svg+xml,%3Csvg a="b c") now', ["!", "[", "quay", "now"]),
        ("[12]Orchard [13] x", ["orchard", "[", "00", "]", "x"]),
        ("渡船停", ["渡船", "船停"]),
        ("渡", ["渡"]),
        ("snake_case", ["snake", "case"]),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@given(TEXTS)
def test_tokens_hold_no_white_space_and_no_capitals(text: str) -> None:
    for token in tokens(text):
        assert token
        assert not any(ch.isspace() for ch in token)
        assert token == token.lower()


@pytest.mark.parametrize(("count", "whole"), [(1, True), (WHOLE, True), (WHOLE + 1, False)])
def test_only_short_segments_are_a_term_as_a_whole(count: int, whole: bool) -> None:
    assert (terms(["row"] * count)[-1] == "=" + " ".join(["row"] * count)) is whole


@pytest.mark.parametrize("count", [HEAD + TAIL, HEAD + TAIL + 1])
def test_terms_come_from_both_ends_of_a_segment(count: int) -> None:
    words = [f"w{i}" for i in range(count)]
    found = terms(words)
    assert {"w0", "w0 w1", "^w0", f"w{count - 1}$", f"w{count - 1}", f"w{HEAD - 1}", f"w{count - TAIL}"} <= set(found)
    assert (f"w{HEAD - 1} w{HEAD}" in found) is (count == HEAD + TAIL)
    assert (f"w{HEAD}" in found) is (count == HEAD + TAIL)


def test_the_number_of_terms_of_a_segment_is_bounded() -> None:
    assert len(terms(["row"] * 100_000)) == len(terms(["row"] * 100)) < 3 * (HEAD + TAIL)


# ----------------------------------------------------------------------------------------------------------- layout


@given(TEXTS)
@example("")
@example("•")
@example("1. \u200b\n")
def test_layout_has_a_row_a_segment_and_a_column_a_feature(text: str) -> None:
    segments = split(text)
    measures = measure(segments)
    matrix = layout(measures)
    assert len(measures) == len(segments)
    assert matrix.shape == (len(segments), len(LAYOUT))
    assert matrix.dtype == np.float32
    assert np.isfinite(matrix).all()
    assert (matrix >= 0).all()


@given(TEXTS)
@example("[1]\nΟΔΟΣ\n[2]x](\ny)\nİ\n")
def test_a_segments_terms_do_not_depend_on_its_neighbours(text: str) -> None:
    segments = split(text)
    assert measure(segments).terms == [terms(tokens(segment.content)) for segment in segments]


def test_an_empty_page_has_empty_features() -> None:
    matrix = layout(measure(()))
    assert matrix.shape == (0, len(LAYOUT))
    assert measure(()).terms == []


def test_column_names_are_unique_and_in_the_tables_order() -> None:
    assert column_names() == tuple(feature.name for feature in LAYOUT)
    assert len(set(column_names())) == len(LAYOUT)


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_switched_off_takes_its_columns_away(group: str) -> None:
    measures = measure(split(PAGE))
    rest = tuple(g for g in GROUPS if g != group)
    kept = [i for i, feature in enumerate(LAYOUT) if feature.group != group]
    assert 0 < len(kept) < len(LAYOUT)
    assert np.array_equal(layout(measures, rest), layout(measures)[:, kept])
    assert len(column_names(rest)) == len(kept)


def test_the_same_page_gives_the_same_features() -> None:
    assert layout(measure(split(PAGE))).tobytes() == layout(measure(split(PAGE))).tobytes()
    assert measure(split(PAGE)).terms == measure(split(PAGE)).terms


@given(st.sampled_from([PAGE, "Tide tables", "• One\n  two\n"]), st.text(" \n\r\t\f\xa0\u2028", max_size=30))
def test_trailing_blank_lines_change_nothing(page: str, blank: str) -> None:
    assert np.array_equal(layout(measure(split(page))), layout(measure(split(page + "\n" + blank))))


def test_line_ends_change_nothing() -> None:
    assert np.array_equal(layout(measure(split(PAGE))), layout(measure(split(PAGE.replace("\n", "\r\n")))))


CARDS = "<main><p>Row on, said <a href=/mill>the mill</a>.</p></main><ul><li class=card><h3><a href=/a>Ferry sails</a></h3><li class=card><h3><a href=/b>Quay shut</a></h3></ul>"


def test_an_html_page_has_columns_of_its_own() -> None:
    measures = measure(read_html(CARDS).segments)
    groups = (*GROUPS, features.MARKUP)
    found = dict(zip(column_names(groups), layout(measures, groups).T.tolist(), strict=True))
    assert found["linked"] == pytest.approx([8 / 22, 1, 1])
    assert found["links"] == log(1, 1, 1)
    assert found["heading"] == [0, 3, 3]
    assert found["peers_0"] == log(1, 1, 1)
    assert found["peers_1"] == log(1, 2, 2)
    assert measures.markup is not None
    assert measures.markup.shape.tolist() == [0, 1, 1]
    assert {"<a", "<h3", "^li", "^.card"} <= set(measures.terms[1])


def test_markup_columns_need_an_html_page() -> None:
    with pytest.raises(ValueError, match="text dump"):
        layout(measure(split(PAGE)), (features.MARKUP,))


@pytest.mark.parametrize(
    ("text", "has_one"),
    [
        ("OSLO (Agency) — The council met on Tuesday and kept the old ferry running.", True),
        ("NEW QUAY, Maine – The council met on Tuesday and kept the old ferry running.", True),
        ("OSLO (Agency) — The council met", False),
        ("The council met on Tuesday and kept the ferry (the old one) running until spring.", False),
        ("Agency — The council met on Tuesday and kept the old ferry running until spring.", False),
    ],
)
def test_a_dateline_is_told(text: str, has_one: bool) -> None:
    assert columns(text)["dateline"] == [has_one]


def log(*values: float) -> object:
    return pytest.approx(np.log1p(values))


def test_what_the_columns_say() -> None:
    found = columns("TIDE tables, 06:12!\n\n\n  • Row | row\nRow row (again)\n")
    assert found["words"] == log(4, 2, 3)
    assert found["chars"] == log(17, 7, 13)
    assert found["capitals"] == pytest.approx([4 / 17, 1 / 7, 1 / 13])
    assert found["capitalised"] == pytest.approx([1 / 4, 1 / 2, 1 / 3])
    assert found["digits"] == pytest.approx([4 / 17, 0, 0])
    assert found["commas"] == log(1, 0, 0)
    assert found["stops"] == log(1, 0, 0)
    assert found["bars"] == log(0, 1, 0)
    assert found["brackets"] == log(0, 0, 1)
    assert found["first_upper"] == [1, 1, 1]
    assert found["last_stop"] == [1, 0, 0]
    assert found["bullet_plain"] == [0, 1, 0]
    assert found["indent"] == log(0, 2, 0)
    assert found["blank_before"] == [0, 2, 0]
    assert found["blank_after"] == [2, 0, 3]


def test_two_unspaced_characters_count_as_one_word() -> None:
    assert measure(split("渡船停运\n")).words.tolist() == [2]


def test_repeats_count_the_other_segments_of_the_same_text() -> None:
    found = columns("Share\nRow on\n  • Share\nShare\nRow in\n")
    assert found["repeats"] == pytest.approx(np.log1p([2, 0, 2, 2, 0]))


def test_openings_count_the_other_segments_with_the_same_first_words() -> None:
    found = columns("Read more about tides\nRead more: boats\nRead less\n")
    assert found["openings"] == pytest.approx(np.log1p([1, 1, 0]))


def array(*values: float) -> Floats:
    return np.array(values, dtype=np.float32)


def test_what_comes_next_ends_with_the_page() -> None:
    page, other, lone = "a\n\n\nb\nc\n", "d\n\ne\n", "f\n"
    column = column_names().index("blank_after")
    found = layout(measure_pages([split(text) for text in (page, "", other, lone)]))
    assert found[:, column].tolist() == [2, 0, 3, 1, 3, 3]


@pytest.mark.parametrize(
    "piece", ["word ", "a\n", "](", "](]", "[1]", "](x", '](x "', "](data: ", "1.", "a'", "•\n", "漢", "\x00", "ab " * 5 + "\n", "İ"]
)
def test_measuring_takes_time_linear_in_size(piece: str) -> None:
    assert grows_linearly(lambda n: split(piece * (n // len(piece))), measure, 40_000)


def hashed(measures: features.Measures) -> list[tuple[int, int]]:
    """(row, hash) of each term."""
    return sorted((found.begin + row, term) for found in measures.hashed_terms() for row, term in zip(found.row, found.hash, strict=True))


@given(st.lists(st.sampled_from(["Tides turn\n\n• Ash\n", "One\n", "", "1. Elm\n  Oak\n"]), min_size=1, max_size=4), st.data())
def test_rows_of_the_layout_made_when_asked_for_are_those_of_the_matrix(texts: list[str], data: st.DataObject) -> None:
    measures = features.measure_pages([split(text) for text in texts])
    matrix, rows = layout(measures), LayoutRows(measures)
    begin = data.draw(st.integers(0, len(measures)))
    end = data.draw(st.integers(begin, len(measures)))
    assert rows[begin:end].tobytes() == matrix[begin:end].tobytes()


def test_a_page_measured_in_pieces_has_the_same_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    segments = read_html(CARDS + "".join(f"<p>{line}</p>" for line in page_lines("eddystone", 3))).segments
    whole = measure(segments)
    monkeypatch.setattr(features, "PIECE", 40)
    pieces = measure(segments)
    for name in ("counts", "words", "capitalised", "first", "last", "openings", "repeats", "dateline", "dated", "timed", "on_comments"):
        np.testing.assert_array_equal(getattr(pieces, name), getattr(whole, name))
    assert hashed(pieces) == hashed(whole)
    assert len(pieces.tokens) > 10 * len(whole.tokens)
    np.testing.assert_array_equal(pieces.long_words.word, whole.long_words.word)
    np.testing.assert_array_equal(pieces.small_words.row, whole.small_words.row)


# --------------------------------------------------------------------------------------- what stands together, looks alike


def test_runs_and_blocks_are_numbered_along_the_page() -> None:
    run, block = features.stretches(measure(split("• Ash\n• Elm\n1. Oak\n\n2. Fir\nA line of its own\n")))
    assert run.tolist() == [0, 0, 1, 1, 2]
    assert block.tolist() == [0, 0, 0, 1, 1]


def test_the_next_page_begins_a_run_and_a_block_of_its_own() -> None:
    run, block = features.stretches(features.measure_pages([split("• Ash"), split("• Elm\n• Oak")]))
    assert run.tolist() == block.tolist() == [0, 1, 1]


def test_cards_of_one_form_are_alike_wherever_they_stand() -> None:
    cards = split("Tides turn at nine\n3 min read\nFerries stay in port\n8 min read\nTides of ink\n\nHarbour wall falls\n")
    form, beginning, ending = features.lookalikes(measure(cards))
    assert form[0] == form[2] == form[4] != form[5]  # a blank line above
    assert form[1] == form[3] != form[0]
    assert beginning[0] == beginning[4] != beginning[2]
    assert beginning[1] == beginning[3]  # digits are one
    assert ending[1] == ending[3] != ending[0]


def test_nothing_is_alike_on_two_pages() -> None:
    pages = [split("Tides turn\nTides turn"), split("Tides turn")]
    for group in features.lookalikes(features.measure_pages(pages)):
        assert group[0] == group[1] != group[2]


SHORT, SENTENCE, PARAGRAPH = "Three short words", "One ferry sails again from the old harbour", "A ferry sails again. " * 5
LIST = f"{PARAGRAPH}\n\n  • {SHORT}\n\n    {SENTENCE}\n\n  • {SHORT}\n\n    {SENTENCE}\n\n{PARAGRAPH}\n\n    {PARAGRAPH}\n"


def test_segments_of_a_text_dump_have_the_same_shape_where_they_and_what_is_above_look_the_same() -> None:
    paragraph, title, summary, other_title, other_summary, below, indented = shapes(measure(split(LIST))).tolist()
    assert summary == other_summary
    assert len({paragraph, title, summary, other_title, below, indented}) == 6  # short lines have shapes of their own


@pytest.mark.parametrize(("bullet", "columns"), [("1)", 91), ("◦", 146)])
def test_no_indentation_looks_like_a_bullet(bullet: str, columns: int) -> None:
    line = "the council will vote on the new harbour next week, the mayor said"
    made, indented = measure(split(f"{bullet} {line}")), measure(split(" " * columns + line))
    assert int(made.bullet[0]) * (MAX_INDENT + 1) % 256 == indented.indent[0]  # as far as a byte goes they are the same
    pages = measure(split(f"{bullet} {line}\n\n{line}\n\n{' ' * columns}{line}\n"))
    found = shapes(pages)
    assert len(pages) == 3
    assert found[0] != found[2]


def test_shapes_of_an_html_page_are_those_of_its_markup() -> None:
    found = measure(read_html(f"<html><body><ul><li>{SHORT}</li><li>{SENTENCE}</li></ul><p>{PARAGRAPH}</p></body></html>").segments)
    assert shapes(found).tolist() == found.markup.shape.tolist()  # type: ignore[union-attr]
    assert shapes(measure(())).tolist() == []


@given(st.lists(st.sampled_from([LIST, PARAGRAPH, "", f"* {SENTENCE}\n* {SENTENCE}"]), max_size=4))
def test_shapes_do_not_depend_on_other_pages(texts: list[str]) -> None:
    pages = [split(text) for text in texts]
    found, begin = shapes(measure_pages(pages)), 0
    for page in pages:
        own, alone = found[begin : begin + len(page)], shapes(measure(page))
        assert (own[:, None] == own).tolist() == (alone[:, None] == alone).tolist()
        assert not set(own.tolist()) & set(np.delete(found, np.s_[begin : begin + len(page)]).tolist())
        begin += len(page)
