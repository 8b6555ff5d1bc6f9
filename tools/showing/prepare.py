"""What must be there before the curtain rises: root, namespaces, TAPs, packages, the programs."""
import ctypes
import os
import pathlib
import subprocess

from checking import process, results
from checking.suites import BUILD, GCC, LOGS, ROOT
from showing import screen

PROGRAMS = {"SLUICED": "control/sluiced", "SLUICE": "tools/sluice/sluice"}
SETS = ["build", "lab"]
TUN = pathlib.Path("/dev/net/tun")
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
LIMIT_S = 3600
LOG = LOGS / "demo.log"


class Missing(Exception):
    """Something is not there that a person can bring; the text says what and how."""


def require_root():
    if os.geteuid() != 0:
        raise Missing("only root can make network namespaces: sudo ./demo")


def machine():
    """Everything that no package can mend, all at once."""
    require_root()
    problems = []
    if not can_make_namespaces():
        problems.append("network namespaces cannot be made here: a container must be started with --privileged")
    if not TUN.exists():
        subprocess.run(["modprobe", "tun"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if not can_open_tun():
        problems.append("no /dev/net/tun: load the module (modprobe tun), or give the container --device /dev/net/tun")
    if problems:
        raise Missing("this machine cannot run the demo:\n  " + "\n  ".join(problems))


def can_make_namespaces():
    child = os.fork()
    if child == 0:
        os._exit(1 if ctypes.CDLL(None).unshare(CLONE_NEWNS | CLONE_NEWNET) else 0)
    return os.waitpid(child, 0)[1] == 0


def can_open_tun():
    try:
        os.close(os.open(TUN, os.O_RDWR))
    except (OSError, FileNotFoundError):
        return False
    return True


def packages():
    LOGS.mkdir(parents=True, exist_ok=True)
    LOG.unlink(missing_ok=True)
    _run("packages", ["tools/packages.sh", *SETS])
    screen.say("all that is needed is installed")


def build():
    """The paths of the programs, by the names of the variables that can name others."""
    if os.environ.get("SLUICED"):
        screen.say(f"not needed: {os.environ['SLUICED']} is shown")
        return {}
    try:
        if not (BUILD / "build.ninja").exists():
            _run("meson setup", ["meson", "setup", BUILD, ROOT], _compilers())
        screen.say("the first time this takes some minutes")
        _run("ninja", ["ninja", "-C", BUILD, f"-j{os.cpu_count() or 2}", *PROGRAMS.values()])
    finally:
        _give_back_to_user()
    screen.say("  ".join(str((BUILD / path).relative_to(ROOT)) for path in PROGRAMS.values()))
    return {name: BUILD / path for name, path in PROGRAMS.items()}


def _compilers():
    return {name: f"ccache {compiler}" for name, compiler in GCC.items()}


def _run(name, command, env=None):
    done = process.run(command, LOG, LIMIT_S, env)
    if done.outcome != results.PASSED:
        raise Missing(f"{name} failed:\n{done.message}\nThe whole output: {LOG}")


def _give_back_to_user():
    """After `sudo` the build folder belongs to who called it, so that building works without."""
    if os.environ.get("SUDO_UID"):
        owner = f"{os.environ['SUDO_UID']}:{os.environ.get('SUDO_GID', '')}"
        subprocess.run(["chown", "-R", owner, BUILD], check=False)
