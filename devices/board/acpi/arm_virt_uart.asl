/* SPDX-License-Identifier: Apache-2.0 */
/* A PL011 (Arm DEN 0093, "Arm Platform Design: _HID"): COM0, _UID, address and interrupt are filled in. */
DefinitionBlock ("", "DSDT", 2, "ORRERY", "VIRT    ", 1)
{
    Scope (\_SB)
    {
        Device (COM0)
        {
            Name (_HID, "ARMH0011")
            Name (_UID, 0xF1C0A001)
            Name (_CRS, ResourceTemplate ()
            {
                Memory32Fixed (ReadWrite, 0xF1C0A002, 0x1000)
                Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive) { 0xF1C0A003 }
            })
        }
    }
}
