"""Whoever gets an alert finds what to do."""

from __future__ import annotations

import re

from terraform.workspace import PROJECT


def test_every_alert_has_its_section_in_the_operations_guide() -> None:
    guide = (PROJECT / "docs" / "operations.md").read_text()
    monitoring = (PROJECT / "terraform" / "monitoring.tf").read_text()
    alerts = re.search(r"^  alerts = \{\n(.*?)^  \}", monitoring, flags=re.S | re.M)
    assert alerts is not None
    names = re.findall(r"^    (\w+) += \{ metric", alerts[1], flags=re.M) + ["score_latency", "error_rate"]
    assert len(names) > 5
    assert [name for name in names if f"\n### {name}\n" not in guide] == []
