"""The real CDK CLI takes every worked lab up, changes it and takes it down at the offline cloud's endpoint.

It takes ready assemblies (`--app`), so that each command lasts a second or two. The first run installs the CDK CLI.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from preflight.clouds.live import LiveCloud
from preflight.clouds.offline import OfflineCloud
from preflight.errors import Unavailable
from preflight.lab import Lab
from preflight.node import CdkCli, cdk_cli
from preflight.synth import Synthesizer
from preflight.verdict import run

ROOT = Path(__file__).resolve().parent.parent
LABS = [Lab.load(folder) for folder in sorted((ROOT / "labs").iterdir()) if re.fullmatch(r"lab\d\d_\w+", folder.name)]
CHANGED = (1, 3, 6)

every_lab = pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.id)


@dataclass
class Cli:
    """The CDK CLI, aimed at one endpoint."""

    tool: CdkCli
    url: str
    home: Path

    def __call__(self, command: str, assembly: Path, *arguments: str) -> str:
        """Run a command on an assembly and give what it said; a failure fails the test."""
        done = subprocess.run(
            [*self.tool.command, command, *arguments, "--app", str(assembly)],
            cwd=ROOT,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"cdk {command} {' '.join(arguments)} answered {done.returncode}:\n{said}"
        return said

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
        ours = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "CDK_HOME": str(self.home),
            "NO_COLOR": "1",
        }
        return {**kept, **self.tool.environment, **ours}


@pytest.fixture(scope="module")
def synthesizer() -> Iterator[Synthesizer]:
    with Synthesizer(ROOT) as synthesizer:
        yield synthesizer


@pytest.fixture(scope="module")
def cloud() -> Iterator[OfflineCloud]:
    with OfflineCloud() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def cdk(cloud: OfflineCloud, synthesizer: Synthesizer, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """The CLI, its environment bootstrapped once, under our own names."""
    try:
        tool = cdk_cli(ROOT)
    except Unavailable as error:
        pytest.skip(str(error))
    cli = Cli(tool, cloud.serve(), tmp_path_factory.mktemp("cdk"))
    first = synthesizer.synth(LABS[0].worked, LABS[0].construct_id)
    cli("bootstrap", first.directory, "aws://123456789012/us-east-1")
    assert cloud.cloudformation.get("PreflightToolkit").status == "CREATE_COMPLETE"
    assert cloud.cloudformation.find("CDKToolkit") is None
    return cli


@every_lab
def test_a_worked_lab_goes_up_and_down_and_leaves_nothing(
    lab: Lab, cdk: Cli, cloud: OfflineCloud, synthesizer: Synthesizer, tmp_path: Path
) -> None:
    assembly = synthesizer.synth(lab.worked, lab.construct_id)
    before = inventory(cloud)
    cdk("deploy", assembly.directory, lab.construct_id, "--require-approval", "never")
    stack = cloud.cloudformation.get(lab.construct_id)
    assert stack.status == "CREATE_COMPLETE"
    assert inventory(cloud) != before
    assert_kept(lab, cdk.url)

    assert "no changes" in cdk("deploy", assembly.directory, lab.construct_id, "--require-approval", "never")
    directory = assembly.directory
    if lab.number in CHANGED:
        directory = change_and_deploy(lab, cdk, cloud, assembly.directory, tmp_path)
        assert_kept(lab, cdk.url)

    cdk("destroy", directory, lab.construct_id, "--force")
    assert cloud.cloudformation.find(lab.construct_id) is None
    assert inventory(cloud) == before


def change_and_deploy(lab: Lab, cdk: Cli, cloud: OfflineCloud, assembly: Path, tmp_path: Path) -> Path:
    """Deploy the lab with a tag more on one resource and a parameter added; the changed assembly."""
    name, kind = taggable(assembly, lab.construct_id)
    added = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/added", "Type": "String", "Value": "x"}}

    def change(template: dict[str, Any]) -> None:
        properties = template["Resources"][name].setdefault("Properties", {})
        properties["Tags"] = [*properties.get("Tags", []), {"Key": "changed", "Value": "yes"}]
        template["Resources"]["Added"] = added

    changed = edited(assembly, tmp_path / "changed", lab.construct_id, change)
    said = cdk("diff", changed, lab.construct_id)
    assert name in said and "changed" in said
    assert "[+] AWS::SSM::Parameter" in said
    assert not [line for line in said.splitlines() if "[~]" in line and "replace" in line]
    cdk("deploy", changed, lab.construct_id, "--require-approval", "never")
    stack = cloud.cloudformation.get(lab.construct_id)
    assert stack.status == "UPDATE_COMPLETE"
    assert ("changed", "yes") in tags_of(cloud, kind, stack.resources[name].physical_id)
    assert cloud.client("ssm").get_parameter(Name="/added")["Parameter"]["Value"] == "x"
    assert "There were no differences" in cdk("diff", changed, lab.construct_id)
    return changed


def assert_kept(lab: Lab, url: str) -> None:
    """Every promise of the lab holds in live mode at this endpoint, or can only be asked elsewhere."""
    deployment = LiveCloud(endpoint_url=url, region="us-east-1").attach(lab.construct_id)
    verdicts = run(lab, deployment, code=lab.worked / "stack.py")
    broken = {each.id: (each.outcome, each.saw) for each in verdicts if each.outcome not in ("kept", "elsewhere")}
    assert not broken


def edited(assembly: Path, to: Path, stack_name: str, change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of an assembly with a stack's template changed, and published under its own hash as CDK does."""
    shutil.copytree(assembly, to)
    file = to / f"{stack_name}.template.json"
    template = json.loads(file.read_text("utf-8"))
    change(template)
    file.write_text(json.dumps(template), "utf-8")
    manifest = to / f"{stack_name}.assets.json"
    assets = json.loads(manifest.read_text("utf-8"))["files"]
    old = next(key for key, each in assets.items() if each["source"]["path"] == file.name)
    new = hashlib.sha256(file.read_bytes()).hexdigest()
    for each in (manifest, to / "manifest.json"):
        each.write_text(each.read_text("utf-8").replace(old, new), "utf-8")
    return to


def taggable(assembly: Path, stack_name: str) -> tuple[str, str]:
    """The first resource of a stack that carries tags we know how to read: its logical id and type."""
    template = json.loads((assembly / f"{stack_name}.template.json").read_text("utf-8"))
    found = [(name, each["Type"]) for name, each in template["Resources"].items() if each["Type"] in TAGS]
    assert found, f"{stack_name} has no bucket, role, user or VPC to tag"
    return found[0]


def tags_of(cloud: OfflineCloud, kind: str, physical_id: str) -> list[tuple[str, str]]:
    service, operation, parameter, answer = TAGS[kind]
    wanted: Any = [{"Name": "resource-id", "Values": [physical_id]}] if parameter == "Filters" else physical_id
    told = getattr(cloud.client(service), operation)(**{parameter: wanted})
    return [(each["Key"], each["Value"]) for each in told[answer]]


TAGS = {
    "AWS::S3::Bucket": ("s3", "get_bucket_tagging", "Bucket", "TagSet"),
    "AWS::IAM::User": ("iam", "list_user_tags", "UserName", "Tags"),
    "AWS::IAM::Role": ("iam", "list_role_tags", "RoleName", "Tags"),
    "AWS::EC2::VPC": ("ec2", "describe_tags", "Filters", "Tags"),
}


def inventory(cloud: OfflineCloud) -> dict[str, list[str]]:
    """Everything the services hold, by the operation that lists it; what is pending deletion counts as gone."""
    return {
        f"{service}.{operation}": sorted(listed(cloud, service, operation, path, name, **asked))
        for service, operation, path, name, asked in LISTS
    }


def listed(cloud: OfflineCloud, service: str, operation: str, path: str, name: str, **asked: Any) -> Iterator[str]:
    for each in getattr(cloud.client(service), operation)(**asked).get(path, []):
        state = each["State"] if isinstance(each.get("State"), str) else each.get("State", {}).get("Name", "")
        # the public parameters, which moto reads when the first of them is asked for, are AWS's own
        if state not in ("deleted", "terminated") and not str(each[name]).startswith("/aws/service/"):
            yield each[name]


LISTS: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("s3", "list_buckets", "Buckets", "Name", {}),
    ("iam", "list_users", "Users", "UserName", {}),
    ("iam", "list_groups", "Groups", "GroupName", {}),
    ("iam", "list_roles", "Roles", "RoleName", {}),
    ("iam", "list_policies", "Policies", "PolicyName", {"Scope": "Local"}),
    ("iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName", {}),
    ("ssm", "describe_parameters", "Parameters", "Name", {}),
    ("lambda", "list_functions", "Functions", "FunctionName", {}),
    ("logs", "describe_log_groups", "logGroups", "logGroupName", {}),
    ("ec2", "describe_vpcs", "Vpcs", "VpcId", {}),
    ("ec2", "describe_subnets", "Subnets", "SubnetId", {}),
    ("ec2", "describe_route_tables", "RouteTables", "RouteTableId", {}),
    ("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId", {}),
    ("ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId", {}),
    ("ec2", "describe_addresses", "Addresses", "AllocationId", {}),
    ("ec2", "describe_network_acls", "NetworkAcls", "NetworkAclId", {}),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupId", {}),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", {}),
    ("ec2", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId", {}),
    ("ec2", "describe_flow_logs", "FlowLogs", "FlowLogId", {}),
    ("ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateId", {}),
    ("ec2", "describe_volumes", "Volumes", "VolumeId", {}),
)
