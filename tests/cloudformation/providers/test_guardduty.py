"""A detector, its filters, lists and exports are kept as they are told."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "team", "Value": "triage"}]


def test_a_detector_and_what_it_has(bench):
    client = bench.client("guardduty")
    made = bench.make(
        "AWS::GuardDuty::Detector",
        "Detector",
        Enable=True,
        FindingPublishingFrequency="ONE_HOUR",
        Features=[{"Name": "S3_DATA_EVENTS", "Status": "ENABLED"}],
        Tags=TAGS,
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert client.get_detector(DetectorId=made.ref)["Status"] == "ENABLED"
    changed = bench.change(made, Enable=False, FindingPublishingFrequency="SIX_HOURS")
    assert client.get_detector(DetectorId=made.ref)["Status"] == "DISABLED"
    quiet: dict[str, Any] = {"DetectorId": made.ref, "Name": "quiet", "Action": "ARCHIVE"}
    low = {"Criterion": {"severity": {"Lt": 4}, "type": {"Eq": ["Recon:EC2/PortProbeUnprotectedPort"]}}}
    filtered = bench.make("AWS::GuardDuty::Filter", "F", **quiet, FindingCriteria=low, Description="noise", Rank=1)
    assert (filtered.unapplied, bench.lost(filtered)) == ((), set())
    again = bench.change(filtered, **quiet, FindingCriteria=low, Description="less noise", Rank=1)
    assert client.get_filter(DetectorId=made.ref, FilterName="quiet")["Description"] == "less noise"
    bench.delete(again)
    bench.delete(again)
    bench.delete(changed)
    bench.delete(changed)
    assert client.list_detectors()["DetectorIds"] == []


def test_a_region_has_one_detector(bench):
    first = bench.make("AWS::GuardDuty::Detector", "First", Enable=True)
    with pytest.raises(ClientError, match="a detector already exists for the current account"):
        bench.make("AWS::GuardDuty::Detector", "Second", Enable=True)
    bench.delete(first)
    bench.make("AWS::GuardDuty::Detector", "Second", Enable=True)


@pytest.mark.parametrize("kind", ["IPSet", "ThreatIntelSet"])
def test_a_list_of_addresses(bench, kind):
    detector = bench.make("AWS::GuardDuty::Detector", "Detector", Enable=True).ref
    declared = {"DetectorId": detector, "Name": "known", "Format": "TXT", "Location": "s3://lists/known.txt"}
    made = bench.make(f"AWS::GuardDuty::{kind}", **declared, Activate=True, Tags=TAGS)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    changed = bench.change(made, **{**declared, "Location": "s3://lists/others.txt"}, Activate=True)
    assert bench.lost(changed) == set()
    bench.delete(changed)
    bench.delete(changed)


def test_findings_exported_to_a_bucket(bench):
    detector = bench.make("AWS::GuardDuty::Detector", "Detector", Enable=True).ref
    where = {"DestinationArn": "arn:aws:s3:::findings", "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1"}
    declared = {"DetectorId": detector, "DestinationType": "S3", "DestinationProperties": where}
    made = bench.make("AWS::GuardDuty::PublishingDestination", **declared)
    assert (made.unapplied, bench.lost(made)) == ((), set())
    other = {**where, "DestinationArn": "arn:aws:s3:::others"}
    assert bench.lost(bench.change(made, **{**declared, "DestinationProperties": other})) == set()
    bench.delete(made)
    bench.delete(made)
