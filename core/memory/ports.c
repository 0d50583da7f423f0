/* SPDX-License-Identifier: Apache-2.0 */
#include "core/memory/ports.h"
#include "core/util/bits.h"

#define PORTS 0x10000u

static uint32_t in(struct mem_space *io, uint32_t port, unsigned size,
                   const struct mem_attrs *attrs)
{
    uint64_t value = 0;
    if (port + size <= PORTS) {
        enum mem_result rc = mem_load(io, port, size, &value, attrs);
        if (rc == MEM_OK)
            return (uint32_t)value;
        if (rc != MEM_BAD_SIZE && rc != MEM_NOTHING)
            return (uint32_t)zext(~0ull, size * 8);
    }
    if (size == 1)
        return 0xff;
    unsigned half = size / 2;
    uint32_t low = in(io, port, half, attrs);
    return low | in(io, port + half, half, attrs) << (half * 8);
}

static void out(struct mem_space *io, uint32_t port, unsigned size, uint32_t value,
                const struct mem_attrs *attrs)
{
    if (port + size <= PORTS) {
        enum mem_result rc = mem_store(io, port, size, value, attrs);
        if (rc != MEM_BAD_SIZE && rc != MEM_NOTHING)
            return;
    }
    if (size == 1)
        return;
    unsigned half = size / 2;
    out(io, port, half, (uint32_t)zext(value, half * 8), attrs);
    out(io, port + half, half, value >> (half * 8), attrs);
}

uint32_t mem_port_in(struct mem_space *io, uint16_t port, unsigned size,
                     const struct mem_attrs *attrs)
{
    return in(io, port, size, attrs);
}

void mem_port_out(struct mem_space *io, uint16_t port, unsigned size, uint32_t value,
                  const struct mem_attrs *attrs)
{
    out(io, port, size, value, attrs);
}
