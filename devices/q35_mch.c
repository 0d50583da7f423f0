/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/q35_mch.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include <inttypes.h>

/* 316966, 5.1; 50h and 9Ch are QEMU's. */
enum { EXT_TSEG_MBYTES = 0x50, PCIEXBAR = 0x60, PAM0 = 0x90, SMBASE = 0x9c, SMRAM = 0x9d,
       ESMRAMC = 0x9e };
/* 290549, 3.2.16 and 3.2.20: the same registers at other places. */
enum { I440FX_PAM0 = 0x59, I440FX_SMRAM = 0x72 };
#define PCIEXBAR_ADDRESS 35, 26
#define PCIEXBAR_LENGTH  2, 1
#define PCIEXBAR_ENABLE  0, 0
enum { D_OPEN = 0x40, D_CLS = 0x20, D_LCK = 0x10, G_SMRAME = 0x08, SMRAM_WRITABLE = 0x78 };
enum { H_SMRAME = 0x80, TSEG_SZ = 0x06, T_EN = 0x01, ESMRAMC_WRITABLE = 0x87 };
enum { TSEG_QUERY = 0xffff, SMBASE_QUERY = 0xff, SMBASE_THERE = 0x01, SMBASE_LOCK = 0x02 };
enum { PAM_READ = 1, PAM_WRITE = 2, PAMS = 7 };

#define VGA_WINDOW   0xa0000ull
#define VGA_SIZE     0x20000ull
#define HIGH_SMRAM   UINT64_C(0xfeda0000)
#define SMBASE_AREA  0x30000ull
#define BIOS_AREA    0xe0000ull
#define MIB          ((uint64_t)1 << 20)

enum { OVER_RAM = 1, OVER_ALL = 8 };

static const struct pci_reg registers[] = {
    { EXT_TSEG_MBYTES, 2, "EXT_TSEG_MBYTES", .rw = 0 }, /* see lock() */
    { PCIEXBAR,        4, "PCIEXBAR", .reset = 0xb0000000, .rw = 0xfc000007 },
    { PCIEXBAR + 4,    4, "PCIEXBAR_HI", .rw = 0x0000000f },
    { PAM0,            1, "PAM0", .rw = 0x30 },
    { PAM0 + 1,        1, "PAM1", .rw = 0x33 },
    { PAM0 + 2,        1, "PAM2", .rw = 0x33 },
    { PAM0 + 3,        1, "PAM3", .rw = 0x33 },
    { PAM0 + 4,        1, "PAM4", .rw = 0x33 },
    { PAM0 + 5,        1, "PAM5", .rw = 0x33 },
    { PAM0 + 6,        1, "PAM6", .rw = 0x33 },
    { SMBASE,          1, "SMBASE", .rw = 0xff },
    { SMRAM,           1, "SMRAM", .reset = 0x02, .rw = SMRAM_WRITABLE },
    { ESMRAMC,         1, "ESMRAMC", .reset = 0x38, .rw = ESMRAMC_WRITABLE },
};

static const struct pci_reg i440fx_registers[] = {
    { I440FX_PAM0,     1, "PAM0", .rw = 0x30 },
    { I440FX_PAM0 + 1, 1, "PAM1", .rw = 0x33 },
    { I440FX_PAM0 + 2, 1, "PAM2", .rw = 0x33 },
    { I440FX_PAM0 + 3, 1, "PAM3", .rw = 0x33 },
    { I440FX_PAM0 + 4, 1, "PAM4", .rw = 0x33 },
    { I440FX_PAM0 + 5, 1, "PAM5", .rw = 0x33 },
    { I440FX_PAM0 + 6, 1, "PAM6", .rw = 0x33 },
    { I440FX_SMRAM,    1, "SMRAM", .reset = 0x02, .rw = SMRAM_WRITABLE },
};

static unsigned smram_at(const struct q35_mch *q)
{
    return q->config.i440fx ? I440FX_SMRAM : SMRAM;
}

static unsigned pam_at(const struct q35_mch *q)
{
    return q->config.i440fx ? I440FX_PAM0 : PAM0;
}

/* ---- PAM ---- */

/* Segment 0 is PAM0's, F0000-FFFFF; the others 16 KiB each from C0000 on, PAM1's low half first. */
static pa_t segment_base(unsigned i)
{
    return i == 0 ? 0xf0000 : 0xc0000 + (i - 1) * 0x4000ull;
}

static uint64_t segment_size(unsigned i)
{
    return i == 0 ? 0x10000 : 0x4000;
}

static unsigned segment_attribute(const struct q35_mch *q, unsigned i)
{
    const uint8_t *pam = q->host.config + pam_at(q);
    return (i == 0 ? pam[0] >> 4 : pam[(i + 1) / 2] >> (i % 2 ? 0 : 4)) & 3u;
}

static enum mem_result read_nothing(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                    const struct mem_attrs *attrs)
{
    (void)arg, (void)offset, (void)attrs;
    *value = zext(~0ull, size * 8);
    return MEM_OK;
}

static enum mem_result write_nothing(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                     const struct mem_attrs *attrs)
{
    (void)arg, (void)offset, (void)size, (void)value, (void)attrs;
    return MEM_OK;
}

/* Stores to a segment that is written to RAM and read from elsewhere. */
static enum mem_result write_below(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                   const struct mem_attrs *attrs)
{
    const struct q35_segment *s = arg;

    (void)attrs;
    st_le(s->ram->host + s->base + offset, value, size);
    mem_ram_written(s->ram, s->base + offset, size);
    return MEM_OK;
}

static const struct mmio_ops nobody = { .read = read_nothing, .write = write_nothing,
                                        .sizes = 1 | 2 | 4 | 8, .split = true };
static const struct mmio_ops to_ram = { .read = read_nothing, .write = write_below,
                                        .sizes = 1 | 2 | 4 | 8, .split = true };

/* Where in the BIOS image the byte at `base` is; false: it does not reach down to there. */
static bool bios_offset(const struct q35_mch *q, pa_t base, uint64_t *offset)
{
    uint64_t below_end = 0x100000 - base;

    if (!q->config.bios || base < BIOS_AREA || q->config.bios->size < below_end)
        return false;
    *offset = q->config.bios->size - below_end;
    return true;
}

static int add_segment(struct q35_mch *q, unsigned i, struct err *e)
{
    struct mem_space *s = q->config.memory;
    struct q35_segment *g = &q->segment[i];
    pa_t base = segment_base(i);
    uint64_t size = segment_size(i), offset = 0;
    int r;

    g->ram = q->config.ram;
    g->base = base;
    if (bios_offset(q, base, &offset)) {
        struct mem_ram *bios = q->config.bios;
        r = mem_add_rom(s, "pam-bios", base, bios, offset, size, OVER_RAM, NULL, NULL, &g->pci, e);
        if (r == 0)
            r = mem_add_rom(s, "pam-write", base, bios, offset, size, OVER_RAM, &to_ram, g,
                            &g->write_only, e);
    } else {
        r = mem_add_mmio(s, "pam-pci", base, size, OVER_RAM, &nobody, NULL, &g->pci, e);
        if (r == 0)
            r = mem_add_mmio(s, "pam-write", base, size, OVER_RAM, &to_ram, g, &g->write_only, e);
    }
    if (r == 0)
        r = mem_add_rom(s, "pam-read", base, q->config.ram, base, size, OVER_RAM, NULL, NULL,
                        &g->read_only, e);
    return r;
}

static void apply_pam(struct q35_mch *q)
{
    for (unsigned i = 0; i < Q35_PAM_SEGMENTS; i++) {
        const struct q35_segment *g = &q->segment[i];
        unsigned a = segment_attribute(q, i);
        mem_enable_region(q->config.memory, g->pci, a == 0);
        mem_enable_region(q->config.memory, g->read_only, a == PAM_READ);
        mem_enable_region(q->config.memory, g->write_only, a == PAM_WRITE);
    }
}

/* ---- ECAM ---- */

static uint64_t ecam_size(unsigned length)
{
    return 256 * MIB >> length;
}

/* Length 3 is reserved: no window. */
bool q35_mch_ecam(const struct q35_mch *q, pa_t *base, uint64_t *size)
{
    uint64_t bar = ld_le64(q->host.config + PCIEXBAR);
    unsigned length = (unsigned)F_GET(bar, PCIEXBAR_LENGTH);

    *size = ecam_size(length);
    *base = bar & F_MASK(PCIEXBAR_ADDRESS) & ~(*size - 1);
    return !q->config.i440fx && length < 3 && F_GET(bar, PCIEXBAR_ENABLE);
}

static void apply_ecam(struct q35_mch *q)
{
    uint64_t size;
    pa_t base;
    bool on = q35_mch_ecam(q, &base, &size);

    for (unsigned i = 0; i < 3; i++)
        mem_place_region(q->config.memory, q->ecam[i], on && size == ecam_size(i), base);
}

/* ---- system management memory ---- */

static uint64_t tseg_size(const struct q35_mch *q, unsigned sz)
{
    static const uint64_t sizes[] = { 1 * MIB, 2 * MIB, 8 * MIB };
    return sz < 3 ? sizes[sz] : q->config.extended_tseg * MIB;
}

/* 316966, 5.1.29 and 5.1.30; what is on depends on G_SMRAME. */
static void apply_smram(struct q35_mch *q)
{
    struct mem_space *s = q->config.memory;
    uint8_t smram = q->host.config[smram_at(q)], esmramc = q->config.i440fx ? 0 : q->host.config[ESMRAMC];
    bool on = smram & G_SMRAME, high = esmramc & H_SMRAME, tseg = on && (esmramc & T_EN);
    unsigned size = (esmramc & TSEG_SZ) >> 1;

    mem_enable_region(s, q->open, smram & D_OPEN);
    mem_enable_region(s, q->compatible, on && !high);
    mem_enable_region(s, q->high, on && high);
    for (unsigned i = 0; i < Q35_TSEG_SIZES; i++)
        if (q->tseg[i])
            mem_enable_region(s, q->tseg[i], tseg && i == size);
    mem_enable_region(s, q->smbase, !q->config.i440fx && (q->host.config[SMBASE] & SMBASE_LOCK));
}

/* What software may write follows from the locks: it is not saved. */
static void lock(struct q35_mch *q)
{
    struct pci_function *f = &q->host;
    bool locked = f->config[smram_at(q)] & D_LCK;
    uint8_t smbase = f->config[SMBASE];

    f->writable[smram_at(q)] = locked ? D_CLS : SMRAM_WRITABLE;
    if (q->config.i440fx)
        return;
    f->writable[ESMRAMC] = locked ? 0 : ESMRAMC_WRITABLE;
    f->writable[SMBASE] = smbase & SMBASE_LOCK ? 0 : smbase == SMBASE_THERE ? SMBASE_LOCK : 0xff;
    st_le16(f->writable + EXT_TSEG_MBYTES, q->config.extended_tseg ? 0xffff : 0);
}

static void apply(struct q35_mch *q)
{
    lock(q);
    apply_pam(q);
    if (!q->config.i440fx)
        apply_ecam(q);
    apply_smram(q);
}

/* What only the Q35's hub has. */
static void wrote_q35(struct q35_mch *q, uint32_t offset, unsigned size)
{
    struct pci_function *f = &q->host;
    uint8_t *c = f->config;

    if (pci_touches(offset, size, EXT_TSEG_MBYTES, 2) && ld_le16(c + EXT_TSEG_MBYTES) == TSEG_QUERY)
        st_le16(c + EXT_TSEG_MBYTES, q->config.extended_tseg);
    if (pci_touches(offset, size, SMBASE, 1)) {
        if (f->writable[SMBASE] == 0xff) /* not asked yet */
            c[SMBASE] = c[SMBASE] == SMBASE_QUERY ? SMBASE_THERE : 0;
        else if (c[SMBASE] & SMBASE_LOCK)
            c[SMBASE] = SMBASE_LOCK;
    }
    if (pci_touches(offset, size, ESMRAMC, 1) && (c[ESMRAMC] & T_EN) &&
        !q->tseg[(c[ESMRAMC] & TSEG_SZ) >> 1])
        guest_error(&q->dev, "TSEG of a size that is not there", "ESMRAMC %#x", c[ESMRAMC]);
}

static void config_wrote(struct pci_function *f, uint32_t offset, unsigned size)
{
    struct q35_mch *q = (struct q35_mch *)f->dev;
    uint8_t *smram = f->config + smram_at(q);

    if (!q->config.i440fx)
        wrote_q35(q, offset, size);
    if (*smram & D_LCK)
        *smram &= (uint8_t)~D_OPEN;
    if (pci_touches(offset, size, smram_at(q), 1) && (*smram & D_CLS))
        unmodelled(&q->dev, "SMRAM.D_CLS", "SMRAM %#x", *smram);
    apply(q);
}

static const struct pci_ops host_ops = { .config_wrote = config_wrote };

/* ---- life ---- */

static void reset(void *dev)
{
    struct q35_mch *q = dev;
    uint8_t pam[PAMS];
    uint64_t ecam = ld_le64(q->host.config + PCIEXBAR);

    memcpy(pam, q->host.config + pam_at(q), sizeof(pam));
    pci_reset(&q->host);
    if (q->dev.machine->waking) { /* SeaBIOS's way to resume begins in the RAM behind F0000h, */
        memcpy(q->host.config + pam_at(q), pam, sizeof(pam));
        if (!q->config.i440fx) /* and sets the LPC bridge up through the window that it left */
            st_le64(q->host.config + PCIEXBAR, ecam);
    }
    if (!q->config.i440fx)
        st_le16(q->host.config + EXT_TSEG_MBYTES, q->config.extended_tseg);
    apply(q);
}

static void loaded(void *dev)
{
    struct q35_mch *q = dev;

    pci_loaded(&q->host);
    apply(q);
}

static const struct state_field state[] = {
    STATE_SUB(q35_mch, host, pci_function_state), STATE_END
};
static const struct device_ops ops = {
    .name = "q35-mch", .spec = "Intel 3 Series Express Chipset 316966, 5.1",
    .size = sizeof(struct q35_mch), .state = state, .version = 1, .reset = reset, .loaded = loaded,
};

/* A region of low RAM that is elsewhere, or somebody's only; off. */
static int add_view(struct q35_mch *q, const char *name, pa_t base, uint64_t from, uint64_t size,
                    struct mem_region **out, struct err *e)
{
    int r = mem_add_ram(q->config.memory, name, base, q->config.ram, from, size, OVER_ALL, out, e);
    if (r == 0)
        mem_enable_region(q->config.memory, *out, false);
    return r;
}

static int add_smram(struct q35_mch *q, struct err *e)
{
    struct mem_space *s = q->config.memory;
    int r;

    if ((r = add_view(q, "smram-open", VGA_WINDOW, VGA_WINDOW, VGA_SIZE, &q->open, e)) < 0 ||
        (r = add_view(q, "smram", VGA_WINDOW, VGA_WINDOW, VGA_SIZE, &q->compatible, e)) < 0 ||
        (r = add_view(q, "smram-high", HIGH_SMRAM, VGA_WINDOW, VGA_SIZE, &q->high, e)) < 0 ||
        (r = add_view(q, "smram-smbase", SMBASE_AREA, SMBASE_AREA, VGA_SIZE, &q->smbase, e)) < 0)
        return r;
    mem_set_overlay(s, q->compatible);
    mem_set_overlay(s, q->high);
    mem_set_secure(s, q->smbase);
    for (unsigned i = 0; i < Q35_TSEG_SIZES; i++) {
        uint64_t size = tseg_size(q, i), base = q->config.low_ram - size;
        if (size == 0 || q->config.low_ram < size + MIB || q->config.i440fx)
            continue;
        r = add_view(q, "tseg", base, base, size, &q->tseg[i], e);
        if (r < 0)
            return r;
        mem_set_secure(s, q->tseg[i]);
    }
    return 0;
}

static int build(struct q35_mch *q, struct err *e)
{
    static const struct pci_ids ids = { .vendor = 0x8086, .device = 0x29c0,
                                        .subsystem_vendor = 0x1af4, .subsystem = 0x1100,
                                        .class_code = 0x060000 };
    static const struct pci_ids i440fx_ids = { .vendor = 0x8086, .device = 0x1237, .revision = 2,
                                               .subsystem_vendor = 0x1af4, .subsystem = 0x1100,
                                               .class_code = 0x060000 };
    static const char *const names[] = { "ecam-256M", "ecam-128M", "ecam-64M" };
    const struct q35_mch_config *c = &q->config;
    struct pci_windows w = { .memory = c->memory, .io = c->io, .n_ranges = c->n_ranges,
                             .range = { c->range[0], c->range[1] } };
    int r;

    if (c->low_ram < MIB || c->low_ram % MIB || c->low_ram > MIN(c->ram->size, HIGH_SMRAM))
        return err_set(e, ERR_ARG,
                       "low RAM of %" PRIu64 " bytes; a multiple of 1 MiB up to %" PRIu64
                       " MiB and to the size of the memory is accepted",
                       c->low_ram, HIGH_SMRAM / MIB);
    pci_bus_init(&q->bus, q->dev.machine, &w, NULL, NULL);
    for (unsigned i = 0; i < Q35_PAM_SEGMENTS; i++)
        if ((r = add_segment(q, i, e)) < 0)
            return r;
    for (unsigned i = 0; i < 3 && !c->i440fx; i++) {
        r = mem_add_mmio(c->memory, names[i], 0xb0000000, ecam_size(i), OVER_RAM, &pci_config_mmio,
                         &q->bus, &q->ecam[i], e);
        if (r < 0)
            return r;
        mem_enable_region(c->memory, q->ecam[i], false);
    }
    r = mem_add_mmio(c->memory, "vga-window", VGA_WINDOW, VGA_SIZE, OVER_RAM, &nobody, NULL, NULL,
                     e);
    if (r < 0 || (r = add_smram(q, e)) < 0)
        return r;
    pci_init(&q->host, &q->dev, &host_ops, c->i440fx ? &i440fx_ids : &ids, 0);
    if (c->i440fx)
        pci_add_registers(&q->host, i440fx_registers, ARRAY_LEN(i440fx_registers));
    else
        pci_add_registers(&q->host, registers, ARRAY_LEN(registers));
    return pci_plug(&q->bus, &q->host, PCI_DEVFN(0, 0), e);
}

struct q35_mch *q35_mch_create(struct machine *m, const char *id, const struct q35_mch_config *c,
                               struct err *e)
{
    struct q35_mch *q = device_create(m, &ops, id, e);

    if (!q)
        return NULL;
    q->config = *c;
    if (build(q, e) < 0) {
        (void)err_context(e, "%s", id);
        return NULL;
    }
    return q;
}
