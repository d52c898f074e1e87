"""Running a command as a whole process: its seconds and the most memory it held."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Ran:
    """How a command ended.

    ``processor_s`` is the processor time of the process and of the children it waited for; ``peak_gib`` counts both at
    the worst moment seen.
    """

    returncode: int
    seconds: float
    processor_s: float
    peak_gib: float
    output: str


def run_measured(words: list[str], *, log: Path) -> Ran:
    """Run a command of this Python, watching resident memory twenty times a second; output goes to ``log``."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    began = time.monotonic()
    with log.open("wb") as file:
        process = subprocess.Popen([sys.executable, *words], env=env, stdout=file, stderr=subprocess.STDOUT)
        watch = _Watch(process.pid)
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)  # its own account, whatever else runs beside it
        process.returncode = os.waitstatus_to_exitcode(status)
        watch.stop()
    seconds = time.monotonic() - began
    output = log.read_text(encoding="utf-8", errors="replace")
    return Ran(process.returncode, seconds, usage.ru_utime + usage.ru_stime, watch.peak / 2**30, output)


class _Watch(threading.Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak = 0
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.05):
            self.peak = max(self.peak, _resident(self.pid))

    def stop(self) -> None:
        self.done.set()
        self.join()


def _resident(pid: int) -> int:
    try:
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    total = 0
    for process in family:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total
