/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/ns16550.h"
#include "core/util/bits.h"
#include <string.h>

enum { IER_RX = 1, IER_THRE = 2, IER_LINE = 4, IER_MODEM = 8 };
enum { FCR_ENABLE = 1, FCR_CLEAR_RX = 2 };
enum { LCR_WLS = 0x03, LCR_STB = 0x04, LCR_PEN = 0x08, LCR_DLAB = 0x80 };
enum { LSR_DR = 0x01, LSR_OE = 0x02, LSR_BI = 0x10, LSR_THRE = 0x20, LSR_TEMT = 0x40,
       LSR_FIFO_ERROR = 0x80, LSR_ERRORS = 0x1e };
enum { MCR_LOOP = 0x10 };
enum { MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80 };

/* Data sheet, table "Interrupt Control Functions": highest priority first. */
enum { IIR_NONE = 1, IIR_LINE = 6, IIR_RX = 4, IIR_TIMEOUT = 12, IIR_THRE = 2, IIR_MODEM = 0 };

static uint32_t fifo_size(const struct ns16550 *u)
{
    return u->fcr & FCR_ENABLE ? 16 : 1;
}

static uint32_t trigger_level(const struct ns16550 *u)
{
    static const uint8_t levels[] = { 1, 4, 8, 14 };

    return u->fcr & FCR_ENABLE ? levels[u->fcr >> 6] : 1;
}

/*
 * Data sheet, "Line Status Register": a break stands in the FIFO with its character, comes into
 * LSR when that is the oldest, and stays there until LSR is read. Bit 7 looks into the FIFO.
 */
static void reveal_oldest(struct ns16550 *u)
{
    if (u->rx.count == 0)
        return;
    u->lsr |= u->rx_status[u->rx.head];
    u->rx_status[u->rx.head] = 0;
}

static uint8_t line_status(const struct ns16550 *u)
{
    uint8_t lsr = u->lsr | LSR_THRE | LSR_TEMT | (u->rx.count ? LSR_DR : 0);
    bool error = u->lsr & LSR_BI;

    for (uint32_t i = 0; i < u->rx.count; i++)
        error |= u->rx_status[(u->rx.head + i) % 16] != 0;
    return lsr | (error && (u->fcr & FCR_ENABLE) ? LSR_FIFO_ERROR : 0);
}

static uint8_t pending(const struct ns16550 *u)
{
    if ((u->ier & IER_LINE) && (line_status(u) & LSR_ERRORS))
        return IIR_LINE;
    if ((u->ier & IER_RX) && u->rx.count >= trigger_level(u))
        return IIR_RX;
    if ((u->ier & IER_RX) && u->timeout_pending)
        return IIR_TIMEOUT;
    if ((u->ier & IER_THRE) && u->thre_pending)
        return IIR_THRE;
    if ((u->ier & IER_MODEM) && (u->msr & 0x0f))
        return IIR_MODEM;
    return IIR_NONE;
}

static void update(struct ns16550 *u)
{
    irq_set(&u->irq, pending(u) != IIR_NONE);
}

/*
 * Data sheet, "FIFO Interrupt Mode Operation": four character times after the last one came or
 * was read. A character is its start bit, LCR's word, parity and stop bits, of 16 clocks of the
 * divided input each. Counted in half bits for the stop bit and a half of 5-bit words.
 */
static void restart_timeout(struct ns16550 *u)
{
    uint32_t word = 5 + (u->lcr & LCR_WLS), stop = !(u->lcr & LCR_STB) ? 2 : word == 5 ? 3 : 4;
    uint64_t halves = 2 * (1 + word + (u->lcr & LCR_PEN ? 1 : 0)) + stop;
    uint64_t clocks = 4 * halves * 8 * MAX(u->divisor, 1u);

    u->timeout_pending = 0;
    if (!(u->fcr & FCR_ENABLE) || u->rx.count == 0)
        ev_cancel(&u->timeout);
    else
        ev_arm(&u->timeout, device_now(&u->dev) + ev_tick_time(u->clock, clocks));
}

static void timed_out(void *arg, ps_t when)
{
    struct ns16550 *u = arg;

    (void)when;
    u->timeout_pending = u->rx.count != 0;
    update(u);
}

static void clear_fifo(struct ns16550 *u)
{
    u->rx = (struct fifo){ 0 };
    memset(u->rx_status, 0, sizeof(u->rx_status));
    restart_timeout(u);
}

/* One too many: it is lost from a full FIFO, but without FIFO it destroys the one before. */
static void receive_byte(struct ns16550 *u, uint8_t byte, uint8_t status)
{
    if (u->rx.count >= fifo_size(u)) {
        u->lsr |= LSR_OE;
        if (!(u->fcr & FCR_ENABLE)) {
            u->rx_data[u->rx.head] = byte;
            u->rx_status[u->rx.head] = status;
            reveal_oldest(u);
        }
    } else {
        u->rx_status[(u->rx.head + u->rx.count) % 16] = status;
        (void)fifo_push(&u->rx, u->rx_data, 16, byte);
        if (u->rx.count == 1)
            reveal_oldest(u);
        if (!u->timeout_pending) /* a time-out reported stays until the CPU reads */
            restart_timeout(u);
    }
    update(u);
}

/* ---- front end of the character backend ---- */
static size_t can_receive(void *arg)
{
    struct ns16550 *u = arg;

    return u->mcr & MCR_LOOP ? 0 : fifo_size(u) - MIN(u->rx.count, fifo_size(u));
}

static void receive(void *arg, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        receive_byte(arg, bytes[i], 0);
}

/* In loop-back the receiver's input is disconnected. */
static void event(void *arg, enum char_event what)
{
    if (what == CHAR_BREAK && !(((struct ns16550 *)arg)->mcr & MCR_LOOP))
        receive_byte(arg, 0, LSR_BI);
}

static const struct char_frontend frontend = {
    .can_receive = can_receive, .receive = receive, .event = event,
};

/* ---- registers ---- */
static uint64_t read_rbr(const void *dev, uint32_t index)
{
    const struct ns16550 *u = dev;

    (void)index;
    if (u->lcr & LCR_DLAB)
        return u->divisor & 0xff;
    return u->rx.count ? u->rx_data[u->rx.head] : 0;
}

static void after_rbr(void *dev, uint32_t index, uint64_t value)
{
    struct ns16550 *u = dev;

    (void)index;
    (void)value;
    if ((u->lcr & LCR_DLAB) || u->rx.count == 0)
        return;
    (void)fifo_pop(&u->rx, u->rx_data, 16);
    reveal_oldest(u);
    restart_timeout(u);
    update(u);
}

static void wrote_thr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct ns16550 *u = dev;
    uint8_t byte = (uint8_t)now;

    (void)index;
    (void)old;
    if (u->lcr & LCR_DLAB) {
        u->divisor = (u->divisor & 0xff00) | byte;
        return;
    }
    if (u->mcr & MCR_LOOP) {
        receive_byte(u, byte, 0);
    } else {
        trace(&u->dev.machine->trace, char_out, device_now(&u->dev), u->index, byte);
        char_write(u->port, &byte, 1);
    }
    u->thre_pending = 1; /* written, and empty again at once */
    update(u);
}

static uint64_t read_ier(const void *dev, uint32_t index)
{
    const struct ns16550 *u = dev;

    (void)index;
    return u->lcr & LCR_DLAB ? u->divisor >> 8 : u->ier;
}

static void wrote_ier(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct ns16550 *u = dev;

    (void)index;
    (void)old;
    if (u->lcr & LCR_DLAB) {
        u->divisor = (u->divisor & 0xff) | ((uint32_t)now & 0xff) << 8;
        return;
    }
    /* Enabling THRE while the holding register is empty raises it: drivers rely on it. */
    if (!(u->ier & IER_THRE) && (now & IER_THRE))
        u->thre_pending = 1;
    u->ier = now & 0x0f;
    update(u);
}

static uint64_t read_iir(const void *dev, uint32_t index)
{
    const struct ns16550 *u = dev;

    (void)index;
    return pending(u) | (u->fcr & FCR_ENABLE ? 0xc0 : 0);
}

static void after_iir(void *dev, uint32_t index, uint64_t value)
{
    struct ns16550 *u = dev;

    (void)index;
    if ((value & 0x0f) == IIR_THRE)
        u->thre_pending = 0;
    update(u);
}

static void wrote_fcr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct ns16550 *u = dev;

    (void)index;
    (void)old;
    /*
     * Changing bit 0 clears the FIFOs; without it the other bits are not programmed. The transmit
     * FIFO is always empty, and OE goes when LSR is read only.
     */
    bool clear = ((u->fcr ^ now) & FCR_ENABLE) || (now & (FCR_ENABLE | FCR_CLEAR_RX)) == 3;
    u->fcr = now & FCR_ENABLE ? now & 0xc9 : 0;
    if (clear)
        clear_fifo(u);
    update(u);
}

static uint64_t read_lsr(const void *dev, uint32_t index)
{
    (void)index;
    return line_status(dev);
}

static void after_lsr(void *dev, uint32_t index, uint64_t value)
{
    struct ns16550 *u = dev;

    (void)index;
    (void)value;
    u->lsr &= (uint8_t)~LSR_ERRORS;
    update(u);
}

/* In loop-back the modem outputs feed the inputs (data sheet, MCR bit 4). */
static uint8_t modem_inputs(const struct ns16550 *u)
{
    if (!(u->mcr & MCR_LOOP))
        return MSR_CTS | MSR_DSR | MSR_DCD;
    return (uint8_t)((u->mcr & 2 ? MSR_CTS : 0) | (u->mcr & 1 ? MSR_DSR : 0) |
                     (u->mcr & 4 ? MSR_RI : 0) | (u->mcr & 8 ? MSR_DCD : 0));
}

static void modem_changed(struct ns16550 *u)
{
    uint8_t was = u->msr & 0xf0, is = modem_inputs(u), delta = (uint8_t)((was ^ is) >> 4);

    if (!(was & MSR_RI) || (is & MSR_RI)) /* TERI: only the trailing edge of RI counts */
        delta &= (uint8_t)~4;
    u->msr = (uint8_t)(is | (u->msr & 0x0f) | delta);
    update(u);
}

static void wrote_mcr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index;
    (void)old;
    (void)now;
    modem_changed(dev);
}

static void after_msr(void *dev, uint32_t index, uint64_t value)
{
    struct ns16550 *u = dev;

    (void)index;
    (void)value;
    u->msr &= 0xf0;
    update(u);
}

static void ns16550_reset(void *dev)
{
    struct ns16550 *u = dev;

    u->ier = u->fcr = u->lsr = u->thre_pending = 0;
    u->divisor = 12; /* the data sheet leaves the latches alone; firmware that sets none finds this */
    u->msr = MSR_CTS | MSR_DSR | MSR_DCD;
    clear_fifo(u);
    update(u);
}

static void ns16550_loaded(void *dev)
{
    struct ns16550 *u = dev;

    u->rx.head %= 16; /* a snapshot is not trusted */
    u->rx.count = MIN(u->rx.count, 16u);
    irq_restore(&u->irq, pending(u) != IIR_NONE);
}

static const struct state_field ns16550_state[] = {
    STATE_TIMER(ns16550, timeout), STATE(ns16550, rx), STATE(ns16550, divisor),
    STATE(ns16550, rx_data), STATE(ns16550, rx_status), STATE(ns16550, ier), STATE(ns16550, fcr),
    STATE(ns16550, lcr), STATE(ns16550, mcr), STATE(ns16550, lsr), STATE(ns16550, msr),
    STATE(ns16550, scr), STATE(ns16550, thre_pending), STATE(ns16550, timeout_pending), STATE_END
};

#define AT(m) REG_AT(ns16550, m)
static const struct reg_desc ns16550_regs[] = {
    REG8(0, "RBR/THR/DLL", .rw = 0xff, .read = read_rbr, .after_read = after_rbr, .wrote = wrote_thr),
    REG8(1, "IER/DLM", .rw = 0xff, .read = read_ier, .wrote = wrote_ier),
    REG8(2, "IIR/FCR", .rw = 0xff, .read = read_iir, .after_read = after_iir, .wrote = wrote_fcr),
    REG8(3, "LCR", AT(lcr), .rw = 0xff),
    REG8(4, "MCR", AT(mcr), .rw = 0x1f, .wrote = wrote_mcr),
    REG8(5, "LSR", .read = read_lsr, .after_read = after_lsr),
    REG8(6, "MSR", AT(msr), .after_read = after_msr),
    REG8(7, "SCR", AT(scr), .rw = 0xff),
};

static const struct device_ops ns16550_ops = {
    .name = "ns16550", .spec = "National Semiconductor PC16550D", .size = sizeof(struct ns16550),
    .regs = ns16550_regs, .n_regs = ARRAY_LEN(ns16550_regs), .mmio_size = 0x100,
    .state = ns16550_state, .version = 1, .reset = ns16550_reset, .loaded = ns16550_loaded,
};

struct ns16550 *ns16550_create(struct machine *m, const char *id, uint32_t clock_hz,
                               struct char_backend *backend, struct err *e)
{
    if (clock_hz == 0) {
        (void)err_set(e, ERR_ARG, "%s: an input clock of 0 Hz; 1 and more are accepted", id);
        return NULL;
    }
    struct ns16550 *u = device_create(m, &ns16550_ops, id, e);
    if (!u || device_init_timer(&u->dev, &u->timeout, "uart time-out", timed_out, e) < 0)
        return NULL;
    u->clock = (struct ev_clock){ .hz = clock_hz };
    if (backend && char_attach(backend, id, &frontend, u, &u->port, e) < 0)
        return NULL;
    return u;
}
