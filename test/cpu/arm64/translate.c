/* SPDX-License-Identifier: Apache-2.0 */
/* Every form the decoder knows becomes IR that the verifier accepts, in every mode. */
#include "core/util/bytes.h"
#include "core/util/hash.h"
#include "cpu/arm64/translate_impl.h"
#include "test/check_main.h"
#include <string.h>

#define SAMPLES 8

static struct machine *machine;
static struct a64_cpu *cpu;
static struct arena arena;

static void setup(void)
{
    struct err e = { 0 };
    struct a64_config config;
    ck_assert_msg(machine_create(&machine, stderr, &e) == 0, "%s", e.text);
    ck_assert_msg(a64_config_parse(&config, "max", NULL, &e) == 0, "%s", e.text);
    ck_assert_msg(a64_cpu_create(&cpu, machine, &config, 0, &e) == 0, "%s", e.text);
    machine_reset(machine);
    arena_init(&arena, 0);
}

static void teardown(void)
{
    arena_destroy(&arena);
    machine_destroy(machine);
}

static uint64_t next_random(void *arg)
{
    uint64_t *state = arg;
    return *state = hash_add(*state, 1);
}

static struct ir_unit *translate(uint32_t mode, const uint8_t *code, uint32_t avail)
{
    struct ir_unit *u;
    struct err e = { 0 };
    arena_reset(&arena);
    ck_assert(ir_unit_create(&u, &arena, &a64_guest, mode, &e) == 0);
    a64_translate(a64_cpu_base(cpu), u, 0, code, avail, NULL);
    ck_assert_msg(ir_finish(u, &e) == 0, "%08x, mode %#x: %s", ld_le32(code), mode, e.text);
    ck_assert_msg(ir_verify(u, &e) == 0, "%08x, mode %#x: %s", ld_le32(code), mode, e.text);
    return u;
}

static const uint32_t modes[] = {
    0, 1, 2, 3, 1 | A64_MODE_FP_OFF, 1 | A64_MODE_ALIGN, 1 | A64_MODE_BE, 1 | A64_MODE_BE | A64_MODE_ALIGN,
    A64_MODE_BTI | A64_MODE_TBI0 | A64_MODE_TBI1, 2 | A64_MODE_STEP | A64_MODE_BREAK | A64_MODE_WATCH,
    1 | A64_MODE_UNPRIV | A64_MODE_MTE | A64_MODE_MTE0 | A64_MODE_SP_CHECK, 1 | A64_MODE_IL, 1 | A64_MODE_COUNT,
};

/* Scalar floating point; loads and stores of SIMD&FP registers (memory copies have V = 1, too). */
static bool has_to_work(uint32_t word)
{
    return (word & 0x5e000000) == 0x1e000000 ||
           ((word & 0x0e000000) == 0x0c000000 && (word & 0x3b200c00) != 0x19000400);
}

START_TEST(every_form_in_every_mode)
{
    uint64_t seed = 42;
    for (uint16_t form = 0; form < A64_FORM_COUNT; form++) {
        for (unsigned i = 0; i < SAMPLES; i++) {
            uint8_t code[4];
            uint32_t word = a64_random_insn(form, next_random, &seed);
            struct a64_decoded d;
            if (word == 0)
                continue;
            st_le32(code, word);
            ck_assert_msg(a64_decode(word, ~0ull, &d), "form %s", a64_insn_descs[form].name);
            if (has_to_work(word))
                ck_assert_msg(cpu->semantics[d.id].fn != NULL, "%s has no semantics", a64_insn_descs[form].name);
            for (size_t m = 0; m < ARRAY_LEN(modes); m++)
                translate(modes[m], code, 4);
        }
    }
}
END_TEST

/* Any words: decoded or UNDEFINED, always a block. */
START_TEST(random_words)
{
    uint64_t seed = 7;
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t code[64];
        for (unsigned b = 0; b < sizeof(code); b += 8)
            st_le64(code + b, next_random(&seed));
        translate(modes[i % ARRAY_LEN(modes)], code, sizeof(code));
    }
}
END_TEST

/* The longest block: 32 of what is most IR, element by element. */
START_TEST(longest_blocks)
{
    static const uint32_t words[] = { 0x4c000000, 0x4c400000, 0x4cdf0000, 0x4c800000, 0x4cdf4000 }; /* st4, ld4, ld3 */
    uint8_t code[4 * IR_BLOCK_INSNS];
    for (size_t w = 0; w < ARRAY_LEN(words); w++) {
        for (unsigned i = 0; i < IR_BLOCK_INSNS; i++)
            st_le32(code + 4 * i, words[w]);
        for (size_t m = 0; m < ARRAY_LEN(modes); m++)
            ck_assert_uint_lt(translate(modes[m], code, sizeof(code))->n_insts, 4000);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("translate");
    TCase *tests = tcase_create("ir");
    tcase_set_timeout(tests, 100);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, every_form_in_every_mode);
    tcase_add_test(tests, random_words);
    tcase_add_test(tests, longest_blocks);
    suite_add_tcase(suite, tests);
    return suite;
}
