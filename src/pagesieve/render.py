"""A labelled page to look at: as HTML (notebooks, reports, `--format html`) and on a terminal. Strings in, strings out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

__all__ = ["ANNOTATION_STYLE", "ANSI", "COLOURS", "HTML_STYLE", "page_ansi", "page_document", "page_html"]

COLOURS = {"body": "#d8f0d3", "boilerplate": "#ececec", "teaser": "#ffdcb2"}  # backgrounds that print well, dark text on them
ANSI = {"body": "\x1b[32m", "boilerplate": "\x1b[90m", "teaser": "\x1b[33m"}
RESET = "\x1b[0m"

HTML_STYLE = (
    ".pagesieve{white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.5 ui-monospace,monospace;color:#222;background:#fff;padding:1em}"
    + "".join(f".pagesieve .{label}{{background:{colour}}}" for label, colour in COLOURS.items())
    + ".pagesieve .page{unicode-bidi:plaintext}.pagesieve .wrong{outline:2px solid #c00}.pagesieve .key{margin-right:1em;padding:0 .4em}"
)

ANNOTATION_STYLE = "".join(
    f"[data-pagesieve={label}]{{background:{colour}!important;color:#222!important}}" for label, colour in COLOURS.items()
)
Mark = tuple[int, int, str, str]  # start, end, CSS class (a label, perhaps with " wrong"), what to show on hovering


def page_html(text: str, marks: Sequence[Mark]) -> str:
    """`text` as an HTML fragment with its own style, each marked range (in order, not overlapping) in its colour.

    Each line goes the way of its first letter, from the right where that is Hebrew or Arabic.
    """
    out = [f"<style>{HTML_STYLE}</style><div class='pagesieve'>"]
    out.append("<p>" + "".join(f"<span class='key {label}'>{label}</span>" for label in COLOURS) + "</p><div class='page'>")
    position = 0
    for start, end, kind, title in marks:
        out.append(escape(text[position:start]))
        out.append(f"<span class='{kind}' title='{escape(title, quote=True)}'>{escape(text[start:end])}</span>")
        position = end
    out.append(escape(text[position:]) + "</div></div>")
    return "".join(out)


def page_document(fragment: str, title: str) -> str:
    """A whole HTML document around a fragment."""
    return f"<!doctype html>\n<html><head><meta charset='utf-8'><title>{escape(title)}</title></head><body>{fragment}</body></html>\n"


def page_ansi(text: str, marks: Sequence[Mark]) -> str:
    """`text` with terminal colours: green body, yellow teasers, grey boilerplate. Control characters are shown, not sent."""
    out: list[str] = []
    position = 0
    for start, end, label, _ in marks:
        out.append(_printable(text[position:start]))
        out.append(ANSI[label] + _printable(text[start:end]) + RESET)
        position = end
    out.append(_printable(text[position:]))
    return "".join(out)


def _printable(text: str) -> str:
    """`text` without what would steer a terminal: a page is foreign matter."""
    return "".join(ch if (ch >= " " and ch != "\x7f" and not "\x80" <= ch <= "\x9f") or ch in "\n\t" else "\ufffd" for ch in text)
