"""The daemon under test: started in the appliance's namespace with a configuration that is filled in for this lab."""

import os
import re
import shutil
import signal
import time
from pathlib import Path

from . import topology
from .process import REPOSITORY
from .programs import LabError

NAME = "sluiced"
RUNTIME = Path("/run/dpdk")  # Where DPDK keeps the files of each file_prefix, for root.


def _program(name: str, given: str | Path | None, variable: str) -> Path:
    """By argument, by environment, or from the newest build folder of the repository."""
    if given or os.environ.get(variable):
        path = Path(given or os.environ[variable]).resolve()
        if not os.access(path, os.X_OK):
            raise LabError(f"no program {path}")
        return path
    built = [path for path in REPOSITORY.glob(f"build*/**/{name}") if path.is_file() and os.access(path, os.X_OK)]
    if not built:
        raise LabError(f"{name} is not built: build it, or name it by {variable}")
    return max(built, key=lambda path: path.stat().st_mtime)


class Sluiced:
    """One daemon of a lab. It may be stopped, killed and started again; state and log stay in the lab's directory."""

    def __init__(self, lab, config: str | Path, binary: str | Path | None = None, arguments: list[str] | None = None):
        self._lab = lab
        self._binary = _program("sluiced", binary, "SLUICED")
        self._arguments = arguments or []
        self.directory = lab.directory / "sluiced"
        self.config = self.directory / "sluiced.yaml"
        text = config.read_text(encoding="utf-8") if isinstance(config, Path) else config
        self.config.write_text(fill(text, values(lab)), encoding="utf-8")
        self.log_file = lab.processes.log(NAME)
        (self.directory / "binary").write_text(str(self._binary), encoding="utf-8")

    def start(self) -> None:
        self._mark = self.log_file.stat().st_size if self.log_file.exists() else 0
        self._lab.processes.start(NAME, [self._binary, "--config", self.config, *self._arguments],
                                  self._lab.ns("appliance"), cwd=self.directory)

    def stop(self, patience: float = 10) -> int | None:
        """Asks it to end; answers its exit code. Having to force it is an error."""
        self._lab.processes.signal(NAME, signal.SIGTERM)
        deadline = time.monotonic() + patience
        while self.alive and time.monotonic() < deadline:
            time.sleep(0.01)
        stuck, code = self.alive, self._lab.processes.exit_code(NAME)
        self._lab.processes.stop(NAME, signal.SIGKILL)
        if stuck:
            raise LabError(f"sluiced did not end within {patience:g} s:\n{self._lab.processes.tail(NAME)}")
        return code

    def kill(self) -> None:
        """Without warning, as a crash would."""
        self._lab.processes.stop(NAME, signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    @property
    def alive(self) -> bool:
        return self._lab.processes.alive(NAME)

    @property
    def pid(self) -> int | None:
        return self._lab.processes.pid(NAME)

    @property
    def log(self) -> str:
        """What this run (since the last start) has written."""
        with open(self.log_file, "rb") as file:
            file.seek(self._mark)
            return file.read().decode(errors="replace")

    def wait_log(self, pattern: str, timeout: float = 10) -> re.Match:
        """Waits for a line of this run's log that matches; says the log's end if it ends or does not come."""
        deadline = time.monotonic() + timeout
        while not (match := re.search(pattern, self.log, re.MULTILINE)):
            if not self.alive or time.monotonic() > deadline:
                why = "is not in the log" if self.alive else "was not in the log when sluiced ended"
                raise LabError(f"'{pattern}' {why}:\n{self._lab.processes.tail(NAME, 30)}")
            time.sleep(0.02)
        return match


def sluice_command(lab) -> list[str]:
    """The command line tool that was built with the daemon which ran last (or SLUICE), told where to ask."""
    marker = lab.directory / "sluiced" / "binary"
    build = Path(marker.read_text(encoding="utf-8")).parent if marker.exists() else Path("/nonexistent")
    beside = [path for path in (build / "sluice", build.parent / "tools" / "sluice" / "sluice", build.parent / "sluice")
              if path.is_file()]
    given = beside[0] if beside and "SLUICE" not in os.environ else None
    return [str(_program("sluice", given, "SLUICE")), "--socket", values(lab)["control_socket"]]


def remove_runtime_files(prefix: str) -> None:
    """DPDK leaves its files behind, however the daemon has ended."""
    shutil.rmtree(RUNTIME / f"{prefix}sluiced", ignore_errors=True)


def values(lab) -> dict[str, str]:
    """What a configuration template may name between @ signs."""
    directory = lab.directory / "sluiced"
    return {
        "kubeconfig": str(lab.kubeconfig), "directory": str(directory),
        "control_socket": str(directory / "sluiced.sock"),
        "wan_address": topology.APPLIANCE_WAN, "lan_address": topology.APPLIANCE_LAN, "router": topology.ROUTER,
        "vip_pool": topology.VIP_POOL, "prefix": lab.prefix,
        "wan_address6": topology.APPLIANCE_WAN6, "lan_address6": topology.APPLIANCE_LAN6,
        "router6": topology.ROUTER6, "vip_pool6": topology.VIP_POOL6,
        "claim_classless": "true" if lab.record()["control_plane"] == "real" else "false",  # The real one is 1.20.
    }


def fill(text: str, known: dict[str, str]) -> str:
    def replace(match: re.Match) -> str:
        if match[1] not in known:
            raise LabError(f"configuration: nothing is known as @{match[1]}@; there are: {', '.join(known)}")
        return known[match[1]]
    return re.sub(r"@([a-z0-9_]+)@", replace, text)
