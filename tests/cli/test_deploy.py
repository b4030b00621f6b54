"""`./lab deploy` shows what it will make before it makes anything, and asks."""

from __future__ import annotations

import pytest

from preflight.clouds.offline import OfflineCloud
from preflight.sandbox import deploying
from preflight.sandbox.deploying import Plan
from tests.shelf.builder import Shelf


@pytest.fixture
def went_up(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """The plans that were carried out, by nobody: the CDK CLI's part is tests/sandbox/test_deploying.py's."""
    carried: list[Plan] = []

    def deploy(plan: Plan, *rest: object) -> dict[str, str]:
        carried.append(plan)
        return {"BooksBucket": "lab1-books"}

    monkeypatch.setattr(deploying, "deploy", deploy)
    monkeypatch.setattr(deploying, "tool", lambda *_: None)
    return carried


def test_it_is_shown_and_nothing_is_done_until_somebody_says_yes(
    shelf: Shelf, cloud: OfflineCloud, went_up: list[Plan]
) -> None:
    url = cloud.serve()
    said = shelf.run("deploy", "1", "--endpoint", url).says("Lab 1 · Keep a book", url, "makes", "1 S3::Bucket", code=2)
    said.says("price", "costs nothing", "leaves", "offline", "until")
    assert said.err.strip().endswith("say ./lab deploy 1 --yes") and not went_up


def test_with_yes_it_goes_up_and_says_what_comes_next(shelf: Shelf, cloud: OfflineCloud, went_up: list[Plan]) -> None:
    url = cloud.serve()
    said = shelf.run("deploy", "1", "--yes", "--ttl", "90m", "--endpoint", url)
    said.says("Lab1 stands", "lab1-books", f"then ./lab destroy 1 --endpoint {url}", "./lab verify 1", url, code=0)
    [plan] = went_up
    assert plan.tags["preflight:lab"] == "Lab1" and plan.tags["preflight:expires"].endswith("Z")


def test_a_program_reads_the_plan_without_carrying_it_out(
    shelf: Shelf, cloud: OfflineCloud, went_up: list[Plan]
) -> None:
    plan = shelf.run("deploy", "1", "--json", "--endpoint", cloud.serve()).json()
    assert plan["deployed"] is False and plan["makes"] == {"AWS::S3::Bucket": 1} and plan["usd_per_month"] == 0
    assert not went_up


def test_without_a_sandbox_or_with_words_that_do_not_fit_nothing_begins(
    shelf: Shelf, cloud: OfflineCloud, went_up: list[Plan]
) -> None:
    shelf.run("deploy", "1", "--yes").says("No account is named as your sandbox yet", "./lab sandbox", code=2)
    shelf.run("deploy", "1", "--yes", "--ttl", "a while", "--endpoint", cloud.serve()).says("--ttl 4h", code=2)
    shelf.run("deploy", "1", "--yes", "--endpoint", "https://example.com").says("not on this machine", code=2)
    assert not went_up


def test_the_last_check_on_this_machine_is_told(shelf: Shelf, went_up: list[Plan]) -> None:
    def offline(words: str) -> None:
        with OfflineCloud() as cloud:
            shelf.run("deploy", "1", "--endpoint", cloud.serve()).says("offline", words)

    shelf.start(1)
    offline("not checked yet")
    shelf.write(1, "versioned=False", "versioned=True").run("check", "1").says("2 of 3 kept")
    offline("2 of 3 kept, with this very code")
    shelf.write(1, "versioned=True", "versioned=False")
    offline("the code has changed since")
