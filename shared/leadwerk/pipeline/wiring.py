"""Wiring: builds warehouse, registry, CRM client and stores from settings; stages take them as arguments.

Engines, clients and libraries are imported inside the functions, so that a process loads only what it uses.
"""

from __future__ import annotations

import secrets
import threading
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from leadwerk.errors import ConfigurationError
from leadwerk.private_files import private_folder
from leadwerk.settings import Settings
from leadwerk.texts.message import Message

if TYPE_CHECKING:
    from leadwerk.crm.port import CRM
    from leadwerk.pipeline.desk.picks import Picks
    from leadwerk.pipeline.privacy.erase import ErasurePlaces
    from leadwerk.pipeline.workflows.carry_out import Receivers
    from leadwerk.policy.model import Policy
    from leadwerk.policy.people import Person
    from leadwerk.registry import Registry
    from leadwerk.registry.store import Store
    from leadwerk.warehouse.protocol import Warehouse

PERSON_KEY_FILE = "person.key"


def warehouse(settings: Settings) -> Warehouse:
    """The warehouse of this deployment: BigQuery, or DuckDB under the home folder.

    One object per process and location: DuckDB refuses two connections with different settings to one file.
    """
    # Not the settings as a whole: a rotated token or another policy must not open a second connection to the same file.
    place = (settings.engine, settings.home.absolute(), settings.project, settings.dataset, settings.bigquery_url)
    with _opening:
        if place not in _warehouses:
            _warehouses[place] = _new_warehouse(settings)
        return _warehouses[place]


_opening = threading.Lock()
_warehouses: dict[tuple[object, ...], Warehouse] = {}


def _new_warehouse(settings: Settings) -> Warehouse:
    if settings.engine == "bigquery":
        from leadwerk.warehouse.bigquery import BigQueryWarehouse

        return BigQueryWarehouse.from_settings(settings)
    from leadwerk.warehouse.duckdb import DuckDBWarehouse

    return DuckDBWarehouse(settings.home)


def registry(settings: Settings) -> Registry:
    """Model registry of this deployment: a folder, or Cloud Storage if LEADWERK_REGISTRY starts with gs://."""
    from leadwerk.registry import open_registry

    return open_registry(settings.registry, endpoint=settings.storage_url)


def reports(settings: Settings) -> Store:
    """Store of the reports: a folder, or Cloud Storage if LEADWERK_REPORTS starts with gs://."""
    from leadwerk.registry.locations import open_store

    return open_store(settings.reports, settings.storage_url)


def picks(settings: Settings, policy: Policy) -> Picks:
    """Picks of this deployment: objects in a folder, or in Cloud Storage if LEADWERK_PICKS starts with gs://."""
    from leadwerk.pipeline.desk.picks import Picks
    from leadwerk.registry.locations import open_store

    return Picks(warehouse(settings), policy, open_store(settings.picks, settings.storage_url))


def erasure_places(settings: Settings, policy: Policy) -> ErasurePlaces:
    """All places of this deployment that hold data of persons.

    Raises:
        ConfigurationError: the key of the hashes of persons is not set.
    """
    from leadwerk.pipeline.policies.shared_draft import DraftStore
    from leadwerk.pipeline.privacy.erase import ErasurePlaces
    from leadwerk.pipeline.uploads import Uploads

    return ErasurePlaces(
        warehouse(settings),
        picks(settings, policy),
        registry(settings),
        Uploads.of_home(settings.home),
        DraftStore(reports(settings)),
        person_key(settings),
    )


def lease(settings: Settings, name: str) -> AbstractContextManager[None]:
    """The lease of a run, such as deliver, among the processes of this home.

    In the cloud there is none: its function has one instance, which answers one request at a time.
    """
    if settings.engine != "duckdb":
        return nullcontext()
    from leadwerk.pipeline.lease import leased

    return leased(settings.home / "leases", name)


def crm(settings: Settings) -> CRM:
    """The CRM of this deployment: one object per process, because it holds a token that CRMs count the fetching of.

    Raises:
        ConfigurationError: the token, or the OAuth client, is not set.
    """
    from leadwerk.pipeline.crm_wiring import connect

    with _opening:
        if settings not in _crms:
            _crms[settings] = connect(settings)
        return _crms[settings]


_crms: dict[Settings, CRM] = {}


def receivers(settings: Settings, policy: Policy) -> Receivers:
    """What workflows are carried out by; each channel is looked up when it is used.

    Raises:
        ConfigurationError: people.yaml or LEADWERK_CHANNELS cannot be read.
    """
    from leadwerk.crm import channels
    from leadwerk.crm.guarded_http import GuardedHttp
    from leadwerk.pipeline.workflows.carry_out import Receivers

    addresses = channels.addresses(settings.channels)
    kinds = {channel.name: channel.kind for channel in policy.workflows.channels}
    http = GuardedHttp(allow_private=settings.private_receivers)
    return Receivers(
        # Looked up late: a channel without an address is an error of the messages that use it, not of every workflow.
        channel=lambda name: channels.connect(kinds[name], addresses.get(name, ""), http),
        crm=lambda: crm(settings),
        people=people(settings),
        lead_url=settings.crm_lead_url,
    )


def policy(settings: Settings) -> Policy:
    """The policy of this deployment: a file, a shipped one, or an object of Cloud Storage.

    Raises:
        PolicyError: the policy is invalid; names the place and the remedy.
        ConfigurationError: LEADWERK_POLICY names an object that does not exist.
    """
    from leadwerk.policy.load import load, parse

    if not settings.policy.startswith("gs://"):
        return load(settings.policy)
    from leadwerk.registry.locations import open_store

    folder, _, name = settings.policy.rpartition("/")
    blob = open_store(folder, settings.storage_url).read(name)
    if blob is None:
        raise ConfigurationError(Message("refusal.policy.nowhere", place=settings.policy))
    return parse(blob.data.decode("utf-8", "replace"), settings.policy)


def people(settings: Settings) -> tuple[Person, ...]:
    """The people of this deployment's desk; none where there is no people.yaml.

    Raises:
        ConfigurationError: the file is no list of people.
    """
    from leadwerk.policy.people import parse_people
    from leadwerk.registry.locations import open_store

    folder, _, name = settings.people.rpartition("/")
    blob = open_store(folder or ".", settings.storage_url).read(name)
    return () if blob is None else parse_people(blob.data.decode("utf-8", "replace"), settings.people)


def person_key(settings: Settings) -> str:
    """Secret key for the hashes of persons; on a laptop it is created once in the home folder.

    Raises:
        ConfigurationError: the key is not set in the cloud.
    """
    if settings.person_key:
        return settings.person_key
    if settings.engine != "duckdb":
        raise ConfigurationError(Message("refusal.person_key"))
    file = settings.home / PERSON_KEY_FILE
    if not file.exists():
        _keep_secret(file, secrets.token_hex(32))
    return file.read_text(encoding="ascii")


def _keep_secret(file: Path, secret: str) -> None:
    """Write the secret atomically, readable by its owner only; if another process was first, its secret stays."""
    private_folder(file.parent)
    unfinished = file.with_suffix(f".{secrets.token_hex(4)}")
    # Created with its rights before it has a content: a file that is narrowed afterwards could be read in between.
    unfinished.touch(mode=0o600)
    unfinished.write_text(secret, encoding="ascii")
    with suppress(FileExistsError):
        # A link and not a rename: it fails where the file exists, so of two processes at once both read the same
        # secret.
        file.hardlink_to(unfinished)
    unfinished.unlink()
