"""The images that the GLZ decoder keeps: each from the oldest of the window to the newest has a slot of its own."""

from cpython.ref cimport PyObject, Py_XDECREF
from libc.stdint cimport uint8_t, uint64_t
from libc.stdlib cimport calloc, free

cdef struct Image:
    PyObject *rows  # NULL: there is none with this id
    const uint8_t *data
    size_t pixels
    int kind

cdef struct Window:
    Image *images  # by the low bits of the id
    size_t slots  # a power of 2
    uint64_t oldest, next  # ids: all images are from the one on and before the other
    size_t pixels, count


cdef inline void release(Window *window, uint64_t head) noexcept:
    # Let go of the images before ``head``.
    cdef Image *image
    cdef uint64_t image_id
    for image_id in range(window.oldest, min(head, window.next)):
        image = &window.images[image_id & (window.slots - 1)]
        if image.rows != NULL:
            window.pixels -= image.pixels
            window.count -= 1
            Py_XDECREF(image.rows)
            image.rows = NULL
    window.oldest = max(window.oldest, head)


cdef inline int widen(Window *window, uint64_t newest) except -1:
    # Until all ids from the oldest to the newest have slots of their own.
    cdef size_t slots = window.slots
    cdef Image *images
    cdef uint64_t image_id
    while slots <= newest - window.oldest:
        slots *= 2
    if slots == window.slots:
        return 0
    images = <Image *>calloc(slots, sizeof(Image))
    if images == NULL:
        raise MemoryError(f"a GLZ window of {slots} images")
    for image_id in range(window.oldest, window.next):
        images[image_id & (slots - 1)] = window.images[image_id & (window.slots - 1)]
    free(window.images)
    window.images = images
    window.slots = slots
    return 0


cdef inline Image *find(const Window *window, uint64_t image_id) noexcept nogil:
    cdef Image *image
    if image_id < window.oldest or image_id >= window.next:
        return NULL
    image = &window.images[image_id & (window.slots - 1)]
    return NULL if image.rows == NULL else image
