/* SPDX-License-Identifier: Apache-2.0 */
#include "irqchip/loongarch_ipi.h"
#include "core/util/bits.h"
#include <string.h>

/* IPI_SEND, and the low half of MAIL_SEND and ANY_SEND. */
#define SEND_VECTOR  4, 0
#define SEND_BOX     4, 2
#define SEND_ADDRESS 15, 0
#define SEND_CPU     25, 16
#define SEND_MASK    30, 27 /* bytes that are not written */
#define SEND_DATA    63, 32

/* ---- cores ---- */

static uint32_t accessing(const struct loongarch_ipi *p)
{
    uint32_t cpu = device_accessing_cpu(&p->dev);

    return cpu < p->n_cores ? cpu : 0;
}

/* CPU index of the core a send names; false, reported, if it is not there. */
static bool find_target(struct loongarch_ipi *p, const char *site, uint64_t send, uint32_t *index)
{
    uint32_t id = (uint32_t)F_GET(send, SEND_CPU), low = 0, high = p->n_cores;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (p->core[middle].core_id < id)
            low = middle + 1;
        else
            high = middle;
    }
    *index = low;
    if (low < p->n_cores && p->core[low].core_id == id)
        return true;
    guest_error(&p->dev, site, "to core %u, which is not there", id);
    return false;
}

static bool is_up(const struct loongarch_ipi *p, uint32_t cpu)
{
    return p->status[cpu] & p->enable[cpu];
}

static void update(struct loongarch_ipi *p, uint32_t cpu)
{
    irq_set(&p->core[cpu].out, is_up(p, cpu));
}

/* ---- a core's own registers ---- */
static uint64_t read_status(const void *dev, uint32_t index)
{
    const struct loongarch_ipi *p = dev;

    (void)index;
    return p->status[accessing(p)];
}

static uint64_t read_enable(const void *dev, uint32_t index)
{
    const struct loongarch_ipi *p = dev;

    (void)index;
    return p->enable[accessing(p)];
}

static void wrote_enable(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct loongarch_ipi *p = dev;
    uint32_t cpu = accessing(p);

    (void)index;
    (void)old;
    p->enable[cpu] = (uint32_t)now;
    update(p, cpu);
}

static void wrote_set(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct loongarch_ipi *p = dev;
    uint32_t cpu = accessing(p);

    (void)index;
    (void)old;
    p->status[cpu] |= (uint32_t)now;
    update(p, cpu);
}

static void wrote_clear(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct loongarch_ipi *p = dev;
    uint32_t cpu = accessing(p);

    (void)index;
    (void)old;
    p->status[cpu] &= ~(uint32_t)now;
    update(p, cpu);
}

static uint64_t read_mailbox(const void *dev, uint32_t index)
{
    const struct loongarch_ipi *p = dev;

    return p->mailbox[accessing(p)][index];
}

static void wrote_mailbox(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct loongarch_ipi *p = dev;

    (void)old;
    p->mailbox[accessing(p)][index] = now;
}

/* ---- sends ---- */
static void wrote_ipi_send(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct loongarch_ipi *p = dev;
    uint32_t cpu;

    (void)index;
    (void)old;
    if (!find_target(p, "IPI_Send", now, &cpu))
        return;
    p->status[cpu] |= 1u << F_GET(now, SEND_VECTOR);
    update(p, cpu);
}

static void wrote_mail_send(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct loongarch_ipi *p = dev;
    unsigned half = (unsigned)F_GET(now, SEND_BOX);
    uint64_t data = F_GET(now, SEND_DATA) << half % 2 * 32;
    uint32_t cpu;

    (void)index;
    (void)old;
    if (!find_target(p, "Mail_Send", now, &cpu))
        return;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t byte = 0xffull << (half % 2 * 32 + i * 8);
        if (!(F_GET(now, SEND_MASK) >> i & 1))
            p->mailbox[cpu][half / 2] = (p->mailbox[cpu][half / 2] & ~byte) | (data & byte);
    }
}

/* A target that takes no such access stays as it is; a send by a send there is none, as they take 8 bytes. */
static void wrote_any_send(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct loongarch_ipi *p = dev;
    unsigned keep = (unsigned)F_GET(now, SEND_MASK);
    pa_t address = F_GET(now, SEND_ADDRESS);
    enum mem_result rc = MEM_OK;
    uint32_t cpu;

    (void)index;
    (void)old;
    if (!find_target(p, "ANY_Send", now, &cpu))
        return;
    struct mem_attrs as = { .requester = MEM_REQUESTER_CPU + cpu };
    if (keep == 0)
        rc = mem_store(p->iocsr, address, 4, F_GET(now, SEND_DATA), &as);
    for (unsigned i = 0; i < 4 && keep != 0 && rc == MEM_OK; i++)
        if (!(keep >> i & 1))
            rc = mem_store(p->iocsr, address + i, 1, now >> (32 + i * 8) & 0xff, &as);
    if (rc != MEM_OK)
        guest_error(&p->dev, "ANY_Send", "IOCSR %#llx does not take it, bytes left out %#x",
                    (unsigned long long)address, keep);
}

/* ---- life ---- */
static void loongarch_ipi_reset(void *dev)
{
    struct loongarch_ipi *p = dev;

    memset(p->mailbox, 0, sizeof(p->mailbox));
    memset(p->status, 0, sizeof(p->status));
    memset(p->enable, 0, sizeof(p->enable));
    for (uint32_t i = 0; i < p->n_cores; i++)
        update(p, i);
}

static void loongarch_ipi_loaded(void *dev)
{
    struct loongarch_ipi *p = dev;

    for (uint32_t i = 0; i < p->n_cores; i++)
        irq_restore(&p->core[i].out, is_up(p, i));
}

static const struct state_field loongarch_ipi_state[] = {
    STATE(loongarch_ipi, mailbox), STATE(loongarch_ipi, status), STATE(loongarch_ipi, enable), STATE_END
};

#define ALL 0xffffffff
static const struct reg_desc loongarch_ipi_regs[] = { /* by IOCSR address */
    REG32(0x1000, "perCore_IPI_Status", .sizes = 4 | 8, .read = read_status),
    REG32(0x1004, "perCore_IPI_Enable", .sizes = 4 | 8, .read = read_enable, .rw = ALL, .wrote = wrote_enable),
    REG32(0x1008, "perCore_IPI_Set", .sizes = 4 | 8, .rw = ALL, .wrote = wrote_set),
    REG32(0x100c, "perCore_IPI_Clear", .sizes = 4 | 8, .rw = ALL, .wrote = wrote_clear),
    REG64(0x1020, "perCore_MailBox", .sizes = 4 | 8, .count = 4, .read = read_mailbox, .rw = UINT64_MAX,
          .wrote = wrote_mailbox),
    REG32(0x1040, "IPI_Send", .rw = ALL, .wrote = wrote_ipi_send),
    REG64(0x1048, "Mail_Send", .rw = UINT64_MAX, .wrote = wrote_mail_send),
    REG64(0x1158, "ANY_Send", .rw = UINT64_MAX, .wrote = wrote_any_send),
};

static const struct device_ops loongarch_ipi_ops = {
    .name = "loongarch_ipi", .spec = "Loongson 3A5000 user manual, inter-processor interrupts and communication",
    .size = sizeof(struct loongarch_ipi), .regs = loongarch_ipi_regs, .n_regs = ARRAY_LEN(loongarch_ipi_regs),
    .state = loongarch_ipi_state, .version = 1, .reset = loongarch_ipi_reset, .loaded = loongarch_ipi_loaded,
};

struct loongarch_ipi *loongarch_ipi_create(struct machine *m, const char *id, const uint32_t *core_ids, uint32_t n,
                                           struct err *e)
{
    if (n == 0 || n > LOONGARCH_IPI_CORES) {
        (void)err_set(e, ERR_ARG, "%s: %u cores; 1 to %d are accepted", id, n, LOONGARCH_IPI_CORES);
        return NULL;
    }
    struct loongarch_ipi *p = device_create(m, &loongarch_ipi_ops, id, e);
    if (!p)
        return NULL;
    p->n_cores = n;
    for (uint32_t i = 0; i < n; i++)
        p->core[i].core_id = core_ids[i];
    return p;
}

int loongarch_ipi_map(struct loongarch_ipi *p, struct mem_space *iocsr, struct err *e)
{
    static const struct { uint32_t at, n; } pieces[] = { { 0x1000, 0x10 }, { 0x1020, 0x30 }, { 0x1158, 8 } };

    p->iocsr = iocsr;
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        int r = device_map_piece(&p->dev, iocsr, pieces[i].at, pieces[i].at, pieces[i].n, e);
        if (r < 0)
            return r;
    }
    return 0;
}
