"""Whatever a person can do by the command line, the desk or its API is in the audit trail, or changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from leadwerk.cli.application import app
from leadwerk.warehouse.statement import statement
from leadwerk.web import persons
from leadwerk.web.desk import api
from leadwerk.web.pages.desk_site import site

READS = ""
"""Changes nothing that the trail is about."""

COMMANDS = {
    "accounts list": READS,
    "accounts release": "picks",
    "accounts show": READS,
    "accounts take": "picks",
    "audit fields": READS,
    "audit list": READS,
    "audit seal": "audit_seals",
    "audit verify": READS,
    "crm check": READS,
    "crm dead-letters": READS,
    "crm fields": READS,
    "deliver": "deliveries",
    "demo": READS,  # in a home of its own
    "doctor": READS,
    "drift": "model_runs",  # an alarm may train
    "enrich": READS,  # below all that people entered: `company_answers`
    "experiment plan": READS,
    "experiment show": READS,
    "export": "audit_log",
    "extract": READS,  # computes from the export: `extract_runs`
    "features": READS,
    "history": READS,
    "import": "audit_log",
    "ingest": "leads",
    "leads list": READS,
    "leads times": READS,
    "leads persons": READS,
    "models list": READS,
    "models promote": "audit_log",
    "models rollback": "audit_log",
    "models show": READS,
    "move": "audit_log",
    "overrides clear": "overrides",
    "overrides list": READS,
    "overrides set": "overrides",
    "picks list": READS,
    "picks reconcile": "picks",
    "picks release": "picks",
    "picks take": "picks",
    "policy check": READS,
    "policy diff": READS,
    "policy draft": READS,
    "policy history": READS,
    "policy publish": "policy_changes",
    "policy replay": READS,
    "policy revert": "policy_changes",
    "policy suggest": READS,
    "policy suggest accept": "suggestions",
    "policy suggest decline": "suggestions",
    "policy suggest draft": READS,
    "policy suggest profile": READS,
    "privacy erase": "erasures",
    "privacy object": "objections",
    "privacy record": READS,
    "privacy show": "audit_log",
    "privacy sweep": "erasures",
    "report": READS,
    "rescore": "scores",
    "results errors": READS,
    "results kpis": READS,
    "results money": READS,
    "retrain": "model_runs",
    "score": "scores",
    "segments": READS,
    "serve": "audit_log",  # sign-ins
    "simulate": READS,  # in a home of its own
    "stages": READS,
    "thresholds decide": "thresholds",
    "thresholds hold": "threshold_holds",
    "thresholds release": "threshold_holds",
    "thresholds show": READS,
    "touchpoints": READS,  # acts of the lead
    "calculator": READS,
    "workflow replay": "workflow_actions",
    "workflow run": "workflow_actions",
    "workflow test": READS,
}

POSTS = {
    "/": "erasures",
    "/access": "audit_log",
    "/erase": "erasures",
    "/object": "objections",
    "/accounts/{account_id}/pick": "picks",
    "/accounts/{account_id}/release": "picks",
    "/calls/{lead_id}/override": "overrides",
    "/calls/{lead_id}/override-release": "overrides",
    "/calls/{lead_id}/release": "picks",
    "/calls/{lead_id}/take": "picks",
    "/companies/{account_id}/release": "picks",
    "/companies/{account_id}/take": "picks",
    "/calls/{lead_id}/verdict": "verdicts",
    "/leads/{lead_id}/override": "overrides",
    "/leads/{lead_id}/override-release": "overrides",
    "/leads/{lead_id}/pick": "picks",
    "/leads/{lead_id}/release": "picks",
    "/operations/dead-letters": "audit_log",  # each letter too: `deliveries`
    "/operations/rollback": "audit_log",
    "/privacy/erasure": "erasures",
    "/privacy/objection": "objections",
    "/privacy/person": "audit_log",
    "/privacy/person.json": "audit_log",
    "/start/file": READS,  # looks at the file
    "/start/file/{key}/import": "audit_log",
    "/start/train": "model_runs",
    "/results/customers": READS,  # measures
    "/rules/discard": READS,  # a draft
    "/rules/numbers": READS,  # a draft
    "/rules/publish": "policy_changes",
    "/rules/replay": READS,
    "/rules/revert": "policy_changes",
    "/rules/suggestions": "suggestions",
    "/rules/suggestions/replay": READS,
    "/rules/text": READS,  # a draft
    "/settings": READS,  # the browser's language and colours
    "/settings/link": READS,  # its use is a sign-in
    "/thresholds/hold": "threshold_holds",
    "/thresholds/release": "threshold_holds",
}


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    families = getattr(command, "commands", {})
    if path and (not families or command.invoke_without_command):
        yield " ".join(path)
    for name, member in families.items():
        yield from commands(member, (*path, name))


def test_each_command_says_where_the_trail_finds_it() -> None:
    assert set(commands(typer.main.get_command(app))) == set(COMMANDS)


def test_each_form_of_the_desk_says_where_the_trail_finds_it() -> None:
    routes: list[Any] = [*api.routes, *persons.api.routes, *site.pages]
    paths = {route.path for route in routes if route.method == "POST"}
    assert paths == set(POSTS)


def test_the_trail_reads_what_they_name() -> None:
    trail = statement("audit/trail").text
    named = {table for table in (*COMMANDS.values(), *POSTS.values()) if table} - {"audit_seals"}
    assert [table for table in sorted(named) if f"FROM leadwerk.{table}\n" not in trail] == []
