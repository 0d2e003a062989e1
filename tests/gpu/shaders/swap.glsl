// Writes one buffer from another, each word from its neighbour: no invocation sees only what it wrote itself.

layout(local_size_x = 64, local_size_y = 1, local_size_z = 1) in;

STORAGE_READ(0) buffer From { uint from_words[]; };
STORAGE(1) buffer To { uint to_words[]; };
PUSH(2) { uint count; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i < count) { to_words[i] = from_words[(i + 1u) % count]; }
}
