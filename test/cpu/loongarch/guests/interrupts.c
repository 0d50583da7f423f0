/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From controllers to the core: IOCSR identification, EIOINTC, inter-processor interrupts and mailboxes (Loongson 3A5000
 * manual), PCH-MSI, message interrupts (manual, 7.4.26 and "Message interrupts"), and which of several is taken.
 */
#include "guest_c.h"
#define GUEST_NAME "interrupts"

#define PCH_MSI 0x2ff00000ul
#define DINTC   0x2fe00000ul
enum { VERSION = 0x0, FEATURES = 0x8, VENDOR = 0x10, CPUNAME = 0x20, MISC_FUNC = 0x420 };
enum { IPI_STATUS = 0x1000, IPI_EN = 0x1004, IPI_SET = 0x1008, IPI_CLEAR = 0x100c, MAILBOX = 0x1020, IPI_SEND = 0x1040,
       MAIL_SEND = 0x1048, ANY_SEND = 0x1158 };
enum { EXT_IOI_SEND = 0x1140, IPMAP = 0x14c0, ENABLE = 0x1600, ISR = 0x1700, COREISR = 0x1800, COREMAP = 0x1c00 };
enum { CSR_MSGIS = 0xa0, CSR_MSGIR = 0xa4, CSR_MSGIE = 0xa5, MSGIR_NULL = 31 };
enum { IS_HWI0 = 2, IS_HWI1 = 3, IS_IPI = 12, IS_MSG = 14 };

/* An interrupt's ESTAT; it is back with interrupts off. */
extern volatile uint64_t taken;
void take_interrupt(void);
__asm__(".text\n .balign 4096\n .globl take_interrupt\n"
        "take_interrupt: csrwr $t0, 0x30\n csrwr $t1, 0x31\n"
        " csrrd $t0, 0x5\n la.pcrel $t1, taken\n st.d $t0, $t1, 0\n"
        " csrrd $t0, 0x1\n bstrins.d $t0, $zero, 2, 2\n csrwr $t0, 0x1\n"
        " csrrd $t1, 0x31\n csrrd $t0, 0x30\n ertn\n"
        ".data\n .balign 8\n .globl taken\n taken: .dword 0\n .text\n");

/* ESTAT as an interrupt found it, 0 if none came. Its cause is still there. */
static uint64_t interrupts_on(void)
{
    uint64_t off = csr_read(CSR_CRMD) & ~CRMD_IE;

    taken = 0;
    csr_write(CSR_CRMD, off | CRMD_IE);
    __asm__ volatile("nop; nop; nop" ::: "memory");
    csr_write(CSR_CRMD, off);
    return taken;
}

static unsigned pending(unsigned number)
{
    return csr_read(CSR_ESTAT) >> number & 1;
}

static void check_identification(void)
{
    EXPECT(iocsr(VERSION, 4), 0x11);
    EXPECT(iocsr(FEATURES, 8), 0x801c);            /* MSI, EXTIOI, CSRIPI, AVEC */
    EXPECT(iocsr(VENDOR, 8), 0x6e6f73676e6f6f4c);  /* "Loongson" */
    EXPECT(iocsr(CPUNAME, 8) & ~(0xfful << 16), 0x0000303030004133); /* "3A5000", "3A6000" */
    EXPECT(iocsr(MISC_FUNC, 8) >> 48 & 1, 1);
    EXPECT(iocsr(0x2000, 8), 0);                   /* nothing is there */
}

static void check_eiointc(void)
{
    enum { V = 200 };

    set_iocsr(EXT_IOI_SEND, 4, V);                 /* disabled: it waits */
    EXPECT(iocsr(COREISR + 24, 8), 0);
    set_iocsr(COREMAP + V, 1, 1);
    set_iocsr(IPMAP + V / 32, 1, 2);
    set_iocsr(ENABLE + V / 8, 1, 1 << V % 8);
    EXPECT(iocsr(COREISR + 24, 8), 1ul << (V - 192));
    EXPECT(iocsr(COREISR + 25, 1), 1);
    EXPECT(pending(IS_HWI1), 1);
    EXPECT(interrupts_on(), 0);                    /* ECFG lets none through */
    csr_write(CSR_ECFG, 1 << IS_HWI1);
    EXPECT(interrupts_on(), 1 << IS_HWI1);
    set_iocsr(COREISR + 24, 4, ~(1ul << (V - 192)));
    EXPECT(pending(IS_HWI1), 1);
    set_iocsr(IPMAP + V / 32, 1, 1);               /* another line */
    EXPECT(pending(IS_HWI1), 0);
    EXPECT(pending(IS_HWI0), 1);
    set_iocsr(COREISR + 25, 1, 1);
    EXPECT(pending(IS_HWI0), 0);
    EXPECT(iocsr(COREISR + 24, 8), 0);

    store(PCH_MSI, 4, V);
    EXPECT(iocsr(COREISR + 24, 8), 1ul << (V - 192));
    EXPECT(iocsr(ISR + 24, 8), 0);                 /* messages have no level */
    set_iocsr(COREISR + 24, 8, ~0ul);
    EXPECT(pending(IS_HWI0), 0);
    store(PCH_MSI, 4, 5);                          /* a pin's vector: no message */
    EXPECT(iocsr(COREISR, 8), 0);
    csr_write(CSR_ECFG, 0);
}

static void check_ipi(void)
{
    set_iocsr(IPI_SEND, 4, 1u << 31 | 0 << 16 | 3);
    EXPECT(iocsr(IPI_STATUS, 4), 8);
    EXPECT(pending(IS_IPI), 0);
    set_iocsr(IPI_EN, 4, ~0u);
    EXPECT(pending(IS_IPI), 1);
    csr_write(CSR_ECFG, 1 << IS_IPI);
    EXPECT(interrupts_on(), 1 << IS_IPI);
    set_iocsr(IPI_CLEAR, 4, 8);
    EXPECT(iocsr(IPI_STATUS, 4), 0);
    EXPECT(pending(IS_IPI), 0);
    EXPECT(interrupts_on(), 0);
    set_iocsr(IPI_SEND, 4, 1u << 31 | 77 << 16 | 3); /* no such core */
    EXPECT(iocsr(IPI_STATUS, 4), 0);

    set_iocsr(MAIL_SEND, 8, 0x89abcdeful << 32 | 1u << 31 | 0 << 2);
    set_iocsr(MAIL_SEND, 8, 0x01234567ul << 32 | 1u << 31 | 1 << 2);
    EXPECT(iocsr(MAILBOX, 8), 0x0123456789abcdef);
    set_iocsr(MAIL_SEND, 8, 0xfffffffful << 32 | 1u << 31 | 0xful << 27 | 0 << 2);
    EXPECT(iocsr(MAILBOX, 8), 0x0123456789abcdef);
    set_iocsr(MAIL_SEND, 8, 0xfffffffful << 32 | 1u << 31 | 0x9ul << 27 | 1 << 2);
    EXPECT(iocsr(MAILBOX, 8), 0x01ffff6789abcdef);

    set_iocsr(ENABLE, 4, 0x11223344);
    set_iocsr(ANY_SEND, 8, 0xa1b2c3d4ul << 32 | 1u << 31 | 0xbul << 27 | ENABLE);
    EXPECT(iocsr(ENABLE, 4), 0x11b23344);
    set_iocsr(ENABLE, 4, 0);
    csr_write(CSR_ECFG, 0);
}

/* Higher numbers first; those below the threshold wait; reading takes one away. */
static void check_messages(void)
{
    set_iocsr(MISC_FUNC, 8, 1ul << 48 | 1ul << 51);
    csr_write(CSR_MSGIE, 0x20);
    store(DINTC | 0x1f << 4, 4, 0);
    EXPECT(pending(IS_MSG), 0);
    EXPECT(csr_read(CSR_MSGIS), 1ul << 0x1f);
    store(DINTC | 0x21 << 4, 4, 0);
    store(DINTC | 0x35 << 4, 4, 0xffffffff);
    store(DINTC | 9 << 12 | 0x36 << 4, 4, 0);      /* no such core */
    EXPECT(pending(IS_MSG), 1);
    EXPECT(csr_read(CSR_MSGIS), 1ul << 0x1f | 1ul << 0x21 | 1ul << 0x35);
    set_iocsr(IPI_SET, 4, 1);
    csr_write(CSR_ECFG, 1 << IS_MSG | 1 << IS_IPI);
    EXPECT(interrupts_on(), 1 << IS_MSG | 1 << IS_IPI);
    EXPECT(csr_read(CSR_MSGIR), 0x35);
    EXPECT(csr_read(CSR_MSGIR), 0x21);
    EXPECT(csr_read(CSR_MSGIR) >> MSGIR_NULL & 1, 1);
    EXPECT(pending(IS_MSG), 0);
    EXPECT(csr_read(CSR_MSGIS), 1ul << 0x1f);
    csr_write(CSR_MSGIE, 0);
    EXPECT(pending(IS_MSG), 1);
    EXPECT(csr_read(CSR_MSGIR), 0x1f);
    EXPECT(pending(IS_MSG), 0);
    set_iocsr(IPI_CLEAR, 4, 1);
    csr_write(CSR_ECFG, 0);
}

/* An idle core wakes for what it lets through, though it takes nothing (CRMD.IE = 0). */
static void check_idle(void)
{
    csr_write(CSR_ECFG, 1 << IS_HWI0);
    set_iocsr(ENABLE + 24, 8, ~0ul);
    store(PCH_MSI, 4, 200);
    __asm__ volatile("idle 0" ::: "memory");
    EXPECT(pending(IS_HWI0), 1);
    set_iocsr(COREISR + 24, 8, ~0ul);
    csr_write(CSR_ECFG, 0);
}

void guest_main(void)
{
    csr_write(CSR_EENTRY, (uint64_t)take_interrupt);
    check_identification();
    check_eiointc();
    check_ipi();
    check_messages();
    check_idle();
    guest_end(GUEST_NAME, 0);
}
