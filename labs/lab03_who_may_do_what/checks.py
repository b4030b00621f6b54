"""What Lab 3 promises about the people and the function around the notes."""

import re

from preflight.checks import IAM_GUIDE, after, could_not_ask, expect

MFA = {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "60", "aws:SecureTransport": "true"}
NO_MFA = {"aws:MultiFactorAuthPresent": "false", "aws:MultiFactorAuthAge": None, "aws:SecureTransport": "true"}
# requests signed with a long-lived access key carry no MFA key at all
ACCESS_KEY = {"aws:MultiFactorAuthPresent": None, "aws:MultiFactorAuthAge": None, "aws:SecureTransport": "true"}

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"

ELSEWHERE_IN_THE_ACCOUNT = (
    ("s3:GetObject", "arn:aws:s3:::another-bucket/*"),
    ("s3:PutObject", "arn:aws:s3:::another-bucket/*"),
    ("s3:CreateBucket", "arn:aws:s3:::another-bucket"),
    ("iam:CreateUser", "arn:aws:iam::{account}:user/someone"),
    ("iam:PutUserPolicy", "arn:aws:iam::{account}:user/someone"),
    ("iam:AttachUserPolicy", "arn:aws:iam::{account}:user/someone"),
    ("iam:AddUserToGroup", "arn:aws:iam::{account}:group/any"),
    ("iam:PutGroupPolicy", "arn:aws:iam::{account}:group/any"),
    ("iam:PutRolePolicy", "arn:aws:iam::{account}:role/any"),
    ("iam:UpdateAssumeRolePolicy", "arn:aws:iam::{account}:role/any"),
    ("iam:CreatePolicyVersion", "arn:aws:iam::{account}:policy/any"),
    ("iam:CreateAccessKey", "arn:aws:iam::{account}:user/someone"),
    ("iam:PassRole", "arn:aws:iam::{account}:role/any"),
    ("iam:DeleteUserPermissionsBoundary", "arn:aws:iam::{account}:user/someone"),
    ("sts:AssumeRole", "arn:aws:iam::999988887777:role/any"),
    ("iam:ListUsers", "arn:aws:iam::{account}:user/"),
    ("ec2:DescribeInstances", "*"),
    ("athena:StartQueryExecution", "arn:aws:athena:{region}:{account}:workgroup/any"),
    ("ec2:RunInstances", "arn:aws:ec2:{region}:{account}:instance/*"),
    ("lambda:UpdateFunctionCode", "arn:aws:lambda:{region}:{account}:function:any"),
    ("dynamodb:Scan", "arn:aws:dynamodb:{region}:{account}:table/any"),
    ("rds:DeleteDBInstance", "arn:aws:rds:{region}:{account}:db:any"),
    ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:{region}:{account}:secret:any"),
    ("ssm:SendCommand", "arn:aws:ec2:{region}:{account}:instance/any"),
    ("cloudformation:DeleteStack", "arn:aws:cloudformation:{region}:{account}:stack/any/*"),
)

# asked of the bucket itself; each of them is a way to lose the notes, or to let somebody in
BUCKET_SETTINGS = (
    "s3:DeleteBucket",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
)


def check_analysts_read_what_is_triaged(stack):
    """Analysts can read what is triaged, and list the bucket.

    An S3 policy names two kinds of resource: the bucket (for listing) and the objects in it (for reading, with /* at
    the end). Half of all "Access Denied" tickets are one of the two forgotten.
    """
    notes, analysts = bucket(stack), stack.output("AnalystsGroup")
    read = stack.may(analysts, "s3:GetObject", f"{notes}/triaged/2026/note-1.json", context=MFA)
    listing = stack.may(analysts, "s3:ListBucket", notes, context={**MFA, "s3:prefix": "triaged/"})

    expect(
        is_allowed(read),
        saw=plainly(read, notes),
        means="the analysts cannot do their work, and will ask for more than they need",
        proved=plainly(read, notes),
        rival="A bucket policy could name each analyst, but not a group. What does that cost you next year?",
        bullets=["CLF-C02 2.3-S3"],
        read=f"{IAM_GUIDE}/reference_policies_elements_resource.html",
        where="AnalystsGroup",
    )
    expect(
        is_allowed(listing),
        saw=plainly(listing, notes),
        means="the analysts can open a note when they know its key, and cannot see which notes there are",
        proved="s3:ListBucket on the bucket is allowed too",
        rival="A bucket policy could name each analyst, but not a group. What does that cost you next year?",
        bullets=["CLF-C02 2.3-S3"],
        read=f"{IAM_GUIDE}/reference_policies_elements_resource.html",
        where="AnalystsGroup",
    )


def check_analysts_do_nothing_else(stack):
    """Analysts can do nothing else.

    Least privilege is not a feeling: it is a list of things you tried and were refused. Without a matching Allow every
    request is denied, so the way to keep somebody out is to not let them in.
    """
    notes, analysts = bucket(stack), stack.output("AnalystsGroup")
    attempts = [
        ("s3:PutObject", f"{notes}/*"),
        ("s3:DeleteObject", f"{notes}/*"),
        ("s3:DeleteObjectVersion", f"{notes}/*"),
        ("s3:PutObjectAcl", f"{notes}/*"),
        ("s3:GetObject", f"{notes}/raw/*"),
        ("s3:GetObject", f"{notes}/elsewhere/*"),
        *((action, notes) for action in BUCKET_SETTINGS),
        *elsewhere(stack),
    ]
    operators = members(stack, stack.output("OperatorsGroup"))
    people = [each for each in members(stack, analysts) if each not in operators]
    who, open_doors = first_who_may(stack, [analysts, *people], attempts, promised=is_reading_triaged)
    name = "a member of the group" if who == analysts else who

    expect(
        not open_doors,
        saw=f"{name} may {said(open_doors, notes)}",
        means="a mistyped command, or a stolen laptop, can change what it should only have read",
        proved=f"{len(attempts)} other requests, s3:PutObject and iam:PassRole among them, are refused",
        rival="An AWS managed policy is quicker to attach. What does AmazonS3ReadOnlyAccess let them read?",
        bullets=["CLF-C02 2.3-K3", "CLF-C02 2.3-S3"],
        read=f"{IAM_GUIDE}/best-practices.html#grant-least-privilege",
        where="AnalystsGroup",
    )


def check_deleting_needs_mfa(stack):
    """Operators delete notes only in a session signed in with MFA.

    The trap of a thousand reviews: requests made with an access key carry no MFA key at all, neither true nor false.
    An Allow that asks for "true" refuses them; a Deny that asks for Bool "false" lets them through.
    """
    notes, operators = bucket(stack), stack.output("OperatorsGroup")
    with_mfa, without, by_key = (
        [stack.may(operators, "s3:DeleteObject", f"{notes}/{prefix}/*", context=context) for prefix in PREFIXES]
        for context in (MFA, NO_MFA, ACCESS_KEY)
    )
    round_about = [
        ("s3:DeleteObject", f"{notes}/*"),
        ("s3:DeleteObjectVersion", f"{notes}/*"),
        *((action, notes) for action in BUCKET_SETTINGS),
        *(each for each in elsewhere(stack) if each[0].startswith("iam:")),
    ]
    people = [operators, *members(stack, operators)]
    who, open_doors = first_who_may(stack, people, round_about, promised=keeps_to_its_permissions, context=ACCESS_KEY)

    expect(
        all(map(is_allowed, with_mfa)),
        saw=f"with MFA, {plainly(first(with_mfa, but=is_allowed), notes)}",
        means="a note that a patient asked to have deleted stays",
        bullets=["CLF-C02 2.3-S2"],
        **what_mfa_proves(by_key, notes),
    )
    expect(
        all(map(is_refused, without)),
        saw=f"without MFA, {plainly(first(without, but=is_refused), notes)}",
        means="a guessed password is enough to delete every note",
        bullets=["CLF-C02 2.3-S2"],
        **what_mfa_proves(by_key, notes),
    )
    expect(
        all(map(is_refused, by_key)),
        saw=f"with an access key, {plainly(first(by_key, but=is_refused), notes)}",
        means="one leaked access key deletes every note, MFA or not",
        bullets=["CLF-C02 2.3-S2"],
        **what_mfa_proves(by_key, notes),
    )
    expect(
        not open_doors,
        saw=f"with an access key, {'a member of the group' if who == operators else who} may {said(open_doors, notes)}",
        means="there is a way round MFA: by a version, by the bucket itself, or by a permission given to oneself",
        bullets=["CLF-C02 2.3-S2"],
        **what_mfa_proves(by_key, notes),
    )


def check_people_get_permissions_from_groups(stack):
    """Every person's permissions come from the groups they are in.

    Permissions glued to a person stay when the person changes jobs. Groups make the next audit a list of groups.
    """
    iam = stack.client("iam")
    users = [item.physical_id for item in stack.of_type("AWS::IAM::User")]
    if not users:
        could_not_ask("the stack has no IAM user; the starter's Ana, Omar and Kai are the people this promise is about")
    own = {
        user: iam.list_user_policies(UserName=user)["PolicyNames"]
        + [each["PolicyName"] for each in iam.list_attached_user_policies(UserName=user)["AttachedPolicies"]]
        for user in users
    }
    alone = [user for user in users if not iam.list_groups_for_user(UserName=user)["Groups"]]
    glued = {user: names for user, names in own.items() if names}
    words = dict(
        means="when somebody changes jobs, nobody knows which of their permissions to take away",
        proved=f"{len(users)} people, none with a policy of their own, each in a group",
        rival="IAM Identity Center gives people temporary credentials. Why does AWS prefer it to users?",
        bullets=["CLF-C02 2.3-S3", "CLF-C02 2.3-K4"],
        read=f"{IAM_GUIDE}/id_groups.html",
    )
    user, names = next(iter(glued.items()), ("", []))
    expect(not glued, saw=f"{user} carries {' and '.join(names)} directly", where=user or None, **words)
    named = [each for each in granted_by_the_bucket(stack) if ":user/" in each]
    expect(not named, saw=f"the bucket policy grants to {' and '.join(named)} by name", where="NotesBucket", **words)
    lone = alone[0] if alone else ""
    expect(not alone, saw=f"{lone} is in no group", where=lone or None, **words)


def check_lambda_alone_takes_the_role(stack):
    """Lambda may take the triage role, and nobody else may.

    A role has two sides: what it may do, and who may take it. The trust policy is the second, and the one people
    leave at "anyone in this account".
    """
    role = the_role(stack)
    for_this_account = {"aws:SourceAccount": stack.account}
    by_lambda = stack.may(
        "service:lambda.amazonaws.com", "sts:AssumeRole", role.attributes["Arn"], context=for_this_account
    )
    trusted = [who for who in trusted_by(role) if who != "lambda.amazonaws.com"]
    words = dict(
        proved="the trust policy names lambda.amazonaws.com and nobody else",
        rival="An access key would work in the function too. What does a leaked role session cost you?",
        bullets=["CLF-C02 2.3-K1", "CLF-C02 2.3-S2"],
        read=f"{IAM_GUIDE}/id_roles_create_for-service.html",
        where=role,
    )
    expect(
        is_allowed(by_lambda),
        saw=by_lambda.because,
        means="the function cannot start: Lambda is not trusted to take its role",
        **words,
    )
    expect(
        not trusted,
        saw=f"the trust policy also lets {' and '.join(trusted[:2])} take the role",
        means="whoever can call sts:AssumeRole becomes the one reader of the raw notes",
        **words,
    )


def check_the_triage_role_does_its_job_alone(stack):
    """The triage role reads raw notes, writes triaged ones, and does nothing else.

    A function is handed text from outside all night long. What its role cannot do, no crafted note can make it do.
    """
    notes, role = bucket(stack), the_role(stack)
    name = role.attributes["Arn"]
    reads = stack.may(name, "s3:GetObject", f"{notes}/raw/*", context=SESSION)
    writes = stack.may(name, "s3:PutObject", f"{notes}/triaged/*", context=UPLOAD)
    attempts = [
        ("s3:PutObject", f"{notes}/raw/*"),
        ("s3:PutObject", f"{notes}/elsewhere/*"),
        ("s3:PutObjectAcl", f"{notes}/raw/*"),
        ("s3:PutObjectTagging", f"{notes}/raw/*"),
        ("s3:DeleteObject", f"{notes}/*"),
        ("s3:DeleteObjectVersion", f"{notes}/*"),
        ("s3:GetObject", f"{notes}/triaged/*"),
        *((action, notes) for action in BUCKET_SETTINGS),
        *elsewhere(stack),
    ]
    open_doors = first_open(stack, name, attempts, promised=is_triaging, context=SESSION)
    words = dict(
        proved=f"raw/ is read, triaged/ is written, {len(attempts)} other requests are refused",
        rival="notes.grant_read_write(role) is one line. Which of these refusals would it undo?",
        bullets=["CLF-C02 2.3-K3"],
        read=f"{IAM_GUIDE}/access_policies.html",
        where=role,
    )
    expect(is_allowed(reads), saw=plainly(reads, notes), means="no note is triaged", **words)
    expect(
        is_allowed(writes),
        saw=plainly(writes, notes),
        means="the night's work is lost",
        **words,
    )
    expect(
        not open_doors,
        saw=f"the role may {said(open_doors, notes)}",
        means="one crafted note that takes over the function takes this over too",
        **words,
    )


def check_raw_notes_open_for_the_role_alone(stack):
    """Raw notes are read by the triage role alone; an administrator is refused too.

    An explicit Deny outranks every Allow, wherever it is written. On the bucket it meets everyone who comes,
    whatever their own policies say.
    """
    notes, role = bucket(stack), the_role(stack)
    by_role = stack.may(role.attributes["Arn"], "s3:GetObject", f"{notes}/raw/*", context=SESSION)
    administrators = {
        "an operator made administrator": stack.output("OperatorsGroup"),
        "an analyst made administrator": stack.output("AnalystsGroup"),
        "an administrator by another role": f"arn:aws:iam::{stack.account}:role/administrator",
        **{each.partition(":iam::")[2]: each for each in spared_by_the_bucket(stack) if each != role.attributes["Arn"]},
    }
    # s3:GetObjectVersion reads the same bytes: an object without versioning is version "null"
    others = {
        f"{who} ({action})": stack.may(principal, action, f"{notes}/raw/*", context=MFA, also=[ADMINISTRATOR])
        for action in ("s3:GetObject", "s3:GetObjectVersion")
        for who, principal in administrators.items()
    }
    read_by = [who for who, decision in others.items() if not is_refused(decision)]
    words = dict(
        proved=f"the triage role reads raw/*; {plainly(next(iter(others.values())), notes)}",
        rival="An administrator can still edit this policy. What would stop that?",
        bullets=["CLF-C02 2.3-K1", "CLF-C02 2.3-K3"],
        read=f"{IAM_GUIDE}/reference_policies_evaluation-logic_AccessPolicyLanguage_Interplay.html",
        where="NotesBucket",
    )
    expect(
        is_allowed(by_role),
        saw=plainly(by_role, notes),
        means="nobody at all reads the raw notes, the function neither",
        **words,
    )
    expect(
        not read_by,
        saw=f"{read_by[0] if read_by else ''}: {plainly(others[read_by[0]] if read_by else by_role, notes)}",
        means="everyone who can attach a policy can read what patients wrote",
        **words,
    )


def check_no_long_lived_keys(stack):
    """No long-lived access key exists in this stack.

    A key works for whoever holds it until somebody takes it away. Roles hand out credentials that expire by themselves.
    """
    iam = stack.client("iam")
    keys = {
        item.physical_id: iam.list_access_keys(UserName=item.physical_id)["AccessKeyMetadata"]
        for item in stack.of_type("AWS::IAM::User")
    }
    holders = [user for user, found in keys.items() if found]
    declared = stack.of_type("AWS::IAM::AccessKey")
    words = dict(
        proved="no user of the stack has an access key, and no role of it may make one",
        rival="Secrets Manager can rotate a key. Why is a role still the better answer here?",
        bullets=["CLF-C02 2.3-S1"],
        read=f"{IAM_GUIDE}/best-practices.html#bp-workloads-use-roles",
    )
    # a custom resource makes keys too, which no template lists
    makers = [way for way in stack.who_may("iam:CreateAccessKey") if way.kind == "role"]
    expect(
        not holders and not declared,
        saw=f"{holders[0] if holders else 'a user'} holds an access key that never expires",
        means="the key outlives the laptop it was copied to, and whoever finds it is that user",
        where=declared[0] if declared else None,
        **words,
    )
    expect(
        not makers,
        saw=f"role {makers[0].who if makers else ''} may make access keys, through {first_of(makers)}",
        means="what runs as it makes keys that no template lists, and that outlive the stack's next deployment",
        **words,
    )


@after(check_analysts_read_what_is_triaged)
def check_the_contractor_has_a_ceiling(stack):
    """Kai reads what is triaged and never more, whatever is attached later.

    A permissions boundary grants nothing. It is the most that any identity policy can give this person, so that the
    mistake of next month is already contained.
    """
    notes, kai = bucket(stack), stack.output("ContractorUser")
    reads = stack.may(kai, "s3:GetObject", f"{notes}/triaged/note", context=MFA)
    attempts = [
        ("s3:PutObject", f"{notes}/*"),
        ("s3:DeleteObject", f"{notes}/*"),
        ("s3:GetObject", f"{notes}/raw/*"),
        *((action, notes) for action in BUCKET_SETTINGS),
        *elsewhere(stack),
    ]
    open_doors = first_open(stack, kai, attempts, promised=is_reading_triaged, also=[ADMINISTRATOR])
    words = dict(
        proved=f"with AdministratorAccess attached by mistake, {len(attempts)} requests are still refused",
        rival="A service control policy is a ceiling too. For whom, and who can set it?",
        bullets=["CLF-C02 2.3-K3", "CLF-C02 2.3-S3"],
        read=f"{IAM_GUIDE}/access_policies_boundaries.html",
        where="ContractorUser",
    )
    expect(is_allowed(reads), saw=plainly(reads, notes), means="Kai cannot work", **words)
    expect(
        not open_doors,
        saw=f"with AdministratorAccess attached by mistake, Kai may {said(open_doors, notes)}",
        means="one slip of a colleague makes a contractor the administrator of the account",
        **words,
    )


PREFIXES = ("triaged", "raw")
SESSION = {"aws:SecureTransport": "true"}
# S3 encrypts so by default; an uploader may say it as well
UPLOAD = {**SESSION, "s3:x-amz-server-side-encryption": "AES256"}


def bucket(stack):
    """The notes bucket's ARN."""
    if stack.of_type("AWS::CloudFormation::Stack"):
        could_not_ask("nested stacks are not built offline, so nobody knows what they grant; put it all in one stack")
    name = stack.output("NotesBucket")
    return name if name.startswith("arn:") else f"arn:aws:s3:::{name}"


def the_role(stack):
    """The triage role, as the output names it."""
    name = stack.output("TriageRole")
    found = [item for item in stack.find(name) if item.type == "AWS::IAM::Role"]
    if len(found) != 1:
        could_not_ask(f"the output TriageRole says {name}, which is no role of this stack; let it name the role")
    return found[0]


def trusted_by(role):
    """Everyone the role's trust policy lets in, as it names them."""
    return [who for statement in statements(role.properties["AssumeRolePolicyDocument"]) for who in named_in(statement)]


def granted_by_the_bucket(stack):
    """Everyone the notes bucket's own policy grants something, as it names them."""
    return [
        who for document in bucket_policies(stack) for statement in statements(document) for who in named_in(statement)
    ]


def spared_by_the_bucket(stack):
    """Roles and users the bucket policy's conditions speak of; a pattern is answered by a name that fits it."""
    return [
        value.replace("*", "x")
        for document in bucket_policies(stack)
        for statement in listed(document.get("Statement"))
        for keys in statement.get("Condition", {}).values()
        for values in keys.values()
        for value in map(str, listed(values))
        if (":role/" in value or ":user/" in value) and value.startswith(f"arn:aws:iam::{stack.account}:")
    ]


def bucket_policies(stack):
    """The policy documents on the notes bucket itself."""
    name = bucket(stack).removeprefix("arn:aws:s3:::")
    policies = stack.of_type("AWS::S3::BucketPolicy")
    return [each.properties["PolicyDocument"] for each in policies if each.properties.get("Bucket") == name]


def statements(document):
    """The statements of a policy document that allow."""
    return [each for each in listed(document.get("Statement")) if each.get("Effect") == "Allow"]


def named_in(statement):
    """The principals a statement names."""
    principal = statement.get("Principal", {"NotPrincipal": "everyone but a few"})
    return [principal] if isinstance(principal, str) else [each for who in principal.values() for each in listed(who)]


def granted_besides(stack, principal, promised, *, context, also=()):
    """What a principal's policies grant beyond what was promised: (actions, resource)."""
    notes = bucket(stack)
    found = []
    for grant in stack.what_may(principal, context=context, also=also):
        for resource in grant.resources:
            # whom the role trusts is another promise
            if ":role/" in resource and not grant.by_identity:
                continue
            # what a boundary adds must hold as well, so that one place within the promise is enough
            places = (resource, *grant.within)
            beyond = [name for name in grant.names if not any(promised(name, each, notes) for each in places)]
            if beyond:
                few = beyond if len(beyond) <= 3 else grant.actions
                found.append((", ".join(few), resource))
    return found


# what tells nothing of the notes and changes nothing: who am I, where is the bucket, which buckets are there
HARMLESS = ("sts:GetCallerIdentity", "sts:GetSessionToken", "s3:GetBucketLocation", "s3:ListAllMyBuckets")


def is_reading_triaged(action, resource, notes):
    """Whether a grant is within what readers were promised."""
    # how somebody signs in is their own
    is_signing_in = "MFADevice" in action or action == "iam:ChangePassword"
    if action in HARMLESS or action.startswith(("kms:", "iam:List", "iam:Get")) or is_signing_in:
        return True
    is_reading = action.startswith(("s3:Get", "s3:List"))
    return is_reading and (resource == notes or resource.startswith(f"{notes}/triaged/"))


def is_triaging(action, resource, notes):
    """Whether a grant is within what the triage role was promised."""
    if action in HARMLESS or action.startswith(("kms:", "logs:", "xray:")):
        return True
    if action.startswith(("s3:Get", "s3:List")):
        return resource == notes or resource.startswith(f"{notes}/raw/")
    return action.startswith(("s3:Put", "s3:Abort")) and resource.startswith(f"{notes}/triaged/")


def keeps_to_its_permissions(action, resource, notes):
    """Whether an action leaves it to others who may do what."""
    # a bucket has no permissions of IAM
    return ":s3:::" in resource or not WRITES_PERMISSIONS.fullmatch(action)


WRITES_PERMISSIONS = re.compile(
    r"iam:((Put|Attach|Detach|Delete)\w*(Policy|PermissionsBoundary)|CreatePolicyVersion|SetDefaultPolicyVersion"
    r"|AddUserToGroup|RemoveUserFromGroup|UpdateAssumeRolePolicy|PassRole)"
)


def members(stack, group):
    """The names of the users in a group."""
    found = stack.client("iam").get_group(GroupName=group.rpartition("/")[2])
    return [each["UserName"] for each in found["Users"]]


def first_who_may(stack, principals, attempts, *, promised, context=MFA):
    """The first of several principals for whom a door is open, and which doors; (None, []) when all are shut."""
    for principal in principals:
        if open_doors := first_open(stack, principal, attempts, promised=promised, context=context):
            return principal, open_doors
    return None, []


def listed(value):
    """A value that may stand alone, as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def elsewhere(stack):
    """Requests that have nothing to do with the notes."""
    return [
        (action, resource.format(account=stack.account, region=stack.region))
        for action, resource in ELSEWHERE_IN_THE_ACCOUNT
    ]


def first_open(stack, principal, attempts, *, promised, context=MFA, also=()):
    """The attempts that are not refused; when all are, what is granted besides the promise."""
    tried = [
        (action, resource)
        for action, resource in attempts
        if is_open(stack.may(principal, action, resource, context=context, also=also), resource)
    ]
    return tried or granted_besides(stack, principal, promised, context=context, also=also)


def said(open_doors, notes):
    """A few of the open doors in words."""
    shown = [f"{action} on {in_bucket(resource, notes)}" for action, resource in open_doors[:3]]
    more = f" and {len(open_doors) - 3} more" if len(open_doors) > 3 else ""
    return ", ".join(shown) + more


def first_of(ways):
    """The statement that lets the first of several in."""
    return ways[0].through[0] if ways else ""


def is_allowed(decision):
    """Allowed, and not only perhaps."""
    return decision.answer == "allowed"


def is_open(decision, resource):
    """Whether a door is open, or opens under some condition; part of a wider pattern is asked for by itself."""
    if decision.answer == "depends" and resource == "*":
        return any(re.fullmatch(r"[a-zA-Z0-9]+:[\w/-]+", key) for key in decision.depends_on)
    return not is_refused(decision)


def is_refused(decision):
    """Refused, and not only perhaps."""
    return decision.answer in ("explicitly_denied", "implicitly_denied")


def plainly(decision, notes):
    """A decision's reason, with keys of the notes bucket instead of their ARNs."""
    return in_bucket(decision.because, notes)


def in_bucket(text, notes):
    """A text with keys of the notes bucket instead of their ARNs."""
    return text.replace(f"{notes}/", "").replace(notes, "the bucket")


def first(decisions, *, but):
    """The first decision that is not as it should be, or the first of all."""
    return next((each for each in decisions if not but(each)), decisions[0])


def what_mfa_proves(by_key, notes):
    """What the learner reads of the MFA promise when it is kept."""
    return {
        "proved": f"allowed with MFA, refused without it, and with an access key {plainly(by_key[0], notes)}",
        "rival": "MFA on the account's root user is another rule. Which one does the exam ask for first?",
        "read": f"{IAM_GUIDE}/id_credentials_mfa_configure-api-require.html",
        "where": "OperatorsGroup",
    }
