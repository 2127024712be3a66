"""Tools for policies: check here, what changes one in publishing."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.padding import Padding
from rich.text import Text

from leadwerk.cli import suggest
from leadwerk.cli.console import err, out, print_json
from leadwerk.cli.exit_codes import EXIT_ERROR
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.policy import publish
from leadwerk.cli.speech import Speech


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

    source = file or call.deployment.settings.policy
    problems = errors(source)
    if call.as_json:
        names = ("file", "line", "field", "remedy")
        error_rows = [{name: getattr(e, name) for name in names} | {"message": e.fault} for e in problems]
        print_json({"policy": source, "errors": error_rows})
    elif problems:
        for problem in problems:
            err.print(Text(f"{problem.file}:{problem.line}: {problem.field}: {problem.fault}"), soft_wrap=True)
            err.print(Padding(Text(problem.remedy, style="bold"), (0, 0, 0, 2)))
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
