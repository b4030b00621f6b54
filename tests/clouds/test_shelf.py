"""What moto has no operations for is kept, and served like any API, in this process and at the endpoint."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from preflight.clouds.offline import OfflineCloud

NONE: dict[str, Any] = {
    "EnableAcceptEncodingGzip": True,
    "HeadersConfig": {"HeaderBehavior": "none"},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "none"},
}
CONFIG: dict[str, Any] = {"Name": "short", "MinTTL": 1, "ParametersInCacheKeyAndForwardedToOrigin": NONE}


@pytest.fixture
def cloud():
    with OfflineCloud() as there:
        yield there


@pytest.fixture(params=["in this process", "at the endpoint"])
def client(cloud, request):
    def make(service: str) -> Any:
        if request.param == "in this process":
            return cloud.client(service)
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=cloud.serve(),
            aws_access_key_id="AKIAEXAMPLE",
            aws_secret_access_key="secret",
        )

    return make


def test_a_rest_service(client):
    """By path and method; the version of a thing is in a header."""
    cloudfront = client("cloudfront")
    made = cloudfront.create_cache_policy(CachePolicyConfig=CONFIG)
    identifier = made["CachePolicy"]["Id"]
    changed = cloudfront.update_cache_policy(
        Id=identifier, IfMatch=made["ETag"], CachePolicyConfig={**CONFIG, "MinTTL": 9}
    )
    assert changed["ETag"] != made["ETag"]
    assert cloudfront.get_cache_policy_config(Id=identifier)["CachePolicyConfig"]["MinTTL"] == 9
    with pytest.raises(cloudfront.exceptions.CachePolicyAlreadyExists):
        cloudfront.create_cache_policy(CachePolicyConfig=CONFIG)
    assert (
        cloudfront.list_cache_policies(Type="custom")["CachePolicyList"]["Items"][0]["CachePolicy"]["Id"] == identifier
    )
    cloudfront.delete_cache_policy(Id=identifier, IfMatch=changed["ETag"])
    with pytest.raises(cloudfront.exceptions.NoSuchCachePolicy):
        cloudfront.get_cache_policy(Id=identifier)


def test_a_service_of_json(client):
    """By the header that names the operation."""
    waf = client("wafv2")
    declared: dict[str, Any] = {"Name": "known", "Scope": "REGIONAL"}
    made = waf.create_ip_set(
        **declared, IPAddressVersion="IPV4", Addresses=["192.0.2.0/24"], Tags=[{"Key": "team", "Value": "triage"}]
    )["Summary"]
    told = waf.get_ip_set(**declared, Id=made["Id"])
    assert told["IPSet"]["Addresses"] == ["192.0.2.0/24"]
    assert [each["Name"] for each in waf.list_ip_sets(Scope="REGIONAL")["IPSets"]] == ["known"]
    waf.tag_resource(ResourceARN=made["ARN"], Tags=[{"Key": "ward", "Value": "north"}])
    tags = waf.list_tags_for_resource(ResourceARN=made["ARN"])["TagInfoForResource"]["TagList"]
    assert {each["Key"]: each["Value"] for each in tags} == {"team": "triage", "ward": "north"}
    waf.delete_ip_set(**declared, Id=made["Id"], LockToken=told["LockToken"])
    with pytest.raises(ClientError, match="WAFNonexistentItemException"):
        waf.get_ip_set(**declared, Id=made["Id"])


def test_regions_and_resets_keep_things_apart(cloud):
    cloud.client("wafv2").create_ip_set(Name="here", Scope="REGIONAL", IPAddressVersion="IPV4", Addresses=[])
    assert cloud.client("wafv2", region="eu-west-1").list_ip_sets(Scope="REGIONAL")["IPSets"] == []
    cloud.reset()
    assert cloud.client("wafv2").list_ip_sets(Scope="REGIONAL")["IPSets"] == []


def test_a_distribution_has_its_tags_from_the_start_and_is_disabled_before_its_end(client):
    cloudfront = client("cloudfront")
    origin = {
        "Id": "api",
        "DomainName": "api.clinic.example",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
    }
    behavior = {"TargetOriginId": "api", "ViewerProtocolPolicy": "https-only"}
    config = {
        "CallerReference": "1",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": behavior,
    }
    tags = [{"Key": "team", "Value": "triage"}]
    made = cloudfront.create_distribution_with_tags(
        DistributionConfigWithTags={"DistributionConfig": config, "Tags": {"Items": tags}}
    )["Distribution"]
    assert cloudfront.list_tags_for_resource(Resource=made["ARN"])["Tags"]["Items"] == tags
    cloudfront.untag_resource(Resource=made["ARN"], TagKeys={"Items": ["team"]})
    assert cloudfront.list_tags_for_resource(Resource=made["ARN"])["Tags"]["Items"] == []
    assert cloudfront.list_distributions()["DistributionList"]["Items"][0]["Id"] == made["Id"]
    with pytest.raises(cloudfront.exceptions.DistributionNotDisabled):
        cloudfront.delete_distribution(Id=made["Id"], IfMatch="any")
    cloudfront.update_distribution(Id=made["Id"], IfMatch="any", DistributionConfig={**config, "Enabled": False})
    cloudfront.delete_distribution(Id=made["Id"], IfMatch="any")
    assert cloudfront.list_distributions()["DistributionList"]["Quantity"] == 0
