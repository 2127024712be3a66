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
from leadwerk.cli.speech import Speech
from leadwerk.cli.stages import outlook_text
from leadwerk.errors import UNREADABLE_JSON, InputError
from leadwerk.texts.message import Message
from leadwerk.texts.number_format import percent

if TYPE_CHECKING:
    from leadwerk.pipeline.serving.messages import ScoredLead, ScoreRequest
    from leadwerk.policy.model import Policy


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command(rich_help_panel="Start here")(score)


@shared_options(output_language=True)
def score(
    call: Invocation,
    lead_id: Annotated[str | None, typer.Argument(help="A lead id.")] = None,
    client_id: Annotated[str | None, typer.Option("--client-id", help="A web visitor, by GA4 client id.")] = None,
    form: Annotated[str | None, typer.Option(help="The lead's fields as JSON, or @FILE.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="IN", help="A file with one lead a row.")] = None,
    output: Annotated[Path | None, typer.Option("--out", metavar="OUT", help="File to write, with scores.")] = None,
    id: Annotated[str | None, typer.Option("--id", metavar="COL", help="Id column of --csv.")] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="Encoding of --csv, such as utf-8, cp1252, cp850.")
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option("--delimiter", help="Delimiter of --csv: one character, or tab.")
    ] = None,
    header_row: Annotated[
        int | None, typer.Option("--header-row", min=1, help="Line of --csv with the column titles.")
    ] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="Sheet of a workbook given as --csv.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do not store the score.")] = False,
) -> None:
    """Score one lead with reasons, or add the columns probability, predictive_score and score_cluster to a file.

    Without a model the policy's points decide. With rules a file also gets the columns points and matrix_cell, and with
    models of segments the column segment.
    A file is only scored, nothing of it is stored. Rows that cannot be scored go to OUT.rejects.csv with the reason.
    With neither a model nor rules all rows are UNSCORED, the column unscored_reason says why, and the exit code is 3.

    Examples: `leadwerk score 102938` · `leadwerk score 7 --form '{"loan_amount": "CHF 450 000"}' --dry-run` ·
    `leadwerk score --csv new.csv --out scored.csv`
    """
    deployment, at = call.deployment, call.moment() if dry_run or csv else call.storing_moment()
    if csv is not None:
        if output is None:
            raise InputError(Message("cli.score_file.no_out"), field="out")
        from leadwerk.cli.score_csv import ScoringFile, score_file
        from leadwerk.importing.table import ReadOptions

        options = ReadOptions(encoding, delimiter, header_row, sheet)
        score_file(deployment, ScoringFile(csv, output, id, options), at, Speech.of_reader(call), as_json=call.as_json)
        return
    from leadwerk.pipeline.serving.messages import ScoreRequest

    request = ScoreRequest(lead_id=lead_id, ga_client_id=client_id, form=_form(form))
    scored = _score_one(deployment, request, at, store=not dry_run)
    print_json(scored) if call.as_json else _show_score(scored, deployment.policy, Speech.of(call))


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
        stage_model=deployment.stage_model(),
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
    except (OSError, *UNREADABLE_JSON) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        remedy = Message("refusal.form.remedy", form="""'{"loan_amount": 450000}'""")
        raise InputError(Message("refusal.form", reason=reason), field="form", remedy=remedy) from error


def _show_score(scored: ScoredLead, policy: Policy, speech: Speech) -> None:
    out.print(f"[bold]{escape(_score_text(scored, speech))}[/bold]")
    if scored.basis == "no_champion":
        return
    if scored.points is not None:
        attributes = [scored.matrix_cell, scored.tier, scored.traffic_light, scored.phase, scored.stage]
        figures = {"points": f"{scored.points:g}", "fit": f"{scored.fit:g}", "interest": f"{scored.interest:g}"}
        parts = " · ".join(attribute for attribute in attributes if attribute)
        out.print(f"  {speech.say('score.parts', **figures)}  [dim]{escape(parts)}[/dim]")
    if scored.segment is not None:
        out.print(f"  [dim]{escape(speech.say('score.segment', segment=scored.segment))}[/dim]")
    if scored.stage_outlook is not None:
        out.print(f"  {escape(outlook_text(scored.stage_outlook, policy, speech))}")
    for reason in scored.reasons:
        sign = "[green]+[/green]" if reason.contribution > 0 else "[red]−[/red]"
        out.print(f"  {sign} {escape(reason.text)}")
    for fault in scored.ignored_fields:
        out.print(f"  [yellow]{speech.say('score.not_read')}[/yellow] {escape(fault)}")


def _score_text(scored: ScoredLead, speech: Speech) -> str:
    """The model's score and chance; before there is one, the points."""
    key, value = ("lead", scored.lead_id) if scored.lead_id else ("visitor", scored.ga_client_id)
    name, action = speech.say(f"score.{key}", **{key: value}), scored.recommended_action
    if scored.basis == "no_champion":
        return speech.say("score.none", name=name, action=action)
    fields = {"name": name, "cluster": scored.score_cluster, "action": action}
    if scored.probability is None:
        return speech.say("score.points", points=f"{scored.points:g}", **fields)
    chance = percent(speech.language, scored.probability, 1)
    return speech.say("score.model", score=scored.predictive_score, chance=chance, **fields)
