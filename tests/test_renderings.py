"""`pagesieve.renderings`: the same page as other programs dump it, with its labels."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import page_html, page_lines, write_page

from pagesieve import corpus
from pagesieve.carry import carry
from pagesieve.page import split
from pagesieve.renderings import COLUMNS, FROM_HTML, FROM_TEXT, LONGEST_SCRIPT, html_of, render, rendered, views, with_scripts
from pagesieve.roles import ROLES


@pytest.fixture
def document(tmp_path: Path) -> corpus.Document:
    lines = page_lines("wickfield", 4)
    raw = write_page(tmp_path, "wickfield.example", "one", lines)
    raw.with_suffix(".html.gz").write_bytes(gzip.compress(page_html(lines).encode()))
    return corpus.read(tmp_path)[0]


@pytest.mark.parametrize("name", [*FROM_HTML, *FROM_TEXT])
def test_a_rendering_keeps_the_words_and_their_roles(name: str, document: corpus.Document, tmp_path: Path) -> None:
    text = render(name, document.page.text, html_of(tmp_path / "raw" / document.page.name))
    assert text is not None
    view = rendered(document, name, text)
    assert view is not None
    assert carry(document.labels, document.page.text, split(text)).found > 0.99
    assert "var x" not in text
    if name not in ("one-line", "get-text"):  # which write neighbours together
        assert sorted(set(view.roles.tolist())) == sorted(set(document.roles.tolist()))
    assert view.page.name == f"{document.page.name}@{name}"
    assert view.extra["renderer"] == name


def test_wrapped_lines_are_no_wider_than_the_column_and_lose_no_word() -> None:
    text = "  • " + "lantern quay " * 40 + "\n\n" + "灯台" * 90 + "\n" + "x" * 200 + " y\n"
    out = render("wrapped-80", text, None)
    assert out is not None
    assert "".join(out.split()) == "".join(text.split())
    assert all(len(line) <= COLUMNS for line in out.split("\n") if "x" not in line)


def test_the_margin_is_that_of_every_line_and_part_of_its_width() -> None:
    out = render("margin", "Quay\n\n  • " + "lantern quay " * 10 + "\n \nend\n", None)
    assert out is not None
    lines = out.split("\n")
    assert (lines[0], lines[1], lines[-1]) == ("   Quay", "", "")
    assert [line.index(line.strip()) for line in lines if line] == [3, 5, 7, 3]
    assert 70 < max(map(len, lines)) <= COLUMNS


def test_without_html_only_rewritings_of_the_text_are_made(document: corpus.Document, tmp_path: Path) -> None:
    (tmp_path / "raw" / document.page.name).with_suffix(".html.gz").unlink()
    assert {view.extra["renderer"] for view in views(document, tmp_path, 99, seed=0)} == set(FROM_TEXT)
    assert render("markdown", "x", None) is None


def test_the_draw_depends_on_seed_and_page_alone(document: corpus.Document, tmp_path: Path) -> None:
    drawn = [[v.page.name for v in views(document, tmp_path, 3, seed)] for seed in (0, 0, 1, 2, 3)]
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 3
    assert len({tuple(d) for d in drawn}) > 1
    assert list(views(document, tmp_path, 0, 0)) == []


def test_another_page_is_no_rendering(document: corpus.Document) -> None:
    assert rendered(document, "markdown", "Quite another page altogether, on something else.\n") is None
    assert rendered(document, "markdown", "") is None


@pytest.mark.parametrize(
    ("broken", "shown"),
    [("", ""), ("<", ""), ("<p>" * 3000 + "deep", "deep"), ("<div>a<b>b</div>", "ab"), ("<!doctype html><body><table><tr><td>x", "x")],
)
@pytest.mark.parametrize("name", list(FROM_HTML))
def test_broken_html_renders_or_gives_none(name: str, broken: str, shown: str) -> None:
    text = render(name, "", broken)
    assert text is None or shown in re.sub(r"\W", "", text)


def test_what_follows_a_broken_line_is_indented_as_its_own_text_is() -> None:
    text = render("wrapped-80", "  • " + "ferry " * 20 + "\n", None)
    assert text is not None
    first, second, rest = text.split("\n")
    assert first.startswith("  • ferry")
    assert second.startswith("    ferry")
    assert rest == ""


def test_html_beside_a_page_is_decoded_as_the_page_itself_is(tmp_path: Path) -> None:
    raw = tmp_path / "page.txt"
    page = "<html><head><meta charset=windows-1252></head><body><p>Größe über alles, café</p></body></html>"
    assert html_of(raw) is None
    for data in (page.encode("cp1252"), page.encode()):  # as it came; as `make label` keeps it, with a meta that no longer holds
        raw.with_suffix(".html").write_bytes(data)
        assert html_of(raw) == page
    raw.with_suffix(".html").unlink()
    packed = raw.with_suffix(".html.gz")
    packed.write_bytes(gzip.compress(page.encode()))
    assert html_of(raw) == page
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(corpus.CorpusError, match=r"page\.html\.gz: not a whole gzip file"):
        html_of(raw)


def test_scripts_taken_for_text_are_boilerplate_whatever_they_say(document: corpus.Document, tmp_path: Path) -> None:
    html = html_of(tmp_path / "raw" / document.page.name)
    assert html is not None
    lines = [document.page.text[label.start : label.end] for label in document.labels if label.role == "body"]
    said = json.dumps({"articleBody": lines})
    page = html.replace("<body>", f"<body><style>.a{{color:red}}</style><script>{said}{'x=1;' * 5000}</script>", 1)
    assert page != html
    looks = set()
    for name in ("one", "two", "three", "four"):
        view = with_scripts(replace(document, page=replace(document.page, name=name)), page)
        assert view is not None
        assert (view.page.name, view.extra["renderer"]) == (f"{name}@scripts", "scripts")
        assert ".a{color:red}" in view.page.text
        assert said in view.page.text
        assert 1000 < view.page.text.count("x=1;") * 4 <= LONGEST_SCRIPT
        of_script = [r for s, r in zip(view.segments, view.roles.tolist(), strict=True) if "x=1;" in s.text or "color:red" in s.text]
        assert of_script
        assert set(of_script) == {ROLES.index("boilerplate")}
        apart = "\n" in view.page.text.strip()
        if apart:  # neighbours are written together otherwise
            assert sorted(set(view.roles.tolist())) == sorted(set(document.roles.tolist()))
        looks.add(apart)
    assert looks == {True, False}
    assert with_scripts(document, "") is None
    assert with_scripts(document, "<p>Another page") is None
