"""Score the rows of a file: the same columns come back, with the scores beside them, in the file's own encoding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import typer
from numpy.typing import NDArray
from rich.markup import escape

from leadwerk.catalogue.languages import Language
from leadwerk.cli.console import builtins, err, figure, out, print_json, printable, table
from leadwerk.cli.exit_codes import EXIT_NO_SIGNAL
from leadwerk.cli.options import Deployment
from leadwerk.cli.progress_bar import working
from leadwerk.cli.speech import Speech
from leadwerk.errors import InputError
from leadwerk.importing.column_mapping import ColumnMapping
from leadwerk.importing.lead_values import attribute_column
from leadwerk.importing.leads import ParsedLeads, missing_columns, parse_leads
from leadwerk.importing.mapping import id_column
from leadwerk.importing.plan import mapping_for_scoring
from leadwerk.importing.rejections import REJECTS_HEADER, rejected_rows, rejects
from leadwerk.importing.table import CsvTable, ReadOptions, read_table
from leadwerk.importing.text_column import TextColumn
from leadwerk.importing.written_file import UTF8_WITH_MARK, harmless_texts, write_table
from leadwerk.pipeline.import_home import read_mapping
from leadwerk.policy.folding import folded
from leadwerk.progress import Progress
from leadwerk.report.report_rows import StoredTrainingRun
from leadwerk.scoring.score_columns import NO_SCORE, ColumnScores
from leadwerk.texts.counted_progress import watched
from leadwerk.texts.message import Message, in_language, sentences
from leadwerk.texts.number_format import percent
from leadwerk.warehouse.statement import statement

if TYPE_CHECKING:
    from leadwerk.pipeline.score_file import FileScores
    from leadwerk.scoring.model import Scorer

BATCH = 16_384
_NEW_SHARE = 0.01
_UNSCORED_REASON = "unscored_reason"
"""Column that says why no row has a score; one of an earlier run is left out."""


@dataclass(frozen=True)
class NewValues:
    """A column with values that training never saw: their share of the rows, and the commonest."""

    column: str
    share: float
    commonest: str


@dataclass(frozen=True, kw_only=True)
class FileSummary:
    """What became of a file's rows; `time`: where each lead's moment came from.

    `unscored_reason`: why all rows are UNSCORED; None where a model or points scored them.
    """

    rows: int
    scored: int
    rejected: int
    rejects_file: str | None
    clusters: dict[str, int]
    missing_columns: list[str]
    new_values: list[NewValues]
    time: str
    out: str
    unscored_reason: str | None


@dataclass(frozen=True)
class ScoringFile:
    """A file to score: where it is, how to read it, its id column (None: by its mapping), and where the scores go."""

    source: Path
    target: Path
    id_name: str | None
    options: ReadOptions


def score_file(deployment: Deployment, file: ScoringFile, now: datetime, speech: Speech, *, as_json: bool) -> None:
    """Score a file; nothing of it is stored.

    With neither a model nor a rule all rows are written as UNSCORED, each with the reason.

    Raises:
        InputError: the file cannot be read, none of its rows can be scored, or the target is the file itself.
        typer.Exit: with EXIT_NO_SIGNAL, after the file was written, if its rows are UNSCORED.
    """
    source, target = file.source, file.target
    with working(speech, "import.reading", file=source.name, as_json=as_json):
        content = read_table(source, file.options)
    if target.resolve() == source.resolve() or (target.exists() and target.samefile(source)):
        raise InputError(Message("cli.score_file.same", path=target), field="out", value=str(target))
    mapping = _mapping(deployment, content, file.id_name)
    model = deployment.scorer()
    is_unscored = model is None and not deployment.policy.points.rules
    reason = _unscored_reason(deployment, now) if is_unscored else None
    from leadwerk.pipeline import score_file as stage

    with working(speech, "score_file.scoring", file=source.name, as_json=as_json) as progress:
        parsed = parse_leads(content, mapping, now=now, is_scoring=True)
        scores = stage.run(deployment.warehouse, deployment.policy, model, parsed, now=now, progress=progress)
    _refuse_without_score(content, scores)
    with working(speech, "score_file.writing", file=target.name, as_json=as_json) as progress:
        added = _added(scores.columns, None if reason is None else in_language(reason, speech.language))
        _write(content, parsed, scores, added, target, progress)
        _write_rejects(scores, target, speech.language, content.frame.delimiter)
    attributes = [attribute.source or attribute.name for attribute in deployment.policy.attributes]
    _show(
        FileSummary(
            rows=len(content) + len(content.malformed),
            scored=int(scores.is_scored.sum()),
            rejected=rejected_rows(scores.rejections),
            rejects_file=str(_rejects_path(target)) if scores.rejections else None,
            clusters=dict(Counter(scores.columns.score_cluster[scores.is_scored].tolist())),
            missing_columns=missing_columns(content, attributes),
            new_values=_new_values(deployment, model, parsed),
            time=_time_source(parsed.mapping.time),
            out=str(target),
            unscored_reason=reason,
        ),
        speech,
        as_json=as_json,
    )
    if is_unscored:
        raise typer.Exit(EXIT_NO_SIGNAL)


def _time_source(column: str | None) -> Message:
    return Message("import.time.column", column=column) if column else Message("import.time.now")


def _unscored_reason(deployment: Deployment, now: datetime) -> str:
    """Why nothing can be scored: nothing was trained yet, or the last training found nothing that could serve."""
    parameters = {"as_of": now, "most": 1}
    trained = list(deployment.warehouse.rows(statement("model_runs/history", StoredTrainingRun), parameters))
    if not trained:
        return sentences(Message("cli.score_file.no_champion"), Message("cli.score_file.no_champion.remedy"))
    last = trained[0]
    return sentences(
        Message("cli.score_file.no_champion.refused", day=f"{last.trained_at:%Y-%m-%d}", reason=last.why()),
        Message("cli.score_file.no_champion.refused.remedy"),
    )


def _refuse_without_score(content: CsvTable, scores: FileScores) -> None:
    """An output without a row would look like success.

    Raises:
        InputError: the file has rows, and none of them has a score.
    """
    rows = len(content) + len(content.malformed)
    if not rows or scores.is_scored.any():
        return
    groups = sorted(
        (group for group in scores.rejections if not group.value_only), key=lambda group: len(group.lines), reverse=True
    )
    why = Message("import.losses.often", reason=groups[0].description) if groups else ""
    raise InputError(
        sentences(Message("cli.score_file.none", rows=f"{rows:,}"), why),
        field="file",
        value=str(content.path),
        remedy=Message("cli.score_file.none.remedy"),
    )


def _mapping(deployment: Deployment, content: CsvTable, id_name: str | None) -> ColumnMapping:
    learned = read_mapping(deployment.settings.home)
    if learned is None:
        learned = ColumnMapping(id=id_name or "lead_id", outcome="", positive="", zone=deployment.policy.time_zone)
    mapping = mapping_for_scoring(content, learned)
    return msgspec.structs.replace(mapping, id=id_column(content, id_name or learned.id))


def _write(
    content: CsvTable,
    parsed: ParsedLeads,
    scores: FileScores,
    added: Mapping[str, NDArray[Any]],
    target: Path,
    progress: Progress,
) -> None:
    by_row = np.full(len(content), -1, np.intp)
    by_row[parsed.rows[scores.is_scored]] = np.flatnonzero(scores.is_scored)
    # A file scored before holds our columns: they are replaced, not kept twice.
    original = [at for at, name in enumerate(content.columns) if name not in (*added, _UNSCORED_REASON)]
    frame = content.frame
    # Written as the file was, so that the program that made it can read it again.
    encoding = frame.encoding if frame.encoding and frame.kind == "text" else UTF8_WITH_MARK
    header = (*(content.columns[at] for at in original), *added)
    rows = _rows([content.cells[at] for at in original], list(added.values()), by_row, progress)
    write_table(target, header, rows, delimiter=frame.delimiter, encoding=encoding, are_harmless=True)


def _write_rejects(scores: FileScores, target: Path, language: Language, delimiter: str) -> None:
    if scores.rejections:
        write_table(_rejects_path(target), REJECTS_HEADER, rejects(scores.rejections, language), delimiter=delimiter)
    else:
        _rejects_path(target).unlink(missing_ok=True)  # of an earlier run with a worse file


def _rows(
    cells: Sequence[TextColumn], added: Sequence[NDArray[Any]], by_row: NDArray[np.intp], progress: Progress
) -> Iterator[tuple[object, ...]]:
    """The cells of the rows that have a score, and what is added to them."""
    texts = [(column.codes, harmless_texts(column.distinct)) for column in cells]
    scored_rows = np.flatnonzero(by_row >= 0)
    blocks = (scored_rows[first : first + BATCH] for first in range(0, len(scored_rows), BATCH))
    for rows in watched(blocks, len(scored_rows), "rows", progress):
        written = [pc.take(distinct, pa.array(codes[rows])).to_pylist() for codes, distinct in texts]
        yield from zip(*written, *(column[by_row[rows]].tolist() for column in added), strict=True)


def _added(columns: ColumnScores, unscored_reason: str | None) -> dict[str, NDArray[Any]]:
    """The columns of scores by name; those of points, segments and the reason only where there are any."""
    added = {
        "probability": _without_missing(np.round(columns.probability, 6), np.isnan(columns.probability)),
        "predictive_score": _without_missing(columns.predictive_score, columns.predictive_score == NO_SCORE),
        "score_cluster": columns.score_cluster,
    }
    if not np.isnan(columns.points).all():
        points = _without_missing(columns.points, np.isnan(columns.points))
        added |= {"points": points, "matrix_cell": columns.matrix_cell}
    if any(segment is not None for segment in columns.segment):
        added["segment"] = columns.segment
    if unscored_reason is not None:
        added[_UNSCORED_REASON] = np.full(len(columns.score_cluster), unscored_reason, dtype=object)
    return added


def _without_missing(numbers: NDArray[Any], is_missing: NDArray[np.bool_]) -> NDArray[Any]:
    if not is_missing.any():
        return numbers
    cells = numbers.astype(object)
    cells[is_missing] = None
    return cells


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


def _show(summary: FileSummary, speech: Speech, *, as_json: bool) -> None:
    if as_json:
        print_json(summary)
        return
    if summary.missing_columns:
        names = escape(printable(", ".join(summary.missing_columns)))
        err.print(f"[yellow]{speech.say('score_file.missing')}[/yellow] {names}")
    for new in summary.new_values:
        share = percent(speech.language, new.share)
        text = speech.say("score_file.new", column=new.column, share=share, example=new.commonest)
        err.print(printable(text), style="yellow", markup=False)
    if summary.unscored_reason is not None:
        err.print(in_language(summary.unscored_reason, speech.language), style="yellow", markup=False)
    filled_in = {
        name: value
        for name, value in builtins(summary, speech.language).items()
        if value not in (None, [], 0) and name not in ("new_values", "unscored_reason")
    }
    rows = [(speech.say(f"field.{name}"), figure(value, speech.language)) for name, value in filled_in.items()]
    out.print(table(speech.say("score_file.scored"), ("", ""), rows))
