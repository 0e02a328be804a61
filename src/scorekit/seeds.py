"""Chance as an address: every draw is a hash of where it is made, so no draw can shift another.

>>> song = Seed("7")
>>> song.at("chorus", 1, "bass").unit("pattern") == Seed("7/chorus/1/bass").unit("pattern")
True
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log
from struct import Struct as Layout
from typing import TypeVar

from msgspec import Struct, field

from scorekit.values import blake2b

Item = TypeVar("Item")
_WORDS = Layout(">4H").unpack


class Seed(Struct, frozen=True):
    """A named place to draw chance from, such as ``7/chorus/1/bass/3``."""

    address: str

    def at(self, *steps: object) -> Seed:
        """The address further down: ``seed.at("bass", 3)``."""
        address = self.address
        for step in steps:
            address = f"{address}/{step}"
        return Seed(address)

    def top(self) -> Seed:
        """The first step of the address: ``7``."""
        return Seed(self.address.partition("/")[0])

    def bits(self, draw: str) -> int:
        """64 random bits for a named draw."""
        return int.from_bytes(blake2b(f"{self.address}#{draw}".encode(), digest_size=8).digest(), "big")

    def unit(self, draw: str) -> float:
        """A number in [0, 1)."""
        found = blake2b(f"{self.address}#{draw}".encode(), digest_size=8).digest()  # bits, without the call
        return (int.from_bytes(found, "big") >> 11) * 2.0**-53

    def bell(self, draw: str) -> float:
        """A number near the normal curve (sum of four uniforms, Irwin-Hall), sd 1, within 3.5."""
        total: int = sum(_WORDS(blake2b(f"{self.address}#{draw}".encode(), digest_size=8).digest()))
        return (total / 65535.0 - 2.0) * 1.7320508

    def chance(self, draw: str, probability: float) -> bool:
        """True with the given probability."""
        return probability > 0.0 and (probability >= 1.0 or self.unit(draw) < probability)

    def pick(self, draw: str, weights: Sequence[float], heat: float = 1.0) -> int:
        """Index drawn in proportion to ``weights ** (1 / heat)``.

        Drawn as a race of exponentials (Gumbel-max), one per index: adding an item at the end, or changing one weight,
        alters the outcome only where that item wins or stops winning.

        Raises ValueError when no weight is positive.
        """
        best, winner, power, place = inf, -1, 1.0 / max(heat, 0.05), f"{self.address}#{draw}/"
        running = [index for index, weight in enumerate(weights) if weight > 0]
        if len(running) == 1:
            return running[0]
        for index in running:
            found = blake2b(f"{place}{index}".encode(), digest_size=8).digest()  # unit, without the call
            finish = -log(1.0 - (int.from_bytes(found, "big") >> 11) * 2.0**-53) / weights[index] ** power
            if winner < 0 or (finish < best and round(finish, 12) < round(best, 12)):
                best, winner = finish, index
        if winner < 0:
            raise ValueError(f"nothing to choose from at {self.address}#{draw}")
        return winner

    def choose(
        self, draw: str, items: Sequence[Item], weights: Sequence[float] | None = None, heat: float = 1.0
    ) -> Item:
        """One of the items, by weight (equal weights when none are given)."""
        return items[self.pick(draw, weights if weights is not None else [1.0] * len(items), heat)]


class Choice(Struct, frozen=True):
    """One choice made by chance: where, among what, with which weights, and which won."""

    address: str
    draw: str
    items: tuple[object, ...]
    weights: tuple[float, ...]
    heat: float
    chosen: int

    @property
    def shares(self) -> tuple[float, ...]:
        """How likely each item was, adding up to 1."""
        powers = [weight ** (1.0 / max(self.heat, 0.05)) if weight > 0 else 0.0 for weight in self.weights]
        return tuple(power / sum(powers) for power in powers)


class Witness(Seed, frozen=True, eq=False):
    """A seed that draws as any other and writes down its choices: for telling afterwards why something was chosen.

    Two of them are never equal, so that nothing remembered for a plain seed, or for another witness, is handed out.
    """

    seen: list[Choice] = field(default_factory=list)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def at(self, *steps: object) -> Seed:
        """The address further down, with the same list."""
        return Witness("/".join([self.address, *map(str, steps)]), self.seen)

    def top(self) -> Seed:
        """The first step of the address, with the same list."""
        return Witness(self.address.partition("/")[0], self.seen)

    def choose(
        self, draw: str, items: Sequence[Item], weights: Sequence[float] | None = None, heat: float = 1.0
    ) -> Item:
        """One of the items, by weight, written down."""
        weighed = tuple(weights) if weights is not None else (1.0,) * len(items)
        index = self.pick(draw, weighed, heat)
        self.seen.append(Choice(self.address, draw, tuple(items), weighed, heat, index))
        return items[index]
