"""The organization with its units, accounts and policies."""

from __future__ import annotations

import json
from typing import Any

import pytest

TAGS = [{"Key": "team", "Value": "triage"}]
NO_LEAVING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}],
}


@pytest.fixture
def organization(bench):
    return bench.make("AWS::Organizations::Organization", "Organization", FeatureSet="ALL")


def test_an_organization(bench, organization):
    assert (organization.unapplied, bench.lost(organization)) == ((), set())
    root = organization["RootId"]
    unit = bench.make("AWS::Organizations::OrganizationalUnit", "Unit", Name="wards", ParentId=root, Tags=TAGS)
    assert (unit.unapplied, bench.lost(unit)) == ((), set())
    assert unit["Path"] == f"{organization.ref}/{root}/{unit.ref}/"
    renamed = bench.change(unit, Name="all-wards", ParentId=root)
    assert (renamed.unapplied, bench.lost(renamed), renamed.ref) == ((), set(), unit.ref)

    declared: dict[str, Any] = {"AccountName": "north", "Email": "north@clinic.example"}
    account = bench.make("AWS::Organizations::Account", "North", **declared, ParentIds=[unit.ref], Tags=TAGS)
    assert (account.unapplied, bench.lost(account), account["Status"]) == ((), set(), "ACTIVE")
    parents = bench.client("organizations").list_parents(ChildId=account.ref)["Parents"]
    assert [each["Id"] for each in parents] == [unit.ref]
    moved = bench.change(account, **declared, ParentIds=[root])
    assert bench.client("organizations").list_parents(ChildId=account.ref)["Parents"][0]["Id"] == root
    for thing in (moved, renamed, moved, renamed):
        bench.delete(thing)
    bench.delete(organization)
    bench.delete(organization)


def test_a_policy_on_a_unit(bench, organization):
    root = organization["RootId"]
    client = bench.client("organizations")
    if not client.list_roots()["Roots"][0]["PolicyTypes"]:
        client.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    unit = bench.make("AWS::Organizations::OrganizationalUnit", "Unit", Name="wards", ParentId=root)
    declared: dict[str, Any] = {"Name": "stay", "Type": "SERVICE_CONTROL_POLICY", "Content": json.dumps(NO_LEAVING)}
    made = bench.make("AWS::Organizations::Policy", **declared, TargetIds=[unit.ref], Tags=TAGS)
    assert (made.unapplied, bench.lost(made), made["AwsManaged"]) == ((), set(), False)
    changed = bench.change(made, **{**declared, "Description": "nobody-leaves"}, TargetIds=[root])
    assert (changed.unapplied, bench.lost(changed), changed.ref) == ((), set(), made.ref)
    bench.delete(changed)
    bench.delete(changed)
