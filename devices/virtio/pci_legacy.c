/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The legacy interface (4.1.4.10): I/O ports in BAR 0. The vector registers are there only
 * while MSI-X is enabled; the device's configuration follows right behind what is there.
 *
 *      MSI-X off   0x00 table   0x14 configuration
 *      MSI-X on    0x00 table   0x14 vectors   0x18 configuration
 *
 * A part of its own because it is a second register set of one function; it has no state.
 */
#include "devices/virtio/pci_impl.h"
#include "core/util/bits.h"

enum { PFN_SHIFT = 12, VECTORS = 0x14, CONFIG_MSIX = 0x18 };

struct virtio_pci_legacy {
    struct device dev;
    struct virtio_pci *pci; /* wiring */
};

static struct virtio_pci *pci_of(const void *dev)
{
    return ((const struct virtio_pci_legacy *)dev)->pci;
}

#define READ(name)  static uint64_t name(const void *dev, uint32_t index)
#define WROTE(name) static void name(void *dev, uint32_t index, uint64_t old, uint64_t now)
#define UNUSED(...) ((void)(index), (void)(old))

READ(read_device_features)
{
    (void)index;
    return virtio_features(pci_of(dev)->virtio) & 0xffffffff;
}
READ(read_driver_features)
{
    (void)index;
    return pci_of(dev)->virtio->driver_features & 0xffffffff;
}
WROTE(wrote_driver_features)
{
    struct virtio *v = pci_of(dev)->virtio;
    UNUSED();
    if (!(v->status & VIRTIO_FEATURES_OK))
        v->driver_features = now; /* the upper half is out of this interface's reach: not accepted */
}
READ(read_queue_address)
{
    const struct virtio_queue *q = virtio_pci_selected(pci_of(dev));
    (void)index;
    return q ? q->desc >> PFN_SHIFT & 0xffffffff : 0;
}
WROTE(wrote_queue_address)
{
    struct virtio_pci *t = pci_of(dev);
    UNUSED();
    if (!virtio_pci_selected(t))
        return;
    if (now == 0) /* the driver stops using the queue */
        virtio_reset_queue(t->virtio, t->queue_select);
    else
        virtio_set_legacy_ring(t->virtio, t->queue_select, now << PFN_SHIFT, 1u << PFN_SHIFT);
}
READ(read_queue_size)
{
    const struct virtio_queue *q = virtio_pci_selected(pci_of(dev));
    (void)index;
    return q ? q->size : 0;
}
READ(read_queue_select)
{
    (void)index;
    return pci_of(dev)->queue_select;
}
WROTE(wrote_queue_select)
{
    UNUSED();
    pci_of(dev)->queue_select = (uint16_t)now;
}
WROTE(wrote_queue_notify)
{
    UNUSED();
    virtio_notify(pci_of(dev)->virtio, (uint32_t)now);
}
READ(read_status)
{
    (void)index;
    return pci_of(dev)->virtio->status;
}
WROTE(wrote_status)
{
    UNUSED();
    virtio_pci_write_status(pci_of(dev), now & 0xff);
}
READ(read_isr)
{
    (void)index;
    return pci_of(dev)->isr;
}
static void after_isr(void *dev, uint32_t index, uint64_t value)
{
    (void)index;
    (void)value;
    virtio_pci_read_isr(pci_of(dev));
}
READ(read_config_vector)
{
    (void)index;
    return pci_of(dev)->config_vector;
}
WROTE(wrote_config_vector)
{
    UNUSED();
    pci_of(dev)->config_vector = virtio_pci_vector(pci_of(dev), now);
}
READ(read_queue_vector)
{
    const struct virtio_queue *q = virtio_pci_selected(pci_of(dev));
    (void)index;
    return q ? q->vector : VIRTIO_MSI_NO_VECTOR;
}
WROTE(wrote_queue_vector)
{
    struct virtio_queue *q = virtio_pci_selected(pci_of(dev));
    UNUSED();
    if (q)
        q->vector = virtio_pci_vector(pci_of(dev), now);
}

#define ALL16 0xffffull
#define ALL32 0xffffffffull
#define ANY .sizes = 1 | 2 | 4
static const struct reg_desc legacy_regs[] = {
    REG32(0x00, "Device Features", ANY, .read = read_device_features),
    REG32(0x04, "Driver Features", ANY, .rw = ALL32, .read = read_driver_features,
          .wrote = wrote_driver_features),
    REG32(0x08, "Queue Address", ANY, .rw = ALL32, .read = read_queue_address,
          .wrote = wrote_queue_address),
    REG16(0x0c, "queue_size", ANY, .read = read_queue_size),
    REG16(0x0e, "queue_select", ANY, .rw = ALL16, .read = read_queue_select,
          .wrote = wrote_queue_select),
    REG16(0x10, "Queue Notify", ANY, .rw = ALL16, .wrote = wrote_queue_notify),
    REG8(0x12, "Device Status", ANY, .rw = 0xff, .read = read_status, .wrote = wrote_status),
    REG8(0x13, "ISR Status", ANY, .read = read_isr, .after_read = after_isr),
    REG16(VECTORS, "config_msix_vector", ANY, .rw = ALL16, .read = read_config_vector,
          .wrote = wrote_config_vector),
    REG16(VECTORS + 2, "queue_msix_vector", ANY, .rw = ALL16, .read = read_queue_vector,
          .wrote = wrote_queue_vector),
};

static const struct device_ops legacy_ops = {
    .name = "virtio-pci-legacy", .spec = "OASIS virtio 1.2, 4.1.4.10",
    .size = sizeof(struct virtio_pci_legacy), .regs = legacy_regs, .n_regs = ARRAY_LEN(legacy_regs),
    .mmio_size = CONFIG_MSIX,
};

static uint32_t config_start(const struct virtio_pci_legacy *l)
{
    return pci_msix_enabled(&l->pci->function) ? CONFIG_MSIX : VECTORS;
}

static enum mem_result legacy_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                   const struct mem_attrs *attrs)
{
    struct virtio_pci_legacy *l = arg;
    uint32_t start = config_start(l);

    if (offset < start)
        return reg_mmio_ops.read(&l->dev, offset, size, value, attrs);
    *value = 0;
    for (unsigned i = 0; i < size; i++)
        *value |= (uint64_t)virtio_pci_config_byte(l->pci, (uint32_t)offset - start + i) << (8 * i);
    return MEM_OK;
}

static enum mem_result legacy_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                    const struct mem_attrs *attrs)
{
    struct virtio_pci_legacy *l = arg;
    uint32_t start = config_start(l);

    if (offset < start)
        return reg_mmio_ops.write(&l->dev, offset, size, value, attrs);
    for (unsigned i = 0; i < size; i++)
        virtio_pci_write_config_byte(l->pci, (uint32_t)offset - start + i, (uint8_t)(value >> (8 * i)));
    return MEM_OK;
}

const struct mmio_ops virtio_pci_legacy_mmio = {
    .read = legacy_read, .write = legacy_write, .sizes = 1 | 2 | 4, .split = true,
};

uint64_t virtio_pci_legacy_size(const struct virtio *v)
{
    uint64_t bytes = CONFIG_MSIX + v->ops->config_size;

    return is_pow2(bytes) ? bytes : BIT(log2_floor(bytes) + 1);
}

struct virtio_pci_legacy *virtio_pci_legacy_create(struct virtio_pci *t, struct err *e)
{
    char id[96];

    snprintf(id, sizeof(id), "%s-legacy", t->dev.id);
    struct virtio_pci_legacy *l = device_create(t->dev.machine, &legacy_ops, id, e);
    if (l)
        l->pci = t;
    return l;
}
