"""Opening a page of this machine in the person's browser, where there is one."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path


def open_page(page: Path) -> bool:
    """Open a local page; does nothing without a screen. True if a browser took it."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        return webbrowser.open(page.absolute().as_uri())
    except webbrowser.Error:
        return False
