"""The principals and the resource policies of the emulated services, read from moto's backends."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from preflight.analysis.access import ContextValue, Principal
from preflight.analysis.policy import Kind, Policy
from preflight.clouds.asked import find_bucket


@dataclass(frozen=True)
class Caller:
    """Who signed a request, with the policies that decide what they may do.

    `context` holds the condition keys of their credentials (MFA, tags of the session, ...).
    """

    principal: Principal
    policies: tuple[Policy, ...] = ()
    boundaries: tuple[Policy, ...] = ()
    session_policies: tuple[Policy, ...] = ()
    context: Mapping[str, ContextValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Session:
    """What an AssumeRole asked for beside the role, which moto does not keep."""

    tags: Mapping[str, str] = field(default_factory=dict)
    policy_arns: tuple[str, ...] = ()
    source_identity: str | None = None
    mfa: bool = False


class Gone(Exception):
    """The key was issued here, and is no more."""


def holder_of(key_id: str) -> tuple[str, Any] | None:
    """The account that issued an access key, and moto's record of it; None for keys of anybody else."""
    module = sys.modules.get("moto.iam.models")
    if module is None:
        return None
    for account, partitions in list(module.iam_backends.items()):
        backend = partitions.get("aws")
        if backend is not None:
            record = backend.access_keys.get(key_id)
            if record is not None:
                return account, record
    return None


def caller_of(account: str, record: Any, boundaries: Mapping[str, str], home: str) -> Caller:
    """Who a key belongs to; `boundaries` are users' permissions boundaries by ARN, `home` the emulated account.

    Raises Gone.
    """
    iam = sys.modules["moto.iam.models"].iam_backends[account]["aws"]
    if record.user_name:
        return _user(iam, account, record, boundaries)
    return _session(iam, account, record, home)


def role_named(arn: str) -> Any:
    """A role of the emulated IAM by ARN."""
    module = sys.modules.get("moto.iam.models")
    account = arn.split(":")[4] if arn.count(":") >= 5 else ""
    if module is None or account not in module.iam_backends:
        return None
    backend = module.iam_backends[account].get("aws")
    return next((role for role in backend.roles.values() if role.arn == arn), None) if backend is not None else None


def caller_with(role_arn: str, session: str, home: str) -> Caller | None:
    """A session of a role as a service makes it for itself; None for a role that does not exist."""
    role = role_named(role_arn)
    if role is None:
        return None
    account = role_arn.split(":")[4]
    iam = sys.modules["moto.iam.models"].iam_backends[account]["aws"]
    principal = Principal.of(
        f"arn:aws:sts::{account}:assumed-role/{role.name}/{session}",
        role_arn=role.arn,
        tags={str(tag["Key"]): str(tag["Value"]) for tag in (getattr(role, "tags", None) or [])},
    )
    boundary = role.permissions_boundary_arn
    limits = (_managed(iam, boundary),) if boundary else ()
    return Caller(principal, tuple(_attached(role, f"role {role.name}")), limits)


def trust_policy(arn: str) -> Policy | None:
    """The trust policy of a role."""
    role = role_named(arn)
    if role is None:
        return None
    return read(_text(role.assume_role_policy_document), f"the trust policy of role {role.name}", "trust")


def resource_policy(arn: str) -> Policy | None:
    """The policy on a resource, where it has one."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return None
    find = RESOURCE_POLICIES.get(parts[2])
    document = find(parts[3], parts[4], parts[5]) if find else None
    if not document:
        return None
    name = (
        f"the {POLICY_NAMES.get(parts[2], 'resource policy')} of {parts[5].split('/')[0] if parts[2] == 's3' else arn}"
    )
    return read(_text(document), name, "resource")


def owner_of(arn: str) -> str | None:
    """The account that owns a resource; an S3 ARN does not say."""
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[2] == "s3":
        bucket = find_bucket(parts[5].split("/")[0])
        return str(bucket.account_id) if bucket is not None else None
    return parts[4] if len(parts) == 6 and parts[4].isdigit() else None


def public_access_block(bucket: Any) -> dict[str, bool]:
    """A bucket's settings, together with its account's."""
    made = {}
    held = getattr(bucket, "public_access_block", None)
    account = None
    module = sys.modules.get("moto.s3control.models")
    if module is not None and bucket.account_id in module.s3control_backends:
        backend = module.s3control_backends[bucket.account_id].get("aws")
        account = getattr(backend, "public_access_block", None) if backend is not None else None
    for name, attribute in BLOCKS.items():
        made[name] = any(_is_on(getattr(each, attribute, None)) for each in (held, account) if each is not None)
    return made


@lru_cache(maxsize=2048)
def read(document: str, name: str, kind: Kind, arn: str | None = None) -> Policy:
    """A policy, parsed once for the same text."""
    return Policy.read(document, name, kind, arn)


def _user(iam: Any, account: str, record: Any, boundaries: Mapping[str, str]) -> Caller:
    user = iam.users.get(record.user_name)
    if user is None or all(each.access_key_id != record.access_key_id for each in user.access_keys):
        raise Gone
    tags = {each["Key"]: each["Value"] for each in iam.tagger.list_tags_for_resource(user.arn)["Tags"]}
    principal = Principal.of(user.arn, tags=tags, credentials="long_term")
    policies = list(_attached(user, f"user {user.name}"))
    for group in iam.groups.values():
        if any(member.name == user.name for member in group.users):
            policies += _attached(group, f"group {group.name}")
    held = getattr(user, "permissions_boundary", None) or {}
    boundary = held.get("PermissionsBoundaryArn") or boundaries.get(user.arn)
    limits = (_managed(iam, boundary),) if boundary else ()
    return Caller(principal, tuple(policies), limits, context={"aws:userid": user.id})


def _session(iam: Any, account: str, record: Any, home: str) -> Caller:
    sts = sys.modules["moto.sts.models"].sts_backends[account]["aws"]
    assumed = sts.get_assumed_role_from_access_key(record.access_key_id)
    if assumed is None:
        raise Gone
    asked: Session = getattr(assumed, "preflight_session", None) or Session()
    role = role_named(assumed.role_arn)
    session_policies = []
    if assumed.policy:
        session_policies.append(read(_text(assumed.policy), "the session policy", "identity"))
    session_policies += [_managed(iam, arn) for arn in asked.policy_arns]
    context: dict[str, ContextValue] = {
        "aws:userid": assumed.user_id,
        "aws:MultiFactorAuthPresent": "true" if asked.mfa else "false",
        "aws:MultiFactorAuthAge": "0" if asked.mfa else None,
        "aws:SourceIdentity": asked.source_identity,
        "aws:TokenIssueTime": datetime.now(UTC).isoformat(),
    }
    own = {str(tag["Key"]): str(tag["Value"]) for tag in (getattr(role, "tags", None) or [])}
    principal = Principal.of(
        f"arn:aws:sts::{account}:assumed-role/{assumed.role_arn.rpartition('/')[2]}/{assumed.session_name}",
        role_arn=assumed.role_arn,
        tags={**own, **asked.tags},
    )
    if role is None:
        # a role of an account that is not emulated may do there whatever it likes
        policies = (_EVERYTHING,) if account != home else ()
        return Caller(principal, policies, session_policies=tuple(session_policies), context=context)
    boundary = role.permissions_boundary_arn
    limits = (_managed(iam, boundary),) if boundary else ()
    return Caller(principal, tuple(_attached(role, f"role {role.name}")), limits, tuple(session_policies), context)


def _attached(holder: Any, owner: str) -> Iterable[Policy]:
    for name, document in holder.policies.items():
        yield read(_text(document), f"the inline policy {name} of {owner}", "identity")
    for policy in holder.managed_policies.values():
        yield _of_managed(policy)


def _managed(iam: Any, arn: str) -> Policy:
    held = iam.managed_policies.get(arn)
    if held is not None:
        return _of_managed(held)
    from preflight.analysis import managed

    # a boundary that is gone allows nothing
    return managed.find(arn) or read('{"Version":"2012-10-17","Statement":[]}', f"the policy {arn}", "identity", arn)


def _of_managed(policy: Any) -> Policy:
    document = next(each.document for each in policy.versions if each.version_id == policy.default_version_id)
    return read(_text(document), f"the managed policy {policy.name}", "identity", policy.arn)


def _text(document: Any) -> str:
    if isinstance(document, bytes):
        return document.decode()
    return document if isinstance(document, str) else json.dumps(document)


def _is_on(value: Any) -> bool:
    return str(value).lower() == "true"


def _in(module_name: str, attribute: str, account: str, region: str) -> Any:
    module = sys.modules.get(f"moto.{module_name}.models")
    backends = getattr(module, attribute, None)
    return backends[account].get(region) if backends is not None and account in backends else None


def _of_bucket(region: str, account: str, name: str) -> Any:
    bucket = find_bucket(name.split("/")[0])
    return bucket.policy if bucket is not None else None


def _of_key(region: str, account: str, name: str) -> Any:
    backend = _in("kms", "kms_backends", account, region)
    key = backend.keys.get(name.removeprefix("key/")) if backend is not None else None
    return key.policy if key is not None else None


def _of_queue(region: str, account: str, name: str) -> Any:
    backend = _in("sqs", "sqs_backends", account, region)
    queue = backend.queues.get(name) if backend is not None else None
    return queue.policy if queue is not None else None


def _of_topic(region: str, account: str, name: str) -> Any:
    backend = _in("sns", "sns_backends", account, region)
    topic = backend.topics.get(f"arn:aws:sns:{region}:{account}:{name}") if backend is not None else None
    return topic.policy if topic is not None else None


def _of_function(region: str, account: str, name: str) -> Any:
    backend = _in("awslambda", "lambda_backends", account, region)
    if backend is None or not name.startswith("function:"):
        return None
    short = name.split(":")[1]
    found = next((each for each in backend.list_functions() if each.function_name == short), None)
    statements = found.policy.statements if found is not None else []
    return {"Version": "2012-10-17", "Statement": statements} if statements else None


def _of_secret(region: str, account: str, name: str) -> Any:
    backend = _in("secretsmanager", "secretsmanager_backends", account, region)
    arn = f"arn:aws:secretsmanager:{region}:{account}:{name}"
    secret = backend.secrets.get(arn) if backend is not None else None
    return secret.policy if secret is not None else None


def _of_table(region: str, account: str, name: str) -> Any:
    backend = _in("dynamodb", "dynamodb_backends", account, region)
    table = "/".join(name.split("/")[:2])
    policies = backend.resource_policies if backend is not None else {}
    held = policies.get(f"arn:aws:dynamodb:{region}:{account}:{table}")
    return held.policy_doc if held is not None else None


def _of_log_group(region: str, account: str, name: str) -> Any:
    # these policies are the account's, and name their log groups themselves
    backend = _in("logs", "logs_backends", account, region)
    held = [json.loads(_text(each.policy_document)) for each in backend.resource_policies.values()] if backend else []
    statements = [each for policy in held for each in _listed(policy.get("Statement"))]
    return {"Version": "2012-10-17", "Statement": statements} if statements else None


def _of_bus(region: str, account: str, name: str) -> Any:
    backend = _in("events", "events_backends", account, region)
    bus = backend.event_buses.get(name.removeprefix("event-bus/")) if backend is not None else None
    return bus.policy if bus is not None else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _of_repository(region: str, account: str, name: str) -> Any:
    backend = _in("ecr", "ecr_backends", account, region)
    repository = backend.repositories.get(name.removeprefix("repository/")) if backend is not None else None
    return repository.policy if repository is not None else None


_EVERYTHING = Policy.read(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
    "its own account's policies, which are taken to allow everything",
)

RESOURCE_POLICIES = {
    "s3": _of_bucket,
    "kms": _of_key,
    "sqs": _of_queue,
    "sns": _of_topic,
    "lambda": _of_function,
    "secretsmanager": _of_secret,
    "dynamodb": _of_table,
    "ecr": _of_repository,
    "logs": _of_log_group,
    "events": _of_bus,
}

POLICY_NAMES = {"s3": "bucket policy", "kms": "key policy", "sqs": "queue policy", "sns": "topic policy"}

BLOCKS = {
    "BlockPublicAcls": "block_public_acls",
    "IgnorePublicAcls": "ignore_public_acls",
    "BlockPublicPolicy": "block_public_policy",
    "RestrictPublicBuckets": "restrict_public_buckets",
}
