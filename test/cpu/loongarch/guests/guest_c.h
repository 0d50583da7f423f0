/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bare-metal guests in C: like the others (guest.h) but for traps, of which none is expected: one is a failure whose
 * "line" is ESTAT. A guest that takes interrupts sets EENTRY itself.
 */
#ifndef GUEST_C_H
#define GUEST_C_H

typedef unsigned char uint8_t;
typedef unsigned int uint32_t;
typedef unsigned long uint64_t;

#define CSR_PRMD   0x1
#define CSR_ECFG   0x4
#define CSR_ESTAT  0x5
#define CSR_EENTRY 0xc
#define CSR_CRMD   0x0
#define CRMD_IE    4ul

void guest_main(void);
void guest_trap(void);

static uint64_t guest_checks;

#define csr_read(number)                                                                                               \
    ({ uint64_t v_; __asm__ volatile("csrrd %0, %1" : "=r"(v_) : "i"(number) : "memory"); v_; })
#define csr_write(number, value)                                                                                       \
    ({ uint64_t v_ = (value); __asm__ volatile("csrwr %0, %1" : "+r"(v_) : "i"(number) : "memory"); v_; })

/* One instruction of that size, however the address is aligned. */
static inline uint64_t load(uint64_t at, unsigned size)
{
    uint64_t v;

    if (size == 1)
        __asm__ volatile("ld.bu %0, %1, 0" : "=r"(v) : "r"(at) : "memory");
    else if (size == 2)
        __asm__ volatile("ld.hu %0, %1, 0" : "=r"(v) : "r"(at) : "memory");
    else if (size == 4)
        __asm__ volatile("ld.wu %0, %1, 0" : "=r"(v) : "r"(at) : "memory");
    else
        __asm__ volatile("ld.d %0, %1, 0" : "=r"(v) : "r"(at) : "memory");
    return v;
}

static inline void store(uint64_t at, unsigned size, uint64_t v)
{
    if (size == 1)
        __asm__ volatile("st.b %0, %1, 0" :: "r"(v), "r"(at) : "memory");
    else if (size == 2)
        __asm__ volatile("st.h %0, %1, 0" :: "r"(v), "r"(at) : "memory");
    else if (size == 4)
        __asm__ volatile("st.w %0, %1, 0" :: "r"(v), "r"(at) : "memory");
    else
        __asm__ volatile("st.d %0, %1, 0" :: "r"(v), "r"(at) : "memory");
}

/* IOCSR instructions extend the sign; here the value is as wide as the access. */
static inline uint64_t iocsr(uint64_t at, unsigned size)
{
    uint64_t v;

    if (size == 1)
        __asm__ volatile("iocsrrd.b %0, %1" : "=r"(v) : "r"(at) : "memory");
    else if (size == 2)
        __asm__ volatile("iocsrrd.h %0, %1" : "=r"(v) : "r"(at) : "memory");
    else if (size == 4)
        __asm__ volatile("iocsrrd.w %0, %1" : "=r"(v) : "r"(at) : "memory");
    else
        __asm__ volatile("iocsrrd.d %0, %1" : "=r"(v) : "r"(at) : "memory");
    return size == 8 ? v : v & ((1ul << 8 * size) - 1);
}

static inline void set_iocsr(uint64_t at, unsigned size, uint64_t v)
{
    if (size == 1)
        __asm__ volatile("iocsrwr.b %0, %1" :: "r"(v), "r"(at) : "memory");
    else if (size == 2)
        __asm__ volatile("iocsrwr.h %0, %1" :: "r"(v), "r"(at) : "memory");
    else if (size == 4)
        __asm__ volatile("iocsrwr.w %0, %1" :: "r"(v), "r"(at) : "memory");
    else
        __asm__ volatile("iocsrwr.d %0, %1" :: "r"(v), "r"(at) : "memory");
}

__attribute__((noreturn)) static inline void guest_end(const char *name, uint64_t line)
{
    if (line == 0)
        __asm__ volatile("move $a0, %0; move $s6, %1; b guest_pass" :: "r"(name), "r"(guest_checks) : "$a0");
    __asm__ volatile("move $a0, %0; move $s8, %1; b guest_fail" :: "r"(name), "r"(line) : "$a0");
    __builtin_unreachable();
}

/* GUEST_NAME: as the file's, without .c */
#define EXPECT(got, want)                                                                                              \
    do {                                                                                                               \
        if ((uint64_t)(got) != (uint64_t)(want))                                                                       \
            guest_end(GUEST_NAME, __LINE__);                                                                           \
        guest_checks++;                                                                                                \
    } while (0)

__asm__(".text\n .balign 4096\n .globl guest_trap\n guest_trap: la.pcrel $a0, 1f; csrrd $s8, 5; b guest_fail\n"
        ".section .rodata\n 1: .asciz \"a trap, ESTAT after 'line'\"\n .text\n");

#endif
