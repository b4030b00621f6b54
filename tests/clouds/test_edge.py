"""A distribution answers over HTTP as CloudFront would: from a private bucket, by its behaviors, cache and policies."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from preflight.clouds.live import LiveCloud
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


def test_the_cache_goes_by_the_clouds_clock(site):
    site.deploy()
    site.put("page.html", "one", CacheControl="max-age=60")
    site.put("other.html", "one")
    site.get("/page.html"), site.get("/other.html")
    site.put("page.html", "two", CacheControl="max-age=60")
    site.put("other.html", "two")
    site.cloud.deliveries.advance(59)
    assert [site.get(f"/{each}.html").body for each in ("page", "other")] == [b"one", b"one"]
    site.cloud.deliveries.advance(2)
    assert [site.get(f"/{each}.html").body for each in ("page", "other")] == [b"two", b"one"]
    # what is asked to be dropped is dropped, however far the clock is ahead
    site.cloud.client("cloudfront").create_invalidation(
        DistributionId=site.id,
        InvalidationBatch={"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "1"},
    )
    assert site.get("/other.html").body == b"two"


def test_older_settings_decide_what_tells_requests_apart(site):
    forwarded = {"QueryString": True, "Cookies": {"Forward": "whitelist", "WhitelistedNames": ["lang"]}}
    site.deploy(behavior={"CachePolicyId": {"Ref": "AWS::NoValue"}, "ForwardedValues": forwarded})
    site.put("page.html", "one")

    def found(path: str, cookie: str = "") -> str:
        return site.get(path, Cookie=cookie).header("x-cache").partition(" ")[0]

    assert [found("/page.html"), found("/page.html?a=1"), found("/page.html?a=1")] == ["Miss", "Miss", "Hit"]
    assert [found("/page.html", "lang=de"), found("/page.html", "seen=1; lang=de")] == ["Miss", "Hit"]


def test_older_settings_may_leave_cookies_out(site):
    site.deploy(behavior={"CachePolicyId": {"Ref": "AWS::NoValue"}, "ForwardedValues": {"QueryString": False}})
    site.put("page.html", "one")
    asked = [site.get("/page.html?a=1", Cookie="a=1"), site.get("/page.html?a=2", Cookie="a=2")]
    assert [each.header("x-cache").partition(" ")[0] for each in asked] == ["Miss", "Hit"]


def test_text_is_compressed_for_who_takes_it(site):
    site.deploy(behavior={"Compress": True})
    body = "body { margin: 0 }\n" * 100
    site.put("a.css", body, ContentType="text/css")
    site.put("short.css", "body {}", ContentType="text/css")
    site.put("a.png", body, ContentType="image/png")

    def encoding(path: str, accepted: str = "gzip, deflate, br") -> str | None:
        return site.get(path, Accept_Encoding=accepted).header("content-encoding")

    assert [encoding(each) for each in ("/a.css", "/short.css", "/a.png")] == ["gzip", None, None]
    assert encoding("/a.css", "identity") is None
    packed = site.get("/a.css", Accept_Encoding="gzip")
    assert gzip.decompress(packed.body) == body.encode()
    assert packed.header("etag").startswith('W/"')


def test_a_behavior_that_does_not_compress_answers_as_it_is(site):
    site.deploy()
    site.put("a.css", "body { margin: 0 }\n" * 100, ContentType="text/css")
    assert site.get("/a.css", Accept_Encoding="gzip").header("content-encoding") is None


def test_without_a_default_root_object_who_may_list_is_shown_the_keys(site):
    site.deploy(listing=True)
    site.put("secret-plan.html", "hello")
    assert b"<Key>secret-plan.html</Key>" in site.get("/").body
    site.cloud.reset()
    site.deploy()
    assert site.get("/").status == 403


def test_a_slash_before_the_default_root_object_is_part_of_its_name(site):
    site.deploy(DefaultRootObject="/index.html")
    site.put("index.html", "hello")
    assert [site.get(path).status for path in ("/", "/index.html")] == [403, 200]


def test_a_stranger_asks_the_bucket_itself(site):
    site.deploy()
    site.put("index.html", "hello")
    url = "https://the-site.s3.us-east-1.amazonaws.com/index.html"

    def status() -> int:
        return site.cloud._request("GET", url, {}, b"").status

    assert status() == 403
    s3 = site.cloud.client("s3")
    s3.delete_public_access_block(Bucket="the-site")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::the-site/*"}
    s3.put_bucket_policy(Bucket="the-site", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert status() == 200


def test_a_website_is_read_by_anybody_or_nobody(site):
    site.deploy()
    s3 = site.cloud.client("s3")
    told = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "oops.html"}}
    s3.put_bucket_website(Bucket="the-site", WebsiteConfiguration=told)
    site.put("index.html", "hello")
    site.put("oops.html", "not here")
    origin = {
        "Id": "site",
        "DomainName": "the-site.s3-website-us-east-1.amazonaws.com",
        "CustomOriginConfig": {"OriginProtocolPolicy": "http-only"},
    }
    site.cloud.cloudformation.create_stack(
        "Site2",
        Template(
            {
                "Resources": {
                    "D": {
                        "Type": "AWS::CloudFront::Distribution",
                        "Properties": {
                            "DistributionConfig": {
                                "Enabled": True,
                                "Origins": [origin],
                                "DefaultCacheBehavior": {
                                    "TargetOriginId": "site",
                                    "ViewerProtocolPolicy": "allow-all",
                                    "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
                                },
                            }
                        },
                    }
                }
            }
        ),
    )
    stack = site.cloud.cloudformation.find("Site2", region="us-east-1", account=site.cloud.account)
    site.host = stack.resources["D"].attributes["DomainName"]
    assert site.get("/").status == 403
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": ["arn:aws:s3:::the-site/*", "arn:aws:s3:::the-site"],
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3.delete_public_access_block(Bucket="the-site")
    s3.put_bucket_policy(Bucket="the-site", Policy=document)
    site.cloud.deliveries.advance(11)
    assert [site.get(path).body for path in ("/", "/index.html")] == [b"hello", b"hello"]
    missing = site.get("/nowhere")
    assert (missing.status, missing.body) == (404, b"not here")
    # a block set later closes what the policy opens
    s3.put_public_access_block(
        Bucket="the-site", PublicAccessBlockConfiguration={"RestrictPublicBuckets": True, "BlockPublicPolicy": True}
    )
    assert site.get("/index.html").status == 403


def test_an_attached_stack_hears_by_which_protocol_it_was_asked(site):
    site.deploy(DefaultRootObject="index.html")
    site.put("index.html", "hello")
    attached = LiveCloud(endpoint_url=site.cloud.serve(), region="us-east-1").attach("Site")
    answers = [attached.request("GET", f"{scheme}://{site.host}/", {}, b"") for scheme in ("http", "https")]
    assert [each.status for each in answers] == [301, 200]


def test_an_encrypted_object_is_read_where_the_key_lets_the_distribution(site):
    site.deploy()
    site.put("index.html", "hello", ServerSideEncryption="aws:kms")
    # aws/s3 is open to the account's people, and to no service
    assert site.get("/index.html").status == 403

    kms = site.cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    site.put("mine.html", "hello", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    assert site.get("/mine.html").status == 403
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceArn": f"arn:aws:cloudfront::123456789012:distribution/{site.id}"}},
    }
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    kms.put_key_policy(
        KeyId=key, PolicyName="default", Policy=json.dumps({**policy, "Statement": [*policy["Statement"], statement]})
    )
    site.cloud.deliveries.advance(11)
    assert site.get("/mine.html").body == b"hello"
