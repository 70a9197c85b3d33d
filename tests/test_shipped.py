"""The model that comes with the package: its size, what it holds, and how good it is on pages it was not trained on."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import pagesieve
from pagesieve import corpus, evaluation
from pagesieve.sieve import SHIPPED, Sieve

ROOT = Path(__file__).parents[1]
FLOOR, CEILING = 0.89, 0.98  # macro-F1 over segments; above, held-out pages have leaked into training


@pytest.fixture(scope="module")
def sieve() -> Sieve:
    return pagesieve.load(SHIPPED)


def test_it_is_small() -> None:
    assert SHIPPED.stat().st_size <= 3_000_000


def test_it_holds_single_words_and_word_pairs_and_no_running_text(sieve: Sieve) -> None:
    terms = list(sieve.model.linear.vocabulary)
    whole = [term for term in terms if term.startswith("=")]
    assert max(len(term.split()) for term in terms if not term.startswith("=")) <= 2
    assert max(len(term.split()) for term in whole) <= 4  # interface phrases: "=share on facebook"
    assert len(terms) > 10_000


def test_it_stays_between_floor_and_ceiling_on_the_held_out_sites(sieve: Sieve) -> None:
    held_out = set(yaml.safe_load((ROOT / "conf/data/repository.yaml").read_text("utf-8"))["held_out"])
    documents = [d for d in corpus.read(ROOT / "data") if d.site in held_out]
    assert {d.site for d in documents} == held_out
    scores = evaluation.summary(evaluation.judge_documents(sieve.model, documents))
    assert FLOOR <= scores["by_segments"]["macro"].value <= CEILING
    assert scores["by_words"]["f1"]["body"].value >= 0.93
    assert max(scores["calibration_error"].values()) <= 0.05
