/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AArch64: machine and environment of random programs.
 *
 * A program is run in rounds. A round starts in BOOT, which takes level, translation, traps,
 * keys, FP control and all registers from its table. Exceptions skip the instruction that caused
 * them; SMC sometimes comes back at another level. A round ends when the program's end is
 * reached, when pc left the program, or at every other timer interrupt. The limit on
 * instructions ends the program.
 *
 * Handlers use TPIDR_ELx and FAR_ELx as scratch and no memory, so that they run whatever
 * the program did to alignment, byte order and data pages. A level that cannot go on calls the
 * next with SMC.
 */
#include "tools/orrery/fuzz_arm64.h"
#include "core/util/bytes.h"
#include <string.h>

/* ---- values ---- */

uint64_t fuzz_a64_integer(struct fuzz_random *r)
{
    const uint64_t own[] = { RAM + DATA, RAM + DATA + 0xffd, RAM + CODE, DEVICE, ALIAS + DATA,
                             RAM + DATA + fuzz_below(r, DATA_BYTES) };
    return fuzz_integer(r, own, ARRAY_LEN(own));
}

/* Lanes of one format; a scalar has other bits above it. */
void fuzz_a64_vector(struct fuzz_random *r, uint64_t v[2])
{
    static const uint8_t formats[][3] = {
        { 64, 11, 52 }, { 32, 8, 23 }, { 16, 5, 10 }, { 16, 8, 7 }
    };
    static const uint8_t bytes[] = { 0, 1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff, 0x40, 0x3f, 8, 16 };
    uint32_t kind = fuzz_below(r, 10);
    if (kind >= 8) {
        v[0] = fuzz_a64_integer(r);
        v[1] = fuzz_a64_integer(r);
        return;
    }
    v[0] = v[1] = 0;
    if (kind == 7) {
        for (unsigned i = 0; i < 128; i += 8)
            v[i / 64] |= (uint64_t)bytes[fuzz_below(r, ARRAY_LEN(bytes))] << i % 64;
        return;
    }
    const uint8_t *f = formats[kind < 2 ? 0 : kind < 4 ? 1 : kind < 6 ? 2 : 3];
    for (unsigned i = 0; i < 128; i += f[0])
        v[i / 64] |= fuzz_float_of(r, f[1], f[2]) << i % 64;
}

/* ---- handlers ---- */

static void put_adr(struct fuzz_assembler *a, uint32_t rd, uint32_t offset)
{
    fuzz_put(a, FA_ADR(rd, offset - a->at));
}

static void put_jump(struct fuzz_assembler *a, uint32_t target)
{
    fuzz_put(a, FA_B(target - a->at));
}

static void patch(const struct fuzz_assembler *a, uint32_t where, uint32_t branch_bits)
{
    st_le32(a->image + where, branch_bits | ((a->at - where) >> 2 & 0x7ffff) << 5);
}

static void put_registers(struct fuzz_assembler *a, const uint32_t *regs, uint32_t *index)
{
    for (; *regs != 0; regs++, ++*index) {
        fuzz_put(a, FA_LDR(0, 28, 8 * (TABLE_SYS + *index)));
        fuzz_put(a, FA_MSR(*regs, 0));
    }
}

/* EL3, stage 1 off, interrupts masked. x28: the round's table. */
static void put_boot(struct fuzz_assembler *a)
{
    uint32_t index = 0;
    a->at = BOOT;
    fuzz_put(a, FA_MOVZ(0, 0x0830, 0)); /* SCTLR_EL3: RES1 only */
    fuzz_put(a, FA_MOVK(0, 0x30c5, 1));
    fuzz_put(a, FA_MSR(FA_SCTLR(3), 0));
    fuzz_put(a, FA_ISB);
    fuzz_put(a, FA_MSR(FA_CPTR_EL3, 31));
    fuzz_put(a, FA_MSR(FA_MDCR_EL3, 31));
    fuzz_put(a, FA_MSR(FA_OSLAR_EL1, 31));
    fuzz_put(a, FA_MOVZ(0, 1, 0));
    fuzz_put(a, FA_MSR(FA_SPSEL, 0));
    fuzz_put(a, FA_ISB);
    put_adr(a, 28, ROUND);
    fuzz_put(a, FA_LDR(1, 28, 0));
    fuzz_put(a, FA_ADD(2, 1, 1));
    fuzz_put(a, FA_STR(2, 28, 0));
    fuzz_put(a, FA_UBFX(1, 1, 0, 3));
    put_adr(a, 28, TABLES);
    fuzz_put(a, FA_ADD_R(28, 28, 1, 11));
    for (uint32_t i = 0; i < 32; i++)
        fuzz_put(a, FA_LDR_Q(i, 28, 8 * TABLE_V + 16 * i));
    put_registers(a, fuzz_a64_first, &index);
    fuzz_put(a, FA_TLBI_ALLE1 << 5 | 0xd500001f);
    fuzz_put(a, FA_TLBI_ALLE2 << 5 | 0xd500001f);
    fuzz_put(a, FA_TLBI_ALLE3 << 5 | 0xd500001f);
    fuzz_put(a, FA_DSB);
    fuzz_put(a, FA_CLREX);
    fuzz_put(a, FA_LDR(0, 28, 8 * TABLE_SP));
    fuzz_put(a, FA_ADD(31, 0, 0));
    fuzz_put(a, FA_MRS(1, FA_CNTPCT_EL0));
    fuzz_put(a, FA_LDR(0, 28, 8 * TABLE_DELAY));
    fuzz_put(a, FA_ADD_R(0, 0, 1, 0));
    fuzz_put(a, FA_MSR(FA_CNTP_CVAL, 0));
    fuzz_put(a, FA_LDR(0, 28, 8 * (TABLE_DELAY + 1)));
    fuzz_put(a, FA_ADD_R(0, 0, 1, 0));
    fuzz_put(a, FA_MSR(FA_CNTV_CVAL, 0));
    put_registers(a, fuzz_a64_last, &index);
    fuzz_put(a, FA_ISB);
    for (uint32_t i = 0; i < 31; i++)
        if (i != 28)
            fuzz_put(a, FA_LDR(i, 28, 8 * (TABLE_X + i)));
    fuzz_put(a, FA_LDR(28, 28, 8 * (TABLE_X + 28)));
    fuzz_put(a, FA_ERET);
}

static void put_return(struct fuzz_assembler *a, unsigned el)
{
    fuzz_put(a, FA_MRS(29, FA_FAR(el)));
    fuzz_put(a, FA_MRS(30, FA_TPIDR(el)));
    fuzz_put(a, FA_ERET);
}

static void put_giveup(struct fuzz_assembler *a, unsigned el)
{
    uint32_t here = a->at;
    if (el == 3) {
        put_jump(a, BOOT);
    } else {
        fuzz_put(a, FA_SMC(0));
        put_jump(a, here);
    }
}

/* x29, x30 are in FAR and TPIDR. */
static void put_interrupt(struct fuzz_assembler *a, unsigned el)
{
    fuzz_put(a, FA_MRS(29, FA_CNTPCT_EL0));
    uint32_t branch = a->at;
    fuzz_put(a, 0);
    put_giveup(a, el);
    st_le32(a->image + branch,
            FA_TBZ(29, 0, a->at - branch)); /* every other one goes on, after a while */
    fuzz_put(a, FA_ADD(29, 29, 300));
    fuzz_put(a, FA_MSR(FA_CNTP_CVAL, 29));
    fuzz_put(a, FA_MSR(FA_CNTV_CVAL, 29));
    put_return(a, el);
}

/*
 * Skip the instruction of a program of `bytes`, or give up when pc is elsewhere. SVC, HVC and SMC
 * have been passed already; a software step sets SPSR.SS, so that one instruction is executed.
 */
static void put_sync(struct fuzz_assembler *a, unsigned el, uint32_t bytes)
{
    uint32_t giveup[2], stepped, call, resume;
    fuzz_put(a, FA_MRS(30, FA_ELR(el)));
    fuzz_put(a, FA_UBFX(29, 30, 0, 20)); /* offset in RAM, in whichever mapping */
    fuzz_put(a, FA_SUB12(29, 29, CODE >> 12));
    fuzz_put(a, FA_MOVZ(30, bytes, 0));
    fuzz_put(a, FA_SUBS_R(31, 29, 30));
    giveup[0] = a->at;
    fuzz_put(a, 0);
    fuzz_put(a, FA_MRS(30, FA_ESR(el)));
    fuzz_put(a, FA_UBFX(30, 30, 26, 6));
    fuzz_put(a, FA_UBFX(29, 30, 2, 4));
    fuzz_put(a, FA_SUBS(31, 29, 0x20 >> 2)); /* instruction aborts, misaligned pc */
    giveup[1] = a->at;
    fuzz_put(a, 0);
    fuzz_put(a, FA_SUBS(31, 29, 0x14 >> 2));
    call = a->at;
    fuzz_put(a, 0);
    fuzz_put(a, FA_UBFX(29, 30, 1, 5));
    fuzz_put(a, FA_SUBS(31, 29, 0x32 >> 1));
    stepped = a->at;
    fuzz_put(a, 0);
    fuzz_put(a, FA_MRS(30, FA_ELR(el)));
    fuzz_put(a, FA_ADD(30, 30, 4));
    fuzz_put(a, FA_MSR(FA_ELR(el), 30));
    resume = a->at;
    fuzz_put(a, FA_MRS(30, FA_SPSR(el)));
    fuzz_put(a, FA_CLEAR(30, 30, 20, 1)); /* IL */
    fuzz_put(a, FA_CLEAR(30, 30, 10, 2)); /* BTYPE */
    fuzz_put(a, FA_MSR(FA_SPSR(el), 30));
    put_return(a, el);
    patch(a, stepped, FA_B_COND(FA_EQ, 0));
    fuzz_put(a, FA_MRS(30, FA_SPSR(el)));
    fuzz_put(a, FA_SET(30, 30, 21, 1));
    fuzz_put(a, FA_MSR(FA_SPSR(el), 30));
    put_jump(a, resume);
    patch(a, call, FA_B_COND(FA_EQ, 0));
    if (el == 3) { /* level and stack pointer from the clock, sometimes */
        fuzz_put(a, FA_MRS(29, FA_CNTPCT_EL0));
        fuzz_put(a, FA_TBZ(29, 1, resume - a->at));
        fuzz_put(a, FA_UBFX(30, 29, 3, 2));
        fuzz_put(a, FA_UBFX(29, 29, 5, 1));
        fuzz_put(a, FA_ORR_R(29, 29, 30, 2));
        fuzz_put(a, FA_MRS(30, FA_SPSR(el)));
        fuzz_put(a, FA_BFI0(30, 29, 5));
        fuzz_put(a, FA_MSR(FA_SPSR(el), 30));
    }
    put_jump(a, resume);
    patch(a, giveup[0], FA_B_COND(FA_HS, 0));
    patch(a, giveup[1], FA_B_COND(FA_EQ, 0));
    put_giveup(a, el);
}

static void put_vectors(struct fuzz_assembler *a, unsigned el, uint32_t bytes)
{
    uint32_t vectors = VECTORS + 0x800 * (el - 1), handler[4];
    a->at = HANDLERS + 0x400 * (el - 1);
    handler[0] = a->at;
    put_sync(a, el, bytes);
    handler[1] = handler[2] = a->at;
    put_interrupt(a, el);
    handler[3] = a->at;
    put_giveup(a, el);
    for (uint32_t i = 0; i < 16; i++) {
        a->at = vectors + 0x80 * i;
        fuzz_put(a, FA_MSR(FA_TPIDR(el), 30));
        fuzz_put(a, FA_MSR(FA_FAR(el), 29));
        put_jump(a, handler[i % 4]);
    }
}

static void generate(const struct cpu *cpu, struct fuzz_program *p, struct fuzz_random *r)
{
    struct fuzz_assembler a = { .image = p->image };
    struct fuzz_a64_tree trees[TREES];
    memset(p->image, 0, RAM_BYTES);
    for (uint32_t at = DATA; at < DATA + DATA_BYTES; at += 16) {
        uint64_t v[2];
        fuzz_a64_vector(r, v);
        st_le64(p->image + at, v[0]);
        st_le64(p->image + at + 8, v[1]);
    }
    for (unsigned i = 0; i < TREES; i++)
        fuzz_a64_pages(p->image, &trees[i], i, r);
    uint32_t bytes = fuzz_a64_code(cpu, p, trees, r);
    for (uint32_t i = 0; i < ROUNDS; i++)
        fuzz_a64_round(p->image + TABLES + i * TABLE_BYTES, i,
                       p->slot[i == 0 ? 0 : fuzz_below(r, p->n_slots)].offset, trees, r);
    put_boot(&a);
    for (unsigned el = 1; el <= 3; el++)
        put_vectors(&a, el, bytes);
}

/* ---- the machine ---- */

static int build(struct machine *m, const char *spec, struct cpu **out, struct err *e)
{
    static const struct {
        enum a64_timer timer;
        enum a64_input input;
    } wires[] = {
        { A64_TIMER_PHYS, A64_IRQ },
        { A64_TIMER_VIRT, A64_FIQ },
        { A64_TIMER_HYP, A64_VIRQ },
        { A64_TIMER_HYP_VIRT, A64_VFIQ },
    };
    struct a64_config config;
    struct a64_cpu *a;
    int rc = a64_config_parse(&config, spec, NULL, e);
    if (rc == 0 && !a64_has(&config, A64_F_EL3))
        rc = err_set(e, ERR_UNSUPPORTED, "--cpu %s: random programs start in EL3", spec);
    config.reset_pc = RAM + BOOT;
    if (rc == 0)
        rc = a64_cpu_create(&a, m, &config, 0, e);
    if (rc < 0)
        return rc;
    *out = a64_cpu_base(a);
    for (unsigned i = 0; i < ARRAY_LEN(wires); i++)
        irq_connect(a64_timer_line(a, wires[i].timer), a64_cpu_set_input, *out, wires[i].input);
    return 0;
}

static void nop(unsigned length, uint8_t *code)
{
    (void)length;
    st_le32(code, FA_NOP);
}

static unsigned cause(const struct cpu *cpu)
{
    return cpu->fault.value >> 26 & 63; /* ESR_ELx.EC */
}

static const char *const cause_names[FUZZ_CAUSES] = {
    [0x00] = "unknown (undefined instruction)",
    [0x01] = "trapped WFI or WFE",
    [0x07] = "trapped FP or SIMD",
    [0x09] = "trapped pointer authentication",
    [0x0d] = "branch target",
    [0x0e] = "illegal execution state",
    [0x15] = "SVC",
    [0x16] = "HVC",
    [0x17] = "SMC",
    [0x18] = "trapped system register",
    [0x1a] = "trapped ERET",
    [0x1c] = "pointer authentication failure",
    [0x21] = "instruction abort",
    [0x22] = "PC alignment",
    [0x25] = "data abort",
    [0x26] = "SP alignment",
    [0x27] = "memory copy and set",
    [0x31] = "breakpoint",
    [0x33] = "software step",
    [0x35] = "watchpoint",
    [0x3c] = "BRK",
};

static const char *excused(const struct cpu *cpu, uint16_t form, bool *by_trap)
{
    struct a64_decoded d;
    *by_trap = form == A64_INSN_SVC || form == A64_INSN_HVC || form == A64_INSN_SMC ||
               form == A64_INSN_BRK;
    if (*by_trap)
        return "what it does is to trap";
    if (form == A64_INSN_HLT || form == A64_INSN_DRPS || form == A64_INSN_DCPS1 ||
        form == A64_INSN_DCPS2 || form == A64_INSN_DCPS3)
        return "for Debug state, which there is not";
    if (form == A64_INSN_SYSL)
        return "no instruction of this kind is implemented";
    uint32_t word = a64_random_insn(form, fuzz_zeros, NULL);
    if (word == 0)
        return "other rows cover all its encodings";
    if (!a64_decode(word, a64_decode_features(cpu), &d) || d.form != form)
        return "this CPU lacks the extension";
    return NULL;
}

const struct fuzz_isa fuzz_arm64 = {
    .name = "aarch64", .default_cpu = "max",
    .ram_bytes = RAM_BYTES, .ram = RAM, .alias = ALIAS, .device = DEVICE,
    .code = CODE, .code_bytes = 2 * CODE_BYTES,
    .n_forms = A64_FORM_COUNT, .descs = a64_insn_descs,
    .cause_names = cause_names, .illegal = 0,
    .build = build, .generate = generate, .nop = nop, .cause = cause, .excused = excused,
};
