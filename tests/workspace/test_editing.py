"""Morph, inpaint, extend, combine and blends of many as a person asks for them, in a workspace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from woodshed.artifacts import read_receipt
from woodshed.artifacts.delivery import Order, Product, deliver
from woodshed.base.errors import HandshakeError, RateMismatch, UsageError
from woodshed.roles import Made
from woodshed.sound import Sound, read_sound, write_sound
from woodshed.tasks.extend import laid_out
from woodshed.tasks.morph import SHEET_FILE, corner_weights
from woodshed.workspace import Workspace


def hits(workspace: Workspace, *classes: str) -> list[str]:
    return [workspace.library.items(f"class:{name}")[0].path for name in classes]


def same(one: Sound, other: Sound, *, frames: int) -> bool:
    """To what 24 bits can tell."""
    size = (max(one.channels, other.channels), frames)
    pair = (np.broadcast_to(sound.data[:, :frames], size) for sound in (one, other))
    return bool(np.allclose(*pair, atol=2e-7))


def test_receipts_name_the_sound_that_a_further_take_is_of(trained: Workspace, tmp_path: Path) -> None:
    loaded = trained.models.load("hits")
    known, like = loaded.card.sources[3:5]
    sound = Sound(np.sin(np.arange(4410, dtype=np.float32))[None] * 0.1, 44100)
    made = [Made(sound), Made(sound, take_of=known.content_id[:15], take_towards=like.content_id[:15])]
    made.append(Made(sound, take_of="0" * 15, take_towards=like.content_id[:15]))
    products = [Product(one, seed=number, number=number) for number, one in enumerate(made)]
    given = deliver(products, Order(task="generate", folder=tmp_path), loaded=loaded, bench=trained.bench)
    receipts = [read_receipt(one.path) for one in given]
    new, take, strange = (receipt.take_of for receipt in receipts)
    assert new is strange is None  # of a sound that its card does not name nothing is known
    assert [receipt.take_towards and receipt.take_towards.name for receipt in receipts] == [None, like.name, None]
    assert take
    assert (take.content_id, take.name, take.owner) == (known.content_id, known.name, known.owner)
    assert "Kit maker" in take.owner


def test_morph_lays_a_grid_with_its_corners_and_a_picture(trained: Workspace, tmp_path: Path) -> None:
    corners = hits(trained, "kick", "snare", "tom", "clap")
    made = trained.make("morph", "hits", *corners, folder=tmp_path, rows=2, columns=3)
    stem = Path(corners[0]).stem
    assert [one.path.name for one in made] == [f"{stem}_morph_r0{r}c0{c}.wav" for r in (1, 2) for c in (1, 2, 3)]
    for number, corner in zip((0, 2, 3, 5), corners, strict=True):
        sound = read_sound(corner)
        assert same(made[number].sound, sound, frames=sound.frames)
    assert (tmp_path / SHEET_FILE).read_bytes()[1:4] == b"PNG"
    assert (made[4].receipt.knobs["row"], made[4].receipt.knobs["column"]) == (2, 2)
    assert len(made[4].receipt.inputs) == 4


def test_two_corners_make_one_row_and_three_meet_below(trained: Workspace, tmp_path: Path) -> None:
    assert len(trained.make("morph", "hits", *hits(trained, "kick", "snare"), folder=tmp_path, columns=3)) == 3
    assert corner_weights(3, across=1.0, down=0.0) == (0.0, 1.0, 0.0)
    for corners in (2, 3, 4):
        for across in (0.0, 0.3, 1.0):
            assert sum(corner_weights(corners, across=across, down=0.7)) == pytest.approx(1.0)


def test_each_half_of_a_row_moves_away_from_its_own_end(trained: Workspace, tmp_path: Path) -> None:
    made = trained.make("morph", "hits", *hits(trained, "kick", "snare"), folder=tmp_path, columns=5)
    shapes = [band_shape(one.sound) for one in made]
    left, right = ([float(np.linalg.norm(shape - shapes[end])) for shape in shapes] for end in (0, -1))
    assert left[0] < left[1] < left[2]
    assert right[-1] < right[-2] < right[-3]


def test_blend_goes_past_every_sound_or_stops_at_weights(trained: Workspace, tmp_path: Path) -> None:
    sounds = hits(trained, "kick", "snare", "clap")
    way = trained.blend("hits", *sounds, folder=tmp_path / "way", steps_between=5)
    snare = read_sound(sounds[1])
    assert same(way[2].sound, snare, frames=snare.frames)
    [one] = trained.blend("hits", *sounds, folder=tmp_path / "one", weights="1:2:1", fine="2")
    assert one.receipt.knobs["weights"] == "1:2:1"
    with pytest.raises(UsageError, match="does not fit 3 sounds"):
        trained.blend("hits", *sounds, folder=tmp_path / "no", weights="1:2")
    with pytest.raises(UsageError, match="fine 'kick' does not fit"):
        trained.blend("hits", *sounds, folder=tmp_path / "no", fine="kick")
    assert not (tmp_path / "no").exists()


def test_inpaint_keeps_all_but_its_regions(trained: Workspace, tmp_path: Path) -> None:
    [path] = hits(trained, "snare")
    source = read_sound(path)
    made = trained.make("inpaint", "hits", path, folder=tmp_path, regions="0.02:0.05", count=2, seed=5)
    assert [one.path.name for one in made] == [f"{Path(path).stem}_inpaint_00{n}_seed{n + 4}.wav" for n in (1, 2)]
    start, stop = (round(s * source.sample_rate_hz) for s in (0.02, 0.05))
    for one in made:
        assert one.sound.data.shape == source.data.shape
        assert np.allclose(one.sound.data[:, :start], source.data[:, :start], atol=2e-7)
        assert np.allclose(one.sound.data[:, stop:], source.data[:, stop:], atol=2e-7)
        assert not np.allclose(one.sound.data[:, start:stop], source.data[:, start:stop], atol=1e-3)
    for regions in ("0.5", "9:10", "0.2:0.1", "a:b", ""):
        with pytest.raises(UsageError, match="region"):
            trained.make("inpaint", "hits", path, folder=tmp_path, regions=regions)


def test_extend_keeps_the_sound_and_goes_on_from_it(trained: Workspace, tmp_path: Path) -> None:
    [path] = hits(trained, "kick")
    source = read_sound(path)
    [made] = trained.make("extend", "hits", path, folder=tmp_path, longer=0.2, side="both")
    room = round(0.2 * source.sample_rate_hz)
    assert made.sound.frames == source.frames + 2 * room
    assert np.allclose(made.sound.data[:, room:-room], source.data, atol=2e-7)
    [tail] = trained.make("extend", "hits", path, folder=tmp_path, longer=0.2, keep=0.05)
    kept = round(0.05 * source.sample_rate_hz)
    assert tail.sound.frames == kept + room
    before, after = (rms(tail.sound.data[:, kept + d - 220 : kept + d + 220]) for d in (-220, 220))
    assert 0.25 < after / before < 2.0, "it goes on at the level it had"
    with pytest.raises(UsageError, match="silent"):
        laid_out(Sound(np.pad(np.ones(100), (100, 0)), 1000), longer_s=0.1, side="tail", keep_s=0.05)


def test_combine_adds_up_what_is_asked(trained: Workspace, tmp_path: Path) -> None:
    sounds = hits(trained, "kick", "snare", "tom")
    [made] = trained.make("combine", "hits", *sounds, folder=tmp_path, fine=3)
    assert made.receipt.knobs["weights"] == "1:-1:1"
    assert made.sound.peak > 0.01
    with pytest.raises(UsageError, match="How 2 sounds add up"):
        trained.make("combine", "hits", *sounds[:2], folder=tmp_path)


@pytest.mark.parametrize("verb", ["blend", "morph", "inpaint", "extend", "combine"])
def test_rate_and_number_of_sounds_are_asked_for(trained: Workspace, tmp_path: Path, verb: str) -> None:
    slow = write_sound(tmp_path / "slow.wav", Sound(np.sin(np.arange(9000) * 0.1).astype(np.float32) * 0.5, 22050))
    given = [slow] * (1 if verb in ("inpaint", "extend") else 3)
    with pytest.raises(RateMismatch, match="22050 Hz where 44100 Hz"):
        trained.make(verb, "hits", *given, folder=tmp_path / "out")
    fewest = {"rows": 2, "columns": 2} if verb == "morph" else {"steps_between": 2} if verb == "blend" else {}
    assert trained.make(verb, "hits", *given, folder=tmp_path / "well", resample=True, **fewest)
    with pytest.raises(HandshakeError, match="was given 0 sounds"):
        trained.make(verb, "hits", folder=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("verb", ["blend", "morph", "inpaint", "extend", "combine"])
def test_surround_is_refused_by_name(trained: Workspace, tmp_path: Path, verb: str) -> None:
    data = np.random.default_rng(0).normal(size=(7, 9000)).astype(np.float32) * 0.1
    wide = write_sound(tmp_path / "wide.wav", Sound(data, 44100))
    given = [wide] * (1 if verb in ("inpaint", "extend") else 3)
    with pytest.raises(UsageError, match=rf"wide.wav has 7 channels.*{verb} works on one or two"):
        trained.make(verb, "hits", *given, folder=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_every_channel_of_surround_is_varied_as_it_is(trained: Workspace, tmp_path: Path) -> None:
    levels = np.array([1.0, 0.5, 0.25, 0.1, 0.8, 0.3, 0.6])[:, None]
    data = np.random.default_rng(0).normal(size=(7, 9000)) * 0.1 * levels * np.exp(-np.arange(9000) / 2000)
    wide = write_sound(tmp_path / "wide.wav", Sound(data.astype(np.float32), 44100))
    [made] = trained.make("vary", "hits", wide, folder=tmp_path / "out", amount=0.3)
    heard = np.sqrt(np.square(made.sound.data).mean(axis=1))
    assert made.sound.channels == 7
    assert np.allclose(heard / heard.max(), levels[:, 0], atol=0.1)


def test_the_page_has_a_section_for_each() -> None:
    page = (ROOT / "docs" / "editing.md").read_text(encoding="utf-8")
    for name in ("Vary", "Blend", "Morph", "Inpaint", "Extend", "Combine"):
        assert f"## {name}\n" in page


def band_shape(sound: Sound) -> np.ndarray:
    """Mean level in 24 bands over 20 moments, dB down to -60."""
    mono = np.pad(sound.mono().data[0], (0, 20 * 512))[: 20 * 512].reshape(20, 512)
    power = np.abs(np.fft.rfft(mono * np.hanning(512), axis=1)[:, :240]) ** 2
    return 10 * np.log10(power.reshape(20, 24, 10).mean(-1) + 1e-3)


def rms(data: np.ndarray) -> float:
    return float(np.sqrt(np.mean(data**2)))
