"""What the triage service's two stores promise to the clinic."""

from __future__ import annotations

import ipaddress
import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from preflight.checks import VPC_GUIDE, Attempt, Stack, after, allowed, attempt, could_not_ask, expect


def check_the_app_finds_a_session_by_its_id(stack: Stack) -> None:
    """The application keeps sessions, and finds each by its id.

    A key-value store answers one question very fast: what is under this key? So the question comes first and the key
    is made from it. DynamoDB finds an item by its whole primary key; everything else is an index, or a walk through
    the table.
    """
    table = sessions(stack)
    words = dict(
        proved="two sessions were written, read by session_id, changed and deleted with the application's permissions",
        rival="A relational table with an index on session_id answers too. What does it cost on a night without users?",
        bullets=["CLF-C02 3.4-S3", "SAA-C03 3.3-S4"],
        read=f"{DYNAMODB_GUIDE}/HowItWorks.CoreComponents.html",
        where="SessionsTable",
    )
    first, other = session("one"), session("two", started="2026-11-02T08:00:00Z")
    for kept in (first, other):
        put = as_the_app(stack, "put_item", table, Item=kept)
        expect(
            put.ok,
            saw=f"writing a session as the application: {said(put)}",
            means="nobody can sign in",
            **words,
        )

    found = as_the_app(stack, "get_item", table, Key=key_of(first), ConsistentRead=True)
    item = (found.value or {}).get("Item", {})
    expect(
        found.ok and item == first,
        saw=f"asked for session_id alone: {said(found) if not found.ok else 'another session came back'}",
        means="every click of every user needs more than the cookie holds, or finds nothing",
        **words,
    )

    changed = as_the_app(
        stack,
        "update_item",
        table,
        Key=key_of(first),
        UpdateExpression="SET expires_at = :later",
        ExpressionAttributeValues={":later": {"N": str(in_days(9))}},
    )
    expect(
        changed.ok,
        saw=f"changing when a session expires: {said(changed)}",
        means="users are signed out in the middle of a note",
        **words,
    )
    gone = as_the_app(stack, "delete_item", table, Key=key_of(other))
    left = as_the_app(stack, "get_item", table, Key=key_of(other), ConsistentRead=True)
    expect(
        gone.ok and "Item" not in (left.value or {}),
        saw=f"deleting a session: {said(gone) if not gone.ok else 'it is still there'}",
        means="signing out does nothing, and a stolen cookie works on",
        **words,
    )

    role, tables = app_role(stack), f"arn:aws:dynamodb:{stack.region}:{stack.account}:table"
    beyond = [
        *(("the sessions table itself", action, f"{tables}/{table}") for action in TABLE_SETTINGS),
        *(("a table of somebody else", action, f"{tables}/payroll") for action in ("GetItem", "PutItem", "Query")),
        ("a table of somebody else", "Query", f"{tables}/payroll/index/by_name"),
    ]
    wide = [(what, each) for what, each, arn in beyond if allowed(stack.may(role, f"dynamodb:{each}", arn))]
    what, action = wide[0] if wide else ("", "")
    expect(
        not wide,
        saw=f"the application may dynamodb:{action} on {what}",
        means="whoever takes over the application does more harm than any user could",
        bullets=["CLF-C02 2.3-K3", "SAA-C03 1.1-K4"],
        proved="the application may not change the table, nor touch another",
        read=f"{DYNAMODB_GUIDE}/iam-policy-specific-table-indexes.html",
        where="AppRole",
    )


@after(check_the_app_finds_a_session_by_its_id)
def check_a_users_sessions_take_one_query(stack: Stack) -> None:
    """A user's sessions, latest first, take one query.

    A Scan reads the whole table and throws most of it away, and is billed for what it read. A global secondary index
    is a copy of the table under another key, kept up to date by DynamoDB: with it the second question becomes a Query,
    which reads the answer and nothing else.
    """
    table = sessions(stack)
    words = dict(
        bullets=["CLF-C02 3.4-S3", "SAA-C03 3.3-S2"],
        read=f"{DYNAMODB_GUIDE}/GSI.html",
        where="SessionsTable",
    )
    indexes = [each["IndexName"] for each in described(stack)["GlobalSecondaryIndexes"] if is_by_user(each)]
    expect(
        bool(indexes),
        saw=f"{named(stack, table)} has no index whose partition key is user_id",
        means="“sign me out everywhere” reads every session of every user",
        proved="the table has an index by user_id",
        **words,
    )

    # neither the order they are written in nor their ids say which is the latest
    written = {"three": "2026-11-03", "five": "2026-11-05", "one": "2026-11-01", "four": "2026-11-04"}
    for name, day in written.items():
        put_or_stop(stack, table, session(name, started=f"{day}T08:00:00Z"))
    put_or_stop(stack, table, session("theirs", user="preflight-bo"))
    wanted = [f"preflight-{name}" for name, _ in sorted(written.items(), key=lambda each: each[1], reverse=True)]

    faults = [fault_of_index(stack, table, index, wanted) for index in indexes]
    expect(
        None in faults,
        saw=next((each for each in faults if each), ""),
        means="the page “your devices” cannot be shown from one answer",
        proved=f"one Query gave the {len(wanted)} sessions of one user, latest first, and nobody else's",
        rival="In PostgreSQL this is one CREATE INDEX, next year too. What do you have to know today in DynamoDB?",
        **words,
    )


def check_expired_sessions_disappear(stack: Stack) -> None:
    """Expired sessions disappear by themselves.

    Time to Live compares a number in each item, seconds since 1970, with the clock. What is past is deleted for you,
    without a write you pay for, within a few days. Until then it can still be read, so the application looks at the
    number as well.
    """
    table = sessions(stack)
    settings = stack.client("dynamodb").describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    attribute = settings.get("AttributeName")
    is_on = settings.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
    words = dict(
        means="the table grows for ever, and keeps who worked when long after anyone may know",
        proved="what expires_at says is past is deleted, what is not stays",
        rival="A nightly job could delete them. Who pays for its reads and writes, and who notices when it stops?",
        bullets=["CLF-C02 3.4-S3", "SAA-C03 4.3-K4"],
        read=f"{DYNAMODB_GUIDE}/TTL.html",
        where="SessionsTable",
    )
    looks_at = f"Time to Live looks at {attribute}" if is_on else "Time to Live is off"
    expect(is_on and attribute == "expires_at", saw=looks_at, **words)

    if stack.mode == "offline":
        dynamodb = stack.client("dynamodb")
        items = [session("past", expires=in_days(1)), session("ahead", expires=in_days(40))]
        keys = [with_keys(stack, item) for item in items]
        if all(attempt(dynamodb.put_item, TableName=table, Item=item).ok for item in items):
            stack.advance(days=5)
            past, ahead = ("Item" in dynamodb.get_item(TableName=table, Key=key) for key in keys)
            gone = "one that expires next month is gone" if not ahead else "it is still there"
            expect(ahead and not past, saw=f"four days after a session expired, {gone}", **words)


def check_nobody_on_the_internet_reaches_the_records(stack: Stack) -> None:
    """The records and the internet do not reach each other.

    Three locks, and each would do: no public address, no route, no rule. A database keeps all of them, since rules are
    opened in a hurry and passwords leak. RDS wants subnets in two Availability Zones even for one instance, so that it
    has somewhere to go.
    """
    db = records(stack)
    words = dict(bullets=["CLF-C02 3.5-S1", "SAA-C03 1.2-S2"], where=db.item)
    expect(
        bool(db.subnets),
        saw=f"{db.called} is in no subnet group, so RDS puts it into the default VPC, whose subnets are public",
        means="whoever runs the stack elsewhere gets another network, and the internet at its door",
        proved="the database stands in subnets of its own choice",
        read=f"{RDS_GUIDE}/USER_VPC.WorkingWithRDSInstanceinaVPC.html",
        **words,
    )
    public = [named(stack, each["DBInstanceIdentifier"]) for each in db.instances if each.get("PubliclyAccessible")]
    expect(
        not public,
        saw=f"{listed(public)} is publicly accessible: RDS gives it a public address",
        means="one route and one rule opened by mistake, and the internet tries its passwords",
        proved="the database has no public address",
        read=f"{RDS_GUIDE}/USER_VPC.WorkingWithRDSInstanceinaVPC.html",
        **words,
    )
    unsaid = [named(stack, each["DBInstanceIdentifier"]) for each in db.instances if not says_private(stack, each)]
    expect(
        not unsaid or not has_internet_gateway(stack, db.vpc),
        saw=f"{listed(unsaid)} does not say whether it is publicly accessible, in a VPC with an internet gateway",
        means="whether it gets a public address is left to a default that depends on the network",
        proved="it says so itself",
        read="https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html",
        **words,
    )

    roads = [(subnet, route) for subnet, table in route_tables(stack, db) for route in roads_out(stack, table)]
    subnet, route = roads[0] if roads else ("", {})
    expect(
        not roads,
        saw=f"the route table of {named(stack, subnet)} sends {destination(route)} to {named(stack, target_of(route))}",
        means="whoever gets into the database can carry the notes out, and may be how they came in",
        proved="the route tables of its subnets lead nowhere but through the VPC",
        read=f"{VPC_GUIDE}/configure-subnets.html",
        **words,
    )

    for target in db.places:
        way = stack.reaches("internet", target, db.port)
        expect(
            not way and not way.depends,
            saw=way.because,
            means="somebody tries that door every few minutes, with every password that ever leaked",
            proved="no packet from the internet reaches the database",
            rival="How does an analyst with a laptop ask the records something, then?",
            read=f"{RDS_GUIDE}/USER_VPC.WorkingWithRDSInstanceinaVPC.html",
            **words,
        )


@after(check_nobody_on_the_internet_reaches_the_records)
def check_the_app_alone_reaches_postgresql(stack: Stack) -> None:
    """The application reaches PostgreSQL, and nobody else does.

    A rule whose source is a security group trusts a job: it holds for the application's servers wherever they are and
    however many. A rule whose source is a range trusts whatever has an address in it next year.
    """
    db, app = records(stack), app_group(stack)
    words = dict(bullets=["CLF-C02 3.5-S2", "SAA-C03 1.2-S1"], read=f"{RDS_GUIDE}/Overview.RDSSecurityGroups.html")
    expect(
        "postgres" in db.engine,
        saw=f"the records are kept in {db.engine}",
        means="the application speaks PostgreSQL, and finds nobody who understands",
        proved=f"the records are kept in {db.engine}",
        bullets=["CLF-C02 3.4-S2", "SAA-C03 3.3-S3"],
        read=f"{RDS_GUIDE}/CHAP_PostgreSQL.html",
        where=db.item,
    )
    expect(
        app not in db.groups,
        saw=f"the database wears {named(stack, app)}, the application's own security group",
        means="whoever opens a port for the application opens it on the database",
        proved="application and database wear groups of their own",
        where=db.item,
        **words,
    )
    expect(
        bool(db.instances),
        saw=f"the cluster {db.called} has storage and no instance, so nothing answers",
        means="the application finds a name, and nobody there",
        proved="an instance answers",
        where=db.item,
        **words,
    )
    for subnet in app_subnets(stack):
        for target in db.places:
            way = stack.reaches(f"{app} in {subnet}", target, db.port)
            gap = way if not way else next(iter(way.except_for), None)
            expect(
                gap is None,
                saw="" if gap is None else gap.because,
                means="the application starts, says it is healthy, and fails on the first note",
                proved=f"from every application subnet the database answers on port {db.port}",
                where=getattr(gap, "logical_id", None) or db.item,
                **words,
            )

    for stranger in ["internet", *vpc_blocks(stack, db)]:
        let_in = first_open(stack, stranger, db.places, EVERY_PORT)
        expect(
            let_in is None,
            saw=f"{let_in and let_in.source} reaches the database on {let_in and packet(let_in)}, "
            "whatever security group it wears",
            means="one careless machine in the network, and the notes are a password away",
            proved="no address by itself is let in",
            where=(let_in and decided_by(let_in)) or db.item,
            **words,
        )
    by_address = [
        (item, source) for group in db.groups for item, rule in inbound(stack, group) for source in addresses(rule)
    ]
    item, source = by_address[0] if by_address else (None, "")
    expect(
        not by_address,
        saw=f"the database's security group lets {source} in",
        means="whatever has one of those addresses next year is let in as well",
        proved="no rule of the database's security group names an address",
        where=item or db.item,
        **words,
    )
    others = groups_let_in(stack, db) - {app, *db.groups}
    expect(
        not others,
        saw=f"the database also trusts {listed([named_group(stack, each) for each in sorted(others)])}",
        means="whatever wears that group reads notes, and it is not the application",
        proved="no other security group is let in",
        where=db.item,
        **words,
    )
    askers = [f"{app} in {subnet}" for subnet in app_subnets(stack)]
    opened = first_open(stack, askers, db.places, [("tcp", (1, db.port - 1)), ("tcp", (db.port + 1, 65535)), ANY_UDP])
    expect(
        opened is None,
        saw=f"the application's servers also reach {opened and packet(opened)} of the database",
        means="the rule says more than anybody needs, and nobody remembers why",
        proved=f"the application is let in on port {db.port} alone",
        rival="The application's subnets have known addresses. What would a rule for their range let in as well?",
        where=(opened and decided_by(opened)) or db.item,
        **words,
    )


def check_records_are_encrypted_at_rest_and_on_the_way(stack: Stack) -> None:
    """Records are encrypted at rest and on the way.

    At rest is decided when the database is made: an RDS instance made without it is encrypted later by copying a
    snapshot into a new database. On the way is the server's choice as well as the client's: rds.force_ssl turns away
    whoever does not speak TLS.
    """
    db = records(stack)
    words = dict(bullets=["CLF-C02 2.2-S4", "SAA-C03 1.3-S2"], where=db.item)
    expect(
        # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Overview.Encryption.html, checked_on 2026-11-23:
        # every Aurora cluster made since 2026-02-18 is encrypted, asked or not
        db.encrypted or db.engine.startswith("aurora"),
        saw=f"the storage of {db.called} is not encrypted",
        means="its disks, its backups and every snapshot of it hold the notes in the clear",
        proved="storage, backups and snapshots are encrypted",
        read=f"{RDS_GUIDE}/Overview.Encryption.html",
        **words,
    )
    told, value = force_ssl(stack, db)
    expect(
        value == "1",
        saw=f"a client without TLS is let in: rds.force_ssl is {value} ({told})",
        means="a driver with a forgotten setting sends notes, and the password, readable across the network",
        proved=f"a client without TLS is turned away: rds.force_ssl is 1 ({told})",
        rival="Encryption at rest is on already. Whom does it not stop?",
        read=f"{RDS_GUIDE}/PostgreSQL.Concepts.General.SSL.html",
        **words,
    )


def check_nobody_types_or_reads_the_password(stack: Stack) -> None:
    """Nobody types the password, and the application reads that one secret alone.

    A password in a template is in the repository, in its history, and in whatever CloudFormation shows. Secrets Manager
    makes one that nobody has seen, hands it to whom a policy names, and can change it while you sleep.
    """
    db, role, secret = records(stack), app_role(stack), the_secret(stack)
    words = dict(
        bullets=["CLF-C02 2.3-S1", "SAA-C03 1.2-K1"],
        read=f"{RDS_GUIDE}/rds-secrets-manager.html",
        where="RecordsSecret",
    )
    given = str(db.item.properties.get("MasterUserPassword") or "")
    typed = given and not given.startswith("{{resolve:secretsmanager:")
    expect(
        not typed,
        saw=f"the master password of {db.called} is handed over in the template",
        means="everyone who reads the repository, this year or in five, can read the notes",
        proved="no template holds the password",
        **{**words, "where": db.item},
    )
    own = next((item for item in stack.find(secret["ARN"]) if item.type == "AWS::SecretsManager::Secret"), None)
    value = str(own.properties.get("SecretString", "")) if own else ""
    expect(
        not value or value.startswith("{{resolve:"),
        saw=f"what {named(stack, secret['ARN'])} holds is written in the template",
        means="the secret is as secret as the repository",
        proved="the password was made by AWS",
        **{**words, "where": own or "RecordsSecret"},
    )
    is_its = secret["ARN"] == db.secret if db.secret else names_secret(given, secret)
    expect(
        is_its,
        saw=f"{db.called} takes its password from somewhere else than {named(stack, secret['ARN'])}",
        means="the application reads a password that opens nothing",
        proved="the secret is the database's own",
        **words,
    )

    read = read_secret(stack, role, secret["ARN"])
    held = json_of((read.value or {}).get("SecretString", ""))
    expect(
        read.ok and {"username", "password"} <= held.keys(),
        saw="reading the secret as the application: "
        + (said(read) if not read.ok else "it holds no username and password"),
        means="the application cannot sign in to its own database",
        proved="the application reads a username and a password from it",
        **words,
    )
    expect(
        str(held["password"]) not in json.dumps(stack.template.body),
        saw="the password the application reads is written in the template",
        means="the secret is as secret as the repository",
        proved="the template does not hold what it reads",
        **{**words, "where": own or "RecordsSecret"},
    )
    changes = [each for each in SECRET_CHANGES if allowed(stack.may(role, f"secretsmanager:{each}", secret["ARN"]))]
    expect(
        not changes,
        saw=f"the application may secretsmanager:{changes[0] if changes else ''} on the secret it reads",
        means="whoever takes over the application locks everybody else out of the records",
        proved="it may not change the secret",
        **words,
    )
    others = [each for each in other_secrets(stack, secret) if allowed(stack.may(role, READ_SECRET, each))]
    expect(
        not others,
        saw=f"the application may read {others[0].rpartition(':')[2] if others else ''}, a secret of somebody else",
        means="whoever takes over the application takes every password of the account along",
        proved="it may read no other secret",
        rival="Parameter Store keeps encrypted strings for nothing. What would you have to do yourself?",
        **words,
    )


def check_a_week_of_mistakes_can_be_undone(stack: Stack) -> None:
    """The records can be taken back to any moment of the last seven days.

    Automated backups are a snapshot a day and the transaction logs between them, so that a new database can be made as
    of any second, up to about five minutes ago. Through the API they are kept for one day unless you say more; the
    console says seven.
    """
    db = records(stack)
    expect(
        db.retention >= 7,
        saw=f"{db.called} keeps automated backups for {days(db.retention)}",
        means="a DELETE without its WHERE on Friday is found on Monday, and nothing is left to restore",
        proved=f"automated backups are kept for {days(db.retention)}",
        rival="Does a standby in another Availability Zone help against a DELETE without its WHERE?",
        bullets=["CLF-C02 3.4-S2", "SAA-C03 2.2-S5"],
        read=f"{RDS_GUIDE}/USER_WorkingWithAutomatedBackups.html",
        where=db.item,
    )


def check_an_idle_month_stays_within_the_budget(stack: Stack) -> None:
    """An idle month costs 20 dollars at most, and the sessions none of it.

    A database server is billed by the hour whether anyone asks it anything; twice with a standby. A table in on-demand
    mode is billed by the request. What the business can wait for decides which of the two prices is worth paying.
    """
    table = described(stack)
    mode = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    expect(
        mode == "PAY_PER_REQUEST",
        saw=f"the sessions table has provisioned capacity: {capacity(table)}",
        means="every night is paid for, and on the first busy Monday requests beyond it are refused",
        proved="the sessions table is billed by the request",
        bullets=["CLF-C02 3.4-S3", "SAA-C03 4.3-K5"],
        read=f"{DYNAMODB_GUIDE}/on-demand-capacity-mode.html",
        where="SessionsTable",
    )
    # the budget is in prices of us-east-1, wherever the stack runs
    cost = stack.cost(region="us-east-1")
    dearest = sorted(cost.by_resource(), key=lambda each: -each.usd_a_month)
    most = f"{dearest[0].name} {dearest[0].usd_a_month:.2f}" if dearest else "nothing"
    expect(
        cost.per_month <= BUDGET,
        saw=f"an idle month costs {'at least ' if cost.unpriced else ''}{cost.per_month:.2f} USD; the most: {most}",
        means="the clinic pays for hours of standing by that it said it can do without",
        proved=f"an idle month costs {cost.per_month:.2f} USD",
        rival="A standby in another zone doubles it. Which sentence from the clinic would make you buy one?",
        bullets=["SAA-C03 4.3-S3", "CLF-C02 4.1-K1"],
        read="https://aws.amazon.com/rds/postgresql/pricing/",
        where=dearest[0].lines[0].logical_id if dearest else "RecordsDatabase",
    )
    sizes = [each["DBInstanceClass"] for each in records(stack).instances]
    large = [each for each in sizes if not each.endswith((".micro", ".serverless"))]
    expect(
        not large or not cost.unpriced,
        saw=f"the records run on {listed(large)}, and from db.t4g.small (23.36 USD a month) up no class fits",
        means="the clinic pays for a size that nobody has asked for yet",
        proved=f"the records run on {listed(sizes)}",
        bullets=["SAA-C03 4.3-S3", "CLF-C02 1.4-S4"],
        read="https://aws.amazon.com/rds/postgresql/pricing/",
        where="RecordsDatabase",
    )
    # what is billed by the request is not the budget's, priced here or not
    unknown = [each.what for each in cost.unpriced if not each.type.startswith("AWS::DynamoDB::")]
    if unknown:
        could_not_ask(f"no price is known here for {unknown[0]}, so nobody can tell whether it fits the budget")


def described(stack: Stack) -> dict[str, Any]:
    """What DynamoDB says about the sessions table."""
    name = stack.output("SessionsTable").rpartition("/")[2]
    answer = attempt(stack.client("dynamodb").describe_table, TableName=name)
    if not answer.ok:
        could_not_ask(f"DynamoDB knows no table {name}; let the output SessionsTable name one")
    return {"GlobalSecondaryIndexes": [], **answer.value["Table"]}


def sessions(stack: Stack) -> str:
    """The name of the sessions table."""
    return str(described(stack)["TableName"])


def session(
    name: str, *, user: str = "preflight-ana", started: str = "2026-11-01T08:00:00Z", expires: int | None = None
) -> dict[str, Any]:
    """A session as the application writes it."""
    return {
        "session_id": {"S": f"preflight-{name}"},
        "user_id": {"S": user},
        "started_at": {"S": started},
        "expires_at": {"N": str(expires or in_days(8))},
    }


def key_of(item: dict[str, Any]) -> dict[str, Any]:
    return {"session_id": item["session_id"]}


def with_keys(stack: Stack, item: dict[str, Any]) -> dict[str, Any]:
    """The item's key in this table, whatever it is; attributes a session does not have are added to the item."""
    table = described(stack)
    types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    names = [each["AttributeName"] for each in table["KeySchema"]]
    for name in names:
        item.setdefault(name, {types[name]: "1" if types[name] == "N" else item["session_id"]["S"]})
    return {name: item[name] for name in names}


def in_days(number: int) -> int:
    """A time as Time to Live counts it."""
    return int(time.time()) + number * 86400


def is_by_user(index: dict[str, Any]) -> bool:
    return {"AttributeName": "user_id", "KeyType": "HASH"} in index["KeySchema"]


def put_or_stop(stack: Stack, table: str, item: dict[str, Any]) -> None:
    put = as_the_app(stack, "put_item", table, Item=item)
    if not put.ok:
        could_not_ask(f"a session cannot be written: {said(put)}")


def fault_of_index(stack: Stack, table: str, index: str, wanted: list[str]) -> str | None:
    """What is amiss with an index when it is asked for the sessions of one user, latest first."""
    asked: dict[str, Any] = {
        "IndexName": index,
        "KeyConditionExpression": "user_id = :user",
        "ExpressionAttributeValues": {":user": {"S": "preflight-ana"}},
        "ScanIndexForward": False,
    }

    def answer() -> Attempt | None:
        found = as_the_app(stack, "query", table, **asked)
        # an index follows its table a moment later
        return found if not found.ok or len(found.value["Items"]) >= len(wanted) else None

    found = stack.eventually(answer, seconds=20)
    if found is None:
        return f"the index {index} never shows all sessions of a user"
    if not found.ok:
        return f"a Query of the index {index} as the application: {said(found)}"
    items = found.value["Items"]
    got = [each["session_id"]["S"] for each in items]
    if sorted(got) != sorted(wanted):
        return f"the index {index} gives {len(got)} sessions where the user has {len(wanted)}"
    if got != wanted:
        return f"the index {index} gives a user's sessions in another order than by started_at"
    missing = {"session_id", "expires_at"} - set.intersection(*map(set, items))
    return f"the index {index} does not hold {listed(sorted(missing))}" if missing else None


def capacity(table: dict[str, Any]) -> str:
    told = [table, *table["GlobalSecondaryIndexes"]]
    units = [
        sum(int(each.get("ProvisionedThroughput", {}).get(f"{kind}CapacityUnits", 0)) for each in told)
        for kind in ("Read", "Write")
    ]
    return f"{units[0]} reads and {units[1]} writes a second, with its indexes"


def app_role(stack: Stack) -> str:
    """The ARN of the application's role."""
    name = stack.output("AppRole")
    found = [item for item in stack.find(name) if item.type == "AWS::IAM::Role"]
    if len(found) != 1:
        could_not_ask(f"the output AppRole says {name}, which is no role of this stack; let it name the role")
    return str(found[0].attributes["Arn"])


def as_the_app(stack: Stack, operation: str, table: str, **asked: Any) -> Attempt:
    """What comes of a call the application makes.

    In an account nobody but its servers may take the application's role: there its policies are asked, then you call.
    """
    role = app_role(stack)
    if stack.mode == "offline":
        return attempt(getattr(stack.client("dynamodb", role=role), operation), TableName=table, **asked)
    action = f"dynamodb:{''.join(word.title() for word in operation.split('_'))}"
    resource = f"arn:aws:dynamodb:{stack.region}:{stack.account}:table/{table}"
    if "IndexName" in asked:
        resource += f"/index/{asked['IndexName']}"
    decision = stack.may(role, action, resource)
    if not allowed(decision):
        return Attempt(ok=False, code="AccessDeniedException", message=decision.because)
    return attempt(getattr(stack.client("dynamodb"), operation), TableName=table, **asked)


def said(answer: Attempt) -> str:
    """What AWS answered, in few words."""
    if answer.ok:
        return "it went through"
    refused = re.search(r"perform: (\S+)", answer.message) if answer.denied else None
    return f"{answer.code}: its role may not {refused[1]}" if refused else f"{answer.code}: {answer.message}"


@dataclass(frozen=True)
class Records:
    """The records database, an instance or a cluster, as RDS tells of it; `item` is what the stack declares,
    `called` what the learner's code calls it.
    """

    called: str
    engine: str
    version: str
    port: int
    encrypted: bool
    retention: int
    secret: str
    groups: tuple[str, ...]
    subnets: tuple[str, ...]
    vpc: str
    item: Any
    places: tuple[str, ...]
    instances: tuple[dict[str, Any], ...]
    parameters: tuple[str, ...]
    is_cluster: bool


def records(stack: Stack) -> Records:
    """The records database the output names: by identifier, ARN or endpoint."""
    value = stack.output("RecordsDatabase")
    name = value.rpartition(":")[2].partition(".")[0].lower()
    rds = stack.client("rds")
    instance = attempt(rds.describe_db_instances, DBInstanceIdentifier=name)
    alone = instance.value["DBInstances"][0] if instance.ok else {}
    if instance.ok and not alone.get("DBClusterIdentifier"):
        return told_of(stack, alone, [alone])
    cluster = attempt(rds.describe_db_clusters, DBClusterIdentifier=alone.get("DBClusterIdentifier", name))
    if not cluster.ok:
        could_not_ask(f"RDS knows no database {value}; let the output RecordsDatabase hold its identifier")
    whole = cluster.value["DBClusters"][0]
    members = [
        rds.describe_db_instances(DBInstanceIdentifier=each["DBInstanceIdentifier"])["DBInstances"][0]
        for each in whole.get("DBClusterMembers", [])
    ]
    return told_of(stack, whole, members)


def told_of(stack: Stack, facts: dict[str, Any], instances: Sequence[dict[str, Any]]) -> Records:
    is_cluster = "DBInstanceIdentifier" not in facts
    name = facts["DBClusterIdentifier" if is_cluster else "DBInstanceIdentifier"]
    item = declared(stack, name)
    if item is None:
        could_not_ask(f"the database {name} is not declared in this stack, so nobody can tell who reaches it")
    group = facts.get("DBSubnetGroup") or {}
    if isinstance(group, str):
        group = stack.client("rds").describe_db_subnet_groups(DBSubnetGroupName=group)["DBSubnetGroups"][0]
    members = [declared(stack, each["DBInstanceIdentifier"]) for each in instances] if is_cluster else []
    parameters = (
        [facts.get("DBClusterParameterGroup", "")]
        if is_cluster
        else [each["DBParameterGroupName"] for each in facts.get("DBParameterGroups", [])]
    )
    return Records(
        called=named(stack, item.physical_id),
        engine=facts["Engine"],
        version=str(facts.get("EngineVersion", "")),
        port=int(facts["Port"] if is_cluster else facts["Endpoint"]["Port"]),
        encrypted=bool(facts.get("StorageEncrypted")),
        retention=int(facts.get("BackupRetentionPeriod") or 0),
        secret=facts.get("MasterUserSecret", {}).get("SecretArn", ""),
        groups=tuple(each["VpcSecurityGroupId"] for each in facts.get("VpcSecurityGroups", [])),
        subnets=tuple(each["SubnetIdentifier"] for each in group.get("Subnets", [])),
        vpc=group.get("VpcId", ""),
        item=item,
        places=tuple(each.logical_id for each in members if each is not None) or (item.logical_id,),
        instances=tuple(instances),
        parameters=tuple(filter(None, parameters)),
        is_cluster=is_cluster,
    )


def declared(stack: Stack, name: str) -> Any:
    """The database of this name as the stack declares it; RDS keeps names in lower case."""
    for item in stack.of_type("AWS::RDS::DBInstance", "AWS::RDS::DBCluster"):
        if str(item.physical_id).lower() == name.lower():
            return item
    return None


def force_ssl(stack: Stack, db: Records) -> tuple[str, str]:
    """Who says what rds.force_ssl is, and what it is."""
    rds = stack.client("rds")
    operation = "describe_db_cluster_parameters" if db.is_cluster else "describe_db_parameters"
    named = "DBClusterParameterGroupName" if db.is_cluster else "DBParameterGroupName"
    for group in db.parameters:
        for page in rds.get_paginator(operation).paginate(**{named: group}):
            for each in page["Parameters"]:
                if each["ParameterName"] == "rds.force_ssl" and each.get("ParameterValue") is not None:
                    return f"the parameter group {group}", str(each["ParameterValue"])
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html and
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html, checked_on 2026-11-23
    since = 17 if db.engine.startswith("aurora") else 15
    major = int(db.version.partition(".")[0] or 0)
    return f"the default of {db.engine} {major}", "1" if major >= since else "0"


def the_secret(stack: Stack) -> dict[str, Any]:
    """The secret the output names, as Secrets Manager tells of it."""
    name = stack.output("RecordsSecret")
    answer = attempt(stack.client("secretsmanager").describe_secret, SecretId=name)
    if not answer.ok:
        could_not_ask(f"Secrets Manager knows no secret {name}; let the output RecordsSecret hold its ARN")
    found: dict[str, Any] = answer.value
    return found


def names_secret(reference: str, secret: dict[str, Any]) -> bool:
    """Whether a dynamic reference asks for this secret."""
    # an ARN may be written without the six characters Secrets Manager adds to the name
    ways = (secret["ARN"], secret["ARN"].rpartition("-")[0], secret["Name"])
    return any(reference.startswith(f"{{{{resolve:secretsmanager:{each}:") for each in ways)


def read_secret(stack: Stack, role: str, arn: str) -> Attempt:
    """What comes of the application asking for the secret; see `as_the_app`."""
    if stack.mode == "offline":
        return attempt(stack.client("secretsmanager", role=role).get_secret_value, SecretId=arn)
    decision = stack.may(role, READ_SECRET, arn)
    if not allowed(decision):
        return Attempt(ok=False, code="AccessDeniedException", message=decision.because)
    return attempt(stack.client("secretsmanager").get_secret_value, SecretId=arn)


def other_secrets(stack: Stack, secret: dict[str, Any]) -> list[str]:
    """The ARNs of secrets that are somebody else's; one that RDS keeps, and one with a longer name, among them."""
    names = ["payroll", f"{secret['Name']}2", "rds!db-11111111-2222-3333-4444-555555555555"]
    return [f"arn:aws:secretsmanager:{stack.region}:{stack.account}:secret:{name}-AbCdEf" for name in names]


def json_of(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def app_group(stack: Stack) -> str:
    value = stack.output("AppSecurityGroup")
    if not value.startswith("sg-"):
        could_not_ask(f"the output AppSecurityGroup holds “{value}”; put a security group's id in it (sg-...)")
    return value


def app_subnets(stack: Stack) -> list[str]:
    value = stack.output("AppSubnets")
    found = [each.strip() for each in value.split(",") if each.strip()]
    if not found or not all(each.startswith("subnet-") for each in found):
        could_not_ask(f"the output AppSubnets holds “{value}”; put subnet ids in it, separated by commas")
    return found


def vpc_blocks(stack: Stack, db: Records) -> list[str]:
    """The IPv4 CIDR blocks of the database's VPC."""
    vpc = stack.client("ec2").describe_vpcs(VpcIds=[db.vpc])["Vpcs"][0]
    return [
        each["CidrBlock"]
        for each in vpc["CidrBlockAssociationSet"]
        if each["CidrBlockState"].get("State") in ("associated", "associating")
    ]


def groups_let_in(stack: Stack, db: Records) -> set[str]:
    """The security groups that the inbound rules of the database's groups name."""
    found = stack.client("ec2").describe_security_groups(GroupIds=list(db.groups))["SecurityGroups"]
    rules = [rule for group in found for rule in group["IpPermissions"]]
    return {pair["GroupId"] for rule in rules for pair in rule.get("UserIdGroupPairs", [])}


def named_group(stack: Stack, group: str) -> str:
    """A security group in words: the construct that makes it, or the VPC's default one."""
    if stack.find(group):
        return named(stack, group)
    answer = attempt(stack.client("ec2").describe_security_groups, GroupIds=[group])
    name = answer.value["SecurityGroups"][0]["GroupName"] if answer.ok else ""
    return "the VPC's default security group" if name == "default" else group


def inbound(stack: Stack, group: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Each inbound rule the stack declares for a security group, with the resource that holds it."""
    for item in stack.find(group):
        if item.type == "AWS::EC2::SecurityGroup":
            yield from ((item, rule) for rule in item.properties.get("SecurityGroupIngress") or [])
    for item in stack.of_type("AWS::EC2::SecurityGroupIngress"):
        if item.properties.get("GroupId") == group:
            yield item, item.properties


def addresses(rule: dict[str, Any]) -> list[str]:
    """The addresses a rule names: blocks and prefix lists."""
    return [str(rule[key]) for key in ("CidrIp", "CidrIpv6", "SourcePrefixListId") if rule.get(key)]


def first_open(
    stack: Stack,
    sources: str | Sequence[str],
    targets: Sequence[str],
    ports: Sequence[tuple[str, tuple[int, int]]],
) -> Any:
    """The first way in over any of these protocols and port ranges, or None."""
    for protocol, span in ports:
        way = stack.reaches(sources, list(targets), span, protocol)
        if way:
            return way
    return None


def says_private(stack: Stack, instance: dict[str, Any]) -> bool:
    """Whether the stack itself says that an instance is not publicly accessible."""
    item = declared(stack, instance["DBInstanceIdentifier"])
    return item is not None and str(item.properties.get("PubliclyAccessible")).lower() == "false"


def has_internet_gateway(stack: Stack, vpc: str) -> bool:
    found = stack.client("ec2").describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])
    return bool(found["InternetGateways"])


def route_tables(stack: Stack, db: Records) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each subnet of the database with the route table it uses: its own, else the VPC's main one."""
    ec2 = stack.client("ec2")
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [db.vpc]}])["RouteTables"]
    for subnet in db.subnets:
        own = [table for table in tables if any(each.get("SubnetId") == subnet for each in table["Associations"])]
        main = [table for table in tables if any(each.get("Main") for each in table["Associations"])]
        yield subnet, (own or main)[0]


def roads_out(stack: Stack, table: dict[str, Any]) -> list[dict[str, Any]]:
    """A table's routes that hold addresses of the internet and lead to something other than a gateway endpoint."""
    return [
        route
        for route in table["Routes"]
        if target_of(route) != "local" and not target_of(route).startswith("vpce-") and is_public(destination(route))
    ]


def destination(route: dict[str, Any]) -> str:
    keys = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
    return next((route[key] for key in keys if route.get(key)), "")


def target_of(route: dict[str, Any]) -> str:
    return next((str(route[key]) for key in ROUTE_TARGETS if route.get(key)), "nowhere")


def is_public(block: str) -> bool:
    """Whether a destination holds any address outside the private ranges; a list nobody here can read may."""
    try:
        net = ipaddress.ip_network(block, strict=False)
    except ValueError:
        return True
    return not any(net.version == private.version and net.subnet_of(private) for private in PRIVATE)


def packet(way: Any) -> str:
    return f"{way.protocol} port {way.port}"


def decided_by(way: Any) -> str | None:
    """The logical id of the last group or rule that let a packet in."""
    found = [hop.logical_id for hop in way.hops if hop.logical_id and "ingress rule" in hop.detail]
    return found[-1] if found else None


def named(stack: Stack, physical_id: str) -> str:
    """A resource as the learner's code names it, where it does."""
    found = [item.path for item in stack.find(physical_id) if item.path] if physical_id else []
    if len(found) != 1:
        return physical_id
    steps = found[0].split("/")[1:]
    return "/".join(steps[:-1] if steps[-1] in ("Resource", "Subnet", "Default") and len(steps) > 1 else steps)


def days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}" if number else "no time at all"


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them."""
    return ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else "".join(words)


BUDGET = 20.0
TABLE_SETTINGS = ("DeleteTable", "UpdateTable", "UpdateTimeToLive")
READ_SECRET = "secretsmanager:GetSecretValue"
SECRET_CHANGES = ("PutSecretValue", "DeleteSecret", "PutResourcePolicy")

ANY_UDP = ("udp", (1, 65535))
EVERY_PORT = (("tcp", (1, 65535)), ANY_UDP)
PRIVATE = tuple(
    map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
)
ROUTE_TARGETS = (
    "GatewayId",
    "NatGatewayId",
    "EgressOnlyInternetGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "NetworkInterfaceId",
    "InstanceId",
    "LocalGatewayId",
    "CarrierGatewayId",
)
DYNAMODB_GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide"
RDS_GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide"
