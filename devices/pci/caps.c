/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities, and the message-signalled interrupts among them. */
#include "core/util/bits.h"
#include "devices/pci/pci_impl.h"
#include <inttypes.h>
#include <string.h>

enum { CAP_POWER = 0x01, CAP_MSI = 0x05, CAP_EXPRESS = 0x10, CAP_MSIX = 0x11 };
enum { MSI_CONTROL = 2, MSI_ADDRESS = 4, MSI_DATA = 12, MSI_MASK = 16, MSI_PENDING = 20, MSI_SIZE = 24 };
enum { MSIX_CONTROL = 2, MSIX_TABLE = 4, MSIX_PBA = 8, MSIX_SIZE = 12, MSIX_ENTRY = 16,
       MSIX_ENABLE = 0x8000, MSIX_ALL_MASKED = 0x4000 };

/* ---- the lists ---- */

static uint32_t last_capability(const struct pci_function *f)
{
    uint32_t at = f->config[CONFIG_CAPABILITIES];
    while (at != 0 && f->config[at + 1] != 0)
        at = f->config[at + 1];
    return at;
}

int pci_add_capability(struct pci_function *f, uint8_t id, uint32_t size, struct err *e)
{
    uint32_t at = f->next_cap, last = last_capability(f);

    if (size < 2 || size > CONFIG_EXTENDED - at)
        return err_set(e, ERR_LIMIT, "%s: no room for a capability of %u bytes", f->dev->id, size);
    f->next_cap = (uint16_t)(at + align_up(size, 4));
    f->config[at] = id;
    f->config[last ? last + 1 : CONFIG_CAPABILITIES] = (uint8_t)at;
    f->config[CONFIG_STATUS] |= STATUS_CAPABILITIES;
    return (int)at;
}

/* PCI Express Base 5.0, 7.6.3 */
int pci_add_extended(struct pci_function *f, uint16_t id, uint8_t version, uint32_t size,
                     struct err *e)
{
    uint32_t at = f->next_extended, last = CONFIG_EXTENDED;

    if (size < 4 || size > PCI_CONFIG_SIZE - at)
        return err_set(e, ERR_LIMIT, "%s: no room for an extended capability of %u bytes",
                       f->dev->id, size);
    f->next_extended = (uint16_t)(at + align_up(size, 4));
    st_le32(f->config + at, id | (uint32_t)(version & 15) << 16);
    if (at == CONFIG_EXTENDED)
        return (int)at;
    while (ld_le32(f->config + last) >> 20 != 0)
        last = ld_le32(f->config + last) >> 20;
    st_le32(f->config + last, ld_le32(f->config + last) | at << 20);
    return (int)at;
}

/* 7.5.3: an endpoint integrated into the root complex has no link. */
int pci_add_express(struct pci_function *f, struct err *e)
{
    enum { SIZE = 0x3c, FLAGS = 2, CAPABILITIES = 4, STATUS = 10, INTEGRATED = 9, VERSION = 2,
           ROLE_ERRORS = 1 << 15, FLR = 1 << 28 };
    int at = pci_add_capability(f, CAP_EXPRESS, SIZE, e);

    if (at < 0)
        return at;
    uint8_t *c = f->config + at;
    st_le16(c + FLAGS, VERSION | INTEGRATED << 4);
    st_le32(c + CAPABILITIES, ROLE_ERRORS | FLR);
    st_le16(f->writable + at + EXPRESS_CONTROL, 0x78ff); /* errors, ordering, sizes, no snoop */
    st_le16(c + EXPRESS_CONTROL, 0x2810);                /* read requests of 512 bytes */
    st_le16(f->clears + at + STATUS, 0x000f);
    f->express_cap = (uint16_t)at;
    return at;
}

/* PCI Bus Power Management 1.2, 3.2: D0 and D3hot, no internal reset between them. */
int pci_add_power(struct pci_function *f, struct err *e)
{
    enum { SIZE = 8, CAPABILITIES = 2, CONTROL = POWER_CONTROL, VERSION = 3, NO_SOFT_RESET = 8 };
    int at = pci_add_capability(f, CAP_POWER, SIZE, e);

    if (at < 0)
        return at;
    st_le16(f->config + at + CAPABILITIES, VERSION);
    st_le16(f->config + at + CONTROL, NO_SOFT_RESET);
    f->writable[at + CONTROL] = POWER_STATE;
    f->pm_cap = (uint16_t)at;
    return at;
}

static void send_message(struct pci_function *f, uint64_t address, uint32_t data)
{
    struct pci_bus *bus = f->bus;

    if (bus->message_depth == PCI_MESSAGE_DEPTH) {
        guest_error(f->dev, "message loop", "message %#x to %#" PRIx64 " dropped: it is one of %d that cause "
                    "each other", data, address, PCI_MESSAGE_DEPTH + 1);
        return;
    }
    bus->message_depth++;
    (void)dma_send_msi(&f->dma, address, data);
    bus->message_depth--;
}

/* ---- MSI (PCI Local Bus 3.0, 6.8.1): 64-bit addresses, a mask for each vector ---- */

int pci_add_msi(struct pci_function *f, unsigned vectors, struct err *e)
{
    enum { CAN_64 = 0x80, CAN_MASK = 0x100 };
    if (vectors == 0 || vectors > 32 || !is_pow2(vectors))
        return err_set(e, ERR_ARG, "%s: %u MSI vectors; 1, 2, 4 .. 32 are accepted", f->dev->id, vectors);
    int at = pci_add_capability(f, CAP_MSI, MSI_SIZE, e);

    if (at < 0)
        return at;
    uint8_t *w = f->writable + at;
    st_le16(f->config + at + MSI_CONTROL, (uint16_t)(CAN_64 | CAN_MASK | log2_floor(vectors) << 1));
    st_le16(w + MSI_CONTROL, 0x0071); /* enable; how many */
    st_le32(w + MSI_ADDRESS, 0xfffffffc);
    st_le32(w + MSI_ADDRESS + 4, 0xffffffff);
    st_le16(w + MSI_DATA, 0xffff);
    st_le32(w + MSI_MASK, vectors == 32 ? UINT32_MAX : (1u << vectors) - 1);
    f->msi_cap = (uint16_t)at;
    return at;
}

bool pci_msi_enabled(const struct pci_function *f)
{
    return f->msi_cap && (f->config[f->msi_cap + MSI_CONTROL] & 1);
}

void pci_send_msi(struct pci_function *f, unsigned v)
{
    uint8_t *c = f->config + f->msi_cap;
    unsigned allowed, granted;

    if (!pci_msi_enabled(f) || v >= 32)
        return;
    allowed = 1u << (c[MSI_CONTROL] >> 1 & 7);
    granted = MIN(1u << (c[MSI_CONTROL] >> 4 & 7), allowed);
    v &= granted - 1; /* fewer messages than events: they share */
    if (ld_le32(c + MSI_MASK) >> v & 1) {
        st_le32(c + MSI_PENDING, ld_le32(c + MSI_PENDING) | 1u << v);
        return;
    }
    send_message(f, ld_le64(c + MSI_ADDRESS), (ld_le16(c + MSI_DATA) & ~(granted - 1)) | v);
}

/* ---- MSI-X (6.8.2) ---- */

static uint32_t table_bytes(unsigned vectors)
{
    return MSIX_ENTRY * vectors;
}

static uint32_t pba_bytes(unsigned vectors)
{
    return 8 * ((vectors + 63) / 64);
}

static bool is_masked(const struct pci_function *f, unsigned v)
{
    return (f->config[f->msix_cap + MSIX_CONTROL + 1] & MSIX_ALL_MASKED >> 8) ||
           (f->msix[v].control & 1);
}

bool pci_msix_enabled(const struct pci_function *f)
{
    return f->msix_cap && (f->config[f->msix_cap + MSIX_CONTROL + 1] & MSIX_ENABLE >> 8);
}

static void deliver(struct pci_function *f, unsigned v)
{
    send_message(f, f->msix[v].address, f->msix[v].data);
}

void pci_send_msix(struct pci_function *f, unsigned v)
{
    if (!pci_msix_enabled(f) || v >= f->msix_vectors)
        return;
    if (is_masked(f, v))
        f->msix_pending[v / 64] |= BIT(v % 64);
    else
        deliver(f, v);
}

void pci_clear_msix_pending(struct pci_function *f, unsigned v)
{
    if (v < PCI_MSIX_VECTORS)
        f->msix_pending[v / 64] &= ~BIT(v % 64);
}

static void send_pending(struct pci_function *f, unsigned v)
{
    if (!(f->msix_pending[v / 64] >> v % 64 & 1) || is_masked(f, v))
        return;
    pci_clear_msix_pending(f, v);
    deliver(f, v);
}

void pci_messages_unmasked(struct pci_function *f)
{
    for (unsigned v = 0; pci_msix_enabled(f) && v < f->msix_vectors; v++)
        send_pending(f, v);
    if (!pci_msi_enabled(f))
        return;
    uint8_t *c = f->config + f->msi_cap;
    uint32_t due = ld_le32(c + MSI_PENDING) & ~ld_le32(c + MSI_MASK);
    st_le32(c + MSI_PENDING, ld_le32(c + MSI_PENDING) & ~due);
    for (; due; due &= due - 1)
        pci_send_msi(f, (unsigned)ctz64(due));
}

void pci_reset_messages(struct pci_function *f)
{
    memset(f->msix_pending, 0, sizeof(f->msix_pending));
    for (unsigned v = 0; v < PCI_MSIX_VECTORS; v++)
        f->msix[v] = (struct pci_msix_entry){ .control = v < f->msix_vectors ? 1 : 0 };
}

/* One word of the table. */
static uint32_t table_read(const struct pci_function *f, uint32_t offset)
{
    const struct pci_msix_entry *m = &f->msix[offset / MSIX_ENTRY];
    switch (offset % MSIX_ENTRY / 4) {
    case 0: return (uint32_t)m->address;
    case 1: return (uint32_t)(m->address >> 32);
    case 2: return m->data;
    default: return m->control;
    }
}

static void table_write(struct pci_function *f, uint32_t offset, uint32_t value)
{
    unsigned v = offset / MSIX_ENTRY;
    struct pci_msix_entry *m = &f->msix[v];
    switch (offset % MSIX_ENTRY / 4) {
    case 0: m->address = (m->address & ~0xffffffffull) | (value & ~3u); break;
    case 1: m->address = (uint32_t)m->address | (uint64_t)value << 32; break;
    case 2: m->data = value; break;
    default:
        m->control = value & 1;
        if (pci_msix_enabled(f))
            send_pending(f, v);
        break;
    }
}

/* The table's word at `offset` of it, or of the pending bits when it lies beyond. */
static uint32_t word_read(const struct pci_function *f, bool table, uint32_t offset)
{
    if (table)
        return offset < table_bytes(f->msix_vectors) ? table_read(f, offset) : 0;
    if (offset >= pba_bytes(f->msix_vectors))
        return 0;
    return (uint32_t)(f->msix_pending[offset / 8] >> 8 * (offset % 8));
}

static enum mem_result part_read(struct pci_function *f, bool table, uint64_t offset, unsigned size,
                                 uint64_t *value)
{
    *value = word_read(f, table, (uint32_t)offset);
    if (size == 8)
        *value |= (uint64_t)word_read(f, table, (uint32_t)offset + 4) << 32;
    return MEM_OK;
}

static enum mem_result part_write(struct pci_function *f, bool table, uint64_t offset, unsigned size,
                                  uint64_t value)
{
    for (unsigned i = 0; i < size; i += 4)
        if (table && offset + i < table_bytes(f->msix_vectors))
            table_write(f, (uint32_t)offset + i, (uint32_t)(value >> 8 * i));
    return MEM_OK;
}

#define MSIX_MMIO(name, TABLE, OFFSET)                                                             \
    static enum mem_result name##_read(void *arg, uint64_t offset, unsigned size, uint64_t *value, \
                                       const struct mem_attrs *attrs)                              \
    {                                                                                              \
        struct pci_function *f = arg;                                                              \
        (void)attrs;                                                                               \
        return part_read(f, TABLE, OFFSET, size, value);                                           \
    }                                                                                              \
    static enum mem_result name##_write(void *arg, uint64_t offset, unsigned size, uint64_t value, \
                                        const struct mem_attrs *attrs)                             \
    {                                                                                              \
        struct pci_function *f = arg;                                                              \
        (void)attrs;                                                                               \
        return part_write(f, TABLE, OFFSET, size, value);                                          \
    }                                                                                              \
    static const struct mmio_ops name##_mmio = {                                                   \
        .read = name##_read, .write = name##_write, .sizes = 4 | 8                                 \
    };
MSIX_MMIO(shared_table, true, offset)
MSIX_MMIO(shared_pba, false, offset)

/* A BAR of MSI-X's own: the part that begins last at or before the offset. */
static bool is_table(const struct pci_function *f, uint64_t offset)
{
    return f->msix_table > f->msix_pba ? offset >= f->msix_table : offset < f->msix_pba;
}
MSIX_MMIO(own, is_table(f, offset), offset - (is_table(f, offset) ? f->msix_table : f->msix_pba))

static int check_msix(const struct pci_function *f, unsigned vectors, int bar, uint32_t table,
                      uint32_t pba, struct err *e)
{
    unsigned index = bar < 0 ? (unsigned)(-bar - 1) : (unsigned)bar;

    if (f->msix_cap)
        return err_set(e, ERR_ARG, "%s: has MSI-X already", f->dev->id);
    if (vectors == 0 || vectors > PCI_MSIX_VECTORS)
        return err_set(e, ERR_ARG, "%s: %u MSI-X vectors; 1 to %d are accepted", f->dev->id, vectors,
                       PCI_MSIX_VECTORS);
    uint64_t table_end = (uint64_t)table + table_bytes(vectors), pba_end = (uint64_t)pba + pba_bytes(vectors);
    if (index >= PCI_BARS || table % 8 || pba % 8 || (table < pba_end && pba < table_end))
        return err_set(e, ERR_ARG, "%s: MSI-X table at %#x and pending bits at %#x of BAR %u for %u "
                       "vectors overlap or are misplaced", f->dev->id, table, pba, index, vectors);
    const struct pci_bar *b = &f->bar[index];
    uint64_t end = MAX(table_end, pba_end), room = bar < 0 ? 1ull << 31 : b->size;
    if ((bar >= 0 && b->kind != PCI_BAR_MEM32 && b->kind != PCI_BAR_MEM64) || end > room)
        return err_set(e, ERR_ARG, "%s: MSI-X needs a memory BAR of %" PRIu64 " bytes or more; BAR %u is "
                       "none", f->dev->id, end, index);
    return 0;
}

int pci_add_msix(struct pci_function *f, unsigned vectors, int bar, uint32_t table, uint32_t pba,
                 struct err *e)
{
    unsigned index = bar < 0 ? (unsigned)(-bar - 1) : (unsigned)bar;
    int r = check_msix(f, vectors, bar, table, pba, e), at = -1;

    if (r < 0)
        return r;
    uint64_t end = MAX(table + table_bytes(vectors), pba + pba_bytes(vectors)), size = 4096;
    while (size < end)
        size *= 2;
    if (bar < 0)
        r = pci_add_bar(f, index, PCI_BAR_MEM32, false, size, &own_mmio, f, e);
    if (r < 0 || (at = pci_add_capability(f, CAP_MSIX, MSIX_SIZE, e)) < 0)
        return r < 0 ? r : at;
    f->msix_vectors = (uint16_t)vectors;
    f->msix_bar = (uint8_t)index;
    f->msix_table = table;
    f->msix_pba = pba;
    st_le16(f->config + at + MSIX_CONTROL, (uint16_t)(vectors - 1));
    st_le16(f->writable + at + MSIX_CONTROL, MSIX_ENABLE | MSIX_ALL_MASKED);
    st_le32(f->config + at + MSIX_TABLE, table | index);
    st_le32(f->config + at + MSIX_PBA, pba | index);
    f->msix_cap = (uint16_t)at;
    return at;
}

/* In a BAR with registers the two parts lie above these. */
int pci_make_msix_regions(struct pci_function *f, struct err *e)
{
    struct mem_space *space = f->bus->windows.memory;
    int r;

    if (!f->msix_cap || f->bar[f->msix_bar].mmio == &own_mmio)
        return 0;
    if ((r = mem_add_mmio(space, "msix-table", 0, table_bytes(f->msix_vectors), PCI_BAR_PRIORITY + 1,
                          &shared_table_mmio, f, &f->msix_region[0], e)) < 0 ||
        (r = mem_add_mmio(space, "msix-pba", 0, pba_bytes(f->msix_vectors), PCI_BAR_PRIORITY + 1,
                          &shared_pba_mmio, f, &f->msix_region[1], e)) < 0)
        return r;
    mem_enable_region(space, f->msix_region[0], false);
    mem_enable_region(space, f->msix_region[1], false);
    return 0;
}
