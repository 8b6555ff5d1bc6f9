"""Builds with meson and runs the tests that it knows; C++ test cases count one by one."""
import json
import os
import shutil

from . import process, results

BUILD_LIMIT_S = 2400
TEST_LIMIT_S = 1200
OPTIONS_FILE = "check-options"  # In a build folder: what it was set up with, a line each.


def build(source, folder, compiler, options, log, targets=()):
    """Sets `folder` up if need be and compiles the targets, or everything; the tests are the two steps."""
    ccache = "ccache " if shutil.which("ccache") else ""
    env = {"CXX": ccache + compiler["CXX"], "CC": ccache + compiler["CC"]}
    steps = []
    is_new = not (folder / "build.ninja").exists()
    if is_new or _options_of(folder) != options:
        again = [] if is_new else ["--reconfigure"]
        setup = process.run(["meson", "setup", *again, folder, source, *options], log, BUILD_LIMIT_S, env)
        setup.name = f"meson setup {folder.name}"
        steps.append(setup)
        if setup.outcome != results.PASSED:
            return steps
        (folder / OPTIONS_FILE).write_text("\n".join(options))
    compiled = process.run(["ninja", "-C", folder, f"-j{os.cpu_count() or 2}", *targets], log, BUILD_LIMIT_S)
    compiled.name = f"{compiler['CXX']} compiles {'what is tested' if targets else 'everything'} without a warning"
    if compiled.outcome == results.FAILED:
        compiled.message = _first_error(log) or compiled.message
    return [*steps, compiled]


def _options_of(folder):
    """Those that the folder was set up with last time; one that was set up by hand has the default ones."""
    path = folder / OPTIONS_FILE
    return path.read_text().splitlines() if path.exists() else []


def test(folder, suite, log, wrapper=(), env=None, names=()):
    """Runs the meson tests of one suite in a built folder, or those of these names: their cases, and what ended without
    saying which case."""
    log_name = f"check-{suite}"
    # meson puts the wrapper's name behind ours.
    base = folder / "meson-logs" / "-".join([log_name, *(os.path.basename(part) for part in wrapper[:1])])
    for old in (base.with_suffix(".json"), base.with_suffix(".junit.xml")):
        old.unlink(missing_ok=True)
    command = ["meson", "test", "-C", folder, "--no-rebuild", "--suite", suite, "--logbase", log_name,
               "--print-errorlogs", "--num-processes", str(os.cpu_count() or 2), "--timeout-multiplier", "4"]
    command += names
    if wrapper:
        command += ["--wrapper", " ".join(wrapper)]
    ran = process.run(command, log, TEST_LIMIT_S, env)
    tests = results.read_junit(base.with_suffix(".junit.xml"))
    tests += _failed_without_a_case(base.with_suffix(".json"), tests)
    if not tests and ran.outcome == results.PASSED:
        tests.append(results.Test(f"meson test --suite {suite}", results.FAILED, ran.seconds, "left no results"))
    if ran.outcome == results.FAILED and not any(test.outcome == results.FAILED for test in tests):
        tests.append(results.Test(f"meson test --suite {suite}", results.FAILED, ran.seconds, ran.message))
    return tests


def _failed_without_a_case(path, tests):
    """A program that crashed or ran out of time leaves no failed case behind: it fails under its own name."""
    found = []
    for program in _read_json_lines(path):
        name = program["name"].split(" / ")[-1]
        # A program's cases are called "PROGRAM.GROUP.CASE".
        known = any(test.outcome == results.FAILED and test.name.startswith(name + ".") for test in tests)
        if program["result"] in ("FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS") and not known:
            output = program.get("stdout", "") + program.get("stderr", "")
            end = f"({program['result'].lower()}, return code {program.get('returncode')})"
            found.append(results.Test(name, results.FAILED, program.get("duration", 0.0),
                                      f"{results.last_lines(output)}\n{end}"))
    return found


def _read_json_lines(path):
    try:
        return [json.loads(line) for line in path.read_text().splitlines()]
    except (OSError, ValueError):
        return []


def _first_error(log):
    """The first complaint of a compiler or linker is the cause; the command line of ninja before it is of no help."""
    lines = log.read_text(errors="replace").splitlines()
    for index, line in enumerate(lines):
        if "error:" in line or "undefined reference" in line:
            return "\n".join(lines[index:index + results.MESSAGE_LINES])
    return ""
