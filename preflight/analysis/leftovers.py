"""What `cdk destroy` leaves behind, what it stops at, and the line that would change it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from preflight.analysis.vpc import as_list, is_true

if TYPE_CHECKING:
    from preflight.template import Design, Item, Resource, Template

Fate = Literal["stops", "stays", "beside", "later"]

# what a person wants to know first: what keeps the teardown from ending, then what is paid for
ORDER: tuple[Fate, ...] = ("stops", "stays", "beside", "later")


@dataclass(frozen=True)
class Leftover:
    """One thing a teardown does not take away.

    `fate` is "stops" (the stack's deletion fails there until it is seen to), "stays" (the resource or a snapshot of
    it remains), "beside" (a service made it, no template shows it, it remains) or "later" (gone after a waiting
    time). `what` remains, `because` of this, and `change` is the line of a CDK stack that would make it otherwise;
    `source` is AWS's page about it.
    """

    logical_id: str
    path: str | None
    type: str
    fate: Fate
    what: str
    because: str
    change: str
    source: str

    def __str__(self) -> str:
        return f"{self.path or self.logical_id}: {self.what}, because {self.because}"


def leftovers(template: Template, design: Design | None = None) -> list[Leftover]:
    """Everything a template's stack leaves behind when it is deleted, what stops the deletion first.

    `design` may be a deployed one, whose ids and attributes are real; else the template's own is made.
    """
    stack = _Stack(template, design if design is not None else template.design())
    found = [each for item in stack.design.resources.values() for rule in RULES for each in rule(item, stack)]
    return sorted(found, key=lambda each: ORDER.index(each.fate))


class _Stack:
    """A template with its values, and what its resources say of one another."""

    def __init__(self, template: Template, design: Design) -> None:
        self.template = template
        self.design = design
        self.emptied = {
            str(each.properties.get(name))
            for kind, name in (
                ("Custom::S3AutoDeleteObjects", "BucketName"),
                ("Custom::ECRAutoDeleteImages", "RepositoryName"),
            )
            for each in design.of_type(kind)
        }
        self.log_groups = {
            str(each.properties.get("LogGroupName", each.physical_id)) for each in design.of_type("AWS::Logs::LogGroup")
        } | {
            str(each.properties.get("LogGroupName"))
            for each in design.of_type("Custom::LogRetention")
            if each.properties.get("RemovalPolicy") == "destroy"
        }

    def declared(self, item: Item) -> Resource:
        return self.template.resources[item.logical_id]

    def goes(self, item: Item) -> bool:
        """Whether the deletion takes the resource itself away."""
        return self.declared(item).deletion_policy in ("Delete", "Snapshot")


def retained(item: Item, stack: _Stack) -> Iterator[Leftover]:
    """A resource whose deletion policy is Retain stays as it is, and goes on costing what it costs.

    CDK writes Retain for most things that hold data, buckets, tables, keys and log groups among them, where the code
    names no removal policy.
    """
    policy = stack.declared(item).deletion_policy
    if policy in ("Retain", "RetainExceptOnCreate"):
        yield _leftover(
            item,
            "stays",
            what="it stays as it is, and goes on costing what it costs",
            because=f"its DeletionPolicy is {policy}",
            change=_to_destroy(item, stack),
            source=DELETION_POLICY,
        )


def snapshotted(item: Item, stack: _Stack) -> Iterator[Leftover]:
    """A resource whose deletion policy is Snapshot goes, and a snapshot stays, stored at a price by the gigabyte.

    It is CloudFormation's default for DB clusters, and for DB instances that belong to none.
    """
    if stack.declared(item).deletion_policy == "Snapshot":
        written = "DeletionPolicy" in stack.template.body["Resources"][item.logical_id]
        default = "Snapshot is the default for databases"
        yield _leftover(
            item,
            "stays",
            what="a last snapshot of it stays, billed by the gigabyte",
            because="its DeletionPolicy is Snapshot" if written else f"it has no DeletionPolicy, and {default}",
            change=_to_destroy(item, stack),
            source=DELETION_POLICY,
        )


def not_empty(item: Item, stack: _Stack) -> Iterator[Leftover]:
    """A bucket is deleted only when it is empty: of objects, of old versions, of delete markers."""
    if item.type == "AWS::S3::Bucket" and stack.goes(item) and item.physical_id not in stack.emptied:
        yield _leftover(
            item,
            "stops",
            what="the deletion fails here once the bucket holds an object",
            because="CloudFormation deletes empty buckets only, and nothing empties this one",
            change="auto_delete_objects=True",
            source=DELETION_POLICY,
        )


def with_images(item: Item, stack: _Stack) -> Iterator[Leftover]:
    """A repository that holds images is deleted only with EmptyOnDelete."""
    empties = is_true(item.properties.get("EmptyOnDelete")) or item.physical_id in stack.emptied
    if item.type == "AWS::ECR::Repository" and stack.goes(item) and not empties:
        yield _leftover(
            item,
            "stops",
            what="the deletion fails here once the repository holds an image",
            because="EmptyOnDelete is not set",
            change="empty_on_delete=True",
            source=f"{TEMPLATES}/aws-resource-ecr-repository.html",
        )


def with_recovery_points(item: Item, stack: _Stack) -> Iterator[Leftover]:
    """A backup vault is deleted only when it is empty, and a locked one keeps its recovery points for their time."""
    if item.type == "AWS::Backup::BackupVault" and stack.goes(item):
        lock = item.properties.get("LockConfiguration")
        held = "; its lock lets nobody delete them before their time" if lock else ""
        yield _leftover(
            item,
            "stops",
            what="the deletion fails here once the vault holds a recovery point",
            because=f"a backup vault can be deleted only when it is empty{held}",
            change="delete the recovery points first, or deploy without a backup having run",
            source="https://docs.aws.amazon.com/aws-backup/latest/devguide/delete-a-vault.html",
        )


def under_object_lock(item: Item, stack: _Stack) -> Iterator[Leftover]:
    """Objects under Object Lock cannot be deleted before their time; in governance mode only with a permission."""
    if item.type != "AWS::S3::Bucket" or not is_true(item.properties.get("ObjectLockEnabled")):
        return
    rule = item.properties.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention", {})
    if rule:
        mode, days, years = str(rule.get("Mode", "")), rule.get("Days"), rule.get("Years")
        time = f"{days} day(s)" if days else f"{years} year(s)"
        broken = (
            "only who may s3:BypassGovernanceRetention shortens it" if mode == "GOVERNANCE" else "nobody can shorten it"
        )
        yield _leftover(
            item,
            "stops",
            what=f"each object stays for {time} after it was put, and the bucket with it",
            because=f"Object Lock retains objects in {mode.lower()} mode, and {broken}",
            change="object_lock_default_retention=s3.ObjectLockRetention.governance(cdk.Duration.days(1))",
            source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html",
        )


def protected(item: Item, stack: _Stack) -> Iterator[Leftover]:
    """A resource with deletion protection cannot be deleted before the protection is switched off."""
    name, change = PROTECTIONS.get(item.type, ("", ""))
    value = item.properties.get(name)
    if name == "LoadBalancerAttributes":
        attributes = {each.get("Key"): each.get("Value") for each in as_list(value) if isinstance(each, Mapping)}
        value = attributes.get("deletion_protection.enabled")
    if item.type == "AWS::DynamoDB::GlobalTable":
        replicas = [each for each in as_list(item.properties.get("Replicas")) if isinstance(each, Mapping)]
        value = any(is_true(each.get("DeletionProtectionEnabled")) for each in replicas)
    if stack.goes(item) and (is_true(value) or str(value).upper() == "ACTIVE"):
        yield _leftover(
            item,
            "stops",
            what="the deletion fails here",
            because="it is protected against deletion",
            change=change,
            source=f"{TEMPLATES}/{_page(item.type)}",
        )


def logs_of_functions(item: Item, stack: _Stack) -> Iterator[Leftover]:
    """A function's log group that Lambda makes by itself is in no template: it stays, and its lines never expire."""
    if item.type != "AWS::Lambda::Function":
        return
    own = item.properties.get("LoggingConfig", {}).get("LogGroup") if item.properties.get("LoggingConfig") else None
    name = str(own or f"/aws/lambda/{item.physical_id}")
    if name not in stack.log_groups and not own:
        yield _leftover(
            item,
            "beside",
            what="its log group stays once it has run, and the lines in it never expire",
            because="Lambda makes the group itself when the function first runs",
            change='aws logs delete-log-group --log-group-name "/aws/lambda/NAME OF THE FUNCTION"'
            if _is_of_cdk(item)
            else "log_group=logs.LogGroup(self, ..., removal_policy=cdk.RemovalPolicy.DESTROY)",
            source="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html",
        )


def logs_of_stages(item: Item, stack: _Stack) -> Iterator[Leftover]:
    """The log group of a REST API's execution logs is made by API Gateway and is in no template."""
    if item.type != "AWS::ApiGateway::Stage":
        return
    settings = [each for each in item.properties.get("MethodSettings") or [] if isinstance(each, Mapping)]
    name = f"API-Gateway-Execution-Logs_{item.properties.get('RestApiId')}/{item.properties.get('StageName')}"
    is_logged = any(str(each.get("LoggingLevel", "OFF")) in ("ERROR", "INFO") for each in settings)
    if is_logged and name not in stack.log_groups:
        yield _leftover(
            item,
            "beside",
            what="the log group of its execution logs stays once it has been called, and the lines in it never expire",
            because="API Gateway makes and names the group itself",
            change='aws logs delete-log-group --log-group-name "API-Gateway-Execution-Logs_API/STAGE"',
            source="https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-execution-logging.html",
        )


def automated_backups(item: Item, stack: _Stack) -> Iterator[Leftover]:
    """A database told to keep its automated backups keeps them until their retention ends."""
    kept = item.properties.get("DeleteAutomatedBackups")
    if item.type in ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster") and kept is not None and not is_true(kept):
        yield _leftover(
            item,
            "beside",
            what="its automated backups stay until their retention period ends",
            because="DeleteAutomatedBackups is false",
            change="delete_automated_backups=True",
            source="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups-Deleting.html",
        )


def keys_pending(item: Item, stack: _Stack) -> Iterator[Leftover]:
    """A key is deleted after a waiting time of 7 to 30 days, and cannot be used meanwhile."""
    if item.type in ("AWS::KMS::Key", "AWS::KMS::ReplicaKey") and stack.goes(item):
        days = item.properties.get("PendingWindowInDays", 30)
        yield _leftover(
            item,
            "later",
            what=f"it is pending deletion for {days} days, and everything encrypted with it is lost then",
            because="KMS deletes no key at once",
            change="pending_window=cdk.Duration.days(7)",
            source="https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html",
        )


RULES: tuple[Callable[[Item, _Stack], Iterator[Leftover]], ...] = (
    retained,
    snapshotted,
    not_empty,
    with_images,
    with_recovery_points,
    under_object_lock,
    protected,
    logs_of_functions,
    logs_of_stages,
    automated_backups,
    keys_pending,
)

# the pages were checked on 2026-11-22
TEMPLATES = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference"
DELETION_POLICY = f"{TEMPLATES}/aws-attribute-deletionpolicy.html"

_OFF = "deletion_protection=False"
# the property that protects, and the line that no longer does
PROTECTIONS = {
    "AWS::RDS::DBInstance": ("DeletionProtection", _OFF),
    "AWS::RDS::DBCluster": ("DeletionProtection", _OFF),
    "AWS::RDS::GlobalCluster": ("DeletionProtection", _OFF),
    "AWS::DocDB::DBCluster": ("DeletionProtection", _OFF),
    "AWS::Neptune::DBCluster": ("DeletionProtection", _OFF),
    "AWS::DynamoDB::Table": ("DeletionProtectionEnabled", _OFF),
    "AWS::DynamoDB::GlobalTable": ("Replicas", _OFF),
    "AWS::Cognito::UserPool": ("DeletionProtection", _OFF),
    "AWS::EC2::Instance": ("DisableApiTermination", "disable_api_termination=False"),
    "AWS::Logs::LogGroup": ("DeletionProtectionEnabled", "deletion_protection_enabled=False"),
    "AWS::EKS::Cluster": ("DeletionProtection", _OFF),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("LoadBalancerAttributes", _OFF),
}


def _leftover(item: Item, fate: Fate, *, what: str, because: str, change: str, source: str) -> Leftover:
    return Leftover(item.logical_id, item.path, item.type, fate, what, because, change, source)


def _to_destroy(item: Item, stack: _Stack) -> str:
    policy, path = "cdk.RemovalPolicy.DESTROY", item.path or ""
    if item.type == "AWS::Logs::LogGroup" and path.endswith("/LogGroup/Resource"):
        # made by the construct around it, which takes another
        around = path.removesuffix("/LogGroup/Resource")
        functions = [
            each for each in stack.design.of_type("AWS::Lambda::Function") if each.path == f"{around}/Resource"
        ]
        if functions and not _is_of_cdk(functions[0]):
            return f"log_removal_policy={policy}"
        return f"log_group=logs.LogGroup(self, ..., removal_policy={policy})"
    if item.type == "AWS::ApiGateway::Account" or path.endswith("/CloudWatchRole/Resource"):
        return f"cloud_watch_role_removal_policy={policy}"
    # what CDK calls Resource or Default lies in a construct that takes the policy itself
    is_inside = path.rpartition("/")[2] in ("Resource", "Default")
    return f"removal_policy={policy}" if is_inside else f".apply_removal_policy({policy})"


def _is_of_cdk(function: Item) -> bool:
    """Whether CDK wrote this function for itself, so that no line of the learner's is about it."""
    return any(each.startswith(CDK_OWN) for each in (function.path or "").split("/"))


# the construct ids of CDK's own functions
CDK_OWN = (
    "Custom::",
    "BucketNotificationsHandler",
    "AWS679f53fac002430cb0da5b7982bd2287",
    "LogRetention",
    "framework-",
)


def _page(kind: str) -> str:
    _, service, name = kind.lower().split("::")
    return f"aws-resource-{service}-{name}.html"
