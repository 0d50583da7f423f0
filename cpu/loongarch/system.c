/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System instructions: manual, "Other Miscellaneous Instructions", "Barrier Instructions" and chapter "Overview of
 * Privileged Resources".
 */
#include "cpu/loongarch/system_impl.h"

void la_leave(struct la_tr *t)
{
    ir_exit(t->u, IR_EXIT_LOOKUP, la_next(t));
    t->ended = true;
}

/* ---- CSRs ---- */
enum { MISC_RPCNTL = 8 /* + level */, MISC_ALCL0 = 12 };

uint64_t la_access_csr(struct la_cpu *la, uint64_t a, uint64_t operand, uint64_t mask)
{
    const struct la_csr *csr = &la_csrs[a & 0xff];
    uint32_t index = a >> 8 & 0xff, op = a >> 16 & 3;
    uint64_t old = la_csr_read_row(la, csr, index);
    if (op == LA_CSR_WRITE)
        la_csr_write_row(la, csr, index, operand);
    else if (op == LA_CSR_EXCHANGE)
        la_csr_write_row(la, csr, index, (old & ~mask) | (operand & mask));
    return old;
}

uint64_t la_helper_csr(struct cpu *cpu, uint64_t a, uint64_t operand, uint64_t mask, uint64_t d)
{
    (void)d;
    return la_access_csr(LA_CPU(cpu), a, operand, mask);
}

uint64_t la_helper_csr_light(struct cpu *cpu, uint64_t a, uint64_t operand, uint64_t mask, uint64_t d)
{
    (void)d;
    return la_access_csr(LA_CPU(cpu), a, operand, mask);
}

uint64_t la_helper_csr_read(struct cpu *cpu, uint64_t a, uint64_t operand, uint64_t mask, uint64_t d)
{
    (void)operand, (void)mask, (void)d;
    return la_csr_read_row(LA_CPU(cpu), &la_csrs[a & 0xff], a >> 8 & 0xff);
}

uint64_t la_helper_csr_mode(struct cpu *cpu, uint64_t a, uint64_t operand, uint64_t mask, uint64_t d)
{
    struct la_cpu *la = LA_CPU(cpu);
    unsigned rd = a >> 20 & 31;
    (void)d;
    uint64_t old = la_access_csr(la, a, operand, mask);
    if (rd != 0)
        la->r[rd] = old;
    return 0;
}

/* MISC.RPCNTL lets other levels than PLV0 read counters. */
uint64_t la_helper_may_read_counter(struct cpu *cpu, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    struct la_cpu *la = LA_CPU(cpu);
    (void)b, (void)c, (void)d, (void)e;
    if (!(la->csr.misc >> (MISC_RPCNTL + la_plv(la)) & 1))
        la_raise(la, LA_IPE, 0);
    return 0;
}

static bool is_counter(const struct la_csr *row)
{
    return row != NULL && row->number == LA_CSR_PMCFG0 + 1;
}

/* Counter n, in guest mode. */
uint64_t la_helper_guests_counter(struct cpu *cpu, uint64_t n, uint64_t c, uint64_t d, uint64_t e)
{
    (void)c, (void)d, (void)e;
    if (n >= la_guest_counters(LA_CPU(cpu)))
        cpu_raise(cpu, LA_GSPR, 0, 0, LA_FAULT_EXIT);
    return 0;
}

/* The value to write; the old one is in `old`. */
static ir_val_t written(struct la_tr *t, uint32_t op, ir_val_t old)
{
    struct ir_unit *u = t->u;
    ir_val_t value = la_r(t, IR_I64, t->d.rd);
    if (op == LA_CSR_WRITE)
        return value;
    ir_val_t mask = la_r(t, IR_I64, t->d.rj), diff = ir_op2(u, IR_XOR, IR_I64, old, value);
    return ir_op2(u, IR_XOR, IR_I64, old, ir_op2(u, IR_AND, IR_I64, diff, mask));
}

/* A register that is a slot. */
static void slot_csr(struct la_tr *t, const struct la_csr *row, uint32_t index, uint32_t op)
{
    unsigned slot = row->slot + index;
    ir_val_t old = ir_get(t->u, slot);
    if (op != LA_CSR_READ) {
        ir_val_t value = written(t, op, old);
        if (row->mask != ~0ull)
            value = ir_op2i(t->u, IR_AND, IR_I64, value, row->mask);
        ir_put(t->u, slot, value);
    }
    la_put_r(t, IR_I64, t->d.rd, old);
}

/* CSR.PGD, which every refill reads. */
static void read_pgd(struct la_tr *t)
{
    struct ir_unit *u = t->u;
    unsigned bad = t->mode & LA_MODE_TLBR ? LA_SLOT_TLBRBADV : LA_SLOT_BADV;
    ir_val_t high = ir_extract(u, IR_I64, ir_get(u, bad), t->la->config->mmu.va_bits - 1u, 1);
    la_put_r(t, IR_I64, t->d.rd,
             ir_select(u, IR_I64, high, ir_get(u, LA_SLOT_PGDH), ir_get(u, LA_SLOT_PGDL)));
}

static void call_csr(struct la_tr *t, const struct la_csr *row, uint32_t index, uint32_t op)
{
    struct ir_unit *u = t->u;
    bool ends = op != LA_CSR_READ && row->ends_block;
    bool light = !row->timed && !ends && row->write == NULL && row->wrote == NULL;
    uint64_t what = (uint64_t)(row - la_csrs) | (uint64_t)index << 8 | (uint64_t)op << 16 | (uint64_t)t->d.rd << 20;
    ir_val_t a = la_const(t, what);
    ir_val_t operand = op == LA_CSR_READ ? la_const(t, 0) : la_r(t, IR_I64, t->d.rd);
    ir_val_t mask = op == LA_CSR_EXCHANGE ? la_r(t, IR_I64, t->d.rj) : la_const(t, 0);
    if (ends) {
        ir_call(u, IR_VOID, LA_HELPER_csr_mode, a, operand, mask, IR_NONE);
        la_leave(t);
        return;
    }
    /* A read that changes nothing; other threads may drive a CPU's lines, which ESTAT shows. */
    bool read = op == LA_CSR_READ && row->peek == NULL && !t->la->cpu.machine->parallel;
    unsigned helper = light ? LA_HELPER_csr_light : read ? LA_HELPER_csr_read : LA_HELPER_csr;
    la_put_r(t, IR_I64, t->d.rd, ir_call(u, IR_I64, helper, a, operand, mask, IR_NONE));
}

static void csr(struct la_tr *t, unsigned op)
{
    uint32_t index = 0;
    const struct la_csr *row = la_csr_find(t->la->config, (uint32_t)t->d.csr, &index);
    if ((t->mode & LA_MODE_PLV) != 0) {
        if (op != LA_CSR_READ || !is_counter(row)) {
            la_raises(t, LA_IPE);
            return;
        }
        ir_call(t->u, IR_VOID, LA_HELPER_may_read_counter, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    }
    if ((t->mode & LA_MODE_GUEST) && (row == NULL || !row->guest)) {
        la_exits(t, LA_GSPR);
        return;
    }
    if ((t->mode & LA_MODE_GUEST) && (is_counter(row) || row->number == LA_CSR_PMCFG0))
        ir_call(t->u, IR_VOID, LA_HELPER_guests_counter, la_const(t, index), IR_NONE, IR_NONE, IR_NONE);
    if (row == NULL) /* reads 0, ignores writes */
        la_put_r(t, IR_I64, t->d.rd, la_const(t, 0));
    else if (row->slot != 0 && (op == LA_CSR_READ || row->write == NULL))
        slot_csr(t, row, index, op);
    else if (row->number == LA_CSR_PGD && op == LA_CSR_READ)
        read_pgd(t);
    else
        call_csr(t, row, index, op);
}

/* ---- IOCSRs ---- */
/* Parts ask what time it is, and their accesses are traced with it: this instruction's. */
static struct mem_attrs iocsr_attrs(const struct cpu *cpu)
{
    ev_set_now(cpu->machine->queue, cpu_now(cpu));
    return (struct mem_attrs){ .requester = MEM_REQUESTER_CPU + cpu->index };
}

/* MISC.ALCL is about these as well (footnote of its table). */
static bool is_misaligned(struct cpu *cpu, uint64_t at, uint64_t size, enum cpu_access access)
{
    bool wrong = (at & (size - 1)) != 0 && (LA_CPU(cpu)->csr.misc >> MISC_ALCL0 & 1);
    if (wrong)
        la_raise_align(cpu, at, access);
    return wrong;
}

/* What nobody answers reads 0. */
static uint64_t read_iocsr(struct cpu *cpu, uint64_t at, uint64_t size)
{
    const struct mem_attrs attrs = iocsr_attrs(cpu);
    uint64_t value;
    if (is_misaligned(cpu, at, size, CPU_LOAD))
        return 0;
    if (mem_load(LA_CPU(cpu)->iocsr, (uint32_t)at, (unsigned)size, &value, &attrs) != MEM_OK)
        return 0;
    return sext(value, 8 * (unsigned)size);
}

static uint64_t write_iocsr(struct cpu *cpu, uint64_t at, uint64_t size, uint64_t value)
{
    const struct mem_attrs attrs = iocsr_attrs(cpu);
    if (is_misaligned(cpu, at, size, CPU_STORE))
        return 0;
    if (mem_store(LA_CPU(cpu)->iocsr, (uint32_t)at, (unsigned)size, value, &attrs) != MEM_OK)
        return 0; /* lost */
    return 0;
}

uint64_t la_helper_iocsrrd(struct cpu *cpu, uint64_t at, uint64_t size, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    return read_iocsr(cpu, at, size);
}

uint64_t la_helper_iocsrrd_light(struct cpu *cpu, uint64_t at, uint64_t size, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    return read_iocsr(cpu, at, size);
}

uint64_t la_helper_iocsrwr(struct cpu *cpu, uint64_t at, uint64_t size, uint64_t value, uint64_t d)
{
    (void)d;
    return write_iocsr(cpu, at, size, value);
}

uint64_t la_helper_iocsrwr_light(struct cpu *cpu, uint64_t at, uint64_t size, uint64_t value, uint64_t d)
{
    (void)d;
    return write_iocsr(cpu, at, size, value);
}

/*
 * Parts behind IOCSRs drive lines and set timers, with integers, and map nothing: light calls, but where CPUs run on several
 * threads, as those do not take the machine's lock.
 */
static bool is_light(const struct la_tr *t)
{
    return !t->la->cpu.machine->parallel;
}

static void iocsrrd(struct la_tr *t, unsigned size)
{
    if (la_is_sensitive(t))
        return;
    unsigned helper = is_light(t) ? LA_HELPER_iocsrrd_light : LA_HELPER_iocsrrd;
    la_put_r(t, IR_I64, t->d.rd, ir_call(t->u, IR_I64, helper, la_r(t, IR_I64, t->d.rj), la_const(t, size), IR_NONE,
                                         IR_NONE));
}

static void iocsrwr(struct la_tr *t, unsigned size)
{
    if (la_is_sensitive(t))
        return;
    unsigned helper = is_light(t) ? LA_HELPER_iocsrwr_light : LA_HELPER_iocsrwr;
    ir_call(t->u, IR_VOID, helper, la_r(t, IR_I64, t->d.rj), la_const(t, size), la_r(t, IR_I64, t->d.rd), IR_NONE);
}

/* ---- exceptions and their return ---- */
static void raises(struct la_tr *t, unsigned code)
{
    if (code == LA_DBCL && la_is_sensitive(t))
        return;
    la_raises(t, (enum la_ecode)code);
}

/*
 * System calls enter without being raised: the code is the instruction's own, and nothing of the block is undone. The
 * budget is looked at behind the jump, where what the change of mode lets in is taken.
 */
uint64_t la_helper_syscall(struct cpu *cpu, uint64_t pc, uint64_t word, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    cpu->pc = pc;
    la_enter(LA_CPU(cpu), LA_SYS, 0, (uint32_t)word);
    return cpu->pc;
}

static void system_call(struct la_tr *t, unsigned arg)
{
    (void)arg;
    ir_val_t to = ir_call(t->u, IR_I64, LA_HELPER_syscall, ir_pc(t->u, t->at), la_const(t, t->word), IR_NONE, IR_NONE);
    ir_jumpr(t->u, to, IR_LINK_MODE);
    t->ended = true;
}

uint64_t la_helper_ertn(struct cpu *cpu, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    (void)b, (void)c, (void)d, (void)e;
    la_ertn(LA_CPU(cpu));
    return cpu->pc;
}

static void ertn(struct la_tr *t, unsigned arg)
{
    (void)arg;
    ir_jumpr(t->u, ir_call(t->u, IR_I64, LA_HELPER_ertn, IR_NONE, IR_NONE, IR_NONE, IR_NONE), IR_LINK_MODE);
    t->ended = true;
}

static void idle(struct la_tr *t, unsigned arg)
{
    (void)arg;
    if (la_is_sensitive(t))
        return;
    ir_exit(t->u, IR_EXIT_IDLE, la_next(t));
    t->ended = true;
}

/* ASRTLE, ASRTGT: BCE, without a bad address. */
uint64_t la_helper_assertion(struct cpu *cpu, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    (void)b, (void)c, (void)d, (void)e;
    cpu_raise(cpu, LA_BCE, LA_CPU(cpu)->csr.badv, 0, 0);
    return 0;
}

static void assert_order(struct la_tr *t, unsigned fails)
{
    ir_val_t wrong = ir_setcc(t->u, IR_I64, (enum ir_cc)fails, la_r(t, IR_I64, t->d.rj), la_r(t, IR_I64, t->d.rk));
    ir_trap(t->u, wrong, LA_HELPER_assertion, 0);
}

/* ---- time, CPUCFG ---- */
enum { TIME_LOW, TIME_HIGH, TIME_ALL };

uint64_t la_helper_rdtime(struct cpu *cpu, uint64_t part, uint64_t b, uint64_t c, uint64_t d)
{
    const struct la_cpu *la = LA_CPU(cpu);
    uint64_t count = la_counter(la) + la_counter_offset(la);
    (void)b, (void)c, (void)d;
    return part == TIME_ALL ? count : sext(part == TIME_LOW ? count : count >> 32, 32);
}

uint64_t la_helper_tid(struct cpu *cpu, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    (void)b, (void)c, (void)d, (void)e;
    return sext(LA_CPU(cpu)->csr.tid, 32);
}

static void rdtime(struct la_tr *t, unsigned part)
{
    if (t->mode & LA_MODE_NO_TIME) {
        la_raises(t, LA_IPE);
        return;
    }
    la_put_r(t, IR_I64, t->d.rd, ir_call(t->u, IR_I64, LA_HELPER_rdtime, la_const(t, part), IR_NONE, IR_NONE, IR_NONE));
    if (t->d.rj != 0)
        la_put_r(t, IR_I64, t->d.rj, ir_call(t->u, IR_I64, LA_HELPER_tid, IR_NONE, IR_NONE, IR_NONE, IR_NONE));
}

uint64_t la_helper_cpucfg(struct cpu *cpu, uint64_t word, uint64_t b, uint64_t c, uint64_t d)
{
    const struct la_config *config = LA_CPU(cpu)->config;
    (void)b, (void)c, (void)d;
    return word < LA_CPUCFG_WORDS ? sext(config->cpucfg[word], 32) : 0;
}

static void cpucfg(struct la_tr *t, unsigned arg)
{
    (void)arg;
    if (la_is_sensitive(t))
        return;
    la_put_r(t, IR_I64, t->d.rd,
             ir_call(t->u, IR_I64, LA_HELPER_cpucfg, la_r(t, IR_I64, t->d.rj), IR_NONE, IR_NONE, IR_NONE));
}

/* ---- barriers, caches ---- */
/*
 * DBAR's hint (manual, table "hint meanings"): 3 and 2 leave reads and writes before it out, 1 and 0 those after it.
 * 700h is for loads of one address, which are never out of order here; others above 1Fh are not defined and full
 * barriers.
 */
static void dbar(struct la_tr *t, unsigned arg)
{
    uint32_t hint = t->d.code;
    enum ir_fence kind = IR_FENCE_FULL;
    (void)arg;
    if (hint == 0x700)
        return;
    if (hint <= 0x1f && ((hint & 4) || (hint & 2))) { /* not stores before loads */
        bool loads_only = (hint & 5) == 5, stores_only = (hint & 10) == 10;
        kind = loads_only ? IR_FENCE_LOADS : stores_only ? IR_FENCE_STORES : hint & 4 ? IR_FENCE_ACQ : IR_FENCE_REL;
    }
    ir_fence(t->u, kind);
}

/* Stores to code are seen as they are done, but for what of the running block was already fetched: it ends here. */
static void ibar(struct la_tr *t, unsigned arg)
{
    (void)arg;
    ir_fence(t->u, IR_FENCE_FULL);
    la_leave(t);
}

enum { CACOP_HIT = 2, CACOP_L1I = 0 };

/* Hit operations translate, and may fault as a load would. */
uint64_t la_helper_cacop(struct cpu *cpu, uint64_t va, uint64_t b, uint64_t c, uint64_t d)
{
    struct cpu_map map = { .size = 1 };
    (void)b, (void)c, (void)d;
    return (uint64_t)la_walk(cpu, va, CPU_LOAD, 0, false, &map);
}

/* There are no caches whose content could differ from memory. */
static void cacop(struct la_tr *t, unsigned arg)
{
    unsigned op = (unsigned)t->d.op;
    int64_t disp = t->d.imm;
    (void)arg;
    if (la_is_sensitive(t))
        return;
    if (op >> 3 == CACOP_HIT) {
        ir_val_t va = ir_op2i(t->u, IR_ADD, IR_I64, la_r(t, IR_I64, t->d.rj), (uint64_t)disp);
        ir_call(t->u, IR_VOID, LA_HELPER_cacop, va, IR_NONE, IR_NONE, IR_NONE);
    }
    if ((op & 7) == CACOP_L1I)
        la_leave(t);
}

/* clang-format off */
#define PRIV LA_SEM_PRIV
const struct la_semantics la_system_rows[] = {
    { LA_INSN_SYSCALL, 0, system_call, 0 },          { LA_INSN_BREAK, 0, raises, LA_BRK },
    { LA_INSN_DBCL, 0, raises, LA_DBCL },
    { LA_INSN_ASRTLE_D, 0, assert_order, IR_GTS }, { LA_INSN_ASRTGT_D, 0, assert_order, IR_LES },
    { LA_INSN_RDTIMEL_W, 0, rdtime, TIME_LOW },  { LA_INSN_RDTIMEH_W, 0, rdtime, TIME_HIGH },
    { LA_INSN_RDTIME_D, 0, rdtime, TIME_ALL },   { LA_INSN_CPUCFG, 0, cpucfg, 0 },
    { LA_INSN_CSRRD, 0, csr, LA_CSR_READ },         { LA_INSN_CSRWR, 0, csr, LA_CSR_WRITE },
    { LA_INSN_CSRXCHG, 0, csr, LA_CSR_EXCHANGE },
    { LA_INSN_IOCSRRD_B, PRIV, iocsrrd, 1 },     { LA_INSN_IOCSRRD_H, PRIV, iocsrrd, 2 },
    { LA_INSN_IOCSRRD_W, PRIV, iocsrrd, 4 },     { LA_INSN_IOCSRRD_D, PRIV, iocsrrd, 8 },
    { LA_INSN_IOCSRWR_B, PRIV, iocsrwr, 1 },     { LA_INSN_IOCSRWR_H, PRIV, iocsrwr, 2 },
    { LA_INSN_IOCSRWR_W, PRIV, iocsrwr, 4 },     { LA_INSN_IOCSRWR_D, PRIV, iocsrwr, 8 },
    { LA_INSN_CACOP, PRIV, cacop, 0 },
    { LA_INSN_TLBCLR, PRIV, la_tr_tlb, LA_TLBCLR },   { LA_INSN_TLBFLUSH, PRIV, la_tr_tlb, LA_TLBFLUSH },
    { LA_INSN_TLBSRCH, PRIV, la_tr_tlb, LA_TLBSRCH }, { LA_INSN_TLBRD, PRIV, la_tr_tlb, LA_TLBRD },
    { LA_INSN_TLBWR, PRIV, la_tr_tlb, LA_TLBWR },     { LA_INSN_TLBFILL, PRIV, la_tr_tlb, LA_TLBFILL },
    { LA_INSN_INVTLB, PRIV, la_tr_invtlb, 0 },
    { LA_INSN_LDDIR, PRIV, la_tr_lddir, 0 },     { LA_INSN_LDPTE, PRIV, la_tr_ldpte, 0 },
    { LA_INSN_ERTN, PRIV, ertn, 0 },             { LA_INSN_IDLE, PRIV, idle, 0 },
    { LA_INSN_DBAR, 0, dbar, 0 },                { LA_INSN_IBAR, 0, ibar, 0 },
    LA_ROWS_END
};
/* clang-format on */
