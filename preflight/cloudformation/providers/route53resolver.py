"""Route 53 Resolver: endpoints between a VPC and other networks, rules for names, and logs of queries."""

from __future__ import annotations

from typing import Any

from preflight.cloudformation.providers._table import Scope, Setting, Table, Tags, call

_TAGS = Tags(
    call("tag_resource", ResourceArn="{made.Arn}"),
    remove=call("untag_resource", ResourceArn="{made.Arn}"),
    reserved=False,
)
_READ_TAGS = call("list_tags_for_resource", ResourceArn="{made.Arn}")
_REQUEST = "{logical_id}-{generation}-{stack_name}"


class ResolverEndpoint(Table):
    """Addresses in a VPC that take queries in, or send them out."""

    type = "AWS::Route53Resolver::ResolverEndpoint"
    service = "route53resolver"
    makes = call(
        "create_resolver_endpoint",
        "Name Direction SecurityGroupIds ResolverEndpointType IpAddresses Protocols PreferredInstanceType OutpostArn",
        CreatorRequestId=_REQUEST,
    )
    then = (Setting(call("update_resolver_endpoint", "Name", ResolverEndpointId="{ref}"), at_create=False),)
    tags = _TAGS
    drops = "ResolverEndpointType Protocols PreferredInstanceType OutpostArn"
    ref = "ResolverEndpoint.Id"
    attributes = (
        "ResolverEndpointId={ref} Arn=ResolverEndpoint.Arn HostVPCId=ResolverEndpoint.HostVPCId "
        "IpAddressCount=ResolverEndpoint.IpAddressCount Direction=ResolverEndpoint.Direction "
        "Name=ResolverEndpoint.Name"
    )
    unmakes = call("delete_resolver_endpoint", ResolverEndpointId="{ref}")
    reads = (
        call("get_resolver_endpoint", ResolverEndpointId="{ref}"),
        call("list_resolver_endpoint_ip_addresses", ResolverEndpointId="{ref}"),
        _READ_TAGS,
    )


class ResolverRule(Table):
    """Where queries for a domain go."""

    type = "AWS::Route53Resolver::ResolverRule"
    service = "route53resolver"
    makes = call(
        "create_resolver_rule",
        "Name DomainName RuleType TargetIps ResolverEndpointId",
        CreatorRequestId=_REQUEST,
    )
    tags = _TAGS
    drops = "DelegationRecord"
    ref = "ResolverRule.Id"
    attributes = (
        "ResolverRuleId={ref} Arn=ResolverRule.Arn DomainName=ResolverRule.DomainName Name=ResolverRule.Name "
        "ResolverEndpointId=ResolverRule.ResolverEndpointId TargetIps=ResolverRule.TargetIps"
    )
    unmakes = call("delete_resolver_rule", ResolverRuleId="{ref}")
    reads = (call("get_resolver_rule", ResolverRuleId="{ref}"), _READ_TAGS)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The service adds a name's last dot itself; a target has a port."""
        arguments = super().arguments(scope)
        arguments["DomainName"] = arguments["DomainName"].rstrip(".")
        for each in arguments.get("TargetIps", []):
            each.setdefault("Port", 53)
        return arguments


class ResolverRuleAssociation(Table):
    """A rule in a VPC."""

    type = "AWS::Route53Resolver::ResolverRuleAssociation"
    service = "route53resolver"
    makes = call("associate_resolver_rule", "ResolverRuleId VPCId Name")
    ref = "ResolverRuleAssociation.Id"
    attributes = (
        "ResolverRuleAssociationId={ref} Name=ResolverRuleAssociation.Name "
        "ResolverRuleId=ResolverRuleAssociation.ResolverRuleId VPCId=ResolverRuleAssociation.VPCId"
    )
    unmakes = call("disassociate_resolver_rule", "ResolverRuleId VPCId")
    reads = (call("get_resolver_rule_association", ResolverRuleAssociationId="{ref}"),)


class ResolverQueryLoggingConfig(Table):
    """Where queries are logged."""

    type = "AWS::Route53Resolver::ResolverQueryLoggingConfig"
    service = "route53resolver"
    makes = call("create_resolver_query_log_config", "Name DestinationArn", CreatorRequestId=_REQUEST)
    drops = "Tags"
    ref = "ResolverQueryLogConfig.Id"
    attributes = "Id={ref} " + " ".join(
        f"{name}=ResolverQueryLogConfig.{name}"
        for name in (
            "Arn",
            "Status",
            "AssociationCount",
            "CreationTime",
            "CreatorRequestId",
            "OwnerId",
            "ShareStatus",
        )
    )
    reads = (call("get_resolver_query_log_config", ResolverQueryLogConfigId="{ref}"),)
    unmakes = call("delete_resolver_query_log_config", ResolverQueryLogConfigId="{ref}")


class ResolverQueryLoggingConfigAssociation(Table):
    """A VPC whose queries are logged."""

    type = "AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation"
    service = "route53resolver"
    makes = call("associate_resolver_query_log_config", "ResolverQueryLogConfigId ResourceId")
    ref = "ResolverQueryLogConfigAssociation.Id"
    attributes = "Id={ref} " + " ".join(
        f"{name}=ResolverQueryLogConfigAssociation.{name}"
        for name in ("Status", "CreationTime", "Error", "ErrorMessage")
    )
    unmakes = call("disassociate_resolver_query_log_config", "ResolverQueryLogConfigId ResourceId")
    reads = (call("get_resolver_query_log_config_association", ResolverQueryLogConfigAssociationId="{ref}"),)
