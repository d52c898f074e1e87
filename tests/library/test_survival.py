"""kill -9, two scans at once, older and foreign files."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import ROOT
from tests.library.sounds import fill
from woodshed.base.errors import LibraryError
from woodshed.library import Library, Purpose, store

ADD = """
import sys
from woodshed.library import Library, scan
scan.BATCH_FILES = 4
def tell(event):
    if event.kind == "progress" and event.stage == "reading sounds":
        print(int(event.done), flush=True)
Library(sys.argv[1]).add(sys.argv[2], mine=True, jobs=1, on_event=tell)
print("done", flush=True)
"""


def start_scan(workspace: Path, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ADD, str(workspace), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"},
    )


def test_kill_minus_nine_loses_nothing_that_was_reported(tmp_path: Path) -> None:
    folder = fill(tmp_path / "sounds", [f"hit {n}.wav" for n in range(60)], duration_s=0.1)
    workspace = tmp_path / "workspace"
    reported = 0
    for lines in (2, 3):
        scan = start_scan(workspace, folder)
        assert scan.stdout is not None
        for _ in range(lines):
            line = scan.stdout.readline().strip()
        scan.kill()
        scan.wait()
        scan.stdout.close()
        reported += int(line)
    library = Library(workspace)
    items = library.items()
    assert len(items) >= reported > 0
    decisions = library.ledger.decide([item.content_id for item in items], Purpose.GENERATIVE_TRAINING)
    assert all(decision.allowed for decision in decisions.values())  # an item and its grant land together
    library.ledger.verify()
    report = library.add(folder, mine=True)
    assert len(report.added) + len(items) == 60
    assert len(library.items()) == 60
    assert library.verify().whole


def test_two_scans_at_once_while_the_library_is_used(tmp_path: Path) -> None:
    folder = fill(tmp_path / "sounds", [f"hit {n}.wav" for n in range(40)], duration_s=0.1)
    library = Library(tmp_path / "workspace")
    scans = [start_scan(tmp_path / "workspace", folder) for _ in range(2)]
    counts = [0]
    while any(scan.poll() is None for scan in scans):
        counts.append(len(library.items()))
        time.sleep(0.02)
    ends = [scan.communicate()[0].split()[-1] for scan in scans]
    assert ends == ["done", "done"]
    assert [scan.returncode for scan in scans] == [0, 0]
    assert counts == sorted(counts)
    assert len(library.items()) == 40
    assert len(library.training_set("all", purpose=Purpose.GENERATIVE_TRAINING)) == 40
    library.ledger.verify()
    assert library.verify(deep=True).whole


def test_a_migration_brings_an_older_file_up_to_date(
    tmp_path: Path, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of this version is opened by a fabricated later Woodshed, whose migration must keep every row."""
    before = Library(tmp_path / "w")
    before.add(pack, mine=True)
    ids = [item.content_id for item in before.items()]

    def add_rating(connection: sa.Connection) -> None:
        connection.exec_driver_sql("ALTER TABLE item ADD COLUMN rating INTEGER NOT NULL DEFAULT 3")

    monkeypatch.setattr(store, "SCHEMA_VERSION", store.SCHEMA_VERSION + 1)
    monkeypatch.setitem(store.MIGRATIONS, store.SCHEMA_VERSION - 1, add_rating)
    after = Library(tmp_path / "w")
    assert [item.content_id for item in after.items()] == ids
    with store.reading(after.engine) as connection:
        assert connection.exec_driver_sql("SELECT DISTINCT rating FROM item").scalars().all() == [3]
        assert connection.exec_driver_sql("PRAGMA user_version").scalar() == store.SCHEMA_VERSION
    after.ledger.verify()
    assert len(after.training_set("all", purpose=Purpose.GENERATIVE_TRAINING)) == 4


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Library(tmp_path / "w").add(pack)
    version = store.SCHEMA_VERSION

    def fail_half_way(connection: sa.Connection) -> None:
        connection.exec_driver_sql("ALTER TABLE item ADD COLUMN rating INTEGER")
        raise RuntimeError("power cut")

    with monkeypatch.context() as later:
        later.setattr(store, "SCHEMA_VERSION", version + 1)
        later.setitem(store.MIGRATIONS, version, fail_half_way)
        with pytest.raises(RuntimeError, match="power cut"):
            Library(tmp_path / "w")
    again = Library(tmp_path / "w")
    assert len(again.items()) == 4
    with store.reading(again.engine) as connection:
        columns = [row[1] for row in connection.exec_driver_sql("PRAGMA table_info(item)")]
    assert "rating" not in columns


def test_the_first_version_still_opens(tmp_path: Path) -> None:
    """A dump of a library as version 1 wrote it; it must open in every later version."""
    dump = Path(__file__).parent / "fixtures" / "library_v1.sql"
    path = tmp_path / "library.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(dump.read_text())
    connection.close()
    library = Library(path)
    assert [(item.name, item.class_name, item.group) for item in library.items()] == [
        ("Kick 1.wav", "kick", "old/Roland"),
        ("Snare 1.wav", "snare", "old/Roland"),
    ]
    decisions = library.ledger.decide([item.content_id for item in library.items()], Purpose.GENERATIVE_TRAINING)
    assert [decision.owners for decision in decisions.values()] == [("Ada",), ("Ada",)]
    assert all(decision.allowed for decision in decisions.values())
    library.ledger.verify()


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    library = Library(tmp_path)
    with store.writing(library.engine) as connection:
        connection.exec_driver_sql("PRAGMA user_version=99")
    with pytest.raises(LibraryError, match=r"schema version 99.*newer Woodshed.*upgrade"):
        Library(tmp_path)


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to be looked at" * 40, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "library.sqlite").write_bytes(content)
    with pytest.raises(LibraryError, match=r"cannot be opened as a library.*restore it from a backup"):
        Library(tmp_path)
    assert (tmp_path / "library.sqlite").read_bytes() == content


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    with pytest.raises(LibraryError, match="another program"):
        Library(tmp_path)
