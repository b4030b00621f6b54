"""Two designs beside each other: names do not count, differences do, and the worked stack says why."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.cli.beside import comparison_lines
from preflight.compare import ABSENT, Reason, compare, reasons
from preflight.lab import Lab
from preflight.template import Template
from tests.coursebook import a_course
from tests.golden_files import same_as_golden


def resource(type: str, path: str, **properties: Any) -> dict[str, Any]:
    return {"Type": type, "Properties": properties, "Metadata": {"aws:cdk:path": f"Lab1/{path}/Resource"}}


def template(**resources: dict[str, Any]) -> Template:
    return Template.load({"Resources": copy.deepcopy(resources)})


def bucket(path: str, **properties: Any) -> dict[str, Any]:
    return resource("AWS::S3::Bucket", path, **properties)


def policy(path: str, bucket: str, *actions: str) -> dict[str, Any]:
    statements = [
        {
            "Action": action,
            "Effect": "Deny",
            "Resource": {"Fn::Join": ["", [{"Fn::GetAtt": [bucket, "Arn"]}, "/*"]]},
        }
        for action in actions
    ]
    return resource("AWS::S3::BucketPolicy", path, Bucket={"Ref": bucket}, PolicyDocument={"Statement": statements})


def test_other_names_are_no_difference() -> None:
    yours = template(A1=bucket("Archive"), P1=policy("Archive/Policy", "A1", "s3:*"))
    worked = template(N9=bucket("Notes"), P9=policy("Notes/Policy", "N9", "s3:*"))
    found = compare(yours, worked)
    assert [(pair.yours, pair.worked, pair.same) for pair in found.pairs] == [
        ("Archive", "Notes", True),
        ("Archive/Policy", "Notes/Policy", True),
    ]


def test_a_difference_has_its_path_and_both_values() -> None:
    yours = template(A=bucket("Archive", VersioningConfiguration={"Status": "Suspended"}, BucketName="mine"))
    worked = template(N=bucket("Notes", VersioningConfiguration={"Status": "Enabled"}, Tags=["t"]))
    (pair,) = compare(yours, worked).different
    assert [(each.path, each.yours, each.worked) for each in pair.differences] == [
        ("VersioningConfiguration.Status", "Suspended", "Enabled"),
        ("Tags", ABSENT, ["t"]),
        ("BucketName", "mine", ABSENT),
    ]


def test_a_reference_to_another_thing_is_a_difference_in_the_words_of_each_side() -> None:
    logs, notes = bucket("Logs", BucketName="logs"), bucket("Notes", Tags=["t"])
    yours = template(L=logs, N=notes, P=policy("Policy", "L", "s3:*"))
    worked = template(L=logs, N=notes, P=policy("Policy", "N", "s3:*"))
    (pair,) = compare(yours, worked).different
    assert [(each.path, each.yours, each.worked) for each in pair.differences] == [
        ("Bucket", "${Logs}", "${Notes}"),
        ("PolicyDocument.Statement[0].Resource", "${Logs.Arn}/*", "${Notes.Arn}/*"),
    ]


def test_the_likest_of_several_are_paired() -> None:
    big, small = {"Tags": ["a", "b", "c"]}, {"BucketName": "small"}
    yours = template(One=bucket("One", **small), Two=bucket("Two", **big), Three=bucket("Three", Tags=["z"]))
    worked = template(Big=bucket("Big", **big), Small=bucket("Small", **small))
    found = compare(yours, worked)
    assert [(pair.yours, pair.worked) for pair in found.same] == [("One", "Small"), ("Two", "Big")]
    assert [pair.yours for pair in found.only_yours] == ["Three"]


def test_things_that_look_alike_are_told_apart_by_what_they_belong_to() -> None:
    def network(one: str, two: str, *cidrs: str) -> Template:
        subnets = {
            f"{name}Net": resource("AWS::EC2::Subnet", name, CidrBlock=cidr)
            for name, cidr in zip((one, two), cidrs, strict=True)
        }
        rows = {
            f"{name}Row": resource(
                "AWS::EC2::SubnetRouteTableAssociation",
                f"{name}/Row",
                SubnetId={"Ref": f"{name}Net"},
                RouteTableId="rtb",
            )
            for name in (two, one)
        }
        return template(**rows, **subnets)

    found = compare(network("A", "B", "10.0.0.0/24", "10.0.1.0/24"), network("Y", "X", "10.0.1.0/24", "10.0.0.0/24"))
    assert {(pair.yours, pair.worked) for pair in found.same} == {
        ("A", "X"),
        ("B", "Y"),
        ("A/Row", "X/Row"),
        ("B/Row", "Y/Row"),
    }


def network(range: str, *tiers: str) -> Template:
    """A VPC with a subnet, a route table and their association a tier; the subnets' third number counts the tiers."""
    start = ".".join(range.split(".")[:2])
    made = {"Vpc": resource("AWS::EC2::VPC", "Vpc", CidrBlock=range)}
    for number, tier in enumerate(tiers):
        tags = [{"Key": "Name", "Value": f"Lab1/{tier}"}, {"Key": "aws-cdk:subnet-name", "Value": tier}]
        made[f"{tier}Table"] = resource("AWS::EC2::RouteTable", f"{tier}/Table", VpcId={"Ref": "Vpc"}, Tags=tags)
        made[f"{tier}Net"] = resource(
            "AWS::EC2::Subnet", tier, CidrBlock=f"{start}.{number}.0/24", VpcId={"Ref": "Vpc"}, Tags=tags
        )
        made[f"{tier}Row"] = resource(
            "AWS::EC2::SubnetRouteTableAssociation",
            f"{tier}/Row",
            SubnetId={"Ref": f"{tier}Net"},
            RouteTableId={"Ref": f"{tier}Table"},
        )
    return template(**made)


def test_another_range_for_the_vpc_is_one_difference_and_names_in_tags_are_none() -> None:
    found = compare(network("10.20.0.0/20", "Web", "Db", "Spare"), network("10.40.0.0/16", "Site", "Store", "More"))
    (vpc,) = found.different
    assert [(each.path, each.yours, each.worked) for each in vpc.differences] == [
        ("CidrBlock", "10.20.0.0/20", "10.40.0.0/16")
    ]
    assert len(found.same) == 9


def test_route_tables_are_told_apart_by_the_subnets_that_use_them_whatever_they_are_called() -> None:
    found = compare(network("10.0.0.0/16", "A", "B", "C"), network("10.0.0.0/16", "C", "A", "B"))
    tables = {(pair.yours, pair.worked) for pair in found.same if pair.type == "AWS::EC2::RouteTable"}
    assert tables == {("A/Table", "C/Table"), ("B/Table", "A/Table"), ("C/Table", "B/Table")}


def test_the_whole_range_is_the_same_written_out_or_asked_for() -> None:
    def rule(cidr: object) -> dict[str, Any]:
        return resource("AWS::EC2::NetworkAclEntry", "Rule", CidrBlock=cidr)

    vpc = resource("AWS::EC2::VPC", "Vpc", CidrBlock="10.20.0.0/20")
    yours, worked = template(V=vpc, R=rule("10.20.0.0/20")), template(V=vpc, R=rule({"Fn::GetAtt": ["V", "CidrBlock"]}))
    assert len(compare(yours, worked).same) == 2


def test_what_differs_alike_is_told_once_with_each_reason_once(tmp_path: Any) -> None:
    lab = Lab.load(a_course(tmp_path / "project").with_lab(1, "jars").lab(1, "jars"))
    yours = template(**{f"A{n}": bucket(f"Notes/A{n}", Tags=[str(n)], BucketName=f"mine{n}") for n in range(6)})
    worked = template(**{f"B{n}": bucket(f"Notes/B{n}", Tags=[str(n)]) for n in range(6)})
    said = str(comparison_lines(lab, compare(yours, worked, reasons(SOURCE)), 100))
    assert "AWS::S3::Bucket  6: Notes/A0, Notes/A1, Notes/A2, Notes/A3 and 2 more" in said
    assert said.count("BucketName") == said.count("the bucket itself") == 1
    assert "6 different" in said


def test_statements_in_another_order_are_the_same() -> None:
    yours = template(B=bucket("B"), P=policy("P", "B", "s3:GetObject", "s3:PutObject"))
    worked = template(B=bucket("B"), P=policy("P", "B", "s3:PutObject", "s3:GetObject"))
    assert len(compare(yours, worked).same) == 2


def test_deletion_policies_count_and_cdk_metadata_does_not() -> None:
    yours = template(B={**bucket("B"), "DeletionPolicy": "Retain"}, M=resource("AWS::CDK::Metadata", "CDKMetadata"))
    (pair,) = compare(yours, template(B=bucket("B"))).pairs
    assert [each.path for each in pair.differences] == ["DeletionPolicy"]


SOURCE = """
import aws_cdk as cdk

class Worked(cdk.Stack):
    def __init__(self, scope, construct_id):
        # a comment about nothing in particular

        # the bucket itself: emptied
        # when the stack goes
        notes = s3.Bucket(
            self,
            "Notes",
            # the undo
            versioned=True,
            enforce_ssl=True,  # only a Deny reaches everyone
        )

        # who may read
        notes.grant_read(role)
        iam.Role(
            self,
            "Triage",
            # a service, not a person
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        )
"""


def test_the_worked_stacks_reasons_stand_by_their_construct() -> None:
    assert reasons(SOURCE) == {
        "Notes": [
            Reason("notes = s3.Bucket", "the bucket itself: emptied when the stack goes"),
            Reason("versioned=True", "the undo"),
            Reason("enforce_ssl=True", "only a Deny reaches everyone"),
            Reason("notes.grant_read(role)", "who may read"),
        ],
        "Triage": [
            Reason('assumed_by=iam.ServicePrincipal("lambda.amazonaws.com")', "a service, not a person"),
        ],
    }


def test_a_difference_is_told_with_the_reason_that_fits_else_with_all() -> None:
    why = reasons(SOURCE)
    worked = template(N=bucket("Notes", VersioningConfiguration={"Status": "Enabled"}))
    (pair,) = compare(template(A=bucket("Archive")), worked, why).different
    assert [reason.words for reason in pair.reasons] == ["the undo"]
    (pair,) = compare(
        template(A=bucket("Archive", Tags=["t"], VersioningConfiguration={"Status": "Enabled"})), worked, why
    ).different
    assert len(pair.reasons) == 4


def test_the_comparison_as_it_is_read(tmp_path: Any) -> None:
    lab = Lab.load(a_course(tmp_path / "project").with_lab(1, "jars").lab(1, "jars"))
    yours = template(
        A=bucket("Archive", VersioningConfiguration={"Status": "Suspended"}),
        P=policy("Archive/Policy", "A", "s3:*"),
        K=resource("AWS::KMS::Key", "Key"),
    )
    worked = template(
        N=bucket("Notes", VersioningConfiguration={"Status": "Enabled"}),
        P=policy("Notes/Policy", "N", "s3:*"),
        T=resource("AWS::IAM::Role", "Triage"),
    )
    same_as_golden("compare", str(comparison_lines(lab, compare(yours, worked, reasons(SOURCE)), 100)))


@pytest.mark.parametrize("stack", ["lab01_first_bucket", "lab03_who_may_do_what", "lab06_first_network"])
def test_every_worked_stack_gives_its_reasons(stack: str) -> None:
    from pathlib import Path

    source = Path(__file__).resolve().parent.parent / "stacks" / stack / "stack.py"
    told = reasons(source.read_text(encoding="utf-8"))
    assert told and all(reason.words for each in told.values() for reason in each)


values = st.recursive(
    st.one_of(
        st.text(max_size=4), st.integers(), st.booleans(), st.just({"Ref": "A"}), st.just({"Fn::GetAtt": ["A", "Arn"]})
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["P", "Q", "R"]), values), st.dictionaries(st.sampled_from(["P", "Q", "R"]), values)
)
@settings(deadline=None)
def test_a_design_is_the_same_as_itself_and_different_both_ways_round(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    mine, theirs = template(A=bucket("A", **one)), template(A=bucket("A", **other))
    assert not compare(mine, mine).different
    assert bool(compare(mine, theirs).different) == bool(compare(theirs, mine).different)
