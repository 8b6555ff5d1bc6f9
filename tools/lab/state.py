"""The lab's own record of what it has made: one JSON file that outlives the process which brought the lab up, so that a
later `down` (or `pod add`) finds everything, also after a crash. Each change is made under a file lock."""

import contextlib
import fcntl
import json
import os
from pathlib import Path

from .programs import LabError

EMPTY = {"control_plane": "", "node_proxy": "", "nodes": 0, "namespaces": [], "processes": {}, "pods": {}}


class State:
    """Knows the lab's directory. Reading gives a copy; `change()` gives a copy that is written back."""

    def __init__(self, prefix: str):
        self.prefix = prefix
        self.directory = Path("/tmp") / f"{prefix}lab"
        self._file = self.directory / "state.json"

    def exists(self) -> bool:
        return self._file.exists()

    def create(self) -> None:
        """Makes the directory, ours alone: /tmp is everybody's, and what is in it will be run and killed as root."""
        with contextlib.suppress(FileExistsError):
            self.directory.mkdir(mode=0o700)
        found = self.directory.lstat()
        if found.st_uid != os.geteuid() or found.st_mode & 0o077 or self.directory.is_symlink():
            raise LabError(f"{self.directory} belongs to somebody else: remove it, or choose another prefix")
        for name in ("log", "pods", "cluster", "sluiced"):
            (self.directory / name).mkdir(exist_ok=True)
        if not self._file.exists():
            self._write(EMPTY)

    def read(self) -> dict:
        try:
            return json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise LabError(f"no lab '{self.prefix}' is up: start it by `python3 -m tools.lab up`") from None

    @contextlib.contextmanager
    def change(self):
        with self.lock("state"):
            record = self.read()
            yield record
            self._write(record)

    @contextlib.contextmanager
    def lock(self, name: str):
        """Keeps out other threads and processes that take the lock of the same name."""
        with open(self.directory / f"{name}.lock", "w", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _write(self, record: dict) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(record, indent=1), encoding="utf-8")
        fresh.rename(self._file)
