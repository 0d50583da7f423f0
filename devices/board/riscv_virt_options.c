/* SPDX-License-Identifier: Apache-2.0 */
/* The options behind the machine's name: QEMU docs/system/riscv/virt.rst, "Machine-specific options". */
#include "devices/board/riscv_virt_impl.h"
#include "devices/backend/option.h"

static const char *const aia_choices[] = { "none", "aplic", "aplic-imsic", NULL };
static const char *const auto_choices[] = { "auto", "off", "on", NULL };

static const struct option_desc table[] = {
    OPT_BOOL(virt_options, "aclint", aclint),
    OPT_CHOICE(virt_options, "aia", aia, aia_choices),
    OPT_NUMBER(virt_options, "aia-guests", aia_guests),
    OPT_CHOICE(virt_options, "acpi", acpi, auto_choices),
    OPT_CHOICE(virt_options, "iommu-sys", iommu, auto_choices),
    OPT_BOOL(virt_options, "usb", usb),
    OPT_IGNORED("accel"),    /* both are the command line's */
    OPT_IGNORED("dumpdtb"),
    OPT_IGNORED("pflash0"),  /* the flash looks for them itself */
    OPT_IGNORED("pflash1"),
    OPT_IGNORED("graphics"), /* there is no display to leave out */
    OPT_IGNORED("dump-guest-core"),
    OPT_IGNORED("mem-merge"),
    OPT_IGNORED("suppress-vmdesc"),
    OPT_REFUSED("memory-backend", "RAM is the machine's own; give its size with -m"),
    OPT_REFUSED("memory-encryption", "not modelled; leave it out"),
    OPT_REFUSED("confidential-guest-support", "not modelled; leave it out"),
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
    if (o->acpi == 2 || o->iommu == 2 || o->usb)
        return err_set(e, ERR_UNSUPPORTED, "machine option %s=on: this board has none; off is "
                       "accepted", o->acpi == 2 ? "acpi" : o->iommu == 2 ? "iommu-sys" : "usb");
    return 0;
}
