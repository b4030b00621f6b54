"""An empty account on this machine: ours inside the process, any tool's at the endpoint, nobody's beyond."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore import UNSIGNED
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from preflight.clouds.isolation import LeavesThisMachine, environment, fake_environment
from preflight.clouds.offline import OfflineCloud
from preflight.errors import Refused, Unavailable

BOOKS = {
    "Parameters": {
        "BootstrapVersion": {
            "Type": "AWS::SSM::Parameter::Value<String>",
            "Default": "/cdk-bootstrap/preflight/version",
        }
    },
    "Resources": {
        "Books": {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}},
        "Bell": {"Type": "AWS::GameLift::Fleet", "Properties": {"Name": "bell"}},
    },
    "Outputs": {"BooksBucket": {"Value": {"Ref": "Books"}}},
}


def assembly(folder: Path, template: dict[str, Any] = BOOKS, assets: dict[str, Any] | None = None) -> Path:
    """A cloud assembly of one stack, Lab1, as `cdk synth` leaves it."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {
        "Lab1.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Lab1.assets.json"}},
        "Lab1": {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": "Lab1.template.json"},
            "dependencies": ["Lab1.assets"],
        },
    }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": manifest}))
    (folder / "Lab1.template.json").write_text(json.dumps(template))
    (folder / "Lab1.assets.json").write_text(json.dumps({"files": assets or {}}))
    return folder


def at(url: str, service: str, **rest: Any) -> Any:
    """An outsider's client."""
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, proxies={})
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", config=config, **rest)


def test_a_stack_is_deployed_and_used(cloud: OfflineCloud, tmp_path: Path) -> None:
    deployment = cloud.deploy(assembly(tmp_path), "Lab1")
    books = deployment.outputs["BooksBucket"]
    assert deployment.client("s3").get_bucket_versioning(Bucket=books)["Status"] == "Enabled"
    assert (deployment.mode, deployment.region, deployment.account) == ("offline", "us-east-1", "123456789012")
    assert deployment.design.of_type("AWS::S3::Bucket")[0].physical_id == books
    assert [each.logical_id for each in deployment.resources] == ["Books", "Bell"]
    assert ("Bell", "Name") in deployment.not_emulated, "what has no effect here is named"


def test_deploying_again_changes_what_changed(cloud: OfflineCloud, tmp_path: Path) -> None:
    first = cloud.deploy(assembly(tmp_path / "1"), "Lab1").outputs["BooksBucket"]
    cloud.client("s3").put_object(Bucket=first, Key="k", Body=b"stays")
    assert cloud.deploy(assembly(tmp_path / "1"), "Lab1").outputs["BooksBucket"] == first, "nothing changed"
    suspended = json.loads(json.dumps(BOOKS).replace("Enabled", "Suspended"))
    deployment = cloud.deploy(assembly(tmp_path / "2", suspended), "Lab1")
    s3 = deployment.client("s3")
    assert s3.get_bucket_versioning(Bucket=first)["Status"] == "Suspended"
    assert s3.get_object(Bucket=first, Key="k")["Body"].read() == b"stays"


def test_a_type_nobody_knows_stops_before_anything_is_made(cloud: OfflineCloud, tmp_path: Path) -> None:
    odd = {"Resources": {**BOOKS["Resources"], "Odd": {"Type": "AWS::S3::Buckett"}}}
    with pytest.raises(Refused, match="Buckett"):
        cloud.deploy(assembly(tmp_path, odd), "Lab1")
    assert cloud.client("s3").list_buckets()["Buckets"] == []


def test_deleting_leaves_an_empty_account(cloud: OfflineCloud, tmp_path: Path) -> None:
    cloud.deploy(assembly(tmp_path), "Lab1")
    cloud.delete("Lab1")
    assert cloud.client("s3").list_buckets()["Buckets"] == []


def test_assets_are_published_as_the_cdk_cli_would(cloud: OfflineCloud, tmp_path: Path) -> None:
    folder = assembly(
        tmp_path,
        assets={
            "a1": {
                "source": {"path": "asset.a1", "packaging": "zip"},
                "destinations": {
                    "here": {
                        "bucketName": "cdk-preflight-assets-${AWS::AccountId}-${AWS::Region}",
                        "objectKey": "a1.zip",
                    }
                },
            },
            "t": {
                "source": {"path": "Lab1.template.json", "packaging": "file"},
                "destinations": {
                    "here": {
                        "bucketName": "cdk-preflight-assets-${AWS::AccountId}-${AWS::Region}",
                        "objectKey": "t.json",
                    }
                },
            },
        },
    )
    (folder / "asset.a1").mkdir()
    (folder / "asset.a1" / "index.py").write_text("def handler(event, context): ...")
    cloud.deploy(folder, "Lab1")
    s3, bucket = cloud.client("s3"), "cdk-preflight-assets-123456789012-us-east-1"
    body = s3.get_object(Bucket=bucket, Key="a1.zip")["Body"].read()
    assert zipfile.ZipFile(BytesIO(body)).namelist() == ["index.py"]
    assert json.loads(s3.get_object(Bucket=bucket, Key="t.json")["Body"].read()) == BOOKS


def test_every_new_bucket_has_awss_defaults(cloud: OfflineCloud) -> None:
    inside, outside = cloud.client("s3"), at(cloud.serve(), "s3")
    inside.create_bucket(Bucket="made-inside")
    outside.create_bucket(Bucket="made-outside")
    for bucket in ("made-inside", "made-outside"):
        block = inside.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        assert all(block.values())
        assert len(block) == 4
        rules = inside.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
        owner = inside.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
        assert owner == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_a_bucket_is_never_without_encryption(cloud: OfflineCloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="made-inside")
    s3.delete_bucket_encryption(Bucket="made-inside")
    assert s3.get_bucket_encryption(Bucket="made-inside")


LENDING = {
    "Resources": {
        "Books": {"Type": "AWS::S3::Bucket"},
        "Guide": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "123456789012"}}
                    ],
                }
            },
        },
        "Reader": {
            "Type": "AWS::IAM::User",
            "Properties": {
                "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonS3FullAccess"],
                "PermissionsBoundary": {"Ref": "Reading"},
            },
        },
        "Reading": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
                }
            },
        },
    },
    "Outputs": {"BooksBucket": {"Value": {"Ref": "Books"}}},
}


def test_permissions_decide_inside_and_at_the_endpoint(cloud: OfflineCloud, tmp_path: Path) -> None:
    deployment = cloud.deploy(assembly(tmp_path, LENDING), "Lab1")
    books = deployment.outputs["BooksBucket"]
    deployment.client("s3").put_object(Bucket=books, Key="k", Body=b"the deployer is not limited")
    guide, reader = deployment.keys(role="Guide"), deployment.keys(user="Reader")
    assert guide is not None
    assert reader is not None
    outside = at(
        cloud.serve(),
        "s3",
        aws_access_key_id=guide.access_key,
        aws_secret_access_key=guide.secret,
        aws_session_token=guide.token,
    )
    for s3 in (deployment.client("s3", role="Guide"), outside):
        with pytest.raises(ClientError, match=r"AccessDenied.*no identity-based policy allows"):
            s3.get_object(Bucket=books, Key="k")
    outside = at(cloud.serve(), "s3", aws_access_key_id=reader.access_key, aws_secret_access_key=reader.secret)
    for s3 in (deployment.client("s3", user="Reader"), outside):
        assert s3.get_object(Bucket=books, Key="k")["Body"].read()
        with pytest.raises(ClientError, match=r"AccessDenied.*permissions boundary"):
            s3.put_object(Bucket=books, Key="k", Body=b"")


def test_a_stranger_reads_what_a_policy_makes_public_and_nothing_else(cloud: OfflineCloud) -> None:
    s3, url = cloud.client("s3"), cloud.serve()
    stranger = boto3.client("s3", endpoint_url=url, region_name="us-east-1", config=Config(signature_version=UNSIGNED))
    s3.create_bucket(Bucket="leaflets")
    s3.put_object(Bucket="leaflets", Key="k", Body=b"for all")
    with pytest.raises(ClientError, match="AccessDenied"):
        stranger.get_object(Bucket="leaflets", Key="k")
    s3.delete_public_access_block(Bucket="leaflets")
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::leaflets/*"}
    s3.put_bucket_policy(Bucket="leaflets", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    assert stranger.get_object(Bucket="leaflets", Key="k")["Body"].read() == b"for all"
    with pytest.raises(ClientError, match="AccessDenied"):
        stranger.put_object(Bucket="leaflets", Key="k", Body=b"")


def test_moto_judges_no_bucket_policy(cloud: OfflineCloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="tls-only")
    plain_http = {"Bool": {"aws:SecureTransport": "false"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": plain_http}
    s3.put_bucket_policy(Bucket="tls-only", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    s3.put_object(Bucket="tls-only", Key="k", Body=b"over https")


def test_inside_and_outside_see_the_same_cloud(cloud: OfflineCloud, tmp_path: Path) -> None:
    books = cloud.deploy(assembly(tmp_path), "Lab1").outputs["BooksBucket"]
    url = cloud.serve()
    at(url, "s3").put_object(Bucket=books, Key="from-outside", Body=b"hello")
    assert cloud.client("s3").get_object(Bucket=books, Key="from-outside")["Body"].read() == b"hello"
    stacks = at(url, "cloudformation").describe_stacks()["Stacks"]
    assert [(stack["StackName"], stack["StackStatus"]) for stack in stacks] == [("Lab1", "CREATE_COMPLETE")]
    at(url, "iam").create_user(UserName="ada")
    assert cloud.client("iam").get_user(UserName="ada")["User"]["Arn"] == "arn:aws:iam::123456789012:user/ada"


def test_an_outsider_deploys_through_cloudformations_api(cloud: OfflineCloud) -> None:
    cloudformation = at(cloud.serve(), "cloudformation")
    template = {"Resources": {"Books": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "from-outside"}}}}
    cloudformation.create_stack(StackName="Outside", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="Outside", WaiterConfig={"Delay": 1})
    assert [each["Name"] for each in cloud.client("s3").list_buckets()["Buckets"]] == ["from-outside"]


def test_what_is_not_emulated_is_told_at_the_endpoint_too(cloud: OfflineCloud) -> None:
    iam, shop = at(cloud.serve(), "iam"), at(cloud.serve(), "devicefarm")
    for call in (
        lambda: iam.simulate_custom_policy(PolicyInputList=["{}"], ActionNames=["s3:GetObject"]),
        lambda: shop.list_projects(),
    ):
        with pytest.raises(ClientError) as refusal:
            call()
        assert refusal.value.response["Error"]["Code"] == "NotImplemented"


def test_a_port_in_use_is_said_with_the_next_command(cloud: OfflineCloud) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Unavailable, match=r"Port \d+ of localhost cannot be used .*/lab cloud serve --port 0"):
            cloud.serve(taken.getsockname()[1])


def test_the_endpoint_listens_on_loopback_alone_and_prints_nothing(
    cloud: OfflineCloud, capfd: pytest.CaptureFixture[str]
) -> None:
    url = cloud.serve()
    assert cloud.serve() == url, "a second time gives the same"
    at(url, "s3").list_buckets()
    with pytest.raises(ClientError):
        at(url, "iam").get_user(UserName="nobody")
    port = int(url.rpartition(":")[2])
    assert url == f"http://localhost:{port}"
    # bound to 127.0.0.1 and not to every address: another address of this machine is free for the same port
    with socket.socket() as other:
        other.bind(("127.0.0.2", port))
    assert capfd.readouterr() == ("", "")


def test_a_busy_endpoint_swallows_nothing_that_others_print(
    cloud: OfflineCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    url = cloud.serve()
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError):
                urlopen(Request(url, headers={"Host": "nobody.example"}), timeout=5).close()

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for each in askers:
        each.start()
    for _ in range(500):
        print("mine")
        time.sleep(0.0005)
    over.set()
    for each in askers:
        each.join()
    assert capsys.readouterr().out == "mine\n" * 500


def test_a_port_is_free_again_after_the_cloud_is_gone() -> None:
    with OfflineCloud() as cloud:
        port = int(cloud.serve().rpartition(":")[2])
    with OfflineCloud() as cloud:
        assert cloud.serve(port).endswith(f":{port}")


def test_reset_leaves_an_empty_cloud_and_takes_no_time(cloud: OfflineCloud, tmp_path: Path) -> None:
    cloud.deploy(assembly(tmp_path), "Lab1")
    cloud.client("ec2").describe_vpcs()
    url = cloud.serve()
    before = time.perf_counter()
    cloud.reset()
    assert time.perf_counter() - before < 0.5
    assert cloud.client("s3").list_buckets()["Buckets"] == []
    assert at(url, "cloudformation").describe_stacks()["Stacks"] == []
    assert cloud.deploy(assembly(tmp_path), "Lab1").outputs


def test_no_call_leaves_this_machine(cloud: OfflineCloud) -> None:
    """Below every client: one made by anybody, for any host moto does not answer for, is stopped at the transport."""
    somewhere = boto3.client("s3", region_name="us-east-1", endpoint_url="https://s3.example.com")
    with pytest.raises(LeavesThisMachine, match=r"s3\.example\.com"):
        somewhere.list_buckets()
    metadata = AWSRequest(method="GET", url="http://169.254.169.254/latest/meta-data/").prepare()
    with pytest.raises(LeavesThisMachine, match=r"169\.254"):
        URLLib3Session().send(metadata)


def test_a_service_moto_does_not_have_is_refused_and_never_reached(cloud: OfflineCloud) -> None:
    with pytest.raises(ClientError, match="Not yet implemented"):
        cloud.client("devicefarm").list_projects()


@pytest.fixture
def at_work() -> Iterator[None]:
    """A machine with an employer's AWS set up."""
    with environment(
        {"AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL", "AWS_PROFILE": "work", "AWS_ENDPOINT_URL": "http://x"}
    ):
        yield


def test_a_call_that_breaks_here_is_told_to_whoever_made_it(
    cloud: OfflineCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = cloud.serve()
    for service in ("sqs", "sns", "lambda"):
        cloud.client(service)
    at(url, "sqs").list_queues()
    at(url, "sns").list_topics()
    at(url, "lambda").list_functions()
    from moto.awslambda.models import LambdaBackend
    from moto.sns.models import SNSBackend
    from moto.sqs.models import SQSBackend

    def breaks(*_: Any, **__: Any) -> None:
        raise KeyError("oh")

    for backend, operation in (
        (SQSBackend, "list_queues"),
        (SNSBackend, "list_topics"),
        (LambdaBackend, "list_functions"),
    ):
        monkeypatch.setattr(backend, operation, breaks)
    for service, operation in (("sqs", "list_queues"), ("sns", "list_topics"), ("lambda", "list_functions")):
        with pytest.raises(ClientError, match=r"InternalFailure.*broke at this call: KeyError: 'oh'"):
            getattr(at(url, service), operation)()


def test_real_credentials_are_out_of_reach_and_come_back(at_work: None) -> None:
    before = dict(os.environ)
    with OfflineCloud(region="eu-central-1") as cloud:
        assert {k: v for k, v in os.environ.items() if k.startswith("AWS_")} == fake_environment("eu-central-1")
        assert cloud.client("sts").get_caller_identity()["Account"] == "123456789012"
        assert cloud.client("s3").meta.region_name == "eu-central-1"
    assert dict(os.environ) == before


def test_there_is_one_cloud_at_a_time(cloud: OfflineCloud) -> None:
    with pytest.raises(RuntimeError, match="already"), OfflineCloud():
        pass
    assert cloud.client("s3").list_buckets()["Buckets"] == [], "the first goes on"


def test_another_account_is_another_account() -> None:
    with OfflineCloud(account="210987654321") as cloud:
        cloud.client("iam").create_user(UserName="ada")
        assert cloud.client("iam").get_user(UserName="ada")["User"]["Arn"].split(":")[4] == "210987654321"


def test_a_client_may_speak_for_a_role_and_for_a_user(cloud: OfflineCloud, tmp_path: Path) -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "123456789012"}}
    template = {
        "Resources": {
            "Guide": {
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}},
            },
            "Reader": {"Type": "AWS::IAM::User"},
        }
    }
    deployment = cloud.deploy(assembly(tmp_path, template), "Lab1")
    role = deployment.design.find("Guide")[0]
    for name in ("Guide", role.physical_id, role.attributes["Arn"]):
        arn = deployment.client("sts", role=name).get_caller_identity()["Arn"]
        assert arn == f"arn:aws:sts::123456789012:assumed-role/{role.physical_id}/preflight-check"
    user = deployment.design.find("Reader")[0]
    for name in ("Reader", user.physical_id, user.attributes["Arn"]):
        assert deployment.client("sts", user=name).get_caller_identity()["Arn"].endswith(f":user/{user.physical_id}")
    iam = deployment.client("iam")
    assert iam.list_access_keys(UserName=user.physical_id)["AccessKeyMetadata"] != []
    deployment.release()
    assert iam.list_access_keys(UserName=user.physical_id)["AccessKeyMetadata"] == []
    with pytest.raises(ValueError, match="not for both"):
        deployment.client("s3", role="Guide", user="Reader")


def test_warming_up_loads_and_makes_nothing(cloud: OfflineCloud, tmp_path: Path) -> None:
    stack = tmp_path / "stack.py"
    stack.write_text("from aws_cdk import aws_iam as iam, aws_s3 as s3, aws_devicefarm, aws_no_such_thing")
    for code in (stack, tmp_path / "gone.py", None):
        cloud.warm_up(code)
    assert cloud.client("s3").list_buckets()["Buckets"] == []
    assert cloud.cloudformation.stacks == []


def test_a_key_too_long_for_dynamodb_is_refused_when_it_is_looked_for(cloud: OfflineCloud) -> None:
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName="notes",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    assert "Item" not in dynamodb.get_item(TableName="notes", Key={"id": {"S": "x" * 2048}})
    with pytest.raises(dynamodb.exceptions.ClientError, match="Size of hashkey has exceeded"):
        dynamodb.get_item(TableName="notes", Key={"id": {"S": "x" * 2049}})
