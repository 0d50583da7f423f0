/* SPDX-License-Identifier: Apache-2.0 */
/* The options behind the machine's name (QEMU docs/system/loongarch/virt.rst), and how CPUs are numbered. */
#include "core/util/bits.h"
#include "devices/board/loongarch_virt_impl.h"
#include "devices/board/machine_options.h"

struct spelled {
    int acpi, virt_eiointc, dmsi;
    bool usb;
};

static const struct option_desc table[] = {
    OPT_CHOICE(spelled, "acpi", acpi, machine_auto_choices),
    OPT_CHOICE(spelled, "v-eiointc", virt_eiointc, machine_auto_choices),
    OPT_CHOICE(spelled, "dmsi", dmsi, machine_auto_choices),
    OPT_BOOL(spelled, "usb", usb),
    MACHINE_OPTIONS,
};

int la_virt_read_options(struct la_virt_options *o, const char *text, struct err *e)
{
    struct spelled s = { 0 };
    int r = text ? option_read(table, ARRAY_LEN(table), &s, text, NULL, e) : 0;

    if (r == 0 && s.usb)
        r = err_set(e, ERR_UNSUPPORTED, "usb=on: this board has none; off is accepted");
    *o = (struct la_virt_options){ .acpi = s.acpi != MACHINE_OFF, .virt_eiointc = s.virt_eiointc != MACHINE_OFF,
                                   .dmsi = s.dmsi };
    return r < 0 ? err_context(e, "machine option") : 0;
}

/* Bits that numbers from 0 to n - 1 need. */
static unsigned width(uint32_t n)
{
    unsigned bits = 0;

    while (n > 1u << bits)
        bits++;
    return bits;
}

uint32_t la_virt_core_id(const struct board_topology *t, uint32_t index)
{
    uint32_t thread = index % t->threads, core = index / t->threads % t->cores, socket = index / (t->threads * t->cores);

    return thread | core << width(t->threads) | socket << (width(t->threads) + width(t->cores));
}
