"""Each promise gets one outcome, and the cloud is left as it was found."""

from __future__ import annotations

import dataclasses
import json
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from preflight.clouds import Deployment
from preflight.clouds.offline import OfflineCloud
from preflight.errors import BrokenLab
from preflight.template import Template
from preflight.verdict import Verdict, construct_path, exit_code, run

USES_BOOKS = {
    "PolicyName": "uses-books",
    "PolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": {"Fn::Sub": "${Books.Arn}/*"}}],
    },
}

LIBRARY: dict[str, Any] = {
    "Resources": {
        "Books": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"VersioningConfiguration": {"Status": "Enabled"}},
            "Metadata": {"aws:cdk:path": "Lab1/Books/Resource"},
        },
        "Leaflets": {"Type": "AWS::S3::Bucket"},
        "Reader": {"Type": "AWS::IAM::User", "Properties": {"Policies": [USES_BOOKS]}},
        "Guide": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "sts:AssumeRole",
                            "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
                        }
                    ],
                },
                "Policies": [USES_BOOKS],
            },
        },
    },
    "Outputs": {
        "BooksBucket": {"Value": {"Ref": "Books"}},
        "LeafletsBucket": {"Value": {"Ref": "Leaflets"}},
        "ReaderName": {"Value": {"Ref": "Reader"}},
        "GuideRole": {"Value": {"Ref": "Guide"}},
        "Nothing": {"Value": "plain words"},
    },
}

SAID = 'saw="a gap", means="trouble", proved="it holds", bullets=["CLF-C02 1.1-S1"], read="https://example.com"'


class Desk:
    """A deployed library, and a way to ask it promises written on the spot."""

    def __init__(self, cloud: OfflineCloud, folder: Path) -> None:
        self.cloud = cloud
        self.folder = folder / "labs" / "lab01_library"
        self.folder.mkdir(parents=True)
        stack = cloud.cloudformation.create_stack("Lab1", Template.load(LIBRARY))
        self.deployment: Deployment = cloud.deployment(stack)

    def ask(self, checks: str, **rest: Any) -> dict[str, Verdict]:
        words = "from preflight.checks import *\nfrom preflight.checks import after, live_only, offline_only\n"
        file = self.folder / "checks.py"
        file.write_text(words + textwrap.dedent(checks).replace("SAID", SAID), encoding="utf-8")
        lab = SimpleNamespace(id=self.folder.name, checks=file)
        return {verdict.id: verdict for verdict in run(lab, self.deployment, **rest)}

    def ask_one(self, body: str, **rest: Any) -> Verdict:
        lines = textwrap.indent(textwrap.dedent(body), "    ")
        return self.ask(f'def check_it(stack):\n    """It holds."""\n{lines}\n', **rest)["it"]

    def contents(self) -> dict[str, Any]:
        """Everything a check could leave behind in the services these tests use."""
        s3, iam = self.cloud.client("s3"), self.cloud.client("iam")
        found: dict[str, Any] = {}
        for bucket in [each["Name"] for each in s3.list_buckets()["Buckets"]]:
            versions = s3.list_object_versions(Bucket=bucket)
            for version in versions.get("Versions", []):
                id = {} if version["VersionId"] == "null" else {"VersionId": version["VersionId"]}
                body = s3.get_object(Bucket=bucket, Key=version["Key"], **id)["Body"].read()
                found[f"{bucket}/{version['Key']}/{version['VersionId']}"] = (body, version["IsLatest"])
            found[f"{bucket} markers"] = [marker["Key"] for marker in versions.get("DeleteMarkers", [])]
            found[f"{bucket} uploads"] = s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
        for user in iam.list_users()["Users"]:
            name = user["UserName"]
            found[name] = (
                iam.list_access_keys(UserName=name)["AccessKeyMetadata"],
                iam.list_user_policies(UserName=name)["PolicyNames"],
                iam.list_attached_user_policies(UserName=name)["AttachedPolicies"],
            )
        found["roles"] = [role["RoleName"] for role in iam.list_roles()["Roles"]]
        found["policies"] = [policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"]]
        return found


@pytest.fixture
def desk(cloud: OfflineCloud, tmp_path: Path) -> Desk:
    return Desk(cloud, tmp_path)


def test_a_kept_promise_says_what_was_proved(desk: Desk) -> None:
    verdict = desk.ask_one('expect(True, rival="why not tape?", SAID)')
    assert (verdict.outcome, verdict.proved, verdict.rival) == ("kept", "it holds", "why not tape?")
    assert (verdict.title, verdict.bullets, verdict.read) == ("It holds", ("CLF-C02 1.1-S1",), "https://example.com")
    assert not verdict.left


def test_several_proofs_are_told_together(desk: Desk) -> None:
    verdict = desk.ask_one(
        'expect(True, SAID)\nexpect(True, saw="", means="", proved="twice", bullets=["B"], read="r")'
    )
    assert verdict.proved == "it holds; twice"
    assert verdict.bullets == ("CLF-C02 1.1-S1", "B")


def test_a_promise_not_kept_yet_says_what_was_seen(desk: Desk) -> None:
    verdict = desk.ask_one("expect(False, SAID)")
    assert (verdict.outcome, verdict.saw, verdict.means) == ("not_yet", "a gap", "trouble")
    assert verdict.error == ""


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("1 / 0", "the check stopped with ZeroDivisionError: division by zero"),
        ("pass", "the check asked nothing"),
        ('could_not_ask("there is no bell")', "there is no bell"),
        ('stack.output("BellRope")', 'cdk.CfnOutput(self, "BellRope", value=...)'),
        ('stack.client("s3").get_object(Bucket="nobody-has-this", Key="k")', "GetObject answered NoSuchBucket"),
        ('stack.client("ec2").describe_reserved_instances()', "the cloud this runs in cannot do this yet"),
        ('stack.client("devicefarm").list_projects()', "the cloud this runs in cannot do ListProjects yet"),
    ],
)
def test_a_question_that_could_not_be_put_is_never_the_learners_mistake(desk: Desk, body: str, sentence: str) -> None:
    verdict = desk.ask_one(f"{body}\n")
    assert verdict.outcome == "could_not_ask"
    assert sentence in verdict.saw
    assert "\n" not in verdict.saw


def test_a_crash_keeps_its_traceback_for_the_author(desk: Desk) -> None:
    assert "checks.py" in desk.ask_one("1 / 0").error
    assert desk.ask_one('stack.output("BellRope")').error == "", "a missing output is no fault of the check"


def test_one_mistake_is_one_answer_and_the_rest_waits(desk: Desk) -> None:
    verdicts = desk.ask(
        '''
        @after("second")
        def check_third(stack):
            """Third."""
            expect(True, SAID)

        @after("first")
        def check_second(stack):
            """Second."""
            expect(True, SAID)

        def check_first(stack):
            """First."""
            expect(False, SAID)

        def check_alone(stack):
            """Alone."""
            expect(True, SAID)
        '''
    )
    assert {id: verdict.outcome for id, verdict in verdicts.items()} == {
        "third": "waiting",
        "second": "waiting",
        "first": "not_yet",
        "alone": "kept",
    }
    assert list(verdicts) == ["third", "second", "first", "alone"], "verdicts come in the file's order"
    assert verdicts["third"].waits_on == ("second",)
    assert verdicts["third"].saw == "waits for “Second”"
    assert verdicts["third"].bullets == ("CLF-C02 1.1-S1",), "known by reading alone"


def test_what_is_asked_elsewhere_stands_in_nobodys_way(desk: Desk) -> None:
    verdicts = desk.ask(
        '''
        @live_only("nothing rings offline")
        def check_bell(stack):
            """The bell rings."""
            expect(False, SAID)

        @after(check_bell)
        def check_door(stack):
            """The door opens."""
            expect(True, SAID)

        @offline_only("only here")
        def check_here(stack):
            """Here."""
            expect(True, SAID)
        '''
    )
    assert (verdicts["bell"].outcome, verdicts["bell"].saw) == ("elsewhere", "nothing rings offline")
    assert verdicts["door"].outcome == "kept"
    assert verdicts["here"].outcome == "kept"


def test_checks_that_wait_for_each_other_are_the_authors_mistake(desk: Desk) -> None:
    circle = "@after('b')\ndef check_a(stack):\n    '''A.'''\n@after('a')\ndef check_b(stack):\n    '''B.'''\n"
    with pytest.raises(BrokenLab, match="a → b → a"):
        desk.ask(circle)
    with pytest.raises(BrokenLab, match="check_nobody, which is not there"):
        desk.ask("@after('nobody')\ndef check_a(stack):\n    '''A.'''\n")


def test_a_lab_whose_checks_do_not_run_says_where(desk: Desk) -> None:
    with pytest.raises(BrokenLab) as broken:
        desk.ask("def check_a(stack):\n    '''A.'''\nimport nothing_of_the_kind\n")
    assert broken.value.faults == ("labs/lab01_library/checks.py:5: No module named 'nothing_of_the_kind'",)


def test_checks_are_read_afresh_and_may_use_dataclasses(desk: Desk) -> None:
    source = """
        from __future__ import annotations
        from dataclasses import dataclass
        from preflight.checks import expect

        @dataclass(frozen=True)
        class Book:
            title: str

        def check_it(stack):
            '''It holds.'''
            expect(Book("A").title == "A", SAID)
    """
    desk.folder.joinpath("checks.py").write_text("", encoding="utf-8")
    lab = SimpleNamespace(id="lab01_library", checks=desk.folder / "checks.py")
    for letter, outcome in (("A", "kept"), ("B", "not_yet")):
        text = textwrap.dedent(source).replace("SAID", SAID).replace('Book("A")', f'Book("{letter}")')
        lab.checks.write_text(text, encoding="utf-8")
        assert run(lab, desk.deployment)[0].outcome == outcome
    assert sorted(path.name for path in desk.folder.iterdir()) == ["checks.py"], "nothing is left beside the checks"


def test_a_check_that_never_ends_is_stopped(desk: Desk) -> None:
    before = time.perf_counter()
    verdict = desk.ask_one("while True:\n    pass", limit=0.3)
    assert (verdict.outcome, verdict.saw) == ("could_not_ask", "the check took longer than 0.3 seconds")
    assert time.perf_counter() - before < 5


def test_a_check_may_take_longer_in_an_account(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("preflight.verdict.SECONDS_PER_CHECK", {"offline": 0.2, "live": 20.0})
    waiting = 'import time\ntime.sleep(0.6)\nexpect(True, saw="", means="", proved="all", bullets=["a"], read="b")'
    assert desk.ask_one(waiting).outcome == "could_not_ask"
    desk.deployment = dataclasses.replace(desk.deployment, mode="live")
    assert desk.ask_one(waiting).outcome == "kept"


def test_where_to_look_is_found_by_construct_id(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack_file = tmp_path / "workspace" / "stack.py"
    stack_file.parent.mkdir()
    stack_file.write_text('class Library:\n    def __init__(self):\n        Bucket(self,\n               "Books")\n')
    monkeypatch.chdir(tmp_path)
    for where in ('"BooksBucket"', '"Books"', 'stack.find("Books")[0]'):
        verdict = desk.ask_one(f"expect(False, where={where}, SAID)", code=stack_file)
        assert verdict.where == "workspace/stack.py:3"
    assert desk.ask_one('expect(False, where="Nothing", SAID)', code=stack_file).where is None
    assert desk.ask_one("expect(False, SAID)", code=stack_file).where is None
    assert desk.ask_one('expect(False, where="Books", SAID)').where is None, "no code was given"


def test_an_assemblys_own_places_win(desk: Desk) -> None:
    verdict = desk.ask_one('expect(False, where="Books", SAID)', where=lambda path: (f"/far/{path[5:10]}.py", 7))
    assert verdict.where == "/far/Books.py:7"


def test_a_construct_path_is_found_behind_an_output_of_one_resource(desk: Desk) -> None:
    assert construct_path(desk.deployment, "BooksBucket") == "Lab1/Books/Resource"
    assert construct_path(desk.deployment, "Nothing") is None
    assert construct_path(desk.deployment, "nobody") is None


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [([], 0), (["kept", "elsewhere"], 0), (["kept", "not_yet", "waiting"], 1), (["not_yet", "could_not_ask"], 2)],
)
def test_the_exit_code_is_the_worst_outcome(outcomes: list[Any], code: int) -> None:
    assert exit_code([Verdict(str(index), "", outcome) for index, outcome in enumerate(outcomes)]) == code


TRUST = json.dumps(LIBRARY["Resources"]["Guide"]["Properties"]["AssumeRolePolicyDocument"]).replace(
    '{"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}', '"arn:aws:iam::123456789012:root"'
)
POLICY = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}'

UNDONE = {
    "an object": 's3.put_object(Bucket=books, Key="new", Body=b"x")',
    "an overwrite": 's3.put_object(Bucket=books, Key="old", Body=b"x")',
    "an overwrite without versioning": 's3.put_object(Bucket=leaflets, Key="old", Body=b"x")',
    "a new object without versioning": 's3.put_object(Bucket=leaflets, Key="new", Body=b"x")',
    "a copy": 's3.copy_object(Bucket=leaflets, Key="copy", CopySource={"Bucket": leaflets, "Key": "old"})',
    "a delete": 's3.delete_object(Bucket=books, Key="old")',
    "a delete without versioning": 's3.delete_object(Bucket=leaflets, Key="old")',
    "many deletes": """
        s3.delete_objects(Bucket=books, Delete={"Objects": [{"Key": "old"}]})
        s3.delete_objects(Bucket=leaflets, Delete={"Objects": [{"Key": "old"}, {"Key": "never"}]})
    """,
    "an unfinished upload": 's3.create_multipart_upload(Bucket=books, Key="long")',
    "a finished upload": """
        id = s3.create_multipart_upload(Bucket=leaflets, Key="old")["UploadId"]
        part = s3.upload_part(Bucket=leaflets, Key="old", UploadId=id, PartNumber=1, Body=b"x")
        s3.complete_multipart_upload(Bucket=leaflets, Key="old", UploadId=id,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    """,
    "a bucket and what is in it": """
        s3.create_bucket(Bucket="a-new-one")
        s3.put_bucket_versioning(Bucket="a-new-one", VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket="a-new-one", Key="k", Body=b"x")
        s3.delete_object(Bucket="a-new-one", Key="k")
    """,
    "a user with everything": """
        iam.create_user(UserName="new")
        iam.create_access_key(UserName="new")
        iam.put_user_policy(UserName="new", PolicyName="p", PolicyDocument=POLICY)
        arn = iam.create_policy(PolicyName="p", PolicyDocument=POLICY)["Policy"]["Arn"]
        iam.attach_user_policy(UserName="new", PolicyArn=arn)
    """,
    "a key for a user of the stack": "iam.create_access_key(UserName=reader)",
    "a role": """
        iam.create_role(RoleName="new", AssumeRolePolicyDocument=TRUST)
        iam.put_role_policy(RoleName="new", PolicyName="p", PolicyDocument=POLICY)
    """,
    "what a role does": """
        stack.client("s3", role=stack.output("GuideRole")).put_object(Bucket=books, Key="new", Body=b"x")
    """,
    "what a user does": """
        stack.client("s3", user=reader).put_object(Bucket=books, Key="new", Body=b"x")
    """,
}


@pytest.mark.parametrize("holds", ["True", "False", "1 / 0"], ids=["kept", "not yet", "crashed"])
@pytest.mark.parametrize("calls", UNDONE.values(), ids=UNDONE)
def test_what_a_check_makes_is_taken_away_again(desk: Desk, calls: str, holds: str) -> None:
    s3 = desk.cloud.client("s3")
    for bucket in (desk.deployment.outputs["BooksBucket"], desk.deployment.outputs["LeafletsBucket"]):
        s3.put_object(Bucket=bucket, Key="old", Body=b"what was there", ContentType="text/plain")
    before = desk.contents()

    verdict = desk.ask_one(
        f"POLICY, TRUST = {POLICY!r}, {TRUST!r}\n"
        's3, iam = stack.client("s3"), stack.client("iam")\n'
        'books, leaflets = stack.output("BooksBucket"), stack.output("LeafletsBucket")\n'
        'reader = stack.output("ReaderName")\n'
        f"{textwrap.dedent(calls).strip()}\n"
        f"expect({holds}, SAID)"
    )

    assert verdict.outcome == {"True": "kept", "False": "not_yet", "1 / 0": "could_not_ask"}[holds], verdict.error
    assert [each for each in verdict.left if "PutBucketVersioning" not in each] == []
    assert desk.contents() == before


def test_an_alarm_a_trail_and_a_log_stream_go_back_to_what_they_were(desk: Desk) -> None:
    books, policy = desk.deployment.outputs["BooksBucket"], {"Principal": {"Service": "cloudtrail.amazonaws.com"}}
    granted = {
        **policy,
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{books}{x}" for x in ("", "/*")],
    }
    desk.cloud.client("s3").put_bucket_policy(Bucket=books, Policy=json.dumps({"Statement": [granted]}))
    trails, watch, logs = (desk.cloud.client(name) for name in ("cloudtrail", "cloudwatch", "logs"))
    trails.create_trail(Name="witness", S3BucketName=books)
    trails.start_logging(Name="witness")
    metric = {"Namespace": "N", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    watch.put_metric_alarm(AlarmName="a", Threshold=1, ComparisonOperator="GreaterThanThreshold", **metric)
    for name in ("empty", "full"):
        logs.create_log_group(logGroupName=name)
        logs.create_log_stream(logGroupName=name, logStreamName="s")
    line = [{"timestamp": int(time.time() * 1000), "message": "m"}]
    logs.put_log_events(logGroupName="full", logStreamName="s", logEvents=line)

    verdict = desk.ask_one(
        f"""
        stack.client("cloudtrail").stop_logging(Name="witness")
        stack.client("cloudwatch").set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="a test")
        for group in ("empty", "full"):
            stack.client("logs").put_log_events(logGroupName=group, logStreamName="s", logEvents={line})
        expect(True, SAID)
        """
    )

    assert [each.partition(":")[0] for each in verdict.left] == ["logs.PutLogEvents was not taken back"]
    assert trails.get_trail_status(Name="witness")["IsLogging"]
    assert watch.describe_alarms()["MetricAlarms"][0]["StateValue"] == "INSUFFICIENT_DATA"
    assert logs.get_log_events(logGroupName="empty", logStreamName="s")["events"] == []


def test_a_call_nobody_can_take_back_is_named(desk: Desk) -> None:
    verdict = desk.ask_one(
        """
        leaflets, on = stack.output("LeafletsBucket"), {"Status": "Enabled"}
        stack.client("s3").put_bucket_versioning(Bucket=leaflets, VersioningConfiguration=on)
        expect(True, SAID)
        """
    )
    assert verdict.left == ("s3.PutBucketVersioning cannot be taken back",)


def test_what_a_check_does_without_undoing_stays_done(desk: Desk) -> None:
    s3 = desk.cloud.client("s3")
    books = desk.deployment.outputs["LeafletsBucket"]
    s3.put_object(Bucket=books, Key="by-the-stack", Body=b"a note")
    body = f"""
        s3 = stack.client("s3", undone=False)
        s3.delete_object(Bucket="{books}", Key="by-the-stack")
        expect(True, SAID)
    """
    verdict = desk.ask_one(body)
    assert verdict.outcome == "kept" and not verdict.left
    assert "Contents" not in s3.list_objects_v2(Bucket=books)


def test_an_instance_its_group_replaces_needs_no_taking_back_and_one_alone_is_left_behind(desk: Desk) -> None:
    scaling, ec2 = desk.cloud.client("autoscaling"), desk.cloud.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    launch = {"LaunchConfigurationName": "like-this", "ImageId": image, "InstanceType": "t3.micro"}
    scaling.create_launch_configuration(**launch)
    size = {"MinSize": 1, "MaxSize": 1, "AvailabilityZones": ["us-east-1a"]}
    scaling.create_auto_scaling_group(AutoScalingGroupName="one", LaunchConfigurationName="like-this", **size)
    kept = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["Instances"][0]["InstanceId"]
    alone = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ending = 'stack.client("ec2").terminate_instances(InstanceIds=["{}"])\nexpect(True, SAID)'
    assert desk.ask_one(ending.format(kept)).left == ()
    assert desk.ask_one(ending.format(alone)).left == (
        f"ec2.TerminateInstances was not taken back: {alone} was ended for good",
    )


def test_a_call_that_was_refused_has_nothing_to_take_back(desk: Desk) -> None:
    verdict = desk.ask_one(
        'refusal = attempt(stack.client("s3").put_object, Bucket="nobody-has-this", Key="k", Body=b"")\n'
        'expect(refusal.code == "NoSuchBucket", SAID)'
    )
    assert (verdict.outcome, verdict.left) == ("kept", ())


def test_the_cloud_is_left_as_it_was_by_whoever_has_had_enough(desk: Desk) -> None:
    before = desk.contents()
    with pytest.raises(KeyboardInterrupt):
        desk.ask_one(
            """
            import _thread, time
            stack.client("s3").put_object(Bucket=stack.output("BooksBucket"), Key="new", Body=b"x")
            stack.client("s3", user=stack.output("ReaderName"))
            _thread.interrupt_main()
            while True:
                time.sleep(0.01)
            """
        )
    assert desk.contents() == before


def test_messages_and_table_items_are_put_back(desk: Desk) -> None:
    sqs, dynamodb = desk.cloud.client("sqs"), desk.cloud.client("dynamodb")
    url = sqs.create_queue(QueueName="returns")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="what was there")
    dynamodb.create_table(
        TableName="loans",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "book", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "book", "AttributeType": "S"}],
    )
    old = {"book": {"S": "old"}, "reader": {"S": "ada"}}
    dynamodb.put_item(TableName="loans", Item=old)

    verdict = desk.ask_one(
        f"""
        sqs, dynamodb = stack.client("sqs"), stack.client("dynamodb")
        sqs.send_message(QueueUrl="{url}", MessageBody="new")
        sqs.send_message_batch(QueueUrl="{url}", Entries=[{{"Id": "1", "MessageBody": "newer"}}])
        sqs.receive_message(QueueUrl="{url}", MaxNumberOfMessages=1)
        key = {{"book": {{"S": "old"}}}}
        dynamodb.update_item(TableName="loans", Key=key, UpdateExpression="SET reader = :r",
                             ExpressionAttributeValues={{":r": {{"S": "bob"}}}})
        dynamodb.put_item(TableName="loans", Item={{"book": {{"S": "new"}}}})
        put = {{"PutRequest": {{"Item": {{"book": {{"S": "newer"}}}}}}}}
        dynamodb.batch_write_item(RequestItems={{"loans": [put]}})
        dynamodb.delete_item(TableName="loans", Key=key)
        expect(True, SAID)
        """
    )

    assert (verdict.outcome, verdict.left) == ("kept", ()), verdict.error
    assert dynamodb.scan(TableName="loans")["Items"] == [old]
    left = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    assert [message["Body"] for message in left] == ["what was there"]
