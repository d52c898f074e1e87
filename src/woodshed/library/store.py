"""One SQLite file for catalogue and ledger: engine, tables' home, schema version and migrations."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import sqlalchemy as sa

from woodshed.base.errors import LibraryError
from woodshed.base.files import disk_errors_named, printable

SCHEMA_VERSION = 1
METADATA = sa.MetaData()
