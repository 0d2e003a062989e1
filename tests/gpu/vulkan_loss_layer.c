/* A Vulkan layer that makes a driver fail when it is told to: devices are lost, memory runs out.
 *
 * Declared by hand are the few structures of the loader's interface to layers: nothing needs Vulkan's headers.
 */
#include <stdint.h>
#include <string.h>

#define SUCCESS 0
#define OUT_OF_DEVICE_MEMORY (-2)
#define INITIALIZATION_FAILED (-3)
#define DEVICE_LOST (-4)
#define LOADER_INSTANCE_CREATE_INFO 47
#define LOADER_DEVICE_CREATE_INFO 48

typedef int32_t Result;
typedef void (*Function)(void);
typedef Function (*GetProcAddr)(void *, const char *);

struct link {
    struct link *next;
    GetProcAddr get_instance_proc, get_other_proc;
};

/* The beginning of both loader structures, and what all structures in such a chain begin with. */
struct info {
    int32_t type;
    const struct info *next;
    int32_t function;
    struct link *link;
};

static GetProcAddr next_instance_proc, next_device_proc;

enum { SUBMIT = 1, WAIT = 2, ALLOCATE = 4 };
static int failing;

/* For the test, which loads this library as well. */
__attribute__((visibility("default"))) void gspice_fail(int what) { failing = what; }

static struct info *link_info(const struct info *chain, int32_t type)
{
    for (chain = chain->next; chain; chain = chain->next)
        if (chain->type == type && chain->function == 0)
            return (struct info *)chain;
    return NULL;
}

static Result create_instance(const struct info *create, const void *allocator, void **instance)
{
    struct info *info = link_info(create, LOADER_INSTANCE_CREATE_INFO);
    Result (*next)(const struct info *, const void *, void **);
    if (!info)
        return INITIALIZATION_FAILED;
    next_instance_proc = info->link->get_instance_proc;
    info->link = info->link->next;
    next = (Result(*)(const struct info *, const void *, void **))next_instance_proc(NULL, "vkCreateInstance");
    return next(create, allocator, instance);
}

static Result create_device(void *physical, const struct info *create, const void *allocator, void **device)
{
    struct info *info = link_info(create, LOADER_DEVICE_CREATE_INFO);
    Result (*next)(void *, const struct info *, const void *, void **);
    if (!info)
        return INITIALIZATION_FAILED;
    next_device_proc = info->link->get_other_proc;
    next = (Result(*)(void *, const struct info *, const void *, void **))
        info->link->get_instance_proc(NULL, "vkCreateDevice");
    info->link = info->link->next;
    return next(physical, create, allocator, device);
}

static void *current_device;

#define NEXT(name, ...) ((Result(*)(__VA_ARGS__))next_device_proc(current_device, name))

static Result queue_submit(void *queue, uint32_t count, const void *submits, uint64_t fence)
{
    if (failing & SUBMIT)
        return DEVICE_LOST;
    return NEXT("vkQueueSubmit", void *, uint32_t, const void *, uint64_t)(queue, count, submits, fence);
}

static Result wait_semaphores(void *device, const void *info, uint64_t timeout)
{
    if (failing & WAIT)
        return DEVICE_LOST;
    return NEXT("vkWaitSemaphores", void *, const void *, uint64_t)(device, info, timeout);
}

static Result wait_semaphores_khr(void *device, const void *info, uint64_t timeout)
{
    if (failing & WAIT)
        return DEVICE_LOST;
    return NEXT("vkWaitSemaphoresKHR", void *, const void *, uint64_t)(device, info, timeout);
}

static Result semaphore_value(void *device, uint64_t semaphore, uint64_t *value)
{
    if (failing & WAIT)
        return DEVICE_LOST;
    return NEXT("vkGetSemaphoreCounterValue", void *, uint64_t, uint64_t *)(device, semaphore, value);
}

static Result semaphore_value_khr(void *device, uint64_t semaphore, uint64_t *value)
{
    if (failing & WAIT)
        return DEVICE_LOST;
    return NEXT("vkGetSemaphoreCounterValueKHR", void *, uint64_t, uint64_t *)(device, semaphore, value);
}

static Result wait_fences(void *device, uint32_t count, const uint64_t *fences, uint32_t all, uint64_t timeout)
{
    if (failing & WAIT)
        return DEVICE_LOST;
    return NEXT("vkWaitForFences", void *, uint32_t, const uint64_t *, uint32_t, uint64_t)(
        device, count, fences, all, timeout);
}

static Result fence_status(void *device, uint64_t fence)
{
    if (failing & WAIT)
        return DEVICE_LOST;
    return NEXT("vkGetFenceStatus", void *, uint64_t)(device, fence);
}

static Result allocate_memory(void *device, const void *info, const void *allocator, uint64_t *memory)
{
    if (failing & ALLOCATE)
        return OUT_OF_DEVICE_MEMORY;
    return NEXT("vkAllocateMemory", void *, const void *, const void *, uint64_t *)(device, info, allocator, memory);
}

Function vkGetInstanceProcAddr(void *instance, const char *name);
Function vkGetDeviceProcAddr(void *device, const char *name);

static const struct {
    const char *name;
    Function function;
    int of_device;
} ours[] = {
    {"vkGetInstanceProcAddr", (Function)vkGetInstanceProcAddr, 0},
    {"vkCreateInstance", (Function)create_instance, 0},
    {"vkCreateDevice", (Function)create_device, 0},
    {"vkGetDeviceProcAddr", (Function)vkGetDeviceProcAddr, 1},
    {"vkQueueSubmit", (Function)queue_submit, 1},
    {"vkWaitSemaphores", (Function)wait_semaphores, 1},
    {"vkWaitSemaphoresKHR", (Function)wait_semaphores_khr, 1},
    {"vkGetSemaphoreCounterValue", (Function)semaphore_value, 1},
    {"vkGetSemaphoreCounterValueKHR", (Function)semaphore_value_khr, 1},
    {"vkWaitForFences", (Function)wait_fences, 1},
    {"vkGetFenceStatus", (Function)fence_status, 1},
    {"vkAllocateMemory", (Function)allocate_memory, 1},
};

static Function find(const char *name, int of_device_only)
{
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (!strcmp(ours[i].name, name) && (ours[i].of_device || !of_device_only))
            return ours[i].function;
    return NULL;
}

__attribute__((visibility("default"))) Function vkGetInstanceProcAddr(void *instance, const char *name)
{
    Function function = find(name, 0);
    return function ? function : next_instance_proc(instance, name);
}

__attribute__((visibility("default"))) Function vkGetDeviceProcAddr(void *device, const char *name)
{
    Function function = find(name, 1);
    current_device = device;
    return function ? function : next_device_proc(device, name);
}
