from __future__ import annotations

import itertools
import unicodedata

import numpy as np
import pytest
from conftest import TEXTS, grows_linearly
from hypothesis import example, given
from hypothesis import strategies as st

from pagesieve.features import layout, measure, measure_pages
from pagesieve.page import Segment, split
from pagesieve.words import FORMAT, TermIndex, Vocabulary, has_tags, hashes, is_combining, terms, tokens, unrendered, visible

TERMS = st.text(st.characters(min_codepoint=32), min_size=1, max_size=6)


@given(TEXTS)
@example("")
@example("¹² ½x 3²\n")
@example("o'clock '’a 1.2.3,x 06:12: .5\n")
@example("ΟΔΟΣ\nİstanbul İ\n")
@example("渡船停运a1\nพรุ่งนี้\n渡\n")
@example("यह भी पढ़ें\ne\u0301te\u0301 \u0301 1\u20e3 o'\u0301a\nΣ\u0301Σ\xad İΣ\u200b\n\u200f a \u200b b\n")
@example("word " * 19 + "\n" + "a_b ^ $ = < >\n$\n^\n" + "x" * 5000 + " y\n")
def test_the_hashes_of_a_segments_terms_are_those_of_their_strings(text: str) -> None:
    measures = measure(split(text))
    for place, found in enumerate(measures.terms):
        own = [term for part in measures.hashed_terms() for term in part.hash[part.row + part.begin == place].tolist()]
        assert sorted(own) == sorted(hashes(found).tolist())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[Kites](/kites) fly", "[Kites fly"),
        ("[#kites](/tag/kites)", "[#kites"),
        ("Kites [https://www.hobb.example/kites?a=[1 fly", "Kites [https://www.hobb.example/kites?a=[1 fly"),
        ("Kites [//hobb.example] fly [img/kite.png]/kites", "Kites  fly"),
        ("[http://hobb.example/kite.png]", ""),
        ("Kites [sic] fly", "Kites [sic] fly"),
        ("Let [him/her] fly [4.5/5] [12:30/13:00] [y/n?]", "Let [him/her] fly [4.5/5] [12:30/13:00] [y/n?]"),
        ("Let [news/kites.html] fly [a/b?c] [hobb.example/kites]", "Let  fly"),
        ("The R&D of kites & co; cost &sect and &copy=1;", "The R&D of kites & co; cost &sect and &copy=1;"),
        ("![Image 12: A kite](/kite.png) ![Image 3](/b.png)", "![A kite !["),
        ("Image 12: a kite", "Image 12: a kite"),
        ("Kites fly \\ \\", "Kites fly"),
        ("Kites &amp; co. &quot;fly&#8221;", 'Kites & co. "fly”'),
        ("Kites & co; fly", "Kites & co; fly"),
        ("Kites&#10;fly&NewLine;on", "Kites fly on"),
        ("Kites &#" + "1" * 5000 + "; fly", "Kites &#" + "1" * 5000 + "; fly"),
        ('<b>Kites</b>fly <a href="/kites" class=k>on</a><br/>', "Kitesfly on"),
        ("<p>Kites fly</p><li>on", "Kites fly on"),
        ("Kites <fly and so> on <img src=k> <p or q> </div>", "Kites <fly and so> on <img src=k> <p or q> </div>"),
        ("Kites fly ======", "# Kites fly"),
        ("Kites fly -----", "## Kites fly"),
        ("----- -----", "----- -----"),
        ("1 - 2 = -", "1 - 2 = -"),
        ("", ""),
    ],
)
def test_what_only_a_renderer_put_in_says_nothing(text: str, expected: str) -> None:
    assert unrendered(text) == expected


LEFT = {
    "line ends": "Kites fly<br>\non and<br>\non<br>\n",
    "paragraphs": "<p>Kites fly\n<p>on and\n<p>on",
    "emphasis": "Kites <em>fly</em> on and <em>on</em>",
    "quotes": '<b>"Kites</b>" <i>fly</i>',
    "a link that is not closed": '<a href="/one">One <a href="/two">Two</a> <b>x</b> <i>y</i>',
    "one of a script beside many": "Kites fly<br>\n" * 10 + "<script>",
    "flags": "<a href=/k target=_blank rel>Kites</a> <a href=/f>fly</a>",
}
NOT_LEFT = {
    "one": "Kites <em>fly</em> on and on",
    "what is allowed": "Some tags work here: <a href=''> <b> <em> <i> <strong> <cite>",
    "what is allowed, close": "Tags: <b><em><i><strong><cite><q>",
    "a question": "Should I write <br>, <br/> or <br />? It takes <br> as well as <br/>, I am told, but my editor insists on <br />.",
    "a lesson": "Each begins with <p> and may end with </p>, but need not. Use <b> and </b> for what is bold, (<i>) and “</i>” else.",
    "types": "A List<p> and a Set<p> and a Map<p> here",
    "a chat": "<p> all ok\n<b> yes\n<a> fine\n" * 9,
    "code": "<ul>\n<li>Kites</li>\n<li>fly</li>\n</ul>\n<script>fly()</script>",
    "other code": "<li>Kites</li> <li>fly</li> <?php fly(); ?>",
    "less than": "1 <b and c> 2 " * 9,
    "nothing else": "<p><p>\n<p>",
    "nothing": "",
}


@pytest.mark.parametrize(
    ("page", "left"), [*((page, True) for page in LEFT.values()), *((page, False) for page in NOT_LEFT.values())], ids=[*LEFT, *NOT_LEFT]
)
def test_tags_were_left_in_a_page_where_they_touch_what_they_begin_and_end(page: str, left: bool) -> None:
    assert has_tags(page) is left


@pytest.mark.parametrize(
    "unit",
    ["[", "[/", "/", "[a/b ", "[a.b", "](", " \\", "=", " =", "![Image ", "&", "&#", "&#1", "&amp;", "<a", "<a x=1 ", "<a x='", "<p>"],
)
def test_taking_it_away_takes_linear_time(unit: str) -> None:
    assert grows_linearly(lambda n: "[&;" + unit * n, unrendered, 10_000)
    assert grows_linearly(lambda n: "[/" + unit * n + "=", unrendered, 10_000)
    assert grows_linearly(lambda n: "<a " + unit * n + ">", unrendered, 10_000)
    assert grows_linearly(lambda n: unit * n, has_tags, 10_000)


@given(st.lists(TEXTS, max_size=5))
def test_pages_measured_together_have_the_measures_of_each(texts: list[str]) -> None:
    pages = [split(text) for text in texts]
    together = measure_pages(pages)
    columns = layout(together)
    for begin, end, page in zip(together.bounds, together.bounds[1:], pages, strict=False):
        alone = measure(page)
        assert columns[begin:end].tobytes() == layout(alone).tobytes()
        assert together.terms[begin:end] == alone.terms
        for of_all, of_one in ((together.long_words, alone.long_words), (together.small_words, alone.small_words)):
            inside = (of_all.row >= begin) & (of_all.row < end)
            assert sorted((of_all.row[inside] - begin).tolist()) == sorted(of_one.row.tolist())


@given(st.lists(TEXTS, max_size=5), st.sampled_from(FORMAT))
def test_characters_that_show_nothing_are_not_seen(texts: list[str], char: str) -> None:
    told = str.maketrans("[&\\=-<", "(+/~~(")  # what is `unrendered` is told before
    lines = [" ".join(visible(text.translate(told)).split()) for text in texts]
    plain, written = (
        measure([Segment(line, 0, len(line)) for line in found]) for found in (lines, [char.join(["", *line, ""]) for line in lines])
    )
    assert plain.terms == written.terms
    assert layout(plain).tobytes() == layout(written).tobytes()
    assert plain.cues.tobytes() == written.cues.tobytes()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("यह भी पढ़ें", ["यह", "भी", "पढ़ें"]),
        ("আরও পড়ুন", ["আরও", "পড়ুন"]),
        ("أيضًا", ["أيضًا"]),
        ("ที่นี่", ["ที", "ี่", "่น", "นี", "ี่"]),
        ("می\u200cخواهم", ["میخواهم"]),
        ("Donau\xaddampf", ["donaudampf"]),
        ("\u200fHome", ["home"]),
        ("e\u0301te\u0301", ["été"]),
        ("İLGİLİ ilgili", ["ilgili", "ilgili"]),
        ("❤\ufe0f", ["❤"]),
    ],
)
def test_words_are_not_torn_at_marks_and_invisible_characters(text: str, found: list[str]) -> None:
    expected = [visible(token) for token in found]
    assert tokens(text) == expected
    assert measure(split(text)).of("mark").tolist() == [float(text.startswith("❤"))]


@given(st.text("eéèñüЙйΩώか가 ẹ̀"))
def test_composed_and_decomposed_text_have_the_same_tokens(text: str) -> None:
    marked = text + "\u0301"  # a text without marks is taken as it is
    composed, decomposed = (tokens(unicodedata.normalize(form, marked)) for form in ("NFC", "NFD"))
    assert composed == decomposed


@given(TEXTS)
@example("渡船停运 our mill, o'er\n")
def test_words_are_kept_by_length(text: str) -> None:
    segments = split(text)
    measures = measure(segments)
    for place, segment in enumerate(segments):
        words = set(tokens(segment.content))
        assert (measures.small_words.row == place).sum() == sum(
            len(word) < 5 and all(c.isalpha() or is_combining(c) for c in word) for word in words
        )


@given(st.lists(TERMS, max_size=30, unique=True), st.lists(TERMS, max_size=9))
def test_the_index_knows_its_vocabulary_and_nothing_else(known: list[str], others: list[str]) -> None:
    vocabulary = Vocabulary.of(known)
    asked = [*known, *others]
    expected = [vocabulary.get(term, -1) for term in asked]
    assert expected[: len(known)] == list(range(len(known)))
    assert TermIndex(vocabulary)(hashes(asked)).tolist() == expected
    assert list(vocabulary) == known


def test_a_vocabulary_of_another_size_is_told() -> None:
    for text, size in (("", 0), ("a", 1), ("a\nb", 2)):
        assert len(Vocabulary(text, size)) == len(list(Vocabulary(text, size))) == size
        with pytest.raises(ValueError, match=r"differ in length \(3 terms\)"):
            Vocabulary(text, 3)


def test_every_term_of_a_large_vocabulary_has_a_hash_of_its_own() -> None:
    words = [f"{a}{b}" for a in "abcdefghijklmnopqrstuvwxyz" for b in range(400)]
    made = [*words, *(f"{a} {b}" for a, b in itertools.pairwise(words)), *("^" + w for w in words), *(w + "$" for w in words)]
    assert len(np.unique(hashes(made))) == len(made)


def test_terms_of_no_words() -> None:
    assert terms([]) == ["<none>"]
