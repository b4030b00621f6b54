"""Mapping templates render as Velocity does."""

from __future__ import annotations

import json

import pytest

from preflight.clouds.velocity import BadTemplate, Input, Util, render

BODY = json.dumps({"name": "Ana", "tags": ["a", "b"], "deep": {"n": 3}, "quote": 'say "hi"'})
PARAMETERS = {"path": {"id": "7"}, "querystring": {"kind": "new"}, "header": {"X-Kind": "old"}}
NAMES = {
    "input": Input(BODY, PARAMETERS),
    "util": Util(),
    "context": {"requestId": "r1", "identity": {"sourceIp": "127.0.0.1"}},
    "stageVariables": {"table": "notes"},
}

CASES = [
    ("plain {text} at $5", "plain {text} at $5"),
    ("$input.path('$.name') ${context.requestId}", "Ana r1"),
    ("$input.json('$.deep')", '{"n":3}'),
    ("$input.json('$')", json.dumps(json.loads(BODY), separators=(",", ":"))),
    ("$input.params('id')-$input.params('kind')-$input.params('none')", "7-new-"),
    ("$input.params().header.get('X-Kind')", "old"),
    ("$util.escapeJavaScript($input.path('$.quote'))", 'say \\"hi\\"'),
    ("$util.urlEncode('a b&c') $util.base64Encode('x')", "a+b%26c eA=="),
    ("#set($n = 1 + 2 * 3)$n #if($n == 7 && !false)yes#else no#end", "7 yes"),
    ("#if($none)a#elseif($n)b#{else}c#end", "c"),
    ("#foreach($t in $input.path('$.tags'))$t#if($foreach.hasNext),#end#end", "a,b"),
    ("#foreach($i in [1..3])$i#if($i == 2)#break#end#end!", "12!"),
    ("## comment\nleft #* all\n this *#right", "left right"),
    ("$none $!none \\$name", "$none  $name"),
    ('#set($m = {"a": 1, "b": [1, 2]})$m.a $m.b[1] $m.get("a") $m.keySet()', "1 2 1 [a, b]"),
    ('#set($who = "it is $context.requestId")$who.toUpperCase().replaceAll("[AEIOU]", "_")', "_T _S R1"),
    ("#set($x = $util.parseJson('{\"a\": true}'))$x.a", "true"),
    ("a#stop b", "a"),
    ("#set($e = '')#if($e.empty)none#end#if(!$context.empty) some#end", "none some"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "text"), CASES, ids=[each[0][:30] for each in CASES])
def test_a_template(template, text):
    assert render(template, NAMES) == text


@pytest.mark.parametrize("template", ["#if(true) never closed", "#set($a 1)", "$input.dance()", "#end"])
def test_a_bad_template_is_an_error(template):
    with pytest.raises(BadTemplate):
        render(template, NAMES)
