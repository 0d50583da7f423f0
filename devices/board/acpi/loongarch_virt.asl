/* SPDX-License-Identifier: Apache-2.0 */
/* What every loongarch-virt has: S5 by the sleep register, and the two banks of flash, filled in. */
DefinitionBlock ("", "DSDT", 2, "ORRERY", "VIRT    ", 1)
{
    Name (\_S5, Package () { 5, 0, 0, 0 })
    Scope (\_SB)
    {
        Device (FLS0)
        {
            Name (_HID, "LNRO0015")
            Name (_UID, 0)
            Name (_CRS, ResourceTemplate () { Memory32Fixed (ReadWrite, 0xF1C0A002, 0xF1C0A004) })
        }
        Device (FLS1)
        {
            Name (_HID, "LNRO0015")
            Name (_UID, 1)
            Name (_CRS, ResourceTemplate () { Memory32Fixed (ReadWrite, 0xF1C0A005, 0xF1C0A006) })
        }
    }
}
