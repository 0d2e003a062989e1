// Packs the marks of 32 tiles into each word of a bitmap, the first in the lowest bit, and takes them away.

layout(local_size_x = 64, local_size_y = 1, local_size_z = 1) in;

STORAGE(0) buffer Taken { uint taken[]; };
PUSH(1) { uint marks_at; uint bits_at; uint count; };

void main() {
    uint index = gl_GlobalInvocationID.x;
    if (index >= count) { return; }
    uint word = 0u;
    for (uint bit = 0u; bit < 32u; bit++) {
        uint at = marks_at + index * 32u + bit;
        if (taken[at] != 0u) {
            word |= 1u << bit;
            taken[at] = 0u;
        }
    }
    taken[bits_at + index] = word;
}
