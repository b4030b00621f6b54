"""Athena's work groups, queries and catalogs are made as declared, changed, and gone afterwards."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "team", "Value": "triage"}]


def test_a_work_group(bench):
    athena = bench.client("athena")
    declared = {
        "Name": "analysts",
        "Description": "d1",
        "State": "DISABLED",
        "RecursiveDeleteOption": True,
        "WorkGroupConfiguration": {
            "BytesScannedCutoffPerQuery": 10000000,
            "EnforceWorkGroupConfiguration": True,
            "PublishCloudWatchMetricsEnabled": True,
            "RequesterPaysEnabled": False,
            "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
            "ResultConfiguration": {
                "OutputLocation": "s3://results/",
                "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
            },
        },
        "Tags": TAGS,
    }
    made = bench.make("AWS::Athena::WorkGroup", "Group", **declared)
    assert (made.ref, made.unapplied, bench.lost(made)) == ("analysts", (), set())
    with pytest.raises(ClientError, match="WorkGroup analysts is disabled"):
        athena.start_query_execution(QueryString="SELECT 1", WorkGroup="analysts")
    simpler = {"PublishCloudWatchMetricsEnabled": False, "ResultConfiguration": {"OutputLocation": "s3://other/"}}
    changed = bench.change(made, Name="analysts", WorkGroupConfiguration=simpler, RecursiveDeleteOption=True)
    assert bench.lost(changed) == set()
    told = athena.get_work_group(WorkGroup="analysts")["WorkGroup"]
    assert (told["State"], told["Description"]) == ("ENABLED", "")
    assert "BytesScannedCutoffPerQuery" not in told["Configuration"]
    assert told["Configuration"]["ResultConfiguration"] == {"OutputLocation": "s3://other/"}
    athena.start_query_execution(QueryString="SELECT 1", WorkGroup="analysts")
    athena.create_named_query(Name="q", Database="d", QueryString="SELECT 1", WorkGroup="analysts")
    with pytest.raises(ClientError, match="is not empty"):
        athena.delete_work_group(WorkGroup="analysts")
    bench.delete(changed)
    bench.delete(changed)
    assert [each["Name"] for each in athena.list_work_groups()["WorkGroups"]] == ["primary"]
    with pytest.raises(ClientError, match="No output location provided"):
        athena.start_query_execution(QueryString="SELECT 1")


@pytest.mark.parametrize(
    ("kind", "declared", "change"),
    [
        (
            "AWS::Athena::NamedQuery",
            {"Name": "q", "Database": "lake", "QueryString": "SELECT * FROM books", "Description": "all of them"},
            {},
        ),
        (
            "AWS::Athena::PreparedStatement",
            {"StatementName": "one", "WorkGroup": "primary", "QueryStatement": "SELECT ?", "Description": "d1"},
            {"QueryStatement": "SELECT ?, ?"},
        ),
        (
            "AWS::Athena::DataCatalog",
            {"Name": "far", "Type": "LAMBDA", "Parameters": {"function": "arn:f"}, "Description": "d1", "Tags": TAGS},
            {"Description": "d2", "Parameters": {"function": "arn:g"}},
        ),
        (
            "AWS::Athena::CapacityReservation",
            {"Name": "own", "TargetDpus": 24, "Tags": TAGS},
            {"TargetDpus": 32},
        ),
    ],
)
def test_the_smaller_ones(bench, kind, declared, change):
    made = bench.make(kind, "It", **declared)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    if change:
        made = bench.change(made, **{**declared, **change})
        assert bench.lost(made) == set()
    bench.delete(made)
    bench.delete(made)


def test_a_query_of_a_work_group_that_is_not_there(bench):
    with pytest.raises(ClientError, match="WorkGroup is not found"):
        bench.make("AWS::Athena::NamedQuery", "Q", Database="d", QueryString="SELECT 1", WorkGroup="none")
