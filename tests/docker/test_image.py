"""What can be known about docker/Dockerfile without building it: what it copies is there, what it runs is installed."""
import json
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "docker" / "Dockerfile"
BUILD = ROOT / "build"
INSTRUCTIONS = set("FROM WORKDIR COPY RUN ARG ENV VOLUME STOPSIGNAL ENTRYPOINT CMD LABEL USER".split())


@pytest.fixture(scope="module")
def instructions():
    """(word, rest) of every instruction, continuation lines joined."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.M).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def installed():
    """Where meson would install, by what it has built."""
    if not (BUILD / "build.ninja").exists() or not shutil.which("meson"):
        pytest.skip("build/ is not set up")
    done = subprocess.run(["meson", "introspect", "--targets", BUILD], capture_output=True, text=True, check=True)
    return {target["name"]: pathlib.Path(target["filename"][0]) for target in json.loads(done.stdout)
            if target["installed"] and target["type"] == "executable"}


def packages(*sets):
    done = subprocess.run([ROOT / "tools/packages.sh", "--list", *sets], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_it_consists_of_instructions_that_docker_knows(instructions):
    assert {word for word, _ in instructions} <= INSTRUCTIONS
    assert instructions[0][0] == "FROM" and instructions[-1][0] == "CMD"


def test_what_it_copies_exists(instructions):
    stages = {rest.split()[-1] for word, rest in instructions if word == "FROM" and " AS " in rest}
    for rest in (rest for word, rest in instructions if word == "COPY"):
        *sources, _ = [part for part in rest.split() if not part.startswith("--")]
        stage = re.search(r"--from=(\S+)", rest)
        if stage:
            assert stage.group(1) in stages
        else:
            assert all((ROOT / source).exists() for source in sources), rest


def test_the_sets_of_packages_that_it_installs_exist(instructions):
    sets = [names for word, rest in instructions if word == "RUN"
            for names in re.findall(r"packages\.sh ([a-z ]+[a-z])", rest)]
    assert sets == ["build", "runtime"] and all(packages(*names.split()) for names in sets)


def test_both_stages_are_of_the_same_debian(instructions):
    assert {rest.split()[0] for word, rest in instructions if word == "FROM"} == {"debian:12-slim"}


def test_what_it_starts_is_what_meson_installs(instructions, installed):
    entrypoint = json.loads(next(rest for word, rest in instructions if word == "ENTRYPOINT"))
    assert pathlib.Path(entrypoint[0]).name in installed and "sluice" in installed


@pytest.mark.parametrize("program", ["sluiced", "sluice"])
def test_every_library_that_a_program_needs_is_in_the_image(installed, program):
    if not installed[program].exists():
        pytest.skip(f"{program} is not built yet")
    dynamic = subprocess.run(["readelf", "--dynamic", installed[program]], capture_output=True, text=True, check=True)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic.stdout)
    assert needed
    listed = packages("runtime")
    paths = dict(re.findall(r"(\S+) => (/\S+)", subprocess.run(
        ["ldd", installed[program]], capture_output=True, text=True, check=True).stdout))
    for library in needed:
        if not library.startswith("ld-linux"):
            assert owners(paths[library]) & listed, f"{library}: add its package to the set runtime"


def owners(path):
    """The packages that have that file; libraries may be filed under /lib or /usr/lib."""
    names = {path, str(pathlib.Path(path).resolve()), path.removeprefix("/usr"), f"/usr{path}"}
    found = subprocess.run(["dpkg-query", "--search", *sorted(names)], capture_output=True, text=True).stdout
    return {line.split(":")[0] for line in found.splitlines()}


def test_all_drivers_of_the_image_are_plugins_that_dpdk_loads_by_itself():
    plugins = [name for name in packages("runtime") if re.match(r"librte-(?:net-.*|bus-.*|mempool-ring)23$", name)]
    assert len(plugins) > 10
    for name in plugins:
        done = subprocess.run(["dpkg-query", "--listfiles", name], capture_output=True, text=True)
        if done.returncode == 0:
            assert "/dpdk/pmds-" in done.stdout, name
