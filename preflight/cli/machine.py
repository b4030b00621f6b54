"""This machine: what is missing on it, the offline cloud by itself, the project's own tests."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Annotated

import typer

from preflight.cli.desk import Desk


def doctor(context: typer.Context) -> int:
    """What this machine has, what is missing, and the command that mends it."""
    return 0


def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free one.")] = 5000,
    region: Annotated[str, typer.Option("--region", help="The Region the environment names.")] = "us-east-1",
) -> int:
    """Serve the offline cloud on this machine, until Ctrl-C; prints the environment other tools need."""
    from preflight.clouds.offline import OfflineCloud

    desk: Desk = context.obj
    with OfflineCloud(region=region) as cloud:
        url = cloud.serve(port)
        for line in environment(url, cloud.region):
            print(line, flush=True)
        desk.warn(f"# The offline cloud answers at {url} until Ctrl-C. In another terminal, paste the lines above.")
        while True:
            # in steps, or Ctrl-C would not come through on Windows
            time.sleep(0.5)


def environment(url: str, region: str) -> list[str]:
    """The lines a shell needs so that the AWS CLI, boto3 and the CDK CLI talk to this endpoint."""
    return []


def test(context: typer.Context) -> int:
    """Run the project's own tests; more words go to pytest, as ./lab test -k progress."""
    desk: Desk = context.obj
    command = [sys.executable, "-m", "pytest", *context.args]
    return subprocess.run(command, cwd=desk.root, check=False).returncode
