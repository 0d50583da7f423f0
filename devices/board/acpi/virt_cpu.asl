/* SPDX-License-Identifier: Apache-2.0 */
/* A processor (ACPI 6.4, 8.4): C000 and its _UID, which the MADT repeats, are filled in. */
DefinitionBlock ("", "DSDT", 2, "ORRERY", "VIRT    ", 1)
{
    Scope (\_SB)
    {
        Device (C000)
        {
            Name (_HID, "ACPI0007")
            Name (_UID, 0xF1C0A001)
        }
    }
}
