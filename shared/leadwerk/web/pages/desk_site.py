"""All pages of the desk, with their addresses, forms and roles.

A section's modules are imported with the first request to it: the first page of a process waits for no other's.
"""

from __future__ import annotations

from leadwerk.policy.people import Role
from leadwerk.web.pages.menu import roles_of
from leadwerk.web.pages.site import FreeForm, NoForm, Page, Site

SELLERS: tuple[Role, ...] = ("seller",)
MANAGERS: tuple[Role, ...] = ("manager",)
OPERATORS: tuple[Role, ...] = ("operator",)
OFFICERS: tuple[Role, ...] = ("privacy",)
DECIDERS: tuple[Role, ...] = ("seller", "manager")


def _first() -> tuple[Page, ...]:
    from leadwerk.web.pages import start

    return (Page("GET", "/", NoForm, start.first_page),)


def _settings() -> tuple[Page, ...]:
    from leadwerk.web.pages import preferences

    return (
        Page("GET", "/settings", NoForm, preferences.show),
        Page("POST", "/settings", preferences.PreferencesForm, preferences.save),
        Page("POST", "/settings/link", NoForm, preferences.new_link),
    )


def _start() -> tuple[Page, ...]:
    from leadwerk.web.pages import start
    from leadwerk.web.pages.upload import UploadForm

    return (
        Page("GET", "/start", NoForm, start.show, roles_of("start")),
        Page("POST", "/start/file", UploadForm, start.upload, MANAGERS),
        Page("POST", "/start/file/{key}/import", FreeForm, start.import_file, MANAGERS),
        Page("GET", "/start/file/{key}", FreeForm, start.show_file, MANAGERS),
        Page("POST", "/start/train", FreeForm, start.train, MANAGERS),
    )


def _calls() -> tuple[Page, ...]:
    from leadwerk.web.pages import calls, lead
    from leadwerk.web.pages.lead_form import LeadForm

    return (
        Page("GET", "/calls", calls.CallsForm, calls.show, roles_of("calls")),
        Page("GET", "/calls.csv", calls.CallsForm, calls.download, roles_of("calls")),
        Page("POST", "/calls/{lead_id}/take", calls.DeedForm, calls.take, SELLERS),
        Page("POST", "/calls/{lead_id}/release", calls.DeedForm, calls.release, DECIDERS),
        Page("POST", "/calls/{lead_id}/verdict", lead.VerdictForm, lead.give_verdict, SELLERS),
        Page("POST", "/calls/{lead_id}/override", lead.OverrideForm, lead.set_override, DECIDERS),
        Page("POST", "/calls/{lead_id}/override-release", lead.ReleaseForm, lead.end_override, DECIDERS),
        Page("GET", "/calls/{lead_id}", LeadForm, lead.show, roles_of("calls")),
    )


def _companies() -> tuple[Page, ...]:
    from leadwerk.web.pages import calls, companies

    return (
        Page("GET", "/companies", companies.CompaniesForm, companies.show, roles_of("companies")),
        Page("POST", "/companies/{account_id}/take", calls.DeedForm, companies.take, SELLERS),
        Page("POST", "/companies/{account_id}/release", calls.DeedForm, companies.release, DECIDERS),
        Page("GET", "/companies/{account_id}", NoForm, companies.detail, roles_of("companies")),
    )


def _results() -> tuple[Page, ...]:
    from leadwerk.web.pages import results

    return (
        Page("GET", "/results", results.ResultsForm, results.show, roles_of("results")),
        Page("POST", "/results/customers", NoForm, results.measure, MANAGERS),
        Page("GET", "/results/{name}.csv", results.ResultsForm, results.download, roles_of("results")),
    )


def _review() -> tuple[Page, ...]:
    from leadwerk.web.pages import review

    return (
        Page("GET", "/review", review.ReviewForm, review.show, roles_of("review")),
        Page("GET", "/review.html", review.ReviewForm, review.file, roles_of("review")),
        Page("GET", "/review.csv", review.ReviewForm, review.download, roles_of("review")),
    )


def _thresholds() -> tuple[Page, ...]:
    from leadwerk.web.pages import thresholds

    return (
        Page("GET", "/thresholds", thresholds.ThresholdsForm, thresholds.show, roles_of("thresholds")),
        Page("POST", "/thresholds/hold", thresholds.HoldForm, thresholds.hold, MANAGERS),
        Page("POST", "/thresholds/release", thresholds.HoldForm, thresholds.release, MANAGERS),
    )


def _rules() -> tuple[Page, ...]:
    from leadwerk.web.pages import rule_suggestions, rules

    return (
        Page("GET", "/rules", rules.RulesForm, rules.show, roles_of("rules")),
        Page("POST", "/rules/numbers", FreeForm, rules.change_numbers, MANAGERS),
        Page("POST", "/rules/text", rules.TextForm, rules.paste, MANAGERS),
        Page("POST", "/rules/suggestions", rule_suggestions.DecisionForm, rule_suggestions.decide, MANAGERS),
        Page(
            "POST",
            "/rules/suggestions/replay",
            rule_suggestions.SuggestionForm,
            rule_suggestions.replay_suggestion,
            MANAGERS,
        ),
        Page("POST", "/rules/replay", rules.ReplayForm, rules.replay, MANAGERS),
        Page("POST", "/rules/publish", rules.PublishForm, rules.publish, MANAGERS),
        Page("POST", "/rules/discard", NoForm, rules.discard, MANAGERS),
        Page("POST", "/rules/revert", rules.RevertForm, rules.revert, ("manager", "operator")),
    )


def _operations() -> tuple[Page, ...]:
    from leadwerk.web.pages import operations

    return (
        Page("GET", "/operations", NoForm, operations.show, roles_of("operations")),
        Page("POST", "/operations/rollback", operations.RollbackForm, operations.roll_back, OPERATORS),
        Page("POST", "/operations/dead-letters", operations.SendAgainForm, operations.send_letters_again, OPERATORS),
    )


def _privacy() -> tuple[Page, ...]:
    from leadwerk.web.pages import privacy

    return (
        Page("GET", "/privacy", privacy.TrailForm, privacy.show, OFFICERS),
        Page("GET", "/privacy/trail.csv", privacy.TrailForm, privacy.download, OFFICERS),
        Page("POST", "/privacy/person", privacy.PersonForm, privacy.find, OFFICERS),
        Page("POST", "/privacy/person.json", privacy.PersonForm, privacy.export, OFFICERS),
        Page("POST", "/privacy/objection", privacy.ObjectionForm, privacy.object_, OFFICERS),
        Page("POST", "/privacy/erasure", privacy.ErasureForm, privacy.erase, OFFICERS),
    )


site = Site(
    {
        "": _first,
        "settings": _settings,
        "start": _start,
        "calls": _calls,
        "companies": _companies,
        "results": _results,
        "review": _review,
        "thresholds": _thresholds,
        "rules": _rules,
        "operations": _operations,
        "privacy": _privacy,
    }
)
