"""Counts the instructions of one packet by callgrind, and compares them with those of tests/bench/instructions.json.

Callgrind counts the same every time. The program runs twice with different numbers of packets: what lies between the
two counts, over the packets between, is the cost of one.
"""
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

from . import results

BASELINE = pathlib.Path(__file__).resolve().parent.parent.parent / "tests/bench/instructions.json"
PROGRAM = "tests/bench/instructions"
COUNTED = "*Pipeline::process(*"  # Frames are the driver's part.
PACKETS = ("02048", "10240")  # Of the same length: both runs have the same arguments to read.
WHAT = {"established": "a packet of an established flow", "opening": "the first packet of a flow"}
TOLERANCE = 0.02
UPDATE = "tools/check_instructions.py BUILD --update"


def run(build, log):
    """A test a kind of packet."""
    baseline = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    if not shutil.which("valgrind"):
        return [results.Test("valgrind", results.FAILED, 0.0, "not installed: sudo tools/packages.sh test")]
    tests = []
    for what in WHAT:
        start = time.monotonic()
        try:
            outcome, message = judge(what, measure(build, what), built(build), baseline)
        except RuntimeError as error:
            outcome, message = results.FAILED, str(error)
        with open(log, "a") as out:
            print(f"{what}: {message}", file=out)
        seconds = time.monotonic() - start
        tests.append(results.Test(f"{WHAT[what]} takes no more instructions", outcome, seconds, message))
    return tests


def judge(what, count, built_now, baseline):
    """Outcome and sentence for `count` instructions a packet."""
    if baseline.get("built") != built_now:
        return results.SKIPPED, (f"{BASELINE.name} was counted for ({baseline.get('built')}), this build is "
                                 f"({built_now}): only the same compiler and options can be compared")
    before = baseline.get(what)
    if before is None:
        return results.FAILED, f"{BASELINE.name} does not know '{what}': {UPDATE}"
    growth = count / before - 1
    said = f"{WHAT[what]} takes {count:.1f} instructions, {before:.1f} in {BASELINE.name} ({growth:+.1%})"
    if abs(growth) <= TOLERANCE:
        return results.PASSED, said
    advice = "find out why, or say in the commit what it is for and write it down" if growth > 0 else \
        "well done: write it down, so that nobody eats it up unseen"
    return results.FAILED, f"{said}: {advice} ({UPDATE})"


def update(build):
    """Writes the baseline anew and returns it."""
    baseline = {"built": built(build), **{what: round(measure(build, what), 2) for what in WHAT}}
    BASELINE.write_text(json.dumps(baseline, indent=1) + "\n")
    return baseline


def built(build):
    """Compiler and options of the build, as the program knows them."""
    return _output([build / PROGRAM, "built"]).strip()


def measure(build, what):
    """Instructions a packet."""
    few, many = (_instructions(build, what, packets) for packets in PACKETS)
    if few == 0:
        raise RuntimeError(f"callgrind found no function {COUNTED}")
    return (many - few) / (int(PACKETS[1]) - int(PACKETS[0]))


def _instructions(build, what, packets):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "callgrind.out"
        _output(["valgrind", "--tool=callgrind", f"--toggle-collect={COUNTED}", f"--callgrind-out-file={out}",
                 build / PROGRAM, what, packets])
        return total_of(out.read_text())


def total_of(callgrind_out):
    match = re.search(r"^(?:summary|totals): (\d+)$", callgrind_out, re.MULTILINE)
    if not match:
        raise RuntimeError("callgrind counted nothing")
    return int(match.group(1))


def _output(command):
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(f"{command[0]}: {error}") from error
    if ran.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit code {ran.returncode}\n"
                           f"{results.last_lines(ran.stdout + ran.stderr)}")
    return ran.stdout
