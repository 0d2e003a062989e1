"""What the documents say: files, commands, options, packages and examples are really there and really work."""

import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from tests.peers.peers import Serve
from tests.test_import_law import ROOMS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PACKAGE_LIST = ROOT / "packaging" / "debian-packages.txt"
NAMED_FROM = (ROOT, ROOT / "gspice", ROOT / "tests", ROOT / "docs")
"""Where paths in documents start: `wire/link.py` is the package's, `server/test_tls.py` the tests'."""
MADE_LATER = {".venv/", ".venv/bin/", "dist/"}

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def block(language: str, word: str) -> str:
    """The README's one block of a language in which a word occurs."""
    (found,) = (text for text in blocks((ROOT / "README.md").read_text(), language) if word in text)
    return found


def packages() -> list[tuple[str, str]]:
    """The lines of the package list, as (group, package)."""
    lines = [line for line in PACKAGE_LIST.read_text().splitlines() if not line.startswith("#")]
    pairs = [tuple(line.split()) for line in lines]
    assert all(len(pair) == 2 for pair in pairs), "a line is not `group package`"
    return [(group, package) for group, package in pairs]


def exists(name: str) -> bool:
    path, _, test = name.partition("::")
    found = [where / path for where in NAMED_FROM if (where / path).exists()]
    found += [file for where in NAMED_FROM for file in where.glob(f"{path.rstrip('/')}.py*")]
    return bool(found) and (not test or f"def {test}(" in found[0].read_text())


@each_document
def test_files_and_tests_that_are_named_exist(document: Path) -> None:
    text = document.read_text()
    names = re.findall(r"\]\(([^)#:]+)\)", text)
    names += re.findall(r"`([\w.-]+/[\w./:-]*|[\w-]+\.(?:py|md|toml|txt|sh))`", text)
    missing = [name for name in names if name not in MADE_LATER and not exists(name)]
    assert not missing


@each_document
def test_make_targets_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:`|^)make ([a-z-]+)", document.read_text(), re.MULTILINE)
    assert set(named) <= targets


def test_options_of_gspice_exist() -> None:
    text = (ROOT / "README.md").read_text()
    lines = [line for code in blocks(text, "sh") for line in code.splitlines() if line.startswith("gspice ")]
    lines = [line.partition(" -- ")[0] for line in lines]  # what is behind it is another program's
    assert lines
    sections = re.findall(r"^\*\*`gspice (\w+)[^*]*\*\*(.*?)(?=^\*\*|^## )", text, re.MULTILINE | re.DOTALL)
    used = {(shlex.split(line)[1], option) for line in lines for option in re.findall(r" (--?[a-z-]+)", line)}
    used |= {(name, option) for name, body in sections for option in re.findall(r"`(--[a-z-]+)[ `]", body)}
    for command in {command for command, _ in used}:
        run = [sys.executable, "-m", "gspice.cli.main", command, "--help"]
        shown = subprocess.run(run, check=True, capture_output=True, text=True).stdout
        for option in {option for name, option in used if name == command}:
            assert re.search(rf"^ +(-h, )?{option}\b", shown, re.MULTILINE), (
                f"gspice {command} has no {option}"
            )


def test_the_table_of_rooms_is_the_import_law() -> None:
    rows = re.findall(r"^\| `(\w+)/` \|.*\| (.*) \|$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    table = {}
    for room, may in rows:
        named = {name for words in re.findall(r"`([^`]*)`", may) for name in words.split()}
        table[room] = set(ROOMS) - named - {room} if may.startswith("all") else named
    assert table == ROOMS


# Packages


def test_apt_knows_every_package() -> None:
    if shutil.which("apt-cache") is None:
        pytest.skip("no apt-cache: this is no Debian")
    names = [package for _, package in packages()]
    assert len(set(names)) == len(names), "a package is listed twice"
    answer = subprocess.run(
        ["apt-cache", "policy", *names], check=True, capture_output=True, text=True
    ).stdout
    known = dict(re.findall(r"^(\S+):\n  Installed: .*\n  Candidate: (.*)$", answer, re.MULTILINE))
    # Without lists apt knows the installed ones alone; those of a group that is not set up have to wait.
    wanted = [package for group, package in packages() if group != "bench" or package in known]
    assert not [name for name in wanted if known.get(name, "(none)") == "(none)"]


def test_what_tests_ask_for_is_in_the_list() -> None:
    listed = {package for group, package in packages() if group == "test"}
    pattern = r"(?:need_program|missing)\(\s*\"[^\"]+\",\s*\"([^\"]+)\""
    asked = {name for path in (ROOT / "tests").rglob("*.py") for names in re.findall(pattern, path.read_text())
             for name in names.split()}  # fmt: skip
    assert asked and asked <= listed, "a fresh machine would fail in CI"


def test_there_is_one_list_and_a_reason_for_each() -> None:
    assert "packaging/debian-packages.txt" in (ROOT / "README.md").read_text()
    assert "packaging/debian-packages.txt" in (ROOT / "packaging" / "setup.sh").read_text()
    assert "packaging/setup.sh test" in (ROOT / "Makefile").read_text()
    assert "make test" in (ROOT / ".ci" / "run").read_text()
    reasons = (ROOT / "docs" / "dependencies.md").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    requirements = project["build-system"]["requires"] + project["project"]["dependencies"]
    requirements += project["project"]["optional-dependencies"]["dev"]
    names = {re.split(r"[<>=~\[; ]", line)[0] for line in requirements} | {name for _, name in packages()}
    words = set(re.findall(r"[\w.+-]+", reasons))
    assert not names - words, "docs/dependencies.md does not say what they are for"


# Examples


def screenshot(uri: str, file: Path, *options: str) -> None:
    run = [sys.executable, "-m", "gspice.cli.main", "screenshot", uri, str(file), *options]
    done = subprocess.run(run, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_library_example_shows_three_bars(tmp_path: Path) -> None:
    code = block("python", "SpiceServer")
    assert "port=5930" in code
    code = code.replace("port=5930", "port=0").replace(
        "loop.run()", "print(server.port, flush=True); loop.run()"
    )
    (tmp_path / "password").write_text("a password\n")
    (tmp_path / "password").chmod(0o600)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            port = int(process.stdout.readline())
            picture = tmp_path / "bars.png"
            screenshot(f"spice://127.0.0.1:{port}", picture, f"--password-file={tmp_path / 'password'}")
        finally:
            process.terminate()
    with Image.open(picture) as image:
        assert image.size == (640, 480)
        bars = [image.convert("RGB").getpixel((160 * i, 240)) for i in (1, 2, 3)]
    assert bars == [(0xE0, 0x30, 0x30), (0x30, 0xB0, 0x30), (0x30, 0x50, 0xE0)]


def test_the_certificates_are_taken_by_server_and_clients(tmp_path: Path) -> None:
    code = block("sh", "openssl").partition("remote-viewer")[0]
    script = f"set -e\n{textwrap.dedent(code)}"
    subprocess.run(["sh", "-c", script], cwd=tmp_path, check=True, capture_output=True)
    pki = tmp_path / "pki"
    serve = Serve("--tls-port=0", f"--tls-dir={pki}", log=tmp_path / "serve.log", port="-1")
    try:
        context = ssl.create_default_context(cafile=pki / "ca-cert.pem")
        for host in ("localhost", "127.0.0.1", socket.gethostname()):
            with socket.create_connection(("127.0.0.1", serve.tls_port), 10) as sock:
                context.wrap_socket(sock, server_hostname=host).close()
        uri = f"spice://localhost?tls-port={serve.tls_port}"
        screenshot(uri, tmp_path / "desktop.png", f"--ca-file={pki / 'ca-cert.pem'}")
    finally:
        assert serve.stop() == 0
