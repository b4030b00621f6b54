"""Puts the commands together, and turns every error into one sentence and an exit code."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import typer

from preflight.cli import ask, check, cloud, cost, coverage, deploy, destroy, machine, sandbox, study, sweep, trail
from preflight.cli.desk import Desk
from preflight.errors import DeployFailed, PreflightError, Refused

ROOT = Path(__file__).resolve().parent.parent.parent
STOPPED = 130

_HELP = "AWS certification labs: write a CDK stack, and have it deployed, used and answered on this machine."

app = typer.Typer(
    help=_HELP,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.callback(invoke_without_command=True)(trail.home)
_COMMANDS: dict[str, Callable[..., int | None]] = {
    "list": trail.list_labs,
    "start": trail.start,
    "reset": trail.reset,
    "show": trail.show,
    "check": check.check,
    "hint": study.hint,
    "compare": study.compare,
    "ask": ask.ask,
    "cost": cost.cost,
    "progress": study.progress,
    "coverage": coverage.coverage,
    "deploy": deploy.deploy,
    "verify": check.verify,
    "destroy": destroy.destroy,
    "sweep": sweep.sweep,
    "doctor": machine.doctor,
}
for name, command in _COMMANDS.items():
    app.command(name)(command)
app.command("test", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(machine.test)

_cloud = typer.Typer(help="The offline cloud by itself, for any AWS tool.", rich_markup_mode=None)
_cloud.command("serve")(machine.serve)
_cloud.command("deploy")(cloud.deploy)
app.add_typer(_cloud, name="cloud")

_sandbox = typer.Typer(rich_markup_mode=None)
_sandbox.callback(invoke_without_command=True)(sandbox.sandbox)
_sandbox.command("remove")(sandbox.remove)
app.add_typer(_sandbox, name="sandbox")


def run(arguments: Sequence[str], *, root: Path = ROOT) -> int:
    """Run one command line and return its exit code; errors are one sentence on stderr.

    With --json among the arguments an error is a JSON object on stdout as well; with --debug its traceback is shown.
    """
    desk = Desk(root)
    try:
        return _run(_without_debug(arguments), desk)
    except KeyboardInterrupt:
        return _stopped()
    except BrokenPipeError:
        raise
    except PreflightError as error:
        return _fail(arguments, words(error), error)
    except typer.TyperException as error:
        return _fail(arguments, _usage(error), error)
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None and error.errno in _UNWRITABLE:
            # told by whoever holds the output, which takes no more words
            raise
        return _fail(arguments, _ours(error, arguments), error)
    finally:
        desk.close()


def _run(arguments: Sequence[str], desk: Desk) -> int:
    command = typer.main.get_command(app)
    try:
        code = command.main(args=list(arguments), prog_name="./lab", standalone_mode=False, obj=desk)
    except SystemExit as error:
        # all that ends it so is a reader who had enough
        raise BrokenPipeError from error
    if code == STOPPED:
        return _stopped()
    return code if isinstance(code, int) else 0


def _without_debug(arguments: Sequence[str]) -> list[str]:
    """--debug works with every command; the two whose help names it read it themselves, and `test` is pytest's."""
    keeps = {"check", "verify", "test"}.intersection(arguments[:1])
    return [each for each in arguments if keeps or each != "--debug"]


def _stopped() -> int:
    print("\nStopped; nothing is lost. Go on with ./lab", file=sys.stderr)
    return STOPPED


def _fail(arguments: Sequence[str], words: str, error: Exception) -> int:
    if "--json" in arguments:
        print(json.dumps({"error": words}, ensure_ascii=False))
    if "--debug" in arguments:
        import traceback

        traceback.print_exception(error)
    print(words, file=sys.stderr)
    return 2


def words(error: PreflightError) -> str:
    """An error as the learner reads it: its sentence, and below it what CloudFormation says besides."""
    if isinstance(error, Refused):
        # the sentence has the first
        return "\n".join([str(error), *(f"  {fault}" for fault in error.faults[1:])])
    # with a place, the sentence has the reason too
    if isinstance(error, DeployFailed) and error.file is None and error.reason and error.reason not in str(error):
        return f"{error}\n  {error.logical_id or 'the stack'}: {error.reason}"
    return str(error)


def _usage(error: typer.TyperException) -> str:
    """The command line's own errors, as one sentence that ends in the next command."""
    said = error.format_message().strip().rstrip(".").split("\n")[0]
    context = getattr(error, "ctx", None)
    end = "" if said.endswith("?") else "."
    return f"{said}{end} See {context.command_path if context else './lab'} --help"


def unwritten(error: OSError, arguments: Sequence[str]) -> str:
    """The sentence for an output that takes no more: a full disk, a device that went away."""
    command = " ".join(["./lab", *arguments])
    return f"The answer cannot be written ({error.strerror}); make room or send it elsewhere, then {command}"


_UNWRITABLE = (errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EBADF)


def _ours(error: Exception, arguments: Sequence[str]) -> str:
    command = " ".join(["./lab", *(each for each in arguments if each != "--debug")])
    return f"Preflight itself stumbled ({type(error).__name__}: {error}). To see where: {command} --debug"
