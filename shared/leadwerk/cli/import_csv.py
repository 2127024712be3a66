"""Bring a CSV file of leads and start: its columns become the policy, its rows leads and outcomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape

from leadwerk.cli.console import err, figure, out, print_json, show, table, working
from leadwerk.cli.options import AsJson, Deployment, Home, Now, storing_moment
from leadwerk.errors import InputError
from leadwerk.importing import policy_file
from leadwerk.importing.columns import Column, describe
from leadwerk.importing.leads import fields_of
from leadwerk.importing.mapping import ColumnMapping, attributes, state, statuses, under_policy
from leadwerk.importing.table import DELIMITER_NAMES, CsvTable, read
from leadwerk.policy.model import Policy
from leadwerk.policy.section import Language

MAPPING_FILE = "import.json"
NOTES = {
    "empty": "nothing in it: not used",
    "constant": "always the same: not used",
    "text": "free text or ids: not used",
    "date": "a time: not used; --time if it says when the lead came",
    "contact": "of persons (names, addresses): not used",
}


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command("import", rich_help_panel="Start here")(import_)


def import_(
    file: Annotated[Path, typer.Argument(help="A CSV file with one lead a row.")],
    id: Annotated[str | None, typer.Option("--id", metavar="COL", help="Column that tells leads apart.")] = None,
    outcome: Annotated[
        str | None, typer.Option("--outcome", metavar="COL", help="Column that says what became of the lead.")
    ] = None,
    positive: Annotated[
        str | None, typer.Option("--positive", metavar="VALUE", help="Its value for a success, if not yes/1/won …")
    ] = None,
    open: Annotated[
        list[str] | None,
        typer.Option(
            "--open", metavar="VALUE", help="Its value for a lead not decided yet, if not open …; repeatable."
        ),
    ] = None,
    time: Annotated[
        str | None, typer.Option("--time", metavar="COL", help="When the lead came; else the file's order counts.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", metavar="COL", help="Not to be learned from; repeatable.")
    ] = None,
    language: Annotated[str, typer.Option(help="Of the reasons: de, fr, it or en.")] = "en",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what the file holds.")] = False,
    keep_policy: Annotated[
        bool, typer.Option("--keep-policy", help="Read the file under the policy in force, and write none.")
    ] = False,
    replace_policy: Annotated[
        bool, typer.Option("--replace-policy", help="Even if a person wrote or edited it.")
    ] = False,
    home: Home = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Import leads with their outcomes from any CSV file, and write the policy that fits it.

    Exclude columns that were filled in when the outcome was already near: they are not known when a lead is scored.

    Example: `leadwerk import leads.csv --id "Lead Number" --outcome Converted --exclude Tags`, then `leadwerk retrain`,
    then `leadwerk score --csv new.csv --out scored.csv`
    """
    with working(f"Reading {file.name}"):
        content = read(file)
        columns = [describe(name, content.values(name)) for name in content.columns]
    if id is None or outcome is None:
        _show_columns(content, columns, dry_run=dry_run, as_json=as_json)
        return
    named: dict[str, Any] = {"id": id, "outcome": outcome, "time": time, "exclude": exclude or ()}
    kept = Deployment.at(home).policy if keep_policy else None
    mapping = under_policy(content, **named) if kept else state(content, positive=positive, open=open or (), **named)
    plan = _ImportPlan(content, mapping, columns, _languages(language), kept)
    if not as_json:
        _show_file(plan)
    if dry_run:
        if as_json:
            print_json(plan.summary())
        return
    _store(plan, _adopt(plan, home, replace_policy), storing_moment(now), as_json)


def _store(plan: _ImportPlan, here: Deployment, now: datetime, as_json: bool) -> None:
    from leadwerk.pipeline import import_leads as stage

    with working("Storing"):
        report = stage.run(
            here.warehouse,
            here.policy,
            plan.table,
            plan.mapping,
            now=now,
            person_key=here.person_key,
            rejects_to=here.settings.home / "imports" / f"{plan.table.path.stem}.rejects.csv",
        )
    if as_json:
        print_json({**plan.summary(), **msgspec.to_builtins(report)})
        return
    show(report, title="Imported", as_json=False)
    out.print("Next: [bold]leadwerk retrain[/bold], then [bold]leadwerk score --csv IN --out OUT[/bold]")


@dataclass(frozen=True)
class _ImportPlan:
    """A file and what it will become; `kept`: the policy under which it is read, where none is written."""

    table: CsvTable
    mapping: ColumnMapping
    columns: Sequence[Column]
    languages: Sequence[Language]
    kept: Policy | None = None

    @property
    def policy(self) -> str:
        named = attributes(self.columns, self.mapping)
        found = statuses(self.table, self.mapping)
        return policy_file.text(self.table.path.stem, self.mapping, named, found, self.languages)

    def role(self, column: Column) -> str:
        """What becomes of a column, in words."""
        mapping = self.mapping
        undecided = f"; open: {', '.join(map(repr, mapping.open))}" if mapping.open else ""
        outcome = f"outcome, success is {mapping.positive!r}{undecided}"
        if self.kept:
            outcome = "outcome, by the policy's outcomes"
        roles = {mapping.id: "id", mapping.outcome: outcome, mapping.time: "time"}
        if column.name in roles:
            return roles[column.name]
        if column.name in mapping.exclude:
            return "excluded"
        field = self._fields.get(column.name)
        if self.kept and field is None:
            sources = {attribute.source or attribute.name for attribute in self.kept.attributes}
            return "attribute of the policy" if column.name in sources else "no attribute of the policy: not used"
        return _use(column, field)

    @cached_property
    def _fields(self) -> dict[str, str]:
        mapping = self.mapping
        taken = {mapping.id, mapping.outcome, mapping.time, *mapping.exclude}
        return fields_of([name for name in self.table.columns if name not in taken])

    def summary(self) -> dict[str, object]:
        """What the file holds, for a machine."""
        return {
            "encoding": self.table.encoding,
            "delimiter": self.table.delimiter,
            "columns": [{**msgspec.to_builtins(column), "role": self.role(column)} for column in self.columns],
            "mapping": msgspec.to_builtins(self.mapping),
        }


def _use(column: Column, field: str | None) -> str:
    """What becomes of a column that nobody named; `field`: that of every lead which it holds."""
    if field == column.name:
        return "read as every lead's field of this name"
    if field:
        return f"read as every lead's field {field}"
    return NOTES.get(column.kind, "learned from")


def _show_columns(content: CsvTable, columns: Sequence[Column], *, dry_run: bool, as_json: bool) -> None:
    """What a file holds, for somebody who has to name its columns yet.

    Raises:
        InputError: it should be imported, but not named is which column is which.
    """
    if not dry_run:
        raise InputError(
            "It is not said which column tells leads apart, or which says what became of them.",
            field="id, outcome",
            remedy="Give --id COL and --outcome COL; --dry-run shows the columns.",
        )
    fields = fields_of(content.columns)

    def use(column: Column) -> str:
        return _use(column, fields.get(column.name))

    if as_json:
        told = [{**msgspec.to_builtins(column), "role": use(column)} for column in columns]
        print_json({"encoding": content.encoding, "delimiter": content.delimiter, "columns": told})
        return
    _show_table(content, columns, use)


def _languages(first: str) -> tuple[Language, ...]:
    known: tuple[Language, ...] = ("en", "de", "fr", "it")
    if first not in known:
        raise InputError(
            f"The language {first!r} is not spoken here.", field="language", value=first, remedy="Use de, fr, it or en."
        )
    return tuple(sorted(known, key=lambda language: language != first))


def _show_file(plan: _ImportPlan) -> None:
    _show_table(plan.table, plan.columns, plan.role)
    if plan.mapping.time is None:
        out.print("[yellow]No --time:[/yellow] the file's order stands for time, the first row being the oldest.")


def _show_table(content: CsvTable, columns: Sequence[Column], role: Callable[[Column], str]) -> None:
    rows = [(c.name, c.kind, figure(c.missing), figure(c.distinct), _examples(c), role(c)) for c in columns]
    title = f"{content.path.name}: {content.encoding}, separated by {DELIMITER_NAMES[content.delimiter]}"
    out.print(table(title, ("column", "type", "missing", "distinct", "such as", "use"), rows))
    for sentence in content.renamed:
        out.print(f"[yellow]Renamed:[/yellow] {escape(sentence)}")
    if content.broken:
        out.print(f"[yellow]{len(content.broken)} broken lines[/yellow] are left out and written to the rejects file.")


def _examples(column: Column) -> str:
    return ", ".join(value if len(value) <= 18 else value[:17] + "…" for value in column.examples)


def _adopt(plan: _ImportPlan, home: Path | None, replace: bool) -> Deployment:
    """Make the file's policy the home's, unless it is read under the home's own, or a person wrote the one there.

    Raises:
        InputError: a person did.
    """
    folder = Deployment.at(home).settings.home
    if plan.kept:
        folder.mkdir(parents=True, exist_ok=True)
        _note(folder, plan.mapping)
        return Deployment.at(home)
    path = folder / "policy.yaml"
    text = plan.policy
    by_hand = path.exists() and not policy_file.untouched(path.read_text("utf-8", errors="replace"))
    if by_hand and not replace:
        raise InputError(
            f"{path} was not written by an import, or was edited since.",
            field="home",
            value=str(folder),
            remedy="Read the file under it with --keep-policy; or choose another --home, or say --replace-policy.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    _note(folder, plan.mapping)
    err.print(f"Policy: {path}")
    return Deployment.at(home)


def _note(folder: Path, mapping: ColumnMapping) -> None:
    (folder / MAPPING_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(mapping), indent=1))


def mapping_of(home: Path) -> ColumnMapping | None:
    """How the home's file was imported; None if none was.

    Raises:
        InputError: the note of it cannot be read.
    """
    path = home / MAPPING_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=ColumnMapping) if path.exists() else None
    except msgspec.DecodeError as error:
        raise InputError(
            f"{path} cannot be read: {error}.", field="import.json", remedy="Import the file again."
        ) from error
