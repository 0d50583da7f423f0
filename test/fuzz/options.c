/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random command lines, orrery's and QEMU's: words of the options' tables, plausible values and
 * damaged ones. Parsing ends in an error with a text, in a printed list, or in a filled
 * run_options; it opens nothing (descriptors are counted) and keeps nothing (leak check).
 * usage: test-options-fuzz COMMAND-LINES [SEED]
 */
#include "core/util/bits.h"
#include "core/util/hash.h"
#include "cpu/riscv/cpu.h"
#include "cpu/x86/cpu.h"
#include "devices/backend/block.h"
#include "devices/backend/char.h"
#include "devices/board/riscv_virt_impl.h"
#include "devices/board/x86_q35_impl.h"
#include "tools/orrery/option_table.h"
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_WORDS 24
#define MAX_WORD  200

static const char *const values[] = {
    "", "help", "?", "none", "off", "on", "0", "1", "4", "64", "4096", "4097", "-1", "0x10", "1G", "512M",
    "18446744073709551615", "99999999999999999999", "1e400", "nan", "inf", "2.5s", "10us", "1ps", "7min",
    "virt", "riscv-virt", "virt,aclint=on", "aclint=on", "virt,accel=tcg", "virt,accel=kvm", "accel=help",
    "virt,dumpdtb=f", "virt,pflash0=a", "dumpdtb=", "rv64", "max", "host", "host,zba=off", "sifive-u74",
    "tcg", "kvm", "kvm:tcg", "tcg,thread=single", ":::", "nottcg", "sockets=2,cores=2", "cpus=4",
    "cpus=,sockets=0", "sockets=4096,cores=4096,threads=4096,clusters=4096", "size=1G,slots=2", "size=",
    "file=a.img,if=virtio", "file=a,,b", "driver=raw,node-name=d0", "{\"driver\":\"raw\"}", "a,b,c",
    "q35", "pc-q35-9.2", "q35,smm=off,hpet=off", "pc", "microvm", "smm=on,kernel-irqchip=split", "x86-q35", "qemu64,+avx2",
    "max,-bmi2,x2apic=on", "skylake-server,vendor=GenuineIntel", "zen4,+nosuch", "-,+", "qemu64,family=300", "intel-iommu",
    "isa-debugcon,iobase=0x402,chardev=c0", "isa-debug-exit,iobase=0xf4,iosize=4", "ide-cd,drive=d0,bus=ide.1",
    "if=pflash,format=raw,unit=1,file=v", "if=floppy", "type=0,vendor=x", "type=1,serial=", "sig=TEST,data=/dev/null",
    "virtio-net-device,netdev=n0", "virtio-blk-pci,drive=d0", "nvme,serial=s",
    "ahci,id=a", "ide-cd,bus=a.0", "e1000e,netdev=n0", "user,id=n0,hostfwd=tcp::2222-:22",
    "user,model=virtio", "socket", "nic", "nic,model=virtio", "user,mac=52:54:00:12:34:56", "socket,id=c0",
    "rng-builtin,id=r0", "name=opt/a,string=b", "stdio", "mon:stdio", "null", "chardev:c0", "chardev=c0",
    "chardev=c0,mode=control", "c0", "menu=on", "order=c", "splash=f", "base=utc", "base=2026-01-31",
    "base=2026-01-31T12:00:00,clock=vm", "clock=sun", "driftfix=slew", "utc", "localtime", "1767225600",
    "2106-02-07", "shift=0,sleep=off", "rr=record,rrfile=f", "rr=replay", "rr=x,rrfile=f", "27", "reboot=shutdown",
    "shutdown=pause,reboot=reset", "reboot=", "jit", "interp", "lockstep", "real", "avx,avx2", "all,", ",,",
    "decode,ir", "never", "tcp::1234", ":1234", "=", "=,=", "functional", "inorder,cpi=3", "error", "*",
};

struct fuzz {
    uint64_t random, parsed, refused, printed, part_taken, part_refused;
    char words[MAX_WORDS][MAX_WORD];
    char *argv[MAX_WORDS];
};

static uint64_t next(struct fuzz *f)
{
    return f->random = hash_mix(f->random + 0x9e3779b97f4a7c15ull);
}

static bool one_in(struct fuzz *f, uint32_t n)
{
    return next(f) % n == 0;
}

/* Change, drop, double or cut; control characters, bytes above 127 and format letters included. */
static void damage(struct fuzz *f, char *word)
{
    static const char bytes[] = "=,,:-%sn\x01\xff{}\"0x9 ./";

    for (uint64_t k = next(f) % 4; k > 0; k--) {
        size_t n = strlen(word), at = next(f) % (n + 1);
        switch (next(f) % 5) {
        case 0:
            if (at < n)
                word[at] = bytes[next(f) % (sizeof(bytes) - 1)];
            break;
        case 1:
            if (at < n)
                memmove(word + at, word + at + 1, n - at);
            break;
        case 2:
            if (n + 1 < MAX_WORD) {
                memmove(word + at + 1, word + at, n - at + 1);
                word[at] = bytes[next(f) % (sizeof(bytes) - 1)];
            }
            break;
        case 3:
            word[at] = 0;
            break;
        default:
            if (2 * n < MAX_WORD) {
                memmove(word + n, word, n);
                word[2 * n] = 0;
            }
            break;
        }
    }
}

static void put_value(struct fuzz *f, char *word)
{
    const char *a = values[next(f) % ARRAY_LEN(values)], *b = values[next(f) % ARRAY_LEN(values)];

    snprintf(word, MAX_WORD, one_in(f, 4) ? "%s,%s" : "%s", a, b);
    if (one_in(f, 3))
        damage(f, word);
}

static int make_line(struct fuzz *f, const struct run_command_line *l)
{
    static const char *const dashes[] = { "-", "--" };
    int argc = 0;

    for (uint64_t n = next(f) % 10; n > 0 && argc + 2 < MAX_WORDS; n--) {
        char *word = f->words[argc++];
        size_t which = next(f) % (l->n_own + run_n_shared_options);
        const struct run_option *o = which < l->n_own ? &l->own[which]
                                                      : &run_shared_options[which - l->n_own];
        snprintf(word, MAX_WORD, "%s%s", dashes[next(f) % 2], o->name);
        if (one_in(f, 20))
            damage(f, word);
        if (o->value && l->equals && one_in(f, 2)) {
            char value[MAX_WORD];
            put_value(f, value);
            size_t used = strlen(word);
            snprintf(word + used, MAX_WORD - used, "=%s", value);
        } else if (o->value ? !one_in(f, 30) : one_in(f, 30)) {
            put_value(f, f->words[argc++]);
        }
    }
    for (int i = 0; i < argc; i++)
        f->argv[i] = f->words[i];
    return argc;
}

static unsigned count_descriptors(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");

    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

static void print_line(const struct fuzz *f, int argc)
{
    for (int i = 0; i < argc; i++)
        fprintf(stderr, " '%s'", f->argv[i]);
    fprintf(stderr, "\n");
}

/* The texts go on to the parsers of the parts; those open nothing either. */
static bool read_parts(struct fuzz *f, const struct run_options *o)
{
    static struct block_options block;
    static struct char_options chars;
    static struct rv_config cpu;
    static struct x86_config x86;
    struct virt_options machine;
    struct q35_options q35;
    struct err e = { 0 };
    bool ok = true;

#define READ(call)                                                                                 \
    do {                                                                                           \
        int r_ = (call);                                                                           \
        f->part_taken += r_ == 0;                                                                  \
        f->part_refused += r_ < 0;                                                                 \
        ok = ok && (r_ >= 0 || e.text[0]);                                                         \
        e = (struct err){ 0 };                                                                     \
    } while (0)
    if (o->board.cpu)
        READ(rv_config_parse(&cpu, o->board.cpu, NULL, &e));
    if (o->board.cpu)
        READ(x86_config_parse(&x86, o->board.cpu, NULL, &e));
    if (o->board.board_options)
        READ(virt_read_options(&machine, o->board.board_options, &e));
    if (o->board.board_options)
        READ(q35_read_options(&q35, o->board.board_options, &e));
    for (uint32_t i = 0; i < o->board.n_serial; i++)
        READ(char_parse_serial(&chars, "serial0", o->board.serial[i], &e));
    for (uint32_t i = 0; i < o->board.n_args; i++) {
        if (o->args[i].kind == BOARD_CHARDEV)
            READ(char_parse_chardev(&chars, o->args[i].text, &e));
        if (o->args[i].kind == BOARD_DRIVE)
            READ(block_parse(&block, o->args[i].text, &e));
    }
#undef READ
    return ok;
}

static bool one(struct fuzz *f)
{
    static const char *const archs[] = { "riscv64", "aarch64", "x86_64" };
    static struct run_options o;
    bool native = one_in(f, 2);
    struct err e = { 0 };

    run_defaults(&o);
    int argc = make_line(f, native ? &run_native_line : &run_qemu_line);
    int r = native ? run_parse_native(&o, argc, f->argv, &e)
                   : run_parse_qemu(&o, archs[next(f) % ARRAY_LEN(archs)], argc, f->argv, &e);
    bool ok = r < 0 ? e.text[0] != 0 : r == 1 || (r == 0 && o.board.board && o.board.cpus >= 1);
    /* What was parsed can be read: nothing of it is gone or without its end. */
    for (uint32_t i = 0; i < o.board.n_args; i++)
        ok = ok && o.args[i].text && strlen(o.args[i].text) < 16 * MAX_WORD;
    for (uint32_t i = 0; i < o.board.n_serial; i++)
        ok = ok && strlen(o.board.serial[i]) < MAX_WORD;
    ok = read_parts(f, &o) && ok;
    f->parsed += r == 0;
    f->printed += r == 1;
    f->refused += r < 0;
    if (!ok) {
        fprintf(stderr, "options-fuzz: result %d, '%s', of %s", r, e.text, native ? "orrery run" : "qemu");
        print_line(f, argc);
    }
    arena_destroy(&o.arena);
    return ok;
}

int main(int argc, char **argv)
{
    static struct fuzz f;
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000;
    int terminal = dup(STDOUT_FILENO), nowhere = open("/dev/null", O_WRONLY);
    unsigned before;

    f.random = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    if (terminal < 0 || nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0) { /* help is printed there */
        perror("options-fuzz");
        return 2;
    }
    (void)close(nowhere);
    before = count_descriptors();
    for (uint64_t i = 0; i < n; i++)
        if (!one(&f))
            return 1;
    bool opened = count_descriptors() != before;
    fflush(stdout);
    (void)dup2(terminal, STDOUT_FILENO);
    (void)close(terminal);
    printf("%" PRIu64 " command lines: %" PRIu64 " parsed, %" PRIu64 " printed something, %" PRIu64
           " refused; of parts: %" PRIu64 " taken, %" PRIu64 " refused\n", n, f.parsed, f.printed,
           f.refused, f.part_taken, f.part_refused);
    if (opened)
        fprintf(stderr, "options-fuzz: parsing left descriptors open\n");
    return opened || (n >= 1000 && (f.parsed < n / 20 || f.refused < n / 20)) ? 1 : 0;
}
