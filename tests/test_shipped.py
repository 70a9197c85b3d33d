"""The model that comes with the package: its size, what it holds, and how good it is on pages it was not trained on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

import pagesieve
from pagesieve import corpus, evaluation
from pagesieve.corpus import Label, segment_roles
from pagesieve.page import split
from pagesieve.renderings import html_view
from pagesieve.roles import LABEL_OF_ROLE, ROLES
from pagesieve.sieve import SHIPPED, Sieve

ROOT = Path(__file__).parents[1]
SEED = ROOT.parent / "shared" / "seed"
FLOOR, CEILING = 0.89, 0.98  # macro-F1 over segments; above, held-out pages have leaked into training
HTML_FLOOR, HTML_CEILING = 0.93, 0.995  # the same over the HTML of these pages


@pytest.fixture(scope="module")
def sieve() -> Sieve:
    return pagesieve.load(SHIPPED)


def test_it_is_small() -> None:
    assert SHIPPED.stat().st_size <= 3_000_000


def test_it_holds_single_words_and_word_pairs_and_no_running_text(sieve: Sieve) -> None:
    assert sieve.model.html is not None
    for model in (sieve.model, sieve.model.html):
        terms = list(model.linear.vocabulary)
        assert max(len(term.split()) for term in terms) == 2
        assert len(terms) > 10_000


def test_it_stays_between_floor_and_ceiling_on_the_held_out_sites(sieve: Sieve) -> None:
    held_out = set(yaml.safe_load((ROOT / "conf/data/repository.yaml").read_text("utf-8"))["held_out"])
    documents = [d for d in corpus.read(ROOT / "data") if d.site in held_out]
    assert {d.site for d in documents} == held_out
    scores = evaluation.summary(evaluation.judge_documents(sieve.model, documents))
    assert FLOOR <= scores["by_segments"]["macro"].value <= CEILING
    assert scores["by_words"]["f1"]["body"].value >= 0.92
    assert max(scores["calibration_error"].values()) <= 0.05
    assert scores["needless_words"].value <= 0.2


def test_html_stays_between_floor_and_ceiling_on_the_held_out_sites(sieve: Sieve) -> None:
    held_out = set(yaml.safe_load((ROOT / "conf/data/repository.yaml").read_text("utf-8"))["held_out"])
    views = [view for d in corpus.read(ROOT / "data") if d.site in held_out and (view := html_view(d, ROOT / "data")) is not None]
    assert len(views) >= 30
    assert sieve.model.html is not None
    scores = evaluation.summary(evaluation.judge_documents(sieve.model.html, views))
    assert HTML_FLOOR <= scores["by_segments"]["macro"].value <= HTML_CEILING
    assert scores["by_words"]["f1"]["body"].value >= 0.93
    assert scores["needless_words"].value <= 0.15


@pytest.mark.skipif(not SEED.is_dir(), reason="../shared/seed is not there")
def test_every_segment_of_the_seed_page_has_the_right_label(sieve: Sieve) -> None:
    text = next(SEED.glob("*.txt")).read_bytes()
    record = json.loads(next(SEED.glob("*.json")).read_text("utf-8"))
    result = sieve.segment(text)
    roles = segment_roles(split(result.text), [Label(r["start"], r["end"], r["role"]) for r in record["labels"]])
    wrong = [(s.label, s.text[:60]) for s, role in zip(result, roles, strict=True) if s.label != LABEL_OF_ROLE[ROLES[role]]]
    assert wrong == []
    assert len(result.teasers) == 20
