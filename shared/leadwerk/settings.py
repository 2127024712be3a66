"""Settings of a deployment, read from the environment here only; the defaults suit a laptop.

| variable                 | meaning                                                        | default                  |
|--------------------------|----------------------------------------------------------------|--------------------------|
| LEADWERK_ENGINE          | duckdb or bigquery                                             | duckdb                   |
| LEADWERK_HOME            | folder of the embedded warehouse, registry and reports         | .leadwerk                |
| LEADWERK_POLICY          | policy file, name of a shipped one, or gs://bucket/object      | mortgage, or policy.yaml |
| LEADWERK_REGISTRY        | folder or gs://bucket/prefix of the models                     | HOME/models              |
| LEADWERK_REPORTS         | folder or gs://bucket/prefix of the reports                    | HOME/reports             |
| LEADWERK_PICKS           | folder or gs://bucket/prefix of who holds which lead           | HOME/picks               |
| LEADWERK_PROJECT         | Google Cloud project                                           |                          |
| LEADWERK_LOCATION        | region of the data                                             | europe-west6             |
| LEADWERK_DATASET         | BigQuery dataset of Leadwerk's tables                          | leadwerk                 |
| LEADWERK_GA4_DATASET     | BigQuery dataset of the GA4 export                             |                          |
| LEADWERK_BIGQUERY_URL    | endpoint of an emulator                                        |                          |
| LEADWERK_STORAGE_URL     | endpoint of an emulator                                        |                          |
| LEADWERK_QUERY_GIB       | most GiB that one query may read on BigQuery                   | 1024                     |
| LEADWERK_CRM             | boma, hubspot, salesforce, pipedrive, odoo, activecampaign, tryton or webhook | boma      |
| LEADWERK_CRM_URL         | base URL of the CRM's API                                      | http://127.0.0.1:8090    |
| LEADWERK_CRM_TOKEN       | its bearer token                                               |                          |
| LEADWERK_CRM_TOKEN_FILE  | file that holds the token, where the token itself is not set   |                          |
| LEADWERK_CRM_PER_SECOND  | calls a second that it takes                                   | 10                       |
| LEADWERK_CRM_LEAD_PATH   | BOMA's path of a lead, with {id}                               | /api/v1/leads/{id}       |
| LEADWERK_CRM_CASES_PATH  | BOMA's path of the list of cases                               | /api/v1/cases            |
| LEADWERK_CRM_TOKEN_URL   | OAuth token server; then the next two instead of a token       |                          |
| LEADWERK_CRM_CLIENT_ID   | OAuth client                                                   |                          |
| LEADWERK_CRM_CLIENT_SECRET | its secret; or LEADWERK_CRM_CLIENT_SECRET_FILE               |                          |
| LEADWERK_CRM_SCOPE       | OAuth scope                                                    |                          |
| LEADWERK_CRM_DATABASE    | Odoo's database, where a server has several                    |                          |
| LEADWERK_CRM_WEBHOOK_SECRET | proof of the CRM's webhooks; or …_FILE                      |                          |
| LEADWERK_CHANNELS        | JSON: addresses of the workflows' channels by name; or …_FILE  |                          |
| LEADWERK_PRIVATE_RECEIVERS | 1: channels and enrichment's providers may lie within the own network |                 |
| LEADWERK_ZEFIX_URL       | base URL of the Swiss commercial registers' index              | its public one           |
| LEADWERK_ZEFIX_USER      | account there                                                  |                          |
| LEADWERK_ZEFIX_PASSWORD  | its password; or LEADWERK_ZEFIX_PASSWORD_FILE                  |                          |
| LEADWERK_GEMINI_URL      | base URL of Gemini's REST API                                  | Google's                 |
| LEADWERK_GEMINI_KEY      | API key; or LEADWERK_GEMINI_KEY_FILE                           |                          |
| LEADWERK_OPENAI_URL      | base URL of an API that is compatible with OpenAI's            | OpenAI's                 |
| LEADWERK_OPENAI_KEY      | API key; or LEADWERK_OPENAI_KEY_FILE                           |                          |
| LEADWERK_WEBHOOK_URL     | public address below which the CRM's webhooks arrive           |                          |
| LEADWERK_PUSH_AUDIENCE   | audience of Pub/Sub's push tokens                              |                          |
| LEADWERK_PUSH_ACCOUNT    | service account that pushes                                    |                          |
| LEADWERK_PUSH_KEYS_URL   | public keys that verify its tokens                             | Google's                 |
| LEADWERK_PERSON_KEY      | secret that keys the hashes of persons                         |                          |
| LEADWERK_PERSON_KEY_FILE | file that holds that secret, where it is not set itself        |                          |
| LEADWERK_SIMULATION      | 1: `now` replaces the clock also where rows are stored         |                          |
| LEADWERK_CLOCK_OFFSET    | seconds that the desk's clock runs ahead; a demo's runs behind | 0                        |
| LEADWERK_ACCESS          | who is let into the desk: private, iap or local                | private                  |
| LEADWERK_PEOPLE          | file or gs://bucket/object of its people                       | HOME/people.yaml         |
| LEADWERK_IAP_AUDIENCE    | audience of identity-aware proxy's assertions                  |                          |
| LEADWERK_IAP_KEYS_URL    | public keys that verify them                                   | Google's                 |
| LEADWERK_DESK_KEY        | secret of a local start: signs cookies, opens the first link   |                          |
| LEADWERK_DESK_TOKEN      | bearer token of programs at a local desk                       |                          |
| LEADWERK_CALLS_PER_MINUTE | HTTP calls of one caller a minute; 0: no limit                | 600                      |
| LEADWERK_CRM_LEAD_URL    | page of a lead in the CRM, with {lead_id} in its place         |                          |
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast

from leadwerk.errors import ConfigurationError
from leadwerk.texts.message import Message

# Several models are fitted side by side, each in one thread. OpenBLAS's own threads spin while they wait, which took a
# quarter of a training's processor time. numpy reads it once, when it is imported, after this module.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

ENGINES = ("duckdb", "bigquery")
CRMS = ("boma", "hubspot", "salesforce", "pipedrive", "odoo", "activecampaign", "tryton", "webhook")
ACCESSES = ("private", "iap", "local")
CALLS_PER_MINUTE = "600"
PUSH_KEYS_URL = "https://www.googleapis.com/oauth2/v1/certs"
IAP_KEYS_URL = "https://www.gstatic.com/iap/verify/public_key"


@dataclass(frozen=True)
class _Variables:
    environment: Mapping[str, str]

    def value(self, name: str, default: str = "") -> str:
        return self.environment.get(f"LEADWERK_{name}", "").strip() or default

    def secret(self, name: str) -> str:
        # The variable wins over the file: it is what a person sets to try something.
        return self.value(name) or _content(f"LEADWERK_{name}_FILE", self.value(f"{name}_FILE"))

    @property
    def home(self) -> Path:
        return Path(self.value("HOME", ".leadwerk"))


def _read_by(reader: Callable[[_Variables, str], Any]) -> Any:
    """A field that `reader` takes from the variables, given the field's name in upper case."""
    return field(metadata={"reader": reader})


def _text(default: str = "") -> str:
    return cast(str, _read_by(lambda variables, name: variables.value(name, default)))


def _secret() -> str:
    return cast(str, _read_by(_Variables.secret))


def _flag() -> bool:
    return cast(bool, _read_by(lambda variables, name: variables.value(name) == "1"))


def _in_home(file: str) -> str:
    return cast(str, _read_by(lambda variables, name: variables.value(name, str(variables.home / file))))


def _above_zero(default: str) -> float:
    return cast(float, _read_by(lambda variables, name: _number_above_zero(name, variables.value(name, default))))


def _policy(variables: _Variables, name: str) -> str:
    published = variables.home / "policy.yaml"
    return variables.value(name, str(published) if published.exists() else "mortgage")


@dataclass(frozen=True)
class Settings:
    """Settings of a deployment; the table above describes each field.

    `policy_place`: where a policy is published: `policy`, or HOME/policy.yaml while a shipped one is in force.
    """

    home: Path = field(metadata={"reader": lambda variables, _: variables.home})
    engine: str = _text("duckdb")
    policy: str = _read_by(_policy)
    policy_place: str = _read_by(lambda variables, _: variables.value("POLICY", str(variables.home / "policy.yaml")))
    registry: str = _in_home("models")
    reports: str = _in_home("reports")
    picks: str = _in_home("picks")
    project: str = _text()
    location: str = _text("europe-west6")
    dataset: str = _text("leadwerk")
    ga4_dataset: str = _text()
    bigquery_url: str = _text()
    storage_url: str = _text()
    crm: str = _read_by(lambda variables, name: variables.value(name, "boma").casefold())
    crm_url: str = _text("http://127.0.0.1:8090")
    crm_token: str = _secret()
    crm_per_second: float = _above_zero("10")
    crm_lead_path: str = _text("/api/v1/leads/{id}")
    crm_cases_path: str = _text("/api/v1/cases")
    crm_token_url: str = _text()
    crm_client_id: str = _text()
    crm_client_secret: str = _secret()
    crm_scope: str = _text()
    crm_database: str = _text()
    crm_webhook_secret: str = _secret()
    channels: str = _secret()
    private_receivers: bool = _flag()
    zefix_url: str = _text()
    zefix_user: str = _text()
    zefix_password: str = _secret()
    gemini_url: str = _text()
    gemini_key: str = _secret()
    openai_url: str = _text()
    openai_key: str = _secret()
    webhook_url: str = _text()
    push_audience: str = _text()
    push_account: str = _text()
    push_keys_url: str = _text(PUSH_KEYS_URL)
    person_key: str = _secret()
    simulation: bool = _flag()
    clock_offset: float = _read_by(lambda variables, name: _seconds(variables.value(name, "0")))
    access: str = _text("private")
    people: str = _in_home("people.yaml")
    iap_audience: str = _text()
    iap_keys_url: str = _text(IAP_KEYS_URL)
    desk_key: str = _text()
    desk_token: str = _text()
    crm_lead_url: str = _text()
    query_gib: float = _above_zero("1024")


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment, or from a mapping instead.

    Raises:
        ConfigurationError: the engine is unknown, BigQuery is chosen without its project and GA4 dataset, a number
            is malformed, or the file of a secret cannot be read.
    """
    variables = _Variables(os.environ if environment is None else environment)
    readers = {setting.name: setting.metadata["reader"] for setting in fields(Settings)}
    settings = Settings(**{name: reader(variables, name.upper()) for name, reader in readers.items()})
    _check(settings)
    return settings


def link_key(desk_key: str) -> str:
    """The key of the first link to a local desk; it does not reveal `desk_key`, which signs cookies."""
    # A link ends up in browser histories; the key that signs cookies must not.
    return hashlib.sha256(b"link:" + desk_key.encode()).hexdigest()[:32]


def project() -> str:
    """Google Cloud project of this process, for its log, which must not hang on all other settings being right."""
    return os.environ.get("LEADWERK_PROJECT", "").strip()


def calls_per_minute() -> float:
    """HTTP calls that one caller may send a minute; 0 means no limit.

    Read alone: it is looked up before each request, and reading all settings opens the files of secrets.

    Raises:
        ConfigurationError: it is neither 0 nor a number from 1 on.
    """
    text = os.environ.get("LEADWERK_CALLS_PER_MINUTE", "").strip() or CALLS_PER_MINUTE
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if number != 0 and not 1 <= number < float("inf"):
        raise ConfigurationError(_wrong("CALLS_PER_MINUTE", text), remedy=Message("refusal.setting.calls"))
    return number


def _content(setting: str, file: str) -> str:
    """Content of the file that `setting` names; empty if the setting names none."""
    try:
        return Path(file).read_text(encoding="utf-8").strip() if file else ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(Message("refusal.setting.secret", file=file, setting=setting, error=error)) from error


def _number_above_zero(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ConfigurationError(_wrong(name, text), remedy=Message("refusal.setting.above_zero"))
    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = float("nan")
    if not abs(seconds) < float("inf"):
        raise ConfigurationError(_wrong("CLOCK_OFFSET", text), remedy=Message("refusal.setting.seconds"))
    return seconds


def _wrong(name: str, text: str) -> Message:
    return Message("refusal.setting", setting=f"LEADWERK_{name}", value=repr(text))


def _check_choice(name: str, text: str, choices: tuple[str, ...]) -> None:
    if text not in choices:
        raise ConfigurationError(
            _wrong(name, text), remedy=Message("refusal.setting.one_of", values=", ".join(choices))
        )


def _check_access(settings: Settings) -> None:
    _check_choice("ACCESS", settings.access, ACCESSES)
    if settings.access == "iap" and not settings.iap_audience:
        raise ConfigurationError(Message("refusal.setting.audience"))
    # Anyone with a local desk's link may choose any person, and its clock may be a demo's: never in the cloud.
    if settings.engine != "duckdb" and (settings.access == "local" or settings.clock_offset):
        raise ConfigurationError(Message("refusal.setting.laptop"))
    if settings.access == "local" and not settings.desk_key:
        message = Message("refusal.setting.missing", setting="LEADWERK_DESK_KEY")
        raise ConfigurationError(message, remedy=Message("refusal.setting.desk_key"))


def _check(settings: Settings) -> None:
    _check_access(settings)
    _check_choice("ENGINE", settings.engine, ENGINES)
    _check_choice("CRM", settings.crm, CRMS)
    if settings.engine == "bigquery" and not (settings.project and settings.ga4_dataset):
        raise ConfigurationError(Message("refusal.setting.bigquery"))
