"""Owners of HubSpot: its users who may own records, with their first team. An owner's id is not the user's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from leadwerk.crm.http_client import HttpClient
from leadwerk.crm.port import Owner
from leadwerk.errors import CRMRejected

OWNERS_AT_ONCE = 100
SCOPE = "Give the service key the scope crm.objects.owners.read."


class _Team(msgspec.Struct, frozen=True):
    name: str = ""


class _Owner(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    teams: list[_Team] = []


class _NextPage(msgspec.Struct, frozen=True):
    after: str


class _OwnersPaging(msgspec.Struct, frozen=True):
    next: _NextPage | None = None


class _OwnersAnswer(msgspec.Struct, frozen=True):
    results: list[_Owner]
    paging: _OwnersPaging | None = None


def read_owners(http: HttpClient, version: str) -> Iterator[Owner]:
    """All owners; those who left are in a list of their own, as `archived`.

    Raises:
        CRMRejected: the token lacks the scope crm.objects.owners.read.
    """
    for archived in (False, True):
        parameters: dict[str, str | int] = {"limit": OWNERS_AT_ONCE, "archived": str(archived).lower()}
        while True:
            page = _page(http, version, parameters)
            for owner in page.results:
                name = " ".join(filter(None, (owner.first_name, owner.last_name)))
                team = owner.teams[0].name if owner.teams else None
                yield Owner(owner.id, name or owner.email or owner.id, owner.email, team, is_active=not archived)
            if page.paging is None or page.paging.next is None:
                break
            parameters["after"] = page.paging.next.after


def _page(http: HttpClient, version: str, parameters: Mapping[str, str | int]) -> _OwnersAnswer:
    try:
        answer = http.call_repeatedly("GET", f"/crm/owners/{version}", params=dict(parameters))
    except CRMRejected as error:
        if error.status != 403:
            raise
        raise CRMRejected(error.message, status=403, remedy=SCOPE, locked_out=error.locked_out) from error
    if answer.status != 200:
        raise answer.unreadable("owners", remedy=SCOPE)
    return answer.decoded(_OwnersAnswer)
