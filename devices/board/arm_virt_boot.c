/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images of `arm-virt` and where CPUs start. Three ways, as on QEMU's board (hw/arm/boot.c):
 * - firmware in flash bank 0: all CPUs that PSCI does not hold start at address 0 with the device
 *   tree at the start of RAM; kernel, initrd and command line are in fw_cfg;
 * - a Linux Image (Documentation/arch/arm64/booting.rst): CPU 0 starts in it below EL3, x0 = device
 *   tree, everything in RAM. Raw bytes are taken for an old one;
 * - an ELF program: CPU 0 starts at its entry; device tree at the start of RAM where there is
 *   room, its address in x0 here, too. With secure=on it starts at EL3, alone of these.
 */
#include "devices/board/arm_virt_impl.h"
#include "core/util/bits.h"
#include "cpu/arm64/cpu.h"
#include "devices/board/boot.h"
#include "devices/board/flash_banks.h"
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_OFFSET_OLD 0x80000ull      /* of a kernel without a header */
#define BOOT_STUB       0x1000ull       /* what QEMU keeps free at the start of RAM */
#define ALIGN_2M        0x200000ull
#define INITRD_SPACE    (128ull << 20)  /* QEMU's rule: half of RAM, at most this, from its start */

static const struct boot_isa arm64 = { "AArch64", EM_AARCH64, IMAGE_LINUX_ARM64 };

int arm_virt_open_images(struct board *b, struct err *e)
{
    const char *bios = b->config.bios;
    int r = boot_open_images(b, &arm64, e);

    if (r < 0 || !bios || strcmp(bios, "none") == 0 || strcmp(bios, "default") == 0)
        return r;
    char *path = board_find_firmware(b, bios, e);
    if (!path)
        return e->code;
    r = image_open_raw(&b->bios, path, "firmware", e);
    free(path);
    return r;
}

struct placement {
    pa_t start, tree, tree_end;  /* tree_end: the tree ends before it */
    struct boot_range initrd;
};

/* Kernel and initrd in RAM; where the tree goes. */
static int place_kernel(struct board *b, const struct board_place *ram, struct placement *p,
                        struct err *e)
{
    const struct image *k = b->kernel;
    struct mem_space *memory = b->machine->memory;
    pa_t above;
    int r;

    if (k->kind == IMAGE_ELF) {
        if ((r = image_place(k, memory, 0, e)) < 0)
            return r;
        p->start = k->entry;
        above = k->high;
        if (k->low >= ram->base + BOOT_STUB || k->high <= ram->base) { /* room in front of it */
            p->tree_end = k->high <= ram->base ? p->tree_end : k->low;
            p->tree = ram->base;
        }
    } else {
        uint64_t offset = k->kind == IMAGE_LINUX_ARM64 ? k->text_offset : TEXT_OFFSET_OLD;
        if (offset < BOOT_STUB)
            offset += ALIGN_2M;
        p->start = ram->base + offset;
        if ((r = image_place(k, memory, p->start, e)) < 0)
            return r;
        above = p->start + MAX(k->size, k->image_size);
    }
    r = boot_place_initrd(b, ram->base, INITRD_SPACE, above, &p->initrd, e);
    if (p->tree == 0)
        p->tree = align_up(p->initrd.end, ALIGN_2M);
    return r;
}

static int place_tree(struct board *b, const struct placement *p, struct err *e)
{
    const struct arm_virt *v = b->parts;
    uint8_t *blob;
    uint32_t size;
    int r = boot_make_tree(b, v->firmware ? NULL : b->config.append, &p->initrd, &blob, &size, e);

    if (r < 0)
        return r;
    r = boot_place_tree(b, blob, size, p->tree, p->tree_end, e);
    free(blob);
    return r;
}

/* After a reset of the machine: the architected state, and what board or firmware make of it. */
int arm_virt_load_images(struct board *b, struct err *e)
{
    struct arm_virt *v = b->parts;
    const struct board_place *ram = &v->map[ARM_VIRT_DRAM];
    struct placement p = { .tree_end = ram->base + ram->size };
    bool direct = !v->firmware && b->kernel;
    int r;

    flash_banks_load(b, v->flash[0]);
    if (direct) {
        if ((r = place_kernel(b, ram, &p, e)) < 0)
            return r;
    } else {
        p.tree = ram->base;
    }
    if ((r = place_tree(b, &p, e)) < 0)
        return r;
    for (uint32_t i = 1; (v->psci || direct) && i < b->n_cpus; i++)
        a64_power_off(b->cpus[i]);
    if (direct && v->has_el3) { /* a program at the reset's Exception level */
        b->cpus[0]->pc = p.start;
        a64_set_x(b->cpus[0], 0, p.tree);
    } else if (direct) {
        a64_power_on(b->cpus[0], p.start, p.tree);
    }
    return 0;
}
