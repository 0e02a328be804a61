"""The minutes of a rehearsal: what the band disagreed upon, what was decided and why, and which notes were mended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from scorekit.score import Claim, Decision, Edit, Placement, Score
from scorekit.theory import pitch_name, uses_flats
from scorekit.timebase import Tick

_PLURAL = ("drums", "keys", "strings", "pads", "notes")
_BARS = 8
"""Bars named before a list is cut."""


class Line(Struct, frozen=True, dict=True):
    """One thing to say: its family, kind, what was decided, and who wanted what."""

    family: str
    rule: str
    text: str
    claims: tuple[Claim, ...] = ()


def minutes(score: Score) -> str:
    """The text, in plain words: the song as a whole, then section by section."""
    ids = {placement.section.id for placement in score.plan.placements}
    song = [decision for decision in score.decisions if decision.where not in ids]
    blocks = [[headline(score)]]
    if song:
        blocks.append(["the song", *told([decision_line(d) for d in song])])
    seen: dict[tuple[Line, ...], str] = {}
    for placement, passage in zip(score.plan.placements, score.passages, strict=False):
        settled = [decision_line(d) for d in score.decisions if d.where == placement.section.id]
        said = [*same(settled, seen, placement), *told(found(passage.findings)), *mended(passage.edits, placement)]
        if said:
            blocks.append([heading(placement), *said])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def headline(score: Score) -> str:
    """How much there was to settle."""
    disagreements = len(score.decisions) + sum(len(passage.findings) for passage in score.passages)
    edits = sum(len(passage.edits) for passage in score.passages)
    notes = sum(len(phrase.notes) for passage in score.passages for phrase in passage.phrases)
    share = f" of {notes}" if edits < notes else ""
    return f"{counted(disagreements, 'disagreement')}, {counted(edits, 'note')}{share} mended"


def heading(placement: Placement) -> str:
    """``chorus/1, bars 8-14, energy 5``."""
    last = placement.bar + placement.section.bars - 1
    bars = f"bar {placement.bar}" if last == placement.bar else f"bars {placement.bar}-{last}"
    return f"{placement.section.id}, {bars}, energy {placement.section.tier}"


# -- decisions -------------------------------------------------------------------------------------


def decision_line(decision: Decision) -> Line:
    """A decision as something to say."""
    return Line(decision.family, decision.rule, f"{decision.chosen}: {decision.reason}", decision.claims)


def found(findings: Sequence[Decision]) -> list[Line]:
    """Conflicts left as they are; those of one kind between the same parties are told as one."""
    groups: dict[tuple[str, ...], list[Decision]] = {}
    for finding in findings:
        parties = (claim.by for claim in finding.claims)
        key = (finding.rule, finding.where, finding.chosen, *parties, deed(finding.reason))
        groups.setdefault(key, []).append(finding)
    return [
        Line(first.family, first.rule, f"{first.chosen}: {times(len(rest) + 1, not rest)}{first.reason}", first.claims)
        for first, *rest in groups.values()
    ]


def told(lines: Sequence[Line]) -> Iterator[str]:
    """Each line with its family and kind in front, and below it who wanted what."""
    for line in lines:
        yield f"  {line.family:<11} {line.rule}  {line.text}"
        if line.claims:
            yield f"{'':18}{'; '.join(map(wanted, line.claims))}"


def same(lines: Sequence[Line], seen: dict[tuple[Line, ...], str], placement: Placement) -> list[str]:
    """The lines of a section, or where they were said before."""
    key = tuple(lines)
    if key in seen:
        return [f"  {'settled':<11}     as in {seen[key]}"]
    if key:
        seen[key] = placement.section.id
    return list(told(lines))


def wanted(claim: Claim) -> str:
    """``pads want to rest: nobody hears them (0.6)``."""
    verb = "want" if claim.by in _PLURAL else "wants"
    return f"{claim.by} {verb} {claim.value} ({claim.weight:.2g})"


# -- edits -----------------------------------------------------------------------------------------


def mended(edits: Sequence[Edit], placement: Placement) -> Iterator[str]:
    """Edits of one kind to one part for the sake of one other are told as one, with the bars they are in."""
    groups: dict[tuple[str, str, str, str], list[Edit]] = {}
    for edit in edits:
        by = edit.claims[0].by if edit.claims else ""
        groups.setdefault((edit.part, edit.rule, by, deed(edit.reason)), []).append(edit)
    for (part, rule, *_), group in groups.items():
        ticks = [note.start for edit in group if (note := edit.before or edit.after)]
        alike = len({edit.reason for edit in group}) == 1
        why = f"{times(len(group), alike)}{group[0].reason}{now(group, placement)}"
        yield f"  {part:<11} {rule}  {where(ticks, placement)}, {why}"


def now(group: Sequence[Edit], placement: Placement) -> str:
    """The new pitches of notes that moved, in order: `` (now A3, C4)``."""
    flats = uses_flats(placement.section.key.tonic, placement.section.key.mode)
    pitches = [e.after.pitch for e in group if e.before and e.after and e.after.pitch != e.before.pitch]
    names = [pitch_name(pitch, flats) for pitch in dict.fromkeys(pitches)]
    return f" (now {', '.join(names[:_BARS])}{', ...' if len(names) > _BARS else ''})" if names else ""


def where(ticks: Sequence[Tick], placement: Placement) -> str:
    """``bar 9.4.5`` for one place, ``bars 9 11 13`` for several."""
    meter = placement.section.meter
    if len(set(ticks)) == 1:
        bar, rest = divmod(ticks[0], meter.bar)
        return f"bar {placement.bar + bar}.{1 + rest * meter.beats / meter.bar:.3f}".rstrip("0").rstrip(".")
    bars = list(dict.fromkeys(placement.bar + tick // meter.bar for tick in sorted(ticks)))
    more = " ..." if len(bars) > _BARS else ""
    return f"{'bar' if len(bars) == 1 else 'bars'} {' '.join(map(str, bars[:_BARS]))}{more}"


def deed(reason: str) -> str:
    """What was done, where a reason says it after a colon."""
    return reason.rpartition(": ")[2] if ": " in reason else ""


def times(number: int, alike: bool) -> str:
    """``4 notes:``, or ``4 notes, such as`` where the reasons differ; nothing for one."""
    return "" if number == 1 else f"{number} notes: " if alike else f"{number} notes, such as "


def counted(number: int, noun: str) -> str:
    """``1 note``, ``2 notes``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
