"""Deployed functions run: warm, limited, with their role's permissions, and nothing they do takes the cloud down."""

from __future__ import annotations

import base64
import io
import json
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from preflight.clouds.offline import OfflineCloud
from preflight.function_lineage import follow
from preflight.function_report import RESPONSE_LIMIT
from preflight.functions import CannotInvoke
from tests.copies import copy_of_the_project, run

PLACE = {"region": "us-east-1", "account": "123456789012"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
# as in AWSLambdaBasicExecutionRole
LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]


@pytest.fixture(scope="module")
def cloud() -> Iterator[OfflineCloud]:
    with OfflineCloud() as cloud:
        yield cloud


class Account:
    """A cloud with a role in it, and functions made by their source."""

    def __init__(self, cloud: OfflineCloud) -> None:
        self.cloud = cloud
        self.lambdas = cloud.client("lambda")
        self.iam = cloud.client("iam")
        self.role("basic", *LOGS)

    def role(self, name: str, *actions: str) -> None:
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        self.allow(name, *actions)

    def allow(self, role: str, *actions: str) -> None:
        statement = {"Effect": "Allow", "Action": [*actions], "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        if actions:
            self.iam.put_role_policy(RoleName=role, PolicyName="May", PolicyDocument=document)

    def function(self, source: str, *, name: str = "triage", role: str = "basic", **more: Any) -> None:
        self.lambdas.create_function(
            **{
                "FunctionName": name,
                "Role": f"arn:aws:iam::123456789012:role/{role}",
                "Handler": "index.handler",
                "Runtime": "python3.12",
                "Code": {"ZipFile": zipped(index_py=source)},
                **more,
            }
        )

    def call(self, event: Any = None, *, name: str = "triage", **more: Any) -> tuple[Any, str | None, str]:
        """The payload, the function error and the end of the log."""
        answer = self.lambdas.invoke(FunctionName=name, Payload=json.dumps(event), LogType="Tail", **more)
        log = base64.b64decode(answer["LogResult"]).decode()
        return json.loads(answer["Payload"].read()), answer.get("FunctionError"), log

    def lines(self, name: str = "triage") -> list[str]:
        """Everything in a function's log group."""
        events = self.cloud.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        return [each["message"].rstrip("\n") for each in events]


@pytest.fixture
def account(cloud: OfflineCloud) -> Account:
    cloud.reset()
    return Account(cloud)


def zipped(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/").replace("_py", ".py"), text)
    return packed.getvalue()


def workers(endpoint: str) -> set[int]:
    """The processes on this machine that come from a worker of the cloud at this endpoint."""
    found = set()
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                environment = (each / "environ").read_bytes()
            except OSError:
                continue
            if f"AWS_ENDPOINT_URL={endpoint}".encode() in environment.split(b"\0"):
                found.add(int(each.name))
    return found


def gone(endpoint: str) -> bool:
    until = time.monotonic() + 5
    while workers(endpoint) and time.monotonic() < until:
        threading.Event().wait(0.01)
    return not workers(endpoint)


WARM = """
import os, sys, tempfile
calls = 0

def handler(event, context):
    global calls
    calls += 1
    print("call", calls)
    with open("/tmp/kept", "a") as kept:
        kept.write("x")
    return {
        "event": event, "calls": calls, "kept": os.path.getsize("/tmp/kept"), "pid": os.getpid(),
        "left": context.get_remaining_time_in_millis(), "id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "name": context.function_name, "version": context.function_version, "memory": context.memory_limit_in_mb,
        "group": context.log_group_name, "stream": context.log_stream_name,
        "client": context.client_context.custom if context.client_context else None,
        "environment": dict(os.environ),
    }
"""


def test_an_environment_stays_warm_and_tells_what_lambda_tells(account):
    account.function(WARM, Timeout=5, Environment={"Variables": {"TABLE": "notes"}})
    context = base64.b64encode(b'{"custom": {"app": "ward"}}').decode()
    first, error, log = account.call({"note": 1}, ClientContext=context)
    second, _, _ = account.call()
    assert (error, first["event"], second["event"], first["client"]) == (None, {"note": 1}, None, {"app": "ward"})
    assert [(each["calls"], each["kept"]) for each in (first, second)] == [(1, 1), (2, 2)]
    assert first["pid"] == second["pid"]
    assert 0 < first["left"] <= 5000
    arn = "arn:aws:lambda:us-east-1:123456789012:function:triage"
    assert (first["name"], first["version"], first["memory"], first["arn"]) == ("triage", "$LATEST", "128", arn)
    variables = first["environment"]
    wanted = {
        "TABLE": "notes",
        "_HANDLER": "index.handler",
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "triage",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
        "AWS_ENDPOINT_URL": account.cloud.serve(),
    }
    assert {name: variables[name] for name in wanted} == wanted
    assert variables["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert variables["AWS_SESSION_TOKEN"]
    assert (first["group"], first["stream"]) == ("/aws/lambda/triage", variables["AWS_LAMBDA_LOG_STREAM_NAME"])

    lines = account.lines()
    assert lines[0].startswith("INIT_START")
    assert lines[1:4] == [f"START RequestId: {first['id']} Version: $LATEST", "call 1", f"END RequestId: {first['id']}"]
    assert lines[4].startswith(f"REPORT RequestId: {first['id']}\tDuration: ")
    assert "Init Duration" in lines[4]
    assert lines[6] == "call 2"
    assert log.splitlines()[-1] == lines[4]

    # another configuration is another environment
    account.lambdas.update_function_configuration(FunctionName="triage", MemorySize=256)
    third, _, _ = account.call()
    assert (third["calls"], third["kept"], third["memory"]) == (1, 1, "256")


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (
            "def handler(event, context):\n    raise ValueError('no note')\n",
            {
                "errorMessage": "no note",
                "errorType": "ValueError",
                "stackTrace": [
                    "  File \"/var/task/index.py\", line 2, in handler\n    raise ValueError('no note')\n",
                ],
            },
        ),
        (
            "import requests\n",
            {
                "errorMessage": "Unable to import module 'index': No module named 'requests'",
                "errorType": "Runtime.ImportModuleError",
                "stackTrace": [],
            },
        ),
        (
            "def other(event, context):\n    return 1\n",
            {
                "errorMessage": "Handler 'handler' missing on module 'index'",
                "errorType": "Runtime.HandlerNotFound",
                "stackTrace": [],
            },
        ),
        (
            "def handler(event, context):\n    return {1}\n",
            {
                "errorMessage": "Unable to marshal response: Object of type set is not JSON serializable",
                "errorType": "Runtime.MarshalError",
                "stackTrace": [],
            },
        ),
        (
            "def handler(event, context):\n    return '\\ud800'\n",
            {
                "errorMessage": "Unable to marshal response: 'utf-8' codec can't encode character '\\ud800' "
                "in position 1: surrogates not allowed",
                "errorType": "Runtime.MarshalError",
                "stackTrace": [],
            },
        ),
        (
            "def handler(event, context):\n    print('\\ud800')\n    raise ValueError('\\ud800')\n",
            {"errorMessage": "?", "errorType": "ValueError"},
        ),
        (
            "def handler(event:\n",
            {
                "errorMessage": "Syntax error in module 'index': '(' was never closed (index.py, line 1)",
                "errorType": "Runtime.UserCodeSyntaxError",
                "stackTrace": ['  File "/var/task/index.py" Line 1\n    def handler(event:\n'],
            },
        ),
        (
            "import os\ndef handler(event, context):\n    os._exit(3)\n",
            {"errorType": "Runtime.ExitError", "errorMessage": "Error: Runtime exited with error: exit status 3"},
        ),
        (
            "import sys\ndef handler(event, context):\n    sys.exit(0)\n",
            {"errorType": "Runtime.ExitError", "errorMessage": "Error: Runtime exited without providing a reason"},
        ),
        (
            "import os, signal\ndef handler(event, context):\n    os.kill(os.getpid(), signal.SIGSEGV)\n",
            {
                "errorType": "Runtime.ExitError",
                "errorMessage": "Error: Runtime exited with error: signal: segmentation fault",
            },
        ),
        (
            "def handler(event, context):\n    return len(bytearray(400 * 1024 * 1024))\n",
            {"errorType": "Runtime.OutOfMemory", "errorMessage": "Error: Runtime exited with error: signal: killed"},
        ),
        (
            f"def handler(event, context):\n    return 'x' * {RESPONSE_LIMIT}\n",
            {
                "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
                "errorType": "Function.ResponseSizeTooLarge",
            },
        ),
        (
            "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "def handler(event, context):\n    while True:\n        pass\n",
            {"errorType": "Sandbox.Timedout", "errorMessage": "Error: Task timed out after 1.00 seconds"},
        ),
        ("broken = {}['note']\n", {"errorMessage": "'note'", "errorType": "KeyError"}),
        (
            "def handler(event, context):\n    open('/etc/note', 'w')\n",
            {"errorMessage": "[Errno 30] Read-only file system: '/etc/note'", "errorType": "OSError"},
        ),
        (
            "import socket\ndef handler(event, context):\n    socket.create_connection(('192.0.2.1', 80), 1)\n",
            {
                "errorMessage": "[Errno 101] Network is unreachable: "
                "a function of the offline cloud cannot reach 192.0.2.1",
                "errorType": "OSError",
            },
        ),
        (
            "import os\ndef handler(event, context):\n    while True:\n        os.fork() or os._exit(0)\n",
            {"errorMessage": "[Errno 11] Resource temporarily unavailable", "errorType": "BlockingIOError"},
        ),
    ],
)
def test_errors_are_told_as_lambda_tells_them(account, source, error):
    account.function(source, Timeout=1 if error["errorType"] == "Sandbox.Timedout" else 30)
    told, kind, log = account.call({})
    assert kind == "Unhandled"
    message = told["errorMessage"]
    if message.startswith("RequestId: "):
        message = message.split(" ", 2)[2]
    assert {**told, "errorMessage": message} == {**told, **error}
    assert log.splitlines()[-1].startswith("REPORT RequestId: ")
    assert told["errorType"] in log or "Task timed out after 1.00 seconds" in log
    # what fails takes nothing with it
    code = zipped(index_py="def handler(event, context):\n    return 'well'\n")
    account.lambdas.update_function_code(FunctionName="triage", ZipFile=code)
    assert account.call({})[:2] == ("well", None)


STRAY = """
import os, subprocess, sys, time

def handler(event, context):
    if event == "fork":
        # the child comes back into the runtime's own loop
        return {"child": os.fork()}
    if event == "leave":
        source = "import os, time; os.setsid(); print(os.getpid(), flush=True); time.sleep(600)"
        process = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE)
        return {"child": int(process.stdout.readline())}
    if event == "print":
        print("x" * 1048576)
        for number in range(3000):
            os.write(2, b"line %d\\n" % number)
    if event == "close":
        os.closerange(0, 1024)
    if event == "hang":
        time.sleep(600)
    return "well"
"""


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are looked for in /proc")
def test_nothing_is_left_of_what_a_function_starts(account):
    account.function(STRAY, Timeout=1)
    for event in ("fork", "leave", "hang", "leave", "print", "close", "well"):
        account.call(event)
    assert account.call("well")[0] == "well"
    account.function(STRAY, name="other", Timeout=1)
    account.call("leave", name="other")
    account.call("fork", name="other")
    endpoint = account.cloud.serve()
    left = workers(endpoint)
    assert len(left) >= 3
    account.lambdas.delete_function(FunctionName="other")
    assert 0 < len(workers(endpoint)) <= len(left) - 2
    account.cloud.functions.reset()
    assert gone(endpoint)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are looked for in /proc")
def test_workers_end_when_their_cloud_is_killed(tmp_path):
    source = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
from tests.test_functions import STRAY, Account, OfflineCloud
with OfflineCloud() as cloud:
    account = Account(cloud)
    account.function(STRAY, Timeout=600)
    account.call("leave")
    print(cloud.serve(), cloud.functions._environments._root, flush=True)
    account.call("hang")
"""
    process = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, cwd=tmp_path)
    assert process.stdout is not None
    endpoint, root = process.stdout.readline().decode().split()
    assert (len(workers(endpoint)) >= 2, Path(root).exists()) == (True, True)
    process.kill()
    process.wait()
    process.stdout.close()
    assert gone(endpoint)
    until = time.monotonic() + 5
    while Path(root).exists() and time.monotonic() < until:
        threading.Event().wait(0.01)
    assert not Path(root).exists()


def test_a_megabyte_of_output_is_in_the_log(account):
    account.function(STRAY, Timeout=10)
    account.call("print")
    lines = account.lines()
    assert sum(line.count("x") for line in lines if set(line) == {"x"}) == 1048576
    assert max(len(line) for line in lines) <= 262144
    assert [line for line in lines if line.startswith("line ")] == [f"line {number}" for number in range(3000)]


NOTES = """
import boto3, json, os
s3 = boto3.client("s3")

def handler(event, context):
    s3.put_object(Bucket="notes", Key="note", Body=b"1")
    return boto3.client("sts").get_caller_identity()["Arn"]
"""


def test_a_function_may_what_its_role_may(account):
    account.cloud.client("s3").create_bucket(Bucket="notes")
    account.role("writer", *LOGS, "s3:PutObject")
    account.function(NOTES, name="poor")
    account.function(NOTES, name="writer", role="writer")
    told, kind, _ = account.call({}, name="poor")
    assert kind == "Unhandled"
    assert "assumed-role/basic/poor is not authorized to perform: s3:PutObject" in told["errorMessage"]
    assert account.call({}, name="writer")[:2] == ("arn:aws:sts::123456789012:assumed-role/writer/writer", None)
    # a grant that comes later is a grant
    account.allow("basic", "s3:PutObject")
    assert account.call({}, name="poor")[1] is None


def test_a_function_in_a_vpc_reaches_what_its_network_reaches(account):
    account.cloud.client("s3").create_bucket(Bucket="notes")
    ec2 = account.cloud.client("ec2")
    network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    private, public = (
        ec2.create_subnet(VpcId=network, CidrBlock=f"10.0.{number}.0/24")["Subnet"]["SubnetId"] for number in range(2)
    )
    table = ec2.create_route_table(VpcId=network)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=private)
    account.role("writer", *LOGS, "s3:PutObject", "ec2:CreateNetworkInterface")
    place = {"SubnetIds": [private], "SecurityGroupIds": []}
    source = NOTES.replace("return boto3", "return 'kept' if event else boto3")
    account.function(source, role="writer", VpcConfig=place, Timeout=2)
    assert account.call({"note": 1})[0]["errorType"] == "Sandbox.Timedout"
    # a gateway endpoint is for its service alone
    service = "com.amazonaws.us-east-1.s3"
    ec2.create_vpc_endpoint(VpcId=network, ServiceName=service, VpcEndpointType="Gateway", RouteTableIds=[table])
    assert account.call({"note": 1})[:2] == ("kept", None)
    assert account.call({})[0]["errorType"] == "Sandbox.Timedout"
    # a public subnet gives a function no public address
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=network)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    assert account.call({})[0]["errorType"] == "Sandbox.Timedout"
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=public, AllocationId=address)["NatGateway"]["NatGatewayId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    assert account.call({})[1] is None


def test_lines_are_lost_without_the_permission_to_write_them(account):
    account.role("mute")
    account.function("def handler(event, context):\n    print('heard?')\n", role="mute")
    assert "heard?" in account.call({})[2]
    assert account.cloud.client("logs").describe_log_groups()["logGroups"] == []
    account.allow("mute", *LOGS)
    account.call({})
    assert "heard?" in account.lines()


def test_records_of_logging_are_one_event_each(account):
    source = """
import logging
log = logging.getLogger("ward")
log.setLevel("INFO")

def handler(event, context):
    try:
        {}["note"]
    except KeyError:
        log.exception("two\\nlines")
"""
    account.function(source)
    account.function(source, name="json", LoggingConfig={"LogFormat": "JSON"})
    account.call({})
    account.call({}, name="json")
    record = next(line for line in account.lines() if line.startswith("[ERROR]"))
    assert record.split("\t")[3].startswith("two\nlines\nTraceback (most recent call last):")
    record = json.loads(next(line for line in account.lines("json") if line.startswith("{")))
    assert (record["level"], record["message"], record["errorType"]) == ("ERROR", "two\nlines", "KeyError")


def test_layers_and_inline_answers_are_importable(account):
    layer = account.lambdas.publish_layer_version(
        LayerName="shared", Content={"ZipFile": zipped(python__ward_py="BEDS = 12\n", data__x_py="plain")}
    )
    source = "import ward\ndef handler(event, context):\n    return [ward.BEDS, open('/opt/data/x.py').read()]\n"
    account.function(source, Layers=[layer["LayerVersionArn"]])
    account.lambdas.delete_layer_version(LayerName="shared", VersionNumber=1)
    assert account.call({})[:2] == ([12, "plain"], None)


def test_versions_aliases_and_weights(account):
    def code(number: int) -> bytes:
        return zipped(index_py=f"def handler(event, context):\n    return [{number}, context.invoked_function_arn]\n")

    account.function("", Code={"ZipFile": code(1)})
    lambdas = account.lambdas
    lambdas.publish_version(FunctionName="triage")
    lambdas.update_function_code(FunctionName="triage", ZipFile=code(2))
    lambdas.publish_version(FunctionName="triage")
    lambdas.create_alias(FunctionName="triage", Name="live", FunctionVersion="1")
    arn = "arn:aws:lambda:us-east-1:123456789012:function:triage"
    assert account.call({}, Qualifier="1")[0] == [1, f"{arn}:1"]
    assert account.call({}, name=f"{arn}:live")[0] == [1, f"{arn}:live"]
    assert account.call({}, name="123456789012:function:triage:2")[0] == [2, f"{arn}:2"]
    assert lambdas.invoke(FunctionName="triage:live")["ExecutedVersion"] == "1"
    lambdas.update_alias(FunctionName="triage", Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
    assert {account.call({}, Qualifier="live")[0][0] for _ in range(40)} == {1, 2}


def test_a_queue_mapped_to_an_alias_goes_where_the_alias_goes(account):
    account.role("reader", *LOGS, "sqs:*")
    account.function("def handler(event, context):\n    print('first')\n", role="reader")
    lambdas, sqs = account.lambdas, account.cloud.client("sqs")
    lambdas.publish_version(FunctionName="triage")
    lambdas.create_alias(FunctionName="triage", Name="live", FunctionVersion="1")
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    source = "arn:aws:sqs:us-east-1:123456789012:inbox"
    mapped = lambdas.create_event_source_mapping(FunctionName="triage:live", EventSourceArn=source)
    assert mapped["FunctionArn"].endswith(":function:triage:live")
    code = zipped(index_py="def handler(event, context):\n    print('second')\n")
    lambdas.update_function_code(FunctionName="triage", ZipFile=code)
    lambdas.publish_version(FunctionName="triage")
    lambdas.update_alias(FunctionName="triage", Name="live", FunctionVersion="2")
    sqs.send_message(QueueUrl=queue, MessageBody="note")
    assert account.cloud.deliveries.settle()
    assert [line for line in account.lines() if line in ("first", "second")] == ["second"]


def test_what_cannot_be_invoked(account):
    account.function("def handler(event, context):\n    return event\n")
    account.function("1", name="node", Runtime="nodejs22.x")
    functions, lambdas = account.cloud.functions, account.lambdas
    assert lambdas.invoke(FunctionName="triage", InvocationType="DryRun")["StatusCode"] == 204
    arn = "arn:aws:lambda:us-east-1:123456789012:function:no"
    with pytest.raises(lambdas.exceptions.ResourceNotFoundException, match=f"Function not found: {arn}$"):
        lambdas.invoke(FunctionName="no", InvocationType="DryRun")
    with pytest.raises(lambdas.exceptions.ResourceNotFoundException, match=f"{arn[:-2]}triage:7$"):
        lambdas.invoke(FunctionName="triage", Qualifier="7")
    for unreadable in (b"{note", b'"\xff"', b"NaN"):
        with pytest.raises(lambdas.exceptions.InvalidRequestContentException, match="Could not parse request body"):
            lambdas.invoke(FunctionName="triage", Payload=unreadable)
    with pytest.raises(CannotInvoke, match="must be smaller than 6291456 bytes") as refused:
        functions.invoke("triage", json.dumps("x" * 6291456), **PLACE)
    assert (refused.value.code, refused.value.status) == ("RequestEntityTooLargeException", 413)
    with pytest.raises(CannotInvoke, match="too large for the Event invocation type"):
        functions.send("triage", json.dumps("x" * 1048576), **PLACE)
    with pytest.raises(CannotInvoke, match="nodejs22") as refused:
        functions.invoke("node", {}, **PLACE)
    assert refused.value.status == 501
    assert lambdas.invoke(FunctionName="node", InvocationType="Event")["StatusCode"] == 202
    assert functions.settle()
    assert [each.function.rpartition(":")[2] for each in functions.undelivered] == ["node"]
    lambdas.put_function_concurrency(FunctionName="triage", ReservedConcurrentExecutions=0)
    with pytest.raises(lambdas.exceptions.TooManyRequestsException) as throttled:
        lambdas.invoke(FunctionName="triage")
    assert throttled.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


MEET = """
import os, socket

def handler(event, context):
    with socket.create_connection(("localhost", event["port"])) as door:
        door.recv(1)
    return os.getpid()
"""


def test_invocations_at_once_have_an_environment_each(account):
    account.function(MEET, Timeout=20)
    account.lambdas.put_function_concurrency(FunctionName="triage", ReservedConcurrentExecutions=2)
    answers: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(10)
        event = {"port": door.getsockname()[1]}
        threads = [threading.Thread(target=lambda: answers.append(account.call(event)[0])) for _ in range(2)]
        for each in threads:
            each.start()
        inside = [door.accept()[0] for _ in range(2)]
        with pytest.raises(account.lambdas.exceptions.TooManyRequestsException):
            account.call(event)
        for each in inside:
            each.close()
        for each in threads:
            each.join(10)
        assert len(set(answers)) == 2
        threads = [threading.Thread(target=lambda: answers.append(account.call(event)[0]))]
        threads[0].start()
        door.accept()[0].close()
        threads[0].join(10)
    assert answers[2] in answers[:2]


def test_the_endpoint_invokes_too(account):
    import boto3

    account.function("def handler(event, context):\n    return {'got': event}\n")
    url = account.cloud.serve()
    keys = {"aws_access_key_id": "AKIAPREFLIGHTOFFLINE", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    outside = boto3.client("lambda", endpoint_url=url, **keys)
    answer = outside.invoke(FunctionName="triage", Payload=b'{"n": 1}', LogType="Tail")
    assert (json.loads(answer["Payload"].read()), answer["StatusCode"]) == ({"got": {"n": 1}}, 200)
    assert outside.invoke(FunctionName="triage", InvocationType="Event", Payload=b"{}")["StatusCode"] == 202
    assert account.cloud.functions.settle()
    with pytest.raises(outside.exceptions.ResourceNotFoundException):
        outside.invoke(FunctionName="no")
    outside.close()


FAILING = """
def handler(event, context):
    print("try")
    raise RuntimeError("never well")
"""


def test_an_asynchronous_failure_is_tried_again_and_put_aside(account):
    sqs = account.cloud.client("sqs")
    dead, failed = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("dead", "failed"))
    arns = {name: f"arn:aws:sqs:us-east-1:123456789012:{name}" for name in ("dead", "failed")}
    account.role("sender", *LOGS, "sqs:SendMessage")
    account.function(FAILING, role="sender", DeadLetterConfig={"TargetArn": arns["dead"]})
    account.lambdas.put_function_event_invoke_config(
        FunctionName="triage", DestinationConfig={"OnFailure": {"Destination": arns["failed"]}}
    )
    sent = account.cloud.functions.send("triage", {"note": 1}, **PLACE)
    assert account.cloud.functions.settle()
    assert account.lines().count("try") == 3
    message = sqs.receive_message(QueueUrl=dead, MessageAttributeNames=["All"])["Messages"][0]
    attributes = {name: each["StringValue"] for name, each in message["MessageAttributes"].items()}
    assert json.loads(message["Body"]) == {"note": 1}
    assert attributes == {"RequestID": sent, "ErrorCode": "200", "ErrorMessage": "never well"}
    record = json.loads(sqs.receive_message(QueueUrl=failed)["Messages"][0]["Body"])
    assert record["requestContext"] == {
        "requestId": sent,
        "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:triage:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    assert record["requestPayload"] == {"note": 1}
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["responsePayload"]["errorMessage"] == "never well"


@pytest.mark.parametrize(
    ("config", "reserved", "tries", "condition"),
    [
        ({"MaximumRetryAttempts": 0}, None, 1, "RetriesExhausted"),
        ({"MaximumEventAgeInSeconds": 60}, None, 1, "EventAgeExceeded"),
        ({}, 0, 0, "ZeroReservedConcurrency"),
    ],
)
def test_how_long_an_event_is_tried(account, config, reserved, tries, condition):
    queue = account.cloud.client("sqs").create_queue(QueueName="failed")["QueueUrl"]
    account.role("sender", *LOGS, "sqs:SendMessage")
    account.function(FAILING, role="sender")
    destination = {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:failed"}}
    lambdas = account.lambdas
    lambdas.put_function_event_invoke_config(FunctionName="triage", DestinationConfig=destination, **config)
    if reserved is not None:
        lambdas.put_function_concurrency(FunctionName="triage", ReservedConcurrentExecutions=reserved)
    lambdas.invoke(FunctionName="triage", InvocationType="Event", Payload=b"{}")
    assert account.cloud.functions.settle()
    message = account.cloud.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]
    context = json.loads(message["Body"])["requestContext"]
    assert (context["condition"], context["approximateInvokeCount"]) == (condition, tries)


def test_a_success_goes_to_every_kind_of_destination_its_role_may_reach(account):
    cloud = account.cloud
    queue = cloud.client("sqs").create_queue(QueueName="inbox")["QueueUrl"]
    inbox = "arn:aws:sqs:us-east-1:123456789012:inbox"
    topic = cloud.client("sns").create_topic(Name="news")["TopicArn"]
    everything = ["sqs:*", "sns:*", "lambda:*", "events:*"]
    account.role("sender", *LOGS, *everything)
    account.role("silent", *LOGS, *everything)
    heard = "def handler(event, context):\n    print('heard', event['responsePayload'])\n"
    account.function(heard, name="heard")
    well = "def handler(event, context):\n    return 'well'\n"
    for name, destination in (
        ("to-queue", inbox),
        ("to-topic", topic),
        ("to-function", "arn:aws:lambda:us-east-1:123456789012:function:heard"),
        ("to-bus", "arn:aws:events:us-east-1:123456789012:event-bus/default"),
    ):
        account.function(well, name=name, role="sender")
        account.lambdas.put_function_event_invoke_config(
            FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": destination}}
        )
        cloud.functions.send(name, {}, **PLACE)
    account.function(well, name="silent", role="silent")
    account.lambdas.put_function_event_invoke_config(
        FunctionName="silent", DestinationConfig={"OnSuccess": {"Destination": inbox}}
    )
    # the permission is there when it is configured, and no longer when it is needed
    account.iam.delete_role_policy(RoleName="silent", PolicyName="May")
    cloud.functions.send("silent", {}, **PLACE)
    assert cloud.functions.settle()
    messages = cloud.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert [json.loads(each["Body"])["requestContext"]["condition"] for each in messages] == ["Success"]
    assert "heard well" in account.lines("heard")
    assert [(each.destination, "not authorized" in each.because) for each in cloud.functions.undelivered] == [
        (inbox, True)
    ]


def test_lines_of_a_log_reach_the_function_that_subscribes_to_it(account):
    source = """
import base64, gzip, json

def handler(event, context):
    data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    print("heard", data["logGroup"], [each["message"] for each in data["logEvents"]])
"""
    account.function(source)
    arn = "arn:aws:lambda:us-east-1:123456789012:function:triage"
    account.lambdas.add_permission(
        FunctionName="triage", StatementId="logs", Action="lambda:InvokeFunction", Principal="logs.amazonaws.com"
    )
    logs = account.cloud.client("logs")
    logs.create_log_group(logGroupName="ward")
    logs.create_log_stream(logGroupName="ward", logStreamName="one")
    logs.put_subscription_filter(logGroupName="ward", filterName="all", filterPattern="", destinationArn=arn)
    now = int(time.time() * 1000)
    logs.put_log_events(
        logGroupName="ward", logStreamName="one", logEvents=[{"timestamp": now, "message": "a bed is free"}]
    )
    assert account.cloud.functions.settle()
    assert "heard ward ['a bed is free']" in account.lines()


ITSELF = """
import json, boto3

def handler(event, context):
    answer = boto3.client("lambda").invoke(FunctionName="triage", Payload=json.dumps(event + 1))
    return json.loads(answer["Payload"].read())
"""


def test_a_function_that_calls_itself_is_stopped_after_sixteen_times(account):
    account.role("calls", *LOGS, "lambda:InvokeFunction")
    account.function(ITSELF, role="calls", Timeout=30)
    trace = ""
    for _ in range(14):
        trace, _ = follow(trace, "arn:aws:lambda:us-east-1:123456789012:function:triage")
    made = account.cloud.functions.invoke("triage", "1", trace=trace, **PLACE)
    assert "(RecursiveInvocationException)" in made.json()["errorMessage"]
    assert sum(line.startswith("START") for line in account.lines()) == 2


SLEEPS = """
import time

def handler(event, context):
    time.sleep(event)
    print("done")
"""


def test_an_event_does_not_wait_for_another_that_takes_long(account):
    functions = account.cloud.functions
    account.function(SLEEPS, Timeout=30)
    functions.send("triage", "0", **PLACE)
    assert functions.settle()
    began = time.monotonic()
    # one idle thread is there, and both come before it has woken up
    functions.send("triage", "3", **PLACE)
    functions.send("triage", "0", **PLACE)
    while account.lines().count("done") < 2 and time.monotonic() - began < 3:
        time.sleep(0.02)
    assert time.monotonic() - began < 2.5
    functions.reset()


def test_closing_ends_what_is_under_way(account):
    others = set(threading.enumerate())
    functions = account.cloud.functions
    account.function(STRAY, Timeout=600)
    for _ in range(3):
        functions.send("triage", '"hang"', **PLACE)
    assert not functions.settle(0.2)
    began = time.monotonic()
    functions.close()
    assert (time.monotonic() - began < 5, functions.settle(0)) == (True, True)
    with pytest.raises(CannotInvoke, match="closing"):
        functions.invoke("triage", {}, **PLACE)
    until = time.monotonic() + 2
    while (
        left := [each for each in threading.enumerate() if "(_work)" in each.name and each not in others]
    ) and time.monotonic() < until:
        time.sleep(0.01)
    assert left == []


def test_a_project_below_tmp_runs_functions_too(tmp_path: Path) -> None:
    """The function's /tmp is its own; the Python it runs on may lie below the real one."""
    code = (
        "import boto3, cfnresponse\n"
        "def handler(event, context):\n"
        "    who = boto3.client('sts').get_caller_identity()['Account']\n"
        "    cfnresponse.send(event, context, cfnresponse.SUCCESS, {'Who': who})\n"
    )
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}}
    function = {
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Code": {"ZipFile": code},
    }
    body = {
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": role},
            "Asks": {"Type": "AWS::Lambda::Function", "Properties": function},
            "Asked": {"Type": "Custom::Asked", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Asks", "Arn"]}}},
        },
        "Outputs": {"Who": {"Value": {"Fn::GetAtt": ["Asked", "Who"]}}},
    }
    project = copy_of_the_project(tmp_path / "preflight")
    (project / "template.json").write_text(json.dumps(body))
    said = run(str(project / ".venv/bin/python"), "-m", "preflight", "cloud", "deploy", "template.json", cwd=project)
    assert "Who = 123456789012" in said
