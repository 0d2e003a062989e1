/* Replays a recording through libspice-server, as fast as the library takes it, once a client shows its display.
 *
 * The first argument says how images are compressed: off, lz, auto_glz ... Others, in any order:
 *   wan          JPEG and zlib-over-GLZ where the library finds the client's link slow; without it never
 *   filter       what plays becomes a video stream; without it nothing does
 *   codecs=LIST  of these, as spice_server_set_video_codecs takes them
 *   short-reads  for libraries that read ahead: a read ends with what is there, see recording_input.h
 * The recording's text comes on standard input, whenever it comes: the core interface runs while it is waited for.
 * Standard output gets lines:
 *   port N                 it listens there, on the loopback interface
 *   begin T                a client shows the display, and the recording is read from here; T: monotonic seconds
 *   end T N                all was read, N commands
 *   figures CPU GUEST N M  at every SIGUSR1: CPU ns of the process; of these, ns of reading the recording and making
 *                          its commands; commands that were read, and that the library took of them
 * At the end of the recording it goes on serving the last picture until SIGTERM. The first thread reads; the
 * library's own thread does the rest.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <spice.h>
#include <spice/enums.h>

#include "core_loop.h"
#include "recording_input.h"

enum {
    QUEUE = 256,               /* commands that are read ahead */
    QUEUE_BYTES = 32 << 20,    /* the same in pixels, so that the memory measured is the library's */
    SURFACES = 1024,
    WAKE_MS = 10,              /* a worker whose client was slow looks again when it is woken only */
};

/* -- The commands that were read and that the worker has not taken. The lock: it takes them in its own thread. */

struct queue {
    QXLCommandExt *commands[QUEUE];
    int first, n;
};

static struct queue drawing, pointer;
static size_t queued_bytes;
static long taken;
static bool asked;             /* the worker found nothing and wants to be woken */
static bool reader_waits;      /* for half of the room */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int room_fd;            /* written where the reader may go on */
static SpiceTimer *waker;
static SpiceReplay *replay;
static QXLInstance qxl;

static size_t pixels_of(const QXLCommandExt *command)
{
    if (command->cmd.type != QXL_CMD_DRAW)
        return 0;
    const QXLDrawable *drawable = (const QXLDrawable *)(uintptr_t)command->cmd.data;
    if (drawable->type != QXL_DRAW_COPY)
        return 0;
    const QXLImage *image = (const QXLImage *)(uintptr_t)drawable->u.copy.src_bitmap;
    if (image->descriptor.type != SPICE_IMAGE_TYPE_BITMAP)
        return 0;
    return (size_t)image->bitmap.stride * image->bitmap.y;
}

static bool full(void)
{
    pthread_mutex_lock(&lock);
    bool is = drawing.n == QUEUE || pointer.n == QUEUE || queued_bytes >= QUEUE_BYTES;
    reader_waits = is;
    pthread_mutex_unlock(&lock);
    return is;
}

static void put(QXLCommandExt *command)
{
    struct queue *queue = command->cmd.type == QXL_CMD_CURSOR ? &pointer : &drawing;
    pthread_mutex_lock(&lock);
    queue->commands[(queue->first + queue->n++) % QUEUE] = command;
    queued_bytes += pixels_of(command);
    bool was_asked = asked;
    asked = false;
    pthread_mutex_unlock(&lock);
    if (was_asked)
        spice_qxl_wakeup(&qxl);
    if (!timer_started(waker))
        timer_start(waker, WAKE_MS);
}

/* Where a worker looks again only when it is woken. There is no timer while nothing waits for it. */
static void wake(void *opaque)
{
    pthread_mutex_lock(&lock);
    bool waiting = drawing.n || pointer.n;
    pthread_mutex_unlock(&lock);
    if (waiting) {
        spice_qxl_wakeup(&qxl);
        timer_start(waker, WAKE_MS);
    }
}

static int take(struct queue *queue, QXLCommandExt *out)
{
    pthread_mutex_lock(&lock);
    bool there = queue->n > 0, room = false;
    if (there) {
        QXLCommandExt *command = queue->commands[queue->first];
        queue->first = (queue->first + 1) % QUEUE;
        queue->n--;
        taken++;
        queued_bytes -= pixels_of(command);
        *out = *command;
        room = reader_waits && drawing.n <= QUEUE / 2 && pointer.n <= QUEUE / 2 && queued_bytes <= QUEUE_BYTES / 2;
        reader_waits = reader_waits && !room;
    }
    pthread_mutex_unlock(&lock);
    if (room)
        eventfd_write(room_fd, 1);
    return there;
}

static int get_command(QXLInstance *instance, QXLCommandExt *out)
{
    return take(&drawing, out);
}

static int get_cursor_command(QXLInstance *instance, QXLCommandExt *out)
{
    return take(&pointer, out);
}

static int nothing_left(struct queue *queue)
{
    pthread_mutex_lock(&lock);
    bool empty = !queue->n;
    if (empty && queue == &drawing)
        asked = true;
    pthread_mutex_unlock(&lock);
    return empty;
}

static int req_cmd_notification(QXLInstance *instance)
{
    return nothing_left(&drawing);
}

static int req_cursor_notification(QXLInstance *instance)
{
    return nothing_left(&pointer);
}

static void release_resource(QXLInstance *instance, QXLReleaseInfoExt info)
{
    spice_replay_free_cmd(replay, (QXLCommandExt *)(uintptr_t)info.info->id);
}

static void get_init_info(QXLInstance *instance, QXLDevInitInfo *info)
{
    *info = (QXLDevInitInfo){ .num_memslots_groups = 1, .num_memslots = 1, .memslot_gen_bits = 8,
                              .memslot_id_bits = 8, .n_surfaces = SURFACES };
}

static void attached_worker(QXLInstance *instance) { }
static void set_compression_level(QXLInstance *instance, int level) { }
static void notify_update(QXLInstance *instance, uint32_t id) { }
static int flush_resources(QXLInstance *instance) { return 0; }
static void async_complete(QXLInstance *instance, uint64_t cookie) { }
static void update_area_complete(QXLInstance *instance, uint32_t surface, QXLRect *rects, uint32_t n) { }
static void set_client_capabilities(QXLInstance *instance, uint8_t present, uint8_t caps[SPICE_CAPABILITIES_SIZE]) { }
static int client_monitors_config(QXLInstance *instance, VDAgentMonitorsConfig *config) { return 0; }

static QXLInterface interface = {
    .base = { .type = SPICE_INTERFACE_QXL, .description = "recording", .major_version = SPICE_INTERFACE_QXL_MAJOR,
              .minor_version = SPICE_INTERFACE_QXL_MINOR },
    .attached_worker = attached_worker,
    .set_compression_level = set_compression_level,
    .get_init_info = get_init_info,
    .get_command = get_command,
    .req_cmd_notification = req_cmd_notification,
    .release_resource = release_resource,
    .get_cursor_command = get_cursor_command,
    .req_cursor_notification = req_cursor_notification,
    .notify_update = notify_update,
    .flush_resources = flush_resources,
    .async_complete = async_complete,
    .update_area_complete = update_area_complete,
    .set_client_capabilities = set_client_capabilities,
    .client_monitors_config = client_monitors_config,
};

/* -- The host */

static bool shown;

static void channel_event(int event, SpiceChannelEventInfo *info)
{
    if (event == SPICE_CHANNEL_EVENT_INITIALIZED && info->type == SPICE_CHANNEL_DISPLAY)
        shown = true;
}

static long commands;

static void figures(int fd, int event, void *opaque)
{
    struct signalfd_siginfo info;
    if (read(fd, &info, sizeof info) != sizeof info)
        return;
    pthread_mutex_lock(&lock);
    long took = taken;
    pthread_mutex_unlock(&lock);
    printf("figures %lld %lld %ld %ld\n", (long long)cpu_ns(CLOCK_PROCESS_CPUTIME_ID), (long long)guest_ns,
           commands, took);
    fflush(stdout);
}

/* Before there are other threads, which are to leave the signal alone. */
static int figures_wanted(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        fail("signalfd");
    return fd;
}

static const struct {
    const char *name;
    SpiceImageCompression value;
} compressions[] = {
    { "off", SPICE_IMAGE_COMPRESSION_OFF },
    { "auto_glz", SPICE_IMAGE_COMPRESSION_AUTO_GLZ },
    { "auto_lz", SPICE_IMAGE_COMPRESSION_AUTO_LZ },
    { "quic", SPICE_IMAGE_COMPRESSION_QUIC },
    { "glz", SPICE_IMAGE_COMPRESSION_GLZ },
    { "lz", SPICE_IMAGE_COMPRESSION_LZ },
    { "lz4", SPICE_IMAGE_COMPRESSION_LZ4 },
};

static SpiceImageCompression compression(const char *name)
{
    for (size_t i = 0; i < sizeof compressions / sizeof *compressions; i++)
        if (!strcmp(compressions[i].name, name))
            return compressions[i].value;
    errno = EINVAL;
    fail(name);
    return SPICE_IMAGE_COMPRESSION_INVALID;
}

static void room_made(int fd, int event, void *opaque)
{
    eventfd_t count;
    eventfd_read(fd, &count);
}

static int listening(int *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 8)
            || getsockname(fd, (struct sockaddr *)&address, &size))
        fail("listen");
    *port = ntohs(address.sin_port);
    return fd;
}

int main(int argc, char **argv)
{
    bool wan = false, short_reads = false, filter = false;
    const char *codecs = NULL;
    for (int i = 2; i < argc; i++)
        if (!strcmp(argv[i], "wan"))
            wan = true;
        else if (!strcmp(argv[i], "filter"))
            filter = true;
        else if (!strncmp(argv[i], "codecs=", 7))
            codecs = argv[i] + 7;
        else if (!strcmp(argv[i], "short-reads"))
            short_reads = true;
        else {
            errno = EINVAL;
            fail(argv[i]);
        }
    int signals = figures_wanted();
    int port, fd = listening(&port);
    SpiceServer *server = spice_server_new();

    signal(SIGPIPE, SIG_IGN);
    spice_server_set_listen_socket_fd(server, fd);
    spice_server_set_noauth(server);
    spice_server_set_image_compression(server, compression(argc > 1 ? argv[1] : "off"));
    spice_wan_compression_t on_slow_links = wan ? SPICE_WAN_COMPRESSION_AUTO : SPICE_WAN_COMPRESSION_NEVER;
    spice_server_set_jpeg_compression(server, on_slow_links);
    spice_server_set_zlib_glz_compression(server, on_slow_links);
    spice_server_set_streaming_video(server, filter ? SPICE_STREAM_VIDEO_FILTER : SPICE_STREAM_VIDEO_OFF);
    if (codecs && spice_server_set_video_codecs(server, codecs)) {
        errno = EINVAL;
        fail(codecs);
    }
    core.channel_event = channel_event;
    if (spice_server_init(server, &core)) {
        errno = EINVAL;
        fail("spice_server_init");
    }
    room_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    watch_add(room_fd, SPICE_WATCH_EVENT_READ, room_made, NULL);
    watch_add(signals, SPICE_WATCH_EVENT_READ, figures, NULL);

    qxl.base.sif = &interface.base;
    spice_server_add_interface(server, &qxl.base);
    /* The commands hold plain pointers: one slot that is all the memory there is. */
    QXLDevMemSlot slot = { .virt_end = ~(uintptr_t)0, .qxl_ram_size = ~0u };
    spice_qxl_add_memslot(&qxl, &slot);
    spice_server_vm_start(server);

    replay = spice_replay_new(recording(short_reads), SURFACES);
    if (!replay) {
        errno = EINVAL;
        fail("the recording");
    }
    printf("port %d\n", port);
    fflush(stdout);
    while (!shown)
        run_once(1000);
    printf("begin %.6f\n", now_s());
    fflush(stdout);

    waker = timer_add(wake, NULL);
    for (;;) {
        if (full()) {
            run_once(1000);
            continue;
        }
        guest_goes_on();
        QXLCommandExt *command = spice_replay_next_cmd(replay, &qxl);
        guest_pauses();
        if (!command)
            break;
        put(command);
        if (++commands % 16 == 0)
            run_once(0);
    }
    printf("end %.6f %ld\n", now_s(), commands);
    fflush(stdout);
    for (;;)
        run_once(1000);
}
