"""Part of step 2 of a page's way: what a line says by a phrase, a date or a name, whatever else it says.

Some phrases are too rare for a network to learn. What lines with them are likely to be is learned apart (`training.calibrate`):

- By some a line points to another story ("Read more: …", "Lire aussi : …"). Such lines stand within articles and look like their paragraphs:
  92 among the 137,000 segments of 659 real pages, 84 of them teasers.
- By others a house says that it takes no comments for a while, in the tone and at the end of the article: 36 among the 369,000
  segments of real and written pages, one of them body.

Others are landmarks, which tell what stands around them: a date, a time of day, a word for comments. A thread of comments reads like an article, but for the
line above or below each of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pagesieve.words import tokens

__all__ = ["COMMENTS", "DATE", "FIRST_TOKENS", "POINTER", "TIME", "notices"]

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

# What is said of comments where they are closed, and what comments are called: how such a word begins → how it goes on.
_CLOSED: tuple[tuple[dict[str, str], str], ...] = (
    (
        {"comment": r"(?:s|ing|ers?)?\b"},
        r"clos(?:ed?|ing)\b|suspend(?:ed|ing)?\b|paus(?:ed?|ing)\b|disabl(?:ed?|ing)\b|(?:turn|switch)(?:ed|ing)?\s+off\b|unavailable\b|temporarily\b|no\s+longer\b",
    ),
    (
        {"kommentar": r"\w*", "kommentier": r"\w*"},
        r"geschlossen|schließen|deaktivier\w+|ausgesetzt|abgeschaltet|abgestellt|vorübergehend|nicht\s+(?:mehr\s+)?(?:möglich|verfügbar)"
        r"|stengt|stängd\w*|lukket|avstängd\w*|midlertidig\w*|tillfälligt",
    ),
    ({"commentaire": r"s?\b"}, r"fermés?|fermons|suspend\w+|désactivés?|indisponibles?|clos\b"),
    (
        {"comentar": r"\w+", "comentár": r"\w+"},
        r"cerrad\w+|cerramos|suspend\w+|desactivad\w+|desativad\w+|encerrad\w+|fechad\w+|temporalmente|temporariamente",
    ),
    ({"commenti": r"\b", "commentare": r"\b"}, r"chius\w+|sospes\w+|sospend\w+|disattivat\w+|disabilitat\w+"),
    ({"reacties": r"\b", "reageren": r"\b"}, r"gesloten|sluiten|uitgeschakeld|niet\s+(?:meer\s+)?mogelijk|tijdelijk"),
    (
        {"komentarz": r"\w*", "komentowani": r"\w+", "komentář": r"\w*"},
        r"wyłączon\w+|zamknięt\w+|zawies\w+|uzavřen\w+|vypnut\w+|pozastav\w+",
    ),
    ({"комментар": r"\w+", "комментир": r"\w+", "коментар": r"\w+"}, r"закрыт\w*|отключен\w*|приостановлен\w*|закрит\w*|вимкнен\w*"),
    ({"yorum": r"\w*"}, r"kapal\w*|kapat\w*|askıya"),
    ({"コメント": ""}, r"停止|終了|休止|締め切|受け付けて(?:い|お)ません"),
    ({"评论": "", "評論": ""}, r"关闭|關閉|暂停|暫停"),
    ({"댓글": ""}, r"닫|중단|중지"),
)
_WITHIN = "[^.!?。]{0,80}?"  # both stand in one sentence
_WHOLE = "(?<![a-zà-ÿ])"  # before a word: not amid another one


def _sentence(first: str, second: str) -> str:
    return f"{_WHOLE}(?:{first}){_WITHIN}{_WHOLE}(?:{second})"


_NOTICES: dict[
    str, dict[str, re.Pattern[str]]
] = {}  # of lower-case text, by what is looked for first, for that is quicker than any pattern
for _called, _said in _CLOSED:
    for _begin, _end in _called.items():
        _root = _begin[1:7]  # the first letter may be a capital
        _NOTICES.setdefault(_root, {})[_begin] = re.compile(f"{_sentence(_begin + _end, _said)}|{_sentence(_said, _begin + _end)}")
NOTICE_LEAST, NOTICE_MOST = 40, 2000  # characters of a paragraph
TOGETHER = 512  # texts searched at once


def notices(texts: Sequence[str]) -> Iterator[int]:
    """The places of the texts that are as long as a paragraph and say that comments are closed."""
    for begin in range(0, len(texts), TOGETHER):
        some = [
            (place, text) for place, text in enumerate(texts[begin : begin + TOGETHER], begin) if NOTICE_LEAST <= len(text) <= NOTICE_MOST
        ]
        together = "\n".join(text for _, text in some)
        roots = [root for root in _NOTICES if root in together]
        yield from (place for place, text in some if any(root in text and _is_notice(text.lower(), root) for root in roots))


def _is_notice(lowered: str, root: str) -> bool:
    return any(begin in lowered and pattern.search(lowered) for begin, pattern in _NOTICES[root].items())


# A day with its year ("22.04.2020", "2020-04-22", "22 avril 2020", "April 22nd, 2020"), from the last digit of its first number on: a search for a digit
# is quick. Lines are looked through together, so that no space may be a line feed.
_DAY, _MONTH, _YEAR = r"[0-3]?\d", r"[^\W\d_]{3,12}\.?", r"(?:19|20)\d\d"
DATE = re.compile(
    rf"\d(?:[./-][01]?\d[./-](?:19|20)?\d\d|(?<={_YEAR})[-/.年] ?[01]?\d[-/.月] ?{_DAY}|(?:\.|º|er)?,?[ \xa0](?:(?:de|of) )?{_MONTH},?[ \xa0](?:(?:de|of) )?{_YEAR}"
    rf"|(?:(?:st|nd|rd|th),?|,)[ \xa0](?:(?:of )?{_MONTH},? )?{_YEAR})(?!\d)",
    re.IGNORECASE,
)
# A time of day ("17:07", "17h07", "13.47 Uhr", "7 p.m."), or how long ago ("3 hours ago", "vor 2 Stunden", "3日前").
TIME = re.compile(
    r"\d(?:[ \xa0]?[:h時点시][0-5]\d(?!\d)|\.[0-5]\d[ \xa0](?:uhr|h\b|[ap]\.?m)|[ \xa0]?(?:uhr|[ap]\.?m)\b"
    r"|[ \xa0]?[^\W\d_]{1,9} (?:ago|fa|geleden|temu|atrás|назад|siden|sedan|sitten|önce)\b"
    r"|(?<=\bvor \d)|(?<=\bvor \d\d)|(?<=\bil y a \d)|(?<=\bil y a \d\d)|(?<=\bhace \d)|(?<=\bhace \d\d)|(?<=\bhá \d)|(?<=\bhá \d\d)"
    r"|[ \xa0]?(?:秒|分|分钟|時間|小时|小時|天|日|週間|周|か月|个月|年|초|분|시간|일|주|개월|년) ?[前전])",
    re.IGNORECASE,
)

# What comments are called above and below them, as `words.tokens` has it.
COMMENTS = tuple(
    """
    comment comments commented commenting commenters replies kommentar kommentare kommentaren kommentieren kommentiert kommentarfunktion kommentarbereich
    leserkommentare leserbriefe commentaire commentaires commenter commentez réaction réactions réagir réagissez comentario comentarios comentar comenta
    comente comentário comentários commento commenti commenta reactie reacties reageer reageren kommentarer kommentera kommenter kommenterer kommentit
    kommentoi komentarz komentarze komentarzy komentuj skomentuj komentář komentáře komentářů komentáre komentovat diskuse hozzászólás hozzászólások
    kommentek comentariu comentarii komentar komentara komentari komentarji комментарий комментарии комментариев комментария комментировать коментар
    коментарі коментарів коментувати коментари коментара σχόλιο σχόλια yorum yorumlar コメ 评论 評論 留言 댓글 luận تعليق تعليقات التعليقات نظرات टिप्पणी תגובות
    """.split()
)
