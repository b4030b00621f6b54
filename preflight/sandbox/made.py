"""What our stacks made, as they told it themselves: kept in workspace/deployed/made/ until they are gone."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from preflight.errors import Unavailable
from preflight.sandbox.account import Sandbox
from preflight.sandbox.inventory import STACKS, TAG, VALUES, Inventory, Known, Made, as_tags
from preflight.sandbox.patience import patiently

# the one of a stack that is deleted is found by its id for 90 days,
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStacks.html (checked on 2026-11-23)
DELETED = ["DELETE_COMPLETE"]
# a creation that failed may be named after a thing of somebody else's, and so is one that is imported
NOT_MADE = re.compile(r"DELETE_COMPLETE|CREATE_FAILED|CREATE_IN_PROGRESS|IMPORT_")


def known(root: Path, sandbox: Sandbox, regions: Iterable[str], *, lab: str | None = None) -> Known:
    """What the stacks of these Regions made, those deleted lately too, and what was written down before they went."""
    found: dict[tuple[str, str, str], Made] = {}
    for each in kept(root, sandbox):
        found[(each.type, each.id, each.region)] = each
    for region in dict.fromkeys(regions):
        for stack in ours(sandbox, region, deleted=True):
            for each in of_stack(sandbox, stack, region):
                found[(each.type, each.id, each.region)] = each
    return Known(tuple(each for each in found.values() if lab in (None, each.lab)))


def ours(sandbox: Sandbox, region: str, *, deleted: bool = False) -> Iterator[Mapping[str, Any]]:
    """The stacks of ours in a Region: those that carry our tag; `deleted` ones that bore one of our names too."""
    client = sandbox.client("cloudformation", region=region)
    pages = client.get_paginator("describe_stacks")
    for page in patiently(lambda: list(pages.paginate())):
        yield from (each for each in page["Stacks"] if lab_of(each) and each["StackStatus"] != "DELETE_COMPLETE")
    if not deleted:
        return
    gone = client.get_paginator("list_stacks")
    for page in patiently(lambda: list(gone.paginate(StackStatusFilter=DELETED))):
        for summary in page["StackSummaries"]:
            if not STACKS.fullmatch(summary["StackName"]):
                continue
            [stack] = patiently(lambda id=summary["StackId"]: client.describe_stacks(StackName=id)["Stacks"])  # type: ignore[misc]
            if lab_of(stack):
                yield stack


def lab_of(stack: Mapping[str, Any]) -> str:
    """The lab a stack says it is of, by its tag; "" for somebody else's, whatever it is called."""
    value = as_tags(stack.get("Tags", [])).get(TAG, "")
    return value if VALUES.fullmatch(value) else ""


def of_stack(sandbox: Sandbox, stack: Mapping[str, Any], region: str) -> Iterator[Made]:
    """The resources a stack made, in the nested ones too."""
    from botocore.exceptions import ClientError

    client, since = sandbox.client("cloudformation", region=region), stack["CreationTime"]
    try:
        pages = patiently(
            lambda: list(client.get_paginator("list_stack_resources").paginate(StackName=stack["StackId"]))
        )
    except ClientError as error:
        if "does not exist" in str(error):
            return
        raise
    for each in (each for page in pages for each in page["StackResourceSummaries"]):
        id, type = str(each.get("PhysicalResourceId") or ""), each["ResourceType"]
        if not id:
            continue
        # what CloudFormation left in place on purpose stands still, though its stack is gone
        gone = bool(NOT_MADE.match(each["ResourceStatus"]))
        yield Made(type, id, region, lab_of(stack), since, gone, stack["StackId"])
        if type == "AWS::CloudFormation::Stack":
            yield from of_stack(sandbox, {**stack, "StackId": id}, region)


def keep(root: Path, sandbox: Sandbox, lab: str, made: Iterable[Made], before: Inventory) -> None:
    """Write down what a lab's stack made and what stands beside it, to tell it apart when it is gone."""
    since = {each.region: each.since for each in made}
    beside = [
        Made(each.type, each.id, each.region, lab, since[each.region], beside=each.by == "beside")
        for each in before.rows
        if each.lab == lab and each.is_ours and each.region in since
    ]
    file = _file(root, sandbox, lab)
    earlier = [each for each in kept(root, sandbox) if each.lab == lab]
    merged = {(each.type, each.id, each.region): each for each in (*earlier, *beside, *made)}
    data = [{**vars(each), "since": each.since.isoformat()} for each in merged.values()]
    for each in data:
        each.pop("_index", None)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".", suffix=".json")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(data, stream, indent=1)
        Path(name).replace(file)
    except OSError as error:
        raise Unavailable(
            f"workspace/deployed/ cannot be written ({error.strerror}), and what is not written down cannot be proved "
            "to be gone; make it writable, then ./lab doctor"
        ) from error


def kept(root: Path, sandbox: Sandbox) -> list[Made]:
    """What was written down of this account; a file nobody can read counts as none."""
    found: list[Made] = []
    for file in sorted(_file(root, sandbox, "x").parent.glob("[!.]*.json")):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            data = json.loads(file.read_text(encoding="utf-8"))
            found += [Made(**{**each, "since": datetime.fromisoformat(each["since"])}) for each in data]
    return found


def forget(root: Path, sandbox: Sandbox, lab: str) -> None:
    """Take away what was written down of a lab, once it was proved to be gone."""
    with contextlib.suppress(OSError):
        _file(root, sandbox, lab).unlink()


def _file(root: Path, sandbox: Sandbox, lab: str) -> Path:
    # one folder an account: two of them know nothing of each other
    return root / "workspace" / "deployed" / "made" / sandbox.account / f"{lab}.json"
