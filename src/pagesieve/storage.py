"""Where a trained `Model` lives: one `.npz` of plain arrays and JSON.

The file is read with `allow_pickle=False`: nothing in it can run code or name a class to build. Numbers are stored as
they are used, the vocabulary as one text, the rest as JSON, so that the file outlives scikit-learn's versions. The same
model gives the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pagesieve.calibration import SIGNS, Calibration
from pagesieve.features import GROUPS, LAYOUT, MARKUP, column_names
from pagesieve.files import replacing
from pagesieve.model import Linear, Model
from pagesieve.network import Network, Reader
from pagesieve.roles import ROLES, check_label_map
from pagesieve.sequence import CONTEXT_NAMES, MARKUP_NAMES
from pagesieve.words import Vocabulary

__all__ = ["FORMAT", "MODEL_FILE", "ModelError", "load_model", "model_digest", "save_model"]

FORMAT = 8  # raised whenever an older reader would misread a newer file
MODEL_FILE = "model.npz"
ZIP = b"PK"  # first bytes of an .npz file
DIGEST = 16  # hexadecimal digits that name a model
HTML_PREFIX = "html."  # of the names of the arrays for HTML pages


class ModelError(ValueError):
    """A model file that cannot be used; the message names the file, what is wrong with it and what to do."""


def save_model(model: Model, path: Path | str) -> None:
    """Write `model` to `path`, whole or not at all."""
    header, arrays = _packed(model)
    if model.html is not None:
        header["html"], more = _packed(model.html)
        arrays.update((HTML_PREFIX + name, array) for name, array in more.items())
    header_text = json.dumps(header, ensure_ascii=False, sort_keys=True)
    arrays = {"header": np.frombuffer(header_text.encode("utf-8"), dtype=np.uint8), **arrays}
    with replacing(path) as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def model_digest(model: Model) -> str:
    """A name for what `model` holds, 16 hexadecimal digits: the same for the same model in any file and any process."""
    import hashlib  # takes milliseconds that one page need not wait

    digest = hashlib.sha256()
    for part in (model, model.html) if model.html is not None else (model,):
        header, arrays = _packed(part)
        digest.update(json.dumps(header, ensure_ascii=False, sort_keys=True).encode("utf-8"))
        for name, array in arrays.items():
            digest.update(name.encode("utf-8"))
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:DIGEST]


def _packed(model: Model) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """`model` (without its `html`) as JSON values and arrays."""
    linear = model.linear
    arrays: dict[str, NDArray[Any]] = {
        "vocabulary": np.frombuffer(linear.vocabulary.text.encode("utf-8"), dtype=np.uint8),
        "idf": linear.idf.astype(np.float16),  # trained at this precision, see `training`
        "word_weights": linear.word_weights.astype(np.float16),
        "edges": np.concatenate([*linear.edges, np.zeros(0, dtype=np.float32)]),
        "edge_counts": np.array([len(edges) for edges in linear.edges], dtype=np.int64),
        "layout_weights": linear.layout_weights,
        "intercept": linear.intercept,
        "transitions": model.transitions,
        "confidence_said": model.calibration.said,
        "confidence_true": model.calibration.true,
        "cues": model.calibration.cues,
        "article": model.calibration.article,
    }
    header: dict[str, Any] = {
        "format": FORMAT,
        "roles": list(ROLES),
        "labels": dict(model.label_of_role),
        "groups": list(linear.groups),
        "columns": _column_digest(),
        "one_vs_rest": linear.one_vs_rest,
        "terms": len(linear.vocabulary),
        "readers": [],
        "shape_share": model.shape_share,
        "temperature": model.calibration.temperature,
        "info": dict(model.info),
    }
    if model.network is not None:
        arrays["mean"], arrays["scale"] = model.network.mean, model.network.scale
        header["first_share"] = model.network.first_share
        header["readers"] = [len(reader.layers) for reader in model.network.readers]
        for i, reader in enumerate(model.network.readers):
            for j, (weights, bias) in enumerate(reader.layers):
                arrays[f"weights_{i}_{j}"], arrays[f"bias_{i}_{j}"] = weights.astype(np.float16), bias.astype(np.float16)
    return header, arrays


def load_model(path: Path | str) -> Model:
    """The model in the file `path`, or in the file `model.npz` of the folder `path`.

    Raises `FileNotFoundError` if there is none, and `ModelError` if the file is truncated, foreign, of another format or of other features.
    """
    path = Path(path)
    file = path / MODEL_FILE if path.is_dir() else path
    if not file.is_file():
        raise FileNotFoundError(f"{file}: no model there; train one with `make train`, or give the path of a model folder")
    with file.open("rb") as begun:
        if not begun.read(len(ZIP)).startswith(ZIP):
            raise ModelError(
                f"{file}: not a whole pagesieve model (it is no .npz file); give a model folder or the {MODEL_FILE} in it, or train one with `make train`"
            )
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:  # numpy leaves a broken file open
            if "header" not in stored:
                raise ModelError(f"{file}: not a pagesieve model (it has no header); give the {MODEL_FILE} of a model folder")
            header = json.loads(stored["header"].tobytes().decode("utf-8"))
            arrays = {name: stored[name] for name in stored.files}
            _check_header(header, file)
            model = _build(header, arrays)
            if "html" not in header:
                return model
            _check_header(header["html"], file)
            html = {name.removeprefix(HTML_PREFIX): array for name, array in arrays.items() if name.startswith(HTML_PREFIX)}
            return replace(model, html=_build(header["html"], html))
    except (ModelError, PermissionError):
        raise
    except Exception as error:  # broken bytes fail in many ways: zipfile, zlib, tokenize, struct and numpy have errors of their own
        raise ModelError(
            f"{file}: not a whole pagesieve model ({type(error).__name__}: {error}); copy it again or train anew with `make train`"
        ) from error


def _column_digest() -> str:
    """Names the inputs the code computes now; a model trained on other inputs must not be used with them."""
    return ",".join([f"{f.group}.{f.name}" for f in LAYOUT]) + f"|{len(CONTEXT_NAMES)}|{len(MARKUP_NAMES)}"


def _check_header(header: dict[str, Any], file: Path) -> None:
    found = header.get("format")
    if found != FORMAT:
        remedy = "upgrade pagesieve" if isinstance(found, int) and found > FORMAT else "train anew with `make train`"
        raise ModelError(f"{file}: model format {found}, but this pagesieve reads format {FORMAT}; {remedy}")
    if header["roles"] != list(ROLES):
        raise ModelError(f"{file}: trained for the roles {header['roles']}, this pagesieve has {list(ROLES)}; train anew")
    if header["columns"] != _column_digest() or not set(header["groups"]) <= {*GROUPS, MARKUP}:
        raise ModelError(f"{file}: trained with another feature table than this pagesieve has; train anew with `make train`")


def _build(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Model:
    vocabulary = Vocabulary(arrays["vocabulary"].tobytes().decode("utf-8"), header["terms"])
    if not len(vocabulary) == len(arrays["idf"]) == len(arrays["word_weights"]):
        raise ValueError("vocabulary and weights differ in length")
    _check_arrays(header, arrays)
    bounds = np.cumsum(arrays["edge_counts"])[:-1]
    edges = tuple(np.split(arrays["edges"], bounds)) if len(arrays["edge_counts"]) else ()
    linear = Linear(
        vocabulary=vocabulary,
        idf=arrays["idf"].astype(np.float32),
        word_weights=arrays["word_weights"].astype(np.float32),
        edges=edges,
        layout_weights=arrays["layout_weights"],
        intercept=arrays["intercept"],
        groups=tuple(header["groups"]),
        one_vs_rest=bool(header["one_vs_rest"]),
    )
    network = None
    if header["readers"]:
        readers = tuple(
            Reader(
                tuple((arrays[f"weights_{i}_{j}"].astype(np.float32), arrays[f"bias_{i}_{j}"].astype(np.float32)) for j in range(layers))
            )
            for i, layers in enumerate(header["readers"])
        )
        network = Network(arrays["mean"], arrays["scale"], readers, float(header["first_share"]))
        _check_network(network)
    curve = arrays["confidence_said"], arrays["confidence_true"]
    calibration = Calibration(float(header["temperature"]), *curve, arrays["cues"], arrays["article"])
    labels, share = check_label_map(header["labels"]), float(header["shape_share"])
    return Model(linear, network, arrays["transitions"], labels, share, calibration, dict(header["info"].items()))


def _check_arrays(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    """`ValueError` unless the arrays beside the networks' have the sizes that follow from each other, and hold numbers."""
    counts, roles = arrays["edge_counts"], len(ROLES)
    columns = len(column_names(header["groups"]))
    shapes = {
        "word_weights": (header["terms"], roles),
        "edges": (int(counts.sum()),),
        "layout_weights": (int(counts.sum()) + len(counts), roles),
        "intercept": (roles,),
        "transitions": (roles, roles),
        "confidence_true": arrays["confidence_said"].shape,
        "cues": (len(arrays["cues"]), roles),
        "article": (SIGNS + 1 if len(arrays["article"]) else 0,),
    }
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name} has the shape {arrays[name].shape} in place of {shape}")
    if len(counts) not in (0, columns):
        raise ValueError(f"edges are there for {len(counts)} columns in place of {columns}")
    odd = [name for name in (*shapes, "idf", "confidence_said") if not np.isfinite(arrays[name]).all()]
    if odd or not 0 < header["temperature"] < np.inf:
        raise ValueError(f"{odd[0] if odd else 'temperature'} holds what is no number in use")


def _check_network(network: Network) -> None:
    """`ValueError` unless every layer takes what the one before gives, all networks are of one size, and their weights are numbers."""
    inputs, roles = len(network.mean), len(ROLES)
    found = [[weights.shape for weights, _ in reader.layers] for reader in network.readers]
    for shapes in found:
        units, gates = shapes[0][1], [shape[1] for shape in shapes[1:-1:2]]
        readings = [shape for columns in gates for shape in ((units, columns), (units + columns // 2, units))]
        if shapes != [(inputs, units), *readings, (units, roles)] or any(columns % 4 for columns in gates):
            raise ValueError("the layers of a network do not fit together")
    if any(shapes != found[0] for shapes in found):
        raise ValueError("the networks differ in size")
    if len(network.scale) != inputs or any(len(bias) != weights.shape[1] for reader in network.readers for weights, bias in reader.layers):
        raise ValueError("the layers of a network do not fit together")
    numbers = [network.mean, *(array for reader in network.readers for layer in reader.layers for array in layer)]
    if not all(np.isfinite(array).all() for array in numbers) or not (network.scale > 0).all():  # one that is infinite silences its input
        raise ValueError("a network holds what is no number in use")
