"""How a resource type becomes API calls, one module a service, found by the type's name."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar

from preflight.cloudformation.ledger import Declared


@dataclass(frozen=True)
class Made:
    """What a provider made: the value of `Ref`, and the values of `Fn::GetAtt` by attribute name (dots included).

    With `recorded=True` the provider found nothing here that could make it: it is noted, and the ledger says so.
    """

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    recorded: bool = False


class ReplacementNeeded(Exception):
    """A provider's way to say that this update can only be made by a new resource."""


class Said(Exception):
    """A failure whose words are CloudFormation's own, with no service's error inside."""


@dataclass(frozen=True)
class Context:
    """Where a provider works: the stack, its account and Region, and clients with the deployer's credentials.

    `beside` holds what the services below have no place for (a user's permissions boundary), shared with whoever
    judges permissions; one dict a cloud, keyed by the provider's own words.
    """

    stack_name: str
    stack_id: str
    logical_id: str
    region: str
    account: str
    make_client: Callable[[str, str], Any]
    tags: Mapping[str, str] = field(default_factory=dict)
    beside: dict[str, Any] = field(default_factory=dict)
    generation: int = 0
    partition: str = "aws"

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client with the deployer's credentials."""
        return self.make_client(service, region or self.region)

    def name(self, *, limit: int = 64, lower: bool = False) -> str:
        """A name as CloudFormation makes it: stack-logicalId-suffix, stable for one stack, id and generation."""
        digest = hashlib.sha256(f"{self.stack_id}/{self.logical_id}/{self.generation}".encode()).hexdigest()
        suffix = digest[:12] if lower else digest[:12].upper()
        room = limit - len(suffix) - 2
        stack, logical = self.stack_name, self.logical_id
        while len(stack) + len(logical) > room:
            if len(stack) > len(logical):
                stack = stack[:-1]
            else:
                logical = logical[:-1]
        name = f"{stack}-{logical}-{suffix}"
        return name.lower() if lower else name


class Provider(ABC):
    """One resource type: created, updated and deleted by the service's own API.

    Methods call the service through `context.client(...)` and let botocore's ClientError pass: the engine turns it
    into the resource's failure reason. A delete that finds nothing is a success.
    """

    type: ClassVar[str]
    # an update that answers with another physical id has made another resource: the old one is deleted afterwards
    moves: ClassVar[bool] = False

    @abstractmethod
    def create(self, declared: Declared, context: Context) -> Made:
        """Make the resource."""

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """Change the resource in place; create-only properties never get here, the engine replaces by the schema.

        The default replaces, which is honest and slow: providers say what they can change in place.
        """
        raise ReplacementNeeded

    @abstractmethod
    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Take the resource away."""

    def snapshot(self, made: Made, declared: Declared, context: Context) -> None:
        """Keep a snapshot before the resource goes (DeletionPolicy: Snapshot); else the policy is not emulated."""
        raise NotImplementedError


@cache
def find_provider(resource_type: str) -> Provider | None:
    """The provider of a type, or None when it can only be recorded.

    `AWS::S3::Bucket` is looked for in the module `s3`, `Custom::Anything` and `AWS::CloudFormation::CustomResource`
    in `custom`; in it, in the Provider subclasses and instances whose `type` is the type's name. A module's `FALLBACK`
    is called with the name of any other type of its service.
    """
    module_name = _module_of(resource_type)
    if importlib.util.find_spec(f"{__name__}.{module_name}") is None:
        return None
    module = importlib.import_module(f"{__name__}.{module_name}")
    for each in vars(module).values():
        if isinstance(each, type) and issubclass(each, Provider) and getattr(each, "type", None) == resource_type:
            return each()
        if isinstance(each, Provider) and each.type == resource_type:
            return each
    fallback: Callable[[str], Provider] | None = getattr(module, "FALLBACK", None)
    return fallback(resource_type) if fallback is not None else None


def _module_of(resource_type: str) -> str:
    if resource_type.startswith("Custom::") or resource_type == "AWS::CloudFormation::CustomResource":
        return "custom"
    service = resource_type.split("::")[1].lower() if "::" in resource_type else resource_type.lower()
    return {"lambda": "lambda_"}.get(service, service)
