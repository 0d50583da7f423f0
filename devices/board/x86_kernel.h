/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BOARD_X86_KERNEL_H
#define ORRERY_DEVICES_BOARD_X86_KERNEL_H
/*
 * What a PC can be started with in place of firmware, and how to tell:
 *
 *   bzImage        Linux Documentation/arch/x86/boot.rst, "HdrS" at 202h
 *   Multiboot 1    Multiboot Specification 0.6.96: ELF, or any file whose header gives addresses
 *   Multiboot 2    Multiboot2 Specification 2.0, architecture i386: the same
 *   PVH            Xen docs/misc/pvh: ELF with a note XEN_ELFNOTE_PHYS32_ENTRY (vmlinux)
 *
 * They are looked for in this order. All begin in 32-bit protected mode without paging. What a header demands and is
 * not there (a video mode, a table) is refused. Everything in the file is checked against the file's size.
 */
#include "devices/board/image.h"

enum x86_kernel_kind { X86_BZIMAGE, X86_MULTIBOOT1, X86_MULTIBOOT2, X86_PVH };

struct x86_kernel {
    enum x86_kernel_kind kind;
    uint32_t entry;
    bool addressed;              /* the header says what goes where; else the ELF program headers do */
    uint32_t offset, load, file_size, memory_size; /* addressed: of the file, to memory, the rest is zeroed */
    pa_t low, high;              /* range of memory used, [low, high); bzImage: 0 */
};

/* ERR_FORMAT says what was found and what is accepted. */
int x86_kernel_find(struct x86_kernel *k, const struct image *img, struct err *e) MUST_CHECK;

#endif
