/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chipset of x86-q35: host bridge and windows, interrupt routing (ICH9 316972, 13.1.18, 10.1.57), the ISA devices,
 * S3 to S5. Ports and interrupts are the PC's. Filled in: the windows for memory and the ECAM range.
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
            Name (_HID, EisaId ("PNP0A08"))
            Name (_CID, EisaId ("PNP0A03"))
            Name (_SEG, 0)
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
            /* PCI Firmware 4.5.1: what the system's software asks of PCIe's own features, firmware lets go of */
            Method (_OSC, 4, Serialized)
            {
                CreateDWordField (Arg3, 0, CDW1)
                If (Arg0 != ToUUID ("33DB4D5B-1FF7-401C-9657-7441C03DD766"))
                {
                    CDW1 |= 4
                    Return (Arg3)
                }
                CreateDWordField (Arg3, 8, CDW3)
                Local0 = CDW3 & 0x1E
                If (Arg1 != 1) { CDW1 |= 8 }
                If (CDW3 != Local0) { CDW1 |= 0x10 }
                CDW3 = Local0
                Return (Arg3)
            }
            Name (PRTA, Package ()
            {
                Package () { 0x0000FFFF, 0, 0, 20 }, Package () { 0x0000FFFF, 1, 0, 21 },
                Package () { 0x0000FFFF, 2, 0, 22 }, Package () { 0x0000FFFF, 3, 0, 23 },
                Package () { 0x0001FFFF, 0, 0, 21 }, Package () { 0x0001FFFF, 1, 0, 22 },
                Package () { 0x0001FFFF, 2, 0, 23 }, Package () { 0x0001FFFF, 3, 0, 20 },
                Package () { 0x0002FFFF, 0, 0, 22 }, Package () { 0x0002FFFF, 1, 0, 23 },
                Package () { 0x0002FFFF, 2, 0, 20 }, Package () { 0x0002FFFF, 3, 0, 21 },
                Package () { 0x0003FFFF, 0, 0, 23 }, Package () { 0x0003FFFF, 1, 0, 20 },
                Package () { 0x0003FFFF, 2, 0, 21 }, Package () { 0x0003FFFF, 3, 0, 22 },
                Package () { 0x0004FFFF, 0, 0, 20 }, Package () { 0x0004FFFF, 1, 0, 21 },
                Package () { 0x0004FFFF, 2, 0, 22 }, Package () { 0x0004FFFF, 3, 0, 23 },
                Package () { 0x0005FFFF, 0, 0, 21 }, Package () { 0x0005FFFF, 1, 0, 22 },
                Package () { 0x0005FFFF, 2, 0, 23 }, Package () { 0x0005FFFF, 3, 0, 20 },
                Package () { 0x0006FFFF, 0, 0, 22 }, Package () { 0x0006FFFF, 1, 0, 23 },
                Package () { 0x0006FFFF, 2, 0, 20 }, Package () { 0x0006FFFF, 3, 0, 21 },
                Package () { 0x0007FFFF, 0, 0, 23 }, Package () { 0x0007FFFF, 1, 0, 20 },
                Package () { 0x0007FFFF, 2, 0, 21 }, Package () { 0x0007FFFF, 3, 0, 22 },
                Package () { 0x0008FFFF, 0, 0, 20 }, Package () { 0x0008FFFF, 1, 0, 21 },
                Package () { 0x0008FFFF, 2, 0, 22 }, Package () { 0x0008FFFF, 3, 0, 23 },
                Package () { 0x0009FFFF, 0, 0, 21 }, Package () { 0x0009FFFF, 1, 0, 22 },
                Package () { 0x0009FFFF, 2, 0, 23 }, Package () { 0x0009FFFF, 3, 0, 20 },
                Package () { 0x000AFFFF, 0, 0, 22 }, Package () { 0x000AFFFF, 1, 0, 23 },
                Package () { 0x000AFFFF, 2, 0, 20 }, Package () { 0x000AFFFF, 3, 0, 21 },
                Package () { 0x000BFFFF, 0, 0, 23 }, Package () { 0x000BFFFF, 1, 0, 20 },
                Package () { 0x000BFFFF, 2, 0, 21 }, Package () { 0x000BFFFF, 3, 0, 22 },
                Package () { 0x000CFFFF, 0, 0, 20 }, Package () { 0x000CFFFF, 1, 0, 21 },
                Package () { 0x000CFFFF, 2, 0, 22 }, Package () { 0x000CFFFF, 3, 0, 23 },
                Package () { 0x000DFFFF, 0, 0, 21 }, Package () { 0x000DFFFF, 1, 0, 22 },
                Package () { 0x000DFFFF, 2, 0, 23 }, Package () { 0x000DFFFF, 3, 0, 20 },
                Package () { 0x000EFFFF, 0, 0, 22 }, Package () { 0x000EFFFF, 1, 0, 23 },
                Package () { 0x000EFFFF, 2, 0, 20 }, Package () { 0x000EFFFF, 3, 0, 21 },
                Package () { 0x000FFFFF, 0, 0, 23 }, Package () { 0x000FFFFF, 1, 0, 20 },
                Package () { 0x000FFFFF, 2, 0, 21 }, Package () { 0x000FFFFF, 3, 0, 22 },
                Package () { 0x0010FFFF, 0, 0, 20 }, Package () { 0x0010FFFF, 1, 0, 21 },
                Package () { 0x0010FFFF, 2, 0, 22 }, Package () { 0x0010FFFF, 3, 0, 23 },
                Package () { 0x0011FFFF, 0, 0, 21 }, Package () { 0x0011FFFF, 1, 0, 22 },
                Package () { 0x0011FFFF, 2, 0, 23 }, Package () { 0x0011FFFF, 3, 0, 20 },
                Package () { 0x0012FFFF, 0, 0, 22 }, Package () { 0x0012FFFF, 1, 0, 23 },
                Package () { 0x0012FFFF, 2, 0, 20 }, Package () { 0x0012FFFF, 3, 0, 21 },
                Package () { 0x0013FFFF, 0, 0, 23 }, Package () { 0x0013FFFF, 1, 0, 20 },
                Package () { 0x0013FFFF, 2, 0, 21 }, Package () { 0x0013FFFF, 3, 0, 22 },
                Package () { 0x0014FFFF, 0, 0, 20 }, Package () { 0x0014FFFF, 1, 0, 21 },
                Package () { 0x0014FFFF, 2, 0, 22 }, Package () { 0x0014FFFF, 3, 0, 23 },
                Package () { 0x0015FFFF, 0, 0, 21 }, Package () { 0x0015FFFF, 1, 0, 22 },
                Package () { 0x0015FFFF, 2, 0, 23 }, Package () { 0x0015FFFF, 3, 0, 20 },
                Package () { 0x0016FFFF, 0, 0, 22 }, Package () { 0x0016FFFF, 1, 0, 23 },
                Package () { 0x0016FFFF, 2, 0, 20 }, Package () { 0x0016FFFF, 3, 0, 21 },
                Package () { 0x0017FFFF, 0, 0, 23 }, Package () { 0x0017FFFF, 1, 0, 20 },
                Package () { 0x0017FFFF, 2, 0, 21 }, Package () { 0x0017FFFF, 3, 0, 22 },
                Package () { 0x0018FFFF, 0, 0, 20 }, Package () { 0x0018FFFF, 1, 0, 21 },
                Package () { 0x0018FFFF, 2, 0, 22 }, Package () { 0x0018FFFF, 3, 0, 23 },
                Package () { 0x0019FFFF, 0, 0, 16 }, Package () { 0x0019FFFF, 1, 0, 17 },
                Package () { 0x0019FFFF, 2, 0, 18 }, Package () { 0x0019FFFF, 3, 0, 19 },
                Package () { 0x001AFFFF, 0, 0, 16 }, Package () { 0x001AFFFF, 1, 0, 17 },
                Package () { 0x001AFFFF, 2, 0, 18 }, Package () { 0x001AFFFF, 3, 0, 19 },
                Package () { 0x001BFFFF, 0, 0, 16 }, Package () { 0x001BFFFF, 1, 0, 17 },
                Package () { 0x001BFFFF, 2, 0, 18 }, Package () { 0x001BFFFF, 3, 0, 19 },
                Package () { 0x001CFFFF, 0, 0, 16 }, Package () { 0x001CFFFF, 1, 0, 17 },
                Package () { 0x001CFFFF, 2, 0, 18 }, Package () { 0x001CFFFF, 3, 0, 19 },
                Package () { 0x001DFFFF, 0, 0, 16 }, Package () { 0x001DFFFF, 1, 0, 17 },
                Package () { 0x001DFFFF, 2, 0, 18 }, Package () { 0x001DFFFF, 3, 0, 19 },
                Package () { 0x001EFFFF, 0, 0, 20 }, Package () { 0x001EFFFF, 1, 0, 21 },
                Package () { 0x001EFFFF, 2, 0, 22 }, Package () { 0x001EFFFF, 3, 0, 23 },
                Package () { 0x001FFFFF, 0, 0, 16 }, Package () { 0x001FFFFF, 1, 0, 17 },
                Package () { 0x001FFFFF, 2, 0, 18 }, Package () { 0x001FFFFF, 3, 0, 19 }
            })
            Name (PRTP, Package ()
            {
                Package () { 0x0000FFFF, 0, LNKE, 0 }, Package () { 0x0000FFFF, 1, LNKF, 0 },
                Package () { 0x0000FFFF, 2, LNKG, 0 }, Package () { 0x0000FFFF, 3, LNKH, 0 },
                Package () { 0x0001FFFF, 0, LNKF, 0 }, Package () { 0x0001FFFF, 1, LNKG, 0 },
                Package () { 0x0001FFFF, 2, LNKH, 0 }, Package () { 0x0001FFFF, 3, LNKE, 0 },
                Package () { 0x0002FFFF, 0, LNKG, 0 }, Package () { 0x0002FFFF, 1, LNKH, 0 },
                Package () { 0x0002FFFF, 2, LNKE, 0 }, Package () { 0x0002FFFF, 3, LNKF, 0 },
                Package () { 0x0003FFFF, 0, LNKH, 0 }, Package () { 0x0003FFFF, 1, LNKE, 0 },
                Package () { 0x0003FFFF, 2, LNKF, 0 }, Package () { 0x0003FFFF, 3, LNKG, 0 },
                Package () { 0x0004FFFF, 0, LNKE, 0 }, Package () { 0x0004FFFF, 1, LNKF, 0 },
                Package () { 0x0004FFFF, 2, LNKG, 0 }, Package () { 0x0004FFFF, 3, LNKH, 0 },
                Package () { 0x0005FFFF, 0, LNKF, 0 }, Package () { 0x0005FFFF, 1, LNKG, 0 },
                Package () { 0x0005FFFF, 2, LNKH, 0 }, Package () { 0x0005FFFF, 3, LNKE, 0 },
                Package () { 0x0006FFFF, 0, LNKG, 0 }, Package () { 0x0006FFFF, 1, LNKH, 0 },
                Package () { 0x0006FFFF, 2, LNKE, 0 }, Package () { 0x0006FFFF, 3, LNKF, 0 },
                Package () { 0x0007FFFF, 0, LNKH, 0 }, Package () { 0x0007FFFF, 1, LNKE, 0 },
                Package () { 0x0007FFFF, 2, LNKF, 0 }, Package () { 0x0007FFFF, 3, LNKG, 0 },
                Package () { 0x0008FFFF, 0, LNKE, 0 }, Package () { 0x0008FFFF, 1, LNKF, 0 },
                Package () { 0x0008FFFF, 2, LNKG, 0 }, Package () { 0x0008FFFF, 3, LNKH, 0 },
                Package () { 0x0009FFFF, 0, LNKF, 0 }, Package () { 0x0009FFFF, 1, LNKG, 0 },
                Package () { 0x0009FFFF, 2, LNKH, 0 }, Package () { 0x0009FFFF, 3, LNKE, 0 },
                Package () { 0x000AFFFF, 0, LNKG, 0 }, Package () { 0x000AFFFF, 1, LNKH, 0 },
                Package () { 0x000AFFFF, 2, LNKE, 0 }, Package () { 0x000AFFFF, 3, LNKF, 0 },
                Package () { 0x000BFFFF, 0, LNKH, 0 }, Package () { 0x000BFFFF, 1, LNKE, 0 },
                Package () { 0x000BFFFF, 2, LNKF, 0 }, Package () { 0x000BFFFF, 3, LNKG, 0 },
                Package () { 0x000CFFFF, 0, LNKE, 0 }, Package () { 0x000CFFFF, 1, LNKF, 0 },
                Package () { 0x000CFFFF, 2, LNKG, 0 }, Package () { 0x000CFFFF, 3, LNKH, 0 },
                Package () { 0x000DFFFF, 0, LNKF, 0 }, Package () { 0x000DFFFF, 1, LNKG, 0 },
                Package () { 0x000DFFFF, 2, LNKH, 0 }, Package () { 0x000DFFFF, 3, LNKE, 0 },
                Package () { 0x000EFFFF, 0, LNKG, 0 }, Package () { 0x000EFFFF, 1, LNKH, 0 },
                Package () { 0x000EFFFF, 2, LNKE, 0 }, Package () { 0x000EFFFF, 3, LNKF, 0 },
                Package () { 0x000FFFFF, 0, LNKH, 0 }, Package () { 0x000FFFFF, 1, LNKE, 0 },
                Package () { 0x000FFFFF, 2, LNKF, 0 }, Package () { 0x000FFFFF, 3, LNKG, 0 },
                Package () { 0x0010FFFF, 0, LNKE, 0 }, Package () { 0x0010FFFF, 1, LNKF, 0 },
                Package () { 0x0010FFFF, 2, LNKG, 0 }, Package () { 0x0010FFFF, 3, LNKH, 0 },
                Package () { 0x0011FFFF, 0, LNKF, 0 }, Package () { 0x0011FFFF, 1, LNKG, 0 },
                Package () { 0x0011FFFF, 2, LNKH, 0 }, Package () { 0x0011FFFF, 3, LNKE, 0 },
                Package () { 0x0012FFFF, 0, LNKG, 0 }, Package () { 0x0012FFFF, 1, LNKH, 0 },
                Package () { 0x0012FFFF, 2, LNKE, 0 }, Package () { 0x0012FFFF, 3, LNKF, 0 },
                Package () { 0x0013FFFF, 0, LNKH, 0 }, Package () { 0x0013FFFF, 1, LNKE, 0 },
                Package () { 0x0013FFFF, 2, LNKF, 0 }, Package () { 0x0013FFFF, 3, LNKG, 0 },
                Package () { 0x0014FFFF, 0, LNKE, 0 }, Package () { 0x0014FFFF, 1, LNKF, 0 },
                Package () { 0x0014FFFF, 2, LNKG, 0 }, Package () { 0x0014FFFF, 3, LNKH, 0 },
                Package () { 0x0015FFFF, 0, LNKF, 0 }, Package () { 0x0015FFFF, 1, LNKG, 0 },
                Package () { 0x0015FFFF, 2, LNKH, 0 }, Package () { 0x0015FFFF, 3, LNKE, 0 },
                Package () { 0x0016FFFF, 0, LNKG, 0 }, Package () { 0x0016FFFF, 1, LNKH, 0 },
                Package () { 0x0016FFFF, 2, LNKE, 0 }, Package () { 0x0016FFFF, 3, LNKF, 0 },
                Package () { 0x0017FFFF, 0, LNKH, 0 }, Package () { 0x0017FFFF, 1, LNKE, 0 },
                Package () { 0x0017FFFF, 2, LNKF, 0 }, Package () { 0x0017FFFF, 3, LNKG, 0 },
                Package () { 0x0018FFFF, 0, LNKE, 0 }, Package () { 0x0018FFFF, 1, LNKF, 0 },
                Package () { 0x0018FFFF, 2, LNKG, 0 }, Package () { 0x0018FFFF, 3, LNKH, 0 },
                Package () { 0x0019FFFF, 0, LNKA, 0 }, Package () { 0x0019FFFF, 1, LNKB, 0 },
                Package () { 0x0019FFFF, 2, LNKC, 0 }, Package () { 0x0019FFFF, 3, LNKD, 0 },
                Package () { 0x001AFFFF, 0, LNKA, 0 }, Package () { 0x001AFFFF, 1, LNKB, 0 },
                Package () { 0x001AFFFF, 2, LNKC, 0 }, Package () { 0x001AFFFF, 3, LNKD, 0 },
                Package () { 0x001BFFFF, 0, LNKA, 0 }, Package () { 0x001BFFFF, 1, LNKB, 0 },
                Package () { 0x001BFFFF, 2, LNKC, 0 }, Package () { 0x001BFFFF, 3, LNKD, 0 },
                Package () { 0x001CFFFF, 0, LNKA, 0 }, Package () { 0x001CFFFF, 1, LNKB, 0 },
                Package () { 0x001CFFFF, 2, LNKC, 0 }, Package () { 0x001CFFFF, 3, LNKD, 0 },
                Package () { 0x001DFFFF, 0, LNKA, 0 }, Package () { 0x001DFFFF, 1, LNKB, 0 },
                Package () { 0x001DFFFF, 2, LNKC, 0 }, Package () { 0x001DFFFF, 3, LNKD, 0 },
                Package () { 0x001EFFFF, 0, LNKE, 0 }, Package () { 0x001EFFFF, 1, LNKF, 0 },
                Package () { 0x001EFFFF, 2, LNKG, 0 }, Package () { 0x001EFFFF, 3, LNKH, 0 },
                Package () { 0x001FFFFF, 0, LNKA, 0 }, Package () { 0x001FFFFF, 1, LNKB, 0 },
                Package () { 0x001FFFFF, 2, LNKC, 0 }, Package () { 0x001FFFFF, 3, LNKD, 0 }
            })
            Method (_PRT, 0, NotSerialized)
            {
                If (PICF) { Return (PRTA) }
                Return (PRTP)
            }
            Device (ISA)
            {
                Name (_ADR, 0x001F0000)
                OperationRegion (PIRQ, PCI_Config, 0x60, 0x0C)
                Include ("x86_isa.inc")
            }
            Field (ISA.PIRQ, ByteAcc, NoLock, Preserve)
            {
                PRQA, 8, PRQB, 8, PRQC, 8, PRQD, 8,
                Offset (8),
                PRQE, 8, PRQF, 8, PRQG, 8, PRQH, 8
            }
            Include ("x86_links.inc")
            Device (LNKE)
            {
                Name (_HID, EisaId ("PNP0C0F"))
                Name (_UID, 4)
                Name (_PRS, ResourceTemplate () { Interrupt (, Level, ActiveHigh, Shared) { 5, 10, 11 } })
                Method (_STA, 0, NotSerialized) { Return (LSTA (PRQE)) }
                Method (_DIS, 0, NotSerialized) { PRQE |= 0x80 }
                Method (_CRS, 0, NotSerialized) { Return (LCRS (PRQE)) }
                Method (_SRS, 1, NotSerialized) { CreateDWordField (Arg0, 5, PRRI)  PRQE = PRRI }
            }
            Device (LNKF)
            {
                Name (_HID, EisaId ("PNP0C0F"))
                Name (_UID, 5)
                Name (_PRS, ResourceTemplate () { Interrupt (, Level, ActiveHigh, Shared) { 5, 10, 11 } })
                Method (_STA, 0, NotSerialized) { Return (LSTA (PRQF)) }
                Method (_DIS, 0, NotSerialized) { PRQF |= 0x80 }
                Method (_CRS, 0, NotSerialized) { Return (LCRS (PRQF)) }
                Method (_SRS, 1, NotSerialized) { CreateDWordField (Arg0, 5, PRRI)  PRQF = PRRI }
            }
            Device (LNKG)
            {
                Name (_HID, EisaId ("PNP0C0F"))
                Name (_UID, 6)
                Name (_PRS, ResourceTemplate () { Interrupt (, Level, ActiveHigh, Shared) { 5, 10, 11 } })
                Method (_STA, 0, NotSerialized) { Return (LSTA (PRQG)) }
                Method (_DIS, 0, NotSerialized) { PRQG |= 0x80 }
                Method (_CRS, 0, NotSerialized) { Return (LCRS (PRQG)) }
                Method (_SRS, 1, NotSerialized) { CreateDWordField (Arg0, 5, PRRI)  PRQG = PRRI }
            }
            Device (LNKH)
            {
                Name (_HID, EisaId ("PNP0C0F"))
                Name (_UID, 7)
                Name (_PRS, ResourceTemplate () { Interrupt (, Level, ActiveHigh, Shared) { 5, 10, 11 } })
                Method (_STA, 0, NotSerialized) { Return (LSTA (PRQH)) }
                Method (_DIS, 0, NotSerialized) { PRQH |= 0x80 }
                Method (_CRS, 0, NotSerialized) { Return (LCRS (PRQH)) }
                Method (_SRS, 1, NotSerialized) { CreateDWordField (Arg0, 5, PRRI)  PRQH = PRRI }
            }
        }
        /* PCI Firmware 4.1.2: the configuration space is reserved outside of the host bridge's windows */
        Device (DRAC)
        {
            Name (_HID, EisaId ("PNP0C01"))
            Name (_CRS, ResourceTemplate () { Memory32Fixed (ReadWrite, 0xF1C0A105, 0xF1C0A106) })
        }
        Include ("x86_hpet.inc")
    }
}
