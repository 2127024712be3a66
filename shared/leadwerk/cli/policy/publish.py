"""Changing a policy with open eyes: draft, diff, replay, publish, history, revert."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leadwerk.cli.console import err, figure, out, print_json, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.options import Deployment
from leadwerk.cli.speech import Speech
from leadwerk.errors import InputError
from leadwerk.texts.message import Message

if TYPE_CHECKING:
    from leadwerk.pipeline.policies.policy_store import Draft, InForce
    from leadwerk.warehouse.records import PolicyChangeRow

By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Reason.")]
Days = Annotated[int, typer.Option(min=1, max=730, help="Days of leads to look back at.")]
File = Annotated[Path, typer.Argument(help="A draft, or any policy file.")]
LINE = 70
"""Characters of a value that are shown in a difference."""


def register(family: typer.Typer) -> None:
    """Add the commands to the family `policy`."""
    for command in (draft, diff, replay, publish, history, revert):
        family.command()(command)


@shared_options(now=False, json=False)
def draft(
    call: Invocation,
    output: Annotated[Path, typer.Option("--out", metavar="FILE", help="File to write.")] = Path("draft.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Copy the policy in force into a file to edit; `publish` knows from its first line what it was made from.

    Example: `leadwerk policy draft --out draft.yaml`
    """
    from leadwerk.pipeline.policies.policy_store import draft_of, open_policies

    present = open_policies(call.deployment.settings).in_force()
    write_new(output, draft_of(present), force=force)
    drafted = Speech.of_reader(call).say("policy.drafted", version=present.version, file=f"[bold]{output}[/bold]")
    commands = (f"diff {output}", f"replay {output}", f"publish {output} --by NAME --reason TEXT")
    lines = [drafted, *(f"  leadwerk policy {command}" for command in commands)]
    out.print("\n".join(lines))


def write_new(file: Path, text: str, *, force: bool) -> None:
    """Write a file that is not there yet.

    Raises:
        InputError: it is there and `force` is not given, or it cannot be written.
    """
    try:
        # "x" refuses an existing file in the same call; after a check, another process could still create it.
        with file.open("w" if force else "x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        message, remedy = Message("cli.policy.exists", path=file), Message("cli.policy.exists.remedy")
        raise InputError(message, field="out", value=str(file), remedy=remedy) from None
    except OSError as error:
        remedy = Message("cli.policy.unwritable.remedy")
        raise InputError(f"{file}: {error.strerror}.", field="out", value=str(file), remedy=remedy) from None


def read_draft(file: Path) -> Draft:
    """The draft in a file.

    Raises:
        InputError: the file cannot be read.
        PolicyError: it is wrong.
    """
    from leadwerk.pipeline.policies import policy_store as policies

    try:
        return policies.read_draft(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else Message("cli.policy.not_utf8")
        message = Message("import.unreadable", path=file, reason=reason)
        remedy = Message("cli.policy.unreadable.remedy")
        raise InputError(message, field="file", value=str(file), remedy=remedy) from None


@shared_options(now=False)
def diff(call: Invocation, file: File) -> None:
    """Compare a policy file with the policy in force, field by field.

    Example: `leadwerk policy diff draft.yaml`
    """
    from leadwerk.pipeline.policies.policy_store import open_policies
    from leadwerk.policy.diff import differences

    present, new = open_policies(call.deployment.settings).in_force(), read_draft(file)
    changes = differences(present.policy, new.policy)
    if call.as_json:
        print_json({"from": present.version, "to": new.policy.version, "differences": changes})
    elif changes:
        rows = [(change.field, _short(change.before), _short(change.after)) for change in changes]
        header = (*Speech.of_reader(call).columns("field", "in_force"), str(file))
        out.print(table(f"{present.version} → {new.policy.version}", header, rows))
    else:
        out.print(Speech.of_reader(call).say("policy.no_difference", file=file, version=present.version))


def _short(value: Any) -> str:
    from msgspec import json

    text = value if isinstance(value, str) else "–" if value is None else json.encode(value).decode()
    return text if len(text) <= LINE else text[: LINE - 1] + "…"


@shared_options()
def replay(
    call: Invocation,
    file: File,
    days: Days = 90,
    points_alone: Annotated[
        bool, typer.Option("--points", help="Compare by points alone, even if a model ranks.")
    ] = False,
) -> None:
    """Compare what a policy would have done with the leads of the last days with the policy in force.

    Example: `leadwerk policy replay draft.yaml --days 90`
    """
    from leadwerk.cli.policy import replay as replay_tables
    from leadwerk.pipeline.policies.policy_store import open_policies
    from leadwerk.pipeline.policies.replay import ReplayRequest

    deployment = call.deployment
    present, new = open_policies(deployment.settings).in_force(), read_draft(file)
    request = ReplayRequest(old=present.policy, new=new.policy, now=call.moment(), days=days)
    replayed = replay_tables.run(call, request, points_alone=points_alone)
    if call.as_json:
        print_json(replayed)
    else:
        replay_tables.show(replayed, Speech.of_reader(call))


@shared_options()
def publish(
    call: Invocation,
    file: File,
    by: By,
    reason: Reason,
    days: Days = 90,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Put a policy in force, after showing what it would have changed; recorded with its author.

    Example: `leadwerk policy publish draft.yaml --by "Ada Keller" --reason "Webinars bring no customers"`
    """
    from leadwerk.cli.policy import replay as replay_tables
    from leadwerk.pipeline.policies import policy_store as policies, publishing
    from leadwerk.pipeline.policies.replay import ReplayRequest

    deployment, at = call.deployment, call.deciding_moment()
    decided, new = publishing.publication_note(by, reason, at), read_draft(file)
    place = policies.open_policies(deployment.settings)
    present = place.in_force()
    if new.policy.version != present.version:
        speech = Speech.of_reader(call)
        policies.check_base(new, present)
        request = ReplayRequest(old=present.policy, new=new.policy, now=at, days=days)
        replayed = replay_tables.run(call, request)
        if not call.as_json:
            replay_tables.show_summary(replayed, speech)
        _warn(deployment, new, file, speech)
        if not yes:
            question = speech.say("policy.confirm", version=new.policy.version, before=present.version)
            typer.confirm(question, abort=True, err=True)
    _tell(call, publishing.publish(place, deployment.warehouse, new, present, decided))


def _warn(deployment: Deployment, new: Draft, file: Path, speech: Speech) -> None:
    """What somebody should know who publishes this."""
    from leadwerk.features.contract import contract, contract_hash

    if new.base is None:
        err.print(f"[yellow]{speech.say('policy.no_base', file=file)}[/yellow]")
    champion = deployment.registry.champion()
    if champion and deployment.registry.manifest(champion.version).contract_hash != contract_hash(contract(new.policy)):
        err.print(f"[yellow]{speech.say('policy.other_features')}[/yellow]")


@shared_options()
def history(call: Invocation) -> None:
    """List policy publications with author, time and reason, the newest first.

    Example: `leadwerk policy history`
    """
    from leadwerk.pipeline.policies import publishing
    from leadwerk.pipeline.policies.policy_store import open_policies

    deployment, at = call.deployment, call.moment()
    present = open_policies(deployment.settings).in_force()
    changes = publishing.history(deployment.warehouse, at)
    if call.prints_json({"in_force": present.version, "changes": changes}):
        return
    _show_history(changes, present, Speech.of_reader(call))


def _show_history(changes: list[PolicyChangeRow], present: InForce, speech: Speech) -> None:
    names = ("kind", "from_version", "to_version", "author", "reason")
    header = speech.columns("when_utc", "what", "from", "to", "author", "reason")
    if changes:
        rows = [
            (f"{row.changed_at:%Y-%m-%d %H:%M}", *(figure(getattr(row, name)) for name in names)) for row in changes
        ]
        out.print(table("", header, rows))
    out.print(speech.say("policy.in_force", version=f"[bold]{present.version}[/bold]", name=present.policy.name))
    if changes and changes[0].to_version != present.version:
        out.print(f"[yellow]{speech.say('policy.by_hand')}[/yellow]")


@shared_options()
def revert(
    call: Invocation,
    by: By,
    reason: Reason,
    version: Annotated[str | None, typer.Argument(help="Version to restore (default: the previous one).")] = None,
) -> None:
    """Put a former policy in force again, at once; recorded like a publication.

    Example: `leadwerk policy revert --by "Ada Keller" --reason "Too many calls"`
    """
    from leadwerk.pipeline.policies import policy_store as policies, publishing

    deployment = call.deployment
    decided = publishing.publication_note(by, reason, call.deciding_moment())
    place = policies.open_policies(deployment.settings)
    _tell(call, publishing.revert(place, deployment.warehouse, version, decided))


def _tell(call: Invocation, change: PolicyChangeRow) -> None:
    from leadwerk.pipeline.serving.runtime_cache import POLICY_SECONDS

    if call.prints_json(change):
        return
    versions = {"version": f"[bold]{change.to_version}[/bold]", "before": change.from_version}
    out.print(Speech.of_reader(call).say("policy.replaced", **versions, seconds=f"{POLICY_SECONDS:.0f}"))
