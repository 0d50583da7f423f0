/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_UTIL_FIFO_H
#define ORRERY_CORE_UTIL_FIFO_H
/*
 * A fixed ring of bytes: UART FIFOs, console input. Embedded by its owner with
 * the storage beside it, so that both are plain saved fields:
 *     struct fifo rx; uint8_t rx_data[16];
 */
#include "core/util/types.h"

struct fifo {
    uint32_t head, count; /* head = index of the oldest byte */
};

static inline bool fifo_push(struct fifo *f, uint8_t *data, uint32_t size, uint8_t byte)
{
    if (f->count == size)
        return false;
    data[(f->head + f->count++) % size] = byte;
    return true;
}

/* The caller has checked that count != 0. */
static inline uint8_t fifo_pop(struct fifo *f, const uint8_t *data, uint32_t size)
{
    uint8_t byte = data[f->head];
    f->head = (f->head + 1) % size;
    f->count--;
    return byte;
}

#endif
