"""check_layers.py: every rule of the house, broken once, is noticed; what is allowed is left alone."""
import subprocess
import sys

import check_layers
import pytest


def complaints(tree, path, line):
    return check_layers.check(tree({path: f"// A file.\n{line}\n"}))[0]


@pytest.mark.parametrize("path, line", [
    ("base/log.h", '#include "net/address.h"'),
    ("net/parse.h", '#include "lb/maglev.h"'),
    ("lb/maglev.cc", '#include "nat/flow.h"'),
    ("nat/flow.cc", '#include "lb/maglev.h"'),
    ("lb/maglev.cc", '#include "conf/config.h"'),
    ("conf/load.cc", '#include "dataplane/packet.h"'),
    ("dataplane/pipeline.cc", '#include "conf/config.h"'),
    ("dataplane/dpdk/worker.cc", '#include "control/reactor.h"'),
    ("control/main.cc", '#include "tools/pktgen/frame.h"'),
    ("control/main.cc", '#include "tests/cases/cases.h"'),
    ("tools/pktgen/main.cc", '#include "tests/cases/cases.h"'),
    ("net/address.h", '  #  include "control/reactor.h"  // indented'),
])
def test_an_include_upwards_or_sideways_is_noticed(tree, path, line):
    start = f"{path}:2: {path.split('/')[0]}/ may not know"
    assert [text.startswith(start) for text in complaints(tree, path, line)] == [True]


@pytest.mark.parametrize("path, line", [
    ("net/checksum.h", "#include <rte_ip.h>"),
    ("dataplane/packet.h", "#include <rte_mbuf.h>"),
    ("control/main.cc", "#include <rte_eal.h>"),
    ("tools/cli/main.cc", "#include <rte_eal.h>"),
    ("tests/dataplane/pipeline_test.cc", "#include <rte_mbuf.h>"),
    ("dataplane/dpdk/port.cc", "#include <bpf/libbpf.h>"),
    ("control/main.cc", "#include <linux/bpf.h>"),
    ("net/address.cc", "#include <google/protobuf/message.h>"),
    ("dataplane/snapshot.h", '#include "config.pb.h"'),
    ("lb/maglev.cc", "#include <yaml-cpp/yaml.h>"),
    ("dataplane/dpdk/port.cc", "#include <curl/curl.h>"),
    ("base/json.h", "#include <simdjson.h>"),
    ("net/route.cc", "#include <libmnl/libmnl.h>"),
    ("base/http.h", "#include <microhttpd.h>"),
    ("tests/net/address_test.cc", "#include <yaml-cpp/yaml.h>"),
])
def test_a_library_on_a_foreign_floor_is_noticed(tree, path, line):
    assert [" belongs only in " in text for text in complaints(tree, path, line)] == [True]


def test_a_path_that_does_not_start_at_the_root_is_noticed(tree):
    root = tree({"lb/maglev.h": "", "lb/maglev.cc": '#include "maglev.h"\n', "lb/table.cc": '#include "../net/a.h"\n'})
    assert len(check_layers.check(root)[0]) == 2


def test_our_own_header_in_angle_brackets_is_noticed(tree):
    tree({"net/address.h": ""})
    assert len(complaints(tree, "lb/maglev.cc", "#include <net/address.h>")) == 1


@pytest.mark.parametrize("path, line", [
    ("net/address.cc", '#include "net/address.h"'),
    ("net/address.cc", '#include "base/result.h"'),
    ("net/address.cc", "#include <net/if.h>  // the system's, not ours"),
    ("dataplane/dpdk/worker.cc", "#include <rte_ethdev.h>"),
    ("tools/pktgen/main.cc", "#include <rte_ethdev.h>"),
    ("tests/dataplane/dpdk/worker_test.cc", "#include <rte_ethdev.h>"),
    ("dataplane/xdp/loader.cc", "#include <bpf/libbpf.h>"),
    ("control/kube/client.cc", "#include <curl/curl.h>"),
    ("conf/load.cc", '#include "conf/config.pb.h"'),
    ("tests/conf/load_test.cc", '#include "conf/config.pb.h"'),
    ("tests/lb/maglev_test.cc", '#include "control/reactor.h"'),
    ("tools/cli/main.cc", '#include "control/reactor.h"'),
    ("lb/maglev.cc", '// #include "nat/flow.h" would be wrong'),
])
def test_what_is_allowed_is_left_alone(tree, path, line):
    assert complaints(tree, path, line) == []


def test_a_tree_without_sources_does_not_pass(tree):
    root = tree({"README.md": ""})
    run = subprocess.run([sys.executable, check_layers.__file__, root], capture_output=True, text=True)
    assert run.returncode == 1 and "no sources found" in run.stdout


def test_the_program_fails_with_the_place_of_the_mistake(tree):
    root = tree({"base/log.h": '#include "net/address.h"\n'})
    run = subprocess.run([sys.executable, check_layers.__file__, root], capture_output=True, text=True)
    assert run.returncode == 1 and run.stdout.startswith("base/log.h:1: ")
