"""Processes of the lab: started detached, recorded by pid and start time, ended by that record only."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from .netns import Namespace
from .programs import LabError
from .state import State

REPOSITORY = Path(__file__).resolve().parents[2]


def start_time(pid: int) -> int | None:
    """The kernel's start time of a living process (clock ticks since boot); None once it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def end(pid: int, started: int, first: signal.Signals = signal.SIGTERM, patience: float = 5) -> None:
    """Ends exactly that process: asks with `first`, insists with SIGKILL. A recycled pid is left alone."""
    end_all([(pid, started)], patience, first)


def end_all(processes: list[tuple[int, int]], patience: float, first: signal.Signals = signal.SIGTERM) -> None:
    """The same for several, (pid, start time) each, at once."""
    for number, seconds in ((first, patience), (signal.SIGKILL, 5)):
        for pid, started in processes:
            if start_time(pid) == started:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while any(start_time(pid) == started for pid, started in processes) and time.monotonic() < deadline:
            time.sleep(0.01)


class Processes:
    """Starts and ends the named processes of one lab."""

    def __init__(self, state: State):
        self._state = state
        self._children: dict[int, subprocess.Popen] = {}  # Ours to reap; others are init's.

    def log(self, name: str) -> Path:
        return self._state.directory / "log" / f"{name}.log"

    def start(self, name: str, argv: list[str], namespace: Namespace | None = None, **options) -> int:
        """Starts it detached from our terminal, output appended to its log; answers the pid."""
        if self.alive(name):
            raise LabError(f"{name} already runs")
        command = namespace.command(argv) if namespace else [str(word) for word in argv]
        options.setdefault("cwd", REPOSITORY)
        with open(self.log(name), "ab") as log:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                     start_new_session=True, **options)
        started = start_time(child.pid)
        self._children[child.pid] = child
        with self._state.change() as record:
            record["processes"][name] = {"pid": child.pid, "start": started}
        return child.pid

    def alive(self, name: str) -> bool:
        return self.pid(name) is not None

    def pid(self, name: str) -> int | None:
        known = self._state.read()["processes"].get(name)
        if not known or known["start"] is None or start_time(known["pid"]) != known["start"]:
            return None
        return known["pid"]

    def stop(self, name: str, first: signal.Signals = signal.SIGTERM, patience: float = 5) -> None:
        known = self._state.read()["processes"].get(name)
        if not known:
            return
        if known["start"] is not None:
            end(known["pid"], known["start"], first, patience)
        self._reap(known["pid"])
        with self._state.change() as record:
            record["processes"].pop(name, None)

    def stop_all(self, patience: float) -> None:
        """Asks all of them at once, and makes them after `patience`."""
        known = list(self._state.read()["processes"].values())
        living = [entry for entry in known if entry["start"] and start_time(entry["pid"]) == entry["start"]]
        end_all([(entry["pid"], entry["start"]) for entry in living], patience)
        for entry in known:
            self._reap(entry["pid"])
        with self._state.change() as record:
            record["processes"] = {}

    def signal(self, name: str, number: signal.Signals) -> None:
        pid = self.pid(name)
        if pid is not None:
            os.kill(pid, number)

    def exit_code(self, name: str) -> int | None:
        """The exit code of a process that this very object has started and that has ended, else None."""
        known = self._state.read()["processes"].get(name)
        child = self._children.get(known["pid"]) if known else None
        if not child or self.alive(name):
            return None
        return child.wait(timeout=5)  # Threads of its own may outlive it by a moment.

    def await_ready(self, name: str, ready, seconds: float) -> None:
        """Waits until `ready()` is true; says the end of the log when the process ends or the time is over."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.alive(name):
                raise LabError(f"{name} ended before it was ready:\n{self.tail(name)}")
            if time.monotonic() > deadline:
                raise LabError(f"{name} was not ready within {seconds:g} s:\n{self.tail(name)}")
            time.sleep(0.02)

    def tail(self, name: str, lines: int = 12) -> str:
        try:
            return "\n".join(self.log(name).read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return ""

    def _reap(self, pid: int) -> None:
        child = self._children.pop(pid, None)
        if child:
            try:
                child.wait(timeout=2)
            except subprocess.TimeoutExpired:
                self._children[pid] = child
