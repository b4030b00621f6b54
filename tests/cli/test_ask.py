"""Asking at the terminal: of a lab, of a template, of a stack in a cdk.out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from preflight.questions import FORMS
from tests.shelf.builder import Shelf

KEPT = {"Resources": {"Kept": {"Type": "AWS::SNS::Topic", "DeletionPolicy": "Retain"}}}


def test_a_lab_s_own_code_is_asked(shelf: Shelf) -> None:
    shelf.start(1).run("ask", "1", "leftovers").says("Deleting the stack", code=0)
    shelf.run("ask", "1", "may", "anyone", "s3:GetObject").says("No: s3:GetObject", code=0)


def test_a_template_is_asked_and_answers_machines_too(shelf: Shelf, tmp_path: Path) -> None:
    (file := tmp_path / "kept.json").write_text(json.dumps(KEPT))
    shelf.run("ask", str(file), "leftovers").says("1 thing", "Kept", "Retain", "apply_removal_policy", code=0)
    said = shelf.run("ask", str(file), "leftovers", "--json").says(code=0).json()
    assert said["holds"] is False
    assert [each["fate"] for each in said["leftovers"]] == ["stays"]


def test_of_several_stacks_one_is_named(shelf: Shelf, tmp_path: Path) -> None:
    artifacts = {
        name: {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {"templateFile": f"{name}.template.json"},
        }
        for name in ("One", "Two")
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"version": "50.0.0", "artifacts": artifacts}))
    for name in artifacts:
        (tmp_path / f"{name}.template.json").write_text(json.dumps(KEPT))
    shelf.run("ask", str(tmp_path), "leftovers").says("One, Two", "--stack One", code=2)
    shelf.run("ask", str(tmp_path), "leftovers", "--stack", "Two").says("Kept", code=0)
    shelf.run("ask", str(tmp_path), "leftovers", "--stack", "Six").says("no stack Six", code=2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["1"], "Ask something"),
        (["1", "sing"], "Nobody answers sing"),
        (["./nowhere.json", "leftovers"], "nowhere.json"),
        (["7", "leftovers"], "no lab called 7"),
        (["1", "may", "anyone", "s3:GetObject", "--context", "SecureTransport"], "no condition key"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(shelf: Shelf, words: list[str], said: str) -> None:
    answer = shelf.run("ask", *words).says(said, code=2)
    assert answer.out == "" and answer.err.count("\n") == 1


def test_the_help_names_every_question(shelf: Shelf) -> None:
    said = shelf.run("ask", "--help").says(code=0)
    assert [name for name in FORMS if name not in said.out] == []


NETWORK = {
    "Resources": {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.40.0.0/16"}},
        "Wards": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "CidrBlock": "10.40.0.0/24",
                "AvailabilityZone": "us-east-1a",
            },
        },
        "Server": {
            "Type": "AWS::EC2::Instance",
            "Properties": {"SubnetId": {"Ref": "Wards"}, "InstanceType": "t3.micro", "ImageId": "ami-1"},
        },
    }
}


@pytest.mark.parametrize(
    ("words", "drawn"),
    [
        (["reach", "internet", "Server", "443"], "does not reach Server"),
        (["lose", "az", "a"], "us-east-1a · lost"),
        (["lose", "Server"], 'class="lost"'),
        (["cost"], "USD/month"),
    ],
)
def test_an_answer_is_drawn_upon_the_picture(shelf: Shelf, tmp_path: Path, words: list[str], drawn: str) -> None:
    (file := tmp_path / "net.json").write_text(json.dumps(NETWORK))
    picture = tmp_path / "deck" / "answer.svg"
    shelf.run("ask", str(file), *words, "--svg", str(picture)).says("picture", "answer.svg", code=0)
    assert picture.read_text().startswith("<svg ") and drawn in picture.read_text()
    assert "prefers-color-scheme" in picture.read_text()


def test_a_question_without_a_picture_says_which_have_one(shelf: Shelf, tmp_path: Path) -> None:
    (file := tmp_path / "net.json").write_text(json.dumps(NETWORK))
    asked = ["ask", str(file), "exposed", "--svg", str(tmp_path / "x.svg")]
    shelf.run(*asked).says("no picture of exposed", "reach FROM TO", "lose az a", code=2)
    assert not (tmp_path / "x.svg").exists()
    (tmp_path / "taken").write_text("")
    shelf.run("ask", str(file), "cost", "--svg", str(tmp_path / "taken" / "x.svg")).says("cannot be written", code=2)


def test_json_and_picture_go_together(shelf: Shelf, tmp_path: Path) -> None:
    (file := tmp_path / "net.json").write_text(json.dumps(NETWORK))
    picture = tmp_path / "x.svg"
    said = shelf.run("ask", str(file), "lose", "az", "a", "--svg", str(picture), "--json").says(code=0).json()
    assert said["holds"] is False and picture.exists()


def test_a_review_of_a_lab_runs_where_its_code_was_built(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def second() -> None:
        raise AssertionError("a second kernel")

    monkeypatch.setattr("preflight.reviewers._warm", second)
    shelf.run("ask", "1", "review", "--worked").says(code=0)


def test_the_reasons_a_lab_keeps_a_finding_for_are_shown(shelf: Shelf) -> None:
    found = shelf.run("ask", "1", "review", "--worked", "--json").says(code=0).json()["findings"][0]
    told = f'[[kept]]\nrule = "{found["rules"][0]}"\nresource = "{found["path"]}"\nreason = "Books."\n'
    next(shelf.root.glob("labs/lab01*")).joinpath("review.toml").write_text(told)
    shelf.run("ask", "1", "review", "--worked").says("kept, for a reason:", "Books.", code=0)
    # the reasons are the worked stack's
    assert "kept, for a reason" not in shelf.start(1).run("ask", "1", "review").out
