/* SPDX-License-Identifier: Apache-2.0 */
/* The options behind the machine's name: QEMU's -machine q35. */
#include "devices/board/machine_options.h"
#include "devices/board/x86_q35_impl.h"

static const char *const irqchip_choices[] = { "on", "off", "split", NULL };

static const struct option_desc table[] = {
    OPT_BOOL(q35_options, "smm", smm),
    OPT_BOOL(q35_options, "hpet", hpet),
    OPT_CHOICE(q35_options, "smbus", smbus, machine_auto_choices),
    OPT_BOOL(q35_options, "pit", pit),
    OPT_CHOICE(q35_options, "kernel-irqchip", irqchip, irqchip_choices),
    OPT_CHOICE(q35_options, "kernel_irqchip", irqchip, irqchip_choices),
    OPT_IGNORED("fd-bootchk"),
    OPT_CHOICE(q35_options, "acpi", acpi, machine_auto_choices),
    MACHINE_OPTIONS,
};

int q35_read_options(struct q35_options *o, const char *text, struct err *e)
{
    *o = (struct q35_options){ .smm = true, .hpet = true, .pit = true, .pic = true, .rtc = true, .serial = true };
    int r = text != NULL ? option_read(table, ARRAY_LEN(table), o, text, NULL, e) : 0;
    return r < 0 ? err_context(e, "machine option") : 0;
}
