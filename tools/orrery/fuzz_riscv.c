/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RISC-V: machine and environment of random programs.
 *
 * A program is run in rounds. A round starts in BOOT, which takes privilege, translation,
 * protection, delegation, rounding mode and all registers from its table. Traps skip the
 * instruction that caused them; ECALL comes back in a privilege of the clock's choosing. A round
 * ends when the program's end is reached, when pc left the program, or at every other timer
 * interrupt. The limit on instructions ends the program.
 */
#include "tools/orrery/fuzz_riscv.h"
#include "core/util/bytes.h"
#include <stdlib.h>
#include <string.h>

/* ---- values ---- */

uint64_t fuzz_rv_satp(struct fuzz_random *r)
{
    static const uint8_t modes[] = { 0, 8, 8, 8, 9, 10 };
    uint64_t mode = modes[fuzz_below(r, ARRAY_LEN(modes))];
    uint64_t root = PAGES + (mode == 9 ? 0x2000 : mode == 10 ? 0x3000 : 0) +
                    (fuzz_one_in(r, 2) ? 0x8000 : 0);
    return mode << 60 | (uint64_t)fuzz_below(r, 4) << 44 | (RAM + root) >> 12;
}

uint64_t fuzz_rv_integer(struct fuzz_random *r)
{
    const uint64_t own[] = { 0x600000000000005f, 0x6000000000000058, RAM + DATA, RAM + DATA + 0xffd,
                             RAM + CODE, DEVICE, ALIAS + DATA, 1ull << 53, (1ull << 24) + 1,
                             RAM + DATA + fuzz_below(r, DATA_BYTES) };
    return fuzz_integer(r, own, ARRAY_LEN(own));
}

uint64_t fuzz_rv_float(struct fuzz_random *r)
{
    switch (fuzz_below(r, 16)) {
    case 0: case 1: case 2: case 3: case 4:
        return fuzz_float_of(r, 11, 52);
    case 5: case 6: case 7: case 8: case 9:
        return 0xffffffff00000000 | fuzz_float_of(r, 8, 23);
    case 10: case 11: case 12: case 13:
        return 0xffffffffffff0000 | fuzz_float_of(r, 5, 10);
    case 14: /* not boxed */
        return fuzz_next(r) << 32 | fuzz_float_of(r, 8, 23);
    default:
        return 0xfffffffe00000000 | fuzz_float_of(r, 5, 10) | fuzz_next(r) << 63;
    }
}

/* ---- handlers ---- */

/* rd = address of `offset` in RAM, in the copy that pc is in; two instructions. */
static void put_address(struct fuzz_assembler *a, uint32_t rd, uint32_t offset)
{
    uint32_t distance = offset - a->at;
    fuzz_put(a, RV_AUIPC(rd, (distance + 0x800) >> 12 & 0xfffff));
    fuzz_put(a, RV_ADDI(rd, rd, distance));
}

static void put_jump(struct fuzz_assembler *a, uint32_t target)
{
    fuzz_put(a, rv_jal(0, target - a->at));
}

/* The CSRs of a table in the order in which BOOT writes them; mstatus comes last. */
static const uint16_t table_csrs[] = {
    RV_SATP, RV_MEDELEG, RV_MIDELEG, RV_MENVCFG, RV_SENVCFG, RV_MCOUNTEREN, RV_SCOUNTEREN,
    RV_MCOUNTINHIBIT, RV_STVEC, RV_MEPC, RV_PMPADDR0, RV_PMPADDR0 + 1, RV_PMPADDR0 + 2, RV_PMPCFG0,
    RV_MIE, RV_SEPC, RV_FCSR, RV_MTVEC, RV_MSTATUS,
};

/* x29 to x31 are free; M mode, interrupts off, MPRV clear. */
static void put_boot(struct fuzz_assembler *a)
{
    a->at = BOOT;
    put_address(a, 31, M_SAVE);
    fuzz_put(a, RV_LD(30, 31, 8));
    fuzz_put(a, RV_ADDI(29, 30, 1));
    fuzz_put(a, RV_SD(29, 31, 8));
    fuzz_put(a, RV_ANDI(30, 30, ROUNDS - 1));
    fuzz_put(a, RV_SLLI(30, 30, 10));
    put_address(a, 31, TABLES);
    fuzz_put(a, RV_ADD(31, 31, 30));
    for (uint32_t i = 0; i < RV_TRIGGERS; i++) {
        fuzz_put(a, RV_CSRWI(RV_TSELECT, i));
        fuzz_put(a, RV_CSRRW(0, RV_TDATA1, 0));
    }
    fuzz_put(a, RV_LUI(30, 6)); /* mstatus.FS = Dirty */
    fuzz_put(a, RV_CSRRS(0, RV_MSTATUS, 30));
    for (uint32_t i = 0; i < 32; i++)
        fuzz_put(a, RV_FLD(i, 31, 8 * (TABLE_F + i)));
    fuzz_put(a, RV_CSRRS(30, RV_TIME, 0));
    fuzz_put(a, RV_LD(29, 31, 8 * TABLE_DELAY));
    fuzz_put(a, RV_ADD(30, 30, 29));
    fuzz_put(a, RV_CSRRW(0, RV_STIMECMP, 30));
    for (uint32_t i = 0; i < ARRAY_LEN(table_csrs); i++) {
        fuzz_put(a, RV_LD(30, 31, 8 * (TABLE_CSR + i)));
        fuzz_put(a, RV_CSRRW(0, table_csrs[i], 30));
    }
    fuzz_put(a, RV_SFENCE_ALL);
    for (uint32_t i = 1; i < 32; i++)
        fuzz_put(a, RV_LD(i, 31, 8 * (TABLE_X + i)));
    fuzz_put(a, RV_MRET);
}

/*
 * Skip an instruction of a program of `bytes`: length from its low two bits. In M mode pc may be
 * anything; what is not in the program starts the next round. S mode leaves that to M by ECALL.
 */
static void put_trap(struct fuzz_assembler *a, uint32_t at, bool m, uint32_t bytes)
{
    uint32_t scratch = m ? RV_MSCRATCH : RV_SSCRATCH, cause = m ? RV_MCAUSE : RV_SCAUSE,
             epc = m ? RV_MEPC : RV_SEPC, giveup[4], interrupt, resume;
    a->at = at;
    fuzz_put(a, RV_CSRRW(31, scratch, 31));
    if (m) { /* loads and stores must be M's */
        fuzz_put(a, RV_LUI(31, 0x20));
        fuzz_put(a, RV_CSRRC(0, RV_MSTATUS, 31));
    }
    put_address(a, 31, m ? M_SAVE : S_SAVE);
    fuzz_put(a, RV_SD(30, 31, 0));
    fuzz_put(a, RV_CSRRS(30, cause, 0));
    interrupt = a->at;
    fuzz_put(a, 0);
    fuzz_put(a, RV_ADDI(31, 0, RV_CAUSE_FETCH_PAGE));
    giveup[0] = a->at;
    fuzz_put(a, 0); /* beq */
    fuzz_put(a, RV_ADDI(31, 0, RV_CAUSE_FETCH_ACCESS));
    giveup[1] = a->at;
    fuzz_put(a, 0); /* beq */
    if (m) {   /* an environment call: MPP from the clock */
        uint32_t skip = a->at + 12;
        fuzz_put(a, RV_ADDI(31, 30, -8));
        fuzz_put(a, RV_SLTIU(31, 31, 4));
        fuzz_put(a, rv_b(0, 31, 0, skip + 28 - a->at));
        fuzz_put(a, RV_LUI(30, 2));
        fuzz_put(a, RV_ADDI(30, 30, -0x800)); /* mstatus.MPP */
        fuzz_put(a, RV_CSRRC(0, RV_MSTATUS, 30));
        fuzz_put(a, RV_CSRRS(31, RV_MCYCLE, 0));
        fuzz_put(a, RV_SLLI(31, 31, 9));
        fuzz_put(a, RV_AND(31, 31, 30));
        fuzz_put(a, RV_CSRRS(0, RV_MSTATUS, 31));
    }
    fuzz_put(a, RV_CSRRS(30, epc, 0));
    fuzz_put(a, RV_SLLI(30, 30, 64 - 19)); /* offset in RAM, in whichever mapping */
    fuzz_put(a, RV_SRLI(30, 30, 64 - 19));
    fuzz_put(a, RV_LUI(31, CODE >> 12));
    giveup[2] = a->at;
    fuzz_put(a, 0); /* bltu */
    fuzz_put(a, RV_LUI(31, (CODE + bytes + 0x800) >> 12));
    fuzz_put(a, RV_ADDI(31, 31, CODE + bytes));
    giveup[3] = a->at;
    fuzz_put(a, 0); /* bgeu */
    put_address(a, 31, 0);
    fuzz_put(a, RV_ADD(31, 31, 30));
    fuzz_put(a, RV_LHU(30, 31, 0));
    fuzz_put(a, RV_ANDI(30, 30, 3));
    fuzz_put(a, RV_SLTIU(30, 30, 3));
    fuzz_put(a, RV_SLLI(30, 30, 1));
    fuzz_put(a, RV_CSRRS(31, epc, 0));
    fuzz_put(a, RV_SUB(31, 31, 30));
    fuzz_put(a, RV_ADDI(31, 31, 4));
    fuzz_put(a, RV_CSRRW(0, epc, 31));
    resume = a->at;
    if (m) {
        fuzz_put(a, RV_ADDI(31, 0, 0x80)); /* mstatus.MPIE: the timer must come through */
        fuzz_put(a, RV_CSRRS(0, RV_MSTATUS, 31));
    }
    put_address(a, 31, m ? M_SAVE : S_SAVE);
    fuzz_put(a, RV_LD(30, 31, 0));
    fuzz_put(a, RV_CSRRW(31, scratch, 31));
    fuzz_put(a, m ? RV_MRET : RV_SRET);
    uint32_t here = a->at;
    if (m) {
        fuzz_put(a, RV_LUI(31, 2));
        fuzz_put(a, RV_ADDI(31, 31, -0x800));
        fuzz_put(a, RV_CSRRS(0, RV_MSTATUS, 31));
        put_jump(a, BOOT);
        st_le32(a->image + interrupt, rv_b(4, 30, 0, a->at - interrupt));
        fuzz_put(a, RV_CSRRS(30, RV_MCYCLE, 0)); /* every other one goes on, after a while */
        fuzz_put(a, RV_ANDI(30, 30, 1));
        fuzz_put(a, rv_b(0, 30, 0, here - a->at));
        fuzz_put(a, RV_CSRRS(30, RV_TIME, 0));
        fuzz_put(a, RV_ADDI(30, 30, 3));
        fuzz_put(a, RV_CSRRW(0, RV_STIMECMP, 30));
        put_jump(a, resume);
    } else {
        st_le32(a->image + interrupt, rv_b(4, 30, 0, here - interrupt));
        fuzz_put(a, RV_ECALL);
        put_jump(a, here);
    }
    static const uint8_t condition[] = { 0, 0, 6, 7 };
    for (unsigned i = 0; i < 4; i++)
        st_le32(a->image + giveup[i], rv_b(condition[i], 30, 31, here - giveup[i]));
}

/* ---- page tables ---- */

enum { V = 1, R = 2, W = 4, X = 8, U = 16, G = 32, A = 64, D = 128 };
#define NAPOT BIT(63)

static uint64_t pte(uint64_t pa, uint64_t bits)
{
    return pa >> 12 << 10 | bits;
}

static uint64_t page_bits(struct fuzz_random *r, uint64_t user)
{
    uint64_t bits = V | R | W | X | A | D | user;
    switch (fuzz_below(r, 16)) {
    case 0: return bits & ~(uint64_t)(W | D);
    case 1: return bits & ~(uint64_t)D;
    case 2: return bits & ~(uint64_t)(A | D);
    case 3: return bits & ~(uint64_t)(R | W);
    case 4: return bits & ~(uint64_t)V;
    case 5: return bits ^ U;
    case 6: return bits & ~(uint64_t)R; /* reserved: W without R */
    case 7: return bits | (uint64_t)fuzz_below(r, 4) << 61; /* Svpbmt */
    case 8: return bits | BIT(54 + fuzz_below(r, 7));       /* reserved bits */
    case 9: return bits | G;
    default: return bits;
    }
}

/*
 * One tree at `base`: Sv39 root, level 1, two level 0s; and roots of Sv48 and Sv57 above it.
 * Identity for RAM, then what only S may use at ALIAS, then the same RAM as one 2 MiB page.
 */
static void make_pages(uint8_t *image, uint32_t base, uint64_t user, struct fuzz_random *r)
{
    uint32_t level1 = base + 0x1000, root48 = base + 0x2000, root57 = base + 0x3000,
             level0 = base + 0x4000;
    bool napot = fuzz_one_in(r, 3);
    uint32_t key = fuzz_scatter_key(r);
    uint64_t data_bits = page_bits(r, user);
    for (uint32_t i = 0; i < RAM_BYTES >> 12; i++) {
        uint32_t at = i << 12;
        uint64_t bits = V | R | W | X | A | D | user;
        if (at < PAGES)
            bits &= ~(uint64_t)U;
        else if (at >= DATA || (at >= CODE && fuzz_one_in(r, 4)))
            bits = page_bits(r, user);
        st_le64(image + level0 + 8 * i, pte(RAM + fuzz_scatter(at, DATA, DATA_BYTES, key << 12), bits));
        if (napot && at >= DATA && at < DATA + 0x10000)
            st_le64(image + level0 + 8 * i,
                    NAPOT | pte(RAM + DATA + (fuzz_one_in(r, 20) ? 0x4000 : 0x8000), data_bits));
        st_le64(image + level0 + 8 * (i + 256), pte(RAM + at, V | R | W | X | A | D | G));
    }
    st_le64(image + level1, pte(RAM + level0, V));
    st_le64(image + level1 + 8, pte(RAM, page_bits(r, user)));
    st_le64(image + base + 8 * 2, pte(RAM + level1, V));
    st_le64(image + root48, pte(RAM + base, V));
    st_le64(image + root57, pte(RAM + root48, V));
}

/* ---- tables of the rounds ---- */

/* `entry`: offset in RAM of the instruction to start at. */
static void make_table(uint8_t *table, uint32_t round, uint32_t entry, struct fuzz_random *r)
{
    static const uint8_t privileges[ROUNDS] = { RV_M, RV_S, RV_M, RV_U, RV_M, RV_S, RV_S, RV_U };
    uint64_t priv = privileges[round];
    bool paged = priv == RV_M ? fuzz_one_in(r, 3) : fuzz_one_in(r, 2);
    uint64_t satp = fuzz_rv_satp(r) & ~(uint64_t)0x8, tree = priv == RV_S ? 0 : 8;
    satp = paged ? satp | tree : 0;
    /* SIE SPIE SPP MPRV SUM MXR TVM TW TSR as they fall; MPIE on, MIE off until MRET */
    uint64_t mstatus = (fuzz_next(r) & 0x7e0122) | 0x80 | priv << 11;
    if (!fuzz_one_in(r, 3))
        mstatus &= ~(uint64_t)0x700000; /* TVM TW TSR */
    if (!fuzz_one_in(r, 4) || priv != RV_M)
        mstatus &= ~F_MASK(RV_MSTATUS_MPRV);
    mstatus |= fuzz_one_in(r, 8) ? 0 : 1ull << (13 + fuzz_below(r, 2)) | (uint64_t)fuzz_below(r, 2) << 14;
    mstatus |= fuzz_one_in(r, 8) ? 0 : 0x200ull << fuzz_below(r, 2); /* VS, where there is V */
    uint64_t fcsr = fuzz_one_in(r, 4) ? fuzz_next(r) & 0xff : (uint64_t)fuzz_below(r, 5) << 5;
    bool open = !fuzz_one_in(r, 3);
    uint64_t guarded = RAM + (fuzz_one_in(r, 3) ? CODE + 0x100 * fuzz_below(r, 0x20)
                                                : DATA + 0x1000 * fuzz_below(r, 8));
    uint64_t cfg = (open ? 0 : (0x18 | fuzz_below(r, 8))) | 0x1f00;
    const struct {
        uint16_t csr;
        uint64_t value;
    } csrs[] = {
        { RV_SATP, satp },
        { RV_MEDELEG, fuzz_one_in(r, 2) ? fuzz_next(r) & 0xb1fd : 0 },
        { RV_MIDELEG, fuzz_one_in(r, 8) ? 0x222 : 0 },
        { RV_MENVCFG, BIT(63) | (fuzz_next(r) & (F_MASK(RV_ENVCFG_ADUE) | F_MASK(RV_ENVCFG_PBMTE))) |
                          (fuzz_one_in(r, 4) ? fuzz_next(r) & 0xf1 : 0xf0) },
        { RV_SENVCFG, fuzz_one_in(r, 4) ? fuzz_next(r) & 0xf1 : 0xf0 },
        { RV_MCOUNTEREN, fuzz_one_in(r, 2) ? ~0ull : fuzz_next(r) },
        { RV_SCOUNTEREN, fuzz_one_in(r, 2) ? ~0ull : fuzz_next(r) },
        { RV_MCOUNTINHIBIT, fuzz_one_in(r, 4) ? fuzz_next(r) : 0 },
        { RV_STVEC, ALIAS + S_TRAP },
        { RV_MEPC, RAM + entry },
        { RV_PMPADDR0, guarded >> 2 | (BIT(fuzz_below(r, 11)) - 1) },
        { RV_PMPADDR0 + 1, ~0ull >> 10 },
        { RV_PMPCFG0, cfg },
        { RV_MIE, 0x20 | (fuzz_next(r) & 0x2000) },
        { RV_SEPC, RAM + CODE },
        { RV_FCSR, fcsr },
        { RV_MTVEC, RAM + M_TRAP },
        { RV_MSTATUS, mstatus },
    };
    for (uint32_t i = 1; i < 32; i++)
        st_le64(table + 8 * (TABLE_X + i), fuzz_rv_integer(r));
    static const uint8_t pointers[] = { 2, 8, 9, 18, 27 };
    for (uint32_t i = 0; i < ARRAY_LEN(pointers); i++)
        st_le64(table + 8 * (TABLE_X + pointers[i]), RAM + DATA + 16 * fuzz_below(r, DATA_BYTES / 16));
    for (uint32_t i = 0; i < 32; i++)
        st_le64(table + 8 * (TABLE_F + i), fuzz_rv_float(r));
    for (uint32_t i = 0; i < ARRAY_LEN(table_csrs); i++)
        for (uint32_t k = 0; k < ARRAY_LEN(csrs); k++)
            if (csrs[k].csr == table_csrs[i])
                st_le64(table + 8 * (TABLE_CSR + i), csrs[k].value);
    st_le64(table + 8 * TABLE_DELAY, 2 + fuzz_below(r, 14));
}

static void generate(const struct cpu *cpu, struct fuzz_program *p, struct fuzz_random *r)
{
    struct fuzz_assembler a = { .image = p->image };
    memset(p->image, 0, RAM_BYTES);
    for (uint32_t at = DATA; at < DATA + DATA_BYTES; at += 8)
        st_le64(p->image + at, fuzz_one_in(r, 2) ? fuzz_rv_float(r) : fuzz_rv_integer(r));
    uint32_t bytes = fuzz_rv_code(cpu, p, r);
    for (uint32_t i = 0; i < ROUNDS; i++)
        make_table(p->image + TABLES + i * TABLE_BYTES, i,
                   p->slot[i == 0 ? 0 : fuzz_below(r, p->n_slots)].offset, r);
    make_pages(p->image, PAGES, 0, r);
    make_pages(p->image, PAGES + 0x8000, U, r);
    put_boot(&a);
    put_trap(&a, M_TRAP, true, bytes);
    put_trap(&a, S_TRAP, false, bytes);
}

/* ---- the machine ---- */

static int build(struct machine *m, const char *spec, struct cpu **out, struct err *e)
{
    struct rv_config config;
    struct rv_cpu *rv;
    int rc = rv_config_parse(&config, spec, NULL, e);
    config.reset_pc = RAM + BOOT;
    if (rc == 0)
        rc = rv_cpu_create(&rv, m, &config, 0, e);
    if (rc == 0)
        *out = &rv->cpu;
    return rc;
}

static void nop(unsigned length, uint8_t *code)
{
    st_le16(code, length == 2 ? 0x0001 : 0x0013);
    if (length == 4)
        st_le16(code + 2, 0);
}

static unsigned cause(const struct cpu *cpu)
{
    return cpu->fault.cause % FUZZ_CAUSES;
}

static const char *const cause_names[FUZZ_CAUSES] = {
    [RV_CAUSE_FETCH_MISALIGNED] = "instruction address misaligned",
    [RV_CAUSE_FETCH_ACCESS] = "instruction access fault",
    [RV_CAUSE_ILLEGAL] = "illegal instruction",
    [RV_CAUSE_BREAKPOINT] = "breakpoint",
    [RV_CAUSE_LOAD_MISALIGNED] = "load address misaligned",
    [RV_CAUSE_LOAD_ACCESS] = "load access fault",
    [RV_CAUSE_STORE_MISALIGNED] = "store/AMO address misaligned",
    [RV_CAUSE_STORE_ACCESS] = "store/AMO access fault",
    [RV_CAUSE_ECALL_U] = "environment call from U-mode",
    [RV_CAUSE_ECALL_S] = "environment call from S-mode",
    [RV_CAUSE_ECALL_M] = "environment call from M-mode",
    [RV_CAUSE_FETCH_PAGE] = "instruction page fault",
    [RV_CAUSE_LOAD_PAGE] = "load page fault",
    [RV_CAUSE_STORE_PAGE] = "store/AMO page fault",
};

static const char *excused(const struct cpu *cpu, uint16_t form, bool *by_trap)
{
    struct rv_decoded d;
    *by_trap = form == RV_INSN_ECALL || form == RV_INSN_EBREAK || form == RV_INSN_C_EBREAK;
    if (*by_trap)
        return "what it does is to trap";
    uint32_t word = rv_random_insn(form, fuzz_zeros, NULL);
    if (word == 0)
        return "other rows cover all its encodings";
    if (!rv_decode(word, RV_CPU_CONST(cpu)->decode_ext, &d) || d.form != form)
        return "this CPU lacks the extension";
    return NULL;
}

const struct fuzz_isa fuzz_riscv64 = {
    .name = "riscv64", .default_cpu = "max",
    .ram_bytes = RAM_BYTES, .ram = RAM, .alias = ALIAS, .device = DEVICE,
    .code = CODE, .code_bytes = CODE_BYTES,
    .n_forms = RV_FORM_COUNT, .descs = rv_insn_descs,
    .cause_names = cause_names, .illegal = RV_CAUSE_ILLEGAL,
    .build = build, .generate = generate, .nop = nop, .cause = cause, .excused = excused,
};
