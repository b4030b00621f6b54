"""A design says who may do something, and all that somebody may do."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preflight.analysis import identities
from preflight.analysis.grants import Grant, what_may, who_may
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


def deny(action, on="*", **more):
    return {**allow(action, on, **more), "Effect": "Deny"}


def named(design: Design, grant: Grant) -> list[str]:
    index = identities.index_of(design)
    return [index.name_of(each) for each in grant.resources]


def said(design: Design, who: str) -> list[tuple[str, str]]:
    """A principal's lines as (actions, resources)."""
    return [(", ".join(each.actions), ", ".join(named(design, each))) for each in what_may(design, who)]


# what somebody may do


def test_a_line_is_a_statement_in_its_own_words():
    of = made(Notes=NOTES, Reader=role(allow(["s3:GetObject", "s3:List*"], [arn("Notes"), inside("Notes")])))
    (line,) = what_may(of, "Reader")
    assert line.actions == ("s3:GetObject", "s3:List*")
    assert named(of, line) == ["Notes", "Notes/*"]
    assert line.through == ("statement 1 of the inline policy Inline of role Reader",)
    assert "s3:ListBucket" in line.names and line.levels["read"] >= 1 and "write" not in line.levels


def test_what_is_denied_is_taken_off():
    of = made(Notes=NOTES, Writer=role(allow("s3:*", inside("Notes")), deny("s3:DeleteObject*")))
    assert said(of, "Writer") == [("s3:* but s3:DeleteObject*", "Notes/*")]
    of = made(Writer=role(allow("s3:PutObject"), deny("s3:*")))
    assert said(of, "Writer") == []


def test_a_deny_on_part_of_it_leaves_the_rest():
    raw = {"Fn::Join": ["", [arn("Notes"), "/raw/*"]]}
    of = made(Notes=NOTES, Reader=role(allow("s3:GetObject", inside("Notes")), deny("s3:GetObject", raw)))
    (line,) = what_may(of, "Reader")
    index = identities.index_of(of)
    assert [index.name_of(each) for each in line.never] == ["Notes/raw/*"]
    notes = next(iter(of.of_type("AWS::S3::Bucket"))).arn
    assert line.covers("s3:GetObject", f"{notes}/today") and not line.covers("s3:GetObject", f"{notes}/raw/today")


def test_a_deny_in_the_bucket_policy_counts_too():
    policy = bucket_policy("Notes", deny("s3:GetObject", inside("Notes"), Principal="*"))
    of = made(Notes=NOTES, P=policy, Reader=role(allow("s3:Get*", inside("Notes"))))
    assert said(of, "Reader") == [("s3:Get* but s3:GetObject", "Notes/*")]


def test_a_deny_with_a_condition_is_told_as_one():
    without_mfa = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    of = made(Ops=role(allow("s3:DeleteObject"), deny("*", Condition=without_mfa)))
    (line,) = what_may(of, "Ops")
    assert line.conditions == (
        "unless BoolIfExists aws:MultiFactorAuthPresent false (statement 2 of the inline policy Inline of role Ops)",
    )


def test_a_condition_that_never_holds_grants_nothing_and_one_that_always_holds_takes_nothing():
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    of = made(
        One=role(allow("s3:GetObject", Condition=insecure)),
        Two=role(allow("s3:GetObject"), deny("s3:*", Condition=insecure)),
    )
    assert said(of, "One") == []
    assert said(of, "Two") == [("s3:GetObject", "*")]


def test_a_boundary_is_the_most_there_is():
    ceiling = resource("IAM::ManagedPolicy", PolicyDocument=document(allow(["s3:GetObject", "sqs:*"], inside("Notes"))))
    of = made(Notes=NOTES, Top=ceiling, Kai=role(allow("s3:*"), PermissionsBoundary={"Ref": "Top"}))
    assert said(of, "Kai") == [("s3:GetObject", "Notes/*")]


def test_a_policy_that_names_the_user_itself_is_past_the_boundary():
    ceiling = resource("IAM::ManagedPolicy", PolicyDocument=document(allow("sqs:*")))
    policy = bucket_policy("Notes", {**allow("s3:GetObject", inside("Notes")), "Principal": {"AWS": arn("Kai")}})
    of = made(Notes=NOTES, P=policy, Top=ceiling, Kai=resource("IAM::User", PermissionsBoundary={"Ref": "Top"}))
    assert said(of, "Kai") == [("s3:GetObject", "Notes/*")]
    of = made(Notes=NOTES, P=policy, Top=ceiling, Kai=role(PermissionsBoundary={"Ref": "Top"}))
    assert said(of, "Kai") == []


def test_not_action_is_everything_else_and_says_so():
    of = made(Notes=NOTES, Wide=role({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}))
    (line,) = what_may(of, "Wide")
    assert line.actions == ("everything but iam:*",)
    assert line.covers("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:q")
    assert not line.covers("iam:CreateUser", "arn:aws:iam::123456789012:user/x")


def test_not_resource_is_everywhere_else():
    of = made(Notes=NOTES, Wide=role({"Effect": "Allow", "Action": "s3:*", "NotResource": inside("Notes")}))
    (line,) = what_may(of, "Wide")
    notes = next(iter(of.of_type("AWS::S3::Bucket"))).arn
    assert not line.covers("s3:GetObject", f"{notes}/x") and line.covers("s3:ListBucket", notes)


def test_a_key_that_does_not_leave_it_to_iam_is_closed():
    shut = resource(
        "KMS::Key", KeyPolicy=document({**allow("kms:*"), "Principal": {"AWS": "arn:aws:iam::123456789012:user/boss"}})
    )
    of = made(Key=shut, Reader=role(allow("kms:Decrypt", arn("Key"))), Wide=role(allow("kms:Decrypt")))
    assert said(of, "Reader") == []
    (line,) = what_may(of, "Wide")
    assert not line.covers("kms:Decrypt", of.resources["Key"].arn)


def test_a_line_within_another_is_left_out():
    of = made(Notes=NOTES, R=role(allow("s3:GetObject", inside("Notes")), allow("s3:Get*"), allow("s3:Get*")))
    assert said(of, "R") == [("s3:Get*", "*")]


def test_what_cannot_be_read_is_said():
    of = made(R=role(ManagedPolicyArns=["arn:aws:iam::123456789012:policy/elsewhere"]))
    (line,) = what_may(of, "R")
    assert line.actions == ("<the policy arn:aws:iam::123456789012:policy/elsewhere>",) and not line.names
    of = made(R=role(allow("s3:*"), PermissionsBoundary="arn:aws:iam::123456789012:policy/elsewhere"))
    (line,) = what_may(of, "R")
    name = "the managed policy arn:aws:iam::123456789012:policy/elsewhere"
    assert line.resources == ("*",)
    assert line.conditions == (f"{name} allows it", f"unless {name} denies it")


def test_outsiders_have_what_the_design_gives_them():
    partner = {"AWS": "arn:aws:iam::111122223333:root"}
    policy = bucket_policy("Open", {**allow("s3:GetObject", inside("Open")), "Principal": partner})
    of = made(Open=OPEN, P=policy)
    assert said(of, "111122223333") == [("s3:GetObject", "Open/*")]
    assert said(of, "anyone") == []


def test_what_if_a_policy_were_attached():
    of = made(Notes=NOTES, Reader=role(allow("s3:GetObject", inside("Notes"))))
    more = document(allow("sqs:SendMessage"), deny("s3:*"))
    for _ in range(3):
        assert [each.actions for each in what_may(of, "Reader", also=[more])] == [("sqs:SendMessage",)]
    assert said(of, "Reader") == [("s3:GetObject", "Notes/*")]


def test_a_session_named_by_a_policy_is_not_every_session():
    session = "arn:aws:sts::123456789012:assumed-role/Reader/night"
    policy = bucket_policy("Notes", {**allow("s3:GetObject", inside("Notes")), "Principal": {"AWS": session}})
    of = made(Notes=NOTES, P=policy, Reader=role(RoleName="Reader"))
    (perhaps,) = what_may(of, "Reader")
    (surely,) = what_may(of, session)
    assert perhaps.conditions == ("the name of role Reader's session is the one named",) and not surely.conditions


# who may


def test_everyone_who_may_read_is_listed_with_the_way_in():
    of = made(
        Notes=NOTES,
        Reader=role(allow("s3:GetObject", inside("Notes"))),
        Nobody=role(),
        Devs=resource("IAM::Group", Policies=[{"PolicyName": "p", "PolicyDocument": document(allow("s3:Get*"))}]),
        Ana=resource("IAM::User", Groups=[{"Ref": "Devs"}]),
    )
    ways = who_may(of, "s3:GetObject", "Notes/today")
    assert [(way.kind, way.who, way.answer) for way in ways] == [
        ("user", "Ana", "allowed"),
        ("group", "Devs", "allowed"),
        ("role", "Reader", "allowed"),
    ]
    assert ways[0].through == ("statement 1 of the inline policy p of group Devs",)


def test_outsiders_come_first():
    statement = {**allow("s3:GetObject", inside("Open")), "Principal": "*"}
    of = made(Open=OPEN, P=bucket_policy("Open", statement), Reader=role())
    assert [way.who for way in who_may(of, "s3:GetObject", "Open/x")] == ["anyone", "Reader"]
    inside_org = {**statement, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}
    of = made(Open=OPEN, P=bucket_policy("Open", inside_org))
    (way,) = who_may(of, "s3:GetObject", "Open/x")
    assert (way.kind, way.answer, way.depends_on) == ("other accounts", "depends", ("aws:PrincipalOrgID",))


def test_services_and_other_accounts_are_named():
    of = made(
        Q=resource("SQS::Queue", QueueName="q"),
        P=resource(
            "SQS::QueuePolicy",
            Queues=[{"Ref": "Q"}],
            PolicyDocument=document(
                {**allow("sqs:SendMessage", arn("Q")), "Principal": {"Service": "sns.amazonaws.com"}},
                {**allow("sqs:SendMessage", arn("Q")), "Principal": {"AWS": "111122223333"}},
            ),
        ),
    )
    assert [(way.kind, way.who) for way in who_may(of, "sqs:SendMessage", "Q")] == [
        ("account", "111122223333"),
        ("service", "sns.amazonaws.com"),
    ]
    assert [way.who for way in who_may(of, "sqs:SendMessage")] == ["111122223333", "sns.amazonaws.com"]


def test_on_anything_says_on_what():
    of = made(Notes=NOTES, Reader=role(allow("s3:GetObject", inside("Notes"))), Other=role(allow("sqs:*")))
    (way,) = who_may(of, "s3:GetObject")
    assert (way.who, way.answer, [identities.index_of(of).name_of(each) for each in way.on]) == (
        "Reader",
        "allowed",
        ["Notes/*"],
    )


def test_who_may_take_a_role():
    of = made(Worker=role(), Boss=role(allow("sts:AssumeRole", arn("Worker"))))
    ways = who_may(of, "sts:AssumeRole", "Worker")
    assert [way.who for way in ways] == ["lambda.amazonaws.com"]


def test_a_role_is_told_with_what_runs_as_it():
    function = resource(
        "Lambda::Function", Role=arn("Reader"), Code={"ZipFile": "x"}, Handler="a.b", Runtime="python3.12"
    )
    of = made(Notes=NOTES, Fn=function, Reader=role(allow("s3:GetObject", inside("Notes"))))
    (way,) = who_may(of, "s3:GetObject", "Notes/x")
    assert way.serves == ("Fn",)


def test_names_that_mean_nothing_say_how_to_ask():
    with pytest.raises(Usage):
        who_may(made(Reader=role()), "s3:GetObject", "Nothing")
    with pytest.raises(Usage):
        what_may(made(Reader=role()), "Nobody")


def test_an_empty_design_has_nobody():
    assert who_may(made(), "s3:GetObject") == ()
    assert what_may(made(), "anyone") == ()


# laws


ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "sqs:SendMessage", "iam:PassRole", "kms:Decrypt")
BUCKET, QUEUE = "arn:aws:s3:::notes", "arn:aws:sqs:us-east-1:123456789012:jobs"
PLACES = (BUCKET, f"{BUCKET}/raw/a", f"{BUCKET}/done/a", QUEUE, "arn:aws:iam::123456789012:role/x")
patterns = st.sampled_from(
    ["*", "s3:*", "s3:Get*", "s3:*Object", "sqs:SendMessage", "iam:*", "kms:Decrypt", "s3:PutObject"]
)
places = st.sampled_from(
    ["*", BUCKET, f"{BUCKET}/*", f"{BUCKET}/raw/*", "arn:aws:s3:::*", QUEUE, "arn:aws:s3:::*/done/*"]
)
conditions = st.sampled_from(
    [
        {},
        {},
        {},
        {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    ]
)


@st.composite
def statements(draw, effect=None, on=places):
    return {
        "Effect": effect or draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        draw(st.sampled_from(["Action", "Action", "Action", "NotAction"])): draw(
            st.lists(patterns, min_size=1, max_size=2, unique=True)
        ),
        draw(st.sampled_from(["Resource", "Resource", "Resource", "NotResource"])): draw(
            st.lists(on, min_size=1, max_size=2, unique=True)
        ),
        **draw(conditions),
    }


@st.composite
def designs(draw):
    own = draw(st.lists(statements(), max_size=3))
    boundary = draw(st.lists(statements(), min_size=1, max_size=2)) if draw(st.booleans()) else []
    on_bucket = draw(st.lists(statements(on=st.sampled_from([BUCKET, f"{BUCKET}/*", f"{BUCKET}/raw/*"])), max_size=2))
    return own, boundary, on_bucket, draw(st.sampled_from(["*", {"AWS": "arn:aws:iam::123456789012:role/Reader"}]))


def built(own, boundary, on_bucket, who) -> Design:
    found = {
        "Notes": resource("S3::Bucket", BucketName="notes"),
        "Reader": role(*own, RoleName="Reader", **({"PermissionsBoundary": {"Ref": "Top"}} if boundary else {})),
    }
    if boundary:
        found["Top"] = resource("IAM::ManagedPolicy", PolicyDocument=document(*boundary))
    if on_bucket:
        found["P"] = bucket_policy("Notes", *({**each, "Principal": who} for each in on_bucket))
    return made(**found)


def listed(grants, action: str, place: str) -> bool:
    return any(each.covers(action, place) for each in grants)


LAW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@LAW
@given(designs())
def test_what_may_lists_what_may_allows_and_never_what_it_denies(parts):
    of = built(*parts)
    grants = what_may(of, "Reader")
    for action in ACTIONS:
        for place in PLACES:
            answer = identities.may(of, "Reader", action, place).answer
            if answer.endswith("denied"):
                assert not listed(grants, action, place), (action, place)
            if answer == "allowed":
                assert listed(grants, action, place), (action, place)
                assert any(each.covers(action, place) for each in grants)


@LAW
@given(designs())
def test_who_may_agrees_with_may(parts):
    of = built(*parts)
    for action in ACTIONS:
        for place in PLACES:
            answer = identities.may(of, "Reader", action, place).answer
            ways = {way.who: way.answer for way in who_may(of, action, place)}
            assert ways.get("Reader", "denied") == (answer if answer in ("allowed", "depends") else "denied")


@LAW
@given(designs(), statements(effect="Deny"))
def test_a_deny_more_never_lists_more(parts, more):
    own, *rest = parts
    before, after = what_may(built(own, *rest), "Reader"), what_may(built([*own, more], *rest), "Reader")
    for action in ACTIONS:
        for place in PLACES:
            assert listed(before, action, place) or not listed(after, action, place)


@LAW
@given(designs())
def test_the_order_of_statements_never_matters(parts):
    own, boundary, on_bucket, who = parts

    def content(of: Design):
        return {(each.actions, each.resources, each.within, each.never) for each in what_may(of, "Reader")}

    assert content(built(*parts)) == content(built(own[::-1], boundary[::-1], on_bucket[::-1], who))


@st.composite
def households(draw):
    """A user in a group, a key and a role that each have a policy of their own, and words in policies that vary."""
    here = "arn:aws:iam::123456789012"
    whom = st.sampled_from(
        [{"AWS": f"{here}:root"}, {"AWS": f"{here}:user/kai"}, {"AWS": f"{here}:user/ana"}, {"AWS": "111122223333"}]
    )
    said = st.sampled_from(["kms:*", "kms:Decrypt", "sts:AssumeRole", "s3:GetObject", "*"])
    where = st.sampled_from(
        ["*", f"{BUCKET}/${{aws:username}}/*", f"{BUCKET}/${{aws:PrincipalTag/team}}/*", KEY, OTHER]
    )
    if_any = st.sampled_from(
        [
            {},
            {},
            {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}}},
            {"Condition": {"StringNotEquals": {"aws:username": "kai"}}},
            {"Condition": {"StringEquals": {"aws:PrincipalAccount": "123456789012"}}},
            {"Condition": {"StringEquals": {"aws:ResourceAccount": "123456789012"}}},
            {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
        ]
    )
    effect = st.sampled_from(["Allow", "Allow", "Deny"])

    def one(on):
        return {"Effect": draw(effect), "Action": draw(said), "Resource": draw(on), **draw(if_any)}

    own, shared = [one(where) for _ in range(draw(st.integers(0, 2)))], [one(where)]
    key = [{**one(st.just("*")), "Principal": draw(whom)} for _ in range(draw(st.integers(1, 2)))]
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": draw(whom), **draw(if_any)}
    found = {
        "Notes": resource("S3::Bucket", BucketName="notes"),
        "Key": resource("KMS::Key", KeyPolicy=document(*key)),
        "Other": role(RoleName="Other", AssumeRolePolicyDocument=document(trust)),
        "Team": resource("IAM::Group", Policies=[{"PolicyName": "p", "PolicyDocument": document(*shared)}]),
        "Kai": resource(
            "IAM::User",
            UserName="kai",
            Groups=[{"Ref": "Team"}],
            Tags=[{"Key": "team", "Value": draw(st.sampled_from(["red", "blue"]))}],
            **({"Policies": [{"PolicyName": "own", "PolicyDocument": document(*own)}]} if own else {}),
        ),
    }
    if draw(st.booleans()):
        limit = [one(where)]
        found["Top"] = resource("IAM::ManagedPolicy", PolicyDocument=document(*limit, allow("kms:*")))
        found["Kai"]["Properties"]["PermissionsBoundary"] = {"Ref": "Top"}
    return made(**found)


OTHER = "arn:aws:iam::123456789012:role/Other"
KEY = made(Key=resource("KMS::Key")).resources["Key"].arn
INSIDE = ("kai/a", "ana/a", "red/a", "blue/a")


@LAW
@given(households())
def test_keys_roles_groups_and_variables_obey_the_same_law(of):
    grants = what_may(of, "Kai")
    asked = [("s3:GetObject", f"{BUCKET}/{each}") for each in INSIDE]
    asked += [("kms:Decrypt", KEY), ("sts:AssumeRole", OTHER), ("kms:ListKeys", "*")]
    for action, place in asked:
        answer = identities.may(of, "Kai", action, place).answer
        ways = {way.who: way.answer for way in who_may(of, action, place)}
        if answer.endswith("denied"):
            assert not listed(grants, action, place), (action, place)
        if answer == "allowed":
            assert listed(grants, action, place), (action, place)
        if place != "*":
            assert ways.get("Kai", "denied") == (answer if answer in ("allowed", "depends") else "denied")


# speed


def test_two_hundred_resources_take_fifty_milliseconds():
    resources = {}
    for n in range(65):
        resources[f"Bucket{n}"] = resource("S3::Bucket", BucketName=f"bucket-{n}")
        resources[f"Role{n}"] = role(
            allow(["s3:Get*", "s3:List*"], f"arn:aws:s3:::bucket-{n}/*"),
            allow("sqs:*"),
            deny("*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}),
        )
        resources[f"Policy{n}"] = bucket_policy(
            f"Bucket{n}",
            {
                **deny("s3:*", inside(f"Bucket{n}"), Condition={"Bool": {"aws:SecureTransport": "false"}}),
                "Principal": "*",
            },
        )
    what_may(made(**resources), "Role1")
    of = Template.load({"Resources": resources}).design()
    what_may(of, "Role1")
    start = time.perf_counter()
    who_may(of, "s3:GetObject", "Bucket1/x")
    first = time.perf_counter() - start
    start = time.perf_counter()
    what_may(of, "Role2")
    second = time.perf_counter() - start
    assert first < 0.25 and second < 0.25, (first, second)


def test_a_resources_policy_decides_about_that_resource_alone():
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_identity-vs-resource.html
    elsewhere = {**allow("s3:GetObject", inside("Notes")), "Principal": "*"}
    of = made(Notes=OPEN, Other=OPEN, Policy=bucket_policy("Other", elsewhere))
    assert who_may(of, "s3:GetObject", "Notes/*") == who_may(of, "s3:GetObject", "*") == ()
    assert said(of, "anyone") == []
    refused = {**deny("s3:*", inside("Notes")), "Principal": "*"}
    reader = role(allow("s3:GetObject", inside("Notes")))
    of = made(Notes=OPEN, Other=OPEN, Policy=bucket_policy("Other", refused), Reader=reader)
    assert said(of, "Reader") == [("s3:GetObject", "Notes/*")]
    assert what_may(of, "Reader")[0].is_unconditional and not what_may(of, "Reader")[0].never
    # nor does one that nobody can read
    unread = {**allow("s3:GetObject", {"Ref": "What"}), "Principal": "*"}
    body = {"Notes": OPEN, "Other": OPEN, "Policy": bucket_policy("Other", unread)}
    of = Template.load({"Parameters": {"What": {"Type": "String"}}, "Resources": body}).design()
    assert who_may(of, "s3:GetObject", "Notes/*") == ()
    assert {each.answer for each in who_may(of, "s3:GetObject", "Other/*")} == {"depends"}
    # what is in it is its own
    part = {"Fn::Join": ["", [arn("Notes"), "/reports/*"]]}
    of = made(Notes=OPEN, Policy=bucket_policy("Notes", {**allow("s3:GetObject", part), "Principal": "*"}))
    assert said(of, "anyone") == [("s3:GetObject", "Notes/reports/*")]
