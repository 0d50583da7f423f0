/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/media.h"
#include "devices/backend/host.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As it stands in a recording: which drive, which format, the path without an end. */
enum { AT_DRIVE, AT_FORMAT, AT_PATH };
enum { BUTTON = 0xff /* in the format's place: the drive's button is pressed, and nothing follows */ };

struct medium {
    uint8_t path[MEDIA_PATH];    /* with a zero at its end, if `changed` */
    uint8_t changed;             /* else the drive has the disc it began with */
    uint8_t format;              /* enum block_format */
};

struct media {
    struct device dev;
    struct host_source *source;
    struct ata_drive *drive[MEDIA_DRIVES];
    char id[MEDIA_DRIVES][64];
    struct block *first[MEDIA_DRIVES]; /* the disc it began with, or NULL */
    struct block *ours[MEDIA_DRIVES];  /* the one in it, if we opened it */
    uint32_t n;

    struct medium medium[MEDIA_DRIVES]; /* saved */
};

static const struct state_field medium_state[] = {
    STATE(medium, path), STATE(medium, changed), STATE(medium, format), STATE_END
};
static const struct state_field media_state[] = { STATE_SUBS(media, medium, medium_state), STATE_END };

static int open_disc(const struct media *m, uint32_t i, const char *path, uint8_t format, struct block **out, struct err *e)
{
    struct block_options o;
    int r = block_options_file(&o, path, e);

    *out = NULL;
    if (r < 0)
        return r;
    snprintf(o.id, sizeof(o.id), "%s", m->id[i]);
    o.cdrom = o.read_only = true;
    o.format = (enum block_format)format;
    return block_open(out, &o, m->dev.machine->log, e);
}

/* The disc that `medium` says goes in; the one before goes back to where it came from. */
static void insert(struct media *m, uint32_t i)
{
    struct medium *d = &m->medium[i];
    struct block *old = m->ours[i], *disc = d->changed ? NULL : m->first[i];
    struct err e = { 0 };

    m->ours[i] = NULL;
    if (d->changed && d->path[0] && open_disc(m, i, (const char *)d->path, d->format, &m->ours[i], &e) < 0) {
        log_print(m->dev.machine->log, m->dev.machine->log_board, LOG_ERROR, "%s has no disc: %s", m->id[i], e.text);
        d->path[0] = 0;
    }
    atapi_set_medium(m->drive[i], d->changed ? m->ours[i] : disc);
    (void)block_close(old, NULL); /* read-only: nothing is lost */
}

/* A recording is not trusted: a drive that is not there, a path that is none. */
static void input(void *arg, const uint8_t *bytes, size_t n)
{
    struct media *m = arg;

    if (n < AT_PATH || n - AT_PATH >= MEDIA_PATH || bytes[AT_DRIVE] >= m->n)
        return;
    if (bytes[AT_FORMAT] == BUTTON)
        atapi_press_button(m->drive[bytes[AT_DRIVE]]);
    if (bytes[AT_FORMAT] > BLOCK_QCOW2)
        return;
    struct medium *d = &m->medium[bytes[AT_DRIVE]];
    memset(d, 0, sizeof(*d));
    memcpy(d->path, bytes + AT_PATH, n - AT_PATH);
    d->changed = 1;
    d->format = bytes[AT_FORMAT];
    insert(m, bytes[AT_DRIVE]);
}

/* What a drive says of its tray and its events is saved by itself and not touched here. */
static void loaded(void *dev)
{
    struct media *m = dev;

    for (uint32_t i = 0; i < m->n; i++) {
        struct medium *d = &m->medium[i];
        struct ata_state kept = *m->drive[i]->s;
        d->path[MEDIA_PATH - 1] = 0;
        d->changed = d->changed != 0;
        d->format = MIN(d->format, (uint8_t)BLOCK_QCOW2);
        insert(m, i);
        *m->drive[i]->s = kept;
    }
}

static void destroy(void *dev)
{
    struct media *m = dev;

    for (uint32_t i = 0; i < m->n; i++)
        (void)block_close(m->ours[i], NULL);
}

static const struct device_ops media_ops = {
    .name = "media", .spec = "devices/board/media.h", .size = sizeof(struct media), .state = media_state, .version = 1,
    .loaded = loaded, .destroy = destroy,
};

int media_add(struct media **out, struct machine *machine, struct host *host, const char *id, struct ata_drive *drive,
              struct err *e)
{
    struct media *m = *out;
    int r;

    if (m == NULL) {
        m = device_create(machine, &media_ops, "media", e);
        if (m == NULL)
            return e->code;
        if ((r = host_add_source(host, "media", false, input, m, &m->source, e)) < 0)
            return r;
        *out = m;
    }
    if (m->n == MEDIA_DRIVES)
        return err_set(e, ERR_LIMIT, "more than %d CD-ROM drives", MEDIA_DRIVES);
    snprintf(m->id[m->n], sizeof(m->id[0]), "%s", id);
    m->drive[m->n] = drive;
    m->first[m->n++] = drive->disk;
    return 0;
}

static int find(const struct media *m, const char *id, struct err *e)
{
    char names[512] = "";
    size_t at = 0;

    for (uint32_t i = 0; m != NULL && i < m->n; i++) {
        if (strcmp(m->id[i], id) == 0)
            return (int)i;
        if (at < sizeof(names))
            at += (size_t)snprintf(names + at, sizeof(names) - at, " %s", m->id[i]);
    }
    if (names[0] == 0)
        return err_set(e, ERR_ABSENT, "there is no drive '%s': this machine has no CD-ROM drive", id);
    return err_set(e, ERR_ABSENT, "there is no CD-ROM drive '%s'; the drives are:%s", id, names);
}

int media_change(struct media *m, const char *id, const char *path, const char *format, bool force, struct err *e)
{
    uint8_t message[AT_PATH + MEDIA_PATH];
    size_t n = path != NULL ? strlen(path) : 0;
    struct block *disc;
    int i = find(m, id, e), r;

    if (i < 0)
        return i;
    if (n >= MEDIA_PATH)
        return err_set(e, ERR_LIMIT, "%.60s...: path longer than %d characters", path, MEDIA_PATH - 1);
    message[AT_DRIVE] = (uint8_t)i;
    message[AT_FORMAT] = BLOCK_PROBE;
    if (format != NULL && strcmp(format, "raw") == 0)
        message[AT_FORMAT] = BLOCK_RAW;
    else if (format != NULL && strcmp(format, "qcow2") == 0)
        message[AT_FORMAT] = BLOCK_QCOW2;
    else if (format != NULL)
        return err_set(e, ERR_ARG, "format '%s': accepted are raw and qcow2", format);
    if (n != 0) { /* the user hears now what is wrong with the file */
        if ((r = open_disc(m, (uint32_t)i, path, message[AT_FORMAT], &disc, e)) < 0)
            return r;
        (void)block_close(disc, NULL);
        memcpy(message + AT_PATH, path, n);
    }
    if (!force && atapi_is_locked(m->drive[i])) {
        message[AT_FORMAT] = BUTTON;
        if ((r = host_deliver(m->source, message, AT_PATH, e)) < 0)
            return r;
        return err_set(e, ERR_STATE, "the guest has locked drive '%s' and was asked to let go; try again, or force it with -f", id);
    }
    return host_deliver(m->source, message, AT_PATH + n, e);
}

bool media_list(const struct media *m, uint32_t n, const char **id, const char **path, bool *locked)
{
    if (m == NULL || n >= m->n)
        return false;
    const struct block *disc = m->drive[n]->disk;
    *id = m->id[n];
    *path = disc != NULL ? block_get_options(disc)->file : "";
    *locked = atapi_is_locked(m->drive[n]);
    return true;
}
