"""Invocation: what every command receives beside its own options, and the decorator that gives a command these options.

They may stand before the command as well (`leadwerk --home DIR import …`): there they are defaults for every command
that uses them.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, get_type_hints

import typer

from leadwerk.catalogue.languages import Language
from leadwerk.cli.console import print_json, say_error
from leadwerk.cli.exit_codes import EXIT_ERROR
from leadwerk.cli.options import Deployment, deciding_moment, language, moment, storing_moment
from leadwerk.cli.reader_language import reader_language
from leadwerk.errors import LeadwerkError

PANEL: Final = "Shared options"
HOME: Final = typer.Option(
    "--home",
    metavar="DIR",
    help="Folder with all state (default: LEADWERK_HOME, else .leadwerk).",
    show_default=False,
    rich_help_panel=PANEL,
)
NOW: Final = typer.Option(
    "--now",
    metavar="TIME",
    help="Moment to use instead of the clock (RFC 3339), for replays.",
    show_default=False,
    rich_help_panel=PANEL,
)
AS_JSON: Final = typer.Option("--json", help="Print the result as JSON.", rich_help_panel=PANEL)
OUTPUT_LANGUAGE: Final = typer.Option(
    "--output-language",
    metavar="LANGUAGE",
    help="Language of the output: de, fr, it or en (default: lists of leads the policy's first, else the terminal's).",
    show_default=False,
    rich_help_panel=PANEL,
)
Command = Callable[..., None]
SharedOptions = dict[str, Any]
"""Name of a parameter → its annotation, as Typer reads it."""


@dataclass(frozen=True)
class Invocation:
    """The shared options of one command line; `subcommand` is the one that follows, None behind the last."""

    home: Path | None = None
    now: str | None = None
    as_json: bool = False
    output_language: str | None = None
    subcommand: str | None = None

    @cached_property
    def deployment(self) -> Deployment:
        """The deployment that the environment describes, in this home."""
        return Deployment.at(self.home)

    def moment(self) -> datetime:
        """`--now`, else the clock's; raises InputError as options.moment does."""
        return moment(self.now)

    def storing_moment(self) -> datetime:
        """The moment of a command that stores what it computes: see options.storing_moment."""
        return storing_moment(self.now)

    def deciding_moment(self) -> datetime:
        """The moment of a person's decision: see options.deciding_moment."""
        return deciding_moment(self.now)

    @property
    def language(self) -> Language | None:
        """`--output-language`, None where it is not given; raises InputError if there are no texts in it."""
        return language(self.output_language)

    @property
    def reader_language(self) -> Language:
        """The language of answers and refusals: see reader_language.reader_language."""
        return reader_language(self.output_language, os.environ)

    def prints_json(self, result: Any) -> bool:
        """Print a result as JSON where `--json` asks for it; whether it did."""
        if self.as_json:
            print_json(result)
        return self.as_json

    @cached_property
    def operator(self) -> str:
        """Who gives the command: the account of this machine, for the audit trail."""
        from getpass import getuser

        try:
            return getuser()
        except (KeyError, OSError, ImportError):  # a container's user may have a number and no name
            return "unknown"

    def record(self, action: str, name: str, after: str | None = None) -> None:
        """Record in the audit trail that the operator did `action` to what `name` names."""
        from leadwerk.pipeline.audit.trail import Act, record_act

        act = Act(actor=self.operator, action=action, object=name, after=after)
        record_act(self.deployment.warehouse, act, self.moment())

    def following(self, defaults: Invocation) -> Invocation:
        """These options, and those of `defaults` where they say nothing.

        >>> Invocation(now="2026-01-31T08:00:00Z").following(Invocation(home=Path("x"), as_json=True))
        Invocation(home=PosixPath('x'), now='2026-01-31T08:00:00Z', as_json=True, output_language=None, subcommand=None)
        """
        return Invocation(*(getattr(self, part.name) or getattr(defaults, part.name) for part in fields(self)))


def shared_options(
    *, now: bool = True, json: bool = True, output_language: bool = True
) -> Callable[[Command], Command]:
    """Decorate a command that takes an Invocation first: it gets `--home`, and those of the others that it uses.

    Where it is the callback of a family, what stands there is the default of the family's commands.
    """
    options: SharedOptions = {"home": Annotated[Path | None, HOME]}
    options |= {"now": Annotated[str | None, NOW]} if now else {}
    options |= {"as_json": Annotated[bool, AS_JSON]} if json else {}
    options |= {"output_language": Annotated[str | None, OUTPUT_LANGUAGE]} if output_language else {}
    return lambda function: _with_options(function, options)


def _with_options(function: Command, options: SharedOptions) -> Command:
    def command(context: typer.Context, **arguments: Any) -> None:
        stated = Invocation(**{name: arguments.pop(name) for name in options})
        # A sub-command inherits the option that stands before it.
        context.obj = stated.following(context.obj or Invocation())
        call = replace(context.obj, subcommand=context.invoked_subcommand)
        try:
            function(call, **arguments)
        except LeadwerkError as error:
            say_error(error, call.reader_language)
            raise typer.Exit(EXIT_ERROR) from error

    functools.update_wrapper(command, function)
    # Typer reads a command's options from its signature, so the shared ones are written into it.
    signature = _signature(function, options)
    vars(command).pop("__wrapped__")
    vars(command)["__signature__"] = signature
    command.__annotations__ = {name: parameter.annotation for name, parameter in signature.parameters.items()}
    return command


def _signature(function: Command, options: SharedOptions) -> inspect.Signature:
    """The command's own parameters without the Invocation, between the context and the shared options."""
    hints, kind = get_type_hints(function, include_extras=True), inspect.Parameter.KEYWORD_ONLY
    _, *parameters = inspect.signature(function).parameters.values()
    return inspect.Signature(
        [
            inspect.Parameter("context", kind, annotation=typer.Context),
            *(parameter.replace(annotation=hints[parameter.name], kind=kind) for parameter in parameters),
            *(
                inspect.Parameter(name, kind, default=False if name == "as_json" else None, annotation=annotation)
                for name, annotation in options.items()
            ),
        ]
    )
