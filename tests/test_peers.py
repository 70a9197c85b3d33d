"""`benchmarks/peers.py`: the layouts it reads, and what its scores count."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import page_html, page_lines
from programs import script

FILE = Path(__file__).parents[1] / "benchmarks" / "peers.py"


@pytest.fixture(scope="module")
def peers() -> Any:
    return script(FILE)


HTML = page_html(page_lines("unseen", 7))


def test_this_projects_layout_gives_bodies_and_teasers(peers: Any, tiny_corpus: Path) -> None:
    pages = list(peers.pages_of(tiny_corpus))
    assert len(pages) == 16
    assert all(page.html.startswith("<!doctype") and page.teasers and page.body for page in pages)
    assert len(list(peers.pages_of(tiny_corpus, {"larkrise.example"}))) == 2


def test_the_article_extraction_benchmarks_layout_is_read(peers: Any, tmp_path: Path) -> None:
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "a1.html.gz").write_bytes(gzip.compress(HTML.encode()))
    (tmp_path / "ground-truth.json").write_text(json.dumps({"a1": {"articleBody": "Row on.", "url": "x"}}))
    (page,) = peers.pages_of(tmp_path)
    assert (page.name, page.html, page.body) == ("a1", HTML, "Row on.")
    assert "All rights reserved" in page.text


def test_the_layout_of_wcxb_is_read(peers: Any, tmp_path: Path) -> None:
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "0001.html").write_bytes(HTML.encode())
    (tmp_path / "ground-truth").mkdir()
    (tmp_path / "ground-truth" / "0001.json").write_text(json.dumps({"ground_truth": {"main_content": "Row on."}}))
    (page,) = peers.pages_of(tmp_path)
    assert (page.name, page.html, page.body) == ("0001", HTML, "Row on.")
    (tmp_path / "html" / "0001.html").unlink()
    with pytest.raises(FileNotFoundError, match=r"neither 0001\.html\.gz nor 0001\.html"):
        list(peers.pages_of(tmp_path))


def test_pages_with_their_body_beside_them_are_read(peers: Any, tmp_path: Path) -> None:
    (tmp_path / "mill.example").mkdir()
    (tmp_path / "mill.example" / "one.txt").write_text("Row on.\n")
    (tmp_path / "mill.example" / "one.html.gz").write_bytes(gzip.compress(HTML.encode()))
    (tmp_path / "mill.example" / "one.json").write_text(
        json.dumps({"page": "mill.example/one.txt", "site": "mill.example", "body": "Row."})
    )
    (page,) = peers.pages_of(tmp_path)
    assert (page.site, page.text, page.html, page.body) == ("mill.example", "Row on.\n", HTML, "Row.")


def test_scores_count_words_runs_and_leaks(peers: Any) -> None:
    def page(body: str, *teasers: str) -> Any:
        return peers.Known("p", "s", "", "", body, teasers)

    body, teaser = "one two three four five six", "the ferry sails again this spring"
    right = peers.scores([page(body, teaser)], [body])
    assert (right["word F1"].value, right["shingle F1"], right["pages with a leaked teaser"].value, right["failed"]) == (1, 1, 0, 0)
    leaking = peers.scores([page(body, teaser, "another story about the old mill")], [f"{body}\n{teaser}"])
    assert leaking["word F1"].value == pytest.approx(2 * 6 / 18)
    assert (leaking["shingle precision"], leaking["shingle recall"]) == (pytest.approx(3 / 9), 1)
    assert (leaking["pages with a leaked teaser"].value, leaking["teaser lines leaked"]) == (1, 0.5)
    assert peers.scores([page(body)], [None])["failed"] == 1
