/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chipset of x86-pc: host bridge and windows, interrupt routing (82371SB 290550, 2.2.6), the ISA devices, S3 to S5.
 * Filled in: the windows for memory.
 */
DefinitionBlock ("", "DSDT", 2, "ORRERY", "VIRT    ", 1)
{
    Scope (\)
    {
        Name (PICF, 0)
        Method (_PIC, 1, NotSerialized) { PICF = Arg0 }
        Name (_S3, Package () { 1, 1, 0, 0 })
        Name (_S4, Package () { 2, 2, 0, 0 })
        Name (_S5, Package () { 0, 0, 0, 0 })
    }
    Scope (\_SB)
    {
        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A03"))
            Name (_BBN, 0)
            Name (_UID, 0)
            Name (HIGH, 0xF1C0A021)
            Name (LOWS, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0, 0, 0xFF, 0, 0x100)
                IO (Decode16, 0x0CF8, 0x0CF8, 1, 8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0, 0, 0x0CF7, 0, 0x0CF8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0, 0x0D00, 0xFFFF, 0, 0xF300)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, Cacheable, ReadWrite,
                    0, 0x000A0000, 0x000BFFFF, 0, 0x00020000)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                    0, 0xF1C0A100, 0xF1C1B2D3, 0, 0x000111D4)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                    0, 0xF1C0A110, 0xF1C1B2E4, 0, 0x000111D5)
            })
            Name (UPPS, ResourceTemplate ()
            {
                QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                    0, 0xF1C0A103F1C0A103, 0xF1C0A104F1C0A104, 0, 0x0000000100000002)
            })
            Method (_CRS, 0, Serialized)
            {
                If (HIGH) { Return (ConcatenateResTemplate (LOWS, UPPS)) }
                Return (LOWS)
            }
            /* Line (device - 1 + pin) mod 4; a link's interrupt has one number with either controller. */
            Method (_PRT, 0, Serialized)
            {
                Local0 = Package (128) {}
                Local1 = 0
                While (Local1 < 128)
                {
                    Local2 = Local1 >> 2
                    Switch (ToInteger ((Local1 + Local2) & 3))
                    {
                        Case (0) { Local4 = Package (4) { 0, 0, LNKD, 0 } }
                        Case (1) { Local4 = Package (4) { 0, 0, LNKA, 0 } }
                        Case (2) { Local4 = Package (4) { 0, 0, LNKB, 0 } }
                        Default  { Local4 = Package (4) { 0, 0, LNKC, 0 } }
                    }
                    Local4[0] = (Local2 << 16) | 0xFFFF
                    Local4[1] = Local1 & 3
                    Local0[Local1] = Local4
                    Local1++
                }
                Return (Local0)
            }
            Device (ISA)
            {
                Name (_ADR, 0x00010000)
                OperationRegion (PIRQ, PCI_Config, 0x60, 0x04)
                Include ("x86_isa.inc")
            }
            Field (ISA.PIRQ, ByteAcc, NoLock, Preserve)
            {
                PRQA, 8, PRQB, 8, PRQC, 8, PRQD, 8
            }
            Include ("x86_links.inc")
        }
        Include ("x86_hpet.inc")
    }
}
