"""A distribution answers over HTTP as CloudFront would: from a private bucket, by its behaviors, cache and policies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from preflight.clouds.offline import OfflineCloud
from preflight.template import Template

OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
SECURITY = "67f7725c-6f97-4210-82d7-5512b31e9d03"


@pytest.fixture(scope="module")
def cloud():
    with OfflineCloud() as there:
        yield there


@pytest.fixture
def site(cloud):
    cloud.reset()
    return Site(cloud)


class Site:
    """A stack with a private bucket behind a distribution."""

    def __init__(self, cloud: OfflineCloud) -> None:
        self.cloud = cloud
        self.host = ""

    def deploy(self, *, grant: bool = True, listing: bool = False, **config: Any) -> None:
        control = {
            "Name": "site",
            "OriginAccessControlOriginType": "s3",
            "SigningBehavior": "always",
            "SigningProtocol": "sigv4",
        }
        origin = {
            "Id": "site",
            "DomainName": {"Fn::GetAtt": ["Bucket", "RegionalDomainName"]},
            "S3OriginConfig": {"OriginAccessIdentity": ""},
            "OriginAccessControlId": {"Ref": "Control"},
        }
        behavior = {
            "TargetOriginId": "site",
            "ViewerProtocolPolicy": "redirect-to-https",
            "CachePolicyId": OPTIMIZED,
            "ResponseHeadersPolicyId": SECURITY,
        }
        told = {
            "Enabled": True,
            "Origins": [origin],
            "DefaultCacheBehavior": {**behavior, **config.pop("behavior", {})},
            **config,
        }
        source = {"Fn::Sub": "arn:aws:cloudfront::${AWS::AccountId}:distribution/${Distribution}"}
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": ["s3:GetObject", *(["s3:ListBucket"] if listing else [])],
            "Resource": [{"Fn::Sub": "${Bucket.Arn}/*"}, {"Fn::GetAtt": ["Bucket", "Arn"]}],
            "Condition": {
                "StringEquals": {"AWS:SourceArn": source if grant else "arn:aws:cloudfront::1:distribution/E"}
            },
        }
        policy = {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
        resources = {
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "the-site"}},
            "Control": {
                "Type": "AWS::CloudFront::OriginAccessControl",
                "Properties": {"OriginAccessControlConfig": control},
            },
            "Distribution": {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": told}},
            "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": policy},
        }
        stack = self.cloud.cloudformation.create_stack("Site", Template({"Resources": resources}))
        assert stack.status == "CREATE_COMPLETE", stack.reason
        assert stack.not_emulated == []
        self.id = stack.resources["Distribution"].physical_id
        self.host = stack.resources["Distribution"].attributes["DomainName"]

    def put(self, key: str, body: str, **more: Any) -> None:
        self.cloud.client("s3").put_object(Bucket="the-site", Key=key, Body=body.encode(), **more)

    def get(self, path: str, *, scheme: str = "https", method: str = "GET", **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.cloud.web.request(method, f"{scheme}://{self.host}{path}", named)


def test_a_private_site_is_read_through_its_distribution_alone(site):
    site.deploy(DefaultRootObject="index.html")
    site.put("index.html", "<h1>Clinic</h1>", ContentType="text/html")
    answer = site.get("/")
    assert (answer.status, answer.body, answer.header("content-type")) == (200, b"<h1>Clinic</h1>", "text/html")
    assert answer.header("x-cache") == "Miss from cloudfront"
    assert site.get("/").header("x-cache") == "Hit from cloudfront"
    assert answer.header("strict-transport-security") == "max-age=31536000"
    assert answer.header("x-content-type-options") == "nosniff"
    # only the root has a default object, and what is not there is not told of
    assert site.get("/deep/").status == 403
    redirect = site.get("/index.html?a=1", scheme="http")
    assert (redirect.status, redirect.header("location")) == (301, f"https://{site.host}/index.html?a=1")
    assert site.get("/index.html", method="POST").status == 403


def test_a_policy_for_another_distribution_lets_this_one_nowhere(site):
    site.deploy(grant=False)
    site.put("index.html", "hello")
    answer = site.get("/index.html")
    assert (answer.status, b"AccessDenied" in answer.body) == (403, True)
    assert answer.header("x-cache") == "Error from cloudfront"


def test_an_identity_is_named_by_its_canonical_user(site):
    """The older way, as CDK still writes it."""
    identity = {"CloudFrontOriginAccessIdentityConfig": {"Comment": "site"}}
    statement = {
        "Effect": "Allow",
        "Principal": {"CanonicalUser": {"Fn::GetAtt": ["Identity", "S3CanonicalUserId"]}},
        "Action": "s3:GetObject",
        "Resource": {"Fn::Sub": "${Bucket.Arn}/open/*"},
    }
    origin = {
        "Id": "site",
        "DomainName": {"Fn::GetAtt": ["Bucket", "RegionalDomainName"]},
        "S3OriginConfig": {"OriginAccessIdentity": {"Fn::Sub": "origin-access-identity/cloudfront/${Identity}"}},
    }
    behavior = {"TargetOriginId": "site", "ViewerProtocolPolicy": "allow-all", "CachePolicyId": OPTIMIZED}
    config = {"Enabled": True, "Origins": [origin], "DefaultCacheBehavior": behavior}
    policy = {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    resources = {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "the-site"}},
        "Identity": {"Type": "AWS::CloudFront::CloudFrontOriginAccessIdentity", "Properties": identity},
        "Distribution": {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": config}},
        "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": policy},
    }
    stack = site.cloud.cloudformation.create_stack("Older", Template({"Resources": resources}))
    assert (stack.status, stack.not_emulated) == ("CREATE_COMPLETE", [])
    site.host = stack.resources["Distribution"].attributes["DomainName"]
    site.put("open/page", "hello")
    site.put("closed/page", "hello")
    assert [site.get(f"/{each}/page", scheme="http").status for each in ("open", "closed")] == [200, 403]


def test_errors_become_the_pages_that_are_named(site):
    page = {"ErrorCode": 404, "ResponseCode": 200, "ResponsePagePath": "/index.html"}
    site.deploy(listing=True, CustomErrorResponses=[page])
    missing = site.get("/deep/link")
    assert (missing.status, b"NoSuchKey" in missing.body) == (404, True)
    site.put("index.html", "the app")
    shown = site.get("/another/link")
    assert (shown.status, shown.body) == (200, b"the app")


def test_the_cache_keeps_what_it_may_until_it_is_invalidated(site):
    site.deploy()
    site.put("page.html", "one", CacheControl="max-age=60")
    site.put("fresh.html", "one")
    assert [site.get("/page.html").body for _ in range(2)] == [b"one", b"one"]
    site.put("page.html", "two")
    assert site.get("/page.html").body == b"one"
    # the managed policy keeps query strings out of the key
    assert site.get("/page.html?v=2").body == b"one"
    site.cloud.client("cloudfront").create_invalidation(
        DistributionId=site.id,
        InvalidationBatch={"Paths": {"Quantity": 1, "Items": ["/page*"]}, "CallerReference": "1"},
    )
    assert site.get("/page.html").body == b"two"


def test_behaviors_and_countries(site):
    uncached = {
        "PathPattern": "/live/*",
        "TargetOriginId": "site",
        "ViewerProtocolPolicy": "https-only",
        "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
    }
    restricted = {"GeoRestriction": {"RestrictionType": "whitelist", "Locations": ["DE"]}}
    site.deploy(CacheBehaviors=[uncached], Restrictions=restricted)
    site.put("live/now", "1")
    assert [site.get("/live/now").header("x-cache") for _ in range(2)] == ["Miss from cloudfront"] * 2
    assert site.get("/live/now", scheme="http").status == 403
    assert site.get("/live/now", CloudFront_Viewer_Country="FR").status == 403
    assert site.get("/live/now", CloudFront_Viewer_Country="DE").status == 200


def test_the_endpoint_answers_too(site):
    import urllib.request

    site.deploy()
    site.put("index.html", "hello")
    port = site.cloud.serve().rpartition(":")[2]
    name = site.host.partition(".")[0]
    request = urllib.request.Request(
        f"http://localhost:{port}/index.html", headers={"Host": f"{name}.cloudfront.localhost:{port}"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert (answer.status, answer.read()) == (200, b"hello")
    # and what the shelf keeps is served like any API
    client = site.cloud.client("cloudfront")
    assert json.dumps(client.get_distribution(Id=site.id)["Distribution"]["DistributionConfig"]["Origins"])
