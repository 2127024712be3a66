"""The CRM's list of leads for human eyes: highest score first, with the reasons that came with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from html import escape
from pathlib import Path
from string import Template

from msgspec import Struct, convert

from leadwerk.simulation.crm_store import Json

REASONS_SHOWN = 3


def page(leads: Sequence[Json], now: datetime) -> str:
    """The list as HTML; everything that people wrote is escaped."""
    rows = "\n".join(map(_row, leads))
    return _template().substitute(rows=rows, count=len(leads), now=f"{now:%Y-%m-%d %H:%M} UTC")


@cache
def _template() -> Template:
    return Template((Path(__file__).parent / "crm.html").read_text(encoding="utf-8"))


class _Listed(Struct):
    lead_id: str
    status: str
    custom_fields: Json
    lead: Json


def _row(listed: Json) -> str:
    lead = convert(listed, _Listed)
    fields, form = lead.custom_fields, lead.lead
    reasons = fields.get("score_reasons") or []
    reason_texts = "; ".join(_reason(reason) for reason in reasons[:REASONS_SHOWN])
    cluster = str(fields.get("score_cluster") or "–")
    cells = [
        lead.lead_id,
        _score(fields),
        cluster,
        fields.get("recommended_action") or "–",
        lead.status,
        f"{form.get('language') or '–'} · {form.get('postcode') or '–'}",
        reason_texts or "–",
    ]
    inner = "".join(f"<td>{escape(str(cell))}</td>" for cell in cells)
    return f'<tr class="{escape(cluster.lower(), quote=True)}">{inner}</tr>'


def _score(fields: Json) -> str:
    """The model's score; before there is one, the points."""
    score, points = fields.get("predictive_score"), fields.get("points")
    if score is None:
        return "–" if points is None else f"{points:g}"
    return str(score)


def _reason(reason: object) -> str:
    return str(reason.get("text", "")) if isinstance(reason, dict) else str(reason)
