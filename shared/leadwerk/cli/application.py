"""The commands put together, and the one place where their errors end."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Annotated

import typer
from typer.exceptions import TyperException

from leadwerk.cli.console import err, out, say_error
from leadwerk.cli.exit_codes import EXIT_ABORTED, EXIT_ERROR, EXIT_INTERRUPTED
from leadwerk.cli.help_frame import translate_frame
from leadwerk.cli.help_language import stated_language, translate_help
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.reader_language import reader_language
from leadwerk.cli.usage_refusal import is_help, usage_refusal
from leadwerk.errors import LeadwerkError
from leadwerk.texts.catalogue import text
from leadwerk.texts.message import Message

FAMILIES = (
    "demo.commands", "import_csv", "pipeline", "drift", "enrichment", "touchpoints", "crm", "workflows", "thresholds",
    "scoring", "leads", "picks", "accounts", "overrides", "history", "stages", "segments", "features", "simulate",
    "models", "policy.commands", "privacy", "audit", "transfer", "doctor", "experiments", "results",
)  # fmt: skip
"""Modules of commands, in the order of the help."""


def _print_version(is_asked: bool) -> None:
    if is_asked:
        out.print(f"leadwerk {version('leadwerk')}")
        raise typer.Exit


app = typer.Typer(
    name="leadwerk",
    help="Lead scoring that learns from web behaviour and CRM outcomes, and proves that it pays.",
    epilog="Start with `leadwerk demo`, or with your own leads: `leadwerk import FILE --id COL --outcome COL`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
@shared_options(output_language=True)
def leadwerk(
    call: Invocation,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Lead scoring that learns from web behaviour and CRM outcomes, and proves that it pays."""


for family in FAMILIES:
    import_module(f"leadwerk.cli.{family}").register(app)


def _place(error: OSError) -> LeadwerkError:
    """A file or folder that cannot be used as asked; the system's reason stands as the system writes it."""
    reason = error.strerror or type(error).__name__
    where = f"{error.filename}: {reason}." if error.filename else f"{reason}."
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return LeadwerkError(where, remedy=Message("cli.place.full" if is_full else "cli.place.other"))


def _is_readable(argument: str) -> bool:
    """Whether an argument came as UTF-8; file names may be of any bytes, ids may not."""
    return all(not "\ud800" <= sign <= "\udfff" for sign in argument)


def _execute(arguments: Sequence[str]) -> int:
    command = typer.main.get_command(app)
    # Before the line is read: `--help` ends it at once, whatever options stand beside it.
    language = reader_language(stated_language(arguments), os.environ)
    translate_help(command, language)
    translate_frame(command, language)
    try:
        ended = command(args=list(arguments), prog_name="leadwerk", standalone_mode=False)
    except TyperException as error:
        if not is_help(error):
            say_error(usage_refusal(error), language)
        return EXIT_ERROR
    except typer.Abort:
        err.print(text(language, "cli.aborted"))
        return EXIT_ABORTED
    return ended if isinstance(ended, int) else 0


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code: 0, 2 for what the user can mend, 130 when interrupted."""
    language = reader_language(None, os.environ)
    try:
        return _execute(arguments)
    except LeadwerkError as error:
        say_error(error, language)
        return EXIT_ERROR
    except BrokenPipeError:  # the reader of our output, such as `head`, closed the pipe
        # Nobody reads what is left in the buffer either.
        sys.stdout = None
        return EXIT_ERROR
    except OSError as error:
        say_error(_place(error), language)
        return EXIT_ERROR
    except UnicodeEncodeError:
        if all(map(_is_readable, arguments)):
            raise
        say_error(LeadwerkError(Message("cli.not_utf8")), language)
        return EXIT_ERROR
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
