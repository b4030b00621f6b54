"""What happened is kept, whatever happens to the process, the file or the folder."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from preflight.errors import Unavailable
from preflight.progress import MIGRATIONS, Progress, Standing

PROJECT = Path(__file__).resolve().parent.parent
SECONDS = {"synth": 1.0, "deploy": 0.5, "checks": 0.25, "total": 1.5}


@dataclass(frozen=True)
class Paper:
    """A lab as far as progress cares."""

    number: int = 1
    version: int = 1


@dataclass(frozen=True)
class Said:
    """A verdict as far as progress cares."""

    id: str
    outcome: str
    bullets: tuple[str, ...] = ("SAA-C03 1.3-S5",)


LAB = Paper()
KEPT = [Said("closed", "kept"), Said("labelled", "elsewhere", ("CLF-C02 3.6-K1",))]
OPEN = [Said("closed", "not_yet"), Said("labelled", "waiting", ("CLF-C02 3.6-K1",))]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "workspace").mkdir()
    return tmp_path


@pytest.fixture
def progress(root: Path) -> Iterator[Progress]:
    with Progress(root) as progress:
        yield progress


def test_looking_makes_no_file(progress: Progress) -> None:
    assert progress.standing(LAB) == Standing()
    assert progress.rung(LAB, "closed") == 0
    assert progress.missed("SAA-C03 1.3-S5") == 0
    assert progress.history(LAB) == [] and progress.rungs(LAB) == {}
    assert not progress.file.exists()


def test_a_lab_is_started_checked_and_kept(progress: Progress, root: Path) -> None:
    (root / "workspace" / "lab01_jars").mkdir()
    progress.record_start(Paper(version=3))
    assert progress.standing(LAB).under_way and progress.standing(LAB).started_version == 3

    progress.record_attempt(LAB, OPEN, SECONDS)
    stand = progress.standing(LAB)
    assert (stand.attempts, stand.kept, stand.holds, stand.under_way) == (1, 0, False, True)
    assert stand.outcomes == {"closed": "not_yet", "labelled": "waiting"}

    progress.record_attempt(LAB, KEPT, SECONDS)
    stand = progress.standing(LAB)
    assert stand.holds and stand.kept_at is not None and not stand.under_way and not stand.broken

    progress.record_attempt(LAB, OPEN, SECONDS)
    assert progress.standing(LAB).broken
    with Progress(root) as another_day:
        assert another_day.standing(LAB) == progress.standing(LAB)
        assert [attempt["promises"]["closed"] for attempt in another_day.history(LAB)] == ["not_yet", "kept", "not_yet"]


def test_what_was_kept_before_a_reset_says_nothing_about_the_starter(progress: Progress, root: Path) -> None:
    (root / "workspace" / "lab01_jars").mkdir()
    progress.record_start(LAB)
    progress.record_attempt(LAB, KEPT, SECONDS)
    time.sleep(0.002)
    progress.record_start(LAB)
    stand = progress.standing(LAB)
    assert (stand.outcomes, stand.attempts, stand.holds, stand.broken, stand.under_way) == ({}, 1, False, False, True)
    assert stand.kept_at is not None


def test_a_folder_in_workspace_is_a_started_lab_even_without_a_record(progress: Progress, root: Path) -> None:
    (root / "workspace" / "lab01_under_an_older_name").mkdir()
    assert progress.standing(LAB).started
    assert not progress.standing(Paper(2)).started


def test_hints_go_up_one_rung_a_call_and_stay_on_the_fourth(progress: Progress, root: Path) -> None:
    assert [progress.take_rung(LAB, "closed") for _ in range(6)] == [1, 2, 3, 4, 4, 4]
    assert progress.take_rung(LAB, "labelled") == 1
    with Progress(root) as another_day:
        assert another_day.rungs(LAB) == {"closed": 4, "labelled": 1}
        assert another_day.rung(Paper(2), "closed") == 0


def test_a_miss_counts_when_a_promise_turns_not_when_it_is_checked_again(progress: Progress) -> None:
    bullet = "SAA-C03 1.3-S5"
    for said in (OPEN, OPEN, OPEN):
        progress.record_attempt(LAB, said, SECONDS)
    assert progress.missed(bullet) == 1
    progress.record_attempt(LAB, [Said("closed", "could_not_ask")], SECONDS)
    progress.record_attempt(LAB, OPEN, SECONDS)
    assert progress.missed(bullet) == 1
    progress.record_attempt(LAB, KEPT, SECONDS)
    progress.record_attempt(LAB, OPEN, SECONDS)
    assert progress.missed(bullet) == 2
    # two promises about one statement, in one check, are one miss
    progress.record_attempt(Paper(4), [Said("another", "not_yet"), Said("one_more", "not_yet")], SECONDS)
    assert progress.missed(bullet) == 3
    assert progress.missed("CLF-C02 3.6-K1") == 0


def test_what_the_starter_leaves_to_do_is_no_miss(progress: Progress) -> None:
    bullet = "SAA-C03 1.3-S5"
    for said in (OPEN, [Said("closed", "waiting")]):
        progress.record_attempt(LAB, said, SECONDS, untouched=True)
        progress.record_attempt(LAB, OPEN, SECONDS)
    assert progress.missed(bullet) == 0
    progress.record_attempt(LAB, KEPT, SECONDS)
    progress.record_attempt(LAB, OPEN, SECONDS)
    assert progress.missed(bullet) == 1


def test_a_promise_counts_for_the_first_of_its_bullets(progress: Progress) -> None:
    progress.record_attempt(LAB, [Said("closed", "not_yet", ("CLF-C02 2.1-S2", "SAA-C03 1.3-S5"))], SECONDS)
    assert (progress.missed("CLF-C02 2.1-S2"), progress.missed("SAA-C03 1.3-S5")) == (1, 0)


def test_a_standing_tells_which_code_was_checked_last(progress: Progress) -> None:
    progress.record_attempt(LAB, OPEN, SECONDS, code="one")
    progress.record_attempt(LAB, KEPT, SECONDS, code="two")
    stand = progress.standing(LAB)
    assert stand.code == "two" and stand.checked_at == stand.last_at
    time.sleep(0.002)
    progress.record_start(LAB)
    assert (progress.standing(LAB).code, progress.standing(LAB).checked_at) == ("", None)


def test_an_attempt_that_breaks_off_leaves_nothing_half(progress: Progress) -> None:
    def verdicts() -> Iterator[Said]:
        yield KEPT[0]
        raise RuntimeError("the power went out")

    with pytest.raises(RuntimeError):
        progress.record_attempt(LAB, verdicts(), SECONDS)
    assert progress.standing(LAB).attempts == 0
    progress.record_attempt(LAB, KEPT, SECONDS)
    assert progress.standing(LAB).attempts == 1


WRITER = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from preflight.progress import Progress
    from tests.test_progress import KEPT, LAB, SECONDS

    with Progress(Path(sys.argv[1])) as progress:
        for number in range(int(sys.argv[2])):
            progress.record_attempt(LAB, KEPT, SECONDS)
            print(number + 1, flush=True)
    """
)


def writer(root: Path, times: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(root), str(times)]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_a_killed_process_loses_at_most_the_attempt_under_way(root: Path) -> None:
    told = 0
    for round in range(8):
        process = writer(root, 10_000)
        assert process.stdout is not None
        line = process.stdout.readline()
        time.sleep(0.005 * round)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split()
        process.wait()
        process.stdout.close()
        told += int(rest[-1] if rest else line)

        with Progress(root) as progress:
            attempts = progress.history(LAB)
            assert progress.notices == []
        # what was said to be written is there; the one under way may be there too, and is whole if it is
        assert told <= len(attempts) <= told + 1
        assert all(attempt["promises"] == {"closed": "kept", "labelled": "elsewhere"} for attempt in attempts)
        told = len(attempts)


def test_two_processes_write_at_once_from_the_first_moment_on(root: Path) -> None:
    processes = [writer(root, 40) for _ in range(3)]
    for process in processes:
        process.communicate(timeout=60)
    assert [process.returncode for process in processes] == [0, 0, 0]
    with Progress(root) as progress:
        assert progress.standing(LAB).attempts == 120


@pytest.mark.parametrize("damage", ["scribbled over", "cut in half", "a page gone", "no database at all"])
def test_a_damaged_file_is_set_aside_with_a_word_and_never_overwritten(root: Path, damage: str) -> None:
    with Progress(root) as progress:
        for _ in range(200):
            progress.record_attempt(LAB, KEPT, SECONDS)
        file = progress.file
    whole = file.read_bytes()
    damaged = {
        "scribbled over": b"\xff" * len(whole),
        "cut in half": whole[: len(whole) // 2 + 100],
        "a page gone": whole[:8192] + b"\x00" * 4096 + whole[12288:],
        "no database at all": b"Dear diary,\n" * 400,
    }[damage]
    file.write_bytes(damaged)

    with Progress(root) as progress:
        assert progress.standing(LAB) == Standing()
        progress.record_attempt(LAB, OPEN, SECONDS)
        assert progress.standing(LAB).attempts == 1
        (notice,) = progress.notices
    (aside,) = (root / "workspace").glob("progress.damaged-*.sqlite")
    assert aside.read_bytes() == damaged
    assert aside.name in notice and notice.endswith("./lab progress")


def test_a_file_cut_short_at_birth_is_begun_again_in_place(root: Path) -> None:
    (root / "workspace" / "progress.sqlite").write_bytes(b"")
    with Progress(root) as progress:
        assert progress.standing(LAB) == Standing()
        progress.record_attempt(LAB, KEPT, SECONDS)
        assert progress.notices == []


def test_a_newer_preflights_file_is_left_alone(root: Path) -> None:
    with Progress(root) as progress:
        progress.record_start(LAB)
    database = sqlite3.connect(progress.file)
    database.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    database.close()
    before = progress.file.read_bytes()
    with Progress(root) as progress, pytest.raises(Unavailable, match="git pull"):
        progress.standing(LAB)
    assert progress.file.read_bytes() == before


def test_an_older_file_is_brought_up_to_date_and_keeps_what_it_holds(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Progress(root) as progress:
        progress.record_attempt(LAB, KEPT, SECONDS)
    more = "ALTER TABLE attempts ADD COLUMN mood TEXT; CREATE TABLE moods (name TEXT);"
    monkeypatch.setattr("preflight.progress.MIGRATIONS", (*MIGRATIONS, more))
    with Progress(root) as progress:
        assert progress.standing(LAB).holds
    database = sqlite3.connect(progress.file)
    assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)
    assert database.execute("SELECT mood FROM attempts").fetchall() == [(None,)]
    database.close()


LOCKED_OUT = textwrap.dedent(
    """
    import os, sys
    from pathlib import Path
    from preflight.errors import Unavailable
    from preflight.progress import Progress
    from tests.test_progress import KEPT, LAB, SECONDS

    if os.geteuid() == 0:
        # root may write anywhere, so this process steps down
        os.setuid(65534)
    with Progress(Path(sys.argv[1])) as progress:
        print(progress.standing(LAB).attempts)
        try:
            progress.record_attempt(LAB, KEPT, SECONDS)
        except Unavailable as error:
            print(error)
        print(progress.standing(LAB).attempts)
    """
)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX")
@pytest.mark.parametrize("attempts", [0, 3])
def test_in_a_read_only_workspace_reading_works_and_writing_says_why_not(attempts: int) -> None:
    # not tmp_path: only its owner may enter that
    root = Path(tempfile.mkdtemp())
    try:
        (root / "workspace").mkdir()
        with Progress(root) as progress:
            for _ in range(attempts):
                progress.record_attempt(LAB, KEPT, SECONDS)
        for path in (root, root / "workspace", *(root / "workspace").iterdir()):
            path.chmod(0o555 if path.is_dir() else 0o444)
        command = [sys.executable, "-B", "-c", LOCKED_OUT, str(root)]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
        before, refusal, after = done.stdout.splitlines()
        assert before == after == str(attempts), done.stderr
        assert refusal.startswith("Progress cannot be written to workspace/") and refusal.endswith("./lab doctor")
    finally:
        for path in (root, root / "workspace"):
            path.chmod(0o755)
        shutil.rmtree(root)
