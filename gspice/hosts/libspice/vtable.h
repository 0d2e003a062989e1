/* The table between the exported C functions and what stands behind them: one pointer for each row of symbols.def.
 *
 * The shim owns the one table of the process and hands its address to gspice.hosts.libspice.boot, which fills every
 * entry before it returns. From then on the entries may be called from any thread, with or without the GIL.
 */
#ifndef GSPICE_VTABLE_H
#define GSPICE_VTABLE_H

#include "abi.h"

struct gspice_vtable {
#define GSPICE_SYMBOL(node, result, name, parameters, arguments) result(*name) parameters;
#include "symbols.def"
#undef GSPICE_SYMBOL
    /* May stay NULL. Called once when the process exits: it must return soon, and leave no thread of ours running. */
    void (*at_exit)(void);
};

#endif
