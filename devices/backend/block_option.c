/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/backend/block.h"
#include "devices/backend/option.h"
#include <stdio.h>
#include <string.h>

static const char *const interfaces[] = { "none", "virtio", "pflash", "ide", "scsi", "sd", "mtd",
                                          "floppy", NULL };
static const char *const caches[] = { "writeback", "writethrough", "none", "directsync", "unsafe",
                                      NULL };
enum { WRITEBACK, WRITETHROUGH, CACHE_NONE, DIRECTSYNC, UNSAFE };
static const char *const discards[] = { "ignore", "off", "unmap", "on", NULL };
static const char *const detects[] = { "off", "on", "unmap", NULL };
static const char *const medias[] = { "disk", "cdrom", NULL };
static const char *const lockings[] = { "auto", "on", "off", NULL };

struct parsed {
    struct block_options o;
    char format[32];
    int interface, cache, discard, detect_zeroes, media, locking;
};

#define THROTTLE "rates are given by the timing model; leave it out"
static const struct option_desc table[] = {
    OPT_TEXT(parsed, "file", o.file),
    OPT_TEXT(parsed, "file.filename", o.file),
    OPT_TEXT(parsed, "filename", o.file),
    OPT_TEXT(parsed, "format", format),
    OPT_TEXT(parsed, "driver", format),
    OPT_CHOICE(parsed, "if", interface, interfaces),
    OPT_TEXT(parsed, "id", o.id),
    OPT_TEXT(parsed, "node-name", o.id),
    OPT_TEXT(parsed, "serial", o.serial),
    OPT_NUMBER(parsed, "unit", o.unit),
    OPT_NUMBER(parsed, "bus", o.bus),
    OPT_NUMBER(parsed, "index", o.index),
    OPT_BOOL(parsed, "readonly", o.read_only),
    OPT_BOOL(parsed, "read-only", o.read_only),
    OPT_BOOL(parsed, "snapshot", o.snapshot),
    OPT_BOOL(parsed, "cache.no-flush", o.no_flush),
    OPT_CHOICE(parsed, "media", media, medias),
    OPT_CHOICE(parsed, "cache", cache, caches),
    OPT_CHOICE(parsed, "discard", discard, discards),
    OPT_CHOICE(parsed, "detect-zeroes", detect_zeroes, detects),
    OPT_CHOICE(parsed, "file.locking", locking, lockings),
    OPT_IGNORED("aio"),
    OPT_IGNORED("file.driver"), /* a host file, whatever it is called */
    OPT_IGNORED("cache.direct"),
    OPT_IGNORED("werror"),
    OPT_IGNORED("rerror"),
    OPT_IGNORED("auto-read-only"),
    OPT_REFUSED("throttling.bps-total", THROTTLE),
    OPT_REFUSED("throttling.iops-total", THROTTLE),
    OPT_REFUSED("bps", THROTTLE),
    OPT_REFUSED("iops", THROTTLE),
    OPT_REFUSED("copy-on-read", "not modelled; leave it out"),
    OPT_REFUSED("group", THROTTLE),
    OPT_REFUSED("backing", "the chain in the image is used; leave it out"),
};

static int finish(struct block_options *o, const struct parsed *p, struct err *e)
{
    static const char *const formats[] = { "raw", "qcow2" };
    *o = p->o;
    if (strcmp(p->format, "raw") == 0 || strcmp(p->format, "file") == 0) {
        o->format = BLOCK_RAW;
    } else if (strcmp(p->format, "qcow2") == 0) {
        o->format = BLOCK_QCOW2;
    } else if (p->format[0]) {
        const char *near = err_nearest(p->format, formats, ARRAY_LEN(formats));
        return err_set(e, ERR_UNSUPPORTED,
                       "format=%s: accepted are raw and qcow2%s%s%s; other images: qemu-img convert "
                       "-O qcow2", p->format, near ? " (did you mean " : "", near ? near : "",
                       near ? "?)" : "");
    }
    o->interface = (enum block_if)p->interface;
    o->writethrough = p->cache == WRITETHROUGH || p->cache == DIRECTSYNC;
    o->no_flush |= p->cache == UNSAFE;
    o->discard = p->discard >= 2;
    o->detect_zeroes = p->detect_zeroes != 0;
    o->no_lock = p->locking == 2;
    o->cdrom = p->media == 1;
    if (o->cdrom)
        o->read_only = true;
    return 0;
}

static struct parsed defaults(void)
{
    return (struct parsed){ .o = { .unit = -1, .bus = -1, .index = -1 },
                            .interface = BLOCK_IF_DEFAULT };
}

int block_parse(struct block_options *o, const char *spec, struct err *e)
{
    struct parsed p = defaults();
    int rc = option_read(table, ARRAY_LEN(table), &p, spec, NULL, e);
    if (rc == 0)
        rc = finish(o, &p, e);
    if (rc < 0)
        err_context(e, "-drive %.300s", spec);
    return rc;
}

int block_options_file(struct block_options *o, const char *file, struct err *e)
{
    struct parsed p = defaults();
    if (strlen(file) >= sizeof(p.o.file))
        return err_set(e, ERR_LIMIT, "%.60s...: path longer than %zu characters", file,
                       sizeof(p.o.file) - 1);
    memcpy(p.o.file, file, strlen(file) + 1);
    return finish(o, &p, e);
}
