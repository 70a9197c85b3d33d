"""Many pages at once, as Arrow record batches: pages in, a row each out. The way of the command, of Spark's `mapInArrow` and the like.

Needs pyarrow (extra `bulk`). Knows nothing of files: `readers` bring the pages, `parts` take the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, field, fields
from typing import Any

import pyarrow as pa

from pagesieve import __version__
from pagesieve.calibration import DIAL
from pagesieve.encodings import known_encoding, writable
from pagesieve.page import PageError
from pagesieve.segmentation import Segmentation
from pagesieve.sieve import BATCH, Kind, Sieve, kind_of
from pagesieve.stated import Metadata
from pagesieve.storage import model_digest

__all__ = ["BATCH_BYTES", "Segmenter", "array", "schema", "segment_batches"]

BATCH_BYTES = 1_000_000  # bytes of pages judged at once: memory follows them

_TEXT, _PLACE = pa.string(), pa.int64()
_TEASER = pa.struct(
    {"title": _TEXT, "summary": _TEXT, "details": pa.list_(_TEXT), "start": _PLACE, "end": _PLACE, "url": _TEXT},
)
_METADATA = pa.struct(dict.fromkeys((entry.name for entry in fields(Metadata)), _TEXT))
_SEGMENT = pa.struct(
    {"start": _PLACE, "end": _PLACE, "label": _TEXT, "role": _TEXT, "probability": pa.float64(), "text": _TEXT, "path": _TEXT},
)


def schema(segments: bool = False) -> pa.Schema:
    """The columns of the rows: `id`, `url`, the answer as in `Segmentation.to_dict`, `model`, `version`, `error`.

    `segments` asks for two more columns: the page's `text`, in which places are counted, and every segment. Of a page that could not be read `error` says why, and the answer is null;
    of all others `error` is null. `model` is the model's digest, `version` pagesieve's.
    """
    columns = {
        "id": _TEXT,
        "url": _TEXT,
        "view": _TEXT,
        "headline": _TEXT,
        "body": _TEXT,
        "teasers": pa.list_(_TEASER),
        "confidence": pa.float64(),
        "article": pa.float64(),
        "metadata": _METADATA,
        "notes": pa.list_(_TEXT),
        **({"text": _TEXT, "segments": pa.list_(_SEGMENT)} if segments else {}),
        "model": _TEXT,
        "version": _TEXT,
        "error": _TEXT,
    }
    return pa.schema(columns)


def segment_batches(
    batches: Iterable[pa.RecordBatch] | pa.RecordBatch | pa.Table,
    sieve: Sieve,
    *,
    segments: bool = False,
    kind: Kind = "auto",
    dial: float = DIAL,
    encoding: str = "",
    page: str = "page",
    id: str = "id",
) -> Iterator[pa.RecordBatch]:
    """Rows of `schema(segments)` for the pages in `batches` (or one batch, or a table), one each, in order; no batch is kept, large ones are cut small.

    The column named `page` holds pages as text or bytes, the one named `id` what they are known by (any type; null without such a
    column). Where there are columns `url` (handed on), `encoding` (what the server said of this page; passed over where it is none) and `kind` ("html" where it said
    that; a PDF or JSON is refused all the same), they are used. `kind`, `dial` and `encoding` are those of `Sieve.segment`, and wrong
    ones raise as there; a `kind` other than "auto" overrules the column. What is wrong with one page, even a fault
    of the program, stands in its row's `error`. Raises `ValueError` where there is no column `page`, or none of pages.
    """
    work = Segmenter(sieve, segments, kind, dial, encoding, page, id)
    given = [batches] if isinstance(batches, pa.RecordBatch) else batches.to_batches() if isinstance(batches, pa.Table) else batches
    for batch in given:
        yield from work.rows(batch)


@dataclass(frozen=True)
class Segmenter:
    """`segment_batches` for whoever has a batch at a time; the arguments are the same, and what is wrong with them raises at once."""

    sieve: Sieve
    segments: bool = False
    kind: Kind = "auto"
    dial: float = DIAL
    encoding: str = ""
    page: str = "page"
    id: str = "id"
    model: str = field(init=False)

    def __post_init__(self) -> None:
        self.sieve.segment_batch([], self.kind, dial=self.dial, encoding=self.encoding)
        object.__setattr__(self, "model", model_digest(self.sieve.model))

    def rows(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """The rows for the pages in `batch`, in one or more batches; none for no pages."""
        for part in _cut(batch, self.page):
            names = [str(name) if name is not None else "page" for name in _column(part, self.id)]
            pages = part.column(self.page).to_pylist()
            kinds = [kind_of(page or b"", self.kind, said or "") for page, said in zip(pages, _column(part, "kind"), strict=True)]
            encodings = [said if known_encoding(str(said or "")) else self.encoding for said in _column(part, "encoding")]
            yield self._answered(part, self._answers(pages, names, list(zip(kinds, encodings, strict=True))))

    def refused(self, batch: pa.RecordBatch, reason: str) -> pa.RecordBatch:
        """The rows for pages that cannot be segmented for this reason."""
        return self._answered(batch, [PageError(f"{name}: {reason}") for name in _column(batch, self.id)])

    def _answers(
        self, pages: Sequence[str | bytes | None], names: Sequence[str], known: Sequence[tuple[Kind, str]]
    ) -> list[Segmentation | PageError]:
        """An answer for each page; those of one kind and encoding (`known`) are segmented together."""
        answers: dict[int, Segmentation | PageError] = {}
        for kind, encoding in set(known):
            places = [i for i, page in enumerate(pages) if page is not None and known[i] == (kind, encoding)]
            found = self._segmented([pages[i] or b"" for i in places], [names[i] for i in places], kind, encoding)
            answers.update(zip(places, found, strict=True))
        return [answers[i] if i in answers else PageError(f"{name}: no page, the column is null") for i, name in enumerate(names)]

    def _segmented(self, pages: Sequence[str | bytes], names: Sequence[str], kind: Kind, encoding: str) -> list[Segmentation | PageError]:
        """`segment_batch`, but what goes wrong with one page, whatever it is, costs no other."""
        try:
            return self.sieve.segment_batch(pages, kind, names, self.dial, encoding)
        except Exception as error:
            if len(pages) == 1:
                return [PageError(f"{names[0]}: {type(error).__name__}: {error}; a fault of pagesieve, please report it with the page")]
            each = [self._segmented([page], [name], kind, encoding) for page, name in zip(pages, names, strict=True)]
            return [answer for (answer,) in each]

    def _answered(self, batch: pa.RecordBatch, answers: Sequence[Segmentation | PageError]) -> pa.RecordBatch:
        form = schema(self.segments)
        columns: dict[str, list[Any]] = {name: [] for name in form.names}
        for known, url, answer in zip(_column(batch, self.id), _column(batch, "url"), answers, strict=True):
            row = {} if isinstance(answer, PageError) else _row(answer, self.segments)
            row |= {"id": None if known is None else str(known), "url": url, "model": self.model, "version": __version__}
            row["error"] = str(answer) if isinstance(answer, PageError) else None
            for name, values in columns.items():
                values.append(row.get(name))
        return pa.record_batch([array(columns[part.name], part.type) for part in form], schema=form)


def array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """An Arrow array; half characters (lone surrogates), which Arrow does not hold, become question marks."""
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        return pa.array([_writable(value) for value in values], kind)


def _writable(value: Any) -> Any:
    """The value with all texts in it `writable`."""
    if isinstance(value, str):
        return writable(value)
    return type(value)(map(_writable, value)) if isinstance(value, (list, tuple)) else value


def _cut(batch: pa.RecordBatch, page: str) -> Iterator[pa.RecordBatch]:
    """The batch in pieces of at most `BATCH` pages, and of `BATCH_BYTES` unless a single page has more."""
    if page not in batch.schema.names:
        raise ValueError(f"page={page!r}: no such column; there are {', '.join(batch.schema.names) or 'none'}")
    column = batch.column(page)
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary, pa.types.is_null)
    if not any(is_kind(column.type) for is_kind in kinds):
        raise ValueError(f"page={page!r}: a column of {column.type}; pages are text (string) or bytes (binary)")
    sizes = [value.as_buffer().size if value.is_valid else 0 for value in column]
    start = held = 0
    for place, size in enumerate(sizes):
        if place > start and (place - start == BATCH or held + size > BATCH_BYTES):
            yield batch.slice(start, place - start)
            start, held = place, 0
        held += size
    if start < len(sizes):
        yield batch.slice(start)


def _column(batch: pa.RecordBatch, name: str) -> list[Any]:
    return batch.column(name).to_pylist() if name in batch.schema.names else [None] * batch.num_rows


def _row(answer: Segmentation, segments: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "view": answer.view,
        "headline": answer.headline,
        "body": answer.body,
        "teasers": [(t.title, t.summary, list(t.details), t.start, t.end, t.url) for t in answer.teasers],
        "confidence": round(answer.confidence, 4),
        "article": round(answer.article, 4),
        "metadata": astuple(answer.metadata),
        "notes": list(answer.notes),
    }
    if segments:
        row["text"] = answer.text
        row["segments"] = [(s.start, s.end, s.label, s.role, round(s.probability, 4), s.text, s.path) for s in answer.segments]
    return row
