/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CPU_X86_HOST_H
#define ORRERY_TEST_CPU_X86_HOST_H
/*
 * The host as the reference: one instruction in a loop over records of operands, the same bytes at the same addresses
 * in a page of this process and in a machine, run by both. A record is the whole state before and after.
 *
 *   HOST_BASE        saved stack pointer and MXCSR, where to go at the end
 *     + 0x1000       code
 *     + 0x4000       page tables of the machine
 *     + 0x8000       its GDT and IDT
 *     + 0x9000       what its exceptions go to
 *     + 0x10000      records; RSP points at `gpr` of one
 */
#include "cpu/x86/translate_impl.h"
#include "test/cpu/x86/fixture.h"

#define HOST_BASE    0x10000000u
#define HOST_CODE    (HOST_BASE + 0x1000)
#define HOST_TABLES  (HOST_BASE + 0x4000)
#define HOST_GDT     (HOST_BASE + 0x8000)
#define HOST_TRAPS   (HOST_BASE + 0x9000) /* + vector: where an exception ends */
#define HOST_RECORDS (HOST_BASE + 0x10000)
#define HOST_SIZE    (1u << 20)
#define HOST_COUNT   64u /* records at most */
#define HOST_MEMORY  512u

struct host_record {
    uint64_t gpr[16];
    uint64_t flags;
    uint32_t mxcsr, more;         /* more: another record follows */
    uint64_t pad[6];
    uint64_t k[8];
    uint64_t mm[8];
    uint64_t pad2[16];
    uint64_t zmm[32][8];
    uint8_t memory[HOST_MEMORY];  /* 64-aligned */
    uint8_t stack[64];            /* of the next record */
};

/* A processor with what both the host and profile "max" have, and the host's AVX-512, in 64-bit mode. */
void x86_host_create(struct pc *h, enum exec_mode mode);
/* Likewise with all of "max", whatever the host has: for values that are worked out. */
void x86_max_create(struct pc *h, enum exec_mode mode);

/* Code around `insn`: which registers it loads and stores. */
enum { HOST_YMM = 1, HOST_ZMM = 2, HOST_MM = 4 };
void x86_host_emit(uint8_t *code, const uint8_t *insn, size_t n, unsigned what);
/* The page of this process; NULL if the host will not give it. */
uint8_t *x86_host_page(void);
/* Run what lies in the page, natively; or in the machine, from and to `records`. False: it did not come to its end. */
void x86_host_run_native(void);
bool x86_host_run_guest(struct pc *h, const uint8_t *page, struct host_record *records, unsigned n);

#endif
