// Draws one level of a batch: each workgroup is one tile of a surface, each invocation four pixels of a column of it.
//
// Pixels go through the tile's primitives in their order, and are written once. What the words of commands and sources
// mean is told by gspice/gpu/compute/primitives.pyx, those of tiles by binning.pyx; kinds, fetches, packs and formats
// are numbered as in gspice/gpu/compute/kinds.py, gspice/gpu/plans/formats.py and gspice/pixels.py.
// Tiles go to the variant that has code for all their commands and for little else: PLAIN fills and copies words,
// BITWISE does all but to composite, FULL does all.
// Pixels are one word each, whatever their format: what a format has no bits for is zero.

layout(local_size_x = 16, local_size_y = 4, local_size_z = 1) in;

STORAGE(0) buffer Surfaces { uint surfaces[]; };
STORAGE_READ(1) buffer Data { uint data[]; };
STORAGE_READ(2) buffer Batch { uint batch[]; };
PUSH(3) {
    uint commands_at; uint sources_at; uint slots_at; uint parts_at; uint tiles_at; uint bins_at; uint tile_count;
};

const uint ROWS = 4u;
const uint ROW_STEP = 4u;
const uint KIND_FILL = 0u;
const uint KIND_BLIT = 1u;
const uint KIND_TILE = 2u;
const uint KIND_COLORKEY = 3u;
const uint KIND_ROP3 = 4u;
const uint KIND_GLYPHS_COLOR = 5u;
const uint KIND_GLYPHS_TILE = 6u;
const uint KIND_COMPOSITE = 7u;

const uint FORM_A1 = 1u;
const uint FORM_A8 = 8u;
const uint FORM_RGB555 = 16u;
const uint FORM_XRGB32 = 32u;
const uint FORM_RGB565 = 80u;
const uint FORM_ARGB32 = 96u;

// Any function of source and destination bits: 1 ones, 2 source, 4 destination, 8 both, the chosen terms xored.
uint combined(uint rop, uint s, uint d) {
    uint one = 0u - (rop & 1u);
    uint src = 0u - ((rop >> 1u) & 1u);
    uint dst = 0u - ((rop >> 2u) & 1u);
    uint both = 0u - ((rop >> 3u) & 1u);
    return one ^ (src & s) ^ (dst & d) ^ (both & s & d);
}

#ifndef VARIANT_PLAIN

INCLUDE(canvas_sources)
INCLUDE(canvas_blending)

// Bit 4 * pattern + 2 * source + destination of `code`, for each bit.
uint ternary(uint code, uint p, uint s, uint d) {
    uint result = 0u;
    if ((code & 1u) != 0u) { result |= ~p & ~s & ~d; }
    if ((code & 2u) != 0u) { result |= ~p & ~s & d; }
    if ((code & 4u) != 0u) { result |= ~p & s & ~d; }
    if ((code & 8u) != 0u) { result |= ~p & s & d; }
    if ((code & 16u) != 0u) { result |= p & ~s & ~d; }
    if ((code & 32u) != 0u) { result |= p & ~s & d; }
    if ((code & 64u) != 0u) { result |= p & s & ~d; }
    if ((code & 128u) != 0u) { result |= p & s & d; }
    return result;
}

// The pixel (x, y) after one command, whose words begin at p and whose sources were looked up.
uint drawn(uint p, uint head, Source source, Source cover, Source pattern, int x, int y, uint bits, uint value) {
    uint kind = head & 255u;
    uint rop = (head >> 8u) & 255u;
#ifdef VARIANT_FULL
    if (kind == KIND_COMPOSITE) {
        return composited(p, batch[p + 13u], (head >> 16u) & 255u, x, y, value) & bits;
    }
#endif
    uint color = batch[p + 3u];
    uint s = color;
    uint paint = color;
    uint mask = 0xffffffffu;
    if (batch[p + 4u] != 0u) { s = source_pixel(source, x - int(batch[p + 5u]), y - int(batch[p + 6u])); }
    if (batch[p + 10u] != 0u) { paint = pattern_pixel(pattern, x - int(batch[p + 11u]), y - int(batch[p + 12u])); }
    if (batch[p + 7u] != 0u) { mask = source_pixel(cover, x - int(batch[p + 8u]), y - int(batch[p + 9u])); }
    uint made = value;
    if (kind == KIND_FILL || kind == KIND_BLIT) {
        made = combined(rop, s, value);
    } else if (kind == KIND_TILE) {
        made = combined(rop, paint, value);
    } else if (kind == KIND_COLORKEY) {
        uint seen = bits == 0xffffffffu ? 0xffffffu : bits;
        made = (s & seen) == (color & seen) ? value : s;
    } else if (kind == KIND_ROP3) {
        made = ternary((head >> 16u) & 255u, paint, s, value);
    } else {
        return glyph_over(batch[p + 13u], value, paint, mask >> 24u) & bits;
    }
    return (value ^ ((value ^ made) & mask)) & bits;
}

#endif

void main() {
    uint group = gl_WorkGroupID.y * 32768u + gl_WorkGroupID.x;
    if (group >= tile_count) { return; }
    uint t = tiles_at + group * 4u;
    uint slot = slots_at + batch[t] * 4u;
    uint corner = batch[t + 1u];
    uint first = bins_at + batch[t + 2u];
    uint count = batch[t + 3u];
    uint width = batch[slot + 1u];
    uint height = batch[slot + 2u];
    uint bits = batch[slot + 3u];
    uint ux = (corner & 0xffffu) + gl_LocalInvocationID.x;
    uint top = (corner >> 16u) + gl_LocalInvocationID.y;
    if (ux >= width) { return; }
    uint at = batch[slot] + top * width + ux;
    uint value[4];
    for (uint r = 0u; r < ROWS; r++) {
        value[r] = top + r * ROW_STEP < height ? surfaces[at + r * ROW_STEP * width] : 0u;
    }
#ifndef VARIANT_PLAIN
    Source none = Source(0u, 0u, 0u, 0u, 1, 1);
#endif
    for (uint i = 0u; i < count; i++) {
        uint part = parts_at + batch[first + i] * 3u;
        uint upper = batch[part + 1u];
        uint lower = batch[part + 2u];
        if (ux < (upper & 0xffffu) || ux >= (lower & 0xffffu)) { continue; }
        uint p = commands_at + batch[part] * 16u;
        uint head = batch[p];
#ifdef VARIANT_PLAIN
        uint rop = (head >> 8u) & 255u;
        uint source = batch[p + 4u];
        uint s = batch[p + 3u];
        uint from = 0u;
        uint step = 0u;
        bool surface = false;
        if (source != 0u) {
            source = sources_at + (source - 1u) * 16u;
            surface = (batch[source] & 1u) != 0u;
            // Bytes and words alike: rows, and what is in a row.
            step = surface ? batch[source + 2u] : uint(int(batch[source + 2u]) >> 2);
            from = (surface ? batch[source + 1u] : batch[source + 1u] >> 2u) + ux - batch[p + 5u];
            from += step * (top - batch[p + 6u]);
        }
        for (uint r = 0u; r < ROWS; r++) {
            uint uy = top + r * ROW_STEP;
            if (uy >= (upper >> 16u) && uy < (lower >> 16u)) {
                uint place = from + step * ROW_STEP * r;
                if (source != 0u) { s = surface ? surfaces[place] : data[place]; }
                value[r] = combined(rop, s, value[r]) & bits;
            }
        }
#else
        Source source = none;
        Source cover = none;
        Source pattern = none;
        if (batch[p + 4u] != 0u) { source = source_of(batch[p + 4u]); }
        if (batch[p + 7u] != 0u) { cover = source_of(batch[p + 7u]); }
        if (batch[p + 10u] != 0u) { pattern = source_of(batch[p + 10u]); }
        for (uint r = 0u; r < ROWS; r++) {
            uint uy = top + r * ROW_STEP;
            if (uy >= (upper >> 16u) && uy < (lower >> 16u)) {
                value[r] = drawn(p, head, source, cover, pattern, int(ux), int(uy), bits, value[r]);
            }
        }
#endif
    }
    for (uint r = 0u; r < ROWS; r++) {
        if (top + r * ROW_STEP < height) { surfaces[at + r * ROW_STEP * width] = value[r]; }
    }
}
