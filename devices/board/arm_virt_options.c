/* SPDX-License-Identifier: Apache-2.0 */
/* The options behind the machine's name: QEMU docs/system/arm/virt.rst, "Machine-specific options". */
#include "devices/board/arm_virt_impl.h"
#include "core/util/bits.h"
#include "devices/board/machine_options.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const gic_choices[] = { "auto", "2", "3", "max", "4", "host", NULL };
static const char *const msi_choices[] = { "auto", "its", "gicv2m", "off", NULL };
static const char *const iommu_choices[] = { "none", "smmuv3", NULL };

struct spelled {
    struct arm_virt_options o;
    char mem64_size[32];
    int iommu, acpi;
    bool ras, usb;
};

static const struct option_desc table[] = {
    OPT_CHOICE(spelled, "gic-version", o.gic, gic_choices),
    OPT_BOOL(spelled, "virtualization", o.virtualization),
    OPT_BOOL(spelled, "secure", o.secure),
    OPT_BOOL(spelled, "highmem", o.highmem),
    OPT_BOOL(spelled, "highmem-ecam", o.highmem_ecam),
    OPT_BOOL(spelled, "highmem-mmio", o.highmem_mmio),
    OPT_BOOL(spelled, "highmem-redists", o.highmem_redists),
    OPT_BOOL(spelled, "compact-highmem", o.compact_highmem),
    OPT_TEXT(spelled, "highmem-mmio-size", mem64_size),
    OPT_BOOL(spelled, "its", o.its),
    OPT_CHOICE(spelled, "msi", o.msi, msi_choices),
    OPT_BOOL(spelled, "dtb-randomness", o.dtb_randomness),
    OPT_BOOL(spelled, "dtb-kaslr-seed", o.dtb_randomness), /* its older name */
    OPT_CHOICE(spelled, "acpi", acpi, machine_auto_choices),
    OPT_CHOICE(spelled, "iommu", iommu, iommu_choices),
    OPT_BOOL(spelled, "mte", o.mte),
    OPT_BOOL(spelled, "ras", ras),
    OPT_BOOL(spelled, "usb", usb),
    OPT_IGNORED("default-bus-bypass-iommu"), /* there is no IOMMU to go around */
    MACHINE_OPTIONS,
};

/* A power of two of at least the default: QEMU's rule. */
static int read_mem64_size(struct spelled *s, struct err *e)
{
    uint64_t least = arm_virt_map[ARM_VIRT_PCI_MEM64].size;
    char *end = s->mem64_size;

    s->o.pci_mem64_size = least;
    if (s->mem64_size[0] == 0)
        return 0;
    uint64_t n = strtoull(s->mem64_size, &end, 0);
    static const char units[] = "BKMGTP";
    const char *unit = *end ? strchr(units, *end >= 'a' ? *end - 'a' + 'A' : *end) : units;
    unsigned shift = unit ? 10 * (unsigned)(unit - units) : 0;
    if (!unit || (*end && end[1]) || n == 0 || n > UINT64_MAX >> shift)
        return err_set(e, ERR_ARG, "highmem-mmio-size=%s is no size; such as 512G is expected",
                       s->mem64_size);
    n <<= shift;
    if ((n & (n - 1)) != 0 || n < least || n > 1ull << 51)
        return err_set(e, ERR_ARG, "highmem-mmio-size=%s: a power of two from %" PRIu64 "G on is "
                       "accepted", s->mem64_size, least >> 30);
    s->o.pci_mem64_size = n;
    return 0;
}

static int choose_gic(struct arm_virt_options *o, uint32_t cpus, struct err *e)
{
    const char *asked = gic_choices[o->gic];

    if (strcmp(asked, "host") == 0)
        return err_set(e, ERR_UNSUPPORTED, "gic-version=host: the interrupt controller is "
                       "emulated; 2, 3 and max are accepted");
    if (strcmp(asked, "4") == 0)
        return err_set(e, ERR_UNSUPPORTED, "gic-version=4: virtual LPIs are not modelled; 2, 3 and "
                       "max are accepted");
    if (o->gic == ARM_GIC_AUTO)
        o->gic = cpus <= ARM_VIRT_GICV2_CPUS ? ARM_GIC_2 : ARM_GIC_3;
    if (o->gic == ARM_GIC_MAX)
        o->gic = ARM_GIC_3;
    if (o->gic == ARM_GIC_2 && cpus > ARM_VIRT_GICV2_CPUS)
        return err_set(e, ERR_LIMIT, "%u CPUs: a GICv2 serves %d; give gic-version=3", cpus,
                       ARM_VIRT_GICV2_CPUS);
    return 0;
}

static int choose_msi(struct arm_virt_options *o, struct err *e)
{
    if (o->gic == ARM_GIC_2 && o->msi == ARM_MSI_ITS)
        return err_set(e, ERR_ARG, "msi=its: a GICv2 has no ITS; give gic-version=3 or msi=gicv2m");
    if (o->msi == ARM_MSI_AUTO)
        o->msi = o->gic == ARM_GIC_2 ? ARM_MSI_V2M : o->its ? ARM_MSI_ITS : ARM_MSI_OFF;
    o->its = o->msi == ARM_MSI_ITS;
    return 0;
}

int arm_virt_read_options(struct arm_virt_options *o, const char *text, uint32_t cpus,
                          struct err *e)
{
    struct spelled s = {
        .o = { .highmem = true, .highmem_ecam = true, .highmem_mmio = true, .highmem_redists = true,
               .compact_highmem = true, .its = true, .dtb_randomness = true },
    };
    int r = text ? option_read(table, ARRAY_LEN(table), &s, text, NULL, e) : 0;

    if (r == 0 && s.iommu != 0)
        r = err_set(e, ERR_UNSUPPORTED, "iommu=%s: this board has none; iommu=none is accepted",
                    iommu_choices[s.iommu]);
    if (r == 0 && (s.ras || s.usb))
        r = err_set(e, ERR_UNSUPPORTED, "%s=on: this board has none; off is accepted",
                    s.ras ? "ras" : "usb");
    if (r == 0)
        r = read_mem64_size(&s, e);
    if (r == 0)
        r = choose_gic(&s.o, cpus, e);
    if (r == 0)
        r = choose_msi(&s.o, e);
    if (!s.o.highmem)
        s.o.highmem_ecam = s.o.highmem_mmio = s.o.highmem_redists = false;
    s.o.acpi = s.acpi != MACHINE_OFF;
    *o = s.o;
    return r < 0 ? err_context(e, "machine option") : 0;
}
