"""KMS: keys, their replicas in other Regions, and their aliases."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared, plain
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Scope, Setting, Switch, Table, Tags, call, refusal
from preflight.cloudformation.providers.iam import misspelt_operator, stranger

_POLICY = Setting(call("put_key_policy", "Policy=KeyPolicy", KeyId="{ref}", PolicyName="default"), at_create=False)
_DESCRIPTION = Setting(
    call("update_key_description", "Description", KeyId="{ref}"), otherwise={"Description": ""}, at_create=False
)
_ENABLED = Switch(
    "Enabled",
    on=call("enable_key", KeyId="{ref}"),
    off=call("disable_key", KeyId="{ref}"),
    default=True,
)
# what an update never changes, lest a key with everything encrypted under it be replaced by accident
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html, 2026-11-22
_FIXED = {"KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "MultiRegion": False, "Origin": "AWS_KMS"}


class _Kms(Table):
    """What is a key: its policy has to leave somebody who can change it."""

    service = "kms"
    tags = Tags(call("tag_resource", KeyId="{ref}"), remove=call("untag_resource", KeyId="{ref}"))
    unmakes = call("schedule_key_deletion", "PendingWindowInDays", KeyId="{ref}")
    untold = "PendingWindowInDays BypassPolicyLockoutSafetyCheck"
    reads = (
        call("describe_key", KeyId="{ref}"),
        call("get_key_policy", KeyId="{ref}", PolicyName="default"),
        call("get_key_rotation_status", KeyId="{ref}"),
        call("list_resource_tags", KeyId="{ref}"),
    )

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse the policies KMS refuses."""
        if "Policy" in arguments:
            bypassed = bool(scope.declared.take("BypassPolicyLockoutSafetyCheck", False))
            refuse_key_policy(str(arguments["Policy"]), scope.context, operation, bypassed=bypassed)
        return super().ask(scope, operation, arguments)

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The waiting time is checked when the key is made, not when it is to go."""
        window = scope.declared.peek("PendingWindowInDays", 30)
        if not 7 <= int(window) <= 30:
            said = f"PendingWindowInDays must be between 7 and 30 (inclusive), got {window}."
            raise refusal("ValidationException", said, "ScheduleKeyDeletion")
        return super().arguments(scope)


class Key(_Kms):
    """A key; deleted, it waits for its window to pass, as on AWS."""

    type = "AWS::KMS::Key"
    makes = call("create_key", "Policy=KeyPolicy Description KeyUsage KeySpec MultiRegion Origin")
    then = (
        _POLICY,
        _DESCRIPTION,
        Switch(
            "EnableKeyRotation",
            on=call("enable_key_rotation", "RotationPeriodInDays", KeyId="{ref}"),
            off=call("disable_key_rotation", KeyId="{ref}"),
        ),
        _ENABLED,
    )
    ref = "KeyMetadata.KeyId"
    tells = "KeyRotationEnabled=EnableKeyRotation"
    attributes = "Arn=KeyMetadata.Arn KeyId={ref}"

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """An update that would need another key fails."""
        for name, default in _FIXED.items():
            if declared.peek(name, default) != plain(before.get(name, default)):
                said = f"You cannot change the {name} of an existing KMS key."
                raise refusal("InvalidRequest", said, "UpdateKey")
        return super().update(made, declared, before, context)

    def _attributes(self, scope: Scope, answer: Mapping[str, Any]) -> dict[str, Any]:
        if not scope.declared.peek("EnableKeyRotation", False):
            # a period without rotation says nothing to KMS
            scope.declared.not_emulated("RotationPeriodInDays")
        return super()._attributes(scope, answer)


class ReplicaKey(_Kms):
    """A multi-Region key's copy in another Region: the same id and material, a policy of its own."""

    type = "AWS::KMS::ReplicaKey"
    makes = call("replicate_key", "Policy=KeyPolicy Description KeyId=PrimaryKeyArn", ReplicaRegion="{region}")
    then = (_POLICY, _DESCRIPTION, _ENABLED)
    ref = "ReplicaKeyMetadata.KeyId"
    attributes = "Arn=ReplicaKeyMetadata.Arn KeyId={ref}"

    def begin(self, scope: Scope) -> dict[str, Any]:
        """The primary's Region is asked to replicate."""
        asked = self.arguments(scope)
        arn = str(asked["KeyId"])
        refuse_key_policy(str(asked["Policy"]), scope.context, "ReplicateKey")
        if arn.count(":") < 5:
            raise refusal("InvalidArnException", f"Invalid arn {arn}", "ReplicateKey")
        client = scope.context.client("kms", arn.split(":")[3])
        answer: dict[str, Any] = client.replicate_key(**{**asked, "KeyId": arn.rpartition("/")[2]})
        return answer


class Alias(Table):
    """A key's other name."""

    type = "AWS::KMS::Alias"
    service = "kms"
    makes = call("create_alias", "AliasName TargetKeyId")
    then = (Setting(call("update_alias", "TargetKeyId", AliasName="{ref}"), at_create=False),)
    ref = "{AliasName}"
    unmakes = call("delete_alias", AliasName="{ref}")
    reads = (call("list_aliases"),)

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The key has to be there, also when the alias moves to it."""
        if "TargetKeyId" in arguments:
            scope.context.client("kms").describe_key(KeyId=arguments["TargetKeyId"])
        return super().ask(scope, operation, arguments)


def refuse_key_policy(document: str, context: Context, operation: str, *, bypassed: bool = False) -> None:
    """Raise KMS's MalformedPolicyDocumentException for a policy it does not take.

    The lockout safety check: whoever sets the policy has to be able to set the next one. The deployer is taken for
    any principal of the account
    (https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html, checked_on 2026-11-22).
    """
    policy = json.loads(document)
    statements = policy.get("Statement") or []
    statements = statements if isinstance(statements, list) else [statements]
    said = ""
    for each in statements:
        if "Principal" not in each and "NotPrincipal" not in each:
            said = said or "Policy contains a statement with no principal."
        if stranger(each, context) is not None:
            said = said or "Policy contains a statement with one or more invalid principals."
        if misspelt_operator(each):
            said = said or f"Policy contains an invalid condition operator: {misspelt_operator(each)}"
    if not said and not bypassed and not any(_lets_change(each, context) for each in statements):
        said = "The new key policy will not allow you to update the key policy in the future."
    if said:
        raise refusal("MalformedPolicyDocumentException", said, operation)


def _lets_change(statement: Mapping[str, Any], context: Context) -> bool:
    if statement.get("Effect") != "Allow" or "kms:ViaService" in json.dumps(statement.get("Condition") or {}):
        return False
    actions = statement.get("Action") or []
    wanted = [str(each).lower() for each in (actions if isinstance(actions, list) else [actions])]
    pattern = any(re.fullmatch(re.escape(each).replace(r"\*", ".*"), "kms:putkeypolicy") for each in wanted)
    principal = statement.get("Principal")
    named = principal.get("AWS", []) if isinstance(principal, Mapping) else principal
    names = [str(each) for each in (named if isinstance(named, list) else [named])]
    root = f"arn:{context.partition}:iam::{context.account}:root"
    mine = {"*", root, context.account}
    return pattern and any(each in mine or ":role/cdk-" in each for each in names)
