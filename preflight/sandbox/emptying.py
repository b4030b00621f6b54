"""Takes away what keeps a resource of ours from being deleted: its contents, its protection, what hangs on to it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from preflight.sandbox.account import Sandbox
from preflight.sandbox.patience import patiently

Say = Callable[[str], object]
BATCH = 1000
# of a bucket that is written to while it is emptied, such as one for logs
ROUNDS = 5


@dataclass(frozen=True)
class Hands:
    """What the work is done with: clients of one Region, and somebody who listens."""

    sandbox: Sandbox
    region: str
    say: Say = lambda line: None

    def client(self, service: str) -> Any:
        return self.sandbox.client(service, region=self.region)


Held = Iterator[str]


def loosen(hands: Hands, type: str, id: str) -> list[str]:
    """Take away what would stop the deletion of one resource; a sentence for each thing that cannot be.

    What does not exist (any more) needs nothing. Raises what AWS says when it lets nobody in.
    """
    return _worked(hands, BLOCKS.get(type), id)


def pry(hands: Hands, type: str, id: str) -> list[str]:
    """The same for a resource whose deletion failed once: what others attached to it is detached, too."""
    return [*_worked(hands, BLOCKS.get(type), id), *_worked(hands, HOLDS.get(type), id)]


Work = Callable[[Hands, str], Held]


def _worked(hands: Hands, work: Work | None, id: str) -> list[str]:
    from botocore.exceptions import ClientError

    from preflight.sandbox.inventory import is_over
    from preflight.sandbox.listings import GONE

    if work is None:
        return []
    told: list[str] = []
    try:
        for sentence in work(hands, id):
            told.append(sentence)
    except ClientError as error:
        if is_over(error):
            raise
        code = str(error.response.get("Error", {}).get("Code", ""))
        if not GONE.search(code):
            told.append(f"{id}: AWS answers {code} ({error.response['Error'].get('Message', '').rstrip('.')})")
    except NotImplementedError as error:
        told.append(f"{id}: could not look ({error})")
    return told


def empty_bucket(hands: Hands, bucket: str) -> Held:
    """Every version, delete marker and unfinished upload, a thousand at a time; governance mode is bypassed."""
    s3 = hands.client("s3")
    locked = _has_object_lock(s3, bucket)
    done = 0
    refused: dict[tuple[str, str], str] = {}
    for _ in range(ROUNDS):
        found = 0
        for batch in _versions(s3, bucket):
            batch = [each for each in batch if (each["Key"], each["VersionId"]) not in refused]
            if not batch:
                continue
            found += len(batch)
            more = {"BypassGovernanceRetention": True} if locked else {}
            answer = patiently(
                lambda batch=batch, more=more: s3.delete_objects(  # type: ignore[misc]
                    Bucket=bucket, Delete={"Objects": batch, "Quiet": True}, **more
                )
            )
            for error in answer.get("Errors", []):
                versions = [each["VersionId"] for each in batch if each["Key"] == error["Key"]]
                for version in [error["VersionId"]] if error.get("VersionId") else versions:
                    refused[error["Key"], version] = str(error.get("Code", ""))
            done += len(batch) - len(answer.get("Errors", []))
            if done:
                hands.say(f"{bucket}: {done:,} version{'' if done == 1 else 's'} deleted")
        if not found:
            break
    for page in patiently(lambda: list(s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket))):
        for upload in page.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    for key, version in list(refused):
        until = _kept_until(s3, bucket, key, version)
        if until == "":
            s3.delete_object(Bucket=bucket, Key=key, VersionId=version, BypassGovernanceRetention=True)
            continue
        yield f"bucket {bucket}: {key} cannot be deleted {until}"


def _versions(s3: Any, bucket: str) -> Iterator[list[dict[str, str]]]:
    """The versions and delete markers of a bucket, a batch at a time; each batch is gone when the next is asked for."""
    after: dict[str, str] = {}
    while True:
        page = patiently(lambda after=after: s3.list_object_versions(Bucket=bucket, MaxKeys=BATCH, **after))  # type: ignore[misc]
        batch = [
            {"Key": each["Key"], "VersionId": each["VersionId"]}
            for each in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
        ]
        if batch:
            yield batch
        if not page.get("IsTruncated"):
            return
        after = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}


def _has_object_lock(s3: Any, bucket: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        told = s3.get_object_lock_configuration(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            raise
        return False
    return bool(told.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled")


def _kept_until(s3: Any, bucket: str, key: str, version: str) -> str:
    """Until when a version is retained, in words; "" once a hold that was ours to lift is lifted."""
    from botocore.exceptions import ClientError

    where = {"Bucket": bucket, "Key": key, "VersionId": version}
    told: Mapping[str, Any] = {}
    with contextlib.suppress(ClientError):
        told = s3.head_object(**where)
    until = told.get("ObjectLockRetainUntilDate")
    if told.get("ObjectLockMode") == "COMPLIANCE" and isinstance(until, datetime):
        return f"before {until:%Y-%m-%d %H:%M} UTC (Object Lock in compliance mode)"
    with contextlib.suppress(ClientError):
        if told.get("ObjectLockLegalHoldStatus") == "ON":
            s3.put_object_legal_hold(**where, LegalHold={"Status": "OFF"})
            return ""
    if isinstance(until, datetime):
        return f"before {until:%Y-%m-%d %H:%M} UTC without s3:BypassGovernanceRetention"
    return "with these credentials"


def empty_repository(hands: Hands, name: str) -> Held:
    """Every image, tagged or not, a hundred at a time."""
    ecr = hands.client("ecr")
    images = [
        each
        for page in patiently(lambda: list(ecr.get_paginator("list_images").paginate(repositoryName=name)))
        for each in page["imageIds"]
    ]
    for start in range(0, len(images), 100):
        answer = ecr.batch_delete_image(repositoryName=name, imageIds=images[start : start + 100])
        for failure in answer.get("failures", []):
            if failure.get("failureCode") != "ImageNotFound":
                yield f"repository {name}: an image cannot be deleted ({failure.get('failureReason')})"


def empty_vault(hands: Hands, name: str) -> Held:
    """Every recovery point that no lock holds."""
    from botocore.exceptions import ClientError

    backup = hands.client("backup")
    pages = patiently(
        lambda: list(backup.get_paginator("list_recovery_points_by_backup_vault").paginate(BackupVaultName=name))
    )
    for point in (each for page in pages for each in page["RecoveryPoints"]):
        arn = point["RecoveryPointArn"]
        try:
            backup.delete_recovery_point(BackupVaultName=name, RecoveryPointArn=arn)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("InvalidRequestException", "InvalidParameterValueException"):
                raise
            yield f"backup vault {name}: {arn} cannot be deleted {_locked_until(backup, name, point)}"


def _locked_until(backup: Any, name: str, point: Mapping[str, Any]) -> str:
    from datetime import timedelta

    told = backup.describe_backup_vault(BackupVaultName=name)
    delete_at = point.get("CalculatedLifecycle", {}).get("DeleteAt")
    if told.get("Locked") and told.get("MinRetentionDays") and point.get("CreationDate"):
        delete_at = delete_at or point["CreationDate"] + timedelta(days=told["MinRetentionDays"])
    return f"before {delete_at:%Y-%m-%d} (the vault is locked)" if delete_at else "now (AWS refuses)"


def _switch(service: str, operation: str, name: str, **off: Any) -> Work:
    """One call that switches a protection off."""

    def work(hands: Hands, id: str) -> Held:
        getattr(hands.client(service), operation)(**{name: id}, **off)
        return iter(())

    return work


def unprotect_instance(hands: Hands, id: str) -> Held:
    """A machine may be protected against termination and against being stopped."""
    ec2 = hands.client("ec2")
    ec2.modify_instance_attribute(InstanceId=id, DisableApiTermination={"Value": False})
    return iter(())


def unprotect_balancer(hands: Hands, arn: str) -> Held:
    hands.client("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}]
    )
    return iter(())


def unprotect_table(hands: Hands, name: str) -> Held:
    """Asked first: a table that is not protected takes no update that changes nothing."""
    dynamodb = hands.client("dynamodb")
    if dynamodb.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 2, "MaxAttempts": 30})
    return iter(())


def unprotect_database(hands: Hands, id: str) -> Held:
    rds = hands.client("rds")
    [found] = rds.describe_db_instances(DBInstanceIdentifier=id)["DBInstances"]
    if found.get("DeletionProtection"):
        rds.modify_db_instance(DBInstanceIdentifier=id, DeletionProtection=False, ApplyImmediately=True)
    return iter(())


def unprotect_cluster(hands: Hands, id: str) -> Held:
    rds = hands.client("rds")
    [found] = rds.describe_db_clusters(DBClusterIdentifier=id)["DBClusters"]
    if found.get("DeletionProtection"):
        rds.modify_db_cluster(DBClusterIdentifier=id, DeletionProtection=False, ApplyImmediately=True)
    return iter(())


def unprotect_pool(hands: Hands, id: str) -> Held:
    """A user pool may be protected, and keeps a domain that was made beside the stack."""
    cognito = hands.client("cognito-idp")
    pool = cognito.describe_user_pool(UserPoolId=id)["UserPool"]
    if pool.get("DeletionProtection") == "ACTIVE":
        cognito.update_user_pool(UserPoolId=id, DeletionProtection="INACTIVE")
    return iter(())


def unprotect_logs(hands: Hands, name: str) -> Held:
    logs = hands.client("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    if any(each["logGroupName"] == name and each.get("deletionProtectionEnabled") for each in groups):
        logs.put_log_group_deletion_protection(logGroupIdentifier=name, deletionProtectionEnabled=False)
    return iter(())


def empty_zone(hands: Hands, id: str) -> Held:
    """Records put into a hosted zone beside the stack; its own two go with it."""
    route53 = hands.client("route53")
    pages = patiently(lambda: list(route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=id)))
    apex = route53.get_hosted_zone(Id=id)["HostedZone"]["Name"]
    for record in (each for page in pages for each in page["ResourceRecordSets"]):
        if not (record["Name"] == apex and record["Type"] in ("NS", "SOA")):
            changes = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": record}]}
            route53.change_resource_record_sets(HostedZoneId=id, ChangeBatch=changes)
    return iter(())


def detach_file_system(hands: Hands, id: str) -> Held:
    """Mount targets and access points made beside the stack."""
    efs = hands.client("efs")
    for point in efs.describe_access_points(FileSystemId=id)["AccessPoints"]:
        efs.delete_access_point(AccessPointId=point["AccessPointId"])
    for target in efs.describe_mount_targets(FileSystemId=id)["MountTargets"]:
        efs.delete_mount_target(MountTargetId=target["MountTargetId"])
    return iter(())


def _detach_interfaces(filter: str) -> Work:
    def work(hands: Hands, id: str) -> Held:
        """Network interfaces a service left in our network: the free ones go, the others are named."""
        ec2 = hands.client("ec2")
        found = ec2.describe_network_interfaces(Filters=[{"Name": filter, "Values": [id]}])["NetworkInterfaces"]
        for each in found:
            name = each["NetworkInterfaceId"]
            if each["Status"] == "available":
                ec2.delete_network_interface(NetworkInterfaceId=name)
            else:
                holder = each.get("Description") or each.get("InterfaceType")
                yield f"network interface {name} is still held by {holder}"

    return work


def detach_role(hands: Hands, name: str) -> Held:
    """Policies attached to our role by hand, and instance profiles that hold it."""
    iam = hands.client("iam")
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    for inline in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=inline)
    for profile in iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=profile["InstanceProfileName"], RoleName=name)
    return iter(())


def detach_user(hands: Hands, name: str) -> Held:
    """Keys, a password and policies given to our user by hand."""
    from botocore.exceptions import ClientError

    iam = hands.client("iam")
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    for device in iam.list_mfa_devices(UserName=name)["MFADevices"]:
        iam.deactivate_mfa_device(UserName=name, SerialNumber=device["SerialNumber"])
    with contextlib.suppress(ClientError):
        iam.delete_login_profile(UserName=name)
    for group in iam.list_groups_for_user(UserName=name)["Groups"]:
        iam.remove_user_from_group(UserName=name, GroupName=group["GroupName"])
    for policy in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
        iam.detach_user_policy(UserName=name, PolicyArn=policy["PolicyArn"])
    for inline in iam.list_user_policies(UserName=name)["PolicyNames"]:
        iam.delete_user_policy(UserName=name, PolicyName=inline)
    return iter(())


def detach_group(hands: Hands, name: str) -> Held:
    """Members and policies given to our group by hand."""
    iam = hands.client("iam")
    for user in iam.get_group(GroupName=name)["Users"]:
        iam.remove_user_from_group(GroupName=name, UserName=user["UserName"])
    for policy in iam.list_attached_group_policies(GroupName=name)["AttachedPolicies"]:
        iam.detach_group_policy(GroupName=name, PolicyArn=policy["PolicyArn"])
    for inline in iam.list_group_policies(GroupName=name)["PolicyNames"]:
        iam.delete_group_policy(GroupName=name, PolicyName=inline)
    return iter(())


def detach_policy(hands: Hands, arn: str) -> Held:
    """Versions made by hand; to whom else it is attached is named, for they are not ours to change."""
    iam = hands.client("iam")
    for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    told = iam.list_entities_for_policy(PolicyArn=arn)
    for kind, key in (("role", "PolicyRoles"), ("user", "PolicyUsers"), ("group", "PolicyGroups")):
        for each in told.get(key, []):
            yield f"policy {arn} is attached to {kind} {each[f'{kind.capitalize()}Name']}: detach it there"


def empty_rule(hands: Hands, id: str) -> Held:
    """Targets given to our rule by hand."""
    events, (bus, _, name) = hands.client("events"), ("/" + id).rpartition("/")
    where = {"EventBusName": bus.strip("/")} if bus.strip("/") else {}
    targets = [each["Id"] for each in events.list_targets_by_rule(Rule=name, **where)["Targets"]]
    if targets:
        events.remove_targets(Rule=name, Ids=targets, Force=True, **where)
    return iter(())


# what is in the way from the start
BLOCKS: Mapping[str, Work] = {
    "AWS::S3::Bucket": empty_bucket,
    "AWS::ECR::Repository": empty_repository,
    "AWS::Backup::BackupVault": empty_vault,
    "AWS::Route53::HostedZone": empty_zone,
    "AWS::RDS::DBInstance": unprotect_database,
    "AWS::RDS::DBCluster": unprotect_cluster,
    "AWS::DocDB::DBCluster": unprotect_cluster,
    "AWS::Neptune::DBCluster": unprotect_cluster,
    "AWS::DynamoDB::Table": unprotect_table,
    "AWS::DynamoDB::GlobalTable": unprotect_table,
    "AWS::Cognito::UserPool": unprotect_pool,
    "AWS::EC2::Instance": unprotect_instance,
    "AWS::Logs::LogGroup": unprotect_logs,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": unprotect_balancer,
    "AWS::EKS::Cluster": _switch("eks", "update_cluster_config", "name", deletionProtection=False),
}

# what somebody attached since, taken off once a deletion failed
HOLDS: Mapping[str, Work] = {
    "AWS::EFS::FileSystem": detach_file_system,
    "AWS::EC2::VPC": _detach_interfaces("vpc-id"),
    "AWS::EC2::Subnet": _detach_interfaces("subnet-id"),
    "AWS::EC2::SecurityGroup": _detach_interfaces("group-id"),
    "AWS::IAM::Role": detach_role,
    "AWS::IAM::User": detach_user,
    "AWS::IAM::Group": detach_group,
    "AWS::IAM::ManagedPolicy": detach_policy,
    "AWS::Events::Rule": empty_rule,
    "AWS::Athena::WorkGroup": _switch("athena", "delete_work_group", "WorkGroup", RecursiveDeleteOption=True),
}
