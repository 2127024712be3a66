"""Tools for policies: check here, what changes one in publishing."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.padding import Padding
from rich.text import Text

from leadwerk.catalogue.languages import Language
from leadwerk.cli import suggest
from leadwerk.cli.console import err, out, print_json
from leadwerk.cli.exit_codes import EXIT_ERROR
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.policy import publish
from leadwerk.cli.speech import Speech
from leadwerk.errors import PolicyError
from leadwerk.texts.message import in_language, refusal_texts


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    family = typer.Typer(help="Check, change, replay, publish and revert policies.", no_args_is_help=True)
    family.command()(check)
    publish.register(family)
    suggest.register(family)
    app.add_typer(family, name="policy", rich_help_panel="Tools")


@shared_options(now=False)
def check(
    call: Invocation,
    file: Annotated[str | None, typer.Argument(help="A policy file, or mortgage or b2b_swiss.")] = None,
) -> None:
    """List everything that is wrong with a policy, with file, line, field and remedy.

    Example: `leadwerk policy check policy.yaml`
    """
    from leadwerk.policy.load import errors, load

    source, language = file or call.deployment.settings.policy, call.reader_language
    problems = errors(source)
    if call.as_json:
        print_json({"policy": source, "errors": [_report(problem, language) for problem in problems]})
    elif problems:
        for problem in problems:
            message, remedy = refusal_texts(problem, language)
            err.print(Text(message), soft_wrap=True)
            err.print(Padding(Text(remedy, style="bold"), (0, 0, 0, 2)))
        err.print(f"\n{Speech.of_reader(call).number_of(problems, 'policy.errors')}")
    else:
        policy, speech = load(source), Speech.of_reader(call)
        summary = speech.say(
            "policy.summary",
            version=policy.version,
            signals=len(policy.signals),
            attributes=len(policy.attributes),
            rules=len(policy.points.rules),
            stages=len(policy.stages),
            days=policy.horizon_days,
        )
        out.print(f"[green]{speech.say('policy.right', source=source)}[/green] {summary}")
    if problems:
        raise typer.Exit(EXIT_ERROR)


class ErrorReport(msgspec.Struct, frozen=True):
    """A mistake in a policy file, for programs; message and remedy in the reader's language."""

    file: str
    line: int
    field: str
    remedy: str
    message: str


def _report(error: PolicyError, language: Language) -> ErrorReport:
    message, remedy = in_language(error.fault, language), in_language(error.texts[1], language)
    return ErrorReport(error.file, error.line, error.field, remedy, message)
