"""`leadwerk leads`: the list that sellers choose from."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from leadwerk.cli.console import figure, out, table
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.speech import Speech
from leadwerk.errors import InputError
from leadwerk.texts.message import Message

if TYPE_CHECKING:
    from leadwerk.pipeline.desk.call_list import LeadFilter

FIELDS_WITH_FORM: Final = frozenset({"sort", "cluster", "grade", "matrix_cell", "region", "language"})
Limit = Annotated[int, typer.Option(min=1, max=200, help="Number of rows.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    family = typer.Typer(help="The leads to call.", no_args_is_help=True)
    family.command("list")(list_leads)
    family.command("times")(times)
    family.command("persons")(persons)
    app.add_typer(family, name="leads", rich_help_panel="Sellers")


@shared_options(output_language=True)
def list_leads(
    call: Invocation,
    sort: Annotated[
        str | None,
        typer.Option(help="score, value (chance times amount), points, fit, tier or newest; default: the policy's."),
    ] = None,
    cluster: Annotated[str | None, typer.Option(help="HOT, WARM, COLD …")] = None,
    grade: Annotated[str | None, typer.Option(help="Grade of fit, A to D.")] = None,
    matrix_cell: Annotated[str | None, typer.Option("--matrix-cell", help="Grade and level, such as A1.")] = None,
    tier: Annotated[str | None, typer.Option(help="A tier of the policy.")] = None,
    region: Annotated[str | None, typer.Option(help="CH-ZH, or a country.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of the lead: de, fr, it or en.")] = None,
    free: Annotated[bool, typer.Option("--free", help="Only leads without a pick.")] = False,
    limit: Limit = 20,
) -> None:
    """List open leads to call, best first; among equals the larger company comes first.

    Example: `leadwerk leads list --language fr --region CH-VD --free`
    """
    from leadwerk.pipeline.desk import call_list
    from leadwerk.pipeline.desk.page_cursor import PageRequest

    deployment = call.deployment
    filters = {
        "sort": sort,
        "cluster": cluster.upper() if cluster else None,
        "grade": grade.upper() if grade else None,
        "matrix_cell": matrix_cell.upper() if matrix_cell else None,
        "tier": tier,
        "region": region.upper() if region else None,
        "language": language.lower() if language else None,
        "held": False if free else None,
    }
    page_request = PageRequest(now=call.moment(), limit=limit)
    lead_filter = _lead_filter(filters)
    page = call_list.page(deployment.warehouse, deployment.policy, lead_filter, page_request, call.language)
    if call.prints_json(page):
        return
    rows = [
        (lead.lead_id, figure(lead.score), figure(lead.points), lead.matrix_cell or "–", lead.tier or "–",
         lead.region or "–", lead.language, lead.labels["cluster"], lead.held_by or "",
         lead.reasons[0] if lead.reasons else "")
        for lead in page.leads
    ]  # fmt: skip
    speech = Speech.of(call)
    header = speech.columns(
        "lead", "score", "points", "cell", "tier", "region", "language", "cluster", "held_by", "why"
    )  # fmt: skip
    out.print(table(speech.number_of(rows, "leads.more" if page.next else "leads"), header, rows))
    if call_list.list_order(deployment.policy, lead_filter.sort) == "value":
        out.print(speech.say("leads.by_value"))


@shared_options()
def persons(
    call: Invocation,
    csv_file: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="Write the pairs for the CRM's merging."),
    ] = None,
) -> None:
    """List persons with several leads (same e-mail address or telephone number), for merging in the CRM.

    Leadwerk merges nothing: it shows the others on each lead's page, and counts the person once in the results.

    Example: `leadwerk leads persons --csv merge.csv`
    """
    from leadwerk.pipeline.desk.same_person import persons_with_several_leads

    several = persons_with_several_leads(call.deployment.warehouse, call.moment())
    pairs = [(person.first_lead_id, other) for person in several for other in person.other_lead_ids]
    if csv_file is not None:
        _write_pairs(csv_file, pairs)
    if call.prints_json(several):
        return
    speech = Speech.of_reader(call)
    out.print(table(speech.number_of(several, "leads.persons"), speech.columns("first_lead", "other_lead"), pairs))


def _write_pairs(file: Path, pairs: Sequence[tuple[str, str]]) -> None:
    from leadwerk.cli.features import FORMULA

    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(("first_lead_id", "other_lead_id"))
        # Ids come from outside: with an apostrophe in front a spreadsheet takes a cell for text.
        writer.writerows([f"'{text}" if text.startswith(FORMULA) else text for text in pair] for pair in pairs)


@shared_options(output_language=True)
def times(
    call: Invocation,
    weeks: Annotated[int, typer.Option(min=1, max=104, help="Leads that came in the last WEEKS weeks.")] = 13,
) -> None:
    """How long leads wait for their first contact, and how long and often they are worked on until they are closed.

    Example: `leadwerk leads times --weeks 4`
    """
    from leadwerk.pipeline.desk.handling_times import handling_times

    deployment = call.deployment
    rows = handling_times(deployment.warehouse, deployment.policy, now=call.moment(), weeks=weeks)
    if call.prints_json(rows):
        return
    speech = Speech.of(call)
    header = speech.columns(
        "seller", "leads", "contacted", "hours_to_contact", "closed", "days_to_close", "contacts_to_close"
    )
    cells = [
        (row.seller or speech.say("times.all"), figure(row.leads), figure(row.contacted), figure(row.hours_to_contact),
         figure(row.closed), figure(row.days_to_close), figure(row.contacts_to_close))
        for row in rows
    ]  # fmt: skip
    out.print(table(speech.say("times.title", weeks=weeks), header, cells))


def _remedy(field: str) -> Message:
    """How the values of a filter are written."""
    if field in FIELDS_WITH_FORM:
        return Message(f"cli.list.form.{field}")
    return Message("cli.list.help", field=field)


def _lead_filter(filters: Mapping[str, object]) -> LeadFilter:
    """The call list's LeadFilter; raises InputError for a value that it does not take."""
    from leadwerk.pipeline.desk.call_list import LeadFilter

    try:
        return msgspec.convert({name: value for name, value in filters.items() if value is not None}, LeadFilter)
    except msgspec.ValidationError as error:
        fault, _, where = str(error).partition(" - at `$.")
        field = where.rstrip("`")
        raise InputError(
            Message("cli.list.no_value", field=field, value=filters[field]) if field in filters else f"{fault}.",
            field=field,
            value=filters.get(field),
            remedy=_remedy(field),
        ) from error
