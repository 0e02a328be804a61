"""MIDI and WAV are one performance: every onset falls on the sample its tick names."""

from __future__ import annotations

import mido
import numpy as np
import pytest
from msgspec.structs import replace

from scorekit import pipeline
from scorekit.render.mix import mix
from scorekit.render.patches import PATCHES
from scorekit.render.voices import Bodies
from scorekit.stage import Sound, Strip

from .test_sameness import SONG, planned

RAMP = SONG.replace("tempo = 120", "tempo = { start = 96, end = 141.7 }")


@pytest.mark.parametrize("text", [SONG, RAMP], ids=["one tempo", "a ramp"])
def test_midi_and_wav_onsets_agree_to_the_sample(text: str) -> None:
    """With every sound a one-sample click, each note-on read from the MIDI file has its click within one sample in the
    stem of its part, for all eight parts, and there are no other clicks."""
    plan = planned(text)
    clicks = tuple(replace(p, sound=Sound("click"), strip=Strip(verb=0.0)) for p in plan.parts)
    performance = pipeline.perform(pipeline.compose(replace(plan, parts=clicks)))
    stems = mix(performance, PATCHES, Bodies()).stems
    file = mido.MidiFile(file=__import__("io").BytesIO(pipeline.midi(performance)))
    for track in file.tracks[1:]:
        tick, wanted = 0, set()
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                wanted.add(plan.tempo.sample(tick))
        if not wanted:
            continue
        heard = set(np.flatnonzero(np.abs(stems[track.name.lower()]).max(axis=0) > 1e-6).tolist())
        assert all(any(s + d in heard for d in (0, -1, 1)) for s in wanted), track.name
        assert all(any(s + d in wanted for d in (0, -1, 1)) for s in heard), track.name
