"""Reads the few protobuf bodies that newer kubectl sends where older ones send JSON: `kubectl create namespace`,
`serviceaccount`, `configmap` and `secret`. After the generated.proto files of k8s.io/api and k8s.io/apimachinery."""

import base64

from .errors import bad_request, unsupported_media_type

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def _varint(data, at):
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at


def _fields(data):
    """Yields (number, value) of a message; values of fixed size are of no use here."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
        elif kind == _BYTES:
            size, at = _varint(data, at)
            value, at = data[at:at + size], at + size
        elif kind in (_FIXED64, _FIXED32):
            value, at = None, at + (8 if kind == _FIXED64 else 4)
        else:
            raise ValueError(f"wire type {kind}")
        yield tag >> 3, value


def _pairs(data, number, read=bytes.decode):
    """A map field: each entry is a message of key and value."""
    found = {}
    for field, entry in _fields(data):
        if field == number:
            pair = dict(_fields(entry))
            found[pair[1].decode()] = read(pair.get(2, b""))
    return found


def _text(data, number):
    return dict(_fields(data)).get(number, b"").decode()


def _base64(value):
    return base64.b64encode(value).decode()


_REST = {
    "Namespace": lambda raw: {}, "ServiceAccount": lambda raw: {},
    "ConfigMap": lambda raw: {"data": _pairs(raw, 2), "binaryData": _pairs(raw, 3, _base64)},
    "Secret": lambda raw: {"data": _pairs(raw, 2, _base64), "type": _text(raw, 3) or "Opaque"},
}


def decode(body):
    """The object of a protobuf body. Throws 415 for kinds that it cannot read."""
    try:
        if body[:4] != _MAGIC:
            raise ValueError("no magic number")
        unknown = dict(_fields(body[4:]))
        kind, raw = _text(unknown.get(1, b""), 2), unknown.get(2, b"")
        if kind not in _REST:
            raise unsupported_media_type()
        metadata = dict(_fields(raw)).get(1, b"")
        told = {"name": _text(metadata, 1), "generateName": _text(metadata, 2), "namespace": _text(metadata, 3),
                "labels": _pairs(metadata, 11), "annotations": _pairs(metadata, 12)}
        return {"kind": kind, "apiVersion": _text(unknown[1], 1), "metadata": {k: v for k, v in told.items() if v}} | {
            key: value for key, value in _REST[kind](raw).items() if value}
    except (ValueError, IndexError, KeyError, AttributeError, TypeError) as error:
        raise bad_request(f"invalid protobuf: {error}") from None
