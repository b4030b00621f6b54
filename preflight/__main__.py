"""Where `python -m preflight`, `lab` and `./lab` begin."""

from __future__ import annotations

import contextlib
import sys


def main() -> int:
    """Run the command line of this process and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # a terminal without these signs gets others instead of a crash
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    try:
        from preflight.cli import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        print("\nStopped; nothing is lost. Go on with ./lab", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # whoever read the output has had enough
        sys.stderr.close()
        return 0


if __name__ == "__main__":
    sys.exit(main())
