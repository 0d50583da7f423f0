/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/flash_banks.h"
#include "devices/backend/option.h"
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

int flash_banks_build(struct board *b, struct parts *parts, pa_t base, uint64_t size, uint32_t sector,
                      struct cfi_flash *banks[FLASH_BANKS], bool has_image[FLASH_BANKS],
                      struct err *e)
{
    const struct cfi_flash_config config = {
        .size = size, .sector = sector, .bank_width = 4, .device_width = 2,
        .manufacturer = 0x89, .device = 0x18,
    };

    for (uint32_t unit = 0; unit < FLASH_BANKS; unit++) {
        char id[16], key[16], drive[128];
        struct block *image = NULL;

        snprintf(id, sizeof(id), "flash%u", unit);
        snprintf(key, sizeof(key), "pflash%u", unit);
        bool named = machine_option(b->config.board_options, key, drive, sizeof(drive));
        int r = parts_take_flash(parts, unit, named ? drive : NULL, &image, e);
        if (r < 0)
            return r;
        banks[unit] = cfi_flash_create(b->machine, id, &config, image, e);
        if (!banks[unit])
            return e->code;
        if ((r = cfi_flash_map(banks[unit], b->machine->memory, base + unit * size, e)) < 0)
            return r;
        has_image[unit] = image != NULL;
    }
    return 0;
}
