/* The recording on standard input, see recording_input.h. */
#define _GNU_SOURCE
#include "recording_input.h"

#include <dlfcn.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "core_loop.h"

enum {
    READ_BYTES = 1 << 16,
};

int64_t cpu_ns(clockid_t whose)
{
    struct timespec t;
    clock_gettime(whose, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

int64_t guest_ns;

static FILE *recorded;
static bool short_reads;
static int64_t guest_since;    /* the thread's CPU time when it began or went on */

void guest_goes_on(void)
{
    guest_since = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
}

void guest_pauses(void)
{
    guest_ns += cpu_ns(CLOCK_THREAD_CPUTIME_ID) - guest_since;
}

/* Reads what there is, and lets the core interface run until there is something. */
static ssize_t recording_read(void *cookie, char *buffer, size_t size)
{
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
    while (poll(&input, 1, 0) == 0) {
        guest_pauses();
        run_until(1000, STDIN_FILENO);
        guest_goes_on();
    }
    return read(STDIN_FILENO, buffer, size);
}

FILE *recording(bool ends_reads_short)
{
    short_reads = ends_reads_short;
    recorded = fopencookie(NULL, "r", (cookie_io_functions_t){ .read = recording_read });
    if (!recorded)
        fail("fopencookie");
    setvbuf(recorded, NULL, _IOFBF, READ_BYTES);
    return recorded;
}

/* In place of libc's, for the libraries too. */
size_t fread(void *target, size_t size, size_t n, FILE *file)
{
    static size_t (*next)(void *, size_t, size_t, FILE *);
    if (short_reads && file == recorded && size == 1) {
        ssize_t got = recording_read(NULL, target, n);
        return got < 0 ? 0 : got;
    }
    if (!next)
        next = (size_t (*)(void *, size_t, size_t, FILE *))dlsym(RTLD_NEXT, "fread");
    return next(target, size, n, file);
}
