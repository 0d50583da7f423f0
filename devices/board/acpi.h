/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_ACPI_H
#define ORRERY_DEVICES_BOARD_ACPI_H
/*
 * A set of ACPI tables (ACPI 6.4, chapter 5) and the way it reaches firmware: three files of
 * fw_cfg, "etc/acpi/rsdp", "etc/acpi/tables" and "etc/table-loader", the last one a list of
 * commands that tell firmware where pointers and checksums go once it has placed the others
 * (QEMU hw/acpi/bios-linker-loader.c describes them).
 *
 *   acpi_begin    one acpi_table ... acpi_table_end per table, the DSDT first    acpi_hand_over
 *
 * Errors are kept: the first one makes all that follows a no-op and comes out of
 * acpi_hand_over. The builder's buffers are freed there; acpi_free does it on another way out.
 *
 * AML comes from ASL files beside this one (acpi/NAME.asl), compiled when Orrery is built: each
 * is a template for one device with values that stand for others. A value to be filled in
 * occurs once in its template; acpi_fill finds it by that. Bytes are little-endian.
 */
#include "devices/fw_cfg.h"

struct acpi_template {
    const char *name;
    const uint8_t *aml;          /* with the table header that iasl wrote */
    uint32_t size;
};

#define ACPI_HEADER     36       /* 5.2.6: bytes in front of a table's own */
#define ACPI_TABLES_MAX 16

struct acpi_buffer {
    uint8_t *bytes;
    uint32_t size, room;
};
struct acpi {
    struct acpi_buffer tables, loader;
    uint32_t start;              /* of the table being written */
    uint32_t listed[ACPI_TABLES_MAX], n_listed; /* what the XSDT lists */
    uint32_t dsdt, facs;
    bool rsdt;                   /* there will be one */
    int failed;                  /* ERR_*, 0: none */
};

void acpi_begin(struct acpi *a);
/* An RSDT beside the XSDT: for a PC, where GRUB and others of old look for no other. Tables lie below 4 GiB then. */
void acpi_want_rsdt(struct acpi *a);
void acpi_free(struct acpi *a);

/* The header; its length and checksum come with acpi_table_end. A "DSDT" is not listed. */
void acpi_table(struct acpi *a, const char signature[4], uint8_t revision);
void acpi_table_end(struct acpi *a);

/* Bytes from the start of the table. */
uint32_t acpi_at(const struct acpi *a);

void acpi_u8(struct acpi *a, uint8_t v);
void acpi_u16(struct acpi *a, uint16_t v);
void acpi_u32(struct acpi *a, uint32_t v);
void acpi_u64(struct acpi *a, uint64_t v);
void acpi_zero(struct acpi *a, uint32_t n);
void acpi_bytes(struct acpi *a, const void *bytes, uint32_t n);
/* 5.2.3.2, Generic Address Structure in system memory: `bits` 8, 16, 32 or 64; 0: all zero. */
void acpi_address(struct acpi *a, unsigned bits, uint64_t address);
/* The DSDT's address, when firmware has placed it: 4 or 8 bytes. */
void acpi_dsdt_pointer(struct acpi *a, unsigned size);
/* The FACS, with the lock that firmware and system share: before all other tables, if at all; and its address. */
void acpi_facs(struct acpi *a);
void acpi_facs_pointer(struct acpi *a, unsigned size);

/*
 * Append a template's AML; what is filled in then goes by the number returned. `value` replaces
 * `stands_for`, both of `size` bytes; a name of four characters likewise.
 */
uint32_t acpi_append(struct acpi *a, const struct acpi_template *t);
void acpi_fill(struct acpi *a, uint32_t from, unsigned size, uint64_t stands_for, uint64_t value);
void acpi_fill_name(struct acpi *a, uint32_t from, const char stands_for[4], const char name[4]);

/*
 * The lists of tables and the RSDP, then the three files. Their bytes live in the arena of the machine. With `again` (copied)
 * the tables are written anew when firmware first selects them after a reset, from acpi_begin on and of the same sizes: so they
 * tell what firmware has set up until then.
 */
struct acpi_writer {
    void (*write)(struct acpi *a, void *arg);
    void *arg;
};
int acpi_hand_over(struct acpi *a, struct machine *m, struct fw_cfg *f, const struct acpi_writer *again,
                   struct err *e) MUST_CHECK;
/*
 * The same without firmware: into memory below `end`, tables from a page's start on, the RSDP
 * behind them. *facs: where the FACS is, if acpi_facs wrote one.
 */
int acpi_place(struct acpi *a, struct mem_space *memory, pa_t end, pa_t *rsdp, pa_t *facs, struct err *e) MUST_CHECK;

#endif
