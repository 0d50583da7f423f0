/* SPDX-License-Identifier: Apache-2.0 */
/* fw_cfg (QEMU docs/specs/fw_cfg.rst): present and working, for no driver's user interface. */
DefinitionBlock ("", "DSDT", 2, "ORRERY", "VIRT    ", 1)
{
    Scope (\_SB)
    {
        Device (FWCF)
        {
            Name (_HID, "QEMU0002")
            Name (_STA, 0x0B)
            Name (_CCA, 1)
            Name (_CRS, ResourceTemplate ()
            {
                Memory32Fixed (ReadWrite, 0xF1C0A002, 0x18)
            })
        }
    }
}
