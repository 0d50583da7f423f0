/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_PORTS_H
#define ORRERY_TEST_PORTS_H
/* The I/O ports of a part under test, IN and OUT of bytes, and a line's log. */
#include "core/memory/ports.h"
#include "core/device/line.h"

static inline uint8_t inb(struct mem_space *io, uint16_t port)
{
    return (uint8_t)mem_port_in(io, port, 1, NULL);
}

static inline void outb(struct mem_space *io, uint16_t port, uint8_t value)
{
    mem_port_out(io, port, 1, value, NULL);
}

/* A sink that counts what comes. */
struct line_log {
    bool level;
    unsigned rises, falls;
    uint32_t number; /* of the last change */
};

static inline void line_log_set(void *sink, uint32_t number, bool level)
{
    struct line_log *l = sink;

    l->level = level;
    l->number = number;
    if (level)
        l->rises++;
    else
        l->falls++;
}

#endif
