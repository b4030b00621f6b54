"""The deployed stack is given time to answer as it did offline; what still differs is said."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from preflight.sandbox import records
from preflight.sandbox.records import Record
from preflight.sandbox.verifying import differences, patiently, remember
from preflight.verdict import Verdict


def report(**outcomes: str) -> Any:
    verdicts = [Verdict(id, id.replace("_", " "), outcome) for id, outcome in outcomes.items()]  # type: ignore[arg-type]
    return SimpleNamespace(verdicts=tuple(verdicts), lab=SimpleNamespace(construct_id="Lab1"))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def asked(answers: list[Any], offline: dict[str, str], patience: float = 60) -> tuple[Any, Clock, list[str]]:
    clock, said = Clock(), []  # type: ignore[var-annotated]
    queue = iter(answers)
    found = patiently(lambda: next(queue), offline, patience=patience, clock=clock, sleep=clock.sleep, say=said.append)
    return found, clock, said


def test_what_was_kept_offline_is_waited_for_until_it_is_kept() -> None:
    late = report(a_role_may_read="not_yet", a_file_stays="kept")
    found, clock, said = asked(
        [late, late, report(a_role_may_read="kept", a_file_stays="kept")], {"a_role_may_read": "kept"}
    )
    assert found.verdicts[0].outcome == "kept" and clock.now == 20
    assert len(said) == 2 and "a role may read" in said[0]


def test_what_was_not_kept_offline_either_is_not_waited_for() -> None:
    found, clock, said = asked([report(a="not_yet", b="kept")], {"a": "not_yet"})
    assert clock.now == 0 and not said and differences(found, {"a": "not_yet"}) == []


def test_patience_ends_and_the_difference_is_told() -> None:
    late = report(a_role_may_read="not_yet")
    found, clock, _ = asked([late] * 10, {"a_role_may_read": "kept"}, patience=30)
    assert clock.now == 30
    [told] = differences(found, {"a_role_may_read": "kept"})
    assert str(told) == "offline kept, live not yet: a role may read"


def test_what_can_be_asked_in_one_place_alone_is_no_difference() -> None:
    assert differences(report(a="elsewhere", b="kept"), {"a": "kept", "b": "elsewhere", "c": "kept"}) == []


def test_the_answer_is_kept_beside_the_record_of_the_deploy(tmp_path: Path) -> None:
    remember(tmp_path, report(a="kept"))
    assert records.read(tmp_path, "Lab1") is None
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    where = {"stack": "Lab1", "place": "x", "account": "210987654321", "region": "us-east-1"}
    record = Record(lab=1, begun=moment, expires=moment, code="yours", **where)  # type: ignore[arg-type]
    records.write(tmp_path, record)
    remember(tmp_path, report(a="kept", b="not_yet"))
    kept = records.read(tmp_path, "Lab1")
    assert kept is not None and kept.live == {"a": "kept", "b": "not_yet"} and kept.verified is not None
    assert records.records(tmp_path) == [kept]
    records.forget(tmp_path, "Lab1")
    assert records.records(tmp_path) == []
