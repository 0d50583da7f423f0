/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CPU_RISCV_FIXTURE_H
#define ORRERY_TEST_CPU_RISCV_FIXTURE_H
/* One hart in an empty machine, just reset; nothing runs it. */
#include "cpu/riscv/riscv_impl.h"
#include "test/check_main.h"

struct hart {
    struct machine *machine;
    struct rv_cpu *rv;
};

static inline struct hart hart_create(const char *spec)
{
    struct hart h;
    struct err e = { 0 };
    struct rv_config config;
    ck_assert_msg(machine_create(&h.machine, stderr, &e) == 0, "%s", e.text);
    ck_assert_msg(rv_config_parse(&config, spec, NULL, &e) == 0, "%s", e.text);
    ck_assert_msg(rv_cpu_create(&h.rv, h.machine, &config, 0, &e) == 0, "%s", e.text);
    machine_reset(h.machine);
    return h;
}

static inline void hart_destroy(struct hart *h)
{
    machine_destroy(h->machine);
}

/* As an instruction would: false = illegal instruction. */
static inline bool csr_get(struct rv_cpu *rv, uint32_t number, uint64_t *value)
{
    uint32_t index;
    const struct rv_csr *csr = rv_csr_find(rv->config, number, &index);
    if (csr == NULL || !rv_csr_may(rv, csr, index, false))
        return false;
    *value = rv_csr_read(rv, csr, index);
    return true;
}

static inline bool csr_put(struct rv_cpu *rv, uint32_t number, uint64_t value)
{
    uint32_t index;
    const struct rv_csr *csr = rv_csr_find(rv->config, number, &index);
    if (csr == NULL || !rv_csr_may(rv, csr, index, true))
        return false;
    rv_csr_write(rv, csr, index, value);
    return true;
}

static inline uint64_t csr(struct rv_cpu *rv, uint32_t number)
{
    uint64_t v = 0;
    ck_assert_msg(csr_get(rv, number, &v), "CSR 0x%03x is illegal at privilege %u", number,
                  (unsigned)rv->priv);
    return v;
}

static inline void set_csr(struct rv_cpu *rv, uint32_t number, uint64_t value)
{
    ck_assert_msg(csr_put(rv, number, value), "CSR 0x%03x cannot be written at privilege %u",
                  number, (unsigned)rv->priv);
}

#endif
