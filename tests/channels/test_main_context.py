"""The main channel's context: it names what the channel uses, neither more nor less."""

import ast
import inspect

from gspice.channels import main
from gspice.channels.main_context import MainContext


def test_the_context_is_what_the_main_channel_asks_for() -> None:
    used = {
        node.attr
        for node in ast.walk(ast.parse(inspect.getsource(main)))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("context", "self._context")
    }
    promised = {name for name in vars(MainContext) if not name.startswith("_")}
    assert used == promised
