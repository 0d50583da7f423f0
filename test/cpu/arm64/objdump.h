/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TEST_CPU_ARM64_OBJDUMP_H
#define ORRERY_TEST_CPU_ARM64_OBJDUMP_H
/* What the tests of A64 tables against objdump share. */
#include "cpu/arm64/decode.gen.h"
#include "test/cpu/objdump.h"

#define A64_OBJDUMP "aarch64-linux-gnu-objdump -D -z -b binary -m aarch64 -M no-aliases words"
#define A64_OBJDUMP_PACKAGE "binutils-aarch64-linux-gnu"

static inline void a64_objdump_text(uint32_t word, uint64_t at, char *text, size_t size)
{
    struct a64_decoded d;
    if (a64_decode(word, ~0ull, &d))
        a64_disassemble(&d, at, text, size);
}

#endif
