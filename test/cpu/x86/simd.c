/* SPDX-License-Identifier: Apache-2.0 */
/* What the host cannot be asked about vector instructions: exceptions, alignment, MXCSR, saved state. */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/x86/bits.h"
#include "test/check_main.h"
#include "test/cpu/x86/host.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const enum exec_mode modes[] = { EXEC_INTERP, EXEC_JIT };
#define DATA HOST_RECORDS

/* Runs `n` bytes of code: the vector of the exception they ended with, or -1. */
static int run(struct pc *h, const char *code, size_t n)
{
    uint8_t bytes[256];
    ck_assert_uint_lt(n, sizeof(bytes));
    memcpy(bytes, code, n);
    bytes[n] = 0xf4;
    h->c->gpr[4] = HOST_RECORDS + 0x8000;
    pc_run(h, HOST_CODE, bytes, n + 1, 1000000);
    if (h->c->cpu.pc == HOST_CODE + n + 1)
        return -1;
    ck_assert_msg(h->c->cpu.pc > HOST_TRAPS && h->c->cpu.pc <= HOST_TRAPS + 32, "ended at %llx",
                  (unsigned long long)h->c->cpu.pc);
    return (int)(h->c->cpu.pc - HOST_TRAPS - 1);
}
#define RUN(h, code) run(h, code, sizeof(code) - 1)

/* ---- SDM volume 1, 11.5: unmasked exceptions. Operands of xmm0 op xmm1, 32-bit floats in all elements ---- */
enum { IE = 1, DE = 2, ZE = 4, OE = 8, UE = 16, PE = 32 };
/* clang-format off */
static const struct {
    const char *code;
    uint32_t a, b, unmasked, flags; /* flags: of MXCSR after it */
    int vector;
} exceptions[] = {
    { "\x0f\x5e\xc1", 0x3f800000, 0, 0, ZE, -1 },                     /* divps: 1 / 0 */
    { "\x0f\x5e\xc1", 0x3f800000, 0, ZE, ZE, 19 },
    { "\x0f\x5e\xc1", 0x3f800000, 0, IE | DE | OE | UE | PE, ZE, -1 },/* another's mask */
    { "\x0f\x5e\xc1", 0x3f800000, 0x40400000, PE, PE, 19 },           /* 1 / 3 */
    { "\x0f\x58\xc1", 0x7f7fffff, 0x7f7fffff, OE, OE | PE, 19 },      /* addps: both are signalled */
    { "\x0f\x58\xc1", 0x7f800001, 1, IE | DE, IE, 19 },               /* a NaN: DE is not looked at */
    { "\x0f\x58\xc1", 0x3f800000, 1, DE, DE, 19 },                    /* before computing: no PE */
    { "\x0f\x58\xc1", 0x3f800000, 1, PE, DE | PE, 19 },
    { "\x0f\x2f\xc1", 0x7fc00000, 0, IE, IE, 19 },                    /* comiss: quiet NaNs signal */
    { "\x0f\x2e\xc1", 0x7fc00000, 0, IE, 0, -1 },                     /* ucomiss: they do not */
    { "\x0f\x5b\xc1", 0, 0x01000001, PE, PE, 19 },                    /* cvtdq2ps */
};
/* clang-format on */
START_TEST(unmasked)
{
    for (unsigned m = 0; m < ARRAY_LEN(modes); m++) {
        struct pc h;
        x86_host_create(&h, modes[m]);
        for (unsigned i = 0; i < ARRAY_LEN(exceptions); i++)
            for (unsigned supported = 0; supported < 2; supported++) {
                h.c->cr4 = (h.c->cr4 & ~(uint64_t)X86_CR4_OSXMMEXCPT) | (supported ? X86_CR4_OSXMMEXCPT : 0u);
                x86_set_mxcsr(h.c, 0x1f80 & ~(exceptions[i].unmasked << 7));
                for (unsigned k = 0; k < 4; k++) {
                    h.c->v[0][0].w[k] = exceptions[i].a;
                    h.c->v[1][0].w[k] = exceptions[i].b;
                }
                int vector = run(&h, exceptions[i].code, 3);
                int want = exceptions[i].vector == 19 && !supported ? 6 : exceptions[i].vector;
                ck_assert_msg(vector == want, "mode %u row %u: vector %d", m, i, vector);
                ck_assert_msg((x86_get_mxcsr(h.c) & 0x3f) == exceptions[i].flags, "mode %u row %u: mxcsr %x", m, i,
                              x86_get_mxcsr(h.c));
                if (want >= 0)
                    ck_assert_msg(h.c->v[0][0].w[3] == exceptions[i].a, "row %u: the destination changed", i);
            }
        pc_destroy(&h);
    }
}
END_TEST

/* ---- alignment: SDM volume 2, 2.4 ---- */
#define CODE(text) text, sizeof(text) - 1
static const struct {
    const char *code;
    size_t n;
    uint8_t offset; /* of [rdi] from a multiple of 64 */
    int vector;
} alignments[] = {
    { CODE("\x0f\x28\x07"), 16, -1 },             /* movaps xmm0, [rdi] */
    { CODE("\x0f\x28\x07"), 8, 13 },
    { CODE("\x0f\x29\x07"), 1, 13 },              /* movaps [rdi], xmm0 */
    { CODE("\x0f\x10\x07"), 1, -1 },              /* movups */
    { CODE("\xf3\x0f\x7f\x07"), 3, -1 },          /* movdqu [rdi], xmm0 */
    { CODE("\x66\x0f\xfc\x07"), 4, 13 },          /* paddb xmm0, [rdi] */
    { CODE("\xf3\x0f\x58\x07"), 1, -1 },          /* addss: 4 bytes */
    { CODE("\x66\x0f\x12\x07"), 4, -1 },          /* movlpd: 8 bytes */
    { CODE("\x66\x0f\x3a\x63\x07\x08"), 1, -1 },  /* pcmpistri */
    { CODE("\xc5\xf9\xfc\x07"), 1, -1 },          /* vpaddb xmm0, xmm0, [rdi] */
    { CODE("\xc5\xfc\x28\x07"), 16, 13 },         /* vmovaps ymm0, [rdi] */
    { CODE("\xc5\xfc\x28\x07"), 32, -1 },
    { CODE("\xc5\xfc\x29\x07"), 16, 13 },         /* vmovaps [rdi], ymm0 */
    { CODE("\xc5\xfc\x10\x0f\xc5\xfc\x28\x47\x20"), 16, 13 }, /* vmovups ymm1, [rdi]; vmovaps ymm0, [rdi + 32] */
    { CODE("\xc5\xfc\x28\x47\x20\xc5\xfc\x10\x0f"), 32, -1 }, /* the other way round */
    { CODE("\xc5\xfc\x28\x47\x20\xc5\xfc\x10\x0f"), 48, 13 },
    { CODE("\xc5\xfd\xe7\x07"), 16, 13 },         /* vmovntdq [rdi], ymm0 */
    { CODE("\xc5\xfc\x10\x07"), 5, -1 },          /* vmovups ymm0 */
    { CODE("\x0f\xae\x07"), 8, 13 },              /* fxsave */
    { CODE("\x0f\xae\x27"), 16, 13 },             /* xsave */
};
START_TEST(alignment)
{
    for (unsigned m = 0; m < ARRAY_LEN(modes); m++) {
        struct pc h;
        x86_host_create(&h, modes[m]);
        if (!x86_cpu_has(h.c, X86_F_AVX)) {
            pc_destroy(&h);
            return;
        }
        for (unsigned i = 0; i < ARRAY_LEN(alignments); i++) {
            h.c->gpr[7] = DATA + alignments[i].offset;
            int vector = run(&h, alignments[i].code, alignments[i].n);
            ck_assert_msg(vector == alignments[i].vector, "mode %u row %u: vector %d", m, i, vector);
        }
        pc_destroy(&h);
    }
}
END_TEST

/* AMD's MXCSR.MM lets operands lie anywhere, but not what moves alone. Where 3 bytes past a multiple of 16. */
START_TEST(misaligned_mode)
{
    static const struct {
        const char *code;
        size_t n;
        int vector;
    } rows[] = {
        { CODE("\x0f\x58\x07"), -1 },         /* addps xmm0, [rdi] */
        { CODE("\x66\x0f\xfc\x07"), -1 },    /* paddb */
        { CODE("\xf3\x0f\x12\x07"), -1 },    /* movsldup */
        { CODE("\x0f\x28\x07"), 13 },         /* movaps xmm0, [rdi] */
        { CODE("\x66\x0f\x7f\x07"), 13 },    /* movdqa [rdi], xmm0 */
        { CODE("\x0f\x2b\x07"), 13 },         /* movntps */
    };
    for (unsigned m = 0; m < ARRAY_LEN(modes); m++) {
        struct pc h;
        x86_host_create(&h, modes[m]);
        for (unsigned i = 0; x86_cpu_has(h.c, X86_F_MISALIGNSSE) && i < ARRAY_LEN(rows); i++) {
            x86_set_mxcsr(h.c, 0x21f80);
            h.c->gpr[7] = DATA + 3;
            int vector = run(&h, rows[i].code, rows[i].n);
            ck_assert_msg(vector == rows[i].vector, "mode %u row %u: vector %d", m, i, vector);
        }
        pc_destroy(&h);
    }
}
END_TEST

/* ---- MXCSR ---- */
START_TEST(mxcsr)
{
    for (unsigned m = 0; m < ARRAY_LEN(modes); m++) {
        struct pc h;
        x86_host_create(&h, modes[m]);
        h.c->gpr[7] = DATA;
        st_le32(pc_at(&h, DATA), 0x9fc1);
        /* ldmxcsr [rdi]; divps xmm0, xmm1; stmxcsr [rdi + 4] */
        h.c->v[0][0] = (union ir_vec){ .w = { 0x3f800000, 0, 0x3f800000, 0x3f800000 } };
        h.c->v[1][0] = (union ir_vec){ .w = { 0x3f800000, 0x3f800000, 0, 0x3f800000 } };
        ck_assert_int_eq(RUN(&h, "\x0f\xae\x17\x0f\x5e\xc1\x0f\xae\x5f\x04"), -1);
        ck_assert_uint_eq(ld_le32(pc_at(&h, DATA + 4)), 0x9fc5);
        st_le32(pc_at(&h, DATA), 0x40000);
        ck_assert_int_eq(RUN(&h, "\x0f\xae\x17"), 13);
        ck_assert_uint_eq(x86_get_mxcsr(h.c), 0x9fc5);
        pc_destroy(&h);
    }
}
END_TEST

/* ---- saved state: SDM volume 1, 10.5 and 13 ---- */
static void set_state(struct pc *h)
{
    for (unsigned i = 0; i < 32; i++)
        for (unsigned b = 0; b < 64; b++)
            h->c->v[i][b / 16].b[b % 16] = (uint8_t)(i * 64 + b * 3 + 1);
    for (unsigned i = 0; i < 8; i++) {
        h->c->k[i] = 0x1111111111111111 * (i + 1);
        h->c->st[i].m = 0x8000000000000000 | i;
        h->c->st[i].se = 0x3fff + i;
    }
    h->c->fcw = 0x27f;
    h->c->fsw = 3 << 11; /* TOP: ST(0) is R3 */
    h->c->ftw = 0xa5;
    x86_set_mxcsr(h->c, 0x3fa1);
}

START_TEST(fxsave_layout)
{
    struct pc h;
    x86_host_create(&h, EXEC_INTERP);
    set_state(&h);
    h.c->gpr[7] = DATA;
    ck_assert_int_eq(RUN(&h, "\x48\x0f\xae\x07"), -1);
    const uint8_t *b = pc_at(&h, DATA);
    ck_assert_uint_eq(ld_le16(b), 0x27f);
    ck_assert_uint_eq(ld_le16(b + 2), 3 << 11);
    ck_assert_uint_eq(b[4], 0xa5);
    ck_assert_uint_eq(ld_le32(b + 24), 0x3fa1);
    ck_assert_uint_eq(ld_le32(b + 28), x86_cpu_has(h.c, X86_F_MISALIGNSSE) ? 0x2ffff : 0xffff);
    for (unsigned i = 0; i < 8; i++) {
        ck_assert_uint_eq(ld_le64(b + 32 + 16 * i), 0x8000000000000000 | ((i + 3) & 7));
        ck_assert_uint_eq(ld_le16(b + 40 + 16 * i), 0x3fff + ((i + 3) & 7));
    }
    for (unsigned i = 0; i < 16; i++)
        ck_assert_mem_eq(b + 160 + 16 * i, &h.c->v[i][0], 16);
    pc_destroy(&h);
}
END_TEST

/* Forms of saving and the one that brings it back, all of [rdi] with REX.W. */
static const struct {
    const char *save, *restore;
    bool compact;
} forms[] = {
    { "\x48\x0f\xae\x27", "\x48\x0f\xae\x2f", false }, /* xsave64, xrstor64 */
    { "\x48\x0f\xae\x37", "\x48\x0f\xae\x2f", false }, /* xsaveopt64 */
    { "\x48\x0f\xc7\x27", "\x48\x0f\xae\x2f", true },  /* xsavec64 */
    { "\x48\x0f\xc7\x2f", "\x48\x0f\xc7\x1f", true },  /* xsaves64, xrstors64 */
};
START_TEST(xsave_comes_back)
{
    struct pc h;
    struct x86_cpu *was = calloc(1, sizeof(*was));
    ck_assert_ptr_nonnull(was);
    for (unsigned m = 0; m < ARRAY_LEN(modes); m++) {
        x86_host_create(&h, modes[m]);
        for (unsigned i = 0; i < ARRAY_LEN(forms); i++) {
            memset(pc_at(&h, DATA), 0, 4096);
            set_state(&h);
            memset(h.c->v[20], 0, sizeof(h.c->v[20]));
            *was = *h.c;
            h.c->gpr[0] = h.c->gpr[2] = UINT32_MAX;
            h.c->gpr[7] = DATA;
            ck_assert_int_eq(run(&h, forms[i].save, 4), -1);
            uint64_t state = ld_le64(pc_at(&h, DATA + 512)), places = ld_le64(pc_at(&h, DATA + 520));
            ck_assert_uint_eq(state, h.c->xcr0[0] & ~(uint64_t)X86_XCR0_PKRU); /* PKRU is 0 */
            ck_assert_uint_eq(places, forms[i].compact ? h.c->xcr0[0] | BIT(63) : 0);
            memset(h.c->v, 0x55, sizeof(h.c->v));
            memset(h.c->k, 0x55, sizeof(h.c->k));
            memset(h.c->st, 0, sizeof(h.c->st));
            h.c->fsw = h.c->fcw = h.c->ftw = 0;
            h.c->pkru = 4;
            x86_set_mxcsr(h.c, 0x1f80);
            ck_assert_int_eq(run(&h, forms[i].restore, 4), -1);
            unsigned n = x86_cpu_has(h.c, X86_F_AVX512F) ? 4 : x86_cpu_has(h.c, X86_F_AVX) ? 2 : 1;
            for (unsigned r = 0; r < (n == 4 ? 32u : 16u); r++)
                ck_assert_mem_eq(h.c->v[r], was->v[r], 16 * n);
            if (n == 4)
                ck_assert_mem_eq(h.c->k, was->k, sizeof(was->k));
            ck_assert_mem_eq(h.c->st, was->st, sizeof(was->st));
            ck_assert_uint_eq(h.c->fsw, was->fsw);
            ck_assert_uint_eq(h.c->ftw, was->ftw);
            ck_assert_uint_eq(x86_get_mxcsr(h.c), 0x3fa1);
            if (h.c->xcr0[0] & X86_XCR0_PKRU)
                ck_assert_uint_eq(h.c->pkru, 0);
        }
        pc_destroy(&h);
    }
    free(was);
}
END_TEST

/* What XRSTOR refuses (13.8.1): header words that it must not know. */
static const struct {
    uint16_t at;
    uint64_t value;
} headers[] = {
    { 512, 1ull << 62 },            /* XSTATE_BV: not in XCR0 */
    { 520, 1 },                     /* XCOMP_BV of the standard form */
    { 520, 1ull << 63 | 1ull << 40 },
    { 528, 1 },
    { 24, 0x10000 },                /* MXCSR */
};
START_TEST(xrstor_refuses)
{
    struct pc h;
    x86_host_create(&h, EXEC_INTERP);
    for (unsigned i = 0; i < ARRAY_LEN(headers); i++) {
        memset(pc_at(&h, DATA), 0, 4096);
        st_le64(pc_at(&h, DATA + headers[i].at), headers[i].value);
        set_state(&h);
        h.c->gpr[0] = h.c->gpr[2] = UINT32_MAX;
        h.c->gpr[7] = DATA;
        ck_assert_msg(RUN(&h, "\x48\x0f\xae\x2f") == 13, "row %u", i);
        ck_assert_uint_eq(h.c->v[1][0].b[0], 65);
    }
    pc_destroy(&h);
}
END_TEST

/* ---- approximations: relative errors as SDM's RCPPS and RSQRTPS allow, and special values ---- */
START_TEST(approximations)
{
    static const struct {
        uint32_t in, rcp, rsqrt;
    } special[] = {
        { 0x00000000, 0x7f800000, 0x7f800000 }, { 0x80000000, 0xff800000, 0xff800000 },
        { 0x7f800000, 0x00000000, 0x00000000 }, { 0xff800000, 0x80000000, 0xffc00000 },
        { 0x00000001, 0x7f800000, 0x7f800000 }, { 0x7f800001, 0x7fc00001, 0x7fc00001 },
        { 0xbf800000, 0xbf800000, 0xffc00000 }, { 0x7f000000, 0x00000000, 0x1fb504f3 },
    };
    struct pc h;
    x86_host_create(&h, EXEC_INTERP);
    for (unsigned i = 0; i < ARRAY_LEN(special); i++) {
        h.c->v[1][0].w[0] = special[i].in;
        ck_assert_int_eq(RUN(&h, "\xf3\x0f\x53\xc1\xf3\x0f\x52\xd1"), -1); /* rcpss xmm0, xmm1; rsqrtss xmm2, xmm1 */
        ck_assert_msg(h.c->v[0][0].w[0] == special[i].rcp, "row %u: %08x", i, h.c->v[0][0].w[0]);
        ck_assert_msg(h.c->v[2][0].w[0] == special[i].rsqrt, "row %u: %08x", i, h.c->v[2][0].w[0]);
    }
    for (float x = 1.0f; x < 5.0f; x *= 1.013f) {
        float r, s;
        memcpy(h.c->v[1][0].b, &x, 4);
        ck_assert_int_eq(RUN(&h, "\xf3\x0f\x53\xc1\xf3\x0f\x52\xd1"), -1);
        memcpy(&r, h.c->v[0][0].b, 4);
        memcpy(&s, h.c->v[2][0].b, 4);
        ck_assert(fabs((double)r * (double)x - 1) < 1.5 / 4096);
        ck_assert(fabs((double)s * sqrt((double)x) - 1) < 1.5 / 4096);
    }
    ck_assert_uint_eq(x86_get_mxcsr(h.c) & 0x3f, 0);
    pc_destroy(&h);
}
END_TEST

/* ---- products of 52 bits: SDM volume 2, VPMADD52LUQ, VPMADD52HUQ ---- */
static uint64_t add52(uint64_t to, uint64_t a, uint64_t b, bool high)
{
    uint64_t m = BIT(52) - 1;
    unsigned __int128 product = (unsigned __int128)(a & m) * (b & m);
    return to + (high ? (uint64_t)(product >> 52) : (uint64_t)product & m);
}

START_TEST(multiply_add52)
{
    static const uint64_t values[] = { 0, 1, 0xfffffffffffff, 0xffffffffffffffff, 0xfff0000000000000, 0x80000000,
                                       0xffffffff, 0x100000000, 0x8000000000000, 0x123456789abcd, 0xedcba98765432 };
    uint64_t n = ARRAY_LEN(values);
    for (unsigned m = 0; m < ARRAY_LEN(modes); m++) {
        struct pc h;
        x86_max_create(&h, modes[m]);
        for (uint64_t i = 0; i < n * n; i++) {
            uint64_t a = values[i / n], b = values[i % n], to = i * 0x9e3779b97f4a7c15;
            for (unsigned k = 0; k < 8; k++) {
                h.c->v[0][k / 2].d[k % 2] = h.c->v[3][k / 2].d[k % 2] = to + k;
                h.c->v[1][k / 2].d[k % 2] = a + k;
                h.c->v[2][k / 2].d[k % 2] = b - k;
            }
            h.c->k[1] = 0xa5;
            /* vpmadd52luq zmm0, zmm1, zmm2; vpmadd52huq zmm3{k1}, zmm1, zmm2 */
            ck_assert_int_eq(RUN(&h, "\x62\xf2\xf5\x48\xb4\xc2\x62\xf2\xf5\x49\xb5\xda"), -1);
            for (unsigned k = 0; k < 8; k++) {
                bool masked = !(0xa5 >> k & 1);
                ck_assert_uint_eq(h.c->v[0][k / 2].d[k % 2], add52(to + k, a + k, b - k, false));
                ck_assert_uint_eq(h.c->v[3][k / 2].d[k % 2], masked ? to + k : add52(to + k, a + k, b - k, true));
            }
        }
        pc_destroy(&h);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/x86 vectors");
    TCase *t = tcase_create("simd");
    tcase_add_test(t, unmasked);
    tcase_add_test(t, alignment);
    tcase_add_test(t, misaligned_mode);
    tcase_add_test(t, mxcsr);
    tcase_add_test(t, fxsave_layout);
    tcase_add_test(t, xsave_comes_back);
    tcase_add_test(t, xrstor_refuses);
    tcase_add_test(t, approximations);
    tcase_add_test(t, multiply_add52);
    suite_add_tcase(s, t);
    return s;
}
