"""Erased ids: keyed hashes by which what was erased is recognised when a source brings it again.

A CRM keeps a lead after Leadwerk erased it, and the GA4 export keeps a visitor's events. Both may be read again, from
the start even. The hash of an erased id stays, with the moment of the erasure: rows from before it are deleted again,
and a person who comes back later is a new one.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import ErasedIdRow
from leadwerk.warehouse.statement import statement


class LatestErasure(Struct, frozen=True):
    """A row of erased_ids/all: a hash, the kind of id, and the latest moment at which the id was erased (UTC)."""

    proof: str
    kind: str
    erased_at: datetime


@dataclass(frozen=True)
class ErasedIds:
    """All erased ids of a deployment: hash → moment of the erasure."""

    erased_at: Mapping[str, datetime]
    secret: str

    @classmethod
    def read(cls, warehouse: Warehouse, secret: str) -> ErasedIds:
        """The erased ids; `secret` is the key of the hashes of persons."""
        rows = warehouse.rows(statement("erased_ids/all", LatestErasure), {})
        return cls({row.proof: row.erased_at for row in rows}, secret)

    def among(self, kind: str, ids: Iterable[str]) -> dict[datetime, list[str]]:
        """Those of `ids` that were erased, by the moment of their erasure."""
        erased: dict[datetime, list[str]] = {}
        for id_ in ids if self.erased_at else ():
            moment = self.erased_at.get(proof(kind, id_, self.secret))
            if moment is not None:
                erased.setdefault(moment, []).append(id_)
        return erased


def proof(kind: str, id_: str, secret: str) -> str:
    """HMAC-SHA256 (RFC 2104) of an id: proves the erasure to a holder of id and key; others learn nothing.

    >>> proof("lead", "102938", "s3cret") == proof("visitor", "102938", "s3cret")
    False
    """
    message = f"erased\x1f{kind}\x1f{id_}".encode(errors="surrogatepass")
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def rows_of(
    ids: Mapping[str, Iterable[str]], *, erasure_id: str, erased_at: datetime, secret: str
) -> list[ErasedIdRow]:
    """Rows of erased_ids for the ids of an erasure, by kind."""
    return [
        ErasedIdRow(proof=proof(kind, id_, secret), kind=kind, erasure_id=erasure_id, erased_at=erased_at)
        for kind, of_kind in ids.items()
        for id_ in of_kind
    ]
