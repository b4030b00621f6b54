"""Keeps for the emulated services what moto has no operations for: created, read, listed, changed and deleted as told.

A row says which operations one kind of thing has and what the service adds to it. What comes in and goes out is parsed
and written by botocore's model of the operation, so that clients, the CLI and the endpoint all see an ordinary API.
Nothing kept here acts: a cache policy is obeyed by whoever reads it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from preflight.clouds import compute_defaults, edge_defaults, firewall

Record = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One kind of thing; operations are Python names, several separated by blanks.

    `key` names the members that identify one, `made` what the service adds (see `_make`), `inside` the create
    parameter that holds the members, when they are not the parameters themselves. `put` operations create or replace.
    `always` gives what every account has, `complete` adds what AWS takes where nothing is said, `effects` is what
    another change does than taking over what it is told; of `forgets`, a change keeps what it is told alone. `refuse`
    gives the error for what AWS does not take; what is named by another kind's member (`needed_by`, "operation
    Member=Member") is not deleted, with the error `in_use`.
    `answers` are operations that look at everything the service keeps.
    """

    service: str
    key: str
    made: Mapping[str, Any] = field(default_factory=dict)
    create: str = ""
    put: str = ""
    read: str = ""
    change: str = ""
    delete: str = ""
    inside: str = ""
    unique: str = ""
    taken: str = "ResourceAlreadyExistsException"
    gone: str = "ResourceNotFoundException"
    gone_says: str = "The specified resource does not exist."
    names: Mapping[str, str] = field(default_factory=dict)
    always: Callable[[], list[Record]] | None = None
    complete: Callable[[Record], None] | None = None
    effects: Mapping[str, Record] = field(default_factory=dict)
    forgets: str = ""
    refuse: Callable[[str, Record, str], tuple[str, str] | None] | None = None
    needed_by: str = ""
    answers: Mapping[str, Callable[[Record, Any], Record]] = field(default_factory=dict)
    in_use: str = ""

    @property
    def place(self) -> str:
        """Where a service's backend keeps this kind."""
        return f"{self.service} {self.create or self.put}"


@dataclass(frozen=True)
class Tagged:
    """A service whose things have tags by their ARN."""

    service: str

    @property
    def place(self) -> str:
        """Where a service's backend keeps the tags."""
        return f"{self.service} tags"


def _cloudfront(word: str, *, config: str = "", unique: str = "Name", **rest: Any) -> Kind:
    name = "".join(part.title() for part in word.split("_"))
    config = config or f"{name}Config"
    plural = f"{word[:-1]}ies" if word.endswith("y") and not word.endswith("key") else f"{word}s"
    gone = rest.pop("gone", f"NoSuch{name}")
    made = {"Id": "E{up13}", "ETag": "E{up13}", "LastModifiedTime": "{now}", "CreatedTime": "{now}", "Type": "custom"}
    return Kind(
        "cloudfront",
        "Id",
        made | rest.pop("made", {}),
        create=f"create_{word}",
        read=f"get_{word} get_{word}_config list_{plural}",
        change=f"update_{word}",
        delete=f"delete_{word}",
        unique=f"{config}.{unique}",
        taken=f"{name}AlreadyExists",
        gone=gone,
        **rest,
    )


def _waf(word: str, kind: str, **more: Any) -> Kind:
    return Kind(
        "wafv2",
        "Name Id Scope",
        {
            "Id": "{uuid}",
            "ARN": "arn:{partition}:wafv2:{region}:{account}:{scope}/" + kind + "/{Name}/{Id}",
            "LockToken": "{uuid}",
            "NextLockToken": "{LockToken}",
        },
        create=f"create_{word}",
        read=f"get_{word} list_{word}s",
        change=f"update_{word}",
        delete=f"delete_{word}",
        unique="Name Scope",
        taken="WAFDuplicateItemException",
        gone="WAFNonexistentItemException",
        refuse=firewall.refuse,
        forgets=firewall.MUTABLE,
        **more,
    )


_NOT_OWNED = "The request is rejected because the input ID is not owned by the current account."

KINDS: tuple[Kind | Tagged, ...] = (
    Kind(
        "xray",
        "GroupARN",
        {"GroupARN": "arn:{partition}:xray:{region}:{account}:group/{GroupName}/{hex16}"},
        create="create_group",
        read="get_group get_groups",
        change="update_group",
        delete="delete_group",
        unique="GroupName",
        taken="InvalidRequestException",
    ),
    Tagged("xray"),
    Tagged("securityhub"),
    Tagged("cognito-idp"),
    Tagged("cognito-identity"),
    Kind(
        "cognito-identity",
        "IdentityPoolId",
        put="set_identity_pool_roles",
        read="get_identity_pool_roles",
    ),
    Kind(
        "cognito-idp",
        "UserPoolId ClientId",
        {"ClientId": "ALL", "CSSVersion": "1", "LastModifiedDate": "{now}", "CreationDate": "{now}"},
        put="set_ui_customization",
        read="get_ui_customization",
    ),
    Kind(
        "cloudtrail",
        "EventDataStoreArn",
        {
            "EventDataStoreArn": "arn:{partition}:cloudtrail:{region}:{account}:eventdatastore/{uuid}",
            "Status": "ENABLED",
            "CreatedTimestamp": "{now}",
            "UpdatedTimestamp": "{now}",
        },
        create="create_event_data_store",
        read="get_event_data_store list_event_data_stores",
        change="update_event_data_store",
        delete="delete_event_data_store",
        gone="EventDataStoreNotFoundException",
        names={"EventDataStore": "EventDataStoreArn"},
    ),
    Kind(
        "config",
        "ConformancePackName",
        {
            "ConformancePackId": "conformance-pack-{hex12}",
            "ConformancePackArn": "arn:{partition}:config:{region}:{account}:conformance-pack/{ConformancePackName}/"
            "{ConformancePackId}",
        },
        put="put_conformance_pack",
        read="describe_conformance_packs",
        delete="delete_conformance_pack",
        gone="NoSuchConformancePackException",
    ),
    Kind(
        "config",
        "ConfigRuleName",
        put="put_remediation_configurations",
        read="describe_remediation_configurations",
        delete="delete_remediation_configuration",
        inside="RemediationConfigurations",
        gone="NoSuchRemediationConfigurationException",
    ),
    Kind(
        "config",
        "QueryName",
        {
            "QueryId": "query-{hex12}",
            "QueryArn": "arn:{partition}:config:{region}:{account}:stored-query/{QueryName}/{QueryId}",
        },
        put="put_stored_query",
        read="get_stored_query list_stored_queries",
        delete="delete_stored_query",
        inside="StoredQuery",
    ),
    _cloudfront("cache_policy", always=edge_defaults.cache_policies),
    _cloudfront("origin_request_policy", always=edge_defaults.origin_request_policies),
    _cloudfront("response_headers_policy", always=edge_defaults.response_headers_policies),
    _cloudfront("continuous_deployment_policy"),
    _cloudfront("origin_access_control"),
    _cloudfront("key_group", gone="NoSuchResource"),
    _cloudfront("public_key"),
    _cloudfront(
        "distribution",
        unique="CallerReference",
        made={
            "Id": "E{up13}",
            "ARN": "arn:{partition}:cloudfront::{account}:distribution/{Id}",
            "DomainName": "d{low13}.cloudfront.net",
            "Status": "Deployed",
            "InProgressInvalidationBatches": 0,
        },
        complete=edge_defaults.complete_distribution,
        refuse=edge_defaults.refuse_enabled,
        put="create_distribution_with_tags",
        inside="DistributionConfigWithTags",
    ),
    Tagged("cloudfront"),
    Kind(
        "cloudfront",
        "DistributionId Id",
        {"Id": "I{up13}", "Status": "Completed", "CreateTime": "{now}"},
        create="create_invalidation",
        read="get_invalidation list_invalidations",
        gone="NoSuchInvalidation",
    ),
    Kind(
        "cloudfront",
        "Name",
        {
            "ETag": "E{up13}",
            "Status": "UNPUBLISHED",
            "FunctionMetadata": {
                "FunctionARN": "arn:{partition}:cloudfront::{account}:function/{Name}",
                "Stage": "DEVELOPMENT",
                "CreatedTime": "{now}",
                "LastModifiedTime": "{now}",
            },
        },
        create="create_function",
        read="get_function describe_function list_functions",
        change="update_function publish_function",
        delete="delete_function",
        unique="Name",
        taken="FunctionAlreadyExists",
        gone="NoSuchFunctionExists",
        effects={"publish_function": {"Status": "UNASSOCIATED"}},
    ),
    Kind(
        "cloudfront",
        "Id",
        {"Id": "E{up13}", "ETag": "E{up13}", "S3CanonicalUserId": "{hex32}{hex32}"},
        create="create_cloud_front_origin_access_identity",
        read="get_cloud_front_origin_access_identity get_cloud_front_origin_access_identity_config "
        "list_cloud_front_origin_access_identities",
        change="update_cloud_front_origin_access_identity",
        delete="delete_cloud_front_origin_access_identity",
        gone="NoSuchCloudFrontOriginAccessIdentity",
    ),
    Kind(
        "cloudfront",
        "ARN",
        {"ARN": "arn:{partition}:cloudfront::{account}:realtime-log-config/{Name}"},
        create="create_realtime_log_config",
        read="get_realtime_log_config list_realtime_log_configs",
        change="update_realtime_log_config",
        delete="delete_realtime_log_config",
        unique="Name",
        taken="RealtimeLogConfigAlreadyExists",
        gone="NoSuchRealtimeLogConfig",
    ),
    Kind(
        "cloudfront",
        "DistributionId",
        put="create_monitoring_subscription",
        read="get_monitoring_subscription",
        delete="delete_monitoring_subscription",
        gone="NoSuchMonitoringSubscription",
    ),
    Kind(
        "route53",
        "Id",
        {"Id": "{uuid}", "HealthCheckVersion": 1},
        create="create_health_check",
        read="get_health_check list_health_checks",
        change="update_health_check",
        delete="delete_health_check",
        gone="NoSuchHealthCheck",
        names={"HealthCheckId": "Id"},
        complete=edge_defaults.complete_health_check,
    ),
    Kind(
        "budgets",
        "BudgetName ActionId",
        {"ActionId": "{uuid}", "Status": "STANDBY"},
        create="create_budget_action",
        read="describe_budget_action describe_budget_actions_for_budget describe_budget_actions_for_account",
        change="update_budget_action",
        delete="delete_budget_action",
        gone="NotFoundException",
    ),
    Kind(
        "cloudwatch",
        "Name",
        {
            "Arn": "arn:{partition}:cloudwatch:{region}:{account}:metric-stream/{Name}",
            "State": "running",
            "CreationDate": "{now}",
            "LastUpdateDate": "{now}",
        },
        put="put_metric_stream",
        read="get_metric_stream list_metric_streams",
        delete="delete_metric_stream",
    ),
    Tagged("budgets"),
    Tagged("guardduty"),
    *(
        Kind(
            "guardduty",
            f"DetectorId {key}",
            {key: "{hex32}", "Status": "ACTIVE"},
            create=f"create_{word}",
            read=f"get_{word} list_{word}s",
            change=f"update_{word}",
            delete=f"delete_{word}",
            gone="BadRequestException",
            gone_says=_NOT_OWNED,
        )
        for word, key in (("ip_set", "IpSetId"), ("threat_intel_set", "ThreatIntelSetId"))
    ),
    Kind(
        "guardduty",
        "DetectorId DestinationId",
        {"DestinationId": "{hex32}", "Status": "PUBLISHING", "PublishingFailureStartTimestamp": 0},
        create="create_publishing_destination",
        read="describe_publishing_destination list_publishing_destinations",
        change="update_publishing_destination",
        delete="delete_publishing_destination",
        gone="BadRequestException",
        gone_says=_NOT_OWNED,
    ),
    Kind(
        "ce",
        "MonitorArn",
        {"MonitorArn": "arn:{partition}:ce::{account}:anomalymonitor/{uuid}", "CreationDate": "{epoch}"},
        create="create_anomaly_monitor",
        read="get_anomaly_monitors",
        change="update_anomaly_monitor",
        delete="delete_anomaly_monitor",
        inside="AnomalyMonitor",
        gone="UnknownMonitorException",
    ),
    Kind(
        "ce",
        "SubscriptionArn",
        {"SubscriptionArn": "arn:{partition}:ce::{account}:anomalysubscription/{uuid}", "AccountId": "{account}"},
        create="create_anomaly_subscription",
        read="get_anomaly_subscriptions",
        change="update_anomaly_subscription",
        delete="delete_anomaly_subscription",
        inside="AnomalySubscription",
        gone="UnknownSubscriptionException",
    ),
    _waf(
        "web_acl",
        "webacl",
        complete=firewall.complete,
        needed_by="associate_web_acl WebACLArn=ARN",
        in_use="WAFAssociatedItemException",
    ),
    _waf("rule_group", "rulegroup", complete=firewall.complete),
    _waf("ip_set", "ipset"),
    _waf("regex_pattern_set", "regexpatternset"),
    Kind(
        "wafv2",
        "ResourceArn",
        put="associate_web_acl",
        delete="disassociate_web_acl",
        gone="WAFNonexistentItemException",
        answers={"get_web_acl_for_resource": firewall.web_acl_of, "list_resources_for_web_acl": firewall.resources_of},
    ),
    Kind(
        "wafv2",
        "ResourceArn",
        put="put_logging_configuration",
        read="get_logging_configuration list_logging_configurations",
        delete="delete_logging_configuration",
        inside="LoggingConfiguration",
        gone="WAFNonexistentItemException",
    ),
    Tagged("wafv2"),
    Kind(
        "logs",
        "logGroupIdentifier",
        put="put_data_protection_policy",
        read="get_data_protection_policy",
        delete="delete_data_protection_policy",
    ),
    Kind(
        "logs",
        "queryDefinitionId",
        {"queryDefinitionId": "{uuid}"},
        put="put_query_definition",
        read="describe_query_definitions",
        delete="delete_query_definition",
    ),
    Kind(
        "logs",
        "policyType policyName",
        {"accountId": "{account}"},
        put="put_account_policy",
        read="describe_account_policies",
        delete="delete_account_policy",
    ),
    Kind(
        "backup",
        "BackupPlanId SelectionId",
        {"SelectionId": "{uuid}", "CreationDate": "{now}"},
        create="create_backup_selection",
        read="get_backup_selection list_backup_selections",
        delete="delete_backup_selection",
    ),
    *(
        Kind("backup", "BackupVaultName", put=f"put_{word}", read=f"get_{word}", delete=f"delete_{word}")
        for word in ("backup_vault_access_policy", "backup_vault_notifications")
    ),
    Kind(
        "backup",
        "FrameworkName",
        {
            "FrameworkArn": "arn:{partition}:backup:{region}:{account}:framework:{FrameworkName}-{uuid}",
            "CreationTime": "{now}",
            "DeploymentStatus": "COMPLETED",
            "FrameworkStatus": "ACTIVE",
        },
        create="create_framework",
        read="describe_framework list_frameworks",
        change="update_framework",
        delete="delete_framework",
        unique="FrameworkName",
        taken="AlreadyExistsException",
    ),
    Kind(
        "backup",
        "RestoreTestingPlanName",
        {
            "RestoreTestingPlanArn": "arn:{partition}:backup:{region}:{account}:restore-testing-plan:"
            "{RestoreTestingPlanName}-{uuid}",
            "CreationTime": "{now}",
        },
        create="create_restore_testing_plan",
        read="get_restore_testing_plan list_restore_testing_plans",
        change="update_restore_testing_plan",
        delete="delete_restore_testing_plan",
        inside="RestoreTestingPlan",
        unique="RestoreTestingPlanName",
        taken="AlreadyExistsException",
    ),
    Kind(
        "backup",
        "RestoreTestingPlanName RestoreTestingSelectionName",
        {"CreationTime": "{now}"},
        create="create_restore_testing_selection",
        read="get_restore_testing_selection list_restore_testing_selections",
        change="update_restore_testing_selection",
        delete="delete_restore_testing_selection",
        inside="RestoreTestingSelection",
    ),
    Kind(
        "lakeformation",
        "TableCatalogId DatabaseName TableName Name",
        {"VersionId": "{uuid}"},
        inside="TableData",
        create="create_data_cells_filter",
        read="get_data_cells_filter list_data_cells_filter",
        change="update_data_cells_filter",
        delete="delete_data_cells_filter",
        gone="EntityNotFoundException",
    ),
    Kind(
        "ecr",
        "ecrRepositoryPrefix",
        {"registryId": "{account}", "createdAt": "{now}", "updatedAt": "{now}", "upstreamRepositoryPrefix": "ROOT"},
        create="create_pull_through_cache_rule",
        read="describe_pull_through_cache_rules",
        change="update_pull_through_cache_rule",
        delete="delete_pull_through_cache_rule",
        unique="ecrRepositoryPrefix",
        taken="PullThroughCacheRuleAlreadyExistsException",
        gone="PullThroughCacheRuleNotFoundException",
        names={"ecrRepositoryPrefixes": "ecrRepositoryPrefix"},
    ),
    Kind(
        "ecr",
        "prefix",
        {"createdAt": "{now}", "updatedAt": "{now}"},
        create="create_repository_creation_template",
        read="describe_repository_creation_templates",
        change="update_repository_creation_template",
        delete="delete_repository_creation_template",
        unique="prefix",
        taken="TemplateAlreadyExistsException",
        gone="TemplateNotFoundException",
        names={"prefixes": "prefix"},
    ),
    Kind(
        "ec2",
        "GroupName",
        {
            "GroupId": "pg-0{hex16}",
            "GroupArn": "arn:{partition}:ec2:{region}:{account}:placement-group/{GroupName}",
            "State": "available",
        },
        create="create_placement_group",
        read="describe_placement_groups",
        delete="delete_placement_group",
        unique="GroupName",
        taken="InvalidPlacementGroup.Duplicate",
        gone="InvalidPlacementGroup.Unknown",
        complete=compute_defaults.complete_tags,
    ),
    Kind(
        "ec2",
        "InstanceConnectEndpointId",
        {
            "InstanceConnectEndpointId": "eice-0{hex16}",
            "InstanceConnectEndpointArn": "arn:{partition}:ec2:{region}:{account}:instance-connect-endpoint/"
            "{InstanceConnectEndpointId}",
            "OwnerId": "{account}",
            "State": "create-complete",
            "CreatedAt": "{now}",
        },
        create="create_instance_connect_endpoint",
        read="describe_instance_connect_endpoints",
        delete="delete_instance_connect_endpoint",
        gone="InvalidInstanceConnectEndpointId.NotFound",
        complete=compute_defaults.complete_tags,
    ),
    Kind(
        "ec2",
        "CapacityReservationId",
        {
            "CapacityReservationId": "cr-0{hex16}",
            "CapacityReservationArn": "arn:{partition}:ec2:{region}:{account}:capacity-reservation/"
            "{CapacityReservationId}",
            "OwnerId": "{account}",
            "State": "active",
            "CreateDate": "{now}",
            "StartDate": "{now}",
        },
        create="create_capacity_reservation",
        read="describe_capacity_reservations",
        change="modify_capacity_reservation",
        delete="cancel_capacity_reservation",
        gone="InvalidCapacityReservationId.NotFound",
        complete=compute_defaults.complete_reservation,
    ),
    Kind(
        "autoscaling",
        "AutoScalingGroupName TopicARN",
        put="put_notification_configuration",
        delete="delete_notification_configuration",
        answers={"describe_notification_configurations": compute_defaults.notifications},
    ),
    Kind(
        "elbv2",
        "TrustStoreArn",
        {
            "TrustStoreArn": "arn:{partition}:elasticloadbalancing:{region}:{account}:truststore/{Name}/{hex16}",
            "Status": "ACTIVE",
            "NumberOfCaCertificates": 1,
        },
        create="create_trust_store",
        read="describe_trust_stores",
        change="modify_trust_store",
        delete="delete_trust_store",
        unique="Name",
        taken="DuplicateTrustStoreName",
        gone="TrustStoreNotFound",
        answers={"get_trust_store_ca_certificates_bundle": compute_defaults.bundle},
    ),
    Kind(
        "appsync",
        "apiId name",
        {"dataSourceArn": "arn:{partition}:appsync:{region}:{account}:apis/{apiId}/datasources/{name}"},
        create="create_data_source",
        read="get_data_source list_data_sources",
        change="update_data_source",
        delete="delete_data_source",
        gone="NotFoundException",
    ),
    Kind(
        "appsync",
        "apiId typeName fieldName",
        {
            "resolverArn": (
                "arn:{partition}:appsync:{region}:{account}:apis/{apiId}/types/{typeName}/resolvers/{fieldName}"
            )
        },
        create="create_resolver",
        read="get_resolver list_resolvers",
        change="update_resolver",
        delete="delete_resolver",
        gone="NotFoundException",
    ),
    Kind(
        "appsync",
        "apiId functionId",
        {
            "functionId": "{low13}",
            "functionArn": "arn:{partition}:appsync:{region}:{account}:apis/{apiId}/functions/{functionId}",
        },
        create="create_function",
        read="get_function list_functions",
        change="update_function",
        delete="delete_function",
        gone="NotFoundException",
    ),
)


class Refused(Exception):
    """An answer that is an error; moto's serializer writes it by the service's model."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@contextmanager
def opened(kinds: tuple[Kind | Tagged, ...] = KINDS) -> Iterator[None]:
    """Have moto's services answer for these kinds too, until the context ends."""
    from moto.core.base_backend import BaseBackend
    from moto.core.responses import BaseResponse

    rows: dict[str, dict[str, Kind | Tagged]] = {}
    for kind in kinds:
        rows.setdefault(kind.service, {}).update(dict.fromkeys(_operations(kind), kind))
    services = {kind.service.replace("-", "") for kind in kinds}
    call_action, url_module = BaseResponse.call_action, BaseBackend._url_module.fget

    def answer(self: Any) -> Any:
        kind = _kind_asked(self, rows)
        return call_action(self) if kind is None else _answer(self, kind)

    def with_every_path(self: Any) -> Any:
        module = url_module(self)
        if module.__name__.split(".")[1] not in services or len(module.url_paths) == 1:
            return module
        dispatch = next(iter(module.url_paths.values()))
        return SimpleNamespace(
            url_bases=module.url_bases, url_paths={**module.url_paths, "{0}/(?P<shelved>.+)$": dispatch}
        )

    with (
        patch.object(BaseResponse, "call_action", answer),
        patch.object(BaseBackend, "_url_module", property(with_every_path)),
    ):
        yield


def kept(service: str, create: str, *, account: str, region: str) -> list[Record]:
    """What is kept of a kind, told by its service and create operation: every member it has, flat."""
    kind = next(each for each in KINDS if isinstance(each, Kind) and each.service == service and each.create == create)
    return list(_things(kind, account, region).values())


def _operations(kind: Kind | Tagged) -> list[str]:
    if isinstance(kind, Tagged):
        return ["tag_resource", "untag_resource", "list_tags_for_resource"]
    return " ".join((kind.create, kind.put, kind.read, kind.change, kind.delete, *kind.answers)).split()


def _kind_asked(response: Any, rows: Mapping[str, Mapping[str, Kind | Tagged]]) -> Kind | Tagged | None:
    from botocore import xform_name

    service = response.boto3_service_name
    if service not in rows:
        return None
    action = response._get_action() or response._get_action_from_method_and_request_uri(response.normalized_request)
    return rows[service].get(xform_name(action)) if action else None


def _answer(response: Any, kind: Kind | Tagged) -> Any:
    from botocore import xform_name
    from moto.core.responses import ActionResult

    response.parse_parameters(response.normalized_request)
    action = response._get_action()
    operation = xform_name(action)
    asked = {name: value for name, value in dict(response.params).items() if value is not None}
    model = _model(kind.service).operation_model(action)
    try:
        if isinstance(kind, Tagged):
            shelf = _shelf(kind.service, response.current_account, response.region)
            result: Any = _tag(operation, asked, shelf.setdefault(kind.place, {}), model.output_shape)
        elif operation in kind.answers:
            result = kind.answers[operation](asked, _shelf(kind.service, response.current_account, response.region))
        else:
            there = _things(kind, response.current_account, response.region)
            found = _do(kind, operation, asked, there, response)
            result = _fill(model.output_shape, found, kind) if model.output_shape is not None else {}
    except Refused as error:
        result = error
    status, headers, body = response.serialized(ActionResult(result))
    return status, {**headers, "status": str(status)} if isinstance(result, Exception) else headers, body


def _do(kind: Kind, operation: str, asked: Record, there: dict[Any, Record], response: Any) -> list[Record]:
    """Do what was asked, and give the records the answer tells of."""
    if operation in (kind.create, *kind.put.split()):
        inner = asked.get(kind.inside, asked) if kind.inside else asked
        rest = {name: value for name, value in asked.items() if name != kind.inside} if kind.inside else {}
        return [
            _create(kind, {**rest, **each}, there, response) for each in (inner if isinstance(inner, list) else [inner])
        ]
    named = [each for key, each in there.items() if _is_asked(kind, each, asked)]
    if operation.startswith("list_") or _is_plural(operation, kind):
        return [
            each
            for each in named
            if all(each.get(name, value) == value for name, value in asked.items() if isinstance(value, str))
        ]
    if not named:
        raise Refused(kind.gone, kind.gone_says)
    if operation in kind.change.split():
        inner = asked.get(kind.inside, asked) if kind.inside else asked
        kept_on = {name: value for name, value in named[0].items() if name not in kind.forgets.split()}
        _judge(kind, operation, {**kept_on, **inner}, response)
        named[0].clear()
        named[0].update({**kept_on, **inner})
        named[0].update(kind.effects.get(operation, {}))
        if kind.complete is not None:
            kind.complete(named[0])
        if "ETag" in kind.made:
            named[0]["ETag"] = _make("E{up13}", named[0], response)
    if operation in kind.delete.split():
        _judge(kind, operation, named[0], response)
        _refuse_needed(kind, named[0], response)
        for key in [key for key, each in there.items() if each is named[0]]:
            del there[key]
    return named[:1]


def _tag(operation: str, asked: Record, there: dict[Any, Any], shape: Any) -> Record:
    """Tags by ARN: keys are told alone, tags as pairs or as a map."""
    arn = next(value for value in asked.values() if isinstance(value, str) and value.startswith("arn:"))
    tags = there.setdefault(arn, {})
    told = next((value for name, value in asked.items() if "tag" in name.lower()), ())
    if operation == "untag_resource":
        for key in told["Items"] if isinstance(told, Mapping) else told:
            tags.pop(key, None)
    else:
        tags.update(_pairs(told))
    if operation != "list_tags_for_resource":
        return {}
    return _told_tags(shape, tags)


def _told_tags(shape: Any, tags: Record) -> Record:
    name, member = next(
        (name, member)
        for name, member in shape.members.items()
        if ("tag" in name.lower() and "Token" not in name) or name == "Items"
    )
    if member.type_name == "structure":
        return {name: _told_tags(member, tags)}
    if member.type_name == "map":
        return {name: dict(tags)}
    key, value = sorted(member.member.members, key=lambda each: "value" in each.lower())
    return {name: [{key: each, value: text} for each, text in tags.items()]}


def _create(kind: Kind, record: Record, there: dict[Any, Record], response: Any) -> Record:
    for name, template in kind.made.items():
        record.setdefault(name, _make(template, record, response))
    if kind.complete is not None:
        kind.complete(record)
    _judge(kind, kind.create, record, response)
    mine = [_at(record, each) for each in kind.unique.split()]
    same = [each for each in there.values() if [_at(each, path) for path in kind.unique.split()] == mine]
    if same and any(mine):
        raise Refused(kind.taken, f"{mine[0]} already exists.")
    key = tuple(record.get(each) for each in kind.key.split())
    there[key] = record
    _tag_new(kind.service, record, response)
    return record


def _tag_new(service: str, record: Record, response: Any) -> None:
    """Tags told at creation, where the service's are kept here."""
    tagged = next((each for each in KINDS if isinstance(each, Tagged) and each.service == service), None)
    told = next((record[name] for name in record if name.lower() in ("tags", "resourcetags")), None)
    arn = next((value for name, value in record.items() if name.lower().endswith("arn") and ":" in str(value)), None)
    if tagged is not None and told and arn:
        shelf = _shelf(service, response.current_account, response.region)
        shelf.setdefault(tagged.place, {}).setdefault(arn, {}).update(_pairs(told))


def _pairs(told: Any) -> Record:
    """Tags as a map, from a map, from pairs, or from CloudFront's wrapped pairs."""
    if isinstance(told, Mapping) and set(told) == {"Items"}:
        told = told["Items"]
    if isinstance(told, Mapping):
        return dict(told)
    return {_at(each, "Key") or each.get("key"): each.get("Value", each.get("value", "")) for each in told}


def _judge(kind: Kind, operation: str, record: Record, response: Any) -> None:
    refused = kind.refuse(operation, record, response.region) if kind.refuse is not None else None
    if refused is not None:
        raise Refused(*refused)


def _refuse_needed(kind: Kind, record: Record, response: Any) -> None:
    place, _, members = kind.needed_by.partition(" ")
    theirs, _, ours = members.partition("=")
    others = _shelf(kind.service, response.current_account, response.region).get(f"{kind.service} {place}", {})
    if place and any(each.get(theirs) == record.get(ours) for each in others.values()):
        raise Refused(kind.in_use, "The resource is in use; take away what refers to it first.")


def _is_asked(kind: Kind, record: Record, asked: Record) -> bool:
    """Whether a request means this one: every key it names, alone or among a list of them, is the record's."""
    for name in kind.key.split():
        for parameter, value in asked.items():
            meant = kind.names.get(parameter, parameter)
            alike = {name.lower(), f"{name.lower()}s", f"{name.lower()}list"}
            if meant.lower() in alike:
                wanted = value if isinstance(value, list) else [value]
                if wanted and record.get(name) not in wanted:
                    return False
    return True


def _is_plural(operation: str, kind: Kind) -> bool:
    """A read that answers with a list finds none without an error."""
    model = _model(kind.service)
    name = next(each for each in model.operation_names if _xform(each) == operation)
    shape = model.operation_model(name).output_shape
    return (
        operation in kind.read.split()
        and shape is not None
        and any(
            member.type_name == "list" and member.member.type_name == "structure" for member in shape.members.values()
        )
    )


def _fill(
    shape: Any, records: list[Record], kind: Kind, above: tuple[str, ...] = (), *, within: bool = False
) -> Record:
    """The members of an answer: a record's own, or a structure or list of structures made of them.

    A list that a record does not have is nothing: only what is around records (not `within` one) lists them.
    """
    first = records[0] if records else {}
    within = within or bool(above and set(kind.key.split()) & set(shape.members))
    if shape.name in above:  # an expression of expressions
        return {}
    above = (*above, shape.name)
    filled: Record = {}
    for name, member in shape.members.items():
        if name in first:
            filled[name] = first[name]
        elif any(name in inner for inner in _configs(first)):
            filled[name] = next(inner[name] for inner in _configs(first) if name in inner)
        elif name == "Quantity":
            filled[name] = len(records)
        elif name in ("IsTruncated", "MaxItems"):
            filled[name] = 100 if name == "MaxItems" else False
        elif member.type_name == "list" and member.member.type_name == "structure":
            if not within:
                filled[name] = [_fill(member.member, [each], kind, above, within=True) for each in records]
        elif member.type_name == "structure":
            inner = _fill(member, records, kind, above, within=within)
            if inner:
                filled[name] = inner
    return filled


def _configs(record: Record) -> list[Record]:
    return [each for name, each in record.items() if name.endswith("Config") and isinstance(each, Mapping)]  # type: ignore[misc]


def _make(template: Any, record: Record, response: Any) -> Any:
    """A value the service adds: words in braces are its own, or members of the record."""
    if isinstance(template, Mapping):
        return {name: _make(each, record, response) for name, each in template.items()}
    if not isinstance(template, str):
        return template
    if template == "{now}":
        return datetime.now(UTC)
    if template == "{epoch}":
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    fresh = uuid.uuid4()
    words = {
        "uuid": str(fresh),
        "hex32": fresh.hex,
        "up13": _letters(fresh.int, 13),
        "low13": _letters(fresh.int, 13).lower(),
        "hex12": fresh.hex[:12],
        "hex16": fresh.hex[:16],
        "region": response.region,
        "scope": "global" if record.get("Scope") == "CLOUDFRONT" else "regional",
        "account": response.current_account,
        "partition": response.partition,
    }
    return re.sub(r"\{([\w.]+)\}", lambda found: str(words.get(found.group(1), _at(record, found.group(1)))), template)


def _letters(number: int, length: int) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    return "".join(alphabet[(number >> (5 * index)) % 36] for index in range(length))


def _at(record: Any, path: str) -> Any:
    for step in path.split("."):
        record = record.get(step) if isinstance(record, Mapping) else None
    return record


def _things(kind: Kind, account: str, region: str) -> dict[Any, Record]:
    shelf = _shelf(kind.service, account, region)
    if kind.place not in shelf:
        always = kind.always() if kind.always else []
        shelf[kind.place] = {tuple(each.get(name) for name in kind.key.split()): each for each in always}
    return shelf[kind.place]


def _shelf(service: str, account: str, region: str) -> dict[str, dict[Any, Record]]:
    """The backend's own dict of what is kept for it, so that it is forgotten with everything else."""
    import moto.backends

    there = moto.backends.get_backend(service)[account]
    backend = there[region if region in there else "aws"]
    shelf: dict[str, dict[Any, Record]] = vars(backend).setdefault("preflight_shelf", {})
    return shelf


@cache
def _model(service: str) -> Any:
    from moto.core.utils import get_service_model

    return get_service_model(service)


def _xform(operation: str) -> str:
    from botocore import xform_name

    return str(xform_name(operation))
