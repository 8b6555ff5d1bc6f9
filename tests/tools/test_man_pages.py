"""The man pages can be made, and those of the configuration file and of the command line leave nothing out."""
import re
import shutil
import subprocess

import pytest
from checking.suites import ROOT

PAGES = sorted((ROOT / "docs/man").glob("*.scd"))
SECTIONS = {"Config": "THE DAEMON", "Dpdk": "dpdk", "Workers": "workers", "Port": "ports", "Snat": "snat",
            "Pool": "pools", "Cluster": "clusters", "Timeouts": "timeouts", "Health": "health"}
PARTS = {"Route", "Vlan"}  # Messages that are the value of one key, explained with it.


def messages():
    """Of config.proto: name of the message -> names of its fields that have a value of their own."""
    text = (ROOT / "conf/config.proto").read_text()
    found = dict(re.findall(r"^message (\w+) \{(.*?)^\}", text, re.M | re.S))
    return {name: [field for kind, field in re.findall(r"^ +(?:optional |repeated )?(\w+) (\w+) = \d+", body, re.M)
                   if kind not in found or kind in PARTS] for name, body in found.items()}


def sections():
    """Of the man page: heading -> text below it."""
    parts = re.split(r"^# (.*)\n", (ROOT / "docs/man/sluice.yaml.5.scd").read_text(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_scdoc_takes_it(page):
    if not shutil.which("scdoc"):
        pytest.skip("scdoc is not installed")
    with page.open("rb") as text:
        done = subprocess.run(["scdoc"], stdin=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_it_is_built_and_installed(page):
    assert f"'{page.stem}': 'man{page.stem[-1]}'" in (ROOT / "docs/man/meson.build").read_text()


@pytest.mark.parametrize("message, heading", SECTIONS.items())
def test_every_key_of_the_configuration_is_explained(message, heading):
    explained = re.findall(r"^\*(\w+)\*:", sections()[heading], re.M)
    assert explained == messages()[message]


def test_every_message_of_the_configuration_has_a_section():
    assert set(messages()) - PARTS == set(SECTIONS)
    assert all(f"*{field}*:" in sections()["ports"] for part in PARTS for field in messages()[part])


def test_every_command_and_option_of_sluice_is_explained():
    help_text = (ROOT / "tools/sluice/help.cc").read_text()
    commands = set(re.findall(r'Page\{\s*"([a-z ]+)"', help_text))
    options = set(re.findall(r"^ +(?:-\w, |)+(--[a-z]+)", help_text, re.M))
    page = (ROOT / "docs/man/sluice.1.scd").read_text()
    assert len(commands) > 5 and len(options) > 5
    explained = re.findall(r"^(?:\*-\w\*, )?\*((?:show |explain |--)[a-z]+|capture|trace)\*", page, re.M)
    assert commands | options == set(explained)
