"""All pages of the desk, with their addresses, forms and roles."""

from __future__ import annotations

from leadwerk.policy.people import Role
from leadwerk.web.pages import (
    calls,
    companies,
    lead,
    operations,
    preferences,
    privacy,
    results,
    review,
    rules,
    start,
    thresholds,
)
from leadwerk.web.pages.lead_form import LeadForm
from leadwerk.web.pages.menu import roles_of
from leadwerk.web.pages.site import FreeForm, NoForm, Page, Site
from leadwerk.web.pages.upload import UploadForm

SELLERS: tuple[Role, ...] = ("seller",)
MANAGERS: tuple[Role, ...] = ("manager",)
OPERATORS: tuple[Role, ...] = ("operator",)
OFFICERS: tuple[Role, ...] = ("privacy",)
DECIDERS: tuple[Role, ...] = ("seller", "manager")

site = Site(
    (
        Page("GET", "/", NoForm, start.first_page),
        Page("GET", "/settings", NoForm, preferences.show),
        Page("POST", "/settings", preferences.PreferencesForm, preferences.save),
        Page("POST", "/settings/link", NoForm, preferences.new_link),
        Page("GET", "/start", NoForm, start.show, roles_of("start")),
        Page("POST", "/start/file", UploadForm, start.upload, MANAGERS),
        Page("POST", "/start/file/{key}/import", FreeForm, start.import_file, MANAGERS),
        Page("GET", "/start/file/{key}", FreeForm, start.show_file, MANAGERS),
        Page("POST", "/start/train", FreeForm, start.train, MANAGERS),
        Page("GET", "/calls", calls.CallsForm, calls.show, roles_of("calls")),
        Page("POST", "/calls/{lead_id}/take", calls.DeedForm, calls.take, SELLERS),
        Page("POST", "/calls/{lead_id}/release", calls.DeedForm, calls.release, DECIDERS),
        Page("POST", "/calls/{lead_id}/verdict", lead.VerdictForm, lead.give_verdict, SELLERS),
        Page("POST", "/calls/{lead_id}/override", lead.OverrideForm, lead.set_override, DECIDERS),
        Page("POST", "/calls/{lead_id}/override-release", lead.ReleaseForm, lead.end_override, DECIDERS),
        Page("GET", "/companies", companies.CompaniesForm, companies.show, roles_of("companies")),
        Page("POST", "/companies/{account_id}/take", calls.DeedForm, companies.take, SELLERS),
        Page("POST", "/companies/{account_id}/release", calls.DeedForm, companies.release, DECIDERS),
        Page("GET", "/companies/{account_id}", NoForm, companies.detail, roles_of("companies")),
        Page("GET", "/results", results.ResultsForm, results.show, roles_of("results")),
        Page("GET", "/results/{name}.csv", results.ResultsForm, results.download, roles_of("results")),
        Page("GET", "/review", review.ReviewForm, review.show, roles_of("review")),
        Page("GET", "/review.csv", review.ReviewForm, review.download, roles_of("review")),
        Page("GET", "/thresholds", thresholds.ThresholdsForm, thresholds.show, roles_of("thresholds")),
        Page("POST", "/thresholds/hold", thresholds.HoldForm, thresholds.hold, MANAGERS),
        Page("POST", "/thresholds/release", thresholds.HoldForm, thresholds.release, MANAGERS),
        Page("GET", "/rules", NoForm, rules.show, roles_of("rules")),
        Page("POST", "/rules/numbers", FreeForm, rules.change_numbers, MANAGERS),
        Page("POST", "/rules/text", rules.TextForm, rules.paste, MANAGERS),
        Page("POST", "/rules/suggestions", rules.DecisionForm, rules.decide, MANAGERS),
        Page("POST", "/rules/replay", rules.ReplayForm, rules.replay, MANAGERS),
        Page("POST", "/rules/publish", rules.PublishForm, rules.publish, MANAGERS),
        Page("POST", "/rules/discard", NoForm, rules.discard, MANAGERS),
        Page("POST", "/rules/revert", rules.RevertForm, rules.revert, ("manager", "operator")),
        Page("GET", "/operations", NoForm, operations.show, roles_of("operations")),
        Page("POST", "/operations/rollback", operations.RollbackForm, operations.roll_back, OPERATORS),
        Page("GET", "/privacy", privacy.TrailForm, privacy.show, OFFICERS),
        Page("GET", "/privacy/trail.csv", privacy.TrailForm, privacy.download, OFFICERS),
        Page("POST", "/privacy/person", privacy.PersonForm, privacy.find, OFFICERS),
        Page("POST", "/privacy/person.json", privacy.PersonForm, privacy.export, OFFICERS),
        Page("POST", "/privacy/objection", privacy.ObjectionForm, privacy.object_, OFFICERS),
        Page("POST", "/privacy/erasure", privacy.ErasureForm, privacy.erase, OFFICERS),
        Page("GET", "/calls/{lead_id}", LeadForm, lead.show, roles_of("calls")),
    )
)
