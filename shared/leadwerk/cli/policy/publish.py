"""Changing a policy with open eyes: draft, diff, replay, publish, history, revert."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leadwerk.cli.console import err, figure, out, print_json, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.options import Deployment
from leadwerk.errors import InputError

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
    out.print(
        f"Policy {present.version} stands in [bold]{output}[/bold]. Edit it, then:\n"
        f"  leadwerk policy diff {output}\n  leadwerk policy replay {output}\n"
        f"  leadwerk policy publish {output} --by NAME --reason TEXT"
    )


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
        remedy = "Give another --out, or --force to overwrite it."
        raise InputError(f"{file} is there already.", field="out", value=str(file), remedy=remedy) from None
    except OSError as error:
        remedy = "Give a path that can be written."
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
        remedy = "Make one: `leadwerk policy draft`."
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"{file} cannot be read: {reason}.", field="file", value=str(file), remedy=remedy) from None


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
        out.print(table(f"{present.version} → {new.policy.version}", ("field", "in force", str(file)), rows))
    else:
        out.print(f"{file} does not differ from policy {present.version}, which is in force.")


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
    replayed = replay_tables.run(deployment, request, as_json=call.as_json, points_alone=points_alone)
    if call.as_json:
        print_json(replayed)
    else:
        replay_tables.show(replayed)


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
        policies.check_base(new, present)
        request = ReplayRequest(old=present.policy, new=new.policy, now=at, days=days)
        replayed = replay_tables.run(deployment, request, as_json=call.as_json)
        if not call.as_json:
            replay_tables.show_summary(replayed)
        _warn(deployment, new, file)
        if not yes:
            typer.confirm(
                f"Put policy {new.policy.version} in force instead of {present.version}?", abort=True, err=True
            )
    _tell(publishing.publish(place, deployment.warehouse, new, present, decided), as_json=call.as_json)


def _warn(deployment: Deployment, new: Draft, file: Path) -> None:
    """What somebody should know who publishes this."""
    from leadwerk.features.contract import contract, contract_hash

    if new.base is None:
        err.print(f"[yellow]{file} does not say which policy it was made from; it replaces the one in force.[/yellow]")
    champion = deployment.registry.champion()
    if champion and deployment.registry.manifest(champion.version).contract_hash != contract_hash(contract(new.policy)):
        err.print(
            "[yellow]The champion was trained on other signals or attributes and will be refused under this policy: "
            "run `leadwerk retrain` as soon as it is in force.[/yellow]"
        )


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
    if call.as_json:
        print_json({"in_force": present.version, "changes": changes})
        return
    _show_history(changes, present)


def _show_history(changes: list[PolicyChangeRow], present: InForce) -> None:
    names = ("kind", "from_version", "to_version", "author", "reason")
    header = ("when (UTC)", "what", "from", "to", "author", "reason")
    if changes:
        rows = [
            (f"{row.changed_at:%Y-%m-%d %H:%M}", *(figure(getattr(row, name)) for name in names)) for row in changes
        ]
        out.print(table("", header, rows))
    out.print(f"In force: [bold]{present.version}[/bold] ({present.policy.name})")
    if changes and changes[0].to_version != present.version:
        out.print("[yellow]It was put there by hand, without a record; publish the file to record it.[/yellow]")


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
    _tell(publishing.revert(place, deployment.warehouse, version, decided), as_json=call.as_json)


def _tell(change: PolicyChangeRow, *, as_json: bool) -> None:
    from leadwerk.pipeline.serving.runtime_cache import POLICY_SECONDS

    if as_json:
        print_json(change)
        return
    out.print(
        f"In force: policy [bold]{change.to_version}[/bold], in place of {change.from_version}. "
        f"Running functions follow within {POLICY_SECONDS:.0f} seconds."
    )
