"""What cannot be served is refused at once: nobody waits for a timeout."""

import errno
import socket
import time

import pytest

from edge import ECHO_PORTS
from tools.lab import topology, wait_for

AT_ONCE = 0.5  # Seconds. A SYN that nobody answers is sent again after one.


def udp_error(edge, address: str, port: int) -> int | None:
    """The error that a datagram's sender hears of; None if it hears nothing."""
    source = topology.CLIENT6 if ":" in address else topology.CLIENT
    with edge.client.open(socket.SOCK_DGRAM, source=source, timeout=AT_ONCE) as sender:
        sender.connect((address, port))
        sender.send(b"question")
        try:
            sender.recv(100)
        except TimeoutError:
            return None
        except OSError as error:
            return error.errno
    return None


def is_refused(edge, address: str, port: int) -> bool:
    began = time.monotonic()
    try:
        edge.client.connect(address, port).close()
    except ConnectionRefusedError:
        return time.monotonic() - began < AT_ONCE
    except OSError:
        pass
    return False


@pytest.mark.parametrize("families", [["IPv4"], ["IPv6"]], ids=["ipv4", "ipv6"])
def test_a_service_without_endpoints_and_a_port_without_a_service_refuse_at_once(edge, families):
    edge.create(ports=ECHO_PORTS, selector={"app": "nobody"}, ipFamilies=families, ipFamilyPolicy="SingleStack")
    address = edge.wait_address()
    wait_for(lambda: is_refused(edge, address, 9000), 5, "a refused connection")
    assert udp_error(edge, address, 9000) == errno.ECONNREFUSED
    assert is_refused(edge, address, 81)
    assert udp_error(edge, address, 81) == errno.ECONNREFUSED
    assert edge.dropped("reply_reset") > 0 and edge.dropped("reply_unreachable") > 0
