"""`pagesieve.tree`: written-out pages to columns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagesieve.tree import Tree, read_tree, stable_order

QUICK = settings(max_examples=40)
NAMES = st.sampled_from(["div", "p", "custom-element", "a", "x<y"])
TEXTS = st.text('ab é&;"=', max_size=9).map(lambda text: text.replace("&", "&amp;"))


@st.composite
def markup(draw: st.DrawFn, depth: int = 4) -> str:
    """A balanced piece of written-out markup."""
    name, inner = draw(NAMES), draw(TEXTS)
    for _ in range(draw(st.integers(0, 3)) if depth else 0):
        inner += draw(st.one_of(markup(depth - 1), st.just("<br>"), st.just("<!-- <p> -->"), st.just("<xmp>a<b</xmp>"))) + draw(TEXTS)
    value = draw(TEXTS).replace('"', "&quot;")
    return f'<{name} title=" class=" class="{value}">{inner}</{name}>'


def names(tree: Tree) -> list[str]:
    return [tag.partition(b" ")[0].decode() for tag in tree.tags(np.arange(len(tree.piece)))]


def parents(tree: Tree) -> list[int]:
    """The element that each one stands in, found tag by tag."""
    found, open_elements = [], [-1]
    starts = dict(zip(tree.piece.tolist(), range(len(tree.piece)), strict=True))
    for piece, begin in enumerate(tree.begin.tolist()):
        if piece in starts:
            found.append(open_elements[-1])
            if not tree.void[starts[piece]]:
                open_elements.append(starts[piece])
        elif tree.data[begin + 1 : begin + 2] == b"/":
            open_elements.pop()
    return found


@given(st.lists(markup(), min_size=1, max_size=3))
@QUICK
def test_elements_attributes_and_what_stands_within_what(pages: list[str]) -> None:
    tree = read_tree(pages)
    filled = np.flatnonzero(~tree.void)
    inside = tree.nest(filled).innermost(tree.piece - 1)
    assert np.append(filled, -1)[inside].tolist() == parents(tree)
    start, end = tree.attributes["class"]
    for element, name in enumerate(names(tree)):
        if name in ("br", "xmp"):
            assert start[element] == -1
        else:
            assert tree.tags(np.array([element]))[0] == b'%b title=" class=" class="%b"' % (
                name.encode(),
                tree.data[start[element] : end[element]],
            )


@given(st.lists(markup(), min_size=2, max_size=3))
@QUICK
def test_a_pages_columns_do_not_depend_on_the_others(pages: list[str]) -> None:
    together, first = read_tree(pages), 0
    for place, page in enumerate(pages):
        alone = read_tree([page])
        elements = slice(first, first + len(alone.piece))
        assert (together.page[together.piece[elements]] == place).all()
        np.testing.assert_array_equal(together.number[elements], alone.number)
        np.testing.assert_array_equal(together.name[elements], alone.name)
        np.testing.assert_array_equal((together.last - together.piece)[elements], alone.last - alone.piece)
        first += len(alone.piece)
    assert first == len(together.piece)


def test_elements_are_numbered_on_their_pages() -> None:
    tree = read_tree(["<html><p><b></b><br></p></html>", "<html><i></i></html>"])
    assert names(tree) == ["html", "p", "b", "br", "html", "i"]
    assert tree.number.tolist() == [0, 1, 2, 3, 0, 1]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<html><xmp>if (a <b && c> d) '<p>'</xmp><p></p></html>", ["html", "xmp", "p"]),
        ("<html><xmp><!-- <xmp></xmp><b></b></html>", ["html", "xmp", "b"]),
        ("<html><!----><!-- <b> <xmp> --><p></p></html>", ["html", "p"]),
        ("<html><plaintext></p><i></plaintext></html>", ["html", "plaintext"]),
    ],
)
def test_raw_text_and_comments_hold_no_elements(page: str, expected: list[str]) -> None:
    assert names(read_tree([page])) == expected


def test_a_quotation_mark_in_a_name_does_not_shift_values() -> None:
    tree = read_tree(['<p a"="b" class="c"></p>'])
    start, end = tree.attributes["class"]
    assert tree.data[start[0] : end[0]] == b"c"


def test_pages_without_anything_have_no_columns() -> None:
    assert len(read_tree([]).piece) == len(read_tree(["", ""]).begin) == 0


@given(st.lists(st.integers(0, 1 << 17)))
@QUICK
def test_the_stable_order_is_stable(values: list[int]) -> None:
    assert stable_order(np.array(values, dtype=np.int64)).tolist() == sorted(range(len(values)), key=lambda place: values[place])
