/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_BOOT_H
#define ORRERY_DEVICES_BOARD_BOOT_H
/*
 * What boards do alike with the images of their configuration: open them when they are built,
 * place RAM disk and device tree after each reset. Where the kernel goes and what the CPUs find
 * in their registers is each board's own (QEMU hw/arm/boot.c, hw/riscv/boot.c).
 */
#include "devices/board/board_impl.h"

/* What of an image a board's CPUs can run. */
struct boot_isa {
    const char *name;            /* for messages: "RISC-V, 64 bits" */
    uint16_t elf_machine;        /* EM_* of 64-bit files */
    enum image_kind linux_image; /* the others are refused */
    uint16_t elf_machine_32;     /* EM_* of 32-bit files; 0 (EM_NONE): they are refused */
};

/* The kernel alone, if config names one. ERR_ARG: it names what only a kernel has use for, and none. */
int boot_open_kernel(struct board *b, const struct boot_isa *isa, struct err *e) MUST_CHECK;
/* Kernel, initrd and device tree as far as config names them, into `b`. */
int boot_open_images(struct board *b, const struct boot_isa *isa, struct err *e) MUST_CHECK;
/* ERR_FORMAT: `img` is a program or kernel for something else. NULL and raw bytes are accepted. */
int boot_check_image(const struct image *img, const struct boot_isa *isa, struct err *e) MUST_CHECK;

/* A range of addresses; empty: there is none. */
struct boot_range {
    pa_t start, end;
};
/*
 * The initrd, if there is one, on the first page behind `above` that is half of RAM, at most
 * `space`, behind `from`: QEMU's rule, which leaves the kernel room to unpack itself. `at->start`
 * is that page in any case.
 */
int boot_place_initrd(struct board *b, pa_t from, uint64_t space, pa_t above, struct boot_range *at,
                      struct err *e) MUST_CHECK;

/*
 * The tree of -dtb or the board's own with bootargs (NULL: none) and the initrd's range in /chosen.
 * *blob is malloc'd, the caller's.
 */
int boot_make_tree(struct board *b, const char *bootargs, const struct boot_range *initrd,
                   uint8_t **blob, uint32_t *size, struct err *e) MUST_CHECK;
/* Into memory at `at`. ERR_LIMIT: it does not fit between there and `end`. */
int boot_place_tree(struct board *b, const uint8_t *blob, uint32_t size, pa_t at, pa_t end,
                    struct err *e) MUST_CHECK;

#endif
