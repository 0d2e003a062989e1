/* The core interface that a host gives to the library: timers and watches on one poll loop, all in one thread. */
#ifndef CORE_LOOP_H
#define CORE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include <spice.h>

/* Without channel_event, which is the host's. */
extern SpiceCoreInterface core;

/* Says what failed, with errno's words, and ends the process. */
void fail(const char *what);

/* CLOCK_MONOTONIC. */
double now_s(void);

SpiceTimer *timer_add(SpiceTimerFunc func, void *opaque);
void timer_start(SpiceTimer *timer, uint32_t ms);
bool timer_started(const SpiceTimer *timer);
SpiceWatch *watch_add(int fd, int mask, SpiceWatchFunc func, void *opaque);

/* Waits, and does what is due of timers and watches. */
void run_once(int max_wait_ms);
/* The same; the wait ends also where there is something to read from fd. */
void run_until(int max_wait_ms, int fd);

#endif
