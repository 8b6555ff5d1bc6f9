"""Fixtures: a stand-in over plain HTTP and a client of it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from standin_client import Client  # noqa: E402
from tools.apistandin.server import Settings, Standin  # noqa: E402


@pytest.fixture
def make_standin(tmp_path):
    """Starts stand-ins with the given settings, plain ones unless told otherwise, and stops them in the end."""
    started = []

    def make(**settings):
        standin = Standin(Settings(**{"folder": str(tmp_path), "plain": True} | settings)).start()
        started.append(standin)
        return standin
    yield make
    for standin in started:
        if not standin.stopping:
            standin.stop()


@pytest.fixture
def standin(make_standin):
    return make_standin()


@pytest.fixture
def client(standin):
    return Client(standin)
