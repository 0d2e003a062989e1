"""The encoder's copy of the pixels that are in the client's window, a ring in which every image is in one piece.

The client is told the oldest image that it must keep. That one leaves the ring when its room is needed, and since the
ring is as large as the window, it never holds more than the client does.
"""

from libc.stdint cimport uint32_t, uint64_t

cdef enum:
    MOST_IMAGES = 1 << 16  # in the window, a power of 2: beyond it they are too small to be of use

cdef struct Image:
    uint32_t start, count  # pixels
    uint32_t width
    int kind
    uint64_t known_since  # the clock when what is the oldest in it was last hashed all through

cdef struct Window:
    uint32_t *ring
    size_t size  # pixels
    size_t end  # where the next image goes, if there is room
    size_t pixels  # of the images that are in the window
    uint64_t clock  # pixels of all images so far
    Image *images  # by the low bits of the id
    uint64_t head, next  # ids: of the oldest image in the window, and of the next one


cdef inline Image *image_of(const Window *window, uint64_t image_id) noexcept nogil:
    return &window.images[image_id & (MOST_IMAGES - 1)]


cdef inline void drop_head(Window *window) noexcept nogil:
    window.pixels -= image_of(window, window.head).count
    window.head += 1


cdef inline Image *make_room(Window *window, uint32_t count) noexcept nogil:
    # For fewer pixels than the ring has. The image is not in the window before commit().
    cdef Image *image
    cdef size_t start = window.end
    if start + count > window.size:
        # What is left at the end of the ring stays empty, and what is beyond it is older than all at the beginning.
        while window.head < window.next and image_of(window, window.head).start >= start:
            drop_head(window)
        start = window.end = 0
    while window.head < window.next:
        image = image_of(window, window.head)
        if window.next - window.head < MOST_IMAGES - 1 and (
            image.start >= start + count or image.start + image.count <= start
        ):
            break
        drop_head(window)
    image = image_of(window, window.next)
    image.start = <uint32_t>start
    image.count = count
    image.known_since = window.clock
    return image


cdef inline void commit(Window *window) noexcept nogil:
    cdef Image *image = image_of(window, window.next)
    window.end = image.start + image.count
    window.pixels += image.count
    window.clock += image.count
    window.next += 1


cdef inline void forget_all(Window *window) noexcept nogil:
    window.head = window.next
    window.pixels = window.end = 0
