"""Every error a person can cause, as one tree.

PreflightError            one sentence that ends in the next command; exit code 2
├── Usage                 the command's words do not fit
├── BrokenCode            the learner's stack cannot be built (file and line)
├── BrokenLab             a lab's own files are faulty (all faults at once)
├── Refused               CloudFormation refuses the template before making anything
├── DeployFailed          CloudFormation began, a resource failed, everything was rolled back
└── Unavailable           this machine cannot do it now (a port, a registry, a folder, node)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class PreflightError(Exception):
    """One clear sentence for the person at the terminal, with a place when there is one."""

    def __init__(self, message: str, *, file: Path | str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.file = Path(file) if file is not None else None
        self.line = line

    def __str__(self) -> str:
        if self.file is None:
            return self.message
        place = f"{self.file}:{self.line}" if self.line is not None else str(self.file)
        return f"{place}: {self.message}"


class Usage(PreflightError):
    """The command's words do not fit."""


class BrokenCode(PreflightError):
    """The learner's stack cannot be built."""


class BrokenLab(PreflightError):
    """A lab's own files are faulty; `faults` names each one with its file and field."""

    def __init__(self, message: str, faults: Sequence[str] = (), *, file: Path | str | None = None) -> None:
        super().__init__(message, file=file)
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  {fault}" for fault in self.faults)])


class Refused(PreflightError):
    """CloudFormation refuses the template; nothing was made. `faults` are in CloudFormation's own words."""

    def __init__(self, message: str, faults: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class DeployFailed(PreflightError):
    """A resource could not be made and the stack was rolled back."""

    def __init__(self, message: str, *, logical_id: str | None = None, reason: str = "") -> None:
        super().__init__(message)
        self.logical_id = logical_id
        self.reason = reason


class Unavailable(PreflightError):
    """This machine cannot do it now."""
