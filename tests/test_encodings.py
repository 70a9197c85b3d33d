"""`pagesieve.encodings`: bytes come out as the text they were, stated or not."""

from __future__ import annotations

import pytest
from conftest import grows_linearly
from hypothesis import given
from hypothesis import strategies as st

from pagesieve.encodings import characters, known_encoding, writable

TEXTS = {
    "windows-1252": "Das Fährschiff fährt wieder über den Fluß, für fünf Kähne und zwölf Gänse.",
    "iso-8859-1": "El señor Núñez volvió a la montaña con su compañía y cenó piñones.",
    "iso-8859-2": "Łódź płynie znów, żeglarze się cieszą, a dzień był długi i piękny, jak świeże źródło.",
    "windows-1250": "Łódź płynie znów, żeglarze się cieszą, a dzień był długi i piękny, jak świeże źródło.",
    "windows-1251": "Паром снова ходит через реку, сказал паромщик в понедельник утром.",
    "koi8-r": "Паром снова ходит через реку, сказал паромщик в понедельник утром.",
    "gbk": "渡船星期二恢复运行，船长说桥还没有修好，村民们很高兴。",
    "big5": "渡船星期二恢復運行，船長說橋還沒有修好，村民們很高興。",
    "shift_jis": "渡し船は火曜日に再開した。船長によると橋はまだ直っていない。",
    "euc-jp": "渡し船は火曜日に再開した。船長によると橋はまだ直っていない。",
    "euc-kr": "나룻배는 화요일에 다시 운항을 시작했다고 선장이 말했다.",
    "utf-8": "Das Fährschiff — 渡船 — паром",
    "utf-16": "Das Fährschiff — 渡船 — паром",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_an_encoding_that_is_not_stated_is_told_by_the_bytes(encoding: str) -> None:
    line = TEXTS[encoding] + "\n"
    for text in (line * 4, "Home\nNews\n" * 5_000 + line * 1_000):
        assert characters(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", TEXTS)
def test_an_encoding_that_is_stated_is_used(encoding: str) -> None:
    assert characters(TEXTS[encoding].encode(encoding), "", "nonsense", encoding) == TEXTS[encoding]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"caf\xe9", "café"),
        ("Über uns".encode() + b" \xff", "Über uns \ufffd"),
        (b"<p title='\xe9'>", "<p title='é'>"),
        (b"\xff\xfe" + "渡".encode("utf-16-le"), "渡"),
    ],
)
def test_a_few_bytes_are_told_too(data: bytes, text: str) -> None:
    assert characters(data) == text


@pytest.mark.parametrize(
    "name", ["nonsense", "", "hex", "rot13", "zlib", "undefined", "idna", "punycode", "unicode_escape", "utf-7", "a\0b"]
)
def test_what_is_no_encoding_of_pages_is_not_known(name: str) -> None:
    assert known_encoding(name) == ""


@given(st.binary(), st.sampled_from(["", *TEXTS, "hex", "gb18030"]))
def test_any_bytes_give_a_text(data: bytes, said: str) -> None:
    characters(data, said).encode("utf-8")


@pytest.mark.parametrize("unit", [b"<script ", b"\xe9<p ", b"\x93", b"caf\xe9 ", b"\xe3\x81\xff"])
def test_telling_an_encoding_takes_linear_time(unit: bytes) -> None:
    assert grows_linearly(lambda n: unit * n + b"\xe9 ", characters, 5_000)


@given(st.text(st.characters() | st.characters(categories=["Cs"])))
def test_any_text_is_writable_and_only_half_characters_are_lost(text: str) -> None:
    assert writable(text).encode().decode() == "".join("?" if "\ud800" <= char <= "\udfff" else char for char in text)
