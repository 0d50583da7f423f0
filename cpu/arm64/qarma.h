/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_ARM64_QARMA_H
#define ORRERY_CPU_ARM64_QARMA_H
/*
 * QARMA-64, the block cipher of pointer authentication: R. Avanzi, "The QARMA block cipher
 * family" (2017), and ComputePAC() of the Arm ARM. FEAT_PACQARMA5 is sbox 2 with 5 rounds,
 * FEAT_PACQARMA3 sbox 1 with 3. Pure functions.
 */
#include "core/util/types.h"
#include <stdint.h>

enum qarma_sbox { QARMA_SIGMA0, QARMA_SIGMA1, QARMA_SIGMA2 };

/* `w0`, `k0`: the two halves of the key (Arm: bits 127:64 and 63:0). rounds: 1..5. */
uint64_t qarma64(uint64_t text, uint64_t tweak, uint64_t w0, uint64_t k0, enum qarma_sbox sbox,
                 unsigned rounds);
/* The same without the host's byte shuffles, for hosts that have none. */
uint64_t qarma64_portable(uint64_t text, uint64_t tweak, uint64_t w0, uint64_t k0,
                          enum qarma_sbox sbox, unsigned rounds);

#endif
