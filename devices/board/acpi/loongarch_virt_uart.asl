/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A 16550: COM0, _UID, address and interrupt are filled in. Its clock is a device property; both the name that
 * software looks for and the one that QEMU's board has are there.
 */
DefinitionBlock ("", "DSDT", 2, "ORRERY", "VIRT    ", 1)
{
    Scope (\_SB)
    {
        Device (COM0)
        {
            Name (_HID, "PNP0501")
            Name (_UID, 0xF1C0A001)
            Name (_CCA, 1)
            Name (_CRS, ResourceTemplate ()
            {
                Memory32Fixed (ReadWrite, 0xF1C0A002, 0x100)
                Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) { 0xF1C0A003 }
            })
            Name (_DSD, Package ()
            {
                ToUUID ("DAFFD814-6EBA-4D8C-8A91-BC9BBF4AA301"),
                Package ()
                {
                    Package () { "clock-frequency", 100000000 },
                    Package () { "clock-frenquency", 100000000 }
                }
            })
        }
    }
}
