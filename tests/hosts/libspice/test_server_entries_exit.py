"""A C host that ends while Python threads run: after the library's exit handler they stand still."""

import os
import subprocess
from pathlib import Path

from gspice.hosts.libspice.installed import LIBRARY_FILE, library_directory, libspice_environment
from tests.hosts.libspice.c_programs import compile_c

HOST = r"""
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
volatile long counter;
static void look(void)
{
    long before = counter;
    usleep(100000);
    puts(counter == before ? "still" : "moved");
}
int main(int argc, char **argv)
{
    char script[400];
    void *library, *server;
    int (*run)(const char *, void *), (*ensure)(void), state;
    void (*release)(int);
    if (argc < 2 || !(library = dlopen(argv[1], RTLD_NOW)))
        return puts(dlerror()), 2;
    atexit(look); /* registered before the library's own handler, and so run after it */
    server = ((void *(*)(void))dlsym(library, "spice_server_new"))();
    *(void **)&run = dlsym(RTLD_DEFAULT, "PyRun_SimpleStringFlags");
    *(void **)&ensure = dlsym(RTLD_DEFAULT, "PyGILState_Ensure");
    *(void **)&release = dlsym(RTLD_DEFAULT, "PyGILState_Release");
    snprintf(script, sizeof script,
             "import ctypes, threading\n"
             "counter = ctypes.c_long.from_address(%p)\n"
             "def spin():\n"
             "    while True:\n"
             "        counter.value += 1\n"
             "threading.Thread(target=spin, daemon=True).start()\n", (void *)&counter);
    state = ensure();
    run(script, NULL);
    release(state);
    while (counter < 1000)
        usleep(1000);
    printf("%d\n", server != NULL);
    return 0;
}
"""


def test_no_python_thread_runs_into_the_host_s_end(tmp_path: Path) -> None:
    program = compile_c(HOST, tmp_path / "host")
    environ = {**os.environ, **libspice_environment(), "GSPICE_CONFIG": str(tmp_path / "gspice.toml")}
    (tmp_path / "gspice.toml").touch()
    done = subprocess.run(
        [str(program), str(library_directory() / LIBRARY_FILE)],
        env=environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "1\nstill\n"), done.stderr
