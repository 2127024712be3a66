"""A small home in which every state stands that the desk's pages can be in: one lead, person or fault each."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import leadwerk
from support.desk_home import REASONS
from support.selling import DAY, HOUR, NOW, lead, score, warehouse

# Nobody has a lead in French; Italian ones were scored before there was a model.
SELLERS = """  sellers:
    - {name: anna, hours_per_week: 20, languages: [de]}
    - {name: beat, hours_per_week: 20, languages: [de]}
    - {name: carla, hours_per_week: 20, languages: [it]}
    - {name: flora, hours_per_week: 20, languages: [fr]}
"""
PEOPLE = """
- {name: anna, roles: [seller]}
- {name: beat, roles: [seller]}
- {name: carla, roles: [seller]}
- {name: flora, roles: [seller]}
- {name: eva, roles: [manager, operator]}
- {name: nora, roles: []}
"""
SECRETS = ("83", "61.37", "SECRET")
"""What the control group's lead was scored with before the experiment; no other figure or word of its page holds it."""
NIGHT_BEFORE = NOW - 30 * HOUR
NOTHING = dict.fromkeys(("predictive_score", "probability", "points", "fit", "interest", "grade", "level", "icp"))
RULES = [
    {"feature": "points", "contribution": 30.0, "text": "Dafür spricht: Preisseite", "facts": REASONS[0]["facts"]},
]
OUT = {
    "feature": "competitor",
    "contribution": 0.0,
    "text": "Dagegen spricht: Mitbewerber",
    "facts": '{"de":"Mitbewerber","en":"competitor"}',
}
STATES: dict[str, dict[str, Any]] = {
    "plain": {},
    "picked": {},
    "damaged": {},
    "overridden": {"score_cluster": "WARM", "decided_by": "eva"},
    "without_consent": {"has_web_behaviour": False, "reasons": []},
    "control": {**NOTHING, "basis": "control", "arm": "control", "random_rank": 90, "reasons": []},
    "disqualified": {"score_cluster": "DISQUALIFIED", "predictive_score": 8, "probability": 0.01, "reasons": [OUT]},
    "by_points": {**NOTHING, "basis": "points", "points": 67.0, "language": "it", "reasons": RULES},
}
"""Leads, and what their newest score has other than that of a HOT lead; every score is of the night before the last."""


def home_of_states(home: Path) -> Path:
    """The home of STATES, with its people and its policy."""
    warehouse(
        home,
        leads=[
            lead(name, created_at=NOW - 3 * DAY, recorded_at=NOW - 3 * DAY, language=changes.get("language", "de"),
                 web_consent=name != "without_consent", employees=120)
            for name, changes in STATES.items()
        ],
        scores=[
            score("control", NOW - 2 * DAY, predictive_score=83, points=61.37,
                  reasons=[{"feature": "visits", "contribution": 0.9, "text": "SECRET"}]),
            *(
                score(name, NIGHT_BEFORE, **{"predictive_score": 85, "score_cluster": "HOT", "probability": 0.3,
                                             "reasons": REASONS, **changes})
                for name, changes in STATES.items()
            ),
        ],
        overrides=[
            {"event_id": "o1", "lead_id": "overridden", "sequence": 1, "set_at": NIGHT_BEFORE, "cluster": "WARM",
             "ends_at": NOW + timedelta(days=30), "author": "eva", "reason": "buys in autumn"},
        ],
    )  # fmt: skip
    (home / "people.yaml").write_text(PEOPLE, "utf-8")
    policy = (Path(leadwerk.__file__).parent / "policy/defaults/b2b_swiss.yaml").read_text("utf-8")
    (home / "policy.yaml").write_text(policy.replace("  sellers: []\n", SELLERS), "utf-8")
    return home
