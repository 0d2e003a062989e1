"""What a thread waits for that has asked another; see answer.pyi."""

cdef extern from *:
    """
    #include <pthread.h>
    #include <time.h>

    typedef struct {
        pthread_mutex_t mutex;
        pthread_cond_t cond;
        int there;
    } gspice_answer;

    static int gspice_answer_init(gspice_answer *answer)
    {
        pthread_condattr_t attributes;
        int failed;

        answer->there = 0;
        if (pthread_condattr_init(&attributes))
            return -1;
        failed = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
                 || pthread_cond_init(&answer->cond, &attributes);
        pthread_condattr_destroy(&attributes);
        if (failed)
            return -1;
        if (!pthread_mutex_init(&answer->mutex, NULL))
            return 0;
        pthread_cond_destroy(&answer->cond);
        return -1;
    }

    static void gspice_answer_free(gspice_answer *answer)
    {
        pthread_mutex_destroy(&answer->mutex);
        pthread_cond_destroy(&answer->cond);
    }

    static void gspice_answer_give(gspice_answer *answer)
    {
        pthread_mutex_lock(&answer->mutex);
        answer->there = 1;
        pthread_cond_broadcast(&answer->cond);
        pthread_mutex_unlock(&answer->mutex);
    }

    static int gspice_answer_wait(gspice_answer *answer, double seconds)
    {
        struct timespec end;
        int there, late = 0;

        clock_gettime(CLOCK_MONOTONIC, &end);
        end.tv_sec += (time_t)seconds;
        end.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
        if (end.tv_nsec >= 1000000000) {
            end.tv_sec++;
            end.tv_nsec -= 1000000000;
        }
        pthread_mutex_lock(&answer->mutex);
        while (!answer->there && !late)
            late = pthread_cond_timedwait(&answer->cond, &answer->mutex, &end);
        there = answer->there;
        pthread_mutex_unlock(&answer->mutex);
        return there;
    }
    """
    ctypedef struct gspice_answer:
        pass
    int gspice_answer_init(gspice_answer *answer)
    void gspice_answer_free(gspice_answer *answer)
    void gspice_answer_give(gspice_answer *answer) nogil
    int gspice_answer_wait(gspice_answer *answer, double seconds) nogil


cdef class Answer:
    cdef gspice_answer _answer
    cdef bint _made
    cdef public object result
    cdef public object error

    def __cinit__(self):
        if gspice_answer_init(&self._answer):
            raise MemoryError("no condition variable for an answer")
        self._made = True

    def __dealloc__(self):
        if self._made:
            gspice_answer_free(&self._answer)

    def give(self):
        with nogil:
            gspice_answer_give(&self._answer)

    def wait(self, double seconds):
        cdef int there
        with nogil:
            there = gspice_answer_wait(&self._answer, min(max(seconds, 0.0), 1e9))
        return there != 0
