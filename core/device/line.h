/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_DEVICE_LINE_H
#define ORRERY_CORE_DEVICE_LINE_H
/*
 * Interrupt and reset lines. The driver owns the `irq_line` (an output), the
 * board connects it to a sink: an irqchip's input, a CPU's interrupt input, or a
 * gate. A line has a level; edges are what the sink makes of changes. Setting
 * an unchanged level does nothing. Levels are saved by the driver's state (they
 * are derived: `loaded` drives them again).
 */
#include "core/util/types.h"

typedef void irq_sink_fn(void *sink, uint32_t number, bool level);

struct irq_line {
    irq_sink_fn *fn; /* NULL: not connected */
    void *sink;
    uint32_t number;
    bool level;
};

static inline void irq_connect(struct irq_line *l, irq_sink_fn *fn, void *sink, uint32_t number)
{
    l->fn = fn;
    l->sink = sink;
    l->number = number;
}

static inline void irq_set(struct irq_line *l, bool level)
{
    if (l->level == level)
        return;
    l->level = level;
    if (l->fn)
        l->fn(l->sink, l->number, level);
}

/* After restore: the sink has its own saved view; only the driver's memory of the level is set. */
static inline void irq_restore(struct irq_line *l, bool level)
{
    l->level = level;
}

#endif
