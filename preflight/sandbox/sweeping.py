"""Finds everything Preflight ever left in an account, and deletes what is certainly its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from preflight.sandbox import made, records
from preflight.sandbox.account import Sandbox, explained
from preflight.sandbox.emptying import Hands, Say, pry
from preflight.sandbox.inventory import Inventory, Known, Row, Unseen, look, not_seen, tagged
from preflight.sandbox.patience import patiently
from preflight.sandbox.teardown import Standing, regions_of, standing_of, take_down

COMMAND = "./lab sweep"
# in this order: labs first, then what they are made of, the guard that watches them last
LAST = ("toolkit", "guard")


@dataclass(frozen=True)
class Found:
    """Everything of ours that stands: stacks, and what is in none of them."""

    sandbox: Sandbox
    regions: tuple[str, ...]
    stacks: tuple[tuple[str, Standing], ...]
    inventory: Inventory
    known: Known

    @property
    def loose(self) -> tuple[Row, ...]:
        """What of ours no standing stack holds."""
        held = {(each.type, each.id, each.region) for _, stack in self.stacks for each in stack.resources}
        names = {stack.name for _, stack in self.stacks} | {stack.id for _, stack in self.stacks}
        return tuple(
            each
            for each in self.inventory.ours
            if (each.type, each.id, each.region) not in held
            and not (each.type == "AWS::CloudFormation::Stack" and each.id in names)
        )

    @property
    def is_clean(self) -> bool:
        return not self.stacks and not self.inventory.ours and not self.inventory.unseen

    def to_json(self) -> dict[str, Any]:
        return {
            "place": self.sandbox.place,
            "regions": list(self.regions),
            "stacks": [
                {"name": stack.name, "lab": lab, "region": stack.region, "status": stack.status}
                for lab, stack in self.stacks
            ],
            "stands": [each.to_json() for each in self.inventory.ours],
            "goes_by_itself": [each.to_json() for each in self.inventory.going],
            "perhaps": [each.to_json() for each in self.inventory.perhaps],
            "could_not_look": [str(each) for each in self.inventory.unseen],
            "usd_per_month": round(self.inventory.usd, 2),
        }


def find(
    root: Path, sandbox: Sandbox, *, expired: bool = False, only: Sequence[str] = (), now: datetime | None = None
) -> Found:
    """What stands of ours, in every Region; with `expired` what is past its time, with `only` those labs'.

    Raises Unavailable when AWS no longer lets us in.
    """
    with explained(COMMAND, profile=sandbox.settings.profile if sandbox.settings else None):
        regions, unseen = _regions(root, sandbox)
        known = made.known(root, sandbox, regions)
        stacks = [
            (made.lab_of(stack), standing_of(sandbox, stack, region))
            for region in regions
            for stack in made.ours(sandbox, region)
            if not stack.get("ParentId")
        ]
        found = look(sandbox, known, regions)
        found = replace(found, unseen=(*unseen, *found.unseen))
        everything = Found(sandbox, regions, tuple(stacks), found, known)
    if expired:
        everything = _expired(everything, now or datetime.now(UTC), root)
    if only:
        everything = replace(
            everything,
            stacks=tuple(each for each in everything.stacks if each[0] in only),
            inventory=replace(found, rows=tuple(each for each in found.rows if each.lab in only)),
        )
    return everything


def sweep(found: Found, root: Path, say: Say) -> list[str]:
    """Delete what was found and is certainly ours; gives a sentence for each thing that could not be."""
    sandbox = found.sandbox
    held: list[str] = []
    with explained(COMMAND, profile=sandbox.settings.profile if sandbox.settings else None):
        for lab in {each.lab for each in found.known.made}:
            of_lab = [each for each in found.known.made if each.lab == lab]
            made.keep(root, sandbox, lab, of_lab, found.inventory)
        hands = {region: Hands(sandbox, region, say) for region in found.regions}
        for lab, stack in sorted(found.stacks, key=lambda each: LAST.index(each[0]) + 1 if each[0] in LAST else 0):
            if lab == "toolkit" and held:
                held.append(f"{stack.name} stays as long as a lab does: CloudFormation deletes labs with its roles")
                continue
            held += take_down(sandbox, stack, say, command=COMMAND)
        stays = any("stays as long" in each for each in held)
        held += _delete(hands, [row for row in found.loose if not (stays and row.lab == "toolkit")])
        # what was retained, or made beside them by services, shows only now that the stacks are gone
        labs = {each.lab for each in found.inventory.ours} | {lab for lab, _ in found.stacks}
        labs -= {"toolkit"} if stays else set()
        if found.stacks:
            after = find(root, sandbox)
            held += _delete(hands, [row for row in after.loose if row.lab in labs and row not in found.loose])
    return held


def labs_standing(root: Path, sandbox: Sandbox) -> list[str]:
    """The stacks of labs that stand, by name, in the Regions used from here."""
    with explained("./lab sandbox remove", profile=sandbox.settings.profile if sandbox.settings else None):
        stacks = [stack for region in regions_of(root, sandbox) for stack in made.ours(sandbox, region)]
        return sorted({str(stack["StackName"]) for stack in stacks if made.lab_of(stack) not in LAST})


def _delete(hands: Mapping[str, Hands], rows: Sequence[Row]) -> list[str]:
    held: list[str] = []
    for row in sorted(rows, key=lambda row: ORDER.get(row.type, 0)):
        held += delete_row(hands[row.region], row)
    return held


def forget(root: Path, sandbox: Sandbox, labs: Sequence[str]) -> None:
    """Take away what was written down of labs that were proved to be gone."""
    place = sandbox.endpoint_url or sandbox.account
    for lab in labs:
        made.forget(root, sandbox, lab)
        record = records.read(root, lab)
        if record is not None and record.place == place:
            records.forget(root, lab)


def delete_row(hands: Hands, row: Row) -> list[str]:
    """Delete one thing that is certainly ours, after emptying it; gives a sentence where that cannot be."""
    from botocore.exceptions import ClientError

    from preflight.sandbox.inventory import is_over
    from preflight.sandbox.listings import GONE

    assert row.is_ours, f"{row.id} is not certainly ours"
    how = DELETIONS.get(row.type)
    if how is None:
        return [f"{row.type.removeprefix('AWS::')} {row.id} has to be deleted by hand, in the console of {row.region}"]
    service, operation, parameter, more = how
    given: Any = [_id(row)] if parameter in SEVERAL else _id(row)
    held = pry(hands, row.type, row.id)
    if any("cannot be deleted" in each for each in held):
        return held
    try:
        patiently(lambda: getattr(hands.client(service), operation)(**{parameter: given}, **more))
        hands.say(f"{row.type.removeprefix('AWS::')} {row.id}: deleted")
    except ClientError as error:
        if is_over(error):
            raise
        code, message = error.response["Error"]["Code"], str(error.response["Error"].get("Message", "")).rstrip(".")
        if not GONE.search(code):
            held.append(f"{row.type.removeprefix('AWS::')} {row.id}: AWS answers {code} ({message})")
    except NotImplementedError:
        held.append(
            f"{row.type.removeprefix('AWS::')} {row.id} cannot be deleted here: this endpoint has no {operation}"
        )
    return held


def _id(row: Row) -> str:
    return row.id.rpartition("/")[2] if row.type == "AWS::Route53::HostedZone" else row.id


def _expired(found: Found, now: datetime, root: Path) -> Found:
    """What is past its time; what tells no time stands for as long as its lab's stack or record says."""
    times = {lab: stack.expires for lab, stack in found.stacks if stack.expires}
    times |= {each.stack: each.expires for each in records.records(root) if each.stack not in times}

    def is_past(lab: str, own: datetime | None) -> bool:
        until = own or times.get(lab)
        return until is not None and until <= now and lab not in LAST

    rows = tuple(each for each in found.inventory.rows if is_past(each.lab, each.expires))
    stacks = tuple(each for each in found.stacks if is_past(each[0], each[1].expires))
    return replace(found, stacks=stacks, inventory=replace(found.inventory, rows=rows))


def _regions(root: Path, sandbox: Sandbox) -> tuple[tuple[str, ...], tuple[Unseen, ...]]:
    """The Regions to look at closely: those used from here, and every other one that holds something with our tag."""
    used = [*regions_of(root, sandbox), "us-east-1"]
    unseen: list[Unseen] = []
    for region in _enabled(sandbox):
        if region not in used:
            try:
                if next(iter(tagged(sandbox, region, regional=True)), None) is not None:
                    used.append(region)
            except Exception as error:
                unseen.append(not_seen(error, "resourcegroupstaggingapi", region))
    return tuple(dict.fromkeys(used)), tuple(unseen)


def _enabled(sandbox: Sandbox) -> Iterator[str]:
    answer = patiently(lambda: sandbox.client("ec2").describe_regions())
    for each in answer["Regions"]:
        if each.get("OptInStatus") != "not-opted-in":
            yield each["RegionName"]


# what a service makes for our resources and nobody wrote: it goes with them
MADE_BESIDE = ("AWS::Logs::LogGroup", "AWS::EC2::NetworkInterface", "AWS::RDS::AutomatedBackup")

How = tuple[str, str, str, Mapping[str, Any]]
# of what stands in no stack: the service, the call, the name of its parameter, and what is said besides
DELETIONS: Mapping[str, How] = {
    "AWS::S3::Bucket": ("s3", "delete_bucket", "Bucket", {}),
    "AWS::Logs::LogGroup": ("logs", "delete_log_group", "logGroupName", {}),
    "AWS::EC2::Instance": ("ec2", "terminate_instances", "InstanceIds", {}),
    "AWS::EC2::Volume": ("ec2", "delete_volume", "VolumeId", {}),
    "AWS::EC2::Snapshot": ("ec2", "delete_snapshot", "SnapshotId", {}),
    "AWS::EC2::Image": ("ec2", "deregister_image", "ImageId", {}),
    "AWS::EC2::EIP": ("ec2", "release_address", "AllocationId", {}),
    "AWS::EC2::NatGateway": ("ec2", "delete_nat_gateway", "NatGatewayId", {}),
    "AWS::EC2::NetworkInterface": ("ec2", "delete_network_interface", "NetworkInterfaceId", {}),
    "AWS::EC2::VPCEndpoint": ("ec2", "delete_vpc_endpoints", "VpcEndpointIds", {}),
    "AWS::EC2::LaunchTemplate": ("ec2", "delete_launch_template", "LaunchTemplateId", {}),
    "AWS::EC2::Subnet": ("ec2", "delete_subnet", "SubnetId", {}),
    "AWS::EC2::SecurityGroup": ("ec2", "delete_security_group", "GroupId", {}),
    "AWS::EC2::RouteTable": ("ec2", "delete_route_table", "RouteTableId", {}),
    "AWS::EC2::NetworkAcl": ("ec2", "delete_network_acl", "NetworkAclId", {}),
    "AWS::EC2::InternetGateway": ("ec2", "delete_internet_gateway", "InternetGatewayId", {}),
    "AWS::EC2::VPC": ("ec2", "delete_vpc", "VpcId", {}),
    "AWS::RDS::DBInstance": ("rds", "delete_db_instance", "DBInstanceIdentifier", {"SkipFinalSnapshot": True}),
    "AWS::RDS::DBCluster": ("rds", "delete_db_cluster", "DBClusterIdentifier", {"SkipFinalSnapshot": True}),
    "AWS::RDS::DBSnapshot": ("rds", "delete_db_snapshot", "DBSnapshotIdentifier", {}),
    "AWS::RDS::DBClusterSnapshot": ("rds", "delete_db_cluster_snapshot", "DBClusterSnapshotIdentifier", {}),
    "AWS::RDS::AutomatedBackup": ("rds", "delete_db_instance_automated_backup", "DbiResourceId", {}),
    "AWS::KMS::Key": ("kms", "schedule_key_deletion", "KeyId", {"PendingWindowInDays": 7}),
    "AWS::SecretsManager::Secret": (
        "secretsmanager",
        "delete_secret",
        "SecretId",
        {"ForceDeleteWithoutRecovery": True},
    ),
    "AWS::Lambda::Function": ("lambda", "delete_function", "FunctionName", {}),
    "AWS::DynamoDB::Table": ("dynamodb", "delete_table", "TableName", {}),
    "AWS::DynamoDB::Backup": ("dynamodb", "delete_backup", "BackupArn", {}),
    "AWS::SQS::Queue": ("sqs", "delete_queue", "QueueUrl", {}),
    "AWS::SNS::Topic": ("sns", "delete_topic", "TopicArn", {}),
    "AWS::ECR::Repository": ("ecr", "delete_repository", "repositoryName", {"force": True}),
    "AWS::EFS::FileSystem": ("efs", "delete_file_system", "FileSystemId", {}),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("elbv2", "delete_load_balancer", "LoadBalancerArn", {}),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("elbv2", "delete_target_group", "TargetGroupArn", {}),
    "AWS::AutoScaling::AutoScalingGroup": (
        "autoscaling",
        "delete_auto_scaling_group",
        "AutoScalingGroupName",
        {"ForceDelete": True},
    ),
    "AWS::ApiGateway::RestApi": ("apigateway", "delete_rest_api", "restApiId", {}),
    "AWS::ApiGatewayV2::Api": ("apigatewayv2", "delete_api", "ApiId", {}),
    "AWS::Backup::BackupVault": ("backup", "delete_backup_vault", "BackupVaultName", {}),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "delete_alarms", "AlarmNames", {}),
    "AWS::Cognito::UserPool": ("cognito-idp", "delete_user_pool", "UserPoolId", {}),
    "AWS::StepFunctions::StateMachine": ("stepfunctions", "delete_state_machine", "stateMachineArn", {}),
    "AWS::SSM::Parameter": ("ssm", "delete_parameter", "Name", {}),
    "AWS::Kinesis::Stream": ("kinesis", "delete_stream", "StreamName", {"EnforceConsumerDeletion": True}),
    "AWS::Route53::HostedZone": ("route53", "delete_hosted_zone", "Id", {}),
    "AWS::IAM::Role": ("iam", "delete_role", "RoleName", {}),
    "AWS::IAM::User": ("iam", "delete_user", "UserName", {}),
    "AWS::IAM::Group": ("iam", "delete_group", "GroupName", {}),
    "AWS::IAM::ManagedPolicy": ("iam", "delete_policy", "PolicyArn", {}),
    "AWS::IAM::InstanceProfile": ("iam", "delete_instance_profile", "InstanceProfileName", {}),
}
# calls that take several at once
SEVERAL = ("InstanceIds", "VpcEndpointIds", "AlarmNames")
# what others stand on goes after them
ORDER: Mapping[str, int] = {
    "AWS::AutoScaling::AutoScalingGroup": -2,
    "AWS::EC2::Instance": -1,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": -1,
    "AWS::EC2::Image": -1,
    "AWS::EC2::EIP": 1,
    "AWS::EC2::SecurityGroup": 2,
    "AWS::EC2::Subnet": 3,
    "AWS::EC2::NetworkAcl": 4,
    "AWS::EC2::RouteTable": 4,
    "AWS::EC2::InternetGateway": 4,
    "AWS::EC2::VPC": 5,
    "AWS::IAM::InstanceProfile": 6,
    "AWS::IAM::Role": 7,
    "AWS::IAM::ManagedPolicy": 8,
    "AWS::KMS::Key": 9,
}
