"""Fuzzing of the way from an HTML page's bytes to its segments, outside of CI: anything is a page, and what must hold holds.

    .venv/bin/python -m pip install -e '.[fuzz]'
    .venv/bin/python benchmarks/fuzz_html.py -max_total_time=300

Options are libFuzzer's (a folder of inputs to begin with, `-max_len=…`). A page on which something fails is left in a file `crash-…`,
one that takes longer than `SECONDS` in `timeout-…`; give that file as the only argument to see the error again.
"""

from __future__ import annotations

import re
import sys
from html import escape

import atheris

with atheris.instrument_imports(include=["pagesieve"]):
    import pagesieve
    from pagesieve.html import annotated, decode_html, read_html

SECONDS = 5  # for one page
LONGEST = 1_000  # bytes; each may stand for a piece of markup
MEMORY = 8_000  # megabytes; the instrumentation keeps some 0.1 of them an input, the same pages without it none
SIEVE = pagesieve.load()
FOREIGN = ("<svg", "<math", "<plaintext")  # raw text in there cannot be told from tags once it is written out: numbers may differ
PIECES = (  # bytes below stand for these, where the first one is odd: most bytes are no markup
    *(f"<{tag}>" for tag in "html head body p div span a b i ul li table tr td pre xmp br hr script style template noscript".split()),
    *(f"</{tag}>" for tag in "p div span a b ul li table td pre xmp script style template noscript head body html".split()),
    *("<title>", "</title>", "<select><option>", "<dialog>", "<dialog open>", "<frameset>", "<iframe>", "</iframe>", "<textarea>", "<h1>"),
    *("<div class>", "<div class=''>", "<p class='a b' id=c>", "<p hidden>", "<p style='display: none'>", "<i aria-hidden=true>"),
    *(
        "<a href=/x>",
        "<a href=' '>",
        "<a href='&amp;x'>",
        "<img alt='two words'>",
        "<img alt=one>",
        "<x<y>",
        "<p a\"=b =c='<'>",
        "<p x=' class='>",
    ),
    *(
        "<!--",
        "-->",
        "<!-->",
        "--!>",
        "<![CDATA[",
        "]]>",
        "<?php",
        "?>",
        "<!doctype html>",
        "</",
        "<",
        ">",
        "&",
        "&amp;",
        "&lt;p&gt;",
        "&nbsp;",
    ),
    *("Row", " on", " ", "\n", "\t", "\x00", "\u3000", "渡船", "é", "\ud800", "\u2028", '"', "'", "="),
    '<script type="application/ld+json">{"articleBody": "' + "row " * 40 + '"}</script>',
    '<script type="application/json">["' + "row on " * 40 + '"]</script>',
    "<meta name=author content=x>",
    "<meta charset=shift_jis>",
)


def page_of(data: bytes) -> bytes:
    """The page that the fuzzer's bytes stand for."""
    if not data or not data[0] & 1:
        return data[1:]
    return "".join(PIECES[byte % len(PIECES)] for byte in data[1:]).encode("utf-8", "surrogatepass")


def check(data: bytes) -> None:
    """Raise where what must hold of every page does not hold of this one."""
    page = page_of(data)
    html = decode_html(page)
    read = read_html(html)
    text, position = read.page.text, 0
    for segment in read.segments:
        assert segment.text == segment.text.strip() == text[segment.start : segment.end] != "", segment
        assert not text[position : segment.start].strip(), segment
        position = segment.end
        assert segment.markup is not None
        for link in segment.markup.links:
            assert 0 <= link.start < link.end <= len(segment.text), segment
    assert not text[position:].strip()
    marks = {s.markup.element: (s.markup.path.rsplit("/")[-1], "role") for s in read.segments if s.markup is not None}
    marked = annotated(html, marks)
    if not any(name in html.lower() for name in FOREIGN):
        for tag in {tag for tag, _ in marks.values()} - {"json-ld"}:
            assert re.search(f'<{re.escape(tag)}(?: [^>]*)? data-pagesieve="{re.escape(escape(tag))}"', marked), f"no {tag} is marked"
    try:
        answer = SIEVE.segment(page)
    except pagesieve.PageError:
        return
    assert answer.view == "text" or [s.text for s in answer.segments] == [s.text for s in read.segments]
    answer.to_json()


def main() -> None:
    options = [f"-timeout={SECONDS}", f"-max_len={LONGEST}", "-len_control=10", f"-rss_limit_mb={MEMORY}"]
    atheris.Setup([sys.argv[0], *options, *sys.argv[1:]], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
