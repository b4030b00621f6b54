"""A dedicated line is ordered, renamed and given back."""

from __future__ import annotations

LINE = {"Bandwidth": "1Gbps", "Location": "EqDC2", "ProviderName": "carrier"}


def test_a_dedicated_line(bench):
    line = bench.make("AWS::DirectConnect::Connection", "L", ConnectionName="one", **LINE)
    assert line.ref == f"arn:aws:directconnect:us-east-1:123456789012:dxcon/{line['ConnectionId']}"
    assert line["ConnectionId"].startswith("dxcon-")
    assert (line.unapplied, bench.lost(line)) == ((), set())
    changed = bench.change(line, ConnectionName="two", **LINE)
    assert (changed.ref, bench.lost(changed)) == (line.ref, set())
    bench.delete(changed)
    bench.delete(changed)
    states = [each["connectionState"] for each in bench.client("directconnect").describe_connections()["connections"]]
    assert states in ([], ["deleted"])
