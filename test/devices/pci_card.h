/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_DEVICES_PCI_CARD_H
#define ORRERY_TEST_DEVICES_PCI_CARD_H
/*
 * A bus for one PCI function under test: RAM, an I/O window, an MSI receiver and recorded INTx
 * lines. BAR i is placed at CARD_BAR + i * CARD_BAR_STEP, I/O BARs at CARD_IO.
 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "devices/pci/pci.h"
#include <stdio.h>
#include <stdlib.h>

enum { CARD_RAM = 0x80000000, CARD_RAM_SIZE = 0x800000, CARD_MSI = 0x28000000,
       CARD_BAR = 0x40000000, CARD_BAR_STEP = 0x1000000, CARD_IO = 0x2000 };

struct card {
    struct machine *m;
    struct mem_space *io;
    struct mem_ram *ram;
    struct pci_bus bus;
    struct pci_function *f;
    bool intx[4];
    unsigned messages, vector[256]; /* in all, and to each place in the receiver */
    uint32_t message;               /* the last one's data */
};

static inline void card_must(bool ok, const char *what, const struct err *e)
{
    if (ok)
        return;
    fprintf(stderr, "%s: %s\n", what, e ? e->text : "failed");
    abort();
}

static inline void card_intx(void *arg, unsigned line, bool level)
{
    ((struct card *)arg)->intx[line] = level;
}

static inline enum mem_result card_msi_read(void *arg, uint64_t offset, unsigned size,
                                            uint64_t *value, const struct mem_attrs *attrs)
{
    (void)arg, (void)offset, (void)size, (void)attrs;
    *value = 0;
    return MEM_OK;
}
static inline enum mem_result card_msi_write(void *arg, uint64_t offset, unsigned size,
                                             uint64_t value, const struct mem_attrs *attrs)
{
    struct card *x = arg;
    (void)size, (void)attrs;
    x->messages++;
    x->vector[offset / 4 % 256]++;
    x->message = (uint32_t)value;
    return MEM_OK;
}
static const struct mmio_ops card_msi_ops = { .read = card_msi_read,
                                              .write = card_msi_write,
                                              .sizes = 4 };

/* In an empty machine. The I/O space is the caller's to destroy, after the machine: card_close. */
static inline void card_open(struct card *x, struct machine *m)
{
    struct err e = { 0 };

    *x = (struct card){ .m = m, .io = mem_space_create("io") };
    card_must(
        machine_add_ram(m, "ram", CARD_RAM_SIZE, &x->ram, &e) == 0 &&
            mem_add_ram(m->memory, "ram", CARD_RAM, x->ram, 0, CARD_RAM_SIZE, 0, NULL, &e) == 0 &&
            mem_add_mmio(m->memory, "msi", CARD_MSI, 0x1000, 0, &card_msi_ops, x, NULL, &e) == 0,
        "card", &e);
    pci_bus_init(&x->bus, m, &(struct pci_windows){ m->memory, x->io }, card_intx, x);
}
/* For device_generic_test, which has several machines at a time: their I/O spaces go at the end. */
struct card_spaces {
    struct mem_space *io[1024];
    unsigned n;
};
static inline void card_keep(struct card_spaces *s, const struct card *x)
{
    card_must(s->n < ARRAY_LEN(s->io), "too many machines", NULL);
    if (x->io)
        s->io[s->n++] = x->io;
}
static inline void card_drop(struct card_spaces *s)
{
    while (s->n)
        mem_space_destroy(s->io[--s->n]);
}
static inline void card_close(struct card *x)
{
    machine_destroy(x->m);
    mem_space_destroy(x->io);
}

static inline uint32_t card_config(struct card *x, uint32_t offset, unsigned size)
{
    return pci_config_read(&x->bus, x->f->devfn, offset, size);
}
static inline void card_configure(struct card *x, uint32_t offset, unsigned size, uint32_t value)
{
    pci_config_write(&x->bus, x->f->devfn, offset, size, value);
}

/* In D0, the BARs placed; I/O, memory and bus mastering on. */
static inline void card_enable(struct card *x)
{
    if (x->f->pm_cap)
        card_configure(x, x->f->pm_cap + 4u, 2, 0);
    for (unsigned i = 0; i < PCI_BARS; i++) {
        enum pci_bar_kind kind = x->f->bar[i].kind;
        if (kind != PCI_BAR_NONE)
            card_configure(x, 0x10 + 4 * i, 4,
                           kind == PCI_BAR_IO ? CARD_IO : CARD_BAR + CARD_BAR_STEP * i);
        if (kind == PCI_BAR_MEM64)
            card_configure(x, 0x14 + 4 * i, 4, 0);
    }
    card_configure(x, 4, 2, 7);
}

static inline uint64_t card_read(struct card *x, pa_t at, unsigned size)
{
    uint64_t v = 0;
    card_must(mem_load(x->m->memory, at, size, &v, &(struct mem_attrs){ 0 }) == MEM_OK, "load",
              NULL);
    return v;
}
static inline void card_write(struct card *x, pa_t at, unsigned size, uint64_t v)
{
    card_must(mem_store(x->m->memory, at, size, v, &(struct mem_attrs){ 0 }) == MEM_OK, "store",
              NULL);
}
static inline uint8_t *card_ram(struct card *x, pa_t at)
{
    return x->ram->host + (at - CARD_RAM);
}
static inline void card_run(struct card *x, ps_t time)
{
    (void)ev_run(x->m->queue, ev_now(x->m->queue) + time);
}

/* Vector v of the MSI-X table to CARD_MSI + 4 v with data 100h + v, unmasked; MSI-X on. */
static inline void card_enable_msix(struct card *x)
{
    pa_t table = CARD_BAR + (pa_t)CARD_BAR_STEP * x->f->msix_bar + x->f->msix_table;

    for (unsigned v = 0; v < x->f->msix_vectors; v++) {
        card_write(x, table + 16 * v, 4, CARD_MSI + 4 * v);
        card_write(x, table + 16 * v + 4, 4, 0);
        card_write(x, table + 16 * v + 8, 4, 0x100 + v);
        card_write(x, table + 16 * v + 12, 4, 0);
    }
    card_configure(x, x->f->msix_cap + 2u, 2, 0x8000);
}
static inline void card_enable_msi(struct card *x)
{
    card_configure(x, x->f->msi_cap + 4u, 4, CARD_MSI);
    card_configure(x, x->f->msi_cap + 12u, 2, 0x77);
    card_configure(x, x->f->msi_cap + 2u, 2, 1);
}

#endif
