"""Whether the things a template's parameters name are there, as CloudFormation asks before it makes anything of them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html,
checked_on 2026-11-22. An image is not asked for: AWS has more of them than any copy knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from preflight.intrinsics import availability_zones
from preflight.template import Template

MakeClient = Callable[[str], Any]


def missing(template: Template, values: Mapping[str, Any], client: MakeClient, region: str) -> list[str]:
    """What CloudFormation says of every value that names nothing."""
    return [
        f"parameter value {value} for parameter name {name} does not exist"
        for name, kind, value in _asked(template, values)
        if not _is_there(kind, value, client, region)
    ]


def _asked(template: Template, values: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, declared in template.parameters.items():
        kind = str(declared.get("Type", ""))
        value = values.get(name)
        if kind.startswith("AWS::SSM::Parameter::Value<"):
            kind = kind.removeprefix("AWS::SSM::Parameter::Value<").removesuffix(">")
        one = kind.removeprefix("List<").removesuffix(">")
        if one in _KINDS or one == _ZONE:
            for each in value if isinstance(value, list) else [value]:
                yield name, one, str(each)
        elif kind == "AWS::SSM::Parameter::Name":
            yield name, kind, str(value)


def _is_there(kind: str, value: str, client: MakeClient, region: str) -> bool:
    if kind == _ZONE:
        return value in availability_zones(region)
    service, operation, argument, in_a_list = _KINDS[kind]
    api = client(service)
    try:
        getattr(api, operation)(**{argument: [value] if in_a_list else value})
    except api.exceptions.ClientError:
        return False
    return True


_ZONE = "AWS::EC2::AvailabilityZone::Name"
_KINDS = {
    "AWS::EC2::Instance::Id": ("ec2", "describe_instances", "InstanceIds", True),
    "AWS::EC2::KeyPair::KeyName": ("ec2", "describe_key_pairs", "KeyNames", True),
    "AWS::EC2::SecurityGroup::GroupName": ("ec2", "describe_security_groups", "GroupNames", True),
    "AWS::EC2::SecurityGroup::Id": ("ec2", "describe_security_groups", "GroupIds", True),
    "AWS::EC2::Subnet::Id": ("ec2", "describe_subnets", "SubnetIds", True),
    "AWS::EC2::VPC::Id": ("ec2", "describe_vpcs", "VpcIds", True),
    "AWS::EC2::Volume::Id": ("ec2", "describe_volumes", "VolumeIds", True),
    "AWS::Route53::HostedZone::Id": ("route53", "get_hosted_zone", "Id", False),
    "AWS::SSM::Parameter::Name": ("ssm", "get_parameter", "Name", False),
}
