/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/boot_order.h"
#include "core/util/bytes.h"
#include "devices/backend/option.h"
#include "devices/fw_cfg.h"
#include "devices/pci/pci.h"
#include <stdio.h>
#include <string.h>

/* ---- -boot ---- */
static const struct option_desc table[] = {
    OPT_TEXT(boot_options, "order", order), OPT_TEXT(boot_options, "once", once),
    OPT_TEXT(boot_options, "splash", splash), OPT_BOOL(boot_options, "menu", menu),
    OPT_BOOL(boot_options, "strict", strict), OPT_NUMBER(boot_options, "splash-time", splash_time),
    OPT_NUMBER(boot_options, "reboot-timeout", reboot_timeout),
};
enum { LONGEST_MS = 0xffff }; /* of both times, as QEMU limits them */

static int check_letters(const char *letters, struct err *e)
{
    for (const char *p = letters; *p; p++)
        if (*p < 'a' || *p > 'p' || strchr(p + 1, *p))
            return err_set(e, ERR_ARG, "'%s': letters from a to p are expected, each once; on a PC a is the floppy disk, "
                           "c the disk, d the CD and n the network", letters);
    return 0;
}

int boot_options_read(struct boot_options *o, const char *text, struct err *e)
{
    *o = (struct boot_options){ .splash_time = -1, .reboot_timeout = -1 };
    int r = text ? option_read(table, ARRAY_LEN(table), o, text, "order", e) : 0;

    if (r == 0 && (r = check_letters(o->order, e)) == 0)
        r = check_letters(o->once, e);
    if (r == 0 && (o->splash_time > LONGEST_MS || o->reboot_timeout > LONGEST_MS))
        r = err_set(e, ERR_ARG, "splash-time and reboot-timeout are 0 to %d milliseconds", LONGEST_MS);
    return r < 0 ? err_context(e, "-boot '%s'", text) : 0;
}

/* A picture that SeaBIOS shows above its menu: it tells JPEG from BMP by the file's name. */
static int add_splash(const char *path, struct board *b, struct fw_cfg *f, struct err *e)
{
    struct image *img = NULL;
    int r = image_open_raw(&img, path, "splash", e);

    if (r < 0)
        return r;
    bool jpeg = img->size > 2 && img->data[0] == 0xff && img->data[1] == 0xd8;
    bool bmp = img->size > 30 && memcmp(img->data, "BM", 2) == 0 && ld_le16(img->data + 28) == 24;
    uint32_t n = (uint32_t)img->size;
    uint8_t *copy = jpeg || bmp ? arena_alloc(&b->machine->arena, n) : NULL;
    if (copy)
        memcpy(copy, img->data, n);
    image_free(img);
    if (!jpeg && !bmp)
        return err_set(e, ERR_FORMAT, "splash '%s' is neither a JPEG picture nor a BMP of 24 bits", path);
    return copy ? fw_cfg_add_file(f, jpeg ? "bootsplash.jpg" : "bootsplash.bmp", copy, n, e)
                : err_set(e, ERR_NOMEM, "no memory for the splash");
}

int boot_options_publish(const struct boot_options *o, struct board *b, struct fw_cfg *f,
                         struct err *e)
{
    uint8_t *waits = arena_alloc(&b->machine->arena, 8);
    int r;

    if (!waits)
        return err_set(e, ERR_NOMEM, "no memory for boot options");
    st_le32(waits, (uint32_t)o->reboot_timeout); /* -1: stay */
    st_le16(waits + 4, (uint16_t)o->splash_time);
    if ((r = fw_cfg_add_number(f, FW_CFG_BOOT_MENU, o->menu, 2, e)) < 0 ||
        (r = fw_cfg_add_file(f, "etc/boot-fail-wait", waits, 4, e)) < 0 ||
        (o->splash_time >= 0 && (r = fw_cfg_add_file(f, "etc/boot-menu-wait", waits + 4, 2, e)) < 0))
        return r;
    return o->splash[0] ? add_splash(o->splash, b, f, e) : 0;
}

/* ---- bootindex= ---- */
int boot_order_add(struct boot_order *o, int index, const char *device, const char *unit,
                   struct err *e)
{
    uint32_t at = 0;

    if (index < 0)
        return 0;
    while (at < o->n && o->entries[at].index < index)
        at++;
    if (at < o->n && o->entries[at].index == index)
        return err_set(e, ERR_ARG, "bootindex=%d is taken by another device", index);
    if (o->n == BOOT_ORDER_MOST)
        return err_set(e, ERR_LIMIT, "more than %d devices have a bootindex", BOOT_ORDER_MOST);
    memmove(&o->entries[at + 1], &o->entries[at], (o->n++ - at) * sizeof(o->entries[0]));
    o->entries[at].index = index;
    snprintf(o->entries[at].path, BOOT_PATH_SIZE, "%s%s", device, unit);
    return 0;
}

/* 2.2.1.4: by class where there is a generic name, else by vendor and device. As QEMU does, for these classes alone. */
void boot_order_pci_path(char path[BOOT_PATH_SIZE], const char *root, const struct pci_function *f)
{
    static const struct {
        uint16_t class_code;
        const char *name;
    } generic[] = { { 0x0100, "scsi" }, { 0x0101, "ide" }, { 0x0102, "fdc" }, { 0x0103, "ipi" }, { 0x0104, "raid" },
                    { 0x0200, "ethernet" } };
    char name[16], function[4] = "";

    snprintf(name, sizeof(name), "pci%04x,%04x", ld_le16(f->config), ld_le16(f->config + 2));
    for (size_t i = 0; i < ARRAY_LEN(generic); i++)
        if (ld_le16(f->config + 10) == generic[i].class_code)
            snprintf(name, sizeof(name), "%s", generic[i].name);
    if (f->devfn & 7)
        snprintf(function, sizeof(function), ",%x", f->devfn & 7u);
    snprintf(path, BOOT_PATH_SIZE, "%.24s/%s@%x%s", root, name, f->devfn >> 3 & 31u, function);
}

int boot_order_publish(const struct boot_order *o, struct machine *m, struct fw_cfg *f,
                       const char *first, bool strict, struct err *e)
{
    char *text = arena_alloc(&m->arena, (BOOT_ORDER_MOST + 2) * (BOOT_PATH_SIZE + 1)), *to = text;

    if (!text)
        return err_set(e, ERR_NOMEM, "no memory for the boot order");
    if (first)
        to += sprintf(to, "%.*s\n", BOOT_PATH_SIZE, first);
    for (uint32_t i = 0; i < o->n; i++)
        to += sprintf(to, "%s\n", o->entries[i].path);
    if (to == text)
        return 0;
    if (strict) /* nothing but these */
        to += sprintf(to, "HALT\n");
    to[-1] = 0;
    return fw_cfg_add_file(f, "bootorder", text, (uint32_t)(to - text), e);
}
