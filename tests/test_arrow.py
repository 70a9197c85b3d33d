from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from conftest import page_html, page_lines, page_text

from pagesieve import __version__
from pagesieve.arrow import BATCH_BYTES, Segmenter, array, schema, segment_batches
from pagesieve.sieve import BATCH, Sieve
from pagesieve.storage import model_digest

TEXTS = [page_text(page_lines("unseen", number)) for number in range(3)]
HTMLS = [page_html(page_lines("unseen", number)) for number in range(3)]


def rows(sieve: Sieve, columns: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    return [row for batch in segment_batches([pa.record_batch(columns)], sieve, **options) for row in batch.to_pylist()]


def test_a_row_is_what_segment_says(tiny_sieve: Sieve) -> None:
    pages = [*TEXTS, *HTMLS, ""]
    found = rows(tiny_sieve, {"page": pages, "id": list("abcdefg"), "url": [None, *["u"] * 6]}, segments=True)
    assert [row["id"] for row in found] == list("abcdefg")
    for page, row in zip(pages, found, strict=True):
        answer = tiny_sieve.segment(page)
        told = answer.to_dict()
        for name in ("view", "confidence", "headline", "body"):
            assert row[name] == told[name]
        assert row["text"] == answer.text
        assert [row["text"][s["start"] : s["end"]] for s in row["segments"]] == [answer.text[s.start : s.end] for s in answer]
        assert [{k: v for k, v in t.items() if v or k != "url"} for t in row["teasers"]] == told["teasers"]
        assert row["metadata"] == {name: getattr(answer.metadata, name) for name in row["metadata"]}
        assert row["notes"] == list(answer.notes)
        kept = [{k: v for k, v in s.items() if k != "links"} for s in told["segments"]]
        assert [{k: v for k, v in s.items() if v != "" or k != "path"} for s in row["segments"]] == kept
        assert (row["model"], row["version"], row["error"]) == (model_digest(tiny_sieve.model), __version__, None)
    assert not {"text", "segments"} & set(rows(tiny_sieve, {"page": pages})[0])


def test_a_batch_or_a_table_may_stand_for_batches(tiny_sieve: Sieve) -> None:
    batch = pa.record_batch({"page": TEXTS})
    expected = list(segment_batches([batch], tiny_sieve))
    assert list(segment_batches(batch, tiny_sieve)) == list(segment_batches(pa.table(batch), tiny_sieve)) == expected


def test_rows_do_not_depend_on_the_batches(tiny_sieve: Sieve) -> None:
    pages = [(TEXTS + HTMLS)[i % 6] for i in range(2 * BATCH + 5)]
    ids = list(range(len(pages)))
    whole = list(segment_batches([pa.record_batch({"id": ids, "page": pages})], tiny_sieve))
    single = list(segment_batches([pa.record_batch({"id": [i], "page": [page]}) for i, page in zip(ids, pages, strict=True)], tiny_sieve))
    assert [batch.num_rows for batch in whole] == [BATCH, BATCH, 5]
    assert pa.Table.from_batches(whole).to_pylist() == pa.Table.from_batches(single).to_pylist()
    assert all(batch.schema == schema() for batch in whole)


def test_large_pages_are_not_taken_together(tiny_sieve: Sieve) -> None:
    long = "\n".join(["A short line."] * (BATCH_BYTES // 20))
    assert [batch.num_rows for batch in segment_batches([pa.record_batch({"page": [long, "a", long, long]})], tiny_sieve)] == [2, 1, 1]


def test_bytes_are_decoded_by_what_the_server_said_of_each(tiny_sieve: Sieve) -> None:
    pages = ["<html><p>Fähre</p>".encode(code) for code in ("latin-1", "cp437", "utf-8")]
    found = rows(tiny_sieve, {"page": pages, "encoding": ["latin-1", "cp437", None]}, segments=True, encoding="utf-8")
    assert [row["segments"][0]["text"] for row in found] == ["Fähre"] * 3
    dumps = {"page": ["Паром".encode(code) for code in ("cp866", "cp866", "utf-8")], "encoding": ["cp866", "nonsense", None]}
    assert [row["segments"][0]["text"] for row in rows(tiny_sieve, dumps, segments=True, encoding="cp866")][:2] == ["Паром"] * 2


def test_html_is_what_the_server_said_is_unless_a_kind_is_given(tiny_sieve: Sieve) -> None:
    columns = {"page": ["Row on.", "Row on.", "%PDF-1.7", "Row on."], "kind": ["html", None, "html", "article"]}
    assert [row["view"] for row in rows(tiny_sieve, columns)] == ["html", "text", None, "text"]
    assert [row["view"] for row in rows(tiny_sieve, columns, kind="text")] == ["text"] * 4


def test_what_is_wrong_with_a_page_stands_in_its_row(tiny_sieve: Sieve, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [TEXTS[0].encode(), None, b"%PDF-1.4 x", b"\x00\x01" * 99, b""]
    found = rows(tiny_sieve, {"page": pages, "id": ["a", "b", "c", "d", "e"]})
    assert [(row["error"] or "")[:15] for row in found] == ["", "b: no page, the", "c: looks like a", "d: looks binary", ""]
    assert [row["body"] is None for row in found] == [False, True, True, True, False]
    assert found[0]["body"] == tiny_sieve.segment(TEXTS[0]).body

    segment_batch = Sieve.segment_batch

    def faulty(self: Sieve, pages: Any, *arguments: Any, **options: Any) -> Any:
        if TEXTS[1] in pages:
            raise RecursionError("too deep")
        return segment_batch(self, pages, *arguments, **options)

    monkeypatch.setattr(Sieve, "segment_batch", faulty)
    found = rows(tiny_sieve, {"page": TEXTS})
    assert [row["error"] is None for row in found] == [True, False, True]
    assert found[1]["error"].startswith("page: RecursionError: too deep; a fault of pagesieve")


def test_half_characters_become_question_marks(tiny_sieve: Sieve) -> None:
    assert array(["a\ud800", None, "b"], pa.string()).to_pylist() == ["a?", None, "b"]
    assert array([[("a\udfff", 1)]], pa.list_(pa.struct({"x": pa.string(), "y": pa.int64()}))).to_pylist() == [[{"x": "a?", "y": 1}]]
    hidden = '<html><body><script type="application/ld+json">{"articleBody": "%s \\ud800"}</script></body></html>' % ("Half a word. " * 40)
    (row,) = rows(tiny_sieve, {"page": [hidden]}, segments=True)
    assert row["error"] is None
    assert [row["text"][s["start"] : s["end"]] for s in row["segments"]] == [s["text"] for s in row["segments"]]


@pytest.mark.parametrize("column", [pa.large_string(), pa.large_binary(), pa.binary()])
def test_pages_may_be_of_any_text_or_bytes(tiny_sieve: Sieve, column: pa.DataType) -> None:
    assert rows(tiny_sieve, {"raw": pa.array(TEXTS, pa.string()).cast(column)}, page="raw") == rows(tiny_sieve, {"page": TEXTS})


def test_no_pages_give_no_rows(tiny_sieve: Sieve) -> None:
    assert rows(tiny_sieve, {"page": pa.array([], pa.string())}) == []
    assert list(segment_batches([], tiny_sieve)) == []


def test_wrong_arguments_are_told(tiny_sieve: Sieve) -> None:
    with pytest.raises(ValueError, match="page='page': no such column; there are raw"):
        rows(tiny_sieve, {"raw": TEXTS})
    with pytest.raises(ValueError, match="page='page': a column of int64"):
        rows(tiny_sieve, {"page": [1]})
    with pytest.raises(ValueError, match="kind='pdf'"):
        Segmenter(tiny_sieve, kind="pdf")
    with pytest.raises(ValueError, match="encoding='nonsense'"):
        Segmenter(tiny_sieve, encoding="nonsense")
    with pytest.raises(ValueError, match="dial=2"):
        Segmenter(tiny_sieve, dial=2)


def test_a_segmenter_travels(tiny_sieve: Sieve) -> None:
    work = Segmenter(tiny_sieve, segments=True)
    batch = pa.record_batch({"page": TEXTS})
    assert list(pickle.loads(pickle.dumps(work)).rows(batch)) == list(work.rows(batch))


def test_the_digest_names_what_the_model_holds(tiny_sieve: Sieve) -> None:
    model = tiny_sieve.model
    assert model_digest(pickle.loads(pickle.dumps(model))) == model_digest(model)
    assert len({model_digest(m) for m in (model, replace(model, html=None), replace(model, transitions=model.transitions + 1))}) == 3
