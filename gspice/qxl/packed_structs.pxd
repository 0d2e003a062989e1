"""QXL structures as they lie in guest memory: little endian, no padding. An address of 0 is none.

Names are those of spice-protocol's headers. ``Head`` structures stop before the body that depends on a type,
or before the data chunk, so that nothing is ever read twice.
"""

from libc.stdint cimport int16_t, int32_t, uint8_t, uint16_t, uint32_t, uint64_t


cdef packed struct QXLPoint:
    int32_t x
    int32_t y

cdef packed struct QXLPoint16:
    int16_t x
    int16_t y

cdef packed struct QXLRect:
    int32_t top
    int32_t left
    int32_t bottom
    int32_t right

cdef packed struct QXLDataChunk:
    uint32_t data_size
    uint64_t prev_chunk
    uint64_t next_chunk


# Images

cdef packed struct QXLImageDescriptor:
    uint64_t id
    uint8_t type
    uint8_t flags
    uint32_t width
    uint32_t height

cdef packed struct QXLBitmap:
    uint8_t format
    uint8_t flags
    uint32_t x
    uint32_t y
    uint32_t stride
    uint64_t palette
    uint64_t data

cdef packed struct QXLPaletteHead:
    uint64_t unique
    uint16_t num_ents


# Drawing operations

cdef packed struct QXLPattern:
    uint64_t pat
    QXLPoint pos

cdef packed struct QXLBrush:
    uint32_t type
    QXLPattern pattern  # a solid colour shares its bytes with the low half of ``pat``

cdef packed struct QXLQMask:
    uint8_t flags
    QXLPoint pos
    uint64_t bitmap

cdef packed struct QXLFill:
    QXLBrush brush
    uint16_t rop_descriptor
    QXLQMask mask

cdef packed struct QXLOpaque:
    uint64_t src_bitmap
    QXLRect src_area
    QXLBrush brush
    uint16_t rop_descriptor
    uint8_t scale_mode
    QXLQMask mask

cdef packed struct QXLCopy:
    uint64_t src_bitmap
    QXLRect src_area
    uint16_t rop_descriptor
    uint8_t scale_mode
    QXLQMask mask

cdef packed struct QXLTransparent:
    uint64_t src_bitmap
    QXLRect src_area
    uint32_t src_color
    uint32_t true_color

cdef packed struct QXLAlphaBlend:
    uint16_t alpha_flags
    uint8_t alpha
    uint64_t src_bitmap
    QXLRect src_area

cdef packed struct QXLCompatAlphaBlend:
    uint8_t alpha
    uint64_t src_bitmap
    QXLRect src_area

cdef packed struct QXLRop3:
    uint64_t src_bitmap
    QXLRect src_area
    QXLBrush brush
    uint8_t rop3
    uint8_t scale_mode
    QXLQMask mask

cdef packed struct QXLLineAttr:
    uint8_t flags
    uint8_t join_style
    uint8_t end_style
    uint8_t style_nseg
    int32_t width
    int32_t miter_limit
    uint64_t style

cdef packed struct QXLStroke:
    uint64_t path
    QXLLineAttr attr
    QXLBrush brush
    uint16_t fore_mode
    uint16_t back_mode

cdef packed struct QXLPathSeg:
    uint32_t flags
    uint32_t count

cdef packed struct QXLText:
    uint64_t str
    QXLRect back_area
    QXLBrush fore_brush
    QXLBrush back_brush
    uint16_t fore_mode
    uint16_t back_mode

cdef packed struct QXLStringHead:
    uint32_t data_size
    uint16_t length
    uint16_t flags

cdef packed struct QXLRasterGlyph:
    QXLPoint render_pos
    QXLPoint glyph_origin
    uint16_t width
    uint16_t height

cdef packed struct QXLComposite:
    uint32_t flags
    uint64_t src
    uint64_t src_transform
    uint64_t mask
    uint64_t mask_transform
    QXLPoint16 src_origin
    QXLPoint16 mask_origin

cdef packed struct QXLClip:
    uint32_t type
    uint64_t data

cdef packed struct QXLDrawableHead:
    uint64_t release_info
    uint32_t surface_id
    uint8_t effect
    uint8_t type
    uint8_t self_bitmap
    QXLRect self_bitmap_area
    QXLRect bbox
    QXLClip clip
    uint32_t mm_time
    int32_t surfaces_dest[3]
    QXLRect surfaces_rects[3]

cdef packed struct QXLCompatDrawableHead:
    uint64_t release_info
    uint8_t effect
    uint8_t type
    uint16_t bitmap_offset
    QXLRect bitmap_area
    QXLRect bbox
    QXLClip clip
    uint32_t mm_time


# Other commands

cdef packed struct QXLUpdateCmd:
    uint64_t release_info
    QXLRect area
    uint32_t update_id
    uint32_t surface_id

cdef packed struct QXLCompatUpdateCmd:
    uint64_t release_info
    QXLRect area
    uint32_t update_id

cdef packed struct QXLSurfaceCmdHead:
    uint64_t release_info
    uint32_t surface_id
    uint8_t type
    uint32_t flags

cdef packed struct QXLSurface:
    uint32_t format
    uint32_t width
    uint32_t height
    int32_t stride
    uint64_t data

cdef packed struct QXLCursorCmdHead:
    uint64_t release_info
    uint8_t type

cdef packed struct QXLCursorSet:
    QXLPoint16 position
    uint8_t visible
    uint64_t shape

cdef packed struct QXLCursorTrail:
    uint16_t length
    uint16_t frequency

cdef packed struct QXLCursorHead:
    uint64_t unique
    uint16_t type
    uint16_t width
    uint16_t height
    uint16_t hot_spot_x
    uint16_t hot_spot_y
    uint32_t data_size

cdef packed struct QXLHead:
    uint32_t id
    uint32_t surface_id
    uint32_t width
    uint32_t height
    uint32_t x
    uint32_t y
    uint32_t flags

cdef packed struct QXLMonitorsConfigHead:
    uint16_t count
    uint16_t max_allowed
