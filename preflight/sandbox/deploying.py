"""Takes a lab's stack up in the sandbox with the CDK CLI, and says in a sentence why it did not go."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from preflight.errors import DeployFailed, Unavailable, Usage
from preflight.sandbox import records
from preflight.sandbox.account import Sandbox, explained
from preflight.sandbox.records import Record

if TYPE_CHECKING:
    from preflight.analysis.cost import Estimate
    from preflight.analysis.leftovers import Leftover
    from preflight.lab import Lab
    from preflight.node import CdkCli
    from preflight.synth import Assembly
    from preflight.template import Template
    from preflight.workspace import Code

TOOLKIT = "PreflightToolkit"
QUALIFIER = "preflight"
# a lab is an evening's work; what stands for longer is no lab
LONGEST = timedelta(days=7)
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
FAILED = re.compile(r"_FAILED$")
# what CloudFormation says of those that were only on their way when another one failed
CANCELLED = ("cancelled", "Resource creation cancelled", "Resource update cancelled")
GONE = ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS")


@dataclass(frozen=True)
class Plan:
    """What a deploy would do: to be read before it is begun."""

    lab: Lab
    code: Code
    sandbox: Sandbox
    assembly: Assembly
    template: Template
    estimate: Estimate
    leftovers: tuple[Leftover, ...]
    expires: datetime

    @property
    def makes(self) -> Counter[str]:
        """How many resources of each type it makes."""
        types = (each.type for each in self.template.resources.values())
        return Counter(each for each in types if each != "AWS::CDK::Metadata")

    @property
    def tags(self) -> dict[str, str]:
        """The tags every resource gets that can have one."""
        return {"preflight:lab": self.lab.construct_id, "preflight:expires": stamp(self.expires)}

    def to_json(self) -> dict[str, Any]:
        """The plan as plain data."""
        return {
            "lab": self.lab.number,
            "place": self.sandbox.place,
            "makes": dict(self.makes),
            "usd_per_hour": round(self.estimate.per_hour, 4),
            "usd_per_day": round(self.estimate.per_day, 4),
            "usd_per_month": round(self.estimate.per_month, 2),
            "unpriced": [str(each) for each in self.estimate.unpriced],
            "leaves": [str(each) for each in self.leftovers],
            "expires": stamp(self.expires),
        }


def planned(
    lab: Lab, code: Code, sandbox: Sandbox, assembly: Assembly, *, ttl: timedelta, now: datetime | None = None
) -> Plan:
    """What deploying this assembly in the sandbox would make, cost and leave behind."""
    from preflight.analysis.cost import estimate
    from preflight.analysis.leftovers import leftovers
    from preflight.template import Template

    template = Template.load(assembly.template_path)
    kind = sandbox.settings.account_kind if sandbox.settings else "new-free"
    return Plan(
        lab,
        code,
        sandbox,
        assembly,
        template,
        estimate(template, account=kind, region=sandbox.region),
        tuple(leftovers(template)),
        (now or datetime.now(UTC)).replace(microsecond=0) + ttl,
    )


def deploy(plan: Plan, root: Path, tool: CdkCli, say: Callable[[str], object]) -> dict[str, str]:
    """Bootstrap where that is still to be done, deploy, and give the stack's outputs; `say` hears each line of the CLI.

    The record is written before anything is made. Raises DeployFailed with the first failure in a sentence, and what
    still stands.
    """
    name, sandbox = plan.assembly.stack_name, plan.sandbox
    stack = stack_of(sandbox, name)
    if stack is not None and stack["StackStatus"].endswith("_IN_PROGRESS"):
        raise Usage(
            f"{name} is {stack['StackStatus']}, begun elsewhere; wait for it, then ./lab deploy {plan.lab.number}"
        )
    if stack is not None and stack["StackStatus"] in ("ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "DELETE_FAILED"):
        raise Usage(
            f"{name} is {stack['StackStatus']} and cannot be deployed over; take it down with "
            f"./lab destroy {plan.lab.number}, then ./lab deploy {plan.lab.number}"
        )
    begun = datetime.now(UTC).replace(microsecond=0)
    record = Record(
        lab=plan.lab.number,
        stack=name,
        place=sandbox.endpoint_url or sandbox.account,
        account=sandbox.account,
        region=sandbox.region,
        begun=begun,
        expires=plan.expires,
        code=plan.code.kind,
    )
    records.write(root, record)
    if not bootstrapped(sandbox):
        bootstrap(plan, root, tool, say)
    tags = [word for key, value in plan.tags.items() for word in ("--tags", f"{key}={value}")]
    words = ["deploy", name, "--require-approval", "never", "--progress", "events", *tags]
    ended = run_cdk(tool, sandbox, root, plan.assembly.directory, words, say)
    if ended.code != 0:
        raise failure(sandbox, name, plan.lab.number, begun, ended.reason)
    records.write(root, record.model_copy(update={"whole": True}))
    found = stack_of(sandbox, name) or {}
    return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}


def bootstrapped(sandbox: Sandbox) -> bool:
    """Whether Preflight's own toolkit stands there; a CDKToolkit is neither used nor touched."""
    stack = stack_of(sandbox, TOOLKIT)
    return stack is not None and stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def bootstrap(plan: Plan, root: Path, tool: CdkCli, say: Callable[[str], object]) -> None:
    """Make the toolkit that carries files to the account, tagged so that `./lab sandbox remove` finds it."""
    say(f"first deploy to {plan.sandbox.place}: bootstrapping as {TOOLKIT}, once …")
    place = f"aws://{plan.sandbox.account}/{plan.sandbox.region}"
    words = ["bootstrap", place, "--tags", "preflight:lab=toolkit"]
    begun = datetime.now(UTC).replace(microsecond=0)
    ended = run_cdk(tool, plan.sandbox, root, plan.assembly.directory, words, say)
    if ended.code != 0:
        raise failure(plan.sandbox, TOOLKIT, plan.lab.number, begun, ended.reason)


@dataclass(frozen=True)
class Ended:
    """How a command of the CDK CLI ended, and the line in which it says why."""

    code: int
    reason: str = ""


def run_cdk(
    tool: CdkCli,
    sandbox: Sandbox,
    root: Path,
    assembly: Path,
    words: Sequence[str],
    say: Callable[[str], object],
) -> Ended:
    """Run one command of the CDK CLI on a ready assembly, in the sandbox's place; `say` hears each line it prints."""
    command = [*tool.command, *words, "--app", str(assembly)]
    with subprocess.Popen(
        command,
        cwd=root,
        env={**_inherited(sandbox), **tool.environment, **sandbox.environment, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        reason = ""
        for line in process.stdout:
            told = redacted(line.strip())
            if told:
                say(told)
            if re.search(r"\bfail|\berror\b|❌", told, re.IGNORECASE):
                reason = told
        return Ended(process.wait(), reason)


def _inherited(sandbox: Sandbox) -> dict[str, str]:
    """Our own environment; an endpoint of this machine is given nobody's credentials and no configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CDK_")}
    if sandbox.is_local:
        kept = {name: value for name, value in kept.items() if not name.startswith("AWS_")}
        kept |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    elif sandbox.settings and sandbox.settings.profile:
        # keys in the environment would win over the profile
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            kept.pop(name, None)
    return kept


_SECRETS = re.compile(
    r"\b(A[KS]IA[A-Z0-9]{12,})\b|((?:secret|token|credential)\w*[\"'\s:=]+)([A-Za-z0-9/+=]{20,})", re.IGNORECASE
)


def redacted(line: str) -> str:
    """A line without anything that looks like a credential."""
    return _SECRETS.sub(lambda found: f"{found[2] or ''}[not shown]", line)


def failure(sandbox: Sandbox, name: str, lab: int, since: datetime, said: str = "") -> DeployFailed:
    """Why a stack did not go up, from its events, and what of it still stands."""
    first = next(_failures(sandbox, name, since), None)
    left = standing(sandbox, name)
    still = (
        f"{len(left)} of its resources still stand and may cost money; take them down with ./lab destroy {lab}"
        if left
        else f"nothing of it stands; when it is mended, ./lab deploy {lab}"
    )
    if first is None:
        told = f" ({said.lstrip('❌ ').rstrip('.')})" if said else ""
        return DeployFailed(f"The CDK CLI could not deploy {name}{told}; {still}")
    reason = str(first.get("ResourceStatusReason", "no reason is given")).rstrip(".")
    what = f"{first['ResourceType']} {first['LogicalResourceId']}"
    return DeployFailed(
        f"{name}: {what} could not be made ({reason}); {still}", logical_id=first["LogicalResourceId"], reason=reason
    )


def _failures(sandbox: Sandbox, name: str, since: datetime) -> Iterator[Mapping[str, Any]]:
    """The failures of a deploy in the order they happened, those that others only caused left out."""
    from botocore.exceptions import ClientError

    try:
        pages = sandbox.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=name)
        events = [event for page in pages for event in page["StackEvents"]]
    except ClientError:
        return
    for event in sorted(events, key=lambda each: each["Timestamp"]):
        reason = str(event.get("ResourceStatusReason", ""))
        own = event["Timestamp"] >= since and event["LogicalResourceId"] != name
        if own and FAILED.search(event["ResourceStatus"]) and not any(word in reason for word in CANCELLED):
            yield event


def standing(sandbox: Sandbox, name: str) -> list[Mapping[str, Any]]:
    """The resources of a stack that are there still."""
    from botocore.exceptions import ClientError

    stack = stack_of(sandbox, name)
    if stack is None:
        return []
    try:
        pages = sandbox.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
        found = [each for page in pages for each in page["StackResourceSummaries"]]
    except ClientError:
        return []
    return [each for each in found if each["ResourceStatus"] not in ("DELETE_COMPLETE", "CREATE_FAILED")]


def stack_of(sandbox: Sandbox, name: str) -> Mapping[str, Any] | None:
    """What CloudFormation tells of a stack, None where there is none."""
    from botocore.exceptions import ClientError

    with explained("./lab deploy", profile=sandbox.settings.profile if sandbox.settings else None):
        try:
            [stack] = sandbox.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
    return None if stack["StackStatus"] in GONE else stack


def life(words: str) -> timedelta:
    """How long a stack may stand, from "90m", "4h" or "2d"; raises Usage for anything else, or more than a week."""
    found = re.fullmatch(r"(\d{1,4})([mhd])", words.strip())
    if found is None:
        raise Usage(f"{words} is no length of time; say minutes, hours or days, as in ./lab deploy 1 --ttl 4h")
    length = timedelta(**{UNITS[found[2]]: int(found[1])})
    if not timedelta() < length <= LONGEST:
        raise Usage(f"{words} is not between a minute and 7 days; for instance ./lab deploy 1 --ttl 4h")
    return length


def stamp(moment: datetime) -> str:
    """A time as the tag has it: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def tool(root: Path, say: Callable[[str], object]) -> CdkCli:
    """The CDK CLI, installed when it is not; raises Unavailable without node or a registry."""
    from preflight.node import cdk_cli, node_environment

    found = cdk_cli(root, say=say)
    if not Path(found.command[0]).exists():
        raise Unavailable("there is no node for the CDK CLI; ./lab doctor installs what is missing")
    return type(found)(found.command, {**node_environment(root), **found.environment})
