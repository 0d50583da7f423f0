/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_ARM64_CRYPTO_IMPL_H
#define ORRERY_CPU_ARM64_CRYPTO_IMPL_H
/* What the cryptographic instructions' helpers share. */
#include <stdint.h>

/* `imm` of sm3tt: the variant in bits 1:0 (1A, 1B, 2A, 2B), the lane of Vm in bits 3:2. */

static inline uint32_t a64_rol32(uint32_t v, unsigned n)
{
    return v << n | v >> (32 - n);
}

static inline uint64_t a64_ror64(uint64_t v, unsigned n)
{
    return v >> n | v << (64 - n);
}

#endif
