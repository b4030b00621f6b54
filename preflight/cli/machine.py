"""This machine: what is missing on it, the offline cloud by itself, the project's own tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from preflight.cli.desk import Desk
from preflight.cli.lines import COMMAND, KEPT, NAME, NOT_YET, QUIET, Lines

if TYPE_CHECKING:
    from preflight.doctor import Finding


def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data.")] = False,
) -> int:
    """What this machine lacks, and the command that mends it."""
    from preflight.doctor import examine

    desk: Desk = context.obj
    with desk.waiting("Looking over this machine …"):
        findings = examine(desk.root)
    if as_json:
        desk.show_json({"findings": [vars(finding) for finding in findings]})
    else:
        desk.show(finding_lines(findings, desk.width))
    return 1 if any(finding.ok is False for finding in findings) else 0


def finding_lines(findings: list[Finding], width: int) -> Lines:
    """Each finding in a line, and below a missing thing the command that mends it."""
    lines = Lines(width)
    for finding in findings:
        mark, style = {True: ("✓", KEPT), False: ("✗", NOT_YET), None: ("·", QUIET)}[finding.ok]
        lines.mark(mark, f"{finding.name:<12} {finding.saw}", style, title_style="")
        if finding.mend:
            lines.row("mend", finding.mend, NAME, indent=6)
    missing = sum(finding.ok is False for finding in findings)
    lines.blank().add("Nothing is missing." if not missing else f"{missing} to mend.")
    following = "./lab" if not missing else next(finding.mend for finding in findings if finding.ok is False)
    return lines.row("next", following, COMMAND, indent=0)


def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free one.")] = 5000,
    region: Annotated[str, typer.Option("--region", help="The Region the environment names.")] = "us-east-1",
) -> int:
    """Serve the offline cloud on this machine until Ctrl-C; prints the environment other AWS tools need."""
    from preflight.clouds.offline import OfflineCloud

    desk: Desk = context.obj
    with OfflineCloud(region=region) as cloud:
        url = cloud.serve(port)
        try:
            print("\n".join(environment(url, cloud.region, desk.root)), flush=True)
            desk.warn(
                f"The offline cloud answers at {url}, empty, until Ctrl-C. Elsewhere, paste the lines above, then:"
            )
            place = f"aws://{cloud.account}/{cloud.region}"
            for command in (f"cdk bootstrap {place}", "cdk deploy Lab1", f"./lab verify 1 --endpoint {url}"):
                desk.warn(f"  {command}")
            while True:
                # in steps, or Ctrl-C would not come through on Windows
                time.sleep(0.5)
        except KeyboardInterrupt:
            desk.warn("\nThe offline cloud is closed, with all that was in it; an empty one: ./lab cloud serve")
            return 0


def environment(url: str, region: str, root: Path) -> list[str]:
    """The lines to paste into a shell so that the AWS CLI, boto3 and the CDK CLI talk to this endpoint alone."""
    from preflight.clouds.isolation import fake_environment

    variables = {
        **fake_environment(region),
        "AWS_ENDPOINT_URL": url,
        # the address CloudFormation is told to fetch templates from
        "AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION": url,
        # the CDK CLI remembers in its home which account belongs to which key
        "CDK_HOME": str(root / ".preflight" / "cdk-home"),
        "CDK_DISABLE_CLI_TELEMETRY": "1",
    }
    form = '$env:{}="{}"' if os.name == "nt" else "export {}={}"
    return [form.format(name, value) for name, value in variables.items()]


def test(context: typer.Context) -> int:
    """Run the project's own tests; more words go to pytest."""
    desk: Desk = context.obj
    words = context.args or side_by_side()
    return subprocess.run([sys.executable, "-m", "pytest", *words], cwd=desk.root, check=False).returncode


# gigabytes a process of the whole suite comes to
SUITE_GIGABYTES = 4


def side_by_side() -> list[str]:
    """pytest's words for the whole suite in as many processes as this machine has cores and room for, four at most."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    except (AttributeError, ValueError, OSError):
        memory = 2 * SUITE_GIGABYTES
    processes = min(cores, int(memory // SUITE_GIGABYTES), 4)
    # a file's tests share a cloud and a kernel, so they stay together
    return ["-n", str(processes), "--dist", "loadfile"] if processes > 1 else []
