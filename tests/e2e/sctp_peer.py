"""An end of SCTP associations, by a stack of its own (usrsctp): the kernel may have none.

`sctp_peer.py serve ADDRESSES PORT POD NODE` listens on each of the addresses (separated by commas) and says
`listening`. A message `W` is answered by a line of JSON (pod, node, the peer's address and port), `Q` ends the
association, all else comes back as it is.

`sctp_peer.py connect SOURCE SOURCE_PORT ADDRESS PORT` says `associated`, or `failed ERRNO` and ends. Then a line on
standard input is sent as a message, and what comes back is a line on standard output; `end` shuts down and says
`ended` when the peer has done so, too; `abort` aborts."""

import ctypes
import errno
import json
import socket
import struct
import sys
import threading

LIBRARY = "libusrsctp.so.2"  # Debian: libusrsctp2
SHUT_WR = 1
LINGER = struct.pack("ii", 1, 0)  # close() aborts.
MESSAGE_MAX = 65_536

_sctp = ctypes.CDLL(LIBRARY, use_errno=True)
_sctp.usrsctp_socket.restype = ctypes.c_void_p
_sctp.usrsctp_accept.restype = ctypes.c_void_p
_sctp.usrsctp_sendv.restype = ctypes.c_ssize_t
_sctp.usrsctp_recvv.restype = ctypes.c_ssize_t
_sctp.usrsctp_init(0, None, None)  # Port 0: raw IP sockets, no UDP around it.
# Each process hears all SCTP of its namespace: it must not abort what it does not know, which is another one's.
_sctp.usrsctp_sysctl_set_sctp_blackhole(2)


def packed(address: str, port: int) -> bytes:
    """A struct sockaddr_in or sockaddr_in6."""
    if ":" in address:
        begin = struct.pack("=H", socket.AF_INET6) + struct.pack("!HI", port, 0)
        return begin + socket.inet_pton(socket.AF_INET6, address) + bytes(4)
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + socket.inet_aton(address) + bytes(8)


def unpacked(raw: bytes) -> tuple[str, int]:
    family, = struct.unpack_from("=H", raw)
    port, = struct.unpack_from("!H", raw, 2)
    is_v6 = family == socket.AF_INET6
    return socket.inet_ntop(family, raw[8:24] if is_v6 else raw[4:8]), port


class Association:
    """A one-to-one socket of usrsctp, as `socket.socket` has them."""

    def __init__(self, handle=None, family: int = socket.AF_INET):
        if handle is None:
            handle = _sctp.usrsctp_socket(family, socket.SOCK_STREAM, socket.IPPROTO_SCTP, None, None, 0, None)
        if not handle:
            raise OSError(ctypes.get_errno(), "usrsctp_socket")
        self._handle = ctypes.c_void_p(handle)

    def _call(self, name: str, *arguments) -> int:
        result = getattr(_sctp, "usrsctp_" + name)(self._handle, *arguments)
        if result < 0:
            raise OSError(ctypes.get_errno(), name)
        return result

    def bind(self, address: str, port: int) -> None:
        raw = packed(address, port)
        self._call("bind", raw, len(raw))

    def listen(self) -> None:
        self._call("listen", 64)

    def accept(self) -> tuple["Association", tuple[str, int]]:
        raw, length = ctypes.create_string_buffer(28), ctypes.c_uint32(28)
        accepted = _sctp.usrsctp_accept(self._handle, raw, ctypes.byref(length))
        return Association(accepted), unpacked(raw.raw)

    def connect(self, address: str, port: int) -> None:
        raw = packed(address, port)
        self._call("connect", raw, len(raw))

    def send(self, message: bytes) -> None:
        self._call("sendv", message, ctypes.c_size_t(len(message)), None, 0, None, 0, 0, 0)

    def receive(self) -> bytes:
        """Empty when the peer shuts down."""
        buffer = ctypes.create_string_buffer(MESSAGE_MAX)
        zero, kind, flags = ctypes.c_uint32(0), ctypes.c_uint(0), ctypes.c_int(0)
        count = self._call("recvv", buffer, ctypes.c_size_t(MESSAGE_MAX), None, ctypes.byref(zero), None,
                           ctypes.byref(zero), ctypes.byref(kind), ctypes.byref(flags))
        return buffer.raw[:count]

    def shut_down(self) -> None:
        self._call("shutdown", SHUT_WR)

    def close(self) -> None:
        _sctp.usrsctp_close(self._handle)

    def abort(self) -> None:
        self._call("setsockopt", socket.SOL_SOCKET, socket.SO_LINGER, LINGER, len(LINGER))
        self.close()


def answer(association: Association, peer: tuple[str, int], name: dict) -> None:
    try:
        while message := association.receive():
            if message == b"Q":
                association.shut_down()
                continue
            who = json.dumps(name | {"peer": peer[0], "peer_port": peer[1]}).encode()
            association.send(who if message == b"W" else message)
    except OSError:
        pass  # Aborted.
    association.close()


def serve(address: str, port: int, name: dict) -> None:
    listener = Association(family=socket.AF_INET6 if ":" in address else socket.AF_INET)
    listener.bind(address, port)
    listener.listen()

    def run() -> None:
        while True:
            threading.Thread(target=answer, args=(*listener.accept(), name), daemon=True).start()
    threading.Thread(target=run).start()


def converse(association: Association) -> None:
    for line in sys.stdin:
        word = line.rstrip("\n")
        if word == "abort":
            return association.abort()
        try:
            if word == "end":
                association.shut_down()
            else:
                association.send(word.encode())
            message = association.receive()
        except OSError as error:
            print("failed", errno.errorcode.get(error.errno, error.errno), flush=True)
            return None
        print(message.decode() if message else "ended", flush=True)
        if not message:
            return association.close()
    return None


def connect(source: str, source_port: int, address: str, port: int) -> None:
    association = Association(family=socket.AF_INET6 if ":" in address else socket.AF_INET)
    association.bind(source, source_port)
    try:
        association.connect(address, port)
    except OSError as error:
        print("failed", errno.errorcode.get(error.errno, error.errno), flush=True)
        return
    print("associated", flush=True)
    converse(association)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        for one in sys.argv[2].split(","):
            serve(one, int(sys.argv[3]), {"pod": sys.argv[4], "node": sys.argv[5]})
        print("listening", flush=True)
    else:
        connect(sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
