/* libspice's image encoders, called for a list of images and timed: `bench codecs` loads this by ctypes.
 *
 * All rows of an image lie in one piece, and so does the room for its stream: nothing is asked of the caller on the
 * way, which is the best case. Contexts of QUIC and LZ are made once and used for all images, as a display channel
 * does; each call for GLZ begins with an empty dictionary, made before the clock starts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/lz.h"
#include "common/quic.h"
#include "glz-encoder.h"

enum codec { CODEC_QUIC, CODEC_LZ, CODEC_GLZ };

struct image {
    int32_t type, width, height, stride;
    uint8_t *rows;
};

static jmp_buf failed;
static char reason[256];

/* The encoders check what they are given by this too; stand_ins/common/log.h. */
void codecs_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    longjmp(failed, 1);
}

#define CALLBACKS(prefix, Context)                                                                                 \
    static void __attribute__((noreturn)) prefix##_error(Context *context, const char *format, ...)                \
    {                                                                                                              \
        va_list arguments;                                                                                         \
        (void)context;                                                                                             \
        va_start(arguments, format);                                                                               \
        vsnprintf(reason, sizeof(reason), format, arguments);                                                      \
        va_end(arguments);                                                                                         \
        longjmp(failed, 1);                                                                                        \
    }                                                                                                              \
    static void prefix##_tell(Context *context, const char *format, ...) { (void)context; (void)format; }          \
    static void *prefix##_malloc(Context *context, int size) { (void)context; return malloc(size); }               \
    static void prefix##_free(Context *context, void *memory) { (void)context; free(memory); }                     \
    static int prefix##_more_lines(Context *context, uint8_t **lines) { (void)context; (void)lines; return 0; }

CALLBACKS(quic, QuicUsrContext)
CALLBACKS(lz, LzUsrContext)
CALLBACKS(glz, GlzEncoderUsrContext)

static int quic_no_space(QuicUsrContext *context, uint32_t **room, int rows)
{
    (void)context, (void)room, (void)rows;
    return 0;
}

static int lz_no_space(LzUsrContext *context, uint8_t **room)
{
    (void)context, (void)room;
    return 0;
}

static int glz_no_space(GlzEncoderUsrContext *context, uint8_t **room)
{
    (void)context, (void)room;
    return 0;
}

/* The caller's rows stay as they are until the dictionary is gone. */
static void glz_free_image(GlzEncoderUsrContext *context, GlzUsrImageContext *image)
{
    (void)context, (void)image;
}

static QuicUsrContext quic_user = {quic_error,  quic_tell,     quic_tell,      quic_malloc,
                                   quic_free,   quic_no_space, quic_more_lines};
static LzUsrContext lz_user = {lz_error, lz_tell, lz_tell, lz_malloc, lz_free, lz_no_space, lz_more_lines};
static GlzEncoderUsrContext glz_user = {glz_error, glz_tell,       glz_tell,     glz_malloc,
                                        glz_free,  glz_more_lines, glz_no_space, glz_free_image};
static QuicContext *quic;
static LzContext *lz;

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

/* Encode images one after another; the size of each stream goes to `sizes`, and the stream to `room`: behind the one
 * before where `keep` is set, else over it. CPU seconds of this thread from the image `first` on, or -1;
 * codecs_reason() tells why then. Not for two threads at a time.
 */
double codecs_encode(int codec, const struct image *images, int count, int first, int window, int keep, uint8_t *room,
                     size_t bytes, int64_t *sizes)
{
    /* longjmp may forget what is kept in registers. */
    void *volatile dictionary = NULL;
    void *volatile encoder = NULL;
    volatile double answer = -1;
    double start;
    size_t used = 0;

    reason[0] = 0;
    if (!setjmp(failed)) {
        if (!quic) {
            quic = quic_create(&quic_user);
            lz = lz_create(&lz_user);
        }
        if (codec == CODEC_GLZ) {
            dictionary = glz_enc_dictionary_create(window, 1, &glz_user);
            encoder = dictionary ? glz_encoder_create(0, dictionary, &glz_user) : NULL;
            if (!encoder)
                codecs_fail("a GLZ dictionary of %d pixels cannot be made", window);
        }
        start = seconds_now();
        for (int i = 0; i < count; i++) {
            if (i == first)
                start = seconds_now();
            const struct image *image = &images[i];
            uint8_t *out = room + used;
            size_t left = bytes - used;
            GlzEncDictImageContext *kept;
            if (codec == CODEC_QUIC)
                sizes[i] = 4 * (int64_t)quic_encode(quic, image->type, image->width, image->height, image->rows,
                                                    image->height, image->stride, (uint32_t *)out, left / 4);
            else if (codec == CODEC_LZ)
                sizes[i] = lz_encode(lz, image->type, image->width, image->height, 1, image->rows, image->height,
                                     image->stride, out, left);
            else
                sizes[i] = glz_encode(encoder, image->type, image->width, image->height, 1, image->rows,
                                      image->height, image->stride, out, left, NULL, &kept);
            if (keep)
                used += (sizes[i] + 3) & ~(size_t)3;
        }
        answer = seconds_now() - start;
    }
    if (encoder)
        glz_encoder_destroy(encoder);
    if (dictionary)
        glz_enc_dictionary_destroy(dictionary, &glz_user);
    return answer;
}

const char *codecs_reason(void)
{
    return reason;
}
