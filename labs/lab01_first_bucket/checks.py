"""What the notes bucket promises to the clinic."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from preflight.checks import S3_GUIDE, Stack, attempt, could_not_ask, expect


def check_nobody_outside_the_account_gets_in(stack: Stack) -> None:
    """Nobody outside your account reads, writes, deletes or lists the notes.

    A bucket starts closed. Every leak in the news began with somebody opening it: a bucket policy with "*" in it, a
    grant to an account nobody knows any more. AWS keeps its half of the shared responsibility model (disks, buildings,
    S3 itself); who may read is your half.
    """
    notes = notes_bucket(stack)
    open_doors = [
        *let_in(stack, notes),
        *public_grants(stack, notes),
        *roles_for_outsiders(stack, notes),
        *served_to_anyone(stack, notes),
        *copies_elsewhere(stack, notes),
    ]

    expect(
        not open_doors,
        saw="".join(open_doors[:1]),
        means="notes leave the clinic, and to S3 every such request is a permitted one: nothing raises an alarm",
        proved="bucket policy, bucket ACL and role trust refuse anonymous callers and other accounts every read, "
        "write, delete and listing, and nothing sends the notes on",
        rival="An IAM policy on each user opens and closes too. When is a bucket policy the better place?",
        bullets=["CLF-C02 2.1-S2", "SAA-C03 1.3-S6", "SAA-C03 1.1-S5"],
        read=f"{S3_GUIDE}/access-policy-language-overview.html",
        where=policy_of(stack, notes) or item_of(stack, notes),
    )


def check_nobody_opens_it_by_accident(stack: Stack) -> None:
    """A public policy or ACL, added later, does not open the bucket.

    Today's policy may be fine; next month's is written in a hurry. Block Public Access is the second lock: it refuses
    or ignores what would make the bucket public, whoever writes it. New buckets have it since April 2023, until
    somebody turns a part of it off.
    """
    notes = notes_bucket(stack)
    s3 = stack.client("s3")
    block = attempt(s3.get_public_access_block, Bucket=notes)
    on = block.value["PublicAccessBlockConfiguration"] if block.ok else {}
    policies_held = bool(on.get("BlockPublicPolicy") or on.get("RestrictPublicBuckets"))
    acls_held = bool(on.get("BlockPublicAcls") or on.get("IgnorePublicAcls")) or acls_disabled(stack, notes)

    expect(
        policies_held and acls_held,
        saw=f"a public {'ACL' if policies_held else 'bucket policy'} would open {notes}",
        means="one line from a forum answer makes every note public, and nothing stands in its way",
        proved="a public policy or a public ACL is refused, or has no effect",
        rival="An IAM policy can forbid s3:PutBucketPolicy to people. Whom does that leave out?",
        bullets=["CLF-C02 2.1-S2", "CLF-C02 2.2-K2", "SAA-C03 1.3-K1"],
        read=f"{S3_GUIDE}/access-control-block-public-access.html",
        where=item_of(stack, notes),
    )


def check_only_encrypted_connections_are_answered(stack: Stack) -> None:
    """Requests over plain http are refused, whoever sends them.

    S3 answers http and https alike until a policy says otherwise, and encryption at rest does nothing for a note on
    its way through a hotel's network. Inside the account people come in by their own IAM policies, so only an explicit
    deny reaches them all. At rest and in transit are two questions, on the exam as well.
    """
    notes = notes_bucket(stack)
    locked_out = [
        verb
        for verb, action, resource in uses_of(notes)
        if answer_to(stack, administrator(stack), action, resource, a_plain_request(stack)) != "allowed"
    ]
    expect(
        not locked_out,
        saw=f"over https, a plain request of the account's administrator to {listed(locked_out)} may be denied too",
        means="a deny is wider than plain http: people who worked with the notes yesterday cannot any more",
        proved="an administrator's plain requests over https are answered as before",
        bullets=["CLF-C02 2.2-S4", "SAA-C03 1.3-S3"],
        read=f"{S3_GUIDE}/security-best-practices.html",
        where=policy_of(stack, notes) or item_of(stack, notes),
    )

    answered = [
        verb
        for verb, action, resource in uses_of(notes)
        if any(
            answer_to(stack, person, action, resource, over_http()) != "explicitly_denied" for person in insiders(stack)
        )
    ]
    expect(
        not answered,
        saw=f"over plain http, people of the account may still {listed(answered)}",
        means="whoever sits on the network between a laptop and S3 reads along",
        proved="every read, write, delete and listing over plain http meets an explicit deny",
        rival="Default encryption protects at rest only. When do you need both?",
        bullets=["CLF-C02 2.2-S4", "SAA-C03 1.3-S3"],
        read=f"{S3_GUIDE}/security-best-practices.html",
        where=policy_of(stack, notes) or item_of(stack, notes),
    )


def check_every_overwrite_can_be_undone(stack: Stack) -> None:
    """Every overwrite and every delete can be undone.

    Versioning is the exam's first answer to "protect against accidental overwrites and deletions", and the door to
    replication and Object Lock: both refuse to start without it.
    """
    notes = notes_bucket(stack)
    s3 = stack.client("s3")
    key = "notes/preflight/undo.jsonl"
    s3.put_object(Bucket=notes, Key=key, Body=b"first")
    s3.put_object(Bucket=notes, Key=key, Body=b"second")
    s3.delete_object(Bucket=notes, Key=key)
    kept = [
        s3.get_object(Bucket=notes, Key=key, VersionId=version["VersionId"])["Body"].read()
        for version in s3.list_object_versions(Bucket=notes, Prefix=key).get("Versions", [])
    ]

    expect(
        b"first" in kept and b"second" in kept,
        saw=f"after two writes and a delete, {notes} keeps {len(kept)} of 2 versions",
        means="one careless upload or delete destroys the only copy",
        proved="after two writes and a delete, both versions were still readable",
        rival="S3 replication copies mistakes too. When would you still want it?",
        bullets=["CLF-C02 3.6-S1", "SAA-C03 1.3-K2", "SAA-C03 1.3-S5"],
        read=f"{S3_GUIDE}/Versioning.html",
        where=item_of(stack, notes),
    )


def check_old_versions_leave_in_time(stack: Stack) -> None:
    """An old version opens at once for 30 days, and is gone for good by day 60.

    Without a rule, versioning keeps everything for ever, and every copy is billed in full. With a careless one the
    undo is gone before anybody missed the note. A lifecycle rule counts an old version's days from the moment it was
    replaced.
    """
    notes = notes_bucket(stack)
    rules = lifecycle_of(stack, notes)
    faults = [fault for note in samples(rules) if (fault := old_versions_fault([r for r in rules if r.covers(note)]))]
    saw, means = faults[0] if faults else ("", "")

    expect(
        not faults,
        saw=saw,
        means=means,
        proved="old versions of every note open at once for at least 30 days and are deleted by day 60",
        rival="AWS Backup keeps copies for a set time as well. What does it add that a lifecycle rule lacks?",
        bullets=["CLF-C02 3.6-S6", "SAA-C03 1.3-K3", "SAA-C03 4.1-S9"],
        read=f"{S3_GUIDE}/intro-lifecycle-rules.html",
        where=item_of(stack, notes),
    )


def check_cold_notes_cost_less(stack: Stack) -> None:
    """By day 90 a note is in a cheaper class that still opens at once and spans Availability Zones.

    The storage classes are one trade: a lower price per gigabyte against a retrieval fee, a minimum stay, a wait, or
    a single Availability Zone. The exam describes the reads and asks for the class; the cheapest one on the list is
    the usual bait.
    """
    notes = notes_bucket(stack)
    rules = lifecycle_of(stack, notes)
    slow = archive_tiers(stack, notes)
    faults = [
        fault
        for note in samples(rules, slow)
        if (fault := cold_fault([r for r in rules if r.covers(note)], note.key.startswith(tuple(slow))))
    ]
    saw, means = faults[0] if faults else ("", "")

    expect(
        not faults,
        saw=saw,
        means=means,
        proved="every note is in a cheaper class by day 90, opens in milliseconds and survives the loss of one zone",
        rival="Standard-IA, Intelligent-Tiering and Glacier Instant Retrieval would all do. What decides between them?",
        bullets=["CLF-C02 3.6-S2", "CLF-C02 3.6-S6", "SAA-C03 4.1-S5"],
        read=f"{S3_GUIDE}/storage-class-intro.html",
        where=item_of(stack, notes),
    )


def check_no_rule_deletes_a_current_note(stack: Stack) -> None:
    """No rule deletes a note that is still current.

    In a lifecycle rule, "expiration" means the current version and "noncurrent version expiration" the old ones. The
    two sit side by side, and mixing them up empties a bucket on schedule. On a versioned bucket the first one hides
    the note behind a delete marker; the second one then removes what the marker hid.
    """
    notes = notes_bucket(stack)
    rules = lifecycle_of(stack, notes)
    deleting = [r for r in rules if r.expires_current and any(r.covers(note) for note in samples(rules))]

    expect(
        not deleting,
        saw=f"the lifecycle rule {deleting[0].name if deleting else ''} deletes current notes as they age",
        means="the triage model loses its history on a schedule, and nobody gave the order",
        proved="no lifecycle rule touches the current version of a note except to move it",
        rival="Object Lock stops people as well as rules. Which requirement asks for it?",
        bullets=["CLF-C02 3.6-S6", "SAA-C03 1.3-K3", "SAA-C03 1.3-S6"],
        read=f"{S3_GUIDE}/lifecycle-expire-general-considerations.html",
        where=item_of(stack, notes),
    )


class Note(NamedTuple):
    """An object the brief describes: its key, its size in bytes; it carries no tags."""

    key: str
    size: int


SMALLEST, LARGEST = 5_000_000, 20_000_000
LAST_YEAR = 2060

OPENS_AT_ONCE_IN_MANY_ZONES = {"INTELLIGENT_TIERING", "STANDARD_IA", "GLACIER_IR"}
CHARGES_FOR_READS = {"STANDARD_IA", "GLACIER_IR"}
OPENS_AFTER_A_RESTORE = {"GLACIER", "DEEP_ARCHIVE"}
NEVER = 10**6


class Rule(NamedTuple):
    """An enabled lifecycle rule; days count from creation for current notes, from replacement for old versions."""

    name: str
    prefix: str
    larger_than: int
    smaller_than: int
    tagged: bool
    expires_current: bool
    old_versions_stay: int
    newer_ones_spared: int
    moves: tuple[tuple[int, str], ...]
    old_moves: tuple[tuple[int, str], ...]

    def covers(self, note: Note) -> bool:
        return not self.tagged and note.key.startswith(self.prefix) and self.larger_than < note.size < self.smaller_than


def samples(rules: list[Rule], more_prefixes: Sequence[str] = ()) -> list[Note]:
    """Notes that differ in which rules cover them: a day for each set of prefixes, sizes around each bound."""
    prefixes = {rule.prefix for rule in rules} | set(more_prefixes)
    days = {frozenset(prefix for prefix in prefixes if key.startswith(prefix)): key for key in every_day()}
    bounds = {bound for rule in rules for bound in (rule.larger_than, rule.smaller_than)}
    around = {size for bound in bounds for size in (bound - 1, bound, bound + 1) if SMALLEST <= size <= LARGEST}
    return [Note(key, size) for key in sorted(days.values()) for size in sorted({SMALLEST, LARGEST} | around)]


def every_day() -> Iterator[str]:
    """The key of each day's note, from the project's first year on."""
    day = date(2023, 1, 1)
    while day.year <= LAST_YEAR:
        yield f"notes/{day:%Y/%m/%d}.jsonl"
        day += timedelta(days=1)


def old_versions_fault(rules: list[Rule]) -> tuple[str, str] | None:
    """What is not yet right for the old versions of a note these rules cover, and what it means."""
    earliest = min((rule.old_versions_stay for rule in rules), default=NEVER)
    # a rule that spares the newest old versions never removes those, so it promises no last day
    latest = min((rule.old_versions_stay for rule in rules if not rule.newer_ones_spared), default=NEVER)
    slow = [day for rule in rules for day, name in rule.old_moves if name in OPENS_AFTER_A_RESTORE and day < 30]
    for_ever = "every upload over an old name adds a file to the bill, and none is ever taken off it"
    if earliest < 30:
        return (
            f"an old version is deleted as early as day {earliest} after it was replaced",
            "by the time somebody misses the note, the undo may be gone",
        )
    if slow:
        return (
            f"on day {slow[0]} an old version moves to an archive class, and needs a restore before it opens",
            "the undo is there, and hours away",
        )
    if earliest == NEVER:
        return "no lifecycle rule deletes the notes' old versions", for_ever
    if latest == NEVER:
        return "the rule spares the newest of the old versions, and no other rule deletes those", for_ever
    if latest > 60:
        return f"old versions stay {latest} days", "you pay for copies nobody may need any more"
    return None


def cold_fault(rules: list[Rule], archive_tiers_on: bool) -> tuple[str, str] | None:
    """What is not yet right for a note these rules cover, as it grows old, and what it means."""
    hours = "in the middle of a consultation somebody waits for hours"
    for day, name in sorted(move for rule in rules for move in rule.moves):
        if name in OPENS_AFTER_A_RESTORE:
            return f"on day {day} a note moves to {name}, which needs a restore before it opens", hours
        if name == "INTELLIGENT_TIERING" and archive_tiers_on:
            return "Intelligent-Tiering's archive tiers are on, and need a restore before a note opens", hours
        if name == "ONEZONE_IA":
            return (
                f"on day {day} a note moves to ONEZONE_IA, which keeps its only copy in one Availability Zone",
                "the zone's bad day can be the note's last",
            )
        if name in CHARGES_FOR_READS and day < 30:
            return (
                f"on day {day} a note moves to {name}, which charges for what is read from it",
                "the month in which notes are read daily is the month in which each gigabyte read costs",
            )
    cold = min((day for rule in rules for day, name in rule.moves if name in OPENS_AT_ONCE_IN_MANY_ZONES), default=None)
    dear = "notes nobody opens any more cost as much to keep as today's"
    if cold is None:
        return "no lifecycle rule moves the notes to a cheaper class", dear
    if cold == NEVER:
        return "no note moves before a date that lies ahead", dear
    if cold > 90:
        return f"notes stay in the most expensive class until day {cold}", dear
    return None


def notes_bucket(stack: Stack) -> str:
    """The bucket's name, also where the output holds its ARN."""
    name = stack.output("NotesBucket").removeprefix("arn:aws:s3:::")
    if stack.of_type("AWS::CloudFormation::Stack") and not item_of(stack, name):
        could_not_ask("nested stacks are not built offline; put the bucket into the stack itself, then ./lab check 1")
    return name


def uses_of(notes: str) -> list[tuple[str, str, str]]:
    """What people do with the notes, in words, as an action, on which resource; the star stands for every note."""
    bucket, every_note = f"arn:aws:s3:::{notes}", f"arn:aws:s3:::{notes}/notes/*"
    return [
        ("read notes", "s3:GetObject", every_note),
        ("read old versions", "s3:GetObjectVersion", every_note),
        ("write notes", "s3:PutObject", every_note),
        ("delete notes", "s3:DeleteObject", every_note),
        ("list the notes", "s3:ListBucket", bucket),
        ("list old versions", "s3:ListBucketVersions", bucket),
    ]


def more_uses_of(notes: str) -> list[tuple[str, str, str]]:
    """Other ways to the same ends, which only strangers are asked about."""
    every_note = f"arn:aws:s3:::{notes}/notes/*"
    return [
        ("write notes as replicas", "s3:ReplicateObject", every_note),
        ("delete notes as replicas", "s3:ReplicateDelete", every_note),
        ("delete old versions", "s3:DeleteObjectVersion", every_note),
        ("give others access to notes", "s3:PutObjectAcl", every_note),
    ]


def open_to(stack: Stack, who: str, principal: str, notes: str, context: Mapping[str, str] | None = None) -> str:
    """What an outsider may do with the notes, as a sentence; "depends" counts, for somebody meets the condition."""
    answers = {
        verb: stack.may(principal, action, resource, context={**over_https(), **(context or {})}).answer
        for verb, action, resource in uses_of(notes) + more_uses_of(notes)
    }
    surely = [verb for verb, answer in answers.items() if answer == "allowed"]
    perhaps = [verb for verb, answer in answers.items() if answer == "depends"]
    if surely:
        return f"{who} may {listed(surely)}"
    return f"under a condition of the policy, {who} may {listed(perhaps)}" if perhaps else ""


def over_https() -> dict[str, str]:
    return {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}


def a_plain_request(stack: Stack) -> dict[str, Any]:
    """A request over https from a laptop: no VPC endpoint, no MFA, no header that S3 does not need."""
    # the organization a policy names is taken for the account's own: the brief tells of no other
    organization = re.search(r"\bo-[a-z0-9]{10,32}\b", json.dumps(policies_of(stack)))
    return {
        **over_https(),
        **dict.fromkeys(KEYS_A_PLAIN_REQUEST_LACKS),
        "aws:SourceIp": "198.51.100.7",
        "aws:UserAgent": "aws-cli/2.31",
        "aws:RequestedRegion": stack.region,
        "aws:ViaAWSService": "false",
        "aws:PrincipalOrgID": organization[0] if organization else None,
        "s3:authType": "REST-HEADER",
        "s3:signatureversion": "AWS4-HMAC-SHA256",
        "s3:signatureAge": "1000",
    }


KEYS_A_PLAIN_REQUEST_LACKS = (
    *("aws:SourceVpc", "aws:SourceVpce", "aws:VpcSourceIp", "aws:Referer", "aws:CalledVia", "aws:TokenIssueTime"),
    *("aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:SourceIdentity"),
    *("s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:x-amz-acl"),
    *("s3:x-amz-server-side-encryption-customer-algorithm", "s3:x-amz-storage-class", "s3:x-amz-copy-source"),
    *("s3:x-amz-metadata-directive", "s3:x-amz-website-redirect-location", "s3:x-amz-object-ownership"),
    *("s3:x-amz-grant-read", "s3:x-amz-grant-write", "s3:x-amz-grant-full-control"),
    *("s3:x-amz-grant-read-acp", "s3:x-amz-grant-write-acp"),
    *("s3:DataAccessPointAccount", "s3:DataAccessPointArn", "s3:AccessPointNetworkOrigin"),
    *("s3:object-lock-mode", "s3:object-lock-legal-hold", "s3:if-match", "s3:if-none-match"),
)


def over_http() -> dict[str, str]:
    # AWS says a deny on s3:TlsVersion below 1.2 enforces https too (repost.aws/knowledge-center/s3-enforce-modern-tls,
    # checked 2026-11-22), so a request without TLS counts as below every version
    return {"aws:SecureTransport": "false", "s3:TlsVersion": "0"}


def answer_to(stack: Stack, person: str, action: str, resource: str, context: dict[str, Any]) -> str:
    """What somebody of this account is answered whose own IAM policies allow everything."""
    return str(stack.may(person, action, resource, context=context, also=[EVERYTHING]).answer)


EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def administrator(stack: Stack) -> str:
    return f"arn:aws:iam::{stack.account}:user/administrator"


def insiders(stack: Stack) -> list[str]:
    """People of the account a deny has to reach, those included for whom a bucket policy makes an exception."""
    named = {person for pattern in principals_named(stack) if (person := person_like(pattern, stack.account))}
    return [administrator(stack), f"arn:aws:iam::{stack.account}:root", *sorted(named)]


def principals_named(stack: Stack) -> Iterator[str]:
    """Every ARN, or pattern of one, by which the stack's bucket policies tell people apart."""
    for statement in statements_of(stack):
        for element in ("Principal", "NotPrincipal"):
            yield from names_in(statement.get(element), "AWS")
        for keys in as_mapping(statement.get("Condition")).values():
            for key, values in as_mapping(keys).items():
                if str(key).lower() == "aws:principalarn":
                    yield from map(str, as_list(values))


def person_like(pattern: str, account: str) -> str | None:
    """Somebody of this account whom the pattern means, its stars and question marks filled in; None for nobody."""
    parts = pattern.split(":", 5)
    if len(parts) == 6 and parts[4].isdigit() and parts[4] != account:
        return None
    kind, _, name = parts[-1].replace("*", "legacy").replace("?", "x").rpartition(":")[2].partition("/")
    if kind == "assumed-role":
        kind, name = "role", name.partition("/")[0]
    if kind not in ("role", "user"):
        kind, name = "role", f"{kind}/{name}" if name else kind
    return f"arn:aws:iam::{account}:{kind}/{name}" if name != "root" and not name.isdigit() else None


STRANGER = "210987654321"


def let_in(stack: Stack, notes: str) -> list[str]:
    """Who outside the account may do what with the notes, a sentence each; "depends" counts, for somebody meets it.

    Services are asked as if they worked for a stranger's account.
    """
    elsewhere = {"aws:SourceAccount": STRANGER, "aws:SourceArn": f"arn:aws:service:{stack.region}:{STRANGER}:thing"}
    found: dict[str, tuple[list[str], list[str]]] = {}
    for verb, action, resource in uses_of(notes) + more_uses_of(notes):
        ways = stack.who_may(action, resource, context=over_https())
        for way in ways:
            if is_outside(stack, way):
                found.setdefault(way.who, ([], []))[way.answer == "depends"].append(verb)
        if any(way.kind == "service" for way in ways):
            for way in stack.who_may(action, resource, context={**over_https(), **elsewhere}):
                if way.kind == "service":
                    who = f"{way.who}, working for any AWS account,"
                    found.setdefault(who, ([], []))[way.answer == "depends"].append(verb)
    return [
        f"{who} may {listed(surely)}" if surely else f"under a condition of the policy, {who} may {listed(perhaps)}"
        for who, (surely, perhaps) in found.items()
    ]


def is_outside(stack: Stack, way: Any) -> bool:
    """Whether a way in is one for other accounts, for everyone, or for a provider's people."""
    if way.kind == "account":
        return way.who != stack.account and f":{stack.account}:" not in way.who
    return way.kind in ("anyone", "other accounts", "federated")


def roles_for_outsiders(stack: Stack, notes: str) -> list[str]:
    """Roles of the stack that can use the notes and that somebody outside may take."""
    found = []
    for role in stack.of_type("AWS::IAM::Role"):
        takers = [
            way.who
            for action in ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML")
            for way in stack.who_may(action, role.arn)
            # a condition on whom a provider signs in says that they are the clinic's own
            if is_outside(stack, way) and not (way.kind == "federated" and way.answer == "depends")
        ]
        who = f"{min(takers)}, as the role {role.logical_id}," if takers else ""
        if who and (said := open_to(stack, who, role.logical_id, notes)):
            found.append(said)
    return found


def served_to_anyone(stack: Stack, notes: str) -> list[str]:
    """CloudFront distributions of the stack that answer a visitor with a note."""
    distributions = stack.of_type("AWS::CloudFront::Distribution")
    if not distributions:
        return []
    key, words = "notes/preflight/door.jsonl", "behind this door"
    stack.client("s3").put_object(Bucket=notes, Key=key, Body=words.encode())
    return [
        f"the CloudFront distribution {each.logical_id} shows a note to whoever asks for it"
        for each in distributions
        # an origin's path may be the folder
        for path in (key, key.removeprefix("notes/"))
        if words in stack.http("GET", f"https://{each.attributes['DomainName']}/{path}").text
    ]


def copies_elsewhere(stack: Stack, notes: str) -> list[str]:
    """Other accounts that are sent a copy of the notes, or a list of them."""
    item = item_of(stack, notes)
    reports = item.properties.get("InventoryConfigurations") if item else None
    readers = {
        str(as_mapping(each.get("Destination")).get("BucketAccountId", stack.account)) for each in as_list(reports)
    }
    rules = as_mapping(item.properties.get("ReplicationConfiguration")).get("Rules") if item else None
    owners = {str(as_mapping(each.get("Destination")).get("Account", stack.account)) for each in enabled(rules)}
    return [
        *(f"replication copies objects to the account {owner}" for owner in sorted(owners - {stack.account})),
        *(f"an inventory report lists the notes to the account {each}" for each in sorted(readers - {stack.account})),
    ]


def enabled(rules: Any) -> list[Any]:
    return [each for each in as_list(rules) if each.get("Status") == "Enabled"]


def public_grants(stack: Stack, notes: str) -> list[str]:
    """What the bucket's ACL gives to everyone, where ACLs count."""
    s3 = stack.client("s3")
    block = attempt(s3.get_public_access_block, Bucket=notes)
    ignored = block.ok and block.value["PublicAccessBlockConfiguration"].get("IgnorePublicAcls")
    if ignored or acls_disabled(stack, notes):
        return []
    whom = {"AllUsers": "everyone", "AuthenticatedUsers": "everyone with an AWS account"}
    grants = s3.get_bucket_acl(Bucket=notes)["Grants"]
    return [
        f"an ACL gives {grant['Permission']} on the bucket to {whom[grant['Grantee']['URI'].rpartition('/')[2]]}"
        for grant in grants
        if grant["Grantee"].get("URI", "").endswith(("/AllUsers", "/AuthenticatedUsers"))
    ]


def acls_disabled(stack: Stack, notes: str) -> bool:
    """Whether ACLs have no effect at all, which is S3's default for new buckets since April 2023."""
    answer = attempt(stack.client("s3").get_bucket_ownership_controls, Bucket=notes)
    rules = answer.value["OwnershipControls"]["Rules"] if answer.ok else []
    return any(rule["ObjectOwnership"] == "BucketOwnerEnforced" for rule in rules)


def lifecycle_of(stack: Stack, notes: str) -> list[Rule]:
    """The bucket's enabled lifecycle rules, as S3 tells them; as declared where the emulator forgets a part."""
    item = item_of(stack, notes)
    if item and not stack.emulated(item, "LifecycleConfiguration"):
        rules = item.properties["LifecycleConfiguration"].get("Rules", [])
        return [declared_rule(rule) for rule in rules if rule["Status"] == "Enabled"]
    answer = attempt(stack.client("s3").get_bucket_lifecycle_configuration, Bucket=notes)
    if answer.ok:
        return [told_rule(rule) for rule in answer.value["Rules"] if rule["Status"] == "Enabled"]
    if answer.code == "NoSuchLifecycleConfiguration":
        return []
    could_not_ask(f"S3 does not tell the lifecycle of {notes}: {answer.message}")


def told_rule(rule: Mapping[str, Any]) -> Rule:
    """A rule in the words of S3's API."""
    within = {**rule.get("Filter", {}), **rule.get("Filter", {}).get("And", {})}
    expiration = rule.get("Expiration", {})
    old = rule.get("NoncurrentVersionExpiration", {})
    return Rule(
        name=rule.get("ID", "without a name"),
        prefix=within.get("Prefix") or rule.get("Prefix") or "",
        larger_than=int(within.get("ObjectSizeGreaterThan", -1)),
        smaller_than=int(within.get("ObjectSizeLessThan", 10**15)),
        tagged=bool(within.get("Tag") or within.get("Tags")),
        expires_current="Days" in expiration or "Date" in expiration,
        old_versions_stay=int(old.get("NoncurrentDays", NEVER)),
        newer_ones_spared=int(old.get("NewerNoncurrentVersions", 0)),
        moves=tuple((age(move, "Days", "Date"), move["StorageClass"]) for move in rule.get("Transitions", [])),
        old_moves=tuple(
            (int(move.get("NoncurrentDays", 0)), move["StorageClass"])
            for move in rule.get("NoncurrentVersionTransitions", [])
        ),
    )


def declared_rule(rule: Mapping[str, Any]) -> Rule:
    """A rule in the words of CloudFormation, its older single-valued forms included."""
    old = rule.get("NoncurrentVersionExpiration", {})
    moves = as_list(rule.get("Transitions")) + as_list(rule.get("Transition"))
    old_moves = as_list(rule.get("NoncurrentVersionTransitions")) + as_list(rule.get("NoncurrentVersionTransition"))
    return Rule(
        name=rule.get("Id", "without a name"),
        prefix=rule.get("Prefix", ""),
        larger_than=int(rule.get("ObjectSizeGreaterThan", -1)),
        smaller_than=int(rule.get("ObjectSizeLessThan", 10**15)),
        tagged=bool(rule.get("TagFilters")),
        expires_current="ExpirationInDays" in rule or "ExpirationDate" in rule,
        old_versions_stay=int(old.get("NoncurrentDays", rule.get("NoncurrentVersionExpirationInDays", NEVER))),
        newer_ones_spared=int(old.get("NewerNoncurrentVersions", 0)),
        moves=tuple((age(move, "TransitionInDays", "TransitionDate"), move["StorageClass"]) for move in moves),
        old_moves=tuple((int(move.get("TransitionInDays", 0)), move["StorageClass"]) for move in old_moves),
    )


def age(move: Mapping[str, Any], days: str, on: str) -> int:
    """The age in days at which a note moves; a date already past moves every note at once, a later one none yet."""
    if days in move:
        return int(move[days])
    due = move[on] if isinstance(move[on], datetime) else datetime.fromisoformat(str(move[on]))
    return 0 if due.replace(tzinfo=due.tzinfo or UTC) <= datetime.now(UTC) else NEVER


def archive_tiers(stack: Stack, notes: str) -> list[str]:
    """The prefixes for which Intelligent-Tiering's slow, opt-in tiers are on; tagged objects are no notes."""
    item = item_of(stack, notes)
    configured = enabled(item.properties.get("IntelligentTieringConfigurations")) if item else []
    return [str(each.get("Prefix", "")) for each in configured if not each.get("TagFilters")]


def item_of(stack: Stack, notes: str) -> Any:
    """The bucket in the design."""
    return next((item for item in stack.of_type("AWS::S3::Bucket") if item.physical_id == notes), None)


def policy_of(stack: Stack, notes: str) -> Any:
    """The bucket's policy in the design."""
    policies = stack.of_type("AWS::S3::BucketPolicy")
    return next((item for item in policies if item.properties.get("Bucket") == notes), None)


def policies_of(stack: Stack, notes: str | None = None) -> list[Any]:
    """The bucket policies' documents, those of one bucket or of the whole stack."""
    policies = stack.of_type("AWS::S3::BucketPolicy")
    return [each.properties["PolicyDocument"] for each in policies if notes in (None, each.properties.get("Bucket"))]


def statements_of(stack: Stack, notes: str | None = None) -> list[Mapping[str, Any]]:
    return [each for policy in policies_of(stack, notes) for each in as_list(as_mapping(policy).get("Statement"))]


def names_in(principal: Any, kind: str) -> list[str]:
    """The principals of one kind a statement's Principal names; a bare star stands for everyone."""
    if isinstance(principal, Mapping):
        return [str(name) for name in as_list(principal.get(kind))]
    return ["*"] if principal == "*" and kind == "AWS" else []


def as_mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def listed(things: list[str]) -> str:
    """Two of them in full, and how many more."""
    more = f" and {len(things) - 2} more" if len(things) > 2 else ""
    return ", ".join(things[:2]) + more
