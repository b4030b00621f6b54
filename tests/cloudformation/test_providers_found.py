"""A provider is found by its type's name, and names resources as CloudFormation does."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from preflight.cloudformation.providers import Context, find_provider


def context(**place: Any) -> Context:
    known = {"stack_name": "Lab1", "stack_id": "arn:stack/1", "logical_id": "Notes", "region": "r", "account": "a"}
    return Context(make_client=lambda service, region: (service, region), **{**known, **place})


def test_a_type_finds_its_provider_or_none() -> None:
    bucket = find_provider("AWS::S3::Bucket")
    assert bucket is not None and bucket.type == "AWS::S3::Bucket"
    assert find_provider("AWS::Nothing::Here") is None
    assert find_provider("Nonsense") is None


def test_clients_are_of_the_stacks_region_unless_another_is_asked() -> None:
    assert context().client("s3") == ("s3", "r")
    assert context().client("s3", "q") == ("s3", "q")


@given(st.text("aB-1", min_size=1, max_size=100), st.text("aB1", min_size=1, max_size=100), st.integers(24, 128))
def test_names_fit_their_limit_and_tell_resources_apart(stack: str, logical: str, limit: int) -> None:
    here = context(stack_name=stack, logical_id=logical)
    name = here.name(limit=limit)
    assert len(name) <= limit
    assert name == here.name(limit=limit)
    assert name != context(stack_name=stack, logical_id=logical, generation=1).name(limit=limit)
    assert here.name(limit=limit, lower=True).lower() == here.name(limit=limit, lower=True)
