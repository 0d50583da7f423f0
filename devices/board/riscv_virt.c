/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board `riscv-virt`: parts, lines, images and the hand-off to firmware.
 *
 * Boot (QEMU docs/system/riscv/virt.rst; OpenSBI docs/firmware/fw_dynamic.md): each hart starts
 * in the mask ROM at 0x1000, which loads a0 = mhartid, a1 = device tree, a2 = the fw_dynamic_info
 * record and jumps to the firmware, or to the kernel where there is none.
 */
#include "devices/board/riscv_virt_impl.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/riscv/cpu.h"
#include "devices/backend/char.h"
#include "devices/board/boot.h"
#include "devices/board/flash_banks.h"
#include "devices/board/fw_cfg_items.h"
#include "devices/board/smbios.h"
#include "devices/board/virtio_slots.h"
#include "devices/goldfish_rtc.h"
#include "devices/htif.h"
#include "devices/ns16550.h"
#include "devices/pci/ecam.h"
#include "devices/sifive_test.h"
#include "irqchip/aclint.h"
#include "irqchip/plic.h"
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NONE BOARD_NO_IRQ

const struct board_place virt_map[VIRT_PARTS] = {
    [VIRT_MROM] = { "mrom", 0x1000, 0xf000, NONE },
    [VIRT_TEST] = { "test", 0x100000, 0x1000, NONE },
    [VIRT_RTC] = { "rtc", 0x101000, 0x1000, 11 },
    [VIRT_CLINT] = { "clint", 0x2000000, 0x10000, NONE },
    [VIRT_SSWI] = { "sswi", 0x2f00000, 0x4000, NONE },
    [VIRT_PCI_IO] = { "pci-io", 0x3000000, 0x10000, NONE },
    [VIRT_PLIC] = { "plic", 0xc000000, 0x600000, NONE },
    [VIRT_UART] = { "serial0", 0x10000000, 0x100, 10 },
    [VIRT_VIRTIO] = { "virtio-mmio", 0x10001000, 0x1000, 1 },
    [VIRT_FW_CFG] = { "fw_cfg", 0x10100000, 0x18, NONE },
    [VIRT_FLASH] = { "flash", 0x20000000, 0x2000000, NONE },
    [VIRT_ECAM] = { "pci", 0x30000000, 0x10000000, 32 },
    [VIRT_PCI_MEM32] = { "pci-mem32", 0x40000000, 0x40000000, NONE },
    [VIRT_DRAM] = { "dram", 0x80000000, 0, NONE },
    [VIRT_PCI_MEM64] = { "pci-mem64", 0, 16ull << 30, NONE },
};

static const struct boot_isa riscv = { "RISC-V, 64 bits", EM_RISCV, IMAGE_LINUX_RISCV };

struct virt {
    struct rv_cpu *harts[BOARD_MAX_CPUS];
    struct rv_config cpu;
    struct board_place map[VIRT_PARTS];
    struct mem_ram *dram, *mrom;
    struct plic *plic;
    struct aclint *aclint;
    struct htif *htif;                 /* NULL: the program has no tohost */
    struct fw_cfg *fw_cfg;
    struct virtio_slots slots;
    struct pci_ecam *pci;
    struct ns16550 *uart;
    bool has_sswi;
    bool flash_boot;                   /* flash bank 0 holds a stage of the boot */
    uint8_t rng_seed[32];
};

#define FW_DYNAMIC_MAGIC   0x4942534full
#define FW_DYNAMIC_VERSION 2
#define KERNEL_ALIGN       0x200000ull
#define INITRD_SPACE       (512ull << 20) /* QEMU's rule: half of RAM, at most this, above the kernel */

/* ---- parts ---- */
static int build_cpus(struct board *b, struct virt *v, struct err *e)
{
    int r = rv_config_parse(&v->cpu, b->config.cpu, NULL, e);

    if (r < 0)
        return r;
    v->cpu.reset_pc = virt_map[VIRT_MROM].base;
    for (uint32_t i = 0; i < b->config.cpus; i++) {
        if ((r = rv_cpu_create(&v->harts[i], b->machine, &v->cpu, i, e)) < 0 ||
            (r = board_add_cpu(b, &v->harts[i]->cpu, &rv_profiles, v->cpu.name, e)) < 0)
            return r;
    }
    return 0;
}

/* mtime jumped: `time` with it. */
static void time_jumped(void *arg)
{
    struct board *b = arg;
    struct virt *v = b->parts;

    for (uint32_t i = 0; i < b->n_cpus; i++)
        rv_cpu_time_jumped(v->harts[i]);
}

static int build_interrupts(struct board *b, struct virt *v, struct err *e)
{
    enum { MSIP = 3, MTIP = 7, SEIP = 9, MEIP = 11, SSIP = 1 };
    struct machine *m = b->machine;
    struct aclint_sswi *sswi = NULL;
    int r;

    v->plic = plic_create(m, "plic", 2 * b->n_cpus, e);
    v->aclint = aclint_create(m, "aclint", b->n_cpus, e);
    if (!v->plic || !v->aclint)
        return e->code;
    board_set_irqchip(b, plic_set_level, v->plic);
    if ((r = board_place_part(b, &v->map[VIRT_PLIC], &v->plic->dev, NULL, e)) < 0 ||
        (r = board_place_part(b, &v->map[VIRT_CLINT], &v->aclint->dev, NULL, e)) < 0)
        return r;
    if (v->has_sswi) {
        sswi = aclint_sswi_create(m, "sswi", e);
        if (!sswi)
            return e->code;
        if ((r = board_place_part(b, &v->map[VIRT_SSWI], &sswi->dev, NULL, e)) < 0)
            return r;
    }
    for (uint32_t i = 0; i < b->n_cpus; i++) {
        struct cpu *cpu = b->cpus[i];
        const struct rv_time_ops time = { aclint_read_time, aclint_time_of, v->aclint };
        irq_connect(&v->plic->out[2 * i], rv_cpu_set_irq, cpu, MEIP);
        irq_connect(&v->plic->out[2 * i + 1], rv_cpu_set_irq, cpu, SEIP);
        irq_connect(&v->aclint->msip[i], rv_cpu_set_irq, cpu, MSIP);
        irq_connect(&v->aclint->mtip[i], rv_cpu_set_irq, cpu, MTIP);
        if (sswi)
            irq_connect(&sswi->ssip[i], rv_cpu_set_irq, cpu, SSIP);
        rv_cpu_set_time(v->harts[i], &time);
    }
    v->aclint->jumped = time_jumped;
    v->aclint->jumped_arg = b;
    return 0;
}

static int build_memory(struct board *b, struct virt *v, struct err *e)
{
    const struct board_place *mrom = &v->map[VIRT_MROM];
    int r;

    v->map[VIRT_DRAM].size = b->config.memory;
    if ((r = board_build_ram(b, &v->map[VIRT_DRAM], &v->dram, e)) < 0 ||
        (r = machine_add_ram(b->machine, mrom->name, mrom->size, &v->mrom, e)) < 0)
        return r;
    /* The 64-bit window begins behind RAM, at a multiple of its size. */
    v->map[VIRT_PCI_MEM64].base = align_up(v->map[VIRT_DRAM].base + b->config.memory,
                                           v->map[VIRT_PCI_MEM64].size);
    return mem_add_rom(b->machine->memory, mrom->name, mrom->base, v->mrom, 0, mrom->size, 0, NULL,
                       NULL, NULL, e);
}

static int build_uart(struct board *b, struct virt *v, struct err *e)
{
    const struct board_place *p = &v->map[VIRT_UART];
    struct char_backend *backend;
    int r = board_open_serial(b, 0, p->name, &backend, e);

    if (r < 0)
        return r;
    v->uart = ns16550_create(b->machine, p->name, VIRT_UART_CLOCK, backend, e);
    return v->uart ? board_place_part(b, p, &v->uart->dev, &v->uart->irq, e) : e->code;
}

static int build_rtc(struct board *b, struct virt *v, struct err *e)
{
    const struct board_place *p = &v->map[VIRT_RTC];
    struct goldfish_rtc *rtc = goldfish_rtc_create(b->machine, p->name, e);

    return rtc ? board_place_part(b, p, &rtc->dev, &rtc->irq, e) : e->code;
}

/*
 * Bank 0 with an image is a stage of the boot (QEMU docs/system/riscv/virt.rst): without firmware
 * harts start in it, with firmware it holds what the firmware goes on to, which finds kernel,
 * initrd and command line in fw_cfg.
 */
static int build_flash(struct board *b, struct virt *v, struct err *e)
{
    const struct board_place *ram = &v->map[VIRT_DRAM];
    struct cfi_flash *banks[FLASH_BANKS];
    bool has_image[FLASH_BANKS] = { false };
    int r = flash_banks_build(b, &v->map[VIRT_FLASH], banks, has_image, e);

    v->flash_boot = has_image[0];
    if (r < 0 || !v->flash_boot)
        return r;
    r = b->bios ? fw_cfg_items_add_kernel(v->fw_cfg, b, e) : 0;
    return r < 0 ? r : smbios_add(b, v->fw_cfg, &ram, 1, e);
}

static int build_devices(struct board *b, struct virt *v, struct err *e)
{
    const struct board_pci_places pci = { &v->map[VIRT_ECAM], &v->map[VIRT_PCI_IO],
                                          &v->map[VIRT_PCI_MEM32], &v->map[VIRT_PCI_MEM64] };
    int r;

    if ((r = board_build_fw_cfg(b, &v->map[VIRT_FW_CFG], &v->fw_cfg, e)) < 0 ||
        (r = board_build_pci(b, &pci, &v->pci, e)) < 0 ||
        (r = virtio_slots_build(&v->slots, b, &v->map[VIRT_VIRTIO], VIRT_VIRTIO_SLOTS, e)) < 0)
        return r;
    const struct parts_places at = { .pci = &v->pci->bus, .plug_mmio = virtio_slots_plug,
                                     .slots = &v->slots, .fw_cfg = v->fw_cfg,
                                     .pci_path = "/pci@ffffffffffffffff" }; /* as QEMU calls a bus without ports */
    r = parts_create(b, &at, e);
    return r < 0 ? r : build_flash(b, v, e);
}

static int open_images(struct board *b, struct err *e)
{
    const char *bios = b->config.bios;
    int r = boot_open_images(b, &riscv, e);

    if (r < 0 || (bios && strcmp(bios, "none") == 0))
        return r;
    bool standard = !bios || strcmp(bios, "default") == 0;
    char *path = board_find_firmware(b, standard ? "fw_dynamic.bin" : bios, e);
    if (!path && standard)
        path = board_find_firmware(b, "opensbi-riscv64-generic-fw_dynamic.bin", e);
    if (!path)
        return e->code;
    r = image_open(&b->bios, path, "firmware", e);
    free(path);
    return r < 0 ? r : boot_check_image(b->bios, &riscv, e);
}

static int build(struct board *b, struct err *e)
{
    struct virt *v = ARENA_NEW(&b->machine->arena, struct virt);
    struct virt_options options;
    int r;

    if (!v)
        return err_set(e, ERR_NOMEM, "no memory for a board");
    b->parts = v;
    memcpy(v->map, virt_map, sizeof(virt_map));
    if ((r = virt_read_options(&options, b->config.board_options, e)) < 0)
        return r;
    v->has_sswi = options.aclint;
    board_make_seed(b, "rng-seed", v->rng_seed, sizeof(v->rng_seed));
    if ((r = open_images(b, e)) < 0 || (r = build_memory(b, v, e)) < 0 ||
        (r = build_cpus(b, v, e)) < 0 || (r = build_interrupts(b, v, e)) < 0 ||
        (r = build_uart(b, v, e)) < 0 || (r = build_rtc(b, v, e)) < 0 ||
        (r = build_devices(b, v, e)) < 0)
        return r;
    /* Programs of the bare-metal suites speak through a symbol of theirs; firmware never does. */
    if (b->kernel && !b->bios && b->kernel->tohost) {
        v->htif = htif_create(b->machine, "htif", b->kernel->tohost, v->uart->port, e);
        if (!v->htif)
            return e->code;
    }
    struct sifive_test *test = sifive_test_create(b->machine, v->map[VIRT_TEST].name, e);
    return test ? board_place_part(b, &v->map[VIRT_TEST], &test->dev, NULL, e) : e->code;
}

/* ---- device tree ---- */
static int device_tree(struct board *b, uint8_t **blob, uint32_t *size, struct err *e)
{
    struct virt *v = b->parts;
    char isa[512], extensions[1024];
    size_t extensions_size = 0;
    int r;

    if ((r = rv_isa_string(&v->cpu, isa, sizeof(isa))) < 0 ||
        (r = rv_isa_extensions(&v->cpu, extensions, sizeof(extensions), &extensions_size)) < 0)
        return err_set(e, r, "the CPU's ISA string is too long");
    const struct virt_cpu_text cpu = {
        .isa = isa, .isa_base = "rv64i", .mmu_type = rv_mmu_type(&v->cpu),
        .extensions = extensions, .extensions_size = (uint32_t)extensions_size,
        .cbom = rv_has(&v->cpu, RV_X_ZICBOM), .cboz = rv_has(&v->cpu, RV_X_ZICBOZ),
        .cbop = rv_has(&v->cpu, RV_X_ZICBOP), .sscofpmf = rv_has(&v->cpu, RV_X_SSCOFPMF),
    };
    const struct virt_tree tree = {
        .cpu = &cpu, .cpus = b->n_cpus, .map = v->map, .aclint = v->has_sswi,
        .rng_seed = v->rng_seed,
    };
    return virt_write_tree(&tree, blob, size, e);
}

/* ---- images and hand-off ---- */
struct placement {
    pa_t start;     /* where the mask ROM jumps */
    pa_t kernel, tree;
    struct boot_range initrd;
};

/* The kernel behind the firmware, the initrd behind the kernel. */
static int place_kernel(struct board *b, struct placement *p, pa_t firmware_end, struct err *e)
{
    const struct image *k = b->kernel;
    bool elf = k->kind == IMAGE_ELF;
    int r;

    p->kernel = elf ? k->entry : align_up(firmware_end, b->bios ? KERNEL_ALIGN : 1);
    if ((r = image_place(k, b->machine->memory, p->kernel, e)) < 0)
        return r;
    if (!b->bios)
        p->start = p->kernel;
    if (!b->initrd)
        return 0;
    pa_t above = elf ? k->high : p->kernel + MAX(k->size, k->image_size);
    return boot_place_initrd(b, p->kernel, INITRD_SPACE, above, &p->initrd, e);
}

/* The tree at the end of RAM. */
static int place_tree(struct board *b, struct placement *p, const char *bootargs, struct err *e)
{
    const struct board_place *ram = &((struct virt *)b->parts)->map[VIRT_DRAM];
    uint8_t *blob;
    uint32_t size;
    int r = boot_make_tree(b, bootargs, &p->initrd, &blob, &size, e);

    if (r < 0)
        return r;
    p->tree = MAX(align_down(ram->base + ram->size - size, KERNEL_ALIGN), ram->base);
    r = boot_place_tree(b, blob, size, p->tree, ram->base + ram->size, e);
    free(blob);
    return r;
}

static int place_all(struct board *b, struct placement *p, struct err *e)
{
    struct virt *v = b->parts;
    pa_t ram = v->map[VIRT_DRAM].base, firmware_end = ram;
    bool from_flash = v->flash_boot && b->bios; /* what is in flash loads the kernel, or its own */
    int r = 0;

    p->start = ram;
    if (b->bios) {
        if ((r = image_place(b->bios, b->machine->memory, ram, e)) < 0)
            return r;
        p->start = b->bios->kind == IMAGE_ELF ? b->bios->entry : ram;
        firmware_end = b->bios->kind == IMAGE_ELF ? b->bios->high : ram + b->bios->size;
    }
    if (from_flash)
        p->kernel = v->map[VIRT_FLASH].base;
    else if (b->kernel)
        r = place_kernel(b, p, firmware_end, e);
    if (v->flash_boot && !b->bios)
        p->start = v->map[VIRT_FLASH].base;
    return r < 0 ? r : place_tree(b, p, from_flash ? NULL : b->config.append, e);
}

/* RISC-V unprivileged ISA, chapter RV64I: the six instructions of the reset vector. */
static void write_mask_rom(struct virt *v, const struct placement *p)
{
    static const uint32_t code[] = {
        0x00000297, /* auipc t0, 0 */
        0x02828613, /* addi  a2, t0, 40: fw_dynamic_info */
        0xf1402573, /* csrr  a0, mhartid */
        0x0202b583, /* ld    a1, 32(t0): device tree */
        0x0182b283, /* ld    t0, 24(t0): start */
        0x00028067, /* jr    t0 */
    };
    uint64_t info[] = { FW_DYNAMIC_MAGIC, FW_DYNAMIC_VERSION, p->kernel, 1 /* S-mode */, 0, 0 };
    uint8_t *rom = v->mrom->host;

    memcpy(rom, code, sizeof(code));
    st_le64(rom + 24, p->start);
    st_le64(rom + 32, p->tree);
    for (size_t i = 0; i < ARRAY_LEN(info); i++)
        st_le64(rom + 40 + 8 * i, info[i]);
    mem_ram_written(v->mrom, 0, 40 + sizeof(info));
}

static int load_images(struct board *b, struct err *e)
{
    struct placement p = { 0 };
    struct virt *v = b->parts;

    if (v->htif)
        htif_enable(v->htif, false);
    int r = place_all(b, &p, e);
    if (v->htif)
        htif_enable(v->htif, true);
    if (r == 0)
        write_mask_rom(v, &p);
    return r;
}

static const char *const aliases[] = { "virt", NULL };
extern const struct board_ops board_riscv_virt;
const struct board_ops board_riscv_virt = {
    .name = "riscv-virt", .doc = "RISC-V VirtIO board", .aliases = aliases, .isa = &rv_isa,
    .qemu_arch = "riscv64", .default_cpu = "rv64", .max_cpus = ACLINT_HARTS,
    .default_memory = 1ull << 30, .devices = parts_devices,
    .build = build, .load_images = load_images, .device_tree = device_tree,
};
