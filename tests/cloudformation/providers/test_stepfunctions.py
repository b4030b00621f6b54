"""State machines are made, changed, refused and run."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from preflight.analysis.state_machines import faults
from preflight.clouds.authorize import authorized
from preflight.clouds.workflows import workflows_running
from tests.cloudformation.providers.conftest import Bench

TAGS = [{"Key": "team", "Value": "triage"}]


def trust(service: str = "states.amazonaws.com") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.fixture
def bench():
    from moto import mock_aws

    from preflight.clouds import Clients
    from preflight.clouds.isolation import environment, fake_environment
    from preflight.clouds.offline import _config, _session

    with (
        environment(fake_environment("us-east-1")),
        mock_aws(config={"core": {"mock_credentials": False}}),
        authorized() as authorizer,
        workflows_running(Clients(_session(), _config()).make, authorizer),
    ):
        yield Bench()


@pytest.fixture
def role(bench):
    return bench.make("AWS::IAM::Role", "Role", AssumeRolePolicyDocument=trust())["Arn"]


def grant(bench, *actions):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    name = bench.client("iam").list_roles()["Roles"][0]["RoleName"]
    bench.client("iam").put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=policy)


def definition(**states):
    return json.dumps({"StartAt": next(iter(states)), "States": states})


DONE = {"Type": "Pass", "Result": {"done": True}, "End": True}


def test_a_state_machine_and_what_it_is_told(bench, role):
    declared: dict[str, Any] = {"StateMachineName": "triage", "RoleArn": role}
    made = bench.make(
        "AWS::StepFunctions::StateMachine",
        "Triage",
        **declared,
        DefinitionString=definition(Done={**DONE, "Comment": "${What}"}),
        DefinitionSubstitutions={"What": "filled in"},
        TracingConfiguration={"Enabled": True},
        Tags=TAGS,
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    assert made.ref == "arn:aws:states:us-east-1:123456789012:stateMachine:triage" == made["Arn"]
    assert made["Name"] == "triage"
    client = bench.client("stepfunctions")
    assert "filled in" in client.describe_state_machine(stateMachineArn=made.ref)["definition"]
    changed = bench.change(made, **declared, Definition={"StartAt": "Done", "States": {"Done": DONE}})
    assert (changed.unapplied, bench.lost(changed)) == ((), set())
    told = client.describe_state_machine(stateMachineArn=made.ref)
    assert not told["tracingConfiguration"]["enabled"]
    with pytest.raises(ClientError, match="Already Exists"):
        bench.make("AWS::StepFunctions::StateMachine", "Again", **declared, DefinitionString=definition(Done=DONE))
    bench.delete(changed)
    bench.delete(changed)
    assert client.list_state_machines()["stateMachines"] == []


def test_a_role_that_does_not_trust_step_functions_is_refused(bench):
    other = bench.make("AWS::IAM::Role", "Other", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))["Arn"]
    for role in (other, "arn:aws:iam::123456789012:role/none"):
        with pytest.raises(ClientError, match="is authorized to assume the provided role"):
            bench.make("AWS::StepFunctions::StateMachine", "No", RoleArn=role, DefinitionString=definition(Done=DONE))


def test_logs_need_a_grant(bench, role):
    logs = {
        "Level": "ALL",
        "Destinations": [
            {"CloudWatchLogsLogGroup": {"LogGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:a:*"}}
        ],
    }
    declared = {"RoleArn": role, "DefinitionString": definition(Done=DONE), "LoggingConfiguration": logs}
    with pytest.raises(ClientError, match="not authorized to access the Log Destination"):
        bench.make("AWS::StepFunctions::StateMachine", "Triage", **declared)
    grant(bench, "logs:*")
    made = bench.make("AWS::StepFunctions::StateMachine", "Triage", **declared, StateMachineType="EXPRESS")
    assert (made.unapplied, bench.lost(made)) == ((), set())
    bench.client("logs").create_log_group(logGroupName="a")
    run(bench.client("stepfunctions"), made.ref, n=1)
    events = bench.client("logs").filter_log_events(logGroupName="a")["events"]
    kinds = [json.loads(each["message"])["type"] for each in events]
    assert kinds == ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]


def test_versions_aliases_and_activities(bench, role):
    machine = bench.make("AWS::StepFunctions::StateMachine", "M", RoleArn=role, DefinitionString=definition(Done=DONE))
    version = bench.make("AWS::StepFunctions::StateMachineVersion", "V", StateMachineArn=machine.ref, Description="one")
    assert (version.unapplied, bench.lost(version)) == ((), set())
    assert version.ref == f"{machine.ref}:1"
    routes = [{"StateMachineVersionArn": version.ref, "Weight": 100}]
    alias = bench.make(
        "AWS::StepFunctions::StateMachineAlias", "A", Name="live", Description="it", RoutingConfiguration=routes
    )
    assert (alias.unapplied, bench.lost(alias)) == ((), set())
    client = bench.client("stepfunctions")
    assert run(client, alias.ref)["status"] == "SUCCEEDED"
    with pytest.raises(ClientError, match="referenced by an alias"):
        bench.delete(version)
    changed = bench.change(
        alias,
        Name="live",
        DeploymentPreference={"StateMachineVersionArn": version.ref, "Type": "CANARY", "Percentage": 10},
    )
    assert changed.unapplied == ("DeploymentPreference.Percentage", "DeploymentPreference.Type")
    activity = bench.make("AWS::StepFunctions::Activity", "Act", Name="sort", Tags=TAGS)
    assert (activity.unapplied, bench.lost(activity)) == ((), set())
    for thing in (activity, activity, changed, changed, version, version, machine):
        bench.delete(thing)


FAULTS: list[tuple[Any, str]] = [
    ("{", "INVALID_JSON_DESCRIPTION"),
    ({"StartAt": "A"}, "SCHEMA_VALIDATION_FAILED: The field 'States' is required"),
    ({"StartAt": "B", "States": {"A": DONE}}, "MISSING_TRANSITION_TARGET: Missing 'StartAt' target: B"),
    ({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}, "Missing 'Next' target: B at /States/A/Next"),
    ({"StartAt": "A", "States": {"A": DONE, "B": DONE}}, 'State "B" is not reachable. at /States/B'),
    ({"StartAt": "A", "States": {"A": {"Type": "Taks", "End": True}}}, "not a valid state type at /States/A/Type"),
    ({"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "notes", "End": True}}}, "not a valid resource ARN"),
    ({"StartAt": "A", "States": {"A": {"Type": "Pass"}}}, "one of 'Next' or 'End'"),
]


@pytest.mark.parametrize(("wrong", "said"), FAULTS, ids=[each[1][:40] for each in FAULTS])
def test_a_wrong_definition_is_refused(bench, role, wrong, said):
    text = wrong if isinstance(wrong, str) else json.dumps(wrong)
    with pytest.raises(ClientError, match="Invalid State Machine Definition") as caught:
        bench.make("AWS::StepFunctions::StateMachine", "No", RoleArn=role, DefinitionString=text)
    assert caught.value.response["Error"]["Code"] == "InvalidDefinition"
    assert said in str(caught.value)
    assert bench.client("stepfunctions").validate_state_machine_definition(definition=text)["result"] == "FAIL"


def test_a_definition_without_faults_has_none():
    assert faults(definition(Done=DONE)) == []


def run(client, arn, **told):
    started = client.start_execution(stateMachineArn=arn, input=json.dumps(told))["executionArn"]
    until = time.monotonic() + 10
    while (facts := client.describe_execution(executionArn=started))["status"] == "RUNNING":
        assert time.monotonic() < until
        time.sleep(0.005)
    return facts


def output(bench, role, told=None, **states):
    made = bench.make("AWS::StepFunctions::StateMachine", "M", RoleArn=role, DefinitionString=definition(**states))
    facts = run(bench.client("stepfunctions"), made.ref, **(told or {}))
    bench.delete(made)
    assert facts["status"] == "SUCCEEDED", facts
    return json.loads(facts["output"])


def test_states_do_what_they_say(bench, role):
    choice = {
        "Type": "Choice",
        "Default": "Low",
        "Choices": [{"Variable": "$.n", "NumericGreaterThan": 3, "Next": "High"}],
    }
    low, high = ({"Type": "Pass", "Result": each, "End": True} for each in ("low", "high"))
    assert output(bench, role, {"n": 5}, Choose=choice, Low=low, High=high) == "high"
    assert output(bench, role, {"n": 1}, Choose=choice, Low=low, High=high) == "low"
    item = {"StartAt": "One", "States": {"One": {"Type": "Pass", "Parameters": {"got.$": "$"}, "End": True}}}
    every = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": item, "End": True}
    assert output(bench, role, {"items": [1, 2]}, Every=every) == [{"got": 1}, {"got": 2}]
    branch = {"StartAt": "Done", "States": {"Done": DONE}}
    assert (
        output(bench, role, Both={"Type": "Parallel", "Branches": [branch, branch], "End": True})
        == [{"done": True}] * 2
    )
    before = time.monotonic()
    assert output(bench, role, Wait={"Type": "Wait", "Seconds": 30, "Next": "Done"}, Done=DONE) == {"done": True}
    assert time.monotonic() - before < 5


def test_a_failing_machine_says_why(bench, role):
    fail = {"Type": "Fail", "Error": "NoNote", "Cause": "there is none"}
    made = bench.make("AWS::StepFunctions::StateMachine", "M", RoleArn=role, DefinitionString=definition(No=fail))
    facts = run(bench.client("stepfunctions"), made.ref)
    assert (facts["status"], facts["error"], facts["cause"]) == ("FAILED", "NoNote", "there is none")


def send(queue, **more):
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": {"QueueUrl": queue, "MessageBody.$": "$"},
        "End": True,
        **more,
    }


def test_a_task_has_its_roles_permissions(bench, role):
    sqs = bench.client("sqs")
    queue = sqs.create_queue(QueueName="notes")["QueueUrl"]
    made = bench.make(
        "AWS::StepFunctions::StateMachine", "M", RoleArn=role, DefinitionString=definition(Send=send(queue))
    )
    client = bench.client("stepfunctions")
    refused = run(client, made.ref, n=1)
    assert refused["status"] == "FAILED"
    assert "is not authorized to perform: sqs:sendmessage" in refused["cause"].lower()
    grant(bench, "sqs:SendMessage")
    sent = run(client, made.ref, n=1)
    assert sent["status"] == "SUCCEEDED" and "MessageId" in sent["output"]
    assert json.loads(sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"]) == {"n": 1}
    kinds = [each["type"] for each in client.get_execution_history(executionArn=sent["executionArn"])["events"]]
    assert kinds[:2] == ["ExecutionStarted", "TaskStateEntered"] and kinds[-1] == "ExecutionSucceeded"


def test_retry_and_catch(bench, role):
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 10, "MaxAttempts": 2, "BackoffRate": 2}]
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.why", "Next": "Caught"}]
    task = send("https://sqs.us-east-1.amazonaws.com/123456789012/none", Retry=retry, Catch=catch)
    made = bench.make(
        "AWS::StepFunctions::StateMachine",
        "M",
        RoleArn=role,
        DefinitionString=definition(Send=task, Caught={"Type": "Pass", "End": True}),
    )
    client = bench.client("stepfunctions")
    facts = run(client, made.ref, n=1)
    assert facts["status"] == "SUCCEEDED" and "Error" in json.loads(facts["output"])["why"]
    events = client.get_execution_history(executionArn=facts["executionArn"])["events"]
    assert [each["type"] for each in events].count("TaskFailed") == 3


def test_other_services_and_other_machines(bench, role):
    grant(bench, "dynamodb:*", "states:*", "sns:*", "events:*")
    bench.client("dynamodb").create_table(
        TableName="notes",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    topic = bench.client("sns").create_topic(Name="notes")["TopicArn"]
    put = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:putItem",
        "ResultPath": None,
        "Next": "Say",
        "Parameters": {"TableName": "notes", "Item": {"id": {"S.$": "$.id"}}},
    }
    say = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "ResultPath": None,
        "Next": "Tell",
        "Parameters": {"TopicArn": topic, "Message.$": "$.id"},
    }
    tell = {
        "Type": "Task",
        "Resource": "arn:aws:states:::events:putEvents",
        "ResultPath": None,
        "Next": "Read",
        "Parameters": {"Entries": [{"Source": "notes", "DetailType": "new", "Detail": {"a": 1}}]},
    }
    read = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:dynamodb:getItem",
        "End": True,
        "Parameters": {"TableName": "notes", "Key": {"id": {"S.$": "$.id"}}},
    }
    found = output(bench, role, {"id": "n1"}, Put=put, Say=say, Tell=tell, Read=read)
    assert found["Item"] == {"id": {"S": "n1"}}
    inner = bench.make(
        "AWS::StepFunctions::StateMachine", "Inner", RoleArn=role, DefinitionString=definition(Done=DONE)
    )
    start = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "End": True,
        "Parameters": {"StateMachineArn": inner.ref, "Input": {"a.$": "$.id"}},
    }
    assert output(bench, role, {"id": "n1"}, Start=start)["Output"] == {"done": True}


def test_a_refusal_of_another_service_can_be_caught(bench, role):
    catch = [{"ErrorEquals": ["EventBridge.AccessDeniedException"], "Next": "Caught"}]
    entries = {"Entries": [{"Source": "notes", "DetailType": "new", "Detail": {"a": 1}}]}
    tell = {"Type": "Task", "Resource": "arn:aws:states:::events:putEvents", "End": True, "Catch": catch}
    caught = {"Type": "Pass", "Result": "caught", "End": True}
    assert output(bench, role, Tell={**tell, "Parameters": entries}, Caught=caught) == "caught"


def test_an_sdk_call_that_is_refused_has_the_name_of_awss_own_sdk(bench, role):
    caught = {"Type": "Pass", "Result": "caught", "End": True}
    for service, action, error, parameters in (
        ("sqs", "listQueues", "Sqs.SqsException", {}),
        ("dynamodb", "describeTable", "DynamoDb.DynamoDbException", {"TableName": "t"}),
        ("secretsmanager", "listSecrets", "SecretsManager.SecretsManagerException", {}),
        ("ec2", "describeVpcs", "Ec2.Ec2Exception", {}),
    ):
        catch = [{"ErrorEquals": [error], "Next": "Caught"}]
        call = {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:{service}:{action}", "Parameters": parameters}
        assert output(bench, role, Call={**call, "End": True, "Catch": catch}, Caught=caught) == "caught"


def test_an_input_that_is_no_json_is_refused(bench, role):
    made = bench.make("AWS::StepFunctions::StateMachine", "M", RoleArn=role, DefinitionString=definition(Done=DONE))
    with pytest.raises(ClientError, match=r"InvalidExecutionInput.*Invalid State Machine Execution Input"):
        bench.client("stepfunctions").start_execution(stateMachineArn=made.ref, input="nope")


def test_an_express_machine_answers_at_once(bench, role):
    made = bench.make(
        "AWS::StepFunctions::StateMachine",
        "M",
        RoleArn=role,
        StateMachineType="EXPRESS",
        DefinitionString=definition(Done=DONE),
    )
    client = bench.client("stepfunctions")
    answer = client.start_sync_execution(stateMachineArn=made.ref, input="{}")
    assert (answer["status"], json.loads(answer["output"])) == ("SUCCEEDED", {"done": True})
    standard = bench.make("AWS::StepFunctions::StateMachine", "S", RoleArn=role, DefinitionString=definition(Done=DONE))
    with pytest.raises(ClientError, match="StateMachineTypeNotSupported"):
        client.start_sync_execution(stateMachineArn=standard.ref)


def test_jsonata_is_named_as_not_emulated(bench, role):
    text = json.dumps(
        {
            "QueryLanguage": "JSONata",
            "StartAt": "A",
            "States": {"A": {"Type": "Pass", "Output": "{% 1 %}", "End": True}},
        }
    )
    made = bench.make("AWS::StepFunctions::StateMachine", "M", RoleArn=role, DefinitionString=text)
    assert made.unapplied == ("DefinitionString",)
    failed = run(bench.client("stepfunctions"), made.ref)
    assert failed["status"] == "FAILED"
    assert "JSONata expressions are not emulated" in failed["cause"]


def started(client, arn, **told):
    return client.start_execution(stateMachineArn=arn, input=json.dumps(told))["executionArn"]


def finished(client, execution):
    until = time.monotonic() + 10
    while (facts := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < until
        time.sleep(0.005)
    return facts


def test_a_worker_does_an_activity(bench, role):
    activity = bench.make("AWS::StepFunctions::Activity", "Act", Name="sort")
    task = {"Type": "Task", "Resource": activity.ref, "End": True}
    made = bench.make("AWS::StepFunctions::StateMachine", "M", RoleArn=role, DefinitionString=definition(Sort=task))
    client = bench.client("stepfunctions")
    assert not client.get_activity_task(activityArn=activity.ref).get("taskToken")
    execution = started(client, made.ref, n=1)
    given = client.get_activity_task(activityArn=activity.ref, workerName="ana")
    assert json.loads(given["input"]) == {"n": 1}
    client.send_task_success(taskToken=given["taskToken"], output='{"sorted": true}')
    assert json.loads(finished(client, execution)["output"]) == {"sorted": True}


def test_a_task_waits_for_its_token(bench, role):
    grant(bench, "sqs:SendMessage")
    sqs = bench.client("sqs")
    queue = sqs.create_queue(QueueName="notes")["QueueUrl"]
    wait = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "End": True,
        "Parameters": {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}},
    }
    made = bench.make("AWS::StepFunctions::StateMachine", "M", RoleArn=role, DefinitionString=definition(Wait=wait))
    client = bench.client("stepfunctions")
    execution = started(client, made.ref)
    until = time.monotonic() + 5
    while not (got := sqs.receive_message(QueueUrl=queue).get("Messages")) and time.monotonic() < until:
        time.sleep(0.01)
    client.send_task_success(taskToken=json.loads(got[0]["Body"])["token"], output='"done"')
    assert finished(client, execution)["output"] == '"done"'


def test_a_distributed_map_reads_its_items_from_a_bucket(bench, role):
    grant(bench, "s3:*", "states:*")
    s3 = bench.client("s3")
    s3.create_bucket(Bucket="items")
    s3.put_object(Bucket="items", Key="items.json", Body=b'[{"n": 1}, {"n": 2}]')
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "One",
        "States": {"One": {"Type": "Pass", "OutputPath": "$.n", "End": True}},
    }
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Parameters": {"Bucket": "items", "Key": "items.json"},
    }
    every = {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "End": True}
    assert output(bench, role, Every=every) == [1, 2]


def test_a_running_execution_is_stopped(bench, role):
    wait = {"Type": "Wait", "Seconds": 900, "Next": "Done"}
    made = bench.make(
        "AWS::StepFunctions::StateMachine", "M", RoleArn=role, DefinitionString=definition(Wait=wait, Done=DONE)
    )
    client = bench.client("stepfunctions")
    execution = started(client, made.ref)
    until = time.monotonic() + 5
    while len(client.get_execution_history(executionArn=execution)["events"]) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    client.stop_execution(executionArn=execution, error="Mine", cause="enough")
    told = client.describe_execution(executionArn=execution)
    assert (told["status"], told["error"], told["cause"]) == ("ABORTED", "Mine", "enough")
