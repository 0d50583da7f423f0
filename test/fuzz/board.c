/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile software on a whole board: every register of every part, all widths, whatever the state.
 * usage: test-board-fuzz ACCESSES [SEED [CONFIGURATION]]
 *
 * Each round builds one of the configurations below and lets one access follow the other: to
 * registers of the parts' tables, to PCI configuration space, to any byte of any region.
 * In between time passes while the harts sleep, the board is reset, and somebody looks at its displays
 * (at other moments when accesses are repeated: that must not be seen in the machine). Now and then the
 * machine is saved in memory, goes on, is restored and goes on in the same way: it has to come to
 * the same state. Nothing may crash, hang or trip a sanitizer.
 */
#include "core/device/device.h"
#include "core/memory/ports.h"
#include "core/memory/space_impl.h"
#include "core/state/snapshot.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "cpu/arm64/cpu.h"
#include "cpu/x86/cpu.h"
#include "devices/backend/display.h"
#include "devices/board/board.h"
#include "devices/board/loongarch_virt_impl.h"
#include "devices/board/x86_q35_impl.h"
#include "mmu/tlb.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEMORY    (4ull << 20)
enum { ROUND = 20000, AGAIN = 400 /* accesses done twice around a restore */ };

/* Where things are on a board, and code that waits for ever: wfi; j . - 4; idle 0; b . - 4; or hlt; jmp . - 1 */
static const struct place {
    const char *board;
    pa_t dram, ecam, pci_mem32;
    uint32_t code[2];
    bool pc;
} riscv = { "riscv-virt", 0x80000000, 0x30000000, 0x40000000, { 0x10500073, 0xffdff06f }, false },
  arm = { "arm-virt", 0x40000000, 0x4010000000, 0x10000000, { 0xd503207f, 0x17ffffff }, false },
  x86 = { "x86-q35", 0x10000, 0xb0000000, 0xc0000000, { 0xfdebf4, 0 }, true },
  pc = { "x86-pc", 0x10000, 0xb0000000, 0xe0000000, { 0xfdebf4, 0 }, true },
  loongarch = { "loongarch-virt", 0, 0x20000000, 0x40000000, { 0x06488000, 0x53ffffff }, false },
  microvm = { "x86-microvm", 0x10000, 0xb0000000, 0xc0000000, { 0xfdebf4, 0 }, true };
#define SMI_HANDLER 0x38000 /* RSM */
enum { BUS_MASTER = 0xc000, PRD_TABLE = 0x20000 };
/* A PIIX3's IDE as firmware leaves it: BAR 4, IDETIM, I/O and bus mastering on. */
static const uint32_t ide_on[][2] = { { 0x80000920, BUS_MASTER | 1 }, { 0x80000940, 0x80008000 }, { 0x80000904, 5 } };

#define MAX_ARGS 12
static const struct {
    const struct place *at;
    uint32_t harts;
    const char *options, *cpu;
    const char *devices[MAX_ARGS];
} configs[] = {
    { &riscv, 1, NULL, "rv64", { NULL } },
    { &riscv, 4, "aclint=on", "max",
      { "virtio-rng-device", "virtio-blk-device,drive=d0", "virtio-serial-device" } },
    { &arm, 2, "gic-version=3,virtualization=on", "max",
      { "virtio-rng-pci", "virtio-blk-pci,drive=d0", "virtio-serial-device", "ahci", "ide-cd", "ide-hd,drive=d1",
        "e1000e" } },
    { &riscv, 4, NULL, "rv64",
      { "virtio-rng-pci", "virtio-blk-pci,drive=d0", "virtio-serial-pci", "nvme,serial=s,drive=d1",
        "e1000e" } },
    { &arm, 8, "gic-version=2,virtualization=on", "cortex-a72",
      { "virtio-rng-device", "virtio-blk-device,drive=d0", "virtio-serial-pci" } },
    { &x86, 1, NULL, "max", { "VGA,vgamem_mb=1,romfile=", "ide-hd,drive=d0", "ide-cd", "nvme,serial=s,drive=d1", "isa-debugcon",
        "isa-debug-exit", "pc-testdev" } },
    { &x86, 4, NULL, "qemu64", { "virtio-rng-pci", "virtio-blk-pci,drive=d0", "e1000e", "ramfb", "pci-testdev" } },
    { &x86, 2, "smm=off,hpet=off", "skylake-server", { "virtio-serial-pci", "bochs-display,vgamem=1M" } },
    { &pc, 1, NULL, "max", { "ide-hd,drive=d0,bus=ide.0", "ide-cd,bus=ide.0", "ide-cd,bus=ide.1", "ide-hd,drive=d1,bus=ide.1" } },
    { &pc, 2, "smm=off", "qemu64", { "VGA,vgamem_mb=1,romfile=", "virtio-rng-pci", "ide-hd,drive=d0", "nvme,serial=s,drive=d1" } },
    { &microvm, 2, NULL, "max", { "virtio-blk-device,drive=d0", "virtio-rng-device", "virtio-serial-device" } },
    { &microvm, 1, "acpi=off,pit=off,pic=off,rtc=off", "qemu64", { "virtio-blk-device,drive=d0", "isa-debug-exit" } },
    { &riscv, 64, "aclint=on", "rv64", { "virtio-rng-pci", "virtio-rng-device" } },
    { &arm, 64, NULL, "cortex-a72", { "virtio-rng-pci" } },
    { &riscv, 1, NULL, "rv64",
      { "VGA,vgamem_mb=1", "bochs-display,vgamem=1M", "ramfb", "virtio-keyboard-pci", "virtio-mouse-device" } },
    { &arm, 1, NULL, "cortex-a72", { "secondary-vga,vgamem_mb=1", "VGA,vgamem_mb=1", "virtio-tablet-pci" } },
    { &arm, 4, "gic-version=3,secure=on,virtualization=on,mte=on", "max",
      { "virtio-rng-pci", "virtio-blk-device,drive=d0" } },
    { &arm, 2, "gic-version=2,secure=on", "cortex-a53", { "virtio-serial-device" } },
    { &loongarch, 4, "v-eiointc=on", "max", { "virtio-rng-pci", "virtio-blk-pci,drive=d0", "e1000e" } },
    { &loongarch, 1, NULL, "la464", { "virtio-serial-pci", "nvme,serial=s,drive=d1" } },
};

struct fuzz {
    const struct place *at;
    struct board *board;
    struct machine *m;
    uint64_t random;
    struct mem_space *ports; /* or NULL */
    struct mem_space *iocsr; /* LoongArch: its cores' registers; or NULL */
    uint64_t steps, results[MEM_READ_ONLY + 1], resets, looks, restores, stops, ends[BOARD_DEADLOCK + 1];
    char disk[64], rom[64]; /* rom: an option ROM that only has a header */
    bool again;             /* what is done now is done once more from a saved state */
};

static uint64_t next(struct fuzz *f)
{
    return f->random = hash_mix(f->random + 0x9e3779b97f4a7c15ull);
}

static bool one_in(struct fuzz *f, uint32_t n)
{
    return next(f) % n == 0;
}

static void need(int r, const struct err *e, const char *what)
{
    if (r < 0) {
        fprintf(stderr, "board-fuzz: %s: %s\n", what, e->text);
        exit(2);
    }
}

/* ---- one access ---- */

/* Single bits, runs of ones, small numbers, the test finisher's commands, addresses of RAM and of the PCI window. */
static uint64_t some_value(struct fuzz *f)
{
    static const uint16_t commands[] = { 0x3333, 0x5555, 0x7777 };
    uint64_t v = next(f);

    switch (next(f) % 10) {
    case 0: return BIT(v % 64);
    case 1: return ~0ull >> (v % 64);
    case 2: return v % 16;
    case 3: return v % 4096;
    case 4: return 0;
    case 5: return f->at->dram + v % MEMORY;
    case 6: return f->at->dram + align_down(v % MEMORY, 4096);
    case 7: return f->at->pci_mem32 + align_down(v % (1 << 20), 4096);
    case 8: return commands[v % ARRAY_LEN(commands)];
    default: return v;
    }
}

/* Mostly in the width the register takes. */
static uint64_t reg_address(struct fuzz *f, const struct mem_region *region, unsigned *size)
{
    const struct device *dev = region->arg;
    const struct reg_desc *r = &dev->ops->regs[next(f) % dev->ops->n_regs];
    uint64_t index = next(f) % (r->count ? r->count : 1), inside = one_in(f, 4) ? next(f) % r->width : 0;

    if (!one_in(f, 3))
        index %= 4;
    if (!one_in(f, 4))
        *size = r->width;
    return r->offset + index * (r->stride ? r->stride : r->width) + inside;
}

/* Bus 0, the first devices: where the functions are, and the offsets that mean something. */
static uint64_t config_address(struct fuzz *f)
{
    static const uint16_t offsets[] = { 0x00, 0x04, 0x06, 0x0c, 0x10, 0x14, 0x18, 0x1c, 0x20, 0x24,
                                        0x2c, 0x30, 0x34, 0x3c };
    uint64_t device = next(f) % 6, function = one_in(f, 16) ? next(f) % 8 : 0;
    uint64_t at = one_in(f, 3) ? next(f) % 0x100 : offsets[next(f) % ARRAY_LEN(offsets)];

    return f->at->ecam + (device << 15) + (function << 12) + at;
}

static pa_t some_address(struct fuzz *f, const struct mem_space *space, unsigned *size)
{
    uint32_t which = (uint32_t)(next(f) % space->n_regions);

    while (!space->regions[which]->enabled) /* where it lay last is nothing that is restored */
        which = (which + 1) % space->n_regions;
    const struct mem_region *region = space->regions[which];

    if (one_in(f, 8) && space == f->m->memory)
        return config_address(f);
    uint64_t far = next(f), shift = next(f) % 64;
    if (one_in(f, 200))
        return far >> shift;
    if (region->ops == &reg_mmio_ops && !one_in(f, 16) && ((struct device *)region->arg)->ops->n_regs)
        return region->base + reg_address(f, region, size);
    if (one_in(f, 4)) /* around its edges */
        return region->base + (shift & 1 ? region->size : 0) + far % 16 - 8;
    return region->base + far % MIN(region->size, shift & 1 ? 0x1000ull : UINT64_MAX);
}

/* Of a PC: where parts are, or one of a region's. */
static uint16_t some_port(struct fuzz *f)
{
    static const uint16_t known[] = {
        0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x40, 0x41, 0x42, 0x43, 0x61, 0x60, 0x64, 0x70, 0x71, 0x72, 0x73, 0x80, 0x92,
        0xb2, 0xb3, 0xcf8, 0xcfc, 0xcf9, 0xe0, 0xe4, 0x402, 0x501, 0x510, 0x511, 0x514, 0x518, 0x1ce, 0x1cf, 0x3b4, 0x3c0,
        0x3c4, 0x3c5, 0x3c8, 0x3c9, 0x3ce, 0x3cf, 0x3d4, 0x3d5, 0x3da, 0x3f8, 0x3fb, 0x2f8, 0x600, 0x604, 0x608, 0x620,
        0x630, 0x634, 0x660, 0xcd8, 0x700, 0x1f0, 0x1f2, 0x1f5, 0x1f6, 0x1f7, 0x3f6, 0x170, 0x176, 0x177, 0x376, 0xaf00,
        BUS_MASTER, BUS_MASTER + 2, BUS_MASTER + 4, BUS_MASTER + 8, BUS_MASTER + 10, BUS_MASTER + 12,
    };
    const struct mem_space *space = f->ports;

    if (one_in(f, 2))
        return (uint16_t)(known[next(f) % ARRAY_LEN(known)] + (one_in(f, 4) ? next(f) % 8 : 0));
    uint32_t which = (uint32_t)(next(f) % space->n_regions);
    while (!space->regions[which]->enabled)
        which = (which + 1) % space->n_regions;
    return (uint16_t)(space->regions[which]->base + next(f) % MIN(space->regions[which]->size, (uint64_t)64));
}

/* By CF8 and CFC: the first devices, and 1F, where an ICH9 is. */
static void access_config(struct fuzz *f, const struct mem_attrs *attrs)
{
    uint32_t at = (uint32_t)(config_address(f) - f->at->ecam), device = one_in(f, 3) ? 31 : at >> 15 & 31;
    unsigned size = 1u << next(f) % 3;
    uint16_t data = (uint16_t)(0xcfc + (at & 3u & ~(size - 1)));

    mem_port_out(f->ports, 0xcf8, 4, 0x80000000u | device << 11 | (uint32_t)(next(f) % 4) << 8 | (at & 0xfc), attrs);
    if (one_in(f, 2))
        (void)mem_port_in(f->ports, data, size, attrs);
    else
        mem_port_out(f->ports, data, size, (uint32_t)zext(some_value(f), size * 8), attrs);
}

/* A command to one of the drives, and a start of the bus master, whose table is in RAM. */
static void command_drive(struct fuzz *f)
{
    static const uint8_t often[] = { 0x20, 0x24, 0x29, 0x30, 0x34, 0x39, 0xc4, 0xc5, 0xc6, 0xc8, 0xca, 0x25, 0x35, 0x06,
                                     0x2f, 0x47, 0x60, 0x90, 0xa0, 0xa1, 0xb0, 0xec, 0xef, 0x08, 0xe7, 0xce };
    uint16_t port = one_in(f, 2) ? 0x1f0 : 0x170, master = BUS_MASTER + (port == 0x1f0 ? 0 : 8);
    uint8_t table[8 * 8];

    for (unsigned i = 0; i < 8; i++) /* SFF-8038i, 1.2 */
        st_le64(table + 8 * i, (one_in(f, 8) ? zext(next(f), 32) : 0x21000 + next(f) % 0x10000) | next(f) % 0x400 << 32 |
                                   (uint64_t)(i == 7) << 63);
    (void)mem_write(f->m->memory, PRD_TABLE, table, sizeof(table), NULL);
    if (one_in(f, 20))
        mem_port_out(f->ports, port + 0x206u, 1, (uint32_t)next(f) & 0x86, NULL);
    mem_port_out(f->ports, port + 6u, 1, one_in(f, 2) ? 0x40 : 0x50, NULL);
    for (unsigned i = 1; i < 6; i++)
        mem_port_out(f->ports, (uint16_t)(port + i), 1, (uint32_t)next(f) % (one_in(f, 4) ? 256 : 4), NULL);
    mem_port_out(f->ports, master + 4u, 4, one_in(f, 30) ? (uint32_t)next(f) : PRD_TABLE, NULL);
    mem_port_out(f->ports, port + 7u, 1, one_in(f, 10) ? (uint32_t)next(f) & 0xff : often[next(f) % ARRAY_LEN(often)], NULL);
    mem_port_out(f->ports, master, 1, (uint32_t)next(f) & 9, NULL);
    for (uint64_t n = next(f) % 600; n != 0; n--) /* PIO, if it is that; packets are mostly reads */
        if (one_in(f, 2))
            (void)mem_port_in(f->ports, port, 1u << next(f) % 3, NULL);
        else
            mem_port_out(f->ports, port, 1u << next(f) % 3, one_in(f, 9) ? (uint32_t)next(f) : 0x28, NULL);
}

/* A disk's contents are not saved with the machine: between saving and restoring it no command begins that reads what another has written. */
static bool would_command(const struct fuzz *f, uint32_t port, unsigned size)
{
    return f->again && f->at == &pc && ((port <= 0x1f7 && port + size > 0x1f7) || (port <= 0x177 && port + size > 0x177));
}

static void access_port(struct fuzz *f)
{
    const struct mem_attrs attrs = { .secure = one_in(f, 2) };

    if (f->at == &pc && one_in(f, 100) && !f->again)
        command_drive(f);
    if (one_in(f, 8)) {
        access_config(f, &attrs);
        f->results[MEM_OK]++;
        return;
    }
    unsigned size = 1u << next(f) % 3;
    uint16_t port = some_port(f);

    if (one_in(f, 2) || would_command(f, port, size))
        (void)mem_port_in(f->ports, port, size, &attrs);
    else /* whatever it asks for */
        mem_port_out(f->ports, port, size, (uint32_t)zext(some_value(f), size * 8), &attrs);
    f->results[MEM_OK]++;
}

static void access_some(struct fuzz *f)
{
    if (f->ports != NULL && one_in(f, 2)) {
        access_port(f);
        return;
    }

    static const struct mem_attrs debug = { .debug = true };
    const struct mem_attrs attrs = { .secure = one_in(f, 2),
                                     .requester = one_in(f, 2) ? 0 : MEM_REQUESTER_CPU + next(f) % 8 };
    unsigned size = 1u << next(f) % 4;
    struct mem_space *space = f->iocsr && one_in(f, 3) ? f->iocsr : f->m->memory;
    pa_t pa = some_address(f, space, &size);
    uint64_t value = some_value(f);
    enum mem_result r;

    if (!one_in(f, 16))
        pa = align_down(pa, size);
    if (one_in(f, 2))
        r = mem_load(space, pa, size, &value, one_in(f, 32) ? &debug : &attrs);
    else
        r = mem_store(space, pa, size, zext(value, size * 8), &attrs);
    if ((unsigned)r > MEM_READ_ONLY) {
        fprintf(stderr, "board-fuzz: address %#" PRIx64 ", %u bytes: result %u\n", (uint64_t)pa, size, r);
        exit(1);
    }
    f->results[r]++;
}

/*
 * Time passes with the harts asleep: interrupts are masked, so none is taken. A PC's may be woken by NMI, SMI
 * and INIT, and run what they find: a little of it.
 */
static void pass_time(struct fuzz *f, ps_t time)
{
    struct board_limits limits = { .exec = { .time = exec_time(board_exec(f->board)) + time,
                                             .insns = UINT64_MAX } };
    struct cpu *cpu = NULL;
    int code;

    if (f->at->pc) {
        limits.exec.insns = 2000;
        for (const struct cpu *c = f->m->cpus; c; c = c->next)
            limits.exec.insns += cpu_insns(c);
    }

    f->ends[board_run(f->board, &limits, &code, &cpu)]++;
}

/*
 * RISC-V's harts start in the mask ROM, which sends them to RAM; Arm's are sent there. LoongArch's find no instruction
 * in their empty flash, and so an exception's entry, at 0.
 */
static void put_to_sleep(struct fuzz *f)
{
    for (uint32_t i = 0; i < ARRAY_LEN(f->at->code); i++)
        (void)mem_store(f->m->memory, f->at->dram + 4 * i, 4, f->at->code[i], NULL);
    for (struct cpu *c = f->m->cpus; c && f->at == &arm; c = c->next)
        a64_power_on(c, f->at->dram, 0);
    if (f->at->pc) {
        (void)mem_store(f->m->memory, SMI_HANDLER, 2, 0xaa0f, NULL);
        x86_start_flat32(f->m->cpus, (uint32_t)f->at->dram, 8, 16);
    }
    for (size_t i = 0; i < ARRAY_LEN(ide_on) && f->at == &pc; i++) {
        mem_port_out(f->ports, 0xcf8, 4, ide_on[i][0], NULL);
        mem_port_out(f->ports, 0xcfc, 4, ide_on[i][1], NULL);
    }
    pass_time(f, 10 * PS_PER_US);
}

static void reset(struct fuzz *f)
{
    struct err e = { 0 };

    need(board_reset(f->board, &e), &e, "reset");
    put_to_sleep(f);
    f->resets++;
}

static void look(struct fuzz *f)
{
    struct err e = { 0 };
    uint64_t number;

    for (struct display *d = display_find(board_host(f->board), NULL); d; d = display_next(d)) {
        need(display_refresh(d, &number, &e), &e, "look");
        f->looks++;
    }
}

static void step(struct fuzz *f)
{
    if (++f->steps % 797 == 0)
        look(f);

    uint64_t what = next(f) % 4000;

    if (what == 0)
        reset(f);
    else if (what < 200)
        pass_time(f, next(f) % (PS_PER_MS >> what % 20));
    else
        access_some(f);
    if (f->m->stop != MACHINE_RUNS) {
        f->stops++;
        machine_resume(f->m);
    }
}

/* ---- save and restore ---- */
static void print_part(void *arg, const char *name, uint64_t hash)
{
    fprintf(stderr, "  %s %016" PRIx64 " %s\n", (const char *)arg, hash, name);
}

/* Parts' hashes after the first time, to be compared with the second's. */
struct kept {
    uint32_t n, at;
    uint64_t hash[512];
};
static void keep_part(void *arg, const char *name, uint64_t hash)
{
    struct kept *k = arg;

    (void)name;
    if (k->n < ARRAY_LEN(k->hash))
        k->hash[k->n++] = hash;
}
static void print_changed(void *arg, const char *name, uint64_t hash)
{
    struct kept *k = arg;

    if (k->at < k->n && k->hash[k->at] != hash)
        fprintf(stderr, "  first %016" PRIx64 ", second %016" PRIx64 " %s\n", k->hash[k->at], hash, name);
    k->at++;
}

static void restore(struct fuzz *f, const struct state_writer *w)
{
    struct err e = { 0 };
    struct state_reader *r;

    need(snapshot_open_memory(&r, w, &e), &e, "restore");
    need(machine_load(f->m, r, &e), &e, "restore");
    mmu_flush_all_cpus(f->m);
    snapshot_close(r);
}

/* The same accesses from the same state lead to the same state, seen from before and after a restore. */
static void twice(struct fuzz *f)
{
    struct err e = { 0 };
    struct state_writer *w;
    uint64_t before, first, random = f->random;

    need(snapshot_create(&w, NULL, "fuzz", &e), &e, "save");
    mmu_flush_all_cpus(f->m);
    need(machine_save(f->m, w, &e), &e, "save");
    need(snapshot_finish(w, &e), &e, "save");
    before = machine_hash(f->m);
    f->again = true;
    for (int i = 0; i < AGAIN; i++)
        step(f);
    first = machine_hash(f->m);
    struct kept parts = { 0 };
    machine_hash_parts(f->m, keep_part, &parts);
    restore(f, w);
    f->random = random;
    bool same = machine_hash(f->m) == before;
    for (int i = 0; same && i < AGAIN; i++)
        step(f);
    if (!same || machine_hash(f->m) != first) {
        fprintf(stderr, "board-fuzz: %s differs\n", same ? "what follows a restore" : "the restored machine");
        machine_hash_parts(f->m, same ? print_changed : print_part, same ? (void *)&parts : "second");
        restore(f, w);
        if (!same) {
            machine_hash_parts(f->m, print_part, "restored");
        } else {
            f->random = random;
            for (int i = 0; i < AGAIN; i++)
                step(f);
            machine_hash_parts(f->m, print_part, "third");
        }
        exit(1);
    }
    f->again = false;
    snapshot_discard(w);
    f->restores++;
}

/* ---- one machine ---- */
static void build(struct fuzz *f, size_t which, struct board_arg *args)
{
    struct err e = { 0 };
    static char drives[2][128], with_rom[128];
    struct board_config c = {
        .board = configs[which].at->board, .board_options = configs[which].options, .cpu = configs[which].cpu,
        .timing = "functional", .cpus = configs[which].harts, .memory = MEMORY, .bios = "none",
        .args = args, .serial = { "null" }, .n_serial = 1, .snapshot = true,
        .seed = next(f), .rtc_base = 1767225600, .trace_hash = true, .log_out = stderr,
        .log = "error,guest=off,unmodelled=off", .exec = { .mode = EXEC_JIT, .code_bytes = 2 << 20 },
    };
    for (unsigned i = 0; i < 2; i++) {
        snprintf(drives[i], sizeof(drives[i]), "file=%s,format=raw,if=none,id=d%u", f->disk, i);
        args[c.n_args++] = (struct board_arg){ BOARD_DRIVE, drives[i] };
    }
    for (unsigned i = 0; i < MAX_ARGS && configs[which].devices[i]; i++) {
        const char *device = configs[which].devices[i];
        if (strstr(device, "romfile=") != NULL) {
            snprintf(with_rom, sizeof(with_rom), "%s%s", device, f->rom);
            device = with_rom;
        }
        args[c.n_args++] = (struct board_arg){ BOARD_DEVICE, device };
    }
    f->at = configs[which].at;
    need(board_create(&f->board, &c, &e), &e, "build");
    f->m = board_machine(f->board);
    f->ports = f->at->pc ? ((struct q35 *)f->board->parts)->ports : NULL;
    f->iocsr = f->at == &loongarch ? ((struct la_virt *)f->board->parts)->iocsr : NULL;
    put_to_sleep(f);
}

static void round_of(struct fuzz *f, size_t which, uint64_t n)
{
    struct board_arg args[MAX_ARGS + 2];

    alarm(60); /* a hang dies of SIGALRM */
    build(f, which, args);
    for (uint64_t i = 0; i < n; i++) {
        if (i % (ROUND / 8) == ROUND / 16)
            twice(f);
        step(f);
    }
    board_destroy(f->board);
    alarm(0);
}

static void make_file(char *path, size_t size, const uint8_t *bytes, size_t n)
{
    snprintf(path, size, "/tmp/board-fuzz-XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || close(fd) != 0) {
        perror(path);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    static struct fuzz f;
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 0) : ROUND;
    size_t only = argc > 3 ? strtoul(argv[3], NULL, 0) : SIZE_MAX;
    static const uint8_t sectors[64 * 512], rom[512] = { 0x55, 0xaa, 1, 0xcb };

    f.random = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    make_file(f.disk, sizeof(f.disk), sectors, sizeof(sectors));
    make_file(f.rom, sizeof(f.rom), rom, sizeof(rom));
    for (uint64_t done = 0, i = 0; done < n; done += ROUND, i++)
        round_of(&f, only < ARRAY_LEN(configs) ? only : i % ARRAY_LEN(configs), MIN((uint64_t)ROUND, n - done));
    unlink(f.disk);
    unlink(f.rom);
    printf("%" PRIu64 " steps: %" PRIu64 " accesses taken, %" PRIu64 " to nothing, %" PRIu64
           " of a wrong size, %" PRIu64 " refused, %" PRIu64 " read-only; %" PRIu64 " resets, %" PRIu64
           " times of rest, %" PRIu64 " restores, %" PRIu64 " stops, %" PRIu64 " looks\n", n, f.results[MEM_OK],
           f.results[MEM_NOTHING], f.results[MEM_BAD_SIZE], f.results[MEM_REFUSED],
           f.results[MEM_READ_ONLY], f.resets, f.ends[BOARD_LIMIT], f.restores, f.stops, f.looks);
    /* A fuzzer that mostly misses tests nothing. */
    return n >= ROUND && f.results[MEM_OK] < n / 4 ? 1 : 0;
}
