"""Calls: the list that a seller works through, and what becomes of it by taking and releasing leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import urlencode

from msgspec import Meta, Struct

from leadwerk.catalogue.languages import Language
from leadwerk.catalogue.minimums import MINIMUM_WON
from leadwerk.pipeline.audit.trail import Act, record_act
from leadwerk.pipeline.desk import call_list
from leadwerk.pipeline.desk.call_list import Grade, LeadFilter, LeadPage, Region, Sort, Text
from leadwerk.pipeline.desk.list_counts import ListCounts, list_counts
from leadwerk.pipeline.desk.page_cursor import PageRequest
from leadwerk.pipeline.desk.week_of_calls import WeekOfCalls, week_of_calls
from leadwerk.pipeline.leads.score_history import WITHHELD
from leadwerk.pipeline.totals import won_leads
from leadwerk.policy.section import Cluster
from leadwerk.report.wording import Wording
from leadwerk.texts.catalogue import entries
from leadwerk.web import Answer
from leadwerk.web.pages.cached import cached, forget
from leadwerk.web.pages.empty_list import other_languages
from leadwerk.web.pages.lead_view import RowView, row_view
from leadwerk.web.pages.readable import readable_lead
from leadwerk.web.pages.rendering import redirect, render
from leadwerk.web.pages.site import checked_next, lead_path
from leadwerk.web.pages.table_csv import csv_answer
from leadwerk.web.pages.visit import LANGUAGES, Visit

CANTONS = (
    "AG", "AI", "AR", "BE", "BL", "BS", "FR", "GE", "GL", "GR", "JU", "LU", "NE",
    "NW", "OW", "SG", "SH", "SO", "SZ", "TG", "TI", "UR", "VD", "VS", "ZG", "ZH",
)  # fmt: skip
LAND = "value.region."
ListName = Literal["tocall", "mine", "progress", "warm", "all"]
LISTS: tuple[ListName, ...] = ("tocall", "mine", "progress", "warm", "all")
CLUSTERS: tuple[Cluster, ...] = ("HOT", "WARM", "COLD", "DISQUALIFIED")
SORTS: tuple[Sort, ...] = ("score", "value", "fit", "newest")
PAGE = 25
MOST_EXPORTED = 200
# J and K walk through this many leads of a list without loading it again.
NEIGHBOURS = 200
# Older scores mean that the nightly rescoring is late.
STALE = timedelta(hours=26)


class CallsForm(Struct, frozen=True):
    """The list, its filters and order; `cluster` is a filter of the list of all, `lead` the chosen row."""

    list: ListName = "tocall"
    language: Language | None = None
    region: Region | None = None
    grade: Grade | None = None
    tier: Text | None = None
    cluster: Cluster | None = None
    sort: Sort | None = None
    cursor: Annotated[str, Meta(max_length=1000)] | None = None
    lead: str | None = None

    def address(self, **changes: str | None) -> str:
        """The address of this list with other fields."""
        names = ("list", "language", "region", "grade", "tier", "cluster", "sort")
        fields = {name: getattr(self, name) for name in names} | changes
        return f"/calls?{urlencode({name: value for name, value in fields.items() if value})}"


class DeedForm(Struct, frozen=True):
    """Taking or releasing: `next` is where the reader goes on."""

    next: str = "/calls"


@dataclass(frozen=True)
class Choice:
    """A filter: its name, and its options as value and words."""

    name: str
    label: str
    options: Sequence[tuple[str, str]]
    chosen: str


def show(visit: Visit, form: CallsForm) -> Answer:
    """The list."""
    wording = Wording(visit.policy, visit.language, visit.now)
    page = read_list(visit, form, limit=PAGE)
    counts = head_counts(visit)
    rows = _rows(visit, wording, page)
    total = getattr(counts, form.list)
    return render(
        visit,
        "calls.html",
        menu_entry="calls",
        form=form,
        rows=rows,
        counts=counts,
        week=_week(visit),
        lists=LISTS,
        total=total,
        hot=hot_threshold(visit),
        no_model=_no_model(visit, wording, page),
        other_languages=[] if rows else other_languages(visit, wording, form.list, form.language),
        stale=counts.newest is not None and visit.now - counts.newest > STALE,
        filters=_filters(visit, wording, form),
        chosen=form.lead or (rows[0].lead_id if rows else None),
        next_page=form.address(cursor=page.next) if page.next else None,
        lead_path=lead_path,
        filtered=any((form.language, form.region, form.grade, form.tier, form.cluster)),
    )


def _rows(visit: Visit, wording: Wording, page: LeadPage) -> list[RowView]:
    """The page's rows; the ends of persons' clusters are read only where a row has one."""
    ends = _override_ends(visit) if any(item.decided_by for item in page.leads) else {}
    return [row_view(visit, wording, item, ends.get(item.lead_id)) for item in page.leads]


def _override_ends(visit: Visit) -> dict[str, datetime | None]:
    """Until when each cluster holds that a person set, at most a minute old."""

    def read() -> dict[str, datetime | None]:
        from leadwerk.pipeline.desk.overrides import active_overrides

        return {row.lead_id: row.ends_at for row in active_overrides(visit.warehouse, visit.policy, visit.now)}

    return cached(("override_ends", visit.policy.version), read)


def download(visit: Visit, form: CallsForm) -> Answer:
    """The first leads of the list by its filters, as CSV; the trail names who took them."""
    wording = Wording(visit.policy, visit.language, visit.now)
    rows = _rows(visit, wording, read_list(visit, form, limit=MOST_EXPORTED))
    act = Act(actor=visit.name, action="list_export", object=form.address(), after=f"{len(rows)} leads")
    record_act(visit.warehouse, act, visit.now)
    head = [wording.say(f"page.{name}") for name in ("lead", "score", "cluster", "region", "language", "why", "state")]
    return csv_answer(f"leads-{form.list}", [head, *(_cells(wording, row) for row in rows)])


def _cells(wording: Wording, row: RowView) -> list[str]:
    reasons = "; ".join(reason.signed for reason in row.reasons)
    score = "" if row.score is None else wording.points(row.score)
    why = reasons or row.withheld
    return [row.lead_id, score, wording.cluster(row.cluster), row.place, row.language, why, row.state.tag]


def _no_model(visit: Visit, wording: Wording, page: LeadPage) -> str:
    """What a model needs, where none scored the page's leads; those that are worked without a score do not count."""
    bases = {lead.basis for lead in page.leads}.difference(WITHHELD)
    if not bases or "model" in bases:
        return ""
    won = cached(("won_leads", visit.policy.version), lambda: won_leads(visit.warehouse, visit.policy, visit.now))
    key = "page.no_model.needed" if won < MINIMUM_WON else "page.no_model.enough"
    return wording.say(key, needed=wording.number(MINIMUM_WON), known=wording.number(won))


def read_list(visit: Visit, form: CallsForm, *, limit: int) -> LeadPage:
    """A page of the list, as far as the reader may see it."""
    lead_filter = LeadFilter(
        sort=form.sort,
        cluster=_cluster(form),
        progress={"tocall": False, "warm": False, "progress": True}.get(form.list),
        seller=visit.name if form.list == "mine" else None,
        grade=form.grade,
        tier=form.tier,
        region=form.region,
        language=form.language,
    )
    return call_list.page(
        visit.warehouse,
        visit.policy,
        lead_filter,
        PageRequest(now=visit.now, limit=limit, cursor=form.cursor),
        output_language=visit.language,
        served=visit.served,
    )


def _cluster(form: CallsForm) -> Cluster | None:
    """The cluster that the list, or in that of all leads its reader, asks for."""
    clusters: dict[ListName, Cluster | None] = {"tocall": "HOT", "warm": "WARM", "all": form.cluster}
    return clusters.get(form.list)


def head_counts(visit: Visit) -> ListCounts:
    """Counts of the lists, at most a minute old."""
    key = ("counts", visit.policy.version, visit.name, visit.served)
    return cached(
        key, lambda: list_counts(visit.warehouse, visit.policy, visit.name, now=visit.now, served=visit.served)
    )


def _week(visit: Visit) -> WeekOfCalls | None:
    """The reader's own week of calls, at most a minute old; None for who does not call."""
    if not visit.may("seller"):
        return None
    key = ("week", visit.policy.version, visit.name)
    return cached(key, lambda: week_of_calls(visit.warehouse, visit.policy, visit.name, visit.now))


def hot_threshold(visit: Visit) -> int:
    """Where HOT starts for everybody, at most a minute old."""

    def read() -> int:
        from leadwerk.pipeline.thresholds.daily import threshold_of_everybody

        return threshold_of_everybody(visit.warehouse, visit.policy, visit.now)

    return cached(("hot_now", visit.policy.version), read)


def neighbours(visit: Visit, form: CallsForm, lead_id: str) -> tuple[str | None, str | None, int | None, int]:
    """The lead before and after this one in the list, its place, and how many there are."""

    def read() -> list[str]:
        return [item.lead_id for item in read_list(visit, form, limit=NEIGHBOURS).leads]

    key = ("ids", visit.policy.version, visit.name, visit.served, form)
    ids = cached(key, read)
    if lead_id not in ids:
        return None, ids[0] if ids else None, None, len(ids)
    place = ids.index(lead_id)
    before = ids[place - 1] if place else None
    return before, ids[place + 1] if place + 1 < len(ids) else None, place + 1, len(ids)


def take(visit: Visit, form: DeedForm, lead_id: str) -> Answer:
    """Take the lead for the person who is signed in."""
    readable_lead(visit, lead_id)
    visit.picks.pick(lead_id, visit.name, visit.now)
    forget()
    return redirect(checked_next(form.next), "taken")


def release(visit: Visit, form: DeedForm, lead_id: str) -> Answer:
    """Give the lead back; a manager gives back anybody's."""
    readable_lead(visit, lead_id)
    holder = visit.picks.holder(lead_id, visit.now)
    name = holder.seller if holder and visit.may("manager") else visit.name
    visit.picks.release(lead_id, name, visit.now)
    forget()
    return redirect(checked_next(form.next), "released")


def _filters(visit: Visit, wording: Wording, form: CallsForm) -> list[Choice]:
    anything = ("", wording.say("page.any"))
    languages = [(name, wording.spoken(name)) for name in LANGUAGES if name in visit.policy.languages]
    grades = [(grade, grade) for grade in ("A", "B", "C", "D")]
    sorts = [(sort, wording.say(f"page.sort.{sort}")) for sort in SORTS]
    choices = [
        Choice("language", wording.say("page.language"), [anything, *languages], form.language or ""),
        Choice("region", wording.say("page.region"), [anything, *regions(wording)], form.region or ""),
        Choice("grade", wording.say("page.fit"), [anything, *grades], form.grade or ""),
        Choice("sort", wording.say("page.order"), sorts, call_list.list_order(visit.policy, form.sort)),
    ]
    tiers = [(tier.name, tier.name) for tier in visit.policy.tiers]
    if tiers:
        choices.insert(3, Choice("tier", wording.say("page.tier"), [anything, *tiers], form.tier or ""))
    if form.list == "all":
        # Disqualified leads are seen nowhere else: the list of all has them once its reader asks for them.
        clusters = [(name, wording.cluster(name)) for name in CLUSTERS]
        choices.insert(0, Choice("cluster", wording.say("page.cluster"), [anything, *clusters], form.cluster or ""))
    return choices


def regions(wording: Wording) -> list[tuple[str, str]]:
    """Codes and names of the policy's country, in alphabetical order of the names."""
    country = wording.policy.country
    if country == "CH":
        return [(f"CH-{canton}", canton) for canton in CANTONS]
    codes = [key.removeprefix(LAND) for key in entries(wording.language) if key.startswith(f"{LAND}{country}-")]
    return sorted(((code, wording.region(code)) for code in codes), key=lambda pair: pair[1])
