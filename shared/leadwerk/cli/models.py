"""Tools for models: list, show, promote, roll back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from leadwerk.cli.console import figure, out, print_json, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.model_card import card
from leadwerk.cli.speech import Speech
from leadwerk.texts import text
from leadwerk.texts.message import in_language

if TYPE_CHECKING:
    from leadwerk.pipeline.champion_change import ChampionChange
    from leadwerk.registry import Champion

By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Reason.")]
Version = Annotated[str, typer.Argument(help="A model version; see `leadwerk models list`.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    family = typer.Typer(help="List, show, promote and roll back models.", no_args_is_help=True)
    family.command("list")(list_)
    for command in (show, promote, rollback):
        family.command()(command)
    app.add_typer(family, name="models", rich_help_panel="Tools")


@shared_options(now=False)
def list_(call: Invocation) -> None:
    """List all model versions, the newest first; marks the champion, or the one that left the ranking to the points.

    Example: `leadwerk models list`
    """
    registry, speech = call.deployment.registry, Speech.of_reader(call)
    champion, demotion = registry.champion(), registry.stood_down()
    present = champion.version if champion else None
    manifests = [registry.manifest(version) for version in reversed(registry.versions())]
    if call.as_json:
        versions = [manifest.version for manifest in manifests]
        print_json({"champion": present, "stood_down": demotion, "versions": versions})
        return
    if not manifests:
        out.print(speech.say("models.none", command="[bold]leadwerk retrain[/bold]"))
        return
    mark = speech.say("models.stood_down" if demotion else "models.champion")
    marks = {demotion.version if demotion else present or "": mark}
    rows = [(marks.get(m.version, ""), m.version, m.kind, figure(m.data.rows), figure(m.base_rate)) for m in manifests]
    header = ("", *speech.columns("version", "kind", "landmarks", "base_rate"))
    out.print(table(speech.say("models.title"), header, rows))
    if demotion:
        reason = in_language(demotion.why(), speech.language)
        out.print(speech.say("models.points_decide", day=demotion.stood_down_at[:10], reason=reason))


@shared_options(now=False)
def show(
    call: Invocation,
    version: Annotated[str | None, typer.Argument(help="Version to show (default: the champion).")] = None,
) -> None:
    """Show a model's main figures: data, candidates and most important features; everything with --json.

    Example: `leadwerk models show`
    """
    registry = call.deployment.registry
    manifest = registry.manifest(version) if version else registry.champion_files().manifest
    if call.prints_json(manifest):
        return
    champion = registry.champion()
    current = champion if champion and champion.version == manifest.version else None
    for part in card(manifest, current, Speech.of_reader(call)):
        out.print(part)


@shared_options()
def promote(
    call: Invocation,
    version: Version,
    by: By = "",
    reason: Reason = "by hand",
) -> None:
    """Make a version champion by hand; recorded with author and reason.

    Example: `leadwerk models promote 20260301T020000Z-1f2e3d4c5b6a --by "Ada Keller" --reason "spring misread"`
    """
    _tell(call, _change(call, by, reason).promote(version, call.deciding_moment()))


@shared_options()
def rollback(
    call: Invocation,
    by: By = "",
    reason: Reason = "rollback",
) -> None:
    """Restore the previous champion; recorded with author and reason.

    Example: `leadwerk models rollback --by "Ada Keller" --reason "scores fell without cause"`
    """
    _tell(call, _change(call, by, reason).roll_back(call.deciding_moment()))


def _change(call: Invocation, by: str, reason: str) -> ChampionChange:
    from leadwerk.pipeline.champion_change import ChampionChange

    return ChampionChange(call.deployment.registry, call.deployment.warehouse, by or call.operator, reason)


def _tell(call: Invocation, champion: Champion) -> None:
    if call.prints_json(champion):
        return
    speech = Speech.of_reader(call)
    out.print(speech.say("models.changed", version=f"[bold]{champion.version}[/bold]"))
    if erasures := call.deployment.registry.erasures_since(champion.version):
        day = f"{erasures[0].erased_at:%Y-%m-%d}"
        erased = text(speech.language, "doctor.champion.erased", version=champion.version, day=day)
        out.print(f"[yellow]{erased}.[/yellow] {text(speech.language, 'doctor.champion.erased.remedy')}")
