/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addends that are guessed. A load whose address was loaded itself, or is made of a product (a hash, a random number),
 * waits for the look-up before it can begin: address to index, index to addend, addend to data. The addends of
 * neighbouring pages mostly are the same (linear maps, large pages), so such a load in a region or a loop takes the one
 * that it found last, and compares it with the entry's beside:
 *
 *     mov  reg, [r13 + home]            of this place in the code: mmu_set.homes
 *     cmp  reg, [r13 + rcx + addend]
 *     jne  stub                         takes the entry's, which is the next guess
 *
 * A wrong guess costs a mispredicted branch of the host. Where they are many, the unit's guesses are
 * overwritten by plain look-ups.
 */
#include "core/exec/x86_64/gen.h"
#include "core/timing/model.h"
#include "core/util/bits.h"

#define MISSES    4096u             /* wrong guesses of a unit between looks at the time that they took */
#define MAX_HOMES 96u
#define STEPS     8u                /* operations between an address and the product in it; an element's takes five */
#define SCRATCH   56                /* in the frame: no call out has so many arguments */

/* What a unit guesses; lives as long as its code. */
struct x86_homes {
    struct exec_backend *be;
    uint32_t left;                  /* wrong guesses until the next look */
    uint32_t n;
    uint64_t since;                 /* cycles, at the last look */
    struct {
        uint32_t at, back;          /* the code of one guess */
        uint8_t reg;
    } of[MAX_HOMES];
};

static struct x86_mem addend_mem(void)
{
    return (struct x86_mem){ .base = R13, .index = RCX,
                             .disp = (int32_t)(offsetof(struct mmu_set, load) + offsetof(struct mmu_entry, addend)) };
}

/* The instruction that made v, seen through extensions. */
static const struct ir_inst *origin(const struct ir_unit *u, uint16_t v)
{
    const struct ir_inst *in = &u->insts[v];
    while (in->op == IR_TRUNC || in->op == IR_SEXT || in->op == IR_ZEXT)
        in = &u->insts[in->a];
    return in;
}

/* Slots that the unit puts into what it loaded. */
void x86_find_loaded(struct x86_gen *g)
{
    memset(g->loaded, 0, sizeof(g->loaded));
    for (uint32_t i = 0; i < g->u->n_insts; i++) {
        const struct ir_inst *in = &g->u->insts[i];
        if (in->op == IR_PUT && origin(g->u, in->a)->op == IR_LOAD)
            g->loaded[in->imm / 64] |= BIT(in->imm % 64);
    }
}

/* Was address v loaded, or a constant less? Others are known long before: there the comparison would be all that a guess brings. */
static bool is_loaded(const struct x86_gen *g, uint16_t v)
{
    const struct ir_inst *in = origin(g->u, v);
    if (in->op == IR_ADD && g->u->insts[in->b].op == IR_CONST)
        in = origin(g->u, in->a);
    return in->op == IR_LOAD || (in->op == IR_GET && (g->loaded[in->imm / 64] >> in->imm % 64 & 1));
}

/*
 * Is v made of a product or a quotient, in its block? What a slot brings from elsewhere may be a row's number, which stands
 * still where columns are counted.
 */
static bool has_product(const struct ir_unit *u, uint16_t v, unsigned steps)
{
    const struct ir_inst *in = &u->insts[v];
    switch (in->op) {
    case IR_MUL: case IR_MULHS: case IR_MULHU: case IR_MULHSU: case IR_DIVS: case IR_DIVU: case IR_REMS: case IR_REMU:
        return true;
    case IR_TRUNC: case IR_SEXT: case IR_ZEXT: case IR_EXTRACT: case IR_SHL: case IR_SHR: case IR_SAR:
        return steps > 0 && has_product(u, in->a, steps - 1);
    case IR_ADD: case IR_SUB: case IR_AND: case IR_OR: case IR_XOR:
        return steps > 0 && (has_product(u, in->a, steps - 1) || has_product(u, in->b, steps - 1));
    default:
        return false;
    }
}

bool x86_can_guess(struct x86_gen *g, uint16_t address)
{
    if (!(g->b->region || g->loops) || g->be->shared) /* code that other threads run is not to be overwritten */
        return false;
    if (!is_loaded(g, address) && !has_product(g->u, address, STEPS))
        return false;
    if (g->homes == NULL) {
        g->homes = ARENA_NEW(g->arena, struct x86_homes);
        if (g->homes == NULL)
            return false;
        g->homes->be = g->be;
        g->homes->left = MISSES;
        struct ir_inst none = { .op = IR_INSN, .imm = (int64_t)(intptr_t)g->homes };
        g->homes_site = x86_site(g, &none, x86_out_homes);
    }
    return g->homes->n < MAX_HOMES;
}

static struct x86_mem home_mem(int32_t at)
{
    uint32_t k = (uint32_t)at / 2 % MMU_HOMES; /* of an instruction: neighbours have different ones */
    return mem_at(R13, (int32_t)(offsetof(struct mmu_set, homes) + k * sizeof(uint64_t)));
}

void x86_emit_home(struct x86_gen *g, unsigned reg)
{
    struct stub *s = x86_stub(g, STUB_HOME);
    struct x86_mem home = home_mem(g->site.at);
    s->edge = g->homes->n++;
    s->reg = (uint8_t)reg;
    s->disp = home.disp;
    g->homes->of[s->edge].at = asm_offset(g->a);
    g->homes->of[s->edge].reg = (uint8_t)reg;
    asm_rm(g->a, 0x8b | OP_W, reg, home);
    asm_rm(g->a, ALU_CMP | OP_W, reg, addend_mem());
    x86_stub_jcc(g, s, CC_NE);
    s->back = g->homes->of[s->edge].back = asm_offset(g->a);
}

void x86_emit_missed_home(struct x86_gen *g, const struct stub *s)
{
    struct x86_asm *a = g->a;
    asm_mov_ri(a, RDX, (uint64_t)(uintptr_t)&g->homes->left);
    asm_rm(a, 0xff, 1, mem_at(RDX, 0)); /* dec */
    uint8_t *look = asm_jcc8(a, CC_E);
    asm_rm(a, 0x8b | OP_W, s->reg, addend_mem());
    asm_rm(a, 0x89 | OP_W, s->reg, mem_at(R13, (int32_t)s->disp));
    asm_jmp(a, s->back);
    asm_here(a, look);
    asm_rm(a, 0x89 | OP_W, RCX, mem_at(RSP, SCRATCH));
    x86_call_out(g, g->homes_site);
    asm_rm(a, 0x8b | OP_W, RCX, mem_at(RSP, SCRATCH));
    asm_jmp(a, g->homes->of[s->edge].at);
}

static void guess_no_more(const struct x86_homes *h)
{
    struct exec_backend *be = h->be;
    struct x86_asm a = { .start = be->rw };
    for (uint32_t k = 0; k < h->n; k++) {
        a.p = be->rw + h->of[k].at;
        asm_rm(&a, 0x8b | OP_W, h->of[k].reg, addend_mem());
        asm_8(&a, 0xeb); /* jmp */
        asm_8(&a, h->of[k].back - (asm_offset(&a) + 1));
    }
}

/* As many guesses as are looked at were wrong; imm: the struct x86_homes. */
int x86_out_homes(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b, uint64_t *frame,
                  uint64_t *result)
{
    (void)va, (void)b, (void)frame, (void)result;
    struct x86_homes *h = (struct x86_homes *)(intptr_t)s->inst.imm;
    uint64_t now = cpu_cycles(cpu);
    if (now - h->since < (uint64_t)MISSES * 4096)
        guess_no_more(h);
    h->left = MISSES;
    h->since = now;
    return 0;
}
