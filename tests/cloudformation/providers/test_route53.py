"""Zones, records with every routing policy, and health checks; what Route 53 refuses is refused."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "team", "Value": "triage"}]
WEB = {
    "Type": "HTTPS",
    "FullyQualifiedDomainName": "www.clinic.example",
    "ResourcePath": "/health",
    "Port": 8443,
    "RequestInterval": 10,
    "FailureThreshold": 2,
    "Regions": ["us-east-1", "eu-west-1", "us-west-2"],
    "EnableSNI": True,
}
ALARM = {
    "Type": "CLOUDWATCH_METRIC",
    "AlarmIdentifier": {"Name": "site-down", "Region": "us-east-1"},
    "InsufficientDataHealthStatus": "LastKnownStatus",
}


@pytest.fixture
def zone(bench):
    return bench.make("AWS::Route53::HostedZone", "Zone", Name="clinic.example")


@pytest.fixture
def vpc(bench):
    return bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16").ref


def test_a_public_zone(bench):
    client = bench.client("route53")
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/route53/clinic:*"
    bench.client("logs").create_log_group(logGroupName="/aws/route53/clinic")
    made = bench.make(
        "AWS::Route53::HostedZone",
        Name="clinic.example.",
        HostedZoneConfig={"Comment": "the clinic"},
        HostedZoneTags=TAGS,
        QueryLoggingConfig={"CloudWatchLogsLogGroupArn": group},
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert not made.ref.startswith("/")
    assert len(made["NameServers"]) == 4
    changed = bench.change(made, Name="clinic.example.", HostedZoneConfig={"Comment": "another"})
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    assert client.list_query_logging_configs()["QueryLoggingConfigs"] == []
    bench.delete(changed)
    bench.delete(changed)
    assert client.list_hosted_zones()["HostedZones"] == []


def test_a_private_zone_and_its_vpcs(bench, vpc):
    other = bench.make("AWS::EC2::VPC", "Other", CidrBlock="10.1.0.0/16").ref
    first, second = ({"VPCId": each, "VPCRegion": "us-east-1"} for each in (vpc, other))
    made = bench.make("AWS::Route53::HostedZone", Name="inner.example", VPCs=[first, second])
    told = bench.client("route53").get_hosted_zone(Id=made.ref)
    assert told["HostedZone"]["Config"]["PrivateZone"]
    assert {each["VPCId"] for each in told["VPCs"]} == {vpc, other}
    assert made["NameServers"] == []
    changed = bench.change(made, Name="inner.example", VPCs=[second])
    assert [each["VPCId"] for each in bench.client("route53").get_hosted_zone(Id=made.ref)["VPCs"]] == [other]
    bench.delete(changed)
    with pytest.raises(ClientError, match="InvalidVPCId"):
        bench.make("AWS::Route53::HostedZone", Name="no.example", VPCs=[{"VPCId": "vpc-1", "VPCRegion": "us-east-1"}])


def simple(**extra: Any) -> dict[str, Any]:
    return {"Name": "www.clinic.example", "Type": "A", "TTL": "60", "ResourceRecords": ["192.0.2.1"], **extra}


POLICIES: dict[str, dict[str, Any]] = {
    "weighted": {"Weight": 70, "SetIdentifier": "most"},
    "latency": {"Region": "eu-west-1", "SetIdentifier": "near"},
    "failover": {"Failover": "PRIMARY", "SetIdentifier": "first"},
    "geo": {"GeoLocation": {"CountryCode": "DE"}, "SetIdentifier": "german"},
    "multivalue": {"MultiValueAnswer": True, "SetIdentifier": "one"},
    "proximity": {"GeoProximityLocation": {"AWSRegion": "us-east-1", "Bias": 10}, "SetIdentifier": "wide"},
}


@pytest.mark.parametrize("policy", [{}, *POLICIES.values()], ids=["simple", *POLICIES])
def test_a_record(bench, zone, policy):
    made = bench.make("AWS::Route53::RecordSet", HostedZoneId=zone.ref, **simple(**policy))
    assert (made.unapplied, bench.lost(made), made.ref) == ((), set(), "www.clinic.example")
    changed = bench.change(
        made, HostedZoneId=zone.ref, **{**simple(**policy), "ResourceRecords": ["192.0.2.2", "192.0.2.3"]}
    )
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    with pytest.raises(ClientError, match="HostedZoneNotEmpty"):
        bench.delete(zone)
    bench.delete(changed)
    bench.delete(changed)
    left = bench.client("route53").list_resource_record_sets(HostedZoneId=zone.ref)["ResourceRecordSets"]
    assert {each["Type"] for each in left} == {"NS", "SOA"}


def test_one_of_two_weighted_records_goes_alone(bench, zone):
    first, second = (
        bench.make(
            "AWS::Route53::RecordSet",
            f"R{weight}",
            HostedZoneName="clinic.example.",
            **simple(Weight=weight, SetIdentifier=f"w{weight}"),
        )
        for weight in (0, 200)
    )
    alias = bench.make(
        "AWS::Route53::RecordSet",
        "Alias",
        HostedZoneId=zone.ref,
        Name="clinic.example.",
        Type="A",
        AliasTarget={
            "DNSName": "d111111abcdef8.cloudfront.net",
            "HostedZoneId": "Z2FDTNDATAQYW2",
            "EvaluateTargetHealth": False,
        },
        Comment="to the edge",
    )
    assert (alias.unapplied, bench.lost(alias)) == (("Comment",), set())
    bench.delete(first)
    left = bench.client("route53").list_resource_record_sets(HostedZoneId=zone.ref)["ResourceRecordSets"]
    assert [each.get("SetIdentifier") for each in left if each["Type"] == "A"] == [None, "w200"]
    bench.delete(second)


def test_a_group_of_failover_records(bench, zone):
    check = bench.make("AWS::Route53::HealthCheck", "Check", HealthCheckConfig=WEB)
    primary = simple(Failover="PRIMARY", SetIdentifier="here", HealthCheckId=check.ref)
    secondary = simple(Failover="SECONDARY", SetIdentifier="there", ResourceRecords=["192.0.2.9"])
    made = bench.make("AWS::Route53::RecordSetGroup", HostedZoneId=zone.ref, RecordSets=[primary, secondary])
    assert (made.unapplied, bench.lost(made), made["Id"]) == ((), set(), made.ref)
    changed = bench.change(made, HostedZoneId=zone.ref, RecordSets=[{**secondary, "TTL": "10"}])
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    bench.delete(changed)
    bench.delete(zone)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"Name": "clinic.example", "Type": "CNAME", "ResourceRecords": ["a.example"]}, "not permitted at apex"),
    ({"Name": "www.other.example"}, "not permitted in zone clinic.example."),
    ({"Failover": "PRIMARY"}, "Missing field 'SetIdentifier'"),
    ({"ResourceRecords": ["not an address"]}, "not a valid IPv4 address"),
    ({"TTL": None, "ResourceRecords": None}, "Expected exactly one of"),
    ({"HealthCheckId": "11111111-0000-0000-0000-000000000000"}, "No health check exists"),
    ({"Name": "there.clinic.example"}, "but it already exists"),
    (
        {"Name": "there.clinic.example", "Type": "CNAME", "ResourceRecords": ["a.example"]},
        "conflicting RRSet of type A with the same DNS name",
    ),
    ({"Name": "there.clinic.example", "Weight": 1, "SetIdentifier": "one"}, "other RRSets exist with the same name"),
]


@pytest.mark.parametrize(("change", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_what_route_53_refuses(bench, zone, change, said):
    bench.make("AWS::Route53::RecordSet", "There", HostedZoneId=zone.ref, **simple(Name="there.clinic.example"))
    declared = {name: value for name, value in {**simple(), **change}.items() if value is not None}
    with pytest.raises(ClientError, match=said):
        bench.make("AWS::Route53::RecordSet", HostedZoneId=zone.ref, **declared)


@pytest.mark.parametrize(
    ("config", "changed"),
    [
        (WEB, {**WEB, "ResourcePath": "/alive", "FailureThreshold": 5}),
        (ALARM, {**ALARM, "InsufficientDataHealthStatus": "Unhealthy"}),
        (
            {"Type": "CALCULATED", "ChildHealthChecks": ["11111111-0000-0000-0000-000000000000"], "HealthThreshold": 1},
            {"Type": "CALCULATED", "ChildHealthChecks": ["22222222-0000-0000-0000-000000000000"], "HealthThreshold": 1},
        ),
    ],
    ids=["endpoint", "alarm", "calculated"],
)
def test_a_health_check(bench, config, changed):
    made = bench.make("AWS::Route53::HealthCheck", HealthCheckConfig=config, HealthCheckTags=TAGS)
    assert (made.unapplied, bench.lost(made), made["HealthCheckId"]) == ((), set(), made.ref)
    again = bench.change(made, HealthCheckConfig=changed)
    assert (again.unapplied, bench.lost(again), again.ref) == ((), set(), made.ref)
    bench.delete(again)
    bench.delete(again)
    assert bench.client("route53").list_health_checks()["HealthChecks"] == []
