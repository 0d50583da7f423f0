/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LoongArch64: machine and environment of random programs.
 *
 * A program is run in rounds. A round starts in BOOT, which takes privilege, translation, FCSR and all registers from
 * its table. Exceptions skip the instruction that raised them; SYSCALL comes back in a privilege of the clock's
 * choosing. A round ends when the program's end is reached, when pc left the program, or at every other timer
 * interrupt. The limit on instructions ends the program.
 */
#include "tools/orrery/fuzz_loongarch.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <string.h>

/* ---- values ---- */
uint64_t fuzz_la_integer(struct fuzz_random *r)
{
    const uint64_t own[] = { RAM + DATA, RAM + DATA + 0xffd, RAM + CODE, DEVICE, ALIAS + DATA, WINDOW | (RAM + DATA),
                             1ull << 53, (1ull << 24) + 1, 0x7fffffffffff, 0x800000000000,
                             RAM + DATA + fuzz_below(r, DATA_BYTES) };
    return fuzz_integer(r, own, ARRAY_LEN(own));
}

uint64_t fuzz_la_float(struct fuzz_random *r)
{
    switch (fuzz_below(r, 4)) {
    case 0:
        return fuzz_float_of(r, 8, 23) << 32 | fuzz_float_of(r, 8, 23);
    case 1:
        return fuzz_next(r) << 32 | fuzz_float_of(r, 8, 23);
    default:
        return fuzz_float_of(r, 11, 52);
    }
}

/* ---- handlers ---- */
/* rd = address of `offset` (its low 12 bits below 800h) in RAM, where pc is: two instructions. */
static void put_address(struct fuzz_assembler *a, uint32_t rd, uint32_t offset)
{
    fuzz_put(a, LA_PCALAU12I(rd, (offset >> 12) - (a->at >> 12)));
    fuzz_put(a, LA_ORI(rd, rd, offset));
}

static void put_jump(struct fuzz_assembler *a, uint32_t target)
{
    fuzz_put(a, LA_B(target - a->at));
}

/* The CSRs of a table in the order in which BOOT writes them; CRMD comes last. */
static const uint16_t table_csrs[] = {
    LA_CSR_EENTRY, LA_CSR_TLBRENTRY, LA_CSR_MERRENTRY, LA_CSR_PWCL, LA_CSR_PWCH, LA_CSR_PGDL, LA_CSR_PGDH, LA_CSR_STLBPS,
    LA_CSR_RVACFG, LA_CSR_ASID, LA_CSR_DMW0 + 1, LA_CSR_DMW0 + 2, LA_CSR_DMW0 + 3, LA_CSR_MISC, LA_CSR_ECFG, LA_CSR_EUEN,
    LA_CSR_CNTC, LA_CSR_TID, LA_CSR_TLBIDX, LA_CSR_MWP0, LA_CSR_MWP0 + 1, LA_CSR_MWP0 + 2, LA_CSR_FWP0, LA_CSR_FWP0 + 1,
    LA_CSR_FWP0 + 2, LA_CSR_ERA, LA_CSR_PRMD, LA_CSR_TCFG, LA_CSR_CRMD,
};

/* What a round may have left that a new one must not find. */
static void put_clear(struct fuzz_assembler *a)
{
    static const uint16_t zero[] = { LA_CSR_MERRCTL, LA_CSR_TLBRERA, LA_CSR_DBG, LA_CSR_TCFG, LA_CSR_LLBCTL };
    for (uint32_t i = 0; i < ARRAY_LEN(zero); i++)
        fuzz_put(a, LA_CSRWR(0, zero[i]));
    for (uint32_t i = 0; i < 8; i++) { /* watchpoints: CFG3; counters */
        fuzz_put(a, LA_CSRWR(0, LA_CSR_MWP0 + 8 * i + 2));
        fuzz_put(a, LA_CSRWR(0, LA_CSR_FWP0 + 8 * i + 2));
        fuzz_put(a, LA_CSRWR(0, LA_CSR_PMCFG0 + 2 * i));
    }
    fuzz_put(a, LA_ADDI_D(31, 0, 3)); /* software interrupts */
    fuzz_put(a, LA_CSRXCHG(0, 31, LA_CSR_ESTAT));
    fuzz_put(a, LA_ADDI_D(31, 0, 1));
    fuzz_put(a, LA_CSRWR(31, LA_CSR_TICLR));
}

/* PLV0, in whatever mode of translation: first into direct addresses, then into the window. */
static void put_boot(struct fuzz_assembler *a)
{
    a->at = BOOT;
    fuzz_put(a, LA_ADDI_D(31, 0, 0xa8));
    fuzz_put(a, LA_CSRWR(31, LA_CSR_CRMD));
    fuzz_put(a, LA_CSRWR(0, LA_CSR_DBG));
    fuzz_put(a, LA_LU52I_D(31, 0, 0x800));
    fuzz_put(a, LA_ORI(31, 31, 0x11));
    fuzz_put(a, LA_CSRWR(31, LA_CSR_DMW0));
    fuzz_put(a, LA_PCADDI(31, 4));
    fuzz_put(a, LA_LU52I_D(31, 31, 0x800));
    fuzz_put(a, LA_JIRL(0, 31, 0));
    fuzz_put(a, LA_NOP);
    put_clear(a);
    fuzz_put(a, LA_ADDI_D(31, 0, 7));
    fuzz_put(a, LA_CSRWR(31, LA_CSR_EUEN));
    put_address(a, 31, SAVE);
    fuzz_put(a, LA_LD_D(30, 31, 0));
    fuzz_put(a, LA_ADDI_D(29, 30, 1));
    fuzz_put(a, LA_ST_D(29, 31, 0));
    fuzz_put(a, LA_ANDI(30, 30, ROUNDS - 1));
    fuzz_put(a, LA_SLLI_D(30, 30, TABLE_SHIFT));
    put_address(a, 31, TABLES);
    fuzz_put(a, LA_ADD_D(31, 31, 30));
    for (uint32_t i = 0; i < 32; i++)
        fuzz_put(a, LA_XVLD(i, 31, 8 * (TABLE_V + 4 * i)));
    fuzz_put(a, LA_LD_D(30, 31, 8 * TABLE_FCSR));
    fuzz_put(a, LA_MOVGR2FCSR(0, 30));
    for (uint32_t i = 0; i < 8; i++) {
        fuzz_put(a, LA_LD_D(30, 31, 8 * (TABLE_FCC + i)));
        fuzz_put(a, LA_MOVGR2CF(i, 30));
    }
    fuzz_put(a, LA_INVTLB(0, 0, 0));
    for (uint32_t i = 0; i < ARRAY_LEN(table_csrs); i++) {
        fuzz_put(a, LA_LD_D(30, 31, 8 * (TABLE_CSR + i)));
        fuzz_put(a, LA_CSRWR(30, table_csrs[i]));
    }
    for (uint32_t i = 1; i < 32; i++)
        fuzz_put(a, LA_LD_D(i, 31, 8 * (TABLE_R + i)));
    fuzz_put(a, LA_ERTN);
}

/*
 * Skip an instruction of a program of `bytes`. What faulted when it was fetched, or is not in the program, starts the
 * next round. No memory is used.
 */
static void put_trap(struct fuzz_assembler *a, uint32_t bytes)
{
    uint32_t interrupt, other, giveup[3];
    a->at = TRAP;
    fuzz_put(a, LA_CSRWR(30, LA_CSR_SAVE0));
    fuzz_put(a, LA_CSRWR(31, LA_CSR_SAVE0 + 1));
    fuzz_put(a, LA_CSRRD(30, LA_CSR_ESTAT));
    fuzz_put(a, LA_BSTRPICK_D(30, 30, 21, 16));
    interrupt = a->at;
    fuzz_put(a, 0); /* beqz r30 */
    fuzz_put(a, LA_ADDI_D(30, 30, 0u - LA_SYS));
    other = a->at;
    fuzz_put(a, 0); /* bnez r30 */
    fuzz_put(a, LA_RDTIME_D(30, 0));
    fuzz_put(a, LA_ADDI_D(31, 0, 3));
    fuzz_put(a, LA_CSRXCHG(30, 31, LA_CSR_PRMD));
    st_le32(a->image + other, LA_BNEZ(30, a->at - other));
    fuzz_put(a, LA_CSRRD(31, LA_CSR_BADV));
    fuzz_put(a, LA_CSRRD(30, LA_CSR_ERA));
    giveup[0] = a->at;
    fuzz_put(a, 0); /* beq */
    fuzz_put(a, LA_BSTRPICK_D(30, 30, 18, 0)); /* offset in RAM, in whichever mapping */
    fuzz_put(a, LA_LU12I_W(31, CODE >> 12));
    giveup[1] = a->at;
    fuzz_put(a, 0); /* bltu */
    fuzz_put(a, LA_LU12I_W(31, (CODE + bytes) >> 12));
    fuzz_put(a, LA_ORI(31, 31, CODE + bytes));
    giveup[2] = a->at;
    fuzz_put(a, 0); /* bgeu */
    fuzz_put(a, LA_CSRRD(30, LA_CSR_ERA));
    fuzz_put(a, LA_ADDI_D(30, 30, 4));
    fuzz_put(a, LA_CSRWR(30, LA_CSR_ERA));
    uint32_t resume = a->at;
    fuzz_put(a, LA_ADDI_D(30, 0, 4)); /* PRMD.PIE: the timer must come through */
    fuzz_put(a, LA_OR(31, 30, 0));
    fuzz_put(a, LA_CSRXCHG(30, 31, LA_CSR_PRMD));
    fuzz_put(a, LA_CSRRD(30, LA_CSR_SAVE0));
    fuzz_put(a, LA_CSRRD(31, LA_CSR_SAVE0 + 1));
    fuzz_put(a, LA_ERTN);
    st_le32(a->image + giveup[0], LA_BEQ(30, 31, a->at - giveup[0]));
    st_le32(a->image + giveup[1], LA_BLTU(30, 31, a->at - giveup[1]));
    st_le32(a->image + giveup[2], LA_BGEU(30, 31, a->at - giveup[2]));
    uint32_t end = a->at;
    put_jump(a, BOOT);
    st_le32(a->image + interrupt, LA_BEQZ(30, a->at - interrupt));
    fuzz_put(a, LA_ADDI_D(30, 0, 1));
    fuzz_put(a, LA_CSRWR(30, LA_CSR_TICLR));
    fuzz_put(a, LA_ADDI_D(31, 0, 3));
    fuzz_put(a, LA_CSRXCHG(0, 31, LA_CSR_ESTAT));
    fuzz_put(a, LA_RDTIME_D(30, 0)); /* every other one goes on, after a while */
    fuzz_put(a, LA_ANDI(30, 30, 1));
    fuzz_put(a, LA_BNEZ(30, end - a->at));
    fuzz_put(a, LA_ADDI_D(30, 0, 3 << 2 | 1));
    fuzz_put(a, LA_CSRWR(30, LA_CSR_TCFG));
    put_jump(a, resume);
    a->at = TRAP + 0x480; /* DBCL */
    fuzz_put(a, LA_CSRWR(31, LA_CSR_DSAVE));
    fuzz_put(a, LA_CSRRD(31, LA_CSR_DERA));
    fuzz_put(a, LA_ADDI_D(31, 31, 4));
    fuzz_put(a, LA_CSRWR(31, LA_CSR_DERA));
    fuzz_put(a, LA_CSRRD(31, LA_CSR_DSAVE));
    fuzz_put(a, LA_ERTN);
}

static void put_others(struct fuzz_assembler *a)
{
    a->at = REFILL;
    fuzz_put(a, LA_CSRWR(31, LA_CSR_TLBRSAVE));
    fuzz_put(a, LA_CSRRD(31, LA_CSR_PGD));
    fuzz_put(a, LA_LDDIR(31, 31, 2));
    fuzz_put(a, LA_LDDIR(31, 31, 1));
    fuzz_put(a, LA_LDPTE(31, 0));
    fuzz_put(a, LA_LDPTE(31, 1));
    fuzz_put(a, LA_TLBFILL);
    fuzz_put(a, LA_CSRRD(31, LA_CSR_TLBRSAVE));
    fuzz_put(a, LA_ERTN);
    a->at = ERROR;
    put_jump(a, BOOT);
}

/* ---- page tables: 4 KiB pages, Dir1 from bit 21, Dir2 from bit 30 on ---- */
enum { V = 1, D = 2, PLV0 = 0, PLV3 = 3 << 2, CC = 1 << 4, G = 1 << 6, H = 1 << 6, P = 1 << 7, W = 1 << 8, HG = 1 << 12 };
#define NR   BIT(61)
#define NX   BIT(62)
#define RPLV BIT(63)

static uint64_t page_bits(struct fuzz_random *r, uint64_t user)
{
    uint64_t bits = V | D | CC | P | W | user;
    switch (fuzz_below(r, 16)) {
    case 0: return bits & ~(uint64_t)D;
    case 1: return bits & ~(uint64_t)(D | W);
    case 2: return bits & ~(uint64_t)V;
    case 3: return bits | NR;
    case 4: return bits | NX;
    case 5: return bits | RPLV;
    case 6: return bits ^ PLV3;
    case 7: return bits ^ (uint64_t)fuzz_below(r, 4) << 4; /* memory type */
    case 8: return bits & ~(uint64_t)(V | P);
    case 9: return bits | G;
    default: return bits;
    }
}

/* Root, Dir1, a table each for RAM and the device; and what leads to nothing: no walk leaves the tables. */
static void make_pages(uint8_t *image, uint32_t base, uint64_t user, struct fuzz_random *r)
{
    uint32_t dir1 = base + 0x1000, pages = base + 0x2000, no_dir = base + 0x3000, no_pages = base + 0x4000,
             io = base + 0x5000, key = fuzz_scatter_key(r);
    for (uint32_t i = 0; i < 512; i++) {
        st_le64(image + base + 8 * i, RAM + no_dir);
        st_le64(image + dir1 + 8 * i, RAM + no_pages);
        st_le64(image + no_dir + 8 * i, RAM + no_pages);
        st_le64(image + io + 8 * i, (DEVICE + 0x1000 * i) | page_bits(r, user));
    }
    for (uint32_t i = 0; i < RAM_BYTES >> 12; i++) {
        uint32_t at = i << 12;
        uint64_t bits = V | D | CC | P | W | (at < CODE ? PLV0 : user);
        if (at >= DATA || (at >= CODE && fuzz_one_in(r, 4)))
            bits = page_bits(r, user);
        st_le64(image + pages + 8 * i, (RAM + fuzz_scatter(at, DATA, DATA_BYTES, key << 12)) | bits);
        st_le64(image + pages + 8 * (i + 256), (RAM + at) | page_bits(r, PLV0));
    }
    st_le64(image + base + 8 * 2, RAM + dir1);
    st_le64(image + dir1, RAM + pages);
    uint64_t huge = page_bits(r, user); /* G stands elsewhere */
    st_le64(image + dir1 + 8, RAM | (huge & ~(uint64_t)G) | H | (huge & G ? HG : 0));
    st_le64(image + dir1 + 8 * ((DEVICE >> 21) & 511), RAM + io);
}

/* ---- tables of the rounds ---- */
struct round {
    uint64_t plv, pgd, misc, euen, tcfg, crmd;
};

static struct round make_round(uint32_t n, struct fuzz_random *r)
{
    static const uint8_t levels[ROUNDS] = { 0, 3, 0, 3, 0, 1, 2, 0 };
    struct round c = { .plv = levels[n] };
    bool paged = fuzz_one_in(r, 2);
    c.pgd = RAM + PAGES + (c.plv == 0 && fuzz_one_in(r, 2) ? 0 : TREE);
    c.misc = fuzz_one_in(r, 3) ? fuzz_next(r) & 0x7feee : 0;
    c.euen = fuzz_one_in(r, 6) ? fuzz_below(r, 8) : 7;
    c.tcfg = (1 + fuzz_below(r, 8)) << 2 | 1;
    c.crmd = 0xa0 | (paged ? 0x10 : 0x8);
    return c;
}

/* `entry`: offset in RAM of the instruction to start at. */
static void make_table(uint8_t *table, uint32_t n, uint32_t entry, struct fuzz_random *r)
{
    struct round c = make_round(n, r);
    uint64_t enables = fuzz_one_in(r, 4) ? fuzz_below(r, 32) : 0;
    const uint64_t csrs[] = {
        WINDOW | (RAM + TRAP), RAM + REFILL, RAM + ERROR,
        12 | 9 << 5 | 21 << 10 | 9 << 15 | 30 << 20 | 9 << 25,
        fuzz_one_in(r, 3) ? BIT(24) : 0, /* PWCH.HPTW_En */
        c.pgd, c.pgd, 12, 0, fuzz_below(r, 4),
        fuzz_one_in(r, 4) ? 0x9000000000000009 : 0, 0, fuzz_one_in(r, 4) ? 0xa00000000000000f : 0,
        c.misc, 0x800 | (fuzz_one_in(r, 4) ? 0x403 : 0), c.euen,
        fuzz_next(r), fuzz_below(r, 256), 0x0c000000,
        RAM + DATA + 0x1000 * fuzz_below(r, 16), 0x7ff, fuzz_below(r, 0x400) << 1, /* watched: loads, stores, levels */
        RAM + CODE + 0x100 * fuzz_below(r, 16), 0xff, fuzz_below(r, 16) << 1,
        RAM + entry, c.plv | 4 | (fuzz_one_in(r, 4) ? 8 : 0), c.tcfg, c.crmd,
    };
    _Static_assert(ARRAY_LEN(csrs) == ARRAY_LEN(table_csrs), "a value for each");
    for (uint32_t i = 1; i < 32; i++)
        st_le64(table + 8 * (TABLE_R + i), fuzz_la_integer(r));
    static const uint8_t pointers[] = { 4, 12, 13, 23, 24 };
    for (uint32_t i = 0; i < ARRAY_LEN(pointers); i++)
        st_le64(table + 8 * (TABLE_R + pointers[i]), RAM + DATA + 32 * fuzz_below(r, DATA_BYTES / 32));
    for (uint32_t i = 0; i < 128; i++)
        st_le64(table + 8 * (TABLE_V + i), fuzz_one_in(r, 2) ? fuzz_la_float(r) : fuzz_la_integer(r));
    st_le64(table + 8 * TABLE_FCSR, enables | (uint64_t)fuzz_below(r, 4) << 8);
    for (uint32_t i = 0; i < 8; i++)
        st_le64(table + 8 * (TABLE_FCC + i), fuzz_below(r, 2));
    for (uint32_t i = 0; i < ARRAY_LEN(csrs); i++)
        st_le64(table + 8 * (TABLE_CSR + i), csrs[i]);
}

static void generate(const struct cpu *cpu, struct fuzz_program *p, struct fuzz_random *r)
{
    struct fuzz_assembler a = { .image = p->image };
    memset(p->image, 0, RAM_BYTES);
    for (uint32_t at = DATA; at < DATA + DATA_BYTES; at += 8)
        st_le64(p->image + at, fuzz_one_in(r, 2) ? fuzz_la_float(r) : fuzz_la_integer(r));
    uint32_t bytes = fuzz_la_code(cpu, p, r);
    for (uint32_t i = 0; i < ROUNDS; i++)
        make_table(p->image + TABLES + (i << TABLE_SHIFT), i, p->slot[i == 0 ? 0 : fuzz_below(r, p->n_slots)].offset, r);
    make_pages(p->image, PAGES, PLV0, r);
    make_pages(p->image, PAGES + TREE, PLV3, r);
    put_boot(&a);
    put_trap(&a, bytes);
    put_others(&a);
}

/* ---- the machine ---- */
static int build(struct machine *m, const char *spec, struct cpu **out, struct err *e)
{
    struct la_config config;
    struct la_cpu *la;
    int rc = la_config_parse(&config, spec, NULL, e);
    config.reset_pc = RAM + BOOT;
    if (rc == 0)
        rc = la_cpu_create(&la, m, &config, 0, 0, e);
    if (rc < 0)
        return rc;
    la_cpu_set_iocsr(la, m->memory); /* the same map serves */
    *out = la_cpu_base(la);
    return 0;
}

static void nop(unsigned length, uint8_t *code)
{
    (void)length;
    st_le32(code, LA_NOP);
}

/* Ecode; with EsubCode 32 above; what enters elsewhere from 56 on. */
static unsigned cause(const struct cpu *cpu)
{
    uint64_t code = cpu->fault.cause;
    return code >= LA_TLBR ? 56 + (code & 7) : ((code & 31) | (code >> 6 & 1) << 5) % FUZZ_CAUSES;
}

static const char *const cause_names[FUZZ_CAUSES] = {
    [LA_PIL] = "page invalid, load", [LA_PIS] = "page invalid, store", [LA_PIF] = "page invalid, fetch",
    [LA_PME] = "page modified", [LA_PNR] = "page not readable", [LA_PNX] = "page not executable",
    [LA_PPI] = "page privilege", [LA_ADEF] = "fetch address", [32 | 8] = "memory address", [LA_ALE] = "alignment",
    [LA_BCE] = "bound check", [LA_BRK] = "BREAK", [LA_INE] = "instruction not defined",
    [LA_IPE] = "instruction privilege", [LA_FPD] = "FP disabled", [LA_SXD] = "LSX disabled", [LA_ASXD] = "LASX disabled",
    [LA_FPE] = "floating point", [32 | 0x12] = "vector floating point", [LA_WPEF] = "fetch watchpoint",
    [32 | 0x13] = "data watchpoint", [56] = "TLB refill", [57] = "machine error", [58] = "DBCL",
};

static const char *excused(const struct cpu *cpu, uint16_t form, bool *by_trap)
{
    struct la_decoded d;
    *by_trap = form == LA_INSN_SYSCALL || form == LA_INSN_BREAK || form == LA_INSN_DBCL;
    if (*by_trap)
        return "what it does is to trap";
    uint32_t word = la_random_insn(form, fuzz_zeros, NULL);
    if (!la_decode(word, la_decode_features(cpu), &d) || d.form != form)
        return "this CPU lacks the extension";
    return NULL;
}

const struct fuzz_isa fuzz_loongarch64 = {
    .name = "loongarch64", .default_cpu = "max",
    .ram_bytes = RAM_BYTES, .ram = RAM, .alias = ALIAS, .device = DEVICE,
    .code = CODE, .code_bytes = CODE_BYTES,
    .n_forms = LA_FORM_COUNT, .descs = la_insn_descs,
    .cause_names = cause_names, .illegal = LA_INE,
    .build = build, .generate = generate, .nop = nop, .cause = cause, .excused = excused,
};
