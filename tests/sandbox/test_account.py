"""Before every step AWS is asked who we are, and anybody but the sandbox is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from preflight.clouds.offline import OfflineCloud
from preflight.errors import Unavailable, Usage
from preflight.sandbox.account import Caller, ask_caller, open_sandbox
from preflight.sandbox.settings import Settings
from tests.sandbox.accounts import SANDBOX, Account

MINE = Settings(account=SANDBOX, region="eu-west-1", profile="sandbox")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    MINE.save(tmp_path)
    return tmp_path


def test_the_sandbox_is_opened_in_its_region_with_its_profile(root: Path) -> None:
    found = open_sandbox(root, clients=Account())
    assert (found.account, found.region, found.place) == (SANDBOX, "eu-west-1", f"account {SANDBOX} in eu-west-1")
    assert found.environment == {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_PROFILE": "sandbox"}


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (Account("111122223333"), "of account 111122223333, and your sandbox is 210987654321"),
        (Account(arn=f"arn:aws:iam::{SANDBOX}:root"), "root user's credentials"),
        (Account(management=SANDBOX), "management account of an organization"),
        (Account(alias="clinic-prod"), "called clinic-prod"),
        (Account(alias="live"), "--even-if-production"),
    ],
)
def test_anybody_else_is_refused(root: Path, account: Account, words: str) -> None:
    with pytest.raises(Usage, match=words):
        open_sandbox(root, clients=account)


def test_a_production_account_takes_an_explicit_word_and_root_never(root: Path) -> None:
    MINE.model_copy(update={"production_anyway": True}).save(root)
    assert open_sandbox(root, clients=Account(alias="prod")).account == SANDBOX
    with pytest.raises(Usage, match="root"):
        open_sandbox(root, clients=Account(arn=f"arn:aws:iam::{SANDBOX}:root"))


def test_what_may_not_be_asked_counts_as_a_no() -> None:
    assert ask_caller(Account(shy=True, alias="prod"), "us-east-1", None) == Caller(
        SANDBOX, f"arn:aws:sts::{SANDBOX}:assumed-role/Sandbox/ana"
    )


@pytest.mark.parametrize("alias", ["product-team", "alive", "reproduction", "olivers-lab", "delivery"])
def test_a_word_that_only_begins_like_it_is_no_production(alias: str) -> None:
    assert not Caller(SANDBOX, "x", alias).production


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ExpiredToken", "have expired; sign in again .aws sso login --profile sandbox."),
        ("InvalidClientTokenId", "AWS does not know these credentials"),
        ("ThrottlingException", "AWS answers ThrottlingException"),
    ],
)
def test_credentials_aws_does_not_take_are_told_in_a_sentence(root: Path, code: str, words: str) -> None:
    with pytest.raises(Unavailable, match=words) as told:
        open_sandbox(root, clients=Account(refuses=code))
    assert str(told.value).endswith("./lab sandbox")


def test_without_a_sandbox_no_account_is_asked(tmp_path: Path) -> None:
    with pytest.raises(Usage, match="No account is named"):
        open_sandbox(tmp_path, clients=Account())


def test_an_endpoint_of_this_machine_needs_no_account(tmp_path: Path, cloud: OfflineCloud) -> None:
    found = open_sandbox(tmp_path, endpoint_url=cloud.serve())
    assert found.is_local and found.account == "123456789012"
    assert found.environment["AWS_ENDPOINT_URL"] == found.place
    assert found.client("s3").list_buckets()["Buckets"] == []
