"""The child process that is one execution environment: it imports a handler and answers until its pipe closes.

Run by path with `-I -S` and nothing but the standard library, so that a handler can import what Lambda's Python runtime
brings (boto3 and what it needs), its own code and its layers, and nothing else of this project's packages.

Three pipes: standard input brings one JSON line an invocation, standard output takes one JSON line an answer, standard
error takes what the function prints. The function itself sees an empty standard input, and prints to the third for both
outputs. The names of errors and the words in them are those of AWS's runtime interface client
(https://github.com/aws/aws-lambda-python-runtime-interface-client, checked_on 2026-11-22).

What is like AWS: /tmp is the environment's own, the rest of the file system cannot be written, and nothing but this
machine is in reach. These hold for Python code; they keep a lesson true, and are no prison.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

# ends a line of the log that goes on in the next, so that one record of `logging` stays one event
CONTINUED = "\x1f"
# how many processes one invocation may start; Lambda allows 1,024 processes and threads
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, checked_on 2026-11-22
MOST_FORKS = 1024


def main() -> None:
    """Take the pipes over, import the handler, and answer one invocation after another."""
    requests, answers, log = _take_over_pipes()
    inbox = _Inbox(requests)
    settings = json.loads(inbox.get())
    inbox.root = settings["root"]
    forks = _Forks()
    _limit(settings)
    _look_like_lambda(settings)
    sys.addaudithook(_Guard(settings["tmp"], forks))
    request = _Request()
    _set_up_logging(request)
    handler = None
    worker = os.getpid()
    try:
        handler = find_handler(settings["handler"])
        failure = None
    except Exception as error:
        failure = explained(error, settings)
    if os.getpid() != worker:
        os._exit(0)
    _answer(answers, log, {"ready": True, "error": failure, "mark": settings["mark"]})
    if handler is None:
        return
    while True:
        asked = json.loads(inbox.get())
        forks.forget()
        request.id = asked["id"]
        answer = _invoke(handler, asked, settings)
        if os.getpid() != worker:
            # a child that came out of fork() into our own loop
            os._exit(0)
        _answer(answers, log, {**answer, "id": asked["id"], "mark": asked["mark"], "peak": peak_memory()})


class Fault(Exception):
    """What AWS's runtime itself finds wrong, with the name it gives it."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.trace = trace or []


def find_handler(name: str) -> Callable[[Any, Any], Any]:
    """The function a handler's name means; what cannot be found fails every invocation, not the start."""
    module_name, dot, function = name.rpartition(".")
    if not dot:
        message = f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)"
        return _failing(Fault("Runtime.MalformedHandlerName", message))
    module_name = module_name.replace("/", ".")
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        return _failing(Fault("Runtime.BuiltInModuleConflict", message))
    import importlib

    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        return _failing(Fault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}"))
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        message = f"Syntax error in module '{module_name}': {error}"
        return _failing(Fault("Runtime.UserCodeSyntaxError", message, trace))
    found = getattr(module, function, None)
    if found is None:
        message = f"Handler '{function}' missing on module '{module_name}'"
        return _failing(Fault("Runtime.HandlerNotFound", message))
    handler: Callable[[Any, Any], Any] = found
    return handler


def explained(error: BaseException, settings: Mapping[str, Any]) -> dict[str, Any]:
    """An error as Lambda reports it, its files named as they are on AWS."""
    if isinstance(error, Fault):
        kind, message, trace = error.kind, str(error), error.trace
    else:
        import traceback

        frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename != __file__]
        plain = [(each.filename, each.lineno, each.name, each.line) for each in frames]
        kind, message, trace = type(error).__name__, str(error), traceback.format_list(plain)  # type: ignore[arg-type]
    return {
        "errorMessage": _as_on_aws(message, settings),
        "errorType": kind,
        "requestId": "",
        "stackTrace": [_as_on_aws(line, settings) for line in trace],
    }


def peak_memory() -> int:
    """The most memory this process has held, in megabytes."""
    try:
        with _OPEN("/proc/self/status", "rb") as status:
            for line in status:
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) // 1024 + 1
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return 0
    # bytes on macOS; elsewhere it would count the parent's memory too
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) // 1048576 + 1


def _invoke(
    handler: Callable[[Any, Any], Any], asked: Mapping[str, Any], settings: Mapping[str, Any]
) -> dict[str, Any]:
    try:
        if asked.get("trace"):
            os.environ["_X_AMZN_TRACE_ID"] = asked["trace"]
        result = handler(json.loads(asked["event"]), Context(asked))
        try:
            body = json.dumps(result, ensure_ascii=False, default=_plain)
            # half a surrogate pair is a character that no UTF-8 has
            body.encode()
            return {"body": body}
        except Exception as error:
            raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from None
    except Exception as error:
        return {"error": {**explained(error, settings), "requestId": asked["id"]}}
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _failing(fault: Fault) -> Callable[[Any, Any], Any]:
    def handler(event: Any, context: Any) -> Any:
        raise fault

    return handler


def _as_on_aws(text: str, settings: Mapping[str, Any]) -> str:
    text = text.encode("utf-8", "replace").decode()
    library = f"/var/lang/lib/python{sys.version_info[0]}.{sys.version_info[1]}"
    here = {settings["task"]: "/var/task", settings["opt"]: "/opt", settings["tmp"]: "/tmp"}
    here |= {settings["packages"]: f"{library}/site-packages", str(json.__path__[0])[: -len("/json")]: library}
    for ours, theirs in here.items():
        text = text.replace(ours, theirs) if ours else text
    return text


class Context:
    """What a handler gets as its second argument.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html, checked_on 2026-11-22
    """

    def __init__(self, asked: Mapping[str, Any]) -> None:
        self.aws_request_id = asked["id"]
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = asked["arn"]
        self.tenant_id = None
        self.client_context = _ClientContext(asked["client"]) if asked.get("client") else None
        self.identity = _Named(cognito_identity_id=None, cognito_identity_pool_id=None)
        self._deadline = asked["deadline"]

    def get_remaining_time_in_millis(self) -> int:
        """How long until Lambda ends the invocation."""
        return max(int(self._deadline - time.time() * 1000), 0)

    def log(self, message: Any) -> None:
        """Write to the function's log."""
        sys.stdout.write(str(message))

    def __repr__(self) -> str:
        shown = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return f"LambdaContext([{','.join(f'{name}={value}' for name, value in shown.items())}])"


class _Named:
    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


class _ClientContext:
    """What a mobile application says of itself; its own keys under `custom`."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.custom = given.get("custom")
        self.env = given.get("env")
        client = given.get("client")
        names = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")
        self.client = _Named(**{name: client.get(name) for name in names}) if client else None


class _Request:
    """Which invocation is under way, for the lines of `logging`."""

    id = ""


class _Inbox:
    """The invocations as they arrive, read by a thread of their own: when the pipe closes, everything here ends."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self.root = ""
        self._lines: list[bytes] = []
        self._there = threading.Semaphore(0)
        threading.Thread(target=self._read, daemon=True).start()

    def get(self) -> bytes:
        """The next line."""
        self._there.acquire()
        return self._lines.pop(0)

    def _tidy_up(self) -> None:
        """Remove the files of a cloud that was killed; nobody else will."""
        if "preflight-functions-" in self.root:
            # in a process of its own, that is not ended with ours
            with contextlib.suppress(OSError, AttributeError, NotImplementedError):
                os.posix_spawn("/bin/rm", ["rm", "-rf", "--", self.root], {}, setsid=True)

    def _read(self) -> None:
        # not a file object: the interpreter would wait for its lock when it ends
        parts: list[bytes] = []
        while True:
            try:
                read = os.read(self._pipe, 1 << 20)
            except OSError:
                read = b""
            if not read:
                self._tidy_up()
                end_all(os.getpid(), os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", ""))
                os._exit(1)
            *whole, rest = read.split(b"\n")
            for line in whole:
                self._lines.append(b"".join([*parts, line]))
                parts = []
                self._there.release()
            if rest:
                parts.append(rest)


def end_all(leader: int, mark: str) -> None:
    """Kill a worker's processes: its group, and whatever of its descendants has left the group.

    Those are known by the name of their log stream (`mark`), which every child inherits with the environment; where
    there is no /proc only the group is found.
    """
    import signal

    here = os.getpid()
    for _ in range(5):
        strays = [each for each in _carrying(mark) if each != here] if mark else []
        for each in strays:
            with contextlib.suppress(OSError):
                os.kill(each, signal.SIGKILL)
        if not strays:
            break
    if os.name != "nt":
        with contextlib.suppress(OSError):
            os.killpg(leader, signal.SIGKILL)


def _carrying(mark: str) -> Iterable[int]:
    """The processes whose environment names this log stream."""
    wanted = f"AWS_LAMBDA_LOG_STREAM_NAME={mark}".encode()
    try:
        names = _LISTDIR("/proc")
    except OSError:
        return
    for name in names:
        if name.isdigit():
            try:
                with _OPEN(f"/proc/{name}/environ", "rb") as held:
                    if wanted in held.read().split(b"\0"):
                        yield int(name)
            except OSError:
                continue


class _Forks:
    """How many processes this invocation has started, counted in memory that all of them share."""

    def __init__(self) -> None:
        import mmap

        self._shared = mmap.mmap(-1, 8)

    def count(self) -> None:
        """One more; raises as the kernel would when there are too many."""
        started = int.from_bytes(self._shared[:8], "little") + 1
        self._shared[:8] = started.to_bytes(8, "little")
        if started > MOST_FORKS:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    def forget(self) -> None:
        """A new invocation begins."""
        self._shared[:8] = bytes(8)


class _Guard:
    """Refuses what a function on AWS could not do, as the operating system there would.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html: /tmp is the one place to write;
    checked_on 2026-11-22
    """

    def __init__(self, tmp: str, forks: _Forks) -> None:
        self._tmp = tmp
        self._checks: dict[str, Callable[[Any], None]] = {
            "open": self._open,
            "os.fork": lambda args: forks.count(),
            "os.forkpty": lambda args: forks.count(),
            "subprocess.Popen": lambda args: forks.count(),
            "socket.connect": lambda args: _reach(args[1]),
            "socket.sendto": lambda args: _reach(args[1]),
            "socket.sendmsg": lambda args: _reach(args[1]),
            "socket.getaddrinfo": lambda args: _reach(args[0]),
            "socket.gethostbyname": lambda args: _reach(args[0]),
            "os.mkdir": lambda args: self._write(args[0], args[2]),
            "os.rmdir": lambda args: self._write(args[0], args[1]),
            "os.remove": lambda args: self._write(args[0], args[1]),
            "os.truncate": lambda args: self._write(args[0]),
            "os.rename": self._rename,
            "os.link": lambda args: self._write(args[1], args[3]),
            "os.symlink": lambda args: self._write(args[1], args[2]),
        }

    def __call__(self, event: str, args: Any) -> None:
        check = self._checks.get(event)
        if check is not None:
            check(args)

    def _open(self, args: Any) -> None:
        path, _, flags = args
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
            self._write(path)

    def _rename(self, args: Any) -> None:
        self._write(args[0], args[2])
        self._write(args[1], args[3])

    def _write(self, path: Any, dir_fd: int = -1) -> None:
        if isinstance(path, int) or dir_fd not in (-1, None):
            return
        name = os.fsdecode(path)
        where = os.path.normpath(os.path.join(os.getcwd(), name))  # noqa: PTH109, PTH118
        if not where.startswith((self._tmp, "/dev/", "/proc/self/")):
            raise OSError(errno.EROFS, "Read-only file system", name)


def _reach(address: Any) -> None:
    """Let nothing through but loopback."""
    host = address[0] if isinstance(address, tuple) and address else address
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("utf-8", "replace")
    if host is None or not isinstance(host, str) or host in ("", "localhost", "::1", "0.0.0.0", "::"):
        return
    if host.startswith("127.") or host.endswith(".localhost") or host.startswith("/"):
        return
    raise OSError(errno.ENETUNREACH, f"Network is unreachable: a function of the offline cloud cannot reach {host}")


def _look_like_lambda(settings: Mapping[str, Any]) -> None:
    """Put the module path, the standard files and the paths of AWS in place."""
    import builtins
    import io
    import socket
    from importlib.machinery import PathFinder

    packages = [settings["packages"]]
    bundled = frozenset(settings["bundled"])

    class Runtime:
        """Finds boto3 and what it needs in this machine's packages, and nothing else there."""

        @staticmethod
        def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
            return PathFinder.find_spec(name, packages) if path is None and name in bundled else None

    layers = [settings["opt"] + each for each in settings["layers"]]
    sys.path[:0] = [settings["task"], *layers]
    sys.meta_path.append(Runtime)
    sys.argv = ["/var/runtime/bootstrap.py"]
    sys.dont_write_bytecode = True
    builtins.exit = builtins.quit = sys.exit  # type: ignore[assignment]
    sys.stdin = io.TextIOWrapper(io.FileIO(0, "r"), encoding="utf-8")
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(1, "w", closefd=False)), encoding="utf-8", errors="replace", line_buffering=True
    )
    sys.stderr = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(2, "w", closefd=False)), encoding="utf-8", errors="replace", line_buffering=True
    )
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
        # bucket.localhost is this machine too, and not every resolver knows
        if isinstance(host, str) and (host == "localhost" or host.endswith(".localhost")):
            host = "127.0.0.1"
        return resolve(host, *rest, **named)

    socket.getaddrinfo = getaddrinfo
    if os.name != "nt":
        # Python itself may live below /opt, and this project below /tmp
        real = (settings["packages"], sys.prefix, sys.base_prefix, os.path.dirname(__file__))  # noqa: PTH120
        _map_paths({"/tmp": settings["tmp"], "/var/task": settings["task"], "/opt": settings["opt"]}, real)


def _map_paths(places: Mapping[str, str], real: tuple[str, ...]) -> None:
    """Let /tmp, /var/task and /opt mean this environment's own folders, in Python's functions on files.

    What lies in one of the `real` folders is what it is.
    """
    import builtins
    import io

    kept = tuple(each for place in (*places.values(), *real) for each in {place, os.path.realpath(place)} if each)

    def mapped(path: Any) -> Any:
        if isinstance(path, os.PathLike):
            path = os.fspath(path)
        if isinstance(path, str) and path.startswith(("/tmp", "/var/task", "/opt")) and not path.startswith(kept):
            for theirs, ours in places.items():
                if path == theirs or path.startswith(theirs + "/"):
                    return ours + path[len(theirs) :]
        return path

    def one(function: Any) -> Any:
        def call(path: Any = ".", *rest: Any, **named: Any) -> Any:
            return function(mapped(path), *rest, **named)

        return call

    def two(function: Any) -> Any:
        def call(source: Any, target: Any, *rest: Any, **named: Any) -> Any:
            return function(mapped(source), mapped(target), *rest, **named)

        return call

    for name in (
        *("open", "stat", "lstat", "listdir", "scandir", "mkdir", "remove", "unlink", "rmdir", "access", "chmod"),
        *("utime", "chdir", "statvfs", "readlink", "truncate"),
    ):
        original = getattr(os, name)
        call = one(original)
        setattr(os, name, call)
        for capabilities in (
            os.supports_dir_fd,
            os.supports_fd,
            os.supports_follow_symlinks,
            os.supports_effective_ids,
        ):
            if original in capabilities:
                capabilities.add(call)
    for name in ("rename", "replace", "link", "symlink"):
        setattr(os, name, two(getattr(os, name)))

    def open(file: Any, *rest: Any, **named: Any) -> Any:
        return _OPEN(mapped(file), *rest, **named)

    builtins.open = io.open = open


def _limit(settings: Mapping[str, Any]) -> None:
    """The limits of the environment that the operating system keeps."""
    try:
        import resource
    except ImportError:
        return
    file_size = settings["storage"] * 1048576
    # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 1,024 file descriptors; 2026-11-22
    wanted = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, file_size), (resource.RLIMIT_NOFILE, 1024)]
    for limit, value in wanted:
        try:
            hard = resource.getrlimit(limit)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(limit, (value, value))
        except (OSError, ValueError):
            continue


def _set_up_logging(request: _Request) -> None:
    """`logging` as Lambda sets it up: the root logger writes lines with level, time and request id."""
    import logging

    json_format = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            record.aws_request_id = request.id
            text = _as_json(record) if json_format else self.format(record)
            sys.stdout.write(text.rstrip("\n").replace("\n", f"{CONTINUED}\n") + "\n")

    logging.Formatter.converter = time.gmtime
    handler = Lines()
    layout = "[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s\n"
    handler.setFormatter(logging.Formatter(layout, "%Y-%m-%dT%H:%M:%S"))
    root = logging.getLogger()
    root.addHandler(handler)
    level = {"TRACE": "NOTSET", "WARN": "WARNING", "FATAL": "CRITICAL"}
    asked = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "")
    if json_format and asked:
        root.setLevel(level.get(asked, asked))


def _as_json(record: Any) -> str:
    """A record in Lambda's JSON format.

    https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html, checked_on 2026-11-22
    """
    made = {
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
        "level": record.levelname,
        "message": record.getMessage(),
        "logger": record.name,
        "requestId": record.aws_request_id,
    }
    if record.exc_info and record.exc_info[0] is not None:
        import traceback

        kind, error, trace = record.exc_info
        made["stackTrace"] = traceback.format_tb(trace)
        made.update(errorType=kind.__name__, errorMessage=str(error), location=f"{record.pathname}:{record.lineno}")
    return json.dumps(made, ensure_ascii=False, default=str)


def _take_over_pipes() -> tuple[int, int, int]:
    """The three pipes under numbers of our own; the function gets an empty input and two outputs into the log."""
    requests, answers, log = os.dup(0), os.dup(1), os.dup(2)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers, log


def _answer(answers: int, log: int, answer: Mapping[str, Any]) -> None:
    """First the mark that ends this invocation's part of the log, then the answer."""
    with contextlib.suppress(OSError):
        _write_all(log, f"\n{answer['mark']}\n".encode())
    _write_all(answers, json.dumps(answer).encode() + b"\n")


def _write_all(pipe: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(pipe, view) :]


# the functions as they are before anything is put in their place
_OPEN = open
_LISTDIR = os.listdir

if __name__ == "__main__":
    main()
