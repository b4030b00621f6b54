"""Namespaces, services and instances of Cloud Map."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "team", "Value": "triage"}]


def test_a_private_namespace_and_its_service(bench):
    vpc = bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16").ref
    made = bench.make(
        "AWS::ServiceDiscovery::PrivateDnsNamespace", "Ns", Name="clinic.local", Vpc=vpc, Description="inner", Tags=TAGS
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    zone = bench.client("route53").get_hosted_zone(Id=made["HostedZoneId"])["HostedZone"]
    assert (zone["Name"], zone["Config"]["PrivateZone"]) == ("clinic.local.", True)
    declared: dict[str, Any] = {
        "Name": "notes",
        "NamespaceId": made.ref,
        "DnsConfig": {"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 60}]},
        "HealthCheckCustomConfig": {"FailureThreshold": 1},
    }
    service = bench.make("AWS::ServiceDiscovery::Service", "Service", **declared, Description="its notes", Tags=TAGS)
    assert (service.unapplied, bench.lost(service)) == ((), set())
    changed = bench.change(service, **declared, Description="all its notes")
    assert (changed.unapplied, bench.lost(changed), changed.ref) == ((), set(), service.ref)
    instance = bench.make(
        "AWS::ServiceDiscovery::Instance",
        "One",
        ServiceId=service.ref,
        InstanceId="one",
        InstanceAttributes={"AWS_INSTANCE_IPV4": "10.0.0.7"},
    )
    assert (instance.unapplied, bench.lost(instance), instance.ref) == ((), set(), "one")
    for thing in (instance, changed, made, instance, changed, made):
        bench.delete(thing)
    assert bench.client("servicediscovery").list_namespaces()["Namespaces"] == []


@pytest.mark.parametrize("kind", ["HttpNamespace", "PublicDnsNamespace"])
def test_a_namespace(bench, kind):
    made = bench.make(f"AWS::ServiceDiscovery::{kind}", Name="clinic.example", Description="outer", Tags=TAGS)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    changed = bench.change(made, Name="clinic.example", Description="outermost")
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    bench.delete(changed)
    bench.delete(changed)


def test_a_vpc_that_is_not_there(bench):
    with pytest.raises(ClientError, match="does not exist"):
        bench.make("AWS::ServiceDiscovery::PrivateDnsNamespace", Name="clinic.local", Vpc="vpc-12345678")
