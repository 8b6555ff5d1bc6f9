"""The table of suites that `./check` knows, in the order in which they run, and how each is run."""
import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys
import typing

from . import fuzzing, instructions, meson, process, results

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
CLANG_BUILD = ROOT / "build-clang-asan"
TSAN_BUILD = ROOT / "build-clang-tsan"
LOGS = BUILD / "check"
PACKAGE_SETS = ["build", "test", "lab"]
GCC = {"CC": "gcc", "CXX": "g++"}
CLANG = {"CC": "clang-14", "CXX": "clang++-14"}
CLANG_OPTIONS = ["-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dfuzzers=true"]
TSAN_OPTIONS = ["-Db_sanitize=thread", "-Db_lundef=false"]
# The test programs that have threads: what has one alone would cost minutes of compiling and find nothing.
TSAN_TESTS = {
    "dataplane_threads": "tests/dataplane/dataplane_threads_test",
    "reactor": "tests/control/reactor_test",
    "admin": "tests/control/admin/admin_test",
}
FUZZ_QUICK_S = 2  # For each fuzzer, so that it stays alive.
FUZZ_LONG_S = 300  # For all of them.
SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}
OWN_PYTEST_SUITES = ("e2e", "kustomize")  # Folders of tests/ with a suite of their own; the rest is suite `python`.


@dataclasses.dataclass(frozen=True)
class Suite:
    name: str
    about: str
    run: typing.Callable  # (log: Path) -> list of Test
    needs: tuple = ()
    quick: bool = False  # Part of `./check --quick`.
    root: bool = False  # Cannot run without root.
    long: bool = False  # Only with `./check --long`, or when it is named.


def packages(log):
    action = [] if os.geteuid() == 0 else ["--check"]
    test = process.run([ROOT / "tools/packages.sh", *action, *PACKAGE_SETS], log, 1800)
    test.name = "packages are installed"
    if test.outcome == results.FAILED and action:
        test.outcome = results.SKIPPED
        test.message = f"only root can install what is missing (sudo ./check)\n{test.message}"
    return [test]


def build(log):
    return meson.build(ROOT, BUILD, GCC, [], log)


def style(log):
    checks = {
        "includes point downwards only": ["check_layers.py"],
        "sources keep the rules of STYLE.md": ["check_style.py"],
        "sources are formatted as .clang-format says": ["check_format.py"],
    }
    tests = []
    for name, (script, *arguments) in checks.items():
        test = process.run([sys.executable, ROOT / "tools" / script, *arguments], log, 300)
        test.name = name
        tests.append(test)
    return tests


def unit(log):
    return meson.test(BUILD, "unit", log)


def python(log):
    """Each folder in a run of its own: files of the same name (conftest.py) do not meet."""
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py")}
    folders = sorted(str(path) for path in folders if path.parts[1] not in OWN_PYTEST_SUITES)
    return [test for folder in folders for test in pytest(folder, log, 900)]


def kustomize(log):
    return pytest("tests/kustomize", log, 600)


def e2e(log):
    return pytest("tests/e2e", log, 1800)


def clang(log):
    tests = meson.build(ROOT, CLANG_BUILD, CLANG, CLANG_OPTIONS, log)
    if any(test.outcome == results.FAILED for test in tests):
        return tests
    return (tests + meson.test(CLANG_BUILD, "unit", log, _fixed_layout(), SANITIZER_ENV) +
            fuzzing.run(CLANG_BUILD, log, FUZZ_QUICK_S * len(fuzzing.targets(CLANG_BUILD)), _fixed_layout(),
                        SANITIZER_ENV))


def fuzz(log):
    return fuzzing.run(CLANG_BUILD, log, FUZZ_LONG_S, _fixed_layout(), SANITIZER_ENV, CLANG_BUILD / "corpus")


def tsan(log):
    tests = meson.build(ROOT, TSAN_BUILD, CLANG, TSAN_OPTIONS, log, TSAN_TESTS.values())
    if any(test.outcome == results.FAILED for test in tests):
        return tests
    return tests + meson.test(TSAN_BUILD, "unit", log, _fixed_layout(), SANITIZER_ENV, TSAN_TESTS)


def _fixed_layout():
    """The sanitizers of clang 14 cannot map their shadow under some address layouts of new kernels: what runs a program
    without a randomized one, where that is allowed."""
    command = ["setarch", os.uname().machine, "-R"]
    works = shutil.which("setarch") and subprocess.run([*command, "true"], capture_output=True).returncode == 0
    return command if works else []


def tidy(log):
    report = LOGS / "tidy.junit.xml"
    report.unlink(missing_ok=True)
    ran = process.run([sys.executable, ROOT / "tools/check_tidy.py", CLANG_BUILD, "--junit", report], log, 1800)
    return _with_failure_of_runner(results.read_junit(report), ran, "clang-tidy")


def pytest(folder, log, limit_s):
    report = LOGS / f"{log.stem}.junit.xml"
    report.unlink(missing_ok=True)
    if not (ROOT / folder).exists():
        return []
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", f"--rootdir={ROOT}",
               f"--junitxml={report}", ROOT / folder]
    ran = process.run(command, log, limit_s, {"PYTHONDONTWRITEBYTECODE": "1", "SLUICE_BUILD": str(BUILD)})
    return _with_failure_of_runner(results.read_junit(report), ran, "pytest")


def _with_failure_of_runner(tests, ran, name):
    """A runner that failed without naming a failed test fails itself."""
    if ran.outcome == results.FAILED and not any(test.outcome == results.FAILED for test in tests):
        tests.append(results.Test(name, results.FAILED, ran.seconds, ran.message))
    return tests


SUITES = [
    Suite("packages", "what tools/packages.list names is installed", packages, quick=True),
    Suite("build", "everything compiles with g++ (in build/)", build, ("packages",), quick=True),
    Suite("style", "layers, style and format of the sources", style, quick=True),
    Suite("unit", "C++ unit tests", unit, ("build",), quick=True),
    Suite("python", "tests of the tools, the API stand-in and the lab", python),
    Suite("kustomize", "the cluster side: manifests, rights, kubeconfig", kustomize),
    Suite("e2e", "real clients through sluiced to real servers, in network namespaces", e2e, ("build",), root=True),
    Suite("instructions", "instructions a packet, counted by callgrind, beside tests/bench/instructions.json",
          lambda log: instructions.run(BUILD, log), ("build",)),
    Suite("clang", "everything compiles with clang 14, unit tests and fuzzers' seeds under ASan and UBSan", clang,
          ("packages",)),
    Suite("tsan", "what threads share, under ThreadSanitizer", tsan, ("packages",)),
    Suite("tidy", "clang-tidy over the sources of the house", tidy, ("clang",)),
    Suite("fuzz", "fuzzers for five minutes (--long)", fuzz, ("clang",), long=True),
]
