"""What the notes lake promises: to the notes, to the analysts, and to the bill."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import uuid
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from preflight.checks import S3_GUIDE, Stack, after, attempt, could_not_ask, denied, expect, offline_only

COMPREHEND_GUIDE = "https://docs.aws.amazon.com/comprehend/latest"
LAMBDA_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg"
ATHENA_GUIDE = "https://docs.aws.amazon.com/athena/latest/ug"

NOTES, INSIGHTS, FAILED = "NotesBucket", "InsightsBucket", "FailedNotes"
FUNCTION, TABLE, WORK_GROUP, ANALYST = "InsightsFunction", "InsightsTable", "QueryWorkGroup", "AnalystRole"

# a space, a plus and an umlaut: S3 writes none of them into an event as they are
NAME = "visit 7 + lab Müller.txt"
NOTE = "Ms. Rivera was seen in Seattle on Monday: fever since Friday, 39.4 °C, paracetamol 500 mg given."
# twelve times this many bytes fit into one request
LONG_NOTE = "\n".join(f"{number}: {NOTE}" for number in range(80))
# more than the 100 KB Comprehend takes
TOO_LONG = "\n".join(f"{number}: {NOTE}" for number in range(1500))

GIGABYTE = 2**30
A_WEEK = 7 * 24 * 3600
LONGEST_STAY = 30
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
OVER_HTTP = {"aws:SecureTransport": "false"}
OVER_TLS = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3", "lambda:FunctionUrlAuthType": "NONE"}


def check_a_note_becomes_an_insight_of_its_day(stack: Stack) -> None:
    """A note that lands under raw/ becomes an insight of its day.

    S3 tells of every new object, and a function starts: no server waits for notes, and a night without notes costs
    nothing. The event's key is encoded as in an address, which bites on the first file name with a space.
    """
    first, second = (f"ward {ward}/{NAME}" for ward in (1, 2))
    with notes_put(stack, {first: NOTE, second: NOTE}) as keys:
        found = stack.eventually(lambda: all_there(insights_of(stack, keys), keys), seconds=90)
        rows = insights_of(stack, keys)
        missing = [key for key in keys if key not in rows]
        lost = bool(missing) and len(rows) == 1
        expect(
            bool(found),
            saw="of two notes with one name, in two folders, one insight is left"
            if lost
            else f"{missing and missing[0]} was put, and no insight names it"
            f"{packed_in_secret(stack, keys) or why_it_failed(stack)}",
            means="the second note of that name takes the first one's place, and nobody notices"
            if lost
            else "notes pile up, and the analysts look at yesterday's picture",
            proved="two notes with spaces and umlauts in their name became two insights",
            rival="A server could look into the bucket every minute. What does it cost in a night without notes?",
            bullets=["CLF-C02 3.3-S3", "CLF-C02 3.8-S1"],
            read=f"{LAMBDA_GUIDE}/with-s3.html",
            where=FUNCTION,
        )
        days = {f"{datetime.now(UTC) - timedelta(hours=hours):%Y-%m-%d}" for hours in (0, 1)}
        elsewhere = [place for place, _ in rows.values() if not place.startswith(tuple(map(day_folder, days)))]
        expect(
            not elsewhere,
            saw=f"the insight is written to {elsewhere and elsewhere[0]}; its day's folder is {day_folder(max(days))}",
            means="a question about one day has to read every day there ever was",
            proved=f"both lie under {day_folder(max(days))}",
            rival="Folders by ward would be partitions too. Which column do the questions filter by?",
            bullets=["CLF-C02 3.7-S2", "SAA-C03 3.5-S1"],
            read=f"{ATHENA_GUIDE}/partitions.html",
            where=FUNCTION,
        )


@after(check_a_note_becomes_an_insight_of_its_day)
@offline_only("what Comprehend is asked can be read where it does not really answer; an account keeps no copy")
def check_comprehend_reads_whole_notes_and_nothing_else(stack: Stack) -> None:
    """Comprehend reads each note whole, in English, and nothing else.

    A model that somebody else trained and runs, called like any other API: text and language go in, entities come
    out, and the bill counts characters. What it is given is yours to get right, and so is what starts the function:
    a trigger that also fires for what the function writes pays for every answer a second time.
    """
    before = len(stack.asked("comprehend"))
    elsewhere = f"elsewhere/preflight-{uuid.uuid4().hex[:12]}.txt"
    with notes_put(stack, {NAME: LONG_NOTE}) as [key]:
        stack.client("s3").put_object(
            Bucket=stack.output(NOTES), Key=elsewhere, Body=b"No note, and nobody's business."
        )
        known = stack.eventually(lambda: insights_of(stack, [key]), seconds=90)
        asked = [each for each in stack.asked("comprehend")[before:] if texts_in(each)]
        whole = [each for each in asked if LONG_NOTE in [text.strip() for text in texts_in(each)]]
        parts = [text for each in asked for text in texts_in(each) if text.strip() in LONG_NOTE and text.strip()]
        strays = [text for each in asked for text in texts_in(each) if text.strip() not in LONG_NOTE]
        strange = starts(stack, [elsewhere, "curated/"])

        words: dict[str, Any] = dict(
            rival="SageMaker AI trains a model of your own. What would have to be special about the notes?",
            bullets=["CLF-C02 3.7-S1", "CLF-C02 3.7-K1"],
            read=f"{COMPREHEND_GUIDE}/APIReference/API_DetectEntities.html",
            where=FUNCTION,
        )
        size = len(LONG_NOTE.encode())
        expect(
            bool(whole) or not strays or bool(parts),
            saw=f"for a note of {size:,} bytes Comprehend read {shortened(strays)}",
            means="what is found was not in the note: letters, or whole lines, changed on the way",
            proved=f"a note of {size:,} bytes arrived at Comprehend in one piece",
            **words,
        )
        expect(
            bool(whole),
            saw=f"of a note of {size:,} bytes Comprehend read {longest(parts):,} at most",
            means="whatever stands further down is in no insight, and nobody is told",
            proved=f"a note of {size:,} bytes arrived at Comprehend in one piece",
            **words,
        )
        expect(
            bool(known),
            saw=f"a note of {size:,} bytes has no insight{why_it_failed(stack)}",
            means="the longest notes are the ones that are missing",
            proved="an insight came of it",
            **words,
        )
        languages = {str(each.get("LanguageCode")) for each in whole}
        expect(
            languages == {"en"},
            saw=f"Comprehend is told that the notes are in {' and '.join(sorted(languages))}",
            means="a model for another language finds names where there are none",
            proved="it was told that the note is in English",
            **words,
        )
        expect(
            not strays and not strange,
            saw=f"Comprehend was also given {shortened(strays)}"
            if strays
            else f"the function was also started for {strange and strange[0]}",
            means="every object starts the function, its own insights too: a loop, billed by the character",
            proved="an object beside raw/, and the insight itself, started nothing",
            **{**words, "read": f"{LAMBDA_GUIDE}/with-s3.html"},
        )


@after(check_a_note_becomes_an_insight_of_its_day)
def check_a_note_that_cannot_be_read_waits_for_somebody(stack: Stack) -> None:
    """A note Comprehend refuses waits in a queue, for a week at least.

    S3 starts the function and never learns how it ended. Lambda tries an asynchronous event twice more and then drops
    it, unless somebody said where it should go. That is how notes get lost without any error anybody sees.
    """
    sqs, queue = stack.client("sqs"), stack.output(FAILED)
    words: dict[str, Any] = dict(
        rival="A topic would mail somebody at once. What is left of a mail that nobody read?",
        bullets=["CLF-C02 3.8-K1", "SAA-C03 2.1-K5"],
        where=FAILED,
    )
    with notes_put(stack, {"too long.txt": TOO_LONG}) as [key]:
        waiting = stack.eventually(lambda: starts(stack, [key]), seconds=600)
        cut = [] if waiting else list(insights_of(stack, [key]))
        expect(
            not cut,
            saw=f"a note of {len(TOO_LONG.encode()):,} bytes, more than Comprehend takes at once, has an insight",
            means="the insight looks like all the others, and half of the note was never read",
            proved="a note that is too long for Comprehend has no insight that looks whole",
            read=f"{COMPREHEND_GUIDE}/APIReference/API_DetectEntities.html",
            **words,
        )
        expect(
            bool(waiting),
            saw=f"a note of {len(TOO_LONG.encode()):,} bytes was put, and no message in the queue names it",
            means="the note is in the bucket, in no table, and on nobody's list",
            proved="the note that Comprehend refused is named by a message in the queue",
            read=f"{LAMBDA_GUIDE}/invocation-async-retain-records.html",
            **words,
        )
    kept = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["MessageRetentionPeriod"])["Attributes"]
    seconds = int(kept["MessageRetentionPeriod"])
    expect(
        seconds >= A_WEEK,
        saw=f"the queue drops its messages after {seconds / 86400:g} days",
        means="what fails on the Thursday before Easter is gone on Tuesday",
        proved=f"the queue keeps what failed for {seconds / 86400:g} days",
        read="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
        **words,
    )


@after(check_a_note_becomes_an_insight_of_its_day)
def check_a_query_finds_the_insights_of_a_day(stack: Stack) -> None:
    """A query for a day finds that day's insights, today and next year.

    A table in the Glue Data Catalog holds no data: it says where files lie, how a line is read, and which columns come
    out. When it and the files disagree, Athena answers with no rows or with NULL, and calls that success.
    """
    words: dict[str, Any] = dict(
        bullets=["CLF-C02 3.7-S2", "CLF-C02 3.7-K2"],
        where=declared_table(stack),
    )
    projection, serde = f"{ATHENA_GUIDE}/partition-projection-setting-up.html", f"{ATHENA_GUIDE}/json-serde.html"
    table = the_table(stack)
    expect(
        bool(table),
        saw=f"the Glue Data Catalog knows no table {stack.output(TABLE)}",
        means="there is nothing to ask",
        proved=f"the Glue Data Catalog knows the table {stack.output(TABLE)}",
        read="https://docs.aws.amazon.com/glue/latest/dg/catalog-and-crawler.html",
        **words,
    )
    with notes_put(stack, {NAME: NOTE}) as [key]:
        stack.eventually(lambda: insights_of(stack, [key]), seconds=90)
        place, body = insights_of(stack, [key])[key]

    keys = [each["Name"] for each in table.get("PartitionKeys") or []]
    expect(
        keys == ["dt"],
        saw=f"the table is partitioned by {' and '.join(keys)}" if keys else "the table has no partitions",
        means="a question about one day reads, and pays for, every day there ever was",
        proved="the table is partitioned by dt",
        read=f"{ATHENA_GUIDE}/partitions.html",
        **words,
    )
    today = re.search(r"dt=(\d{4}-\d\d-\d\d)/", place)
    day = date.fromisoformat(today[1]) if today else datetime.now(UTC).date()
    later = day + timedelta(400)
    gap = no_partition_for(table, day, now=day) or no_partition_for(table, later, now=later)
    gone = "" if gap else no_partition_for(table, day, now=later)
    gap = gap or (gone and f"{gone} any more when it is asked for on {later}")
    expect(
        not gap,
        saw=gap,
        means="the query ends well and finds nothing, and the insights lie in the bucket"
        if gone
        else "the query ends well and finds nothing, on the first day or on New Year's Eve",
        proved=f"the table knows the days from now on, {day} among them, and keeps them, without a crawler",
        rival="A crawler finds new folders by itself. When does it run, and what does each run cost?",
        read=projection,
        **words,
    )
    home = (table.get("StorageDescriptor") or {}).get("Location")
    expect(
        bool(home),
        saw="the table does not say where its files lie",
        means="Athena has nowhere to look",
        proved=f"the table says that its files lie in {home}",
        read=f"{ATHENA_GUIDE}/tables-location-format.html",
        **words,
    )
    looked = location_of(table, day)
    expect(
        f"s3://{stack.output(INSIGHTS)}/{place}".startswith(looked),
        saw=f"for {day} Athena looks into {looked}, and the insight lies in s3://{stack.output(INSIGHTS)}/{place}",
        means="the query ends well, and finds nothing",
        proved=f"for {day} Athena looks into {looked}, where the insight lies",
        read=projection,
        **words,
    )
    rows, unread = rows_of(table, place, body)
    expect(
        not unread,
        saw=unread,
        means="the first query of the morning ends in an error, or in rows full of NULL",
        proved="each line of the file is one JSON object, as the table's SerDe expects",
        rival="Parquet would be smaller and read by column. From how many notes on does that matter?",
        read=serde,
        **words,
    )
    misfit = misfit_of(table, rows, key)
    expect(
        not misfit,
        saw=misfit,
        means="the query ends well, and the column holds NULL or the query fails at that row",
        proved="the columns note and entities hold what the function wrote",
        read=serde,
        **words,
    )


def check_one_query_reads_a_gigabyte_at_most(stack: Stack) -> None:
    """One query reads a gigabyte at most, whoever runs it.

    Athena has no servers to size and bills for the bytes a query reads. That makes a careless SELECT * the one way to
    make it expensive, and a limit in the workgroup the way to stop it. Settings that a client may replace are advice.
    """
    group = the_work_group(stack)
    settings = group.get("Configuration") or {}
    limit = settings.get("BytesScannedCutoffPerQuery")
    words: dict[str, Any] = dict(
        bullets=["CLF-C02 3.7-K2", "SAA-C03 3.5-K1"],
        where=declared_group(stack),
    )
    expect(
        group.get("State", "ENABLED") == "ENABLED",
        saw=f"the workgroup {group['Name']} is {group.get('State', '').lower()}",
        means="nobody can ask anything in it",
        proved="the workgroup takes queries",
        read=f"{ATHENA_GUIDE}/workgroups-create-update-delete.html",
        **words,
    )
    expect(
        bool(limit) and int(limit) <= GIGABYTE,
        saw=f"a query in {group['Name']} may read {f'{int(limit):,} bytes' if limit else 'as much as there is'}",
        means="one query without a WHERE, run every hour by a dashboard, is the month's bill",
        proved=f"Athena stops a query in {group['Name']} at {int(limit or 0):,} bytes",
        rival="A budget tells you too (Lab 2). When, and does it stop anything?",
        read=f"{ATHENA_GUIDE}/workgroups-setting-control-limits-cloudwatch.html",
        **words,
    )
    expect(
        settings.get("EnforceWorkGroupConfiguration") is True,
        saw=f"{group['Name']} lets every client choose its own settings",
        means="results go wherever the laptop of the day says, into another account's bucket too",
        proved="what the workgroup says replaces what a client says",
        read=f"{ATHENA_GUIDE}/workgroups-settings-override.html",
        **words,
    )


def check_results_leave_and_notes_stay(stack: Stack) -> None:
    """Query results lie apart and leave within 30 days; notes and insights stay.

    Athena writes a file for every query. It holds what was read, so it wants the same care as the insights; and it is
    a copy nobody will look at again. A lifecycle rule takes it away, for no charge and without a program.
    """
    words: dict[str, Any] = dict(
        bullets=["CLF-C02 3.6-S6", "SAA-C03 4.1-S5"],
        where=declared_group(stack),
    )
    group = the_work_group(stack)
    place = results_of(stack)
    kept_by_athena = (group.get("Configuration") or {}).get("ManagedQueryResultsConfiguration") or {}
    expect(
        place is not None or kept_by_athena.get("Enabled") is True,
        saw=f"the workgroup {group['Name']} does not say where results go",
        means="each laptop chooses a place of its own, and nobody knows where the answers lie",
        proved="the workgroup says where results go",
        read=f"{ATHENA_GUIDE}/query-results-specify-location.html",
        **words,
    )
    notes, insights = stack.output(NOTES), stack.output(INSIGHTS)
    if place is not None:
        bucket, prefix = place
        crowded = bucket in (notes, insights) and (not prefix or prefix.startswith(("raw/", "curated/")))
        expect(
            not crowded,
            saw=f"query results go to s3://{bucket}/{prefix}, among the notes or the insights",
            means="the next query reads the last one's results as if they were insights, or the function does as notes",
            proved=f"query results go to s3://{bucket}/{prefix}, apart from notes and insights",
            read=f"{ATHENA_GUIDE}/query-results-specify-location.html",
            **words,
        )
        stays = [days for days in expiries(stack, bucket, prefix) if days <= LONGEST_STAY]
        expect(
            bool(stays),
            saw=f"no lifecycle rule takes away what lies under s3://{bucket}/{prefix} within {LONGEST_STAY} days",
            means="a copy of every answer ever given, paid for month after month, is waiting to be found",
            proved=f"query results are gone {min(stays, default=0)} days after the query",
            rival="Athena can keep results itself, for 24 hours. What would you give up?",
            read=f"{S3_GUIDE}/object-lifecycle-mgmt.html",
            **words,
        )
        old = versions_kept(stack, bucket, prefix)
        expect(
            not old,
            saw=f"s3://{bucket} is versioned: an expired result gets a delete marker, and its bytes stay",
            means="the bill and the copies stay, out of sight",
            proved="nothing is left of an expired result",
            read=f"{S3_GUIDE}/lifecycle-expire-general-considerations.html",
            **words,
        )
    gone = [
        (bucket, prefix, days)
        for bucket, prefix in ((notes, "raw/"), (insights, "curated/"))
        for days in expiries(stack, bucket, prefix, any_part=True)
    ]
    bucket, prefix, days = gone[0] if gone else ("", "", 0)
    expect(
        not gone,
        saw=f"a lifecycle rule takes away what lies under s3://{bucket}/{prefix} after {days} days",
        means="the notes are the one thing nobody can compute again",
        proved="no lifecycle rule takes away notes or insights",
        read=f"{S3_GUIDE}/intro-lifecycle-filters.html",
        **{**words, "where": NOTES if prefix == "raw/" else INSIGHTS},
    )


def check_analysts_read_insights_and_no_notes(stack: Stack) -> None:
    """Analysts ask Athena about insights, within the limit, and read no note.

    Athena reads S3 and the catalog with the permissions of whoever asks. So the role needs four kinds of them, and
    what it lacks is what keeps it from the notes: a query over raw/ fails as a download would.
    """
    analyst, group = stack.output(ANALYST), the_work_group(stack)["Name"]
    database, table = names_of_table(stack)
    here = f"{stack.region}:{stack.account}"
    own_group = f"arn:aws:athena:{here}:workgroup/{group}"
    notes, insights = (f"arn:aws:s3:::{stack.output(name)}" for name in (NOTES, INSIGHTS))
    insight = f"{insights}/curated/dt=2026-11-23/visit.json"
    needs: list[tuple[str, str, dict[str, str]]] = [
        *((f"athena:{action}", own_group, {}) for action in ("StartQueryExecution", "GetQueryExecution")),
        ("athena:GetQueryResults", own_group, {}),
        ("glue:GetTable", f"arn:aws:glue:{here}:catalog", {}),
        ("glue:GetTable", f"arn:aws:glue:{here}:database/{database}", {}),
        ("glue:GetTable", f"arn:aws:glue:{here}:table/{database}/{table}", {}),
        ("s3:ListBucket", insights, {"s3:prefix": "curated/dt=2026-11-23/"}),
        ("s3:GetObject", insight, {}),
    ]
    place = results_of(stack)
    if place is not None:
        bucket, prefix = f"arn:aws:s3:::{place[0]}", place[1]
        needs += [
            ("s3:GetBucketLocation", bucket, {}),
            ("s3:PutObject", f"{bucket}/{prefix}8f1d.csv", {}),
            ("s3:GetObject", f"{bucket}/{prefix}8f1d.csv", {}),
        ]
        needs += [("kms:GenerateDataKey", key, via_s3(stack)) for key in keys_of(stack, place[0])]
    needs += [("kms:Decrypt", key, via_s3(stack)) for key in keys_of(stack, stack.output(INSIGHTS))]
    refused = [
        (action, resource)
        for action, resource, context in needs
        if denied(stack.may(analyst, action, resource, context={**OVER_TLS, **context}))
    ]
    action, resource = refused[0] if refused else ("", "")
    words: dict[str, Any] = dict(
        bullets=["CLF-C02 2.3-K3", "CLF-C02 3.7-S2"],
        read=f"{ATHENA_GUIDE}/security-iam-athena.html",
        where=ANALYST,
    )
    expect(
        is_trusting(stack, analyst),
        saw="the role's trust policy lets nobody take it",
        means="the analysts cannot begin",
        proved="people can take the role",
        **words,
    )
    expect(
        not refused,
        saw=f"an analyst's query is refused: {action} on {resource}",
        means="the analysts cannot work, and will ask for administrator rights",
        proved=f"all {len(needs)} permissions a query takes are there",
        **words,
    )
    beyond = [
        ("s3:GetObject", f"{notes}/raw/visit.txt"),
        ("s3:GetObjectVersion", f"{notes}/raw/visit.txt"),
        ("s3:PutObject", f"{notes}/raw/visit.txt"),
        ("s3:PutObject", insight),
        ("s3:DeleteObject", insight),
        ("s3:DeleteObject", f"{notes}/raw/visit.txt"),
        ("s3:PutBucketPolicy", notes),
        ("s3:GetObject", "arn:aws:s3:::another-bucket/curated/visit.json"),
        ("s3:ListBucket", "arn:aws:s3:::another-bucket"),
        ("athena:StartQueryExecution", f"arn:aws:athena:{here}:workgroup/primary"),
        ("athena:StartQueryExecution", f"arn:aws:athena:{here}:workgroup/any-other"),
        ("athena:UpdateWorkGroup", own_group),
        ("athena:DeleteWorkGroup", own_group),
        ("glue:UpdateTable", f"arn:aws:glue:{here}:table/{database}/{table}"),
        ("glue:DeleteTable", f"arn:aws:glue:{here}:table/{database}/{table}"),
        ("glue:GetTable", f"arn:aws:glue:{here}:table/any-other/table"),
        ("comprehend:DetectEntities", "*"),
        ("lambda:InvokeFunction", function_arn(stack)),
        ("lambda:UpdateFunctionCode", function_arn(stack)),
        ("sqs:ReceiveMessage", queue_arn(stack)),
        ("iam:PassRole", f"arn:aws:iam::{stack.account}:role/any"),
        ("iam:PutRolePolicy", f"arn:aws:iam::{stack.account}:role/any"),
    ]
    opened = first_allowed(stack, analyst, beyond)
    expect(
        opened is None,
        saw=f"an analyst may {opened and opened[0]} on {opened and opened[1]}",
        means="the notes are one query away for everybody who may ask about numbers"
        if opened and opened[0].startswith("s3:Get") and "raw/" in opened[1]
        else "a question about insights comes with a permission nobody meant to give",
        proved=f"{len(beyond)} other requests are refused, reading raw/ and the primary workgroup among them",
        rival="Lake Formation can give columns and rows to some. When is a prefix no longer enough?",
        **words,
    )


def check_the_function_does_its_job_alone(stack: Stack) -> None:
    """The function reads notes, asks for entities, writes insights, and may do nothing else.

    The text in a note comes from outside, and so does every library in the function. What its role lacks, neither can
    do: delete a note, start a training that runs for hours, read another bucket.
    """
    role = function_role(stack)
    here = f"{stack.region}:{stack.account}"
    notes, insights = (f"arn:aws:s3:::{stack.output(name)}" for name in (NOTES, INSIGHTS))
    beyond = [
        ("s3:PutObject", f"{notes}/raw/visit.txt"),
        ("s3:DeleteObject", f"{notes}/raw/visit.txt"),
        ("s3:DeleteObjectVersion", f"{notes}/raw/visit.txt"),
        ("s3:GetObject", f"{notes}/elsewhere/visit.txt"),
        ("s3:PutObject", f"{insights}/elsewhere/visit.json"),
        ("s3:DeleteObject", f"{insights}/curated/dt=2026-11-23/visit.json"),
        ("s3:DeleteBucket", notes),
        ("s3:PutBucketPolicy", notes),
        ("s3:PutLifecycleConfiguration", insights),
        ("s3:GetObject", "arn:aws:s3:::another-bucket/raw/visit.txt"),
        ("s3:PutObject", "arn:aws:s3:::another-bucket/curated/dt=2026-11-23/visit.json"),
        ("comprehend:StartEntitiesDetectionJob", "*"),
        ("comprehend:CreateEntityRecognizer", f"arn:aws:comprehend:{here}:entity-recognizer/any"),
        ("comprehend:CreateEndpoint", f"arn:aws:comprehend:{here}:entity-recognizer-endpoint/any"),
        ("athena:StartQueryExecution", f"arn:aws:athena:{here}:workgroup/primary"),
        ("lambda:UpdateFunctionCode", function_arn(stack)),
        ("sqs:SendMessage", f"arn:aws:sqs:{here}:any-other-queue"),
        ("dynamodb:Scan", f"arn:aws:dynamodb:{here}:table/any"),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{here}:secret:any"),
        ("iam:PassRole", f"arn:aws:iam::{stack.account}:role/any"),
        ("iam:PutRolePolicy", f"arn:aws:iam::{stack.account}:role/any"),
        ("sts:AssumeRole", f"arn:aws:iam::{stack.account}:role/any"),
    ]
    opened = first_allowed(stack, role, beyond)
    expect(
        opened is None,
        saw=f"the function may {opened and opened[0]} on {opened and opened[1]}",
        means="a mistake in it, or in a library it brings along, reaches further than its job",
        proved=f"{len(beyond)} requests beside its job are refused",
        rival="ComprehendFullAccess would have worked at once. Which of its actions could cost the most?",
        bullets=["CLF-C02 2.3-K3", "SAA-C03 1.1-S2"],
        read="https://docs.aws.amazon.com/comprehend/latest/dg/security_iam_id-based-policy-examples.html",
        where=FUNCTION,
    )


def check_nobody_outside_sees_anything(stack: Stack) -> None:
    """Nobody outside the account sees notes, insights, results or failures, and none of them travels in the clear.

    S3 encrypts everything it stores by itself. Who may read it, and over which connection, it leaves to you.
    """
    place = results_of(stack)
    buckets = dict.fromkeys([stack.output(NOTES), stack.output(INSIGHTS), *([place[0]] if place else [])])
    prefixes = {"raw/": stack.output(NOTES), "curated/": stack.output(INSIGHTS)}
    objects = [f"arn:aws:s3:::{bucket}/{prefix}preflight" for prefix, bucket in prefixes.items()]
    objects += [f"arn:aws:s3:::{place[0]}/{place[1]}preflight"] if place else []
    words: dict[str, Any] = dict(
        bullets=["CLF-C02 2.1-S2", "CLF-C02 2.2-S4"],
    )
    doors = [
        *((f"s3:{action}", each) for action in ("GetObject", "PutObject") for each in objects),
        *(("s3:ListBucket", f"arn:aws:s3:::{bucket}") for bucket in buckets),
        *((f"sqs:{action}", queue_arn(stack)) for action in ("ReceiveMessage", "SendMessage")),
        *(("sts:AssumeRole", role) for role in (function_role(stack), role_arn(stack, ANALYST))),
        *((f"lambda:{action}", function_arn(stack)) for action in ("InvokeFunction", "InvokeFunctionUrl")),
    ]
    for who, circumstances in outsiders(stack):
        opened = next((each for each in doors if is_open(stack, who, *each, **circumstances)), None)
        expect(
            opened is None,
            saw=f"{OUTSIDERS.get(who, 'anyone')} may {opened and opened[0]} on {opened and opened[1]}",
            means="somebody finds it before you do: public buckets are searched for all day",
            proved="strangers, with or without an account at AWS, can read, list and send nothing",
            read=f"{S3_GUIDE}/access-control-block-public-access.html",
            where=holder(stack, opened[1]) if opened else NOTES,
            **words,
        )
    clear = [
        (action, each)
        for action, each in doors
        if action.startswith("s3:")
        and is_open(stack, stack.output(ANALYST), action, each, context=OVER_HTTP, also=[ADMINISTRATOR])
    ]
    expect(
        not clear,
        saw=f"{clear and clear[0][0]} on {clear and clear[0][1]} is answered over plain http",
        means="whoever is on the same network reads along",
        proved="over plain http even an administrator is refused",
        rival="Encryption at rest is there by default. Which of the two stops somebody on the same wifi?",
        read=f"{S3_GUIDE}/security-best-practices.html",
        where=holder(stack, clear[0][1]) if clear else NOTES,
        **words,
    )


@contextlib.contextmanager
def notes_put(stack: Stack, notes: dict[str, str]) -> Iterator[list[str]]:
    """Put notes under raw/ and give their keys; what the stack makes of them is taken away in the end."""
    token = f"preflight-{uuid.uuid4().hex[:12]}"
    keys = [f"raw/{token}/{name}" for name in notes]
    for key, text in zip(keys, notes.values(), strict=True):
        stack.client("s3").put_object(Bucket=stack.output(NOTES), Key=key, Body=text.encode(), ContentType="text/plain")
    try:
        yield keys
    finally:
        stack.eventually(lambda: True)
        s3 = stack.client("s3", undone=False)
        for place, body in written(stack):
            if token in place or token.encode() in inflated(body):
                remove(s3, stack.output(INSIGHTS), place)


def remove(s3: Any, bucket: str, key: str) -> None:
    """Take an object away, with whatever versions it has."""
    kept = s3.list_object_versions(Bucket=bucket, Prefix=key)
    versions = [each["VersionId"] for each in kept.get("Versions", []) if each["Key"] == key]
    s3.delete_object(Bucket=bucket, Key=key)
    for version in versions:
        if version != "null":
            s3.delete_object(Bucket=bucket, Key=key, VersionId=version)


def written(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Every object beside the notes in the insights' bucket, with what it holds."""
    s3, bucket = stack.client("s3"), stack.output(INSIGHTS)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for each in page.get("Contents", []):
            if not each["Key"].startswith("raw/") and each["LastModified"] > datetime.now(UTC) - timedelta(hours=1):
                yield each["Key"], s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()


def insights_of(stack: Stack, keys: Sequence[str]) -> dict[str, tuple[str, bytes]]:
    """For each of these notes that has an insight: where it lies, and its body."""
    found = {}
    for place, body in written(stack):
        for key in keys:
            if any(field(row, "note") == key for row in objects_in(unpacked(place, body))):
                found[key] = (place, body)
    return found


def all_there(found: dict[str, Any], keys: Sequence[str]) -> bool:
    return all(key in found for key in keys)


def unpacked(place: str, body: bytes) -> bytes:
    """A file as Athena reads it: what ends in .gz is unpacked."""
    return inflated(body) if place.endswith(".gz") else body


def inflated(body: bytes) -> bytes:
    """What gzip packed, whatever its name says; anything else as it is."""
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        return body


def packed_in_secret(stack: Stack, keys: Sequence[str]) -> str:
    """That an insight is there, and its name hides that gzip packed it; empty when there is none like that."""
    for place, body in written(stack):
        inside = [field(row, "note") for row in objects_in(inflated(body))]
        if not place.endswith(".gz") and inflated(body) != body and set(inside) & set(keys):
            return f" that Athena can read: {place} is packed with gzip, and its name does not end in .gz"
    return ""


def objects_in(body: bytes) -> list[Any]:
    """The JSON objects in a file, whatever blanks stand between them."""
    decoder, text, found = json.JSONDecoder(), body.decode("utf-8", "replace").strip(), []
    while text:
        try:
            value, end = decoder.raw_decode(text)
        except ValueError:
            break
        found += value if isinstance(value, list) else [value]
        text = text[end:].lstrip()
    return found


def field(row: Any, name: str) -> Any:
    """A field of a JSON object; the SerDes take no notice of case."""
    if not isinstance(row, dict):
        return None
    return next((value for key, value in row.items() if str(key).lower() == name.lower()), None)


def day_folder(day: str) -> str:
    return f"curated/dt={day}/"


def texts_in(asked: dict[str, Any]) -> list[str]:
    """The texts of a request that asks for entities."""
    if asked["operation"] not in ("DetectEntities", "BatchDetectEntities"):
        return []
    return [str(text) for text in (asked.get("TextList") or [asked.get("Text")]) if text]


def longest(texts: Sequence[str]) -> int:
    """How many bytes the longest of these has."""
    return max((len(each.encode()) for each in texts), default=0)


def shortened(texts: Sequence[str]) -> str:
    return f"“{texts[0][:60]}…”" if texts else "nothing"


def starts(stack: Stack, keys: Sequence[str]) -> list[str]:
    """Which of these keys, or beginnings of keys, the messages in the queue of failed notes name."""
    sqs, queue = stack.client("sqs"), stack.output(FAILED)
    wait = 0 if stack.mode == "offline" else 5
    answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0, WaitTimeSeconds=wait)
    bodies = []
    for message in answer.get("Messages", []):
        bodies.append(message["Body"])
        if "preflight-" in message["Body"]:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    encoded = {key: {key, quote(key), quote(key).replace("%20", "+")} for key in keys}
    return [key for key in keys if any(form in body for form in encoded[key] for body in bodies)]


def why_it_failed(stack: Stack) -> str:
    """The last error in the function's log, for the learner to read."""
    function = stack.client("lambda").get_function_configuration(FunctionName=stack.output(FUNCTION))
    group = (function.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{function['FunctionName']}"
    answer = attempt(stack.client("logs").filter_log_events, logGroupName=group)
    lines = [each["message"] for each in answer.value["events"]] if answer.ok else []
    errors = [line for line in lines if re.search(r"\[ERROR\]|Task timed out|errorMessage", line)]
    printed = [line for line in lines if not re.match(r"(INIT_|START|END|REPORT|EXTENSION|RUNTIME)", line)]
    if errors or printed:
        return f"; the function's log says: {' '.join((errors or printed)[-1].split())[:240]}"
    return "; the function's log is silent" if lines else "; the function was not started"


def the_table(stack: Stack) -> dict[str, Any]:
    """What the catalog holds about the table; nothing where there is none."""
    database, table = names_of_table(stack)
    answer = attempt(stack.client("glue").get_table, DatabaseName=database, Name=table)
    found: dict[str, Any] = answer.value["Table"] if answer.ok else {}
    return found


def declared_table(stack: Stack) -> Any:
    """The table as the stack declares it, to point at."""
    name = names_of_table(stack)[1]
    tables = stack.of_type("AWS::Glue::Table")
    return next((each for each in tables if (each.properties.get("TableInput") or {}).get("Name") == name), TABLE)


def declared_group(stack: Stack) -> Any:
    """The workgroup as the stack declares it, to point at."""
    name = stack.output(WORK_GROUP).rpartition("workgroup/")[2]
    groups = stack.of_type("AWS::Athena::WorkGroup")
    return next((each for each in groups if each.properties.get("Name") == name), WORK_GROUP)


def names_of_table(stack: Stack) -> tuple[str, str]:
    database, dot, table = stack.output(TABLE).partition(".")
    if not dot:
        could_not_ask(
            f"the output {TABLE} holds “{database}”; put the database and the table in it, as in notes.insights"
        )
    return database, table


def no_partition_for(table: dict[str, Any], day: date, *, now: date) -> str:
    """Why the table's projection has no partition for a day when it is asked on `now`; empty when it has one."""
    told = {str(key).lower(): str(value) for key, value in (table.get("Parameters") or {}).items()}
    if told.get("projection.enabled", "").strip().lower() != "true":
        return "partition projection is off, so the table knows only days that somebody registered"
    kind = told.get("projection.dt.type", "").strip().lower()
    if kind == "injected":
        return ""
    if kind == "enum":
        known = told.get("projection.dt.values", "").split(",")
        return "" if str(day) in known else f"the projection lists its days, and {day} is not among them"
    if kind != "date":
        return f"the projection's type for dt is {kind or 'missing'}, which gives no days"
    shape = told.get("projection.dt.format", "").replace("'", "")
    if shape not in ("yyyy-MM-dd", "uuuu-MM-dd"):
        return f"the projection writes days as {shape or 'nothing'}, and the folders as yyyy-MM-dd"
    first, _, last = told.get("projection.dt.range", "").partition(",")
    bounds = [moment(each, now) for each in (first, last)]
    if None in bounds:
        return f"the projection's range, {told.get('projection.dt.range')}, is none of dates or NOW"
    if not bounds[0] <= day <= bounds[1]:
        return f"the projection's days are {told.get('projection.dt.range')}: {day} is not among them"
    step, unit = told.get("projection.dt.interval", "1"), told.get("projection.dt.interval.unit", "DAYS")
    if (step, unit.strip().upper().rstrip("S")) != ("1", "DAY"):
        return f"the projection has a day every {step} {unit.lower()}"
    return ""


def moment(text: str, now: date) -> Any:
    """A bound of a date range: a date, or NOW with days, weeks, months or years added or taken off."""
    text = text.strip()
    relative = re.fullmatch(r"NOW\s*(?:([+-])\s*(\d+)\s*(DAY|WEEK|MONTH|YEAR|HOUR|MINUTE|SECOND)S?)?", text)
    if relative:
        days = {"DAY": 1, "WEEK": 7, "MONTH": 30, "YEAR": 365}.get(relative[3] or "", 0)
        moved = timedelta(days=days * int(relative[2] or 0))
        return now - moved if relative[1] == "-" else now + moved
    with contextlib.suppress(ValueError):
        return date.fromisoformat(text)
    return None


def location_of(table: dict[str, Any], day: date) -> str:
    """Where Athena looks for a day, as projection says: by its template, else in a folder named after the column."""
    told = {str(key).lower(): str(value) for key, value in (table.get("Parameters") or {}).items()}
    template = told.get("storage.location.template")
    if template:
        place = template.replace("${dt}", str(day))
    else:
        place = f"{str((table.get('StorageDescriptor') or {}).get('Location', '')).rstrip('/')}/dt={day}"
    return f"{re.sub('^s3[an]://', 's3://', place).rstrip('/')}/"


def rows_of(table: dict[str, Any], place: str, body: bytes) -> tuple[list[Any], str]:
    """The rows Athena reads from a file by the table's SerDe, or why it cannot read them."""
    store = table.get("StorageDescriptor") or {}
    library = str((store.get("SerdeInfo") or {}).get("SerializationLibrary"))
    expected = JSON_FORMATS.get(library)
    if expected is None:
        return [], f"the function writes JSON, and the table's SerDe is {library}"
    if store.get("InputFormat") != expected:
        return [], f"the table's input format is {store.get('InputFormat')}, and its SerDe reads from {expected}"
    if place.rpartition("/")[2].startswith(("_", ".")):
        return [], f"Athena takes no notice of {place}: its name begins like a hidden file's"
    text = unpacked(place, body)
    if "ion" in library:
        return objects_in(text), ""
    rows = []
    for line in text.decode("utf-8", "replace").splitlines():
        if not line.strip():
            continue
        try:
            rows.append(json.loads(line))
        except ValueError:
            return [], f"the SerDe reads line by line, and a line of {place} is {line[:40]!r}"
        if not isinstance(rows[-1], dict):
            return [], f"a row is a JSON object, and a line of {place} is {line[:40]!r}"
    return rows, "" if rows else f"{place} holds no row"


def misfit_of(table: dict[str, Any], rows: Sequence[Any], key: str) -> str:
    """What the table's columns do not find in the rows; empty when the note's row is all there."""
    store = table.get("StorageDescriptor") or {}
    columns = {str(each["Name"]).lower(): str(each.get("Type", "")) for each in store.get("Columns") or []}
    untyped = [
        str(each["Name"])
        for each in [*(table.get("PartitionKeys") or []), *(store.get("Columns") or [])]
        if not each.get("Type")
    ]
    if untyped:
        return f"the column {untyped[0]} has no type"
    absent = [name for name in ("note", "entities") if name not in columns]
    if absent:
        return f"the table has no column {absent[0]}; it has {' and '.join(columns) or 'none'}"
    told = {
        str(name).lower(): str(value)
        for name, value in ((store.get("SerdeInfo") or {}).get("Parameters") or {}).items()
    }
    entities = parsed(columns["entities"])
    inner = entities[1] if entities[0] == "array" else ("", {})
    lacking = [name for name in ("text", "type", "score") if inner[0] == "struct" and name not in inner[1]]
    if inner[0] not in ("struct", "map") or lacking:
        out = (lacking or ["text"])[0]
        return f"the column entities is declared as {columns['entities']}, from which no {out} comes out"
    for row in rows:
        for name, kind in columns.items():
            value = field(row, told.get(f"mapping.{name}", name))
            if value is not None and not fits(value, parsed(kind)):
                return f"the column {name} is declared as {kind}, and the function writes {json.dumps(value)[:60]}"
    mine = [row for row in rows if field(row, told.get("mapping.note", "note")) == key]
    if not mine:
        return "no row's column note holds the key of the note"
    for row in mine:
        found = field(row, told.get("mapping.entities", "entities"))
        names = ("text", "type", "score")
        if not found or any(field(each, name) is None for each in found for name in names):
            return f"of a note with entities, the column entities holds {json.dumps(found)[:80]}"
    return ""


def parsed(kind: str) -> tuple[str, Any]:
    """A Hive type, taken apart: ("array", element), ("map", value), ("struct", {name: type}) or (name, None)."""
    kind = re.sub(r"\s+", "", kind).lower()
    outer = re.fullmatch(r"(array|map|struct)<(.*)>", kind)
    if outer is None:
        return re.sub(r"\(.*\)", "", kind), None
    parts, depth, start = [], 0, 0
    for index, letter in enumerate(outer[2]):
        depth += {"<": 1, "(": 1, ">": -1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append(outer[2][start:index])
            start = index + 1
    parts.append(outer[2][start:])
    if outer[1] == "array":
        return "array", parsed(outer[2])
    if outer[1] == "map":
        return "map", parsed(parts[-1])
    return "struct", {name: parsed(rest) for name, _, rest in (part.partition(":") for part in parts)}


def fits(value: Any, kind: tuple[str, Any]) -> bool:
    """Whether a JSON value can be read as a Hive type."""
    if value is None:
        return True
    name, inner = kind
    if name == "array":
        return isinstance(value, list) and all(fits(each, inner) for each in value)
    if name == "map":
        return isinstance(value, dict) and all(fits(each, inner) for each in value.values())
    if name == "struct":
        return isinstance(value, dict) and all(fits(field(value, part), rest) for part, rest in inner.items())
    if isinstance(value, list | dict):
        return False
    if name in ("tinyint", "smallint", "int", "integer", "bigint"):
        return re.fullmatch(r"-?\d+", str(value)) is not None
    if name in ("float", "double", "decimal", "real"):
        return re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", str(value)) is not None
    return name != "boolean" or isinstance(value, bool)


def the_work_group(stack: Stack) -> dict[str, Any]:
    """What Athena knows about the workgroup; its name alone where there is none."""
    name = stack.output(WORK_GROUP).rpartition("workgroup/")[2]
    answer = attempt(stack.client("athena").get_work_group, WorkGroup=name)
    found: dict[str, Any] = answer.value["WorkGroup"] if answer.ok else {"Name": name, "State": "MISSING"}
    return found


def results_of(stack: Stack) -> tuple[str, str] | None:
    """The bucket and prefix query results go to; None where Athena keeps them itself, or the workgroup says nothing."""
    group = the_work_group(stack)
    settings = group.get("Configuration") or {}
    if (settings.get("ManagedQueryResultsConfiguration") or {}).get("Enabled"):
        return None
    place = str((settings.get("ResultConfiguration") or {}).get("OutputLocation") or "")
    if not place:
        return None
    bucket, _, prefix = re.sub("^s3[an]?://", "", place).partition("/")
    return bucket, f"{prefix.rstrip('/')}/" if prefix.rstrip("/") else ""


def keys_of(stack: Stack, bucket: str) -> list[str]:
    """The KMS keys of one's own that a bucket encrypts with."""
    answer = attempt(stack.client("s3").get_bucket_encryption, Bucket=bucket)
    rules = answer.value["ServerSideEncryptionConfiguration"]["Rules"] if answer.ok else []
    named = [str((each.get("ApplyServerSideEncryptionByDefault") or {}).get("KMSMasterKeyID") or "") for each in rules]
    held = [next(iter(stack.find(name)), None) for name in named if name]
    return [item.attributes["Arn"] for item in held if item is not None and item.type == "AWS::KMS::Key"]


def via_s3(stack: Stack) -> dict[str, str]:
    return {"kms:ViaService": f"s3.{stack.region}.amazonaws.com", "kms:CallerAccount": stack.account}


def rules_of(stack: Stack, bucket: str) -> list[dict[str, Any]]:
    answer = attempt(stack.client("s3").get_bucket_lifecycle_configuration, Bucket=bucket)
    rules: list[dict[str, Any]] = answer.value["Rules"] if answer.ok else []
    return [each for each in rules if each.get("Status") == "Enabled"]


def expiries(stack: Stack, bucket: str, prefix: str, *, any_part: bool = False) -> list[int]:
    """After how many days rules take away what lies under a prefix: all of it, or with `any_part` some of it."""
    found = []
    for rule in rules_of(stack, bucket):
        chosen = rule.get("Filter") or {}
        both = chosen.get("And") or {}
        start = str(chosen.get("Prefix") or both.get("Prefix") or rule.get("Prefix") or "")
        narrowed = bool({"Tag", "ObjectSizeGreaterThan", "ObjectSizeLessThan"} & set(chosen) or set(both) - {"Prefix"})
        covers = prefix.startswith(start) and not narrowed
        touches = prefix.startswith(start) or start.startswith(prefix)
        expiration = rule.get("Expiration") or {}
        days = expiration.get("Days", 0 if expiration.get("Date") else None)
        if days is not None and (touches if any_part else covers):
            found.append(int(days))
    return found


def versions_kept(stack: Stack, bucket: str, prefix: str) -> bool:
    """Whether a bucket keeps old versions of what lies under a prefix for longer than results may stay."""
    if stack.client("s3").get_bucket_versioning(Bucket=bucket).get("Status") is None:
        return False
    for rule in rules_of(stack, bucket):
        chosen = rule.get("Filter") or {}
        start = str(chosen.get("Prefix") or rule.get("Prefix") or "")
        days = (rule.get("NoncurrentVersionExpiration") or {}).get("NoncurrentDays")
        if days is not None and int(days) <= LONGEST_STAY and prefix.startswith(start):
            return False
    return True


def function_arn(stack: Stack) -> str:
    name = stack.output(FUNCTION)
    answer = attempt(stack.client("lambda").get_function_configuration, FunctionName=name)
    if not answer.ok:
        could_not_ask(f"Lambda knows no function {name}: {answer.message}")
    return str(answer.value["FunctionArn"])


def function_role(stack: Stack) -> str:
    return str(stack.client("lambda").get_function_configuration(FunctionName=function_arn(stack))["Role"])


def queue_arn(stack: Stack) -> str:
    answer = attempt(
        stack.client("sqs").get_queue_attributes, QueueUrl=stack.output(FAILED), AttributeNames=["QueueArn"]
    )
    if not answer.ok:
        could_not_ask(f"SQS knows no queue {stack.output(FAILED)}; put a queue's URL into the output {FAILED}")
    return str(answer.value["Attributes"]["QueueArn"])


def first_allowed(stack: Stack, who: str, doors: Sequence[tuple[str, str]]) -> tuple[str, str] | None:
    """The first of these requests that is not refused."""
    context = {**OVER_TLS, "s3:prefix": "curated/"}
    return next((each for each in doors if is_open(stack, who, *each, context=context)), None)


def outsiders(stack: Stack) -> Iterator[tuple[str, dict[str, Any]]]:
    """Strangers, and the circumstances in which they come: without an account, from another one, through a service."""
    yield "anyone", {"context": OVER_TLS}
    yield "anyone", {"context": OVER_HTTP}
    yield STRANGER, {"context": OVER_TLS, "also": [ADMINISTRATOR]}
    for service, source in (
        ("s3", "arn:aws:s3:::strange"),
        ("sns", f"arn:aws:sns:{stack.region}:999988887777:strange"),
    ):
        context = {**OVER_TLS, "aws:SourceArn": source, "aws:SourceAccount": "999988887777"}
        yield f"service:{service}.amazonaws.com", {"context": context}


def is_open(stack: Stack, who: str, action: str, resource: str, **circumstances: Any) -> bool:
    return not denied(stack.may(who, action, resource, **circumstances))


def is_trusting(stack: Stack, role: str) -> bool:
    """Whether a role's trust policy allows anybody at all to take it."""
    found = attempt(stack.client("iam").get_role, RoleName=role.rpartition("/")[2])
    if not found.ok:
        could_not_ask(f"IAM knows no role {role}; put the analysts' role into the output {ANALYST}")
    statements = found.value["Role"]["AssumeRolePolicyDocument"]["Statement"]
    statements = [statements] if isinstance(statements, dict) else statements
    return any(each["Effect"] == "Allow" for each in statements)


def role_arn(stack: Stack, output: str) -> str:
    name = stack.output(output)
    return name if name.startswith("arn:") else f"arn:aws:iam::{stack.account}:role/{name}"


def holder(stack: Stack, arn: str) -> Any:
    """The bucket or queue an ARN is about, to point at."""
    name = arn.removeprefix("arn:aws:s3:::").partition("/")[0] if ":s3:::" in arn else arn
    return next(iter(stack.find(name)), None) or FAILED


STRANGER = "arn:aws:iam::999988887777:role/stranger"
OUTSIDERS = {
    STRANGER: "a role of any other account",
    "service:s3.amazonaws.com": "S3, for anybody's bucket,",
    "service:sns.amazonaws.com": "SNS, for anybody's topic,",
}

# the SerDes that read JSON in Athena, each with the input format it reads from
JSON_FORMATS = {
    "org.openx.data.jsonserde.JsonSerDe": "org.apache.hadoop.mapred.TextInputFormat",
    "org.apache.hive.hcatalog.data.JsonSerDe": "org.apache.hadoop.mapred.TextInputFormat",
    "com.amazon.ionhiveserde.IonHiveSerDe": "com.amazon.ionhiveserde.formats.IonInputFormat",
}
