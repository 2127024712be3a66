"""Employees of a company in Tryton, who own its opportunities; those who left as well."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from leadwerk.crm.port import Owner
from leadwerk.crm.tryton_rpc import PAGE_SIZE, TrytonRPC

EMPLOYEES = "company.employee"
COLUMNS = ["id", "rec_name", "active", "party.email"]


class _Party(msgspec.Struct, frozen=True):
    email: str | None = None


class _Employee(msgspec.Struct, frozen=True, rename={"party": "party."}):
    id: int
    rec_name: str
    active: bool = True
    party: _Party = _Party()

    def owner(self) -> Owner:
        return Owner(str(self.id), self.rec_name, self.party.email or None, is_active=self.active)


def read_owners(rpc: TrytonRPC) -> Sequence[Owner]:
    """All employees of the company; Tryton knows no teams, and languages only as numbers.

    Raises:
        CRMUnavailable, CRMRejected: Tryton cannot, or the user may not read employees (403).
    """
    owners: list[Owner] = []
    last_id = 0
    while True:
        domain = [["company", "=", rpc.company], ["id", ">", last_id]]
        rows = rpc.read(
            "search_read", domain, 0, PAGE_SIZE, [["id", "ASC"]], COLUMNS, model=EMPLOYEES, active_test=False
        )
        employees = msgspec.json.decode(rows, type=list[_Employee])
        owners += [employee.owner() for employee in employees]
        if len(employees) < PAGE_SIZE:
            return owners
        last_id = employees[-1].id
