"""Weakening a worked template finds what its lab's checks do not see."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from preflight.lab import Lab
from preflight.mutate import mutations, survey, told

SHELF = Path(__file__).resolve().parent / "shelf" / "course"

LIBRARY: dict[str, Any] = {
    "Resources": {
        "Books": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketName": {"Fn::Join": ["-", ["books", {"Ref": "AWS::AccountId"}]]},
                "VersioningConfiguration": {"Status": "Enabled"},
                "Tags": [{"Key": "shelf", "Value": "novels"}],
            },
        },
        "Rules": {
            "Type": "AWS::S3::BucketPolicy",
            "DependsOn": ["Door"],
            "Properties": {
                "Bucket": {"Ref": "Books"},
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Sid": "Read",
                            "Effect": "Allow",
                            "Principal": {"AWS": "123456789012"},
                            "Action": ["s3:GetObject", "s3:PutObject"],
                            "Resource": {"Fn::Sub": "${Books.Arn}/*"},
                        },
                    ],
                },
            },
        },
        "Door": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {
                "GroupDescription": "the library's door",
                "SecurityGroupIngress": [
                    {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8"},
                    {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"},
                ],
            },
        },
        "Meta": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "x"}},
        "Helper": {"Type": "Custom::S3AutoDeleteObjects", "Properties": {"BucketName": {"Ref": "Books"}}},
    }
}


def lines(type: str) -> list[str]:
    return [str(each).removeprefix(f"{type} ") for each in mutations(LIBRARY) if each.type == type]


def test_each_property_is_deleted_and_weakened_where_it_can_be() -> None:
    assert lines("AWS::S3::Bucket") == [
        # intrinsics are whole; of tags the words are for people; others refer to the bucket, so it stays
        "BucketName deleted",
        "VersioningConfiguration deleted",
        "VersioningConfiguration.Status deleted",
        "VersioningConfiguration.Status is Disabled",
        "Tags deleted",
    ]
    door = lines("AWS::EC2::SecurityGroup")
    assert "deleted" in door
    assert "SecurityGroupIngress.0 deleted" in door
    assert "SecurityGroupIngress.0.CidrIp is 0.0.0.0/0" in door
    assert "SecurityGroupIngress.0.FromPort is a tenth" in door
    assert not [
        line for line in door if "GroupDescription" in line or line == "SecurityGroupIngress.1.CidrIp is 0.0.0.0/0"
    ]


def test_a_policy_is_opened_statement_by_statement() -> None:
    policy = [line.removeprefix("PolicyDocument.") for line in lines("AWS::S3::BucketPolicy")]
    for line in ("Action is s3:*", "Resource is *", "Principal is *", "Effect is Deny", "Action.1 deleted"):
        assert f"Statement.0.{line}" in policy
    # the only statement goes with the policy; a version and a name decide nothing here
    assert not [line for line in policy if line.endswith(("Statement.0 deleted", "Sid deleted", "Version deleted"))]


def test_cdks_own_helpers_are_left_alone() -> None:
    assert not lines("AWS::CDK::Metadata") + lines("Custom::S3AutoDeleteObjects")


def test_an_edit_changes_its_copy_alone_and_frees_who_waited() -> None:
    door = next(each for each in mutations(LIBRARY) if str(each) == "AWS::EC2::SecurityGroup deleted")
    edited = door.of(LIBRARY)
    assert "Door" not in edited["Resources"] and edited["Resources"]["Rules"]["DependsOn"] == []
    assert "Door" in LIBRARY["Resources"]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shelf") / "course"
    shutil.copytree(SHELF, root)
    return root


def test_what_no_promise_notices_is_listed_until_it_is_answered(shelf: Path) -> None:
    folder = shelf / "labs" / "lab01_keep_a_book"
    found = list(survey(Lab.load(folder), shelf))
    by = {str(each.mutation).removeprefix("AWS::S3::Bucket "): each for each in found}
    assert by["VersioningConfiguration deleted"].what == "killed"
    assert by["VersioningConfiguration deleted"].by == "old_editions_stay"
    assert by["VersioningConfiguration.Status deleted"].what == "refused"
    assert by["Tags deleted"].what == "killed"
    assert "2 of 2 relevant mutations killed" in told(Lab.load(folder), found, 1.0)


def test_a_survivor_is_missed_or_answered(shelf: Path) -> None:
    folder = shelf / "labs" / "lab02_lend_a_book"
    lab = Lab.load(folder)
    missed = [each for each in survey(lab, shelf) if each.what == "missed"]
    assert missed, "the shelf's second lab is loose on purpose"
    assert str(missed[0].mutation) in told(lab, missed, 1.0)

    patterns = sorted({str(each.mutation).replace("*", "[*]") for each in missed})
    listed = ", ".join(f'"{each}"' for each in patterns)
    survivors = f'[[survivor]]\nmutation = "all that is left"\nof = [{listed}]\nreason = "it is a small shelf"\n'
    (folder / "survivors.toml").write_text(survivors, encoding="utf-8")
    counts = Counter(each.what for each in survey(Lab.load(folder), shelf))
    assert counts["missed"] == 0 and counts["answered"] == len(missed)
