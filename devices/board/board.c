/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/board_impl.h"
#include "core/state/snapshot.h"
#include "core/timing/model.h"
#include "devices/backend/char.h"
#include "devices/backend/screendump.h"
#include "devices/board/media.h"
#include "devices/board/virtio_parts.h"
#include "devices/bus_error.h"
#include "mmu/tlb.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct board_ops board_riscv_virt, board_arm_virt, board_loongarch_virt, board_x86_q35, board_x86_i440fx,
    board_x86_microvm;
const struct board_ops *const board_list[] = { &board_riscv_virt, &board_arm_virt, &board_loongarch_virt, &board_x86_q35,
                                               &board_x86_i440fx, &board_x86_microvm, NULL };

const struct board_ops *board_find(const char *name)
{
    return board_find_for(name, NULL);
}

/* "pc-q35-9.2" behind `prefix`: two numbers. */
static bool is_version(const char *name, const char *prefix)
{
    size_t n = prefix != NULL ? strlen(prefix) : 0;
    unsigned major, minor;
    char end;
    return n != 0 && strncmp(name, prefix, n) == 0 && name[n] >= '0' && name[n] <= '9' &&
           sscanf(name + n, "%2u.%2u%c", &major, &minor, &end) == 2;
}

const struct board_ops *board_default_for(const char *arch)
{
    for (const struct board_ops *const *o = board_list; *o; o++)
        if (strcmp((*o)->qemu_arch, arch) == 0)
            return *o;
    return NULL;
}

const struct board_ops *board_find_for(const char *name, const char *arch)
{
    for (const struct board_ops *const *o = board_list; *o; o++) {
        if (arch && strcmp((*o)->qemu_arch, arch) != 0)
            continue;
        if (strcmp((*o)->name, name) == 0 || is_version(name, (*o)->versions))
            return *o;
        for (const char *const *alias = (*o)->aliases; *alias; alias++)
            if (strcmp(*alias, name) == 0)
                return *o;
    }
    return NULL;
}

char *board_find_firmware(const struct board *b, const char *name, struct err *e)
{
    const char *dirs = b->config.firmware_dirs ? b->config.firmware_dirs : "";

    if (access(name, R_OK) == 0)
        return strdup(name);
    while (*dirs) {
        size_t n = strcspn(dirs, ":");
        char *path = NULL;
        if (asprintf(&path, "%.*s/%s", (int)n, dirs, name) > 0 && access(path, R_OK) == 0)
            return path;
        free(path);
        dirs += n + (dirs[n] == ':');
    }
    (void)err_set(e, ERR_ABSENT, "firmware '%s' was not found here nor in %s; give its path with "
                  "-bios (tools/fetch-guest downloads Debian's)", name,
                  b->config.firmware_dirs ? b->config.firmware_dirs : "any directory");
    return NULL;
}

static void poll_host(void *arg, int wait_ms)
{
    (void)host_poll(arg, wait_ms);
}

static bool host_is_ready(void *arg)
{
    return host_ready(arg);
}

static int schedule_cpus(struct board *b, struct err *e)
{
    for (uint32_t i = 0; i < b->n_cpus; i++) {
        int r = exec_add_cpu(b->exec, b->cpus[i], e);
        if (r < 0)
            return r;
    }
    return 0;
}

static int describe(struct board *b, struct err *e)
{
    const struct board_config *c = &b->config;

    if (asprintf(&b->description, "%s cpu=%s smp=%u memory=%" PRIu64 " timing=%s seed=%" PRIu64,
                 b->ops->name, c->cpu, c->cpus, c->memory, c->timing, c->seed) < 0) {
        b->description = NULL;
        return err_set(e, ERR_NOMEM, "no memory to describe the machine");
    }
    const struct board_topology *t = &c->smp;
    char *described = b->description;
    if (t->cores != t->cpus) { /* not what -smp N alone makes of it */
        if (asprintf(&b->description, "%s topology=%u,%u,%u,%u,%u,%u", described, t->sockets, t->dies, t->clusters, t->modules,
                     t->cores, t->threads) < 0) {
            b->description = described;
            return err_set(e, ERR_NOMEM, "no memory to describe the machine");
        }
        free(described);
    }
    for (uint32_t i = 0; i < c->n_args; i++) {
        enum board_arg_kind kind = c->args[i].kind;
        if (kind != BOARD_DEVICE && kind != BOARD_FW_CFG)
            continue;
        char *longer = NULL;
        if (asprintf(&longer, "%s %s=%s", b->description, kind == BOARD_DEVICE ? "device" : "fw_cfg",
                     c->args[i].text) < 0)
            return err_set(e, ERR_NOMEM, "no memory to describe the machine");
        free(b->description);
        b->description = longer;
    }
    return 0;
}

/*
 * A log of inputs belongs to one date, too. A snapshot brings its own, so the date is no
 * part of what it must match.
 */
static int open_log(struct board *b, struct err *e)
{
    const struct board_config *c = &b->config;
    char *text;
    int r = 0;

    if (!c->record && !c->replay)
        return 0;
    if (asprintf(&text, "%s rtc=%" PRIu64, b->description, c->rtc_base) < 0)
        return err_set(e, ERR_NOMEM, "no memory to describe the machine");
    if (c->record)
        r = host_record(b->host, c->record, text, e);
    if (r == 0 && c->replay)
        r = host_replay(b->host, c->replay, text, e);
    free(text);
    return r;
}

/* Before any part is built: serial ports, devices and the monitor refer to them by id. */
static int open_chardevs(struct board *b, struct err *e)
{
    for (uint32_t i = 0; i < b->config.n_args; i++) {
        const struct board_arg *a = &b->config.args[i];
        struct char_options options;
        struct char_backend *backend;
        int r;
        if (a->kind == BOARD_CHARDEV && ((r = char_parse_chardev(&options, a->text, e)) < 0 ||
                                         (r = char_open(&backend, b->host, &options, e)) < 0))
            return err_context(e, "chardev '%s'", a->text);
    }
    return 0;
}

/*
 * bus-error=BASE+SIZE, any number of times, is every board's: taken out of the options before
 * the board reads its own.
 */
static int take_bus_errors(struct board *b, struct err *e)
{
    const char *from = b->config.board_options;

    b->bus_error = bus_error_create(b->machine, "bus-error", e);
    if (!b->bus_error)
        return e->code;
    if (!from || !strstr(from, "bus-error="))
        return 0;
    char *rest = b->options = malloc(strlen(from) + 1);
    if (!rest)
        return err_set(e, ERR_NOMEM, "no memory for the machine options");
    *rest = '\0';
    while (*from) {
        size_t n = strcspn(from, ",");
        char word[128];
        pa_t base;
        uint64_t size;
        int r;
        snprintf(word, sizeof(word), "%.*s", (int)n, from);
        if (strncmp(word, "bus-error=", 10) != 0) {
            if (rest != b->options)
                *rest++ = ',';
            memcpy(rest, from, n);
            rest += n;
            *rest = '\0';
        } else if ((r = bus_error_parse(word + 10, &base, &size, e)) < 0 ||
                   (r = bus_error_add(b->bus_error, base, size, e)) < 0) {
            return err_context(e, "machine option bus-error");
        }
        from += n + (from[n] == ',');
    }
    b->config.board_options = b->options;
    return 0;
}

int board_bus_error(struct board *b, const char *range, bool on, struct err *e)
{
    pa_t base;
    uint64_t size;
    char *end;
    int r;

    if (on) {
        r = bus_error_parse(range, &base, &size, e);
        return r < 0 ? r : bus_error_add(b->bus_error, base, size, e);
    }
    base = strtoull(range, &end, 0);
    if (end == range)
        return err_set(e, ERR_ARG, "'%s' is no address", range);
    return bus_error_remove(b->bus_error, base, e);
}

static int no_board(const char *name, struct err *e)
{
    const char *names[16];
    size_t n = 0;

    for (const struct board_ops *const *o = board_list; *o; o++)
        for (const struct board_absent *a = (*o)->absent; a && a->name; a++)
            if (strcmp(name, a->name) == 0 || is_version(name, a->name))
                return err_set(e, ERR_UNSUPPORTED, "machine '%s' is not modelled: %s", name, a->instead);
    for (const struct board_ops *const *o = board_list; *o && n < ARRAY_LEN(names); o++)
        names[n++] = (*o)->name;
    const char *near = err_nearest(name, names, n);
    return err_set(e, ERR_ARG, "there is no board '%s'%s%s%s; 'orrery list boards' shows them", name,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'" : "");
}

int board_create(struct board **out, const struct board_config *c, struct err *e)
{
    const struct board_ops *ops = board_find(c->board);
    struct board *b;
    int r;

    if (!ops)
        return no_board(c->board, e);
    struct board_topology smp = c->smp;
    if (smp.cpus == 0 && smp.max == 0 && smp.sockets == 0 && smp.dies == 0 && smp.clusters == 0 && smp.modules == 0 &&
        smp.cores == 0 && smp.threads == 0)
        smp.cpus = c->cpus;
    if ((r = board_complete_topology(&smp, ops->levels, e)) < 0)
        return r;
    if (smp.max > ops->max_cpus)
        return err_set(e, ERR_ARG, "Invalid SMP CPUs %u. The max CPUs supported by machine '%s' is "
                       "%u", smp.max, ops->name, ops->max_cpus);
    b = calloc(1, sizeof(*b));
    if (!b)
        return err_set(e, ERR_NOMEM, "no memory for a board");
    b->ops = ops;
    b->config = *c;
    b->config.smp = smp;
    b->config.cpus = smp.cpus;
    if (!b->config.cpu)
        b->config.cpu = ops->default_cpu;
    if (!b->config.timing)
        b->config.timing = "functional";
    if (b->config.memory == 0)
        b->config.memory = ops->default_memory;
    if ((r = describe(b, e)) < 0 || (r = machine_create(&b->machine, c->log_out, e)) < 0)
        goto fail;
    b->machine->seed = c->seed;
    b->machine->rtc_base = c->rtc_base;
    b->machine->trace.hashing = c->trace_hash;
    if (c->log && (r = log_configure(b->machine->log, c->log, e)) < 0)
        goto fail;
    if (c->trace && (r = trace_enable(&b->machine->trace, c->trace, c->log_out, e)) < 0)
        goto fail;
    if ((r = host_create(&b->host, b->machine, e)) < 0)
        goto fail;
    if ((r = open_log(b, e)) < 0)
        goto fail;
    if ((r = exec_create(&b->exec, b->machine, &c->exec, e)) < 0)
        goto fail;
    if ((r = open_chardevs(b, e)) < 0 || (r = take_bus_errors(b, e)) < 0 ||
        (r = ops->build(b, e)) < 0 || (r = schedule_cpus(b, e)) < 0)
        goto fail;
    struct exec_host_ops host = { .poll = poll_host, .ready = host_is_ready, .arg = b->host, .pace = c->pace };
    exec_set_host(b->exec, &host);
    if ((r = board_reset(b, e)) < 0)
        goto fail;
    /* Back ends say that they were opened: at time 0, not when the run loop first looks. */
    (void)host_poll(b->host, 0);
    *out = b;
    return 0;
fail:
    board_destroy(b);
    return r;
}

void board_destroy(struct board *b)
{
    if (!b)
        return;
    host_destroy(b->host);
    if (b->devices)
        parts_release(b->devices);
    exec_destroy(b->exec);
    if (b->ops->release)
        b->ops->release(b);
    if (b->machine)
        machine_destroy(b->machine);
    for (uint32_t i = 0; i < b->n_cpus; i++)
        tm_destroy(b->tms[i]);
    image_free(b->kernel);
    image_free(b->initrd);
    image_free(b->shim);
    image_free(b->bios);
    image_free(b->dtb);
    free(b->description);
    free(b->options);
    free(b);
}

int board_reset(struct board *b, struct err *e)
{
    machine_reset(b->machine);
    return b->ops->load_images(b, e);
}

static int wake(struct board *b)
{
    machine_wake(b->machine);
    return b->ops->resume ? b->ops->resume(b, NULL) : 0;
}

int board_wake_key(struct board *b, struct err *e)
{
    if (!b->ops->wake_key)
        return err_set(e, ERR_UNSUPPORTED, "%s does not sleep", b->ops->name);
    return b->ops->wake_key(b) ? 0 : err_set(e, ERR_STATE, "the machine is not asleep");
}

int board_power_key(struct board *b, struct err *e)
{
    if (!b->ops->power_key)
        return err_set(e, ERR_UNSUPPORTED, "%s has no power key", b->ops->name);
    b->ops->power_key(b);
    return 0;
}

enum board_end board_run(struct board *b, const struct board_limits *limits, int *exit_code,
                         struct cpu **cpu)
{
    static const struct exec_limits none = { .time = PS_NEVER, .insns = UINT64_MAX };

    for (;;) {
        enum exec_reason why = exec_run(b->exec, limits ? &limits->exec : &none, cpu);
        enum machine_stop stop = b->machine->stop;

        if (why == EXEC_LIMIT_TIME || why == EXEC_LIMIT_INSNS)
            return BOARD_LIMIT;
        if (why == EXEC_DEBUG)
            return BOARD_DEBUG;
        if (why == EXEC_DEADLOCK)
            return BOARD_DEADLOCK;
        *exit_code = b->machine->exit_code;
        if (stop == MACHINE_PAUSE || (stop == MACHINE_POWEROFF && b->config.no_shutdown)) {
            machine_resume(b->machine);
            return BOARD_PAUSED;
        }
        if (stop != MACHINE_WAKE && (stop != MACHINE_RESET || b->config.no_reboot))
            return BOARD_ENDED;
        machine_resume(b->machine);
        if ((stop == MACHINE_WAKE ? wake(b) : board_reset(b, NULL)) < 0) /* it fitted before */
            return BOARD_ENDED;
    }
}

struct machine *board_machine(struct board *b)
{
    return b->machine;
}

struct exec *board_exec(struct board *b)
{
    return b->exec;
}

struct host *board_host(struct board *b)
{
    return b->host;
}

const char *board_describe(const struct board *b)
{
    return b->description;
}

int board_save(struct board *b, const char *path, struct err *e)
{
    struct state_writer *w;
    int r = snapshot_create(&w, path, b->description, e);

    if (r < 0)
        return r;
    /* A restored machine starts with empty TLBs: so does this one, if it goes on. */
    mmu_flush_all_cpus(b->machine);
    r = machine_save(b->machine, w, e);
    if (r < 0) {
        snapshot_discard(w);
        return r;
    }
    return snapshot_finish(w, e);
}

int board_load(struct board *b, const char *path, struct err *e)
{
    struct state_reader *reader;
    int r = snapshot_open(&reader, path, b->description, e);

    if (r < 0)
        return r;
    r = machine_load(b->machine, reader, e);
    mmu_flush_all_cpus(b->machine);
    snapshot_close(reader);
    return r;
}

int board_screendump(struct board *b, const char *path, const char *format, const char *display,
                     struct err *e)
{
    enum screendump_format f = SCREENDUMP_BY_NAME;
    int r = format ? screendump_parse(&f, format, e) : 0;

    return r < 0 ? r : screendump_write(b->host, display, path, f, e);
}

int board_change_medium(struct board *b, const char *drive, const char *path, const char *format, bool force,
                        struct err *e)
{
    return media_change(b->devices ? b->devices->media : NULL, drive, path, format, force, e);
}

bool board_list_media(const struct board *b, uint32_t n, const char **drive, const char **path, bool *locked)
{
    return b->devices && media_list(b->devices->media, n, drive, path, locked);
}

int board_device_tree(struct board *b, uint8_t **blob, uint32_t *size, struct err *e)
{
    return b->ops->device_tree(b, blob, size, e);
}
