/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The function, its interrupts and the modern register set. One register table spans BAR 4;
 * the capabilities of 4.1.4 say which part of it is which structure.
 */
#include "devices/virtio/pci_impl.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"

enum { LEGACY_BAR = 0, MSIX_BAR = 1, MODERN_BAR = 4 };
enum { COMMON = 0x0000, ISR = 0x1000, DEVICE = 0x2000, NOTIFY = 0x3000, PART = 0x1000, SPAN = 0x4000 };
enum { NOTIFY_MULTIPLIER = 4, DEVICE_BYTES = 0x100 };
#define MSIX_PBA 0x800u

/* 4.1.4: struct virtio_pci_cap */
enum { CAP_VENDOR = 0x09, CAP_LEN = 2, CAP_CFG_TYPE = 3, CAP_BAR = 4, CAP_OFFSET = 8,
       CAP_LENGTH = 12, CAP_SIZE = 16, CAP_MORE = 16 };
enum { CFG_COMMON = 1, CFG_NOTIFY, CFG_ISR, CFG_DEVICE, CFG_PCI };

struct pci_function *virtio_pci_function(struct virtio_pci *t)
{
    return &t->function;
}

/* ---- interrupts (4.1.5.1.2 to 4.1.5.1.4) ---- */
static void update_intx(struct virtio_pci *t)
{
    pci_set_intx(&t->function, t->isr != 0 && !pci_msix_enabled(&t->function));
}

static void interrupt(void *arg, uint32_t queue)
{
    struct virtio_pci *t = arg;
    uint16_t vector = t->virtio->queue[queue].vector;

    if (!pci_msix_enabled(&t->function)) {
        t->isr |= VIRTIO_PCI_ISR_QUEUE;
        update_intx(t);
    } else if (vector != VIRTIO_MSI_NO_VECTOR) {
        pci_send_msix(&t->function, vector);
    }
}

/* 4.1.4.5.1: the configuration bit is set whatever carries the interrupt. */
static void config_changed(void *arg)
{
    struct virtio_pci *t = arg;

    t->isr |= VIRTIO_PCI_ISR_CONFIG;
    if (!pci_msix_enabled(&t->function))
        update_intx(t);
    else if (t->config_vector != VIRTIO_MSI_NO_VECTOR)
        pci_send_msix(&t->function, t->config_vector);
}

void virtio_pci_read_isr(struct virtio_pci *t)
{
    t->isr = 0;
    update_intx(t);
}

uint16_t virtio_pci_vector(const struct virtio_pci *t, uint64_t vector)
{
    return vector < t->function.msix_vectors ? (uint16_t)vector : VIRTIO_MSI_NO_VECTOR;
}

static void reset_device(struct virtio_pci *t)
{
    virtio_reset(t->virtio);
    t->config_vector = VIRTIO_MSI_NO_VECTOR;
    for (unsigned i = 0; i < t->function.msix_vectors; i++)
        pci_clear_msix_pending(&t->function, i);
    virtio_pci_read_isr(t);
}

void virtio_pci_write_status(struct virtio_pci *t, uint8_t status)
{
    if (status == 0)
        reset_device(t);
    else
        virtio_set_status(t->virtio, status);
}

/* ---- common configuration (4.1.4.3) ---- */
#define READ(name)  static uint64_t name(const void *dev, uint32_t index)
#define WROTE(name) static void name(void *dev, uint32_t index, uint64_t old, uint64_t now)
#define UNUSED(...) ((void)(index), (void)(old))

READ(read_device_feature)
{
    const struct virtio_pci *t = dev;
    (void)index;
    return t->device_feature_select > 1 ? 0
        : virtio_features(t->virtio) >> (32 * t->device_feature_select) & 0xffffffff;
}
READ(read_driver_feature)
{
    const struct virtio_pci *t = dev;
    (void)index;
    return t->driver_feature_select > 1 ? 0
        : t->virtio->driver_features >> (32 * t->driver_feature_select) & 0xffffffff;
}
WROTE(wrote_driver_feature)
{
    struct virtio_pci *t = dev;
    unsigned low = 32 * t->driver_feature_select;
    UNUSED();
    if (t->driver_feature_select > 1 || (t->virtio->status & VIRTIO_FEATURES_OK))
        return;
    t->virtio->driver_features =
        (t->virtio->driver_features & ~(0xffffffffull << low)) | now << low;
}
WROTE(wrote_config_vector)
{
    struct virtio_pci *t = dev;
    UNUSED();
    t->config_vector = virtio_pci_vector(t, now);
}
READ(read_num_queues)
{
    (void)index;
    return ((const struct virtio_pci *)dev)->virtio->ops->n_queues;
}
READ(read_status)
{
    (void)index;
    return ((const struct virtio_pci *)dev)->virtio->status;
}
WROTE(wrote_status)
{
    struct virtio_pci *t = dev;
    uint8_t status = now & 0xff;
    UNUSED();
    if ((status & VIRTIO_DRIVER_OK) && !(t->virtio->status & VIRTIO_FEATURES_OK)) {
        guest_error(&t->dev, "DRIVER_OK", "set before FEATURES_OK was accepted"); /* 3.1.1 */
        status &= (uint8_t)~VIRTIO_DRIVER_OK;
    }
    virtio_pci_write_status(t, status);
}
READ(read_generation)
{
    (void)index;
    return ((const struct virtio_pci *)dev)->virtio->generation & 0xff;
}

/* A queue is configured before it is enabled, not after (4.1.4.3.2). */
static struct virtio_queue *configurable(struct virtio_pci *t)
{
    struct virtio_queue *q = virtio_pci_selected(t);

    if (q && q->enabled) {
        guest_error(&t->dev, "virtqueue changed while enabled", "queue %u", t->queue_select);
        return NULL;
    }
    return q;
}
READ(read_queue_size)
{
    const struct virtio_queue *q = virtio_pci_selected(dev);
    (void)index;
    return q ? q->size : 0;
}
WROTE(wrote_queue_size)
{
    struct virtio_pci *t = dev;
    struct virtio_queue *q = configurable(t);
    UNUSED();
    if (q && virtio_size_accepted(t->virtio, now))
        q->size = (uint32_t)now;
    else if (q)
        guest_error(&t->dev, "queue_size", "queue_size %llu is not accepted", (unsigned long long)now);
}
READ(read_queue_vector)
{
    const struct virtio_queue *q = virtio_pci_selected(dev);
    (void)index;
    return q ? q->vector : VIRTIO_MSI_NO_VECTOR;
}
WROTE(wrote_queue_vector)
{
    struct virtio_pci *t = dev;
    struct virtio_queue *q = virtio_pci_selected(t);
    UNUSED();
    if (q)
        q->vector = virtio_pci_vector(t, now);
}
READ(read_queue_enable)
{
    const struct virtio_queue *q = virtio_pci_selected(dev);
    (void)index;
    return q ? q->enabled : 0;
}
WROTE(wrote_queue_enable)
{
    struct virtio_pci *t = dev;
    struct virtio_queue *q = virtio_pci_selected(t);
    UNUSED();
    if (q && now == 1)
        virtio_enable_queue(t->virtio, t->queue_select);
    else if (q)
        guest_error(&t->dev, "queue_enable", "%llu written", (unsigned long long)now);
}
/* Takes effect at once, so that it always reads 0 (4.1.4.3.1). */
WROTE(wrote_queue_reset)
{
    struct virtio_pci *t = dev;
    UNUSED();
    if (!virtio_pci_selected(t) || now == 0)
        return;
    if (now == 1 && virtio_has(t->virtio, VIRTIO_F_RING_RESET))
        virtio_reset_queue(t->virtio, t->queue_select);
    else
        guest_error(&t->dev, "queue_reset", "%llu written, VIRTIO_F_RING_RESET is %snegotiated",
                    (unsigned long long)now, virtio_has(t->virtio, VIRTIO_F_RING_RESET) ? "" : "not ");
}
READ(read_queue_number) /* queue_notify_off, and queue_notify_data's value where it is not negotiated */
{
    const struct virtio_pci *t = dev;
    (void)index;
    return virtio_pci_selected(t) ? t->queue_select : 0;
}

#define ADDRESS(field, member)                                                                     \
    READ(read_##field)                                                                             \
    {                                                                                              \
        const struct virtio_queue *q = virtio_pci_selected(dev);                                   \
        (void)index;                                                                               \
        return q ? q->member : 0;                                                                  \
    }                                                                                              \
    WROTE(wrote_##field)                                                                           \
    {                                                                                              \
        struct virtio_queue *q = configurable(dev);                                                \
        UNUSED();                                                                                  \
        if (q)                                                                                     \
            q->member = now;                                                                       \
    }
ADDRESS(queue_desc, desc)
ADDRESS(queue_driver, avail)
ADDRESS(queue_device, used)
#undef ADDRESS

/* ---- ISR, device configuration, notification (4.1.4.4 to 4.1.4.6) ---- */
static void after_isr(void *dev, uint32_t index, uint64_t value)
{
    (void)index;
    (void)value;
    virtio_pci_read_isr(dev);
}

uint8_t virtio_pci_config_byte(const struct virtio_pci *t, uint32_t offset)
{
    uint8_t bytes[DEVICE_BYTES] = { 0 };

    if (offset >= MIN(t->virtio->ops->config_size, (uint32_t)DEVICE_BYTES))
        return 0;
    t->virtio->ops->read_config(t->virtio, bytes);
    return bytes[offset];
}

void virtio_pci_write_config_byte(struct virtio_pci *t, uint32_t offset, uint8_t value)
{
    if (t->virtio->ops->write_config && offset < t->virtio->ops->config_size)
        t->virtio->ops->write_config(t->virtio, offset, 1, value);
}

READ(read_device_config)
{
    return virtio_pci_config_byte(dev, index);
}
WROTE(wrote_device_config)
{
    (void)old;
    virtio_pci_write_config_byte(dev, index, now & 0xff);
}

/* The address says which queue; the value repeats it. */
WROTE(wrote_notify)
{
    struct virtio_pci *t = dev;
    (void)old;
    (void)now;
    virtio_notify(t->virtio, index);
}

#define ALL16 0xffffull
#define ALL32 0xffffffffull
#define AT(m) REG_AT(virtio_pci, m)
#define ANY .sizes = 1 | 2 | 4 | 8 /* drivers use the field's own width; firmware is not as strict */
static const struct reg_desc virtio_pci_regs[] = {
    REG32(0x00, "device_feature_select", ANY, AT(device_feature_select), .rw = ALL32),
    REG32(0x04, "device_feature", ANY, .read = read_device_feature),
    REG32(0x08, "driver_feature_select", ANY, AT(driver_feature_select), .rw = ALL32),
    REG32(0x0c, "driver_feature", ANY, .rw = ALL32, .read = read_driver_feature,
          .wrote = wrote_driver_feature),
    REG16(0x10, "config_msix_vector", ANY, AT(config_vector), .rw = ALL16,
          .reset = VIRTIO_MSI_NO_VECTOR, .wrote = wrote_config_vector),
    REG16(0x12, "num_queues", ANY, .read = read_num_queues),
    REG8(0x14, "device_status", ANY, .rw = 0xff, .read = read_status, .wrote = wrote_status),
    REG8(0x15, "config_generation", ANY, .read = read_generation),
    REG16(0x16, "queue_select", ANY, AT(queue_select), .rw = ALL16),
    REG16(0x18, "queue_size", ANY, .rw = ALL16, .read = read_queue_size, .wrote = wrote_queue_size),
    REG16(0x1a, "queue_msix_vector", ANY, .rw = ALL16, .read = read_queue_vector,
          .wrote = wrote_queue_vector),
    REG16(0x1c, "queue_enable", ANY, .rw = ALL16, .read = read_queue_enable,
          .wrote = wrote_queue_enable),
    REG16(0x1e, "queue_notify_off", ANY, .read = read_queue_number),
    REG64(0x20, "queue_desc", ANY, .rw = ~0ull, .read = read_queue_desc, .wrote = wrote_queue_desc),
    REG64(0x28, "queue_driver", ANY, .rw = ~0ull, .read = read_queue_driver,
          .wrote = wrote_queue_driver),
    REG64(0x30, "queue_device", ANY, .rw = ~0ull, .read = read_queue_device,
          .wrote = wrote_queue_device),
    REG16(0x38, "queue_notify_data", ANY, .read = read_queue_number),
    REG16(0x3a, "queue_reset", ANY, .rw = ALL16, .wrote = wrote_queue_reset),
    REG8(ISR, "ISR_status", ANY, AT(isr), .after_read = after_isr),
    REG8(DEVICE, "device_config", ANY, .count = DEVICE_BYTES, .rw = 0xff, .read = read_device_config,
         .wrote = wrote_device_config),
    REG32(NOTIFY, "queue_notify", ANY, .count = VIRTIO_QUEUES, .stride = NOTIFY_MULTIPLIER,
          .rw = ALL32, .wrote = wrote_notify),
};

/* ---- PCI configuration access capability (4.1.4.9) ---- */

/* What the capability's window points at; false if nothing is there. */
static bool window(struct virtio_pci *t, uint32_t *offset, uint32_t *length,
                   const struct mmio_ops **ops, void **arg)
{
    const uint8_t *cap = t->function.config + t->access_cap;
    uint64_t size;

    *offset = ld_le32(cap + CAP_OFFSET);
    *length = ld_le32(cap + CAP_LENGTH);
    if (*length != 1 && *length != 2 && *length != 4) /* 0 after reset: nothing chosen yet */
        return false;
    if (cap[CAP_BAR] == MODERN_BAR) {
        *ops = &reg_mmio_ops;
        *arg = &t->dev;
        size = SPAN;
    } else if (cap[CAP_BAR] == LEGACY_BAR && t->legacy) {
        *ops = &virtio_pci_legacy_mmio;
        *arg = t->legacy;
        size = virtio_pci_legacy_size(t->virtio);
    } else {
        guest_error(&t->dev, "PCI configuration access", "BAR %u", cap[CAP_BAR]);
        return false;
    }
    if (*offset % *length == 0 && *offset < size)
        return true;
    guest_error(&t->dev, "PCI configuration access", "offset %#x, length %u", *offset, *length);
    return false;
}

static bool touches_window(const struct virtio_pci *t, uint32_t offset, unsigned size)
{
    uint32_t data = t->access_cap + CAP_MORE;

    return t->access_cap != 0 && offset < data + 4u && data < offset + size;
}

static void config_read(struct pci_function *f, uint32_t offset, unsigned size, uint32_t *value)
{
    struct virtio_pci *t = CONTAINER_OF(f, struct virtio_pci, function);
    const struct mmio_ops *ops;
    uint32_t at, length;
    uint64_t read = 0;
    void *arg;

    if (!touches_window(t, offset, size) || !window(t, &at, &length, &ops, &arg))
        return;
    if (ops->read(arg, at, length, &read, &(struct mem_attrs){ 0 }) != MEM_OK)
        return;
    st_le(f->config + t->access_cap + CAP_MORE, read, length);
    *value = (uint32_t)ld_le(f->config + offset, size);
}

/* Chapter 6: without VIRTIO_F_ACCESS_PLATFORM addresses are physical, whatever IOMMU there is. */
static void take_dma(struct virtio_pci *t)
{
    struct virtio *v = t->virtio;

    v->dma = t->function.dma;
    if (!(v->transport.features & BIT(VIRTIO_F_ACCESS_PLATFORM)))
        v->dma.iommu = NULL;
}

static void config_wrote(struct pci_function *f, uint32_t offset, unsigned size)
{
    struct virtio_pci *t = CONTAINER_OF(f, struct virtio_pci, function);
    bool could = t->virtio->dma.enabled;
    const struct mmio_ops *ops;
    uint32_t at, length;
    void *arg;

    take_dma(t);
    update_intx(t); /* MSI-X may have been switched */
    /* What was made available while the function was no bus master has waited. */
    for (uint32_t i = 0; !could && f->dma.enabled && i < t->virtio->ops->n_queues; i++)
        virtio_notify(t->virtio, i);
    if (touches_window(t, offset, size) && window(t, &at, &length, &ops, &arg))
        (void)ops->write(arg, at, length, ld_le(f->config + t->access_cap + CAP_MORE, length),
                         &(struct mem_attrs){ 0 });
}

/* ---- life ---- */
static void reset_function(struct pci_function *f)
{
    struct virtio_pci *t = CONTAINER_OF(f, struct virtio_pci, function);

    take_dma(t);
    t->device_feature_select = t->driver_feature_select = 0;
    t->queue_select = 0;
    reset_device(t);
}

static void virtio_pci_reset(void *dev)
{
    struct virtio_pci *t = dev;

    pci_reset(&t->function);
    reset_function(&t->function);
}

static void virtio_pci_loaded(void *dev)
{
    struct virtio_pci *t = dev;

    pci_loaded(&t->function);
    take_dma(t);
}

static const struct pci_ops pci_ops = {
    .config_read = config_read, .config_wrote = config_wrote, .reset = reset_function,
};
static const struct state_field virtio_pci_state[] = {
    STATE_SUB(virtio_pci, function, pci_function_state), STATE(virtio_pci, device_feature_select),
    STATE(virtio_pci, driver_feature_select), STATE(virtio_pci, queue_select),
    STATE(virtio_pci, config_vector), STATE(virtio_pci, isr), STATE(virtio_pci, pad), STATE_END
};
static const struct device_ops virtio_pci_ops = {
    .name = "virtio-pci", .spec = "OASIS virtio 1.2, 4.1", .size = sizeof(struct virtio_pci),
    .regs = virtio_pci_regs, .n_regs = ARRAY_LEN(virtio_pci_regs), .mmio_size = SPAN,
    .state = virtio_pci_state, .version = 1, .reset = virtio_pci_reset, .loaded = virtio_pci_loaded,
};

/* ---- construction ---- */

/* 4.1.2.1 and 5: what the types are called on PCI. Classes as QEMU gives them. */
static const struct {
    uint32_t id;
    uint16_t transitional; /* 0: virtio 1.0 only */
    uint32_t class_code;
} types[] = {
    { 1, 0x1000, 0x020000 },  { 2, 0x1001, 0x010000 },  { 3, 0x1003, 0x078000 },
    { 4, 0x1005, 0x00ff00 },  { 5, 0x1002, 0x00ff00 },  { 8, 0x1004, 0x010000 },
    { 9, 0x1009, 0x000200 },  { 16, 0, 0x038000 },      { 18, 0, 0x098000 },
    { 19, 0, 0x078000 },
};

bool virtio_pci_has_legacy(uint32_t id)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (types[i].id == id)
            return types[i].transitional != 0;
    return false;
}

static int identify(const struct virtio *v, const struct virtio_pci_options *o, struct pci_ids *ids,
                    struct err *e)
{
    uint32_t id = v->ops->id, class_code = 0x00ff00;
    uint16_t transitional = 0;

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (types[i].id == id) {
            transitional = types[i].transitional;
            class_code = types[i].class_code;
        }
    }
    if (o->disable_legacy && o->disable_modern)
        return err_set(e, ERR_ARG, "neither the legacy nor the modern interface is left; give one of "
                       "disable-legacy=on and disable-modern=on at most");
    if (o->iommu_platform && o->disable_modern)
        return err_set(e, ERR_ARG, "iommu_platform=on needs the modern interface");
    if (!o->disable_legacy && transitional == 0)
        return err_set(e, ERR_ARG, "virtio device type %u has no legacy interface; "
                       "disable-legacy=on is needed", id);
    *ids = (struct pci_ids){
        .vendor = 0x1af4, .device = o->disable_legacy ? (uint16_t)(0x1040 + id) : transitional,
        .subsystem_vendor = 0x1af4, .subsystem = o->disable_legacy ? 0x1100 : (uint16_t)id,
        .class_code = class_code, .revision = o->disable_legacy ? 1 : 0,
        .multifunction = o->multifunction,
    };
    return 0;
}

/* One virtio_pci_cap, as the driver finds it after every reset. `more`: bytes behind it. */
static int add_cap(struct virtio_pci *t, uint8_t type, uint32_t offset, uint32_t length,
                   uint32_t more, struct err *e)
{
    struct pci_function *f = &t->function;
    int at = pci_add_capability(f, CAP_VENDOR, CAP_SIZE + more, e);

    if (at < 0)
        return at;
    uint8_t *cap = f->config + at;
    cap[CAP_LEN] = (uint8_t)(CAP_SIZE + more);
    cap[CAP_CFG_TYPE] = type;
    cap[CAP_BAR] = type == CFG_PCI ? 0 : MODERN_BAR;
    st_le32(cap + CAP_OFFSET, offset);
    st_le32(cap + CAP_LENGTH, length);
    if (type == CFG_NOTIFY)
        st_le32(cap + CAP_MORE, NOTIFY_MULTIPLIER);
    memcpy(f->defaults + at, cap, CAP_SIZE + more);
    if (type == CFG_PCI) {
        f->writable[at + CAP_BAR] = 0xff;
        memset(f->writable + at + CAP_OFFSET, 0xff, CAP_SIZE - CAP_OFFSET + more);
        t->access_cap = (uint16_t)at;
    }
    return 0;
}

static int add_modern(struct virtio_pci *t, struct err *e)
{
    int r = pci_add_bar(&t->function, MODERN_BAR, PCI_BAR_MEM64, true, SPAN, &reg_mmio_ops, &t->dev, e);

    if (r < 0 || (r = add_cap(t, CFG_COMMON, COMMON, PART, 0, e)) < 0 ||
        (r = add_cap(t, CFG_ISR, ISR, PART, 0, e)) < 0 ||
        (r = add_cap(t, CFG_DEVICE, DEVICE, PART, 0, e)) < 0 ||
        (r = add_cap(t, CFG_NOTIFY, NOTIFY, PART, 4, e)) < 0)
        return r;
    return add_cap(t, CFG_PCI, 0, 0, 4, e);
}

static int add_legacy(struct virtio_pci *t, struct err *e)
{
    t->legacy = virtio_pci_legacy_create(t, e);
    return !t->legacy ? e->code
                      : pci_add_bar(&t->function, LEGACY_BAR, PCI_BAR_IO, false,
                                    virtio_pci_legacy_size(t->virtio), &virtio_pci_legacy_mmio,
                                    t->legacy, e);
}

static int build(struct virtio_pci *t, struct pci_bus *bus, const struct virtio_pci_options *o,
                 struct err *e)
{
    struct virtio *v = t->virtio;
    int vectors = o->vectors == VIRTIO_PCI_VECTORS_AUTO ? (int)v->ops->n_queues + 1 : o->vectors;
    struct pci_ids ids;
    int r;

    if (vectors < 0 || vectors > PCI_MSIX_VECTORS)
        return err_set(e, ERR_ARG, "vectors=%d; 0 to %d are accepted", vectors, PCI_MSIX_VECTORS);
    if ((r = identify(v, o, &ids, e)) < 0)
        return r;
    pci_init(&t->function, &t->dev, &pci_ops, &ids, 1);
    if (!o->disable_legacy && (r = add_legacy(t, e)) < 0)
        return r;
    if (!o->disable_modern && (r = add_modern(t, e)) < 0)
        return r;
    /* Pending bits in the page's second half, or behind a table that is longer. */
    if (vectors && (r = pci_add_msix(&t->function, (unsigned)vectors, -MSIX_BAR - 1, 0,
                                     MAX(MSIX_PBA, (uint32_t)vectors * 16), e)) < 0)
        return r;
    return pci_plug(bus, &t->function, o->devfn, e);
}

struct virtio_pci *virtio_pci_create(struct machine *m, const char *id, struct virtio *v,
                                     struct pci_bus *bus, const struct virtio_pci_options *o,
                                     struct err *e)
{
    struct virtio_pci *t = device_create(m, &virtio_pci_ops, id, e);

    if (!t)
        return NULL;
    t->virtio = v;
    if (build(t, bus, o, e) < 0) {
        (void)err_context(e, "%s", id);
        return NULL;
    }
    t->dev.region = t->function.bar[MODERN_BAR].region;
    v->legacy = o->disable_modern;
    v->transport = (struct virtio_transport){
        .interrupt = interrupt, .config_changed = config_changed, .arg = t,
        .features = BIT(VIRTIO_F_RING_RESET) | (o->iommu_platform ? BIT(VIRTIO_F_ACCESS_PLATFORM) : 0),
    };
    return t;
}
