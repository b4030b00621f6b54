"""CDK's own custom resources, doing what their functions do on AWS without running them.

Each does what its handler in aws-cdk-lib 2.275.0 (Apache-2.0) does; whatever is not CDK's own is asked itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made, Provider, ReplacementNeeded, Said
from preflight.cloudformation.providers._custom_deployment import BucketDeployment
from preflight.cloudformation.providers._custom_own import Own
from preflight.cloudformation.providers._custom_protocol import (
    Answer,
    Event,
    Handled,
    acting,
    checked,
    clients_with,
    failed,
    function_behind,
)
from preflight.cloudformation.providers._table import passing_over_gone

__all__ = ["FALLBACK", "BucketDeployment"]

# whatever is not CDK's own is asked itself
FALLBACK = Own

AUTO_DELETE_TAG = "aws-cdk:auto-delete-objects"
AUTO_DELETE_IMAGES_TAG = "aws-cdk:auto-delete-images"


class AutoDeleteObjects(Provider):
    """Empties a bucket before it is deleted, when the bucket carries CDK's tag."""

    type = "Custom::S3AutoDeleteObjects"

    def create(self, declared: Declared, context: Context) -> Made:
        """Nothing happens until the end."""
        declared.take()
        return Made(context.name())

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """Another bucket is another resource: the old one is emptied when this one goes."""
        if declared.take("BucketName") != before.get("BucketName"):
            raise ReplacementNeeded
        declared.take()
        return made

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Delete every object, every version and every delete marker."""
        client = context.client("s3")
        bucket = declared.peek("BucketName")
        with passing_over_gone():
            tags = client.get_bucket_tagging(Bucket=bucket)["TagSet"]
            if any(tag["Key"] == AUTO_DELETE_TAG and tag["Value"] == "true" for tag in tags):
                empty_bucket(client, bucket)


def empty_bucket(client: Any, bucket: str) -> None:
    """Delete all that a bucket holds, whether it is versioned or not."""
    while True:
        page = client.list_object_versions(Bucket=bucket)
        held = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not held:
            return
        keys = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in held]
        errors = client.delete_objects(Bucket=bucket, Delete={"Objects": keys}).get("Errors", [])
        if errors:
            return


class RestrictDefaultGroup(Provider):
    """Takes the rules out of a VPC's default security group, and puts them back at the end."""

    type = "Custom::VpcRestrictDefaultSG"

    def create(self, declared: Declared, context: Context) -> Made:
        """Close the group."""
        declared.take()
        self._rules(declared.peek(), context, "revoke")
        return Made(context.name())

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """Another group: the first gets its rules back, the second loses them."""
        declared.take()
        if declared.peek("DefaultSecurityGroupId") != before.get("DefaultSecurityGroupId"):
            self._rules(before, context, "authorize")
            self._rules(declared.peek(), context, "revoke")
        return made

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Give the group its rules back."""
        self._rules(declared.peek(), context, "authorize")

    def _rules(self, properties: Mapping[str, Any], context: Context, verb: str) -> None:
        client = context.client("ec2")
        group = str(properties["DefaultSecurityGroupId"])
        account = str(properties.get("Account", context.account))
        within = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group, "UserId": account}]}
        outward = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        for direction, rule in (("ingress", within), ("egress", outward)):
            with passing_over_gone(), _passing_over_duplicates():
                getattr(client, f"{verb}_security_group_{direction}")(GroupId=group, IpPermissions=[rule])


class _passing_over_duplicates:
    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        return "InvalidPermission.Duplicate" in str(error)


class LogRetention(Provider):
    """Sets how long a log group that a service makes by itself keeps its lines."""

    type = "Custom::LogRetention"

    def create(self, declared: Declared, context: Context) -> Made:
        """Make the group if the service has not yet, and set its retention."""
        return self._set(declared, context)

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """Set it again."""
        return self._set(declared, context)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The group stays, unless its removal policy says otherwise."""
        if declared.peek("RemovalPolicy") == "destroy":
            with passing_over_gone():
                self._client(declared, context).delete_log_group(logGroupName=made.physical_id)

    def _set(self, declared: Declared, context: Context) -> Made:
        declared.take()
        client, group = self._client(declared, context), str(declared.peek("LogGroupName"))
        if not any(each["logGroupName"] == group for each in _groups(client, group)):
            client.create_log_group(logGroupName=group)
        days = declared.peek("RetentionInDays")
        if days is None:
            client.delete_retention_policy(logGroupName=group)
        else:
            client.put_retention_policy(logGroupName=group, retentionInDays=int(days))
        return Made(group, {"LogGroupName": group})

    def _client(self, declared: Declared, context: Context) -> Any:
        return context.client("logs", declared.peek("LogGroupRegion"))


def _groups(client: Any, prefix: str) -> list[Mapping[str, Any]]:
    return list(client.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"])


class BucketNotifications(Handled):
    """Sets a bucket's notifications after the things they go to are there."""

    type = "Custom::S3BucketNotifications"

    def handle(self, event: Event) -> Answer | None:
        """Put the configuration, which CDK writes in S3's own shape; a bucket of others keeps what others put."""
        client, bucket = event.context.client("s3"), str(event.properties["BucketName"])
        wanted = dict(event.properties.get("NotificationConfiguration", {}))
        managed = str(event.properties.get("Managed", "true")).lower() == "true"
        try:
            if managed:
                wanted = {} if event.kind == "Delete" else wanted
            else:
                wanted = _beside_others(client.get_bucket_notification_configuration(Bucket=bucket), wanted, event)
            client.put_bucket_notification_configuration(
                Bucket=bucket,
                NotificationConfiguration=wanted,
                SkipDestinationValidation=_is_on(event.properties.get("SkipDestinationValidation")),
            )
        except client.exceptions.ClientError as error:
            if event.kind == "Delete" and error.response["Error"]["Code"] == "NoSuchBucket":
                return Answer(event.physical_id)
            raise failed(f"Error: {error}. See the details in CloudWatch Log Stream", event) from error
        return Answer(event.physical_id or event.context.logical_id)


def _beside_others(there: Mapping[str, Any], wanted: Mapping[str, Any], event: Event) -> dict[str, Any]:
    """The bucket's configuration with this resource's part exchanged, and nobody else's."""
    mine = f"{event.context.stack_id}-{event.context.logical_id}-"
    merged: dict[str, Any] = {}
    for name in ("TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations"):
        others = [each for each in there.get(name, []) if not str(each.get("Id", "")).startswith(mine)]
        own = [] if event.kind == "Delete" else wanted.get(name, [])
        merged[name] = [*others, *({**each, "Id": f"{mine}{index}"} for index, each in enumerate(own))]
    bridge = there if "EventBridgeConfiguration" in there or event.kind == "Delete" else wanted
    if "EventBridgeConfiguration" in bridge:
        merged["EventBridgeConfiguration"] = bridge["EventBridgeConfiguration"]
    return {name: each for name, each in merged.items() if each or name == "EventBridgeConfiguration"}


class AutoDeleteImages(Handled):
    """Empties an image repository before it is deleted, when it carries CDK's tag."""

    type = "Custom::ECRAutoDeleteImages"

    def handle(self, event: Event) -> Answer | None:
        """Nothing happens until the end."""
        name = str(event.properties.get("RepositoryName", ""))
        if event.kind == "Delete":
            with passing_over_gone():
                _empty_repository(event.context.client("ecr"), name)
            return Answer(event.physical_id)
        return Answer(name if event.kind == "Update" else event.request_id)


def _empty_repository(client: Any, name: str) -> None:
    arn = client.describe_repositories(repositoryNames=[name])["repositories"][0]["repositoryArn"]
    tags = client.list_tags_for_resource(resourceArn=arn).get("tags", [])
    if {"Key": AUTO_DELETE_IMAGES_TAG, "Value": "true"} not in tags:
        return
    images = [
        image
        for page in client.get_paginator("list_images").paginate(repositoryName=name)
        for image in page["imageIds"]
    ]
    for start in range(0, len(images), 100):
        client.batch_delete_image(repositoryName=name, imageIds=images[start : start + 100])


class ExportWriter(Handled):
    """Writes what another Region's stacks refer to into Parameter Store there."""

    type = "Custom::CrossRegionExportWriter"

    def handle(self, event: Event) -> Answer | None:
        """One parameter an export; AWS's function neither changes nor removes what another stack still reads."""
        told = event.properties["WriterProps"]
        wanted = told.get("exports", {})
        client = acting(event, function_behind(event))("ssm", told.get("region"))
        old = event.before.get("WriterProps", {}).get("exports", {})
        new = {} if event.kind == "Delete" else {name: value for name, value in wanted.items() if name not in old}
        gone = sorted(wanted) if event.kind == "Delete" else sorted(name for name in old if name not in wanted)
        with _failing(event):
            for start in range(0, len(gone), 10):
                client.delete_parameters(Names=gone[start : start + 10])
            for name, value in new.items():
                client.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
        return checked(Answer(event.physical_id or event.request_id), event)


class ExportReader(Handled):
    """Answers with another Region's exports, and marks them as in use."""

    type = "Custom::CrossRegionExportReader"

    def handle(self, event: Event) -> Answer | None:
        """Tag what is read, untag what is not any more."""
        told = event.properties["ReaderProps"]
        mark = f"aws-cdk:strong-ref:{told.get('prefix', '')}"
        wanted = told.get("imports", {})
        old = event.before.get("ReaderProps", {}).get("imports", {})
        client = acting(event, function_behind(event))("ssm", told.get("region"))
        gone = wanted if event.kind == "Delete" else [name for name in old if name not in wanted]
        new = [] if event.kind == "Delete" else [name for name in wanted if name not in old]
        with _failing(event):
            for name in gone:
                with passing_over_gone(), _passing_over("InvalidResourceId"):
                    client.remove_tags_from_resource(ResourceType="Parameter", ResourceId=name, TagKeys=[mark])
            for name in new:
                tags = [{"Key": mark, "Value": "true"}]
                client.add_tags_to_resource(ResourceType="Parameter", ResourceId=name, Tags=tags)
        return checked(Answer(event.physical_id or event.request_id, {} if event.kind == "Delete" else wanted), event)


class ParameterReader(Handled):
    """Reads a parameter of another Region, where an edge function's ARN is kept."""

    type = "Custom::CrossRegionStringParameterReader"

    def handle(self, event: Event) -> Answer | None:
        """Answer with the parameter's value."""
        if event.kind == "Delete":
            return Answer(event.physical_id)
        client = acting(event, function_behind(event))("ssm", event.properties["Region"])
        with _failing(event):
            value = client.get_parameter(Name=event.properties["ParameterName"])["Parameter"]["Value"]
        return checked(Answer(event.physical_id or event.request_id, {"FunctionArn": value}), event)


class TableReplica(Handled):
    """A replica of a DynamoDB table in another Region."""

    type = "Custom::DynamoDBReplica"

    def handle(self, event: Event) -> Answer | None:
        """Add it to the table, or take it away."""
        table, region = str(event.properties["TableName"]), str(event.properties["Region"])
        client = event.context.client("dynamodb")
        kept = _is_on(event.properties.get("SkipReplicaDeletion"))
        answer = Answer(f"{table}-{region}" if event.kind != "Delete" else event.physical_id)
        with _failing(event):
            try:
                there = client.describe_table(TableName=table)["Table"].get("Replicas", [])
            except client.exceptions.ResourceNotFoundException:
                if event.kind == "Delete":
                    return answer
                raise
            is_there = any(each["RegionName"] == region for each in there)
            verb = "Delete" if event.kind == "Delete" else "Create"
            if is_there == (verb == "Delete") and not (verb == "Delete" and kept):
                client.update_table(TableName=table, ReplicaUpdates=[{verb: {"RegionName": region}}])
                there = client.describe_table(TableName=table)["Table"].get("Replicas", [])
                if verb == "Create" and all(each["RegionName"] != region for each in there):
                    # the emulated DynamoDB has taken it, and keeps none
                    return None
        return answer


class ZoneDelegation(Handled):
    """A delegated zone's name servers in its parent zone, put there with a role that may belong to another account."""

    type = "Custom::CrossAccountZoneDelegation"

    def handle(self, event: Event) -> Answer | None:
        """Assume the role, change the parent's records."""
        properties, answer = event.properties, Answer(event.physical_id or event.request_id)
        if str(properties["AssumeRoleArn"]).split(":")[4] != event.context.account:
            # the parent zone is in an account that is not emulated
            return None
        with _failing(event):
            sts = acting(event, function_behind(event))("sts")
            name = "cross-account-zone-delegation"
            held = sts.assume_role(RoleArn=properties["AssumeRoleArn"], RoleSessionName=name)["Credentials"]
            client = clients_with(held, event.context.region)("route53")
            if event.before and event.before["DelegatedZoneName"] != properties["DelegatedZoneName"]:
                _delegate(client, event.before, "DELETE")
            _delegate(client, properties, "DELETE" if event.kind == "Delete" else "UPSERT")
        return answer


def _delegate(client: Any, properties: Mapping[str, Any], action: str) -> None:
    zone = properties.get("ParentZoneId")
    if zone is None:
        wanted = f"{properties['ParentZoneName']}."
        found = [
            each
            for each in client.list_hosted_zones_by_name(DNSName=properties["ParentZoneName"])["HostedZones"]
            if each["Name"] == wanted and not each.get("Config", {}).get("PrivateZone")
        ]
        if len(found) != 1:
            raise Said(f"Error: Expected one hosted zone to match the given name but found {len(found)}")
        zone = found[0]["Id"]
    records = [{"Value": each} for each in properties["DelegatedZoneNameServers"]]
    record = {
        "Name": properties["DelegatedZoneName"],
        "Type": "NS",
        "TTL": int(properties["TTL"]),
        "ResourceRecords": records,
    }
    change = {"Action": action, "ResourceRecordSet": record}
    client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})


class ExistingRecord(Handled):
    """Takes a record away that is in the way of a new one."""

    type = "Custom::DeleteExistingRecordSet"

    def handle(self, event: Event) -> Answer | None:
        """Only before the new one is made."""
        told, answer = event.properties, Answer(event.physical_id or event.request_id)
        if event.kind != "Create":
            return answer
        client = event.context.client("route53")
        with _failing(event):
            records = client.list_resource_record_sets(
                HostedZoneId=told["HostedZoneId"],
                StartRecordName=told["RecordName"],
                StartRecordType=told["RecordType"],
            )["ResourceRecordSets"]
            for record in records:
                if (record["Name"], record["Type"]) == (told["RecordName"], told["RecordType"]):
                    changes = [{"Action": "DELETE", "ResourceRecordSet": record}]
                    client.change_resource_record_sets(
                        HostedZoneId=told["HostedZoneId"], ChangeBatch={"Changes": changes}
                    )
                    return Answer(f"{record['Name']}-{record['Type']}")
        return answer


class OidcProvider(Handled):
    """An OpenID Connect provider of IAM; without declared thumbprints none is set, AWS's function would fetch one."""

    type = "Custom::AWSCDKOpenIdConnectProvider"

    def handle(self, event: Event) -> Answer | None:
        """Make it, change it, take it away."""
        client, told = event.context.client("iam"), event.properties
        prints, ids = sorted(told.get("ThumbprintList", [])), sorted(told.get("ClientIDList", []))
        with _failing(event):
            if event.kind == "Delete":
                with passing_over_gone():
                    client.delete_open_id_connect_provider(OpenIDConnectProviderArn=event.physical_id)
                return Answer(event.physical_id)
            arn = event.physical_id
            if event.kind == "Create" or event.before.get("Url") != told["Url"]:
                asked = {"Url": told["Url"], "ClientIDList": ids, "ThumbprintList": prints}
                arn = client.create_open_id_connect_provider(**asked)["OpenIDConnectProviderArn"]
            else:
                self._change(client, arn, prints, ids, event)
        return checked(Answer(arn, {"Thumbprints": json.dumps(prints)}), event)

    def _change(self, client: Any, arn: str, prints: list[str], ids: list[str], event: Event) -> None:
        if sorted(event.before.get("ClientIDList", [])) != ids:
            # the emulated IAM has no call for client ids: the provider is made again, under the same ARN
            client.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
            url = event.properties["Url"]
            client.create_open_id_connect_provider(Url=url, ClientIDList=ids, ThumbprintList=prints)
        elif prints:
            client.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=prints)


class Trigger(Handled):
    """Calls a function once while the stack is deployed."""

    type = "Custom::Trigger"

    def handle(self, event: Event) -> Answer | None:
        """Call it, unless only its handler has changed and that is not to count."""
        told, answer = event.properties, Answer(event.physical_id or event.request_id)
        only_changed = event.kind == "Update" and told.get("ExecuteOnHandlerChange") == "false"
        if event.kind == "Delete" or only_changed:
            return answer
        client = acting(event, function_behind(event))("lambda")
        with _failing(event):
            said = client.invoke(
                FunctionName=told["HandlerArn"], InvocationType=told.get("InvocationType", "RequestResponse")
            )
            if said.get("FunctionError"):
                body = json.loads(said["Payload"].read() or b"{}")
                raise Said(f"Error: {body.get('errorMessage', 'unknown handler error')}")
        return answer


@contextmanager
def _failing(event: Event) -> Iterator[None]:
    """What goes wrong inside is the function's answer."""
    try:
        yield
    except Exception as error:
        said = getattr(error, "response", {}).get("Error", {})
        message = f"{said['Code']}: {said.get('Message', '')}" if said else str(error)
        raise failed(message, event, event.physical_id) from error


@contextmanager
def _passing_over(code: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if getattr(error, "response", {}).get("Error", {}).get("Code") != code:
            raise


def _is_on(value: Any) -> bool:
    return str(value).lower() == "true"
