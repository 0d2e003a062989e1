// As many buffers as a dispatch may bind, and all of its parameters.

layout(local_size_x = 1, local_size_y = 1, local_size_z = 1) in;

STORAGE_READ(0) buffer A { uint a[]; };
STORAGE_READ(1) buffer B { uint b[]; };
STORAGE_READ(2) buffer C { uint c[]; };
STORAGE_READ(3) buffer D { uint d[]; };
STORAGE_READ(4) buffer E { uint e[]; };
STORAGE_READ(5) buffer F { uint f[]; };
STORAGE_READ(6) buffer G { uint g[]; };
STORAGE(7) buffer Out { uint result[]; };
PUSH(8) {
    uint p0; uint p1; uint p2; uint p3; uint p4; uint p5; uint p6; uint p7;
    uint p8; uint p9; uint p10; uint p11; uint p12; uint p13; uint p14; uint p15;
};

void main() {
    uint group = gl_WorkGroupID.x + 2u * (gl_WorkGroupID.y + 3u * gl_WorkGroupID.z);
    result[16u + group] = group + 1u;
    if (group == 0u) {
        result[0] = a[0] + 10u * b[0] + 100u * c[0] + 1000u * d[0] + 10000u * e[0] + 100000u * f[0] + 1000000u * g[0];
        result[1] = p0 ^ (p1 << 1u) ^ (p2 << 2u) ^ (p3 << 3u) ^ (p4 << 4u) ^ (p5 << 5u) ^ (p6 << 6u) ^ (p7 << 7u);
        result[2] = p8 ^ (p9 << 1u) ^ (p10 << 2u) ^ (p11 << 3u) ^ (p12 << 4u) ^ (p13 << 5u) ^ (p14 << 6u) ^ (p15 << 7u);
    }
}
