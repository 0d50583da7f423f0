/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power button, a Generic Event Device's event (ACPI 6.4, 5.6.9): its interrupt and the
 * address of its event register are filled in.
 */
DefinitionBlock ("", "DSDT", 2, "ORRERY", "VIRT    ", 1)
{
    Scope (\_SB)
    {
        Device (PWRB)
        {
            Name (_HID, "PNP0C0C")
            Name (_UID, 0)
        }
        Device (GED)
        {
            Name (_HID, "ACPI0013")
            Name (_UID, "GED")
            Name (_CRS, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) { 0xF1C0A003 }
            })
            OperationRegion (EREG, SystemMemory, 0xF1C0A002, 4)
            Field (EREG, DWordAcc, NoLock, WriteAsZeros)
            {
                ESEL, 32
            }
            Method (_EVT, 1, Serialized)
            {
                Local0 = ESEL          /* reading takes the events */
                If (Local0 & 2)
                {
                    Notify (PWRB, 0x80)
                }
            }
        }
    }
}
