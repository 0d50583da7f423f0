/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Last branches of AMD's processors under DebugCtl.LBR: APM volume 2, 13.1.1 and "Recording Control Transfers". In 64-bit
 * mode offsets are addresses; those expected are labels in the code that runs while LBR is set.
 */
#include "guest.h"

enum { LAST_BRANCH_FROM = 0x1db, LAST_BRANCH_TO, LAST_EXCEPTION_FROM, LAST_EXCEPTION_TO };
uint32_t debugctl_after = 1;
extern const char on_break[], on_debug[], returns_at_once[];
__asm__("on_break: iretq\n"
        "on_debug: iretq\n"
        "returns_at_once: ret\n");

#define AT(label) ({ extern const char label[]; (uint64_t)label; })
#define LBR(on)   "mov $0x1d9, %%ecx\n xor %%edx, %%edx\n mov $" on ", %%eax\n wrmsr\n"
/* No branch but those of `code` while it runs */
#define RECORD(code) __asm__ volatile(LBR("1") code "\n" LBR("0") ::: "rax", "rcx", "rdx", "r11", "cc", "memory")
#define LAST(from, to)                                                                             \
    do {                                                                                           \
        CHECK(rdmsr(LAST_BRANCH_FROM), AT(from));                                                  \
        CHECK(rdmsr(LAST_BRANCH_TO), AT(to));                                                      \
    } while (0)

static void near(void)
{
    RECORD("j1: jmp j2\n nop\n j2: nop");
    LAST(j1, j2);
    RECORD("xor %%eax, %%eax\n c1: jz c2\n nop\n c2: jnz c3\n c3: nop"); /* the second is not taken */
    LAST(c1, c2);
    RECORD("mov $3, %%ecx\n l1: nop\n l2: loop l1");
    LAST(l2, l1);
    RECORD("lea i2, %%rax\n i1: jmp *%%rax\n nop\n i2: nop");
    LAST(i1, i2);
    RECORD("n1: jmp n2\n n2: nop"); /* to what follows it: taken all the same */
    LAST(n1, n2);
    RECORD("call returns_at_once\n r1: nop");
    LAST(returns_at_once, r1);
    /* A repetition does not branch */
    RECORD("push %%rsi\n push %%rdi\n mov %%rsp, %%rsi\n mov %%rsp, %%rdi\n mov $4, %%ecx\n cld\n"
           "s1: jmp s2\n s2: rep movsb\n pop %%rdi\n pop %%rsi");
    LAST(s1, s2);
}

/* Each branch is known at the next instruction, in code that is run often, too; what differs is gathered without branches. */
static void hot(void)
{
    uint64_t wrong = 0;
    __asm__ volatile(LBR("1") "mov $20000, %%esi\n"
                     "h1: jmp h2\n nop\n"
                     "h2: mov $0x1db, %%ecx\n rdmsr\n sub $h1, %%eax\n or %%rax, %0\n"
                     "inc %%ecx\n rdmsr\n sub $h2, %%eax\n or %%rax, %0\n"
                     "h3: jz h4\n jmp h5\n" /* the first time ZF is 1, and so on while nothing is wrong */
                     "h4: rdmsr\n sub $h4, %%eax\n or %%rax, %0\n"
                     "h5: call returns_at_once\n"
                     "h6: mov $0x1db, %%ecx\n rdmsr\n sub $returns_at_once, %%eax\n or %%rax, %0\n"
                     "inc %%ecx\n rdmsr\n sub $h6, %%eax\n or %%rax, %0\n"
                     "dec %%esi\n h7: jnz h1\n" LBR("0")
                     : "+b"(wrong)::"rax", "rcx", "rdx", "rsi", "cc", "memory");
    CHECK(wrong, 0);
    LAST(returns_at_once, h6); /* the loop's own branch is not taken at last */
}

static void far(void)
{
    RECORD("mov %%cs, %%eax\n push %%rax\n lea f2, %%rax\n push %%rax\n f1: lretq\n nop\n f2: nop");
    LAST(f1, f2);
    /* Before an exception the last branch is put by; its own record is that of IRET's by then */
    RECORD("e1: jmp e2\n e2: int3\n e3: nop");
    LAST(on_break, e3);
    CHECK(rdmsr(LAST_EXCEPTION_FROM), AT(e1));
    CHECK(rdmsr(LAST_EXCEPTION_TO), AT(e2));
    wrmsr(0xc0000082, AT(y2)); /* LSTAR */
    wrmsr(0xc0000084, 0);
    wrmsr(0xc0000081, 8ull << 32);
    RECORD("y1: syscall\n nop\n y2: nop");
    LAST(y1, y2);
}

/* #DB clears LBR, and leaves the records alone. */
static void debug_exception(void)
{
    RECORD("d1: jmp d2\n d2: .byte 0xf1\n jmp d3\n d3: mov $0x1d9, %%ecx\n rdmsr\n mov %%eax, debugctl_after");
    LAST(d1, d2);
    CHECK(debugctl_after, 0);
}

static void write_from(void *arg)
{
    (void)arg;
    wrmsr(LAST_BRANCH_FROM, 0);
}

int main(void)
{
    set_gate(1, on_debug);
    set_gate(3, on_break);
    near();
    hot();
    far();
    debug_exception();
    RECORD("o1: jmp o2\n o2: nop");
    __asm__ volatile("jmp 1f\n 1: nop"); /* not recorded */
    LAST(o1, o2);
    CHECK((uint64_t)try_call(write_from, NULL), 13); /* they are the processor's */
    CHECK(caught.error, 0);
    PASSED("last_branch");
    power_off();
}
