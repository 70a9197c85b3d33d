"""Entry point `python -m pagesieve.train`: labelled pages → scores and a saved model. Configured in `conf/train.yaml`."""

from __future__ import annotations

import hashlib
import itertools
import json
import platform
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from joblib import Parallel, delayed
from numpy.typing import NDArray
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from sklearn.pipeline import Pipeline
from tqdm import tqdm
from yaml import YAMLError

import pagesieve
from pagesieve import corpus, evaluation, report, training
from pagesieve.config import TrainConfig, check_out, run, settings
from pagesieve.corpus import Document
from pagesieve.excerpts import excerpt, remainder
from pagesieve.features import MARKUP
from pagesieve.files import write_text
from pagesieve.model import Model
from pagesieve.page import Page
from pagesieve.shelf import Shelf
from pagesieve.storage import MODEL_FILE, save_model
from pagesieve.threads import redressed
from pagesieve.training import Settings

__all__ = ["Gathered", "View", "by_site", "gather", "main", "train"]

TEXT_SCORES, MIXED_SCORES, HTML_SCORES = "unseen sites", "unseen pages, sites mixed", "unseen sites, HTML"  # names of scores
TEXT_PIPELINE, HTML_PIPELINE = "pipeline.joblib", "pipeline_html.joblib"
FILES = (MODEL_FILE, TEXT_PIPELINE, HTML_PIPELINE, "config.yaml", "MODEL_CARD.md", "manifest.json")  # of a model's folder
FACTS = ("name", "pages", "sites", "data_digest")  # of an earlier model, for the chain

_saved: set[Path] = set()  # the model folders that this process has written: by earlier jobs, if it is a sweep's


def train(config: TrainConfig) -> dict[str, Any]:
    """Train and save a model as configured; returns the facts that its model card is made of.

    Raises `FileNotFoundError`, `CorpusError` or `ValueError` for data and settings that cannot be used, before any model
    file is touched.
    """
    started = time.perf_counter()
    chosen = settings(config)
    _check_out(config)
    if config.cv.keep:
        check_out("cv.keep", config.cv.keep)
    _fixed_folds(config)
    gathered = gather(config)
    documents, views = gathered.documents, gathered.views
    bare = [replace(d, page=Page("", d.page.name), labels=()) for d in documents]  # what the model card and the manifest ask of them
    sites = len({d.site for d in bare})
    counts = report.corpus_table(documents)
    segments = sum(len(d.segments) for d in documents)
    renderings = f", and {len(views)} other renderings, pieces or repetitions of them" if views else ""
    print(f"{len(documents)} pages of {sites} sites, {segments} segments{renderings}\n\n{counts}\n", flush=True)

    text, of_html = by_site(gathered, chosen, config)
    outcomes = _outcomes(documents, text, of_html, config)
    summaries = {name: evaluation.summary(outcome.judged, config.seed) for name, outcome in outcomes.items()}
    print(f"{report.score_table(summaries)}\n\n{report.rates(summaries[TEXT_SCORES])}\n", flush=True)

    info = {
        "versions": {"pagesieve": pagesieve.__version__, **{name: version(name) for name in ("scikit-learn", "numpy")}},
        "data_digest": corpus.digest(documents),
        "pages": len(documents),
        "sites": sites,
        "seed": config.seed,
        "scores": report.plain({name: {by: {"macro": s[by]["macro"], "f1": s[by]["f1"]} for by in ("by_segments", "by_words")} for name, s in summaries.items()}),
    }  # fmt: skip
    model, pipelines = _fitted(text, of_html, config, info)
    facts = {
        **info,
        "name": Path(config.out).name,
        "segments": segments,
        **_data_facts(gathered, bare, text, of_html),
        **_score_facts(text, outcomes, config),
        "roles": counts,
        "summaries": summaries,
        "settings": OmegaConf.to_container(OmegaConf.create({"features": config.features, "model": config.model}), resolve=True),
        "seconds": round(time.perf_counter() - started, 1),
        "peak_memory_mb": _peak_memory(),
    }
    _save(Path(config.out), model, pipelines, config, facts, {d.page.name: d.sha256 for d in bare})
    if config.cv.keep:
        _keep(Path(config.cv.keep), text, of_html)
    print(f"saved {config.out}/{MODEL_FILE} after {facts['seconds']} s, {facts['peak_memory_mb']} MB at most in one process")
    return facts


def _outcomes(documents: Shelf[Document], text: View, of_html: View | None, config: TrainConfig) -> dict[str, Outcome]:
    """The outcomes to report, by the names of their scores; one more for folds that ignore sites, if that is asked for."""
    outcomes = {TEXT_SCORES: text.outcome}
    if config.cv.random_split:
        pages = [s.name.partition("@")[0] for s in text.samples]
        mixed = training.assign_folds(pages, config.cv.folds, config.seed)
        outcomes[MIXED_SCORES] = _cross_validated(MIXED_SCORES, documents, text.samples, mixed, text.settings, config)
    if of_html:
        outcomes[HTML_SCORES] = of_html.outcome
    return outcomes


def _fitted(text: View, of_html: View | None, config: TrainConfig, info: dict[str, Any]) -> tuple[Model, dict[str, Pipeline]]:
    """The model of all pages in both views, and its first passes by the names of their files."""
    model, pipeline = text.fit(config, info)
    pipelines = {TEXT_PIPELINE: pipeline}
    if of_html:
        html, pipelines[HTML_PIPELINE] = of_html.fit(config)
        model = replace(model, html=html)
    return model, pipelines


def _data_facts(gathered: Gathered, bare: Sequence[Document], text: View, of_html: View | None) -> dict[str, Any]:
    """What was learned from; `bare` are the labelled pages without their texts."""
    pieces = Counter(d.page.name.rpartition("@")[2] for d in itertools.chain(gathered.views, gathered.html_views if of_html else ()))
    return {
        "views": len(gathered.views),
        "pieces": pieces["excerpt"],
        "remainders": pieces["remainder"],
        "threads": sum("@thread" in d.page.name for d in gathered.views),
        "collapsed": pieces[training.COLLAPSED],
        "scripts": pieces[training.SCRIPTS],
        "html": len(gathered.html) if of_html else 0,
        "languages": dict(Counter(d.language for d in bare).most_common()),
        "sources": sorted({d.source for d in bare if d.source}),
        "licences": sorted({d.licence for d in bare if d.licence}),
        "unstated": {"sources": sum(not d.source for d in bare), "licences": sum(not d.licence for d in bare)},
        "held_out": sorted(gathered.held_out),
        "roots": gathered.roots,
        "chain": gathered.chain,
    }


def _articles(outcome: Outcome) -> dict[str, list[float]]:
    """How likely pages are said to have an article, by what they are."""
    return {
        "pages with an article": [page.article for page in outcome.judged if page.has_article],
        "pages without one": [page.article for page in outcome.judged if not page.has_article],
        "pages whose article was cut out": [said.article for said in outcome.calibrated.rests],
    }


def _score_facts(text: View, outcomes: dict[str, Outcome], config: TrainConfig) -> dict[str, Any]:
    """How the pages were split, and what is told of the scores beside their summaries."""
    by_site = {name: outcomes[name].judged for name in (TEXT_SCORES, HTML_SCORES) if name in outcomes}
    return {
        "folds": config.cv.folds,
        "fold_of_site": text.fold_of_site,
        "confidence": evaluation.confidence_table(text.outcome.judged),
        "articles": {name: evaluation.article_table(_articles(outcomes[name])) for name in by_site},
        "dials": {name: evaluation.dial_table(judged) for name, judged in by_site.items()},
        "breakdowns": {name: evaluation.breakdown(judged, config.seed) for name, judged in by_site.items()},
    }


class Gathered(NamedTuple):
    """What is trained on: labelled text dumps, their HTML; the sites held out.

    `views` are what else is made of the dumps: other renderings (`data.views` of each, `data.one_line` of all in one line, `data.scripts` with their scripts as text), pieces of them (`data.excerpts`, `data.remainders`), their threads of
    comments as other systems would show them (`data.threads`), and the dumps of `data.root` again where `data.times` has them count more than once; `html_views` are pieces of the HTML. `roots` are the folders they come from, `chain` the models that `start` goes back to (see `_chain`).
    """

    documents: Shelf[Document]
    views: Shelf[Document]
    html: Shelf[Document]
    html_views: Shelf[Document]
    held_out: set[str]
    roots: list[str]
    chain: list[dict[str, Any]]


def gather(config: TrainConfig) -> Gathered:
    """The labelled pages that `config` asks for."""
    earlier = _earlier(config)
    own = [config.data.root, *config.data.also]
    roots = _roots(config, earlier)
    documents: Shelf[Document] = Shelf()
    origin: dict[str, str] = {}
    sites: set[str] = set()
    left_out: Counter[str] = Counter()  # pages of one's own whose sites the earlier model has held out
    for root in roots:
        any_there = False
        for document in _stream(root, config, earlier, root in own):
            any_there = True
            name = document.page.name
            sites.add(document.site)
            if document.site in earlier.held_out and root in own:
                left_out[document.site] += 1
            if document.site in earlier.held_out or document.site in config.data.held_out or not document.segments:
                continue
            if name in origin:
                raise ValueError(f"{root}: {name} is in {origin[name]} too; rename one, or leave one folder out of data.also")
            documents.append(_cut(document))
            origin[name] = root
        if root in own and not any_there:
            raise ValueError(
                f"{root}: no labelled page of status {', '.join(config.data.statuses)}; review some (`make review`), or leave the folder out"
            )
    if not documents:
        raise ValueError(f"{', '.join(own)}: no labelled page of status {', '.join(config.data.statuses)} outside of the sites held out")
    held_out = _held_out(config, sites) | earlier.held_out
    if left_out:
        print(
            f"not trained on, for {earlier.name} has held these sites out: {', '.join(f'{site} ({n})' for site, n in sorted(left_out.items()))}"
        )
    chain = _chain(earlier, documents)
    views = _views(config, documents, origin)
    for number in range(1, config.data.times):
        for document in documents:
            if origin[document.page.name] == config.data.root:
                views.append(_cut(replace(document, page=replace(document.page, name=f"{document.page.name}@{number}"))))
    html = _html(config, documents, origin)
    dirty = itertools.chain(_collapsed(config, documents), _scripted(config, documents, origin))
    for view in itertools.chain(_threads(config, documents), dirty, _parts(config, documents)):
        views.append(view)
    return Gathered(documents, views, html, Shelf(_parts(config, html)), held_out, roots, chain)


def _roots(config: TrainConfig, earlier: Earlier) -> list[str]:
    """The folders to train on: the settings' own, and those of the model to start from."""
    own = [config.data.root, *config.data.also]
    resolved = _resolved(own)
    return [*own, *(root for root in earlier.roots if Path(root).resolve() not in resolved)]


def _resolved(folders: Iterable[str]) -> set[Path]:
    return {Path(folder).resolve() for folder in folders}


def _stream(root: str, config: TrainConfig, earlier: Earlier, own: bool) -> Iterator[Document]:
    """The labelled pages of a folder, which is one of the settings' `own` or one that the earlier model was trained on."""
    try:
        return corpus.stream(root, config.data.statuses)
    except FileNotFoundError as error:
        if own:
            raise
        raise ValueError(
            f"start={earlier.name}: was trained on {root}, where there are no label files now; restore them, or run where that path leads to them"
        ) from error


def _cut(document: Document) -> Document:
    """`document`, whose segments and their roles are worked out and so go with it to disk or to another process."""
    _ = document.roles
    return document


class Earlier(NamedTuple):
    """The model that `start` names: the folders it was trained on, the sites it left out, and its manifest; all empty without one."""

    roots: list[str]
    held_out: set[str]
    manifest: dict[str, Any]
    name: str = ""


def _earlier(config: TrainConfig) -> Earlier:
    """What is known of the model to start from; `ValueError` where its folder is not whole."""
    if config.start is None:
        return Earlier([], set(), {})
    folder = Path(config.start)
    lacking = [name for name in ("config.yaml", "manifest.json") if not (folder / name).is_file()]
    if lacking:
        raise ValueError(
            f"start={config.start}: has no {' and no '.join(lacking)}, so it is not known what it was trained on; give a folder that `make train` wrote "
            "(the model that comes with pagesieve cannot be started from: most of its pages are not in the repository)"
        )
    try:
        data = OmegaConf.load(folder / "config.yaml").data
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        roots = [data.root, *data.also, *manifest.get("roots", [])]
        _ = manifest["training_pages"].values(), [manifest[key] for key in FACTS]
    except (ValueError, KeyError, AttributeError, TypeError, YAMLError, OmegaConfBaseException) as error:
        raise ValueError(
            f"start={config.start}: its config.yaml or manifest.json is broken ({type(error).__name__}: {error}); copy the folder again, or train it anew"
        ) from error
    return Earlier(list(dict.fromkeys(roots)), set(manifest.get("held_out", [])), manifest, config.start)


def _chain(earlier: Earlier, documents: Iterable[Document]) -> list[dict[str, Any]]:
    """The models this one follows, oldest first, each with what it was trained on; [] for a first one.

    Raises `ValueError` where pages of the earlier model are gone: the new one would forget them unnoticed.
    """
    if not earlier.name:
        return []
    here = Counter(d.sha256 for d in documents)
    gone = sorted(page for page, sha256 in earlier.manifest["training_pages"].items() if sha256 not in here)
    if gone:
        raise ValueError(
            f"start={earlier.name}: {len(gone)} of its training pages are gone or changed, the first {gone[0]}; restore them in {', '.join(earlier.roots)}, "
            "or, if they are there, take their sites out of data.held_out and their status into data.statuses"
        )
    known = set(earlier.manifest["training_pages"].values())
    last = {key: earlier.manifest[key] for key in FACTS}
    added = sum(count for sha256, count in here.items() if sha256 not in known)
    print(f"{added} pages that {earlier.name} has not seen")
    return [*earlier.manifest.get("chain", []), {**last, "added_since": added}]


class Outcome(NamedTuple):
    """What a split gives: out-of-fold answers, these calibrated, and the pages judged so."""

    crossed: training.CrossFit
    calibrated: training.Calibrated
    judged: list[evaluation.Judged]

    @property
    def models(self) -> list[Model]:
        """A calibrated model a fold, each without any knowledge of it."""
        return [replace(model, calibration=own) for model, own in zip(self.crossed.models, self.calibrated.without, strict=True)]


class View(NamedTuple):
    """One view of the training pages, text or HTML, cross-validated by site."""

    samples: Shelf[training.Sample]
    settings: Settings
    outcome: Outcome

    @property
    def fold_of_site(self) -> dict[str, int]:
        """The fold in which each site was judged."""
        return {s.site: int(fold) for s, fold in zip(self.samples, self.outcome.crossed.folds, strict=True)}

    def fit(self, config: TrainConfig, info: dict[str, Any] | None = None) -> tuple[Model, Pipeline]:
        """The model of all these pages, calibrated, and its first pass as a scikit-learn pipeline."""
        outcome = self.outcome
        return training.fit(self.samples, outcome.crossed, self.settings, config.seed, outcome.calibrated.last, info, config.n_jobs)


def by_site(gathered: Gathered, chosen: Settings, config: TrainConfig) -> tuple[View, View | None]:
    """Text and HTML of the gathered pages, each judged by models that have not seen its site; no HTML where too few sites have it."""
    documents, html = gathered.documents, gathered.html
    samples = training.prepare(itertools.chain(documents, gathered.views), chosen)
    folds = training.assign_folds([s.site for s in samples], config.cv.folds, config.seed, _fixed_folds(config))
    fold_of = dict(zip([s.site for s in samples], folds.tolist(), strict=True))
    with_markup = replace(chosen, groups=(*chosen.groups, MARKUP))
    html_samples = training.prepare(itertools.chain(html, gathered.html_views), with_markup)
    html_folds = np.array([fold_of[s.site] for s in html_samples], dtype=np.int64)
    sites = [s.site for s in html_samples]
    if not config.cv.keep and len(np.unique(html_folds)) < config.cv.folds <= len(set(sites)):
        html_folds = training.assign_folds(sites, config.cv.folds, config.seed)  # few sites have HTML: folds of its own
    has_html = len(np.unique(html_folds)) == config.cv.folds
    outcome = _cross_validated(TEXT_SCORES, documents, samples, folds, chosen, config, _rests(documents, chosen))
    text = View(samples, chosen, outcome)
    if not has_html:
        if html:
            print(f"HTML is not learned from: only {len(set(sites))} sites have any, too few for cv.folds={config.cv.folds}\n", flush=True)
        return text, None
    outcome = _cross_validated(HTML_SCORES, html, html_samples, html_folds, with_markup, config, _rests(html, with_markup))
    return text, View(html_samples, with_markup, outcome)


def _cross_validated(
    name: str,
    documents: Sequence[Document],
    samples: Sequence[training.Sample],
    folds: NDArray[np.int64],
    chosen: Settings,
    config: TrainConfig,
    rests: Sequence[training.Sample] = (),
) -> Outcome:
    """The documents judged by models that saw no sample of their fold; `samples` begins with those of the documents, `rests` are some of these without their article."""
    crossed = training.cross_fit(samples, folds, chosen, config.seed, config.n_jobs, _progress(name))
    calibrated = training.calibrate(samples, crossed, chosen, len(documents), rests)
    answers = zip(documents, samples, calibrated.predictions, strict=False)
    return Outcome(crossed, calibrated, [evaluation.judge(d, s.measures.words, p, chosen.label_of_role) for d, s, p in answers])


def _rests(documents: Iterable[Document], chosen: Settings) -> Shelf[training.Sample]:
    """The documents without their article, of those that have one, and enough beside it."""
    return training.prepare(filter(None, map(remainder, documents)), chosen)


def _html(config: TrainConfig, documents: Shelf[Document], origin: dict[str, str]) -> Shelf[Document]:
    """The HTML pages beside the documents, labels carried over; those without HTML are left out."""
    if not config.data.html:
        return Shelf()
    from pagesieve.renderings import html_view

    work = Parallel(n_jobs=config.n_jobs, return_as="generator")(delayed(html_view)(d, origin[d.page.name]) for d in documents)
    shown = tqdm(work, total=len(documents), desc="HTML", unit="page", file=sys.stderr)
    return Shelf(_cut(view) for view in shown if view is not None)


def _views(config: TrainConfig, documents: Shelf[Document], origin: dict[str, str]) -> Shelf[Document]:
    """The other renderings to train on, `data.views` of each page."""
    if not config.data.views:
        return Shelf()
    from pagesieve.renderings import views  # only now: they need the extra `views`

    work = Parallel(n_jobs=config.n_jobs, return_as="generator")(
        delayed(_list)(views, d, origin[d.page.name], config.data.views, config.seed) for d in documents
    )
    shown = tqdm(work, total=len(documents), desc="renderings", unit="page", file=sys.stderr)
    return Shelf(_cut(view) for some in shown for view in some)


def _collapsed(config: TrainConfig, documents: Iterable[Document]) -> Iterator[Document]:
    """`data.one_line` of the documents in one line, for the second pass (see `training.COLLAPSED`)."""
    from pagesieve.renderings import FROM_TEXT, rendered

    for document in documents:
        if _chosen(config, training.COLLAPSED, document.page.name, config.data.one_line):
            view = rendered(document, training.COLLAPSED, FROM_TEXT["one-line"](document.page.text))
            if view is not None:
                yield _cut(view)


def _scripted(config: TrainConfig, documents: Iterable[Document], origin: dict[str, str]) -> Iterator[Document]:
    """`data.scripts` of the documents with their scripts as text, of those that have HTML; for the second pass (see `training.SCRIPTS`)."""
    from pagesieve.renderings import html_of, with_scripts

    for document in documents:
        if _chosen(config, training.SCRIPTS, document.page.name, config.data.scripts):
            html = html_of(Path(origin[document.page.name], "raw", document.page.name))
            view = None if html is None else with_scripts(document, html)
            if view is not None:
                yield _cut(view)


def _parts(config: TrainConfig, documents: Iterable[Document]) -> Iterator[Document]:
    """A piece of `data.excerpts` of the documents, and `data.remainders` of them without their article, drawn by the seed and a page's name."""
    kinds: tuple[tuple[str, float, Callable[[Document], Document | None]], ...] = (
        ("excerpt", config.data.excerpts, lambda document: excerpt(document, config.seed, config.data.bare)),
        ("remainder", config.data.remainders, remainder),
    )
    for document in documents:
        for kind, share, cut_out in kinds:
            if _chosen(config, kind, document.page.name, share):
                part = cut_out(document)
                if part is not None and part.segments:
                    yield _cut(part)


def _chosen(config: TrainConfig, kind: str, page: str, share: float) -> bool:
    """Whether the page is one of the `share` of which this kind is made, by the seed and the page's name."""
    return random.Random(f"{config.seed} {kind} {page}").random() < share


def _threads(config: TrainConfig, documents: Iterable[Document]) -> Iterator[Document]:
    """The pages with readers' comments, each with `data.threads` other looks of its thread, every second one in another rendering."""
    from pagesieve.renderings import FROM_TEXT, rendered

    for document in documents:
        for number in range(config.data.threads):
            view = redressed(document, config.seed + number)
            if view is not None and number % 2:
                name = random.Random(f"{config.seed} {view.page.name}").choice(sorted(FROM_TEXT))
                view = rendered(view, name, FROM_TEXT[name](view.page.text))
            if view is not None:
                yield _cut(view)


def _list(make: Callable[..., Iterable[Document]], *arguments: Any) -> list[Document]:
    return list(make(*arguments))


def _held_out(config: TrainConfig, sites: set[str]) -> set[str]:
    """The sites to leave out. Naming one that is not there is an error, for a misspelt one would be trained on."""
    missing = sorted(set(config.data.held_out) - sites)
    if missing:
        folders = ", ".join([config.data.root, *config.data.also])
        raise ValueError(
            f"data.held_out: no page of {', '.join(missing)} in {folders}; mend or remove the names; data=folder data.root=… begins without any"
        )
    return set(config.data.held_out)


def _progress(name: str) -> training.Progress:
    def show(work: Iterable[Any], total: int, what: str) -> Iterable[Any]:
        return tqdm(work, total=total, desc=f"{name}: {what}", unit="fit", file=sys.stderr)

    return show


def _peak_memory() -> int:
    """Megabytes of the largest process so far, workers included."""
    unit = 1 if platform.system() == "Darwin" else 1024  # bytes there, kilobytes elsewhere
    largest = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return round(largest * unit / 2**20)


def _check_out(config: TrainConfig) -> None:
    """`ValueError` if `out` cannot be written to, is neither an empty folder nor a model's, or holds a model that should not be lost."""
    out = Path(config.out)
    if out.exists() and not (out / MODEL_FILE).exists() and not (out.is_dir() and not any(out.iterdir())):
        raise ValueError(f"out={out}: {'a folder with other things in it' if out.is_dir() else 'a file'}; give a new folder or a model's")
    check_out("out", out)
    lost = "" if config.overwrite or not (out / MODEL_FILE).exists() else _lost(out, config)
    if lost:
        raise ValueError(
            f"out={out}: {lost}, which this training would replace; give another place with out=…, or overwrite=true to replace it"
        )


def _lost(out: Path, config: TrainConfig) -> str:
    """What model in the folder `out` would be lost though nobody may have meant it: another data's, or an earlier job's of this sweep; "" for none.

    One of the same data is trained anew again and again, and one that cannot be told from others' may be anything.
    """
    if out.resolve() in _saved and _is_sweep():
        return "holds the model of an earlier job of this sweep (a folder for each: 'out=models/seed${seed}')"
    try:
        known = json.loads((out / "manifest.json").read_text("utf-8"))["roots"]
        before = _resolved(known)
    except (OSError, ValueError, KeyError, TypeError):
        return "holds a model, and no manifest.json that tells what it was trained on"
    here = _roots(config, _earlier(config))
    return "" if before == _resolved(here) else f"holds a model trained on {', '.join(known)} and not on {', '.join(here)}"


def _is_sweep() -> bool:
    return HydraConfig.initialized() and HydraConfig.get().mode == RunMode.MULTIRUN


def _save(
    out: Path,
    model: Model,
    pipelines: dict[str, Any],
    config: TrainConfig,
    facts: dict[str, Any],
    pages: dict[str, str],
) -> None:
    """Write the model's files aside, then put them in the place of an older one's; what else lies in the folder stays.

    `pages` names what was learned from, by sha256.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".new-") as aside:
        folder = Path(aside)
        save_model(model, folder / MODEL_FILE)
        for name, pipeline in pipelines.items():
            joblib.dump(pipeline, folder / name, compress=3)
        write_text(folder / "config.yaml", OmegaConf.to_yaml(config, resolve=True))
        write_text(folder / "MODEL_CARD.md", report.model_card(facts))
        files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}
        manifest = {
            **{key: report.plain(value) for key, value in facts.items() if key != "roles"},
            "files": files,
            "training_pages": pages,
        }
        write_text(folder / "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1) + "\n")
        for name in FILES:
            if (folder / name).exists():
                (folder / name).replace(out / name)
            else:
                (out / name).unlink(missing_ok=True)
    _saved.add(out.resolve())


def _fixed_folds(config: TrainConfig) -> dict[str, int]:
    """The folds that `cv.fixed` gives sites. Raises `FileNotFoundError`, and `ValueError` for a file that holds anything else."""
    if config.cv.fixed is None:
        return {}
    if not Path(config.cv.fixed).is_file():
        raise FileNotFoundError(
            f"cv.fixed={config.cv.fixed}: no file there; give a JSON object with the fold of each site, or cv.fixed=null to have all dealt out"
        )
    try:
        found = json.loads(Path(config.cv.fixed).read_text("utf-8"))
        if all(fold in range(config.cv.folds) for fold in found.values()):
            return dict(found)
    except (ValueError, AttributeError, TypeError):
        pass
    raise ValueError(f"cv.fixed={config.cv.fixed}: must be a JSON object with a fold from 0 to {config.cv.folds - 1} for each site")


def _keep(folder: Path, text: View, of_html: View | None) -> None:
    """Save the folds' models and the fold of each site to `folder`, to judge more pages by models that have not seen their sites."""
    for number, model in enumerate(text.outcome.models):
        save_model(replace(model, html=of_html.outcome.models[number]) if of_html else model, folder / f"{number}.npz")
    write_text(folder / "folds.json", json.dumps(text.fold_of_site, indent=0, sort_keys=True) + "\n")


def main() -> None:
    """Let Hydra read the configuration, then train."""
    run("train", train)


if __name__ == "__main__":
    main()
