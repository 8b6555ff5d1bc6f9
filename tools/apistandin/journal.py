"""Keeps the objects on disk across restarts: one JSON line a write, compacted at each start."""

import json
import os


class Journal:
    def __init__(self, path):
        self._path = path
        self._file = None

    def read(self):
        """Yields (revision, plural, key, object or None); a last line that was cut off by a crash is left out."""
        if not os.path.exists(self._path):
            return
        with open(self._path, encoding="utf-8") as lines:
            for line in lines:
                try:
                    record = json.loads(line)
                except ValueError:
                    return
                yield record["revision"], record["resource"], tuple(record["key"]), record["object"]

    def rewrite(self, revision, objects):
        draft = self._path + ".new"
        self._file = open(draft, "w", encoding="utf-8")
        for plural, table in objects.items():
            for key, entry in table.items():
                self.append(revision, plural, key, entry.object)
        os.replace(draft, self._path)

    def append(self, revision, plural, key, stored):
        record = {"revision": revision, "resource": plural, "key": list(key), "object": stored}
        self._file.write(json.dumps(record, separators=(",", ":")) + "\n")
        self._file.flush()

    def close(self):
        if self._file:
            self._file.close()
