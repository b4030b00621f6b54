"""KMS: keys and their aliases."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Setting, Switch, Table, Tags, call


class Key(Table):
    """A key; deleted, it waits for its window to pass, as on AWS."""

    type = "AWS::KMS::Key"
    service = "kms"
    makes = call("create_key", "Policy=KeyPolicy Description KeyUsage KeySpec MultiRegion Origin")
    then = (
        Setting(
            call("put_key_policy", "Policy=KeyPolicy", KeyId="{ref}", PolicyName="default"),
            at_create=False,
        ),
        Setting(
            call("update_key_description", "Description", KeyId="{ref}"),
            otherwise={"Description": ""},
            at_create=False,
        ),
        Switch(
            "EnableKeyRotation",
            on=call("enable_key_rotation", "RotationPeriodInDays", KeyId="{ref}"),
            off=call("disable_key_rotation", KeyId="{ref}"),
        ),
        Switch(
            "Enabled",
            on=call("enable_key", KeyId="{ref}"),
            off=call("disable_key", KeyId="{ref}"),
            default=True,
        ),
    )
    tags = Tags(call("tag_resource", KeyId="{ref}"), remove=call("untag_resource", KeyId="{ref}"))
    ref = "KeyMetadata.KeyId"
    drops = "RotationPeriodInDays"
    attributes = "Arn=KeyMetadata.Arn KeyId={ref}"
    unmakes = call("schedule_key_deletion", "PendingWindowInDays", KeyId="{ref}")
    reads = (
        call("describe_key", KeyId="{ref}"),
        call("get_key_policy", KeyId="{ref}", PolicyName="default"),
        call("get_key_rotation_status", KeyId="{ref}"),
        call("list_resource_tags", KeyId="{ref}"),
    )


class Alias(Table):
    """A key's other name."""

    type = "AWS::KMS::Alias"
    service = "kms"
    makes = call("create_alias", "AliasName TargetKeyId")
    then = (Setting(call("update_alias", "TargetKeyId", AliasName="{ref}"), at_create=False),)
    ref = "{AliasName}"
    unmakes = call("delete_alias", AliasName="{ref}")
    reads = (call("list_aliases"),)
