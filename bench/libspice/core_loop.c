/* Timers and watches on one poll loop, see core_loop.h. */
#include "core_loop.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MAX_WATCHES = 64,
    MAX_TIMERS = 64,
};

void fail(const char *what)
{
    fprintf(stderr, "replay_host: %s: %s\n", what, strerror(errno));
    exit(1);
}

double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

struct SpiceTimer {
    SpiceTimerFunc func;
    void *opaque;
    double due;                /* 0: not started */
    bool used;
};

struct SpiceWatch {
    SpiceWatchFunc func;
    void *opaque;
    int fd, mask;
    bool used;
};

static SpiceTimer timers[MAX_TIMERS];
static SpiceWatch watches[MAX_WATCHES];

SpiceTimer *timer_add(SpiceTimerFunc func, void *opaque)
{
    for (int i = 0; i < MAX_TIMERS; i++)
        if (!timers[i].used) {
            timers[i] = (SpiceTimer){ .func = func, .opaque = opaque, .used = true };
            return &timers[i];
        }
    errno = ENOSPC;
    fail("timer");
    return NULL;
}

void timer_start(SpiceTimer *timer, uint32_t ms)
{
    timer->due = now_s() + ms * 1e-3;
}

bool timer_started(const SpiceTimer *timer)
{
    return timer->due;
}

static void timer_cancel(SpiceTimer *timer)
{
    timer->due = 0;
}

static void timer_remove(SpiceTimer *timer)
{
    timer->used = false;
}

SpiceWatch *watch_add(int fd, int mask, SpiceWatchFunc func, void *opaque)
{
    for (int i = 0; i < MAX_WATCHES; i++)
        if (!watches[i].used) {
            watches[i] = (SpiceWatch){ .func = func, .opaque = opaque, .fd = fd, .mask = mask, .used = true };
            return &watches[i];
        }
    errno = ENOSPC;
    fail("watch");
    return NULL;
}

static void watch_update_mask(SpiceWatch *watch, int mask)
{
    watch->mask = mask;
}

static void watch_remove(SpiceWatch *watch)
{
    watch->used = false;
}

SpiceCoreInterface core = {
    .base = { .type = SPICE_INTERFACE_CORE, .description = "poll", .major_version = SPICE_INTERFACE_CORE_MAJOR,
              .minor_version = SPICE_INTERFACE_CORE_MINOR },
    .timer_add = timer_add,
    .timer_start = timer_start,
    .timer_cancel = timer_cancel,
    .timer_remove = timer_remove,
    .watch_add = watch_add,
    .watch_update_mask = watch_update_mask,
    .watch_remove = watch_remove,
};

void run_until(int max_wait_ms, int fd)
{
    struct pollfd fds[MAX_WATCHES + 1];
    int of[MAX_WATCHES], n = 0;
    double now = now_s(), wait = max_wait_ms * 1e-3;

    for (int i = 0; i < MAX_TIMERS; i++)
        if (timers[i].used && timers[i].due && timers[i].due - now < wait)
            wait = timers[i].due > now ? timers[i].due - now : 0;
    for (int i = 0; i < MAX_WATCHES; i++)
        if (watches[i].used) {
            short events = (watches[i].mask & SPICE_WATCH_EVENT_READ ? POLLIN : 0)
                         | (watches[i].mask & SPICE_WATCH_EVENT_WRITE ? POLLOUT : 0);
            fds[n] = (struct pollfd){ .fd = watches[i].fd, .events = events };
            of[n++] = i;
        }
    fds[n] = (struct pollfd){ .fd = fd, .events = POLLIN };  /* poll leaves out negative ones */
    if (poll(fds, n + 1, (int)(wait * 1e3 + 0.999)) < 0 && errno != EINTR)
        fail("poll");
    now = now_s();
    for (int i = 0; i < MAX_TIMERS; i++)
        if (timers[i].used && timers[i].due && timers[i].due <= now) {
            timers[i].due = 0;
            timers[i].func(timers[i].opaque);
        }
    for (int k = 0; k < n; k++) {
        SpiceWatch *watch = &watches[of[k]];
        int event = (fds[k].revents & (POLLIN | POLLHUP | POLLERR) ? SPICE_WATCH_EVENT_READ : 0)
                  | (fds[k].revents & POLLOUT ? SPICE_WATCH_EVENT_WRITE : 0);
        /* What ran before may have removed it, or put another in its place. */
        if (watch->used && watch->fd == fds[k].fd && (event &= watch->mask))
            watch->func(watch->fd, event, watch->opaque);
    }
}

void run_once(int max_wait_ms)
{
    run_until(max_wait_ms, -1);
}
