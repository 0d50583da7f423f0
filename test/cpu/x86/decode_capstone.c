/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder against an independent reader of the same manuals: capstone. Random instructions of
 * every row without EVEX (capstone's EVEX misreads too much to be of use) and random bytes: length,
 * mnemonic and operands must agree. Where they may differ stands below, with the reason.
 */
/* Both have enumerators of these names. */
#define x86_insn    capstone_x86_insn
#define X86_OP_REG  CAPSTONE_X86_OP_REG
#define X86_OP_IMM  CAPSTONE_X86_OP_IMM
#define X86_OP_MEM  CAPSTONE_X86_OP_MEM
#define X86_REG_RIP CAPSTONE_X86_REG_RIP
#include <capstone/capstone.h>
#undef x86_insn
#undef X86_OP_REG
#undef X86_OP_IMM
#undef X86_OP_MEM
#undef X86_REG_RIP
#include "cpu/x86/decode.gen.h"
#include "cpu/x86/decode.h"
#include "test/check_main.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PER_MODE = 24, RANDOM = 60000, SHOWN = 40, AT = 0x1000 };

/* clang-format off */
/* Rows whose text capstone 4 writes otherwise or wrongly: only lengths are compared. */
static const char *const other_text[] = {
    /* sizes of memory that only capstone prints, or gets wrong */
    "comiss", "comisd", "vcomiss", "vcomisd", "punpcklbw", "punpcklwd", "punpckldq", "invlpg", "clflush",
    "clflushopt", "clwb", "prefetchnta", "prefetcht0", "prefetcht1", "prefetcht2", "prefetch", "prefetchw",
    "prefetchwt1", "sgdt", "sidt", "lgdt", "lidt", "lds", "les", "lss", "lfs", "lgs", "xsave", "xrstor",
    "xsaveopt", "xsavec", "xsaves", "xrstors", "fxsave", "fxrstor", "fldenv", "fnstenv", "frstor", "fnsave",
    /* implied operands that only one names */
    "maskmovq", "maskmovdqu", "vmaskmovdqu", "xlat", "monitor", "vmrun", "vmload", "vmsave", "invlpga", "skinit",
    "pblendvb", "blendvps", "blendvpd", "sha256rnds2", "stos", "lods", "scas", "ins", "outs", "movs", "cmps",
    "fadd", "fmul", "fsub", "fsubr", "fdiv", "fdivr", "fcmovcc", "xchg", "aam", "aad",
    "faddp", "fmulp", "fsubp", "fsubrp", "fdivp", "fdivrp", "fcomi", "fcomip", "fucomi", "fucomip",
    /* other names */
    "pusha", "popa", "call@far", "call@farind", "jmp@far", "jmp@farind", "ret@far", "fnop@8087", "wait", "ud0", "ud1",
    "fld", "fstp", "fbld", "fbstp", "fnstsw",
    "vcvtpd2ps", "vcvtpd2dq", "vcvttpd2dq", "cmpps", "cmppd", "cmpss", "cmpsd", "vcmpps", "vcmppd", "vcmpss",
    "vcmpsd",
    /* REX.W changes the size of registers that are 32 bits wide for us, or the name */
    "movsxd", "lar", "lsl", "sysret", "sysexit", "movd", "pause", "nop", "enter", "leave", "iret",
    /* VEX.W and the fourth register outside 64-bit mode: ignored (SDM volume 2, 2.3.5, 2.3.11) */
    "vpextrd", "vpinsrd", "vmovd", "vblendvps", "vblendvpd", "vpblendvb",
    /* read as what stood there before these came */
    "wbnoinvd", "rdpid", "rdseed", "eretu", "erets", "endbr32", "endbr64", "rdssp", "cldemote", "vmgexit", "clrssbsy",
    "umonitor", "umwait", "tpause", "incssp",
};

/* Features that capstone 4 knows nothing of: it may call their rows bad. */
static const char *const newer[] = {
    "gfni", "vaes", "vpclmulqdq", "avx-vnni", "movdiri", "movdir64b", "shstk", "ibt", "serialize", "tsx-ldtrk",
    "pku", "mwaitx", "clzero", "rdpru", "invlpgb", "sev-snp", "waitpkg", "wrmsrns", "lkgs", "fred", "3dnowprefetch",
    "clwb", "cldemote", "sev-es", "avx512", "pclmulqdq", "aes", "rdpid", "wbnoinvd",
};

/* What it calls bad although the manual has it. */
static const char *const unknown[] = {
    "vbroadcasti128",                     /* not in its tables */
    "nop@hint", "ud0", "ud1", "fnop@8087", /* SDM volume 2, table A-3 and A.2 of AMD's */
    "lfence", "mfence", "sfence",         /* ModRM.rm is not looked at */
    "fcom", "fcomp", "fxch", "fstp",      /* the encodings that A.5 leaves blank */
    "mov@seg",                            /* REX.R is ignored */
    "sha1rnds4", "salc", "int1",          /* some modes, some prefixes */
};

/* clang-format on */

struct outcome {
    unsigned compared, shown;
};

static bool is_in(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

static bool is_newer(const struct insn_desc *desc)
{
    for (size_t i = 0; i < ARRAY_LEN(newer); i++)
        if (strstr(desc->feature, newer[i]) != NULL)
            return true;
    return is_in(desc->name, unknown, ARRAY_LEN(unknown));
}

/* Without blanks, "*1" and, in 64-bit mode, the segments that have no effect there. */
static void squeeze(const char *from, char *to, enum x86_code mode)
{
    static const char *const idle[] = { "cs:", "ds:", "es:", "ss:" };
    for (; *from != '\0'; from++) {
        bool drop = *from == ' ';
        for (size_t i = 0; i < ARRAY_LEN(idle) && mode == X86_CODE64; i++)
            if (strncmp(from, idle[i], 3) == 0) {
                from += 2;
                drop = true;
            }
        if (strncmp(from, "*1", 2) == 0 && !isdigit((unsigned char)from[2])) {
            from++;
            drop = true;
        }
        if (!drop)
            *to++ = *from;
    }
    *to = '\0';
}

/* Equal but for how numbers are written: they agree modulo 2 to the `bits`. */
static bool is_alike(const char *a, const char *b, unsigned bits)
{
    uint64_t mask = bits >= 64 ? ~0ull : (1ull << bits) - 1;
    while (*a != '\0' || *b != '\0') {
        /* a displacement of 0, and signs: -1 is 0xffff */
        bool minus_a = *a == '-', minus_b = *b == '-';
        const char *digit_a = a + (minus_a || *a == '+'), *digit_b = b + (minus_b || *b == '+');
        if (isdigit((unsigned char)*digit_a) && isdigit((unsigned char)*digit_b)) {
            char *end_a, *end_b;
            uint64_t value_a = strtoull(digit_a, &end_a, 0), value_b = strtoull(digit_b, &end_b, 0);
            value_a = minus_a ? -value_a : value_a;
            value_b = minus_b ? -value_b : value_b;
            if (((value_a ^ value_b) & mask) != 0)
                return false;
            a = end_a;
            b = end_b;
        } else if (*a++ != *b++) {
            return false;
        }
    }
    return true;
}

/* The mnemonic behind prefixes; *operands is what follows it. */
static const char *skip_prefixes(const char *text)
{
    static const char *const prefixes[] = { "lock ", "rep ", "repe ", "repne ", "repz ", "repnz " };
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (strncmp(text, prefixes[i], strlen(prefixes[i])) == 0)
            return skip_prefixes(text + strlen(prefixes[i]));
    return text;
}

/* Bits in which numbers must agree: capstone extends and cuts them in its own ways. */
static unsigned number_bits(const struct x86_decoded *d)
{
    unsigned size = d->addr_size == 2 ? 2 : 4;
    for (unsigned i = 0; i < d->n_ops; i++)
        if (d->op[i].kind == X86_OP_IMM || d->op[i].kind == X86_OP_IMM2 ||
            d->op[i].kind == X86_OP_REL)
            size = d->op[i].size < size ? d->op[i].size : size;
    return 8 * size;
}

static bool is_same_text(const struct x86_decoded *d, const char *ours, const char *theirs,
                         enum x86_code mode)
{
    char a[160], b[160];
    theirs = skip_prefixes(theirs);
    squeeze(skip_prefixes(ours), a, mode);
    if (strncmp(theirs, "movabs", 6) == 0) /* the manual's MOV */
        memcpy(b, "mov", 3), squeeze(theirs + 6, b + 3, mode);
    else if (strncmp(theirs, "sal", 3) == 0) /* and SHL */
        memcpy(b, "shl", 3), squeeze(theirs + 3, b + 3, mode);
    else
        squeeze(theirs, b, mode);
    return is_alike(a, b, number_bits(d));
}

/*
 * Capstone 4 takes 66, F2 and F3 for nothing in front of 0F in 16-bit mode, and 67 with REX.W for
 * 66; it does not know which of 66 and REX.W wins; it lets 66 shorten near branches in 64-bit mode,
 * as AMD's processors do.
 */
static bool is_misread(const uint8_t *code, const struct x86_decoded *d, enum x86_code mode)
{
    bool opsize = false, addrsize = false;
    for (unsigned i = 0; i < d->length && i < 5; i++) {
        opsize = opsize || code[i] == 0x66 || code[i] == 0xf2 || code[i] == 0xf3;
        addrsize = addrsize || code[i] == 0x67;
    }
    unsigned branch = x86_insn_descs[d->form].branch;
    if (mode == X86_CODE64)
        return addrsize || (opsize && d->w) || (branch != INSN_NO_BRANCH && opsize) ||
               d->id == X86_INSN_XBEGIN;
    return mode == X86_CODE16 || (branch != INSN_NO_BRANCH && (opsize || addrsize));
}

static void compare(csh handle, const uint8_t *code, size_t n, enum x86_code mode,
                    const struct x86_decoded *d, struct outcome *outcome)
{
    const struct insn_desc *desc = &x86_insn_descs[d->form];
    char ours[120], theirs[320] = "bad";
    cs_insn *insn;
    unsigned length = 0;
    x86_disassemble(d, AT, ours, sizeof ours);
    size_t count = cs_disasm(handle, code, n, AT, 1, &insn);
    if (count != 0) {
        snprintf(theirs, sizeof theirs, "%s%s%s", insn->mnemonic,
                 insn->op_str[0] == '\0' ? "" : " ", insn->op_str);
        length = insn->size;
        cs_free(insn, count);
    }
    outcome->compared++;
    bool same = count == 0 ? is_newer(desc)
                           : length == d->length || is_in(desc->name, unknown, ARRAY_LEN(unknown));
    if (is_misread(code, d, mode))
        same = true;
    else if (same && count != 0 && !is_newer(desc) &&
             !is_in(desc->name, other_text, ARRAY_LEN(other_text)))
        same = is_same_text(d, ours, theirs, mode);
    if (same || outcome->shown++ >= SHOWN)
        return;
    fprintf(stderr, "mode %d, %s %s: ours '%s' (%u), capstone's '%s' (%u):", mode, desc->name,
            desc->format, ours, d->length, theirs, length);
    for (unsigned i = 0; i < d->length; i++)
        fprintf(stderr, " %02x", code[i]);
    fputc('\n', stderr);
}

static uint64_t next_random(void *arg)
{
    uint64_t *x = arg; /* xorshift64*; the seed is any constant */
    *x ^= *x >> 12;
    *x ^= *x << 25;
    *x ^= *x >> 27;
    return *x * 0x2545f4914f6cdd1dull;
}

static void open_handles(csh handles[3])
{
    static const cs_mode modes[3] = { CS_MODE_16, CS_MODE_32, CS_MODE_64 };
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(cs_open(CS_ARCH_X86, modes[i], &handles[i]), CS_ERR_OK);
}

static void close_handles(csh handles[3])
{
    for (int i = 0; i < 3; i++)
        cs_close(&handles[i]);
}

START_TEST(rows_agree)
{
    struct outcome outcome = { 0 };
    uint64_t seed = 0x9e3779b97f4a7c15ull, has[X86_EXT_WORDS];
    csh handles[3];
    memset(has, 0xff, sizeof has);
    open_handles(handles);
    for (uint16_t form = 0; form < X86_FORM_COUNT; form++)
        for (int k = 0; k < 3 * PER_MODE; k++) {
            uint8_t code[X86_MAX_LENGTH];
            enum x86_code mode = (enum x86_code)(k % 3);
            struct x86_decoded d;
            size_t n = x86_random_insn(form, mode, k % 2 != 0, next_random, &seed, code);
            if (n == 0 || x86_decode(code, n, mode, true, has, &d) != X86_DECODED || d.evex)
                continue;
            compare(handles[mode], code, n, mode, &d, &outcome);
        }
    close_handles(handles);
    ck_assert_uint_gt(outcome.compared, 50000);
    ck_assert_uint_eq(outcome.shown, 0);
}
END_TEST

START_TEST(random_bytes_agree)
{
    struct outcome outcome = { 0 };
    uint64_t seed = 0xd1342543de82ef95ull, has[X86_EXT_WORDS];
    csh handles[3];
    memset(has, 0xff, sizeof has);
    open_handles(handles);
    for (unsigned k = 0; k < RANDOM; k++) {
        uint8_t code[X86_MAX_LENGTH];
        enum x86_code mode = (enum x86_code)(k % 3);
        struct x86_decoded d;
        for (size_t i = 0; i < sizeof code; i++)
            code[i] = (uint8_t)(next_random(&seed) >> 33);
        if (k % 2 == 0)
            code[0] = 0x0f;
        if (x86_decode(code, sizeof code, mode, true, has, &d) == X86_DECODED && !d.evex)
            compare(handles[mode], code, sizeof code, mode, &d, &outcome);
    }
    close_handles(handles);
    ck_assert_uint_gt(outcome.compared, RANDOM / 2);
    ck_assert_uint_eq(outcome.shown, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/x86/decode_capstone");
    TCase *c = tcase_create("capstone");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, rows_agree);
    tcase_add_test(c, random_bytes_agree);
    suite_add_tcase(s, c);
    return s;
}
