/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CPU_ARM64_PEER_A32_RECORD_H
#define ORRERY_TEST_CPU_ARM64_PEER_A32_RECORD_H
/*
 * One AArch32 instruction and the state it starts from, and the state it leaves: files of these go
 * between test/cpu/arm64/a32_peer.c and peer/a32/program.c, which runs under QEMU.
 */
#include <stdint.h>

#define A32_CODE   0x40008000u /* the instruction; then A32 code that stores the state */
#define A32_STATE  0x40009000u
#define A32_DATA   0x40100000u /* what loads and stores reach */
#define A32_WINDOW 0x10000u

struct a32_start {
    uint32_t thumb, word, length;
    uint32_t r[15], cpsr, fpscr;
    uint64_t d[32];
};
struct a32_end {
    uint32_t signal; /* not 0: it raised that, and the rest is unknown */
    uint32_t r[15], cpsr, fpscr;
    uint64_t d[32];
    uint32_t data; /* a sum over the window */
    uint32_t unused;
};

static inline void a32_fill(uint8_t *window)
{
    uint64_t x = 7;
    for (uint32_t i = 0; i < A32_WINDOW; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        window[i] = (uint8_t)(x >> 56);
    }
}

static inline uint32_t a32_sum(const uint8_t *window)
{
    uint32_t h = 1;
    for (uint32_t i = 0; i < A32_WINDOW; i++)
        h = (h ^ window[i]) * 16777619u;
    return h;
}

#endif
