/* The recording on standard input: while more of it is waited for, the core interface runs. */
#ifndef RECORDING_INPUT_H
#define RECORDING_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* For spice_replay_new, once.
 *
 * short_reads: fread gives what there is, as soon as there is something. A library that asks for much more than one
 * event would otherwise get it only once that much has come. Those that ask for what they need take it for the end. */
FILE *recording(bool short_reads);

/* CPU time of reading it and of making commands: of all between these two, less the waits. */
extern int64_t guest_ns;
void guest_goes_on(void);
void guest_pauses(void);

/* CPU time of the process, or of this thread. */
int64_t cpu_ns(clockid_t whose);

#endif
