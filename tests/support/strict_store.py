"""A store in memory that holds generation preconditions as strictly as Cloud Storage does."""

import itertools
import threading

from leadwerk.errors import WriteConflict
from leadwerk.registry.store import ABSENT, Blob


class StrictStore:
    """Every write gets a new generation, also one of the same bytes; `before_write` is called outside the lock."""

    def __init__(self, before_write=lambda name: None):
        self.blobs = {}
        self.before_write = before_write
        self._lock = threading.Lock()
        self._generations = itertools.count(1)

    def read(self, name):
        return self.blobs.get(name)

    def write(self, name, data, *, generation=None, content_type=""):
        self.before_write(name)
        with self._lock:
            present = self.blobs.get(name)
            if generation is not None and generation != (present.generation if present else ABSENT):
                raise WriteConflict(f"{name} changed since it was read.")
            self.blobs[name] = Blob(data, next(self._generations))

    def names(self, prefix=""):
        return sorted(name for name in self.blobs if name.startswith(prefix))
