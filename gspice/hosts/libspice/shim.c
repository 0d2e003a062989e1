/* libspice-server.so.1: the public C functions of the SPICE server, answered by Python.
 *
 * No libpython is linked: one built file serves every Python, and a host that cannot have one says why. The first call
 * of any function boots; from then on each is one indirect call. */
#define _GNU_SOURCE
#include "python_location.h"
#include "vtable.h"

#include <dlfcn.h>
#include <langinfo.h>
#include <link.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>
#include <wchar.h>

/* What of Python's C interface is used: the part that no version has changed. */
struct python {
    int (*Py_IsInitialized)(void);
    wchar_t *(*Py_DecodeLocale)(const char *text, size_t *size);
    void (*Py_SetProgramName)(const wchar_t *name);
    void (*Py_InitializeEx)(int signal_handlers);
    void *(*PyEval_SaveThread)(void);
    int (*PyGILState_Ensure)(void);
    void (*PyGILState_Release)(int state);
    int (*PyRun_SimpleStringFlags)(const char *text, void *flags);
};

static struct gspice_vtable table;
static struct python python;
static pthread_once_t booted_once = PTHREAD_ONCE_INIT;
static atomic_bool booted;
static pid_t booted_by;

static void __attribute__((noreturn, format(printf, 1, 2))) give_up(const char *format, ...)
{
    va_list arguments;

    fflush(stdout);
    fputs("gspice: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

/* -- Finding Python in this process, or bringing it in */

static int find_loaded(struct dl_phdr_info *info, size_t size, void *found)
{
    const char *slash = info->dlpi_name ? strrchr(info->dlpi_name, '/') : NULL;

    (void)size;
    if (!slash || strncmp(slash, "/libpython3.", 12))
        return 0;
    snprintf(found, PATH_MAX, "%s", info->dlpi_name);
    return 1;
}

/* A running interpreter's libpython, made visible for extension modules, which do not link it; NULL: none runs. */
static void *running(void)
{
    char path[PATH_MAX] = "";
    void *library = NULL;
    int (*is_initialized)(void);

    dl_iterate_phdr(find_loaded, path);
    if (path[0])
        library = dlopen(path, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD);
    if (!library)
        library = dlopen(NULL, RTLD_NOW); /* Python programs that have all of libpython in themselves */
    *(void **)&is_initialized = library ? dlsym(library, "Py_IsInitialized") : NULL;
    return is_initialized && is_initialized() ? library : NULL;
}

static void *load(const struct python_location *location)
{
    void *library;

    if (!location->libpython[0])
        give_up("cannot tell which libpython belongs to %s; start this program by `gspice qemu` or `gspice xorg`, "
                "or set GSPICE_PYTHON to the Python that has gspice and GSPICE_LIBPYTHON to its libpython",
                location->program[0] ? location->program : "python3: none was found in PATH");
    library = dlopen(location->libpython, RTLD_NOW | RTLD_GLOBAL);
    if (!library)
        give_up("cannot load Python's library: %s; install it (Debian: apt-get install libpython3.11), "
                "or set GSPICE_LIBPYTHON to that of the Python that has gspice", dlerror());
    return library;
}

static void bind_python(void *library)
{
#define BIND(name)                                                                                                    \
    if (!(*(void **)&python.name = dlsym(library, #name)))                                                            \
        give_up("this Python has no " #name ": %s; set GSPICE_PYTHON and GSPICE_LIBPYTHON to a Python that gspice "    \
                "is made for", dlerror());
    BIND(Py_IsInitialized)
    BIND(Py_DecodeLocale)
    BIND(Py_SetProgramName)
    BIND(Py_InitializeEx)
    BIND(PyEval_SaveThread)
    BIND(PyGILState_Ensure)
    BIND(PyGILState_Release)
    BIND(PyRun_SimpleStringFlags)
#undef BIND
}

/* A global of libpython; those that a newer version lacks are not needed there. */
static void set_flag(void *library, const char *name)
{
    int *flag = dlsym(library, name);

    if (flag)
        *flag = 1;
}

/* Packages in folders whose names are not ASCII: Python's UTF-8 mode does not hold for its .pth files, the locale of
 * the environment does. Hosts often run in C. */
static void initialize(void)
{
    const char *wanted = getenv("LC_ALL");
    char *before = wanted ? strdup(wanted) : NULL;
    int odd;

    setlocale(LC_CTYPE, "");
    odd = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    if (odd)
        setenv("LC_ALL", "C.UTF-8", 1);
    python.Py_InitializeEx(0);
    if (odd && before)
        setenv("LC_ALL", before, 1);
    else if (odd)
        unsetenv("LC_ALL");
    free(before);
}

static void start(void *library, const struct python_location *location)
{
    wchar_t *name;

    set_flag(library, "Py_UTF8Mode"); /* whatever locale the host was started in */
    if (getauxval(AT_SECURE))
        set_flag(library, "Py_IgnoreEnvironmentFlag");
    /* Its name is how Python finds the packages of its venv. The copy belongs to Python from now on. */
    if (location->program[0] && (name = python.Py_DecodeLocale(location->program, NULL)))
        python.Py_SetProgramName(name);
    initialize();
}

/* -- Booting */

/* An exception becomes one line, not a traceback, where its text is meant for the operator. */
static const char boot_script[] =
    "def _gspice_boot(address):\n"
    "    import sys\n"
    "    def one_line(kind, error, trace):\n"
    "        if not isinstance(error, (ImportError, OSError)) and kind.__module__ != 'gspice.errors':\n"
    "            sys.__excepthook__(kind, error, trace)\n"
    "        text = ' '.join(f'gspice: cannot start in {sys.executable}: {error or kind.__name__}'.split())\n"
    "        print(text, file=sys.stderr, flush=True)\n"
    "    before, sys.excepthook = sys.excepthook, one_line\n"
    "    try:\n"
    "        import gspice.hosts.libspice.boot as boot\n"
    "        boot.boot(address)\n"
    "    except SystemExit as error:\n"
    "        raise ImportError(f'something ended Python: {error}') from error\n"
    "    sys.excepthook = before\n"
    "_gspice_boot(%p)\n"
    "del _gspice_boot\n";

static void check_filled(void)
{
#define GSPICE_SYMBOL(node, result, name, parameters, arguments)                                                      \
    if (!table.name)                                                                                                  \
        give_up("nothing stands behind " #name ": this library and the Python package gspice are of different "       \
                "versions; install gspice again");
#include "symbols.def"
#undef GSPICE_SYMBOL
}

/* Before Mesa's and libc's own clean-up, which a worker in the middle of drawing does not survive. Never
 * Py_Finalize: threads that are parked in compiled code would be ended in the middle of it. */
static void leave(void)
{
    /* A forked child has none of the threads. A Python program has taken its interpreter down by now. */
    if (table.at_exit && getpid() == booted_by && python.Py_IsInitialized())
        table.at_exit();
}

static void boot(void)
{
    char script[sizeof boot_script + 32], *locale = NULL;
    struct sigaction pipe_action, interrupt_action;
    sigset_t interrupt, mask;
    void *library = running();
    int joined = library != NULL, state = 0, failed;

    /* Python sends with plain write and send. */
    if (!sigaction(SIGPIPE, NULL, &pipe_action) && pipe_action.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
    if (joined) {
        bind_python(library);
        state = python.PyGILState_Ensure();
    } else {
        struct python_location location;
        const char *now = setlocale(LC_CTYPE, NULL);

        /* Importing the module signal gives Python the interrupt, whatever it was told: signals stay the host's. One
         * that comes meanwhile waits, and finds the host's own handler. */
        sigemptyset(&interrupt);
        sigaddset(&interrupt, SIGINT);
        pthread_sigmask(SIG_BLOCK, &interrupt, &mask);
        sigaction(SIGINT, NULL, &interrupt_action);
        locale = now ? strdup(now) : NULL;
        python_location_find(&location);
        library = load(&location);
        bind_python(library);
        start(library, &location);
    }
    snprintf(script, sizeof script, boot_script, (void *)&table);
    failed = python.PyRun_SimpleStringFlags(script, NULL);
    if (failed)
        exit(1); /* the script has said why */
    check_filled();
    if (joined)
        python.PyGILState_Release(state);
    else {
        python.PyEval_SaveThread();
        sigaction(SIGINT, &interrupt_action, NULL);
        pthread_sigmask(SIG_SETMASK, &mask, NULL);
    }
    if (locale) /* Python has set the user's; the host may count on its own */
        setlocale(LC_CTYPE, locale);
    free(locale);
    booted_by = getpid();
    atexit(leave);
    atomic_store_explicit(&booted, 1, memory_order_release);
}

static inline void ready(void)
{
    if (__builtin_expect(!atomic_load_explicit(&booted, memory_order_acquire), 0))
        pthread_once(&booted_once, boot);
}

/* -- What the host calls */

#define GSPICE_SYMBOL(node, result, name, parameters, arguments)                                                      \
    __attribute__((visibility("default"))) result name parameters                                                     \
    {                                                                                                                 \
        ready();                                                                                                      \
        return table.name arguments;                                                                                  \
    }
#include "symbols.def"
