/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/flash_banks.h"
#include "devices/backend/option.h"
#include "devices/board/virtio_parts.h"
#include <inttypes.h>
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

int flash_banks_image(struct board *b, uint32_t unit, struct block **out, struct err *e)
{
    char key[16], drive[128];

    snprintf(key, sizeof(key), "pflash%u", unit);
    bool named = machine_option(b->config.board_options, key, drive, sizeof(drive));
    return parts_take_flash(b->devices, unit, named ? drive : NULL, out, e);
}

/* Two chips of 16 bits side by side, as on QEMU's boards. */
int flash_banks_build(struct board *b, const struct board_place *first,
                      struct cfi_flash *banks[FLASH_BANKS], bool has_image[FLASH_BANKS],
                      struct err *e)
{
    struct parts_globals globals;
    int r = parts_read_globals(&globals, &b->config, e);
    if (r < 0)
        return r;
    const struct cfi_flash_config config = {
        .size = first->size, .sector = 0x40000, .bank_width = 4, .device_width = 2,
        .manufacturer = 0x89 /* Intel */, .device = 0x18, .secure = globals.pflash_secure,
    };

    for (uint32_t unit = 0; unit < FLASH_BANKS; unit++) {
        char id[32];
        struct block *image = NULL;

        snprintf(id, sizeof(id), "%s%u", first->name, unit);
        r = flash_banks_image(b, unit, &image, e);
        if (r < 0)
            return r;
        banks[unit] = cfi_flash_create(b->machine, id, &config, image, e);
        if (!banks[unit])
            return e->code;
        r = cfi_flash_map(banks[unit], b->machine->memory, first->base + unit * first->size, e);
        if (r < 0)
            return r;
        has_image[unit] = image != NULL;
    }
    return 0;
}

int flash_banks_firmware(const struct board *b, const struct board_place *first, bool has_image, bool *there,
                         struct err *e)
{
    if (b->bios && has_image)
        return err_set(e, ERR_ARG, "'%s' and an image of flash bank 0: firmware comes from one of "
                       "them", b->bios->path);
    if (b->bios && b->bios->size > first->size)
        return err_set(e, ERR_LIMIT,
                       "firmware '%s' has %" PRIu64 " bytes; a flash bank holds %" PRIu64,
                       b->bios->path, b->bios->size, first->size);
    *there = b->bios || has_image;
    return 0;
}

void flash_banks_load(const struct board *b, struct cfi_flash *bank)
{
    if (!b->bios)
        return;
    memcpy(bank->ram->host, b->bios->data, b->bios->size);
    mem_ram_written(bank->ram, 0, b->bios->size);
}
