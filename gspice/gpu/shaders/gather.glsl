// Copies a rectangle of a surface to a buffer, rows without padding: what is then read back.

layout(local_size_x = 16, local_size_y = 16, local_size_z = 1) in;

STORAGE_READ(0) buffer Surfaces { uint surfaces[]; };
STORAGE(1) buffer Out { uint rows[]; };
PUSH(2) { uint first; uint stride; uint width; uint height; uint target; };

void main() {
    uint x = gl_GlobalInvocationID.x;
    uint y = gl_GlobalInvocationID.y;
    if (x < width && y < height) { rows[target + y * width + x] = surfaces[first + y * stride + x]; }
}
