"""`leadwerk policy suggest`: points proposed from outcomes, and a person's decisions on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadwerk.cli.console import builtins, err, figure, out, print_json, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.policy.publish import By, Reason, write_new
from leadwerk.cli.progress_bar import working
from leadwerk.cli.speech import Speech
from leadwerk.texts.message import Message, in_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadwerk.learning.conversion_rate import ConversionRate
    from leadwerk.learning.customer_profile import CustomerProfile, ProfileTrait
    from leadwerk.learning.rule_discovery import NewRule
    from leadwerk.learning.suggest import Suggestion
    from leadwerk.learning.suggestion_evaluation import Effect
    from leadwerk.pipeline.policies.policy_store import InForce
    from leadwerk.pipeline.policies.suggest import Proposal, SuggestionReport, Verdict
    from leadwerk.policy.points_numbers import PointsNumbers

Rules = Annotated[list[str], typer.Argument(metavar="RULE...", help="Rules as `leadwerk policy suggest` names them.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite the file.")]


def register(policy: typer.Typer) -> None:
    """Add the commands to the family `policy`."""
    family = typer.Typer(invoke_without_command=True, no_args_is_help=False)
    family.callback()(suggest)
    for command in (accept, decline, draft, profile):
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

    deployment, at, speech = call.deployment, call.storing_moment(), Speech.of_reader(call)
    present = open_policies(deployment.settings).in_force()
    with working(speech, "suggest.running", as_json=call.as_json) as progress:
        report = stage.run(deployment.warehouse, present.policy, now=at, progress=progress)
    proposals = stage.proposals(deployment.warehouse, present.policy, at)
    if call.as_json:
        print_json({**builtins(report), "proposals": proposals})
    else:
        _show(report, proposals, speech)
    if output:
        chosen = [proposal for proposal in proposals if proposal.state != "declined"]
        _write(present, chosen, output, speech, force=force)


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
        raise InputError(Message("cli.suggest.none_accepted"), field="rule")
    _write(present, accepted, output, Speech.of_reader(call), force=force)


@shared_options()
def profile(
    call: Invocation,
    output: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write a draft with the rules that the profile proposes."),
    ] = None,
    force: Force = False,
) -> None:
    """Propose an ideal customer profile: who is over-represented among past customers, with evidence.

    Example: `leadwerk policy suggest profile --out draft.yaml`, then `leadwerk policy replay draft.yaml`
    """
    from leadwerk.pipeline.policies import suggest as stage
    from leadwerk.pipeline.policies.policy_store import open_policies
    from leadwerk.policy.points_numbers import PointsNumbers

    deployment, speech = call.deployment, Speech.of_reader(call)
    present = open_policies(deployment.settings).in_force()
    with working(speech, "suggest.profile.running", as_json=call.as_json):
        proposed = stage.profile(deployment.warehouse, present.policy, now=call.moment())
    if call.as_json:
        print_json(proposed)
    else:
        _show_profile(proposed, speech)
    if output:
        rules = tuple(rule.rule for rule in proposed.new_rules)
        _write_numbers(present, PointsNumbers(rules=rules), output, speech, force=force)


def _show_profile(proposed: CustomerProfile, speech: Speech) -> None:
    counts = {"leads": f"{proposed.leads:,}", "customers": f"{proposed.customers:,}", "tested": proposed.tested}
    if not proposed.traits:
        out.print(speech.say("suggest.profile.none", **counts))
        return
    header = speech.columns("trait", "leads", "of_leads", "of_customers", "lift", "rule", "points")
    rows = [_trait_row(trait, speech) for trait in proposed.traits]
    out.print(table(speech.say("suggest.profile.title", **counts), header, rows))
    if proposed.new_rules:
        header = speech.columns("rule", "points", "between_95", "conversion_with", "without")
        out.print(
            table(speech.say("suggest.new_rules"), header, [_new_row(rule, speech) for rule in proposed.new_rules])
        )


def _trait_row(trait: ProfileTrait, speech: Speech) -> tuple[str, ...]:
    label = trait.labels.get(speech.language) or f"{trait.fact} {trait.value}"
    return (
        label,
        f"{trait.leads:,}",
        f"{trait.lead_share:.0%}",
        f"{trait.customer_share:.0%}",
        f"{trait.lift:.1f} ({trait.low:.1f} … {trait.high:.1f})",
        trait.rule or "",
        figure(trait.points),
    )


def _decide(call: Invocation, rules: list[str], verdict: Verdict, note: tuple[str, str]) -> None:
    from leadwerk.pipeline.policies import suggest as stage
    from leadwerk.pipeline.policies.policy_store import open_policies
    from leadwerk.pipeline.policies.publishing import publication_note

    deployment = call.deployment
    policy = open_policies(deployment.settings).in_force().policy
    signed = publication_note(*note, call.deciding_moment())
    proposals = stage.decide(deployment.warehouse, policy, rules, verdict, signed)
    if call.prints_json({"policy_version": policy.version, "proposals": proposals}):
        return
    speech = Speech.of_reader(call)
    rows = [
        (p.rule, figure(p.before), figure(p.after), p.state or speech.say("suggest.open"), p.author or "")
        for p in proposals
    ]
    out.print(table("", speech.columns("rule", "now", "suggested", "decision", "by"), rows))


def _write(present: InForce, chosen: Sequence[Proposal], file: Path, speech: Speech, *, force: bool) -> None:
    """A draft with the chosen numbers; the rest of the text is the policy's in force, comments and all."""
    from leadwerk.pipeline.policies.suggest import numbers

    _write_numbers(present, numbers(chosen), file, speech, force=force, count=len(chosen))


def _write_numbers(
    present: InForce, changes: PointsNumbers, file: Path, speech: Speech, *, force: bool, count: int | None = None
) -> None:
    from leadwerk.pipeline.policies.policy_store import draft_of
    from leadwerk.policy.points_numbers import text_with_numbers

    # The text is edited, not rewritten: comments and order of the policy stay.
    text = text_with_numbers(present.text, present.policy, changes)
    write_new(file, draft_of(present, text), force=force)
    written = len(changes.rules) if count is None else count
    err.print(speech.say("suggest.written", count=written, figure=written, file=file))


def _show(report: SuggestionReport, proposals: Sequence[Proposal], speech: Speech) -> None:
    from leadwerk.learning.suggestion_evaluation import Effect

    suggested = report.suggested
    rows = [_row(suggestion, speech) for suggestion in suggested.suggestions]
    counts = {"landmarks": f"{suggested.landmarks:,}", "converted": f"{suggested.converted:,}"}
    if rows:
        header = speech.columns("rule", "now", "better", "between_95", "conversion_with", "without")
        out.print(table(speech.say("suggest.title", **counts), header, rows))
    else:
        out.print(speech.say("suggest.none", **counts))
    if suggested.new_rules:
        header = speech.columns("rule", "points", "between_95", "conversion_with", "without")
        new_rows = [_new_row(rule, speech) for rule in suggested.new_rules]
        out.print(table(speech.say("suggest.new_rules"), header, new_rows))
    for name, band in suggested.bands().items():
        after = f"[bold]{band.after}[/bold]"
        cluster, share = name.upper(), f"{band.share:.0%}"
        out.print(speech.say("suggest.band", cluster=cluster, after=after, before=band.before, share=share))
    if isinstance(report.effect, Effect):
        _show_effect(report.effect, speech)
    else:
        reason = in_language(report.effect.reason, speech.language)
        out.print(f"[yellow]{speech.say('suggest.unmeasured')}[/yellow] {reason}")
    declined = [proposal.rule for proposal in proposals if proposal.state == "declined"]
    if declined:
        out.print(speech.say("suggest.declined", rules=", ".join(declined)))


def _row(suggestion: Suggestion, speech: Speech) -> tuple[str, ...]:
    name = speech.say("suggest.again", rule=suggestion.rule) if suggestion.is_repeat else suggestion.rule
    interval = f"{suggestion.low:.0f} … {suggestion.high:.0f}"
    return (
        name,
        str(suggestion.before),
        str(suggestion.after),
        interval,
        _rate_of(suggestion.with_points, speech),
        _rate(suggestion.without_points),
    )


def _new_row(rule: NewRule, speech: Speech) -> tuple[str, ...]:
    shares = _rate_of(rule.with_points, speech), _rate(rule.without_points)
    return rule.rule.name, str(rule.points), f"{rule.low:.0f} … {rule.high:.0f}", *shares


def _rate_of(share: ConversionRate, speech: Speech) -> str:
    return speech.say("suggest.rate_of", rate=_rate(share), rows=f"{share.rows:,}")


def _rate(share: ConversionRate) -> str:
    return f"{share.rate:.1%} ± {(share.high - share.low) / 2:.1%}"


def _show_effect(effect: Effect, speech: Speech) -> None:
    rankings = (
        (speech.say("suggest.present"), effect.present),
        (speech.say("suggest.suggested"), effect.suggested),
        (speech.say("suggest.model"), effect.model),
    )
    header = [*speech.columns("ranking", "auc", "between_90")]
    rows = [
        [label, f"{ranking.auc.value:.3f}", f"{ranking.auc.low:.3f} … {ranking.auc.high:.3f}"]
        for label, ranking in rankings
    ]
    # A share of nothing is no figure: without a lead over chance the column is left out.
    if effect.model.of_model is not None:
        header += speech.columns("lead_over_chance")
        shares = ["" if ranking.of_model is None else f"{ranking.of_model:.0%}" for _, ranking in rankings]
        rows = [[*row, share] for row, share in zip(rows, shares, strict=True)]
    title = speech.say("suggest.effect", landmarks=f"{effect.landmarks:,}", day=effect.boundary)
    out.print(table(title, header, rows))
    if effect.model.of_model is None:
        out.print(speech.say("suggest.no_model"))
