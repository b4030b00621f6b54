"""A parameter is there, changes its value, and goes."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from preflight.cloudformation.providers import ReplacementNeeded


def test_a_parameter_is_overwritten_in_place(bench):
    ssm = bench.client("ssm")
    made = bench.make(
        "AWS::SSM::Parameter",
        "Version",
        Name="/cdk-bootstrap/preflight/version",
        Type="String",
        Value="23",
        Description="of the bootstrap stack",
        AllowedPattern="[0-9]+",
        Tier="Standard",
        Tags={"team": "triage"},
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert (made.ref, made["Value"], made["Type"]) == ("/cdk-bootstrap/preflight/version", "23", "String")

    changed = bench.change(made, Name=made.ref, Type="String", Value="24")
    assert changed["Value"] == "24"
    facts = ssm.describe_parameters()["Parameters"][0]
    assert not facts.get("Description") and not facts.get("AllowedPattern")
    tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=made.ref)["TagList"]
    assert not [each for each in tags if each["Key"] == "team"]

    with pytest.raises(ClientError, match="already exists"):
        bench.make("AWS::SSM::Parameter", "Again", Name=made.ref, Type="String", Value="x")
    bench.delete(changed)
    bench.delete(changed)
    assert ssm.describe_parameters()["Parameters"] == []


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"Value": "abc", "AllowedPattern": "^[0-9]+$"}, "cannot be validated against allowedPattern"),
        ({"Value": "x" * 5000}, "maximum parameter value of 4096"),
        ({"Type": "SecureString", "Value": "x"}, "SecureString"),
        ({"Value": "x", "Policies": "[]"}, "advanced-tier"),
    ],
)
def test_what_parameter_store_refuses(bench, properties, words):
    with pytest.raises(ClientError, match=words):
        bench.make("AWS::SSM::Parameter", **{"Name": "p", "Type": "String", **properties})


CONTENT = {"schemaVersion": "2.2", "description": "says it", "mainSteps": []}


def test_a_document_has_versions_where_it_says_so(bench):
    ssm = bench.client("ssm")
    fixed: dict[str, Any] = {"Name": "says", "DocumentType": "Command", "UpdateMethod": "NewVersion"}
    made = bench.make("AWS::SSM::Document", **fixed, Content=CONTENT, Tags=[{"Key": "team", "Value": "triage"}])
    assert (made.unapplied, bench.lost(made)) == ((), set())
    changed = bench.change(made, **fixed, Content={**CONTENT, "description": "says more"})
    facts = ssm.describe_document(Name="says")["Document"]
    assert (facts["DefaultVersion"], "says more" in ssm.get_document(Name="says")["Content"]) == ("2", True)
    with pytest.raises(ReplacementNeeded):
        bench.change(changed, **{**fixed, "UpdateMethod": "Replace"}, Content=CONTENT)
    bench.delete(changed)
    bench.delete(changed)


WINDOW: dict[str, Any] = {
    "Name": "night",
    "Schedule": "cron(0 2 ? * SUN *)",
    "Duration": 4,
    "Cutoff": 1,
    "AllowUnassociatedTargets": False,
}


def test_a_window_what_it_is_for_and_what_is_done(bench):
    tags = [{"Key": "team", "Value": "triage"}]
    window = bench.make("AWS::SSM::MaintenanceWindow", "W", **WINDOW, ScheduleTimezone="Europe/Berlin", Tags=tags)
    tagged = [{"Key": "tag:team", "Values": ["triage"]}]
    fixed: dict[str, Any] = {"WindowId": window.ref, "ResourceType": "INSTANCE"}
    target = bench.make("AWS::SSM::MaintenanceWindowTarget", "T", **fixed, Targets=tagged, OwnerInformation="ours")
    run = {"Parameters": {"Operation": ["Install"]}, "TimeoutSeconds": 600}
    work: dict[str, Any] = {"WindowId": window.ref, "TaskType": "RUN_COMMAND", "TaskArn": "AWS-RunPatchBaseline"}
    task = bench.make(
        "AWS::SSM::MaintenanceWindowTask",
        "K",
        **work,
        Priority=1,
        MaxConcurrency="5",
        MaxErrors="1",
        Targets=[{"Key": "WindowTargetIds", "Values": [target.ref]}],
        TaskInvocationParameters={"MaintenanceWindowRunCommandParameters": run},
    )
    for thing in (window, target, task):
        assert (thing.unapplied, bench.lost(thing)) == ((), set()), thing.type
    window = bench.change(window, **{**WINDOW, "Duration": 6})
    target = bench.change(target, **fixed, Targets=tagged, Name="all")
    task = bench.change(task, **work, Priority=2)
    for thing in (window, target, task):
        assert bench.lost(thing) == set(), thing.type
    for thing in (task, target, window, task, target, window):
        bench.delete(thing)
    assert bench.client("ssm").describe_maintenance_windows()["WindowIdentities"] == []


def test_associations_baselines_and_syncs(bench):
    tags = [{"Key": "team", "Value": "triage"}]
    every: dict[str, Any] = {
        "Name": "AWS-GatherSoftwareInventory",
        "Targets": [{"Key": "InstanceIds", "Values": ["*"]}],
    }
    held = bench.make("AWS::SSM::Association", "A", **every, ScheduleExpression="rate(30 minutes)", Tags=tags)
    rule = {"ApproveAfterDays": 7, "PatchFilterGroup": {"PatchFilters": [{"Key": "SEVERITY", "Values": ["Critical"]}]}}
    patches: dict[str, Any] = {"Name": "ours", "OperatingSystem": "AMAZON_LINUX_2023", "Description": "week old"}
    baseline = bench.make(
        "AWS::SSM::PatchBaseline", "B", **patches, ApprovalRules={"PatchRules": [rule]}, PatchGroups=["web"], Tags=tags
    )
    bucket = {"BucketName": "inventory-here", "BucketRegion": "us-east-1", "SyncFormat": "JsonSerDe"}
    sync = bench.make("AWS::SSM::ResourceDataSync", "S", SyncName="all", **bucket)
    for thing in (held, baseline, sync):
        assert (thing.unapplied, bench.lost(thing)) == ((), set()), thing.type
    held = bench.change(held, **every, ScheduleExpression="rate(1 day)")
    baseline = bench.change(baseline, **patches, ApprovalRules={"PatchRules": [rule]}, ApprovedPatches=["kernel"])
    for thing in (held, baseline):
        assert bench.lost(thing) == set(), thing.type
    with pytest.raises(ClientError, match="document does not exist"):
        bench.make("AWS::SSM::Association", "No", **{**every, "Name": "nobody"})
    for thing in (held, baseline, sync, held, baseline, sync):
        bench.delete(thing)
    assert bench.client("ssm").list_resource_data_sync()["ResourceDataSyncItems"] == []
