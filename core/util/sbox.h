/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_UTIL_SBOX_H
#define ORRERY_CORE_UTIL_SBOX_H
/* Substitution tables that more than one ISA has instructions for: FIPS 197 (AES), GB/T 32907-2016 (SM4). */
#include <stdint.h>

extern const uint8_t sbox_aes[256], sbox_aes_inverse[256], sbox_sm4[256];

#endif
