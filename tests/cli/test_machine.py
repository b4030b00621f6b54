"""This machine: what the doctor says, the offline cloud for other tools, the project's own tests."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from preflight.cli.machine import environment, finding_lines, side_by_side
from preflight.doctor import Finding
from tests.cli.test_bad_input import LAB, posix
from tests.golden_files import same_as_golden
from tests.shelf.builder import Shelf

PROJECT = Path(__file__).resolve().parent.parent.parent


def test_the_doctors_words() -> None:
    findings = [
        Finding("python", True, "3.11.7"),
        Finding("node", False, "no node 22 or newer", "python -m pip install -r requirements.txt"),
        Finding("workspace", False, "workspace/ cannot be written", "chmod -R u+w workspace"),
        Finding("cdk", None, "CDK CLI 2.1148.1 is installed on the first deploy"),
    ]
    same_as_golden("doctor", str(finding_lines(findings, 100)))
    assert str(finding_lines(findings[:1], 100)).endswith("Nothing is missing.\nnext     ./lab")


def test_the_doctor_looks_over_this_machine(shelf: Shelf) -> None:
    said = shelf.run("doctor", "--json")
    findings = {finding["name"]: finding for finding in said.json()["findings"]}
    assert findings["python"]["ok"] is True
    assert said.code == (1 if any(finding["ok"] is False for finding in findings.values()) else 0)
    shelf.run("doctor").says("python", "node", "workspace")


@contextmanager
def serving(shelf: Shelf, *words: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """`cloud serve` in a process of its own, and the environment it printed."""
    process = subprocess.Popen(
        [*LAB, str(shelf.root), "cloud", "serve", *words], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    try:
        printed: dict[str, str] = {}
        assert process.stdout is not None and process.stderr is not None
        while "CDK_DISABLE_CLI_TELEMETRY" not in printed:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            name, _, value = line.removeprefix("export ").strip().partition("=")
            printed[name] = value
        yield process, printed
    finally:
        process.kill()
        process.communicate()


@posix
def test_a_stack_at_an_endpoint_is_verified_there(shelf: Shelf) -> None:
    import boto3

    from preflight.synth import Synthesizer

    with serving(shelf, "--port", "0") as (process, variables):
        url = variables["AWS_ENDPOINT_URL"]
        shelf.run("verify", "1", "--endpoint", url).says("There is no stack Lab1", "cdk deploy Lab1", code=2)

        shelf.run("verify", "1", "--endpoint", "localhost").says(
            "localhost is not an address", "--endpoint http", code=2
        )

        with Synthesizer(shelf.root) as synthesizer:
            body = synthesizer.synth(shelf.root / "stacks/lab01_keep_a_book", "Lab1").template_path.read_text()
        keys = {"aws_access_key_id": variables["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": "made-up"}
        region = variables["AWS_REGION"]
        boto3.client("ssm", endpoint_url=url, region_name=region, **keys).put_parameter(
            Name="/cdk-bootstrap/preflight/version", Value="30", Type="String"
        )
        boto3.client("cloudformation", endpoint_url=url, region_name=region, **keys).create_stack(
            StackName="Lab1", TemplateBody=body
        )
        shelf.run("verify", "1", "--endpoint", url).says("3 of 3 kept", code=0)
        data = shelf.run("verify", "1", "--endpoint", url, "--json").says(code=0).json()
        assert [promise["outcome"] for promise in data["promises"]] == ["kept", "kept", "kept"]
        assert not any(lab["attempts"] for lab in shelf.run("progress", "--json").json()["labs"])

        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 0
        assert f"./lab verify 1 --endpoint {url}" in err and err.strip().endswith("./lab cloud serve")


def test_a_port_in_use_is_told(shelf: Shelf) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = shelf.run("cloud", "serve", "--port", str(port)).says(f"Port {port} of localhost", code=2)
    assert said.out == "" and said.err.rstrip().endswith("./lab cloud serve --port 0")


def test_the_environment_names_this_machine_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = environment("http://localhost:5000", "eu-west-1", tmp_path)
    assert "export AWS_ENDPOINT_URL=http://localhost:5000" in lines and "export AWS_REGION=eu-west-1" in lines
    assert not [line for line in lines if re.search(r"https?://(?!localhost)", line)]
    monkeypatch.setattr("preflight.cli.machine.os", SimpleNamespace(name="nt", environ=os.environ))
    assert '$env:AWS_REGION="eu-west-1"' in environment("http://localhost:5000", "eu-west-1", tmp_path)


def test_the_projects_tests_get_the_words_that_follow(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        calls.append(command)
        return SimpleNamespace(returncode=5)

    monkeypatch.setattr("preflight.cli.machine.subprocess", SimpleNamespace(run=run))
    assert shelf.run("test", "-k", "progress", "--debug", "-x").code == 5
    assert calls == [[sys.executable, "-m", "pytest", "-k", "progress", "--debug", "-x"]]
    assert json.dumps(shelf.run("test").code) == "5"


def test_the_whole_suite_takes_the_cores_and_the_memory_there_are(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def words(cores: int, gigabytes: float) -> list[str]:
        pages = {"SC_PHYS_PAGES": int(gigabytes * 2**18), "SC_PAGE_SIZE": 4096}
        machine = SimpleNamespace(sched_getaffinity=lambda _: {*range(cores)}, sysconf=pages.__getitem__)
        monkeypatch.setattr("preflight.cli.machine.os", machine)
        return side_by_side()

    assert words(2, 24) == ["-n", "2", "--dist", "loadfile"]
    assert words(16, 64)[1] == "4" and words(8, 12.5)[1] == "3"
    assert words(1, 24) == [] and words(8, 7) == []


@posix
def test_ctrl_c_says_that_the_served_cloud_is_gone() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "preflight", "cloud", "serve", "--port", "0"],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None and process.stderr is not None
    # the last of the lines that tell what to do with it
    while "verify" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "closed, with all that was in it" in said and "nothing is lost" not in said
