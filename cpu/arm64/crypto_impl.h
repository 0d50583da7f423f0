/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_ARM64_CRYPTO_IMPL_H
#define ORRERY_CPU_ARM64_CRYPTO_IMPL_H
/*
 * Vector helpers of the cryptographic instructions that have two forms: a64_vec_NAME takes the
 * host's instructions where it has them, a64_portable_NAME never does (tests compare the two).
 */
#include "core/ir/ir.h"

#define A64_CRYPTO_TWO_FORMS(X) \
    X(aese) X(aesd) X(aesmc) X(aesimc) X(sha1) X(sha256h) X(sha256h2) X(sha256su0) X(sha256su1)
#define X(name) ir_vec_fn a64_portable_##name;
A64_CRYPTO_TWO_FORMS(X)
#undef X
/* `imm` of sha1: which function of B, C, D. */
enum a64_sha1 { A64_SHA1_CHOOSE, A64_SHA1_PARITY, A64_SHA1_MAJORITY };
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
