"""The words a lab's checks are written in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from preflight import checks
from preflight.checks import Attempt, CouldNotAsk, NotKept, Stack, attempt, expect, listening
from preflight.template import Template

ANSWER = {
    "saw": "nothing",
    "means": "much",
    "proved": "all",
    "bullets": ["CLF-C02 1.1-S1"],
    "read": "https://example.com",
}


def a_stack(outputs: dict[str, str] | None = None, not_emulated: list[tuple[str, str]] | None = None) -> Stack:
    template = Template.load({"Resources": {"Books": {"Type": "AWS::S3::Bucket", "Properties": {}}}})
    deployment = SimpleNamespace(
        stack_name="Lab1",
        mode="offline",
        region="us-east-1",
        account="123456789012",
        template=template,
        design=template.design(),
        outputs=outputs or {},
        not_emulated=not_emulated or [],
        client=lambda service, **who: (service, who),
    )
    return Stack(deployment)  # type: ignore[arg-type]


def refused(code: str, status: int = 403, message: str = "no") -> Any:
    def call(**_: Any) -> None:
        raise ClientError(
            {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject"
        )

    return call


def test_a_promise_that_holds_is_recorded_and_the_check_goes_on() -> None:
    with listening() as answers:
        expect(True, **ANSWER)
        expect(True, **ANSWER | {"proved": "even more"})
    assert [answer.proved for answer in answers] == ["all", "even more"]


def test_the_first_promise_that_does_not_hold_is_the_answer() -> None:
    with listening() as answers, pytest.raises(NotKept, match="a gap") as not_kept:
        expect(True, **ANSWER)
        expect(False, **ANSWER | {"saw": "a gap"})
        expect(False, **ANSWER | {"saw": "never reached"})
    assert not_kept.value.answer is answers[-1]
    assert len(answers) == 2


def test_expect_outside_a_run_asserts() -> None:
    with pytest.raises(AssertionError, match="nothing"):
        expect(False, **ANSWER)


def test_an_output_is_found_by_its_name() -> None:
    assert a_stack({"BooksBucket": "b-1"}).output("BooksBucket") == "b-1"


def test_an_output_of_a_nested_construct_is_found_under_the_name_cdk_gives_it() -> None:
    assert a_stack({"ShelfBooksBucketA1B2C3D4": "b-1"}).output("BooksBucket") == "b-1"


def test_a_missing_output_says_the_line_to_add() -> None:
    with pytest.raises(CouldNotAsk) as could_not_ask:
        a_stack({"OtherBucket": "b-2"}).output("BooksBucket")
    assert 'cdk.CfnOutput(self, "BooksBucket", value=...)' in could_not_ask.value.saw


def test_two_outputs_that_could_be_meant_are_as_good_as_none() -> None:
    with pytest.raises(CouldNotAsk):
        a_stack({"ABooksBucketA1B2C3D4": "b-1", "BBooksBucketA1B2C3D5": "b-2"}).output("BooksBucket")


@given(st.from_regex(r"[A-Z][A-Za-z0-9]{0,20}", fullmatch=True), st.from_regex(r"[A-Za-z0-9]{1,20}", fullmatch=True))
def test_an_output_by_its_own_name_is_never_mistaken_for_a_nested_one(name: str, other: str) -> None:
    outputs = {f"{other}{name}0123ABCD": "nested", name: "own"}
    assert a_stack(outputs).output(name) == "own"


def test_a_client_speaks_for_whom_the_check_asks() -> None:
    assert a_stack().client("s3", role="Reader") == ("s3", {"role": "Reader", "user": None, "region": None})


def test_a_property_that_has_no_effect_is_known_by_its_path_its_branch_and_its_leaf() -> None:
    stack = a_stack(not_emulated=[("Books", "Lifecycle.Rules")])
    books = stack.find("Books")[0]
    assert stack.emulated(books, "Versioning")
    assert not stack.emulated(books, "Lifecycle.Rules")
    assert not stack.emulated(books, "Lifecycle")
    assert not stack.emulated("Books", "Lifecycle.Rules.0.Status")
    assert stack.emulated("Books", "Lifecycle.RulesOfThumb")
    assert stack.emulated("Other", "Lifecycle.Rules")


def test_a_call_that_goes_through_is_an_answer() -> None:
    assert attempt(lambda **words: words["Key"], Key="book") == Attempt(ok=True, value="book")


@pytest.mark.parametrize("code", ["AccessDenied", "UnauthorizedOperation", "AccessDeniedException", "403"])
def test_a_refusal_is_an_answer(code: str) -> None:
    answer = attempt(refused(code))
    assert (answer.ok, answer.code, answer.denied) == (False, code, True)


def test_another_error_is_an_answer_but_no_denial() -> None:
    answer = attempt(refused("NoSuchKey", 404))
    assert (answer.ok, answer.code, answer.denied) == (False, "NoSuchKey", False)


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        ("InvalidClientTokenId", 403, "bad credentials"),
        ("ExpiredToken", 400, "too late"),
        ("Throttling", 400, "slow down"),
        ("InternalError", 500, "their fault"),
        ("Whatever", 503, "their fault"),
        ("NotImplemented", 501, "not here"),
        ("404", 404, "Not yet implemented"),
    ],
)
def test_what_says_nothing_about_the_stack_is_no_answer(code: str, status: int, message: str) -> None:
    with pytest.raises(ClientError):
        attempt(refused(code, status, message))


def test_allowed_and_denied_read_calls_attempts_and_decisions() -> None:
    assert checks.allowed(lambda: None)
    assert checks.denied(refused("AccessDenied"))
    assert checks.allowed(refused("NoSuchKey", 404)), "permissions let it through, the key was not there"
    assert checks.allowed(Attempt(ok=True))
    assert checks.allowed(SimpleNamespace(answer="allowed"))
    for answer in ("implicitly_denied", "explicitly_denied", "depends"):
        assert checks.denied(SimpleNamespace(answer=answer))


def test_marks_stay_on_the_function() -> None:
    def check_one(stack: Stack) -> None: ...

    @checks.live_only("no bells offline")
    @checks.after(check_one, "another")
    def check_two(stack: Stack) -> None: ...

    @checks.breaks("one", also=["two"], help="so")
    def mistake(template: dict[str, Any]) -> None: ...

    assert check_two.only == ("live", "no bells offline")  # type: ignore[attr-defined]
    assert check_two.after == ("one", "another")  # type: ignore[attr-defined]
    assert (mistake.breaks, mistake.also, mistake.help) == ("one", ("two",), "so")  # type: ignore[attr-defined]


def test_waiting_moves_the_offline_clock_or_takes_its_time(monkeypatch):
    asked: list[str] = []
    slept: list[float] = []
    monkeypatch.setattr(checks.time, "sleep", slept.append)
    stack = a_stack()
    stack._deployment.deliveries = lambda page: asked.append(page) or {"fired": 0}  # type: ignore[attr-defined]
    stack.wait(60)
    stack._deployment.deliveries = None  # type: ignore[attr-defined]
    stack.wait(5)
    assert (asked, slept) == (["advance/60"], [5])


def test_what_is_spent_is_heard_by_budgets() -> None:
    asked: list[str] = []

    def deliveries(page: str) -> Any:
        asked.append(page)
        return [{"budget": "month"}] if page.startswith("spend/") else {"settled": True}

    stack = a_stack()
    stack._deployment.deliveries = deliveries
    assert stack.spend({"Usage": 33, "Credit": -30.5}, forecast=41) == [{"budget": "month"}]
    assert stack.spend({"Usage": 33}) == [{"budget": "month"}]
    assert asked == ["spend/Usage=33,Credit=-30.5/41", "settle", "spend/Usage=33/", "settle"]


def test_nothing_is_spent_in_an_account() -> None:
    stack = a_stack()
    stack._deployment.deliveries = None
    with pytest.raises(CouldNotAsk, match="offline_only"):
        stack.spend({"Usage": 33})
