"""A switch with one trunk, as a program: many kernels have no VLAN interfaces, and bridges that filter VLANs need them.

    python3 -m tools.lab.vlan_switch TRUNK ID=LINK...

What comes in by a LINK leaves by TRUNK with the tag ID (0: without one), and the other way round. Frames of other ids
end here. Runs until it is ended."""

import argparse
import contextlib
import selectors
import socket
import struct

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_AUXDATA = 8
PACKET_IGNORE_OUTGOING = 23
SO_RCVBUFFORCE = 33
AUXDATA = struct.Struct("=IIIHHHH")  # struct tpacket_auxdata: status, lengths, offsets, the tag that was taken off
HAS_TAG = 1 << 4
TAG = struct.Struct("!HH")
ADDRESSES = 12  # Bytes of the two MAC addresses, behind which a tag stands.
FRAMES_A_TURN = 64


def open_link(name: str) -> socket.socket:
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    made.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    made.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    made.bind((name, ETH_P_ALL))
    made.setblocking(False)
    return made


def receive(link: socket.socket) -> tuple[int, bytes]:
    """The frame without its tag, and the tag's id; 0 if it has none."""
    frame, extras, _, _ = link.recvmsg(65536, socket.CMSG_SPACE(AUXDATA.size))
    for level, kind, data in extras:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, _, _, _, _, control, _ = AUXDATA.unpack(data)
            return (control & 0xfff if status & HAS_TAG else 0), frame
    return 0, frame


def tagged(frame: bytes, vlan: int, priority: int = 0) -> bytes:
    return frame[:ADDRESSES] + TAG.pack(0x8100, priority << 13 | vlan) + frame[ADDRESSES:]


def send(link: socket.socket, frame: bytes) -> None:
    with contextlib.suppress(OSError):  # Full, too long or down: a switch loses it.
        link.send(frame)


def turn(link: socket.socket, vlan: int | None, trunk: socket.socket, links: dict[int, socket.socket]) -> None:
    """Moves what one link has received. `vlan` is the link's own; None: it is the trunk."""
    for _ in range(FRAMES_A_TURN):
        try:
            found, frame = receive(link)
        except BlockingIOError:
            return
        if vlan is not None:
            send(trunk, tagged(frame, vlan) if vlan else frame)
        elif found in links:
            send(links[found], frame)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trunk")
    parser.add_argument("links", nargs="+", metavar="ID=LINK")
    arguments = parser.parse_args()
    trunk = open_link(arguments.trunk)
    links = {int(vlan): open_link(name) for vlan, _, name in (text.partition("=") for text in arguments.links)}
    selector = selectors.DefaultSelector()
    selector.register(trunk, selectors.EVENT_READ, None)
    for vlan, link in links.items():
        selector.register(link, selectors.EVENT_READ, vlan)
    print("switching", flush=True)
    while True:
        for key, _ in selector.select():
            turn(key.fileobj, key.data, trunk, links)


if __name__ == "__main__":
    main()
