/* SPDX-License-Identifier: Apache-2.0 */
/* What the debugger looks at on a PC: linked with test/cpu/x86/guests/start.S, which calls main() in 64-bit mode. */
#include <stdint.h>

struct {
    volatile uint64_t count;
    volatile uint8_t bytes[64];
} shared;

__attribute__((noinline)) uint64_t leaf(uint64_t x)
{
    shared.count += x;
    return shared.count * 3;
}

__attribute__((noinline)) uint64_t middle(uint64_t n)
{
    uint64_t sum = 0;
    for (uint64_t i = 1; i <= n; i++)
        sum += leaf(i);
    return sum;
}

static void write_msr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

int main(void)
{
    write_msr(0xc0000100, 0x0000223344556600); /* FS, GS, kernel GS */
    write_msr(0xc0000101, 0x0000223344556610);
    write_msr(0xc0000102, 0x0000223344556620);
    shared.bytes[10] = (uint8_t)middle(4);
    return 0;
}
