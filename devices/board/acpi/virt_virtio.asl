/* SPDX-License-Identifier: Apache-2.0 */
/* A slot of virtio over MMIO (Linux virtio_mmio.c): VR00, _UID, address and interrupt are filled in. */
DefinitionBlock ("", "DSDT", 2, "ORRERY", "VIRT    ", 1)
{
    Scope (\_SB)
    {
        Device (VR00)
        {
            Name (_HID, "LNRO0005")
            Name (_UID, 0xF1C0A001)
            Name (_CCA, 1)
            Name (_CRS, ResourceTemplate ()
            {
                Memory32Fixed (ReadWrite, 0xF1C0A002, 0x200)
                Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive) { 0xF1C0A003 }
            })
        }
    }
}
