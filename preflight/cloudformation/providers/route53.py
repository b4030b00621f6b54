"""Route 53: hosted zones, records with every routing policy, and health checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import (
    Scope,
    Setting,
    Table,
    Tags,
    call,
    passing_over_gone,
    refusal,
)


class HostedZone(Table):
    """A zone: public, or private for its VPCs."""

    type = "AWS::Route53::HostedZone"
    service = "route53"
    makes = call(
        "create_hosted_zone",
        "Name DelegationSetId HostedZoneConfig.Comment=HostedZoneConfig.Comment",
        CallerReference="{stack_id}/{logical_id}/{generation}",
    )
    then = (
        Setting(
            call("update_hosted_zone_comment", "Comment=HostedZoneConfig.Comment", Id="{ref}"),
            otherwise={"Comment": ""},
            at_create=False,
        ),
    )
    tags = Tags(
        call("change_tags_for_resource", ResourceType="hostedzone", ResourceId="{ref}"), property="HostedZoneTags"
    )
    ref = "HostedZone.Id"
    attributes = "Id={ref} NameServers=DelegationSet.NameServers"
    unmakes = call("delete_hosted_zone", Id="{ref}")
    reads = (
        call("get_hosted_zone", Id="{ref}"),
        call("list_query_logging_configs"),
        call("list_tags_for_resource", ResourceType="hostedzone", ResourceId="{ref}"),
    )

    def begin(self, scope: Scope) -> dict[str, Any]:
        """The first VPC makes a zone private; a VPC must exist."""
        arguments = self.arguments(scope)
        arguments["Name"] = arguments["Name"].rstrip(".") + "."
        vpcs = _vpcs(scope)
        for each in vpcs:
            _require_vpc(scope.context, each)
        if vpcs:
            arguments["VPC"] = vpcs[0]
            arguments.setdefault("HostedZoneConfig", {})["PrivateZone"] = True
        answer = self.ask(scope, "create_hosted_zone", arguments)
        answer["HostedZone"]["Id"] = answer["HostedZone"]["Id"].rpartition("/")[2]
        return answer

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """The other VPCs, and where queries are logged."""
        super().finish(scope, answer)
        for each in _vpcs(scope)[1:]:
            self.ask(scope, "associate_vpc_with_hosted_zone", {"HostedZoneId": scope.ref, "VPC": each})
        self._log(scope)

    def change(self, before: Scope, after: Scope) -> None:
        """Associate and disassociate; a zone stays public or private."""
        super().change(before, after)
        old, new = _vpcs(before), _vpcs(after)
        for each in new:
            if each not in old:
                _require_vpc(after.context, each)
                self.ask(after, "associate_vpc_with_hosted_zone", {"HostedZoneId": after.ref, "VPC": each})
        for each in old:
            if each not in new:
                self.ask(after, "disassociate_vpc_from_hosted_zone", {"HostedZoneId": after.ref, "VPC": each})
        if before.declared.peek("QueryLoggingConfig") != after.declared.peek("QueryLoggingConfig"):
            self._stop_logging(after)
            self._log(after)

    def clear(self, scope: Scope) -> None:
        """Logging goes before its zone."""
        self._stop_logging(scope)
        super().clear(scope)

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        return {"NameServers": [], **super()._attributes(scope, answer)}

    def _log(self, scope: Scope) -> None:
        group = scope.fill("{QueryLoggingConfig.CloudWatchLogsLogGroupArn}")
        if isinstance(group, str):
            group = group if group.endswith(":*") else f"{group}:*"
            self.ask(
                scope, "create_query_logging_config", {"HostedZoneId": scope.ref, "CloudWatchLogsLogGroupArn": group}
            )

    def _stop_logging(self, scope: Scope) -> None:
        client = scope.context.client("route53")
        with passing_over_gone():
            for each in client.list_query_logging_configs()["QueryLoggingConfigs"]:
                if each["HostedZoneId"].rpartition("/")[2] == scope.ref:
                    client.delete_query_logging_config(Id=each["Id"])


def _vpcs(scope: Scope) -> list[dict[str, str]]:
    return [
        {"VPCId": each["VPCId"], "VPCRegion": each["VPCRegion"]}
        for each in scope.declared.take("VPCs", default=[]) or []
    ]


def _require_vpc(context: Context, vpc: Mapping[str, str]) -> None:
    with passing_over_gone():
        context.client("ec2", vpc["VPCRegion"]).describe_vpcs(VpcIds=[vpc["VPCId"]])
        return
    raise refusal(
        "InvalidVPCId",
        f"The VPC: {vpc['VPCId']} in region {vpc['VPCRegion']} that you provided is not authorized to make the "
        "association.",
        "CreateHostedZone",
    )


class HealthCheck(Table):
    """A health check: of an endpoint, of other checks, or of an alarm. It never looks; it says healthy."""

    type = "AWS::Route53::HealthCheck"
    service = "route53"
    makes = call("create_health_check", "HealthCheckConfig", CallerReference="{logical_id}-{generation}-{stack_name}")
    in_place = frozenset({"HealthCheckConfig"})
    tags = Tags(
        call("change_tags_for_resource", ResourceType="healthcheck", ResourceId="{ref}"), property="HealthCheckTags"
    )
    ref = "HealthCheck.Id"
    attributes = "HealthCheckId={ref}"
    unmakes = call("delete_health_check", HealthCheckId="{ref}")
    reads = (
        call("get_health_check", HealthCheckId="{ref}"),
        call("list_tags_for_resource", ResourceType="healthcheck", ResourceId="{ref}"),
    )

    def change(self, before: Scope, after: Scope) -> None:
        """Send the configuration, and empty what it no longer has."""
        super().change(before, after)
        old, new = (self.arguments(each)["HealthCheckConfig"] for each in (before, after))
        fixed = ("Type", "RequestInterval", "MeasureLatency")
        if old != new:
            told = {name: value for name, value in new.items() if name not in fixed}
            gone = [name for name in old if name not in new]
            resettable = [name for name in gone if name in ("FullyQualifiedDomainName", "Regions", "ResourcePath")]
            reset = [{"Regions": "Regions"}.get(name, name) for name in resettable]
            reset += ["ChildHealthChecks"] if "ChildHealthChecks" in gone else []
            extra = {"ResetElements": reset} if reset else {}
            self.ask(after, "update_health_check", {"HealthCheckId": after.ref, **told, **extra})


def _zone_of(context: Context, declared: Mapping[str, Any]) -> str:
    """The zone's id, also when only its name is given."""
    client = context.client("route53")
    if declared.get("HostedZoneId"):
        return str(declared["HostedZoneId"]).rpartition("/")[2]
    name = str(declared.get("HostedZoneName", ""))
    found = [each for each in client.list_hosted_zones()["HostedZones"] if each["Name"] == name]
    if len(found) != 1:
        said = "No hosted zones named" if not found else "Multiple hosted zones named"
        raise refusal("InvalidInput", f"{said} {name} found", "ChangeResourceRecordSets")
    return str(found[0]["Id"]).rpartition("/")[2]


def _record(context: Context, declared: Mapping[str, Any]) -> dict[str, Any]:
    """A record as the API writes it."""
    shape = Scope(Declared({}), context).input_shape("route53", "change_resource_record_sets")
    record_shape = shape.members["ChangeBatch"].members["Changes"].member.members["ResourceRecordSet"]
    told: dict[str, Any] = {name: value for name, value in declared.items() if name in record_shape.members}
    told["Name"] = f"{told['Name'].rstrip('.')}."
    if "ResourceRecords" in told:
        told["ResourceRecords"] = [{"Value": str(each)} for each in told["ResourceRecords"]]
    for name in ("TTL", "Weight"):
        if name in told:
            told[name] = int(told[name])
    if "AliasTarget" in told:
        told["AliasTarget"] = {"EvaluateTargetHealth": False, **told["AliasTarget"]}
    return told


def _put(context: Context, zone: str, changes: list[tuple[str, dict[str, Any]]]) -> None:
    if changes:
        batch = [{"Action": action, "ResourceRecordSet": record} for action, record in changes]
        context.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": batch})


def _same(record: Mapping[str, Any]) -> tuple[Any, ...]:
    return record["Name"].lower(), record["Type"], record.get("SetIdentifier")


class _Records(Table):
    """Records of one zone, changed as one batch."""

    service = "route53"

    def create(self, declared: Declared, context: Context) -> Made:
        """Create every record, all or none."""
        zone = _zone_of(context, self._place(declared))
        _put(context, zone, [("CREATE", each) for each in self._records(declared, context)])
        self._ledger(declared)
        return self._made(declared, context)

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """Put what is declared, take away what no longer is; in one batch."""
        zone = _zone_of(context, self._place(declared))
        old, new = self._records(Declared(before), context), self._records(declared, context)
        kept = {_same(each) for each in new}
        changes = [("DELETE", each) for each in old if _same(each) not in kept]
        changes += [("UPSERT", each) for each in new if each not in old]
        _put(context, zone, changes)
        self._ledger(declared)
        return Made(made.physical_id if len(new) != 1 else self._made(declared, context).physical_id, made.attributes)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Take away the records that are still there as they were made."""
        with passing_over_gone():
            zone = _zone_of(context, self._place(declared))
            there = {_same(each): each for each in _listed(context, zone)}
            gone = [there[_same(each)] for each in self._records(declared, context) if _same(each) in there]
            _put(context, zone, [("DELETE", each) for each in gone])

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The records, and the zone they are in."""
        zone = _zone_of(context, self._place(declared))
        mine = {_same(each) for each in self._records(declared, context)}
        found = [each for each in _listed(context, zone) if _same(each) in mine]
        # a name is the same with its last dot and without
        return [
            {"HostedZoneId": zone, "HostedZoneName": declared.peek("HostedZoneName"), "Records": found},
            {"Names": [each["Name"].rstrip(".") for each in found]},
        ]

    def _place(self, declared: Declared) -> dict[str, Any]:
        place: dict[str, Any] = declared.peek()
        return place

    def _records(self, declared: Declared, context: Context) -> list[dict[str, Any]]:
        return [_record(context, declared.peek())]

    def _ledger(self, declared: Declared) -> None:
        """All of it was sent, but for the comment, which the API has no place for."""
        declared.take()
        declared.not_emulated("Comment")

    def _made(self, declared: Declared, context: Context) -> Made:
        return Made(str(declared.peek("Name")))


class RecordSet(_Records):
    """One record."""

    type = "AWS::Route53::RecordSet"


class RecordSetGroup(_Records):
    """Several records of one zone."""

    type = "AWS::Route53::RecordSetGroup"

    def _records(self, declared: Declared, context: Context) -> list[dict[str, Any]]:
        return [_record(context, each) for each in declared.peek("RecordSets", [])]

    def _place(self, declared: Declared) -> dict[str, Any]:
        first = (declared.peek("RecordSets") or [{}])[0]
        return {**first, **declared.peek()}

    def _made(self, declared: Declared, context: Context) -> Made:
        name = context.name()
        return Made(name, {"Id": name})


def _listed(context: Context, zone: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = context.client("route53").list_resource_record_sets(HostedZoneId=zone)[
        "ResourceRecordSets"
    ]
    return answer
