"""`pagesieve.flow`: the lines that a page shows, and how many words they have."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pagesieve.flow import lay_out, shown
from pagesieve.html import read_html
from pagesieve.tree import read_tree
from pagesieve.words import count_words


@given(st.lists(st.text("ab .渡船ก\n\xa0", max_size=12), max_size=4))
@example(["a渡b", "渡船渡", " 渡 船 a"])
def test_words_shown_and_hidden_are_those_of_the_texts(texts: list[str]) -> None:
    html = "<html>" + "".join(f'<p>{text}</p><p hidden="">{text}{text}</p>' for text in texts) + "</html>"
    tree = read_tree([html])
    lines = lay_out(tree, shown(tree))
    assert lines.words.tolist() == [sum(map(count_words, texts))]
    assert lines.hidden_words.tolist() == [sum(count_words(text + text) for text in texts)]
    assert lines.texts[0].split() == " ".join(texts).split()


@pytest.mark.parametrize("tag", ["img", "amp-img", "amp-anim"])
@pytest.mark.parametrize(("alt", "told"), [("two men", True), ("smile", False), ("潟沼の渡船", True), ("เรือข้ามฟาก", True), ("画像", False)])
def test_a_pictures_alternative_text_is_a_line_where_it_has_words(tag: str, alt: str, told: bool) -> None:
    segments = read_html(f"<p>Row <{tag} alt='{alt}' src=a></{tag}> on</p>").segments
    assert [s.text for s in segments] == ["Row on", *[alt] * told]
    assert all(s.markup is not None and ("<img" in s.markup.words) == (s.text == alt) for s in segments)
