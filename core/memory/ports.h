/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_MEMORY_PORTS_H
#define ORRERY_CORE_MEMORY_PORTS_H
/*
 * The I/O space of a PC: 65536 byte-wide ports in a mem_space of their own, as the IN and OUT
 * instructions and a host bridge's I/O window reach them. What no part answers reads as all
 * ones and swallows writes; there are no errors.
 *
 * An access goes to the part whole if that takes its width and place; else it is halved until
 * somebody takes it, low port first. So a word at the border of two parts reaches both, and a
 * byte may mean another register than the dword around it (0xCF8, 0xCF9). Ports past 0xFFFF
 * do not exist.
 */
#include "core/memory/space.h"

/* `size` 1, 2 or 4; the value's upper bits are 0. */
uint32_t mem_port_in(struct mem_space *io, uint16_t port, unsigned size,
                     const struct mem_attrs *attrs);
void mem_port_out(struct mem_space *io, uint16_t port, unsigned size, uint32_t value,
                  const struct mem_attrs *attrs);

#endif
