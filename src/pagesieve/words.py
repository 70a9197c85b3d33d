"""Step 2a of a page's way: a segment's text → tokens → the terms that the TF-IDF weighs.

Terms are strings for whoever reads or trains on them (`terms`). Judging a page asks for numbers only, so there is a second
form of the same recipe: texts of many segments at once as one array of characters, tokens as ranges of it, and each term
as the 64-bit hash of its string (`read_tokens`, `Tokens.term_hashes`). The hash of a string c₀c₁c₂… is Σ cᵢ·Bⁱ modulo 2⁶⁴,
so that of two tokens with a space between follows from theirs and none of these strings is ever made.

Both read what `visible` leaves of a text; a combining mark is a letter of the word it stands in.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from html import unescape
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BASE",
    "BRACKETED",
    "CHARACTER",
    "FORMAT",
    "LEAST_LEFT",
    "PICTURE_NUMBER",
    "TAG",
    "CharTable",
    "TermIndex",
    "Tokens",
    "Vocabulary",
    "alike",
    "codes_of",
    "count_words",
    "has_tags",
    "hashes",
    "is_combining",
    "is_unseen",
    "is_unspaced",
    "range_hashes",
    "read_tokens",
    "terms",
    "tokens",
    "unrendered",
    "untagged",
    "visible",
    "visible_tokens",
]

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
HEAD, TAIL = 12, 6  # words of a segment that its terms are made of: the first and the last ones
WHOLE = 2  # words; a segment this short is also one term as a whole ("=read more"); of longer ones a model would hold running text
NO_WORDS = "<none>"  # the term of a segment without words

NUMBER_BITS = 32  # of a term's number beside its row

# Characters that say how others are written or broken and show nothing themselves: soft hyphen, zero width space, joiners, marks of direction.
FORMAT = "".join(map(chr, (0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF)))
_UNSEEN = re.compile(f"[{FORMAT}\ufe00-\ufe0f\U000e0000-\U000e0fff]+")  # these, and what chooses among the shapes of a character

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:[.,:/]\d+)*|[^\w\s]")
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")  # scripts written without spaces
_DIGIT = re.compile(r"\d")
PICTURE_NUMBER = r"(?<=!\[)Image \d{1,4}(?:: |(?=\]))"  # as Jina's reader numbers pictures in Markdown
# An address in brackets, as html-to-text writes it: not "[he/she]", nor "[4.5/5]".
BRACKETED = r"\[(?=/|\w+:/|[^\s\[\]]*[A-Za-z]\.[A-Za-z]|[^\s\[\]/]*/[^\s\[\]]*[?=#]\w)[^\s\[\]/]*/[^\s\[\]]*\]"
# Markdown's link targets with their titles (none runs into the next "](", so that time stays linear), lynx's link numbers, addresses as
# html-to-text writes them behind a link. Markdown's address may be broken behind a hyphen.
_LINK = re.compile(
    r"\]\([^)\s\]]*(?:(?:\](?!\()|(?<=-)\s)[^)\s\]]*)*(?:\s\"[^\"\n]*\")?\)|\]\(data:[^)\]]*\)|\[\d{1,4}\](?=\S)"
    rf"|{BRACKETED}(?!\()(?:(?:[a-z]+:)?/[^\s\[\]]*)?|{PICTURE_NUMBER}"
)
# A tag that was left in a text, of those that stand in and around lines of text; others are code, or what `noscript` held. Without an attribute's
# value words in it are none ("a <b and c> d").
_VALUE = r"""\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+)"""
TAG = re.compile(
    r"<(?P<end>/)?(?:(?P<block>(?P<free>br|p|li)|ul|ol|h[1-6]|blockquote)|a|abbr|b|cite|em|font|i|mark|q|s|small|span|strong|sub|sup|u)"
    rf"(?:\s+[\w:-]+{_VALUE}(?:\s+[\w:-]+(?:{_VALUE})?)*)?\s*/?>",
    re.IGNORECASE,
)
_CODE = re.compile(r"<(?:!doctype|html|head|body|title|meta|link|script|style|div|table|form|input|button|\?)(?=[\s/>]|php)", re.IGNORECASE)
_QUOTES = frozenset("\"'`“”‘’«»()")
LEAST_LEFT = 3  # tags, references or addresses from which a page has them because a program left them
# Shares of the tags left in a page: as many at most are mentioned beside them, as many at least end something, as many at most are code.
MENTIONED, ENDING, CODE = 1 / 3, 0.4, 0.1
CHARACTER = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")  # a reference to one
_UNDERLINE = re.compile(r"(?<=[^\s=-])\s+(?:(=)={2,}|-{3,})\Z")  # of a heading


def tokens(text: str) -> list[str]:
    """Words, numbers and punctuation marks of `text` in order, lower-cased; digits become 0; `[]` for blank text.

    Text in scripts without spaces between words gives overlapping pairs of characters instead.

    >>> tokens("Updated 12:30 — it's on!")
    ['updated', '00:00', '—', "it's", 'on', '!']
    """
    return visible_tokens(visible(unrendered(text)))


def visible_tokens(text: str) -> list[str]:
    """The `tokens` of a text that went through `unrendered` and `visible` before."""
    small = _small(_DIGIT.sub("0", text))
    lettered = _lettered(small)
    found = _TOKEN.findall(small) if lettered == small else [small[m.start() : m.end()] for m in _TOKEN.finditer(lettered)]
    pieces: list[str] = []
    for token in found:
        if len(token) > 2 and is_unspaced(token):
            pieces.extend(token[i : i + 2] for i in range(len(token) - 1))
        else:
            pieces.append(token)
    return pieces


def _small(text: str) -> str:
    """`text` in small letters, of the same length: İ would become two."""
    return text.replace("\u0130", "i").lower()


def visible(text: str) -> str:
    """`text` without the characters that show nothing, composed if it holds combining marks.

    >>> visible("Donau\\xaddampf"), visible("e\\u0301te\\u0301")
    ('Donaudampf', 'été')
    """
    if text.isascii():
        return text
    seen = _UNSEEN.sub("", text)
    if len(seen) < len(text):
        seen = " ".join(seen.split())
    return unicodedata.normalize("NFC", seen) if _lettered(seen) != seen else seen


def is_unseen(char: str) -> bool:
    """Whether a character shows nothing, so that `visible` leaves it out."""
    return _UNSEEN.match(char) is not None


def is_combining(char: str) -> bool:
    """Whether a character stands upon, below or around the one before it: accents, vowel signs of Indian scripts."""
    return unicodedata.category(char)[0] == "M"


class _Lettered(dict[int, int]):
    """For `str.translate`: combining marks become letters, as which regular expressions don't know them."""

    def __missing__(self, code: int) -> int:
        self[code] = ord("a") if is_combining(chr(code)) else code
        return self[code]


_LETTERED = _Lettered()


def _lettered(text: str) -> str:
    """`text` with a letter in the place of each combining mark."""
    return text if text.isascii() else text.translate(_LETTERED)


def unrendered(text: str) -> str:
    """`text`, in one line, without what only a renderer put in or left: addresses and numbers of links, numbers of pictures, tags, Markdown's backslashes
    at the end of a line. Characters that it left as references are themselves; a heading that it underlined begins with signs, as others do.

    >>> unrendered("![Image 7: A kite](/kite.jpg)"), unrendered("Kites \\\\ \\\\"), unrendered("Kites ===="), unrendered("<b>Kites</b><br>")
    ('![A kite', 'Kites', '# Kites', 'Kites')
    """
    if "<" in text and ">" in text:
        text = untagged(text)
    if "&" in text and ";" in text:
        text = CHARACTER.sub(lambda reference: unescape(reference[0]), text).replace("\n", " ")
    if "[" in text:
        text = _LINK.sub("", text).rstrip()
    last = text[-1:]
    if last == "\\":
        text = text.rstrip("\\ ")
    elif last in ("=", "-") and (line := _UNDERLINE.search(text)):
        text = ("# " if line[1] else "## ") + text[: line.start()]
    return text


def untagged(text: str) -> str:
    """`text`, in one line, without the tags that were left in it (see `TAG`): those of blocks part what they stand between, others don't.

    >>> untagged('A <a href="/k">kite</a>s<br/>club'), untagged("a <b and c> d")
    ('A kites club', 'a <b and c> d')
    """
    left, tags = TAG.subn(lambda tag: " " if tag["block"] else "", text)
    return " ".join(left.split()) if tags else text


def has_tags(page: str) -> bool:
    """Whether tags were left in a page by a program that took away most: they touch what they stand at, end what they begin, and few are code.

    In a text about tags these stand between spaces, quotes and commas.

    >>> has_tags("<b>Kites</b> and<br>more <i>kites</i>"), has_tags("Use <b>, </b> or <br> for that"), has_tags("<div>" + "<b>Kites</b>" * 3)
    (True, False, False)
    """
    if "<" not in page:
        return False
    left = mentioned = ends = 0
    for tag in TAG.finditer(page):
        if _is_mentioned(tag, page):
            mentioned += 1
        else:
            left += 1
            ends += bool(tag["end"] or tag["free"])
    most = CODE * left
    return (
        left >= LEAST_LEFT
        and mentioned <= MENTIONED * left
        and ends >= ENDING * left
        and sum(1 for _ in itertools.islice(_CODE.finditer(page), int(most) + 1)) <= most
        and bool(untagged(page))
    )


def _is_mentioned(tag: re.Match[str], page: str) -> bool:
    """Whether the tag touches nothing that it could begin or end: a tag that begins something what is behind it, one that ends something what is before it, `<br>` either."""
    before, after = page[max(tag.start() - 1, 0) : tag.start()], page[tag.end() : tag.end() + 1]
    if before in _QUOTES and after in _QUOTES:
        return True
    ended, begun = before in ("", "\n") or not before.isspace(), after in ("", "\n", "\r") or not (after.isspace() or after in ",.;:!?)]}")
    if tag["end"]:
        return not ended
    return not begun and not (ended and tag[0][1:3].lower() == "br")


def is_unspaced(text: str) -> bool:
    """Whether `text` begins in a script that is written without spaces."""
    return _UNSPACED.match(text) is not None


def count_words(text: str) -> int:
    """Number of words; two characters of a script that is written without spaces count as one.

    >>> count_words("two words"), count_words("渡船は止まる"), count_words("")
    (2, 3, 0)
    """
    spaced, unspaced = (text, 0) if text.isascii() else _UNSPACED.subn(" ", text)
    return len(spaced.split()) + unspaced // 2


def terms(words: Sequence[str]) -> list[str]:
    """What the TF-IDF counts for a segment with these `tokens`: words, pairs, the first and the last word as such.

    >>> terms(["read", "more"])
    ['read', 'more', 'read more', '^read', 'more$', '=read more']
    """
    if not words:
        return [NO_WORDS]
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


# ------------------------------------------------------------------------------------------------------- characters


class CharTable:
    """A number for every character, worked out by `number` (1 and more) when one turns up for the first time."""

    def __init__(self, number: Callable[[str], int], dtype: type[np.unsignedinteger[Any]]) -> None:
        self._number = number
        self._known = np.zeros(0x110000, dtype=dtype)

    def __call__(self, codes: NDArray[np.uint32]) -> NDArray[Any]:
        """The numbers of the characters with these `codes`."""
        found = self._known.take(codes)  # twice as fast as `[codes]`
        if not found.all():
            for code in set(codes[found == 0].tolist()):  # `np.unique` would load numpy.ma, 10 ms of a process's first page
                self._known[code] = self._number(chr(code))
            found = self._known.take(codes)
        return found


def codes_of(text: str) -> NDArray[np.uint32]:
    """The code points of `text`."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


# What a character is to a token: combining marks are letters, numerals are what is alphanumeric, but neither letter nor digit ("²").
_NOTHING, _MARK, _APOSTROPHE, _JOINT, _DIGITS, _NUMERAL, _LETTER, _UNSPACED_LETTER = range(1, 9)


def _kind(char: str) -> int:
    if char in "'’":
        return _APOSTROPHE
    if char in ".,:/":
        return _JOINT
    if char.isdecimal():
        return _DIGITS
    if char.isalpha() or is_combining(char):
        return _UNSPACED_LETTER if is_unspaced(char) else _LETTER
    if char.isalnum():
        return _NUMERAL
    return _NOTHING if char == "_" or char.isspace() else _MARK


_kinds = CharTable(_kind, np.uint8)
_plain_codes = CharTable(lambda char: 48 if char.isdecimal() else ord(_small(char)), np.uint32)
_SIGMA = "\u03a3"  # its small letter changes with what follows

# ------------------------------------------------------------------------------------------------ tokens as numbers

BASE = 0x9E3779B97F4A7C15  # odd, so that every power is too
_INVERSE = pow(BASE, -1, 1 << 64)
KEPT = 1 << 17  # powers that are kept; more are worked out anew
_CARET, _DOLLAR, _EQUALS, _SPACE = (np.uint64(ord(char)) for char in "^$= ")


@cache
def _powers(size: int, base: int = BASE) -> Hashes:
    """The first `size` powers of a base."""
    factors = np.full(size, base, dtype=np.uint64)
    factors[:1] = 1
    return np.multiply.accumulate(factors)


def _powers_to(longest: int, base: int = BASE) -> Hashes:
    """Powers up to `longest` at least; tables for the usual lengths are kept."""
    if longest < KEPT:
        return _powers(256 if longest < 256 else KEPT, base)
    return _powers.__wrapped__(longest + 1, base)


def hashes(texts: Sequence[str]) -> Hashes:
    """The hash of each text, shape (texts,)."""
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    ends = np.cumsum(lengths)
    return range_hashes(codes_of("".join(texts)), ends - lengths, ends)


def _line_hashes(text: str, lines: int) -> Hashes:
    """The hash of each of so many lines of `text`; between two is a line feed."""
    codes = codes_of(text + "\n" if lines else "")
    ends = np.flatnonzero(codes == 10)
    starts = np.concatenate([[0], ends + 1])[:-1]
    pieces = [0, *(np.flatnonzero(np.diff(starts // (KEPT // 2))) + 1).tolist(), lines]  # whose powers are at hand
    found = [np.zeros(0, dtype=np.uint64)]
    for begin, end in itertools.pairwise(pieces):
        if begin < end:
            first, last = int(starts[begin]), int(ends[end - 1])
            found.append(range_hashes(codes[first:last], starts[begin:end] - first, ends[begin:end] - first))
    return np.concatenate(found)


def range_hashes(codes: NDArray[np.unsignedinteger[Any]], starts: Ints, ends: Ints) -> Hashes:
    """The hash of each range of `codes`."""
    if not len(starts) or not len(codes):
        return np.zeros(len(starts), dtype=np.uint64)
    total = np.zeros(len(codes) + 1, dtype=np.uint64)  # the hash of all that is before each place
    np.multiply(codes, _powers_to(len(codes))[: len(codes)], out=total[1:])
    np.cumsum(total, out=total)
    return np.asarray((total[ends] - total[starts]) * _powers_to(len(codes), _INVERSE)[starts])


def alike(keys: Hashes) -> NDArray[np.float32]:
    """How many other entries of `keys` equal each entry."""
    _, which, count = np.unique(keys, return_inverse=True, return_counts=True)
    return (count.astype(np.float32) - 1)[which]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of some segments one after the other, as numbers; arrays have one entry a token.

    `count` and `first` (segments,) say how many tokens each segment has and which is its first.
    """

    hash: Hashes
    length: NDArray[np.uint32]  # characters
    unspaced: NDArray[np.bool_]  # begins in a script without spaces between words
    letters: NDArray[np.bool_]  # nothing but letters and their marks
    count: Ints
    first: Ints

    @property
    def row(self) -> Ints:
        """Place of each token's segment."""
        return np.repeat(np.arange(len(self.count)), self.count)

    def pairs(self, left: Ints, right: Ints) -> Hashes:
        """The hash of "a b" for the tokens a and b at these places."""
        powers = _powers_to(int(self.length.max(initial=0)) + 1)
        length = self.length[left]
        return np.asarray(self.hash[left] + _SPACE * powers[length] + self.hash[right] * powers[length + 1])

    def openings(self) -> Hashes:
        """The hash of each segment's first two tokens, shape (segments,); 0 for one without."""
        out = np.zeros(len(self.count), dtype=np.uint64)
        one, more = np.flatnonzero(self.count == 1), np.flatnonzero(self.count > 1)
        out[one] = self.hash[self.first[one]]
        out[more] = self.pairs(self.first[more], self.first[more] + 1)
        return out

    def edges(self) -> tuple[Hashes, Hashes]:
        """The hashes of each segment's first and last token, shape (segments,) each; 0 for one without."""
        first, last = np.zeros((2, len(self.count)), dtype=np.uint64)
        some = np.flatnonzero(self.count)
        first[some], last[some] = self.hash[self.first[some]], self.hash[self.first[some] + self.count[some] - 1]
        return first, last

    def term_hashes(self) -> tuple[Ints, Hashes]:
        """(row, hash) of all `terms` of the segments, those of a segment in no particular order."""
        short = self.count <= HEAD + TAIL
        row = self.row
        rank = np.arange(len(row)) - self.first[row]
        chosen = short[row] | (rank < HEAD) | (rank >= self.count[row] - TAIL)
        words = np.flatnonzero(chosen)
        left = words[:-1][(np.diff(words) == 1) & (np.diff(row[words]) == 0)]
        some, none = np.flatnonzero(self.count), np.flatnonzero(self.count == 0)
        first, last = self.first[some], self.first[some] + self.count[some] - 1
        powers = _powers_to(int(self.length.max(initial=0)))
        whole = np.flatnonzero((self.count > 0) & (self.count <= WHOLE))
        found = [
            (row[words], self.hash[words]),
            (row[left], self.pairs(left, left + 1)),
            (some, _CARET + self.hash[first] * _powers(256)[1]),
            (some, self.hash[last] + _DOLLAR * powers[self.length[last]]),
            (none, np.repeat(hashes([NO_WORDS]), len(none))),
            (whole, _EQUALS + self.openings()[whole] * _powers(256)[1]),
        ]
        return np.concatenate([rows for rows, _ in found]), np.concatenate([numbers for _, numbers in found])


def read_tokens(joined: str, codes: NDArray[np.uint32], lines: int) -> Tokens:
    """The `visible_tokens` of each line of `joined`, which ends with a line feed; `codes` are its code points."""
    if not lines:
        nothing = np.zeros(0, dtype=np.int64)
        return Tokens(nothing.astype(np.uint64), nothing.astype(np.uint32), nothing > 0, nothing > 0, nothing, nothing)
    plain = _plain_codes(codes_of(_small(joined)) if _SIGMA in joined else codes)
    kinds = _kinds(plain)
    # Every character becomes part of a word (1), of a number (2), a token of its own (3) or none (0).
    part = np.array([0, 0, 3, 3, 3, 2, 1, 1, 1], dtype=np.uint8).take(kinds)
    inner = np.flatnonzero((kinds == _APOSTROPHE) | (kinds == _JOINT))
    if len(inner):
        before, after = part[inner - 1], part[inner + 1]
        wanted = np.where(kinds[inner] == _APOSTROPHE, 1, 2)
        part[inner[(before == wanted) & (after == wanted)]] = wanted[(before == wanted) & (after == wanted)]
    change = part[1:] != part[:-1]
    alone = part == 3
    starts = np.flatnonzero((part != 0) & (np.concatenate([[True], change]) | alone))
    ends = np.flatnonzero((part != 0) & (np.concatenate([change, [True]]) | alone)) + 1
    unspaced = kinds[starts] == _UNSPACED_LETTER
    split_up = unspaced & (ends - starts > 2)
    if split_up.any():
        times = np.where(split_up, ends - starts - 1, 1)
        starts = np.repeat(starts, times) + np.arange(int(times.sum())) - np.repeat(np.cumsum(times) - times, times)
        ends = np.where(np.repeat(split_up, times), starts + 2, np.repeat(ends, times))
        unspaced = kinds[starts] == _UNSPACED_LETTER
    first = np.searchsorted(starts, np.flatnonzero(plain == 10))  # the token after each line feed
    first = np.concatenate([np.zeros(1, dtype=np.int64), first])
    count = np.diff(first)
    strange = np.zeros(len(kinds) + 1, dtype=np.int32)
    strange[1:] = kinds < _LETTER
    np.cumsum(strange, out=strange)
    return Tokens(
        hash=range_hashes(plain, starts, ends),
        length=(ends - starts).astype(np.uint32),
        unspaced=unspaced,
        letters=strange[ends] == strange[starts],
        count=count,
        first=first[:-1],
    )


class Vocabulary(Mapping[str, int]):
    """Terms → their numbers, counted from 0, of one text with a term a line; taken apart when a term is asked for.

    Judging pages asks for hashes alone: a process that judges has none of the strings.
    """

    def __init__(self, text: str, size: int) -> None:
        """`size` is the number of terms; raises `ValueError` where the text has another."""
        self.text, self.size = text, size
        if (text.count("\n") + 1 if size or text else 0) != size:
            raise ValueError(f"number of terms and text of a vocabulary differ in length ({size} terms)")

    @classmethod
    def of(cls, terms: Sequence[str]) -> Vocabulary:
        """The vocabulary of these terms, numbered as they stand; none may hold a line feed."""
        return cls("\n".join(terms), len(terms))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {term: number for number, term in enumerate(self.text.split("\n"))} if self.size else {}

    def __getitem__(self, term: str) -> int:
        return self._numbers[term]

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return self.size


class TermIndex:
    """Hashes of terms → their numbers. Looked up in two steps: the top bits of a scrambled hash name a short run of entries."""

    SCRAMBLER = np.uint64(0xD6E8FEB86659FD93)
    BITS = 18

    def __init__(self, vocabulary: Vocabulary) -> None:
        keys = _line_hashes(vocabulary.text, vocabulary.size) * self.SCRAMBLER
        order = np.argsort(keys)
        self.keys = np.concatenate([keys[order], np.zeros(1, dtype=np.uint64)])
        self.numbers = np.concatenate([order, [-1]])
        self.shift = np.uint64(64 - self.BITS)
        count = np.bincount((keys >> self.shift).astype(np.int64), minlength=1 << self.BITS)
        self.start = (np.cumsum(count) - count).astype(np.int32)

    def counted(self, rows: Ints, found: Hashes) -> tuple[Ints, Ints, Ints]:
        """How often each known term is in each row: (row, number, count), sorted; `found` are terms' hashes, `rows` where they are."""
        numbers = self(found)
        known = np.flatnonzero(numbers >= 0)
        keys = np.sort(rows[known] << NUMBER_BITS | numbers[known])
        first = np.flatnonzero(np.diff(keys, prepend=-1))
        return keys[first] >> NUMBER_BITS, keys[first] & ((1 << NUMBER_BITS) - 1), np.diff(first, append=len(keys))

    def __call__(self, found: Hashes) -> Ints:
        """The number of each term with these hashes, -1 for an unknown one."""
        keys = found * self.SCRAMBLER
        at = self.start[keys >> self.shift]
        stored = self.keys[at]
        out = np.where(stored == keys, self.numbers[at], -1)
        pending = np.flatnonzero(stored < keys)  # a run's keys ascend
        at, keys = at[pending], keys[pending]
        last = len(self.keys) - 1
        while len(pending):
            at = np.minimum(at + 1, last)
            stored = self.keys[at]
            hit = stored == keys
            out[pending[hit]] = self.numbers[at[hit]]
            more = (stored < keys) & (at < last)
            pending, at, keys = pending[more], at[more], keys[more]
        return out
