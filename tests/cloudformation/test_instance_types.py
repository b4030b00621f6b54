"""A group may say what a machine has to have, and EC2 picks the type."""

from __future__ import annotations

from typing import Any

import pytest

from preflight.cloudformation.instance_types import cheapest

SMALL = {"VCpuCount": {"Min": 2, "Max": 2}, "MemoryMiB": {"Min": 1024, "Max": 1024}}


@pytest.mark.parametrize(
    ("asked", "architecture", "taken"),
    [
        # burstable types are left out unless they are asked for
        ({**SMALL, "AllowedInstanceTypes": ["t3*", "t4g*"]}, "", ""),
        ({**SMALL, "BurstablePerformance": "included"}, "arm64", "t4g.micro"),
        ({**SMALL, "BurstablePerformance": "required"}, "x86_64", "t3a.micro"),
        ({**SMALL, "BurstablePerformance": "required", "CpuManufacturers": ["intel"]}, "x86_64", "t3.micro"),
        ({**SMALL, "BurstablePerformance": "required", "ExcludedInstanceTypes": ["t3a*"]}, "x86_64", "t3.micro"),
        ({**SMALL, "BurstablePerformance": "required", "CpuManufacturers": ["intel"]}, "arm64", ""),
        ({"VCpuCount": {"Min": "2"}, "MemoryMiB": {"Min": "4096"}, "AllowedInstanceTypes": ["m5.*"]}, "", "m5.large"),
        ({"VCpuCount": {"Min": 1}, "MemoryMiB": {"Min": 1}, "AllowedInstanceTypes": ["m5*.metal"]}, "", ""),
        ({"VCpuCount": {"Min": 1}, "MemoryMiB": {"Min": 1}, "AllowedInstanceTypes": ["t2.nano"]}, "", ""),
        # a number that is known later, and an attribute nobody knows here
        ({"VCpuCount": {"Min": "<Parameter>"}, "MemoryMiB": {"Min": 1}}, "", ""),
        ({**SMALL, "AcceleratorNames": ["a10g"]}, "", ""),
    ],
)
def test_the_cheapest_type_that_meets_what_is_asked(asked: dict[str, Any], architecture: str, taken: str) -> None:
    assert cheapest(asked, "us-east-1", architecture) == taken


def test_old_types_are_left_out_where_current_ones_are_asked_for() -> None:
    asked = {"VCpuCount": {"Min": 1}, "MemoryMiB": {"Min": 1}, "AllowedInstanceTypes": ["m3.*", "m4.*"]}
    assert cheapest(asked, "us-east-1").startswith("m")
    assert cheapest({**asked, "InstanceGenerations": ["current"]}, "us-east-1") == ""
