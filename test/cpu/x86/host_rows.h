/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CPU_X86_HOST_ROWS_H
#define ORRERY_TEST_CPU_X86_HOST_ROWS_H
/*
 * Every row of the decode tables that a program says it wants, with random operands in registers and in memory, by the
 * host and by both executors: results, flags, MXCSR and memory must agree bit for bit.
 */
#include "cpu/x86/opcode.h"
#include "test/cpu/x86/host.h"

struct host_rows {
    bool (*wanted)(const struct x86_cpu *c, uint16_t form);
    /* Changes a random record so that the instruction does not fault; false: it cannot be tried. May be NULL. */
    bool (*prepare)(const struct x86_decoded *d, struct host_record *r, uint32_t record, uint64_t *seed);
    /* Which bits of RFLAGS are compared; NULL: all. */
    uint64_t (*flags)(const struct x86_decoded *d, const struct host_record *in);
};

/*
 * Until `steps` operands were tried, each row at least once. Fails the test if something differs; returns the number of
 * operands, 0 where the host gives no executable page. HOST_ONLY in the environment: one instruction's name.
 */
uint64_t x86_host_rows(const struct host_rows *rows, uint64_t steps);

/* `arg`: a seed. */
uint64_t x86_host_random(void *arg);

#endif
