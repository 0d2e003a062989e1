"""The shim: how a C host gets Python behind the exported functions, and what it says where it cannot."""

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gspice.hosts.libspice.installed import LIBRARY_FILE, libpython, library_directory
from tests.hosts.libspice.c_programs import (
    LIBSPICE,
    ROOT,
    SYMBOLS,
    compile_c,
    environment,
    fake_package,
)

HOST = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
typedef void *(*new_server)(void);
static new_server function;
static pthread_barrier_t together;
static void *call(void *data) { (void)data; pthread_barrier_wait(&together); return function(); }
int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[2] : "";
    void *library, *answers[8];
    pthread_t threads[8];
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGINT, SIG_DFL); /* whoever runs the tests in the background has them ignore it */
    if (!strcmp(what, "local") && !dlopen(argv[3], RTLD_NOW | RTLD_LOCAL))
        return puts(dlerror()), 2;
    library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return puts(dlerror()), 2;
    function = (new_server)dlvsym(library, "spice_server_new", "SPICE_SERVER_0.6.0");
    if (!strcmp(what, "threads")) {
        pthread_barrier_init(&together, NULL, 8);
        for (int i = 0; i < 8; i++)
            pthread_create(&threads[i], NULL, call, NULL);
        for (int i = 0; i < 8; i++) {
            pthread_join(threads[i], &answers[i]);
            printf("%p ", answers[i]);
        }
        puts("");
    } else
        printf("%p\n", function());
    if (!strcmp(what, "state"))
        printf("%s %s %d\n", setlocale(LC_CTYPE, NULL), getenv("LC_ALL"), signal(SIGPIPE, SIG_DFL) == SIG_IGN);
    if (!strcmp(what, "interrupt"))
        raise(SIGINT);
    if (!strcmp(what, "fork")) {
        int status, child = fork();
        if (!child)
            exit(3);
        waitpid(child, &status, 0);
        printf("child %d\n", WEXITSTATUS(status));
    }
    if (!strcmp(what, "close"))
        dlclose(library);
    return 0;
}
"""
LIBRARY = library_directory() / LIBRARY_FILE
BOOTED = f"booted by {sys.executable}"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_c(HOST, tmp_path_factory.mktemp("host") / "host", "-pthread", "-ldl")


@pytest.fixture
def fake(tmp_path: Path) -> str:
    return str(fake_package(tmp_path / "fake"))


def run(
    host: Path, *arguments: str, library: Path = LIBRARY, python: bool = True, **env: str
) -> tuple[int, list[str], str]:
    """Exit code, lines of standard output, and standard error."""
    variables = environment(**env)
    if not python:
        variables.pop("GSPICE_PYTHON")
    done = subprocess.run(
        [host, library, *arguments], env=variables, check=False, capture_output=True, text=True, timeout=30
    )
    return done.returncode, done.stdout.splitlines(), done.stderr


def test_the_first_call_boots_and_the_end_is_told(host: Path, fake: str) -> None:
    assert run(host, PYTHONPATH=fake) == (0, [BOOTED, "0x1234", "left"], "")


def test_threads_that_call_together_boot_once(host: Path, fake: str) -> None:
    code, lines, _ = run(host, "threads", PYTHONPATH=fake)
    assert (code, lines) == (0, [BOOTED, " ".join(["0x1234"] * 8) + " ", "left"])


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_the_host_keeps_its_locale_and_loses_a_deadly_sigpipe(host: Path, fake: str, locale: str) -> None:
    code, lines, _ = run(host, "state", PYTHONPATH=fake, LC_ALL=locale)
    assert (code, lines) == (0, [BOOTED, "0x1234", f"C {locale} 1", "left"])


INTERRUPTED = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"


@pytest.mark.parametrize("more", ["import signal\n", INTERRUPTED], ids=["later", "while it starts"])
def test_an_interrupt_is_the_hosts(host: Path, tmp_path: Path, more: str) -> None:
    fake = fake_package(tmp_path / "fake", more)
    code, _, err = run(host, "interrupt", PYTHONPATH=str(fake))
    assert (code, err) == (-signal.SIGINT, "")


def test_packages_in_a_folder_that_is_not_ascii(host: Path, fake: str, tmp_path: Path) -> None:
    venv = tmp_path / "vénv"
    library = prefix(venv, "lib/python3.11/site-packages/gspice/hosts/libspice/dropin")
    packages = library.parents[4]
    (packages / "other.pth").write_text(f"{fake}\n{tmp_path / 'ü'}\n", encoding="utf-8")
    for locale in ("C", "C.UTF-8"):
        code, lines, err = run(host, library=library, python=False, LC_ALL=locale)
        assert (code, lines[0], err) == (0, f"booted by {venv}/bin/python", "")


def test_text_is_utf_8_in_any_locale(host: Path, tmp_path: Path) -> None:
    more = "assert open(0).encoding.lower() == 'utf-8' and sys.getfilesystemencoding() == 'utf-8'\n"
    fake = fake_package(tmp_path / "fake", more)
    assert run(host, PYTHONPATH=str(fake), LC_ALL="C")[0] == 0


def test_a_forked_child_does_not_take_the_parents_threads_down(host: Path, fake: str) -> None:
    code, lines, _ = run(host, "fork", PYTHONPATH=fake)
    assert (code, lines) == (0, [BOOTED, "0x1234", "child 3", "left"])


def test_closing_the_library_leaves_it_there(host: Path, fake: str) -> None:
    code, lines, err = run(host, "close", PYTHONPATH=fake)
    assert (code, lines, err) == (0, [BOOTED, "0x1234", "left"], "")


def test_a_host_that_has_libpython_for_itself(host: Path, tmp_path: Path) -> None:
    """Its symbols must become visible, or no extension module of the standard library can be loaded."""
    fake = fake_package(tmp_path / "fake", "import _ctypes, _json, _ssl\n")
    code, lines, err = run(host, "local", str(libpython()), PYTHONPATH=str(fake))
    assert (code, lines, err) == (0, [BOOTED, "0x1234", "left"], "")


def test_a_host_that_is_python_is_joined(fake: str) -> None:
    code = f"import ctypes; print(ctypes.CDLL({str(LIBRARY)!r}).spice_server_new(), flush=True)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=fake,
        env=environment(PYTHONPATH=fake),
        check=False,
        capture_output=True,
        text=True,
    )
    # It has ended Python itself by the time that the library could tell.
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [BOOTED, str(0x1234)]


def test_the_package_itself_stands_behind_every_function(host: Path) -> None:
    code, lines, err = run(host, GSPICE_LOG_LEVEL="warning", PYTHONPATH=str(ROOT))
    assert (code, err) == (0, "") and re.fullmatch(r"0x[0-9a-f]+", lines[0])


@pytest.mark.parametrize("level", ["-O0", "-O3"])
@pytest.mark.parametrize("name", ["shim.c", "python_location.c"])
def test_the_sources_compile_without_a_warning(tmp_path: Path, name: str, level: str) -> None:
    source = (LIBSPICE / name).read_text()
    compile_c(source, tmp_path / "object", "-c", "-fPIC", "-std=c11", level, f"-I{LIBSPICE}")


# What goes wrong


def failure(host: Path, fake: str, **env: str) -> str:
    """The one line of a host that could not go on."""
    code, lines, err = run(host, library=LIBRARY, python=True, PYTHONPATH=fake, **env)
    assert code == 1 and not [line for line in lines if line.startswith("0x")]
    assert err.startswith("gspice: ") and err.count("\n") == 1, err
    return err


def test_a_libpython_that_is_not_there(host: Path, fake: str) -> None:
    err = failure(host, fake, GSPICE_LIBPYTHON="/nowhere/libpython3.so")
    assert "/nowhere/libpython3.so" in err and "apt-get install libpython" in err


def test_a_python_that_is_not_there(host: Path, fake: str) -> None:
    err = failure(host, fake, GSPICE_PYTHON="/nowhere/bin/python")
    assert "/nowhere/bin/python" in err and "GSPICE_LIBPYTHON" in err


def test_a_library_that_is_no_python(host: Path, fake: str) -> None:
    assert "Py_IsInitialized" in failure(host, fake, GSPICE_LIBPYTHON="libm.so.6")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("import no_such_module\n", "No module named 'no_such_module'"),
        ("raise SystemExit(5)\n", "something ended Python"),
        ("open('/nowhere/file')\n", "/nowhere/file"),
        ("boot = None\n", "Traceback"),
    ],
)
def test_what_is_missing_in_python_is_said(host: Path, tmp_path: Path, more: str, words: str) -> None:
    code, lines, err = run(host, PYTHONPATH=str(fake_package(tmp_path / "fake", more)))
    assert code == 1 and words in err and "0x1234" not in lines
    assert sys.executable in err.splitlines()[-1] and err.splitlines()[-1].startswith("gspice: cannot start")
    assert ("Traceback" in err) == (words == "Traceback"), "what the operator can mend is one line"


@pytest.mark.parametrize("index", [0, 50, len(SYMBOLS) - 1])
def test_an_entry_that_was_not_filled_is_named(host: Path, tmp_path: Path, index: int) -> None:
    more = f"""
fill = boot
def boot(address):
    fill(address)
    (ctypes.c_void_p * len(NAMES)).from_address(address)[{index}] = None
"""
    fake = fake_package(tmp_path / "fake", more)
    code, _, err = run(host, PYTHONPATH=str(fake))
    assert code == 1 and f"nothing stands behind {SYMBOLS[index][1]}:" in err and err.count("\n") == 1


# Which Python


def prefix(directory: Path, place: str) -> Path:
    """A copy of the library at a place in a venv of this Python."""
    (directory / "bin").mkdir(parents=True)
    (directory / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    (directory / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
    target = directory / place / LIBRARY_FILE
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(LIBRARY, target)
    return target


def test_the_venv_that_the_library_lies_in(host: Path, fake: str, tmp_path: Path) -> None:
    venv = tmp_path / "a venv"
    library = prefix(venv, "lib/python3.11/site-packages/gspice/hosts/libspice/dropin")
    link = tmp_path / LIBRARY_FILE
    link.symlink_to(library)
    for path in (library, link):
        code, lines, err = run(host, library=path, python=False, PYTHONPATH=fake)
        assert (code, lines[0], err) == (0, f"booted by {venv}/bin/python", "")


def test_the_file_beside_it_counts_more_and_the_environment_most(
    host: Path, fake: str, tmp_path: Path
) -> None:
    library = prefix(tmp_path / "venv", "lib")
    other = prefix(tmp_path / "other", "x").parent.parent / "bin" / "python"
    text = f"# a comment\nnonsense\n = \n  python  =  {other}  \nlibpython = {libpython()}\n"
    (library.parent / "gspice.conf").write_text(text)
    assert run(host, library=library, python=False, PYTHONPATH=fake)[1][0] == f"booted by {other}"
    assert run(host, library=library, PYTHONPATH=fake)[1][0] == BOOTED
    (library.parent / "gspice.conf").write_text("libpython = /nowhere/libpython.so\n")
    assert "/nowhere/libpython.so" in run(host, library=library, python=False, PYTHONPATH=fake)[2]


def test_the_first_python3_of_the_path_that_can_be_embedded(host: Path, fake: str, tmp_path: Path) -> None:
    library = tmp_path / "lone" / LIBRARY_FILE
    library.parent.mkdir()
    shutil.copy(LIBRARY, library)
    shims, good = tmp_path / "shims", tmp_path / "good"
    for folder in (shims, good):
        folder.mkdir()
    # A script that finds a Python by itself has no libpython to its name.
    (shims / "python3").write_text("#!/bin/sh\n")
    (shims / "python3").chmod(0o755)
    (good / "python3").symlink_to(Path(sys.executable).resolve())
    path = f"relative:{shims}:{good}:/usr/bin"
    code, lines, err = run(host, library=library, python=False, PYTHONPATH=fake, PATH=path)
    assert (code, err) == (0, "") and lines[0].startswith("booted by ")
    code, lines, err = run(host, library=library, python=False, PYTHONPATH=fake, PATH=str(shims))
    assert code == 1 and "none was found in PATH" in err
