"""Pages of one's own into a data folder: files, folders and JSONL → copies below `raw/<site>/`. Labels nothing.

A page may come as a text dump, as HTML, or as both (files with one stem). Where only HTML comes, its flattened text becomes
the text dump that labels belong to, and the HTML lies beside it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pagesieve import corpus
from pagesieve.files import replacing, write_text
from pagesieve.html import decode_html, read_html
from pagesieve.page import read_page

__all__ = ["Brought", "bring", "sources"]

TEXT, HTML = (".txt",), (".html", ".htm", ".html.gz")
LONGEST = 80  # characters of a file's name
UNKNOWN = "unknown-site"


@dataclass(frozen=True, slots=True)
class Brought:
    """A page from outside: where it is from (for messages), the name it asks for, its views, and what is known of it."""

    origin: str
    name: str
    text: bytes | None = None
    html: bytes | None = None
    site: str = ""
    url: str = ""
    language: str = ""


def sources(path: Path | str) -> Iterator[Brought | str]:
    """The pages in the file, JSONL file or folder `path`, in the order of names; for a bad one, what is wrong with it.

    Raises `FileNotFoundError` if there is none, `ValueError` for a file of another kind.
    """
    path = Path(path)
    if path.is_dir():
        yield from _files([p for p in path.rglob("*") if p.is_file()])
    elif not path.exists():
        raise FileNotFoundError(f"{path}: not there; give a page, a folder of pages or a JSONL file")
    elif path.name.endswith((".jsonl", ".jsonl.gz")):
        yield from _lines(path)
    elif path.name.endswith((*TEXT, *HTML)):
        yield from _files([path])
    else:
        raise ValueError(f"{path}: neither {', '.join((*TEXT, *HTML))} nor .jsonl or .jsonl.gz; rename it, or give a folder")


def _stem(path: Path) -> str:
    return next((path.name.removesuffix(end) for end in (*TEXT, *HTML) if path.name.endswith(end)), "")


def _files(paths: list[Path]) -> Iterator[Brought | str]:
    """One page for each stem of a folder; files that are no pages are passed over."""
    views: dict[Path, dict[bool, Path]] = {}
    for path in sorted(paths):
        if stem := _stem(path):
            views.setdefault(path.parent / stem, {}).setdefault(path.name.endswith(HTML), path)
    for stem_path, found in views.items():
        try:
            data = {is_html: _bytes(path) for is_html, path in found.items()}
        except OSError as error:
            yield str(error)
            continue
        parent = stem_path.absolute().parent.name
        site = parent if "." in parent else ""
        yield Brought(", ".join(str(p) for p in found.values()), stem_path.name, data.get(False), data.get(True), site)


def _bytes(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.name.endswith(".gz") else data


def _lines(path: Path) -> Iterator[Brought | str]:
    """A page a line: an object with `text` or `html` or both, and if known `id`, `url`, `site`, `language`."""
    with gzip.open(path, "rt", encoding="utf-8") if path.name.endswith(".gz") else path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            place = f"{path}, line {number}"
            try:
                record: Any = json.loads(line) if line.strip() else None
            except (ValueError, RecursionError) as error:
                yield f"{place}: not JSON ({error})"
                continue
            if record is not None:
                yield _brought(record, place)


def _brought(record: Any, place: str) -> Brought | str:
    if not isinstance(record, dict):
        return f"{place}: holds a {type(record).__name__}, not an object with text or html"
    fields = {key: record.get(key) for key in ("text", "html", "id", "url", "site", "language")}
    wrong = [key for key, value in fields.items() if not isinstance(value, str | int | None) or isinstance(value, bool)]
    if wrong:
        return f"{place}: {wrong[0]} is a {type(fields[wrong[0]]).__name__}, not a text"
    if fields["text"] is None and fields["html"] is None:
        return f"{place}: has neither text nor html (its fields: {', '.join(map(str, record)) or 'none'})"
    text, html = (None if fields[key] is None else str(fields[key]).encode("utf-8", "replace") for key in ("text", "html"))
    url, site, language = (str(fields[key] or "") for key in ("url", "site", "language"))
    return Brought(place, str(fields["id"] or "") or url, text, html, site, url, language)


def bring(root: Path | str, page: Brought, site: str = "") -> tuple[Path, dict[str, str]] | None:
    """Copy `page` below `<root>/raw` and return its text dump's path and what is known of it (url, language); None if it is there already.

    `site` stands for all that the page says of its own: its field, its address, the folder it lay in. HTML is kept as UTF-8.
    Raises `PageError` for what is no page.
    """
    html = None if page.html is None else decode_html(page.html)
    read = None if html is None else read_html(html, page.origin)
    text = page.text if page.text is not None else read.page.text.encode("utf-8") if read is not None else b""
    read_page(text, page.origin)  # refuses what could not be labelled
    url = page.url or (read.metadata.url if read else "")
    language = page.language or (read.metadata.language if read else "")
    folder = Path(root, "raw", _file_name(site or page.site or _site(url), UNKNOWN))
    if hashlib.sha256(text).hexdigest() in {hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.glob("*.txt")}:
        return None
    path = _free(folder, _file_name(urlsplit(page.name).path.rstrip("/").rpartition("/")[2] or page.name, "page"))
    if html is not None:
        write_text(path.with_name(f"{path.stem}.html"), html)
    with replacing(path) as file:
        file.write(text)
    return path, {key: value for key, value in (("url", url), ("language", language)) if value}


def _site(url: str) -> str:
    """The registered domain of an address; "" without one."""
    from publicsuffixlist import PublicSuffixList  # with the extra `train`; only pages from outside need it

    host = (urlsplit(url).hostname or "").rstrip(".")
    if not host or ":" in host or host.replace(".", "").isdigit():  # a number has no registered domain
        return host
    return PublicSuffixList().privatesuffix(host) or host


def _file_name(wish: str, otherwise: str) -> str:
    """`wish` as the name of a file: no separators, no leading dots, no dot that could pass for an ending's."""
    return re.sub(r"[^\w.-]+", "-", wish).strip("-.")[:LONGEST].rstrip("-.") or otherwise


def _free(folder: Path, name: str) -> Path:
    name = name.removesuffix(".html").removesuffix(".htm").removesuffix(".txt").replace(".", "-") or "page"
    number = 1
    path = folder / f"{name}.txt"
    while path.exists() or corpus.label_path(folder.parents[1], path).exists():
        number += 1
        path = folder / f"{name}-{number}.txt"
    return path
