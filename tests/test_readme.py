"""README is true: every command in it is run here, in the order a learner would, on a copy of the project."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from preflight.node import cdk_cli
from tests.copies import ROOT, copy_of_the_project, run

README = (ROOT / "README.md").read_text(encoding="utf-8")

# run by other means: a fresh clone and its first install by tests/test_fresh_clone.py, the suite by whoever runs this
ELSEWHERE = {
    "git clone <this repository> preflight && cd preflight",
    "python3 -m venv .venv",
    ".venv/bin/pip install -r requirements.txt",
    "./lab test",
    "python lab check 1",
}

AS_A_LEARNER = [
    ("./lab", 0, "./lab start 1"),
    ("./lab check 1", 0, "kept"),
    ("./lab list", 0, "First bucket"),
    ("./lab list --exam clf", 0, "% of the exam"),
    ("./lab coverage", 0, "bullets are asked"),
    ("./lab start 3", 0, "workspace/lab03_who_may_do_what"),
    ("./lab show 3", 0, "Who may do what"),
    ("./lab check 3", 1, "not yet"),
    ("./lab hint 3", 0, "hint"),
    ("./lab progress", 0, "3"),
    ("./lab compare 3", 2, "./lab"),
    ("./lab ask 1 leftovers", 0, "Deleting the stack"),
    ("./lab ask 3 what-may Triage", 0, "s3:"),
    ("./lab ask 6 exposed", 0, "internet reaches"),
    ("./lab ask 6 lose az a", 0, "us-east-1a"),
    ("./lab ask 1 review", 0, "AwsSolutions-S1"),
    ("./lab cost 8", 0, "forgotten"),
    ("./lab ask 1 may anyone s3:GetObject Notes/today", 0, "No: s3:GetObject"),
    ("./lab ask 6 reach internet Database 5432", 0, "does not reach"),
    ("./lab reset 3", 0, "workspace/aside"),
    ("./lab doctor", 0, "python"),
    ("./lab sandbox", 2, "No AWS credentials are set"),
]

BY_ORDINARY_TOOLS = [
    ("npx aws-cdk@2.1148.1 ls", "Lab1"),
    ("npx aws-cdk@2.1148.1 synth Lab1", "AWS::S3::Bucket"),
    ("./lab cloud deploy cdk.out", "stacks stand"),
    (".venv/bin/python -m pytest labs/lab01*", "passed"),
]

AGAINST_THE_OFFLINE_CLOUD = [
    ("cdk bootstrap", "bootstrapped"),
    ("cdk deploy Lab1", "Lab1"),
    ("cdk diff Lab1", "no differences"),
    ("./lab verify 1 --endpoint URL", "kept"),
    ("cdk destroy Lab1", "destroyed"),
    ("./lab deploy 1", "Lab1 stands"),
    ("./lab verify 1", "kept"),
    ("./lab destroy 1", "is left"),
    ("./lab sweep", "./lab"),
]


def commands() -> set[str]:
    """The commands README shows: indented blocks, and what stands in backticks and begins like one."""
    blocks = {line.strip() for line in README.splitlines() if line.startswith("    ")}
    inline = {
        each
        for each in re.findall(r"`([^`\n]+)`", README.replace("\n", " "))
        if re.match(r"(\./lab|cdk |python )", each)
    }
    return {each for each in blocks | inline if not each.endswith("LabN")}


def test_every_command_in_the_readme_is_run_by_a_test() -> None:
    watched = {"./lab check 3 --watch", "./lab cloud serve"}
    known = {each[0] for each in (*AS_A_LEARNER, *BY_ORDINARY_TOOLS, *AGAINST_THE_OFFLINE_CLOUD)}
    assert commands() == known | watched | ELSEWHERE


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_the_project(tmp_path_factory.mktemp("readme") / "preflight")


def test_a_learner_follows_the_table(project: Path) -> None:
    for command, code, words in AS_A_LEARNER:
        said = run(sys.executable, "lab", *command.split()[1:], cwd=project, good=(code,))
        assert words.lower() in said.lower(), f"{command}: {said}"


def test_the_ordinary_tools_work_too(project: Path) -> None:
    cli = cdk_cli(ROOT)
    for command, words in BY_ORDINARY_TOOLS:
        if command.startswith("npx"):
            said = run(*cli.command, *command.split()[2:], "--no-notices", cwd=project, **cli.environment)
        elif command.startswith("./lab"):
            said = run(sys.executable, "lab", *command.split()[1:], cwd=project)
        else:
            said = run("sh", "-c", command, cwd=project)
        assert words in said, f"{command}: {said}"


def test_the_offline_cloud_serves_the_cdk_cli(project: Path, tmp_path: Path) -> None:
    cli = cdk_cli(ROOT)
    with served(project) as exported:
        exported["CDK_HOME"] = str(tmp_path)
        for command, words in AGAINST_THE_OFFLINE_CLOUD:
            if command.startswith("cdk "):
                arguments = command.split()[1:]
                if arguments[0] in ("deploy", "destroy"):
                    arguments += ["--require-approval", "never"] if arguments[0] == "deploy" else ["--force"]
                environment = {**cli.environment, **exported}
                said = run(*cli.command, *arguments, "--no-notices", cwd=project, **environment)
            else:
                url = exported["AWS_ENDPOINT_URL"]
                arguments = command.replace("URL", url).split()[1:]
                if "--endpoint" not in arguments:
                    # what goes to an account there goes to the offline cloud here
                    arguments += ["--endpoint", url] + (["--yes"] if arguments[0] != "verify" else [])
                said = run(sys.executable, "lab", *arguments, cwd=project)
            assert words in said, f"{command}: {said}"


@contextlib.contextmanager
def served(project: Path) -> Iterator[dict[str, str]]:
    """`./lab cloud serve`, and the variables it prints to export."""
    process = subprocess.Popen(
        [sys.executable, "lab", "cloud", "serve", "--port", "0"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        exported: dict[str, str] = {}
        for line in process.stdout:
            if found := re.search(r"export (\w+)=(\S+)", line):
                exported[found[1]] = found[2].strip("'\"")
            elif exported:
                break
        assert "AWS_ENDPOINT_URL" in exported
        yield exported
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(20)
        process.stdout.close()
