/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_FW_CFG_ITEMS_H
#define ORRERY_DEVICES_BOARD_FW_CFG_ITEMS_H
/* What the boards put into fw_cfg, beside what is a board's own. */
#include "devices/board/board_impl.h"
#include "devices/fw_cfg.h"

/* The items every board has, and the files of -fw_cfg. */
int fw_cfg_items_add(struct fw_cfg *f, struct board *b, struct err *e) MUST_CHECK;

/* Kernel, initrd and command line, for firmware that loads them itself. Without a kernel: none. */
int fw_cfg_items_add_kernel(struct fw_cfg *f, struct board *b, struct err *e) MUST_CHECK;
/* A number of 4 bytes and the bytes it counts, which stay the caller's. */
int fw_cfg_items_add_blob(struct fw_cfg *f, uint16_t size_key, uint16_t data_key, const void *data,
                          uint32_t n, struct err *e) MUST_CHECK;

#endif
