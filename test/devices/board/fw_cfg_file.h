/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_DEVICES_BOARD_FW_CFG_FILE_H
#define ORRERY_TEST_DEVICES_BOARD_FW_CFG_FILE_H
/* What a board has put into fw_cfg, by name. */
#include "core/util/bytes.h"
#include "devices/fw_cfg.h"
#include "test/check_main.h"
#include <string.h>

/* NULL: there is no such file. */
static inline const uint8_t *fw_cfg_file(const struct fw_cfg *f, const char *name, uint32_t *size)
{
    uint32_t n;
    const uint8_t *d = fw_cfg_find(f, FW_CFG_FILE_DIR, &n);

    /* QEMU docs/specs/fw_cfg.rst: a count, then size, key, 2 bytes, name; big-endian */
    for (uint32_t i = 0; d && i < ld_be32(d); i++) {
        const uint8_t *row = d + 4 + i * 64;
        if (strcmp((const char *)row + 8, name) == 0) {
            const uint8_t *bytes = fw_cfg_find(f, ld_be16(row + 4), size);
            ck_assert_uint_eq(ld_be32(row), *size);
            return bytes;
        }
    }
    return NULL;
}

#endif
