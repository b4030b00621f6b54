"""A lab goes down whatever stands in the way, and an inventory proves that nothing of it is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preflight.sandbox.records import read
from tests.sandbox.terminal import lab

if TYPE_CHECKING:
    from tests.sandbox.conftest import Yard


def test_a_lab_goes_down_and_nothing_of_it_is_left(yard: Yard) -> None:
    books = yard.deploy(1)["BooksBucket"]
    yard.sandbox.client("s3").put_object(Bucket=books, Key="a", Body=b"1")
    lab(yard, "destroy", "1").says("Lab1 is CREATE_COMPLETE", "Nothing was deleted", "./lab destroy 1 --yes", code=2)
    lab(yard, "destroy", "1", "--yes").says("Nothing of Lab 1 is left", "./lab", code=0)
    assert yard.cloud.cloudformation.find("Lab1") is None and read(yard.root, "Lab1") is None
    lab(yard, "destroy", "1", "--yes").says("none of Lab1 stands", "Nothing of Lab 1 is left", code=0)
