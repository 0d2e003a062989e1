"""Every module has its test file: tests/<room>/test_<module>.py, or one whose name begins so."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "gspice"
EXEMPT = {"__init__", "__main__"}

SOURCES = sorted(
    path
    for suffix in ("*.py", "*.pyx")
    for path in PACKAGE.rglob(suffix)
    if path.stem not in EXEMPT and "vdi" not in path.parts
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_has_its_tests(path: Path) -> None:
    relative = path.relative_to(PACKAGE)
    room = ROOT / "tests" / (relative.parts[0] if len(relative.parts) > 1 else "")
    names = [test.stem.removeprefix("test_") for test in room.rglob("test_*.py")]
    stems = {path.stem, relative.parent.name}
    assert any(name.startswith(stem) for name in names for stem in stems), (
        f"{relative} has no tests/{room.name}/test_{path.stem}*.py"
    )
