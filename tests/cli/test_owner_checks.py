"""Users of the CRM that the credentials may not read cost their own check, and not the whole of `crm check`."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from leadwerk import settings
from leadwerk.cli.crm import owner_checks
from leadwerk.errors import CRMRejected
from leadwerk.policy import load
from leadwerk.policy.workflows import Workflow, WorkflowAction, Workflows, WorkflowTrigger
from support.crm_subjects import SUBJECTS
from support.standins.frame import serving

CALL = Workflow(name="call", when=WorkflowTrigger(change="became_hot"), actions=(WorkflowAction(do="task"),))
POLICY = msgspec.structs.replace(load("b2b_swiss"), workflows=Workflows(rules=(CALL,)))


def test_owners_that_may_not_be_read_are_named_with_the_scope(tmp_path: Path) -> None:
    subject = SUBJECTS["hubspot"]()
    with serving(subject.standin) as standin:
        deployment = SimpleNamespace(
            policy=POLICY, settings=settings.read({"LEADWERK_HOME": str(tmp_path)}), crm=subject.crm()
        )
        assert [check.problem for check in owner_checks(deployment)] == [""]  # type: ignore[arg-type]
        standin.withheld = lambda call: "/owners/" in call.path
        (refused,) = owner_checks(deployment)  # type: ignore[arg-type]
        assert (refused.subject, "403" in refused.problem) == ("owners", True)
        assert "crm.objects.owners.read" in refused.remedy
        standin.authorised = lambda call: False  # type: ignore[method-assign]
        with pytest.raises(CRMRejected):
            owner_checks(deployment)  # type: ignore[arg-type]
