"""packages.sh, run against an apt and a dpkg of our own: no test here installs anything."""
import os
import subprocess

import pytest
from checking.suites import ROOT

LIST = """
build  compiler             # compiles
build  library-dev          # is linked
test   kube|kubectl-of-test # either the package or the program
test   compiler             # twice is once
"""


@pytest.fixture
def machine(tmp_path):
    """machine(installed, *arguments) runs packages.sh on a machine that has those packages."""
    (tmp_path / "list").write_text(LIST)
    programs = {
        "dpkg-query": 'shift 3; for p in "$@"; do grep -qx "$p" "$STATE" && echo "installed $p"; done; true',
        "apt-get": 'echo "apt-get $*" >>"$STATE.log"; case " $* " in *" install "*) ;; *) exit 0 ;; esac\n'
                   'for last; do case "$last" in -*|install|*=*) ;; *) echo "$last" >>"$STATE" ;; esac; done',
        "update-rc.d": "true",
        "id": "echo ${FAKE_UID:-0}",
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n")
        (tmp_path / name).chmod(0o755)

    def run(installed, *arguments, **env):
        (tmp_path / "state").write_text("\n".join([*installed, ""]))
        (tmp_path / "state.log").write_text("")
        done = subprocess.run(
            [ROOT / "tools/packages.sh", *arguments], capture_output=True, text=True,
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "STATE": str(tmp_path / "state"),
                 "SLUICE_PACKAGES_LIST": str(tmp_path / "list"), **env})
        return done, (tmp_path / "state.log").read_text()
    run.folder = tmp_path
    return run


def test_it_asks_apt_for_nothing_when_all_is_there(machine):
    done, apt = machine(["compiler", "library-dev"], "build")
    assert done.returncode == 0 and apt == ""


def test_it_prints_what_is_missing_and_fails_when_it_shall_only_check(machine):
    done, apt = machine(["compiler"], "--check", "build", "test")
    assert done.returncode == 1 and apt == ""
    assert done.stdout == "packages: missing: kube library-dev\n"


def test_a_program_of_another_package_is_as_good(machine):
    (machine.folder / "kubectl-of-test").write_text("#!/bin/sh\n")
    (machine.folder / "kubectl-of-test").chmod(0o755)
    assert machine(["compiler"], "--check", "test")[0].returncode == 0


def test_without_root_it_says_what_to_do(machine):
    done, apt = machine([], "build", FAKE_UID="1000")
    assert done.returncode == 1 and apt == "" and "sudo " in done.stderr


def test_an_unknown_set_is_refused_with_the_known_ones(machine):
    done, _ = machine([], "nonsense")
    assert done.returncode == 2 and "sets: build test" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="writes policy-rc.d: needs root")
def test_it_installs_only_what_is_missing_and_puts_policy_rc_d_back(machine):
    policy = "/usr/sbin/policy-rc.d"
    before = open(policy).read() if os.path.exists(policy) else None
    done, apt = machine(["compiler"], "build")
    assert done.returncode == 0, done.stderr
    assert apt.splitlines()[0].endswith(" update") and apt.splitlines()[1].endswith(" library-dev")
    assert before == (open(policy).read() if os.path.exists(policy) else None)


def test_every_package_of_the_real_list_says_why_it_is_there():
    for line in (ROOT / "tools/packages.list").read_text().splitlines():
        if line and not line.startswith("#"):
            entry, _, why = line.partition("#")
            assert len(entry.split()) == 2 and why.strip(), line
