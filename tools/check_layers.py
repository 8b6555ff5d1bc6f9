"""Checks that includes run downwards only and that libraries stay on the floors they belong to (ARCHITECTURE.md).

Usage: check_layers.py [ROOT]    prints FILE:LINE: WHAT for every include that breaks a rule; fails if there is one.
"""
import pathlib
import re
import sys

# Which folders of the house a folder may include, besides its own.
MAY_INCLUDE = {
    "base": [],
    "net": ["base"],
    "lb": ["base", "net"],
    "nat": ["base", "net"],
    "conf": ["base", "net"],
    "dataplane": ["base", "net", "lb", "nat"],
    "control": ["base", "net", "lb", "nat", "conf", "dataplane"],
    "tools": ["base", "net", "lb", "nat", "conf", "dataplane", "control"],
    "tests": ["base", "net", "lb", "nat", "conf", "dataplane", "control", "tools"],
}

# Where the headers of a library may be included: (what it is called, its headers, folders). Tests of those folders may
# include them too: tests/dataplane/dpdk for dataplane/dpdk, but not tests/dataplane. "bench" is tests/bench.
UPPER_FLOORS = ["conf", "control", "tools"]
LIBRARIES = [
    ("DPDK", r"rte_\w+\.h", ["dataplane/dpdk", "bench", "tools/pktgen"]),
    ("libbpf", r"bpf/.*|linux/bpf\.h|linux/bpf_common\.h|xdp/.*", ["dataplane/xdp"]),
    ("protobuf", r"google/protobuf/.*|.*\.pb\.h", UPPER_FLOORS),
    ("yaml-cpp", r"yaml-cpp/.*", UPPER_FLOORS),
    ("libcurl", r"curl/.*", UPPER_FLOORS),
    ("simdjson", r"simdjson\.h", UPPER_FLOORS),
    ("libmnl", r"libmnl/.*", UPPER_FLOORS),
    ("libmicrohttpd", r"microhttpd\.h", UPPER_FLOORS),
]

SOURCES = {".h", ".cc", ".c", ".hpp", ".cpp", ".inc"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    complaints, files = check(root)
    print("\n".join(complaints))
    if not files:
        print(f"{root}: no sources found")
    elif not complaints:
        print(f"{files} files: includes run downwards only")
    return 1 if complaints or not files else 0


def check(root):
    """All complaints about the tree at `root`, and the number of files looked at."""
    complaints = []
    files = 0
    for folder in MAY_INCLUDE:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SOURCES and path.is_file():
                files += 1
                complaints += check_file(root, path.relative_to(root))
    return complaints, files


def check_file(root, path):
    complaints = []
    for number, line in enumerate((root / path).read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            complaint = folder_complaint(root, path, *match.groups()) or library_complaint(path, match.group(2))
            if complaint:
                complaints.append(f"{path}:{number}: {complaint}")
    return complaints


def folder_complaint(root, path, quote, header):
    """Ours are the includes whose first folder is a floor of the house; they are written from the root."""
    if header.split("/")[0] == "..":
        return f'"{header}": include from the root of the tree, not upwards from here'
    folder, target = path.parts[0], header.split("/")[0]
    if target in MAY_INCLUDE and "/" in header:
        if quote == "<":  # <net/if.h> is the system's.
            if not (root / header).exists():
                return None
            return f"<{header}>: our own headers are included with quotes"
        if target != folder and target not in MAY_INCLUDE[folder]:
            known = ", ".join(MAY_INCLUDE[folder]) or "nothing"
            return f'{folder}/ may not know {target}/ ("{header}"); it may know: {known}'
    elif quote == '"' and (root / path.parent / header).exists():
        return f'"{header}": write the path from the root of the tree, "{(path.parent / header).as_posix()}"'
    return None


def library_complaint(path, header):
    folder = path.parent.as_posix().removeprefix("tests/") + "/"
    for name, headers, allowed in LIBRARIES:
        if re.fullmatch(headers, header) and not any(folder.startswith(place + "/") for place in allowed):
            return f"{name} ({header}) belongs only in {', '.join(place + '/' for place in allowed)}"
    return None


if __name__ == "__main__":
    sys.exit(main())
