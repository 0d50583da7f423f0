/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_X86_Q35_IMPL_H
#define ORRERY_DEVICES_BOARD_X86_Q35_IMPL_H
/*
 * The board `x86-q35`: Intel's Q35 chipset with an ICH9, as QEMU's machine `q35` has it
 * (docs/system/i386/pc.rst). What lies where is fixed by the PC's history; what moves is moved by firmware.
 */
#include "core/util/bits.h"
#include "cpu/x86/cpu.h"
#include "devices/board/board_impl.h"
#include "devices/board/places.h"
#include "devices/board/virtio_parts.h"
#include "devices/board/x86_kernel.h"

#define Q35_LOW_MOST   0xb0000000u   /* RAM from here on lies above 4 GiB, */
#define Q35_LOW_SPLIT  0x80000000u   /* and then low RAM ends here */
#define Q35_HIGH       0x100000000ull
#define Q35_IOAPIC     0xfec00000u
#define Q35_HPET       0xfed00000u
#define Q35_IOMMU      0xfed90000u
#define Q35_ECAM       0xb0000000u   /* PCIEXBAR as direct boot sets it up; firmware chooses for itself */
#define Q35_PCI_HOLE_END 0xfec00000u
#define Q35_PMBASE     0x600
#define Q35_CPU_HOTPLUG 0xcd8
/*
 * An access to a port: of the order of a cycle on the LPC bus behind two bridges, which software counts on (Linux waits by port 80h).
 * So a loop that polls one passes its time in a thousandth of the instructions.
 */
#define Q35_PORT_TIME  PS_PER_US

enum { Q35_IRQ_KEYBOARD = 1, Q35_IRQ_COM1 = 4, Q35_IRQ_COM2 = 3, Q35_IRQ_RTC = 8, Q35_IRQ_MOUSE = 12 };

#define Q35_IOMMU_DRIVER "intel-iommu"

struct q35_options {
    bool smm, hpet;
    bool pit, pic, rtc, serial;      /* microvm may be without */
    bool auto_cmdline;
    int ioapic2;                     /* enum machine_auto */
    int acpi, smbus;                 /* enum machine_auto */
    int irqchip;                     /* which of KVM's halves has the interrupt controllers: says nothing here */
};
int q35_read_options(struct q35_options *o, const char *text, struct err *e) MUST_CHECK;

struct i8259;
struct ioapic;
struct i8254;
struct mc146818;
struct hpet;
struct i8042;
struct ich9_pm;
struct ich9_lpc;
struct q35_mch;
struct lapic;
struct lapic_bus;
struct fw_cfg;
struct port92;
struct pci_ports;
struct vtd;
struct acpi;

struct q35;
struct piix;

/* What tells a PC's boards apart: chipset and where things lie. All else is x86_q35*.c's for each of them. */
struct pc_kind {
    uint64_t low_most, low_split;    /* RAM from low_most on lies above 4 GiB, and then low RAM ends at low_split */
    pa_t ecam;                       /* ends the first memory window of PCI */
    uint64_t ecam_size;              /* 0: there is no ECAM range */
    const struct acpi_template *aml;
    uint16_t gpe, gpe_size;          /* GPE0_BLK behind PMBASE; 0: none */
    uint32_t hpet_routes;            /* hpet.h, as QEMU's boards have them */
    uint16_t cpu_hotplug;            /* port */
    uint8_t pam0;                    /* in the host bridge's configuration space */
    bool smi_broadcast, iommu;
    const char *bios;                /* -bios default */
    void (*write_acpi)(struct acpi *a, const struct board *b, const struct q35 *q); /* all tables but the FACS; NULL: a PC's */
    int (*build_chipset)(struct board *b, struct q35 *q, struct err *e); /* mch, pm, pci_ports, ide */
    void (*set_up)(struct q35 *q);   /* what firmware leaves in the chipset, for a start without any */
};
extern const struct pc_kind q35_kind, i440fx_kind, microvm_kind;
void q35_set_up_chipset(struct q35 *q); /* x86_direct.c */

struct q35 {
    const struct pc_kind *kind;
    struct q35_options options;
    struct x86_config cpu;
    struct x86_kernel kernel;        /* if there is one */
    struct x86_cpu *cpus[BOARD_MAX_CPUS];
    struct lapic *lapics[BOARD_MAX_CPUS];
    struct lapic_bus *lapic_bus;
    struct mem_space *ports;
    struct mem_ram *ram, *rom;       /* rom: the firmware, or NULL */
    uint64_t low, high;              /* bytes of RAM below and above 4 GiB */
    struct i8259 *pic;
    struct ioapic *ioapic;
    struct i8254 *pit;
    struct mc146818 *rtc;
    struct hpet *hpet;
    struct i8042 *keyboard;
    struct port92 *port92;
    struct pci_ports *pci_ports;
    struct ich9_pm *pm;
    struct ich9_lpc *lpc;            /* Q35 */
    struct piix *piix;               /* i440FX */
    struct q35_mch *mch;
    struct vtd *iommu;               /* or NULL */
    struct fw_cfg *fw_cfg;
    struct parts_isa isa;
    struct parts_globals globals;
    struct boot_options boot;
    bool was_reset;                  /* since power-on: not saved, a restored machine has been */
    pa_t facs;                       /* of the tables that q35_place_acpi placed, or 0 */
    struct parts_ide ide;
    bool a20[2];                     /* levels of the 8042's and port 92h's switches */
};

/* ---- x86_q35.c: what the boards' ops are made of ---- */
int pc_build(struct board *b, const struct pc_kind *kind, struct err *e) MUST_CHECK;
int pc_load_images(struct board *b, struct err *e) MUST_CHECK;
int pc_resume(struct board *b, struct err *e) MUST_CHECK;
void pc_power_key(struct board *b);
void pc_release(struct board *b);
/* For build_chipset: PCI's lines as they are routed to interrupt `number` of both controllers; resets. `arg`: q35, board. */
void pc_set_routed(void *q35, uint32_t number, bool level);
void pc_reset_machine(void *board);
/* The steps of pc_build, for a board without PCI; in this order, kind and options being set. */
int pc_open_images(struct board *b, struct q35 *q, struct err *e) MUST_CHECK;
int pc_build_memory(struct board *b, struct q35 *q, struct err *e) MUST_CHECK;
int pc_build_cpus(struct board *b, struct q35 *q, struct err *e) MUST_CHECK;
int pc_build_interrupts(struct board *b, struct q35 *q, struct err *e) MUST_CHECK;
int pc_build_timers(struct board *b, struct q35 *q, struct err *e) MUST_CHECK;
int pc_build_serial(struct board *b, struct q35 *q, struct err *e) MUST_CHECK;
/* For -device on the ISA bus: which interrupts have a part beside the timers'. */
void pc_describe_isa(struct q35 *q, uint32_t irqs);
int pc_build_fw_cfg(struct board *b, struct q35 *q, struct err *e) MUST_CHECK; /* with what every board puts in */
void pc_write_cpus(struct acpi *a, const struct board *b);
void pc_write_madt(struct acpi *a, const struct board *b, const struct q35 *q);
int pc_build_ports(struct board *b, struct q35 *q, struct err *e) MUST_CHECK; /* CF8, CFC, CF9 of mch->bus */
/*
 * For 64-bit BARs: from the first GiB behind RAM to the end of what the CPUs address. OVMF takes the upper end of it, Linux what is
 * free. *size is 0 where there is no room.
 */
static inline pa_t q35_high_window(const struct q35 *q, uint64_t *size)
{
    pa_t base = align_up(Q35_HIGH + q->high, 1u << 30), end = (pa_t)1 << q->cpu.pa_bits;
    *size = end > base ? end - base : 0;
    return base;
}

/* Tables for firmware (fw_cfg), or into memory below `end`. */
int q35_add_acpi(struct board *b, struct q35 *q, struct err *e) MUST_CHECK;
int q35_place_acpi(struct board *b, struct q35 *q, pa_t end, pa_t *rsdp, struct err *e) MUST_CHECK;

/* -device intel-iommu, if there is one; its table; and where the I/O APIC's messages go: x86_iommu.c. */
int q35_build_iommu(struct board *b, struct q35 *q, struct err *e) MUST_CHECK;
void q35_write_dmar(struct acpi *a, const struct q35 *q);
void q35_ioapic_message(void *q35, uint64_t address, uint32_t data);

/* ---- x86_q35_smi.c; `board` is the struct board ---- */
void q35_smi(void *board, bool all);
int q35_add_cpu_registers(struct board *b, struct q35 *q, struct err *e) MUST_CHECK;
int q35_add_smi_features(struct board *b, struct q35 *q, struct err *e) MUST_CHECK;

/* ---- x86_q35_sleep.c; `board` is the struct board ---- */
void q35_sleep(void *board, unsigned slp_typ);
void q35_wake(void *board);
bool q35_wake_key(struct board *b);
void q35_set_rtc(void *board, uint32_t number, bool level); /* irq_sink_fn */
int q35_add_sleep_states(struct board *b, struct q35 *q, struct err *e) MUST_CHECK;
/* The first CPU goes to the FACS's waking vector. */
int q35_resume_kernel(struct board *b, const struct q35 *q, struct err *e) MUST_CHECK;

/* A kernel started without firmware: x86_direct.h. After every reset. */
int q35_place_kernel(struct board *b, struct q35 *q, struct err *e) MUST_CHECK;
/* After waking: what a BIOS does for a kernel that is in RAM already. */
int q35_resume_direct(struct board *b, struct q35 *q, struct err *e) MUST_CHECK;
/* Firmware below 4 GiB: -bios, or flash banks, bank 0 uppermost. What the machine starts with without a kernel. */
int q35_build_firmware(struct board *b, struct q35 *q, struct err *e) MUST_CHECK;
/* The same when a BIOS has run: x86_firmware.c. When the board is built, after fw_cfg's other items. */
int q35_add_kernel(struct board *b, struct q35 *q, struct err *e) MUST_CHECK;
/* The boot path of the option ROM that starts it, which comes before all devices; or NULL. */
const char *q35_kernel_rom(const struct board *b, const struct q35 *q);
/* Those of a Multiboot kernel, "FILE [WORDS],FILE [WORDS]", into b->initrd: x86_multiboot.c. */
int q35_open_modules(struct board *b, const char *list, struct err *e) MUST_CHECK;

#endif
