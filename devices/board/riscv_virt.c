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
#include "devices/board/devicetree.h"
#include "devices/board/flash_banks.h"
#include "devices/board/fw_cfg_items.h"
#include "devices/goldfish_rtc.h"
#include "devices/htif.h"
#include "devices/ns16550.h"
#include "devices/board/virtio_parts.h"
#include "devices/pci/ecam.h"
#include "devices/sifive_test.h"
#include "devices/virtio/mmio.h"
#include "irqchip/aclint.h"
#include "irqchip/plic.h"
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>

const struct virt_place virt_map[VIRT_PARTS] = {
    [VIRT_MROM] = { "mrom", 0x1000, 0xf000, 0 },
    [VIRT_TEST] = { "test", 0x100000, 0x1000, 0 },
    [VIRT_RTC] = { "rtc", 0x101000, 0x1000, 11 },
    [VIRT_CLINT] = { "clint", 0x2000000, 0x10000, 0 },
    [VIRT_SSWI] = { "sswi", 0x2f00000, 0x4000, 0 },
    [VIRT_PCI_IO] = { "pci-io", 0x3000000, 0x10000, 0 },
    [VIRT_PLIC] = { "plic", 0xc000000, 0x600000, 0 },
    [VIRT_UART] = { "serial0", 0x10000000, 0x100, 10 },
    [VIRT_VIRTIO] = { "virtio-mmio", 0x10001000, 0x1000, 1 },
    [VIRT_FW_CFG] = { "fw_cfg", 0x10100000, 0x18, 0 },
    [VIRT_FLASH] = { "flash", 0x20000000, 0x4000000, 0 },
    [VIRT_ECAM] = { "pci", 0x30000000, 0x10000000, 32 },
    [VIRT_PCI_MEM32] = { "pci-mem32", 0x40000000, 0x40000000, 0 },
    [VIRT_DRAM] = { "dram", 0x80000000, 0, 0 },
};

struct virt {
    struct rv_cpu *harts[BOARD_MAX_CPUS];
    struct rv_config cpu;
    struct mem_ram *dram, *mrom;
    struct plic *plic;
    struct aclint *aclint;
    struct htif *htif;                 /* NULL: the program has no tohost */
    struct fw_cfg *fw_cfg;
    struct virtio_mmio *slots[VIRT_VIRTIO_SLOTS];
    struct pci_ecam *pci;
    struct ns16550 *uart;
    struct parts parts;
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
        if ((r = rv_cpu_create(&v->harts[i], b->machine, &v->cpu, i, e)) < 0)
            return r;
        b->cpus[i] = &v->harts[i]->cpu;
        b->n_cpus = i + 1;
        if ((r = board_add_timing(b, i, &rv_profiles, v->cpu.name, e)) < 0)
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
    if ((r = device_map(&v->plic->dev, m->memory, virt_map[VIRT_PLIC].base, e)) < 0 ||
        (r = device_map(&v->aclint->dev, m->memory, virt_map[VIRT_CLINT].base, e)) < 0)
        return r;
    if (v->has_sswi) {
        sswi = aclint_sswi_create(m, "sswi", e);
        if (!sswi)
            return e->code;
        if ((r = device_map(&sswi->dev, m->memory, virt_map[VIRT_SSWI].base, e)) < 0)
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
    struct machine *m = b->machine;
    uint64_t size = b->config.memory;
    int r;

    if (size < 1 << 20 || size % MEM_PAGE || size > 1ull << 40)
        return err_set(e, ERR_ARG, "memory of %" PRIu64 " bytes; a multiple of 4K from 1M to 1T is "
                       "accepted", size);
    if ((r = machine_add_ram(m, "dram", size, &v->dram, e)) < 0 ||
        (r = machine_add_ram(m, "mrom", virt_map[VIRT_MROM].size, &v->mrom, e)) < 0 ||
        (r = mem_add_ram(m->memory, "dram", virt_map[VIRT_DRAM].base, v->dram, 0, size, 0, NULL, e)) < 0)
        return r;
    return mem_add_rom(m->memory, "mrom", virt_map[VIRT_MROM].base, v->mrom, 0,
                       virt_map[VIRT_MROM].size, 0, NULL, NULL, NULL, e);
}

/* `spec` as -serial: "none" leaves the UART without a backend. */
static int build_uart(struct board *b, struct virt *v, struct err *e)
{
    struct char_options options;
    struct char_backend *backend = NULL;
    int r;

    if (b->config.n_serial > 0 &&
        ((r = char_parse_serial(&options, "serial0", b->config.serial[0], e)) < 0 ||
         (r = char_open(&backend, b->host, &options, e)) < 0))
        return r;
    struct ns16550 *u = ns16550_create(b->machine, "serial0", VIRT_UART_CLOCK, backend, e);
    if (!u)
        return e->code;
    v->uart = u;
    irq_connect(&u->irq, plic_set_level, v->plic, virt_map[VIRT_UART].source);
    return device_map(&u->dev, b->machine->memory, virt_map[VIRT_UART].base, e);
}

static int build_rtc(struct board *b, struct virt *v, struct err *e)
{
    struct goldfish_rtc *rtc = goldfish_rtc_create(b->machine, virt_map[VIRT_RTC].name, e);

    if (!rtc)
        return e->code;
    irq_connect(&rtc->irq, plic_set_level, v->plic, virt_map[VIRT_RTC].source);
    return device_map(&rtc->dev, b->machine->memory, virt_map[VIRT_RTC].base, e);
}

static int build_fw_cfg(struct board *b, struct virt *v, struct err *e)
{
    v->fw_cfg = fw_cfg_create(b->machine, virt_map[VIRT_FW_CFG].name, e);
    if (!v->fw_cfg)
        return e->code;
    int r = fw_cfg_items_add(v->fw_cfg, b, e);
    return r < 0 ? r : device_map(fw_cfg_device(v->fw_cfg), b->machine->memory,
                                  virt_map[VIRT_FW_CFG].base, e);
}

/* Devices take slots from the highest address down, as on QEMU's board. */
static int plug_mmio(void *arg, struct virtio *dev, const char *id, int slot, struct err *e)
{
    struct virt *v = arg;

    if (v->slots[0]->dev.ops->version == 1 && (dev->offered & BIT(VIRTIO_F_RING_PACKED)))
        return err_set(e, ERR_ARG, "device %s: packed=on needs slots of version 2; give "
                       "-global virtio-mmio.force-legacy=off, too", id);
    for (int i = VIRT_VIRTIO_SLOTS - 1; i >= 0; i--) {
        if (!v->slots[i]->virtio && (slot == -1 || slot == i)) {
            virtio_mmio_attach(v->slots[i], dev);
            return 0;
        }
    }
    if (slot >= 0)
        return err_set(e, ERR_LIMIT, "device %s: virtio MMIO slot %d is taken or not there; 0 to %d are",
                       id, slot, VIRT_VIRTIO_SLOTS - 1);
    return err_set(e, ERR_LIMIT, "device %s: all %d virtio MMIO slots are taken", id, VIRT_VIRTIO_SLOTS);
}

/* The 64-bit window begins behind RAM, at a multiple of its size. */
static pa_t pci_mem64(const struct board *b)
{
    return align_up(virt_map[VIRT_DRAM].base + b->config.memory, VIRT_PCI_MEM64_SIZE);
}

/* The root bus of QEMU's gpex: ECAM, one I/O window, INTA..INTD on four PLIC sources. */
static int build_pci(struct board *b, struct virt *v, struct err *e)
{
    const struct pci_ecam_map map = {
        .config = virt_map[VIRT_ECAM].base, .config_size = virt_map[VIRT_ECAM].size,
        .io = virt_map[VIRT_PCI_IO].base, .io_size = virt_map[VIRT_PCI_IO].size,
        .range = { { virt_map[VIRT_PCI_MEM32].base, virt_map[VIRT_PCI_MEM32].size },
                   { pci_mem64(b), VIRT_PCI_MEM64_SIZE } },
        .n_ranges = 2,
    };

    v->pci = pci_ecam_create(b->machine, "pci", b->machine->memory, &map, e);
    if (!v->pci)
        return e->code;
    for (uint32_t i = 0; i < ARRAY_LEN(v->pci->intx); i++)
        irq_connect(&v->pci->intx[i], plic_set_level, v->plic, virt_map[VIRT_ECAM].source + i);
    return 0;
}

/*
 * Bank 0 with an image is a stage of the boot (QEMU docs/system/riscv/virt.rst): without firmware
 * harts start in it, with firmware it holds what the firmware goes on to, which finds kernel,
 * initrd and command line in fw_cfg.
 */
static int build_flash(struct board *b, struct virt *v, struct err *e)
{
    struct cfi_flash *banks[FLASH_BANKS];
    bool has_image[FLASH_BANKS] = { false };
    int r = flash_banks_build(b, &v->parts, virt_map[VIRT_FLASH].base, VIRT_FLASH_BANK,
                              VIRT_FLASH_SECTOR, banks, has_image, e);

    v->flash_boot = has_image[0];
    return r;
}

static int build_virtio(struct board *b, struct virt *v, struct err *e)
{
    struct parts_globals globals;
    int r = parts_read_globals(&globals, &b->config, e);

    for (uint32_t i = 0; i < VIRT_VIRTIO_SLOTS && r == 0; i++) {
        char id[32];
        snprintf(id, sizeof(id), "virtio-mmio%u", i);
        v->slots[i] = virtio_mmio_create(b->machine, id, !globals.force_legacy, e);
        if (!v->slots[i])
            return e->code;
        irq_connect(&v->slots[i]->irq, plic_set_level, v->plic, virt_map[VIRT_VIRTIO].source + i);
        r = device_map(&v->slots[i]->dev, b->machine->memory,
                       virt_map[VIRT_VIRTIO].base + i * VIRT_VIRTIO_STRIDE, e);
    }
    v->parts = (struct parts){ .board = b, .pci = &v->pci->bus, .plug_mmio = plug_mmio, .arg = v };
    if (r == 0)
        r = parts_build(&v->parts, e);
    if (r == 0)
        r = build_flash(b, v, e);
    if (r == 0 && b->bios && v->flash_boot)
        r = fw_cfg_items_add_kernel(v->fw_cfg, b, e);
    return r;
}

static void release(struct board *b)
{
    struct virt *v = b->parts;

    if (v)
        parts_release(&v->parts);
}

static int open_images(struct board *b, struct err *e)
{
    const struct board_config *c = &b->config;
    bool firmware = !c->bios || strcmp(c->bios, "none") != 0;
    int r = 0;

    if (c->kernel)
        r = image_open(&b->kernel, c->kernel, "kernel", e);
    if (r == 0 && c->initrd)
        r = image_open_raw(&b->initrd, c->initrd, "initrd", e);
    if (r == 0 && c->dtb)
        r = image_open_raw(&b->dtb, c->dtb, "dtb", e);
    if (r == 0 && firmware) {
        bool standard = !c->bios || strcmp(c->bios, "default") == 0;
        char *path = board_find_firmware(b, standard ? "fw_dynamic.bin" : c->bios, e);
        if (!path && standard)
            path = board_find_firmware(b, "opensbi-riscv64-generic-fw_dynamic.bin", e);
        if (!path)
            return e->code;
        r = image_open(&b->bios, path, "firmware", e);
        free(path);
    }
    for (int i = 0; r == 0 && i < 2; i++) {
        const struct image *img = i ? b->bios : b->kernel;
        if (img && img->kind == IMAGE_ELF && (img->elf_machine != EM_RISCV || !img->elf_64))
            r = err_set(e, ERR_FORMAT, "'%s' is an ELF file for machine %u; this board needs RISC-V, "
                        "64 bits", img->path, img->elf_machine);
        if (img && img->kind == IMAGE_LINUX_ARM64)
            r = err_set(e, ERR_FORMAT, "'%s' is an arm64 kernel; this board needs a riscv64 one",
                        img->path);
    }
    return r;
}

static int build(struct board *b, struct err *e)
{
    struct virt *v = ARENA_NEW(&b->machine->arena, struct virt);
    struct machine_random random;
    struct virt_options options;
    int r;

    if (!v)
        return err_set(e, ERR_NOMEM, "no memory for a board");
    b->parts = v;
    if ((r = virt_read_options(&options, b->config.board_options, e)) < 0)
        return r;
    v->has_sswi = options.aclint;
    machine_random_init(&random, b->machine, "rng-seed");
    for (size_t i = 0; i < sizeof(v->rng_seed); i += 8)
        st_le64(v->rng_seed + i, machine_random_next(&random));
    if ((r = open_images(b, e)) < 0 || (r = build_memory(b, v, e)) < 0 ||
        (r = build_cpus(b, v, e)) < 0 || (r = build_interrupts(b, v, e)) < 0 ||
        (r = build_uart(b, v, e)) < 0 || (r = build_rtc(b, v, e)) < 0 ||
        (r = build_fw_cfg(b, v, e)) < 0 || (r = build_pci(b, v, e)) < 0 ||
        (r = build_virtio(b, v, e)) < 0)
        return r;
    /* Programs of the bare-metal suites speak through a symbol of theirs; firmware never does. */
    if (b->kernel && !b->bios && b->kernel->tohost) {
        v->htif = htif_create(b->machine, "htif", b->kernel->tohost, v->uart->port, e);
        if (!v->htif)
            return e->code;
    }
    struct sifive_test *test = sifive_test_create(b->machine, "test", e);
    if (!test)
        return e->code;
    return device_map(&test->dev, b->machine->memory, virt_map[VIRT_TEST].base, e);
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
        .cpu = &cpu, .cpus = b->n_cpus, .memory = b->config.memory,
        .pci_mem64 = pci_mem64(b),
        .aclint = v->has_sswi, .pci = true, .rtc = true, .fw_cfg = true, .flash = true,
        .rng_seed = v->rng_seed,
    };
    return virt_write_tree(&tree, blob, size, e);
}

/* ---- images and hand-off ---- */
struct placement {
    pa_t start;     /* where the mask ROM jumps */
    pa_t kernel, initrd, tree;
};

static int place_all(struct board *b, struct placement *p, struct err *e)
{
    struct virt *v = b->parts;
    struct mem_space *memory = b->machine->memory;
    pa_t ram = virt_map[VIRT_DRAM].base, end = ram + b->config.memory, firmware_end = ram;
    uint8_t *blob;
    uint32_t size;
    int r;

    bool from_flash = v->flash_boot && b->bios; /* what is in flash loads the kernel, or its own */
    p->start = ram;
    if (b->bios) {
        if ((r = image_place(b->bios, memory, ram, e)) < 0)
            return r;
        p->start = b->bios->kind == IMAGE_ELF ? b->bios->entry : ram;
        firmware_end = b->bios->kind == IMAGE_ELF ? b->bios->high : ram + b->bios->size;
    }
    if (from_flash) {
        p->kernel = virt_map[VIRT_FLASH].base;
    } else if (b->kernel) {
        uint64_t size_needed = MAX(b->kernel->size, b->kernel->image_size);
        p->kernel = b->kernel->kind == IMAGE_ELF ? b->kernel->entry
                                                 : align_up(firmware_end, b->bios ? KERNEL_ALIGN : 1);
        if ((r = image_place(b->kernel, memory, p->kernel, e)) < 0)
            return r;
        if (!b->bios)
            p->start = p->kernel;
        if (b->initrd) {
            pa_t above = b->kernel->kind == IMAGE_ELF ? b->kernel->high : p->kernel + size_needed;
            p->initrd = align_up(MAX(p->kernel + MIN(b->config.memory / 2, INITRD_SPACE), above),
                                 MEM_PAGE);
            if ((r = image_place(b->initrd, memory, p->initrd, e)) < 0)
                return r;
        }
    }
    if (v->flash_boot && !b->bios)
        p->start = virt_map[VIRT_FLASH].base;
    if (b->dtb) {
        size = (uint32_t)MIN(b->dtb->size, UINT32_MAX);
        blob = malloc(size);
        if (!blob)
            return err_set(e, ERR_NOMEM, "no memory for the device tree");
        memcpy(blob, b->dtb->data, size);
    } else if ((r = device_tree(b, &blob, &size, e)) < 0) {
        return r;
    }
    r = dt_set_chosen(&blob, &size, from_flash ? NULL : b->config.append, p->initrd,
                      p->initrd ? p->initrd + b->initrd->size : 0, e);
    if (r < 0 && b->dtb)
        (void)err_context(e, "'%s'", b->dtb->path);
    if (r == 0) {
        p->tree = align_down(end - size, KERNEL_ALIGN);
        if (p->tree < ram || mem_write(memory, p->tree, blob, size, &(struct mem_attrs){ 0 }) != MEM_OK)
            r = err_set(e, ERR_LIMIT, "no room for the device tree of %u bytes at the end of %" PRIu64
                        " MiB of RAM", size, b->config.memory >> 20);
    }
    free(blob);
    return r;
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
    .qemu_arch = "riscv64", .default_cpu = "rv64", .max_cpus = BOARD_MAX_CPUS,
    .default_memory = 1ull << 30, .devices = parts_devices,
    .build = build, .load_images = load_images, .device_tree = device_tree,
    .release = release,
};
