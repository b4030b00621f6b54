"""The tables of what takes back what are held to AWS's own models of its services."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from preflight.undo import HARMLESS, READS, SPECIAL, UNDO


@cache
def service_model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def model_of(name: str) -> Any:
    service, _, operation = name.partition(".")
    return service_model(service).operation_model(operation)


def has(shape: Any, path: str) -> bool:
    """Whether a shape has a member at this dotted path."""
    for part in path.split("."):
        if shape is None or part not in getattr(shape, "members", {}):
            return False
        shape = shape.members[part]
    return True


@pytest.mark.parametrize("name", UNDO)
def test_what_takes_a_call_back_exists_and_is_given_what_it_needs(name: str) -> None:
    made, (undo, sources) = model_of(name), UNDO[name]
    operations = {xform_name(each): each for each in service_model(name.partition(".")[0]).operation_names}
    assert undo in operations, f"{name} is taken back by a call that does not exist"
    taking_back = model_of(f"{name.partition('.')[0]}.{operations[undo]}").input_shape
    assert set(taking_back.required_members) <= set(sources)
    for argument, source in sources.items():
        assert argument in taking_back.members
        if isinstance(source, str):
            assert has(made.output_shape, source) or has(made.input_shape, source), f"{source} is not in {name}"


@pytest.mark.parametrize("name", [*SPECIAL, *(each for each in sorted(HARMLESS) if "." in each)])
def test_every_call_named_exists(name: str) -> None:
    assert model_of(name)


def test_no_call_is_in_two_tables() -> None:
    tables = [set(UNDO), set(SPECIAL), set(HARMLESS)]
    assert sum(map(len, tables)) == len(set().union(*tables))
    assert not [name for name in {*UNDO, *SPECIAL} if READS.match(name.partition(".")[2])]


def test_no_call_that_makes_or_removes_counts_as_reading() -> None:
    # the verbs of what changes something, wherever a service's model has them
    changing = ("Create", "Put", "Delete", "Update", "Attach", "Detach", "Add", "Remove", "Send", "Modify", "Run")
    for service in ("s3", "iam", "ec2", "sqs", "sns", "dynamodb", "lambda", "kms", "sts"):
        names = [name for name in service_model(service).operation_names if name.startswith(changing)]
        assert not [name for name in names if READS.match(name)]
