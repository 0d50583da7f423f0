/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System-management mode by the chipset's port B2h (SDM volume 3, chapter 33; ICH9, SMI_EN and APM_CNT): the handler at 38000h
 * counts, moves SMBASE, and the next SMI comes to the new one.
 */
#include "guest.h"
#include <stdint.h>

#define PMBASE  0x600
#define COUNTER (*(volatile uint32_t *)0x50000)

static void config(uint32_t address, uint32_t value)
{
    outl(0xcf8, address);
    outl(0xcfc, value);
}

/*
 * 16-bit code, CS's base is SMBASE:
 *   incl %ds:0x50000;  movl $base, %cs:0xff00;  rsm
 */
static void put_handler(uint32_t base, uint32_t new_base)
{
    uint8_t code[] = { 0x67, 0x66, 0xff, 0x05, 0x00, 0x00, 0x05, 0x00, 0x67, 0x66, 0x2e, 0xc7, 0x05, 0x00, 0xff, 0x00, 0x00, 0, 0, 0, 0,
                       0x0f, 0xaa };
    for (unsigned i = 0; i < 4; i++)
        code[17 + i] = (uint8_t)(new_base >> (8 * i));
    for (unsigned i = 0; i < sizeof(code); i++)
        ((volatile uint8_t *)(uint64_t)(base + 0x8000))[i] = code[i];
}

int main(void)
{
    config(0x8000f840, PMBASE | 1);
    config(0x8000f844, 0x80);
    outl(PMBASE + 0x30, 0x21); /* SMI_EN: APMC, GBL */
    COUNTER = 0;
    put_handler(0x30000, 0x60000);
    put_handler(0x60000, 0x60000);
    outb(0xb2, 0);
    CHECK(COUNTER, 1);
    CHECK(*(volatile uint32_t *)0x3fefc & 0x2ffff, 0x20064);
    CHECK(*(volatile uint64_t *)0x3fed0, rdmsr(0xc0000080));
    CHECK(*(volatile uint64_t *)0x3ff50, READ_CR(3));
    CHECK(*(volatile uint16_t *)0x3fe10, 8); /* CS */
    CHECK(*(volatile uint32_t *)0x3fec0, 0x00b20012);
    uint64_t sum = 0;
    for (unsigned i = 0; i < 100; i++) {
        sum += i;
        outb(0xb2, (uint8_t)(i | 0x80)); /* 2 and 3 are the chipset's own */
    }
    CHECK(sum, 4950);
    CHECK(COUNTER, 101);
    CHECK(*(volatile uint64_t *)0x6ff58, READ_CR(0));
    PASSED("smm");
    return 0;
}
