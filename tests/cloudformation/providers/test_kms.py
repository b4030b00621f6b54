"""A key keeps its policy, rotates when told to, and waits out its window."""

from __future__ import annotations

from typing import Any

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
    assert key.unapplied == ("RotationPeriodInDays",)
    assert bench.lost(key) <= {"EnableKeyRotation=True"}  # told as KeyRotationEnabled
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
