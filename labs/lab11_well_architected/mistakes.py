"""Mistakes people really make while they mend an inherited system, as edits of the worked template or its functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from preflight.checks import breaks


@breaks(
    "the_wards_see_what_is_urgent",
    help="The key in an S3 event is encoded as in an address: a space arrives as a plus sign. unquote_plus undoes it.",
    file="triage.py",
)
def mistake_the_key_as_it_came(source: str) -> str:
    return source.replace('unquote_plus(record["s3"]["object"]["key"])', 'record["s3"]["object"]["key"]')


@breaks(
    "the_wards_see_what_is_urgent",
    help="S3 encodes a key once, and EventBridge does not at all. One decoding too many makes a plus sign a space.",
    file="triage.py",
)
def mistake_the_key_decoded_once_too_often(source: str) -> str:
    once = 'unquote_plus(record["s3"]["object"]["key"])'
    return source.replace(once, f"unquote_plus({once})")


@breaks(
    "the_wards_see_what_is_urgent",
    help="A role that was cut too far: a Query of an index asks about the index's ARN, not the table's.",
)
def mistake_the_page_may_query_the_table_alone(template: dict[str, Any]) -> None:
    for statement in statements(template, "dynamodb:Query"):
        statement["Resource"] = {"Fn::GetAtt": [first(template, "AWS::DynamoDB::Table"), "Arn"]}


@breaks(
    "a_waiting_note_rings_the_pager",
    help="An alarm without an action changes its colour on a page that nobody has open.",
)
def mistake_an_alarm_that_tells_nobody(template: dict[str, Any]) -> None:
    del alarm(template)["AlarmActions"]


@breaks(
    "a_waiting_note_rings_the_pager",
    help="A topic's own policy replaces AWS's, which let the account's alarms publish. Name CloudWatch there.",
)
def mistake_a_topic_that_alarms_may_not_publish_to(template: dict[str, Any]) -> None:
    policy = properties(template, first(template, "AWS::SNS::TopicPolicy"))["PolicyDocument"]
    policy["Statement"] = [each for each in policy["Statement"] if each["Effect"] == "Deny"]


@breaks(
    "a_waiting_note_rings_the_pager",
    help="A function writes its log with its own role. Without the two actions it fails in silence.",
)
def mistake_a_function_that_cannot_say_why(template: dict[str, Any]) -> None:
    statements_of(template, "Desk").pop(0)


@breaks(
    "notes_are_read_where_it_is_needed",
    help="The page shows which notes are urgent. It never needs the bucket.",
)
def mistake_the_page_may_read_notes(template: dict[str, Any]) -> None:
    add_statement(template, "Desk", ["s3:GetObject"], [part_of_bucket(template, "/*")])


@breaks(
    "notes_are_read_where_it_is_needed",
    help="One role for both functions is the sum of what both may do: the page reads notes with it.",
)
def mistake_one_role_for_both_functions(template: dict[str, Any]) -> None:
    triage, desk = (named(template, "AWS::Lambda::Function", name) for name in ("Triage", "Desk"))
    add_statement(template, "Triage", ["dynamodb:Query"], statements_of(template, "Desk")[-1]["Resource"])
    add_statement(
        template,
        "Triage",
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        {"Fn::GetAtt": [named(template, "AWS::Logs::LogGroup", "Desk"), "Arn"]},
    )
    properties(template, desk)["Role"] = properties(template, triage)["Role"]


@breaks(
    "notes_are_read_where_it_is_needed",
    help="grant_read_write on the whole bucket lets the indexer overwrite and delete what wards wrote.",
)
def mistake_the_indexer_may_change_notes(template: dict[str, Any]) -> None:
    for statement in statements(template, "s3:PutObject"):
        statement["Resource"] = part_of_bucket(template, "/*")
        statement["Action"] = [*statement["Action"], "s3:DeleteObject*"]


@breaks(
    "notes_are_read_where_it_is_needed",
    help="The page shows results. Who can write them decides what is urgent, and the page talks to the internet.",
)
def mistake_the_page_may_change_results(template: dict[str, Any]) -> None:
    table = {"Fn::GetAtt": [first(template, "AWS::DynamoDB::Table"), "Arn"]}
    add_statement(template, "Desk", ["dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"], table)


@breaks(
    "notes_are_read_where_it_is_needed",
    help="A trust policy that names the account lets whoever may assume roles there become the indexer.",
)
def mistake_anybody_of_the_account_becomes_the_indexer(template: dict[str, Any]) -> None:
    role = properties(template, named(template, "AWS::IAM::Role", "Indexer"))
    trust = role["AssumeRolePolicyDocument"]["Statement"]
    account = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    trust.append({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": account}})


@breaks(
    "the_page_is_the_only_door",
    help="A function URL that asks for nothing is a second front door, without limit and without log.",
)
def mistake_a_url_for_trying_things_out(template: dict[str, Any]) -> None:
    arn = {"Fn::GetAtt": [named(template, "AWS::Lambda::Function", "Triage"), "Arn"]}
    add(template, "Try", "AWS::Lambda::Url", {"AuthType": "NONE", "TargetFunctionArn": arn})
    for name, action in (("Url", "lambda:InvokeFunctionUrl"), ("Function", "lambda:InvokeFunction")):
        allow = {"Action": action, "FunctionName": arn, "Principal": "*"}
        condition = {"FunctionUrlAuthType": "NONE"} if name == "Url" else {"InvokedViaFunctionUrl": True}
        add(template, f"MayTry{name}", "AWS::Lambda::Permission", {**allow, **condition})


@breaks(
    "the_page_is_the_only_door",
    help="A public address and a rule for 0.0.0.0/0: whoever walks the internet's addresses knocks within hours.",
)
def mistake_ssh_to_the_indexer(template: dict[str, Any]) -> None:
    network = {"Ref": first(template, "AWS::EC2::VPC")}
    add(template, "Door", "AWS::EC2::InternetGateway", {})
    add(
        template,
        "DoorOpens",
        "AWS::EC2::VPCGatewayAttachment",
        {"VpcId": network, "InternetGatewayId": {"Ref": "Door"}},
    )
    for name in names(template, "AWS::EC2::RouteTable"):
        route = {"RouteTableId": {"Ref": name}, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": {"Ref": "Door"}}
        add(template, f"{name}Out", "AWS::EC2::Route", route)
        template["Resources"][f"{name}Out"]["DependsOn"] = ["DoorOpens"]
    data = launch(template)
    interface = {"DeviceIndex": 0, "AssociatePublicIpAddress": True, "Groups": data.pop("SecurityGroupIds")}
    data["NetworkInterfaces"] = [interface]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
    properties(template, first(template, "AWS::EC2::SecurityGroup"))["SecurityGroupIngress"] = [rule]


@breaks(
    "the_page_is_the_only_door",
    help="Principal * is everyone there is, in every account and in none. A queue can be a door, too.",
)
def mistake_a_queue_for_everyone(template: dict[str, Any]) -> None:
    policy = properties(template, first(template, "AWS::SQS::QueuePolicy"))["PolicyDocument"]
    arn = {"Fn::GetAtt": [first(template, "AWS::SQS::Queue"), "Arn"]}
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy["Statement"].append(everyone)


@breaks(
    "a_note_that_fails_is_kept",
    help="Lambda tries an asynchronous event three times, then drops it. A destination for failures is where it goes.",
)
def mistake_nobody_says_where_failures_go(template: dict[str, Any]) -> None:
    for name in names(template, "AWS::Lambda::EventInvokeConfig"):
        del template["Resources"][name]


@breaks(
    "a_note_that_fails_is_kept",
    help="A queue keeps messages for four days unless told otherwise; fourteen is the most.",
)
def mistake_failures_kept_for_four_days(template: dict[str, Any]) -> None:
    del properties(template, first(template, "AWS::SQS::Queue"))["MessageRetentionPeriod"]


@breaks(
    "a_note_that_fails_is_kept",
    help="A function that catches everything has succeeded, as far as Lambda knows: nothing is tried again or kept.",
    file="triage.py",
)
def mistake_failures_go_to_the_log(source: str) -> str:
    old = '        triage(record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"]))\n'
    tried = f"        try:\n    {old}        except Exception as error:\n            print('failed:', error)\n"
    return source.replace(old, tried)


@breaks(
    "a_note_that_fails_is_kept",
    help='errors="replace" turns a picture into question marks, and the page says: not urgent.',
    file="triage.py",
)
def mistake_anything_is_text(source: str) -> str:
    return source.replace('.decode("utf-8")', '.decode("utf-8", errors="replace")')


@breaks(
    "any_zone_may_be_lost",
    help="A group starts servers in the subnets it names, and each of them is in one zone.",
)
def mistake_a_group_in_one_subnet(template: dict[str, Any]) -> None:
    properties(template, first(template, "AWS::AutoScaling::AutoScalingGroup"))["VPCZoneIdentifier"].pop()


@breaks(
    "any_zone_may_be_lost",
    help="An endpoint serves the route tables it names. The other zone's subnet has a table of its own.",
)
def mistake_a_road_to_s3_in_one_zone(template: dict[str, Any]) -> None:
    properties(template, first(template, "AWS::EC2::VPCEndpoint"))["RouteTableIds"].pop()


@breaks(
    "any_zone_may_be_lost",
    also=["a_month_stays_below_15_dollars"],
    help="A zonal NAT gateway stands in one zone. With that zone goes the other zone's way out.",
)
def mistake_one_nat_gateway_for_two_zones(template: dict[str, Any]) -> None:
    resources = template["Resources"]
    for name in names(template, "AWS::EC2::VPCEndpoint"):
        del resources[name]
    network = {"Ref": first(template, "AWS::EC2::VPC")}
    subnet = {
        "VpcId": network,
        "CidrBlock": "10.42.200.0/24",
        "AvailabilityZone": {"Fn::Select": [0, {"Fn::GetAZs": ""}]},
    }
    add(template, "Out", "AWS::EC2::Subnet", subnet)
    add(template, "OutTable", "AWS::EC2::RouteTable", {"VpcId": network})
    add(
        template,
        "OutUses",
        "AWS::EC2::SubnetRouteTableAssociation",
        {"SubnetId": {"Ref": "Out"}, "RouteTableId": {"Ref": "OutTable"}},
    )
    add(template, "Door", "AWS::EC2::InternetGateway", {})
    attached = {"VpcId": network, "InternetGatewayId": {"Ref": "Door"}}
    add(template, "DoorOpens", "AWS::EC2::VPCGatewayAttachment", attached)
    add(template, "Address", "AWS::EC2::EIP", {"Domain": "vpc"})
    nat = {"SubnetId": {"Ref": "Out"}, "AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]}}
    add(template, "Nat", "AWS::EC2::NatGateway", nat)
    for name in names(template, "AWS::EC2::RouteTable"):
        target = {"GatewayId": {"Ref": "Door"}} if name == "OutTable" else {"NatGatewayId": {"Ref": "Nat"}}
        route = {"RouteTableId": {"Ref": name}, "DestinationCidrBlock": "0.0.0.0/0", **target}
        add(template, f"{name}Way", "AWS::EC2::Route", route)
        resources[f"{name}Way"]["DependsOn"] = ["DoorOpens"]
    for each in ("Address", "Nat"):
        resources[each]["DependsOn"] = ["DoorOpens"]


@breaks(
    "any_zone_may_be_lost",
    help="What was typed into the first server is gone with it. User data is typed once, for all that follow.",
)
def mistake_installed_by_hand(template: dict[str, Any]) -> None:
    del launch(template)["UserData"]


@breaks(
    "a_wards_page_reads_that_ward",
    help="grant_read_data is one line, and grants Scan with the rest. Grant the Query that the page makes.",
)
def mistake_the_page_may_scan(template: dict[str, Any]) -> None:
    table = {"Fn::GetAtt": [first(template, "AWS::DynamoDB::Table"), "Arn"]}
    add_statement(template, "Desk", ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"], table)


@breaks(
    "a_month_stays_below_15_dollars",
    help="A t4g.nano has half a gigabyte. Right-sizing goes down to what the program needs, and no further.",
)
def mistake_a_machine_too_small(template: dict[str, Any]) -> None:
    launch(template)["InstanceType"] = "t4g.nano"


@breaks(
    "a_month_stays_below_15_dollars",
    help="Provisioned capacity is billed by the hour, at night too. Thirty notes an hour are nothing on demand.",
)
def mistake_capacity_set_aside(template: dict[str, Any]) -> None:
    table = properties(template, first(template, "AWS::DynamoDB::Table"))
    capacity = {"ReadCapacityUnits": 40, "WriteCapacityUnits": 20}
    table.update(BillingMode="PROVISIONED", ProvisionedThroughput=capacity)
    for index in table["GlobalSecondaryIndexes"]:
        index["ProvisionedThroughput"] = capacity


@breaks(
    "little_runs_and_little_is_kept",
    help="t3 is Intel. t4g is the same sizes on Graviton, for a fifth less.",
)
def mistake_an_indexer_on_x86(template: dict[str, Any]) -> None:
    data = launch(template)
    data["InstanceType"] = "t3.micro"
    parameter = template["Parameters"][data["ImageId"]["Ref"]]
    parameter["Default"] = str(parameter["Default"]).replace("arm64", "x86_64")


@breaks(
    "little_runs_and_little_is_kept",
    help="latest_amazon_linux2023() is for Intel unless cpu_type says ARM_64. Type and image change together.",
)
def mistake_graviton_with_the_old_image(template: dict[str, Any]) -> None:
    parameter = template["Parameters"][launch(template)["ImageId"]["Ref"]]
    parameter["Default"] = str(parameter["Default"]).replace("arm64", "x86_64")


@breaks(
    "little_runs_and_little_is_kept",
    help="A cheaper class is still storage. What nobody reads again is taken away.",
)
def mistake_notes_go_to_the_cellar(template: dict[str, Any]) -> None:
    rule = bucket(template)["LifecycleConfiguration"]["Rules"][0]
    days = rule.pop("ExpirationInDays")
    rule["Transitions"] = [{"StorageClass": "DEEP_ARCHIVE", "TransitionInDays": days}]


@breaks(
    "little_runs_and_little_is_kept",
    help="A log group keeps its lines for ever unless it is told when to forget.",
)
def mistake_a_log_that_never_forgets(template: dict[str, Any]) -> None:
    del properties(template, named(template, "AWS::Logs::LogGroup", "Desk"))["RetentionInDays"]


def names(template: dict[str, Any], type_name: str) -> list[str]:
    return [name for name, each in template["Resources"].items() if each["Type"] == type_name]


def first(template: dict[str, Any], type_name: str) -> str:
    return names(template, type_name)[0]


def named(template: dict[str, Any], type_name: str, beginning: str) -> str:
    """The resource of a type whose logical id begins with a word."""
    return next(name for name in names(template, type_name) if name.startswith(beginning))


def properties(template: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][name].setdefault("Properties", {})
    return found


def add(template: dict[str, Any], name: str, type_name: str, settings: dict[str, Any]) -> None:
    template["Resources"][name] = {"Type": type_name, "Properties": settings}


def alarm(template: dict[str, Any]) -> dict[str, Any]:
    return properties(template, first(template, "AWS::CloudWatch::Alarm"))


def bucket(template: dict[str, Any]) -> dict[str, Any]:
    return properties(template, first(template, "AWS::S3::Bucket"))


def part_of_bucket(template: dict[str, Any], part: str) -> dict[str, Any]:
    """The ARN of what lies in the bucket, as /notes/*."""
    return {"Fn::Join": ["", [{"Fn::GetAtt": [first(template, "AWS::S3::Bucket"), "Arn"]}, part]]}


def launch(template: dict[str, Any]) -> dict[str, Any]:
    """What the launch template says."""
    found: dict[str, Any] = properties(template, first(template, "AWS::EC2::LaunchTemplate"))["LaunchTemplateData"]
    return found


def statements_of(template: dict[str, Any], role: str) -> list[dict[str, Any]]:
    """The statements of the policy of a role."""
    policy = named(template, "AWS::IAM::Policy", f"{role}Role")
    found: list[dict[str, Any]] = properties(template, policy)["PolicyDocument"]["Statement"]
    return found


def add_statement(template: dict[str, Any], role: str, actions: list[str], resource: Any) -> None:
    statements_of(template, role).append({"Effect": "Allow", "Action": actions, "Resource": resource})


def statements(template: dict[str, Any], action: str) -> Iterator[dict[str, Any]]:
    """The statements of any role that grant an action."""
    for name in names(template, "AWS::IAM::Policy"):
        for each in properties(template, name)["PolicyDocument"]["Statement"]:
            granted = each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
            if action in granted:
                yield each
