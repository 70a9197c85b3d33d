"""Step 1c of an HTML page's way: laid out lines and the title that the page states of itself → how much of that title each line is.

The headline is often no heading element, but nearly always, word for word, what `og:title` or `<title>` say. The latter goes on with the
name of the site ("Ferry sails again | Harbour News"), which does not count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pagesieve.words import count_words

__all__ = ["titled"]

LEAST = 4  # words; a shorter part of a title may stand anywhere
HALF = 0.5  # share; less of a title is no title

_TAIL = re.compile(r"(.*\S)(?:\s+[-–—|·•»:]+\s+|\s*[|｜_]\s*)\S.*", re.DOTALL)  # greedy: at the last separator
_WORD = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]|[^\\W_\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+")  # or an unspaced character


def titled(texts: Sequence[str], title: str) -> NDArray[np.float32]:
    """How much of a page's `title` each of its lines is, case and punctuation aside.

    1 for the title with or without its tail; for a line that holds the title or is part of it, the share that the shorter one is of the
    longer one, if it is more than `HALF` of it and has `LEAST` words; else 0.

    >>> titled(["Home", "FERRY SAILS “AGAIN”", "Live: Ferry sails again"], "Ferry sails again | Harbour News").tolist()
    [0.0, 1.0, 0.0]
    """
    found = np.zeros(len(texts), dtype=np.float32)
    folded = title.casefold()
    whole, stem = _key(folded), _stem(folded)
    if not stem:
        return found
    low, high = HALF * len(title) * len(stem) / len(whole), len(title) / HALF
    middle, before, after = _middle(stem)
    for place, text in enumerate(texts):
        # Few lines need a closer look: what holds so much of the title has its middle and a word beside that.
        if low < len(text) <= high and middle in (small := text.casefold()) and (before in small or after in small):
            key = _key(small)
            found[place] = 1 if key == whole else _share(key, stem)
    return found


def _key(text: str) -> str:
    """The words of `text`, which is case-folded."""
    return " ".join(_WORD.findall(text))


def _stem(title: str) -> str:
    """The key of a case-folded title without its tail."""
    tail = _TAIL.fullmatch(title)
    stem = "" if tail is None else _key(tail[1])
    return stem if " " in stem else _key(title)  # a single word may be the name of a section


def _middle(key: str) -> tuple[str, str, str]:
    """The word in the middle of a key, and those before and after it; "" where there is none."""
    half = len(key) // 2
    left, _, first = key[:half].rpartition(" ")
    last, _, right = key[half:].partition(" ")
    return first + last, left.rpartition(" ")[2], right.partition(" ")[0]


def _share(key: str, title: str) -> float:
    """What share of the longer one the shorter one of two keys is, if that holds it (see `titled`)."""
    if key == title:
        return 1.0
    shorter, longer = sorted((key, title), key=len)
    share = len(shorter) / len(longer)
    return share if share > HALF and f" {shorter} " in f" {longer} " and count_words(shorter) >= LEAST else 0.0
