"""The one place that makes real objects from settings; stages take them as arguments.

Engines, clients and libraries are imported inside the functions: a process pays only for what it uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadwerk.errors import ConfigurationError
from leadwerk.settings import Settings

if TYPE_CHECKING:
    from leadwerk.crm.port import CRM
    from leadwerk.policy.model import Policy
    from leadwerk.registry import Registry
    from leadwerk.warehouse.protocol import Warehouse


def warehouse(settings: Settings) -> Warehouse:
    """The warehouse of this deployment: BigQuery, or DuckDB under the home folder."""
    if settings.engine == "bigquery":
        from leadwerk.warehouse.bigquery import BigQueryWarehouse

        return BigQueryWarehouse.from_settings(settings)
    from leadwerk.warehouse.duckdb import DuckDBWarehouse

    return DuckDBWarehouse(settings.home)


def registry(settings: Settings) -> Registry:
    """The models of this deployment: a folder, or Cloud Storage where LEADWERK_REGISTRY begins with gs://."""
    from leadwerk.registry import open_registry

    return open_registry(settings.registry, endpoint=settings.storage_url)


def crm(settings: Settings) -> CRM:
    """The CRM of this deployment.

    Raises:
        ConfigurationError: its token is not set.
    """
    if not settings.crm_token:
        raise ConfigurationError("The CRM's token is not set.", remedy="Set LEADWERK_CRM_TOKEN.")
    from leadwerk.crm.boma import Boma

    return Boma(settings.crm_url, settings.crm_token)


def policy(settings: Settings) -> Policy:
    """The policy of this deployment.

    Raises:
        PolicyError: the file is wrong; says where and what to do.
    """
    from leadwerk.policy.load import load

    return load(settings.policy)
