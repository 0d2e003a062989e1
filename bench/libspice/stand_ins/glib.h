/* What the encoders use of GLib, so that its headers need not be installed. Little-endian machines alone. */
#ifndef STAND_IN_GLIB_H
#define STAND_IN_GLIB_H

#include <stddef.h>
#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error bench codecs is for little-endian machines
#endif

#define G_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define G_UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#define GUINT32_TO_LE(word) (word)
#define GUINT32_FROM_LE(word) (word)
#define G_BEGIN_DECLS
#define G_END_DECLS

#ifndef TRUE
#define TRUE 1
#define FALSE 0
#endif

#endif
