"""One watch: the events that a client has not seen yet, as lines of JSON, until it ends.

Faults act here: a watch can be told that its revision expired, be cut in the middle of a line, stall, repeat its
events or tell them in the wrong order.
"""

import json
import random
import time

from . import errors
from .lists import parse_revision


class Cut(Exception):
    """The connection is to be cut now."""


def check_initial_events(query, mode):
    """Whether the client gets a streaming list. `mode` says what this server makes of sendInitialEvents: "on",
    "refuse" as a server with the feature off, or "ignore" as one that is too old to know it."""
    asked = query.get("sendInitialEvents")
    if asked is None or mode == "ignore":
        return False
    reason = None
    if mode == "refuse":
        reason = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"
    elif query.get("resourceVersionMatch") != "NotOlderThan":
        reason = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
    if reason:
        cause = errors.forbidden("sendInitialEvents", reason)
        raise errors.ApiError(422, "Invalid", f'ListOptions.meta.k8s.io "" is invalid: {cause.field}: {cause.message}',
                              {"group": "meta.k8s.io", "kind": "ListOptions", "causes": [
                                  {"reason": cause.reason, "message": cause.message, "field": cause.field}]})
    return asked in ("1", "t", "T", "true", "True", "TRUE")


class Watch:
    """`encode` makes an entry into the text of an event's object."""

    def __init__(self, store, faults, request, selects, encode):
        self._store, self._faults, self._selects, self._encode = store, faults, selects, encode
        self._resource, self._version = request.resource, request.version
        query = request.query
        self._asked = parse_revision(query.get("resourceVersion"))
        self._initial_end = check_initial_events(query, faults.watch_list)
        self._bookmarks = request.flag("allowWatchBookmarks")
        seconds = request.number("timeoutSeconds") or random.randint(1800, 3600)
        self._deadline = time.monotonic() + seconds
        self._position = 0

    def frames(self, is_over):
        """Yields text to send. `is_over` is asked about once a second whether to end."""
        with self._store.lock:
            expirations, cuts, garbage = self._store.expirations, self._faults.cuts, self._faults.garbage_sent
            frames = self._start()
        yield "".join(frames)
        next_bookmark = time.monotonic() + self._faults.bookmark_interval
        while not is_over():
            with self._store.lock:
                try:
                    changes = self._wait(next_bookmark, expirations, cuts, garbage)
                except errors.ApiError as error:
                    changes, frames = [], [self._frame("ERROR", json.dumps(error.status()))]
                    self._deadline = 0
                else:
                    frames = self._frames_of(changes)
            if self._faults.cuts != cuts:
                yield '{"type":"MODIFIED","object":{"kind":"' + self._resource.kind + '","apiVers'
                raise Cut
            if self._faults.garbage_sent != garbage:
                garbage = self._faults.garbage_sent
                frames.append(self._faults.garbage + "\n")
            if self._bookmarks and time.monotonic() >= next_bookmark and self._deadline:
                frames.append(self._bookmark({}))
                next_bookmark = time.monotonic() + self._faults.bookmark_interval
            yield "".join(frames)
            if time.monotonic() >= self._deadline:
                return

    def _start(self):
        """The first frames; sets the position."""
        self._position = self._asked or self._store.revision
        if self._asked and not self._initial_end:
            self._store.changes_after(self._resource.plural, self._asked)  # Throws when that is too long ago.
            return []
        if self._asked > self._store.revision:
            raise errors.too_large(self._asked, self._store.revision)
        self._position = self._store.revision
        table = self._store.snapshot(self._resource.plural)
        frames = [self._frame("ADDED", self._encode(table[key])) for key in sorted(table)
                  if self._selects(table[key].object)]
        if self._initial_end and self._bookmarks:
            frames.append(self._bookmark({"annotations": {"k8s.io/initial-events-end": "true"}}))
        return frames

    def _wait(self, next_bookmark, expirations, cuts, garbage):
        """The changes since the position, or none when something else is to be done, at the latest after a second."""
        if self._store.expirations != expirations:
            raise errors.too_old(self._position, self._store.revision)
        if not self._pending():
            until = min(next_bookmark, self._deadline) if self._bookmarks else self._deadline
            if self._faults.cuts == cuts and self._faults.garbage_sent == garbage:
                self._store.lock.wait(max(0, min(1.0, until - time.monotonic())))
        if self._store.expirations != expirations:
            raise errors.too_old(self._position, self._store.revision)
        if self._faults.reorder_events and self._pending():
            self._store.lock.wait(0.05)  # For more of them to come.
        changes = self._pending()
        if not self._faults.stall_watches:
            self._position = max(self._position, self._store.revision)
        return changes

    def _pending(self):
        if self._faults.stall_watches or self._position > self._store.revision:
            return []
        return self._store.changes_after(self._resource.plural, self._position)

    def _frames_of(self, changes):
        frames = []
        for change in changes:
            before = change.old is not None and self._selects(change.old.object)
            after = change.new is not None and self._selects(change.new.object)
            if before or after:
                kind = "ADDED" if not before else "MODIFIED" if after else "DELETED"
                entry = change.new if after else change.last or change.new
                frames.append(self._frame(kind, self._encode(entry)))
        if self._faults.reorder_events:
            frames.reverse()
        return [frame for frame in frames for _ in range(2 if self._faults.duplicate_events else 1)]

    @staticmethod
    def _frame(kind, text):
        return f'{{"type":"{kind}","object":{text}}}\n'

    def _bookmark(self, extra):
        metadata = {"resourceVersion": str(self._position), "creationTimestamp": None} | extra
        return self._frame("BOOKMARK", json.dumps({
            "kind": self._resource.kind, "apiVersion": self._resource.api_version(self._version),
            "metadata": metadata}))
