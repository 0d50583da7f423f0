/* SPDX-License-Identifier: Apache-2.0 */
/* orrery-system-ARCH: the same program with the flags of QEMU's system emulators. */
#include "tools/orrery/run.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One option's value "a,b=c": does key `k` stand there, and with which value? */
static const char *key_value(struct run_options *o, const char *list, const char *k)
{
    size_t n = strlen(k);

    while (list && *list) {
        size_t length = strcspn(list, ",");
        if (length > n && strncmp(list, k, n) == 0 && list[n] == '=')
            return arena_printf(&o->arena, "%.*s", (int)(length - n - 1), list + n + 1);
        list += length + (list[length] == ',');
    }
    return NULL;
}

static int take(const char **member, const char *v)
{
    *member = v;
    return 0;
}

#define SET(name, member)                                                                          \
    static int q_##name(struct run_options *o, const char *v, struct err *e)                       \
    {                                                                                              \
        (void)e;                                                                                   \
        return take(&o->member, v);                                                                \
    }
#define FLAG(name, member)                                                                         \
    static int q_##name(struct run_options *o, const char *v, struct err *e)                       \
    {                                                                                              \
        (void)v;                                                                                   \
        (void)e;                                                                                   \
        o->member = true;                                                                          \
        return 0;                                                                                  \
    }
#define ARG(name, kind)                                                                            \
    static int q_##name(struct run_options *o, const char *v, struct err *e)                       \
    {                                                                                              \
        return run_add_arg(o, kind, v, e);                                                         \
    }
SET(kernel, board.kernel) SET(initrd, board.initrd) SET(append, board.append) SET(bios, board.bios)
SET(dtb, board.dtb) SET(monitor, board.monitor) SET(pidfile, pidfile)
FLAG(snapshot, board.snapshot) FLAG(no_reboot, board.no_reboot)
FLAG(no_shutdown, board.no_shutdown) FLAG(pause, wait_for_gdb) FLAG(nographic, nographic)
FLAG(nodefaults, no_defaults)
ARG(drive, BOARD_DRIVE) ARG(device, BOARD_DEVICE) ARG(netdev, BOARD_NETDEV)
ARG(chardev, BOARD_CHARDEV) ARG(object, BOARD_OBJECT) ARG(fw_cfg, BOARD_FW_CFG)
ARG(global, BOARD_GLOBAL) ARG(pflash, BOARD_PFLASH)
#undef SET
#undef FLAG
#undef ARG

static int q_cpu(struct run_options *o, const char *v, struct err *e)
{
    (void)e;
    /* "host" and "max" are the same here: everything the emulator has. */
    o->board.cpu = strncmp(v, "host", 4) == 0 && (v[4] == 0 || v[4] == ',')
                       ? arena_printf(&o->arena, "max%s", v + 4) : v;
    return 0;
}

static int q_accel(struct run_options *o, const char *v, struct err *e)
{
    (void)o;
    if (strcmp(v, "help") == 0 || strcmp(v, "?") == 0) {
        printf("Accelerators supported in Orrery:\ntcg\n");
        return 1;
    }
    /* A list in order of preference: ours is the translator, called tcg in scripts. */
    if (strstr(v, "tcg"))
        return 0;
    return err_set(e, ERR_UNSUPPORTED, "accelerator '%s' is not available; tcg is", v);
}

static int q_machine(struct run_options *o, const char *v, struct err *e)
{
    size_t n = strcspn(v, ",");
    const char *rest = v[n] ? v + n + 1 : "";

    if (strcmp(v, "?") == 0 || strcmp(v, "help") == 0) {
        printf("Supported machines are:\n");
        for (const struct board_ops *const *b = board_list; *b; b++)
            printf("%-20s %s\n", (*b)->aliases[0] ? (*b)->aliases[0] : (*b)->name, (*b)->doc);
        return 1;
    }
    /* "-machine virt" and "-machine aclint=on" may both be given: options merge key by key. */
    if (memchr(v, '=', n))
        rest = v;
    else
        o->board.board = arena_printf(&o->arena, "%.*s", (int)n, v);
    const char *dump = key_value(o, rest, "dumpdtb"), *accel = key_value(o, rest, "accel");
    int r = accel ? q_accel(o, accel, e) : 0;
    if (r != 0)
        return r;
    if (dump)
        o->dump_dtb = dump;
    if (*rest)
        o->board.board_options = o->board.board_options
            ? arena_printf(&o->arena, "%s,%s", o->board.board_options, rest) : rest;
    return o->board.board ? 0 : err_set(e, ERR_NOMEM, "no memory");
}

static int q_smp(struct run_options *o, const char *v, struct err *e)
{
    const char *cpus = strchr(v, '=') ? key_value(o, v, "cpus") : v;
    uint64_t n, factor = 1;
    int r;

    if (v[0] >= '0' && v[0] <= '9')
        cpus = arena_printf(&o->arena, "%.*s", (int)strcspn(v, ","), v);
    if (!cpus) { /* -smp sockets=2,cores=2 */
        static const char *const parts[] = { "sockets", "clusters", "cores", "threads" };
        for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
            const char *part = key_value(o, v, parts[i]);
            if (part && (r = run_parse_count(parts[i], part, 1, 4096, &n, e)) < 0)
                return r;
            factor *= part ? n : 1;
        }
        n = factor;
    } else if ((r = run_parse_count("number of CPUs", cpus, 1, 4096, &n, e)) < 0) {
        return r;
    }
    o->board.cpus = (uint32_t)n;
    return 0;
}

static int q_memory(struct run_options *o, const char *v, struct err *e)
{
    const char *size = key_value(o, v, "size");

    if (!size)
        size = arena_printf(&o->arena, "%.*s", (int)strcspn(v, ","), v);
    return run_parse_size(size, 1ull << 20, &o->board.memory, e);
}

static int q_serial(struct run_options *o, const char *v, struct err *e)
{
    if (o->board.n_serial == ARRAY_LEN(o->board.serial))
        return err_set(e, ERR_LIMIT, "more than %zu serial ports", ARRAY_LEN(o->board.serial));
    o->board.serial[o->board.n_serial++] = v;
    return 0;
}

/* -mon chardev=ID[,mode=readline] = -monitor chardev:ID. */
static int q_mon(struct run_options *o, const char *v, struct err *e)
{
    const char *chardev = key_value(o, v, "chardev"), *mode = key_value(o, v, "mode");

    if (!chardev && !memchr(v, '=', strcspn(v, ",")))
        chardev = arena_printf(&o->arena, "%.*s", (int)strcspn(v, ","), v);
    if (!chardev)
        return err_set(e, ERR_ARG, "'%s' names no character device; chardev=ID is expected", v);
    if (mode && strcmp(mode, "readline") != 0)
        return err_set(e, ERR_UNSUPPORTED, "mode=%s: mode=readline is accepted", mode);
    return take(&o->board.monitor, arena_printf(&o->arena, "chardev:%s", chardev));
}

/* The firmware chooses what to boot, and on these boards it takes no hint. */
static int q_boot(struct run_options *o, const char *v, struct err *e)
{
    const char *menu = key_value(o, v, "menu"), *splash = key_value(o, v, "splash");

    if (splash || (menu && strcmp(menu, "off") != 0))
        return err_set(e, ERR_UNSUPPORTED, "'%s': there is no boot menu; leave it out", v);
    return 0;
}

static int q_sandbox(struct run_options *o, const char *v, struct err *e)
{
    (void)o;
    return strncmp(v, "off", 3) == 0 ? 0
        : err_set(e, ERR_UNSUPPORTED, "'%s': this program does not confine itself; '-sandbox off' is "
                  "accepted", v);
}

static int q_kvm(struct run_options *o, const char *v, struct err *e)
{
    (void)v;
    return q_accel(o, "kvm", e);
}

static int q_display(struct run_options *o, const char *v, struct err *e)
{
    (void)o;
    if (strncmp(v, "none", 4) == 0)
        return 0;
    return err_set(e, ERR_UNSUPPORTED, "display '%s': this board has no display; '-display none' "
                   "and -nographic are accepted", v);
}

static int q_vga(struct run_options *o, const char *v, struct err *e)
{
    (void)o;
    return strcmp(v, "none") == 0 ? 0
        : err_set(e, ERR_UNSUPPORTED, "-vga %s: this board has no VGA; '-vga none' is accepted", v);
}

/* A block node of a file is a drive that no device has taken yet. */
static int q_blockdev(struct run_options *o, const char *v, struct err *e)
{
    const char *drive = arena_printf(&o->arena, "if=none,%s", v);

    if (v[0] == '{')
        return err_set(e, ERR_UNSUPPORTED, "JSON is not accepted here; write "
                       "driver=raw|qcow2|file,node-name=ID,filename=F");
    return drive ? run_add_arg(o, BOARD_DRIVE, drive, e) : err_set(e, ERR_NOMEM, "no memory");
}

static int q_hd(struct run_options *o, const char *v, struct err *e)
{
    const char *drive = arena_printf(&o->arena, "file=%s,if=virtio", v);
    return drive ? run_add_arg(o, BOARD_DRIVE, drive, e) : err_set(e, ERR_NOMEM, "no memory");
}

/* -nic user,model=virtio-net-pci,hostfwd=... = a -netdev and a -device. */
static int q_nic(struct run_options *o, const char *v, struct err *e)
{
    uint32_t k = o->board.n_args;
    const char *model = key_value(o, v, "model"), *mac = key_value(o, v, "mac");
    char *net = arena_printf(&o->arena, "%.*s,id=nic%u", (int)strcspn(v, ","), v, k);

    if (strncmp(v, "none", 4) == 0)
        return 0;
    for (const char *p = v + strcspn(v, ","); *p;) {
        p++;
        size_t n = strcspn(p, ",");
        if (strncmp(p, "model=", 6) != 0 && strncmp(p, "mac=", 4) != 0)
            net = arena_printf(&o->arena, "%s,%.*s", net, (int)n, p);
        p += n;
    }
    if (!model || strcmp(model, "virtio") == 0)
        model = "virtio-net-pci";
    const char *nic = arena_printf(&o->arena, "%s,netdev=nic%u%s%s", model, k, mac ? ",mac=" : "",
                                   mac ? mac : "");
    int r = run_add_arg(o, BOARD_NETDEV, net, e);
    return r < 0 ? r : run_add_arg(o, BOARD_DEVICE, nic, e);
}

/* -net nic[,model=M] -net user[,...]: the oldest spelling; the NIC comes with the backend. */
static int q_net(struct run_options *o, const char *v, struct err *e)
{
    if (strncmp(v, "nic", 3) == 0 || strcmp(v, "none") == 0)
        return 0;
    return q_nic(o, v, e);
}

static int q_gdb(struct run_options *o, const char *v, struct err *e)
{
    (void)e;
    return take(&o->gdb, v);
}

static int q_s(struct run_options *o, const char *v, struct err *e)
{
    (void)v;
    (void)e;
    return take(&o->gdb, "tcp::1234");
}

static int q_rtc(struct run_options *o, const char *v, struct err *e)
{
    const char *base = key_value(o, v, "base");
    const char *clock = key_value(o, v, "clock"), *drift = key_value(o, v, "driftfix");

    /* Whatever the clock is called, it is simulated time: it neither drifts nor has to catch up. */
    if (clock && strcmp(clock, "host") != 0 && strcmp(clock, "rt") != 0 && strcmp(clock, "vm") != 0)
        return err_set(e, ERR_ARG, "clock=%s: host, rt and vm are known", clock);
    if (drift && strcmp(drift, "none") != 0 && strcmp(drift, "slew") != 0)
        return err_set(e, ERR_ARG, "driftfix=%s: none and slew are known", drift);
    return run_parse_date(base ? base : "utc", &o->board.rtc_base, e);
}

static int q_icount(struct run_options *o, const char *v, struct err *e)
{
    const char *rr = key_value(o, v, "rr"), *file = key_value(o, v, "rrfile");
    const char *nap = key_value(o, v, "sleep");

    if (nap && strcmp(nap, "on") != 0 && strcmp(nap, "off") != 0)
        return err_set(e, ERR_ARG, "sleep=%s: on and off are accepted", nap);
    if (nap && strcmp(nap, "off") == 0)
        o->board.pace = 0;
    if (!rr)
        return 0; /* every run here counts instructions */
    if (!file)
        return err_set(e, ERR_ARG, "rr=%s needs rrfile=FILE", rr);
    return take(strcmp(rr, "replay") == 0 ? &o->board.replay : &o->board.record, file);
}

static int q_seed(struct run_options *o, const char *v, struct err *e)
{
    return run_parse_count("seed", v, 0, UINT64_MAX, &o->board.seed, e);
}

static int q_echr(struct run_options *o, const char *v, struct err *e)
{
    uint64_t n;
    int r = run_parse_count("escape character", v, 1, 26, &n, e);
    if (r == 0)
        o->escape = (unsigned)n;
    return r;
}

static int q_loadvm(struct run_options *o, const char *v, struct err *e)
{
    (void)e;
    return take(&o->snapshot_load, v);
}

static int q_action(struct run_options *o, const char *v, struct err *e)
{
    const char *reboot = key_value(o, v, "reboot"), *shutdown = key_value(o, v, "shutdown");

    (void)e;
    if (reboot)
        o->board.no_reboot = strcmp(reboot, "shutdown") == 0;
    if (shutdown)
        o->board.no_shutdown = strcmp(shutdown, "pause") == 0;
    return 0;
}

/* Names, tuning of host threads, and other things without an effect on the machine. */
static int q_ignore(struct run_options *o, const char *v, struct err *e)
{
    (void)o;
    (void)v;
    (void)e;
    return 0;
}

static int q_version(struct run_options *o, const char *v, struct err *e)
{
    (void)o;
    (void)v;
    (void)e;
    printf("QEMU emulator version 10.0.0 (command line of; this is Orrery " ORRERY_VERSION ")\n");
    return 1;
}

static int q_help(struct run_options *o, const char *v, struct err *e);

static const struct run_option table[] = {
    { "-M", "NAME[,OPT=V]", q_machine, "machine (-M help)" },
    { "-machine", "NAME[,OPT=V]", q_machine, NULL },
    { "-cpu", "NAME[,EXT=on|off]", q_cpu, "CPU profile (-cpu help)" },
    { "-accel", "tcg", q_accel, "accepted for scripts: there is one accelerator" },
    { "-smp", "N", q_smp, "number of CPUs" },
    { "-m", "SIZE", q_memory, "guest RAM in MiB, or with K, M, G" },
    { "-kernel", "FILE", q_kernel, "kernel image" },
    { "-initrd", "FILE", q_initrd, "initial RAM disk" },
    { "-append", "TEXT", q_append, "kernel command line" },
    { "-dtb", "FILE", q_dtb, "device tree instead of the board's own" },
    { "-bios", "FILE|default|none", q_bios, "firmware" },
    { "-pflash", "FILE[,readonly]", q_pflash, "contents of the next flash bank" },
    { "-drive", "file=F[,...]", q_drive, "disk image" },
    { "-blockdev", "driver=D,node-name=N,filename=F", q_blockdev, "the same, named for -device, -machine" },
    { "-hda", "FILE", q_hd, "first disk" },
    { "-hdb", "FILE", q_hd, NULL },
    { "-snapshot", NULL, q_snapshot, "forget what is written to disks" },
    { "-device", "NAME[,PROP=V]", q_device, "add a device (-device help)" },
    { "-netdev", "TYPE,id=N[,...]", q_netdev, "network backend" },
    { "-nic", "TYPE[,model=M][,...]", q_nic, "network backend and card in one" },
    { "-net", "nic|user[,...]", q_net, "the same, older" },
    { "-chardev", "TYPE,id=N[,...]", q_chardev, "character backend" },
    { "-object", "TYPE,id=N[,...]", q_object, "rng-random, rng-builtin" },
    { "-fw_cfg", "[name=]N,file=F|string=S", q_fw_cfg, "add a file to fw_cfg" },
    { "-global", "DRIVER.PROP=V", q_global, "default for a property" },
    { "-serial", "BACKEND", q_serial, "stdio, mon:stdio, file:F, unix:F, tcp:H:P, pty, null, none" },
    { "-monitor", "BACKEND", q_monitor, "where the monitor listens" },
    { "-mon", "chardev=ID", q_mon, "the monitor on a character backend" },
    { "-nographic", NULL, q_nographic, "serial port and monitor on the terminal (always so here)" },
    { "-display", "none", q_display, "accepted: there is no display" },
    { "-vga", "none", q_vga, NULL },
    { "-nodefaults", NULL, q_nodefaults, "no default serial port" },
    { "-boot", "OPTIONS", q_boot, NULL },
    { "-sandbox", "off", q_sandbox, NULL },
    { "-enable-kvm", NULL, q_kvm, NULL },
    { "-no-user-config", NULL, q_ignore, NULL },
    { "-name", "NAME", q_ignore, NULL },
    { "-uuid", "UUID", q_ignore, NULL },
    { "-msg", "OPTIONS", q_ignore, NULL },
    { "-overcommit", "OPTIONS", q_ignore, NULL },
    { "-s", NULL, q_s, "listen for gdb on port 1234" },
    { "-gdb", "tcp:[HOST]:PORT", q_gdb, "listen for gdb" },
    { "-S", NULL, q_pause, "do not start until gdb says so" },
    { "-no-reboot", NULL, q_no_reboot, "end when the guest resets itself" },
    { "-no-shutdown", NULL, q_no_shutdown, "pause when the guest switches itself off" },
    { "-action", "EVENT=ACTION", q_action, "reboot=shutdown, shutdown=pause" },
    { "-rtc", "base=utc|DATE", q_rtc, "date at power-on (default 2026-01-01)" },
    { "-icount", "...,sleep=off,rr=record|replay,rrfile=F", q_icount,
      "idle time passes at once; record or replay" },
    { "-seed", "N", q_seed, "everything random derives from it" },
    { "-echr", "N", q_echr, "escape key of the terminal (default 1: Ctrl-A)" },
    { "-loadvm", "FILE", q_loadvm, "start from a snapshot" },
    { "-pidfile", "FILE", q_pidfile, "write the process id" },
    { "-version", NULL, q_version, "print the version" },
    { "-help", NULL, q_help, "this text" },
    { "-h", NULL, q_help, NULL },
};

static int q_help(struct run_options *o, const char *v, struct err *e)
{
    (void)o;
    (void)v;
    (void)e;
    printf("usage: orrery-system-ARCH [options] [disk_image]\n\n"
           "Orrery " ORRERY_VERSION " with the command line of QEMU's system emulators:\n");
    run_print_help(table, ARRAY_LEN(table), stdout);
    printf("\nDuring emulation, Ctrl-A x ends and Ctrl-A h shows other keys.\n");
    return 1;
}

int run_parse_qemu(struct run_options *o, const char *arch, int argc, char **argv, struct err *e)
{
    char program[64];
    int r;

    for (const struct board_ops *const *b = board_list; *b; b++)
        if (strcmp((*b)->qemu_arch, arch) == 0)
            o->board.board = (*b)->name;
    o->board.memory = 128ull << 20;
    /*
     * An idle QEMU waits for the wall clock, and what people run with these flags counts on
     * it: a login prompt or a connection must not time out while the other end is thinking.
     */
    o->board.pace = 1000000;
    snprintf(program, sizeof(program), "orrery-system-%s", arch);
    r = run_parse_table(o, table, ARRAY_LEN(table), program, argc, argv, q_hd, e);
    if (r == 0 && o->board.n_serial == 0 && !o->no_defaults)
        o->board.serial[o->board.n_serial++] = "mon:stdio";
    o->board.firmware_dirs = run_firmware_dirs(o);
    return r;
}
