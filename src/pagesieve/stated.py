"""Part of step 1 of a page's way: what the page states of itself, HTML in its tags and in its JSON-LD, a text dump in what stands before it."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

from pagesieve.encodings import writable

__all__ = ["Metadata", "front_matter", "read_stated"]

AUTHOR = ("author", "article:author", "dc.creator", "parsely-author", "byl")  # names of `meta`; some give the address of a profile
ARTICLES = ("Article", "Posting", "Report")  # how the types of schema.org that are articles end
MAX_NAMES, MAX_NESTED = 20, 20  # names in a list that are told, and lists and objects within each other that a name is looked for in
LONGEST_FRONT = 20_000  # characters
# Lines of `key: value` or `key = value` between two marks, as YAML and TOML; the lines that Jina's reader writes above a page.
_LINE = r".*(?:\r?\n)+"
_FRONT = re.compile(
    r"\ufeff?\s*?(---|\+\+\+)[ \t\r]*\n(?P<lines>(?:#.*\n)*\"?\w[\w-]*\"?[ \t]*[:=](?:(?!(?:\1|\.\.\.)[ \t\r]*$).*\n)+)(?:\1|\.\.\.)[ \t\r]*$",
    re.MULTILINE,
)
_READER = re.compile(
    rf"\ufeff?\s*?(?P<lines>Title:{_LINE}URL Source:{_LINE}(?:(?:Published Time|Number of Pages|Warning):{_LINE})*)Markdown Content:[ \t\r]*$",
    re.MULTILINE,
)
_ENTRY = re.compile(r"^\"?(\w[\w -]*?)\"?[ \t]*[:=][ \t]*(.*?)[ \t\r]*$", re.MULTILINE)
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^']|'')*)'")
_KEYS = {
    "title": ("title",),
    "url": ("url", "url source", "source", "sourceurl", "source_url", "canonical", "permalink"),
    "language": ("lang", "language", "locale"),
    "date": ("date", "published", "published time", "published_time", "publishedtime", "publishdate", "datepublished"),
    "author": ("author", "authors", "byline"),
}


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the page states of itself in its own tags, or before it begins; "" for what it does not state. Nothing is guessed.

    `base` is what the page's addresses are relative to, where it is not its own address (`<base href>`).
    """

    title: str = ""
    url: str = ""
    language: str = ""
    date: str = ""
    author: str = ""
    base: str = ""


def front_matter(text: str) -> tuple[Metadata, int]:
    """What a text dump states before it begins, and where it begins: front matter in YAML or TOML, or Jina's lines; (Metadata(), 0) without any.

    Values of one line count, without their quotation marks; lists and nested values do not.
    """
    found = _FRONT.match(text, 0, LONGEST_FRONT) or _READER.match(text, 0, LONGEST_FRONT)
    if found is None:
        return Metadata(), 0
    entries = {
        key.lower(): _unquoted(value)
        for key, value in reversed(_ENTRY.findall(found["lines"]))
        if value[:1] not in ("", ">", "|", "[", "{")
    }
    told = {name: next((entries[key] for key in keys if key in entries), "") for name, keys in _KEYS.items()}
    return Metadata(**told), found.end()


def _unquoted(value: str) -> str:
    """A value of YAML or TOML without its quotation marks."""
    found = _QUOTED.match(value)
    if found is None:
        return value.strip("\"'")
    return found[2].replace("''", "'") if found[1] is None else re.sub(r"\\(.)", r"\1", found[1])


def read_stated(tree: Any, nodes: Sequence[Any]) -> tuple[Metadata, list[Mapping[str, Any]]]:
    """What a parsed page states, and every object of its JSON-LD. `nodes` are, among others, all its `meta` and `script` elements in their order."""
    objects: list[Mapping[str, Any]] = []
    tags: dict[str, list[str]] = {}
    for node in nodes:
        if node.tag == "meta":
            name, content = _told(node.attributes)
            if name and content:
                tags.setdefault(name, []).append(content)
        elif node.tag == "script" and _is_json_ld(node.attributes.get("type") or ""):
            objects += _json_ld(node.text() or "")
    return _metadata(tree, tags, objects), objects


def _is_json_ld(type_of_script: str) -> bool:
    return type_of_script.partition(";")[0].strip().lower() == "application/ld+json"


def _json_ld(text: str) -> Iterator[Mapping[str, Any]]:
    """Every object of a block of JSON-LD, as they stand in it; none of a broken one."""
    try:
        pending: list[Any] = [json.loads(text, strict=False)]
    except (ValueError, RecursionError):
        return
    while pending:
        item = pending.pop()
        if isinstance(item, list):
            pending.extend(reversed(item))
        elif isinstance(item, dict):
            yield item
            pending.extend(value for key, value in reversed(item.items()) if key in ("@graph", "mainEntity", "mainEntityOfPage"))


def _is_article(item: Mapping[str, Any]) -> bool:
    kinds = item.get("@type")
    return any(isinstance(kind, str) and kind.endswith(ARTICLES) for kind in (kinds if isinstance(kinds, list) else [kinds]))


def _told(attributes: Mapping[str, str | None]) -> tuple[str, str]:
    """Name and content of a `meta` element, "" for what is not there."""
    name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or ""
    return name.lower(), " ".join((attributes.get("content") or "").split())


def _metadata(tree: Any, tags: Mapping[str, Sequence[str]], objects: Iterable[Mapping[str, Any]]) -> Metadata:
    """The page's own tags first (`tags`: names of its `meta`, and what those of a name hold), then its JSON-LD."""
    articles = [item for item in objects if {"headline", "datePublished", "author", "articleBody"} & item.keys()]
    articles.sort(key=lambda item: (not _is_article(item), "headline" not in item))  # before its pictures and videos
    title, canonical, root = _title(tree), tree.css_first('link[rel="canonical"]'), tree.css_first("html")
    base = tree.css_first("base[href]")

    def first(*names: str) -> str:
        return next((tags[name][0] for name in names if name in tags), "")

    def ld(key: str) -> str:
        return next((found for item in articles if (found := _named(item.get(key)))), "")

    authors = itertools.chain((tags.get(name, ()) for name in AUTHOR), ([_named(item.get("author"))] for item in articles))
    return Metadata(
        title=first("og:title", "twitter:title") or ld("headline") or (" ".join(title.text().split()) if title else ""),
        url=((canonical.attributes.get("href") or "").strip() if canonical else "") or first("og:url"),
        language=((root.attributes.get("lang") or root.attributes.get("xml:lang") or "").strip() if root else "")
        or first("content-language", "og:locale"),
        date=first("article:published_time", "datepublished", "date", "dc.date", "dc.date.issued", "pubdate", "parsely-pub-date")
        or ld("datePublished"),
        author=next(filter(None, map(_people, authors)), ""),
        base=(base.attributes["href"] or "").strip() if base else "",
    )


def _title(tree: Any) -> Any:
    """The page's `title` element, not that of a drawing in it; None where there is none."""
    first = tree.css_first("title")
    return next((node for node in tree.css("title") if not _is_drawn(node)), None) if first is not None and _is_drawn(first) else first


def _is_drawn(node: Any) -> bool:
    while node is not None and node.tag != "svg":
        node = node.parent
    return node is not None


def _people(names: Iterable[str]) -> str:
    """Names joined by a comma, each once; without addresses, which some houses give in their place."""
    told = dict.fromkeys(name for name in names if name and not name.startswith(("http:", "https:")))
    return ", ".join(list(told)[:MAX_NAMES])


def _named(value: Any, within: int = 0) -> str:
    """A JSON-LD value, which stands `within` so many others, as text: names of persons joined by a comma."""
    if isinstance(value, str):
        return writable(" ".join(unescape(value).split()))  # some houses write what would be HTML
    if isinstance(value, dict) and within < MAX_NESTED:
        return _named(value.get("name"), within + 1)
    if isinstance(value, list) and within < MAX_NESTED:
        return _people(_named(item, within + 1) for item in value[:MAX_NAMES])
    return ""
