/* SPDX-License-Identifier: Apache-2.0 */
/* orrery-system-ARCH: the same program with the flags of QEMU's system emulators. */
#include "tools/orrery/option_table.h"
#include <stdlib.h>
#include <string.h>

/* A file's name as a value of an option: its commas doubled. */
static const char *escape_commas(struct run_options *o, const char *name, struct err *e)
{
    char *text = arena_alloc(&o->arena, 2 * strlen(name) + 1), *to = text;

    for (; text && *name; *to++ = *name++)
        if (*name == ',')
            *to++ = ',';
    if (!text)
        (void)err_set(e, ERR_NOMEM, "no memory");
    return text;
}

/* A part this board has not: what asks for none of it is accepted. */
static int only(const char *v, const char *accepted, const char *why, struct err *e)
{
    return run_first_is(v, accepted) ? 0 : err_set(e, ERR_UNSUPPORTED, "'%s': %s; '%s' is accepted", v,
                                                   why, accepted);
}

static int choose_key(struct run_options *o, const char *list, const char *key,
                      const char *const *words, struct err *e)
{
    const char *v = run_key(o, list, key);

    return v ? run_choose(key, v, words, e) : 0;
}

/* -mon chardev=ID[,mode=readline] = -monitor chardev:ID. */
static int q_mon(struct run_options *o, const char *v, struct err *e)
{
    const char *chardev = run_key(o, v, "chardev"), *mode = run_key(o, v, "mode");

    if (!chardev && !memchr(v, '=', strcspn(v, ",")))
        chardev = run_printf(o, e, "%.*s", (int)strcspn(v, ","), v);
    if (!chardev)
        return err_set(e, ERR_ARG, "'%s' names no character device; chardev=ID is expected", v);
    if (mode && strcmp(mode, "readline") != 0)
        return err_set(e, ERR_UNSUPPORTED, "mode=%s: mode=readline is accepted", mode);
    o->board.monitor = run_printf(o, e, "chardev:%s", chardev);
    return o->board.monitor ? 0 : ERR_NOMEM;
}

static int q_sandbox(struct run_options *o, const char *v, struct err *e)
{
    (void)o;
    return only(v, "off", "this program does not confine itself", e);
}

static int q_display(struct run_options *o, const char *v, struct err *e)
{
    (void)o;
    return only(v, "none", "there is no window; 'screendump' of the monitor shows a display", e);
}

static int q_vnc(struct run_options *o, const char *v, struct err *e)
{
    (void)o;
    return only(v, "none", "there is no VNC server", e);
}

static int q_vga(struct run_options *o, const char *v, struct err *e)
{
    static const char *const cards[] = { "none", "std", NULL };
    int r = run_choose("VGA", v, cards, e);

    o->vga = v;
    return MIN(r, 0);
}

static int q_kvm(struct run_options *o, const char *v, struct err *e)
{
    (void)v;
    return run_set_accel(o, "kvm", e);
}

/* A block node of a file is a drive that no device has taken yet. */
static int q_blockdev(struct run_options *o, const char *v, struct err *e)
{
    const char *drive = run_printf(o, e, "if=none,%s", v);

    if (v[0] == '{')
        return err_set(e, ERR_UNSUPPORTED, "JSON is not accepted here; write "
                       "driver=raw|qcow2|file,node-name=ID,filename=F");
    return drive ? run_add_arg(o, BOARD_DRIVE, drive, e) : ERR_NOMEM;
}

/* On the board's default interface: IDE on a PC, virtio elsewhere. */
static int add_drive(struct run_options *o, const char *v, const char *what, struct err *e)
{
    const char *file = escape_commas(o, v, e);
    const char *drive = file ? run_printf(o, e, "file=%s,%s", file, what) : NULL;

    return drive ? run_add_arg(o, BOARD_DRIVE, drive, e) : ERR_NOMEM;
}

static int q_hda(struct run_options *o, const char *v, struct err *e)
{
    return add_drive(o, v, "index=0", e);
}
static int q_hdb(struct run_options *o, const char *v, struct err *e)
{
    return add_drive(o, v, "index=1", e);
}
static int q_hdc(struct run_options *o, const char *v, struct err *e)
{
    return add_drive(o, v, "index=2", e);
}
static int q_hdd(struct run_options *o, const char *v, struct err *e)
{
    return add_drive(o, v, "index=3", e);
}
static int q_cdrom(struct run_options *o, const char *v, struct err *e)
{
    return add_drive(o, v, "index=2,media=cdrom", e);
}

static int q_fd(struct run_options *o, const char *v, struct err *e)
{
    (void)o;
    return err_set(e, ERR_UNSUPPORTED, "'%s': floppy drives are not modelled; -hda and -cdrom are there", v);
}

/* -nic user,model=virtio-net-pci,hostfwd=... = a -netdev and a -device. */
static int q_nic(struct run_options *o, const char *v, struct err *e)
{
    uint32_t k = o->board.n_args;
    const char *model = run_key(o, v, "model"), *mac = run_key(o, v, "mac");

    if (run_first_is(v, "none"))
        return 0;
    const char *net = run_printf(o, e, "%.*s,id=nic%u", (int)strcspn(v, ","), v, k);
    for (const char *p = v + strcspn(v, ","); net && *p;) {
        p++;
        size_t n = strcspn(p, ",");
        if (strncmp(p, "model=", 6) != 0 && strncmp(p, "mac=", 4) != 0)
            net = run_printf(o, e, "%s,%.*s", net, (int)n, p);
        p += n;
    }
    if (!model || strcmp(model, "virtio") == 0)
        model = "virtio-net-pci";
    const char *nic = run_printf(o, e, "%s,netdev=nic%u%s%s", model, k, mac ? ",mac=" : "",
                                 mac ? mac : "");
    int r = net && nic ? run_add_arg(o, BOARD_NETDEV, net, e) : ERR_NOMEM;
    return r < 0 ? r : run_add_arg(o, BOARD_DEVICE, nic, e);
}

/* -net nic[,model=M] -net user[,...]: the oldest spelling; the NIC comes with the backend. */
static int q_net(struct run_options *o, const char *v, struct err *e)
{
    if (run_first_is(v, "nic") || run_first_is(v, "none"))
        return 0;
    return q_nic(o, v, e);
}

static int q_s(struct run_options *o, const char *v, struct err *e)
{
    (void)v;
    (void)e;
    o->gdb = "tcp::1234";
    return 0;
}

/* Whatever the clock is called, it is simulated time: it neither drifts nor has to catch up. */
static int q_rtc(struct run_options *o, const char *v, struct err *e)
{
    static const char *const clocks[] = { "host", "rt", "vm", NULL }, *const drifts[] = { "none", "slew", NULL };
    const char *base = run_key(o, v, "base");
    int r = choose_key(o, v, "clock", clocks, e);

    if (r >= 0)
        r = choose_key(o, v, "driftfix", drifts, e);
    return r < 0 ? r : run_parse_date(base ? base : "utc", &o->board.rtc_base, e);
}

/* Every run here counts instructions. */
static int q_icount(struct run_options *o, const char *v, struct err *e)
{
    static const char *const naps[] = { "on", "off", NULL }, *const modes[] = { "record", "replay", NULL };
    const char *rr = run_key(o, v, "rr"), *file = run_key(o, v, "rrfile");
    int nap = choose_key(o, v, "sleep", naps, e), mode = choose_key(o, v, "rr", modes, e);

    if (nap < 0 || mode < 0)
        return ERR_ARG;
    if (nap)
        o->board.pace = 0;
    if (rr && !file)
        return err_set(e, ERR_ARG, "rr=%s needs rrfile=FILE", rr);
    if (rr)
        *(mode ? &o->board.replay : &o->board.record) = file;
    return 0;
}

static int q_echr(struct run_options *o, const char *v, struct err *e)
{
    uint64_t n;
    int r = run_parse_count("escape character", v, 1, 26, &n, e);
    if (r == 0)
        o->escape = (unsigned)n;
    return r;
}

/* What is not named here happens to these machines in one way only. */
static int q_action(struct run_options *o, const char *v, struct err *e)
{
    static const char *const reboots[] = { "reset", "shutdown", NULL };
    static const char *const shutdowns[] = { "poweroff", "pause", NULL };
    int reboot = choose_key(o, v, "reboot", reboots, e);
    int shutdown = choose_key(o, v, "shutdown", shutdowns, e);

    if (reboot < 0 || shutdown < 0)
        return ERR_ARG;
    if (run_key(o, v, "reboot"))
        o->board.no_reboot = reboot;
    if (run_key(o, v, "shutdown"))
        o->board.no_shutdown = shutdown;
    return 0;
}

/* -d guest_errors,unimp: what QEMU keeps to itself unless asked. */
static int q_d(struct run_options *o, const char *v, struct err *e)
{
    static const struct {
        const char *item, *channel;
    } items[] = { { "guest_errors", "guest=warn" }, { "unimp", "unmodelled=warn" } };

    if (run_wants_help(v)) {
        printf("Log items (comma separated):\n"
               "guest_errors    log when the guest does something invalid\n"
               "unimp           log use of what is not modelled\n");
        return 1;
    }
    while (*v) {
        size_t n = strcspn(v, ","), i = 0;
        while (i < ARRAY_LEN(items) && (strlen(items[i].item) != n || strncmp(v, items[i].item, n) != 0))
            i++;
        if (i == ARRAY_LEN(items))
            return err_set(e, ERR_UNSUPPORTED, "log item '%.*s' is not available; guest_errors and unimp are "
                           "(orrery run --dump shows code)", (int)n, v);
        if (!(o->board.log = run_printf(o, e, "%s,%s", o->board.log, items[i].channel)))
            return ERR_NOMEM;
        v += n + (v[n] == ',');
    }
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

static run_set_fn q_help;

static const struct run_option table[] = {
    ROW_CALL("M", "NAME[,OPT=V]", run_set_machine, "machine; help lists them"),
    ROW_CALL("machine", "NAME[,OPT=V]", run_set_machine, NULL),
    ROW_CALL("accel", "tcg", run_set_accel, "accepted for scripts: there is one accelerator"),
    ROW_CALL("enable-kvm", NULL, q_kvm, NULL),
    ROW_CALL("m", "SIZE", run_set_memory, "guest RAM in MiB, or with K, M, G"),
    ROW_CALL("blockdev", "driver=D,node-name=N,filename=F", q_blockdev,
             "the same as -drive, named for -device, -machine"),
    ROW_CALL("hda", "FILE", q_hda, "first disk; -hdb, -hdc, -hdd alike"),
    ROW_CALL("hdb", "FILE", q_hdb, NULL),
    ROW_CALL("hdc", "FILE", q_hdc, NULL),
    ROW_CALL("hdd", "FILE", q_hdd, NULL),
    ROW_CALL("cdrom", "FILE", q_cdrom, "disc in a CD-ROM drive"),
    ROW_CALL("fda", "FILE", q_fd, NULL),
    ROW_CALL("fdb", "FILE", q_fd, NULL),
    ROW_CALL("nic", "TYPE[,model=M][,...]", q_nic, "network backend and card in one"),
    ROW_CALL("net", "nic|user[,...]", q_net, "the same, older"),
    ROW_ARG("fw_cfg", "[name=]N,file=F|string=S", BOARD_FW_CFG, "add a file to fw_cfg"),
    ROW_CALL("mon", "chardev=ID", q_mon, "the monitor on a character backend"),
    ROW_FLAG("nographic", board.nographic, "no screen for firmware; serial port and monitor on the terminal (always so here)"),
    ROW_CALL("display", "none", q_display, "accepted: there is no window"),
    ROW_CALL("vnc", "none", q_vnc, NULL),
    ROW_CALL("vga", "none|std", q_vga, "the PC's screen is std unless -device names another"),
    ROW_FLAG("nodefaults", no_defaults, "no serial port, screen and CD-ROM drive but those asked for"),
    ROW_CALL("sandbox", "off", q_sandbox, NULL),
    ROW_IGNORE("no-user-config", NULL),
    ROW_IGNORE("name", "NAME"),
    ROW_IGNORE("uuid", "UUID"),
    ROW_IGNORE("msg", "OPTIONS"),
    ROW_IGNORE("overcommit", "OPTIONS"),
    ROW_CALL("s", NULL, q_s, "listen for gdb on port 1234"),
    ROW_FLAG("S", wait_for_gdb, "do not start until gdb says so"),
    ROW_FLAG("no-shutdown", board.no_shutdown, "pause when the guest switches itself off"),
    ROW_CALL("action", "EVENT=ACTION", q_action, "reboot=reset|shutdown, shutdown=poweroff|pause"),
    ROW_CALL("rtc", "base=utc|DATE", q_rtc, "date at power-on (default utc; with rr 2026-01-01)"),
    ROW_CALL("icount", "...,sleep=off,rr=record|replay,rrfile=F", q_icount,
             "idle time passes at once; record or replay"),
    ROW_CALL("echr", "N", q_echr, "escape key of the terminal (default 1: Ctrl-A)"),
    ROW_TEXT("loadvm", "FILE", snapshot_load, "start from a snapshot"),
    ROW_TEXT("pidfile", "FILE", pidfile, "write the process id"),
    ROW_CALL("d", "ITEM,...", q_d, "log guest_errors, unimp"),
    ROW_TEXT("D", "FILE", log_file, "write the log there"),
    ROW_CALL("version", NULL, q_version, "print the version"),
    ROW_CALL("help", NULL, q_help, "this text"),
    ROW_CALL("h", NULL, q_help, NULL),
};

const struct run_command_line run_qemu_line = {
    .dashes = "-", .positional = q_hda, .own = table, .n_own = ARRAY_LEN(table),
};

static int q_help(struct run_options *o, const char *v, struct err *e)
{
    (void)o;
    (void)v;
    (void)e;
    /* Scripts read the version from the first line. */
    printf("QEMU emulator version 10.0.0 (command line of; this is Orrery " ORRERY_VERSION ")\n"
           "usage: orrery-system-ARCH [options] [disk_image]\n\n"
           "Orrery " ORRERY_VERSION " with the command line of QEMU's system emulators:\n");
    run_print_options(&run_qemu_line, stdout);
    printf("\nDuring emulation, Ctrl-A x ends and Ctrl-A h shows other keys.\n");
    return 1;
}

/* Does any -device name one of `drivers`? */
static bool has_device(const struct run_options *o, const char *const *drivers)
{
    for (uint32_t i = 0; i < o->board.n_args; i++)
        for (const char *const *d = drivers; o->args[i].kind == BOARD_DEVICE && *d; d++)
            if (run_first_is(o->args[i].text, *d))
                return true;
    return false;
}

/* Does a drive on IDE stand at index 2, or may one that names no place come to stand there? */
static bool has_third_ide(struct run_options *o)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < o->board.n_args; i++) {
        const char *text = o->args[i].text, *kind, *index;
        if (o->args[i].kind != BOARD_DRIVE || ((kind = run_key(o, text, "if")) != NULL && strcmp(kind, "ide") != 0))
            continue;
        index = run_key(o, text, "index");
        if (++n > 2 || (index && strcmp(index, "2") == 0) || run_key(o, text, "bus"))
            return true;
    }
    return false;
}

/* Screen and CD-ROM drive that QEMU's machine has although nobody asked, the screen before every other card. */
static int add_defaults(struct run_options *o, struct err *e)
{
    static const char *const screens[] = { "VGA", "secondary-vga", "bochs-display", "ramfb", NULL };
    static const char *const drives[] = { "ide-cd", "ide-hd", NULL };
    const struct board_ops *board = board_find_for(o->board.board, o->arch);
    bool std = o->vga && strcmp(o->vga, "std") == 0;
    int r = 0;

    if (!board)
        return 0; /* board_create says so */
    if (std || (!o->vga && board->has_screen && !o->no_defaults && !has_device(o, screens))) {
        if ((r = run_add_arg(o, BOARD_DEVICE, "VGA", e)) < 0)
            return r;
        struct board_arg vga = o->args[o->board.n_args - 1];
        memmove(o->args + 1, o->args, (o->board.n_args - 1) * sizeof(o->args[0]));
        o->args[0] = vga;
    }
    if (board->ide.buses != 0 && !o->no_defaults && !has_device(o, drives) && !has_third_ide(o))
        r = run_add_arg(o, BOARD_DRIVE, "if=ide,index=2,media=cdrom", e);
    return r;
}

int run_parse_qemu(struct run_options *o, const char *arch, int argc, char **argv, struct err *e)
{
    struct run_command_line l = run_qemu_line;
    uint64_t fixed_date = o->board.rtc_base;
    int r;

    const struct board_ops *board = board_default_for(arch);
    if (!board)
        return err_set(e, ERR_ARG, "orrery-system-%s: there is no board for %s; 'orrery list "
                       "boards' shows those there are", arch, arch);
    o->arch = arch;
    o->board.board = board->name;
    o->board.memory = 128ull << 20;
    /*
     * An idle QEMU waits for the wall clock, and what people run with these flags counts on
     * it: a login prompt or a connection must not time out while the other end is thinking.
     */
    o->board.pace = 1000000;
    o->board.log = "guest=off,unmodelled=off"; /* scripts take a word on standard error for a failure */
    o->board.rtc_base = 0;
    if (!(l.program = run_printf(o, e, "orrery-system-%s", arch)))
        return ERR_NOMEM;
    r = run_parse(o, &l, argc, argv, e);
    if (r == 0 && o->board.rtc_base == 0) { /* -rtc base=utc, but where runs are to be the same again */
        o->board.rtc_base = fixed_date;
        if (!o->board.record && !o->board.replay)
            r = run_parse_date("utc", &o->board.rtc_base, e);
    }
    if (r == 0 && o->board.n_serial == 0 && !o->no_defaults)
        o->board.serial[o->board.n_serial++] = "mon:stdio";
    if (r == 0)
        r = add_defaults(o, e);
    o->board.firmware_dirs = run_firmware_dirs(o);
    if (!o->board.bios && strcmp(arch, "x86_64") == 0)
        o->board.bios = "default"; /* as on QEMU's PC: kernels there count on what a BIOS leaves behind */
    return r;
}
