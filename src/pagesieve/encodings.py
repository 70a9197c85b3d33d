"""A page's bytes → its characters, whatever encoding they are in. Beneath `page` and `html`, knows nothing of either."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["characters", "known_encoding", "writable"]

DETECTED = 20_000  # bytes by which an encoding that nobody states is told
BEFORE = 1_000  # bytes of them before the first that is not ASCII
LEGACY = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_u", "iso8859_2", "iso8859_5", "iso8859_7"),
    *("shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"),
]
LATIN = ("cp1252", "cp1250", "cp1254", "iso8859_2")
NEAR = 0.01  # difference of two encodings' messiness that says nothing
MESSY = 0.6  # that of Chinese and Japanese furniture, which charset-normalizer would give up on
BROKEN = 10  # characters of UTF-8 to one broken byte, from which it is UTF-8 all the same
COVERED = 0.9  # share of the letters that stand in words of a script, from which a text is in that

_MARKUP = re.compile(rb"<(?:script|style)\b.*?(?:</(?:script|style)\b[^<>]*>|\Z)|<[^<>]*>", re.DOTALL | re.IGNORECASE)
_HIGH = re.compile(rb"[\x80-\xff]")
_ESCAPES = re.compile(rb"\x1b\$[@B]")  # to Japanese characters
_TONES = "\u0300\u0301\u0303\u0309\u0323"  # of Vietnamese, letters of their own in its encoding
# Encodings that charset-normalizer does not know or takes for others, by what words are made of if they are read rightly (whole words, no sign
# without its letter, final letters at the end), and what texts have. Other encodings' letters make no such words.
SCRIPTS = {
    "cp874": (re.compile("(?:[เ-ไ]?[ก-ฮ][ัิ-ฺ็-๎]*[ะาำๅ]?[ฯๆ]?){2,}"), re.compile("การ|ที่|และ|ของ|ไม่|เป็น|ว่า|ความ|ให้|ได้|จาก")),
    "cp1255": (re.compile(r"\b(?:[א-ת](?<![ךםןףץ]))+[א-ת]\b"), re.compile("[היו]")),
    "iso8859_6": (re.compile(r"\b[ء-ي]{2,}\b"), re.compile(r"\bال[ء-ي]{3}")),
    "cp866": (re.compile(r"\b(?:[А-ЯЁ]?[а-яё]+|[А-ЯЁ]{2,})\b"), re.compile("[а-яё]{3}")),
    "cp1258": (re.compile(f"đ|[aeiouyâêôăơưàáèéíóùú][{_TONES}]?", re.IGNORECASE), re.compile(f"[âêôăơư][{_TONES}]")),
}
_BEYOND = re.compile(r"[^\x00-\x7f\xa0-\xbf\u200b-\u20ff]")  # letters beyond ASCII, without quotation marks and signs of direction
_RUN = re.compile(f"{_BEYOND.pattern}{{2,}}")
# Letters of a language if they are read as western ones, each more often there than any of those that it does not have.
REGIONS = (
    ("cp1254", re.compile("[ýÝ]"), re.compile("[áéíóúæ]")),
    ("iso8859_15", re.compile("½(?=[a-z])|(?<=[a-z])½"), re.compile(r"\d½")),
)
# Letters of central Europe if they are read as western ones: signs within words, or (those that are there, of Czech, of Hungarian and of Croatian and
# its neighbours, and those that are not) letters that no language has together.
_CENTRAL = re.compile("[a-z][¹³¿£±¶¼¾º\x9f][a-z]", re.IGNORECASE)
_NOT_SOUTH_SLAVIC = "éàâçêîïôùûäöüòåøñ"
CENTRAL = (("ìø", ""), ("èø", "åæ"), ("õû", "ã"), ("õá", "ãàçä"), ("ûá", "ãàçäè"), *((f"è{other}", _NOT_SOUTH_SLAVIC) for other in "šžæ¹¾"))
_POLISH = (re.compile("[³¿](?=[a-z])", re.IGNORECASE), re.compile("(?<=[a-z])¹", re.IGNORECASE))  # ł or ż, and ą in Microsoft's, š in ISO's
_WINDOWS = re.compile(rb"[\x80-\x9f]")  # letters and quotation marks of Microsoft's encodings, nothing in ISO's


def characters(data: bytes, *said: str) -> str:
    """The text of `data`; never an exception, bytes that cannot be read become U+FFFD. A byte order mark is not part of it.

    The encoding is that of the byte order mark, else the first `said` one that is known, else UTF-8 if it is that but for a few broken
    bytes, else what the bytes look like.
    """
    from w3lib.encoding import read_bom, to_unicode  # takes milliseconds that a dump in UTF-8 need not wait

    marked, mark = read_bom(data)
    if marked is not None and mark is not None:
        return str(to_unicode(data[len(mark) :], marked))
    return str(to_unicode(data, next(filter(None, map(known_encoding, said)), "") or _likely(data)))


def writable(text: str) -> str:
    """`text` with "?" in place of each half character (lone surrogate), which no encoding holds; as long as it was."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


@lru_cache(maxsize=1 << 8)
def known_encoding(name: str) -> str:
    """The codec for an encoding's name, as browsers take it (latin-1 is Windows-1252); "" where there is none for pages."""
    from w3lib.encoding import resolve_encoding

    found = resolve_encoding(name) or ""
    try:
        bytes(range(256)).decode("" if "escape" in found else found, "replace")
    except (LookupError, UnicodeError):  # Python has codecs for other things than text
        return ""
    return str(found)


def _likely(data: bytes) -> str:
    if _ESCAPES.search(data) and data.isascii():
        return known_encoding("iso-2022-jp")
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = len(text) - len(text.encode("ascii", "ignore")) - broken
    return "utf-8" if not broken or (whole and broken <= max(1, whole // BROKEN)) else known_encoding(_looks(data))


def _looks(data: bytes) -> str:
    """The encoding that bytes look like which are not UTF-8. Beside charset-normalizer: what is common where much fits alike."""
    words = b" ".join(_MARKUP.sub(b" ", data).split())
    high = _HIGH.search(words)
    if high is None:
        return "cp1252"
    words = words[max(high.start() - BEFORE, 0) :]
    words = words[: max(words.rfind(b" ", 0, DETECTED), 0) or DETECTED] if len(words) > DETECTED else words  # no character is cut
    if script := next((encoding for encoding in SCRIPTS if _has_words(words.decode(encoding, "replace"), *SCRIPTS[encoding])), ""):
        return script
    from charset_normalizer import from_bytes

    found = from_bytes(words, cp_isolation=LEGACY) or from_bytes(words, cp_isolation=LEGACY, threshold=MESSY)
    fit = [match for match in found if match.encoding in LATIN or _has_runs(words.decode(match.encoding, "replace"))]  # the best one first
    if not fit:
        return "cp1252"
    best = fit[0]
    near = {name for match in fit if match.chaos <= best.chaos + NEAR for name in match.could_be_from_charset}
    western = words.decode("cp1252", "replace")
    central = _CENTRAL.search(western) or any({*has} <= {*western} and not {*lacks} & {*western} for has, lacks in CENTRAL)
    if central and "cp1250" in near:
        windows = _WINDOWS.search(words) or all(sign.search(western) for sign in _POLISH)
        return "iso8859_2" if "iso8859_2" in near and not windows else "cp1250"
    for encoding, present, absent in REGIONS:
        if near & {encoding, "cp1252"} and len(present.findall(western)) > len(absent.findall(western)):
            return encoding
    if best.language == "Turkish" and "cp1254" in near:
        return "cp1254"
    return "cp1252" if "cp1252" in near else best.encoding


def _has_runs(text: str) -> bool:
    """Whether most letters beyond ASCII stand beside each other, as in all scripts but Latin, whose accents stand alone among other letters."""
    return sum(map(len, _RUN.findall(text))) >= len(_BEYOND.findall(text)) / 2


def _has_words(text: str, words: re.Pattern[str], sign: re.Pattern[str]) -> bool:
    """Whether nearly all letters beyond ASCII stand in such words, and the sign is there."""
    letters = len(_BEYOND.findall(text))
    covered = sum(len(_BEYOND.findall(word)) for word in words.findall(text))
    return letters > 0 and covered >= COVERED * letters and sign.search(text) is not None
