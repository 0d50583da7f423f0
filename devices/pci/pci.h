/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_PCI_PCI_H
#define ORRERY_DEVICES_PCI_PCI_H
/*
 * PCI Express functions and the buses they sit on (PCI Express Base 5.0, chapter 7;
 * PCI Local Bus 3.0, chapter 6).
 *
 *   board -> host bridge (ecam.h) -> struct pci_bus -> struct pci_function (embedded by the device)
 *
 * A function is configuration space with masks, up to six BARs and a ROM, capabilities,
 * INTx, MSI and MSI-X. Software moves BARs by writing them; the bus then moves the
 * regions in the window of the address space that the host bridge gave it. A function
 * reaches memory through `dma`, which is shut while bus mastering is off (command, bit 2)
 * and carries its requester id, so that an IOMMU can stand in between.
 *
 * Configuration accesses come from the host bridge (ECAM, 0xCF8/0xCFC): to a function that
 * does not exist they read all ones and write nothing; that is no guest error, it is how
 * buses are enumerated.
 *
 * Embedded by the device beside its struct device; nothing to free. Save the function's
 * state by putting `pci_function_state` behind the device's own fields (STATE_STRUCT); after
 * loading call pci_loaded(), which moves regions and restores `dma`.
 */
#include "core/device/device.h"
#include "core/memory/dma.h"

#define PCI_CONFIG_SIZE  4096
#define PCI_BARS         6
#define PCI_ROM_BAR      6          /* index of the expansion ROM in `bar` */
#define PCI_DEVFN(device, function) ((uint8_t)((device) << 3 | (function)))
#define PCI_MSIX_VECTORS 256        /* at most, for one function */

struct pci_bus;
struct pci_function;

/*
 * Where a bus's BARs may lie: filled in by the host bridge. A memory BAR decodes only inside
 * one of the ranges (software sizes BARs by writing all ones, with decoding on if it is
 * careless: that must not hide memory); without ranges it decodes anywhere.
 */
struct pci_range {
    pa_t base;
    uint64_t size;
};
struct pci_windows {
    struct mem_space *memory;       /* memory BARs are mapped here, at their own addresses */
    struct mem_space *io;           /* I/O BARs: a space of 64 KiB that the bridge shows somewhere */
    struct pci_range range[2];
    uint32_t n_ranges;
};

/* Pins A..D of a slot to the bridge's lines: (device + pin) mod 4, unless it maps them itself. */
typedef void pci_intx_fn(void *bridge, unsigned line, bool level);
#define PCI_INTX_LINES 8

struct pci_bus {
    struct machine *machine;
    struct pci_windows windows;
    const struct dma_iommu *iommu;  /* NULL: none; functions plugged later get it as well */
    uint8_t number;                 /* of the root bus: 0 */
    uint16_t segment;
    pci_intx_fn *intx;
    void *bridge;
    struct pci_function *function[256]; /* by devfn; NULL: empty slot */
    uint8_t message_depth;          /* messages on their way, one caused by the other; 0 between accesses */
    uint32_t intx_count[PCI_INTX_LINES]; /* functions asserting each line: rebuilt after load */
    /* The line of `pin` (0: INTA) of `devfn`; NULL: as above. See pci_reroute_intx. */
    unsigned (*intx_map)(void *bridge, uint8_t devfn, unsigned pin);
    void (*restored)(void *bridge, unsigned line, bool level); /* after load: the bridge's memory of it; or NULL */
};

enum pci_bar_kind { PCI_BAR_NONE, PCI_BAR_IO, PCI_BAR_MEM32, PCI_BAR_MEM64, PCI_BAR_ROM };

struct pci_bar {
    enum pci_bar_kind kind;
    bool prefetchable;
    uint64_t size;                  /* a power of two; at least 16 (memory) or 4 (I/O) */
    struct mem_region *region;      /* enabled while the command register and the address let it */
    const struct mmio_ops *mmio;    /* what is behind it, or ... */
    void *arg;
    struct mem_ram *ram;
    char name[40];
};

struct pci_ids {
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint32_t class_code;            /* 24 bits: class, subclass, interface */
    uint8_t revision;
    bool multifunction;
};

struct pci_ops {
    /* Optional. Configuration bytes [offset, offset + size) as the function's own code sees them. */
    void (*config_read)(struct pci_function *f, uint32_t offset, unsigned size, uint32_t *value);
    void (*config_wrote)(struct pci_function *f, uint32_t offset, unsigned size); /* masks were applied */
    /* Function-level reset (7.5.3.4) or a reset of the bus; the configuration is back at its defaults. */
    void (*reset)(struct pci_function *f);
};

struct pci_msix_entry {
    uint64_t address;
    uint32_t data, control;         /* control bit 0: masked */
};

struct pci_function {
    struct device *dev;             /* wiring, set by pci_init */
    const struct pci_ops *ops;      /* may be NULL */
    struct pci_bus *bus;
    uint8_t devfn;
    struct pci_bar bar[PCI_BARS + 1];
    struct dma dma;
    uint16_t express_cap, msi_cap, msix_cap, pm_cap; /* offsets in configuration space; 0: none */
    uint16_t next_cap, next_extended;                /* first free byte for the next capability */
    uint16_t msix_vectors;
    uint8_t msix_bar;
    uint32_t msix_table, msix_pba;                   /* offsets in that BAR */
    struct mem_region *msix_region[2];               /* in a BAR shared with registers: table, pending bits */
    bool intx_driven;                                /* counted in the bus's ... */
    uint8_t intx_line;                               /* ... line */
    uint8_t writable[PCI_CONFIG_SIZE];               /* masks: bits software may change */
    uint8_t clears[PCI_CONFIG_SIZE];                 /* bits that writing 1 clears */
    uint8_t defaults[PCI_CONFIG_SIZE];               /* what a reset restores */

    _Alignas(8) uint8_t config[PCI_CONFIG_SIZE];     /* saved from here on */
    struct pci_msix_entry msix[PCI_MSIX_VECTORS];
    uint64_t msix_pending[PCI_MSIX_VECTORS / 64];
    uint8_t intx;                                    /* level the function wants */
};
extern const struct state_field pci_function_state[];

void pci_bus_init(struct pci_bus *bus, struct machine *m, const struct pci_windows *w,
                  pci_intx_fn *intx, void *bridge);

/*
 * Make `dev` a function with header type 0. Capabilities and BARs are added before
 * pci_plug(). The legacy interrupt pin is INTA unless `intx_pin` is 0.
 */
void pci_init(struct pci_function *f, struct device *dev, const struct pci_ops *ops,
              const struct pci_ids *ids, uint8_t intx_pin);

/*
 * BAR `index` answers through `mmio` with the offset in the BAR; PCI_BAR_MEM64 takes two.
 * ERR_ARG for a size that is no power of two, an index taken or out of range.
 */
int pci_add_bar(struct pci_function *f, unsigned index, enum pci_bar_kind kind, bool prefetchable,
                uint64_t size, const struct mmio_ops *mmio, void *arg, struct err *e) MUST_CHECK;
/* A BAR or the expansion ROM that shows a RAM block (frame buffers, option ROMs). */
int pci_add_bar_ram(struct pci_function *f, unsigned index, enum pci_bar_kind kind, bool prefetchable,
                    struct mem_ram *ram, struct err *e) MUST_CHECK;
/*
 * The expansion ROM shows the file `path`, read now; its BAR is the next power of two. ERR_IO,
 * ERR_LIMIT, ERR_FORMAT for a file without an option ROM's signature.
 */
int pci_add_rom(struct pci_function *f, const char *path, struct err *e) MUST_CHECK;

/* Reserve `size` bytes for a capability of id `id`, linked into the list; its offset, or ERR_LIMIT. */
int pci_add_capability(struct pci_function *f, uint8_t id, uint32_t size, struct err *e) MUST_CHECK;
int pci_add_extended(struct pci_function *f, uint16_t id, uint8_t version, uint32_t size,
                     struct err *e) MUST_CHECK;
int pci_add_express(struct pci_function *f, struct err *e) MUST_CHECK; /* endpoint integrated or not, by bus; with FLR */
int pci_add_power(struct pci_function *f, struct err *e) MUST_CHECK;
int pci_add_msi(struct pci_function *f, unsigned vectors, struct err *e) MUST_CHECK;
/*
 * MSI-X with its table at `table` and pending bits at `pba` of BAR `bar`, which must lie on
 * pages the device's own registers do not use. bar < 0: a BAR of its own at -bar - 1.
 */
int pci_add_msix(struct pci_function *f, unsigned vectors, int bar, uint32_t table, uint32_t pba,
                 struct err *e) MUST_CHECK;

/* devfn -1: the first empty device from 1 up. ERR_LIMIT when the bus is full or the place taken. */
int pci_plug(struct pci_bus *bus, struct pci_function *f, int devfn, struct err *e) MUST_CHECK;

/* What bus->intx_map answers has changed: lines rise and fall as they are asserted now. */
void pci_reroute_intx(struct pci_bus *bus);

/*
 * Registers of a function's own in configuration space, as tables print them; before pci_plug.
 * `rw` and `w1c` as in core/device/regs.h, 1, 2 or 4 bytes wide.
 */
struct pci_reg {
    uint16_t offset;
    uint8_t width;
    const char *name;
    uint32_t reset, rw, w1c;
};
void pci_add_registers(struct pci_function *f, const struct pci_reg *regs, size_t n);

/* From the device's reset and loaded. */
void pci_reset(struct pci_function *f);
void pci_loaded(struct pci_function *f);

/*
 * Level of the function's INTx: shown in status bit 3; asserted unless command bit 10, MSI, MSI-X
 * or a power state other than D0 forbid it.
 */
void pci_set_intx(struct pci_function *f, bool level);
bool pci_msix_enabled(const struct pci_function *f);
bool pci_msi_enabled(const struct pci_function *f);
/*
 * Message of vector `v`: sent, kept pending while masked, dropped when MSI-X is off or v is out of
 * range. It is a store and may come back as an access to this function before the call returns;
 * one that goes round in circles is cut short with a guest error.
 */
void pci_send_msix(struct pci_function *f, unsigned v);
void pci_send_msi(struct pci_function *f, unsigned v);
void pci_clear_msix_pending(struct pci_function *f, unsigned v);

static inline bool pci_bus_master(const struct pci_function *f)
{
    return f->config[4] >> 2 & 1;
}

/* For config_wrote: does the access have any of the `n` bytes from `at` on? */
static inline bool pci_touches(uint32_t offset, unsigned size, uint32_t at, unsigned n)
{
    return offset < at + n && at < offset + size;
}

/* Accesses by the host bridge: bus, device, function in `bdf` (bus << 8 | devfn); 1, 2 or 4 bytes, aligned. */
uint32_t pci_config_read(struct pci_bus *root, uint16_t bdf, uint32_t offset, unsigned size);
void pci_config_write(struct pci_bus *root, uint16_t bdf, uint32_t offset, unsigned size, uint32_t value);

/* The same as MMIO, for an ECAM window: offset = bdf << 12 | register; `arg` is the root bus. */
extern const struct mmio_ops pci_config_mmio;

/* "info pci": one line a function and one a BAR. */
void pci_print(struct pci_bus *root, void (*line)(void *arg, const char *text), void *arg);

#endif
