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
#include "devices/board/devicetree.h"
#include "devices/cfi_flash.h"
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_OFFSET_OLD 0x80000ull      /* of a kernel without a header */
#define BOOT_STUB       0x1000ull       /* what QEMU keeps free at the start of RAM */
#define ALIGN_2M        0x200000ull
#define INITRD_SPACE    (128ull << 20)  /* QEMU's rule: half of RAM, at most this, from its start */

int arm_virt_open_images(struct board *b, struct err *e)
{
    const struct board_config *c = &b->config;
    bool firmware = c->bios && strcmp(c->bios, "none") != 0 && strcmp(c->bios, "default") != 0;
    int r = 0;

    if (c->kernel)
        r = image_open(&b->kernel, c->kernel, "kernel", e);
    if (r == 0 && c->initrd)
        r = image_open_raw(&b->initrd, c->initrd, "initrd", e);
    if (r == 0 && c->dtb)
        r = image_open_raw(&b->dtb, c->dtb, "dtb", e);
    if (r == 0 && firmware) {
        char *path = board_find_firmware(b, c->bios, e);
        if (!path)
            return e->code;
        r = image_open_raw(&b->bios, path, "firmware", e);
        free(path);
    }
    const struct image *k = b->kernel;
    if (r == 0 && k && k->kind == IMAGE_ELF && (k->elf_machine != EM_AARCH64 || !k->elf_64))
        r = err_set(e, ERR_FORMAT, "'%s' is an ELF file for machine %u; this board needs AArch64",
                    k->path, k->elf_machine);
    if (r == 0 && k && k->kind == IMAGE_LINUX_RISCV)
        r = err_set(e, ERR_FORMAT, "'%s' is a riscv64 kernel; this board needs an arm64 one", k->path);
    return r;
}

struct placement {
    pa_t start, initrd, tree, tree_end;  /* tree_end: the tree ends before it */
};

/* Kernel and initrd in RAM; where the tree goes. */
static int place_kernel(struct board *b, const struct arm_virt_place *ram, struct placement *p,
                        struct err *e)
{
    const struct image *k = b->kernel;
    struct mem_space *memory = b->machine->memory;
    pa_t above, initrd_end;
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
    pa_t at = align_up(MAX(ram->base + MIN(ram->size / 2, INITRD_SPACE), above), MEM_PAGE);
    initrd_end = at;
    if (b->initrd) {
        if ((r = image_place(b->initrd, memory, at, e)) < 0)
            return r;
        p->initrd = at;
        initrd_end = at + b->initrd->size;
    }
    if (p->tree == 0)
        p->tree = align_up(initrd_end, ALIGN_2M);
    return 0;
}

static int place_tree(struct board *b, const struct placement *p, struct err *e)
{
    const struct arm_virt *v = b->parts;
    uint8_t *blob;
    uint32_t size;
    int r;

    if (b->dtb) {
        size = (uint32_t)MIN(b->dtb->size, UINT32_MAX);
        blob = malloc(size);
        if (!blob)
            return err_set(e, ERR_NOMEM, "no memory for the device tree");
        memcpy(blob, b->dtb->data, size);
    } else if ((r = arm_virt_write_tree(b, &blob, &size, e)) < 0) {
        return r;
    }
    r = dt_set_chosen(&blob, &size, v->firmware ? NULL : b->config.append, p->initrd,
                      p->initrd ? p->initrd + b->initrd->size : 0, e);
    if (r < 0 && b->dtb)
        (void)err_context(e, "'%s'", b->dtb->path);
    if (r == 0 && (p->tree >= p->tree_end || size > p->tree_end - p->tree ||
                   mem_write(b->machine->memory, p->tree, blob, size, &(struct mem_attrs){ 0 }) != MEM_OK))
        r = err_set(e, ERR_LIMIT, "no room for the device tree of %u bytes at %#" PRIx64 " in %" PRIu64
                    " MiB of RAM", size, p->tree, b->config.memory >> 20);
    free(blob);
    return r;
}

/* After a reset of the machine: the architected state, and what board or firmware make of it. */
int arm_virt_load_images(struct board *b, struct err *e)
{
    struct arm_virt *v = b->parts;
    const struct arm_virt_place *ram = &v->map[ARM_VIRT_DRAM];
    struct placement p = { .tree_end = ram->base + ram->size };
    bool direct = !v->firmware && b->kernel;
    int r;

    if (b->bios) {
        memcpy(v->flash[0]->ram->host, b->bios->data, b->bios->size);
        mem_ram_written(v->flash[0]->ram, 0, b->bios->size);
    }
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
