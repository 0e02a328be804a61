"""The house as ARCHITECTURE.md draws it: floors, sealed rooms, owners, no cycles, no world in the pure floors."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "scorekit"
MODULES = {
    ".".join(p.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
        p.read_text(encoding="utf-8")
    )
    for p in sorted(SOURCE.rglob("*.py"))
}
ROOMS = ("compiler", "ensemble", "render")
FLOORS = (
    ("values", "errors", "timebase", "theory", "seeds", "smf", "store"),
    ("score", "stage", "ideas", "catalog", "playable", "repeats"),
    ROOMS,
    ("aside", "draft", "files", "keep", "ledger", "locks", "shelf", "writing"),
    ("pipeline", "answers", "choices", "dump", "diff", "smells", "trace"),
    (
        "studio",
        "report",
        "rehearsal",
        "booth",
        "exchange",
        "mate",
        "memory",
        "recall",
        "remix",
        "renewal",
        "loading",
        "workshop",
        "doctor",
        "playback",
        "plain",
        "songs",
        "inquiry",
        "synth",
        "gallery",
        "sounds",
        "watch",
        "live",
        "notices",
        "shell",
        "server",
        "cli",
        "__main__",
        "__init__",
    ),
)
OWNERS = {
    "pydantic": "compiler",
    "tree_sitter": "compiler",
    "tree_sitter_toml": "compiler",
    "tomllib": "compiler",
    "mido": "render.midi",
    "soundfile": "render.wav",
    "watchfiles": "notices",
}
WORLD = {"open", "print", "input", "exec", "eval", "__import__"}
CLOCKS = {
    "time",
    "datetime",
    "random",
    "secrets",
    "os",
    "pathlib",
    "subprocess",
    "socket",
    "shutil",
    "tempfile",
    "logging",
}


def floor(module: str) -> int:
    """Number of the floor a module stands on."""
    top = module.split(".")[0] or "__init__"
    found = [n for n, names in enumerate(FLOORS) if top in names]
    assert found, f"{module} stands on no floor: add it to FLOORS and to ARCHITECTURE.md"
    return found[0]


def imports(module: str, typing_too: bool = False) -> Iterator[str]:
    """Modules a module imports, absolute, wherever in it; those for type checkers only when asked."""
    skipped: set[int] = set()
    for node in ast.walk(MODULES[module]):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not typing_too:
            skipped |= {id(inner) for inner in ast.walk(node)}
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full.removeprefix("scorekit.") in MODULES else node.module


def inner(module: str) -> set[str]:
    """Modules of scorekit that a module imports."""
    return {name.removeprefix("scorekit.") for name in imports(module) if name.startswith("scorekit.")}


@pytest.mark.parametrize("module", MODULES)
def test_floors_only_look_down(module: str) -> None:
    """A module imports from its own floor or from those below, and no room imports another room."""
    for other in inner(module):
        assert floor(other) <= floor(module), f"{module} looks up to {other}"
        mine, theirs = module.split(".")[0], other.split(".")[0]
        assert not (mine in ROOMS and theirs in ROOMS and mine != theirs), f"{module} enters {other}"


def test_the_map_names_every_module_of_the_floors() -> None:
    """Who looks for a module finds in ARCHITECTURE.md what it is for: all but those within a room are named there."""
    told = (SOURCE / "ARCHITECTURE.md").read_text("utf-8")
    named = {name for names in FLOORS for name in names if not name.startswith("__")}
    assert not {name for name in named if f"`{name}`" not in told and f"`{name}/`" not in told}


def test_there_is_no_import_cycle() -> None:
    """Following imports, eager or lazy, never leads back."""
    graph = {module: inner(module) & set(MODULES) - {module} for module in MODULES}
    left = dict(graph)
    while left:
        free = [m for m, needs in left.items() if not needs & set(left)]
        assert free, f"a cycle among {sorted(left)}"
        for module in free:
            del left[module]


@pytest.mark.parametrize("module", MODULES)
def test_every_library_has_one_owner(module: str) -> None:
    """pydantic, mido, soundfile and the like are imported in one place each."""
    for name in imports(module, typing_too=True):
        owner = OWNERS.get(name.split(".")[0])
        assert owner is None or module == owner or module.startswith(owner + "."), (
            f"{module} imports {name}, owned by {owner}"
        )


def test_composing_needs_no_numpy() -> None:
    """In the ensemble only the performance layer, which works on arrays, imports NumPy: it takes longer to load than a song
    to compose."""
    needing = {m for m in MODULES if m.startswith("ensemble") and any(n.startswith("numpy") for n in imports(m))}
    assert needing == {"ensemble.performance", "ensemble.dynamics"}


PURE = [m for m in MODULES if floor(m) <= 2 or m == "pipeline"]


@pytest.mark.parametrize("module", PURE)
def test_the_pure_floors_do_not_touch_the_world(module: str) -> None:
    """Facts, nouns, rooms and the pipeline import no clock, disk, environment or chance, and call no open or print."""
    assert not {name.split(".")[0] for name in imports(module)} & CLOCKS
    calls = {n.func.id for n in ast.walk(MODULES[module]) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    assert not calls & WORLD
    assert not any(isinstance(node, ast.Global) for node in ast.walk(MODULES[module]))


@pytest.mark.parametrize("module", MODULES)
def test_no_name_is_defined_twice(module: str) -> None:
    """No function or class of a module or a class is silently replaced by another of its name."""
    for scope in [MODULES[module], *[n for n in ast.walk(MODULES[module]) if isinstance(n, ast.ClassDef)]]:
        names = Counter(
            n.name
            for n in scope.body
            if isinstance(n, (ast.FunctionDef, ast.ClassDef))
            and not any("overload" in ast.unparse(d) or "setter" in ast.unparse(d) for d in n.decorator_list)
        )
        assert max(names.values(), default=1) == 1, names


@pytest.mark.parametrize("module", MODULES)
def test_modules_stay_small(module: str) -> None:
    """No module is longer than 450 lines."""
    path = SOURCE / (module.replace(".", "/") + ".py")
    path = path if path.exists() else SOURCE / module.replace(".", "/") / "__init__.py"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 450


def test_the_catalog_says_what_the_rooms_say() -> None:
    """The catalog's patches, behaviours, voicings, schemas, variations and traits are those of synth, ensemble and measures."""
    from scorekit.catalog import CATALOG
    from scorekit.ensemble import brass, pads, strings
    from scorekit.ensemble.band import SPECIALISTS
    from scorekit.ensemble.beats import VARIATIONS
    from scorekit.ensemble.families import FAMILIES
    from scorekit.ensemble.motifs import SCHEMAS
    from scorekit.ensemble.soloists import DEVICES
    from scorekit.render.patches import PATCHES
    from scorekit.smells.traits import TRAITS

    rows = {
        p.name: (p.family, p.programs, tuple((q.name, q.low, q.high, q.default) for q in p.params))
        for p in PATCHES.values()
        if p.name != "click"
    }
    assert {r.name: (r.family, r.programs, r.params) for r in CATALOG.patches} == rows
    kinds = {"strings": strings.KINDS, "brass": brass.KINDS, "pads": pads.KINDS}
    assert {part: set(names) for part, names in CATALOG.behaviours} == {
        part: set(found) for part, found in kinds.items()
    }
    assert set(CATALOG.specialists) == set(SPECIALISTS)
    assert set(CATALOG.voicings) == set(FAMILIES)
    assert set(CATALOG.schemas) == set(SCHEMAS)
    assert set(CATALOG.devices) == set(DEVICES) - {"leave"}
    assert set(CATALOG.devices) == set(DEVICES) - {"leave"}
    assert set(CATALOG.variations) == set(VARIATIONS)
    assert set(CATALOG.traits) == set(TRAITS)
