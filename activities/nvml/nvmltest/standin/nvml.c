// A stand-in for NVIDIA's management library, for machines without a GPU. It is loaded the real way
// and does what the page beside it says, at every call anew: the file of the same name with ".page"
// appended, which the tests write while it runs.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef DRIVER_VERSION
#define DRIVER_VERSION "590.48.01"
#endif

enum { MAX_GPUS = 8, MAX_INSTANCES = 7 };
enum { OK = 0, NOT_SUPPORTED = 3, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7 };

// The fields and their order are those of the Go types State and GPU.
struct gpu {
  int64_t total, free, reserved;
  int64_t utilization, temperature;
  int64_t processes, first_pid, process_used;
  int64_t mig, instances, instance_total, instance_free;
  int64_t addressing_mode;
  int64_t handle_code, memory_code, utilization_code, temperature_code, process_code;
  int64_t hang;
  char name[64], uuid[64];
};
struct page {
  int64_t init_code, init_hang, count_code;
  int64_t crash, babble, count;
  struct gpu gpus[MAX_GPUS];
};

static volatile struct page *page;

static int attach(void) {
  Dl_info self;
  char name[4096];
  if (page) return 1;
  if (!dladdr((void *)attach, &self)) return 0;
  snprintf(name, sizeof name, "%s.page", self.dli_fname);
  int fd = open(name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  void *mapped = mmap(NULL, sizeof(struct page), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped == MAP_FAILED) return 0;
  page = mapped;
  return 1;
}

// misbehave does what goes wrong in any call: the library dies, or writes into every pipe it finds.
static void misbehave(void) {
  struct stat st;
  if (page->crash) *(volatile int *)16 = 0;
  if (!page->babble) return;
  for (int fd = 1; fd < 64; fd++)
    if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && write(fd, "NVRM: babble\n", 13) < 0) continue;
}

static void hang(volatile int64_t *while_set) {
  while (*while_set) usleep(1000);
}

// A handle is the address of the GPU's part of the page; that of a MIG instance is a tag.
static int mig_instance(void *handle, volatile struct gpu **parent) {
  intptr_t tag = (intptr_t)handle;
  if (tag <= 0 || tag > MAX_GPUS * 16) return -1;
  *parent = &page->gpus[(tag - 1) / 16];
  return (int)((tag - 1) % 16);
}

int nvmlInit_v2(void) {
  if (!attach()) return 999;
  hang(&page->init_hang);
  misbehave();
  return (int)page->init_code;
}
int nvmlShutdown(void) { return OK; }

int nvmlDeviceGetCount_v2(unsigned *count) {
  *count = (unsigned)page->count;
  return (int)page->count_code;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **handle) {
  if (index >= (unsigned)page->count) return 2;
  *handle = (void *)&page->gpus[index];
  return (int)page->gpus[index].handle_code;
}

int nvmlSystemGetDriverVersion(char *version, unsigned length) {
  snprintf(version, length, "%s", DRIVER_VERSION);
  return OK;
}
int nvmlSystemGetNVMLVersion(char *version, unsigned length) {
  snprintf(version, length, "13.%s", DRIVER_VERSION);
  return OK;
}

int nvmlDeviceGetName(void *handle, char *name, unsigned length) {
  snprintf(name, length, "%s", (const char *)((struct gpu *)handle)->name);
  return OK;
}
int nvmlDeviceGetUUID(void *handle, char *uuid, unsigned length) {
  volatile struct gpu *parent;
  int i = mig_instance(handle, &parent);
  if (i >= 0) snprintf(uuid, length, "MIG-%d-%s", i, (const char *)parent->uuid);
  else snprintf(uuid, length, "%s", (const char *)((struct gpu *)handle)->uuid);
  return OK;
}

struct memory_v1 { unsigned long long total, free, used; };
struct memory_v2 { unsigned version; unsigned long long total, reserved, free, used; };

static int memory(void *handle, struct memory_v2 *m) {
  volatile struct gpu *g = handle;
  int i = mig_instance(handle, &g);
  if (i >= 0) {
    m->total = g->instance_total, m->free = g->instance_free, m->reserved = 0;
    m->used = m->total - m->free;
    return OK;
  }
  hang(&g->hang);
  misbehave();
  m->total = g->total, m->free = g->free, m->reserved = g->reserved;
  m->used = g->total - g->free - g->reserved;
  return (int)g->memory_code;
}
int nvmlDeviceGetMemoryInfo_v2(void *handle, struct memory_v2 *m) {
  if (m->version != (sizeof *m | 2u << 24)) return 25;
  return memory(handle, m);
}
int nvmlDeviceGetMemoryInfo(void *handle, struct memory_v1 *m) {
  struct memory_v2 all = {0};
  int code = memory(handle, &all);
  m->total = all.total, m->free = all.free, m->used = all.used + all.reserved;
  return code;
}

int nvmlDeviceGetUtilizationRates(void *handle, unsigned rates[2]) {
  volatile struct gpu *g = handle;
  rates[0] = (unsigned)g->utilization, rates[1] = 0;
  return (int)g->utilization_code;
}

int nvmlDeviceGetTemperature(void *handle, int sensor, unsigned *celsius) {
  volatile struct gpu *g = handle;
  if (sensor) return 2;
  *celsius = (unsigned)g->temperature;
  return (int)g->temperature_code;
}
struct temperature { unsigned version; int sensor, celsius; };
int nvmlDeviceGetTemperatureV(void *handle, struct temperature *t) {
  if (t->version != (sizeof *t | 1u << 24)) return 25;
  return nvmlDeviceGetTemperature(handle, t->sensor, (unsigned *)&t->celsius);
}

struct process_v1 { unsigned pid; unsigned long long used; };
struct process { unsigned pid; unsigned long long used; unsigned gpu_instance, compute_instance; };

static int room(volatile struct gpu *g, unsigned *count) {
  unsigned given = *count;
  if (g->process_code) return (int)g->process_code;
  *count = (unsigned)g->processes;
  return given < *count ? INSUFFICIENT_SIZE : OK;
}
int nvmlDeviceGetComputeRunningProcesses(void *handle, unsigned *count, struct process_v1 *list) {
  volatile struct gpu *g = handle;
  int code = room(g, count);
  for (unsigned i = 0; code == OK && i < *count; i++)
    list[i] = (struct process_v1){(unsigned)(g->first_pid + i), (unsigned long long)g->process_used};
  return code;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void *handle, unsigned *count, struct process *list) {
  volatile struct gpu *g = handle;
  int code = room(g, count);
  for (unsigned i = 0; code == OK && i < *count; i++)
    list[i] = (struct process){(unsigned)(g->first_pid + i), (unsigned long long)g->process_used, g->mig == 1 ? 1u : ~0u, g->mig == 1 ? 0u : ~0u};
  return code;
}
int nvmlDeviceGetComputeRunningProcesses_v2(void *handle, unsigned *count, struct process *list) {
  return nvmlDeviceGetComputeRunningProcesses_v3(handle, count, list);
}
int nvmlDeviceGetGraphicsRunningProcesses(void *handle, unsigned *count, struct process_v1 *list) {
  (void)handle, (void)list;
  *count = 0;
  return OK;
}
int nvmlDeviceGetGraphicsRunningProcesses_v2(void *handle, unsigned *count, struct process *list) {
  // One process that computes is listed as one that draws too.
  struct process all[1024];
  unsigned n = 1024;
  int code = nvmlDeviceGetComputeRunningProcesses_v3(handle, &n, all);
  if (code != OK || n == 0) return *count = 0, code;
  list[0] = all[0], *count = 1;
  return OK;
}
int nvmlDeviceGetGraphicsRunningProcesses_v3(void *handle, unsigned *count, struct process *list) {
  return nvmlDeviceGetGraphicsRunningProcesses_v2(handle, count, list);
}

int nvmlDeviceGetMigMode(void *handle, unsigned *current, unsigned *pending) {
  volatile struct gpu *g = handle;
  *current = *pending = (unsigned)(g->mig == 1);
  return g->mig < 0 ? NOT_SUPPORTED : OK;
}
int nvmlDeviceGetMaxMigDeviceCount(void *handle, unsigned *count) {
  (void)handle;
  *count = MAX_INSTANCES;
  return OK;
}
int nvmlDeviceGetMigDeviceHandleByIndex(void *handle, unsigned index, void **instance) {
  struct gpu *g = handle;
  if (index >= g->instances) return NOT_FOUND;
  *instance = (void *)(intptr_t)((g - (struct gpu *)page->gpus) * 16 + index + 1);
  return OK;
}
int nvmlDeviceGetGpuInstanceId(void *handle, unsigned *id) {
  volatile struct gpu *parent;
  int i = mig_instance(handle, &parent);
  if (i < 0) return NOT_SUPPORTED;
  *id = (unsigned)i + 1;
  return OK;
}

struct addressing_mode { unsigned version, value; };
int nvmlDeviceGetAddressingMode(void *handle, struct addressing_mode *mode) {
  volatile struct gpu *g = handle;
  mode->value = (unsigned)g->addressing_mode;
  return OK;
}
