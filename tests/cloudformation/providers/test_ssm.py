"""A parameter is there, changes its value, and goes."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


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
