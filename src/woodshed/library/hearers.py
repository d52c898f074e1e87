"""Listen to many files at once in processes of their own: a decoder that crashes loses one file, not the scan.

Each process reads tasks from its standard input and answers line by line; a thread beside each feeds it. Few files
are listened to right here, since starting a process takes longer than reading them.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence

from woodshed.library.hearing import Heard, Task, heard_from_line, heard_to_line, task_from_line, task_to_line
from woodshed.library.hearing import hear as _hear

FEW_FILES = 64
FEW_BYTES = 200 << 20
_START = "from woodshed.library.hearers import answer_tasks; answer_tasks()"


def hear_all(tasks: Sequence[Task], *, jobs: int | None = None) -> Generator[Heard, None, None]:
    """Listen to files; answers come as they are ready.

    Parameters
    ----------
    tasks
        The files.
    jobs
        Processes; all cores unless given. 1 listens in this process.
    """
    wanted = jobs if jobs is not None else _cores()
    small = len(tasks) < FEW_FILES and sum(task.size_bytes for task in tasks) < FEW_BYTES
    if wanted <= 1 or (small and jobs is None) or len(tasks) < 2:
        for task in tasks:
            yield _hear(task)
        return
    yield from _hear_in_processes(tasks, min(wanted, len(tasks)))


def answer_tasks() -> None:
    """The life of a listening process: a task in, an answer out, until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the asker's business
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a decoder prints cannot spoil the answers
    for line in sys.stdin.buffer:
        answers.write(heard_to_line(_hear(task_from_line(line))))
        answers.flush()


def _hear_in_processes(tasks: Sequence[Task], jobs: int) -> Generator[Heard, None, None]:
    waiting: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
    answers: queue.Queue[Heard] = queue.Queue(maxsize=256)
    stop = threading.Event()
    for task in tasks:
        waiting.put(task)
    for _ in range(jobs):
        waiting.put(None)
    threads = [threading.Thread(target=_feed, args=(waiting, answers, stop), daemon=True) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    try:
        for _ in tasks:
            yield answers.get()
    finally:
        stop.set()
        for thread in threads:
            while thread.is_alive():
                with contextlib.suppress(queue.Empty):
                    answers.get_nowait()  # nobody waits for it any more; let the thread go
                thread.join(timeout=0.05)


def _feed(waiting: queue.SimpleQueue[Task | None], answers: queue.Queue[Heard], stop: threading.Event) -> None:
    process = _start()
    try:
        while not stop.is_set() and (task := waiting.get()) is not None:
            heard = _ask(process, task)
            if heard is None:
                _end(process)
                heard = Heard(
                    task.path, task.size_bytes, task.mtime_ns, reason="the decoder crashed on it", lasting=False
                )
                process = _start()
            answers.put(heard)
    finally:
        _end(process)


def _ask(process: subprocess.Popen[bytes], task: Task) -> Heard | None:
    """The answer, or None if the process died of the question."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(task_to_line(task))
        process.stdin.flush()
        line = process.stdout.readline()
    except OSError:
        return None
    return heard_from_line(line, task.path) if line.endswith(b"\n") else None


def _start() -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _START],  # -P: no module is taken from the folder one happens to be in
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            if pipe is not None:
                pipe.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
