/* SPDX-License-Identifier: Apache-2.0 */
/* -drive and the other backends, and in which order what is plugged. */
#include "devices/board/virtio_parts.h"
#include "devices/backend/char.h"
#include "devices/backend/net.h"
#include "devices/backend/option.h"
#include "devices/backend/rng.h"
#include "devices/board/media.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRIVES      32
#define FLASH_UNITS 2

/* A bank of its own for each image: the one asked for, else the first free one. */
static int give_unit(struct parts *p, struct part_drive *d, struct err *e)
{
    uint32_t taken = 0;
    int unit = d->options.unit >= 0 ? d->options.unit : d->options.index;

    for (struct part_drive *o = p->drives; o < d; o++)
        if (o->options.interface == BLOCK_IF_PFLASH)
            taken |= 1u << o->options.unit;
    if (unit < 0)
        for (unit = 0; unit < FLASH_UNITS && (taken >> unit & 1);)
            unit++;
    if (unit >= FLASH_UNITS)
        return err_set(e, ERR_LIMIT, "there is no flash bank %d; the banks are 0 and 1", unit);
    if (taken >> unit & 1)
        return err_set(e, ERR_ARG, "flash bank %d has an image already", unit);
    d->options.unit = unit;
    return 0;
}

/* if=ide: index counts through the buses; without it, or bus and unit, the first place that is free. */
static int give_ide_place(struct parts *p, struct part_drive *d, struct err *e)
{
    const struct board_ide *ide = &p->board->ops->ide;
    struct block_options *o = &d->options;
    int places = ide->buses * ide->units, index = o->index;
    uint64_t taken = 0;

    if (places == 0)
        return err_set(e, ERR_UNSUPPORTED, "if=ide: this board has no IDE connectors of its own; if=virtio and if=none are accepted");
    if (index >= 0 && (o->bus >= 0 || o->unit >= 0))
        return err_set(e, ERR_ARG, "index=%d says which place it is; bus and unit do not go with it", index);
    if (index < 0 && (o->bus >= 0 || o->unit >= 0))
        index = MAX(o->bus, 0) * ide->units + MAX(o->unit, 0);
    if (o->unit >= ide->units || index >= places)
        return err_set(e, ERR_LIMIT, "if=ide has bus 0 to %d with unit 0 to %d here, index 0 to %d", ide->buses - 1, ide->units - 1,
                       places - 1);
    for (struct part_drive *other = p->drives; other < d; other++)
        if (other->options.interface == BLOCK_IF_IDE)
            taken |= 1ull << other->options.index;
    if (index < 0)
        for (index = 0; index < places && (taken >> index & 1);)
            index++;
    if (index == places)
        return err_set(e, ERR_LIMIT, "more than %d drives with if=ide", places);
    if (taken >> index & 1)
        return err_set(e, ERR_ARG, "two drives with if=ide want index %d (bus %d, unit %d)", index, index / ide->units, index % ide->units);
    o->index = index;
    o->bus = index / ide->units;
    o->unit = index % ide->units;
    if (o->id[0] == 0)
        snprintf(o->id, sizeof(o->id), "ide%d-%s%d", o->bus, o->cdrom ? "cd" : "hd", o->unit);
    return 0;
}

static int open_parsed(struct parts *p, struct part_drive *d, struct err *e)
{
    struct block_options *o = &d->options;
    int r = 0;

    if (o->interface == BLOCK_IF_DEFAULT)
        o->interface = p->board->ops->ide.buses != 0 ? BLOCK_IF_IDE : BLOCK_IF_VIRTIO;
    if (o->interface == BLOCK_IF_IDE && (r = give_ide_place(p, d, e)) < 0)
        return r;
    if (o->id[0] == 0)
        snprintf(o->id, sizeof(o->id), "drive%u", p->n_drives);
    o->snapshot |= p->board->config.snapshot;
    if (o->interface == BLOCK_IF_PFLASH) {
        r = give_unit(p, d, e);
        if (o->format == BLOCK_PROBE)
            o->format = BLOCK_RAW; /* contents of flash look like anything */
    } else if (o->interface == BLOCK_IF_FLOPPY) {
        r = err_set(e, ERR_UNSUPPORTED, "floppy drives are not modelled; an image of a disk or CD can be used with if=virtio, "
                    "if=none or, on a PC, if=ide");
    } else if (o->interface != BLOCK_IF_NONE && o->interface != BLOCK_IF_VIRTIO && o->interface != BLOCK_IF_IDE) {
        r = err_set(e, ERR_UNSUPPORTED, "this board takes %sif=virtio, if=pflash and if=none",
                    p->board->ops->ide.buses != 0 ? "if=ide, " : "");
    }
    /* A CD-ROM drive may be empty */
    if (r == 0 && (o->file[0] != 0 || !o->cdrom || o->interface == BLOCK_IF_VIRTIO))
        r = block_open(&d->disk, o, p->board->machine->log, e);
    if (r == 0)
        p->n_drives++;
    return r;
}

static int open_drive(struct parts *p, const char *text, struct err *e)
{
    int r;

    if (p->n_drives == DRIVES)
        return err_set(e, ERR_LIMIT, "more than %d drives", DRIVES);
    struct part_drive *d = &p->drives[p->n_drives];
    *d = (struct part_drive){ 0 };
    if ((r = block_parse(&d->options, text, e)) < 0)
        return r;
    return (r = open_parsed(p, d, e)) < 0 ? err_context(e, "drive '%s'", text) : r;
}

/* -pflash FILE[,readonly] */
static int open_pflash(struct parts *p, const char *text, struct err *e)
{
    struct pflash_options {
        char file[1024];
        bool read_only;
    } o = { 0 };
    static const struct option_desc table[] = {
        OPT_TEXT(pflash_options, "file", file), OPT_BOOL(pflash_options, "readonly", read_only),
    };
    int r = option_read(table, ARRAY_LEN(table), &o, text, "file", e);

    if (r == 0 && p->n_drives == DRIVES)
        r = err_set(e, ERR_LIMIT, "more than %d drives", DRIVES);
    struct part_drive *d = &p->drives[p->n_drives];
    if (r == 0) {
        *d = (struct part_drive){ 0 };
        r = block_options_file(&d->options, o.file, e);
    }
    if (r == 0) {
        d->options.interface = BLOCK_IF_PFLASH;
        d->options.read_only = o.read_only;
        r = open_parsed(p, d, e);
    }
    return r < 0 ? err_context(e, "pflash '%s'", text) : r;
}

struct part_drive *parts_find_drive(struct parts *p, const char *id)
{
    for (uint32_t i = 0; i < p->n_drives; i++)
        if (strcmp(p->drives[i].options.id, id) == 0)
            return &p->drives[i];
    return NULL;
}

static int open_backends(struct parts *p, struct err *e)
{
    const struct board_config *c = &p->board->config;
    struct net_backend *net;
    struct rng *rng;
    int r = 0;

    for (uint32_t i = 0; i < c->n_args && r == 0; i++) {
        const char *text = c->args[i].text;
        switch (c->args[i].kind) {
        case BOARD_DRIVE:
            r = open_drive(p, text, e);
            break;
        case BOARD_NETDEV:
            r = net_open(&net, p->board->host, text, e);
            break;
        case BOARD_OBJECT:
            r = rng_open(&rng, p->board->host, text, e);
            break;
        case BOARD_PFLASH:
            r = open_pflash(p, text, e);
            break;
        default:
            break;
        }
    }
    return r;
}

static int build(struct parts *p, struct err *e)
{
    const struct board_config *c = &p->board->config;
    int r;

    for (uint32_t i = 0; i < c->n_args; i++)
        if (c->args[i].kind == BOARD_DEVICE && (r = parts_add_device(p, c->args[i].text, e)) < 0)
            return r;
    /* Drives with an interface of their own bring their device along. */
    for (uint32_t i = 0; i < p->n_drives; i++) {
        struct part_drive *d = &p->drives[i];
        char text[128];
        if (d->used || d->options.interface == BLOCK_IF_NONE ||
            d->options.interface == BLOCK_IF_PFLASH)
            continue;
        if (d->options.interface == BLOCK_IF_IDE)
            snprintf(text, sizeof(text), "%s,drive=%s,bus=ide.%d,unit=%d", d->options.cdrom ? "ide-cd" : "ide-hd", d->options.id,
                     d->options.bus, d->options.unit);
        else
            snprintf(text, sizeof(text), "virtio-blk,drive=%s", d->options.id);
        if ((r = parts_add_device(p, text, e)) < 0)
            return r;
    }
    return 0;
}

int parts_boot_pci(struct parts *p, int index, const struct pci_function *f, const char *unit,
                   struct err *e)
{
    char path[BOOT_PATH_SIZE];

    boot_order_pci_path(path, p->at.pci_path, f);
    return boot_order_add(&p->boot, index, path, unit, e);
}

static int publish_boot_order(struct parts *p, struct err *e)
{
    struct boot_options o;
    int r = boot_options_read(&o, p->board->config.boot, e);

    if (r < 0 || !p->at.fw_cfg)
        return r;
    return boot_order_publish(&p->boot, p->board->machine, p->at.fw_cfg, p->at.boot_first, o.strict, e);
}

int parts_open(struct board *b, struct err *e)
{
    struct parts *p = b->devices = ARENA_NEW(&b->machine->arena, struct parts);

    if (!p)
        return err_set(e, ERR_NOMEM, "no memory for devices");
    *p = (struct parts){ .board = b, .drives = calloc(DRIVES, sizeof(*p->drives)) };
    return p->drives ? open_backends(p, e) : err_set(e, ERR_NOMEM, "no memory for drives");
}

int parts_create(struct board *b, const struct parts_places *at, struct err *e)
{
    int r = b->devices ? 0 : parts_open(b, e);

    if (r < 0)
        return r;
    b->devices->at = *at;
    r = build(b->devices, e);
    return r < 0 ? r : publish_boot_order(b->devices, e);
}

int parts_take_flash(struct parts *p, uint32_t unit, const char *id, struct block **out,
                     struct err *e)
{
    struct part_drive *d = NULL;

    *out = NULL;
    for (uint32_t i = 0; i < p->n_drives; i++)
        if (p->drives[i].options.interface == BLOCK_IF_PFLASH &&
            p->drives[i].options.unit == (int)unit)
            d = &p->drives[i];
    if (id && d)
        return err_set(e, ERR_ARG, "flash bank %u has two images: pflash%u=%s and '%s'", unit, unit,
                       id, d->options.file);
    if (id && !(d = parts_find_drive(p, id)))
        return err_set(e, ERR_ABSENT, "pflash%u=%s: there is no such drive; give one with "
                       "-drive if=none,id=%s,format=raw,file=F", unit, id, id);
    if (!d)
        return 0;
    if (d->used)
        return err_set(e, ERR_ARG, "pflash%u: drive '%s' is in use already", unit, d->options.id);
    d->used = true;
    *out = d->disk;
    return 0;
}

void parts_release(struct parts *p)
{
    for (uint32_t i = 0; i < p->n_drives; i++) {
        struct err e = { 0 };
        if (p->drives[i].disk != NULL && block_close(p->drives[i].disk, &e) < 0)
            fprintf(p->board->config.log_out, "orrery: %s\n", e.text);
    }
    free(p->drives);
    p->drives = NULL;
    p->n_drives = 0;
}
