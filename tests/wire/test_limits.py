"""Limits: each is used, has a reason, and can make sense."""

import ast
from pathlib import Path

from gspice.wire import limits

WIRE = Path(limits.__file__).parent
NAMES = [name for name in vars(limits) if name.isupper()]


def test_every_limit_is_a_count_that_memory_can_hold() -> None:
    assert NAMES
    for name in NAMES:
        assert 0 < getattr(limits, name) <= 1 << 30, name


def test_every_limit_is_used_somewhere_in_wire_or_by_its_owners() -> None:
    text = "".join(path.read_text() for path in WIRE.parent.rglob("*.py") if path.name != "limits.py")
    assert [name for name in NAMES if f"limits.{name}" not in text] == []


def test_every_limit_says_why() -> None:
    body = ast.parse((WIRE / "limits.py").read_text()).body[1:]
    for node, reason in zip(body[::2], body[1::2], strict=True):
        assert isinstance(node, ast.Assign), ast.dump(node)
        assert isinstance(reason, ast.Expr) and isinstance(reason.value, ast.Constant)
        assert len(str(reason.value.value)) > 20
