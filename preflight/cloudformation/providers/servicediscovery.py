"""Cloud Map: namespaces, services and their instances; a private namespace brings its hosted zone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import (
    Name,
    Scope,
    Setting,
    Table,
    Tags,
    call,
    passing_over_gone,
    refusal,
)


def _tags() -> Tags:
    return Tags(call("tag_resource", ResourceARN="{made.Arn}"), remove=call("untag_resource", ResourceARN="{made.Arn}"))


class _Namespace(Table):
    """What the three have in common: making one is an operation that is asked after."""

    service = "servicediscovery"
    word = ""
    ref = "Namespace.Id"
    attributes = "Id={ref} Arn=Namespace.Arn HostedZoneId=Namespace.Properties.DnsProperties.HostedZoneId"
    tags = _tags()
    unmakes = call("delete_namespace", Id="{ref}")
    reads = (
        call("get_namespace", Id="{ref}"),
        call("list_tags_for_resource", ResourceARN="{made.Arn}"),
    )

    def begin(self, scope: Scope) -> dict[str, Any]:
        """The namespace the operation has made."""
        answer = super().begin(scope)
        client = scope.context.client("servicediscovery")
        operation = client.get_operation(OperationId=answer["OperationId"])["Operation"]
        told: dict[str, Any] = client.get_namespace(Id=operation["Targets"]["NAMESPACE"])
        return told


class HttpNamespace(_Namespace):
    """Instances found by the API alone."""

    type = "AWS::ServiceDiscovery::HttpNamespace"
    makes = call("create_http_namespace", "Name Description")
    then = (
        Setting(
            call("update_http_namespace", "Namespace.Description=Description", Id="{ref}"),
            at_create=False,
        ),
    )
    attributes = "Id={ref} Arn=Namespace.Arn"


class PrivateDnsNamespace(_Namespace):
    """Instances found by DNS inside a VPC."""

    type = "AWS::ServiceDiscovery::PrivateDnsNamespace"
    makes = call("create_private_dns_namespace", "Name Description Vpc Properties")
    then = (
        Setting(
            call(
                "update_private_dns_namespace",
                "Namespace.Description=Description Namespace.Properties=Properties",
                Id="{ref}",
            ),
            at_create=False,
        ),
    )
    untold = "Vpc"

    def begin(self, scope: Scope) -> dict[str, Any]:
        """In a VPC that exists."""
        vpc = str(scope.declared.peek("Vpc"))
        with passing_over_gone():
            scope.context.client("ec2").describe_vpcs(VpcIds=[vpc])
            return super().begin(scope)
        raise refusal("InvalidInput", f"The VPC {vpc} does not exist.", "CreatePrivateDnsNamespace")


class PublicDnsNamespace(_Namespace):
    """Instances found by DNS from everywhere."""

    type = "AWS::ServiceDiscovery::PublicDnsNamespace"
    makes = call("create_public_dns_namespace", "Name Description Properties")
    then = (
        Setting(
            call(
                "update_public_dns_namespace",
                "Namespace.Description=Description Namespace.Properties=Properties",
                Id="{ref}",
            ),
            at_create=False,
        ),
    )


class Service(Table):
    """A service: how its instances are registered."""

    type = "AWS::ServiceDiscovery::Service"
    service = "servicediscovery"
    named = Name("Name", limit=127)
    makes = call(
        "create_service",
        "NamespaceId Description DnsConfig HealthCheckConfig HealthCheckCustomConfig Type",
        Name="{name}",
    )
    then = (
        Setting(
            call(
                "update_service",
                "Service.Description=Description Service.DnsConfig.DnsRecords=DnsConfig.DnsRecords "
                "Service.HealthCheckConfig=HealthCheckConfig",
                Id="{ref}",
            ),
            at_create=False,
        ),
    )
    tags = _tags()
    ref = "Service.Id"
    drops = "Type ServiceAttributes"
    attributes = "Id={ref} Arn=Service.Arn Name=Service.Name"
    unmakes = call("delete_service", Id="{ref}")
    reads = (call("get_service", Id="{ref}"), call("list_tags_for_resource", ResourceARN="{made.Arn}"))


class Instance(Table):
    """An instance of a service."""

    type = "AWS::ServiceDiscovery::Instance"
    service = "servicediscovery"
    ref = "InstanceId"
    untold = "ServiceId"
    makes = call("register_instance", "ServiceId", InstanceId="{InstanceId}", Attributes="{InstanceAttributes}")
    unmakes = call("deregister_instance", "ServiceId", InstanceId="{ref}")
    reads = (call("get_instance", "ServiceId", InstanceId="{ref}"),)

    def begin(self, scope: Scope) -> dict[str, Any]:
        """An instance without an id is given one."""
        arguments = self.arguments(scope)
        arguments.setdefault("InstanceId", scope.context.name(limit=64))
        arguments["Attributes"] = _attributes(arguments.get("Attributes"))
        self.ask(scope, "register_instance", arguments)
        return arguments

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """Registering again puts the attributes anew."""
        scope = self.scope(made, declared, context)
        arguments = {**self.arguments(scope), "InstanceId": made.physical_id}
        arguments["Attributes"] = _attributes(arguments.get("Attributes"))
        self.ask(scope, "register_instance", arguments)
        return made


def _attributes(told: Any) -> dict[str, str]:
    import json

    read = json.loads(told) if isinstance(told, str) else told or {}
    return {str(name): str(value) for name, value in read.items()}
