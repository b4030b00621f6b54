"""Which instance types meet the requirements of a launch template, and which of them EC2 takes: the cheapest.

On demand, a group that names requirements instead of a type is given the type with the lowest price, of those built for
the processor of its image.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/create-mixed-instances-group-attribute-based-instance-type-selection.html,
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRequirements.html, checked_on 2026-11-23
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from preflight.analysis import prices
from preflight.analysis.patterns import glob

MANUFACTURERS = {"intel": "Intel", "amd": "AMD", "amazon-web-services": "AWS", "apple": "Apple"}
# name: (what a type says of it, what is meant where nothing is asked)
KINDS = {
    "BareMetal": ("BareMetal", "excluded"),
    "BurstablePerformance": ("BurstablePerformanceSupported", "excluded"),
    "LocalStorage": ("InstanceStorageSupported", "included"),
}
RANGES = ("VCpuCount", "MemoryMiB", "MemoryGiBPerVCpu", "NetworkInterfaceCount", "TotalLocalStorageGB")
NAMED = ("AllowedInstanceTypes", "ExcludedInstanceTypes", "CpuManufacturers", "InstanceGenerations")
# how far from the cheapest it may be: the cheapest always is near enough
OF_PRICE = (
    "OnDemandMaxPricePercentageOverLowestPrice",
    "SpotMaxPricePercentageOverLowestPrice",
    "MaxSpotPriceAsPercentageOfOptimalOnDemandPrice",
)


def cheapest(requirements: Mapping[str, Any], region: str, architecture: str = "") -> str:
    """The type EC2 takes on demand; of those without a known price the smallest, and "" where nothing is known."""
    if set(requirements) - {*KINDS, *RANGES, *NAMED, *OF_PRICE}:
        return ""
    built = [
        each for each in _types().values() if architecture in ("", *each["ProcessorInfo"]["SupportedArchitectures"])
    ]
    try:
        fitting = [told for told in built if _fits(told, requirements)]
    except ValueError:
        # a number nobody knows yet
        return ""
    return str(min(fitting, key=lambda told: _rank(told, region))["InstanceType"]) if fitting else ""


def _rank(told: Mapping[str, Any], region: str) -> tuple[float, int, int, str]:
    price = prices.price("ec2-instance", region, told["InstanceType"])
    usd = price.usd if price is not None else math.inf
    return usd, told["VCpuInfo"]["DefaultVCpus"], told["MemoryInfo"]["SizeInMiB"], told["InstanceType"]


def _fits(told: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    for name, (key, otherwise) in KINDS.items():
        answer = wanted.get(name) or otherwise
        if answer != "included" and bool(told.get(key)) != (answer == "required"):
            return False
    processors = [MANUFACTURERS.get(each) for each in wanted.get("CpuManufacturers") or []]
    if processors and told["ProcessorInfo"].get("Manufacturer") not in processors:
        return False
    generations = wanted.get("InstanceGenerations") or []
    if generations and ("current" if told.get("CurrentGeneration") else "previous") not in generations:
        return False
    allowed, excluded = wanted.get("AllowedInstanceTypes") or ["*"], wanted.get("ExcludedInstanceTypes") or []
    if not _is_one_of(told["InstanceType"], allowed) or _is_one_of(told["InstanceType"], excluded):
        return False
    return all(_is_within(_measure(told, name), wanted[name]) for name in RANGES if wanted.get(name))


def _is_one_of(kind: str, patterns: list[str]) -> bool:
    return any(glob(each).fullmatch(kind) for each in patterns)


def _measure(told: Mapping[str, Any], name: str) -> float:
    vcpus, memory = float(told["VCpuInfo"]["DefaultVCpus"]), float(told["MemoryInfo"]["SizeInMiB"])
    measures = {
        "VCpuCount": vcpus,
        "MemoryMiB": memory,
        "MemoryGiBPerVCpu": memory / 1024 / vcpus,
        "NetworkInterfaceCount": told["NetworkInfo"]["MaximumNetworkInterfaces"],
        "TotalLocalStorageGB": told.get("InstanceStorageInfo", {}).get("TotalSizeInGB", 0),
    }
    return float(measures[name])


def _is_within(value: float, span: Mapping[str, Any]) -> bool:
    least, most = span.get("Min"), span.get("Max")
    return float(least or 0) <= value <= (math.inf if most in (None, "") else float(most))


@cache
def _types() -> dict[str, dict[str, Any]]:
    """What DescribeInstanceTypes says of every type."""
    packed = resources.files("moto") / "ec2" / "resources" / "instance_types.json.gz"
    found: dict[str, dict[str, Any]] = json.loads(gzip.decompress(packed.read_bytes()))
    return found
