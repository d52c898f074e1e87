"""Listen to one file once: content id, shape, fingerprint, or the reason why it gives no sound."""

# Paths are text here: whatever bytes the file system allows, kept as they are.
# ruff: noqa: PTH116

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from woodshed.base.errors import SoundError
from woodshed.base.files import file_digest, printable
from woodshed.library.fingerprint import LISTENED_S, fingerprint
from woodshed.sound import Sound, SoundInfo, probe_sound, read_sound, stream_sound

_log = logging.getLogger(__name__)

STREAM_ABOVE_BYTES = 64 << 20  # of decoded audio; longer sounds are never held whole
SHORTEST_S = 0.01  # a click of less has neither pitch nor course that could be learned
SILENT_PEAK = 1e-5  # -100 dB


@dataclass(frozen=True)
class Task:
    """A file to listen to. ``known`` maps file digests of vanished files of this size to their content ids."""

    path: str
    size_bytes: int
    mtime_ns: int
    known: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Heard:
    """What listening gave.

    Either ``reason`` says why there is no sound, or ``content_id`` names it; ``frames`` is 0 where the file was
    recognised by its bytes alone. ``lasting`` is False for a reason that may go away by itself (no permission).
    """

    path: str
    size_bytes: int
    mtime_ns: int
    content_id: str | None = None
    file_digest: str | None = None
    sample_rate_hz: int = 0
    channels: int = 0
    frames: int = 0
    vector: bytes = b""
    traces: bytes = b""
    reason: str | None = None
    detail: str = ""
    lasting: bool = True

    @property
    def decoded(self) -> bool:
        """Whether the audio was read."""
        return self.frames > 0


def hear(task: Task) -> Heard:
    """Listen to a file. Never raises for what a file may hold; the reason is in the answer."""
    try:
        digest = file_digest(task.path)
        if digest in task.known:
            return Heard(task.path, task.size_bytes, task.mtime_ns, content_id=task.known[digest], file_digest=digest)
        return _listen(task, digest)
    except SoundError as error:
        return _refused(task, _short(error.problem, task.path), detail=error.cause)
    except OSError as error:
        return _refused(task, "file cannot be opened", detail=os.strerror(error.errno or 0), lasting=False)
    except MemoryError:
        return _refused(task, "needs more memory than there is", lasting=False)
    except Exception as error:  # one strange file must not end a scan of thousands
        _log.exception("listening to %s failed", printable(task.path))
        return _refused(task, "could not be worked on", detail=f"{type(error).__name__}: {error}", lasting=False)


def _listen(task: Task, digest: str) -> Heard:
    info = probe_sound(task.path)
    if info.frames * info.channels * 4 > STREAM_ABOVE_BYTES:
        content_id, frames, peak, beginning = _listen_in_blocks(task.path, info)
    else:
        sound = read_sound(task.path)
        content_id, frames, peak, beginning = sound.content_id, sound.frames, sound.peak, sound
    state = os.stat(task.path)
    if (state.st_size, state.st_mtime_ns) != (task.size_bytes, task.mtime_ns):
        return _refused(task, "changed while it was read", lasting=False)
    if frames < SHORTEST_S * beginning.sample_rate_hz:
        return _refused(task, "shorter than 10 ms")
    if peak < SILENT_PEAK:
        return _refused(task, "silent (peak below -100 dB)")
    traces = fingerprint(beginning)
    return Heard(
        task.path,
        task.size_bytes,
        task.mtime_ns,
        content_id=content_id,
        file_digest=digest,
        sample_rate_hz=beginning.sample_rate_hz,
        channels=beginning.channels,
        frames=frames,
        vector=traces.vector_bytes(),
        traces=traces.traces_bytes(),
    )


def _listen_in_blocks(path: str, info: SoundInfo) -> tuple[str, int, float, Sound]:
    """Content id, frames, peak and beginning of a sound that is too long to hold.

    The id is that of :attr:`Sound.content_id`, which runs channel by channel; so the file is decoded once per channel.
    """
    frames = info.frames
    for _ in range(2):  # a header that promises another length is corrected once
        digest = hashlib.blake2b(digest_size=16)
        digest.update(f"{info.channels}x{frames}@{info.sample_rate_hz}".encode())
        count, peak, beginning = _add_channel(digest, path, 0)
        if count == frames:
            for channel in range(1, info.channels):
                _add_channel(digest, path, channel)
            return digest.hexdigest(), frames, peak, beginning
        frames = count
    raise OSError("the length changes from one reading to the next")


def _add_channel(digest: hashlib.blake2b, path: str, channel: int) -> tuple[int, float, Sound]:
    """Feed one channel of a file to the digest; gives frames, peak of all channels, and the beginning."""
    frames, peak = 0, 0.0
    beginning: list[Sound] = []
    for block in stream_sound(path):
        if channel == 0:
            peak = max(peak, block.peak)
            if frames < LISTENED_S * block.sample_rate_hz:
                beginning.append(block)
        digest.update(np.ascontiguousarray(block.data[channel].astype("<f4", copy=False)).data)
        frames += block.frames
    if not beginning:
        return frames, peak, Sound(np.zeros(0, np.float32), 1)
    whole = np.concatenate([block.data for block in beginning], axis=1)
    return frames, peak, Sound(whole, beginning[0].sample_rate_hz)


def _refused(task: Task, reason: str, *, detail: str = "", lasting: bool = True) -> Heard:
    return Heard(task.path, task.size_bytes, task.mtime_ns, reason=reason, detail=detail, lasting=lasting)


def _short(problem: str, path: str) -> str:
    """An error's problem without the file's name, so that files of one problem can be counted together."""
    return problem.replace(printable(path), "").strip().removeprefix("is ").strip() or problem


# over the pipe to another process


def task_to_line(task: Task) -> bytes:
    """A task as one line of JSON; the path as hex, since it may hold any byte."""
    words = {"path": os.fsencode(task.path).hex(), "size": task.size_bytes, "mtime": task.mtime_ns}
    return json.dumps({**words, "known": dict(task.known)}).encode() + b"\n"


def task_from_line(line: bytes) -> Task:
    """Read a task back."""
    words = json.loads(line)
    return Task(os.fsdecode(bytes.fromhex(words["path"])), words["size"], words["mtime"], words["known"])


def heard_to_line(heard: Heard) -> bytes:
    """An answer as one line of JSON, without the path (the asker knows it)."""
    blocks = {name: base64.b64encode(block).decode() for name, block in _blocks(heard).items()}
    return json.dumps({**asdict(replace(heard, path="", vector=b"", traces=b"")), **blocks}).encode() + b"\n"


def _blocks(heard: Heard) -> dict[str, bytes]:
    return {"vector": heard.vector, "traces": heard.traces}


def heard_from_line(line: bytes, path: str) -> Heard:
    """Read an answer back."""
    words = json.loads(line)
    blocks = {name: base64.b64decode(words[name]) for name in ("vector", "traces")}
    return Heard(**{**words, **blocks, "path": path})
