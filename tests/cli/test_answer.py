"""The answer, as the learner reads it: every outcome, every kind of code, narrow and wide."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.check_run import Report
from preflight.cli.answer import Beside, answer, next_command
from preflight.cli.lines import Lines
from preflight.lab import Lab
from preflight.verdict import Verdict
from preflight.workspace import Code
from tests.coursebook import a_course
from tests.golden_files import same_as_golden

READ = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"
STATEMENTS = {"SAA-C03 1.3-S5": "SAA-C03 1.3 backups and replication"}

PRIVATE = Verdict(
    "nobody_outside_gets_in",
    "Nobody outside your account reads a note",
    "kept",
    proved="anonymous callers and other accounts are refused every read",
    rival="An IAM policy opens and closes too. When is a bucket policy the better place?",
    bullets=("CLF-C02 2.1-S2",),
    read=f"{READ}/access.html",
)
UNDONE = Verdict(
    "every_overwrite_can_be_undone",
    "Every overwrite can be undone",
    "not_yet",
    saw="after two writes Notes keeps 1 version",
    means="one careless upload destroys the only copy",
    bullets=("SAA-C03 1.3-S5", "CLF-C02 3.6-K1"),
    where="workspace/lab01_jars/stack.py:17",
    read=f"{READ}/Versioning.html",
)
TLS = Verdict(
    "only_tls",
    "Only encrypted connections are answered",
    "not_yet",
    saw="over plain http, reading and listing and writing in lab1-notes-9d1e4f still works for people in the account",
    means="whoever sits on the network reads along",
    bullets=("SAA-C03 1.3-S3",),
    where="workspace/lab01_jars/stack.py:21",
)
OLD = Verdict(
    "old_versions_go",
    "An old version stays for 30 days",
    "waiting",
    saw="waits for “Every overwrite can be undone”",
    waits_on=("every_overwrite_can_be_undone",),
)
OUTPUT = Verdict(
    "cold_notes_cost_less",
    "Cold notes cost less",
    "could_not_ask",
    saw="the stack has no output named NotesBucket; "
    'add this line to your stack: cdk.CfnOutput(self, "NotesBucket", value=...)',
    means="the checks cannot tell which of your resources is meant by NotesBucket",
)
CRASH = Verdict(
    "logs_are_kept",
    "Logs are kept",
    "could_not_ask",
    saw="the check stopped with KeyError: 'Rules'",
    means="nothing is known yet about this promise",
    error="Traceback (most recent call last): ...",
)
LIVE = Verdict(
    "mfa_delete", "The root user confirms deletes", "elsewhere", saw="only an account has a root user to ask"
)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab.load(a_course(tmp_path / "project").with_lab(1, "jars").lab(1, "jars"))


def report(lab: Lab, *verdicts: Verdict, kind: str = "yours", **more: Any) -> Report:
    folders = {"yours": "workspace/lab01_jars", "worked": "stacks/lab01_jars", "starter": "labs/lab01_jars/starter"}
    path = lab.root / folders[kind] / "stack.py" if kind in folders else Path("/elsewhere/mine.py")
    seconds = {"synth": 1.94, "deploy": 0.41, "checks": 0.26, "total": 2.63}
    return Report(lab, Code(kind, path), verdicts, more.pop("not_emulated", ()), seconds, **more)  # type: ignore[arg-type]


def beside(lab: Lab, missed: int = 0) -> Beside:
    def count(bullet: str) -> int:
        return missed

    return Beside(lab.root, statement=lambda id: STATEMENTS.get(id, id), missed=count, next_kept="./lab compare 1")


def words(lab: Lab, *verdicts: Verdict, missed: int = 0, width: int = 100, **more: Any) -> str:
    return str(answer(report(lab, *verdicts, **more), beside(lab, missed), width))


def test_every_outcome_at_once(lab: Lab) -> None:
    not_emulated = (("Notes3F2A", "Tags"), ("Topic9B", "KmsMasterKeyId"), ("Topic9B", "DisplayName"))
    text = words(lab, PRIVATE, UNDONE, TLS, OLD, OUTPUT, CRASH, LIVE, missed=2, not_emulated=not_emulated)
    same_as_golden("answer_every_outcome", text)


def test_all_kept(lab: Lab) -> None:
    same_as_golden("answer_all_kept", words(lab, PRIVATE, LIVE))


def test_the_starter_is_not_the_learners_own(lab: Lab) -> None:
    text = words(lab, PRIVATE, UNDONE, missed=2, kind="starter")
    same_as_golden("answer_starter", text)
    assert "you have missed" not in text


def test_on_a_narrow_terminal(lab: Lab) -> None:
    same_as_golden("answer_narrow", words(lab, PRIVATE, UNDONE, TLS, OLD, missed=3, width=60))


def test_in_an_account(lab: Lab) -> None:
    same_as_golden("answer_live", words(lab, PRIVATE, LIVE, mode="live", place="account 123456789012, eu-west-1"))


@pytest.mark.parametrize(
    ("verdicts", "kind", "command"),
    [
        ([PRIVATE, UNDONE], "yours", "./lab hint 1"),
        ([PRIVATE, LIVE], "yours", "./lab compare 1"),
        ([PRIVATE, CRASH], "yours", "./lab check 1"),
        ([PRIVATE, UNDONE], "starter", "./lab start 1"),
        ([PRIVATE], "worked", "./lab start 1"),
        ([UNDONE], "file", "./lab check 1 --code /elsewhere/mine.py"),
        ([PRIVATE], "file", "./lab start 1"),
    ],
)
def test_the_last_line_is_the_next_command(lab: Lab, verdicts: list[Verdict], kind: str, command: str) -> None:
    made = report(lab, *verdicts, kind=kind)
    assert next_command(made, beside(lab)) == command
    if command == "./lab start 1":
        assert next_command(made, replace(beside(lab), started=True)) == "./lab check 1"
    assert str(answer(made, beside(lab), 100)).splitlines()[-1].endswith(command)


def test_no_word_blames_the_learner(lab: Lab) -> None:
    text = words(lab, PRIVATE, UNDONE, TLS, OLD, OUTPUT, CRASH, LIVE, missed=5).casefold()
    assert not re.search(r"\b(wrong|simply|just|easy|fail\w*|error)\b", text)


def test_the_json_has_the_shape_that_was_promised(lab: Lab) -> None:
    data = report(lab, UNDONE, OLD, not_emulated=(("Notes", "Tags"),)).to_json()
    assert list(data) == ["lab", "code", "promises", "not_emulated", "seconds"]
    assert (data["lab"], data["code"]) == (1, "yours")
    assert data["promises"][0] == {
        "id": "every_overwrite_can_be_undone",
        "title": "Every overwrite can be undone",
        "outcome": "not_yet",
        "saw": "after two writes Notes keeps 1 version",
        "means": "one careless upload destroys the only copy",
        "proved": "",
        "bullets": ["SAA-C03 1.3-S5", "CLF-C02 3.6-K1"],
        "where": "workspace/lab01_jars/stack.py:17",
        "waits_on": [],
    }
    assert data["promises"][1]["waits_on"] == ["every_overwrite_can_be_undone"]
    assert data["not_emulated"] == [{"logical_id": "Notes", "property": "Tags"}]
    assert data["seconds"] == {"synth": 1.94, "deploy": 0.41, "checks": 0.26, "total": 2.63}
    assert report(lab, PRIVATE, kind="file").to_json()["code"] == "/elsewhere/mine.py"


def test_the_exit_code_is_the_worst_outcome(lab: Lab) -> None:
    assert report(lab, PRIVATE, LIVE).exit_code == 0
    assert report(lab, PRIVATE, UNDONE, OLD).exit_code == 1
    assert report(lab, UNDONE, CRASH).exit_code == 2


# letters of one column each: a terminal's wide and combining ones are counted by the terminal
letters = st.characters(max_codepoint=0x24F, exclude_categories=["C", "Z"])


@given(st.lists(st.text(letters, max_size=30)), st.integers(40, 110))
@settings(deadline=None)
def test_lines_fit_their_width_and_lose_no_word(some: list[str], width: int) -> None:
    sentence = " ".join(some)
    lines = Lines(width).row("saw", sentence, right="stack.py:17").add(sentence, indent=2).mark("✓", sentence, "green")
    assert str(lines).split().count("stack.py:17") >= 1
    assert "".join(str(lines).replace("stack.py:17", "").split()).count("".join(sentence.split())) >= (
        3 if sentence.split() else 0
    )
    for line in str(lines).splitlines():
        assert len(line) <= width or max(map(len, line.split())) > width - 20


def test_the_footer_says_of_cdks_own_functions_what_is_true_of_all_of_them(lab: Lab) -> None:
    own = "CustomVpcRestrictDefaultSGCustomResourceProviderHandlerDC833E5E"
    made = report(lab, PRIVATE, not_emulated=(("Notes", "Tags"), (own, "Code"), (own, "Runtime")))
    said = " ".join(str(answer(made, beside(lab), 100)).split())
    assert (
        "recorded, not emulated: Notes Tags; the code of CDK's own helper functions (what they do is done here)" in said
    )
