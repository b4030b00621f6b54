"""The price of a design at the terminal: what is forgotten, what is assumed, and what has no price."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.shelf.builder import Shelf


def stack(**types: str) -> dict[str, Any]:
    return {"Resources": {name: {"Type": kind, "Properties": {}} for name, kind in types.items()}}


@pytest.fixture
def forgotten(tmp_path: Path) -> str:
    (file := tmp_path / "forgotten.json").write_text(
        json.dumps(stack(Nat="AWS::EC2::NatGateway", Notes="AWS::S3::Bucket", Guard="AWS::Macie::Session"))
    )
    return str(file)


def test_a_lab_s_own_code_is_priced(shelf: Shelf) -> None:
    shelf.start(1).run("cost", "1").says("it costs nothing", "s3-gb", "1 GB in a bucket", code=0)


def test_the_sum_comes_first_and_what_has_no_price_is_named(shelf: Shelf, forgotten: str) -> None:
    said = shelf.run("cost", forgotten).says(
        "it costs at least 0.05 USD/h, 1.20 USD/day, 36.50 USD/month",
        "A new account on the free plan",
        "Nat",
        "36.50 USD/month",
        "NAT gateway, each hour it exists: 1 × 0.045 USD an hour",
        "say another with --usage USE=AMOUNT",
        "Without a price here",
        "Macie Session (Guard)",
        "2026-11-22 https://",
        code=0,
    )
    assert all(len(line) <= 100 for line in said.out.splitlines() if "https://" not in line)


def test_use_account_and_region_can_be_others(shelf: Shelf, forgotten: str) -> None:
    words = ("--usage", "s3-gb=1_000", "--account", "paid", "--region", "eu-west-1")
    shelf.run("cost", forgotten, *words).says("A paid account", "0.048 USD", "1,000 GB in a bucket", code=0)
    told = shelf.run("cost", forgotten, *words, "--json").says(code=0).json()
    assert (told["region"], told["account"], told["assumed_use"]["s3-gb"]) == ("eu-west-1", "paid", 1000)
    assert told["is_least"] and told["unpriced"][0]["logical_id"] == "Guard"
    assert {"source", "checked_on", "quoted_in", "usd", "quantity"} <= told["lines"][0].keys()


def test_it_is_a_question_too(shelf: Shelf, forgotten: str) -> None:
    shelf.run("ask", forgotten, "cost").says("at least 0.05 USD/h", "Nat, 36.50 USD/month", "prices from", code=0)
    words = ("cost", "eu-west-1", "legacy-free", "s3-gb=2")
    shelf.run("ask", forgotten, *words).says(
        "0.053 USD/h", "2026-07-15, and such an account", "2 GB in a bucket", code=0
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cost", "--usage", "s3-gb"], "s3-gb is no use with its amount"),
        (["cost", "--usage", "s3-gb=much"], "s3-gb=much is no use with its amount"),
        (["cost", "--usage", "dragons=1"], "Nothing is assumed about dragons"),
        (["cost", "--account", "rich"], "rich is no account"),
        (["ask", "cost", "rich"], "rich is no Region, account or use"),
        (["ask", "cost", "s3-gb=much"], "much is no amount"),
    ],
)
def test_what_cannot_be_priced_is_one_sentence(shelf: Shelf, forgotten: str, words: list[str], said: str) -> None:
    answer = shelf.run(words[0], forgotten, *words[1:]).says(said, code=2)
    assert answer.out == "" and answer.err.count("\n") == 1


def test_the_prices_are_drawn_upon_the_picture(shelf: Shelf, forgotten: str, tmp_path: Path) -> None:
    picture = tmp_path / "prices.svg"
    shelf.run("cost", forgotten, "--svg", str(picture)).says("picture", "prices.svg", code=0)
    assert "USD/month" in picture.read_text() and "Left running and forgotten" in picture.read_text()
