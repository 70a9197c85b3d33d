"""Beside a page's way: a labelled text dump with readers' comments → the same page, its thread as another comment system would show it.

Threads look as different as the systems that make them ("Posted by: …" below each comment, a doubled name above, votes and buttons on
lines of their own), and no corpus holds more than a few of each. What the readers wrote stays where it stands; names, dates, buttons and their order
are drawn anew. All names and phrases are this project's own. Everything here is a function of its input alone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from pagesieve.corpus import Document, Label
from pagesieve.page import Segment
from pagesieve.roles import ROLES
from pagesieve.words import count_words

__all__ = ["redressed"]

COMMENT = ROLES.index("comment")
TALK = 6  # words from which a line of a thread counts as what somebody wrote
LEAST = 2  # comments that make a thread
FOREIGN = 0.08  # share of threads whose system speaks English, whatever the page does


class _Phrases(NamedTuple):
    """What comment systems say in one language; `{n}`, `{name}` and `{date}` stand for a number, a name and a date."""

    over: tuple[str, ...]  # over a thread, which has `n` comments
    says: tuple[str, ...]
    ago: tuple[str, ...]
    reply: tuple[str, ...]
    like: tuple[str, ...]
    report: tuple[str, ...]
    guest: tuple[str, ...]
    months: tuple[str, ...]


_FIELDS = {
    "en": (
        "Comments|{n} comments|Comments ({n})|Discussion ({n})|{n} responses|Have your say|Readers' comments|Join the conversation|{n} thoughts",
        "{name} says:|{name} wrote on {date}|Posted by: {name}, {date}|Posted by {name} on {date}|Submitted by {name} on {date}|{name} said..."
        "|{name} commented {date}|By {name} on {date}|Comment by {name} — {date}|{name} replied on {date}",
        "{n} hours ago|{n} days ago|{n}h|{n} min ago|{n} months ago|yesterday",
        "Reply|Reply to this|Log in to reply|Quote|Respond",
        "Like|Thumbs up|Recommend|Upvote|Helpful|Agree",
        "Report|Report abuse|Flag|Flag as inappropriate|Share|Permalink|Link",
        "Guest|Member|New member|Author|Moderator|Top commenter|Subscriber",
    ),
    "de": (
        "Kommentare|{n} Kommentare|Kommentare ({n})|Leserkommentare|Diskussion|{n} Antworten|Ihre Meinung|{n} Gedanken",
        "{name} sagt:|{name} schrieb am {date}|Von {name} am {date}|{name} meint:|Geschrieben von {name}, {date}|Kommentar von {name} – {date}"
        "|Verfasst von {name} am {date}",
        "vor {n} Stunden|vor {n} Tagen|{n} Monate her|vor {n} Min.|gestern",
        "Antworten|Zitieren|Auf diesen Kommentar antworten|Zum Antworten anmelden",
        "Gefällt mir|Daumen hoch|Empfehlen|Hilfreich|Zustimmen",
        "Melden|Beitrag melden|Teilen|Permalink|Verstoß melden",
        "Gast|Mitglied|Autor|Moderator|Abonnent",
    ),
    "fr": (
        "Commentaires|{n} commentaires|Vos réactions|Réactions ({n})|Commentaires ({n})|{n} réponses",
        "{name} a dit :|{name} le {date}|Soumis par {name}, le {date}|Posté par {name} le {date}|{name} a écrit le {date}|Par {name}, le {date}"
        "|Message de {name} — {date}",
        "il y a {n} heures|il y a {n} jours|il y a {n} mois|hier",
        "Répondre|Citer|Répondre à ce message",
        "J'aime|Recommander|Utile|D'accord",
        "Signaler|Signaler un abus|Partager|Alerter|Lien permanent",
        "Invité|Membre|Auteur|Abonné|Modérateur",
    ),
    "es": (
        "Comentarios|{n} comentarios|Comentarios ({n})|Opiniones|{n} respuestas",
        "{name} dice:|{name} dijo:|Publicado por {name} el {date}|Enviado por {name} el {date}|{name} escribió el {date}|Por {name}, {date}",
        "hace {n} horas|hace {n} días|hace {n} meses|ayer",
        "Responder|Citar|Contestar",
        "Me gusta|Votar|Recomendar",
        "Denunciar|Compartir|Reportar|Enlace",
        "Invitado|Miembro|Autor|Suscriptor",
    ),
    "it": (
        "Commenti|{n} commenti|Commenti ({n})|{n} risposte|La tua opinione",
        "{name} ha detto:|{name} scrive:|Inviato da {name} il {date}|Di {name}, {date}|Scritto da {name} il {date}",
        "{n} ore fa|{n} giorni fa|{n} mesi fa|ieri",
        "Rispondi|Cita",
        "Mi piace|Consiglia",
        "Segnala|Condividi|Segnala abuso",
        "Ospite|Utente|Autore|Abbonato",
    ),
    "pt": (
        "Comentários|{n} comentários|Comentários ({n})|{n} respostas",
        "{name} disse:|{name} diz:|Publicado por {name} em {date}|Enviado por {name} em {date}|Por {name}, {date}",
        "há {n} horas|há {n} dias|há {n} meses|ontem",
        "Responder|Citar",
        "Curtir|Gosto|Recomendar",
        "Denunciar|Compartilhar|Partilhar",
        "Convidado|Membro|Autor|Assinante",
    ),
    "nl": (
        "Reacties|{n} reacties|Reacties ({n})|{n} antwoorden",
        "{name} zegt:|{name} schreef op {date}|Geplaatst door {name} op {date}|Door {name}, {date}",
        "{n} uur geleden|{n} dagen geleden|{n} maanden geleden|gisteren",
        "Reageer|Beantwoorden|Citeer",
        "Vind ik leuk|Eens|Aanbevelen",
        "Rapporteer|Deel|Meld misbruik",
        "Gast|Lid|Auteur|Abonnee",
    ),
    "sv": (
        "Kommentarer|{n} kommentarer|Kommentarer ({n})",
        "{name} skriver:|{name} säger:|{name}, {date}|Av {name} den {date}|Skrivet av {name} {date}",
        "{n} timmar sedan|{n} dagar sedan|igår",
        "Svara|Citera",
        "Gilla|Håller med",
        "Anmäl|Dela",
        "Gäst|Medlem|Författare",
    ),
    "pl": (
        "Komentarze|Komentarze ({n})|{n} komentarzy|Opinie ({n})",
        "{name} pisze:|{name} napisał(a):|Dodane przez {name}, {date}|Autor: {name}, {date}",
        "{n} godz. temu|{n} dni temu|wczoraj",
        "Odpowiedz|Cytuj",
        "Lubię to|Polecam|Zgadzam się",
        "Zgłoś|Udostępnij|Zgłoś nadużycie",
        "Gość|Użytkownik|Autor",
    ),
    "tr": (
        "Yorumlar|{n} yorum|Yorumlar ({n})",
        "{name} diyor ki:|{name} dedi ki:|{name}, {date}|Gönderen: {name}, {date}",
        "{n} saat önce|{n} gün önce|dün",
        "Yanıtla|Cevapla",
        "Beğen|Katılıyorum",
        "Şikayet et|Paylaş",
        "Misafir|Üye",
    ),
    "ru": (
        "Комментарии|Комментарии ({n})|Комментариев: {n}|Обсуждение|Отзывы ({n})",
        "{name} пишет:|{name} сказал(а):|Автор: {name}, {date}|{name}, {date}|Отправлено {name} {date}",
        "{n} часов назад|{n} дней назад|вчера",
        "Ответить|Цитировать",
        "Нравится|Поддержать",
        "Пожаловаться|Поделиться|Ссылка",
        "Гость|Участник|Автор",
    ),
    "ja": (
        "コメント|コメント({n})|コメント{n}件|みんなのコメント",
        "{name}より:|投稿者:{name} {date}|{name} さん {date}|{n} 名前:{name} 投稿日:{date}|Posted by {name} at {date}",
        "{n}時間前|{n}日前|昨日",
        "返信|返信する",
        "いいね|参考になった",
        "報告|通報する|シェア",
        "ゲスト|会員|名無しさん",
    ),
    "zh": (
        "评论|评论({n})|{n}条评论|网友评论",
        "{name} 说：|{name} 发表于 {date}|{name} {date}|作者：{name} {date}",
        "{n}小时前|{n}天前|昨天",
        "回复|引用",
        "赞|顶|支持",
        "举报|分享",
        "游客|会员|匿名网友",
    ),
}  # fmt: skip
# The months, a row each; the languages whose names stand in it, in order. The others number them.
_MONTHLY = "en de fr es it pt nl sv pl tr ru".split()
_MONTHS = (
    "Jan Januar janvier enero gennaio janeiro januari januari stycznia Ocak января",
    "Feb Februar février febrero febbraio fevereiro februari februari lutego Şubat февраля",
    "Mar März mars marzo marzo março maart mars marca Mart марта",
    "Apr April avril abril aprile abril april april kwietnia Nisan апреля",
    "May Mai mai mayo maggio maio mei maj maja Mayıs мая",
    "June Juni juin junio giugno junho juni juni czerwca Haziran июня",
    "July Juli juillet julio luglio julho juli juli lipca Temmuz июля",
    "Aug August août agosto agosto agosto augustus augusti sierpnia Ağustos августа",
    "Sept September septembre septiembre settembre setembro september september września Eylül сентября",
    "Oct Oktober octobre octubre ottobre outubro oktober oktober października Ekim октября",
    "Nov November novembre noviembre novembre novembro november november listopada Kasım ноября",
    "Dec Dezember décembre diciembre dicembre dezembro december december grudnia Aralık декабря",
)


def _months(language: str) -> tuple[str, ...]:
    if language not in _MONTHLY:
        return tuple(f"{number}月" for number in range(1, 13))
    return tuple(names.split()[_MONTHLY.index(language)] for names in _MONTHS)


_PHRASES = {
    language: _Phrases(*(tuple(some.split("|")) for some in (*fields, "|".join(_months(language))))) for language, fields in _FIELDS.items()
}
_NAMES = (
    "Anna Ben Carla David Eva Felix Greta Hugo Ines Jan Kim Lea Max Nora Otto Paula Rosa Sam Tom Uwe Vera Walter Yara Zoe Pierre Luc Marie Jorge Pilar"
    " Gianni Piotr Olga Sven Emre Kenji Priya Omar Mei"
).split()  # fmt: skip
_SYLLABLES = "ba ko ri mi tu sha ne lo vi da fo ka zen dro mar tik pel sun or ix by wo gra lin cat fox red sky".split()
_DATES = (
    "{d}. {month} {y}", "{d} {month} {y}", "{month} {d}, {y}", "{d:02}.{m:02}.{y}", "{d:02}/{m:02}/{y}", "{y}-{m:02}-{d:02}", "{m}/{d}/{y}", "{d}.{m}.{y}",
    "{month} {d}", "{y}/{m:02}/{d:02}",
)  # fmt: skip
_TIMES = (
    "", "", " {h:02}:{i:02}", ", {h:02}:{i:02}", " at {h}:{i:02} pm", " | {h:02}:{i:02}", " - {h:02}:{i:02}", " {h}h{i:02}", " {h:02}:{i:02}:{s:02}",
    " · {h}:{i:02}",
)  # fmt: skip
_HEADS = ("said", "said", "said", "dated", "named", "dotted", "numbered", "counted", "below", "signed", "inline", "none", "doubled", "guest")  # fmt: skip
_FEET = ("none", "none", "reply", "reply", "like", "all", "row", "thumbs", "votes", "report", "lines")
_BULLETS = ("", "", "", "", "• ", "* ", "- ", "  • ", "+ ", "•\n", "{n}. ")


@dataclass(frozen=True, slots=True)
class _System:
    """How one comment system shows a comment."""

    phrases: _Phrases
    says: str
    date: str
    time: str
    head: str  # of `_HEADS`: what stands above what was written (or below, or before it)
    foot: str  # of `_FEET`: buttons and counts below it
    reply: str
    like: str
    report: str
    bullet: str
    between: str  # after each comment
    within: str  # between its lines
    titled: bool

    @classmethod
    def drawn(cls, language: str, chance: random.Random) -> _System:
        own = _PHRASES.get(language[:2], _PHRASES["en"])
        phrases = _PHRASES["en"] if chance.random() < FOREIGN else own
        says, date, time, head, foot = (chance.choice(some) for some in (phrases.says, _DATES, _TIMES, _HEADS, _FEET))
        reply, like, report, bullet = (chance.choice(some) for some in (phrases.reply, phrases.like, phrases.report, _BULLETS))
        within = chance.choice(["\n", "\n", "\n", "\n\n"])
        between = chance.choice(["\n\n", "\n\n", "\n", "\n\n\n"]) if within == "\n" else "\n\n"
        return cls(phrases, says, date, time, head, foot, reply, like, report, bullet, between, within, chance.random() < 0.12)

    def thread(self, comments: list[list[str]], chance: random.Random) -> str:
        """The thread's text; each comment is given as its paragraphs."""
        out = [chance.choice(self.phrases.over).format(n=len(comments)) + "\n\n"] if chance.random() < 0.7 else []
        for number, written in enumerate(comments, 1):
            out.append(self.bullet.format(n=number) + self.within.join(self._lines(written, number, chance)) + self.between)
        return "".join(out).rstrip("\n")

    def _lines(self, written: list[str], number: int, chance: random.Random) -> list[str]:
        name, when = _name(chance), self._when(chance)
        said = self.says.format(name=name, date=when, n=number)
        above, below = {
            "said": ([said] if "{date}" in self.says else [said, when], []),
            "dated": ([name, when], []),
            "named": ([name], []),
            "dotted": ([f"{name} {chance.choice('•·|')} {when}"], []),
            "numbered": ([f"#{number} {name} ({when})"], []),
            "counted": ([f"{number}. {said}"], []),
            "below": ([], [said]),
            "signed": ([], [f"{name}, {when}"]),
            "inline": ([], [when]),
            "none": ([], []),
            "doubled": ([name + name, name], [when]),
            "guest": ([name, chance.choice(self.phrases.guest), when], []),
        }[self.head]
        if self.head == "inline":
            written = [f"{name}: {written[0]}", *written[1:]]
        title = [" ".join(written[0].split()[: chance.randint(2, 6)]).rstrip(".,;:")] if self.titled else []
        return [*title, *above, *written, *below, *self._foot(chance)]

    def _foot(self, chance: random.Random) -> list[str]:
        up, down = chance.choice([0, 0, 1, 2, 3, 5, 8, 17]), chance.choice([0, 0, 1, 2])
        buttons = [self.like, self.reply, self.report]
        return {
            "none": [],
            "reply": [self.reply],
            "like": [f"{self.like} ({up})", self.reply],
            "all": buttons,
            "row": [chance.choice([" ", " · ", " | "]).join(buttons)],
            "thumbs": [f"{self.like}{up} {down}"],
            "votes": [f"+{up}", f"-{down}"],
            "report": [self.report],
            "lines": [str(up), *buttons],
        }[self.foot]

    def _when(self, chance: random.Random) -> str:
        if self.head in ("dotted", "guest", "doubled"):
            return chance.choice(self.phrases.ago).format(n=chance.randint(2, 23))
        day, month, year = chance.randint(1, 28), chance.randint(1, 12), chance.randint(2008, 2025)
        date = self.date.format(d=day, m=month, y=year, month=self.phrases.months[month - 1])
        return date + self.time.format(h=chance.randint(0, 23), i=chance.randint(0, 59), s=chance.randint(0, 59))


def redressed(document: Document, seed: int) -> Document | None:
    """`document` with its longest thread of comments as another system would show it, drawn by `seed` and the page's name.

    What was written is known by its length; everything else of the thread goes. The page's name gets `@thread` and the seed at its end,
    `extra["renderer"]` is "thread". None for an HTML page, and for one without two comments.
    """
    if document.of_html is not None:
        return None
    start, stop = _thread(document)
    comments = _comments(document.segments[start:stop])
    if len(comments) < LEAST:
        return None
    chance = random.Random(f"{seed} {document.page.name} thread")
    thread = _System.drawn(document.language, chance).thread(comments, chance)
    text, begin, end = document.page.text, document.segments[start].start, document.segments[stop - 1].end
    line = text.rfind("\n", 0, begin) + 1
    begin = line if not text[line:begin].strip() else begin  # the first one's indentation goes too
    page = replace(document.page, text=text[:begin] + thread + text[end:], name=f"{document.page.name}@thread{seed}")
    labels = _moved(document.labels, begin, end, len(thread))
    return replace(document, page=page, labels=labels, extra={**document.extra, "renderer": "thread"})


def _thread(document: Document) -> tuple[int, int]:
    """The longest range of segments that are comments, half open; (0, 0) without any."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], document.roles == COMMENT, [False]]).astype(np.int8))).tolist()
    return max(zip(edges[::2], edges[1::2], strict=True), key=lambda edge: edge[1] - edge[0], default=(0, 0))


def _comments(segments: Sequence[Segment]) -> list[list[str]]:
    """What was written, comment by comment, each as its paragraphs: lines long enough, parted where shorter ones stand between."""
    comments: list[list[str]] = []
    fresh = True
    for segment in segments:
        if count_words(segment.content) < TALK:
            fresh = True
            continue
        if fresh:
            comments.append([])
        comments[-1].append(segment.content)
        fresh = False
    return comments


def _moved(labels: tuple[Label, ...], begin: int, end: int, size: int) -> tuple[Label, ...]:
    """The labels of a text in which the characters from `begin` to `end` became a thread of `size` characters."""
    before = [replace(label, end=min(label.end, begin)) for label in labels if label.start < begin]
    by = begin + size - end
    after = [replace(label, start=max(label.start, end) + by, end=label.end + by) for label in labels if label.end > end]
    return (*before, Label(begin, begin + size, ROLES[COMMENT]), *after)


def _name(chance: random.Random) -> str:
    """A first name, a full one, or what people call themselves in forums."""
    kind, first = chance.random(), chance.choice(_NAMES)
    if kind < 0.35:
        return first
    if kind < 0.55:
        return f"{first} {''.join(chance.choices(_SYLLABLES, k=chance.randint(2, 3))).capitalize()}"
    if kind < 0.65:
        return f"{first} {chance.choice('ABCDEFGHKLMNPRSTW')}."
    made = "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4)))
    made = chance.choice([made, made.capitalize(), made.upper()])
    return made + chance.choice(["", "", str(chance.randint(1, 99)), f"_{chance.choice(_SYLLABLES)}", str(chance.randint(1950, 2010))])
