"""README and docs/api.md print what they say: each Python block that is followed by a block of output is run, and prints that.

After a new model `python tests/test_docs.py` writes what the blocks print now.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/api.md")
DECIMALS = re.compile(r"\d+\.\d+")
NEAR = 0.02  # processors differ in the last digits, and so in what they are rounded to
BLOCK = re.compile(r"```python\n(?P<code>.*?)```\n(?:```\n(?P<printed>.*?)```\n)?", re.DOTALL)


def as_run(text: str) -> str:
    """The Markdown `text` with the output that its blocks give, one after the other in one module."""
    module: dict[str, Any] = {}

    def run(block: re.Match[str]) -> str:
        if block["printed"] is None and "..." in block["code"]:
            return block[0]  # a sketch, not to be run
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(block["code"], module)
        return block[0] if block["printed"] is None else f"```python\n{block['code']}```\n```\n{out.getvalue()}```\n"

    return BLOCK.sub(run, text)


@pytest.mark.parametrize("page", PAGES)
def test_examples_print_what_they_say(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("PAGESIEVE_MODEL", raising=False)
    text = (ROOT / page).read_text("utf-8")
    assert any(block["printed"] for block in BLOCK.finditer(text))
    now = as_run(text)
    assert DECIMALS.sub("#", now) == DECIMALS.sub("#", text)
    assert [float(said) for said in DECIMALS.findall(now)] == pytest.approx([float(said) for said in DECIMALS.findall(text)], abs=NEAR)


if __name__ == "__main__":
    os.chdir(ROOT)
    for page in PAGES:
        Path(page).write_text(as_run(Path(page).read_text("utf-8")), "utf-8")
