"""What must hold of the infrastructure: each check takes the applied resources and returns its complaints.

The checks are functions of data so that the seeded faults can show that each of them can fail.
"""

from __future__ import annotations

import re
from typing import Any

Resources = list[dict[str, Any]]

RUNS_JOBS = "roles/bigquery.jobUser"
VIEWS = "roles/bigquery.dataViewer"
EDITS = "roles/bigquery.dataEditor"
INVOKES = "roles/run.invoker"
PASSES_THE_PROXY = "roles/iap.httpsResourceAccessor"
PUBLISHES = "roles/pubsub.publisher"
TAKES_MESSAGES = "roles/pubsub.subscriber"
PUBSUB = re.compile(r"serviceAccount:service-[^@]+@gcp-sa-pubsub\.iam\.gserviceaccount\.com")
# What Pub/Sub itself does: it takes a refused message from its subscription and publishes it again.
MOVES = {("topic touchpoints-refused", PUBLISHES), ("subscription touchpoints", TAKES_MESSAGES)}
PROXY = re.compile(r"serviceAccount:service-[^@]+@gcp-sa-iap\.iam\.gserviceaccount\.com")
OPENS_READ_SESSIONS = "roles/bigquery.readSessionUser"

# Who may do what: account → resource → role, and nothing more. A new permission is a line here, read by a person.
COMMON = {"project": RUNS_JOBS, "dataset leadwerk": VIEWS, "bucket policy": "roles/storage.objectViewer"}
PERMISSIONS: dict[str, dict[str, str]] = {
    "leadwerk-extract-features": COMMON
    | {"dataset analytics_123456789": VIEWS}
    | {f"table {name}": EDITS for name in ("activity_events", "activity_daily", "extract_runs", "identities")}
    | {"secret leadwerk-person-key": "roles/secretmanager.secretAccessor"},
    "leadwerk-ingest-feedback": COMMON
    | {
        f"table {name}": EDITS
        for name in (
            "leads",
            "identities",
            "outcomes",
            "touchpoints",
            "cursors",
            "rejections",
            "deliveries",
            "audit_seals",
            "company_answers",
        )
    }
    | {
        f"secret leadwerk-{name}": "roles/secretmanager.secretAccessor"
        for name in ("crm-token", "crm-webhook-secret", "person-key", "zefix-password", "gemini-key", "openai-key")
    },
    "leadwerk-retrain": COMMON
    | {f"table {name}": EDITS for name in ("model_runs", "drift_checks")}
    | {"bucket models": "roles/storage.objectUser"},
    "leadwerk-score": COMMON
    | {f"table {name}": EDITS for name in ("scores", "stage_changes", "leads", "identities", "deliveries", "cursors")}
    | {
        f"secret leadwerk-{name}": "roles/secretmanager.secretAccessor"
        for name in ("crm-token", "crm-webhook-secret", "person-key")
    }
    | {"bucket models": "roles/storage.objectViewer"},
    "leadwerk-deliver-scores": COMMON
    | {f"table {name}": EDITS for name in ("deliveries", "workflow_actions", "cursors")}
    | {
        f"secret leadwerk-{name}": "roles/secretmanager.secretAccessor"
        for name in ("crm-token", "crm-webhook-secret", "channels")
    },
    "leadwerk-desk": COMMON
    | {
        f"table {name}": EDITS
        for name in (
            "thresholds",
            "kpis_daily",
            "picks",
            "overrides",
            "verdicts",
            "lead_reads",
            "scores",
            "stage_changes",
        )
    }
    | {"bucket models": "roles/storage.objectViewer"}
    | {f"bucket {name}": "roles/storage.objectUser" for name in ("reports", "picks")},
    "leadwerk-privacy": COMMON
    | {
        f"table {name}": EDITS
        for name in (
            "anonymous_counts",
            "audit_log",
            "erased_ids",
            "erasures",
            "activity_daily",
            "activity_events",
            "company_answers",
            "deliveries",
            "identities",
            "leads",
            "objections",
            "outcomes",
            "overrides",
            "picks",
            "rejections",
            "scores",
            "stage_changes",
            "touchpoints",
            "verdicts",
            "lead_reads",
            "workflow_actions",
        )
    }
    | {f"bucket {name}": "roles/storage.objectUser" for name in ("models", "picks", "reports")}
    | {"secret leadwerk-person-key": "roles/secretmanager.secretAccessor"},
    "leadwerk-pages": COMMON
    | {
        f"table {name}": EDITS
        for name in (
            "picks",
            "overrides",
            "verdicts",
            "lead_reads",
            "scores",
            "stage_changes",
            "policy_changes",
            "suggestions",
            "threshold_holds",
            "deliveries",
            "audit_log",
        )
    }
    | {f"bucket {name}": "roles/storage.objectUser" for name in ("policy", "models", "picks", "reports")},
    "leadwerk-scheduler": {
        f"function {name}": INVOKES
        for name in ("extract-features", "ingest-feedback", "retrain", "score", "deliver-scores", "desk", "privacy")
    },
    "leadwerk-pusher": {"function ingest-feedback": INVOKES},
    "leadwerk-builder": {
        "bucket sources": "roles/storage.objectViewer",
        'project, if resource.name.startsWith("projects/_/buckets/gcf-v2-sources-")': "roles/storage.objectViewer",
    },
}
PREFIX = "leadwerk-"
BUILDER_ON_PROJECT = {"roles/logging.logWriter", "roles/artifactregistry.writer"}
LONGEST_DEADLINE_SECONDS = 1800


def of_type(resources: Resources, kind: str) -> Resources:
    """The managed resources of a type; what is only read (`data.…`) belongs to somebody else."""
    return [r for r in resources if r["type"] == kind and not r["address"].startswith("data.")]


def _place(resource: dict[str, Any]) -> str:
    values = resource["values"]
    match resource["type"]:
        case "google_project_iam_member":
            narrowed = "".join(f", if {condition['expression']}" for condition in values.get("condition") or [])
            return f"project{narrowed}"
        case "google_bigquery_dataset_iam_member":
            return f"dataset {values['dataset_id']}"
        case "google_bigquery_table_iam_member":
            return f"table {values['table_id']}"
        case "google_storage_bucket_iam_member":
            return f"bucket {_place_of_bucket(values['bucket'])}"
        case "google_secret_manager_secret_iam_member":
            return f"secret {values['secret_id']}"
        case "google_cloud_run_v2_service_iam_member":
            return f"function {values['name'].removeprefix(PREFIX)}"
        case "google_pubsub_topic_iam_member":
            return f"topic {values['topic'].removeprefix(PREFIX)}"
        case "google_pubsub_subscription_iam_member":
            return f"subscription {values['subscription'].removeprefix(PREFIX)}"
        case "google_iap_web_cloud_run_service_iam_member":
            return f"proxy of {values['cloud_run_service_name'].removeprefix(PREFIX)}"
    return resource["address"]


def grants(resources: Resources) -> set[tuple[str, str, str]]:
    """Every grant to an account of ours: (account, place, role)."""
    granted = set()
    for resource in resources:
        member = str(resource["values"].get("member", ""))
        account = re.match(r"serviceAccount:(leadwerk-[a-z-]+)@", member)
        if "_iam_" in resource["type"] and account:
            granted.add((account[1], _place(resource), resource["values"]["role"]))
    return granted


def others_may_only_call(
    resources: Resources,
    callers: set[tuple[str, str]],
    readers: set[str] = frozenset(),
    publishers: set[str] = frozenset(),
) -> list[str]:
    """Accounts that are not ours may call functions, and only as `callers` (member, function) states; `readers` may
    pass the proxy before the pages, `publishers` publish touchpoints.

    BigQuery's connection is one of them, and calls `score`; the proxy another, and calls the pages; Pub/Sub a third,
    and moves messages that were refused.
    """
    [connection] = of_type(resources, "google_bigquery_connection")
    bigquery = f"serviceAccount:{connection['values']['cloud_resource'][0]['service_account_id']}"
    allowed = {(member, f"function {name}", INVOKES) for member, name in {*callers, (bigquery, "score")}}
    allowed |= {(member, "proxy of pages", PASSES_THE_PROXY) for member in readers}
    allowed |= {(member, "topic touchpoints", PUBLISHES) for member in publishers}
    invokers = {
        (member, _place(resource), resource["values"]["role"])
        for resource in resources
        if "_iam_" in resource["type"]
        and not (member := str(resource["values"].get("member", ""))).startswith("serviceAccount:leadwerk-")
        and not (PROXY.fullmatch(member) and _place(resource) == "function pages")
        and not (PUBSUB.fullmatch(member) and (_place(resource), resource["values"]["role"]) in MOVES)
    }
    return [f"missing: {grant}" for grant in sorted(allowed - invokers)] + [
        f"not asked for: {grant}" for grant in sorted(invokers - allowed)
    ]


def permissions_are_exactly_the_table(resources: Resources) -> list[str]:
    expected = {
        (who, where, role) for who, roles_by_place in PERMISSIONS.items() for where, role in roles_by_place.items()
    }
    expected |= {("leadwerk-builder", "project", role) for role in BUILDER_ON_PROJECT}
    expected |= {(f"leadwerk-{name}", "project", OPENS_READ_SESSIONS) for name in ("retrain", "pages")}
    granted = grants(resources)
    return [f"missing: {grant}" for grant in sorted(expected - granted)] + [
        f"not in the table: {grant}" for grant in sorted(granted - expected)
    ]


def nothing_is_public(resources: Resources) -> list[str]:
    complaints = [
        f"{resource['address']} is open to {resource['values']['member']}"
        for resource in resources
        if resource["values"].get("member") in ("allUsers", "allAuthenticatedUsers")
    ]
    for bucket in of_type(resources, "google_storage_bucket"):
        values = bucket["values"]
        if values["public_access_prevention"] != "enforced" or not values["uniform_bucket_level_access"]:
            complaints.append(f"{bucket['address']} does not prevent public access")
    return complaints


def every_function_has_its_own_account(resources: Resources) -> list[str]:
    accounts = [
        function["values"]["service_config"][0]["service_account_email"]
        for function in of_type(resources, "google_cloudfunctions2_function")
    ]
    return [f"{account} is shared" for account in set(accounts) if accounts.count(account) > 1]


def every_schedule_names_its_audience(resources: Resources) -> list[str]:
    complaints = []
    for job in of_type(resources, "google_cloud_scheduler_job"):
        target, deadline = job["values"]["http_target"][0], job["values"]["attempt_deadline"]
        tokens = target.get("oidc_token") or [{}]
        if tokens[0].get("audience") != target["uri"].removesuffix("/health"):
            complaints.append(f"{job['address']} has no OIDC audience that is its target")
        if int(str(deadline).rstrip("s")) >= LONGEST_DEADLINE_SECONDS:
            complaints.append(f"{job['address']} has a deadline of {deadline}, Scheduler allows under 30 minutes")
        if not job["values"]["retry_config"]:
            complaints.append(f"{job['address']} has no budget of retries")
    return complaints


def buckets_keep_what_was_overwritten(resources: Resources) -> list[str]:
    """Every bucket keeps former versions, and not for ever; none with data is deleted with what is in it."""
    complaints = []
    for bucket in of_type(resources, "google_storage_bucket"):
        values = bucket["values"]
        if not any(versioning["enabled"] for versioning in values["versioning"]):
            complaints.append(f"{bucket['address']} keeps no versions")
        if not any(rule["condition"][0]["days_since_noncurrent_time"] for rule in values["lifecycle_rule"]):
            complaints.append(f"{bucket['address']} keeps former versions for ever")
        if values["force_destroy"] and _place_of_bucket(values["name"]) != "sources":
            complaints.append(f"{bucket['address']} would be deleted with its contents")
    return complaints


def _place_of_bucket(name: str) -> str:
    return name.rsplit("-", 1)[1]


PLACED_BY_THEIR_DATASET = ("google_bigquery_table", "google_bigquery_routine")


def everything_is_in(resources: Resources, region: str) -> list[str]:
    """Whatever has a place has this one."""
    locations = [
        (resource["address"], place)
        for resource in resources
        for name in ("location", "region")
        if not resource["address"].startswith("data.")
        and resource["type"] not in PLACED_BY_THEIR_DATASET
        and (place := resource["values"].get(name))
    ]
    locations += [
        (secret["address"], replica["location"])
        for secret in of_type(resources, "google_secret_manager_secret")
        for replica in secret["values"]["replication"][0]["user_managed"][0]["replicas"]
    ]
    return [f"{address} is in {place}" for address, place in locations if place != region]


def terraform_holds_no_secret_value(resources: Resources) -> list[str]:
    """No version of a secret is made by Terraform, and none is read with its value."""
    return [
        f"{version['address']} {'is made by Terraform' if version['mode'] == 'managed' else 'is read with its value'}"
        for version in resources
        if version["type"] == "google_secret_manager_secret_version"
        if version["mode"] == "managed" or version["values"]["fetch_secret_data"] is not False
    ]


def secrets_are_read_at_use(resources: Resources) -> list[str]:
    """An environment variable keeps the value that its instance began with; a mounted file is read anew."""
    return [
        f"{function['index']} reads {variable['key']} at the start of an instance and never again"
        for function in of_type(resources, "google_cloudfunctions2_function")
        for variable in function["values"]["service_config"][0].get("secret_environment_variables") or ()
    ]


def secrets_are_protected(resources: Resources) -> list[str]:
    """A secret that is destroyed is lost for good, so it goes only where tables and buckets may go, too."""
    return [
        f"{secret['address']} can be destroyed while the tables cannot"
        for secret in of_type(resources, "google_secret_manager_secret")
        if not secret["values"]["deletion_protection"]
    ]


def logs_stay_in_the_region(resources: Resources, region: str) -> list[str]:
    """Google's own buckets for logs are global: the functions' lines go to one of the region, and to no other."""
    [bucket] = of_type(resources, "google_logging_project_bucket_config")
    [sink] = of_type(resources, "google_logging_project_sink")
    [exclusion] = of_type(resources, "google_logging_project_exclusion")
    services = [
        service["values"]["name"]
        for kind in ("google_cloudfunctions2_function", "google_cloud_run_v2_service")
        for service in of_type(resources, kind)
    ]
    complaints = [f"logs lie in {bucket['values']['location']}"] if bucket["values"]["location"] != region else []
    for what, resource in (("do not go to the region", sink), ("also lie in the global bucket", exclusion)):
        filter_ = resource["values"]["filter"]
        complaints += [f"lines of {name} {what}" for name in services if f'"{name}"' not in filter_]
    return complaints


def messages_stay_in_the_region(resources: Resources, region: str) -> list[str]:
    """A topic without a policy of its own stores messages wherever they are published."""
    return [
        f"messages of {topic['values']['name']} are stored in {places}"
        for topic in of_type(resources, "google_pubsub_topic")
        if (
            places := [
                place
                for policy in topic["values"]["message_storage_policy"]
                for place in policy["allowed_persistence_regions"]
            ]
        )
        != [region]
    ]


NAMES = {
    "google_pubsub_topic": "name",
    "google_pubsub_subscription": "name",
    "google_cloudfunctions2_function": "name",
    "google_cloud_run_v2_service": "name",
    "google_cloud_scheduler_job": "name",
    "google_service_account": "account_id",
    "google_secret_manager_secret": "secret_id",
    "google_bigquery_connection": "connection_id",
}


def names_say_whose_they_are(resources: Resources) -> list[str]:
    """In a project that others use as well, a service called `score` may be anybody's."""
    return [
        f"{resource['address']} is called {name}"
        for kind, attribute in NAMES.items()
        for resource in of_type(resources, kind)
        if not (name := resource["values"][attribute]).startswith(PREFIX)
    ]


def threads_answer_what_cloud_run_sends(resources: Resources) -> list[str]:
    """As many threads as Cloud Run sends requests at once, or some of them wait; functions-framework has 4 a CPU."""
    services = {
        function["index"]: function["values"]["service_config"][0]
        for function in of_type(resources, "google_cloudfunctions2_function")
    }
    return [
        f"{name} gets {concurrency} requests at once and has {threads} threads"
        for name, service in services.items()
        if (concurrency := service["max_instance_request_concurrency"])
        > (threads := int(service["environment_variables"].get("THREADS", 4 * int(service["available_cpu"]))))
    ]


def functions_end_before_their_schedule_gives_up(resources: Resources) -> list[str]:
    """A retry of Scheduler's must not meet the run that it has given up: one instance answers 429 meanwhile."""
    allowed = {
        function["values"]["service_config"][0]["uri"]: function["values"]["service_config"][0]["timeout_seconds"]
        for function in of_type(resources, "google_cloudfunctions2_function")
    }
    complaints = []
    for job in of_type(resources, "google_cloud_scheduler_job"):
        values, [target] = job["values"], job["values"]["http_target"]
        timeout = allowed[target["uri"].removesuffix("/health")]
        if (deadline := int(values["attempt_deadline"].rstrip("s"))) < timeout:
            complaints.append(f"{values['name']} gives up after {deadline} s, its function runs for up to {timeout} s")
    return complaints


QUOTA_CPUS, QUOTA_GIB = 20.0, 40.0  # of Cloud Run, a region, in a new project


def functions_fit_the_quota(resources: Resources) -> list[str]:
    """Google refuses a function whose instances could take more than the region's quota; so all of them must fit."""
    services = [
        function["values"]["service_config"][0] for function in of_type(resources, "google_cloudfunctions2_function")
    ]
    allocations = [(s["max_instance_count"], s["available_cpu"], s["available_memory"]) for s in services] + [
        (template["scaling"][0]["max_instance_count"], limits["cpu"], limits["memory"])
        for service in of_type(resources, "google_cloud_run_v2_service")
        for template in service["values"]["template"]
        for limits in [template["containers"][0]["resources"][0]["limits"]]
    ]
    cpus = sum(instances * float(cpu) for instances, cpu, _ in allocations)
    gib = sum(instances * _gib(memory) for instances, _, memory in allocations)
    return [
        f"all instances together take {amount:g} {unit}, a new project has {quota:g}"
        for amount, quota, unit in ((cpus, QUOTA_CPUS, "CPUs"), (gib, QUOTA_GIB, "GiB"))
        if amount > quota
    ]


def _gib(memory: str) -> float:
    """
    >>> _gib("512Mi"), _gib("8Gi")
    (0.5, 8.0)
    """
    return float(memory[:-2]) / {"Gi": 1, "Mi": 1024}[memory[-2:]]


def runs_of_paused_jobs(text: str, resources: Resources) -> list[str]:
    """Commands in `text` that Scheduler refuses: "Job.state must be ENABLED for RunJob"."""
    paused = {
        job["values"]["name"] for job in of_type(resources, "google_cloud_scheduler_job") if job["values"]["paused"]
    }
    named = re.findall(r"gcloud scheduler jobs run (\S+)", text)
    return [f"{job} is paused and cannot be run" for job in named if job in paused]


def nothing_is_made_before_its_service_is_on(graph: str) -> list[str]:
    """`graph` is what `terraform graph` prints; a new project has next to none of Google's services on."""
    resources = {
        resource_address
        for resource_address in re.findall(r'"(google_[^"]+)" \[label=', graph)
        if resource_address != SERVICES
    }
    return [
        f"{resource} does not wait for {SERVICES}"
        for resource in sorted(resources)
        if SERVICES not in _all_needs(graph, resource)
    ]


def functions_wait_for_what_they_are_built_on(graph: str) -> list[str]:
    """Google takes minutes until a new role is known, so roles are applied first, and a person comes in between."""
    return [
        f"{before} does not wait for {after}"
        for before, afters in ((FUNCTIONS, {FOUNDATION, NEWEST_SECRETS}), (FOUNDATION, BUILT_ON))
        for after in sorted(afters - _all_needs(graph, before))
    ]


def _all_needs(graph: str, resource: str) -> set[str]:
    needs: dict[str, set[str]] = {}
    for before, after in re.findall(r'"([^"]+)" -> "([^"]+)"', graph):
        needs.setdefault(before, set()).add(after)
    waiting, seen = [resource], {resource}
    while waiting:
        new = needs.get(waiting.pop(), set()) - seen
        waiting += new
        seen |= new
    return seen


SERVICES = "google_project_service.required"
FUNCTIONS = "google_cloudfunctions2_function.stage"
FOUNDATION = "terraform_data.foundation"
NEWEST_SECRETS = "data.google_secret_manager_secret_version.newest"
BUILT_ON = {
    "google_bigquery_connection.score",
    "google_kms_crypto_key_iam_member.agent",
    "google_project_iam_member.builder",
    "google_project_iam_member.builder_reads_copies",
    "google_secret_manager_secret_iam_member.reader",
    "google_storage_bucket_iam_member.builder",
    SERVICES,
}
