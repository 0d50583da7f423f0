/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vector cryptography in a guest: FIPS 197 appendix B, GCM's test case 2, FIPS 180-4's and GB/T 32905's "abc", GB/T 32907
 * appendix A; each with vl = VLMAX and with part of a larger group. What the chapter reserves is illegal.
 */
#include "guest.h"
#define MSTATUS_VS 0x600
/* The assembler does not know them: funct6, vs2, vs1, vd; .vi has its immediate in vs1's place */
#define VK(f6, s2, s1, d) .insn r 0x77, 2, ((f6) << 1 | 1), x##d, x##s1, x##s2
#define VB(f6, f3, s2, s1, d) .insn r 0x57, f3, ((f6) << 1 | 1), x##d, x##s1, x##s2
#define LOAD(reg, label) lla t0, label; vl1re8.v reg, (t0)
#define SAME(reg, label)                                                                             \
    li gp, __LINE__; addi t0, sp, -64; vs1r.v reg, (t0); lla t1, label; ld t2, 0(t0); ld t3, 0(t1);  \
    ld t4, 8(t0); ld t5, 8(t1); sub t2, t2, t3; sub t4, t4, t5; or t2, t2, t4; beqz t2, 9f;        \
    j guest_fail; 9:
#define ILLEGAL(...) TRAPS(2, __VA_ARGS__)
    .option arch, +v
GUEST_BEGIN
    li t0, MSTATUS_VS
    csrs mstatus, t0
    /* ---- AES: v10 to v20 are the keys of appendix B ---- */
    vsetivli x0, 4, e32, m1, tu, mu
    LOAD(v10, aes_key)
    VK(0x22, 10, 1, 11)
    SAME(v11, aes_key1)
    VK(0x22, 11, 2, 12)
    VK(0x22, 12, 3, 13)
    VK(0x22, 13, 4, 14)
    VK(0x22, 14, 5, 15)
    VK(0x22, 15, 6, 16)
    VK(0x22, 16, 7, 17)
    VK(0x22, 17, 8, 18)
    VK(0x22, 18, 9, 19)
    VK(0x22, 19, 10, 20)
    SAME(v20, aes_key10)
    LOAD(v1, aes_clear)
    call aes_encrypt_one
    SAME(v1, aes_cipher)
    call aes_decrypt_one
    SAME(v1, aes_clear)
    /* two blocks, one key; then one of the two */
    vsetivli x0, 8, e32, m2, tu, mu
    LOAD(v2, aes_clear)
    LOAD(v3, aes_clear)
    call aes_encrypt_two
    SAME(v2, aes_cipher)
    SAME(v3, aes_cipher)
    vsetivli x0, 4, e32, m2, tu, mu
    call aes_decrypt_two
    SAME(v2, aes_clear)
    SAME(v3, aes_cipher)
    /* vstart in whole groups: the second block alone */
    vsetivli x0, 8, e32, m2, tu, mu
    LOAD(v2, aes_clear)
    LOAD(v3, aes_clear)
    LOAD(v4, aes_clear)
    csrwi vstart, 4
    VK(0x29, 10, 7, 2)
    csrr a0, vstart
    EXPECT(a0, 0)
    SAME(v2, aes_clear)
    VK(0x29, 10, 7, 4)
    SAME(v3, vd_of_vstart)
    /* AES-256's schedule: rounds 2 and 3, appendix A.3 */
    vsetivli x0, 4, e32, m1, tu, mu
    LOAD(v2, aes256_0)
    LOAD(v3, aes256_1)
    VK(0x2a, 3, 2, 2)
    SAME(v2, aes256_2)
    VK(0x2a, 2, 3, 3)
    SAME(v3, aes256_3)
    /* ---- GHASH ---- */
    LOAD(v2, gcm_zero)
    LOAD(v3, gcm_h)
    LOAD(v4, gcm_c)
    VK(0x2c, 3, 4, 2)
    SAME(v2, gcm_x1)
    VK(0x28, 3, 17, 4)
    SAME(v4, gcm_x1)
    vsetivli x0, 4, e32, m2, tu, mu
    LOAD(v2, gcm_zero)
    LOAD(v4, gcm_h)
    LOAD(v6, gcm_c)
    VK(0x2c, 4, 6, 2)
    SAME(v2, gcm_x1)
    /* ---- SHA-256: rounds 0 to 3, words 16 to 19 ---- */
    vsetivli x0, 4, e32, m1, tu, mu
    LOAD(v2, sha256_cdgh)
    LOAD(v3, sha256_abef)
    LOAD(v4, sha256_words)
    VK(0x2f, 3, 4, 2)
    VK(0x2e, 2, 4, 3)
    SAME(v2, sha256_abef1)
    SAME(v3, sha256_abef3)
    LOAD(v2, sha256_w0)
    LOAD(v3, gcm_zero)
    LOAD(v4, sha256_w12)
    VK(0x2d, 3, 4, 2)
    SAME(v2, sha256_w16)
    vsetivli x0, 4, e32, m2, tu, mu
    LOAD(v2, sha256_cdgh)
    LOAD(v4, sha256_abef)
    LOAD(v6, sha256_words)
    VK(0x2f, 4, 6, 2)
    SAME(v2, sha256_abef1)
    /* ---- SHA-512: rounds 0 and 1, words 16 to 19 ---- */
    vsetivli x0, 4, e64, m2, tu, mu
    call sha512
    vsetivli x0, 4, e64, m4, tu, mu
    call sha512
    /* ---- SM4: key schedule and rounds ---- */
    vsetivli x0, 4, e32, m1, tu, mu
    LOAD(v2, sm4_block)
    LOAD(v3, sm4_key)
    VK(0x21, 3, 0, 3)
    VK(0x28, 3, 16, 2)
    VK(0x21, 3, 1, 3)
    VK(0x28, 3, 16, 2)
    VK(0x21, 3, 2, 3)
    VK(0x28, 3, 16, 2)
    VK(0x21, 3, 3, 3)
    VK(0x28, 3, 16, 2)
    VK(0x21, 3, 4, 3)
    VK(0x29, 3, 16, 2)
    VK(0x21, 3, 5, 3)
    VK(0x29, 3, 16, 2)
    VK(0x21, 3, 6, 3)
    VK(0x29, 3, 16, 2)
    VK(0x21, 3, 7, 3)
    VK(0x29, 3, 16, 2)
    SAME(v2, sm4_result)
    /* ---- SM3: words 16 to 23, rounds 0 and 1 ---- */
    vsetivli x0, 8, e32, m2, tu, mu
    LOAD(v2, sm3_w0)
    LOAD(v3, gcm_zero)
    LOAD(v4, gcm_zero)
    LOAD(v5, sm3_w12)
    VK(0x20, 4, 2, 6)
    SAME(v6, sm3_w16)
    SAME(v7, sm3_w20)
    LOAD(v4, sm3_abcd)
    LOAD(v5, sm3_efgh)
    VK(0x2b, 2, 0, 4)
    SAME(v4, sm3_abcd1)
    SAME(v5, sm3_efgh1)

    /* ---- Zvbb, Zvbc ---- */
    vsetivli x0, 2, e64, m1, tu, mu
    li a0, 0x0123456789abcdef
    vmv.v.x v2, a0
    VB(0x12, 2, 2, 10, 3) /* vbrev */
    vmv.x.s a2, v3
    EXPECT(a2, 0xf7b3d591e6a2c480)
    VB(0x12, 2, 2, 8, 3) /* vbrev8 */
    vmv.x.s a2, v3
    EXPECT(a2, 0x80c4a2e691d5b3f7)
    VB(0x12, 2, 2, 9, 3) /* vrev8 */
    vmv.x.s a2, v3
    EXPECT(a2, 0xefcdab8967452301)
    VB(0x12, 2, 2, 12, 3) /* vclz */
    vmv.x.s a2, v3
    EXPECT(a2, 7)
    VB(0x12, 2, 2, 13, 3) /* vctz */
    vmv.x.s a2, v3
    EXPECT(a2, 0)
    VB(0x12, 2, 2, 14, 3) /* vcpop */
    vmv.x.s a2, v3
    EXPECT(a2, 32)
    vmv.v.i v4, 0
    VB(0x12, 2, 4, 12, 3)
    vmv.x.s a2, v3
    EXPECT(a2, 64)
    VB(0x12, 2, 4, 13, 3)
    vmv.x.s a2, v3
    EXPECT(a2, 64)
    VB(0x15, 3, 2, 4, 3) /* vror.vi 36: bit 26 is the sixth of the immediate */
    vmv.x.s a2, v3
    EXPECT(a2, 0x789abcdef0123456)
    VB(0x14, 3, 2, 4, 3) /* vror.vi 4 */
    vmv.x.s a2, v3
    EXPECT(a2, 0xf0123456789abcde)
    li a1, 68
    VB(0x15, 4, 2, 11, 3) /* vrol.vx: modulo 64 */
    vmv.x.s a2, v3
    EXPECT(a2, 0x123456789abcdef0)
    li a1, 0xff
    VB(0x01, 4, 2, 11, 3) /* vandn.vx: sign-extended, so only the low byte goes */
    vmv.x.s a2, v3
    EXPECT(a2, 0x0123456789abcd00)
    li a1, 3
    VB(0x0c, 6, 2, 11, 3) /* vclmul.vx: v ^ v << 1 */
    vmv.x.s a2, v3
    EXPECT(a2, 0x0365cfa89afc5631)
    li a1, 0x8000000000000000
    VB(0x0d, 6, 2, 11, 3) /* vclmulh.vx: half of it */
    vmv.x.s a2, v3
    EXPECT(a2, 0x0091a2b3c4d5e6f7)
    vsetivli x0, 4, e32, m1, tu, mu
    VB(0x35, 3, 2, 31, 4) /* vwsll.vi by 31 to 64 bits */
    vsetivli x0, 2, e64, m1, tu, mu
    vmv.x.s a2, v4
    EXPECT(a2, 0x44d5e6f780000000)

    /* ---- reserved ---- */
    vsetivli x0, 3, e32, m1, tu, mu
    ILLEGAL(VK(0x29, 10, 7, 2))
    vsetivli x0, 4, e32, m1, tu, mu
    csrwi vstart, 1
    ILLEGAL(VK(0x29, 10, 7, 2))
    csrr a0, vstart
    EXPECT(a0, 1)
    csrwi vstart, 0
    ILLEGAL(VK(0x29, 10, 7, 10))                     /* vd is vs2 */
    ILLEGAL(.insn r 0x77, 2, 0x28 << 1, x2, x3, x10) /* masked */
    ILLEGAL(VK(0x2d, 3, 4, 3))
    ILLEGAL(VK(0x2d, 3, 4, 4))
    ILLEGAL(VK(0x20, 4, 6, 2)) /* SM3: 256 bits do not fit LMUL = 1 */
    vsetivli x0, 2, e64, m1, tu, mu
    ILLEGAL(VK(0x28, 10, 3, 2))
    ILLEGAL(VK(0x2d, 3, 4, 2)) /* nor do SHA-512's */
    vsetivli x0, 2, e32, mf2, tu, mu
    ILLEGAL(VK(0x28, 10, 3, 2))
    vsetivli x0, 0, e32, mf2, tu, mu
    ILLEGAL(VK(0x28, 10, 3, 2)) /* even with vl = 0 */
    vsetivli x0, 4, e16, m1, tu, mu
    ILLEGAL(VK(0x28, 10, 3, 2))
    ILLEGAL(VB(0x0c, 2, 2, 4, 3)) /* products are of 64 bits */
    vsetivli x0, 8, e32, m2, tu, mu
    ILLEGAL(VK(0x28, 10, 3, 3))  /* odd register */
    ILLEGAL(VK(0x29, 11, 3, 10)) /* the key is in vd's group */
    ILLEGAL(VK(0x20, 4, 6, 4))   /* vsm3me: vd is vs2 */
    li t0, MSTATUS_VS
    csrc mstatus, t0
    ILLEGAL(VK(0x28, 10, 3, 2))
    j guest_pass

aes_encrypt_one: /* .vv */
    VK(0x29, 10, 7, 1)
    VK(0x28, 11, 2, 1)
    VK(0x28, 12, 2, 1)
    VK(0x28, 13, 2, 1)
    VK(0x28, 14, 2, 1)
    VK(0x28, 15, 2, 1)
    VK(0x28, 16, 2, 1)
    VK(0x28, 17, 2, 1)
    VK(0x28, 18, 2, 1)
    VK(0x28, 19, 2, 1)
    VK(0x28, 20, 3, 1)
    ret
aes_decrypt_one:
    VK(0x29, 20, 7, 1)
    VK(0x28, 19, 0, 1)
    VK(0x28, 18, 0, 1)
    VK(0x28, 17, 0, 1)
    VK(0x28, 16, 0, 1)
    VK(0x28, 15, 0, 1)
    VK(0x28, 14, 0, 1)
    VK(0x28, 13, 0, 1)
    VK(0x28, 12, 0, 1)
    VK(0x28, 11, 0, 1)
    VK(0x28, 10, 1, 1)
    ret
aes_encrypt_two: /* .vs */
    VK(0x29, 10, 7, 2)
    VK(0x29, 11, 2, 2)
    VK(0x29, 12, 2, 2)
    VK(0x29, 13, 2, 2)
    VK(0x29, 14, 2, 2)
    VK(0x29, 15, 2, 2)
    VK(0x29, 16, 2, 2)
    VK(0x29, 17, 2, 2)
    VK(0x29, 18, 2, 2)
    VK(0x29, 19, 2, 2)
    VK(0x29, 20, 3, 2)
    ret
aes_decrypt_two:
    VK(0x29, 20, 7, 2)
    VK(0x29, 19, 0, 2)
    VK(0x29, 18, 0, 2)
    VK(0x29, 17, 0, 2)
    VK(0x29, 16, 0, 2)
    VK(0x29, 15, 0, 2)
    VK(0x29, 14, 0, 2)
    VK(0x29, 13, 0, 2)
    VK(0x29, 12, 0, 2)
    VK(0x29, 11, 0, 2)
    VK(0x29, 10, 1, 2)
    ret
sha512:
    lla t0, sha512_cdgh
    vl2re64.v v4, (t0)
    lla t0, sha512_abef
    vl2re64.v v8, (t0)
    lla t0, sha512_words
    vl2re64.v v12, (t0)
    VK(0x2f, 8, 12, 4)
    SAME(v4, sha512_abef1)
    SAME(v5, sha512_abef1 + 16)
    lla t0, sha512_w0
    vl2re64.v v4, (t0)
    lla t0, sha512_w4
    vl2re64.v v8, (t0)
    lla t0, sha512_w12
    vl2re64.v v12, (t0)
    VK(0x2d, 8, 12, 4)
    SAME(v4, sha512_w16)
    SAME(v5, sha512_w16 + 16)
    ret

    .balign 16
#define BYTES(name, ...) name: .byte __VA_ARGS__
#define WORDS(name, ...) name: .word __VA_ARGS__
BYTES(aes_key, 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c)
BYTES(aes_key1, 0xa0, 0xfa, 0xfe, 0x17, 0x88, 0x54, 0x2c, 0xb1, 0x23, 0xa3, 0x39, 0x39, 0x2a, 0x6c, 0x76, 0x05)
BYTES(aes_key10, 0xd0, 0x14, 0xf9, 0xa8, 0xc9, 0xee, 0x25, 0x89, 0xe1, 0x3f, 0x0c, 0xc8, 0xb6, 0x63, 0x0c, 0xa6)
BYTES(aes_clear, 0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d, 0x31, 0x31, 0x98, 0xa2, 0xe0, 0x37, 0x07, 0x34)
BYTES(aes_cipher, 0x39, 0x25, 0x84, 0x1d, 0x02, 0xdc, 0x09, 0xfb, 0xdc, 0x11, 0x85, 0x97, 0x19, 0x6a, 0x0b, 0x32)
/* clear ^ key: the state at the start of round 1 */
BYTES(vd_of_vstart, 0x19, 0x3d, 0xe3, 0xbe, 0xa0, 0xf4, 0xe2, 0x2b, 0x9a, 0xc6, 0x8d, 0x2a, 0xe9, 0xf8, 0x48, 0x08)
BYTES(aes256_0, 0x60, 0x3d, 0xeb, 0x10, 0x15, 0xca, 0x71, 0xbe, 0x2b, 0x73, 0xae, 0xf0, 0x85, 0x7d, 0x77, 0x81)
BYTES(aes256_1, 0x1f, 0x35, 0x2c, 0x07, 0x3b, 0x61, 0x08, 0xd7, 0x2d, 0x98, 0x10, 0xa3, 0x09, 0x14, 0xdf, 0xf4)
BYTES(aes256_2, 0x9b, 0xa3, 0x54, 0x11, 0x8e, 0x69, 0x25, 0xaf, 0xa5, 0x1a, 0x8b, 0x5f, 0x20, 0x67, 0xfc, 0xde)
BYTES(aes256_3, 0xa8, 0xb0, 0x9c, 0x1a, 0x93, 0xd1, 0x94, 0xcd, 0xbe, 0x49, 0x84, 0x6e, 0xb7, 0x5d, 0x5b, 0x9a)
BYTES(gcm_h, 0x66, 0xe9, 0x4b, 0xd4, 0xef, 0x8a, 0x2c, 0x3b, 0x88, 0x4c, 0xfa, 0x59, 0xca, 0x34, 0x2b, 0x2e)
BYTES(gcm_c, 0x03, 0x88, 0xda, 0xce, 0x60, 0xb6, 0xa3, 0x92, 0xf3, 0x28, 0xc2, 0xb9, 0x71, 0xb2, 0xfe, 0x78)
BYTES(gcm_x1, 0x5e, 0x2e, 0xc7, 0x46, 0x91, 0x70, 0x62, 0x88, 0x2c, 0x85, 0xb0, 0x68, 0x53, 0x53, 0xde, 0xb7)
WORDS(gcm_zero, 0, 0, 0, 0)
WORDS(sha256_cdgh, 0x5be0cd19, 0x1f83d9ab, 0xa54ff53a, 0x3c6ef372)
WORDS(sha256_abef, 0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667)
WORDS(sha256_words, 0x61626380 + 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5)
WORDS(sha256_abef1, 0xfa2a4622, 0x78ce7989, 0x5d6aebcd, 0x5a6ad9ad)
WORDS(sha256_abef3, 0xf92939eb, 0x24e00850, 0xc8c347a7, 0xd550f666)
WORDS(sha256_w0, 0x61626380, 0, 0, 0)
WORDS(sha256_w12, 0, 0, 0, 24)
WORDS(sha256_w16, 0x61626380, 0x000f0000, 0x7da86405, 0x600003c6)
    .balign 16
sha512_cdgh: .dword 0x5be0cd19137e2179, 0x1f83d9abfb41bd6b, 0xa54ff53a5f1d36f1, 0x3c6ef372fe94f82b
sha512_abef: .dword 0x9b05688c2b3e6c1f, 0x510e527fade682d1, 0xbb67ae8584caa73b, 0x6a09e667f3bcc908
sha512_words: .dword 0x6162638000000000 + 0x428a2f98d728ae22, 0x7137449123ef65cd, 0, 0
sha512_abef1: .dword 0x58cb02347ab51f91, 0xc3d4ebfd48650ffa, 0xf6afceb8bcfcddf5, 0x1320f8c9fb872cc0
sha512_w0: .dword 0x6162638000000000, 0, 0, 0
sha512_w4: .dword 0, 0, 0, 0
sha512_w12: .dword 0, 0, 0, 24
sha512_w16: .dword 0x6162638000000000, 0x00030000000000c0, 0x0a9699a24c700003, 0x00000c0060000603
/* the key's words and FK; words of the result are stored in the reverse order */
WORDS(sm4_block, 0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210)
WORDS(sm4_key, 0x01234567 ^ 0xa3b1bac6, 0x89abcdef ^ 0x56aa3350, 0xfedcba98 ^ 0x677d9197, 0x76543210 ^ 0xb27022dc)
WORDS(sm4_result, 0x536e4246, 0x86b3e94f, 0xd206965e, 0x681edf34)
/* big-endian */
WORDS(sm3_w0, 0x80636261, 0, 0, 0)
WORDS(sm3_w12, 0, 0, 0, 0x18000000)
WORDS(sm3_w16, 0x00e29290, 0, 0x06060c00, 0xed709c71)
WORDS(sm3_w20, 0, 0x1f800180, 0xa97d9f93, 0)
WORDS(sm3_abcd, 0x6f168073, 0xb9b21449, 0xd7422417, 0x00068ada)
WORDS(sm3_efgh, 0xbc306fa9, 0xaa383116, 0x4dee8de3, 0x4e0efbb0)
WORDS(sm3_abcd1, 0x8c4252ea, 0x2bc1edb9, 0xe7de2c00, 0x92726529)
WORDS(sm3_efgh1, 0x233a35ac, 0xf429adb2, 0x794be585, 0x89b150c5)
GUEST_END
