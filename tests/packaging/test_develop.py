"""packaging/develop.py: compiled modules beside their sources, and the gspice command of .venv."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]

MESON = """project('small', 'c')
py = import('python').find_installation(pure: false)
py.extension_module('thing', 'gspice/thing.c', subdir: 'gspice', install: true)
"""
THING = """#include <Python.h>
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "thing", 0, 0, 0};
PyMODINIT_FUNC PyInit_thing(void) {
  PyObject *module = PyModule_Create(&def);
  PyModule_AddIntConstant(module, "number", 1);
  return module;
}
"""


@pytest.fixture
def develop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, for a small project in a directory with a space in its name."""
    # By its path: the name `packaging` belongs to a package of PyPI's.
    spec = importlib.util.spec_from_file_location("develop", ROOT / "packaging" / "develop.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    root = tmp_path / "a tree"
    (root / "gspice").mkdir(parents=True)
    (root / "meson.build").write_text(MESON)
    (root / "gspice" / "thing.c").write_text(THING)
    for name in ("thing.pyx", "__init__.py"):
        (root / "gspice" / name).touch()
    monkeypatch.setattr(module, "ROOT", root)
    monkeypatch.setattr(module, "BUILD", root / "build" / "dev")
    return module


def number(develop: ModuleType) -> int:
    """What the compiled module says, asked in a process of its own."""
    code = "from gspice.thing import number; print(number)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=develop.ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return int(done.stdout)


def test_what_changed_is_built_and_what_is_left_over_goes(
    develop: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    assert develop.build() == 0
    assert number(develop) == 1
    assert capfd.readouterr() == ("", ""), "the tools are noisy though all went well"
    source = develop.ROOT / "gspice" / "thing.c"
    source.write_text(THING.replace(", 1)", ", 2)"))
    left_over = develop.ROOT / "gspice" / f"gone.{develop.SOABI}.so"
    left_over.touch()
    assert develop.build() == 0
    assert number(develop) == 2
    assert not left_over.exists(), "it would be imported in place of gone.py"

    source.write_text("this is no C\n")
    assert develop.build() != 0
    assert "thing.c:1:1: error" in capfd.readouterr().err
    assert number(develop) == 2, "the module that worked is gone"


def test_a_build_folder_of_another_place_is_made_again(
    develop: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert develop.build() == 0
    new = develop.ROOT.with_name("elsewhere")
    os.rename(develop.ROOT, new)
    monkeypatch.setattr(develop, "ROOT", new)
    monkeypatch.setattr(develop, "BUILD", new / "build" / "dev")
    (new / "gspice" / "thing.c").write_text(THING.replace(", 1)", ", 3)"))
    assert develop.build() == 0
    assert number(develop) == 3


def test_a_module_in_use_is_replaced_and_not_overwritten(develop: ModuleType, tmp_path: Path) -> None:
    old, new = tmp_path / "old.so", tmp_path / "new.so"
    old.write_bytes(b"old")
    new.write_bytes(b"new")
    with old.open("rb") as mapped:
        develop.place(new, old)
        assert mapped.read() == b"old"
    assert old.read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.glob("*.so")) == ["new.so", "old.so"]


def test_the_command_works_from_a_path_with_spaces(
    develop: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_dir = tmp_path / "it's a venv" / "bin"
    bin_dir.mkdir(parents=True)
    python = bin_dir / "python"
    python.symlink_to(sys.executable)
    (tmp_path / "gspice" / "cli").mkdir(parents=True)
    main = "import sys\n\n\ndef main():\n    print(sys.argv[1:])\n    return 7\n"
    (tmp_path / "gspice" / "cli" / "main.py").write_text(main)
    monkeypatch.setattr(develop, "BIN", bin_dir)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(develop.sysconfig, "get_path", lambda name: str(bin_dir))
    develop.link()
    done = subprocess.run(
        [str(bin_dir / "gspice"), "a b", "c"],
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert (done.returncode, done.stdout) == (7, "['a b', 'c']\n")
    assert (bin_dir / "gspice-tree.pth").read_text() == f"{develop.ROOT}\n"


def test_a_file_gets_the_folder_that_it_is_placed_in(develop: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "library.so.1").write_bytes(b"new")
    target = tmp_path / "a folder" / "dropin" / "library.so.1"
    develop.place(tmp_path / "library.so.1", target)
    assert [path.name for path in target.parent.iterdir()] == ["library.so.1"]


def test_the_drop_in_is_told_of_this_python(
    develop: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(develop, "BIN", tmp_path)
    monkeypatch.setattr(develop.sysconfig, "get_path", lambda name: str(tmp_path))
    develop.link()
    assert not (develop.ROOT / develop.DROPIN).exists(), "a folder without the library"
    (develop.ROOT / develop.DROPIN).mkdir(parents=True)
    develop.link()
    text = (develop.ROOT / develop.DROPIN / "gspice.conf").read_text()
    assert text == f"python = {sys.executable}\n"
