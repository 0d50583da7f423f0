/* SPDX-License-Identifier: Apache-2.0 */
#include "irqchip/i8259.h"
#include "core/util/bits.h"

enum { ICW1_IC4 = 0x01, ICW1_SNGL = 0x02, ICW1 = 0x10 };
enum { ICW4_UPM = 0x01, ICW4_AEOI = 0x02, ICW4_BUF = 0x08, ICW4_SFNM = 0x10 };
enum { OCW3 = 0x08, OCW3_RIS = 0x01, OCW3_RR = 0x02, OCW3_P = 0x04, OCW3_SMM = 0x20,
       OCW3_ESMM = 0x40 };
#define OCW2_COMMAND 7, 5
#define OCW2_LEVEL   2, 0
enum { OCW2_ROTATE_AUTO_CLEAR = 0, OCW2_EOI = 1, OCW2_NOP = 2, OCW2_EOI_SPECIFIC = 3,
       OCW2_ROTATE_AUTO_SET = 4, OCW2_ROTATE_EOI = 5, OCW2_SET_PRIORITY = 6,
       OCW2_ROTATE_EOI_SPECIFIC = 7 };
enum { MASTER, SLAVE, CASCADE = 2, SPURIOUS = 7 };
enum { SLAVE_DRIVER = 0 }; /* IRQ2 has no other */

static uint8_t inputs(const struct i8259_chip *c)
{
    uint8_t any = 0;
    for (unsigned i = 0; i < I8259_SOURCES; i++)
        any |= c->input[i];
    return any;
}

/* A level-triggered request is its input; an edge stays as long as that is high. */
static uint8_t irr(const struct i8259_chip *c)
{
    return (uint8_t)((c->edge & ~c->elcr) | (inputs(c) & c->elcr));
}

/* In special mask mode a masked IR in service holds up nobody. */
static uint8_t in_service(const struct i8259_chip *c)
{
    return c->special_mask ? c->isr & (uint8_t)~c->imr : c->isr;
}

/* 231468, "Fully Nested Mode", "Special Fully Nested Mode", "Special Mask Mode". */
int i8259_best_pending(const struct i8259_chip *c, bool master)
{
    uint8_t wanted = irr(c) & (uint8_t)~c->imr, busy = in_service(c);
    bool nested = master && (c->icw4 & ICW4_SFNM);

    for (unsigned i = 1; i <= 8; i++) {
        unsigned n = (c->lowest + i) & 7u, bit = 1u << n;
        if ((wanted & bit) && (!(busy & bit) || (nested && n == CASCADE)))
            return (int)n;
        if (busy & bit)
            return -1;
    }
    return -1;
}

static void set_input(struct i8259_chip *c, unsigned driver, unsigned ir, bool level)
{
    uint8_t bit = (uint8_t)(1u << ir), before = inputs(c);

    c->input[driver] = (uint8_t)(level ? c->input[driver] | bit : c->input[driver] & ~bit);
    if (inputs(c) & ~before & bit)
        c->edge |= bit;
    c->edge &= inputs(c);
}

static void update(struct i8259 *p)
{
    set_input(&p->chip[MASTER], SLAVE_DRIVER, CASCADE,
              i8259_best_pending(&p->chip[SLAVE], false) >= 0);
    irq_set(&p->intr, i8259_best_pending(&p->chip[MASTER], true) >= 0);
}

void i8259_set_level(void *chip, uint32_t number, bool level)
{
    struct i8259 *p = chip;
    uint32_t irq = number % 16, driver = number / 16 % I8259_SOURCES;

    if (irq == CASCADE)
        return;
    set_input(&p->chip[irq / 8], driver, irq % 8, level);
    update(p);
}

/* ---- acknowledge ---- */

/* The IR taken into service; IR7 without a request is taken nowhere. */
static unsigned take(struct i8259 *p, unsigned which)
{
    struct i8259_chip *c = &p->chip[which];
    int best = i8259_best_pending(c, which == MASTER);

    if (which == SLAVE) /* INT falls with INTA: what else waits makes a new edge at the master */
        set_input(&p->chip[MASTER], SLAVE_DRIVER, CASCADE, false);
    if (best < 0)
        return SPURIOUS;
    c->edge &= (uint8_t)~(1u << best);
    if (!(c->icw4 & ICW4_AEOI))
        c->isr |= (uint8_t)(1u << best);
    else if (c->rotate_auto)
        c->lowest = (uint8_t)best;
    return (unsigned)best;
}

uint8_t i8259_acknowledge(struct i8259 *p)
{
    struct i8259_chip *c = &p->chip[MASTER];
    unsigned ir = take(p, MASTER);

    if (ir == CASCADE && !(c->icw1 & ICW1_SNGL)) {
        c = &p->chip[SLAVE];
        ir = take(p, SLAVE);
    }
    update(p);
    return (uint8_t)(c->vector | ir);
}

/* ---- commands ---- */

static void end_of_interrupt(struct i8259_chip *c, int specific, bool rotate)
{
    int level = specific;

    for (unsigned i = 1; i <= 8 && level < 0; i++)
        if (in_service(c) >> ((c->lowest + i) & 7u) & 1)
            level = (int)((c->lowest + i) & 7u);
    if (level < 0)
        return;
    c->isr &= (uint8_t)~(1u << level);
    if (rotate)
        c->lowest = (uint8_t)level;
}

/* 231468, figure "Operation Command Word Format". */
static void write_ocw2(struct i8259_chip *c, uint64_t v)
{
    unsigned level = (unsigned)F_GET(v, OCW2_LEVEL), command = (unsigned)F_GET(v, OCW2_COMMAND);

    switch (command) {
    case OCW2_ROTATE_AUTO_CLEAR:
    case OCW2_ROTATE_AUTO_SET:
        c->rotate_auto = command == OCW2_ROTATE_AUTO_SET;
        break;
    case OCW2_EOI:
    case OCW2_ROTATE_EOI:
        end_of_interrupt(c, -1, command == OCW2_ROTATE_EOI);
        break;
    case OCW2_EOI_SPECIFIC:
    case OCW2_ROTATE_EOI_SPECIFIC:
        end_of_interrupt(c, (int)level, command == OCW2_ROTATE_EOI_SPECIFIC);
        break;
    case OCW2_SET_PRIORITY:
        c->lowest = (uint8_t)level;
        break;
    default:
        break;
    }
}

static void write_ocw3(struct i8259_chip *c, uint64_t v)
{
    if (v & OCW3_ESMM)
        c->special_mask = (v & OCW3_SMM) != 0;
    if (v & OCW3_RR)
        c->read_isr = v & OCW3_RIS;
    c->poll = (v & OCW3_P) != 0;
}

/*
 * ICH9 13.4.2 and 231468, "Initialization Command Words": edges seen so far do not count, and the
 * in-service bits go, without which a warm start would find its interrupts blocked.
 */
static void write_icw1(struct i8259_chip *c, uint64_t v)
{
    c->icw1 = (uint8_t)v;
    c->icw4 = 0;
    c->edge = c->isr = c->imr = c->special_mask = c->read_isr = c->poll = c->rotate_auto = 0;
    c->lowest = 7;
    c->next_icw = 2;
}

static void wrote_even(struct i8259 *p, unsigned which, uint64_t v)
{
    struct i8259_chip *c = &p->chip[which];

    if (v & ICW1)
        write_icw1(c, v);
    else if (v & OCW3)
        write_ocw3(c, v);
    else
        write_ocw2(c, v);
    update(p);
}

static void write_icw4(struct i8259 *p, struct i8259_chip *c, uint64_t v)
{
    if (!(v & ICW4_UPM))
        unmodelled(&p->dev, "ICW4: MCS-80/85 mode", "ICW4 %#x", (unsigned)v);
    if (v & ICW4_BUF)
        unmodelled(&p->dev, "ICW4: buffered mode", "ICW4 %#x", (unsigned)v);
    c->icw4 = v & (ICW4_AEOI | ICW4_SFNM | ICW4_UPM);
}

/* The odd port takes the rest of an initialisation, then the mask. ICW3 is wired: IR2. */
static void wrote_odd(struct i8259 *p, unsigned which, uint64_t v)
{
    struct i8259_chip *c = &p->chip[which];

    switch (c->next_icw) {
    case 2:
        c->vector = v & 0xf8;
        c->next_icw = !(c->icw1 & ICW1_SNGL) ? 3 : c->icw1 & ICW1_IC4 ? 4 : 0;
        break;
    case 3:
        c->next_icw = c->icw1 & ICW1_IC4 ? 4 : 0;
        break;
    case 4:
        write_icw4(p, c, v);
        c->next_icw = 0;
        break;
    default:
        c->imr = (uint8_t)v;
    }
    update(p);
}

/* ---- registers: index 0 is the master's, 1 the slave's ---- */

/* 231468, "Poll Command": bit 7 with a request and its level; the next read is the acknowledge. */
static uint64_t poll_word(const struct i8259_chip *c, bool master)
{
    int best = i8259_best_pending(c, master);
    return best < 0 ? 0 : 0x80u | (unsigned)best;
}

static uint64_t read_even(const void *dev, uint32_t index)
{
    const struct i8259_chip *c = &((const struct i8259 *)dev)->chip[index];
    return c->poll ? poll_word(c, index == MASTER) : c->read_isr ? c->isr : irr(c);
}

static uint64_t read_odd(const void *dev, uint32_t index)
{
    const struct i8259_chip *c = &((const struct i8259 *)dev)->chip[index];
    return c->poll ? poll_word(c, index == MASTER) : c->imr;
}

static void after_read(void *dev, uint32_t index, uint64_t value)
{
    struct i8259 *p = dev;

    if (!p->chip[index].poll)
        return;
    p->chip[index].poll = 0;
    if (value & 0x80)
        (void)take(p, index);
    update(p);
}

static void command(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)old;
    wrote_even(dev, index, now);
}

static void data(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)old;
    wrote_odd(dev, index, now);
}

static void wrote_elcr(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index, (void)old, (void)now;
    update(dev);
}

static void i8259_reset(void *dev)
{
    struct i8259 *p = dev;

    for (unsigned i = 0; i < 2; i++) {
        struct i8259_chip *c = &p->chip[i];
        write_icw1(c, ICW1 | ICW1_IC4);
        c->icw4 = ICW4_UPM;
        c->vector = c->next_icw = 0;
    }
    update(p);
}

static void i8259_loaded(void *dev)
{
    struct i8259 *p = dev;

    for (unsigned i = 0; i < 2; i++) /* a snapshot is not trusted */
        p->chip[i].lowest &= 7;
    irq_restore(&p->intr, i8259_best_pending(&p->chip[MASTER], true) >= 0);
}

static const struct state_field chip_state[] = {
    STATE(i8259_chip, input), STATE(i8259_chip, edge), STATE(i8259_chip, isr),
    STATE(i8259_chip, imr), STATE(i8259_chip, elcr), STATE(i8259_chip, lowest),
    STATE(i8259_chip, vector), STATE(i8259_chip, next_icw), STATE(i8259_chip, icw1),
    STATE(i8259_chip, icw4), STATE(i8259_chip, special_mask), STATE(i8259_chip, poll),
    STATE(i8259_chip, read_isr), STATE(i8259_chip, rotate_auto), STATE_END
};
static const struct state_field i8259_state[] = { STATE_SUBS(i8259, chip, chip_state), STATE_END };

#define ELCR(i)   .stored = true, .at = offsetof(struct i8259, chip[i].elcr), .wrote = wrote_elcr
/* Timer, keyboard and cascade, RTC and coprocessor are edges for ever: ICH9 13.4.9 and 13.4.10. */
static const struct reg_desc i8259_regs[] = {
    REG8(0x020, "ICW1/OCW2/OCW3", .count = 2, .stride = 0x80, .rw = 0xff, .read = read_even,
         .after_read = after_read, .wrote = command),
    REG8(0x021, "ICW2-4/OCW1", .count = 2, .stride = 0x80, .rw = 0xff, .read = read_odd,
         .after_read = after_read, .wrote = data),
    REG8(0x4d0, "ELCR1", ELCR(MASTER), .rw = 0xf8),
    REG8(0x4d1, "ELCR2", ELCR(SLAVE), .rw = 0xde),
};

static const struct device_ops i8259_ops = {
    .name = "i8259", .spec = "Intel 231468-003; ICH9 316972, 13.4", .size = sizeof(struct i8259),
    .regs = i8259_regs, .n_regs = ARRAY_LEN(i8259_regs), .mmio_size = 0x10000,
    .state = i8259_state, .version = 1, .reset = i8259_reset, .loaded = i8259_loaded,
};

struct i8259 *i8259_create(struct machine *m, const char *id, struct err *e)
{
    return device_create(m, &i8259_ops, id, e);
}
