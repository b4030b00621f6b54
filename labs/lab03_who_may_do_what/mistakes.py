"""Mistakes people really make with Lab 3, each an edit of the worked template."""

from preflight.checks import breaks


@breaks(
    "analysts_read_what_is_triaged",
    help="The policy names the bucket, and reading is asked of the objects in it: their ARN ends in /triaged/*.",
)
def mistake_the_bucket_named_where_objects_are_meant(template):
    statement(template, "ReadTriagedNotes")["Resource"] = arn_of(template, "AWS::S3::Bucket")


@breaks("analysts_read_what_is_triaged", help="Listing is asked of the bucket itself, not of bucket/*.")
def mistake_listing_granted_on_the_objects(template):
    statement(template, "ListTheBucket")["Resource"] = statement(template, "ReadTriagedNotes")["Resource"]


@breaks(
    "analysts_do_nothing_else",
    also=["deleting_needs_mfa"],
    help="s3:* is every action S3 has, writing and deleting among them.",
)
def mistake_every_s3_action(template):
    statement(template, "ReadTriagedNotes")["Action"] = "s3:*"


@breaks("analysts_do_nothing_else", help="A Resource of * is every bucket of the account, the next project's too.")
def mistake_every_bucket(template):
    statement(template, "ReadTriagedNotes")["Resource"] = "*"


@breaks(
    "analysts_do_nothing_else",
    also=["deleting_needs_mfa"],
    help="NotAction with Allow grants every action but the ones it names.",
)
def mistake_allow_with_not_action(template):
    found = statement(template, "ReadTriagedNotes")
    del found["Action"]
    found["NotAction"] = ["s3:DeleteObject", "s3:DeleteBucket"]


@breaks("deleting_needs_mfa", help="Without a condition a password, or a key, is enough.")
def mistake_mfa_forgotten(template):
    del statement(template, "DeleteNotesWithMfa")["Condition"]


@breaks(
    "deleting_needs_mfa",
    help="Requests by access key carry no MFA key. Bool on an absent key does not match: this Deny lets them by; "
    "BoolIfExists catches them.",
)
def mistake_deny_that_access_keys_slip_past(template):
    policy = policy_with(template, "DeleteNotesWithMfa")
    allow = statement(template, "DeleteNotesWithMfa")
    del allow["Condition"]
    policy["Statement"].append(
        {
            **allow,
            "Sid": "DenyWithoutMfa",
            "Effect": "Deny",
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}},
        }
    )


@breaks("deleting_needs_mfa", help="BoolIfExists on an Allow grants when the key is absent: to every access key.")
def mistake_if_exists_on_the_allow(template):
    statement(template, "DeleteNotesWithMfa")["Condition"] = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}


@breaks("people_get_permissions_from_groups", help="What sits on a person is seen by nobody who reads the groups.")
def mistake_a_policy_on_a_person(template):
    user = named(template, "AWS::IAM::User", "Ana")
    user["Properties"]["Policies"] = [
        {
            "PolicyName": "only-for-now",
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn_of(template, "AWS::S3::Bucket")}
                ],
            },
        }
    ]


@breaks(
    "people_get_permissions_from_groups", help="A person in no group gets permissions from nowhere, or soon by hand."
)
def mistake_a_person_in_no_group(template):
    del named(template, "AWS::IAM::User", "Ana")["Properties"]["Groups"]


@breaks(
    "lambda_alone_takes_the_role",
    help="The account's root ARN in a trust policy means everyone in the account whose own policies let them ask.",
)
def mistake_the_account_is_trusted(template):
    trust(template)["Statement"].append(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": {"Fn::Join": ["", ["arn:aws:iam::", {"Ref": "AWS::AccountId"}, ":root"]]}},
        }
    )


@breaks("lambda_alone_takes_the_role", help="EC2 instances take ec2.amazonaws.com; the function is Lambda's.")
def mistake_the_other_service_is_trusted(template):
    trust(template)["Statement"][0]["Principal"] = {"Service": "ec2.amazonaws.com"}


@breaks("the_triage_role_does_its_job_alone", help="PutObject on the whole bucket lets a note overwrite the raw ones.")
def mistake_the_role_writes_everywhere(template):
    bucket = arn_of(template, "AWS::S3::Bucket")
    statement(template, "WriteTriagedNotes")["Resource"] = {"Fn::Join": ["", [bucket, "/*"]]}


@breaks("the_triage_role_does_its_job_alone", help="GetObject is asked of keys under raw/, so the ARN ends in /raw/*.")
def mistake_the_prefix_without_its_star(template):
    bucket = arn_of(template, "AWS::S3::Bucket")
    statement(template, "WriteTriagedNotes")["Resource"] = {"Fn::Join": ["", [bucket, "/triaged"]]}


@breaks("raw_notes_open_for_the_role_alone", help="Without an explicit Deny, every administrator reads along.")
def mistake_raw_notes_left_to_good_will(template):
    policy = policy_with(template, "RawNotesForTriageAlone")
    policy["Statement"].remove(statement(template, "RawNotesForTriageAlone"))


@breaks(
    "raw_notes_open_for_the_role_alone",
    also=["the_triage_role_does_its_job_alone"],
    help="ArnEquals denies the one it names. ArnNotEquals denies everyone else.",
)
def mistake_the_condition_turned_round(template):
    found = statement(template, "RawNotesForTriageAlone")
    found["Condition"] = {"ArnEquals": found["Condition"]["ArnNotEquals"]}


@breaks("raw_notes_open_for_the_role_alone", help="A Deny of writing does not keep anyone from reading.")
def mistake_the_deny_names_another_action(template):
    statement(template, "RawNotesForTriageAlone")["Action"] = "s3:PutObject"


@breaks(
    "raw_notes_open_for_the_role_alone",
    help="GET with a version id needs s3:GetObjectVersion, and every object has one: without versioning it is null.",
)
def mistake_the_deny_forgets_versions(template):
    statement(template, "RawNotesForTriageAlone")["Action"] = "s3:GetObject"


@breaks("no_long_lived_keys", help="The function has a role; nothing here needs a key.")
def mistake_a_key_for_the_job(template):
    omar = next(name for name in template["Resources"] if name.startswith("Omar"))
    template["Resources"]["TriageKey"] = {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": {"Ref": omar}}}


@breaks("the_contractor_has_a_ceiling", help="Without a boundary the next policy attached is the new limit.")
def mistake_no_ceiling(template):
    del named(template, "AWS::IAM::User", "Kai")["Properties"]["PermissionsBoundary"]


@breaks(
    "the_contractor_has_a_ceiling",
    help="A boundary of everything but IAM still lets Kai delete the bucket. A ceiling lists what may be done.",
)
def mistake_a_ceiling_of_everything_but_iam(template):
    ceiling = named(template, "AWS::IAM::ManagedPolicy", "ContractorCeiling")
    ceiling["Properties"]["PolicyDocument"]["Statement"] = [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]


@breaks(
    "the_contractor_has_a_ceiling",
    help="A boundary grants nothing. What it caps has to be granted by a group as well.",
)
def mistake_the_ceiling_taken_for_a_grant(template):
    ceiling = named(template, "AWS::IAM::ManagedPolicy", "ContractorCeiling")
    ceiling["Properties"]["PolicyDocument"]["Statement"] = [
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn_of(template, "AWS::S3::Bucket")}
    ]


@breaks("analysts_do_nothing_else", help="One more prefix to write is one more place where a note can be changed.")
def mistake_a_prefix_for_comments(template):
    add_to(template, "ReadTriagedNotes", action="s3:PutObject", key="/triaged/comments/*")


@breaks("analysts_do_nothing_else", help="What Ana may do is what all her groups may do together.")
def mistake_ana_is_an_administrator_besides(template):
    template["Resources"]["Admins"] = {
        "Type": "AWS::IAM::Group",
        "Properties": {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]},
        "Metadata": {"aws:cdk:path": "Lab3/Admins/Resource"},
    }
    named(template, "AWS::IAM::User", "Ana")["Properties"]["Groups"].append({"Ref": "Admins"})


@breaks(
    "deleting_needs_mfa",
    help="Who may change the lifecycle rules deletes every note by tomorrow, without one DeleteObject.",
)
def mistake_a_way_round_by_lifecycle(template):
    add_to(template, "DeleteNotesWithMfa", action="s3:PutLifecycleConfiguration", key="")


@breaks("deleting_needs_mfa", help="Deleting a version is another action than deleting the object.")
def mistake_versions_deleted_without_mfa(template):
    add_to(template, "DeleteNotesWithMfa", action="s3:DeleteObjectVersion", key="/*")


@breaks("people_get_permissions_from_groups", help="A bucket policy that names a person is a policy on that person.")
def mistake_a_person_named_in_the_bucket_policy(template):
    omar = next(name for name in template["Resources"] if name.startswith("Omar"))
    policy_with(template, "RawNotesForTriageAlone")["Statement"].append(
        {
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Principal": {"AWS": {"Fn::GetAtt": [omar, "Arn"]}},
            "Resource": arn_of(template, "AWS::S3::Bucket"),
        }
    )


@breaks("lambda_alone_takes_the_role", help="A person who may take the function's role is the function.")
def mistake_a_person_is_trusted(template):
    kai = next(name for name in template["Resources"] if name.startswith("Kai"))
    trust(template)["Statement"].append(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": {"Fn::GetAtt": [kai, "Arn"]}}}
    )


@breaks("the_triage_role_does_its_job_alone", help="The role may then tidy up raw notes, and so may whoever fools it.")
def mistake_the_role_tidies_up(template):
    add_to(template, "WriteTriagedNotes", action="s3:DeleteObject", key="/raw/processed/*")


@breaks("raw_notes_open_for_the_role_alone", help="Whoever may take the second role reads along.")
def mistake_a_second_role_is_spared(template):
    condition = statement(template, "RawNotesForTriageAlone")["Condition"]["ArnNotEquals"]
    account = {"Ref": "AWS::AccountId"}
    admin = {"Fn::Join": ["", ["arn:aws:iam::", account, ":role/Admin"]]}
    condition["aws:PrincipalArn"] = [condition["aws:PrincipalArn"], admin]


@breaks("raw_notes_open_for_the_role_alone", help="A Deny for some names leaves the others to everyone.")
def mistake_the_deny_is_for_some_raw_notes(template):
    bucket = arn_of(template, "AWS::S3::Bucket")
    statement(template, "RawNotesForTriageAlone")["Resource"] = {"Fn::Join": ["", [bucket, "/raw/*.json"]]}


@breaks("the_contractor_has_a_ceiling", help="Who may write a new version of a policy writes the ceiling too.")
def mistake_a_ceiling_that_kai_can_raise(template):
    ceiling = named(template, "AWS::IAM::ManagedPolicy", "ContractorCeiling")
    ceiling["Properties"]["PolicyDocument"]["Statement"].append(
        {"Effect": "Allow", "Action": "iam:CreatePolicyVersion", "Resource": "*"}
    )


@breaks(
    "analysts_do_nothing_else",
    help="NotAction with Allow is a list of what you thought of. Tagging, retention and restoring were not on it.",
)
def mistake_allow_all_that_was_not_thought_of(template):
    found = statement(template, "ReadTriagedNotes")
    del found["Action"]
    found["NotAction"] = [
        "s3:PutObject",
        "s3:PutObjectAcl",
        "s3:DeleteObject*",
        "s3:DeleteBucket*",
        "s3:PutBucket*",
        "s3:PutLifecycleConfiguration",
        "s3:PutReplicationConfiguration",
    ]
    bucket = arn_of(template, "AWS::S3::Bucket")
    found["Resource"] = [bucket, {"Fn::Join": ["", [bucket, "/triaged/*"]]}]


@breaks("analysts_do_nothing_else", help="A wildcard of a service nobody here uses is still all of that service.")
def mistake_a_service_nobody_uses(template):
    policy_with(template, "ReadTriagedNotes")["Statement"].append(
        {"Effect": "Allow", "Action": "codecommit:*", "Resource": "*"}
    )


@breaks("the_triage_role_does_its_job_alone", help="Batch* of DynamoDB reads and writes every table of the account.")
def mistake_the_role_may_batch(template):
    policy_with(template, "WriteTriagedNotes")["Statement"].append(
        {"Effect": "Allow", "Action": "dynamodb:Batch*", "Resource": "*"}
    )


@breaks("the_contractor_has_a_ceiling", help="What the ceiling lets through, the next policy attached may grant.")
def mistake_a_ceiling_with_a_window(template):
    ceiling = named(template, "AWS::IAM::ManagedPolicy", "ContractorCeiling")
    ceiling["Properties"]["PolicyDocument"]["Statement"].append(
        {"Effect": "Allow", "Action": "codecommit:*", "Resource": "*"}
    )


@breaks("deleting_needs_mfa", help="Who may write the group's policies takes the condition out of them.")
def mistake_the_condition_can_be_taken_out(template):
    name = next(name for name, each in template["Resources"].items() if name.startswith("Operators"))
    policy_with(template, "DeleteNotesWithMfa")["Statement"].append(
        {"Effect": "Allow", "Action": "iam:*GroupPolicy", "Resource": {"Fn::GetAtt": [name, "Arn"]}}
    )


@breaks(
    "no_long_lived_keys",
    help="AwsCustomResource with createAccessKey makes a key no template lists: the role that may make it shows.",
)
def mistake_a_custom_resource_makes_the_key(template):
    lambdas = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    makes = {"Effect": "Allow", "Action": "iam:CreateAccessKey", "Resource": "*"}
    template["Resources"]["CustomResourceRole"] = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [lambdas]},
            "Policies": [
                {"PolicyName": "calls", "PolicyDocument": {"Version": "2012-10-17", "Statement": [makes]}},
            ],
        },
        "Metadata": {"aws:cdk:path": "Lab3/CustomResource/ServiceRole/Resource"},
    }


def add_to(template, sid, *, action, key):
    """Add a statement for an action on the bucket, or on keys in it, to the policy that holds `sid`."""
    resource = {"Fn::Join": ["", [arn_of(template, "AWS::S3::Bucket"), key]]}
    policy_with(template, sid)["Statement"].append({"Effect": "Allow", "Action": action, "Resource": resource})


def named(template, type_, start):
    """The resource of a type whose construct has this name."""
    return next(
        each
        for each in template["Resources"].values()
        if each["Type"] == type_ and each["Metadata"]["aws:cdk:path"].split("/")[1] == start
    )


def arn_of(template, type_):
    """A reference to the ARN of the first resource of a type."""
    name = next(name for name, each in template["Resources"].items() if each["Type"] == type_)
    return {"Fn::GetAtt": [name, "Arn"]}


def trust(template):
    """The triage role's trust policy."""
    return named(template, "AWS::IAM::Role", "Triage")["Properties"]["AssumeRolePolicyDocument"]


def policy_with(template, sid):
    """The policy document that holds the statement with this Sid."""
    for each in template["Resources"].values():
        document = each.get("Properties", {}).get("PolicyDocument", {})
        if any(statement.get("Sid") == sid for statement in document.get("Statement", [])):
            return document
    raise LookupError(sid)


def statement(template, sid):
    """The statement with this Sid."""
    return next(each for each in policy_with(template, sid)["Statement"] if each.get("Sid") == sid)
