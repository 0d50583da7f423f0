/* SPDX-License-Identifier: Apache-2.0 */
/* orrery's own command line, and the parsing both command lines share. */
#include "tools/orrery/run.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void run_defaults(struct run_options *o)
{
    *o = (struct run_options){ .escape = 1 };
    arena_init(&o->arena, 0);
    o->board.board = "riscv-virt";
    o->board.timing = "functional";
    o->board.cpus = 1;
    o->board.rtc_base = 1767225600; /* 2026-01-01: the same in every run unless --rtc says otherwise */
    o->board.args = o->args;
    o->board.log_out = stderr;
    o->stop_at = (struct exec_limits){ .time = PS_NEVER, .insns = UINT64_MAX };
    o->board.exec.mode = EXEC_JIT;
}

int run_add_arg(struct run_options *o, enum board_arg_kind kind, const char *text, struct err *e)
{
    if (o->board.n_args == RUN_MAX_ARGS)
        return err_set(e, ERR_LIMIT, "more than %d devices and backends", RUN_MAX_ARGS);
    o->args[o->board.n_args++] = (struct board_arg){ .kind = kind, .text = text };
    return 0;
}

int run_parse_count(const char *what, const char *text, uint64_t least, uint64_t most,
                    uint64_t *value, struct err *e)
{
    char *end;

    errno = 0;
    *value = strtoull(text, &end, 0);
    if (end == text || *end || errno || *text == '-' || *value < least || *value > most)
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
    if (end == text || *end || errno || *text == '-' || unit == 0 || n > (UINT64_MAX / 2) / unit)
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

const char *run_firmware_dirs(struct run_options *o)
{
    const char *given = getenv("ORRERY_FIRMWARE");
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

    if (given)
        return given;
    return arena_printf(&o->arena,
                        "%s%s/orrery/guests/riscv64/firmware/generic:"
                        "/usr/share/opensbi/generic:/usr/lib/riscv64-linux-gnu/opensbi/generic:"
                        "/usr/share/qemu", cache ? cache : home ? home : "", cache ? "" : "/.cache");
}

int run_parse_table(struct run_options *o, const struct run_option *table, size_t n,
                    const char *program, int argc, char **argv,
                    int (*positional)(struct run_options *o, const char *value, struct err *e),
                    struct err *e)
{
    const char *names[256];
    size_t n_names = 0;

    for (size_t i = 0; i < n && n_names < ARRAY_LEN(names); i++)
        names[n_names++] = table[i].name;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i], *value = NULL;
        const struct run_option *found = NULL;
        size_t length = strcspn(word, "=");

        if (word[0] != '-' || word[1] == 0) {
            int r = positional ? positional(o, word, e)
                               : err_set(e, ERR_ARG, "'%s' is not an option of %s", word, program);
            if (r != 0)
                return r;
            continue;
        }
        for (size_t k = 0; k < n && !found; k++) {
            const char *name = table[k].name;
            /* One dash or two are both fine, as is --name=value. */
            const char *bare = word[1] == '-' ? word + 2 : word + 1;
            const char *bare_name = name[1] == '-' ? name + 2 : name + 1;
            size_t bare_length = length - (size_t)(bare - word);
            if (strlen(bare_name) == bare_length && strncmp(bare_name, bare, bare_length) == 0 &&
                (word[length] == 0 || name[1] == '-'))
                found = &table[k];
        }
        if (!found) {
            const char *near = err_nearest(word, names, n_names);
            return err_set(e, ERR_ARG, "%s: there is no option '%.*s'%s%s%s; --help lists all",
                           program, (int)length, word, near ? "; did you mean '" : "",
                           near ? near : "", near ? "'" : "");
        }
        if (found->value) {
            value = word[length] == '=' ? word + length + 1 : i + 1 < argc ? argv[++i] : NULL;
            if (!value)
                return err_set(e, ERR_ARG, "%s: option %s requires an argument: %s", program,
                               found->name, found->value);
        } else if (word[length] == '=') {
            return err_set(e, ERR_ARG, "%s: option %s takes no argument", program, found->name);
        }
        int r = found->set(o, value, e);
        if (r < 0)
            (void)err_context(e, "%s %s", program, found->name);
        if (r != 0)
            return r;
    }
    return 0;
}

void run_print_help(const struct run_option *table, size_t n, FILE *out)
{
    for (size_t i = 0; i < n; i++) {
        char head[64];
        if (!table[i].help)
            continue;
        snprintf(head, sizeof(head), "%s%s%s", table[i].name, table[i].value ? " " : "",
                 table[i].value ? table[i].value : "");
        fprintf(out, "  %-28s %s\n", head, table[i].help);
    }
}

/* ---- the options of `orrery run` ---- */
#define SET(name, member)                                                                          \
    static int set_##name(struct run_options *o, const char *v, struct err *e)                     \
    {                                                                                              \
        (void)e;                                                                                   \
        o->member = v;                                                                             \
        return 0;                                                                                  \
    }
#define FLAG(name, member)                                                                         \
    static int set_##name(struct run_options *o, const char *v, struct err *e)                     \
    {                                                                                              \
        (void)v;                                                                                   \
        (void)e;                                                                                   \
        o->member = true;                                                                          \
        return 0;                                                                                  \
    }
#define ARG(name, kind)                                                                            \
    static int set_##name(struct run_options *o, const char *v, struct err *e)                     \
    {                                                                                              \
        return run_add_arg(o, kind, v, e);                                                         \
    }
SET(cpu, board.cpu) SET(timing, board.timing) SET(kernel, board.kernel) SET(initrd, board.initrd)
SET(append, board.append) SET(bios, board.bios) SET(dtb, board.dtb) SET(monitor, board.monitor)
SET(record, board.record) SET(trace, board.trace) SET(replay, board.replay) SET(log, board.log) SET(gdb, gdb)
SET(snapshot_load, snapshot_load) SET(snapshot_save, snapshot_save) SET(dump_dtb, dump_dtb)
FLAG(snapshot, board.snapshot) FLAG(no_reboot, board.no_reboot) FLAG(stats, stats)
FLAG(wait, wait_for_gdb) FLAG(hash, print_hash) FLAG(coverage, coverage)
FLAG(perf_map, board.exec.perf_map) FLAG(verify, board.exec.verify)
ARG(drive, BOARD_DRIVE) ARG(device, BOARD_DEVICE) ARG(chardev, BOARD_CHARDEV)
ARG(object, BOARD_OBJECT) ARG(fw_cfg, BOARD_FW_CFG) ARG(pflash, BOARD_PFLASH)
ARG(global, BOARD_GLOBAL)
#undef SET
#undef FLAG
#undef ARG

static int set_board(struct run_options *o, const char *v, struct err *e)
{
    const char *comma = strchr(v, ',');

    o->board.board = comma ? arena_printf(&o->arena, "%.*s", (int)(comma - v), v) : v;
    o->board.board_options = comma ? comma + 1 : NULL;
    return o->board.board ? 0 : err_set(e, ERR_NOMEM, "no memory");
}

static int set_smp(struct run_options *o, const char *v, struct err *e)
{
    uint64_t n;
    int r = run_parse_count("number of CPUs", v, 1, 4096, &n, e);
    if (r == 0)
        o->board.cpus = (uint32_t)n;
    return r;
}

static int set_memory(struct run_options *o, const char *v, struct err *e)
{
    return run_parse_size(v, 1ull << 20, &o->board.memory, e);
}

static int set_net(struct run_options *o, const char *v, struct err *e)
{
    static const char *const models[] = { "user", "none", "socket" };
    size_t n = strcspn(v, ",");

    if (strncmp(v, "none", n) == 0 && n == 4)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(models); i++) {
        if (strlen(models[i]) != n || strncmp(models[i], v, n) != 0)
            continue;
        uint32_t k = o->board.n_args;
        const char *net = arena_printf(&o->arena, "%.*s,id=net%u%s", (int)n, v, k, v + n);
        const char *nic = arena_printf(&o->arena, "virtio-net,netdev=net%u", k);
        int r = !net || !nic ? err_set(e, ERR_NOMEM, "no memory")
                             : run_add_arg(o, BOARD_NETDEV, net, e);
        return r < 0 ? r : run_add_arg(o, BOARD_DEVICE, nic, e);
    }
    return err_set(e, ERR_ARG, "'%.*s' is no network; user, socket and none are known", (int)n, v);
}

static int set_netdev(struct run_options *o, const char *v, struct err *e)
{
    return run_add_arg(o, BOARD_NETDEV, v, e);
}

static int set_serial(struct run_options *o, const char *v, struct err *e)
{
    if (o->board.n_serial == ARRAY_LEN(o->board.serial))
        return err_set(e, ERR_LIMIT, "more than %zu serial ports", ARRAY_LEN(o->board.serial));
    o->board.serial[o->board.n_serial++] = v;
    return 0;
}

static int set_exec(struct run_options *o, const char *v, struct err *e)
{
    static const char *const names[] = { "jit", "interp", "lockstep" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(v, names[i]) == 0) {
            o->exec = (enum run_exec)i;
            o->board.exec.mode = i == RUN_INTERP ? EXEC_INTERP : EXEC_JIT;
            return 0;
        }
    }
    return err_set(e, ERR_ARG, "there is no executor '%s'; jit, interp and lockstep are known", v);
}

static int set_seed(struct run_options *o, const char *v, struct err *e)
{
    return run_parse_count("seed", v, 0, UINT64_MAX, &o->board.seed, e);
}

static int set_rtc(struct run_options *o, const char *v, struct err *e)
{
    return run_parse_date(strncmp(v, "base=", 5) == 0 ? v + 5 : v, &o->board.rtc_base, e);
}

static int set_time_limit(struct run_options *o, const char *v, struct err *e)
{
    return run_parse_time(v, &o->stop_at.time, e);
}

static int set_timeout(struct run_options *o, const char *v, struct err *e)
{
    o->limit_fails = true;
    return set_time_limit(o, v, e);
}

static int set_insn_limit(struct run_options *o, const char *v, struct err *e)
{
    return run_parse_count("number of instructions", v, 0, UINT64_MAX - 1, &o->stop_at.insns, e);
}

static int set_quantum(struct run_options *o, const char *v, struct err *e)
{
    return run_parse_time(v, &o->board.exec.quantum, e);
}

static int set_code_size(struct run_options *o, const char *v, struct err *e)
{
    return run_parse_size(v, 1, &o->board.exec.code_bytes, e);
}

static int set_region_threshold(struct run_options *o, const char *v, struct err *e)
{
    uint64_t n;
    if (strcmp(v, "never") == 0) {
        o->board.exec.region_threshold = UINT32_MAX;
        return 0;
    }
    int r = run_parse_count("region threshold", v, 1, UINT32_MAX - 1, &n, e);
    if (r == 0)
        o->board.exec.region_threshold = (uint32_t)n;
    return r;
}

static int set_hide_host(struct run_options *o, const char *v, struct err *e)
{
    static const struct { const char *name; uint32_t bit; } features[] = {
        { "avx", EXEC_HOST_AVX }, { "avx2", EXEC_HOST_AVX2 }, { "bmi2", EXEC_HOST_BMI2 },
        { "fma", EXEC_HOST_FMA }, { "avx512", EXEC_HOST_AVX512 }, { "lzcnt", EXEC_HOST_LZCNT },
        { "all", UINT32_MAX },
    };
    while (*v) {
        size_t n = strcspn(v, ","), i;
        for (i = 0; i < ARRAY_LEN(features); i++)
            if (strlen(features[i].name) == n && strncmp(features[i].name, v, n) == 0)
                break;
        if (i == ARRAY_LEN(features))
            return err_set(e, ERR_ARG, "'%.*s' is no host feature; avx, avx2, bmi2, fma, avx512, "
                           "lzcnt and all are known", (int)n, v);
        o->board.exec.host_features |= features[i].bit;
        v += n + (v[n] == ',');
    }
    return 0;
}

static int set_dump(struct run_options *o, const char *v, struct err *e)
{
    static const struct { const char *name; uint32_t bit; } stages[] = {
        { "decode", EXEC_DUMP_DECODE }, { "ir", EXEC_DUMP_IR }, { "opt", EXEC_DUMP_OPT },
        { "asm", EXEC_DUMP_ASM },
    };
    while (*v) {
        size_t n = strcspn(v, ","), i;
        for (i = 0; i < ARRAY_LEN(stages); i++)
            if (strlen(stages[i].name) == n && strncmp(stages[i].name, v, n) == 0)
                break;
        if (i == ARRAY_LEN(stages))
            return err_set(e, ERR_ARG, "'%.*s' is no stage; decode, ir, opt and asm are known",
                           (int)n, v);
        o->board.exec.dump |= stages[i].bit;
        v += n + (v[n] == ',');
    }
    return 0;
}

static int set_pace(struct run_options *o, const char *v, struct err *e)
{
    if (strcmp(v, "max") == 0)
        o->board.pace = 0;
    else if (strcmp(v, "real") == 0)
        o->board.pace = 1000000;
    else
        return err_set(e, ERR_ARG, "pace '%s' is not known; real and max are", v);
    return 0;
}

static int set_stats_json(struct run_options *o, const char *v, struct err *e)
{
    (void)v;
    (void)e;
    o->stats = o->stats_json = true;
    return 0;
}

static int print_run_help(struct run_options *o, const char *v, struct err *e);

static const struct run_option run_options_table[] = {
    { "--board", "NAME[,OPT=V]", set_board, "board to build (orrery list boards)" },
    { "--cpu", "NAME[,EXT=on|off]", set_cpu, "CPU profile (orrery list cpus)" },
    { "--smp", "N", set_smp, "number of CPUs" },
    { "--memory", "SIZE", set_memory, "guest RAM, such as 512M or 2G" },
    { "--timing", "MODEL[,PARAM=V]", set_timing, "timing model (orrery list models)" },
    { "--kernel", "FILE", set_kernel, "Linux Image (plain, gzip, EFI zboot), ELF or raw image" },
    { "--initrd", "FILE", set_initrd, "initial RAM disk" },
    { "--append", "TEXT", set_append, "kernel command line" },
    { "--dtb", "FILE", set_dtb, "device tree instead of the board's own" },
    { "--bios", "FILE|default|none", set_bios, "firmware; default: OpenSBI's fw_dynamic" },
    { "--pflash", "FILE[,readonly]", set_pflash, "contents of the next flash bank, written back" },
    { "--drive", "file=F[,...]", set_drive, "disk image: format=raw|qcow2, if=virtio|none, id=, ..." },
    { "--snapshot", NULL, set_snapshot, "forget what is written to disks at the end" },
    { "--net", "user[,...]|none", set_net, "a network card; hostfwd=tcp::2222-:22 forwards a port" },
    { "--netdev", "TYPE,id=N[,...]", set_netdev, "network backend for a --device" },
    { "--device", "NAME[,PROP=V]", set_device, "add a device (orrery list devices)" },
    { "--chardev", "TYPE,id=N[,...]", set_chardev, "character backend for a --device" },
    { "--object", "TYPE,id=N[,...]", set_object, "rng-random, rng-builtin" },
    { "--global", "DRIVER.PROP=V", set_global, "default for a property: virtio-mmio.force-legacy=off" },
    { "--fw-cfg", "name=N,file=F|string=S", set_fw_cfg, "add a file to fw_cfg" },
    { "--serial", "BACKEND", set_serial, "stdio, mon:stdio, file:F, unix:F, tcp:H:P, pty, null, none" },
    { "--monitor", "BACKEND", set_monitor, "where the monitor listens" },
    { "--exec", "jit|interp|lockstep", set_exec, "executor; lockstep runs both and compares" },
    { "--pace", "max|real", set_pace, "as fast as possible (default), or no faster than the wall clock" },
    { "--seed", "N", set_seed, "everything random in the machine derives from it (default 0)" },
    { "--rtc", "utc|DATE", set_rtc, "date at power-on (default 2026-01-01); utc is the host's" },
    { "--snapshot-load", "FILE", set_snapshot_load, "start from a snapshot" },
    { "--snapshot-save", "FILE", set_snapshot_save, "write a snapshot where the run ends (see --until)" },
    { "--until", "TIME", set_time_limit, "end at a simulated time, such as 2.5s" },
    { "--until-insns", "N", set_insn_limit, "end after N instructions of all CPUs" },
    { "--timeout", "TIME", set_timeout, "the same, but with exit status 124" },
    { "--record", "FILE", set_record, "log all external input" },
    { "--replay", "FILE", set_replay, "take external input from a log" },
    { "--gdb", "[HOST]:PORT", set_gdb, "listen for gdb" },
    { "--wait", NULL, set_wait, "do not start until gdb says so" },
    { "--no-reboot", NULL, set_no_reboot, "end when the guest resets itself" },
    { "--stats", NULL, set_stats, "print statistics at the end" },
    { "--stats-json", NULL, set_stats_json, "the same as JSON" },
    { "--hash", NULL, set_hash, "print trace and state hash at the end" },
    { "--coverage", NULL, set_coverage, "print which encodings were executed" },
    { "--quantum", "TIME", set_quantum, "turn of a CPU in simulated time (default 10us)" },
    { "--code-size", "SIZE", set_code_size, "buffer for translated code (default 64M)" },
    { "--region-threshold", "N|never", set_region_threshold, "executions before a block grows into a region" },
    { "--hide-host", "FEATURE,...", set_hide_host, "generate code as if the host lacked avx2, bmi2, ..." },
    { "--verify", NULL, set_verify, "check the IR after every pass" },
    { "--perf-map", NULL, set_perf_map, "write /tmp/perf-PID.map for Linux perf" },
    { "--dump", "STAGE,...", set_dump, "print decode, ir, opt, asm while translating" },
    { "--dump-dtb", "FILE", set_dump_dtb, "write the device tree and end" },
    { "--log", "CATEGORY=LEVEL,...", set_log, "error, warn, info, debug or off" },
    { "--trace", "NAME|GLOB", set_trace, "print tracepoints, such as cpu_exception or 'mmio*'" },
    { "--help", NULL, print_run_help, "this text" },
};

static int print_run_help(struct run_options *o, const char *v, struct err *e)
{
    (void)o;
    (void)v;
    (void)e;
    printf("usage: orrery run [OPTION]... [KERNEL]\n\nRun a machine. Options:\n");
    run_print_help(run_options_table, ARRAY_LEN(run_options_table), stdout);
    printf("\nIn the terminal, Ctrl-A x ends the machine and Ctrl-A h shows other keys.\n");
    return 1;
}

static int set_positional(struct run_options *o, const char *v, struct err *e)
{
    if (o->board.kernel)
        return err_set(e, ERR_ARG, "'%s': the kernel was given already ('%s')", v, o->board.kernel);
    o->board.kernel = v;
    return 0;
}

int run_parse_native(struct run_options *o, int argc, char **argv, struct err *e)
{
    int r = run_parse_table(o, run_options_table, ARRAY_LEN(run_options_table), "orrery run", argc,
                            argv, set_positional, e);
    if (r == 0 && o->board.n_serial == 0)
        o->board.serial[o->board.n_serial++] = "mon:stdio";
    o->board.firmware_dirs = run_firmware_dirs(o);
    return r;
}
