/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two cores: the second is started as a kernel starts it (mailbox 0, then an IPI), takes what is sent to it in each of the
 * ways there are, asleep in IDLE in between, and answers with an IPI. Loongson 3A5000 manual.
 */
#include "guest_c.h"
#define GUEST_NAME "cores"

#define PCH_MSI 0x2ff00000ul
#define DINTC   0x2fe00000ul
enum { IPI_STATUS = 0x1000, IPI_EN = 0x1004, IPI_SET = 0x1008, IPI_CLEAR = 0x100c, MAILBOX = 0x1020, IPI_SEND = 0x1040,
       MAIL_SEND = 0x1048, ANY_SEND = 0x1158, MISC_FUNC = 0x420 };
enum { IPMAP = 0x14c0, ENABLE = 0x1600, COREISR = 0x1800, COREMAP = 0x1c00, V = 100 };
enum { CSR_CPUID = 0x20, CSR_MSGIR = 0xa4, MSGIR_NULL = 31, IS_HWI1 = 3, IS_IPI = 12, IS_MSG = 14 };
enum { ANSWER = 7 };

/* What the second core saw last. */
static struct {
    volatile uint64_t id, count, ipi, vectors, message;
} seen;

void second_core(void);
void second_entry(void);
__asm__(".text\n .globl second_entry\nsecond_entry: la.pcrel $sp, second_stack\n b second_core\n"
        ".bss\n .balign 16\n .skip 4096\nsecond_stack: .text\n");

static void sleep_until(unsigned wakes)
{
    while ((csr_read(CSR_ESTAT) & wakes) == 0)
        __asm__ volatile("idle 0" ::: "memory");
}

/* Each event is taken from where it is and answered. */
void second_core(void)
{
    csr_write(CSR_EENTRY, (uint64_t)guest_trap);
    csr_write(CSR_ECFG, 1 << IS_HWI1 | 1 << IS_IPI | 1 << IS_MSG);
    set_iocsr(IPI_CLEAR, 4, ~0u);
    set_iocsr(IPI_EN, 4, ~0u);
    set_iocsr(MISC_FUNC, 8, 1ul << 48 | 1ul << 51);
    seen.id = csr_read(CSR_CPUID);
    for (;;) {
        seen.count++;
        set_iocsr(IPI_SEND, 4, 0 << 16 | ANSWER);
        sleep_until(1 << IS_HWI1 | 1 << IS_IPI | 1 << IS_MSG);
        seen.ipi = iocsr(IPI_STATUS, 4);
        set_iocsr(IPI_CLEAR, 4, seen.ipi);
        seen.vectors = iocsr(COREISR + 8, 8);
        set_iocsr(COREISR + 8, 8, seen.vectors);
        seen.message = csr_read(CSR_MSGIR) & 0x800000ff;
    }
}

static void wait_for_answer(uint64_t count)
{
    sleep_until(1 << IS_IPI);
    EXPECT(iocsr(IPI_STATUS, 4), 1 << ANSWER);
    set_iocsr(IPI_CLEAR, 4, ~0u);
    EXPECT(csr_read(CSR_ESTAT) >> IS_IPI & 1, 0);
    EXPECT(seen.count, count);
}

static void expect_seen(uint64_t count, uint64_t ipi, uint64_t vectors, uint64_t message)
{
    wait_for_answer(count);
    EXPECT(seen.ipi, ipi);
    EXPECT(seen.vectors, vectors);
    EXPECT(seen.message, message);
}

void guest_main(void)
{
    uint64_t entry = (uint64_t)second_entry, none = 1ul << MSGIR_NULL;

    csr_write(CSR_EENTRY, (uint64_t)guest_trap);
    csr_write(CSR_ECFG, 1 << IS_IPI);
    set_iocsr(IPI_EN, 4, ~0u);
    EXPECT(csr_read(CSR_CPUID), 0);
    set_iocsr(MAIL_SEND, 8, (entry >> 32) << 32 | 1u << 31 | 1 << 16 | 1 << 2);
    set_iocsr(MAIL_SEND, 8, entry << 32 | 1u << 31 | 1 << 16 | 0 << 2);
    EXPECT(iocsr(MAILBOX, 8), 0);
    set_iocsr(IPI_SEND, 4, 1u << 31 | 1 << 16 | 0);
    wait_for_answer(1);
    EXPECT(seen.id, 1);

    set_iocsr(IPI_SEND, 4, 1u << 31 | 1 << 16 | 31);
    expect_seen(2, 1u << 31, 0, none);
    set_iocsr(ANY_SEND, 8, 0x00050001ul << 32 | 1u << 31 | 1 << 16 | IPI_SET); /* its own register, from here */
    expect_seen(3, 0x50001, 0, none);

    set_iocsr(IPMAP + V / 32, 1, 1 << 1);
    set_iocsr(COREMAP + V, 1, 1 << 1);
    set_iocsr(ENABLE + V / 8, 1, 1 << V % 8);
    store(PCH_MSI, 4, V);
    expect_seen(4, 0, 1ul << (V - 64), none);
    EXPECT(iocsr(COREISR + 8, 8), 0);
    EXPECT(csr_read(CSR_ESTAT) >> IS_HWI1 & 1, 0);

    set_iocsr(COREMAP + V, 1, 1 << 0);                  /* to this one, then along while it is not handled */
    store(PCH_MSI, 4, V);
    EXPECT(iocsr(COREISR + 8, 8), 1ul << (V - 64));
    EXPECT(csr_read(CSR_ESTAT) >> IS_HWI1 & 1, 1);
    set_iocsr(COREMAP + V, 1, 1 << 1);
    EXPECT(csr_read(CSR_ESTAT) >> IS_HWI1 & 1, 0);
    expect_seen(5, 0, 1ul << (V - 64), none);

    store(DINTC | 1 << 12 | 0x44 << 4, 4, 0);
    expect_seen(6, 0, 0, 0x44);
    EXPECT(csr_read(CSR_ESTAT) >> IS_MSG & 1, 0);
    guest_end(GUEST_NAME, 0);
}
