"""`pagesieve.encodings`: bytes come out as the text they were, stated or not."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from conftest import grows_linearly
from hypothesis import given
from hypothesis import strategies as st

import pagesieve
from pagesieve.encodings import characters, known_encoding, writable

TEXTS = {
    "windows-1252": "Das Fährschiff fährt wieder über den Fluß, für fünf Kähne und zwölf Gänse.",
    "iso-8859-1": "El señor Núñez volvió a la montaña con su compañía y cenó piñones.",
    "iso-8859-2": "Łódź płynie znów, żeglarze się cieszą, a dzień był długi i piękny, jak świeże źródło.",
    "windows-1250": "Łódź płynie znów, żeglarze się cieszą, a dzień był długi i piękny, jak świeże źródło.",
    "windows-1251": "Паром снова ходит через реку, сказал паромщик в понедельник утром.",
    "koi8-r": "Паром снова ходит через реку, сказал паромщик в понедельник утром.",
    "koi8-u": "Пором знову ходить через річку, сказав її поромник, а міст ще не готовий.",
    "cp866": "Паром снова ходит через реку, сказал паромщик в понедельник утром.",
    "windows-1253": "Το φέρι περνά ξανά το ποτάμι από την Τρίτη, είπε ο καπετάνιος.",
    "windows-1254": "Feribot salı günü yeniden işliyor, köprü daha onarılmadı, dedi kaptan; yağış sürüyor.",
    "windows-1255": "\u200fהמעבורת שבה לפעול ביום שלישי, אמר רב החובל, והגשר עדיין לא תוקן.",
    "windows-1256": "عادت العبارة إلى العمل يوم الثلاثاء، وقال القبطان إن الجسر لم يصلح بعد.",
    "iso-8859-6": "عادت العبارة إلى العمل يوم الثلاثاء، وقال القبطان إن الجسر لم يصلح بعد.",
    "iso-8859-15": "L'œuvre était finie : les sœurs fêtaient le bac, où un bœuf passait.",
    "windows-1258": "Chiếc phà lại chạy qua sông từ thứ ba, thuyền trưởng nói cầu vẫn chưa sửa xong.",
    "windows-874": "เรือข้ามฟากกลับมาวิ่งในวันอังคาร กัปตันบอกว่าสะพานยังไม่ได้ซ่อม และชาวบ้านของเราดีใจมาก",
    "tis-620": "เรือข้ามฟากกลับมาวิ่งในวันอังคาร กัปตันบอกว่าสะพานยังไม่ได้ซ่อม และชาวบ้านของเราดีใจมาก",
    "gbk": "渡船星期二恢复运行，船长说桥还没有修好，村民们很高兴。",
    "big5": "渡船星期二恢復運行，船長說橋還沒有修好，村民們很高興。",
    "shift_jis": "渡し船は火曜日に再開した。船長によると橋はまだ直っていない。",
    "euc-jp": "渡し船は火曜日に再開した。船長によると橋はまだ直っていない。",
    "iso-2022-jp": "渡し船は火曜日に再開した。船長によると橋はまだ直っていない。",
    "euc-kr": "나룻배는 화요일에 다시 운항을 시작했다고 선장이 말했다.",
    "utf-8": "Das Fährschiff — 渡船 — паром",
    "utf-16": "Das Fährschiff — 渡船 — паром",
}


def encoded(text: str, encoding: str) -> bytes:
    """The bytes; Vietnamese tones are letters of their own in windows-1258."""
    if encoding != "windows-1258":
        return text.encode({"windows-874": "cp874"}.get(encoding, encoding))
    return b"".join(_with_tone(letter) for letter in text)


def _with_tone(letter: str) -> bytes:
    parts = normalize("NFD", letter)
    tone = "".join(part for part in parts if part in "\u0300\u0301\u0303\u0309\u0323")
    return normalize("NFC", "".join(part for part in parts if part not in tone)).encode("cp1258") + tone.encode("cp1258")


def plain(text: str) -> str:
    """The text as it comes back: with tones as one letter each."""
    return normalize("NFC", text)


@pytest.mark.parametrize("encoding", TEXTS)
def test_an_encoding_that_is_not_stated_is_told_by_the_bytes(encoding: str) -> None:
    line = TEXTS[encoding] + "\n"
    for text in (line * 4, "Home\nNews\n" * 5_000 + line * 1_000):
        assert plain(characters(encoded(text, encoding))) == text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1250", "Az idő hűvös, a révész szerint a komp csak délután indul újra, árvíz után.\n"),
        ("cp1250", "Szűk utcák, árvíz és hosszú sorok a révnél\n"),
        ("cp1250", "Gradonačelnik je u četvrtak rekao da će se most popraviti prije zime, a škole ostaju zatvorene.\n"),
        ("cp1250", "Občani že več mesecev čakajo, da bi most čez reko popravili, šole pa ostajajo zaprte.\n"),
        ("iso8859_2", "Občani že več mesecev čakajo, da bi most čez reko popravili, šole pa ostajajo zaprte.\n"),
        ("cp1252", "Il sindaco è andato a Žabljak; la cittadina è vicina, e il traghetto è fermo da lunedì.\n"),
        ("cp1252", "Les chênes de Málaga ont brûlé, a déclaré le maire à la radio\n"),
        ("cp1252", "Það er gott að ferjan siglir á ný, sagði skipstjórinn í gær og hló\n"),
        ("cp1252", "As estações e as barcas não abrem já, disse o capitão, e põe-se a chover\n"),
        ("cp1252", "Õhtul sõidab parvlaev jälle üle jõe, ütles kapten\n"),
        ("cp1252", "© 2031 «Ferry» à Paris\n"),
        ("cp1252", "Perché il traghetto è fermo? Lunedì si saprà, ciò è certo: è così, però già più giù.\n"),
        ("cp1252", "1½ cups of flour and ½ of butter, said Zoë\n"),
        ("euc_jp", "えびとかにのみそしる、たけのこごはん、なすのてんぷら\n"),
        ("cp1250", "Łódka wróciła na rzekę, a mąż przewoźniczki dążył do domu, bo było już bardzo ciemno.\n"),
        ("iso8859_2", "Łódka wróciła na rzekę, a mąż przewoźniczki dążył do domu, bo było już bardzo ciemno.\n"),
        ("cp1252", "L'île n'a ni piscine ni école, à 1 126 mètres du bac; les élèves y vont à pied, même l'été, où ça gèle.\n"),
        ("cp1252", "Quay\xa0•\xa0Tides\xa0•\xa0Ferry times and fares\n"),
        ("cp1251", "НОВОСТИ\nНа месте паромной переправы\n"),
    ],
)
def test_letters_of_a_language_tell_its_encoding(encoding: str, text: str) -> None:
    for times in (1, 20):
        assert characters((text * times).encode(encoding)) == text * times


def test_hebrew_is_told_with_signs_of_direction_and_without() -> None:
    line = TEXTS["windows-1255"].removeprefix("\u200f") + "\n"
    for text in (line, line * 20, "\u200f" + line * 20, ("\u200f" + line) * 20):
        assert characters(text.encode("cp1255")) == text


def test_escapes_tell_japanese_also_of_text_and_html_that_state_nothing() -> None:
    text = TEXTS["iso-2022-jp"]
    assert pagesieve.load().segment(text.encode("iso-2022-jp")).text == text
    answer = pagesieve.load().segment(f"<html><title>{text}</title><p>{text}</p></html>".encode("iso-2022-jp"))
    assert (answer.view, answer.text.strip(), answer.metadata.title) == ("html", text, text)


@pytest.mark.parametrize("encoding", TEXTS)
def test_an_encoding_that_is_stated_is_used(encoding: str) -> None:
    assert plain(characters(encoded(TEXTS[encoding], encoding), "", "nonsense", encoding)) == TEXTS[encoding]


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


@pytest.mark.parametrize("unit", [b"<script ", b"\xe9<p ", b"\xe9", b"\xa1", b"\xe0\xa1\xd1", b"\x93", b"caf\xe9 ", b"\xe3\x81\xff"])
def test_telling_an_encoding_takes_linear_time(unit: bytes) -> None:
    assert grows_linearly(lambda n: unit * n + b"\xe9 ", characters, 5_000)


@given(st.text(st.characters() | st.characters(categories=["Cs"])))
def test_any_text_is_writable_and_only_half_characters_are_lost(text: str) -> None:
    assert writable(text).encode().decode() == "".join("?" if "\ud800" <= char <= "\udfff" else char for char in text)
