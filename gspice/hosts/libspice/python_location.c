#define _GNU_SOURCE
#include "python_location.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONFIGURATION "gspice.conf"
#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

/* Copies a path, or leaves the target empty where it does not fit: half a path would name another file. */
static void copy_path(char *target, const char *path)
{
    size_t length = path ? strlen(path) : 0;

    if (length >= PATH_MAX)
        length = 0;
    memcpy(target, path ? path : "", length);
    target[length] = '\0';
}

static int join(char *target, const char *folder, const char *name)
{
    int length = snprintf(target, PATH_MAX, "%s/%s", folder, name);

    return length > 0 && length < PATH_MAX;
}

/* Cuts the last component off; 0 where there is none left. */
static int parent(char *path)
{
    char *slash = strrchr(path, '/');

    if (!slash || !path[1])
        return 0;
    slash[slash == path] = '\0';
    return 1;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* The folder of this very library, links followed. */
static int own_folder(char *folder)
{
    Dl_info info;

    return dladdr((void *)own_folder, &info) && info.dli_fname && realpath(info.dli_fname, folder) && parent(folder);
}

/* Lines `python = PATH` and `libpython = PATH`; anything else is passed over. */
static void read_configuration(const char *folder, struct python_location *found)
{
    char path[PATH_MAX], line[PATH_MAX + 64];
    FILE *file;

    if (!join(path, folder, CONFIGURATION) || !(file = fopen(path, "re")))
        return;
    while (fgets(line, sizeof line, file)) {
        char *key = line + strspn(line, " \t"), *value = strchr(key, '='), *end;

        if (!value)
            continue;
        for (end = value; end > key && isspace((unsigned char)end[-1]); end--)
            ;
        *end = '\0';
        value += 1 + strspn(value + 1, " \t");
        for (end = value + strlen(value); end > value && isspace((unsigned char)end[-1]); end--)
            ;
        *end = '\0';
        if (!strcmp(key, "python") && !found->program[0])
            copy_path(found->program, value);
        else if (!strcmp(key, "libpython") && !found->libpython[0])
            copy_path(found->libpython, value);
    }
    fclose(file);
}

/* The interpreter of the venv or prefix that this library is installed in. */
static void look_around(const char *folder, char *program)
{
    char path[PATH_MAX], candidate[PATH_MAX], bin[PATH_MAX + 4];

    copy_path(path, folder);
    do {
        if (join(candidate, path, "pyvenv.cfg") && !access(candidate, R_OK)
            && join(candidate, path, "bin/python") && !access(candidate, X_OK)) {
            copy_path(program, candidate);
            return;
        }
    } while (parent(path));

    copy_path(path, folder);
    while (strcmp(last_part(path), "site-packages") && strcmp(last_part(path), "dist-packages"))
        if (!parent(path))
            return;
    if (!parent(path) || strncmp(last_part(path), "python3", 7))
        return;
    snprintf(bin, sizeof bin, "bin/%s", last_part(path));
    /* From PREFIX/lib/python3.X to PREFIX. */
    if (parent(path) && parent(path) && join(candidate, path, bin) && !access(candidate, X_OK))
        copy_path(program, candidate);
}

/* The library that holds what a program `.../bin/python3.X` holds; 0 where the program's name does not tell. */
static int library_of(const char *program, char *libpython)
{
    static const char *const beside[] = {"lib", "lib64"};
    char real[PATH_MAX], folder[PATH_MAX], name[PATH_MAX + 16];

    if (!realpath(program, real) || strncmp(last_part(real), "python3.", 8))
        return 0;
    snprintf(name, sizeof name, "lib%s.so.1.0", last_part(real));
    if (!parent(real) || !parent(real))
        return 0;
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
        if (join(folder, real, beside[i]) && join(libpython, folder, name) && !access(libpython, R_OK))
            return 1;
    copy_path(libpython, name);
    return libpython[0] != '\0';
}

static void search_path(struct python_location *found)
{
    const char *path = secure_getenv("PATH"), *end;
    char folder[PATH_MAX], candidate[PATH_MAX], libpython[PATH_MAX];

    for (path = path ? path : DEFAULT_PATH; *path; path = *end ? end + 1 : end) {
        end = strchrnul(path, ':');
        if (path[0] != '/' || end - path >= PATH_MAX)
            continue;
        memcpy(folder, path, end - path);
        folder[end - path] = '\0';
        if (!join(candidate, folder, "python3") || access(candidate, X_OK) || !library_of(candidate, libpython))
            continue;
        copy_path(found->program, candidate);
        return;
    }
}

void python_location_find(struct python_location *found)
{
    char folder[PATH_MAX];
    int known = own_folder(folder);

    copy_path(found->program, secure_getenv("GSPICE_PYTHON"));
    copy_path(found->libpython, secure_getenv("GSPICE_LIBPYTHON"));
    if (known)
        read_configuration(folder, found);
    if (known && !found->program[0])
        look_around(folder, found->program);
    if (!found->program[0])
        search_path(found);
    if (!found->libpython[0] && (!found->program[0] || !library_of(found->program, found->libpython)))
        found->libpython[0] = '\0';
}
