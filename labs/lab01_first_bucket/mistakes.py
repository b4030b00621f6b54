"""Mistakes people make with a first bucket, as edits of the worked template."""

from __future__ import annotations

from typing import Any

from preflight.checks import breaks


@breaks(
    "nobody_outside_the_account_gets_in",
    also=["nobody_opens_it_by_accident"],
    help='An Allow for "*" in a bucket policy means everyone, with or without an AWS account.',
)
def mistake_the_notes_are_published(template: dict[str, Any]) -> None:
    bucket(template)["PublicAccessBlockConfiguration"] = switches(policies=False)
    allow(template, "*", "s3:GetObject")


@breaks(
    "nobody_outside_the_account_gets_in",
    help="Block Public Access does not mind a grant to one named account; you have to.",
)
def mistake_another_account_may_read(template: dict[str, Any]) -> None:
    allow(template, {"AWS": "arn:aws:iam::444455556666:root"}, "s3:GetObject")


@breaks(
    "nobody_outside_the_account_gets_in",
    also=["nobody_opens_it_by_accident"],
    help="A condition that strangers can meet, such as https, keeps nobody out.",
)
def mistake_anyone_may_upload_over_https(template: dict[str, Any]) -> None:
    bucket(template)["PublicAccessBlockConfiguration"] = switches(policies=False)
    allow(template, "*", "s3:PutObject", {"Bool": {"aws:SecureTransport": "true"}})


@breaks(
    "nobody_opens_it_by_accident",
    help="BLOCK_ACLS is half of Block Public Access: bucket policies are the other half.",
)
def mistake_only_acls_are_blocked(template: dict[str, Any]) -> None:
    bucket(template)["PublicAccessBlockConfiguration"] = switches(policies=False)


@breaks(
    "nobody_opens_it_by_accident",
    help="With ACLs switched on again, Block Public Access has to cover them as well.",
)
def mistake_acls_are_back_and_not_blocked(template: dict[str, Any]) -> None:
    bucket(template)["PublicAccessBlockConfiguration"] = switches(acls=False)
    bucket(template)["OwnershipControls"] = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}


@breaks("only_encrypted_connections_are_answered", help="S3 answers plain http until a bucket policy denies it.")
def mistake_nothing_denies_http(template: dict[str, Any]) -> None:
    statements(template).remove(tls_deny(template))


@breaks(
    "only_encrypted_connections_are_answered",
    help="Listing is an action on the bucket itself: a Deny on its objects alone leaves the keys readable.",
)
def mistake_http_is_denied_for_objects_only(template: dict[str, Any]) -> None:
    deny = tls_deny(template)
    deny["Resource"] = deny["Resource"][1]


@breaks("only_encrypted_connections_are_answered", help="Uploads and listings travel over the same network as reads.")
def mistake_http_is_denied_for_reads_only(template: dict[str, Any]) -> None:
    tls_deny(template)["Action"] = "s3:GetObject"


@breaks(
    "only_encrypted_connections_are_answered",
    help="Inside the account IAM policies already allow; an Allow with a condition takes nothing away.",
)
def mistake_an_allow_instead_of_a_deny(template: dict[str, Any]) -> None:
    deny = tls_deny(template)
    deny["Effect"] = "Allow"
    deny["Principal"] = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    deny["Condition"] = {"Bool": {"aws:SecureTransport": "true"}}


@breaks(
    "only_encrypted_connections_are_answered",
    help="Read a Deny aloud: deny everything when the connection IS secure.",
)
def mistake_https_is_denied_instead(template: dict[str, Any]) -> None:
    tls_deny(template)["Condition"] = {"Bool": {"aws:SecureTransport": "true"}}


@breaks(
    "only_encrypted_connections_are_answered",
    help="A Deny without its condition denies everyone, you included; only the root user can then mend the policy.",
)
def mistake_everything_is_denied(template: dict[str, Any]) -> None:
    del tls_deny(template)["Condition"]


@breaks("only_encrypted_connections_are_answered", help="Two condition keys in one statement must both match.")
def mistake_http_is_denied_from_one_network_only(template: dict[str, Any]) -> None:
    tls_deny(template)["Condition"]["IpAddress"] = {"aws:SourceIp": "203.0.113.0/24"}


@breaks("every_overwrite_can_be_undone", help="Versioning is off until you switch it on.")
def mistake_no_versioning(template: dict[str, Any]) -> None:
    del bucket(template)["VersioningConfiguration"]


@breaks("every_overwrite_can_be_undone", help="Suspended keeps the old versions it has and makes no new ones.")
def mistake_versioning_is_suspended(template: dict[str, Any]) -> None:
    bucket(template)["VersioningConfiguration"]["Status"] = "Suspended"


@breaks("old_versions_leave_in_time", help="Versioning without a lifecycle rule keeps, and bills, every version.")
def mistake_old_versions_stay_for_ever(template: dict[str, Any]) -> None:
    del old_versions_rule(template)["NoncurrentVersionExpiration"]


@breaks("old_versions_leave_in_time", help="A year of old versions is a year of paying for them.")
def mistake_old_versions_stay_a_year(template: dict[str, Any]) -> None:
    old_versions_rule(template)["NoncurrentVersionExpiration"]["NoncurrentDays"] = 365


@breaks("old_versions_leave_in_time", help="It can take a month until somebody misses a note.")
def mistake_old_versions_leave_after_a_week(template: dict[str, Any]) -> None:
    old_versions_rule(template)["NoncurrentVersionExpiration"]["NoncurrentDays"] = 7


@breaks("old_versions_leave_in_time", help="The versions a rule spares stay for ever, however old they are.")
def mistake_the_newest_old_versions_are_spared(template: dict[str, Any]) -> None:
    old_versions_rule(template)["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] = 3


@breaks("old_versions_leave_in_time", help="A rule that is Disabled does nothing, and looks right in a review.")
def mistake_the_rule_is_disabled(template: dict[str, Any]) -> None:
    old_versions_rule(template)["Status"] = "Disabled"


@breaks("old_versions_leave_in_time", help="Old versions need to open at once; an archive needs a restore first.")
def mistake_old_versions_are_archived_at_once(template: dict[str, Any]) -> None:
    old_versions_rule(template)["NoncurrentVersionTransitions"] = [{"StorageClass": "GLACIER", "TransitionInDays": 1}]


@breaks(
    "cold_notes_cost_less", help="Without a transition a note costs the same on its thousandth day as on its first."
)
def mistake_nothing_moves(template: dict[str, Any]) -> None:
    rules(template).remove(cold_rule(template))


@breaks("cold_notes_cost_less", help="A year in S3 Standard is most of the bill this rule was meant to save.")
def mistake_notes_move_after_a_year(template: dict[str, Any]) -> None:
    move(template)["TransitionInDays"] = 365


@breaks(
    "cold_notes_cost_less", help="The cheapest class opens after hours; the brief asks for a note that opens at once."
)
def mistake_notes_go_to_the_deep_archive(template: dict[str, Any]) -> None:
    move(template)["StorageClass"] = "DEEP_ARCHIVE"


@breaks("cold_notes_cost_less", help="A second step, years later, counts too: a note must open at once for good.")
def mistake_notes_end_in_an_archive(template: dict[str, Any]) -> None:
    cold_rule(template)["Transitions"].append({"StorageClass": "GLACIER", "TransitionInDays": 730})


@breaks("cold_notes_cost_less", help="One Zone-IA keeps its only copy in one Availability Zone.")
def mistake_notes_live_in_one_zone(template: dict[str, Any]) -> None:
    move(template)["StorageClass"] = "ONEZONE_IA"


@breaks(
    "cold_notes_cost_less",
    help="Glacier Instant Retrieval charges a fee for each gigabyte read, and the first month's notes are read daily.",
)
def mistake_notes_move_on_their_first_day(template: dict[str, Any]) -> None:
    move(template).update(StorageClass="GLACIER_IR", TransitionInDays=0)


@breaks("cold_notes_cost_less", help="The notes live under notes/; a rule for archive/ covers none of them.")
def mistake_the_rule_covers_another_prefix(template: dict[str, Any]) -> None:
    cold_rule(template)["Prefix"] = "archive/"


@breaks(
    "cold_notes_cost_less", help="A rule filtered by a tag covers only objects that carry it; the notes carry none."
)
def mistake_the_rule_waits_for_a_tag(template: dict[str, Any]) -> None:
    cold_rule(template)["TagFilters"] = [{"Key": "temperature", "Value": "cold"}]


@breaks("cold_notes_cost_less", help="The filter is upside down: the notes are larger than 1 MB.")
def mistake_the_rule_covers_small_objects(template: dict[str, Any]) -> None:
    cold_rule(template)["ObjectSizeLessThan"] = "1000000"


@breaks(
    "no_rule_deletes_a_current_note",
    help="Expiration is about the current version; the old ones have a setting of their own.",
)
def mistake_current_notes_expire(template: dict[str, Any]) -> None:
    old_versions_rule(template)["ExpirationInDays"] = 365


@breaks("no_rule_deletes_a_current_note", help="A date in a rule holds for every note, on that day and after it.")
def mistake_current_notes_expire_on_a_date(template: dict[str, Any]) -> None:
    old_versions_rule(template)["ExpirationDate"] = "2030-01-01T00:00:00Z"


@breaks(
    "no_rule_deletes_a_current_note", help="A rule for one year's prefix deletes that year: its notes are notes too."
)
def mistake_one_years_notes_expire(template: dict[str, Any]) -> None:
    add_rule(template, Prefix="notes/2024/", ExpirationInDays=730)


@breaks("no_rule_deletes_a_current_note", help="A size filter chooses among the notes, which are 5 to 20 MB.")
def mistake_notes_of_some_sizes_expire(template: dict[str, Any]) -> None:
    add_rule(template, ObjectSizeGreaterThan="6000000", ObjectSizeLessThan="19000000", ExpirationInDays=100)


@breaks("cold_notes_cost_less", help="Rules add up: a narrower rule for one year moves that year's notes further.")
def mistake_one_years_notes_go_to_an_archive(template: dict[str, Any]) -> None:
    add_rule(template, Prefix="notes/2024/", Transitions=[{"StorageClass": "GLACIER", "TransitionInDays": 120}])


@breaks("cold_notes_cost_less", help="The project goes on: a list of years leaves out the next one.")
def mistake_the_rules_list_three_years(template: dict[str, Any]) -> None:
    moves = cold_rule(template)["Transitions"]
    rules(template).remove(cold_rule(template))
    for year in (2023, 2026, 2031):
        add_rule(template, Prefix=f"notes/{year}/", Transitions=moves)


@breaks("old_versions_leave_in_time", help="Of several rules that cover a version, the earliest deletes it.")
def mistake_one_years_old_versions_leave_early(template: dict[str, Any]) -> None:
    add_rule(template, Prefix="notes/2025/", NoncurrentVersionExpiration={"NoncurrentDays": 3})


@breaks("old_versions_leave_in_time", help="A rule for one month is a rule for its notes.")
def mistake_one_months_old_versions_leave_early(template: dict[str, Any]) -> None:
    add_rule(template, Prefix="notes/2025/12/", NoncurrentVersionExpiration={"NoncurrentDays": 3})


@breaks(
    "only_encrypted_connections_are_answered",
    help="An exception for roles whose name begins with Admin is an exception for administrators.",
)
def mistake_admin_roles_may_use_http(template: dict[str, Any]) -> None:
    tls_deny(template)["Condition"]["ArnNotLike"] = {"aws:PrincipalArn": "arn:aws:iam::*:role/Admin*"}


@breaks(
    "only_encrypted_connections_are_answered",
    help="People who sign in through IAM Identity Center work as such a role.",
)
def mistake_people_who_sign_in_may_use_http(template: dict[str, Any]) -> None:
    tls_deny(template)["Condition"]["StringNotLike"] = {
        "aws:PrincipalArn": "arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_AdministratorAccess*"
    }


@breaks(
    "only_encrypted_connections_are_answered",
    help="A Deny with NotPrincipal spares whom it names.",
)
def mistake_one_role_is_spared_by_not_principal(template: dict[str, Any]) -> None:
    deny = tls_deny(template)
    del deny["Principal"]
    account = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    add_role(template, "Admin", trusted=account)
    # AWS spares a role only where its account is named beside it
    deny["NotPrincipal"] = {"AWS": [account, {"Fn::GetAtt": ["Admin", "Arn"]}]}


@breaks(
    "only_encrypted_connections_are_answered",
    help="A key that is absent differs from every value: without the endpoint, everyone is denied.",
)
def mistake_only_one_endpoint_is_answered(template: dict[str, Any]) -> None:
    deny_over_https(template, {"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}})


@breaks(
    "only_encrypted_connections_are_answered",
    help="BoolIfExists is true where the key is absent, as with access keys: the notebook is denied.",
)
def mistake_nobody_without_mfa_is_answered(template: dict[str, Any]) -> None:
    deny_over_https(template, {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})


@breaks(
    "only_encrypted_connections_are_answered",
    help="S3 encrypts without being asked; this denies uploads that do not ask.",
)
def mistake_uploads_must_ask_for_encryption(template: dict[str, Any]) -> None:
    deny_over_https(template, {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}, "s3:PutObject")


@breaks("only_encrypted_connections_are_answered", help="People at home, and the notebook, come from elsewhere.")
def mistake_only_the_office_is_answered(template: dict[str, Any]) -> None:
    deny_over_https(template, {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}})


@breaks("nobody_outside_the_account_gets_in", help="Replication writes too, and from the other side's account.")
def mistake_another_account_may_replicate_here(template: dict[str, Any]) -> None:
    allow(template, {"AWS": "arn:aws:iam::444455556666:root"}, "s3:ReplicateObject")


@breaks("nobody_outside_the_account_gets_in", help="A copy in another account is that account's to show around.")
def mistake_notes_are_copied_to_another_account(template: dict[str, Any]) -> None:
    add_role(template, "Copier", trusted={"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"})
    to = {"Bucket": "arn:aws:s3:::vendor-copy", "Account": "444455556666"}
    bucket(template)["ReplicationConfiguration"] = {
        "Role": {"Fn::GetAtt": ["Copier", "Arn"]},
        "Rules": [{"Status": "Enabled", "Prefix": "", "Destination": to}],
    }


@breaks("nobody_outside_the_account_gets_in", help="A canonical user id is an account in another spelling.")
def mistake_a_canonical_user_may_read(template: dict[str, Any]) -> None:
    allow(
        template, {"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}, "s3:GetObject"
    )


@breaks(
    "nobody_outside_the_account_gets_in",
    help="A service works for every customer: name your account in aws:SourceAccount.",
)
def mistake_a_service_may_read_for_anybody(template: dict[str, Any]) -> None:
    allow(template, {"Service": "serverlessrepo.amazonaws.com"}, "s3:GetObject")


@breaks("nobody_outside_the_account_gets_in", help="Whoever may assume a role may do what the role may.")
def mistake_another_account_may_take_a_role(template: dict[str, Any]) -> None:
    add_role(template, "Vendor", trusted="arn:aws:iam::444455556666:root", may="s3:GetObject")


@breaks(
    "nobody_outside_the_account_gets_in",
    help="A provider such as GitHub signs in everyone who has an account there: say whom you mean, by its :sub.",
)
def mistake_whoever_a_provider_signs_in_may_read(template: dict[str, Any]) -> None:
    add_role(template, "Deployer", trusted=None, may="s3:GetObject")
    (trust,) = template["Resources"]["Deployer"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    provider = "arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/id.example.org"
    trust["Principal"] = {"Federated": {"Fn::Sub": provider}}
    trust["Action"] = "sts:AssumeRoleWithWebIdentity"


@breaks("nobody_outside_the_account_gets_in", help="An organization's accounts are other accounts.")
def mistake_every_account_of_an_organization_may_take_a_role(template: dict[str, Any]) -> None:
    add_role(template, "Shared", trusted="*", may="s3:GetObject")
    (trust,) = template["Resources"]["Shared"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    trust["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}


@breaks("nobody_outside_the_account_gets_in", help="A list of names is a listing, and notes are named by their day.")
def mistake_an_inventory_goes_to_another_account(template: dict[str, Any]) -> None:
    to = {"BucketArn": "arn:aws:s3:::vendor-lists", "BucketAccountId": "444455556666", "Format": "CSV"}
    report = {"Id": "all", "Enabled": True, "IncludedObjectVersions": "All", "ScheduleFrequency": "Daily"}
    bucket(template)["InventoryConfigurations"] = [{**report, "Destination": to}]


@breaks(
    "nobody_outside_the_account_gets_in",
    help="Origin access control lets CloudFront in, and CloudFront lets everyone in: signed URLs are another setting.",
)
def mistake_cloudfront_shows_the_notes(template: dict[str, Any]) -> None:
    resources = template["Resources"]
    control = {"Name": "notes", "OriginAccessControlOriginType": "s3", "SigningBehavior": "always"}
    control["SigningProtocol"] = "sigv4"
    resources["Signing"] = {
        "Type": "AWS::CloudFront::OriginAccessControl",
        "Properties": {"OriginAccessControlConfig": control},
    }
    name = next(each for each, its in resources.items() if its["Type"] == "AWS::S3::Bucket")
    origin = {
        "Id": "notes",
        "DomainName": {"Fn::GetAtt": [name, "RegionalDomainName"]},
        "OriginAccessControlId": {"Ref": "Signing"},
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    behavior = {
        "TargetOriginId": "notes",
        "ViewerProtocolPolicy": "https-only",
        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
    }
    resources["Shown"] = {
        "Type": "AWS::CloudFront::Distribution",
        "Properties": {"DistributionConfig": {"Enabled": True, "Origins": [origin], "DefaultCacheBehavior": behavior}},
    }
    ours = {"Fn::Sub": "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Shown}"}
    allow(
        template,
        {"Service": "cloudfront.amazonaws.com"},
        "s3:GetObject",
        {"StringEquals": {"AWS:SourceArn": ours}},
    )


def add_role(template: dict[str, Any], name: str, *, trusted: Any, may: str | None = None) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"}
    role: dict[str, Any] = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}}
    if may:
        lets = {"Effect": "Allow", "Action": may, "Resource": "*"}
        role["Policies"] = [{"PolicyName": "may", "PolicyDocument": {"Version": "2012-10-17", "Statement": [lets]}}]
    template["Resources"][name] = {"Type": "AWS::IAM::Role", "Properties": role}


def add_rule(template: dict[str, Any], **rule: Any) -> None:
    rules(template).append({"Status": "Enabled", **rule})


def deny_over_https(template: dict[str, Any], condition: dict[str, Any], action: str = "s3:*") -> None:
    deny = tls_deny(template)
    statements(template).append({**deny, "Action": action, "Condition": condition})


def bucket(template: dict[str, Any]) -> dict[str, Any]:
    return properties_of("AWS::S3::Bucket", template)


def statements(template: dict[str, Any]) -> list[dict[str, Any]]:
    return properties_of("AWS::S3::BucketPolicy", template)["PolicyDocument"]["Statement"]


def tls_deny(template: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in statements(template) if each["Effect"] == "Deny")


def rules(template: dict[str, Any]) -> list[dict[str, Any]]:
    return bucket(template)["LifecycleConfiguration"]["Rules"]


def old_versions_rule(template: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in rules(template) if "NoncurrentVersionExpiration" in each)


def cold_rule(template: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in rules(template) if "Transitions" in each)


def move(template: dict[str, Any]) -> dict[str, Any]:
    return cold_rule(template)["Transitions"][0]


def allow(template: dict[str, Any], principal: Any, action: str, condition: dict[str, Any] | None = None) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": action,
        "Resource": tls_deny(template)["Resource"][1],
    }
    statements(template).append(statement | ({"Condition": condition} if condition else {}))


def switches(*, acls: bool = True, policies: bool = True) -> dict[str, bool]:
    return {
        "BlockPublicAcls": acls,
        "IgnorePublicAcls": acls,
        "BlockPublicPolicy": policies,
        "RestrictPublicBuckets": policies,
    }


def properties_of(type: str, template: dict[str, Any]) -> dict[str, Any]:
    return next(each["Properties"] for each in template["Resources"].values() if each["Type"] == type)
