"""Answers HTTP requests to CloudFront's distributions, by their domain names, their ids or their aliases.

A request is judged and handled in CloudFront's order: restriction by country, behavior by path, viewer protocol,
method, cache, origin, error responses, response headers policy. An S3 origin is read as the bucket's policy lets this
distribution (origin access control), this identity, or anybody. The country is what `CloudFront-Viewer-Country` says.

Not emulated: functions and Lambda@Edge associations, web ACLs, signatures of signed URLs, origin failover, Brotli (who
takes gzip as well gets that). https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html,
and beside it RequestAndResponseBehaviorS3Origin.html, Expiration.html and ServingCompressedFiles.html, checked_on
2026-11-23.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import time
import uuid
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from preflight.clouds.web_parts import Answered, Asked

if TYPE_CHECKING:
    from preflight.clouds.authorize import Authorizer

HOST = re.compile(r"([a-z0-9]+)\.cloudfront\.(?:net|localhost)")
BUCKET = re.compile(r"(.+)\.s3(?:\.dualstack)?(?:[.-][a-z]{2}(?:-[a-z]+)+-\d)?\.amazonaws\.com(?:\.cn)?")
WEBSITE = re.compile(r"(.+)\.s3-website[.-][a-z0-9-]+\.amazonaws\.com(?:\.cn)?")
DAY = 86400
Config = Mapping[str, Any]


@dataclass
class Kept:
    """An answer in a distribution's cache: kept `at` a time of the cloud `until` another, `made` by the clock's."""

    answer: Answered
    at: float
    until: float
    made: float


class Edge:
    """Every distribution of one account, with one cache."""

    def __init__(
        self,
        authorizer: Authorizer,
        account: str,
        knows: Callable[[str], bool],
        request: Callable[[str, str, Mapping[str, str], bytes], Answered],
        now: Callable[[], float] = time.time,
    ) -> None:
        """`request` reaches an origin whose host is known to the cloud's other gateways; `now` is the cloud's time."""
        self._authorizer = authorizer
        self._account = account
        self._inside = knows
        self._request = request
        self._now = now
        self._cache: dict[tuple[Any, ...], Kept] = {}

    def knows(self, host: str) -> bool:
        """Whether a distribution answers for this host; every CloudFront domain is answered for."""
        name = host.partition(":")[0].lower()
        return HOST.fullmatch(name) is not None or _distribution(self._account, name) is not None

    def answer(self, asked: Asked, *, scheme: str) -> Answered:
        """A distribution's answer to a request that came by this scheme."""
        distribution = _distribution(self._account, asked.host.partition(":")[0].lower())
        if distribution is None or not distribution["DistributionConfig"]["Enabled"]:
            return _refused(403, "Bad request. We can't connect to the server for this app or website at this time.")
        config = distribution["DistributionConfig"]
        if not _may_watch(config, asked.header("cloudfront-viewer-country")):
            return _refused(403, "The Amazon CloudFront distribution is configured to block access from your country.")
        path = asked.path
        if path == "/" and config.get("DefaultRootObject"):
            path = f"/{config['DefaultRootObject']}"
        behavior = _behavior(config, path)
        stopped = _at_the_door(behavior, asked, scheme)
        if stopped is not None:
            return stopped
        answer = self._cached(distribution, behavior, asked, path)
        return _compressed(self._account, behavior, asked, self._dressed(behavior, asked, answer))

    def _cached(self, distribution: Config, behavior: Config, asked: Asked, path: str) -> Answered:
        """From the cache, or from the origin and into the cache."""
        key = (
            distribution["Id"],
            behavior.get("PathPattern"),
            asked.host,
            path,
            *_cache_key(self._account, behavior, asked),
        )
        now = self._now()
        kept = self._cache.get(key)
        if (
            kept
            and now < kept.until
            and asked.method in ("GET", "HEAD")
            and not self._invalidated(distribution, path, kept)
        ):
            age = str(int(now - kept.at))
            return kept.answer.with_headers([("X-Cache", "Hit from cloudfront"), ("Age", age)])
        answer = self._from_origin(distribution, behavior, asked, path)
        lasts = _time_to_live(self._account, behavior, answer, now)
        if answer.status >= 400:
            answer, lasts = self._error(distribution, asked, answer)
            answer = answer.with_headers([("X-Cache", "Error from cloudfront")])
        else:
            answer = answer.with_headers([("X-Cache", "Miss from cloudfront")])
        if asked.method in ("GET", "HEAD") and lasts > 0:
            self._cache[key] = Kept(answer, now, now + lasts, time.time())
        return answer

    def _invalidated(self, distribution: Config, path: str, kept: Kept) -> bool:
        from preflight.clouds.shelf import kept as things

        for each in things("cloudfront", "create_invalidation", account=self._account, region="us-east-1"):
            if each.get("DistributionId") == distribution["Id"] and each["CreateTime"].timestamp() >= kept.made:
                paths = each["InvalidationBatch"]["Paths"].get("Items", [])
                if any(fnmatchcase(path, one.replace("[", "[[]")) for one in paths):
                    return True
        return False

    def _error(self, distribution: Config, asked: Asked, answer: Answered) -> tuple[Answered, float]:
        """What the distribution says instead of an error, and for how long."""
        config = distribution["DistributionConfig"]
        for told in config["CustomErrorResponses"].get("Items", ()):
            if int(told["ErrorCode"]) == answer.status:
                lasts = float(told.get("ErrorCachingMinTTL", 10))
                page = told.get("ResponsePagePath")
                if not page:
                    return answer, lasts
                shown = self._from_origin(distribution, _behavior(config, page), asked, page)
                if shown.status >= 400:
                    return answer, lasts
                return Answered(int(told.get("ResponseCode") or answer.status), shown.headers, shown.body), lasts
        return answer, 10.0

    def _from_origin(self, distribution: Config, behavior: Config, asked: Asked, path: str) -> Answered:
        config = distribution["DistributionConfig"]
        target = behavior["TargetOriginId"]
        for group in config.get("OriginGroups", {}).get("Items", ()):
            if group["Id"] == target:
                target = group["Members"]["Items"][0]["OriginId"]
        origin = next(each for each in config["Origins"]["Items"] if each["Id"] == target)
        path = f"{origin.get('OriginPath') or ''}{path}"
        bucket = BUCKET.fullmatch(origin["DomainName"])
        if bucket:
            return self._from_bucket(distribution, origin, bucket[1], asked, path)
        website = WEBSITE.fullmatch(origin["DomainName"])
        if website:
            return self._from_website(website[1], asked, path)
        if not self._inside(origin["DomainName"]):
            return _refused(502, "CloudFront wasn't able to connect to the origin.")
        headers = {key: value for key, value in asked.headers if key.lower() not in ("host", "connection")}
        for each in origin.get("CustomHeaders", {}).get("Items", ()):
            headers[each["HeaderName"]] = each["HeaderValue"]
        query = f"?{asked.raw_query}" if asked.raw_query and _forwards_query(self._account, behavior) else ""
        url = f"https://{origin['DomainName']}{quote(path)}{query}"
        return self._request(asked.method, url, headers, asked.body)

    def _from_bucket(self, distribution: Config, origin: Config, name: str, asked: Asked, path: str) -> Answered:
        """An object, as the distribution may read the bucket; S3 tells who may not list it nothing of what is there."""
        from preflight.clouds.asked import find_bucket

        bucket = find_bucket(name)
        if bucket is None:
            return _s3_error(404, "NoSuchBucket", "The specified bucket does not exist")
        if asked.method not in ("GET", "HEAD"):
            return _s3_error(403, "AccessDenied", "Access Denied")
        may = self._reader(distribution, origin, name, bucket)
        key = path.removeprefix("/")
        if not key and may("s3:ListBucket", f"arn:aws:s3:::{name}"):
            # without a default root object, the root is the bucket itself
            return _listing(name, bucket)
        if not may("s3:GetObject", f"arn:aws:s3:::{name}/{key}"):
            return _s3_error(403, "AccessDenied", "Access Denied")
        found = bucket.keys.get(key)
        if found is None or type(found).__name__ == "FakeDeleteMarker":
            if not may("s3:ListBucket", f"arn:aws:s3:::{name}"):
                return _s3_error(403, "AccessDenied", "Access Denied")
            return _s3_error(404, "NoSuchKey", "The specified key does not exist.")
        if not self._may_decrypt(distribution, origin, bucket, found):
            return _s3_error(403, "AccessDenied", "Access Denied")
        return _object(found, asked)

    def _may_decrypt(self, distribution: Config, origin: Config, bucket: Any, found: Any) -> bool:
        """Whether this distribution may use the key an object is encrypted with.

        Only origin access control may, where the key's policy lets it; nobody writes the policy of AWS's own aws/s3.
        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
        (checked_on 2026-11-23)
        """
        if not str(getattr(found, "encryption", "") or "").startswith("aws:kms"):
            return True
        control = _control(self._account, origin.get("OriginAccessControlId"))
        key = _key_arn(str(getattr(found, "kms_key_id", "") or "alias/aws/s3"), bucket)
        if control is None or control.get("SigningBehavior") == "never" or key is None:
            return False
        return bool(
            self._authorizer.may_deliver(
                "cloudfront.amazonaws.com", "kms:Decrypt", key, source=distribution["ARN"], account=self._account
            )
        )

    def _from_website(self, name: str, asked: Asked, path: str) -> Answered:
        """A bucket's website is read by anybody, or by nobody."""
        from preflight.clouds.asked import find_bucket

        bucket = find_bucket(name)
        told = _website(bucket)
        if bucket is None or told is None:
            return _s3_error(
                404, "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"
            )
        may = self._reader({}, {}, name, bucket)
        wanted = f"{path.lstrip('/')}{told['index']}" if path.endswith("/") else path.lstrip("/")
        readable = {
            key: bucket.keys.get(key)
            for key in (wanted, told["error"])
            if key and may("s3:GetObject", f"arn:aws:s3:::{name}/{key}")
        }
        if readable.get(wanted) is not None:
            return _object(readable[wanted], asked)
        tells = wanted in readable and may("s3:ListBucket", f"arn:aws:s3:::{name}")
        if readable.get(told["error"]) is not None:
            shown = _object(readable[told["error"]], asked)
            return Answered(404 if tells else 403, shown.headers, shown.body)
        if tells:
            return _s3_error(404, "NoSuchKey", "The specified key does not exist.")
        return _s3_error(403, "AccessDenied", "Access Denied")

    def _reader(self, distribution: Config, origin: Config, name: str, bucket: Any) -> Callable[[str, str], bool]:
        """Whether this distribution may do something with a bucket: by its control, its identity, or as anybody."""
        from preflight.analysis.access import Principal, Request, decide
        from preflight.clouds.holders import public_access_block, read, resource_policy

        control = _control(self._account, origin.get("OriginAccessControlId"))
        if control is not None and control.get("SigningBehavior") != "never":
            source = distribution["ARN"]

            def signed(action: str, resource: str) -> bool:
                return bool(
                    self._authorizer.may_deliver(
                        "cloudfront.amazonaws.com", action, resource, source=source, account=self._account
                    )
                )

            return signed
        identity = (origin.get("S3OriginConfig") or {}).get("OriginAccessIdentity", "").rpartition("/")[2]
        if identity:
            document = _as_service(bucket.policy, self._account, identity)
            policy = read(document, f"the bucket policy of {name}", "resource") if document else None
            principal, blocked = Principal.of(f"service:{_IDENTITY}"), None
        else:
            policy, principal = resource_policy(f"arn:aws:s3:::{name}"), Principal.of("anyone")
            blocked = public_access_block(bucket)

        def unsigned(action: str, resource: str) -> bool:
            known: dict[str, Any] = {"aws:SecureTransport": "true", "aws:SourceIp": "127.0.0.1"}
            asked = Request(principal, action, resource, known, complete=True)
            return bool(decide(asked, resource_policy=policy, public_access_block=blocked))

        return unsigned

    def _dressed(self, behavior: Config, asked: Asked, answer: Answered) -> Answered:
        """CloudFront's own headers, and those of the response headers policy."""
        told = _policy(
            self._account,
            "create_response_headers_policy",
            behavior.get("ResponseHeadersPolicyId"),
            "ResponseHeadersPolicyConfig",
        )
        removed = {each["Header"].lower() for each in (told.get("RemoveHeadersConfig") or {}).get("Items", ())}
        headers = tuple(pair for pair in answer.headers if pair[0].lower() not in removed)
        answer = Answered(answer.status, headers, answer.body)
        for name, value, override in (*_security(told), *_custom(told), *_cors(told, asked)):
            if override or answer.header(name) is None:
                answer = answer.with_headers([(name, value)])
        own = [
            ("Via", "1.1 edge.cloudfront.net (CloudFront)"),
            ("X-Amz-Cf-Pop", "IAD89-P1"),
            ("X-Amz-Cf-Id", uuid.uuid4().hex),
        ]
        associated = [
            each
            for each in ("FunctionAssociations", "LambdaFunctionAssociations")
            if behavior.get(each, {}).get("Quantity")
        ]
        if associated:
            own.append(("X-Preflight-Not-Emulated", ", ".join(associated)))
        return answer.with_headers(own)


def _distribution(account: str, name: str) -> Config | None:
    """The distribution a host name means."""
    if "moto.cloudfront.models" not in sys.modules:
        return None
    from preflight.clouds.shelf import kept

    found = HOST.fullmatch(name)
    for each in kept("cloudfront", "create_distribution", account=account, region="us-east-1"):
        names = {each["DomainName"].partition(".")[0], each["Id"].lower()}
        aliases = each["DistributionConfig"]["Aliases"].get("Items", ())
        if (found and found[1] in names) or any(fnmatchcase(name, alias.lower()) for alias in aliases):
            return each
    return None


def _behavior(config: Config, path: str) -> Config:
    """The first behavior whose pattern is the path's; patterns take no brackets."""
    for each in config["CacheBehaviors"].get("Items", ()):
        pattern = each["PathPattern"].replace("[", "[[]")
        if fnmatchcase(path, pattern if pattern.startswith(("/", "*")) else f"/{pattern}"):
            return each  # type: ignore[no-any-return]
    return config["DefaultCacheBehavior"]  # type: ignore[no-any-return]


def _may_watch(config: Config, country: str | None) -> bool:
    restriction = config["Restrictions"]["GeoRestriction"]
    if restriction["RestrictionType"] == "none" or country is None:
        return True
    return bool((country in restriction.get("Items", ())) == (restriction["RestrictionType"] == "whitelist"))


def _at_the_door(behavior: Config, asked: Asked, scheme: str) -> Answered | None:
    """What a behavior answers before it looks for the content."""
    protocol = behavior["ViewerProtocolPolicy"]
    if scheme == "http" and protocol == "redirect-to-https":
        query = f"?{asked.raw_query}" if asked.raw_query else ""
        where = f"https://{asked.host}{quote(asked.path)}{query}"
        return Answered(
            301, (("Location", where), ("Server", "CloudFront"), ("X-Cache", "Redirect from cloudfront")), b""
        )
    if scheme == "http" and protocol == "https-only":
        return _refused(403, "This distribution is configured to use HTTPS only.")
    if asked.method not in behavior["AllowedMethods"]["Items"]:
        return _refused(
            403,
            "This distribution is not configured to allow the HTTP request method that was used for this request. The "
            "distribution supports only cachable requests.",
        )
    signers = behavior["TrustedKeyGroups"].get("Quantity") or behavior["TrustedSigners"].get("Quantity")
    named = any(name == "Key-Pair-Id" for name, _ in asked.query)
    if signers and not named and "CloudFront-Key-Pair-Id" not in (asked.header("cookie") or ""):
        return _s3_error(403, "MissingKey", "Missing Key-Pair-Id query parameter or cookie value")
    if signers:
        return _refused(501, "Signed URLs and cookies are not checked by the offline cloud.")
    return None


def _cache_key(account: str, behavior: Config, asked: Asked) -> Iterator[Any]:
    """What tells requests for one path apart, by the cache policy."""
    told = _parameters(account, behavior)
    headers = told.get("HeadersConfig", {}).get("Headers", {}).get("Items", ())
    yield tuple((name.lower(), asked.header(name)) for name in headers)
    queries = told.get("QueryStringsConfig", {})
    names = queries.get("QueryStrings", {}).get("Items", ())
    yield _picked(sorted(asked.query), queries.get("QueryStringBehavior", "none"), names)
    cookies = told.get("CookiesConfig", {})
    names = cookies.get("Cookies", {}).get("Items", ())
    sent = [tuple(each.strip().partition("=")[::2]) for each in (asked.header("cookie") or "").split(";") if each]
    yield _picked(sorted(sent), cookies.get("CookieBehavior", "none"), names)


def _picked(pairs: list[Any], kind: str, names: Any) -> tuple[Any, ...]:
    """The pairs that a rule of a policy takes: all, none, those it names, or all but those."""
    if kind in ("whitelist", "allExcept"):
        return tuple(pair for pair in pairs if (pair[0] in names) == (kind == "whitelist"))
    return tuple(pairs) if kind == "all" else ()


def _parameters(account: str, behavior: Config) -> Config:
    """What a behavior's cache policy, or its older settings in a policy's form, take into the cache key."""
    if behavior.get("CachePolicyId"):
        told = _cache_policy(account, behavior).get("ParametersInCacheKeyAndForwardedToOrigin", {})
        return told  # type: ignore[no-any-return]
    older = behavior.get("ForwardedValues") or {}
    cookies, keys = older.get("Cookies", {}), older.get("QueryStringCacheKeys", {})
    named = {"QueryStringBehavior": "whitelist", "QueryStrings": keys} if keys.get("Items") else None
    return {
        "HeadersConfig": {"Headers": older.get("Headers", {})},
        "QueryStringsConfig": (named or {"QueryStringBehavior": "all"}) if older.get("QueryString") else {},
        "CookiesConfig": {
            "CookieBehavior": cookies.get("Forward", "none"),
            "Cookies": cookies.get("WhitelistedNames", {}),
        },
        "EnableAcceptEncodingGzip": True,
    }


def _compressed(account: str, behavior: Config, asked: Asked, answer: Answered) -> Answered:
    """The answer with its body compressed, where behavior and cache policy say so and the viewer takes it.

    Its ETag turns weak, for the bytes are others.
    """
    accepted = {each.partition(";")[0].strip() for each in (asked.header("accept-encoding") or "").split(",")}
    kind = (answer.header("content-type") or "").partition(";")[0].strip().lower()
    if (
        not behavior.get("Compress")
        or not _parameters(account, behavior).get("EnableAcceptEncodingGzip")
        or "gzip" not in accepted
        or kind not in COMPRESSED
        or not 1_000 <= len(answer.body) <= 10_000_000
        or answer.header("content-encoding")
        or answer.status not in (200, 403, 404)
    ):
        return answer
    tag = answer.header("etag") or ""
    weak = [("ETag", f"W/{tag}")] if tag.startswith('"') else []
    told = [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"), *weak]
    return Answered(answer.status, answer.headers, gzip.compress(answer.body, mtime=0)).with_headers(told)


def _forwards_query(account: str, behavior: Config) -> bool:
    cached = _cache_policy(account, behavior).get("ParametersInCacheKeyAndForwardedToOrigin", {})
    sent = _policy(
        account, "create_origin_request_policy", behavior.get("OriginRequestPolicyId"), "OriginRequestPolicyConfig"
    )
    return any(
        told.get("QueryStringsConfig", {}).get("QueryStringBehavior", "none") != "none" for told in (cached, sent)
    ) or bool((behavior.get("ForwardedValues") or {}).get("QueryString"))


def _time_to_live(account: str, behavior: Config, answer: Answered, now: float) -> float:
    """Seconds an answer is kept: what the origin says within the policy's bounds, else the policy's default."""
    told = _cache_policy(account, behavior)
    least, default, most = (
        float(told.get(name, value)) for name, value in (("MinTTL", 0), ("DefaultTTL", DAY), ("MaxTTL", 365 * DAY))
    )
    said = (answer.header("cache-control") or "").lower()
    if any(word in said for word in ("no-store", "no-cache", "private")):
        return least
    for word in ("s-maxage", "max-age"):
        found = re.search(rf"{word}\s*=\s*(\d+)", said)
        if found:
            return min(max(float(found[1]), least), most)
    expires = answer.header("expires")
    if expires:
        try:
            until = datetime.strptime(expires, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC).timestamp()
            return min(max(until - now, least), most)
        except ValueError:
            return least
    # the most is for what the origin says
    return max(default, least)


def _cache_policy(account: str, behavior: Config) -> Config:
    identifier = behavior.get("CachePolicyId")
    if identifier:
        return _policy(account, "create_cache_policy", identifier, "CachePolicyConfig")
    return {name: behavior[name] for name in ("MinTTL", "DefaultTTL", "MaxTTL") if name in behavior}


def _policy(account: str, create: str, identifier: str | None, config: str) -> Config:
    from preflight.clouds.shelf import kept

    there = kept("cloudfront", create, account=account, region="us-east-1") if identifier else []
    return next((each[config] for each in there if each["Id"] == identifier), {})


def _control(account: str, identifier: str | None) -> Config | None:
    return _policy(account, "create_origin_access_control", identifier, "OriginAccessControlConfig") or None


_IDENTITY = "origin-access-identity.cloudfront.amazonaws.com"


def _as_service(policy: Any, account: str, identity: str) -> str | None:
    """A bucket policy in which one origin access identity is named as if it were a service."""
    from preflight.clouds.shelf import kept

    if not policy:
        return None
    known = kept("cloudfront", "create_cloud_front_origin_access_identity", account=account, region="us-east-1")
    canonical = next((each["S3CanonicalUserId"] for each in known if each["Id"] == identity), None)
    document = json.loads(policy if isinstance(policy, str) else policy.decode())
    for statement in document.get("Statement", ()):
        principal = statement.get("Principal")
        named = json.dumps(principal)
        if isinstance(principal, dict) and (
            (canonical and canonical in named) or f"Origin Access Identity {identity}" in named
        ):
            statement["Principal"] = {"Service": _IDENTITY}
    return json.dumps(document)


def _key_arn(name: str, bucket: Any) -> str | None:
    """The ARN of a customer managed key by id, ARN or alias."""
    module = sys.modules.get("moto.kms.models")
    if module is None or "alias/aws/" in name:
        return None
    backend = module.kms_backends[bucket.account_id][bucket.region_name]
    key = backend.keys.get(name.rpartition("/")[2] if "alias/" not in name else backend.get_key_id_from_alias(name))
    return str(key.arn) if key is not None else None


def _website(bucket: Any) -> dict[str, str] | None:
    """The names of the index and the error document of a bucket that is a website."""
    held = getattr(bucket, "website_configuration", None)
    if not held:
        return None
    told = {each.tag.rpartition("}")[2]: (each.text or "").strip() for each in ElementTree.fromstring(held).iter()}
    return {"index": told.get("Suffix", ""), "error": told.get("Key", "")}


def _listing(name: str, bucket: Any) -> Answered:
    """What S3 answers who asks for a bucket and may list it, the keys alone."""
    keys = "".join(f"<Contents><Key>{escape(key)}</Key></Contents>" for key in bucket.keys)
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult><Name>{name}</Name>{keys}</ListBucketResult>'
    return Answered(200, (("Content-Type", "application/xml"), ("Server", "AmazonS3")), body.encode())


def _object(found: Any, asked: Asked) -> Answered:
    """An S3 object as its HTTP answer, or as not changed."""
    told = {name.lower(): str(value) for name, value in (*found.metadata.items(), *found.response_dict.items())}
    told.setdefault("content-type", "binary/octet-stream")
    names = {
        "etag": "ETag",
        "content-type": "Content-Type",
        "last-modified": "Last-Modified",
        "cache-control": "Cache-Control",
    }
    headers = [
        ("-".join(part.capitalize() for part in name.split("-")) if name not in names else names[name], value)
        for name, value in told.items()
        if name not in ("content-length", "status") and not name.startswith(("x-amz-content-", "x-amz-sdk-"))
    ]
    headers.append(("Server", "AmazonS3"))
    if asked.header("if-none-match") and asked.header("if-none-match") == told.get("etag"):
        return Answered(304, tuple(headers), b"")
    return Answered(200, tuple(headers), b"" if asked.method == "HEAD" else bytes(found.value))


def _security(told: Config) -> Iterator[tuple[str, str, bool]]:
    """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html"""
    config = told.get("SecurityHeadersConfig") or {}
    one = config.get("XSSProtection")
    if one:
        value = "1" if one.get("Protection") else "0"
        value += (
            "; mode=block" if one.get("ModeBlock") else f"; report={one['ReportUri']}" if one.get("ReportUri") else ""
        )
        yield "X-XSS-Protection", value, one["Override"]
    if config.get("FrameOptions"):
        yield "X-Frame-Options", config["FrameOptions"]["FrameOption"], config["FrameOptions"]["Override"]
    if config.get("ReferrerPolicy"):
        yield "Referrer-Policy", config["ReferrerPolicy"]["ReferrerPolicy"], config["ReferrerPolicy"]["Override"]
    one = config.get("ContentSecurityPolicy")
    if one:
        yield "Content-Security-Policy", one["ContentSecurityPolicy"], one["Override"]
    if config.get("ContentTypeOptions"):
        yield "X-Content-Type-Options", "nosniff", config["ContentTypeOptions"]["Override"]
    one = config.get("StrictTransportSecurity")
    if one:
        value = f"max-age={one['AccessControlMaxAgeSec']}"
        value += "; includeSubDomains" if one.get("IncludeSubdomains") else ""
        value += "; preload" if one.get("Preload") else ""
        yield "Strict-Transport-Security", value, one["Override"]


def _custom(told: Config) -> Iterator[tuple[str, str, bool]]:
    for each in (told.get("CustomHeadersConfig") or {}).get("Items", ()):
        yield each["Header"], each["Value"], each["Override"]


def _cors(told: Config, asked: Asked) -> Iterator[tuple[str, str, bool]]:
    config, origin = told.get("CorsConfig"), asked.header("origin")
    if not config or not origin:
        return
    allowed = config["AccessControlAllowOrigins"].get("Items", ())
    if not any(fnmatchcase(origin, each) for each in allowed):
        return
    override = config.get("OriginOverride", False)
    yield "Access-Control-Allow-Origin", "*" if "*" in allowed else origin, override
    if config.get("AccessControlAllowCredentials"):
        yield "Access-Control-Allow-Credentials", "true", override
    if config.get("AccessControlExposeHeaders", {}).get("Items"):
        yield "Access-Control-Expose-Headers", ",".join(config["AccessControlExposeHeaders"]["Items"]), override
    if asked.method == "OPTIONS":
        yield "Access-Control-Allow-Methods", ",".join(config["AccessControlAllowMethods"].get("Items", ())), override
        yield "Access-Control-Allow-Headers", ",".join(config["AccessControlAllowHeaders"].get("Items", ())), override


def _s3_error(status: int, code: str, message: str) -> Answered:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Answered(status, (("Content-Type", "application/xml"), ("Server", "AmazonS3")), body.encode())


def _refused(status: int, message: str) -> Answered:
    body = (
        "<HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE></HEAD><BODY>"
        f"<H1>{status} ERROR</H1><H2>The request could not be satisfied.</H2><HR>{message}</BODY></HTML>"
    )
    headers = (("Content-Type", "text/html"), ("Server", "CloudFront"), ("X-Cache", "Error from cloudfront"))
    return Answered(status, headers, body.encode())


# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html, checked_on 2026-11-23
COMPRESSED = frozenset(
    {f"application/{each}" for each in ("javascript", "json", "xml", "x-javascript", "xhtml+xml", "rss+xml", "wasm")}
    | {f"text/{each}" for each in ("css", "csv", "html", "javascript", "js", "plain", "tab-separated-values", "xml")}
    | {"application/pdf", "application/otf", "application/ttf", "font/otf", "font/ttf", "image/svg+xml"}
)
