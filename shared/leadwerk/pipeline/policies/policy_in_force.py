"""Policy in force: finds the policy version of a past moment, and its rules.

Three records exist: publications (policy_changes), the version named by each stored score, and the version that the
first publication replaced. The newest record before the moment decides. A score stored after a publication may name
another version: a running process notices a publication within a minute, and the file may be edited by hand. If the
rules of the version are not in the archive, the current ones are used and `source` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from leadwerk.catalogue.periods import SCORE_LOOK_BACK_DAYS
from leadwerk.errors import InputError, PolicyError
from leadwerk.pipeline.leads.score_history import PastScore, read_past_scores
from leadwerk.pipeline.policies import publishing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadwerk.pipeline.policies.policy_store import PolicyStore
    from leadwerk.policy.model import Policy
    from leadwerk.warehouse.protocol import Warehouse
    from leadwerk.warehouse.records import PolicyChangeRow

Which = Literal["in_force", "current"]
Source = Literal["published", "scored", "replaced_later", "requested", "not_kept", "not_recorded"]


class StoredThen(Struct, frozen=True, kw_only=True):
    """The score of a lead that was stored at exactly the requested moment."""

    score_id: str
    policy_version: str
    fit: float | None
    interest: float | None
    points: float | None


class RulesAt(Struct, frozen=True, kw_only=True):
    """The policy to apply to a past moment, and its `source`:

    - `published`: the last publication before the moment;
    - `scored`: a stored score of the lead names it;
    - `replaced_later`: the first publication replaced it, so it was in force unless the file was edited by hand;
    - the current policy, because it was `requested`, because the version `in_force` is `not_kept` in the archive, or
      because the version is `not_recorded`.

    `since`: when it was published, or that score stored. `stored`: the score of exactly this moment, if any.
    """

    policy: Policy
    source: Source
    in_force: str | None = None
    since: datetime | None = None
    stored: StoredThen | None = None


@dataclass(frozen=True)
class PolicyRecords:
    """Where past policies are recorded: publications and scores in `warehouse`, their rules in `archive`.

    `present`: the policy of today. `archive` is None if the deployment cannot publish.
    """

    warehouse: Warehouse
    present: Policy
    archive: PolicyStore | None


def rules_at(
    records: PolicyRecords, lead_id: str, *, at: datetime, now: datetime, which: Which = "in_force"
) -> RulesAt:
    """The policy in force for a lead at `at` (aware); `which` "current" applies the present policy instead."""
    warehouse, present = records.warehouse, records.present
    first_day = (at - timedelta(days=SCORE_LOOK_BACK_DAYS)).date()
    scores = read_past_scores(warehouse, lead_id, first_day=first_day, as_of=at)
    # Only a score of exactly this moment can be compared with the recount: any other had other behaviour to count.
    stored = None
    if scores and scores[-1].scored_at == at:
        stored = StoredThen(**{name: getattr(scores[-1], name) for name in StoredThen.__struct_fields__})
    # Read up to now, not up to the moment: the first publication after it names the version that was in force before.
    source, version, since = _recorded(scores, publishing.history(warehouse, max(at, now)), at)
    if which == "current":
        return RulesAt(policy=present, source="requested", in_force=version, stored=stored)
    if version is None:
        return RulesAt(policy=present, source="not_recorded", stored=stored)
    policy = present if version == present.version else _archived_policy(records.archive, version)
    if policy is None:
        return RulesAt(policy=present, source="not_kept", in_force=version, since=since, stored=stored)
    return RulesAt(policy=policy, source=source, in_force=version, since=since, stored=stored)


def _recorded(
    scores: Sequence[PastScore], changes: Sequence[PolicyChangeRow], at: datetime
) -> tuple[Source, str | None, datetime | None]:
    """Source, version and start of the newest record by `at`; `changes` are ordered newest first."""
    published = next((change for change in changes if change.changed_at <= at), None)
    scored = scores[-1] if scores else None
    if scored is not None and (published is None or scored.scored_at > published.changed_at):
        return "scored", scored.policy_version, scored.scored_at
    if published is not None:
        return "published", published.to_version, published.changed_at
    # A full page may have older publications behind it: then its last one is not the first.
    if changes and len(changes) < publishing.SHOWN:
        return "replaced_later", changes[-1].from_version, None
    return "not_recorded", None, None


def _archived_policy(policies: PolicyStore | None, version: str) -> Policy | None:
    """The policy of a version; None if it was never published here or can no longer be read."""
    if policies is None:
        return None
    try:
        return policies.archived(version).policy
    except (InputError, PolicyError):
        return None
