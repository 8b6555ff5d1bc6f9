"""Checks that every C++ source is formatted as .clang-format says, by clang-format 14: versions differ in taste.

Usage: check_format.py [--fix] [FILE...]    --fix rewrites instead of complaining; all sources without FILE.
"""
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ["base", "net", "lb", "nat", "conf", "dataplane", "control", "tools", "tests"]


def main():
    program = shutil.which("clang-format-14")
    if not program:
        print("clang-format-14 is not installed: sudo tools/packages.sh test")
        return 1
    arguments = sys.argv[1:]
    fix = "--fix" in arguments
    files = [argument for argument in arguments if argument != "--fix"] or sources(ROOT)
    if not files:
        print("no sources found")
        return 1
    if fix:
        return subprocess.run([program, "-i", *files], cwd=ROOT).returncode
    # --dry-run names every single replacement: one line a file is what a reader wants.
    wrong = [name for name in files if not is_formatted(program, name)]
    for name in wrong:
        print(f"{name}: not formatted")
    print(f"{len(files)} files, {len(wrong)} not formatted")
    if wrong:
        print("to mend: python3 tools/check_format.py --fix")
    return 1 if wrong else 0


def sources(root):
    return [str(path.relative_to(root)) for folder in FOLDERS for path in sorted((root / folder).rglob("*"))
            if path.suffix in (".cc", ".h", ".c")]


def is_formatted(program, name):
    text = (ROOT / name).read_bytes()
    run = subprocess.run([program, f"--assume-filename={ROOT / name}"], input=text, capture_output=True, cwd=ROOT)
    return run.returncode == 0 and run.stdout == text


if __name__ == "__main__":
    sys.exit(main())
