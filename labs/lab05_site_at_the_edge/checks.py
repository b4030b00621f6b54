"""What the clinic's website promises to its visitors, and to whoever publishes it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from preflight.checks import IAM_GUIDE, S3_GUIDE, Stack, after, attempt, could_not_ask, expect


def check_the_site_opens_at_its_address(stack: Stack) -> None:
    """The site opens at its address: the front page, and every file under its own name.

    An origin knows files, a visitor types a name. CloudFront turns the bare address into a file when it is told which
    one (the default root object); every other path is asked of the bucket as it is. That the bucket answers at all is
    the other half: CloudFront signs its requests, and the bucket's policy has to let them in.
    """
    site = Site(stack)
    page = site.publish(a_page())
    answer = site.visit(page)
    expect(
        answer.status == 200 and page.words in answer.text,
        saw=f"a page in the bucket, asked for at the distribution, is answered with {said(answer)}",
        means="visitors get an error page in XML where the opening hours should be",
        proved="a page put into the bucket is read at the distribution's address",
        bullets=["CLF-C02 3.5-K1", "CLF-C02 3.2-K4", "SAA-C03 3.4-K1"],
        read=f"{CLOUDFRONT_GUIDE}/private-content-restricting-access-to-s3.html",
        where=site.distribution,
    )

    asset = site.publish(an_asset())
    answer = site.visit(asset)
    expect(
        answer.status == 200 and asset.words in answer.text,
        saw=f"an asset in the bucket, asked for at the distribution, is answered with {said(answer)}",
        means="the page is there and its style sheet is not: the site looks broken",
        proved="an asset put into the bucket is read at the distribution's address",
        bullets=["CLF-C02 3.5-K1", "CLF-C02 3.2-K4"],
        read=f"{CLOUDFRONT_GUIDE}/DownloadDistValuesCacheBehavior.html",
        where=site.distribution,
    )

    front = site.published("index.html") or site.publish(a_page("index.html"))
    answer = stack.http("GET", site.address)
    expect(
        answer.status == 200 and front.words in answer.text,
        saw=f"the bare address is answered with {said(answer)}, and index.html lies in the bucket",
        means="everybody who types the address, or follows a link to it, sees no front page",
        proved="the bare address shows index.html",
        rival="S3's website endpoint knows an index document as well, in every folder. What does it not know?",
        bullets=["CLF-C02 3.5-K1", "CLF-C02 1.1-S1"],
        read=f"{CLOUDFRONT_GUIDE}/DefaultRootObject.html",
        where=site.distribution,
    )


def check_plain_http_is_sent_on_to_https(stack: Stack) -> None:
    """A visitor who comes over plain http is sent on to https.

    People type names, and browsers and old links still try http first. A distribution answers both alike until each
    of its behaviors says otherwise: redirect is for people, refusing plain http is for programs.
    """
    site = Site(stack)
    for kind, file in (("page", site.publish(a_page())), ("asset", site.publish(an_asset()))):
        path = f"/{file.key}?from=mail"
        answer = stack.http("GET", f"http://{site.domain}{path}")
        told = answer.headers.get("location", "nowhere")
        expect(
            answer.status in (301, 302, 307, 308) and told == f"https://{site.domain}{path}",
            saw=f"over http, {'an' if kind == 'asset' else 'a'} {kind}'s address is answered with {said(answer)}"
            + (f", on to {told}" if "location" in answer.headers else ""),
            means="what a patient reads about an illness travels in the clear, and anybody on the way can rewrite it"
            if answer.status < 400 and "location" not in answer.headers
            else "visitors with an old link stand before a closed door",
            proved="over http, pages and assets are redirected to the same address over https",
            rival="HTTPS only refuses http with a 403. Whom would you give that?",
            bullets=["CLF-C02 2.2-S4", "SAA-C03 1.3-S3"],
            read=f"{CLOUDFRONT_GUIDE}/using-https-viewers-to-cloudfront.html",
            where=site.distribution,
        )


def check_nobody_reads_past_the_edge(stack: Stack) -> None:
    """Nobody reads the bucket past the edge.

    Whoever can ask the bucket itself gets the files without the redirect, without the headers, without the cache, and
    at S3's price for each request. A bucket behind a distribution has no reason to be public.
    """
    site = Site(stack)
    page = site.publish(a_page())
    for what, path in (("a page", page.key), ("the list of files", "?list-type=2")):
        answer = stack.http("GET", f"https://{site.bucket}.s3.{stack.region}.amazonaws.com/{path}")
        expect(
            answer.status != 200,
            saw=f"S3 itself gives {what} to a request without credentials",
            means="the site has a second door, without https, headers, or a cache in front of the bill",
            proved="S3 refuses requests without credentials",
            bullets=["CLF-C02 2.1-S2", "SAA-C03 1.2-K4"],
            read=f"{S3_GUIDE}/access-control-block-public-access.html",
            where=site.policy,
        )

    let_in = [
        f"{called(way)} may {verb}, {'under a condition of the bucket policy' if way.depends_on else 'past the edge'}"
        for verb, action, resource in uses_of(site.bucket)
        for way in stack.who_may(action, resource, context=FOR_NOBODY_ELSE)
        if is_outside(stack, way) and not is_identity(way)
    ]
    expect(
        not let_in,
        saw=let_in[0] if let_in else "",
        means="a header or an address that somebody finds out is all that keeps the bucket shut"
        if let_in and "condition" in let_in[0]
        else "the site has a second door, and what was meant for a release can be read before it",
        proved="nobody outside the account may read, list, write or delete anything in the bucket past the edge",
        rival="A secret header from CloudFront to S3's website endpoint is an old way to hide a bucket. Who knows it?",
        bullets=["CLF-C02 2.1-S2", "SAA-C03 1.2-K4", "SAA-C03 1.3-S6"],
        read=f"{S3_GUIDE}/access-control-block-public-access.html",
        where=site.policy,
    )


@after(check_nobody_reads_past_the_edge)
def check_this_distribution_reads_and_no_other(stack: Stack) -> None:
    """This distribution may read the bucket, by origin access control; no other may, and none may write.

    cloudfront.amazonaws.com is everybody's CloudFront. A policy that trusts the service alone trusts whoever points a
    distribution of theirs at your bucket: the service is the confused deputy, and aws:SourceArn is what tells it whose
    errand it runs.
    """
    site = Site(stack)
    theirs, elsewhere = site.own_origins, listed([each["DomainName"] for each in site.origins])
    expect(
        bool(theirs),
        saw=f"the distribution reads from {elsewhere}, not from the bucket's own endpoint",
        means="a website endpoint takes no signed requests, so a bucket behind it has to be public",
        proved="the distribution reads from the bucket's own endpoint",
        bullets=["SAA-C03 1.2-K4", "CLF-C02 3.5-K1"],
        read=f"{CLOUDFRONT_GUIDE}/private-content-restricting-access-to-s3.html",
        where=site.distribution,
    )
    older = [each for each in theirs if not each.get("OriginAccessControlId")]
    expect(
        not older,
        saw="the distribution signs in with an origin access identity"
        if older and (older[0].get("S3OriginConfig") or {}).get("OriginAccessIdentity")
        else "an origin of the distribution has no origin access control",
        means="no KMS-encrypted files, no Region opened since December 2022, and a way in that AWS advises against",
        proved="every origin in the bucket is asked through an origin access control",
        bullets=["SAA-C03 1.2-K4", "CLF-C02 2.4-S1"],
        read=f"{CLOUDFRONT_GUIDE}/private-content-restricting-access-to-s3.html",
        where=site.distribution,
    )

    left = [way for way in stack.who_may("s3:GetObject", f"arn:aws:s3:::{site.bucket}/*") if is_identity(way)]
    expect(
        not left,
        saw="the bucket policy still lets an origin access identity in",
        means="any distribution of the account that wears that identity reads the bucket",
        proved="no origin access identity is let in",
        bullets=["SAA-C03 1.2-K4", "CLF-C02 2.4-S1"],
        read=f"{CLOUDFRONT_GUIDE}/private-content-restricting-access-to-s3.html",
        where=site.policy,
    )
    others = [
        f"{whose} may {verb}"
        for whose, known in other_distributions(site)
        for verb, action, resource in uses_of(site.bucket)
        if stack.may(CLOUDFRONT, action, resource, context=known).answer in ("allowed", "depends")
    ]
    expect(
        not others,
        saw=others[0] if others else "",
        means="whoever makes that distribution publishes your files under an address of theirs",
        proved="requests of other distributions, of your account and of others, are refused",
        rival="aws:SourceAccount stops strangers too. Whom does it still let in?",
        bullets=["SAA-C03 1.2-K4", "CLF-C02 2.3-S2"],
        read=f"{IAM_GUIDE}/confused-deputy.html",
        where=site.policy,
    )

    writes = [
        verb
        for verb, action, resource in writes_to(site.bucket)
        if stack.may(CLOUDFRONT, action, resource, context=site.itself).answer in ("allowed", "depends")
    ]
    expect(
        not writes,
        saw=f"the distribution itself may {listed(writes)}",
        means="one behavior that lets PUT through, and any visitor may rewrite the site",
        proved="the distribution may read, and neither write nor delete, nor change the policy",
        bullets=["CLF-C02 2.3-S2", "SAA-C03 1.1-S5"],
        read=f"{CLOUDFRONT_GUIDE}/private-content-restricting-access-to-s3.html",
        where=site.policy,
    )


@after(check_the_site_opens_at_its_address)
def check_a_missing_page_gets_the_sites_own_answer(stack: Stack) -> None:
    """A page that is not there is answered with 404, and with the site's own words.

    S3 tells who may not list a bucket nothing of what is in it: a missing file is a 403, in XML. CloudFront can show a
    page of yours in place of an error, and choose the status as well. The status matters: with 200 a search engine
    keeps the error page as content, and with 403 nobody learns that the link is dead.
    """
    site = Site(stack)
    page = site.published("404.html") or site.publish(a_page("404.html"))
    answer = site.visit(a_page())

    expect(
        answer.status == 404,
        saw=f"a page that is not there is answered with {said(answer)}",
        means="a search engine keeps the error as content of the site"
        if answer.status == 200
        else "a dead link looks like a locked door, to people and to search engines",
        proved="a page that is not there is answered with 404",
        bullets=["CLF-C02 3.5-K1", "SAA-C03 3.4-K1"],
        read=f"{CLOUDFRONT_GUIDE}/GeneratingCustomErrorResponses.html",
        where=site.distribution,
    )
    expect(
        page.words in answer.text,
        saw=f"a page that is not there is answered with {said(answer)}: {first_words(answer.text)}",
        means="a patient with an old bookmark reads XML, and finds no way back to the front page",
        proved="a page that is not there is answered with the words of 404.html",
        rival="The right to list the bucket makes S3 say 404 by itself. What else does it give away?",
        bullets=["CLF-C02 3.5-K1", "SAA-C03 3.4-K1"],
        read=f"{CLOUDFRONT_GUIDE}/GeneratingCustomErrorResponses.html",
        where=site.distribution,
    )


@after(check_the_site_opens_at_its_address)
def check_answers_protect_the_visitor(stack: Stack) -> None:
    """Every page and asset comes with the headers that protect a visitor.

    S3 stores files and sends no security headers. A response headers policy adds them at the edge, without code and
    without touching a file. It belongs to a behavior: the next behavior starts without one.
    """
    site = Site(stack)
    for kind, file in (("page", site.publish(a_page())), ("asset", site.publish(an_asset()))):
        headers = site.visit(file).headers
        for holds, saw, means, bullet in protections(headers):
            expect(
                holds,
                saw=f"{'an' if kind == 'asset' else 'a'} {kind} comes {saw}",
                means=means,
                proved="pages and assets come with HSTS for a year, nosniff, no foreign frames and a referrer policy",
                rival="The pages could hold some of this in <meta> tags. Which of it, and for which files?",
                bullets=[bullet, "CLF-C02 2.2-K2", "SAA-C03 1.2-K4"],
                read=f"{CLOUDFRONT_GUIDE}/understanding-response-headers-policies.html",
                where=site.distribution,
            )


@after(check_the_site_opens_at_its_address)
def check_a_correction_is_seen_within_a_minute(stack: Stack) -> None:
    """A correction of a page is seen within a minute, and so is a page that was missing.

    Two caches stand between a correction and its reader: the edge, which keeps a file for a day when nobody says
    otherwise, and the browser, which decides for itself when nobody says anything. Invalidating after each release
    clears the first and never reaches the second.
    """
    site = Site(stack)
    page, missing = site.publish(a_page()), a_page()
    site.visit(page), site.visit(missing)
    corrected, found = site.publish(a_page(page.key)), site.publish(missing)
    stack.wait(A_MINUTE)
    answer = stack.eventually(lambda: site.seen(corrected), seconds=5) or site.visit(corrected)
    expect(
        corrected.words in answer.text,
        saw=f"{A_MINUTE} seconds after a correction, the edge still answers with the old page",
        means="the clinic closes early today, and the site says so tomorrow",
        proved="a minute after a page was corrected, visitors read the correction",
        rival="An invalidation clears the edge. What does it not clear, and what does it cost each month?",
        bullets=["CLF-C02 3.2-K4", "SAA-C03 3.4-K1"],
        read=f"{CLOUDFRONT_GUIDE}/Expiration.html",
        where=site.distribution,
    )

    answer = stack.eventually(lambda: site.seen(found), seconds=5) or site.visit(found)
    expect(
        found.words in answer.text,
        saw=f"{A_MINUTE} seconds after a missing page was uploaded, it is still answered with {said(answer)}",
        means="one visitor who was early, and everybody behind the same edge is told that the page is not there",
        proved="a minute after a missing page was uploaded, visitors read it",
        bullets=["CLF-C02 3.2-K4", "SAA-C03 3.4-K1"],
        read=f"{CLOUDFRONT_GUIDE}/custom-error-pages-expiration.html",
        where=site.distribution,
    )

    told = site.visit(corrected).headers.get("cache-control", "")
    expect(
        may_be_kept(told) <= A_MINUTE,
        saw=f"a page tells browsers Cache-Control: {told}" if told else "a page comes without Cache-Control",
        means="a browser keeps the old page for as long as that says, and nothing you do at the edge calls it back"
        if told
        else "each browser guesses how long the page keeps; for one that has not changed in months, days",
        proved="a page tells browsers to ask again within a minute",
        bullets=["SAA-C03 3.4-K1", "CLF-C02 3.5-K1"],
        read=f"{CLOUDFRONT_GUIDE}/modifying-response-headers.html",
        where=site.distribution,
    )


@after(check_the_site_opens_at_its_address)
def check_assets_are_answered_from_the_edge(stack: Stack) -> None:
    """An asset is fetched from the bucket once, then answered from the edge for a day.

    What makes an edge location fast is that the answer lies there already. Two settings decide: how long a file may
    stay (its time to live), and what tells one request from another (the cache key). Each query string, cookie or
    header in the key is a copy of the same file, fetched once more.
    """
    site = Site(stack)
    asset = site.publish(an_asset())
    for _ in range(3):
        site.visit(asset)
    # nobody does this to a file with a hash in its name; here it tells the bucket's answer from the edge's
    site.publish(an_asset(asset.key))
    for who, headers, query in VISITORS:
        kept = stack.eventually(lambda h=headers, q=query: site.seen(asset, h, q), seconds=10)  # type: ignore[misc]
        expect(
            kept is not None,
            saw=f"{who} is sent on to the bucket for an asset the edge has answered with before",
            means="every visitor waits for the bucket, and every request is billed twice",
            proved="visitors with other links, cookies and browsers are answered with the copy at the edge",
            rival="The whole query string in the cache key is safe for every page. When is it right?",
            bullets=["CLF-C02 3.2-K4", "CLF-C02 1.1-S1", "SAA-C03 3.4-K1"],
            read=f"{CLOUDFRONT_GUIDE}/cache-hit-ratio.html",
            where=site.distribution,
        )

    if stack.mode == "offline":
        # nobody waits a day in an account
        stack.advance(hours=23)
        expect(
            site.seen(asset) is not None,
            saw="23 hours later the edge fetches the same asset again",
            means="the first visitor of each hour pays for all the others, in every edge location",
            proved="23 hours later the asset still comes from the edge",
            bullets=["CLF-C02 3.2-K4", "SAA-C03 3.4-K1"],
            read=f"{CLOUDFRONT_GUIDE}/Expiration.html",
            where=site.distribution,
        )


@after(check_the_site_opens_at_its_address)
def check_text_travels_compressed(stack: Stack) -> None:
    """Assets made of text travel compressed.

    CloudFront is paid by the gigabyte that leaves it, and a phone in a waiting room waits for every one of them. Three
    settings have to agree: the behavior compresses, its cache policy keeps compressed copies, the viewer takes them.
    """
    site = Site(stack)
    asset = site.publish(an_asset())
    answer = stack.eventually(lambda: site.packed(asset), seconds=20) or site.visit(asset, TAKES_GZIP)

    expect(
        answer.headers.get("content-encoding") == "gzip",
        saw=f"a style sheet of {len(asset.body)} bytes travels as {len(answer.body)} to a browser that takes gzip",
        means="people on a slow phone wait longer, and the clinic pays for bytes nobody needs",
        proved=f"a style sheet of {len(asset.body)} bytes travels as {len(answer.body)}",
        rival="The release job could upload compressed files. What would a visitor without gzip get?",
        bullets=["SAA-C03 3.4-K1", "CLF-C02 1.1-S1"],
        read=f"{CLOUDFRONT_GUIDE}/ServingCompressedFiles.html",
        where=site.distribution,
    )


class File:
    """A file of the site: its key in the bucket, and words that are in no other."""

    def __init__(self, key: str, body: str, words: str) -> None:
        self.key = key
        self.body = body
        self.words = words


def a_page(key: str = "") -> File:
    words = f"Preflight {uuid.uuid4().hex}"
    return File(key or f"en/preflight-{uuid.uuid4().hex}.html", f"<!doctype html>\n<p>{words}</p>\n", words)


def an_asset(key: str = "") -> File:
    words = f"preflight-{uuid.uuid4().hex}"
    rules = "".join(f".{words} .note-{number} {{ margin: 0 auto; color: #1f2933 }}\n" for number in range(60))
    return File(key or f"assets/preflight.{uuid.uuid4().hex}.css", rules, words)


class Site:
    """The deployed site, as its release job and its visitors meet it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.s3 = stack.client("s3")
        self.bucket = stack.output("SiteBucket")
        if not attempt(self.s3.head_bucket, Bucket=self.bucket).ok:
            could_not_ask(
                f"the output SiteBucket holds “{self.bucket}”, and S3 knows no such bucket; "
                "put bucket.bucket_name in it"
            )
        self.id = stack.output("SiteDistribution")
        told = attempt(stack.client("cloudfront").get_distribution, Id=self.id)
        if not told.ok:
            could_not_ask(
                f"the output SiteDistribution holds “{self.id}”, and CloudFront knows no distribution with that id; "
                "put distribution.distribution_id in it"
            )
        self.arn = str(told.value["Distribution"]["ARN"])
        self.domain = str(told.value["Distribution"]["DomainName"])
        self.origins: list[dict[str, Any]] = told.value["Distribution"]["DistributionConfig"]["Origins"]["Items"]
        self.address = f"https://{self.domain}/"

    def publish(self, file: File) -> File:
        """Put a file into the bucket as the release job does, which says its type and nothing else."""
        kind = "text/html" if file.key.endswith(".html") else "text/css"
        body = file.body.encode()
        done = attempt(self.s3.put_object, Bucket=self.bucket, Key=file.key, Body=body, ContentType=kind)
        if not done.ok:
            could_not_ask(f"the release job cannot write {file.key} into the bucket: {done.message or done.code}")
        return file

    def published(self, key: str) -> File | None:
        """A file that lies in the bucket already; what is compared is its text."""
        there = attempt(self.s3.get_object, Bucket=self.bucket, Key=key)
        if not there.ok:
            return None
        body = there.value["Body"].read().decode("utf-8", "replace")
        return File(key, body, body)

    def visit(self, file: File, headers: Mapping[str, str] | None = None, query: str = "") -> Any:
        return self.stack.http("GET", f"{self.address}{file.key}{query}", headers)

    def seen(self, file: File, headers: Mapping[str, str] | None = None, query: str = "") -> Any:
        """The answer, when it is the file's own words."""
        answer = self.visit(file, headers, query)
        return answer if file.words in answer.text else None

    def packed(self, file: File) -> Any:
        """The answer, when it comes compressed."""
        answer = self.visit(file, TAKES_GZIP)
        return answer if "content-encoding" in answer.headers else None

    @property
    def distribution(self) -> Any:
        """The distribution, to point at."""
        return next(iter(self.stack.find(self.id)), None)

    @property
    def policy(self) -> Any:
        """The bucket's policy, else the bucket, to point at."""
        policies = [
            item for item in self.stack.of_type("AWS::S3::BucketPolicy") if item.properties.get("Bucket") == self.bucket
        ]
        return next(iter([*policies, *self.stack.find(self.bucket)]), None)

    @property
    def own_origins(self) -> list[dict[str, Any]]:
        """The distribution's origins that are the bucket's own endpoint."""
        own = re.compile(rf"{re.escape(self.bucket)}\.s3(\.dualstack)?([.-][a-z0-9-]+)?\.amazonaws\.com(\.cn)?")
        return [each for each in self.origins if own.fullmatch(each["DomainName"])]

    @property
    def itself(self) -> dict[str, Any]:
        """How a request of this distribution is known."""
        return {"aws:SourceArn": self.arn, "aws:SourceAccount": self.stack.account}


def other_distributions(site: Site) -> list[tuple[str, dict[str, Any]]]:
    """How others are known: a stranger's distribution, another of this account, and each that the policy names."""
    policy = attempt(site.s3.get_bucket_policy, Bucket=site.bucket)
    named = re.findall(
        r"arn:aws[\w-]*:cloudfront::(\d+):distribution/(\w+)", policy.value["Policy"] if policy.ok else ""
    )
    return [
        (whose, {"aws:SourceArn": arn_of_a_distribution(account, id), "aws:SourceAccount": account})
        for whose, account, id in (
            ("a stranger's distribution", STRANGER, NO_ONES),
            ("another distribution", site.stack.account, NO_ONES),
            *((f"the distribution {id}", account, id) for account, id in named if id != site.id),
        )
    ]


def arn_of_a_distribution(account: str, id: str) -> str:
    return f"arn:aws:cloudfront::{account}:distribution/{id}"


def uses_of(bucket: str) -> list[tuple[str, str, str]]:
    objects = f"arn:aws:s3:::{bucket}/*"
    return [
        ("read the files", "s3:GetObject", objects),
        ("list the files", "s3:ListBucket", f"arn:aws:s3:::{bucket}"),
        *writes_to(bucket),
    ]


def writes_to(bucket: str) -> list[tuple[str, str, str]]:
    objects, itself = f"arn:aws:s3:::{bucket}/*", f"arn:aws:s3:::{bucket}"
    return [
        ("write files", "s3:PutObject", objects),
        ("delete files", "s3:DeleteObject", objects),
        ("change the bucket's policy", "s3:PutBucketPolicy", itself),
    ]


def is_outside(stack: Stack, way: Any) -> bool:
    """Whether who is let in is nobody of this account, and no service of AWS."""
    return way.kind in ("anyone", "other accounts", "federated") or (
        way.kind == "account" and f":{stack.account}:" not in way.who
    )


def is_identity(way: Any) -> bool:
    """Whether who is let in is an origin access identity, which a policy names in two ways."""
    return "canonical user" in way.who or "Origin Access Identity" in way.who


def called(way: Any) -> str:
    names = {"anyone": "anybody", "other accounts": "any AWS account"}
    return names.get(way.kind, str(way.who))


def protections(headers: Mapping[str, str]) -> list[tuple[bool, str, str, str]]:
    """Each protection: whether it is there, what was seen instead, what that means, and its bullet."""
    hsts = headers.get("strict-transport-security", "")
    age = re.search(r"max-age\s*=\s*\"?(\d+)", hsts, re.IGNORECASE)
    referrer = [each.strip().lower() for each in headers.get("referrer-policy", "").split(",") if each.strip()]
    known = [each for each in referrer if each in REFERRER_POLICIES]
    return [
        (
            age is not None and int(age[1]) >= A_YEAR,
            f"with Strict-Transport-Security: {hsts}" if hsts else "without Strict-Transport-Security",
            "the next visit may begin over plain http again, on a network that answers in the clinic's name",
            "CLF-C02 2.2-S4",
        ),
        (
            headers.get("x-content-type-options", "").strip().lower() == "nosniff",
            "without X-Content-Type-Options: nosniff",
            "a browser that guesses runs an upload as a script",
            "CLF-C02 2.2-S3",
        ),
        (
            keeps_out_of_frames(headers),
            "with nothing that keeps it out of other sites' frames",
            "somebody lays a form of theirs over the clinic's page, and patients fill it in",
            "CLF-C02 2.2-S3",
        ),
        (
            bool(known) and known[-1] in DISCREET,
            f"with Referrer-Policy: {headers.get('referrer-policy')}" if referrer else "without Referrer-Policy",
            "the next site a patient visits may learn which illness they read about",
            "CLF-C02 2.2-S3",
        ),
    ]


def keeps_out_of_frames(headers: Mapping[str, str]) -> bool:
    """Whether no other site may frame it; where both are said, browsers go by frame-ancestors."""
    policy = headers.get("content-security-policy", "")
    ancestors = re.search(r"(?:^|[;,])\s*frame-ancestors\s+([^;,]+)", policy, re.IGNORECASE)
    if ancestors:
        return set(ancestors[1].lower().split()) <= {"'none'", "'self'"}
    return headers.get("x-frame-options", "").strip().lower() in ("deny", "sameorigin")


def may_be_kept(cache_control: str) -> float:
    """For how many seconds a browser may keep an answer without asking."""
    words = cache_control.lower()
    if re.search(r"\bno-(cache|store)\b(?!=)", words):
        return 0
    age = re.search(r"(?<![\w-])max-age\s*=\s*\"?(\d+)", words)
    # what may be shown while it is fetched anew is kept as well
    stale = re.search(r"stale-while-revalidate\s*=\s*\"?(\d+)", words)
    return float(age[1]) + (float(stale[1]) if stale else 0) if age else float("inf")


def said(answer: Any) -> str:
    kind = answer.headers.get("content-type", "").partition(";")[0]
    return f"status {answer.status}" + (f" and {kind}" if kind else "")


def first_words(text: str) -> str:
    return " ".join(text.split())[:80]


def listed(words: list[str]) -> str:
    return ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else "".join(words)


CLOUDFRONT_GUIDE = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide"
CLOUDFRONT = "service:cloudfront.amazonaws.com"
STRANGER = "999999999999"
NO_ONES = "EDFDVBD6EXAMPLE"
# a request that no service makes for somebody else
FOR_NOBODY_ELSE = {"aws:SecureTransport": "true", "aws:SourceArn": None, "aws:SourceAccount": None}
A_MINUTE = 60
A_YEAR = 31536000
# what every browser takes; who takes Brotli as well may be answered with that
TAKES_GZIP = {"Accept-Encoding": "gzip"}
VISITORS: tuple[tuple[str, dict[str, str], str], ...] = (
    ("the next visitor", {}, ""),
    ("a visitor from the newsletter (?utm_source=mail)", {}, "?utm_source=mail"),
    ("a visitor with a cookie", {"Cookie": "seen=1"}, ""),
    ("a visitor with another browser", {"User-Agent": "another browser", "Accept-Language": "tr"}, ""),
)
# https://www.w3.org/TR/referrer-policy/, checked_on 2026-11-23
DISCREET = frozenset(
    {"no-referrer", "same-origin", "origin", "strict-origin", "origin-when-cross-origin"}
    | {"strict-origin-when-cross-origin"}
)
REFERRER_POLICIES = DISCREET | {"no-referrer-when-downgrade", "unsafe-url"}
