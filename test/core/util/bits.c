/* SPDX-License-Identifier: Apache-2.0 */
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "core/util/fifo.h"
#include "test/check_main.h"

#define SATP_MODE 63, 60
#define SATP_ASID 59, 44
#define SATP_PPN  43, 0
#define ALL       63, 0
#define BIT_7     7, 7

START_TEST(fields)
{
    uint64_t satp = 0;
    satp = F_PUT(satp, SATP_MODE, 9);
    satp = F_PUT(satp, SATP_ASID, 0xabcd);
    satp = F_PUT(satp, SATP_PPN, 0x80123);
    ck_assert_uint_eq(satp, 0x9abcd00000080123ull);
    ck_assert_uint_eq(F_GET(satp, SATP_MODE), 9);
    ck_assert_uint_eq(F_GET(satp, SATP_ASID), 0xabcd);
    ck_assert_uint_eq(F_GET(satp, SATP_PPN), 0x80123);
    ck_assert_uint_eq(F_MASK(SATP_MODE), 0xf000000000000000ull);
    ck_assert_uint_eq(F_MASK(SATP_PPN), 0x00000fffffffffffull);
    ck_assert_uint_eq(F_MASK(ALL), ~0ull);
    ck_assert_uint_eq(F_GET(satp, ALL), satp);
    ck_assert_uint_eq(F_PUT(satp, ALL, 5), 5);
    ck_assert_uint_eq(F_PUT(0, BIT_7, 0x3), 0x80); /* what does not fit is dropped */
    ck_assert_uint_eq(F_PUT(~0ull, BIT_7, 0), ~0x80ull);
}
END_TEST

START_TEST(extension)
{
    ck_assert_uint_eq(sext(0x800, 12), 0xfffffffffffff800ull);
    ck_assert_uint_eq(sext(0x7ff, 12), 0x7ff);
    ck_assert_uint_eq(sext(0xf7ff, 12), 0x7ff);
    ck_assert_uint_eq(sext(1, 1), ~0ull);
    ck_assert_uint_eq(sext(0x8000000000000000ull, 64), 0x8000000000000000ull);
    ck_assert_uint_eq(zext(~0ull, 0), 0);
    ck_assert_uint_eq(zext(~0ull, 1), 1);
    ck_assert_uint_eq(zext(~0ull, 64), ~0ull);
}
END_TEST

START_TEST(counting)
{
    for (unsigned i = 0; i < 64; i++) {
        ck_assert_uint_eq(clz64(BIT(i)), 63 - i);
        ck_assert_uint_eq(ctz64(BIT(i)), i);
        ck_assert_uint_eq(log2_floor(BIT(i) | 1), i);
        ck_assert(is_pow2(BIT(i)));
        ck_assert_uint_eq(popcount64(~0ull >> i), 64 - i);
    }
    ck_assert_uint_eq(clz64(0), 64);
    ck_assert_uint_eq(ctz64(0), 64);
    ck_assert(!is_pow2(0) && !is_pow2(3));
}
END_TEST

START_TEST(rotation_and_alignment)
{
    ck_assert_uint_eq(rotl64(0x8000000000000001ull, 1), 3);
    ck_assert_uint_eq(rotl64(5, 0), 5);
    ck_assert_uint_eq(rotl64(5, 64), 5);
    ck_assert_uint_eq(rotl32(0x80000001u, 4), 0x18);
    ck_assert_uint_eq(rotl32(7, 32), 7);
    ck_assert_uint_eq(align_up(0x1001, 0x1000), 0x2000);
    ck_assert_uint_eq(align_up(0x1000, 0x1000), 0x1000);
    ck_assert_uint_eq(align_down(0x1fff, 0x1000), 0x1000);
    ck_assert_uint_eq(align_up(~0ull, 0x1000), 0); /* wraps, as stated */
}
END_TEST

START_TEST(bytes)
{
    uint8_t b[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };
    ck_assert_uint_eq(ld_le16(b + 1), 0x0201);
    ck_assert_uint_eq(ld_be16(b + 1), 0x0102);
    ck_assert_uint_eq(ld_le32(b + 1), 0x04030201);
    ck_assert_uint_eq(ld_be32(b + 1), 0x01020304);
    ck_assert_uint_eq(ld_le64(b + 1), 0x0807060504030201ull);
    ck_assert_uint_eq(ld_be64(b + 1), 0x0102030405060708ull);
    st_be32(b + 3, 0xa1b2c3d4);
    ck_assert_uint_eq(b[3], 0xa1);
    ck_assert_uint_eq(b[6], 0xd4);
    ck_assert_uint_eq(ld_le(b + 3, 2), 0xb2a1);
    st_le(b, 0x1122334455667788ull, 4);
    ck_assert_uint_eq(ld_le64(b) & 0xffffffff, 0x55667788);
}
END_TEST

START_TEST(fifo)
{
    struct fifo f = { 0 };
    uint8_t data[4];
    for (unsigned round = 0; round < 10; round++) {
        for (uint8_t i = 0; i < 4; i++)
            ck_assert(fifo_push(&f, data, 4, (uint8_t)(round + i)));
        ck_assert(!fifo_push(&f, data, 4, 99));
        for (uint8_t i = 0; i < 4; i++)
            ck_assert_uint_eq(fifo_pop(&f, data, 4), (uint8_t)(round + i));
        ck_assert(fifo_push(&f, data, 4, 1)); /* turn the ring */
        ck_assert_uint_eq(fifo_pop(&f, data, 4), 1);
        ck_assert_uint_eq(f.count, 0);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("bits");
    TCase *c = tcase_create("bits");
    tcase_add_test(c, fields);
    tcase_add_test(c, extension);
    tcase_add_test(c, counting);
    tcase_add_test(c, rotation_and_alignment);
    tcase_add_test(c, bytes);
    tcase_add_test(c, fifo);
    suite_add_tcase(s, c);
    return s;
}
