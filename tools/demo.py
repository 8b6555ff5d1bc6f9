"""Shows Sluice at work in the lab, step by step. Start it as ./demo, whose head says how.

Exit code: 0 all went as it should, 1 it did not (the reason is printed), 130 interrupted.
"""
import argparse
import os
import pathlib
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # For tools.lab; tools/ itself is there already.
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # Nothing is left behind.

from showing import prepare, screen  # noqa: E402


def main():
    arguments = parse_arguments()
    os.chdir(ROOT)
    for number in (signal.SIGTERM, signal.SIGHUP):  # Whoever ends us ends what we have started.
        signal.signal(number, signal.default_int_handler)
    try:
        if arguments.down:
            return take_down(arguments.prefix)
        return show(arguments)
    except prepare.Missing as missing:
        screen.problem(missing)
        return 1
    except KeyboardInterrupt:
        screen.problem("interrupted")
        return 130


def parse_arguments():
    parser = argparse.ArgumentParser(prog="demo", description="Shows Sluice at work.", add_help=False)
    life = parser.add_mutually_exclusive_group()
    life.add_argument("--keep", action="store_true")
    life.add_argument("--down", action="store_true")
    parser.add_argument("--prefix", default="sluice-")
    return parser.parse_args()


def take_down(prefix):
    prepare.require_root()
    lab = pathlib.Path(f"/tmp/{prefix}lab")  # Where a lab keeps its record.
    if not lab.exists():
        print(f"There is no lab {prefix}: nothing to end.")
        return 0
    from tools.lab.lab import Lab
    Lab(prefix=prefix).down()
    print(f"The lab {prefix} is down.")
    return 0


def show(arguments):
    began = time.monotonic()
    steps = screen.Steps(9)
    prepare.machine()
    steps.begin("Packages")
    prepare.packages()
    steps.begin("Build")
    programs = prepare.build()

    from showing.acts import Acts  # Not before the packages are there.
    from tools.lab.lab import Lab
    from tools.lab.programs import LabError
    lab = Lab(prefix=arguments.prefix)
    acts = Acts(lab, programs, steps)
    try:
        acts.play()
    except (LabError, OSError, subprocess.SubprocessError) as error:
        explain(lab, error)
        return 1
    except BaseException:
        end(lab)
        raise
    if not arguments.keep:
        end(lab)
    acts.summary(time.monotonic() - began)
    if arguments.keep:
        acts.suggest()
    return 0 if acts.all_well else 1


def explain(lab, error):
    """What went wrong, the end of the daemon's log, and where all logs are."""
    screen.problem(error)
    screen.tail(lab.processes.log("sluiced"))
    if lab.directory.exists():  # Else the lab itself did not come up, and has kept its logs.
        end(lab, keep_logs=True)
    logs = lab.directory.with_name(lab.directory.name + "-failed")
    if logs.exists():
        print(f"All logs of the lab: {logs}")


def end(lab, keep_logs=False):
    """Takes the lab down, however often somebody presses Ctrl-C meanwhile."""
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("\nTaking the lab down ...", flush=True)
    lab.down(keep_logs)
    signal.signal(signal.SIGINT, former)


if __name__ == "__main__":
    sys.exit(main())
