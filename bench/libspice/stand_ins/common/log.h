/* The encoders' checks, without GLib's logging: what fails ends the call of codecs.c. Those that only a debug build
 * of libspice makes are left out, as in Debian's.
 */
#ifndef STAND_IN_LOG_H
#define STAND_IN_LOG_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

void codecs_fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#define CODECS_CHECK(condition) (G_LIKELY(condition) ? (void)0 : codecs_fail("check failed: %s", #condition))
#define spice_assert(condition) CODECS_CHECK(condition)
#define spice_return_if_fail(condition) CODECS_CHECK(condition)
#define spice_return_val_if_fail(condition, value) CODECS_CHECK(condition)
#define spice_extra_assert(condition) ((void)0)
#define spice_warn_if_reached() codecs_fail("a place that should not be reached")
#define spice_error(...) codecs_fail(__VA_ARGS__)
#define spice_critical(...) codecs_fail(__VA_ARGS__)
#define spice_warning(...) ((void)0)
#define spice_debug(...) ((void)0)

#endif
