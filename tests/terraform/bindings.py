"""What Google's provider 7.x takes, as Pulumi's Python bindings say, which are generated from its schema.

They are read and never imported. Their names are those of Terraform; blocks that may be repeated are plurals.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from terraform.workspace import PROJECT
from terraform.written import Block

VERSION = "9.37.1"
FOLDER = PROJECT / ".venv-bindings" / f"pulumi-gcp-{VERSION}" / "pulumi_gcp"  # `make test-cloud` puts it there

# Type in Terraform → module and class of the bindings; `make test-cloud` fails for a type that is missing here.
RESOURCES: Mapping[str, str] = {
    "artifact_registry_repository": "artifactregistry/repository:Repository",
    "bigquery_connection": "bigquery/connection:Connection",
    "bigquery_data_transfer_config": "bigquery/data_transfer_config:DataTransferConfig",
    "bigquery_dataset": "bigquery/dataset:Dataset",
    "bigquery_dataset_iam_member": "bigquery/dataset_iam_member:DatasetIamMember",
    "bigquery_routine": "bigquery/routine:Routine",
    "bigquery_table": "bigquery/table:Table",
    "bigquery_table_iam_member": "bigquery/iam_member:IamMember",
    "billing_budget": "billing/budget:Budget",
    "cloud_run_v2_service": "cloudrunv2/service:Service",
    "cloud_run_v2_service_iam_member": "cloudrunv2/service_iam_member:ServiceIamMember",
    "cloud_scheduler_job": "cloudscheduler/job:Job",
    "cloudfunctions2_function": "cloudfunctionsv2/function:Function",
    "compute_address": "compute/address:Address",
    "compute_router": "compute/router:Router",
    "compute_router_nat": "compute/router_nat:RouterNat",
    "iam_workload_identity_pool": "iam/workload_identity_pool:WorkloadIdentityPool",
    "iam_workload_identity_pool_provider": "iam/workload_identity_pool_provider:WorkloadIdentityPoolProvider",
    "iap_web_cloud_run_service_iam_member": "iap/web_cloud_run_service_iam_member:WebCloudRunServiceIamMember",
    "kms_crypto_key_iam_member": "kms/crypto_key_iam_member:CryptoKeyIAMMember",
    "logging_metric": "logging/metric:Metric",
    "logging_project_bucket_config": "logging/project_bucket_config:ProjectBucketConfig",
    "logging_project_exclusion": "logging/project_exclusion:ProjectExclusion",
    "logging_project_sink": "logging/project_sink:ProjectSink",
    "monitoring_alert_policy": "monitoring/alert_policy:AlertPolicy",
    "monitoring_custom_service": "monitoring/custom_service:CustomService",
    "monitoring_dashboard": "monitoring/dashboard:Dashboard",
    "monitoring_notification_channel": "monitoring/notification_channel:NotificationChannel",
    "monitoring_slo": "monitoring/slo:Slo",
    "project_iam_custom_role": "projects/iam_custom_role:IAMCustomRole",
    "project_iam_member": "projects/iam_member:IAMMember",
    "project_service": "projects/service:Service",
    "pubsub_subscription": "pubsub/subscription:Subscription",
    "pubsub_subscription_iam_member": "pubsub/subscription_iam_member:SubscriptionIAMMember",
    "pubsub_topic": "pubsub/topic:Topic",
    "pubsub_topic_iam_member": "pubsub/topic_iam_member:TopicIAMMember",
    "secret_manager_secret": "secretmanager/secret:Secret",
    "secret_manager_secret_iam_member": "secretmanager/secret_iam_member:SecretIamMember",
    "service_account": "serviceaccount/account:Account",
    "service_account_iam_member": "serviceaccount/iam_member:IAMMember",
    "storage_bucket": "storage/bucket:Bucket",
    "storage_bucket_iam_member": "storage/bucket_iam_member:BucketIAMMember",
    "storage_bucket_object": "storage/bucket_object:BucketObject",
    "vpc_access_connector": "vpcaccess/connector:Connector",
}


@dataclass(frozen=True)
class Argument:
    """One argument of a resource or block: `block` names the class of its own arguments, if it has any."""

    required: bool
    deprecated: bool
    block: str | None


def complaints(block: Block) -> list[str]:
    """What the provider would say of the resource `block`: unknown, missing and deprecated arguments."""
    kind, name = block.labels
    where = RESOURCES.get(kind.removeprefix("google_"))
    if where is None:
        return [f"{kind}: the table of bindings.py has no such type"]
    module, _, class_name = where.partition(":")
    return list(_complaints(block, FOLDER / f"{module}.py", f"{class_name}Args", f"{kind}.{name}"))


def _complaints(block: Block, module: Path, class_name: str, path: str) -> Iterator[str]:
    arguments_of_7 = arguments(module, class_name)
    written: set[str] = set()
    for name in sorted(block.arguments | {inner.kind for inner in block.blocks}):
        of_bindings = next((spelling for spelling in _spellings(name) if spelling in arguments_of_7), None)
        if of_bindings is None:
            yield f"{path}.{name} is no argument of provider 7.x"
            continue
        written.add(of_bindings)
        if arguments_of_7[of_bindings].deprecated:
            yield f"{path}.{name} is deprecated in provider 7.x"
    yield from (
        f"{path} lacks {name}, which provider 7.x requires"
        for name, argument in arguments_of_7.items()
        if argument.required and name not in written
    )
    for inner in block.blocks:
        of_bindings = next((spelling for spelling in _spellings(inner.kind) if spelling in arguments_of_7), None)
        if of_bindings is None:
            continue
        nested = arguments_of_7[of_bindings].block
        if nested is None:
            yield f"{path}.{inner.kind} is no block in provider 7.x"
        else:
            yield from _complaints(inner, module.with_name("_inputs.py"), nested, f"{path}.{inner.kind}")


def _spellings(name: str) -> tuple[str, ...]:
    """An argument's name in the bindings: as it is, or as the plural of a block."""
    return (name, f"{name}s", f"{name}es", f"{name.removesuffix('y')}ies")


@cache
def arguments(module: Path, class_name: str) -> dict[str, Argument]:
    """The arguments of one class of the bindings."""
    [class_] = [node for node in _classes(module) if node.name == class_name]
    init, *methods = (node for node in class_.body if isinstance(node, ast.FunctionDef))
    deprecated = {
        method.name for method in methods for mark in method.decorator_list if "deprecated(" in ast.unparse(mark)
    }
    return {
        argument.arg: Argument(default is None, argument.arg in deprecated, _block_class(argument))
        for argument, default in zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)
    }


@cache
def _classes(module: Path) -> tuple[ast.ClassDef, ...]:
    return tuple(node for node in ast.parse(module.read_text("utf-8")).body if isinstance(node, ast.ClassDef))


def _block_class(argument: ast.arg) -> str | None:
    """The class in an annotation such as pulumi.Input[Optional[Sequence[pulumi.Input['TableViewArgs']]]]."""
    if argument.annotation is None:
        return None
    names = (node.value for node in ast.walk(argument.annotation) if isinstance(node, ast.Constant))
    return next((name for name in names if isinstance(name, str) and name.endswith("Args")), None)
