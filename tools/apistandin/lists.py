"""Lists: whole or in pages, of now or of a revision that is still known."""

import base64
import json

from . import errors
from .requests import number_of


def _continue_token(revision, key):
    return base64.urlsafe_b64encode(json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": key}).encode()).decode()


def _parse_token(token):
    try:
        parts = json.loads(base64.urlsafe_b64decode(token))
        return int(parts["rv"]), tuple(parts["start"])
    except (ValueError, KeyError, TypeError):
        raise errors.bad_request("invalid continue token: continue key is not valid") from None


def parse_revision(text):
    """A resourceVersion of a query as a number; 0 when it is absent or "0"."""
    if text and not text.isdigit():
        raise errors.bad_request(f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}":'
                                 " invalid syntax")
    return int(text or 0)


def select(store, plural, query, selects):
    """Returns (list metadata, entries) under the store's lock, which the caller holds."""
    limit, token = number_of(query, "limit"), query.get("continue")
    start = None
    if token:
        revision, start = _parse_token(token)
        table, revision = _continued(store, plural, revision, start)
    else:
        table, revision = _of_revision(store, plural, query)
    keys = sorted(key for key in table if (start is None or key > start) and selects(table[key].object))
    metadata = {"resourceVersion": str(revision)}
    if limit and len(keys) > limit:
        metadata["continue"] = _continue_token(revision, keys[limit - 1])
        if not query.get("labelSelector") and not query.get("fieldSelector"):
            metadata["remainingItemCount"] = len(keys) - limit
        keys = keys[:limit]
    return metadata, [table[key] for key in keys]


def _of_revision(store, plural, query):
    revision = parse_revision(query.get("resourceVersion"))
    if revision > store.revision:
        raise errors.too_large(revision, store.revision)
    if revision and query.get("resourceVersionMatch") == "Exact":
        return store.snapshot(plural, revision), revision
    return store.snapshot(plural), store.revision


def _continued(store, plural, revision, start):
    if revision < 0:  # The inconsistent token of an expired list.
        return store.snapshot(plural), store.revision
    try:
        return store.snapshot(plural, revision), revision
    except errors.ApiError as error:
        if error.code != 410:
            raise
        raise errors.expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list"
            " without the continue parameter, or use the continue token in this response to retrieve the remainder of"
            " the results.", {"continue": _continue_token(-1, start)}) from None
