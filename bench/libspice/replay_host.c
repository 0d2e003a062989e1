/* Replays a recording through libspice-server, as fast as the library takes it, once a client shows its display.
 *
 * Its argument says how images are compressed: off or lz. The recording's text comes on standard input.
 * Standard output gets one line, "port N": it listens there, on the loopback interface. At the end of the recording
 * it goes on serving the last picture until SIGTERM. The first thread reads; the library's own thread does the rest.
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
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <spice.h>
#include <spice/enums.h>

enum {
    MAX_WATCHES = 64,
    MAX_TIMERS = 64,
    QUEUE = 256,               /* commands that are read ahead */
    QUEUE_BYTES = 32 << 20,    /* the same in pixels, so that the memory measured is the library's */
    SURFACES = 1024,
    WAKE_MS = 10,              /* a worker whose client was slow looks again when it is woken only */
};

static void fail(const char *what)
{
    fprintf(stderr, "replay_host: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

/* -- The core interface: timers and watches on one poll loop */

struct SpiceTimer {
    SpiceTimerFunc func;
    void *opaque;
    double due;                /* 0: not started */
    bool used;
};

struct SpiceWatch {
    SpiceWatchFunc func;
    void *opaque;
    int fd, mask;
    bool used;
};

static SpiceTimer timers[MAX_TIMERS];
static SpiceWatch watches[MAX_WATCHES];

static SpiceTimer *timer_add(SpiceTimerFunc func, void *opaque)
{
    for (int i = 0; i < MAX_TIMERS; i++)
        if (!timers[i].used) {
            timers[i] = (SpiceTimer){ .func = func, .opaque = opaque, .used = true };
            return &timers[i];
        }
    errno = ENOSPC;
    fail("timer");
    return NULL;
}

static void timer_start(SpiceTimer *timer, uint32_t ms)
{
    timer->due = now_s() + ms * 1e-3;
}

static void timer_cancel(SpiceTimer *timer)
{
    timer->due = 0;
}

static void timer_remove(SpiceTimer *timer)
{
    timer->used = false;
}

static SpiceWatch *watch_add(int fd, int mask, SpiceWatchFunc func, void *opaque)
{
    for (int i = 0; i < MAX_WATCHES; i++)
        if (!watches[i].used) {
            watches[i] = (SpiceWatch){ .func = func, .opaque = opaque, .fd = fd, .mask = mask, .used = true };
            return &watches[i];
        }
    errno = ENOSPC;
    fail("watch");
    return NULL;
}

static void watch_update_mask(SpiceWatch *watch, int mask)
{
    watch->mask = mask;
}

static void watch_remove(SpiceWatch *watch)
{
    watch->used = false;
}

static bool shown;

static void channel_event(int event, SpiceChannelEventInfo *info)
{
    if (event == SPICE_CHANNEL_EVENT_INITIALIZED && info->type == SPICE_CHANNEL_DISPLAY)
        shown = true;
}

static SpiceCoreInterface core = {
    .base = { .type = SPICE_INTERFACE_CORE, .description = "poll", .major_version = SPICE_INTERFACE_CORE_MAJOR,
              .minor_version = SPICE_INTERFACE_CORE_MINOR },
    .timer_add = timer_add,
    .timer_start = timer_start,
    .timer_cancel = timer_cancel,
    .timer_remove = timer_remove,
    .watch_add = watch_add,
    .watch_update_mask = watch_update_mask,
    .watch_remove = watch_remove,
    .channel_event = channel_event,
};

static void run_once(int max_wait_ms)
{
    struct pollfd fds[MAX_WATCHES];
    int of[MAX_WATCHES], n = 0;
    double now = now_s(), wait = max_wait_ms * 1e-3;

    for (int i = 0; i < MAX_TIMERS; i++)
        if (timers[i].used && timers[i].due && timers[i].due - now < wait)
            wait = timers[i].due > now ? timers[i].due - now : 0;
    for (int i = 0; i < MAX_WATCHES; i++)
        if (watches[i].used) {
            short events = (watches[i].mask & SPICE_WATCH_EVENT_READ ? POLLIN : 0)
                         | (watches[i].mask & SPICE_WATCH_EVENT_WRITE ? POLLOUT : 0);
            fds[n] = (struct pollfd){ .fd = watches[i].fd, .events = events };
            of[n++] = i;
        }
    if (poll(fds, n, (int)(wait * 1e3 + 0.999)) < 0 && errno != EINTR)
        fail("poll");
    now = now_s();
    for (int i = 0; i < MAX_TIMERS; i++)
        if (timers[i].used && timers[i].due && timers[i].due <= now) {
            timers[i].due = 0;
            timers[i].func(timers[i].opaque);
        }
    for (int k = 0; k < n; k++) {
        SpiceWatch *watch = &watches[of[k]];
        int event = (fds[k].revents & (POLLIN | POLLHUP | POLLERR) ? SPICE_WATCH_EVENT_READ : 0)
                  | (fds[k].revents & POLLOUT ? SPICE_WATCH_EVENT_WRITE : 0);
        /* What ran before may have removed it, or put another in its place. */
        if (watch->used && watch->fd == fds[k].fd && (event &= watch->mask))
            watch->func(watch->fd, event, watch->opaque);
    }
}

/* -- The commands that were read and that the worker has not taken. The lock: it takes them in its own thread. */

struct queue {
    QXLCommandExt *commands[QUEUE];
    int first, n;
};

static struct queue drawing, pointer;
static size_t queued_bytes;
static bool asked;             /* the worker found nothing and wants to be woken */
static bool reader_waits;      /* for half of the room */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int room_fd;            /* written where the reader may go on */
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
    bool wake = asked;
    asked = false;
    pthread_mutex_unlock(&lock);
    if (wake)
        spice_qxl_wakeup(&qxl);
}

static int take(struct queue *queue, QXLCommandExt *out)
{
    pthread_mutex_lock(&lock);
    bool there = queue->n > 0, room = false;
    if (there) {
        QXLCommandExt *command = queue->commands[queue->first];
        queue->first = (queue->first + 1) % QUEUE;
        queue->n--;
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

static SpiceTimer *waker;

static void wake(void *opaque)
{
    spice_qxl_wakeup(&qxl);
    timer_start(waker, WAKE_MS);
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
    bool lz = argc > 1 && !strcmp(argv[1], "lz");
    int port, fd = listening(&port);
    SpiceServer *server = spice_server_new();

    signal(SIGPIPE, SIG_IGN);
    spice_server_set_listen_socket_fd(server, fd);
    spice_server_set_noauth(server);
    spice_server_set_image_compression(server, lz ? SPICE_IMAGE_COMPRESSION_LZ : SPICE_IMAGE_COMPRESSION_OFF);
    spice_server_set_jpeg_compression(server, SPICE_WAN_COMPRESSION_NEVER);
    spice_server_set_zlib_glz_compression(server, SPICE_WAN_COMPRESSION_NEVER);
    spice_server_set_streaming_video(server, SPICE_STREAM_VIDEO_OFF);
    if (spice_server_init(server, &core)) {
        errno = EINVAL;
        fail("spice_server_init");
    }
    room_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    watch_add(room_fd, SPICE_WATCH_EVENT_READ, room_made, NULL);

    qxl.base.sif = &interface.base;
    spice_server_add_interface(server, &qxl.base);
    /* The commands hold plain pointers: one slot that is all the memory there is. */
    QXLDevMemSlot slot = { .virt_end = ~(uintptr_t)0, .qxl_ram_size = ~0u };
    spice_qxl_add_memslot(&qxl, &slot);
    spice_server_vm_start(server);

    replay = spice_replay_new(stdin, SURFACES);
    if (!replay) {
        errno = EINVAL;
        fail("the recording");
    }
    printf("port %d\n", port);
    fflush(stdout);
    while (!shown)
        run_once(1000);

    waker = timer_add(wake, NULL);
    timer_start(waker, WAKE_MS);
    long commands = 0;
    for (;;) {
        if (full()) {
            run_once(1000);
            continue;
        }
        QXLCommandExt *command = spice_replay_next_cmd(replay, &qxl);
        if (!command)
            break;
        put(command);
        if (++commands % 16 == 0)
            run_once(0);
    }
    for (;;)
        run_once(1000);
}
