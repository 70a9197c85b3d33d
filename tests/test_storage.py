from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SMALL
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pagesieve import corpus, training
from pagesieve.model import Linear, Model
from pagesieve.roles import LABEL_OF_ROLE, ROLES
from pagesieve.storage import FORMAT, ModelError, load_model, save_model
from pagesieve.words import Vocabulary

FILE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


def arrays_of(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as stored:
        return dict(stored)


def rewritten(model_file: Path, out: Path, **header: Any) -> Path:
    """A copy of the model file with other values in its header."""
    arrays = arrays_of(model_file)
    changed = {**json.loads(arrays["header"].tobytes()), **header}
    np.savez_compressed(out, **{**arrays, "header": np.frombuffer(json.dumps(changed).encode(), dtype=np.uint8)})
    return out


def same(one: Any, other: Any) -> bool:
    """Whether two values, however nested, hold the same arrays bit for bit."""
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if is_dataclass(one):
        return type(one) is type(other) and all(same(getattr(one, name), getattr(other, name)) for name in one.__dataclass_fields__)
    return bool(one == other)


# ------------------------------------------------------------------------------------------------------ model files


def test_a_model_that_cannot_be_saved_leaves_the_old_file_whole(tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    save_model(load_model(tiny_model), path)
    before = path.read_bytes()
    with pytest.raises(TypeError):
        save_model(replace(load_model(tiny_model), info={"made": object()}), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.npz"]


def test_the_same_model_gives_the_same_bytes(tiny_model: Path, tmp_path: Path) -> None:
    model = load_model(tiny_model)
    for name in ("one.npz", "two.npz"):
        save_model(model, tmp_path / name)
    expected = (tiny_model / "model.npz").read_bytes()
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes() == expected


@pytest.mark.parametrize("seed", ["0", "1"])
def test_another_process_gives_the_same_bytes(tiny_model: Path, tmp_path: Path, seed: str) -> None:
    code = "import sys; from pagesieve.storage import *; save_model(load_model(sys.argv[1]), sys.argv[2])"
    subprocess.run(
        [sys.executable, "-c", code, str(tiny_model), str(tmp_path / "copy.npz")], check=True, env={**os.environ, "PYTHONHASHSEED": seed}
    )
    assert (tmp_path / "copy.npz").read_bytes() == (tiny_model / "model.npz").read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"sequence": False},
        {"classifier": "sgd"},
        {"classifier": "majority", "sequence": False},
        {"words": False},
        {"groups": ()},
        {"groups": ("lines",)},
    ],
    ids=str,
)
def test_every_part_of_a_model_comes_back(tiny_corpus: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    chosen = replace(SMALL, networks=1, label_of_role={**LABEL_OF_ROLE, "caption": "body"}, **change)
    samples = training.prepare(corpus.read(tiny_corpus)[:6], chosen)
    folds = np.arange(len(samples)) // 2
    made, _ = training.fit(samples, training.cross_fit(samples, folds, chosen, seed=0), chosen, seed=0, info={"pages": 6, "name": "tür"})
    save_model(made, tmp_path / "model.npz")
    read = load_model(tmp_path)
    assert same(made, read)
    assert read.info == {"pages": 6, "name": "tür"}
    for sample in samples:
        assert same(made.judge(sample.measures).probabilities, read.judge(sample.measures).probabilities)


@FILE
@given(terms=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), min_size=1), unique=True))
def test_terms_of_any_characters_come_back(tmp_path: Path, terms: list[str]) -> None:
    weights = np.arange(len(terms) * len(ROLES), dtype=np.float32).reshape(-1, len(ROLES))
    nothing = Linear.prior(np.zeros(len(ROLES), dtype=np.float32))
    linear = replace(nothing, vocabulary=Vocabulary.of(terms), idf=np.ones(len(terms), dtype=np.float32), word_weights=weights)  # fmt: skip
    save_model(Model(linear), tmp_path / "model.npz")
    read = load_model(tmp_path).linear
    assert list(read.vocabulary.items()) == list(linear.vocabulary.items())
    assert same(read.word_weights, weights)


def test_a_model_is_found_by_its_folder_or_its_file(tiny_model: Path) -> None:
    assert same(load_model(tiny_model), load_model(str(tiny_model / "model.npz")))


@pytest.mark.parametrize("name", ["", "nowhere", "nowhere/model.npz"])
def test_a_missing_model_names_the_file_and_how_to_make_one(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError, match=rf"{name}.*: no model there; train one with `make train`"):
        load_model(tmp_path / name)


@FILE
@given(st.data())
def test_a_truncated_model_is_told_by_name_and_remedy(tiny_model: Path, tmp_path: Path, data: st.DataObject) -> None:
    whole = (tiny_model / "model.npz").read_bytes()
    cut = data.draw(st.one_of(st.integers(0, 200), st.integers(0, len(whole) - 1), st.integers(len(whole) - 200, len(whole) - 1)))
    (tmp_path / "model.npz").write_bytes(whole[:cut])
    with pytest.raises(ModelError, match=r"model\.npz: not a whole pagesieve model .*`make train`"):
        load_model(tmp_path)


@FILE
@given(st.data())
def test_changed_bytes_are_told_or_harmless(tiny_model: Path, tmp_path: Path, data: st.DataObject) -> None:
    broken = bytearray((tiny_model / "model.npz").read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(broken) - 1), min_size=1, max_size=8)):
        broken[place] ^= data.draw(st.integers(1, 255))
    (tmp_path / "model.npz").write_bytes(broken)
    try:
        read = load_model(tmp_path)
    except ModelError as error:
        assert "model.npz: " in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert same(replace(read, info={}), replace(load_model(tiny_model), info={}))


def plain_text(path: Path) -> None:
    path.write_text("Tide tables\n" * 100, encoding="utf-8")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def a_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps({"header": 1}))


def one_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


def a_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.npy", "not an array")


def listed_header(path: Path) -> None:
    np.savez(path, header=np.frombuffer(b"[1]", dtype=np.uint8))


def numeric_header(path: Path) -> None:
    np.savez(path, header=np.zeros(3))


def header_alone(path: Path) -> None:
    np.savez(path, header=np.frombuffer(b'{"format": %d}' % FORMAT, dtype=np.uint8))


@pytest.mark.parametrize("write", [plain_text, empty, a_pickle, one_array, a_zip, listed_header, numeric_header, header_alone])
def test_a_foreign_file_is_told_by_name_and_remedy(tmp_path: Path, write: Any) -> None:
    write(tmp_path / "model.npz")
    with pytest.raises(ModelError, match=r"model\.npz: not a whole pagesieve model .*`make train`"):
        load_model(tmp_path)


def test_arrays_of_something_else_are_told(tmp_path: Path) -> None:
    np.savez(tmp_path / "model.npz", weights=np.zeros(3))
    with pytest.raises(ModelError, match=r"model\.npz: not a pagesieve model \(it has no header\); give the model\.npz of a model folder"):
        load_model(tmp_path)


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.path, "sprung")


@pytest.mark.parametrize("name", ["header", "idf"])
def test_pickled_objects_are_refused_unread(tiny_model: Path, tmp_path: Path, name: str) -> None:
    trap = np.array([Trap(tmp_path / "sprung")], dtype=object)
    np.savez(tmp_path / "model.npz", **{**arrays_of(tiny_model / "model.npz"), name: trap})
    with pytest.raises(ModelError, match=r"model\.npz: .*allow_pickle"):
        load_model(tmp_path)
    assert not (tmp_path / "sprung").exists()


def test_the_trap_works() -> None:
    stream = io.BytesIO()
    np.save(stream, np.array([Trap(Path(os.devnull))], dtype=object), allow_pickle=True)
    stream.seek(0)
    assert np.load(stream, allow_pickle=True)[0] == len("sprung")


def test_another_format_tells_what_to_do(tiny_model: Path, tmp_path: Path) -> None:
    for other, remedy in ((FORMAT + 1, "upgrade pagesieve"), (FORMAT - 1, "train anew with `make train`")):
        path = rewritten(tiny_model / "model.npz", tmp_path / "new.npz", format=other)
        with pytest.raises(ModelError, match=rf"new\.npz: model format {other}, but this pagesieve reads format {FORMAT}; {remedy}"):
            load_model(path)
    load_model(rewritten(tiny_model / "model.npz", path, format=FORMAT))


def test_another_feature_table_asks_for_training_anew(tiny_model: Path, tmp_path: Path) -> None:
    columns = json.loads(arrays_of(tiny_model / "model.npz")["header"].tobytes())["columns"]
    for change in ({"columns": "length.chars*," + columns}, {"groups": ["tides"]}):
        path = rewritten(tiny_model / "model.npz", tmp_path / "old.npz", **change)
        with pytest.raises(ModelError, match=r"old\.npz: trained with another feature table .*train anew with `make train`"):
            load_model(path)


def test_other_roles_ask_for_training_anew(tiny_model: Path, tmp_path: Path) -> None:
    path = rewritten(tiny_model / "model.npz", tmp_path / "old.npz", roles=["body", "tides"])
    with pytest.raises(ModelError, match=r"old\.npz: trained for the roles \['body', 'tides'\].*train anew"):
        load_model(path)


def test_a_broken_label_map_is_told(tiny_model: Path, tmp_path: Path) -> None:
    path = rewritten(tiny_model / "model.npz", tmp_path / "odd.npz", labels={**LABEL_OF_ROLE, "body": "prose"})
    with pytest.raises(ModelError, match=r"odd\.npz: .*unknown labels \['prose'\]"):
        load_model(path)


@pytest.mark.parametrize("name", ["idf", "word_weights", "vocabulary"])
def test_a_vocabulary_that_does_not_fit_its_weights_is_told(tiny_model: Path, tmp_path: Path, name: str) -> None:
    arrays = arrays_of(tiny_model / "model.npz")
    np.savez(tmp_path / "odd.npz", **{**arrays, name: arrays[name][:-100]})
    with pytest.raises(ModelError, match=r"odd\.npz: .*differ in length"):
        load_model(tmp_path / "odd.npz")


LAYERS = ("mean", "scale", "weights_0_0", "weights_0_1", "weights_0_2", "weights_0_3", "bias_0_1", "weights_1_5")
OTHERS = (
    *("word_weights", "edges", "layout_weights", "intercept", "transitions", "confidence_said", "confidence_true", "cues", "article"),
    "edge_counts",
)


@pytest.mark.parametrize(
    ("name", "told"), [*((name, "do not fit together") for name in LAYERS), *((name, "in place of") for name in OTHERS)]
)
def test_arrays_that_do_not_fit_each_other_are_told(tiny_model: Path, tmp_path: Path, name: str, told: str) -> None:
    arrays = arrays_of(tiny_model / "model.npz")
    np.savez(tmp_path / "odd.npz", **{**arrays, name: arrays[name][..., :-1]})
    with pytest.raises(ModelError, match=rf"odd\.npz: not a whole pagesieve model \(ValueError: .*{told}"):
        load_model(tmp_path / "odd.npz")


@pytest.mark.parametrize(
    "name",
    [
        "idf",
        "word_weights",
        "edges",
        "layout_weights",
        "intercept",
        "transitions",
        "confidence_said",
        "article",
        "mean",
        "scale",
        "bias_0_1",
    ],
)
def test_what_is_no_number_is_told(tiny_model: Path, tmp_path: Path, name: str) -> None:
    arrays = arrays_of(tiny_model / "model.npz")
    np.savez(tmp_path / "odd.npz", **{**arrays, name: np.full_like(arrays[name], np.nan)})
    with pytest.raises(ModelError, match=r"odd\.npz: not a whole pagesieve model .*holds what is no number in use"):
        load_model(tmp_path / "odd.npz")


@pytest.mark.parametrize("temperature", [0, -1, float("nan"), float("inf")])
def test_a_temperature_that_is_none_is_told(tiny_model: Path, tmp_path: Path, temperature: float) -> None:
    path = rewritten(tiny_model / "model.npz", tmp_path / "odd.npz", temperature=temperature)
    with pytest.raises(ModelError, match=r"temperature holds what is no number in use"):
        load_model(path)


def test_networks_of_different_sizes_are_told(tiny_model: Path, tmp_path: Path) -> None:
    """One whose layers fit together, with a unit less than the other."""
    arrays = arrays_of(tiny_model / "model.npz")
    last = max(int(name.removeprefix("weights_1_")) for name in arrays if name.startswith("weights_1_"))
    for layer in range(last + 1):
        weights, bias = arrays[f"weights_1_{layer}"], arrays[f"bias_1_{layer}"]
        if layer:
            weights = weights[1:]
        if layer % 2 == 0:  # what gives units
            weights, bias = weights[:, 1:], bias[1:]
        arrays |= {f"weights_1_{layer}": weights, f"bias_1_{layer}": bias}
    np.savez(tmp_path / "odd.npz", **arrays)
    with pytest.raises(ModelError, match=r"odd\.npz: not a whole pagesieve model .*the networks differ in size"):
        load_model(tmp_path / "odd.npz")


@pytest.mark.parametrize("layers", [1, 2, 3, 4, 5, 7])
def test_a_network_without_all_its_layers_is_told(tiny_model: Path, tmp_path: Path, layers: int) -> None:
    with pytest.raises(ModelError, match="not a whole pagesieve model"):
        load_model(rewritten(tiny_model / "model.npz", tmp_path / "odd.npz", readers=[layers]))
