"""./check itself: nothing that was not run counts as passed, and every failure has a cause."""
import json
import signal
import subprocess
import sys
import time

import check
import pytest
from checking import fuzzing, instructions, meson, process, results, suites


def result(name, *outcomes):
    return results.SuiteResult(name, [results.Test(outcome, outcome) for outcome in outcomes])


def test_a_suite_that_ran_no_test_has_failed():
    empty = result("unit")
    assert empty.outcome == "failed" and "ran no test" in empty.tests[0].message


@pytest.mark.parametrize("outcomes, expected", [
    (["passed", "skipped"], "passed"), (["passed", "failed"], "failed"), (["skipped"], "skipped")])
def test_a_suite_is_as_good_as_its_tests(outcomes, expected):
    assert result("unit", *outcomes).outcome == expected


@pytest.mark.parametrize("outcomes, code, last_line", [
    (["passed", "passed"], 0, "2 passed, 0 failed"),
    (["passed", "skipped"], 0, "1 passed, 0 failed, 1 skipped"),
    (["passed", "failed", "skipped"], 1, "1 passed, 1 failed, 1 skipped"),
    (["skipped"], 2, "0 passed, 0 failed, 1 skipped"),
])
def test_the_last_line_sums_up_and_the_exit_code_agrees(capsys, outcomes, code, last_line):
    assert check.report([result("unit", *outcomes)], 1.0) == code
    assert capsys.readouterr().out.splitlines()[-1] == last_line


def test_a_failure_is_shown_with_its_cause_and_its_log(capsys):
    bad = results.SuiteResult("unit", [results.Test("net.A.B", "failed", 0.1, "expected 1\ngot 2")], log="build/x.log")
    check.report([bad], 1.0)
    out = capsys.readouterr().out
    assert "unit: net.A.B" in out and "| got 2" in out and "build/x.log" in out


def test_a_suite_is_not_run_when_what_it_needs_has_failed():
    suite = suites.Suite("unit", "", lambda log: pytest.fail("was run"), ("build",))
    assert check.run_suite(suite, [result("build", "failed")]).outcome == "skipped"


def test_a_suite_that_needs_root_says_so_without(monkeypatch):
    monkeypatch.setattr(check.os, "geteuid", lambda: 1000)
    suite = suites.Suite("e2e", "", lambda log: pytest.fail("was run"), root=True)
    assert "sudo" in check.run_suite(suite, []).tests[0].message


def test_a_chosen_suite_brings_what_it_needs(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["check", "--suite", "tidy", "--suite", "unit"])
    assert [suite.name for suite in check.chosen(check.parse_arguments())] == [
        "packages", "build", "unit", "clang", "tidy"]


@pytest.mark.parametrize("option, is_there", [(["--long"], True), ([], False), (["--quick"], False)])
def test_the_long_suites_run_only_when_asked_for(monkeypatch, option, is_there):
    monkeypatch.setattr(sys, "argv", ["check", *option])
    assert ("fuzz" in [suite.name for suite in check.chosen(check.parse_arguments())]) == is_there


def test_what_a_suite_needs_stands_above_it():
    seen = set()
    for suite in suites.SUITES:
        assert set(suite.needs) <= seen and suite.about
        seen.add(suite.name)


def test_json_holds_every_test_with_its_outcome_and_seconds(tmp_path):
    check.write_json(tmp_path / "r.json", [result("unit", "passed", "failed")], 2.5)
    document = json.loads((tmp_path / "r.json").read_text())
    assert (document["passed"], document["failed"], document["skipped"], document["seconds"]) == (1, 1, 0, 2.5)
    assert document["suites"][0]["outcome"] == "failed"
    assert document["suites"][0]["tests"][0] == {"name": "passed", "outcome": "passed", "seconds": 0.0, "message": ""}


def test_junit_of_meson_and_of_pytest_is_read(tmp_path):
    path = tmp_path / "junit.xml"
    path.write_text("""<testsuites>
      <testsuite name="sluice.net.Mac"><testcase name="Reads" classname="Mac" time="0.5"/></testsuite>
      <testsuite name="pytest">
      <testcase name="test_a" classname="tests.tools.test_x">
      <failure message="no">why</failure></testcase>
      <testcase name="test_b" classname="tests.tools.test_x"><skipped message="needs root"/></testcase>
      </testsuite></testsuites>""")
    assert [(test.name, test.outcome) for test in results.read_junit(path)] == [
        ("net.Mac.Reads", "passed"), ("tests.tools.test_x.test_a", "failed"), ("tests.tools.test_x.test_b", "skipped")]
    assert results.read_junit(tmp_path / "absent.xml") == []


def test_a_program_that_crashed_fails_under_its_own_name(tmp_path):
    log = tmp_path / "unit.json"
    entry = {"result": "FAIL", "duration": 1.0, "returncode": -11, "stdout": "[ RUN ] A.B", "stderr": ""}
    log.write_text("\n".join(json.dumps({**entry, "name": name}) for name in ("net", "nat")))
    known = [results.Test("nat.A.B", "failed")]
    assert [test.name for test in meson._failed_without_a_case(log, known)] == ["net"]


@pytest.mark.parametrize("before, setups", [
    (None, 1), (["-Da=1"], 0), ([], 1)], ids=["a new folder", "the same options", "other options"])
def test_a_build_folder_is_set_up_anew_when_its_options_are_others(tmp_path, monkeypatch, before, setups):
    folder = tmp_path / "build"
    folder.mkdir()
    if before is not None:
        (folder / "build.ninja").touch()
        (folder / meson.OPTIONS_FILE).write_text("\n".join(before))
    commands = []
    monkeypatch.setattr(process, "run", lambda command, *_: commands.append(command) or results.Test("", "passed"))
    meson.build(tmp_path, folder, suites.GCC, ["-Da=1"], tmp_path / "log", ["some/target"])
    assert [command[0] for command in commands] == ["meson"] * setups + ["ninja"]
    assert commands[-1][-1] == "some/target" and meson._options_of(folder) == ["-Da=1"]
    assert all(("--reconfigure" in command) == (before is not None) for command in commands[:-1])


JUNIT = '<testsuites><testsuite name="sluice.net.Mac"><testcase name="Reads" classname="Mac"/></testsuite></testsuites>'


@pytest.mark.parametrize("wrapper, written, expected", [
    ([], "check-unit.junit.xml", [("net.Mac.Reads", "passed")]),
    (["/usr/bin/setarch", "x86_64", "-R"], "check-unit-setarch.junit.xml", [("net.Mac.Reads", "passed")]),
    ([], "elsewhere.junit.xml", [("meson test --suite unit", "failed")])])
def test_results_of_meson_are_found_where_it_leaves_them(tmp_path, monkeypatch, wrapper, written, expected):
    def leave_results(*_):
        (tmp_path / "meson-logs" / written).write_text(JUNIT)
        return results.Test("", "passed")

    (tmp_path / "meson-logs").mkdir()
    monkeypatch.setattr(process, "run", leave_results)
    tests = meson.test(tmp_path, "unit", tmp_path / "log", wrapper)
    assert [(test.name, test.outcome) for test in tests] == expected


@pytest.mark.parametrize("count, outcome", [(100.0, "passed"), (101.9, "passed"), (102.1, "failed"), (97.0, "failed")])
def test_instructions_may_differ_by_two_percent(count, outcome):
    judged, message = instructions.judge("opening", count, "gcc", {"built": "gcc", "opening": 100.0})
    assert judged == outcome and "100.0" in message and ("--update" in message) == (outcome == "failed")


def test_instructions_of_another_compiler_are_not_compared():
    outcome, message = instructions.judge("opening", 500.0, "clang", {"built": "gcc", "opening": 100.0})
    assert outcome == "skipped" and "(gcc)" in message and "(clang)" in message


def test_the_total_of_callgrind_is_read_or_missed():
    assert instructions.total_of("events: Ir\nsummary: 1234\n") == 1234
    with pytest.raises(RuntimeError, match="counted nothing"):
        instructions.total_of("")


def fuzzer_build(folder, **scripts):
    (folder / "tests/fuzz").mkdir(parents=True)
    for name, script in scripts.items():
        path = folder / "tests/fuzz" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    return folder


def test_every_fuzzer_gets_its_share_of_time_and_its_seeds(tmp_path):
    build = fuzzer_build(tmp_path, seeds="mkdir -p $1/good", good_fuzz="echo good $*", bad_fuzz="echo died; exit 77")
    tests = fuzzing.run(build, tmp_path / "log", 10, [], {}, tmp_path / "corpora")
    assert [(test.name, test.outcome) for test in tests] == [
        ("fuzzers have seeds", "passed"), ("bad takes any input", "failed"), ("good takes any input", "passed")]
    assert "died" in tests[1].message
    log = (tmp_path / "log").read_text()
    assert "-max_total_time=5 " in log and f"{tmp_path}/corpora/good" in log and "seeds/good" in log


def test_a_build_without_fuzzers_has_not_passed(tmp_path):
    tests = fuzzing.run(fuzzer_build(tmp_path, seeds="exit 0"), tmp_path / "log", 10, [], {})
    assert results.SuiteResult("fuzz", tests).outcome == "failed"


@pytest.mark.parametrize("inherited", [signal.default_int_handler, signal.SIG_IGN], ids=["foreground", "background"])
def test_a_command_that_takes_too_long_may_clean_up(tmp_path, inherited):
    mark = tmp_path / "mark"
    script = f"trap 'touch {mark}; exit 1' INT; while :; do sleep 0.1; done"
    start = time.monotonic()
    before = signal.signal(signal.SIGINT, inherited)
    try:
        test = process.run(["bash", "-c", script], tmp_path / "log", limit_s=0.5)
    finally:
        signal.signal(signal.SIGINT, before)
    assert test.outcome == "failed" and "longer than" in test.message
    assert mark.exists() and time.monotonic() - start < 10


def test_a_command_that_fails_leaves_the_last_lines_of_its_own_output(tmp_path):
    process.run(["echo", "of another command"], tmp_path / "log", limit_s=5)
    test = process.run(["bash", "-c", "echo the cause; exit 3"], tmp_path / "log", limit_s=5)
    assert test.outcome == "failed" and "the cause" in test.message and "exit code 3" in test.message
    assert "of another command" not in test.message


def test_list_names_every_suite_on_a_line():
    run = subprocess.run([check.ROOT / "check", "--list"], capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in run.stdout.splitlines()] == [suite.name for suite in suites.SUITES]


def test_an_unknown_suite_is_refused_with_the_known_ones():
    run = subprocess.run([check.ROOT / "check", "--suite", "nonsense"], capture_output=True, text=True)
    assert run.returncode == 2 and "kustomize" in run.stderr
