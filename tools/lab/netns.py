"""One network namespace: run programs in it, or let the calling thread step into it."""

import contextlib
import ctypes
import os
import subprocess

from .programs import LabError, find

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def _set_namespace(descriptor: int) -> None:
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Namespace:
    """A named namespace. `name` is the short one (`client`), `full` the kernel's (`sluice-client`)."""

    def __init__(self, prefix: str, name: str):
        self.name = name
        self.full = prefix + name

    def exists(self) -> bool:
        return os.path.exists(f"/run/netns/{self.full}")

    def create(self, sysctls: dict[str, int | str]) -> None:
        ip(["netns", "add", self.full])
        self.set_sysctls(sysctls)
        ip(["-n", self.full, "link", "set", "lo", "up"])

    def configure(self, lines: list[str]) -> None:
        """Runs lines of the `ip` program inside, all or an error."""
        text = "\n".join(lines) + "\n"
        done = subprocess.run([find("ip"), "-n", self.full, "-batch", "-"], input=text, text=True, capture_output=True)
        if done.returncode != 0:
            raise LabError(f"network of {self.full}: {done.stderr.strip()}\n{text}")

    def command(self, argv: list[str]) -> list[str]:
        return [find("ip"), "netns", "exec", self.full, *map(str, argv)]

    def run(self, argv: list[str], check: bool = True, timeout: float = 60, **options) -> subprocess.CompletedProcess:
        """Runs a program to its end; its output is captured as text. With `check`, failing raises LabError."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
        done = subprocess.run(self.command(argv), timeout=timeout, **options)
        if check and done.returncode != 0:
            raise LabError(f"{self.full}: {' '.join(map(str, argv))}: exit {done.returncode}\n"
                           f"{done.stdout or ''}{done.stderr or ''}")
        return done

    def popen(self, argv: list[str], **options) -> subprocess.Popen:
        """Starts a program; whoever called ends it (the lab's `down` ends what was forgotten)."""
        return subprocess.Popen(self.command(argv), **options)

    @contextlib.contextmanager
    def entered(self):
        """The calling thread (and what it starts) is inside until the block ends; a socket made inside stays there."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            target = os.open(f"/run/netns/{self.full}", os.O_RDONLY | os.O_CLOEXEC)
            try:
                _set_namespace(target)
            finally:
                os.close(target)
            try:
                yield self
            finally:
                _set_namespace(home)
        finally:
            os.close(home)

    def set_sysctls(self, values: dict[str, int | str]) -> None:
        with self.entered():
            for key, value in values.items():
                path = "/proc/sys/net/" + key
                if os.path.exists(path):  # A kernel without IPv6 lacks its keys.
                    with open(path, "w", encoding="ascii") as file:
                        file.write(str(value))

    def pids(self) -> list[int]:
        """Every process inside, whoever started it."""
        done = subprocess.run([find("ip"), "netns", "pids", self.full], text=True, capture_output=True)
        return [int(word) for word in done.stdout.split()]

    def delete(self) -> None:
        if self.exists():
            ip(["netns", "del", self.full])


def ip(arguments: list[str]) -> None:
    done = subprocess.run([find("ip"), *arguments], text=True, capture_output=True)
    if done.returncode != 0:
        raise LabError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
