"""Decides every call made with a deployed principal's credentials, before moto sees it.

Who signs with a key of the emulated IAM or STS is judged by `analysis.access` from the policies in the emulated
services; so are unsigned requests to S3. Any other key is the deployer's, who is not limited. The endpoint counts as
TLS (`aws:SecureTransport` is "true") and as 127.0.0.1. What nobody can tell from a request (the tags of a resource,
the ARN of what is yet to be made) is taken in the caller's favour, and noted in `Authorizer.undecided`.
"""

from __future__ import annotations

import re
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from preflight.analysis.access import TRUST, UNKNOWN, ContextValue, Decision, Principal, Request, decide
from preflight.analysis.policy import MalformedPolicy, Policy
from preflight.analysis.public import is_public
from preflight.clouds import refusals
from preflight.clouds.asked import COMPLETE, Call, Wanted, find_bucket, wanted
from preflight.clouds.holders import (
    Caller,
    Gone,
    Session,
    caller_of,
    caller_with,
    holder_of,
    owner_of,
    public_access_block,
    resource_policy,
    role_named,
    trust_policy,
)
from preflight.clouds.key_uses import key_uses

CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d*/([^/]*)/([^/]*)/")


@contextmanager
def authorized(beside: Mapping[str, Any] | None = None, *, account: str = "123456789012") -> Iterator[Authorizer]:
    """Judge the requests moto receives, in this process and at its server, until the context ends.

    `beside` is the cloud's memory of what moto has no place for; a user's permissions boundary is looked for in its
    "user_boundaries" (by ARN). `account` is the emulated account. Start moto first.
    """
    from moto.moto_api import recorder

    authorizer = Authorizer(beside if beside is not None else {}, account)
    record = recorder._record_request

    def judged(request: Any, body: bytes | None = None) -> None:
        # the one place both of moto's modes pass with the request before its service
        try:
            authorizer.judge(request)
        except Exception as refused:
            authorizer.tell(request, refused)
            raise
        authorizer.tell(request, None)
        record(request, body)

    with patch.object(recorder, "_record_request", judged):
        try:
            yield authorizer
        finally:
            authorizer.close()


class Authorizer:
    """The judge of one emulated account.

    `undecided` holds the last requests let through for want of knowledge, as (action, resource, what it depends on);
    `denied` the last refusals with their reason. `witness` is told of every request, with its refusal if it has one.
    """

    def __init__(self, beside: Mapping[str, Any], account: str) -> None:
        self._beside = beside
        self._account = account
        self._issued: set[str] = set()
        self._borrowed: dict[str, Caller] = {}
        self._asked = threading.local()
        self._undo = ExitStack()
        self._notes_sessions = False
        self.witness: Callable[[Any, Exception | None, Callable[[str], str]], None] | None = None
        self.undecided: deque[tuple[str, str, tuple[str, ...]]] = deque(maxlen=200)
        self.denied: deque[tuple[str, str, str]] = deque(maxlen=200)

    def tell(self, request: Any, refused: Exception | None) -> None:
        """Have the witness see a request that was judged, with its refusal."""
        if self.witness is not None:
            self.witness(request, refused, self._arn_of)

    def _arn_of(self, key: str) -> str:
        caller = self._caller(key)
        return caller.principal.arn if caller is not None else ""

    def judge(self, request: Any) -> None:
        """Let a request pass, or raise its refusal."""
        try:
            self._judge(request)
        except Gone:
            raise refusals.unknown_key(Call(request, _service_of(request), "us-east-1", self._account)) from None

    def _judge(self, request: Any) -> None:
        environ = request.environ
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        found = CREDENTIAL.search(authorization) if authorization else None
        if found is None:
            self._judge_without_header(request, authorization)
            return
        key, region, service = found[1], found[2], found[3]
        if service == "s3":
            self._check_public(request, region, key)
        elif service == "sts":
            self._remember(request, region, key)
        caller = self._caller(key)
        if caller is not None:
            self._check(Call(request, service, region, self._account_of(caller), caller.principal.arn), caller)

    def may_deliver(
        self,
        service: str,
        action: str,
        resource: str,
        *,
        source: str,
        account: str | None = None,
        asked: Mapping[str, ContextValue] | None = None,
    ) -> Decision:
        """Whether a service may do something to a resource on behalf of another (`source`, an ARN).

        As in `may_deliver("s3.amazonaws.com", "lambda:InvokeFunction", function_arn, source=bucket_arn)`; `asked`: the
        condition keys its own request has.
        """
        context: dict[str, ContextValue] = {
            **_environment({}, "us-east-1"),
            "aws:SourceArn": source,
            "aws:SourceAccount": account or self._account,
            # which is how a topic's default policy lets an alarm in, and no bucket and no rule
            "aws:SourceOwner": (account or self._account) if service in SENDS_SOURCE_OWNER else None,
            "aws:ViaAWSService": "false",
            **(asked or {}),
        }
        request = Request(Principal.of(f"service:{service}"), action, resource, context, complete=True)
        return decide(request, resource_policy=resource_policy(resource))

    def caller(self, key: str) -> Caller | None:
        """Who an access key belongs to; None for the deployer. Raises holders.Gone."""
        return self._caller(key)

    def decide_for(
        self,
        caller: Caller,
        action: str,
        resource: str,
        *,
        policy: Policy | None = None,
        context: Mapping[str, ContextValue] | None = None,
    ) -> Decision:
        """Whether a caller may do an action whose request moto never sees, by their policies and the resource's."""
        known = {**_environment({}, "us-east-1"), **caller.context, **(context or {})}
        request = Request(caller.principal, action, resource, known, complete=True)
        return decide(
            request,
            identity_policies=caller.policies,
            resource_policy=policy,
            boundaries=caller.boundaries,
            session_policies=caller.session_policies,
        )

    def may_assume(self, service: str, role: str, *, source: str = "") -> Decision:
        """Whether a role lets a service take it on, on behalf of `source` (an ARN) where that is known."""
        if role_named(role) is None:
            return Decision("implicitly_denied", "the role does not exist", layer=TRUST)
        context: dict[str, ContextValue] = {**_environment({}, "us-east-1"), "aws:SourceAccount": self._account}
        context |= {"aws:SourceArn": source} if source else {}
        request = Request(Principal.of(f"service:{service}"), "sts:AssumeRole", role, context, complete=False)
        return decide(request, resource_policy=trust_policy(role))

    def may_act(
        self,
        role: str,
        action: str,
        resource: str,
        *,
        service: str,
        source: str = "",
        asked: Mapping[str, ContextValue] | None = None,
    ) -> Decision:
        """Whether a service that was handed a role may do something with it: the role must trust it, and may do it.

        As in `may_act(role_arn, "sqs:SendMessage", queue_arn, service="scheduler.amazonaws.com")`; `asked`: the
        condition keys its own request has.
        """
        known = {**_environment({}, "us-east-1"), "aws:SourceAccount": self._account}
        context: dict[str, ContextValue] = {**known, "aws:SourceArn": source or None}
        caller = caller_with(role, service.partition(".")[0], self._account)
        if caller is None:
            return Decision("implicitly_denied", "the role does not exist", layer=TRUST)
        taken = Request(Principal.of(f"service:{service}"), "sts:AssumeRole", role, context, complete=True)
        trusted = decide(taken, resource_policy=trust_policy(role))
        if not trusted:
            return trusted
        known |= asked or {}
        request = Request(caller.principal, action, resource, known, complete=_complete(action))
        return decide(
            request,
            identity_policies=caller.policies,
            resource_policy=resource_policy(resource),
            boundaries=caller.boundaries,
        )

    def close(self) -> None:
        """Leave moto as it was."""
        self._undo.close()

    def _note_sessions(self) -> None:
        """From now on, have moto's sessions remember what they were asked for."""
        if self._notes_sessions:
            return
        # imported by the call that is on its way to it
        from moto.sts.models import STSBackend
        from moto.sts.responses import TokenResponse

        assume = STSBackend.assume_role

        def assume_role(backend: Any, **asked: Any) -> Any:
            assumed = assume(backend, **asked)
            assumed.preflight_session = getattr(self._asked, "session", None) or Session()
            self._asked.session = None
            return assumed

        def with_a_key_of_its_own(answer: Callable[[Any], Any]) -> Callable[[Any], Any]:
            # moto gives everybody the same key
            def answered(response: Any) -> Any:
                result = answer(response)
                caller, self._asked.borrower = getattr(self._asked, "borrower", None), None
                if caller is not None:
                    key = f"ASIA{uuid.uuid4().hex[:16].upper()}"
                    result.result["Credentials"]["AccessKeyId"] = key
                    self._borrowed[key] = caller
                return result

            return answered

        self._notes_sessions = True
        self._undo.enter_context(patch.object(STSBackend, "assume_role", assume_role))
        for name in ("get_session_token", "get_federation_token"):
            answer = with_a_key_of_its_own(getattr(TokenResponse, name))
            self._undo.enter_context(patch.object(TokenResponse, name, answer))

    def _caller(self, key: str) -> Caller | None:
        """Who a key belongs to; None for the deployer."""
        if key in self._borrowed:
            return self._borrowed[key]
        held = holder_of(key)
        if held is None:
            if key in self._issued:
                raise Gone
            return None
        self._issued.add(key)
        return caller_of(*held, self._beside.get("user_boundaries", {}), self._account)

    def _check(self, call: Call, caller: Caller) -> None:
        """Judge every action a request asks for."""
        asked = wanted(call)
        if not asked and not call.operation:
            self.undecided.append((f"{call.prefix}:?", call.request.path, ("which operation this is",)))
        for each in [*asked, *key_uses(call)]:
            decision = self._decide(call, caller, each)
            if decision.answer == "allowed":
                continue
            if decision.answer == "depends":
                self.undecided.append((each.action, str(each.resource), decision.depends_on))
                continue
            self.denied.append((each.action, str(each.resource), decision.because))
            explained = owner_of(each.resource) in (None, caller.principal.account)
            raise refusals.denial(call, each, caller.principal.arn, decision, explained=explained)
        self._check_existence(call, caller, asked)

    def _decide(self, call: Call, caller: Caller, each: Wanted) -> Decision:
        is_trust = each.action.startswith("sts:AssumeRole")
        context = {**_environment(call.request.environ, call.region), **caller.context, **each.context}
        if each.action.startswith("lambda:Invoke"):
            # function URLs are answered by `web`; what comes here is the Invoke API
            context |= {"lambda:InvokedViaFunctionUrl": "false", "lambda:FunctionUrlAuthType": None}
        bucket = find_bucket(each.resource[13:].split("/")[0]) if each.resource.startswith("arn:aws:s3:::") else None
        request = Request(
            caller.principal,
            each.action,
            each.resource,
            context,
            resource_account=owner_of(each.resource),
            complete=_complete(each.action),
        )
        policy: Policy | None = trust_policy(each.resource) if is_trust else None
        if is_trust and policy is None and _names_home(each.resource, self._account):
            # a role that does not exist trusts nobody
            return Decision("implicitly_denied", "the role does not exist", layer=TRUST)
        try:
            return decide(
                request,
                identity_policies=caller.policies,
                resource_policy=policy if is_trust else resource_policy(each.resource),
                boundaries=caller.boundaries,
                session_policies=caller.session_policies,
                public_access_block=public_access_block(bucket) if bucket is not None else None,
            )
        except MalformedPolicy as error:
            return Decision("implicitly_denied", str(error), layer="identity-based policy")

    def _check_existence(self, call: Call, caller: Caller, asked: list[Wanted]) -> None:
        """Who may not list a bucket is not told that an object is missing.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html: 404 with s3:ListBucket, else 403
        """
        if call.signed_for != "s3" or call.operation not in ("GetObject", "HeadObject"):
            return
        bucket = find_bucket(call.params.get("Bucket", ""))
        if bucket is None or call.params.get("Key", "") in bucket.keys:
            return
        listing = replace(asked[0], action="s3:ListBucket", resource=f"arn:aws:s3:::{bucket.name}")
        decision = self._decide(call, caller, listing)
        if decision.answer != "allowed" and decision.answer != "depends":
            who = caller.principal
            if who.kind == "anonymous":
                raise refusals.denial(call, listing, "", decision, explained=False)
            raise refusals.denial(call, listing, who.arn, decision)

    def _judge_without_header(self, request: Any, authorization: str) -> None:
        """Presigned addresses carry their key in the query; what carries none is anonymous."""
        args = request.args
        is_upload = request.method == "POST" and "multipart/form-data" in str(request.content_type or "")
        if is_upload:
            # a form that uploads to S3 carries its key in a field
            _ = request.get_data(cache=True)
            args = request.form
        credential = args.get("X-Amz-Credential") or args.get("x-amz-credential", "")
        key = credential.split("/")[0] or args.get("AWSAccessKeyId", "")
        if not key and authorization.startswith("AWS "):
            key = authorization[4:].partition(":")[0]
        if key:
            parts = credential.split("/")
            region, service = (parts[2], parts[3]) if len(parts) >= 4 else ("us-east-1", "s3")
            caller = self._caller(key)
            if caller is not None:
                self._check(Call(request, service, region, self._account_of(caller), caller.principal.arn), caller)
            return
        operation = str(request.environ.get("HTTP_X_AMZ_TARGET") or request.values.get("Action") or "")
        if operation and not is_upload and not operation.startswith(UNSIGNED):
            raise refusals.unsigned(Call(request, "", "us-east-1", self._account))
        if _is_anonymous_s3(request):
            call = Call(request, "s3", "us-east-1", self._account)
            self._check_anonymous(call, Caller(Principal.of("anyone")))

    def _check_anonymous(self, call: Call, nobody: Caller) -> None:
        asked = wanted(call)
        for each in asked:
            decision = self._decide(call, nobody, each)
            if decision.answer in ("allowed", "depends") or (
                decision.answer == "implicitly_denied" and _public_by_acl(call, each.action)
            ):
                continue
            self.denied.append((each.action, str(each.resource), decision.because))
            raise refusals.denial(call, each, "", decision, explained=False)
        self._check_existence(call, nobody, asked)

    def _check_public(self, request: Any, region: str, key: str) -> None:
        """S3 refuses a public policy where BlockPublicPolicy is on, whoever puts it."""
        if request.method != "PUT" or not re.match(rb"policy(=|&|$)", request.query_string):
            return
        call = Call(request, "s3", region, self._account)
        bucket = find_bucket(call.params.get("Bucket", ""))
        if bucket is None or not public_access_block(bucket)["BlockPublicPolicy"]:
            return
        try:
            public = is_public(Policy.read(call.body.decode(), "the bucket policy", "resource"))
        except (MalformedPolicy, UnicodeDecodeError):
            # S3 itself says what is not right about it
            return
        if public:
            caller = self._caller(key)
            who = caller.principal.arn if caller is not None else f"arn:aws:iam::{self._account}:root"
            raise refusals.refused(
                call,
                "AccessDenied",
                f"User: {who} is not authorized to perform: s3:PutBucketPolicy on resource: "
                f'"arn:aws:s3:::{bucket.name}" because public policies are prevented by the '
                "BlockPublicPolicy setting in S3 Block Public Access.",
            )

    def _remember(self, request: Any, region: str, key: str) -> None:
        """Keep what STS is asked for and moto forgets; a role of this account that does not exist trusts nobody."""
        self._note_sessions()
        call = Call(request, "sts", region, self._account)
        operation, params = call.operation, call.params
        if operation == "AssumeRole":
            tags = {str(tag["Key"]): str(tag["Value"]) for tag in params.get("Tags") or []}
            arns = tuple(str(each["arn"]) for each in params.get("PolicyArns") or [] if each.get("arn"))
            mfa = bool(params.get("TokenCode"))
            self._asked.session = Session(tags, arns, params.get("SourceIdentity"), mfa)
            role = str(params.get("RoleArn", ""))
            if _names_home(role, self._account) and role_named(role) is None:
                caller = self._caller(key)
                who = caller.principal.arn if caller is not None else f"arn:aws:iam::{self._account}:root"
                decision = Decision("implicitly_denied", "the role does not exist", layer=TRUST)
                raise refusals.denial(call, Wanted("sts:AssumeRole", role), who, decision)
        elif operation in ("GetSessionToken", "GetFederationToken"):
            caller = self._caller(key)
            self._asked.borrower = _borrowing(caller, operation, params) if caller is not None else None

    def _account_of(self, caller: Caller) -> str:
        return caller.principal.account or self._account


def _borrowing(caller: Caller, operation: str, params: Mapping[str, Any]) -> Caller:
    """A user's session of their own, from GetSessionToken or GetFederationToken."""
    mfa = bool(params.get("TokenCode"))
    context: dict[str, ContextValue] = {
        **caller.context,
        "aws:MultiFactorAuthPresent": "true" if mfa else "false",
        "aws:MultiFactorAuthAge": "0" if mfa else None,
        "aws:TokenIssueTime": datetime.now(UTC).isoformat(),
    }
    if operation == "GetSessionToken":
        return replace(caller, principal=replace(caller.principal, credentials="temporary"), context=context)
    name = str(params.get("Name", ""))
    principal = replace(
        caller.principal,
        kind="federated-user",
        arn=f"arn:aws:sts::{caller.principal.account}:federated-user/{name}",
        name=name,
        user_arn=caller.principal.arn,
    )
    policies = [Policy.read(params["Policy"], "the session policy")] if params.get("Policy") else []
    return replace(caller, principal=principal, session_policies=tuple(policies), context=context)


def _environment(environ: Mapping[str, Any], region: str) -> dict[str, ContextValue]:
    """The global keys that come with the way a request is made."""
    now = datetime.now(UTC)
    organization = _organization()
    return {
        "aws:SecureTransport": "true",
        "aws:SourceIp": "127.0.0.1",
        "aws:CurrentTime": now.isoformat(),
        "aws:EpochTime": str(int(time.time())),
        "aws:UserAgent": environ.get("HTTP_USER_AGENT"),
        "aws:Referer": environ.get("HTTP_REFERER"),
        "aws:RequestedRegion": region,
        "aws:ViaAWSService": "false",
        "aws:PrincipalOrgID": organization,
        "aws:PrincipalOrgPaths": UNKNOWN if organization else None,
        "aws:ResourceOrgID": organization,
    }


def _complete(action: str) -> tuple[str, ...]:
    """The beginnings of the keys that are all known: the global ones and those of the services we read whole.

    The tags of resources are nobody's to know here, and stay unknown.
    """
    return (*GLOBAL, *(each for each in COMPLETE if action.startswith(each)))


def _names_home(role: str, account: str) -> bool:
    return f":iam::{account}:role/" in role


def _service_of(request: Any) -> str:
    found = CREDENTIAL.search(request.environ.get("HTTP_AUTHORIZATION", ""))
    return found[3] if found else "s3"


def _organization() -> str | None:
    """The emulated organization's id, if there is one."""
    module = sys.modules.get("moto.organizations.models")
    for account in list(module.organizations_backends.values()) if module is not None else []:
        org = getattr(account.get("aws"), "org", None)
        if org is not None:
            return str(org.id)
    return None


def _is_anonymous_s3(request: Any) -> bool:
    """Whether an unsigned request is one to S3: it names no other service's operation and no other host."""
    if "HTTP_X_AMZ_TARGET" in request.environ or request.path.startswith(("/moto-api", "/latest/", "/favicon.ico")):
        return False
    host = str(request.host)
    if "amazonaws.com" in host and not re.search(r"(^|\.)s3[.-]", host):
        return False
    is_form = str(request.content_type or "").startswith("application/x-www-form-urlencoded")
    return not is_form and "Action" not in request.args and "x-amz-api-key" not in request.headers


def _public_by_acl(call: Call, action: str) -> bool:
    """Whether an ACL lets everybody read, where the bucket still takes ACLs."""
    bucket = find_bucket(call.params.get("Bucket", ""))
    if bucket is None or public_access_block(bucket)["IgnorePublicAcls"]:
        return False
    if "BucketOwnerEnforced" in str(getattr(bucket, "ownership_controls", "")):
        return False
    if action == "s3:ListBucket":
        return bool(getattr(bucket.acl, "public_read", False))
    key = bucket.keys.get(call.params.get("Key", ""))
    return action == "s3:GetObject" and bool(getattr(getattr(key, "acl", None), "public_read", False))


# https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html, checked_on 2026-11-22: every other service
# needs a statement of its own in the topic's policy
SENDS_SOURCE_OWNER = ("cloudwatch.amazonaws.com", "autoscaling.amazonaws.com", "rds.amazonaws.com")

# what may be asked without a signature
UNSIGNED = ("AWSCognitoIdentity", "AssumeRoleWith", "ConfirmSubscription", "Unsubscribe")

# every global key but the tags of resources, of which nobody knows here
GLOBAL = tuple(
    f"aws:{each}"
    for each in [
        "assumedroot",
        "calledvia",
        "currenttime",
        "ec2instance",
        "epochtime",
        "federatedprovider",
        "multifactorauth",
        "principal",
        "referer",
        "requestedregion",
        "requesttag",
        "resourceaccount",
        "securetransport",
        "source",
        "tagkeys",
        "tokenissuetime",
        "useragent",
        "userid",
        "username",
        "viaawsservice",
        "vpc",
    ]
)
