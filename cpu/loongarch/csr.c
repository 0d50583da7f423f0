/* SPDX-License-Identifier: Apache-2.0 */
/* Access to CSRs by row: manual, "Characteristics of Accessing Control and Status Registers". */
#include "cpu/loongarch/loongarch_impl.h"

const struct la_csr *la_csr_find(const struct la_config *c, uint32_t number, uint32_t *index)
{
    for (uint32_t i = 0; i < la_n_csrs && la_csrs[i].number <= number; i++) {
        const struct la_csr *csr = &la_csrs[i];
        uint32_t step = csr->step == 0 ? 1 : csr->step, n = (number - csr->number) / step;
        if ((number - csr->number) % step != 0 || n >= MAX(csr->count, 1u))
            continue;
        if (csr->exists != NULL && !csr->exists(c, n))
            return NULL;
        *index = n;
        return csr;
    }
    return NULL;
}

static uint64_t *storage(struct la_cpu *la, const struct la_csr *csr, uint32_t index)
{
    uint32_t stride = csr->stride == 0 ? 8 : csr->stride;
    return (uint64_t *)(void *)((uint8_t *)la + csr->at + index * stride);
}

/* Registers of 32 bits are read sign-extended (manual, CSRRD). */
static uint64_t shown(const struct la_csr *csr, uint64_t value)
{
    return csr->wide ? value : sext(value, 32);
}

uint64_t la_csr_read_row(struct la_cpu *la, const struct la_csr *csr, uint32_t index)
{
    if (csr->read != NULL)
        return shown(csr, csr->read(la, index));
    return csr->stored ? shown(csr, *storage(la, csr, index)) : 0;
}

/* Only what has a `peek` changes anything when read. */
uint64_t la_csr_peek_row(const struct la_cpu *la, const struct la_csr *csr, uint32_t index)
{
    if (csr->peek != NULL)
        return shown(csr, csr->peek(la, index));
    return la_csr_read_row((struct la_cpu *)(uintptr_t)la, csr, index);
}

void la_csr_write_row(struct la_cpu *la, const struct la_csr *csr, uint32_t index, uint64_t value)
{
    if (csr->write != NULL) {
        csr->write(la, index, value);
    } else if (csr->stored) {
        uint64_t *at = storage(la, csr, index), old = *at;
        *at = (old & ~csr->mask) | (value & csr->mask);
        if (csr->wrote != NULL)
            csr->wrote(la, old);
    }
}

uint64_t la_csr_read(struct la_cpu *la, uint32_t number)
{
    uint32_t index;
    const struct la_csr *csr = la_csr_find(la->config, number, &index);
    return csr != NULL ? la_csr_read_row(la, csr, index) : 0;
}

uint64_t la_csr_peek(const struct la_cpu *la, uint32_t number)
{
    uint32_t index;
    const struct la_csr *csr = la_csr_find(la->config, number, &index);
    return csr != NULL ? la_csr_peek_row(la, csr, index) : 0;
}

void la_csr_write(struct la_cpu *la, uint32_t number, uint64_t value)
{
    uint32_t index;
    const struct la_csr *csr = la_csr_find(la->config, number, &index);
    if (csr != NULL)
        la_csr_write_row(la, csr, index, value);
}

bool la_csr_number(const struct cpu *cpu, uint32_t n, uint32_t *number)
{
    const struct la_config *c = LA_CPU_CONST(cpu)->config;
    uint32_t index;
    for (uint32_t i = 0; i < LA_CSR_NUMBERS; i++) {
        if (la_csr_find(c, i, &index) == NULL || n-- != 0)
            continue;
        *number = i;
        return true;
    }
    return false;
}

void la_csr_reset(struct la_cpu *la)
{
    for (uint32_t i = 0; i < la_n_csrs; i++)
        for (uint32_t k = 0; k < MAX(la_csrs[i].count, 1u) && la_csrs[i].stored; k++)
            *storage(la, &la_csrs[i], k) = la_csrs[i].reset;
}
