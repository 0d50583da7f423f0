/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_MMU_BARE_H
#define ORRERY_TEST_MMU_BARE_H
/* Two CPUs that are nothing but their MMUs, RAM, a device and page tables of RISC-V: for tests of the software TLB. */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "mmu/tlb.h"
#include "test/check_main.h"
#include "test/mmu/bare_cpu.h"
#include <stdio.h>
#include <string.h>

#define BASE  0x80000000ull
#define SIZE  (4u << 20)
#define MMIO  0x10000000ull
enum { V = 1, R = 2, W = 4, X = 8, U = 16, A = 64, D = 128 };
#define LEAF(pa, bits) ((pa) >> 12 << 10 | V | R | W | X | A | D | (bits))

/* Root tables of two address spaces are at BASE and BASE + 16K. */
struct box {
    struct machine *m;
    struct mem_ram *ram;
    struct bare *cpu[2];
    uint64_t mmio_reads, mmio_writes, mmio_value;
    ps_t mmio_time;
};

static enum mem_result device_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                   const struct mem_attrs *attrs)
{
    struct box *b = arg;
    (void)offset, (void)attrs;
    b->mmio_reads++;
    b->mmio_time = ev_now(b->m->queue);
    *value = zext(0x8877665544332211, size == 1 ? 8 : 64); /* wider: more bits than asked for */
    return MEM_OK;
}

static enum mem_result device_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                    const struct mem_attrs *attrs)
{
    struct box *b = arg;
    (void)offset, (void)size, (void)attrs;
    b->mmio_writes++;
    b->mmio_value = value;
    return MEM_OK;
}
static const struct mmio_ops device_ops = { device_read, device_write, 1 | 2 | 4 | 8, false };

static void report_written(void *arg, struct mem_ram *ram, uint64_t offset, uint64_t n)
{
    mmu_ram_written(arg, ram, offset, n);
}

static struct box *open_box(void)
{
    static struct box box;
    struct err e;
    box = (struct box){ 0 };
    ck_assert_int_eq(machine_create(&box.m, stderr, &e), 0);
    ck_assert_int_eq(machine_add_ram(box.m, "ram", SIZE, &box.ram, &e), 0);
    ck_assert_int_eq(mem_add_ram(box.m->memory, "ram", BASE, box.ram, 0, SIZE, 0, NULL, &e), 0);
    ck_assert_int_eq(mem_add_mmio(box.m->memory, "device", MMIO, 0x1000, 0, &device_ops, &box, NULL,
                                  &e), 0);
    box.ram->written = report_written;
    box.ram->written_arg = box.m;
    for (uint32_t i = 0; i < 2; i++) {
        struct cpu *c;
        ck_assert_int_eq(cpu_create(&c, box.m, &bare_isa, i, 1000000000u, &e), 0);
        box.cpu[i] = (struct bare *)c;
        box.cpu[i]->r = (struct mmu_rv_regime){ .memory = box.m->memory, .privilege = 1, .cpu = c };
        c->uniform = 1;
        ck_assert_int_eq(mmu_attach(c, &e), 0);
        mmu_select(c, 0, 0, 0);
    }
    return &box;
}

static void close_box(struct box *b)
{
    mmu_detach(&b->cpu[0]->cpu);
    mmu_detach(&b->cpu[1]->cpu);
    machine_destroy(b->m);
}

static uint64_t *word(struct box *b, pa_t pa)
{
    return (uint64_t *)(void *)(b->ram->host + (pa - BASE));
}

/* Space `s`: a root, a level-1 table for the first GiB and a level-0 table for its first 2 MiB. */
static pa_t root_of(unsigned s)
{
    return BASE + s * 0x4000;
}

static void open_spaces(struct box *b)
{
    for (unsigned s = 0; s < 2; s++) {
        *word(b, root_of(s)) = (root_of(s) + 0x1000) >> 12 << 10 | V;
        *word(b, root_of(s) + 0x1000) = (root_of(s) + 0x2000) >> 12 << 10 | V;
    }
}

static uint64_t *pte(struct box *b, unsigned s, unsigned page)
{
    return word(b, root_of(s) + 0x2000 + 8 * page);
}

static void use_space(struct bare *c, unsigned s)
{
    c->r.satp = 8ull << 60 | root_of(s) >> 12;
    mmu_select(&c->cpu, c->r.privilege, s + 1, 0);
}

/* As an executor does it: probe, then the slow path. */
static int load(struct cpu *cpu, va_t va, unsigned bytes, uint64_t *v)
{
    const struct mmu_entry *e = &cpu->set->load[mmu_way(cpu->set, va)];
    if ((va ^ e->tag) <= MEM_PAGE - bytes) {
        *v = ld_le((const uint8_t *)(uintptr_t)(va + e->addend), bytes);
        return 0;
    }
    return mmu_slow_load(cpu, va, log2_floor(bytes), v);
}

static int store(struct cpu *cpu, va_t va, unsigned bytes, uint64_t v)
{
    const struct mmu_entry *e = &cpu->set->store[mmu_way(cpu->set, va)];
    if ((va ^ e->tag) <= MEM_PAGE - bytes) {
        st_le((uint8_t *)(uintptr_t)(va + e->addend), v, bytes);
        return 0;
    }
    return mmu_slow_store(cpu, va, log2_floor(bytes), v);
}

static bool cached(const struct mmu_entry *ways, va_t va)
{
    return ways[va >> 12 & (MMU_WAYS - 1)].tag == (va & ~0xfffull);
}

#endif
