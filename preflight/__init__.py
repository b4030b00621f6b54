"""Preflight: AWS certification labs, built, used and judged on this machine."""

__version__ = "0.1.0"
