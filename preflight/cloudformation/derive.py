"""Physical ids and attributes in the form AWS gives them, where no service has given any.

Everything here is stable: the same stack and logical id give the same values each time. ARN formats are those of
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
and the values of Ref those of each type's page under
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/, checked_on 2026-11-22.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from preflight.cloudformation import schemas
from preflight.intrinsics import Scope, Unknown, partition


def physical_id(resource_type: str, logical_id: str, properties: Mapping[str, Any], scope: Scope) -> str:
    """The value of `Ref`: the declared name where the type is known by it, else one made up in its form."""
    seed = f"{scope.stack_name}/{logical_id}"
    name = _NAMED_BY.get(resource_type) or _identifier(resource_type)
    declared = properties.get(name)
    if isinstance(declared, str) and not name.endswith("Arn"):
        return declared
    if resource_type == "AWS::SQS::Queue":
        label = _declared_name(resource_type, properties) or _generated_name(scope.stack_name, logical_id, seed)
        return _fill("https://sqs.{region}.{suffix}/{account}/{id}", seed, scope, label)
    if resource_type == "AWS::EC2::EIP":
        return f"203.0.113.{int(digits(seed, 2), 16) % 254 + 1}"
    if resource_type in _ID_FORMS:
        return _fill(_ID_FORMS[resource_type], seed, scope)
    label = _declared_name(resource_type, properties) or _generated_name(scope.stack_name, logical_id, seed)
    if resource_type in _LOWERCASE:
        label = label.lower()
    if name.endswith("Arn") or resource_type in _REF_IS_ARN:
        return _arn(resource_type, label, seed, scope)
    return label


def attribute_names(resource_type: str) -> tuple[str, ...]:
    """The names `Fn::GetAtt` takes for a type, without the insides of objects and lists."""
    schema = schemas.find(resource_type)
    if schema is None:
        return ()
    return tuple(name for name in schema.attributes if "*" not in name)


def attribute(resource_type: str, name: str, physical: str, properties: Mapping[str, Any], scope: Scope) -> Any:
    """The value of one attribute, of its declared type.

    Where it does not follow from the type and its properties (`follows` tells) it is an Unknown, or where a text would
    not do the least of its type: 0 (1 for a version), false, an empty map or list.
    """
    schema = schemas.find(resource_type)
    shape = schema.shape_of(name.split(".")) if schema else "?"
    value = _attribute(resource_type, name, physical, properties, scope)
    if shape[0] in "in" and isinstance(value, str) and not value.isdigit():
        value = Unknown(value)
    if isinstance(value, Unknown) and shape[0] in _LEAST:
        return 1 if shape[0] in "in" and _COUNTED_FROM_ONE.search(name) else _LEAST[shape[0]]()
    if shape[0] in "in" and isinstance(value, str) and value.isdigit():
        return int(value)
    return value


def source_of(resource_type: str, name: str, properties: Mapping[str, Any]) -> Any:
    """The name or ARN of whatever a resource has this attribute from, where it has none of its own.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html (Port), checked_on
    2026-11-23
    """
    if (resource_type, name) != ("AWS::RDS::DBInstance", "Endpoint.Port") or properties.get("Port"):
        return None
    return properties.get("SourceDBInstanceIdentifier")


def follows(resource_type: str, name: str, value: Any, properties: Mapping[str, Any]) -> bool:
    """Whether an attribute's derived value follows from the type and its properties, rather than only having a form."""
    if isinstance(value, Unknown):
        return False
    schema = schemas.find(resource_type)
    shape = schema.shape_of(name.split(".")) if schema else "?"
    return shape[0] not in "inb#{" or _at(properties, name) is not None or (resource_type, name) in _KNOWN


def _attribute(resource_type: str, name: str, physical: str, properties: Mapping[str, Any], scope: Scope) -> Any:
    seed = f"{physical}.{name}"
    declared = _at(properties, _TOLD_BY.get((resource_type, name), name))
    if declared is not None:
        return declared
    if (resource_type, name) in _PORTS:
        engine = properties.get("Engine")
        told = properties.get("Port") or (_PORTS[resource_type, name].get(str(engine)) if engine else None)
        # without an engine of its own it has its source's, or its snapshot's
        return str(told) if told else Unknown.of(f"{name} of {physical}")
    if (resource_type, name) in _ATTRIBUTES:
        form = _ATTRIBUTES[resource_type, name]
        return _fill(form, seed, scope, physical) if isinstance(form, str) else form
    kind = resource_type.rsplit("::", 1)[-1]
    own_arn_names = ("Arn", f"{kind}Arn", f"{kind}ARN")
    if name in own_arn_names or (name == _identifier(resource_type) and name.endswith("Arn")):
        return physical if physical.startswith("arn:") else _arn(resource_type, physical, physical, scope)
    if name in ("Id", f"{kind}Id", f"{kind}Name", "Name") or name == _identifier(resource_type):
        return _last(physical) if physical.startswith("arn:") else physical
    if name.endswith(("Arn", "ARN")):
        # in the form of one, which is what services look at before they take it
        service = resource_type.split("::")[1].lower() if "::" in resource_type else "cloudformation"
        return Unknown(
            f"arn:{partition(scope.region)}:{service}:{scope.region}:{scope.account}:{name}/{_last(physical)}"
        )
    return Unknown.of(f"{name} of {physical}")


def own_arn(resource_type: str, physical: str, attributes: Mapping[str, Any]) -> str | None:
    """The resource's ARN among its attributes or as its physical id."""
    if physical.startswith("arn:"):
        return physical
    kind = resource_type.rsplit("::", 1)[-1]
    for name in ("Arn", f"{kind}Arn", f"{kind}ARN", _identifier(resource_type)):
        value = attributes.get(name)
        if isinstance(value, str) and value.startswith("arn:"):
            return value
    return None


def digits(seed: str, length: int, alphabet: str = "0123456789abcdef") -> str:
    """A stable run of characters for a seed."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big")
    out = []
    for _ in range(length):
        number, index = divmod(number, len(alphabet))
        out.append(alphabet[index])
    return "".join(out)


def _identifier(resource_type: str) -> str:
    schema = schemas.find(resource_type)
    return schema.identifier[-1] if schema and schema.identifier else "Id"


def _declared_name(resource_type: str, properties: Mapping[str, Any]) -> str | None:
    kind = resource_type.rsplit("::", 1)[-1]
    for name in (f"{kind}Name", "Name", "ManagedPolicyName"):
        if isinstance(properties.get(name), str):
            return str(properties[name])
    return None


def _generated_name(stack_name: str, logical_id: str, seed: str) -> str:
    suffix = digits(seed, 12, _UPPER)
    return f"{stack_name[:24]}-{logical_id[:24]}-{suffix}"


def _arn(resource_type: str, label: str, seed: str, scope: Scope) -> str:
    service = resource_type.split("::")[1].lower() if "::" in resource_type else "cloudformation"
    kind = resource_type.rsplit("::", 1)[-1].lower()
    form = _ARNS.get(resource_type, f"{service}:{{region}}:{{account}}:{kind}/{{id}}")
    return f"arn:{partition(scope.region)}:{_fill(form, seed, scope, label)}"


def _fill(form: str, seed: str, scope: Scope, label: str = "") -> str:
    values = {
        "id": label,
        "last": _last(label),
        "region": scope.region,
        "account": scope.account,
        "partition": partition(scope.region),
        "suffix": "amazonaws.com.cn" if scope.region.startswith("cn-") else "amazonaws.com",
        "hex8": digits(seed, 8),
        "hex16": digits(seed, 16),
        "hex17": digits(seed, 17),
        "low10": digits(seed, 10, _LOWER),
        "low12": digits(seed, 12, _LOWER),
        "low26": digits(seed, 26, _LOWER),
        "up6": digits(seed, 6, _UPPER),
        "up9": digits(seed, 9, _UPPER),
        "up13": digits(seed, 13, _UPPER),
        "up17": digits(seed, 17, _UPPER),
        "uuid": "-".join(digits(seed, 32)[start:end] for start, end in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))),
    }
    return form.format_map(values)


def _last(value: str) -> str:
    return value.rsplit("/", 1)[-1].rsplit(":", 1)[-1]


def _at(properties: Mapping[str, Any], path: str) -> Any:
    value: Any = properties
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


_LEAST: dict[str, Callable[[], Any]] = {"i": int, "n": int, "b": bool, "#": dict, "{": dict, "[": list, "j": dict}
_COUNTED_FROM_ONE = re.compile(r"Version|Revision|Generation")

_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"

# where Ref is the name in another property than the schema's identifier
_NAMED_BY = {
    "AWS::Events::Rule": "Name",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::ECS::Service": "-",
    "AWS::Lambda::Alias": "-",
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secrettargetattachment.html
    "AWS::SecretsManager::SecretTargetAttachment": "SecretId",
}

_REF_IS_ARN = {"AWS::SecretsManager::Secret", "AWS::CertificateManager::Certificate", "AWS::ECS::Service"}

_LOWERCASE = {
    "AWS::ECR::Repository",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBSubnetGroup",
    "AWS::S3::Bucket",
}

_ID_FORMS = {
    "AWS::ApiGateway::Deployment": "{low10}",
    "AWS::ApiGateway::Resource": "{low10}",
    "AWS::ApiGateway::RestApi": "{low10}",
    "AWS::ApiGatewayV2::Api": "{low10}",
    "AWS::Backup::BackupPlan": "{uuid}",
    "AWS::CertificateManager::Certificate": "arn:{partition}:acm:{region}:{account}:certificate/{uuid}",
    "AWS::CloudFormation::WaitConditionHandle": (
        "https://cloudformation-waitcondition-{region}.s3.{suffix}/arn%3A{partition}%3Acloudformation%3A{region}%3A"
        "{account}%3Astack/{uuid}/WaitHandle?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=86399"
    ),
    "AWS::CloudFront::CloudFrontOriginAccessIdentity": "E{up13}",
    "AWS::CloudFront::Distribution": "E{up13}",
    "AWS::CloudFront::OriginAccessControl": "E{up13}",
    "AWS::Cognito::IdentityPool": "{region}:{uuid}",
    "AWS::Cognito::UserPool": "{region}_{up9}",
    "AWS::Cognito::UserPoolClient": "{low26}",
    "AWS::EC2::CapacityReservation": "cr-{hex17}",
    "AWS::EC2::ClientVpnEndpoint": "cvpn-endpoint-{hex17}",
    "AWS::EC2::ClientVpnTargetNetworkAssociation": "cvpn-assoc-{hex17}",
    "AWS::EC2::IPAM": "ipam-{hex17}",
    "AWS::EC2::IPAMPool": "ipam-pool-{hex17}",
    "AWS::EC2::IPAMScope": "ipam-scope-{hex17}",
    "AWS::EC2::InstanceConnectEndpoint": "eice-{hex17}",
    "AWS::EC2::NetworkInterfacePermission": "eni-perm-{hex17}",
    "AWS::EC2::TrafficMirrorFilter": "tmf-{hex17}",
    "AWS::EC2::TrafficMirrorSession": "tms-{hex17}",
    "AWS::EC2::TrafficMirrorTarget": "tmt-{hex17}",
    "AWS::EC2::TransitGatewayConnect": "tgw-attach-{hex17}",
    "AWS::EC2::TransitGatewayMulticastDomain": "tgw-mcast-domain-{hex17}",
    "AWS::GlobalAccelerator::Accelerator": "arn:{partition}:globalaccelerator::{account}:accelerator/{uuid}",
    "AWS::GlobalAccelerator::EndpointGroup": (
        "arn:{partition}:globalaccelerator::{account}:accelerator/{uuid}/listener/{hex8}/endpoint-group/{low12}"
    ),
    "AWS::GlobalAccelerator::Listener": (
        "arn:{partition}:globalaccelerator::{account}:accelerator/{uuid}/listener/{hex8}"
    ),
    "AWS::EC2::CustomerGateway": "cgw-{hex17}",
    "AWS::EC2::DHCPOptions": "dopt-{hex17}",
    "AWS::EC2::EgressOnlyInternetGateway": "eigw-{hex17}",
    "AWS::EC2::FlowLog": "fl-{hex17}",
    "AWS::EC2::Instance": "i-{hex17}",
    "AWS::EC2::InternetGateway": "igw-{hex17}",
    "AWS::EC2::LaunchTemplate": "lt-{hex17}",
    "AWS::EC2::NatGateway": "nat-{hex17}",
    "AWS::EC2::NetworkAcl": "acl-{hex17}",
    "AWS::EC2::NetworkInterface": "eni-{hex17}",
    "AWS::EC2::PrefixList": "pl-{hex17}",
    "AWS::EC2::RouteTable": "rtb-{hex17}",
    "AWS::EC2::SecurityGroup": "sg-{hex17}",
    "AWS::EC2::SecurityGroupEgress": "sgr-{hex17}",
    "AWS::EC2::SecurityGroupIngress": "sgr-{hex17}",
    "AWS::EC2::Subnet": "subnet-{hex17}",
    "AWS::EC2::SubnetNetworkAclAssociation": "aclassoc-{hex17}",
    "AWS::EC2::SubnetRouteTableAssociation": "rtbassoc-{hex17}",
    "AWS::EC2::TransitGateway": "tgw-{hex17}",
    "AWS::EC2::TransitGatewayAttachment": "tgw-attach-{hex17}",
    "AWS::EC2::VPC": "vpc-{hex17}",
    "AWS::EC2::VPCEndpoint": "vpce-{hex17}",
    "AWS::EC2::VPCPeeringConnection": "pcx-{hex17}",
    "AWS::EC2::VPNConnection": "vpn-{hex17}",
    "AWS::EC2::VPNGateway": "vgw-{hex17}",
    "AWS::EC2::Volume": "vol-{hex17}",
    "AWS::EFS::AccessPoint": "fsap-{hex17}",
    "AWS::EFS::FileSystem": "fs-{hex17}",
    "AWS::EFS::MountTarget": "fsmt-{hex17}",
    "AWS::FSx::FileSystem": "fs-{hex17}",
    "AWS::GuardDuty::Detector": "{hex16}{hex16}",
    "AWS::IAM::AccessKey": "AKIA{up13}PRE",
    "AWS::KMS::Key": "{uuid}",
    "AWS::Lambda::EventSourceMapping": "{uuid}",
    "AWS::Organizations::OrganizationalUnit": "ou-{hex8}",
    "AWS::Route53::HealthCheck": "{uuid}",
    "AWS::Route53::HostedZone": "Z{up13}",
}

_ARNS = {
    "AWS::ApiGateway::RestApi": "apigateway:{region}::/restapis/{id}",
    "AWS::ApiGatewayV2::Api": "apigateway:{region}::/apis/{id}",
    "AWS::AutoScaling::AutoScalingGroup": (
        "autoscaling:{region}:{account}:autoScalingGroup:{uuid}:autoScalingGroupName/{id}"
    ),
    "AWS::Backup::BackupPlan": "backup:{region}:{account}:backup-plan:{id}",
    "AWS::NetworkFirewall::Firewall": "network-firewall:{region}:{account}:firewall/{id}",
    "AWS::NetworkFirewall::FirewallPolicy": "network-firewall:{region}:{account}:firewall-policy/{id}",
    "AWS::NetworkFirewall::RuleGroup": "network-firewall:{region}:{account}:stateful-rulegroup/{id}",
    "AWS::Backup::BackupVault": "backup:{region}:{account}:backup-vault:{id}",
    "AWS::CertificateManager::Certificate": "acm:{region}:{account}:certificate/{uuid}",
    "AWS::CloudFront::Distribution": "cloudfront::{account}:distribution/{id}",
    "AWS::CloudTrail::Trail": "cloudtrail:{region}:{account}:trail/{id}",
    "AWS::CloudWatch::Alarm": "cloudwatch:{region}:{account}:alarm:{id}",
    "AWS::CloudWatch::CompositeAlarm": "cloudwatch:{region}:{account}:alarm:{id}",
    "AWS::CodeBuild::Project": "codebuild:{region}:{account}:project/{id}",
    "AWS::CodePipeline::Pipeline": "codepipeline:{region}:{account}:{id}",
    "AWS::Cognito::UserPool": "cognito-idp:{region}:{account}:userpool/{id}",
    "AWS::DynamoDB::GlobalTable": "dynamodb:{region}:{account}:table/{id}",
    "AWS::DynamoDB::Table": "dynamodb:{region}:{account}:table/{id}",
    "AWS::EC2::Instance": "ec2:{region}:{account}:instance/{id}",
    "AWS::EC2::InternetGateway": "ec2:{region}:{account}:internet-gateway/{id}",
    "AWS::EC2::SecurityGroup": "ec2:{region}:{account}:security-group/{id}",
    "AWS::EC2::Subnet": "ec2:{region}:{account}:subnet/{id}",
    "AWS::EC2::VPC": "ec2:{region}:{account}:vpc/{id}",
    "AWS::ECR::Repository": "ecr:{region}:{account}:repository/{id}",
    "AWS::ECS::Cluster": "ecs:{region}:{account}:cluster/{id}",
    "AWS::ECS::Service": "ecs:{region}:{account}:service/{id}",
    "AWS::ECS::TaskDefinition": "ecs:{region}:{account}:task-definition/{id}:1",
    "AWS::EFS::AccessPoint": "elasticfilesystem:{region}:{account}:access-point/{id}",
    "AWS::EFS::FileSystem": "elasticfilesystem:{region}:{account}:file-system/{id}",
    "AWS::EKS::Cluster": "eks:{region}:{account}:cluster/{id}",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        "elasticloadbalancing:{region}:{account}:loadbalancer/app/{id}/{hex16}"
    ),
    "AWS::ElasticLoadBalancingV2::Listener": (
        "elasticloadbalancing:{region}:{account}:listener/app/{id}/{hex16}/{hex16}"
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": "elasticloadbalancing:{region}:{account}:targetgroup/{id}/{hex16}",
    "AWS::Events::EventBus": "events:{region}:{account}:event-bus/{id}",
    "AWS::Events::Rule": "events:{region}:{account}:rule/{id}",
    "AWS::IAM::Group": "iam::{account}:group/{id}",
    "AWS::IAM::InstanceProfile": "iam::{account}:instance-profile/{id}",
    "AWS::IAM::ManagedPolicy": "iam::{account}:policy/{id}",
    "AWS::IAM::OIDCProvider": "iam::{account}:oidc-provider/{id}",
    "AWS::IAM::Role": "iam::{account}:role/{id}",
    "AWS::IAM::SAMLProvider": "iam::{account}:saml-provider/{id}",
    "AWS::IAM::User": "iam::{account}:user/{id}",
    "AWS::KMS::Key": "kms:{region}:{account}:key/{id}",
    "AWS::Kinesis::Stream": "kinesis:{region}:{account}:stream/{id}",
    "AWS::KinesisFirehose::DeliveryStream": "firehose:{region}:{account}:deliverystream/{id}",
    "AWS::Lambda::Alias": "lambda:{region}:{account}:function:{id}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{id}",
    "AWS::Lambda::LayerVersion": "lambda:{region}:{account}:layer:{id}:1",
    "AWS::Lambda::Version": "lambda:{region}:{account}:function:{id}:1",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{id}:*",
    "AWS::Organizations::Organization": "organizations::{account}:organization/{id}",
    "AWS::Organizations::Policy": "organizations::{account}:policy/{id}",
    "AWS::RDS::DBCluster": "rds:{region}:{account}:cluster:{id}",
    "AWS::RDS::DBInstance": "rds:{region}:{account}:db:{id}",
    "AWS::RDS::DBSubnetGroup": "rds:{region}:{account}:subgrp:{id}",
    "AWS::S3::AccessPoint": "s3:{region}:{account}:accesspoint/{id}",
    "AWS::S3::Bucket": "s3:::{id}",
    "AWS::SES::EmailIdentity": "ses:{region}:{account}:identity/{id}",
    "AWS::SNS::Subscription": "sns:{region}:{account}:{id}:{uuid}",
    "AWS::SNS::Topic": "sns:{region}:{account}:{id}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{last}",
    "AWS::SSM::Parameter": "ssm:{region}:{account}:parameter/{id}",
    "AWS::Scheduler::Schedule": "scheduler:{region}:{account}:schedule/default/{id}",
    "AWS::SecretsManager::Secret": "secretsmanager:{region}:{account}:secret:{id}-{up6}",
    "AWS::StepFunctions::StateMachine": "states:{region}:{account}:stateMachine:{id}",
    "AWS::WAFv2::WebACL": "wafv2:{region}:{account}:regional/webacl/{id}/{uuid}",
}

# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html, the default ports
_ENGINE_PORTS = {
    "mysql": "3306",
    "mariadb": "3306",
    "aurora": "3306",
    "aurora-mysql": "3306",
    "postgres": "5432",
    "aurora-postgresql": "5432",
    "oracle-ee": "1521",
    "oracle-se2": "1521",
    "sqlserver-ee": "1433",
    "sqlserver-se": "1433",
    "sqlserver-ex": "1433",
    "sqlserver-web": "1433",
    "db2-ae": "50000",
    "db2-se": "50000",
}
_PORTS = {
    ("AWS::RDS::DBInstance", "Endpoint.Port"): _ENGINE_PORTS,
    ("AWS::RDS::DBCluster", "Endpoint.Port"): _ENGINE_PORTS,
}

# attributes that a property of another name tells
_TOLD_BY = {
    ("AWS::EC2::Instance", "PrivateIp"): "PrivateIpAddress",
    ("AWS::EC2::NetworkInterface", "PrimaryPrivateIpAddress"): "PrivateIpAddress",
}

_ATTRIBUTES: dict[tuple[str, str], Any] = {
    ("AWS::ApiGateway::RestApi", "RootResourceId"): "{low10}",
    ("AWS::ApiGatewayV2::Api", "ApiEndpoint"): "https://{id}.execute-api.{region}.{suffix}",
    ("AWS::CloudFormation::WaitCondition", "Data"): "{{}}",
    ("AWS::CloudFront::Distribution", "DomainName"): "d{low12}.cloudfront.net",
    ("AWS::CloudFront::CloudFrontOriginAccessIdentity", "S3CanonicalUserId"): "{hex16}{hex16}{hex16}{hex16}",
    ("AWS::Cognito::UserPool", "ProviderName"): "cognito-idp.{region}.{suffix}/{id}",
    ("AWS::Cognito::UserPool", "ProviderURL"): "https://cognito-idp.{region}.{suffix}/{id}",
    ("AWS::DynamoDB::Table", "StreamArn"): (
        "arn:{partition}:dynamodb:{region}:{account}:table/{id}/stream/2026-01-01T00:00:00.000"
    ),
    ("AWS::EC2::EIP", "AllocationId"): "eipalloc-{hex17}",
    ("AWS::EC2::VPC", "DefaultNetworkAcl"): "acl-{hex17}",
    ("AWS::EC2::VPC", "DefaultSecurityGroup"): "sg-{hex17}",
    ("AWS::EC2::LaunchTemplate", "DefaultVersionNumber"): "1",
    ("AWS::EC2::LaunchTemplate", "LatestVersionNumber"): "1",
    ("AWS::EC2::SecurityGroup", "GroupId"): "{id}",
    ("AWS::EC2::Subnet", "NetworkAclAssociationId"): "aclassoc-{hex17}",
    ("AWS::EC2::VPC", "Ipv6CidrBlocks"): [],
    ("AWS::ECR::Repository", "RepositoryUri"): "{account}.dkr.ecr.{region}.{suffix}/{id}",
    ("AWS::ECS::Service", "Name"): "{last}",
    ("AWS::EC2::IPAM", "PrivateDefaultScopeId"): "ipam-scope-{hex17}",
    ("AWS::EC2::IPAM", "PublicDefaultScopeId"): "ipam-scope-{hex17}",
    ("AWS::GlobalAccelerator::Accelerator", "DnsName"): "a{hex16}.awsglobalaccelerator.com",
    ("AWS::GlobalAccelerator::Accelerator", "DualStackDnsName"): "a{hex16}.dualstack.awsglobalaccelerator.com",
    ("AWS::GlobalAccelerator::Accelerator", "Ipv4Addresses"): ["198.51.100.10", "203.0.113.10"],
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "CanonicalHostedZoneID"): "Z{up13}",
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "DNSName"): "{hex16}.{region}.elb.{suffix}",
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerFullName"): "app/{last}/{hex16}",
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetGroupFullName"): "targetgroup/{last}/{hex16}",
    ("AWS::IAM::AccessKey", "SecretAccessKey"): "{hex16}{hex16}{hex8}",
    ("AWS::IAM::Role", "RoleId"): "AROA{up17}",
    ("AWS::Lambda::Version", "Version"): "1",
    ("AWS::RDS::DBCluster", "Endpoint.Address"): "{id}.cluster-{low12}.{region}.rds.{suffix}",
    ("AWS::RDS::DBCluster", "ReadEndpoint.Address"): "{id}.cluster-ro-{low12}.{region}.rds.{suffix}",
    ("AWS::RDS::DBInstance", "Endpoint.Address"): "{id}.{low12}.{region}.rds.{suffix}",
    ("AWS::S3::Bucket", "DomainName"): "{id}.s3.{suffix}",
    ("AWS::S3::Bucket", "DualStackDomainName"): "{id}.s3.dualstack.{region}.{suffix}",
    ("AWS::S3::Bucket", "RegionalDomainName"): "{id}.s3.{region}.{suffix}",
    ("AWS::S3::Bucket", "WebsiteURL"): "http://{id}.s3-website-{region}.{suffix}",
    ("AWS::SNS::Topic", "TopicName"): "{last}",
    ("AWS::SQS::Queue", "QueueName"): "{last}",
}

_KNOWN = _ATTRIBUTES.keys() | _PORTS.keys()
