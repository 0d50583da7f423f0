/* SPDX-License-Identifier: Apache-2.0 */
/*
 * -device intel-iommu: the remapping unit of `x86-q35`, in the path of every function's DMA and messages and of
 * those of the I/O APIC. Options and defaults are QEMU's; it is made before any function that it serves.
 */
#include "devices/board/acpi.h"
#include "devices/board/machine_options.h"
#include "devices/board/x86_q35_impl.h"
#include "devices/q35_mch.h"
#include "iommu/vtd.h"
#include "irqchip/lapic.h"
#include <string.h>

struct iommu_options {
    char driver[32], id[64];
    int aw_bits, intremap, eim;
    bool caching_mode, snoop_control, dma_drain, dma_translation, pt, device_iotlb, scalable, flts, pasid, buggy_eim;
};
#define BOOL(key, member) OPT_BOOL(iommu_options, key, member)
static const struct option_desc table[] = {
    OPT_TEXT(iommu_options, "driver", driver), OPT_TEXT(iommu_options, "id", id),
    OPT_NUMBER(iommu_options, "aw-bits", aw_bits), OPT_NUMBER(iommu_options, "x-aw-bits", aw_bits),
    OPT_CHOICE(iommu_options, "intremap", intremap, machine_auto_choices),
    OPT_CHOICE(iommu_options, "eim", eim, machine_auto_choices),
    BOOL("caching-mode", caching_mode), BOOL("snoop-control", snoop_control), BOOL("dma-drain", dma_drain),
    BOOL("dma-translation", dma_translation), BOOL("pt", pt), BOOL("device-iotlb", device_iotlb),
    BOOL("x-scalable-mode", scalable), BOOL("x-flts", flts), BOOL("x-pasid-mode", pasid), BOOL("x-buggy-eim", buggy_eim),
    OPT_IGNORED("fs1gp"),    /* about first-level tables, which there are none of */
    OPT_IGNORED("stale-tm"), /* the bit it tolerates is never looked at */
};

static const char *absent_feature(const struct iommu_options *o)
{
    return o->scalable ? "x-scalable-mode" : o->flts ? "x-flts" : o->pasid ? "x-pasid-mode"
         : o->device_iotlb ? "device-iotlb" : o->buggy_eim ? "x-buggy-eim" : NULL;
}

/* ---- interrupts ---- */
static void remapped(void *arg, const struct vtd_interrupt *i)
{
    enum { FIXED, LOWEST };
    struct q35 *q = arg;
    /* A redirection hint with several destinations asks for one of them: what lowest priority does (SDM 12.11.1) */
    const struct lapic_message m = { .dest = i->dest, .logical = i->logical, .wide = i->extended, .level = i->level,
                                     .mode = i->redirect && i->logical && i->mode == FIXED ? LOWEST : i->mode,
                                     .vector = i->vector };
    lapic_bus_send(q->lapic_bus, &m);
}

static void message(void *arg, uint64_t address, uint32_t data)
{
    lapic_bus_deliver(((struct q35 *)arg)->lapic_bus, address, data);
}

/* QEMU's I/O APIC tells no requester id, so entries' verification does not concern it; kvm-unit-tests build on that. */
void q35_ioapic_message(void *arg, uint64_t address, uint32_t data)
{
    struct q35 *q = arg;
    if (q->iommu != NULL)
        vtd_message(q->iommu, VTD_ANY_SOURCE, address, data);
    else
        lapic_bus_deliver(q->lapic_bus, address, data);
}

/* ---- making it ---- */
static int create(struct board *b, struct q35 *q, const char *text, struct err *e)
{
    struct iommu_options o = { .aw_bits = 48, .dma_drain = true, .dma_translation = true, .pt = true };
    int r = option_read(table, ARRAY_LEN(table), &o, text, "driver", e);
    const char *absent = r == 0 ? absent_feature(&o) : NULL;

    if (r < 0)
        return r;
    if (absent != NULL)
        return err_set(e, ERR_UNSUPPORTED, "%s=on is not modelled; leave it out", absent);
    bool intremap = o.intremap != MACHINE_OFF;
    const struct vtd_config config = {
        .memory = b->machine->memory, .aw_bits = (unsigned)o.aw_bits, .intremap = intremap,
        .extended = o.eim == MACHINE_ON || (o.eim == MACHINE_AUTO && intremap && x86_has(&q->cpu, X86_F_X2APIC)),
        .translates = o.dma_translation, .caching_mode = o.caching_mode, .snoop_control = o.snoop_control,
        .dma_drain = o.dma_drain, .pass_through = o.pt, .remapped = remapped, .message = message, .arg = q,
    };
    q->iommu = vtd_create(b->machine, o.id[0] != 0 ? o.id : "intel-iommu", &config, e);
    if (q->iommu == NULL)
        return e->code;
    q->mch->bus.iommu = &q->iommu->iommu;
    return device_map(&q->iommu->dev, b->machine->memory, Q35_IOMMU, e);
}

int q35_build_iommu(struct board *b, struct q35 *q, struct err *e)
{
    for (uint32_t i = 0; i < b->config.n_args; i++) {
        const char *text = b->config.args[i].text;
        size_t n = strcspn(text, ",");
        if (b->config.args[i].kind != BOARD_DEVICE || n != strlen(Q35_IOMMU_DRIVER) || strncmp(text, Q35_IOMMU_DRIVER, n) != 0)
            continue;
        int r = q->iommu == NULL ? create(b, q, text, e) : err_set(e, ERR_LIMIT, "the board has one already");
        if (r < 0)
            return err_context(e, "device '%s'", text);
    }
    return 0;
}

/* ---- DMAR: VT-d 4.0, 8.1 to 8.3 ---- */
void q35_write_dmar(struct acpi *a, const struct q35 *q)
{
    enum { INTR_REMAP = 1, DRHD = 0, INCLUDE_PCI_ALL = 1, SCOPE_IOAPIC = 3, IOAPIC_BUS = 0xff };
    const struct vtd_config *c = &q->iommu->config;

    acpi_table(a, "DMAR", 1);
    acpi_u8(a, (uint8_t)(MIN(c->aw_bits, 52u) - 1));
    acpi_u8(a, c->intremap ? INTR_REMAP : 0);
    acpi_zero(a, 10);
    acpi_u16(a, DRHD);
    acpi_u16(a, 16 + 8);
    acpi_u8(a, INCLUDE_PCI_ALL);
    acpi_u8(a, 0);
    acpi_u16(a, 0);             /* segment */
    acpi_u64(a, Q35_IOMMU);
    acpi_u8(a, SCOPE_IOAPIC);
    acpi_u8(a, 8);
    acpi_u16(a, 0);
    acpi_u8(a, 0);              /* the I/O APIC's id in the MADT */
    acpi_u8(a, IOAPIC_BUS);
    acpi_u8(a, 0);
    acpi_u8(a, 0);
    acpi_table_end(a);
}
