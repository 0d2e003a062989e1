// words[i] = words[i] * 3 + add, for the first `count` of them: what it gives twice tells the order of two dispatches.

layout(local_size_x = 64, local_size_y = 1, local_size_z = 1) in;

STORAGE(0) buffer Words { uint words[]; };
PUSH(1) { uint count; uint add; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i < count) { words[i] = words[i] * 3u + add; }
}
