"""Score file: scores the leads of a file column by column; nothing of it is stored.

Leads of which the warehouse knows more than files stated go the way of requests, for their behaviour and what persons
set counts as well. All others follow from their row alone, and are computed in blocks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from leadwerk.catalogue.features import FEATURES
from leadwerk.catalogue.periods import SECONDS_A_DAY
from leadwerk.features.contract import contract
from leadwerk.importing.field_values import NUMERIC_FIELDS
from leadwerk.importing.lead_values import LeadValues, forms, lead_values
from leadwerk.importing.leads import ParsedLeads
from leadwerk.importing.rejections import RejectionGroup
from leadwerk.importing.time_column import Moments, in_zone
from leadwerk.pipeline import score as request_stage
from leadwerk.pipeline.leads.feature_history import LeadId
from leadwerk.pipeline.leads.read_lead_states import LeadSelection, read_lead_states
from leadwerk.pipeline.serving.messages import ScoreRequest
from leadwerk.policy.model import Policy
from leadwerk.progress import Progress, part_of, silent
from leadwerk.scoring.model import Scorer
from leadwerk.scoring.score_columns import ColumnScores, score_columns
from leadwerk.scoring.seller_pools import HotThresholds
from leadwerk.stats.coded_column import CodedColumn
from leadwerk.texts.counted_progress import watched
from leadwerk.warehouse.batches import batches
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

BLOCK = 65_536
"""Leads scored at a time: their features and matrix are what memory holds beside the file."""

REQUESTS = 10_000
# A key for hashes that are not stored.
_NO_PERSON = "file"
_COPIED = frozenset(
    (
        "loan_amount",
        "property_value",
        "income",
        "instalment",
        "employees",
        "revenue",
        "language",
        "country",
        "region",
        "email_domain_kind",
        "channel",
        "industry",
        "job_title",
        "account_id",
    )
)
"""Columns of `leads` that lead_features/select yields as they are."""
_NOT_IN_THE_WAREHOUSE = "\x00"


@dataclass
class FileScores:
    """Scores of the n leads of a file, and what could not be scored; `is_scored` (n,) says which leads have one."""

    columns: ColumnScores
    is_scored: NDArray[np.bool_]
    rejections: list[RejectionGroup] = field(default_factory=list)


def run(
    warehouse: Warehouse,
    policy: Policy,
    scorer: Scorer | None,
    parsed: ParsedLeads,
    *,
    now: datetime,
    progress: Progress = silent,
) -> FileScores:
    """Score the leads of a file as of `now` (aware, UTC)."""
    run = request_stage.ScoringRun(
        warehouse, policy, scorer, now=now, stored_at=now, person_key=_NO_PERSON, store=False, explained=False
    )
    values = lead_values(parsed, policy, person_key=_NO_PERSON)
    scores = FileScores(
        ColumnScores.empty(len(parsed)),
        np.zeros(len(parsed), dtype=bool),
        [*parsed.rejections, *values.rejections],
    )
    with warehouse.unit_of_work():
        alone = ~_is_known_beyond_files(warehouse, parsed, values, now)
        # The file alone determines most leads: they are scored in columns, a hundred times faster than by request.
        share = float(np.mean(alone)) if len(alone) else 1.0
        _score_alone(run, parsed, values, np.flatnonzero(alone), scores, part_of(progress, 0.0, share))
        _score_by_request(run, parsed, np.flatnonzero(~alone), scores, part_of(progress, share, 1.0))
    return scores


def _is_known_beyond_files(
    warehouse: Warehouse, parsed: ParsedLeads, values: LeadValues, now: datetime
) -> NDArray[np.bool_]:
    """Leads (n,) with a version, a visitor, a contact or an override in the warehouse, or a visitor in the file."""
    rows = warehouse.rows(statement("leads/beyond_files", LeadId), {"as_of": now})
    known_ids = pa.array([row.lead_id for row in rows], pa.string())
    is_known = np.asarray(pc.is_in(parsed.ids, known_ids).to_numpy(zero_copy_only=False), dtype=bool)
    if "web_consent" in values.columns:
        which, consents = values.columns["web_consent"]
        is_known = is_known | np.array([bool(consent) for consent in consents], dtype=bool)[which]
    return is_known


def _score_alone(
    run: request_stage.ScoringRun,
    parsed: ParsedLeads,
    values: LeadValues,
    leads: NDArray[np.intp],
    scores: FileScores,
    progress: Progress,
) -> None:
    if not len(leads):
        return
    warehouse, policy, now = run.warehouse, run.policy, run.now
    # A lead that does not exist has the values of a lead without a history: exactly what a file's leads are.
    (unknown,) = read_lead_states(warehouse, policy, LeadSelection(lead_ids=[_NOT_IN_THE_WAREHOUSE]), now)
    hot = HotThresholds.of_rows(policy, unknown.thresholds)
    stated = {name: (which, _value_column(name, of)) for name, (which, of) in values.columns.items() if name in _COPIED}
    blocks = (leads[first : first + BLOCK] for first in range(0, len(leads), BLOCK))
    for block in watched(blocks, len(leads), "leads", progress):
        columns = _constants(policy, unknown.features, len(block)) | _attributes(values, block)
        columns |= {name: column[which[block]] for name, (which, column) in stated.items()}
        columns |= _ratios(columns) | _creation(parsed.created_at[block], policy, now)
        scores.columns.put(block, score_columns(run.scorer, policy, columns, as_of=now, hot=hot))
    scores.is_scored[leads] = True


def _constants(policy: Policy, unknown_lead: Mapping[str, Any], count: int) -> dict[str, Any]:
    """Columns of lead_features for leads of which the warehouse knows nothing."""
    categories = {feature.name for feature in contract(policy) if feature.kind == "category"}
    columns = {name: _constant(value, count, name in categories) for name, value in unknown_lead.items()}
    # Leads with a consent go the way of requests.
    columns["has_web_behaviour"] = np.zeros(count)
    return columns


def _attributes(values: LeadValues, leads: NDArray[np.intp]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for of in values.attributes:
        name = f"attribute_{of.attribute.name}"
        if of.numbers is not None:
            columns[name] = of.numbers[leads]
        elif of.codes is not None:
            columns[name] = CodedColumn(of.codes[leads], of.levels)
    return columns


def _constant(value: Any, count: int, is_category: bool) -> Any:
    if value is None and is_category:
        return CodedColumn(np.full(count, -1, np.int32), ())
    if value is None or isinstance(value, (int, float)):
        return np.full(count, np.nan if value is None else float(value))
    return CodedColumn(np.zeros(count, np.int32), (str(value),))


def _value_column(name: str, values: Sequence[Any] | NDArray[np.float64]) -> Any:
    """The values of a column of `leads`: numbers, or texts by code."""
    if isinstance(values, np.ndarray):
        return values
    if name in NUMERIC_FIELDS:
        return np.array([np.nan if value is None else float(value) for value in values])
    levels = tuple(dict.fromkeys(str(text) for text in values if text is not None))
    place = {level: at for at, level in enumerate(levels)}
    return CodedColumn(np.array([-1 if text is None else place[str(text)] for text in values], np.int32), levels)


def _ratios(columns: Mapping[str, Any]) -> dict[str, NDArray[np.float64]]:
    """The ratios of the catalogue, as lead_features/features computes them."""
    return {
        entry.name: _ratio(columns[entry.ratio.numerator] * entry.ratio.factor, columns[entry.ratio.denominator])
        for entry in FEATURES
        if entry.ratio is not None
    }


def _ratio(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.float64]:
    nonzero = np.where(denominator == 0, np.nan, denominator)
    return np.asarray(numerator / nonzero)


def _creation(created_at: Moments, policy: Policy, now: datetime) -> dict[str, NDArray[Any]]:
    as_of = np.datetime64(now.replace(tzinfo=None), "us")
    local = in_zone(created_at, policy.time_zone)
    days = local.astype("datetime64[D]")
    return {
        "created_at": created_at,
        "lead_age_days": (as_of - created_at).astype("timedelta64[s]").astype(np.float64) / SECONDS_A_DAY,
        "created_hour": (local - days).astype("timedelta64[h]").astype(np.float64),
        "created_weekday": ((days.astype(np.int64) + 3) % 7 + 1).astype(np.float64),  # 1970-01-01 was a Thursday
    }


def _score_by_request(
    run: request_stage.ScoringRun,
    parsed: ParsedLeads,
    leads: NDArray[np.intp],
    scores: FileScores,
    progress: Progress,
) -> None:
    if not len(leads):
        return
    ids = parsed.ids.to_pylist()
    raw = forms(parsed, run.policy, leads)
    form_of = dict(zip(leads.tolist(), raw, strict=True))
    for which in watched(_batches_of_different_leads(ids, leads), len(leads), "leads", progress):
        requests = [ScoreRequest(lead_id=ids[at], form=form_of[at]) for at in which]
        report = request_stage.run(run, requests)
        indices = np.array([which[scored.index] for scored in report.scores], np.intp)
        scores.columns.put(indices, ColumnScores.of(report.scores))
        scores.is_scored[indices] = True
        for refusal in report.refusals:
            line = parsed.lines[which[refusal.index] : which[refusal.index] + 1]
            scores.rejections.append(RejectionGroup("row", refusal.error.message, line))


def _batches_of_different_leads(ids: Sequence[str], leads: NDArray[np.intp]) -> Iterator[list[int]]:
    """Places of the leads in batches in which every lead stands once: a request takes one form of a lead."""
    times: Counter[str] = Counter()
    rounds: dict[int, list[int]] = {}
    for at in leads.tolist():
        rounds.setdefault(times[ids[at]], []).append(at)
        times[ids[at]] += 1
    for indices in rounds.values():
        for batch in batches(indices, REQUESTS):
            yield list(batch)
