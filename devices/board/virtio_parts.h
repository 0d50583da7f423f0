/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_VIRTIO_PARTS_H
#define ORRERY_DEVICES_BOARD_VIRTIO_PARTS_H
/*
 * -drive, -netdev, -chardev, -object and -device: backends first, then devices in the
 * order given, each put on its transport by the board.
 */
#include "devices/backend/block.h"
#include "devices/board/board_impl.h"
#include "devices/board/boot_order.h"
#include "devices/virtio/virtio.h"

struct fw_cfg;
struct net_backend;
struct pci_bus;

struct ata_drive;
struct media;

struct part_drive {
    struct block_options options;
    struct block *disk;
    bool used;                   /* by a device */
};

/* -global: what it may set. */
struct parts_globals {
    bool force_legacy; /* virtio-mmio.force-legacy: slots of version 1, as on QEMU's board */
    bool pflash_secure; /* cfi.pflash01.secure: only a secure access (x86: from SMM) gives flash commands */
    bool disable_s3, disable_s4; /* ICH9-LPC's: not offered by ACPI and fw_cfg */
};
/* Every board reads them, to refuse what means nothing to it. With QEMU's defaults where nothing is said. ERR_UNSUPPORTED names what is accepted. */
int parts_read_globals(struct parts_globals *g, const struct board_config *c,
                       struct err *e) MUST_CHECK;

/* Put `v` on MMIO slot `slot`, -1: any; *at: its address. A negative ERR_* with `e` when there is no such place. */
typedef int parts_plug_fn(void *arg, struct virtio *v, const char *id, int slot, pa_t *at, struct err *e);

#define PARTS_SERIALS 8

/* I/O ports and their interrupts. */
struct parts_isa {
    struct mem_space *ports;
    irq_sink_fn *test_line;      /* inputs 0 to 23 of the I/O APIC, 0 to 15 of the 8259s; NULL: there are no ISA interrupts */
    void *test_arg;
    uint32_t irqs_taken;         /* a bit for each that has a driver */
    uint32_t n_uarts;
};
#define PC_UART_CLOCK 1843200u

/* The board's own IDE connectors: board_ops.ide says how many. */
struct parts_ide_drive {
    int bus, unit;               /* -1: any */
    struct block *disk;          /* NULL: a CD-ROM drive without a disc */
    bool cdrom;
    const char *serial;
};
/* What was made of it. */
struct parts_ide_made {
    struct ata_drive *drive;
    struct pci_function *controller;
    char unit[40];               /* its place behind it, as boot paths have that */
};
struct parts_ide {
    int (*attach)(void *arg, const struct parts_ide_drive *d, struct parts_ide_made *made, struct err *e);
    void *arg;
};

/* parts_ide.attach for a struct ahci: each port is a bus with one drive. */
int parts_attach_sata(void *ahci, const struct parts_ide_drive *d, struct parts_ide_made *made, struct err *e) MUST_CHECK;

/* What a board offers devices to stand on. */
struct parts_places {
    struct pci_bus *pci;         /* NULL: the board has none. Where there is one, it is the default */
    parts_plug_fn *plug_mmio;    /* NULL: the board has no slots */
    void *slots;                 /* its first argument */
    struct parts_isa *isa;       /* NULL: the board has none. Lives as long as the board */
    const struct parts_ide *ide; /* NULL: the board has none. Lives as long as the board */
    struct fw_cfg *fw_cfg;       /* ramfb's way in, and the boot order's; NULL: the board has none */
    const char *pci_path;        /* the root bus in boot paths: "/pci@i0cf8" */
    const char *boot_first;      /* what is booted before any device; NULL: nothing */
    struct mem_space *vga_window; /* what a VGA's A0000-BFFFF lies in, with that priority; NULL: nowhere */
    int vga_priority;
    const char *built;           /* a driver of -device that the board has made itself, or NULL */
    const char *vga_rom;         /* the option ROM of a VGA without romfile=, or NULL; romfile= with nothing behind it: none */
};

struct parts {
    struct board *board;
    struct part_drive *drives;
    uint32_t n_drives, n_devices, n_nics;
    struct {
        char id[80];
        struct virtio *console;  /* virtconsole and virtserialport look for it */
    } serials[PARTS_SERIALS];
    uint32_t n_serials;
    struct boot_order boot;
    struct media *media;         /* of CD-ROM drives; NULL without any */
    struct parts_places at;
};

/* What -device accepts; NULL name at the end. */
extern const struct board_device parts_devices[];

/* virtio_device.c: one -device. */
int parts_add_device(struct parts *p, const char *text, struct err *e) MUST_CHECK;
/* A NIC's backend by id, NULL for none, and its address: `text`, or the next of QEMU's range. */
int parts_take_net(struct parts *p, const char *driver, const char *id, const char *text,
                   struct net_backend **net, uint8_t mac[6], struct err *e) MUST_CHECK;
/* What bus= and addr= say of a function's place. */
int parts_take_place(struct parts *p, const char *bus, const char *addr, int *devfn,
                     struct err *e) MUST_CHECK;
/* bootindex= of a function, or of what `unit` behind it says; -1: none was given. */
int parts_boot_pci(struct parts *p, int index, const struct pci_function *f, const char *unit,
                   struct err *e) MUST_CHECK;
/* romfile=: a path, or a name where firmware is looked for. malloc'd; NULL for "". */
int parts_find_rom(struct parts *p, const char *name, char **rom, struct err *e) MUST_CHECK;
struct part_drive *parts_find_drive(struct parts *p, const char *id);
/* addr=SLOT[.FUNCTION], in hexadecimal as QEMU has it; "": *devfn is -1, any place. */
int parts_parse_addr(const char *text, int *devfn, struct err *e) MUST_CHECK;

/* A driver that is no virtio device: its options, and what makes it of them once they are read. */
struct parts_kind {
    const char *name;
    int (*add)(struct parts *p, void *options, const char *id, struct err *e);
    const struct option_desc *table;
    size_t n;
};

/* The one of `list` that -device `text` names; NULL: none. */
const struct parts_kind *parts_find_kind(const struct parts_kind *list, size_t n, const char *text);
/*
 * Reads `text` into `options`, which holds the defaults, and makes the device. `id` is the options' own text of
 * that name; where it stays empty, one is made of the driver's name.
 */
int parts_add_kind(struct parts *p, const struct parts_kind *kind, void *options, const char *id,
                   const char *text, struct err *e) MUST_CHECK;
/* One file each: 0 and *found false where `text` names none of its drivers, else the device is made. */
int parts_add_pci_device(struct parts *p, const char *text, bool *found, struct err *e) MUST_CHECK;
int parts_add_display(struct parts *p, const char *text, bool *found, struct err *e) MUST_CHECK;
int parts_add_isa(struct parts *p, const char *text, bool *found, struct err *e) MUST_CHECK;

/*
 * The backends alone, for boards whose construction depends on the flash images among them; else parts_create does
 * it. b->devices from then on, in the machine's arena.
 */
int parts_open(struct board *b, struct err *e) MUST_CHECK;
/*
 * What the board's configuration asks for; b->devices from then on, in the machine's arena.
 * Buses and slots must be there.
 */
int parts_create(struct board *b, const struct parts_places *at, struct err *e) MUST_CHECK;
/*
 * After parts_open or parts_create: the image of flash bank `unit`, from -pflash, -drive if=pflash or, if not
 * NULL, the drive called `id`. NULL in *out if there is none. It stays the parts'.
 */
int parts_take_flash(struct parts *p, uint32_t unit, const char *id, struct block **out,
                     struct err *e) MUST_CHECK;
void parts_release(struct parts *p); /* closes disks: after the host's end */

#endif
