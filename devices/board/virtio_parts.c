/* SPDX-License-Identifier: Apache-2.0 */
/* -drive and the other backends, and in which order what is plugged. */
#include "devices/board/virtio_parts.h"
#include "devices/backend/char.h"
#include "devices/backend/net.h"
#include "devices/backend/option.h"
#include "devices/backend/rng.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRIVES 32

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

/* "DRIVER.PROPERTY=VALUE" or "driver=D,property=P,value=V". */
int parts_read_globals(struct parts_globals *g, const struct board_config *c, struct err *e)
{
    struct global {
        char driver[64], property[64], value[64];
    } o;
    static const struct option_desc table[] = {
        OPT_TEXT(global, "driver", driver), OPT_TEXT(global, "property", property),
        OPT_TEXT(global, "value", value),
    };
    static const struct option_desc known[] = { OPT_BOOL(parts_globals, "force-legacy", force_legacy) };
    char setting[160];
    int r;

    *g = (struct parts_globals){ .force_legacy = true };
    for (uint32_t i = 0; i < c->n_args; i++) {
        const char *text = c->args[i].text, *dot = strchr(text, '.'), *is = strchr(text, '=');
        if (c->args[i].kind != BOARD_GLOBAL)
            continue;
        memset(&o, 0, sizeof(o));
        if (dot && is && dot < is) {
            snprintf(o.driver, sizeof(o.driver), "%.*s", (int)(dot - text), text);
            snprintf(setting, sizeof(setting), "%s", dot + 1);
        } else {
            if ((r = option_read(table, ARRAY_LEN(table), &o, text, NULL, e)) < 0)
                return r;
            snprintf(setting, sizeof(setting), "%s=%s", o.property, o.value);
        }
        if (strcmp(o.driver, "virtio-mmio") != 0 || strncmp(setting, "force-legacy=", 13) != 0)
            return err_set(e, ERR_UNSUPPORTED, "-global %s: accepted is virtio-mmio.force-legacy=on|off; "
                           "properties of one device go with its -device", text);
        if ((r = option_read(known, ARRAY_LEN(known), g, setting, NULL, e)) < 0) {
            (void)err_context(e, "-global %s", text);
            return r;
        }
    }
    return 0;
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
        if (c->args[i].kind == BOARD_DEVICE && (r = parts_add_device(p, c->args[i].text, e)) < 0)
            return r;
    /* Drives with an interface of their own bring their device along. */
    for (uint32_t i = 0; i < p->n_drives; i++) {
        struct part_drive *d = &p->drives[i];
        char text[128];
        if (d->used || d->options.interface == BLOCK_IF_NONE)
            continue;
        snprintf(text, sizeof(text), "virtio-blk,drive=%s", d->options.id);
        if ((r = parts_add_device(p, text, e)) < 0)
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
