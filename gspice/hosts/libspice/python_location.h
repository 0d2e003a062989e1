/* Which Python the library runs, found without a fork: hosts forbid it. */
#ifndef GSPICE_PYTHON_LOCATION_H
#define GSPICE_PYTHON_LOCATION_H

#include <limits.h>

struct python_location {
    char program[PATH_MAX];   /* the interpreter whose packages are used; empty: not known */
    char libpython[PATH_MAX]; /* a path, or a name for the dynamic linker; empty: not known */
};

/* Fills in what can be found out. The environment counts first, then gspice.conf beside this library, then the Python
 * in whose packages this library lies, then the first python3 in PATH whose libpython has a name that can be told. */
void python_location_find(struct python_location *found);

#endif
