/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/htif.h"
#include "core/util/bits.h"

#define OVER_RAM 10 /* priority of the region */

static void command(struct htif *h, uint64_t value)
{
    uint64_t device = value >> 56, what = value >> 48 & 0xff, payload = value & F_MASK(47, 0);
    uint8_t byte = (uint8_t)payload;

    if (value == 0)
        return;
    if (device == 0 && what == 0 && (payload & 1))
        machine_stop(h->dev.machine, MACHINE_POWEROFF, (int)(payload >> 1));
    else if (device == 1 && what == 1)
        char_write(h->port, &byte, 1);
    else
        unmodelled(&h->dev, "HTIF command", "command %#llx (device %llu): exit and console output "
                   "are modelled", (unsigned long long)value, (unsigned long long)device);
}

static void store_half(struct htif *h, bool upper, uint64_t value)
{
    if (upper) {
        h->high = value << 32;
        return;
    }
    command(h, h->high | value);
    h->high = 0;
}

/* An 8-byte store arrives as one write of the whole: both halves at once. */
static enum mem_result read_word(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                 const struct mem_attrs *attrs)
{
    (void)arg;
    (void)offset;
    (void)size;
    (void)attrs;
    *value = 0;
    return MEM_OK;
}

static enum mem_result write_word(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                  const struct mem_attrs *attrs)
{
    struct htif *h = arg;

    (void)attrs;
    if (size == 8) {
        command(h, value);
        h->high = 0;
    } else if (size == 4) {
        store_half(h, offset == 4, value);
    } else {
        guest_error(&h->dev, "HTIF access size", "store of %u bytes; 4 and 8 are taken", size);
    }
    return MEM_OK;
}

static const struct mmio_ops word_ops = { .read = read_word, .write = write_word,
                                          .sizes = 1 | 2 | 4 | 8 };

static const struct state_field state[] = { STATE(htif, high), STATE_END };
static void reset(void *dev)
{
    ((struct htif *)dev)->high = 0;
}
static const struct device_ops ops = {
    .name = "htif", .spec = "riscv-test-env; Spike fesvr/htif.h", .size = sizeof(struct htif),
    .state = state, .version = 1, .reset = reset,
};

struct htif *htif_create(struct machine *m, const char *id, pa_t tohost,
                         struct char_port *port, struct err *e)
{
    struct htif *h;

    if (tohost % 8) {
        (void)err_set(e, ERR_ARG, "tohost at %#llx is not a multiple of 8", (unsigned long long)tohost);
        return NULL;
    }
    h = device_create(m, &ops, id, e);
    if (!h || mem_add_mmio(m->memory, id, tohost, 8, OVER_RAM, &word_ops, h, &h->word, e) < 0)
        return NULL;
    h->port = port;
    return h;
}

void htif_enable(struct htif *h, bool on)
{
    mem_enable_region(h->dev.machine->memory, h->word, on);
}
