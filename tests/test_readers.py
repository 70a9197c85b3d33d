from __future__ import annotations

import gzip
import io
import json
import os
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pytest
import zstandard
from archives import conversion, lock, response, warc_record, write_csv, write_jsonl, write_parquet, write_warc

from pagesieve.readers import PASSED, Fields, Record, form_of, holds_many, in_words, records, sources

MOST = 10_000  # bytes
ROWS: list[dict[str, Any]] = [
    {"id": f"p{i}", "text": f"Line one, of {i}.\nLine, “two”.", "url": f"https://x.example/{i}"} for i in range(8)
]


def read(*arguments: str | Path, fields: Fields | None = None, skip: int = 0, jsonl: bool = False, encoding: str = "") -> list[Record]:
    found = [source for source in sources([str(argument) for argument in arguments], jsonl) if source.form != PASSED]
    return [record for source in found for record in records(source, fields or Fields(), MOST, skip, encoding)]


def simply(found: list[Record]) -> list[tuple[str, Any, str | None]]:
    assert [record.fault for record in found if record.fault] == []
    return [(record.id, record.page.decode() if record.text else record.page, record.url) for record in found]


EXPECTED = [(row["id"], row["text"], row["url"]) for row in ROWS]


# ------------------------------------------------------------------------------------------------------------ formats


def test_every_table_of_pages_reads_the_same(tmp_path: Path) -> None:
    plain = write_jsonl(tmp_path / "a.jsonl", ROWS)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    frames = [zstandard.compress(line) for line in plain.read_bytes().splitlines(keepends=True)]
    (tmp_path / "a.jsonl.zst").write_bytes(b"".join(frames))
    write_csv(tmp_path / "a.csv", ROWS)
    write_parquet(tmp_path / "a.parquet", ROWS)
    for name in ("a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.csv", "a.parquet"):
        assert simply(read(tmp_path / name)) == EXPECTED, name
        assert simply(read(tmp_path / name, skip=5)) == EXPECTED[5:], name


def test_fields_may_be_named_and_ids_be_numbers(tmp_path: Path) -> None:
    rows = [{"key": 7, "raw": "Some text.", "text": "not this", "link": "https://x.example"}]
    for path in (write_jsonl(tmp_path / "a.jsonl", rows), write_parquet(tmp_path / "a.parquet", rows)):
        assert simply(read(path, fields=Fields("key", "raw", "link"))) == [("7", "Some text.", "https://x.example")]
    assert simply(read(write_jsonl(tmp_path / "b.jsonl", [{"text": "a", "html": "<p>b"}]))) == [
        (f"{tmp_path}/b.jsonl, line 1", "<p>b", None)
    ]


def test_the_page_is_in_the_first_field_that_holds_anything(tmp_path: Path) -> None:
    rows = [
        {"html": html, "text": text, "content": "C"} for html, text in (("<p>b", "a"), (None, "a"), ("", "a"), (" \n\xa0", "a"), ("", "\n"))
    ]
    written = [dict.fromkeys(row, "") | {name: value for name, value in row.items() if value} for row in rows]  # CSV knows no null
    for path in (
        write_jsonl(tmp_path / "a.jsonl", rows),
        write_parquet(tmp_path / "a.parquet", rows),
        write_csv(tmp_path / "a.csv", written),
    ):
        found = read(path)
        assert [page for _, page, _ in simply(found)] == ["<p>b", "a", "a", "a", "C"], path
        assert [record.kind for record in found] == ["html", "", "", "", ""]
    empty = [{"html": "", "text": " ", "page": None}]
    for path in (write_jsonl(tmp_path / "a.jsonl", empty), write_parquet(tmp_path / "a.parquet", empty)):
        assert [page for _, page, _ in simply(read(path))] == [""]
        assert [page for _, page, _ in simply(read(path, fields=Fields(page="text")))] == [" "]


def test_a_table_without_a_page_names_all_its_fields(tmp_path: Path) -> None:
    rows = [{"id": 1, "url": "u", "raw": "Row on.", "lead": "x"}]
    for path in (write_jsonl(tmp_path / "a.jsonl", rows), write_parquet(tmp_path / "a.parquet", rows)):
        (record,) = read(path)
        assert record.fault == "has none of html, text, page, content (its fields: id, url, raw, lead); name the page's with --page-field"


def test_a_page_that_is_null_and_a_name_in_other_letters_are_told(tmp_path: Path) -> None:
    (record,) = read(write_jsonl(tmp_path / "a.jsonl", [{"id": 1, "text": None}]))
    assert record.fault == "its text is null; leave it out, or name the page's field with --page-field"
    (tmp_path / "a.csv").write_text("ID,Text\n1,Row on.\n")
    assert faults(read(tmp_path / "a.csv"))[0].startswith(
        "has none of html, text, page, content (its fields: ID, Text); name the page's with --page-field Text;"
    )
    (tmp_path / "a.csv").write_text("id, text\n1, Row on.\n")
    assert [(record.id, record.page) for record in read(tmp_path / "a.csv")] == [("1", b" Row on.")]
    (tmp_path / "a.csv").write_text("id,text,url\n1\n")
    assert faults(read(tmp_path / "a.csv")) == ["has fewer fields than the 3 of the file's first line, parted by commas"]


def test_parquet_may_hold_bytes(tmp_path: Path) -> None:
    assert simply(read(write_parquet(tmp_path / "a.parquet", [{"id": 1, "html": b"<p>\xe9"}]))) == [("1", b"<p>\xe9", None)]


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_warc_gives_pages_and_no_pictures_redirects_or_requests(tmp_path: Path, name: str) -> None:
    entries = [
        warc_record("warcinfo", "info", b"software: none\r\n", "application/warc-fields"),
        warc_record("request", "ask", b"GET / HTTP/1.1\r\n\r\n", "application/http; msgtype=request"),
        response("latin", b"<p>\xe9", content_type="text/html; charset=iso-8859-1"),
        response("packed", gzip.compress(b"<p>packed"), more="Content-Encoding: gzip\r\n"),
        response("chunked", b"4\r\n<p>a\r\n0\r\n\r\n", more="Transfer-Encoding: chunked\r\n"),
        response("gone", b"<p>Not found", status=404),
        response("picture", b"\x89PNG", content_type="image/png"),
        warc_record("resource", "file", b"<p>stored", "text/html"),
    ]
    found = read(write_warc(tmp_path / name, entries))
    assert simply(found) == [
        (f"<{id}>", page, f"https://saltmarsh.example/{id}")
        for id, page in (("latin", b"<p>\xe9"), ("packed", b"<p>packed"), ("chunked", b"<p>a"), ("file", b"<p>stored"))
    ]
    assert [record.encoding for record in found] == ["iso-8859-1", "", "", ""]


def test_html_is_what_lies_where_html_does(tmp_path: Path) -> None:
    for name in ("a.HTML", "b.xhtml", "c.htm", "d.txt"):
        (tmp_path / name).write_bytes(b"Row on.")
    (tmp_path / "e.html.gz").write_bytes(gzip.compress(b"Row on."))
    write_jsonl(tmp_path / "f.jsonl", [{"html": "Row on."}, {"text": "Row on."}])
    types = ("text/html; charset=utf-8", "application/xhtml+xml", "text/plain")
    write_warc(tmp_path / "g.warc", [response("a", b"Row on.", content_type=type) for type in types])
    found = read(*sorted(tmp_path.iterdir()))
    assert [record.page for record in found] == [b"Row on."] * 10
    assert [record.kind for record in found] == [*["html"] * 3, "", "html", "html", "", "html", "html", ""]


def test_wet_gives_texts(tmp_path: Path) -> None:
    path = write_warc(tmp_path / "a.warc.wet.gz", [conversion("a", "Überall.\nText."), conversion("b", "More.")])
    assert [(id, page) for id, page, _ in simply(read(path))] == [("<a>", "Überall.\nText.".encode()), ("<b>", b"More.")]


def test_a_folder_gives_its_pages_and_archives_by_name(tmp_path: Path) -> None:
    (tmp_path / "z").mkdir()
    for name in ("z/b.txt", "a.html", "notes.doc", "m.txt.gz", "picture.png"):
        (tmp_path / name).write_bytes(gzip.compress(b"packed") if name.endswith(".gz") else name.encode())
    write_jsonl(tmp_path / "c.jsonl", ROWS[:1])
    assert [page for _, page, _ in simply(read(tmp_path))] == [b"a.html", ROWS[0]["text"], b"packed", b"z/b.txt"]
    (tmp_path / "z" / "dump.md").write_bytes(b"<p># Row</p>")
    assert [(record.page, record.kind) for record in read(tmp_path / "z")] == [(b"z/b.txt", ""), (b"<p># Row</p>", "text")]
    assert [id for id, _, _ in simply(read(tmp_path / "?/*.txt", tmp_path / "a.html"))] == [f"{tmp_path}/z/b.txt", f"{tmp_path}/a.html"]


def test_addresses_afar_are_read(tmp_path: Path) -> None:
    files = fsspec.filesystem("memory")
    files.pipe("/crawl/b.jsonl.gz", gzip.compress(json.dumps(ROWS[0]).encode()))
    files.pipe("/crawl/a.txt", b"A page.")
    files.pipe("/crawl/picture.png", b"no page")
    files.pipe("/crawl/a.jsonl.errors.jsonl", b"{}")
    assert [page for _, page, _ in simply(read("memory://crawl"))] == [b"A page.", ROWS[0]["text"]]
    assert [page for _, page, _ in simply(read("memory://crawl/picture.png"))] == [b"no page"]
    assert [page for _, page, _ in simply(read("memory://crawl/*.txt"))] == [b"A page."]
    files.rm("/crawl", recursive=True)


def test_what_holds_many_is_told_by_its_name(tmp_path: Path) -> None:
    assert all(map(holds_many, ("a.jsonl", "a.JSONL.gz", "x.warc.wet.gz", "s.csv", "*.html", "s3://b/page.html", str(tmp_path))))
    assert not any(map(holds_many, ("a.txt", "a.html", "-", "page", "a.gz", "a.json")))
    assert [form_of(name) for name in ("o.jsonl", "o.jsonl.zst", "o.parquet", "o.txt", "")] == ["jsonl", "jsonl", "parquet", "", ""]


def test_a_name_with_brackets_is_no_pattern_where_there_is_such_a_file(tmp_path: Path) -> None:
    (tmp_path / "a[1].txt").write_text("A")
    assert not holds_many(f"{tmp_path}/a[1].txt")
    assert [record.page for record in read(tmp_path / "a[1].txt")] == [b"A"]


# ------------------------------------------------------------------------------------------------- what goes wrong


def faults(found: list[Record]) -> list[str]:
    assert all(not record.page for record in found if record.fault)
    return [record.fault for record in found]


def test_bad_lines_are_told_and_the_others_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [b'{"text": "good"}', b"{broken", b"", b"[1]", b'{"text": "\xff"}', b'{"title": "x"}', b'{"text": 5}', b'{"text": "\\ud800"}']
    path.write_bytes(
        b"\n".join([*lines, b'{"text": "' + b"a" * (MOST + 1) + b'"}', b'{"text": "' + b"a" * 9 * MOST + b'"}', b'{"text": "last"}'])
    )
    found = read(path)
    assert [fault[:30] for fault in faults(found)] == [
        *("", "not JSON in UTF-8 (Expecting p", "holds a list, not an object", "not JSON in UTF-8 ('utf-8' cod"),
        *("has none of html, text, page, ", "text is a number, not a text", "", "more than 10000 bytes; raise -", "a line of more than 80000 byte", ""),
    ]  # fmt: skip
    assert (found[-1].page, found[-1].place) == (b"last", f"{path}, line 11")
    assert found[1].place == f"{path}, line 2"


@pytest.mark.parametrize("begin", ["[", " \n[", "\ufeff["])
@pytest.mark.parametrize("between", [", ", ",\n"])
def test_a_json_array_in_the_place_of_lines_is_told_once(tmp_path: Path, begin: str, between: str) -> None:
    for rows in (ROWS, ROWS * 2000):  # longer than the longest line, too
        (tmp_path / "a.jsonl").write_text(f"{begin}{between.join(map(json.dumps, rows))}]", encoding="utf-8")
        (record,) = read(tmp_path / "a.jsonl")
        assert record.place == f"{tmp_path}/a.jsonl"
        assert record.fault == "is a JSON array, not an object a line; make lines of it: jq -c '.[]' ARRAY.json > LINES.jsonl"
        assert read(tmp_path / "a.jsonl", skip=1) == []


def test_an_empty_id_is_none(tmp_path: Path) -> None:
    rows = [{"id": id, "text": "Row on."} for id in ("", "a", "")]
    for path in (write_jsonl(tmp_path / "a.jsonl", rows), write_csv(tmp_path / "a.csv", rows), write_parquet(tmp_path / "a.parquet", rows)):
        found = read(path)
        assert [record.id for record in found] == [found[0].place, "a", found[2].place]


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no UTF-8")
def test_a_file_whose_name_is_no_utf8_can_be_traced(tmp_path: Path) -> None:
    for name in (b"bad\xe9.txt", b"b\xc3\xa4d\xff.jsonl"):
        Path(os.fsdecode(bytes(tmp_path) + b"/" + name)).write_bytes(b'{"text": "Row on."}')
    found = read(tmp_path)
    assert [(record.id, record.place) for record in found] == [
        (f"{tmp_path}/bad\\xe9.txt", f"{tmp_path}/bad\\xe9.txt"),
        (f"{tmp_path}/b\u00e4d\\xff.jsonl, line 1", f"{tmp_path}/b\u00e4d\\xff.jsonl, line 1"),
    ]
    assert [bool(record.page) for record in found] == [True, True]


def test_csv_in_utf_16_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text\n1,one\n", encoding="utf-16")
    assert faults(read(tmp_path / "a.csv"))[0].endswith("but it is no UTF-8: say what it is with --encoding")


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.parquet"])
def test_a_file_that_is_not_what_its_name_says_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("Row on.\n" * 9)
    (fault,) = faults(read(tmp_path / name))
    assert fault.startswith("cannot be read (")
    assert fault.endswith("; it may be cut short or not be what its name says: copy it again, or give it its own ending")


def test_a_csv_row_with_too_many_fields_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,text\n1,one\n2,two,three\n4,"fo\nur"\n')
    found = read(tmp_path / "a.csv")
    told = "has more fields than the 2 of the file's first line; parted by commas, a field that holds one stands in quotes"
    assert faults(found) == ["", told, ""]
    assert found[2].page == b"fo\nur"


@pytest.mark.parametrize(("name", "parted"), [("a.csv", "commas"), ("a.tsv", "tabs")])
def test_a_file_whose_first_line_names_no_fields_is_told_in_short(tmp_path: Path, name: str, parted: str) -> None:
    (tmp_path / name).write_text("Row on. " * 400 + "\nRow home.\n")
    (fault,) = faults(read(tmp_path / name))
    assert fault.startswith("has none of html, text, page, content (its fields: Row on. Row on.")
    assert fault.endswith(f" …); name the page's with --page-field; the first line names the fields, parted by {parted}")
    assert len(fault) < 500


def test_a_quote_that_csv_never_closes_is_told(tmp_path: Path) -> None:
    for end in ("", "\n"):
        (tmp_path / "a.csv").write_text(f'id,text\n1,one\n2,"two\n3,three\n4,four{end}')
        assert [fault[:35] for fault in faults(read(tmp_path / "a.csv"))] == ["", "has a quote that is never closed, a"]
        (tmp_path / "a.csv").write_text(f'id,text\n1,one\n2,"two\n3,""three""\n4,four"{end}')
        assert [record.page for record in read(tmp_path / "a.csv")] == [b"one", b'two\n3,"three"\n4,four']


@pytest.mark.parametrize("code", ["latin-1", "shift_jis"])
def test_csv_that_is_not_utf8_keeps_its_bytes_unless_its_encoding_is_said(tmp_path: Path, code: str) -> None:
    word = "Fähre" if code == "latin-1" else "渡し表"
    (tmp_path / "a.csv").write_bytes(f"id,text\n1,plain\n{word},{word}\n".encode(code))
    plain, broken = read(tmp_path / "a.csv")
    assert (plain.page, plain.text) == (b"plain", True)
    assert (broken.page, broken.text) == (word.encode(code), False)
    assert broken.id == word.encode(code).decode("utf-8", "backslashreplace")
    assert simply(read(tmp_path / "a.csv", encoding=code))[1] == (word, word, None)


def test_csv_may_begin_with_a_mark_and_have_tabs(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("\ufeffid\ttext\n1\tRow, on\n", encoding="utf-8")
    for encoding in ("", "utf-8"):
        assert simply(read(tmp_path / "a.tsv", encoding=encoding)) == [("1", "Row, on", None)]


@pytest.mark.parametrize(("end", "error"), [(".gz", "Compressed file ended before"), (".zst", "ends amid a frame")])
def test_a_packed_file_that_breaks_off_gives_what_is_whole(tmp_path: Path, end: str, error: str) -> None:
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in ROWS * 3000)
    packed = gzip.compress(lines) if end == ".gz" else zstandard.compress(lines)
    path = tmp_path / f"a.jsonl{end}"
    for cut in (len(packed) // 2, len(packed) - 1):
        path.write_bytes(packed[:cut])
        unpacker = zlib.decompressobj(wbits=31) if end == ".gz" else zstandard.ZstdDecompressor().decompressobj()
        whole = unpacker.decompress(packed[:cut]).count(b"\n")
        found = read(path)
        assert len(found) == whole + 1 > 1000
        assert faults(found[:-1]) == [""] * whole
        assert found[-1].fault.startswith(f"breaks off after record {whole} (EOFError: {error}")
        assert found[-1].fault.endswith("copy it again, or give it its own ending")
        assert read(path, skip=whole) == found[-1:]  # as a run that goes on does
        assert read(path, skip=whole + 1) == []


@pytest.mark.parametrize("end", [".gz", ".zst"])
def test_a_packed_page_that_is_cut_is_a_fault(tmp_path: Path, end: str) -> None:
    packed = (gzip.compress if end == ".gz" else zstandard.compress)(b"<p>A page." * 99)
    path = tmp_path / f"a.html{end}"
    path.write_bytes(packed[:-9])
    (record,) = read(path)
    assert record.fault.startswith("cannot be read (EOFError: ")
    assert record.page == b""


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_standard_input_may_be_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]) -> None:
    given = io.BytesIO(pack(write_jsonl(tmp_path / "a.jsonl", ROWS).read_bytes()))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(given)))  # type: ignore[arg-type]
    assert simply(read("-", jsonl=True)) == EXPECTED


def test_broken_archives_are_told(tmp_path: Path) -> None:
    for name in ("a.parquet", "a.warc", "a.jsonl.gz", "a.jsonl.zst", "a.txt.gz"):
        (tmp_path / name).write_bytes(b"no archive at all\r\n\r\n" * 9)
        (record,) = read(tmp_path / name)
        assert record.fault, name
        assert record.id == str(tmp_path / name)


def test_a_warc_record_cut_short_or_wrongly_packed_is_told_and_the_others_read(tmp_path: Path) -> None:
    entries = [
        response("bad", b"no gzip", more="Content-Encoding: gzip\r\n"),
        response("good", b"<p>good"),
        response("large", b"a" * (MOST + 1)),
        warc_record("conversion", "short", b"abc", "text/plain", length=99),
    ]
    found = read(write_warc(tmp_path / "a.warc.gz", entries))
    assert [fault[:14] for fault in faults(found)] == ["cannot be read", "", "more than 1000", "cut short: 7 b"]


PAGE = b"<p>" + b" ".join(b"%d" % (i * i) for i in range(1000))  # some 5,800 bytes
CHUNKS = b"".join(b"%x\r\n%s\r\n" % (len(some), some) for some in (PAGE[:3000], PAGE[3000:])) + b"0\r\n\r\n"
PACKED = gzip.compress(PAGE, mtime=0)  # no time in it: its bytes are in the names of tests, the same in every process
GZIPPED, CHUNKED = "Content-Encoding: gzip\r\n", "Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    ("payload", "more"),
    [
        (PACKED, GZIPPED),
        (PACKED, "content-encoding: X-GZip\r\n"),
        (gzip.compress(PAGE[:99], mtime=0) + gzip.compress(PAGE[99:], mtime=0), GZIPPED),
        (PACKED + b"\0\0\0", GZIPPED),
        (zlib.compress(PAGE), "Content-Encoding: deflate\r\n"),
        (zlib.compress(PAGE)[2:-4], "Content-Encoding: deflate\r\n"),
        (gzip.compress(zlib.compress(PAGE), mtime=0), "Content-Encoding: deflate, gzip\r\n"),
        (PAGE, "Content-Encoding: identity\r\n"),
        (CHUNKS, CHUNKED),
        (CHUNKS[:-2] + b"Age: 7\r\n\r\n\r\n", CHUNKED),
        (b"%x\r\n%s\r\n0\r\n\r\n" % (len(PACKED), PACKED), CHUNKED + GZIPPED),
    ],
)
def test_a_page_of_warc_is_unpacked_as_its_server_packed_it(tmp_path: Path, payload: bytes, more: str) -> None:
    assert [page for _, page, _ in simply(read(write_warc(tmp_path / "a.warc", [response("a", payload, more=more)])))] == [PAGE]


@pytest.mark.parametrize(
    ("payload", "more"),
    [
        *[(PACKED[:cut], GZIPPED) for cut in (1, 9, 1000, -8, -1)],
        (zlib.compress(PAGE)[:-9], "Content-Encoding: deflate\r\n"),
        (CHUNKS[:-5], CHUNKED),
        (CHUNKS[:3007], CHUNKED),  # after a chunk
        (CHUNKS[:2000], CHUNKED),
        (b"9\r\n%s\r\n0\r\n\r\n" % PACKED[:9], CHUNKED + GZIPPED),
    ],
)
def test_a_page_of_warc_that_is_cut_short_is_told(tmp_path: Path, payload: bytes, more: str) -> None:
    (fault,) = faults(read(write_warc(tmp_path / "a.warc", [response("a", payload, more=more)])))
    assert fault.startswith("cut short: its ")
    assert fault.endswith("; fetch the page again, or leave it out")


def test_an_empty_page_of_warc_is_one_and_a_picture_cut_short_is_none(tmp_path: Path) -> None:
    entries = [response(f"{i}", page, more=more) for i, page in enumerate((b"", gzip.compress(b""))) for more in ("", GZIPPED)[i:]]
    entries += [response("none", b"", more=CHUNKED), response("picture", b"\x1f\x8b", content_type="image/png", more=GZIPPED)]
    assert [page for _, page, _ in simply(read(write_warc(tmp_path / "a.warc", entries)))] == [b""] * 4


def test_a_packed_page_of_warc_that_grows_too_large_is_told(tmp_path: Path) -> None:
    entries = [response(str(size), gzip.compress(b"a" * size), more=GZIPPED) for size in (MOST, MOST + 1, 2000 * MOST)]
    assert [fault[:14] for fault in faults(read(write_warc(tmp_path / "a.warc", entries)))] == ["", *["more than 1000"] * 2]


def test_a_page_that_went_away_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A")
    (source,) = sources([str(tmp_path / "a.txt")])
    (tmp_path / "a.txt").unlink()
    (record,) = records(source, Fields(), MOST)
    assert "FileNotFoundError" in record.fault


def test_a_folder_that_cannot_be_listed_is_told_and_the_others_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "locked", "z"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "page.txt").write_text(name)
    lock(monkeypatch, "locked")
    found = read(tmp_path)
    assert [record.page for record in found] == [b"a", b"", b"z"]
    assert found[1].id == f"{tmp_path}/locked"
    assert found[1].fault.startswith("cannot be listed (PermissionError: [Errno 13] Permission denied: ")
    assert found[1].fault.endswith("nothing in it is read; make it readable, or leave it out")
    assert read(tmp_path, skip=1) == []  # of each source: a run that goes on has it behind it


@pytest.mark.parametrize("name", ["nowhere.txt", "nowhere/*.txt", "empty"])
def test_an_argument_that_stands_for_nothing_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=name.replace("*", r"\*")):
        list(sources([str(tmp_path / name)]))


def test_warc_of_careless_writers(tmp_path: Path) -> None:
    bare = b"HTTP/1.1 200 OK\nContent-Type: text/html; charset=windows-1251\n\n<p>Row\r\n\r\non"
    entries = [
        warc_record("response", "bare", bare, "application/http; msgtype=response"),
        response("unpacked", b"<p>in clear", more="Content-Encoding: gzip\r\n"),
        response("whole", b"<!DOCTYPE html><p>in clear", more="Transfer-Encoding: chunked\r\n"),
        warc_record("response", "none", b"garbage", "application/http; msgtype=response"),
        warc_record("response", "empty", b"", "application/http; msgtype=response"),
    ]
    found = read(write_warc(tmp_path / "a.warc", entries))
    assert [record.page for record in found[:3]] == [b"<p>Row\r\n\r\non", b"<p>in clear", b"<!DOCTYPE html><p>in clear"]
    assert (found[0].encoding, found[0].kind) == ("windows-1251", "html")
    assert faults(found[3:]) == ["is no server's answer, as its header states", "is empty"]


@pytest.mark.parametrize(
    ("json_text", "words"),
    [
        ("null", "null"),
        ("true", "true or false"),
        ("1", "a number"),
        ("1.5", "a number"),
        ('""', "a text"),
        ("[]", "a list"),
        ("{}", "an object"),
    ],
)
def test_what_json_holds_is_said_in_words(json_text: str, words: str) -> None:
    assert in_words(json.loads(json_text)) == words
