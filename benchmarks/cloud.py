"""What our CloudFormation costs above the calls it makes, as ratios measured in one run.

    python benchmarks/cloud.py [--runs 3] [--endpoint URL] [--json]

Every stack of tests/apps and every worked stack is deployed on a warm, empty offline cloud. Beside its time stand:
the time of the API calls it made (what bare boto3 would have cost), and plain moto's `create_stack` of the same
template, which does less: what it left out is counted. `--endpoint` adds another emulator that listens there. Then a
stack of 200 resources is made, changed and deleted, one of 500 made, and the cost a resource of 500 compared with
that of 100. Medians of the runs; memory is the peak of a process that did nothing else.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parent.parent
# what was promised: the whole time over the time of the calls alone, and growth no faster than linear
OVERHEAD, GROWTH = 1.5, 1.25


def main() -> None:
    """Measure everything and print one table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--endpoint", help="another emulator's URL, to be given the same templates")
    options.add_argument("--json", action="store_true")
    options.add_argument("--deploy", type=int, help=argparse.SUPPRESS)
    arguments = options.parse_args()
    if arguments.deploy is not None:
        deploy_once(arguments.deploy)
        return
    with tempfile.TemporaryDirectory() as folder:
        apps = synthesized(Path(folder))
        figures = {
            "stacks": measure_stacks(apps, arguments.runs, arguments.endpoint),
            "sizes": measure_sizes(arguments.runs),
            "memory_mb": {str(size): peak_memory(size) for size in (0, 200, 500)},
        }
    print(json.dumps(figures, indent=2)) if arguments.json else show(figures)


def measure_stacks(apps: Mapping[str, Path], runs: int, endpoint: str | None) -> dict[str, dict[str, Any]]:
    """By stack: seconds, seconds in calls, how many calls, and the same of the others."""
    from preflight.clouds.offline import OfflineCloud

    rows: dict[str, dict[str, Any]] = {}
    with OfflineCloud() as cloud:
        for name, directory in apps.items():
            taken = [timed_deploy(cloud, directory, name) for _ in range(runs + 1)][1:]
            whole, calls, count, resources = (statistics.median(column) for column in zip(*taken, strict=True))
            rows[name] = {"resources": resources, "seconds": whole, "calls": count, "seconds_in_calls": calls}
    for name, directory in apps.items():
        template = (directory / f"{name}.template.json").read_text()
        rows[name]["moto"] = by_plain_moto(template, runs)
        if endpoint:
            rows[name]["other"] = by_endpoint(endpoint, name, template)
    return rows


def timed_deploy(cloud: Any, directory: Path, name: str) -> tuple[float, float, int, int]:
    """Deploy on the emptied cloud: seconds, seconds in API calls, calls, resources."""
    cloud.reset()
    # the emulated EC2 reads its images when it is first asked, whoever asks
    cloud.client("ec2").describe_regions()
    with counted_calls() as calls:
        begun = time.perf_counter()
        cloud.deploy(directory, name)
        whole = time.perf_counter() - begun
    return whole, sum(calls), len(calls), len(cloud.cloudformation.get(name).resources)


@contextmanager
def counted_calls() -> Iterator[list[float]]:
    """The seconds of every API call botocore makes meanwhile, one within another counted once."""
    from botocore.client import BaseClient

    seconds: list[float] = []
    make, depth = BaseClient._make_api_call, [0]

    def timed(self: Any, *asked: Any) -> Any:
        depth[0] += 1
        begun = time.perf_counter()
        try:
            return make(self, *asked)
        finally:
            depth[0] -= 1
            if not depth[0]:
                seconds.append(time.perf_counter() - begun)

    with patch.object(BaseClient, "_make_api_call", timed):
        yield seconds


def by_plain_moto(template: str, runs: int) -> dict[str, Any]:
    """moto's own CloudFormation on the same template: seconds and resources made, or what stopped it."""
    import boto3
    from moto import mock_aws

    taken, made = [], 0
    for _ in range(runs + 1):
        with mock_aws():
            client = boto3.client("cloudformation", region_name="us-east-1")
            ssm = boto3.client("ssm", region_name="us-east-1")
            ssm.put_parameter(Name="/cdk-bootstrap/preflight/version", Value="30", Type="String")
            begun = time.perf_counter()
            try:
                client.create_stack(StackName="Same", TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
            except Exception as error:
                return {"stopped": f"{type(error).__name__}: {error}".splitlines()[0][:100]}
            taken.append(time.perf_counter() - begun)
            made = len(client.list_stack_resources(StackName="Same")["StackResourceSummaries"])
    return {"seconds": statistics.median(taken[1:]), "resources": made}


def by_endpoint(url: str, name: str, template: str) -> dict[str, Any]:
    """Another emulator on the same template: seconds and resources, or what stopped it."""
    import boto3

    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    client = boto3.client("cloudformation", region_name="us-east-1", endpoint_url=url, **keys)
    ssm = boto3.client("ssm", region_name="us-east-1", endpoint_url=url, **keys)
    stack = f"{name}{int(time.time())}"
    try:
        ssm.put_parameter(Name="/cdk-bootstrap/preflight/version", Value="30", Type="String", Overwrite=True)
        begun = time.perf_counter()
        client.create_stack(StackName=stack, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
        while True:
            found = client.describe_stacks(StackName=stack)["Stacks"][0]
            if not found["StackStatus"].endswith("_IN_PROGRESS") or time.perf_counter() - begun > 20:
                break
            time.sleep(0.02)
        taken = time.perf_counter() - begun
        made = len(client.list_stack_resources(StackName=stack)["StackResourceSummaries"])
        with suppress(Exception):
            client.delete_stack(StackName=stack)
    except Exception as error:
        return {"stopped": f"{type(error).__name__}: {error}".splitlines()[0][:100]}
    return {"seconds": taken, "resources": made, "status": found["StackStatus"]}


def measure_sizes(runs: int) -> dict[str, dict[str, float]]:
    """Stacks of 100, 200 and 500 resources: seconds to make, to change, to delete."""
    from preflight.clouds.offline import OfflineCloud
    from preflight.template import Template

    rows: dict[str, dict[str, float]] = {}
    with OfflineCloud() as cloud:
        engine = cloud.cloudformation
        for size in (100, 200, 500):
            first, second = Template(large(size, 1)), Template(large(size, 2))
            columns: dict[str, list[float]] = {"make": [], "calls": [], "change": [], "delete": []}
            for _ in range(runs + 1):
                cloud.reset()
                with counted_calls() as calls:
                    columns["make"].append(seconds(engine.create_stack, "Big", first))
                columns["calls"].append(sum(calls))
                columns["change"].append(seconds(engine.update_stack, "Big", second))
                columns["delete"].append(seconds(engine.delete_stack, "Big"))
            rows[str(size)] = {name: statistics.median(column[1:]) for name, column in columns.items()}
    return rows


def large(size: int, version: int) -> dict[str, Any]:
    """A template of so many resources of six ordinary types, a fifth of them naming others."""
    resources: dict[str, Any] = {}
    for number in range(size):
        kind = number % 6
        name = f"Thing{number}"
        tags = [{"Key": "version", "Value": str(version)}]
        if kind == 0:
            resources[name] = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": f"v{version}", "Tags": tags}}
        elif kind == 1:
            resources[name] = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 30 + version}}
        elif kind == 2:
            resources[name] = {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Value": {"Fn::Sub": f"${{Thing{number - 2}}} {version}"}},
            }
        elif kind == 3:
            resources[name] = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7 * version}}
        elif kind == 4:
            trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            resources[name] = {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
                    "Description": f"v{version}",
                },
            }
        else:
            may = {
                "Effect": "Allow",
                "Action": ["sqs:SendMessage", "sqs:ReceiveMessage"][:version],
                "Resource": {"Fn::GetAtt": [f"Thing{number - 4}", "Arn"]},
            }
            resources[name] = {
                "Type": "AWS::IAM::Policy",
                "Properties": {
                    "PolicyName": name,
                    "Roles": [{"Ref": f"Thing{number - 1}"}],
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": [may]},
                },
            }
    return {"Resources": resources}


def deploy_once(size: int) -> None:
    """Deploy one large stack and say the peak of this process's memory in kilobytes; 0 is an empty cloud."""
    from preflight.clouds.offline import OfflineCloud
    from preflight.template import Template

    with OfflineCloud() as cloud:
        if size:
            cloud.cloudformation.create_stack("Big", Template(large(size, 1)))
        # not ru_maxrss, which a child inherits from whoever started it
        print(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])


def peak_memory(size: int) -> float:
    """The peak memory of a process that deploys a stack of this size, in MB."""
    command = [sys.executable, __file__, "--deploy", str(size)]
    return int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout) / 1000


def synthesized(folder: Path) -> dict[str, Path]:
    """Every stack of tests/apps and every worked stack: the assembly's folder by stack name."""
    from preflight.synth import Synthesizer

    files = {"".join(map(str.title, file.stem.split("_"))): file for file in (ROOT / "tests" / "apps").glob("*.py")}
    files |= {file.parent.name[:5].title(): file for file in (ROOT / "stacks").glob("lab*/stack.py")}
    with Synthesizer(folder) as synthesizer:
        return {name: synthesizer.synth(file, name).directory for name, file in sorted(files.items())}


def seconds(action: Callable[..., object], *given: object) -> float:
    """How long it took."""
    begun = time.perf_counter()
    action(*given)
    return time.perf_counter() - begun


def show(figures: Mapping[str, Any]) -> None:
    """The figures as a table, each promise beside what was measured."""
    other = any("other" in row for row in figures["stacks"].values())
    print(
        f"{'stack':<14}{'resources':>10}{'seconds':>9}{'calls':>7}{'x bare':>8}   plain moto" + " " * 24 * other, end=""
    )
    print("the other endpoint" if other else "")
    worst = 0.0
    for name, row in figures["stacks"].items():
        overhead = row["seconds"] / row["seconds_in_calls"] if row["seconds_in_calls"] else 0.0
        worst = max(worst, overhead)
        line = f"{name:<14}{row['resources']:>10.0f}{row['seconds']:>9.2f}{row['calls']:>7.0f}{overhead:>8.2f}   "
        line += f"{beside(row['moto'], row):<34}"
        print(line + (beside(row["other"], row) if "other" in row else ""))
    print(f"\nwhole time over bare calls, worst: {worst:.2f} x   promised <= {OVERHEAD} x")
    for size, row in figures["sizes"].items():
        overhead = row["make"] / row["calls"]
        print(
            f"{size:>4} resources: made in {row['make']:.2f} s ({overhead:.2f} x bare), "
            f"changed in {row['change']:.2f} s, deleted in {row['delete']:.2f} s"
        )
    growth = figures["sizes"]["500"]["make"] / figures["sizes"]["100"]["make"] / 5
    print(f"a resource of 500 costs {growth:.2f} x one of 100   promised <= {GROWTH} x")
    peaks = ", ".join(f"{size} resources {peak:.0f} MB" for size, peak in figures["memory_mb"].items())
    print(f"peak memory: {peaks}")


def beside(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    """Another's figures: how many times as long ours takes, and what the other left out."""
    if "stopped" in theirs:
        return f"stopped: {theirs['stopped'][:24]}"
    status = "" if theirs.get("status", "CREATE_COMPLETE") == "CREATE_COMPLETE" else f" {theirs['status']}"
    ratio = ours["seconds"] / theirs["seconds"]
    return f"{ratio:.1f} x, made {theirs['resources']} of {ours['resources']:.0f}{status}"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
