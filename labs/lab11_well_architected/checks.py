"""What triage promises after a review: that it works as before, and one or two promises for each of the six pillars."""

from __future__ import annotations

import base64
import email
import gzip
import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from preflight.checks import IAM_GUIDE, Stack, after, attempt, could_not_ask, expect, offline_only


def check_the_wards_see_what_is_urgent(stack: Stack) -> None:
    """Before anything else: a note that arrives is on its ward's page, urgent or not.

    A review that stops the workload has found nothing. Each of the six pillars is judged on a system that does its
    job, and every mending here is followed by this question.
    """
    words: dict[str, Any] = dict(
        means="the wards are back to reading every note by hand",
        proved="two notes of one ward are on its page, one of them urgent, and not on the next ward's",
        rival="You changed one thing at a time, and asked after each? What would a pipeline have done for you?",
        bullets=["CLF-C02 1.2-K1", "SAA-C03 2.1-K1"],
        read=f"{FRAMEWORK}/welcome.html",
    )
    with notes_put(stack, {"one.txt": URGENT, "visit at 5 pm + 1, für später": CALM}) as (ward, keys):
        stack.eventually(lambda: len(on_the_page(stack, ward)) >= len(keys), seconds=90)
        answer = page(stack, ward)
        expect(
            answer.status == 200,
            saw=f"GET /wards/{{ward}} is answered {answer.status} {answer.text[:120]}",
            where="DeskUrl",
            **words,
        )
        found = on_the_page(stack, ward)
        missing = [key for key in keys if key not in found]
        expect(
            not missing,
            saw=f"{missing and missing[0]} was put into the bucket, and is not on its ward's page: {answer.text[:120]}",
            where="TriageFunction",
            **words,
        )
        said = {key: found[key] for key in keys}
        expect(
            list(said.values()) == [True, False],
            saw=f"of a note with chest pain and one about a diet the page says urgent: {list(said.values())}",
            where="TriageFunction",
            **words,
        )
        other = page(stack, f"{ward}-b")
        expect(
            other.status == 200 and not on_the_page(stack, f"{ward}-b"),
            saw=f"the page of a ward without notes is answered {other.status} {other.text[:120]}",
            where="DeskUrl",
            **words,
        )


@offline_only("CloudWatch takes up to a quarter of an hour to notice; there, put a message in and watch the alarm")
def check_a_waiting_note_rings_the_pager(stack: Stack) -> None:
    """Operational excellence: a note that waits in FailedNotes rings the pager.

    The pillar asks how you learn that something does not work. "The ward calls" is an answer, and the worst one. What
    nobody looks at is not watched: a queue of failures without an alarm is a drawer.
    """
    sqs, sns = stack.client("sqs"), stack.client("sns")
    failed, topic = stack.output("FailedNotes"), stack.output("Pager")
    name = f"preflight-{uuid.uuid4().hex[:12]}"
    arn = f"arn:aws:sqs:{stack.region}:{stack.account}:{name}"
    allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**allow, "Resource": arn}]}
    heard = sqs.create_queue(QueueName=name, Attributes={"Policy": json.dumps(policy)})["QueueUrl"]
    joined = attempt(sns.subscribe, TopicArn=topic, Protocol="sqs", Endpoint=arn)
    if not joined.ok:
        could_not_ask(f"the output Pager says {topic}, and nobody can subscribe to that: {joined.message}")
    stack.advance(minutes=QUARTER)
    while messages(stack, heard):
        pass
    marker = f"preflight-{uuid.uuid4().hex}"
    try:
        sqs.send_message(QueueUrl=failed, MessageBody=json.dumps({"note": marker}))
        stack.advance(minutes=QUARTER)
        rung = stack.eventually(lambda: messages(stack, heard))
    finally:
        take_away(stack, failed, marker)
    if not rung and (watching := watches_unmeasured(stack, failed)):
        could_not_ask(
            f"offline nobody measures what {watching} watches; "
            "let an alarm watch ApproximateNumberOfMessagesVisible, without metric math"
        )
    expect(
        bool(rung),
        saw="a message waited in FailedNotes for a quarter of an hour, and nothing was published to Pager",
        means="notes that nobody triaged lie there until a ward asks what became of them",
        proved="a message waited in FailedNotes, and within a quarter of an hour the pager rang",
        rival="A dashboard shows the same number. Who looks at it at three in the morning?",
        bullets=["CLF-C02 1.2-S1", "CLF-C02 2.2-S5", "SAA-C03 2.2-S1"],
        read=f"{CLOUDWATCH_GUIDE}/AlarmThatSendsEmail.html",
        where="FailedNotes",
    )
    for output in (TRIAGE, DESK):
        told = configuration(stack, output)
        stream = f"arn:aws:logs:{stack.region}:{stack.account}:log-group:{log_of(told)}:log-stream:any"
        mute = [each for each in WRITES_LOGS if stack.may(told["Role"], each, stream).answer != "allowed"]
        expect(
            not mute,
            saw=f"{output} may not {mute[0] if mute else ''} in its own log",
            means="the pager rings, and the function that failed has nothing to say",
            proved="both functions can write their logs",
            bullets=["CLF-C02 1.2-S1", "CLF-C02 2.2-S5"],
            read="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
            where=output,
        )


def check_notes_are_read_where_it_is_needed(stack: Stack) -> None:
    """Security, who may: triage and the indexer read what notes say, nobody else does, and nobody changes a note.

    Least privilege is not about trust in a colleague. The page for the wards talks to the internet; what its role can
    read, a fault in the page can read. And a program that needs to read should not be able to delete.
    """
    notes, triage, desk, indexer = bucket_arn(stack), role_of(stack, TRIAGE), role_of(stack, DESK), indexer_role(stack)
    words: dict[str, Any] = dict(
        rival="Encryption with a KMS key is on the list as well. Whom of these roles would it have stopped?",
        bullets=["CLF-C02 2.3-K3", "CLF-C02 1.2-S1", "SAA-C03 1.1-K4"],
        read=f"{IAM_GUIDE}/best-practices.html#grant-least-privilege",
        proved="triage and the indexer read the notes, no other role does, and none of the three changes one",
    )
    note, context = f"{notes}/notes/ward-3/note.txt", as_seen_by_s3(stack)
    expect(
        desk not in (triage, indexer),
        saw="the page for the wards works with the role of a program that reads notes",
        means="whoever finds a fault in the page reads every note",
        where="DeskFunction",
        **words,
    )
    ways = stack.who_may("s3:GetObject", note, context=context)
    others = [way for way in ways if not is_one_of(stack, way.who, (triage, indexer))]
    expect(
        not others,
        saw=f"{called(stack, others)} may read what notes say",
        means="a fault there hands out every note, and nobody notices, for it is allowed",
        where=thing(stack, others[0].who) if others else None,
        **words,
    )
    for role in (triage, desk, indexer):
        takers = [who for item in stack.find(role) for who in trusted_by(item) if who not in RUNNERS]
        expect(
            not takers,
            saw=f"{' and '.join(takers[:2])} may take the role {named(stack, role)}",
            means="whoever takes that role does what its program does, with nothing in between",
            where=thing(stack, role),
            **words,
        )
    taken = stack.may("service:ec2.amazonaws.com", "sts:AssumeRole", indexer)
    expect(
        taken.answer == "allowed",
        saw=f"EC2 may not hand out the indexer's role: {taken.because}",
        means="the indexer has no keys, and reads nothing",
        where=thing(stack, indexer),
        **words,
    )
    for action, resource in (("s3:GetObject", note), ("s3:ListBucket", notes), ("s3:PutObject", f"{notes}/index/a")):
        may = stack.may(indexer, action, resource, context=context)
        expect(
            may.answer == "allowed",
            saw=f"the indexer may not {action} on {plainly(resource, notes)}",
            means="the index stays as old as it is, and nobody finds yesterday's notes",
            where=thing(stack, indexer),
            **words,
        )
    for role in (triage, desk, indexer):
        for action in CHANGES:
            may = stack.may(role, action, note, context=context)
            expect(
                may.answer != "allowed",
                saw=f"{named(stack, role)} may {action} on notes/",
                means="a fault in one program, and what the ward wrote is gone or says something else",
                where=thing(stack, role),
                **words,
            )
    results = the_table(stack)["TableArn"]
    writes = [each for each in TABLE_CHANGES if stack.may(desk, f"dynamodb:{each}", results).answer == "allowed"]
    expect(
        not writes,
        saw=f"{named(stack, desk)}, the page's role, may dynamodb:{writes[0] if writes else ''} on the results",
        means="a fault in the page, and a stranger decides what is urgent",
        where=thing(stack, desk),
        **words,
    )


def check_the_page_is_the_only_door(stack: Stack) -> None:
    """Security, reach: from the internet the wards' page answers, and nothing else does.

    Every open port is a promise to keep what stands behind it patched. A server that nobody connects to needs none,
    and one that nobody needs should not be there.
    """
    found = stack.exposed()
    doors = (*found.open, *found.unsure)
    host = stack.output("DeskUrl").partition("://")[2].partition("/")[0]
    page_hosts = [host, *(name for door in doors if answers_at(stack, door, [host]) for name in door.leads)]
    others = [door for door in doors if not answers_at(stack, door, page_hosts)]
    door = others[0] if others else None
    words: dict[str, Any] = dict(
        proved="the internet reaches the page for the wards, and nothing else in this stack",
        rival="AWS WAF in front of the page filters requests. Which of today's doors would it have closed?",
        bullets=["CLF-C02 1.2-S1", "CLF-C02 3.5-S2", "SAA-C03 1.2-K3"],
        read=f"{SECURITY_PILLAR}/protecting-networks.html",
    )
    expect(
        door is None,
        saw=door.sentence if door else "",
        means="scanners find it within hours, and from there on it is one password",
        where=door.logical_id if door else None,
        **words,
    )
    failed = stack.client("sqs").get_queue_attributes(QueueUrl=stack.output("FailedNotes"), AttributeNames=["QueueArn"])
    notes = bucket_arn(stack)
    for output, actions, arn in (
        ("FailedNotes", ("sqs:ReceiveMessage", "sqs:SendMessage"), failed["Attributes"]["QueueArn"]),
        ("Pager", ("sns:Subscribe", "sns:Publish"), stack.output("Pager")),
        ("NotesBucket", ("s3:PutObject", "s3:DeleteObject"), f"{notes}/notes/ward-3/note.txt"),
        ("NotesBucket", ("s3:ListBucket",), notes),
    ):
        for action in actions:
            ways = [way for context in (OVER_TLS, OVER_HTTP) for way in stack.who_may(action, arn, context=context)]
            strangers = [way for way in ways if way.kind in STRANGERS and way.answer == "allowed"]
            expect(
                not strangers,
                saw=f"{called(stack, strangers)} may {action} on {output}",
                means="whoever learns its name is in",
                where=output,
                **words,
            )


@after(check_the_wards_see_what_is_urgent)
def check_a_note_that_fails_is_kept(stack: Stack) -> None:
    """Reliability, failure: a note that cannot be triaged waits in FailedNotes for a week at least.

    Everything fails all the time. S3 starts a function and never learns how it ended; Lambda tries twice more, and
    then drops the event, unless somebody said where it should go.
    """
    words: dict[str, Any] = dict(
        rival="More retries would help against a short outage. What do they do for a note that is no text?",
        bullets=["CLF-C02 1.2-S1", "CLF-C02 3.8-K1", "SAA-C03 2.1-K5"],
        where="FailedNotes",
    )
    failed = stack.output("FailedNotes")
    with notes_put(stack, {"scan.txt": NO_TEXT}) as (ward, [key]):
        waiting = stack.eventually(lambda: [each for each in messages(stack, failed, keep=True) if key in each])
        shown = on_the_page(stack, ward)
        expect(
            bool(waiting),
            saw="a note that is no UTF-8 text was put, and no message in FailedNotes names its key",
            means="the note is in the bucket, on no page, and on nobody's list",
            proved="a note that is no text is named by a message in FailedNotes",
            read="https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html",
            **words,
        )
        expect(
            not shown,
            saw="a note that is no UTF-8 text is on its ward's page all the same",
            means="the page says that a note is not urgent which nobody could read",
            proved="a note that is no text is on no page",
            read="https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html",
            **words,
        )
    told = stack.client("sqs").get_queue_attributes(QueueUrl=failed, AttributeNames=["MessageRetentionPeriod"])
    seconds = int(told["Attributes"]["MessageRetentionPeriod"])
    expect(
        seconds >= A_WEEK,
        saw=f"FailedNotes drops its messages after {seconds / 86400:g} days",
        means="what fails on the Thursday before Easter is gone on Tuesday",
        proved=f"FailedNotes keeps a message for {seconds / 86400:g} days",
        read="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
        **words,
    )


def check_any_zone_may_be_lost(stack: Stack) -> None:
    """Reliability, zones: any one Availability Zone may be lost, and within minutes all of it works again.

    Two zones on the drawing are worth what stands behind them. A group that may start its server in the second zone
    needs the road, the rights and the start-up script there as well, and nothing on the way that stands in the first.
    """
    words: dict[str, Any] = dict(
        rival="A second Region would survive more. Which sentence of the brief would have to change to pay for it?",
        bullets=["CLF-C02 1.2-S1", "CLF-C02 3.2-S2", "SAA-C03 2.2-S2"],
        read=f"{RELIABILITY_PILLAR}/rel_fault_isolation_multiaz_region_system.html",
        where=indexer_item(stack),
    )
    group = the_group(stack)
    expect(
        bool(group) and int(group["DesiredCapacity"]) >= 1,
        saw="the indexer is one instance that nobody keeps" if not group else "the group wants no server",
        means="when its hardware or its zone fails, there is no index until somebody wakes up",
        proved="an Auto Scaling group keeps the indexer",
        **words,
    )
    zones = named_zones(stack, group)
    expect(
        len(zones) > 1,
        saw=f"the group's subnets name {' and '.join(sorted(zones)) or 'no Availability Zone'}; "
        "where one names none, AWS picks, and may pick the same again",
        means="when that zone has a bad day there is no index, however often the group tries",
        proved=f"the group may start the indexer in {' and '.join(sorted(zones))}",
        **words,
    )
    survives = stack.survives_loss_of_az()
    expect(
        bool(survives),
        saw=survives.because,
        means="when that zone has a bad day, so has the clinic",
        proved=f"{survives.because[:1].lower()}{survives.because[1:].rstrip('.')}",
        **words,
    )
    item = indexer_item(stack)
    way = stack.reaches(item.logical_id, "s3", 443)
    gap = way if not way else next(iter(way.except_for), None)
    expect(
        gap is None,
        saw=f"the indexer does not reach S3 from every subnet it may stand in: {getattr(gap, 'explanation', '')}",
        means="it starts in the other zone, waits for its notes, and indexes nothing",
        proved="the indexer reaches S3 from every subnet it may stand in",
        **{**words, "where": getattr(gap, "logical_id", None) or item},
    )
    vpc = instances(stack)[0]["VpcId"]
    names = stack.client("ec2").describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")
    expect(
        names["EnableDnsSupport"]["Value"],
        saw="the VPC's DNS support is off, and S3 is found by name",
        means="the indexer starts, looks for an address, and finds nobody to ask",
        proved="the VPC answers DNS questions",
        **words,
    )
    script = start_up(stack)
    missing = [word for word in (bucket_arn(stack).rpartition(":")[2], "notes-index") if word not in script]
    expect(
        not missing,
        saw=f"the user data of the indexer never says {missing[0] if missing else ''}",
        means="the new server is empty: it runs, costs money, and indexes nothing",
        proved="a new server installs and starts the indexer by itself",
        **words,
    )


@after(check_the_wards_see_what_is_urgent)
def check_a_wards_page_reads_that_ward(stack: Stack) -> None:
    """Performance efficiency: a ward's page reads that ward's results, and no others.

    A Scan reads the whole table and then throws most of it away. It is fast in a demo, and a little slower and dearer
    with each note that was ever triaged. A key made for the question reads the answer and nothing else.
    """
    table, desk = the_table(stack), role_of(stack, DESK)
    words: dict[str, Any] = dict(
        rival="A cache in front of the page (DAX, ElastiCache) makes a Scan rarer. What does it do to its size?",
        bullets=["CLF-C02 1.2-S1", "CLF-C02 3.4-S3", "SAA-C03 3.3-S4"],
        read=f"{DYNAMODB_GUIDE}/bp-query-scan.html",
        where="ResultsTable",
    )
    means = "the page grows slower and dearer with each note of every other ward"
    walks = [
        (action, resource)
        for action, context in (("dynamodb:Scan", {}), ("dynamodb:PartiQLSelect", {"dynamodb:FullTableScan": "true"}))
        for resource in (table["TableArn"], f"{table['TableArn']}/index/preflight", *index_arns(table))
        if stack.may(desk, action, resource, context=context).answer == "allowed"
    ]
    expect(
        not walks,
        saw=f"the page's role may {walks[0][0] if walks else ''} on {walks and walks[0][1].partition(':table/')[2]}",
        means=means,
        proved="the page answers, and its role cannot walk through the table",
        **words,
    )
    with (
        notes_put(stack, {"a.txt": CALM, "b.txt": URGENT}) as (_, keys),
        notes_put(stack, {"c.txt": CALM}) as (_, more),
    ):
        stack.eventually(lambda: len(items_of(stack, keys + more)) == 3, seconds=90)
        items = items_of(stack, keys + more)
    if len(items) != 3:
        could_not_ask("the items of three notes in two wards are not told apart; let each hold its note's key")
    one, two, other = (items[key] for key in keys + more)
    keyed = [name for name in partition_keys(table) if one.get(name) == two.get(name) != other.get(name)]
    expect(
        bool(keyed),
        saw=f"neither the table nor an index of it has a key that two notes of one ward share "
        f"(the keys are {' and '.join(sorted(partition_keys(table)))})",
        means=means,
        proved=f"two notes of one ward share {' and '.join(keyed)}, and the next ward's does not",
        **words,
    )


def check_a_month_stays_below_15_dollars(stack: Stack) -> None:
    """Cost optimization: idle, a month stays below 15 dollars, and the indexer has what it needs.

    What is billed by the hour is billed at night as well: machines, addresses, gateways, capacity that was set aside.
    The pillar asks of each line who needs it. The cheapest machine is no answer if the program does not run on it.
    """
    estimate = stack.cost(region="us-east-1")
    # Spot costs less than its type's price, a disk without a size is as small as its image, an alarm costs cents
    unknown = [each for each in estimate.unpriced if not any(word in str(each) for word in ("Spot", "volume", "Alarm"))]
    if unknown:
        could_not_ask(f"no price is known here for {unknown[0].what}; t3, t4g, m5 to m8g and c5 to c7i are known")
    groups = sorted(estimate.by_resource(), key=lambda each: -each.usd_a_month)
    most = ", ".join(f"{each.usd_a_month:.2f} for {each.name}" for each in groups[:2])
    words: dict[str, Any] = dict(
        rival="A Savings Plan lowers a machine's price for a year. Do you buy it before or after right-sizing?",
        bullets=["CLF-C02 1.2-S1", "CLF-C02 4.1-K1", "SAA-C03 4.4-S3"],
        read=f"{COST_PILLAR}/cost-effective-resources.html",
    )
    expect(
        estimate.per_month < MOST_A_MONTH,
        saw=f"it costs {estimate.per_month:.2f} USD a month while nobody uses it; {most}",
        means="a side project of six people is on the list of what to switch off",
        proved=f"it costs {estimate.per_month:.2f} USD a month; {most}",
        where=groups[0].lines[0].logical_id if groups else None,
        **words,
    )
    small = [each for each in machine_types(stack) if each[1] < PROCESSORS or each[2] < MEMORY]
    expect(
        not small,
        saw="" if not small else f"the indexer runs on {small[0][0]}: {small[0][1]} vCPU and {small[0][2]} MiB",
        means="the program was measured to need two processors and 1 GiB; it will be killed in the middle of an index",
        proved="the indexer has two processors and 1 GiB or more",
        where=indexer_item(stack),
        **words,
    )


def check_little_runs_and_little_is_kept(stack: Stack) -> None:
    """Sustainability: what runs is Graviton, and what nobody reads again is not kept.

    The pillar asks for the work done with the least hardware and energy. The processor that does the same with less is
    a line in the template; data that is kept for ever is stored, copied and checked for ever.
    """
    words: dict[str, Any] = dict(bullets=["CLF-C02 1.2-S1", "CLF-C02 1.2-S2"])
    functions = [(output, configuration(stack, output)) for output in (TRIAGE, DESK)]
    others = [f"{output} runs on x86_64" for output, each in functions if each.get("Architectures") != ["arm64"]]
    others += [f"the indexer runs on {name}, which is no Graviton" for name, *_, arm in machine_types(stack) if not arm]
    expect(
        not others,
        saw=others[0] if others else "",
        means="the same work takes more energy, and costs more",
        proved="both functions and the indexer run on Graviton",
        rival="Which of these programs would have to be built again for Arm, and which not?",
        read=f"{SUSTAINABILITY_PILLAR}/sus_sus_hardware_a3.html",
        where=others[0].split()[0] if others and others[0].split()[0] in (TRIAGE, DESK) else indexer_item(stack),
        **words,
    )
    misfit = image_for_another_processor(stack)
    expect(
        not misfit,
        saw=misfit,
        means="EC2 refuses to start it, and the group tries again and again",
        proved="its image is for the processor it runs on",
        read="https://docs.aws.amazon.com/linux/al2023/ug/system-requirements.html",
        where=indexer_item(stack),
        **words,
    )
    days = days_kept(stack)
    expect(
        days is not None and LEAST_DAYS <= days <= MOST_DAYS,
        saw="notes stay in the bucket for ever" if days is None else f"a note leaves the bucket after {days} days",
        means="a note that nobody reads again is stored, copied and guarded for as long as the account lives"
        if days is None or days > MOST_DAYS
        else "the index is made from notes that are gone already",
        proved=f"a note leaves the bucket {days} days after it arrived",
        rival="S3 Glacier Deep Archive keeps a note for a fraction of the price. What does the pillar say to that?",
        read=f"{SUSTAINABILITY_PILLAR}/sus_sus_data_a4.html",
        where="NotesBucket",
        **words,
    )
    for output, each in functions:
        kept = retention(stack, log_of(each))
        expect(
            kept is not None and kept <= MOST_DAYS,
            saw=f"the log of {output} is kept for {'ever' if kept is None else f'{kept} days'}",
            means="each line that was ever written is stored and paid for",
            proved="both functions' logs forget",
            read=f"{SUSTAINABILITY_PILLAR}/sus_sus_data_a4.html",
            where=output,
            **words,
        )


# notes, the page, the queue


@contextmanager
def notes_put(stack: Stack, notes: dict[str, bytes]) -> Iterator[tuple[str, list[str]]]:
    """A ward of its own with these notes, by file name: (ward, keys). What became of them is taken away in the end."""
    ward = f"preflight-{uuid.uuid4().hex[:12]}"
    keys = [f"notes/{ward}/{name}" for name in notes]
    try:
        for key, text in zip(keys, notes.values(), strict=True):
            stack.client("s3").put_object(Bucket=bucket_arn(stack).rpartition(":")[2], Key=key, Body=text)
        yield ward, keys
    finally:
        take_away(stack, stack.output("FailedNotes"), ward)
        table = the_table(stack)
        names = [each["AttributeName"] for each in table["KeySchema"]]
        # what triage made of a check's note is the check's to take away
        client = stack.client("dynamodb", undone=False)
        for item in items_of(stack, keys).values():
            client.delete_item(TableName=table["TableName"], Key={name: item[name] for name in names})


def items_of(stack: Stack, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The items of the results table that hold these notes' keys, by note."""
    client = stack.client("dynamodb", undone=False)
    pages = client.get_paginator("scan").paginate(TableName=the_table(stack)["TableName"], ConsistentRead=True)
    found: dict[str, dict[str, Any]] = {}
    for item in (item for each in pages for item in each["Items"]):
        values = json.dumps(item)
        found |= {key: item for key in keys if json.dumps(key)[1:-1] in values}
    return found


def page(stack: Stack, ward: str) -> Any:
    return stack.http("GET", f"{stack.output('DeskUrl').rstrip('/')}/wards/{ward}")


def on_the_page(stack: Stack, ward: str) -> dict[str, Any]:
    """What a ward's page says is urgent, by note; empty when it says nothing."""
    try:
        told = json.loads(page(stack, ward).body)
    except ValueError:
        return {}
    found = told.get("results") if isinstance(told, dict) else None
    rows = found if isinstance(found, list) else []
    return {str(row.get("note")): row.get("urgent") for row in rows if isinstance(row, dict)}


def messages(stack: Stack, queue: str, *, keep: bool = False) -> list[str]:
    """The messages that wait in a queue, up to ten; they stay there when they are kept."""
    sqs = stack.client("sqs")
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0 if keep else 30)
    for each in [] if keep else found.get("Messages", []):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
    return [each["Body"] for each in found.get("Messages", [])]


def take_away(stack: Stack, queue: str, word: str) -> None:
    """Delete the messages of a queue that hold a word."""
    sqs = stack.client("sqs")
    for _ in range(5):
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
        ours = [each for each in found if word in each["Body"]]
        for each in ours:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
        if not ours:
            return


def watches_unmeasured(stack: Stack, queue: str) -> str:
    """The name of an alarm on this queue, or on an expression, whose numbers the offline cloud does not make."""
    for each in stack.client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm"])["MetricAlarms"]:
        names = [dimension["Value"] for dimension in each.get("Dimensions", [])]
        on_the_queue = queue.rpartition("/")[2] in names and each.get("MetricName") not in MEASURED
        if each.get("AlarmActions") and (each.get("Metrics") or on_the_queue):
            return str(each["AlarmName"])
    return ""


# functions, the table, the bucket


def configuration(stack: Stack, output: str) -> dict[str, Any]:
    """What Lambda says of the function an output names."""
    told = attempt(stack.client("lambda").get_function_configuration, FunctionName=stack.output(output))
    if not told.ok:
        could_not_ask(f"the output {output} says {stack.output(output)}, and Lambda has no such function")
    return dict(told.value)


def log_of(function: dict[str, Any]) -> str:
    return str(function.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{function['FunctionName']}")


def role_of(stack: Stack, output: str) -> str:
    return str(configuration(stack, output)["Role"])


def the_table(stack: Stack) -> dict[str, Any]:
    name = stack.output("ResultsTable")
    told = attempt(stack.client("dynamodb").describe_table, TableName=name)
    if not told.ok:
        could_not_ask(f"the output ResultsTable says {name}, and DynamoDB has no such table")
    return dict(told.value["Table"])


def index_arns(table: dict[str, Any]) -> list[str]:
    return [f"{table['TableArn']}/index/{each['IndexName']}" for kind in INDEXES for each in table.get(kind) or []]


def partition_keys(table: dict[str, Any]) -> set[str]:
    """The partition keys of a table and its indexes."""
    schemas = [table["KeySchema"], *(each["KeySchema"] for kind in INDEXES for each in table.get(kind) or [])]
    return {each["AttributeName"] for schema in schemas for each in schema if each["KeyType"] == "HASH"}


def bucket_arn(stack: Stack) -> str:
    name = stack.output("NotesBucket")
    return name if name.startswith("arn:") else f"arn:aws:s3:::{name}"


def days_kept(stack: Stack) -> int | None:
    """After how many days nothing of a note is left in the bucket; None when a lifecycle rule never takes it away."""
    s3, name = stack.client("s3"), bucket_arn(stack).rpartition(":")[2]
    told = attempt(s3.get_bucket_lifecycle_configuration, Bucket=name)
    rules = [each for each in (told.value or {}).get("Rules", []) if each["Status"] == "Enabled" and is_for_notes(each)]
    leaves = [each["Expiration"]["Days"] for each in rules if each.get("Expiration", {}).get("Days")]
    if not leaves:
        return None
    if "Status" not in s3.get_bucket_versioning(Bucket=name):
        return int(min(leaves))
    after_that = [each["NoncurrentVersionExpiration"] for each in rules if each.get("NoncurrentVersionExpiration")]
    spare = [each["NoncurrentDays"] for each in after_that if not each.get("NewerNoncurrentVersions")]
    return int(min(leaves) + min(spare)) if spare else None


def is_for_notes(rule: dict[str, Any]) -> bool:
    """Whether a lifecycle rule is about every note."""
    told = rule.get("Filter") or {}
    inner = told.get("And") or told
    prefix = rule.get("Prefix") or inner.get("Prefix") or ""
    narrowed = any(inner.get(key) for key in ("Tag", "Tags", "ObjectSizeGreaterThan", "ObjectSizeLessThan"))
    return "notes/".startswith(prefix) and not narrowed


def retention(stack: Stack, group: str) -> int | None:
    """How many days a log group keeps its lines; None when it keeps them for ever."""
    found = stack.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    return next((each.get("retentionInDays") for each in found if each["logGroupName"] == group), None)


# the indexer


def indexer_item(stack: Stack) -> Any:
    """The group, or the instance, in the learner's code."""
    name = stack.output("Indexer").rpartition("autoScalingGroupName/")[2]
    found = [item for item in stack.find(name) if item.type in (GROUP, "AWS::EC2::Instance")]
    if not found:
        could_not_ask(
            f"the output Indexer says {name}, which is neither an Auto Scaling group nor an instance of this stack"
        )
    return found[0]


def the_group(stack: Stack) -> dict[str, Any]:
    """What EC2 Auto Scaling says of the indexer's group; empty when it is a lone instance."""
    item = indexer_item(stack)
    if item.type != GROUP:
        return {}
    told = stack.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[item.physical_id])
    return dict(told["AutoScalingGroups"][0])


def named_zones(stack: Stack, group: dict[str, Any]) -> set[str]:
    """The zones the group is sure to have: those its subnets name, or the group itself."""
    ids = [each for each in group.get("VPCZoneIdentifier", "").split(",") if each]
    if not ids:
        return set(group.get("AvailabilityZones", []))
    told = stack.client("ec2").describe_subnets(SubnetIds=ids)["Subnets"]
    return {each["AvailabilityZone"] for each in told if names_its_zone(stack, each["SubnetId"])}


def names_its_zone(stack: Stack, subnet: str) -> bool:
    """Whether a subnet of the stack says where it is; one from elsewhere is where it is."""
    own = [item for item in stack.find(subnet) if item.type == "AWS::EC2::Subnet"]
    return not own or any(own[0].properties.get(key) for key in ("AvailabilityZone", "AvailabilityZoneId"))


def instances(stack: Stack) -> list[dict[str, Any]]:
    """The indexer's servers."""
    item = indexer_item(stack)
    ids = [each["InstanceId"] for each in the_group(stack)["Instances"]] if item.type == GROUP else [item.physical_id]
    found = stack.client("ec2").describe_instances(InstanceIds=ids)["Reservations"] if ids else []
    running = [each for one in found for each in one["Instances"] if each["State"]["Name"] in ("pending", "running")]
    if not running:
        could_not_ask("no indexer is running; let the group want one (min_capacity=1)")
    return running


def machine_types(stack: Stack) -> list[tuple[str, int, int, bool]]:
    """(name, vCPU, MiB, whether it is Graviton) of each instance type the indexer may run on."""
    names = {each["InstanceType"] for each in instances(stack)}
    policy = the_group(stack).get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    names |= {each["InstanceType"] for each in policy.get("Overrides", []) if each.get("InstanceType")}
    told = stack.client("ec2").describe_instance_types(InstanceTypes=sorted(names))["InstanceTypes"]
    return [
        (
            each["InstanceType"],
            each["VCpuInfo"]["DefaultVCpus"],
            each["MemoryInfo"]["SizeInMiB"],
            "arm64" in each["ProcessorInfo"]["SupportedArchitectures"],
        )
        for each in told
    ]


def image_for_another_processor(stack: Stack) -> str:
    """What image and processor do not fit each other, in words; empty when they do."""
    ec2 = stack.client("ec2")
    for each in instances(stack):
        told = attempt(ec2.describe_images, ImageIds=[each["ImageId"]])
        if not told.ok or not told.value["Images"]:
            could_not_ask(f"nobody here knows the image {each['ImageId']}; take Amazon Linux 2023's public parameter")
        built = told.value["Images"][0]["Architecture"]
        kind = ec2.describe_instance_types(InstanceTypes=[each["InstanceType"]])["InstanceTypes"][0]
        if built not in kind["ProcessorInfo"]["SupportedArchitectures"]:
            return f"the indexer's image is for {built}, and {each['InstanceType']} is another processor"
    return ""


def start_up(stack: Stack) -> str:
    """What a new indexer is told to do when it first starts."""
    one = instances(stack)[0]["InstanceId"]
    found = stack.client("ec2").describe_instance_attribute(InstanceId=one, Attribute="userData")
    script = base64.b64decode(found["UserData"].get("Value", ""))
    if script.startswith(b"\x1f\x8b"):
        script = gzip.decompress(script)
    parts = [each.get_payload(decode=True) for each in email.message_from_bytes(script).walk()]
    return b"\n".join([script, *(each for each in parts if isinstance(each, bytes))]).decode("utf-8", "replace")


def indexer_role(stack: Stack) -> str:
    """The ARN of the role in the indexer's instance profile."""
    profile = instances(stack)[0].get("IamInstanceProfile")
    expect(
        bool(profile),
        saw="the indexer has no instance profile, and so no role",
        means="it has no keys, and reads nothing",
        proved="the indexer has an instance profile with a role",
        bullets=["CLF-C02 2.3-K3", "SAA-C03 1.1-S2"],
        read=f"{IAM_GUIDE}/id_roles_use_switch-role-ec2_instance-profiles.html",
        where=indexer_item(stack),
    )
    assert profile
    name = profile["Arn"].rpartition("/")[2]
    roles = stack.client("iam").get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]
    return str(roles[0]["Arn"])


# who may, and names


def as_seen_by_s3(stack: Stack) -> dict[str, Any]:
    """What S3 is told of a request of this stack's programs."""
    told: dict[str, Any] = dict(OVER_TLS)
    for item in stack.of_type("AWS::EC2::VPCEndpoint"):
        if str(item.properties.get("ServiceName")).endswith(".s3"):
            told |= {"aws:SourceVpce": item.physical_id, "aws:SourceVpc": item.properties.get("VpcId")}
    return told


def is_one_of(stack: Stack, who: str, roles: Sequence[str]) -> bool:
    return who in roles or any(item.arn in roles for item in stack.find(who))


def trusted_by(role: Any) -> list[str]:
    """Everyone a role's trust policy lets in, as it names them."""
    statements = listed(role.properties.get("AssumeRolePolicyDocument", {}).get("Statement"))
    principals = [each.get("Principal", "everyone but a few") for each in statements if each.get("Effect") == "Allow"]
    told = [
        [who] if isinstance(who, str) else [one for each in who.values() for one in listed(each)] for who in principals
    ]
    return ["anyone" if who == "*" else str(who) for each in told for who in each]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def answers_at(stack: Stack, door: Any, hosts: Sequence[str]) -> bool:
    """Whether a door has one of these host names, or is what one of them leads to by name."""
    for item in stack.find(door.logical_id):
        addresses = [str(item.attributes.get(name) or "") for name in ("DomainName", "FunctionUrl", "DNSName")]
        known = [f"{item.physical_id}.", *(each.partition("://")[2].rstrip("/") or each for each in addresses)]
        if any(host == door.what or host.lower().startswith(each.lower()) for host in hosts for each in known if each):
            return True
    return False


def called(stack: Stack, ways: Sequence[Any]) -> str:
    """Whom the first way lets in, in words."""
    if not ways:
        return ""
    names = {"anyone": "anyone on the internet", "other accounts": "other AWS accounts"}
    return names.get(ways[0].kind, named(stack, ways[0].who))


def thing(stack: Stack, name: str) -> Any:
    return next(iter(stack.find(name)), None)


def named(stack: Stack, name: str) -> str:
    """A resource as the learner's code names it, where it does."""
    paths = [item.path for item in stack.find(name) if item.path]
    if not paths:
        return name.rpartition("/")[2]
    steps = paths[0].split("/")[1:]
    return "/".join(steps[:-1] if steps[-1] == "Resource" and len(steps) > 1 else steps)


def plainly(resource: str, notes: str) -> str:
    return resource.replace(f"{notes}/", "").replace(notes, "the notes bucket")


FRAMEWORK = "https://docs.aws.amazon.com/wellarchitected/latest/framework"
SECURITY_PILLAR = "https://docs.aws.amazon.com/wellarchitected/latest/security-pillar"
RELIABILITY_PILLAR = "https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar"
COST_PILLAR = "https://docs.aws.amazon.com/wellarchitected/latest/cost-optimization-pillar"
SUSTAINABILITY_PILLAR = "https://docs.aws.amazon.com/wellarchitected/latest/sustainability-pillar"
CLOUDWATCH_GUIDE = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring"
DYNAMODB_GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide"

# what the offline cloud tells of a queue
MEASURED = (
    "ApproximateNumberOfMessagesVisible",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateAgeOfOldestMessage",
)
TRIAGE, DESK = "TriageFunction", "DeskFunction"
GROUP = "AWS::AutoScaling::AutoScalingGroup"
INDEXES = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
RUNNERS = ("lambda.amazonaws.com", "ec2.amazonaws.com")
STRANGERS = ("anyone", "other accounts")
OVER_TLS, OVER_HTTP = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}, {"aws:SecureTransport": "false"}
WRITES_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
TABLE_CHANGES = (
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
    "PartiQLUpdate",
    "PartiQLDelete",
    "DeleteTable",
)
CHANGES = ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion")

URGENT = "67 years, chest pain since 06:30, worse at night; 38,2 °C — größer als gestern.".encode()
CALM = b"Asks about a diet. Feels well, wants to go home on Thursday."
# a picture that somebody named .txt
NO_TEXT = b"\x89PNG\r\n\x1a\n\xff\xfe\x00\x00"

QUARTER = 15
A_WEEK = 7 * 86400
MOST_A_MONTH = 15
PROCESSORS, MEMORY = 2, 1024
LEAST_DAYS, MOST_DAYS = 30, 90
