from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard
from archives import response, warc_record
from conftest import page_html, page_lines, page_text
from hypothesis import given
from hypothesis import strategies as st

from pagesieve.carry import carry
from pagesieve.corpus import write_labels
from pagesieve.intake import LONGEST, Brought, _file_name, _site, _site_of_folder, bring, passed_over, sources
from pagesieve.page import PageError, read_page, split
from pagesieve.renderings import html_of

LINES = page_lines("saltmarsh", 1)
TEXT, HTML = page_text(LINES).encode(), page_html(LINES).encode()


def brought(path: Path) -> list[Brought]:
    found = list(sources(path))
    assert all(isinstance(page, Brought) for page in found)
    return found  # type: ignore[return-value]


def test_a_folder_gives_a_page_for_each_stem_with_both_its_views(tmp_path: Path) -> None:
    for name, data in (("b.txt", TEXT), ("b.html.gz", gzip.compress(HTML)), ("a.htm", HTML), ("notes.doc", b"no page")):
        path = tmp_path / "crawl" / "saltmarsh.example" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    found = brought(tmp_path / "crawl")
    assert [(p.name, p.text, p.html, p.folder) for p in found] == [
        ("a", None, HTML, "saltmarsh.example"),
        ("b", TEXT, HTML, "saltmarsh.example"),
    ]


def test_a_folder_gives_what_the_command_takes_and_counts_the_rest(tmp_path: Path) -> None:
    files = {
        "UPPER.TXT": TEXT, "b.v2.txt": TEXT, "d.txt.gz": gzip.compress(TEXT), "e.xhtml": HTML, "g.HTML.GZ": gzip.compress(HTML),
        "h.htm": HTML, "h.html": HTML, "h.txt": TEXT, "z.txt.zst": zstandard.compress(TEXT),
        "f.jsonl": b'{"id": "line", "text": "Rain."}', "f.ndjson.gz": gzip.compress(b'{"id": "packed", "text": "Rain."}'),
        "f.jsonl.zst": zstandard.compress(b'{"id": "tight", "text": "Rain."}'), "bad.txt.zst": zstandard.compress(TEXT)[:-9],
        "a.csv": b"text", "b.CSV.gz": b"text", "c.pdf": b"%PDF-", ".hidden": b"", "README": b"",
    }  # fmt: skip
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    found = list(sources(tmp_path))
    (fault,) = [page for page in found if isinstance(page, str)]
    assert fault.startswith(f"{tmp_path / 'bad.txt.zst'}: cannot be unpacked")
    assert [(p.name, p.text, p.html) for p in found if isinstance(p, Brought)] == [
        ("UPPER", TEXT, None),
        ("b.v2", TEXT, None),
        ("d", TEXT, None),
        ("e", None, HTML),
        ("g", None, HTML),
        ("h", TEXT, HTML),
        ("h", None, HTML),
        ("z", TEXT, None),
        ("line", b"Rain.", None),
        ("tight", b"Rain.", None),
        ("packed", b"Rain.", None),
    ]
    assert passed_over(tmp_path) == {".csv": 2, ".pdf": 1, "without ending": 2}
    assert not passed_over(tmp_path / "h.txt")


@pytest.mark.parametrize("packed", [False, True])
def test_jsonl_gives_a_page_a_line_and_tells_of_bad_ones(packed: bool, tmp_path: Path) -> None:
    lines = [
        '{"id": 7, "text": "Rain.", "url": "https://news.saltmarsh.example/rain"}',
        "",
        "{",
        "[]",
        '{"text": ["x"]}',
        '{"text": 5}',
        '{"html": "<p>Sun."}',
    ]
    path = tmp_path / ("pages.jsonl.gz" if packed else "pages.jsonl")
    data = "\n".join(lines).encode("utf-8-sig")
    path.write_bytes(gzip.compress(data) if packed else data)
    first, *faults, last = sources(path)
    assert first == Brought(f"{path}, line 1", "7", b"Rain.", None, "", "https://news.saltmarsh.example/rain", "")
    assert isinstance(last, Brought)
    assert last.html == "<p>Sun."
    assert str(faults[1]).endswith("line 4: holds a list, not an object with text or html")
    assert str(faults[2]).endswith("line 5: text is a list, not a text")
    assert str(faults[3]).endswith("line 6: text is a number, not a text")
    assert [str(fault).partition(": ")[0] for fault in faults] == [f"{path}, line {n}" for n in (3, 4, 5, 6)]


def test_archives_give_a_page_a_record_and_tell_of_bad_ones(tmp_path: Path) -> None:
    russian = "<meta charset=windows-1251><p>Дождь"
    path = tmp_path / "crawl.warc.gz"
    path.write_bytes(
        gzip.compress(response("a", russian.encode("windows-1251")) + warc_record("conversion", "b", "Дождь".encode(), "text/plain"))
        + gzip.compress(warc_record("resource", "c", b"<p>Rain", "text/html", length=99))
    )
    first, second, fault = sources(path)
    assert isinstance(first, Brought)
    assert isinstance(second, Brought)
    url = "https://saltmarsh.example/"
    assert (first.name, first.text, first.html, first.url) == (f"{url}a", None, russian, f"{url}a")
    assert (second.name, second.text, second.html, second.url) == (f"{url}b", "Дождь".encode(), None, f"{url}b")
    assert str(fault).startswith(f"{path}, record <c>: cut short")
    found = bring(tmp_path / "data", first)
    assert found is not None
    assert (found[0].parent.name, found[0].name, found[0].read_text("utf-8").strip()) == ("saltmarsh.example", "a.txt", "Дождь")


def test_html_that_comes_as_text_is_not_in_the_encoding_that_it_says(tmp_path: Path) -> None:
    html = "<meta charset=windows-1251><p>Дождь"
    (tmp_path / "pages.jsonl").write_text(json.dumps({"html": "\ufeff" + html, "id": "rain"}), encoding="utf-8")
    (page,) = brought(tmp_path)
    found = bring(tmp_path / "data", page)
    assert found is not None
    assert found[0].read_text("utf-8").strip() == "Дождь"
    assert html_of(found[0]) == html


def test_a_blank_text_beside_html_is_none(tmp_path: Path) -> None:
    found = bring(tmp_path, Brought("x", "story", b" \n", HTML, "a.example"))
    assert found is not None
    assert found[0].read_text("utf-8").strip()


@pytest.mark.parametrize(
    ("text", "html", "told"),
    [
        (b'{"text": "Rain."}', None, "JSON; give the field"),
        (None, b"<?xml version='1.0'?><rss><channel><item>Rain</item></channel></rss>", "a feed; fetch the pages"),
        (b"Rain.", b"%PDF-1.7 rain", "a PDF file; extract its text"),
    ],
)
def test_what_the_command_refuses_is_not_brought(text: bytes | None, html: bytes | None, told: str, tmp_path: Path) -> None:
    with pytest.raises(PageError, match=f"^x: looks like {told}"):
        bring(tmp_path, Brought("x", "story", text, html, "a.example"))
    assert not list(tmp_path.iterdir())


def test_an_address_and_a_language_that_cannot_be_are_not_taken_over(tmp_path: Path) -> None:
    html = b"<html lang=sv><p>Regn."
    found = bring(tmp_path, Brought("x", "story", b"Regn.", html, "a.example", "garbage", "no language!"))
    assert found is not None
    assert found[1] == {"language": "sv"}


def test_half_characters_of_a_line_do_not_come_into_label_files(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl"
    path.write_text(
        '{"text": "Rain.", "url": "https://a.example/x\\ud800", "site": "a\\udcff.example", "language": "\\udcff"}', encoding="utf-8"
    )
    (page,) = brought(path)
    assert (page.url, page.site, page.language) == ("https://a.example/x?", "a?.example", "?")


def test_what_is_no_source_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.pdf").write_bytes(b"%PDF-")
    with pytest.raises(ValueError, match=r"page.pdf: none of .txt"):
        list(sources(tmp_path / "page.pdf"))
    with pytest.raises(FileNotFoundError, match="nowhere: not there"):
        list(sources(tmp_path / "nowhere"))


def test_a_text_dump_is_copied_as_it_is_and_only_once(tmp_path: Path) -> None:
    page = Brought("x", "story", "Größe\r\n".encode("cp1252"), None, "a.example")
    first = bring(tmp_path, page)
    assert first is not None
    assert first[0] == tmp_path / "raw" / "a.example" / "story.txt"
    assert first[0].read_bytes() == page.text
    assert bring(tmp_path, page) == first  # it has no labels yet: what is known of it is still needed
    write_labels(tmp_path, first[0], ())
    assert bring(tmp_path, page) is None
    other = bring(tmp_path, Brought("y", "story", b"Another page", None, "a.example"))
    assert other is not None
    assert other[0].name == "story-2.txt"


def test_html_alone_gets_a_text_that_holds_its_words(tmp_path: Path) -> None:
    found = bring(tmp_path, Brought("x", "story", None, HTML, "a.example"))
    assert found is not None
    text = read_page(found[0].read_bytes()).text
    assert carry((), text, split(TEXT.decode())).found > 0.99
    assert found[0].with_suffix(".html").read_bytes() == HTML
    assert found[1] == {"language": "en"}


def test_what_html_states_and_cannot_be_is_not_taken_over(tmp_path: Path) -> None:
    html = b"<html lang='{{ lang }}'><link rel=canonical href='/story'><p>Rain falls on the harbour."
    found = bring(tmp_path, Brought("x", "story", None, html, "a.example"))
    assert found is not None
    assert found[1] == {}


def test_html_in_an_old_encoding_is_kept_as_utf8(tmp_path: Path) -> None:
    html = "<meta charset=windows-1251><p>Дождь над городом.".encode("cp1251")
    found = bring(tmp_path, Brought("x", "story", None, html, "a.example"))
    assert found is not None
    assert "Дождь над городом." in found[0].read_text("utf-8")
    assert "Дождь над городом." in found[0].with_suffix(".html").read_text("utf-8")


def test_what_is_no_page_is_refused_and_nothing_written(tmp_path: Path) -> None:
    with pytest.raises(PageError, match="x: "):
        bring(tmp_path, Brought("x", "story", bytes(range(32)) * 40, None, "a.example"))
    assert not list(tmp_path.rglob("*.txt"))


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.saltmarsh.example/a/b", "saltmarsh.example"),
        ("http://news.tillerpost.co.uk:8080/", "tillerpost.co.uk"),
        ("http://127.0.0.1/x", "127.0.0.1"),
        ("", ""),
        ("https://[saltmarsh.example", ""),
        ("https://news", "news"),
    ],
)
def test_the_site_is_the_registered_domain(url: str, site: str) -> None:
    assert _site(url) == site


@given(st.text())
def test_no_address_is_too_broken_for_a_site(rest: str) -> None:
    assert isinstance(_site(f"https://{rest}"), str)
    assert isinstance(_site_of_folder(rest), str)


@pytest.mark.parametrize(
    ("folder", "site"),
    [
        ("saltmarsh.example", "saltmarsh.example"),
        ("www.tillerpost.co.uk", "tillerpost.co.uk"),
        ("pages", ""),
        ("co.uk", ""),
        ("dump.2024", ""),
        ("crawl.v2", ""),
    ],
)
def test_a_folder_is_a_site_if_it_has_the_name_of_a_host(folder: str, site: str) -> None:
    assert _site_of_folder(folder) == site


def test_the_site_goes_by_what_one_says_then_the_field_the_address_and_the_folder(tmp_path: Path) -> None:
    def folder(page: Brought, said: str = "") -> str:
        found = bring(tmp_path, page, said)
        assert found is not None
        return found[0].parent.name

    page = Brought("x", "story", b"Rain", site="field.example", url="https://www.address.example/a", folder="folder.example")
    assert folder(page, "said.example") == "said.example"
    assert folder(page) == "field.example"
    assert folder(replace(page, site="")) == "address.example"
    assert folder(replace(page, site="", url="")) == "folder.example"
    assert folder(replace(page, site="", url="", folder="crawl.2024")) == "unknown-site"


def test_a_bad_address_keeps_no_page_out(tmp_path: Path) -> None:
    html = b"<html><head><link rel=canonical href='https://[tillerpost.example/a'><title>x</title></head><body><p>Rain.</p></body></html>"
    for page in (Brought("x", "story", None, html), Brought("y", "https://[bad", b"Sun.", url="https://[bad")):
        found = bring(tmp_path, page)
        assert found is not None
        assert found[0].parent.name == "unknown-site"


def test_files_that_are_cut_short_or_in_another_encoding_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    packed = gzip.compress(HTML)
    folder = tmp_path / "saltmarsh.example"
    folder.mkdir()
    bad = {"cut": packed[:-20], "none": b"no gzip", "torn": packed[:30] + b"\xff\xff\xff\xff" + packed[34:]}
    for name, data in bad.items():
        (folder / f"{name}.html.gz").write_bytes(data)
    (folder / "whole.txt").write_bytes(TEXT)
    *faults, page = sources(folder)
    assert isinstance(page, Brought)
    assert len(faults) == 3
    assert all(str(fault).startswith(f"{folder / name}.html.gz: not a whole gzip file") for name, fault in zip(bad, faults, strict=True))

    lines = [b'{"text": "Rain."}', b'{"text": "Gr\xf6\xdfe"}', b'{"text": "Sun."}']
    (tmp_path / "pages.jsonl").write_bytes(b"\n".join(lines))
    first, fault, last = sources(tmp_path / "pages.jsonl")
    assert isinstance(first, Brought)
    assert isinstance(last, Brought)
    assert str(fault).startswith(f"{tmp_path / 'pages.jsonl'}, line 2: not JSON in UTF-8")

    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b"\n".join(lines))[:-9])
    *_, fault = sources(tmp_path / "cut.jsonl.gz")
    assert str(fault).startswith(f"{tmp_path / 'cut.jsonl.gz'}")
    assert "cannot be read on from here" in str(fault)


def test_html_that_comes_later_is_laid_beside_its_text(tmp_path: Path) -> None:
    for labelled in (False, True):
        site = f"{labelled}.example"
        first = bring(tmp_path, Brought("x", "story", TEXT, None, site))
        assert first is not None
        if labelled:
            write_labels(tmp_path, first[0], ())
        bring(tmp_path, Brought("x", "story", TEXT, HTML, site))
        bring(tmp_path, Brought("x", "story", TEXT, b"<p>Another", site))
        assert first[0].with_suffix(".html").read_bytes() == HTML
        assert len(list(first[0].parent.iterdir())) == 2


@pytest.mark.parametrize("word", ["ferry-", "渡し船-"])
def test_a_long_name_is_cut_so_that_a_file_can_have_it(word: str, tmp_path: Path) -> None:
    found = bring(tmp_path, Brought("x", word * 80, b"Rain.", None, "a.example"))
    assert found is not None
    assert (word * 80).startswith(found[0].stem)
    assert 60 < len(found[0].stem.encode()) <= LONGEST


@given(st.text())
def test_no_name_leaves_its_folder(wish: str) -> None:
    name = _file_name(wish, "page")
    assert name
    assert not {"/", "\\", "\0"} & set(name)
    assert not name.startswith(".")


def test_a_page_that_asks_for_another_folder_stays_below_raw(tmp_path: Path) -> None:
    found = bring(tmp_path / "data", Brought("x", "../../../etc/passwd", b"A page", None, "../../elsewhere"))
    assert found is not None
    assert (tmp_path / "data" / "raw") in found[0].resolve().parents
    record = json.dumps([str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()])
    assert record == json.dumps([str(found[0].relative_to(tmp_path))])
