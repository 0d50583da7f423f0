/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SYSCALL and SYSRET: SDM volume 2; volume 3, 6.8.8; where vendors differ, APM volume 3. Each trip goes to level 3 by SYSRET and
 * comes back by SYSCALL, often enough that both are compiled with care.
 */
#include "guest.h"

enum { MSR_EFER = 0xc0000080, MSR_STAR = 0xc0000081, MSR_LSTAR, MSR_CSTAR, MSR_FMASK };
enum { CF = 1, TF = 0x100, IF = 0x200, NT = 0x4000, RF = 0x10000, AC = 0x40000, ID = 0x200000 };
enum { ARITH = 0x8d5, IOPL = 0x3000, DF = 0x400, FIXED = 2, ROUNDS = 60, VECTOR = 0x40, UD = 6, GP = 13 };
#define STAR(kernel, user) ((uint64_t)(kernel) << 32 | (uint64_t)(user) << 48)
#define USUAL              STAR(0x08, 0x10) /* start.S */
#define AT(label)          ({ extern const char label[]; (uint64_t)label; })

uint64_t kernel_sp, seen_rcx, seen_r11, seen_flags, seen_cs, seen_ss, user_cs, user_ss;
uint64_t n_traps, traps[64], n_interrupts, interrupted;
extern const char on_debug[], on_interrupt[];
/* To `user` at level 3 with RFLAGS from `flags`; returns when somebody there has come to `entry`. */
void trip(uint64_t user, uint64_t flags);
void sysret_there(void *user);
void syscall_here(void *unused);

__asm__("trip:\n"
        "  push %rbx\n  push %rbp\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
        "  mov %rsp, kernel_sp\n"
        "  mov %rdi, %rcx\n  mov %rsi, %r11\n"
        "to_user: sysretq\n"
        "user:\n"
        "  nop\n"
        "user_call: syscall\n"
        "user_next: ud2\n"
        "user_segments:\n"
        "  mov %cs, %eax\n  mov %rax, user_cs\n  mov %ss, %eax\n  mov %rax, user_ss\n"
        "  syscall\n"
        "user_sets_carry: stc\n  syscall\n"
        "user_adds: mov $-1, %rax\n  add $1, %rax\n  syscall\n"
        "user_self_ipi: mov $0xfee00300, %eax\n  movl $0x44040, (%rax)\n  syscall\n" /* to itself, VECTOR */
        "user_sysret: sysretq\n"
        "other_entry: mov $1, %r11d\n" /* and on, so that it shows */
        "entry:\n"
        "  mov %rcx, seen_rcx\n  mov %r11, seen_r11\n"
        "  pushfq\n  popq seen_flags\n"
        "  mov %cs, %eax\n  mov %rax, seen_cs\n  mov %ss, %eax\n  mov %rax, seen_ss\n"
        "  push $2\n  popfq\n"
        "  mov kernel_sp, %rsp\n"
        "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbp\n  pop %rbx\n"
        "  ret\n"
        "sysret_there: mov %rdi, %rcx\n  mov $2, %r11d\n"
        "there: sysretq\n"
        "syscall_here: syscall\n"
        "trip32:\n"
        "  push %rbx\n  push %rbp\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
        "  mov %rsp, kernel_sp\n"
        "  mov $user32, %ecx\n  mov $0x3002, %r11d\n"
        "  sysretl\n"
        "user32:\n  .code32\n"
        "  mov %cs, %eax\n  mov %eax, user_cs\n"
        "  mov $0, %eax\n  dec %eax\n" /* in 64-bit code: a REX prefix */
        "  syscall\n"
        "next32: ud2\n  .code64\n"
        "on_debug:\n"
        "  push %rax\n  push %rdx\n"
        "  mov n_traps, %rdx\n  and $63, %rdx\n"
        "  mov 16(%rsp), %rax\n  mov %rax, traps(,%rdx,8)\n"
        "  incq n_traps\n"
        "  pop %rdx\n  pop %rax\n  iretq\n"
        "on_interrupt:\n"
        "  push %rax\n  mov 8(%rsp), %rax\n  mov %rax, interrupted\n  incq n_interrupts\n"
        "  mov $0xfee000b0, %eax\n  movl $0, (%rax)\n" /* EOI */
        "  pop %rax\n  iretq\n");
void trip32(void *unused);

static bool is_intel(void)
{
    uint32_t r[4];
    cpuid(0, 0, r);
    return r[1] == 0x756e6547;
}

/* ---- flags: each bit of FMASK, by itself and all of them ---- */
static void flags(void)
{
    static const uint64_t users[] = { 0, CF, ARITH, ARITH | DF | IOPL | NT | ID, AC, AC | IOPL, IF, ARITH | IF | AC | ID };
    for (unsigned bit = 0; bit <= 22; bit++) {
        uint64_t mask = bit == 22 ? 0x3fffff & ~(uint64_t)FIXED : 1ull << bit;
        wrmsr(MSR_FMASK, mask);
        for (unsigned i = 0; i < ROUNDS; i++) {
            uint64_t f = users[i % (sizeof(users) / sizeof(users[0]))] | (i & 8 ? RF : 0);
            trip(AT(user), f);
            f = (f & ~(uint64_t)RF) | FIXED; /* SYSRET takes no RF */
            CHECK(seen_rcx, AT(user_next));
            CHECK(seen_r11, f);
            CHECK(seen_flags, (f & ~mask) | FIXED);
        }
    }
    wrmsr(MSR_FMASK, 0);
}

/* Of operations whose flags were not asked for yet. */
static void lazy_flags(void)
{
    enum { PF = 4, AF = 16, ZF = 64 };
    wrmsr(MSR_FMASK, CF);
    for (unsigned i = 0; i < ROUNDS; i++) {
        trip(AT(user_sets_carry), 0);
        CHECK(seen_r11, FIXED | CF);
        CHECK(seen_flags, FIXED);
        trip(AT(user_adds), ARITH);
        CHECK(seen_r11, FIXED | CF | PF | AF | ZF);
        CHECK(seen_flags, FIXED | PF | AF | ZF);
    }
    wrmsr(MSR_FMASK, 0);
}

/* Selectors follow STAR, and so does where it goes LSTAR, whatever they were before. */
static void targets(void)
{
    static const uint16_t kernels[] = { 0x08, 0x28, 0x0b, 0x08 }, users[] = { 0x10, 0x10, 0x13, 0x80 };
    for (unsigned i = 0; i < 4 * ROUNDS; i++) {
        unsigned k = i / ROUNDS;
        wrmsr(MSR_STAR, STAR(kernels[k], users[k]));
        trip(AT(user_segments), IOPL);
        CHECK(seen_cs, kernels[k] & ~3u);
        CHECK(seen_ss, (kernels[k] & ~3u) + 8);
        CHECK(user_cs, (users[k] + 16) | 3);
        CHECK(user_ss, (users[k] + 8) | 3);
    }
    wrmsr(MSR_STAR, USUAL);
    wrmsr(MSR_LSTAR, AT(other_entry));
    trip(AT(user), ARITH);
    CHECK(seen_r11, 1);
    wrmsr(MSR_LSTAR, AT(entry));
    trip(AT(user), ARITH);
    CHECK(seen_r11, ARITH | FIXED);
}

/* What SYSRET brings is sampled at its end, what SYSCALL leaves at its own. */
static void steps(void)
{
    set_gate(1, on_debug);
    for (unsigned i = 0; i < 8; i++) {
        n_traps = 0;
        wrmsr(MSR_FMASK, TF);
        trip(AT(user), TF);
        CHECK(seen_r11, TF | FIXED);
        CHECK(seen_flags, FIXED);
        CHECK(n_traps, 2);
        CHECK(traps[0], AT(user));
        CHECK(traps[1], AT(user_call));
        trip(AT(user), 0);
        CHECK(n_traps, 2);
        wrmsr(MSR_FMASK, 0);
        n_traps = 0;
        trip(AT(user), TF);
        CHECK(traps[1], AT(user_call));
        CHECK(traps[2], AT(entry));
        CHECK(seen_flags, TF | FIXED);
    }
}

static void interrupts(void)
{
    volatile uint32_t *icr = (volatile uint32_t *)0xfee00300ull, *svr = (volatile uint32_t *)0xfee000f0ull;
    set_gate(VECTOR, on_interrupt);
    *svr = 0x1ff;
    for (unsigned i = 0; i < ROUNDS; i++) { /* one that waits is taken before level 3 does anything */
        n_interrupts = 0;
        wrmsr(MSR_FMASK, IF);
        *icr = 0x44000 | VECTOR;
        CHECK(n_interrupts, 0);
        trip(AT(user), IF | IOPL);
        CHECK(n_interrupts, 1);
        CHECK(interrupted, AT(user));
        CHECK(seen_flags, FIXED | IOPL);
        /* one that comes while they are off stays, over both */
        trip(AT(user_self_ipi), IOPL);
        trip(AT(user), IOPL);
        CHECK(n_interrupts, 1);
        __asm__ volatile("sti\n nop\n nop\n cli");
        CHECK(n_interrupts, 2);
        trip(AT(user), IF | IOPL);
        CHECK(n_interrupts, 2);
    }
    wrmsr(MSR_FMASK, 0);
}

/* ---- what is refused ---- */
static void refused(void)
{
    uint64_t efer = rdmsr(MSR_EFER);
    void *nowhere = (void *)0x800000000000;
    CHECK(try_call(sysret_there, nowhere), GP);
    CHECK(caught.cs & 3, is_intel() ? 0 : 3); /* AMD's processors go there */
    CHECK(caught.rip, is_intel() ? AT(there) : (uint64_t)nowhere);
    CHECK(try_call(sysret_there, (void *)AT(user_sysret)), GP);
    CHECK(caught.cs & 3, 3);
    CHECK(caught.rip, AT(user_sysret));
    CHECK(caught.error, 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        wrmsr(MSR_EFER, efer & ~1ull);
        CHECK(try_call(sysret_there, (void *)AT(user)), UD);
        CHECK(caught.rip, AT(there));
        CHECK(try_call(syscall_here, NULL), UD);
        CHECK(caught.rip, (uint64_t)syscall_here);
        wrmsr(MSR_EFER, efer);
        trip(AT(user), 0);
        CHECK(seen_rcx, AT(user_next));
    }
}

/* To 32-bit code, and back to CSTAR: with Intel's processors SYSCALL is for 64-bit code alone. */
static void compatibility(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        seen_rcx = user_cs = 0;
        CHECK(try_call(trip32, NULL), is_intel() ? UD : -1);
        CHECK(user_cs, 0x13);
        CHECK(seen_rcx, is_intel() ? 0 : AT(next32));
    }
}

int main(void)
{
    outb(0x21, 0xff);
    outb(0xa1, 0xff);
    wrmsr(MSR_STAR, USUAL);
    wrmsr(MSR_LSTAR, AT(entry));
    wrmsr(MSR_CSTAR, AT(entry));
    flags();
    lazy_flags();
    targets();
    interrupts();
    steps();
    refused();
    compatibility();
    PASSED("fast_calls");
    power_off();
}
