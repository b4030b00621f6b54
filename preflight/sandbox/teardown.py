"""Takes a lab's stacks down, and proves by an inventory afterwards that nothing of them is left."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from preflight.errors import Unavailable
from preflight.sandbox import made, records
from preflight.sandbox.account import Sandbox, explained
from preflight.sandbox.emptying import Hands, Say, loosen, pry
from preflight.sandbox.inventory import Inventory, Known, Listing, Made, Row, as_tags, expires_of, look
from preflight.sandbox.patience import patiently

# how long one try may take; a database or a distribution takes its time
LIMIT = 3600.0
TRIES = 4
TOOLKIT = "PreflightToolkit"
SERVICES_OF_EVERYTHING = ("cloudformation", "s3", "logs", "ec2", "iam", "kms", "secretsmanager", "rds", "lambda")


@dataclass(frozen=True)
class Standing:
    """A stack of a lab's that stands, with what it holds."""

    name: str
    id: str
    region: str
    status: str
    since: datetime
    expires: datetime | None
    resources: tuple[Made, ...]


@dataclass(frozen=True)
class Scene:
    """What there is of a lab before anything is done: its stacks, what they made, and everything that stands."""

    lab: str
    number: int
    sandbox: Sandbox
    regions: tuple[str, ...]
    stacks: tuple[Standing, ...]
    known: Known
    inventory: Inventory
    foreign: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.stacks and not self.inventory.ours

    def to_json(self) -> dict[str, Any]:
        return {
            "lab": self.number,
            "place": self.sandbox.place,
            "stacks": [
                {"name": each.name, "region": each.region, "status": each.status, "since": each.since.isoformat()}
                for each in self.stacks
            ],
            "stands": [each.to_json() for each in self.inventory.ours],
            "usd_per_month": round(self.inventory.usd, 2),
            "could_not_look": [str(each) for each in self.inventory.unseen],
        }


@dataclass(frozen=True)
class Proof:
    """What was found after a teardown: what is left, what ends by itself, what could not be asked, and why."""

    lab: str
    inventory: Inventory
    held: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left, and everything that matters could be asked."""
        return not self.inventory.ours and not self.unseen

    def to_json(self) -> dict[str, Any]:
        return {
            "clean": self.is_clean,
            "left": [each.to_json() for each in self.inventory.ours],
            "goes_by_itself": [each.to_json() for each in self.inventory.going],
            "perhaps": [each.to_json() for each in self.inventory.perhaps],
            "held": list(self.held),
            "could_not_look": [str(each) for each in self.inventory.unseen],
        }


def scene(root: Path, sandbox: Sandbox, lab: str, number: int) -> Scene:
    """Everything that stands of a lab, by its tag, its stacks and what was written down; only asks."""
    with explained(f"./lab destroy {number}", profile=_profile(sandbox)):
        regions = regions_of(root, sandbox, lab)
        known = made.known(root, sandbox, regions, lab=lab)
        stacks = tuple(each for region in regions for each in _stacks(sandbox, region, lab))
        foreign = tuple(each for region in regions for each in _foreign(sandbox, region, lab))
        found = look(sandbox, known, regions, listings=_listings(known))
        return Scene(lab, number, sandbox, regions, stacks, known, found.of_lab(lab), foreign)


def regions_of(root: Path, sandbox: Sandbox, lab: str | None = None) -> tuple[str, ...]:
    """The Regions a lab, or any, was deployed to from here, the sandbox's own first."""
    place = sandbox.endpoint_url or sandbox.account
    recorded = [each.region for each in records.records(root) if each.place == place and lab in (None, each.stack)]
    stood = [each.region for each in made.kept(root, sandbox) if lab in (None, each.lab)]
    return tuple(dict.fromkeys([sandbox.region, *recorded, *stood]))


def destroy(scene: Scene, root: Path, say: Say, *, limit: float = LIMIT) -> Proof:
    """Empty what is in the way, delete the stacks, then what they made beside them, and look again.

    What was found is written down before the first thing is deleted, so that a second run finishes what a first one
    left. Raises Unavailable when AWS no longer lets us in, with nothing lost.
    """
    command = f"./lab destroy {scene.number}"
    with explained(command, profile=_profile(scene.sandbox)):
        if scene.stacks or scene.known.made:
            made.keep(root, scene.sandbox, scene.lab, scene.known.made, scene.inventory)
        held: list[str] = []
        for stack in scene.stacks:
            held += take_down(scene.sandbox, stack, say, command=command, limit=limit)
        held += delete_assets(root, scene, say)
        return prove(root, scene, held, say, limit=limit)


def take_down(sandbox: Sandbox, stack: Standing, say: Say, *, command: str, limit: float = LIMIT) -> list[str]:
    """Delete one stack, whatever state it is in, emptying what stops it; gives a sentence for each thing that held."""
    hands, tried = Hands(sandbox, stack.region, say), 0
    held: list[str] = []
    client = sandbox.client("cloudformation", region=stack.region)
    status = _status(sandbox, stack)
    if status != "CREATE_IN_PROGRESS":
        # a creation can be deleted while it goes on, which may be why somebody is here; nothing else can
        status = settled(sandbox, stack, say, command=command, limit=limit)
    while status is not None and tried < TRIES:
        tried += 1
        if tried == 1:
            _unprotect(client, stack)
        held, failed = [], _failed(client, stack)
        for each in _resources(sandbox, stack):
            held += (pry if tried > 1 and each.id in failed else loosen)(hands, each.type, each.id)
        say(f"{stack.name}: deleting …" if tried == 1 else f"{stack.name}: deleting again, try {tried} …")
        delete_stack(client, stack, command)
        status = settled(sandbox, stack, say, command=command, limit=limit)
        if status == "DELETE_FAILED" and held and tried > 1:
            # asking a third time does not move a lock
            break
    if status is None:
        return []
    reasons = list(_failed(client, stack).values())
    return [*held, *reasons] or [f"{stack.name} is {status}"]


def _resources(sandbox: Sandbox, stack: Standing) -> list[Made]:
    """What a stack holds now; one that is still being made holds more than it did."""
    whole = {"StackId": stack.id, "CreationTime": stack.since, "Tags": []}
    return [each for each in made.of_stack(sandbox, whole, stack.region) if not each.gone]


def delete_stack(client: Any, stack: Standing, command: str) -> None:
    """Ask CloudFormation to delete a stack; one that somebody else is deleting, or has, is fine."""
    from botocore.exceptions import ClientError

    try:
        patiently(lambda: client.delete_stack(StackName=stack.id))
    except ClientError as error:
        message = str(error.response["Error"].get("Message", ""))
        # of two who delete at once one is late; what is still being made is waited for
        if "does not exist" in message or "_IN_PROGRESS" in message:
            return
        if "ole" in message and ("assume" in message or "invalid" in message):
            raise Unavailable(
                f"{stack.name} was deployed with a role of {TOOLKIT} that is gone ({message.rstrip('.')}); make it "
                f"again with cdk bootstrap, then {command}"
            ) from error
        raise


def settled(sandbox: Sandbox, stack: Standing, say: Say, *, command: str, limit: float = LIMIT) -> str | None:
    """Wait until nothing is in progress any more; gives the stack's status, None when it is gone."""
    deadline, pause, told = time.monotonic() + limit, 0.2, ""
    while True:
        status = _status(sandbox, stack)
        if status is None or not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS":
            return status
        if status != told:
            say(f"{stack.name}: {status}")
            told = status
        if time.monotonic() > deadline:
            raise Unavailable(
                f"{stack.name} is still {status} after {limit / 60:.0f} minutes; AWS goes on by itself, and "
                f"{command} takes it up again"
            )
        time.sleep(pause)
        pause = min(pause * 1.5, 5)


def prove(root: Path, scene: Scene, held: Sequence[str], say: Say, *, limit: float = LIMIT) -> Proof:
    """Look again, delete what services made beside the stack, wait for what is on its way, and say what is left."""
    from preflight.sandbox.sweeping import MADE_BESIDE, delete_row

    sandbox, lab = scene.sandbox, scene.lab
    hands = {region: Hands(sandbox, region, say) for region in scene.regions}
    told = list(held)
    found = _again(root, scene)
    beside = [row for row in found.ours if row.type in MADE_BESIDE and row.by == "beside"]
    for row in beside:
        told += delete_row(hands[row.region], row)
    if beside:
        found = _again(root, scene)
    deadline = time.monotonic() + min(limit, 300 if not sandbox.is_local else 0)
    while any(_on_its_way(row) for row in found.ours) and time.monotonic() < deadline:
        say(f"{lab}: waiting for what is on its way …")
        time.sleep(10)
        found = _again(root, scene)
    needed = {_service(each.type) for each in scene.known.made} | {"resourcegroupstaggingapi", "cloudformation", "s3"}
    unseen = tuple(str(each) for each in found.unseen if each.service in needed)
    proof = Proof(lab, found, tuple(dict.fromkeys(told)), unseen)
    if proof.is_clean:
        made.forget(root, sandbox, lab)
        record = records.read(root, lab)
        if record is None or record.place == (sandbox.endpoint_url or sandbox.account):
            records.forget(root, lab)
    return proof


def _again(root: Path, scene: Scene) -> Inventory:
    """What stands now, measured against all that is known of before."""
    known = made.known(root, scene.sandbox, scene.regions, lab=scene.lab)
    there = {(each.type, each.id, each.region) for each in known.made}
    # of a stack that left no trace, what was read before it was deleted
    more = tuple(each for each in scene.known.made if (each.type, each.id, each.region) not in there)
    whole = Known((*known.made, *more))
    found = look(scene.sandbox, whole, scene.regions, listings=_listings(whole))
    return found.of_lab(scene.lab)


def _on_its_way(row: Row) -> bool:
    return row.status.lower() in ("deleting", "shutting-down", "stopping", "detaching", "in-use", "pending")


def _listings(known: Known) -> tuple[Listing, ...]:
    """The listings that concern these resources, and those of what no template shows; all when none are known."""
    from preflight.sandbox.listings import LISTINGS

    if not known.made:
        return LISTINGS
    concerned = {*SERVICES_OF_EVERYTHING, *(_service(each.type) for each in known.made)}
    return tuple(each for each in LISTINGS if each.service in concerned)


def _service(type: str) -> str:
    """The name of the API that a CloudFormation type is of."""
    part = type.split("::")[1].lower() if type.startswith("AWS::") else ""
    return RENAMED.get(part, part)


RENAMED: Mapping[str, str] = {
    "elasticloadbalancingv2": "elbv2",
    "cognito": "cognito-idp",
    "apigatewayv2": "apigatewayv2",
    "docdb": "rds",
    "neptune": "rds",
}


def _stacks(sandbox: Sandbox, region: str, lab: str) -> Iterator[Standing]:
    """The stacks that carry this lab's tag, those that others nest in themselves left out."""
    for stack in made.ours(sandbox, region):
        if made.lab_of(stack) == lab and not stack.get("ParentId"):
            yield standing_of(sandbox, stack, region)


def standing_of(sandbox: Sandbox, stack: Mapping[str, Any], region: str) -> Standing:
    """A stack as CloudFormation describes it, with its resources."""
    held = tuple(each for each in made.of_stack(sandbox, stack, region) if not each.gone)
    since, expires = stack["CreationTime"], expires_of(as_tags(stack.get("Tags", [])))
    return Standing(stack["StackName"], stack["StackId"], region, stack["StackStatus"], since, expires, held)


def _foreign(sandbox: Sandbox, region: str, lab: str) -> Iterator[str]:
    """A stack with the lab's name that does not carry our tag: somebody else's."""
    from botocore.exceptions import ClientError

    client = sandbox.client("cloudformation", region=region)
    try:
        [stack] = patiently(lambda: client.describe_stacks(StackName=lab)["Stacks"])
    except ClientError as error:
        if "does not exist" in str(error):
            return
        raise
    if stack["StackStatus"] not in ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS") and not made.lab_of(stack):
        yield f"a stack called {lab} in {region} does not carry the tag preflight:lab, so ./lab deploy did not make it"


def _status(sandbox: Sandbox, stack: Standing) -> str | None:
    from botocore.exceptions import ClientError

    client = sandbox.client("cloudformation", region=stack.region)
    try:
        [found] = patiently(lambda: client.describe_stacks(StackName=stack.id)["Stacks"])
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if found["StackStatus"] == "DELETE_COMPLETE" else str(found["StackStatus"])


def _unprotect(client: Any, stack: Standing) -> None:
    """Switch off our own stack's termination protection."""
    [found] = patiently(lambda: client.describe_stacks(StackName=stack.id)["Stacks"])
    if found.get("EnableTerminationProtection"):
        client.update_termination_protection(StackName=stack.id, EnableTerminationProtection=False)


def _failed(client: Any, stack: Standing) -> dict[str, str]:
    """The resources whose deletion failed, by their ids, with CloudFormation's reason in a sentence."""
    from botocore.exceptions import ClientError

    try:
        pages = patiently(lambda: list(client.get_paginator("list_stack_resources").paginate(StackName=stack.id)))
    except ClientError as error:
        if "does not exist" in str(error):
            return {}
        raise
    failed = {}
    for each in (each for page in pages for each in page["StackResourceSummaries"]):
        if each["ResourceStatus"] == "DELETE_FAILED":
            reason = str(each.get("ResourceStatusReason") or "no reason is given").rstrip(".")
            id = str(each.get("PhysicalResourceId", ""))
            failed[id] = f"{each['ResourceType']} {id} could not be deleted: {reason}"
    return failed


def delete_assets(root: Path, scene: Scene, say: Say) -> list[str]:
    """Delete the files and images the CDK CLI uploaded, when no other lab stands that may be made of them.

    They are uploaded again when they are needed; while another lab stands or is begun, they stay for it.
    """
    sandbox = scene.sandbox
    held: list[str] = []
    place = sandbox.endpoint_url or sandbox.account
    others = {each.stack for each in records.records(root) if each.place == place} - {scene.lab}
    for region in scene.regions:
        hands = Hands(sandbox, region, say)
        for stack in made.ours(sandbox, region):
            if made.lab_of(stack) not in ("toolkit", "guard", scene.lab):
                others.add(stack["StackName"])
        if others:
            continue
        for stack in made.ours(sandbox, region):
            if made.lab_of(stack) == "toolkit":
                for each in made.of_stack(sandbox, stack, region):
                    if each.type in ("AWS::S3::Bucket", "AWS::ECR::Repository"):
                        held += loosen(hands, each.type, each.id)
    return held


def _profile(sandbox: Sandbox) -> str | None:
    return sandbox.settings.profile if sandbox.settings else None


def age(since: datetime, now: datetime | None = None) -> str:
    """How long something has stood, in words."""
    minutes = max(0, int(((now or datetime.now(UTC)) - since).total_seconds() // 60))
    if minutes < 120:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    return f"{minutes // 60} hours" if minutes < 2880 else f"{minutes // 1440} days"
