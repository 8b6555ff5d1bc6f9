"""The objects, their revisions and the recent changes, behind one lock.

Stored objects are never changed in place: a write stores a new one, so a reader may keep what it got. Revisions count
all writes of all resources, as etcd's do. Each resource keeps its last `history` changes; older revisions are
"compacted": a watch or a paged list from before them gets 410.
"""

import json
import threading
import time
from collections import deque
from dataclasses import dataclass

from . import errors
from .resources import BY_PLURAL


class Entry:
    """One version of one object. Its text is made when first asked for and kept."""
    __slots__ = ("object", "_text")

    def __init__(self, stored):
        self.object = stored
        self._text = None

    def item_text(self):
        """The JSON text without kind and apiVersion, as items of a list have it."""
        if self._text is None:
            bare = {key: value for key, value in self.object.items() if key not in ("kind", "apiVersion")}
            self._text = json.dumps(bare, separators=(",", ":"))
        return self._text


@dataclass(frozen=True)
class Change:
    """old is None for a creation, new is None for a deletion; `last` is the object as its deletion is told."""
    revision: int
    key: tuple
    old: Entry | None
    new: Entry | None
    last: Entry | None = None


class Store:
    """Every method expects the caller to hold `lock`, which also wakes waiting watches."""

    def __init__(self, history=10000, journal=None):
        self.lock = threading.Condition(threading.RLock())
        self.objects = {plural: {} for plural in BY_PLURAL}
        self.observers = []  # Called with (plural, old object or None, new object or None) within the lock.
        self.expirations = 0  # How often the history was dropped on purpose; ends watches that run.
        self._history_max = history
        self._journal = journal
        last = self._load(journal) if journal else None
        # From the clock, so that also a server that starts empty repeats no revision of the one before it.
        self.revision = max(int(time.time() * 1000), (last or 0) + 1)
        self._compacted = {plural: last or self.revision for plural in BY_PLURAL}
        self._changes = {plural: deque() for plural in BY_PLURAL}

    def _load(self, journal):
        """Fills the objects from disk and returns the revision of the last write, None when there was none."""
        last = None
        for last, plural, key, stored in journal.read():
            if stored is None:
                self.objects[plural].pop(key, None)
            else:
                self.objects[plural][key] = Entry(stored)
        journal.rewrite(last, self.objects)
        return last

    def get(self, plural, key):
        entry = self.objects[plural].get(key)
        return entry.object if entry else None

    def all(self, plural):
        return [entry.object for entry in self.objects[plural].values()]

    def commit(self, plural, key, new, last_state=None):
        """Stores `new` (None deletes) under the next revision, which it writes into the object; returns the object.
        `last_state` is what a deletion tells as the object's last state, by default the object as it was."""
        self.revision += 1
        table = self.objects[plural]
        old = table.get(key)
        last = None
        if new is None:
            state = last_state or old.object
            last = Entry(state | {"metadata": state["metadata"] | {"resourceVersion": str(self.revision)}})
            del table[key]
        else:
            new["metadata"]["resourceVersion"] = str(self.revision)
            table[key] = Entry(new)
        self._remember(plural, Change(self.revision, key, old, table.get(key), last))
        if self._journal:
            self._journal.append(self.revision, plural, key, new)
        for observer in self.observers:
            observer(plural, old.object if old else None, new)
        self.lock.notify_all()
        return new if new is not None else last.object

    def _remember(self, plural, change):
        changes = self._changes[plural]
        changes.append(change)
        if len(changes) > self._history_max:
            self._compacted[plural] = changes.popleft().revision

    def changes_after(self, plural, revision):
        """The changes since `revision`, oldest first. Throws 410 where they are not all known any more."""
        if revision < self._compacted[plural]:
            raise errors.too_old(revision, self._compacted[plural])
        found = []
        for change in reversed(self._changes[plural]):
            if change.revision <= revision:
                break
            found.append(change)
        return found[::-1]

    def snapshot(self, plural, revision=None):
        """Key to entry, as it was at `revision` (now when None). Throws 410 and 504 like a list does."""
        table = self.objects[plural]
        if revision is None or revision == self.revision:
            return table
        if revision > self.revision:
            raise errors.too_large(revision, self.revision)
        table = dict(table)
        for change in reversed(self.changes_after(plural, revision)):
            if change.old is None:
                table.pop(change.key, None)
            else:
                table[change.key] = change.old
        return table

    def expire(self):
        """Forgets all history and ends every watch that runs."""
        self.revision += 1
        for plural in self._changes:
            self._changes[plural].clear()
            self._compacted[plural] = self.revision
        self.expirations += 1
        self.lock.notify_all()
