"""What can go astray at the terminal ends in one sentence, exit code 2, and nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest

from preflight.progress import Progress
from tests.shelf.builder import Shelf

PROJECT = Path(__file__).resolve().parent.parent.parent
LAB = [
    sys.executable,
    "-c",
    "import sys; from pathlib import Path; from preflight.cli import run; "
    "sys.exit(run(sys.argv[2:], root=Path(sys.argv[1])))",
]

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and permissions are POSIX")


@pytest.mark.parametrize(
    ("words", "sentence", "command"),
    [
        (["check", "9"], "There is no lab called 9; near it: 1 keep_a_book, 2 lend_a_book.", "./lab list"),
        (["start", "keep_a_bok"], "near it: 1 keep_a_book", "./lab list"),
        (["chekc"], "No such command 'chekc'", "./lab --help"),
        (["lst"], "No such command 'lst'. Did you mean 'list'? See ", "./lab --help"),
        (["check", "1", "--wroked"], "No such option: --wroked", "./lab check --help"),
        (["start"], "Missing argument 'LAB'", "./lab start --help"),
        (["start", "1", "2"], "Got unexpected extra argument", "./lab start --help"),
        (["cloud"], "Missing command", "./lab cloud --help"),
        (["cloud", "serve", "--port", "http"], "Invalid value for '--port'", "./lab cloud serve --help"),
    ],
)
def test_words_that_mean_nothing(shelf: Shelf, words: list[str], sentence: str, command: str) -> None:
    said = shelf.run(*words).says(sentence, code=2)
    assert said.err.rstrip().endswith(command) and said.err.count("\n") == 1 and said.out == ""


REFUSED = {
    "an unknown property": (
        'books.node.default_child.add_property_override("Colour", "red")',
        11,
        "extraneous key [Colour] is not permitted; nothing was made;",
    ),
    "a made-up type": (
        'cdk.CfnResource(self, "More", type="AWS::S3::Buckett")',
        12,
        "Unrecognized resource types: [AWS::S3::Buckett] (did you mean AWS::S3::Bucket?); nothing was made;",
    ),
    "a public policy": (
        "books.grant_public_access()\n        books.node.default_child.public_access_block_configuration = None",
        11,
        "BlockPublicPolicy setting in S3 Block Public Access; everything was rolled back;",
    ),
    "half a port range": (
        'cdk.CfnResource(self, "Door", type="AWS::EC2::SecurityGroup", properties={"GroupDescription": "door",\n'
        '            "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 80, "CidrIp": "10.0.0.0/8"}]})',
        12,
        "Must specify both from and to ports with TCP/UDP.' for portRange; everything was rolled back;",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cloudformation_will_not_have_is_said_of_the_learners_line(shelf: Shelf, case: str) -> None:
    line, number, sentence = REFUSED[case]
    shelf.start(1).write(1, "        cdk.CfnOutput(", f"        {line}\n        cdk.CfnOutput(")
    said = shelf.run("check", "1").says(sentence, code=2)
    assert said.err.startswith(f"workspace/lab01_keep_a_book/stack.py:{number}: "), said.err
    assert said.err.endswith("; mend it, then ./lab check 1\n") and said.err.count("\n") == 1 and said.out == ""


def test_from_the_second_fault_on_each_has_a_line_of_its_own(shelf: Shelf) -> None:
    override = "books.node.default_child.add_property_override"
    more = (
        f'        {override}("Colour", "red")\n        cdk.CfnResource(self, "Topic", type="AWS::SNS::Topic",'
        ' properties={"Colour": 1})\n        cdk.CfnOutput('
    )
    file = shelf.start(1).write(1, "        cdk.CfnOutput(", more).stack(1)
    said = shelf.run("check", "1", "--code", str(file)).says("(and 1 more); nothing was made; mend it, then", code=2)
    first, second = said.err.splitlines()
    assert first.endswith(f"then ./lab check 1 --code {file}")
    assert {first.partition(": ")[0], second.strip().partition(": ")[0]} == {
        f"workspace/lab01_keep_a_book/stack.py:{number}" for number in (11, 13)
    }


def test_a_file_in_another_encoding_is_named_with_its_line(shelf: Shelf) -> None:
    file = shelf.start(1).stack(1)
    file.write_bytes(file.read_bytes().replace(b"Books", b"B\xe9cher"))
    said = shelf.run("check", "1").says("workspace/lab01_keep_a_book/stack.py:", "Python cannot read this line", code=2)
    assert said.err.endswith("then ./lab check 1\n") and "stumbled" not in said.err


@posix
@pytest.mark.parametrize("program", [["-m", "preflight"], ["lab"]])
def test_a_closed_output_is_one_sentence(program: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *program, "list"], cwd=PROJECT, stderr=subprocess.PIPE, text=True, timeout=60,
        preexec_fn=lambda: os.close(1),
    )  # fmt: skip
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "standard output is closed" in done.stderr and "then ./lab" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("words", [["list"], ["--help"], ["check", "99", "--json"]])
def test_a_full_output_is_one_sentence(words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "preflight", *words], cwd=PROJECT, stdout=full, stderr=subprocess.PIPE, text=True,
            timeout=60,
        )  # fmt: skip
    assert done.returncode == 2 and "stumbled" not in done.stderr and "Exception" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("The answer cannot be written (")
    assert done.stderr.rstrip().endswith("then " + " ".join(["./lab", *words]))


@posix
def test_a_reader_who_had_enough_sees_no_traceback() -> None:
    command = [sys.executable, "-m", "preflight", "list"]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(60) == 0


def test_an_error_is_data_too_when_data_was_asked_for(shelf: Shelf) -> None:
    said = shelf.run("check", "9", "--json").says(code=2)
    assert said.json() == {"error": said.err.strip()}
    shelf.run("list", "--exam", "devops", "--json").says('{"error": "There is no exam called devops', code=2)


def test_every_fault_of_a_lab_toml_is_named_whatever_was_asked(shelf: Shelf) -> None:
    facts = shelf.root / "labs/lab02_lend_a_book/lab.toml"
    facts.write_text('number = 3\ntitle = "x"\nexam = "AWS"\nminutes = "ten"\ncolour = 1\n')
    for words in ([], ["list"], ["check", "2"], ["check", "1", "--json"]):
        said = shelf.run(*words).says("These labs have faults", code=2)
        lines = said.err.splitlines()
        assert len(lines) > 8 and all("labs/lab02_lend_a_book/lab.toml: " in line for line in lines[1:])
        for field in (
            "number: 3 does not fit",
            "title:",
            "exam:",
            "minutes:",
            "colour: no such field",
            "tasks: missing",
        ):
            assert any(field in line for line in lines), field


def test_a_damaged_progress_file_is_told_once_and_the_command_goes_on(shelf: Shelf) -> None:
    (shelf.root / "workspace" / "progress.sqlite").write_bytes(b"no database" * 100)
    said = shelf.run("list").says("Keep a book", code=0)
    assert "set aside as workspace/progress.damaged-" in said.err
    assert shelf.run("list").err == ""


def test_what_preflight_itself_gets_wrong_says_how_to_see_where(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(self: object, progress: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("preflight.course.Course.next", stumble)
    said = shelf.run("list").says("Preflight itself stumbled (ZeroDivisionError", code=2)
    assert "Traceback" not in said.err and said.err.rstrip().endswith("./lab list --debug")


@posix
def test_in_a_read_only_workspace_a_check_answers_and_says_it_is_not_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shelf = Shelf(Path(folder) / "shelf").start(1)
        # root may write into any folder, so a folder stands where the file would be
        workspace = shelf.root / "workspace"
        for file in workspace.glob("progress.sqlite*"):
            file.unlink()
        (workspace / "progress.sqlite").mkdir()
        said = shelf.run("check", "1").says("1 of 3 kept", code=1)
        assert said.err.startswith("This check is not remembered. Progress cannot be written to workspace/")
        shelf.run("hint", "1").says("Progress cannot be written to workspace/", "./lab doctor", code=2)
        shelf.run("list").says("Keep a book", code=0)


READ_ONLY = textwrap.dedent(
    """
    import os, sys
    from pathlib import Path
    import preflight.cli.app, preflight.workspace, preflight.course, preflight.progress, rich.console, rich.text
    import difflib, tempfile, shutil, tomllib
    from preflight.cli import run
    root = Path(sys.argv[1])
    run(["list"], root=root)
    if os.geteuid() == 0:
        # root may write anywhere, so this process steps down
        os.setuid(65534)
    codes = [run(words, root=root) for words in (["list"], ["start", "1"], ["hint", "2"])]
    print(codes)
    """
)


@posix
def test_a_read_only_workspace_is_named(tmp_path: Path) -> None:
    root = Path(tempfile.mkdtemp())
    root.chmod(0o755)
    try:
        Shelf(root / "shelf")
        workspace = root / "shelf" / "workspace"
        (workspace / "lab02_lend_a_book").mkdir()
        workspace.chmod(0o555)
        command = [sys.executable, "-B", "-c", READ_ONLY, str(root / "shelf")]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60)
        assert done.stdout.splitlines()[-1:] == ["[0, 2, 2]"], done.stdout + done.stderr
        first, second = done.stderr.splitlines()
        assert first.startswith("workspace/ cannot be written") and first.endswith("./lab start 1")
        assert second.startswith("Progress cannot be written to workspace/") and second.endswith("./lab doctor")
        assert [path.name for path in workspace.iterdir()] == ["lab02_lend_a_book"]
    finally:
        (root / "shelf" / "workspace").chmod(0o755)
        import shutil

        shutil.rmtree(root)


ENDLESS = "        while True:\n            pass\n        cdk.CfnOutput("


@posix
def test_ctrl_c_in_the_middle_of_a_check_is_one_line_and_loses_nothing(shelf: Shelf) -> None:
    shelf.start(1).write(1, "        cdk.CfnOutput(", ENDLESS)
    process = subprocess.Popen(
        [*LAB, str(shelf.root), "check", "1"], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler), start_new_session=True,
    )  # fmt: skip
    time.sleep(4)
    # as a terminal does: to everything in the foreground
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert (out, err.strip()) == ("", "Stopped; nothing is lost. Go on with ./lab")
    with Progress(shelf.root) as progress:
        from preflight.course import Course

        assert progress.standing(Course.load(shelf.root).find("1")).started
    time.sleep(0.5)
    left = subprocess.run(["pgrep", "-g", str(process.pid)], capture_output=True, text=True).stdout
    assert left == "", "something it started still runs"
