/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions as a program meets them: vectors, error codes, addresses (SDM volume 3, 7.15), page faults by each right. */
#include "guest.h"

static uint8_t user_stack[4096] __attribute__((aligned(16)));
static uint8_t frame[4096] __attribute__((aligned(4096)));

static void divide(void *arg) { __asm__ volatile("divl %0" ::"r"(0), "a"(1), "d"((uint32_t)(uint64_t)arg)); }
static void breakpoint(void *arg) { (void)arg; __asm__ volatile("int3"); }
static void undefined(void *arg) { (void)arg; __asm__ volatile("ud2"); }
static void not_canonical(void *arg) { (void)*(volatile uint8_t *)arg; }
static void on_stack(void *arg) { __asm__ volatile("mov %%rsp, %%rbx; mov %0, %%rsp; push %%rax; mov %%rbx, %%rsp" ::"r"(arg) : "rbx"); }
static void load_ds(void *arg) { __asm__ volatile("mov %0, %%ds" ::"r"((uint16_t)(uint64_t)arg)); }
static void int_n(void *arg) { (void)arg; __asm__ volatile("int $0x81"); }
static void step(void *arg) { (void)arg; __asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; nop; nop" ::: "memory"); }
static void write_cr4(void *arg) { WRITE_CR(4, arg); }
static void bad_msr(void *arg) { (void)rdmsr((uint32_t)(uint64_t)arg); }
static void read_test(void *arg) { (void)*(volatile uint64_t *)arg; }
static void write_test(void *arg) { *(volatile uint64_t *)arg = 1; }
static void call_test(void *arg) { ((void (*)(void))arg)(); }

static void plain(void)
{
    CHECK(try_call(divide, NULL), 0);
    CHECK(try_call(divide, (void *)1), 0); /* the quotient does not fit, either */
    CHECK(caught.error, -1);
    CHECK(try_call(breakpoint, NULL), 3);
    CHECK(*(uint8_t *)(caught.rip - 1), 0xcc); /* a trap */
    CHECK(try_call(undefined, NULL), 6);
    CHECK(*(uint16_t *)caught.rip, 0x0b0f);   /* a fault */
    CHECK(try_call(not_canonical, (void *)0x800000000000), 13);
    CHECK(caught.error, 0);
    CHECK(try_call(on_stack, (void *)0x800000001000), 12);
    CHECK(try_call(load_ds, (void *)0x28), -1); /* code that may be read */
    CHECK(try_call(load_ds, (void *)0x40), 13);
    CHECK(caught.error, 0x40);
    CHECK(try_call(load_ds, (void *)0x44), 13);
    CHECK(caught.error, 0x44);
    CHECK(try_call(load_ds, (void *)0x30), 13); /* a TSS */
    __asm__ volatile("mov %0, %%ds" ::"r"(0x10));
    CHECK(try_call(int_n, NULL), 0x81);
    CHECK(caught.ss, 0x10);
    CHECK(try_call(step, NULL), 1);
    CHECK(*(uint8_t *)(caught.rip - 1), 0x90);
    CHECK(try_call(bad_msr, (void *)0x12345), 13);
    CHECK(try_call(write_cr4, (void *)(READ_CR(4) | 1ull << 31)), 13);
    CHECK(try_call(write_cr4, (void *)(READ_CR(4) & ~0x20ull)), 13); /* PAE in long mode */
}

/* ---- level 3 ---- */
static void user_ok(void) { __asm__ volatile("int $0x80"); }
static void user_int(void) { __asm__ volatile("int $0x81"); }
static void user_hlt(void) { __asm__ volatile("hlt"); }
static void user_cr(void) { (void)READ_CR(0); }
static void user_read(void) { (void)*(volatile uint64_t *)TEST; __asm__ volatile("int $0x80"); }
static void user_write(void) { *(volatile uint64_t *)TEST = 1; __asm__ volatile("int $0x80"); }
static void user_call(void) { ((void (*)(void))TEST)(); __asm__ volatile("int $0x80"); }
static void user_misaligned(void)
{
    __asm__ volatile("pushfq; orl $0x40000, (%%rsp); popfq; movl 1(%%rsp), %%eax; int $0x80" ::: "rax", "memory");
}

static void go_user(void *fn) { run_user((void (*)(void))fn, user_stack + sizeof(user_stack) - 8); }

static void at_level_3(void)
{
    CHECK(try_call(go_user, user_ok), 0x80);
    CHECK(caught.cs, 0x23);
    CHECK(caught.ss, 0x1b);
    CHECK(try_call(go_user, user_int), 13);
    CHECK(caught.error, 0x81 * 8 + 2);
    CHECK(try_call(go_user, user_hlt), 13);
    CHECK(try_call(go_user, user_cr), 13);
    CHECK(try_call(go_user, user_misaligned), 0x80); /* CR0.AM is 0 */
    WRITE_CR(0, READ_CR(0) | 1u << 18);
    CHECK(try_call(go_user, user_misaligned), 17);
    CHECK(caught.error, 0);
    WRITE_CR(0, READ_CR(0) & ~(uint64_t)(1u << 18));
}

/* ---- page faults: error code P 1, W/R 2, U/S 4, RSVD 8, I/D 16, PK 32 ---- */
enum { P = 1, W = 2, U = 4, A = 32, D = 64 };
#define NX (1ull << 63)

static void fault(void (*fn)(void *), void *arg, uint64_t want)
{
    int vector = try_call(fn, arg);
    if (want == 0) {
        CHECK(vector, fn == go_user ? 0x80 : -1);
        return;
    }
    CHECK(vector, 14);
    CHECK(caught.error, want - 0x100);
    CHECK(caught.cr2, TEST);
}
#define PF(code) (0x100 + (code))

static void page_faults(void)
{
    uint64_t pa = (uint64_t)frame;
    frame[0] = 0xc3; /* RET */
    map_test(7, 7, 0);
    fault(read_test, (void *)TEST, PF(0));
    fault(write_test, (void *)TEST, PF(2));
    fault(call_test, (void *)TEST, PF(16));
    fault(go_user, user_read, PF(4));
    map_test(7, 7, pa | P);
    fault(read_test, (void *)TEST, 0);
    fault(write_test, (void *)TEST, PF(3));
    fault(go_user, user_read, PF(5));
    fault(go_user, user_write, PF(7));
    fault(go_user, user_call, PF(0x15));
    WRITE_CR(0, READ_CR(0) & ~(uint64_t)(1u << 16)); /* WP off */
    fault(write_test, (void *)TEST, 0);
    WRITE_CR(0, READ_CR(0) | 1u << 16);
    frame[0] = 0xc3;
    map_test(7, 7, pa | P | W | U | NX);
    fault(go_user, user_write, 0);
    fault(go_user, user_call, PF(0x15));
    fault(call_test, (void *)TEST, PF(0x11));
    map_test(7, 5, pa | P | W | U); /* not writable one level up */
    fault(go_user, user_write, PF(7));
    map_test(3, 7, pa | P | W | U); /* nor the user's */
    fault(go_user, user_read, PF(5));
    map_test(7, 7, pa | P | W | U | 1ull << 51); /* reserved, unless addresses have 52 bits */
    uint32_t r[4];
    cpuid(0x80000008, 0, r);
    if ((r[0] & 0xff) < 52)
        fault(read_test, (void *)TEST, PF(9));
    map_test(7, 7 | 0x80 | 1u << 13, 0);
    fault(read_test, (void *)TEST, PF(9));
}

static void accessed_and_dirty(void)
{
    map_test(7, 7, (uint64_t)frame | P | W | U);
    CHECK(test_entry() & (A | D), 0);
    fault(read_test, (void *)TEST, 0);
    CHECK(test_entry() & (A | D), A);
    fault(write_test, (void *)TEST, 0);
    CHECK(test_entry() & (A | D), A | D);
}

/* SMEP and SMAP: the program's own pages may not be the user's meanwhile. */
static void supervisor_protection(void)
{
    volatile uint64_t *pd0 = (volatile uint64_t *)(PAGES + 0x2000);
    uint32_t r[4];
    cpuid(7, 0, r);
    if (!(r[1] >> 7 & 1) || !(r[1] >> 20 & 1))
        return;
    frame[0] = 0xc3;
    map_test(7, 7, (uint64_t)frame | P | W | U);
    for (unsigned i = 0; i < 512; i++)
        pd0[i] &= ~(uint64_t)U;
    WRITE_CR(4, READ_CR(4) | 1u << 20); /* SMEP */
    fault(call_test, (void *)TEST, PF(0x11));
    fault(read_test, (void *)TEST, 0);
    WRITE_CR(4, (READ_CR(4) & ~(uint64_t)(1u << 20)) | 1u << 21); /* SMAP */
    fault(read_test, (void *)TEST, PF(1));
    fault(write_test, (void *)TEST, PF(3));
    fault(call_test, (void *)TEST, 0);
    __asm__ volatile("stac");
    (void)*(volatile uint64_t *)TEST;
    __asm__ volatile("clac");
    fault(read_test, (void *)TEST, PF(1));
    WRITE_CR(4, READ_CR(4) & ~(uint64_t)(1u << 21));
    for (unsigned i = 0; i < 512; i++)
        pd0[i] |= U;
    WRITE_CR(3, READ_CR(3));
}

static void protection_keys(void)
{
    uint32_t r[4];
    frame[0] = 0xc3;
    map_test(7, 7, (uint64_t)frame | P | W | U);
    cpuid(7, 0, r);
    fault(call_test, (void *)TEST, 0);
    if (r[2] >> 3 & 1) { /* PKU: key 1 on the page, others 0 */
        WRITE_CR(4, READ_CR(4) | 1u << 22);
        map_test(7, 7, (uint64_t)frame | P | W | U | 1ull << 59);
        __asm__ volatile("wrpkru" ::"a"(0x4), "c"(0), "d"(0)); /* AD of key 1 */
        fault(go_user, user_read, PF(0x25));
        fault(read_test, (void *)TEST, PF(0x21));
        fault(call_test, (void *)TEST, 0); /* data only */
        __asm__ volatile("wrpkru" ::"a"(0x8), "c"(0), "d"(0)); /* WD */
        fault(go_user, user_read, 0);
        fault(go_user, user_write, PF(0x27));
        fault(write_test, (void *)TEST, PF(0x23));
        __asm__ volatile("wrpkru" ::"a"(0), "c"(0), "d"(0));
        WRITE_CR(4, READ_CR(4) & ~(uint64_t)(1u << 22));
    }
}

/* ---- flags of the frame: those of the last instruction that wrote them, whatever came between it and the fault ---- */
#define PROGRAM(name, code)                                                                                \
    static void name(void *arg)                                                                            \
    {                                                                                                      \
        __asm__ volatile("mov %0, %%rdi; " code ::"r"(arg) : "rax", "rcx", "rdx", "rdi", "memory", "cc"); \
    }
#define LOAD "; mov (%%rdi), %%rax"
PROGRAM(after_moves, "mov $5, %%eax; cmp $5, %%eax; lea 1(%%rax), %%ecx; mov %%ecx, %%edx" LOAD)
PROGRAM(twice, "mov $5, %%eax; cmp $6, %%eax; cmp $5, %%eax" LOAD)
PROGRAM(kept_carry, "mov $-1, %%eax; mov $0x7fffffff, %%edx; add $1, %%eax; inc %%edx" LOAD)
PROGRAM(by_nothing, "mov $1, %%eax; mov $0, %%ecx; sub $2, %%eax; shl %%cl, %%eax" LOAD)
PROGRAM(negated, "mov $0, %%eax; neg %%eax; not %%eax" LOAD)
PROGRAM(with_carry, "mov $-1, %%eax; mov $7, %%ecx; add $1, %%eax; adc $0x78, %%cl" LOAD)
PROGRAM(by_parity, "mov $3, %%eax; mov $0x7f, %%ecx; cmp $0, %%eax; setp %%dl; add %%dl, %%cl" LOAD)
PROGRAM(signed_bytes, "mov $0x80, %%eax; cmp $0x7f, %%al; setl %%cl; movzbl %%cl, %%ecx; neg %%ecx" LOAD)
PROGRAM(past_a_jump, "mov $5, %%eax; cmp $5, %%eax; jne 1f" LOAD "; 1:")
PROGRAM(rewritten, "mov $0x80000000, %%eax; mov $1, %%ecx; cmp %%ecx, %%eax; add %%eax, (%%rdi)")
PROGRAM(compared, "mov $2, %%eax; sub $3, %%eax; cmp %%eax, (%%rdi)")
PROGRAM(condition_moved, "mov $2, %%eax; sub $3, %%eax; cmovz (%%rdi), %%rcx")
PROGRAM(stored, "mov $2, %%eax; sub $3, %%eax; mov %%eax, (%%rdi)")
PROGRAM(undefined_after, "mov $5, %%eax; cmp $5, %%eax; mov %%eax, %%ecx; ud2")
PROGRAM(asked_after, "mov $2, %%eax; sub $3, %%eax; pushfq; pop %%rcx; cmp $0, %%eax; push %%rcx; popfq" LOAD)
PROGRAM(far_beside, "mov $3, %%ecx; mov $5, %%eax; cmp $5, %%eax; mov -24(%%rdi,%%rcx,8), %%eax")
PROGRAM(far_rewritten, "mov $3, %%ecx; mov $5, %%eax; cmp $5, %%eax; subl $1, -24(%%rdi,%%rcx,8)")
PROGRAM(cut_registers, "mov $0xffffffff00000001, %%rax; mov $0x1234567800000001, %%rcx; cmp %%ecx, %%eax" LOAD)
PROGRAM(cut_borrow, "mov $0xffffffff00000001, %%rax; mov $2, %%ecx; sub %%ecx, %%eax; sbb %%ecx, %%ecx; neg %%ecx; cmp $1, %%ecx" LOAD)

static void flags_of_faults(void)
{
    enum { CF = 1, PF_ = 4, AF = 0x10, ZF = 0x40, SF = 0x80, OF = 0x800, ALL = CF | PF_ | AF | ZF | SF | OF };
    static const struct {
        void (*fn)(void *);
        unsigned want;
    } programs[] = {
        { after_moves, ZF | PF_ },
        { twice, ZF | PF_ },
        { kept_carry, OF | SF | AF | PF_ | CF },
        { by_nothing, CF | PF_ | AF | SF },
        { negated, ZF | PF_ },
        { with_carry, OF | SF | AF },                /* 7 + 78h + 1 = 80h */
        { by_parity, OF | SF | AF },                 /* 3 has an even number of ones: 7fh + 1 */
        { signed_bytes, CF | AF | SF | PF_ },        /* -80h is less: 0 - 1 */
        { past_a_jump, ZF | PF_ },
        { rewritten, OF | AF | PF_ },                /* 80000000h - 1 */
        { compared, CF | PF_ | AF | SF },
        { condition_moved, CF | PF_ | AF | SF },
        { stored, CF | PF_ | AF | SF },
        { asked_after, CF | PF_ | AF | SF },
        { far_beside, ZF | PF_ },
        { far_rewritten, ZF | PF_ },
        { cut_registers, ZF | PF_ },
        { cut_borrow, ZF | PF_ },
    };
    map_test(7, 7, 0);
    for (unsigned again = 0; again < 500; again++) /* in each tier */
        for (unsigned i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
            CHECK(try_call(programs[i].fn, (void *)TEST), 14);
            CHECK(caught.cr2, TEST);
            CHECK(caught.rflags & ALL, programs[i].want);
        }
    CHECK(try_call(undefined_after, NULL), 6);
    CHECK(caught.rflags & ALL, ZF | PF_);
}

int main(void)
{
    plain();
    at_level_3();
    page_faults();
    flags_of_faults();
    accessed_and_dirty();
    supervisor_protection();
    protection_keys();
    PASSED("exceptions");
    return 0;
}
