"""Runs the fuzzers of a clang build (tests/fuzz) over their seeds, and on from there for a while."""
import pathlib
import tempfile

from . import process, results

SEEDS = pathlib.Path(__file__).resolve().parent.parent.parent / "tests/fuzz/seeds"  # What is not made of packet cases.
SUFFIX = "_fuzz"
INPUT_LIMIT_S = 10  # An input that takes longer has found an endless loop.
START_LIMIT_S = 120


def targets(build):
    return sorted(path.name.removesuffix(SUFFIX) for path in (build / "tests/fuzz").glob(f"*{SUFFIX}"))


def run(build, log, seconds, wrapper, env, corpora=None):
    """A test a fuzzer, each for its share of `seconds`. What reaches new code is kept in `corpora`, if given."""
    names = targets(build)
    with tempfile.TemporaryDirectory() as scratch:
        made = process.run([*wrapper, build / "tests/fuzz/seeds", f"{scratch}/seeds"], log, START_LIMIT_S, env)
        made.name = "fuzzers have seeds"
        if not names:
            made.outcome, made.message = results.FAILED, "there is no fuzzer"
        if made.outcome == results.FAILED:
            return [made]
        tests = [made]
        for name in names:
            corpus = (corpora or pathlib.Path(scratch)) / name
            corpus.mkdir(parents=True, exist_ok=True)
            seeds = [folder / name for folder in (pathlib.Path(scratch) / "seeds", SEEDS) if (folder / name).is_dir()]
            command = [*wrapper, build / f"tests/fuzz/{name}{SUFFIX}", f"-max_total_time={seconds // len(names)}",
                       f"-timeout={INPUT_LIMIT_S}", f"-artifact_prefix={log.parent}/fuzz-{name}-", "-verbosity=0",
                       "-print_final_stats=1", corpus, *seeds]
            test = process.run(command, log, seconds + START_LIMIT_S, env)
            test.name = f"{name} takes any input"
            tests.append(test)
        return tests
