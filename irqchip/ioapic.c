/* SPDX-License-Identifier: Apache-2.0 */
#include "irqchip/ioapic.h"
#include "core/util/bits.h"

/* 82093AA 3.2.4: the redirection table entry. 63:48 as far as remapping needs them. */
#define RTE_UPPER         63, 48
#define RTE_MASKED        16, 16
#define RTE_LEVEL         15, 15
#define RTE_REMOTE_IRR    14, 14
#define RTE_DEST_MODE     11, 11
#define RTE_DELIVERY_MODE 10, 8
#define RTE_VECTOR        7, 0
#define RTE_WRITABLE      (F_MASK(RTE_UPPER) | 0x1afffull)
enum { MODE_LOWEST = 1 }; /* 0 is fixed */

enum { INDEX_ID = 0x00, INDEX_VERSION = 0x01, INDEX_ARBITRATION = 0x02, INDEX_ENTRIES = 0x10 };
#define ID_WRITABLE 0x0f000000u
#define VERSION     ((IOAPIC_PINS - 1) << 16 | 0x20)

/* SDM 3, "Message Address Register Format" and "Message Data Register Format". */
#define MSI_BASE          0xfee00000ull
#define MSI_LEVEL_ASSERT  BIT(14)

void ioapic_message(uint64_t entry, uint64_t *address, uint32_t *data)
{
    bool level = F_GET(entry, RTE_LEVEL);

    *address = MSI_BASE | F_GET(entry, RTE_UPPER) << 4 | F_GET(entry, RTE_DEST_MODE) << 2;
    *data = (uint32_t)(F_GET(entry, RTE_VECTOR) | F_GET(entry, RTE_DELIVERY_MODE) << 8 |
                       (level ? F_MASK(RTE_LEVEL) | MSI_LEVEL_ASSERT : 0));
}

static uint32_t inputs(const struct ioapic *p)
{
    uint32_t any = 0;
    for (unsigned i = 0; i < IOAPIC_SOURCES; i++)
        any |= p->input[i];
    return any;
}

/* 82093AA 3.2.4, delivery mode: SMI, NMI, INIT and ExtINT are edges whatever bit 15 says. */
static bool waits_for_eoi(uint64_t entry)
{
    return F_GET(entry, RTE_LEVEL) && F_GET(entry, RTE_DELIVERY_MODE) <= MODE_LOWEST;
}

static void send(struct ioapic *p, unsigned pin)
{
    uint64_t address;
    uint32_t data;

    if (waits_for_eoi(p->entry[pin]))
        p->entry[pin] |= F_MASK(RTE_REMOTE_IRR);
    ioapic_message(p->entry[pin], &address, &data);
    p->deliver(p->arg, address, data);
}

/* A level-triggered pin asks as long as it is asserted and its last interrupt has ended. */
static void serve_level(struct ioapic *p, unsigned pin)
{
    uint64_t entry = p->entry[pin];

    if ((inputs(p) >> pin & 1) && waits_for_eoi(entry) && !F_GET(entry, RTE_MASKED) &&
        !F_GET(entry, RTE_REMOTE_IRR))
        send(p, pin);
}

void ioapic_set_level(void *ioapic, uint32_t number, bool level)
{
    struct ioapic *p = ioapic;
    uint32_t pin = number % 32, *driver = &p->input[number / 32 % IOAPIC_SOURCES];
    bool before;

    if (pin >= IOAPIC_PINS)
        return;
    before = inputs(p) >> pin & 1;
    *driver = level ? *driver | 1u << pin : *driver & ~(1u << pin);
    if (before || !level)
        return;
    if (waits_for_eoi(p->entry[pin]))
        serve_level(p, pin);
    else if (!F_GET(p->entry[pin], RTE_MASKED)) /* 3.2.4, bit 16: a masked edge is not remembered */
        send(p, pin);
}

void ioapic_end_of_interrupt(struct ioapic *p, uint8_t vector)
{
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
        uint64_t entry = p->entry[pin];
        if (!F_GET(entry, RTE_REMOTE_IRR) || F_GET(entry, RTE_VECTOR) != vector)
            continue;
        p->entry[pin] = F_PUT(entry, RTE_REMOTE_IRR, 0);
        serve_level(p, pin);
    }
}

/* ---- registers ---- */

static uint64_t read_window(const void *dev, uint32_t index)
{
    const struct ioapic *p = dev;
    uint32_t at = p->select - INDEX_ENTRIES;

    (void)index;
    if (p->select == INDEX_ID || p->select == INDEX_ARBITRATION)
        return p->id;
    if (p->select == INDEX_VERSION)
        return VERSION;
    if (p->select >= INDEX_ENTRIES && at / 2 < IOAPIC_PINS)
        return p->entry[at / 2] >> (at % 2 * 32) & 0xffffffff;
    return 0;
}

/* An entry made edge-triggered has nothing to wait for: its Remote IRR goes. */
static void write_entry(struct ioapic *p, unsigned pin, bool high, uint64_t v)
{
    uint64_t lanes = 0xffffffffull << (high ? 32 : 0), mask = RTE_WRITABLE & lanes;
    uint64_t entry = (p->entry[pin] & ~mask) | (v << (high ? 32 : 0) & mask);

    p->entry[pin] = waits_for_eoi(entry) ? entry : F_PUT(entry, RTE_REMOTE_IRR, 0);
    serve_level(p, pin);
}

static void wrote_window(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct ioapic *p = dev;
    uint32_t at = p->select - INDEX_ENTRIES;

    (void)index, (void)old;
    if (p->select == INDEX_ID)
        p->id = (uint32_t)now & ID_WRITABLE;
    else if (p->select >= INDEX_ENTRIES && at / 2 < IOAPIC_PINS)
        write_entry(p, at / 2, at % 2, now);
    else if (p->select != INDEX_VERSION && p->select != INDEX_ARBITRATION)
        guest_error(&p->dev, "IOWIN without a register", "index %#x", p->select);
}

static void wrote_eoi(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index, (void)old;
    ioapic_end_of_interrupt(dev, (uint8_t)now);
}

static void ioapic_reset(void *dev)
{
    struct ioapic *p = dev;

    for (unsigned i = 0; i < IOAPIC_PINS; i++)
        p->entry[i] = F_MASK(RTE_MASKED);
    p->id = 0;
}

static const struct state_field ioapic_state[] = {
    STATE(ioapic, entry), STATE(ioapic, input), STATE(ioapic, id), STATE(ioapic, select), STATE_END
};

static const struct reg_desc ioapic_regs[] = {
    REG32(0x00, "IOREGSEL", REG_AT(ioapic, select), .sizes = 1 | 2 | 4, .rw = 0xff),
    REG32(0x10, "IOWIN", .rw = 0xffffffff, .read = read_window, .wrote = wrote_window),
    REG32(0x40, "EOIR", .sizes = 1 | 2 | 4, .rw = 0xff, .wrote = wrote_eoi),
};

static const struct device_ops ioapic_ops = {
    .name = "ioapic", .spec = "Intel 82093AA 290566-001; ICH9 316972, 13.5",
    .size = sizeof(struct ioapic), .regs = ioapic_regs, .n_regs = ARRAY_LEN(ioapic_regs),
    .mmio_size = 0x1000, .state = ioapic_state, .version = 2, .reset = ioapic_reset,
};

struct ioapic *ioapic_create(struct machine *m, const char *id, ioapic_deliver_fn *deliver,
                             void *arg, struct err *e)
{
    struct ioapic *p = device_create(m, &ioapic_ops, id, e);

    if (p) {
        p->deliver = deliver;
        p->arg = arg;
    }
    return p;
}
