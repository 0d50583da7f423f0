/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/board/boot.h"
#include "core/util/bits.h"
#include "devices/board/devicetree.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int boot_check_image(const struct image *img, const struct boot_isa *isa, struct err *e)
{
    static const char *const kernels[] = {
        [IMAGE_LINUX_RISCV] = "riscv64", [IMAGE_LINUX_ARM64] = "arm64", [IMAGE_LINUX_LOONGARCH] = "loongarch64",
    };

    if (!img || img->kind == IMAGE_RAW || img->kind == isa->linux_image)
        return 0;
    if (img->kind != IMAGE_ELF)
        return err_set(e, ERR_FORMAT, "'%s' is a kernel for %s; this board needs one for %s",
                       img->path, kernels[img->kind], kernels[isa->linux_image]);
    if (img->elf_machine != (img->elf_64 ? isa->elf_machine : isa->elf_machine_32) || img->elf_machine == 0)
        return err_set(e, ERR_FORMAT,
                       "'%s' is an ELF file for machine %u, %s bits; this board needs %s",
                       img->path, img->elf_machine, img->elf_64 ? "64" : "32", isa->name);
    return 0;
}

int boot_open_kernel(struct board *b, const struct boot_isa *isa, struct err *e)
{
    const struct board_config *c = &b->config;

    if (!c->kernel && c->initrd)
        return err_set(e, ERR_ARG, "initrd '%s' without a kernel; give one with -kernel", c->initrd);
    if (!c->kernel && c->append && c->append[0] != '\0')
        return err_set(e, ERR_ARG, "command line '%s' without a kernel; give one with -kernel", c->append);
    int r = c->kernel ? image_open(&b->kernel, c->kernel, "kernel", e) : 0;

    return r < 0 ? r : boot_check_image(b->kernel, isa, e);
}

int boot_open_images(struct board *b, const struct boot_isa *isa, struct err *e)
{
    const struct board_config *c = &b->config;
    int r = boot_open_kernel(b, isa, e);

    if (r == 0 && c->initrd)
        r = image_open_raw(&b->initrd, c->initrd, "initrd", e);
    if (r == 0 && c->dtb)
        r = image_open_raw(&b->dtb, c->dtb, "dtb", e);
    if (r == 0 && c->shim)
        r = err_set(e, ERR_UNSUPPORTED, "shim '%s': only a PC's UEFI takes one from the command line; leave out -shim", c->shim);
    return r;
}

int boot_place_initrd(struct board *b, pa_t from, uint64_t space, pa_t above, struct boot_range *at,
                      struct err *e)
{
    at->start = at->end = align_up(MAX(from + MIN(b->config.memory / 2, space), above), MEM_PAGE);
    if (!b->initrd)
        return 0;
    at->end += b->initrd->size;
    return image_place(b->initrd, b->machine->memory, at->start, e);
}

int boot_make_tree(struct board *b, const char *bootargs, const struct boot_range *initrd,
                   uint8_t **blob, uint32_t *size, struct err *e)
{
    int r;

    if (b->dtb) {
        *size = (uint32_t)MIN(b->dtb->size, UINT32_MAX);
        *blob = malloc(*size);
        if (!*blob)
            return err_set(e, ERR_NOMEM, "no memory for the device tree");
        memcpy(*blob, b->dtb->data, *size);
    } else if ((r = b->ops->device_tree(b, blob, size, e)) < 0) {
        return r;
    }
    r = dt_set_chosen(blob, size, bootargs, initrd->start, initrd->end, e);
    if (r < 0 && b->dtb)
        (void)err_context(e, "'%s'", b->dtb->path);
    if (r < 0)
        free(*blob);
    return r;
}

int boot_place_tree(struct board *b, const uint8_t *blob, uint32_t size, pa_t at, pa_t end,
                    struct err *e)
{
    if (at >= end || size > end - at ||
        mem_write(b->machine->memory, at, blob, size, &(struct mem_attrs){ 0 }) != MEM_OK)
        return err_set(e, ERR_LIMIT,
                       "no room for the device tree of %u bytes at %#" PRIx64 " in %" PRIu64
                       " MiB of RAM",
                       size, at, b->config.memory >> 20);
    return 0;
}
