/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_ICH9_SMBUS_H
#define ORRERY_DEVICES_ICH9_SMBUS_H
/*
 * The ICH9's SMBus host controller, 00:1f.3 (Intel 316972, 18; SMBus 2.0, 5.5), with the serial
 * presence detect EEPROMs of memory modules at addresses 50h to 57h.
 *
 * Transactions take no time: HOST_BUSY reads 0, and INTR or DEV_ERR is set with the write of START.
 * Quick, byte, byte data, word data, block by the 32-byte buffer (AUX_CTL.E32B) and I2C read are
 * done; process calls and blocks byte by byte end with FAILED and are reported. EEPROMs are read
 * only: written data is not acknowledged, DEV_ERR. Not modelled: packet error codes, the slave
 * interface, SMBALERT, SMI.
 *
 * Its table is the I/O of BAR 4, there while HOSTC.HST_EN is set. Owned by the machine.
 */
#include "devices/pci/pci.h"

#define ICH9_SMBUS_EEPROMS 8
#define ICH9_SMBUS_EEPROM_BYTES 256

struct ich9_smbus {
    struct device dev;
    const uint8_t *eeprom[ICH9_SMBUS_EEPROMS]; /* wiring; NULL: nobody at the address */

    struct pci_function pci;         /* saved from here on */
    uint8_t status, control, command, address, data0, data1, aux_status, aux_control;
    uint8_t block[32], block_at;     /* the buffer, and the byte HOST_BLOCK_DB shows */
    uint8_t slave_address;           /* RCV_SLVA */
    uint8_t offset[ICH9_SMBUS_EEPROMS]; /* where each reads next */
};

/*
 * At 1f.3 of `bus`. `eeprom`: ICH9_SMBUS_EEPROMS pointers to 256 bytes each, which stay the caller's
 * and live as long as the machine, or NULL; `eeprom` may be NULL itself.
 */
struct ich9_smbus *ich9_smbus_create(struct machine *m, const char *id, struct pci_bus *bus,
                                     const uint8_t *const *eeprom, struct err *e);

#endif
