"""Memory is the database: live objects per kind, one revision for all of them, and the recent changes of each kind.

Reads never touch the disk. A `Journal` (none, or SQLite) makes writes durable: they are shown to watchers and
acknowledged after it has taken them. `Store.fork` gives a rehearsal its own copy in microseconds per kind.
"""

from argosy.cluster.store.entry import Change, Entry
from argosy.cluster.store.journal import Journal, NoJournal
from argosy.cluster.store.store import Expired, Store, TooLarge
from argosy.cluster.store.table import Table

__all__ = ["Change", "Entry", "Expired", "Journal", "NoJournal", "Store", "Table", "TooLarge"]
