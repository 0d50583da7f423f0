/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports of the VGA, the beam behind 3DA and what every part has to pass (IBM PS/2 Video Subsystem;
 * FreeVGA, "External Registers", "Color Registers").
 */
#include "core/util/hash.h"
#include "test/devices/vga_fixture.h"

static void setup(void)
{
    open_card(BOCHS_VGA);
}

static struct device *make(struct machine *machine, void *arg)
{
    struct device *d = make_card(machine, NULL, *(enum bochs_kind *)arg);
    return d;
}

START_TEST(generic)
{
    static enum bochs_kind kinds[] = { BOCHS_VGA, BOCHS_SECONDARY_VGA, BOCHS_DISPLAY };

    device_generic_test(&(struct device_generic){ .make = make, .arg = &kinds[_i], .steps = 1000 });
}
END_TEST

START_TEST(identity)
{
    ck_assert_uint_eq(load(ECAM + 0x8000, 4), 0x11111234);
    ck_assert_uint_eq(load(ECAM + 0x8008, 4), 0x03000002);
    ck_assert_uint_eq(load(ECAM + 0x802c, 4), 0x11001af4);
    ck_assert_uint_eq(load(ECAM + 0x803d, 1), 0);
}
END_TEST

/* Bits that exist, by index: what is written comes back through them. */
START_TEST(index_registers)
{
    static const uint8_t sr[] = { 0x03, 0x3d, 0x0f, 0x3f, 0x0e }, gr[] = { 15, 15, 15, 31, 3, 0x7b, 15, 15, 255 };

    for (uint8_t i = 0; i < ARRAY_LEN(sr); i++) {
        set_sr(i, 0xff);
        out(0x3c4, i);
        ck_assert_uint_eq(in(0x3c4), i);
        ck_assert_uint_eq(in(0x3c5), sr[i]);
    }
    for (uint8_t i = 0; i < ARRAY_LEN(gr); i++) {
        set_gr(i, 0xff);
        ck_assert_uint_eq(in(0x3cf), gr[i]);
    }
    out(0x3c2, 0x67);
    ck_assert_uint_eq(in(0x3cc), 0x67);
    out(0x3da, 1);
    ck_assert_uint_eq(in(0x3ca), 1);
}
END_TEST

/* Miscellaneous output, bit 0: the CRTC is at 3D4 or at 3B4, and nobody at the other place. */
START_TEST(crtc_moves)
{
    out(0x3c2, 1);
    set_cr(0x0f, 0x5a);
    ck_assert_uint_eq(in(0x3d5), 0x5a);
    ck_assert_uint_eq(in(0x3b5), 0xff);
    out(0x3c2, 0);
    ck_assert_uint_eq(in(0x3b4), 0x0f);
    ck_assert_uint_eq(in(0x3b5), 0x5a);
    ck_assert_uint_eq(in(0x3d5), 0xff);
    ck_assert_uint_eq(in(0x3da), 0xff);
}
END_TEST

START_TEST(protection)
{
    out(0x3c2, 1);
    set_cr(0x11, 0x00);
    set_cr(0x00, 0x12);
    set_cr(0x07, 0x00);
    set_cr(0x11, 0x80);
    set_cr(0x00, 0x34);
    set_cr(0x07, 0xff);
    out(0x3d4, 0x00);
    ck_assert_uint_eq(in(0x3d5), 0x12);
    out(0x3d4, 0x07);
    ck_assert_uint_eq(in(0x3d5), 0x10);
}
END_TEST

/* 3C0 is index and data by turns; a read of 3DA starts anew. */
START_TEST(attribute_flip_flop)
{
    out(0x3c2, 1);
    (void)in(0x3da);
    out(0x3c0, 0x05);
    out(0x3c0, 0x2a);
    out(0x3c0, 0x06);
    (void)in(0x3da);
    out(0x3c0, 0x05);
    ck_assert_uint_eq(in(0x3c1), 0x2a);
    ck_assert_uint_eq(in(0x3c0), 0x05);
    uint64_t v;
    ck_assert_int_eq(mem_load(m->memory, IO + 0x3da, 1, &v, &(struct mem_attrs){ .debug = 1 }), MEM_OK);
    out(0x3c0, 0x11); /* still data */
    (void)in(0x3da);
    out(0x3c0, 0x05);
    ck_assert_uint_eq(in(0x3c1), 0x11);
}
END_TEST

START_TEST(dac)
{
    set_dac(9, 0x3f, 0x15, 0x80);
    set_dac(10, 1, 2, 3);
    ck_assert_uint_eq(in(0x3c7), 0);
    ck_assert_uint_eq(in(0x3c8), 11);
    out(0x3c7, 9);
    ck_assert_uint_eq(in(0x3c7), 3);
    static const uint8_t want[] = { 0x3f, 0x15, 0, 1, 2, 3 }; /* six bits */
    for (size_t i = 0; i < ARRAY_LEN(want); i++)
        ck_assert_uint_eq(in(0x3c9), want[i]);
    dispi(4, 0x20);
    set_dac(9, 0xff, 0x80, 0x7f);
    out(0x3c7, 9);
    ck_assert_uint_eq(in(0x3c9), 0xff);
    ck_assert_uint_eq(in(0x3c9), 0x80);
}
END_TEST

/* BAR 2 from 400 on has the same ports. */
START_TEST(ports_in_the_bar)
{
    store(BAR2 + 0x402, 1, 0x67);
    ck_assert_uint_eq(in(0x3cc), 0x67);
    store(BAR2 + 0x40e, 2, 0xa508);
    ck_assert_uint_eq(in(0x3cf), 0xa5);
    ck_assert_uint_eq(load(BAR2 + 0x40e, 2), 0xa508);
    store(BAR2 + 0x41a, 1, 1);
    ck_assert_uint_eq(load(BAR2 + 0x40a, 1), 1);
}
END_TEST

/*
 * Mode 3: 28.322 MHz, 100 characters of 9 dots a line, 449 lines (CR06 = 1bf + 2); sync from 412 for
 * two lines (CR10 = 19c, CR11 ends at ..e), 400 of them visible, 80 characters of each.
 */
START_TEST(beam)
{
    const double character = 9 / 28.322e6 * 1e12, line = 100 * character, frame = 449 * line;
    static const struct { double line, character; uint8_t status; } rows[] = {
        { 0, 1, 0 },     { 0, 79, 0 },    { 0, 81, 1 },   { 0, 99, 1 },  { 1, 1, 0 },   { 399, 70, 0 },
        { 400, 10, 1 },  { 411, 99, 1 },  { 412, 1, 9 },  { 413, 99, 9 }, { 414, 1, 1 }, { 448, 99, 1 },
        { 449, 1, 0 },   { 861, 1, 9 },
    };

    set_mode(&mode_3);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        double at = 70 * frame + rows[i].line * line + (rows[i].character + 0.5) * character;
        ev_run(m->queue, (ps_t)at);
        ck_assert_msg(in(0x3da) == rows[i].status, "line %g, character %g: status %u, not %u", rows[i].line,
                      rows[i].character, in(0x3da), rows[i].status);
    }
}
END_TEST

/* Software that waits for the retrace sees it about 70 times a second. */
START_TEST(retraces_per_second)
{
    unsigned count = 0, last = 0;

    set_mode(&mode_3);
    for (ps_t t = 0; t < PS_PER_SEC; t += 20 * PS_PER_US) {
        ev_run(m->queue, t);
        unsigned now = in(0x3da) & 8;
        count += now && !last;
        last = now;
    }
    ck_assert_uint_ge(count, 70);
    ck_assert_uint_le(count, 71);
}
END_TEST

START_TEST(reset_switches_off)
{
    set_mode(&mode_3);
    ck_assert_uint_eq(look()->height, 400);
    machine_reset(m);
    ck_assert_uint_eq(look()->height, 0);
    ck_assert_uint_eq(in(0x3cc), 0xff); /* nobody, until I/O is enabled */
    enable_card(7);
    ck_assert_uint_eq(in(0x3cc), 0);
}
END_TEST

/* A machine saved in a mode goes on with the same picture and the same registers. */
START_TEST(snapshot)
{
    set_mode(&mode_3);
    store(0xb8000, 4, 0x1e421f41);
    for (uint32_t i = 0; i < 16; i++)
        m->rams[1]->host[4 * ('A' * 32 + i) + 2] = (uint8_t)(0x81 + i);
    (void)load(0xb8000, 1);
    const struct display_surface *s = look();
    uint64_t before = hash_bytes(0, s->pixels, (size_t)s->stride * s->height);
    struct machine *old = m;
    struct host *old_host = h;
    open_card(BOCHS_VGA);
    device_generic_copy(old, m);
    host_destroy(old_host);
    machine_destroy(old);
    ck_assert_uint_eq(in(0x3cc), 0x67);
    ck_assert_uint_eq(load(0xb8000, 4), 0x1e421f41);
    s = look();
    ck_assert(hash_bytes(0, s->pixels, (size_t)s->stride * s->height) == before);
}
END_TEST

/* Anything at ports, window, BARs; whatever comes of it can be shown. */
START_TEST(random_accesses)
{
    uint64_t seed = 7 + (uint64_t)_i;
    static const pa_t bases[] = { IO + 0x3b0, IO + 0x3c0, IO + 0x1ce, WINDOW, BAR0, BAR2 + 0x400, BAR2 + 0x500 };
    static const uint32_t sizes[] = { 16, 32, 4, 0x20000, VRAM, 0x20, 0x18 };

    set_mode(_i & 1 ? &mode_3 : &mode_12);
    for (int i = 0; i < 60000; i++) {
        uint64_t a = hash_mix(seed++), v = hash_mix(seed++);
        unsigned which = a % ARRAY_LEN(bases), size = 1u << (a >> 8) % 4;
        pa_t at = bases[which] + (a >> 16) % sizes[which];
        if (which == 6)
            size = 2, at &= ~1ull, v = v & 1 ? v >> 50 : v >> 4 & 0x2f;
        if (a >> 63)
            (void)mem_store(m->memory, at, size, v, NULL);
        else
            (void)mem_load(m->memory, at, size, &v, NULL);
        if (i % 4000 == 0) {
            ev_run(m->queue, ev_now(m->queue) + (v & 0xffffffffff));
            out(0x3c0, 0x20);
            set_cr(0x17, (uint8_t)(v | 0x80));
            if (i % 8000 == 0)
                dispi(4, 0);
            (void)look();
        }
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("devices.vga");
    TCase *t = tcase_create("vga");

    tcase_add_checked_fixture(t, setup, close_card);
    tcase_set_timeout(t, 100);
    tcase_add_test(t, identity);
    tcase_add_test(t, index_registers);
    tcase_add_test(t, crtc_moves);
    tcase_add_test(t, protection);
    tcase_add_test(t, attribute_flip_flop);
    tcase_add_test(t, dac);
    tcase_add_test(t, ports_in_the_bar);
    tcase_add_test(t, beam);
    tcase_add_test(t, retraces_per_second);
    tcase_add_test(t, reset_switches_off);
    tcase_add_test(t, snapshot);
    tcase_add_loop_test(t, random_accesses, 0, 4);
    suite_add_tcase(s, t);
    t = tcase_create("generic");
    tcase_set_timeout(t, 100);
    tcase_add_loop_test(t, generic, 0, 3);
    suite_add_tcase(s, t);
    return s;
}
