"""`leadwerk export` and `leadwerk move`: a deployment as files, and an empty deployment filled from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from leadwerk.cli.console import out
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.progress_bar import working
from leadwerk.cli.speech import Speech

if TYPE_CHECKING:
    from leadwerk.pipeline.transfer.export import TransferPlaces
    from leadwerk.pipeline.transfer.manifest import ExportManifest


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command("export", rich_help_panel="Operation")(export)
    app.command("move", rich_help_panel="Operation")(move)


@shared_options()
def export(
    call: Invocation,
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    file_format: Annotated[
        Literal["parquet", "csv"], typer.Option("--format", help="Parquet keeps all types; CSV is for spreadsheets.")
    ] = "parquet",
) -> None:
    """Write all tables, models, picks and policies into a folder, with a manifest of their hashes.

    The GA4 export is Google's and is not in it; reports are written anew from the tables.

    Example: `leadwerk export backup-2026-11`
    """
    from leadwerk.pipeline.transfer.export import export as write

    with working(Speech.of_reader(call), "transfer.exporting", as_json=call.as_json) as progress:
        manifest = write(_transfer_places(call), folder, file_format=file_format, now=call.moment(), progress=progress)
    call.record("export", folder.name)
    _show(call, "transfer.exported", folder, manifest)


@shared_options()
def move(
    call: Invocation, folder: Annotated[Path, typer.Argument(help="A folder written by `leadwerk export`.")]
) -> None:
    """Take an export over into this deployment, which must be empty: from the laptop to the cloud, or back.

    An interrupted run continues when it is repeated.

    Example: `leadwerk --home new move backup-2026-11`
    """
    from leadwerk.pipeline.transfer.fill import fill

    with working(Speech.of_reader(call), "transfer.moving", as_json=call.as_json) as progress:
        manifest = fill(_transfer_places(call), folder, progress=progress)
    call.record("take_over", folder.name)
    _show(call, "transfer.moved", folder, manifest)


def _transfer_places(call: Invocation) -> TransferPlaces:
    from leadwerk.pipeline.policies.policy_store import open_policies
    from leadwerk.pipeline.transfer.export import TransferPlaces
    from leadwerk.pipeline.wiring import person_key
    from leadwerk.registry.locations import open_store

    deployment = call.deployment
    settings = deployment.settings
    models, picks = (open_store(place, settings.storage_url) for place in (settings.registry, settings.picks))
    key = person_key(settings)
    return TransferPlaces(deployment.warehouse, models, picks, open_policies(settings), key)


def _show(call: Invocation, key: str, folder: Path, manifest: ExportManifest) -> None:
    if call.prints_json(manifest):
        return
    rows = sum(file.rows or 0 for file in manifest.files)
    tables = sum(file.rows is not None for file in manifest.files)
    objects = len(manifest.files) - tables
    counts = {"rows": f"{rows:,}", "tables": tables, "objects": f"{objects:,}"}
    out.print(f"[green]{Speech.of_reader(call).say(key, folder=folder, **counts)}[/green]")
