"""What of ours stands in an account, and its price: a table says how to list it, one rule says what is ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from preflight.sandbox.account import EXPIRED, STRANGE, Sandbox, explained
from preflight.sandbox.patience import patiently

TAG = "preflight:lab"
EXPIRES = "preflight:expires"
# what ./lab writes as the tag's value; somebody else's values are shown, never acted upon
VALUES = re.compile(r"(Lab\d{1,3}(West)?|lab\d\d_\w+|toolkit|guard|SandboxGuard|PreflightToolkit)")
STACKS = re.compile(r"(Lab\d{1,3}(West)?|PreflightToolkit|SandboxGuard)")
LOOKS_LIKE_OURS = re.compile(
    r"(?:^|[/:])(?:(lab\d{1,3})(?:west)?-|(cdk-preflight-|preflighttoolkit-|sandboxguard-))", re.I
)
# a clock here and a clock there
SLACK = timedelta(minutes=5)

By = Literal["stack", "tag", "beside", "name"]
Kin = tuple[str, str]


@dataclass(frozen=True)
class Row:
    """One thing that stands.

    `by` says why it is taken for ours: it is a stack of ours, or in one ("stack"), it carries our tag ("tag"), a
    resource of our stack made it ("beside"), or its name alone looks like ours ("name"), which is never enough to
    delete it. `goes` is when it ends by itself. `usd` a month is None where no price is known.
    """

    type: str
    id: str
    region: str
    lab: str
    by: By
    usd: float | None = 0.0
    by_use: bool = False
    expires: datetime | None = None
    goes: datetime | None = None
    status: str = ""

    @property
    def is_ours(self) -> bool:
        return self.by != "name"

    @property
    def price(self) -> str:
        """What it costs a month, in words."""
        if self.goes is not None:
            return f"costs nothing, and is gone by itself on {self.goes:%Y-%m-%d}"
        if self.usd is None:
            return "no price known"
        if self.usd:
            return f"{self.usd:,.2f} USD a month"
        return "billed by what is in it and its use" if self.by_use else "costs nothing by itself"

    @property
    def sentence(self) -> str:
        return f"{self.type.removeprefix('AWS::').replace('::', ' ')} {self.id} ({self.region}): {self.price}"

    def to_json(self) -> dict[str, Any]:
        return {
            "type": self.type,
            "id": self.id,
            "region": self.region,
            "lab": self.lab,
            "by": self.by,
            "usd_per_month": self.usd,
            "expires": self.expires.isoformat() if self.expires else None,
            "goes": self.goes.isoformat() if self.goes else None,
        }


@dataclass(frozen=True)
class Unseen:
    """A listing AWS did not give: what it would have shown is not known."""

    service: str
    region: str
    why: str

    def __str__(self) -> str:
        return f"could not look: {self.service} in {self.region} ({self.why})"


@dataclass(frozen=True)
class Made:
    """A resource a stack of ours made: `since` is when the stack was begun, `gone` that CloudFormation deleted it.

    `beside` says that a service made it for such a resource.
    """

    type: str
    id: str
    region: str
    lab: str
    since: datetime
    gone: bool = False
    stack_id: str = ""
    beside: bool = False


@dataclass(frozen=True)
class Known:
    """What our stacks made, and the stacks themselves by their ids: what a listing is compared with."""

    made: tuple[Made, ...] = ()

    def of(self, kin: Kin, region: str) -> Made | None:
        return self._by_id.get((*kin, region))

    @property
    def stacks(self) -> Mapping[str, str]:
        return {each.stack_id: each.lab for each in self.made if each.stack_id}

    @property
    def _by_id(self) -> dict[tuple[str, str, str], Made]:
        found: dict[tuple[str, str, str], Made] = self.__dict__.get("_index") or {}
        if not found and self.made:
            found = {(each.type, each.id, each.region): each for each in self.made}
            object.__setattr__(self, "_index", found)
        return found


@dataclass(frozen=True)
class Inventory:
    """What stands, and what could not be looked at."""

    rows: tuple[Row, ...] = ()
    unseen: tuple[Unseen, ...] = ()

    def of_lab(self, lab: str) -> Inventory:
        """The part that is one lab's; what could not be looked at stays."""
        return Inventory(tuple(each for each in self.rows if each.lab == lab), self.unseen)

    @property
    def ours(self) -> tuple[Row, ...]:
        """What is certainly ours and does not end by itself."""
        return tuple(each for each in self.rows if each.is_ours and each.goes is None)

    @property
    def going(self) -> tuple[Row, ...]:
        return tuple(each for each in self.rows if each.is_ours and each.goes is not None)

    @property
    def perhaps(self) -> tuple[Row, ...]:
        return tuple(each for each in self.rows if not each.is_ours)

    @property
    def usd(self) -> float:
        return sum(each.usd or 0 for each in self.ours)


Tags = Mapping[str, str]
TagsBy = Callable[[Any, Mapping[str, Any]], Tags]


def _none(item: Mapping[str, Any]) -> Iterable[Kin]:
    return ()


@dataclass(frozen=True)
class Listing:
    """How one kind of thing is listed; the strings are JMESPath into the answer, or into one item of it.

    `tags` is where an item has them, `tags_by` asks for them; `gone` are states that mean it no longer exists; `kin`
    says of which other resources it is; `properties` are those of CloudFormation that decide its price; `detail` asks
    for what the listing leaves out, of what is ours only.
    """

    service: str
    operation: str
    items: str
    type: str
    id: str
    tags: str = "Tags"
    tags_by: TagsBy | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    state: str = "State"
    gone: tuple[str, ...] = ()
    kin: Callable[[Mapping[str, Any]], Iterable[Kin]] = _none
    born: str = ""
    goes: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    everywhere: bool = False
    detail: Callable[[Any, Mapping[str, Any]], Mapping[str, Any]] | None = None


def look(
    sandbox: Sandbox, known: Known, regions: Sequence[str], *, listings: Sequence[Listing] | None = None
) -> Inventory:
    """Everything that is ours, or looks like it, in these Regions; raises Unavailable when AWS no longer lets us in."""
    from preflight.sandbox.listings import LISTINGS

    rows: dict[tuple[str, str, str], Row] = {}
    unseen: list[Unseen] = []
    chosen = LISTINGS if listings is None else listings
    own_types = {each.type for each in LISTINGS}
    for number, region in enumerate(dict.fromkeys(regions)):
        for listing in chosen:
            if listing.everywhere and number:
                continue
            try:
                for row in _listed(sandbox, listing, region, known):
                    rows.setdefault((row.type, row.id, row.region), row)
            except Exception as error:
                unseen.append(not_seen(error, listing.service, region))
        try:
            for row in tagged(sandbox, region):
                # of what has a listing of its own, that one knows better: tags outlive what they were on for a while
                if row.type not in own_types:
                    rows.setdefault((row.type, row.id, row.region), row)
        except Exception as error:
            unseen.append(not_seen(error, "resourcegroupstaggingapi", region))
    return Inventory(
        tuple(sorted(rows.values(), key=lambda each: (each.lab, -(each.usd or 0), each.type))), tuple(unseen)
    )


def tagged(sandbox: Sandbox, region: str, *, regional: bool = False) -> Iterator[Row]:
    """What carries our tag in a Region, as the tagging API tells it; `regional` leaves out what is in no Region."""
    client = sandbox.client("resourcegroupstaggingapi", region=region)
    pages = client.get_paginator("get_resources").paginate(TagFilters=[{"Key": TAG}])
    for page in patiently(lambda: list(pages)):
        for found in page["ResourceTagMappingList"]:
            if regional and found["ResourceARN"].split(":")[3:4] != [region]:
                continue
            tags = {each["Key"]: each["Value"] for each in found["Tags"]}
            kind, name = of_arn(found["ResourceARN"])
            lab = tags.get(TAG, "")
            by: By = "tag" if VALUES.fullmatch(lab) else "name"
            usd, by_use = priced(kind, {}, region)
            yield Row(kind, name, region, lab, by, usd, by_use, expires_of(tags))


def of_arn(arn: str) -> Kin:
    """The type and id an ARN is of, as CloudFormation writes them where that is known; else the ARN itself."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return "an unknown resource", arn
    service, rest = parts[2], parts[5]
    kind = re.split(r"[/:]", rest, maxsplit=1)[0] if re.search(r"[/:]", rest) else ""
    type, takes_arn = ARN_TYPES.get((service, kind), ARN_TYPES.get((service, "*"), ("", False)))
    if not type:
        return f"{service} {kind}".strip(), arn
    return type, arn if takes_arn or not kind else re.split(r"[/:]", rest, maxsplit=1)[1]


# what the tagging API names otherwise than a listing of ours: (service, kind) to the type, and whether its id is an ARN
ARN_TYPES: Mapping[tuple[str, str], tuple[str, bool]] = {
    ("s3", "*"): ("AWS::S3::Bucket", False),
    ("sns", "*"): ("AWS::SNS::Topic", True),
    ("sqs", "*"): ("AWS::SQS::Queue", True),
    ("lambda", "function"): ("AWS::Lambda::Function", False),
    ("dynamodb", "table"): ("AWS::DynamoDB::Table", False),
    ("logs", "log-group"): ("AWS::Logs::LogGroup", False),
    ("kms", "key"): ("AWS::KMS::Key", False),
    ("secretsmanager", "secret"): ("AWS::SecretsManager::Secret", True),
    ("ecr", "repository"): ("AWS::ECR::Repository", False),
    ("elasticfilesystem", "file-system"): ("AWS::EFS::FileSystem", False),
    ("elasticfilesystem", "access-point"): ("AWS::EFS::AccessPoint", False),
    ("elasticloadbalancing", "loadbalancer"): ("AWS::ElasticLoadBalancingV2::LoadBalancer", True),
    ("elasticloadbalancing", "targetgroup"): ("AWS::ElasticLoadBalancingV2::TargetGroup", True),
    ("cloudwatch", "alarm"): ("AWS::CloudWatch::Alarm", False),
    ("cloudformation", "stack"): ("AWS::CloudFormation::Stack", True),
    ("states", "stateMachine"): ("AWS::StepFunctions::StateMachine", True),
    ("cognito-idp", "userpool"): ("AWS::Cognito::UserPool", False),
    ("backup", "backup-vault"): ("AWS::Backup::BackupVault", False),
    ("backup", "recovery-point"): ("AWS::Backup::RecoveryPoint", True),
    ("ssm", "parameter"): ("AWS::SSM::Parameter", False),
    ("apigateway", "*"): ("AWS::ApiGateway::RestApi", True),
    ("iam", "role"): ("AWS::IAM::Role", False),
    ("iam", "user"): ("AWS::IAM::User", False),
    ("iam", "policy"): ("AWS::IAM::ManagedPolicy", True),
    ("iam", "instance-profile"): ("AWS::IAM::InstanceProfile", False),
    ("rds", "db"): ("AWS::RDS::DBInstance", False),
    ("rds", "cluster"): ("AWS::RDS::DBCluster", False),
    ("rds", "snapshot"): ("AWS::RDS::DBSnapshot", False),
    ("rds", "cluster-snapshot"): ("AWS::RDS::DBClusterSnapshot", False),
    ("rds", "auto-backup"): ("AWS::RDS::AutomatedBackup", False),
    ("ec2", "instance"): ("AWS::EC2::Instance", False),
    ("ec2", "volume"): ("AWS::EC2::Volume", False),
    ("ec2", "snapshot"): ("AWS::EC2::Snapshot", False),
    ("ec2", "image"): ("AWS::EC2::Image", False),
    ("ec2", "elastic-ip"): ("AWS::EC2::EIP", False),
    ("ec2", "natgateway"): ("AWS::EC2::NatGateway", False),
    ("ec2", "network-interface"): ("AWS::EC2::NetworkInterface", False),
    ("ec2", "vpc-endpoint"): ("AWS::EC2::VPCEndpoint", False),
    ("ec2", "vpc"): ("AWS::EC2::VPC", False),
    ("ec2", "subnet"): ("AWS::EC2::Subnet", False),
    ("ec2", "route-table"): ("AWS::EC2::RouteTable", False),
    ("ec2", "internet-gateway"): ("AWS::EC2::InternetGateway", False),
    ("ec2", "network-acl"): ("AWS::EC2::NetworkAcl", False),
    ("ec2", "security-group"): ("AWS::EC2::SecurityGroup", False),
    ("ec2", "launch-template"): ("AWS::EC2::LaunchTemplate", False),
}


def _listed(sandbox: Sandbox, listing: Listing, region: str, known: Known) -> Iterator[Row]:
    client = sandbox.client(listing.service, region=region)
    for item in items(client, listing):
        if listing.gone and at(listing.state, item) in listing.gone:
            continue
        row = _row(client, listing, item, region, known)
        if row is not None:
            yield row


def items(client: Any, listing: Listing) -> list[Mapping[str, Any]]:
    """Every item of a listing, page by page; an item that is only a name is given as {"name": …}."""

    def ask() -> list[Mapping[str, Any]]:
        if client.can_paginate(listing.operation):
            pages = list(client.get_paginator(listing.operation).paginate(**listing.parameters))
        else:
            pages = [getattr(client, listing.operation)(**listing.parameters)]
        found = [each for page in pages for each in at(listing.items, page) or []]
        return [each if isinstance(each, Mapping) else {"name": each} for each in found]

    return patiently(ask)


def _row(client: Any, listing: Listing, item: Mapping[str, Any], region: str, known: Known) -> Row | None:
    """The item as a row when it is ours or looks like it: the one place where that is decided."""
    id, born = str(at(listing.id, item)), _time(listing.born, item)
    tags = _tags(client, listing, item)
    lab = tags.get(TAG, "")
    stack = known.stacks.get(tags.get("aws:cloudformation:stack-id", ""))
    made = known.of((listing.type, id), region)
    parents = [known.of(kin, region) for kin in listing.kin(item)]
    parent = next((each for each in parents if each and (born is None or born >= each.since - SLACK)), None)
    alike = LOOKS_LIKE_OURS.search(id)
    by: By
    if VALUES.fullmatch(lab):
        by = "tag"
    elif stack:
        lab, by = stack, "stack"
    elif made and not made.gone and (born is None or born >= made.since - SLACK):
        lab, by = made.lab, "beside" if made.beside else "stack"
    elif parent:
        lab, by = parent.lab, "beside"
    elif lab or alike:
        by = "name"
        if alike:
            lab = "toolkit" if alike[2] else alike[1].capitalize()
    else:
        return None
    if listing.detail is not None:
        detail = listing.detail
        item = {**item, **patiently(lambda: detail(client, item))}
    properties = {name: at(path, item) for name, path in listing.properties.items()}
    usd, by_use = priced(listing.type, {name: value for name, value in properties.items() if value is not None}, region)
    state = at(listing.state, item)
    goes = _time(listing.goes, item)
    return Row(
        listing.type, id, region, lab, by, usd, by_use, expires_of(tags), goes, state if isinstance(state, str) else ""
    )


def _tags(client: Any, listing: Listing, item: Mapping[str, Any]) -> Tags:
    if listing.tags_by is not None:
        ask = listing.tags_by
        return patiently(lambda: ask(client, item))
    return as_tags(at(listing.tags, item)) if listing.tags else {}


def as_tags(found: Any) -> Tags:
    """Tags in any of the forms AWS has them: a mapping, or a list of Key and Value, of TagKey and TagValue."""
    if isinstance(found, Mapping):
        return {str(key): str(value) for key, value in found.items()}
    told: dict[str, str] = {}
    for each in found or []:
        low = {key.lower().removeprefix("tag"): value for key, value in each.items()}
        told[str(low.get("key", ""))] = str(low.get("value", ""))
    return told


def expires_of(tags: Tags) -> datetime | None:
    """Until when a tag says that it may stand; None without one, or with one nobody can read."""
    try:
        told = datetime.fromisoformat(tags.get(EXPIRES, ""))
    except ValueError:
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def priced(type: str, properties: Mapping[str, Any], region: str) -> tuple[float | None, bool]:
    """What a thing costs a month by existing, None where no price is known; and whether it is billed by use."""
    from preflight.analysis import prices
    from preflight.analysis.cost import estimate
    from preflight.template import Template

    if type in SNAPSHOTS:
        price = prices.price("rds-snapshot", region)
        size = properties.get("AllocatedStorage")
        return (price.usd * float(size), False) if price and size else (None, False)
    if type in FREE:
        return 0.0, False
    if not re.fullmatch(r"AWS::\w+::\w+", type) or type in NO_PRICE:
        return None, False
    told = estimate(Template({"Resources": {"It": {"Type": type, "Properties": dict(properties)}}}), region=region)
    if told.unpriced and not told.per_month:
        return None, False
    return told.per_month, any(each.by_use for each in told.lines)


SNAPSHOTS = ("AWS::RDS::DBSnapshot", "AWS::RDS::DBClusterSnapshot")
NO_PRICE = ("AWS::EC2::Snapshot", "AWS::EC2::Image", "AWS::RDS::AutomatedBackup", "AWS::Backup::RecoveryPoint")
# by themselves: what is in a stack has rows of its own
FREE = (
    "AWS::CloudFormation::Stack",
    "AWS::EC2::NetworkInterface",
    "AWS::EC2::LaunchTemplate",
    "AWS::Backup::BackupVault",
    "AWS::EC2::KeyPair",
)


def at(path: str, item: Any) -> Any:
    """What a JMESPath finds in an answer, None for nothing."""
    if not path:
        return None
    import jmespath  # type: ignore[import-untyped]

    return jmespath.search(path, item)


def _time(path: str, item: Mapping[str, Any]) -> datetime | None:
    found = at(path, item) if path else None
    if isinstance(found, datetime):
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    if isinstance(found, (int, float)):
        # CloudWatch Logs counts milliseconds
        return datetime.fromtimestamp(found / 1000 if found > 10**11 else found, UTC)
    return None


def not_seen(error: Exception, service: str, region: str) -> Unseen:
    """What could not be looked at; credentials that no longer work end the look instead."""
    from botocore.exceptions import BotoCoreError, ClientError

    if not isinstance(error, (ClientError, BotoCoreError, NotImplementedError)):
        raise error
    if is_over(error):
        with explained("./lab sweep"):
            raise error
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else type(error).__name__
    return Unseen(service, region, str(code) or "no answer")


def is_over(error: Exception) -> bool:
    """Whether these credentials no longer open anything, so that asking on is of no use."""
    from botocore.exceptions import ClientError, NoCredentialsError, SSOError, TokenRetrievalError

    if isinstance(error, (NoCredentialsError, SSOError, TokenRetrievalError)):
        return True
    return isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in EXPIRED | STRANGE
