/* SPDX-License-Identifier: Apache-2.0 */
/* Registers (AHCI 1.3.1, chapter 3), interrupts (10.7), resets (10.4), the PCI function. */
#include "devices/ahci_impl.h"
#include <stdio.h>

enum { ABAR_SIZE = 0x1000, PORTS_AT = 0x100, PORT_SIZE = 0x80, INDEX_AT = 0x10, DATA_AT = 0x14,
       IO_SIZE = 0x20 };
enum { GHC_HR = 1, GHC_IE = 2 };
#define GHC_AE 0x80000000u
/* 3.1.1: 64-bit addresses, NCQ, 1.5 Gb/s, AHCI only, CLO, PIO blocks in a row, 32 slots, 6 ports.
 */
#define CAP                                                                                        \
    (0x80000000u | 0x40000000u | 0x01000000u | 1u << 20 | 1u << 18 | 1u << 15 | 31u << 8 |         \
     (AHCI_PORTS - 1))
enum { NO_SIGNATURE = 0xffffffff, TFD_RESET = 0x7f, SSTS_UP = 0x113 /* active, 1.5 Gb/s, there */ };

/* ---- interrupts ---- */

/* A message may be a store to our own registers: the next one comes later, not within it. */
#define MESSAGE_GAP (200 * PS_PER_NS)

static void send_message(struct ahci *a)
{
    ps_t now = device_now(&a->dev);

    if (now < a->message_at) {
        ev_arm(&a->message, a->message_at);
    } else {
        a->message_at = now + MESSAGE_GAP;
        pci_send_msi(&a->function, 0);
    }
}

static bool is_asserted(const struct ahci *a)
{
    return (a->ghc & GHC_IE) && a->is;
}

static void message_due(void *arg, ps_t when)
{
    (void)when;
    if (is_asserted(arg))
        send_message(arg);
}

/* 10.7.2.1: `event`: something new has come, for which MSI sends a message. */
static void update(struct ahci *a, bool event)
{
    for (unsigned p = 0; p < AHCI_PORTS; p++)
        if (a->pis[p] & a->pie[p])
            a->is |= 1u << p;
    pci_set_intx(&a->function, is_asserted(a));
    if (is_asserted(a) && event && pci_msi_enabled(&a->function))
        send_message(a);
}

void ahci_interrupt(struct ahci *a, unsigned port, uint32_t bits)
{
    a->pis[port] |= bits;
    update(a, (a->pie[port] & bits) != 0);
}

#define WROTE(name) static void name(void *dev, uint32_t index, uint64_t old, uint64_t now)
#define UNUSED(...) ((void)(index), (void)(old), (void)(now))

/* What is still set, or is so again because its port is, is told anew. */
WROTE(wrote_is)
{
    UNUSED();
    update(dev, true);
}
WROTE(wrote_pis)
{
    UNUSED();
    update(dev, false);
}
WROTE(wrote_pie)
{
    UNUSED();
    update(dev, (now & ~old) != 0);
}

/* ---- ports ---- */

/* 10.1.2, 10.4.2: PxCLB and PxFB stay. */
void ahci_reset_port(struct ahci *a, unsigned p)
{
    bool there = ata_is_present(&a->drive[p]);

    a->halted[p] = a->soft_reset[p] = a->begun[p] = 0;
    a->tfd[p] = TFD_RESET;
    a->sig[p] = NO_SIGNATURE;
    a->ssts[p] = there ? SSTS_UP : 0;
    a->sact[p] = a->ci[p] = 0;
    a->signature_waits[p] = 0;
    if (there) {
        a->serr[p] |= SERR_X | SERR_N;
        a->pis[p] |= IS_PCS | IS_PRCS; /* 3.3.5: they say what PxSERR says */
        ahci_send_signature(a, p);
    }
}

/* The port's memory of its commands; whoever clears ST takes them back (10.3.2). */
static void stop_port(struct ahci *a, unsigned p)
{
    a->cmd[p] &= ~(uint32_t)(CMD_CR | F_MASK(CMD_CCS));
    a->ci[p] = a->sact[p] = 0;
    a->halted[p] = a->begun[p] = 0;
}

/*
 * 10.3.1: FRE first, and a drive that is ready. A port without a drive is another matter: its PxTFD reads 7Fh, DRQ
 * included, and drivers start it all the same while they look for one (Linux's ahci_start_port); nothing runs there.
 */
static void check_start(struct ahci *a, unsigned p)
{
    bool not_ready = ata_is_present(&a->drive[p]) && (a->tfd[p] & (ATA_BSY | ATA_DRQ));

    if (!(a->cmd[p] & CMD_FRE) || not_ready)
        guest_error(&a->dev, "PxCMD.ST", "port %u started without FRE or with PxTFD %#x", p, a->tfd[p]);
}

WROTE(wrote_cmd)
{
    struct ahci *a = dev;
    uint32_t *cmd = &a->cmd[index];

    if (now & CMD_CLO)
        a->tfd[index] &= ~(uint32_t)(ATA_BSY | ATA_DRQ);
    *cmd &= ~(uint32_t)(CMD_CLO | 0xf0000000u); /* done; ICC: the link is active all the time */
    *cmd = now & CMD_FRE ? *cmd | CMD_FR : *cmd & ~(uint32_t)CMD_FR;
    if ((now & CMD_FRE) && a->signature_waits[index])
        ahci_send_signature(a, index);
    if ((now & CMD_ST) && !(old & CMD_ST)) {
        check_start(a, index);
        *cmd |= CMD_CR;
        a->halted[index] = 0;
    } else if (!(now & CMD_ST) && (old & CMD_ST)) {
        stop_port(a, index);
    }
}

/* 3.3.11: DET 1 keeps COMRESET up, 4 puts the port offline. */
WROTE(wrote_sctl)
{
    enum { DET = 15, DET_RESET = 1, DET_OFF = 4 };
    struct ahci *a = dev;
    uint64_t det = now & DET, before = old & DET;

    if (det == before)
        return;
    if (det == DET_RESET) {
        a->ssts[index] = 0;
        a->tfd[index] = TFD_RESET;
    } else if (det == DET_OFF) {
        a->ssts[index] = 4;
    } else if (det == 0) {
        if (before == DET_RESET && ata_is_present(&a->drive[index]))
            ata_reset(&a->drive[index]);
        ahci_reset_port(a, index);
        if (ata_is_present(&a->drive[index]))
            ahci_interrupt(a, index, IS_PCS | IS_PRCS);
    }
}

/* 3.3.5: PCS and PRCS say what PxSERR says. */
WROTE(wrote_serr)
{
    struct ahci *a = dev;
    (void)old;
    if (!(now & SERR_X))
        a->pis[index] &= ~(uint32_t)IS_PCS;
    if (!(now & SERR_N))
        a->pis[index] &= ~(uint32_t)IS_PRCS;
    update(a, false);
}

WROTE(wrote_sact)
{
    struct ahci *a = dev;
    (void)now;
    if (!(a->cmd[index] & CMD_ST))
        a->sact[index] = (uint32_t)old;
}
WROTE(wrote_ci)
{
    struct ahci *a = dev;
    (void)now;
    if (a->cmd[index] & CMD_ST) {
        ahci_wake(a);
    } else {
        guest_error(&a->dev, "PxCI while PxCMD.ST is 0", "port %u", index);
        a->ci[index] = (uint32_t)old;
    }
}

/* ---- generic host control ---- */

/* 10.4.3: everything but PxCLB and PxFB, which the reset of the registers goes on to keep. */
static void reset_hba(struct ahci *a)
{
    ev_cancel(&a->work);
    ev_cancel(&a->message);
    a->message_at = 0;
    a->ghc = GHC_AE;
    a->is = 0;
    for (unsigned p = 0; p < AHCI_PORTS; p++) {
        a->pis[p] = a->pie[p] = a->sctl[p] = a->serr[p] = a->sntf[p] = 0;
        a->cmd[p] = CMD_SUD | CMD_POD;
        ahci_reset_port(a, p);
    }
    update(a, false);
}

WROTE(wrote_ghc)
{
    struct ahci *a = dev;
    (void)index;
    if (now & GHC_HR) {
        for (unsigned p = 0; p < AHCI_PORTS; p++)
            if (ata_is_present(&a->drive[p]))
                ata_reset(&a->drive[p]);
        reset_hba(a);
    } else {
        update(a, (now & ~old & GHC_IE) != 0);
    }
}

#define AT(m)     REG_AT(ahci, m)
#define PORT(off) (PORTS_AT + (off))
#define BANK      .count = AHCI_PORTS, .stride = PORT_SIZE
#define ANY       .sizes = 1 | 2 | 4
static const struct reg_desc ahci_regs[] = {
    REG32(0x00, "CAP", ANY, .reset = CAP),
    REG32(0x04, "GHC", ANY, AT(ghc), .reset = GHC_AE, .rw = GHC_IE, .w1s = GHC_HR,
          .wrote = wrote_ghc),
    REG32(0x08, "IS", ANY, AT(is), .w1c = (1u << AHCI_PORTS) - 1, .wrote = wrote_is),
    REG32(0x0c, "PI", ANY, .reset = (1u << AHCI_PORTS) - 1),
    REG32(0x10, "VS", ANY, .reset = 0x00010301),
    REG32(0x14, "CCC_CTL", ANY),
    REG32(0x18, "CCC_PORTS", ANY),
    REG32(0x1c, "EM_LOC", ANY),
    REG32(0x20, "EM_CTL", ANY),
    REG32(0x24, "CAP2", ANY),
    REG32(0x28, "BOHC", ANY),
    REG32(0xa0, "vendor", ANY, .count = 24),
    REG32(PORT(0x00), "PxCLB", ANY, BANK, AT(clb), .rw = 0xfffffc00),
    REG32(PORT(0x04), "PxCLBU", ANY, BANK, AT(clbu), .rw = 0xffffffff),
    REG32(PORT(0x08), "PxFB", ANY, BANK, AT(fb), .rw = 0xffffff00),
    REG32(PORT(0x0c), "PxFBU", ANY, BANK, AT(fbu), .rw = 0xffffffff),
    REG32(PORT(0x10), "PxIS", ANY, BANK, AT(pis), .w1c = 0xfd8000af, .wrote = wrote_pis),
    REG32(PORT(0x14), "PxIE", ANY, BANK, AT(pie), .rw = 0xfdc000ff, .wrote = wrote_pie),
    REG32(PORT(0x18), "PxCMD", ANY, BANK, AT(cmd), .reset = CMD_SUD | CMD_POD,
          .rw = CMD_ST | CMD_CLO | CMD_FRE | CMD_ATAPI | CMD_DLAE | 0xf0000000u,
          .wrote = wrote_cmd),
    REG32(PORT(0x20), "PxTFD", ANY, BANK, AT(tfd), .reset = TFD_RESET),
    REG32(PORT(0x24), "PxSIG", ANY, BANK, AT(sig), .reset = NO_SIGNATURE),
    REG32(PORT(0x28), "PxSSTS", ANY, BANK, AT(ssts)),
    REG32(PORT(0x2c), "PxSCTL", ANY, BANK, AT(sctl), .rw = 0xfff, .wrote = wrote_sctl),
    REG32(PORT(0x30), "PxSERR", ANY, BANK, AT(serr), .w1c = 0x07ff0f03, .wrote = wrote_serr),
    REG32(PORT(0x34), "PxSACT", ANY, BANK, AT(sact), .w1s = 0xffffffff, .wrote = wrote_sact),
    REG32(PORT(0x38), "PxCI", ANY, BANK, AT(ci), .w1s = 0xffffffff, .wrote = wrote_ci),
    REG32(PORT(0x3c), "PxSNTF", ANY, BANK, AT(sntf), .w1c = 0xffff),
    REG32(PORT(0x40), "PxFBS", ANY, BANK),
    REG32(PORT(0x44), "PxDEVSLP", ANY, BANK),
    REG32(PORT(0x70), "PxVS", ANY, .count = 4),
};

/* ---- the index and data pair (ICH9, 14.1.29 to 14.1.31) ---- */

static enum mem_result io_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                               const struct mem_attrs *attrs)
{
    struct ahci *a = arg;

    *value = 0;
    if (offset == INDEX_AT && size == 4)
        *value = a->index;
    else if (offset == DATA_AT && size == 4)
        return reg_mmio_ops.read(&a->dev, a->index, 4, value, attrs);
    return MEM_OK;
}

static enum mem_result io_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                const struct mem_attrs *attrs)
{
    struct ahci *a = arg;

    if (offset == INDEX_AT && size == 4)
        a->index = (uint32_t)value & (ABAR_SIZE - 4);
    else if (offset == DATA_AT && size == 4)
        return reg_mmio_ops.write(&a->dev, a->index, 4, value, attrs);
    return MEM_OK;
}
static const struct mmio_ops io_ops = { .read = io_read, .write = io_write, .sizes = 1 | 2 | 4 };

/* ---- reset, state ---- */

static void reset(void *dev)
{
    struct ahci *a = dev;

    pci_reset(&a->function);
    a->index = 0;
    for (unsigned p = 0; p < AHCI_PORTS; p++)
        if (ata_is_present(&a->drive[p]))
            ata_power_on(&a->drive[p]);
    reset_hba(a);
}

static void loaded(void *dev)
{
    struct ahci *a = dev;

    a->index &= ABAR_SIZE - 4;
    for (unsigned p = 0; p < AHCI_PORTS; p++)
        if (ata_is_present(&a->drive[p]))
            ata_loaded(&a->drive[p]);
    pci_loaded(&a->function);
}

static const struct state_field state[] = {
    STATE_SUB(ahci, function, pci_function_state), STATE_TIMER(ahci, work),
    STATE_TIMER(ahci, message), STATE(ahci, message_at),
    STATE_SUBS(ahci, drive_state, ata_state_fields), STATE(ahci, ghc), STATE(ahci, is),
    STATE(ahci, index), STATE(ahci, clb), STATE(ahci, clbu), STATE(ahci, fb), STATE(ahci, fbu),
    STATE(ahci, pis), STATE(ahci, pie), STATE(ahci, cmd), STATE(ahci, tfd), STATE(ahci, sig),
    STATE(ahci, ssts), STATE(ahci, sctl), STATE(ahci, serr), STATE(ahci, sact), STATE(ahci, ci),
    STATE(ahci, sntf), STATE(ahci, halted), STATE(ahci, soft_reset), STATE(ahci, signature_waits),
    STATE(ahci, begun), STATE_END
};
static const struct device_ops device_ops = {
    .name = "ahci", .spec = "Serial ATA AHCI 1.3.1", .size = sizeof(struct ahci), .regs = ahci_regs,
    .n_regs = ARRAY_LEN(ahci_regs), .mmio_size = ABAR_SIZE, .state = state, .version = 2,
    .reset = reset, .loaded = loaded,
};

/* ---- construction ---- */

/* Serial ATA capability (12h): the index register is at 10h of BAR 4. MAP says AHCI, PCS which
 * ports. */
static int add_own_registers(struct pci_function *f, struct err *e)
{
    enum { CAP_SATA = 0x12, AT_SATA = 0xa8, MAP = 0x90, PCS = 0x92 };
    f->next_cap = AT_SATA;
    int at = pci_add_capability(f, CAP_SATA, 8, e);

    if (at < 0)
        return at;
    st_le16(f->config + at + 2, 0x0010);                       /* revision 1.0 */
    st_le32(f->config + at + 4, (INDEX_AT / 4) << 4 | 8);      /* in words; 8: BAR 4 */
    f->config[MAP] = 0x40;
    st_le16(f->config + PCS, (1u << AHCI_PORTS) - 1);
    st_le16(f->writable + PCS, (1u << AHCI_PORTS) - 1);
    return 0;
}

static int make_function(struct ahci *a, struct pci_bus *bus, const struct ahci_options *o,
                         struct err *e)
{
    const struct pci_ids ids = { .vendor = 0x8086, .device = 0x2922, .subsystem_vendor = 0x1af4,
                                 .subsystem = 0x1100, .class_code = 0x010601, .revision = 2,
                                 .multifunction = o->multifunction };
    struct pci_function *f = &a->function;
    int r;

    pci_init(f, &a->dev, NULL, &ids, 1);
    if ((r = pci_add_bar(f, 4, PCI_BAR_IO, false, IO_SIZE, &io_ops, a, e)) < 0 ||
        (r = pci_add_bar(f, 5, PCI_BAR_MEM32, false, ABAR_SIZE, &reg_mmio_ops, a, e)) < 0 ||
        (r = pci_add_msi(f, 1, e)) < 0 || (r = add_own_registers(f, e)) < 0 ||
        (o->rom && (r = pci_add_rom(f, o->rom, e)) < 0))
        return r;
    return pci_plug(bus, f, o->devfn, e);
}

struct ahci *ahci_create(struct machine *m, const char *id, struct pci_bus *bus,
                         const struct ahci_options *o, struct err *e)
{
    struct ahci *a = device_create(m, &device_ops, id, e);

    if (!a)
        return NULL;
    if (ev_timer_init(&a->work, m->queue, "ahci", EV_PRIO_DEVICE, ahci_work, a) ||
        ev_timer_init(&a->message, m->queue, "ahci message", EV_PRIO_DEVICE, message_due, a)) {
        (void)err_set(e, ERR_NOMEM, "%s: no memory", id);
        return NULL;
    }
    return make_function(a, bus, o, e) < 0 ? NULL : a;
}

int ahci_attach(struct ahci *a, int port, struct block *disk, bool cdrom, const char *serial,
                struct err *e)
{
    char made_up[24];

    for (int p = 0; port < 0 && p < AHCI_PORTS; p++)
        if (!ata_is_present(&a->drive[p]))
            port = p;
    if (port < 0)
        return err_set(e, ERR_LIMIT, "%s: each of its %d ports has a drive", a->dev.id, AHCI_PORTS);
    if (port >= AHCI_PORTS)
        return err_set(e, ERR_LIMIT, "%s: there is no port %d; 0 to %d are there", a->dev.id, port,
                       AHCI_PORTS - 1);
    if (ata_is_present(&a->drive[port]))
        return err_set(e, ERR_ARG, "%s: port %d has a drive already", a->dev.id, port);
    snprintf(made_up, sizeof(made_up), "OM%05d", port + 1);
    return ata_attach(&a->drive[port], &a->dev, &a->drive_state[port],
                      &(struct ata_kind){ disk, cdrom, serial && serial[0] ? serial : made_up }, e);
}

int ahci_set_medium(struct ahci *a, unsigned port, struct block *disk, struct err *e)
{
    if (port >= AHCI_PORTS || !ata_is_present(&a->drive[port]) || !a->drive[port].packet)
        return err_set(e, ERR_ARG, "%s: port %u has no CD-ROM drive", a->dev.id, port);
    atapi_set_medium(&a->drive[port], disk);
    return 0;
}

struct ata_drive *ahci_drive(struct ahci *a, unsigned port)
{
    return &a->drive[port];
}

struct pci_function *ahci_function(struct ahci *a)
{
    return &a->function;
}
