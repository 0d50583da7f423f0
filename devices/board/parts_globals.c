/* SPDX-License-Identifier: Apache-2.0 */
/* -global: what it may set, by QEMU's names of drivers and properties. */
#include "devices/backend/option.h"
#include "devices/board/virtio_parts.h"
#include <stdio.h>
#include <string.h>

static const struct option_desc virtio_mmio[] = { OPT_BOOL(parts_globals, "force-legacy", force_legacy) };
static const struct option_desc flash[] = { OPT_BOOL(parts_globals, "secure", pflash_secure) };
static const struct option_desc lpc[] = {
    OPT_BOOL(parts_globals, "disable_s3", disable_s3), OPT_BOOL(parts_globals, "disable_s4", disable_s4),
};
/* No tick of a timer gets lost here. */
static const struct option_desc pit[] = { OPT_IGNORED("lost_tick_policy") };

static const struct driver {
    const char *name;
    const struct option_desc *table;
    size_t n;
} drivers[] = {
    { "virtio-mmio", virtio_mmio, ARRAY_LEN(virtio_mmio) },
    { "cfi.pflash01", flash, ARRAY_LEN(flash) },
    { "ICH9-LPC", lpc, ARRAY_LEN(lpc) },
    { "kvm-pit", pit, ARRAY_LEN(pit) },
};

struct setting {
    char driver[64], property[64], value[64];
};

/* "DRIVER.PROPERTY=VALUE" or "driver=D,property=P,value=V". A driver's name may have dots: the last one before '=' counts. */
static int read_setting(struct setting *o, const char *text, struct err *e)
{
    static const struct option_desc table[] = {
        OPT_TEXT(setting, "driver", driver), OPT_TEXT(setting, "property", property), OPT_TEXT(setting, "value", value),
    };
    const char *is = strchr(text, '='), *dot = is;

    while (dot && dot > text && *dot != '.')
        dot--;
    *o = (struct setting){ 0 };
    if (!dot || *dot != '.')
        return option_read(table, ARRAY_LEN(table), o, text, NULL, e);
    snprintf(o->driver, sizeof(o->driver), "%.*s", (int)(dot - text), text);
    snprintf(o->property, sizeof(o->property), "%.*s", (int)(is - dot - 1), dot + 1);
    snprintf(o->value, sizeof(o->value), "%s", is + 1);
    return 0;
}

static int set(struct parts_globals *g, const struct setting *o, const char *text, struct err *e)
{
    char item[160];
    const char *value = strcmp(o->value, "1") == 0 ? "on" : strcmp(o->value, "0") == 0 ? "off" : o->value;

    snprintf(item, sizeof(item), "%s=%s", o->property, value);
    for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
        if (strcmp(o->driver, drivers[i].name) == 0) {
            int r = option_read(drivers[i].table, drivers[i].n, g, item, NULL, e);
            return r < 0 ? err_context(e, "-global %s", text) : 0;
        }
    return err_set(e, ERR_UNSUPPORTED, "-global %s: accepted are virtio-mmio.force-legacy, cfi.pflash01.secure, "
                   "ICH9-LPC.disable_s3 and .disable_s4, each =on|off; properties of one device go with its -device", text);
}

int parts_read_globals(struct parts_globals *g, const struct board_config *c, struct err *e)
{
    struct setting o;
    int r = 0;

    *g = (struct parts_globals){ .force_legacy = true };
    for (uint32_t i = 0; i < c->n_args && r == 0; i++) {
        if (c->args[i].kind != BOARD_GLOBAL)
            continue;
        r = read_setting(&o, c->args[i].text, e);
        if (r == 0)
            r = set(g, &o, c->args[i].text, e);
    }
    return r;
}
