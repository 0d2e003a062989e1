// What of the language the canvas is written in: each word is the answer to one question.

layout(local_size_x = 1, local_size_y = 1, local_size_z = 1) in;

STORAGE(0) buffer Words { uint words[]; };
PUSH(1) { uint seed; int below; };

const uint TABLE[4] = uint[4](7u, 11u, 13u, 17u);

uint chosen(uint n) {
    switch (n) {
        case 0u: return 5u;
        case 1u:
        case 2u: return 6u;
        default: break;
    }
    return 9u;
}

void twice(inout uint value) {
    value = value * 2u;
}

void main() {
    words[0] = seed * 0x10001u;
    words[1] = 0u - seed;
    words[2] = uint(below >> 3);
    words[3] = uint(below / 4);
    words[4] = seed >> 31u;
    uint sum = 0u;
    for (uint i = 0u; i < 10u; i++) {
        if (i == 3u) { continue; }
        if (i == 8u) { break; }
        sum += chosen(i & 3u) * TABLE[i & 3u];
    }
    words[5] = sum;
    uint value = seed;
    int rounds = 0;
    while (value < 0x40000000u && rounds < 40) { twice(value); rounds++; }
    words[6] = value;
    words[7] = uint(rounds);
    words[8] = uint(bitfieldExtract(below, 0, 8));
    words[9] = uint(max(min(below, 100), -100));
    uvec4 four = uvec4(1u, 2u, 3u, 4u) * seed;
    words[10] = four.x + four.w;
    words[11] = below < 0 ? 1u : 0u;
}
