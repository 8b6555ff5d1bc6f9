"""Every script of the tree can be read by its interpreter, and shellcheck has no complaint where it is installed."""
import py_compile
import shutil
import subprocess

import check_style
import pytest
from checking.suites import ROOT


def scripts(interpreter, suffix):
    for path in check_style.walk(ROOT):
        first = path.open("rb").readline() if check_style.is_text(path) else b""
        if path.suffix == suffix or (first.startswith(b"#!") and interpreter in first):
            yield path.relative_to(ROOT)


@pytest.mark.parametrize("path", scripts(b"bash", ".sh"), ids=str)
def test_bash_reads(path):
    subprocess.run(["bash", "-n", ROOT / path], check=True)
    if shutil.which("shellcheck"):
        run = subprocess.run(["shellcheck", "-S", "warning", ROOT / path], capture_output=True, text=True)
        assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("path", scripts(b"python3", ".py"), ids=str)
def test_python_reads(path, tmp_path):
    py_compile.compile(str(ROOT / path), cfile=str(tmp_path / "compiled"), doraise=True)
