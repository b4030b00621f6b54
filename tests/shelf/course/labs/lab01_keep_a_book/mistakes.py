"""Mistakes people make with a tiny library."""

from __future__ import annotations

from typing import Any

from preflight.checks import breaks


@breaks("old_editions_stay", help="Suspended versioning keeps one edition only.")
def mistake_versioning_is_suspended(template: dict[str, Any]) -> None:
    bucket(template)["VersioningConfiguration"]["Status"] = "Suspended"


@breaks("the_shelf_is_labelled", help="A label on another shelf does not count.")
def mistake_the_label_is_gone(template: dict[str, Any]) -> None:
    del bucket(template)["Tags"]


def bucket(template: dict[str, Any]) -> dict[str, Any]:
    buckets = [each for each in template["Resources"].values() if each["Type"] == "AWS::S3::Bucket"]
    properties: dict[str, Any] = buckets[0]["Properties"]
    return properties
