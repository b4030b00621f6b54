"""Where each resource type stands in a picture, what it is called there, and which icon it has."""

from __future__ import annotations

import re
from typing import NamedTuple


class Look(NamedTuple):
    """How a type is drawn: its words, its icon's name ("" for none), its service category."""

    kind: str
    icon: str
    category: str


def look(kind: str) -> Look:
    """The look of any type, known or not: `AWS::SQS::Queue` is an "SQS queue"."""
    parts = kind.split("::")
    if kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource":
        return Look("Custom resource", "AWSCloudFormation", "management")
    service = parts[1] if len(parts) > 2 else parts[0]
    shown, icon, category = SERVICES.get(service, (service, "", ""))
    icon = ICONS.get(kind, icon)
    if kind in KINDS:
        return Look(KINDS[kind], icon, category)
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", parts[-1] if len(parts) > 2 else "")
    tail = " ".join(word if word.isupper() else word.lower() for word in words)
    if tail.startswith(shown.lower().rstrip("s")):
        # Backup's "backup plan" says the service already
        return Look(tail[:1].upper() + tail[1:] or shown, icon, category)
    return Look(f"{shown} {tail}".strip(), icon, category)


def is_noise(kind: str) -> bool:
    """Whether a type belongs to another thing and is folded into it."""
    return kind in NOISE or (kind.startswith("AWS::ApiGateway") and kind not in API_DOORS)


API_DOORS = {"AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"}

# service: (as it is written, icon, category)
SERVICES: dict[str, tuple[str, str, str]] = {
    "ApiGateway": ("API Gateway", "AmazonAPIGateway", "networking"),
    "ApiGatewayV2": ("API Gateway", "AmazonAPIGateway", "networking"),
    "AppSync": ("AppSync", "AWSAppSync", "integration"),
    "Athena": ("Athena", "AmazonAthena", "analytics"),
    "AutoScaling": ("Auto Scaling", "AmazonEC2AutoScaling", "compute"),
    "Backup": ("Backup", "AWSBackup", "storage"),
    "Batch": ("Batch", "AWSBatch", "compute"),
    "Budgets": ("", "AWSBudgets", "management"),
    "CertificateManager": ("ACM", "AWSCertificateManager", "security"),
    "CloudFront": ("CloudFront", "AmazonCloudFront", "networking"),
    "CloudTrail": ("CloudTrail", "AWSCloudTrail", "management"),
    "CloudWatch": ("CloudWatch", "AmazonCloudWatch", "management"),
    "CodeBuild": ("CodeBuild", "AWSCodeBuild", "developer"),
    "CodePipeline": ("CodePipeline", "AWSCodePipeline", "developer"),
    "Cognito": ("Cognito", "AmazonCognito", "security"),
    "Config": ("Config", "AWSConfig", "management"),
    "DMS": ("DMS", "AWSDatabaseMigrationService", "migration"),
    "DataSync": ("DataSync", "AWSDataSync", "migration"),
    "DirectConnect": ("Direct Connect", "AWSDirectConnect", "networking"),
    "DocDB": ("DocumentDB", "AmazonDocumentDB", "database"),
    "DynamoDB": ("DynamoDB", "AmazonDynamoDB", "database"),
    "EC2": ("EC2", "AmazonEC2", "compute"),
    "ECR": ("ECR", "AmazonElasticContainerRegistry", "compute"),
    "ECS": ("ECS", "AmazonElasticContainerService", "compute"),
    "EFS": ("EFS", "AmazonEFS", "storage"),
    "EKS": ("EKS", "AmazonElasticKubernetesService", "compute"),
    "EMR": ("EMR", "AmazonEMR", "analytics"),
    "ElastiCache": ("ElastiCache", "AmazonElastiCache", "database"),
    "ElasticBeanstalk": ("Elastic Beanstalk", "AWSElasticBeanstalk", "compute"),
    "ElasticLoadBalancing": ("ELB", "ElasticLoadBalancing", "networking"),
    "ElasticLoadBalancingV2": ("ELB", "ElasticLoadBalancing", "networking"),
    "Events": ("EventBridge", "AmazonEventBridge", "integration"),
    "FSx": ("FSx", "AmazonFSx", "storage"),
    "GlobalAccelerator": ("Global Accelerator", "AWSGlobalAccelerator", "networking"),
    "Glue": ("Glue", "AWSGlue", "analytics"),
    "GuardDuty": ("GuardDuty", "AmazonGuardDuty", "security"),
    "IAM": ("IAM", "AWSIdentityandAccessManagement", "security"),
    "InspectorV2": ("Inspector", "AmazonInspector", "security"),
    "KMS": ("KMS", "AWSKeyManagementService", "security"),
    "Kinesis": ("Kinesis", "AmazonKinesisDataStreams", "analytics"),
    "KinesisAnalyticsV2": ("Apache Flink", "AmazonManagedServiceforApacheFlink", "analytics"),
    "KinesisFirehose": ("Firehose", "AmazonDataFirehose", "analytics"),
    "LakeFormation": ("Lake Formation", "AWSLakeFormation", "analytics"),
    "Lambda": ("Lambda", "AWSLambda", "compute"),
    "Logs": ("CloudWatch", "AmazonCloudWatch", "management"),
    "MSK": ("MSK", "AmazonManagedStreamingforApacheKafka", "analytics"),
    "Macie": ("Macie", "AmazonMacie", "security"),
    "NetworkFirewall": ("Network Firewall", "AWSNetworkFirewall", "security"),
    "OpenSearchService": ("OpenSearch", "AmazonOpenSearchService", "analytics"),
    "Organizations": ("Organizations", "AWSOrganizations", "management"),
    "Pipes": ("EventBridge", "AmazonEventBridge", "integration"),
    "RDS": ("RDS", "AmazonRDS", "database"),
    "Redshift": ("Redshift", "AmazonRedshift", "analytics"),
    "Route53": ("Route 53", "AmazonRoute53", "networking"),
    "Route53Resolver": ("Route 53 resolver", "AmazonRoute53", "networking"),
    "S3": ("S3", "AmazonSimpleStorageService", "storage"),
    "S3Express": ("S3 Express", "AmazonSimpleStorageService", "storage"),
    "SES": ("SES", "AmazonSimpleEmailService", "integration"),
    "SNS": ("SNS", "AmazonSimpleNotificationService", "integration"),
    "SQS": ("SQS", "AmazonSimpleQueueService", "integration"),
    "SSM": ("Systems Manager", "AWSSystemsManager", "management"),
    "SageMaker": ("SageMaker", "AmazonSageMakerAI", "analytics"),
    "Scheduler": ("EventBridge", "AmazonEventBridge", "integration"),
    "SecretsManager": ("Secrets Manager", "AWSSecretsManager", "security"),
    "SecurityHub": ("Security Hub", "AWSSecurityHub", "security"),
    "ServiceDiscovery": ("Cloud Map", "AWSCloudMap", "networking"),
    "StepFunctions": ("Step Functions", "AWSStepFunctions", "integration"),
    "StorageGateway": ("Storage Gateway", "AWSStorageGateway", "storage"),
    "Transfer": ("Transfer Family", "AWSTransferFamily", "migration"),
    "WAFv2": ("WAF", "AWSWAF", "security"),
    "XRay": ("X-Ray", "AWSXRay", "developer"),
}

ICONS = {
    "AWS::EC2::ClientVpnEndpoint": "AWSClientVPN",
    "AWS::EC2::CustomerGateway": "AWSSitetoSiteVPN",
    "AWS::EC2::EgressOnlyInternetGateway": "AmazonVirtualPrivateCloud",
    "AWS::EC2::InternetGateway": "AmazonVirtualPrivateCloud",
    "AWS::EC2::NatGateway": "AmazonVirtualPrivateCloud",
    "AWS::EC2::PrefixList": "AmazonVirtualPrivateCloud",
    "AWS::EC2::SecurityGroup": "AmazonVirtualPrivateCloud",
    "AWS::EC2::TransitGateway": "AWSTransitGateway",
    "AWS::EC2::TransitGatewayAttachment": "AWSTransitGateway",
    "AWS::EC2::TransitGatewayVpcAttachment": "AWSTransitGateway",
    "AWS::EC2::VPCEndpoint": "AWSPrivateLink",
    "AWS::EC2::VPCEndpointService": "AWSPrivateLink",
    "AWS::EC2::VPCPeeringConnection": "AmazonVirtualPrivateCloud",
    "AWS::EC2::VPNConnection": "AWSSitetoSiteVPN",
    "AWS::EC2::VPNGateway": "AWSSitetoSiteVPN",
    "AWS::EC2::Volume": "AmazonElasticBlockStore",
    "AWS::RDS::DBCluster": "AmazonAurora",
}

KINDS = {
    "AWS::ApiGateway::RestApi": "API Gateway REST API",
    "AWS::ApiGatewayV2::Api": "API Gateway HTTP API",
    "AWS::AutoScaling::AutoScalingGroup": "EC2 Auto Scaling group",
    "AWS::Budgets::Budget": "Budget",
    "AWS::CloudTrail::Trail": "CloudTrail trail",
    "AWS::DynamoDB::GlobalTable": "DynamoDB table",
    "AWS::EC2::CustomerGateway": "On premises",
    "AWS::EC2::EIP": "Elastic IP address",
    "AWS::EC2::InternetGateway": "Internet gateway",
    "AWS::EC2::EgressOnlyInternetGateway": "Egress-only gateway",
    "AWS::EC2::KeyPair": "EC2 key pair",
    "AWS::EC2::NatGateway": "NAT gateway",
    "AWS::EC2::NetworkInterface": "Network interface",
    "AWS::EC2::PrefixList": "Prefix list",
    "AWS::EC2::SecurityGroup": "Security group",
    "AWS::EC2::TransitGateway": "Transit gateway",
    "AWS::EC2::TransitGatewayAttachment": "Transit attachment",
    "AWS::EC2::TransitGatewayVpcAttachment": "Transit attachment",
    "AWS::EC2::VPCEndpoint": "VPC endpoint",
    "AWS::EC2::VPCEndpointService": "Endpoint service",
    "AWS::EC2::VPCPeeringConnection": "VPC peering",
    "AWS::EC2::VPNConnection": "Site-to-Site VPN",
    "AWS::EC2::VPNGateway": "VPN gateway",
    "AWS::EC2::Volume": "EBS volume",
    "AWS::ECR::Repository": "ECR repository",
    "AWS::EFS::FileSystem": "EFS file system",
    "AWS::ElastiCache::CacheCluster": "ElastiCache cluster",
    "AWS::ElastiCache::ReplicationGroup": "ElastiCache replication",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "Load balancer",
    "AWS::GlobalAccelerator::Accelerator": "Global Accelerator",
    "AWS::KMS::Key": "KMS key",
    "AWS::KinesisFirehose::DeliveryStream": "Firehose stream",
    "AWS::Organizations::OrganizationalUnit": "Organizational unit",
    "AWS::Pipes::Pipe": "EventBridge pipe",
    "AWS::RDS::DBCluster": "Aurora cluster",
    "AWS::RDS::DBInstance": "RDS database",
    "AWS::RDS::DBProxy": "RDS Proxy",
    "AWS::SSM::Parameter": "SSM parameter",
    "AWS::Scheduler::Schedule": "EventBridge schedule",
    "AWS::SecretsManager::Secret": "Secret",
    "AWS::ServiceDiscovery::PrivateDnsNamespace": "Cloud Map private DNS",
    "AWS::StepFunctions::StateMachine": "State machine",
    "AWS::WAFv2::WebACL": "WAF web ACL",
}

EDGE = {
    "AWS::CloudFront::Distribution",
    "AWS::Route53::HostedZone",
    "AWS::Route53::HealthCheck",
    "AWS::GlobalAccelerator::Accelerator",
}
FRONT = {
    *API_DOORS,
    "AWS::AppSync::GraphQLApi",
    "AWS::WAFv2::WebACL",
}
ON_PREMISES = "AWS::EC2::CustomerGateway"

# what stands in a VPC as a whole, not in one of its subnets
GATEWAYS = {"AWS::EC2::InternetGateway", "AWS::EC2::EgressOnlyInternetGateway", "AWS::EC2::VPNGateway"}

GROUP = "AWS::EC2::SecurityGroup"
# roles and groups are folded into who wears them, and drawn where nobody does
WORN = {"AWS::IAM::Role", GROUP}

NOISE = {
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::AutoScaling::LaunchConfiguration",
    "AWS::AutoScaling::LifecycleHook",
    "AWS::AutoScaling::ScalingPolicy",
    "AWS::AutoScaling::ScheduledAction",
    "AWS::AutoScaling::WarmPool",
    "AWS::Backup::BackupSelection",
    "AWS::CDK::Metadata",
    "AWS::CloudFormation::WaitCondition",
    "AWS::CloudFormation::WaitConditionHandle",
    "AWS::CloudFront::CachePolicy",
    "AWS::CloudFront::CloudFrontOriginAccessIdentity",
    "AWS::CloudFront::Function",
    "AWS::CloudFront::KeyGroup",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::OriginRequestPolicy",
    "AWS::CloudFront::PublicKey",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::Cognito::IdentityPoolRoleAttachment",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolDomain",
    "AWS::Cognito::UserPoolGroup",
    "AWS::Cognito::UserPoolResourceServer",
    "AWS::Config::DeliveryChannel",
    "AWS::EC2::DHCPOptions",
    "AWS::EC2::EIPAssociation",
    "AWS::EC2::FlowLog",
    "AWS::EC2::GatewayRouteTableAssociation",
    "AWS::EC2::KeyPair",
    "AWS::EC2::LaunchTemplate",
    "AWS::EC2::NetworkAcl",
    "AWS::EC2::NetworkAclEntry",
    "AWS::EC2::NetworkInterfaceAttachment",
    "AWS::EC2::PlacementGroup",
    "AWS::EC2::PrefixList",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SubnetCidrBlock",
    "AWS::EC2::SubnetNetworkAclAssociation",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::TransitGatewayRoute",
    "AWS::EC2::TransitGatewayRouteTable",
    "AWS::EC2::TransitGatewayRouteTableAssociation",
    "AWS::EC2::TransitGatewayRouteTablePropagation",
    "AWS::EC2::VPCBlockPublicAccessExclusion",
    "AWS::EC2::VPCBlockPublicAccessOptions",
    "AWS::EC2::VPCCidrBlock",
    "AWS::EC2::VPCDHCPOptionsAssociation",
    "AWS::EC2::VPCEndpointServicePermissions",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::EC2::VPNConnectionRoute",
    "AWS::EC2::VPNGatewayRoutePropagation",
    "AWS::EC2::VolumeAttachment",
    "AWS::ECS::CapacityProvider",
    "AWS::ECS::ClusterCapacityProviderAssociations",
    "AWS::ECS::TaskDefinition",
    "AWS::EFS::AccessPoint",
    "AWS::EFS::MountTarget",
    "AWS::ElastiCache::ParameterGroup",
    "AWS::ElastiCache::SubnetGroup",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerCertificate",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::Events::Archive",
    "AWS::Events::EventBusPolicy",
    "AWS::GlobalAccelerator::EndpointGroup",
    "AWS::GlobalAccelerator::Listener",
    "AWS::IAM::AccessKey",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::ServiceLinkedRole",
    "AWS::IAM::UserPolicy",
    "AWS::IAM::GroupPolicy",
    "AWS::IAM::UserToGroupAddition",
    "AWS::IAM::VirtualMFADevice",
    "AWS::KMS::Alias",
    "AWS::LakeFormation::PrincipalPermissions",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::LayerVersionPermission",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Url",
    "AWS::Lambda::Version",
    "AWS::Logs::LogGroup",
    "AWS::Logs::LogStream",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::ResourcePolicy",
    "AWS::Logs::SubscriptionFilter",
    "AWS::RDS::DBClusterParameterGroup",
    "AWS::RDS::DBParameterGroup",
    "AWS::RDS::DBProxyTargetGroup",
    "AWS::RDS::DBSubnetGroup",
    "AWS::RDS::OptionGroup",
    "AWS::Redshift::ClusterSubnetGroup",
    "AWS::Route53::RecordSet",
    "AWS::Route53::RecordSetGroup",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::ScheduleGroup",
    "AWS::SecretsManager::ResourcePolicy",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::SecretsManager::SecretTargetAttachment",
    "AWS::ServiceDiscovery::Instance",
    "AWS::ServiceDiscovery::Service",
    "AWS::WAFv2::LoggingConfiguration",
    "AWS::WAFv2::WebACLAssociation",
    "Custom::AWS",
    "Custom::CDKBucketDeployment",
    "Custom::LogRetention",
    "Custom::S3AutoDeleteObjects",
    "Custom::S3AutoDeleteObjectsCustomResourceProvider",
    "Custom::S3BucketNotifications",
    "Custom::VpcRestrictDefaultSG",
}
