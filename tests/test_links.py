from __future__ import annotations

import re
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pagesieve.features import measure
from pagesieve.html import read_html
from pagesieve.links import LEADS, LONGEST_STEP, PIECE, Forms, forms, leads, steps
from pagesieve.words import hashes

STEPS = st.text("abz09-_.", max_size=8)
ADDRESSES = st.builds(
    lambda scheme, path, slash, query, fragment: scheme + "/".join(path) + slash + query + fragment,
    st.sampled_from(["", "/", "https://quay.example/", "http://tarn.example/", "//quay.example/"]),
    st.lists(STEPS, max_size=8),
    st.sampled_from(["", "/"]),
    st.sampled_from(["", "?", "?id=7/a-b"]),
    st.sampled_from(["", "#", "#top/a-b?1"]),
)
NAMES = tuple(field.name for field in fields(Forms) if not field.name.startswith("step_") and field.name != "step")


def read(address: str) -> dict[str, float]:
    found = forms([address])
    return {name: float(getattr(found, name)[0]) for name in NAMES if name not in ("address", "host", "form")}


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("https://quay.example/news/2031/05/ferry-gets-a-second-winter-12.html", {"steps": 4, "words": 5, "digits": 8, "elsewhere": 1}),
        ("/tag/ferry", {"length": 10, "steps": 2, "words": 0, "elsewhere": 0}),
        ("/tag/ferry/", {"length": 11, "steps": 2}),
        ("https://quay.example", {"length": 0, "steps": 0, "elsewhere": 1}),
        ("https://quay.example?page=2", {"query": 1, "elsewhere": 1, "digits": 0}),
        ("//cdn.quay.example/a_b/", {"steps": 1, "elsewhere": 1, "words": 1}),
        ("#top", {"fragment": 1, "length": 0}),
        ("mailto:ada@quay.example", {"tool": 1, "elsewhere": 0}),
        ("javascript:void(0)", {"tool": 1}),
        ("ferry-gets-a-second-winter", {"words": 4, "steps": 0}),
        ("/a?to=https://tarn.example/b-c", {"length": 2, "steps": 1, "query": 1, "tool": 0, "elsewhere": 0, "words": 0}),
        ("", {"length": 0, "steps": 0, "tool": 0}),
    ],
)
def test_what_an_address_says(address: str, what: dict[str, float]) -> None:
    found = read(address)
    assert {name: found[name] for name in what} == what


@given(st.lists(ADDRESSES | st.text(max_size=30), max_size=8))
def test_an_address_says_the_same_among_others(addresses: list[str]) -> None:
    together = forms(addresses)
    for place, address in enumerate(addresses):
        alone = forms([address])
        assert [getattr(together, name)[place] for name in NAMES] == [getattr(alone, name)[0] for name in NAMES]


@given(ADDRESSES)
def test_addresses_are_read_as_they_are_written(address: str) -> None:
    found = read(address)
    path = address.partition("#")[0].partition("?")[0]
    named = path.startswith(("//", "https://", "http://"))
    own = path.partition("//")[2] if named else path
    own = own[own.index("/") :] if named and "/" in own else "" if named else own
    assert found["elsewhere"] == named
    assert found["length"] == len(own)
    assert found["digits"] == sum(map(str.isdigit, own))
    assert found["words"] == sum(map(own.removesuffix("/").rpartition("/")[2].count, "-_"))


@pytest.mark.parametrize(
    ("address", "terms"),
    [
        ("https://quay.example/News/2031/05/ferry-gets-a-second-winter-12.html", ["/news", "/0000", "/00"]),
        ("/tag/ferry/", ["/tag", "/ferry"]),
        ("//quay.example/a_b/index.php?to=/a/b#/c", ["/a_b", "/index.php"]),
        ("/über/%20/a--b/-c/d-/e.f-g//x", ["/x"]),
        ("/" + "a" * LONGEST_STEP + "/" + "a" * (LONGEST_STEP - 1), ["/" + "a" * (LONGEST_STEP - 1)]),
        ("https://quay.example", []),
        ("mailto:ada@quay.example", []),
        ("", []),
    ],
)
def test_steps_are_terms_where_they_are_a_word_or_two(address: str, terms: list[str]) -> None:
    assert steps(address) == terms


@given(st.lists(ADDRESSES | st.text("/a0-.%é", max_size=30), max_size=8))
def test_steps_have_the_hashes_of_their_text(addresses: list[str]) -> None:
    found = forms(addresses)
    expected = [(place, step) for place, address in enumerate(addresses) for step in steps(address)]
    assert found.step_row.tolist() == [place for place, _ in expected]
    assert found.step.tolist() == hashes([step for _, step in expected]).tolist()
    assert all(re.fullmatch(r"/[a-z0]+([-_.][a-z0]+)?", step) for _, step in expected)


def test_hosts_and_forms_are_alike_where_they_are() -> None:
    found = forms(["https://quay.example/a/b-c-1", "https://quay.example/x/y-z-2", "https://tarn.example/a/b-c-1", "/a/b-c-1", "/x/y-z-3"])
    assert found.host.tolist()[0] == found.host.tolist()[1] != found.host.tolist()[2]
    assert found.host.tolist()[3:] == [0, 0]
    assert len(set(found.form.tolist())) == 3


def test_many_addresses_are_read_piece_by_piece() -> None:
    one = "https://quay.example/news/ferry-gets-a-second-winter"
    found = forms([one] * (3 * PIECE // len(one)) + ["x" * 3 * PIECE])
    assert np.unique(found.form).size == 2
    assert float(found.length[-1]) < PIECE


def led(addresses: list[str], page: list[int]) -> NDArray[np.float32]:
    return leads(forms(addresses), np.array(page, dtype=np.int64))


def test_leads_count_what_else_the_page_has() -> None:
    story, section, share = "/news/ferry-gets-a-second-winter-12", "/news", "https://share.example/?u=1"
    found = led([story, story, "/news/orchard-sold-at-last-again-34", section, share, story], [0, 0, 0, 0, 0, 1])
    column = {name: found[:, place].tolist() for place, name in enumerate(LEADS)}
    assert column["addressed"] == [1] * 6
    np.testing.assert_allclose(np.expm1(column["same_address"]), [1, 1, 0, 0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(np.expm1(column["same_form"]), [2, 2, 2, 0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(column["same_host"], [0.6, 0.6, 0.6, 0.6, 0, 0], atol=1e-6)
    assert led([], []).shape == (0, len(LEADS))


@given(st.lists(st.lists(ADDRESSES, max_size=5), max_size=4))
def test_leads_of_a_page_do_not_depend_on_others(pages: list[list[str]]) -> None:
    together = led([address for addresses in pages for address in addresses], [n for n, of_page in enumerate(pages) for _ in of_page])
    alone = [led(addresses, [0] * len(addresses)) for addresses in pages]
    np.testing.assert_array_equal(together, np.concatenate([np.zeros((0, len(LEADS)), dtype=np.float32), *alone]))


def test_a_segment_is_told_of_its_longest_link() -> None:
    html = "<p>No link</p><p><a href='/tag/x'>Tag</a> <a href='https://tarn.example/ferry-gets-a-second-winter'>Ferry gets a second winter</a></p>"
    measures = measure(read_html(html).segments).markup
    assert measures is not None
    assert measures.leads[0].tolist() == [0] * len(LEADS)
    assert measures.leads[1, LEADS.index("elsewhere")] == 1
    np.testing.assert_allclose(np.expm1(measures.leads[1, LEADS.index("slug_words")]), 4, rtol=1e-6)


def test_the_steps_of_its_longest_link_are_terms_of_a_segment() -> None:
    html = "<p>No link</p><p><a href='/tag/x'>Tag</a> <a href='https://tarn.example/sport/football/'>Ferry gets a second winter</a></p>"
    measures = measure(read_html(html).segments)
    assert [[term for term in terms if "/" in term] for terms in measures.terms] == [[], ["/sport", "/football"]]
    [found] = measures.hashed_terms()
    assert {*hashes(["/sport", "/football"]).tolist()} <= {*found.hash[found.row == 1].tolist()}
    assert not {*hashes(["/sport", "/tag"]).tolist()} & {*found.hash[found.row == 0].tolist()}
