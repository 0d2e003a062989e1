// Copies tiles of a surface to a buffer, 16x16 words each, one after the other: what is then read back.

layout(local_size_x = 16, local_size_y = 16, local_size_z = 1) in;

STORAGE_READ(0) buffer Surfaces { uint surfaces[]; };
STORAGE_READ(1) buffer Tiles { uint tiles[]; };
STORAGE(2) buffer Out { uint rows[]; };
PUSH(3) { uint first; uint width; uint height; uint across; uint count; };

void main() {
    uint group = gl_WorkGroupID.y * 32768u + gl_WorkGroupID.x;
    if (group >= count) { return; }
    uint x = tiles[group] % across * 16u + gl_LocalInvocationID.x;
    uint y = tiles[group] / across * 16u + gl_LocalInvocationID.y;
    uint pixel = 0u;
    if (x < width && y < height) { pixel = surfaces[first + y * width + x]; }
    rows[group * 256u + gl_LocalInvocationIndex] = pixel;
}
