/* SPDX-License-Identifier: Apache-2.0 */
/* CSR access in three steps: who may, what is read, what a write does. */
#include "cpu/riscv/riscv_impl.h"

static uint32_t count_of(const struct rv_csr *csr)
{
    return csr->count == 0 ? 1 : csr->count;
}

/* The last row whose number is not above `number`. */
static const struct rv_csr *row_at(uint32_t number)
{
    uint32_t lo = 0, hi = rv_n_csrs;
    while (hi - lo > 1) {
        uint32_t mid = (lo + hi) / 2;
        if (rv_csrs[mid].number <= number)
            lo = mid;
        else
            hi = mid;
    }
    return &rv_csrs[lo];
}

const struct rv_csr *rv_csr_find(const struct rv_config *c, uint32_t number, uint32_t *index)
{
    const struct rv_csr *csr = row_at(number);
    uint32_t step = csr->step == 0 ? 1 : csr->step;
    if (number < csr->number || (number - csr->number) % step != 0)
        return NULL;
    uint32_t i = (number - csr->number) / step;
    if (i >= count_of(csr) || !rv_has(c, (enum rv_feature)csr->feature))
        return NULL;
    if (csr->exists != NULL && !csr->exists(c, i))
        return NULL;
    *index = i;
    return csr;
}

/* Privileged ISA, "CSR Address Mapping Conventions". */
bool rv_csr_may(const struct rv_cpu *rv, const struct rv_csr *csr, uint32_t index, bool write)
{
    if (rv->priv < RV_CSR_PRIV(csr->number))
        return false;
    if (write && RV_CSR_IS_READ_ONLY(csr->number))
        return false;
    return csr->may == NULL || csr->may(rv, index, write);
}

static uint64_t *storage(struct rv_cpu *rv, const struct rv_csr *csr)
{
    return (uint64_t *)(void *)((uint8_t *)rv + csr->at);
}

uint64_t rv_csr_read(const struct rv_cpu *rv, const struct rv_csr *csr, uint32_t index)
{
    if (csr->read != NULL)
        return csr->read(rv, index);
    if (!csr->stored)
        return 0;
    return *(const uint64_t *)(const void *)((const uint8_t *)rv + csr->at);
}

void rv_csr_write(struct rv_cpu *rv, const struct rv_csr *csr, uint32_t index, uint64_t value)
{
    if (csr->write != NULL) {
        csr->write(rv, index, value);
    } else if (csr->stored) {
        uint64_t *at = storage(rv, csr), old = *at;
        *at = (old & ~csr->mask) | (value & csr->mask);
        if (csr->wrote != NULL)
            csr->wrote(rv, old);
    }
}

void rv_csr_reset(struct rv_cpu *rv)
{
    for (uint32_t i = 0; i < rv_n_csrs; i++)
        if (rv_csrs[i].stored)
            *storage(rv, &rv_csrs[i]) = rv_csrs[i].reset;
}
