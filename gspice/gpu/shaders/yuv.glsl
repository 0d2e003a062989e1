// Converts a rectangle of what was last taken of a surface to planes of Y, Cb and Cr, bytes packed into words.
//
// Each invocation makes 8x2 pixels of luma, and what chroma belongs to them.

layout(local_size_x = 8, local_size_y = 8, local_size_z = 1) in;

STORAGE_READ(0) buffer Taken { uint taken[]; };
STORAGE_READ(1) buffer Weights { int weights[]; };
STORAGE(2) buffer Out { uint planes[]; };
PUSH(3) {
    uint width; uint left; uint top; uint columns; uint rows; uint out_width; uint out_height; uint flags;
};

const uint HALVE = 1u, FULL = 2u;

uint source(uint x, uint y) {
    return taken[(top + min(y, rows - 1u)) * width + left + min(x, columns - 1u)];
}

ivec3 colors(uint pixel) {
    return ivec3(int((pixel >> 16) & 255u), int((pixel >> 8) & 255u), int(pixel & 255u));
}

// Red, green and blue of a pixel that is shown.
ivec3 shown(uint x, uint y) {
    if ((flags & HALVE) == 0u) { return colors(source(x, y)); }
    uint twice_x = 2u * x, twice_y = 2u * y;
    ivec3 sum = colors(source(twice_x, twice_y)) + colors(source(twice_x + 1u, twice_y))
        + colors(source(twice_x, twice_y + 1u)) + colors(source(twice_x + 1u, twice_y + 1u));
    return (sum + 2) >> 2;
}

// Of the sum of 1 << more pixels: Y, Cb or Cr by its number.
uint weighed(int plane, ivec3 sum, int more) {
    int at = 4 * plane;
    int value = weights[at] * sum.r + weights[at + 1] * sum.g + weights[at + 2] * sum.b;
    return uint((value + (weights[at + 3] << more)) >> (16 + more)) & 255u;
}

void main() {
    uint shown_width = columns, shown_height = rows;
    if ((flags & HALVE) != 0u) { shown_width = (columns + 1u) >> 1; shown_height = (rows + 1u) >> 1; }
    uint block_x = gl_GlobalInvocationID.x, block_y = gl_GlobalInvocationID.y;
    uint blocks = (out_width + 7u) >> 3;
    if (block_x >= blocks || 2u * block_y >= out_height) { return; }
    bool full = (flags & FULL) != 0u;
    uint luma_words = 2u * blocks * out_height;
    for (uint row = 0u; row < 2u; row++) {
        uint y = 2u * block_y + row;
        if (y >= out_height) { break; }
        for (uint half_block = 0u; half_block < 2u; half_block++) {
            uint luma = 0u, cb = 0u, cr = 0u;
            for (uint i = 0u; i < 4u; i++) {
                uint x = 8u * block_x + 4u * half_block + i;
                ivec3 pixel = shown(min(x, shown_width - 1u), min(y, shown_height - 1u));
                luma |= weighed(0, pixel, 0) << (8u * i);
                if (full) {
                    cb |= weighed(1, pixel, 0) << (8u * i);
                    cr |= weighed(2, pixel, 0) << (8u * i);
                }
            }
            uint at = 2u * blocks * y + 2u * block_x + half_block;
            planes[at] = luma;
            if (full) {
                planes[luma_words + at] = cb;
                planes[2u * luma_words + at] = cr;
            }
        }
    }
    if (full) { return; }
    uint cb = 0u, cr = 0u;
    uint first_y = 2u * min(block_y, ((shown_height + 1u) >> 1) - 1u);
    uint second_y = min(first_y + 1u, shown_height - 1u);
    for (uint i = 0u; i < 4u; i++) {
        uint first_x = 2u * min(4u * block_x + i, ((shown_width + 1u) >> 1) - 1u);
        uint second_x = min(first_x + 1u, shown_width - 1u);
        ivec3 sum = shown(first_x, first_y) + shown(second_x, first_y)
            + shown(first_x, second_y) + shown(second_x, second_y);
        cb |= weighed(1, sum, 2) << (8u * i);
        cr |= weighed(2, sum, 2) << (8u * i);
    }
    uint at = luma_words + blocks * block_y + block_x;
    planes[at] = cb;
    planes[at + blocks * ((out_height + 1u) >> 1)] = cr;
}
