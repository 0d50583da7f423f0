/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PCIe host bridge (PCI Firmware Specification 3.3, chapter 4). Filled in: where the
 * configuration space is and how many buses it has, the windows, the four interrupts, whether
 * there is a window above 4 GiB. Windows begin and end where the compiler accepts it; the values
 * mean nothing.
 */
DefinitionBlock ("", "DSDT", 2, "ORRERY", "VIRT    ", 1)
{
    Scope (\_SB)
    {
        Device (PCI0)
        {
            Name (_HID, "PNP0A08")
            Name (_CID, "PNP0A03")
            Name (_SEG, 0)
            Name (_BBN, 0)
            Name (_UID, 0)
            Name (_STR, Unicode ("PCIe 0 Device"))
            Name (_CCA, 1)
            Name (_CBA, 0xF1C0A020F1C0A020)
            Name (HIGH, 0xF1C0A021)

            /* 6.2.13: pins of device d go round the four interrupts, from d on */
            Name (_PRT, Package ()
            {
                Package () { 0x0000FFFF, 0, GSI0, 0 }, Package () { 0x0000FFFF, 1, GSI1, 0 },
                Package () { 0x0000FFFF, 2, GSI2, 0 }, Package () { 0x0000FFFF, 3, GSI3, 0 },
                Package () { 0x0001FFFF, 0, GSI1, 0 }, Package () { 0x0001FFFF, 1, GSI2, 0 },
                Package () { 0x0001FFFF, 2, GSI3, 0 }, Package () { 0x0001FFFF, 3, GSI0, 0 },
                Package () { 0x0002FFFF, 0, GSI2, 0 }, Package () { 0x0002FFFF, 1, GSI3, 0 },
                Package () { 0x0002FFFF, 2, GSI0, 0 }, Package () { 0x0002FFFF, 3, GSI1, 0 },
                Package () { 0x0003FFFF, 0, GSI3, 0 }, Package () { 0x0003FFFF, 1, GSI0, 0 },
                Package () { 0x0003FFFF, 2, GSI1, 0 }, Package () { 0x0003FFFF, 3, GSI2, 0 },
                Package () { 0x0004FFFF, 0, GSI0, 0 }, Package () { 0x0004FFFF, 1, GSI1, 0 },
                Package () { 0x0004FFFF, 2, GSI2, 0 }, Package () { 0x0004FFFF, 3, GSI3, 0 },
                Package () { 0x0005FFFF, 0, GSI1, 0 }, Package () { 0x0005FFFF, 1, GSI2, 0 },
                Package () { 0x0005FFFF, 2, GSI3, 0 }, Package () { 0x0005FFFF, 3, GSI0, 0 },
                Package () { 0x0006FFFF, 0, GSI2, 0 }, Package () { 0x0006FFFF, 1, GSI3, 0 },
                Package () { 0x0006FFFF, 2, GSI0, 0 }, Package () { 0x0006FFFF, 3, GSI1, 0 },
                Package () { 0x0007FFFF, 0, GSI3, 0 }, Package () { 0x0007FFFF, 1, GSI0, 0 },
                Package () { 0x0007FFFF, 2, GSI1, 0 }, Package () { 0x0007FFFF, 3, GSI2, 0 },
                Package () { 0x0008FFFF, 0, GSI0, 0 }, Package () { 0x0008FFFF, 1, GSI1, 0 },
                Package () { 0x0008FFFF, 2, GSI2, 0 }, Package () { 0x0008FFFF, 3, GSI3, 0 },
                Package () { 0x0009FFFF, 0, GSI1, 0 }, Package () { 0x0009FFFF, 1, GSI2, 0 },
                Package () { 0x0009FFFF, 2, GSI3, 0 }, Package () { 0x0009FFFF, 3, GSI0, 0 },
                Package () { 0x000AFFFF, 0, GSI2, 0 }, Package () { 0x000AFFFF, 1, GSI3, 0 },
                Package () { 0x000AFFFF, 2, GSI0, 0 }, Package () { 0x000AFFFF, 3, GSI1, 0 },
                Package () { 0x000BFFFF, 0, GSI3, 0 }, Package () { 0x000BFFFF, 1, GSI0, 0 },
                Package () { 0x000BFFFF, 2, GSI1, 0 }, Package () { 0x000BFFFF, 3, GSI2, 0 },
                Package () { 0x000CFFFF, 0, GSI0, 0 }, Package () { 0x000CFFFF, 1, GSI1, 0 },
                Package () { 0x000CFFFF, 2, GSI2, 0 }, Package () { 0x000CFFFF, 3, GSI3, 0 },
                Package () { 0x000DFFFF, 0, GSI1, 0 }, Package () { 0x000DFFFF, 1, GSI2, 0 },
                Package () { 0x000DFFFF, 2, GSI3, 0 }, Package () { 0x000DFFFF, 3, GSI0, 0 },
                Package () { 0x000EFFFF, 0, GSI2, 0 }, Package () { 0x000EFFFF, 1, GSI3, 0 },
                Package () { 0x000EFFFF, 2, GSI0, 0 }, Package () { 0x000EFFFF, 3, GSI1, 0 },
                Package () { 0x000FFFFF, 0, GSI3, 0 }, Package () { 0x000FFFFF, 1, GSI0, 0 },
                Package () { 0x000FFFFF, 2, GSI1, 0 }, Package () { 0x000FFFFF, 3, GSI2, 0 },
                Package () { 0x0010FFFF, 0, GSI0, 0 }, Package () { 0x0010FFFF, 1, GSI1, 0 },
                Package () { 0x0010FFFF, 2, GSI2, 0 }, Package () { 0x0010FFFF, 3, GSI3, 0 },
                Package () { 0x0011FFFF, 0, GSI1, 0 }, Package () { 0x0011FFFF, 1, GSI2, 0 },
                Package () { 0x0011FFFF, 2, GSI3, 0 }, Package () { 0x0011FFFF, 3, GSI0, 0 },
                Package () { 0x0012FFFF, 0, GSI2, 0 }, Package () { 0x0012FFFF, 1, GSI3, 0 },
                Package () { 0x0012FFFF, 2, GSI0, 0 }, Package () { 0x0012FFFF, 3, GSI1, 0 },
                Package () { 0x0013FFFF, 0, GSI3, 0 }, Package () { 0x0013FFFF, 1, GSI0, 0 },
                Package () { 0x0013FFFF, 2, GSI1, 0 }, Package () { 0x0013FFFF, 3, GSI2, 0 },
                Package () { 0x0014FFFF, 0, GSI0, 0 }, Package () { 0x0014FFFF, 1, GSI1, 0 },
                Package () { 0x0014FFFF, 2, GSI2, 0 }, Package () { 0x0014FFFF, 3, GSI3, 0 },
                Package () { 0x0015FFFF, 0, GSI1, 0 }, Package () { 0x0015FFFF, 1, GSI2, 0 },
                Package () { 0x0015FFFF, 2, GSI3, 0 }, Package () { 0x0015FFFF, 3, GSI0, 0 },
                Package () { 0x0016FFFF, 0, GSI2, 0 }, Package () { 0x0016FFFF, 1, GSI3, 0 },
                Package () { 0x0016FFFF, 2, GSI0, 0 }, Package () { 0x0016FFFF, 3, GSI1, 0 },
                Package () { 0x0017FFFF, 0, GSI3, 0 }, Package () { 0x0017FFFF, 1, GSI0, 0 },
                Package () { 0x0017FFFF, 2, GSI1, 0 }, Package () { 0x0017FFFF, 3, GSI2, 0 },
                Package () { 0x0018FFFF, 0, GSI0, 0 }, Package () { 0x0018FFFF, 1, GSI1, 0 },
                Package () { 0x0018FFFF, 2, GSI2, 0 }, Package () { 0x0018FFFF, 3, GSI3, 0 },
                Package () { 0x0019FFFF, 0, GSI1, 0 }, Package () { 0x0019FFFF, 1, GSI2, 0 },
                Package () { 0x0019FFFF, 2, GSI3, 0 }, Package () { 0x0019FFFF, 3, GSI0, 0 },
                Package () { 0x001AFFFF, 0, GSI2, 0 }, Package () { 0x001AFFFF, 1, GSI3, 0 },
                Package () { 0x001AFFFF, 2, GSI0, 0 }, Package () { 0x001AFFFF, 3, GSI1, 0 },
                Package () { 0x001BFFFF, 0, GSI3, 0 }, Package () { 0x001BFFFF, 1, GSI0, 0 },
                Package () { 0x001BFFFF, 2, GSI1, 0 }, Package () { 0x001BFFFF, 3, GSI2, 0 },
                Package () { 0x001CFFFF, 0, GSI0, 0 }, Package () { 0x001CFFFF, 1, GSI1, 0 },
                Package () { 0x001CFFFF, 2, GSI2, 0 }, Package () { 0x001CFFFF, 3, GSI3, 0 },
                Package () { 0x001DFFFF, 0, GSI1, 0 }, Package () { 0x001DFFFF, 1, GSI2, 0 },
                Package () { 0x001DFFFF, 2, GSI3, 0 }, Package () { 0x001DFFFF, 3, GSI0, 0 },
                Package () { 0x001EFFFF, 0, GSI2, 0 }, Package () { 0x001EFFFF, 1, GSI3, 0 },
                Package () { 0x001EFFFF, 2, GSI0, 0 }, Package () { 0x001EFFFF, 3, GSI1, 0 },
                Package () { 0x001FFFFF, 0, GSI3, 0 }, Package () { 0x001FFFFF, 1, GSI0, 0 },
                Package () { 0x001FFFFF, 2, GSI1, 0 }, Package () { 0x001FFFFF, 3, GSI2, 0 }
            })
            Device (GSI0)
            {
                Name (_HID, "PNP0C0F")
                Name (_UID, 0)
                Name (_CRS, ResourceTemplate ()
                {
                    Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive) { 0xF1C0A010 }
                })
                Method (_PRS) { Return (_CRS) }
                Method (_SRS, 1) { }
            }
            Device (GSI1)
            {
                Name (_HID, "PNP0C0F")
                Name (_UID, 1)
                Name (_CRS, ResourceTemplate ()
                {
                    Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive) { 0xF1C0A011 }
                })
                Method (_PRS) { Return (_CRS) }
                Method (_SRS, 1) { }
            }
            Device (GSI2)
            {
                Name (_HID, "PNP0C0F")
                Name (_UID, 2)
                Name (_CRS, ResourceTemplate ()
                {
                    Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive) { 0xF1C0A012 }
                })
                Method (_PRS) { Return (_CRS) }
                Method (_SRS, 1) { }
            }
            Device (GSI3)
            {
                Name (_HID, "PNP0C0F")
                Name (_UID, 3)
                Name (_CRS, ResourceTemplate ()
                {
                    Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive) { 0xF1C0A013 }
                })
                Method (_PRS) { Return (_CRS) }
                Method (_SRS, 1) { }
            }

            Name (LOWS, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
                    0, 0, 0xA1EE, 0, 0xA1EF)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                    0, 0xF1C0A100, 0xF1C1B2D3, 0, 0x000111D4)
                DWordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
                    0, 0xF1C0A10A, 0xF1C1B2DF, 0xF1C0A102, 0x000111D6)
            })
            Name (UPPS, ResourceTemplate ()
            {
                QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                    0, 0xF1C0A103F1C0A103, 0xF1C0A104F1C0A104, 0, 0x0000000100000002)
            })
            Method (_CRS, 0, Serialized)
            {
                If (HIGH)
                {
                    Return (ConcatenateResTemplate (LOWS, UPPS))
                }
                Return (LOWS)
            }

            /* 4.5.1: what the system's software asks of PCIe's own features, firmware lets go of */
            Method (_OSC, 4, Serialized)
            {
                CreateDWordField (Arg3, 0, CDW1)
                If (Arg0 != ToUUID ("33DB4D5B-1FF7-401C-9657-7441C03DD766"))
                {
                    CDW1 |= 4                       /* unknown UUID */
                    Return (Arg3)
                }
                CreateDWordField (Arg3, 8, CDW3)
                Local0 = CDW3 & 0x1F                /* hot plug, SHPC, PME, AER, capability structure */
                If (Arg1 != 1)
                {
                    CDW1 |= 8                       /* unknown revision */
                }
                If (CDW3 != Local0)
                {
                    CDW1 |= 0x10                    /* some were masked */
                }
                CDW3 = Local0
                Return (Arg3)
            }

            /* 4.6: no function beside the list of functions */
            Method (_DSM, 4, Serialized)
            {
                If (Arg0 == ToUUID ("E5C937D0-3553-4D7A-9117-EA4D19C3434D"))
                {
                    If (Arg2 == 0)
                    {
                        Return (Buffer () { 1 })
                    }
                }
                Return (Buffer () { 0 })
            }

            /* PCI Firmware 4.1.2: the configuration space is reserved here, outside of _CRS above */
            Device (RES0)
            {
                Name (_HID, "PNP0C02")
                Name (_CRS, ResourceTemplate ()
                {
                    QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                        0, 0xF1C0A105F1C0A105, 0xF1C0A107F1C0A107, 0, 0x0000000200000003)
                })
            }
        }
    }
}
