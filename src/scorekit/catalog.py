"""What names exist, as plain data: handed to the compiler so that it can refuse an unknown patch without knowing the synth."""

from __future__ import annotations

from msgspec import Struct

from scorekit.score import PARTS
from scorekit.theory import DRUM_NOTES, VOICINGS


class PatchRow(Struct, frozen=True):
    """A sound's name, family, the General MIDI programs it answers for, and its parameters as (name, low, high, default)."""

    name: str
    family: str
    programs: tuple[int, ...]
    params: tuple[tuple[str, float, float, float], ...] = ()

    @property
    def program(self) -> int:
        """The General MIDI program written for it; 0 for drum kits."""
        return self.programs[0] if self.programs else 0


class Catalog(Struct, frozen=True):
    """Every name a spec may use."""

    patches: tuple[PatchRow, ...]
    specialists: tuple[str, ...]
    behaviours: tuple[tuple[str, tuple[str, ...]], ...]
    """(part, behaviour kinds it knows)."""
    voicings: tuple[str, ...]
    schemas: tuple[str, ...]
    devices: tuple[str, ...]
    variations: tuple[str, ...]
    """Drum variation operations."""
    rows: tuple[str, ...]
    """Kit rows."""
    traits: tuple[str, ...]
    """What a genre may assert of itself."""

    def patch(self, name: str) -> PatchRow | None:
        """The row of a patch, or None."""
        return next((row for row in self.patches if row.name == name), None)

    def patch_for(self, program: int) -> str:
        """The patch that stands for a General MIDI program; the nearest program's when none does."""
        pitched = [row for row in self.patches if row.programs]
        return min(pitched, key=lambda row: min(abs(own - program) for own in row.programs)).name

    def kinds(self, part: str) -> tuple[str, ...]:
        """Behaviour kinds a part knows."""
        return dict(self.behaviours).get(part, ())


# The rows below are what the synth and the ensemble say of themselves; a test holds the two against each other.

PATCH_ROWS: tuple[PatchRow, ...] = (
    PatchRow(
        "acoustic",
        "drums",
        (),
        (("bright", 0, 1, 0.5), ("tune", -7, 7, 0), ("ring", 0.4, 1.6, 1), ("room", 0, 1, 0.3), ("width", 0, 1, 0.8)),
    ),
    PatchRow(
        "brush",
        "drums",
        (),
        (("bright", 0, 1, 0.5), ("tune", -7, 7, 0), ("ring", 0.4, 1.6, 1), ("room", 0, 1, 0.3), ("width", 0, 1, 0.8)),
    ),
    PatchRow(
        "electronic",
        "drums",
        (),
        (("bright", 0, 1, 0.5), ("tune", -7, 7, 0), ("ring", 0.4, 1.6, 1), ("room", 0, 1, 0.3), ("width", 0, 1, 0.8)),
    ),
    PatchRow("fingered", "bass", (33, 35), (("bright", 0, 1, 0.5), ("decay", 0, 1, 0.5), ("noise", 0, 1, 0.5))),
    PatchRow("picked", "bass", (34,), (("bright", 0, 1, 0.5), ("decay", 0, 1, 0.5), ("noise", 0, 1, 0.5))),
    PatchRow("upright", "bass", (32,), (("bright", 0, 1, 0.5), ("decay", 0, 1, 0.5), ("noise", 0, 1, 0.5))),
    PatchRow("slap", "bass", (36, 37), (("bright", 0, 1, 0.5), ("decay", 0, 1, 0.5), ("noise", 0, 1, 0.5))),
    PatchRow("subbass", "bass", (38, 39), (("bright", 0, 1, 0.5), ("punch", 0, 1, 0.5), ("sub", 0, 1, 0.5))),
    PatchRow("nylon", "guitar", (24, 46, 107), (("bright", 0, 1, 0.5), ("decay", 0, 1, 0.5), ("noise", 0, 1, 0.5))),
    PatchRow(
        "steel", "guitar", (25, 104, 105, 106), (("bright", 0, 1, 0.5), ("decay", 0, 1, 0.5), ("noise", 0, 1, 0.5))
    ),
    PatchRow(
        "clean",
        "guitar",
        (26, 27, 28),
        (
            ("bright", 0, 1, 0.5),
            ("decay", 0, 1, 0.5),
            ("noise", 0, 1, 0.5),
            ("drive", 0, 1, 0.5),
            ("vibrato", 0, 1, 0),
            ("double", 0, 1, 0),
        ),
    ),
    PatchRow(
        "crunch",
        "guitar",
        (29,),
        (
            ("bright", 0, 1, 0.5),
            ("decay", 0, 1, 0.5),
            ("noise", 0, 1, 0.5),
            ("drive", 0, 1, 0.5),
            ("vibrato", 0, 1, 0),
            ("double", 0, 1, 0),
        ),
    ),
    PatchRow(
        "distorted",
        "guitar",
        (30, 31),
        (
            ("bright", 0, 1, 0.5),
            ("decay", 0, 1, 0.5),
            ("noise", 0, 1, 0.5),
            ("drive", 0, 1, 0.5),
            ("vibrato", 0, 1, 0),
            ("double", 0, 1, 0),
        ),
    ),
    PatchRow("grand", "keys", (0, 1, 2, 3), (("bright", 0, 1, 0.5), ("decay", 0, 1, 0.5), ("noise", 0, 1, 0.5))),
    PatchRow(
        "epiano",
        "keys",
        (4, 5),
        (("bright", 0, 1, 0.5), ("decay", 0, 1, 0.5), ("bark", 0, 1, 0.5), ("tremolo", 0, 1, 0)),
    ),
    PatchRow(
        "organ",
        "keys",
        (16, 17, 18, 19, 20, 21, 22, 23),
        (("bright", 0, 1, 0.45), ("drive", 0, 1, 0.4), ("percussion", 0, 1, 0.25), ("rotor", 0, 1, 1)),
    ),
    PatchRow("clav", "keys", (6, 7), (("bright", 0, 1, 0.5), ("decay", 0, 1, 0.5), ("noise", 0, 1, 0.5))),
    PatchRow("vibes", "keys", (11,), (("bright", 0, 1, 0.5), ("decay", 0, 1, 0.5), ("motor", 0, 1, 0.5))),
    PatchRow("marimba", "keys", (12, 13, 108, 114), (("bright", 0, 1, 0.5), ("decay", 0, 1, 0.5))),
    PatchRow("bells", "keys", (9, 10, 14, 112), (("bright", 0, 1, 0.5), ("decay", 0, 1, 0.5), ("tube", 0, 1, 0.15))),
    PatchRow("pluck", "keys", (98, 8, 15), (("bright", 0, 1, 0.5), ("decay", 0, 1, 0.5), ("width", 0, 1, 0.4))),
    PatchRow(
        "strings",
        "strings",
        (44, 48, 49, 50, 51),
        (("bright", 0, 1, 0.5), ("attack", 0.3, 3, 1), ("vibrato", 0, 2, 1), ("width", 0, 1, 0.5)),
    ),
    PatchRow(
        "solo_strings",
        "strings",
        (40, 41, 42, 43),
        (("bright", 0, 1, 0.5), ("attack", 0.3, 3, 1), ("vibrato", 0, 2, 1), ("width", 0, 1, 0.5)),
    ),
    PatchRow("pizzicato", "strings", (45,), (("bright", 0, 1, 0.5), ("ring", 0.4, 1.6, 1), ("width", 0, 1, 0.5))),
    PatchRow(
        "brass",
        "brass",
        (61, 62, 63),
        (("bright", 0, 1, 0.5), ("attack", 0.3, 3, 1), ("vibrato", 0, 2, 1), ("width", 0, 1, 0.5)),
    ),
    PatchRow(
        "trumpet",
        "brass",
        (56, 59),
        (("bright", 0, 1, 0.5), ("attack", 0.3, 3, 1), ("vibrato", 0, 2, 1), ("width", 0, 1, 0.5)),
    ),
    PatchRow(
        "trombone",
        "brass",
        (57, 58),
        (("bright", 0, 1, 0.5), ("attack", 0.3, 3, 1), ("vibrato", 0, 2, 1), ("width", 0, 1, 0.5)),
    ),
    PatchRow(
        "horn",
        "brass",
        (60,),
        (("bright", 0, 1, 0.5), ("attack", 0.3, 3, 1), ("vibrato", 0, 2, 1), ("width", 0, 1, 0.5)),
    ),
    PatchRow(
        "sax",
        "brass",
        (64, 65, 66, 67),
        (("bright", 0, 1, 0.5), ("attack", 0.3, 3, 1), ("vibrato", 0, 2, 1), ("width", 0, 1, 0.5)),
    ),
    PatchRow(
        "flute",
        "brass",
        (72, 73, 74, 75, 76, 77, 78, 79),
        (("bright", 0, 1, 0.5), ("attack", 0.3, 3, 1), ("vibrato", 0, 2, 1), ("width", 0, 1, 0.5)),
    ),
    PatchRow(
        "clarinet",
        "brass",
        (68, 69, 70, 71),
        (("bright", 0, 1, 0.5), ("attack", 0.3, 3, 1), ("vibrato", 0, 2, 1), ("width", 0, 1, 0.5)),
    ),
    PatchRow(
        "saw",
        "lead",
        (81,),
        (("bright", 0, 1, 0.5), ("attack", 0.3, 8, 1), ("detune", 0, 1, 0.5), ("width", 0, 1, 0.5)),
    ),
    PatchRow(
        "square",
        "lead",
        (80,),
        (("bright", 0, 1, 0.5), ("attack", 0.3, 8, 1), ("detune", 0, 1, 0.5), ("width", 0, 1, 0.5)),
    ),
    PatchRow(
        "glide",
        "lead",
        (82, 83, 84, 85, 86, 87),
        (("bright", 0, 1, 0.5), ("attack", 0.3, 8, 1), ("detune", 0, 1, 0.5), ("width", 0, 1, 0.5)),
    ),
    PatchRow("warm", "pads", (88, 89, 90), (("bright", 0, 1, 0.5), ("attack", 0.1, 3, 1), ("width", 0, 1, 0.5))),
    PatchRow(
        "airy",
        "pads",
        (91, 94, 95, 97, 99, 101, 102, 103),
        (("bright", 0, 1, 0.5), ("attack", 0.1, 3, 1), ("width", 0, 1, 0.5)),
    ),
    PatchRow(
        "glass", "pads", (92, 93, 96, 98, 100), (("bright", 0, 1, 0.5), ("attack", 0.1, 3, 1), ("width", 0, 1, 0.5))
    ),
    PatchRow(
        "choir",
        "pads",
        (52, 53, 54),
        (
            ("bright", 0, 1, 0.5),
            ("attack", 0.3, 3, 1),
            ("vowel", 0, 1, 0.7),
            ("vibrato", 0, 2, 1),
            ("width", 0, 1, 0.5),
        ),
    ),
    PatchRow(
        "noise_riser", "pads", (119, 122), (("bright", 0, 1, 0.5), ("resonance", 0, 1, 0.4), ("width", 0, 1, 0.9))
    ),
)

CATALOG = Catalog(
    patches=PATCH_ROWS,
    specialists=PARTS,
    behaviours=(
        (
            "strings",
            (
                "sustain",
                "sustain_vl",
                "pad_sustain",
                "organ_hold",
                "high_pedal",
                "phrased",
                "ostinato",
                "ostinato_16",
                "swell",
                "unison_riff",
                "countermelody",
                "tremolo",
                "pizz",
            ),
        ),
        (
            "brass",
            ("stabs", "soli_close4", "backgrounds", "unison_riff", "answer", "line", "falls", "swell", "sustain"),
        ),
        (
            "pads",
            ("sustain", "sustain_vl", "pad_sustain", "organ_hold", "drone", "riser", "pulse", "swell", "high_pedal"),
        ),
    ),
    voicings=VOICINGS,
    schemas=("sentence", "period", "hook2x4", "riff2", "call_response", "aaba_head", "blues_aab", "bop_line"),
    devices=("run", "tap", "repeat", "bend"),
    variations=(
        "nothing",
        "kick_pickup",
        "ghost_shuffle",
        "hat_open_and4",
        "drop_kick",
        "snare_drag",
        "ride_bell",
        "displaced_kick",
        "hat_lift",
        "snare_comp",
        "ride_skip",
        "kick_bomb",
        "clap_pickup",
    ),
    rows=tuple(DRUM_NOTES),
    traits=(
        "backbeat",
        "half_backbeat",
        "kick_four_floor",
        "kick_on_one",
        "kick_on_two_and_four",
        "kick_density",
        "clave",
        "odd_sixteenths",
        "syncopation",
        "ghost_share",
        "drum_jaccard1",
        "kick_lock",
        "bass_on_kick",
        "bass_root_fifth",
        "bass_onsets_per_bar",
        "bass_silence",
        "bass_approach",
        "chords_per_bar",
        "distinct_chords",
        "root_motion_p4",
        "seventh_share",
        "dominant_share",
        "diatonic_share",
        "power_chord_share",
        "chop_offbeat",
        "blue_notes",
        "motif_rep",
        "solo_rep",
        "onsets_per_bar",
        "mean_velocity",
        "layer_change_8",
    ),
)
