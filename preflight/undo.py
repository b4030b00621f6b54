"""Remembers what a check made through its clients, to take it away again.

Every call that went through a watched client is looked up by its name, "s3.PutObject". UNDO says in a table which one
call takes it back, SPECIAL holds those that need a look before or several calls after, READS and HARMLESS leave
nothing. Anything else is reported as left behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Admin = Callable[[str, str], Any]
TakeBack = Callable[[], object]


@dataclass
class Call:
    """One call: "s3", "PutObject", its parameters, and a client of the deployer for the same service and Region."""

    service: str
    operation: str
    params: dict[str, Any]
    admin: Any

    @property
    def name(self) -> str:
        return f"{self.service}.{self.operation}"


class Recorder:
    """Watches clients; `undo()` takes back what they made, newest first.

    `admin(service, region)` gives clients of the deployer, which are not watched themselves.
    """

    def __init__(self, admin: Admin) -> None:
        self._admin = admin
        self._steps: list[tuple[str, TakeBack]] = []
        self._unknown: list[str] = []

    def watch(self, client: Any) -> Any:
        """Watch this client from now on; returns it."""
        client.meta.events.register("provide-client-params", self._before)
        client.meta.events.register("after-call", self._after)
        return client

    def undo(self) -> tuple[str, ...]:
        """Take everything back; says what stays behind, one line a call."""
        left = [f"{name} cannot be taken back" for name in self._unknown]
        self._unknown.clear()
        while self._steps:
            name, take_back = self._steps.pop()
            try:
                take_back()
            except Exception as error:
                if not _is_gone(error):
                    left.append(f"{name} was not taken back: {error}")
        return tuple(left)

    def _before(self, params: Mapping[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        call = Call(model.service_model.service_name, model.name, dict(params), None)
        if call.name in SPECIAL:
            call.admin = self._admin(call.service, context["client_region"])
            context["preflight_finish"] = SPECIAL[call.name](call)
        context["preflight_call"] = call

    def _after(self, http_response: Any, parsed: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        call = context.get("preflight_call")
        if call is None or http_response.status_code >= 300:
            return
        if call.name in SPECIAL:
            self._steps.append((call.name, context["preflight_finish"](parsed)))
        elif call.name in UNDO:
            operation, sources = UNDO[call.name]
            arguments = {name: _look_up(source, parsed, call.params) for name, source in sources.items()}
            region = context["client_region"]
            self._steps.append((call.name, lambda: getattr(self._admin(call.service, region), operation)(**arguments)))
        elif not READS.match(call.operation) and call.name not in HARMLESS and call.service not in HARMLESS:
            self._unknown.append(call.name)


def _look_up(source: Any, answer: Mapping[str, Any], params: Mapping[str, Any]) -> Any:
    """A value by its dotted path, in the call's answer or else among its parameters; `=value` is meant literally."""
    if not isinstance(source, str):
        return source
    for values in (answer, params):
        value: Any = values
        for part in source.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is not None:
            return value
    return None


def _is_gone(error: Exception) -> bool:
    """Whether what was to be taken away is not there any more."""
    code = str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
    return bool(re.search(r"NoSuch|NotFound|NonExist|DoesNotExist|^404$", code))


def _object_written(call: Call) -> Callable[[Mapping[str, Any]], TakeBack]:
    """An object put, copied or deleted: with versioning its new version goes, without it the old object comes back."""
    bucket, key = call.params.get("Bucket"), call.params.get("Key")
    versioned = _is_versioned(call.admin, bucket)
    before = None if versioned else _read_object(call.admin, bucket, key)

    def finish(answer: Mapping[str, Any]) -> TakeBack:
        def take_back() -> None:
            if versioned and answer.get("VersionId") and call.params.get("VersionId") is None:
                call.admin.delete_object(Bucket=bucket, Key=key, VersionId=answer["VersionId"])
            elif versioned:
                raise RuntimeError(f"a version of {key} was deleted for good")
            elif before is not None:
                call.admin.put_object(Bucket=bucket, Key=key, **before)
            else:
                call.admin.delete_object(Bucket=bucket, Key=key)

        return take_back

    return finish


def _objects_deleted(call: Call) -> Callable[[Mapping[str, Any]], TakeBack]:
    """Many objects deleted at once: each as if it had been deleted alone."""
    wanted = call.params.get("Delete", {}).get("Objects", [])
    each_finish = {
        item["Key"]: _object_written(Call("s3", "DeleteObject", {"Bucket": call.params["Bucket"], **item}, call.admin))
        for item in wanted
    }

    def finish(answer: Mapping[str, Any]) -> TakeBack:
        deleted = [
            (item["Key"], {"VersionId": item.get("DeleteMarkerVersionId")}) for item in answer.get("Deleted", [])
        ]
        return lambda: [each_finish[key](marker)() for key, marker in deleted if key in each_finish]

    return finish


def _bucket_created(call: Call) -> Callable[[Mapping[str, Any]], TakeBack]:
    bucket = call.params.get("Bucket")

    def take_back() -> None:
        for version in _versions(call.admin, bucket):
            call.admin.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
        call.admin.delete_bucket(Bucket=bucket)

    return lambda answer: take_back


def _is_versioned(s3: Any, bucket: Any) -> bool:
    try:
        # a suspended bucket answers a write with the version "null", which goes the same way
        return "Status" in s3.get_bucket_versioning(Bucket=bucket)
    except s3.exceptions.ClientError:
        return False


def _read_object(s3: Any, bucket: Any, key: Any) -> dict[str, Any] | None:
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.ClientError:
        return None
    names = ("Metadata", "ContentType", "ContentEncoding", "CacheControl", "StorageClass", "ServerSideEncryption")
    return {"Body": found["Body"].read()} | {name: found[name] for name in names if found.get(name)}


def _versions(s3: Any, bucket: Any) -> Iterator[dict[str, Any]]:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        yield from page.get("Versions", [])
        yield from page.get("DeleteMarkers", [])


def _item_written(call: Call) -> Callable[[Mapping[str, Any]], TakeBack]:
    """A DynamoDB item put, updated or deleted: it becomes what it was."""
    table = call.params.get("TableName")
    key = call.params.get("Key") or _item_key(call.admin, table, call.params.get("Item", {}))
    return _item_restored(call.admin, table, key)


def _items_written(call: Call) -> Callable[[Mapping[str, Any]], TakeBack]:
    """Items written in one batch: each as if it had been written alone."""
    each_finish = []
    for table, requests in call.params.get("RequestItems", {}).items():
        for request in requests:
            deleted = request.get("DeleteRequest", {}).get("Key")
            key = deleted or _item_key(call.admin, table, request.get("PutRequest", {}).get("Item", {}))
            each_finish.append(_item_restored(call.admin, table, key))
    return lambda answer: lambda: [finish(answer)() for finish in each_finish]


def _item_key(dynamodb: Any, table: Any, item: Mapping[str, Any]) -> dict[str, Any]:
    try:
        schema = dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]
    except dynamodb.exceptions.ClientError:
        return {}
    return {each["AttributeName"]: item.get(each["AttributeName"]) for each in schema}


def _item_restored(dynamodb: Any, table: Any, key: dict[str, Any]) -> Callable[[Mapping[str, Any]], TakeBack]:
    try:
        before = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
    except dynamodb.exceptions.ClientError:
        before = None

    def take_back() -> None:
        if before is None:
            dynamodb.delete_item(TableName=table, Key=key)
        else:
            dynamodb.put_item(TableName=table, Item=before)

    return lambda answer: take_back


def _message_sent(call: Call) -> Callable[[Mapping[str, Any]], TakeBack]:
    """A message, or a batch: received again by its id and deleted; others received on the way stay visible."""
    queue = call.params.get("QueueUrl")

    def finish(answer: Mapping[str, Any]) -> TakeBack:
        sent = (
            {answer["MessageId"]} if "MessageId" in answer else {m["MessageId"] for m in answer.get("Successful", [])}
        )

        def take_back() -> None:
            waiting = set(sent)
            for _ in range(5):
                if not waiting:
                    return
                found = call.admin.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
                for message in found:
                    handle = {"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"]}
                    if message["MessageId"] in waiting:
                        call.admin.delete_message(**handle)
                        waiting.discard(message["MessageId"])
                    else:
                        call.admin.change_message_visibility(**handle, VisibilityTimeout=0)

        return take_back

    return finish


def _messages_received(call: Call) -> Callable[[Mapping[str, Any]], TakeBack]:
    """Messages received and not deleted: visible again at once."""
    queue = call.params.get("QueueUrl")

    def finish(answer: Mapping[str, Any]) -> TakeBack:
        handles = [message["ReceiptHandle"] for message in answer.get("Messages", [])]

        def take_back() -> None:
            for handle in handles:
                try:
                    call.admin.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)
                except call.admin.exceptions.ClientError:
                    continue

        return take_back

    return finish


def _instances_run(call: Call) -> Callable[[Mapping[str, Any]], TakeBack]:
    def finish(answer: Mapping[str, Any]) -> TakeBack:
        ids = [instance["InstanceId"] for instance in answer.get("Instances", [])]
        return lambda: call.admin.terminate_instances(InstanceIds=ids)

    return finish


def _instances_terminated(call: Call) -> Callable[[Mapping[str, Any]], TakeBack]:
    """Instances ended: their Auto Scaling group has put others in their place; one on its own is gone for good."""
    found = call.admin.describe_instances(InstanceIds=call.params.get("InstanceIds", []))["Reservations"]
    alone = [
        each["InstanceId"]
        for reservation in found
        for each in reservation["Instances"]
        if not any(tag["Key"] == "aws:autoscaling:groupName" for tag in each.get("Tags", []))
    ]

    def take_back() -> None:
        if alone:
            raise RuntimeError(f"{', '.join(alone)} was ended for good")

    return lambda answer: take_back


def _rules_authorized(revoke: str) -> Callable[[Call], Callable[[Mapping[str, Any]], TakeBack]]:
    def authorized(call: Call) -> Callable[[Mapping[str, Any]], TakeBack]:
        def finish(answer: Mapping[str, Any]) -> TakeBack:
            rules = [rule["SecurityGroupRuleId"] for rule in answer.get("SecurityGroupRules", [])]
            group = call.params.get("GroupId")
            return lambda: getattr(call.admin, revoke)(GroupId=group, SecurityGroupRuleIds=rules)

        return finish

    return authorized


def _alarm_set(call: Call) -> Callable[[Mapping[str, Any]], TakeBack]:
    """An alarm's state set by hand: it goes back to what it was."""
    name = call.params.get("AlarmName")
    told = call.admin.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    found = [*told.get("MetricAlarms", []), *told.get("CompositeAlarms", [])]
    before = found[0]["StateValue"] if found else "INSUFFICIENT_DATA"
    reason = {"AlarmName": name, "StateValue": before, "StateReason": "set back after a check"}
    return lambda answer: lambda: call.admin.set_alarm_state(**reason)


def _lines_written(call: Call) -> Callable[[Mapping[str, Any]], TakeBack]:
    """Lines put into a log stream: one that was empty is emptied again, from another nothing can be taken."""
    place = {"logGroupName": call.params.get("logGroupName"), "logStreamName": call.params.get("logStreamName")}
    was_empty = not call.admin.get_log_events(**place, limit=1).get("events")

    def take_back() -> None:
        if not was_empty:
            raise RuntimeError(f"{place['logStreamName']} held lines before, and lines cannot be taken out")
        call.admin.delete_log_stream(**place)
        call.admin.create_log_stream(**place)

    return lambda answer: take_back


SPECIAL: dict[str, Callable[[Call], Callable[[Mapping[str, Any]], TakeBack]]] = {
    "s3.CreateBucket": _bucket_created,
    "s3.PutObject": _object_written,
    "s3.CopyObject": _object_written,
    "s3.CompleteMultipartUpload": _object_written,
    "s3.DeleteObject": _object_written,
    "s3.DeleteObjects": _objects_deleted,
    "dynamodb.PutItem": _item_written,
    "dynamodb.UpdateItem": _item_written,
    "dynamodb.DeleteItem": _item_written,
    "dynamodb.BatchWriteItem": _items_written,
    "sqs.SendMessage": _message_sent,
    "sqs.SendMessageBatch": _message_sent,
    "sqs.ReceiveMessage": _messages_received,
    "cloudwatch.SetAlarmState": _alarm_set,
    "logs.PutLogEvents": _lines_written,
    "ec2.RunInstances": _instances_run,
    "ec2.TerminateInstances": _instances_terminated,
    "ec2.AuthorizeSecurityGroupIngress": _rules_authorized("revoke_security_group_ingress"),
    "ec2.AuthorizeSecurityGroupEgress": _rules_authorized("revoke_security_group_egress"),
}

# what a call made → the call that takes it away, and where its arguments come from: the answer first, then the request
UNDO: dict[str, tuple[str, dict[str, Any]]] = {
    "s3.CreateMultipartUpload": (
        "abort_multipart_upload",
        {"Bucket": "Bucket", "Key": "Key", "UploadId": "UploadId"},
    ),
    "iam.CreateUser": ("delete_user", {"UserName": "UserName"}),
    "iam.CreateGroup": ("delete_group", {"GroupName": "GroupName"}),
    "iam.CreateRole": ("delete_role", {"RoleName": "RoleName"}),
    "iam.CreatePolicy": ("delete_policy", {"PolicyArn": "Policy.Arn"}),
    "iam.CreateInstanceProfile": ("delete_instance_profile", {"InstanceProfileName": "InstanceProfileName"}),
    "iam.CreateLoginProfile": ("delete_login_profile", {"UserName": "UserName"}),
    "iam.CreateAccessKey": (
        "delete_access_key",
        {"UserName": "AccessKey.UserName", "AccessKeyId": "AccessKey.AccessKeyId"},
    ),
    "iam.AddUserToGroup": ("remove_user_from_group", {"GroupName": "GroupName", "UserName": "UserName"}),
    "iam.AddRoleToInstanceProfile": (
        "remove_role_from_instance_profile",
        {"InstanceProfileName": "InstanceProfileName", "RoleName": "RoleName"},
    ),
    "iam.AttachUserPolicy": ("detach_user_policy", {"UserName": "UserName", "PolicyArn": "PolicyArn"}),
    "iam.AttachGroupPolicy": ("detach_group_policy", {"GroupName": "GroupName", "PolicyArn": "PolicyArn"}),
    "iam.AttachRolePolicy": ("detach_role_policy", {"RoleName": "RoleName", "PolicyArn": "PolicyArn"}),
    "iam.PutUserPolicy": ("delete_user_policy", {"UserName": "UserName", "PolicyName": "PolicyName"}),
    "iam.PutGroupPolicy": ("delete_group_policy", {"GroupName": "GroupName", "PolicyName": "PolicyName"}),
    "iam.PutRolePolicy": ("delete_role_policy", {"RoleName": "RoleName", "PolicyName": "PolicyName"}),
    "ec2.CreateVpc": ("delete_vpc", {"VpcId": "Vpc.VpcId"}),
    "ec2.CreateSubnet": ("delete_subnet", {"SubnetId": "Subnet.SubnetId"}),
    "ec2.CreateRoute": (
        "delete_route",
        {"RouteTableId": "RouteTableId", "DestinationCidrBlock": "DestinationCidrBlock"},
    ),
    "ec2.CreateSecurityGroup": ("delete_security_group", {"GroupId": "GroupId"}),
    "ec2.CreateNetworkInterface": (
        "delete_network_interface",
        {"NetworkInterfaceId": "NetworkInterface.NetworkInterfaceId"},
    ),
    "ec2.AllocateAddress": ("release_address", {"AllocationId": "AllocationId"}),
    "ec2.CreateKeyPair": ("delete_key_pair", {"KeyName": "KeyName"}),
    "ec2.CreateVolume": ("delete_volume", {"VolumeId": "VolumeId"}),
    "ec2.CreateTags": ("delete_tags", {"Resources": "Resources", "Tags": "Tags"}),
    "dynamodb.CreateTable": ("delete_table", {"TableName": "TableName"}),
    "sqs.CreateQueue": ("delete_queue", {"QueueUrl": "QueueUrl"}),
    "sns.CreateTopic": ("delete_topic", {"TopicArn": "TopicArn"}),
    "sns.Subscribe": ("unsubscribe", {"SubscriptionArn": "SubscriptionArn"}),
    "logs.CreateLogGroup": ("delete_log_group", {"logGroupName": "logGroupName"}),
    "logs.CreateLogStream": (
        "delete_log_stream",
        {"logGroupName": "logGroupName", "logStreamName": "logStreamName"},
    ),
    "cloudtrail.StopLogging": ("start_logging", {"Name": "Name"}),
    "lambda.CreateFunction": ("delete_function", {"FunctionName": "FunctionName"}),
    "kms.CreateGrant": ("revoke_grant", {"KeyId": "KeyId", "GrantId": "GrantId"}),
    "secretsmanager.CreateSecret": ("delete_secret", {"SecretId": "ARN", "ForceDeleteWithoutRecovery": True}),
}

READS = re.compile(
    r"(Get|List|Describe|Head|Query|Scan|BatchGet|TransactGet|Select|Search|Lookup|Simulate|Test|Validate|Check|Filter"
    r"|Decode|Detect|Encrypt|Decrypt|GenerateDataKey|GenerateRandom|Sign|Verify)"
)

# services and calls that leave nothing of their own behind; what they set going is the design's business
HARMLESS = frozenset(
    {"sts", "s3.UploadPart", "s3.AbortMultipartUpload", "sqs.DeleteMessage", "sqs.DeleteMessageBatch"}
    | {"sqs.ChangeMessageVisibility", "lambda.Invoke", "sns.Publish", "sns.PublishBatch", "events.PutEvents"}
    | {"stepfunctions.StartExecution", "iam.GenerateCredentialReport", "kms.ReEncrypt"}
)
