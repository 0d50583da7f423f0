/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Something to debug: calls two deep, a counter to watch, a loop on a second hart, and at the
 * end the finisher (SiFive test device, 0x5555: power off with code 0).
 */
struct record {
    volatile unsigned long count;
    volatile unsigned char bytes[16];
};
struct record shared;
volatile unsigned long result, spins;

__attribute__((noinline)) unsigned long leaf(unsigned long x)
{
    shared.count += x;
    shared.bytes[shared.count % 16]++;
    return shared.count * 3;
}

__attribute__((noinline)) unsigned long middle(unsigned long n)
{
    unsigned long sum = 0;
    for (unsigned long i = 1; i <= n; i++)
        sum += leaf(i);
    return sum;
}

/* Its code is changed while a breakpoint stands in it: li a0, 1 becomes li a0, 2. */
__attribute__((noinline)) unsigned long patched(void)
{
    unsigned long v;
    __asm__ volatile(".option push\n.option norvc\n.globl patch_here\npatch_here: li %0, 1\n.option pop" : "=r"(v));
    return v;
}

extern unsigned patch_here;

/* Where there are vectors: four words, each with 5 added. */
unsigned lanes[4];
__attribute__((noinline)) void vectors(void)
{
    unsigned long misa;
    __asm__ volatile("csrr %0, misa" : "=r"(misa));
    if (misa >> ('v' - 'a') & 1)
        __asm__ volatile(".option push\n.option arch, +v\n.option norvc\n"
                         "  li t0, 0x600\n  csrs mstatus, t0\n"
                         "  vsetivli x0, 4, e32, m1, tu, mu\n  vid.v v1\n  vmv.v.i v2, -1\n"
                         ".globl vectors_here\nvectors_here: vadd.vi v2, v1, 5\n"
                         "  vse32.v v2, (%0)\n.option pop" :: "r"(lanes) : "t0", "memory");
}

void first_hart(void)
{
    vectors();
    for (int i = 0; i < 3; i++)
        result = middle(4);
    result = patched();
    *(volatile unsigned *)&patch_here += 1 << 20; /* the immediate */
    __asm__ volatile("fence.i" ::: "memory");
    result += patched() << 8;
    *(volatile unsigned *)0x100000 = 0x5555;
    for (;;)
        ;
}

void other_harts(void)
{
    for (;;)
        spins++;
}

__asm__(".section .text.start, \"ax\"\n"
        ".globl _start\n"
        "_start: csrr t0, mhartid\n"
        "  la sp, stack_top\n"
        "  slli t1, t0, 12\n"
        "  sub sp, sp, t1\n"
        "  bnez t0, 1f\n"
        "  call first_hart\n"
        "1: call other_harts\n"
        ".bss\n.balign 16\n.space 8192\nstack_top:\n.text\n");
