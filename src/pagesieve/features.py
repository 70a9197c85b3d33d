"""Step 2 of a page's way: segments → what the model sees of them.

Two views of each segment, made by the same code in training and in use:

- `terms`: the words the TF-IDF weighs (`Segment` → list of str);
- `layout`: one row of numbers a segment, a column for each row of the table `LAYOUT` (`measure` → float32 matrix).

Neither needs HTML or knows a language; an HTML page adds terms of its markup and the layout group `MARKUP`. `LAYOUT` is the
whole list of layout features: reading it tells what the model sees besides words. A feature is a function of the page's `Measures`, whose fields are arrays with one entry a segment.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pagesieve.page import Segment

__all__ = ["GROUPS", "LAYOUT", "MARKUP", "Feature", "MarkupMeasures", "Measures", "column_names", "layout", "measure", "terms", "window"]

Floats = NDArray[np.float32]

HEAD, TAIL = 12, 6  # words of a segment that its terms are made of: the first and the last ones
WHOLE = 4  # words; a segment this short is also one term as a whole ("=share on facebook")
MARKUP = "markup"  # the group of features that only HTML pages have
LEVELS = 4  # containers around an HTML page's segment
LONG_WORD = 5  # characters from which a word says what a text is about

# --------------------------------------------------------------------------------------------------------- words

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:[.,:/]\d+)*|[^\w\s]")
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")  # scripts written without spaces
_DIGIT = re.compile(r"\d")
# The place, or the place and the agency, that a report begins with ("OSLO (Agency) —", "BERN, Switzerland -").
_DATELINE = re.compile(
    r"[^\W\d_][^()\n]{1,60}\([^\W\d_][^()\n]{0,25}\)\s?[—–-]|[A-ZÀ-Þ]{2}[A-ZÀ-Þ .'’-]{1,30}(?:, \w[\w .]{1,20})?\s?[—–-]{1,2}\s"
)
DATELINE_LEAST = 60  # characters; a line this long is a report's first paragraph or a story's summary, no name and no title
_LINK = re.compile(  # Markdown's link targets (none runs into the next "](", so that time stays linear), lynx's link numbers
    r"\]\([^)\s\]]*(?:\](?!\()[^)\s\]]*)*\)|\[\d{1,4}\](?=\S)"
)


def tokens(text: str) -> list[str]:
    """Words, numbers and punctuation marks of `text` in order, lower-cased; digits become 0; `[]` for blank text.

    Text in scripts without spaces between words gives overlapping pairs of characters instead.

    >>> tokens("Updated 12:30 — it's on!")
    ['updated', '00:00', '—', "it's", 'on', '!']
    """
    return _tokens(_plain(_unlinked(text)))


def _unlinked(text: str) -> str:
    """`text` without the addresses and numbers of links that only a renderer put in."""
    return _LINK.sub("", text) if "[" in text else text


def _plain(text: str) -> str:
    """`text` in small letters, its digits as 0. Lines stay lines."""
    return _DIGIT.sub("0", text).lower()


def _tokens(plain: str) -> list[str]:
    found: list[str] = _TOKEN.findall(plain)
    if plain.isascii() or not _UNSPACED.search(plain):
        return found
    pieces: list[str] = []
    for token in found:
        if len(token) > 2 and _UNSPACED.match(token):
            pieces.extend(token[i : i + 2] for i in range(len(token) - 1))
        else:
            pieces.append(token)
    return pieces


def terms(words: Sequence[str]) -> list[str]:
    """What the TF-IDF counts for a segment with these `tokens`: words, pairs, the first and the last word as such.

    >>> terms(["read", "more"])
    ['read', 'more', 'read more', '^read', 'more$', '=read more']
    """
    if not words:
        return ["<none>"]
    if len(words) > HEAD + TAIL:
        head, tail = words[:HEAD], words[-TAIL:]
        found = [*head, *tail]
        found += [f"{a} {b}" for a, b in itertools.pairwise(head)]
        found += [f"{a} {b}" for a, b in itertools.pairwise(tail)]
    else:
        found = [*words, *(f"{a} {b}" for a, b in itertools.pairwise(words))]
    found += ["^" + words[0], words[-1] + "$"]
    if len(words) <= WHOLE:
        found.append("=" + " ".join(words))
    return found


# -------------------------------------------------------------------------------------------------------- layout

# Every character belongs to one class; counts of classes per segment are most of what layout is made of.
_CLASSES = ("space", "upper", "lower", "letter", "digit", "mark", "comma", "stop", "quote", "open", "colon", "bar", "at", "wide")
_CLASS = {name: i + 1 for i, name in enumerate(_CLASSES)}
_SPECIAL = {
    **dict.fromkeys(",،，、;", "comma"),
    **dict.fromkeys(".!?…。！？।؟", "stop"),
    **dict.fromkeys('"“”„«»‹›「」『』', "quote"),
    **dict.fromkeys("([{（【", "open"),
    **dict.fromkeys(":：", "colon"),
    **dict.fromkeys("|·/•»>", "bar"),
    **dict.fromkeys("@©®", "at"),
}
_class_of = np.zeros(0x110000, dtype=np.uint8)  # filled as characters turn up; 0 = not seen yet
_LAST = (*["upper", "lower", "letter", "digit", "stop", "comma", "colon", "quote", "open", "mark"],)  # kinds of first and last characters


def _classify(code: int) -> int:
    char = chr(code)
    if char in _SPECIAL:
        return _CLASS[_SPECIAL[char]]
    if char.isspace():
        return _CLASS["space"]
    if char.isalpha():
        if _UNSPACED.match(char):
            return _CLASS["wide"]
        return _CLASS["upper" if char.isupper() else "lower" if char.islower() else "letter"]
    return _CLASS["digit" if char.isdigit() else "mark"]


def _classes(text: str) -> NDArray[np.uint8]:
    """The class number of each character of `text`."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    found = _class_of[codes]
    if not found.all():
        for code in np.unique(codes[found == 0]).tolist():
            _class_of[code] = _classify(code)
        found = _class_of[codes]
    return found


@dataclass(frozen=True, slots=True)
class MarkupMeasures:
    """What an HTML page says of its segments beside their text. Arrays have one entry (or row) a segment.

    `containers` holds numbers that are alike for segments in the same container, column 0 for the nearest; `shape` those
    that are alike for segments with the same tags and classes. Both count from 0 without gaps.
    """

    linked: Floats  # share of the characters that lie in links
    links: Floats  # number of links
    heading: Floats  # level, 0 for none
    peers: Floats  # (n, LEVELS): siblings of the same tag and class, of the block and of its containers
    containers: NDArray[np.int64]  # (n, LEVELS)
    shape: NDArray[np.int64]

    @classmethod
    def of(cls, segments: Sequence[Segment]) -> MarkupMeasures | None:
        """The measures of an HTML page's segments; None for those of a text dump."""
        found = [segment.markup for segment in segments if segment.markup is not None]
        if len(found) < len(segments) or not segments:
            return None
        shapes: dict[str, int] = {}
        containers = np.array([_padded(m.containers, -1) for m in found], dtype=np.int64)
        return cls(
            linked=np.array(
                [sum(x.end - x.start for x in m.links) / len(s.text) for m, s in zip(found, segments, strict=True)], dtype=np.float32
            ),
            links=np.array([len(m.links) for m in found], dtype=np.float32),
            heading=np.array([m.heading for m in found], dtype=np.float32),
            peers=np.array([_padded(m.peers, 0) for m in found], dtype=np.float32),
            containers=np.unique(containers, return_inverse=True)[1].reshape(containers.shape),
            shape=np.array([shapes.setdefault(m.shape, len(shapes)) for m in found], dtype=np.int64),
        )


def _padded(values: Sequence[int], fill: int) -> list[int]:
    return [*values, *[fill] * (LEVELS - len(values))][:LEVELS]


@dataclass(frozen=True, slots=True)
class Measures:
    """Raw measures of a page, from which all layout features follow. Arrays have one entry a segment.

    `words` holds the tokens of each segment that are words of `LONG_WORD` characters or more (or a pair of unspaced
    characters); the second pass uses them for likeness to the main text.
    """

    counts: Floats  # (n, classes): characters of each class
    words: Floats  # number of words; two unspaced characters count as one
    capitalised: Floats  # number of words that begin with a capital
    first: NDArray[np.int64]  # class of the first character (after the bullet)
    last: NDArray[np.int64]  # class of the last character
    bullet: NDArray[np.int64]  # 0 none, 1 plain, 2 nested, 3 number
    indent: Floats  # columns
    blank: Floats  # blank lines before
    inline: Floats  # 1 where the segment starts on the line the one before ended on
    repeats: Floats  # other segments of the page with the same text
    openings: Floats  # other segments of the page with the same first two words
    dateline: Floats  # 1 where the segment begins as a report does
    terms: list[list[str]]  # of each segment
    vocabulary: list[frozenset[str]]  # of each segment: its long words
    small_words: list[frozenset[str]]  # of each segment: its words below `LONG_WORD` characters ("our", "said")
    markup: MarkupMeasures | None = None  # of an HTML page

    def __len__(self) -> int:
        return len(self.words)

    def of(self, *classes: str) -> Floats:
        """Number of characters of these classes, per segment."""
        return np.asarray(self.counts[:, [_CLASS[name] for name in classes]].sum(1))

    @property
    def chars(self) -> Floats:
        """Characters that are not white space, at least 1, per segment."""
        total: Floats = self.counts.sum(1) - self.counts[:, _CLASS["space"]]
        return np.maximum(total, 1)


def measure(segments: Sequence[Segment]) -> Measures:
    """The `Measures` of a page's segments (all of them: repeats and positions are relative to the page)."""
    n = len(segments)
    contents = [_unlinked(segment.content) for segment in segments]
    lengths = np.fromiter(map(len, contents), dtype=np.int64, count=n)
    joined = "".join(content + "\n" for content in contents)
    classes = _classes(joined).astype(np.int64)
    row = np.repeat(np.arange(n), lengths + 1)
    counts = np.bincount(row * (len(_CLASSES) + 1) + classes, minlength=n * (len(_CLASSES) + 1))
    kinds = counts.reshape(n, len(_CLASSES) + 1).astype(np.float32)
    kinds[:, _CLASS["space"]] -= 1  # the line feed after each
    in_word = (classes >= _CLASS["upper"]) & (classes <= _CLASS["digit"])
    begins = in_word & ~np.concatenate([[False], in_word[:-1]])
    words = np.bincount(row[begins], minlength=n) + kinds[:, _CLASS["wide"]] / 2
    capitalised = np.bincount(row[begins & (classes == _CLASS["upper"])], minlength=n)
    ends = np.cumsum(lengths + 1)
    starts = ends - lengths - 1
    tokenised = [_tokens(line) for line in _plain(joined).split("\n")[:-1]]
    openings = [" ".join(words[:2]) for words in tokenised]
    return Measures(
        counts=kinds,
        words=words.astype(np.float32),
        capitalised=capitalised.astype(np.float32),
        first=np.where(lengths > 0, classes[starts], 0),
        last=np.where(lengths > 0, classes[np.maximum(ends - 2, 0)], 0),
        bullet=np.fromiter((_bullet_kind(segment.bullet) for segment in segments), dtype=np.int64, count=n),
        indent=np.fromiter((segment.indent for segment in segments), dtype=np.float32, count=n),
        blank=np.fromiter((segment.blank_before for segment in segments), dtype=np.float32, count=n),
        inline=np.fromiter((segment.inline for segment in segments), dtype=np.float32, count=n),
        repeats=_others(contents),
        openings=_others(openings),
        dateline=np.fromiter(map(_has_dateline, contents), dtype=np.float32, count=n),
        terms=[
            terms(words) if s.markup is None else [*terms(words), *s.markup.words] for words, s in zip(tokenised, segments, strict=True)
        ],
        vocabulary=[_long_words(words, bool(wide)) for words, wide in zip(tokenised, kinds[:, _CLASS["wide"]].tolist(), strict=True)],
        small_words=[frozenset([word for word in words if len(word) < LONG_WORD and word.isalpha()]) for words in tokenised],
        markup=MarkupMeasures.of(segments),
    )


def _has_dateline(content: str) -> bool:
    return len(content) >= DATELINE_LEAST and _DATELINE.match(content) is not None


def _long_words(words: Sequence[str], unspaced: bool) -> frozenset[str]:
    """The words that say what a text is about: long ones, and pairs of characters of unspaced scripts."""
    if unspaced:
        return frozenset(word for word in words if len(word) >= LONG_WORD or (len(word) == 2 and _UNSPACED.match(word)))
    return frozenset([word for word in words if len(word) >= LONG_WORD])


def _bullet_kind(bullet: str) -> int:
    if not bullet:
        return 0
    if bullet[0] in "•*+-–—":
        return 1
    return 3 if bullet[0].isdigit() or bullet[0] == "(" else 2


def _others(keys: Sequence[str]) -> Floats:
    """How many other entries of `keys` equal each entry."""
    count = Counter(keys)
    return np.fromiter((count[key] - 1 for key in keys), dtype=np.float32, count=len(keys))


def _markup(measures: Measures) -> MarkupMeasures:
    if measures.markup is None:
        raise ValueError("the segments are of a text dump; markup features need those of an HTML page")
    return measures.markup


def _log(values: NDArray[np.floating]) -> Floats:
    return np.asarray(np.log1p(values), dtype=np.float32)


def shifted(values: Floats, by: int, fill: float) -> Floats:
    """`values` of the segment `by` places further on (negative: before), `fill` beyond the page's ends."""
    out = np.full_like(values, fill)
    if by > 0:
        out[:-by] = values[by:]
    elif by < 0:
        out[-by:] = values[:by]
    else:
        out[:] = values
    return out


def mean_around(values: Floats, low: int, high: int) -> Floats:
    """Mean of `values` over the segments `low` to `high` places on (cut at the page's ends; 0 where none is left)."""
    n = len(values)
    total = np.zeros((n + 1, *values.shape[1:]), dtype=np.float64)
    np.cumsum(values, axis=0, dtype=np.float64, out=total[1:])
    place = np.arange(n)
    start, stop = np.clip(place + low, 0, n), np.clip(place + high + 1, 0, n)
    size = np.maximum(stop - start, 1).reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray((total[stop] - total[start]) / size, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the layout matrix: its `name`, the `group` it is switched off with, and how it is computed.

    `near` marks the features that a segment is also told about its neighbours.
    """

    name: str
    group: str
    value: Callable[[Measures], NDArray[np.generic]]
    near: bool = False


LAYOUT: tuple[Feature, ...] = (
    Feature("chars", "length", lambda m: _log(m.chars), near=True),
    Feature("words", "length", lambda m: _log(m.words), near=True),
    Feature("word_length", "length", lambda m: m.chars / np.maximum(m.words, 1), near=True),
    Feature("capitals", "characters", lambda m: m.of("upper") / m.chars, near=True),
    Feature("capitalised", "characters", lambda m: m.capitalised / np.maximum(m.words, 1), near=True),
    Feature("digits", "characters", lambda m: m.of("digit") / m.chars, near=True),
    Feature("marks", "characters", lambda m: m.of("mark") / m.chars),
    Feature("commas", "characters", lambda m: _log(m.of("comma")), near=True),
    Feature("stops", "characters", lambda m: _log(m.of("stop")), near=True),
    Feature("quotes", "characters", lambda m: _log(m.of("quote"))),
    Feature("brackets", "characters", lambda m: _log(m.of("open"))),
    Feature("colons", "characters", lambda m: _log(m.of("colon")), near=True),
    Feature("bars", "characters", lambda m: _log(m.of("bar")), near=True),
    Feature("signs", "characters", lambda m: _log(m.of("at"))),
    *(Feature(f"first_{kind}", "characters", lambda m, k=kind: m.first == _CLASS[k], near=True) for kind in _LAST),  # type: ignore[misc]
    *(Feature(f"last_{kind}", "characters", lambda m, k=kind: m.last == _CLASS[k], near=True) for kind in _LAST),  # type: ignore[misc]
    Feature("bullet_plain", "lines", lambda m: m.bullet == 1, near=True),
    Feature("bullet_nested", "lines", lambda m: m.bullet == 2, near=True),
    Feature("bullet_number", "lines", lambda m: m.bullet == 3, near=True),
    Feature("indent", "lines", lambda m: _log(m.indent), near=True),
    Feature("blank_before", "lines", lambda m: np.minimum(m.blank, 3), near=True),
    Feature("blank_after", "lines", lambda m: shifted(np.minimum(m.blank, 3), 1, 3)),
    Feature("inline", "lines", lambda m: m.inline),
    Feature("repeats", "repeats", lambda m: _log(m.repeats), near=True),
    Feature("openings", "repeats", lambda m: _log(m.openings), near=True),
    Feature("dateline", "characters", lambda m: m.dateline),  # too rare for a bin of its own: for the second pass
    Feature("linked", MARKUP, lambda m: _markup(m).linked, near=True),
    Feature("links", MARKUP, lambda m: _log(_markup(m).links)),
    Feature("heading", MARKUP, lambda m: _markup(m).heading, near=True),
    *(Feature(f"peers_{i}", MARKUP, lambda m, i=i: _log(_markup(m).peers[:, i]), near=i < 2) for i in range(LEVELS)),  # type: ignore[misc]
)
"""The feature table: every column of the layout matrix, in order. The group `MARKUP` needs an HTML page."""

GROUPS = tuple(dict.fromkeys(feature.group for feature in LAYOUT if feature.group != MARKUP))


def layout(measures: Measures, groups: Sequence[str] = GROUPS) -> Floats:
    """The layout matrix, shape (segments, columns of `groups`), float32; shape (0, …) for a page without segments."""
    chosen = [feature for feature in LAYOUT if feature.group in groups]
    out = np.zeros((len(measures), len(chosen)), dtype=np.float32)
    for column, feature in enumerate(chosen):
        out[:, column] = feature.value(measures)
    return out


def column_names(groups: Sequence[str] = GROUPS) -> tuple[str, ...]:
    """Names of the columns that `layout` gives for these groups."""
    return tuple(feature.name for feature in LAYOUT if feature.group in groups)


def window(matrix: Floats, groups: Sequence[str], offsets: Sequence[int]) -> Floats:
    """`matrix` (from `layout`) with the `near` columns of the segments at these `offsets` beside it; -1 beyond the ends."""
    near = [i for i, f in enumerate(f for f in LAYOUT if f.group in groups) if f.near]
    return np.concatenate([matrix, *(shifted(matrix[:, near], by, -1) for by in offsets)], axis=1)
