"""Every rule of AWS's policy evaluation, each case with the page that states it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.analysis.access import (
    ABSENT,
    PRESENT,
    UNKNOWN,
    Decision,
    Like,
    MalformedPolicy,
    Policy,
    Principal,
    Request,
    decide,
)
from preflight.errors import Usage
from preflight.intrinsics import Unknown

IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
OPERATORS = f"{IAM}/reference_policies_elements_condition_operators.html"
LOGIC = f"{IAM}/reference_policies_evaluation-logic.html"
KEYS = f"{IAM}/reference_policies_condition-keys.html"

HERE, THERE = "111122223333", "444455556666"
USER = Principal.of(f"arn:aws:iam::{HERE}:user/staff/Ana", credentials="long_term", tags={"team": "blue"})
ROLE = Principal.of(f"arn:aws:iam::{HERE}:role/service/Reader")
SESSION = Principal.of(
    f"arn:aws:sts::{HERE}:assumed-role/Reader/tuesday", role_arn=f"arn:aws:iam::{HERE}:role/service/Reader"
)
ROOT = Principal.of(f"arn:aws:iam::{HERE}:root")
STRANGER = Principal.of(f"arn:aws:iam::{THERE}:user/Bob")
ANYONE = Principal.of("anyone")
LAMBDA = Principal.of("service:lambda")
FEDERATED = Principal.of(f"arn:aws:sts::{HERE}:federated-user/Ana")

OBJECT = "arn:aws:s3:::notes/reports/may.csv"
KEY = f"arn:aws:kms:us-east-1:{HERE}:key/1234"


def allow(action="s3:GetObject", resource="*", **more):
    return statement("Allow", action, resource, **more)


def deny(action="s3:GetObject", resource="*", **more):
    return statement("Deny", action, resource, **more)


def statement(effect, action, resource, **more):
    written = {"Effect": effect, "Action": action, **more}
    if resource is not None:
        written["Resource"] = resource
    return written


def policy(*statements, version="2012-10-17"):
    return {"Version": version, "Statement": list(statements)}


def granting(principal, **more):
    """A resource's policy that names a principal."""
    return policy(allow(**{"Principal": principal, **more}))


def ask(principal=ROLE, *, action="s3:GetObject", resource=OBJECT, context=None, owner=HERE, pattern=False, **policies):
    request = Request(
        principal, action, resource, context or {}, resource_account=owner, complete=True, pattern=pattern
    )
    if "identity" in policies:
        policies["identity_policies"] = [policies.pop("identity")]
    return decide(request, **policies)


def answer(*args, **kwargs) -> str:
    return ask(*args, **kwargs).answer


# what one account does


def test_nobody_may_do_anything_by_default_but_the_root_user():  # LOGIC
    assert answer(ROLE) == answer(USER) == answer(STRANGER) == answer(ANYONE) == answer(LAMBDA) == "implicitly_denied"
    assert answer(ROOT) == "allowed"


def test_an_allow_on_either_side_is_enough_and_a_deny_on_either_side_is_final():  # LOGIC
    bucket = granting({"AWS": ROLE.role_arn})
    assert answer(identity=policy(allow())) == "allowed"
    assert answer(resource_policy=bucket) == "allowed"
    assert answer(identity=policy(deny()), resource_policy=bucket) == "explicitly_denied"
    assert answer(identity=policy(allow()), resource_policy=policy(deny(Principal="*"))) == "explicitly_denied"
    assert answer(identity=policy(allow(), deny())) == "explicitly_denied"


@pytest.mark.parametrize("layer", ["boundaries", "session_policies", "scps", "rcps"])
def test_every_limit_must_allow_too(layer):  # LOGIC
    mine = policy(allow())
    assert answer(identity=mine, **{layer: [policy(allow("s3:*"))]}) == "allowed"
    assert answer(identity=mine, **{layer: [policy(allow("ec2:*"))]}) == "implicitly_denied"
    assert answer(identity=mine, **{layer: [policy(allow("*"), deny("s3:*"))]}) == "explicitly_denied"
    assert answer(identity=policy(allow("ec2:*")), **{layer: [policy(allow("*"))]}) == "implicitly_denied"


def test_an_endpoint_policy_must_allow_too():
    # https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    mine = policy(allow())
    assert answer(identity=mine, endpoint_policy=policy(allow("*", Principal="*"))) == "allowed"
    elsewhere = policy(allow("*", "arn:aws:s3:::other/*", Principal="*"))
    assert answer(identity=mine, endpoint_policy=elsewhere) == "implicitly_denied"


def test_every_level_of_an_organization_must_allow():
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
    everything, compute = policy(allow("*")), policy(allow("ec2:*"))
    mine = policy(allow())
    assert answer(identity=mine, scps=[everything, [compute, everything]]) == "allowed"
    assert answer(identity=mine, scps=[everything, [compute]]) == "implicitly_denied"
    assert answer(identity=mine, scps=[everything, everything, compute]) == "implicitly_denied"
    assert answer(identity=mine, scps=[]) == "allowed"


def test_service_control_policies_bind_the_root_user_but_no_service_and_no_stranger():
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
    no_s3 = [policy(allow("*"), deny("s3:*"))]
    assert answer(ROOT, scps=no_s3) == "explicitly_denied"
    assert answer(LAMBDA, scps=no_s3, resource_policy=granting({"Service": "lambda.amazonaws.com"})) == "allowed"
    assert answer(ANYONE, scps=no_s3, resource_policy=granting("*")) == "allowed"


def test_no_organizations_policy_binds_a_service_linked_role():
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
    linked = Principal.of(
        f"arn:aws:iam::{HERE}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    )
    session = Principal.of(f"{linked.arn}/AutoScaling", role_arn=linked.role_arn)
    for who in (linked, session):
        for layer in ("scps", "rcps"):
            for limit in (policy(allow("ec2:*")), policy(allow("*"), deny("s3:*"))):
                assert answer(who, identity=policy(allow()), **{layer: [limit]}) == "allowed"
                assert answer(ROLE, identity=policy(allow()), **{layer: [limit]}) != "allowed"


def test_who_one_is_needs_no_permission():
    # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    who = {"action": "sts:GetCallerIdentity", "resource": "*"}
    assert answer(USER, **who) == answer(ROLE, **who, identity=policy(deny("*"))) == "allowed"
    assert answer(ANYONE, **who) == "implicitly_denied"


# boundaries and session policies against a resource's policy: the documented differences

NOTHING = [policy(allow("sts:GetCallerIdentity"))]


@pytest.mark.parametrize(
    ("principal", "named", "boundary", "session"),
    [
        # a role's ARN is limited by both, a session's ARN and "*" by neither; a user's ARN by neither
        (SESSION, {"AWS": SESSION.role_arn}, "implicitly_denied", "implicitly_denied"),
        (SESSION, {"AWS": SESSION.arn}, "allowed", "allowed"),
        (SESSION, "*", "allowed", "allowed"),
        (SESSION, {"AWS": HERE}, "implicitly_denied", "implicitly_denied"),
        (USER, {"AWS": USER.arn}, "allowed", "allowed"),
        (FEDERATED, {"AWS": FEDERATED.arn}, "allowed", "allowed"),
        (FEDERATED, {"AWS": FEDERATED.user_arn}, "implicitly_denied", "implicitly_denied"),
    ],
)
def test_how_a_bucket_policy_names_a_principal_decides_what_limits_it(principal, named, boundary, session):  # LOGIC
    bucket = granting(named)
    assert answer(principal, resource_policy=bucket, boundaries=NOTHING) == boundary
    assert answer(principal, resource_policy=bucket, session_policies=NOTHING) == session


def test_a_deny_in_a_boundary_limits_what_a_resource_grants_directly():  # LOGIC
    bucket = granting({"AWS": USER.arn})
    assert answer(USER, resource_policy=bucket, boundaries=[policy(allow("*"), deny())]) == "explicitly_denied"


def test_a_boundary_grants_nothing_by_itself():
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    shirley = policy(allow("iam:CreateUser"))
    boundary = [policy(allow(["s3:*", "cloudwatch:*", "ec2:*"]))]
    assert answer(USER, action="iam:CreateUser", identity=shirley, boundaries=boundary) == "implicitly_denied"
    assert answer(USER, action="s3:GetObject", identity=shirley, boundaries=boundary) == "implicitly_denied"


def test_session_policies_join_and_limit_the_role():  # LOGIC
    mine = policy(allow("s3:*"))
    both = [policy(allow("s3:PutObject")), policy(allow("s3:GetObject"))]
    assert answer(SESSION, identity=mine, session_policies=both) == "allowed"
    assert answer(SESSION, identity=mine, session_policies=both[:1]) == "implicitly_denied"


def test_a_federated_user_needs_a_session_policy():  # LOGIC
    assert answer(FEDERATED, identity=policy(allow())) == "implicitly_denied"
    assert answer(FEDERATED, identity=policy(allow()), session_policies=[policy(allow("s3:*"))]) == "allowed"


def test_naming_ones_own_account_leaves_it_to_iam():  # reference_policies_elements_principal.html
    bucket = granting({"AWS": f"arn:aws:iam::{HERE}:root"})
    refused = ask(resource_policy=bucket)
    assert refused.answer == "implicitly_denied"
    assert "leaves it to the account's IAM" in refused.because
    assert answer(identity=policy(allow()), resource_policy=bucket) == "allowed"


# two accounts


def test_across_accounts_both_sides_must_allow():  # reference_policies_evaluation-logic-cross-account.html
    mine = policy(allow())
    for named in ({"AWS": THERE}, {"AWS": STRANGER.arn}, "*"):
        assert answer(STRANGER, identity=mine, resource_policy=granting(named)) == "allowed"
        assert answer(STRANGER, resource_policy=granting(named)) == "implicitly_denied"
    assert answer(STRANGER, identity=mine) == "implicitly_denied"
    assert answer(STRANGER, identity=mine, resource_policy=granting({"AWS": HERE})) == "implicitly_denied"


def test_across_accounts_a_boundary_limits_even_who_is_named():  # access_policies_boundaries.html
    named = granting({"AWS": STRANGER.arn})
    assert answer(STRANGER, identity=policy(allow()), resource_policy=named, boundaries=NOTHING) == "implicitly_denied"


def test_the_other_account_may_be_let_in_by_its_root():
    outsider = Principal.of(f"arn:aws:iam::{THERE}:root")
    assert answer(outsider, resource_policy=granting({"AWS": THERE})) == "allowed"
    assert answer(outsider) == "implicitly_denied"


def test_the_account_of_an_arn_is_the_owner():
    queue = f"arn:aws:sqs:us-east-1:{THERE}:jobs"
    request = Request(USER, "sqs:SendMessage", queue)
    assert decide(request, identity_policies=[policy(allow("sqs:*"))]).answer == "implicitly_denied"


# who is meant


@pytest.mark.parametrize(
    ("named", "who", "expected"),
    [
        ("*", ANYONE, True),
        ({"AWS": "*"}, ANYONE, True),
        ({"AWS": "*"}, USER, True),
        ({"AWS": USER.arn}, USER, True),
        ({"AWS": USER.arn.lower()}, USER, False),
        ({"AWS": f"arn:aws:iam::{HERE}:user/Ana"}, USER, False),
        ({"AWS": [STRANGER.arn, USER.arn]}, USER, True),
        ({"AWS": USER.arn}, ANYONE, False),
        ({"AWS": HERE}, ANYONE, False),
        ({"Service": "lambda.amazonaws.com"}, LAMBDA, True),
        ({"Service": ["sns.amazonaws.com", "lambda.amazonaws.com"]}, LAMBDA, True),
        ({"Service": "s3.amazonaws.com"}, LAMBDA, False),
        ({"AWS": HERE}, LAMBDA, False),
        ({"Federated": "cognito-identity.amazonaws.com"}, USER, False),
        ({"AWS": f"arn:aws:sts::{HERE}:assumed-role/Reader/monday"}, SESSION, False),
        ({"AWS": f"arn:aws:iam::{HERE}:role/Reader"}, SESSION, False),
    ],
)
def test_a_principal_element_names_by_exact_arn_account_or_service(named, who, expected):
    decision = ask(who, resource_policy=granting(named))
    assert (decision.answer == "allowed") is expected


def test_a_session_of_unknown_name_depends_on_its_name():
    named = granting({"AWS": f"arn:aws:sts::{HERE}:assumed-role/Reader/monday"})
    decision = ask(ROLE, resource_policy=named)
    assert decision.answer == "depends"
    assert "session" in decision.depends_on[0]


def test_not_principal_with_deny_spares_only_who_is_listed_with_the_account():  # ..._elements_notprincipal.html
    def refusing(*listed):
        return policy({"Effect": "Deny", "NotPrincipal": {"AWS": list(listed)}, "Action": "s3:*", "Resource": "*"})

    mine, root = policy(allow("s3:*")), f"arn:aws:iam::{HERE}:root"
    assert answer(USER, identity=mine, resource_policy=refusing(USER.arn, root)) == "allowed"
    assert answer(USER, identity=mine, resource_policy=refusing(USER.arn)) == "explicitly_denied"
    assert answer(USER, identity=mine, resource_policy=refusing(root)) == "explicitly_denied"
    listed = (SESSION.arn, SESSION.role_arn, root)
    assert answer(SESSION, identity=mine, resource_policy=refusing(*listed)) == "allowed"
    assert answer(SESSION, identity=mine, resource_policy=refusing(*listed[1:])) == "explicitly_denied"
    assert answer(ROOT, resource_policy=refusing(root)) == "allowed"


def test_not_principal_with_deny_denies_whoever_has_a_boundary():  # access_policies_boundaries.html
    listed = {"AWS": [SESSION.arn, SESSION.role_arn, USER.arn, f"arn:aws:iam::{HERE}:root"]}
    guarded = policy({"Effect": "Deny", "NotPrincipal": listed, "Action": "s3:*", "Resource": "*"})
    for who in (USER, SESSION):
        assert answer(who, identity=policy(allow()), resource_policy=guarded) == "allowed"
        bounded = {"boundaries": [policy(allow("*"))]}
        assert answer(who, identity=policy(allow()), resource_policy=guarded, **bounded) == "explicitly_denied"


def test_not_principal_with_allow_lets_everybody_else_in():
    others = policy({"Effect": "Allow", "NotPrincipal": {"AWS": USER.arn}, "Action": "s3:*", "Resource": "*"})
    assert answer(ANYONE, resource_policy=others) == "allowed"
    assert answer(USER, resource_policy=others) == "implicitly_denied"


# trust policies


def test_a_trust_policy_must_name_the_caller_or_its_account():  # LOGIC: trust policies are exceptions
    target = f"arn:aws:iam::{HERE}:role/Target"
    mine = policy(allow("sts:AssumeRole", target))

    def assume(principal, trusted, identity=()):
        trust = policy({"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"})
        request = Request(principal, "sts:AssumeRole", target, complete=True)
        return decide(request, identity_policies=identity, resource_policy=trust).answer

    assert assume(USER, {"AWS": USER.arn}) == "allowed"
    assert assume(USER, {"AWS": HERE}) == "implicitly_denied"
    assert assume(USER, {"AWS": HERE}, [mine]) == "allowed"
    assert assume(USER, {"Service": "lambda.amazonaws.com"}, [mine]) == "implicitly_denied"
    assert assume(LAMBDA, {"Service": "lambda.amazonaws.com"}) == "allowed"
    assert assume(STRANGER, {"AWS": THERE}, [mine]) == "allowed"
    assert assume(STRANGER, {"AWS": THERE}) == "implicitly_denied"


def test_a_role_cannot_assume_itself_unless_its_trust_policy_says_so():
    # https://aws.amazon.com/blogs/security/announcing-an-update-to-iam-role-trust-policy-behavior/
    mine = policy(allow("sts:AssumeRole"))
    trust = policy({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
    request = Request(SESSION, "sts:AssumeRole", SESSION.role_arn)
    assert decide(request, identity_policies=[mine], resource_policy=trust).answer == "implicitly_denied"


def test_a_web_identity_is_judged_by_the_trust_policy_alone():
    google = Principal("federated", name="accounts.google.com")
    trust = policy(
        {
            "Effect": "Allow",
            "Principal": {"Federated": "accounts.google.com"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {"accounts.google.com:aud": "my-app"}},
        }
    )

    def assume(audience):
        context = {"accounts.google.com:aud": audience}
        action, role = "sts:AssumeRoleWithWebIdentity", f"arn:aws:iam::{HERE}:role/Web"
        return decide(Request(google, action, role, context, complete=True), resource_policy=trust).answer

    assert assume("my-app") == "allowed"
    assert assume("other") == "implicitly_denied"


def test_a_role_nobody_knows_the_trust_policy_of_depends_on_it():
    request = Request(USER, "sts:AssumeRole", f"arn:aws:iam::{THERE}:role/Audit")
    decision = decide(request, identity_policies=[policy(allow("sts:*"))])
    assert decision.answer == "depends"
    assert "trust policy" in decision.because
    assert decide(request, identity_policies=[policy(deny("sts:*"))]).answer == "explicitly_denied"


# keys


def test_iam_policies_count_only_where_the_key_policy_leaves_it_to_iam():
    # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    mine = policy(allow("kms:Decrypt", KEY))
    to_iam = granting({"AWS": f"arn:aws:iam::{HERE}:root"}, action="kms:*")
    other = granting({"AWS": f"arn:aws:iam::{HERE}:user/Admin"}, action="kms:*")
    ask_key = {"action": "kms:Decrypt", "resource": KEY}
    assert answer(**ask_key, identity=mine, resource_policy=to_iam) == "allowed"
    assert answer(**ask_key, identity=mine, resource_policy=other) == "implicitly_denied"
    assert answer(**ask_key, resource_policy=to_iam) == "implicitly_denied"
    assert answer(**ask_key, resource_policy=granting({"AWS": ROLE.role_arn}, action="kms:Decrypt")) == "allowed"
    # without one of its own a key has the default policy
    assert answer(**ask_key, identity=mine) == "allowed"
    assert answer(ROOT, **ask_key, resource_policy=other) == "implicitly_denied"
    assert answer(ROOT, **ask_key, resource_policy=to_iam) == "allowed"


def test_a_key_knows_its_callers_account_and_answers_no_unsigned_request():
    # https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-caller-account
    def decrypting(who, account):
        condition = {"StringEquals": {"kms:CallerAccount": account}}
        policies = {"resource_policy": granting({"AWS": "*"}, action="kms:*", Condition=condition)}
        return decide(Request(who, "kms:Decrypt", KEY), identity_policies=[policy(allow("*"))], **policies).answer

    assert decrypting(ROLE, HERE) == decrypting(STRANGER, THERE) == "allowed"
    assert decrypting(ROLE, THERE) == decrypting(STRANGER, HERE) == "implicitly_denied"
    unsigned = ask(ANYONE, action="kms:Decrypt", resource=KEY, resource_policy=granting("*", action="kms:*"))
    assert unsigned.answer == "implicitly_denied"
    assert "signed requests" in unsigned.because


# S3


def test_restrict_public_buckets_lets_only_services_and_the_owners_account_in():
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    public, block = granting("*"), {"RestrictPublicBuckets": True}
    named = allow(Principal={"AWS": STRANGER.arn})
    mixed = policy(named, allow("s3:ListBucket", Principal="*"))
    everything = policy(allow("s3:*"))
    assert answer(ANYONE, resource_policy=public) == "allowed"
    blocked = ask(ANYONE, resource_policy=public, public_access_block=block)
    assert blocked.answer == "implicitly_denied"
    assert "RestrictPublicBuckets" in blocked.because
    assert answer(USER, resource_policy=public, public_access_block=block) == "allowed"
    # a public statement takes the other account's own grant away
    assert answer(STRANGER, identity=everything, resource_policy=mixed) == "allowed"
    assert answer(STRANGER, identity=everything, resource_policy=mixed, public_access_block=block) != "allowed"
    assert answer(STRANGER, identity=everything, resource_policy=policy(named), public_access_block=block) == "allowed"
    trail = policy(allow(Principal={"Service": "lambda.amazonaws.com"}), allow(Principal="*"))
    assert answer(LAMBDA, resource_policy=trail, public_access_block=block) == "allowed"
    # the settings for setting policies and ACLs block no request
    assert answer(ANYONE, resource_policy=public, public_access_block={"BlockPublicPolicy": True}) == "allowed"


@pytest.mark.parametrize(
    ("condition", "restricted"),
    [
        ({"StringEquals": {"aws:SourceVpc": "vpc-91237329"}}, False),
        ({"StringLike": {"aws:SourceVpc": "vpc-*"}}, True),
        ({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}, True),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, False),
        ({"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-123"}}, False),
        ({"StringEquals": {"aws:UserAgent": "curl"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
    ],
)
def test_the_meaning_of_public(condition, restricted):
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
    from preflight.analysis.public import is_public

    read = Policy.read(granting("*", Condition=condition), "the bucket policy", "resource")
    assert bool(is_public(read)) is restricted


def test_the_root_user_is_never_locked_out_of_its_buckets_policy():
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html
    locked = policy(deny("s3:*", Principal="*"))
    bucket = "arn:aws:s3:::notes"
    assert answer(ROOT, action="s3:DeleteBucketPolicy", resource=bucket, resource_policy=locked) == "allowed"
    assert answer(ROOT, action="s3:ListBucket", resource=bucket, resource_policy=locked) == "explicitly_denied"
    assert answer(USER, action="s3:DeleteBucketPolicy", resource=bucket, resource_policy=locked) == "explicitly_denied"


# actions and resources


@pytest.mark.parametrize(
    ("pattern", "action", "covered"),
    [
        ("s3:getobject", "s3:GetObject", True),
        ("S3:GET*", "s3:GetObject", True),
        ("s3:Get?bject", "s3:GetObject", True),
        ("s3:GetObject", "s3:GetObjectVersion", False),
        ("s3:*Object", "s3:GetObject", True),
        ("*", "s3:GetObject", True),
        ("*:*", "s3:GetObject", True),
        ("s*:GetObject", "s3:GetObject", True),
        ("s3:Get", "s3:GetObject", False),
        (["ec2:*", "s3:Get*"], "s3:GetObject", True),
    ],
)
def test_actions_take_wildcards_and_no_case(pattern, action, covered):  # reference_policies_elements_action.html
    assert (answer(action=action, identity=policy(allow(pattern))) == "allowed") is covered
    inverse = policy({"Effect": "Allow", "NotAction": pattern, "Resource": "*"})
    assert (answer(action=action, identity=inverse) == "allowed") is not covered


@pytest.mark.parametrize(
    ("pattern", "resource", "covered"),
    [
        ("arn:aws:s3:::notes/*", OBJECT, True),
        ("arn:aws:s3:::notes", OBJECT, False),
        ("arn:aws:s3:::notes*", OBJECT, True),
        ("arn:aws:s3:::NOTES/*", OBJECT, False),
        ("arn:aws:s3:::notes/reports/m?y.csv", OBJECT, True),
        ("arn:aws:s3:::*log*", "arn:aws:s3:::carlossalazar-logs", True),
        ("arn:aws:iam::*:user/*", f"arn:aws:iam::{HERE}:user/staff/Ana", True),
        ("arn:aws:sqs:*:*:jobs", f"arn:aws:sqs:us-east-1:{HERE}:jobs", True),
        # a * does not reach over a colon before the last part
        ("arn:aws:sqs:*:jobs", f"arn:aws:sqs:us-east-1:{HERE}:jobs", False),
        # an incomplete ARN is completed with wildcards
        ("arn:aws:sqs", f"arn:aws:sqs:us-east-1:{HERE}:jobs", True),
        ("arn:aws:lambda:*:*:function:f:*", f"arn:aws:lambda:us-east-1:{HERE}:function:f:live", True),
        ("*", "*", True),
        ("arn:aws:s3:::*", "*", False),
    ],
)
def test_resources_take_wildcards_and_mind_case(
    pattern, resource, covered
):  # reference_policies_elements_resource.html
    assert (answer(resource=resource, identity=policy(allow("*", pattern))) == "allowed") is covered
    inverse = policy({"Effect": "Allow", "Action": "*", "NotResource": pattern})
    assert (answer(resource=resource, identity=inverse) == "allowed") is not covered


def test_deny_with_not_resource_denies_everything_else():  # reference_policies_elements_notresource.html
    guarded = policy(allow("s3:*"), {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::notes/*"})
    assert answer(identity=guarded) == "allowed"
    assert answer(identity=guarded, resource="arn:aws:s3:::other/x") == "explicitly_denied"


def test_a_resource_policy_without_resource_is_about_its_own():
    assert answer(resource_policy=policy(allow(resource=None, Principal={"AWS": ROLE.role_arn}))) == "allowed"


def test_a_question_about_many_resources_is_allowed_only_when_all_are():
    every = "arn:aws:s3:::notes/*"

    def all_of(*statements):
        return ask(resource=every, pattern=True, identity=policy(*statements))

    assert all_of(allow(resource=every)).answer == "allowed"
    assert all_of(allow(resource="arn:aws:s3:::notes*")).answer == "allowed"
    assert all_of(allow(resource="arn:aws:s3:::notes/public/*")).answer == "depends"
    assert all_of(allow(), deny(resource="arn:aws:s3:::notes/private/*")).answer == "depends"
    assert all_of(allow(), deny(resource="arn:aws:s3:::other/*")).answer == "allowed"
    assert all_of(allow(resource="arn:aws:s3:::other/*")).answer == "implicitly_denied"
    assert all_of(allow(resource="arn:aws:s3:::notes/?")).answer == "depends"


def test_a_star_in_a_real_key_is_a_letter():
    odd = "arn:aws:s3:::notes/*"
    assert answer(resource=odd, identity=policy(allow(resource="arn:aws:s3:::notes/${*}"))) == "allowed"
    assert answer(resource=OBJECT, identity=policy(allow(resource="arn:aws:s3:::notes/${*}"))) == "implicitly_denied"


# conditions

NUMBER, DATE, IP, ARN = "s3:max-keys", "aws:CurrentTime", "aws:SourceIp", "aws:SourceArn"
TOPIC = "arn:aws:sns:us-east-1:111122223333:news"


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "given", "holds"),
    [
        ("StringEquals", "k", "a", "a", True),
        ("StringEquals", "k", "a", "A", False),
        ("StringEquals", "k", "a*", "ab", False),
        ("StringEquals", "k", ["b", "a"], "a", True),
        ("StringEquals", "k", "a", ABSENT, False),
        ("StringNotEquals", "k", "a", "b", True),
        ("StringNotEquals", "k", ["a", "b"], "b", False),
        ("StringNotEquals", "k", ["a", "b"], "c", True),
        ("StringNotEquals", "k", "a", ABSENT, True),
        ("StringEqualsIgnoreCase", "k", "aB", "Ab", True),
        ("StringNotEqualsIgnoreCase", "k", "aB", "Ab", False),
        ("StringLike", "k", "a*c", "abbc", True),
        ("StringLike", "k", "a?c", "ac", False),
        ("StringLike", "k", "", "", True),
        ("StringNotLike", "k", "a*", "b", True),
        ("StringNotLike", "k", "a*", ABSENT, True),
        ("StringEqualsIfExists", "k", "a", ABSENT, True),
        ("StringEqualsIfExists", "k", "a", "b", False),
        ("StringNotEqualsIfExists", "k", "a", ABSENT, True),
        ("NumericEquals", NUMBER, "10", "10.0", True),
        ("NumericNotEquals", NUMBER, 10, "11", True),
        ("NumericNotEquals", NUMBER, 10, ABSENT, True),
        ("NumericLessThan", NUMBER, "10", "10", False),
        ("NumericLessThanEquals", NUMBER, "10", "10", True),
        ("NumericLessThanEquals", NUMBER, "10", "9", True),
        ("NumericGreaterThan", NUMBER, "10", "9", False),
        ("NumericGreaterThanEquals", NUMBER, "10", "10", True),
        ("NumericLessThan", NUMBER, "10", "many", False),
        ("NumericLessThan", NUMBER, "10", ABSENT, False),
        ("NumericLessThanIfExists", NUMBER, "10", ABSENT, True),
        ("DateGreaterThan", DATE, "2020-01-01T00:00:01Z", "2026-11-22T00:00:00Z", True),
        ("DateLessThan", DATE, "2020-01-01", "2026-11-22T00:00:00Z", False),
        ("DateLessThanEquals", DATE, "2026-11-22T01:00:00+01:00", "2026-11-22T00:00:00Z", True),
        ("DateEquals", "aws:EpochTime", "1577836800", "2020-01-01T00:00:00Z", True),
        ("DateNotEquals", DATE, "2020-01-01T00:00:00Z", ABSENT, True),
        ("DateGreaterThanEquals", DATE, "2020-01-01T00:00:00Z", ABSENT, False),
        ("Bool", "aws:SecureTransport", "true", "True", True),
        ("Bool", "aws:SecureTransport", False, "true", False),
        ("BinaryEquals", "k", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", True),
        ("BinaryEquals", "k", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "Zm9v", False),
        ("IpAddress", IP, "203.0.113.0/24", "203.0.113.7", True),
        ("IpAddress", IP, "203.0.113.7", "203.0.113.7", True),
        ("IpAddress", IP, "203.0.113.0/24", "198.51.100.1", False),
        ("IpAddress", IP, ["203.0.113.0/24", "2001:DB8:1234:5678::/64"], "2001:db8:1234:5678::1", True),
        ("IpAddress", IP, "203.0.113.0/24", ABSENT, False),
        ("NotIpAddress", IP, "203.0.113.0/24", "198.51.100.1", True),
        ("NotIpAddress", IP, ["203.0.113.0/24", "198.51.100.0/24"], "198.51.100.1", False),
        ("NotIpAddress", IP, "203.0.113.0/24", ABSENT, True),
        ("ArnEquals", ARN, TOPIC, TOPIC, True),
        ("ArnEquals", ARN, "arn:aws:sns:*:*:news", TOPIC, True),
        ("ArnLike", ARN, "arn:aws:sns:*:111122223333:n?ws", TOPIC, True),
        ("ArnLike", ARN, "arn:aws:sns:*:news", TOPIC, False),
        ("ArnNotEquals", ARN, TOPIC, TOPIC, False),
        ("ArnNotLike", ARN, TOPIC, ABSENT, True),
        # the documented difference between StringLike and ArnLike
        ("StringLike", "k", "arn:aws:x:*:1:f/*", "arn:aws:x:r:9:store/abc:1:f/d.txt", True),
        ("ArnLike", "k", "arn:aws:x:*:1:f/*", "arn:aws:x:r:9:store/abc:1:f/d.txt", False),
        ("Null", "k", "true", ABSENT, True),
        ("Null", "k", "false", ABSENT, False),
        ("Null", "k", "true", "x", False),
        ("Null", "k", False, "x", True),
        ("Null", "k", "false", PRESENT, True),
        ("ForAllValues:StringEquals", "k", ["a", "b"], ["a", "b"], True),
        ("ForAllValues:StringEquals", "k", ["a", "b"], ["a", "c"], False),
        ("ForAllValues:StringEquals", "k", ["a"], ABSENT, True),
        ("ForAllValues:StringEquals", "k", ["a"], [], True),
        ("ForAllValues:StringNotEquals", "k", ["a"], ["b", "c"], True),
        ("ForAllValues:StringNotEquals", "k", ["a"], ["b", "a"], False),
        ("ForAnyValue:StringEquals", "k", ["a", "b"], ["c", "b"], True),
        ("ForAnyValue:StringEquals", "k", ["a"], ["c"], False),
        ("ForAnyValue:StringEquals", "k", ["a"], ABSENT, False),
        ("ForAnyValue:StringNotEquals", "k", ["a"], ["a", "b"], True),
        ("ForAnyValue:StringNotEquals", "k", ["a"], ["a"], False),
        ("ForAnyValue:StringNotEquals", "k", ["a"], ABSENT, False),
        ("ForAnyValue:StringLikeIfExists", "k", ["a*"], ABSENT, True),
        ("ForAnyValue:StringLike", "k", ["o-1/*"], ["o-1/r-2/ou-3/"], True),
        ("forallvalues:stringequals", "K", "a", "a", True),
    ],
)
def test_every_operator(operator, key, wanted, given, holds):  # OPERATORS
    conditional = policy(allow(Condition={operator: {key: wanted}}))
    decision = ask(identity=conditional, context={key.lower(): given})
    assert decision.answer == ("allowed" if holds else "implicitly_denied"), decision.because
    refusing = policy(allow(), deny(Condition={operator: {key: wanted}}))
    assert answer(identity=refusing, context={key: given}) == ("explicitly_denied" if holds else "allowed")


def test_operators_and_keys_are_joined_by_and():
    # reference_policies_condition-logic-multiple-context-keys-or-values.html
    both = policy(allow(Condition={"StringEquals": {"a": "1", "b": "2"}, "Bool": {"c": "true"}}))
    assert answer(identity=both, context={"a": "1", "b": "2", "c": "true"}) == "allowed"
    for missing in ("a", "b", "c"):
        context = {"a": "1", "b": "2", "c": "true"} | {missing: None}
        assert answer(identity=both, context=context) == "implicitly_denied"


@pytest.mark.parametrize(
    ("effect", "operator", "value", "long_term", "without", "with_mfa"),
    [
        # the combination AWS recommends: Deny, BoolIfExists, false
        ("Deny", "BoolIfExists", "false", "denied", "denied", "allowed"),
        # not a reliable way: Deny, Bool, false lets long-term keys through
        ("Deny", "Bool", "false", "allowed", "denied", "allowed"),
        # Allow, Bool, true: only with MFA
        ("Allow", "Bool", "true", "denied", "denied", "allowed"),
        # Allow, BoolIfExists, true: with MFA, or where there cannot be any
        ("Allow", "BoolIfExists", "true", "allowed", "denied", "allowed"),
    ],
)
def test_the_four_ways_to_ask_for_mfa(
    effect, operator, value, long_term, without, with_mfa
):  # KEYS, MultiFactorAuthPresent
    condition = {operator: {"aws:MultiFactorAuthPresent": value}}
    asking = policy(allow(Condition=condition)) if effect == "Allow" else policy(allow(), deny(Condition=condition))
    expected = {"long_term": long_term, "false": without, "true": with_mfa}
    for signed_with, wanted in expected.items():
        given = {} if signed_with == "long_term" else {"aws:MultiFactorAuthPresent": signed_with}
        decision = ask(USER, identity=asking, context=given)
        assert ("allowed" if decision else "denied") == wanted, f"{signed_with}: {decision.because}"


def test_whether_a_user_has_mfa_is_not_known_from_a_template():
    user = Principal.of(USER.arn)
    asking = policy(allow(), deny(Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}))
    decision = decide(Request(user, "s3:GetObject", OBJECT), identity_policies=[asking])
    assert decision.answer == "depends"
    assert decision.depends_on == ("aws:MultiFactorAuthPresent",)
    assert 'allowed when aws:MultiFactorAuthPresent is "true"' in decision.because
    # a session always carries the key, a user perhaps not
    loose = policy(allow(), deny(Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}}))
    assert "absent" in decide(Request(user, "s3:GetObject", OBJECT), identity_policies=[loose]).because
    assert "absent" not in decide(Request(ROLE, "s3:GetObject", OBJECT), identity_policies=[loose]).because


# what follows from the principal


@pytest.mark.parametrize(
    ("who", "key", "value"),
    [
        (USER, "aws:username", "Ana"),
        (USER, "aws:PrincipalArn", f"arn:aws:iam::{HERE}:user/staff/Ana"),
        (USER, "aws:PrincipalType", "User"),
        (USER, "aws:PrincipalTag/team", "blue"),
        (USER, "AWS:principaltag/Team", "blue"),
        (SESSION, "aws:PrincipalArn", f"arn:aws:iam::{HERE}:role/service/Reader"),
        (SESSION, "aws:PrincipalAccount", HERE),
        (SESSION, "aws:PrincipalType", "AssumedRole"),
        (SESSION, "aws:ResourceAccount", HERE),
        (SESSION, "s3:ResourceAccount", HERE),
        (ROOT, "aws:userid", HERE),
        (ROOT, "aws:PrincipalType", "Account"),
        (SESSION, "aws:PrincipalIsAWSService", "false"),
    ],
)
def test_keys_that_follow_from_the_principal(who, key, value):  # KEYS
    assert answer(who, identity=policy(allow(Condition={"StringEquals": {key: value}}))) == "allowed"


def test_keys_a_principal_does_not_have_are_absent():  # reference_policies_variables.html, principal key values
    for who, key in ((SESSION, "aws:username"), (USER, "aws:PrincipalTag/project"), (USER, "aws:TokenIssueTime")):
        assert answer(who, identity=policy(allow(Condition={"Null": {key: "true"}}))) == "allowed", key
    temporary = policy(allow(Condition={"Null": {"aws:TokenIssueTime": "false"}}))
    assert answer(SESSION, identity=temporary) == "allowed"
    assert answer(USER, identity=temporary) == "implicitly_denied"
    public = granting("*", Condition={"Null": {"aws:PrincipalArn": "false"}})
    assert answer(ANYONE, resource_policy=public) == "implicitly_denied"


ROLE_ID = "AROAEXAMPLEROLE234567"


@pytest.mark.parametrize(
    ("operator", "wanted", "holds"),
    [
        ("StringLike", f"{ROLE_ID}:*", True),
        ("StringNotLike", f"{ROLE_ID}:*", False),
        ("StringLike", f"{ROLE_ID}*", True),
        ("StringLike", "AROA*:*", True),
        ("StringLike", "AROAANOTHERROLE234567:*", False),
        ("StringNotLike", ["AROAANOTHERROLE234567:*", HERE], True),
        ("StringNotLike", ["AROAANOTHERROLE234567:*", f"{ROLE_ID}:*"], False),
        ("StringLike", f"{ROLE_ID}:night-*", None),
        ("StringEquals", f"{ROLE_ID}:night", None),
        # StringEquals takes a * for the letter, and no session's name has one
        ("StringEquals", f"{ROLE_ID}:*", False),
        ("StringNotEquals", f"{ROLE_ID}:*", True),
        ("StringEqualsIgnoreCase", f"{ROLE_ID.lower()}:night", None),
        ("StringEquals", ROLE_ID, False),
        ("StringLike", "*:${aws:PrincipalAccount}", None),
        ("ForAnyValue:StringLike", f"{ROLE_ID}:*", True),
        ("ForAllValues:StringNotLike", f"{ROLE_ID}:*", False),
        ("Null", "false", True),
        ("ArnLike", f"arn:aws:iam::{HERE}:role/*", False),
        ("ArnLike", "*:*:*:*:*:*", None),
    ],
)
def test_a_value_known_in_part_settles_what_it_can(operator, wanted, holds):
    # https://aws.amazon.com/blogs/security/how-to-restrict-amazon-s3-bucket-access-to-a-specific-iam-role/
    mine = policy(allow(Condition={operator: {"aws:userId": wanted}}))
    decision = ask(ROLE, context={"aws:userid": Like(f"{ROLE_ID}:*")}, identity=mine)
    assert decision.answer == {True: "allowed", False: "implicitly_denied", None: "depends"}[holds]
    assert decision.depends_on == (("aws:userId",) if holds is None else ())


def test_a_stranger_has_none_of_the_ids_that_are_somebody_elses():
    stranger = {"aws:userid": Like("AROA?????????????????:*", never=(f"{ROLE_ID}*",))}
    for mine, expected in ((f"{ROLE_ID}:*", "explicitly_denied"), ("AROAANOTHERROLE234567:*", "depends")):
        for operator in ("StringNotLike", "StringNotEquals"):
            wanted = mine.replace("*", "x") if operator == "StringNotEquals" else mine
            closed = policy(allow("*"), deny(Condition={operator: {"aws:userid": wanted}}))
            assert answer(ROLE, context=stranger, identity=closed) == expected, (operator, wanted)


def test_the_form_of_an_id_is_known_without_the_id():  # reference_identifiers.html, unique identifiers
    guarded = policy(allow("*"), deny(Condition={"StringNotLike": {"aws:userid": f"{ROLE_ID}:*"}}))
    assert answer(USER, identity=guarded) == answer(FEDERATED, identity=guarded) == "explicitly_denied"
    assert ask(SESSION, identity=guarded).depends_on == ("aws:userid",)
    named = policy(allow("*"), deny(Condition={"StringNotLike": {"aws:userid": "*:tuesday"}}))
    assert answer(SESSION, identity=named) == "allowed"


@settings(max_examples=300, deadline=None)
@given(
    known=st.text("aAB:*?", max_size=6),
    filler=st.lists(st.text("aAB:", max_size=3), min_size=6, max_size=6),
    operator=st.sampled_from(["StringLike", "StringNotLike", "StringEquals", "StringNotEqualsIgnoreCase"]),
    values=st.lists(st.text("aAB:*?", min_size=1, max_size=5), min_size=1, max_size=2),
)
def test_learning_the_rest_of_a_text_never_turns_an_answer_around(known, filler, operator, values):
    rest = iter(filler)
    whole = "".join(
        next(rest) if letter == "*" else (next(rest) + "B")[0] if letter == "?" else letter for letter in known
    )
    mine = policy(allow(Condition={operator: {"k": values}}))
    before = answer(identity=mine, context={"k": Like(known)})
    assert before in ("depends", answer(identity=mine, context={"k": whole}))


def test_a_service_is_told_apart():  # KEYS, PrincipalIsAWSService
    guarded = policy(
        allow(Principal={"Service": "lambda.amazonaws.com"}),
        deny(Principal="*", Condition={"Bool": {"aws:PrincipalIsAWSService": "false"}}),
    )
    assert answer(LAMBDA, resource_policy=guarded) == "allowed"
    assert answer(USER, identity=policy(allow()), resource_policy=guarded) == "explicitly_denied"


# variables


@pytest.mark.parametrize(
    ("who", "pattern", "key", "covered"),
    [
        (USER, "home/${aws:username}/*", "home/Ana/x", True),
        (USER, "home/${aws:username}/*", "home/Bob/x", False),
        (SESSION, "home/${aws:username}/*", "home//x", False),
        (SESSION, "home/${aws:username, 'shared'}/*", "home/shared/x", True),
        (USER, "home/${aws:username, 'shared'}/*", "home/Ana/x", True),
        (USER, "${aws:PrincipalTag/team}/*", "blue/x", True),
        (USER, "${AWS:principalTag/TEAM}/*", "blue/x", True),
        (USER, "a${*}b", "a*b", True),
        (USER, "a${*}b", "axb", False),
        (USER, "a${?}b", "a?b", True),
        (USER, "a${?}b", "axb", False),
        (USER, "a${$}{b}", "a${b}", True),
    ],
)
def test_policy_variables_in_resources(who, pattern, key, covered):  # reference_policies_variables.html
    mine = policy(allow(resource=f"arn:aws:s3:::notes/{pattern}"))
    assert (answer(who, resource=f"arn:aws:s3:::notes/{key}", identity=mine) == "allowed") is covered


def test_variables_are_text_in_older_policies():  # reference_policies_elements_version.html
    mine = policy(allow(resource="arn:aws:s3:::notes/${aws:username}"), version="2008-10-17")
    assert answer(USER, resource="arn:aws:s3:::notes/Ana", identity=mine) == "implicitly_denied"
    assert answer(USER, resource="arn:aws:s3:::notes/${aws:username}", identity=mine) == "allowed"


def test_variables_only_count_after_the_fifth_colon():  # reference_policies_variables.html, Resource element
    mine = policy(allow("sqs:*", "arn:aws:sqs:*:${aws:PrincipalAccount}:jobs"))
    queue = f"arn:aws:sqs:us-east-1:{HERE}:jobs"
    assert answer(USER, action="sqs:SendMessage", resource=queue, identity=mine) == "implicitly_denied"


def test_a_tag_with_a_star_opens_no_door():
    sly = Principal.of(f"arn:aws:iam::{HERE}:user/Eve", credentials="long_term", tags={"team": "*"})
    mine = policy(allow(resource="arn:aws:s3:::notes/${aws:PrincipalTag/team}/*"))
    assert answer(sly, resource="arn:aws:s3:::notes/blue/x", identity=mine) == "implicitly_denied"
    assert answer(sly, resource="arn:aws:s3:::notes/*/x", identity=mine) == "allowed"


def test_a_statement_whose_variable_has_no_value_does_not_count():  # reference_policies_variables.html, Note
    tagged = {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}
    plain = Principal.of(f"arn:aws:iam::{HERE}:user/Tom", credentials="long_term", tags={})
    context = {"aws:ResourceTag/team": "blue"}
    mine = policy(allow(Condition={"StringEquals": tagged}))
    assert answer(USER, identity=mine, context=context) == "allowed"
    assert answer(plain, identity=mine, context=context) == "implicitly_denied"
    guard = policy(allow(), deny(Condition={"StringNotEquals": tagged}))
    assert answer(plain, identity=guard, context=context) == "allowed"
    elsewhere = policy(
        allow(), {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::${aws:PrincipalTag/x}/*"}
    )
    assert answer(plain, identity=elsewhere) == "allowed"


def test_variables_work_in_string_and_arn_conditions():  # reference_policies_variables.html, Condition element
    home = policy(allow("s3:ListBucket", Condition={"StringLike": {"s3:prefix": ["", "home/${aws:username}/*"]}}))
    bucket = {"action": "s3:ListBucket", "resource": "arn:aws:s3:::notes"}
    assert answer(USER, identity=home, context={"s3:prefix": "home/Ana/x"}, **bucket) == "allowed"
    assert answer(USER, identity=home, context={"s3:prefix": "home/Bob/x"}, **bucket) == "implicitly_denied"
    own = policy(allow(Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/staff/${aws:username}"}}))
    assert answer(USER, identity=own) == "allowed"


# what nobody can know


def test_an_unknown_key_makes_it_depend_and_is_named():
    guarded = policy(allow(Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}}))
    decision = decide(Request(ROLE, "s3:GetObject", OBJECT), identity_policies=[guarded])
    assert decision.answer == "depends"
    assert decision.depends_on == ("aws:SourceVpc",)
    assert "vpc-1" in decision.because


def test_an_absent_key_is_not_an_unknown_one():
    guarded = [policy(allow(Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}}))]
    absent = Request(ROLE, "s3:GetObject", OBJECT, {"aws:SourceVpc": None})
    unknown = Request(ROLE, "s3:GetObject", OBJECT, {"aws:SourceVpc": UNKNOWN}, complete=True)
    assert decide(absent, identity_policies=guarded).answer == "implicitly_denied"
    assert decide(unknown, identity_policies=guarded).answer == "depends"


def test_what_is_unknown_but_cannot_matter_is_not_mentioned():
    maybe = {"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}
    for settled in (policy(allow(), allow(**maybe)), policy(deny(), allow(**maybe)), policy(deny(**maybe))):
        decision = decide(Request(ROLE, "s3:GetObject", OBJECT), identity_policies=[settled])
        assert decision.answer != "depends"
        assert decision.depends_on == ()


def test_a_boolean_that_is_covered_both_ways_settles_it():
    both = policy(
        allow(Condition={"Bool": {"aws:SecureTransport": "true"}}),
        allow(Condition={"Bool": {"aws:SecureTransport": "false"}}),
    )
    assert decide(Request(ROLE, "s3:GetObject", OBJECT), identity_policies=[both]).answer == "allowed"


def test_a_template_value_nobody_knows_makes_it_depend():
    bucket = Unknown("arn:aws:s3:::<the parameter Bucket>/*")
    decision = ask(identity=policy(allow(resource=bucket)))
    assert decision.answer == "depends"
    assert "the parameter Bucket" in decision.because
    assert answer(identity=policy(allow("s3:*", Unknown("arn:aws:sqs:<x>:<y>:<z>")))) == "implicitly_denied"
    assert answer(identity=policy(allow(Unknown.of("the parameter Action")))) == "depends"
    assert answer(identity=Unknown.of("the parameter Policy")) == "depends"
    who = ask(resource_policy=granting({"AWS": Unknown.of("the parameter Who")}))
    assert who.answer == "depends"
    assert "depends on <the parameter Who>, which statement 1 of the policy of" in who.because
    assert (
        answer(identity=policy(allow(Condition={"StringEquals": {"k": Unknown.of("p")}})), context={"k": "a"})
        == "depends"
    )


def test_a_resource_nobody_can_compute_is_covered_by_a_star_alone():
    somewhere = Unknown("arn:aws:ec2:us-east-1:111122223333:instance/<new>")
    asked = {"action": "ec2:RunInstances", "resource": somewhere}
    assert answer(**asked, identity=policy(allow("ec2:*"))) == "allowed"
    assert answer(**asked, identity=policy(allow("ec2:*", "arn:aws:ec2:*:*:instance/i-1"))) == "depends"
    assert answer(**asked, identity=policy(allow("ec2:*", "arn:aws:ec2:*:*:volume/*"))) == "implicitly_denied"


# the words


def test_the_reason_names_policy_statement_and_condition():
    tls = Policy.read(
        policy(
            allow(Principal="*"),
            deny("s3:*", Sid="TlsOnly", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}}),
        ),
        "the bucket policy of Notes",
        "resource",
    )
    decision = ask(resource_policy=tls, context={"aws:SecureTransport": "false"})
    assert decision.because == (
        f"s3:GetObject on {OBJECT} for {ROLE.role_arn} is explicitly denied by "
        'statement 2 ("TlsOnly") of the bucket policy of Notes, because aws:SecureTransport is "false"'
    )
    assert decision.layer == "resource-based policy"


def test_an_implicit_deny_says_which_statement_comes_nearest():
    mine = Policy.read(
        policy(allow("ec2:*"), allow(Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})), "ReadNotes"
    )
    decision = ask(identity=mine, context={"aws:SourceIp": "198.51.100.1"})
    assert "no identity-based policy allows it" in decision.because
    assert "statement 2 of ReadNotes comes nearest" in decision.because
    assert 'aws:SourceIp is "198.51.100.1"' in decision.because


def test_the_boundary_is_named_when_it_is_the_boundary():
    decision = ask(identity=policy(allow()), boundaries=[Policy.read(policy(allow("ec2:*")), "NoS3")])
    assert "no permissions boundary allows it (NoS3)" in decision.because
    assert decision.layer == "permissions boundary"


def test_the_trace_holds_every_statement_with_its_first_reason():
    decision = ask(
        identity=policy(allow("ec2:*"), allow(resource="arn:aws:s3:::other/*"), allow()),
        resource_policy=granting({"AWS": STRANGER.arn}),
    )
    whys = [(each.layer, each.holds, each.why) for each in decision.trace]
    assert [holds for _, holds, _ in whys] == [False, False, False, True]
    assert "Principal" in whys[0][2]
    assert "Action" in whys[1][2]
    assert "Resource" in whys[2][2]


# what AWS would not accept


@pytest.mark.parametrize(
    ("document", "rule"),
    [
        ("{", "not valid JSON"),
        ([], "a policy is a JSON object"),
        ({"Version": "2012-10-17"}, "Statement element is missing"),
        ({"Version": "2012-10-18", "Statement": []}, "Version must be"),
        ({"Statements": []}, "Statements is not an element of a policy"),
        (policy({"Effect": "allow", "Action": "s3:*", "Resource": "*"}), "Effect must be"),
        (policy({"Effect": "Allow", "Resource": "*"}), "Action or NotAction"),
        (policy({"Effect": "Allow", "Action": "s3:*"}), "Resource or NotResource"),
        (policy({"Effect": "Allow", "Action": "s3:*", "NotAction": "s3:*", "Resource": "*"}), "exclude each other"),
        (policy(allow("GetObject")), "prefaced by a vendor"),
        (policy(allow([])), "at least one action"),
        (policy(allow(resource="notes/*")), "ARN format"),
        (policy(allow(resource=[])), "at least one resource"),
        (policy(allow(Principal="*")), "must not specify a Principal"),
        (policy(allow(Actions="x")), "Actions is not an element of a statement"),
        (policy(allow(Condition={"StringIs": {"k": "v"}})), "invalid condition type: StringIs"),
        (policy(allow(Condition={"NullIfExists": {"k": "true"}})), "invalid condition type: NullIfExists"),
        (policy(allow(Condition={"ForSome:StringLike": {"k": "v"}})), "invalid condition type"),
        (policy(allow(Condition={"Bool": {"k": "yes"}})), 'takes "true" or "false"'),
        (policy(allow(Condition={"NumericLessThan": {"k": "few"}})), "takes a number"),
        (policy(allow(Condition={"DateLessThan": {"k": "soon"}})), "takes a date"),
        (policy(allow(Condition={"IpAddress": {"k": "10.0.0.300"}})), "takes an address"),
        (policy(allow(Condition={"StringEquals": "k"})), "must be an object"),
        (policy(allow(Sid="Read it")), "alpha-numeric"),
        (policy(allow(Sid="A"), deny(Sid="A")), "must be unique"),
        (policy("Allow"), "a statement is a JSON object"),
        (policy(allow(resource=[1])), "a text or a list of texts"),
    ],
)
def test_a_malformed_policy_names_policy_statement_and_rule(document, rule):
    with pytest.raises(MalformedPolicy, match=r"Mine.*not a policy AWS accepts") as caught:
        Policy.read(document, "Mine")
    assert rule in str(caught.value)
    if isinstance(document, dict) and document.get("Statement"):
        assert "statement" in str(caught.value)


@pytest.mark.parametrize(
    ("principal", "rule"),
    [
        (None, "must specify a Principal"),
        ({"AWS": "arn:aws:iam::111122223333:user/*"}, "a wildcard cannot match part of a principal"),
        ({"AWS": "arn:aws:iam::111122223333:group/Devs"}, "a user group cannot be a principal"),
        ({"AWS": "Ana"}, "neither an account id nor"),
        ({"User": "Ana"}, "takes AWS, Service, Federated or CanonicalUser"),
        ("Ana", 'must be "*" or an object'),
    ],
)
def test_a_principal_aws_would_not_accept(principal, rule):
    written = {"Principal": principal} if principal else {}
    with pytest.raises(MalformedPolicy) as caught:
        Policy.read(policy(allow(**written)), "the bucket policy", "resource")
    assert rule in str(caught.value)


def test_a_trust_policy_has_no_resource():
    with pytest.raises(MalformedPolicy, match="trust policy has no Resource"):
        Policy.read(policy(allow("sts:AssumeRole", Principal={"AWS": HERE})), "the trust policy", "trust")


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ({"NotPrincipal": {"AWS": HERE}, "Action": "sts:AssumeRole"}, "takes no NotPrincipal"),
        ({"Principal": {"AWS": HERE}, "Action": "s3:GetObject"}, "takes STS's actions alone"),
    ],
)
def test_a_trust_policy_is_about_taking_the_role(statement, rule):  # reference_policies_elements_notprincipal.html
    with pytest.raises(MalformedPolicy, match=rule):
        Policy.read(policy({"Effect": "Allow", **statement}), "the trust policy", "trust")
    Policy.read(granting({"AWS": HERE}, action=Unknown.of("p"), resource=None), "the trust policy", "trust")


def test_what_cannot_make_requests_is_said():
    for nobody in ("Ana", f"arn:aws:iam::{HERE}:group/Devs", "arn:aws:s3:::notes"):
        with pytest.raises(Usage):
            Principal.of(nobody)


# what must hold for all policies

ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:*", "*", "ec2:RunInstances"]
RESOURCES = ["*", "arn:aws:s3:::notes/*", "arn:aws:s3:::other/*", OBJECT]
CONDITIONS = st.one_of(
    st.just({}),
    st.builds(
        lambda operator, key, value: {"Condition": {operator: {key: value}}},
        st.sampled_from(["StringEquals", "StringNotEquals", "StringEqualsIfExists", "ForAllValues:StringLike"]),
        st.sampled_from(["k", "aws:username", "aws:SourceVpc"]),
        st.sampled_from(["a", "b", "Ana"]),
    ),
    st.sampled_from(
        [
            {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {"Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}},
            {"Condition": {"Null": {"k": "true"}}},
        ]
    ),
)
STATEMENTS = st.builds(
    lambda effect, action, resource, condition: statement(effect, action, resource, **condition),
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.sampled_from(ACTIONS),
    st.sampled_from(RESOURCES),
    CONDITIONS,
)
POLICIES = st.lists(STATEMENTS, min_size=1, max_size=4)
NAMED = st.sampled_from(["*", {"AWS": HERE}, {"AWS": USER.arn}, {"AWS": ROLE.role_arn}, {"AWS": THERE}])
PRINCIPALS = st.sampled_from([USER, ROLE, SESSION, STRANGER, ANYONE, LAMBDA, ROOT])
CONTEXTS = st.dictionaries(
    st.sampled_from(["k", "aws:SourceVpc", "aws:SecureTransport"]),
    st.sampled_from(["a", "b", "true", "false", None, UNKNOWN]),
    max_size=3,
)
RANK = {"explicitly_denied": 0, "implicitly_denied": 0, "depends": 1, "allowed": 2}


@st.composite
def cases(draw):
    resource = [{**each, "Principal": draw(NAMED)} for each in draw(st.lists(STATEMENTS, max_size=3))]
    layers = {
        "identity_policies": [policy(*draw(POLICIES))],
        "resource_policy": policy(*resource) if resource else None,
        "boundaries": [policy(*draw(POLICIES))] if draw(st.booleans()) else [],
        "session_policies": [policy(*draw(POLICIES))] if draw(st.booleans()) else [],
        "scps": [policy(*draw(POLICIES))] if draw(st.booleans()) else None,
    }
    request = Request(
        draw(PRINCIPALS),
        "s3:GetObject",
        OBJECT,
        draw(CONTEXTS),
        resource_account=HERE,
        complete=draw(st.booleans()),
    )
    return request, layers


@settings(max_examples=150, deadline=None)
@given(
    case=cases(), more=STATEMENTS, where=st.sampled_from(["identity_policies", "boundaries", "scps", "resource_policy"])
)
def test_adding_a_deny_never_allows_more(case, more, where):
    request, layers = case
    before = RANK[decide(request, **layers).answer]
    refusal = {**more, "Effect": "Deny"}
    if where == "resource_policy":
        named = {**refusal, "Principal": "*"}
        held = layers[where] or policy()
        layers[where] = policy(*held["Statement"], named)
    elif where == "identity_policies" or layers[where]:
        layers[where] = [policy(*layers[where][0]["Statement"], refusal)]
    assert RANK[decide(request, **layers).answer] <= before


@settings(max_examples=150, deadline=None)
@given(
    case=cases(),
    more=STATEMENTS,
    where=st.sampled_from(["identity_policies", "boundaries", "session_policies", "scps"]),
)
def test_adding_an_allow_to_what_is_there_never_allows_less(case, more, where):
    request, layers = case
    before = RANK[decide(request, **layers).answer]
    if layers[where]:
        layers[where] = [policy(*layers[where][0]["Statement"], {**more, "Effect": "Allow"})]
    assert RANK[decide(request, **layers).answer] >= before


@settings(max_examples=100, deadline=None)
@given(case=cases(), seed=st.randoms(use_true_random=False))
def test_order_never_matters(case, seed):
    request, layers = case
    before = decide(request, **layers)

    def shuffled(document):
        statements = list(document["Statement"])
        seed.shuffle(statements)
        return policy(*statements)

    mixed = {
        name: [shuffled(each) for each in held] if isinstance(held, list) else held and shuffled(held)
        for name, held in layers.items()
    }
    after = decide(request, **mixed)
    assert after.answer == before.answer
    assert set(after.depends_on) == set(before.depends_on)


@settings(max_examples=150, deadline=None)
@given(
    case=cases(),
    values=st.dictionaries(
        st.sampled_from(["k", "aws:SourceVpc", "aws:SecureTransport"]),
        st.sampled_from(["a", "b", "true", "false", None]),
    ),
)
def test_learning_a_key_never_turns_an_answer_around(case, values):
    """What is decided without a key stays so whatever the key turns out to be."""
    request, layers = case
    before = decide(request, **layers)
    unknown = {key: value for key, value in values.items() if request.known_of(key) is UNKNOWN}
    context = {**request.context, **unknown}
    later = Request(request.principal, request.action, request.resource, context, HERE, request.complete)
    after = decide(later, **layers)
    if before.answer == "allowed":
        assert after.answer == "allowed"
    elif before.answer != "depends":
        assert after.answer != "allowed"


@settings(max_examples=60, deadline=None)
@given(case=cases())
def test_a_decision_says_why_and_reads_from_json_alike(case):
    request, layers = case
    decision = decide(request, **layers)
    assert isinstance(decision, Decision)
    assert request.action in decision.because
    assert bool(decision.depends_on) == (decision.answer == "depends")
    layers["identity_policies"] = [json.dumps(each) for each in layers["identity_policies"]]
    assert decide(request, **layers).answer == decision.answer
