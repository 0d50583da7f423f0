/* SPDX-License-Identifier: Apache-2.0 */
/* Functions and buses: configuration space, BARs, reset, INTx. Capabilities are in caps.c. */
#include "devices/pci/pci_impl.h"
#include "core/util/bits.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct state_field msix_entry_state[] = {
    STATE(pci_msix_entry, address), STATE(pci_msix_entry, data), STATE(pci_msix_entry, control),
    STATE_END
};
const struct state_field pci_function_state[] = {
    STATE(pci_function, config), STATE_SUBS(pci_function, msix, msix_entry_state),
    STATE(pci_function, msix_pending), STATE(pci_function, intx), STATE_END
};

void pci_bus_init(struct pci_bus *bus, struct machine *m, const struct pci_windows *w,
                  pci_intx_fn *intx, void *bridge)
{
    *bus = (struct pci_bus){ .machine = m, .windows = *w, .intx = intx, .bridge = bridge };
}

/* ---- construction ---- */

/* PCI Local Bus 3.0, 6.2: the header of type 0. */
void pci_init(struct pci_function *f, struct device *dev, const struct pci_ops *ops,
              const struct pci_ids *ids, uint8_t intx_pin)
{
    *f = (struct pci_function){ .dev = dev, .ops = ops, .next_cap = CONFIG_DEVICE_SPECIFIC,
                                .next_extended = CONFIG_EXTENDED };
    st_le16(f->config + CONFIG_VENDOR, ids->vendor);
    st_le16(f->config + CONFIG_DEVICE, ids->device);
    st_le32(f->config + CONFIG_REVISION, ids->revision | ids->class_code << 8);
    f->config[CONFIG_HEADER_TYPE] = ids->multifunction ? 0x80 : 0;
    st_le16(f->config + CONFIG_SUBSYSTEM_VENDOR, ids->subsystem_vendor);
    st_le16(f->config + CONFIG_SUBSYSTEM, ids->subsystem);
    f->config[CONFIG_INTERRUPT_PIN] = intx_pin;
    st_le16(f->writable + CONFIG_COMMAND, COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER |
                                              COMMAND_PARITY | COMMAND_SERR | COMMAND_INTX_OFF);
    st_le16(f->clears + CONFIG_STATUS, 0xf900); /* error bits */
    f->writable[CONFIG_CACHE_LINE] = 0xff;
    f->writable[CONFIG_INTERRUPT_LINE] = 0xff;
}

static int check_bar(const struct pci_function *f, unsigned index, enum pci_bar_kind kind,
                     uint64_t size, struct err *e)
{
    uint64_t least = kind == PCI_BAR_IO ? 4 : kind == PCI_BAR_ROM ? 2048 : 16;
    bool rom = kind == PCI_BAR_ROM, wide = kind == PCI_BAR_MEM64;

    if (index > PCI_ROM_BAR || rom != (index == PCI_ROM_BAR) || (wide && index + 1 >= PCI_BARS))
        return err_set(e, ERR_ARG, "%s: BAR %u cannot be of that kind", f->dev->id, index);
    if (!is_pow2(size) || size < least || (!wide && size > 1ull << 31))
        return err_set(e, ERR_ARG, "%s: BAR %u of %" PRIu64 " bytes; a power of two from %" PRIu64
                       " on is accepted", f->dev->id, index, size, least);
    if (f->bar[index].kind != PCI_BAR_NONE || (wide && f->bar[index + 1].kind != PCI_BAR_NONE) ||
        (index > 0 && index < PCI_BARS && f->bar[index - 1].kind == PCI_BAR_MEM64))
        return err_set(e, ERR_ARG, "%s: BAR %u is taken", f->dev->id, index);
    return 0;
}

static uint32_t bar_offset(unsigned index)
{
    return index == PCI_ROM_BAR ? CONFIG_ROM : CONFIG_BAR0 + 4 * index;
}

static int add_bar(struct pci_function *f, unsigned index, const struct pci_bar *bar, struct err *e)
{
    uint32_t at = bar_offset(index), flags = 0;
    uint64_t mask = ~(bar->size - 1);
    int r = check_bar(f, index, bar->kind, bar->size, e);

    if (r < 0)
        return r;
    f->bar[index] = *bar;
    snprintf(f->bar[index].name, sizeof(f->bar[index].name), "%.24s-bar%u", f->dev->id, index);
    if (bar->kind == PCI_BAR_IO)
        flags = 1;
    else if (bar->kind == PCI_BAR_ROM)
        mask |= 1; /* decode enable */
    else
        flags = (bar->kind == PCI_BAR_MEM64 ? 4u : 0u) | (bar->prefetchable ? 8u : 0u);
    st_le32(f->config + at, flags);
    st_le32(f->writable + at, (uint32_t)mask);
    if (bar->kind == PCI_BAR_MEM64)
        st_le32(f->writable + at + 4, (uint32_t)(mask >> 32));
    return 0;
}

int pci_add_bar(struct pci_function *f, unsigned index, enum pci_bar_kind kind, bool prefetchable,
                uint64_t size, const struct mmio_ops *mmio, void *arg, struct err *e)
{
    const struct pci_bar bar = { .kind = kind, .prefetchable = prefetchable, .size = size,
                                 .mmio = mmio, .arg = arg };
    return add_bar(f, index, &bar, e);
}

int pci_add_bar_ram(struct pci_function *f, unsigned index, enum pci_bar_kind kind,
                    bool prefetchable, struct mem_ram *ram, struct err *e)
{
    const struct pci_bar bar = { .kind = kind, .prefetchable = prefetchable, .size = ram->size,
                                 .ram = ram };
    return add_bar(f, index, &bar, e);
}

void pci_add_registers(struct pci_function *f, const struct pci_reg *regs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct pci_reg *r = &regs[i];
        st_le(f->config + r->offset, r->reset, r->width);
        st_le(f->writable + r->offset, r->rw, r->width);
        st_le(f->clears + r->offset, r->w1c, r->width);
    }
}

/* Regions start switched off, at 0. */
static int make_region(struct pci_function *f, struct pci_bar *b, struct err *e)
{
    struct mem_space *space =
        b->kind == PCI_BAR_IO ? f->bus->windows.io : f->bus->windows.memory;
    int r;

    if (b->kind == PCI_BAR_IO && !space)
        return err_set(e, ERR_ARG, "%s: this bus has no I/O window for BAR %s", f->dev->id, b->name);
    if (!b->ram)
        r = mem_add_mmio(space, b->name, 0, b->size, PCI_BAR_PRIORITY, b->mmio, b->arg, &b->region, e);
    else if (b->kind == PCI_BAR_ROM)
        r = mem_add_rom(space, b->name, 0, b->ram, 0, b->size, PCI_BAR_PRIORITY, NULL, NULL,
                        &b->region, e);
    else
        r = mem_add_ram(space, b->name, 0, b->ram, 0, b->size, PCI_BAR_PRIORITY, &b->region, e);
    if (r == 0)
        mem_enable_region(space, b->region, false);
    return r;
}

static int choose_place(struct pci_bus *bus, const struct pci_function *f, int devfn, struct err *e)
{
    if (devfn > 255)
        return err_set(e, ERR_ARG, "%s: place %#x on the bus; 00.0 to 1f.7 are there", f->dev->id,
                       (unsigned)devfn);
    for (int d = 1; devfn < 0 && d < 32; d++)
        if (!bus->function[PCI_DEVFN(d, 0)])
            return PCI_DEVFN(d, 0);
    if (devfn < 0)
        return err_set(e, ERR_LIMIT, "%s: all 31 places on the PCI bus are taken", f->dev->id);
    const struct pci_function *other = bus->function[devfn], *first = bus->function[devfn & ~7];
    if (other)
        return err_set(e, ERR_LIMIT, "%s: PCI place %02x.%x is taken by %s", f->dev->id, devfn >> 3,
                       devfn & 7, other->dev->id);
    if ((devfn & 7) && first && !(first->config[CONFIG_HEADER_TYPE] & 0x80))
        return err_set(e, ERR_ARG, "%s: %s at %02x.0 has no further functions; give it "
                       "multifunction=on", f->dev->id, first->dev->id, devfn >> 3);
    for (int n = 1; !(devfn & 7) && n < 8; n++)
        if (bus->function[devfn + n] && !(f->config[CONFIG_HEADER_TYPE] & 0x80))
            return err_set(e, ERR_ARG, "%s: %02x.%x is taken already, so function 0 needs "
                           "multifunction=on", f->dev->id, devfn >> 3, n);
    return devfn;
}

int pci_plug(struct pci_bus *bus, struct pci_function *f, int devfn, struct err *e)
{
    int place = choose_place(bus, f, devfn, e), r = 0;

    if (place < 0)
        return place;
    f->bus = bus;
    f->devfn = (uint8_t)place;
    f->dma = (struct dma){ .space = bus->windows.memory, .iommu = bus->iommu,
                           .requester = (uint32_t)bus->segment << 16 | (uint32_t)bus->number << 8 |
                                        f->devfn };
    for (unsigned i = 0; i <= PCI_ROM_BAR && r == 0; i++)
        if (f->bar[i].kind != PCI_BAR_NONE)
            r = make_region(f, &f->bar[i], e);
    if (r == 0)
        r = pci_make_msix_regions(f, e);
    if (r < 0)
        return r;
    memcpy(f->defaults, f->config, sizeof(f->defaults));
    bus->function[place] = f;
    return 0;
}

/* ---- what follows from the configuration ---- */

static uint16_t command(const struct pci_function *f)
{
    return ld_le16(f->config + CONFIG_COMMAND);
}

/* D0: only then does the function decode or master the bus (power management, 5.4.1). */
static bool is_awake(const struct pci_function *f)
{
    return f->pm_cap == 0 || (f->config[f->pm_cap + POWER_CONTROL] & POWER_STATE) == POWER_D0;
}

static bool in_windows(const struct pci_windows *w, pa_t base, uint64_t size)
{
    for (uint32_t i = 0; i < w->n_ranges; i++)
        if (base >= w->range[i].base && base - w->range[i].base < w->range[i].size &&
            size <= w->range[i].size - (base - w->range[i].base))
            return true;
    return w->n_ranges == 0;
}

/* Where the BAR decodes now; false: nowhere. */
static bool bar_address(const struct pci_function *f, unsigned index, pa_t *base)
{
    const struct pci_bar *b = &f->bar[index];
    uint32_t at = bar_offset(index), low = ld_le32(f->config + at);
    uint16_t needs = b->kind == PCI_BAR_IO ? COMMAND_IO : COMMAND_MEMORY;

    if (!is_awake(f) || !(command(f) & needs) || (b->kind == PCI_BAR_ROM && !(low & 1)))
        return false;
    *base = low;
    if (b->kind == PCI_BAR_MEM64)
        *base |= (uint64_t)ld_le32(f->config + at + 4) << 32;
    *base &= ~(b->size - 1);
    if (*base == 0 && b->kind != PCI_BAR_IO) /* I/O space begins with ports anyone may have */
        return false;
    if (b->kind == PCI_BAR_IO)
        return *base + b->size <= 0x10000;
    uint64_t top = b->kind == PCI_BAR_MEM64 ? UINT64_MAX : UINT32_MAX;
    return b->size - 1 < top - *base && in_windows(&f->bus->windows, *base, b->size);
}

static void update_bars(struct pci_function *f)
{
    for (unsigned i = 0; i <= PCI_ROM_BAR; i++) {
        struct pci_bar *b = &f->bar[i];
        pa_t base = 0;
        if (b->kind == PCI_BAR_NONE)
            continue;
        struct mem_space *space =
            b->kind == PCI_BAR_IO ? f->bus->windows.io : f->bus->windows.memory;
        bool on = bar_address(f, i, &base);
        mem_place_region(space, b->region, on, base);
        if (f->msix_region[0] && f->msix_bar == i) {
            mem_place_region(space, f->msix_region[0], on, base + f->msix_table);
            mem_place_region(space, f->msix_region[1], on, base + f->msix_pba);
        }
    }
}

static uint8_t intx_line(const struct pci_function *f)
{
    unsigned pin = (f->defaults[CONFIG_INTERRUPT_PIN] - 1u) % 4;

    if (f->bus->intx_map)
        return (uint8_t)(f->bus->intx_map(f->bus->bridge, f->devfn, pin) % PCI_INTX_LINES);
    return (uint8_t)(((unsigned)(f->devfn >> 3) + pin) % 4);
}

/* PCI Local Bus 3.0, 6.8: one of INTx, MSI and MSI-X; power management 1.2, 5.4.1: not outside D0. */
static bool intx_wanted(const struct pci_function *f)
{
    return f->intx && f->defaults[CONFIG_INTERRUPT_PIN] != 0 && !(command(f) & COMMAND_INTX_OFF) &&
           is_awake(f) && !pci_msi_enabled(f) && !pci_msix_enabled(f);
}

/* Count `f` in or out of the line it is, or shall be, counted in. */
static void drive_intx(struct pci_function *f, bool on)
{
    struct pci_bus *bus = f->bus;

    if (on == f->intx_driven)
        return;
    if (on)
        f->intx_line = intx_line(f);
    f->intx_driven = on;
    bus->intx_count[f->intx_line] += on ? 1u : ~0u;
    if (bus->intx_count[f->intx_line] == (on ? 1u : 0u))
        bus->intx(bus->bridge, f->intx_line, on);
}

static void update_intx(struct pci_function *f)
{
    f->config[CONFIG_STATUS] =
        (uint8_t)((f->config[CONFIG_STATUS] & ~STATUS_INTX) | (f->intx ? STATUS_INTX : 0));
    drive_intx(f, intx_wanted(f));
}

void pci_reroute_intx(struct pci_bus *bus)
{
    for (unsigned i = 0; i < ARRAY_LEN(bus->function); i++) {
        struct pci_function *f = bus->function[i];
        if (!f || !f->intx_driven || intx_line(f) == f->intx_line)
            continue;
        drive_intx(f, false);
        drive_intx(f, true);
    }
}

void pci_set_intx(struct pci_function *f, bool level)
{
    f->intx = level;
    update_intx(f);
}

static void update_all(struct pci_function *f)
{
    f->dma.enabled = pci_bus_master(f) && is_awake(f);
    update_bars(f);
    update_intx(f);
}

void pci_reset(struct pci_function *f)
{
    memcpy(f->config, f->defaults, sizeof(f->config));
    f->intx = 0;
    pci_reset_messages(f);
    update_all(f);
}

void pci_loaded(struct pci_function *f)
{
    struct pci_bus *bus = f->bus;

    f->config[CONFIG_INTERRUPT_PIN] = f->defaults[CONFIG_INTERRUPT_PIN]; /* whatever the file says */
    f->dma.enabled = pci_bus_master(f) && is_awake(f);
    update_bars(f);
    /* The sink has its own saved view: only the counts and the bridge's memory are made again. */
    if (f->intx_driven)
        bus->intx_count[f->intx_line]--;
    f->intx_line = intx_line(f);
    f->intx_driven = intx_wanted(f);
    bus->intx_count[f->intx_line] += f->intx_driven;
    if (bus->restored)
        bus->restored(bus->bridge, f->intx_line, bus->intx_count[f->intx_line] != 0);
}

/* ---- accesses ---- */

static struct pci_function *find(struct pci_bus *root, uint16_t bdf)
{
    return bdf >> 8 == root->number ? root->function[bdf & 0xff] : NULL;
}

static uint32_t all_ones(unsigned size)
{
    return size == 4 ? UINT32_MAX : (1u << 8 * size) - 1;
}

static bool is_access(uint32_t offset, unsigned size)
{
    return (size == 1 || size == 2 || size == 4) && offset % size == 0 &&
           offset + size <= PCI_CONFIG_SIZE;
}

uint32_t pci_config_read(struct pci_bus *root, uint16_t bdf, uint32_t offset, unsigned size)
{
    struct pci_function *f = find(root, bdf);

    if (!f || !is_access(offset, size))
        return all_ones(size);
    uint32_t value = (uint32_t)ld_le(f->config + offset, size);
    if (f->ops && f->ops->config_read)
        f->ops->config_read(f, offset, size, &value);
    return value & all_ones(size);
}

/* PCI Express Base 5.0, 6.6.2: Max_Payload_Size stays, whatever came with the bit that resets. */
static void function_reset(struct pci_function *f, uint8_t payload)
{
    pci_reset(f);
    uint8_t *control = f->config + f->express_cap + EXPRESS_CONTROL;
    *control = (uint8_t)((*control & ~EXPRESS_PAYLOAD) | (payload & EXPRESS_PAYLOAD));
    if (f->ops && f->ops->reset)
        f->ops->reset(f);
}

/* 7.5.3.4, Initiate Function Level Reset: written as 1, read as 0. */
static bool starts_reset(const struct pci_function *f, uint32_t offset, unsigned size,
                         uint32_t value)
{
    uint32_t at = f->express_cap + EXPRESS_CONTROL + 1u;
    return f->express_cap && pci_touches(offset, size, at, 1) &&
           (value >> 8 * (at - offset) & EXPRESS_FLR);
}

/* Power management 1.2, 3.2.4: what is written to enter a state that is not offered is discarded. */
static void keep_power_state(struct pci_function *f, uint8_t old)
{
    uint8_t *control = f->config + f->pm_cap + POWER_CONTROL;
    unsigned now = *control & POWER_STATE;

    if (f->pm_cap && now != POWER_D0 && now != POWER_D3HOT)
        *control = (uint8_t)((*control & ~POWER_STATE) | (old & POWER_STATE));
}

static void config_written(struct pci_function *f, uint32_t offset, unsigned size)
{
    bool messages = (f->msix_cap && pci_touches(offset, size, f->msix_cap + 2u, 2)) ||
                    (f->msi_cap && pci_touches(offset, size, f->msi_cap + 2u, 22));

    if (messages || pci_touches(offset, size, CONFIG_COMMAND, 2) ||
        pci_touches(offset, size, CONFIG_BAR0, 24) || pci_touches(offset, size, CONFIG_ROM, 4) ||
        (f->pm_cap && pci_touches(offset, size, f->pm_cap + POWER_CONTROL, 1)))
        update_all(f);
    if (messages)
        pci_messages_unmasked(f);
    if (f->ops && f->ops->config_wrote)
        f->ops->config_wrote(f, offset, size);
}

void pci_config_write(struct pci_bus *root, uint16_t bdf, uint32_t offset, unsigned size,
                      uint32_t value)
{
    struct pci_function *f = find(root, bdf);

    if (!f || !is_access(offset, size))
        return;
    uint8_t power = f->config[f->pm_cap + POWER_CONTROL];
    uint8_t payload = f->config[f->express_cap + EXPRESS_CONTROL];
    for (unsigned i = 0; i < size; i++) {
        uint32_t at = offset + i;
        uint8_t byte = (uint8_t)(value >> 8 * i), w = f->writable[at];
        uint8_t now = (uint8_t)((f->config[at] & ~w) | (byte & w));
        f->config[at] = (uint8_t)(now & ~(byte & f->clears[at]));
    }
    keep_power_state(f, power);
    if (starts_reset(f, offset, size, value))
        function_reset(f, payload);
    else
        config_written(f, offset, size);
}

static enum mem_result config_load(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                   const struct mem_attrs *attrs)
{
    (void)attrs;
    *value = pci_config_read(arg, (uint16_t)(offset >> 12), offset & 0xfff, size);
    return MEM_OK;
}

static enum mem_result config_store(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                    const struct mem_attrs *attrs)
{
    (void)attrs;
    pci_config_write(arg, (uint16_t)(offset >> 12), offset & 0xfff, size, (uint32_t)value);
    return MEM_OK;
}

/* 8-byte accesses are made of two: what the processor does with them is up to the bridge. */
const struct mmio_ops pci_config_mmio = {
    .read = config_load, .write = config_store, .sizes = 1 | 2 | 4, .split = true,
};

/* ---- for people ---- */

static void print_bar(const struct pci_function *f, unsigned i, void (*line)(void *, const char *),
                      void *arg)
{
    static const char *const kinds[] = { "", "I/O", "32 bit", "64 bit", "ROM" };
    const struct pci_bar *b = &f->bar[i];
    char text[120];
    pa_t base;

    if (b->kind == PCI_BAR_NONE)
        return;
    if (bar_address(f, i, &base))
        snprintf(text, sizeof(text), "    BAR %u: %s%s, %#" PRIx64 " at %#" PRIx64, i, kinds[b->kind],
                 b->prefetchable ? ", prefetchable" : "", b->size, base);
    else
        snprintf(text, sizeof(text), "    BAR %u: %s%s, %#" PRIx64 " not mapped", i, kinds[b->kind],
                 b->prefetchable ? ", prefetchable" : "", b->size);
    line(arg, text);
}

void pci_print(struct pci_bus *root, void (*line)(void *arg, const char *text), void *arg)
{
    char text[160];

    for (unsigned devfn = 0; devfn < 256; devfn++) {
        const struct pci_function *f = root->function[devfn];
        if (!f)
            continue;
        snprintf(text, sizeof(text), "%02x:%02x.%x class %06x %04x:%04x %s%s", root->number, devfn >> 3,
                 devfn & 7, ld_le32(f->config + CONFIG_REVISION) >> 8,
                 ld_le16(f->config + CONFIG_VENDOR), ld_le16(f->config + CONFIG_DEVICE), f->dev->id,
                 pci_msix_enabled(f) ? ", MSI-X" : pci_msi_enabled(f) ? ", MSI" : "");
        line(arg, text);
        for (unsigned i = 0; i <= PCI_ROM_BAR; i++)
            print_bar(f, i, line, arg);
    }
}
