"""A stack within a stack: its template comes from Amazon S3, and it goes up, changes and goes with its parent.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html, checked_on 2026-11-22
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlparse

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made, Provider, Said
from preflight.errors import Refused
from preflight.template import Template

if TYPE_CHECKING:
    from preflight.cloudformation.operation import Failed, Operation
    from preflight.cloudformation.stack import Stack

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html, checked_on 2026-11-22
MOST_BYTES = 1_000_000

TYPE = "AWS::CloudFormation::Stack"


class NestedStack(Provider):
    """Makes a nested stack by the same engine as its parent, within the parent's operation."""

    type = TYPE

    def __init__(self, parent: Operation) -> None:
        self._parent = parent

    def create(self, declared: Declared, context: Context) -> Made:
        """Make the nested stack; where it fails its own resources are rolled back and it goes, as its parent will."""
        asked = _asked(declared)
        parent, cloud = self._parent.stack, self._parent.cloud
        child = cloud.make_nested(
            parent,
            context.logical_id,
            context.name(limit=128),
            self._template(asked, context),
            parameters=asked["Parameters"],
            tags={**context.tags, **asked["Tags"]},
            options={**_capabilities(parent), **asked["Options"]},
        )
        operation = cloud.operation(child, self._parent.token)
        failure = operation.create(on_failure="DO_NOTHING" if self._parent.keeps_failures else "ROLLBACK")
        if failure is not None:
            said = f"Embedded stack {child.stack_id} was not successfully created: {failure.summary.strip()}"
            if not self._parent.keeps_failures:
                operation.delete()
                del parent.nested[context.logical_id]
            raise EmbeddedFailed(said, _inner(failure), child.stack_id if self._parent.keeps_failures else "")
        return _made(child)

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """Bring the nested stack to its template; what it replaces goes when the parent cleans up."""
        asked = _asked(declared)
        child = self._child(made)
        child.options |= _capabilities(self._parent.stack)
        operation = self._parent.cloud.change_nested(
            child,
            self._template(asked, context),
            parameters=asked["Parameters"],
            tags={**context.tags, **asked["Tags"]},
            token=self._parent.token,
        )
        if operation is None:
            return _made(child)
        work, earlier = operation
        if child.stack_id in self._parent.children:
            # an attempt that failed and was left as it stands: what it did is to be undone, or built upon
            failed, earlier = self._parent.children[child.stack_id]
            work.steps, work.leftovers = failed.steps, failed.leftovers
        failure = work.update(earlier, roll_back=not self._parent.keeps_failures, clean_up=False)
        if failure is not None:
            if self._parent.keeps_failures:
                self._parent.children[child.stack_id] = (work, earlier)
            said = (
                f"Embedded stack {child.stack_id} was not successfully updated. "
                f"Currently in {child.status} with reason: {failure.summary.strip()}"
            )
            raise EmbeddedFailed(said, _inner(failure))
        self._parent.children[child.stack_id] = (work, earlier)
        return _made(child)

    def take_back(self, made: Made) -> Made:
        """Undo what this operation changed of the nested stack, if it did."""
        child = self._child(made)
        if child.stack_id in self._parent.children:
            work, earlier = self._parent.children.pop(child.stack_id)
            work.undo_update(earlier)
        return _made(child)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Take the nested stack away."""
        child = self._parent.cloud.find(made.physical_id)
        if child is None or child.status == "DELETE_COMPLETE":
            return
        self._parent.cloud.operation(child, self._parent.token).delete()
        if child.status != "DELETE_COMPLETE":
            said = (
                f"Embedded stack {child.stack_id} was not successfully deleted: {(child.status_reason or '').strip()}"
            )
            raise EmbeddedFailed(said, child.status_reason or "")
        if self._parent.stack.nested.get(context.logical_id) is child:
            del self._parent.stack.nested[context.logical_id]

    def _child(self, made: Made) -> Stack:
        child = self._parent.cloud.find(made.physical_id)
        if child is None or child.status == "DELETE_COMPLETE":
            raise Refused(f"Stack [{made.physical_id}] does not exist", [f"Stack [{made.physical_id}] does not exist"])
        return child

    def _template(self, asked: Mapping[str, Any], context: Context) -> Template:
        return Template.parse(fetch(asked["TemplateURL"], context.client))


class EmbeddedFailed(Said):
    """A nested stack's failure as its parent tells it; `reason` is what went wrong inside."""

    def __init__(self, said: str, reason: str, physical_id: str = "") -> None:
        super().__init__(said)
        self.reason = reason
        self.physical_id = physical_id


def fetch(url: str, client: Callable[[str], Any]) -> str:
    """The text of the template a URL of Amazon S3 means; raises Refused, in CloudFormation's words."""
    bucket, key = bucket_and_key(url)
    version = parse_qs(urlparse(url).query).get("versionId")
    s3 = client("s3")
    try:
        held = s3.get_object(Bucket=bucket, Key=key, **({"VersionId": version[0]} if version else {}))["Body"].read()
        if len(held) > MOST_BYTES:
            raise _refused(f"Template may not exceed {MOST_BYTES} bytes in size.")
        return str(held.decode("utf-8"))
    except s3.exceptions.ClientError as error:
        missing = error.response["Error"]["Code"] == "NoSuchKey"
        said = "The specified key does not exist." if missing else error.response["Error"]["Message"]
        raise _refused(f"S3 error: {said}") from error
    except UnicodeDecodeError as error:
        raise _refused("Template format error: unsupported structure.") from error


def bucket_and_key(url: str) -> tuple[str, str]:
    """The bucket and key an S3 URL means, in virtual-hosted or path style, at AWS or at an endpoint of this machine."""
    parsed = urlparse(url)
    host, path = parsed.hostname or "", unquote(parsed.path.lstrip("/"))
    if parsed.scheme == "s3":
        bucket, key = host, path
    elif hosted := re.match(r"(?P<bucket>.+?)\.(s3([.-].*)?\.amazonaws\.com(\.cn)?|localhost)$", host):
        bucket, key = hosted["bucket"], path
    else:
        bucket, _, key = path.partition("/")
    if not bucket or not key or parsed.scheme not in ("http", "https", "s3"):
        raise _refused("TemplateURL must be a supported URL.")
    return bucket, key


def _refused(said: str) -> Refused:
    return Refused(said, [said])


def _asked(declared: Declared) -> dict[str, Any]:
    properties = declared.take()
    options = {name: properties[name] for name in ("NotificationARNs", "TimeoutInMinutes") if name in properties}
    if "TimeoutInMinutes" in properties:
        # no stack takes minutes here
        declared.not_emulated("TimeoutInMinutes")
    if "NotificationARNs" in properties:
        declared.not_emulated("NotificationARNs")
    return {
        "TemplateURL": str(properties.get("TemplateURL", "")),
        "Parameters": {
            name: ",".join(str(each) for each in value) if isinstance(value, list) else value
            for name, value in properties.get("Parameters", {}).items()
        },
        "Tags": {str(each["Key"]): str(each["Value"]) for each in properties.get("Tags", ())},
        "Options": options,
    }


def _capabilities(parent: Stack) -> dict[str, Any]:
    return {name: each for name, each in parent.options.items() if name == "Capabilities"}


def _made(child: Stack) -> Made:
    return Made(child.stack_id, {f"Outputs.{name}": value for name, value in child.outputs.items()})


def _inner(failure: Failed) -> str:
    return f"{failure.logical_id} in it: {failure.cause}" if failure.logical_id else failure.cause
