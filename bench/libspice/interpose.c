/* For LD_PRELOAD in a host of libspice-server: how long each call into the library takes.
 *
 * Every exported function is forwarded to the library that the host has loaded, whichever that is. The core interface
 * that the host gives is wrapped, so that the library's watches and timers are timed too: while one of them runs, the
 * host's main loop stands still. Counts go to a file that is mapped, so that whoever started the host can look at them
 * at any time: $SPICE_CALLS names it, and it must have room for all rows. */
#define _GNU_SOURCE
#include "../../gspice/hosts/libspice/abi.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Eight buckets for each doubling of nanoseconds. */
#define BUCKETS 320

enum row {
#define GSPICE_SYMBOL(node, result, name, parameters, arguments) row_##name,
#include "../../gspice/hosts/libspice/symbols.def"
#undef GSPICE_SYMBOL
    row_watch,
    row_timer,
    ROWS
};

static struct {
#define GSPICE_SYMBOL(node, result, name, parameters, arguments) result(*name) parameters;
#include "../../gspice/hosts/libspice/symbols.def"
#undef GSPICE_SYMBOL
} real;

static _Atomic uint64_t (*counts)[BUCKETS];
static uint64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * UINT64_C(1000000000) + time.tv_nsec;
}

struct timing {
    enum row row;
    uint64_t start;
};

static void stop(struct timing *timing)
{
    uint64_t ns = now() - timing->start;
    unsigned power, bucket;

    if (!counts)
        return;
    power = ns < 8 ? 3 : 63 - __builtin_clzll(ns);
    bucket = ns < 8 ? ns : (power - 2) * 8 + (ns >> (power - 3) & 7);
    atomic_fetch_add(&counts[timing->row][bucket < BUCKETS ? bucket : BUCKETS - 1], 1);
}

#define TIMED(row) struct timing timing __attribute__((cleanup(stop), unused)) = {row, now()}

static int (*init)(SpiceServer *s, SpiceCoreInterface *core);
static int init_wrapped(SpiceServer *s, SpiceCoreInterface *original);

static void find_library(void)
{
    const char *path = getenv("SPICE_CALLS");
    void *library = dlopen("libspice-server.so.1", RTLD_NOW | RTLD_NOLOAD), *place;
    size_t size = sizeof(*counts) * ROWS;
    int fd;

    if (!library)
        abort();
#define GSPICE_SYMBOL(node, result, name, parameters, arguments) *(void **)&real.name = dlsym(library, #name);
#include "../../gspice/hosts/libspice/symbols.def"
#undef GSPICE_SYMBOL
    init = real.spice_server_init;
    real.spice_server_init = init_wrapped;
    if (!path || (fd = open(path, O_RDWR | O_CLOEXEC)) < 0)
        return;
    place = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (place != MAP_FAILED)
        counts = place;
}

/* -- The host's main loop */

struct callback {
    SpiceWatchFunc watch;
    SpiceTimerFunc timer;
    void *opaque;
};

static SpiceCoreInterface *core, wrapped;

static void on_watch(int fd, int event, void *opaque)
{
    const struct callback *callback = opaque;
    TIMED(row_watch);

    callback->watch(fd, event, callback->opaque);
}

static void on_timer(void *opaque)
{
    const struct callback *callback = opaque;
    TIMED(row_timer);

    callback->timer(callback->opaque);
}

/* Never freed: a removed watch may be the one whose callback runs. They are few. */
static struct callback *callback_of(SpiceWatchFunc watch, SpiceTimerFunc timer, void *opaque)
{
    struct callback *callback = malloc(sizeof *callback);

    if (!callback)
        abort();
    *callback = (struct callback){watch, timer, opaque};
    return callback;
}

static SpiceWatch *watch_add(int fd, int event_mask, SpiceWatchFunc func, void *opaque)
{
    return core->watch_add(fd, event_mask, on_watch, callback_of(func, NULL, opaque));
}

static SpiceTimer *timer_add(SpiceTimerFunc func, void *opaque)
{
    return core->timer_add(on_timer, callback_of(NULL, func, opaque));
}

static int init_wrapped(SpiceServer *s, SpiceCoreInterface *original)
{
    core = original;
    if (original->base.minor_version >= 3)
        wrapped = *original;
    else
        memcpy(&wrapped, original, offsetof(SpiceCoreInterface, channel_event));
    wrapped.watch_add = watch_add;
    wrapped.timer_add = timer_add;
    return init(s, &wrapped);
}

/* -- What the host calls */

#define GSPICE_SYMBOL(node, result, name, parameters, arguments)                                                      \
    result name parameters                                                                                            \
    {                                                                                                                 \
        if (!real.name)                                                                                               \
            find_library();                                                                                           \
        TIMED(row_##name);                                                                                            \
        return real.name arguments;                                                                                   \
    }
#include "../../gspice/hosts/libspice/symbols.def"
