/* SPDX-License-Identifier: Apache-2.0 */
/* The options behind the machine's name: QEMU docs/system/riscv/virt.rst, "Machine-specific options". */
#include "devices/board/riscv_virt_impl.h"
#include "devices/board/machine_options.h"

static const char *const aia_choices[] = { "none", "aplic", "aplic-imsic", NULL };

static const struct option_desc table[] = {
    OPT_BOOL(virt_options, "aclint", aclint),
    OPT_CHOICE(virt_options, "aia", aia, aia_choices),
    OPT_NUMBER(virt_options, "aia-guests", aia_guests),
    OPT_CHOICE(virt_options, "acpi", acpi, machine_auto_choices),
    OPT_CHOICE(virt_options, "iommu-sys", iommu, machine_auto_choices),
    OPT_BOOL(virt_options, "usb", usb),
    MACHINE_OPTIONS,
};

int virt_read_options(struct virt_options *o, const char *text, struct err *e)
{
    *o = (struct virt_options){ 0 };
    int r = text ? option_read(table, ARRAY_LEN(table), o, text, NULL, e) : 0;

    if (r < 0)
        return err_context(e, "machine option");
    if (o->aia != 0)
        return err_set(e, ERR_UNSUPPORTED, "machine option aia=%s: this board has a PLIC; aia=none "
                       "is accepted", aia_choices[o->aia]);
    if (o->aia_guests != 0)
        return err_set(e, ERR_UNSUPPORTED, "machine option aia-guests=%d: this board has a PLIC; 0 "
                       "is accepted", o->aia_guests);
    const char *absent = o->acpi == MACHINE_ON    ? "acpi"
                         : o->iommu == MACHINE_ON ? "iommu-sys"
                                                  : "usb";
    if (o->acpi == MACHINE_ON || o->iommu == MACHINE_ON || o->usb)
        return err_set(e, ERR_UNSUPPORTED,
                       "machine option %s=on: this board has none; off is accepted", absent);
    return 0;
}
