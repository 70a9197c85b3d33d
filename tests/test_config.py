from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from programs import composed

from pagesieve.config import FeaturesConfig, ModelConfig, TrainConfig, check_values, config_dir, register, settings
from pagesieve.features import GROUPS
from pagesieve.roles import LABEL_OF_ROLE
from pagesieve.training import CLASSIFIERS, Settings

CONF = Path(config_dir())
PROGRAMS = ("train", "evaluate", "label")


def choices(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_has_a_configuration_that_composes_without_overrides(name: str) -> None:
    config = composed(name)
    assert config.data.root == "data"
    assert not OmegaConf.missing_keys(config)


@pytest.mark.parametrize(("group", "choice"), [(g, c) for g in ("model", "features", "labels", "data", "experiment") for c in choices(g)])
def test_every_choice_composes_and_gives_settings(group: str, choice: str) -> None:
    config = composed("train", f"{group}={choice}", *(["data.root=elsewhere"] if (group, choice) == ("data", "folder") else []))
    found = settings(config)
    assert isinstance(found, Settings)
    assert list(found.label_of_role) == list(LABEL_OF_ROLE)
    assert not OmegaConf.missing_keys(config)


def test_the_choices_the_project_promises_are_there() -> None:
    assert {"majority", "logistic", "sgd", "sequence"} <= set(choices("model"))
    assert {settings(composed("train", f"model={choice}")).classifier for choice in choices("model")} == set(CLASSIFIERS)
    default = settings(composed("train"))
    assert default.sequence
    assert default.words
    assert set(default.groups) == set(GROUPS)
    assert default.label_of_role == dict(LABEL_OF_ROLE)
    assert not settings(composed("train", "model=logistic")).sequence
    assert not settings(composed("train", "features=layout")).words
    assert settings(composed("train", "features=words")).groups == ()


def test_an_experiment_changes_what_it_names_and_leaves_the_rest() -> None:
    plain, quick = composed("train"), composed("train", "experiment=quick")
    assert (quick.model.networks, quick.cv.folds, quick.out) == (1, 3, "models/quick")
    assert quick.features == plain.features
    assert not composed("train", "experiment=no_words").features.words


def test_a_folder_of_ones_own_must_be_named() -> None:
    assert composed("evaluate", "data=folder", "data.root=../elsewhere").data.root == "../elsewhere"
    with pytest.raises(OmegaConfBaseException, match="root"):
        _ = composed("evaluate", "data=folder").data.root


def promised() -> list[tuple[str, str]]:
    """Every program and its overrides that the configuration's comments and the README tell of."""
    texts = [path.read_text("utf-8") for path in (*sorted(CONF.rglob("*.yaml")), CONF.parent / "README.md")]
    found = [call for text in texts for call in re.findall(r'make (train|evaluate|label) ARGS="([^"]+)"', text)]
    return sorted({(program, overrides.replace("…", "somewhere")) for program, overrides in found})


@pytest.mark.parametrize(("program", "overrides"), promised())
def test_what_the_comments_and_the_readme_tell_to_type_composes(program: str, overrides: str) -> None:
    first_values = re.sub(r",\S+", "", overrides.removeprefix("-m ")) if overrides.startswith("-m ") else overrides
    composed(program, *first_values.split())


# The configuration files hold every value once more than `Settings` does; these say that they are the same values.


def test_the_schemas_have_the_fields_of_the_settings_and_no_others() -> None:
    assert {f.name for f in fields(ModelConfig)} | {f.name for f in fields(FeaturesConfig)} == {f.name for f in fields(Settings)} - {
        "label_of_role"
    }


def test_the_default_configuration_gives_the_default_settings() -> None:
    assert settings(composed("train")) == Settings()


# ---------------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("name", "override"),
    [
        ("train", "model.networkz=2"),
        ("train", "sed=1"),
        ("train", "cv.fold=3"),
        ("train", "data.rot=elsewhere"),
        ("train", "features.group=[]"),
        ("train", "labels.headlin=body"),
        ("evaluate", "flor=0.5"),
        ("label", "labeller=rules"),
        ("train", "model=sequense"),
        ("train", "experiment=slow"),
    ],
)
def test_a_misspelt_key_or_choice_is_refused_by_name(name: str, override: str) -> None:
    with pytest.raises((HydraException, OmegaConfBaseException), match=override.partition("=")[0].split(".")[-1]):
        composed(name, override)


@pytest.mark.parametrize(
    ("name", "override"),
    [
        ("train", "seed=zero"),
        ("train", "model.networks=two"),
        ("train", "model.networks=1.5"),
        ("train", "model.C=much"),
        ("train", "model.units=wide"),
        ("train", "model.sequence=perhaps"),
        ("train", "cv.folds=[3]"),
        ("train", "features.words=some"),
        ("evaluate", "floor=high"),
        ("evaluate", "worst=all"),
        ("label", "overwrite=maybe"),
    ],
)
def test_a_word_for_a_number_is_refused_by_name(name: str, override: str) -> None:
    with pytest.raises((HydraException, OmegaConfBaseException), match=override.partition("=")[0]):
        composed(name, override)


def test_a_key_in_a_choices_file_that_the_schema_does_not_know_is_refused(tmp_path: Path) -> None:
    for path in CONF.rglob("*.yaml"):
        copy = tmp_path / path.relative_to(CONF)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(path.read_text("utf-8"), "utf-8")
    register()
    with initialize_config_dir(str(tmp_path), version_base="1.3"):
        compose("train")
        (tmp_path / "model" / "sequence.yaml").open("a").write("\nnetworkz: 2\n")
        with pytest.raises(HydraException, match="networkz"):
            compose("train")


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("labels.body=article", "article"),
        ("+labels.sidebar=body", "sidebar"),
        ("~labels.caption", "caption"),
        ("model.classifier=forest", "forest"),
        ("features.groups=[smell]", "smell"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(override: str, named: str) -> None:
    config: TrainConfig = composed("train", override)
    with pytest.raises(ValueError, match=named):
        settings(config)


@pytest.mark.parametrize(
    ("name", "override"),
    [
        ("train", "data.times=0"),
        ("train", "data.times=-2"),
        ("train", "data.one_line=1.5"),
        ("train", "data.scripts=-0.1"),
        ("train", "data.bare=2"),
        ("train", "data.excerpts=-1"),
        ("train", "data.excerpts=3"),
        ("train", "data.remainders=2"),
        ("train", "data.threads=-1"),
        ("train", "data.views=-1"),
        ("train", "model.max_terms=0"),
        ("train", "model.max_terms=-1"),
        ("train", "model.layout_weight=-1"),
        ("train", "model.bins=1"),
        ("review", "port=99999"),
        ("review", "port=-1"),
        ("train", "model.alpha=0"),
        ("label", "model.alpha=-1"),
        ("train", "model.C=0"),
        *((name, "n_jobs=0") for name in PROGRAMS),
        ("train", "seed=-1"),
        ("label", "most=-3"),
        ("evaluate", "floor=2"),
        ("evaluate", "worst=-1"),
        ("review", "unsure=1.5"),
    ],
)
def test_a_number_out_of_its_range_is_refused_by_name(name: str, override: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(override)}[.0]*: give a number"):
        check_values(composed(name, override))


@pytest.mark.parametrize("name", [*PROGRAMS, "review", "exchange"])
def test_what_is_configured_is_within_its_range(name: str) -> None:
    check_values(composed(name))
