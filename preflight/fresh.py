"""Runs code afresh, watches what it touches, and forgets it again."""

from __future__ import annotations

import importlib.machinery
import os
import site
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, ModuleType, TracebackType
from typing import Any

ENGINE = Path(__file__).resolve().parent

Place = tuple[str, int]


@dataclass
class Seen:
    """What one run of a stack file touched: who made which construct, and everything the result depends on.

    `places` maps construct paths ("Lab1/Notes") to (file, line); `files` are the paths read from outside the standard
    library and site-packages; `environ` the environment variables the code asked for, with the answer it got.
    """

    folder: Path
    places: dict[str, Place] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    environ: dict[str, str | None] = field(default_factory=dict)
    callback_place: Place | None = None


@contextmanager
def fresh_code(folder: Path, seen: Seen) -> Iterator[None]:
    """Let code in `folder` import its neighbours, watch what it touches, and forget all of it afterwards."""
    before = set(sys.modules)
    hook = _hook(folder)
    path, argv, cwd, environ = sys.path[:], sys.argv[:], Path.cwd(), dict(os.environ)
    limit = sys.getrecursionlimit()
    sys.path.insert(0, str(folder))
    sys.path_hooks.insert(0, hook)
    _forget_importers(folder)
    try:
        with _watching(seen):
            yield
    finally:
        for name in set(sys.modules) - before:
            module = sys.modules[name]
            origins = _origins(module)
            seen.files.update(origin for origin in origins if not is_library(origin))
            if not origins or any(not is_library(origin) for origin in origins):
                del sys.modules[name]
        sys.path_hooks.remove(hook)
        sys.path[:], sys.argv[:] = path, argv
        sys.setrecursionlimit(limit)
        _forget_importers(folder)
        os.chdir(cwd)
        if dict(os.environ) != environ:
            os.environ.clear()
            os.environ.update(environ)


def is_own(filename: str, folder: Path) -> bool:
    """Whether a code object's file is the learner's: anywhere but a library or the engine.

    A .venv may stand in the folder, so being inside it is enough only where the folder itself is in a library.
    """
    if filename.startswith("<"):
        return False
    if is_library(str(folder) + os.sep):
        return filename.startswith(str(folder) + os.sep)
    return not is_library(filename)


def is_library(filename: str) -> bool:
    """Whether a file belongs to Python, to an installed package or to the engine."""
    return filename.startswith(_LIBRARIES) or f"{os.sep}site-packages{os.sep}" in filename


class Uncached(importlib.machinery.SourceFileLoader):
    """Compiles from source every time: a .pyc is trusted by whole seconds, and two saves fit into one."""

    def path_stats(self, path: Any) -> Any:
        raise OSError


def _hook(folder: Path) -> Callable[[str], Any]:
    def finder(path: str) -> Any:
        if not _is_in(path, folder):
            raise ImportError
        extensions = (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES)
        return importlib.machinery.FileFinder(path, (Uncached, [".py"]), extensions)

    return finder


def _is_in(path: str, folder: Path) -> bool:
    """Whether modules in this directory are the learner's; a .venv in the folder keeps its compiled files."""
    return path == str(folder) or (path.startswith(str(folder) + os.sep) and is_own(path + os.sep, folder))


def _forget_importers(folder: Path) -> None:
    for path in [key for key in sys.path_importer_cache if _is_in(key, folder)]:
        del sys.path_importer_cache[path]


def _origins(module: ModuleType) -> list[str]:
    if file := getattr(module, "__file__", None):
        return [str(file)]
    try:
        return [str(path) for path in getattr(module, "__path__", [])]
    except Exception:
        return []


def _library_prefixes() -> tuple[str, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib", "scripts")
    paths = {sysconfig.get_path(name) for name in names} | {str(ENGINE)} | {str(Path(os.__file__).parent)}
    paths |= set(site.getsitepackages()) | {site.getusersitepackages()}
    return tuple(sorted({str(form) + os.sep for path in paths if path for form in (Path(path), Path(path).resolve())}))


_LIBRARIES = _library_prefixes()


def nearest_place(places: Mapping[str, Place], construct_path: str) -> Place | None:
    """Where the construct, or the nearest one around it, was made."""
    steps = construct_path.strip("/").split("/")
    for length in range(len(steps), 0, -1):
        if place := places.get("/".join(steps[:length])):
            return place
    return None


_watched: list[Seen] = []
_hooked = False


@contextmanager
def _watching(seen: Seen) -> Iterator[None]:
    _install_watch()
    _watched.append(seen)
    try:
        yield
    finally:
        _watched.remove(seen)


def _install_watch() -> None:
    """Listen, once a process, to the constructs made, the files opened and the environment asked for."""
    global _hooked
    if _hooked:
        return
    _hooked = True
    import jsii
    import jsii._kernel as kernel

    create, sinvoke, handle = jsii.create, jsii.sinvoke, kernel._handle_callback
    getitem = type(os.environ).__getitem__

    def watch_create(cls: type, made: Any, args: list[Any] | None = None) -> Any:
        ref = create(cls, made, args)
        if _watched and args:
            _note_construct(_watched[-1], made, args)
            _note_paths(_watched[-1], args)
        return ref

    def watch_sinvoke(cls: type, method: str, args: list[Any] | None = None) -> Any:
        if _watched and args:
            _note_paths(_watched[-1], args)
        return sinvoke(cls, method, args)

    def watch_callback(*args: Any) -> Any:
        # jsii keeps only the text of an exception raised under JavaScript; its line is worth keeping too.
        try:
            return handle(*args)
        except Exception as fault:
            if _watched and _watched[-1].callback_place is None:
                seen = _watched[-1]
                own = [(f.f_code.co_filename, n) for f, n in frames(fault.__traceback__)]
                seen.callback_place = next((at for at in reversed(own) if is_own(at[0], seen.folder)), None)
            raise

    def watch_environ(self: Any, key: str) -> str:
        try:
            value: str | None = getitem(self, key)
            return getitem(self, key)
        except KeyError:
            value = None
            raise
        finally:
            if _watched and isinstance(key, str) and _asked_by_learner(_watched[-1]):
                _watched[-1].environ.setdefault(key, value)

    def watch_open(event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and _watched and isinstance(args[0], str):
            mode = args[1]
            if (mode is None or "r" in str(mode)) and not is_library(args[0]):
                _watched[-1].files.add(str(Path(args[0]).absolute()))

    jsii.create, jsii.sinvoke, kernel._handle_callback = watch_create, watch_sinvoke, watch_callback
    type(os.environ).__getitem__ = watch_environ  # type: ignore[method-assign]
    sys.addaudithook(watch_open)


def _note_construct(seen: Seen, made: Any, args: list[Any]) -> None:
    if len(args) < 2 or not isinstance(args[1], str) or not hasattr(args[0], "node"):
        return
    scope, own_id = args[0], args[1].replace("/", "--")
    around = getattr(scope, "__preflight_path__", None)
    if around is None:
        around = str(scope.node.path)
    path = f"{around}/{own_id}" if around else own_id
    made.__preflight_path__ = path
    if place := _learner_line(sys._getframe(2), made, seen.folder):
        seen.places.setdefault(path, place)


def _learner_line(frame: FrameType | None, made: Any, folder: Path) -> Place | None:
    while frame is not None:
        code = frame.f_code
        if is_own(code.co_filename, folder):
            # The __init__ of the learner's own class is not where that class was used.
            inside = code.co_name == "__init__" and code.co_varnames[:1] and frame.f_locals.get(code.co_varnames[0])
            if inside is not made:
                return code.co_filename, frame.f_lineno
        frame = frame.f_back
    return None


def _note_paths(seen: Seen, args: list[Any]) -> None:
    """Remember files and folders handed to CDK (assets): JavaScript reads them, out of Python's sight."""
    for arg in args:
        values = [arg] if isinstance(arg, str) else list(getattr(arg, "_values", {}).values())
        for value in values:
            if isinstance(value, str) and 0 < len(value) < 500 and os.sep in value and not is_library(value):
                path = Path(value).absolute()
                if _could_be_an_asset(path, seen.folder):
                    seen.files.add(str(path))


def _could_be_an_asset(path: Path, code: Path) -> bool:
    """Whether a text that reads as a path is one; the "/" of a role's path names the whole disk, and is not."""
    if path.is_dir():
        return len(path.parts) > 2 and path != code and path not in code.parents
    return path.is_file()


def _asked_by_learner(seen: Seen) -> bool:
    frame: FrameType | None = sys._getframe(2)
    for _ in range(4):
        if frame is None:
            return False
        if is_own(frame.f_code.co_filename, seen.folder):
            return True
        frame = frame.f_back
    return False


def frames(trace: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    """Each frame of a traceback with the line it stands at, outermost first."""
    while trace is not None:
        yield trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next
