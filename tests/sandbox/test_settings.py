"""The sandbox is named once, and any other account is told apart from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from preflight.errors import Usage
from preflight.sandbox.settings import Settings, load, local_endpoint, objection, path_of, require

MINE = Settings(account="210987654321", region="eu-west-1", profile="sandbox")
THEIRS = {"CDK_DEFAULT_ACCOUNT": "111122223333"}


def test_what_is_saved_is_read_again_and_holds_no_credentials(tmp_path: Path) -> None:
    for settings in (MINE, Settings(account="000000000001", region="us-gov-west-1", production_anyway=True)):
        file = settings.save(tmp_path)
        assert load(tmp_path) == settings
        assert "key" not in file.read_text(encoding="utf-8").lower()


def test_without_a_sandbox_nothing_is_deployed(tmp_path: Path) -> None:
    with pytest.raises(Usage, match=r"name one with \./lab sandbox$"):
        require(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('account = "12"\nregion = "us-east-1"\n', "account"),
        ('account = "210987654321"\nregion = "Frankfurt"\n', "region"),
        ('account = "210987654321"\nregion = "us-east-1"\nsecret = "x"\n', "secret: no such field"),
        ("account = ", "sandbox.toml: "),
    ],
)
def test_a_faulty_file_is_told_with_its_field_and_the_next_command(tmp_path: Path, text: str, words: str) -> None:
    path_of(tmp_path).parent.mkdir()
    path_of(tmp_path).write_text(text, encoding="utf-8")
    with pytest.raises(Usage, match=words) as told:
        load(tmp_path)
    assert str(told.value).endswith("./lab sandbox")
    found = objection(tmp_path, THEIRS)
    assert found is not None and found.stops


def test_plain_cdk_is_warned_without_a_sandbox_and_stopped_in_another_account(tmp_path: Path) -> None:
    unnamed = objection(tmp_path, THEIRS)
    assert unnamed is not None and not unnamed.stops and "111122223333" in unnamed.sentence

    MINE.save(tmp_path)
    other = objection(tmp_path, THEIRS)
    assert other is not None and other.stops
    assert "111122223333" in other.sentence and "210987654321" in other.sentence
    assert objection(tmp_path, {"CDK_DEFAULT_ACCOUNT": "210987654321"}) is None


def test_no_account_or_an_endpoint_of_this_machine_is_nobodys_account(tmp_path: Path) -> None:
    MINE.save(tmp_path)
    assert objection(tmp_path, {}) is None
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_CLOUDFORMATION"):
        assert objection(tmp_path, {**THEIRS, name: "http://127.0.0.1:5000"}) is None
    assert objection(tmp_path, {**THEIRS, "AWS_ENDPOINT_URL": "https://example.com"}) is not None


def test_an_endpoint_aws_tools_are_told_to_ignore_is_none() -> None:
    assert local_endpoint({"AWS_ENDPOINT_URL": "http://localhost:5000/"}) == "http://localhost:5000"
    ignored = {"AWS_ENDPOINT_URL": "http://localhost:5000", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    assert local_endpoint(ignored) is None
