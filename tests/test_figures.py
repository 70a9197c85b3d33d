"""`benchmarks/figures.py`: README and quality.md hold what was measured last, and what it does not know stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from programs import script

FILE = Path(__file__).parents[1] / "benchmarks" / "figures.py"
TABLE = "Some prose.\n\n<!-- scores -->\n\n| | macro |\n|---|---:|\n| ours | 0.1 |\n| theirs | 0.2 |\n\nMore prose.\n"


@pytest.fixture(scope="module")
def figures() -> Any:
    return script(FILE)


def test_the_documents_hold_what_was_measured_last(figures: Any) -> None:
    measured = {name: json.loads((figures.RESULTS / file).read_text("utf-8")) for name, file in figures.SOURCES.items()}
    tables = figures.tables(**measured)
    assert len(tables) == 12
    for (file, name), rows in tables.items():
        text = (figures.ROOT / file).read_text("utf-8")
        assert len(rows) > 1
        assert figures.filled(text, name, rows, whole=file == figures.QUALITY) == text, f"{file}, {name}: run benchmarks/figures.py"


def test_rows_take_the_place_of_their_likes_or_of_all(figures: Any) -> None:
    assert figures.filled(TABLE, "scores", [["ours", "0.3"]], whole=False) == TABLE.replace("0.1", "0.3")
    assert figures.filled(TABLE, "scores", [["a", "1"], ["b", "2"]], whole=True) == TABLE.replace("ours | 0.1", "a | 1").replace(
        "theirs | 0.2", "b | 2"
    )


def test_a_table_or_a_row_that_is_not_there_is_an_error(figures: Any) -> None:
    with pytest.raises(ValueError, match="no table right below <!-- figures -->"):
        figures.filled(TABLE, "figures", [["ours", "0.3"]], whole=False)
    with pytest.raises(ValueError, match="<!-- scores -->: no row nobody's"):
        figures.filled(TABLE, "scores", [["ours", "0.3"], ["nobody's", "0.4"]], whole=False)
