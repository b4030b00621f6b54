"""Nothing a test does can reach beyond this machine, nor use anybody's credentials."""

from __future__ import annotations

import os
import socket
import urllib.request
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from preflight.clouds.isolation import (
    FAKE_KEYS,
    LeavesThisMachine,
    environment,
    fake_environment,
    is_loopback,
    loopback_only,
)

FAR = "192.0.2.1"


def test_a_socket_to_another_machine_is_refused_by_the_suite() -> None:
    for connect in (socket.socket.connect, socket.socket.connect_ex):
        with socket.socket() as far, pytest.raises(AssertionError, match="a test tried to reach"):
            connect(far, (FAR, 443))
    with pytest.raises(AssertionError, match="a test looked up example"):
        socket.create_connection(("example.com", 443))
    with pytest.raises(AssertionError, match="a test looked up example"):
        urllib.request.urlopen("https://example.com")


def test_a_socket_to_this_machine_is_not() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with socket.create_connection(("localhost", server.getsockname()[1])):
            pass


def test_the_suite_runs_with_made_up_credentials() -> None:
    assert {name: value for name, value in os.environ.items() if name.startswith("AWS_")} == fake_environment(
        "us-east-1"
    )
    credentials = boto3.session.Session().get_credentials()
    assert credentials is not None
    assert credentials.access_key == FAKE_KEYS.access_key


def test_an_environment_of_our_own_hides_every_aws_variable_and_gives_them_back() -> None:
    with environment({"AWS_PROFILE": "work", "AWS_ROLE_ARN": "arn"}):
        before = dict(os.environ)
        with environment({"AWS_DEFAULT_REGION": "eu-central-1"}):
            os.environ["AWS_LEFT_BEHIND"] = "by somebody"
            assert [name for name in os.environ if name.startswith("AWS_")] == ["AWS_DEFAULT_REGION", "AWS_LEFT_BEHIND"]
        assert dict(os.environ) == before


def test_a_users_own_config_files_are_not_read(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nregion = eu-north-1\nendpoint_url = https://aws.example.com\n")
    with environment({"AWS_CONFIG_FILE": str(config)}):
        assert boto3.session.Session().region_name == "eu-north-1"
        with environment(fake_environment("us-east-1")):
            assert boto3.client("sts").meta.endpoint_url.endswith("amazonaws.com")


def test_no_request_of_botocore_leaves_while_it_is_kept_in() -> None:
    once = Config(retries={"total_max_attempts": 1})
    with loopback_only():
        with pytest.raises(LeavesThisMachine, match=r"s3\.example\.com"):
            boto3.client("s3", endpoint_url="https://s3.example.com", config=once).list_buckets()
        with pytest.raises(Exception, match="Could not connect") as stopped:
            boto3.client("s3", endpoint_url="http://localhost:9", config=once).list_buckets()
        assert not isinstance(stopped.value, LeavesThisMachine), "this machine may be asked"


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("localhost", True),
        ("bucket.localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("s3.amazonaws.com", False),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("169.254.169.254", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_and_nothing_that_looks_like_it(host: str, near: bool) -> None:
    assert is_loopback(host) is near
