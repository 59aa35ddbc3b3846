#!/usr/bin/env python3
"""Has the server's own system calls fail, one kind after the other, while clients ask for everything it serves.

usage: tools/inject.py [--server PATH] [--only TEXT] [--singly N] [--list]

strace is attached to a running server and lets a call of each kind fail with an error that the system has for it. Each row
of the table says which one, and what clients may see of it: the same answers as ever, or answers that fail in the open (an
error status, a connection that is cut off). Nothing else is right: an answer with wrong bytes, a client that waits for
ever, a server that ends. Afterwards strace lets go, and every answer has to be right again.

Prints a line a row and closes with `N passed, N failed`; the exit code is 0 if none failed. Needs Linux, strace, and the
right to attach to a process of its own; otherwise it says SKIPPED. Everything happens on 127.0.0.1, and ends within some
minutes.

A call that the server makes and no row or reason names fails the last check, so that the table stays whole.
"""

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

# How long a client waits for an answer: the server's deadlines of 2 s, and a slow machine. Longer is for ever.
PATIENCE = 20.0

# How long after the last failure answers may still be refused: where no thread was to be had, none is asked for within 1 s.
RECOVERY = 5.0

# Deadlines of the server under test, in milliseconds.
SETTINGS = [f"{name}_timeout=2000" for name in ("head", "body_stall", "write_stall", "idle")]

SAME = None  # What clients see: the answers of a calm run.
CUT = frozenset()  # Or a connection that is cut off, without a status.
BUSY = frozenset({500, 503})  # Or one of these; what is there is never "not found".

# Call (and the path of the only file that it fails for), errors, which calls of a thread (as strace writes it), what clients
# may see.
TABLE = [
    # Not each second one: four listeners are asked in turn, and one of them would meet it every time. No EAGAIN: the system
    # says it where nobody waits, and tells of the next client, which it would not do here.
    ("accept4", "EINTR ECONNABORTED EPROTO EPERM ENETDOWN EHOSTUNREACH ETIMEDOUT", "1+3", SAME),
    ("accept4", "EMFILE ENFILE ENOMEM ENOBUFS", "1+3", SAME),
    ("recvfrom", "EINTR", "1+2", SAME),
    ("recvfrom", "EAGAIN", "1+4", frozenset({408})),
    ("recvfrom", "ECONNRESET ETIMEDOUT EHOSTUNREACH ENOMEM EINVAL", "2+4", frozenset({400, 408})),
    ("sendto", "EINTR", "1+2", SAME),
    ("sendto", "EAGAIN", "1+4", CUT),
    ("sendto", "ECONNRESET EPIPE ENOMEM ENOBUFS EINVAL", "2+4", CUT),
    ("sendfile", "EINTR EINVAL ENOSYS", "1+2", SAME),
    ("sendfile", "EAGAIN", "1+4", CUT),
    ("sendfile", "EIO ENOMEM ECONNRESET EOVERFLOW", "1+2", CUT),
    ("epoll_wait", "EINTR", "1+2", SAME),
    ("epoll_ctl", "ENOMEM ENOSPC", "1+2", BUSY),
    ("openat2", "EINTR EAGAIN ENOSYS", "1+2", SAME),
    ("openat2", "EMFILE ENFILE ENOMEM EIO ETIMEDOUT ESTALE ENOTCONN ECONNABORTED", "1+2", BUSY),
    ("openat", "EINTR", "1+2", SAME),
    ("openat", "EMFILE ENFILE ENOMEM EIO", "1+2", BUSY),
    # File systems of networks say EINTR of any call.
    ("fstat,newfstatat,statx,getdents64", "EINTR", "1+2", SAME),
    ("fstat", "EIO ENOMEM", "1+2", BUSY),
    # No EIO: a listing leaves out an entry that cannot be looked at, so that the others can be found.
    ("newfstatat", "ENOMEM", "1+2", BUSY),
    ("statx", "ENOMEM", "1+2", BUSY),
    ("getdents64", "EIO ENOMEM", "1+2", BUSY),
    ("pread64", "EINTR", "1+2", SAME),
    ("pread64", "EIO ENOMEM", "1+2", BUSY),
    # The standard input of the server under test ends it, with any other error.
    ("read", "EINTR", "1+2", SAME),
    # The waker's, and the log's, which alone can fail otherwise.
    ("write", "EINTR", "1+2", SAME),
    ("write /dev/null", "EIO ENOSPC EPIPE EAGAIN", "1+2", SAME),
    ("ppoll", "EINTR", "1+2", SAME),
    ("ppoll", "ENOMEM EINVAL", "1+2", frozenset({400, 408, 500, 503})),
    ("clone3", "EAGAIN ENOMEM", "1+1", BUSY),
    ("shutdown", "ENOTCONN ENOMEM", "1+2", CUT),
    ("setsockopt", "ENOMEM EINVAL", "1+2", BUSY),
    ("fcntl", "ENOMEM EMFILE", "1+2", BUSY),
]

# The same for the calls that start programs, move their bytes and await their ends. The programs' own calls fail with them.
PROGRAMS = [
    ("pipe2", "EMFILE ENFILE", "1+2", BUSY),
    ("clone3", "EAGAIN ENOMEM", "1+2", BUSY),
    ("pidfd_open", "ENOSYS EMFILE EPERM ENOMEM", "1+1", SAME),
    ("ppoll", "EINTR", "1+2", SAME),
    ("ppoll", "ENOMEM", "3+4", frozenset({500, 502, 503})),
    ("waitid", "EINTR", "1+2", SAME),
    ("chdir", "EACCES ENOENT", "1+1", frozenset({500, 502, 503})),
    ("execve", "ENOENT EACCES ENOMEM ETXTBSY E2BIG", "1+1", frozenset({500, 502, 503})),
    ("setpgid", "EPERM", "1+1", frozenset({500, 502, 503})),
    ("dup2", "EBUSY EMFILE", "1+2", frozenset({500, 502, 503})),
]

# Calls that are not made to fail, and why.
REASONS = {
    "mmap": "Rust's allocator ends a process that gets no memory; a thread that is not to be had is clone3's",
    "brk": "as mmap",
    "mremap": "as mmap",
    "munmap": "cannot fail for what was mapped",
    "madvise": "a hint",
    "mprotect": "as mmap",
    "close": "strace does not carry out what it lets fail: the descriptor would stay open, which no system does",
    "futex": "the threads' own locks",
    "sched_yield": "cannot fail",
    "rt_sigprocmask": "cannot fail",
    "sigaltstack": "of the runtime's threads",
    "set_robust_list": "of the C library's threads",
    "rseq": "of the C library's threads",
    "prctl": "names a thread",
    "sched_getaffinity": "of the runtime's threads",
    "gettid": "cannot fail",
    "getrandom": "of the runtime's hash maps",
    "exit": "cannot fail",
    "restart_syscall": "the system's own",
    "clock_nanosleep": "the test's handler sleeps",
    "timerfd_settime": "the system's own",
    "getpid": "cannot fail",
    "uname": "cannot fail",
}


class Wrong(Exception):
    """An answer that no client may get."""


class Failed(Exception):
    """An answer that fails in the open."""

    def __init__(self, what):
        super().__init__(str(what))
        self.what = what


def request(method, path, body=b"", fields=""):
    length = f"Content-Length: {len(body)}\r\n" if method == "POST" else ""
    return f"{method} {path} HTTP/1.1\r\nHost: inject\r\n{fields}{length}\r\n".encode() + body


UPLOAD, LARGE_UPLOAD = bytes(range(256)) * 100, bytes(range(256)) * 1000

# Name, what is sent in how many pieces, and of how many requests it is.
CASES = [
    ("page", request("GET", "/page"), 1, 1),
    ("page, slowly", request("GET", "/page"), 3, 1),
    ("pages in a row", request("GET", "/page") * 5, 1, 5),
    ("small file", request("GET", "/small.txt"), 1, 1),
    ("middle file", request("GET", "/middle.bin"), 1, 1),
    ("large file", request("GET", "/large.bin"), 1, 1),
    ("part of a file", request("GET", "/large.bin", fields="Range: bytes=500-999\r\n"), 1, 1),
    ("listing", request("GET", "/"), 1, 1),
    ("queued", request("GET", "/big"), 1, 1),
    ("stream", request("GET", "/stream"), 1, 1),
    ("sleep", request("GET", "/sleep/1"), 1, 1),
    ("sleeps in a row", request("GET", "/sleep/2") * 3, 1, 3),
    ("upload", request("POST", "/upload", UPLOAD), 2, 1),
    ("large upload", request("POST", "/upload", LARGE_UPLOAD), 3, 1),
    ("unread upload", request("POST", "/ignore", UPLOAD), 2, 1),
    ("refused", b"GET / HTTP/1.1\r\nNo Host\r\n\r\n" + b"x" * 5000, 1, 1),
]


PROGRAM_CASES = [
    ("page", request("GET", "/page"), 1, 1),
    ("program", request("GET", "/cgi-bin/cat"), 1, 1),
    ("program's body", request("POST", "/cgi-bin/cat", UPLOAD), 2, 1),
    ("program's large body", request("POST", "/cgi-bin/cat", LARGE_UPLOAD), 3, 1),
]


def run_case(port, case):
    """The answers, as bytes that are the same each time; or Failed, or Wrong."""
    name, message, pieces, count = case
    answers = []
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            size = -(-len(message) // pieces)
            broken = None
            try:
                for start in range(0, len(message), size):
                    if start:
                        time.sleep(0.03)
                    client.sendall(message[start : start + size])
            except ConnectionError as error:
                # The answer may be here all the same.
                broken = error
            with client.makefile("rb") as reader:
                for _ in range(count):
                    answers.append(read_answer(reader, name))
            if broken:
                raise broken
    except TimeoutError:
        raise Wrong(f"{name}: no answer in {PATIENCE:.0f} s") from None
    except ConnectionError as error:
        raise Failed(type(error).__name__) from None
    return answers


def read_answer(reader, name):
    line = reader.readline()
    match = re.fullmatch(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n", line)
    if not match:
        if line and not b"HTTP/1.1 ".startswith(line[:9]) and not line.startswith(b"HTTP/1.1 "):
            raise Wrong(f"{name}: {line[:60]!r} is no status line")
        raise Failed("cut off")
    status, fields = int(match[1]), {}
    while (line := reader.readline()) != b"\r\n":
        if not line.endswith(b"\r\n"):
            raise Failed("cut off")
        key, _, value = line.partition(b":")
        fields[key.lower()] = value.strip()
    if fields.get(b"transfer-encoding") == b"chunked":
        body = b""
        while True:
            line = reader.readline()
            if not line.endswith(b"\r\n"):
                raise Failed("cut off")
            if (length := int(line, 16)) == 0:
                if reader.readline() != b"\r\n":
                    raise Failed("cut off")
                break
            piece = reader.read(length + 2)
            if len(piece) < length + 2:
                raise Failed("cut off")
            body += piece[:length]
    else:
        length = int(fields.get(b"content-length", b"0"))
        body = reader.read(length)
        if len(body) < length:
            raise Failed("cut off")
    if name == "listing":
        # Without dates and the folder's name, which are new each time.
        body = b" ".join(re.findall(rb'href="([^"]*)"', body))
    return status, body


class Server:
    """`siege --serve`, which has a path of each kind. It ends when its standard input does."""

    def __init__(self, path):
        self.process = subprocess.Popen(
            [path, "--serve", *SETTINGS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        line = self.process.stdout.readline().decode()
        match = re.search(r"127\.0\.0\.1:(\d+)", line)
        if not match:
            self.process.kill()
            raise SystemExit(f"the server says {line!r}")
        self.port = int(match[1])
        # It says where it listens before it serves. A call that fails in between ends it, as it should.
        self.counters()

    def counters(self):
        _, body = run_case(self.port, ("stats", request("GET", "/stats"), 1, 1))[0]
        return {name: int(count) for name, count in (line.split() for line in body.decode().splitlines())}

    def await_quiet(self):
        """Only the connection that asks is left."""
        until = time.monotonic() + PATIENCE
        while (connections := self.counters()["connections"]) != 1:
            if time.monotonic() > until:
                raise Wrong(f"{connections} connections are left")
            time.sleep(0.05)

    def end(self):
        self.process.stdin.close()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "it does not end"


class Strace:
    """strace on a running server, with what it is to let fail."""

    def __init__(self, server, *arguments):
        self.log = tempfile.NamedTemporaryFile(prefix="basehttp-inject-")
        self.process = subprocess.Popen(
            ["strace", "-f", "-o", self.log.name, *arguments, "-p", str(server.process.pid)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        # It says so once it is attached, a line for each thread.
        self.first_line = self.process.stderr.readline()
        self.drain = threading.Thread(target=self.process.stderr.read, daemon=True)
        self.drain.start()
        self.is_attached = "attached" in self.first_line

    def let_go(self):
        """What it has logged."""
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.drain.join(PATIENCE)
        with open(self.log.name, encoding="latin-1") as log:
            return log.read()


def run_all(port, cases, judge):
    """Every case, four at a time."""
    cases = list(cases)
    problems, lock = [], threading.Lock()

    def work():
        while True:
            with lock:
                if not cases:
                    return
                case = cases.pop(0)
            try:
                answers = run_case(port, case)
            except (Wrong, Failed) as error:
                answers = error
            problem = judge(case[0], answers)
            if problem:
                with lock:
                    problems.append(problem)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return problems


def calm_answers(path):
    server = Server(path)
    right = {case[0]: run_case(server.port, case) for case in CASES + PROGRAM_CASES}
    status = server.end()
    if status != 0:
        raise SystemExit(f"the server ends with {status}")
    return right


def is_right(answers, right):
    return not isinstance(answers, Exception) and answers == right


def judge_disturbed(right, allowed):
    """What is wrong with the answers to a case while calls fail."""

    def judge(name, answers):
        if isinstance(answers, Wrong):
            return str(answers)
        if is_right(answers, right[name]):
            return None
        if allowed is SAME:
            what = answers if isinstance(answers, Failed) else [status for status, _ in answers]
            return f"{name}: {what}"
        if isinstance(answers, Failed):
            return None
        for answer, expected in zip(answers, right[name]):
            if answer != expected and answer[0] not in allowed:
                return f"{name}: {answer[0]} with {len(answer[1])} bytes"
        return None

    return judge


def run_row(path, right, cases, call, error, when, allowed):
    """None, or what is wrong, or SKIPPED with the reason."""
    server = Server(path)
    try:
        name, _, file = call.partition(" ")
        only = ["-P", file] if file else []
        strace = Strace(server, "-e", f"trace={name}", "-e", f"inject={name}:error={error}:when={when}", *only)
        if not strace.is_attached:
            return f"SKIPPED: strace says {strace.first_line.strip()!r}"
        problems = run_all(server.port, cases, judge_disturbed(right, allowed))
        injected = strace.let_go().count("(INJECTED)")
        until = time.monotonic() + RECOVERY
        while not problems:
            later = run_all(server.port, cases, judge_disturbed(right, SAME))
            if not later:
                break
            if time.monotonic() > until:
                problems = [f"afterwards, {problem}" for problem in later]
            time.sleep(0.2)
        if not problems:
            server.await_quiet()
        if not problems and not injected:
            return "SKIPPED: the server does not make this call"
    except (Wrong, Failed) as error:
        problems = [str(error)]
    finally:
        status = server.end()
    if status != 0:
        problems.append(f"the server ends with {status}")
    return "; ".join(problems[:3]) or None


def calls_made(path):
    """The names of all calls that a server makes while it serves."""
    server = Server(path)
    strace = Strace(server)
    run_all(server.port, CASES, lambda name, answers: None)
    names = set(re.findall(r"^\d+ +(?:<\.\.\. )?(\w+)(?=\(| resumed)", strace.let_go(), re.M))
    server.end()
    return names


def build():
    subprocess.run(["cargo", "build", "--release", "-q", "-p", "basehttp-tools", "--bin", "siege"], check=True)
    return os.path.join(os.environ.get("CARGO_TARGET_DIR", "target"), "release", "siege")


def main():
    parser = argparse.ArgumentParser(usage="tools/inject.py [--server PATH] [--only TEXT] [--singly N] [--list]")
    parser.add_argument("--server", help="the built siege, in place of building it")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    parser.add_argument("--singly", type=int, metavar="N", help="each row N times: of a thread's calls only the Nth fails")
    parser.add_argument("--list", action="store_true", help="the rows, and no more")
    options = parser.parse_args()
    rows = [
        (cases, call, error, when, allowed)
        for cases, table in ((CASES, TABLE), (PROGRAM_CASES * 2, PROGRAMS))
        for call, errors, when, allowed in table
        for error in errors.split()
        if options.only in f"{call} {error}"
    ]
    if options.singly:
        rows = [
            (cases, call, error, str(number), allowed)
            for cases, call, error, _, allowed in rows
            for number in range(1, options.singly + 1)
        ]
    if options.list:
        for _, call, error, when, _ in rows:
            print(f"{call} {error} at {when}")
        return 0
    if sys.platform != "linux" or not shutil.which("strace"):
        print("SKIPPED: strace on Linux is needed\n0 passed, 0 failed")
        return 0
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    path = os.path.abspath(options.server or build())
    right = calm_answers(path)
    passed = failed = skipped = 0
    for cases, call, error, when, allowed in rows:
        problem = run_row(path, right, cases, call, error, when, allowed)
        name = f"{call:<15} {error:<14}{when if options.singly else '':<4}"
        if problem is None:
            passed += 1
            print(f"{name}ok", flush=True)
        elif problem.startswith("SKIPPED"):
            skipped += 1
            print(f"{name}{problem}", flush=True)
        else:
            failed += 1
            print(f"{name}FAILED: {problem}", flush=True)
    if not options.only:
        known = {call for row in TABLE for call in row[0].partition(" ")[0].split(",")}
        unknown = sorted(calls_made(path) - known - REASONS.keys())
        if unknown:
            failed += 1
            print(f"FAILED: calls without a row or a reason: {', '.join(unknown)}")
        else:
            passed += 1
            print("every call that the server makes has its row, or a reason why not")
    print(f"{passed} passed, {failed} failed, {skipped} SKIPPED")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
