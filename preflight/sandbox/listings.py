"""How each service lists what stands in it: one row of the table for each kind of thing that can be left behind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from preflight.sandbox.inventory import Kin, Listing, Tags, TagsBy, as_tags, at


def _asked(operation: str, parameter: str, field: str, result: str = "Tags") -> TagsBy:
    """Tags that are asked for one thing at a time; one that is gone meanwhile has none."""

    def ask(client: Any, item: Mapping[str, Any]) -> Tags:
        from botocore.exceptions import ClientError

        try:
            answer = getattr(client, operation)(**{parameter: item[field]})
        except ClientError as error:
            if GONE.search(str(error.response.get("Error", {}).get("Code", ""))):
                return {}
            raise
        return as_tags(at(result, answer))

    return ask


GONE = re.compile(r"NotFound|NoSuch|NonExistent|DoesNotExist")


def _of(*pairs: tuple[str, str]) -> Any:
    """The resources an item is of: types, and where their ids are in it."""

    def kin(item: Mapping[str, Any]) -> Iterable[Kin]:
        for type, path in pairs:
            found = at(path, item)
            for id in found if isinstance(found, list) else [found]:
                if id:
                    yield type, str(id)

    return kin


# the log groups that services make and name by themselves
LOG_GROUPS: tuple[tuple[str, str], ...] = (
    (r"/aws/lambda/(?:us-east-1\.)?([^/]+)", "AWS::Lambda::Function"),
    (r"API-Gateway-Execution-Logs_([^/]+)/.*", "AWS::ApiGateway::RestApi"),
    (r"/aws/apigateway/([^/]+)/.*", "AWS::ApiGatewayV2::Api"),
    (r"/aws/rds/instance/([^/]+)/.*", "AWS::RDS::DBInstance"),
    (r"/aws/rds/cluster/([^/]+)/.*", "AWS::RDS::DBCluster"),
    (r"/aws/rds/proxy/([^/]+)", "AWS::RDS::DBProxy"),
    (r"/aws/codebuild/(.+)", "AWS::CodeBuild::Project"),
    (r"/aws/ecs/containerinsights/([^/]+)/.*", "AWS::ECS::Cluster"),
    (r"/aws/eks/([^/]+)/.*", "AWS::EKS::Cluster"),
    (r"/aws/kinesisfirehose/(.+)", "AWS::KinesisFirehose::DeliveryStream"),
)


def log_group_kin(item: Mapping[str, Any]) -> Iterable[Kin]:
    """The resource a log group was made for, by the name the service gave it."""
    for pattern, type in LOG_GROUPS:
        found = re.fullmatch(pattern, str(item["logGroupName"]))
        if found:
            yield type, found[1]


def bucket_tags(client: Any, item: Mapping[str, Any]) -> Tags:
    """A bucket's tags; one without any is an error to S3."""
    from botocore.exceptions import ClientError

    try:
        return as_tags(client.get_bucket_tagging(Bucket=item["Name"])["TagSet"])
    except ClientError as error:
        # somebody else's bucket may be closed to us: then it is not ours either
        if error.response["Error"]["Code"] in ("NoSuchTagSet", "NoSuchBucket", "AccessDenied", "PermanentRedirect"):
            return {}
        raise


def key_tags(client: Any, item: Mapping[str, Any]) -> Tags:
    """A key's tags; AWS's own keys have none of ours."""
    from botocore.exceptions import ClientError

    try:
        return as_tags(client.list_resource_tags(KeyId=item["KeyId"])["Tags"])
    except ClientError as error:
        if error.response["Error"]["Code"] in ("AccessDeniedException", "NotFoundException"):
            return {}
        raise


def key_detail(client: Any, item: Mapping[str, Any]) -> Mapping[str, Any]:
    """When a key is deleted, if it is to be."""
    told: Mapping[str, Any] = client.describe_key(KeyId=item["KeyId"])["KeyMetadata"]
    return told


def distribution_tags(client: Any, item: Mapping[str, Any]) -> Tags:
    return as_tags(client.list_tags_for_resource(Resource=item["ARN"])["Tags"].get("Items", []))


def zone_tags(client: Any, item: Mapping[str, Any]) -> Tags:
    zone = str(item["Id"]).rpartition("/")[2]
    found = client.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone)
    return as_tags(found["ResourceTagSet"]["Tags"])


def balancer_tags(client: Any, item: Mapping[str, Any]) -> Tags:
    arn = item.get("LoadBalancerArn") if "TargetGroupArn" not in item else item["TargetGroupArn"]
    [found] = client.describe_tags(ResourceArns=[arn])["TagDescriptions"] or [{"Tags": []}]
    return as_tags(found["Tags"])


def _ec2(operation: str, items: str, type: str, id: str, **more: Any) -> Listing:
    return Listing("ec2", operation, items, type, id, **more)


def _iam(operation: str, items: str, type: str, id: str, **more: Any) -> Listing:
    return Listing("iam", operation, items, type, id, everywhere=True, born="CreateDate", **more)


_VPC = ("AWS::EC2::VPC", "VpcId")
_DB, _CLUSTER = "AWS::RDS::DBInstance", "AWS::RDS::DBCluster"
_RDS = {"Engine": "Engine", "AllocatedStorage": "AllocatedStorage", "StorageType": "StorageType", "MultiAZ": "MultiAZ"}
_RDS_GONE = ("deleting",)

LISTINGS: tuple[Listing, ...] = (
    Listing(
        "cloudformation",
        "describe_stacks",
        "Stacks",
        "AWS::CloudFormation::Stack",
        "StackName",
        state="StackStatus",
        gone=("DELETE_COMPLETE",),
    ),
    Listing(
        "s3",
        "list_buckets",
        "Buckets",
        "AWS::S3::Bucket",
        "Name",
        tags_by=bucket_tags,
        everywhere=True,
        born="CreationDate",
    ),
    Listing(
        "logs",
        "describe_log_groups",
        "logGroups",
        "AWS::Logs::LogGroup",
        "logGroupName",
        tags_by=_asked("list_tags_log_group", "logGroupName", "logGroupName", "tags"),
        kin=log_group_kin,
        born="creationTime",
    ),
    _ec2(
        "describe_instances",
        "Reservations[].Instances[]",
        "AWS::EC2::Instance",
        "InstanceId",
        state="State.Name",
        gone=("terminated", "shutting-down"),
        properties={"InstanceType": "InstanceType"},
        kin=_of(("AWS::AutoScaling::AutoScalingGroup", "Tags[?Key=='aws:autoscaling:groupName'].Value")),
    ),
    _ec2(
        "describe_volumes",
        "Volumes",
        "AWS::EC2::Volume",
        "VolumeId",
        gone=("deleting", "deleted"),
        born="CreateTime",
        properties={"Size": "Size", "VolumeType": "VolumeType", "AvailabilityZone": "AvailabilityZone"},
        kin=_of(("AWS::EC2::Instance", "Attachments[].InstanceId")),
    ),
    _ec2(
        "describe_snapshots",
        "Snapshots",
        "AWS::EC2::Snapshot",
        "SnapshotId",
        parameters={"OwnerIds": ["self"]},
        born="StartTime",
        kin=_of(("AWS::EC2::Volume", "VolumeId")),
    ),
    _ec2("describe_images", "Images", "AWS::EC2::Image", "ImageId", parameters={"Owners": ["self"]}),
    _ec2("describe_addresses", "Addresses", "AWS::EC2::EIP", "AllocationId || PublicIp"),
    _ec2(
        "describe_nat_gateways",
        "NatGateways",
        "AWS::EC2::NatGateway",
        "NatGatewayId",
        gone=("deleted", "deleting"),
        born="CreateTime",
        kin=_of(_VPC),
    ),
    _ec2(
        "describe_network_interfaces",
        "NetworkInterfaces",
        "AWS::EC2::NetworkInterface",
        "NetworkInterfaceId",
        tags="TagSet",
        kin=_of(_VPC, ("AWS::EC2::SecurityGroup", "Groups[].GroupId")),
        state="Status",
    ),
    _ec2(
        "describe_vpc_endpoints",
        "VpcEndpoints",
        "AWS::EC2::VPCEndpoint",
        "VpcEndpointId",
        kin=_of(_VPC),
        gone=("deleted", "deleting"),
        born="CreationTimestamp",
        properties={"VpcEndpointType": "VpcEndpointType", "SubnetIds": "SubnetIds"},
    ),
    _ec2("describe_vpn_connections", "VpnConnections", "AWS::EC2::VPNConnection", "VpnConnectionId", gone=("deleted",)),
    _ec2(
        "describe_transit_gateways",
        "TransitGateways",
        "AWS::EC2::TransitGateway",
        "TransitGatewayId",
        gone=("deleted", "deleting"),
    ),
    _ec2("describe_launch_templates", "LaunchTemplates", "AWS::EC2::LaunchTemplate", "LaunchTemplateId"),
    _ec2("describe_vpcs", "Vpcs", "AWS::EC2::VPC", "VpcId"),
    _ec2("describe_subnets", "Subnets", "AWS::EC2::Subnet", "SubnetId"),
    _ec2("describe_route_tables", "RouteTables", "AWS::EC2::RouteTable", "RouteTableId"),
    _ec2("describe_internet_gateways", "InternetGateways", "AWS::EC2::InternetGateway", "InternetGatewayId"),
    _ec2("describe_network_acls", "NetworkAcls", "AWS::EC2::NetworkAcl", "NetworkAclId"),
    _ec2("describe_security_groups", "SecurityGroups", "AWS::EC2::SecurityGroup", "GroupId"),
    Listing(
        "rds",
        "describe_db_instances",
        "DBInstances",
        _DB,
        "DBInstanceIdentifier",
        tags="TagList",
        state="DBInstanceStatus",
        gone=_RDS_GONE,
        born="InstanceCreateTime",
        properties={**_RDS, "DBInstanceClass": "DBInstanceClass"},
    ),
    Listing(
        "rds",
        "describe_db_clusters",
        "DBClusters",
        _CLUSTER,
        "DBClusterIdentifier",
        tags="TagList",
        state="Status",
        gone=_RDS_GONE,
        born="ClusterCreateTime",
        properties=_RDS,
    ),
    Listing(
        "rds",
        "describe_db_snapshots",
        "DBSnapshots[?SnapshotType!='automated']",
        "AWS::RDS::DBSnapshot",
        "DBSnapshotIdentifier",
        tags="TagList",
        kin=_of((_DB, "DBInstanceIdentifier")),
        state="Status",
        born="SnapshotCreateTime",
        properties={"AllocatedStorage": "AllocatedStorage"},
    ),
    Listing(
        "rds",
        "describe_db_cluster_snapshots",
        "DBClusterSnapshots[?SnapshotType!='automated']",
        "AWS::RDS::DBClusterSnapshot",
        "DBClusterSnapshotIdentifier",
        tags="TagList",
        state="Status",
        kin=_of((_CLUSTER, "DBClusterIdentifier")),
        born="SnapshotCreateTime",
        properties={"AllocatedStorage": "AllocatedStorage"},
    ),
    Listing(
        "rds",
        "describe_db_instance_automated_backups",
        "DBInstanceAutomatedBackups",
        "AWS::RDS::AutomatedBackup",
        "DbiResourceId",
        tags="",
        kin=_of((_DB, "DBInstanceIdentifier")),
        state="Status",
    ),
    Listing(
        "kms",
        "list_keys",
        "Keys",
        "AWS::KMS::Key",
        "KeyId",
        tags_by=key_tags,
        detail=key_detail,
        goes="DeletionDate",
        born="CreationDate",
    ),
    Listing(
        "secretsmanager",
        "list_secrets",
        "SecretList",
        "AWS::SecretsManager::Secret",
        "ARN",
        born="CreatedDate",
        parameters={"IncludePlannedDeletion": True},
        goes="DeletedDate",
    ),
    Listing(
        "lambda",
        "list_functions",
        "Functions",
        "AWS::Lambda::Function",
        "FunctionName",
        tags_by=_asked("list_tags", "Resource", "FunctionArn"),
    ),
    Listing(
        "dynamodb",
        "list_tables",
        "TableNames",
        "AWS::DynamoDB::Table",
        "name",
        tags_by=lambda client, item: as_tags(
            client.list_tags_of_resource(
                ResourceArn=client.describe_table(TableName=item["name"])["Table"]["TableArn"]
            )["Tags"]
        ),
    ),
    Listing(
        "dynamodb",
        "list_backups",
        "BackupSummaries",
        "AWS::DynamoDB::Backup",
        "BackupArn",
        tags="",
        kin=_of(("AWS::DynamoDB::Table", "TableName")),
        born="BackupCreationDateTime",
        state="BackupStatus",
    ),
    Listing(
        "sqs",
        "list_queues",
        "QueueUrls",
        "AWS::SQS::Queue",
        "name",
        tags_by=_asked("list_queue_tags", "QueueUrl", "name"),
    ),
    Listing(
        "sns",
        "list_topics",
        "Topics",
        "AWS::SNS::Topic",
        "TopicArn",
        tags_by=_asked("list_tags_for_resource", "ResourceArn", "TopicArn"),
    ),
    Listing(
        "ecr",
        "describe_repositories",
        "repositories",
        "AWS::ECR::Repository",
        "repositoryName",
        born="createdAt",
        tags_by=_asked("list_tags_for_resource", "resourceArn", "repositoryArn", "tags"),
    ),
    Listing(
        "efs",
        "describe_file_systems",
        "FileSystems",
        "AWS::EFS::FileSystem",
        "FileSystemId",
        born="CreationTime",
        state="LifeCycleState",
        gone=("deleted", "deleting"),
    ),
    Listing(
        "elbv2",
        "describe_load_balancers",
        "LoadBalancers",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "LoadBalancerArn",
        tags_by=balancer_tags,
        born="CreatedTime",
        state="State.Code",
        properties={"Type": "Type"},
    ),
    Listing(
        "elbv2",
        "describe_target_groups",
        "TargetGroups",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "TargetGroupArn",
        tags_by=balancer_tags,
    ),
    Listing(
        "autoscaling",
        "describe_auto_scaling_groups",
        "AutoScalingGroups",
        "AWS::AutoScaling::AutoScalingGroup",
        "AutoScalingGroupName",
        born="CreatedTime",
        state="Status",
    ),
    Listing("apigateway", "get_rest_apis", "items", "AWS::ApiGateway::RestApi", "id", tags="tags", born="createdDate"),
    Listing("apigatewayv2", "get_apis", "Items", "AWS::ApiGatewayV2::Api", "ApiId", born="CreatedDate"),
    Listing(
        "backup",
        "list_backup_vaults",
        "BackupVaultList",
        "AWS::Backup::BackupVault",
        "BackupVaultName",
        tags_by=_asked("list_tags", "ResourceArn", "BackupVaultArn"),
        born="CreationDate",
    ),
    Listing(
        "cloudwatch",
        "describe_alarms",
        "MetricAlarms",
        "AWS::CloudWatch::Alarm",
        "AlarmName",
        tags_by=_asked("list_tags_for_resource", "ResourceARN", "AlarmArn"),
    ),
    Listing(
        "cognito-idp",
        "list_user_pools",
        "UserPools",
        "AWS::Cognito::UserPool",
        "Id",
        born="CreationDate",
        parameters={"MaxResults": 60},
        tags_by=_asked("describe_user_pool", "UserPoolId", "Id", "UserPool.UserPoolTags"),
    ),
    Listing(
        "stepfunctions",
        "list_state_machines",
        "stateMachines",
        "AWS::StepFunctions::StateMachine",
        "stateMachineArn",
        tags_by=_asked("list_tags_for_resource", "resourceArn", "stateMachineArn", "tags"),
        born="creationDate",
    ),
    Listing(
        "ssm",
        "describe_parameters",
        "Parameters",
        "AWS::SSM::Parameter",
        "Name",
        tags_by=lambda client, item: as_tags(
            client.list_tags_for_resource(ResourceType="Parameter", ResourceId=item["Name"])["TagList"]
        ),
    ),
    Listing(
        "kinesis",
        "list_streams",
        "StreamNames",
        "AWS::Kinesis::Stream",
        "name",
        tags_by=_asked("list_tags_for_stream", "StreamName", "name"),
    ),
    Listing(
        "cloudfront",
        "list_distributions",
        "DistributionList.Items",
        "AWS::CloudFront::Distribution",
        "Id",
        tags_by=distribution_tags,
        everywhere=True,
    ),
    Listing(
        "route53",
        "list_hosted_zones",
        "HostedZones",
        "AWS::Route53::HostedZone",
        "Id",
        tags_by=zone_tags,
        everywhere=True,
    ),
    _iam(
        "list_roles",
        "Roles[?!starts_with(Path, '/aws-service-role/')]",
        "AWS::IAM::Role",
        "RoleName",
        tags_by=_asked("list_role_tags", "RoleName", "RoleName"),
    ),
    _iam("list_users", "Users", "AWS::IAM::User", "UserName", tags_by=_asked("list_user_tags", "UserName", "UserName")),
    _iam("list_groups", "Groups", "AWS::IAM::Group", "GroupName", tags=""),
    _iam(
        "list_policies",
        "Policies",
        "AWS::IAM::ManagedPolicy",
        "Arn",
        parameters={"Scope": "Local"},
        tags_by=_asked("list_policy_tags", "PolicyArn", "Arn"),
    ),
    _iam(
        "list_instance_profiles",
        "InstanceProfiles",
        "AWS::IAM::InstanceProfile",
        "InstanceProfileName",
        tags_by=_asked("list_instance_profile_tags", "InstanceProfileName", "InstanceProfileName"),
    ),
)
