"""A whole design is asked who may do what, by the names its author uses."""

from __future__ import annotations

import time

import pytest

from preflight.analysis import identities, managed
from preflight.analysis.access import Policy
from preflight.errors import Usage
from preflight.template import Template

ACCOUNT = "123456789012"


def role(*statements, trust="lambda.amazonaws.com", **more):
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": document(
                {"Effect": "Allow", "Principal": {"Service": trust}, "Action": "sts:AssumeRole"}
            ),
            **({"Policies": [{"PolicyName": "Inline", "PolicyDocument": document(*statements)}]} if statements else {}),
            **more,
        },
    }


def resource(kind, **properties):
    return {"Type": f"AWS::{kind}", "Properties": properties}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action, on="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": on, **more}


def at(path, declared):
    return {**declared, "Metadata": {"aws:cdk:path": path}}


def design(**resources):
    return Template.load({"Resources": resources}).design(stack_name="Lab3")


def arn(logical_id):
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def inside(logical_id):
    return {"Fn::Join": ["", [arn(logical_id), "/*"]]}


NOTES = resource("S3::Bucket")
OPEN = resource(
    "S3::Bucket",
    PublicAccessBlockConfiguration={"BlockPublicAcls": True, "IgnorePublicAcls": True},
)


def bucket_policy(bucket, *statements):
    return resource("S3::BucketPolicy", Bucket={"Ref": bucket}, PolicyDocument=document(*statements))


def answer(of, *question, **context) -> str:
    return identities.may(of, *question, **context).answer


# how a policy reaches a principal


def test_every_way_a_policy_reaches_a_role():
    grant = allow("s3:GetObject", inside("Notes"))
    ways = {
        "inline": {"Reader": role(grant)},
        "policy": {
            "Reader": role(),
            "P": resource("IAM::Policy", PolicyName="p", PolicyDocument=document(grant), Roles=[{"Ref": "Reader"}]),
        },
        "managed, from the policy": {
            "Reader": role(),
            "P": resource("IAM::ManagedPolicy", PolicyDocument=document(grant), Roles=[{"Ref": "Reader"}]),
        },
        "managed, from the role": {
            "Reader": role(ManagedPolicyArns=[{"Ref": "P"}]),
            "P": resource("IAM::ManagedPolicy", PolicyDocument=document(grant)),
        },
        "AWS's own": {"Reader": role(ManagedPolicyArns=["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"])},
        "a policy of its own type": {
            "Reader": role(),
            "P": resource(
                "IAM::RolePolicy", PolicyName="p", PolicyDocument=document(grant), RoleName={"Ref": "Reader"}
            ),
        },
    }
    for way, resources in ways.items():
        assert answer(design(Notes=NOTES, **resources), "Reader", "s3:GetObject", "Notes/*") == "allowed", way
        assert answer(design(Notes=NOTES, **resources), "Reader", "s3:PutObject", "Notes/*") == "implicitly_denied", way
    assert answer(design(Notes=NOTES, Reader=role()), "Reader", "s3:GetObject", "Notes/*") == "implicitly_denied"


def test_groups_reach_users_both_ways():
    devs = resource(
        "IAM::Group", Policies=[{"PolicyName": "p", "PolicyDocument": document(allow("s3:*", inside("Notes")))}]
    )
    ana = {"Ana": resource("IAM::User", Groups=[{"Ref": "Devs"}])}
    added = {
        "Ana": resource("IAM::User", UserName="ana"),
        "Add": resource("IAM::UserToGroupAddition", GroupName={"Ref": "Devs"}, Users=[{"Ref": "Ana"}]),
    }
    attached = {
        "Ana": resource("IAM::User"),
        "Add": resource("IAM::UserToGroupAddition", GroupName={"Ref": "Devs"}, Users=[{"Ref": "Ana"}]),
        "More": resource(
            "IAM::Policy",
            PolicyName="m",
            PolicyDocument={"Version": "2012-10-17", "Statement": [{**allow("s3:PutObject"), "Effect": "Deny"}]},
            Groups=[{"Ref": "Devs"}],
        ),
    }
    for users in (ana, added, attached):
        assert answer(design(Notes=NOTES, Devs=devs, **users), "Ana", "s3:GetObject", "Notes/x") == "allowed"
    assert answer(design(Notes=NOTES, Devs=devs, **attached), "Ana", "s3:PutObject", "Notes/x") == "explicitly_denied"
    assert (
        answer(design(Notes=NOTES, Devs=devs, Ana=resource("IAM::User")), "Ana", "s3:GetObject", "Notes/x") != "allowed"
    )


def test_a_group_is_judged_as_a_member_of_it():
    home = Template.load(
        {
            "Resources": {
                "Notes": NOTES,
                "Devs": resource(
                    "IAM::Group",
                    Policies=[
                        {
                            "PolicyName": "p",
                            "PolicyDocument": document(
                                allow("s3:ListBucket", arn("Notes")),
                                allow("s3:GetObject", {"Fn::Sub": "${Notes.Arn}/home/${!aws:username}/*"}),
                            ),
                        }
                    ],
                ),
            }
        }
    ).design()
    listing = identities.may(home, "Devs", "s3:ListBucket", "Notes")
    assert listing.answer == "allowed"
    assert "a member of group Devs" in listing.because
    reading = identities.may(home, "Devs", "s3:GetObject", "Notes/home/ana/x")
    assert reading.depends_on == ("aws:username",)
    assert answer(home, "Devs", "s3:GetObject", "Notes/other/x") == "implicitly_denied"


def test_boundaries_of_roles_and_users():
    only_ec2 = resource("IAM::ManagedPolicy", PolicyDocument=document(allow("ec2:*")))
    everything = {"PolicyName": "p", "PolicyDocument": document(allow("*"))}
    bounded = design(
        Limit=only_ec2,
        Reader=role(allow("*"), PermissionsBoundary={"Ref": "Limit"}),
        Ana=resource("IAM::User", Policies=[everything], PermissionsBoundary={"Ref": "Limit"}),
        Free=role(allow("*"), PermissionsBoundary="arn:aws:iam::aws:policy/AdministratorAccess"),
    )
    for who in ("Reader", "Ana"):
        refused = identities.may(bounded, who, "s3:ListAllMyBuckets")
        assert refused.answer == "implicitly_denied"
        assert refused.layer == "permissions boundary"
        assert "Limit" in refused.because
        assert answer(bounded, who, "ec2:DescribeInstances") == "allowed"
    assert answer(bounded, "Free", "s3:ListAllMyBuckets") == "allowed"


def test_aws_managed_policies_are_the_real_ones():
    basic = managed.find("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    assert isinstance(basic, Policy)
    assert basic.name == "the AWS managed policy AWSLambdaBasicExecutionRole"
    assert managed.find("arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole") is None
    assert managed.find("arn:aws:iam::aws:policy/NoSuchPolicy") is None
    stack = design(
        Worker=role(ManagedPolicyArns=["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]),
        Viewer=role(ManagedPolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"]),
    )
    assert answer(stack, "Worker", "logs:PutLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:x") == "allowed"
    assert answer(stack, "Viewer", "ec2:DescribeInstances") == "allowed"
    assert answer(stack, "Viewer", "ec2:TerminateInstances") == "implicitly_denied"


def test_a_policy_from_elsewhere_is_unknown_not_empty():
    stack = design(Reader=role(ManagedPolicyArns=["arn:aws:iam::123456789012:policy/FromPlatformTeam"]))
    decision = identities.may(stack, "Reader", "s3:ListAllMyBuckets")
    assert decision.answer == "depends"
    assert "FromPlatformTeam" in decision.because


# what guards a resource


def test_a_bucket_policy_that_asks_for_tls():
    tls = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn("Notes"), inside("Notes")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    stack = design(
        Notes=at("Lab3/Notes/Resource", NOTES),
        Tls=bucket_policy("Notes", tls),
        Reader=role(allow("s3:GetObject", inside("Notes"))),
    )
    assert answer(stack, "Reader", "s3:GetObject", "Notes/*") == "allowed"
    plain = identities.may(stack, "Reader", "s3:GetObject", "Notes/*", context={"aws:SecureTransport": "false"})
    assert plain.answer == "explicitly_denied"
    assert 'statement 1 ("TlsOnly") of the bucket policy of Notes' in plain.because


def test_anyone_is_kept_out_by_block_public_access_until_it_is_off():
    public = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    closed = design(Notes=NOTES, P=bucket_policy("Notes", {**public, "Resource": inside("Notes")}))
    opened = design(Site=OPEN, P=bucket_policy("Site", {**public, "Resource": inside("Site")}))
    refused = identities.may(closed, "anyone", "s3:GetObject", "Notes/index.html")
    assert refused.answer == "implicitly_denied"
    assert "RestrictPublicBuckets" in refused.because
    assert answer(opened, "anyone", "s3:GetObject", "Site/index.html") == "allowed"
    assert answer(opened, "anyone", "s3:PutObject", "Site/index.html") == "implicitly_denied"


def test_another_account_is_judged_by_what_this_design_grants():
    stack = design(
        Notes=NOTES,
        P=bucket_policy(
            "Notes",
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
                "Action": "s3:GetObject",
                "Resource": inside("Notes"),
            },
        ),
        Audit=resource(
            "IAM::Role",
            AssumeRolePolicyDocument=document(
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": "999999999999"},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"sts:ExternalId": "xyz"}},
                }
            ),
        ),
    )
    for who in ("arn:aws:iam::999999999999:root", "999999999999", "arn:aws:iam::999999999999:role/Audit"):
        assert answer(stack, who, "s3:GetObject", "Notes/x") == "allowed"
        assert answer(stack, who, "s3:PutObject", "Notes/x") == "implicitly_denied"
    assert answer(stack, "arn:aws:iam::888888888888:user/Eve", "s3:GetObject", "Notes/x") == "implicitly_denied"
    outsider = "arn:aws:iam::999999999999:role/Audit"
    assert identities.may(stack, outsider, "sts:AssumeRole", "Audit").depends_on == ("sts:ExternalId",)
    assert answer(stack, outsider, "sts:AssumeRole", "Audit", context={"sts:ExternalId": "xyz"}) == "allowed"
    assert answer(stack, outsider, "sts:AssumeRole", "Audit", context={"sts:ExternalId": None}) == "implicitly_denied"


def test_who_may_assume_a_role_is_its_trust_policys_business():
    stack = design(
        Worker=role(),
        Ana=resource("IAM::User", Policies=[{"PolicyName": "p", "PolicyDocument": document(allow("sts:*"))}]),
    )
    assert answer(stack, "service:lambda.amazonaws.com", "sts:AssumeRole", "Worker") == "allowed"
    assert answer(stack, "service:ec2", "sts:AssumeRole", "Worker") == "implicitly_denied"
    assert answer(stack, "Ana", "sts:AssumeRole", "Worker") == "implicitly_denied"


def test_services_need_a_grant_on_what_they_deliver_to():
    bucket_arn = {"Fn::GetAtt": ["Notes", "Arn"]}
    stack = design(
        Notes=NOTES,
        Other=NOTES,
        Handler=resource(
            "Lambda::Function",
            Role=arn("Worker"),
            Runtime="python3.13",
            Handler="index.handler",
            Code={"ZipFile": "x"},
        ),
        Worker=role(allow("s3:GetObject", inside("Notes"))),
        Grant=resource(
            "Lambda::Permission",
            FunctionName=arn("Handler"),
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn=bucket_arn,
            SourceAccount={"Ref": "AWS::AccountId"},
        ),
        Jobs=resource("SQS::Queue"),
        JobsPolicy=resource(
            "SQS::QueuePolicy",
            Queues=[{"Ref": "Jobs"}],
            PolicyDocument=document(allow("sqs:SendMessage", arn("Jobs"), Principal={"Service": "sns.amazonaws.com"})),
        ),
    )
    notes = identities.index_of(stack).arn("Notes", "s3:ListBucket")
    other = identities.index_of(stack).arn("Other", "s3:ListBucket")
    invoke = ("service:s3", "lambda:InvokeFunction", "Handler")
    assert set(identities.may(stack, *invoke).depends_on) == {"AWS:SourceArn", "AWS:SourceAccount"}
    context = {"aws:SourceArn": notes, "aws:SourceAccount": ACCOUNT}
    assert answer(stack, *invoke, context=context) == "allowed"
    assert answer(stack, *invoke, context={**context, "aws:SourceArn": other}) == "implicitly_denied"
    assert answer(stack, "service:sns", "lambda:InvokeFunction", "Handler", context=context) == "implicitly_denied"
    assert answer(stack, "service:sns", "sqs:SendMessage", "Jobs") == "allowed"
    assert answer(stack, "service:events", "sqs:SendMessage", "Jobs") == "implicitly_denied"
    # what runs with a role is asked about by its own name
    assert answer(stack, "Handler", "s3:GetObject", "Notes/x") == "allowed"


def test_a_key_that_does_not_leave_it_to_iam():
    admin = {"Effect": "Allow", "Principal": {"AWS": arn("Admin")}, "Action": "kms:*", "Resource": "*"}
    stack = design(
        Key=resource("KMS::Key", KeyPolicy=document(admin)),
        Admin=role(),
        Reader=role(allow("kms:Decrypt", arn("Key"))),
    )
    assert answer(stack, "Admin", "kms:Decrypt", "Key") == "allowed"
    assert answer(stack, "Reader", "kms:Decrypt", "Key") == "implicitly_denied"


def test_a_ceiling_is_tried_by_what_might_be_attached():
    """A boundary and a bucket's Deny hold against AdministratorAccess; nothing else does."""
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    stack = design(
        Notes=NOTES,
        Limit=resource("IAM::ManagedPolicy", PolicyDocument=document(allow("s3:*"))),
        Bounded=role(PermissionsBoundary={"Ref": "Limit"}),
        Free=role(),
        P=bucket_policy(
            "Notes", {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": arn("Notes")}
        ),
    )
    assert answer(stack, "Bounded", "iam:CreateUser", also=[administrator]) == "implicitly_denied"
    assert answer(stack, "Free", "iam:CreateUser", also=[administrator]) == "allowed"
    elsewhere = f"arn:aws:iam::{ACCOUNT}:role/somebody"
    assert answer(stack, elsewhere, "s3:GetObject", "Notes/x", also=[administrator]) == "allowed"
    assert answer(stack, elsewhere, "s3:DeleteBucket", "Notes", also=[document(allow("*"))]) == "explicitly_denied"


def test_an_endpoint_on_the_way_has_a_say():
    """Its policy narrows what goes through it, and grants nothing; without one it lets everything pass."""
    asked = {"Principal": "*", "Resource": inside("Notes")}
    stack = design(
        Notes=NOTES,
        Reader=role(allow("s3:GetObject", inside("Notes"))),
        Wide=resource("EC2::VPCEndpoint", ServiceName="com.amazonaws.us-east-1.s3", VpcId="vpc-1"),
        Fits=resource("EC2::VPCEndpoint", PolicyDocument=document({"Effect": "Allow", "Action": "s3:*", **asked})),
        Writes=resource("EC2::VPCEndpoint", PolicyDocument=document({**allow("s3:PutObject"), "Principal": "*"})),
    )
    question = ("s3:GetObject", "Notes/x")
    assert answer(stack, "Reader", *question, through="Wide") == "allowed"
    assert answer(stack, "Reader", *question, through="Fits") == "allowed"
    assert answer(stack, "Reader", *question, through="Writes") == "implicitly_denied"
    assert answer(stack, "Reader", "s3:PutObject", "Notes/x", through="Writes") == "implicitly_denied"


def test_a_role_is_spared_by_its_id():
    # https://aws.amazon.com/blogs/security/how-to-restrict-amazon-s3-bucket-access-to-a-specific-iam-role/
    spared = [{"Fn::Sub": "${Reader.RoleId}:*"}, {"Ref": "AWS::AccountId"}]
    closed = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": inside("Notes"),
        "Condition": {"StringNotLike": {"aws:userId": spared}},
    }
    everything = {"PolicyName": "p", "PolicyDocument": document(allow("*"))}
    stack = design(
        Notes=NOTES,
        P=bucket_policy("Notes", closed),
        Reader=role(allow("s3:GetObject", inside("Notes")), RoleName="reader"),
        Other=role(allow("*")),
        Ana=resource("IAM::User", Policies=[everything]),
        Devs=resource("IAM::Group", Policies=[everything]),
    )
    question = ("s3:GetObject", "Notes/x")
    spared_ones = ("Reader", f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/night", f"arn:aws:iam::{ACCOUNT}:root")
    for who in spared_ones:
        assert answer(stack, who, *question) == "allowed", who
    for who in ("Other", "Ana", "Devs", "arn:aws:iam::999999999999:role/reader"):
        assert answer(stack, who, *question) == "explicitly_denied", who
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    for who in ("user/somebody", "role/somebody"):
        assert answer(stack, f"arn:aws:iam::{ACCOUNT}:{who}", *question, also=[administrator]) == "explicitly_denied"


def test_tags_are_the_designs_and_nobody_elses():
    tagged = {"StringEquals": {"aws:PrincipalTag/team": "triage"}}
    stack = design(
        Notes=NOTES,
        Devs=resource(
            "IAM::Group", Policies=[{"PolicyName": "p", "PolicyDocument": document(allow("*", Condition=tagged))}]
        ),
        Ana=resource("IAM::User", Groups=[{"Ref": "Devs"}], Tags=[{"Key": "team", "Value": "triage"}]),
        Ben=resource("IAM::User", Groups=[{"Ref": "Devs"}]),
    )
    question = ("s3:GetObject", "Notes/x")
    assert answer(stack, "Ana", *question) == "allowed"
    assert answer(stack, "Ben", *question) == answer(stack, "Devs", *question) == "implicitly_denied"
    assert answer(stack, "Devs", *question, context={"aws:PrincipalTag/team": "triage"}) == "allowed"
    somebody, may = f"arn:aws:iam::{ACCOUNT}:role/somebody", [document(allow("*", Condition=tagged))]
    assert answer(stack, somebody, *question, also=may) == "implicitly_denied"


def test_a_role_elsewhere_is_out_of_reach_without_a_policy_that_reaches_it():
    """Nobody here knows whom it trusts; across accounts this side has to allow it all the same."""
    stack = design(Idle=role(), Free=role(allow("sts:AssumeRole")))
    elsewhere = "arn:aws:iam::999999999999:role/any"
    assert answer(stack, "Idle", "sts:AssumeRole", elsewhere) == "implicitly_denied"
    assert answer(stack, "Free", "sts:AssumeRole", elsewhere) == "depends"
    assert answer(stack, "Idle", "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/any") == "depends"


# names


def test_names_are_those_the_author_uses():
    stack = design(
        NotesB7C1=at("Lab3/Notes/Resource", resource("S3::Bucket", BucketName="ana-notes")),
        ReaderA1B2=at("Lab3/Reader/Resource", role(allow("s3:GetObject", inside("NotesB7C1")), RoleName="reader")),
    )
    for who in ("Reader", "ReaderA1B2", "reader", "Lab3/Reader", f"arn:aws:iam::{ACCOUNT}:role/reader"):
        for what in ("Notes/x", "NotesB7C1/x", "ana-notes/x", "Lab3/Notes/x", "arn:aws:s3:::ana-notes/x"):
            assert answer(stack, who, "s3:GetObject", what) == "allowed", (who, what)
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/tuesday"
    assert answer(stack, session, "s3:GetObject", "Notes/x") == "allowed"
    assert "role Reader" in identities.may(stack, "Reader", "s3:PutObject", "Notes/x").because


def test_a_bucket_alone_stands_for_its_objects_where_the_action_is_about_objects():
    stack = design(
        Notes=NOTES, Reader=role(allow("s3:GetObject", inside("Notes")), allow("s3:ListBucket", arn("Notes")))
    )
    assert answer(stack, "Reader", "s3:GetObject", "Notes") == "allowed"
    assert answer(stack, "Reader", "s3:ListBucket", "Notes") == "allowed"
    # the exam's favourite: listing is about the bucket, reading about what is in it
    assert answer(stack, "Reader", "s3:ListBucket", "Notes/*") == "implicitly_denied"


def test_a_part_of_a_bucket_is_not_all_of_it():
    stack = design(Notes=NOTES, Reader=role(allow("s3:GetObject", {"Fn::Sub": "${Notes.Arn}/public/*"})))
    assert answer(stack, "Reader", "s3:GetObject", "Notes/public/x") == "allowed"
    assert answer(stack, "Reader", "s3:GetObject", "Notes/public/*") == "allowed"
    assert answer(stack, "Reader", "s3:GetObject", "Notes/*") == "depends"
    assert answer(stack, "Reader", "s3:GetObject", "Notes/private/*") == "implicitly_denied"


def test_a_name_that_means_nothing_or_several_things_lists_the_candidates():
    stack = design(A1=at("Lab3/One/Reader/Resource", role()), A2=at("Lab3/Two/Reader/Resource", role()), Notes=NOTES)
    with pytest.raises(Usage, match='"Reader" can mean A1, A2'):
        identities.may(stack, "Reader", "s3:GetObject", "Notes/x")
    with pytest.raises(Usage, match=r'"Writer".*A1, A2'):
        identities.may(stack, "Writer", "s3:GetObject", "Notes/x")
    with pytest.raises(Usage, match=r'"Nodes/x".*Notes'):
        identities.may(stack, "A1", "s3:GetObject", "Nodes/x")
    with pytest.raises(Usage, match="is called"):
        identities.may(stack, f"arn:aws:iam::{ACCOUNT}:role/cdk-deploy", "s3:GetObject", "Notes/x")


def test_an_unresolved_parameter_makes_it_depend():
    template = {
        "Parameters": {"Bucket": {"Type": "String"}},
        "Resources": {"Reader": role(allow("s3:GetObject", {"Fn::Sub": "arn:aws:s3:::${Bucket}/*"}))},
    }
    stack = Template.load(template).design()
    decision = identities.may(stack, "Reader", "s3:GetObject", "arn:aws:s3:::notes/x")
    assert decision.answer == "depends"
    assert "Bucket" in decision.because


def test_an_empty_design_answers_for_anyone():
    assert answer(design(), "anyone", "s3:GetObject", "arn:aws:s3:::x/y") == "implicitly_denied"


def test_two_hundred_roles_are_asked_in_no_time():
    roles = {f"Role{n}": role(allow("s3:GetObject", inside("Notes"))) for n in range(200)}
    stack = design(Notes=NOTES, **roles)
    identities.may(stack, "Role0", "s3:GetObject", "Notes/x")
    started = time.perf_counter()
    assert answer(stack, "Role199", "s3:GetObject", "Notes/x") == "allowed"
    # a thousand times the usual: no timed test, a guard against a slow way of looking
    assert time.perf_counter() - started < 5


def test_a_log_group_is_asked_by_the_arn_its_action_takes():
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html
    bare = {"Fn::Sub": "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:${Lines}"}
    lines = resource("Logs::LogGroup", LogGroupName="lines")
    write, tag = allow("logs:PutLogEvents", arn("Lines")), allow("logs:TagResource", bare)
    of = design(Lines=lines, R=role(write, tag), Bare=role(allow("logs:*", bare)))
    assert answer(of, "R", "logs:PutLogEvents", "Lines") == answer(of, "R", "logs:TagResource", "Lines") == "allowed"
    assert answer(of, "Bare", "logs:PutLogEvents", "Lines") == "implicitly_denied"
    assert answer(of, "Bare", "logs:TagResource", "Lines") == "allowed"


@pytest.mark.parametrize(
    ("kind", "properties", "ends"),
    [
        ("Athena::WorkGroup", {"Name": "notes"}, ":workgroup/notes"),
        ("Glue::Database", {"CatalogId": ACCOUNT, "DatabaseInput": {"Name": "notes"}}, ":database/notes"),
        ("Glue::Table", {"CatalogId": ACCOUNT, "DatabaseName": "notes", "TableInput": {"Name": "t"}}, ":table/notes/t"),
        ("CloudFront::Distribution", {"DistributionConfig": {}}, ":distribution/"),
        ("Route53::HostedZone", {"Name": "example.org"}, ":::hostedzone/"),
    ],
)
def test_what_tells_no_arn_of_itself_can_be_asked_about(kind, properties, ends):
    # https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    of = design(It=resource(kind, **properties))
    arn_of = identities.index_of(of).arn("It", "x:Do")
    assert ends in arn_of
    assert identities.index_of(of).name_of(arn_of) == "It"
