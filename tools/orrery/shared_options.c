/* SPDX-License-Identifier: Apache-2.0 */
/* What orrery's own command line and QEMU's have in common. */
#include "devices/backend/char.h"
#include "tools/orrery/option_table.h"
#include "devices/backend/option.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- texts ---- */
char *run_printf(struct run_options *o, struct err *e, const char *fmt, ...)
{
    char *text = NULL, *copy = NULL;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    if (text)
        copy = arena_strdup(&o->arena, text);
    free(text);
    if (!copy)
        (void)err_set(e, ERR_NOMEM, "no memory");
    return copy;
}

const char *run_key(struct run_options *o, const char *list, const char *key)
{
    char item[1024];
    size_t n = strlen(key);
    const char *found = NULL;
    bool fits = true;

    while (list && option_next(&list, item, sizeof(item), &fits))
        if (strncmp(item, key, n) == 0 && item[n] == '=')
            found = arena_strdup(&o->arena, item + n + 1);
    return found;
}

bool run_first_is(const char *list, const char *word)
{
    size_t n = strlen(word);

    return strncmp(list, word, n) == 0 && (list[n] == 0 || list[n] == ',');
}

int run_choose(const char *what, const char *text, const char *const *words, struct err *e)
{
    char all[256] = "";
    size_t n = 0;

    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], text) == 0)
            return i;
        n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s",
                              i == 0 ? "" : words[i + 1] ? ", " : " and ", words[i]);
        n = MIN(n, sizeof(all) - 1);
    }
    return err_set(e, ERR_ARG, "%s '%s' is not known; %s are", what, text, all);
}

bool run_wants_help(const char *value)
{
    return strcmp(value, "help") == 0 || strcmp(value, "?") == 0;
}

/* ---- numbers ---- */
int run_parse_count(const char *what, const char *text, uint64_t least, uint64_t most,
                    uint64_t *value, struct err *e)
{
    char *end;

    errno = 0;
    *value = strtoull(text, &end, 0);
    if (end == text || *end || errno || strchr(text, '-') || *value < least || *value > most)
        return err_set(e, ERR_ARG, "%s is '%s'; a number from %" PRIu64 " to %" PRIu64
                       " is expected", what, text, least, most);
    return 0;
}

int run_parse_size(const char *text, uint64_t unit, uint64_t *bytes, struct err *e)
{
    static const char units[] = "bkmgt";
    char *end;

    errno = 0;
    uint64_t n = strtoull(text, &end, 0);
    if (end != text && *end) {
        const char *found = strchr(units, *end | 0x20);
        unit = found ? 1ull << (10 * (found - units)) : 0;
        end += found != NULL;
        if (unit > 1 && (end[0] == 'B' || end[0] == 'b'))
            end++;
        else if (unit > 1 && end[0] == 'i' && end[1] == 'B')
            end += 2;
    }
    if (end == text || *end || errno || strchr(text, '-') || unit == 0 || n > (UINT64_MAX / 2) / unit)
        return err_set(e, ERR_ARG, "size '%s' is not understood; expected is a number with K, M, G "
                       "or T behind it, such as 512M", text);
    *bytes = n * unit;
    return 0;
}

int run_parse_time(const char *text, ps_t *t, struct err *e)
{
    static const struct { const char *unit; double ps; } units[] = {
        { "ps", 1 }, { "ns", 1e3 }, { "us", 1e6 }, { "ms", 1e9 }, { "s", 1e12 }, { "min", 6e13 },
    };
    char *end;
    double value = strtod(text, &end);

    for (size_t i = 0; end != text && i < ARRAY_LEN(units); i++) {
        double ps = value * units[i].ps;
        if (strcmp(end, units[i].unit) == 0 && ps >= 0 && ps < 1.8e19) {
            *t = (ps_t)ps;
            return 0;
        }
    }
    return err_set(e, ERR_ARG, "time '%s' is not understood; expected is a number with ps, ns, us, "
                   "ms, s or min behind it, such as 2.5s", text);
}

/* ---- setters ---- */
int run_add_arg(struct run_options *o, enum board_arg_kind kind, const char *text, struct err *e)
{
    if (o->board.n_args == RUN_MAX_ARGS)
        return err_set(e, ERR_LIMIT, "more than %d devices and backends", RUN_MAX_ARGS);
    o->args[o->board.n_args++] = (struct board_arg){ .kind = kind, .text = text };
    return 0;
}

static int set_thread(struct run_options *o, const char *v, struct err *e)
{
    static const char *const names[] = { "single", "multi", NULL };
    int r = run_choose("thread", v, names, e);
    if (r >= 0)
        o->board.exec.parallel = r;
    return MIN(r, 0);
}

/* A list in order of preference, "kvm:tcg,thread=single": ours is the translator, called tcg in scripts. */
int run_set_accel(struct run_options *o, const char *v, struct err *e)
{
    if (run_wants_help(v)) {
        printf("Accelerators supported in Orrery:\ntcg\n");
        return 1;
    }
    for (const char *p = v; *p && *p != ','; p += *p == ':') {
        size_t n = strcspn(p, ":,");
        if (n == 3 && strncmp(p, "tcg", n) == 0) {
            const char *thread = run_key(o, v, "thread");
            return thread ? set_thread(o, thread, e) : 0;
        }
        p += n;
        if (*p != ':')
            break;
    }
    return err_set(e, ERR_UNSUPPORTED, "accelerator '%s' is not available; tcg is", v);
}

int run_set_machine(struct run_options *o, const char *v, struct err *e)
{
    size_t n = strcspn(v, ",");
    const char *rest = v[n] ? v + n + 1 : "";

    if (run_wants_help(v)) {
        list_boards(o->arch);
        return 1;
    }
    /* "-machine virt" and "-machine aclint=on" may both be given: options merge key by key. */
    if (memchr(v, '=', n))
        rest = v;
    else if (!(o->board.board = run_printf(o, e, "%.*s", (int)n, v)))
        return ERR_NOMEM;
    const struct board_ops *board = board_find_for(o->board.board, o->arch);
    if (board)
        o->board.board = board->name;
    const char *dump = run_key(o, rest, "dumpdtb"), *accel = run_key(o, rest, "accel");
    int r = accel ? run_set_accel(o, accel, e) : 0;
    if (r != 0)
        return r;
    if (dump)
        o->dump_dtb = dump;
    if (*rest && o->board.board_options)
        rest = run_printf(o, e, "%s,%s", o->board.board_options, rest);
    if (!rest)
        return ERR_NOMEM;
    if (*rest)
        o->board.board_options = rest;
    return 0;
}

static int set_cpu(struct run_options *o, const char *v, struct err *e)
{
    if (run_wants_help(v)) {
        list_cpus(o->arch);
        return 1;
    }
    /* "host" and "max" are the same here: everything the emulator has. */
    o->board.cpu = run_first_is(v, "host") ? run_printf(o, e, "max%s", v + 4) : v;
    return o->board.cpu ? 0 : ERR_NOMEM;
}

int run_set_timing(struct run_options *o, const char *v, struct err *e)
{
    (void)e;
    if (run_wants_help(v)) {
        list_models();
        return 1;
    }
    o->board.timing = v;
    return 0;
}

static int set_device(struct run_options *o, const char *v, struct err *e)
{
    if (run_wants_help(v)) {
        list_devices(o->arch);
        return 1;
    }
    return run_add_arg(o, BOARD_DEVICE, v, e);
}

static int set_chardev(struct run_options *o, const char *v, struct err *e)
{
    if (run_wants_help(v)) {
        printf("Available chardev backend types:\n");
        for (const char *const *name = char_backend_names; *name; name++)
            printf("  %s\n", *name);
        return 1;
    }
    return run_add_arg(o, BOARD_CHARDEV, v, e);
}

static uint32_t given(int n)
{
    return n > 0 ? (uint32_t)n : 0;
}

/* [cpus=]N and the numbers of each level; what is left out the board fills in. */
static int set_smp(struct run_options *o, const char *v, struct err *e)
{
    struct smp {
        int cpus, max, sockets, dies, clusters, modules, cores, threads;
    } s = { -1, -1, -1, -1, -1, -1, -1, -1 }; /* not given */
    static const struct option_desc table[] = {
        OPT_NUMBER(smp, "cpus", cpus), OPT_NUMBER(smp, "maxcpus", max), OPT_NUMBER(smp, "sockets", sockets),
        OPT_NUMBER(smp, "dies", dies), OPT_NUMBER(smp, "clusters", clusters), OPT_NUMBER(smp, "modules", modules),
        OPT_NUMBER(smp, "cores", cores), OPT_NUMBER(smp, "threads", threads),
        OPT_REFUSED("drawers", "only s390x machines have them"), OPT_REFUSED("books", "only s390x machines have them"),
    };
    int r = option_read(table, ARRAY_LEN(table), &s, v, "cpus", e);
    const int all[] = { s.cpus, s.max, s.sockets, s.dies, s.clusters, s.modules, s.cores, s.threads };

    if (r < 0)
        return r;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i] != -1 && (all[i] < 1 || all[i] > 4096))
            return err_set(e, ERR_ARG, "number of %s: %d; 1 to 4096 are expected", table[i].key, all[i]);
    o->board.smp = (struct board_topology){
        .cpus = given(s.cpus), .max = given(s.max), .sockets = given(s.sockets), .dies = given(s.dies),
        .clusters = given(s.clusters), .modules = given(s.modules), .cores = given(s.cores), .threads = given(s.threads),
    };
    return 0;
}

int run_set_memory(struct run_options *o, const char *v, struct err *e)
{
    const char *size = run_key(o, v, "size");

    if (!size && !(size = run_printf(o, e, "%.*s", (int)strcspn(v, ","), v)))
        return ERR_NOMEM;
    return run_parse_size(size, 1ull << 20, &o->board.memory, e);
}

static int set_serial(struct run_options *o, const char *v, struct err *e)
{
    if (o->board.n_serial == ARRAY_LEN(o->board.serial))
        return err_set(e, ERR_LIMIT, "more than %zu serial ports", ARRAY_LEN(o->board.serial));
    o->board.serial[o->board.n_serial++] = v;
    return 0;
}

static int set_seed(struct run_options *o, const char *v, struct err *e)
{
    return run_parse_count("seed", v, 0, UINT64_MAX, &o->board.seed, e);
}

/* Given several times they add up. Without a key in front, the first word is the order. */
static int set_boot(struct run_options *o, const char *v, struct err *e)
{
    const char *key = memchr(v, '=', strcspn(v, ",")) ? "" : "order=", *old = o->board.boot;

    o->board.boot = run_printf(o, e, "%s%s%s%s", old ? old : "", old ? "," : "", key, v);
    return o->board.boot ? 0 : ERR_NOMEM;
}

const struct run_option run_shared_options[] = {
    ROW_CALL("cpu", "NAME[,EXT=on|off]", set_cpu, "CPU profile; help lists them"),
    ROW_CALL("smp", "N", set_smp, "number of CPUs"),
    ROW_TEXT("kernel", "FILE", board.kernel, "Linux Image (plain, gzip, EFI zboot), ELF or raw image"),
    ROW_TEXT("initrd", "FILE", board.initrd, "initial RAM disk"),
    ROW_TEXT("shim", "FILE", board.shim, "PC: UEFI checks this program's signature, and it the kernel's"),
    ROW_TEXT("append", "TEXT", board.append, "kernel command line"),
    ROW_TEXT("dtb", "FILE", board.dtb, "device tree instead of the board's own"),
    ROW_TEXT("bios", "FILE|default|none", board.bios, "firmware; default: OpenSBI's fw_dynamic"),
    ROW_CALL("boot", "[order=]cdn[,once=d][,menu=on][,strict=on]", set_boot,
             "what firmware boots, beside bootindex= of devices; also splash=F, splash-time=MS, reboot-timeout=MS"),
    ROW_ARG("pflash", "FILE[,readonly]", BOARD_PFLASH, "contents of the next flash bank, written back"),
    ROW_ARG("drive", "file=F[,...]", BOARD_DRIVE, "disk image: format=raw|qcow2, if=virtio|none, id=, ..."),
    ROW_FLAG("snapshot", board.snapshot, "forget what is written to disks at the end"),
    ROW_CALL("device", "NAME[,PROP=V]", set_device, "add a device; help lists them"),
    ROW_ARG("netdev", "TYPE,id=N[,...]", BOARD_NETDEV, "network backend for a device"),
    ROW_CALL("chardev", "TYPE,id=N[,...]", set_chardev, "character backend for a device; help lists them"),
    ROW_ARG("object", "TYPE,id=N[,...]", BOARD_OBJECT, "rng-random, rng-builtin"),
    ROW_ARG("global", "DRIVER.PROP=V", BOARD_GLOBAL, "default for a property: virtio-mmio.force-legacy, cfi.pflash01.secure, ICH9-LPC.disable_s3"),
    ROW_CALL("serial", "BACKEND", set_serial, "stdio, mon:stdio, file:F, unix:F, tcp:H:P, pty, null, none"),
    ROW_TEXT("monitor", "BACKEND", board.monitor, "where the monitor listens"),
    ROW_TEXT("gdb", "[tcp:[HOST]]:PORT", gdb, "listen for gdb"),
    ROW_FLAG("no-reboot", board.no_reboot, "end when the guest resets itself"),
    ROW_CALL("seed", "N", set_seed, "everything random in the machine derives from it (default 0)"),
};
const size_t run_n_shared_options = ARRAY_LEN(run_shared_options);
