/* SPDX-License-Identifier: Apache-2.0 */
/* -device: controllers and cards on PCI that are no virtio devices, and the disks behind them. */
#include "devices/ahci.h"
#include "devices/backend/option.h"
#include "devices/board/media.h"
#include "devices/board/virtio_parts.h"
#include "devices/e1000e.h"
#include "devices/edu.h"
#include "devices/nvme.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pci_device_options {
    char driver[64], id[64], bus[80], addr[16], romfile[1024];
    char drive[64], serial[40], netdev[64], mac[32], dma_mask[24];
    int nsid, sector, bootindex, unit;
    bool multifunction;
};
#define TEXT(key, member)   OPT_TEXT(pci_device_options, key, member)
#define NUMBER(key, member) OPT_NUMBER(pci_device_options, key, member)
#define COMMON              TEXT("driver", driver), TEXT("id", id), TEXT("bus", bus)
#define ON_PCI                                                                                     \
    COMMON, TEXT("addr", addr), TEXT("romfile", romfile),                                          \
        OPT_BOOL(pci_device_options, "multifunction", multifunction)
#define BOOT                NUMBER("bootindex", bootindex)
#define DISK                TEXT("drive", drive), BOOT

static const struct option_desc nvme_table[] = {
    ON_PCI, DISK, TEXT("serial", serial), NUMBER("logical_block_size", sector),
};
static const struct option_desc nvme_ns_table[] = {
    COMMON, DISK, NUMBER("nsid", nsid), NUMBER("logical_block_size", sector),
};
static const struct option_desc e1000e_table[] = {
    ON_PCI, TEXT("netdev", netdev), TEXT("mac", mac), BOOT,
};
static const struct option_desc ahci_table[] = { ON_PCI };
static const struct option_desc edu_table[] = { COMMON, TEXT("addr", addr), TEXT("dma_mask", dma_mask) };
static const struct option_desc ide_table[] = { COMMON, DISK, TEXT("serial", serial), NUMBER("unit", unit) };

/* ---- what several take ---- */

/* The drive's disk, from now on this device's. */
static struct part_drive *take_drive(struct parts *p, const struct pci_device_options *o, bool may_be_empty,
                                     struct err *e)
{
    struct part_drive *d = parts_find_drive(p, o->drive);

    if (!d)
        (void)err_set(e, ERR_ABSENT, "drive '%s' does not exist; give one with "
                      "-drive file=F,if=none,id=%s", o->drive, o->drive[0] ? o->drive : "d0");
    else if (d->used)
        (void)err_set(e, ERR_ARG, "drive '%s' is in use already", o->drive);
    else if (!d->disk && !may_be_empty)
        (void)err_set(e, ERR_ARG, "drive '%s' is empty; only a CD-ROM drive (ide-cd) may be", o->drive);
    else
        d->used = true;
    return e->code ? NULL : d;
}

int parts_find_rom(struct parts *p, const char *name, char **rom, struct err *e)
{
    *rom = name[0] ? board_find_firmware(p->board, name, e) : NULL;
    if (*rom || !name[0])
        return 0;
    return err_set(e, ERR_ABSENT, "romfile '%s' was not found here nor where firmware is; give its "
                   "path (Debian's ipxe-qemu has such files)", name);
}

int parts_take_place(struct parts *p, const char *bus, const char *addr, int *devfn, struct err *e)
{
    if (!p->at.pci)
        return err_set(e, ERR_UNSUPPORTED, "this board has no PCI bus");
    if (bus[0] && strcmp(bus, "pcie.0") != 0)
        return err_set(e, ERR_ABSENT, "there is no bus '%s'; 'pcie.0' is there", bus);
    return parts_parse_addr(addr, devfn, e);
}

/* Place and option ROM. `rom` is malloc'd or NULL. */
static int take_place(struct parts *p, const struct pci_device_options *o, int *devfn, char **rom,
                      struct err *e)
{
    int r = parts_find_rom(p, o->romfile, rom, e);

    return r < 0 ? r : parts_take_place(p, o->bus, o->addr, devfn, e);
}

/* The part of that kind called by the first `n` characters of `id` or, without any, the last one.
 */
static struct device *find_part(struct parts *p, const char *kind, const char *id, size_t n)
{
    struct device *found = NULL;

    for (struct device *d = p->board->machine->devices; d; d = d->next)
        if (strcmp(d->ops->name, kind) == 0 &&
            (n == 0 || (strlen(d->id) == n && strncmp(d->id, id, n) == 0)))
            found = d;
    return found;
}

/* ---- NVMe ---- */

static int add_namespace(struct parts *p, struct nvme *n, const struct pci_device_options *o,
                         struct err *e)
{
    struct part_drive *d = take_drive(p, o, false, e);
    char unit[32];
    int r = !d ? e->code : nvme_add_namespace(n, (uint32_t)o->nsid, d->disk,
                                              o->sector ? (uint32_t)o->sector : 512, e);

    snprintf(unit, sizeof(unit), "/namespace@%d,0", MAX(o->nsid, 1));
    return r < 0 ? r : parts_boot_pci(p, o->bootindex, nvme_function(n), unit, e);
}

static int add_nvme(struct parts *p, void *options, const char *id, struct err *e)
{
    const struct pci_device_options *o = options;
    struct part_drive *d = parts_find_drive(p, o->drive);
    struct nvme_options nvme = { .multifunction = o->multifunction,
                                 .serial = o->serial[0] || !d ? o->serial : d->options.serial };
    char *rom;
    int r = take_place(p, o, &nvme.devfn, &rom, e);

    if (r == 0 && nvme.serial[0] == 0)
        r = err_set(e, ERR_ARG, "serial=S is wanted, 1 to 20 characters");
    nvme.rom = rom;
    struct nvme *n = r < 0 ? NULL : nvme_create(p->board->machine, id, p->at.pci, &nvme, e);
    free(rom);
    if (!n)
        return e->code;
    return o->drive[0] ? add_namespace(p, n, o, e) : 0;
}

static int add_nvme_ns(struct parts *p, void *options, const char *id, struct err *e)
{
    const struct pci_device_options *o = options;
    struct device *n = find_part(p, "nvme", o->bus, strlen(o->bus));

    (void)id;
    if (!n)
        return err_set(e, ERR_ABSENT, "there is no NVMe controller%s%s before it; give "
                       "-device nvme,serial=S,id=ID for a bus 'ID'", o->bus[0] ? " " : "", o->bus);
    return add_namespace(p, (struct nvme *)n, o, e);
}

/* ---- AHCI ---- */

static int add_ahci(struct parts *p, void *options, const char *id, struct err *e)
{
    const struct pci_device_options *o = options;
    struct ahci_options ahci = { .multifunction = o->multifunction };
    char *rom;
    int r = take_place(p, o, &ahci.devfn, &rom, e);

    ahci.rom = rom;
    struct ahci *a = r < 0 ? NULL : ahci_create(p->board->machine, id, p->at.pci, &ahci, e);
    free(rom);
    return a ? 0 : e->code;
}

/* On an adapter of -device: port N of the adapter ID is the bus "ID.N". */
static int attach_sata(struct parts *p, const char *bus, const struct parts_ide_drive *d, struct parts_ide_made *made,
                       struct err *e)
{
    const char *dot = strrchr(bus, '.');
    struct device *a = find_part(p, "ahci", bus, dot ? (size_t)(dot - bus) : 0);
    int port = -1;
    char end;

    if (!a || (bus[0] && (!dot || sscanf(dot + 1, "%d%c", &port, &end) != 1 || port < 0)))
        return err_set(e, ERR_ABSENT, "there is no SATA bus%s%s before it; give -device ahci,id=ID for the buses 'ID.0' to 'ID.%d'%s",
                       bus[0] ? " " : "", bus, AHCI_PORTS - 1, p->at.ide ? ", or take the board's own, 'ide.0' and so on" : "");
    const struct parts_ide_drive at_port = { port, d->unit, d->disk, d->cdrom, d->serial };
    return parts_attach_sata(a, &at_port, made, e);
}

int parts_attach_sata(void *arg, const struct parts_ide_drive *d, struct parts_ide_made *made, struct err *e)
{
    struct ahci *a = arg;
    int port = d->bus, r;

    for (int i = 0; port < 0 && i < AHCI_PORTS; i++)
        if (!ata_is_present(ahci_drive(a, (unsigned)i)))
            port = i;
    if (d->unit > 0)
        return err_set(e, ERR_ARG, "unit=%d: a SATA bus has unit 0 alone", d->unit);
    if ((r = ahci_attach(a, port, d->disk, d->cdrom, d->serial, e)) < 0)
        return r;
    made->drive = ahci_drive(a, (unsigned)port);
    made->controller = ahci_function(a);
    snprintf(made->unit, sizeof(made->unit), "/drive@%x/disk@0", (unsigned)port);
    return 0;
}

static int add_ide(struct parts *p, const struct pci_device_options *o, const char *id, bool cdrom, struct err *e)
{
    struct parts_ide_drive drive = { .bus = -1, .unit = o->unit, .cdrom = cdrom, .serial = o->serial };
    struct part_drive *d = NULL;
    struct parts_ide_made made = { 0 };
    char end;
    int r;

    if ((o->drive[0] || !cdrom) && !(d = take_drive(p, o, cdrom, e)))
        return e->code;
    if (d) {
        drive.disk = d->disk;
        if (o->serial[0] == 0)
            drive.serial = d->options.serial;
        id = d->options.id;
    }
    if (p->at.ide && (o->bus[0] == 0 || sscanf(o->bus, "ide.%d%c", &drive.bus, &end) == 1))
        r = p->at.ide->attach(p->at.ide->arg, &drive, &made, e);
    else
        r = attach_sata(p, o->bus, &drive, &made, e);
    if (r == 0)
        r = parts_boot_pci(p, o->bootindex, made.controller, made.unit, e);
    return r == 0 && cdrom ? media_add(&p->media, p->board->machine, p->board->host, id, made.drive, e) : r;
}

static int add_ide_hd(struct parts *p, void *options, const char *id, struct err *e)
{
    return add_ide(p, options, id, false, e);
}

static int add_ide_cd(struct parts *p, void *options, const char *id, struct err *e)
{
    return add_ide(p, options, id, true, e);
}

/* ---- Ethernet ---- */

static int add_e1000e(struct parts *p, void *options, const char *id, struct err *e)
{
    const struct pci_device_options *o = options;
    struct e1000e_options nic = { .multifunction = o->multifunction };
    struct net_backend *net;
    char *rom;
    int r = take_place(p, o, &nic.devfn, &rom, e);

    if (r == 0)
        r = parts_take_net(p, o->driver, o->netdev, o->mac, &net, nic.mac, e);
    nic.rom = rom;
    struct e1000e *d = r < 0 ? NULL : e1000e_create(p->board->machine, id, p->at.pci, net, &nic, e);
    free(rom);
    return d ? parts_boot_pci(p, o->bootindex, e1000e_function(d), "/ethernet-phy@0", e) : e->code;
}

/* ---- teaching ---- */

static int add_edu(struct parts *p, void *options, const char *id, struct err *e)
{
    const struct pci_device_options *o = options;
    uint64_t mask = EDU_DMA_MASK;
    char *end = NULL;
    int devfn, r = parts_take_place(p, o->bus, o->addr, &devfn, e);

    if (r < 0)
        return r;
    if (o->dma_mask[0])
        mask = strtoull(o->dma_mask, &end, 0);
    if (end && (*end || o->dma_mask[0] == '-'))
        return err_set(e, ERR_ARG, "dma_mask=%s: a number is accepted, 0x for hexadecimal", o->dma_mask);
    return edu_create(p->board->machine, id, p->at.pci, devfn, mask, e) ? 0 : e->code;
}

/* ---- all of them ---- */

static const struct parts_kind kinds[] = {
    { "ahci", add_ahci, ahci_table, ARRAY_LEN(ahci_table) },
    { "e1000e", add_e1000e, e1000e_table, ARRAY_LEN(e1000e_table) },
    { "edu", add_edu, edu_table, ARRAY_LEN(edu_table) },
    { "ich9-ahci", add_ahci, ahci_table, ARRAY_LEN(ahci_table) },
    { "ide-cd", add_ide_cd, ide_table, ARRAY_LEN(ide_table) },
    { "ide-hd", add_ide_hd, ide_table, ARRAY_LEN(ide_table) },
    { "nvme", add_nvme, nvme_table, ARRAY_LEN(nvme_table) },
    { "nvme-ns", add_nvme_ns, nvme_ns_table, ARRAY_LEN(nvme_ns_table) },
};

int parts_add_pci_device(struct parts *p, const char *text, bool *found, struct err *e)
{
    const struct parts_kind *kind = parts_find_kind(kinds, ARRAY_LEN(kinds), text);
    struct pci_device_options o = { .bootindex = -1, .unit = -1 };

    *found = kind != NULL;
    return kind ? parts_add_kind(p, kind, &o, o.id, text, e) : 0;
}
