"""What new connections need runs short: it is said before, named when it happens, and costs no open connection."""

import contextlib

import pytest

from tools.lab import topology

PORTS = 60  # SNAT ports, so connections towards one node port.


@pytest.fixture
def few_ports(edge):
    text = edge.configuration(topology.VIP_POOL, 1)
    snat = "snat:\n"
    assert snat in text
    edge.lab.sluiced.stop()
    edge.lab.start_sluiced(text.replace(snat, f"{snat}  ports: 50000-{50000 + PORTS - 1}\n"))
    edge.lab.sluiced.wait_log("serving")
    yield
    edge.lab.sluiced.stop()  # The next one gets the usual configuration again.


def answers(connection) -> bool:
    connection.sendall(b"W")
    return connection.recv(4096).endswith(b"\n")


def test_snat_ports_run_short(edge, few_ports):
    edge.place(node1=1)
    address = edge.serve_echo()
    with contextlib.ExitStack() as held:
        connections = []
        with pytest.raises(OSError):  # The last one gets no answer.
            while len(connections) <= PORTS:
                connection = held.enter_context(edge.client.connect(address, 9000, timeout=0.5))
                assert answers(connection)
                connections.append(connection)
                edge.pause(0.05)  # Shortage is looked for once a second.
        assert len(connections) > PORTS // 2
        assert edge.dropped("drop_snat_exhausted") > 0
        shortage = f"IPv4 SNAT ports towards the busiest node: nearly all of {PORTS} are in use; add addresses"
        edge.lab.sluiced.wait_log(f"warning {shortage}")
        assert shortage in edge.lab.sluice("show", "services").stdout
        assert all(answers(connection) for connection in connections), "open ones go on"
    edge.lab.sluiced.wait_log(f"no longer so: {shortage}", timeout=30)
