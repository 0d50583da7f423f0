/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/virtio/mmio.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"

#define MAGIC  0x74726976u /* "virt" */
#define VENDOR 0x554d4551u /* "QEMU": what the board this one is compatible with says */
#define CONFIG 0x100u
#define CONFIG_BYTES 0x100u

static struct virtio_queue *selected(const struct virtio_mmio *t)
{
    return t->virtio && t->queue_sel < t->virtio->ops->n_queues
               ? &t->virtio->queue[t->queue_sel] : NULL;
}

static void update(struct virtio_mmio *t)
{
    irq_set(&t->irq, t->interrupt_status != 0);
}

static void interrupt(void *arg, uint32_t queue)
{
    struct virtio_mmio *t = arg;

    (void)queue;
    t->interrupt_status |= 1;
    update(t);
}

static void config_changed(void *arg)
{
    struct virtio_mmio *t = arg;

    t->interrupt_status |= 2;
    update(t);
}

void virtio_mmio_attach(struct virtio_mmio *t, struct virtio *v)
{
    v->legacy = t->dev.ops->version == 1;
    t->virtio = v;
    v->transport = (struct virtio_transport){
        .interrupt = interrupt, .config_changed = config_changed, .arg = t,
        .features = BIT(VIRTIO_F_RING_RESET),
    };
}

#define READ(name)  static uint64_t name(const void *dev, uint32_t index)
#define WROTE(name) static void name(void *dev, uint32_t index, uint64_t old, uint64_t now)
#define UNUSED(...) ((void)(index), (void)(old))

READ(read_version) { (void)index; return ((const struct virtio_mmio *)dev)->dev.ops->version; }
READ(read_id)
{
    const struct virtio_mmio *t = dev;
    (void)index;
    return t->virtio ? t->virtio->ops->id : 0;
}
READ(read_features)
{
    const struct virtio_mmio *t = dev;
    (void)index;
    return !t->virtio || t->device_features_sel > 1
               ? 0 : virtio_features(t->virtio) >> 32 * t->device_features_sel & 0xffffffff;
}
WROTE(wrote_features)
{
    struct virtio_mmio *t = dev;
    uint32_t low = 32 * (t->driver_features_sel & 1);
    UNUSED();
    if (!t->virtio || (t->virtio->status & VIRTIO_FEATURES_OK) || t->driver_features_sel > 1)
        return;
    t->virtio->driver_features = (t->virtio->driver_features & ~(0xffffffffull << low)) | now << low;
}
READ(read_queue_max)
{
    const struct virtio_mmio *t = dev;
    (void)index;
    return selected(t) ? t->virtio->ops->queue_size : 0;
}
WROTE(wrote_queue_num)
{
    struct virtio_mmio *t = dev;
    struct virtio_queue *q = selected(t);
    UNUSED();
    if (q && !q->enabled && virtio_size_accepted(t->virtio, now))
        q->size = (uint32_t)now;
    else if (q)
        guest_error(&t->dev, "QueueNum", "QueueNum %llu is not accepted", (unsigned long long)now);
}
READ(read_queue_pfn)
{
    const struct virtio_mmio *t = dev;
    const struct virtio_queue *q = selected(t);
    (void)index;
    return q && t->virtio->legacy && t->page_size ? q->desc / t->page_size : 0;
}
WROTE(wrote_queue_pfn)
{
    struct virtio_mmio *t = dev;
    UNUSED();
    if (!selected(t) || !t->virtio->legacy)
        return;
    if (now == 0) /* 4.2.4: the driver stops using the queue */
        virtio_reset_queue(t->virtio, t->queue_sel);
    else
        virtio_set_legacy_ring(t->virtio, t->queue_sel, now * t->page_size, t->queue_align);
}
READ(read_ready)
{
    const struct virtio_mmio *t = dev;
    (void)index;
    return selected(t) && !t->virtio->legacy ? selected(t)->enabled : 0;
}
/* 4.2.2.1: a queue that is not ready is not touched; made ready again it starts anew. */
WROTE(wrote_ready)
{
    struct virtio_mmio *t = dev;
    struct virtio_queue *q = selected(t);
    UNUSED();
    if (!q || t->virtio->legacy)
        return;
    if (now & 1) {
        virtio_enable_queue(t->virtio, t->queue_sel);
    } else if (q->enabled) {
        if (t->virtio->ops->queue_reset)
            t->virtio->ops->queue_reset(t->virtio, t->queue_sel);
        q->enabled = 0;
    }
}
/* Takes effect at once, so that it always reads 0. */
WROTE(wrote_queue_reset)
{
    struct virtio_mmio *t = dev;
    UNUSED();
    if (!selected(t) || !(now & 1))
        return;
    if (virtio_has(t->virtio, VIRTIO_F_RING_RESET))
        virtio_reset_queue(t->virtio, t->queue_sel);
    else
        guest_error(&t->dev, "QueueReset", "written without VIRTIO_F_RING_RESET");
}
WROTE(wrote_notify)
{
    struct virtio_mmio *t = dev;
    UNUSED();
    if (t->virtio)
        virtio_notify(t->virtio, (uint32_t)MIN(now, (uint64_t)VIRTIO_QUEUES));
}
WROTE(wrote_ack)
{
    struct virtio_mmio *t = dev;
    UNUSED();
    t->interrupt_status &= ~(uint32_t)now;
    update(t);
}
READ(read_status)
{
    const struct virtio_mmio *t = dev;
    (void)index;
    return t->virtio ? t->virtio->status : 0;
}
WROTE(wrote_status)
{
    struct virtio_mmio *t = dev;
    uint8_t status = now & 0xff;
    UNUSED();
    if (!t->virtio)
        return;
    if (!t->virtio->legacy && (status & VIRTIO_DRIVER_OK) && !(t->virtio->status & VIRTIO_FEATURES_OK)) {
        guest_error(&t->dev, "DRIVER_OK", "set before FEATURES_OK was accepted"); /* 3.1.1 */
        status &= (uint8_t)~VIRTIO_DRIVER_OK;
    }
    virtio_set_status(t->virtio, status);
    if (status == 0) {
        t->interrupt_status = 0;
        update(t);
    }
}
READ(read_generation)
{
    const struct virtio_mmio *t = dev;
    (void)index;
    return t->virtio ? t->virtio->generation : 0;
}

/* QueueDesc, QueueDriver, QueueDevice: halves of three addresses. */
static uint64_t *ring_address(struct virtio_mmio *t, uint32_t which)
{
    struct virtio_queue *q = t->virtio && !t->virtio->legacy ? selected(t) : NULL;

    return !q ? NULL : which == 0 ? &q->desc : which == 1 ? &q->avail : &q->used;
}
static void set_half(struct virtio_mmio *t, uint32_t which, bool high, uint64_t v)
{
    uint64_t *a = ring_address(t, which);

    if (a && selected(t)->enabled)
        guest_error(&t->dev, "ring address", "queue %u changed while ready", t->queue_sel);
    else if (a)
        *a = high ? (*a & 0xffffffff) | v << 32 : (*a & ~0xffffffffull) | v;
}
WROTE(wrote_desc) { UNUSED(); set_half(dev, 0, index, now); }
WROTE(wrote_driver) { UNUSED(); set_half(dev, 1, index, now); }
WROTE(wrote_device) { UNUSED(); set_half(dev, 2, index, now); }

READ(read_config)
{
    const struct virtio_mmio *t = dev;
    uint8_t bytes[CONFIG_BYTES] = { 0 };

    if (!t->virtio || index >= t->virtio->ops->config_size)
        return 0;
    t->virtio->ops->read_config(t->virtio, bytes);
    return bytes[index];
}
WROTE(wrote_config)
{
    struct virtio_mmio *t = dev;
    (void)old;
    if (t->virtio && t->virtio->ops->write_config && index < t->virtio->ops->config_size)
        t->virtio->ops->write_config(t->virtio, index, 1, now);
}

static void mmio_reset(void *dev)
{
    struct virtio_mmio *t = dev;

    t->page_size = t->queue_align = MEM_PAGE;
    if (t->virtio)
        virtio_reset(t->virtio);
    update(t);
}

static void mmio_loaded(void *dev)
{
    struct virtio_mmio *t = dev;

    irq_restore(&t->irq, t->interrupt_status != 0);
}

static const struct state_field mmio_state[] = {
    STATE(virtio_mmio, device_features_sel), STATE(virtio_mmio, driver_features_sel),
    STATE(virtio_mmio, queue_sel), STATE(virtio_mmio, page_size), STATE(virtio_mmio, queue_align),
    STATE(virtio_mmio, interrupt_status), STATE_END
};

#define ALL 0xffffffffull
#define AT(m) REG_AT(virtio_mmio, m)
static const struct reg_desc mmio_regs[] = {
    REG32(0x000, "MagicValue", .reset = MAGIC),
    REG32(0x004, "Version", .read = read_version),
    REG32(0x008, "DeviceID", .read = read_id),
    REG32(0x00c, "VendorID", .reset = VENDOR),
    REG32(0x010, "DeviceFeatures", .read = read_features),
    REG32(0x014, "DeviceFeaturesSel", AT(device_features_sel), .rw = ALL),
    REG32(0x020, "DriverFeatures", .rw = ALL, .wrote = wrote_features),
    REG32(0x024, "DriverFeaturesSel", AT(driver_features_sel), .rw = ALL),
    REG32(0x028, "GuestPageSize", AT(page_size), .rw = ALL),
    REG32(0x030, "QueueSel", AT(queue_sel), .rw = ALL),
    REG32(0x034, "QueueNumMax", .read = read_queue_max),
    REG32(0x038, "QueueNum", .rw = ALL, .wrote = wrote_queue_num),
    REG32(0x03c, "QueueAlign", AT(queue_align), .rw = ALL),
    REG32(0x040, "QueuePFN", .rw = ALL, .read = read_queue_pfn, .wrote = wrote_queue_pfn),
    REG32(0x044, "QueueReady", .rw = 1, .read = read_ready, .wrote = wrote_ready),
    REG32(0x050, "QueueNotify", .rw = ALL, .wrote = wrote_notify),
    REG32(0x060, "InterruptStatus", AT(interrupt_status)),
    REG32(0x064, "InterruptACK", .rw = ALL, .wrote = wrote_ack),
    REG32(0x070, "Status", .rw = 0xff, .read = read_status, .wrote = wrote_status),
    REG32(0x080, "QueueDesc", .count = 2, .rw = ALL, .wrote = wrote_desc),
    REG32(0x090, "QueueDriver", .count = 2, .rw = ALL, .wrote = wrote_driver),
    REG32(0x0a0, "QueueDevice", .count = 2, .rw = ALL, .wrote = wrote_device),
    REG32(0x0ac, "SHMSel", .rw = ALL),
    REG32(0x0b0, "SHMLen", .count = 4, .reset = ALL), /* and SHMBase: there are no regions */
    REG32(0x0c0, "QueueReset", .rw = 1, .wrote = wrote_queue_reset),
    REG32(0x0fc, "ConfigGeneration", .read = read_generation),
    REG8(CONFIG, "Config", .count = CONFIG_BYTES, .sizes = 1 | 2 | 4 | 8, .rw = 0xff,
         .read = read_config, .wrote = wrote_config),
};

#define OPS(vers)                                                                                  \
    { .name = "virtio-mmio", .spec = "OASIS virtio 1.2, 4.2", .size = sizeof(struct virtio_mmio),  \
      .regs = mmio_regs, .n_regs = ARRAY_LEN(mmio_regs), .mmio_size = 0x200, .state = mmio_state,  \
      .version = (vers), .reset = mmio_reset, .loaded = mmio_loaded }
/* The interface version the register shows doubles as the state's: they never load each other. */
static const struct device_ops legacy_ops = OPS(1), modern_ops = OPS(2);

struct virtio_mmio *virtio_mmio_create(struct machine *m, const char *id, bool modern, struct err *e)
{
    return device_create(m, modern ? &modern_ops : &legacy_ops, id, e);
}
