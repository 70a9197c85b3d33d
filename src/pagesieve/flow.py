"""Step 1b of an HTML page's way: elements and texts in columns → the lines that a browser lays out, each of them a segment.

Nothing is rendered: style sheets are not read, so what only they hide is there.

1. A block element or a `br` ends a line; the cells of a table's row stay on one, parted by a tab (HTML Standard, "Rendering"), but for
   those that have lines of their own.
2. Scripts, styles, form fields and what the page itself declares hidden are left out.
3. A picture's alternative text is a line of its own behind the one it stands in.
4. A link and an element beside it are parted by a space where their words would run together: style sheets part them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pagesieve.tree import MASKS, Names, Tree, ranges
from pagesieve.words import CharTable, codes_of, is_unspaced

__all__ = [
    "BLOCKS",
    "BOX",
    "CELLS",
    "HIDING",
    "ICONS",
    "KEPT",
    "LINK",
    "PICTURES",
    "REFERENCE_LENGTH",
    "UNSEEN",
    "Lines",
    "Shown",
    "lay_out",
    "read_text",
    "shown",
]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.uint32]

BLOCKS = frozenset(  # what the HTML Standard's style sheet gives a line of its own
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol optgroup option p plaintext pre search section "
    "summary table caption colgroup col tbody tfoot thead tr ul xmp".split()
)
PARAGRAPHS = frozenset("blockquote dl figure h1 h2 h3 h4 h5 h6 hr ol p pre ul".split())  # blocks with a margin
KEPT = frozenset(("pre", "listing", "plaintext", "xmp"))  # white space in them is kept
WRITTEN = frozenset(("plaintext", "xmp"))  # their text is written without references
CELLS = frozenset(("td", "th"))
ICONS = frozenset(("i", "span"))
PICTURES = frozenset(("img", "amp-img", "amp-anim"))
UNSEEN = frozenset(
    "script style template head title meta link base svg math iframe frame object embed applet audio video canvas select datalist "
    "textarea input map noscript noframes noembed rp".split()
)
APART = frozenset(("span", "time", "small"))  # what stands beside a link with a text of its own, such as a date; no part of a sentence
APART_WORDS = 3  # words from which a link is taken for one that stands by itself
PICTURE_WORDS = 2  # words from which a picture's alternative text says something
BLANK_BYTES = 64  # bytes of white space that are told from text before characters are looked at

# What a name says of an element: the lowest two bits its margin (1: a line of its own, 2: blank lines around it too), then signs.
MARGIN = 3
BOX, KEEPS, WRITES, CELL, LINK, BREAK, PICTURE, UNSHOWN, DIALOG, ICON, NOSCRIPT, BESIDE = (1 << bit for bit in range(2, 14))
_SIGNS = {
    BOX: BLOCKS | CELLS, KEEPS: KEPT, WRITES: WRITTEN, CELL: CELLS, LINK: {"a"}, BREAK: {"br"}, PICTURE: PICTURES, UNSHOWN: UNSEEN,
    DIALOG: {"dialog"}, ICON: ICONS, NOSCRIPT: {"noscript"}, BESIDE: APART,
}  # fmt: skip
_NATURES = Names(
    {
        name: (2 if name in PARAGRAPHS else name in BLOCKS) + sum(sign for sign, names in _SIGNS.items() if name in names)
        for name in sorted(frozenset().union(*_SIGNS.values()))
    }
)
_INVISIBLE = re.compile(r"(?:^|;|\*/)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)  # not backface-visibility
CHAPTER = 300  # bytes of paragraphs from which an element may be a part of the article
_PARAGRAPH, _ARTICLE, _ASIDE, _WHOLE = 1, 2, 3, 4
_KINDS = Names(
    {"p": _PARAGRAPH, "article": _ARTICLE, "main": _ARTICLE, "html": _WHOLE, "body": _WHOLE}
    | dict.fromkeys(("nav", "header", "footer", "aside", "form", "dialog"), _ASIDE)
)
_ARTICLE_NAME = re.compile(rb"(?:article|entry|post|(?<!hi)story)[-_]{0,2}(?:body|content|text)", re.IGNORECASE)
HIDING: Mapping[str, Callable[[str], bool]] = {  # attributes: which of their values hide an element
    "hidden": lambda value: value != "until-found",
    "aria-hidden": lambda value: value == "true",  # of an `ICONS` element; others are meant for the eye alone
    "style": lambda value: _INVISIBLE.search(value) is not None,
}
# Kinds of characters; wide ones are those of scripts without spaces between words, the first two make words of the others.
_MARK, _LETTER, _SPACE, _WIDE = 1, 2, 3, 4
_kinds = CharTable(
    lambda char: _SPACE if char.isspace() else _WIDE if is_unspaced(char) else _LETTER if char.isalnum() else _MARK, np.uint8
)

# A reference is known by its second character: what it stands for, and its length.
_REFERENCES = {"l": ("<", 4), "g": (">", 4), "a": ("&", 5), "n": ("\xa0", 6), "q": ('"', 6)}
_MEANING, REFERENCE_LENGTH = np.full(128, ord("&"), dtype=np.uint32), np.ones(128, dtype=np.int64)
for _char, (_meaning, _length) in _REFERENCES.items():
    _MEANING[ord(_char)], REFERENCE_LENGTH[ord(_char)] = ord(_meaning), _length

_LOW, _HIGH = (np.uint64(0x0101010101010101 * byte) for byte in (0x7F, 0x80))
_BLANKS = np.array([0x0101010101010101 * byte for byte in b" \n\t"], dtype=np.uint64)


def read_text(text: str) -> str:
    """`text` without the references that a written-out tree has."""
    if "&" not in text:
        return text
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&nbsp;", "\xa0").replace("&amp;", "&")


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """The elements of a tree that are shown: their places in the tree and what their names say.

    Then, of the text behind each piece: whether it is left out (`hidden`), whether that is because the page itself declares it hidden
    (`declared`), and whether it holds no references (`written`). `opened`: elements that the page declares hidden and that are shown, as parts of its article.
    """

    element: Ints
    nature: Ints
    hidden: Bools
    declared: Bools
    written: Bools
    opened: Ints

    def having(self, signs: int) -> Ints:
        """Those whose names say one of `signs`, as places in the tree."""
        return self.element[self.nature & signs > 0]


def shown(tree: Tree, hidden: bool = False, noscript: bool = False) -> Shown:
    """What is shown; with `hidden` also all that the page declares hidden, with `noscript` also what it shows where nothing runs."""
    nature = _NATURES(tree.name)
    unseen = nature & UNSHOWN > 0
    if noscript:
        unseen &= nature & NOSCRIPT == 0
    declared = np.zeros(len(nature), dtype=np.bool_) if hidden else _declared_hidden(tree, nature)
    opened = _chapters(tree, np.flatnonzero(declared & (nature & DIALOG == 0)))
    declared[opened] = False
    unseen_depth, declared_depth = tree.nest(unseen).depth, tree.nest(declared).depth
    gone = unseen_depth + declared_depth > 0
    element = np.flatnonzero(~(unseen | declared | gone[tree.piece - 1]))
    written = np.zeros(len(tree.begin), dtype=np.bool_)
    written[tree.piece[nature & WRITES > 0]] = True
    return Shown(element, nature[element], gone[:-1], (declared_depth > 0)[:-1] & (unseen_depth == 0)[:-1], written, opened)


def _declared_hidden(tree: Tree, nature: Ints) -> Bools:
    """Which elements the page itself declares hidden."""
    found = (nature & DIALOG > 0) & (tree.attributes["open"][0] < 0)
    for name, hides in HIDING.items():
        start, end = tree.attributes[name]
        some = np.flatnonzero((start >= 0) & (nature & ICON > 0) if name == "aria-hidden" else start >= 0)
        values = [tree.data[a:b] for a, b in zip(start[some].tolist(), end[some].tolist(), strict=True)]
        known = {value: hides(read_text(value.decode("utf-8"))) for value in set(values)}
        found[some] |= np.array([known[value] for value in values], dtype=np.bool_)
    return np.asarray(found)


def _chapters(tree: Tree, hidden: Ints) -> Ints:
    """Those of these elements that hold paragraphs of the article: behind a click, or until a reader has paid."""
    if not len(hidden):
        return hidden
    kind = _KINDS(tree.name)
    aside = tree.nest(kind == _ASIDE).depth
    own = np.flatnonzero((tree.nest(kind == _PARAGRAPH).depth > 0) & (tree.nest(hidden).depth == 1) & (aside == 0))
    size = np.zeros(len(tree.begin) + 1, dtype=np.int64)
    size[own + 1] = [len(tree.data[a:b].strip()) for a, b in zip(tree.close[own].tolist(), tree.end[own].tolist(), strict=True)]
    before = np.cumsum(size)
    hidden = hidden[before[tree.last[hidden]] - before[tree.piece[hidden]] >= CHAPTER]
    if not len(hidden):
        return hidden
    chosen: Ints = hidden[tree.nest((kind == _ARTICLE) | _called_article(tree, kind)).depth[tree.piece[hidden]] > 0]
    return chosen


def _called_article(tree: Tree, kind: Ints) -> Bools:
    """Which elements, but for the page as a whole, are called an article's text by their id, class or `itemprop`."""
    match = np.fromiter((match.start() for match in _ARTICLE_NAME.finditer(tree.data)), dtype=np.int64)
    piece = np.searchsorted(tree.begin, match, side="right") - 1
    order = np.argsort(tree.piece)
    element = order[np.minimum(np.searchsorted(tree.piece[order], piece), len(order) - 1)]
    places = [tree.attributes[name] for name in ("id", "class", "itemprop")]
    said = np.any([(start[element] <= match) & (match < end[element]) for start, end in places], axis=0)
    called = np.zeros(len(kind), dtype=np.bool_)
    called[element[said]] = True
    called &= kind != _WHOLE
    return called


# --------------------------------------------------------------------------------------------------------------- runs


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """What there is to lay out: texts and pictures' alternative texts as runs of characters, in the pages' order, none of them empty.

    Of each run: its `piece`, and its `picture` (as an element of the tree), -1 for a text. The first `shown` ones are shown, the others
    declared hidden. `begin` (runs + 1,) says where each begins in `codes`, and where the last one ends. `space` says of each
    character whether it is white space; `word` holds the places behind white space where something begins, `rank` (runs + 1,) how many do
    before each run. `words` is the number of words of each run (see `words.count_words`). `blank` holds the pieces behind which there is
    only white space.
    """

    shown: int
    piece: Ints
    picture: Ints
    codes: Codes
    begin: Ints
    space: Bools
    word: Ints
    rank: Ints
    words: Ints
    blank: Ints

    @classmethod
    def of(cls, tree: Tree, seen: Shown) -> _Runs:
        """The runs of the `seen` elements."""
        behind = np.flatnonzero(tree.end > tree.close)
        empty = _blank(tree, tree.close[behind], tree.end[behind])
        blank, behind = behind[empty], behind[~empty]
        texts, lost = behind[~seen.hidden[behind]], behind[seen.declared[behind]]
        alt_start, alt_end = tree.attributes["alt"]
        pictures = seen.having(PICTURE)
        pictures = pictures[alt_end[pictures] > alt_start[pictures]]
        order = np.argsort(np.concatenate([2 * texts + 1, 2 * tree.piece[pictures]]))  # a picture goes before the text behind it
        piece = np.append(np.append(texts, tree.piece[pictures])[order], lost)
        picture = np.append(np.append(np.full(len(texts), -1), pictures)[order], np.full(len(lost), -1))
        start = np.where(picture < 0, tree.close[piece], alt_start[picture])
        end = np.where(picture < 0, tree.end[piece], alt_end[picture])
        codes, begin = _characters(tree.data, start, end, seen.written[piece] & (picture < 0))
        kinds = _kinds(codes)
        space = kinds == _SPACE
        word = _begins(~space, begin)
        rank = np.searchsorted(word, begin)
        more = piece[: len(order)][(np.diff(rank)[: len(order)] == 0) & (picture[: len(order)] < 0)]
        blank = np.sort(np.append(blank[~seen.hidden[blank]], more))
        return cls(len(order), piece, picture, codes, begin, space, word, rank, _words(kinds, begin, rank), blank)


def _begins(held: Bools, begin: Ints) -> Ints:
    """The places where stretches of `held` characters begin; none goes on from one run to the next; `begin` is as in `_Runs`."""
    first = held.copy()
    first[1:] &= ~held[:-1]
    first[begin[:-1]] = held[begin[:-1]]
    return np.flatnonzero(first)


def _words(kinds: NDArray[np.uint8], begin: Ints, rank: Ints) -> Ints:
    """The number of words of each run; `kinds` are those of the characters, `begin` and `rank` are as in `_Runs`."""
    wide = np.flatnonzero(kinds == _WIDE)
    if not len(wide):
        return np.asarray(np.diff(rank))
    spaced = np.searchsorted(_begins(kinds < _SPACE, begin), begin)
    return np.asarray(np.diff(spaced) + np.diff(np.searchsorted(wide, begin)) // 2)


def _characters(data: bytes, start: Ints, end: Ints, written: Bools) -> tuple[Codes, Ints]:
    """The characters between these places, and where in them each stretch begins, and the last one ends; `written` ones hold no references."""
    held = b"".join([data[a:b] for a, b in zip(start.tolist(), end.tolist(), strict=True)])
    begin = np.append(0, np.cumsum(end - start))
    if held.isascii():
        return _without_references(np.frombuffer(held, dtype=np.uint8).astype(np.uint32), begin, written)
    begin -= np.searchsorted(np.flatnonzero(np.frombuffer(held, dtype=np.uint8) & 0xC0 == 0x80), begin)
    return _without_references(codes_of(held.decode("utf-8")), begin, written)


def _without_references(codes: Codes, begin: Ints, written: Bools) -> tuple[Codes, Ints]:
    """`codes` and where the runs begin in them, with the characters that references stand for."""
    at = np.flatnonzero(codes == ord("&"))
    if len(at) and written.any():
        at = at[~written[np.searchsorted(begin, at, side="right") - 1]]
    if not len(at):
        return codes, begin
    char = np.minimum(codes[at + 1], 127)
    more = REFERENCE_LENGTH[char] - 1
    kept = np.ones(len(codes), dtype=np.bool_)
    kept[ranges(at + 1, more)] = False
    codes = codes.copy()
    codes[at] = _MEANING[char]
    return codes[kept], begin - np.append(0, np.cumsum(more))[np.searchsorted(at, begin)]


def _blank(tree: Tree, start: Ints, end: Ints) -> Bools:
    """Which texts between these places hold nothing but spaces, line feeds and tabs; of those longer than `BLANK_BYTES` none is told."""
    blank = np.zeros(len(start), dtype=np.bool_)
    left = end - start
    at = np.flatnonzero((left <= BLANK_BYTES) & (tree.words[start] & np.uint64(0xFF) <= ord(" ")))
    position, left = start[at], left[at]
    while len(at):
        own = MASKS[np.minimum(left, 8)]
        word = tree.words[position] & own | _BLANKS[0] & ~own
        other = _HIGH
        for char in word ^ _BLANKS[:, None]:
            other = other & ((char & _LOW) + _LOW | char)  # the high bit of each byte that is another one
        solid = other == 0
        blank[at[solid & (left <= 8)]] = True
        more = np.flatnonzero(solid & (left > 8))
        at, position, left = at[more], position[more] + 8, left[more] - 8
    return blank


# -------------------------------------------------------------------------------------------------------------- lines


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The laid out pages. A line is a segment; `bounds` (pages + 1,) says which lines are a page's.

    Of each page: its text, and how many words are shown and are declared hidden. Of each line: where it begins and ends in the
    text, whether a blank line is above it, the piece behind which its first word stands, and the picture (as an element of the
    tree) whose alternative text it is, -1 for none. Lines are made of runs: the line of each run, its range of it, its piece. `tidy` says
    of each page that its lines hold no white space but single spaces.
    """

    texts: list[str]
    words: Ints
    hidden_words: Ints
    bounds: Ints
    start: Ints
    end: Ints
    blank: Bools
    piece: Ints
    picture: Ints
    run_line: Ints
    run_start: Ints
    run_end: Ints
    run_piece: Ints
    tidy: Bools


def lay_out(tree: Tree, seen: Shown) -> Lines:
    """The lines of the pages' `seen` elements."""
    runs = _Runs.of(tree, seen)
    placed = _Placed.of(tree, seen, runs)
    codes, length = _collapsed(runs, placed)
    page = tree.page[runs.piece[placed.run]]
    head = np.diff(page, prepend=-1) > 0
    spaced = placed.above & ~head
    end = np.cumsum(length + np.where(placed.begins, 1 + spaced, np.where(placed.tabs > 0, placed.tabs, placed.spaced)))
    start = end - length
    out = np.full(int(end[-1]) + 1 if len(end) else 1, ord(" "), dtype=np.uint32)
    out[start[placed.begins] - 1] = out[-1] = ord("\n")  # a page's first line break ends the page before it
    out[start[spaced] - 2] = ord("\n")
    out[ranges(start - placed.tabs, placed.tabs)] = ord("\t")
    order = np.argsort(placed.run)
    for place in np.searchsorted(placed.run[order], [*placed.gaps]).tolist():
        at, gap = order[place], placed.gaps[int(placed.run[order[place]])]
        if not placed.tabs[at]:
            out[start[at] - len(gap) : start[at]] = gap
    out[ranges(start[order], length[order])] = codes
    text = out.tobytes().decode("utf-32-le")

    first, line = np.flatnonzero(placed.begins), np.cumsum(placed.begins) - 1
    line_start, line_end = start[first], end[np.append(first[1:], len(end))[: len(first)] - 1]
    bounds = np.searchsorted(page[first], np.arange(tree.pages + 1))
    origin = np.append(line_start, len(out))[bounds]
    shift = np.repeat(origin[:-1], np.diff(bounds))
    words, of = np.where(runs.picture < 0, runs.words, 0), tree.page[runs.piece]
    return Lines(
        texts=[text[a:b] for a, b in zip(origin.tolist(), origin[1:].tolist(), strict=False)],
        words=_sums(words[: runs.shown], of[: runs.shown], tree.pages),
        hidden_words=_sums(words[runs.shown :], of[runs.shown :], tree.pages),
        tidy=_sums(placed.kept | (placed.tabs > 0), page, tree.pages) == 0,
        bounds=bounds,
        start=line_start - shift,
        end=line_end - shift,
        blank=placed.above[first],
        piece=runs.piece[placed.run[first]],
        picture=runs.picture[placed.run[first]],
        run_line=line,
        run_start=start - line_start[line],
        run_end=end - line_start[line],
        run_piece=runs.piece[placed.run],
    )


def _sums(values: NDArray[Any], group: Ints, groups: int) -> Ints:
    """The sum of `values` in each group."""
    return np.bincount(group, values, minlength=groups).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """The runs that have something to say, in the order in which they are laid out.

    Of each: its place among all (`run`), whether it `begins` a line, with a blank line `above` it, whether its white space is `kept`, and
    what parts it from the run before where it goes on with a line: so many `tabs`, or, without one, so many characters (`spaced`), a space
    or, by run, those of `gaps`.
    """

    run: Ints
    begins: Bools
    above: Bools
    kept: Bools
    tabs: Ints
    spaced: Ints
    gaps: Mapping[int, Codes]

    @classmethod
    def of(cls, tree: Tree, seen: Shown, runs: _Runs) -> _Placed:
        """The order of these runs. What stands between a text and the one before it on the page parts the two."""
        picture = runs.picture[: runs.shown]
        text = np.flatnonzero((picture < 0) & (np.diff(runs.rank)[: runs.shown] > 0))
        alone = np.flatnonzero((picture >= 0) & (runs.words[: runs.shown] >= PICTURE_WORDS))
        piece = runs.piece[text]
        page = tree.page[piece]
        head = np.diff(page, prepend=-1) > 0
        before = np.where(head, np.searchsorted(tree.page, page), np.append(0, piece[:-1] + 1)[: len(piece)])
        breaks, margins, cells = (count[piece + 1] - count[before] for count in _parting(tree, seen))
        begins = head | (breaks > 0)
        kept = tree.nest(seen.having(KEEPS)).depth[piece] > 0
        spaced = np.append(False, runs.space[runs.begin[text + 1][:-1] - 1])[: len(text)] | (~kept & runs.space[runs.begin[text]])
        spaced |= np.searchsorted(runs.blank, piece) > np.searchsorted(runs.blank, before)
        spaced |= ~kept & _glued(tree, seen, runs, text)
        gaps = {run: _white(tree, runs, run, last) for run, last in _within_code(runs, text, kept & ~begins)}
        widths = spaced.astype(np.int64)
        widths[np.searchsorted(text, [*gaps])] = [*map(len, gaps.values())]

        line = np.cumsum(begins)
        waits = np.append(0, line)[np.searchsorted(text, alone)]  # a picture goes behind the line it stands in
        order = np.argsort(np.append(2 * line, 2 * waits + 1), kind="stable")
        none = np.zeros(len(alone), dtype=np.bool_)
        return cls(
            np.append(text, alone)[order],
            np.append(begins, ~none)[order],
            np.append(margins > 0, none)[order],
            np.append(kept, none)[order],
            np.append(np.where(begins, 0, cells), none)[order],
            np.append(widths, np.zeros_like(alone))[order],
            gaps,
        )


def _within_code(runs: _Runs, text: Ints, inner: Bools) -> Iterator[tuple[int, int]]:
    """Of these texts those `inner` ones, whose white space is kept, that more than one space parts from the text before them; and that text."""
    run = text[np.flatnonzero(inner)]
    last = text[np.flatnonzero(inner) - 1]
    stop = runs.begin[last + 1]
    blank = np.searchsorted(runs.blank, runs.piece[run]) > np.searchsorted(runs.blank, runs.piece[last])
    spaces = runs.space[stop - 1] & (runs.space[stop - 2] | (runs.codes[stop - 1] != ord(" ")))
    chosen = blank | spaces
    return zip(run[chosen].tolist(), last[chosen].tolist(), strict=True)


def _white(tree: Tree, runs: _Runs, run: int, last: int) -> Codes:
    """The white space between two runs: at the end of the `last` one, and behind all pieces in between that hold nothing else."""
    stop = runs.begin[last + 1]
    solid = stop - int(np.argmin(runs.space[runs.begin[last] : stop][::-1]))
    low, high = np.searchsorted(runs.blank, [runs.piece[last], runs.piece[run]])
    between = b"".join(tree.data[tree.close[piece] : tree.end[piece]] for piece in runs.blank[low:high].tolist())
    return np.concatenate([runs.codes[solid:stop], np.frombuffer(read_text(between.decode()).encode("utf-32-le"), dtype=np.uint32)])


def _glued(tree: Tree, seen: Shown, runs: _Runs, text: Ints) -> Bools:
    """Which of these runs begins an element beside a link, or a link beside such an element, and would run together with the run before."""
    piece = runs.piece[text]
    words = np.append(0, np.cumsum(runs.words[text]))
    begins, ends = np.zeros((2, 2, len(text) + 1), dtype=np.bool_)  # for links, and for what stands beside them
    for i, (sign, least) in enumerate(((LINK, APART_WORDS), (BESIDE, 1))):
        element = seen.having(sign)
        first, last = np.searchsorted(piece, tree.piece[element]), np.searchsorted(piece, tree.last[element])
        whole = words[last] - words[first] >= least
        begins[i, first[whole]] = ends[i, last[whole]] = True
    met = np.flatnonzero((begins[0] & ends[1] | begins[1] & ends[0])[1:-1]) + 1
    sides = _kinds(runs.codes[np.stack([runs.begin[text[met - 1] + 1] - 1, runs.begin[text[met]]])])  # the last and the first character
    found = np.zeros(len(text), dtype=np.bool_)
    found[met[(sides == _LETTER).all(axis=0)]] = True
    return found


def _parting(tree: Tree, seen: Shown) -> tuple[Ints, Ints, Ints]:
    """How many pieces break a line, ask for a blank one, and begin a cell, before each piece and at the end, shape (pieces + 1,) each."""
    piece, last = tree.piece[seen.element], tree.last[seen.element]
    found = np.zeros((3, len(tree.begin) + 1), dtype=np.int64)
    breaks, margins, cells = found[:, 1:]
    breaks[piece] = breaks[last] = seen.nature & MARGIN > 0
    breaks[piece] |= seen.nature & BREAK > 0
    margins[piece] = margins[last] = seen.nature & MARGIN > 1
    cell = np.flatnonzero(seen.nature & CELL)
    opened = np.append(0, np.cumsum(np.bincount(piece, seen.nature & (MARGIN | BREAK) > 0, minlength=len(tree.begin))))
    lines = opened[last[cell] + 1] > opened[piece[cell] + 1]  # it holds what breaks a line: a table for the layout
    breaks[piece[cell[lines]]] = breaks[last[cell[lines]]] = 1
    cells[piece[cell[~lines]]] = 1
    np.cumsum(found, axis=1, out=found)
    return found[0], found[1], found[2]


def _collapsed(runs: _Runs, placed: _Placed) -> tuple[Codes, Ints]:
    """The characters of the placed runs, one run behind the other as they stand in the page, and how many each of `placed` has.

    Every stretch of white space is one space, there is none at the ends; of runs that are `kept` only what is at the end goes,
    and at the beginning of a line.
    """
    run, kept = placed.run, placed.kept
    first, stop = runs.begin[run], runs.begin[run + 1]
    spaces = np.flatnonzero(runs.space)
    length = stop - first - np.searchsorted(spaces, stop) + np.searchsorted(spaces, first) + np.diff(runs.rank)[run] - 1
    inner = np.ones(len(runs.word) + 1, dtype=np.bool_)
    inner[runs.rank] = False  # the first word of a run
    gaps = runs.word[inner[:-1]] - 1
    codes, held = runs.codes.copy(), ~runs.space
    codes[gaps], held[gaps] = ord(" "), True
    if kept.any():
        solid, chosen = np.flatnonzero(~runs.space), run[kept]
        low = np.where(placed.begins[kept], runs.word[runs.rank[chosen]], first[kept])
        length[kept] = solid[np.searchsorted(solid, stop[kept]) - 1] + 1 - low
        at = ranges(low, length[kept])
        codes[at], held[at] = runs.codes[at], True
    others = np.ones(len(runs.piece), dtype=np.bool_)
    others[run] = False
    held[ranges(runs.begin[:-1][others], np.diff(runs.begin)[others])] = False
    return codes[held], length
