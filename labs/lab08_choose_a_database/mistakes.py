"""Mistakes people make when they choose and set up two databases, as edits of the worked template."""

from __future__ import annotations

import json
from typing import Any

from preflight.checks import breaks


@breaks(
    "the_app_finds_a_session_by_its_id",
    help="A sort key is part of the key: reading an item takes both, and the cookie holds the session_id alone.",
)
def mistake_a_sort_key_that_nobody_knows(template: dict[str, Any]) -> None:
    table(template)["KeySchema"].append({"AttributeName": "started_at", "KeyType": "RANGE"})


@breaks(
    "the_app_finds_a_session_by_its_id",
    help="The key is made from the question asked most: which session is this? Users are the index's business.",
)
def mistake_the_user_is_the_key(template: dict[str, Any]) -> None:
    table(template)["KeySchema"] = [
        {"AttributeName": "user_id", "KeyType": "HASH"},
        {"AttributeName": "session_id", "KeyType": "RANGE"},
    ]


@breaks(
    "the_app_finds_a_session_by_its_id",
    help="DynamoDB has no right called “write”: PutItem, UpdateItem and DeleteItem are each their own.",
)
def mistake_the_app_may_only_read(template: dict[str, Any]) -> None:
    for each in ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"):
        statement_with(template, each)["Action"].remove(each)


@breaks(
    "the_app_finds_a_session_by_its_id",
    help="dynamodb:* holds DeleteTable, too. An application needs rights on items, not on the table.",
)
def mistake_the_app_may_do_anything_to_the_table(template: dict[str, Any]) -> None:
    statement_with(template, "dynamodb:PutItem")["Action"] = "dynamodb:*"


@breaks(
    "a_users_sessions_take_one_query",
    help="Without an index by user_id, a user's sessions take a Scan: every session of everyone is read, and paid.",
)
def mistake_a_scan_will_do(template: dict[str, Any]) -> None:
    del table(template)["GlobalSecondaryIndexes"]
    table(template)["AttributeDefinitions"] = [{"AttributeName": "session_id", "AttributeType": "S"}]


@breaks(
    "a_users_sessions_take_one_query",
    help="KEYS_ONLY keeps the keys: every other attribute is one more read in the table, session by session.",
)
def mistake_an_index_of_keys_alone(template: dict[str, Any]) -> None:
    index(template)["Projection"] = {"ProjectionType": "KEYS_ONLY"}


@breaks(
    "a_users_sessions_take_one_query",
    help="Items under one partition key are in the order of the index's sort key; without one there is no order.",
)
def mistake_an_index_in_no_order(template: dict[str, Any]) -> None:
    index(template)["KeySchema"] = [{"AttributeName": "user_id", "KeyType": "HASH"}]
    definitions = table(template)["AttributeDefinitions"]
    definitions[:] = [each for each in definitions if each["AttributeName"] != "started_at"]


@breaks(
    "a_users_sessions_take_one_query",
    help="An index has an ARN of its own, the table's with /index/NAME behind it; the table's alone does not cover it.",
)
def mistake_the_policy_forgets_the_index(template: dict[str, Any]) -> None:
    statement_with(template, "dynamodb:Query")["Resource"] = {"Fn::GetAtt": [first(template, TABLE), "Arn"]}


@breaks(
    "expired_sessions_disappear",
    help="An attribute called expires_at does nothing by itself: Time to Live is a setting of the table.",
)
def mistake_no_time_to_live(template: dict[str, Any]) -> None:
    del table(template)["TimeToLiveSpecification"]


@breaks(
    "expired_sessions_disappear",
    help="Time to Live looks at one attribute, by its exact name. An item without it never expires.",
)
def mistake_time_to_live_looks_elsewhere(template: dict[str, Any]) -> None:
    table(template)["TimeToLiveSpecification"]["AttributeName"] = "ttl"


@breaks(
    "nobody_on_the_internet_reaches_the_records",
    help="PubliclyAccessible gives the database a public address. Isolated subnets hide the mistake, until one is not.",
)
def mistake_publicly_accessible_for_a_moment(template: dict[str, Any]) -> None:
    database(template)["PubliclyAccessible"] = True


@breaks(
    "nobody_on_the_internet_reaches_the_records",
    help="A subnet is public when its route table leads to an internet gateway, whatever stands in it.",
)
def mistake_the_database_beside_the_app(template: dict[str, Any]) -> None:
    group = properties(template, first(template, "AWS::RDS::DBSubnetGroup"))
    group["SubnetIds"] = [
        {"Ref": name} for name in names(template, "AWS::EC2::Subnet") if {"Ref": name} not in group["SubnetIds"]
    ]


@breaks(
    "nobody_on_the_internet_reaches_the_records",
    help="One more route, to reach the database from a laptop, makes the subnet public for everything in it.",
)
def mistake_a_route_for_a_laptop(template: dict[str, Any]) -> None:
    route = json.loads(json.dumps(properties(template, first(template, "AWS::EC2::Route"))))
    inner = properties(template, first(template, "AWS::RDS::DBSubnetGroup"))["SubnetIds"]
    associations = of_type(template, "AWS::EC2::SubnetRouteTableAssociation")
    route["RouteTableId"] = next(each["RouteTableId"] for each in associations if each["SubnetId"] in inner)
    template["Resources"]["ForMyLaptop"] = {"Type": "AWS::EC2::Route", "Properties": route}


@breaks(
    "the_app_alone_reaches_postgresql",
    help="No route from the internet today is a reason to sleep well, and none to open the group to it.",
)
def mistake_open_to_the_world_behind_no_route(template: dict[str, Any]) -> None:
    let_in(template, CidrIp="0.0.0.0/0")


@breaks(
    "the_app_alone_reaches_postgresql",
    help="The VPC's range is every machine in it, today's and next year's.",
)
def mistake_open_to_the_whole_vpc(template: dict[str, Any]) -> None:
    let_in(template, CidrIp={"Fn::GetAtt": [first(template, "AWS::EC2::VPC"), "CidrBlock"]})


@breaks(
    "the_app_alone_reaches_postgresql",
    help="The VPC's default security group is worn by whatever forgot to name one.",
)
def mistake_the_default_group_is_let_in(template: dict[str, Any]) -> None:
    vpc = first(template, "AWS::EC2::VPC")
    let_in(template, SourceSecurityGroupId={"Fn::GetAtt": [vpc, "DefaultSecurityGroup"]})


@breaks(
    "the_app_alone_reaches_postgresql",
    help="A rule for all ports holds for whatever listens there next year, too.",
)
def mistake_all_ports_for_the_app(template: dict[str, Any]) -> None:
    properties(template, first(template, "AWS::EC2::SecurityGroupIngress")).update(FromPort=0, ToPort=65535)


@breaks(
    "records_are_encrypted_at_rest_and_on_the_way",
    help="An RDS instance is encrypted when it is made with StorageEncrypted, and cannot be switched later.",
)
def mistake_storage_in_the_clear(template: dict[str, Any]) -> None:
    del database(template)["StorageEncrypted"]


@breaks(
    "records_are_encrypted_at_rest_and_on_the_way",
    help="rds.force_ssl=0 silences “no pg_hba.conf entry, no encryption”; sslmode=require answers it.",
)
def mistake_tls_off_until_the_driver_is_mended(template: dict[str, Any]) -> None:
    template["Resources"]["Settings"] = {
        "Type": "AWS::RDS::DBParameterGroup",
        "Properties": {
            "Family": "postgres17",
            "Description": "until the driver is mended",
            "Parameters": {"rds.force_ssl": "0"},
        },
    }
    database(template)["DBParameterGroupName"] = {"Ref": "Settings"}


@breaks(
    "records_are_encrypted_at_rest_and_on_the_way",
    help="Before version 15, RDS for PostgreSQL lets clients without TLS in unless a parameter group says otherwise.",
)
def mistake_an_older_version_with_its_defaults(template: dict[str, Any]) -> None:
    database(template)["EngineVersion"] = "14"


@breaks(
    "nobody_types_or_reads_the_password",
    help="A password in the template is in the repository for good. Let RDS make it, or Secrets Manager.",
)
def mistake_a_password_in_the_template(template: dict[str, Any]) -> None:
    own_secret(template, {"SecretString": '{"username": "triage", "password": "triage-2026"}'})
    database(template)["MasterUserPassword"] = "triage-2026"


@breaks(
    "nobody_types_or_reads_the_password",
    help="A secret whose value stands in the template is no secret: GenerateSecretString has AWS make it.",
)
def mistake_a_secret_written_by_hand(template: dict[str, Any]) -> None:
    own_secret(template, {"SecretString": '{"username": "triage", "password": "triage-2026"}'})


@breaks(
    "nobody_types_or_reads_the_password",
    help="GetSecretValue on * reads every secret of the account, this one among them.",
)
def mistake_the_app_reads_every_secret(template: dict[str, Any]) -> None:
    statement_with(template, "secretsmanager:GetSecretValue")["Resource"] = "*"


@breaks(
    "a_week_of_mistakes_can_be_undone",
    help="Through the API, and so through CloudFormation, backups are kept for one day unless you say more.",
)
def mistake_backups_as_long_as_nobody_says(template: dict[str, Any]) -> None:
    del database(template)["BackupRetentionPeriod"]


@breaks(
    "an_idle_month_stays_within_the_budget",
    help="Multi-AZ is a second server that waits. The clinic can wait half a day, and pays for one.",
)
def mistake_a_standby_nobody_asked_for(template: dict[str, Any]) -> None:
    database(template)["MultiAZ"] = True


@breaks(
    "an_idle_month_stays_within_the_budget",
    help="Provisioned capacity is billed by the hour and refuses what is beyond it; on demand does neither.",
)
def mistake_capacity_for_a_monday(template: dict[str, Any]) -> None:
    through = {"ReadCapacityUnits": 20, "WriteCapacityUnits": 10}
    table(template)["BillingMode"] = "PROVISIONED"
    table(template)["ProvisionedThroughput"] = through
    index(template)["ProvisionedThroughput"] = through


def names(template: dict[str, Any], type_name: str) -> list[str]:
    return [name for name, each in template["Resources"].items() if each["Type"] == type_name]


def first(template: dict[str, Any], type_name: str) -> str:
    return names(template, type_name)[0]


def properties(template: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


def of_type(template: dict[str, Any], type_name: str) -> list[dict[str, Any]]:
    return [properties(template, name) for name in names(template, type_name)]


def table(template: dict[str, Any]) -> dict[str, Any]:
    return properties(template, first(template, TABLE))


def index(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = table(template)["GlobalSecondaryIndexes"][0]
    return found


def database(template: dict[str, Any]) -> dict[str, Any]:
    return properties(template, first(template, "AWS::RDS::DBInstance"))


def statement_with(template: dict[str, Any], action: str) -> dict[str, Any]:
    """The statement of the application's policy that allows an action."""
    statements = [
        each for policy in of_type(template, "AWS::IAM::Policy") for each in policy["PolicyDocument"]["Statement"]
    ]
    found: dict[str, Any] = next(each for each in statements if action in each["Action"])
    return found


def let_in(template: dict[str, Any], **source: Any) -> None:
    """One more rule for the database's group."""
    rule = properties(template, first(template, "AWS::EC2::SecurityGroupIngress"))
    kept = {key: rule[key] for key in ("GroupId", "FromPort", "ToPort", "IpProtocol")}
    template["Resources"]["OneMore"] = {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": {**kept, **source}}


def own_secret(template: dict[str, Any], value: dict[str, Any]) -> None:
    """A secret of the stack's own in the place of the one RDS makes, for the database and the application."""
    template["Resources"]["Login"] = {"Type": "AWS::SecretsManager::Secret", "Properties": value}
    del database(template)["ManageMasterUserPassword"]
    database(template)["MasterUserPassword"] = {"Fn::Sub": "{{resolve:secretsmanager:${Login}:SecretString:password}}"}
    statement_with(template, "secretsmanager:GetSecretValue")["Resource"] = {"Ref": "Login"}
    template["Outputs"]["RecordsSecret"]["Value"] = {"Ref": "Login"}


TABLE = "AWS::DynamoDB::Table"
