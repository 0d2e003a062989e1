// What a tile's content is like: 16 of its pixels as levels of light, and how each differs from a neighbour.
//
// Each invocation is one tile. It writes five words: 16 levels, a byte each, and in the fifth how many neighbours differ
// and how many of these differ much. The numbers are those of gspice/stream/detect/tile_history.pyx.

layout(local_size_x = 64, local_size_y = 1, local_size_z = 1) in;

STORAGE_READ(0) buffer Taken { uint taken[]; };
STORAGE_READ(1) buffer Tiles { uint tiles[]; };
STORAGE(2) buffer Out { uint words[]; };
PUSH(3) { uint width; uint height; uint across; uint count; uint bits; uint mask; uint first; };

const int CONTRAST = 40;

int level(uint pixel) {
    if (bits == 32u) {
        return int(((pixel >> 16 & 255u) + 2u * (pixel >> 8 & 255u) + (pixel & 255u)) >> 2);
    }
    if (bits == 16u) {
        return int(2u * ((pixel >> 10 & 31u) + 2u * (pixel >> 5 & 31u) + (pixel & 31u)));
    }
    return int(pixel);
}

void main() {
    uint index = gl_GlobalInvocationID.x;
    if (index >= count) { return; }
    uint left = tiles[index] % across * 16u, top = tiles[index] / across * 16u;
    uint right = min(16u, width - left), bottom = min(16u, height - top);
    uint slight = 0u, contrast = 0u;
    uint out_at = first + 5u * index;
    for (uint row = 0u; row < 4u; row++) {
        uint packed_levels = 0u;
        uint y = 4u * row + 1u + (row & 1u);
        for (uint column = 0u; column < 4u; column++) {
            uint x = 4u * column + 2u * row % 3u;
            if (x + 1u >= right || y + 1u >= bottom) { continue; }
            uint at = (top + y) * width + left + x;
            uint pixel = taken[at] & mask;
            uint other = taken[at + ((column & 1u) != 0u ? width : 1u)] & mask;
            int beside = level(other) - level(pixel);
            if (abs(beside) >= CONTRAST) { contrast++; }
            if (other != pixel) { slight++; }
            packed_levels |= uint(level(pixel)) << (8u * column);
        }
        words[out_at + row] = packed_levels;
    }
    words[out_at + 4u] = slight | (contrast << 8);
}
