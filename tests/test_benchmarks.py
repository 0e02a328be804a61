"""The benchmarks' scripts as commands: what each is for can be asked of it."""

from __future__ import annotations

import sys

import pytest

from tests.bench import ROOT, bench

SCRIPTS = sorted(
    path.stem for path in (ROOT / "benchmarks").glob("*.py") if '__name__ == "__main__"' in path.read_text("utf-8")
)


@pytest.mark.parametrize("name", SCRIPTS)
def test_help(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """``--help`` prints what stands at the top of a script, and measures nothing."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    monkeypatch.setattr(sys, "argv", [f"{name}.py", "--help"])
    script = bench(name)
    with pytest.raises(SystemExit) as end:
        script.main()
    assert end.value.code == 0
    assert script.__doc__
    assert script.__doc__ in capsys.readouterr().out
