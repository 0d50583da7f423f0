/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_X86_DIRECT_H
#define ORRERY_DEVICES_BOARD_X86_DIRECT_H
/*
 * A kernel on `x86-q35`, placed by its own protocol (x86_kernel.h) once after each reset. Two ways lead there:
 *
 *   without firmware  x86_direct.c makes what firmware would have left behind: the chipset's windows, base addresses of
 *                     PCI devices with decoding on, ACPI tables with the RSDP where a PC's is looked for, a memory map.
 *                     Not so: BIOS services, a video mode, interrupt line registers.
 *   after a BIOS      x86_firmware.c: an option ROM of ours asks for it and brings the BIOS's memory map.
 */
#include "devices/board/x86_q35_impl.h"

enum x86_region_type { X86_REGION_RAM = 1, X86_REGION_RESERVED = 2, X86_REGION_ACPI = 3 }; /* ACPI 6.4, table 15.1 */
struct x86_region {
    uint64_t base, size;
    uint32_t type;
};

/* RAM below 1 MiB that is nobody's. */
enum { DIRECT_GDT = 0x1000, DIRECT_FREE = 0x2000, DIRECT_LOW = 0x10000, DIRECT_ROM = 0x90000, DIRECT_BASE_END = 0x9fc00 };
enum { DIRECT_CS = 0x10, DIRECT_DS = 0x18 };
#define DIRECT_LOADER "Orrery"

enum { X86_REGIONS = 64 };
struct x86_direct {
    struct x86_region map[X86_REGIONS];
    uint32_t n_regions;
    pa_t top;                    /* RAM below 4 GiB ends here for the kernel */
    pa_t rsdp;                   /* 0: no ACPI */
};
/* What CPU 0 begins with, in 32-bit protected mode with flat segments. */
struct x86_start {
    uint32_t entry, eax, ebx, esi;
};

/* A chipset's set-up as a table. */
struct direct_config {
    uint8_t devfn, offset, size;
    uint32_t value;
};
struct pci_bus;
void direct_write_config(struct pci_bus *bus, const struct direct_config *writes, size_t n);

/* Copy to RAM; ERR_LIMIT says `what` has no room. */
int direct_put(struct board *b, pa_t at, const void *bytes, uint64_t n, const char *what, struct err *e) MUST_CHECK;
/* The kernel, all it is told, and a GDT with the two segments. */
int direct_place(struct board *b, struct q35 *q, const struct x86_direct *d, struct x86_start *s, struct err *e) MUST_CHECK;

/* x86_linux.c, x86_multiboot.c */
int direct_place_linux(struct board *b, const struct x86_direct *d, struct x86_start *s, struct err *e) MUST_CHECK;
int direct_place_multiboot(struct board *b, const struct x86_kernel *k, const struct x86_direct *d, struct x86_start *s,
                           struct err *e) MUST_CHECK;

#endif
