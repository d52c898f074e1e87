"""Files that are either whole or not there."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from woodshed.base.errors import DiskProblem

LONGEST_WORD = 150  # bytes: with suffixes and a number it is a file name everywhere

_NO_FILE_WORD = re.compile(r"[^\w.\- ]+")
_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM, errno.EFBIG}
_NO_PLACE = {errno.ENOENT, errno.ENAMETOOLONG}
_WRONG_KIND = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR}


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Lend a temporary path beside ``path``; on success it takes the final name, on any failure it goes.

    Raises
    ------
    DiskProblem
        If the disk is full, read-only or refuses, nothing can lie there, or a file stands where a folder is needed; the
        old file, if any, is untouched.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "a.txt"
    >>> with atomic_path(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    target = Path(path)
    with disk_errors_named(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".woodshed-", suffix=target.suffix, dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def disk_errors_named(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn a disk's refusal inside the block into a ``DiskProblem`` that names the file."""
    try:
        yield
    except OSError as error:
        if error.errno in _WRONG_KIND:
            cause = "a file stands where a folder is needed, or a folder where a file is"
            way_out = "choose another name"
        elif error.errno in _NO_PLACE:
            cause = "no folder or file can be made there, or the name is too long"
            way_out = "choose another folder or a shorter name"
        elif error.errno in _DISK_ERRORS:
            cause = "the disk is full, read-only or belongs to someone else"
            way_out = "free some space or choose another folder"
        else:
            raise
        raise DiskProblem(
            f"{printable(path)} could not be written ({os.strerror(error.errno or 0)})",
            cause=cause,
            way_out=f"{way_out}; nothing that stood there was changed",
        ) from error


def write_text_atomically(path: str | os.PathLike[str], text: str) -> None:
    """Write a UTF-8 text file whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a binary file whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def file_digest(path: str | os.PathLike[str]) -> str:
    """BLAKE2b of a file's bytes, 32 hex digits."""
    digest = hashlib.blake2b(digest_size=16)
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def printable(path: str | os.PathLike[str]) -> str:
    """A path that is safe to print: control characters and undecodable bytes are shown as escapes.

    Examples
    --------
    >>> printable("a\\nb.wav")
    'a\\\\nb.wav'
    """
    text = os.fspath(path)
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def file_word(text: str, *, longest: int = LONGEST_WORD) -> str:
    """A text as part of a file name that every system takes: no separators, no leading dots, few enough bytes.

    Examples
    --------
    >>> file_word("../hats/closed: 1"), file_word("??")
    ('_hats_closed_ 1', '_')
    """
    word = _NO_FILE_WORD.sub("_", text).strip(". ")
    return word.encode("utf-8", "ignore")[:longest].decode("utf-8", "ignore").rstrip(". ") or "sound"


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
