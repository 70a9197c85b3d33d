"""Pages of one's own into a data folder: files, folders, JSONL and archives → copies below `raw/<site>/`. Labels nothing.

A page may come as a text dump, as HTML, or as both (files with one stem, fields of a line). Where only HTML comes, its flattened text becomes
the text dump that labels belong to, and the HTML lies beside it.
"""

from __future__ import annotations

import gzip
import io
import itertools
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from pagesieve import corpus
from pagesieve.corpus import CorpusError
from pagesieve.encodings import writable
from pagesieve.files import replacing, write_text
from pagesieve.html import decode_html, looks_like_html, read_html
from pagesieve.page import BOM, PageError, foreign, read_page
from pagesieve.readers import HTML, PACKED, PAGES, Fields, Source, ending, in_words, records, unpacked
from pagesieve.renderings import html_of

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

__all__ = ["Brought", "bring", "passed_over", "sources"]

LINES = (".jsonl", ".ndjson")  # files of a page a line
ARCHIVES = (".warc", ".wet")
LARGEST = 50_000_000  # bytes of a page in an archive
LONGEST = 80  # bytes of a file's name; file systems take 255, with what is put before and behind it
UNKNOWN = "unknown-site"


@dataclass(frozen=True, slots=True)
class Brought:
    """A page from outside: where it is from (for messages), the name it asks for, its views, and what is known of it."""

    origin: str
    name: str
    text: bytes | None = None
    html: bytes | str | None = None  # as text where it came so: then it is not in the encoding that it says of itself
    site: str = ""
    url: str = ""
    language: str = ""
    folder: str = ""  # name of the folder that it lay in


def sources(path: Path | str) -> Iterator[Brought | str]:
    """The pages in the file or folder `path`: files by name, then JSONL line by line and archives record by record; for a bad one, what is wrong with it.

    Raises `FileNotFoundError` if there is none, `ValueError` for a file of another kind. What else a folder holds, `passed_over` tells.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: not there; give a page, a folder of pages, a JSONL file or an archive")
    if not path.is_dir() and ending(str(path)) not in (*PAGES, *LINES, *ARCHIVES):
        raise ValueError(f"{path}: none of {', '.join((*PAGES, *LINES, *ARCHIVES))}, packed or not; rename it, or give a folder")
    files = sorted(_within(path)) if path.is_dir() else [path]
    yield from _files([p for p in files if ending(str(p)) in PAGES])
    for file in files:
        if ending(str(file)) in LINES:
            yield from _lines(file)
        elif ending(str(file)) in ARCHIVES:
            yield from _archived(file)


def passed_over(path: Path | str) -> Counter[str]:
    """How many files of the folder `path` are no pages, by their endings; of none, if `path` is a file."""
    return Counter(
        ending(str(file)) or "without ending" for file in _within(Path(path)) if ending(str(file)) not in (*PAGES, *LINES, *ARCHIVES)
    )


def _within(folder: Path) -> Iterator[Path]:
    return (p for p in folder.rglob("*") if p.is_file())


def _stem(path: Path) -> Path:
    """The path without its ending, which the views of a page have in common."""
    return (path.with_suffix("") if path.suffix.lower() in PACKED else path).with_suffix("")


def _files(paths: list[Path]) -> Iterator[Brought | str]:
    """One page for each stem; of two files with one stem and of one view (`a.htm`, `a.html`) the second is a page of its own."""
    views: dict[tuple[Path, int], dict[bool, Path]] = {}
    for path in paths:
        is_html = ending(str(path)) in HTML
        number = next(n for n in itertools.count() if is_html not in views.get((_stem(path), n), {}))
        views.setdefault((_stem(path), number), {})[is_html] = path
    for (stem, _), found in views.items():
        try:
            data = {is_html: unpacked(corpus.unpacked(path), str(path)) for is_html, path in found.items()}
        except (OSError, CorpusError, PageError) as error:
            yield str(error)
            continue
        origin, folder = ", ".join(str(p) for p in found.values()), stem.absolute().parent.name
        yield Brought(origin, stem.name, data.get(False), data.get(True), folder=folder)


def _lines(path: Path) -> Iterator[Brought | str]:
    """A page a line: an object with `text` or `html` or both, and if known `id`, `url`, `site`, `language`."""
    place = str(path)
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            lines = io.BytesIO(unpacked(file.read(), str(path))) if path.suffix.lower() == ".zst" else file
            for number, line in enumerate(lines, 1):
                place = f"{path}, line {number}"
                try:
                    record: Any = json.loads(line.decode("utf-8-sig")) if line.strip() else None
                except (ValueError, RecursionError) as error:
                    yield f"{place}: not JSON in UTF-8 ({error})"
                    continue
                if record is not None:
                    yield _brought(record, place)
    except PageError as error:
        yield str(error)
    except (OSError, EOFError, zlib.error) as error:
        yield f"{place}: the file cannot be read on from here ({error}); what follows is not brought"


def _brought(record: Any, place: str) -> Brought | str:
    if not isinstance(record, dict):
        return f"{place}: holds {in_words(record)}, not an object with text or html"
    fields = {key: record.get(key) for key in ("text", "html", "id", "url", "site", "language")}
    kinds = {key: str | None if key in ("text", "html") else str | int | None for key in fields}
    wrong = [key for key, value in fields.items() if not isinstance(value, kinds[key]) or isinstance(value, bool)]
    if wrong:
        return f"{place}: {wrong[0]} is {in_words(fields[wrong[0]])}, not a text"
    if fields["text"] is None and fields["html"] is None:
        return f"{place}: has neither text nor html (its fields: {', '.join(map(str, record)) or 'none'})"
    text = None if fields["text"] is None else str(fields["text"]).encode("utf-8", "replace")
    html = None if fields["html"] is None else writable(str(fields["html"]).removeprefix(BOM))
    url, site, language = (writable(str(fields[key] or "")) for key in ("url", "site", "language"))
    return Brought(place, str(fields["id"] or "") or url, text, html, site, url, language)


def _archived(path: Path) -> Iterator[Brought | str]:
    """The pages of a WARC or WET file."""
    try:
        for record in records(Source(str(path), 0, ending(str(path))), Fields(), LARGEST):
            if record.fault:
                yield f"{record.place}: {record.fault}"
                continue
            text, url = decode_html(record.page, record.encoding), writable(record.url or "")
            if record.kind == "html" or (record.kind != "text" and looks_like_html(text)):
                yield Brought(record.place, url or record.id, html=text, url=url)
            else:
                yield Brought(record.place, url or record.id, text.encode("utf-8"), url=url)
    except ImportError as error:
        yield f"{path}: needs {error.name}; pip install '.[bulk]' in the clone's folder"


def bring(root: Path | str, page: Brought, site: str = "") -> tuple[Path, dict[str, str]] | None:
    """Copy `page` below `<root>/raw` and return its text dump's path and what is known of it (url, language); None if it is labelled already.

    `site` stands for all that the page says of its own: its field, its address, the folder it lay in if that has the name of a host. HTML is
    kept as UTF-8, also where only the text was there before. Raises `PageError` for what is no page.
    """
    html = decode_html(page.html) if isinstance(page.html, bytes) else page.html
    read = None if html is None else read_html(html, page.origin)
    text = page.text or b""
    if read is not None and not text.strip():
        text = read.page.text.encode("utf-8")
    for source in (read_page(text, page.origin).text, html or ""):  # refuses what could not be labelled
        if found := foreign(source):
            raise PageError(f"{page.origin}: looks like {found}")
    stated = read.metadata if read else None  # pages state relative addresses, and templates that nothing was put into
    url = next(filter(corpus.is_address, (page.url, stated.url if stated else "")), "")
    language = next(filter(corpus.is_language, (page.language, stated.language if stated else "")), "")
    folder = Path(root, "raw", _file_name(site or page.site or _site(url) or _site_of_folder(page.folder), UNKNOWN))
    same_size = (p for p in sorted(folder.glob("*.txt")) if p.stat().st_size == len(text))  # a site may have thousands of pages
    there = next((p for p in same_size if p.read_bytes() == text), None)
    path = there or _free(folder, _file_name(_split(page.name).path.rstrip("/").rpartition("/")[2] or page.name, "page"))
    if html is not None and (there is None or html_of(path) is None):
        write_text(path.with_suffix(".html"), html)
    if there is None:
        with replacing(path) as file:
            file.write(text)
    elif corpus.label_path(root, path).exists():
        return None
    return path, {key: value for key, value in (("url", url), ("language", language)) if value}


def _split(url: str) -> SplitResult:
    """The parts of an address; none of what is no address at all."""
    try:
        return urlsplit(url)
    except ValueError:  # "https://[…"
        return urlsplit("")


def _site(url: str) -> str:
    """The registered domain of an address, its host if it has none; "" without an address."""
    host = (_split(url).hostname or "").rstrip(".")
    return host if ":" in host or host.replace(".", "").isdigit() else _domain(host) or host  # a number has no registered domain


def _site_of_folder(name: str) -> str:
    """The registered domain of a folder that has the name of a host; "" for any other: `dump.2024`, `crawl.v2`, `pages`.

    All pages of a site, and of no two, must be in one folder below `raw`, or splits by site are none.
    """
    last = name.rpartition(".")[2].lower()
    return _domain(name) if last.isalpha() or last.startswith("xn--") else ""  # what top-level domains look like


def _domain(host: str) -> str:
    return _suffixes().privatesuffix(host) or ""


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList  # with the extra `train`; only pages from outside need it

    return PublicSuffixList()  # takes 40 ms


def _file_name(wish: str, otherwise: str) -> str:
    """`wish` as the name of a file: no separators, no leading dots, no dot that could pass for an ending's."""
    name = re.sub(r"[^\w.-]+", "-", wish).strip("-.").encode()[:LONGEST].decode("utf-8", "ignore")
    return name.rstrip("-.") or otherwise


def _free(folder: Path, name: str) -> Path:
    name = next((name.removesuffix(end) for end in PAGES if name.endswith(end)), name).replace(".", "-") or "page"
    number = 1
    path = folder / f"{name}.txt"
    while path.exists() or corpus.label_path(folder.parents[1], path).exists():
        number += 1
        path = folder / f"{name}-{number}.txt"
    return path
