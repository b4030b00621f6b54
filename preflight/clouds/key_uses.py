"""The use of a customer's KMS key that a call to an encrypted queue, topic, secret, parameter or table takes as well.

Producers need GenerateDataKey and Decrypt, readers Decrypt; a parameter's writer Encrypt; whoever uses a table's items
Decrypt, which is how DynamoDB opens the table's own key. A key of AWS's own
(alias/aws/…) is open to everybody in the account.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html,
https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html and
https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html, checked_on 2026-11-23.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from preflight.clouds.asked import Call, Wanted, key_arn, wanted

WRITES = ("kms:GenerateDataKey", "kms:Decrypt")
READS = ("kms:Decrypt",)
USES = {
    ("sqs", "SendMessage"): WRITES,
    ("sqs", "SendMessageBatch"): WRITES,
    ("sqs", "ReceiveMessage"): READS,
    ("sns", "Publish"): WRITES,
    ("sns", "PublishBatch"): WRITES,
    ("secretsmanager", "GetSecretValue"): READS,
    ("secretsmanager", "PutSecretValue"): WRITES,
    ("ssm", "GetParameter"): READS,
    ("ssm", "GetParameters"): READS,
    ("ssm", "PutParameter"): ("kms:Encrypt",),
    **{("dynamodb", f"{each}Item"): READS for each in ("Get", "Put", "Update", "Delete", "BatchGet", "BatchWrite")},
    **{("dynamodb", each): READS for each in ("Query", "Scan", "TransactGetItems", "TransactWriteItems")},
}


def key_uses(call: Call) -> list[Wanted]:
    """What must be allowed of keys for the request to go through."""
    actions = USES.get((call.prefix, call.operation), ())
    if not actions:
        return []
    keys = [key_arn(call, each) for each in dict.fromkeys(_keys(call)) if "alias/aws/" not in each]
    context = {"kms:ViaService": f"{call.prefix}.{call.region}.amazonaws.com", "aws:ViaAWSService": "true"}
    return [Wanted(action, key, context) for key in keys if key is not None for action in actions]


def _keys(call: Call) -> Iterator[str]:
    if call.prefix == "ssm":
        yield from _of_parameters(call)
        return
    for each in wanted(call):
        parts = each.resource.split(":", 5)
        if len(parts) < 6:
            continue
        held = _backend(call.prefix, parts[4], parts[3])
        thing: Any = None
        if held is not None and call.prefix == "dynamodb":
            table = held.tables.get(parts[5].split("/")[1])
            chosen = getattr(table, "sse_specification", None) or {}
            key = chosen.get("Enabled") and chosen.get("KMSMasterKeyId")
            # without a key of one's own it is AWS's, told by its ARN
            if key and key_arn(call, str(key)) != key_arn(call, "alias/aws/dynamodb"):
                yield str(key)
            continue
        if held is not None:
            thing = (
                held.queues.get(parts[5])
                if call.prefix == "sqs"
                else held.topics.get(each.resource)
                if call.prefix == "sns"
                else held.secrets.get(each.resource)
            )
        key = getattr(thing, "kms_key_id" if call.prefix == "secretsmanager" else "kms_master_key_id", None)
        if key:
            yield str(key)


def _of_parameters(call: Call) -> Iterator[str]:
    """The keys of secure strings, where their text is asked for."""
    if call.operation == "PutParameter":
        if call.params.get("Type") == "SecureString" and call.params.get("KeyId"):
            yield str(call.params["KeyId"])
        return
    held = _backend("ssm", call.account, call.region)
    if held is None or not call.params.get("WithDecryption"):
        return
    for name in call.params.get("Names") or [call.params.get("Name")]:
        found = held.get_parameter(str(name))
        if found is not None and found.parameter_type == "SecureString" and found.keyid:
            yield str(found.keyid)


def _backend(service: str, account: str, region: str) -> Any:
    backends = getattr(sys.modules.get(f"moto.{service}.models"), f"{service}_backends", None)
    return backends[account].get(region) if backends is not None and account in backends else None
