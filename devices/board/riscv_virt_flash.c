/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two flash banks of `riscv-virt` and what is in them. Bank 0 with an image is a stage
 * of the boot (QEMU docs/system/riscv/virt.rst): without firmware harts start in it, with
 * firmware it holds what the firmware goes on to, which finds kernel, initrd and command
 * line in fw_cfg.
 */
#include "devices/board/riscv_virt_impl.h"
#include "devices/backend/option.h"
#include "devices/board/virtio_parts.h"
#include "devices/cfi_flash.h"
#include <stdio.h>
#include <string.h>

/* -machine virt,pflash0=ID: false if the option is not there. */
static bool machine_option(const char *options, const char *key, char *value, size_t size)
{
    char item[160];
    bool fits = true, found = false;
    size_t n = strlen(key);

    while (options && option_next(&options, item, sizeof(item), &fits)) {
        if (fits && strncmp(item, key, n) == 0 && item[n] == '=') {
            found = true;
            snprintf(value, size, "%s", item + n + 1);
        }
        fits = true;
    }
    return found;
}

int virt_build_flash(struct board *b, struct parts *parts, bool *has_image, struct err *e)
{
    static const struct cfi_flash_config bank = {
        .size = VIRT_FLASH_BANK, .sector = VIRT_FLASH_SECTOR, .bank_width = 4, .device_width = 2,
        .manufacturer = 0x89, .device = 0x18,
    };

    for (uint32_t unit = 0; unit < VIRT_FLASH_BANKS; unit++) {
        char id[16], key[16], drive[128];
        struct block *image = NULL;
        pa_t base = virt_map[VIRT_FLASH].base + unit * VIRT_FLASH_BANK;

        snprintf(id, sizeof(id), "flash%u", unit);
        snprintf(key, sizeof(key), "pflash%u", unit);
        bool named = machine_option(b->config.board_options, key, drive, sizeof(drive));
        int r = parts_take_flash(parts, unit, named ? drive : NULL, &image, e);
        if (r < 0)
            return r;
        struct cfi_flash *f = cfi_flash_create(b->machine, id, &bank, image, e);
        if (!f)
            return e->code;
        if ((r = cfi_flash_map(f, b->machine->memory, base, e)) < 0)
            return r;
        if (unit == 0)
            *has_image = image != NULL;
    }
    return 0;
}
