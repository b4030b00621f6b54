"""What differs between the offline answer and the deployed stack's, and how long a difference is given to pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from preflight.sandbox import records

if TYPE_CHECKING:
    from preflight.check_run import Report

HELD = ("kept", "elsewhere")
# seconds between one question and the next
PAUSE = 10.0
WORDS = {"kept": "kept", "not_yet": "not yet", "could_not_ask": "could not be asked", "waiting": "waits for another"}


@dataclass(frozen=True)
class Difference:
    """A promise that is answered otherwise where the stack is deployed."""

    id: str
    title: str
    offline: str
    live: str

    def __str__(self) -> str:
        return f"offline {WORDS[self.offline]}, live {WORDS[self.live]}: {self.title}"


def differences(report: Report, offline: Mapping[str, str]) -> list[Difference]:
    """The promises whose outcome is not the offline one; what can be asked in one place alone is no difference."""
    found = []
    for verdict in report.verdicts:
        before, now = offline.get(verdict.id), str(verdict.outcome)
        if before in WORDS and now in WORDS and before != now:
            found.append(Difference(verdict.id, verdict.title, str(before), now))
    return found


def patiently(
    ask: Callable[[], Report],
    offline: Mapping[str, str],
    *,
    patience: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
    say: Callable[[str], object] = lambda _: None,
) -> Report:
    """Ask, and ask again while a promise that was kept offline is not kept there, until `patience` seconds are over."""
    until = clock() + patience
    report = ask()
    while any(each.offline == "kept" for each in differences(report, offline)) and clock() + PAUSE <= until:
        late = [each.title for each in differences(report, offline) if each.offline == "kept"]
        say(f"not yet as it is offline: {'; '.join(late)}. AWS may still be spreading the word; asking again …")
        sleep(PAUSE)
        report = ask()
    return report


def remember(root: Path, report: Report) -> None:
    """Keep what was answered there beside the record of the deploy, if there is one."""
    record = records.read(root, report.lab.construct_id)
    if record is not None:
        live = {verdict.id: str(verdict.outcome) for verdict in report.verdicts}
        moment = datetime.now(UTC).replace(microsecond=0)
        records.write(root, record.model_copy(update={"verified": moment, "live": live}))
