"""Step 5, the end of a page's way: `Segmentation`, the answer for one page.

Plain values, nothing deleted: every segment of the page is there, with its place, label, role and probability; the body,
the headline and the recommended stories are views of them.
"""

from __future__ import annotations

import json
import operator
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from itertools import groupby, pairwise
from statistics import median_high
from typing import TYPE_CHECKING, Any, overload
from unicodedata import normalize

from pagesieve.encodings import writable
from pagesieve.flow import CELLS, KEPT
from pagesieve.html import Cell, Item, Part, Quotation, annotated, labels_of_elements, parts_of_page
from pagesieve.markdown import Around, Block, Said, has_addresses, page_markdown, unmarked, unreferenced
from pagesieve.page import Link, Markup, Rows, Segment, Segments, is_markdown, unbroken
from pagesieve.render import ANNOTATION_STYLE, page_html
from pagesieve.roles import LABELS
from pagesieve.stated import Metadata, front_matter
from pagesieve.words import count_words

if TYPE_CHECKING:
    from pagesieve.explain import Explanation  # asks the model, which this end of the way knows nothing of

__all__ = ["LabeledSegment", "LabeledSegments", "Segmentation", "Teaser", "group_teasers", "has_body"]

DETAIL_WORDS = 7  # words; a line this short with a date, time or source sign is no title
KICKER_WORDS = 3  # words; a line this short right above a longer one is a section label, not a title
REPEATED_WITHIN = 3  # lines after which a picture's alternative text comes again as the title
LIST_LINES = 3  # titles and nothing else between two blank lines from which they are a list of stories, not a title and its standfirst
WRAPPED = 50  # characters; a line this long may have been broken by a renderer
REPEATED_WORDS = 10  # a paragraph that long does not come twice in an article; a refrain may
TITLE_WORDS = 4  # words from which a link's text is a story's title and no kicker or author
BETWEEN = " |·•"  # what stands between cards side by side
LINKED_WORDS = 3  # words from which a link that holds most of a segment's is its story's title
LEAD_IN = 4  # words that may stand before it ("Read also")
CARD_SEGMENTS = 8  # segments that one story's card may have
CUT = 10  # letters from which what is cut off can be told to be another line's beginning
NO_PAGES = ("#", "javascript:", "mailto:", "tel:")  # how addresses begin that lead to no other page
BESIDE = 5  # least rank of what stands beside a title in its segment
PICTURE = 6  # rank of a picture's alternative text
UNMARKED = Markup("", (), (), -1, (), (), "", 0)  # of a segment that no markup is known of
SHARED = 3  # stories; a line that so many have ("subscribers only") is no title
PARTS = frozenset(("li", "blockquote", *CELLS))  # what Markdown needs to be told of from the page's source
LONG_CELL = 500  # characters from which several lines in a table's cell are a part of the page, and no datum
BLOCKS_AROUND = 100  # blocks, the nearest ones, among which Markdown looks for a segment's lists and tables
DEPTH = 20  # lists and quotations within each other that Markdown is indented for
MANY = 1_000_000_000  # numbers of items that Markdown does not know
SENTENCE_WORDS = 5  # words from which a line with a full stop, below a title without one, may be a summary
SUMMARY_WORDS = 12  # words from which a line under a title is a summary even without a full stop

_DETAIL = re.compile(
    r"\d{1,2}[:.h]\d{2}|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b(?:19|20)\d{2}\b|^\W*\d+\W*$"
    r"|\b\d+\s*(?:min|mins|minutes?|minuten|h|hrs?|hours?|days?|weeks?|months?|d|w|stunden?|tage?|heures?|jours?|horas?|días|dias"
    r"|ore|giorni|uur|dagen|godz|saat|gün|dakika|мин|час\w*|дн\w*|분|시간|時間|分|小时|天|menit|jam|hari)\b|[时時分日]前|[분일] 전|시간 전|ago\b|^(?:vor|hace|il y a|há|acum|před|πριν(?: από)?|منذ|قبل|לפני) \d"
    r"|\d\s*(?:хв|годин|тижн|perce|órája|napja|hete\b|phút|giờ|ngày|tuần|tunti|päivää|मिनट|घंट|दिन|মিনিট|ঘণ্টা|ঘন্টা|দিন|دقیقه|ساعت|روز|هفته|นาที|ชั่วโมง|วัน|สัปดาห์)"
    r"|\b\d{1,2} (?:[ก-ฮ]{1,2}\.){2} ?\d{4}\b|[০-৯०-९۰-۹٠-٩]{1,2}[:：][০-৯०-९۰-۹٠-٩]{2}",
    re.IGNORECASE,
)
# A time in Thai, which has no spaces: its letters make more words than a detail has.
_THAI_TIME = re.compile(r"\W*(?:\d+ ?(?:นาที|ชั่วโมง|วัน|สัปดาห์|เดือน)(?:ที่แล้ว|ที่ผ่านมา|ก่อน)|\d{1,2} ?[ก-๎]{1,4}\.[ก-๎]{1,3}\. ?\d{2,4})\W*")
_BYLINE = re.compile(r"^(?:by|von|par|por|di|door|oleh|автор:?)\s", re.IGNORECASE)
_GOES_ON = re.compile(r"\s*(?:[,:;.!?…)\]»”’\"']|$)|\W*$")  # how text begins that belongs to what stands before it
_FULL_STOP = re.compile(r"(?<!\.)[.。।][\"'”’»)\]」]*$")
_CELL = re.compile(r"[\t\n]")  # what parts the cells of a table, and lines
_LEAD_IN = re.compile(r"[^\W\d_]\s*$")  # a kicker with a mark behind it ("Live: ", "Video | ") is part of the title, a time before it, too
_NUMBER = re.compile(r"\W*\d{1,3}\W*$")
_SENTENCE_END = re.compile(r"[.!?…。！？।][\"'”’»)\]」]*$|\.\.\.$")

Numbered = Sequence[tuple[int, Part]]  # parts of a page, each with the number of its element


@dataclass(frozen=True, slots=True)
class LabeledSegment:
    """A segment with the model's judgement. `page text[start:end] == text`; `probability` (0..1) is that of `label`.

    That need not be the likeliest label: a line in doubt is kept out of the body (see `calibration.decide`; `explain` says so).
    """

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
        return unbroken(self.text[len(self.bullet) :])

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
    to on a page of HTML or Markdown, as it stands there.
    """

    title: str
    summary: str
    details: tuple[str, ...]
    start: int
    end: int
    url: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Segmentation:
    """The answer for one page: its `text` and all its `segments` in order, which cover all that shows.

    `confidence` (0..1) is the expected share of the page's words with the right label; pages below a threshold of one's own are for a
    person to look at. `article` (0..1) is how likely the page has an article at all, where pages with and without one count alike, whatever the dial says;
    0.0 for one that gets no body at the usual dial. A page that shows no text (an application's, before its scripts have run) has 0.0 for both. `view` is "text" or "html". `metadata` is
    what the page states of itself. Of an HTML page, `text` is the page flattened, and `source` its HTML. `notes` tell where text was taken from
    that the page does not show, and of a page with some text but no body (a forum's thread, a list of stories) "no article found", below the
    usual dial "no article found with dial=0.3".
    """

    text: str
    segments: Sequence[LabeledSegment]
    confidence: float = 1.0
    judge: Callable[[LabeledSegments, int], Explanation] | None = field(default=None, repr=False, compare=False)
    view: str = "text"
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()
    source: str = field(default="", repr=False, compare=False)
    article: float = 1.0
    _kept: list[Said] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "segments", LabeledSegments.of(self.segments))

    @property
    def _rows(self) -> LabeledSegments:
        return LabeledSegments.of(self.segments)

    def explain(self, segment: LabeledSegment | int) -> Explanation:
        """Why `segment` (one of `segments`, or its place among them, from the end where negative) got its label.

        Raises `ValueError` for a segment of another page, for a place where none is, and where the model that judged the page is not at
        hand, as after pickling; `TypeError` for anything else.
        """
        if self.judge is None:
            raise ValueError(
                "explain: this Segmentation holds no model (it may have been pickled); segment the page again with `Sieve.segment`"
            )
        if isinstance(segment, LabeledSegment):
            if segment not in self.segments:
                raise ValueError(f"explain: {segment.text[:40]!r} at {segment.start} is no segment of this page")
            place = self.segments.index(segment)
        else:
            try:
                place = operator.index(segment)  # numpy's numbers are places, too
            except TypeError as error:
                told = f"{segment!r} is a {type(segment).__name__}; give one of the page's segments, or its place among them"
                raise TypeError(f"explain: {told}") from error
        count = len(self.segments)
        if not -count <= place < count:
            raise ValueError(f"explain: no segment at {place}; this page has {count}")
        return self.judge(self._rows, place % count)

    def __iter__(self) -> Iterator[LabeledSegment]:
        return iter(self.segments)

    def __len__(self) -> int:
        return len(self.segments)

    @overload
    def __getitem__(self, place: int) -> LabeledSegment: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[LabeledSegment]: ...
    def __getitem__(self, place: int | slice) -> LabeledSegment | Sequence[LabeledSegment]:
        return self.segments[place]

    def __repr__(self) -> str:
        count = Counter(self._rows.labels)
        counts = ", ".join(f"{count[label]} {label}" for label in LABELS)
        page = "an HTML page" if self.view == "html" else "a text dump"
        return (
            f"<Segmentation of {page}: {len(self)} segments ({counts}), confidence {self.confidence:.2f}, headline {self.headline[:60]!r}>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Sent to another process an answer leaves the model behind that `explain` asks: megabytes."""
        return Segmentation, (
            self.text,
            self.segments,
            self.confidence,
            None,
            self.view,
            self.metadata,
            self.notes,
            self.source,
            self.article,
        )

    def __copy__(self) -> Segmentation:
        return self  # nothing of it changes

    def __deepcopy__(self, memo: object) -> Segmentation:
        return self

    @property
    def headline(self) -> str:
        """The article's own title, then its standfirst, a line each; "" if the page has none."""
        rows, texts = self._rows, self._texts
        body = set(_body_places(rows))
        return "\n".join(unbroken(texts[i]) for i in rows.with_role("headline") if i not in body and texts[i])

    @property
    def body(self) -> str:
        """The article's text: its paragraphs joined by a blank line, each on one line but for code (`pre`, Markdown's fences); "" if the page has none.

        Paragraphs that stood on one line of the page (a page collapsed into one line) are joined by a space. A paragraph
        that is repeated word for word (some pages hold their article twice, for wide and narrow screens) is given once. Where
        there are only headlines, whole sentences among them are the body: a notice of one paragraph is no standfirst. Of a dump that is Markdown its
        marks are left out, here and in `headline` and `teasers`, and so are what other programs leave: references to characters, addresses in brackets.
        """
        rows, text = self._rows, self._texts
        inline = rows.plain.inline
        parts: list[str] = []
        again = _repeated(rows)
        last = -1  # the place of what was taken last
        for i in _body_places(rows):
            if i not in again and text[i]:
                code = self._keeps_lines(i)
                if code and last == i - 1 and self._keeps_lines(last):
                    parts.append("\n" * self.text.count("\n", rows.plain.end[last], rows.plain.start[i]))  # the next line of it
                elif parts:
                    parts.append(" " if inline[i] and i and rows.labels[i - 1] == "body" else "\n\n")
                parts.append(self._indented(i, text[i]) if code else text[i] if rows.plain.tidy else unbroken(text[i]))
                last = i
        return "".join(parts)

    @property
    def markdown(self) -> str:
        """Headline and body as Markdown, with headings, lists, tables, quotes and links where the page is HTML; "" for a page without either.

        Numbered lists keep their numbers. Plain text is escaped where it would be read as markup; a dump that is Markdown itself
        is given as it stands.
        """
        again = _repeated(self._rows)
        places = [i for i in self._rows.with_label("body") if i not in again]
        if self._is_markdown:
            begin = front_matter(self.text)[1]
            return self._as_it_stands([i for i in places if self._rows.plain.start[i] >= begin])
        texts = self._texts
        chosen = [replace(self.segments[i], text=texts[i]) if self._said else self.segments[i] for i in places]
        special = any(not PARTS.isdisjoint(s.path.split("/")) for s in chosen)
        return page_markdown(_markdown_blocks(chosen, parts_of_page(self.source) if special else {}))

    @property
    def _is_markdown(self) -> bool:
        return self.view == "text" and (is_markdown(self.text) or front_matter(self.text)[1] > 0) and not has_addresses(self.text)

    @property
    def _said(self) -> list[Said]:
        """What each segment says, of a dump that is Markdown or that another program left marks in; [] of any other page. What is stated before it begins says nothing."""
        if self._kept is None:
            begin, texts = front_matter(self.text)[1], self._rows.plain.text
            said = [] if self.view == "html" else unmarked(self.text, texts) if self._is_markdown else unreferenced(self.text, texts)
            own = [of if start >= begin else Said("") for of, start in zip(said, self._rows.plain.start, strict=False)]
            object.__setattr__(self, "_kept", own)
        return self._kept or []

    def _keeps_lines(self, place: int) -> bool:
        """Whether a segment is a line within a fence of Markdown, or has several lines that HTML keeps."""
        if self._said:
            return self._said[place].code
        return self.view == "html" and "\n" in self._rows.plain.text[place] and _is_code(self.segments[place])

    def _indented(self, place: int, text: str) -> str:
        """A segment's text, a line of code, with what it is indented by where it begins a line of the dump."""
        start = self._rows.plain.start[place]
        lead = self.text[self.text.rfind("\n", 0, start) + 1 : start] if self.view == "text" else ""
        return lead + text

    @property
    def _texts(self) -> Sequence[str]:
        """The text of each segment, or what it says (see `_said`)."""
        return [said.text for said in self._said] or self._rows.plain.text

    def plain(self, start: int = 0, end: int | None = None) -> str:
        """The text between two of its places; of a dump that has marks of another program, Markdown's or others, what the segments between them say, a line each."""
        if not self._said:
            return self.text[start:end]
        starts = self._rows.plain.start
        last = len(starts) if end is None else bisect_left(starts, end)
        return "\n".join(said.text for said in self._said[bisect_left(starts, start) : last])

    def _as_it_stands(self, places: Sequence[int]) -> str:
        """The text of the segments at these places, whatever stands between adjacent ones included."""
        runs = [[place for _, place in run] for _, run in groupby(enumerate(places), lambda numbered: numbered[1] - numbered[0])]
        start, end = self._rows.plain.start, self._rows.plain.end
        return "\n\n".join(self.text[start[run[0]] : end[run[-1]]] for run in runs) + ("\n" if runs else "")

    @property
    def teasers(self) -> tuple[Teaser, ...]:
        """The recommended stories, one item each, in the page's order."""
        if not self._said:
            return group_teasers(self.segments)
        told = enumerate(zip(self.segments, self._said, strict=True))
        if not any(said.links for said in self._said):
            return group_teasers([replace(segment, text=said.text) for _, (segment, said) in told if said.text])
        return group_teasers([part for place, (segment, said) in told if said.text for part in _as_told(segment, said, place)])

    @property
    def boilerplate(self) -> tuple[str, ...]:
        """Texts of all segments labelled boilerplate, in the page's order."""
        return tuple(self._rows.plain.text[i] for i in self._rows.with_label("boilerplate"))

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain values, ready for JSON. `start` and `end` count characters of `text`, those of links characters of their segment."""
        return {
            "view": self.view,
            "metadata": asdict(self.metadata),
            "notes": list(self.notes),
            "confidence": round(self.confidence, 4),
            "article": round(self.article, 4),
            "headline": self.headline,
            "body": self.body,
            "teasers": [
                {"title": t.title, "summary": t.summary, "details": list(t.details), "start": t.start, "end": t.end}
                | ({"url": t.url} if t.url else {})
                for t in self.teasers
            ],
            "text": self.text,
            "segments": [
                {"start": s.start, "end": s.end, "label": s.label, "role": s.role, "probability": round(s.probability, 4), "text": s.text}
                | ({"path": s.path} if s.path else {})
                | ({"links": [asdict(link) for link in s.links]} if s.links else {})
                for s in self.segments
            ],
        }  # fmt: skip

    def to_json(self, indent: int | None = None) -> str:
        """`to_dict` as JSON text; half characters (lone surrogates), which no encoding holds, become question marks."""
        return writable(json.dumps(self.to_dict(), ensure_ascii=False, indent=indent))

    def to_html(self) -> str:
        """The whole page as an HTML fragment, coloured by label; role and probability show on hovering."""
        rows = self._rows
        said = [f"{role} {chance:.2f}" for role, chance in zip(rows.roles, rows.probability, strict=True)]
        return page_html(self.text, list(zip(rows.plain.start, rows.plain.end, rows.labels, said, strict=True)))

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


def _as_told(segment: LabeledSegment, said: Said, place: int) -> list[LabeledSegment]:
    """A segment of a dump with marks without them and with the markup that they tell of; each part of one that holds several cards' titles side by side."""
    bullet = segment.bullet
    if bullet and len(said.links) == 1 and "\n" not in said.text:  # what stands beside the link is no part of the title then
        lead = len(said.text) - len(said.text.removeprefix(bullet).lstrip())
        said, bullet = replace(said, text=said.text[lead:], links=_moved(said.links, lead, len(said.text))), ""
    titles = [link for link in said.links if count_words(said.text[link.start : link.end]) >= LINKED_WORDS]
    mostly = 2 * sum(link.end - link.start for link in titles) > len(said.text)  # or it is a sentence with links in it
    starts = [link.start for link in titles[1:]] if mostly and len({link.address for link in titles}) > 1 else []
    parts = [
        replace(said, text=said.text[start:end].rstrip(BETWEEN), links=_moved(said.links, start, end))
        for start, end in pairwise([0, *starts, len(said.text)])
    ]
    return [
        replace(segment, text=part.text, bullet="" if number else bullet, markup=_as_markup(part, segment.bullet, place))
        for number, part in enumerate(parts)
    ]


def _moved(links: Sequence[Link], start: int, end: int) -> tuple[Link, ...]:
    """What of the links is within a part of a text, in that."""
    return tuple(
        replace(link, start=max(link.start, start) - start, end=min(link.end, end) - start)
        for link in links
        if link.start < end and link.end > start
    )


def _as_markup(said: Said, bullet: str, place: int) -> Markup:
    """Where a segment of a dump in Markdown stood in the page, as far as its marks tell."""
    tag = f"h{said.heading}" if said.heading else "li" if bullet else "p"
    whole = any(2 * (link.end - link.start) > len(said.text) for link in said.links)
    return Markup(f"body/{tag}", ("<img",) if said.picture else (), said.links, place, (), (), f"{tag} a" if whole else tag, said.heading)


def has_body(segments: LabeledSegments) -> bool:
    """Whether any of the page's text is its article's (see `Segmentation.body`)."""
    return bool(_body_places(segments))


def _body_places(segments: LabeledSegments) -> list[int]:
    """Places of the body's paragraphs: all that is labelled so, captions too where they are, but the headline."""
    paragraphs = [i for i in segments.with_label("body") if segments.roles[i] != "headline"]
    return paragraphs or [i for i in segments.with_role("headline") if _is_summary(segments.plain.content(i))]


def _repeated(segments: LabeledSegments) -> set[int]:
    """Places of the body's paragraphs that stood there before, word for word."""
    seen: set[str] = set()
    again: set[int] = set()
    for i in segments.with_role("body"):
        text = segments.plain.text[i]
        if text.count(" ") >= REPEATED_WORDS - 1 or (not text.isascii() and count_words(text) >= REPEATED_WORDS):
            content = segments.plain.content(i)
            if content in seen:
                again.add(i)
            seen.add(content)
    return again


def _markdown_blocks(segments: Sequence[LabeledSegment], parts: Mapping[int, Part]) -> list[Block]:
    """The article's segments as what Markdown is made of; `parts` are the items, cells and quotations of its page."""
    columns: dict[tuple[int, int], list[int]] = {}  # of each row of each table, where its cells begin
    for part in parts.values():
        if isinstance(part, Cell):
            columns.setdefault((part.table, part.row), []).append(part.column)
    around = [_parts_around(segment, parts) for segment in segments]
    cells = [_cells(*both, columns) for both in zip(segments, around, strict=True)]
    tables = _data_tables([block for row in cells for block in row]) - _outer_tables(around)
    return [
        block
        for segment, within, row in zip(segments, around, cells, strict=True)
        for block in (row if row and row[0].cell and row[0].cell.table in tables else [_block(segment, within)])
    ]


def _parts_around(segment: LabeledSegment, parts: Mapping[int, Part]) -> Numbered:
    """Those of `parts` that the segment stands in, nearest first."""
    chain = (segment.markup.element, *segment.markup.containers[:BLOCKS_AROUND]) if segment.markup is not None and parts else ()
    return [(number, parts[number]) for number in chain if number in parts]


def _block(segment: LabeledSegment, within: Numbered) -> Block:
    """A segment that is no row of a table."""
    if segment.markup is None:
        number = segment.bullet.strip("().")
        if not number or "." in number:  # that of a section ("1.2.") is no item's
            return Block(unbroken(segment.text), level=_level(segment))
        item = Around(segment.start, f"{int(number)}." if number.isdecimal() else "-")
        return Block(segment.content, level=_level(segment), around=(item,))
    return Block(segment.text, segment.links, _level(segment), _around(within), _is_code(segment))


def _around(within: Numbered) -> tuple[Around, ...]:
    """The items and quotations among these parts, outermost first."""
    found = []
    for number, part in reversed(within[-DEPTH:]):
        if isinstance(part, Item):
            counted = part.number is not None and 0 <= part.number < MANY
            found.append(Around(number, f"{part.number}." if counted else "-"))
        elif isinstance(part, Quotation):
            found.append(Around(number))
    return tuple(found)


def _cells(segment: LabeledSegment, within: Numbered, columns: Mapping[tuple[int, int], Sequence[int]]) -> list[Block]:
    """The cells of a table that the segment's line holds, those between tabs; [] where it stands in none.

    A line begins in the cell of its first word: it may be a further one of that, and the empty cells before are not in it.
    """
    place, first = next(((i, part) for i, (_, part) in enumerate(within) if isinstance(part, Cell)), (0, None))
    if first is None:
        return []
    begins = columns[first.table, first.row]
    at = bisect_left(begins, first.column)
    begins = begins[at : at + 1 + segment.text.count("\t")]
    level, around, code = _level(segment), _around(within[place + 1 :]), _is_code(segment)
    blocks = []
    start = 0
    for column, text in zip(begins, segment.text.split("\t", len(begins) - 1), strict=True):
        if text:
            links = _clipped(segment.links, start, start + len(text))
            blocks.append(Block(text, links, level, around, code, Cell(first.table, first.row, column)))
        start += len(text) + 1
    return blocks


def _is_code(segment: LabeledSegment) -> bool:
    return not KEPT.isdisjoint(segment.path.split("/"))


def _clipped(links: Sequence[Link], start: int, end: int) -> list[Link]:
    """The links between these places of a text, counted from `start`: one that is in adjacent cells is one link in the segment."""
    return [Link(max(a.start, start) - start, min(a.end, end) - start, a.address) for a in links if a.start < end and a.end > start]


def _data_tables(cells: Sequence[Block]) -> set[int]:
    """The tables that hold data and do not lay out the page: with a row of several cells, no long one of several lines, no heading, no code."""
    sizes: Counter[Cell] = Counter()
    laid_out: set[int] = set()
    for block in cells:
        if block.cell is not None:
            further = block.cell in sizes
            sizes[block.cell] += len(block.text)
            if block.level or block.code or (further and sizes[block.cell] > LONG_CELL):
                laid_out.add(block.cell.table)
    rows = Counter((cell.table, cell.row) for cell in sizes)
    return {table for (table, _), count in rows.items() if count > 1} - laid_out


def _outer_tables(around: Sequence[Numbered]) -> set[int]:
    """The tables with another one in a cell."""
    tables = ([part.table for _, part in within if isinstance(part, Cell)] for within in around)
    return {table for found in tables for table in found[1:]}


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
    if any(map(_leads, run)):
        return _cards(run)
    bulleted = sum(bool(s.bullet) for s in run) > 1
    spaced = len({min(s.blank_before, 1) for s in run[1:]}) > 1
    blocks = _blocks(run)
    texts = [s.content for s in run]
    keys = list(map(_key, texts))
    leads = _is_kicker(texts[0]) and any(map(str.isalpha, texts[0]))  # then kickers stand above their titles in this run
    mark = run[0].bullet or (texts[0] if not keys[0] else "")  # of a list: some lines have it, before others it is alone
    ranked, summaries = _ranked(texts), _summaries(texts)
    top = min(ranked, default=-1)
    stories: list[list[LabeledSegment]] = []
    told: list[str] = []  # keys of the story's lines so far
    titled = summarised = False  # whether one of them can be its title, and one its summary
    for i, (segment, text, key, (lines, heads)) in enumerate(zip(run, texts, keys, blocks, strict=True)):
        if not stories or text == mark:
            begins = True
        elif segment.bullet:
            begins = segment.indent <= stories[-1][0].indent or not _is_detail(text)
        elif i in ranked:
            begins = ranked[i] and (titled or i > top)
        elif any(_same(key, other) for other in told[-REPEATED_WITHIN:]):
            begins = False  # a picture's alternative text and the title are often the same
        elif titled and any(_same(key, other) for other in keys[i + 1 : i + 1 + REPEATED_WITHIN]) and not _is_detail(text):
            begins = True  # the same, seen from the first of the two
        elif leads and _is_kicker(text) and any(map(str.isalpha, text)):
            begins = titled
        elif bulleted and (segment.indent > stories[-1][0].indent or not stories[-1][0].bullet):
            begins = False
        elif spaced and not segment.blank_before and not heads == lines >= LIST_LINES:
            begins = False  # blank lines part the stories, and here is none
        elif spaced and segment.blank_before and heads and _is_kicker(text) and any(map(str.isalpha, text)):
            begins = titled  # the kicker of the title that follows
        else:
            begins = titled and (summarised or i not in summaries) and _begins(stories[-1][-1].content, summarised, text)
        if begins:
            stories.append([])
            told.clear()
            titled = summarised = False
        stories[-1].append(segment)
        told.append(key)
        titled = titled or not _is_detail(text) or (i in ranked and not _NUMBER.match(text) and not _is_kicker(text))
        summarised = summarised or _is_summary(text) or (i in summaries and not begins)
    return stories


def _ranked(texts: Sequence[str]) -> dict[int, bool]:
    """Of the lines of a ranked list by their places, whether a story begins there: numbers alone on their lines that count up are ranks.

    They stand above their stories, or, where the run ends with one and does not begin so, below.
    """
    numbers = [(i, int("".join(filter(str.isdecimal, text)))) for i, text in enumerate(texts) if _NUMBER.match(text)]
    steps = [(i, j) for (i, rank), (j, following) in pairwise(numbers) if following == rank + 1 and 1 < j - i <= CARD_SEGMENTS]
    ranks = {place for step in steps for place in step}
    below = len(texts) - 1 in ranks and 0 not in ranks
    return {i: False for start, end in steps for i in range(start, end + 2)} | {place + below: True for place in ranks}


def _summaries(texts: Sequence[str]) -> set[int]:
    """Places of short summaries: of sentences with a full stop below titles without one, where that comes again. One alone may be a title."""
    found = {
        i
        for i, (title, line) in enumerate(pairwise(texts), 1)
        if _FULL_STOP.search(line) and count_words(line) >= SENTENCE_WORDS and not _SENTENCE_END.search(title) and not _is_detail(title)
    }
    return found if len(found) > 1 else set()


def _key(line: str) -> str:
    """What a line says: its letters and digits without case and accents, and "…" where it is cut off."""
    letters = "".join(filter(str.isalnum, (line if line.isascii() else normalize("NFKD", line)).casefold()))
    return letters + "…" if letters and line.endswith(("…", "...")) else letters


def _same(one: str, other: str) -> bool:
    """Whether two lines with these keys say the same, or one does what is cut off in the other."""
    if one.endswith("…") == other.endswith("…"):
        return one == other != ""
    cut, whole = sorted((one, other), key=lambda key: not key.endswith("…"))
    return len(cut) > CUT and whole.startswith(cut[:-1])


def _cards(run: Sequence[LabeledSegment]) -> list[list[LabeledSegment]]:
    """A run of an HTML page's teasers cut into stories: its cards (see `_held_together`), and with each what stands beside it.

    Pages without an element around each story have kickers, summaries and times beside the title, or a link around each line.
    """
    marks = [s.markup or UNMARKED for s in run]
    leads = _title_leads(run, marks)
    shared = _shared(marks)
    ranked = _ranked([s.content for s in run])
    headings = [mark.shape if mark.heading and not _is_detail(s.content) else "" for s, mark in zip(run, marks, strict=True)]
    stories: list[list[LabeledSegment]] = []
    told: set[str] = set()  # where the story so far leads
    start, around = UNMARKED, -1  # its first line's markup, and the innermost element that holds that and what is above
    titled = headed = False  # whether one of its lines can be a title, and whether that is a heading
    for card in _held_together(leads, shared, headings):
        first, held, below = marks[card.start], run[card.start : card.stop], card.stop
        where = set().union(*leads[card.start : below])
        beside = {address for s in held for address in _leads(s)}
        item, title, heads = first.path.endswith("/li"), not _is_detail(held[0].content), any(headings[card.start : below])
        if not stories or (item and title and titled and first.path == start.path) or (heads and headed):
            begins = True
        elif where or beside & told:
            begins = not beside & told if told else shared[card.start] < around
        elif first.heading or (item and title):
            begins = titled  # although it leads nowhere
        elif not told or below == len(run):
            begins = False
        else:  # to what is below where it leads there, or an element holds both that does not hold what is above, or stories begin so
            nearer = shared[below] - shared[card.start]
            alike = first.shape == start.shape or ranked.get(card.start, False)
            begins = bool(beside & leads[below]) or nearer > 0 or (nearer == 0 and alike)
        if begins:
            stories.append([])
            told, start, titled, headed = set(), first, False, False
            around = shared[card.start] if card.start else -1
        stories[-1] += held
        told |= where
        headed = headed or heads
        titled = titled or not all(_is_detail(s.content) for s in held)
    return stories


def _shared(marks: Sequence[Markup]) -> list[int]:
    """For each segment the innermost element that holds the one before it, too, -1 for none.

    Elements are numbered as they begin, so that one which holds a segment holds all that began after it and stands before that.
    """
    chains = [(mark.element, *mark.containers) for mark in marks]
    return [-1, *(next((e for e in chain if e <= before[0]), -1) for before, chain in pairwise(chains))]


def _title_leads(run: Sequence[LabeledSegment], marks: Sequence[Markup]) -> list[set[str]]:
    """Where each segment leads if it looks like a title; kickers and bylines lead elsewhere.

    Titles are headings, and what looks like others of `TITLE_WORDS` words; without any, links so long, and without these all links.
    """
    links = [s.links if _leads(s) and not (_BYLINE.match(s.text) and _is_detail(s.content)) else () for s in run]
    words = [max((count_words(s.text[link.start : link.end]) for link in of), default=0) for s, of in zip(run, links, strict=True)]
    looks: dict[str, list[int]] = {}
    for mark, size in zip(marks, words, strict=True):
        if size:
            looks.setdefault(mark.shape, []).append(TITLE_WORDS if mark.heading else size)
    titles = {shape for shape, sizes in looks.items() if median_high(sizes) >= TITLE_WORDS}
    found = [size > 0 and mark.shape in titles for mark, size in zip(marks, words, strict=True)]
    least = TITLE_WORDS if max(words) >= TITLE_WORDS else 0
    chosen = found if any(found) else [size >= least for size in words]
    return [set(_leads(s)) if is_title else set() for s, is_title in zip(run, chosen, strict=True)]


def _held_together(leads: Sequence[set[str]], shared: Sequence[int], headings: Sequence[str]) -> list[range]:
    """A run cut into cards: what the largest element holds that leads to one place only and has no two headings of a shape.

    What no such element holds is alone. `headings` are the shapes of headings, "" for other segments.
    """
    cards: list[range] = []
    left = [range(len(leads))]
    while left:
        part = left.pop()
        titles = [*filter(None, headings[part.start : part.stop])] if len(part) <= CARD_SEGMENTS else []
        one = len(part) <= CARD_SEGMENTS and len(set().union(*leads[part.start : part.stop])) <= 1 and len(set(titles)) == len(titles)
        if len(part) == 1 or one:
            cards.append(part)
            continue
        outermost = min(shared[i] for i in part[1:])  # elements are numbered as they begin: this one holds all of `part`
        cuts = [part.start, *(i for i in part[1:] if shared[i] == outermost), part.stop]
        left += reversed([range(start, stop) for start, stop in pairwise(cuts)])
    return cards


def _leads(segment: LabeledSegment) -> list[str]:
    """Addresses of other pages that the segment links to, that of the longest text first: a section's name or "Live" may stand before the title."""
    links = sorted(segment.links, key=lambda link: link.start - link.end)
    return [link.address for link in links if not link.address.lower().startswith(NO_PAGES)]


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


def _is_kicker(line: str) -> bool:
    return (
        _is_detail(line)
        and count_words(line) <= KICKER_WORDS
        and not (_DETAIL.search(line) or _THAI_TIME.fullmatch(line))
        and not _BYLINE.match(line)
    )


@lru_cache(maxsize=1 << 10)
def _is_detail(line: str) -> bool:
    words = count_words(line)
    return (
        (words <= DETAIL_WORDS and bool(_DETAIL.search(line) or _BYLINE.match(line)))
        or bool(_THAI_TIME.fullmatch(line))
        or (words <= KICKER_WORDS and len(line) <= 30 and not _SENTENCE_END.search(line))
    )


def _is_summary(line: str) -> bool:
    words = count_words(line)
    return words >= SUMMARY_WORDS and (bool(_SENTENCE_END.search(line)) or words >= 2 * SUMMARY_WORDS)


def _teaser(story: Sequence[LabeledSegment], shared: Container[str]) -> Teaser:
    """The story's lines sorted into title, summary and details; `shared` ones are no title where there is another, and no summary."""
    parts = [(line, max(_rank(line, s, line in shared), least)) for s in story for line, least in _lines(s)] or [("", 0)]
    lines, ranks = [line for line, _ in parts], [rank for _, rank in parts]
    title = ranks.index(min(ranks))
    if title == 1 and story[0].bullet and _is_kicker(lines[0]) and _is_summary(lines[1]):
        title = 0  # a list item's short title above its summary
    key = _key(lines[title])
    same = [i for i, line in enumerate(lines) if _same(_key(line), key)]
    title = max([title, *(i for i in same if ranks[i] == ranks[title])])  # of a picture's alternative text and the title the second
    rest = [i for i, line in enumerate(lines) if i > title and i not in same and ranks[i] < 4]
    summary = max(rest, key=lambda i: len(lines[i]), default=None)
    return Teaser(
        title=lines[title],
        summary=lines[summary] if summary is not None else "",
        details=tuple(line for i, line in enumerate(lines) if i not in (title, summary)),
        start=story[0].start,
        end=story[-1].end,
        url=_address(story, lines[title]),
    )


def _rank(line: str, segment: LabeledSegment, shared: bool) -> int:
    """How far a line of this segment is from being its story's title: the first one of the least rank is; from 4 on it is no summary."""
    mark = segment.markup or UNMARKED
    if "<img" in mark.words:
        return PICTURE
    if _is_detail(line):
        return 2 if mark.heading and _is_kicker(line) else 5 if _NUMBER.match(line) else 4
    if shared:
        return 4
    sentence = mark is not UNMARKED and (bool(_SENTENCE_END.search(line)) or count_words(line) >= SUMMARY_WORDS)
    return 0 if mark.heading else 3 if sentence else 1


def _address(story: Sequence[LabeledSegment], title: str) -> str:
    """Where the segment with the title leads to, else where most of the story's text does; "" without links."""
    linked = sorted(story, key=lambda s: ((title, 0) not in _lines(s), -sum(link.end - link.start for link in s.links)))
    return next((address for s in linked for address in _leads(s)), "")


def _lines(segment: LabeledSegment) -> list[tuple[str, int]]:
    """The lines of a segment, each with its least rank (see `_rank`): what stands beside a title is none itself, and a summary if it is long."""
    if segment.bullet:
        return [(line, 0) for line in _item_lines(segment)]
    start, end = _title_place(segment)
    before, title, behind = segment.text[:start], segment.text[start:end], segment.text[end:]
    parts = [(title, 0), *((cell, BESIDE) for cell in _CELL.split(behind))]
    lines = [(unbroken(part), least) for part, least in [(before, BESIDE), *parts]]
    return [(line, 0 if _is_summary(line) else least) for line, least in lines if line]


def _title_place(segment: LabeledSegment) -> tuple[int, int]:
    """Where in the segment's text its story's title is: its only link, without what stands beside that ("Read also", "4 hours ago")."""
    text = segment.text
    if len(segment.links) == 1 and _leads(segment) and not _BYLINE.match(text):
        (link,) = segment.links
        before, behind = text[: link.start], text[link.end :]
        words, lead_in = count_words(text[link.start : link.end]), count_words(before)
        if words >= LINKED_WORDS and words > lead_in + count_words(behind) and lead_in <= LEAD_IN:
            return link.start if _LEAD_IN.search(before) else 0, len(text) if _GOES_ON.match(behind) else link.end
    return 0, len(text)


def _item_lines(segment: LabeledSegment) -> list[str]:
    """The lines of a list item: a title and perhaps what belongs to it; one that begins small goes on with a long one."""
    lines: list[str] = []
    for line in segment.text[len(segment.bullet) :].splitlines():
        text = " ".join(line.split())
        if lines and text[:1].islower() and len(lines[-1]) >= WRAPPED:
            lines[-1] += " " + text
        elif text:
            lines.append(text)
    return lines
