"""Mends the emulated Route 53: changes of records are judged as Route 53 does, and a deleted record is that one alone.

Words and codes: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html and
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSBehavior.html, checked_on 2026-11-22.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

ROUTING = (
    "Weight",
    "Region",
    "Failover",
    "GeoLocation",
    "MultiValueAnswer",
    "CidrRoutingConfig",
    "GeoProximityLocation",
)


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What to put in place of moto's."""
    from moto.route53.models import RecordSet, Route53Backend

    init = RecordSet.__init__

    def __init__(self: Any, told: dict[str, Any]) -> None:
        init(self, told)
        self.cidr_routing_config = told.get("CidrRoutingConfig")
        self.geo_proximity_location = told.get("GeoProximityLocation")

    yield RecordSet, "__init__", __init__
    yield Route53Backend, "change_resource_record_sets", _change


def _change(self: Any, zoneid: str, change_list: list[dict[str, Any]]) -> None:
    """All changes or none."""
    from moto.route53.models import RecordSet

    zone = self.get_hosted_zone(zoneid)
    records = list(zone.rrsets)
    for change in change_list:
        action, told = change["Action"], dict(change["ResourceRecordSet"])
        told["Name"] = _name(told["Name"])
        told["ResourceRecords"] = [each["Value"] for each in told.get("ResourceRecords") or ()]
        _judge(self, zone, action, told)
        same = [each for each in records if _key_of(each) == _key(told)]
        _judge_among(records, same, zone, action, told)
        records = [each for each in records if each not in same]
        if action != "DELETE":
            records.append(RecordSet(told))
    zone.rrsets = records


def _judge(backend: Any, zone: Any, action: str, told: Mapping[str, Any]) -> None:
    """What is wrong with a change by itself."""
    name, kind, identifier = told["Name"], told["Type"], told.get("SetIdentifier")
    where = f"in Change with [Action={action}, Name={name}, Type={kind}, SetIdentifier={identifier or 'null'}]"
    policies = [each for each in ROUTING if told.get(each) is not None]
    if action not in ("CREATE", "UPSERT", "DELETE"):
        raise _refused("InvalidInput", f"Invalid XML ; value '{action}' is not one of CREATE, DELETE, UPSERT")
    if policies and not identifier:
        raise _refused("InvalidInput", f"Invalid request: Missing field 'SetIdentifier' {where}")
    if identifier and not policies:
        raise _refused(
            "InvalidInput",
            "Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer, "
            f"CidrRoutingConfig or GeoProximityLocation], but found none {where}",
        )
    if len(policies) > 1:
        raise _refused("InvalidInput", f"Invalid request: Expected exactly one of [{', '.join(policies)}] {where}")
    has_records = bool(told["ResourceRecords"]) and told.get("TTL") is not None
    if bool(told.get("AliasTarget")) == has_records:
        found = "more than one" if has_records else "none"
        raise _refused(
            "InvalidInput",
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or "
            f"TrafficPolicyInstanceId], but found {found} {where}",
        )
    apex = _name(zone.name)
    if name != apex and not name.endswith(f".{apex}"):
        raise _refused("InvalidChangeBatch", f"[RRSet with DNS name {name} is not permitted in zone {apex}]")
    if kind == "CNAME" and name == apex:
        raise _refused(
            "InvalidChangeBatch",
            f"[RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {apex}]",
        )
    check = told.get("HealthCheckId")
    if check and action != "DELETE" and not _has_health_check(backend, check):
        raise _refused("NoSuchHealthCheck", f"No health check exists with the specified ID: {check}", 404)
    for value in told["ResourceRecords"]:
        _judge_value(kind, value)


def _judge_value(kind: str, value: str) -> None:
    """Whether an address is one."""
    try:
        if kind == "A":
            ipaddress.IPv4Address(value)
        elif kind == "AAAA":
            ipaddress.IPv6Address(value)
    except ValueError:
        version = "4" if kind == "A" else "6"
        problem = f"{kind}RRDATAIllegalIPv{version}Address (Value is not a valid IPv{version} address)"
        raise _refused(
            "InvalidChangeBatch", f"[Invalid Resource Record: 'FATAL problem: {problem} encountered with '{value}'']"
        ) from None


def _judge_among(records: list[Any], same: list[Any], zone: Any, action: str, told: Mapping[str, Any]) -> None:
    """What is wrong with a change for what the zone has already."""
    name, kind = told["Name"], told["Type"]
    identifier = f", set identifier='{told['SetIdentifier']}'" if told.get("SetIdentifier") else ""
    what = f"resource record set [name='{name}', type='{kind}'{identifier}]"
    if action == "CREATE" and same:
        raise _refused("InvalidChangeBatch", f"[Tried to create {what} but it already exists]")
    if action == "DELETE" and not same:
        raise _refused("InvalidChangeBatch", f"[Tried to delete {what} but it was not found]")
    if action == "DELETE" and _values_of(same[0]) != _values(told):
        said = "but the values provided do not match the current values"
        raise _refused("InvalidChangeBatch", f"[Tried to delete {what} {said}]")
    if action == "DELETE":
        return
    others = [each for each in records if _name(each.name) == name and each not in same]
    for other in others:
        if (kind == "CNAME") != (other.type == "CNAME"):
            raise _refused(
                "InvalidChangeBatch",
                f"[RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet of type "
                f"{other.type} with the same DNS name already exists in zone {_name(zone.name)}]",
            )
        if other.type == kind and bool(other.set_identifier) != bool(told.get("SetIdentifier")):
            raise _refused(
                "InvalidChangeBatch",
                f"[RRSet with DNS name {name}, type {kind}, SetIdentifier {told.get('SetIdentifier') or 'null'} cannot "
                "be created as other RRSets exist with the same name and type.]",
            )
        if other.type == kind and told.get("Failover") and other.failover == told["Failover"]:
            raise _refused(
                "InvalidChangeBatch",
                f"[RRSet with DNS name {name}, type {kind}, SetIdentifier {told['SetIdentifier']} cannot be created as "
                f"a {told['Failover']} record already exists]",
            )


def _has_health_check(backend: Any, identifier: str) -> bool:
    from preflight.clouds.shelf import kept

    there = kept("route53", "create_health_check", account=backend.account_id, region=backend.region_name)
    return any(each["Id"] == identifier for each in there)


def _key(told: Mapping[str, Any]) -> tuple[Any, ...]:
    return told["Name"], told["Type"], told.get("SetIdentifier")


def _key_of(record: Any) -> tuple[Any, ...]:
    return _name(record.name), record.type, record.set_identifier


def _values(told: Mapping[str, Any]) -> tuple[Any, ...]:
    return sorted(told["ResourceRecords"]), str(told.get("TTL")), bool(told.get("AliasTarget"))


def _values_of(record: Any) -> tuple[Any, ...]:
    values = [each["Value"] if isinstance(each, Mapping) else each for each in record.records or ()]
    return sorted(values), str(record.ttl), bool(record.alias_target)


def _name(name: str) -> str:
    return f"{name.lower().rstrip('.')}."


def _refused(code: str, message: str, status: int = 400) -> Exception:
    from moto.core.exceptions import ServiceException

    return _of_ours(ServiceException)(code, message)


def _of_ours(base: type[Exception]) -> type[Exception]:
    # moto looks for the error's shape in the service its module is named after
    return type("Refused", (base,), {"__module__": "moto.route53.exceptions"})
