"""Functions and what belongs to them are made, told, changed, refused and taken away as Lambda does."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from preflight.cloudformation.providers import Said

TAGS = [{"Key": "team", "Value": "triage"}]
CODE = {"ZipFile": "def handler(event, context):\n    return 1\n"}
PYTHON = {"Handler": "index.handler", "Runtime": "python3.12", "Code": CODE}


def trusting(service: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def allowing(*actions: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"PolicyName": "May", "PolicyDocument": document}


@pytest.fixture
def role(bench):
    """The role of a function that may reach its queues and networks."""
    may = allowing("sqs:*", "ec2:*NetworkInterface*", "kinesis:*", "dynamodb:*")
    made = bench.make(
        "AWS::IAM::Role", "Role", AssumeRolePolicyDocument=trusting("lambda.amazonaws.com"), Policies=[may]
    )
    return made["Arn"]


@pytest.fixture
def weak(bench):
    """The role of a function that may do nothing."""
    return bench.make("AWS::IAM::Role", "Weak", AssumeRolePolicyDocument=trusting("lambda.amazonaws.com"))["Arn"]


@pytest.fixture
def queue(bench):
    return bench.make("AWS::SQS::Queue", "Queue", VisibilityTimeout=60)


@pytest.fixture
def function(bench, role):
    return bench.make("AWS::Lambda::Function", "Triage", FunctionName="triage", Role=role, **PYTHON)


def zipped(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("_", "."), text)
    return packed.getvalue()


def test_an_inline_function_changes_its_code_and_configuration(bench, role, queue):
    client = bench.client("lambda")
    network = bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16")
    subnet = bench.make("AWS::EC2::Subnet", "Subnet", VpcId=network.ref, CidrBlock="10.0.0.0/24")
    group = bench.make("AWS::EC2::SecurityGroup", "Group", VpcId=network.ref, GroupDescription="none")
    publisher = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/us/1"
    publishers = {"AllowedPublishers": {"SigningProfileVersionArns": [publisher]}}
    enforced = {"UntrustedArtifactOnDeployment": "Enforce"}
    signed = bench.make(
        "AWS::Lambda::CodeSigningConfig", "Signed", **publishers, Description="ours", CodeSigningPolicies=enforced
    )
    assert (signed.unapplied, bench.lost(signed)) == ((), set())
    assert bench.lost(bench.change(signed, **publishers)) == set()
    declared: dict[str, Any] = {"FunctionName": "triage", "Role": role}
    made = bench.make(
        "AWS::Lambda::Function",
        "Triage",
        **declared,
        **PYTHON,
        Description="sorts notes",
        Timeout="30",
        MemorySize=256,
        Environment={"Variables": {"TABLE": "notes"}},
        Architectures=["arm64"],
        EphemeralStorage={"Size": 1024},
        TracingConfig={"Mode": "Active"},
        DeadLetterConfig={"TargetArn": queue["Arn"]},
        LoggingConfig={"LogGroup": "notes", "LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"},
        SnapStart={"ApplyOn": "PublishedVersions"},
        KmsKeyArn="arn:aws:kms:us-east-1:123456789012:key/1",
        VpcConfig={"SubnetIds": [subnet.ref], "SecurityGroupIds": [group["GroupId"]]},
        FileSystemConfigs=[{"Arn": "arn:aws:elasticfilesystem:us-east-1:1:access-point/a", "LocalMountPath": "/mnt/a"}],
        ReservedConcurrentExecutions=5,
        RuntimeManagementConfig={"UpdateRuntimeOn": "FunctionUpdate"},
        RecursiveLoop="Allow",
        CodeSigningConfigArn=signed.ref,
        Tags=TAGS,
    )
    assert made.unapplied == ("FileSystemConfigs",)
    assert bench.lost(made) == set()
    assert (made["SnapStartResponse.ApplyOn"], made["Arn"].split(":")[-1]) == ("PublishedVersions", "triage")
    before = client.get_function(FunctionName="triage")["Configuration"]
    assert before["VpcConfig"]["VpcId"] == network.ref

    code = {"ZipFile": "def other(event, context):\n    return 2\n"}
    changed = bench.change(made, **declared, Handler="index.other", Runtime="python3.13", Code=code)
    facts = client.get_function(FunctionName="triage")
    configuration = facts["Configuration"]
    assert (configuration["Handler"], configuration["Runtime"]) == ("index.other", "python3.13")
    assert (configuration["Timeout"], configuration["MemorySize"]) == (3, 128)
    assert (configuration["EphemeralStorage"], configuration["LoggingConfig"]) == (
        {"Size": 512},
        {"LogFormat": "Text", "LogGroup": "/aws/lambda/triage"},
    )
    assert configuration["CodeSha256"] != before["CodeSha256"]
    assert not configuration.get("Environment", {}).get("Variables")
    assert client.get_runtime_management_config(FunctionName="triage")["UpdateRuntimeOn"] == "Auto"
    assert client.get_function_recursion_config(FunctionName="triage")["RecursiveLoop"] == "Terminate"
    assert not {"Concurrency", "DeadLetterConfig"} & {*facts, *configuration}
    assert "team" not in client.list_tags(Resource=made["Arn"])["Tags"]
    for thing in (changed, changed, signed, signed):
        bench.delete(thing)
    assert client.list_functions()["Functions"] == []


def test_a_function_from_an_asset_and_who_may_call_it(bench, role):
    bench.make("AWS::S3::Bucket", "Assets", BucketName="assets")
    archive = zipped(app_py="def handler(event, context):\n    return 1\n")
    bench.client("s3").put_object(Bucket="assets", Key="code.zip", Body=archive)
    place = {"S3Bucket": "assets", "S3Key": "code.zip"}
    asset = {"Role": role, "Handler": "app.handler", "Runtime": "python3.12"}
    made = bench.make("AWS::Lambda::Function", "FromAsset", Code=place, **asset)
    told = bench.client("lambda").get_function(FunctionName=made.ref)["Configuration"]
    assert (told["CodeSize"], told["Architectures"]) == (len(archive), ["x86_64"])
    bench.client("s3").put_object(Bucket="assets", Key="new.zip", Body=zipped(app_py="pass"))
    made = bench.change(made, Code={**place, "S3Key": "new.zip"}, Architectures=["arm64"], **asset)
    told = bench.client("lambda").get_function(FunctionName=made.ref)["Configuration"]
    assert (told["CodeSize"] != len(archive), told["Architectures"]) == (True, ["arm64"])
    allowed = bench.make(
        "AWS::Lambda::Permission",
        "Allow",
        FunctionName=made["Arn"],
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::notes",
        SourceAccount="123456789012",
    )
    assert (allowed.unapplied, bench.lost(allowed)) == ((), set())
    bench.delete(allowed)
    bench.delete(made)
    bench.delete(allowed)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"Code": {"S3Bucket": "assets", "S3Key": "no.zip"}},
            "NoSuchKey. S3 Error Message: The specified key does not",
        ),
        ({"Code": {"S3Bucket": "no-such", "S3Key": "no.zip"}}, "NoSuchBucket"),
        ({"Code": {"S3Bucket": "assets", "S3Key": "text.zip"}}, "Could not unzip uploaded file"),
        ({"Role": "arn:aws:iam::123456789012:role/none"}, "cannot be assumed by Lambda"),
        ({"Role": "{ec2}"}, "cannot be assumed by Lambda"),
        ({"Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:none:1"]}, "layer:none:1 does not exist"),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": []}}, "subnet ID 'subnet-1' does not exist"),
        ({"DeadLetterConfig": {"TargetArn": "{queue}"}, "Role": "{weak}"}, "permissions to call SendMessage on SQS"),
        (
            {"VpcConfig": {"SubnetIds": ["{subnet}"], "SecurityGroupIds": []}, "Role": "{weak}"},
            "permissions to call CreateNetworkInterface on EC2",
        ),
        ({"Environment": {"Variables": {"AWS_REGION": "eu-west-1"}}}, "Reserved keys used in this request: AWS_REGION"),
        ({"Environment": {"Variables": {"NOTE": "x" * 4096}}}, "exceeded the 4KB limit"),
        ({"Timeout": 901}, "Value '901' at 'timeout' failed .* less than or equal to 900"),
        ({"MemorySize": 10241}, "'MemorySize' value failed .* less than or equal to 10240"),
        ({"Handler": None}, "Runtime and Handler are mandatory parameters"),
        ({"ReservedConcurrentExecutions": 950}, "below its minimum value of \\[100\\]"),
    ],
)
def test_what_lambda_refuses(bench, role, weak, queue, change, words):
    ec2 = bench.make("AWS::IAM::Role", "Ec2", AssumeRolePolicyDocument=trusting("ec2.amazonaws.com"))["Arn"]
    network = bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16")
    subnet = bench.make("AWS::EC2::Subnet", "Subnet", VpcId=network.ref, CidrBlock="10.0.0.0/24").ref
    bench.make("AWS::S3::Bucket", "Assets", BucketName="assets")
    bench.client("s3").put_object(Bucket="assets", Key="text.zip", Body=b"no archive")
    stood = {"{ec2}": ec2, "{weak}": weak, "{queue}": queue["Arn"], "{subnet}": subnet}
    declared = {**PYTHON, "Role": role, **change}
    text = json.dumps({name: value for name, value in declared.items() if value is not None})
    for word, value in stood.items():
        text = text.replace(word, value)
    with pytest.raises(ClientError, match=words):
        bench.make("AWS::Lambda::Function", "Refused", **json.loads(text))
    assert bench.client("lambda").list_functions()["Functions"] == []


@pytest.mark.parametrize(
    ("declared", "unapplied"),
    [
        ({"Runtime": "nodejs22.x", "Handler": "index.handler", "Code": {"ZipFile": "1"}}, ("Runtime",)),
        ({"Runtime": "nodejs22.x", "Handler": "__entrypoint__.handler", "Code": {"ZipFile": "1"}}, ()),
        (
            {"PackageType": "Image", "Code": {"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1"}},
            ("Code",),
        ),
        (
            {**PYTHON, "Layers": ["arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3:7"]},
            ("Layers",),
        ),
    ],
)
def test_what_does_not_run_is_named(bench, role, declared, unapplied):
    made = bench.make("AWS::Lambda::Function", "Other", Role=role, **declared)
    assert (made.unapplied, bench.lost(made)) == (unapplied, set())


def test_versions_and_an_alias_that_shifts_between_them(bench, function, role):
    client = bench.client("lambda")
    first = bench.make("AWS::Lambda::Version", "V1", FunctionName="triage", Description="the first")
    assert (first.unapplied, bench.lost(first), first["Version"]) == ((), set(), "1")
    assert first.ref == f"{function['Arn']}:1"
    with pytest.raises(ClientError, match="unpublished function versions"):
        client.put_provisioned_concurrency_config(
            FunctionName="triage", Qualifier="$LATEST", ProvisionedConcurrentExecutions=1
        )
    with pytest.raises(Said, match="A version for this Lambda function exists \\( 1 \\)"):
        bench.make("AWS::Lambda::Version", "Again", FunctionName="triage")
    bench.change(function, FunctionName="triage", Role=role, **PYTHON, MemorySize=512)
    second = bench.make("AWS::Lambda::Version", "V2", FunctionName="triage")
    assert second["Version"] == "2"
    assert client.get_function_configuration(FunctionName=first.ref)["MemorySize"] == 128

    fixed = {"FunctionName": "triage", "Name": "live"}
    shift = {"AdditionalVersionWeights": [{"FunctionVersion": "2", "FunctionWeight": 0.25}]}
    alias = bench.make(
        "AWS::Lambda::Alias",
        "Live",
        **fixed,
        FunctionVersion="1",
        Description="live",
        RoutingConfig=shift,
        ProvisionedConcurrencyConfig={"ProvisionedConcurrentExecutions": 7},
    )
    assert (alias.unapplied, bench.lost(alias), alias.ref) == ((), set(), f"{function['Arn']}:live")
    assert client.get_alias(**fixed)["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.25}}
    with pytest.raises(ClientError, match="Version has been referenced by alias"):
        client.delete_function(FunctionName="triage", Qualifier="2")
    alias = bench.change(alias, **fixed, FunctionVersion="2")
    assert client.list_provisioned_concurrency_configs(FunctionName="triage")["ProvisionedConcurrencyConfigs"] == []
    told = client.get_alias(**fixed)
    assert (told["FunctionVersion"], told["Description"], "RoutingConfig" in told) == ("2", "", False)
    with pytest.raises(ClientError, match="Function not found"):
        bench.make("AWS::Lambda::Alias", "No", FunctionName="triage", Name="no", FunctionVersion="9")

    allowed = bench.make(
        "AWS::Lambda::Permission",
        "Allow",
        FunctionName=alias.ref,
        Action="lambda:InvokeFunctionUrl",
        Principal="123456789012",
        FunctionUrlAuthType="AWS_IAM",
        InvokedViaFunctionUrl=True,
        PrincipalOrgID="o-1234567890",
    )
    assert (allowed.unapplied, bench.lost(allowed)) == ((), set())
    policy = json.loads(client.get_policy(FunctionName="triage", Qualifier="live")["Policy"])
    assert policy["Statement"][0]["Resource"] == alias.ref
    assert policy["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert policy["Statement"][0]["Condition"] == {
        "StringEquals": {"aws:PrincipalOrgID": "o-1234567890", "lambda:FunctionUrlAuthType": "AWS_IAM"},
        "Bool": {"lambda:InvokedViaFunctionUrl": "true"},
    }
    for thing in (allowed, alias, first, second, first):
        bench.delete(thing)
    assert [each["Version"] for each in client.list_versions_by_function(FunctionName="triage")["Versions"]] == [
        "$LATEST"
    ]


def test_a_url_of_a_function_and_of_an_alias(bench, function):
    client = bench.client("lambda")
    version = bench.make("AWS::Lambda::Version", "V", FunctionName="triage")
    bench.make("AWS::Lambda::Alias", "A", FunctionName="triage", Name="live", FunctionVersion=version["Version"])
    cors = {"AllowOrigins": ["https://clinic.example"], "MaxAge": 60, "AllowCredentials": True}
    declared = {"TargetFunctionArn": function["Arn"], "AuthType": "NONE"}
    plain = bench.make("AWS::Lambda::Url", "Url", **declared, Cors=cors, InvokeMode="RESPONSE_STREAM")
    of_alias = bench.make("AWS::Lambda::Url", "Other", TargetFunctionArn="triage", Qualifier="live", AuthType="AWS_IAM")
    assert (plain.unapplied, bench.lost(plain), plain.ref) == ((), set(), function["Arn"])
    assert (of_alias.unapplied, bench.lost(of_alias), of_alias.ref) == ((), set(), f"{function['Arn']}:live")
    assert plain["FunctionUrl"].endswith(".lambda-url.us-east-1.on.aws/")
    plain = bench.change(plain, **{**declared, "AuthType": "AWS_IAM"})
    told = client.get_function_url_config(FunctionName="triage")
    assert (told["AuthType"], told["InvokeMode"], told.get("Cors", {})) == ("AWS_IAM", "BUFFERED", {})
    with pytest.raises(ClientError, match="exists"):
        bench.make("AWS::Lambda::Url", "Twice", **declared)
    for thing in (plain, of_alias, plain):
        bench.delete(thing)
    with pytest.raises(ClientError, match="does not exist"):
        client.get_function_url_config(FunctionName="triage")


def test_a_mapping_reads_from_a_queue(bench, function, queue, role):
    client = bench.client("lambda")
    fixed = {"FunctionName": "triage", "EventSourceArn": queue["Arn"]}
    mapping = bench.make(
        "AWS::Lambda::EventSourceMapping",
        "Mapping",
        **fixed,
        BatchSize=5,
        Enabled=False,
        MaximumBatchingWindowInSeconds=7,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        FilterCriteria={"Filters": [{"Pattern": '{"body": {"kind": ["note"]}}'}]},
        ScalingConfig={"MaximumConcurrency": 2},
        Tags=TAGS,
    )
    assert (mapping.unapplied, bench.lost(mapping)) == (("ScalingConfig",), set())
    assert client.get_event_source_mapping(UUID=mapping.ref)["State"] == "Disabled"
    assert mapping["EventSourceMappingArn"].endswith(mapping.ref)
    mapping = bench.change(mapping, **fixed)
    told = client.get_event_source_mapping(UUID=mapping.ref)
    assert (told["State"], told["BatchSize"], told["MaximumBatchingWindowInSeconds"]) == ("Enabled", 10, 0)
    assert not told.get("FilterCriteria", {}).get("Filters")
    assert told.get("FunctionResponseTypes", []) == []
    bench.delete(mapping)
    bench.delete(mapping)
    assert client.list_event_source_mappings()["EventSourceMappings"] == []


def test_a_mapping_reads_from_a_stream(bench, function, queue):
    stream = bench.make("AWS::Kinesis::Stream", "Stream", ShardCount=1)
    mapping = bench.make(
        "AWS::Lambda::EventSourceMapping",
        "Mapping",
        FunctionName=function["Arn"],
        EventSourceArn=stream["Arn"],
        StartingPosition="TRIM_HORIZON",
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=3,
        MaximumRecordAgeInSeconds=120,
        DestinationConfig={"OnFailure": {"Destination": queue["Arn"]}},
        ParallelizationFactor=2,
    )
    assert (mapping.unapplied, bench.lost(mapping)) == (("ParallelizationFactor",), set())
    bench.delete(mapping)


def test_a_mapping_to_what_cannot_be_read_here_is_recorded(bench, function):
    topics = {"Topics": ["notes"], "EventSourceArn": "arn:aws:kafka:us-east-1:123456789012:cluster/a/b"}
    mapping = bench.make("AWS::Lambda::EventSourceMapping", "Mapping", FunctionName="triage", **topics)
    assert mapping.made.recorded
    bench.delete(bench.change(mapping, FunctionName="triage", **topics))


def test_a_layer_stays_with_the_function_that_has_it(bench, role):
    client = bench.client("lambda")
    bench.make("AWS::S3::Bucket", "Assets", BucketName="assets")
    bench.client("s3").put_object(Bucket="assets", Key="layer.zip", Body=zipped(x_py="X = 1"))
    layer = bench.make(
        "AWS::Lambda::LayerVersion",
        "Layer",
        LayerName="shared",
        Content={"S3Bucket": "assets", "S3Key": "layer.zip"},
        CompatibleRuntimes=["python3.12"],
        CompatibleArchitectures=["arm64"],
        Description="what all need",
        LicenseInfo="MIT",
    )
    assert (layer.unapplied, bench.lost(layer)) == ((), set())
    assert layer.ref.endswith(":layer:shared:1")
    allowed = bench.make(
        "AWS::Lambda::LayerVersionPermission",
        "Allow",
        LayerVersionArn=layer.ref,
        Action="lambda:GetLayerVersion",
        Principal="*",
        OrganizationId="o-1234567890",
    )
    assert allowed.unapplied == ()
    assert bench.lost(allowed) == set()
    function = bench.make("AWS::Lambda::Function", "F", FunctionName="user", Role=role, Layers=[layer.ref], **PYTHON)
    assert (function.unapplied, bench.lost(function)) == ((), set())
    for thing in (allowed, layer, allowed, layer):
        bench.delete(thing)
    assert client.list_layers()["Layers"] == []
    assert client.get_function_configuration(FunctionName="user")["Layers"][0]["Arn"] == layer.ref


def test_what_becomes_of_asynchronous_invocations(bench, function, queue, weak):
    client = bench.client("lambda")
    fixed = {"FunctionName": "triage", "Qualifier": "$LATEST"}
    ends = {"OnFailure": {"Destination": queue["Arn"]}}
    config = bench.make(
        "AWS::Lambda::EventInvokeConfig",
        "Config",
        **fixed,
        MaximumRetryAttempts=1,
        MaximumEventAgeInSeconds=90,
        DestinationConfig=ends,
    )
    assert (config.unapplied, bench.lost(config), config.ref) == ((), set(), "triage|$LATEST")
    config = bench.change(config, **fixed, MaximumRetryAttempts=0)
    told = client.get_function_event_invoke_config(FunctionName="triage")
    assert told["MaximumRetryAttempts"] == 0
    assert not {"MaximumEventAgeInSeconds", "DestinationConfig"} & {*told}
    bench.make("AWS::Lambda::Function", "Poor", FunctionName="poor", Role=weak, **PYTHON)
    with pytest.raises(ClientError, match="does not have permissions to call SendMessage on arn:aws:sqs"):
        bench.make(
            "AWS::Lambda::EventInvokeConfig", "No", FunctionName="poor", Qualifier="$LATEST", DestinationConfig=ends
        )
    bench.delete(config)
    bench.delete(config)
    assert client.list_function_event_invoke_configs(FunctionName="triage")["FunctionEventInvokeConfigs"] == []
