/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LSX and LASX loads and stores under both executors: which bytes move, at any alignment and across pages, with the
 * displacements and element numbers the encodings hold.
 */
#include "test/cpu/loongarch/vec_rig.h"

enum { BASE = 4, INDEX = 5, WINDOW = 0x4000 };
enum kind { WHOLE, INDEXED, REPLICATED, ELEMENT };
static const struct row {
    const char *name;
    uint32_t word;
    enum kind kind;
    bool store, lasx;
    unsigned lane, bits; /* of the displacement */
} rows[] = {
    { "vld", 0x2c000000, WHOLE, false, false, 0, 12 },        { "vst", 0x2c400000, WHOLE, true, false, 0, 12 },
    { "xvld", 0x2c800000, WHOLE, false, true, 0, 12 },        { "xvst", 0x2cc00000, WHOLE, true, true, 0, 12 },
    { "vldx", 0x38400000, INDEXED, false, false, 0, 0 },      { "vstx", 0x38440000, INDEXED, true, false, 0, 0 },
    { "xvldx", 0x38480000, INDEXED, false, true, 0, 0 },      { "xvstx", 0x384c0000, INDEXED, true, true, 0, 0 },
    { "vldrepl.d", 0x30100000, REPLICATED, false, false, 3, 9 },  { "vldrepl.w", 0x30200000, REPLICATED, false, false, 2, 10 },
    { "vldrepl.h", 0x30400000, REPLICATED, false, false, 1, 11 }, { "vldrepl.b", 0x30800000, REPLICATED, false, false, 0, 12 },
    { "xvldrepl.d", 0x32100000, REPLICATED, false, true, 3, 9 },  { "xvldrepl.w", 0x32200000, REPLICATED, false, true, 2, 10 },
    { "xvldrepl.h", 0x32400000, REPLICATED, false, true, 1, 11 }, { "xvldrepl.b", 0x32800000, REPLICATED, false, true, 0, 12 },
    { "vstelm.d", 0x31100000, ELEMENT, true, false, 3, 8 },       { "vstelm.w", 0x31200000, ELEMENT, true, false, 2, 8 },
    { "vstelm.h", 0x31400000, ELEMENT, true, false, 1, 8 },       { "vstelm.b", 0x31800000, ELEMENT, true, false, 0, 8 },
    { "xvstelm.d", 0x33100000, ELEMENT, true, true, 3, 8 },       { "xvstelm.w", 0x33200000, ELEMENT, true, true, 2, 8 },
    { "xvstelm.h", 0x33400000, ELEMENT, true, true, 1, 8 },       { "xvstelm.b", 0x33800000, ELEMENT, true, true, 0, 8 },
};

static void check(struct vec_rig *g, const struct row *r, unsigned k)
{
    uint8_t *data = g->ram->host + VEC_DATA, before[WINDOW];
    union vec v[VEC_REGS], e;
    unsigned size = r->kind >= REPLICATED ? 1u << r->lane : r->lasx ? 32 : 16, element = 0;
    int64_t disp = 0;
    uint32_t word = r->word | VEC_D | BASE << 5;
    for (unsigned i = 0; i < VEC_REGS; i++)
        v[i] = vec_lanes(g, 0);
    for (unsigned i = 0; i < WINDOW; i += 8)
        st_le64(before + i, vec_random(g));
    /* Often across the page's end. */
    uint64_t at = k & 1 ? 0x2000 - vec_random(g) % 40 : 0x1800 + vec_random(g) % 0x1000;
    if (r->bits != 0) {
        uint32_t field = (uint32_t)vec_random(g) & ((1u << r->bits) - 1);
        disp = (int64_t)((uint64_t)field << (64 - r->bits)) >> (64 - r->bits);
        disp *= r->kind == WHOLE ? 1 : 1 << r->lane;
        word |= field << 10;
    } else {
        disp = (int64_t)vec_random(g);
        word |= INDEX << 10;
        g->la->r[INDEX] = (uint64_t)disp;
    }
    if (r->kind == ELEMENT) {
        element = (unsigned)vec_random(g) % ((r->lasx ? 32u : 16u) >> r->lane);
        word |= element << 18;
    }
    g->la->r[BASE] = VEC_RAM + VEC_DATA + at - (uint64_t)disp;
    memcpy(data, before, WINDOW);
    e = v[VEC_D];
    if (r->kind == REPLICATED)
        for (unsigned i = 0; i < 32; i += size)
            memcpy(e.b + i, before + at, size);
    else if (!r->store)
        memcpy(e.b, before + at, size);
    if (r->store)
        memcpy(before + at, v[VEC_D].b + (r->kind == ELEMENT ? element * size : 0), size);
    vec_run(g, r->name, word, r->lasx, v, &e);
    ck_assert_msg(memcmp(data, before, WINDOW) == 0, "%s %08x at +%llx wrote the wrong bytes", r->name, word,
                  (unsigned long long)at);
}

START_TEST(bytes_move)
{
    struct vec_rig g = vec_open(vec_modes[_i]);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (unsigned k = 0; k < 60; k++)
            check(&g, &rows[i], k);
    vec_close(&g);
}
END_TEST

/* Where memory ends: nothing is loaded, and BADV is the first byte that is not there. */
START_TEST(half_of_an_access)
{
    struct vec_rig g = vec_open(vec_modes[_i]);
    static const struct { uint32_t word; unsigned before; } halves[] = { /* bytes there are */
        { 0x2c800000, 16 }, { 0x2c800000, 24 }, { 0x2c800000, 8 }, { 0x2c000000, 8 }, { 0x2cc00000, 16 },
    };
    for (size_t i = 0; i < ARRAY_LEN(halves); i++) {
        union vec v[VEC_REGS] = { vec_lanes(&g, 0) };
        vec_put_regs(&g, v);
        g.la->r[BASE] = VEC_RAM + VEC_RAM_SIZE - halves[i].before;
        ck_assert(!vec_try(&g, halves[i].word | BASE << 5, 0));
        ck_assert_uint_eq(vec_ecode(&g), LA_ADEM);
        ck_assert_uint_eq(g.la->csr.badv, VEC_RAM + VEC_RAM_SIZE);
        vec_check(&g, "at the end", halves[i].word, true, v, &v[VEC_D]);
    }
    vec_close(&g);
}
END_TEST

/* EUEN says which vectors there are: SXE for LSX, ASXE for LASX. */
START_TEST(switched_off)
{
    struct vec_rig g = vec_open(vec_modes[_i]);
    static const struct { uint32_t word; uint64_t euen; unsigned ecode; } offs[] = {
        { 0x700a0820, LA_EUEN_FPE | LA_EUEN_ASXE, LA_SXD }, { 0x2c000080, LA_EUEN_FPE | LA_EUEN_ASXE, LA_SXD },
        { 0x71308820, LA_EUEN_FPE | LA_EUEN_ASXE, LA_SXD }, { 0x729c9820, LA_EUEN_FPE, LA_SXD },
        { 0x740a0820, LA_EUEN_FPE | LA_EUEN_SXE, LA_ASXD }, { 0x2c800080, LA_EUEN_FPE | LA_EUEN_SXE, LA_ASXD },
        { 0x75308820, LA_EUEN_FPE | LA_EUEN_SXE, LA_ASXD }, { 0x769c9820, LA_EUEN_FPE, LA_ASXD },
    };
    for (size_t i = 0; i < ARRAY_LEN(offs); i++) {
        ck_assert(!vec_try_with(&g, offs[i].word, 0, offs[i].euen));
        ck_assert_uint_eq(vec_ecode(&g), offs[i].ecode);
    }
    vec_close(&g);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("lsx_memory");
    TCase *t = tcase_create("lsx_memory");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, bytes_move, 0, ARRAY_LEN(vec_modes));
    tcase_add_loop_test(t, half_of_an_access, 0, ARRAY_LEN(vec_modes));
    tcase_add_loop_test(t, switched_off, 0, ARRAY_LEN(vec_modes));
    suite_add_tcase(s, t);
    return s;
}
