/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/i8042.h"
#include "core/util/bits.h"

enum { STATUS_OBF = 0x01, STATUS_SYS = 0x04, STATUS_CMD = 0x08, STATUS_UNLOCKED = 0x10,
       STATUS_AUX = 0x20 };
enum { BYTE_KBD_INT = 0x01, BYTE_AUX_INT = 0x02, BYTE_SYS = 0x04, BYTE_KBD_OFF = 0x10,
       BYTE_AUX_OFF = 0x20, BYTE_TRANSLATE = 0x40 };
enum { PORT_RUN = 0x01, PORT_A20 = 0x02, PORT_ONES = 0xcc, PORT_KBD = 0x10, PORT_AUX = 0x20 };
/* "Commands", by their numbers. */
enum { READ_RAM = 0x20, WRITE_RAM = 0x60, DISABLE_AUX = 0xa7, ENABLE_AUX = 0xa8, TEST_AUX = 0xa9,
       SELF_TEST = 0xaa, TEST_KBD = 0xab, DISABLE_KBD = 0xad, ENABLE_KBD = 0xae, READ_INPUT = 0xc0,
       READ_OUTPUT = 0xd0, WRITE_OUTPUT = 0xd1, WRITE_KBD_BUFFER = 0xd2, WRITE_AUX_BUFFER = 0xd3,
       WRITE_AUX = 0xd4, A20_OFF = 0xdd, A20_ON = 0xdf, PULSE = 0xf0 };
enum { SELF_TEST_OK = 0x55, INPUT_PORT = 0x80, BREAK = 0xf0 };
enum filler { EMPTY, FROM_KBD, FROM_AUX, FROM_SELF };

static bool is_aux(const struct i8042 *c)
{
    return c->full == FROM_AUX;
}

static void drive(struct i8042 *c, void (*set)(struct irq_line *l, bool level))
{
    set(&c->irq1, c->full != EMPTY && !is_aux(c) && (c->ram[0] & BYTE_KBD_INT));
    set(&c->irq12, is_aux(c) && (c->ram[0] & BYTE_AUX_INT));
    set(&c->a20, c->output_port & PORT_A20);
    set(&c->reset, !(c->output_port & PORT_RUN));
}

/* "Scan Code Translation": a break is one code with bit 7, so its prefix goes. */
static bool fill_from_keyboard(struct i8042 *c)
{
    while (ps2_has_data(&c->keyboard.line)) {
        bool reply = c->keyboard.line.replies.count;
        uint8_t byte = ps2_take(&c->keyboard.line);
        if (!(c->ram[0] & BYTE_TRANSLATE)) {
            c->buffer = byte;
            return true;
        }
        if (byte == BREAK && !reply) {
            c->translating_break = 1;
            continue;
        }
        c->buffer = ps2_translate(byte);
        if (c->translating_break && !reply) {
            c->buffer |= 0x80;
            c->translating_break = 0;
        }
        return true;
    }
    return false;
}

/* Something for an empty buffer; then the lines. */
static void update(struct i8042 *c)
{
    if (c->full == EMPTY && c->own_count) {
        c->buffer = c->own[0];
        c->full = c->own_aux & 1 ? FROM_AUX : FROM_SELF;
        c->own[0] = c->own[1];
        c->own_aux >>= 1;
        c->own_count--;
    }
    if (c->full == EMPTY && !(c->ram[0] & BYTE_KBD_OFF) && fill_from_keyboard(c))
        c->full = FROM_KBD;
    if (c->full == EMPTY && !(c->ram[0] & BYTE_AUX_OFF) && ps2_has_data(&c->mouse.line)) {
        c->buffer = ps2_take(&c->mouse.line);
        c->full = FROM_AUX;
        ps2_mouse_continue(&c->mouse);
    }
    drive(c, irq_set);
}

static void answer(struct i8042 *c, uint8_t byte, bool aux)
{
    unsigned at = MIN(c->own_count, 1u); /* software that does not read loses the one before */

    c->own[at] = byte;
    c->own_aux = (uint8_t)((c->own_aux & ~(1u << at)) | (unsigned)aux << at);
    c->own_count = (uint8_t)(at + 1);
}

/* ---- the user ---- */

static void key(void *arg, uint16_t code, bool down)
{
    struct i8042 *c = arg;

    ps2_keyboard_key(&c->keyboard, code, down);
    update(c);
}

static void move(void *arg, int dx, int dy, int wheel, uint8_t buttons)
{
    struct i8042 *c = arg;

    ps2_mouse_move(&c->mouse, dx, dy, wheel, buttons);
    update(c);
}

static const struct hid_frontend frontend = { .key = key, .move = move };

/* ---- registers ---- */

static uint64_t read_buffer(const void *dev, uint32_t index)
{
    (void)index;
    return ((const struct i8042 *)dev)->buffer;
}

/* The line falls before the next byte raises it: an edge for each. */
static void after_buffer(void *dev, uint32_t index, uint64_t value)
{
    struct i8042 *c = dev;

    (void)index, (void)value;
    c->full = EMPTY;
    drive(c, irq_set);
    update(c);
}

static uint64_t read_status(const void *dev, uint32_t index)
{
    const struct i8042 *c = dev;

    (void)index;
    return STATUS_UNLOCKED | (c->full ? STATUS_OBF : 0u) | (is_aux(c) ? STATUS_AUX : 0u) |
           (c->self_tested ? STATUS_SYS : 0u) | (c->last_was_command ? STATUS_CMD : 0u);
}

static uint8_t output_port(const struct i8042 *c)
{
    uint8_t obf = c->full == EMPTY ? 0 : is_aux(c) ? PORT_AUX : PORT_KBD;
    return c->output_port | obf;
}

static void write_output(struct i8042 *c, uint8_t v)
{
    c->output_port = (v & (PORT_RUN | PORT_A20)) | PORT_ONES;
}

static void pulse(struct i8042 *c, uint8_t low)
{
    uint8_t before = c->output_port;

    c->output_port &= (uint8_t)~(low & (PORT_RUN | PORT_A20));
    drive(c, irq_set);
    c->output_port = before | PORT_RUN;
}

static void write_ram(struct i8042 *c, unsigned at, uint8_t v)
{
    c->ram[at] = v;
    if (at == 0)
        c->self_tested = (v & BYTE_SYS) != 0;
}

static void command(struct i8042 *c, uint8_t v)
{
    switch (v) {
    case DISABLE_AUX:
    case ENABLE_AUX:
        c->ram[0] = (uint8_t)((c->ram[0] & ~BYTE_AUX_OFF) | (v == DISABLE_AUX ? BYTE_AUX_OFF : 0));
        break;
    case DISABLE_KBD:
    case ENABLE_KBD:
        c->ram[0] = (uint8_t)((c->ram[0] & ~BYTE_KBD_OFF) | (v == DISABLE_KBD ? BYTE_KBD_OFF : 0));
        break;
    case TEST_AUX:
    case TEST_KBD:
        answer(c, 0, false);
        break;
    case SELF_TEST:
        c->self_tested = 1;
        answer(c, SELF_TEST_OK, false);
        break;
    case READ_INPUT:
        answer(c, INPUT_PORT, false);
        break;
    case READ_OUTPUT:
        answer(c, output_port(c), false);
        break;
    case WRITE_OUTPUT:
    case WRITE_KBD_BUFFER:
    case WRITE_AUX_BUFFER:
    case WRITE_AUX:
        c->command = v;
        break;
    case A20_OFF:
    case A20_ON:
        write_output(c, (uint8_t)((c->output_port & ~PORT_A20) | (v == A20_ON ? PORT_A20 : 0)));
        break;
    default:
        if (v >= PULSE)
            pulse(c, ~v & 0x0f);
        else if ((v & 0xe0) == READ_RAM)
            answer(c, c->ram[v & 0x1f], false);
        else if ((v & 0xe0) == WRITE_RAM)
            c->command = v;
        else
            unmodelled(&c->dev, "8042 command", "command %#x", v);
    }
}

static void wrote_command(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct i8042 *c = dev;

    (void)index, (void)old;
    c->last_was_command = 1;
    c->command = 0;
    command(c, (uint8_t)now);
    update(c);
}

/* What no command awaits is the keyboard's, and switches its line on. */
static void wrote_data(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct i8042 *c = dev;
    uint8_t v = (uint8_t)now, awaited = c->command;

    (void)index, (void)old;
    c->last_was_command = c->command = 0;
    if ((awaited & 0xe0) == WRITE_RAM) {
        write_ram(c, awaited & 0x1f, v);
    } else if (awaited == WRITE_OUTPUT) {
        write_output(c, v);
    } else if (awaited == WRITE_KBD_BUFFER || awaited == WRITE_AUX_BUFFER) {
        answer(c, v, awaited == WRITE_AUX_BUFFER);
    } else if (awaited == WRITE_AUX) {
        c->ram[0] &= (uint8_t)~BYTE_AUX_OFF;
        ps2_mouse_write(&c->mouse, v);
    } else {
        c->ram[0] &= (uint8_t)~BYTE_KBD_OFF;
        c->translating_break = 0;
        ps2_keyboard_write(&c->keyboard, v);
    }
    update(c);
}

static void i8042_reset(void *dev)
{
    struct i8042 *c = dev;

    ps2_keyboard_reset(&c->keyboard);
    ps2_mouse_reset(&c->mouse);
    for (unsigned i = 0; i < ARRAY_LEN(c->keyboard.down); i++)
        c->keyboard.down[i] = 0;
    for (unsigned i = 0; i < ARRAY_LEN(c->ram); i++)
        c->ram[i] = 0;
    c->ram[0] = BYTE_KBD_INT | BYTE_AUX_INT;
    c->output_port = PORT_ONES | PORT_A20 | PORT_RUN;
    c->full = EMPTY;
    c->buffer = c->own[0] = c->own[1] = c->own_count = c->own_aux = c->command = 0;
    c->self_tested = c->translating_break = 0;
    c->last_was_command = 1;
    update(c);
}

static void i8042_loaded(void *dev)
{
    struct i8042 *c = dev;

    ps2_keyboard_loaded(&c->keyboard);
    ps2_mouse_loaded(&c->mouse);
    c->own_count = MIN(c->own_count, 2u); /* a snapshot is not trusted */
    drive(c, irq_restore);
}

static const struct state_field i8042_state[] = {
    STATE_SUB(i8042, keyboard, ps2_keyboard_state), STATE_SUB(i8042, mouse, ps2_mouse_state),
    STATE(i8042, ram), STATE(i8042, output_port), STATE(i8042, buffer), STATE(i8042, full),
    STATE(i8042, own), STATE(i8042, own_count), STATE(i8042, own_aux), STATE(i8042, command),
    STATE(i8042, self_tested), STATE(i8042, last_was_command), STATE(i8042, translating_break),
    STATE_END
};

static const struct reg_desc i8042_regs[] = {
    REG8(0x60, "data", .rw = 0xff, .read = read_buffer, .after_read = after_buffer,
         .wrote = wrote_data),
    REG8(0x64, "status/command", .rw = 0xff, .read = read_status, .wrote = wrote_command),
};

static const struct device_ops i8042_ops = {
    .name = "i8042", .spec = "IBM PS/2 Hardware Interface Technical Reference",
    .size = sizeof(struct i8042), .regs = i8042_regs, .n_regs = ARRAY_LEN(i8042_regs),
    .mmio_size = 0x10000, .state = i8042_state, .version = 1, .reset = i8042_reset,
    .loaded = i8042_loaded,
};

struct i8042 *i8042_create(struct machine *m, const char *id, struct hid *hid, struct err *e)
{
    struct i8042 *c = device_create(m, &i8042_ops, id, e);

    if (!c || (hid && hid_attach(hid, &frontend, c, e) < 0))
        return NULL;
    return c;
}
