"""Counts the instructions of one packet by callgrind and compares them with tests/bench/instructions.json.

Usage: check_instructions.py BUILD [--update]    BUILD as ./check sets it up (build/); --update writes the counts down.
"""
import argparse
import pathlib
import sys

from checking import instructions, results


def main():
    parser = argparse.ArgumentParser(description="instructions a packet, counted by callgrind")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--update", action="store_true", help=f"write {instructions.BASELINE.name} anew")
    arguments = parser.parse_args()
    if arguments.update:
        for name, value in instructions.update(arguments.build).items():
            print(f"{name}: {value}")
        return 0
    tests = instructions.run(arguments.build, "/dev/stdout")
    return 1 if any(test.outcome == results.FAILED for test in tests) else 0


if __name__ == "__main__":
    sys.exit(main())
