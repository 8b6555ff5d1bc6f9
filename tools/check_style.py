"""Checks the rules of STYLE.md that need no compiler.

Usage: check_style.py [ROOT]    prints FILE:LINE: WHAT for everything that breaks a rule; fails if there is anything.
"""
import pathlib
import re
import statistics
import sys

from styling import cpp

HOUSE = ["base", "net", "lb", "nat", "conf", "dataplane", "control"]
FILE_LINES_MAX = 400
FILE_LINES_MEDIAN_MAX = 150
FUNCTION_LINES_MAX = 60
NESTING_MAX = 3
LINE_COLUMNS_MAX = 120

# What may break a rule, and why: (path, rule, reason). A path ending in / stands for everything below it.
EXCEPTIONS = [
    ("dataplane/verdict_list.h", "header", "a table that is included many times, each time with another macro"),
    ("control/kube/json_field.h", "bool_parameter", "the default of a bool is one: a value, not a mode"),
    ("tests/dataplane/cases_test.cc", "counterpart", "runs the table of tests/cases"),
    ("docs/man/", "blanks", "scdoc indents by tabs only"),
    ("tests/tools/", "todo", "holds examples of what is refused"),
    ("tests/tools/", "path", "holds examples of what is refused"),
]

CPP = {".cc", ".h", ".c"}
PROGRAMS = CPP | {".py", ".sh"}
CODE = CPP | {".py", ".sh", ".build", ".proto"}
TEXT = CODE | {".md", ".yaml", ".yml", ".conf", ".list", ".scd", ".txt", ".json"}
NOT_OURS = re.compile(r"^(?:build[^/]*|\.git|third_party|vendor|subprojects)$|^__pycache__$")


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    complaints, files = check(root)
    print("\n".join(complaints))
    print(medians(root, files) if files else f"{root}: no files found")
    return 1 if complaints or not files else 0


def check(root):
    """All complaints about the tree at `root`, and the files looked at."""
    files = sorted(path for path in walk(root) if is_text(path))
    complaints = []
    for path in files:
        text = path.read_text(errors="replace")
        name = path.relative_to(root)
        for rule, check_file in RULES.items():
            complaints += [f"{name}:{line}: {what}" for line, what in check_file(root, name, text)
                           if not is_excepted(name, rule)]
    lines = [line_count(path) for path in files if path.suffix in PROGRAMS]
    if lines and statistics.median(lines) > FILE_LINES_MEDIAN_MAX:
        complaints.append(f".:1: the median file has {statistics.median(lines):.0f} lines; "
                          f"aim under {FILE_LINES_MEDIAN_MAX}")
    return complaints, files


def walk(folder):
    for path in folder.iterdir():
        if NOT_OURS.match(path.name) or path.is_symlink():
            continue
        if path.is_dir():
            yield from walk(path)
        else:
            yield path


def is_text(path):
    if path.suffix:
        return path.suffix in TEXT
    return path.name in ("Dockerfile",) or path.open("rb").read(2) == b"#!"


def is_excepted(name, rule):
    name = name.as_posix()
    return any(rule == excepted and (name == where or (where.endswith("/") and name.startswith(where)))
               for where, excepted, _ in EXCEPTIONS)


def line_count(path):
    return len(path.read_text(errors="replace").splitlines())


def medians(root, files):
    by_folder = {}
    for path in files:
        if path.suffix in PROGRAMS:
            parts = path.relative_to(root).parts
            by_folder.setdefault(parts[0] if len(parts) > 1 else ".", []).append(line_count(path))
    return "median lines of a file: " + ", ".join(
        f"{folder} {statistics.median(lines):.0f} ({len(lines)})" for folder, lines in sorted(by_folder.items()))


# Each rule: (root, name, text) -> (line, what) for everything that breaks it.

def length(_root, name, text):
    lines = text.splitlines()
    if name.suffix in CODE | {""} and len(lines) > FILE_LINES_MAX:
        yield 1, f"{len(lines)} lines, at most {FILE_LINES_MAX}: what second thing lives in here?"


def columns(_root, name, text):
    is_table = False
    for number, line in enumerate(text.splitlines(), 1):
        if "clang-format o" in line:
            is_table = "clang-format off" in line
        if name.suffix in CODE | {""} and len(line) > LINE_COLUMNS_MAX and "http" not in line and not is_table:
            yield number, f"{len(line)} columns, at most {LINE_COLUMNS_MAX}"


def function(_root, name, text):
    for found in cpp.functions(text) if name.suffix in CPP else ():
        title = found.head.split("(")[0].split()[-1]
        if found.lines > FUNCTION_LINES_MAX:
            yield found.line, f"{title} has {found.lines} lines, at most {FUNCTION_LINES_MAX}"
        if found.nesting > NESTING_MAX:
            yield found.line, f"{title} nests {found.nesting} deep, at most {NESTING_MAX}"


def bool_parameter(_root, name, text):
    if name.suffix == ".h" and name.parts[0] in HOUSE:
        for line, parameter in cpp.bool_parameters(text):
            yield line, f"parameter 'bool {parameter}': what does `true` mean at the call? Use an enum"


def header(_root, name, text):
    if name.suffix != ".h":
        return
    if "#pragma once" not in text:
        yield 1, "no #pragma once"
    first = [line for line in text.splitlines() if line.strip() and line.strip() != "#pragma once"][:1]
    if not first or not first[0].startswith(("//", "/*")):
        yield 1, "the header does not start with a comment that says what the file is for"


def todo(_root, name, text):
    for number, line in enumerate(text.splitlines(), 1):
        if name.suffix in CODE | {""} and re.search(r"(?:#|//|\*).*\b(?:TO" r"DO|FIX" r"ME)\b(?!\(#\d+\))", line):
            yield number, "left for later without an issue number: TO" "DO(#12) names one"


def blanks(_root, name, text):
    for number, line in enumerate(text.splitlines(), 1):
        if "\t" in line:
            yield number, "a tab"
        if line != line.rstrip() and name.suffix != ".md":
            yield number, "blanks at the end of the line"
    if text and not text.endswith("\n"):
        yield len(text.splitlines()), "no newline at the end of the file"


def path(_root, _name, text):
    for number, line in enumerate(text.splitlines(), 1):
        match = re.search(r"(?<![\w./$}])/(?:home|root)/[\w./-]+", line)
        if match:
            yield number, f"{match.group()}: a path that only one machine has"


def dead_code(_root, name, text):
    pattern = re.compile(
        r"^\s*// ?(?:[\w:.\->]+\([^`]*\);|(?:if|for|while|switch) \(.*\) ?\{?|return [^`]*;|\}|#include .*)$")
    for number, line in enumerate(text.splitlines(), 1):
        if name.suffix in CPP and pattern.match(line):
            yield number, "code in a comment: git remembers it"


def sleep(_root, name, text):
    if name.suffix == ".cc" and name.parts[0] == "tests" and name.parts[1] not in ("e2e", "bench"):
        code = cpp.blank_comments_and_strings(text)
        for match in re.finditer(r"\b(?:sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(", code):
            yield code.count("\n", 0, match.start()) + 1, "a test sleeps: pass the time in, or wait for the event"


def counterpart(root, name, _text):
    if name.name.endswith("_test.cc") and name.parts[0] == "tests" and name.parts[1] in HOUSE:
        folder = root.joinpath(*name.parts[1:-1])
        words = name.name.removesuffix("_test.cc").split("_")
        # A big subject may have several tests: flow_table_test.cc, flow_table_model_test.cc.
        stems = ["_".join(words[:count]) for count in range(len(words), 0, -1)]
        if not any((folder / f"{stem}{suffix}").exists() for stem in stems for suffix in (".h", ".cc", ".c", ".proto")):
            yield 1, f"tests nothing: there is no {folder.relative_to(root) / stems[0]}.h"


RULES = {rule.__name__: rule for rule in (length, columns, function, bool_parameter, header, todo, blanks, path,
                                          dead_code, sleep, counterpart)}


if __name__ == "__main__":
    sys.exit(main())
