/* SPDX-License-Identifier: Apache-2.0 */
/* What a free-standing guest needs: output, exit, and the memory functions gcc calls. */
#include "bench.h"
#include <stddef.h>

#if defined(__x86_64__)
#define COM1 0x3f8
#elif defined(__aarch64__)
#define UART ((volatile uint8_t *)0x09000000)
#elif defined(__loongarch__)
#define UART ((volatile uint8_t *)0x1fe001e0)
#define SLEEP_CONTROL ((volatile uint8_t *)0x100e001c)
#else
#define UART ((volatile uint8_t *)0x10000000)
#define TEST ((volatile uint32_t *)0x100000)
#endif

int bench_main(void);
void bench_exit(int code);

void *memcpy(void *to, const void *from, size_t n)
{
    uint8_t *t = to;
    const uint8_t *f = from;
    for (; n >= 8; n -= 8, t += 8, f += 8)
        *(uint64_t *)t = *(const uint64_t *)f;
    for (; n; n--)
        *t++ = *f++;
    return to;
}

void *memset(void *to, int c, size_t n)
{
    uint8_t *t = to;
    for (; n; n--)
        *t++ = (uint8_t)c;
    return to;
}

#if defined(__x86_64__)
static void out32(uint16_t port, uint32_t v)
{
    __asm__ volatile("outl %0, %1" : : "a"(v), "d"(port));
}

static void put_char(char c)
{
    __asm__ volatile("outb %0, %1" : : "a"(c), "d"((uint16_t)COM1));
}
#else
static void put_char(char c)
{
    *UART = (uint8_t)c;
}
#endif

static void put_text(const char *text)
{
    for (; *text; text++)
        put_char(*text);
}

uint64_t bench_syscall(uint64_t v)
{
#if defined(__x86_64__)
    __asm__ volatile("syscall" : "+a"(v) : : "rcx", "r11", "memory");
    return v;
#elif defined(__aarch64__)
    register uint64_t x0 __asm__("x0") = v;
    __asm__ volatile("svc #0" : "+r"(x0) : : "x1", "memory");
    return x0;
#elif defined(__loongarch__)
    register uint64_t a0 __asm__("$a0") = v;
    __asm__ volatile("syscall 0" : "+r"(a0) : : "$t0", "memory");
    return a0;
#else
    register uint64_t a0 __asm__("a0") = v;
    __asm__ volatile("ecall" : "+r"(a0) : : "memory");
    return a0;
#endif
}

/* Host time counts from the end of the one line to the end of the other. */
int bench_main(void)
{
    put_text("begin\n");
    uint64_t sum = kernel(kernel_rounds);

    put_text("checksum ");
    for (int shift = 60; shift >= 0; shift -= 4)
        put_char("0123456789abcdef"[sum >> shift & 15]);
    put_char('\n');
    return 0;
}

void bench_exit(int code)
{
#if defined(__x86_64__)
    (void)code; /* always 0 */
    out32(0xcf8, 0x8000f840); /* ICH9 LPC: PMBASE 600h, and ACPI on */
    out32(0xcfc, 0x601);
    out32(0xcf8, 0x8000f844);
    out32(0xcfc, 0x80);
    __asm__ volatile("outw %0, %1" : : "a"((uint16_t)0x2000), "d"((uint16_t)0x604)); /* SLP_EN, S5 */
#elif defined(__aarch64__)
    (void)code; /* always 0 */
#ifdef PRIVILEGED
    register uint64_t x0 __asm__("x0") = 0x84000008; /* PSCI SYSTEM_OFF */
    __asm__ volatile("hvc #0" : "+r"(x0));
#else
    __asm__ volatile("svc #1");
#endif
#elif defined(__loongarch__)
    (void)code; /* always 0 */
    *SLEEP_CONTROL = 0x34; /* SLP_EN, S5 */
#else
    *TEST = code ? 0x3333 | (uint32_t)code << 16 : 0x5555;
#endif
    for (;;)
        ;
}
