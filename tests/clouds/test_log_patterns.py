"""Filter patterns match the lines AWS's documentation says they match."""

from __future__ import annotations

import json

import pytest

from preflight.clouds.log_patterns import InvalidPattern, field, pattern

UNAUTHORIZED = '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }'
ROOT = '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }'
ACCESS = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
LOGIN = {"userIdentity": {"type": "Root"}, "eventType": "AwsApiCall", "sourceIPAddress": "192.0.2.7", "n": 12.5}


@pytest.mark.parametrize(
    ("text", "line", "held"),
    [
        ("", "anything", True),
        ("ERROR", "[ERROR 400] BAD REQUEST", True),
        ("ERROR", "error", False),
        ("ERROR ARGUMENTS", "ERROR WITH ARGUMENTS", True),
        ("ERROR ARGUMENTS", "ERROR 400", False),
        ("?ERROR ?ARGUMENTS", "with ARGUMENTS", True),
        ("?ERROR ?ARGUMENTS", "none", False),
        ("ERROR -ARGUMENTS", "ERROR WITH ARGUMENTS", False),
        ('"INTERNAL SERVER ERROR"', "an INTERNAL SERVER ERROR happened", True),
        ("%AUTHORIZED|4[0-9]{2}%", "code 404", True),
        (UNAUTHORIZED, json.dumps({"errorCode": "Client.UnauthorizedOperation"}), True),
        (UNAUTHORIZED, json.dumps({"errorCode": "AccessDeniedException"}), True),
        (UNAUTHORIZED, json.dumps({"errorCode": "Throttled"}), False),
        (UNAUTHORIZED, "not JSON", False),
        (ROOT, json.dumps(LOGIN), True),
        (ROOT, json.dumps({**LOGIN, "userIdentity": {"type": "Root", "invokedBy": "x"}}), False),
        ("{ $.n >= 12.5 && $.n < 13 }", json.dumps(LOGIN), True),
        ("{ $.sourceIPAddress != 123.123.* }", json.dumps(LOGIN), True),
        ("{ $.sourceIPAddress = 192.0.* }", json.dumps(LOGIN), True),
        ("{ $.missing != 1 }", json.dumps(LOGIN), False),
        ("{ $.list[0].flag IS TRUE }", json.dumps({"list": [{"flag": True}]}), True),
        ("{ $.list[*].kind = b }", json.dumps({"list": [{"kind": "a"}, {"kind": "b"}]}), True),
        ("{ $.gone IS NULL }", json.dumps({"gone": None}), True),
        (r"{ $.gone = %no\(.*% && $.gone = %^n|^m% }", json.dumps({"gone": "no(thing"}), True),
        ("{ $.gone = %no.*% }", json.dumps({"gone": "nothing"}), True),
        ("[ip, user, name, at, request, status=404, size]", ACCESS, True),
        ("[ip, user, name, at, request, status=4*, size>1000]", ACCESS, True),
        ("[ip, user, name, at, request, status=5*, size]", ACCESS, False),
        ("[ip, ..., status=404 || status=410, size]", ACCESS, True),
        ("[ip, user]", ACCESS, False),
    ],
)
def test_a_pattern(text, line, held):
    assert (pattern(text)(line) is not None) is held


def test_the_value_a_metric_takes():
    fields = pattern("[ip, user, name, at, request, status, size]")(ACCESS)
    assert fields is not None
    assert field(ACCESS, fields, "$size") == "1534"
    assert field(json.dumps(LOGIN), {}, "$.n") == 12.5
    assert field("no JSON", {}, "$.n") is None


@pytest.mark.parametrize(
    "text",
    [
        "{ $.a = }",
        "{ $.a = 1",
        "{ a = 1 }",
        "[a, b",
        "%[%",
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html, checked_on 2026-11-23
        "{ $.a = %^(Stop|Update)$% }",
        "%something!%",
        "%größer%",
        "{ $.a = %1% || $.a = %2% || $.a = %3% }",
    ],
)
def test_what_is_no_pattern(text):
    with pytest.raises(InvalidPattern):
        pattern(text)
