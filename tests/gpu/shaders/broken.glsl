layout(local_size_x = 1, local_size_y = 1, local_size_z = 1) in;

STORAGE(0) buffer Words { uint words[]; };

void main() {
    words[0] = no_such_name;
}
