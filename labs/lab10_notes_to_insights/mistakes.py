"""Mistakes people make with a first data lake, as edits of the worked template and of its function."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from preflight.checks import breaks

INSIGHT = "a_note_becomes_an_insight_of_its_day"
WHOLE = "comprehend_reads_whole_notes_and_nothing_else"
WAITS = "a_note_that_cannot_be_read_waits_for_somebody"
FOUND = "a_query_finds_the_insights_of_a_day"
LIMIT = "one_query_reads_a_gigabyte_at_most"
RESULTS = "results_leave_and_notes_stay"
ANALYSTS = "analysts_read_insights_and_no_notes"
FUNCTION = "the_function_does_its_job_alone"
OUTSIDE = "nobody_outside_sees_anything"


@breaks(
    INSIGHT,
    help="S3 encodes keys in its events: a space arrives as a plus, an umlaut as %C3%BC. unquote_plus turns them back.",
)
def mistake_the_key_is_taken_as_it_comes(template: dict[str, Any]) -> None:
    handler(template, lambda code: code.replace("unquote_plus(record", "str(record"))


@breaks(
    INSIGHT, help="A file name without its folders is no name: two wards have a visit.txt, and the second one wins."
)
def mistake_the_name_without_its_folders(template: dict[str, Any]) -> None:
    handler(template, lambda code: code.replace('key.removeprefix("raw/")', 'key.split("/")[-1]'))


@breaks(INSIGHT, help="The brief's folders are dt=2026-11-23: column, equals sign, day.")
def mistake_days_as_a_path(template: dict[str, Any]) -> None:
    handler(template, lambda code: code.replace("curated/dt={day}", "curated/{day.replace('-', '/')}"))


@breaks(
    INSIGHT, help="Athena knows gzip by the name's end: without .gz it reads the packed bytes as if they were lines."
)
def mistake_packed_under_a_plain_name(template: dict[str, Any]) -> None:
    packed = '__import__("gzip").compress((json.dumps(insight) + "\\n").encode())'
    handler(template, lambda code: code.replace('json.dumps(insight) + "\\n"', packed))


@breaks(
    WHOLE,
    also=[WAITS],
    help="The limit of DetectEntities is 100 KB; 5 KB is that of DetectSentiment. What is cut off, nobody misses.",
)
def mistake_only_the_first_lines(template: dict[str, Any]) -> None:
    handler(template, lambda code: code.replace("Text=text,", "Text=text[:5000],"))


@breaks(WHOLE, help="Text is stored as bytes; read with the encoding it was not written in, °C becomes Â°C.")
def mistake_another_encoding(template: dict[str, Any]) -> None:
    handler(template, lambda code: code.replace('decode("utf-8")', 'decode("latin-1")'))


@breaks(
    WHOLE, help="A trigger without a prefix fires for what the function writes too: a loop, billed by the character."
)
def mistake_every_object_starts_the_function(template: dict[str, Any]) -> None:
    configuration = notification(template)
    for each in configuration["LambdaFunctionConfigurations"]:
        each.pop("Filter")


@breaks(WAITS, help="What is caught and printed has succeeded, for Lambda: no second try, and nothing for the queue.")
def mistake_errors_are_swallowed(template: dict[str, Any]) -> None:
    def swallow(code: str) -> str:
        head, _, body = code.partition("    for record in event")
        body = "".join(f"    {line}" for line in f"    for record in event{body}".splitlines(keepends=True))
        return f"{head}    try:\n{body}    except Exception as error:\n        print(error)\n"

    handler(template, swallow)


@breaks(WAITS, help="Without a destination Lambda drops what failed three times.")
def mistake_nowhere_to_go(template: dict[str, Any]) -> None:
    properties(template, first(template, "AWS::Lambda::EventInvokeConfig")).pop("DestinationConfig")


@breaks(WAITS, help="SQS keeps a message for four days unless told otherwise; a week's absence is longer.")
def mistake_four_days_by_default(template: dict[str, Any]) -> None:
    del queue(template)["MessageRetentionPeriod"]


@breaks(
    FOUND, help="A partition is found when it is projected, or registered. With neither, every query finds nothing."
)
def mistake_days_nobody_registers(template: dict[str, Any]) -> None:
    parameters = table(template)["Parameters"]
    for name in [name for name in parameters if name.startswith(("projection.", "storage."))]:
        del parameters[name]


@breaks(FOUND, help="A range that ends on a date ends. NOW is a date that moves.")
def mistake_the_range_ends_with_the_year(template: dict[str, Any]) -> None:
    table(template)["Parameters"]["projection.dt.range"] = "2026-01-01,2026-12-31"


@breaks(
    FOUND, help="A range that begins at NOW minus a year moves on at both ends: older insights are no longer found."
)
def mistake_the_range_forgets_last_year(template: dict[str, Any]) -> None:
    table(template)["Parameters"]["projection.dt.range"] = "NOW-1YEARS,NOW"


@breaks(FOUND, help="Athena's JSON SerDes read line by line; indent=2 is one object on twenty lines.")
def mistake_pretty_json(template: dict[str, Any]) -> None:
    handler(template, lambda code: code.replace("json.dumps(insight)", "json.dumps(insight, indent=2)"))


@breaks(
    FOUND, help="A column finds its field by name. findings is not entities, and an unknown name is NULL, not an error."
)
def mistake_a_field_by_another_name(template: dict[str, Any]) -> None:
    handler(template, lambda code: code.replace('"entities": [', '"findings": ['))


@breaks(LIMIT, help="Without BytesScannedCutoffPerQuery a query reads until it is done.")
def mistake_no_limit(template: dict[str, Any]) -> None:
    del group(template)["BytesScannedCutoffPerQuery"]


@breaks(LIMIT, help="Settings that a client may replace are advice.")
def mistake_settings_as_advice(template: dict[str, Any]) -> None:
    group(template)["EnforceWorkGroupConfiguration"] = False


@breaks(RESULTS, help="Nobody deletes query results unless somebody says so.")
def mistake_results_stay(template: dict[str, Any]) -> None:
    lifecycle(template)[0]["Status"] = "Disabled"


@breaks(RESULTS, help="A lifecycle rule without a prefix is about everything in the bucket, the notes first of all.")
def mistake_everything_leaves(template: dict[str, Any]) -> None:
    lifecycle(template)[0].pop("Prefix")


@breaks(
    RESULTS,
    also=[ANALYSTS],
    help="Results below the table's location are read as insights by the next query.",
)
def mistake_results_among_the_insights(template: dict[str, Any]) -> None:
    group(template)["ResultConfiguration"]["OutputLocation"] = sub(
        template, {"Fn::Sub": "s3://${Lake}/curated/results/"}
    )


@breaks(
    ANALYSTS, help="Athena reads with the permissions of whoever asks: read on the whole bucket is read on the notes."
)
def mistake_analysts_read_the_bucket(template: dict[str, Any]) -> None:
    statement(template, "ReadInsights")["Resource"] = objects(template, "")


@breaks(ANALYSTS, help="In any workgroup means in primary too, which has no limit and no place for results.")
def mistake_analysts_in_any_workgroup(template: dict[str, Any]) -> None:
    statement(template, "AskInThisGroup")["Resource"] = "*"


@breaks(ANALYSTS, help="Glue asks about the table, its database and the catalog. One of three is a refusal.")
def mistake_a_table_without_its_catalog(template: dict[str, Any]) -> None:
    resources = statement(template, "ReadTheCatalog")["Resource"]
    statement(template, "ReadTheCatalog")["Resource"] = resources[2]


@breaks(FUNCTION, help="grant_read_write is read, write and delete, on every prefix.")
def mistake_read_write_and_delete(template: dict[str, Any]) -> None:
    found = statement(template, "WriteInsights")
    found.update(Action=["s3:GetObject*", "s3:PutObject*", "s3:DeleteObject*"], Resource=objects(template, ""))


@breaks(FUNCTION, help="comprehend:* also trains models and starts endpoints, which are billed by the second.")
def mistake_all_of_comprehend(template: dict[str, Any]) -> None:
    statement(template, "AskComprehend")["Action"] = "comprehend:*"


@breaks(OUTSIDE, help="A bucket policy for everybody is for everybody, whatever it was meant for.")
def mistake_a_public_prefix(template: dict[str, Any]) -> None:
    bucket = properties(template, first(template, "AWS::S3::Bucket"))
    bucket["PublicAccessBlockConfiguration"] = dict.fromkeys(bucket["PublicAccessBlockConfiguration"], False)
    bucket_policy(template).append(
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": objects(template, "curated/")}
    )


@breaks(OUTSIDE, help="S3 answers plain http unless the bucket's policy refuses it.")
def mistake_plain_http(template: dict[str, Any]) -> None:
    statements = bucket_policy(template)
    statements[:] = [each for each in statements if each["Effect"] != "Deny"]


def handler(template: dict[str, Any], edit: Callable[[str], str]) -> None:
    """The function with other code, written into the template itself."""
    worked = Path(__file__).parents[2] / "stacks" / Path(__file__).parent.name / "handler" / "insights.py"
    before = worked.read_text(encoding="utf-8")
    after = edit(before)
    assert after != before, "the worked function has no such line any more"
    function = properties(template, first(template, "AWS::Lambda::Function", lambda name: name.startswith("Insights")))
    function["Code"] = {"ZipFile": after}
    function["Handler"] = "index.handler"


def first(template: dict[str, Any], kind: str, wanted: Callable[[str], bool] = lambda name: True) -> str:
    return next(name for name, each in template["Resources"].items() if each["Type"] == kind and wanted(name))


def properties(template: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


def of_type(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each["Properties"] for each in template["Resources"].values() if each["Type"] == kind]


def statement(template: dict[str, Any], sid: str) -> dict[str, Any]:
    """The policy statement with this Sid."""
    documents = [each["PolicyDocument"]["Statement"] for each in of_type(template, "AWS::IAM::Policy")]
    found: dict[str, Any] = next(each for statements in documents for each in statements if each.get("Sid") == sid)
    return found


def bucket_arn(template: dict[str, Any]) -> dict[str, Any]:
    return {"Fn::GetAtt": [first(template, "AWS::S3::Bucket"), "Arn"]}


def objects(template: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {"Fn::Join": ["", [bucket_arn(template), f"/{prefix}*"]]}


def bucket_policy(template: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = of_type(template, "AWS::S3::BucketPolicy")[0]["PolicyDocument"]["Statement"]
    return found


def lifecycle(template: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = of_type(template, "AWS::S3::Bucket")[0]["LifecycleConfiguration"]["Rules"]
    return found


def notification(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = of_type(template, "Custom::S3BucketNotifications")[0]["NotificationConfiguration"]
    return found


def queue(template: dict[str, Any]) -> dict[str, Any]:
    return of_type(template, "AWS::SQS::Queue")[0]


def table(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = of_type(template, "AWS::Glue::Table")[0]["TableInput"]
    return found


def group(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = of_type(template, "AWS::Athena::WorkGroup")[0]["WorkGroupConfiguration"]
    return found


def sub(template: dict[str, Any], text: dict[str, str]) -> dict[str, Any]:
    """A text about the bucket, whatever its logical id is."""
    found: dict[str, Any] = json.loads(
        json.dumps(text).replace("${Lake}", f"${{{first(template, 'AWS::S3::Bucket')}}}")
    )
    return found
