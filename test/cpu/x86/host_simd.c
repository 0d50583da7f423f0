/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every vector instruction that the host has. ORRERY_FUZZ_STEPS: operands in all. Approximations are only looked at by
 * simd.c.
 */
#include "test/cpu/x86/host_rows.h"
#include "core/util/bits.h"
#include "test/check_main.h"
#include <string.h>

/* Loads MXCSR or MMX state, or differs between makers by design. */
static bool is_left_out(const char *name)
{
    static const char *const names[] = { "ldmxcsr", "vldmxcsr", "stmxcsr", "vstmxcsr", "emms", "rcp", "vrcp", "rsqrt",
                                         "vrsqrt" };
    for (unsigned i = 0; i < ARRAY_LEN(names); i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static bool is_vector(const struct x86_cpu *c, uint16_t form)
{
    enum { VECTOR = X86_SEM_MMX | X86_SEM_SSE | X86_SEM_AVX | X86_SEM_AVX512 };
    return (c->semantics[x86_rows[form].id].flags & VECTOR) && !is_left_out(x86_insn_descs[form].name);
}

START_TEST(vectors)
{
    static const struct host_rows rows = { .wanted = is_vector };
    (void)x86_host_rows(&rows, test_fuzz_steps(100000));
}
END_TEST

/* What the processor's features promise has semantics. */
START_TEST(none_is_missing)
{
    struct pc h;
    uint64_t seed = 1;
    unsigned missing = 0;
    x86_host_create(&h, EXEC_INTERP);
    for (unsigned form = 0; form < X86_FORM_COUNT; form++) {
        uint8_t code[X86_MAX_LENGTH + 1] = { 0 };
        struct x86_decoded d;
        size_t n = x86_random_insn((uint16_t)form, X86_CODE64, true, x86_host_random, &seed, code);
        if (n == 0)
            n = x86_random_insn((uint16_t)form, X86_CODE64, false, x86_host_random, &seed, code);
        if (n == 0 || x86_decode(code, n, X86_CODE64, true, h.c->decode_ext, &d) != X86_DECODED ||
            h.c->semantics[d.id].fn != NULL)
            continue;
        fprintf(stderr, "missing: %s (%s)\n", x86_insn_descs[form].name, x86_insn_descs[form].feature);
        missing++;
    }
    ck_assert_msg(missing == 0, "%u instructions have no semantics", missing);
    pc_destroy(&h);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/x86 against the host: vectors");
    TCase *t = tcase_create("host");
    tcase_set_timeout(t, 0);
    tcase_add_test(t, none_is_missing);
    tcase_add_test(t, vectors);
    suite_add_tcase(s, t);
    return s;
}
