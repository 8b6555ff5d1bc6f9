"""Answers as meta.k8s.io Tables, which is how kubectl asks for what it prints."""

import json
import re

from . import errors
from .columns import COLUMNS


def asked_for(accept):
    """What an Accept header wants: None for the objects themselves, else the version of Table ("v1", "v1beta1").
    Throws 406 when JSON is not among what it takes."""
    for media in (accept or "*/*").split(","):
        parts = [part.strip() for part in media.split(";")]
        parameters = dict(part.split("=", 1) for part in parts[1:] if "=" in part)
        if parts[0] not in ("application/json", "application/*", "*/*"):
            continue
        if parameters.get("as") == "Table" and parameters.get("g", "meta.k8s.io") == "meta.k8s.io":
            return parameters.get("v", "v1")
        if "as" not in parameters:
            return None
    raise errors.not_acceptable()


def table(resource, entries, metadata, version, include):
    """`include` is the query's includeObject: Metadata (default), Object or None."""
    names, wide, cells = COLUMNS[resource.kind]
    return {"kind": "Table", "apiVersion": f"meta.k8s.io/{version}", "metadata": metadata,
            "columnDefinitions": [_definition(name, i in wide) for i, name in enumerate(names.split())],
            "rows": [_row(resource, cells, entry.object, version, include) for entry in entries]}


def _definition(name, wide):
    numbers = {"Restarts": "integer"}
    return {"name": name.replace("_", " "), "type": numbers.get(name, "string"),
            "format": "name" if name == "Name" else "", "description": re.sub("[-_]", " ", name),
            "priority": 1 if wide else 0}


def _row(resource, cells, stored, version, include):
    try:
        shown = cells(stored)
    except (KeyError, TypeError, AttributeError):  # Only objects that were stored raw can be so.
        names = COLUMNS[resource.kind][0].split()
        shown = [stored["metadata"].get("name") if name == "Name" else "<invalid>" for name in names]
    row = {"cells": shown}
    if include == "Object":
        row["object"] = stored
    elif include != "None":
        row["object"] = {"kind": "PartialObjectMetadata", "apiVersion": f"meta.k8s.io/{version}",
                         "metadata": stored["metadata"]}
    return row


def encoder(resource, version, include):
    """Makes an entry of a watch into a Table of one row."""
    def encode(entry):
        metadata = {"resourceVersion": entry.object["metadata"].get("resourceVersion", "")}
        return json.dumps(table(resource, [entry], metadata, version, include))
    return encode
