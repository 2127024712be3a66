"""What a role may not see is in no byte of any page, CSV or JSON: withheld scores, other languages, other sellers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import leadwerk
from leadwerk.experiment.assignment import assign
from leadwerk.pipeline import rescore
from leadwerk.policy.load import load
from leadwerk.policy.model import Policy
from leadwerk.serve import desk_environment, serving
from support.homes import close_files
from support.selling import DAY, HOUR, NOW, lead, outcome, score, warehouse
from support.signed_in import SignedIn

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
EXPERIMENT = """
experiment:
  name: spring
  starts: 2026-01-01
  ends: 2027-01-01
  control_percent: 50
  call_percent: 50
"""
NOBODY = "  sellers: []\n"
SELLERS = """  sellers:
    - {name: anna, hours_per_week: 20, languages: [de]}
    - {name: beat, hours_per_week: 20, languages: [fr]}
"""
PEOPLE = """
- {name: anna, roles: [seller], language: en}
- {name: beat, roles: [seller], language: en}
- {name: eva, roles: [manager], language: en}
- {name: otto, roles: [operator], language: en}
- {name: dora, roles: [privacy], language: en}
"""
PERSONS = ("anna", "beat", "eva", "otto", "dora")
# A score from before the experiment; no other figure or word of the home holds these.
TELLTALE = {"predictive_score": 83, "probability": 0.7391, "points": 61.37, "fit": 38.11, "interest": 23.26}
TELLTALE_TEXTS = ("61.37", "0.7391", "73.9", "38.11", "23.26", "SECRETREASON")
PAGES = (
    "/", "/settings", "/start", "/calls", "/calls?list=all&sort=newest", "/calls?list=warm", "/calls?list=mine",
    "/calls.csv?list=all", "/companies", "/companies?sort=points", "/results?weeks=52",
    "/results?weeks=52&by=seller", "/review?month=2026-05",
    "/review.csv?month=2026-05", "/review.html?month=2026-05", "/thresholds", "/rules", "/operations",
    "/privacy?days=400", "/privacy/trail.csv", "/report", "/leads?limit=200", "/leads?limit=200&sort=points",
    "/accounts", "/overrides",
    *(f"/results/{name}.csv?weeks=52&by=seller" for name in ("scores", "order", "time", "speed", "market", "segments")),
)  # fmt: skip


def pages_of(lead_id: str) -> tuple[str, ...]:
    """Every address that shows this lead."""
    at = quote((NOW - HOUR).isoformat())
    page, json, account = f"/calls/{lead_id}", f"/leads/{lead_id}/history", f"{lead_id}.ch"
    return (
        page, f"{page}?at=2026-05-04T10:00", f"{page}?at=2026-05-04T10:00&rules=current", json, f"{json}?at={at}",
        f"{json}?at={at}&policy=current", f"/companies/{account}", f"/accounts/{account}",
        f"/accounts/{account}?at={at}", f"/leads?account_id={account}",
    )  # fmt: skip


def of_arm(policy: Policy, prefix: str, *, is_control: bool) -> str:
    """An id that the experiment's lot puts into the control group, or not."""
    names = (f"{prefix}{number}" for number in range(50))
    arms = ((name, assign(policy.experiment, name, NOW - DAY)) for name in names)
    return next(name for name, arm in arms if arm is not None and arm.is_control == is_control)


@pytest.fixture(scope="module")
def policy_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    default = Path(leadwerk.__file__).parent / "policy/defaults/b2b_swiss.yaml"
    text = default.read_text("utf-8")
    assert NOBODY in text
    file = tmp_path_factory.mktemp("roles") / "policy.yaml"
    file.write_text(text.replace(NOBODY, SELLERS) + EXPERIMENT, "utf-8")
    return file


@pytest.fixture(scope="module")
def policy(policy_file: Path) -> Policy:
    return load(policy_file)


@pytest.fixture(scope="module")
def leads(policy: Policy) -> dict[str, str]:
    """Names of leads: `control` and `scored` are German, `foreign` is French, `objector` objects to profiling."""
    return {
        "control": of_arm(policy, "kontrolle", is_control=True),
        "scored": of_arm(policy, "bewertet", is_control=False),
        "foreign": of_arm(policy, "etranger", is_control=False),
        "objector": of_arm(policy, "gegner", is_control=False),
    }


@pytest.fixture(scope="module")
def desk(policy_file: Path, policy: Policy, leads: dict[str, str]) -> Iterator[SignedIn]:
    home = policy_file.parent
    before = [
        score(name, NOW - 2 * DAY, **TELLTALE, score_cluster="WARM", language="fr" if kind == "foreign" else "de",
              reasons=[{"feature": "visits", "contribution": 0.9, "text": "SECRETREASON", "facts": None}])
        for kind, name in leads.items()
    ]  # fmt: skip
    filled = warehouse(
        home,
        leads=[
            lead(name, created_at=NOW - 3 * DAY, recorded_at=NOW - 3 * DAY, account_id=f"{name}.ch", employees=420,
                 language="fr" if kind == "foreign" else "de", job_title="CEO", industry="software")
            for kind, name in leads.items()
        ],
        scores=before,
        objections=[objection(leads["objector"])],
        outcomes=[outcome(leads["control"], NOW - HOUR, "appointmentscheduled", "open")],
    )  # fmt: skip
    rescore.run(filled, policy, None, now=NOW, stored_at=NOW)
    close_files()
    (home / "people.yaml").write_text(PEOPLE, "utf-8")
    environment = desk_environment(NOW + timedelta(minutes=5))
    with serving(home, names=["desk"], crm=False, environment=environment) as servers:
        yield SignedIn(servers.url("desk"), servers.desk_link)


def objection(lead_id: str) -> dict[str, Any]:
    """A row of objections."""
    stated = {"set_at": NOW - DAY, "is_withdrawn": False, "author": "dora", "reason": "request 1"}
    return {"event_id": f"objection:{lead_id}", "lead_id": lead_id, **stated}


@pytest.mark.parametrize("name", PERSONS)
def test_no_byte_tells_a_withheld_score(desk: SignedIn, leads: dict[str, str], name: str) -> None:
    for kind in ("control", "objector"):
        for path in pages_of(leads[kind]):
            text = desk.read(name, path).text
            assert [figure for figure in TELLTALE_TEXTS if figure in text] == [], path
            assert "plain ledger" not in text or path.startswith("/companies"), path
            assert '"entries":[{' not in text.replace(" ", "") or path.startswith("/accounts"), path
            assert not re.search(rf'"lead_id": ?"{leads[kind]}", ?"fit": ?[0-9]', text), path

    everything = {path: desk.read(name, path).text for path in PAGES}
    for lead_id in (leads["control"], leads["objector"]):
        telling = {
            path: figure
            for path, text in everything.items()
            for figure in TELLTALE_TEXTS
            if figure in of_lead(text, lead_id)
        }
        assert telling == {}


def test_a_score_that_may_be_seen_stands_there(desk: SignedIn, leads: dict[str, str]) -> None:
    scored = leads["scored"]
    page, panel = (desk.read("anna", path).text for path in (f"/calls/{scored}", f"/leads/{scored}/history"))
    assert "61.4" in page or "61.37" in page
    assert "61.37" in panel
    at = f"/leads/{scored}/history?at={quote((NOW - HOUR).isoformat())}"
    assert desk.read("anna", at).json()["entries"]
    assert desk.read("eva", f"/accounts/{scored}.ch").json()["contacts"][0]["points"] > 0


def test_a_lead_of_the_control_group_says_why_it_has_no_score(desk: SignedIn, leads: dict[str, str]) -> None:
    control, objector = leads["control"], leads["objector"]
    assert "it belongs to the control group" in desk.read("anna", f"/calls/{control}").text
    assert "it belongs to the control group" in desk.read("anna", "/calls?list=all").text
    assert "objected to profiling" in desk.read("anna", f"/calls/{objector}").text
    assert "Worked without a score" in desk.read("eva", f"/companies/{control}.ch").text
    refused = desk.read("eva", f"/leads/{control}/history?at={quote((NOW - HOUR).isoformat())}")
    assert (refused.status_code, refused.json()["title"]) == (403, "Score withheld")


def test_a_seller_finds_no_lead_of_another_language(desk: SignedIn, leads: dict[str, str]) -> None:
    foreign, at = leads["foreign"], quote((NOW - HOUR).isoformat())
    for path in PAGES:
        assert foreign not in desk.read("anna", path).text, path
    for path in (f"/calls/{foreign}", f"/leads/{foreign}/history", f"/leads/{foreign}/history?at={at}"):
        assert desk.read("anna", path).status_code == 404
        assert desk.read("beat", path).status_code == 200
    anna = desk.client("anna")
    for path in (f"/calls/{foreign}/take", f"/calls/{foreign}/release", f"/calls/{foreign}/verdict"):
        assert anna.post(desk.base + path, timeout=60).status_code == 404
    for action in ("pick", "release"):
        assert anna.post(f"{desk.base}/leads/{foreign}/{action}", json={}, timeout=60).status_code == 404
    assert anna.get(f"{desk.base}/calls/{foreign}", headers={"X-Part": "panel"}, timeout=60).status_code == 404


def test_a_seller_sees_the_own_figures_and_those_of_the_team(desk: SignedIn, leads: dict[str, str]) -> None:
    for name, lead_id in (("anna", leads["scored"]), ("beat", leads["foreign"])):
        pick_answer = desk.client(name).post(f"{desk.base}/calls/{lead_id}/take", timeout=60)
        assert pick_answer.status_code == 200
    segments = {name: segment_names(desk, name) for name in ("anna", "beat", "eva")}
    assert segments["anna"] == {"anna"}
    assert segments["beat"] == {"beat"}
    assert segments["eva"] >= {"anna", "beat"}


def segment_names(desk: SignedIn, name: str) -> set[str]:
    """The sellers whose figures a person gets, as a page and as a file."""
    table = desk.read(name, "/results/segments.csv?weeks=13&by=seller").text
    page = desk.read(name, "/results?weeks=13&by=seller").text
    names = {line.partition(",")[0] for line in table.splitlines()[1:]}
    segments = page[page.index('id="segments"') :]
    assert all(f">{segment}<" in segments for segment in names)
    assert name == "eva" or not {"anna", "beat"} - {name} & set(re.findall(r'<th scope="row">([^<]*)<', segments))
    return names


def of_lead(text: str, lead_id: str) -> str:
    """The part of a list that speaks of a lead: from its id to the end of its row; empty where it is not named."""
    parts = re.findall(rf"{re.escape(lead_id)}.*?(?:</tr>|\n|\}}\]|$)", text, re.DOTALL)
    return "\n".join(parts)
