from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from archives import lock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pagesieve.addresses import AddressError, check, found, opened, read, remove, replacing_at

FILE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
AFAR = "memory:///tides"


@pytest.fixture(params=["here", "afar"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty place, on disk and not."""
    if request.param == "here":
        yield str(tmp_path)
        return
    yield AFAR
    remove(AFAR)


def put(address: str, content: bytes = b"page") -> str:
    with replacing_at(address) as file:
        file.write(content)
    return address


def names(address: str, is_glob: bool = False) -> list[str]:
    return [name for name, _ in listed(address, is_glob)]


def listed(address: str, is_glob: bool = False) -> list[tuple[str, int | OSError]]:
    return [(file.address, file.size) for file in found(address, is_glob)]


# --------------------------------------------------------------------------------------------------------- listing


def test_a_folder_gives_what_is_below_it_by_name(root: str) -> None:
    sizes = {"a/b/y.txt": 1, "a/x.txt": 2, "a-b.txt": 3, "a.txt": 4, "empty.txt": 0}
    for name in reversed(sizes):
        put(f"{root}/{name}", b"." * sizes[name])
    expected = [(f"{root}/{name}", sizes[name]) for name in ("a/b/y.txt", "a/x.txt", "a-b.txt", "a.txt", "empty.txt")]
    assert listed(root) == listed(f"{root}/") == expected
    assert listed(f"{root}/a.txt") == [(f"{root}/a.txt", 4)]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.txt", ["b.txt"]),
        ("?", ["a/b/y.txt", "a/x.txt"]),
        ("a/[bx]*", ["a/b/y.txt", "a/x.txt"]),
        ("*/*.txt", ["a/x.txt"]),
        ("**/*.txt", ["a/b/y.txt", "a/x.txt", "b.txt"]),
        ("**", ["a/b/y.txt", "a/x.txt", "b.txt"]),
        ("*.html", []),
    ],
)
def test_a_pattern_gives_each_file_once(root: str, pattern: str, expected: list[str]) -> None:
    for name in ("a/b/y.txt", "a/x.txt", "b.txt"):
        put(f"{root}/{name}")
    assert names(f"{root}/{pattern}", is_glob=True) == [f"{root}/{name}" for name in expected]


def test_standard_input_is_a_file_of_no_known_size() -> None:
    assert listed("-") == [("-", 0)]


def test_a_place_with_nothing_is_told(root: str) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        list(found(f"{root}/nowhere"))
    put(f"{root}/folder/page.txt")
    remove(f"{root}/folder/page.txt")
    assert names(f"{root}/*.txt", is_glob=True) == []


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("in", "in/a.txt"),
        ("./in", "in/a.txt"),
        ("in/a.txt", "in/a.txt"),
        (".", "in/a.txt"),
        ("../{here}/in", "../{here}/in/a.txt"),
        ("{root}/in", "{root}/in/a.txt"),
        ("{root}/.//in/./a.txt", "{root}/in/a.txt"),
        ("file://{root}/in", "{root}/in/a.txt"),
    ],
)
def test_names_are_written_as_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, expected: str) -> None:
    put(f"{tmp_path}/in/a.txt")
    monkeypatch.chdir(tmp_path)
    filled = {"root": tmp_path, "here": tmp_path.name}
    assert names(asked.format(**filled)) == [expected.format(**filled)]


def test_names_are_relative_at_the_root_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(f"{tmp_path}/a.txt")
    monkeypatch.chdir("/")
    assert names(str(tmp_path)[1:]) == [f"{tmp_path}/a.txt"[1:]]


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes")
def test_links_are_followed_each_folder_comes_once(tmp_path: Path) -> None:
    put(f"{tmp_path}/in/a/x.txt", b"four")
    for name, target in {"a/circle": "..", "a/itself": ".", "a-again": "a", "a/link.txt": "x.txt", "lost.txt": "nowhere"}.items():
        (tmp_path / "in" / name).symlink_to(target)
    os.mkfifo(tmp_path / "in" / "pipe.txt")  # to open it is to wait for whoever writes
    everything = [(f"{tmp_path}/in/{name}", size) for name, size in (("a/link.txt", 4), ("a/x.txt", 4), ("lost.txt", 0))]
    assert listed(f"{tmp_path}/in") == everything
    assert listed(f"{tmp_path}/in/**", is_glob=True) == everything
    assert listed(f"{tmp_path}/in/*.txt", is_glob=True) == everything[2:]
    (tmp_path / "linked").symlink_to("in/a")
    assert names(f"{tmp_path}/link*", is_glob=True) == [f"{tmp_path}/linked/{name}" for name in ("circle/lost.txt", "link.txt", "x.txt")]
    with pytest.raises(FileNotFoundError):
        list(found(f"{tmp_path}/in/lost.txt"))


@pytest.mark.skipif(sys.platform == "win32", reason="links")
@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ({"in/z": "out"}, ["b.txt", "c/d.txt", "z/o.txt", "z/p/q.txt"]),
        ({"in/a": "out", "in/c/e": "out"}, ["a/o.txt", "a/p/q.txt", "b.txt", "c/d.txt"]),
        ({"in/a": "out/p", "in/e": "out"}, ["a/q.txt", "b.txt", "c/d.txt", "e/o.txt"]),  # each once, though `out` holds `p`
        ({"in/a": "in/c", "out/in": "in", "in/e": "out"}, ["b.txt", "c/d.txt", "e/o.txt", "e/p/q.txt"]),
        ({"in/a": "", "in/e": "out"}, ["a/out/o.txt", "a/out/p/q.txt", "b.txt", "c/d.txt"]),
    ],
)
def test_linked_folders_come_once_in_order(tmp_path: Path, links: dict[str, str], expected: list[str]) -> None:
    for name in ("in/b.txt", "in/c/d.txt", "out/o.txt", "out/p/q.txt"):
        put(f"{tmp_path}/{name}")
    for name, target in links.items():
        (tmp_path / name).symlink_to(tmp_path / target, target_is_directory=True)
    assert names(f"{tmp_path}/in") == [f"{tmp_path}/in/{name}" for name in expected]
    if "in/a" not in links or "out" in links["in/a"]:  # the folder itself is no match of the pattern
        assert names(f"{tmp_path}/in/*", is_glob=True) == names(f"{tmp_path}/in")


def test_a_folder_that_cannot_be_listed_stands_for_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.txt", "locked/b.txt", "z.txt"):
        put(f"{tmp_path}/in/{name}", b"four")
    lock(monkeypatch, "locked")
    for asked, is_glob in (("in", False), ("in/*", True)):
        first, (name, error), last = listed(f"{tmp_path}/{asked}", is_glob)
        assert (first, last) == ((f"{tmp_path}/in/a.txt", 4), (f"{tmp_path}/in/z.txt", 4))
        assert name == f"{tmp_path}/in/locked"
        assert isinstance(error, PermissionError)
    with pytest.raises(PermissionError, match="in/locked"):
        list(found(f"{tmp_path}/in/locked"))


@FILE
@given(st.text(st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_any_name_that_is_listed_can_be_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    remove(str(folder))
    folder.mkdir()
    try:
        (folder / f"{name}.txt").write_bytes(name.encode())
    except OSError:  # the disk does not take it
        return
    (listed,) = names(str(folder))
    assert read(listed) == name.encode()


def test_a_name_with_two_colons_is_no_chain_of_addresses(tmp_path: Path) -> None:
    put(f"{tmp_path}/in/zip::a.txt", b"tide")
    assert [read(name) for name in names(f"{tmp_path}/in")] == [b"tide"]


# --------------------------------------------------------------------------------------------- reading and writing


def test_standard_input_is_read_and_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    given = io.BytesIO(b"tide")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=given))
    with opened("-") as file:
        assert file.read() == b"tide"
    assert not given.closed


def test_what_is_not_there_reads_as_none(root: str) -> None:
    assert read(f"{root}/a/none.txt") is None
    assert read(put(f"{root}/a/empty.txt", b"")) == b""
    with pytest.raises(FileNotFoundError), opened(f"{root}/a/none.txt"):
        pytest.fail("opened")


def test_a_written_file_takes_the_place_of_the_old_one(root: str) -> None:
    for content in (b"old and long", b"new", b""):
        assert read(put(f"{root}/a/tides.txt", content)) == content
    assert names(root) == [f"{root}/a/tides.txt"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("old", [b"old", None])
def test_an_error_in_the_middle_leaves_what_was_there(root: str, error: type[BaseException], old: bytes | None) -> None:
    put(f"{root}/other.txt")
    if old is not None:
        put(f"{root}/tides.txt", old)

    def fail() -> None:
        with replacing_at(f"{root}/tides.txt") as file:
            file.write(b"new" * 100_000)
            raise error

    with pytest.raises(error):
        fail()
    assert read(f"{root}/tides.txt") == old
    assert len(names(root)) == (2 if old else 1)


def test_nothing_afar_is_to_be_seen_before_it_is_whole() -> None:
    with replacing_at(f"{AFAR}/tides.txt") as file:
        file.write(b"half")
        assert read(f"{AFAR}/tides.txt") is None
    assert read(f"{AFAR}/tides.txt") == b"half"
    remove(AFAR)


def test_a_file_or_a_folder_is_removed_and_nothing_else(root: str) -> None:
    for name in ("a/b/x.txt", "a/y.txt", "a.txt"):
        put(f"{root}/{name}")
    remove(f"{root}/a/y.txt")
    assert names(root) == [f"{root}/a/b/x.txt", f"{root}/a.txt"]
    remove(f"{root}/a")
    remove(f"{root}/a")  # there is none
    assert names(root) == [f"{root}/a.txt"]


def test_an_unknown_kind_of_address_is_told() -> None:
    for use in (read, check, remove, lambda address: list(found(address))):
        with pytest.raises(
            AddressError, match=r"^tide://bucket/page.txt: .*tide\); give a path, or one of the kinds .*file, .*memory, .*s3"
        ):
            use("tide://bucket/page.txt")


def test_what_a_kind_of_address_needs_is_told_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(ImportError, match=r"^s3://bucket/page.txt: [Ii]nstall s3fs.*; pip install"):
        read("s3://bucket/page.txt")
