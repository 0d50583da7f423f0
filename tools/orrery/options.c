/* SPDX-License-Identifier: Apache-2.0 */
/* orrery's own command line. */
#include "tools/orrery/option_table.h"
#include <stdlib.h>
#include <string.h>

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

/* Where firmware is: beside the guest that tools/fetch-guest made, and where Debian's packages put it. */
static const struct {
    const char *arch, *guest, *fetched[4], *installed;
} firmware[] = {
    { "riscv64", "riscv64", { "generic" },
      "/usr/share/opensbi/generic:/usr/lib/riscv64-linux-gnu/opensbi/generic:/usr/share/qemu" },
    { "aarch64", "arm64", { "qemu-efi-aarch64", "AAVMF", "u-boot/qemu_arm64" },
      "/usr/share/qemu-efi-aarch64:/usr/share/AAVMF:/usr/lib/u-boot/qemu_arm64:/usr/share/qemu" },
    { "loongarch64", "loong64", { "qemu-efi-loongarch64" }, "/usr/share/qemu-efi-loongarch64:/usr/share/qemu" },
    { "x86_64", "amd64", { "seabios", "OVMF" }, "/usr/share/seabios:/usr/share/OVMF:/usr/share/qemu" },
};

const char *run_firmware_dirs(struct run_options *o)
{
    const char *given = getenv("ORRERY_FIRMWARE");
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    const struct board_ops *board = board_find_for(o->board.board, o->arch);
    const char *dirs = "";
    size_t i = 0;

    if (given || !board)
        return given;
    while (i + 1 < ARRAY_LEN(firmware) && strcmp(firmware[i].arch, board->qemu_arch) != 0)
        i++;
    for (const char *const *d = firmware[i].fetched; *d && dirs; d++)
        dirs = arena_printf(&o->arena, "%s%s%s/orrery/guests/%s/firmware/%s:", dirs,
                            cache ? cache : home ? home : "", cache ? "" : "/.cache",
                            firmware[i].guest, *d);
    return dirs ? arena_printf(&o->arena, "%s%s", dirs, firmware[i].installed) : NULL;
}

/* --net user,... is a backend and a card for it. */
static int set_net(struct run_options *o, const char *v, struct err *e)
{
    static const char *const kinds[] = { "none", "user", "socket", NULL };
    uint32_t k = o->board.n_args;
    int n = (int)strcspn(v, ",");
    const char *kind = run_printf(o, e, "%.*s", n, v);
    int r = kind ? run_choose("network", kind, kinds, e) : ERR_NOMEM;

    if (r <= 0)
        return r;
    const char *net = run_printf(o, e, "%s,id=net%u%s", kind, k, v + n);
    const char *nic = run_printf(o, e, "virtio-net,netdev=net%u", k);
    r = net && nic ? run_add_arg(o, BOARD_NETDEV, net, e) : ERR_NOMEM;
    return r < 0 ? r : run_add_arg(o, BOARD_DEVICE, nic, e);
}

static int set_exec(struct run_options *o, const char *v, struct err *e)
{
    static const char *const names[] = { "jit", "interp", "lockstep", NULL };
    int r = run_choose("executor", v, names, e);

    if (r < 0)
        return r;
    o->exec = (enum run_exec)r;
    o->board.exec.mode = r == RUN_INTERP ? EXEC_INTERP : EXEC_JIT;
    return 0;
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

static int set_smp_mode(struct run_options *o, const char *v, struct err *e)
{
    static const char *const names[] = { "serial", "parallel", NULL };
    int r = run_choose("smp mode", v, names, e);

    if (r >= 0)
        o->board.exec.parallel = r;
    return MIN(r, 0);
}

static int set_threads(struct run_options *o, const char *v, struct err *e)
{
    uint64_t n;
    int r = run_parse_count("number of threads", v, 1, 1024, &n, e);
    if (r == 0)
        o->board.exec.threads = (uint32_t)n;
    return r;
}

static int set_translate_threads(struct run_options *o, const char *v, struct err *e)
{
    uint64_t n;
    int r = run_parse_count("number of threads that translate", v, 0, 1, &n, e);
    if (r == 0) {
        o->board.exec.translate_threads = (uint32_t)n;
        o->translates = true;
    }
    return r;
}

static int set_interpret_first(struct run_options *o, const char *v, struct err *e)
{
    uint64_t n;
    int r = run_parse_count("arrivals that are interpreted", v, 0, EXEC_MOST_FIRST, &n, e);
    if (r == 0) {
        o->board.exec.interpret_first = (uint32_t)n;
        o->interprets_first = true;
    }
    return r;
}

static int set_code_size(struct run_options *o, const char *v, struct err *e)
{
    return run_parse_size(v, 1, &o->board.exec.code_bytes, e);
}

int run_parse_threshold(const char *what, const char *v, uint32_t *out, struct err *e)
{
    uint64_t n = UINT32_MAX;
    int r = strcmp(v, "never") == 0 ? 0 : run_parse_count(what, v, 1, UINT32_MAX - 1, &n, e);
    if (r == 0)
        *out = (uint32_t)n;
    return r;
}

static int set_region_threshold(struct run_options *o, const char *v, struct err *e)
{
    return run_parse_threshold("region threshold", v, &o->board.exec.region_threshold, e);
}

static int set_optimize_threshold(struct run_options *o, const char *v, struct err *e)
{
    return run_parse_threshold("optimize threshold", v, &o->board.exec.optimize_threshold, e);
}

/* "a,b,c": the bits of the words, the n-th of `words` being bits[n]. */
static int read_bits(struct run_options *o, const char *what, const char *v, const char *const *words,
                     const uint32_t *bits, uint32_t *out, struct err *e)
{
    while (*v) {
        int n = (int)strcspn(v, ",");
        const char *word = run_printf(o, e, "%.*s", n, v);
        int r = word ? run_choose(what, word, words, e) : ERR_NOMEM;
        if (r < 0)
            return r;
        *out |= bits[r];
        v += n + (v[n] == ',');
    }
    return 0;
}

static int set_hide_host(struct run_options *o, const char *v, struct err *e)
{
    static const char *const names[] = { "avx", "avx2", "bmi2", "fma", "avx512", "lzcnt", "crypto", "all", NULL };
    static const uint32_t bits[] = { EXEC_HOST_AVX, EXEC_HOST_AVX2, EXEC_HOST_BMI2, EXEC_HOST_FMA,
                                     EXEC_HOST_AVX512, EXEC_HOST_LZCNT, EXEC_HOST_CRYPTO, UINT32_MAX };

    return read_bits(o, "host feature", v, names, bits, &o->board.exec.host_features, e);
}

static int set_dump(struct run_options *o, const char *v, struct err *e)
{
    static const char *const names[] = { "decode", "ir", "opt", "asm", NULL };
    static const uint32_t bits[] = { EXEC_DUMP_DECODE, EXEC_DUMP_IR, EXEC_DUMP_OPT, EXEC_DUMP_ASM };

    return read_bits(o, "stage", v, names, bits, &o->board.exec.dump, e);
}

static int set_pace(struct run_options *o, const char *v, struct err *e)
{
    static const char *const names[] = { "max", "real", NULL };
    int r = run_choose("pace", v, names, e);

    if (r >= 0)
        o->board.pace = r ? 1000000 : 0;
    return MIN(r, 0);
}

static int set_stats_json(struct run_options *o, const char *v, struct err *e)
{
    (void)v;
    (void)e;
    o->stats = o->stats_json = true;
    return 0;
}

static run_set_fn print_help;

static const struct run_option table[] = {
    ROW_CALL("board", "NAME[,OPT=V]", run_set_machine, "board to build; help lists them"),
    ROW_CALL("memory", "SIZE", run_set_memory, "guest RAM, such as 512M or 2G"),
    ROW_CALL("timing", "MODEL[,PARAM=V]", run_set_timing, "timing model; help lists them"),
    ROW_CALL("net", "user[,...]|none", set_net, "a network card; hostfwd=tcp::2222-:22 forwards a port"),
    ROW_ARG("fw-cfg", "name=N,file=F|string=S", BOARD_FW_CFG, "add a file to fw_cfg"),
    ROW_CALL("exec", "jit|interp|lockstep", set_exec, "executor; lockstep runs both and compares"),
    ROW_CALL("pace", "max|real", set_pace, "as fast as possible (default), or no faster than the wall clock"),
    ROW_CALL("rtc", "utc|DATE", set_rtc, "date at power-on (default 2026-01-01); utc is the host's"),
    ROW_TEXT("snapshot-load", "FILE", snapshot_load, "start from a snapshot"),
    ROW_TEXT("snapshot-save", "FILE", snapshot_save, "write a snapshot where the run ends (see --until)"),
    ROW_TEXT("screendump", "FILE", screendump, "write what the first display shows at the end: PNG or PPM"),
    ROW_CALL("until", "TIME", set_time_limit, "end at a simulated time, such as 2.5s"),
    ROW_CALL("until-insns", "N", set_insn_limit, "end after N instructions of all CPUs"),
    ROW_CALL("timeout", "TIME", set_timeout, "the same, but with exit status 124"),
    ROW_TEXT("record", "FILE", board.record, "log all external input"),
    ROW_TEXT("replay", "FILE", board.replay, "take external input from a log"),
    ROW_FLAG("wait", wait_for_gdb, "do not start until gdb says so"),
    ROW_FLAG("stats", stats, "print statistics at the end"),
    ROW_CALL("stats-json", NULL, set_stats_json, "the same as JSON"),
    ROW_FLAG("hash", print_hash, "print trace and state hash at the end"),
    ROW_FLAG("coverage", coverage, "print which encodings were executed"),
    ROW_CALL("smp-mode", "serial|parallel", set_smp_mode, "CPUs in turns (default), or on host threads: not reproducible"),
    ROW_CALL("threads", "N", set_threads, "of --smp-mode parallel at most (default: the host's CPUs)"),
    ROW_CALL("translate-threads", "0|1", set_translate_threads,
             "compile code that runs often beside the CPUs (default: 1 if the host has several)"),
    ROW_CALL("quantum", "TIME", set_quantum, "turn of a CPU in simulated time (default 10us; parallel 4ms)"),
    ROW_CALL("code-size", "SIZE", set_code_size, "buffer for translated code (default 256M)"),
    ROW_CALL("interpret-first", "N", set_interpret_first,
             "executions of a block that are interpreted before it is compiled, 0 to 15 (default 1; lockstep: 0)"),
    ROW_CALL("optimize-threshold", "N|never", set_optimize_threshold, "executions before a block is compiled with care; 1: at once"),
    ROW_CALL("region-threshold", "N|never", set_region_threshold, "executions before a block grows into a region"),
    ROW_CALL("hide-host", "FEATURE,...", set_hide_host, "generate code as if the host lacked avx2, bmi2, ..."),
    ROW_FLAG("verify", board.exec.verify, "check the IR after every pass"),
    ROW_FLAG("perf-map", board.exec.perf_map, "write /tmp/perf-PID.map for Linux perf"),
    ROW_CALL("dump", "STAGE,...", set_dump, "print decode, ir, opt, asm while translating"),
    ROW_TEXT("dump-dtb", "FILE", dump_dtb, "write the device tree and end"),
    ROW_TEXT("log", "CATEGORY=LEVEL,...", board.log, "error, warn, info, debug or off"),
    ROW_TEXT("trace", "NAME|GLOB", board.trace, "print tracepoints, such as cpu_exception or 'mmio*'"),
    ROW_CALL("help", NULL, print_help, "this text"),
};

static int set_positional(struct run_options *o, const char *v, struct err *e)
{
    if (o->board.kernel)
        return err_set(e, ERR_ARG, "'%s': the kernel was given already ('%s')", v, o->board.kernel);
    o->board.kernel = v;
    return 0;
}

const struct run_command_line run_native_line = {
    .program = "orrery run", .dashes = "--", .equals = true, .positional = set_positional,
    .own = table, .n_own = ARRAY_LEN(table),
};

static int print_help(struct run_options *o, const char *v, struct err *e)
{
    (void)o;
    (void)v;
    (void)e;
    printf("usage: orrery run [OPTION]... [KERNEL]\n\nRun a machine. Options:\n");
    run_print_options(&run_native_line, stdout);
    printf("\nIn the terminal, Ctrl-A x ends the machine and Ctrl-A h shows other keys.\n");
    return 1;
}

int run_parse_native(struct run_options *o, int argc, char **argv, struct err *e)
{
    int r = run_parse(o, &run_native_line, argc, argv, e);

    if (r == 0 && o->board.n_serial == 0)
        o->board.serial[o->board.n_serial++] = "mon:stdio";
    o->board.firmware_dirs = run_firmware_dirs(o);
    return r;
}
