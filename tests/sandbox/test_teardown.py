"""A lab goes down whatever stands in the way, and an inventory proves that nothing of it is left."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from preflight.cloudformation.stack import StackResource
from preflight.clouds.offline import OfflineCloud
from preflight.errors import DeployFailed, Unavailable
from preflight.sandbox import patience
from preflight.sandbox.account import open_sandbox
from preflight.sandbox.records import read
from preflight.sandbox.teardown import Proof, destroy, scene
from tests.sandbox.accounts import refusal
from tests.sandbox.plots import Plot
from tests.sandbox.terminal import lab
from tests.shelf.builder import Shelf

if TYPE_CHECKING:
    from preflight.sandbox.account import Sandbox
    from tests.sandbox.conftest import Yard

VERSIONED = {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}}
TOPIC = {"Type": "AWS::SNS::Topic"}
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}


@pytest.fixture
def plot(shelf: Shelf, town: OfflineCloud) -> Plot:
    town.reset()
    return Plot(shelf.root, town)


def down(plot: Plot, *, sandbox: Sandbox | None = None, say: Callable[[str], object] | None = None) -> Proof:
    where = sandbox or plot.sandbox
    return destroy(scene(plot.root, where, "Lab1", 1), plot.root, say or plot.said.append)


def test_a_lab_goes_down_and_nothing_of_it_is_left(yard: Yard) -> None:
    books = yard.deploy(1)["BooksBucket"]
    yard.sandbox.client("s3").put_object(Bucket=books, Key="a", Body=b"1")
    lab(yard, "destroy", "1").says("Lab1 is CREATE_COMPLETE", "Nothing was deleted", "./lab destroy 1 --yes", code=2)
    lab(yard, "destroy", "1", "--yes").says("Nothing of Lab 1 is left", "./lab", code=0)
    assert yard.cloud.cloudformation.find("Lab1") is None and read(yard.root, "Lab1") is None
    lab(yard, "destroy", "1", "--yes").says("none of Lab1 stands", "Nothing of Lab 1 is left", code=0)


def test_five_thousand_versions_are_emptied_a_thousand_at_a_time(plot: Plot) -> None:
    from moto.s3.models import s3_backends

    bucket = plot.stand("Lab1", {"Books": VERSIONED})["Books"]
    backend = s3_backends[plot.cloud.account]["aws"]
    for number in range(4_950):
        backend.put_object(bucket, f"shelf/{number % 99}", b"")
    for number in range(50):
        plot.client("s3").delete_object(Bucket=bucket, Key=f"shelf/{number}")
    assert down(plot).is_clean
    assert f"{bucket}: 5,000 versions deleted" in plot.said and bucket not in plot.buckets()


def test_governance_is_bypassed_and_compliance_says_until_when(plot: Plot) -> None:
    from datetime import UTC, datetime, timedelta

    locked = {
        "Type": "AWS::S3::Bucket",
        "Properties": {"ObjectLockEnabled": True, "VersioningConfiguration": {"Status": "Enabled"}},
    }
    bucket = plot.stand("Lab1", {"Kept": locked})["Kept"]
    until = datetime.now(UTC) + timedelta(days=3)
    s3 = plot.client("s3")
    retained = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}
    s3.put_object(Bucket=bucket, Key="ours-to-break", Body=b"", **retained)
    s3.put_object(Bucket=bucket, Key="nobodys", Body=b"", **{**retained, "ObjectLockMode": "COMPLIANCE"})
    said = lab(plot, "destroy", "1", "--yes").says("still stand", bucket, "nobodys cannot be deleted before", code=1)
    assert f"{until:%Y-%m-%d}" in said.out and "ours-to-break" not in said.out
    assert read(plot.root, "Lab1") is not None, "what is left is not forgotten"


def test_contents_and_protections_are_taken_away(plot: Plot) -> None:
    ids = plot.stand(
        "Lab1",
        {
            "Images": {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "lab1-images"}},
            "Table": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                    "BillingMode": "PAY_PER_REQUEST",
                    "DeletionProtectionEnabled": True,
                },
            },
            "People": {"Type": "AWS::Cognito::UserPool", "Properties": {"DeletionProtection": "ACTIVE"}},
            "Vault": {"Type": "AWS::Backup::BackupVault", "Properties": {"BackupVaultName": "lab1-vault"}},
            "Reader": ROLE,
        },
    )
    manifest = '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json"}'
    plot.client("ecr").put_image(repositoryName=ids["Images"], imageManifest=manifest, imageTag="v1")
    iam = plot.client("iam")
    statement = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    by_hand = iam.create_policy(
        PolicyName="by-hand", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=ids["Reader"], PolicyArn=by_hand)
    proof = down(plot)
    assert [each["Arn"] for each in iam.list_policies(Scope="Local")["Policies"]] == [by_hand], "not ours"
    assert proof.is_clean, (proof.inventory.rows, proof.held)


def test_what_functions_write_beside_the_stack_goes_and_older_logs_stay(plot: Plot) -> None:
    from datetime import datetime, timedelta

    code = {"ZipFile": "def handler(event, context):\n    return 1\n"}
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": "greeter",
            "Handler": "index.handler",
            "Runtime": "python3.12",
            "Code": code,
            "Role": {"Fn::GetAtt": ["Reader", "Arn"]},
        },
    }
    logs = plot.client("logs")
    plot.stand("Lab1", {"Greeter": function, "Reader": ROLE})
    for name in ("/aws/lambda/greeter", "/aws/lambda/somebody-elses", "lab1-notes-of-somebody"):
        logs.create_log_group(logGroupName=name)
    proof = down(plot)
    left = [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]]
    assert proof.is_clean and left == ["/aws/lambda/somebody-elses", "lab1-notes-of-somebody"]
    assert [each.id for each in proof.inventory.perhaps] == ["lab1-notes-of-somebody"], "named, never touched"

    from moto.logs.models import logs_backends

    logs.create_log_group(logGroupName="/aws/lambda/greeter")
    group = logs_backends[plot.cloud.account]["us-east-1"].groups["/aws/lambda/greeter"]
    group.creation_time = datetime(2026, 1, 1) - timedelta(days=30)
    plot.stand("Lab1", {"Greeter": function, "Reader": ROLE})
    assert down(plot).is_clean
    assert "/aws/lambda/greeter" in [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]]


def test_what_is_retained_is_left_named_and_swept(plot: Plot) -> None:
    disk = {
        "Type": "AWS::EC2::Volume",
        "DeletionPolicy": "Retain",
        "Properties": {"Size": 100, "VolumeType": "gp3", "AvailabilityZone": "us-east-1a"},
    }
    volume = plot.stand("Lab1", {"Disk": disk, "Bell": TOPIC})["Disk"]
    lab(plot, "destroy", "1", "--yes").says(
        "1 thing of Lab 1 still stands", "8.00 USD a month", volume, "./lab sweep", code=1
    )
    assert read(plot.root, "Lab1") is not None
    lab(plot, "sweep", "--yes").says(volume, "Nothing of Preflight's is left", code=0)
    assert read(plot.root, "Lab1") is None and not plot.client("ec2").describe_volumes()["Volumes"]


def test_a_key_that_waits_to_be_deleted_is_told_and_is_not_left(plot: Plot) -> None:
    plot.stand("Lab1", {"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": KEY_POLICY}}})
    said = lab(plot, "destroy", "1", "--yes").says("1.00 USD a month", "Nothing of Lab 1 is left", code=0)
    assert "and is gone by" in said.out


def test_what_somebody_deleted_by_hand_is_in_nobodys_way(plot: Plot) -> None:
    ids = plot.stand("Lab1", {"Books": VERSIONED, "Bell": TOPIC, "Reader": ROLE})
    plot.client("s3").delete_bucket(Bucket=ids["Books"])
    plot.client("iam").delete_role(RoleName=ids["Reader"])
    assert down(plot).is_clean

    plot.stand("Lab1", {"Bell": TOPIC})
    plot.cloud.delete("Lab1")
    assert down(plot).is_clean and read(plot.root, "Lab1") is None
    assert down(plot).is_clean, "of what never was nothing is left"


def test_a_stack_that_failed_goes_whatever_state_it_is_in(plot: Plot) -> None:
    bucket = plot.stand("Lab1", {"Books": VERSIONED, "Bell": TOPIC})["Books"]
    plot.client("s3").put_object(Bucket=bucket, Key="a", Body=b"")
    with pytest.raises(DeployFailed):
        plot.cloud.delete("Lab1")
    lab(plot, "destroy", "1", "--yes").says("Lab1 is DELETE_FAILED", "Nothing of Lab 1 is left", code=0)

    taken = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "taken"}, "DependsOn": "Bell"}
    plot.client("s3", region="us-west-2").create_bucket(
        Bucket="taken", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    with pytest.raises(DeployFailed):
        plot.stand("Lab1", {"Bell": TOPIC, "Books": taken})
    lab(plot, "destroy", "1", "--yes").says("Lab1 is ROLLBACK_COMPLETE", "Nothing of Lab 1 is left", code=0)
    assert plot.buckets() == ["taken"], "somebody else's, though our template named it"

    plot.stand("Lab1", {"Bell": TOPIC})
    plot.cloud.cloudformation.get("Lab1").status = "ROLLBACK_FAILED"
    lab(plot, "destroy", "1", "--yes").says("Lab1 is ROLLBACK_FAILED", "Nothing of Lab 1 is left", code=0)


@pytest.mark.parametrize("status", ["CREATE_FAILED", "IMPORT_COMPLETE", "DELETE_COMPLETE"])
def test_what_a_stack_names_and_did_not_make_is_not_emptied(plot: Plot, status: str) -> None:
    plot.client("s3").create_bucket(Bucket="somebody-elses")
    plot.client("s3").put_object(Bucket="somebody-elses", Key="a", Body=b"")
    plot.stand("Lab1", {"Bell": TOPIC})
    stack = plot.cloud.cloudformation.get("Lab1")
    named = StackResource("Books", "AWS::S3::Bucket", physical_id="somebody-elses", status=status)
    stack.resources["Books"] = named
    found = scene(plot.root, plot.sandbox, "Lab1", 1)
    assert [each.type for each in found.inventory.ours] == ["AWS::CloudFormation::Stack", "AWS::SNS::Topic"]
    del stack.resources["Books"]
    assert "somebody-elses" not in [each.id for each in found.stacks[0].resources]
    assert destroy(found, plot.root, plot.said.append).is_clean
    assert plot.client("s3").list_objects_v2(Bucket="somebody-elses")["KeyCount"] == 1


def test_a_stack_of_the_same_name_without_our_tag_is_somebody_elses(plot: Plot) -> None:
    plot.stand("Lab1", {"Bell": TOPIC}, tagged=False)
    lab(plot, "destroy", "1", "--yes").says("does not carry the tag", "not touched", "cdk destroy Lab1", code=2)
    assert plot.cloud.cloudformation.get("Lab1").status == "CREATE_COMPLETE"


class Faulty:
    """Clients that fail when `fault(service, operation)` gives an error code."""

    def __init__(self, plot: Plot, fault: Callable[[str, str], str]) -> None:
        self.plot = plot
        self.fault = fault

    def __call__(self, service: str, region: str) -> Any:
        # a client of its own: those of the cloud are kept and shared
        client = open_sandbox(self.plot.root, endpoint_url=self.plot.cloud.serve()).client(service, region=region)

        def maybe(params: Any, model: Any, **more: Any) -> None:
            code = self.fault(service, model.name)
            if code:
                raise refusal(code, model.name)

        client.meta.events.register(f"before-call.{client.meta.service_model.service_id.hyphenize()}", maybe)
        return client


def test_a_token_that_expires_in_the_middle_loses_nothing(plot: Plot) -> None:
    plot.stand("Lab1", {"Books": VERSIONED, "Bell": TOPIC})
    after = [0]

    def expires(service: str, operation: str) -> str:
        after[0] += operation == "DeleteStack"
        return "ExpiredToken" if after[0] > 0 and operation != "DeleteStack" else ""

    with pytest.raises(Unavailable, match=r"expired; sign in again .*\./lab destroy 1$"):
        down(plot, sandbox=plot.through(Faulty(plot, expires)))
    assert read(plot.root, "Lab1") is not None
    plot.cloud.cloudformation.wait()
    assert down(plot).is_clean and read(plot.root, "Lab1") is None


def test_a_throttled_account_is_asked_again(plot: Plot, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(patience.time, "sleep", slept.append)
    seen: set[str] = set()

    def once(service: str, operation: str) -> str:
        first = f"{service}.{operation}" not in seen
        seen.add(f"{service}.{operation}")
        return "Throttling" if first and operation in ("DescribeStacks", "DescribeVolumes", "DeleteStack") else ""

    plot.stand("Lab1", {"Bell": TOPIC})
    proof = down(plot, sandbox=plot.through(Faulty(plot, once)))
    assert proof.is_clean and not proof.inventory.unseen and slept


def test_what_could_not_be_looked_at_is_said_and_is_not_clean(plot: Plot) -> None:
    plot.stand("Lab1", {"Bell": TOPIC})

    def refuses(service: str, operation: str) -> str:
        return "AccessDenied" if operation in ("ListTopics", "ListFunctions") else ""

    proof = down(plot, sandbox=plot.through(Faulty(plot, refuses)))
    assert not proof.is_clean and not proof.inventory.ours
    assert proof.unseen == ("could not look: sns in us-east-1 (AccessDenied)",), "the lab had no functions"
    assert len(proof.inventory.unseen) == 2


def test_a_destroy_that_was_killed_is_finished_by_the_next(plot: Plot) -> None:
    plot.stand("Lab1", {"Books": VERSIONED, "Bell": TOPIC})

    def dies(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        down(plot, say=dies)
    assert read(plot.root, "Lab1") is not None
    assert down(plot).is_clean and not plot.client("sns").list_topics()["Topics"]


def test_two_terminals_at_once_both_end_well(plot: Plot) -> None:
    plot.stand("Lab1", {f"Bell{number}": TOPIC for number in range(8)})
    found = scene(plot.root, plot.sandbox, "Lab1", 1)
    proofs: list[Proof] = []
    threads = [
        threading.Thread(target=lambda: proofs.append(destroy(found, plot.root, plot.said.append))) for _ in range(2)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [each.is_clean for each in proofs] == [True, True]


def test_plain_data_says_what_would_be_done_and_what_was(plot: Plot) -> None:
    plot.stand("Lab1", {"Bell": TOPIC})
    before = lab(plot, "destroy", "1", "--json")
    assert before.code == 1 and before.json()["destroyed"] is False
    assert [each["type"] for each in before.json()["stands"]] == ["AWS::CloudFormation::Stack", "AWS::SNS::Topic"]
    after = lab(plot, "destroy", "1", "--json", "--yes")
    assert after.code == 0 and after.json()["clean"] is True and after.json()["left"] == []
