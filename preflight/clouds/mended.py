"""Mends the emulated data stores, each when moto first loads it: what AWS keeps, makes or refuses and moto does not.

Where a page is named it was checked_on 2026-11-22; words without one are as AWS's clients report them.
"""

from __future__ import annotations

import importlib
import importlib.util
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

Mends = Iterable[tuple[Any, str, Any]]


@contextmanager
def mended() -> Iterator[None]:
    """Mend each service as it is loaded, until the context ends; nothing is imported before it is asked for."""
    import moto.backends

    load, done, lock = moto.backends._import_backend, set[str](), threading.Lock()
    with ExitStack() as patches:

        def import_backend(module: str, name: str) -> Any:
            backends = load(module, name)
            with lock:
                if module not in done:
                    done.add(module)
                    for target, attribute, better in _mends(module):
                        patches.enter_context(patch.object(target, attribute, better, create=True))
            return backends

        patches.enter_context(patch.object(moto.backends, "_import_backend", import_backend))
        yield


def _mends(service: str) -> Mends:
    """What the module named after the service puts in the place of what; nothing when there is none."""
    if importlib.util.find_spec(f"preflight.clouds.mended_{service}") is None:
        return ()
    found: Mends = importlib.import_module(f"preflight.clouds.mended_{service}").mends()
    return found
