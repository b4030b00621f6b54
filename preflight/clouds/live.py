"""A stack that is deployed already: in an account, or at any endpoint that speaks CloudFormation's API."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from preflight.clouds import Clients, Deployment
from preflight.clouds.isolation import FAKE_KEYS, is_loopback
from preflight.errors import DeployFailed, PreflightError, Unavailable, Usage
from preflight.template import Template

READY = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_COMPLETE")
NOT_EMULATED_PATH = "/_preflight/not_emulated"


@dataclass(frozen=True)
class LiveAnswer:
    """An HTTP server's answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def requested(method: str, url: str, headers: Mapping[str, str], body: bytes) -> LiveAnswer:
    """A real HTTP request, by the standard library; a redirect is an answer, and is not followed.

    Raises Unavailable when nothing answers.
    """
    import urllib.error

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    asked = urllib.request.Request(url, data=body or None, headers=dict(headers), method=method)
    try:
        with urllib.request.build_opener(Stay).open(asked, timeout=35) as answer:
            return LiveAnswer(answer.status, tuple(answer.headers.items()), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return LiveAnswer(error.code, tuple(error.headers.items()), error.read())
    except OSError as error:
        raise Unavailable(f"{urlsplit(url).netloc} does not answer: {error}") from error


@dataclass(frozen=True)
class LiveResource:
    """One resource of a stack, as CloudFormation's API tells it."""

    logical_id: str
    type: str
    physical_id: str
    status: str
    status_reason: str | None = None


class LiveCloud:
    """Where a stack is looked for: an endpoint, or the account of a profile (or of the environment)."""

    def __init__(
        self, *, endpoint_url: str | None = None, profile: str | None = None, region: str | None = None
    ) -> None:
        self.endpoint_url = endpoint_url.rstrip("/") if endpoint_url else None
        self.profile = profile
        self._region = region

    def attach(self, stack_name: str, template: Template | Path | dict[str, Any] | None = None) -> Deployment:
        """The stack of this name as a check meets it; its template is read from CloudFormation unless it is given.

        Raises Unavailable when nothing answers or lets us in or has the stack, and DeployFailed when the stack is not
        whole.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return self._attach(stack_name, template)
        except (BotoCoreError, ClientError) as error:
            raise self._explained(error, stack_name) from error

    @property
    def region(self) -> str:
        """The Region that is asked."""
        return self._region or self._session.region_name or "us-east-1"

    def _attach(self, stack_name: str, template: Template | Path | dict[str, Any] | None) -> Deployment:
        cloudformation = self._clients.make("cloudformation", self.region)
        stack = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
        if stack["StackStatus"] not in READY:
            reason = stack.get("StackStatusReason", "")
            raise DeployFailed(
                f"The stack {stack_name} is {stack['StackStatus']}; deploy it again with cdk deploy {stack_name}",
                reason=reason,
            )
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_name)
        resources = [_resource(each) for page in pages for each in page["StackResourceSummaries"]]
        if template is None:
            template = cloudformation.get_template(StackName=stack_name)["TemplateBody"]
        read = template if isinstance(template, Template) else Template.load(template)
        account = stack["StackId"].split(":")[4]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
        design = read.design(
            region=self.region,
            account=account,
            stack_name=stack["StackName"],
            stack_id=stack["StackId"],
            parameters={
                each["ParameterKey"]: each.get("ResolvedValue", each.get("ParameterValue", ""))
                for each in stack.get("Parameters", [])
            },
            physical_ids={each.logical_id: each.physical_id for each in resources if each.physical_id},
            attributes=_attributes_told(read, outputs),
        )
        inside = {
            each.logical_id: self._attach(each.physical_id, None)
            for each in resources
            if each.type == "AWS::CloudFormation::Stack" and each.physical_id
        }
        design = design.holding({name: nested.design for name, nested in inside.items()})
        resources += [each for nested in inside.values() for each in nested.resources]
        return Deployment(
            stack_name=stack["StackName"],
            region=self.region,
            account=account,
            template=read,
            design=design,
            outputs=outputs,
            resources=resources,
            not_emulated=self._not_emulated(stack_name),
            mode="live",
            make_client=self._clients.make,
            request=self._request,
            deliveries=self._deliveries if self._is_local else None,
        )

    def _request(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Any:
        """A plain HTTP request to what is deployed; an endpoint on this machine is asked in AWS's place."""
        place = urlsplit(url)
        if self.endpoint_url and is_loopback(urlsplit(self.endpoint_url).hostname or ""):
            path = url.partition("://")[2].removeprefix(place.netloc) or "/"
            # the endpoint speaks http alone, so it is told what the address said
            asked = {"Host": place.netloc, "X-Forwarded-Proto": place.scheme, **headers}
            return requested(method, f"{self.endpoint_url}{path}", asked, body)
        return requested(method, url, headers, body)

    @cached_property
    def _session(self) -> Any:
        import boto3
        from botocore.exceptions import ProfileNotFound

        if self._is_local and self.profile is None and not os.environ.get("AWS_ACCESS_KEY_ID"):
            # nobody's own credentials are sent to an emulator unasked
            return boto3.session.Session(
                aws_access_key_id=FAKE_KEYS.access_key, aws_secret_access_key=FAKE_KEYS.secret, region_name=self._region
            )
        try:
            return boto3.session.Session(profile_name=self.profile, region_name=self._region)
        except ProfileNotFound as error:
            raise Usage(
                f"There is no AWS profile {self.profile}; see yours with aws configure list-profiles"
            ) from error

    @cached_property
    def _clients(self) -> Clients:
        from botocore.config import Config

        settings: dict[str, Any] = {"retries": {"total_max_attempts": 2, "mode": "standard"}}
        if self.endpoint_url:
            # a bucket's name in front of localhost would have to be looked up
            settings["s3"] = {"addressing_style": "path"}
        if self._is_local:
            settings["proxies"] = {}
        config = Config(connect_timeout=3, read_timeout=30, **settings)
        return Clients(self._session, config, self.endpoint_url)

    @property
    def _is_local(self) -> bool:
        return self.endpoint_url is not None and is_loopback(urlsplit(self.endpoint_url).hostname or "")

    def _not_emulated(self, stack_name: str) -> list[tuple[str, str]]:
        """What our own endpoint says has no effect there; elsewhere nobody says so."""
        if not self._is_local:
            return []
        straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with straight.open(f"{self.endpoint_url}{NOT_EMULATED_PATH}/{quote(stack_name)}", timeout=3) as answer:
                return [(str(logical_id), str(path)) for logical_id, path in json.load(answer)]
        except (OSError, ValueError, TypeError):
            return []

    def _deliveries(self, asked: str) -> Any:
        """What the endpoint tells of what is on its way; nothing where it is another emulator's."""
        from preflight.deliveries import PATH

        straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with straight.open(f"{self.endpoint_url}{PATH}/{asked}", timeout=60) as answer:
                return json.load(answer)
        except (OSError, ValueError):
            return None

    def _explained(self, error: Exception, stack_name: str) -> PreflightError:
        from botocore.exceptions import ClientError, NoCredentialsError

        where = self.endpoint_url or f"the account of profile {self.profile or 'default'} in {self.region}"
        if isinstance(error, NoCredentialsError):
            return Unavailable("No AWS credentials are set; set them with aws configure, then see ./lab doctor")
        if not isinstance(error, ClientError):
            next_command = "start the offline cloud with ./lab cloud serve" if self._is_local else "see ./lab doctor"
            return Unavailable(f"Nothing answers at {where} ({_first_sentence(error)}); {next_command}")
        message = str(error.response.get("Error", {}).get("Message", ""))
        if "does not exist" in message:
            return Unavailable(f"There is no stack {stack_name} at {where}; put it there with cdk deploy {stack_name}")
        return Unavailable(f"CloudFormation at {where} answers: {message}; see ./lab doctor")


def _attributes_told(template: Template, outputs: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The attributes that outputs are the values of; CloudFormation tells no others of what it made."""
    told: dict[str, dict[str, str]] = {}
    for name, value in outputs.items():
        asked = template.outputs.get(name, {}).get("Value")
        parts = asked.get("Fn::GetAtt") if isinstance(asked, dict) else None
        logical_id, _, attribute = (".".join(parts) if isinstance(parts, list) else str(parts or "")).partition(".")
        if attribute:
            told.setdefault(logical_id, {})[attribute] = value
    return told


def _resource(summary: Mapping[str, Any]) -> LiveResource:
    return LiveResource(
        summary["LogicalResourceId"],
        summary["ResourceType"],
        summary.get("PhysicalResourceId", ""),
        summary["ResourceStatus"],
        summary.get("ResourceStatusReason"),
    )


def _first_sentence(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")
