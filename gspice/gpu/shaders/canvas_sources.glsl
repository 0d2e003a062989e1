// What canvas.glsl reads: bits of bitmaps, tables and surfaces as pixels.

const uint FETCH_RAW = 0u;
const uint FETCH_LUT1_LE = 1u;
const uint FETCH_LUT1_BE = 2u;
const uint FETCH_LUT4_LE = 3u;
const uint FETCH_LUT4_BE = 4u;
const uint FETCH_LUT8 = 5u;
const uint FETCH_RGB555 = 6u;
const uint FETCH_RGB565 = 7u;
const uint FETCH_RGB24 = 8u;
const uint FETCH_ALPHA8 = 11u;
const uint FETCH_ALPHA1 = 12u;

const uint PACK_TO_RGB555 = 3u;
const uint PACK_TO_RGB565 = 4u;
const uint PACK_TO_ALPHA8 = 5u;
const uint PACK_TO_ALPHA1 = 6u;

uint data_byte(uint at) {
    return (data[at >> 2u] >> ((at & 3u) * 8u)) & 255u;
}

uint widen555(uint v) {
    uint w = ((v & 0x7c00u) << 9u) | ((v & 0x3e0u) << 6u) | ((v & 0x1fu) << 3u);
    return 0xff000000u | w | ((w >> 5u) & 0x070707u);
}

uint widen565(uint v) {
    uint w = ((v & 0xf800u) << 8u) | ((v & 0x7e0u) << 5u) | ((v & 0x1fu) << 3u);
    return 0xff000000u | w | ((w >> 5u) & 0x070007u) | ((w >> 6u) & 0x300u);
}

uint narrow555(uint v) {
    return ((v >> 9u) & 0x7c00u) | ((v >> 6u) & 0x3e0u) | ((v >> 3u) & 0x1fu);
}

uint narrow565(uint v) {
    return ((v >> 8u) & 0xf800u) | ((v >> 5u) & 0x7e0u) | ((v >> 3u) & 0x1fu);
}

// A pixel of a format as A8R8G8B8.
uint widen(uint v, uint form) {
    if (form == FORM_ARGB32) { return v; }
    if (form == FORM_XRGB32) { return v | 0xff000000u; }
    if (form == FORM_RGB565) { return widen565(v); }
    if (form == FORM_RGB555) { return widen555(v); }
    if (form == FORM_A8) { return (v & 255u) << 24u; }
    return (v & 1u) != 0u ? 0xff000000u : 0u;
}

// A8R8G8B8 as a pixel of a format.
uint narrow(uint v, uint form) {
    if (form == FORM_RGB565) { return narrow565(v); }
    if (form == FORM_RGB555) { return narrow555(v); }
    if (form == FORM_A8) { return v >> 24u; }
    if (form == FORM_A1) { return v >> 31u; }
    return v;
}

// The bits of one pixel of a bitmap as they lie in memory.
uint data_bits(uint row, uint x, uint bits, uint head) {
    uint at;
    if (bits == 32u) {
        at = row + x * 4u;
        // Rows that begin at whole words.
        if ((head & 0x2000u) != 0u) { return data[at >> 2u]; }
        return data_byte(at) | (data_byte(at + 1u) << 8u) | (data_byte(at + 2u) << 16u) | (data_byte(at + 3u) << 24u);
    }
    if (bits == 24u) {
        at = row + x * 3u;
        return data_byte(at) | (data_byte(at + 1u) << 8u) | (data_byte(at + 2u) << 16u);
    }
    if (bits == 16u) {
        at = row + x * 2u;
        return data_byte(at) | (data_byte(at + 1u) << 8u);
    }
    return data_byte(row + x);
}

// Pixels to copy from: see the words of a source.
struct Source {
    uint head;
    uint first;
    uint step;
    uint table;
    int width;
    int height;
};

// Source number `index`, from 1; of number 0 nothing is to be read.
Source source_of(uint index) {
    uint s = sources_at + (index - 1u) * 16u;
    return Source(batch[s], batch[s + 1u], batch[s + 2u], batch[s + 5u], int(batch[s + 3u]), int(batch[s + 4u]));
}

// The bits of one pixel as they lie in data: by fetch.
uint fetched(Source s, uint fetch, uint pack, uint row, uint ux) {
    if (fetch == FETCH_RAW) {
        return data_bits(row, ux, pack == 0u ? 32u : (pack == 1u || pack == 3u || pack == 4u ? 16u : 8u), s.head);
    }
    if (fetch == FETCH_LUT1_LE || fetch == FETCH_ALPHA1) { return (data_byte(row + (ux >> 3u)) >> (ux & 7u)) & 1u; }
    if (fetch == FETCH_LUT1_BE) { return (data_byte(row + (ux >> 3u)) >> (7u - (ux & 7u))) & 1u; }
    if (fetch == FETCH_LUT4_LE) { return (data_byte(row + (ux >> 1u)) >> ((ux & 1u) * 4u)) & 15u; }
    if (fetch == FETCH_LUT4_BE) { return (data_byte(row + (ux >> 1u)) >> ((1u - (ux & 1u)) * 4u)) & 15u; }
    if (fetch == FETCH_LUT8 || fetch == FETCH_ALPHA8) { return data_byte(row + ux); }
    if (fetch == FETCH_RGB555 || fetch == FETCH_RGB565) { return data_bits(row, ux, 16u, s.head); }
    return data_bits(row, ux, fetch == FETCH_RGB24 ? 24u : 32u, s.head);
}

// One pixel of a source as the planners' formats say: fetched, then packed.
uint source_pixel(Source s, int x, int y) {
    uint row = s.first + s.step * uint(y);
    uint fetch = (s.head >> 4u) & 15u;
    uint pack = (s.head >> 8u) & 15u;
    uint v;
    if ((s.head & 1u) != 0u) {
        v = surfaces[row + uint(x)];
    } else {
        v = fetched(s, fetch, pack, row, uint(x));
    }
    if (fetch == FETCH_RAW) { return v; }
    if (fetch <= FETCH_LUT8) {
        v = data[s.table + v];
    } else if (fetch == FETCH_RGB555) {
        v = widen555(v);
    } else if (fetch == FETCH_RGB565) {
        v = widen565(v);
    } else if (fetch == FETCH_ALPHA8) {
        v = (v & 255u) << 24u;
    } else if (fetch == FETCH_ALPHA1) {
        v = (v & 1u) != 0u ? 0xff000000u : 0u;
    } else if (((s.head >> 12u) & 1u) != 0u) {
        v = v | 0xff000000u;
    }
    if (pack == PACK_TO_RGB555) { return narrow555(v); }
    if (pack == PACK_TO_RGB565) { return narrow565(v); }
    if (pack == PACK_TO_ALPHA8) { return v >> 24u; }
    if (pack == PACK_TO_ALPHA1) { return v >> 31u; }
    return v;
}

// `place` brought into 0..size-1 by whole sizes.
int wrapped(int place, int size) {
    // Remainders of negative numbers are not defined.
    if (place >= 0) { return int(uint(place) % uint(size)); }
    return size - 1 - int(uint(-(place + 1)) % uint(size));
}

uint pattern_pixel(Source s, int x, int y) {
    return source_pixel(s, wrapped(x, s.width), wrapped(y, s.height));
}
