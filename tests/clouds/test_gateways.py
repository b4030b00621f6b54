"""API Gateway's control plane keeps what it is told, patches as documented, and serves nothing unasked."""

from __future__ import annotations

import sys
from types import ModuleType

import boto3
import pytest
from botocore.exceptions import ClientError

from preflight.clouds.gateways import gateways_corrected, patch_document
from preflight.clouds.lazily import when_imported

PATCHES = [
    ({"name": "a"}, {"op": "replace", "path": "/name", "value": "b"}, {"name": "b"}),
    ({"name": "a"}, {"op": "remove", "path": "/name"}, {}),
    ({}, {"op": "replace", "path": "/variables/table", "value": "notes"}, {"variables": {"table": "notes"}}),
    ({}, {"op": "add", "path": "/binaryMediaTypes/image~1png"}, {"binaryMediaTypes": ["image/png"]}),
    ({"binaryMediaTypes": ["a", "b"]}, {"op": "remove", "path": "/binaryMediaTypes/a"}, {"binaryMediaTypes": ["b"]}),
    ({}, {"op": "add", "path": "/providerARNs", "value": "arn"}, {"providerARNs": ["arn"]}),
    ({}, {"op": "replace", "path": "/throttle/rateLimit", "value": "7"}, {"throttle": {"rateLimit": 7.0}}),
    ({}, {"op": "replace", "path": "/tracingEnabled", "value": "true"}, {"tracingEnabled": True}),
    (
        {"endpointConfiguration": {"types": ["EDGE"]}},
        {"op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": "REGIONAL"},
        {"endpointConfiguration": {"types": ["REGIONAL"]}},
    ),
    (
        {"apiStages": []},
        {"op": "add", "path": "/apiStages", "value": "a:prod"},
        {"apiStages": [{"apiId": "a", "stage": "prod"}]},
    ),
    (
        {"apiStages": [{"apiId": "a", "stage": "prod"}]},
        {"op": "replace", "path": "/apiStages/a:prod/throttle/~1notes/GET/burstLimit", "value": "3"},
        {"apiStages": [{"apiId": "a", "stage": "prod", "throttle": {"/notes/GET": {"burstLimit": 3}}}]},
    ),
]


@pytest.mark.parametrize(("before", "operation", "after"), PATCHES, ids=[each[1]["path"] for each in PATCHES])
def test_a_patch_operation(before, operation, after):
    patch_document(before, operation)
    assert before == after


def test_a_stages_setting_comes_and_goes():
    stage: dict = {}
    path = "/~1notes/GET/throttling/rateLimit"
    patch_document(stage, {"op": "replace", "path": path, "value": "5"})
    assert stage["methodSettings"]["~1notes/GET"]["throttlingRateLimit"] == 5.0
    patch_document(stage, {"op": "remove", "path": path})
    assert stage["methodSettings"] == {}


def test_it_is_moto_again_afterwards():
    from moto import mock_aws

    with mock_aws():
        client = boto3.client("apigateway", region_name="us-east-1")
        with gateways_corrected():
            made = client.generate_client_certificate(description="ours")
            assert (
                client.get_client_certificate(clientCertificateId=made["clientCertificateId"])["description"] == "ours"
            )
            with pytest.raises(ClientError, match="NotFoundException"):
                client.get_client_certificate(clientCertificateId="none")
        with pytest.raises((ClientError, NotImplementedError)):
            client.generate_client_certificate()


def test_a_correction_waits_for_its_module(tmp_path, monkeypatch):
    (tmp_path / "rarely_used.py").write_text("made = 1\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    seen: list[ModuleType] = []
    with when_imported("rarely_used", lambda: seen.append(sys.modules["rarely_used"])):
        assert seen == []
        import rarely_used  # type: ignore[import-not-found]

        assert seen == [rarely_used] and rarely_used.made == 1
    with when_imported("rarely_used", lambda: seen.append(rarely_used)):
        assert len(seen) == 2
    monkeypatch.delitem(sys.modules, "rarely_used")
    with when_imported("rarely_used", lambda: seen.append(rarely_used)):
        pass
    import rarely_used as again  # noqa: F401

    assert len(seen) == 2
