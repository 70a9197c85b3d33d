"""Step 5, the end of a page's way: `Segmentation`, the answer for one page.

Plain values, nothing deleted: every segment of the page is there, with its place, label, role and probability; the body,
the headline and the recommended stories are views of them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby, pairwise, takewhile
from typing import Any

from pagesieve.explain import Explanation
from pagesieve.flow import BLOCKS, CELLS
from pagesieve.html import Metadata, annotated, labels_of_elements
from pagesieve.page import Link, Markup, Rows, Segment, Segments
from pagesieve.render import ANNOTATION_STYLE, Block, page_html, page_markdown
from pagesieve.words import count_words

__all__ = ["LabeledSegment", "LabeledSegments", "Segmentation", "Teaser", "group_teasers"]

DETAIL_WORDS = 7  # words; a line this short with a date, time or source sign is no title
KICKER_WORDS = 3  # words; a line this short right above a longer one is a section label, not a title
REPEATED_WITHIN = 3  # lines after which a picture's alternative text comes again as the title
LIST_LINES = 3  # titles and nothing else between two blank lines from which they are a list of stories, not a title and its standfirst
WRAPPED = 50  # characters; a line this long may have been broken by a renderer
REPEATED_WORDS = 10  # a paragraph that long does not come twice in an article; a refrain may
TITLE_WORDS = 4  # words from which a link's text is a story's title and no kicker or author
CARD_SEGMENTS = 8  # segments that one story's card may have
RANK_DIGITS = 3  # digits that a rank has at most
SHARED = 3  # stories; a line that so many have ("subscribers only") is no title
SUMMARY_WORDS = 12  # words from which a line under a title is a summary even without a full stop

_DETAIL = re.compile(
    r"\d{1,2}[:.h]\d{2}|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b(?:19|20)\d{2}\b|^\W*\d+\W*$"
    r"|\b\d+\s*(?:min|mins|minutes?|minuten|h|hrs?|hours?|days?|weeks?|months?|d|w|stunden?|tage?|heures?|jours?|horas?|días|dias"
    r"|ore|giorni|uur|dagen|godz|saat|gün|dakika|мин|час\w*|дн\w*|분|시간|時間|分|小时|天|menit|jam|hari)\b|[时時分]前|분 전|시간 전|ago\b|^vor \d|^hace \d|^il y a \d",
    re.IGNORECASE,
)
_BYLINE = re.compile(r"^(?:by|von|par|por|di|door|oleh|автор:?)\s", re.IGNORECASE)
_DOTS = re.compile(r"\s*(?:\.\.\.|…)$")
_SENTENCE_END = re.compile(r"[.!?…。！？।][\"'”’»)\]」]*$|\.\.\.$")


@dataclass(frozen=True, slots=True)
class LabeledSegment:
    """A segment with the model's judgement. `page text[start:end] == text`; `probability` (0..1) is that of `label`."""

    text: str
    start: int
    end: int
    label: str
    role: str
    probability: float
    bullet: str = ""
    indent: int = 0
    blank_before: int = 0
    inline: bool = False
    markup: Markup | None = None

    @property
    def content(self) -> str:
        """The text without its list marker, runs of white space as one space."""
        return " ".join(self.text[len(self.bullet) :].split())

    @property
    def links(self) -> tuple[Link, ...]:
        """The links in it, their places within `text`; () in a text dump."""
        return self.markup.links if self.markup is not None else ()

    @property
    def path(self) -> str:
        """Where it stands in the HTML page ("html/body/main/p"); "" in a text dump."""
        return self.markup.path if self.markup is not None else ""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LabeledSegments(Rows[LabeledSegment]):
    """A page's segments with the model's judgement in columns; each is made into a `LabeledSegment` when it is asked for.

    `labels` and `roles` are names, `probability` is that of the label.
    """

    plain: Segments
    labels: list[str]
    roles: list[str]
    probability: list[float]

    @classmethod
    def of(cls, segments: Sequence[LabeledSegment]) -> LabeledSegments:
        """`segments` in columns."""
        if isinstance(segments, LabeledSegments):
            return segments
        plain = [Segment(s.text, s.start, s.end, s.indent, s.bullet, s.blank_before, s.inline, s.markup) for s in segments]
        return cls(Segments.of(plain), [s.label for s in segments], [s.role for s in segments], [s.probability for s in segments])

    def __len__(self) -> int:
        return len(self.labels)

    def row(self, place: int) -> LabeledSegment:
        """The segment at `place`."""
        s = self.plain
        return LabeledSegment(
            s.text[place], s.start[place], s.end[place], self.labels[place], self.roles[place], self.probability[place],
            s.bullet[place], s.indent[place], s.blank_before[place], s.inline[place], None if s.markup is None else s.markup.row(place),
        )  # fmt: skip

    def with_role(self, role: str) -> list[int]:
        """Places of the segments of this role."""
        return [place for place, of in enumerate(self.roles) if of == role]

    def with_label(self, label: str) -> list[int]:
        """Places of the segments of this label."""
        return [place for place, of in enumerate(self.labels) if of == label]


@dataclass(frozen=True, slots=True)
class Teaser:
    """One recommended story: its `title`, its `summary` ("" without one), the other lines (`details`: kicker, source, time).

    `start` and `end` are the range of the page's text from its first to its last segment; `url` is the address its title links
    to on an HTML page, as it stands there.
    """

    title: str
    summary: str
    details: tuple[str, ...]
    start: int
    end: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class Segmentation:
    """The answer for one page: its `text` and all its `segments` in order, which cover all that is not white space.

    `confidence` (0..1) is the expected share of the page's words with the right label (1.0 for an empty page): pages below
    a limit of one's own can be sent to a person. `view` is "text" or "html". Of an HTML page, `text` is the page flattened,
    `metadata` what its own tags state, `notes` whether text was taken that the page does not show, `source` its HTML.
    """

    text: str
    segments: Sequence[LabeledSegment]
    confidence: float = 1.0
    judge: Callable[[LabeledSegments, int], Explanation] | None = field(default=None, repr=False, compare=False)
    view: str = "text"
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()
    source: str = field(default="", repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "segments", LabeledSegments.of(self.segments))

    @property
    def _rows(self) -> LabeledSegments:
        return LabeledSegments.of(self.segments)

    def explain(self, segment: LabeledSegment | int) -> Explanation:
        """Why `segment` (one of `segments`, or its place among them, from the end where negative) got its label.

        Raises `ValueError` for a segment of another page or a place where none is, or where the model that judged the page is
        not at hand.
        """
        if self.judge is None:
            raise ValueError("explain: this Segmentation holds no model; segment the page again with `Sieve.segment`")
        if isinstance(segment, LabeledSegment):
            if segment not in self.segments:
                raise ValueError(f"explain: {segment.text[:40]!r} at {segment.start} is no segment of this page")
            segment = self.segments.index(segment)
        count = len(self.segments)
        if not -count <= segment < count:
            raise ValueError(f"explain: no segment at {segment}; this page has {count}")
        segment %= count
        return self.judge(self._rows, segment)

    def __iter__(self) -> Iterator[LabeledSegment]:
        return iter(self.segments)

    def __len__(self) -> int:
        return len(self.segments)

    @property
    def headline(self) -> str:
        """The article's own title, then its standfirst, a line each; "" if the page has none."""
        rows = self._rows
        body = set(_body_places(rows))
        return "\n".join(" ".join(rows.plain.text[i].split()) for i in rows.with_role("headline") if i not in body)

    @property
    def body(self) -> str:
        """The article's text: its paragraphs joined by a blank line, each on one line; "" if the page has none.

        Paragraphs that stood on one line of the page (a page collapsed into one line) are joined by a space. A paragraph
        that comes again word for word (pages hold their article twice, for wide and narrow screens) is given once. Where no
        segment has the role, whole sentences among the headlines are the body: a notice of one paragraph is no standfirst.
        """
        rows = self._rows
        text, inline = rows.plain.text, rows.plain.inline
        parts: list[str] = []
        again = _repeated(rows)
        for i in _body_places(rows):
            if i not in again:
                if parts:
                    parts.append(" " if inline[i] and i and rows.roles[i - 1] == "body" else "\n\n")
                parts.append(text[i] if rows.plain.tidy else " ".join(text[i].split()))
        return "".join(parts)

    @property
    def markdown(self) -> str:
        """Headline and body as Markdown; headings, lists, tables, quotes and links are kept where the page is HTML. "" without either.

        Numbered lists count from 1 in the items that are body; those of a text dump keep their numbers.
        """
        again = _repeated(self._rows)
        return page_markdown(_markdown_blocks([self.segments[i] for i in self._rows.with_label("body") if i not in again]))

    @property
    def teasers(self) -> tuple[Teaser, ...]:
        """The recommended stories, one item each, in the page's order."""
        return group_teasers(self.segments)

    @property
    def boilerplate(self) -> tuple[str, ...]:
        """Texts of all segments labelled boilerplate, in the page's order."""
        return tuple(self._rows.plain.text[i] for i in self._rows.with_label("boilerplate"))

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain values, ready for JSON."""
        of_html = {"metadata": asdict(self.metadata), "notes": list(self.notes)} if self.view == "html" else {}
        return {
            "view": self.view,
            **of_html,
            "confidence": round(self.confidence, 4),
            "headline": self.headline,
            "body": self.body,
            "teasers": [
                {"title": t.title, "summary": t.summary, "details": list(t.details), "start": t.start, "end": t.end}
                | ({"url": t.url} if t.url else {})
                for t in self.teasers
            ],
            "segments": [
                {"start": s.start, "end": s.end, "label": s.label, "role": s.role, "probability": round(s.probability, 4), "text": s.text}
                | ({"path": s.path} if s.path else {})
                | ({"links": [asdict(link) for link in s.links]} if s.links else {})
                for s in self.segments
            ],
        }  # fmt: skip

    def to_json(self, indent: int | None = None) -> str:
        """`to_dict` as JSON text; half characters (lone surrogates), which no encoding holds, become question marks."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent).encode("utf-8", "replace").decode()

    def to_html(self) -> str:
        """The whole page as an HTML fragment, coloured by label; role and probability show on hovering."""
        return page_html(self.text, [(s.start, s.end, s.label, f"{s.role} {s.probability:.2f}") for s in self.segments])

    def annotated(self) -> str:
        """The HTML page itself, its elements marked (`data-pagesieve`, `data-pagesieve-role`) and coloured by label.

        Raises `ValueError` for a text dump.
        """
        if self.view != "html":
            raise ValueError("annotated: this page is a text dump; to_html() shows it coloured")
        labels = labels_of_elements((s.markup, s.text, (s.label, s.role)) for s in self.segments)
        return annotated(self.source, labels, ANNOTATION_STYLE)

    def _repr_html_(self) -> str:
        return self.to_html()


def _body_places(segments: LabeledSegments) -> list[int]:
    """Places of the body's paragraphs."""
    return segments.with_role("body") or [i for i in segments.with_role("headline") if _is_summary(segments.plain.content(i))]


def _repeated(segments: LabeledSegments) -> set[int]:
    """Places of the body's paragraphs that stood there before, word for word."""
    seen: set[str] = set()
    again: set[int] = set()
    for i in segments.with_role("body"):
        if segments.plain.text[i].count(" ") >= REPEATED_WORDS - 1:
            content = segments.plain.content(i)
            if content in seen:
                again.add(i)
            seen.add(content)
    return again


def _markdown_blocks(segments: Sequence[LabeledSegment]) -> list[Block]:
    """The article's segments as what Markdown is made of."""
    blocks: list[Block] = []
    items: dict[int, dict[int, int]] = {}  # of each list, the numbers of its items
    for segment in segments:
        text, marker, table = segment.text, "", -1
        if segment.bullet:
            told = segment.bullet.strip("().")
            text, marker = text[len(segment.bullet) :].strip(), f"{told}." if told.isdecimal() else "-"
        around = _blocks_around(segment)
        for (tag, item), (outer, within) in pairwise([*around, ("", -1)]):
            if tag == "li":
                numbers = items.setdefault(within, {})
                again = item in numbers  # a further paragraph of an item
                number = numbers.setdefault(item, len(numbers) + 1)
                marker = f"{number}." if outer == "ol" else "-"
                marker = " " * len(marker) if again else marker
                break
        if "\t" in text:
            table = next((number for tag, number in around if tag == "table"), -1)
        blocks.append(Block(text, segment.path, _level(segment), segment.links, marker, table))
    return blocks


def _blocks_around(segment: LabeledSegment) -> list[tuple[str, int]]:
    """Tag and number of the segment's block and of those around it, nearest first; the path names inline elements, too."""
    if segment.markup is None:
        return []
    tags = [tag for tag in reversed(segment.path.split("/")) if tag in BLOCKS or tag in CELLS]
    return [*zip(tags, (segment.markup.element, *segment.markup.containers), strict=False)]


def _level(segment: LabeledSegment) -> int:
    """The level of a heading in the article, 0 for none: the title is 1, what is below it at least 2."""
    heading = segment.markup.heading if segment.markup is not None else 0
    if segment.role == "headline":
        return 1 if heading == 1 else 0 if segment.markup is not None and not heading else 1 if segment.markup is None else 2
    return max(heading, 2) if heading else 0


def group_teasers(segments: Sequence[LabeledSegment]) -> tuple[Teaser, ...]:
    """Group the teaser segments into stories.

    Stories never span a segment of another label. Within a run of teaser segments a new story begins at a bullet, or,
    where the run has none, at a line that can be a title after a line that ended a story (see `_begins`); blank lines
    part the stories where there are some, ranks ("1", "2") that have a line of their own do, too. On an HTML page stories
    are what elements hold that lead to one place (see `_cards`).
    """
    stories: list[list[LabeledSegment]] = []
    rows = LabeledSegments.of(segments)
    for teaser, run in groupby(range(len(rows)), lambda i: rows.labels[i] == "teaser"):
        if teaser:
            stories.extend(_split_run([rows[i] for i in run]))
    count = Counter(line for story in stories for line in {s.content for s in story})
    shared = {line for line, of in count.items() if of >= SHARED and not _is_summary(line)}
    return tuple(_teaser(story, shared) for story in stories)


def _split_run(run: Sequence[LabeledSegment]) -> list[list[LabeledSegment]]:
    """A run of adjacent teaser segments cut into stories."""
    if any(_leads(s, 1) for s in run):
        return _cards(run)
    bulleted = sum(bool(s.bullet) for s in run) > 1
    spaced = len({min(s.blank_before, 1) for s in run[1:]}) > 1
    blocks = _blocks(run)
    texts = [s.content for s in run]
    above = _above(texts)
    ranks = {i for i, text in enumerate(texts) if above[i] and _is_number(text)}
    first, last = min(ranks, default=0), max(ranks, default=0)
    stories: list[list[LabeledSegment]] = []
    told: set[str] = set()  # the lines of the story so far
    titled = summarised = False  # whether one of them can be its title, and one its summary
    for i, (segment, text, (lines, heads)) in enumerate(zip(run, texts, blocks, strict=True)):
        if not stories or segment.bullet:
            begins = True
        elif text in told or _shortens(text, stories[-1][-1].content):
            begins = False  # a picture's alternative text and the title are often the same
        elif titled and text in texts[i + 1 : i + 1 + REPEATED_WITHIN] and not _is_detail(text):
            begins = True  # the same, seen from the first of the two
        elif above[i]:
            begins = titled
        elif first < i < last or (bulleted and (segment.indent > stories[-1][0].indent or not stories[-1][0].bullet)):
            begins = False
        elif spaced and not segment.blank_before and not heads == lines >= LIST_LINES:
            begins = False  # blank lines part the stories, and here is none
        elif spaced and segment.blank_before and heads and _is_kicker(text):
            begins = titled  # the kicker of the title that follows
        else:
            begins = titled and _begins(stories[-1][-1].content, summarised, text)
        if begins:
            stories.append([])
            told.clear()
            titled = summarised = False
        stories[-1].append(segment)
        told.add(text)
        titled = titled or not _is_detail(text) or i - 1 in ranks
        summarised = summarised or _is_summary(text)
    return stories


def _above(lines: Sequence[str]) -> list[bool]:
    """Which of a run's lines that are no titles stand above the title they belong to: ranks, marks, kickers where one begins the run.

    Numbers that have a line of their own are ranks where they count up one by one and the run does not end with one (numbers of
    comments stand below).
    """
    numbers = [int(line) for line in lines if _is_number(line)]
    ranked = len(numbers) > 1 and numbers == [*range(numbers[0], numbers[0] + len(numbers))] and not _is_number(lines[-1])
    kickers = _is_kicker(lines[0])
    return [ranked if _is_number(line) else not any(map(str.isalnum, line)) or (kickers and _is_kicker(line)) for line in lines]


def _cards(run: Sequence[LabeledSegment]) -> list[list[LabeledSegment]]:
    """A run of an HTML page's teasers cut into stories: a story is what the largest element holds that leads to one place only.

    Kickers and bylines lead elsewhere, so only texts of `TITLE_WORDS` words say where an element leads, if there are any. Where no
    element parts the stories, what leads to the same place belongs together, and what leads nowhere and is no title to its neighbour.
    """
    least = TITLE_WORDS if any(_leads(s, TITLE_WORDS) for s in run) else 1
    held: dict[int, list[LabeledSegment]] = {}
    around = [(s.markup.element, *s.markup.containers) if s.markup is not None else () for s in run]
    for segment, elements in zip(run, around, strict=True):
        for element in elements:
            held.setdefault(element, []).append(segment)

    def leads(element: int) -> int:
        return len({address for s in held[element] for address in _leads(s, least)})

    cards = []
    for i, elements in enumerate(around):
        fitting = [*takewhile(lambda e: len(held[e]) <= CARD_SEGMENTS and leads(e) <= 1, elements)]  # outer ones hold more
        cards.append(("element", fitting[-1]) if fitting else ("segment", i))
    above = _above([s.content for s in run])
    stories: list[list[LabeledSegment]] = []
    led: set[str] = set()  # where the story so far leads to
    waits = False  # whether all of the story so far stands above its title
    for _, group in groupby(range(len(run)), lambda i: cards[i]):
        places = [*group]
        card = [run[i] for i in places]
        to = {address for s in card for address in _leads(s, 1)}
        if not stories:
            begins = True
        elif waits:
            begins = False
        elif len(card) > 1:
            begins = True
        elif to:
            begins = not to <= led
        else:
            line = card[0].content
            begins = _is_heading(card[0]) or above[places[0]] or not (_is_detail(line) or _is_summary(line))
        if begins:
            stories.append([])
            led, waits = set(), True
        stories[-1] += card
        led |= to
        waits = waits and not to and all(above[i] for i in places)
    return stories


def _leads(segment: LabeledSegment, least: int) -> list[str]:
    """Addresses of other pages that texts of at least so many words in the segment link to."""
    return [
        link.address
        for link in segment.links
        if count_words(segment.text[link.start : link.end]) >= least and not link.address.startswith(("#", "javascript:"))
    ]


def _blocks(run: Sequence[LabeledSegment]) -> list[tuple[int, int]]:
    """For each segment, how many lines stand between the blank lines around it, and how many of them can only be titles."""
    counts: list[list[int]] = []
    blocks: list[list[int]] = []
    for segment in run:
        if not counts or segment.blank_before:
            counts.append([0, 0])
        counts[-1][0] += 1
        counts[-1][1] += not _is_detail(segment.content) and not _is_summary(segment.content)
        blocks.append(counts[-1])
    return [(lines, heads) for lines, heads in blocks]


def _begins(last: str, summarised: bool, text: str) -> bool:
    """Whether the line `text` starts a new story after one that has a title and ends with the line `last`."""
    if _is_detail(text):
        return _is_kicker(text) and _is_summary(last)
    return summarised or not _is_summary(text)


def _is_heading(segment: LabeledSegment) -> bool:
    return segment.markup is not None and segment.markup.heading > 0


def _is_number(line: str) -> bool:
    return len(line) <= RANK_DIGITS and line.isdecimal()


def _shortens(line: str, whole: str) -> bool:
    """Whether `line` is `whole` cut off, with dots for the rest."""
    return bool(_DOTS.search(line)) and whole.startswith(_DOTS.sub("", line))


def _is_kicker(line: str) -> bool:
    short = count_words(line) <= KICKER_WORDS and any(map(str.isalpha, line))
    return short and _is_detail(line) and not _DETAIL.search(line) and not _BYLINE.match(line)


def _is_detail(line: str) -> bool:
    words = count_words(line)
    return (words <= DETAIL_WORDS and bool(_DETAIL.search(line) or _BYLINE.match(line))) or (
        words <= KICKER_WORDS and len(line) <= 30 and not _SENTENCE_END.search(line)
    )


def _is_summary(line: str) -> bool:
    words = count_words(line)
    return words >= SUMMARY_WORDS and (bool(_SENTENCE_END.search(line)) or words >= 2 * SUMMARY_WORDS)


def _teaser(story: Sequence[LabeledSegment], shared: Container[str]) -> Teaser:
    """The story's lines sorted into title, summary and details; `shared` ones are no title where there is another, and no summary.

    The title is the first line that is no detail, else the one below a rank; on an HTML page a heading goes before all, a
    picture's text behind the other lines.
    """
    lines: list[str] = []
    against: list[tuple[bool, ...]] = []  # what speaks against each line as the title, the gravest first
    for segment in story:
        heading, picture = _is_heading(segment), segment.markup is not None and "<img" in segment.markup.words
        for line in _lines(segment) if segment.bullet else [segment.content]:
            ranked = bool(lines) and _is_number(lines[-1])
            against.append(
                (not heading or bool(_DETAIL.search(line)), _is_detail(line), line in shared or picture, _is_number(line), not ranked)
            )
            lines.append(line)
    lines, against = lines or [""], against or [()]
    title = min(range(len(lines)), key=lambda i: against[i])
    title = next((i for i, line in enumerate(lines) if _shortens(line, lines[title])), title)  # the page shows this one
    if title == 1 and story[0].bullet and _is_kicker(lines[0]) and _is_summary(lines[1]):
        title = 0  # a list item's short title above its summary
    rest = [i for i in range(len(lines)) if i > title and not _is_detail(lines[i]) and lines[i] != lines[title] and lines[i] not in shared]
    summary = max(rest, key=lambda i: len(lines[i]), default=None)
    return Teaser(
        title=lines[title],
        summary=lines[summary] if summary is not None else "",
        details=tuple(line for i, line in enumerate(lines) if i not in (title, summary)),
        start=story[0].start,
        end=story[-1].end,
        url=_address(story, lines[title]),
    )


def _address(story: Sequence[LabeledSegment], title: str) -> str:
    """Where the segment with the title leads to, else where most of the story's text does; "" without links."""
    linked = sorted(story, key=lambda s: (s.content != title, -sum(link.end - link.start for link in s.links)))
    return next((address for s in linked for address in _leads(s, 1)), "")


def _lines(segment: LabeledSegment) -> list[str]:
    """The lines of a list item: a title and perhaps what belongs to it; one that begins small goes on with a long one."""
    lines: list[str] = []
    for line in segment.text[len(segment.bullet) :].splitlines():
        text = " ".join(line.split())
        if lines and text[:1].islower() and len(lines[-1]) >= WRAPPED:
            lines[-1] += " " + text
        elif text:
            lines.append(text)
    return lines
