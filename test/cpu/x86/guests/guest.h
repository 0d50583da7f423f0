/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CPU_X86_GUESTS_GUEST_H
#define ORRERY_TEST_CPU_X86_GUESTS_GUEST_H
/* For bare-metal C programs in 64-bit mode: console (COM1), checks, control registers, exceptions. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGES 0x200000ull          /* see start.S */
#define TEST  0x40000000ull        /* its page tables are the program's: map_test */

/* What ended try_call. */
struct caught {
    uint64_t vector, error, rip, cs, rflags, rsp, ss, cr2;
};
extern struct caught caught;
int try_call(void (*fn)(void *), void *arg);
void run_user(void (*fn)(void), void *stack) __attribute__((noreturn));
void power_off(void) __attribute__((noreturn));
extern const char vectors[];
/* Its exceptions go there instead, of INT from every level, too. */
void set_gate(unsigned vector, const char *handler);

static inline void outb(uint16_t port, uint8_t v) { __asm__ volatile("outb %0, %1" ::"a"(v), "Nd"(port)); }
static inline void outl(uint16_t port, uint32_t v) { __asm__ volatile("outl %0, %1" ::"a"(v), "Nd"(port)); }
static inline uint8_t inb(uint16_t port)
{
    uint8_t v;
    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

#define READ_CR(n)     ({ uint64_t v_; __asm__ volatile("mov %%cr" #n ", %0" : "=r"(v_)); v_; })
#define WRITE_CR(n, v) __asm__ volatile("mov %0, %%cr" #n ::"r"((uint64_t)(v)) : "memory")

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t lo, hi;
    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return (uint64_t)hi << 32 | lo;
}
static inline void wrmsr(uint32_t msr, uint64_t v)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}
static inline void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
    __asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(leaf), "c"(subleaf));
}

static inline void put_text(const char *s)
{
    for (; *s != '\0'; s++)
        outb(0x3f8, (uint8_t)*s);
}
static inline void put_number(uint64_t v, unsigned base)
{
    char text[24];
    unsigned n = sizeof(text);
    text[--n] = '\0';
    do
        text[--n] = "0123456789abcdef"[v % base];
    while ((v /= base) != 0);
    put_text(text + n);
}

/* Each program says at its end "NAME: N cases passed", or which line failed. */
extern unsigned guest_cases;
#define CHECK(got, want)                                                                           \
    do {                                                                                           \
        uint64_t got_ = (uint64_t)(got), want_ = (uint64_t)(want);                                 \
        guest_cases++;                                                                             \
        if (got_ != want_) {                                                                       \
            put_text(__FILE__ ":"), put_number(__LINE__, 10), put_text(": " #got " is ");          \
            put_number(got_, 16), put_text(", not "), put_number(want_, 16), put_text("\n");       \
            power_off();                                                                           \
        }                                                                                          \
    } while (0)
#define PASSED(name) (put_text(name ": "), put_number(guest_cases, 10), put_text(" cases passed\n"))

/* The page at TEST gets these entries, with the tables' addresses where they point at tables; and the last one now. */
void map_test(uint64_t pdpte, uint64_t pde, uint64_t pte);
uint64_t test_entry(void);

#endif
