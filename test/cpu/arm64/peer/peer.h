/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CPU_ARM64_PEER_PEER_H
#define ORRERY_TEST_CPU_ARM64_PEER_PEER_H
/*
 * Programs that run bare-metal on Orrery and, with PEER_LINUX, as a process under QEMU's user-mode emulator, which
 * knows the architecture from elsewhere: text that differs is a defect of one of them. main() calls start() first
 * and finish() last.
 */
#ifdef PEER_LINUX
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__asm__(".globl _start\n_start: bl main\n");

static inline uint64_t linux_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
    register uint64_t x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}
static inline void put_text(const char *s)
{
    size_t n = 0;
    while (s[n] != '\0')
        n++;
    linux_call(64, 1, (uint64_t)(uintptr_t)s, n); /* write */
}
static inline void put_hex(uint64_t v)
{
    char text[20] = "0x", *p = text + 2;
    for (int i = 60; i >= 0; i -= 4)
        if (v >> i != 0 || i == 0)
            *p++ = "0123456789abcdef"[v >> i & 15];
    *p = '\0';
    put_text(text);
}
static inline void start(void)
{
}
static inline void map_memory(void)
{
}
static inline void finish(void)
{
    linux_call(93, 0, 0, 0); /* exit */
}
#else
#include "test/cpu/arm64/guests/guest.h"

static inline void start(void)
{
    MSR("cpacr_el1", 3u << 20);
    if ((MRS("CurrentEL") >> 2 & 3) == 2)
        MSR("cptr_el2", 0x33ff); /* floating point traps nowhere */
    ISB();
}
/* The MMU of EL1 or EL2 on: the first GiB is Device memory, three more are Normal, all as they are. */
static inline void map_memory(void)
{
    static uint64_t table[512] __attribute__((aligned(4096)));
    bool el2 = (MRS("CurrentEL") >> 2 & 3) == 2;
    for (unsigned i = 0; i < 4; i++)
        table[i] = (uint64_t)i << 30 | 1u << 10 | 3u << 8 | (i == 0 ? 0 : 1u << 2) | 1; /* AF, SH, AttrIndx */
    /* T0SZ 25, 4 KiB, write-back walks, inner shareable; 40 bits of PA */
    uint64_t tcr = 25u | 1u << 8 | 1u << 10 | 3u << 12;
    DSB();
    if (el2) {
        MSR("mair_el2", 0xff00);
        MSR("ttbr0_el2", (uintptr_t)table);
        MSR("tcr_el2", tcr | 1u << 31 | 1u << 23 | 2u << 16);
        ISB();
        MSR("sctlr_el2", MRS("sctlr_el2") | 1);
    } else {
        MSR("mair_el1", 0xff00);
        MSR("ttbr0_el1", (uintptr_t)table);
        MSR("tcr_el1", tcr | 1u << 23 | 2ull << 32);
        ISB();
        MSR("sctlr_el1", MRS("sctlr_el1") | 1);
    }
    ISB();
}
static inline void finish(void)
{
    power_off();
}
#endif
#endif
