"""Score the rows of a file: the same columns come back, with the scores beside them, in the file's own encoding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from rich.markup import escape

from leadwerk.cli.console import err, figure, out, print_json, printable, table, working
from leadwerk.cli.import_csv import read_mapping
from leadwerk.cli.options import Deployment
from leadwerk.errors import InputError, NoChampion
from leadwerk.importing.column_mapping import ColumnMapping
from leadwerk.importing.lead_values import attribute_column, forms, lead_values
from leadwerk.importing.leads import ParsedLeads, missing_columns, parse_leads
from leadwerk.importing.mapping import id_column
from leadwerk.importing.plan import mapping_for_scoring
from leadwerk.importing.rejections import REJECTS_HEADER, RejectionGroup, rejected_rows, rejects
from leadwerk.importing.table import CsvTable, ReadOptions, read_table
from leadwerk.importing.written_file import UTF8_WITH_MARK, write_table
from leadwerk.policy.folding import folded
from leadwerk.warehouse.batches import batches

if TYPE_CHECKING:
    from leadwerk.pipeline.serving.messages import ScoredLead
    from leadwerk.scoring.model import Scorer

ADDED = ("probability", "predictive_score", "score_cluster")
BY_RULES = ("points", "matrix_cell")
BY_SEGMENT = ("segment",)
BATCH = 10_000
_NEW_SHARE = 0.01
_NO_PERSON = "file"  # a key for hashes that are not stored


@dataclass
class FileScores:
    """Scores by row of the table, and what could not be scored."""

    by_row: dict[int, ScoredLead] = field(default_factory=dict)
    rejections: list[RejectionGroup] = field(default_factory=list)


@dataclass(frozen=True)
class NewValues:
    """A column with values that training never saw: their share of the rows, and the commonest."""

    column: str
    share: float
    commonest: str


@dataclass(frozen=True, kw_only=True)
class FileSummary:
    """What became of a file's rows; `time`: where each lead's moment came from."""

    rows: int
    scored: int
    rejected: int
    rejects_file: str | None
    clusters: dict[str, int]
    missing_columns: list[str]
    new_values: list[NewValues]
    time: str
    out: str


@dataclass(frozen=True)
class ScoringFile:
    """A file to score: where it is, how to read it, its id column (None: by its mapping), and where the scores go."""

    source: Path
    target: Path
    id_name: str | None
    options: ReadOptions


def score_file(deployment: Deployment, file: ScoringFile, now: datetime, *, as_json: bool) -> None:
    """Score a file; nothing of it is stored.

    Raises:
        InputError: the file cannot be read, or the target is the file itself.
        NoChampion: there is neither a model nor a rule.
    """
    source, target = file.source, file.target
    with working(f"Reading {source.name}"):
        content = read_table(source, file.options)
    if target.resolve() == source.resolve() or (target.exists() and target.samefile(source)):
        raise InputError(
            f"{target} is the file that is to be scored.",
            field="out",
            value=str(target),
            remedy="Name another file: rows that cannot be scored would be lost.",
        )
    mapping = _mapping(deployment, content, file.id_name)
    model = deployment.scorer()
    if model is None and not deployment.policy.points.rules:
        raise NoChampion(
            "There is no champion to score with, and the policy has no rules for points.",
            remedy="Run `leadwerk retrain` first, or write rules (docs/policy.md).",
        )
    with working(f"Scoring {source.name}"):
        parsed = parse_leads(content, mapping, now=now, is_scoring=True)
        scores = _scores(deployment, model, parsed, now)
    _write(content, scores, target)
    attributes = [attribute.source or attribute.name for attribute in deployment.policy.attributes]
    _show(
        FileSummary(
            rows=len(content) + len(content.malformed),
            scored=len(scores.by_row),
            rejected=rejected_rows(scores.rejections),
            rejects_file=str(_rejects_path(target)) if scores.rejections else None,
            clusters=dict(Counter(scored.score_cluster for scored in scores.by_row.values())),
            missing_columns=missing_columns(content, attributes),
            new_values=_new_values(deployment, model, parsed),
            time=f"column {parsed.mapping.time!r}" if parsed.mapping.time else "now",
            out=str(target),
        ),
        as_json=as_json,
    )


def _mapping(deployment: Deployment, content: CsvTable, id_name: str | None) -> ColumnMapping:
    learned = read_mapping(deployment.settings.home)
    if learned is None:
        learned = ColumnMapping(id=id_name or "lead_id", outcome="", positive="", zone=deployment.policy.time_zone)
    mapping = mapping_for_scoring(content, learned)
    return msgspec.structs.replace(mapping, id=id_column(content, id_name or learned.id))


def _scores(deployment: Deployment, model: Scorer | None, parsed: ParsedLeads, now: datetime) -> FileScores:
    from leadwerk.pipeline import score as stage
    from leadwerk.pipeline.serving.messages import ScoreRequest

    policy = deployment.policy
    scores = FileScores(rejections=[*parsed.rejections, *lead_values(parsed, policy, person_key="").rejections])
    raw = list(forms(parsed, policy))
    ids = parsed.ids.to_pylist()
    context = stage.ScoringRun(
        deployment.warehouse,
        policy,
        model,
        now=now,
        stored_at=now,
        person_key=_NO_PERSON,
        store=False,
        explained=False,
    )
    for which in _batches_of_different_leads(ids):
        requests = [ScoreRequest(lead_id=ids[at], form=raw[at]) for at in which]
        report = stage.run(context, requests)
        scores.by_row |= {int(parsed.rows[which[scored.index]]): scored for scored in report.scores}
        for refusal in report.refusals:
            line = parsed.lines[which[refusal.index] : which[refusal.index] + 1]
            scores.rejections.append(RejectionGroup("row", refusal.error.message, line))
    return scores


def _batches_of_different_leads(ids: Sequence[str]) -> Iterator[list[int]]:
    """Places of the leads in batches in which every lead stands once: a request takes one form of a lead."""
    times: Counter[str] = Counter()
    rounds: dict[int, list[int]] = {}
    for at, lead_id in enumerate(ids):
        rounds.setdefault(times[lead_id], []).append(at)
        times[lead_id] += 1
    for row_numbers in rounds.values():
        for batch in batches(row_numbers, BATCH):
            yield list(batch)


def _write(content: CsvTable, scores: FileScores, target: Path) -> None:
    some = list(scores.by_row.values())
    by_segment = BY_SEGMENT if any(scored.segment is not None for scored in some) else ()
    by_rules = BY_RULES if any(scored.points is not None for scored in some) else ()
    added = (*ADDED, *by_rules, *by_segment)
    own_columns = [
        at for at, name in enumerate(content.columns) if name not in added
    ]  # not what an earlier scoring wrote
    rows = (
        [*(cells[at] for at in own_columns), *_added(scored, added)]
        for row, cells in enumerate(content.rows())
        if (scored := scores.by_row.get(row)) is not None
    )
    frame = content.frame
    encoding = frame.encoding if frame.encoding and frame.kind == "text" else UTF8_WITH_MARK
    header = (*(content.columns[at] for at in own_columns), *added)
    write_table(target, header, rows, delimiter=frame.delimiter, encoding=encoding)
    if scores.rejections:
        write_table(_rejects_path(target), REJECTS_HEADER, rejects(scores.rejections), delimiter=frame.delimiter)


def _added(scored: ScoredLead, names: Sequence[str]) -> list[Any]:
    values = [getattr(scored, name) for name in names]
    return [round(value, 6) if isinstance(value, float) else value for value in values]


def _rejects_path(target: Path) -> Path:
    return target.with_name(f"{target.stem}.rejects.csv")


def _new_values(deployment: Deployment, model: Scorer | None, parsed: ParsedLeads) -> list[NewValues]:
    """Columns in which the model sees values that it was not trained on."""
    levels = {feature.name: feature.levels for feature in model.encoder.features} if model else {}
    columns = []
    for attribute in deployment.policy.attributes:
        title = attribute_column(parsed.table, attribute, parsed)
        trained = levels.get(f"attribute_{attribute.name}", ())
        if attribute.kind != "category" or attribute.classes or title is None or not trained:
            continue
        column, seen = parsed.table.column(title), {folded(level) for level in trained}
        counts = np.bincount(column.codes[parsed.rows], minlength=len(column.distinct))
        unseen = [
            (int(counts[at]), text)
            for at, text in enumerate(column.texts())
            if counts[at] and not column.missing[at] and folded(text) not in seen
        ]
        share = sum(times for times, _ in unseen) / max(len(parsed), 1)
        if share >= _NEW_SHARE:
            columns.append(NewValues(title, round(share, 4), max(unseen)[1]))
    return columns


def _show(summary: FileSummary, *, as_json: bool) -> None:
    if as_json:
        print_json(summary)
        return
    if summary.missing_columns:
        names = escape(printable(", ".join(summary.missing_columns)))
        err.print(f"[yellow]Not in the file, taken as unknown:[/yellow] {names}")
    for new in summary.new_values:
        share = f"{new.share:.0%} of the rows"
        text = f"{new.column}: {share} hold values that training never saw, such as {new.commonest!r}."
        err.print(printable(text), style="yellow", markup=False)
    filled_in = {
        name: value for name, value in vars(summary).items() if value not in (None, [], 0) and name != "new_values"
    }
    out.print(table("Scored", ("", ""), [(name.replace("_", " "), figure(value)) for name, value in filled_in.items()]))
