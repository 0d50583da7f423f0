/* SPDX-License-Identifier: Apache-2.0 */
/* virtio over PCI against OASIS virtio 1.2, section 4.1. */
#include "test/devices/virtio/pci_fixture.h"

static const struct virtio_pci_options modern_only = {
    .disable_legacy = true, .vectors = VIRTIO_PCI_VECTORS_AUTO, .devfn = -1 };
static const struct virtio_pci_options legacy_only = {
    .disable_modern = true, .vectors = VIRTIO_PCI_VECTORS_AUTO, .devfn = -1 };
static const struct virtio_pci_options no_vectors = { .devfn = -1 };

/* ---- identification (4.1.2.1: 0x1040 + type, 0x1000-0x103f; chapter 5: transitional ids) ---- */
static const struct { uint32_t type, transitional, modern; } ids[] = {
    { 1, 0x1000, 0x1041 }, /* network */
    { 2, 0x1001, 0x1042 }, /* block */
    { 3, 0x1003, 0x1043 }, /* console */
    { 4, 0x1005, 0x1044 }, /* entropy */
    { 5, 0x1002, 0x1045 }, /* memory ballooning */
    { 8, 0x1004, 0x1048 }, /* SCSI host */
    { 9, 0x1009, 0x1049 }, /* 9P transport */
};
START_TEST(identification)
{
    struct fixture x;
    fixture_open(&x, ids[_i].type, NULL);
    ck_assert_uint_eq(cfg_read(&x, 0, 4), ids[_i].transitional << 16 | 0x1af4);
    ck_assert_uint_eq(cfg_read(&x, 8, 1), 0);                       /* transitional: revision 0 */
    ck_assert_uint_eq(cfg_read(&x, 0x2e, 2), ids[_i].type);         /* and the type as subsystem */
    fixture_close(&x);
    fixture_open(&x, ids[_i].type, &modern_only);
    ck_assert_uint_eq(cfg_read(&x, 0, 4), ids[_i].modern << 16 | 0x1af4);
    ck_assert_uint_ge(cfg_read(&x, 8, 1), 1);                       /* non-transitional: 1 or higher */
    ck_assert_uint_ge(cfg_read(&x, 0x2e, 2), 0x40);
    ck_assert_uint_eq(cfg_read(&x, 0x10, 4), 0);                    /* and no legacy BAR */
    fixture_close(&x);
    fixture_open(&x, ids[_i].type, &legacy_only);
    ck_assert_uint_eq(cfg_read(&x, 0, 4), ids[_i].transitional << 16 | 0x1af4);
    ck_assert_uint_eq(cfg_read(&x, 0x10, 4), BAR0_AT | 1);
    ck_assert_uint_eq(cfg_read(&x, 0x20, 4), 0);
    ck_assert_uint_eq(find_cap(&x, 0x09, 0), 0);
    fixture_close(&x);
}
END_TEST

START_TEST(contradictions_are_refused)
{
    static const struct { uint32_t type; struct virtio_pci_options o; } rows[] = {
        { 2, { .disable_legacy = true, .disable_modern = true, .devfn = -1 } },
        { 16, { .devfn = -1 } },                                   /* GPU: never was legacy */
        { 2, { .vectors = 257, .devfn = -1 } },
        { 2, { .vectors = -2, .devfn = -1 } },
    };
    struct machine *m = device_generic_machine();
    struct mem_space *io = mem_space_create("io");
    struct virtio_ops ops = { .id = rows[_i].type, .n_queues = 1, .queue_size = 16 };
    struct virtio v = { .ops = &ops };
    struct pci_bus bus;
    struct err e = { 0 };

    pci_bus_init(&bus, m, &(struct pci_windows){ m->memory, io }, fixture_intx, NULL);
    ck_assert_ptr_null(virtio_pci_create(m, "virtio", &v, &bus, &rows[_i].o, &e));
    ck_assert(e.code == ERR_ARG && strlen(e.text) > 20);
    machine_destroy(m);
    mem_space_destroy(io);
}
END_TEST

/* ---- capabilities (4.1.4) ---- */
static const struct { uint8_t type; uint32_t least, align, cap_len; } caps[] = {
    { 1, 56, 4, 16 },  /* common: 4-byte aligned, up to queue_device at least */
    { 2, 2, 2, 20 },   /* notification: 2-byte aligned, room for one queue_notify */
    { 3, 1, 1, 16 },   /* ISR: one byte */
    { 4, 12, 4, 16 },  /* device configuration: 4-byte aligned */
    { 5, 0, 1, 20 },   /* access: bar, offset and length are the driver's */
};
START_TEST(capabilities)
{
    struct fixture x;
    uint32_t at = 0, seen = 0;
    fixture_open(&x, 2, NULL);
    ck_assert_uint_ne(cfg_read(&x, 6, 2) & 0x10, 0);
    for (unsigned n = 0; (at = find_cap(&x, 9, n)) != 0; n++) {
        ck_assert_msg(cfg_read(&x, at + 3, 1) != caps[_i].type || !seen, "cfg_type twice");
        seen = cfg_read(&x, at + 3, 1) == caps[_i].type ? at : seen;
    }
    ck_assert_uint_ne(seen, 0);
    ck_assert_uint_eq(cfg_read(&x, seen + 2, 1), caps[_i].cap_len);
    ck_assert_uint_le(seen + caps[_i].cap_len, 0x100);
    uint32_t offset = cfg_read(&x, seen + 8, 4), length = cfg_read(&x, seen + 12, 4);
    ck_assert_uint_eq(offset % caps[_i].align, 0);
    ck_assert_uint_ge(length, caps[_i].least);
    if (caps[_i].type != 5) {
        ck_assert_uint_eq(cfg_read(&x, seen + 4, 1), 4);
        ck_assert_uint_le(offset + length, 0x4000);
        cfg_write(&x, seen + 8, 4, ~0u); /* read-only for the driver */
        ck_assert_uint_eq(cfg_read(&x, seen + 8, 4), offset);
    }
    if (caps[_i].type == 2) { /* 4.1.4.4.1: an even power of two, or 0 */
        uint32_t multiplier = cfg_read(&x, seen + 16, 4);
        ck_assert(multiplier == 0 || (is_pow2(multiplier) && multiplier >= 2));
        ck_assert_uint_ge(length, 1 * multiplier + 2);
    }
    fixture_close(&x);
}
END_TEST

START_TEST(bars)
{
    struct fixture x;
    fixture_open(&x, 2, NULL);
    static const struct { uint32_t at, mask; } rows[] = {
        { 0x10, 0xffffffc1 }, /* I/O, 24 + 12 bytes: 64 */
        { 0x14, 0xfffff000 }, /* 32 bit memory, one page of MSI-X */
        { 0x20, 0xffffc00c }, /* 64 bit, prefetchable, 16 KiB */
        { 0x24, 0xffffffff },
    };
    cfg_write(&x, 4, 2, 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        cfg_write(&x, rows[i].at, 4, ~0u);
        ck_assert_uint_eq(cfg_read(&x, rows[i].at, 4), rows[i].mask);
    }
    fixture_close(&x);
    fixture_open(&x, 2, &no_vectors);
    ck_assert_uint_eq(cfg_read(&x, 0x14, 4), 0);
    ck_assert_uint_eq(find_cap(&x, 0x11, 0), 0);
    fixture_close(&x);
}
END_TEST

/* ---- common configuration (4.1.4.3): offset, width, value after reset ---- */
static const struct { uint32_t at, width; uint64_t value; const char *name; } common[] = {
    { 0x00, 4, 0, "device_feature_select" }, { 0x08, 4, 0, "driver_feature_select" },
    { 0x0c, 4, 0, "driver_feature" },        { 0x10, 2, 0xffff, "config_msix_vector" },
    { 0x12, 2, 2, "num_queues" },            { 0x14, 1, 0, "device_status" },
    { 0x16, 2, 0, "queue_select" },          { 0x18, 2, 64, "queue_size" },
    { 0x1a, 2, 0xffff, "queue_msix_vector" }, { 0x1c, 2, 0, "queue_enable" },
    { 0x1e, 2, 0, "queue_notify_off" },      { 0x20, 4, 0, "queue_desc" },
    { 0x24, 4, 0, "queue_desc + 4" },        { 0x28, 4, 0, "queue_driver" },
    { 0x30, 4, 0, "queue_device" },          { 0x38, 2, 0, "queue_notify_data" },
};
static void check_reset_values(struct fixture *x)
{
    for (size_t i = 0; i < ARRAY_LEN(common); i++)
        ck_assert_msg(rd(x, COMMON + common[i].at, common[i].width) == common[i].value,
                      "%s reads %#llx", common[i].name,
                      (unsigned long long)rd(x, COMMON + common[i].at, common[i].width));
    ck_assert_uint_eq(rd(x, ISR, 1), 0);
}
START_TEST(common_reset_values)
{
    struct fixture x;
    fixture_open(&x, 2, NULL);
    check_reset_values(&x);
    drive(&x, 1);
    wr(&x, COMMON + 0x10, 2, 0);
    wr(&x, COMMON + 0x14, 1, 0); /* 4.1.4.3.1: 0 resets */
    wr(&x, COMMON + 0x08, 4, 0);
    check_reset_values(&x);
    fixture_close(&x);
}
END_TEST

START_TEST(features)
{
    struct fixture x;
    fixture_open(&x, 2, NULL);
    /* Device bits 5 and 50; INDIRECT 28, EVENT_IDX 29 and VERSION_1 32 belong to every device. */
    ck_assert_uint_eq(rd(&x, COMMON + 4, 4) & (BIT(5) | BIT(28) | BIT(29) | BIT(4)),
                      BIT(5) | BIT(28) | BIT(29));
    wr(&x, COMMON, 4, 1);
    ck_assert_uint_eq(rd(&x, COMMON + 4, 4) & (BIT(18) | 7), BIT(18) | 1);
    wr(&x, COMMON, 4, 2); /* 4.1.4.3.1: other selections read 0 */
    ck_assert_uint_eq(rd(&x, COMMON + 4, 4), 0);
    wr(&x, COMMON + 8, 4, 0x100);
    wr(&x, COMMON + 0xc, 4, 0xff);
    wr(&x, COMMON + 8, 4, 0);
    ck_assert_uint_eq(rd(&x, COMMON + 0xc, 4), 0);
    wr(&x, COMMON + 0xc, 4, BIT(5));
    wr(&x, COMMON + 0x14, 1, 11);
    ck_assert_uint_eq(rd(&x, COMMON + 0x14, 1), 3); /* no VERSION_1: FEATURES_OK does not stick */
    wr(&x, COMMON + 8, 4, 1);
    wr(&x, COMMON + 0xc, 4, 1);
    ck_assert_uint_eq(rd(&x, COMMON + 0xc, 4), 1);
    wr(&x, COMMON + 0x14, 1, 11);
    ck_assert_uint_eq(rd(&x, COMMON + 0x14, 1), 11);
    ck_assert_uint_eq(x.v->driver_features, BIT(5) | BIT(32));
    wr(&x, COMMON + 0xc, 4, 3); /* decided */
    ck_assert_uint_eq(x.v->driver_features, BIT(5) | BIT(32));
    fixture_close(&x);
}
END_TEST

START_TEST(queue_registers)
{
    static const struct { uint16_t written, read; } sizes[] = {
        { 32, 32 }, { 33, 32 }, { 0, 32 }, { 128, 32 }, { 1, 1 }, { 64, 64 } };
    struct fixture x;
    fixture_open(&x, 2, NULL);
    wr(&x, COMMON + 0x16, 2, 1);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        wr(&x, COMMON + 0x18, 2, sizes[i].written);
        ck_assert_uint_eq(rd(&x, COMMON + 0x18, 2), sizes[i].read);
    }
    ck_assert_uint_eq(rd(&x, COMMON + 0x1e, 2), 1);
    for (uint32_t at = 0x20; at < 0x38; at += 8) { /* 4.1.3.1: 64 bits in two halves, any order */
        wr(&x, COMMON + at + 4, 4, 0x11223344);
        wr(&x, COMMON + at, 4, 0x55667000 + at);
        ck_assert_uint_eq(rd(&x, COMMON + at, 8), 0x1122334455667000ull + at);
    }
    ck_assert_uint_eq(x.v->queue[1].desc, 0x1122334455667020ull);
    ck_assert_uint_eq(x.v->queue[1].avail, 0x1122334455667028ull);
    ck_assert_uint_eq(x.v->queue[1].used, 0x1122334455667030ull);
    wr(&x, COMMON + 0x1c, 2, 1);
    ck_assert_uint_eq(rd(&x, COMMON + 0x1c, 2), 1);
    wr(&x, COMMON + 0x1c, 2, 0); /* 4.1.4.3.2: the driver must not; it stays */
    ck_assert_uint_eq(rd(&x, COMMON + 0x1c, 2), 1);
    wr(&x, COMMON + 0x20, 4, 0);
    wr(&x, COMMON + 0x18, 2, 8);
    ck_assert_uint_eq(x.v->queue[1].desc, 0x1122334455667020ull);
    ck_assert_uint_eq(x.v->queue[1].size, 64);
    wr(&x, COMMON + 0x16, 2, 2); /* no such queue: size 0 says so */
    ck_assert_uint_eq(rd(&x, COMMON + 0x18, 2), 0);
    wr(&x, COMMON + 0x18, 2, 16);
    wr(&x, COMMON + 0x1c, 2, 1);
    wr(&x, COMMON + 0x20, 4, 16);
    wr(&x, COMMON + 0x1a, 2, 0);
    ck_assert_uint_eq(rd(&x, COMMON + 0x1a, 2), 0xffff);
    fixture_close(&x);
}
END_TEST

/* 2.6.1, 4.1.4.3.1: queue_reset, where it was negotiated */
START_TEST(queue_reset)
{
    struct fixture x;
    fixture_open(&x, 2, NULL);
    wr(&x, COMMON, 4, 1);
    ck_assert_uint_ne(rd(&x, COMMON + 4, 4) & BIT(8), 0); /* RING_RESET is bit 40 */
    drive_with(&x, 1, _i ? 0x101 : 1);
    offer(&x, DESC, AVAIL);
    wr(&x, NOTIFY, 2, 0);
    wr(&x, COMMON + 0x3a, 2, 1);
    ck_assert_uint_eq(rd(&x, COMMON + 0x3a, 2), 0); /* done */
    ck_assert_uint_eq(rd(&x, COMMON + 0x1c, 2), _i ? 0 : 1);
    if (_i) {
        ck_assert_uint_eq(rd(&x, COMMON + 0x18, 2), 64);
        wr(&x, USED + 2, 2, 0);
        wr(&x, AVAIL + 2, 2, 0);
        wr(&x, COMMON + 0x20, 8, DESC);
        wr(&x, COMMON + 0x28, 8, AVAIL);
        wr(&x, COMMON + 0x30, 8, USED);
        wr(&x, COMMON + 0x1c, 2, 1); /* and enabled again it starts at index 0 */
        offer(&x, DESC, AVAIL);
        wr(&x, NOTIFY, 2, 0);
        ck_assert_uint_eq(rd(&x, USED + 2, 2), 1);
    }
    ck_assert_uint_eq(rd(&x, COMMON + 0x14, 1), 15);
    fixture_close(&x);
}
END_TEST

START_TEST(device_configuration)
{
    struct fixture x;
    fixture_open(&x, 2, NULL);
    ck_assert_uint_eq(rd(&x, DEVICE, 4), 0x13121110);
    ck_assert_uint_eq(rd(&x, DEVICE + 8, 4), 0x1b1a1918);
    ck_assert_uint_eq(rd(&x, DEVICE + 12, 4), 0);
    ck_assert_uint_eq(rd(&x, DEVICE + 7, 1), 0x17);
    wr(&x, DEVICE + 2, 2, 0xbeef);
    wr(&x, DEVICE + 12, 4, ~0u);
    ck_assert_uint_eq(rd(&x, DEVICE, 4), 0xbeef1110);
    uint64_t generation = rd(&x, COMMON + 0x15, 1);
    x.v->generation++;
    ck_assert_uint_eq(rd(&x, COMMON + 0x15, 1), (generation + 1) & 0xff);
    fixture_close(&x);
}
END_TEST

/* 4.1.4.4: cap.offset + queue_notify_off * multiplier, 2 bytes, or 4 */
START_TEST(notification_goes_by_address)
{
    struct fixture x;
    fixture_open(&x, 2, NULL);
    drive(&x, 0xffff);
    memset(x.echo->notified, 0, sizeof(x.echo->notified)); /* DRIVER_OK looks at all queues */
    wr(&x, NOTIFY, 2, 0);
    ck_assert_uint_eq(x.echo->notified[0], 1);
    wr(&x, NOTIFY, 4, 0);
    ck_assert_uint_eq(x.echo->notified[0], 2);
    wr(&x, NOTIFY + 4, 2, 1); /* queue 1 is not enabled */
    ck_assert_uint_eq(x.echo->notified[1], 0);
    wr(&x, COMMON + 0x16, 2, 1);
    wr(&x, COMMON + 0x20, 4, DESC);
    wr(&x, COMMON + 0x28, 4, AVAIL);
    wr(&x, COMMON + 0x30, 4, USED);
    wr(&x, COMMON + 0x1c, 2, 1);
    wr(&x, NOTIFY + 4, 2, 1);
    ck_assert_uint_eq(x.echo->notified[1], 1);
    wr(&x, NOTIFY + 8, 2, 2); /* no such queue */
    ck_assert_uint_eq(x.echo->notified[0], 2);
    fixture_close(&x);
}
END_TEST

/* ---- interrupts ---- */

/* 4.1.4.5: the ISR byte drives INTx, reading it lowers the line */
START_TEST(intx_and_isr)
{
    struct fixture x;
    fixture_open(&x, 2, NULL);
    unsigned line = (x.f->devfn >> 3) % 4; /* INTA of this slot */
    drive(&x, 0xffff);
    offer(&x, DESC, AVAIL);
    wr(&x, NOTIFY, 2, 0);
    ck_assert(x.intx[line]);
    ck_assert_uint_eq(rd(&x, USED + 2, 2), 1);
    ck_assert_uint_eq(rd(&x, BUFFER, 1), 0xa5);
    ck_assert_uint_eq(cfg_read(&x, 6, 2) & 8, 8);
    uint64_t peeked;
    ck_assert(mem_load(x.m->memory, ISR, 1, &peeked, &(struct mem_attrs){ .debug = 1 }) == MEM_OK);
    ck_assert(peeked == 1 && x.intx[line]); /* a debugger leaves it */
    ck_assert_uint_eq(rd(&x, ISR, 1), 1);
    ck_assert(!x.intx[line]);
    ck_assert_uint_eq(rd(&x, ISR, 1), 0);
    x.v->transport.config_changed(x.v->transport.arg);
    ck_assert(x.intx[line]);
    cfg_write(&x, 4, 2, 0x407); /* PCI 3.0, 6.2.2: interrupt disable */
    ck_assert(!x.intx[line]);
    cfg_write(&x, 4, 2, 7);
    ck_assert(x.intx[line]);
    ck_assert_uint_eq(rd(&x, ISR, 1), 2);
    offer(&x, DESC, AVAIL);
    wr(&x, NOTIFY, 2, 0);
    wr(&x, COMMON + 0x14, 1, 0); /* a reset takes the interrupt back */
    ck_assert(!x.intx[line]);
    ck_assert_uint_eq(x.messages, 0);
    fixture_close(&x);
}
END_TEST

START_TEST(msix_vectors)
{
    static const struct { uint16_t written, read; } rows[] = { /* 4.1.5.1.2.1: three vectors are there */
        { 0, 0 }, { 2, 2 }, { 3, 0xffff }, { 1, 1 }, { 0xffff, 0xffff }, { 0x8000, 0xffff } };
    struct fixture x;
    fixture_open(&x, 2, NULL);
    uint32_t cap = find_cap(&x, 0x11, 0);
    ck_assert_uint_eq(cfg_read(&x, cap + 2, 2) & 0x7ff, 2); /* N - 1 */
    ck_assert_uint_eq(cfg_read(&x, cap + 4, 4) & 7, 1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        wr(&x, COMMON + 0x10, 2, rows[i].written);
        wr(&x, COMMON + 0x1a, 2, rows[i].written);
        ck_assert_uint_eq(rd(&x, COMMON + 0x10, 2), rows[i].read);
        ck_assert_uint_eq(rd(&x, COMMON + 0x1a, 2), rows[i].read);
    }
    fixture_close(&x);
    fixture_open(&x, 2, &no_vectors);
    wr(&x, COMMON + 0x10, 2, 0);
    ck_assert_uint_eq(rd(&x, COMMON + 0x10, 2), 0xffff);
    fixture_close(&x);
}
END_TEST

START_TEST(msix_messages)
{
    struct fixture x;
    fixture_open(&x, 2, NULL);
    enable_msix(&x);
    drive(&x, 1);
    wr(&x, COMMON + 0x10, 2, 2);
    offer(&x, DESC, AVAIL);
    wr(&x, NOTIFY, 2, 0);
    ck_assert(x.messages == 1 && x.message_at == MSI_AT + 4 && x.message == 0x101);
    ck_assert(!x.intx[0] && !x.intx[1] && !x.intx[2] && !x.intx[3]);
    ck_assert_uint_eq(rd(&x, ISR, 1) & 1, 0);
    x.v->transport.config_changed(x.v->transport.arg);
    ck_assert(x.messages == 2 && x.message_at == MSI_AT + 8 && x.message == 0x102);
    ck_assert_uint_eq(rd(&x, ISR, 1), 2); /* 4.1.4.5.1 */
    wr(&x, BAR1_AT + 16 + 12, 4, 1); /* masked: pending */
    offer(&x, DESC, AVAIL);
    wr(&x, NOTIFY, 2, 0);
    ck_assert_uint_eq(x.messages, 2);
    ck_assert_uint_eq(rd(&x, BAR1_AT + 0x800, 4), 2);
    wr(&x, BAR1_AT + 16 + 12, 4, 0);
    ck_assert(x.messages == 3 && x.message == 0x101);
    wr(&x, COMMON + 0x1a, 2, 0xffff); /* no vector: nothing is sent */
    wr(&x, COMMON + 0x10, 2, 0xffff);
    offer(&x, DESC, AVAIL);
    wr(&x, NOTIFY, 2, 0);
    x.v->transport.config_changed(x.v->transport.arg);
    ck_assert_uint_eq(x.messages, 3);
    ck_assert_uint_eq(rd(&x, USED + 2, 2), 3);
    wr(&x, COMMON + 0x1a, 2, 1);
    wr(&x, BAR1_AT + 16 + 12, 4, 1);
    offer(&x, DESC, AVAIL);
    wr(&x, NOTIFY, 2, 0);
    wr(&x, COMMON + 0x14, 1, 0); /* a reset drops what was pending */
    wr(&x, BAR1_AT + 16 + 12, 4, 0);
    ck_assert_uint_eq(x.messages, 3);
    fixture_close(&x);
}
END_TEST

/* ---- 4.1.4.9: the window in configuration space, with memory decoding off ---- */
static uint64_t window_read(struct fixture *x, uint32_t cap, uint8_t bar, uint32_t at, uint32_t length)
{
    cfg_write(x, cap + 4, 1, bar);
    cfg_write(x, cap + 8, 4, at);
    cfg_write(x, cap + 12, 4, length);
    return cfg_read(x, cap + 16, length == 3 ? 4 : length);
}
static void window_write(struct fixture *x, uint32_t cap, uint8_t bar, uint32_t at, uint32_t length,
                         uint32_t value)
{
    cfg_write(x, cap + 4, 1, bar);
    cfg_write(x, cap + 8, 4, at);
    cfg_write(x, cap + 12, 4, length);
    cfg_write(x, cap + 16, length == 3 ? 4 : length, value);
}
START_TEST(configuration_access)
{
    struct fixture x;
    uint32_t cap = 0;
    fixture_open(&x, 2, NULL);
    for (unsigned n = 0; find_cap(&x, 9, n) != 0; n++)
        if (cfg_read(&x, find_cap(&x, 9, n) + 3, 1) == 5)
            cap = find_cap(&x, 9, n);
    ck_assert_uint_ne(cap, 0);
    cfg_write(&x, 4, 2, 0);
    ck_assert_uint_eq(cfg_read(&x, cap + 16, 4), 0); /* nothing chosen */
    ck_assert_uint_eq(window_read(&x, cap, 4, 0x12, 2), 2);
    ck_assert_uint_eq(window_read(&x, cap, 4, 0x2000, 4), 0x13121110);
    ck_assert_uint_eq(window_read(&x, cap, 4, 0x2003, 1), 0x13);
    window_write(&x, cap, 4, 0x14, 1, 1);
    ck_assert_uint_eq(x.v->status, 1);
    ck_assert_uint_eq(window_read(&x, cap, 0, 0x12, 1), 1); /* the legacy BAR's status */
    window_write(&x, cap, 4, 0x16, 2, 1);
    ck_assert_uint_eq(window_read(&x, cap, 4, 0x1e, 2), 1);
    window_write(&x, cap, 4, 0x15, 2, 0);       /* odd offset, wrong length, no BAR, beyond the end: */
    window_write(&x, cap, 4, 0x14, 3, 0);       /* none of them does anything */
    window_write(&x, cap, 2, 0x14, 1, 0);
    window_write(&x, cap, 4, 0x4014, 1, 0);
    window_write(&x, cap, 4, 0xfffffffc, 4, 0);
    window_write(&x, cap, 1, 0, 4, 0);
    ck_assert_uint_eq(x.v->status, 1);
    (void)window_read(&x, cap, 6, 0, 4);
    (void)window_read(&x, cap, 0, 0x40, 4);
    fixture_close(&x);
}
END_TEST

/* ---- the bus master bit gates all DMA ---- */
START_TEST(bus_master)
{
    struct fixture x;
    fixture_open(&x, 2, NULL);
    drive(&x, 0xffff);
    cfg_write(&x, 4, 2, 3);
    offer(&x, DESC, AVAIL);
    wr(&x, NOTIFY, 2, 0);
    ck_assert_uint_eq(rd(&x, USED + 2, 2), 0);
    ck_assert_uint_eq(rd(&x, COMMON + 0x14, 1), 15); /* not the driver's fault */
    cfg_write(&x, 4, 2, 7); /* and what waited is served */
    ck_assert_uint_eq(rd(&x, USED + 2, 2), 1);
    fixture_close(&x);
}
END_TEST

/* Chapter 6, VIRTIO_F_ACCESS_PLATFORM: translated only where it is offered, and then it is a must. */
static enum mem_result shifted(void *arg, uint32_t requester, uint64_t iova, uint64_t n,
                               enum dma_kind kind, uint32_t data, struct mem_space **space, pa_t *pa)
{
    (void)n, (void)kind, (void)data;
    ck_assert_uint_eq(requester, ((struct fixture *)arg)->bdf);
    *space = ((struct fixture *)arg)->m->memory;
    *pa = iova + 0x8000;
    return MEM_OK;
}
START_TEST(access_platform)
{
    struct virtio_pci_options o = { .iommu_platform = _i, .devfn = -1 };
    struct fixture x;
    struct dma_iommu iommu = { shifted, &x };
    fixture_open(&x, 2, &o);
    x.f->dma.iommu = &iommu;
    cfg_write(&x, 4, 2, 7);
    wr(&x, COMMON, 4, 1);
    ck_assert_uint_eq(rd(&x, COMMON + 4, 4) >> 1 & 1, (unsigned)_i);
    if (_i) { /* VERSION_1 alone does not do */
        wr(&x, COMMON + 8, 4, 1);
        wr(&x, COMMON + 12, 4, 1);
        wr(&x, COMMON + 0x14, 1, 11);
        ck_assert_uint_eq(rd(&x, COMMON + 0x14, 1), 3);
    }
    drive_with(&x, 0xffff, _i ? 3 : 1);
    pa_t shift = _i ? 0x8000 : 0;
    wr(&x, DESC + shift, 8, BUFFER);
    wr(&x, DESC + shift + 8, 4, 64);
    wr(&x, DESC + shift + 12, 2, 2);
    wr(&x, AVAIL + shift + 2, 2, 1);
    wr(&x, NOTIFY, 2, 0);
    ck_assert_uint_eq(rd(&x, BUFFER + shift, 1), 0xa5);
    ck_assert_uint_eq(rd(&x, USED + shift + 2, 2), 1);
    fixture_close(&x);
}
END_TEST

/* ---- the legacy interface (4.1.4.10) ---- */
static uint64_t in(struct fixture *x, uint32_t port, unsigned size)
{
    return load(x->io, BAR0_AT + port, size);
}
static void out(struct fixture *x, uint32_t port, unsigned size, uint64_t v)
{
    store(x->io, BAR0_AT + port, size, v);
}
START_TEST(legacy_registers)
{
    struct fixture x;
    fixture_open(&x, 2, _i ? &legacy_only : NULL);
    ck_assert_uint_eq(in(&x, 0x00, 4) & (BIT(5) | BIT(28)), BIT(5) | BIT(28));
    ck_assert_uint_eq(in(&x, 0x0c, 2), 64);
    ck_assert_uint_eq(in(&x, 0x14, 4), 0x13121110); /* no vectors while MSI-X is off */
    ck_assert_uint_eq(in(&x, 0x1f, 1), 0x1b);
    ck_assert_uint_eq(in(&x, 0x20, 4), 0);
    out(&x, 0x16, 1, 0x77);
    ck_assert_uint_eq(in(&x, 0x14, 4), 0x13771110);
    out(&x, 0x0e, 2, 2);
    ck_assert_uint_eq(in(&x, 0x0c, 2), 0);
    enable_msix(&x);
    ck_assert_uint_eq(in(&x, 0x14, 4), 0xffffffff);
    ck_assert_uint_eq(in(&x, 0x18, 4), 0x13771110);
    out(&x, 0x14, 2, 2);
    out(&x, 0x0e, 2, 1);
    out(&x, 0x16, 2, 1);
    ck_assert_uint_eq(in(&x, 0x14, 4), 0x00010002);
    ck_assert_uint_eq(x.v->queue[1].vector, 1);
    out(&x, 0x16, 2, 9);
    ck_assert_uint_eq(in(&x, 0x16, 2), 0xffff);
    fixture_close(&x);
}
END_TEST

/* 2.7.2: descriptors, available ring, used ring at the next page, from one page number */
START_TEST(legacy_driver)
{
    struct fixture x;
    fixture_open(&x, 2, _i ? &legacy_only : NULL);
    pa_t desc = RAM_AT + 0x4000, avail = desc + 16 * 64, used = desc + 0x1000;
    unsigned line = (x.f->devfn >> 3) % 4;
    out(&x, 0x12, 1, 0);
    out(&x, 0x12, 1, 3);
    out(&x, 0x04, 4, BIT(5));
    ck_assert_uint_eq(in(&x, 0x04, 4), BIT(5));
    out(&x, 0x0e, 2, 0);
    ck_assert_uint_eq(in(&x, 0x08, 4), 0);
    out(&x, 0x08, 4, desc >> 12);
    ck_assert_uint_eq(in(&x, 0x08, 4), desc >> 12);
    out(&x, 0x12, 1, 7);
    ck_assert_uint_eq(in(&x, 0x12, 1), 7);
    offer(&x, desc, avail);
    out(&x, 0x10, 2, 0);
    ck_assert_uint_eq(rd(&x, used + 2, 2), 1);
    ck_assert_uint_eq(rd(&x, used + 8, 4), 64);
    ck_assert(x.intx[line]);
    ck_assert_uint_eq(in(&x, 0x13, 1), 1);
    ck_assert(!x.intx[line]);
    out(&x, 0x10, 2, 7);
    out(&x, 0x08, 4, 0); /* no page: the queue is given up */
    ck_assert_uint_eq(in(&x, 0x12, 1), 7);
    ck_assert_uint_eq(in(&x, 0x08, 4), 0);
    offer(&x, desc, avail);
    out(&x, 0x10, 2, 0);
    ck_assert_uint_eq(rd(&x, used + 2, 2), 1);
    out(&x, 0x12, 1, 0);
    ck_assert_uint_eq(in(&x, 0x12, 1), 0);
    fixture_close(&x);
}
END_TEST

/* ---- state ---- */
static struct device *make(struct machine *m, void *arg)
{
    struct fixture *x = ARENA_NEW(&m->arena, struct fixture);
    fixture_build(x, m, m->memory, 2, arg);
    return x->f->dev;
}
static struct device *make_legacy(struct machine *m, void *arg)
{
    (void)make(m, arg);
    return device_find(m, "virtio-legacy");
}
START_TEST(generic)
{
    device_generic_test(&(struct device_generic){ .make = make });
    device_generic_test(&(struct device_generic){ .make = make, .seed = 7,
                                                  .arg = (void *)(uintptr_t)&modern_only });
    device_generic_test(&(struct device_generic){ .make = make_legacy });
}
END_TEST

/* An interrupt on its way, half a driver's set-up: all of it is there after a restore. */
START_TEST(restored_in_the_middle)
{
    struct fixture x, y;
    fixture_open(&x, 2, NULL);
    enable_msix(&x);
    drive(&x, 1);
    wr(&x, BAR1_AT + 16 + 12, 4, 1);
    offer(&x, DESC, AVAIL);
    wr(&x, NOTIFY, 2, 0);
    fixture_build(&y, device_generic_machine(), mem_space_create("io"), 2, NULL);
    machine_reset(y.m);
    device_generic_copy(x.m, y.m);
    ck_assert_uint_eq(rd(&y, COMMON + 0x14, 1), 15);
    wr(&y, BAR1_AT + 16 + 12, 4, 0);
    ck_assert(y.messages == 1 && y.message == 0x101);
    offer(&y, DESC, AVAIL);
    wr(&y, NOTIFY, 2, 0);
    ck_assert_uint_eq(rd(&y, USED + 2, 2), 2);
    ck_assert_uint_eq(y.messages, 2);
    fixture_close(&x);
    fixture_close(&y);
}
END_TEST

/* ---- anything at all, from either side, ends nothing and goes the same way twice ---- */
struct random {
    uint64_t state;
};
static uint32_t next(struct random *r)
{
    r->state = r->state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(r->state >> 33);
}
static void poke(struct fixture *x, struct random *r)
{
    unsigned size = 1u << next(r) % 4;
    uint32_t value = next(r) % 3 ? next(r) % 64 : next(r) * 2 + next(r) % 2;
    uint64_t got;
    pa_t at = align_down(next(r) % 4 ? next(r) % 0x40 : next(r) % 0x4000, size);
    struct mem_attrs attrs = { 0 };

    switch (next(r) % 12) {
    case 0: case 1: case 2:
        (void)mem_store(x->m->memory, COMMON + at, size, value, &attrs);
        break;
    case 3:
        (void)mem_load(x->m->memory, COMMON + at, size, &got, &attrs);
        break;
    case 4:
        (void)mem_store(x->io, BAR0_AT + at % 0x40, MIN(size, 4u), value, &attrs);
        break;
    case 5:
        (void)mem_load(x->io, BAR0_AT + at % 0x40, MIN(size, 4u), &got, &attrs);
        break;
    case 6:
        (void)mem_store(x->m->memory, BAR1_AT + at % 0x1000, MAX(size, 4u), value, &attrs);
        break;
    case 7: /* anything in configuration space but the BARs; mostly the capabilities */
        size = MIN(size, 4u);
        at = align_down(next(r) % 4 ? 0x40 + next(r) % 0x80 : next(r) % 0x1000, size);
        if (at < 0x10 || at >= 0x28)
            cfg_write(x, (uint32_t)at, size, value);
        break;
    case 8:
        size = MIN(size, 4u);
        (void)cfg_read(x, align_down(next(r) % 0x1000, size), size);
        break;
    case 9: /* rings */
        wr(x, RAM_AT + next(r) % 0x3000 / 8 * 8, 8, value);
        break;
    case 10:
        cfg_write(x, 4, 2, next(r) % 8 ? 7 : next(r));
        break;
    default:
        if (next(r) % 8 == 0) {
            drive(x, (uint16_t)(next(r) % 4));
        } else if (x->v->queue[0].desc == DESC) {
            offer(x, DESC, AVAIL);
            (void)mem_store(x->m->memory, NOTIFY, 2, 0, &attrs);
        }
        break;
    }
}
START_TEST(fuzz)
{
    struct fixture x, y;
    struct random r = { (uint64_t)_i }, s = r;
    fixture_open(&x, 2, _i % 3 == 2 ? &no_vectors : NULL);
    fixture_open(&y, 2, _i % 3 == 2 ? &no_vectors : NULL);
    for (unsigned i = 0; i < 20000; i++) {
        cfg_write(&x, 4, 2, 7);
        cfg_write(&y, 4, 2, 7);
        if (x.v->status & VIRTIO_NEEDS_RESET) { /* broken by the driver: start again */
            wr(&x, COMMON + 0x14, 1, 0);
            wr(&y, COMMON + 0x14, 1, 0);
        }
        poke(&x, &r);
        poke(&y, &s);
    }
    ck_assert_uint_eq(machine_hash(x.m), machine_hash(y.m));
    ck_assert_uint_eq(x.messages, y.messages);
    fixture_close(&x);
    fixture_close(&y);
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("virtio-pci");
    TCase *t = tcase_create("registers");
    tcase_add_loop_test(t, identification, 0, ARRAY_LEN(ids));
    tcase_add_loop_test(t, contradictions_are_refused, 0, 4);
    tcase_add_loop_test(t, capabilities, 0, ARRAY_LEN(caps));
    tcase_add_test(t, bars);
    tcase_add_test(t, common_reset_values);
    tcase_add_test(t, features);
    tcase_add_test(t, queue_registers);
    tcase_add_loop_test(t, queue_reset, 0, 2);
    tcase_add_test(t, device_configuration);
    tcase_add_test(t, notification_goes_by_address);
    tcase_add_test(t, intx_and_isr);
    tcase_add_test(t, msix_vectors);
    tcase_add_test(t, msix_messages);
    tcase_add_test(t, configuration_access);
    tcase_add_test(t, bus_master);
    tcase_add_loop_test(t, access_platform, 0, 2);
    tcase_add_loop_test(t, legacy_registers, 0, 2);
    tcase_add_loop_test(t, legacy_driver, 0, 2);
    suite_add_tcase(s, t);
    t = tcase_create("state");
    tcase_set_timeout(t, 100);
    tcase_add_test(t, generic);
    tcase_add_test(t, restored_in_the_middle);
    tcase_add_loop_test(t, fuzz, 0, 6);
    suite_add_tcase(s, t);
    return s;
}
