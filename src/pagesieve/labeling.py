"""Proposals for unlabelled pages: named labelling rules, readable as a table, and what they are worth.

The first rule of `RULES` that fires on a segment gives its role, so a rule sees only what those above left over. Rules
know phrases of several languages and where the page's prose seems to lie. They make first proposals for a person to
correct and a baseline for the trained model; they are no substitute for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pagesieve.corpus import Label
from pagesieve.cues import POINTER
from pagesieve.features import measure
from pagesieve.page import Segment
from pagesieve.roles import ROLES

__all__ = ["RULES", "Outcome", "Rule", "View", "fire", "outcomes", "propose", "to_labels"]

PROSE = 12  # words from which a line with a full stop is prose
GAP_COST = 6.0  # words of prose that one line without prose inside the article must be worth
HEAD_REACH = 12  # segments above the prose where title, byline and dates are looked for
BLOCK_REACH = 60  # segments below a teaser heading that may belong to its block
THREAD_SIGNS = 2  # replies, times and the like that a comment thread has within its first lines
THREAD_START = 25  # segments that count as the first lines


def _phrases(*phrases: str) -> re.Pattern[str]:
    return re.compile(r"(?:" + "|".join(phrases) + r")", re.IGNORECASE)


_ERROR = _phrases("something went wrong", "please try again", "error loading", "failed to load", "javascript (?:is )?disabled")
_TEASER_HEADING = _phrases(
    r"^(?:recommended|related|trending|popular)\b", r"^(?:more|latest|top|other) (?:\w+ ){0,3}(?:stories|news|articles|headlines|posts|videos)",
    r"^most (?:read|popular|viewed|shared|watched|commented)", r"^more (?:from|on|in|like)\b", r"^(?:read|see|watch) (?:more|next|also|this next)$",
    r"^(?:you (?:may|might) (?:also )?(?:like|enjoy|be interested)|up next|don't miss|around the web|from the web|editor'?s'? picks?|also read|next up)",
    r"^(?:mehr (?:zum thema|aus|von|artikel|nachrichten)|das könnte (?:sie|dich|ihnen)|lesen sie auch|meistgelesen|auch interessant|weitere (?:artikel|themen|news|beiträge)|verwandte|empfohlen)",
    r"^(?:à lire|lire aussi|sur le même (?:sujet|thème)|les plus lus|à la une|articles? (?:liés|similaires|récents))", r"^(?:te puede interesar|más (?:noticias|leídas|leído|vistas)|lo más|noticias relacionadas|lea también|lee también)",
    r"^(?:leggi anche|articoli (?:correlati|recenti)|i più letti|potrebbe interessarti|ti potrebbe)", r"^(?:leia (?:também|mais)|mais (?:lidas|notícias|lidos)|veja também|relacionad[ao]s|últimas notícias)",
    r"^(?:lees ook|meer (?:nieuws|over|van)|meest gelezen|gerelateerd)", r"^(?:czytaj (?:także|też|więcej)|najczęściej czytane|zobacz (?:także|też)|polecane|powiązane)",
    r"^(?:ilgili haberler|çok okunan|son (?:dakika|haberler)|önerilen)", r"^(?:читайте также|популярное|ещё по теме|похожие|самое читаемое|последние новости)",
    r"^(?:baca juga|berita terkait|terpopuler|artikel terkait)", "^(?:関連(?:記事|ニュース)|あわせて読みたい|おすすめ|人気記事|アクセスランキング|最新記事)", "^(?:相关(?:阅读|新闻|文章)|推荐阅读|热门|延伸阅读|相關新聞|熱門)",
    "^(?:관련 ?(?:기사|뉴스)|많이 본|추천 ?(?:기사|뉴스)|인기 ?(?:기사|뉴스)|주요 ?뉴스)", "^(?:اقرأ أيضا|مواضيع ذات صلة|الأكثر قراءة|أخبار ذات صلة|ذات صلة)", "^(?:यह भी पढ़ें|संबंधित|सबसे ज्यादा पढ़|ये भी पढ़ें)",
)  # fmt: skip
_LEGAL = _phrases(
    "©",
    r"\ball rights reserved",
    r"\bprivacy (?:policy|notice)",
    r"\bterms (?:of|and) (?:use|service|conditions)",
    "impressum",
    "datenschutz",
    "mentions légales",
    "política de privacidad",
    "cookie policy",
    "alle rechte vorbehalten",
)
_SHARE = _phrases(
    r"^(?:share|tweet|print|email|e-mail|copy link|save|follow(?: us)?|pin it|teilen|drucken|partager|compartir|condividi|compartilhar|delen|udostępnij|paylaş|поделиться|シェア|分享|공유)\b",
    r"^(?:facebook|twitter|x|whatsapp|linkedin|telegram|reddit|instagram|youtube|pinterest|bluesky)\W*$",
)
_PROMPT = _phrases(
    r"\bsubscribe",
    r"\bsign (?:up|in)\b",
    r"\bnewsletter",
    r"\blog ?in\b",
    r"\bregister\b",
    r"\bcookies?\b",
    r"^advertisement|^anzeige$|^werbung$|^publicit[éà]|^publicidad",
    r"\bdownload (?:the|our) app",
    r"\babonnieren",
    r"\babonn",
    r"\bnotifications?\b",
    "ad blocker",
)
_BYLINE = _phrases(r"^(?:by|von|par|por|di|door|autor:?|автор:?|oleh|text:|words by|reported by|written by)\s+\S+(?:\s+\S+){0,6}$")
_DATE = _phrases(
    r"\b(?:published|updated|posted|last modified|veröffentlicht|aktualisiert|publié|mis à jour|publicado|actualizado|pubblicato|aggiornato|gepubliceerd)\b", r"\b\d{1,2}[./-]\d{1,2}[./-](?:19|20)?\d{2}\b", r"\b(?:19|20)\d{2}[-/.年]\s?\d{1,2}",
    r"\b(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|oct|okt|nov|dec|dez)\w*\.?\s+\d{1,2},?\s+(?:19|20)\d{2}", r"\b\d{1,2}\.?\s+\w{3,10}\.?\s+(?:19|20)\d{2}\b", r"\b\d+ min(?:ute)?s? read\b", r"\breading time\b", r"\blesezeit\b", r"\b\d{1,2}:\d{2}\b.*\b(?:am|pm|uhr|gmt|edt|est|ist)\b",
)  # fmt: skip
_CREDIT = _phrases(
    r"\((?:photo|image|foto|bild|ap|afp|reuters|getty|picture|credit)\b[^)]*\)\W*$",
    r"^(?:photo|image|foto|bild|picture|credit|photograph)\s*(?:by|:|：)",
    r"\b(?:getty images|shutterstock|via ap|afp photo|picture alliance|ap photo|istock|unsplash)\b",
    r"\bfile (?:photo|image)\b",
    r"\((?:foto|bild|photo|crédit)\s*:",
)
_THREAD = _phrases(
    r"^(?:\d+ )?(?:comments?|kommentare?|commentaires?|comentarios?|commenti|comentários?|reacties|komentarze|yorumlar|комментарии|コメント|评论|댓글|responses?|thoughts on)\b",
    r"\b(?:comments?|responses?|replies|thoughts) (?:on|to) [“\"]",
)
_THREAD_END = _phrases(
    r"^(?:leave a (?:reply|comment)|post a comment|add a comment|schreibe einen kommentar|laisser un commentaire|deja (?:un comentario|una respuesta)|lascia un commento)"
)
_REPLY = _phrases(
    r"^(?:reply|antworten|répondre|responder|rispondi|beantwoorden|odpowiedz|yanıtla|cevapla|ответить|balas|返信|回复|답글)\b",
    r"\b(?:says|said|writes|wrote|sagt|schreibt|dit|dice|diz):?$",
    r"\bago$",
    r"\bat \d{1,2}:\d{2}\b",
    r"^(?:report|like|upvote)$",
)
_SENTENCE_END = re.compile(r"[.!?…。！？।][\"'”’»)\]」]*$")


@dataclass(frozen=True)
class View:
    """What rules see of a page: its segments, their texts and words, and where its prose seems to lie."""

    segments: tuple[Segment, ...]

    @cached_property
    def text(self) -> list[str]:
        """Each segment's text without its bullet."""
        return [s.content for s in self.segments]

    @cached_property
    def words(self) -> NDArray[np.float32]:
        """Each segment's number of words."""
        return measure(self.segments).words

    @cached_property
    def prose(self) -> list[bool]:
        """Whether each segment is a sentence of at least `PROSE` words, and no list item."""
        return [
            bool(n >= PROSE and not s.bullet and _SENTENCE_END.search(t) and not _PROMPT.search(t[:60]) and not _LEGAL.search(t))
            for s, t, n in zip(self.segments, self.text, self.words.tolist(), strict=True)
        ]

    @cached_property
    def stretch(self) -> tuple[int, int]:
        """The range of segments with the most prose, each line without prose in it costing `GAP_COST` words."""
        best, start, total, found = 0.0, 0, 0.0, (0, 0)
        for i, prose in enumerate(self.prose):
            if total <= 0 or _TEASER_HEADING.search(self.text[i]):
                total, start = 0.0, i
            total += float(min(self.words[i], 60)) if prose else -GAP_COST
            if total > best:
                best, found = total, (start, i + 1)
        return found

    @cached_property
    def heading_above(self) -> list[int]:
        """Distance to the nearest teaser heading above, a large number where there is none."""
        return self._since(lambda i: is_teaser_heading(self, i))

    @cached_property
    def in_thread(self) -> list[bool]:
        """Whether each segment lies between a comment thread's heading and what ends it: a form, teasers, legal text."""
        out, inside = [], False
        for i, text in enumerate(self.text):
            out.append(inside)
            if is_thread_heading(self, i):
                inside = True
            elif inside and (_THREAD_END.search(text) or is_teaser_heading(self, i) or _LEGAL.search(text)):
                inside = False
        return out

    def _since(self, mark: Callable[[int], bool]) -> list[int]:
        out, last = [], -10_000
        for i in range(len(self.segments)):
            out.append(i - last)
            if mark(i):
                last = i
        return out

    def inside(self, i: int) -> bool:
        """Whether segment `i` lies in the stretch of prose."""
        return self.stretch[0] <= i < self.stretch[1]

    def just_above(self, i: int) -> bool:
        """Whether segment `i` lies within `HEAD_REACH` segments above the stretch of prose."""
        return self.stretch[0] - HEAD_REACH <= i < self.stretch[0]


def is_teaser_heading(v: View, i: int) -> bool:
    return v.words[i] <= 7 and not _SENTENCE_END.search(v.text[i]) and bool(_TEASER_HEADING.search(v.text[i]))


def is_thread_heading(v: View, i: int) -> bool:
    """A comment heading below the prose with signs of a thread under it."""
    if v.words[i] > 14 or i < v.stretch[1] or not _THREAD.search(v.text[i]):
        return False
    return sum(bool(_REPLY.search(text)) for text in v.text[i + 1 : i + 1 + THREAD_START]) >= THREAD_SIGNS


def is_title(v: View, i: int) -> bool:
    """The longest line of 3 to 30 words within reach above the prose."""
    low, high = max(v.stretch[0] - HEAD_REACH, 0), v.stretch[0]
    able = [
        j for j in range(low, high)
        if 3 <= v.words[j] <= 30 and not v.segments[j].bullet and not _DATE.search(v.text[j]) and not _CREDIT.search(v.text[j]) and not _PROMPT.search(v.text[j])
    ]  # fmt: skip
    return bool(able) and i == max(able, key=lambda j: (min(v.words[j], 9), -j))


@dataclass(frozen=True, slots=True)
class Rule:
    """A labelling rule: `name` and `why` for people, the `role` it gives, and `fires(view, segment number)`."""

    name: str
    role: str
    why: str
    fires: Callable[[View, int], bool]


RULES: tuple[Rule, ...] = (
    Rule("error prompt", "boilerplate", "what a page says when a part did not load", lambda v, i: v.words[i] < 40 and bool(_ERROR.search(v.text[i]))),
    Rule("link line", "teaser", "'Read also: …' with a headline behind it", lambda v, i: 4 <= v.words[i] <= 40 and bool(POINTER.match(v.text[i]))),
    Rule("teaser heading", "teaser_heading", "'Recommended stories', 'Mehr zum Thema' …", is_teaser_heading),
    Rule("legal", "boilerplate", "copyright, privacy, terms", lambda v, i: not v.prose[i] and bool(_LEGAL.search(v.text[i]))),
    Rule("share", "boilerplate", "share buttons and names of networks", lambda v, i: v.words[i] <= 4 and bool(_SHARE.search(v.text[i]))),
    Rule("prompt", "boilerplate", "subscribe, sign in, cookies, advertisement", lambda v, i: v.words[i] <= 40 and bool(_PROMPT.search(v.text[i])) and not v.prose[i]),
    Rule("credit", "caption", "ends or begins with a picture credit", lambda v, i: 2 <= v.words[i] <= 60 and bool(_CREDIT.search(v.text[i]))),
    Rule("byline", "meta", "'By' and a name above the prose", lambda v, i: (v.just_above(i) or v.inside(i)) and bool(_BYLINE.search(v.text[i]))),
    Rule("date line", "meta", "a short line with a date or reading time above the prose", lambda v, i: v.just_above(i) and v.words[i] <= 14 and bool(_DATE.search(v.text[i]))),
    Rule("title", "headline", "the longest line within reach above the prose", is_title),
    Rule("thread heading", "boilerplate", "'12 Comments' below the prose", is_thread_heading),
    Rule("thread", "comment", "between the heading of a comment thread and what ends it", lambda v, i: v.in_thread[i]),
    Rule("under heading", "teaser", "4 words or more below a teaser heading, outside the prose", lambda v, i: not v.inside(i) and v.words[i] >= 4 and v.heading_above[i] <= BLOCK_REACH),
    Rule("prose", "body", "a sentence of 12 words or more where the prose lies", lambda v, i: v.inside(i) and v.prose[i]),
    Rule("inside", "body", "anything else where the prose lies: sub-headings, lists", lambda v, i: v.inside(i) and v.words[i] >= 1),
    Rule("story list", "teaser", "a list item of 6 words or more below the prose", lambda v, i: i >= v.stretch[1] and bool(v.segments[i].bullet) and v.words[i] >= 6),
    Rule("the rest", "boilerplate", "what no rule knows", lambda v, i: True),
)  # fmt: skip
"""The rules in the order in which they are asked. The last fires always."""


def fire(segments: Sequence[Segment]) -> NDArray[np.int64]:
    """The number in `RULES` of the rule that decides each segment, shape (segments,)."""
    view = View(tuple(segments))
    fired = (next(n for n, rule in enumerate(RULES) if rule.fires(view, i)) for i in range(len(view.segments)))
    return np.fromiter(fired, dtype=np.int64, count=len(view.segments))


ROLE_OF_RULE = np.array([ROLES.index(rule.role) for rule in RULES], dtype=np.int64)


def propose(segments: Sequence[Segment]) -> NDArray[np.int64]:
    """The role the rules propose for each segment, as a place in `ROLES`, shape (segments,)."""
    return ROLE_OF_RULE[fire(segments)]


def to_labels(segments: Sequence[Segment], roles: Sequence[int]) -> list[Label]:
    """One range for each run of adjacent segments with the same role."""
    labels: list[Label] = []
    for segment, role in zip(segments, roles, strict=True):
        if labels and labels[-1].role == ROLES[role]:
            labels[-1] = Label(labels[-1].start, segment.end, ROLES[role])
        else:
            labels.append(Label(segment.start, segment.end, ROLES[role]))
    return labels


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a rule did: how many segments it decided (`fired`), and how many of those rightly, on reviewed pages."""

    rule: Rule
    fired: int
    reviewed: int
    right: int


def outcomes(fired: Sequence[NDArray[np.int64]], truth: Sequence[NDArray[np.int64] | None]) -> list[Outcome]:
    """An `Outcome` for each rule over pages: `fired` from `fire`, `truth` the true roles, or None for an unreviewed page."""
    total = np.zeros(len(RULES), dtype=int)
    reviewed, right = total.copy(), total.copy()
    for numbers, roles in zip(fired, truth, strict=True):
        total += np.bincount(numbers, minlength=len(RULES))
        if roles is not None:
            reviewed += np.bincount(numbers, minlength=len(RULES))
            right += np.bincount(numbers[ROLE_OF_RULE[numbers] == roles], minlength=len(RULES))
    return [Outcome(rule, int(a), int(b), int(c)) for rule, a, b, c in zip(RULES, total, reviewed, right, strict=True)]
