"""The demo's head: what it says before it does anything. That the rest works is seen by running it: sudo ./demo."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def demo(*arguments, **options):
    return subprocess.run([ROOT / "demo", *arguments], capture_output=True, text=True, timeout=60, **options)


def test_help_says_how_to_keep_and_to_end_the_lab():
    done = demo("--help")
    assert done.returncode == 0
    assert "sudo ./demo --keep" in done.stdout and "sudo ./demo --down" in done.stdout


def test_an_unknown_option_is_refused():
    done = demo("--kepp")
    assert done.returncode == 2
    assert "--kepp" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_ending_a_lab_that_is_not_there_is_no_error():
    done = demo("--down", "--prefix", "nolab-")
    assert (done.returncode, done.stdout) == (0, "There is no lab nolab-: nothing to end.\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="must be able to become somebody else")
def test_without_root_it_says_how_to_start_it():
    done = demo(user="nobody", cwd="/")
    assert done.returncode == 1
    assert "sudo ./demo" in done.stderr
