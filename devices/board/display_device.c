/* SPDX-License-Identifier: Apache-2.0 */
/* -device: displays. */
#include "devices/backend/option.h"
#include "devices/board/virtio_parts.h"
#include "devices/bochs.h"
#include "devices/ramfb.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct display_options {
    char driver[64], id[64];
    char addr[16], bus[80], romfile[256], vgamem[32]; /* from here on: PCI */
    int vgamem_mb, xres, yres;
    bool edid;
};
#define OPTIONS_ALL                                                                                \
    OPT_TEXT(display_options, "driver", driver), OPT_TEXT(display_options, "id", id)
#define OPTIONS_PCI                                                                                \
    OPTIONS_ALL, OPT_TEXT(display_options, "addr", addr), OPT_TEXT(display_options, "bus", bus),   \
    OPT_BOOL(display_options, "edid", edid), OPT_NUMBER(display_options, "xres", xres),            \
    OPT_NUMBER(display_options, "yres", yres)
static const struct option_desc ramfb_table[] = { OPTIONS_ALL };
static const struct option_desc vga_table[] = {
    OPTIONS_PCI, OPT_NUMBER(display_options, "vgamem_mb", vgamem_mb),
    OPT_TEXT(display_options, "romfile", romfile),
};
static const struct option_desc secondary_table[] = {
    OPTIONS_PCI, OPT_NUMBER(display_options, "vgamem_mb", vgamem_mb),
};
static const struct option_desc bochs_table[] = {
    OPTIONS_PCI, OPT_TEXT(display_options, "vgamem", vgamem),
};

static int add_ramfb(struct parts *p, void *options, const char *id, struct err *e)
{
    (void)options;
    if (!p->at.fw_cfg)
        return err_set(e, ERR_UNSUPPORTED, "this board has no fw_cfg");
    return ramfb_create(p->board->machine, id, p->at.fw_cfg, p->board->host, e) ? 0 : e->code;
}

/* "16M", "16777216" */
static int parse_vgamem(const char *text, uint64_t *bytes, struct err *e)
{
    char *end;

    *bytes = strtoull(text, &end, 0);
    if ((*end | 0x20) == 'm' && *bytes <= 1024) {
        *bytes <<= 20;
        end++;
    }
    if (end == text || *end || strchr(text, '-'))
        return err_set(e, ERR_ARG, "vgamem=%s is no size; bytes, or megabytes such as 16M, are accepted",
                       text);
    return 0;
}

static int add_card(struct parts *p, const struct display_options *o, const char *id,
                    struct bochs_options *card, struct err *e)
{
    char *rom = NULL;
    int r;

    if ((r = parts_take_place(p, o->bus, o->addr, &card->devfn, e)) < 0)
        return r;
    if (card->kind == BOCHS_VGA) {
        card->window = p->at.vga_window;
        card->window_priority = p->at.vga_priority;
        if ((r = parts_find_rom(p, o->romfile, &rom, e)) < 0)
            return r;
        card->rom = rom;
    }
    card->no_edid = !o->edid;
    card->xres = (uint32_t)o->xres;
    card->yres = (uint32_t)o->yres;
    card->host = p->board->host;
    r = bochs_create(p->board->machine, id, p->at.pci, card, e) ? 0 : e->code;
    free(rom);
    return r;
}

static int add_vga(struct parts *p, void *options, const char *id, struct err *e)
{
    const struct display_options *o = options;
    struct bochs_options card = {
        .kind = strcmp(o->driver, "VGA") == 0 ? BOCHS_VGA : BOCHS_SECONDARY_VGA,
        .vram = (uint64_t)o->vgamem_mb << 20,
    };
    return add_card(p, o, id, &card, e);
}

static int add_bochs(struct parts *p, void *options, const char *id, struct err *e)
{
    const struct display_options *o = options;
    struct bochs_options card = { .kind = BOCHS_DISPLAY, .vram = BOCHS_VRAM_DEFAULT };
    int r = o->vgamem[0] ? parse_vgamem(o->vgamem, &card.vram, e) : 0;

    return r < 0 ? r : add_card(p, o, id, &card, e);
}

static const struct parts_kind kinds[] = {
    { "ramfb", add_ramfb, ramfb_table, ARRAY_LEN(ramfb_table) },
    { "VGA", add_vga, vga_table, ARRAY_LEN(vga_table) },
    { "secondary-vga", add_vga, secondary_table, ARRAY_LEN(secondary_table) },
    { "bochs-display", add_bochs, bochs_table, ARRAY_LEN(bochs_table) },
};

int parts_add_display(struct parts *p, const char *text, bool *found, struct err *e)
{
    const struct parts_kind *kind = parts_find_kind(kinds, ARRAY_LEN(kinds), text);
    struct display_options o = { .vgamem_mb = BOCHS_VRAM_DEFAULT >> 20, .edid = true };

    if (p->at.vga_rom != NULL) /* "romfile=" takes it away again */
        snprintf(o.romfile, sizeof(o.romfile), "%s", p->at.vga_rom);
    *found = kind != NULL;
    return kind ? parts_add_kind(p, kind, &o, o.id, text, e) : 0;
}
