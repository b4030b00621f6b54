"""Runs a correction when the module it corrects is imported, so that unused services cost nothing."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


@contextmanager
def when_imported(module: str, correct: Callable[[], Any]) -> Iterator[None]:
    """Call `correct` once: now when the module is there already, else at the end of its import, if it comes."""
    if module in sys.modules:
        correct()
        yield
        return
    finder = _Finder(module, correct)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder(MetaPathFinder):
    def __init__(self, module: str, correct: Callable[[], Any]) -> None:
        self._module = module
        self._correct = correct
        self._busy = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's own spec, whose loader calls us back."""
        if fullname != self._module or self._busy:
            return None
        self._busy = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._busy = False
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_and_correct(module: ModuleType) -> None:
                run(module)
                # importlib marks a module as there before it has run
                self._correct()

            spec.loader.exec_module = run_and_correct  # type: ignore[method-assign]
        return spec
