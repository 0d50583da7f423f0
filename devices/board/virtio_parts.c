/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/virtio_parts.h"
#include "devices/backend/char.h"
#include "devices/backend/option.h"
#include "devices/virtio/devices.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRIVES 32

struct part_drive {
    struct block_options options;
    struct block *disk;
    bool used;
};

/* Everything a -device may say; which of it a device takes is checked by name. */
struct device_options {
    char driver[64], id[64], drive[64], netdev[64], rng[64], mac[32], serial[32];
};
static const struct option_desc device_table[] = {
    OPT_TEXT(device_options, "driver", driver), OPT_TEXT(device_options, "id", id),
    OPT_TEXT(device_options, "drive", drive), OPT_TEXT(device_options, "netdev", netdev),
    OPT_TEXT(device_options, "rng", rng), OPT_TEXT(device_options, "mac", mac),
    OPT_TEXT(device_options, "serial", serial),
    OPT_IGNORED("bus"), OPT_IGNORED("bootindex"), OPT_IGNORED("disable-legacy"),
    OPT_IGNORED("disable-modern"), OPT_IGNORED("romfile"), OPT_IGNORED("write-cache"),
    OPT_REFUSED("addr", "MMIO transports have no PCI address"),
    OPT_REFUSED("packed", "packed rings are not modelled"),
    OPT_REFUSED("iommu_platform", "this board has no IOMMU"),
};

const struct board_device parts_devices[] = {
    { "virtio-blk-device", "virtio disk on an MMIO slot: drive=ID[,serial=S]" },
    { "virtio-net-device", "virtio network card on an MMIO slot: netdev=ID[,mac=M]" },
    { "virtio-rng-device", "virtio entropy on an MMIO slot: [rng=ID]" },
    { NULL, NULL },
};

static int open_drive(struct parts *p, const char *text, struct err *e)
{
    struct part_drive *d;
    int r;

    if (p->n_drives == DRIVES)
        return err_set(e, ERR_LIMIT, "more than %d drives", DRIVES);
    d = &p->drives[p->n_drives];
    *d = (struct part_drive){ 0 };
    if ((r = block_parse(&d->options, text, e)) < 0)
        return r;
    if (d->options.id[0] == 0)
        snprintf(d->options.id, sizeof(d->options.id), "drive%u", p->n_drives);
    d->options.snapshot |= p->board->config.snapshot;
    if (d->options.interface != BLOCK_IF_NONE && d->options.interface != BLOCK_IF_VIRTIO &&
        d->options.interface != BLOCK_IF_DEFAULT)
        return err_set(e, ERR_UNSUPPORTED, "drive '%s': this board takes if=virtio and if=none", text);
    if ((r = block_open(&d->disk, &d->options, p->board->machine->log, e)) < 0) {
        (void)err_context(e, "drive '%s'", text);
        return r;
    }
    p->n_drives++;
    return 0;
}

static struct part_drive *find_drive(struct parts *p, const char *id)
{
    for (uint32_t i = 0; i < p->n_drives; i++)
        if (strcmp(p->drives[i].options.id, id) == 0)
            return &p->drives[i];
    return NULL;
}

/* QEMU's range for made-up addresses: 52:54:00:12:34:56 and up. */
static int parse_mac(const char *text, uint32_t number, uint8_t mac[6], struct err *e)
{
    static const uint8_t standard[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
    unsigned v[6];
    char end;

    memcpy(mac, standard, 6);
    mac[5] = (uint8_t)(mac[5] + number);
    if (text[0] == 0)
        return 0;
    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &end) != 6 ||
        (v[0] & 1))
        return err_set(e, ERR_ARG, "mac '%s' is not a unicast address such as 52:54:00:12:34:56", text);
    for (int i = 0; i < 6; i++)
        mac[i] = (uint8_t)v[i];
    return 0;
}

static int make_blk(struct parts *p, const struct device_options *o, const char *id,
                    struct virtio **v, struct err *e)
{
    struct part_drive *d = find_drive(p, o->drive);

    if (!d)
        return err_set(e, ERR_ABSENT, "device %s: drive '%s' does not exist; give one with "
                       "-drive file=F,if=none,id=%s", o->driver, o->drive, o->drive[0] ? o->drive : "d0");
    if (d->used)
        return err_set(e, ERR_ARG, "device %s: drive '%s' is in use already", o->driver, o->drive);
    d->used = true;
    *v = virtio_blk_create(p->board->machine, id, d->disk, o->serial[0] ? o->serial : d->options.serial, e);
    return *v ? 0 : e->code;
}

static int make_net(struct parts *p, const struct device_options *o, const char *id,
                    struct virtio **v, struct err *e)
{
    struct net_backend *net = net_find(p->board->host, o->netdev);
    uint8_t mac[6];
    int r = parse_mac(o->mac, p->n_devices, mac, e);

    if (r < 0)
        return r;
    if (!net && o->netdev[0])
        return err_set(e, ERR_ABSENT, "device %s: netdev '%s' does not exist; give one with "
                       "-netdev user,id=%s", o->driver, o->netdev, o->netdev);
    *v = virtio_net_create(p->board->machine, id, net, mac, e);
    return *v ? 0 : e->code;
}

static int make_rng(struct parts *p, const struct device_options *o, const char *id,
                    struct virtio **v, struct err *e)
{
    struct rng *source;
    char text[96];
    int r;

    if (o->rng[0]) {
        source = rng_find(p->board->host, o->rng);
        if (!source)
            return err_set(e, ERR_ABSENT, "device %s: object '%s' does not exist; give one with "
                           "-object rng-builtin,id=%s", o->driver, o->rng, o->rng);
    } else {
        snprintf(text, sizeof(text), "rng-builtin,id=%s-source", id);
        if ((r = rng_open(&source, p->board->host, text, e)) < 0)
            return r;
    }
    *v = virtio_rng_create(p->board->machine, id, source, e);
    return *v ? 0 : e->code;
}

static int add_device(struct parts *p, const char *text, struct err *e)
{
    static const struct {
        const char *name;
        int (*make)(struct parts *, const struct device_options *, const char *, struct virtio **,
                    struct err *);
    } kinds[] = { { "virtio-blk", make_blk }, { "virtio-net", make_net }, { "virtio-rng", make_rng } };
    struct device_options o = { 0 };
    struct virtio *v;
    char id[80];
    int r = option_read(device_table, ARRAY_LEN(device_table), &o, text, "driver", e);

    if (r < 0) {
        (void)err_context(e, "device '%s'", text);
        return r;
    }
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        size_t n = strlen(kinds[k].name);
        if (strncmp(o.driver, kinds[k].name, n) != 0)
            continue;
        if (o.driver[n] != 0 && strcmp(o.driver + n, "-device") != 0)
            continue;
        snprintf(id, sizeof(id), "%s", o.id);
        if (id[0] == 0)
            snprintf(id, sizeof(id), "%s%u", kinds[k].name, p->n_devices);
        if ((r = kinds[k].make(p, &o, id, &v, e)) < 0)
            return r;
        p->n_devices++;
        return p->plug_mmio(p->arg, v, id, e);
    }
    const char *names[32];
    size_t n = 0;
    for (const struct board_device *d = parts_devices; d->name && n < ARRAY_LEN(names); d++)
        names[n++] = d->name;
    const char *near = err_nearest(o.driver, names, n);
    return err_set(e, ERR_ARG, "there is no device '%s' on this board%s%s%s; 'orrery list devices' "
                   "shows them", o.driver, near ? "; did you mean '" : "", near ? near : "",
                   near ? "'" : "");
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
        case BOARD_FW_CFG:
        case BOARD_PFLASH:
            r = err_set(e, ERR_UNSUPPORTED, "'%s': this board has no fw_cfg and no flash yet; leave "
                        "the option out", text);
            break;
        default:
            break;
        }
    }
    return r;
}

int parts_build(struct parts *p, struct err *e)
{
    const struct board_config *c = &p->board->config;
    int r;

    p->drives = calloc(DRIVES, sizeof(*p->drives));
    if (!p->drives)
        return err_set(e, ERR_NOMEM, "no memory for drives");
    if ((r = open_backends(p, e)) < 0)
        return r;
    for (uint32_t i = 0; i < c->n_args; i++)
        if (c->args[i].kind == BOARD_DEVICE && (r = add_device(p, c->args[i].text, e)) < 0)
            return r;
    /* Drives with an interface of their own bring their device along. */
    for (uint32_t i = 0; i < p->n_drives; i++) {
        struct part_drive *d = &p->drives[i];
        char text[128];
        if (d->used || d->options.interface == BLOCK_IF_NONE)
            continue;
        snprintf(text, sizeof(text), "virtio-blk-device,drive=%s", d->options.id);
        if ((r = add_device(p, text, e)) < 0)
            return r;
    }
    return 0;
}

void parts_release(struct parts *p)
{
    for (uint32_t i = 0; i < p->n_drives; i++) {
        struct err e = { 0 };
        if (block_close(p->drives[i].disk, &e) < 0)
            fprintf(p->board->config.log_out, "orrery: %s\n", e.text);
    }
    free(p->drives);
    p->drives = NULL;
    p->n_drives = 0;
}
