/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCH-PIC on the board: every byte of its window by every size, read and written, against the tables of the Loongson
 * 7A1000 manual, chapter "Interrupt controller"; what the manual leaves open (misaligned accesses, distribution
 * modes) as Linux' KVM has it. Then level and edge, by the first UART's line.
 */
#include "guest_c.h"
#define GUEST_NAME "pch_pic"

#define PIC  0x10000000ul
#define UART 0x1fe001e0ul
enum { INT_ID = 0x000, INT_MASK = 0x020, HTMSI_EN = 0x040, INTEDGE = 0x060, INTCLR = 0x080, AUTO_CTRL0 = 0x0c0,
       AUTO_CTRL1 = 0x0e0, ROUTE_ENTRY = 0x100, HTMSI_VECTOR = 0x200, INTISR_0 = 0x300, INTISR_1 = 0x320,
       INTIRR = 0x380, INTISR = 0x3a0, INT_POLARITY = 0x3e0, SIZE = 0x400, WORDS = SIZE / 8 };
enum { PIN = 2, UART_IER = 1, IER_THRE = 2 };
enum { IPMAP = 0x14c0, ENABLE = 0x1600, COREISR = 0x1800, COREMAP = 0x1c00 };

/* What is not here is reserved: reads 0, ignores writes. 32 pins, version 1. */
static const struct { uint32_t offset, words; uint64_t rw, reset[4]; } rows[] = {
    { INT_ID, 1, 0, { 0x001f000107000000 } },
    { INT_MASK, 1, ~0ul, { ~0ul } },
    { HTMSI_EN, 1, ~0ul, { 0 } },
    { INTEDGE, 1, ~0ul, { 0 } },
    { INTCLR, 1, 0, { 0 } },
    { AUTO_CTRL0, 1, 0, { 0 } },
    { AUTO_CTRL1, 1, 0, { 0 } },
    { ROUTE_ENTRY, 4, ~0ul, { 0x0101010101010101, 0x0101010101010101, 0x0101010101010101, 0x0101010101010101 } },
    { ROUTE_ENTRY + 0x20, 4, ~0ul, { 0 } },
    { HTMSI_VECTOR, 4, ~0ul, { 0x0706050403020100, 0x0f0e0d0c0b0a0908, 0x1716151413121110, 0x1f1e1d1c1b1a1918 } },
    { HTMSI_VECTOR + 0x20, 4, ~0ul, { 0 } },
    { INTISR_0, 1, 0, { 0 } },
    { INTISR_1, 1, 0, { 0 } },
    { INTIRR, 1, 0, { 0 } },
    { INTISR, 1, 0, { 0 } },
    { INT_POLARITY, 1, ~0ul, { 0 } },
};

static uint64_t model[WORDS], writable[WORDS];

static uint64_t lanes_of(unsigned size)
{
    return size == 8 ? ~0ul : (1ul << 8 * size) - 1;
}

/* Wires are low: pins for which that is active ask, and nothing else is moved by any write here. */
static void check_word(uint32_t w)
{
    uint64_t want = w == INTIRR / 8 ? model[INT_POLARITY / 8] & 0xffffffff : model[w];

    EXPECT(load(PIC + w * 8, 8), want);
}

static void check_reads(void)
{
    for (uint32_t at = 0; at < SIZE; at++)
        for (unsigned size = 1; size <= 8; size *= 2)
            EXPECT(load(PIC + at, size), at % size ? 0 : model[at / 8] >> 8 * (at % 8) & lanes_of(size));
}

static void check_writes(uint32_t w)
{
    uint64_t reset = model[w];

    for (uint32_t at = w * 8; at < w * 8 + 8; at++) {
        for (unsigned size = 1; size <= 8; size *= 2) {
            uint64_t data = 0x3c5a69c3a5960ff1ul * (at * 16 + size), lanes = lanes_of(size) << 8 * (at % 8);
            lanes &= at % size ? 0 : writable[w];
            store(PIC + at, size, data);
            model[w] = (model[w] & ~lanes) | (data << 8 * (at % 8) & lanes);
            check_word(w);
            check_word((w + 1) % WORDS);
        }
    }
    for (uint32_t i = 0; i < WORDS; i++)
        check_word(i);
    store(PIC + w * 8, 8, reset);
    model[w] = reset;
}

/* The transmitter is empty: asking for its interrupt raises the line, no longer asking lowers it. */
static void wire(int level)
{
    store(UART + UART_IER, 1, level ? IER_THRE : 0);
}

static void expect_pin(unsigned irr, unsigned isr, unsigned in_core)
{
    EXPECT(load(PIC + INTIRR, 4), irr << PIN);
    EXPECT(load(PIC + INTISR, 4), isr << PIN);
    EXPECT(iocsr(COREISR + 8, 8), (uint64_t)in_core << (69 - 64));
    EXPECT(csr_read(CSR_ESTAT) >> 3 & 1, in_core); /* HWI1 */
}

static void check_level(void)
{
    wire(1);
    expect_pin(1, 0, 0);
    store(PIC + INT_MASK, 1, 0xfb);
    expect_pin(1, 1, 1);
    store(PIC + INTCLR, 8, ~0ul);                  /* level pins do not notice */
    expect_pin(1, 1, 1);
    set_iocsr(COREISR + 8, 8, 1ul << (69 - 64));   /* as Linux: clear, mask, handle, unmask */
    EXPECT(csr_read(CSR_ESTAT) >> 3 & 1, 0);
    store(PIC + INT_MASK, 4, 0xffffffff);
    store(PIC + INT_MASK, 2, 0xfffb);
    expect_pin(1, 1, 1);
    wire(0);
    expect_pin(0, 0, 0);
    store(PIC + INT_MASK, 8, ~0ul);
}

static void check_edge(void)
{
    store(PIC + INTEDGE, 1, 1 << PIN);
    wire(1);
    wire(0);
    expect_pin(1, 0, 0);
    store(PIC + INT_MASK, 1, 0xfb);
    expect_pin(1, 1, 1);
    store(PIC + INTCLR + 1, 1, 1 << PIN);          /* another pin's */
    expect_pin(1, 1, 1);
    store(PIC + INTCLR, 1, 1 << PIN);
    expect_pin(0, 0, 0);
    store(PIC + INT_POLARITY, 1, 1 << PIN);        /* falling edges */
    wire(1);
    expect_pin(0, 0, 0);
    wire(0);
    expect_pin(1, 1, 1);
    store(PIC + INTEDGE, 1, 0);                    /* low level */
    store(PIC + INTCLR, 4, 1 << PIN);
    expect_pin(1, 1, 1);
    wire(1);
    expect_pin(0, 0, 0);
    wire(0);
    store(PIC + INT_POLARITY, 8, 0);
    expect_pin(0, 0, 0);
}

void guest_main(void)
{
    csr_write(CSR_EENTRY, (uint64_t)guest_trap);
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (uint32_t k = 0; k < rows[i].words; k++) {
            model[rows[i].offset / 8 + k] = rows[i].reset[k];
            writable[rows[i].offset / 8 + k] = rows[i].rw;
        }
    }
    check_reads();
    for (uint32_t w = 0; w < WORDS; w++)
        check_writes(w);
    check_reads();

    store(PIC + HTMSI_VECTOR + PIN, 1, 69);
    set_iocsr(IPMAP + 69 / 32, 1, 1 << 1);
    set_iocsr(COREMAP + 69, 1, 1);
    set_iocsr(ENABLE + 8, 8, ~0ul);
    check_level();
    check_edge();
    guest_end(GUEST_NAME, 0);
}
