"""A key keeps its policy, rotates when told to, and waits out its window."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}


def test_a_key_and_its_alias(bench):
    kms = bench.client("kms")
    declared: dict[str, Any] = {"KeyPolicy": POLICY, "KeySpec": "SYMMETRIC_DEFAULT", "MultiRegion": False}
    key = bench.make(
        "AWS::KMS::Key",
        "Key",
        **declared,
        Description="notes",
        EnableKeyRotation=True,
        RotationPeriodInDays="180",
        Enabled=True,
        Tags=[{"Key": "team", "Value": "triage"}],
    )
    assert (key.unapplied, bench.lost(key)) == ((), set())
    assert kms.get_key_rotation_status(KeyId=key.ref)["KeyRotationEnabled"]
    assert key["Arn"] == f"arn:aws:kms:us-east-1:123456789012:key/{key.ref}"

    other = {**POLICY, "Statement": [{**POLICY["Statement"][0], "Sid": "Root"}]}
    changed = bench.change(key, **{**declared, "KeyPolicy": other}, Enabled=False, PendingWindowInDays=7)
    assert changed.unapplied == ()
    assert "Root" in kms.get_key_policy(KeyId=key.ref, PolicyName="default")["Policy"]
    facts = kms.describe_key(KeyId=key.ref)["KeyMetadata"]
    assert (facts["Description"], facts["KeyState"]) == ("", "Disabled")
    assert not kms.get_key_rotation_status(KeyId=key.ref)["KeyRotationEnabled"]

    second = bench.make("AWS::KMS::Key", "Second", **declared)
    alias = bench.make("AWS::KMS::Alias", "Alias", AliasName="alias/notes", TargetKeyId=key["Arn"])
    assert alias.unapplied == ()
    moved = bench.change(alias, AliasName="alias/notes", TargetKeyId=second.ref)
    assert kms.describe_key(KeyId="alias/notes")["KeyMetadata"]["KeyId"] == second.ref
    bench.delete(moved)
    bench.delete(moved)
    bench.delete(changed)
    assert not [each for each in kms.list_aliases()["Aliases"] if each["AliasName"] == "alias/notes"]
    assert kms.describe_key(KeyId=key.ref)["KeyMetadata"]["KeyState"] == "PendingDeletion"


ROOT = POLICY["Statement"][0]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ({**ROOT, "Action": "kms:Encrypt"}, "will not allow you to update the key policy in the future"),
        ({**ROOT, "Effect": "Deny"}, "will not allow you to update the key policy"),
        ({**ROOT, "Principal": {"AWS": "arn:aws:iam::123456789012:role/nobody"}}, "one or more invalid principals"),
        ({each: ROOT[each] for each in ("Effect", "Action", "Resource")}, "no principal"),
    ],
)
def test_a_policy_kms_does_not_take_is_refused(bench, statement, words):
    with pytest.raises(ClientError, match=words):
        bench.make("AWS::KMS::Key", KeyPolicy={**POLICY, "Statement": [statement]})


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"PendingWindowInDays": 3}, "between 7 and 30"),
        ({"EnableKeyRotation": True, "RotationPeriodInDays": 30}, "valid min value: 90"),
        ({"EnableKeyRotation": True, "KeySpec": "RSA_2048"}, "You cannot perform the EnableKeyRotation operation"),
    ],
)
def test_what_else_kms_refuses(bench, properties, words):
    with pytest.raises((ClientError, ParamValidationError), match=words):
        bench.make("AWS::KMS::Key", KeyPolicy=POLICY, **properties)


def test_a_key_is_never_replaced(bench):
    key = bench.make("AWS::KMS::Key", KeyPolicy=POLICY)
    with pytest.raises(ClientError, match="cannot change the KeySpec"):
        bench.change(key, KeyPolicy=POLICY, KeySpec="RSA_2048")


def test_a_replica_shares_the_material_and_nothing_else(bench):
    kms = bench.client("kms")
    key = bench.make("AWS::KMS::Key", KeyPolicy=POLICY, MultiRegion=True)
    secret = kms.encrypt(KeyId=key.ref, Plaintext=b"note")["CiphertextBlob"]
    bench.region = "eu-west-1"
    declared: dict[str, Any] = {"PrimaryKeyArn": key["Arn"], "KeyPolicy": POLICY}
    replica = bench.make("AWS::KMS::ReplicaKey", "Replica", **declared, Description="far", PendingWindowInDays=7)
    assert (replica.unapplied, bench.lost(replica), replica.ref) == ((), set(), key.ref)
    far = bench.client("kms", "eu-west-1")
    assert far.decrypt(CiphertextBlob=secret)["Plaintext"] == b"note"
    off = bench.change(replica, **declared, Enabled=False)
    with pytest.raises(ClientError, match="is disabled"):
        far.decrypt(CiphertextBlob=secret)
    bench.delete(off)
    kinds = [each.describe_key(KeyId=key.ref)["KeyMetadata"] for each in (kms, far)]
    assert [each["MultiRegionConfiguration"]["MultiRegionKeyType"] for each in kinds] == ["PRIMARY", "REPLICA"]
    assert [each["KeyState"] for each in kinds] == ["Enabled", "PendingDeletion"]
