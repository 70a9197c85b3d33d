"""Part of step 2 of a page's way: the phrases by which a line points to another story ("Read more: …", "Lire aussi : …").

They stand within articles, look like their paragraphs, and are too rare for a network to learn: 92 among the 137,000 segments
of 659 real pages, 84 of them teasers. What such a line is likely to be is learned apart (`training.calibrate`).
"""

from __future__ import annotations

import re

from pagesieve.words import tokens

__all__ = ["FIRST_TOKENS", "POINTER"]

# First word → what may follow it before the mark that ends the phrase. A name may come between ("Read more on the strike: …").
_PHRASES = {
    "read": r"(?: (?:more|also|next|now|on|here|this))?(?: (?:about|on|at|from) [^:]{1,40})?",
    "also": r" (?:read|see|watch)",
    "see": r" (?:also|more)",
    "watch": r"(?: (?:more|also|now|this))?",
    "listen": r"(?: (?:more|also|now|here))?",
    "learn": r" more(?: about [^:]{1,40})?",
    "more": r"(?: (?:about|on|from) [^:]{1,40})?",
    "related": r"(?: (?:stor(?:y|ies)|articles?|posts?|links?|content|news|photos?|videos?|coverage|reading))?",
    "further": r" reading",
    "recommended": r"(?: reading)?",
    "up": r" next",
    "don't": r" miss",
    "don": r"['’]t miss",
    "lesen": r" sie (?:(?:dazu|hierzu|hier) )?(?:auch|mehr|hier|dazu)",
    "sehen": r" sie (?:auch|hier)",
    "lest": r" (?:auch|mehr|hier)",
    "lies": r" (?:auch|mehr|hier)",
    "mehr": r"(?: (?:dazu|hierzu|zum thema|lesen|infos?|über|zu)[^:]{0,25})?",
    "siehe": r" auch",
    "auch": r" (?:interessant|lesenswert|lesen)",
    "lesetipp": "",
    "zum": r" thema",
    "passend": r" dazu",
    "à": r" (?:lire|voir|écouter)(?: (?:aussi|également))?",
    "a": r" (?:lire|voir|écouter)(?: (?:aussi|également))?",
    "lire": r" (?:aussi|également)",
    "voir": r" (?:aussi|également)",
    "lea": r" (?:también|más|aquí|además)",
    "lee": r" (?:también|más|aquí|además)",
    "leer": r" (?:también|más)",
    "ver": r" (?:también|más)",
    "vea": r" (?:también|más)",
    "relacionado": "",
    "relacionada": "",
    "leggi": r" (?:anche|pure|qui)",
    "vedi": r" anche",
    "leia": r" (?:também|mais|ainda)",
    "veja": r" (?:também|mais)",
    "saiba": r" mais",
    "lees": r" (?:ook|meer|verder)",
    "zie": r" ook",
    "bekijk": r" ook",
    "les": r" (?:også|mer)",
    "læs": r" (?:også|mere)",
    "läs": r" (?:också|även|mer)",
    "se": r" (?:også|också|även)",
    "lue": r" (?:myös|lisää)",
    "czytaj": r" (?:także|też|również|więcej)",
    "zobacz": r" (?:także|też|również|więcej)",
    "przeczytaj": r" (?:także|też|również)",
    "čtěte": r"(?: (?:také|též|i|více|dále))?",
    "přečtěte": r" si(?: (?:také|i))?",
    "čítajte": r" (?:aj|tiež|viac)",
    "olvassa": r" (?:el|még|tovább)(?: (?:is|ezt))?",
    "citește": r" (?:și|mai mult)",
    "citiți": r" și",
    "pročitajte": r" (?:još|i|više)",
    "preberite": r" (?:tudi|še|več)",
    "читайте": r" (?:также|ещё|еще|далее|також|ще)",
    "смотрите": r" (?:также|ещё|еще)",
    "вижте": r" (?:още|и)",
    "прочетете": r" (?:още|и)",
    "διαβάστε": r" (?:επίσης|ακόμα|ακόμη|περισσότερα)",
    "ayrıca": r" (?:oku|bakınız)",
    "ilgili": r" haber(?:ler)?",
    "baca": r" juga",
    "xem": r" thêm",
    "đọc": r" thêm",
    "अधिक": r" पढ़ें",
    "यह": r" भी पढ़ें",
    "ये": r" भी पढ़ें",
    "اقرأ": r" أيض\S{0,3}",
    "إقرأ": r" أيض\S{0,3}",
    "関連記事": "",
    "あわせて読みたい": "",
    "相关阅读": "",
    "相关新闻": "",
    "延伸閱讀": "",
    "相關新聞": "",
    "관련기사": "",
    "관련": r" 기사",
}
_MARKS = "[(>»→▶►+*|"  # one of which may stand before it
# The phrase, a mark, and at least two words (or some characters of a script without spaces) of what it points to.
POINTER = re.compile(
    rf"[{re.escape(_MARKS)}\s]{{0,6}}(?:{'|'.join(re.escape(first) + rest for first, rest in _PHRASES.items())})\s?(?:[:：►▶»]|\s[>–—-])\s?"
    r"(?=[^\w\n]{0,4}\w[^\n]*?(?:\w\W+\w|[\u3040-\u9fff\uac00-\ud7a3]{4}))",
    re.IGNORECASE,
)
FIRST_TOKENS = sorted({*_MARKS, *(tokens(first)[0] for first in _PHRASES)})  # one of which a line that `POINTER` matches begins with
