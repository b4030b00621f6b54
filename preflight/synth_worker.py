"""The child process that holds aws_cdk and a warm jsii kernel, and synthesizes on request.

It reads one JSON object a line and answers each with one. File descriptors 0 and 1 are moved away first: what the
learner's code prints goes where its errors go, and what it reads is empty, so neither can touch the conversation.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import IO, Any

# After each answer's output; the parent reads the learner's words up to it.
END_OF_OUTPUT = "\x1e"

MOST_MEMORY = 4 * 1024**3


def main() -> None:
    """Serve until the parent closes its end. argv: the scratch folder, which is this process's to remove."""
    scratch = Path(sys.argv[-1])
    questions, answers = _move_pipes_away()
    sys.dont_write_bytecode = True
    try:
        try:
            import aws_cdk  # noqa: F401
            import jsii  # noqa: F401
        except BaseException as fault:
            _say(answers, {"failed": f"{type(fault).__name__}: {fault}"})
            return
        _limit_memory()
        output = os.dup(2)
        _say(answers, {"ready": True})
        with (scratch / "stuck").open("w", encoding="utf-8") as stuck:
            faulthandler.enable(file=stuck)
            for line in questions:
                question = json.loads(line)
                stuck.truncate(0)
                faulthandler.dump_traceback_later(question["limit"], exit=True, file=stuck)
                try:
                    answer = answer_to(question)
                finally:
                    faulthandler.cancel_dump_traceback_later()
                _end_output(output)
                _say(answers, {"id": question["id"], **answer})
            faulthandler.disable()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def answer_to(question: dict[str, Any]) -> dict[str, Any]:
    """{"made": …} or {"broken": {message, file, line}} for one request; nothing of the learner's escapes.

    A request that holds a `template` is answered with {"reviewed": …}.
    """
    from preflight.errors import BrokenCode

    if "template" in question:
        return {"reviewed": _reviewed(question["template"])}
    began = time.perf_counter()
    leave, os_exit = _LeftTheProgram, os._exit

    def no_exit(status: int) -> Any:
        raise leave(status)

    os._exit = no_exit
    stdout, stderr = sys.stdout, sys.stderr
    try:
        made = _synth(question)
    except BrokenCode as fault:
        return {"broken": {"message": fault.message, "file": str(fault.file or ""), "line": fault.line}}
    finally:
        os._exit = os_exit
        sys.stdout, sys.stderr = stdout, stderr
    return {"made": made | {"seconds": time.perf_counter() - began}}


class _LeftTheProgram(SystemExit):
    """os._exit, called by the learner's code."""


def _synth(question: dict[str, Any]) -> dict[str, Any]:
    import aws_cdk

    from preflight.fresh import Seen, fresh_code
    from preflight.stack_code import annotated, build, synthesize

    file, outdir = Path(question["file"]), Path(question["outdir"])
    seen = Seen(folder=file.parent)
    with fresh_code(file.parent, seen):
        app = aws_cdk.App(outdir=str(outdir), context=question["context"], analytics_reporting=False)
        built = build(app, file, question["construct_id"], seen)
        synthesize(app, built, seen)
    manifest = json.loads((outdir / "manifest.json").read_text("utf-8"))
    artifact = manifest["artifacts"][built.construct_id]["properties"]
    return {
        "stack_name": artifact.get("stackName", built.construct_id),
        "template": artifact["templateFile"],
        "companions": list(built.companions),
        "class_line": built.class_line,
        "warnings": [f"{path}: {text}" for path, text in annotated(outdir, built, "warning")],
        "places": seen.places,
        "files": sorted(name for name in seen.files if not name.startswith(str(outdir)) and name not in sys.path),
        "environ": seen.environ,
    }


def _reviewed(body: dict[str, Any]) -> dict[str, Any]:
    from preflight.nag_worker import look_over

    try:
        return look_over(body)
    except Exception as fault:
        return {"said": [], "left_out": {}, "failed": f"{type(fault).__name__}: {fault}".splitlines()[0]}


def _move_pipes_away() -> tuple[IO[str], IO[str]]:
    questions = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    return questions, answers


def _end_output(output: int) -> None:
    # The learner's code may have closed 1 or 2: put them back before what is still in Python's buffers is lost.
    os.dup2(output, 1)
    os.dup2(output, 2)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os.write(output, END_OF_OUTPUT.encode())


def _limit_memory() -> None:
    # Node is running by now and keeps its own; this is so that a runaway list ends in a MemoryError with its line.
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, most))


def _say(answers: IO[str], answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
