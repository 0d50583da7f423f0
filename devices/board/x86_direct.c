/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/x86_direct.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/q35_mch.h"

enum { ACPI_SPACE = 0x20000 /* of all tables together at most */, RSDP_SIZE = 36, RSDP_AT = 0xf0000 };
enum { BAR_IO = 0xc000, BAR_IO_END = 0xffff };
#define BAR_MEMORY 0xc0000000u
/* PCI 3.0, 6.1 */
enum { PCI_COMMAND = 0x04, PCI_HEADER_TYPE = 0x0e, PCI_BAR0 = 0x10 };

int direct_put(struct board *b, pa_t at, const void *bytes, uint64_t n, const char *what, struct err *e)
{
    if (mem_write(b->machine->memory, at, bytes, n, NULL) == MEM_OK)
        return 0;
    return err_set(e, ERR_LIMIT, "%s: no RAM for %llu bytes at %#llx; give the machine more memory (-m)", what,
                   (unsigned long long)n, (unsigned long long)at);
}

int direct_place(struct board *b, struct q35 *q, const struct x86_direct *d, struct x86_start *s, struct err *e)
{
    static const uint64_t gdt[] = { 0, 0, 0x00cf9a000000ffffull, 0x00cf92000000ffffull };
    *s = (struct x86_start){ 0 };
    int r = q->kernel.kind == X86_BZIMAGE ? direct_place_linux(b, d, s, e) : direct_place_multiboot(b, &q->kernel, d, s, e);
    return r < 0 ? r : direct_put(b, DIRECT_GDT, gdt, sizeof(gdt), "descriptor table", e);
}

/* Where power management and configuration space are, which lines PCI uses. */
void direct_write_config(struct pci_bus *bus, const struct direct_config *writes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        pci_config_write(bus, writes[i].devfn, writes[i].offset, writes[i].size, writes[i].value);
}

void q35_set_up_chipset(struct q35 *q)
{
    static const struct direct_config writes[] = {
        { PCI_DEVFN(0, 0), 0x64, 4, 0 },
        { PCI_DEVFN(0, 0), 0x60, 4, Q35_ECAM | 1 },          /* PCIEXBAR, 256 MiB */
        { PCI_DEVFN(0, 0), 0x90, 1, 0x30 },                  /* PAM0: F0000-FFFFF is RAM */
        { PCI_DEVFN(0x1f, 0), 0x40, 4, Q35_PMBASE | 1 },     /* PMBASE */
        { PCI_DEVFN(0x1f, 0), 0x44, 1, 0x80 },               /* ACPI_CNTL: on, SCI is IRQ9 */
        { PCI_DEVFN(0x1f, 0), 0x60, 4, 0x0b0b0a0a },         /* PIRQA to D: IRQ10, 10, 11, 11 */
        { PCI_DEVFN(0x1f, 0), 0x68, 4, 0x0b0b0a0a },
    };
    direct_write_config(&q->mch->bus, writes, ARRAY_LEN(writes));
}

/* ---- PCI base addresses (PCI 3.0, 6.2.5.1) ---- */
struct windows {
    uint32_t io, memory;         /* the next free address */
};

/* One base address register; how many it takes. What finds no room stays without an address. */
static unsigned assign_bar(struct pci_bus *bus, uint8_t devfn, uint8_t at, struct windows *w)
{
    uint32_t was = pci_config_read(bus, devfn, at, 4);
    pci_config_write(bus, devfn, at, 4, UINT32_MAX);
    uint32_t bits = pci_config_read(bus, devfn, at, 4);
    bool io = bits & 1, wide = !io && (bits & 6) == 4;
    uint32_t mask = io ? bits & 0xfffffffcu : bits & 0xfffffff0u, size = (io ? mask | 0xffff0000u : mask);
    size = ~size + 1;
    uint32_t *next = io ? &w->io : &w->memory;
    uint64_t base = mask == 0 ? 0 : align_up((uint64_t)*next, size), end = io ? BAR_IO_END + 1u : Q35_IOAPIC;
    if (mask == 0 || base + size > end) {
        pci_config_write(bus, devfn, at, 4, was);
        return wide ? 2 : 1;
    }
    *next = (uint32_t)(base + size);
    pci_config_write(bus, devfn, at, 4, (uint32_t)base);
    if (wide)
        pci_config_write(bus, devfn, at + 4, 4, 0);
    return wide ? 2 : 1;
}

static void assign_bars(struct pci_bus *bus, uint64_t low)
{
    struct windows w = { BAR_IO, (uint32_t)MAX(BAR_MEMORY, low) };
    for (unsigned devfn = 0; devfn < 256; devfn++) {
        uint8_t f = (uint8_t)devfn;
        if ((pci_config_read(bus, f, 0, 2) & 0xffff) == 0xffff || (pci_config_read(bus, f, PCI_HEADER_TYPE, 1) & 0x7f) != 0)
            continue;
        for (unsigned i = 0; i < PCI_BARS; )
            i += assign_bar(bus, f, (uint8_t)(PCI_BAR0 + 4 * i), &w);
        pci_config_write(bus, f, PCI_COMMAND, 2, pci_config_read(bus, f, PCI_COMMAND, 2) | 3);
    }
}

/* ---- memory ---- */
static void add_region(struct x86_direct *d, uint64_t base, uint64_t size, uint32_t type)
{
    if (size != 0)
        d->map[d->n_regions++] = (struct x86_region){ base, size, type };
}

static void write_map(struct x86_direct *d, const struct q35 *q)
{
    add_region(d, 0, DIRECT_BASE_END, X86_REGION_RAM);
    add_region(d, DIRECT_BASE_END, 0x100000 - DIRECT_BASE_END, X86_REGION_RESERVED);
    if (d->top > 0x100000)
        add_region(d, 0x100000, d->top - 0x100000, X86_REGION_RAM);
    add_region(d, d->top, q->low - d->top, X86_REGION_ACPI);
    add_region(d, q->kind->ecam, q->kind->ecam_size, X86_REGION_RESERVED);
    add_region(d, Q35_HIGH, q->high, X86_REGION_RAM);
}

/* ACPI 6.4, 5.2.5.1: the RSDP is looked for from E0000h to FFFFFh. The PAM closes that against writes afterwards. */
static int place_tables(struct board *b, struct q35 *q, struct x86_direct *d, struct err *e)
{
    uint8_t rsdp[RSDP_SIZE];
    int r;
    d->top = q->low;
    if (q->options.acpi == 1 /* MACHINE_OFF */)
        return 0;
    if (q->low < 0x100000 + ACPI_SPACE)
        return err_set(e, ERR_LIMIT, "no room for ACPI tables in %llu bytes of RAM; give the machine more (-m) or -machine acpi=off",
                       (unsigned long long)q->low);
    if ((r = q35_place_acpi(b, q, q->low, &d->rsdp, e)) < 0)
        return r;
    d->top = align_down(d->rsdp - ACPI_SPACE, MEM_PAGE);
    if (mem_read(b->machine->memory, d->rsdp, rsdp, sizeof(rsdp), NULL) != MEM_OK)
        return err_set(e, ERR_STATE, "the RSDP cannot be read back");
    if ((r = direct_put(b, RSDP_AT, rsdp, sizeof(rsdp), "RSDP", e)) < 0 || q->mch == NULL)
        return r;
    pci_config_write(&q->mch->bus, PCI_DEVFN(0, 0), q->kind->pam0, 1, 0x10);
    return 0;
}

/* Software could not reach them else: it takes those above 254 only from firmware that has switched over. */
static void switch_apics(struct board *b, struct q35 *q)
{
    if (x86_cpu_config(q->cpus[b->n_cpus - 1])->apic_id <= 254)
        return;
    for (uint32_t i = 0; i < b->n_cpus; i++)
        x86_enable_x2apic(b->cpus[i]);
}

int q35_resume_direct(struct board *b, struct q35 *q, struct err *e)
{
    q->kind->set_up(q);
    switch_apics(b, q);
    if (q->facs != 0)
        pci_config_write(&q->mch->bus, PCI_DEVFN(0, 0), q->kind->pam0, 1, 0x10); /* the RSDP's segment is closed */
    assign_bars(&q->mch->bus, q->low);
    return q35_resume_kernel(b, q, e);
}

int q35_place_kernel(struct board *b, struct q35 *q, struct err *e)
{
    struct x86_direct d = { .n_regions = 0 };
    struct x86_start s;
    switch_apics(b, q);
    if (q->mch != NULL) {
        q->kind->set_up(q);
        assign_bars(&q->mch->bus, q->low);
    }
    int r = place_tables(b, q, &d, e);
    if (r < 0)
        return r;
    write_map(&d, q);
    if ((r = direct_place(b, q, &d, &s, e)) < 0)
        return r;
    struct cpu *cpu = b->cpus[0];
    x86_start_flat32(cpu, s.entry, DIRECT_CS, DIRECT_DS);
    x86_set_gpr(cpu, 0, s.eax);
    x86_set_gpr(cpu, 3, s.ebx);
    x86_set_gpr(cpu, 6, s.esi);
    return 0;
}
