"""`leadwerk policy suggest`: points proposed from outcomes, and a person's decisions on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadwerk.cli.console import builtins, err, figure, out, print_json, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.policy.publish import By, Reason, write_new
from leadwerk.cli.progress_bar import working

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadwerk.learning.conversion_rate import ConversionRate
    from leadwerk.learning.rule_discovery import NewRule
    from leadwerk.learning.suggest import Suggestion
    from leadwerk.learning.suggestion_evaluation import Effect, Ranking
    from leadwerk.pipeline.policies.policy_store import InForce
    from leadwerk.pipeline.policies.suggest import Proposal, SuggestionReport, Verdict

Rules = Annotated[list[str], typer.Argument(metavar="RULE...", help="Rules as `leadwerk policy suggest` names them.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite the file.")]


def register(policy: typer.Typer) -> None:
    """Add the commands to the family `policy`."""
    family = typer.Typer(invoke_without_command=True, no_args_is_help=False)
    family.callback()(suggest)
    for command in (accept, decline, draft):
        family.command()(command)
    policy.add_typer(family, name="suggest")


@shared_options()
def suggest(
    call: Invocation,
    output: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write a draft with every suggestion that was not declined."),
    ] = None,
    force: Force = False,
) -> None:
    """Suggest points and a HOT threshold from the outcomes of past leads, with the evidence.

    Nothing changes until a person publishes it.

    Example: `leadwerk policy suggest --out draft.yaml`, then `leadwerk policy replay draft.yaml`
    """
    # The family's callback also runs before its sub-commands.
    if call.subcommand:
        return
    from leadwerk.pipeline.policies import suggest as stage
    from leadwerk.pipeline.policies.policy_store import open_policies

    deployment, at = call.deployment, call.storing_moment()
    present = open_policies(deployment.settings).in_force()
    with working("Suggesting", as_json=call.as_json) as progress:
        report = stage.run(deployment.warehouse, present.policy, now=at, progress=progress)
    proposals = stage.proposals(deployment.warehouse, present.policy, at)
    if call.as_json:
        print_json({**builtins(report), "proposals": proposals})
    else:
        _show(report, proposals)
    if output:
        _write(present, [proposal for proposal in proposals if proposal.state != "declined"], output, force=force)


@shared_options()
def accept(call: Invocation, rules: Rules, by: By, reason: Reason) -> None:
    """Accept suggested numbers; `leadwerk policy suggest draft` puts the accepted ones into a draft.

    Example: `leadwerk policy suggest accept webinar --by "Ada Keller" --reason "As we thought"`
    """
    _decide(call, rules, "accepted", (by, reason))


@shared_options()
def decline(call: Invocation, rules: Rules, by: By, reason: Reason) -> None:
    """Decline suggested numbers; the same number is then left out of drafts.

    Example: `leadwerk policy suggest decline webinar --by "Ada Keller" --reason "The last ones had other topics"`
    """
    _decide(call, rules, "declined", (by, reason))


@shared_options(json=False)
def draft(
    call: Invocation,
    output: Annotated[Path, typer.Option("--out", metavar="FILE", help="File to write.")] = Path("draft.yaml"),
    force: Force = False,
) -> None:
    """Write the policy in force with the accepted numbers, to preview and to publish.

    Example: `leadwerk policy suggest draft --out draft.yaml`
    """
    from leadwerk.errors import InputError
    from leadwerk.pipeline.policies import suggest as stage
    from leadwerk.pipeline.policies.policy_store import open_policies

    deployment = call.deployment
    present = open_policies(deployment.settings).in_force()
    accepted = [
        proposal
        for proposal in stage.proposals(deployment.warehouse, present.policy, call.moment())
        if proposal.state == "accepted"
    ]
    if not accepted:
        remedy = "Run `leadwerk policy suggest`, then `leadwerk policy suggest accept RULE`."
        raise InputError("No suggestion for the policy in force was accepted.", field="rule", remedy=remedy)
    _write(present, accepted, output, force=force)


def _decide(call: Invocation, rules: list[str], verdict: Verdict, note: tuple[str, str]) -> None:
    from leadwerk.pipeline.policies import suggest as stage
    from leadwerk.pipeline.policies.policy_store import open_policies
    from leadwerk.pipeline.policies.publishing import publication_note

    deployment = call.deployment
    policy = open_policies(deployment.settings).in_force().policy
    signed = publication_note(*note, call.deciding_moment())
    proposals = stage.decide(deployment.warehouse, policy, rules, verdict, signed)
    if call.as_json:
        print_json({"policy_version": policy.version, "proposals": proposals})
        return
    rows = [(p.rule, figure(p.before), figure(p.after), p.state or "open", p.author or "") for p in proposals]
    out.print(table("", ("rule", "now", "suggested", "decision", "by"), rows))


def _write(present: InForce, chosen: Sequence[Proposal], file: Path, *, force: bool) -> None:
    """A draft with the chosen numbers; the rest of the text is the policy's in force, comments and all."""
    from leadwerk.pipeline.policies.policy_store import draft_of
    from leadwerk.pipeline.policies.suggest import numbers
    from leadwerk.policy.points_numbers import text_with_numbers

    # The text is edited, not rewritten: comments and order of the policy stay.
    text = text_with_numbers(present.text, present.policy, numbers(chosen))
    write_new(file, draft_of(present, text), force=force)
    err.print(f"{len(chosen)} suggestions stand in {file}. See `leadwerk policy replay {file}`.")


def _show(report: SuggestionReport, proposals: Sequence[Proposal]) -> None:
    from leadwerk.learning.suggestion_evaluation import Effect

    suggested = report.suggested
    rows = [_row(suggestion) for suggestion in suggested.suggestions]
    if rows:
        header = ("rule", "now", "better", "95 % between", "conversion with it", "without")
        out.print(table(f"From {suggested.landmarks:,} landmarks, {suggested.converted:,} converted", header, rows))
    else:
        out.print(
            f"No rule deserves other points, by {suggested.landmarks:,} landmarks ({suggested.converted:,} converted)."
        )
    if suggested.new_rules:
        title = "New rules: leads that convert otherwise than their points say"
        names = ("rule", "points", "95 % between", "conversion with it", "without")
        out.print(table(title, names, [_new_row(rule) for rule in suggested.new_rules]))
    for name, band in suggested.bands().items():
        out.print(
            f"{name.upper()} from [bold]{band.after}[/bold] points on (now {band.before}): "
            f"about the same number of leads as now, {band.share:.0%}."
        )
    if isinstance(report.effect, Effect):
        _show_effect(report.effect)
    else:
        out.print(f"[yellow]The effect cannot be measured:[/yellow] {report.effect.reason}")
    declined = [proposal.rule for proposal in proposals if proposal.state == "declined"]
    if declined:
        out.print(f"Declined before: {', '.join(declined)}")


def _row(suggestion: Suggestion) -> tuple[str, ...]:
    name = f"{suggestion.rule} again" if suggestion.is_repeat else suggestion.rule
    interval = f"{suggestion.low:.0f} … {suggestion.high:.0f}"
    return (
        name,
        str(suggestion.before),
        str(suggestion.after),
        interval,
        f"{_rate(suggestion.with_points)} of {suggestion.with_points.rows:,}",
        _rate(suggestion.without_points),
    )


def _new_row(rule: NewRule) -> tuple[str, ...]:
    shares = f"{_rate(rule.with_points)} of {rule.with_points.rows:,}", _rate(rule.without_points)
    return rule.rule.name, str(rule.points), f"{rule.low:.0f} … {rule.high:.0f}", *shares


def _rate(share: ConversionRate) -> str:
    return f"{share.rate:.1%} ± {(share.high - share.low) / 2:.1%}"


def _show_effect(effect: Effect) -> None:
    rankings = (
        ("points as they are", effect.present),
        ("suggested points", effect.suggested),
        ("model", effect.model),
    )
    header, rows = ["ranking", "AUC", "90 % between"], [[label, *_area(ranking)] for label, ranking in rankings]
    # A share of nothing is no figure: without a lead over chance the column is left out.
    if effect.model.of_model is not None:
        header.append("lead over chance")
        rows = [[*row, _model_area(ranking)] for row, (_, ranking) in zip(rows, rankings, strict=True)]
    title = f"On {effect.landmarks:,} later landmarks, learned from those before {effect.boundary}"
    out.print(table(title, header, rows))
    if effect.model.of_model is None:
        out.print("The model is no better than chance there, beyond its error: it says nothing of the points.")


def _area(ranking: Ranking) -> tuple[str, str]:
    return f"{ranking.auc.value:.3f}", f"{ranking.auc.low:.3f} … {ranking.auc.high:.3f}"


def _model_area(ranking: Ranking) -> str:
    return "" if ranking.of_model is None else f"{ranking.of_model:.0%}"
