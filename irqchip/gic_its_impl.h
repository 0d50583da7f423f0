/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_IRQCHIP_GIC_ITS_IMPL_H
#define ORRERY_IRQCHIP_GIC_ITS_IMPL_H
/* Inside the ITS: registers (gic_its.c), tables (gic_its_tables.c), commands (gic_its_commands.c). */
#include "irqchip/gic_its.h"
#include "irqchip/gicv3_impl.h"
#include "core/event/queue.h"

enum gic_its_table { GIC_ITS_DEVICES, GIC_ITS_COLLECTIONS, GIC_ITS_BASERS };
enum { GIC_ITS_ID_BITS = 16 };

#define GITS_CTLR_ENABLED    0, 0
#define GITS_BASER_SIZE      7, 0
#define GITS_BASER_PAGE_SIZE 9, 8
#define GITS_BASER_PA        47, 12
#define GITS_BASER_PA_HIGH   15, 12 /* of bits 51:48, where pages are of 64 KiB */
#define GITS_BASER_ENTRY     52, 48
#define GITS_BASER_TYPE      58, 56
#define GITS_BASER_INDIRECT  62, 62
#define GITS_BASER_VALID     63, 63
#define GITS_CBASER_SIZE     7, 0
#define GITS_CBASER_PA       51, 12
#define GITS_CBASER_VALID    63, 63

struct gic_its {
    struct device dev;
    struct gicv3 *gic;               /* wiring */
    struct dma memory;
    uint32_t requester;              /* of the access that is under way */

    struct ev_timer rest;            /* saved from here on; commands that are left for later */
    uint64_t baser[GIC_ITS_BASERS], cbaser, cwriter, creadr;
    uint32_t ctlr;
};

struct gic_its_device {
    bool valid;
    uint32_t event_bits;             /* 1 .. 16 */
    uint64_t itt;
};
struct gic_its_event {
    bool valid;
    uint32_t intid, icid;
};
struct gic_its_collection {
    bool valid;
    uint32_t cpu;
};

/* ---- gic_its_tables.c ---- */
/* False: the number is beyond the table, or the table is not there. */
bool gic_its_get_device(struct gic_its *s, uint32_t id, struct gic_its_device *d) MUST_CHECK;
bool gic_its_put_device(struct gic_its *s, uint32_t id, const struct gic_its_device *d) MUST_CHECK;
bool gic_its_get_event(struct gic_its *s, const struct gic_its_device *d, uint32_t id,
                       struct gic_its_event *ev) MUST_CHECK;
bool gic_its_put_event(struct gic_its *s, const struct gic_its_device *d, uint32_t id,
                       const struct gic_its_event *ev) MUST_CHECK;
/* The collection is valid only if its redistributor exists. */
bool gic_its_get_collection(struct gic_its *s, uint32_t id,
                            struct gic_its_collection *c) MUST_CHECK;
bool gic_its_put_collection(struct gic_its *s, uint32_t id,
                            const struct gic_its_collection *c) MUST_CHECK;

/* ---- gic_its_commands.c ---- */
/* What an event is at this moment; NULL, or why it is nothing. */
const char *gic_its_translate(struct gic_its *s, uint32_t device, uint32_t event,
                              struct gic_its_event *ev, struct gic_its_collection *c);
void gic_its_run(struct gic_its *s); /* the command queue, up to GITS_CWRITER */
void gic_its_rest(void *its, ps_t when);

#endif
