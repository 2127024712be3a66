"""A fault at each request, many times over: every stand-in ends with each lead's newest decision."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.crm_subjects import SUBJECTS
from support.homes import home_warehouse
from support.real_crm_chaos import deliver_in_chaos
from support.standins.frame import serving

SEEDS = int(os.environ.get("CHAOS_SEEDS", "10"))  # 200 before a release
NAMES = sorted(SUBJECTS)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_fails_the_newest_decisions_arrive(tmp_path: Path, seed: int) -> None:
    subject = SUBJECTS[NAMES[seed % len(NAMES)]]()
    with serving(subject.standin):
        subject.create_fields()
        leads = [subject.standin.add(number) for number in range(25)]
        warehouse = home_warehouse(tmp_path)
        with warehouse.unit_of_work():  # one connection: a tenth of the time
            newest = deliver_in_chaos(warehouse, subject.crm, subject.standin.faults, leads, seed)
        crm = subject.crm()
        assert {lead: subject.fields_shown(crm, lead)["predictive_score"] for lead in newest} == newest
