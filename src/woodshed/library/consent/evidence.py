"""Documents that back the ledger: copied whole into one folder under their digest, and referenced by it."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from woodshed.base.errors import LedgerDamaged, UsageError
from woodshed.base.files import atomic_path, file_digest, printable, write_bytes_atomically

Documents = str | Path | Sequence[str | Path]  # paths of files to be filed, or digests of filed ones
_DIGEST = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class EvidenceFolder:
    """A folder of files named ``<digest><suffix>``."""

    folder: Path

    def file(self, evidence: str | Path) -> str:
        """Copy a document in, or find one that lies there, and return its digest (32 hex digits).

        Raises
        ------
        UsageError
            If there is no such file.
        """
        if isinstance(evidence, str) and _DIGEST.fullmatch(evidence) and self.find(evidence) is not None:
            return evidence
        source = Path(evidence)
        if not source.is_file():
            raise UsageError(
                f"There is no evidence file {printable(source)}",
                cause="it was moved, or the name has a slip",
                way_out="give the path of the document (PDF, photo, mail, text)",
            )
        digest = file_digest(source)
        if self.find(digest) is None:
            with atomic_path(self.folder / f"{digest}{source.suffix.lower()}") as temporary:
                shutil.copyfile(source, temporary)
                digest_of_copy = file_digest(temporary)
            if digest_of_copy != digest:
                return self.file(source)
        return digest

    def file_all(self, evidence: Documents | None) -> tuple[str, ...]:
        """File one document, several or none; the digests, each once."""
        if evidence is None:
            return ()
        documents = [evidence] if isinstance(evidence, str | Path) else evidence
        return tuple(dict.fromkeys(self.file(document) for document in documents))

    def file_text(self, text: str, *, suffix: str) -> str:
        """File a text that was made here and return its digest."""
        content = text.encode("utf-8", "backslashreplace")
        digest = hashlib.blake2b(content, digest_size=16).hexdigest()
        if self.find(digest) is None:
            write_bytes_atomically(self.folder / f"{digest}{suffix}", content)
        return digest

    def find(self, digest: str) -> Path | None:
        """Where the document with this digest lies, or None."""
        return next((path for path in sorted(self.folder.glob(f"{digest}*")) if path.stem == digest), None)

    def check(self, digest: str) -> bool:
        """True where the document is here and unchanged, False where it is not here.

        Raises
        ------
        LedgerDamaged
            If it lies there with another content.
        """
        path = self.find(digest)
        if path is None:
            return False
        if file_digest(path) != digest:
            raise LedgerDamaged(
                f"The evidence {printable(path)} is not the document that was filed",
                cause="the file was changed after it was filed",
                way_out="put the original back under the same name",
            )
        return True
