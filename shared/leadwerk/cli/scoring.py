"""Score one lead, or the rows of a file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.markup import escape

from leadwerk.cli.champion import scorer
from leadwerk.cli.console import err, figure, out, print_json, table, working
from leadwerk.cli.import_csv import mapping_of
from leadwerk.cli.options import AsJson, Deployment, Home, Now, moment, storing_moment
from leadwerk.errors import InputError, NoChampion
from leadwerk.warehouse.batches import batches

if TYPE_CHECKING:
    from leadwerk.importing.leads import ParsedLeads
    from leadwerk.importing.mapping import ColumnMapping as FileMapping
    from leadwerk.importing.table import CsvTable
    from leadwerk.pipeline.serving.messages import ScoredLead
    from leadwerk.scoring.model import Scorer

ADDED = ("probability", "predictive_score", "score_cluster")
BY_RULES = ("points", "matrix_cell")
BY_SEGMENT = ("segment",)
BATCH = 1_000


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command(rich_help_panel="Start here")(score)


def score(
    lead_id: Annotated[str | None, typer.Argument(help="A lead that is known.")] = None,
    client_id: Annotated[str | None, typer.Option("--client-id", help="A web visitor, by GA4 client id.")] = None,
    form: Annotated[str | None, typer.Option(help="The lead's fields as JSON, or @FILE.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="IN", help="A file with one lead a row.")] = None,
    output: Annotated[Path | None, typer.Option("--out", metavar="OUT", help="Where to write it with scores.")] = None,
    id: Annotated[str | None, typer.Option("--id", metavar="COL", help="Id column of --csv.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do not store the score.")] = False,
    home: Home = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Score one lead with reasons, or add the columns probability, predictive_score and score_cluster to a file.

    Without a model the policy's points decide. With rules a file also gets the columns points and matrix_cell, and with
    models of segments the column segment.
    A file is only scored, nothing of it is stored. Rows that cannot be scored go to OUT.rejects.csv with the reason.

    Examples: `leadwerk score 102938` · `leadwerk score 7 --form '{"loan_amount": "CHF 450 000"}' --dry-run` ·
    `leadwerk score --csv new.csv --out scored.csv`
    """
    here, at = Deployment.at(home), moment(now) if dry_run or csv else storing_moment(now)
    if csv is not None:
        if output is None:
            raise InputError("--csv needs --out.", field="out", remedy="Say where to write: --out scored.csv.")
        _score_file(here, csv, output, id, at, as_json)
    else:
        _score_one(here, lead_id, client_id, form, at, store=not dry_run, as_json=as_json)


def _score_one(
    here: Deployment,
    lead_id: str | None,
    client_id: str | None,
    form: str | None,
    at: datetime,
    *,
    store: bool,
    as_json: bool,
) -> None:
    from leadwerk.pipeline import score as stage
    from leadwerk.pipeline.serving.messages import ScoreRequest

    request = ScoreRequest(lead_id=lead_id, ga_client_id=client_id, form=_form(form))
    report = stage.run(
        here.warehouse,
        here.policy,
        scorer(here),
        [request],
        now=at,
        stored_at=moment(None),
        store=store,
        person_key=here.person_key,
    )
    if report.refusals:
        raise report.refusals[0].error
    _show_score(report.scores[0], as_json)


def _form(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        content = Path(text[1:]).read_text("utf-8") if text.startswith("@") else text
        return msgspec.json.decode(content, type=dict[str, Any])
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"The form cannot be read: {reason}.", field="form", remedy="""Write --form '{"loan_amount": 450000}'."""
        ) from error


def _show_score(scored: ScoredLead, as_json: bool) -> None:
    if as_json:
        print_json(scored)
        return
    name = f"Lead {escape(scored.lead_id)}" if scored.lead_id else f"Visitor {scored.ga_client_id}"
    if scored.basis == "no_champion":
        out.print(f"{name}: not scored, there is neither a champion nor a rule yet. {scored.recommended_action}")
        return
    out.print(f"[bold]{name}: {_said(scored)} → {scored.recommended_action}")
    if scored.points is not None:
        known = [scored.matrix_cell, scored.tier, scored.traffic_light, scored.phase, scored.stage]
        out.print(
            f"  {scored.points:g} points (fit {scored.fit:g}, interest {scored.interest:g})"
            f"  [dim]{' · '.join(one for one in known if one)}[/dim]"
        )
    if scored.segment is not None:
        out.print(f"  [dim]scored by the model of the segment {scored.segment}[/dim]")
    for reason in scored.reasons:
        sign = "[green]+[/green]" if reason.contribution > 0 else "[red]−[/red]"
        out.print(f"  {sign} {escape(reason.text)}")
    for fault in scored.unread:
        out.print(f"  [yellow]not read[/yellow] {escape(fault)}")


def _said(scored: ScoredLead) -> str:
    """The model's score and chance; before there is one, the points."""
    if scored.probability is None:
        return f"{scored.points:g}[/bold] points, {scored.score_cluster}"
    return f"{scored.predictive_score}[/bold] of 100, {scored.score_cluster}, chance {scored.probability:.1%}"


def _score_file(
    here: Deployment, source: Path, target: Path, id_column: str | None, at: datetime, as_json: bool
) -> None:
    from leadwerk.importing.leads import leads
    from leadwerk.importing.mapping import source_of
    from leadwerk.importing.table import read

    content = read(source)
    if target.resolve() == source.resolve() or (target.exists() and target.samefile(source)):
        raise InputError(
            f"{target} is the file that is to be scored.",
            field="out",
            value=str(target),
            remedy="Name another file: rows that cannot be scored would be lost.",
        )
    mapping = _mapping(here, content, id_column)
    model = scorer(here)
    if model is None and not here.policy.points.rules:
        raise NoChampion(
            "There is no champion to score with, and the policy has no rules for points.",
            remedy="Run `leadwerk retrain` first, or write rules (docs/policy.md).",
        )
    with working(f"Scoring {source.name}"):
        found = leads(content, mapping, here.policy, source_of(source), now=at)
        scores = _scores(here, model, found, at)
    _write(content, found, scores, target)
    _summarise(here, content, found, scores, target, as_json)


def _mapping(here: Deployment, content: CsvTable, id_column: str | None) -> FileMapping:
    from leadwerk.importing.mapping import ColumnMapping as FileMapping

    known = mapping_of(here.settings.home)
    if known is None:
        known = FileMapping(id=id_column or "lead_id", outcome="", positive="")
    if known.time and known.time not in content.columns:
        known = msgspec.structs.replace(known, time=None)
    asked = id_column or known.id
    return msgspec.structs.replace(known, id=content.columns[content.index(asked)])


def _scores(here: Deployment, model: Scorer | None, found: ParsedLeads, at: datetime) -> dict[int, ScoredLead]:
    """Scores by the line of the file; rows that are refused are added to those rejected."""
    from leadwerk.importing.leads import RejectedValue
    from leadwerk.pipeline import score as stage
    from leadwerk.pipeline.serving.messages import ScoreRequest

    scores: dict[int, ScoredLead] = {}
    for batch in batches(found.leads, BATCH):
        requests = [ScoreRequest(lead_id=lead.lead_id, form=_as_form(lead.raw)) for lead in batch]
        report = stage.run(
            here.warehouse, here.policy, model, requests, now=at, stored_at=at, store=False, person_key="file"
        )
        scores |= {batch[scored.index].line: scored for scored in report.scores}
        for refusal in report.refusals:
            line = batch[refusal.index].line
            found.rejected.append(RejectedValue(line, "row", str(refusal.error), refusal.lead_id or ""))
    return scores


def _as_form(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if value is not None}


def _write(content: CsvTable, found: ParsedLeads, scores: Mapping[int, ScoredLead], target: Path) -> None:
    from leadwerk.importing.leads import REJECTS_HEADER, rejects
    from leadwerk.importing.table import write

    by_segment = BY_SEGMENT if any(scored.segment is not None for scored in scores.values()) else ()
    by_rules = BY_RULES if any(scored.points is not None for scored in scores.values()) else ()
    added = (*ADDED, *by_rules, *by_segment)
    kept = [at for at, name in enumerate(content.columns) if name not in added]  # not what an earlier scoring said
    rows = (
        [
            *(row.fields[at] for at in kept),
            *_added(scores[row.line]),
            *(getattr(scores[row.line], name) for name in by_segment),
        ]
        for row in content.rows
        if row.line in scores
    )
    write(target, (*(content.columns[at] for at in kept), *added), rows, content.delimiter)
    if found.rejected:
        write(_rejects_path(target), REJECTS_HEADER, rejects(found.rejected), content.delimiter)


def _added(scored: ScoredLead) -> tuple[float | int | str | None, ...]:
    probability = None if scored.probability is None else round(scored.probability, 6)
    by_rules = () if scored.points is None else (scored.points, scored.matrix_cell)
    return probability, scored.predictive_score, scored.score_cluster, *by_rules


def _rejects_path(target: Path) -> Path:
    return target.with_name(f"{target.stem}.rejects.csv")


def _summarise(
    here: Deployment,
    content: CsvTable,
    found: ParsedLeads,
    scores: Mapping[int, ScoredLead],
    target: Path,
    as_json: bool,
) -> None:
    from leadwerk.importing.leads import missing_columns

    clusters: dict[str, int] = {}
    for scored in scores.values():
        clusters[scored.score_cluster] = clusters.get(scored.score_cluster, 0) + 1
    rejected = sum(not item.value_only for item in found.rejected)
    missing = missing_columns(content, here.policy)
    summary = {
        "rows": len(content.rows) + len(content.broken),
        "scored": len(scores),
        "rejected": rejected,
        "rejects_file": str(_rejects_path(target)) if found.rejected else None,
        "clusters": clusters,
        "missing_columns": missing,
        "out": str(target),
    }
    if as_json:
        print_json(summary)
        return
    if missing:
        err.print(f"[yellow]Not in the file, taken as unknown:[/yellow] {', '.join(missing)}")
    shown = {name: value for name, value in summary.items() if value not in (None, [], 0)}
    out.print(table("Scored", ("", ""), [(name.replace("_", " "), figure(value)) for name, value in shown.items()]))
