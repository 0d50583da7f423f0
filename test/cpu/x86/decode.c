/* SPDX-License-Identifier: Apache-2.0 */
/* The x86 decoder: single cases worked out from the manuals, then properties of all rows. */
#include "cpu/x86/decode.gen.h"
#include "cpu/x86/cpu.h"
#include "test/check_main.h"
#include <stdlib.h>
#include <string.h>

static void all_features(uint64_t features[X86_EXT_WORDS])
{
    memset(features, 0xff, X86_EXT_WORDS * sizeof *features);
}

/* "0f 01 d8" */
static size_t parse_bytes(const char *text, uint8_t *code)
{
    size_t n = 0;
    char *end;
    for (;; text = end) {
        unsigned long byte = strtoul(text, &end, 16);
        if (end == text)
            return n;
        code[n++] = (uint8_t)byte;
    }
}

static enum x86_decode_result decode(const char *bytes, enum x86_code mode, struct x86_decoded *d)
{
    uint8_t code[32];
    uint64_t features[X86_EXT_WORDS];
    size_t n = parse_bytes(bytes, code);
    all_features(features);
    return x86_decode(code, n, mode, true, features, d);
}

/* clang-format off */
static const struct {
    enum x86_code mode;
    const char *bytes, *text;
} texts[] = {
    /* prefixes: SDM volume 2, 2.1.1 and 2.2.1 */
    { X86_CODE64, "48 01 c8", "add rax, rcx" },
    { X86_CODE64, "66 48 01 c8", "add rax, rcx" },    /* REX.W goes before 66 */
    { X86_CODE64, "48 66 01 c8", "add ax, cx" },      /* REX not right before the opcode: ignored */
    { X86_CODE64, "40 88 e0", "mov al, spl" },
    { X86_CODE64, "88 e0", "mov al, ah" },
    { X86_CODE64, "2e 8b 00", "mov eax, dword ptr [rax]" }, /* no CS in 64-bit mode */
    { X86_CODE64, "64 2e 8b 00", "mov eax, dword ptr fs:[rax]" },
    { X86_CODE32, "2e 8b 00", "mov eax, dword ptr cs:[eax]" },
    { X86_CODE32, "66 f3 0f b8 c1", "popcnt ax, cx" },
    { X86_CODE32, "f3 66 0f b8 c1", "popcnt ax, cx" },
    { X86_CODE64, "f3 f2 0f 10 c1", "movsd xmm0, xmm1" }, /* the last of F2 and F3 counts */
    { X86_CODE64, "66 f2 0f 10 c1", "movsd xmm0, xmm1" },
    { X86_CODE64, "f2 66 0f 10 c1", "movsd xmm0, xmm1" },
    { X86_CODE64, "66 f2 0f 38 f1 c1", "crc32 eax, cx" },
    { X86_CODE64, "90", "nop" },
    { X86_CODE64, "41 90", "xchg r8d, eax" },
    { X86_CODE64, "f3 90", "pause" },
    { X86_CODE64, "f3 a4", "rep movsb byte ptr es:[rdi], byte ptr [rsi]" },
    { X86_CODE64, "f2 48 a7", "repne cmpsq qword ptr [rsi], qword ptr es:[rdi]" },
    { X86_CODE64, "f0 48 0f c1 0b", "lock xadd qword ptr [rbx], rcx" },
    /* addresses: tables 2-1 to 2-3 */
    { X86_CODE16, "8b 40 fe", "mov ax, word ptr [bx + si - 2]" },
    { X86_CODE16, "8b 46 00", "mov ax, word ptr [bp]" },
    { X86_CODE16, "8b 06 34 12", "mov ax, word ptr [0x1234]" },
    { X86_CODE16, "67 66 8b 04 8d 78 56 34 12", "mov eax, dword ptr [ecx*4 + 0x12345678]" },
    { X86_CODE32, "8b 04 24", "mov eax, dword ptr [esp]" },
    { X86_CODE32, "8b 05 78 56 34 12", "mov eax, dword ptr [0x12345678]" },
    { X86_CODE64, "8b 05 78 56 34 12", "mov eax, dword ptr [rip + 0x12345678]" },
    { X86_CODE64, "8b 04 25 78 56 34 12", "mov eax, dword ptr [0x12345678]" },
    { X86_CODE64, "42 8b 04 20", "mov eax, dword ptr [rax + r12*1]" }, /* index 12 is one */
    { X86_CODE64, "41 8b 45 00", "mov eax, dword ptr [r13]" },
    { X86_CODE64, "a1 88 77 66 55 44 33 22 11", "mov eax, dword ptr [0x1122334455667788]" },
    { X86_CODE32, "a1 88 77 66 55", "mov eax, dword ptr [0x55667788]" },
    /* immediates and sizes */
    { X86_CODE64, "48 b8 88 77 66 55 44 33 22 11", "mov rax, 0x1122334455667788" },
    { X86_CODE64, "48 83 c4 f8", "add rsp, 0xfffffffffffffff8" },
    { X86_CODE64, "6a ff", "push 0xffffffffffffffff" },
    { X86_CODE64, "66 6a ff", "push 0xffff" },
    { X86_CODE64, "50", "push rax" },
    { X86_CODE64, "66 50", "push ax" },
    { X86_CODE64, "c8 10 00 02", "enter 0x10, 2" },
    { X86_CODE32, "9a 78 56 34 12 bc 9a", "call 0x9abc:0x12345678" },
    { X86_CODE64, "e8 00 00 00 00", "call 0x1005" },
    { X86_CODE64, "eb fe", "jmp 0x1000" },
    { X86_CODE16, "74 0e", "je 0x1010" },
    { X86_CODE64, "66 e8 00 00 00 00", "call 0x1006" }, /* 66 does nothing to near branches (SDM) */
    { X86_CODE64, "67 e3 00", "jecxz 0x1003" },
    { X86_CODE64, "8c d8", "mov eax, ds" },
    { X86_CODE64, "8c 18", "mov word ptr [rax], ds" },
    { X86_CODE64, "48 98", "cdqe" },
    { X86_CODE64, "48 0f c7 0e", "cmpxchg16b xmmword ptr [rsi]" },
    { X86_CODE64, "0f c7 0e", "cmpxchg8b qword ptr [rsi]" },
    { X86_CODE64, "44 0f 20 c0", "mov rax, cr8" },
    { X86_CODE32, "0f 20 00", "mov eax, cr0" },         /* mod does not matter */
    { X86_CODE64, "0f 01 f8", "swapgs" },
    { X86_CODE64, "0f 01 38", "invlpg [rax]" },
    { X86_CODE64, "0f 01 10", "lgdt tbyte ptr [rax]" },
    { X86_CODE64, "f3 0f 1e fa", "endbr64" },
    { X86_CODE64, "0f 1f 44 00 00", "nop dword ptr [rax + rax*1]" },
    /* x87 */
    { X86_CODE64, "d8 c1", "fadd st(0), st(1)" },
    { X86_CODE64, "dc e1", "fsubr st(1), st(0)" },
    { X86_CODE64, "db 28", "fld tbyte ptr [rax]" },
    { X86_CODE64, "da c9", "fcmove st(0), st(1)" },
    /* VEX: 2.3 */
    { X86_CODE64, "c5 f5 fc c2", "vpaddb ymm0, ymm1, ymm2" },
    { X86_CODE32, "c5 f5 fc c2", "vpaddb ymm0, ymm1, ymm2" },
    { X86_CODE32, "c5 00", "lds eax, fword ptr [eax]" },
    { X86_CODE64, "c4 e2 f8 f2 c1", "andn rax, rax, rcx" },
    { X86_CODE32, "c4 e2 f8 f2 c1", "andn eax, eax, ecx" }, /* VEX.W is ignored there */
    { X86_CODE64, "c4 e2 6d 92 04 88", "vgatherdps ymm0, dword ptr [rax + ymm1*4], ymm2" },
    { X86_CODE64, "c4 e3 71 4a c2 30", "vblendvps xmm0, xmm1, xmm2, xmm3" },
    /* EVEX: 2.7 */
    { X86_CODE64, "62 f1 74 48 58 c2", "vaddps zmm0, zmm1, zmm2" },
    { X86_CODE64, "62 a1 74 40 58 c2", "vaddps zmm16, zmm17, zmm18" },
    { X86_CODE64, "62 f1 74 c9 58 40 01", "vaddps zmm0{k1}{z}, zmm1, zmmword ptr [rax + 0x40]" },
    { X86_CODE64, "62 f1 74 58 58 40 01", "vaddps zmm0, zmm1, dword ptr [rax + 4]{1to16}" },
    { X86_CODE64, "62 f1 74 78 58 c2", "vaddps zmm0, zmm1, zmm2{rz-sae}" },
    { X86_CODE64, "62 f2 7d 49 8a 40 01", "vcompressps zmmword ptr [rax + 4]{k1}, zmm0" },
};
/* clang-format on */

START_TEST(text_is_the_manuals)
{
    struct x86_decoded d;
    char text[100];
    ck_assert_int_eq(decode(texts[_i].bytes, texts[_i].mode, &d), X86_DECODED);
    ck_assert_uint_eq(d.length, (strlen(texts[_i].bytes) + 1) / 3);
    x86_disassemble(&d, 0x1000, text, sizeof text);
    ck_assert_str_eq(text, texts[_i].text);
}
END_TEST

/* clang-format off */
static const struct {
    enum x86_code mode;
    const char *bytes;
    enum x86_decode_result result;
} refused[] = {
    { X86_CODE64, "f0 01 c8", X86_UNDEFINED },         /* LOCK wants a memory destination */
    { X86_CODE64, "f0 03 08", X86_UNDEFINED },
    { X86_CODE64, "f0 8b 00", X86_UNDEFINED },
    { X86_CODE64, "06", X86_UNDEFINED },               /* no PUSH ES, DAA, AAM in 64-bit mode */
    { X86_CODE64, "27", X86_UNDEFINED },
    { X86_CODE64, "82 c0 01", X86_UNDEFINED },
    { X86_CODE32, "0f 05", X86_DECODED },
    { X86_CODE64, "8e c8", X86_UNDEFINED },            /* no MOV CS; no segment register 6 */
    { X86_CODE64, "8e f0", X86_UNDEFINED },
    { X86_CODE64, "0f 20 c8", X86_UNDEFINED },         /* CR1 */
    { X86_CODE64, "44 0f 21 c0", X86_UNDEFINED },      /* DR8 */
    { X86_CODE64, "8d c0", X86_UNDEFINED },            /* LEA of a register */
    { X86_CODE64, "0f 0b", X86_DECODED },              /* UD2 is an instruction */
    { X86_CODE64, "0f 04", X86_UNDEFINED },
    { X86_CODE64, "66 c5 f5 fc c2", X86_UNDEFINED },   /* 66, F2, F3, LOCK, REX before VEX */
    { X86_CODE64, "f3 c5 f5 fc c2", X86_UNDEFINED },
    { X86_CODE64, "f0 c5 f5 fc c2", X86_UNDEFINED },
    { X86_CODE64, "40 c5 f5 fc c2", X86_UNDEFINED },
    { X86_CODE64, "c5 f0 28 c1", X86_UNDEFINED },      /* vvvv of VMOVAPS is not 1111 */
    { X86_CODE64, "c4 e2 75 92 04 88", X86_UNDEFINED }, /* gather: index is the mask */
    { X86_CODE64, "c4 e2 75 92 00", X86_UNDEFINED },   /* VSIB without SIB */
    { X86_CODE64, "62 f9 74 48 58 c2", X86_UNDEFINED }, /* P0 bit 3, P1 bit 2 */
    { X86_CODE64, "62 f1 70 48 58 c2", X86_UNDEFINED },
    { X86_CODE64, "62 f1 74 68 58 c2", X86_UNDEFINED }, /* L'L = 3 */
    { X86_CODE64, "62 f1 74 c8 58 c2", X86_UNDEFINED }, /* zeroing without a mask */
    { X86_CODE64, "62 f1 7c c9 11 00", X86_UNDEFINED }, /* zeroing into memory */
    { X86_CODE64, "62 f1 75 58 fc 00", X86_UNDEFINED }, /* bytes do not broadcast */
    { X86_CODE64, "62 f2 7d 48 92 04 88", X86_UNDEFINED }, /* gather without a mask */
    { X86_CODE64, "66 66 66 66 66 66 66 66 66 66 66 66 66 01 c8", X86_DECODED },
    { X86_CODE64, "66 66 66 66 66 66 66 66 66 66 66 66 66 66 01 c8", X86_TOO_LONG },
    { X86_CODE64, "66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 66", X86_TOO_LONG },
    { X86_CODE64, "66 66 66 66 66 66 66 66 66 66 66 66 66", X86_TOO_SHORT },
    { X86_CODE32, "c5", X86_TOO_SHORT },               /* LDS or VEX: the next byte tells */
    { X86_CODE64, "", X86_TOO_SHORT },
};
/* clang-format on */

START_TEST(encodings_are_refused)
{
    struct x86_decoded d;
    ck_assert_msg(decode(refused[_i].bytes, refused[_i].mode, &d) == refused[_i].result, "%s",
                  refused[_i].bytes);
}
END_TEST

/* clang-format off */
static const struct {
    const char *bytes;
    unsigned without;
    const char *text; /* NULL: undefined */
} features[] = {
    { "f3 0f bc c1", X86_EXT_BMI1, "bsf eax, ecx" },
    { "f3 0f bd c1", X86_EXT_ABM, "bsr eax, ecx" },
    { "f3 0f b8 c1", X86_EXT_POPCNT, NULL },
    { "f3 0f 1e fa", X86_EXT_IBT, "nop edx" },
    { "0f 18 00", X86_EXT_SSE, "prefetchnta [rax]" },
    { "c5 f5 fc c2", X86_EXT_AVX2, NULL },
    { "c5 f1 fc c2", X86_EXT_AVX2, "vpaddb xmm0, xmm1, xmm2" }, /* 128 bits are AVX */
    { "62 f1 74 28 58 c2", X86_EXT_AVX512VL, NULL },
    { "62 f1 74 48 58 c2", X86_EXT_AVX512VL, "vaddps zmm0, zmm1, zmm2" },
    { "62 f1 7d 08 6e c0", X86_EXT_AVX512VL, "vmovd xmm0, eax" },
    { "48 0f c7 0e", X86_EXT_CX16, NULL },
    { "f3 0f 09", X86_EXT_WBNOINVD, "wbinvd" },
    { "f0 0f 20 c0", X86_EXT_CR8LEGACY, NULL },
    { "f0 0f 20 c0", X86_EXT_COUNT, "mov rax, cr8" },
};
/* clang-format on */

START_TEST(features_decide)
{
    uint8_t code[32];
    uint64_t has[X86_EXT_WORDS];
    struct x86_decoded d;
    char text[100];
    size_t n = parse_bytes(features[_i].bytes, code);
    all_features(has);
    if (features[_i].without != X86_EXT_COUNT)
        has[features[_i].without / 64] &= ~(1ull << features[_i].without % 64);
    enum x86_decode_result result = x86_decode(code, n, X86_CODE64, true, has, &d);
    ck_assert_int_eq(result, features[_i].text == NULL ? X86_UNDEFINED : X86_DECODED);
    if (features[_i].text == NULL)
        return;
    x86_disassemble(&d, 0, text, sizeof text);
    ck_assert_str_eq(text, features[_i].text);
}
END_TEST

/* Real and virtual-8086 mode have no VEX (2.3.5): C4, C5 and 62 stay LES, LDS and BOUND. */
START_TEST(no_vex_in_real_mode)
{
    static const uint8_t vex[] = { 0xc5, 0xf5, 0xfc, 0xc2 };
    uint64_t has[X86_EXT_WORDS];
    struct x86_decoded d;
    all_features(has);
    ck_assert_int_eq(x86_decode(vex, sizeof vex, X86_CODE16, false, has, &d), X86_UNDEFINED);
    ck_assert_int_eq(x86_decode(vex, sizeof vex, X86_CODE16, true, has, &d), X86_DECODED);
}
END_TEST

START_TEST(members_say_what_the_manual_says)
{
    struct x86_decoded d;
    ck_assert_int_eq(decode("0f 8f 00 00 00 00", X86_CODE64, &d), X86_DECODED);
    ck_assert_uint_eq(d.id, X86_INSN_JCC);
    ck_assert_uint_eq(d.cond, 15);
    ck_assert_uint_eq(d.op_size, 8);
    ck_assert_int_eq(decode("db d1", X86_CODE64, &d), X86_DECODED); /* FCMOVNBE */
    ck_assert_uint_eq(d.id, X86_INSN_FCMOVCC);
    ck_assert_uint_eq(d.cond, 7);
    ck_assert_int_eq(decode("f3 64 aa", X86_CODE32, &d), X86_DECODED);
    ck_assert_uint_eq(d.id, X86_INSN_STOS);
    ck_assert(d.rep && !d.repne && d.n_ops == 0 && d.op_size == 1);
    ck_assert_uint_eq(d.seg, X86_FS);
    ck_assert_int_eq(decode("f3 0f 10 c1", X86_CODE64, &d), X86_DECODED);
    ck_assert(!d.rep && d.id == X86_INSN_MOVSS);
    /* defaults to SS where the base is BP or SP, not with R13 */
    ck_assert_int_eq(decode("8b 45 00", X86_CODE64, &d), X86_DECODED);
    ck_assert_uint_eq(d.seg, X86_SS);
    ck_assert_int_eq(decode("41 8b 45 00", X86_CODE64, &d), X86_DECODED);
    ck_assert_uint_eq(d.seg, X86_DS);
    /* one id for all forms; the operands tell them apart */
    ck_assert_int_eq(decode("04 80", X86_CODE64, &d), X86_DECODED);
    ck_assert(d.id == X86_INSN_ADD && d.op[0].kind == X86_OP_REG && d.op[0].size == 1 &&
              d.op[1].kind == X86_OP_IMM);
    ck_assert_int_eq(decode("48 0f c8", X86_CODE64, &d), X86_DECODED);
    ck_assert(d.id == X86_INSN_BSWAP && d.op[0].size == 8 && d.op[0].reg == 0);
    ck_assert_int_eq(decode("66 0f 78 c1 03 04", X86_CODE64, &d), X86_DECODED);
    ck_assert(d.id == X86_INSN_EXTRQ && d.imm == 3 && d.imm2 == 4);
}
END_TEST

static bool holds(const uint8_t list[4], unsigned slot)
{
    return memchr(list, (int)slot, 4) != NULL;
}

START_TEST(registers_are_slots)
{
    struct x86_decoded d;
    struct insn_regs regs;
    ck_assert_int_eq(decode("4c 03 6c 8b 10", X86_CODE64, &d),
                     X86_DECODED); /* add r13, [rbx+rcx*4+16] */
    x86_insn_regs(&d, &regs);
    ck_assert(holds(regs.src, 13) && holds(regs.src, 3) && holds(regs.src, 1));
    ck_assert(holds(regs.dst, 13) && holds(regs.dst, X86_SLOT_CC) && !holds(regs.dst, 3));
    ck_assert_int_eq(decode("48 89 c8", X86_CODE64, &d), X86_DECODED); /* mov rax, rcx */
    x86_insn_regs(&d, &regs);
    ck_assert(holds(regs.dst, 0) && !holds(regs.src, 0) && !holds(regs.dst, X86_SLOT_CC));
    ck_assert_int_eq(decode("88 c8", X86_CODE64, &d), X86_DECODED); /* mov al, cl: the rest stays */
    x86_insn_regs(&d, &regs);
    ck_assert(holds(regs.dst, 0) && holds(regs.src, 0));
    ck_assert_int_eq(decode("0f a2", X86_CODE64, &d), X86_DECODED); /* cpuid */
    x86_insn_regs(&d, &regs);
    ck_assert(holds(regs.src, 0) && holds(regs.src, 1) && holds(regs.dst, 3));
    ck_assert_int_eq(decode("c5 f5 fc c2", X86_CODE64, &d), X86_DECODED);
    x86_insn_regs(&d, &regs);
    ck_assert(holds(regs.src, X86_SLOT_VEC + 4) && holds(regs.src, X86_SLOT_VEC + 8) &&
              holds(regs.dst, X86_SLOT_VEC));
}
END_TEST

static uint64_t next_random(void *arg)
{
    uint64_t *x = arg; /* xorshift64*; the seed is any constant */
    *x ^= *x >> 12;
    *x ^= *x << 25;
    *x ^= *x >> 27;
    return *x * 0x2545f4914f6cdd1dull;
}

/*
 * Every row has instructions; of each, all shorter beginnings are too short and nothing is read
 * behind them (the copies are as long as they say: the address sanitizer watches).
 */
START_TEST(rows_decode_and_beginnings_do_not)
{
    uint64_t seed = 0x9e3779b97f4a7c15ull, has[X86_EXT_WORDS];
    all_features(has);
    for (uint16_t form = 0; form < X86_FORM_COUNT; form++) {
        unsigned made = 0;
        for (int k = 0; k < 12; k++) {
            uint8_t code[X86_MAX_LENGTH];
            enum x86_code mode = (enum x86_code)(k % 3);
            size_t n = x86_random_insn(form, mode, k < 6, next_random, &seed, code);
            struct x86_decoded d;
            made += n != 0;
            for (size_t i = 0; i < n; i++) {
                uint8_t *copy = malloc(i + 1);
                ck_assert_ptr_nonnull(copy);
                memcpy(copy, code, i);
                ck_assert_int_eq(x86_decode(copy, i, mode, true, has, &d), X86_TOO_SHORT);
                free(copy);
            }
            if (n != 0)
                ck_assert_int_eq(x86_decode(code, n, mode, true, has, &d), X86_DECODED);
            ck_assert(n == 0 || (d.form == form && d.length == n));
        }
        ck_assert_msg(made != 0, "%s %s has no instruction", x86_insn_descs[form].name,
                      x86_insn_descs[form].format);
    }
}
END_TEST

static void decodes_alike(void *memo, const uint8_t *code, const uint64_t *has)
{
    struct x86_decoded d, again;
    memset(&d, 0, sizeof(d)); /* what lies between members */
    memset(&again, 0, sizeof(again));
    enum x86_decode_result result = x86_decode(code, 2 * X86_MAX_LENGTH, X86_CODE64, true, has, &d);
    ck_assert_int_eq(x86_decode_again(memo, 3, code, 2 * X86_MAX_LENGTH, has, &again), result);
    ck_assert_int_eq(again.length, d.length);
    if (result == X86_DECODED)
        ck_assert_mem_eq(&d, &again, sizeof(d));
}

/* Each twice, with other displacements and immediates the second time; and random bytes, many of which begin alike. */
START_TEST(again_is_the_same)
{
    uint64_t seed = 0x853c49e6748fea9bull, has[X86_EXT_WORDS];
    void *memo = calloc(1, X86_DECODE_MEMO);
    all_features(has);
    ck_assert_ptr_nonnull(memo);
    for (unsigned k = 0; k < 40; k++)
        for (uint16_t form = 0; form < X86_FORM_COUNT; form++) {
            uint8_t code[2 * X86_MAX_LENGTH];
            for (size_t i = 0; i < sizeof(code); i++)
                code[i] = (uint8_t)next_random(&seed);
            if (k % 2 == 0)
                (void)x86_random_insn(form, X86_CODE64, k % 4 != 0, next_random, &seed, code);
            else
                code[0] &= k % 4 == 1 ? 0x4f : 0xff;
            decodes_alike(memo, code, has);
            for (size_t i = 3; i < sizeof(code); i++)
                code[i] ^= (uint8_t)next_random(&seed);
            decodes_alike(memo, code, has);
        }
    free(memo);
}
END_TEST

/* What follows the key of one may be what another's key ends with: opcodes behind a prefix and 0F with no ModRM, or of three bytes. */
START_TEST(again_of_opcodes_behind_a_prefix)
{
    static const uint8_t starts[][4] = {
        { 0x2e, 0x0f, 0x84 }, { 0x48, 0x0f, 0xc8 }, { 0x66, 0x0f, 0x3a, 0x0f }, { 0x66, 0x0f, 0x38, 0x04 },
        { 0x66, 0x0f, 0x3a, 0x44 }, { 0xf2, 0x0f, 0x38, 0xf0 },
    };
    uint64_t has[X86_EXT_WORDS];
    all_features(has);
    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        void *memo = calloc(1, X86_DECODE_MEMO);
        ck_assert_ptr_nonnull(memo);
        for (unsigned k = 0; k < 3 * 256; k++) {
            uint8_t code[2 * X86_MAX_LENGTH] = { 0 };
            memcpy(code, starts[i], sizeof(starts[i]));
            memset(code + 5, 0x5a, sizeof(code) - 5);
            code[starts[i][3] == 0 ? 3 : 4] = (uint8_t)k;
            decodes_alike(memo, code, has);
        }
        free(memo);
    }
}
END_TEST

START_TEST(random_bytes_do_no_harm)
{
    uint64_t seed = 0x2545f4914f6cdd1dull, has[X86_EXT_WORDS];
    all_features(has);
    for (unsigned k = 0; k < 300000; k++) {
        size_t n = next_random(&seed) >> 40 & 15;
        uint8_t *code = malloc(n + 1);
        struct x86_decoded d;
        struct insn_regs regs;
        char text[16];
        ck_assert_ptr_nonnull(code);
        for (size_t i = 0; i < n; i++)
            code[i] = (uint8_t)(next_random(&seed) >> 33);
        enum x86_decode_result result =
            x86_decode(code, n, (enum x86_code)(k % 3), k % 7 != 0, has, &d);
        ck_assert(d.length <= n);
        ck_assert(result != X86_TOO_LONG || n == X86_MAX_LENGTH);
        if (result == X86_DECODED) {
            ck_assert(d.length != 0 && d.id < X86_INSN_COUNT && d.form < X86_FORM_COUNT);
            x86_disassemble(&d, k, text, sizeof text);
            x86_disassemble(&d, k, NULL, 0);
            x86_insn_regs(&d, &regs);
        }
        free(code);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/x86/decode");
    TCase *c = tcase_create("decode");
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, text_is_the_manuals, 0, ARRAY_LEN(texts));
    tcase_add_loop_test(c, encodings_are_refused, 0, ARRAY_LEN(refused));
    tcase_add_loop_test(c, features_decide, 0, ARRAY_LEN(features));
    tcase_add_test(c, no_vex_in_real_mode);
    tcase_add_test(c, members_say_what_the_manual_says);
    tcase_add_test(c, registers_are_slots);
    tcase_add_test(c, rows_decode_and_beginnings_do_not);
    tcase_add_test(c, again_is_the_same);
    tcase_add_test(c, again_of_opcodes_behind_a_prefix);
    tcase_add_test(c, random_bytes_do_no_harm);
    suite_add_tcase(s, c);
    return s;
}
