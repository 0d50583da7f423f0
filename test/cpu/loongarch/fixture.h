/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CPU_LOONGARCH_FIXTURE_H
#define ORRERY_TEST_CPU_LOONGARCH_FIXTURE_H
/* One core in an empty machine, just reset; nothing runs it. */
#include "cpu/loongarch/loongarch_impl.h"
#include "test/check_main.h"

struct core {
    struct machine *machine;
    struct la_cpu *la;
};

static inline struct core core_create(const char *spec)
{
    struct core c;
    struct err e = { 0 };
    struct la_config config;
    ck_assert_msg(machine_create(&c.machine, stderr, &e) == 0, "%s", e.text);
    ck_assert_msg(la_config_parse(&config, spec, NULL, &e) == 0, "%s", e.text);
    ck_assert_msg(la_cpu_create(&c.la, c.machine, &config, 0, 3, &e) == 0, "%s", e.text);
    machine_reset(c.machine);
    return c;
}

static inline void core_destroy(struct core *c)
{
    machine_destroy(c->machine);
}

#define CSR(c, name)          la_csr_read((c).la, LA_CSR_##name)
#define SET_CSR(c, name, v)   la_csr_write((c).la, LA_CSR_##name, (v))

#endif
