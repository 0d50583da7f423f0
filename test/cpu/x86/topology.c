/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Do all leaves tell one story? Over many topologies, every processor of each: what leaves 1, 4, B, 1F, 80000008,
 * 8000001D, 8000001E and 80000026 say is compared with a count of the processors that an id's fields put together.
 * SDM volume 2, CPUID, volume 3, 10.9; APM volume 3, E.3, E.4.
 */
#include "core/util/bits.h"
#include "test/cpu/x86/fixture.h"

static const struct x86_topology topologies[] = {
    { 1, 1, 1, 1, 0 },   { 1, 1, 8, 1, 1 },   { 8, 1, 1, 1, 0 },    { 3, 1, 5, 2, 1 },   { 1, 1, 3, 3, 0 },   { 2, 3, 7, 2, 1 },
    { 1, 2, 6, 2, 0 },   { 1, 3, 6, 2, 1 },   { 5, 2, 3, 1, 3 },    { 1, 1, 4, 2, 5 },   { 2, 2, 4, 2, 3 },   { 1, 12, 8, 2, 1 },
    { 2, 1, 128, 2, 0 }, { 1, 1, 512, 1, 1 }, { 1, 1, 255, 1, 0 },  { 1, 1, 256, 2, 0 }, { 2, 4, 16, 2, 2 },  { 512, 1, 1, 1, 1 },
    { 1, 1, 129, 3, 1 }, { 7, 3, 3, 2, 4 },   { 4, 1, 127, 1, 1 },
};
static const char *const specs[] = {
    "qemu64", "max", "max,-topoext", "zen2", "zen2,-topoext", "zen4", "zen4,-topoext", "zen5", "zen5,-topoext",
    "skylake-server", "sapphire-rapids",
};
enum { MAX_CPUS = 512 };

struct view {
    struct pc pc;
    struct x86_config config;
    uint32_t n, id[MAX_CPUS];
};
static struct view v;

static void leaf(uint32_t leaf_number, uint32_t subleaf, uint32_t r[4])
{
    x86_cpuid(v.pc.c, leaf_number, subleaf, r);
}

/* Processors in one group with `id` if the lowest `shift` bits are left out. */
static uint32_t together(uint32_t id, unsigned shift)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < v.n; i++)
        n += id >> shift == v.id[i] >> shift;
    return n;
}

static unsigned width(uint32_t n)
{
    unsigned w = 0;
    while (1u << w < n)
        w++;
    return w;
}

#define SAYS(cond) ck_assert_msg(cond, "%s: %s, CPU id %u of %u", __func__, v.config.name, v.config.apic_id, v.n)

/* B, 1F, 80000026: levels rise, each counts who is together, the id is in every subleaf, ends included. */
static void check_levels(uint32_t number, unsigned most, unsigned *top)
{
    unsigned shift = 0, type = 0;
    uint32_t r[4];
    for (uint32_t sub = 0; sub < most + 2; sub++) {
        leaf(number, sub, r);
        SAYS(r[3] == v.config.apic_id);
        SAYS((r[2] & 0xff) == sub);
        if (r[1] == 0) {
            SAYS(r[0] == 0 && r[2] >> 8 == 0 && sub >= 2);
            continue;
        }
        SAYS(sub < most && (r[2] >> 8 & 0xff) > type && r[0] >= shift && r[0] < 32);
        type = r[2] >> 8 & 0xff;
        shift = r[0];
        SAYS(r[1] == together(v.config.apic_id, shift));
        SAYS(sub != 0 || (type == 1 && shift == width(v.config.topology.threads) && r[1] == v.config.topology.threads));
    }
    *top = shift;
}

/* 4 and 8000001D: who shares a cache is a group of the ids, between that of the core and the whole socket. */
static void check_caches(uint32_t number, unsigned socket)
{
    uint32_t r[4], before = 0;
    for (uint32_t sub = 0;; sub++) {
        leaf(number, sub, r);
        if ((r[0] & 31) == 0)
            break;
        uint32_t ids = (r[0] >> 14 & 0xfff) + 1;
        SAYS(is_pow2(ids) && ids >= 1u << width(v.config.topology.threads) && ids <= 1u << socket);
        SAYS(ids >= before); /* higher levels are shared by as many or more */
        before = ids;
        if (number == 4)
            SAYS((r[0] >> 26) + 1 == MIN(1u << (socket - width(v.config.topology.threads)), 64u));
        else
            SAYS(r[0] >> 26 == 0);
    }
    if (number == 4 || x86_has(&v.config, X86_F_TOPOEXT))
        SAYS(before != 0);
}

static void check_amd(unsigned socket)
{
    const struct x86_topology *t = &v.config.topology;
    uint32_t per_socket = together(v.config.apic_id, socket), r[4];
    unsigned top;
    leaf(0x80000008, 0, r);
    SAYS((r[2] & 0xff) == MIN(per_socket, 256u) - 1);
    SAYS((r[2] >> 12 & 15) == socket);
    leaf(0x80000000, 0, r);
    uint32_t last = r[0];
    if (last >= 0x80000026) {
        check_levels(0x80000026, 4, &top);
        SAYS(top == socket);
    } else {
        leaf(0x80000026, 0, r);
        SAYS((r[0] | r[1] | r[2] | r[3]) == 0);
    }
    leaf(0x8000001e, 0, r);
    if (!x86_has(&v.config, X86_F_TOPOEXT) || v.config.apic_id >> width(t->threads) > 0xff) {
        SAYS((r[0] | r[1] | r[2] | r[3]) == 0);
    } else {
        SAYS(r[0] == v.config.apic_id);
        SAYS((r[1] & 0xff) == v.config.apic_id >> width(t->threads) && (r[1] >> 8 & 0xff) == t->threads - 1);
        SAYS(r[2] == (v.config.apic_id >> socket & 0xff)); /* one node a processor: 10:8 are 0 */
    }
    check_caches(0x8000001d, socket);
}

static void check_one(void)
{
    const struct x86_topology *t = &v.config.topology;
    unsigned socket = width(t->threads) + width(t->cores) + width(t->modules != 0 ? t->modules : 1) + width(t->dies), top;
    uint32_t r[4], last, per_socket = v.n / t->sockets;
    bool intel = v.config.vendor == X86_INTEL;

    SAYS(together(v.config.apic_id, socket) == per_socket);
    leaf(0, 0, r);
    last = r[0];
    leaf(1, 0, r);
    SAYS(r[1] >> 24 == (v.config.apic_id & 0xff));
    SAYS((r[1] >> 16 & 0xff) == MIN(intel ? 1u << socket : per_socket, 255u));
    SAYS(per_socket == 1 || (r[3] >> 28 & 1));
    if (last >= 0xb) {
        check_levels(0xb, 2, &top);
        SAYS(top == socket);
    }
    if (last >= 0x1f) {
        check_levels(0x1f, 4, &top);
        SAYS(top == socket);
    } else if (!intel) {
        leaf(0x1f, 0, r);
        SAYS((r[0] | r[1] | r[2] | r[3]) == 0);
    }
    if (intel)
        check_caches(4, socket);
    else
        check_amd(socket);
}

START_TEST(one_story)
{
    const struct x86_config *own;
    pc_create(&v.pc, specs[_i], NULL, 0);
    own = v.pc.c->config;
    v.config = *own;
    v.pc.c->config = &v.config;
    for (size_t n = 0; n < ARRAY_LEN(topologies); n++) {
        const struct x86_topology *t = &topologies[n];
        v.config.topology = *t;
        v.n = t->sockets * t->dies * t->cores * t->threads * (t->modules != 0 ? t->modules : 1);
        ck_assert_uint_le(v.n, MAX_CPUS);
        for (uint32_t i = 0; i < v.n; i++) {
            v.id[i] = x86_apic_id(t, i);
            ck_assert(i == 0 || v.id[i] > v.id[i - 1]);
        }
        for (uint32_t i = 0; i < v.n; i += v.n > 64 ? 7 : 1) {
            v.config.apic_id = v.id[i];
            check_one();
        }
    }
    v.pc.c->config = own;
    pc_destroy(&v.pc);
}
END_TEST

/* Fields of the id, lowest first: thread, core, module, die, socket; each as wide as its number needs. */
static const struct {
    struct x86_topology t;
    uint32_t index, id;
} ids[] = {
    { { 3, 1, 5, 2, 1 }, 10, 16 },             /* the second socket: 1 + 3 bits below it */
    { { 3, 1, 5, 2, 1 }, 29, 2 << 4 | 4 << 1 | 1 },
    { { 2, 2, 4, 2, 3 }, 95, 1 << 6 | 1 << 5 | 2 << 3 | 3 << 1 | 1 },
    { { 1, 1, 129, 3, 1 }, 386, 128 << 2 | 2 },
    { { 512, 1, 1, 1, 0 }, 511, 511 },
};
START_TEST(ids_by_fields)
{
    ck_assert_uint_eq(x86_apic_id(&ids[_i].t, ids[_i].index), ids[_i].id);
}
END_TEST

/* Modules: 1F names them (SDM 10.9.1); AMD's complexes are below the die, and the L3 is each complex's own. */
static const struct {
    const char *spec;
    uint32_t leaf, subleaf, eax, ebx, type;
} modules[] = {
    { "sapphire-rapids", 0x1f, 0, 1, 2, 1 },  { "sapphire-rapids", 0x1f, 1, 3, 8, 2 },
    { "sapphire-rapids", 0x1f, 2, 5, 24, 3 }, { "sapphire-rapids", 0x1f, 3, 6, 48, 5 },
    { "sapphire-rapids", 0xb, 1, 6, 48, 2 },  { "zen4", 0x80000026, 1, 3, 8, 2 },
    { "zen4", 0x80000026, 2, 5, 24, 3 },      { "zen4", 0x80000026, 3, 6, 48, 4 },
};
START_TEST(levels_between)
{
    const struct x86_topology t = { 2, 2, 4, 2, 3 };
    struct pc p;
    uint32_t r[4];
    pc_create(&p, modules[_i].spec, &t, 0);
    x86_cpuid(p.c, modules[_i].leaf, modules[_i].subleaf, r);
    ck_assert_uint_eq(r[0], modules[_i].eax);
    ck_assert_uint_eq(r[1], modules[_i].ebx);
    ck_assert_uint_eq(r[2] >> 8, modules[_i].type);
    x86_cpuid(p.c, modules[_i].leaf == 0x80000026 ? 0x8000001d : 4, 3, r);
    ck_assert_uint_eq(r[0] >> 14 & 0xfff, modules[_i].leaf == 0x80000026 ? 7 : 31);
    pc_destroy(&p);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/x86/topology");
    TCase *c = tcase_create("topology");
    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, one_story, 0, ARRAY_LEN(specs));
    tcase_add_loop_test(c, ids_by_fields, 0, ARRAY_LEN(ids));
    tcase_add_loop_test(c, levels_between, 0, ARRAY_LEN(modules));
    suite_add_tcase(s, c);
    return s;
}
