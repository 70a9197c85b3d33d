"""Facts to read: tables for the terminal, the model card, and the self-contained HTML report. Facts in, strings out."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from pagesieve.corpus import Document
from pagesieve.evaluation import (
    ARTICLE_LIMITS,
    Interval,
    Judged,
    breakdown,
    calibration,
    confusion,
    precision_recall,
    wrong_words,
)
from pagesieve.render import COLOURS, page_html
from pagesieve.roles import LABELS, ROLES

__all__ = [
    "Change",
    "article_table",
    "change_table",
    "confidence_table",
    "corpus_table",
    "dial_table",
    "html_report",
    "model_card",
    "plain",
    "role_table",
    "score_table",
    "table",
]

LEAST_PAGES = 5  # a smaller group's scores say nothing


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table, its columns aligned so that it also reads well on a terminal; numbers to the right."""
    cells = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    right = [bool(rows) and all(str(row[i])[:1] in "0123456789–+-" for row in rows) for i in range(len(head))]

    def line(row: Sequence[str]) -> str:
        return "| " + " | ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)) + " |"

    rule = "|" + "|".join("-" * (w + 1) + (":" if r else "-") for w, r in zip(widths, right, strict=True)) + "|"
    return "\n".join([line(cells[0]), rule, *(line(row) for row in cells[1:])])


def corpus_table(documents: Iterable[Document]) -> str:
    """Segments and pages per role of these pages."""
    segments = dict.fromkeys(ROLES, 0)
    pages = dict.fromkeys(ROLES, 0)
    for document in documents:
        for role in set(document.roles.tolist()):
            pages[ROLES[role]] += 1
        for role in document.roles.tolist():
            segments[ROLES[role]] += 1
    total = max(sum(segments.values()), 1)
    return table(["role", "segments", "share", "pages"], [[r, segments[r], f"{segments[r] / total:.1%}", pages[r]] for r in ROLES])


def score_table(summaries: Mapping[str, Mapping[str, Any]]) -> str:
    """F1 of each label and their mean, over segments and over words, a pair of lines for each named `summary`."""
    rows = []
    for name, scores in summaries.items():
        for by in ("segments", "words"):
            found = scores[f"by_{by}"]
            rows.append([name, by, found["macro"], *(found["f1"][label] for label in LABELS)])
    return table(["scores", "F1 over", "macro", *LABELS], rows)


@dataclass(frozen=True, slots=True)
class Change:
    """What a model gained over an older one on the pages of one view: `evaluation.comparison`, and what it was made of."""

    view: str
    found: Mapping[str, Any]
    before: Sequence[Judged]
    after: Sequence[Judged]
    documents: Mapping[str, Document]


def change_table(changes: Sequence[Change]) -> str:
    """Differences of F1 with their intervals; above nought the newer model is better."""
    rows = []
    for change in changes:
        for by in ("segments", "words"):
            found = change.found[f"by_{by}"]
            rows.append([change.view, by, *(_signed(gain) for gain in (found["macro"], *(found["f1"][label] for label in LABELS)))])
    gained = "\n".join(
        f"{change.view}: {sum(gain > 0 for gain in change.found['pages'].values())} pages got better, "
        f"{sum(gain < 0 for gain in change.found['pages'].values())} worse, "
        f"{len(change.after) - len(change.found['pages'])} have as many wrong words as before"
        for change in changes
    )
    return f"{table(['change of', 'F1 over', 'macro', *LABELS], rows)}\n\n{gained}"


def _signed(gain: Interval) -> str:
    return "–" if gain.value != gain.value else f"{gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"


def role_table(scores: Mapping[str, Any]) -> str:
    """F1 of each role over segments and over words."""
    return table(
        ["role", "F1 over segments", "F1 over words"],
        [[r, scores["by_segments"]["roles"][r], scores["by_words"]["roles"][r]] for r in ROLES],
    )


def rates(scores: Mapping[str, Any]) -> str:
    """The rates users ask for, a line each."""
    error = ", ".join(f"{label} {_bare(value)}" for label, value in scores["calibration_error"].items())
    return (
        f"comment words taken for body: {scores['comment_as_body']}\n"
        f"pages with teasers that have one in the body: {scores['leaking_pages']}\n"
        f"pages without an article that get a body: {scores['needless_bodies']}, of their words {scores['needless_words']}\n"
        f"expected calibration error: {error}"
    )


def dial_table(rows: Sequence[Mapping[str, float]]) -> str:
    """What the dial does to precision and recall over words (from `evaluation.dial_table`)."""
    head = ["dial", "body precision", "body recall", "teaser precision", "teaser recall", "pages with a teaser in the body"]
    return table(head, [[f"{row['dial']:.2f}", *(_bare(value) for key, value in row.items() if key != "dial")] for row in rows])


def _bare(value: float) -> str:
    """A figure without an interval; as with one, "–" where there was nothing to measure."""
    return "–" if value != value else f"{value:.3f}"


def confidence_table(found: Mapping[str, Any]) -> str:
    """Confidence of pages against their share of right words (from `evaluation.confidence_table`)."""
    rows = [[f"{b['said']:.3f}", f"{b['true']:.3f}", b["pages"]] for b in found["bins"]]
    return table(["confidence", "share of words right", "pages"], rows)


def article_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """How many pages of some kinds are said to have an article (from `evaluation.article_table`)."""
    limits = [f"article ≥ {limit:g}" for limit in ARTICLE_LIMITS]
    return table(["pages", "number", *limits], [[row["kind"], row["pages"], *(f"{share:.3f}" for share in row["at"])] for row in rows])


def plain(value: Any) -> Any:
    """`value` with every `Interval` as {"value", "low", "high"} and NaN as None, ready for JSON."""
    if isinstance(value, Interval):
        return {"value": plain(value.value), "low": plain(value.low), "high": plain(value.high)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return None if value != value else round(value, 6)
    return value


def model_card(facts: Mapping[str, Any]) -> str:
    """MODEL_CARD.md of a trained model, from the facts that `pagesieve.train` gathers."""
    scores: Mapping[str, Mapping[str, Any]] = facts["summaries"]
    by_site = next(iter(scores.values()))
    settings = "\n".join(f"- `{key}`: {value}" for key, value in facts["settings"].items())
    languages = ", ".join(f"{code} {count}" for code, count in facts["languages"].items())
    return f"""# Model card: {facts["name"]}

Labels every segment of a scraped news page ({_views(facts["html"])}) as article body, boilerplate or recommended-story teaser.
Made by pagesieve {facts["versions"]["pagesieve"]} with scikit-learn {facts["versions"]["scikit-learn"]} and numpy {facts["versions"]["numpy"]}, seed {facts["seed"]}.

## Data

{facts["pages"]} pages of {facts["sites"]} sites, {facts["segments"]} segments; digest `{facts["data_digest"]}`.
Languages: {languages}. Sources: {_stated(facts, "sources")}. Licences: {_stated(facts, "licences")}.
{_html_pages(facts["html"])}
{_pieces(facts["pieces"], facts["remainders"], facts["html"])}{_threads(facts["threads"])}{_dirty(facts["collapsed"], facts["scripts"])}Held out and never trained on: {", ".join(facts["held_out"]) or "no site"}.
{_chain(facts["chain"])}
{facts["roles"]}

## Scores

Each page judged by a model that never saw its site ({facts["folds"]} folds), with 95 % bootstrap intervals over sites.
"unseen sites" are text dumps{_html_scores(facts["html"])}. Where a block has
"sites mixed", its folds ignore sites: the difference is how much such a split flatters.

{score_table(scores)}

{role_table(by_site)}

{rates(by_site)}

{_html_rates(scores)}By language and by renderer (F1 over segments; groups of {LEAST_PAGES} pages or more):

{_breakdowns(facts["breakdowns"])}

## Confidence

`Segmentation.confidence` is the expected share of a page's words with the right label. Pages in ten groups by rising
confidence; mean distance {facts["confidence"]["error"]:.3f}.

{confidence_table(facts["confidence"])}

## Whether there is an article

`Segmentation.article` is how likely a page has one, where pages with and without count alike; a page that gets no body has 0. Shares of pages
of sites not seen for which it is at least so much.

{_articles(facts["articles"])}

## The dial

`segment(page, dial=…)`, from "no foreign line in the body" (0) to "no body line lost" (1); over words, sites not seen.

{_dials(facts["dials"])}

## Settings

{settings}

## Limits

Probabilities are as reliable as the calibration error above says. Pages unlike the training
pages (other languages, forums, shops, search results) are outside of what these scores cover. The file holds single words
and word pairs of the training pages{", and words of their tags, classes and ids" if facts["html"] else ""}, with their weights; no running text.
"""


def _chain(chain: Sequence[Mapping[str, Any]]) -> str:
    """The models this one follows, a line each; "" for a first one."""
    lines = [
        f"- {link['name']}: {link['pages']} pages of {link['sites']} sites, digest `{link['data_digest']}`; {link['added_since']} pages added"
        for link in chain
    ]
    return (
        "\nTrained anew on the pages of earlier models and on what was added, oldest first:\n\n" + "\n".join(lines) + "\n" if lines else ""
    )


def _views(html: int) -> str:
    """What the model reads, by the number of HTML pages that it was trained on."""
    return "a text dump, or HTML" if html else "a text dump"


def _html_scores(html: int) -> str:
    return ', "unseen sites, HTML" the HTML of the pages that have it, labels carried over' if html else ""


def _stated(facts: Mapping[str, Any], key: str) -> str:
    """The pages' sources or licences, and of how many pages none is known."""
    without = facts["unstated"][key]
    if not facts[key] or not without:
        return "; ".join(facts[key]) or "not stated"
    return f"{'; '.join(facts[key])}; not stated for {without} page{'s' if without > 1 else ''}"


def _html_pages(count: int) -> str:
    """What the part of the model that reads HTML is trained from, if there is one."""
    if not count:
        return "No HTML is learned from: this model reads text dumps alone."
    return f"{count} of the pages have HTML beside the text dump; from these the part of the model that reads HTML is trained."


def _pieces(articles: int, others: int, html: int) -> str:
    """What was cut out of the labelled pages to learn from; "" for nothing."""
    kinds = ((articles, "pieces of their articles alone"), (others, "pages without their article"))
    parts = " and ".join(f"{count} {kind}" for count, kind in kinds if count)
    return f"{parts}{', text and HTML,' if html else ''} are learned from beside the pages.\n" if parts else ""


def _dirty(collapsed: int, scripts: int) -> str:
    """How many pages the networks learned from as crawls spoil them; "" for none."""
    kinds = ((collapsed, "in one line"), (scripts, "with scripts and style sheets taken for text"))
    parts = " and ".join(f"{count} {kind}" for count, kind in kinds if count)
    return f"Of the pages {parts} are learned from, too, by the networks alone.\n" if parts else ""


def _threads(count: int) -> str:
    """How many threads were learned from in other clothes; "" for none."""
    return f"{count} threads of comments are learned from as other comment systems would show them, too.\n" if count else ""


def _articles(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    return "\n\n".join(f"{name}:\n\n{article_table(rows)}" for name, rows in found.items())


def _dials(found: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    return "\n\n".join(f"{name}:\n\n{dial_table(rows)}" for name, rows in found.items())


def _html_rates(scores: Mapping[str, Mapping[str, Any]]) -> str:
    return "".join(f"HTML pages:\n{rates(found)}\n\n" for name, found in scores.items() if name.endswith("HTML"))


def _breakdowns(found: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Any]]]]) -> str:
    return "\n\n".join(f"{name}:\n\n{_groups(kinds)}" for name, kinds in found.items())


def _groups(found: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    rows = [
        [name, row["pages"], *(row["intervals"][of] for of in ("macro", *LABELS)), _bare(row["wrong_words"])]
        for kind in ("language", "renderer")
        for name, row in found[kind].items()
        if row["pages"] >= LEAST_PAGES
    ]
    return table(["group", "pages", "macro", *LABELS, "words wrong"], rows)


# ------------------------------------------------------------------------------------------------------ HTML report


def html_report(
    title: str,
    summaries: Mapping[str, Mapping[str, Any]],
    judged: Sequence[Judged],
    documents: Mapping[str, Document],
    worst: int,
    notes: Sequence[str] = (),
    curve: Sequence[Mapping[str, Any]] = (),
    changes: Sequence[Change] = (),
) -> str:
    """One self-contained HTML page: scores, pictures, breakdowns and the `worst` pages in full.

    `judged` are the pages judged by the model, `documents` the same pages by name, `curve` the points of a learning
    curve ({"sites", "macro", "teaser"}), if there is one, `changes` what was gained over an older model: its table, and the
    `worst` pages that lost and that gained most, old and new side by side.
    """
    from jinja2 import Environment  # only reports need the template engine

    template = files("pagesieve").joinpath("templates/report.html.j2").read_text("utf-8")
    by_wrong = sorted(judged, key=lambda page: (-wrong_words(page), page.name))[:worst]
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(template).render(
        title=title,
        notes=notes,
        labels=LABELS,
        roles=ROLES,
        colours=COLOURS,
        summaries=summaries,
        main=next(iter(summaries.values())),
        confusions={by: confusion(judged, by).round().astype(int).tolist() for by in ("segments", "words")},
        role_confusion=confusion(judged, "segments", "roles").astype(int).tolist(),
        pictures=[_precision_recall_picture(judged), _calibration_picture(judged), *([_curve_picture(curve)] if curve else [])],
        breakdown=breakdown(judged),
        changes=[(change, *_sides(change, worst)) for change in changes],
        signed=_signed,
        worst=[(page, int(wrong_words(page)), _compared(page, documents[page.name])) for page in by_wrong],
    )


def _sides(change: Change, most: int) -> tuple[list[tuple[str, int, str, str]], list[tuple[str, int, str, str]]]:
    """The pages that lost and that gained most words, at most `most` of each: (name, words gained, page before, page after)."""
    before, after = ({page.name: page for page in pages} for pages in (change.before, change.after))
    gained = list(change.found["pages"].items())
    lost = [item for item in reversed(gained) if item[1] < 0][:most]
    won = [item for item in gained if item[1] > 0][:most]

    def shown(items: Sequence[tuple[str, float]]) -> list[tuple[str, int, str, str]]:
        pages = change.documents
        return [(name, round(gain), _compared(before[name], pages[name]), _compared(after[name], pages[name])) for name, gain in items]

    return shown(lost), shown(won)


def _compared(page: Judged, document: Document) -> str:
    """The page in full, coloured by predicted label, wrong segments outlined, true label on hovering."""
    marks = []
    for i, segment in enumerate(document.segments):
        said, true = LABELS[int(page.labels[i])], LABELS[int(page.true_labels[i])]
        kind = said if said == true else f"{said} wrong true-{true}"
        marks.append((segment.start, segment.end, kind, f"true: {ROLES[int(page.true_roles[i])]}, said: {ROLES[int(page.roles[i])]}"))
    return page_html(document.page.text, marks)


def _figure(draw: Any, xlabel: str, ylabel: str, title: str) -> str:
    """An SVG drawn by `draw(axes)`."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with matplotlib.rc_context({"svg.hashsalt": "pagesieve", "font.size": 9}):
        figure, axes = pyplot.subplots(figsize=(4.6, 3.6))
        draw(axes)
        axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
        axes.grid(alpha=0.3)
        axes.legend()
        out = io.StringIO()
        figure.savefig(out, format="svg", bbox_inches="tight", metadata={"Date": None})
        pyplot.close(figure)
    return out.getvalue()[out.getvalue().index("<svg") :]


_LINE = {"body": "#2a8a3c", "boilerplate": "#777777", "teaser": "#d97706"}


def _precision_recall_picture(judged: Sequence[Judged]) -> str:
    def draw(axes: Any) -> None:
        for i, label in enumerate(LABELS):
            points = precision_recall(judged, i)
            axes.plot(points["recall"], points["precision"], label=label, color=_LINE[label])
        axes.set(xlim=(0, 1.01), ylim=(0, 1.01))

    return _figure(draw, "recall", "precision", "Precision and recall (segments)")


def _calibration_picture(judged: Sequence[Judged]) -> str:
    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
        for i, label in enumerate(LABELS):
            bins = calibration(judged, i)["bins"]
            axes.plot([b["said"] for b in bins], [b["true"] for b in bins], marker="o", label=label, color=_LINE[label])

    return _figure(draw, "probability said", "share that was it", "Reliability of the probabilities")


def _curve_picture(curve: Sequence[Mapping[str, Any]]) -> str:
    def draw(axes: Any) -> None:
        axes.plot([p["sites"] for p in curve], [p["macro"] for p in curve], marker="o", label="macro", color="#333333")
        axes.plot([p["sites"] for p in curve], [p["teaser"] for p in curve], marker="o", label="teaser", color=_LINE["teaser"])

    return _figure(draw, "training sites", "F1 over segments", "Learning curve")
