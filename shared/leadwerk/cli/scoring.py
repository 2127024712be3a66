"""Score one lead, or the rows of a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.markup import escape

from leadwerk.cli.console import out, print_json
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.options import Deployment, moment
from leadwerk.errors import InputError

if TYPE_CHECKING:
    from leadwerk.pipeline.serving.messages import ScoredLead, ScoreRequest


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command(rich_help_panel="Start here")(score)


@shared_options()
def score(
    call: Invocation,
    lead_id: Annotated[str | None, typer.Argument(help="A lead that is known.")] = None,
    client_id: Annotated[str | None, typer.Option("--client-id", help="A web visitor, by GA4 client id.")] = None,
    form: Annotated[str | None, typer.Option(help="The lead's fields as JSON, or @FILE.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="IN", help="A file with one lead a row.")] = None,
    output: Annotated[Path | None, typer.Option("--out", metavar="OUT", help="Where to write it with scores.")] = None,
    id: Annotated[str | None, typer.Option("--id", metavar="COL", help="Id column of --csv.")] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", help="Of --csv, such as utf-8, cp1252, cp850.")] = None,
    delimiter: Annotated[str | None, typer.Option("--delimiter", help="Of --csv: one character, or tab.")] = None,
    header_row: Annotated[
        int | None, typer.Option("--header-row", min=1, help="Line of --csv with the titles.")
    ] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="Sheet of a workbook given as --csv.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do not store the score.")] = False,
) -> None:
    """Score one lead with reasons, or add the columns probability, predictive_score and score_cluster to a file.

    Without a model the policy's points decide. With rules a file also gets the columns points and matrix_cell, and with
    models of segments the column segment.
    A file is only scored, nothing of it is stored. Rows that cannot be scored go to OUT.rejects.csv with the reason.

    Examples: `leadwerk score 102938` · `leadwerk score 7 --form '{"loan_amount": "CHF 450 000"}' --dry-run` ·
    `leadwerk score --csv new.csv --out scored.csv`
    """
    deployment, at = call.deployment, call.moment() if dry_run or csv else call.storing_moment()
    if csv is not None:
        if output is None:
            raise InputError("--csv needs --out.", field="out", remedy="Say where to write: --out scored.csv.")
        from leadwerk.cli.score_csv import ScoringFile, score_file
        from leadwerk.importing.table import ReadOptions

        options = ReadOptions(encoding, delimiter, header_row, sheet)
        score_file(deployment, ScoringFile(csv, output, id, options), at, as_json=call.as_json)
        return
    from leadwerk.pipeline.serving.messages import ScoreRequest

    request = ScoreRequest(lead_id=lead_id, ga_client_id=client_id, form=_form(form))
    _show_score(_score_one(deployment, request, at, store=not dry_run), call.as_json)


def _score_one(deployment: Deployment, request: ScoreRequest, at: datetime, *, store: bool) -> ScoredLead:
    from leadwerk.pipeline import score as stage

    context = stage.ScoringRun(
        deployment.warehouse,
        deployment.policy,
        deployment.scorer(),
        now=at,
        stored_at=moment(None),
        store=store,
        person_key=deployment.person_key,
    )
    report = stage.run(context, [request])
    if report.refusals:
        raise report.refusals[0].error
    return report.scores[0]


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
    out.print(f"[bold]{name}: {_score_text(scored)} → {scored.recommended_action}")
    if scored.points is not None:
        attributes = [scored.matrix_cell, scored.tier, scored.traffic_light, scored.phase, scored.stage]
        out.print(
            f"  {scored.points:g} points (fit {scored.fit:g}, interest {scored.interest:g})"
            f"  [dim]{' · '.join(attribute for attribute in attributes if attribute)}[/dim]"
        )
    if scored.segment is not None:
        out.print(f"  [dim]scored by the model of the segment {scored.segment}[/dim]")
    for reason in scored.reasons:
        sign = "[green]+[/green]" if reason.contribution > 0 else "[red]−[/red]"
        out.print(f"  {sign} {escape(reason.text)}")
    for fault in scored.ignored_fields:
        out.print(f"  [yellow]not read[/yellow] {escape(fault)}")


def _score_text(scored: ScoredLead) -> str:
    """The model's score and chance; before there is one, the points."""
    if scored.probability is None:
        return f"{scored.points:g}[/bold] points, {scored.score_cluster}"
    return f"{scored.predictive_score}[/bold] of 100, {scored.score_cluster}, chance {scored.probability:.1%}"
