/* SPDX-License-Identifier: Apache-2.0 */
/* KVM's interface: Linux, Documentation/virt/kvm/x86, cpuid.rst, hypercalls.rst, msr.rst. */
#include "guest.h"

enum { CLOCK = 1u << 0 | 1u << 3, UNHALT = 1u << 7, IPI = 1u << 11, YIELD = 1u << 13, STABLE = 1u << 24 };
static uint8_t user_stack[4096] __attribute__((aligned(16)));
static volatile struct {
    uint32_t version, pad;
    uint64_t tsc, time;
    uint32_t mul;
    int8_t shift;
    uint8_t flags, pad2[2];
} now __attribute__((aligned(32)));
static volatile struct {
    uint32_t version, sec, nsec;
} wall __attribute__((aligned(16)));
static volatile uint64_t user_result;

static int64_t call(bool intel, uint64_t n, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    if (intel)
        __asm__ volatile("vmcall" : "+a"(n) : "b"(a), "c"(b), "d"(c), "S"(d) : "memory");
    else
        __asm__ volatile("vmmcall" : "+a"(n) : "b"(a), "c"(b), "d"(c), "S"(d) : "memory");
    return (int64_t)n;
}

static void user_call(void)
{
    user_result = (uint64_t)call(false, 1, 0, 0, 0, 0);
    __asm__ volatile("int $0x80");
}
static void go_user(void *fn) { run_user((void (*)(void))fn, user_stack + sizeof(user_stack) - 8); }
static void wait_for(void *arg) { (void)arg; __asm__ volatile("sti; hlt; hlt"); }

static uint64_t rdtsc(void)
{
    uint32_t lo, hi;
    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return (uint64_t)hi << 32 | lo;
}

static uint64_t nanoseconds(void)
{
    uint64_t ticks = rdtsc() - now.tsc;
    ticks = now.shift >= 0 ? ticks << now.shift : ticks >> -now.shift;
    return now.time + (uint64_t)((unsigned __int128)ticks * now.mul >> 32);
}

static void calls(void)
{
    for (unsigned intel = 0; intel < 2; intel++) {
        CHECK(call(intel, ~0ull, 0, 0, 0, 0), -1000);
        CHECK(call(intel, 2, 0, 0, 0, 0), -1000);         /* MMU_OP */
        CHECK(call(intel, 1, 0, 0, 0, 0), 0);             /* VAPIC_POLL_IRQ */
        CHECK(call(intel, 11, 0, 0, 0, 0), 0);            /* SCHED_YIELD */
        CHECK(call(intel, 10, ~0ull, ~0ull, 1, 0xf0), 0); /* SEND_IPI: nobody has these ids */
        CHECK(call(intel, 10, 1, 0, 0, 0x40000), -22);    /* shorthands are refused */
        CHECK(call(intel, 10, 1, 0, 0, 0x8f0), -22);      /* logical destinations, too */
    }
    CHECK(try_call(go_user, user_call), 0x80);
    CHECK(user_result, -1);                               /* EPERM */
    /* An IPI to oneself, once interrupts are on; a kick ends one HLT, in which none are */
    *(volatile uint32_t *)0xfee000f0ull = 0x1ff;
    CHECK(call(false, 10, 1, 0, 0, 0xf0), 1);
    CHECK(try_call(wait_for, NULL), 0xf0);
    *(volatile uint32_t *)0xfee000b0ull = 0;
    CHECK(call(false, 5, 0, 0, 0, 0), 0);
    __asm__ volatile("cli; hlt");
}

static void clock(void)
{
    wrmsr(0x4b564d01, (uint64_t)&now | 1);
    CHECK(rdmsr(0x4b564d01), (uint64_t)&now | 1);
    CHECK(rdmsr(0x12), (uint64_t)&now | 1);
    CHECK(now.version & 1, 0);
    CHECK(now.version != 0, 1);
    CHECK(now.flags, 1); /* one CPU: stable */
    uint64_t before = nanoseconds(), tsc = rdtsc();
    while (rdtsc() - tsc < 2000000) /* 2 GHz: a millisecond */
        ;
    uint64_t after = nanoseconds();
    CHECK(after - before >= 1000000 && after - before < 1001000, 1);
    wrmsr(0x10, 5); /* the TSC: nanoseconds do not mind */
    uint64_t still = nanoseconds();
    CHECK(still >= after && still - after < 1000, 1);
    uint32_t version = now.version;
    wrmsr(0x4b564d01, 0);
    wrmsr(0x10, 0);
    CHECK(now.version, version);
    wrmsr(0x4b564d00, (uint64_t)&wall);
    CHECK(wall.version & 1, 0);
    CHECK(wall.sec, 1767225600); /* the default of --rtc: 2026-01-01 */
    CHECK(wall.nsec, 0);
    wrmsr(0x4b564d01, 0xfee00001); /* no RAM: nothing happens */
    wrmsr(0x4b564d01, 0);
}

int main(void)
{
    uint32_t r[4];
    cpuid(0x40000000, 0, r);
    CHECK(r[0], 0x40000001);
    CHECK(r[1], 0x4b4d564b);
    CHECK(r[2], 0x564b4d56);
    CHECK(r[3], 0x4d);
    cpuid(0x40000001, 0, r);
    CHECK(r[0] & (CLOCK | UNHALT | IPI | YIELD | STABLE), CLOCK | UNHALT | IPI | YIELD | STABLE);
    CHECK(r[1] | r[2] | r[3], 0);
    calls();
    clock();
    PASSED("kvm");
    power_off();
}
