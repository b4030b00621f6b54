"""A design's grants are read by somebody who would misuse them."""

from __future__ import annotations

import time

import pytest

from preflight.analysis.weaknesses import exposures, weaknesses
from preflight.errors import Usage
from preflight.template import Design, Template
from tests.analysis.test_identities import (
    NOTES,
    OPEN,
    allow,
    arn,
    bucket_policy,
    document,
    inside,
    resource,
    role,
)
from tests.analysis.test_identities import design as made

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
STRONG = role(allow("dynamodb:*"))


def deny(action, on="*", **more):
    return {**allow(action, on, **more), "Effect": "Deny"}


def kinds(design: Design, who: str | None = None) -> list[str]:
    return [each.kind for each in weaknesses(design, who)]


def escalations(design: Design, who: str) -> list[str]:
    return [each.what for each in weaknesses(design, who) if each.kind == "escalation"]


# what is too wide


def test_an_administrator_is_told_once():
    (found,) = weaknesses(made(Boss=role(ManagedPolicyArns=[ADMIN])), "Boss")
    assert found.kind == "full admin" and "everything on everything" in found.what
    assert found.change.endswith("in a policy of your own, attached in place of AdministratorAccess")


def test_least_privilege_has_no_weakness():
    reader = role(allow(["s3:GetObject", "s3:List*"], [arn("Notes"), inside("Notes")]), allow("logs:CreateLogGroup"))
    assert weaknesses(made(Notes=NOTES, Reader=reader)) == ()


def test_a_wildcard_anywhere_is_told_with_how_far_it_goes():
    (found,) = weaknesses(made(R=role(allow("sqs:*"))), "R")
    assert found.kind == "wide grant" and "sqs:* on any resource" in found.what and "write" in found.what
    # there is no other Resource for these
    assert weaknesses(made(R=role(allow("ec2:DescribeAccount*"))), "R") == ()


def test_everything_but_is_wide_too():
    (found, *_) = weaknesses(made(R=role({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})), "R")
    assert "everything but iam:*" in " ".join(
        each.what for each in weaknesses(made(R=role(allow("*"), deny("iam:*"))), "R")
    )
    assert found.kind in ("wide grant", "escalation")


def test_a_whole_service_on_one_thing():
    of = made(Q=resource("SQS::Queue"), R=role(allow("sqs:*", arn("Q"))))
    (found,) = weaknesses(of, "R")
    assert found.kind == "whole service" and "sqs:* on Q" in found.what and "does not tell" in found.why


def test_what_a_schedule_never_calls_is_unused_and_what_code_calls_is_not_known():
    def scheduled(*statements, **more):
        schedule = resource(
            "Scheduler::Schedule",
            FlexibleTimeWindow={"Mode": "OFF"},
            ScheduleExpression="rate(1 day)",
            Target={"Arn": arn("Q"), "RoleArn": arn("R")},
        )
        return made(
            Q=resource("SQS::Queue"), Daily=schedule, R=role(*statements, trust="scheduler.amazonaws.com"), **more
        )

    (found,) = weaknesses(scheduled(allow(["sqs:SendMessage", "sqs:DeleteMessage"], arn("Q"))), "R")
    assert found.kind == "unused" and "sqs:DeleteMessage on Q" in found.what
    assert "Daily runs as it, and calls sqs:SendMessage alone" in found.why
    assert weaknesses(scheduled(allow("sqs:SendMessage", arn("Q")), allow("kms:Decrypt")), "R") == ()
    # a function runs with it as well: nobody knows what its code calls
    function = resource("Lambda::Function", Role=arn("R"))
    assert weaknesses(scheduled(allow(["sqs:SendMessage", "sqs:DeleteMessage"], arn("Q")), Fn=function), "R") == ()


def test_what_a_group_has_is_told_once():
    admins = resource("IAM::Group", ManagedPolicyArns=[ADMIN])
    of = made(Admins=admins, Ana=resource("IAM::User", Groups=[{"Ref": "Admins"}]), Omar=resource("IAM::User"))
    assert [(each.kind, each.about) for each in weaknesses(of)] == [("full admin", "group Admins")]
    assert [each.about for each in weaknesses(of, "Ana")] == ["user Ana"]


# exposure


def bucket_for(condition, **principal):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": inside("Notes")}
    return made(Notes=OPEN, Door=bucket_policy("Notes", {**statement, **principal, "Condition": condition}))


MINE, THEIRS = "123456789012", "999988887777"


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "cross-account"),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-1/r-1/ou-1/*"]}}, "cross-account"),
        # a condition that names an organization and holds nobody to it
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}, "public"),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}, "public"),
        ({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "public"),
        ({"StringLike": {"aws:PrincipalOrgID": "o-*"}}, "public"),
        ({"Null": {"aws:PrincipalOrgID": "false"}}, "public"),
        ({"StringEquals": {"aws:PrincipalAccount": MINE}}, None),
        ({"StringEquals": {"aws:PrincipalAccount": THEIRS}}, "cross-account"),
        ({"StringNotEquals": {"aws:PrincipalAccount": MINE}}, "public"),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{MINE}:role/*"}}, None),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{THEIRS}:role/*"}}, "cross-account"),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Admin"}}, "public"),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, None),
        ({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, "public"),
        ({"IpAddress": {"aws:SourceIp": "::/0"}}, "public"),
        ({"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}, "public"),
        ({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, "public"),
        ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, None),
    ],
)
def test_a_condition_counts_for_what_it_holds_people_to(condition, told):
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
    assert [each.kind for each in exposures(bucket_for(condition))] == ([told] if told else [])


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({"StringEquals": {"aws:SourceAccount": MINE}}, None),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::a-bucket"}}, None),
        ({"ArnLike": {"aws:SourceArn": f"arn:aws:cloudfront::{MINE}:distribution/*"}}, None),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}, "confused deputy"),
        ({"StringNotEquals": {"aws:SourceAccount": THEIRS}}, "confused deputy"),
        ({"StringEqualsIfExists": {"aws:SourceAccount": MINE}}, "confused deputy"),
    ],
)
def test_a_service_says_on_whose_behalf_it_comes(condition, told):  # confused-deputy.html
    of = bucket_for(condition, Principal={"Service": "logging.s3.amazonaws.com"}, Action="s3:PutObject")
    assert [each.kind for each in exposures(of)] == ([told] if told else [])


GITHUB = f"arn:aws:iam::{MINE}:oidc-provider/token.actions.githubusercontent.com"


@pytest.mark.parametrize(
    ("provider", "condition", "told"),
    [
        (GITHUB, {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}, True),
        (GITHUB, {"StringLike": {"token.actions.githubusercontent.com:sub": "*"}}, True),
        (GITHUB, {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:clinic/triage:*"}}, False),
        ("accounts.google.com", {"StringEquals": {"accounts.google.com:aud": "my-app"}}, False),
        ("accounts.google.com", {"StringNotEquals": {"accounts.google.com:aud": "my-app"}}, True),
    ],
)
def test_an_identity_provider_signs_in_more_people_than_meant(provider, condition, told):
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html#idp_oidc_Create_GitHub
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity"}
    deploy = resource("IAM::Role", AssumeRolePolicyDocument=document({**statement, "Condition": condition}))
    assert [each.kind for each in exposures(made(Deploy=deploy))] == (["public"] if told else [])


def test_a_key_open_to_everyone_is_open_to_accounts():
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
    (found,) = exposures(made(Key=resource("KMS::Key", KeyPolicy=document(everyone))))
    assert found.kind == "public" and "lets any AWS account do kms:*" in found.what
    calling = {**everyone, "Condition": {"StringNotEquals": {"kms:CallerAccount": MINE}}}
    (found,) = exposures(made(Key=resource("KMS::Key", KeyPolicy=document(calling))))
    assert found.kind == "public"


def test_an_event_bus_is_asked_in_both_of_its_forms():
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"}
    bus = resource("Events::EventBus", Name="bus")
    older = {"StatementId": "x", "Action": "events:PutEvents", "Principal": "*", "EventBusName": {"Ref": "Bus"}}
    organization = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-1"}
    for of, told in (
        (made(Bus=resource("Events::EventBus", Name="bus", Policy=document(everyone))), "public"),
        (made(Bus=bus, Door=resource("Events::EventBusPolicy", **older)), "public"),
        (made(Bus=bus, Door=resource("Events::EventBusPolicy", **older, Condition=organization)), "cross-account"),
    ):
        assert [(each.kind, each.about) for each in exposures(of)] == [(told, "Bus")]


# escalation


@pytest.mark.parametrize(
    "action",
    [
        "iam:CreatePolicyVersion",
        "iam:SetDefaultPolicyVersion",
        "iam:AttachUserPolicy",
        "iam:PutRolePolicy",
        "iam:AddUserToGroup",
        "iam:CreateAccessKey",
        "iam:UpdateLoginProfile",
        "iam:UpdateAssumeRolePolicy",
    ],
)
def test_one_call_of_iam_is_enough(action):
    of = made(R=role(allow(action)))
    (what,) = escalations(of, "R")
    assert what.startswith(f"may {action} on ")
    assert escalations(made(R=role(allow(action), deny("iam:*"))), "R") == []


def test_a_boundary_stops_it():
    ceiling = resource("IAM::ManagedPolicy", PolicyDocument=document(allow("s3:*")))
    of = made(Top=ceiling, R=role(allow("iam:*"), PermissionsBoundary={"Ref": "Top"}))
    assert escalations(of, "R") == []


def test_a_boundary_it_may_take_away_is_none():
    ceiling = resource("IAM::ManagedPolicy", PolicyDocument=document(allow(["s3:GetObject", "iam:*Boundary"])))
    of = made(Top=ceiling, R=role(allow("*"), PermissionsBoundary={"Ref": "Top"}))
    assert any(what.startswith("may iam:DeleteRolePermissionsBoundary on itself") for what in escalations(of, "R"))
    of = made(Top=ceiling, R=role(allow("*"), deny("iam:*"), PermissionsBoundary={"Ref": "Top"}))
    assert escalations(of, "R") == []


def test_what_must_carry_a_boundary_is_no_way_out():
    held = {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::123456789012:policy/top"}}
    assert escalations(made(R=role(allow("iam:PutRolePolicy", Condition=held))), "R") == []


def test_passing_a_role_to_what_runs_as_it():
    of = made(R=role(allow(["iam:PassRole", "lambda:CreateFunction"])))
    (what,) = escalations(of, "R")
    assert "any role of the account to lambda.amazonaws.com" in what
    assert escalations(made(R=role(allow("iam:PassRole"))), "R") == []
    assert escalations(made(R=role(allow("lambda:CreateFunction"))), "R") == []
    elsewhere = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    of = made(R=role(allow("iam:PassRole", Condition=elsewhere), allow("lambda:CreateFunction")))
    assert escalations(of, "R") == []


@pytest.mark.parametrize(
    "calls",
    [
        ["cloudformation:UpdateStack"],
        ["cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"],
        ["codebuild:UpdateProject", "codebuild:StartBuild"],
        ["ecs:RegisterTaskDefinition", "ecs:CreateService"],
        ["glue:UpdateJob", "glue:StartJobRun"],
        ["glue:CreateSession", "glue:RunStatement"],
        ["lambda:UpdateFunctionConfiguration"],
        ["sagemaker:CreateTrainingJob"],
        ["sagemaker:CreateProcessingJob"],
        ["scheduler:CreateSchedule"],
        ["ssm:StartAutomationExecution"],
    ],
)
def test_whatever_takes_a_role_and_runs_as_it(calls):
    (what,) = escalations(made(R=role(allow(["iam:PassRole", *calls]))), "R")
    assert "may pass any role of the account" in what and " and ".join(calls) in what
    for call in calls[1:]:
        assert escalations(made(R=role(allow(["iam:PassRole", call]))), "R") == []


def test_one_way_to_run_as_a_services_roles_is_told():
    calls = ["lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"]
    (what,) = escalations(made(R=role(allow(["iam:PassRole", *calls]))), "R")
    assert "and lambda:CreateFunction" in what


def test_passing_one_role_counts_if_it_may_do_more():
    passing = role(allow("iam:PassRole", arn("Strong")), allow("lambda:CreateFunction"))
    (what,) = escalations(made(Strong=STRONG, R=passing), "R")
    assert "pass role Strong to lambda.amazonaws.com" in what
    assert escalations(made(Strong=role(), R=passing), "R") == []
    # which EC2 takes and Lambda does not
    assert escalations(made(Strong=role(allow("dynamodb:*"), trust="ec2.amazonaws.com"), R=passing), "R") == []


def test_writing_the_code_of_a_function_with_a_stronger_role():
    function = resource("Lambda::Function", Role=arn("Strong"), FunctionName="worker")
    of = made(Strong=STRONG, Fn=function, R=role(allow("lambda:UpdateFunctionCode", arn("Fn"))))
    (found,) = [each for each in weaknesses(of, "R") if each.kind == "escalation"]
    assert "role Strong may dynamodb:*" in found.why
    of = made(Strong=role(), Fn=function, R=role(allow("lambda:UpdateFunctionCode", arn("Fn"))))
    assert escalations(of, "R") == []


def test_a_command_on_an_instance_with_a_stronger_role():
    parts = {
        "Strong": STRONG,
        "Profile": resource("IAM::InstanceProfile", Roles=[{"Ref": "Strong"}]),
        "Box": resource("EC2::Instance", IamInstanceProfile={"Ref": "Profile"}),
        "R": role(allow("ssm:SendCommand")),
    }
    of = made(**parts)
    (what,) = escalations(of, "R")
    assert what.startswith("may ssm:SendCommand")
    # a document that runs nothing of yours is no way in, and an agent's own talk no power
    one = ["arn:aws:ec2:*:*:instance/*", "arn:aws:ssm:*:*:document/AWSEC2-CreateVssSnapshot"]
    assert escalations(made(**{**parts, "R": role(allow("ssm:SendCommand", one))}), "R") == []
    assert escalations(made(**{**parts, "Strong": role(allow("ssmmessages:*"))}), "R") == []


def test_taking_a_stronger_role():
    trusted = {**allow("sts:AssumeRole"), "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}
    del trusted["Resource"]
    strong = role(allow("dynamodb:*"), AssumeRolePolicyDocument=document(trusted))
    of = made(Strong=strong, R=role(allow("sts:AssumeRole", arn("Strong"))))
    assert len(escalations(of, "R")) == 1
    # whose trust policy lets only Lambda in
    assert escalations(made(Strong=STRONG, R=role(allow("sts:AssumeRole", arn("Strong")))), "R") == []


# who is let in


def test_a_public_bucket_is_public_unless_it_is_blocked():
    statement = {**allow("s3:GetObject", inside("Open")), "Principal": "*"}
    (found,) = weaknesses(made(Open=OPEN, P=bucket_policy("Open", statement)))
    assert found.kind == "public" and found.what.startswith("lets anyone do s3:GetObject on Open/*")
    assert weaknesses(made(Open=NOTES, P=bucket_policy("Open", statement))) == ()


def test_everyone_of_an_organization_is_not_anyone():
    inside_org = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}
    statement = {**allow("s3:GetObject", inside("Open")), "Principal": "*", **inside_org}
    (found,) = weaknesses(made(Open=OPEN, P=bucket_policy("Open", statement)))
    assert found.kind == "cross-account" and "every account of o-1" in found.what


def test_every_kind_of_resource_policy_can_be_open():
    anyone = {"Principal": "*"}
    of = made(
        Q=resource("SQS::Queue"),
        QP=resource(
            "SQS::QueuePolicy",
            Queues=[{"Ref": "Q"}],
            PolicyDocument=document({**allow("sqs:SendMessage", arn("Q")), **anyone}),
        ),
        T=resource("SNS::Topic"),
        TP=resource(
            "SNS::TopicPolicy",
            Topics=[{"Ref": "T"}],
            PolicyDocument=document({**allow("sns:Publish", {"Ref": "T"}), **anyone}),
        ),
        K=resource("KMS::Key", KeyPolicy=document({**allow("kms:*"), **anyone})),
        R=resource("ECR::Repository", RepositoryPolicyText=document({**allow("ecr:BatchGetImage"), **anyone})),
        S=resource("SecretsManager::Secret"),
        SP=resource(
            "SecretsManager::ResourcePolicy",
            SecretId={"Ref": "S"},
            ResourcePolicy=document({**allow("secretsmanager:GetSecretValue"), **anyone}),
        ),
        F=resource("Lambda::Function", FunctionName="f"),
        FP=resource(
            "Lambda::Permission",
            FunctionName={"Ref": "F"},
            Action="lambda:InvokeFunctionUrl",
            Principal="*",
            FunctionUrlAuthType="NONE",
        ),
    )
    found = {each.about: each for each in weaknesses(of) if each.kind == "public"}
    assert set(found) == {"Q", "T", "K", "R", "S", "F"}
    assert "takes calls of its URL from anyone" in found["F"].what


def test_another_account_is_told_with_what_holds_it():
    def trusting(**more):
        statement = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            **more,
        }
        return made(R=role(AssumeRolePolicyDocument=document(statement)))

    (found,) = weaknesses(trusting())
    assert (
        found.kind == "cross-account" and "account 111122223333" in found.what and "neither an external id" in found.why
    )
    (found,) = weaknesses(trusting(Condition={"StringEquals": {"sts:ExternalId": "x"}}))
    assert "asks for an external id" in found.why


def test_a_service_on_anybody_s_behalf():
    def queue(**more):
        statement = {**allow("sqs:SendMessage", arn("Q")), "Principal": {"Service": "sns.amazonaws.com"}, **more}
        policy = resource("SQS::QueuePolicy", Queues=[{"Ref": "Q"}], PolicyDocument=document(statement))
        return made(Q=resource("SQS::Queue"), P=policy)

    (found,) = weaknesses(queue())
    assert found.kind == "confused deputy" and "sns.amazonaws.com" in found.what
    assert weaknesses(queue(Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:123456789012:t"}})) == ()


def test_a_provider_without_a_condition():
    federated = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": "accounts.google.com"},
    }
    (found,) = weaknesses(made(R=role(AssumeRolePolicyDocument=document(federated))))
    assert found.kind == "public" and ":sub" in found.change


def test_an_open_list_counts_where_lists_count():
    public = {
        "AccessControl": "PublicRead",
        "PublicAccessBlockConfiguration": {"BlockPublicPolicy": True},
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
    }
    (found,) = weaknesses(made(B=resource("S3::Bucket", **public)))
    assert found.kind == "public"
    assert weaknesses(made(B=resource("S3::Bucket", **{**public, "OwnershipControls": {"Rules": []}}))) == ()


def test_every_weakness_says_what_why_what_to_change_and_where_it_is_written():
    of = made(
        Boss=role(ManagedPolicyArns=[ADMIN]),
        R=role(allow(["iam:*", "lambda:*"])),
        Open=OPEN,
        P=bucket_policy("Open", {**allow("s3:GetObject", inside("Open")), "Principal": "*"}),
    )
    found = weaknesses(of)
    assert {"public", "full admin", "escalation", "wide grant"} == set(each.kind for each in found)
    for each in found:
        assert each.about and each.what and each.why and each.change
        assert each.source.startswith("https://docs.aws.amazon.com/")
    assert kinds(of)[0] == "public"


def test_one_resource_s_exposures():
    of = made(
        Open=OPEN,
        P=bucket_policy("Open", {**allow("s3:GetObject", inside("Open")), "Principal": "*"}),
        Notes=NOTES,
    )
    assert len(exposures(of, of.resources["Open"].arn)) == 1
    assert exposures(of, of.resources["Notes"].arn) == ()


def test_names_and_nothing():
    assert weaknesses(made()) == ()
    assert weaknesses(made(R=role()), "anyone") == ()
    with pytest.raises(Usage):
        weaknesses(made(R=role()), "Nobody")


def test_two_hundred_resources():
    resources = {}
    for n in range(65):
        resources[f"Bucket{n}"] = resource("S3::Bucket", BucketName=f"bucket-{n}")
        resources[f"Role{n}"] = role(allow(["s3:Get*", "s3:List*"], f"arn:aws:s3:::bucket-{n}/*"), allow("sqs:*"))
        resources[f"Policy{n}"] = bucket_policy(
            f"Bucket{n}",
            {**allow("s3:GetObject", inside(f"Bucket{n}")), "Principal": {"AWS": arn(f"Role{n}")}},
        )
    weaknesses(Template.load({"Resources": resources}).design())
    of = Template.load({"Resources": resources}).design()
    start = time.perf_counter()
    weaknesses(of)
    assert time.perf_counter() - start < 2
