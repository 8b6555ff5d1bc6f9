"""Runs clang-tidy 14 over the sources of the house, two at a time; a file that has not changed is not looked at again.

Usage: check_tidy.py BUILD [--junit FILE] [SOURCE...]    BUILD is a folder that meson set up for clang.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
from xml.sax import saxutils

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ["base", "net", "lb", "nat", "conf", "dataplane", "control", "tools"]


def main():
    parser = argparse.ArgumentParser(description="clang-tidy over the sources of the house")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--junit", type=pathlib.Path)
    parser.add_argument("sources", nargs="*", help="paths from the root; all if none")
    arguments = parser.parse_args()
    program = shutil.which("clang-tidy-14")
    if not program:
        print("clang-tidy-14 is not installed: sudo tools/packages.sh test")
        return 1
    sources = arguments.sources or sources_of_the_house(arguments.build)
    if not sources:
        print("no sources found")
        return 1
    cache = arguments.build / "tidy-cache"
    cache.mkdir(exist_ok=True)
    results = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in pool.map(lambda source: tidy(program, arguments.build, cache, source), sources):
            print(f"{result['name']}: {'failed' if result['complaint'] else 'passed'}", result["complaint"], flush=True)
            results.append(result)
    if arguments.junit:
        write_junit(arguments.junit, results)
    return 1 if any(result["complaint"] for result in results) else 0


def sources_of_the_house(build):
    commands = json.loads((build / "compile_commands.json").read_text())
    files = {pathlib.Path(os.path.normpath(build.resolve() / command["file"])) for command in commands}
    inside = [path.relative_to(ROOT) for path in files if path.is_relative_to(ROOT)]
    return sorted(str(path) for path in inside if path.parts[0] in FOLDERS and path.suffix == ".cc")


def tidy(program, build, cache, source):
    """The result for one source: its name, seconds, and the complaint, empty if there is none."""
    start = time.monotonic()
    mark = cache / fingerprint(build, source)
    complaint = ""
    if not mark.exists():
        run = subprocess.run([program, "--quiet", "-p", build, ROOT / source], capture_output=True, text=True)
        if run.returncode == 0:
            mark.touch()
        else:
            complaint = run.stdout.replace(f"{ROOT}/", "") or run.stderr
    return {"name": source, "seconds": time.monotonic() - start, "complaint": complaint}


def fingerprint(build, source):
    """Of all that the answer depends on: the rules and the texts of the source and of the headers that it includes."""
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes())
    for path in sorted({ROOT / source, *dependencies(build, source)}):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def dependencies(build, source):
    """Our own headers that the source includes, directly or not."""
    found, waiting = set(), [ROOT / source]
    while waiting:
        for line in waiting.pop().read_text(errors="replace").splitlines():
            if line.startswith('#include "'):
                name = line.split('"')[1]
                for path in (ROOT / name, build / name):
                    if path.exists() and path not in found:
                        found.add(path)
                        waiting.append(path)
    return found


def write_junit(path, results):
    cases = []
    for result in results:
        name = saxutils.quoteattr(result["name"])
        failure = f"<failure>{saxutils.escape(result['complaint'])}</failure>" if result["complaint"] else ""
        cases.append(f'<testcase name={name} time="{result["seconds"]:.3f}">{failure}</testcase>')
    path.write_text(f"<testsuites><testsuite name=\"clang-tidy\">{''.join(cases)}</testsuite></testsuites>\n")


if __name__ == "__main__":
    sys.exit(main())
