"""The terminal's face: prints answers, decides nothing."""

from preflight.cli.app import run

__all__ = ["run"]
