"""What file and folder names say of a sound: its class, in the words producers use.

A name is cut into words at punctuation, digits and CamelCase. The file's name is asked first, then the folders from
the nearest outwards. Whole words beat drum-machine codes (BD, SD, HH...), which beat words that say little (perc, fx);
a word that says little yields to a folder that says more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache


# class -> phrases; each phrase is one or more words in a row, singular
def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_WORDS: Mapping[str, str] = {
    "kick": "kick, kik, kck, kickdrum, kick drum, bassdrum, bass drum, bdrum, kdrum, gabber, gabba",
    "snare": "snare, snr, snaredrum, snare drum, brush snare",
    "rim": "rim, rimshot, rim shot, sidestick, side stick, crossstick, cross stick, snare rim, rim click",
    "clap": "clap, handclap, hand clap, clp, clapping",
    "snap": "snap, fingersnap, finger snap, finger click",
    "tom": "tom, floor tom, rack tom, tomtom, floortom, racktom, tom tom",
    "hat": "hat, hihat, hi hat, hh, hihats, highhat, high hat, hht",
    "hat-closed": "closedhat, hatclosed, closedhihat, clhat, chh, hhc",
    "hat-open": "openhat, hatopen, openhihat, ophat, ohh, hho",
    "hat-pedal": "pedalhat, hatpedal, foothat, phh",
    "cymbal": "cymbal, cym, cymb, gong",
    "cymbal-crash": "crash, crash cymbal, cymbal crash",
    "cymbal-ride": "ride, ride cymbal, cymbal ride, ride bell, ridebell",
    "cymbal-china": "china, china cymbal, cymbal china",
    "cymbal-splash": "splash, splash cymbal, cymbal splash",
    "shaker": "shaker, shake, shkr, maraca, cabasa, caxixi, ganza",
    "tambourine": "tambourine, tamb, tambo, tamborine, pandeiro",
    "cowbell": "cowbell, cow bell, agogo",
    "triangle": "triangle",
    "clave": "clave, woodblock, wood block, templeblock",
    "conga": "conga, quinto, tumba",
    "bongo": "bongo",
    "tabla": "tabla",
    "timbale": "timbale",
    "djembe": "djembe",
    "cajon": "cajon",
    "bass": "bass, sub, subbass, sub bass, 808bass, bassline, reese, synth bass, bass guitar",
    "pluck": "pluck, plucked",
    "pad": "pad, synth pad, atmos, atmosphere",
    "lead": "lead, synth lead",
    "piano": "piano, grand piano",
    "electric-piano": "rhodes, wurli, wurlitzer, epiano, electric piano, clavinet",
    "organ": "organ",
    "guitar": "guitar, gtr",
    "strings": "string, violin, viola, cello",
    "brass": "brass, trumpet, trombone, tuba, french horn",
    "flute": "flute",
    "saxophone": "sax, saxophone",
    "mallet": "mallet, marimba, vibraphone, xylophone, glockenspiel, kalimba",
    "vocal": "vocal, vox, voice, acapella, acappella, choir, adlib, vocals",
    "chord": "chord, stab",
    "riser": "riser, uplifter, sweep up, build up, buildup",
    "impact": "impact, boom, downlifter",
}
# codes of drum machines and hit lists: where they stand first, or in capitals among small letters; see _PLAIN_CODES
_CODES: Mapping[str, str] = {
    "kick": "bd, kd, kk",
    "snare": "sd, sn",
    "rim": "rs, rm, ss",
    "clap": "cp, hc",
    "hat-closed": "ch, hh, hc",
    "hat-open": "oh, ho",
    "hat-pedal": "ph",
    "tom": "lt, mt, ht, ft, lotom, midtom, hitom",
    "cowbell": "cb",
    "cymbal": "cy",
    "cymbal-crash": "cr",
    "cymbal-ride": "rd",
    "shaker": "sh, ma, mc",
    "clave": "cl",
    "conga": "lc, mc, hc",
    "tambourine": "tm",
}
# codes that mean hardly anything else: in a file's name also as the last word behind a pack's, as in uzu_bd-12
_PLAIN_CODES = frozenset(_listed("bd kd sd hh lt mt cb cy"))
_VAGUE: Mapping[str, str] = {
    "perc": "perc, percussion, percussive, prc, hand drum, frame drum",
    "fx": "fx, sfx, effect, noise, glitch, zap, vinyl, foley",
    "synth": "synth, synthesizer, syn, arp",
    "drums": "drum, drumloop, break, breakbeat, beat, groove, drum loop, top loop",
}
_HAT_STATES = {"open": "hat-open", "opened": "hat-open", "op": "hat-open", "pedal": "hat-pedal", "foot": "hat-pedal"}

# a word that ends in one of these ("frankensnare", "pinkysnap") means it too
_ENDINGS = _listed("kick snare clap snap crash shaker conga bongo tabla cowbell hihat rimshot tambourine")

# folders that say how a collection is sorted, not which kit it is
_SORTING = frozenset(
    _listed(
        "one shot oneshot hit loop sample sound audio wav flac mp3 aif aiff ogg drum machine library "
        "multi single misc other various all new old stem note instrument melodic analog digital "
        "acoustic electronic dry wet clean dirty processed raw mono stereo low mid high soft hard long short "
        "closed open the my and of"
    )
)

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")


@dataclass(frozen=True)
class Word:
    """A word of a name: lower case and singular in ``text``, as written in ``written``."""

    text: str
    written: str


@dataclass(frozen=True)
class ClassGuess:
    """A class, the words that gave it away, and the strength 3 (a word), 2 (a code) or 1 (a vague word)."""

    class_name: str
    because: str
    strength: int


def words_of(name: str) -> list[Word]:
    """Cut a name into words.

    Examples
    --------
    >>> [word.text for word in words_of("OpenHats_808-03")]
    ['open', 'hat', '808', '03']
    """
    return [Word(_singular(found.group().lower()), found.group()) for found in _WORD.finditer(name)]


def guess_class(parts: Sequence[str], *, vocabulary: Iterable[str] = ()) -> ClassGuess | None:
    """Guess a class from a file's name and the folders above it.

    Parameters
    ----------
    parts
        Folder names from the outermost to the nearest, then the file's name, with or without its ending.
    vocabulary
        Class names already in use here (from manifests or by hand); they are understood too.

    Examples
    --------
    >>> guess_class(["Drums", "Hats", "Kick_808_03.wav"]).class_name
    'kick'
    >>> guess_class(["TR-707", "OH 2.wav"]).class_name
    'hat-open'
    """
    own = tuple(sorted(vocabulary))
    vague: ClassGuess | None = None
    for index, part in enumerate(reversed(parts)):
        stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", part) if index == 0 else part
        found = _guess_from_name(stem, own, is_file=index == 0)
        if found is not None and found.strength > 1:
            return found
        vague = vague or found
    return vague


def says_how_sorted(folder: str) -> bool:
    """Whether a folder's name only says what kind of sounds lie in it (``Kicks``, ``One Shots``), not which kit.

    Examples
    --------
    >>> says_how_sorted("Kick Drums"), says_how_sorted("Muldjord Kit")
    (True, False)
    """
    class_words = _single_words()
    return all(w.text in class_words or w.text in _SORTING or w.text.isdigit() for w in words_of(folder))


def _guess_from_name(name: str, vocabulary: tuple[str, ...], *, is_file: bool) -> ClassGuess | None:
    words = words_of(name)
    texts = [word.text for word in words]
    found = _best_phrase(texts, _own_phrases(vocabulary), 3) or _best_phrase(texts, _phrases("words"), 3)
    found = found or _code(words) or _ending(texts) or _best_phrase(texts, _phrases("vague"), 1)
    found = found or (_code_behind(words) if is_file else None)
    if found is not None and found.class_name in ("hat", "hat-closed"):
        state = next((_HAT_STATES[text] for text in texts if text in _HAT_STATES), "hat-closed")
        return ClassGuess(state, found.because, found.strength)
    return found


def _best_phrase(texts: Sequence[str], phrases: Mapping[tuple[str, ...], str], strength: int) -> ClassGuess | None:
    """The longest phrase; of several of one length, the first in the name."""
    best: tuple[int, int, tuple[str, ...]] | None = None
    for start in range(len(texts)):
        for length in (3, 2, 1):
            phrase = tuple(texts[start : start + length])
            if len(phrase) == length and phrase in phrases:
                candidate = (-length, start, phrase)
                best = candidate if best is None else min(best, candidate)
    return ClassGuess(phrases[best[2]], " ".join(best[2]), strength) if best else None


def _ending(texts: Sequence[str]) -> ClassGuess | None:
    for text in texts:
        ending = next((e for e in _ENDINGS if text.endswith(e)), None)
        if ending:
            return ClassGuess(_phrases("words")[(ending,)], text, 2)
    return None


def _code(words: Sequence[Word]) -> ClassGuess | None:
    codes = _phrases("codes")
    mixed = any(word.written.islower() or word.written.istitle() for word in words if not word.written.isdigit())
    for index, word in enumerate(words):
        stands_out = index == 0 or (word.written.isupper() and (mixed or len(words) <= 3))
        if stands_out and (word.text,) in codes:
            return ClassGuess(codes[(word.text,)], word.written, 2)
    return None


def _code_behind(words: Sequence[Word]) -> ClassGuess | None:
    """A plain code as the last word of a file's name, numbers after it aside."""
    said = [word for word in words if not word.text.isdigit()]
    if not said or said[-1].text not in _PLAIN_CODES:
        return None
    return ClassGuess(_phrases("codes")[(said[-1].text,)], said[-1].written, 2)


@lru_cache(maxsize=3)
def _phrases(table: str) -> dict[tuple[str, ...], str]:
    rows = {"words": _WORDS, "codes": _CODES, "vague": _VAGUE}[table]
    found: dict[tuple[str, ...], str] = {}
    for class_name, phrases in rows.items():
        for phrase in phrases.split(", "):
            found.setdefault(tuple(word.text for word in words_of(phrase)), class_name)
    return found


@lru_cache(maxsize=64)
def _own_phrases(vocabulary: tuple[str, ...]) -> dict[tuple[str, ...], str]:
    """Class names of this library, both ways round for two words: ``hat-closed`` is also ``closed hat``."""
    found: dict[tuple[str, ...], str] = {}
    for class_name in vocabulary:
        phrase = tuple(word.text for word in words_of(class_name))
        if phrase and phrase not in _phrases("vague"):
            found[phrase] = class_name
            found.setdefault(phrase[::-1], class_name)
    return found


@lru_cache(maxsize=1)
def _single_words() -> frozenset[str]:
    return frozenset(word for table in ("words", "vague") for phrase in _phrases(table) for word in phrase)


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us")) else word
