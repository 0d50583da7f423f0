/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_FW_CFG_H
#define ORRERY_DEVICES_FW_CFG_H
/*
 * fw_cfg, the way firmware asks the emulator about the machine (QEMU
 * docs/specs/fw_cfg.rst): memory-mapped, data at 0, selector at 8, DMA at 16, all big-endian; or on
 * I/O ports, selector (a word, little-endian) at the first, data (a byte) at the second, DMA at the
 * fifth to twelfth. The board chooses: device_map or fw_cfg_map_ports.
 *
 * An item is a number, its key, and bytes. Named items, the files, get the keys
 * from 0x20 on in the order of their names, whatever order they were added in.
 * What is behind the end of an item, or was never added, reads as 0.
 *
 * Other than on QEMU the data register also answers at 1 to 7, and a read of the selector gives 0.
 *
 * Items are added when the machine is built. Their bytes stay the caller's, live as long as the
 * machine and are not saved, except those of writable and of built items. A reset selects key 0 and
 * leaves contents alone. A DMA request is done at once, takes no simulated time, and moves 4 GiB at
 * most; one that reaches the device's own registers finds them busy.
 */
#include "core/device/device.h"
#include "core/memory/dma.h"

enum fw_cfg_key {
    FW_CFG_SIGNATURE = 0x00, FW_CFG_ID = 0x01, FW_CFG_UUID = 0x02, FW_CFG_RAM_SIZE = 0x03,
    FW_CFG_NOGRAPHIC = 0x04, FW_CFG_NB_CPUS = 0x05, FW_CFG_KERNEL_ADDR = 0x07,
    FW_CFG_KERNEL_SIZE = 0x08, FW_CFG_INITRD_ADDR = 0x0a, FW_CFG_INITRD_SIZE = 0x0b,
    FW_CFG_BOOT_DEVICE = 0x0c, FW_CFG_NUMA = 0x0d, FW_CFG_BOOT_MENU = 0x0e,
    FW_CFG_MAX_CPUS = 0x0f, FW_CFG_KERNEL_ENTRY = 0x10, FW_CFG_KERNEL_DATA = 0x11,
    FW_CFG_INITRD_DATA = 0x12, FW_CFG_CMDLINE_ADDR = 0x13, FW_CFG_CMDLINE_SIZE = 0x14,
    FW_CFG_CMDLINE_DATA = 0x15, FW_CFG_SETUP_ADDR = 0x16, FW_CFG_SETUP_SIZE = 0x17,
    FW_CFG_SETUP_DATA = 0x18, FW_CFG_FILE_DIR = 0x19, FW_CFG_FILE_FIRST = 0x20,
    FW_CFG_ARCH_LOCAL = 0x8000, /* bit 15: keys of one architecture */
};

#define FW_CFG_FILES     0x20 /* as many as QEMU has room for */
#define FW_CFG_NAME_SIZE 56   /* with the NUL */

struct fw_cfg;

/* After a guest wrote bytes [offset, offset + n) of a writable file. */
typedef void fw_cfg_written_fn(void *arg, uint32_t offset, uint32_t n);

/* The machine's view of memory is where requests go. NULL with `e`. */
struct fw_cfg *fw_cfg_create(struct machine *m, const char *id, struct err *e);
struct device *fw_cfg_device(struct fw_cfg *f);
/* A PC's: 510h. */
int fw_cfg_map_ports(struct fw_cfg *f, struct mem_space *io, uint16_t port,
                     struct err *e) MUST_CHECK;

/*
 * ERR_ARG: the key or name is taken, the name is empty or too long; ERR_LIMIT: more than
 * FW_CFG_FILES files. `data` may be NULL if `n` is 0.
 */
int fw_cfg_add(struct fw_cfg *f, uint16_t key, const void *data, uint32_t n,
               struct err *e) MUST_CHECK;
int fw_cfg_add_file(struct fw_cfg *f, const char *name, const void *data, uint32_t n,
                    struct err *e) MUST_CHECK;
/* The guest may change `data`, by DMA, but not its length. `written` may be NULL. */
int fw_cfg_add_writable(struct fw_cfg *f, const char *name, void *data, uint32_t n,
                        fw_cfg_written_fn *written, void *arg, struct err *e) MUST_CHECK;

/*
 * A file that is filled in when it is first selected after a reset: ACPI tables, which tell what
 * firmware has set up until then. `build` changes the bytes of `data`, not their number; `data` is
 * not NULL. The guest cannot write it.
 */
struct fw_cfg_builder {
    void (*build)(void *arg);
    void *arg;
};
int fw_cfg_add_built(struct fw_cfg *f, const char *name, void *data, uint32_t n,
                     const struct fw_cfg_builder *b, struct err *e) MUST_CHECK;

/* A little-endian number of 2, 4 or 8 bytes. */
int fw_cfg_add_number(struct fw_cfg *f, uint16_t key, uint64_t value, unsigned size,
                      struct err *e) MUST_CHECK;

/* The bytes behind `key`, or NULL. For boards that look at what they have added, and tests. */
const void *fw_cfg_find(const struct fw_cfg *f, uint16_t key, uint32_t *n);

#endif
