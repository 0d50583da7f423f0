/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/pci/testdev.h"
#include "core/util/bytes.h"
#include <string.h>

/* The header: u8 test, u8 width, u16, u32 offset, u32 data, u32 count, name. */
enum { AT_TEST = 0, AT_WIDTH = 1, AT_OFFSET = 4, AT_DATA = 8, AT_COUNT = 12, AT_NAME = 16, HEADER = 64 };
enum { TESTS = 3, BAR_BYTES = 0x1000, IO_BYTES = 0x100, SIGNATURE = 0xfa, NONE = 0xff };

struct testdev_bar {
    struct pci_testdev *t;
    uint32_t selected; /* NONE: no such test, the name is empty */
    uint32_t count;
};

struct pci_testdev {
    struct device dev;
    struct pci_function pci;
    struct testdev_bar bar[2];
};

static const char *const names[2][TESTS] = {
    { "mmio-no-eventfd", "mmio-wildcard-eventfd", "mmio-datamatch-eventfd" },
    { "portio-no-eventfd", "portio-wildcard-eventfd", "portio-datamatch-eventfd" },
};

/* Each test's own register, behind the header. */
static uint32_t place(const struct testdev_bar *b)
{
    return HEADER + b->selected * 16;
}

static void header(const struct testdev_bar *b, uint8_t out[HEADER])
{
    memset(out, 0, HEADER);
    out[AT_TEST] = (uint8_t)b->selected;
    if (b->selected >= TESTS)
        return;
    out[AT_WIDTH] = 1;
    st_le32(out + AT_OFFSET, place(b));
    st_le32(out + AT_DATA, SIGNATURE);
    st_le32(out + AT_COUNT, b->count);
    const char *name = names[b - b->t->bar][b->selected];
    memcpy(out + AT_NAME, name, strlen(name));
}

static enum mem_result read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                            const struct mem_attrs *attrs)
{
    uint8_t bytes[HEADER + 8];

    (void)attrs;
    memset(bytes, 0, sizeof(bytes));
    header(arg, bytes);
    *value = offset < HEADER ? ld_le(bytes + offset, size) : 0;
    return MEM_OK;
}

static enum mem_result write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                             const struct mem_attrs *attrs)
{
    struct testdev_bar *b = arg;

    (void)attrs;
    if (offset == AT_TEST) {
        b->selected = (value & 0xff) < TESTS ? (uint32_t)value & 0xff : NONE;
        b->count = 0;
    } else if (b->selected < TESTS && offset == place(b) && size == 1 &&
               (value == SIGNATURE || b->selected == 1)) {
        b->count++;
    }
    return MEM_OK;
}

static const struct mmio_ops io = { read, write, 1 | 2 | 4, true };

static void reset(void *dev)
{
    struct pci_testdev *t = dev;

    for (unsigned i = 0; i < 2; i++)
        t->bar[i] = (struct testdev_bar){ .t = t, .selected = NONE };
    pci_reset(&t->pci);
}

static void loaded(void *dev)
{
    pci_loaded(&((struct pci_testdev *)dev)->pci);
}

static const struct state_field state[] = {
    STATE(pci_testdev, bar[0].selected), STATE(pci_testdev, bar[0].count),
    STATE(pci_testdev, bar[1].selected), STATE(pci_testdev, bar[1].count),
    STATE_SUB(pci_testdev, pci, pci_function_state), STATE_END
};
static const struct device_ops ops = {
    .name = "pci-testdev", .spec = "QEMU docs/specs/pci-testdev", .size = sizeof(struct pci_testdev),
    .state = state, .version = 1, .reset = reset, .loaded = loaded,
};

struct pci_testdev *pci_testdev_create(struct machine *m, const char *id, struct pci_bus *bus, int devfn,
                                       struct err *e)
{
    static const struct pci_ids ids = { .vendor = 0x1b36, .device = 5, .subsystem_vendor = 0x1af4,
                                        .subsystem = 0x1100, .class_code = 0xff0000 };
    struct pci_testdev *t = device_create(m, &ops, id, e);

    if (t == NULL)
        return NULL;
    for (unsigned i = 0; i < 2; i++)
        t->bar[i].t = t;
    pci_init(&t->pci, &t->dev, NULL, &ids, 0);
    if (pci_add_bar(&t->pci, 0, PCI_BAR_MEM32, false, BAR_BYTES, &io, &t->bar[0], e) < 0 ||
        pci_add_bar(&t->pci, 1, PCI_BAR_IO, false, IO_BYTES, &io, &t->bar[1], e) < 0 ||
        pci_plug(bus, &t->pci, devfn, e) < 0)
        return NULL;
    return t;
}
