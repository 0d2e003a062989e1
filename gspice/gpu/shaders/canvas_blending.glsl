// How canvas.glsl mixes colours, as pixman does: glyphs, and in its variant FULL pictures that are sampled.

// Each channel times factor / 255, rounded to the nearest.
uint scaled(uint pixel, uint factor) {
    uint low = (pixel & 0xff00ffu) * factor + 0x800080u;
    uint high = ((pixel >> 8u) & 0xff00ffu) * factor + 0x800080u;
    low = ((low + ((low >> 8u) & 0xff00ffu)) >> 8u) & 0xff00ffu;
    high = (high + ((high >> 8u) & 0xff00ffu)) & 0xff00ff00u;
    return low | high;
}

#ifdef VARIANT_FULL

uint channel_scaled(uint a, uint b) {
    uint t = a * b + 128u;
    return (t + (t >> 8u)) >> 8u;
}

// Each channel times the same channel of the other / 255.
uint scaled_each(uint pixel, uint factors) {
    return channel_scaled(pixel & 255u, factors & 255u)
        | (channel_scaled((pixel >> 8u) & 255u, (factors >> 8u) & 255u) << 8u)
        | (channel_scaled((pixel >> 16u) & 255u, (factors >> 16u) & 255u) << 16u)
        | (channel_scaled(pixel >> 24u, factors >> 24u) << 24u);
}

#endif

// Each channel's sum, at most 255.
uint plus(uint a, uint b) {
    uint low = (a & 0xff00ffu) + (b & 0xff00ffu);
    uint high = ((a >> 8u) & 0xff00ffu) + ((b >> 8u) & 0xff00ffu);
    low |= 0x1000100u - ((low >> 8u) & 0xff00ffu);
    high |= 0x1000100u - ((high >> 8u) & 0xff00ffu);
    return (low & 0xff00ffu) | ((high & 0xff00ffu) << 8u);
}

// A colour with its alpha in its channels, through the coverage of glyphs, over a pixel.
uint glyph_over(uint form, uint old, uint color, uint cover) {
    if (cover == 0u && form != FORM_RGB555) { return old; }
    uint source = scaled(color, cover);
    uint rest = 255u - (source >> 24u);
    if (form == FORM_XRGB32 || form == FORM_ARGB32) {
        uint made = rest != 0u ? plus(source, scaled(old, rest)) : source;
        return form == FORM_XRGB32 ? (made & 0xffffffu) | (old & 0xff000000u) : made;
    }
    return narrow(plus(source, scaled(widen(old, form), rest)), form);
}

#ifdef VARIANT_FULL

// One pixel of a picture as A8R8G8B8; outside of it as its repeat says.
uint tap(Source s, uint how, int x, int y) {
    uint repeat = (how >> 8u) & 3u;
    int px = x;
    int py = y;
    if (repeat == 0u) {
        if (x < 0 || y < 0 || x >= s.width || y >= s.height) { return 0u; }
    } else if (repeat == 1u) {
        px = wrapped(x, s.width);
        py = wrapped(y, s.height);
    } else if (repeat == 2u) {
        px = clamp(x, 0, s.width - 1);
        py = clamp(y, 0, s.height - 1);
    } else {
        px = wrapped(x, s.width * 2);
        py = wrapped(y, s.height * 2);
        if (px >= s.width) { px = s.width * 2 - 1 - px; }
        if (py >= s.height) { py = s.height * 2 - 1 - py; }
    }
    return widen(source_pixel(s, px, py), how & 255u);
}

// A picture's sample for the pixel (x, y) of its own plane, before its transform.
uint sampled(uint index, int x, int y) {
    Source source = source_of(index);
    uint s = sources_at + (index - 1u) * 16u;
    uint how = batch[s + 6u];
    int left = x;
    int top = y;
    uint across = 0u;
    uint down = 0u;
    uint taps = 1u;
    if (((how >> 14u) & 1u) != 0u) {
        int fx = int(batch[s + 8u]) * x + int(batch[s + 9u]) * y + int(batch[s + 10u]);
        int fy = int(batch[s + 11u]) * x + int(batch[s + 12u]) * y + int(batch[s + 13u]);
        if (((how >> 12u) & 1u) != 0u) {
            fx -= 0x8000;
            fy -= 0x8000;
            across = ((uint(fx) >> 9u) & 127u) << 1u;
            down = ((uint(fy) >> 9u) & 127u) << 1u;
            taps = 4u;
        } else {
            fx -= 1;
            fy -= 1;
        }
        left = fx >> 16;
        top = fy >> 16;
    }
    // In 16.16; one tap weighs all.
    uint blue = 0u;
    uint green = 0u;
    uint red = 0u;
    uint alpha = 0u;
    for (uint k = 0u; k < taps; k++) {
        uint weight = ((k & 1u) != 0u ? across : 256u - across) * ((k & 2u) != 0u ? down : 256u - down);
        uint pixel = tap(source, how, left + int(k & 1u), top + int(k >> 1u));
        blue += (pixel & 255u) * weight;
        green += ((pixel >> 8u) & 255u) * weight;
        red += ((pixel >> 16u) & 255u) * weight;
        alpha += (pixel >> 24u) * weight;
    }
    return (blue >> 16u) | ((green >> 8u) & 0xff00u) | (red & 0xff0000u) | ((alpha << 8u) & 0xff000000u);
}

// s * a + d * b, each product rounded. Factors are one for each channel.
uint mixed(uint s, uint a, uint d, uint b) {
    return plus(scaled_each(s, a), scaled_each(d, b));
}

// The operators of Porter and Duff, numbered as in RENDER up to ADD. `m`: the source's alpha for each channel,
// times the mask.
uint porter_duff(uint op, uint s, uint m, uint d) {
    uint da = (d >> 24u) * 0x01010101u;
    if (op == 0u) { return 0u; }
    if (op == 1u) { return s; }
    if (op == 2u) { return d; }
    if (op == 3u) { return plus(s, scaled_each(d, ~m)); }
    if (op == 4u) { return plus(d, scaled_each(s, ~da)); }
    if (op == 5u) { return scaled_each(s, da); }
    if (op == 6u) { return scaled_each(d, m); }
    if (op == 7u) { return scaled_each(s, ~da); }
    if (op == 8u) { return scaled_each(d, ~m); }
    if (op == 9u) { return mixed(s, da, d, ~m); }
    if (op == 10u) { return mixed(s, ~da, d, m); }
    if (op == 11u) { return mixed(s, ~da, d, ~m); }
    return plus(s, d);
}

uint composited(uint p, uint form, uint code, int x, int y, uint old) {
    if (code == 2u) { return old; }
    uint index = batch[p + 4u];
    uint cover = batch[p + 7u];
    int at_x = x - int(batch[p + 5u]);
    int at_y = y - int(batch[p + 6u]);
    uint s = 0u;
    uint c = batch[p + 15u] << 24u;
    // One copy of this code for source and mask: where both sides of a branch are run, it is most of the work.
    uint pictures = cover != 0u ? 2u : 1u;
    for (uint k = 0u; k < pictures; k++) {
        uint pixel = sampled(index, at_x, at_y);
        if (k == 0u) { s = pixel; } else { c = pixel; }
        index = cover;
        at_x = x - int(batch[p + 8u]);
        at_y = y - int(batch[p + 9u]);
    }
    uint m;
    if (cover != 0u && ((batch[sources_at + (cover - 1u) * 16u + 6u] >> 13u) & 1u) != 0u) {
        m = scaled(c, s >> 24u);
        s = scaled_each(s, c);
    } else {
        s = scaled(s, c >> 24u);
        m = (s >> 24u) * 0x01010101u;
    }
    return narrow(porter_duff(code, s, m, widen(old, form)), form);
}

#endif
