"""Segments among the leads of a warehouse, and as the command prints them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from leadwerk.cli.segments import segment_row
from leadwerk.cli.speech import Speech
from leadwerk.pipeline.lead_segments import find_segments
from leadwerk.policy.load import load
from support.equity_market import START, leads_and_outcomes
from support.homes import home_warehouse


def test_matured_leads_fall_into_segments_that_convert_differently(tmp_path: Path) -> None:
    warehouse, policy = home_warehouse(tmp_path), load("mortgage")
    leads, outcomes = leads_and_outcomes()
    warehouse.append("leads", leads)
    warehouse.append("outcomes", outcomes)
    now = START + timedelta(days=240)
    segmentation = find_segments(warehouse, policy, now=now)
    assert segmentation is not None
    matured = [lead for lead in leads if lead["created_at"] + timedelta(days=policy.horizon_days) <= now]
    assert 0 < sum(segment.leads for segment in segmentation.segments) <= len(matured)
    assert all(segment.low <= segment.rate <= segment.high for segment in segmentation.segments)
    name, size, *_ = segment_row(segmentation.segments[0], policy, Speech("en"))
    assert name
    assert size == f"{segmentation.segments[0].leads:,}"
    assert find_segments(warehouse, policy, now=START) is None
