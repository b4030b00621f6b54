"""`./lab cloud deploy`: any template, or a whole cloud assembly, on an offline cloud of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from preflight.cli.cloud import ledger
from preflight.clouds.launch import Launch, Outcome, StackOutcome, parameters_of, stack_name
from preflight.errors import Usage
from tests.shelf.builder import Shelf

TEMPLATE: dict[str, Any] = {
    "Parameters": {"Env": {"Type": "String", "Default": "dev"}, "Secret": {"Type": "String", "Default": "s"}},
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${Env}-q"}}},
        "Fleet": {"Type": "AWS::GameLift::Fleet", "Properties": {"Name": "f"}},
    },
    "Outputs": {"Url": {"Value": {"Ref": "Queue"}}},
}


def written(folder: Path, template: Any, name: str = "shop.json") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(template if isinstance(template, str) else json.dumps(template), encoding="utf-8")
    return file


def assembly(folder: Path, stacks: dict[str, dict[str, Any]], nested: dict[str, dict[str, Any]] | None = None) -> Path:
    """A cdk.out of these stacks: `template`, and if need be `needs`, `environment`, `files` and `images`."""
    artifacts: dict[str, Any] = {}
    for name, stack in stacks.items():
        written(folder, stack["template"], f"{name}.template.json")
        files = {
            key: {
                "source": {"path": key, "packaging": "file"},
                "destinations": {"here": {"bucketName": "assets-${AWS::Region}", "objectKey": key}},
            }
            for key in stack.get("files", ())
        }
        for key, text in stack.get("files", {}).items():
            written(folder, text, key)
        images = {each: {"source": {"directory": each}, "destinations": {}} for each in stack.get("images", ())}
        written(folder, {"files": files, "dockerImages": images}, f"{name}.assets.json")
        manifest = {"type": "cdk:asset-manifest", "properties": {"file": f"{name}.assets.json"}}
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": stack.get("environment", "aws://unknown-account/unknown-region"),
            "properties": {"templateFile": f"{name}.template.json", "tags": stack.get("tags", {})},
            "dependencies": [*stack.get("needs", ()), f"{name}.assets"],
        }
        artifacts[f"{name}.assets"] = manifest
    for name, inner in (nested or {}).items():
        assembly(folder / name, inner)
        artifacts[name] = {"type": "cdk:cloud-assembly", "properties": {"directoryName": name}}
    written(folder, {"version": "48.0.0", "artifacts": artifacts}, "manifest.json")
    return folder


def test_a_template_is_deployed_with_its_ledger(shelf: Shelf, tmp_path: Path) -> None:
    file = written(tmp_path, TEMPLATE)
    said = shelf.run("cloud", "deploy", str(file), "--region", "eu-west-1", "--parameters", "Env=prod")
    said.says(
        "shop · CREATE_COMPLETE", "eu-west-1", "✓ Queue", "AWS::SQS::Queue", "· Fleet", "recorded only",
        "output   Url = https://sqs.eu-west-1.amazonaws.com/123456789012/prod-q",
        "1 stack stands · 2 resources, 50 % emulated and 1 recorded · 1 of 2 property values applied", code=0,
    )  # fmt: skip


def test_json_has_the_shape_programs_read(shelf: Shelf, tmp_path: Path) -> None:
    said = shelf.run("cloud", "deploy", str(written(tmp_path, TEMPLATE)), "--json", "--account", "210987654321")
    data = said.says(code=0).json()
    assert list(data) == ["stacks", "seconds"] and data["seconds"] > 0
    (stack,) = data["stacks"]
    assert list(stack) == ["name", "status", "reason", "resources", "outputs"]
    assert (stack["name"], stack["status"], stack["reason"]) == ("shop", "CREATE_COMPLETE", None)
    url = "https://sqs.us-east-1.amazonaws.com/210987654321/dev-q"
    assert stack["outputs"] == {"Url": url}
    queue, fleet = stack["resources"]
    assert queue == {
        "logical_id": "Queue", "type": "AWS::SQS::Queue", "physical_id": url, "state": "emulated", "not_emulated": [],
    }  # fmt: skip
    assert fleet["state"] == "recorded" and fleet["not_emulated"] == ["Name"]


FAULTS: dict[str, tuple[Any, tuple[str, ...], str, str]] = {
    "nothing there": (None, (), "There is no file or folder", "look for it with ls "),
    "no template": ("\tx", (), "is no template. Template format error: YAML not well-formed", "./lab cloud deploy "),
    "a list": ("- a\n- b\n", (), "is no template. Template format error: unsupported structure.", "Mend it, then"),
    "binary": ("\0\0", (), "is no template", "./lab cloud deploy "),
    "too large": (" " * 1_000_001, (), "Template may not exceed 1000000 bytes in size.", "nested stacks, then ./lab"),
    "no such Region": (TEMPLATE, ("--region", "eu-wst-1"), "did you mean eu-west-1?", "--region eu-west-1"),
    "no such account": (TEMPLATE, ("--account", "12"), "12 is no account id", "--account 123456789012"),
    "no such parameter": (TEMPLATE, ("--parameters", "Evn=1"), "did you mean Env?", "./lab cloud deploy "),
    "no parameter": (TEMPLATE, ("--parameters", "prod"), "prod is no parameter", "--parameters Name=Value"),
    "no such parameter file": (TEMPLATE, ("--parameters", "no.json"), "no.json cannot be read", "ls "),
    "a parameter without a value": (
        {"Parameters": {"Env": {"Type": "String"}}, "Resources": {"T": {"Type": "AWS::SNS::Topic"}}}, (),
        "Parameters: [Env] must have values; nothing was made; give them with ./lab cloud deploy",
        "--parameters Env=VALUE",
    ),
    "a type AWS does not have": (
        {"Resources": {"T": {"Type": "AWS::SNS::Topik"}}}, (), "Unrecognized resource types: [AWS::SNS::Topik]",
        "nothing was made; mend it, then ./lab cloud deploy ",
    ),
    "too many resources": (
        {"Resources": {f"T{index}": {"Type": "AWS::SNS::Topic"} for index in range(501)}}, (),
        "Number of resources, 501, is greater than maximum allowed, 500", "mend it, then ./lab cloud deploy ",
    ),
    "a resource that fails": (
        {"Resources": {"P": {"Type": "AWS::SQS::QueuePolicy", "Properties": {
            "Queues": ["https://sqs.us-east-1.amazonaws.com/123456789012/no"], "PolicyDocument": {"Statement": []}}}}},
        (), "P (AWS::SQS::QueuePolicy) could not be made", "was rolled back; mend it, then ./lab cloud deploy ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_every_fault_is_one_sentence_with_the_next_command(shelf: Shelf, tmp_path: Path, case: str) -> None:
    template, words, sentence, ending = FAULTS[case]
    file = tmp_path / "t.yaml" if template is None else written(tmp_path, template, "t.yaml")
    said = shelf.run("cloud", "deploy", str(file), *words)
    assert said.code == 2 and said.err.count("\n") == 1 and "stumbled" not in said.err, said
    assert sentence in said.err and ending in said.err.partition(sentence)[2], said.err


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "has no manifest.json, so it is no cloud assembly"),
        ({"cdk.json": {}}, "is an app, not its cloud assembly; run cdk synth in it"),
        ({"cdk.out/manifest.json": {}}, "has no manifest.json, but there is one in it"),
        ({"manifest.json": "{"}, "is no whole cloud assembly"),
        ({"manifest.json": {"artifacts": {}}}, "has no stack"),
    ],
)
def test_a_folder_that_is_no_assembly(shelf: Shelf, tmp_path: Path, files: dict[str, Any], sentence: str) -> None:
    for name, content in files.items():
        written(tmp_path, content, name)
    said = shelf.run("cloud", "deploy", str(tmp_path)).says(sentence, code=2)
    assert said.err.count("\n") == 1


def topics(**more: Any) -> dict[str, Any]:
    return {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}, **more}


def test_a_whole_assembly_goes_up_in_the_order_of_its_dependencies(shelf: Shelf, tmp_path: Path) -> None:
    users = {"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {
        "Type": "String", "Value": {"Fn::ImportValue": "topic"}}}}}  # fmt: skip
    shared = topics(Outputs={"Arn": {"Value": {"Ref": "T"}, "Export": {"Name": "topic"}}})
    folder = assembly(
        tmp_path / "cdk.out",
        {
            "User": {"template": users, "needs": ["Shared"]},
            "Shared": {"template": shared, "files": {"note.txt": "hello"}, "images": ["app"], "tags": {"team": "a"}},
            "West": {"template": topics(), "environment": "aws://111122223333/us-west-2"},
        },
        nested={"assembly-Prod": {"Prod-Shared": {"template": topics()}}},
    )
    data = shelf.run("cloud", "deploy", str(folder), "--json").says(code=0).json()
    assert [each["name"] for each in data["stacks"]] == ["Shared", "User", "West", "Prod-Shared"]
    arns = [stack["resources"][0]["physical_id"] for stack in data["stacks"]]
    assert arns[0].startswith("arn:aws:sns:us-east-1:111122223333:Shared-T-") and ":us-west-2:111122223333:" in arns[2]
    shelf.run("cloud", "deploy", str(folder)).says("The container image of app is not built here", "4 stacks stand")
    one = shelf.run("cloud", "deploy", str(folder / "Shared.template.json"), "--json").says(code=0).json()
    assert [each["name"] for each in one["stacks"]] == ["Shared"]


def test_what_stands_after_a_failure_is_said(shelf: Shelf, tmp_path: Path) -> None:
    bad = {"Resources": {"B": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "no-such", "PolicyDocument": {
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}}}}}  # fmt: skip
    folder = assembly(
        tmp_path / "cdk.out",
        {"One": {"template": topics()}, "Two": {"template": bad, "needs": ["One"]}, "Three": {"template": topics()}},
    )
    said = shelf.run("cloud", "deploy", str(folder)).says(
        "One · CREATE_COMPLETE", "Two · ROLLBACK_COMPLETE", "why", "✗ B", "why", "bucket does not exist",
        "Three · not begun", "why      Two does not stand.", "1 of 3 stacks stand", code=2,
    )  # fmt: skip
    assert said.err.count("\n") == 1
    data = shelf.run("cloud", "deploy", str(folder), "--json").says(code=2).json()
    assert [each["status"] for each in data["stacks"]] == ["CREATE_COMPLETE", "ROLLBACK_COMPLETE", "NOT_BEGUN"]
    assert "bucket does not exist" in data["stacks"][1]["reason"]


def test_parameters_in_every_form_the_aws_cli_takes(tmp_path: Path) -> None:
    forms: list[Any] = [
        [{"ParameterKey": "A", "ParameterValue": "1"}, {"ParameterKey": "B", "ParameterValue": "x=y"}],
        ["A=1", "B=x=y"],
        {"Parameters": {"A": 1, "B": "x=y"}},
    ]
    for index, form in enumerate(forms):
        file = written(tmp_path, form, f"{index}.json")
        assert parameters_of([str(file)]) == parameters_of([f"file://{file}"]) == {"A": "1", "B": "x=y"}
    assert parameters_of(["ParameterKey=A,ParameterValue=1,2", "B=x=y"]) == {"A": "1,2", "B": "x=y"}
    assert parameters_of(["My-Stack:A=1"]) == {"My-Stack:A": "1"}
    with pytest.raises(Usage, match="which is no parameter"):
        parameters_of([str(written(tmp_path, [7], "odd.json"))])


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a_b.template.yaml", "a-b"),
        ("7up.json", "Stack-7up"),
        (".yaml", "Stack"),
        ("x.y", "x"),
        ("/my_app/template.yaml", "my-app"),
    ],
)
def test_a_stack_is_named_after_its_file(file: str, name: str) -> None:
    assert stack_name(Path(file)) == name


def test_the_ledger_rounds_nothing_up() -> None:
    made = Outcome("A", "T::A::A", "a", "emulated", ("B",), declared=300, applied=299)
    words = str(ledger(Launch((StackOutcome("S", "us-east-1", "CREATE_COMPLETE", resources=(made,)),), 0.4), 100))
    assert "299 of 300 property values applied, 99 %" in words and "not emulated B" in words


def test_what_a_template_names_beside_it_is_packaged(shelf: Shelf, tmp_path: Path) -> None:
    written(tmp_path / "src", "def handler(event, context): return 1", "index.py")
    written(tmp_path, topics(Outputs={"Arn": {"Value": {"Ref": "T"}}}), "inner/child.json")
    sam = """
Transform: AWS::Serverless-2016-10-31
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {CodeUri: src/, Handler: index.handler, Runtime: python3.12}}
  L: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: src/index.py, CompatibleRuntimes: [python3.12]}}
  Child: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./inner/child.json}}
Outputs: {Arn: {Value: !GetAtt Child.Outputs.Arn}}
"""
    file = written(tmp_path, sam, "app.yaml")
    data = shelf.run("cloud", "deploy", str(file), "--json").says(code=0).json()
    assert [each["name"].split("-")[1:2] for each in data["stacks"]] == [[], ["Child"]]
    assert "arn:aws:sns" in data["stacks"][0]["outputs"]["Arn"]
    written(tmp_path, sam.replace("src/,", "nowhere/,"), "app.yaml")
    said = shelf.run("cloud", "deploy", str(file)).says("F.CodeUri names nowhere/, which is not there", code=2)
    assert said.err.rstrip().endswith(f"then ./lab cloud deploy {file}")


def test_a_parameter_may_be_for_one_stack_alone(shelf: Shelf, tmp_path: Path) -> None:
    own = {"Parameters": {"Env": {"Type": "String", "Default": "dev"}}, "Outputs": {"Env": {"Value": {"Ref": "Env"}}}}
    folder = assembly(tmp_path / "cdk.out", {"One": {"template": topics(**own)}, "Two": {"template": topics(**own)}})
    said = shelf.run("cloud", "deploy", str(folder), "--json", "--parameters", "Two:Env=prod").says(code=0).json()
    assert [each["outputs"]["Env"] for each in said["stacks"]] == ["dev", "prod"]


def test_long_names_keep_the_types_at_the_right() -> None:
    long = Outcome("A" * 70, "AWS::EC2::SubnetRouteTableAssociation", "a", "emulated", ())
    stack = StackOutcome("S", "us-east-1", "CREATE_COMPLETE", resources=(long,))
    words = str(ledger(Launch((stack,), 0.4), 100)).splitlines()
    assert words[1].endswith("A" * 70) and words[2].endswith(" AWS::EC2::SubnetRouteTableAssociation")
    assert all(len(line) <= 100 for line in words)


def test_what_an_app_would_look_up_is_said(shelf: Shelf, tmp_path: Path) -> None:
    folder = assembly(tmp_path / "cdk.out", {"One": {"template": topics()}})
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    written(folder, {**manifest, "missing": [{"key": "k", "provider": "vpc-provider", "props": {}}]}, "manifest.json")
    shelf.run("cloud", "deploy", str(folder)).says("note", "looks things up in an account (vpc-provider)", code=0)
