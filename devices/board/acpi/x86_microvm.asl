/* SPDX-License-Identifier: Apache-2.0 */
/* What every x86-microvm has: S5 by the sleep register, and fw_cfg. */
DefinitionBlock ("", "DSDT", 2, "ORRERY", "VIRT    ", 1)
{
    Name (\_S5, Package () { 5, 0, 0, 0 })
    Scope (\_SB)
    {
        Device (FWCF)
        {
            Name (_HID, "QEMU0002")
            Name (_STA, 0x0B)
            Name (_CRS, ResourceTemplate () { IO (Decode16, 0x0510, 0x0510, 1, 0x0C) })
        }
    }
}
