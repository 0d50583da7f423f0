/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions of memory tagging: Arm ARM, C6.2 (ADDG ... SUBPS). The tag of an address is in its bits
 * 59:56. With FEAT_MTE alone, and wherever access to tags is off, they are there and tags read as 0.
 */
#include "core/util/bits.h"
#include "cpu/arm64/bits.h"
#include "cpu/arm64/translate_impl.h"
#include "mmu/tlb.h"

#define TAG 59, 56
enum { EXCLUDE = 0xffff, GMID_BYTES = 256 };

/* ---- registers ---- */
uint64_t a64_helper_addg(struct cpu *cpu, uint64_t from, uint64_t offset, uint64_t by, uint64_t d)
{
    const struct a64_cpu *a = A64_CPU(cpu);
    unsigned tag = 0;
    (void)d;
    if (a64_mte_access(a, (unsigned)a->el))
        tag = a64_mte_choose_tag((unsigned)F_GET(from, TAG), (unsigned)by, a->gcr_el1 & EXCLUDE);
    return F_PUT(from + offset, TAG, tag);
}

/* NextRandomTagBit(), four times: an LFSR in RGSR_EL1.SEED (bits 23:8). */
static unsigned random_tag(struct a64_cpu *a)
{
    uint64_t seed = a->rgsr_el1 >> 8 & 0xffff;
    unsigned tag = 0;
    for (unsigned i = 0; i < 4; i++) {
        unsigned top = (seed >> 5 ^ seed >> 3 ^ seed >> 2 ^ seed) & 1;
        seed = seed >> 1 | (uint64_t)top << 15;
        tag |= top << i;
    }
    a->rgsr_el1 = (a->rgsr_el1 & ~0xffff00ull) | seed << 8;
    return tag;
}

/* With RRND = 1 the tag is random however it is made; the LFSR only must not stand still at 0. */
static void seed_if_empty(struct a64_cpu *a)
{
    if (!(a->gcr_el1 >> 16 & 1) || (a->rgsr_el1 >> 8 & 0xffff) != 0)
        return;
    struct machine_random r;
    machine_random_init(&r, a->cpu.machine, a->cpu.name);
    a->rgsr_el1 |= ((machine_random_next(&r) & 0xffff) | 1) << 8;
}

uint64_t a64_helper_irg(struct cpu *cpu, uint64_t from, uint64_t exclude, uint64_t c, uint64_t d)
{
    struct a64_cpu *a = A64_CPU(cpu);
    unsigned tag = 0;
    (void)c, (void)d;
    if (a64_mte_access(a, (unsigned)a->el)) {
        seed_if_empty(a);
        unsigned offset = random_tag(a);
        tag = a64_mte_choose_tag(a->rgsr_el1 & 15, offset, (exclude | a->gcr_el1) & EXCLUDE);
        a->rgsr_el1 = (a->rgsr_el1 & ~15ull) | tag;
    }
    return F_PUT(from, TAG, tag);
}

static void addg(struct a64_tr *t, unsigned subtract)
{
    uint64_t offset = subtract ? 0 - (uint64_t)t->d.imm : (uint64_t)t->d.imm;
    ir_val_t r = ir_call(t->u, IR_I64, A64_HELPER_addg, a64_xsp(t, IR_I64, t->d.rn), a64_const(t, offset),
                         a64_const(t, t->d.tag), IR_NONE);
    a64_put_xsp(t, IR_I64, t->d.rd, r);
}

static void irg(struct a64_tr *t, unsigned arg)
{
    ir_val_t n = a64_xsp(t, IR_I64, t->d.rn), m = a64_x(t, IR_I64, t->d.rm);
    (void)arg;
    a64_put_xsp(t, IR_I64, t->d.rd, ir_call(t->u, IR_I64, A64_HELPER_irg, n, m, IR_NONE, IR_NONE));
}

static void gmi(struct a64_tr *t, unsigned arg)
{
    struct ir_unit *u = t->u;
    ir_val_t tag = ir_extract(u, IR_I64, a64_xsp(t, IR_I64, t->d.rn), 56, 4);
    (void)arg;
    ir_val_t bit = ir_shl(u, IR_I64, a64_const(t, 1), tag);
    a64_put_x(t, IR_I64, t->d.rd, ir_or(u, IR_I64, a64_x(t, IR_I64, t->d.rm), bit));
}

static ir_val_t address_only(struct a64_tr *t, unsigned rn)
{
    return ir_op2i(t->u, IR_SAR, IR_I64, ir_op2i(t->u, IR_SHL, IR_I64, a64_xsp(t, IR_I64, rn), 8), 8);
}

static void subp(struct a64_tr *t, unsigned flags)
{
    ir_val_t a = address_only(t, t->d.rn), b = address_only(t, t->d.rm), r = ir_sub(t->u, IR_I64, a, b);
    if (flags)
        a64_set_flags_sub(t, IR_I64, a, b, r);
    a64_put_x(t, IR_I64, t->d.rd, r);
}

/* ---- memory ---- */
static bool aligned(struct cpu *cpu, va_t va)
{
    if ((va & (MEM_TAG_GRANULE - 1)) == 0)
        return true;
    a64_raise_align(cpu, va, CPU_STORE);
    return false;
}

static bool store_pair(struct cpu *cpu, va_t va, uint64_t first, uint64_t second)
{
    uint64_t v[2] = { first, second };
    return mmu_slow_store128(cpu, va, 4, v) == 0;
}

/* STG to STZ2G: `bytes` is 16 or 32, +1: zero them. */
uint64_t a64_helper_stg(struct cpu *cpu, uint64_t va, uint64_t tag, uint64_t bytes, uint64_t d)
{
    (void)d;
    if (!aligned(cpu, va))
        return 0;
    for (va_t at = va; at - va < (bytes & ~1ull); at += MEM_TAG_GRANULE)
        if (((bytes & 1) && !store_pair(cpu, at, 0, 0)) ||
            !a64_mte_store_tags(A64_CPU(cpu), at, MEM_TAG_GRANULE, (unsigned)tag, INSN_MEM_WRITE))
            break;
    return 0;
}

uint64_t a64_helper_stgp(struct cpu *cpu, uint64_t va, uint64_t first, uint64_t second, uint64_t d)
{
    (void)d;
    if (aligned(cpu, va) && store_pair(cpu, va, first, second))
        a64_mte_store_tags(A64_CPU(cpu), va, MEM_TAG_GRANULE, (unsigned)F_GET(va, TAG), INSN_MEM_WRITE);
    return 0;
}

uint64_t a64_helper_ldg(struct cpu *cpu, uint64_t va, uint64_t b, uint64_t c, uint64_t d)
{
    unsigned tag;
    (void)b, (void)c, (void)d;
    a64_mte_load_tag(A64_CPU(cpu), va & ~(uint64_t)(MEM_TAG_GRANULE - 1), &tag);
    return tag;
}

/* LDGM, STGM: as many tags as fit into a register (GMID_EL1.BS = 6). */
uint64_t a64_helper_ldgm(struct cpu *cpu, uint64_t va, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t tags = 0;
    (void)b, (void)c, (void)d;
    va &= ~(uint64_t)(GMID_BYTES - 1);
    for (unsigned i = 0; i < GMID_BYTES / MEM_TAG_GRANULE; i++) {
        unsigned tag;
        if (!a64_mte_load_tag(A64_CPU(cpu), va + i * MEM_TAG_GRANULE, &tag))
            break;
        tags |= (uint64_t)tag << 4 * i;
    }
    return tags;
}

uint64_t a64_helper_stgm(struct cpu *cpu, uint64_t va, uint64_t tags, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    va &= ~(uint64_t)(GMID_BYTES - 1);
    for (unsigned i = 0; i < GMID_BYTES / MEM_TAG_GRANULE; i++)
        if (!a64_mte_store_tags(A64_CPU(cpu), va + i * MEM_TAG_GRANULE, MEM_TAG_GRANULE,
                                tags >> 4 * i & 15, INSN_MEM_WRITE))
            break;
    return 0;
}

/* A block of DC ZVA's size, zeroed if wanted, with one tag: DC GVA, DC GZVA, STZGM. */
void a64_mte_set_block(struct a64_cpu *a, va_t va, unsigned tag, bool zero)
{
    uint64_t size = 4ull << (a->config->dczid & 15);
    va &= ~(size - 1);
    if (zero)
        a64_zero_block(a, va, size);
    if (!(a->cpu.exit & CPU_EXIT_EXCEPTION))
        a64_mte_store_tags(a, va, size, tag, INSN_MEM_WRITE);
}

uint64_t a64_helper_stzgm(struct cpu *cpu, uint64_t va, uint64_t tag, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    a64_mte_set_block(A64_CPU(cpu), va, tag & 15, true);
    return 0;
}

/* ---- translation. Arguments of stores: bytes and "zero" as above, and how the base is stepped ---- */
enum { BYTES = 0x3f, PRE = 0x100, POST = 0x200,
       WRITES_TAGS = INSN_MEM_WRITE | A64_ACCESS_ALIGNED | MEM_TAG_GRANULE << A64_ACCESS_ELEMENT };

/* [Xn, #imm] and its kin; unchecked, but watchpoints and SP's alignment are as everywhere. */
static ir_val_t address(struct a64_tr *t, unsigned arg, unsigned bytes, unsigned kind, ir_val_t *back)
{
    ir_val_t base = a64_xsp(t, IR_I64, t->d.rn);
    ir_val_t stepped = t->d.imm != 0 ? ir_op2i(t->u, IR_ADD, IR_I64, base, (uint64_t)t->d.imm) : base;
    ir_val_t va = arg & POST ? base : stepped;
    *back = arg & (PRE | POST) ? stepped : IR_NONE;
    a64_check_access(t, t->d.rn, va, 0, bytes, kind, false);
    return va;
}

static void write_back(struct a64_tr *t, ir_val_t back)
{
    if (back != IR_NONE)
        a64_write_back(t, t->d.rn, back, t->d.imm);
}

static void stg(struct a64_tr *t, unsigned arg)
{
    ir_val_t back, va = address(t, arg, arg & BYTES & ~1u, WRITES_TAGS, &back);
    ir_val_t tag = ir_extract(t->u, IR_I64, a64_xsp(t, IR_I64, t->d.rt), 56, 4);
    ir_call(t->u, IR_VOID, A64_HELPER_stg, va, tag, a64_const(t, arg & BYTES), IR_NONE);
    write_back(t, back);
}

static void stgp(struct a64_tr *t, unsigned arg)
{
    ir_val_t back, va = address(t, arg, MEM_TAG_GRANULE, WRITES_TAGS, &back);
    ir_val_t first = a64_x(t, IR_I64, t->d.rt), second = a64_x(t, IR_I64, t->d.rt2);
    if (t->mode & A64_MODE_BE) {
        first = ir_bswap(t->u, IR_I64, first);
        second = ir_bswap(t->u, IR_I64, second);
    }
    ir_call(t->u, IR_VOID, A64_HELPER_stgp, va, first, second, IR_NONE);
    write_back(t, back);
}

static void ldg(struct a64_tr *t, unsigned arg)
{
    ir_val_t back, va = address(t, arg, MEM_TAG_GRANULE, INSN_MEM_READ | 1u << A64_ACCESS_ELEMENT, &back);
    ir_val_t tag = ir_call(t->u, IR_I64, A64_HELPER_ldg, va, IR_NONE, IR_NONE, IR_NONE);
    a64_put_x(t, IR_I64, t->d.rt, ir_deposit(t->u, IR_I64, a64_x(t, IR_I64, t->d.rt), tag, 56, 4));
}

/* LDGM, STGM, STZGM: not for EL0. */
static void multiple(struct a64_tr *t, unsigned helper)
{
    if ((t->mode & A64_MODE_EL) == 0) {
        a64_undefined(t);
        return;
    }
    bool loads = helper == A64_HELPER_ldgm;
    ir_val_t va = a64_xsp(t, IR_I64, t->d.rn);
    a64_check_access(t, t->d.rn, va, 0, 1, loads ? INSN_MEM_READ : INSN_MEM_WRITE, false);
    ir_val_t v = loads ? IR_NONE : a64_x(t, IR_I64, t->d.rt);
    v = ir_call(t->u, loads ? IR_I64 : IR_VOID, helper, va, v, IR_NONE, IR_NONE);
    if (loads)
        a64_put_x(t, IR_I64, t->d.rt, v);
}

/* clang-format off */
#define STORE(name, arg)                                                                           \
    { A64_INSN_##name, 0, stg, arg }, { A64_INSN_##name##_POST, 0, stg, (arg) | POST },            \
    { A64_INSN_##name##_PRE, 0, stg, (arg) | PRE }
const struct a64_semantics a64_mte_rows[] = {
    { A64_INSN_ADDG, 0, addg, 0 },  { A64_INSN_SUBG, 0, addg, 1 },
    { A64_INSN_IRG, 0, irg, 0 },    { A64_INSN_GMI, 0, gmi, 0 },
    { A64_INSN_SUBP, 0, subp, 0 },  { A64_INSN_SUBPS, 0, subp, 1 },
    STORE(STG, 16), STORE(STZG, 16 | 1), STORE(ST2G, 32), STORE(STZ2G, 32 | 1),
    { A64_INSN_STGP, 0, stgp, 0 },  { A64_INSN_STGP_POST, 0, stgp, POST },
    { A64_INSN_STGP_PRE, 0, stgp, PRE },
    { A64_INSN_LDG, 0, ldg, 0 },
    { A64_INSN_LDGM, 0, multiple, A64_HELPER_ldgm },   { A64_INSN_STGM, 0, multiple, A64_HELPER_stgm },
    { A64_INSN_STZGM, 0, multiple, A64_HELPER_stzgm },
    A64_ROWS_END
};
/* clang-format on */
