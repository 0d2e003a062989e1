"""Calling wgpu-native so that a panic in it ends the call and not the process; guard.pyi says what is promised.

Its functions cannot be unwound: a panic, which is how it answers to the loss of a device while it submits, ends in
abort(). The handler of SIGABRT takes the thread back to where the call was made. Nothing of wgpu's is cleaned up then.
"""

from libc.stdint cimport uintptr_t

from gspice.errors import GpuLostError

cdef extern from *:
    """
    #include <setjmp.h>
    #include <signal.h>
    #include <stdint.h>
    #include <string.h>
    #include <unistd.h>

    typedef uintptr_t (*guarded_function)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);

    static __thread sigjmp_buf *guard_place;
    static struct sigaction guard_before;

    static void guard_on_abort(int number, siginfo_t *info, void *context)
    {
        /* This thread's own abort(), and not one that somebody sent. */
        if (guard_place && info->si_code == SI_TKILL && info->si_pid == getpid()) {
            sigjmp_buf *place = guard_place;
            guard_place = NULL;
            siglongjmp(*place, 1);
        }
        if (guard_before.sa_flags & SA_SIGINFO)
            guard_before.sa_sigaction(number, info, context);
        else if (guard_before.sa_handler == SIG_DFL) {
            /* Whoever aborts raises it once more; whoever sent it meant it. */
            sigaction(SIGABRT, &guard_before, NULL);
            raise(SIGABRT);
        } else if (guard_before.sa_handler != SIG_IGN)
            guard_before.sa_handler(number);
    }

    static int guard_install(void)
    {
        struct sigaction now, wanted;
        if (sigaction(SIGABRT, NULL, &now))
            return -1;
        if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == guard_on_abort)
            return 0;
        guard_before = now;
        memset(&wanted, 0, sizeof wanted);
        sigemptyset(&wanted.sa_mask);
        wanted.sa_sigaction = guard_on_abort;
        wanted.sa_flags = SA_SIGINFO | SA_ONSTACK;
        return sigaction(SIGABRT, &wanted, NULL);
    }

    static void guard_remove(void)
    {
        struct sigaction now;
        if (!sigaction(SIGABRT, NULL, &now) && (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == guard_on_abort)
            sigaction(SIGABRT, &guard_before, NULL);
    }

    /* 0 where the function came back. */
    static int guard_run(uintptr_t function, const uintptr_t *words, uintptr_t *result)
    {
        sigjmp_buf place;
        if (sigsetjmp(place, 1))
            return 1;
        guard_place = &place;
        *result = ((guarded_function)function)(words[0], words[1], words[2], words[3], words[4]);
        guard_place = NULL;
        return 0;
    }
    """
    int guard_install() nogil
    void guard_remove() nogil
    int guard_run(uintptr_t function, const uintptr_t *words, uintptr_t *result) nogil

cdef int users = 0


def hold():
    global users
    if guard_install():
        raise OSError("the handler of SIGABRT cannot be set")
    users += 1


def let_go():
    global users
    users -= 1
    if users == 0:
        guard_remove()


def call(uintptr_t function, uintptr_t a=0, uintptr_t b=0, uintptr_t c=0, uintptr_t d=0, uintptr_t e=0):
    cdef uintptr_t[5] words
    cdef uintptr_t result = 0
    cdef int failed
    words[0], words[1], words[2], words[3], words[4] = a, b, c, d, e
    with nogil:
        failed = guard_run(function, words, &result)
    if failed:
        raise GpuLostError("wgpu gave up; what it says of it is on standard error")
    return result
