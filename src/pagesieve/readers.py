"""Step 0 of a page's way where there are many: files, folders and archives → `Record`s, one page each, in a fixed order.

The same arguments give the same records in the same order, so that a count says how far a run has come. What cannot be read
is a record too, with a `fault` and no page; a file that breaks off gives its whole records first. Nothing is held but the
record at hand. JSONL, CSV, text dumps and HTML may be packed (gzip, zstd). What reads a form is imported where it is
read: one page waits for none of it, and archives need the extra `bulk`.
"""

from __future__ import annotations

import codecs
import io
import json
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, Any

from pagesieve.encodings import known_encoding, writable
from pagesieve.page import PageError

__all__ = [
    "ERRORS",
    "MANY",
    "PASSED",
    "ROW_FORMS",
    "Fields",
    "Record",
    "Source",
    "ending",
    "form_of",
    "holds_many",
    "in_words",
    "records",
    "said_kind",
    "sources",
    "unpacked",
]

WORDS = (
    (bool, "true or false"),
    (int | float, "a number"),
    (str, "a text"),
    (list, "a list"),
    (dict, "an object"),
)  # of JSON; true is an int, too
PAGE_FIELDS = ("html", "text", "page", "content")  # of JSONL, CSV and Parquet; the first in which a record has more than white space
HTML = (".html", ".htm", ".xhtml")
MARKDOWN = (".md", ".markdown")
PAGES = (".txt", *MARKDOWN, *HTML)  # files that are a page each; a folder's other files are passed over
MAGIC = {".gz": b"\x1f\x8b", ".zst": b"\x28\xb5\x2f\xfd"}  # ending of a packed file → its first bytes
PACKED = tuple(MAGIC)
PASSED = ""  # form of files in folders that are passed over
ERRORS = ".errors.jsonl"  # how lists of bad records end
OF_ROW = {"confidence", "teasers", "model", "version"}  # fields of the rows that the command writes
ROW_FORMS = {".jsonl": "jsonl", ".jsonl.gz": "jsonl", ".jsonl.zst": "jsonl", ".parquet": "parquet"}  # ending of an output → its form
WARC_TYPES = ("text/html", "application/xhtml+xml", "text/plain")  # of responses and resources; others are passed over
OK = 200
GZIP, ZLIB, RAW = 31, 15, -15  # what zlib calls its ways of packing
CODINGS = {"": (), "identity": (), "gzip": (GZIP,), "x-gzip": (GZIP,), "deflate": (ZLIB, RAW)}  # of a server → ways to try, in order
CHUNKS_END = 1 << 12  # bytes at the end of a page in chunks in which the last chunk stands
PARQUET_ROWS = 16  # rows read at once
BUFFER = 1 << 20  # bytes
ZSTD_READ = 1 << 10  # bytes of a zstd file unpacked at once: the worst of them become 32 MB
WARC_SLACK = 1 << 16  # bytes of headers beside the page that an archive's record may have
LONGEST_LIST = 200  # characters of a list of fields in a message
CSV_SLACK = 4  # times the longest page that a CSV file's field may have, before the file counts as broken
TOO_LARGE = "more than {} bytes; raise --max-bytes to read it (memory grows with it), or leave it out"

ARRAY = "is a JSON array, not an object a line; make lines of it: jq -c '.[]' ARRAY.json > LINES.jsonl"

_GLOB = re.compile(r"[*?\[]")
_LOST = re.compile("[\udc80-\udcff]")  # bytes of a file's name that are no UTF-8, as Python has them
_LAST_CHUNK = re.compile(rb"\n0+[ \t]*(;[^\r\n]*)?\r?\n([^\r\n:]+:[^\r\n]*\r?\n)*\s*\Z")  # none is left: its size is 0


@dataclass(frozen=True, slots=True)
class Fields:
    """Names of a record's fields in JSONL, CSV and Parquet; `page=""` stands for the first of `PAGE_FIELDS` that holds anything."""

    id: str = "id"
    page: str = ""
    url: str = "url"

    @property
    def pages(self) -> tuple[str, ...]:
        """The fields that may hold the page, the one to be taken first at the beginning."""
        return (self.page,) if self.page else PAGE_FIELDS


@dataclass(frozen=True, slots=True)
class Record:
    """A page from outside: its `id`, the `place` it stood at (for messages), and the page or the `fault` for which there is none.

    `text` says that the page came as text: then its bytes are UTF-8, whatever they say of themselves. (As a `str` it would have up to
    four times the size.) `encoding` is what the server said of the page's bytes, `kind` "html" or "text" where the page lies where these do
    (see `sieve.kind_of`); `url` is None where nothing was said.
    """

    id: str
    place: str
    page: bytes = b""
    text: bool = False
    url: str | None = None
    encoding: str = ""
    kind: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read pages from, of this many bytes, and what it is: a key of `_READERS`. A folder that cannot be listed is one with a `fault`.

    `changed` is as `addresses.File` has it.
    """

    address: str
    size: int
    form: str
    fault: str = ""
    changed: str = ""

    @property
    def name(self) -> str:
        """The address as text that can be written anywhere, and traced: bytes that are no UTF-8 as `\\xff`."""
        return _LOST.sub(lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", self.address)


def holds_many(argument: str) -> bool:
    """Whether what stands for pages on the command line is no single page: a folder, a pattern, an archive, an address afar."""
    return "://" in argument or os.path.isdir(argument) or _is_glob(argument) or _form(argument) in MANY


def form_of(output: str) -> str:
    """The form of rows that the output's name asks for; "" where it asks for none."""
    return next((form for end, form in ROW_FORMS.items() if output.endswith(end)), "")


def _is_glob(argument: str) -> bool:
    return bool(_GLOB.search(argument)) and not os.path.exists(argument)


def _form(address: str) -> str:
    """What the file's name says it is: ".jsonl", ".warc" …, "page", or "" for no page."""
    end = ending(address)
    return end if end in MANY else "page" if end in PAGES else ""


def ending(address: str) -> str:
    """The ending of the file's name, in small letters; that of a packed file is of what is in it."""
    stem, end = os.path.splitext(address.lower())
    return os.path.splitext(stem)[1] if end in PACKED else end


def said_kind(address: str) -> str:
    """What the name of a page's file says of it: "html", "text" for Markdown, or "" for nothing."""
    end = ending(address)
    return "html" if end in HTML else "text" if end in MARKDOWN else ""


def unpacked(data: bytes, name: str) -> bytes:
    """A page's bytes, unpacked where they begin as gzip or zstd do. Raises `PageError` where they cannot be."""
    if data.startswith(MAGIC[".gz"]):
        import gzip

        try:
            return gzip.decompress(data)
        except (EOFError, OSError, zlib.error) as error:
            raise PageError(f"{name}: cannot be unpacked ({error}); it may be cut short, copy it again") from error
    if data.startswith(MAGIC[".zst"]):
        try:
            return b"".join(_frames(io.BytesIO(data)))
        except ImportError as error:
            raise PageError(f"{name}: is packed with zstd; pip install '.[bulk]' in the clone's folder, or unpack it first") from error
        except Exception as error:  # zstd has errors of its own
            raise PageError(f"{name}: cannot be unpacked ({error}); it may be cut short, copy it again") from error
    return data


def sources(arguments: Sequence[str], jsonl: bool = False) -> Iterator[Source]:
    """The files that `arguments` stand for, in order; a folder's and a pattern's by name. `jsonl` makes JSONL of unknown endings.

    Those that are no pages have the form `PASSED`, as have the lists of errors of earlier runs in folders.

    Raises `FileNotFoundError`, when it comes to it, for an argument that stands for nothing.
    """
    from pagesieve.addresses import found

    for argument in arguments:
        anything = False
        try:
            for address, size, changed, asked in found(argument, _is_glob(argument)):
                if isinstance(size, OSError):
                    anything = True
                    yield _unlisted(address, size)
                    continue
                form = _form(address) or (".jsonl" if jsonl else "page" if asked else PASSED)
                if not asked and address.endswith(ERRORS):
                    form = PASSED
                anything = anything or form != PASSED
                yield Source(address, size, form, changed=changed)
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{argument}: not there; give a page, a folder, a pattern or an archive") from error
        if not anything:
            raise FileNotFoundError(f"{argument}: no pages there; pages end in {', '.join((*PAGES, *MANY))}, packed or not")


def _unlisted(address: str, error: OSError) -> Source:
    told = f"{type(error).__name__}: {error}"
    return Source(address, 0, "folder", f"cannot be listed ({told}), nothing in it is read; make it readable, or leave it out")


def records(source: Source, fields: Fields, most: int, skip: int = 0, encoding: str = "") -> Iterator[Record]:
    """The pages of `source` but the first `skip`, those of more than `most` bytes as faults. `encoding` is what is known of CSV's.

    Whatever is wrong with the file itself is a last record with a fault.
    """
    number = 0
    if source.fault:
        yield from [Record(source.name, source.name, fault=source.fault)][skip:]
        return
    try:
        for number, record in enumerate(_READERS[source.form](source, fields, most, encoding), 1):
            if number > skip:
                yield record if record.fault or len(record.page) <= most else replace(record, page=b"", fault=TOO_LARGE.format(most))
    except ImportError:
        raise
    except Exception as error:  # broken archives fail in many ways: zlib, zstd, Arrow and fastwarc have errors of their own
        if number < skip:  # the fault, record number + 1, is among those skipped
            return
        where = f"breaks off after record {number}" if number else "cannot be read"
        of_system = isinstance(error, OSError) and error.errno  # which says what to do
        remedy = "" if of_system else "; it may be cut short or not be what its name says: copy it again, or give it its own ending"
        yield Record(source.name, source.name, fault=f"{where} ({type(error).__name__}: {error}), what follows is not read{remedy}")


@contextmanager
def _unpacked(source: Source) -> Iterator[IO[bytes]]:
    """The source's bytes; packed or not is told by the bytes for standard input, which has no name, by the name for files."""
    from pagesieve.addresses import STDIN, opened

    with opened(source.address) as file:
        end = os.path.splitext(source.address.lower())[1]
        if source.address == STDIN:
            begins = file.peek(4)  # type: ignore[attr-defined]  # standard input is a BufferedReader
            end = next((end for end, magic in MAGIC.items() if begins.startswith(magic)), "")
        if end == ".gz":
            import gzip

            with gzip.open(file) as packed:  # no buffer around it: that would lose what stands before a cut
                yield packed  # type: ignore[misc]  # is an IO[bytes] but for its declaration
        elif end == ".zst":
            yield io.BufferedReader(_Chunks(_frames(file)), BUFFER)
        else:
            yield file


def _frames(file: IO[bytes]) -> Iterator[bytes]:
    """What a zstd file holds, frame after frame; a `stream_reader` would end quietly where the file is cut.

    Raises `EOFError` there, after what is whole.
    """
    import zstandard

    begin, frame = zstandard.ZstdDecompressor().decompressobj, None
    while packed := file.read(ZSTD_READ):
        while packed:
            frame = frame or begin()
            yield frame.decompress(packed)
            packed, frame = (frame.unused_data, None) if frame.eof else (b"", frame)
    if frame:
        raise EOFError("ends amid a frame")


class _Chunks(io.RawIOBase):
    """Chunks of bytes as a file to read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._left = chunks, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = memoryview(chunk)
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


def _page(source: Source, fields: Fields, most: int, encoding: str) -> Iterator[Record]:
    with _unpacked(source) as file:
        yield Record(source.name, source.name, file.read(most + 1), kind=said_kind(source.address))


def _jsonl(source: Source, fields: Fields, most: int, encoding: str) -> Iterator[Record]:
    longest = 8 * most  # bytes; every character may be escaped, and there may be other fields
    with _unpacked(source) as file:
        for earlier, (number, line, whole) in enumerate(_lines(file, longest)):
            place = f"{source.name}, line {number}"
            if not earlier and line.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"["):
                yield Record(source.name, source.name, fault=ARRAY)
                return
            if not whole:
                yield Record(place, place, fault=f"a line of more than {longest} bytes; raise --max-bytes to read it")
                continue
            yield _parsed(line, place, fields)


def _parsed(line: bytes, place: str, fields: Fields) -> Record:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Record(place, place, fault=f"not JSON in UTF-8 ({error}); write the record anew, or convert the file to UTF-8")
    if not isinstance(given, dict):
        return Record(place, place, fault=f"holds {in_words(given)}, not an object")
    return _record(given, place, fields)


def _lines(file: IO[bytes], longest: int) -> Iterator[tuple[int, bytes, bool]]:
    """The lines that are not blank, by number, and whether they are whole: of one of more than `longest` bytes there is the beginning."""
    number = 0
    while line := file.readline(longest + 1):
        number += 1
        whole = len(line) <= longest or line.endswith(b"\n")
        if not whole or not line.isspace():
            yield number, line, whole
        while not whole and (more := file.readline(longest)):
            whole = more.endswith(b"\n")


def _csv(source: Source, fields: Fields, most: int, encoding: str) -> Iterator[Record]:
    import csv

    csv.field_size_limit(CSV_SLACK * most)
    ended = False

    def lines() -> Iterator[str]:
        nonlocal ended
        yield from text
        ended = True

    codec = known_encoding(encoding).replace("utf-8", "utf-8-sig") if encoding else "utf-8-sig"
    between = "\t" if source.form == ".tsv" else ","
    parted = "parted by tabs" if source.form == ".tsv" else "parted by commas"
    with _unpacked(source) as file, io.TextIOWrapper(file, codec, "replace" if encoding else "surrogateescape", newline="") as text:
        for number, row in enumerate(csv.DictReader(lines(), delimiter=between), 1):
            place = f"{source.name}, row {number}"
            if ended:  # a whole row is given before the file's end is asked for
                yield Record(place, place, fault="has a quote that is never closed, and so all that follows it; close it or double it")
            elif None in row:
                told = (
                    f"has more fields than the {len(row) - 1} of the file's first line; {parted}, a field that holds one stands in quotes"
                )
                yield Record(place, place, fault=told)
            elif None in row.values():
                yield Record(place, place, fault=f"has fewer fields than the {len(row)} of the file's first line, {parted}")
            else:
                record = _record({name.strip(): _as_it_was(value) for name, value in row.items()}, place, fields)
                wrong = (
                    ""
                    if all(name is None or writable(name) == name for name in row)
                    else ", but it is no UTF-8: say what it is with --encoding"
                )
                told = f"{record.fault}; the first line names the fields, {parted}{wrong}"
                yield replace(record, fault=told) if record.fault else record


def _as_it_was(value: str | None) -> str | bytes | None:
    """A text of CSV; its bytes where they are no UTF-8: they are told by their looks, like those of a file."""
    try:
        (value or "").encode("utf-8")
    except UnicodeEncodeError:
        return (value or "").encode("utf-8", "surrogateescape")
    return value


def _parquet(source: Source, fields: Fields, most: int, encoding: str) -> Iterator[Record]:
    import pyarrow.parquet as pq

    from pagesieve.addresses import opened

    with opened(source.address) as file, pq.ParquetFile(file, buffer_size=BUFFER, pre_buffer=False) as table:
        names = table.schema_arrow.names
        columns = [name for name in names if name in (fields.id, fields.url, *fields.pages)]
        rows = (row for batch in table.iter_batches(PARQUET_ROWS, columns=columns, use_threads=False) for row in batch.to_pylist())
        for number, row in enumerate(rows, 1):
            yield _record(dict.fromkeys(names) | row, f"{source.name}, row {number}", fields)


def _record(given: dict[str, Any], place: str, fields: Fields) -> Record:
    """The record that these fields make."""
    there = [name for name in fields.pages if given.get(name) is not None]
    name = next((name for name in there if not _is_blank(given[name])), there[0] if there else "")
    page, known, url = given.get(name), given.get(fields.id), given.get(fields.url)
    id = ("" if known is None else _text(known)) or place
    said = _text(url) if url is not None else None
    kind = "html" if name == "html" else ""
    if given.keys() >= OF_ROW and not fields.page:
        return Record(id, place, url=said, fault="is a row that pagesieve has written, no page; leave out the file")
    if isinstance(page, str):
        return Record(id, place, page.encode("utf-8", "replace"), True, said, kind=kind)
    if isinstance(page, bytes):
        return Record(id, place, page, False, said, kind=kind)
    if page is None and (null := next((name for name in fields.pages if name in given), "")):
        fault = f"its {null} is null; leave it out, or name the page's field with --page-field"
    elif page is None:
        wanted = f"no {fields.page}" if fields.page else f"none of {', '.join(PAGE_FIELDS)}"
        pages = [name.lower() for name in fields.pages]
        alike = next((name for name in given if isinstance(name, str) and name.lower() in pages), "")
        fault = f"has {wanted} (its fields: {_named(given)}); name the page's with --page-field {alike}".rstrip()
    else:
        fault = f"{name} is {in_words(page)}, not a text"
    return Record(id, place, url=said, fault=fault)


def _named(names: Iterable[Any]) -> str:
    """Names of fields, of the first ones only where there are many or long ones: those of a file that names none are whole pages."""
    listed = " ".join(", ".join(map(str, names)).split()) or "none"
    return listed if len(listed) <= LONGEST_LIST else f"{listed[:LONGEST_LIST]} …"


def in_words(value: object) -> str:
    """What a value of JSON is, in words for people who know JSON and not Python: "null", "a list" …"""
    return "null" if value is None else next((words for kind, words in WORDS if isinstance(value, kind)), f"a {type(value).__name__}")


def _text(value: Any) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _is_blank(page: Any) -> bool:
    return isinstance(page, (str, bytes)) and (not page or page.isspace())


def _cut_short(read: int, said: int) -> str:
    stated = f"the {said} that its header states" if said >= 0 else "those that its header states, which is cut off, too"
    return f"cut short: {read} bytes of {stated}; copy the archive again"


def _warc(source: Source, fields: Fields, most: int, encoding: str) -> Iterator[Record]:
    """Pages of WARC files (responses with status 200, resources) and WET files (conversions)."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    from pagesieve.addresses import opened

    kinds = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.conversion
    with opened(source.address) as file:
        for entry in ArchiveIterator(file, record_types=kinds, parse_http=False):
            url = entry.headers.get("WARC-Target-URI")
            place = f"{source.name}, record {entry.record_id}"
            known = Record(entry.record_id or place, place, url=url)
            said, most_read = int(entry.headers.get("Content-Length") or -1), 2 * most + WARC_SLACK
            block = entry.reader.read(most_read)
            if len(block) == most_read:
                yield replace(known, fault=TOO_LARGE.format(most))
            elif len(block) != said:
                yield replace(known, fault=_cut_short(len(block), said))
            elif not entry.is_http:
                if (entry.headers.get("Content-Type") or "text/plain").split(";")[0].strip().lower() in WARC_TYPES:
                    yield replace(known, page=block)
            elif (response := _response(block, known, most)) is not None:
                yield response


def _response(block: bytes, known: Record, most: int) -> Record | None:
    """The page in a server's answer; None for one of another type or status."""
    if not block.startswith(b"HTTP/"):
        return replace(known, fault="is no server's answer, as its header states" if block else "is empty")
    head, gap, rest = block.partition(b"\n\n")
    if gap and b"\r\n" not in head:  # lines that end as they should not, which fastwarc would read on in the page
        block = b"\r\n".join([*head.split(b"\n"), b"", rest])
    try:
        return _answered(block, known, most)
    except (ValueError, OSError, EOFError, zlib.error) as error:
        try:  # some archives hold pages unpacked beneath headers that still say how they were packed
            found = _answered(block, known, most, packed=False)
        except (ValueError, OSError):
            found = None
        if found is None or not found.page.lstrip().startswith(b"<"):
            told = f"cut short: {error}" if isinstance(error, EOFError) else f"cannot be read ({type(error).__name__}: {error})"
            return replace(known, fault=f"{told}; fetch the page again, or leave it out")
        return found


def _answered(block: bytes, known: Record, most: int, packed: bool = True) -> Record | None:
    """The page in a server's answer; None for one of another type or status. Raises `EOFError` where the page is cut short."""
    entry = _parsed_http(block, "none")
    if entry.http_headers.status_code != OK or (entry.http_content_type or WARC_TYPES[0]).lower() not in WARC_TYPES:
        return None
    kind = "html" if entry.http_content_type and entry.http_content_type.lower() in WARC_TYPES[:2] else ""
    known = replace(known, encoding=entry.http_charset or "", kind=kind)
    transfer, content = (entry.http_headers.get(f"{of}-Encoding") or "" for of in ("Transfer", "Content"))
    if not packed or not (transfer or content):
        return replace(known, page=entry.reader.read(most + 1))
    _refuse_lost_chunks(transfer, block)
    codings = [name.strip().lower() for name in content.split(",")]
    if not set(codings) <= set(CODINGS):  # fastwarc knows more, but does not tell where gzip is cut short
        return replace(known, page=_parsed_http(block, "all").reader.read(most + 1))
    page = _parsed_http(block, "transfer").reader.read(2 * most + WARC_SLACK)
    for name in reversed(codings):
        page = _inflated(page, CODINGS[name], most)
    return replace(known, page=page)


def _refuse_lost_chunks(coding: str, block: bytes) -> None:
    """Raise `EOFError` where a page in chunks has no last one: fastwarc takes the end of a chunk for that of the page."""
    body = block.partition(b"\r\n\r\n")[2] if "chunked" in coding.lower() else b""
    if body and not _LAST_CHUNK.search(b"\n" + body[-CHUNKS_END:]):
        raise EOFError(f"its chunks end after {len(body)} bytes without the last one")


def _inflated(page: bytes, ways: tuple[int, ...], most: int) -> bytes:
    """The page unpacked in the first of these ways that it is packed in; no more than `most` bytes and one.

    Raises `EOFError` where it is cut short, `zlib.error` where it is packed in none of them.
    """
    for way in ways if page else ():
        try:
            return _unpacked_members(page, way, most)
        except zlib.error:
            if way == ways[-1]:
                raise
    return page


def _unpacked_members(packed: bytes, way: int, most: int) -> bytes:
    found, rest = b"", packed
    while True:
        member = zlib.decompressobj(way)
        found += member.decompress(rest, most + 1 - len(found))
        rest = member.unused_data
        if len(found) <= most and not member.eof:
            raise EOFError(f"its {len(packed)} packed bytes end amid the page, after {len(found)} bytes of it")
        if len(found) > most or not rest.startswith(MAGIC[".gz"]):  # what follows and is no gzip is no page
            return found


def _parsed_http(block: bytes, decode: str) -> Any:
    """The server's answer as a record of fastwarc's, of its own: after an error in the archive's, fastwarc reads no further."""
    from fastwarc.warc import WarcRecord, WarcRecordType

    entry = WarcRecord()
    entry.init_headers(WarcRecordType.response, content_length=len(block))
    entry.set_bytes_content(block)
    entry.is_http = True
    entry.parse_http(auto_decode=decode)
    return entry


MANY: tuple[str, ...]
_READERS: dict[str, Callable[[Source, Fields, int, str], Iterator[Record]]] = {
    "page": _page,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".csv": _csv,
    ".tsv": _csv,
    ".parquet": _parquet,
    ".warc": _warc,
    ".wet": _warc,
}
MANY = tuple(form for form in _READERS if form != "page")
