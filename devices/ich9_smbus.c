/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/ich9_smbus.h"
#include "core/util/bits.h"
#include <string.h>

enum { HOSTC = 0x40, HST_EN = 0x01, HOSTC_WRITABLE = 0x07, SMB_BAR = 4, BAR_BYTES = 32 };
enum { STS_INTR = 0x02, STS_DEV_ERR = 0x04, STS_FAILED = 0x10, STS_INUSE = 0x40, STS_CLEARS = 0xfe,
       STS_INTERRUPTS = 0x9e };
enum { CNT_INTREN = 0x01, CNT_START = 0x40 };
#define CNT_SMB_CMD 4, 2
enum { CMD_QUICK, CMD_BYTE, CMD_BYTE_DATA, CMD_WORD_DATA, CMD_PROCESS, CMD_BLOCK, CMD_I2C_READ };
enum { AUX_E32B = 0x02, FIRST_EEPROM = 0x50, BLOCK_MOST = 32 };

static void update(struct ich9_smbus *s)
{
    pci_set_intx(&s->pci, (s->status & STS_INTERRUPTS) && (s->control & CNT_INTREN));
}

/* ---- transactions ---- */

static uint8_t eeprom_byte(struct ich9_smbus *s, unsigned n)
{
    return s->eeprom[n][s->offset[n]++];
}

static bool read_block(struct ich9_smbus *s, unsigned n, unsigned count)
{
    if (!(s->aux_control & AUX_E32B)) {
        unmodelled(&s->dev, "SMBus block byte by byte", "HST_CNT %#x", s->control);
        return false;
    }
    s->data0 = (uint8_t)count;
    for (unsigned i = 0; i < count; i++)
        s->block[i] = eeprom_byte(s, n);
    s->block_at = 0;
    return true;
}

/* SMBus 2.0, 5.5.5 and on: the command code is the EEPROM's offset. */
static uint8_t read_eeprom(struct ich9_smbus *s, unsigned n, unsigned command)
{
    unsigned count;

    if (command != CMD_BYTE && command != CMD_QUICK)
        s->offset[n] = command == CMD_I2C_READ ? s->data1 : s->command;
    switch (command) {
    case CMD_QUICK:
        return STS_INTR;
    case CMD_BYTE:
    case CMD_BYTE_DATA:
        s->data0 = eeprom_byte(s, n);
        return STS_INTR;
    case CMD_WORD_DATA:
        s->data0 = eeprom_byte(s, n);
        s->data1 = eeprom_byte(s, n);
        return STS_INTR;
    case CMD_BLOCK: /* the device says how many */
        count = eeprom_byte(s, n);
        return read_block(s, n, count == 0 || count > BLOCK_MOST ? BLOCK_MOST : count) ? STS_INTR
                                                                                      : STS_FAILED;
    default: /* I2C read: as many as the host wants */
        return read_block(s, n, BLOCK_MOST) ? STS_INTR : STS_FAILED;
    }
}

/* Send byte sets the offset; data behind it would be programmed. */
static uint8_t write_eeprom(struct ich9_smbus *s, unsigned n, unsigned command)
{
    if (command == CMD_QUICK)
        return STS_INTR;
    s->offset[n] = s->command;
    return command == CMD_BYTE ? STS_INTR : STS_DEV_ERR;
}

static uint8_t transact(struct ich9_smbus *s)
{
    unsigned command = (unsigned)F_GET(s->control, CNT_SMB_CMD);
    unsigned n = (s->address >> 1) - FIRST_EEPROM;

    if (command == CMD_PROCESS || command > CMD_I2C_READ) {
        unmodelled(&s->dev, "SMBus process call", "HST_CNT %#x", s->control);
        return STS_FAILED;
    }
    if (n >= ICH9_SMBUS_EEPROMS || !s->eeprom[n])
        return STS_DEV_ERR;
    return (s->address & 1) || command == CMD_I2C_READ ? read_eeprom(s, n, command)
                                                       : write_eeprom(s, n, command);
}

/* ---- registers ---- */

/* 18.2.1: INUSE_STS is a lock: reading takes it. */
static void after_status(void *dev, uint32_t index, uint64_t value)
{
    (void)index, (void)value;
    ((struct ich9_smbus *)dev)->status |= STS_INUSE;
}

static void wrote_status(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)index, (void)old, (void)now;
    update(dev);
}

static void after_control(void *dev, uint32_t index, uint64_t value)
{
    (void)index, (void)value;
    ((struct ich9_smbus *)dev)->block_at = 0;
}

static void wrote_control(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct ich9_smbus *s = dev;

    (void)index, (void)old;
    s->control &= (uint8_t)~CNT_START;
    if (now & CNT_START)
        s->status |= transact(s);
    update(s);
}

static uint64_t read_block_db(const void *dev, uint32_t index)
{
    const struct ich9_smbus *s = dev;

    (void)index;
    return s->block[s->block_at % BLOCK_MOST];
}

static void after_block_db(void *dev, uint32_t index, uint64_t value)
{
    struct ich9_smbus *s = dev;

    (void)index, (void)value;
    s->block_at = (uint8_t)((s->block_at + 1) % BLOCK_MOST);
}

static void wrote_block_db(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    struct ich9_smbus *s = dev;

    s->block[s->block_at % BLOCK_MOST] = (uint8_t)now;
    after_block_db(dev, index, old);
}

/* clang-format off */
#define AT(m) REG_AT(ich9_smbus, m)
static const struct reg_desc smbus_regs[] = {
    REG8(0x00, "HST_STS",    AT(status), .w1c = STS_CLEARS, .after_read = after_status, .wrote = wrote_status),
    REG8(0x01, "reserved"),
    REG8(0x02, "HST_CNT",    AT(control), .rw = 0xff, .after_read = after_control, .wrote = wrote_control),
    REG8(0x03, "HST_CMD",    AT(command), .rw = 0xff),
    REG8(0x04, "XMIT_SLVA",  AT(address), .rw = 0xff),
    REG8(0x05, "HST_D0",     AT(data0), .rw = 0xff),
    REG8(0x06, "HST_D1",     AT(data1), .rw = 0xff),
    REG8(0x07, "HOST_BLOCK_DB", .rw = 0xff, .read = read_block_db, .after_read = after_block_db,
         .wrote = wrote_block_db),
    REG8(0x08, "PEC"),
    REG8(0x09, "RCV_SLVA",   AT(slave_address), .reset = 0x44, .rw = 0x7f),
    REG8(0x0a, "SLV_DATA",   .count = 2),
    REG8(0x0c, "AUX_STS",    AT(aux_status), .w1c = 0x01),
    REG8(0x0d, "AUX_CTL",    AT(aux_control), .rw = AUX_E32B),
    REG8(0x0e, "SMLINK_PIN_CTL", .reset = 0x07),
    REG8(0x0f, "SMBUS_PIN_CTL",  .reset = 0x07),
    REG8(0x10, "SLV_STS",    .count = 16),
};
/* clang-format on */

static bool is_enabled(const struct ich9_smbus *s)
{
    return s->pci.config[HOSTC] & HST_EN;
}

static enum mem_result bar_read(void *arg, uint64_t offset, unsigned size, uint64_t *value,
                                const struct mem_attrs *attrs)
{
    return is_enabled(arg) ? reg_mmio_ops.read(arg, offset, size, value, attrs) : MEM_NOTHING;
}

static enum mem_result bar_write(void *arg, uint64_t offset, unsigned size, uint64_t value,
                                 const struct mem_attrs *attrs)
{
    return is_enabled(arg) ? reg_mmio_ops.write(arg, offset, size, value, attrs) : MEM_NOTHING;
}

static const struct mmio_ops bar_ops = {
    .read = bar_read, .write = bar_write, .sizes = 1, .split = true,
};

static void smbus_reset(void *dev)
{
    struct ich9_smbus *s = dev;

    pci_reset(&s->pci);
    memset(s->block, 0, sizeof(s->block));
    memset(s->offset, 0, sizeof(s->offset));
    s->block_at = 0;
}

static void smbus_loaded(void *dev)
{
    pci_loaded(&((struct ich9_smbus *)dev)->pci);
}

static const struct state_field smbus_state[] = {
    STATE_SUB(ich9_smbus, pci, pci_function_state), STATE(ich9_smbus, status),
    STATE(ich9_smbus, control), STATE(ich9_smbus, command), STATE(ich9_smbus, address),
    STATE(ich9_smbus, data0), STATE(ich9_smbus, data1), STATE(ich9_smbus, aux_status),
    STATE(ich9_smbus, aux_control), STATE(ich9_smbus, block), STATE(ich9_smbus, block_at),
    STATE(ich9_smbus, slave_address), STATE(ich9_smbus, offset), STATE_END
};
static const struct device_ops smbus_ops = {
    .name = "ich9-smbus", .spec = "Intel ICH9 316972, 18", .size = sizeof(struct ich9_smbus),
    .regs = smbus_regs, .n_regs = ARRAY_LEN(smbus_regs), .mmio_size = BAR_BYTES,
    .state = smbus_state, .version = 1, .reset = smbus_reset, .loaded = smbus_loaded,
};

struct ich9_smbus *ich9_smbus_create(struct machine *m, const char *id, struct pci_bus *bus,
                                     const uint8_t *const *eeprom, struct err *e)
{
    static const struct pci_ids ids = { .vendor = 0x8086, .device = 0x2930, .revision = 2,
                                        .subsystem_vendor = 0x1af4, .subsystem = 0x1100,
                                        .class_code = 0x0c0500 };
    static const struct pci_reg hostc = { HOSTC, 1, "HOSTC", .rw = HOSTC_WRITABLE };
    struct ich9_smbus *s = device_create(m, &smbus_ops, id, e);

    if (!s)
        return NULL;
    for (unsigned i = 0; eeprom && i < ICH9_SMBUS_EEPROMS; i++)
        s->eeprom[i] = eeprom[i];
    pci_init(&s->pci, &s->dev, NULL, &ids, 1);
    pci_add_registers(&s->pci, &hostc, 1);
    if (pci_add_bar(&s->pci, SMB_BAR, PCI_BAR_IO, false, BAR_BYTES, &bar_ops, s, e) < 0 ||
        pci_plug(bus, &s->pci, PCI_DEVFN(31, 3), e) < 0)
        return NULL;
    return s;
}
