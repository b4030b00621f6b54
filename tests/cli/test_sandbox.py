"""`./lab sandbox` names one account, and asks AWS whose the credentials are."""

from __future__ import annotations

import pytest

from preflight.sandbox import account
from preflight.sandbox.settings import load
from tests.sandbox.accounts import SANDBOX, Account
from tests.shelf.builder import Shelf


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Account:
    mine = Account(alias="ana-plays")
    monkeypatch.setattr(account, "account_clients", lambda profile: mine)
    return mine


def test_an_account_is_named_and_shown(shelf: Shelf, aws: Account) -> None:
    shelf.run("sandbox", "--yes", "--profile", "play", "--limit", "5").says(
        f"Your sandbox is account {SANDBOX}, in us-east-1", "profile play", "5 USD a month", "./lab deploy 1", code=0
    )
    assert shelf.run("sandbox", "--json").json()["account"] == SANDBOX
    shelf.run("sandbox", "--yes", "--kind", "paid").says("paid", code=0)
    kept = load(shelf.root)
    assert kept is not None and (kept.profile, kept.monthly_limit_usd, kept.account_kind) == ("play", 5.0, "paid")


def test_a_script_says_yes_or_nothing_is_written(shelf: Shelf, aws: Account) -> None:
    shelf.run("sandbox").says(SANDBOX, "./lab sandbox --yes", code=2)
    assert load(shelf.root) is None


def test_production_and_root_are_not_named_in_passing(shelf: Shelf, aws: Account) -> None:
    aws.alias = "clinic-prod"
    shelf.run("sandbox", "--yes").says("called clinic-prod", "--even-if-production", code=2)
    aws.arn = f"arn:aws:iam::{SANDBOX}:root"
    shelf.run("sandbox", "--yes", "--even-if-production").says("root user's credentials", code=2)
    aws.arn = f"arn:aws:sts::{SANDBOX}:assumed-role/Sandbox/ana"
    shelf.run("sandbox", "--yes", "--even-if-production").says(SANDBOX, code=0)
    kept = load(shelf.root)
    assert kept is not None and kept.production_anyway


def test_words_that_do_not_fit_are_told(shelf: Shelf, aws: Account) -> None:
    shelf.run("sandbox", "--yes", "--kind", "cheap").says("no kind of account called cheap", "--kind paid", code=2)
    shelf.run("sandbox", "--yes", "--region", "Frankfurt").says("region", "--region us-east-1", code=2)
    shelf.run("sandbox", "--yes", "--limit", "0").says("monthly_limit_usd", code=2)


def test_an_endpoint_of_this_machine_needs_no_sandbox(
    shelf: Shelf, aws: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:5000")
    shelf.run("sandbox", "--yes").says("points to this machine", code=2)
