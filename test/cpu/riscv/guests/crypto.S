/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scalar cryptography against published vectors: FIPS 197 appendices A.1 and B (AES-128,
 * first round), FIPS 180-4 functions on single bits, GB/T 32907-2016 appendix A (SM4).
 */
#include "guest.h"
GUEST_BEGIN
    /* 2b7e1516 28aed2a6 abf71588 09cf4f3c -> a0fafe17 88542cb1 23a33939 2a6c7605 */
    li s0, 0xa6d2ae2816157e2b
    li s1, 0x3c4fcf098815f7ab
    aes64ks1i s2, s1, 0
    aes64ks2 s3, s2, s0
    aes64ks2 s4, s3, s1
    EXPECT(s3, 0xb12c548817fefaa0)
    EXPECT(s4, 0x05766c2a3939a323)
    /* 193de3be a0f4e22b 9ac68d2a e9f84808: after SubBytes, ShiftRows; after MixColumns */
    RR(aes64es, 0xae52b4e0305dbfd4, 0x2be2f4a0bee33d19, 0x0848f8e92a8dc69a)
    RR(aes64es, 0xe598271ef11141b8, 0x0848f8e92a8dc69a, 0x2be2f4a0bee33d19)
    RR(aes64esm, 0x9a19cbe0e5816604, 0x2be2f4a0bee33d19, 0x0848f8e92a8dc69a)
    RR(aes64esm, 0x4c2606287ad3f848, 0x0848f8e92a8dc69a, 0x2be2f4a0bee33d19)
    /* and back */
    RR(aes64ds, 0x2be2f4a0bee33d19, 0xae52b4e0305dbfd4, 0xe598271ef11141b8)
    R1(aes64im, 0xae52b4e0305dbfd4, 0x9a19cbe0e5816604)
    li a0, 0xae52b4e0305dbfd4
    li a1, 0xe598271ef11141b8
    aes64dsm a2, a0, a1
    aes64ds a3, a0, a1
    aes64im a3, a3
    sub a2, a2, a3
    EXPECT(a2, 0)
    R1(sha256sum0, 0x40080400, 1)
    R1(sha256sum0, 0xffffffff80100800, 2)
    R1(sha256sum1, 0x04200080, 1)
    R1(sha256sig0, 0x02004000, 1)
    R1(sha256sig0, 0x11002000, 0x80000000)
    R1(sha256sig1, 0xa000, 1)
    R1(sha512sum0, 0x1042000000, 1)
    R1(sha512sum1, 0x0004400000800000, 1)
    R1(sha512sig0, 0x8100000000000000, 1)
    R1(sha512sig1, 0x0000200000000008, 1)
    R1(sm3p0, 0x20201, 1)
    R1(sm3p1, 0x808001, 1)
    /* rk0 = f12186f9 of key 01234567...; X4 = 27fad345 (words little-endian here) */
    li s0, 0xa1ff92a2
    li s1, 0x69cb8382
    sm4ks s0, s0, s1, 0
    sm4ks s0, s0, s1, 1
    sm4ks s0, s0, s1, 2
    sm4ks s0, s0, s1, 3
    EXPECT(s0, 0xfffffffff98621f1)
    li s0, 0x67452301
    li s1, 0x9ec302f0
    sm4ed s0, s0, s1, 0
    sm4ed s0, s0, s1, 1
    sm4ed s0, s0, s1, 2
    sm4ed s0, s0, s1, 3
    EXPECT(s0, 0x45d3fa27)
GUEST_END
