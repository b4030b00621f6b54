"""Where `python -m preflight`, `lab` and `./lab` begin."""

from __future__ import annotations

import contextlib
import os
import sys


def main() -> int:
    """Run the command line of this process and return its exit code."""
    if sys.stdout is None:
        if sys.stderr is not None:
            print(
                "There is nowhere to write the answer (standard output is closed); open it, then ./lab", file=sys.stderr
            )
        return 2
    for stream in (sys.stdout, sys.stderr):
        # a terminal without these signs gets others instead of a crash
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    try:
        from preflight.cli import run

        code = run(sys.argv[1:])
        # here, and not at the end of the process, where nobody could answer for it
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("\nStopped; nothing is lost. Go on with ./lab", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # whoever read the output has had enough
        _write_no_more()
        return 0
    except OSError as error:
        from preflight.cli.app import unwritten

        print(unwritten(error, sys.argv[1:]), file=sys.stderr)
        _write_no_more()
        return 2


def _write_no_more() -> None:
    """Let what is still to be written go nowhere, or the end of the process would fail at it again."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
