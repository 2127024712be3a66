"""Smoke test of a real project: deploys into a throw-away project, runs the loop on a small export, measures, destroys.

    make smoke PROJECT=leadwerk-smoke-1

It makes resources that cost money and destroys them at the end, also when a step fails (`--keep` leaves them). What it
measures is what nobody can measure without Google: whether the apply succeeds, how long a visitor waits for a score,
and how many bytes BigQuery bills for it. There is no CRM: nothing is ingested, nothing promoted, nothing delivered.

It takes gcloud, bq and Terraform, signed in as somebody with the roles of docs/operations.md.
"""

from __future__ import annotations

import argparse
import json
import secrets
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tools import bundles
from tools.smoke_export import write_export

ROOT = Path(__file__).parents[1]
GA4_DATASET = "analytics_1"
ROLES_SECONDS = 150
"""Google takes about two minutes until new roles are known everywhere."""
BILLED_SECONDS = 60
"""Until the jobs of the forms stand in INFORMATION_SCHEMA."""
BILLED = """\
SELECT COUNT(*) AS queries, IFNULL(SUM(total_bytes_billed), 0) AS bytes
FROM `region-{region}`.INFORMATION_SCHEMA.JOBS_BY_PROJECT
WHERE creation_time >= '{begun}' AND job_type = 'QUERY' AND user_email LIKE 'leadwerk-score@%'"""
VARIABLES = """\
project_id          = "{project}"
region              = "{region}"
ga4_dataset_id      = "{ga4_dataset}"
policy_file         = "../shared/leadwerk/policy/defaults/mortgage.yaml"
crm_url             = "https://crm.invalid"
alert_emails        = []
deletion_protection = false
schedules_paused    = true
score_max_instances = 2
labels              = {{ purpose = "smoke" }}
"""

Post = Callable[[str, dict[str, Any], str], Any]
"""Sends a body to a URL with an identity token; returns the answer, raises OSError for any other status than 200."""


@dataclass(frozen=True)
class Smoke:
    """One smoke test: the project, where its files lie meanwhile, and how many forms are scored."""

    project: str
    region: str
    folder: Path
    forms: int
    post: Post
    wait: Callable[[float], None] = time.sleep

    @property
    def terraform_folder(self) -> Path:
        """A copy of the Terraform files, so that a state of yours is never touched."""
        return self.folder / "terraform"

    def terraform(self, *arguments: str) -> str:
        """Output of Terraform in the copy; raises CalledProcessError."""
        return _output(["terraform", f"-chdir={self.terraform_folder}", *arguments])

    def bq(self, *arguments: str) -> str:
        """Output of bq for the project; raises CalledProcessError."""
        return _output(["bq", f"--project_id={self.project}", f"--location={self.region}", "--quiet", *arguments])


@dataclass(frozen=True)
class Measured:
    """Seconds of each form in its order, the first of them cold; bytes and queries that BigQuery billed for them."""

    events: int
    stored_scores: int
    seconds: tuple[float, ...]
    billed_bytes: int
    queries: int

    def __str__(self) -> str:
        warm = self.seconds[1:]
        return "\n".join(
            [
                f"events extracted          {self.events}",
                f"scores stored             {self.stored_scores} of {len(self.seconds)} forms",
                f"first form (cold)         {self.seconds[0]:.2f} s",
                f"form, p50                 {statistics.median(warm):.2f} s (goal: 1.6 s)",
                f"form, p95                 {statistics.quantiles(warm, n=20)[-1]:.2f} s (goal: 3 s)",
                f"queries of a form         {self.queries / len(self.seconds):.1f} (goal: 1)",
                f"billed bytes of a form    {self.billed_bytes / len(self.seconds) / 1e6:.1f} MB",
            ]
        )


def run(smoke: Smoke, *, keep: bool = False) -> Measured:
    """All steps; raises CalledProcessError or OSError of the step that failed, after everything was destroyed."""
    _copy(smoke)
    smoke.terraform("init", "-input=false")
    try:
        _step("export of two simulated days into BigQuery")
        days = _link_export(smoke)
        _step("foundation")
        smoke.terraform("apply", "-input=false", "-auto-approve", "-target=terraform_data.foundation")
        _step("secrets")
        for secret in ("leadwerk-crm-token", "leadwerk-person-key"):
            _add_secret(smoke, secret)
        smoke.wait(ROLES_SECONDS)
        _step("functions, tables, alerts")
        smoke.terraform("apply", "-input=false", "-auto-approve")
        _step("loop")
        return _loop(smoke, days)
    finally:
        if not keep:
            _destroy(smoke)


def _destroy(smoke: Smoke) -> None:
    _step("destroy")
    try:
        smoke.terraform("destroy", "-input=false", "-auto-approve")
    finally:
        smoke.bq("rm", "--recursive", "--force", "--dataset", f"{smoke.project}:{GA4_DATASET}")


def _copy(smoke: Smoke) -> None:
    """The checkout's Terraform, functions and package, with fresh bundles, variables, and no state or backend."""
    shutil.rmtree(smoke.folder, ignore_errors=True)
    ignored = shutil.ignore_patterns(
        ".terraform", ".bundles", "*.tfstate*", "backend.tf", "terraform.tfvars", "__pycache__"
    )
    for name in ("terraform", "functions", "shared"):
        shutil.copytree(ROOT / name, smoke.folder / name, ignore=ignored)
    values = VARIABLES.format(project=smoke.project, region=smoke.region, ga4_dataset=GA4_DATASET)
    (smoke.terraform_folder / "terraform.tfvars").write_text(values, "utf-8")
    bundles.build(smoke.folder)


def _link_export(smoke: Smoke) -> list[date]:
    """Two days of events of ours, as Google would have exported them for yesterday and the day before."""
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=2), today - timedelta(days=1)]
    smoke.bq("mk", "--dataset", f"{smoke.project}:{GA4_DATASET}")
    schema, files = write_export(smoke.folder / "export", days)
    for day, file in zip(days, files, strict=True):
        table = f"{smoke.project}:{GA4_DATASET}.events_{day:%Y%m%d}"
        smoke.bq("load", "--source_format=NEWLINE_DELIMITED_JSON", table, str(file), str(schema))
    return days


def _add_secret(smoke: Smoke, secret: str) -> None:
    file = smoke.folder / "secret"
    file.write_text(secrets.token_hex(32), "utf-8")
    _output(["gcloud", "secrets", "versions", "add", secret, f"--data-file={file}", f"--project={smoke.project}"])
    file.unlink()


def _loop(smoke: Smoke, days: Sequence[date]) -> Measured:
    urls = json.loads(smoke.terraform("output", "-json", "function_urls"))
    token = _output(["gcloud", "auth", "print-identity-token"]).strip()
    requested_days = {"first_day": str(days[0]), "last_day": str(days[-1])}
    extracted = smoke.post(urls["extract_features"], requested_days, token)
    begun = datetime.now(UTC)
    seconds = tuple(_score(smoke, urls["score"], token, number) for number in range(smoke.forms))
    smoke.post(urls["retrain"], {}, token)  # without outcomes it answers that there is nothing to learn from
    smoke.wait(BILLED_SECONDS)
    billed = _row(smoke, BILLED.format(region=smoke.region, begun=f"{begun:%Y-%m-%d %H:%M:%S}"))
    stored = _row(smoke, "SELECT COUNT(DISTINCT lead_id) AS leads FROM leadwerk.scores WHERE lead_id LIKE 'smoke-%'")
    return Measured(
        extracted["events_kept"], int(stored["leads"]), seconds, int(billed["bytes"]), int(billed["queries"])
    )


def _score(smoke: Smoke, url: str, token: str, number: int) -> float:
    """Seconds that a form took, as its visitor waits; the score is stored, and sent nowhere."""
    form = {"loan_amount": 450_000, "property_value": 700_000, "web_consent": True}
    begun = time.perf_counter()
    smoke.post(url, {"lead_id": f"smoke-{number}", "form": form, "deliver": False}, token)
    return time.perf_counter() - begun


def _row(smoke: Smoke, sql: str) -> dict[str, Any]:
    [row] = json.loads(smoke.bq("query", "--use_legacy_sql=false", "--format=json", " ".join(sql.split())))
    return dict(row)


def _output(tokens: Sequence[str]) -> str:
    return subprocess.run(tokens, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603


def _post(url: str, body: dict[str, Any], token: str) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=1800) as answer:  # noqa: S310
        return json.load(answer)


def _step(name: str) -> None:
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {name}\n")


def main() -> None:
    """Read the options, run, and write what was measured."""
    options = argparse.ArgumentParser(prog="python -m tools.smoke", description=__doc__.splitlines()[0])
    options.add_argument("project", help="throw-away project with billing, and nothing in it that anybody needs")
    options.add_argument("--region", default="europe-west6")
    options.add_argument("--forms", type=int, default=30)
    options.add_argument("--keep", action="store_true", help="destroy nothing at the end")
    arguments = options.parse_args()
    smoke = Smoke(arguments.project, arguments.region, ROOT / "build" / "smoke", arguments.forms, _post)
    sys.stdout.write(f"{run(smoke, keep=arguments.keep)}\n")


if __name__ == "__main__":
    main()
