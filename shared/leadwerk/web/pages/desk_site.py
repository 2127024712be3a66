"""All pages of the desk, with their addresses, forms and roles."""

from __future__ import annotations

from leadwerk.policy.people import Role
from leadwerk.web.pages import calls, lead, preferences
from leadwerk.web.pages.lead_form import LeadForm
from leadwerk.web.pages.menu import roles_of
from leadwerk.web.pages.site import NoForm, Page, Site, first_page

SELLERS: tuple[Role, ...] = ("seller",)
DECIDERS: tuple[Role, ...] = ("seller", "manager")

site = Site(
    (
        Page("GET", "/", NoForm, first_page),
        Page("GET", "/settings", NoForm, preferences.show),
        Page("POST", "/settings", preferences.PreferencesForm, preferences.save),
        Page("POST", "/settings/link", NoForm, preferences.new_link),
        Page("GET", "/calls", calls.CallsForm, calls.show, roles_of("calls")),
        Page("POST", "/calls/{lead_id}/take", calls.DeedForm, calls.take, SELLERS),
        Page("POST", "/calls/{lead_id}/release", calls.DeedForm, calls.release, DECIDERS),
        Page("POST", "/calls/{lead_id}/verdict", lead.VerdictForm, lead.give_verdict, SELLERS),
        Page("POST", "/calls/{lead_id}/override", lead.OverrideForm, lead.set_override, DECIDERS),
        Page("POST", "/calls/{lead_id}/override-release", lead.ReleaseForm, lead.end_override, DECIDERS),
        Page("GET", "/calls/{lead_id}", LeadForm, lead.show, roles_of("calls")),
    )
)
