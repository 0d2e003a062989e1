/* What the GLZ encoder needs of the server's own header. */
#ifndef STAND_IN_RED_COMMON_H
#define STAND_IN_RED_COMMON_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <spice/macros.h>

#include "common/log.h"
#include "common/lz_common.h"

#endif
