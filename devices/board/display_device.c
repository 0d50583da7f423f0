/* SPDX-License-Identifier: Apache-2.0 */
/* -device: displays. */
#include "devices/backend/option.h"
#include "devices/board/virtio_parts.h"
#include "devices/ramfb.h"
#include <stdio.h>
#include <string.h>

struct display_options {
    char driver[64], id[64];
};
static const struct option_desc ramfb_table[] = {
    OPT_TEXT(display_options, "driver", driver), OPT_TEXT(display_options, "id", id),
};

static int add_ramfb(struct parts *p, const struct display_options *o, const char *id, struct err *e)
{
    (void)o;
    if (!p->fw_cfg)
        return err_set(e, ERR_UNSUPPORTED, "this board has no fw_cfg");
    return ramfb_create(p->board->machine, id, p->fw_cfg, p->board->host, e) ? 0 : e->code;
}

static const struct display_kind {
    const char *name;
    int (*add)(struct parts *p, const struct display_options *o, const char *id, struct err *e);
    const struct option_desc *table;
    size_t n;
} kinds[] = {
    { "ramfb", add_ramfb, ramfb_table, ARRAY_LEN(ramfb_table) },
};

static const struct display_kind *find_kind(const char *text)
{
    size_t n = strcspn(text, ",");

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strlen(kinds[i].name) == n && strncmp(text, kinds[i].name, n) == 0)
            return &kinds[i];
    return NULL;
}

bool parts_is_display(const char *text)
{
    return find_kind(text) != NULL;
}

int parts_add_display(struct parts *p, const char *text, struct err *e)
{
    const struct display_kind *kind = find_kind(text);
    struct display_options o = { 0 };
    char id[96];
    int r = option_read(kind->table, kind->n, &o, text, "driver", e);

    snprintf(id, sizeof(id), "%s", o.id);
    if (id[0] == 0)
        snprintf(id, sizeof(id), "%s%u", kind->name, p->n_devices);
    p->n_devices++;
    if (r == 0)
        r = kind->add(p, &o, id, e);
    return r < 0 ? err_context(e, "device '%s'", text) : r;
}
