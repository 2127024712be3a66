"""`leadwerk demo`: the whole product on a simulated market, and `leadwerk serve`: the functions on this machine."""

from __future__ import annotations

import webbrowser
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from leadwerk.cli.console import err, out, print_json
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.progress_bar import working
from leadwerk.cli.speech import Speech

FIRST_PORT = 8080
# A demo empties this folder of the home and leaves the rest of the home alone.
DEMO_FOLDER = "demo"


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command(rich_help_panel="Start here")(demo)
    app.command(rich_help_panel="Tools")(serve)


@shared_options(now=False, output_language=True)
def demo(
    call: Invocation,
    output: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the results as JSON.")] = None,
    days: Annotated[int, typer.Option(help="Length of the simulated period.", min=150)] = 160,
    leads: Annotated[int, typer.Option(help="Number of people who ask for a mortgage.", min=2000)] = 15_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same market.")] = 7,
    show: Annotated[bool, typer.Option("--open", help="Open the report in a browser at the end.")] = False,
    desk: Annotated[
        bool | None,
        typer.Option("--desk/--no-desk", help="Open the desk on the demo's data at the end (default: in a terminal)."),
    ] = None,
) -> None:
    """See the whole product: learn from a simulated market, score over HTTP, deliver to a faulty CRM, adapt to a shock.

    Everything runs on this machine, in HOME/demo, through the same functions that run in the cloud.

    Example: `leadwerk demo --out results.json --open`
    """
    from leadwerk.cli.demo.plan import DemoPlan
    from leadwerk.cli.demo.runner import STEPS, DemoRunner, step_name
    from leadwerk.cli.demo.summary import further, summary

    folder = call.deployment.settings.home / DEMO_FOLDER
    numbers = {name: number for number, name in enumerate(STEPS, 1)}
    speech = Speech.of_reader(call)
    plan = DemoPlan(days=days, leads=leads, seed=seed)
    with working(speech, "demo.title", as_json=call.as_json) as progress:
        figures = DemoRunner(
            folder,
            plan,
            language=speech.language,
            begin=lambda name: err.print(f"{numbers[name]:>2}/{len(STEPS)} {step_name(name, speech)}"),
            progress=progress,
        ).run()
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=1))
    if call.as_json:
        print_json(figures)
    else:
        out.print(summary(figures, speech))
        out.print(further(figures, speech), soft_wrap=True)
    if show:
        webbrowser.open(Path(figures.report).resolve().as_uri())
    if desk or (desk is None and out.is_terminal and not call.as_json):
        clock = datetime.fromisoformat(figures.ends_at)
        _serve(folder, FIRST_PORT, simulation=False, clock=clock, show=show, speech=speech)


@shared_options(now=False, json=False)
def serve(
    call: Invocation,
    port: Annotated[
        int,
        typer.Option(
            help="Port of the desk; the others follow as from 8080: score 8081 … CRM 8090.", min=1024, max=65_500
        ),
    ] = FIRST_PORT,
    simulation: Annotated[bool, typer.Option(help="Requests that store rows may name their `now`.")] = False,
    clock: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Moment at which the desk's clock starts (RFC 3339)."),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the desk in a browser.")] = False,
) -> None:
    """Run every function in a process of its own as in the cloud, with the local CRM and the desk for people.

    Ctrl-C ends. The link to the desk works once; its page lets one choose a person, its settings give more links.

    Example: `leadwerk serve`, then `curl -d '{"lead_id": "100001"}' -H 'Content-Type: application/json' localhost:8081`
    """
    speech = Speech.of_reader(call)
    _serve(call.deployment.settings.home, port, simulation=simulation, clock=_clock(clock), show=show, speech=speech)


def _clock(text: str | None) -> datetime:
    from leadwerk.cli.options import moment

    return datetime.now(UTC) if text is None else moment(text)


def _serve(folder: Path, port: int, *, simulation: bool, clock: datetime, show: bool, speech: Speech) -> None:
    from leadwerk.serve import desk_environment, fixed_ports, serving

    with err.status(speech.say("serve.starting")):
        started = serving(folder, simulation=simulation, ports=fixed_ports(port), environment=desk_environment(clock))
        servers = started.__enter__()
    try:
        for name, server in servers.running.items():
            out.print(f"{name:<17} {server.url}")
        out.print(f"\n{speech.say('serve.logs', folder=f'{folder}/logs')}")
        for name in ("LEADWERK_CRM_URL", "LEADWERK_CRM_TOKEN", "LEADWERK_DESK_TOKEN"):
            out.print(_shell_line(name, servers.environment[name]), soft_wrap=True)
        desk = speech.say("serve.desk", link=f"[bold]{servers.desk_link}[/bold]")
        out.print(f"\n{desk}", soft_wrap=True)
        out.print(speech.say("serve.ends"))
        if show:
            webbrowser.open(servers.desk_link)
        out.print(f"[red]{speech.say('serve.ended', name=servers.wait())}[/red]")
    finally:
        started.__exit__(None, None, None)


def _shell_line(name: str, value: str) -> str:
    return f"export {name}={value}"
