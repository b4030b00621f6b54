"""What reviewers said becomes findings: each concern once, with its bullet and its line, and noise put aside."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.analysis.review import Finding, Remark, readable, review, rules
from preflight.checks import Stack
from preflight.errors import Unavailable, Usage
from preflight.exams import Exams
from preflight.questions import ask
from preflight.reviewers import Review
from preflight.reviewers import review as heard
from preflight.synth import Synthesizer
from preflight.template import Template

ROOT = Path(__file__).resolve().parents[2]


def template(**resources: dict[str, Any]) -> Template:
    return Template({"Resources": resources})


def resource(kind: str, path: str | None = None, **properties: Any) -> dict[str, Any]:
    declared: dict[str, Any] = {"Type": kind, "Properties": properties}
    if path:
        declared["Metadata"] = {"aws:cdk:path": path}
    return declared


def found(design: Template, *remarks: tuple[str, str] | tuple[str, str, str]) -> list[Finding]:
    said = [Remark(each[0], each[1], each[2] if len(each) > 2 else "Said so.") for each in remarks]
    return review(design, design.design(), said)


def allows(*actions: str, resource: Any = "*") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return {"PolicyDocument": {"Statement": [statement]}, "PolicyName": "p"}


PROPERTIES = [
    *("PermissionsBoundary", "ManagedPolicyArns", "PolicyDocument", "Policies", "SecurityGroupIngress", "Environment"),
    *("ContainerDefinitions", "LoadBalancerAttributes", "SourceDBInstanceIdentifier", "Roles", "DeadLetterConfig"),
]
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["*", "s3:*", "It", "0.0.0.0/0", "Allow"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Statement", "Effect", "Action", "Resource", "PolicyDocument", "CidrIp", "Ref", "Fn::GetAtt"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


# what is one thing is said once


def test_a_finding_is_a_sentence_with_its_bullet_and_the_line_that_answers_it() -> None:
    [finding] = found(template(Notes=resource("AWS::S3::Bucket", "Lab1/Notes/Resource")), ("AwsSolutions-S10", "Notes"))
    assert finding.path == "Lab1/Notes" and finding.bullet == "SAA-C03 1.3-S3"
    assert finding.why.endswith(".") and finding.change == "enforce_ssl=True" and finding.stands


def test_a_buckets_policy_speaks_for_its_bucket() -> None:
    policy = resource("AWS::S3::BucketPolicy", Bucket={"Ref": "Notes"}, PolicyDocument={})
    design = template(Notes=resource("AWS::S3::Bucket"), Policy=policy)
    assert [
        each.logical_id for each in found(design, ("AwsSolutions-S10", "Policy"), ("AwsSolutions-S10", "Notes"))
    ] == ["Notes"]


def test_two_reviewers_who_mean_the_same_are_heard_once_and_the_graver_rule_speaks() -> None:
    open_to_all = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
    design = template(Web=resource("AWS::EC2::SecurityGroup", SecurityGroupIngress=[open_to_all]))
    [finding] = found(design, ("AwsSolutions-EC23", "Web"), ("W2508[Port::22]", "Web"))
    assert finding.rules == ("W2508", "AwsSolutions-EC23") and finding.stands
    assert "try port 22," in finding.why


def test_many_wildcards_of_one_policy_are_one_finding_that_names_the_wide_ones() -> None:
    design = template(Policy=resource("AWS::IAM::Policy", **allows("s3:*", "s3:GetObject")))
    rule = "AwsSolutions-IAM5"
    [finding] = found(design, (f"{rule}[Action::s3:*]", "Policy"), (f"{rule}[Action::s3:List*]", "Policy"))
    assert "s3:*." in finding.why and "List" not in finding.why


def test_what_nobody_explained_yet_is_said_in_the_reviewers_words() -> None:
    [finding] = found(template(Notes=resource("AWS::S3::Bucket")), ("AwsSolutions-NEW1", "Notes", "The moon is full."))
    assert finding.why == "The moon is full." and finding.stands


def test_the_gravest_comes_first() -> None:
    design = template(
        A=resource("AWS::S3::Bucket", PublicAccessBlockConfiguration={"BlockPublicAcls": False}),
        B=resource("AWS::EC2::VPC"),
    )
    said = found(design, ("AwsSolutions-VPC7", "B"), ("AwsSolutions-S1", "A"), ("AwsSolutions-S2", "A"))
    assert [each.rules[0] for each in said] == ["AwsSolutions-S2", "AwsSolutions-S1", "AwsSolutions-VPC7"]


REMARKS = [
    *(("AwsSolutions-S1", "A"), ("AwsSolutions-S10", "A"), ("AwsSolutions-S10", "P"), ("AwsSolutions-S2", "B")),
    *(("AwsSolutions-IAM5[Action::s3:*]", "R"), ("AwsSolutions-IAM5[Resource::*]", "R"), ("AwsSolutions-S1", "Gone")),
    *(("AwsSolutions-IAM4[Policy::x:policy/ReadOnlyAccess]", "R"), ("W2501", "R"), ("Unheard-Of", "B")),
]


@given(st.lists(st.sampled_from(REMARKS)), st.randoms(use_true_random=False))
def test_neither_the_order_of_remarks_nor_hearing_one_twice_matters(said: list[tuple[str, str]], random: Any) -> None:
    design = template(
        A=resource("AWS::S3::Bucket"),
        B=resource("AWS::S3::Bucket"),
        P=resource("AWS::S3::BucketPolicy", Bucket={"Ref": "A"}),
        R=resource("AWS::IAM::Policy", **allows("s3:*")),
    )
    shuffled = said * 2
    random.shuffle(shuffled)
    once, twice = found(design, *said), found(design, *shuffled)
    assert {(each.logical_id, each.rules, each.noise) for each in once} == {
        (each.logical_id, each.rules, each.noise) for each in twice
    }
    concerns = [(each.logical_id, each.concern) for each in once]
    assert len(concerns) == len(set(concerns))


# what can be passed over


LONG = "050a0587b7544547bf325f094a3db834"
PROVIDER = "S3AutoDeleteObjectsCustomResourceProvider"


def test_cdks_own_helpers_are_noise_with_and_without_their_paths() -> None:
    names = {
        f"Custom{PROVIDER}Role3B1BD092": f"Custom::{PROVIDER}",
        f"LogRetention{LONG}ServiceRole9741ECFB": f"LogRetention{LONG}/ServiceRole",
        f"BucketNotificationsHandler{LONG}RoleB6FB88EC": f"BucketNotificationsHandler{LONG}/Role",
        "ProviderframeworkonEventServiceRole9FF04296": "Provider/framework-onEvent/ServiceRole",
    }
    for paths in (True, False):
        design = template(
            **{
                name: resource("AWS::IAM::Role", f"A/{path}/Resource" if paths else None)
                for name, path in names.items()
            }
        )
        said = found(design, *((f"AwsSolutions-IAM4[Policy::x:policy/{name[:4]}]", name) for name in names))
        assert len(said) == len(names) and not [each.logical_id for each in said if "CDK's own" not in each.noise]


HARMLESS: list[tuple[str, dict[str, Any], bool]] = [
    (
        "AwsSolutions-IAM4[Policy::arn:x:policy/service-role/AWSLambdaBasicExecutionRole]",
        resource("AWS::IAM::Role"),
        True,
    ),
    ("AwsSolutions-IAM4[Policy::arn:x:policy/PowerUserAccess]", resource("AWS::IAM::Role"), False),
    ("AwsSolutions-IAM5[Resource::<Notes.Arn>/*]", resource("AWS::IAM::Policy"), True),
    ("AwsSolutions-IAM5[Resource::*]", resource("AWS::IAM::Policy", **allows("xray:PutTraceSegments")), True),
    ("AwsSolutions-IAM5[Resource::*]", resource("AWS::IAM::Policy", **allows("s3:GetObject")), False),
    ("AwsSolutions-IAM5[Resource::*]", resource("AWS::IAM::Policy", **allows("xray:*")), False),
    ("AwsSolutions-IAM5[Action::*]", resource("AWS::IAM::Policy"), False),
    ("AwsSolutions-IAM5[Action::s3:GetObject*]", resource("AWS::IAM::Policy"), True),
    ("AwsSolutions-S10", resource("AWS::S3::Bucket", WebsiteConfiguration={"IndexDocument": "i"}), True),
    ("AwsSolutions-COG4", resource("AWS::ApiGateway::Method", AuthorizationType="AWS_IAM"), True),
    ("AwsSolutions-COG4", resource("AWS::ApiGateway::Method", AuthorizationType="NONE"), False),
    ("AwsSolutions-KDF1", resource("AWS::KinesisFirehose::DeliveryStream", DeliveryStreamType="DirectPut"), False),
    ("AwsSolutions-RDS3", resource("AWS::RDS::DBInstance", SourceDBInstanceIdentifier="other"), True),
    ("AwsSolutions-RDS2", resource("AWS::RDS::DBInstance", SourceDBInstanceIdentifier="other"), False),
    ("AwsSolutions-RDS11", resource("AWS::RDS::DBInstance"), True),
    ("AwsSolutions-SQS3", resource("AWS::SQS::Queue"), False),
    ("AwsSolutions-COG1", resource("AWS::Cognito::UserPool"), True),
    (
        "AwsSolutions-COG1",
        resource("AWS::Cognito::UserPool", Policies={"PasswordPolicy": {"MinimumLength": 6}}),
        False,
    ),
]


@pytest.mark.parametrize(("rule", "declared", "noise"), HARMLESS, ids=lambda each: str(each)[:60])
def test_what_is_harmless_here_is_passed_over_and_what_is_not_stays(
    rule: str, declared: dict[str, Any], noise: bool
) -> None:
    [finding] = found(template(It=declared), (rule, "It"))
    assert bool(finding.noise) is noise


@pytest.mark.parametrize(
    ("ports", "noise"),
    [((443, 443), True), (("80", "80"), True), ((22, 22), False), ((80, 443), False), ((None, None), False)],
)
def test_anyone_may_ask_a_website_on_its_own_ports_and_on_no_others(ports: tuple[Any, Any], noise: bool) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": ports[0], "ToPort": ports[1], "CidrIp": "0.0.0.0/0"}
    design = template(Web=resource("AWS::EC2::SecurityGroup", SecurityGroupIngress=[rule]))
    assert bool(found(design, ("AwsSolutions-EC23", "Web"))[0].noise) is noise
    # where cdk-nag gives up, the rule itself is looked at
    threw = "Rule threw an error during validation."
    assert bool(found(design, ("AwsSolutions-EC23", "Web", threw))[0].noise) is noise
    assert found(template(Web=resource("AWS::EC2::SecurityGroup")), ("AwsSolutions-EC23", "Web", threw))[0].noise


def test_a_variable_that_looks_like_a_secret_is_not_passed_over() -> None:
    def task(name: str) -> Template:
        container = {"Name": "web", "Environment": [{"Name": name, "Value": "x"}]}
        return template(Task=resource("AWS::ECS::TaskDefinition", ContainerDefinitions=[container]))

    assert found(task("LOG_LEVEL"), ("AwsSolutions-ECS2", "Task"))[0].noise
    assert found(task("DB_PASSWORD"), ("AwsSolutions-ECS2", "Task"))[0].stands


def test_a_permissions_boundary_grants_nothing() -> None:
    ceiling = resource("AWS::IAM::ManagedPolicy", **allows("s3:*"))
    worn = resource("AWS::IAM::User", PermissionsBoundary={"Ref": "Ceiling"})
    given = resource("AWS::IAM::User", ManagedPolicyArns=[{"Ref": "Ceiling"}])
    said = ("AwsSolutions-IAM5[Action::s3:*]", "Ceiling")
    assert found(template(Ceiling=ceiling, Kai=worn), said)[0].noise
    assert found(template(Ceiling=ceiling, Kai=worn, Ana=given), said)[0].stands


def test_a_bucket_that_holds_logs_needs_none_of_its_own_and_the_site_beside_it_does() -> None:
    distribution = {"Logging": {"Bucket": {"Fn::GetAtt": ["Logs", "DomainName"]}}, "Origins": [{"Id": {"Ref": "Site"}}]}
    design = template(
        Logs=resource("AWS::S3::Bucket"),
        Site=resource("AWS::S3::Bucket"),
        Door=resource("AWS::CloudFront::Distribution", DistributionConfig=distribution),
    )
    said = found(design, ("AwsSolutions-S1", "Logs"), ("AwsSolutions-S1", "Site"))
    assert {each.logical_id: each.stands for each in said} == {"Logs": False, "Site": True}


def test_a_queue_that_catches_what_others_could_not_deliver_needs_no_catcher_itself() -> None:
    caught = {"DeadLetterConfig": {"TargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}}}
    design = template(
        Dead=resource("AWS::SQS::Queue"),
        Jobs=resource("AWS::SQS::Queue"),
        Work=resource("AWS::Lambda::Function", **caught),
    )
    said = found(design, ("AwsSolutions-SQS3", "Dead"), ("AwsSolutions-SQS3", "Jobs"))
    assert {each.logical_id: each.stands for each in said} == {"Dead": False, "Jobs": True}


def test_what_its_author_acknowledged_says_the_authors_reason() -> None:
    notes = resource("AWS::S3::Bucket")
    notes["Metadata"] = {"cdk_nag": {"rules_to_suppress": [{"id": "AwsSolutions-S1", "reason": "the trail has it"}]}}
    said = found(template(Notes=notes), ("AwsSolutions-S1", "Notes"), ("AwsSolutions-S10", "Notes"))
    assert {each.rules[0]: each.acknowledged for each in said} == {
        "AwsSolutions-S1": "the trail has it",
        "AwsSolutions-S10": "",
    }


def test_a_resource_whose_condition_is_false_is_never_made_and_not_reviewed() -> None:
    design = Template(
        {
            "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
            "Resources": {"Notes": {"Type": "AWS::S3::Bucket", "Condition": "Never"}},
        }
    )
    assert found(design, ("AwsSolutions-S1", "Notes")) == []
    assert readable(design, design.design())["Resources"] == {}


@pytest.mark.parametrize("rule", [*sorted({each[0] for each in HARMLESS}), "AwsSolutions-EC23", "AwsSolutions-ECS2"])
@given(properties=st.dictionaries(st.sampled_from(PROPERTIES), ANYTHING, max_size=4))
def test_whatever_a_template_holds_is_no_crash(rule: str, properties: dict[str, Any]) -> None:
    design = template(
        It=resource("AWS::IAM::ManagedPolicy", **properties), User=resource("AWS::IAM::User", **properties)
    )
    readable(design, design.design())
    assert len(found(design, (rule, "It"), (rule, "User"))) == 2


# the data


def test_every_rule_has_a_bullet_that_exists_and_words_a_learner_can_read() -> None:
    exams = Exams.load(ROOT)
    for rule in rules().values():
        assert exams.knows(rule.bullet), f"{rule.id}: no bullet {rule.bullet}"
        assert rule.why[0].isupper() and rule.why.endswith(".") and rule.change, rule.id
        assert rule.source.startswith("https://") and rule.concern, rule.id
        assert not re.search(r"\b(simply|just|easy|easily|obviously|wrong)\b", f"{rule.why} {rule.change}"), rule.id


def test_every_rule_of_cdk_nags_pack_is_explained() -> None:
    spec = find_spec("cdk_nag")
    assert spec and spec.origin
    [archive] = Path(spec.origin).parent.glob("_jsii/*.tgz")
    with tarfile.open(archive) as package:
        pack = package.extractfile("package/lib/packs/aws-solutions.js")
        assert pack
        known = set(re.findall(r"ruleSuffixOverride: '(\w+)'", pack.read().decode()))
    assert len(known) > 100
    assert not sorted({f"AwsSolutions-{each}" for each in known} - rules().keys())


# the reviewers themselves


@pytest.fixture(scope="module")
def asked() -> Iterator[Callable[[Template], Review]]:
    with Synthesizer(ROOT) as synthesizer:
        yield lambda design: heard(design, synthesizer=synthesizer)


def test_both_reviewers_look_at_any_template(asked: Callable[[Template], Review]) -> None:
    body = """
        Resources:
          Notes: {Type: AWS::S3::Bucket}
          Db:
            Type: AWS::RDS::DBInstance
            Properties: {Engine: postgres, MasterUsername: me, MasterUserPassword: secret123}
    """
    answer = asked(Template.parse(body))
    rules = {rule for each in answer.standing for rule in each.rules}
    assert {"AwsSolutions-S1", "AwsSolutions-S10", "W2501"} <= rules
    # cdk-nag's and the validator's word on the same thing
    assert [each.rules for each in answer.standing if "W9008" in each.rules] == [("AwsSolutions-RDS2", "W9008")]
    assert not answer.missed and not answer


def test_a_parameter_can_be_the_thing_that_shows_a_secret(asked: Callable[[Template], Review]) -> None:
    db = resource("AWS::RDS::DBInstance", Engine="postgres", MasterUserPassword={"Ref": "Word"})
    answer = asked(Template({"Parameters": {"Word": {"Type": "String"}}, "Resources": {"Db": db}}))
    assert {each.path: each.rules for each in answer.standing if each.concern == "secret in the template"} == {
        "Word": ("W2509",),
        "Db": ("W1011",),
    }


def test_a_design_that_wants_no_answer_is_true(asked: Callable[[Template], Review]) -> None:
    assert asked(template())
    assert asked(template(Stream=resource("AWS::Logs::LogGroup")))


def test_conditions_parameters_and_blocks_are_written_out_for_cdk_nag(asked: Callable[[Template], Review]) -> None:
    inside = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "CidrIp": {"Fn::GetAtt": ["Vpc", "CidrBlock"]}}
    anyone = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "CidrIp": {"Ref": "From"}}
    design = Template(
        {
            "Parameters": {
                "From": {"Type": "String", "Default": "0.0.0.0/0"},
                "Env": {"Type": "String", "Default": "x"},
            },
            "Conditions": {"Prod": {"Fn::Equals": [{"Ref": "Env"}, "prod"]}},
            "Resources": {
                "Vpc": resource("AWS::EC2::VPC", CidrBlock="10.0.0.0/16"),
                "In": resource("AWS::EC2::SecurityGroup", GroupDescription="inside", SecurityGroupIngress=[inside]),
                "Out": resource("AWS::EC2::SecurityGroup", GroupDescription="anyone", SecurityGroupIngress=[anyone]),
                "Disk": resource(
                    "AWS::EC2::Volume", Size=1, AvailabilityZone="z", Encrypted={"Fn::If": ["Prod", True, False]}
                ),
            },
        }
    )
    said = {(each.logical_id, rule) for each in asked(design).standing for rule in each.rules}
    assert {("Out", "AwsSolutions-EC23"), ("Disk", "AwsSolutions-EC26")} <= said
    assert ("In", "AwsSolutions-EC23") not in said


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"Transform": "Mine", "Resources": {"Notes": {"Type": "AWS::S3::Bucket"}}}, "Mine"),
        (
            {
                "Resources": {
                    "Notes": {"Type": "AWS::S3::Bucket"},
                    "Bad": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": "seven"}},
                }
            },
            "Bad",
        ),
        (
            {
                "Resources": {
                    "Notes": {"Type": "AWS::S3::Bucket"},
                    "Within": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://x/y"}},
                }
            },
            "Within",
        ),
    ],
    ids=["a macro", "a misshapen resource", "a nested stack"],
)
def test_what_could_not_be_looked_at_is_said_and_the_rest_is_reviewed(
    asked: Callable[[Template], Review], body: dict[str, Any], word: str
) -> None:
    answer = asked(Template(body))
    [missed] = answer.missed
    assert word in missed and "ask review" in missed and "\n" not in missed
    assert {each.logical_id for each in answer.standing} == {"Notes"}


def test_types_nobody_knows_are_no_hindrance(asked: Callable[[Template], Review]) -> None:
    answer = asked(template(New=resource("AWS::New::Thing", A=1), Own=resource("Custom::Thing", ServiceToken="x")))
    assert not answer.findings and not answer.missed


def test_sam_and_loops_are_carried_out_first(asked: Callable[[Template], Review]) -> None:
    loop = {"Fn::ForEach::All": ["Name", ["News", "Mail"], {"${Name}": {"Type": "AWS::SNS::Topic"}}]}
    answer = asked(Template({"Transform": "AWS::LanguageExtensions", "Resources": loop}))
    assert {each.logical_id for each in answer.standing} == {"News", "Mail"} and not answer.missed


def test_asked_in_the_learners_words() -> None:
    design = template(
        Notes=resource("AWS::S3::Bucket", "Any/Notes/Resource"),
        Files=resource("AWS::S3::Bucket", "Any/Files/Resource"),
        Wall=resource("AWS::EC2::NetworkAcl", VpcId="vpc-1"),
    )
    reply = ask(design, ["review"])
    assert reply.holds is False and reply.sentence.startswith("4 findings to answer; 1 more is passed over")
    assert [point.about for point in reply.points] == ["Any/Notes, Any/Files"] * 2
    assert all(re.search(r"\[AwsSolutions-\w+, (SAA|CLF)-C0\d \S+\]$", point.said) for point in reply.points)
    assert all(point.change for point in reply.points)

    everything = ask(design, ["review", "all"])
    assert len(everything.data["findings"]) == 5 and any("passed over" in point.said for point in everything.points)
    assert ask(template(), ["review"]).holds is True
    with pytest.raises(Usage, match="ask review"):
        ask(design, ["review", "some"])


def test_a_machine_without_cdk_still_hears_the_validator(monkeypatch: pytest.MonkeyPatch) -> None:
    def unable(self: Synthesizer, body: Any) -> Any:
        raise Unavailable("CDK cannot start here (no node); ./lab doctor says what is missing")

    monkeypatch.setattr(Synthesizer, "start", lambda self: None)
    monkeypatch.setattr(Synthesizer, "review", unable)
    with Synthesizer(ROOT) as synthesizer:
        answer = heard(template(Db=resource("AWS::RDS::DBInstance", Engine="postgres")), synthesizer=synthesizer)
    assert [each.rules for each in answer.findings] == [("W9008",)]
    assert len(answer.missed) == 1 and "./lab doctor" in answer.missed[0]
    assert not answer


def test_a_lab_can_ask_in_a_check() -> None:
    design = template(Notes=resource("AWS::S3::Bucket", "Lab1/Notes/Resource"))
    deployed: Any = SimpleNamespace(template=design, design=design.design(), client=None)
    assert {each.path for each in Stack(deployed).review().standing} == {"Lab1/Notes"}


def test_a_review_that_takes_too_long_is_given_up_and_the_next_one_is_answered() -> None:
    body = {"Resources": {"Notes": resource("AWS::S3::Bucket")}}
    with Synthesizer(ROOT) as synthesizer:
        assert synthesizer.review(body, limit=0.001)["failed"] == "no answer in 0.001 s"
        assert {each["rule"] for each in synthesizer.review(body)["said"]} == {"AwsSolutions-S1", "AwsSolutions-S10"}
