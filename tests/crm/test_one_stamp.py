"""A mass change: ten thousand records of one moment, as an edit of a pipeline leaves them, are read once each."""

from __future__ import annotations

import pytest

from support.crm_subjects import SUBJECTS
from support.standins.frame import START, serving

RECORDS = 10_050  # one query of HubSpot's search ends at 10,000 results


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hubspot", "salesforce"])
def test_ten_thousand_records_of_one_stamp_are_all_read(name: str) -> None:
    subject = SUBJECTS[name]()
    with serving(subject.standin):
        subject.create_fields()
        leads = {subject.standin.add(number, kind="won", modified=START) for number in range(RECORDS)}
        pages = cases = 0
        read: set[str] = set()
        for page in subject.crm().pull(None):
            pages += 1
            cases += sum(not case.is_past for case in page.cases)
            read |= {str(case.lead["lead_id"]) for case in page.cases if case.status_changed}
        assert read == leads
        assert cases <= 2 * RECORDS  # a contact and its deal
        assert pages > RECORDS / 2001  # never more than the largest page at once
