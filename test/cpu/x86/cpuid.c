/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPUID: fields worked out from SDM volume 2, CPUID, and APM volume 3, appendix E; the profiles against dumps of the
 * processors they are named after (InstLatx64 collection), with as many dies, cores and threads as those have.
 */
#include "core/util/bits.h"
#include "test/cpu/x86/fixture.h"

#define ROME    "zen2", { 1, 16, 4, 2 }
#define GENOA   "zen4", { 1, 12, 8, 2 }
#define TURIN   "zen5", { 1, 8, 8, 1 }
#define SKYLAKE "skylake-server", { 1, 1, 18, 2 }
#define RAPIDS  "sapphire-rapids", { 1, 1, 64, 2 } /* its ids have room for so many */
#define ANY     0xffffffffu

/* Leaves that are the same bit for bit, but where `mask` leaves something out. */
static const struct {
    const char *profile;
    struct x86_topology topology;
    uint32_t index, leaf, subleaf;
    uint32_t want[4], mask[4];
} dumps[] = {
    { ROME, 0, 0x0, 0, { 0x10, 0x68747541, 0x444d4163, 0x69746e65 }, { ANY, ANY, ANY, ANY } },
    { ROME, 0, 0x1, 0, { 0x00830f10, 0x00800800, 0, 0 }, { ANY, ANY, 0, 0 } },
    { ROME, 11, 0x1, 0, { 0x00830f10, 0x0b800800, 0, 0 }, { ANY, ANY, 0, 0 } },
    { ROME, 0, 0x5, 0, { 0x40, 0x40, 3, 0x11 }, { ANY, ANY, ANY, ANY } },
    { ROME, 2, 0xb, 0, { 1, 2, 0x100, 2 }, { ANY, ANY, ANY, ANY } },
    { ROME, 2, 0xb, 1, { 7, 0x80, 0x201, 2 }, { ANY, ANY, ANY, ANY } },
    { ROME, 0, 0x80000000, 0, { 0x80000020, 0x68747541, 0x444d4163, 0x69746e65 }, { ANY, ANY, ANY, ANY } },
    { ROME, 0, 0x80000005, 0, { 0xff40ff40, 0xff40ff40, 0x20080140, 0x20080140 }, { ANY, ANY, ANY, ANY } },
    { ROME, 0, 0x80000006, 0, { 0x48006400, 0x68006400, 0x02006140, 0x08009140 }, { ANY, ANY, ANY, ANY } },
    { ROME, 0, 0x80000008, 0, { 0x00003030, 0, 0x0000707f, 0 }, { ANY, 0, ANY, 0 } },
    { ROME, 0, 0x80000019, 0, { 0xf040f040, 0, 0, 0 }, { ANY, ANY, ANY, ANY } },
    { ROME, 0, 0x8000001d, 0, { 0x4121, 0x01c0003f, 0x3f, 0 }, { ANY, ANY, ANY, ANY } },
    { ROME, 0, 0x8000001d, 1, { 0x4122, 0x01c0003f, 0x3f, 0 }, { ANY, ANY, ANY, ANY } },
    { ROME, 0, 0x8000001d, 2, { 0x4143, 0x01c0003f, 0x3ff, 2 }, { ANY, ANY, ANY, ANY } },
    { ROME, 0, 0x8000001d, 3, { 0x1c163, 0x03c0003f, 0x3fff, 1 }, { ANY, ANY, ANY, ANY } },
    { ROME, 0, 0x8000001d, 4, { 0, 0, 0, 0 }, { ANY, ANY, ANY, ANY } },
    { ROME, 13, 0x8000001e, 0, { 13, 0x106, 0, 0 }, { ANY, ANY, ANY, ANY } },
    { GENOA, 0, 0x1, 0, { 0x00a10f11, 0x00c00800, 0, 0 }, { ANY, ANY, 0, 0 } },
    { GENOA, 1, 0xb, 1, { 8, 0xc0, 0x201, 1 }, { ANY, ANY, ANY, ANY } },
    { GENOA, 0, 0x80000005, 0, { 0xff48ff40, 0xff48ff40, 0x20080140, 0x20080140 }, { ANY, ANY, ANY, ANY } },
    { GENOA, 0, 0x80000006, 0, { 0x5c002200, 0x6c004200, 0x04006140, 0x0c009140 }, { ANY, ANY, ANY, ANY } },
    { GENOA, 0, 0x80000008, 0, { 0x00003934, 0, 0x000080bf, 0 }, { ANY, 0, ANY, 0 } },
    { GENOA, 0, 0x80000019, 0, { 0xf048f040, 0xf0400000, 0, 0 }, { ANY, ANY, ANY, ANY } },
    { GENOA, 0, 0x8000001d, 3, { 0x3c163, 0x03c0003f, 0x7fff, 1 }, { ANY, ANY, ANY, ANY } },
    { GENOA, 0, 0x80000022, 0, { 1, 6, 0, 0 }, { 1, 15, 0, 0 } },
    { GENOA, 4, 0x80000026, 0, { 1, 2, 0x100, 4 }, { ANY, ANY, ANY, ANY } },
    { GENOA, 4, 0x80000026, 1, { 4, 0x10, 0x201, 4 }, { ANY, ANY, ANY, ANY } },
    { GENOA, 4, 0x80000026, 2, { 4, 0x10, 0x302, 4 }, { ANY, ANY, ANY, ANY } },
    { GENOA, 4, 0x80000026, 3, { 8, 0xc0, 0x403, 4 }, { ANY, ANY, ANY, ANY } },
    { TURIN, 0, 0x1, 0, { 0x00b00f21, 0x00400800, 0, 0 }, { ANY, ANY, 0, 0 } },
    { TURIN, 0, 0x80000005, 0, { 0xff60ff40, 0xff60ff40, 0x300c0140, 0x20080140 }, { ANY, ANY, ANY, ANY } },
    { TURIN, 0, 0x80000006, 0, { 0x40802040, 0x60804040, 0x04008140, 0x08009140 }, { ANY, ANY, ANY, ANY } },
    { TURIN, 0, 0x80000019, 0, { 0xf060f040, 0x40200000, 0, 0 }, { ANY, ANY, ANY, ANY } },
    { TURIN, 0, 0x80000021, 0, { 1u << 14, 0, 0, 0 }, { 1u << 14, 0, 0, 0 } }, /* sizes in 32s */
    { TURIN, 0, 0x8000001d, 0, { 0x121, 0x02c0003f, 0x3f, 0 }, { ANY, ANY, ANY, ANY } },
    { TURIN, 0, 0x8000001d, 2, { 0x143, 0x03c0003f, 0x3ff, 2 }, { ANY, ANY, ANY, ANY } },
    { SKYLAKE, 0, 0x0, 0, { 0x16, 0x756e6547, 0x6c65746e, 0x49656e69 }, { ANY, ANY, ANY, ANY } },
    { SKYLAKE, 1, 0x1, 0, { 0x00050654, 0x01400800, 0, 0 }, { ANY, ANY, 0, 0 } },
    { SKYLAKE, 0, 0x2, 0, { 0x76036301, 0x00f0b5ff, 0, 0x00c30000 }, { ANY, ANY, ANY, ANY } },
    { SKYLAKE, 0, 0x4, 0, { 0x7c004121, 0x01c0003f, 0x3f, 0 }, { ANY, ANY, ANY, ANY } },
    { SKYLAKE, 0, 0x4, 1, { 0x7c004122, 0x01c0003f, 0x3f, 0 }, { ANY, ANY, ANY, ANY } },
    { SKYLAKE, 0, 0x4, 2, { 0x7c004143, 0x03c0003f, 0x3ff, 0 }, { ANY, ANY, ANY, ANY } },
    { SKYLAKE, 0, 0x4, 3, { 0x7c0fc163, 0x0280003f, 0x8fff, 4 }, { ANY, ANY, ANY, ANY } },
    { SKYLAKE, 0, 0x4, 4, { 0, 0, 0, 0 }, { ANY, ANY, ANY, ANY } },
    { SKYLAKE, 0, 0x5, 0, { 0x40, 0x40, 3, 0x2020 }, { ANY, ANY, ANY, ANY } },
    { SKYLAKE, 3, 0xb, 0, { 1, 2, 0x100, 3 }, { ANY, ANY, ANY, ANY } },
    { SKYLAKE, 3, 0xb, 1, { 6, 0x24, 0x201, 3 }, { ANY, ANY, ANY, ANY } },
    { SKYLAKE, 0, 0x80000008, 0, { 0x302e, 0, 0, 0 }, { ANY, ANY, ANY, ANY } },
    { RAPIDS, 0, 0x1, 0, { 0x000806f8, 0x00800800, 0, 0 }, { ANY, ANY, 0, 0 } },
    { RAPIDS, 0, 0x2, 0, { 0x00feff01, 0xf0, 0, 0 }, { ANY, ANY, ANY, ANY } },
    { RAPIDS, 0, 0x4, 0, { 0xfc004121, 0x02c0003f, 0x3f, 0 }, { ANY, ANY, ANY, ANY } },
    { RAPIDS, 0, 0x4, 3, { 0xfc1fc163, 0x0380003f, 0x9fff, 4 }, { ANY, ANY, ANY, ANY } },
    { RAPIDS, 0, 0x18, 0, { 8, 0, 0, 0 }, { ANY, ANY, ANY, ANY } },
    { RAPIDS, 0, 0x18, 1, { 0, 0x00080001, 0x20, 0x4022 }, { ANY, ANY, ANY, ANY } },
    { RAPIDS, 0, 0x18, 3, { 0, 0x0010000f, 1, 0x4125 }, { ANY, ANY, ANY, ANY } },
    { RAPIDS, 0, 0x18, 5, { 0, 0x00040006, 8, 0x4024 }, { ANY, ANY, ANY, ANY } },
    { RAPIDS, 0, 0x18, 6, { 0, 0x00080008, 1, 0x4124 }, { ANY, ANY, ANY, ANY } },
    { RAPIDS, 0, 0x18, 8, { 0, 0x00080009, 0x80, 0x4043 }, { ANY, ANY, ANY, ANY } },
    { RAPIDS, 0, 0x18, 9, { 0, 0, 0, 0 }, { ANY, ANY, ANY, ANY } },
    { RAPIDS, 0, 0x80000008, 0, { 0x3934, 0x200, 0, 0 }, { ANY, ANY, ANY, ANY } },
    /* 512 processors: fields of 8 bits hold what fits, x2APIC ids are whole */
    { "skylake-server", { 2, 1, 128, 2 }, 300, 0x1, 0, { 0, 0x2cff0800, 0, 1u << 28 }, { 0, ANY, 0, 1u << 28 } },
    { "skylake-server", { 2, 1, 128, 2 }, 300, 0x4, 3, { 0xff << 14 | 63u << 26, 0, 0, 0 }, { 0xffffc000, 0, 0, 0 } },
    { "skylake-server", { 2, 1, 128, 2 }, 300, 0xb, 0, { 1, 2, 0x100, 300 }, { ANY, ANY, ANY, ANY } },
    { "skylake-server", { 2, 1, 128, 2 }, 300, 0xb, 1, { 8, 256, 0x201, 300 }, { ANY, ANY, ANY, ANY } },
    { "zen4", { 2, 1, 128, 2 }, 300, 0x1, 0, { 0, 0x2cff0800, 0, 0 }, { 0, ANY, 0, 0 } },
    { "zen4", { 2, 1, 128, 2 }, 300, 0x80000008, 0, { 0, 0, 0x80ff, 0 }, { 0, 0, ANY, 0 } },
    { "zen4", { 2, 1, 128, 2 }, 300, 0x8000001e, 0, { 300, 0x196, 1, 0 }, { ANY, ANY, ANY, ANY } }, /* core 150, socket 1 */
    /* Three dies of six cores of two threads: each field of the id is as wide as it must be */
    { "sapphire-rapids", { 1, 3, 6, 2 }, 35, 0x1f, 0, { 1, 2, 0x100, 43 }, { ANY, ANY, ANY, ANY } },
    { "sapphire-rapids", { 1, 3, 6, 2 }, 35, 0x1f, 1, { 4, 12, 0x201, 43 }, { ANY, ANY, ANY, ANY } },
    { "sapphire-rapids", { 1, 3, 6, 2 }, 35, 0x1f, 2, { 6, 36, 0x502, 43 }, { ANY, ANY, ANY, ANY } },
    { "sapphire-rapids", { 1, 3, 6, 2 }, 35, 0x1f, 3, { 0, 0, 3, 43 }, { ANY, ANY, ANY, ANY } },
    { "sapphire-rapids", { 1, 3, 6, 2 }, 35, 0xb, 1, { 6, 36, 0x201, 43 }, { ANY, ANY, ANY, ANY } },
    { "sapphire-rapids", { 1, 3, 6, 2 }, 35, 0xb, 2, { 0, 0, 2, 43 }, { ANY, ANY, ANY, ANY } },
    { "sapphire-rapids", { 1, 3, 6, 2 }, 35, 0x4, 3, { 15u << 14 | 31u << 26, 0, 0, 0 }, { 0xffffc000, 0, 0, 0 } },
    { "zen4", { 1, 3, 6, 2 }, 35, 0x80000026, 3, { 6, 36, 0x403, 43 }, { ANY, ANY, ANY, ANY } },
    { "zen4", { 1, 3, 6, 2 }, 35, 0x80000026, 4, { 0, 0, 4, 43 }, { ANY, ANY, ANY, ANY } },
    { "zen4", { 1, 3, 6, 2 }, 35, 0x80000008, 0, { 0, 0, 0x6023, 0 }, { 0, 0, ANY, 0 } },
    /* One of each: no bits at all */
    { "zen4", { 1, 1, 1, 1 }, 0, 0xb, 0, { 0, 1, 0x100, 0 }, { ANY, ANY, ANY, ANY } },
    { "zen4", { 1, 1, 1, 1 }, 0, 0xb, 1, { 0, 1, 0x201, 0 }, { ANY, ANY, ANY, ANY } },
    { "zen4", { 1, 1, 1, 1 }, 0, 0x8000001e, 0, { 0, 0, 0, 0 }, { ANY, ANY, ANY, ANY } },
};

START_TEST(leaves)
{
    struct pc p;
    uint32_t r[4];
    pc_create(&p, dumps[_i].profile, &dumps[_i].topology, dumps[_i].index);
    x86_cpuid(p.c, dumps[_i].leaf, dumps[_i].subleaf, r);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_msg((r[i] & dumps[_i].mask[i]) == (dumps[_i].want[i] & dumps[_i].mask[i]),
                      "%s, CPU %u, leaf %x.%x: E%cX is %08x, not %08x", dumps[_i].profile, dumps[_i].index, dumps[_i].leaf,
                      dumps[_i].subleaf, "ABCD"[i], r[i], dumps[_i].want[i]);
    pc_destroy(&p);
}
END_TEST

/* Nothing is offered that the silicon lacks. OSXSAVE and OSPKE were on. */
static const struct {
    const char *profile;
    uint32_t leaf, subleaf, has[4];
} words[] = {
    { "zen2", 1, 0, { ANY, ANY, 0x7ef8320b, 0x178bfbff } },
    { "zen2", 7, 0, { ANY, 0x219c91a9, 0x00400004, 0 } },
    { "zen2", 0x80000001, 0, { ANY, ANY, 0x75c237ff, 0x2fd3fbff } },
    { "zen2", 0x80000008, 0, { ANY, 0x018ef757, ANY, ANY } },
    { "zen4", 1, 0, { ANY, ANY, 0x7efa320b, 0x178bfbff } },
    { "zen4", 7, 0, { ANY, 0xf1bf97a9, 0x00415fce, 0x10000010 } },
    { "zen4", 7, 1, { 0x20, 0, 0, 0 } },
    { "zen4", 0x80000001, 0, { ANY, ANY, 0x75c237ff, 0x2fd3fbff } },
    { "zen4", 0x80000008, 0, { ANY, 0x79bef25f, ANY, ANY } },
    { "zen4", 0x80000021, 0, { 0x00062fcf, ANY, 0, 0 } },
    { "zen5", 1, 0, { ANY, ANY, 0x7efa320b, 0x178bfbff } },
    { "zen5", 7, 0, { ANY, 0xf1bf97ab, 0x19415fce, 0x10000110 } },
    { "zen5", 7, 1, { 0x30, 0, 0, 0 } },
    { "zen5", 0x80000001, 0, { ANY, ANY, 0x75c237ff, 0x2fd3fbff } },
    { "zen5", 0x80000021, 0, { 0xd93fffcf, ANY, 0, 0 } },
    { "skylake-server", 1, 0, { ANY, ANY, 0x7ffefbff, 0xbfebfbff } },
    { "skylake-server", 7, 0, { ANY, 0xd39ffffb, 0x00000008, 0x9c000400 } }, /* EDX: with later microcode */
    { "skylake-server", 0x80000001, 0, { ANY, ANY, 0x121, 0x2c100800 } },
    { "sapphire-rapids", 1, 0, { ANY, ANY, 0x7ffefbff, 0xbfebfbff } },
    { "sapphire-rapids", 7, 0, { ANY, 0xf3bfbffb, 0xbb417fee, 0xffdd4430 } },
    { "sapphire-rapids", 7, 1, { 0x1c30, 0, 0, 0 } },
    { "sapphire-rapids", 0x80000001, 0, { ANY, ANY, 0x121, 0x2c100800 } },
};

START_TEST(features)
{
    struct pc p;
    uint32_t r[4];
    pc_create(&p, words[_i].profile, NULL, 0);
    x86_cpuid(p.c, words[_i].leaf, words[_i].subleaf, r);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_msg((r[i] & ~words[_i].has[i]) == 0, "%s, leaf %x.%x: E%cX has bits %08x, which silicon has not",
                      words[_i].profile, words[_i].leaf, words[_i].subleaf, "ABCD"[i], r[i] & ~words[_i].has[i]);
    pc_destroy(&p);
}
END_TEST

/* x2APIC ids of a machine are all different, and those of one die are alike above its bits. */
START_TEST(ids_are_unique)
{
    const struct x86_topology t = { 3, 3, 5, 2 };
    uint8_t seen[256] = { 0 };
    for (uint32_t i = 0; i < 90; i++) {
        uint32_t id = x86_apic_id(&t, i);
        ck_assert_msg(id < 256 && !seen[id], "CPU %u: id %u again", i, id);
        seen[id] = 1;
        ck_assert_uint_eq(id & 1, i % 2);
        ck_assert_uint_eq(id >> 1 & 7, i / 2 % 5);
        ck_assert_uint_eq(id >> 4 & 3, i / 10 % 3);
        ck_assert_uint_eq(id >> 6, i / 30);
    }
}
END_TEST

/* SDM: leaves beyond the last basic one answer as it does. APM: zeros. */
START_TEST(beyond_the_last)
{
    struct pc p;
    uint32_t last[4], r[4];
    pc_create(&p, "skylake-server", NULL, 0);
    x86_cpuid(p.c, 0x16, 0, last);
    x86_cpuid(p.c, 0x17, 0, r);
    ck_assert_mem_eq(r, last, sizeof(r));
    x86_cpuid(p.c, 0x40000000, 0, r);
    ck_assert_mem_eq(r, last, sizeof(r));
    x86_cpuid(p.c, 0x80000009, 0, r);
    ck_assert_mem_eq(r, last, sizeof(r));
    pc_destroy(&p);
    pc_create(&p, "zen2", NULL, 0);
    x86_cpuid(p.c, 0x11, 0, r);
    ck_assert_uint_eq(r[0] | r[1] | r[2] | r[3], 0);
    x86_cpuid(p.c, 0x80000021, 0, r);
    ck_assert_uint_eq(r[0] | r[1] | r[2] | r[3], 0);
    pc_destroy(&p);
}
END_TEST

/* What follows control registers: OSXSAVE, OSPKE; a switched-off APIC is not there. */
START_TEST(dynamic_bits)
{
    struct pc p;
    uint32_t r[4];
    pc_create(&p, "max", NULL, 0);
    x86_cpuid(p.c, 1, 0, r);
    ck_assert_uint_eq(r[2] >> 27 & 1, 0);
    ck_assert_uint_eq(r[3] >> 9 & 1, 1);
    p.c->cr4 |= X86_CR4_OSXSAVE | X86_CR4_PKE;
    p.c->apic_base &= ~(uint64_t)X86_APIC_EN;
    x86_cpuid(p.c, 1, 0, r);
    ck_assert_uint_eq(r[2] >> 27 & 1, 1);
    ck_assert_uint_eq(r[3] >> 9 & 1, 0);
    x86_cpuid(p.c, 7, 0, r);
    ck_assert_uint_eq(r[2] >> 4 & 1, 1);
    pc_destroy(&p);
}
END_TEST

/* What a profile may not say. */
static const struct {
    const char *spec, *word;
} bad[] = {
    { "max,cache1=1 data 32 7 64 core", "cache1" },   { "max,cache1=1 data 32 8 64 galaxy", "cache1" },
    { "max,cache1=1 data 32 8 64 core fast", "cache1" }, { "max,tlb1=1 data 8k 64 full", "tlb1" },
    { "max,tlb1=1 data 4k 65 8", "tlb1" },            { "max,tlb1=1 data 4k 64", "tlb1" },
    { "max,descriptors=63 xy", "descriptors" },       { "max,vmx=on", "vmx" },
    { "max,-perfctr-core", "perfmon-v2" },            { "max,pmu-counters=9", "pmu-counters" },
};

START_TEST(refused)
{
    struct x86_config config;
    struct err e = { 0 };
    ck_assert_int_lt(x86_config_parse(&config, bad[_i].spec, NULL, &e), 0);
    ck_assert_msg(strstr(e.text, bad[_i].word) != NULL, "%s: %s", bad[_i].spec, e.text);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("x86 CPUID");
    TCase *t = tcase_create("cpuid");
    tcase_add_loop_test(t, leaves, 0, (int)ARRAY_LEN(dumps));
    tcase_add_loop_test(t, features, 0, (int)ARRAY_LEN(words));
    tcase_add_test(t, ids_are_unique);
    tcase_add_test(t, beyond_the_last);
    tcase_add_test(t, dynamic_bits);
    tcase_add_loop_test(t, refused, 0, (int)ARRAY_LEN(bad));
    suite_add_tcase(s, t);
    return s;
}
