/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a waiting interrupt is taken: SDM volume 2, STI; volume 3, 7.8.1. STI holds it back for one instruction, wherever
 * a block of translated code ends; an STI when interrupts are on already does not.
 */
#include "guest.h"

#define VECTOR 0x90
static volatile uint32_t *const apic = (volatile uint32_t *)0xfee00000;
enum { APIC_EOI = 0xb0 / 4, APIC_SVR = 0xf0 / 4, APIC_ICR = 0x300 / 4 };

/* `where` tells the instruction that ought to be next. */
#define NOPS8 "nop; nop; nop; nop; nop; nop; nop; nop;"
#define NOPS28 NOPS8 NOPS8 NOPS8 "nop; nop; nop; nop;"
static uint64_t where;
#define WINDOW(name, before, inside)                                                                         \
    static void name(void *arg)                                                                              \
    {                                                                                                        \
        (void)arg;                                                                                           \
        apic[APIC_ICR] = 0x40000 | VECTOR; /* to itself */                                                   \
        __asm__ volatile("lea 2f(%%rip), %%rax; mov %%rax, %0; jmp 1f; .balign 64; 1:" before "sti;" inside  \
                         "nop; cli" : "=m"(where)::"rax", "memory");                                         \
    }
WINDOW(plain, "", "nop; 2:")
WINDOW(at_27, NOPS28, "nop; 2:")
WINDOW(at_29, NOPS28 "nop; nop;", "nop; 2:")
WINDOW(at_30, NOPS28 "nop; nop; nop;", "nop; 2:")   /* the last of 32 instructions */
WINDOW(at_31, NOPS28 "nop; nop; nop; nop;", "nop; 2:")
WINDOW(jumping, "", "jmp 2f; nop; 2:")
WINDOW(again, "", "sti; 2:")
WINDOW(halting, "", "hlt; 2:")
WINDOW(loading, "", "mov (%%rsp), %%rax; 2:")
WINDOW(at_port, "", "in $0x80, %%al; 2:")
WINDOW(closed, "", "cli; nop; nop; 2:")              /* nothing comes between STI and CLI */

/* Its STI is the last instruction of a page. */
__asm__(".text; .balign 4096; .globl page_end_code; page_end_code: .skip 4095, 0x90; sti; nop; 3: nop; cli; ret");
extern const char page_end_code[];
static void page_end(void *arg)
{
    (void)arg;
    where = (uint64_t)page_end_code + 4097;
    apic[APIC_ICR] = 0x40000 | VECTOR;
    ((void (*)(void))(page_end_code + 4090))();
}

static void taken(void (*fn)(void *))
{
    for (unsigned round = 0; round < 3; round++) {
        CHECK(try_call(fn, NULL), VECTOR);
        CHECK(caught.rip, where);
        CHECK(caught.rflags >> 9 & 1, 1);
        apic[APIC_EOI] = 0;
    }
}

int main(void)
{
    void (*const windows[])(void *) = { plain, at_27, at_29, at_30, at_31, jumping, again, halting, loading, at_port, page_end };
    apic[APIC_SVR] = 0x1ff;
    for (unsigned i = 0; i < sizeof(windows) / sizeof(*windows); i++)
        taken(windows[i]);
    CHECK(try_call(closed, NULL), -1);
    CHECK(try_call(plain, NULL), VECTOR); /* one interrupt, not two */
    apic[APIC_EOI] = 0;
    __asm__ volatile("sti; nop; cli");
    PASSED("interrupts");
    return 0;
}
