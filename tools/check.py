"""Builds Sluice, runs its suites of tests and says what came out. Start it as ./check.

The last line is "N passed, N failed[, N skipped]" over all tests. Exit code: 0 all passed, 1 something failed,
2 nothing failed, but a whole suite that was asked for could not run.
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from checking import results
from checking.suites import BUILD, CLANG_BUILD, LOGS, ROOT, SUITES, TSAN_BUILD


def main():
    arguments = parse_arguments()
    if arguments.list:
        for suite in SUITES:
            print(f"{suite.name:12} {suite.about}{' (root)' if suite.root else ''}")
        return 0
    start = time.monotonic()
    os.chdir(ROOT)
    for number in (signal.SIGTERM, signal.SIGHUP):  # Whoever ends us ends what we have started.
        signal.signal(number, signal.default_int_handler)
    done = []
    try:
        LOGS.mkdir(parents=True, exist_ok=True)
        for suite in chosen(arguments):
            done.append(run_suite(suite, done))
    except KeyboardInterrupt:
        print("\ncheck: interrupted")
        return 130
    except PermissionError as error:
        print(f"check: {error.filename} belongs to somebody else: remove it, or run sudo ./check")
        return 1
    finally:
        give_back_to_user()
    seconds = time.monotonic() - start
    if arguments.json:
        write_json(arguments.json, done, seconds)
    return report(done, seconds)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="check", description="Builds Sluice and runs its tests.")
    parser.add_argument("--quick", action="store_true", help="the inner loop: build, style and unit tests")
    parser.add_argument("--long", action="store_true", help="everything, and then the fuzzers for five minutes")
    parser.add_argument("--list", action="store_true", help="list the suites")
    parser.add_argument("--suite", action="append", default=[], metavar="NAME",
                        choices=[suite.name for suite in SUITES], help="run this suite and what it needs (repeatable)")
    parser.add_argument("--json", type=lambda name: pathlib.Path(name).absolute(), metavar="FILE",
                        help="write the results for machines")
    return parser.parse_args()


def chosen(arguments):
    """The suites to run, in the order of the table, with all that they need."""
    names = set(arguments.suite)
    if not names:
        names = {suite.name for suite in SUITES
                 if (suite.quick or not arguments.quick) and (arguments.long or not suite.long)}
    for suite in reversed(SUITES):  # What a suite needs stands above it.
        if suite.name in names:
            names.update(suite.needs)
    return [suite for suite in SUITES if suite.name in names]


def run_suite(suite, done):
    print(f"== {suite.name}: {suite.about}", flush=True)
    missing = [result.name for result in done if result.name in suite.needs and stops_others(result)]
    start = time.monotonic()
    log = LOGS / f"{suite.name}.log"
    if missing:
        result = results.skipped(suite.name, f"needs {', '.join(missing)}, which did not pass")
    elif suite.root and os.geteuid() != 0:
        result = results.skipped(suite.name, "needs root (sudo ./check)")
    else:
        log.unlink(missing_ok=True)
        result = results.SuiteResult(suite.name, suite.run(log), log=str(log.relative_to(ROOT)))
    result.seconds = time.monotonic() - start
    print(f"   {result.outcome}: {counts([result])} in {result.seconds:.1f} s", flush=True)
    return result


def stops_others(result):
    """Without root, packages are only looked for: what is there may be enough."""
    return result.outcome == results.FAILED or (result.outcome == results.SKIPPED and result.name != "packages")


def report(done, seconds):
    print(f"\n{'suite':12} {'outcome':8} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}")
    for result in done:
        print(f"{result.name:12} {result.outcome:8} {result.count(results.PASSED):7} {result.count(results.FAILED):7} "
              f"{result.count(results.SKIPPED):8} {result.seconds:8.1f}")
    print(f"{'all':12} {'':8} {'':7} {'':7} {'':8} {seconds:8.1f}")
    explain(done, results.SKIPPED, "Not run")
    explain(done, results.FAILED, "Failed")
    print()
    print(counts(done))
    if any(result.outcome == results.FAILED for result in done):
        return 1
    return 2 if any(result.outcome == results.SKIPPED for result in done) else 0


def explain(done, outcome, title):
    found = [(result, test) for result in done for test in result.tests if test.outcome == outcome]
    if found:
        print(f"\n{title}:")
    for result, test in found:
        lines = (test.message or "no reason given").splitlines()
        if outcome == results.SKIPPED:
            print(f"  {result.name}: {test.name}: {lines[-1].strip() if len(lines) > 1 else lines[0]}")
            continue
        print(f"  {result.name}: {test.name}")
        print("\n".join(f"    | {line}" for line in lines))
        print(f"    whole output: {result.log}")


def counts(done):
    passed, failed, skipped = (sum(result.count(outcome) for result in done)
                               for outcome in (results.PASSED, results.FAILED, results.SKIPPED))
    return f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")


def write_json(path, done, seconds):
    document = {
        "seconds": round(seconds, 3),
        **{outcome: sum(result.count(outcome) for result in done)
           for outcome in (results.PASSED, results.FAILED, results.SKIPPED)},
        "suites": [{
            "name": result.name, "outcome": result.outcome, "seconds": round(result.seconds, 3), "log": result.log,
            "tests": [vars(test) for test in result.tests],
        } for result in done],
    }
    path.write_text(json.dumps(document, indent=1) + "\n")


def give_back_to_user():
    """After `sudo ./check` the build folders belong to who called sudo, so that `./check --quick` works without."""
    if os.geteuid() == 0 and os.environ.get("SUDO_UID"):
        owner = f"{os.environ['SUDO_UID']}:{os.environ.get('SUDO_GID', '')}"
        subprocess.run(["chown", "-R", owner, *(path for path in (BUILD, CLANG_BUILD, TSAN_BUILD)
                                               if path.exists())], check=False)


if __name__ == "__main__":
    sys.exit(main())
