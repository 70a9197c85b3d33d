from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagesieve.shelf import Column, Shelf

items = st.lists(st.one_of(st.none(), st.integers(), st.text(), st.lists(st.floats(allow_nan=False))))


@given(items, st.slices(12), st.data())
def test_a_shelf_is_a_list(values: list[Any], some: slice, data: Any) -> None:
    shelf = Shelf(values)
    assert [*shelf] == values
    assert len(shelf) == len(values)
    assert [*shelf[some]] == values[some]
    numbers = data.draw(st.lists(st.integers(0, len(values) - 1))) if values else []
    assert [*shelf.take(numbers)] == [values[number] for number in numbers]
    with pytest.raises(IndexError):
        shelf[len(values)]
    shelf.append("one more")
    assert shelf[-1] == "one more"
    assert Shelf.of(shelf) is shelf
    assert [*Shelf.of(iter(values))] == values


def test_what_is_on_a_shelf_is_not_in_memory() -> None:
    tracemalloc.start()
    try:
        shelf = Shelf(np.full(100_000, number) for number in range(100))  # 80 MB
        assert sum(int(array[0]) for array in shelf) == 4950
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


READ = "import pickle, sys; print(*pickle.load(sys.stdin.buffer)[1:], sep=',', end='')"


def test_another_process_reads_what_was_put_on_a_shelf(tmp_path: Path) -> None:
    shelf = Shelf([*range(5)])
    sent = pickle.dumps(shelf.take([4, 0, 2]))
    read = subprocess.run([sys.executable, "-c", READ], input=sent, capture_output=True, check=True)
    assert read.stdout == b"0,2"
    assert [*shelf] == [*range(5)]  # it took nothing away when it ended


def test_the_file_goes_with_the_last_shelf_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    shelf: Sequence[int] = Shelf([1, 2, 3])
    part = shelf[1:]
    del shelf
    gc.collect()
    assert [*part] == [2, 3]
    del part
    gc.collect()
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
def test_a_full_disk_is_told_with_the_remedy() -> None:
    shelf: Shelf[bytes] = Shelf()
    shelf._file.stream = open("/dev/full", "wb")  # noqa: SIM115
    with pytest.raises(OSError, match=r"/dev/full: No space left.*TMPDIR"):
        shelf.append(bytes(100_000))


@given(st.lists(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), max_size=4)))
def test_a_column_is_what_was_put_at_its_end(tmp_path_factory: pytest.TempPathFactory, parts: list[list[tuple[int, int]]]) -> None:
    column = Column(tmp_path_factory.mktemp("column") / "it", np.int16, (2,))
    for part in parts:
        column.extend(np.array(part, dtype=np.int64).reshape(-1, 2))
    found = column.array()
    assert found.dtype == np.int16
    assert found.tolist() == [[*pair] for part in parts for pair in part]
