// Compares a rectangle of a surface with what was last taken of it, and takes it over; marks the tiles that differ.
//
// Each workgroup is one tile, each invocation four pixels of a column of it. All that mark a tile write the same.

layout(local_size_x = 16, local_size_y = 4, local_size_z = 1) in;

STORAGE_READ(0) buffer Surfaces { uint surfaces[]; };
STORAGE(1) buffer Taken { uint taken[]; };
PUSH(2) {
    uint first; uint width; uint left; uint top; uint right; uint bottom; uint counted; uint marks_at; uint across;
};

void main() {
    uint tile_x = (left >> 4u) + gl_WorkGroupID.x;
    uint tile_y = (top >> 4u) + gl_WorkGroupID.y;
    uint x = tile_x * 16u + gl_LocalInvocationID.x;
    if (x < left || x >= right) { return; }
    uint differing = 0u;
    for (uint r = 0u; r < 16u; r += 4u) {
        uint y = tile_y * 16u + gl_LocalInvocationID.y + r;
        if (y >= top && y < bottom) {
            uint at = y * width + x;
            uint now = surfaces[first + at];
            uint before = taken[at];
            if (now != before) { taken[at] = now; }
            differing |= now ^ before;
        }
    }
    if ((differing & counted) != 0u) { taken[marks_at + tile_y * across + tile_x] = 1u; }
}
