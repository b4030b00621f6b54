"""Who a design's principals are, which policies reach them, and what guards each resource."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from preflight.analysis import managed
from preflight.analysis.access import (
    PRESENT,
    USER_ID,
    ContextValue,
    Decision,
    Like,
    Principal,
    Request,
    decide,
    user_id_of,
)
from preflight.analysis.policy import Policy
from preflight.errors import Usage
from preflight.intrinsics import Unknown
from preflight.template import Design, Item

# what an ordinary call looks like: by a tool of AWS's, over TLS, from no other service
ORDINARY: dict[str, ContextValue] = {
    "aws:SecureTransport": "true",
    "aws:ViaAWSService": "false",
    "aws:CalledVia": None,
    "aws:CalledViaFirst": None,
    "aws:CalledViaLast": None,
}


def may(
    design: Design,
    principal: str,
    action: str,
    resource: str = "*",
    *,
    context: Mapping[str, ContextValue] | None = None,
    also: Sequence[str | Mapping[str, Any]] = (),
    through: str | None = None,
) -> Decision:
    """Whether a principal may do an action on a resource, decided from every policy in the design.

    `principal` is a role, user or group (logical id, construct path, name or ARN), something that runs with a role (a
    function), "anyone" for an anonymous caller, an account's root ARN, or "service:lambda.amazonaws.com". A group is
    judged as a member of it who has nothing else, no tags either. Of a principal in another account only what this
    design grants is judged: its own account is taken to allow everything.

    `resource` is an ARN, "*", or a resource of the design by any of its names, with what is inside it behind a slash
    ("Notes/reports/*"); `*` and `?` stand for all they match. A bucket alone stands for its objects where the action
    is about objects.

    `context` holds condition keys (see `access.Request`). Without more, the call is an ordinary one: over TLS
    ("aws:SecureTransport" is "true"), made directly, with the tags the design gives the principal. Every other key is
    unknown, and the answer may depend on it.

    `also` asks what if: managed policies (by ARN) or documents attached to the principal besides its own. With it the
    principal may be a user or role of this account that the design does not hold: one without tags, and with an id
    (aws:userid) that is none of the design's. To ask about a tagged one, give its "aws:PrincipalTag/..." in `context`.

    `through` is the logical id of a VPC endpoint the call goes through, whose policy then has a say as well.

    Raises Usage for a name that means nothing or several things.
    """
    index = index_of(design)
    identity = index.identity(principal, hypothetical=bool(also))
    passed = design.resources[through].properties.get("PolicyDocument") if through else None
    return judge(
        index, identity, action, index.arn(resource, action), context=context, also=also, endpoint_policy=passed or None
    )


def judge(
    index: Index,
    identity: Identity,
    action: str,
    arn: str,
    *,
    context: Mapping[str, ContextValue] | None = None,
    also: Sequence[str | Mapping[str, Any]] = (),
    endpoint_policy: Mapping[str, Any] | None = None,
) -> Decision:
    """What `may` answers, for an identity that was found already and the ARN of what is asked about."""
    guard = index.guard(arn)
    is_assuming = action.lower().startswith("sts:assumerole") or action.lower() in ("sts:tagsession",)
    role = index.role(arn) if is_assuming else None
    request = Request(
        identity.principal,
        action,
        arn,
        {**ORDINARY, **identity.context, **(context or {})},
        resource_account=guard.account
        if guard
        else None
        if arn.count(":") >= 5 and arn.split(":")[4]
        else index.design.account,
        pattern="*" in arn or "?" in arn,
    )
    return decide(
        request,
        identity_policies=(*identity.policies, *map(index.attached, also)),
        resource_policy=role.trust if role else guard.policy if guard and not is_assuming else None,
        boundaries=identity.boundaries,
        endpoint_policy=endpoint_policy,
        public_access_block=guard.public_access_block if guard else None,
    )


@dataclass(frozen=True)
class Identity:
    """A principal with everything that decides what it may do, its groups' policies included."""

    principal: Principal
    policies: tuple[Policy, ...] = ()
    boundaries: tuple[Policy, ...] = ()
    trust: Policy | None = None
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    item: Item | None = None


@dataclass(frozen=True)
class Guard:
    """The policy on a resource; `public_access_block` is a bucket's."""

    arn: str
    account: str
    policy: Policy | None
    public_access_block: Mapping[str, bool] = field(default_factory=dict)


def index_of(design: Design) -> Index:
    """The design's index, made once."""
    # a Design holds dicts and has no hash: the index lives and dies with it
    index = design.__dict__.get("_identities")
    if index is None:
        index = Index(design)
        design.__dict__["_identities"] = index
    assert isinstance(index, Index)
    return index


class Index:
    """A design's principals and guards, by every name they have."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self._identities: dict[str, Identity] = {}
        self._documents: dict[str, Policy] = {}

    def identity(self, name: str, *, hypothetical: bool = False) -> Identity:
        """The principal a name means; a hypothetical one of this account need not be in the design."""
        if name in ("anyone", "anonymous", "*") or name.startswith("service:"):
            return Identity(Principal.of(name))
        if re.fullmatch(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?", name):
            return Identity(Principal.of(name))
        if re.fullmatch(r"\d{12}|arn:[a-z-]+:iam::\d{12}:root", name):
            return Identity(Principal.of(name))
        found = [item for item in self.design.find(name) if item.type in PRINCIPAL_TYPES or _role_of(item)]
        if len(found) > 1:
            raise Usage(f'"{name}" can mean {_listed(found)}; ask with one of these')
        if found:
            return self._of_item(found[0], name)
        return self._outside(name, hypothetical)

    def attached(self, policy: str | Mapping[str, Any]) -> Policy:
        """A policy somebody might attach: a managed one by its ARN, or a document."""
        return self._managed(policy) if isinstance(policy, str) else Policy.read(policy, "a policy attached besides")

    def of(self, item: Item) -> Identity:
        """The identity of a role, user or group of the design."""
        if item.logical_id not in self._identities:
            self._identities[item.logical_id] = self._read(item)
        return self._identities[item.logical_id]

    def role(self, arn: str) -> Identity | None:
        """The role of the design with this ARN."""
        found = self._roles.get(arn)
        return self.of(found) if found else None

    def arn(self, resource: str, action: str) -> str:
        """The ARN a resource's name means for an action."""
        if resource == "*" or resource.startswith("arn:"):
            return resource
        head, inside, found = self._locate(resource)
        if len(found) > 1:
            raise Usage(f'"{head}" can mean {_listed(found)}; ask with one of these')
        if not found:
            known = [item for item in self.design.resources.values() if self._arn_of(item)]
            raise Usage(
                f'no resource of this stack is called "{resource}"; ask with one of {_listed(known)}, or an ARN'
            )
        arn = self._arn_of(found[0])
        if arn is None:
            raise Usage(f'"{resource}" is a {found[0].type}, which has no ARN a policy could name; ask with "*"')
        if found[0].type == "AWS::S3::Bucket" and not inside and is_about_objects(action):
            inside = "/*"
        if found[0].type == "AWS::Logs::LogGroup" and not inside and action.lower() not in ABOUT_BARE_GROUPS:
            inside = ":*"
        return arn + inside

    def guard(self, arn: str) -> Guard | None:
        """What guards the resource with this ARN (or the one it is inside of)."""
        for guarded, guard in self._guards.items():
            if arn == guarded or (arn.startswith(guarded) and arn[len(guarded)] in "/:"):
                return guard
        return None

    @cached_property
    def principals(self) -> list[Item]:
        """The design's roles, users and groups."""
        return self.design.of_type(*PRINCIPAL_TYPES)

    @cached_property
    def guards(self) -> list[Guard]:
        """Every resource of the design with a policy of its own, and every bucket."""
        return list(self._guards.values())

    def name_of(self, arn: str) -> str:
        """What the learner calls the resource with this ARN, what is inside it behind a slash; else the ARN itself."""
        for known, name in self._names.items():
            if arn == known or (arn.startswith(known) and arn[len(known)] in "/:"):
                inside = arn[len(known) :]
                return f"{name}/{inside[1:]}" if inside else name
        return arn

    @cached_property
    def _names(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for item in self.design.resources.values():
            arn = None if item.type in NOT_GUARDED else self._arn_of(item)
            if arn and not isinstance(arn, Unknown):
                found.setdefault(arn, short_name(item))
        return dict(sorted(found.items(), key=lambda each: -len(each[0])))

    @cached_property
    def _roles(self) -> dict[str, Item]:
        roles: dict[str, Item] = {}
        for item in self.design.of_type("AWS::IAM::Role"):
            roles.setdefault(item.arn or "", item)
        return roles

    @cached_property
    def _by_value(self) -> dict[str, Item]:
        """What a property can refer to: the resources by physical id and ARN, those with an ARN before others."""
        found: dict[str, Item] = {}
        items = sorted(self.design.resources.values(), key=lambda item: item.arn is None)
        for item in items:
            for value in (item.physical_id, item.arn):
                if value:
                    found.setdefault(value, item)
        return found

    @cached_property
    def _guards(self) -> dict[str, Guard]:
        guards: dict[str, Guard] = {}
        for arn, policy in self._resource_policies():
            if arn in guards and guards[arn].policy is not None:
                merged = guards[arn].policy
                assert merged is not None
                policy = Policy(merged.name, (*merged.statements, *policy.statements), "resource")
            guards[arn] = Guard(arn, self._account_of(arn), policy)
        for item in self.design.of_type("AWS::S3::Bucket"):
            bucket = self._arn_of(item)
            if bucket:
                held = guards[bucket].policy if bucket in guards else None
                guards[bucket] = Guard(bucket, self.design.account, held, public_access_block(item))
        return guards

    def _resource_policies(self) -> Iterable[tuple[str, Policy]]:
        for item in self.design.resources.values():
            if item.type == "AWS::Lambda::Permission":
                yield from self._permission(item)
            if item.type == "AWS::Events::EventBusPolicy" and "Principal" in item.properties:
                yield from self._bus_permission(item)
            for policy_property, target in GUARDS.get(item.type, ()):
                document = _at(item.properties, policy_property)
                if document is None:
                    continue
                targets = [item.physical_id] if target == "" else _list(item.properties.get(target))
                for each in targets:
                    owner = item if target == "" else self._named(each)
                    arn = (self._arn_of(owner) if owner else None) or (
                        str(each) if str(each).startswith("arn:") else ""
                    )
                    kind = POLICY_NAMES.get(item.type, "resource policy")
                    if arn:
                        yield (
                            arn,
                            Policy.read(document, f"the {kind} of {short_name(owner) if owner else each}", "resource"),
                        )

    def _permission(self, item: Item) -> Iterable[tuple[str, Policy]]:
        """A Lambda permission as the statement Lambda makes of it."""
        properties = item.properties
        function = self._named(properties.get("FunctionName", ""))
        arn = (self._arn_of(function) if function else None) or str(properties.get("FunctionName", ""))
        if not arn.startswith("arn:"):
            return
        who = str(properties.get("Principal", ""))
        condition: dict[str, dict[str, Any]] = {}
        for key, (operator, name) in PERMISSION_CONDITIONS.items():
            if key in properties:
                condition.setdefault(operator, {})[name] = properties[key]
        statement: dict[str, Any] = {
            "Sid": item.logical_id,
            "Effect": "Allow",
            "Principal": "*" if who == "*" else {"Service" if who.endswith((".com", ".cn")) else "AWS": who},
            "Action": properties.get("Action", "lambda:InvokeFunction"),
            "Resource": arn,
        }
        if condition:
            statement["Condition"] = condition
        name = f"the permissions of {short_name(function) if function else arn}"
        yield arn, Policy.read({"Version": "2012-10-17", "Statement": [statement]}, name, "resource")

    def _bus_permission(self, item: Item) -> Iterable[tuple[str, Policy]]:
        """An event bus's permission in its older form: an account, or everyone on a condition."""
        properties = item.properties
        bus = self._named(properties.get("EventBusName", "default"))
        arn = (self._arn_of(bus) if bus else None) or (
            f"arn:aws:events:{self.design.region}:{self.design.account}:event-bus/"
            f"{properties.get('EventBusName', 'default')}"
        )
        who, limit = properties["Principal"], properties.get("Condition")
        statement: dict[str, Any] = {
            "Sid": str(properties.get("StatementId", item.logical_id)),
            "Effect": "Allow",
            "Principal": who if who == "*" else {"AWS": who},
            "Action": properties.get("Action", "events:PutEvents"),
            "Resource": arn,
        }
        if isinstance(limit, Mapping):
            statement["Condition"] = {str(limit.get("Type")): {str(limit.get("Key")): limit.get("Value")}}
        name = f"the policy of {short_name(bus) if bus else arn}"
        yield arn, Policy.read({"Version": "2012-10-17", "Statement": [statement]}, name, "resource")

    def _of_item(self, item: Item, name: str) -> Identity:
        if item.type in PRINCIPAL_TYPES:
            return self.of(item)
        role = _role_of(item)
        found = [each for each in self.design.find(role) if each.type == "AWS::IAM::Role"]
        if not found:
            raise Usage(f'"{name}" runs with the role {role}, which is not in this stack; ask for a role of the stack')
        return self.of(found[0])

    def _outside(self, name: str, hypothetical: bool) -> Identity:
        if name.startswith("arn:"):
            principal = Principal.of(name)
            if principal.role_arn and principal.session:
                for item in self.design.of_type("AWS::IAM::Role"):
                    if _name_of(item) == principal.name and principal.account == self.design.account:
                        inside = self.of(item)
                        named = Principal.of(name, role_arn=item.arn or principal.role_arn, tags=inside.principal.tags)
                        context = {**inside.context, "aws:userid": self._user_id(item, principal.session)}
                        return Identity(named, inside.policies, inside.boundaries, inside.trust, context, item)
            context = self._stranger(principal)
            if principal.account != self.design.account:
                return Identity(principal, (_EVERYTHING,), context=context)
            if hypothetical:
                return Identity(Principal.of(name, tags={}), context=context)
        raise Usage(
            f'no role, user or group of this stack is called "{name}"; '
            f'ask with one of {_listed(self.principals)}, "anyone", or "service:NAME"'
        )

    def _read(self, item: Item) -> Identity:
        kind = PRINCIPAL_TYPES[item.type]
        arn = item.arn or f"arn:aws:iam::{self.design.account}:{kind}/{_name_of(item)}"
        policies = tuple(self._policies(item))
        boundary = item.properties.get("PermissionsBoundary")
        boundaries = (self._managed(boundary),) if boundary else ()
        alias = f"{kind} {short_name(item)}"
        tags = {str(each["Key"]): str(each["Value"]) for each in item.properties.get("Tags") or [] if "Key" in each}
        if kind == "group":
            member = f"arn:aws:iam::{self.design.account}:user/a-member-of-{_name_of(item)}"
            principal = Principal.of(member, alias=f"a member of {alias}", tags={})
            context = {"aws:username": PRESENT, **self._stranger(principal)}
            return Identity(principal, policies, context=context, item=item)
        if kind == "user":
            for group in self._groups(item):
                policies += tuple(self._policies(group))
            user = Principal.of(arn, tags=tags, alias=alias)
            return Identity(user, policies, boundaries, context=self._of_user(item, user), item=item)
        document = item.properties.get("AssumeRolePolicyDocument")
        trust = Policy.read(document, f"the trust policy of {alias}", "trust") if document else None
        context = {"aws:userid": self._user_id(item)}
        return Identity(Principal.of(arn, tags=tags, alias=alias), policies, boundaries, trust, context, item)

    def _user_id(self, role: Item, session: str = "") -> ContextValue:
        """aws:userid in a role's session, whose name may not be known ("")."""
        role_id = self._ids.get(role.logical_id, "")
        others = tuple(f"{each}*" for name, each in self._ids.items() if name != role.logical_id)
        return Like(user_id_of(role_id, session), () if role_id else others)

    def _of_user(self, item: Item, user: Principal) -> dict[str, ContextValue]:
        user_id = self._ids.get(item.logical_id)
        return {"aws:userid": user_id} if user_id else self._stranger(user)

    def _stranger(self, principal: Principal) -> dict[str, ContextValue]:
        """The aws:userid of who has none of the ids the design knows."""
        if principal.kind not in ("user", "session"):
            return {}
        pattern = user_id_of("", principal.session) if principal.kind == "session" else USER_ID
        return {"aws:userid": Like(pattern, tuple(f"{each}*" for each in self._ids.values()))}

    @cached_property
    def _ids(self) -> dict[str, str]:
        """The unique ids of the design's roles and users, as far as they are known."""
        found = {
            item.logical_id: item.attributes.get("RoleId", item.attributes.get("UserId")) for item in self.principals
        }
        return {name: str(each) for name, each in found.items() if each and not isinstance(each, Unknown)}

    def _policies(self, item: Item) -> Iterable[Policy]:
        """What is attached to one role, user or group, from either side."""
        kind = PRINCIPAL_TYPES[item.type]
        owner = f"{kind} {short_name(item)}"
        for inline in item.properties.get("Policies") or []:
            name = f"the inline policy {inline.get('PolicyName', '')} of {owner}"
            yield Policy.read(inline.get("PolicyDocument", {}), name)
        seen = set()
        for attached in item.properties.get("ManagedPolicyArns") or []:
            seen.add(attached)
            yield self._managed(attached)
        for policy in self.design.of_type("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", *OWN_POLICIES):
            if policy.type in OWN_POLICIES:
                of_kind, key = OWN_POLICIES[policy.type]
                owners = [policy.properties.get(key)] if of_kind == kind else []
            else:
                owners = policy.properties.get(f"{kind.title()}s") or []
            if item.physical_id in owners or _name_of(item) in owners:
                if policy.type == "AWS::IAM::ManagedPolicy":
                    if policy.physical_id not in seen:
                        yield self._managed(policy.physical_id)
                else:
                    yield self._document(policy, f"the policy {short_name(policy)}")

    def _groups(self, user: Item) -> list[Item]:
        names = set(map(str, user.properties.get("Groups") or []))
        for addition in self.design.of_type("AWS::IAM::UserToGroupAddition"):
            if {user.physical_id, _name_of(user)} & set(map(str, addition.properties.get("Users") or [])):
                names.add(str(addition.properties.get("GroupName")))
        return [item for item in self.design.of_type("AWS::IAM::Group") if {item.physical_id, _name_of(item)} & names]

    def _managed(self, arn: str) -> Policy:
        """A managed policy by ARN: the design's own, AWS's, or one nobody can read from here."""
        for item in self.design.of_type("AWS::IAM::ManagedPolicy"):
            if arn in (item.physical_id, item.arn):
                return self._document(item, f"the managed policy {short_name(item)}")
        found = None if isinstance(arn, Unknown) or ":aws:policy/" not in arn else managed.find(arn)
        if found is not None:
            return found
        elsewhere = Unknown.of(f"the policy {arn}")
        return Policy.read(elsewhere, f"the managed policy {arn}", arn=str(arn))

    def _document(self, item: Item, name: str) -> Policy:
        if item.logical_id not in self._documents:
            arn = item.physical_id if item.physical_id.startswith("arn:") else None
            self._documents[item.logical_id] = Policy.read(item.properties.get("PolicyDocument", {}), name, arn=arn)
        return self._documents[item.logical_id]

    def _locate(self, resource: str) -> tuple[str, str, list[Item]]:
        """The resource a name means, and what is asked for inside it."""
        parts = resource.split("/")
        for n in range(len(parts), 0, -1):
            head = "/".join(parts[:n])
            found = [item for item in self.design.find(head) if item.type not in NOT_GUARDED]
            if found:
                inside = "/".join(["", *parts[n:]]) if n < len(parts) else ""
                return head, inside, found
        return resource, "", []

    def _named(self, value: Any) -> Item | None:
        """The resource a property refers to, by physical id or ARN (a version's or alias's too)."""
        text = str(value)
        return self._by_value.get(text) or self._by_value.get(re.sub(r"(:function:[^:]+):.*", r"\1", text))

    def _arn_of(self, item: Item) -> str | None:
        if item.arn:
            return item.arn.removesuffix(":*") if item.type == "AWS::Logs::LogGroup" else item.arn
        kind = EC2_KINDS.get(item.type)
        if kind:
            return f"arn:aws:ec2:{self.design.region}:{self.design.account}:{kind}/{item.physical_id}"
        if item.type == "AWS::ApiGateway::RestApi":
            return f"arn:aws:execute-api:{self.design.region}:{self.design.account}:{item.physical_id}"
        form = ARNS.get(item.type)
        if form and not isinstance(item.physical_id, Unknown):
            declared = item.properties.get("DatabaseInput") or item.properties.get("TableInput") or {}
            name = declared.get("Name", item.physical_id.rpartition("|")[2])
            database = item.properties.get("DatabaseName", "")
            return form.format(region=self.design.region, account=self.design.account, name=name, database=database)
        return None

    def _account_of(self, arn: str) -> str:
        parts = arn.split(":", 5)
        return parts[4] if len(parts) == 6 and parts[4] else self.design.account


def public_access_block(bucket: Item) -> dict[str, bool]:
    """A bucket's settings; without any, all four are on, as AWS makes new buckets since April 2023.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html, checked 2026-11-22
    """
    declared = bucket.properties.get("PublicAccessBlockConfiguration")
    names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    if not isinstance(declared, Mapping):
        return dict.fromkeys(names, True)
    return {name: str(declared.get(name, False)).lower() == "true" for name in names}


def is_about_objects(action: str) -> bool:
    """Whether an S3 action's resource is an object.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html, checked 2026-11-22
    """
    service, _, name = action.lower().partition(":")
    if service != "s3" or "bucket" in name:
        return False
    return ("object" in name and name != "getobjectlambda") or name in (
        "abortmultipartupload",
        "listmultipartuploadparts",
        "bypassgovernanceretention",
    )


def _role_of(item: Item) -> str:
    """The role something runs with, "" when it runs with none."""
    key = RUNS_WITH.get(item.type)
    return str(item.properties.get(key, "")) if key else ""


def _name_of(item: Item) -> str:
    return item.physical_id.rsplit("/", 1)[-1]


def short_name(item: Item) -> str:
    """What the learner calls it: the construct's id, else the logical id."""
    if item.path is None:
        return item.logical_id
    parts = item.path.split("/")
    named = parts[:-1] if parts[-1] in ("Resource", "Default") and len(parts) > 1 else parts
    return "/".join(named[1:]) or item.logical_id


def _listed(items: Sequence[Item]) -> str:
    names = [item.logical_id for item in items]
    shown = names if len(names) <= 12 else [*names[:12], f"{len(names) - 12} more"]
    return ", ".join(shown) if shown else "(this stack has none)"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _at(properties: Mapping[str, Any], path: str) -> Any:
    value: Any = properties
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if path == "Statement" and value is not None:
        return {"Version": "2012-10-17", "Statement": [value]}
    if isinstance(value, str) and not isinstance(value, Unknown):
        return json.loads(value) if value.lstrip().startswith("{") else None
    return value


_EVERYTHING = Policy.read(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
    "its own account's policies, which are taken to allow everything",
)

PRINCIPAL_TYPES: dict[str, Literal["role", "user", "group"]] = {
    "AWS::IAM::Role": "role",
    "AWS::IAM::User": "user",
    "AWS::IAM::Group": "group",
}

RUNS_WITH = {
    "AWS::Lambda::Function": "Role",
    "AWS::StepFunctions::StateMachine": "RoleArn",
    "AWS::ECS::TaskDefinition": "TaskRoleArn",
    "AWS::CodeBuild::Project": "ServiceRole",
    "AWS::Glue::Job": "Role",
    "AWS::SageMaker::NotebookInstance": "RoleArn",
}

OWN_POLICIES = {
    "AWS::IAM::RolePolicy": ("role", "RoleName"),
    "AWS::IAM::UserPolicy": ("user", "UserName"),
    "AWS::IAM::GroupPolicy": ("group", "GroupName"),
}

# a type's property that holds a resource policy, and the property that says of what ("" for itself)
GUARDS: dict[str, tuple[tuple[str, str], ...]] = {
    "AWS::S3::BucketPolicy": (("PolicyDocument", "Bucket"),),
    "AWS::KMS::Key": (("KeyPolicy", ""),),
    "AWS::KMS::ReplicaKey": (("KeyPolicy", ""),),
    "AWS::SQS::QueuePolicy": (("PolicyDocument", "Queues"),),
    "AWS::SQS::QueueInlinePolicy": (("PolicyDocument", "Queue"),),
    "AWS::SNS::TopicPolicy": (("PolicyDocument", "Topics"),),
    "AWS::SNS::TopicInlinePolicy": (("PolicyDocument", "TopicArn"),),
    "AWS::SecretsManager::ResourcePolicy": (("ResourcePolicy", "SecretId"),),
    "AWS::ECR::Repository": (("RepositoryPolicyText", ""),),
    "AWS::DynamoDB::Table": (("ResourcePolicy.PolicyDocument", ""),),
    "AWS::EFS::FileSystem": (("FileSystemPolicy", ""),),
    "AWS::Kinesis::ResourcePolicy": (("ResourcePolicy", "ResourceArn"),),
    "AWS::Events::EventBus": (("Policy", ""),),
    "AWS::Events::EventBusPolicy": (("Statement", "EventBusName"),),
    "AWS::Backup::BackupVault": (("AccessPolicy", ""),),
    "AWS::ApiGateway::RestApi": (("Policy", ""),),
    "AWS::OpenSearchService::Domain": (("AccessPolicies", ""),),
}

POLICY_NAMES = {
    "AWS::S3::BucketPolicy": "bucket policy",
    "AWS::KMS::Key": "key policy",
    "AWS::KMS::ReplicaKey": "key policy",
    "AWS::SQS::QueuePolicy": "queue policy",
    "AWS::SQS::QueueInlinePolicy": "queue policy",
    "AWS::SNS::TopicPolicy": "topic policy",
    "AWS::SNS::TopicInlinePolicy": "topic policy",
}

# what carries a policy or a permission is never what a question is about
NOT_GUARDED = frozenset(
    {*GUARDS, "AWS::Lambda::Permission", "AWS::IAM::Policy", "AWS::CDK::Metadata"}
    - {each for each, ways in GUARDS.items() if ways[0][1] == ""}
)

PERMISSION_CONDITIONS = {
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}

# the ARNs of types that tell none of themselves
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
ARNS = {
    "AWS::Athena::WorkGroup": "arn:aws:athena:{region}:{account}:workgroup/{name}",
    "AWS::CloudFront::Distribution": "arn:aws:cloudfront::{account}:distribution/{name}",
    "AWS::CloudWatch::Dashboard": "arn:aws:cloudwatch::{account}:dashboard/{name}",
    "AWS::Glue::Crawler": "arn:aws:glue:{region}:{account}:crawler/{name}",
    "AWS::Glue::Database": "arn:aws:glue:{region}:{account}:database/{name}",
    "AWS::Glue::Job": "arn:aws:glue:{region}:{account}:job/{name}",
    "AWS::Glue::Table": "arn:aws:glue:{region}:{account}:table/{database}/{name}",
    "AWS::Route53::HostedZone": "arn:aws:route53:::hostedzone/{name}",
}

# what is about a log group's ARN without its ":*"; all else is about the one with it
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html, arn and logGroupArn
ABOUT_BARE_GROUPS = frozenset({"logs:tagresource", "logs:untagresource", "logs:listtagsforresource"})

EC2_KINDS = {
    "AWS::EC2::Instance": "instance",
    "AWS::EC2::VPC": "vpc",
    "AWS::EC2::Subnet": "subnet",
    "AWS::EC2::SecurityGroup": "security-group",
    "AWS::EC2::Volume": "volume",
    "AWS::EC2::RouteTable": "route-table",
    "AWS::EC2::NetworkAcl": "network-acl",
    "AWS::EC2::InternetGateway": "internet-gateway",
    "AWS::EC2::NatGateway": "natgateway",
    "AWS::EC2::VPCEndpoint": "vpc-endpoint",
    "AWS::EC2::LaunchTemplate": "launch-template",
    "AWS::EC2::KeyPair": "key-pair",
}
