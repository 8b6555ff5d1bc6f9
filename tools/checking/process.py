"""Runs one program with its output in a log file, shows that it moves, and ends it with its children when it must."""
import os
import signal
import subprocess
import sys
import time

from . import results

PROGRESS_EVERY_S = 0.5 if sys.stdout.isatty() else 20.0
GRACE_S = 30.0  # What a program gets to clean up (namespaces, servers) before it is killed.


def run(command, log, limit_s, env=None):
    """Runs `command`, its output goes to the end of the file `log`. Returns a Test that has no name yet."""
    start = time.monotonic()
    with open(log, "ab") as out:
        out.write(f"$ {' '.join(map(str, command))}\n".encode())
        out.flush()
        begin = out.tell()
        try:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                       env={**os.environ, **(env or {})}, start_new_session=True,
                                       preexec_fn=_heed_interrupts)
        except OSError as error:
            return results.Test("", results.FAILED, 0.0, f"{command[0]}: {error.strerror}")
        try:
            code = _watch(process, log, start, limit_s)
        except KeyboardInterrupt:
            _end(process)
            raise
    _show("")
    seconds = time.monotonic() - start
    if code == 0:
        return results.Test("", results.PASSED, seconds)
    reason = f"took longer than {limit_s:.0f} s" if code is None else f"exit code {code}"
    return results.Test("", results.FAILED, seconds, f"{results.last_lines(_read_end(log, begin))}\n({reason})")


def _heed_interrupts():
    """What runs in the background of a shell inherits that SIGINT is ignored: then it could not be asked to end."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _watch(process, log, start, limit_s):
    shown = start
    while True:
        try:
            return process.wait(timeout=min(PROGRESS_EVERY_S, 1.0))
        except subprocess.TimeoutExpired:
            pass
        now = time.monotonic()
        if now - start > limit_s:
            _end(process)
            return None
        if now - shown >= PROGRESS_EVERY_S:
            shown = now
            lines = _read_end(log).strip().splitlines() or [""]
            _show(f"   {now - start:4.0f} s  {lines[-1][:100]}")


def _end(process):
    """Asks the program's process group to end, kills what is left of it after a grace time."""
    try:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    except ProcessLookupError:
        process.wait()


def _show(line):
    if sys.stdout.isatty():
        print(f"\r\033[K{line}", end="", flush=True)
    elif line:
        print(line, flush=True)


def _read_end(log, begin=0, size=16384):
    with open(log, "rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(begin, file.tell() - size))
        return file.read().decode(errors="replace")
