"""An event reaches every target whose rule it matches, in the form the rule asks for."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from preflight.deliveries.patterns import matches
from tests.deliveries.conftest import ACCOUNT, may

EVENTS = "events.amazonaws.com"


@pytest.fixture
def rule(place):
    """Makes a rule with one target, which lets it in when it is a queue."""

    def make(target, pattern=None, *, name="rule", bus="default", lets=True, **more):
        events = place.client("events")
        pattern = json.dumps(pattern or {"source": ["clinic"]})
        arn = events.put_rule(Name=name, EventPattern=pattern, EventBusName=bus)["RuleArn"]
        if lets and ":sqs:" in target:
            place.let(place.url(target), target, EVENTS, arn)
        events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "1", "Arn": target, **more}])
        return arn

    return make


def put(place, detail, *, source="clinic", kind="note", **more):
    entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail), **more}
    return place.client("events").put_events(Entries=[entry])["Entries"][0]


def test_an_event_arrives_as_aws_writes_it(place, rule):
    queue = place.queue("inbox")
    rule(queue)
    answer = put(place, {"ward": 3}, Resources=["arn:aws:s3:::notes"])
    [event] = [json.loads(each) for each in place.received(queue)]
    assert event.pop("time").endswith("Z")
    assert event == {
        "version": "0",
        "id": answer["EventId"],
        "detail-type": "note",
        "source": "clinic",
        "account": ACCOUNT,
        "region": "us-east-1",
        "resources": ["arn:aws:s3:::notes"],
        "detail": {"ward": 3},
    }


def test_a_queue_that_does_not_let_the_rule_in_gets_nothing(place, rule):
    queue = place.queue("inbox")
    dead = place.queue("dead", lets=EVENTS)
    arn = rule(queue, lets=False, DeadLetterConfig={"Arn": dead})
    put(place, {"ward": 3})
    assert place.received(queue) == []
    [message] = place.messages(dead)
    told = {name: each["StringValue"] for name, each in message["MessageAttributes"].items()}
    assert (told["RULE_ARN"], told["TARGET_ARN"], told["ERROR_CODE"]) == (arn, queue, "NO_PERMISSIONS")
    assert json.loads(message["Body"])["detail"] == {"ward": 3}


def test_what_is_for_a_queue_that_is_gone_is_put_aside(place, rule):
    dead, queue = place.queue("dead", lets=EVENTS), place.queue("inbox")
    rule(queue, DeadLetterConfig={"Arn": dead})
    place.client("sqs").delete_queue(QueueUrl=place.url(queue))
    put(place, {"ward": 3})
    [message] = place.messages(dead)
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"


def test_a_bus_that_is_not_there_swallows_events(place):
    # https://github.com/aws/aws-cli/issues/9186: AWS says that all is well
    assert "EventId" in put(place, {"ward": 3}, EventBusName="nothing")


@pytest.mark.parametrize(
    "pattern, yes, no",
    [
        ({"ward": [3]}, {"ward": 3}, {"ward": 4}),
        ({"ward": [3]}, {"ward": [1, 3]}, {"ward": "3"}),
        ({"a": {"b": ["x"]}}, {"a": {"b": "x"}}, {"a": {"b": "y"}}),
        ({"a": {"b": ["x"], "c": ["y"]}}, {"a": [{"b": "x", "c": "y"}]}, {"a": [{"b": "x"}, {"c": "y"}]}),
        ({"a": [None]}, {"a": None}, {"a": ""}),
        ({"a": [""]}, {"a": ""}, {"a": None}),
        ({"a": [{"prefix": {"equals-ignore-case": "WA"}}]}, {"a": "ward"}, {"a": "xward"}),
        ({"a": [{"suffix": ".png"}]}, {"a": "x.png"}, {"a": "x.jpg"}),
        ({"a": [{"wildcard": "in/*/x\\**.txt"}]}, {"a": "in/b/x*1.txt"}, {"a": "in/b/x1.txt"}),
        ({"a": [{"anything-but": {"wildcard": "*/tmp/*"}}]}, {"a": "/x/y"}, {"a": "/x/tmp/y"}),
        ({"a": [{"anything-but": [1, 2]}]}, {"a": 3}, {"a": 2}),
        ({"a": [{"numeric": [">=", 0, "<", 5]}]}, {"a": 0}, {"a": 5}),
        ({"a": [{"exists": False}]}, {"b": 1}, {"a": 1}),
        ({"a": [{"exists": True}]}, {"a": 1}, {"a": {"b": 1}}),
        ({"a": {"b": [{"exists": False}]}}, {}, {"a": {"b": 1}}),
        ({"a": [{"cidr": "10.0.0.0/8"}]}, {"a": "10.2.3.4"}, {"a": "11.2.3.4"}),
        ({"$or": [{"a": [1]}, {"b": [2]}]}, {"b": 2}, {"a": 2}),
        ({"a": [True]}, {"a": True}, {"a": 1}),
    ],
)
def test_a_pattern_says_yes_and_no(pattern, yes, no):
    assert matches(pattern, yes)
    assert not matches(pattern, no)


def test_a_target_is_given_a_constant_a_part_or_a_text_made_of_parts(place, rule):
    paths = {"ward": "$.detail.ward", "who": "$.detail.patient.name", "all": "$.detail"}
    forms = {
        "constant": ({"Input": '{"hello": 1}'}, '{"hello": 1}'),
        "part": ({"InputPath": "$.detail.patient"}, '{"name": "Ana \\"A\\""}'),
        "text": (
            {"InputTransformer": {"InputPathsMap": paths, "InputTemplate": '"Ward <ward>: <who>"'}},
            '"Ward 3: Ana \\"A\\""',
        ),
        "object": (
            {
                "InputTransformer": {
                    "InputPathsMap": paths,
                    "InputTemplate": '{"w": <ward>, "n": <who>, "t": "in <ward>"}',
                }
            },
            '{"w": 3, "n": "Ana \\"A\\"", "t": "in 3"}',
        ),
    }
    queues = {name: place.queue(name) for name in forms}
    for name, (form, _) in forms.items():
        rule(queues[name], name=name, **form)
    put(place, {"ward": 3, "patient": {"name": 'Ana "A"'}})
    assert {name: place.received(queue)[0] for name, queue in queues.items()} == {
        name: wanted for name, (_, wanted) in forms.items()
    }


def test_from_one_bus_to_another_with_a_role(place, rule):
    events = place.client("events")
    other = events.create_event_bus(Name="triage")["EventBusArn"]
    queue = place.queue("inbox")
    rule(queue, name="second", bus="triage")
    role = place.role("carrier", EVENTS, may("events:PutEvents", other))
    rule(other, RoleArn=role)
    put(place, {"ward": 3})
    [event] = [json.loads(each) for each in place.received(queue)]
    assert (event["source"], event["detail"]) == ("clinic", {"ward": 3})
    place.client("iam").delete_role_policy(RoleName="carrier", PolicyName="p")
    put(place, {"ward": 4})
    assert place.received(queue) == []
    assert ("events:PutEvents", other) in place.denied


def test_buses_in_a_circle_come_to_an_end(place, rule):
    bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
    rule(bus, RoleArn=place.role("carrier", EVENTS, may("events:PutEvents", bus)))
    put(place, {"ward": 3})
    assert "circle" in place.cloud.deliveries.faults.pop()


def test_a_stream_needs_a_role_and_a_topic_a_policy(place, rule):
    kinesis = place.client("kinesis")
    kinesis.create_stream(StreamName="notes", ShardCount=1)
    stream = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/notes"
    with pytest.raises(ClientError, match="RoleArn is required for target"):
        rule(stream)
    role = place.role("carrier", EVENTS, may("kinesis:PutRecord", stream))
    rule(stream, RoleArn=role, KinesisParameters={"PartitionKeyPath": "$.detail.ward"})
    topic = place.topic("notes")
    rule(topic, name="to-topic")
    put(place, {"ward": 3})
    shard = kinesis.describe_stream(StreamName="notes")["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName="notes", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    [record] = kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    assert (record["PartitionKey"], json.loads(record["Data"])["detail"]) == ("3", {"ward": 3})
    assert ("sns:Publish", topic) in place.denied


def test_a_log_group_takes_events_when_its_accounts_policy_says_so(place, rule):
    logs = place.client("logs")
    logs.create_log_group(logGroupName="/aws/events/notes")
    group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/events/notes"
    rule(group)
    put(place, {"ward": 3})
    assert logs.describe_log_streams(logGroupName="/aws/events/notes")["logStreams"] == []
    told = {"Effect": "Allow", "Principal": {"Service": [EVENTS, "delivery.logs.amazonaws.com"]}}
    told |= {"Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": f"{group}:*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [told]})
    logs.put_resource_policy(policyName="events", policyDocument=document)
    put(place, {"ward": 4})
    [found] = logs.filter_log_events(logGroupName="/aws/events/notes")["events"]
    assert json.loads(found["message"])["detail"] == {"ward": 4}


def test_a_function_is_called_when_it_lets_the_rule(place, rule):
    function = place.function("triage", "def handler(event, context):\n    keep(event['detail'])\n")
    arn = rule(function)
    put(place, {"ward": 3})
    assert place.kept() == []
    place.may_call(function, EVENTS, arn)
    put(place, {"ward": 4})
    assert place.kept() == [{"ward": 4}]


def test_an_archive_keeps_what_matches_and_a_replay_brings_it_again(place, rule):
    events, queue = place.client("events"), place.queue("inbox")
    rule(queue)
    bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
    archive = events.create_archive(
        ArchiveName="kept", EventSourceArn=bus, EventPattern=json.dumps({"detail": {"ward": [3]}})
    )["ArchiveArn"]
    for ward in (3, 4):
        put(place, {"ward": ward})
    assert len(place.received(queue)) == 2
    assert events.describe_archive(ArchiveName="kept")["EventCount"] == 1
    events.start_replay(
        ReplayName="again", EventSourceArn=archive, EventStartTime=0, EventEndTime=1, Destination={"Arn": bus}
    )
    [event] = [json.loads(each) for each in place.received(queue)]
    assert (event["detail"], event["replay-name"]) == ({"ward": 3}, "again")
    assert events.describe_archive(ArchiveName="kept")["EventCount"] == 1


def test_nobody_speaks_for_aws_and_a_broken_detail_is_told(place, rule):
    assert put(place, {}, source="aws.s3")["ErrorCode"] == "NotAuthorizedForSourceException"
    entry = {"Source": "clinic", "DetailType": "note", "Detail": "{"}
    assert place.client("events").put_events(Entries=[entry])["Entries"][0]["ErrorCode"] == "MalformedDetail"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"ScheduleExpression": "rate(1 minutes)"}, "Parameter ScheduleExpression is not valid"),
        ({"ScheduleExpression": "rate(5 minute)"}, "Parameter ScheduleExpression is not valid"),
        ({"ScheduleExpression": "cron(0 3 * * * *)"}, "Parameter ScheduleExpression is not valid"),
        ({"EventPattern": '{"source": [{"bogus": 1}]}'}, "Unrecognized match type bogus"),
        ({"EventPattern": '{"detail": {"$or": [{"a": [{"like": "x"}]}]}}'}, "Unrecognized match type like"),
    ],
)
def test_a_rule_that_could_never_fire_is_refused(place, told, said):
    with pytest.raises(ClientError, match=said):
        place.client("events").put_rule(Name="r", **told)


def test_a_rule_that_can_fire_is_taken(place):
    events = place.client("events")
    for expression in ("rate(1 minute)", "rate(10 minutes)", "rate(15 days)", "cron(0 3 ? * MON-FRI *)"):
        events.put_rule(Name="r", ScheduleExpression=expression)
    pattern = {"$or": [{"source": [{"prefix": "a"}]}, {"detail": {"a": [{"numeric": [">", 1]}, None, "x", 1]}}]}
    events.put_rule(Name="p", EventPattern=json.dumps(pattern))


def test_a_disabled_rule_is_silent(place, rule):
    queue = place.queue("inbox")
    rule(queue)
    place.client("events").disable_rule(Name="rule")
    put(place, {"ward": 3})
    assert place.received(queue) == []


def test_an_instance_tells_of_its_life(place, rule):
    ec2, queue = place.client("ec2"), place.queue("inbox")
    rule(queue, {"source": ["aws.ec2"], "detail": {"state": ["running", "stopped", "terminated"]}})
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    instance = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.stop_instances(InstanceIds=[instance])
    ec2.stop_instances(InstanceIds=[instance])
    ec2.terminate_instances(InstanceIds=[instance])
    found = [json.loads(each)["detail"] for each in place.received(queue)]
    assert [each["state"] for each in found] == ["running", "stopped", "terminated"]
    assert {each["instance-id"] for each in found} == {instance}


def test_a_workflow_is_started_and_tells_how_it_ended(place, rule):
    states, queue = place.client("stepfunctions"), place.queue("inbox")
    definition = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
    worker = place.role("worker", "states.amazonaws.com")
    machine = states.create_state_machine(name="triage", definition=definition, roleArn=worker)["stateMachineArn"]
    rule(machine, RoleArn=place.role("starter", EVENTS, may("states:StartExecution", machine)))
    rule(queue, {"source": ["aws.states"], "detail": {"status": ["SUCCEEDED"]}}, name="ended")
    put(place, {"ward": 3})
    url = place.url(queue)
    [message] = place.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"]
    detail = json.loads(message["Body"])["detail"]
    assert (detail["stateMachineArn"], json.loads(detail["input"])["detail"]) == (machine, {"ward": 3})


def test_a_task_is_run_on_a_cluster(place, rule):
    ecs = place.client("ecs")
    cluster = ecs.create_cluster(clusterName="ward")["cluster"]["clusterArn"]
    container = {"name": "app", "image": "app", "memory": 128}
    definition = ecs.register_task_definition(
        family="nightly",
        containerDefinitions=[container],
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
    )["taskDefinition"]["taskDefinitionArn"]
    subnet = place.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    network = {"awsvpcConfiguration": {"Subnets": [subnet], "AssignPublicIp": "DISABLED"}}
    parameters = {"TaskDefinitionArn": definition, "LaunchType": "FARGATE", "NetworkConfiguration": network}
    role = place.role("runner", EVENTS, may("ecs:RunTask", definition))
    rule(cluster, RoleArn=role, EcsParameters=parameters)
    put(place, {"ward": 3})
    assert len(ecs.list_tasks(cluster=cluster)["taskArns"]) == 1


def test_what_goes_out_to_the_web_is_in_the_outbox(place, rule):
    events = place.client("events")
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}
    connection = events.create_connection(Name="lab", AuthorizationType="API_KEY", AuthParameters=key)["ConnectionArn"]
    address = events.create_api_destination(
        Name="lab", ConnectionArn=connection, InvocationEndpoint="https://lab.example/notes", HttpMethod="POST"
    )["ApiDestinationArn"]
    role = place.role("caller", EVENTS, may("events:InvokeApiDestination", address))
    rule(address, RoleArn=role, InputPath="$.detail")
    put(place, {"ward": 3})
    [sent] = place.cloud.deliveries.outbox
    assert (sent["to"], sent["message"]) == ("https://lab.example/notes", '{"ward": 3}')
