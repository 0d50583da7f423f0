/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CPU_ARM64_GUESTS_GUEST_H
#define ORRERY_TEST_CPU_ARM64_GUESTS_GUEST_H
/* For bare-metal C programs: console (PL011), system registers. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MRS(reg) ({ uint64_t v_; __asm__ volatile("mrs %0, " reg : "=r"(v_)); v_; })
#define MSR(reg, value) __asm__ volatile("msr " reg ", %0" ::"r"((uint64_t)(value)) : "memory")
#define ISB() __asm__ volatile("isb" ::: "memory")
#define DSB() __asm__ volatile("dsb sy" ::: "memory")

void power_off(void) __attribute__((noreturn));

static inline void put_char(char c)
{
    volatile uint32_t *uart = (volatile uint32_t *)0x9000000;
    while (uart[6] & 1u << 5) {
    }
    uart[0] = (uint8_t)c;
}

static inline void put_text(const char *s)
{
    for (; *s != '\0'; s++) {
        if (*s == '\n')
            put_char('\r');
        put_char(*s);
    }
}

static inline void put_hex(uint64_t v)
{
    put_text("0x");
    for (int i = 60; i >= 0; i -= 4)
        if (v >> i != 0 || i == 0)
            put_char("0123456789abcdef"[v >> i & 15]);
}

static inline void put_number(uint64_t v)
{
    char text[24], *p = text + sizeof(text) - 1;
    *p = '\0';
    do
        *--p = (char)('0' + v % 10);
    while (v /= 10);
    put_text(p);
}

#endif
