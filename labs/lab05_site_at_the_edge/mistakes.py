"""Mistakes people make with a first distribution, as edits of the worked template."""

from __future__ import annotations

from typing import Any

from preflight.checks import breaks


@breaks(
    "the_site_opens_at_its_address",
    help="A bucket knows no index document: CloudFront's default root object says what the bare address means.",
)
def mistake_no_default_root_object(template: dict[str, Any]) -> None:
    del site(template)["DefaultRootObject"]


@breaks(
    "the_site_opens_at_its_address",
    help="An origin access control signs requests and grants nothing: the bucket policy has to let them in.",
)
def mistake_nothing_lets_the_distribution_in(template: dict[str, Any]) -> None:
    statements(template).remove(grant(template))


@breaks(
    "the_site_opens_at_its_address",
    help="An origin path is put before every path a visitor asks for. The release job copies to the top of the bucket.",
)
def mistake_an_origin_path_nobody_writes_to(template: dict[str, Any]) -> None:
    site(template)["Origins"][0]["OriginPath"] = "/site"


@breaks(
    "plain_http_is_sent_on_to_https",
    help="allow-all is CloudFront's own default: http and https are answered alike.",
)
def mistake_pages_over_plain_http(template: dict[str, Any]) -> None:
    pages(template)["ViewerProtocolPolicy"] = "allow-all"


@breaks(
    "plain_http_is_sent_on_to_https",
    help="The protocol belongs to the behavior: a second behavior starts from the default again.",
)
def mistake_assets_over_plain_http(template: dict[str, Any]) -> None:
    assets(template)["ViewerProtocolPolicy"] = "allow-all"


@breaks(
    "plain_http_is_sent_on_to_https",
    help="https-only refuses plain http with a 403. Right for programs; people with an old link want to be sent on.",
)
def mistake_plain_http_is_refused(template: dict[str, Any]) -> None:
    pages(template)["ViewerProtocolPolicy"] = "https-only"


@breaks(
    "nobody_reads_past_the_edge",
    help="Behind a distribution a public bucket is a second door. The distribution needs no public read.",
)
def mistake_the_bucket_is_public(template: dict[str, Any]) -> None:
    let_in_everybody(template)


@breaks(
    "nobody_reads_past_the_edge",
    help="A Referer is whatever the client writes. It keeps nobody out who has read the policy, or one request.",
)
def mistake_a_secret_in_the_referer(template: dict[str, Any]) -> None:
    let_in_everybody(template)["Condition"] = {"StringEquals": {"aws:Referer": "only-our-cloudfront-knows"}}


@breaks(
    "nobody_reads_past_the_edge",
    help="An agency's account in the bucket policy reads every file, released or not, past the edge.",
)
def mistake_the_agency_reads_the_bucket(template: dict[str, Any]) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "s3:GetObject"}
    statements(template).append({**statement, "Resource": grant(template)["Resource"]})


@breaks(
    "this_distribution_reads_and_no_other",
    help="cloudfront.amazonaws.com is every customer's CloudFront: without aws:SourceArn it is a confused deputy.",
)
def mistake_every_cloudfront_is_trusted(template: dict[str, Any]) -> None:
    del grant(template)["Condition"]


@breaks(
    "this_distribution_reads_and_no_other",
    help="aws:SourceAccount shuts strangers out, and lets every other distribution of the account in.",
)
def mistake_every_distribution_of_the_account(template: dict[str, Any]) -> None:
    grant(template)["Condition"] = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


@breaks(
    "this_distribution_reads_and_no_other",
    help="A wildcard in aws:SourceArn breaks the circle between policy and distribution, and the promise with it.",
)
def mistake_a_wildcard_for_the_distribution(template: dict[str, Any]) -> None:
    arn = {"Fn::Sub": "arn:aws:cloudfront::${AWS::AccountId}:distribution/*"}
    grant(template)["Condition"] = {"ArnLike": {"aws:SourceArn": arn}}


@breaks(
    "this_distribution_reads_and_no_other",
    help="A second distribution on the same bucket publishes the site again, with behaviors and headers of its own.",
)
def mistake_the_staging_distribution_reads_it_too(template: dict[str, Any]) -> None:
    own = grant(template)["Condition"]["StringEquals"]["AWS:SourceArn"]
    staging = {"Fn::Sub": "arn:aws:cloudfront::${AWS::AccountId}:distribution/E2STAGING00000"}
    grant(template)["Condition"]["StringEquals"]["AWS:SourceArn"] = [own, staging]


@breaks(
    "this_distribution_reads_and_no_other",
    help="s3:* is PutObject and DeleteObject too. A site that is read needs s3:GetObject.",
)
def mistake_the_distribution_may_do_everything(template: dict[str, Any]) -> None:
    grant(template)["Action"] = "s3:*"


@breaks(
    "this_distribution_reads_and_no_other",
    help="The origin access identity is the older way: AWS recommends OAC, and Security Hub asks for it.",
)
def mistake_the_older_identity(template: dict[str, Any]) -> None:
    template["Resources"]["Identity"] = an_identity()
    for origin in site(template)["Origins"]:
        del origin["OriginAccessControlId"]
        origin["S3OriginConfig"] = {
            "OriginAccessIdentity": {"Fn::Sub": "origin-access-identity/cloudfront/${Identity}"}
        }
    grant(template)["Principal"] = {"CanonicalUser": {"Fn::GetAtt": ["Identity", "S3CanonicalUserId"]}}
    del canonical_grant(template)["Condition"]


@breaks(
    "this_distribution_reads_and_no_other",
    help="Moving from OAI to OAC has a last step: taking the identity out of the bucket policy.",
)
def mistake_the_older_identity_is_left_in(template: dict[str, Any]) -> None:
    template["Resources"]["Identity"] = an_identity()
    canonical = {"CanonicalUser": {"Fn::GetAtt": ["Identity", "S3CanonicalUserId"]}}
    left = {**grant(template), "Principal": canonical}
    del left["Condition"]
    statements(template).append(left)


@breaks(
    "a_missing_page_gets_the_sites_own_answer",
    help="Without a custom error response visitors read S3's AccessDenied, in XML.",
)
def mistake_the_error_is_s3s_own(template: dict[str, Any]) -> None:
    del site(template)["CustomErrorResponses"]


@breaks(
    "a_missing_page_gets_the_sites_own_answer",
    help="Without the right to list, S3 says 403 for what is missing; a rule for 404 never sees it.",
)
def mistake_a_rule_for_an_error_that_never_comes(template: dict[str, Any]) -> None:
    error(template)["ErrorCode"] = 404


@breaks(
    "a_missing_page_gets_the_sites_own_answer",
    help="index.html with 200 is the recipe for an app that routes in the browser. This site is made of pages.",
)
def mistake_every_missing_page_is_the_front_page(template: dict[str, Any]) -> None:
    error(template).update(ResponseCode=200, ResponsePagePath="/index.html")


@breaks(
    "answers_protect_the_visitor",
    help="A response headers policy belongs to a behavior. The second behavior has none until you give it one.",
)
def mistake_assets_without_headers(template: dict[str, Any]) -> None:
    del assets(template)["ResponseHeadersPolicyId"]


@breaks(
    "answers_protect_the_visitor",
    help="Five minutes of HSTS is for trying it out. Between two visits it is long over.",
)
def mistake_hsts_for_five_minutes(template: dict[str, Any]) -> None:
    for policy in headers(template):
        policy["SecurityHeadersConfig"]["StrictTransportSecurity"]["AccessControlMaxAgeSec"] = 300


@breaks(
    "answers_protect_the_visitor",
    help="Where both are sent, browsers go by frame-ancestors, and * lets every site frame the page.",
)
def mistake_everybody_may_frame_it(template: dict[str, Any]) -> None:
    told = {"ContentSecurityPolicy": "frame-ancestors *", "Override": True}
    for policy in headers(template):
        policy["SecurityHeadersConfig"]["ContentSecurityPolicy"] = told


@breaks(
    "answers_protect_the_visitor",
    help="unsafe-url is named for what it does: every site a patient goes on to learns which page they read.",
)
def mistake_the_page_is_told_to_other_sites(template: dict[str, Any]) -> None:
    for policy in headers(template):
        policy["SecurityHeadersConfig"]["ReferrerPolicy"]["ReferrerPolicy"] = "unsafe-url"


@breaks(
    "a_correction_is_seen_within_a_minute",
    help="CachingOptimized keeps what nobody labels for a day. It fits files whose names change with their content.",
)
def mistake_pages_are_kept_for_a_day(template: dict[str, Any]) -> None:
    pages(template)["CachePolicyId"] = "658327ea-f89d-4fab-a63d-7e88639e58f6"


@breaks(
    "a_correction_is_seen_within_a_minute",
    help="Errors have a TTL of their own. With a day, whoever is early keeps the page from everybody for a day.",
)
def mistake_errors_are_kept_for_a_day(template: dict[str, Any]) -> None:
    error(template)["ErrorCachingMinTTL"] = 86400


@breaks(
    "a_correction_is_seen_within_a_minute",
    help="The managed SecurityHeadersPolicy says nothing about keeping, and a browser that is told nothing guesses.",
)
def mistake_browsers_are_told_nothing(template: dict[str, Any]) -> None:
    pages(template)["ResponseHeadersPolicyId"] = "67f7725c-6f97-4210-82d7-5512b31e9d03"


@breaks(
    "assets_are_answered_from_the_edge",
    help="A path pattern is matched from the start: /static/* never meets /assets/site.css.",
)
def mistake_a_pattern_that_matches_nothing(template: dict[str, Any]) -> None:
    assets(template)["PathPattern"] = "/static/*"


@breaks(
    "assets_are_answered_from_the_edge",
    help="UseOriginCacheControlHeaders needs a label from the origin. Without one its default TTL is 0.",
)
def mistake_waiting_for_a_label_nobody_writes(template: dict[str, Any]) -> None:
    assets(template)["CachePolicyId"] = "83da9c7e-98b4-4e11-a168-04f0df8e2c65"


@breaks(
    "assets_are_answered_from_the_edge",
    help="With every query string in the cache key, each newsletter link fetches each file anew.",
)
def mistake_query_strings_in_the_key(template: dict[str, Any]) -> None:
    keyed(template, QueryStringsConfig={"QueryStringBehavior": "all"})


@breaks(
    "assets_are_answered_from_the_edge",
    help="An hour fits a page nobody hurries with. A file that never changes may stay for a day, or a year.",
)
def mistake_assets_for_an_hour(template: dict[str, Any]) -> None:
    keyed(template)["DefaultTTL"] = 3600


@breaks(
    "assets_are_answered_from_the_edge",
    also=["text_travels_compressed"],
    help="CachingDisabled is for what is different each time. It also keeps CloudFront from compressing.",
)
def mistake_nothing_is_kept(template: dict[str, Any]) -> None:
    assets(template)["CachePolicyId"] = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"


@breaks(
    "text_travels_compressed",
    help="In CloudFormation a behavior compresses when Compress says so. CDK's Distribution says so for you.",
)
def mistake_the_behavior_does_not_compress(template: dict[str, Any]) -> None:
    assets(template)["Compress"] = False


@breaks(
    "text_travels_compressed",
    help="Compress needs a cache policy that keeps compressed copies: EnableAcceptEncodingGzip and -Brotli.",
)
def mistake_a_policy_for_uncompressed_files(template: dict[str, Any]) -> None:
    assets(template)["CachePolicyId"] = "b2884449-e4de-46a7-ac36-70bc7f1ddd6d"


def site(template: dict[str, Any]) -> dict[str, Any]:
    """The distribution's configuration."""
    name = the_only(template, "AWS::CloudFront::Distribution")
    return template["Resources"][name]["Properties"]["DistributionConfig"]


def pages(template: dict[str, Any]) -> dict[str, Any]:
    return site(template)["DefaultCacheBehavior"]


def assets(template: dict[str, Any]) -> dict[str, Any]:
    return site(template)["CacheBehaviors"][0]


def error(template: dict[str, Any]) -> dict[str, Any]:
    return site(template)["CustomErrorResponses"][0]


def headers(template: dict[str, Any]) -> list[dict[str, Any]]:
    """The configuration of each response headers policy."""
    kind = "AWS::CloudFront::ResponseHeadersPolicy"
    return [
        each["Properties"]["ResponseHeadersPolicyConfig"]
        for each in template["Resources"].values()
        if each["Type"] == kind
    ]


def cache_policy(template: dict[str, Any]) -> dict[str, Any]:
    """The pages' cache policy."""
    return template["Resources"][the_only(template, "AWS::CloudFront::CachePolicy")]["Properties"]["CachePolicyConfig"]


def keyed(template: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    """Give the assets a cache policy of their own, for a year, with this in its key."""
    nothing = {
        "CookiesConfig": {"CookieBehavior": "none"},
        "HeadersConfig": {"HeaderBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
        "EnableAcceptEncodingGzip": True,
        "EnableAcceptEncodingBrotli": True,
    }
    config = {
        "Name": "ForTheAssets",
        "MinTTL": 1,
        "DefaultTTL": 31536000,
        "MaxTTL": 31536000,
        "ParametersInCacheKeyAndForwardedToOrigin": {**nothing, **parameters},
    }
    template["Resources"]["ForTheAssets"] = {
        "Type": "AWS::CloudFront::CachePolicy",
        "Properties": {"CachePolicyConfig": config},
    }
    assets(template)["CachePolicyId"] = {"Ref": "ForTheAssets"}
    return config


def statements(template: dict[str, Any]) -> list[dict[str, Any]]:
    name = the_only(template, "AWS::S3::BucketPolicy")
    return template["Resources"][name]["Properties"]["PolicyDocument"]["Statement"]


def grant(template: dict[str, Any]) -> dict[str, Any]:
    """The statement that lets CloudFront in."""
    return next(each for each in statements(template) if "cloudfront" in str(each["Principal"]))


def canonical_grant(template: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in statements(template) if "CanonicalUser" in str(each["Principal"]))


def let_in_everybody(template: dict[str, Any]) -> dict[str, Any]:
    """A statement that makes the bucket public, with nothing to stop it."""
    bucket = template["Resources"][the_only(template, "AWS::S3::Bucket")]["Properties"]
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    bucket["PublicAccessBlockConfiguration"] = dict.fromkeys(names, False)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": grant(template)["Resource"]}
    statements(template).append(statement)
    return statement


def an_identity() -> dict[str, Any]:
    return {
        "Type": "AWS::CloudFront::CloudFrontOriginAccessIdentity",
        "Properties": {"CloudFrontOriginAccessIdentityConfig": {"Comment": "the clinic's website"}},
    }


def the_only(template: dict[str, Any], kind: str) -> str:
    return next(name for name, each in template["Resources"].items() if each["Type"] == kind)
