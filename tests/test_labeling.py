from __future__ import annotations

import itertools

import numpy as np
import pytest
from conftest import SITES, page_lines, page_text
from hypothesis import given
from hypothesis import strategies as st

from pagesieve.corpus import segment_roles
from pagesieve.labeling import BLOCK_REACH, HEAD_REACH, ROLE_OF_RULE, RULES, View, fire, outcomes, propose, to_labels
from pagesieve.page import split
from pagesieve.roles import ROLES

NUMBER = {rule.name: n for n, rule in enumerate(RULES)}
PROSE = "The ferry crossed the sound before dawn and nobody on the quay asked it why."
MORE = "Two surveyors measured the chapel again on Tuesday, which pleased the parish council very much."
MENU = ("Home", "Weather", "Sport")
THREAD = (PROSE, MORE, "2 comments", "oldsalt77 says", "It was not like that at all", "Reply")

# For each rule pages whose line marked with → it decides, and pages that differ little and whose marked line it does not.
CASES: dict[str, tuple[list[tuple[str, ...]], list[tuple[str, ...]]]] = {
    "error prompt": (
        [("→Oops, something went wrong.",), ("→Something went wrong" + " tar" * 36, PROSE)],
        [("→Something went right.",), ("→Something went wrong" + " tar" * 37, PROSE)],
    ),
    "link line": (
        [("→Read more: Old ferry",), ("→Lesen Sie auch: Die alte Fähre",), ("→Read also:" + " tar" * 38,)],
        [("→Read more: Ferry",), ("→Read the old ferry timetable",), ("→Read also:" + " tar" * 39,)],
    ),
    "teaser heading": (
        [("→Recommended stories",), ("→Most read in the valley this week",), ("→Das könnte Sie interessieren",), ("→あわせて読みたい",)],
        [("→Most read in the whole valley this week",), ("→Most read.",), ("→We recommended stories",), ("→Mostly read",)],
    ),
    "legal": (
        [("→© Mill Press",), ("→Mill Press. All rights reserved.",), (PROSE, "→Terms of use")],
        [("→Mill Press",), ("→Rights of way reserved for sheep",), (PROSE, "→The terms were useful")],
    ),
    "share": (
        [("→Share",), ("→Share this old story",), ("→WhatsApp",)],
        [("→Share this old ferry story",), ("→Shares fell",), ("→WhatsApp outage",)],
    ),
    "prompt": (
        [("→Sign in",), ("→Subscribe" + " tar" * 39,), ("→Advertisement",), (PROSE, "→Get our newsletter every Friday at six, just before the market opens its gates.")],
        [("→Signs",), ("→Subscribe" + " tar" * 40,), ("→Old advertisement",), (PROSE, "→The harbour master counted nine barrels of tar and then told the readers of a newsletter.")],
    ),
    "credit": (
        [("→The quay at noon (Photo: Ada Quill)",), ("→Foto: Ada Quill",), (PROSE, "→The quay. Getty Images", MORE)],
        [("→The quay at noon, a photo that Ada Quill took",), ("→(AFP)",), (PROSE, "→The getty of images", MORE)],
    ),
    "byline": (
        [("→By Ada Quill", PROSE, MORE), (PROSE, "→Von Ada Quill", MORE), ("→By Ada Quill", *["Home"] * (HEAD_REACH - 1), PROSE)],
        [("→Bye Ada Quill", PROSE, MORE), (PROSE, MORE, "→By Ada Quill"), ("→By Ada Quill", *["Home"] * HEAD_REACH, PROSE)],
    ),
    "date line": (
        [("→12 May 2024", PROSE), ("→4 min read", PROSE), ("→Updated" + " tar" * 13, PROSE)],
        [("→12 mayors", PROSE), (PROSE, "→4 min read"), ("→Updated" + " tar" * 14, PROSE)],
    ),
    "title": (
        [(*MENU, "→Ferry wins lease", "Ada Quill", PROSE), ("A ferry again", "→The old ferry wins a lease", PROSE)],
        [(*MENU, "→Ferry wins", "Ada Quill", PROSE), ("→A ferry again", "The old ferry wins a lease", PROSE), ("→Ferry wins lease",)],
    ),
    "thread heading": (
        [(PROSE, MORE, "→2 comments", *THREAD[3:]), (PROSE, MORE, "→Kommentare", "Ada sagt", "Nein", "Antworten")],
        [(PROSE, MORE, "→2 comments", *THREAD[3:5]), ("→2 comments", *THREAD[3:], PROSE, MORE), (PROSE, "→No comments", "Reply", "Reply")],
    ),
    "thread": (
        [(*THREAD, "→I was there"), (*THREAD[:3], "→oldsalt77 says", *THREAD[4:])],
        [(*THREAD, "Leave a reply", "→I was there"), (*THREAD, "Most read", "→I was there"), (*THREAD[:4], "→I was there")],
    ),
    "under heading": (
        [(PROSE, "Read next", "→Mill closes for winter"), (PROSE, "Read next", *["Home"] * (BLOCK_REACH - 1), "→Mill closes for winter")],
        [(PROSE, "Read next", "→Mill closes again"), (PROSE, "Read next", *["Home"] * BLOCK_REACH, "→Mill closes for winter")],
    ),
    "prose": (
        [(f"→{PROSE}",), (PROSE, "→" + "Tar " * 11 + "tar.", MORE)],
        [(f"→{PROSE[:-1]}",), (PROSE, "→" + "Tar " * 10 + "tar.", MORE), (PROSE, f"→• {PROSE}", MORE)],
    ),
    "inside": (
        [(PROSE, "→A tide of ledgers", MORE), (PROSE, "→• nine barrels", MORE)],
        [(PROSE, MORE, "→A tide of ledgers"), ("→A tide", PROSE, MORE)],
    ),
    "story list": (
        [(PROSE, "→• Mill closes for winter at last",)],
        [(PROSE, "→• Mill closes for the winter"), (PROSE, "→Mill closes for winter at last"), ("→• Mill closes for winter at last", PROSE)],
    ),
    "the rest": ([("→Home",), (PROSE, "→Ferry"), ("→Ada",)], [(f"→{PROSE}",), ("→Share",)]),
}  # fmt: skip


def marked(lines: tuple[str, ...]) -> tuple[View, int]:
    segments = split("\n\n".join(line.removeprefix("→") for line in lines))
    assert len(segments) == len(lines)
    return View(segments), next(i for i, line in enumerate(lines) if line.startswith("→"))


def test_every_rule_has_its_cases() -> None:
    assert list(CASES) == [rule.name for rule in RULES]


@pytest.mark.parametrize(("name", "lines"), [(name, lines) for name, (hits, _) in CASES.items() for lines in hits])
def test_a_rule_decides_what_it_is_for(name: str, lines: tuple[str, ...]) -> None:
    view, place = marked(lines)
    assert RULES[fire(view.segments)[place]].name == name


@pytest.mark.parametrize(("name", "lines"), [(name, lines) for name, (_, misses) in CASES.items() for lines in misses])
def test_a_rule_does_not_decide_what_is_merely_like_it(name: str, lines: tuple[str, ...]) -> None:
    view, place = marked(lines)
    if name == "the rest":  # the last rule fires always, so only those above keep it from deciding
        assert RULES[fire(view.segments)[place]].name != name
    else:
        assert not RULES[NUMBER[name]].fires(view, place)


def test_rules_have_names_reasons_and_known_roles_and_the_last_fires_always() -> None:
    assert len(NUMBER) == len(RULES)
    assert all(rule.why and rule.role in ROLES for rule in RULES)
    assert {rule.role for rule in RULES} == set(ROLES)
    assert all(RULES[-1].fires(View(split(text)), 0) for text in ("Home", PROSE))


PAGE = """\
  • Oops!
    Something went wrong.
Home
Weather
Sign in

Tortoise crosses the county in nine days

By Ada Quill
12 May 2024, 4 min read

The tortoise at the mill (Photo: Tom Rusk)

The tortoise left the dairy on a wet Monday and was not seen again until the following weekend.

A slow start

Farmers along the road say that it stopped at every gate, drank from the trough and went on without a word.

Share this story

Recommended stories

  • Ferry wins new lease at last

    The harbour master has signed, and the ferry will run until the lighthouse is repaired.

  • Orchard closes for winter after storm

2 comments
gullwatcher says:
I was there and it was not like that!
Reply

© Mill Press. All rights reserved.
"""

EXPECTED = (
    "boilerplate boilerplate boilerplate boilerplate headline meta meta caption body body body boilerplate "
    "teaser_heading teaser teaser teaser boilerplate comment comment comment boilerplate"
)


def test_the_rules_give_a_plain_page_its_roles() -> None:
    assert [ROLES[role] for role in propose(split(PAGE))] == EXPECTED.split()


@pytest.mark.parametrize("site", SITES[:4])
def test_the_rules_are_mostly_right_about_invented_pages(site: str) -> None:
    lines = page_lines(site, 3)
    said = [ROLES[role] for role in propose(split(page_text(lines)))]
    true = [role for role, text in lines if text.strip()]
    assert np.mean([a == b for a, b in zip(said, true, strict=True)]) > 0.75


def test_an_empty_page_has_no_proposals() -> None:
    assert len(propose(())) == len(fire(())) == 0
    assert to_labels((), ()) == []


def test_a_page_without_prose_is_proposed_without_body() -> None:
    assert {ROLES[role] for role in propose(split("\n\n".join(MENU)))} == {"boilerplate"}


texts = st.lists(
    st.sampled_from([PROSE, "• Home", "", " ", "  two words", "3 comments", "Read more", "©", "新聞。", "\u00a0"]), max_size=12
)


@given(texts, st.lists(st.integers(0, len(ROLES) - 1), min_size=12, max_size=12))
def test_labels_are_ordered_ranges_that_cover_the_page_and_give_the_roles_back(lines: list[str], drawn: list[int]) -> None:
    text = "\n".join(lines)
    segments = split(text)
    roles = drawn[: len(segments)]
    labels = to_labels(segments, roles)
    uncovered, position = "", 0
    for label in labels:
        assert position <= label.start < label.end <= len(text)
        uncovered += text[position : label.start]
        position = label.end
    assert not (uncovered + text[position:]).strip()
    assert segment_roles(segments, labels).tolist() == roles
    assert all(a.role != b.role for a, b in itertools.pairwise(labels))


@given(texts)
def test_every_segment_is_decided_by_the_first_rule_that_fires(lines: list[str]) -> None:
    segments = split("\n".join(lines))
    view, fired = View(segments), fire(segments)
    for i, number in enumerate(fired):
        assert [rule.fires(view, i) for rule in RULES[: number + 1]] == [False] * number + [True]
    np.testing.assert_array_equal(propose(segments), ROLE_OF_RULE[fired])


def test_outcomes_count_what_each_rule_decided_and_how_often_rightly_on_reviewed_pages() -> None:
    share, prose = NUMBER["share"], NUMBER["prose"]
    fired = [np.array([share, prose, prose]), np.array([share, prose])]
    body, caption = ROLES.index("body"), ROLES.index("caption")
    found = outcomes(fired, [np.array([caption, body, caption]), None])
    assert [o.rule for o in found] == list(RULES)
    assert (found[share].fired, found[share].reviewed, found[share].right) == (2, 1, 0)
    assert (found[prose].fired, found[prose].reviewed, found[prose].right) == (3, 2, 1)
    assert sum(o.fired for o in found) == 5
    assert sum(o.fired for o in outcomes([], [])) == 0
