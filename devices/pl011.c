/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/pl011.h"
#include "core/util/bits.h"
#include "devices/primecell.h"
#include <string.h>

/* DDI 0183, 3.3.1 UARTDR and 3.3.2 UARTRSR: the same four errors, 8 bits apart. */
enum { RSR_BE = 0x4, RSR_OE = 0x8, DR_OE = 0x800 };
enum { FR_CTS = 0x001, FR_DSR = 0x002, FR_DCD = 0x004, FR_RXFE = 0x010, FR_RXFF = 0x040,
       FR_TXFE = 0x080, FR_RI = 0x100 };
enum { LCR_BRK = 0x01, LCR_FEN = 0x10 };
enum { CR_SIREN = 0x0002, CR_LBE = 0x0080, CR_DTR = 0x0400, CR_RTS = 0x0800, CR_OUT1 = 0x1000,
       CR_OUT2 = 0x2000 };
/* 3.3.11 UARTRIS; the four modem interrupts are bits 3:0. */
enum { INT_RI = 0x001, INT_CTS = 0x002, INT_DCD = 0x004, INT_DSR = 0x008, INT_RX = 0x010,
       INT_TX = 0x020, INT_RT = 0x040, INT_BE = 0x200, INT_OE = 0x400 };

static uint32_t fifo_size(const struct pl011 *u)
{
    return u->lcr_h & LCR_FEN ? PL011_FIFO : 1;
}

/* 3.3.9 UARTIFLS: 1/8, 1/4, 1/2, 3/4, 7/8 of the FIFO; the reserved values act as the last. */
static uint32_t trigger_level(const struct pl011 *u)
{
    static const uint8_t levels[] = { 2, 4, 8, 12, 14, 14, 14, 14 };

    return u->lcr_h & LCR_FEN ? levels[F_GET(u->ifls, 5, 3)] : 1;
}

static void update(struct pl011 *u)
{
    irq_set(&u->irq, (u->ris & u->imsc) != 0);
}

/*
 * 2.8 "UARTRTINTR": the FIFO is not empty and nothing came in for 32 bits. A bit is 16 clocks of
 * the divided input, the divisor has 6 fractional bits.
 */
static void restart_timeout(struct pl011 *u)
{
    uint64_t clocks = 32 * 16 * (uint64_t)MAX(u->divisor, 64u) / 64;

    if (!(u->lcr_h & LCR_FEN) || u->rx.count == 0)
        ev_cancel(&u->timeout);
    else
        ev_arm(&u->timeout, device_now(&u->dev) + ev_tick_time(u->clock, clocks));
}

static void timed_out(void *arg, ps_t when)
{
    struct pl011 *u = arg;

    (void)when;
    if (u->rx.count)
        u->ris |= INT_RT;
    update(u);
}

static void clear_fifo(struct pl011 *u)
{
    u->rx = (struct fifo){ 0 };
    memset(u->rx_data, 0, sizeof(u->rx_data));
    memset(u->rx_status, 0, sizeof(u->rx_status));
    u->ris &= ~(uint32_t)(INT_RX | INT_RT);
    restart_timeout(u);
}

/*
 * A character for which there is no room is lost with an overrun; what stands in the FIFO stays.
 * UARTDR.OE goes with the next character that finds room, UARTRSR.OE by a write alone. The
 * receive interrupt comes with the passing of the trigger level, not with standing above it.
 */
static void receive_byte(struct pl011 *u, uint8_t byte, uint8_t status)
{
    if (u->rx.count >= fifo_size(u)) {
        u->overrun = DR_OE;
        u->rsr |= RSR_OE;
        u->ris |= INT_OE;
    } else {
        u->overrun = 0;
        u->rx_status[(u->rx.head + u->rx.count) % PL011_FIFO] = status;
        (void)fifo_push(&u->rx, u->rx_data, PL011_FIFO, byte);
        if (u->rx.count == trigger_level(u))
            u->ris |= INT_RX;
        if (status & RSR_BE)
            u->ris |= INT_BE;
        restart_timeout(u);
    }
    update(u);
}

/* ---- front end of the character backend ---- */
static size_t can_receive(void *arg)
{
    struct pl011 *u = arg;

    return u->cr & CR_LBE ? 0 : fifo_size(u) - MIN(u->rx.count, fifo_size(u));
}

static void receive(void *arg, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        receive_byte(arg, bytes[i], 0);
}

static void event(void *arg, enum char_event what)
{
    struct pl011 *u = arg;

    if (what == CHAR_BREAK && !(u->cr & CR_LBE))
        receive_byte(u, 0, RSR_BE);
}

static const struct char_frontend frontend = {
    .can_receive = can_receive, .receive = receive, .event = event,
};

/* ---- registers ---- */
static uint64_t read_dr(const void *dev, uint32_t index)
{
    const struct pl011 *u = dev;

    (void)index;
    if (u->rx.count == 0)
        return u->overrun;
    return u->overrun | (uint32_t)u->rx_status[u->rx.head] << 8 | u->rx_data[u->rx.head];
}

/* UARTRSR takes the errors of the character read; an overrun stood there since it happened. */
static void after_dr(void *dev, uint32_t index, uint64_t value)
{
    struct pl011 *u = dev;

    (void)index;
    (void)value;
    if (u->rx.count == 0)
        return;
    u->rsr = (u->rsr & RSR_OE) | u->rx_status[u->rx.head];
    (void)fifo_pop(&u->rx, u->rx_data, PL011_FIFO);
    if (u->rx.count < trigger_level(u))
        u->ris &= ~(uint32_t)INT_RX;
    if (u->rx.count == 0)
        u->ris &= ~(uint32_t)INT_RT;
    restart_timeout(u);
    update(u);
}

static void wrote_dr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct pl011 *u = dev;
    uint8_t byte = (uint8_t)now;

    (void)index;
    (void)old;
    if (u->cr & CR_LBE) {
        receive_byte(u, byte, 0);
    } else {
        trace(&u->dev.machine->trace, char_out, device_now(&u->dev), u->index, byte);
        char_write(u->port, &byte, 1);
    }
    u->ris |= INT_TX; /* through the trigger level and down again at once */
    update(u);
}

/* UARTECR: any write clears the errors. */
static void wrote_ecr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct pl011 *u = dev;

    (void)index;
    (void)old;
    (void)now;
    u->rsr = 0;
}

static uint64_t read_fr(const void *dev, uint32_t index)
{
    const struct pl011 *u = dev;

    (void)index;
    return u->modem | FR_TXFE | (u->rx.count == 0 ? FR_RXFE : 0) |
           (u->rx.count >= fifo_size(u) ? FR_RXFF : 0);
}

/*
 * 3.3.5, 3.3.6: the divisors are taken over by a write of UARTLCR_H. Changing FEN empties the
 * FIFOs. A break goes round in loop-back; towards the backend there is none.
 */
static void wrote_lcr_h(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct pl011 *u = dev;

    (void)index;
    u->divisor = u->ibrd << 6 | u->fbrd;
    if ((old ^ now) & LCR_FEN)
        clear_fifo(u);
    if ((now & ~old & LCR_BRK) && (u->cr & CR_LBE))
        receive_byte(u, 0, RSR_BE);
    update(u);
}

/* 3.3.8 UARTCR.LBE: the modem outputs feed the inputs; Out1 serves as DCD, Out2 as RI. */
static uint32_t modem_inputs(const struct pl011 *u)
{
    if (!(u->cr & CR_LBE))
        return FR_CTS | FR_DSR | FR_DCD;
    return (u->cr & CR_RTS ? FR_CTS : 0) | (u->cr & CR_DTR ? FR_DSR : 0) |
           (u->cr & CR_OUT1 ? FR_DCD : 0) | (u->cr & CR_OUT2 ? FR_RI : 0);
}

static void wrote_cr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct pl011 *u = dev;
    uint32_t changed = u->modem ^ modem_inputs(u);

    (void)index;
    (void)old;
    if (now & CR_SIREN)
        unmodelled(&u->dev, "IrDA", "UARTCR %#x: the SIR encoder is not modelled", (unsigned)now);
    u->modem ^= changed;
    u->ris |= (changed & FR_RI ? INT_RI : 0) | (changed & FR_CTS ? INT_CTS : 0) |
              (changed & FR_DCD ? INT_DCD : 0) | (changed & FR_DSR ? INT_DSR : 0);
    update(u);
}

static void wrote_imsc(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index;
    (void)old;
    (void)now;
    update(dev);
}

static uint64_t read_mis(const void *dev, uint32_t index)
{
    const struct pl011 *u = dev;

    (void)index;
    return u->ris & u->imsc;
}

static void wrote_icr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct pl011 *u = dev;

    (void)index;
    (void)old;
    u->ris &= ~(uint32_t)now;
    if (now & INT_RT) /* what is left in the FIFO is told of again */
        restart_timeout(u);
    update(u);
}

static void wrote_dmacr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct pl011 *u = dev;

    (void)index;
    (void)old;
    if (now & 3)
        unmodelled(&u->dev, "DMA", "UARTDMACR %#x: no DMA requests are made", (unsigned)now);
}

static void pl011_reset(void *dev)
{
    struct pl011 *u = dev;

    u->divisor = u->overrun = 0;
    u->modem = modem_inputs(u);
    clear_fifo(u);
    update(u);
}

static void pl011_loaded(void *dev)
{
    struct pl011 *u = dev;

    u->rx.head %= PL011_FIFO; /* a snapshot is not trusted */
    u->rx.count = MIN(u->rx.count, (uint32_t)PL011_FIFO);
    irq_restore(&u->irq, (u->ris & u->imsc) != 0);
}

static const struct state_field pl011_state[] = {
    STATE_TIMER(pl011, timeout), STATE(pl011, rx), STATE(pl011, rsr), STATE(pl011, ilpr),
    STATE(pl011, ibrd), STATE(pl011, fbrd), STATE(pl011, lcr_h), STATE(pl011, cr),
    STATE(pl011, ifls), STATE(pl011, imsc), STATE(pl011, ris), STATE(pl011, dmacr),
    STATE(pl011, divisor), STATE(pl011, modem), STATE(pl011, rx_data), STATE(pl011, rx_status),
    STATE(pl011, overrun), STATE_END
};

#define AT(m) REG_AT(pl011, m)
static const struct reg_desc pl011_regs[] = { /* DDI 0183, table 3-1 */
    PRIMECELL_REG(0x000, "UARTDR",    .rw = 0xff, .read = read_dr, .after_read = after_dr,
                  .wrote = wrote_dr),
    PRIMECELL_REG(0x004, "UARTRSR",   AT(rsr), .wrote = wrote_ecr),
    PRIMECELL_REG(0x018, "UARTFR",    .read = read_fr),
    PRIMECELL_REG(0x020, "UARTILPR",  AT(ilpr),  .rw = 0xff),
    PRIMECELL_REG(0x024, "UARTIBRD",  AT(ibrd),  .rw = 0xffff),
    PRIMECELL_REG(0x028, "UARTFBRD",  AT(fbrd),  .rw = 0x3f),
    PRIMECELL_REG(0x02c, "UARTLCR_H", AT(lcr_h), .rw = 0xff, .wrote = wrote_lcr_h),
    PRIMECELL_REG(0x030, "UARTCR",    AT(cr),    .rw = 0xff87, .reset = 0x300, .wrote = wrote_cr),
    PRIMECELL_REG(0x034, "UARTIFLS",  AT(ifls),  .rw = 0x3f, .reset = 0x12),
    PRIMECELL_REG(0x038, "UARTIMSC",  AT(imsc),  .rw = 0x7ff, .wrote = wrote_imsc),
    PRIMECELL_REG(0x03c, "UARTRIS",   AT(ris)),
    PRIMECELL_REG(0x040, "UARTMIS",   .read = read_mis),
    PRIMECELL_REG(0x044, "UARTICR",   .rw = 0x7ff, .wrote = wrote_icr),
    PRIMECELL_REG(0x048, "UARTDMACR", AT(dmacr), .rw = 0x7, .wrote = wrote_dmacr),
    PRIMECELL_REG(0x080, "UARTTCR",   .count = 4, .rw = 0xffff, .wrote = primecell_wrote_test),
    PRIMECELL_IDS("UART", 0x011, 1),
};

static const struct device_ops pl011_ops = {
    .name = "pl011", .spec = "Arm DDI 0183, r1p1", .size = sizeof(struct pl011),
    .regs = pl011_regs, .n_regs = ARRAY_LEN(pl011_regs), .mmio_size = 0x1000,
    .state = pl011_state, .version = 1, .reset = pl011_reset, .loaded = pl011_loaded,
};

struct pl011 *pl011_create(struct machine *m, const char *id, uint32_t clock_hz,
                           struct char_backend *backend, struct err *e)
{
    if (clock_hz == 0) {
        (void)err_set(e, ERR_ARG, "%s: a UARTCLK of 0 Hz; 1 and more are accepted", id);
        return NULL;
    }
    struct pl011 *u = device_create(m, &pl011_ops, id, e);
    if (!u || device_init_timer(&u->dev, &u->timeout, "uart time-out", timed_out, e) < 0)
        return NULL;
    u->clock = (struct ev_clock){ .hz = clock_hz };
    if (backend && char_attach(backend, id, &frontend, u, &u->port, e) < 0)
        return NULL;
    return u;
}
