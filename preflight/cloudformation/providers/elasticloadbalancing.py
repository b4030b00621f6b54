"""Elastic Load Balancing as it was first: the classic load balancer."""

from __future__ import annotations

from typing import Any

from preflight.cloudformation.providers._table import Each, Name, Scope, Setting, Table, Tags, call, refusal

_ATTRIBUTES = (
    "LoadBalancerAttributes.CrossZoneLoadBalancing.Enabled=CrossZone "
    "LoadBalancerAttributes.ConnectionDraining=ConnectionDrainingPolicy "
    "LoadBalancerAttributes.ConnectionSettings=ConnectionSettings "
    "LoadBalancerAttributes.AccessLog=AccessLoggingPolicy"
)


class LoadBalancer(Table):
    """A classic load balancer."""

    type = "AWS::ElasticLoadBalancing::LoadBalancer"
    service = "elb"
    named = Name("LoadBalancerName", limit=32)
    makes = call(
        "create_load_balancer",
        "AvailabilityZones Subnets SecurityGroups Scheme Listeners",
        LoadBalancerName="{name}",
    )
    then = (
        Setting(call("configure_health_check", "HealthCheck", LoadBalancerName="{ref}")),
        Setting(call("modify_load_balancer_attributes", _ATTRIBUTES, LoadBalancerName="{ref}")),
        Setting(
            call("apply_security_groups_to_load_balancer", "SecurityGroups", LoadBalancerName="{ref}"),
            at_create=False,
        ),
        Each(
            "Instances",
            add=call(
                "register_instances_with_load_balancer", LoadBalancerName="{ref}", Instances=[{"InstanceId": "{item}"}]
            ),
            remove=call(
                "deregister_instances_from_load_balancer",
                LoadBalancerName="{ref}",
                Instances=[{"InstanceId": "{item}"}],
            ),
        ),
    )
    tags = Tags(
        call("add_tags", LoadBalancerNames=["{ref}"]),
        remove=call("remove_tags", LoadBalancerNames=["{ref}"]),
        reserved=False,
    )
    ref = "{name}"
    drops = "AppCookieStickinessPolicy LBCookieStickinessPolicy Policies"
    attributes = (
        "DNSName=LoadBalancerDescriptions[0].DNSName "
        "CanonicalHostedZoneName=LoadBalancerDescriptions[0].DNSName "
        "CanonicalHostedZoneNameID=LoadBalancerDescriptions[0].CanonicalHostedZoneNameID "
        "SourceSecurityGroup.GroupName=LoadBalancerDescriptions[0].SourceSecurityGroup.GroupName "
        "SourceSecurityGroup.OwnerAlias=LoadBalancerDescriptions[0].SourceSecurityGroup.OwnerAlias"
    )
    describes = call("describe_load_balancers", LoadBalancerNames=["{ref}"])
    unmakes = call("delete_load_balancer", LoadBalancerName="{ref}")
    reads = (
        describes,
        call("describe_load_balancer_attributes", LoadBalancerName="{ref}"),
        call("describe_tags", LoadBalancerNames=["{ref}"]),
    )

    def begin(self, scope: Scope) -> dict[str, Any]:
        """A name serves once; moto says so only for other settings."""
        there = scope.context.client("elb").describe_load_balancers()["LoadBalancerDescriptions"]
        if any(each["LoadBalancerName"] == scope.name for each in there):
            said = f"Load Balancer named {scope.name} already exists and it is configured with different parameters."
            raise refusal("DuplicateLoadBalancerName", said, "CreateLoadBalancer")
        return super().begin(scope)
