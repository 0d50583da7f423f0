/* SPDX-License-Identifier: Apache-2.0 */
/* Every form the decoder knows becomes IR that the verifier accepts, in every mode. */
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "cpu/riscv/translate_impl.h"
#include "test/cpu/riscv/fixture.h"

#define SAMPLES 8

static uint64_t next_random(void *arg)
{
    uint64_t *state = arg;
    return *state = hash_add(*state, 1);
}

static struct ir_unit *translate(struct hart *h, struct arena *a, uint32_t mode,
                                 const uint8_t *code, uint32_t avail, const uint8_t *next)
{
    struct ir_unit *u;
    struct err e = { 0 };
    arena_reset(a);
    ck_assert(ir_unit_create(&u, a, &rv_guest, mode, &e) == 0);
    rv_translate(&h->rv->cpu, u, 0, code, avail, next);
    ck_assert_msg(ir_verify(u, &e) == 0, "%02x%02x%02x%02x: %s", code[3], code[2], code[1], code[0],
                  e.text);
    return u;
}

#define VECTORS(sew, vlmul) ((uint32_t)((sew) << 3 | (vlmul)) << RV_MODE_VTYPE_SHIFT)
static const uint32_t modes[] = {
    RV_M,
    RV_S,
    RV_U,
    RV_M | RV_MODE_FP_OFF,
    RV_U | RV_MODE_FP_CLEAN,
    RV_U | RV_MODE_RMM,
    RV_U | RV_MODE_BAD_RM,
    RV_S | RV_MODE_TRIG_FETCH | RV_MODE_TRIG_DATA | RV_MODE_FP_CLEAN,
    RV_S | RV_MODE_V_OFF,
    RV_U | RV_MODE_VILL,
    RV_U | VECTORS(2, 0) | RV_MODE_VL_MAX,
    RV_U | VECTORS(2, 0) | RV_MODE_VL_MAX | RV_MODE_V_CLEAN | RV_MODE_FP_CLEAN,
    RV_U | VECTORS(0, 3) | RV_MODE_VL_MAX,
    RV_U | VECTORS(0, 3),
    RV_U | VECTORS(3, 3) | RV_MODE_VL_MAX,
    RV_U | VECTORS(3, 1),
    RV_U | VECTORS(1, 2) | RV_MODE_VL_MAX | RV_MODE_RMM,
    RV_U | VECTORS(2, 2) | RV_MODE_VSTART,
    RV_U | VECTORS(0, 5) | RV_MODE_VL_MAX, /* LMUL = 1/8 */
    RV_U | VECTORS(1, 7),
    RV_U | VECTORS(3, 0) | RV_MODE_VL_MAX | RV_MODE_V_REDO,
};

START_TEST(every_form_in_every_mode)
{
    struct hart h = hart_create("max");
    struct arena a;
    arena_init(&a, 0);
    uint64_t seed = 42;
    for (uint16_t form = 0; form < RV_FORM_COUNT; form++) {
        for (unsigned i = 0; i < SAMPLES; i++) {
            uint8_t code[8] = { 0 };
            uint32_t word = rv_random_insn(form, next_random, &seed);
            struct rv_decoded d;
            if (word == 0)
                continue;
            for (unsigned b = 0; b < 4; b++)
                code[b] = (uint8_t)(word >> (8 * b));
            ck_assert_msg(rv_decode(word, h.rv->decode_ext, &d), "form %s",
                          rv_insn_descs[form].name);
            ck_assert_msg(h.rv->semantics[d.id].fn != NULL, "%s has no semantics",
                          rv_insn_descs[form].name);
            for (size_t m = 0; m < ARRAY_LEN(modes); m++)
                translate(&h, &a, modes[m], code, d.length, NULL);
        }
    }
    arena_destroy(&a);
    hart_destroy(&h);
}
END_TEST

/* Any 32-bit word: decoded or illegal, always a block. */
START_TEST(random_words)
{
    struct hart h = hart_create("rv64");
    struct arena a;
    arena_init(&a, 0);
    uint64_t seed = 7;
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t code[64];
        for (unsigned b = 0; b < sizeof(code); b += 8)
            st_le64(code + b, next_random(&seed));
        translate(&h, &a, modes[i % ARRAY_LEN(modes)], code, sizeof(code), code);
    }
    arena_destroy(&a);
    hart_destroy(&h);
}
END_TEST

static enum ir_op last_op(const struct ir_unit *u)
{
    return (enum ir_op)u->insts[u->n_insts - 1].op;
}

/* Where blocks end: after IR_BLOCK_INSNS, at the page's end, before an instruction that crosses. */
START_TEST(block_ends)
{
    struct hart h = hart_create("rv64");
    struct arena a;
    uint8_t nops[4 * 40], addi[4] = { 0x13, 0, 0, 0 };
    arena_init(&a, 0);
    for (unsigned i = 0; i < 40; i++)
        memcpy(nops + 4 * i, addi, 4);
    struct ir_unit *u = translate(&h, &a, RV_M, nops, sizeof(nops), NULL);
    ck_assert_uint_eq(u->n_insns, IR_BLOCK_INSNS);
    ck_assert_uint_eq(u->blocks[0].length, 4 * IR_BLOCK_INSNS);
    ck_assert_int_eq(last_op(u), IR_JUMP);
    u = translate(&h, &a, RV_M, nops, 8, NULL);
    ck_assert_uint_eq(u->n_insns, 2);
    ck_assert(!u->second_page);
    u = translate(&h, &a, RV_M, nops, 10, NULL); /* the third crosses and cannot be fetched */
    ck_assert_uint_eq(u->n_insns, 2);
    u = translate(&h, &a, RV_M, nops, 10, addi + 2);
    ck_assert_uint_eq(u->n_insns, 3);
    ck_assert(u->second_page);
    ck_assert_uint_eq(u->blocks[0].length, 12);
    u = translate(&h, &a, RV_M, nops, 2, NULL); /* the first cannot be fetched: raises by itself */
    ck_assert_uint_eq(u->n_insns, 1);
    ck_assert_int_eq(last_op(u), IR_EXIT);
    arena_destroy(&a);
    hart_destroy(&h);
}
END_TEST

/* Common instructions leave no call behind. */
START_TEST(no_helpers_on_the_common_path)
{
    static const uint32_t words[] = {
        0x00b50533,
        /* add a0,a0,a1 */ 0x00053503,
        /* ld a0,0(a0) */ 0x00b53023, /* sd a1,0(a0) */
        0x02b54533,
        /* div a0,a0,a1 */ 0x100525af,
        /* lr.w a1,(a0) */ 0x18b526af, /* sc.w a3,a1,(a0) */
        0x00b5252f,
        /* amoadd.w */ 0x02b57553, /* fadd.d fa0,fa0,fa1 */
        0x00b57553,
        /* fadd.s */ 0xa2b52553,
        /* feq.d */ 0x60051513, /* clz a0,a0 */
        0x00052507,
        /* flw fa0,0(a0) */ 0xc2057553,
        /* fcvt.w.d */ 0x28755513, /* orc.b */
    };
    struct hart h = hart_create("max");
    struct arena a;
    arena_init(&a, 0);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        uint8_t code[4];
        st_le32(code, words[i]);
        struct ir_unit *u = translate(&h, &a, RV_U, code, 4, NULL);
        for (uint32_t k = 1; k < u->n_insts; k++)
            ck_assert_msg(u->insts[k].op != IR_CALL, "%08x calls a helper", words[i]);
    }
    arena_destroy(&a);
    hart_destroy(&h);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/riscv/translate");
    TCase *t = tcase_create("translate");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, every_form_in_every_mode);
    tcase_add_test(t, random_words);
    tcase_add_test(t, block_ends);
    tcase_add_test(t, no_helpers_on_the_common_path);
    suite_add_tcase(s, t);
    return s;
}
