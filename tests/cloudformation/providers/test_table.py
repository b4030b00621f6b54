"""The table sends what a call has a place for, in the shape it wants, and leaves the rest to be named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Made, ReplacementNeeded
from preflight.cloudformation.providers._table import Scope, call, not_emulated, tag_dict

TEXT = st.text(min_size=1, max_size=8)
TREE = st.recursive(
    TEXT | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


def rendered(bench, row, service: str, **properties: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    declared = Declared(properties)
    made = Made("the-ref", {"Arn": "arn:the"})
    arguments = row.render(Scope(declared, bench.context(), name="the-name", made=made), service)
    return arguments, declared.unapplied()


def test_values_take_the_shape_of_the_parameter(bench):
    row = call("create_role", "AssumeRolePolicyDocument MaxSessionDuration", RoleName="{name}")
    sent, left = rendered(bench, row, "iam", AssumeRolePolicyDocument={"Statement": []}, MaxSessionDuration="7200")
    assert json.loads(sent.pop("AssumeRolePolicyDocument")) == {"Statement": []}
    assert sent == {"RoleName": "the-name", "MaxSessionDuration": 7200}
    assert left == ()


def test_what_has_no_place_is_left_to_be_named(bench):
    row = call("create_repository", "imageScanningConfiguration=ImageScanningConfiguration", repositoryName="{ref}")
    sent, left = rendered(bench, row, "ecr", ImageScanningConfiguration={"ScanOnPush": "true", "Depth": 3}, Other=1)
    assert sent == {"repositoryName": "the-ref", "imageScanningConfiguration": {"scanOnPush": True}}
    assert left == ("ImageScanningConfiguration.Depth", "Other")


def test_names_inside_can_differ_and_depend_on_their_parent(bench):
    row = call(
        "put_bucket_lifecycle_configuration",
        "LifecycleConfiguration",
        names="ID=Id Expiration.Days=Age Days=InDays NoncurrentDays=NoncurrentVersionTransitions.InDays",
        Bucket="{ref}",
    )
    rule = {"Id": "r", "Age": "9", "Transitions": {"InDays": 1}, "NoncurrentVersionTransitions": [{"InDays": 2}]}
    sent, left = rendered(bench, row, "s3", LifecycleConfiguration={"Rules": [rule]})
    assert sent["LifecycleConfiguration"]["Rules"] == [
        {
            "ID": "r",
            "Expiration": {"Days": 9},
            "Transitions": [{"Days": 1}],
            "NoncurrentVersionTransitions": [{"NoncurrentDays": 2}],
        }
    ]
    assert left == ()


def test_a_word_that_stands_for_nothing_takes_its_parameter_along(bench):
    row = call("create_tags", Resources=["{made.Arn}"], Tags="{Missing}", DryRun="{Also.Missing}")
    assert rendered(bench, row, "ec2")[0] == {"Resources": ["arn:the"]}
    row = call("put_role_policy", RoleName="{ref}-in-{region}", PolicyName="{Deep.Name}", PolicyDocument="{Gone}x")
    assert rendered(bench, row, "iam", Deep={"Name": "n"})[0] == {"RoleName": "the-ref-in-us-east-1", "PolicyName": "n"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(value=TREE)
def test_whatever_is_declared_is_sent_or_named(bench, value):
    """No value crashes a call, and a leaf is either in the arguments or among the unapplied."""
    row = call("create_vpc_endpoint", "PolicyDocument SubnetIds TagSpecifications DnsOptions", VpcId="{ref}")
    for name in ("PolicyDocument", "SubnetIds", "TagSpecifications", "DnsOptions"):
        sent, left = rendered(bench, row, "ec2", **{name: value})
        assert name in sent or left == (name,)


@given(tags=st.dictionaries(TEXT, TEXT))
def test_tags_are_one_thing_in_either_shape(tags):
    assert tag_dict(tags) == tag_dict([{"Key": key, "Value": value} for key, value in tags.items()]) == tags


def test_a_path_through_lists_is_named_for_each_item():
    declared = Declared({"Rules": [{"Size": 1, "Age": 2}, {"Age": 3}, {"Size": 4}]})
    declared.take()
    not_emulated(declared, "Rules.Size")
    not_emulated(declared, "Nothing.Here")
    assert declared.unapplied() == ("Rules.0.Size", "Rules.2")


def test_what_only_the_create_call_carries_needs_a_replacement(bench):
    made = bench.make("AWS::Logs::LogGroup", "Group", LogGroupName="/notes", LogGroupClass="STANDARD")
    with pytest.raises(ReplacementNeeded):
        bench.change(made, LogGroupName="/notes", LogGroupClass="INFREQUENT_ACCESS", RetentionInDays=7)
    assert "retentionInDays" not in bench.client("logs").describe_log_groups()["logGroups"][0]
    bench.delete(made)
