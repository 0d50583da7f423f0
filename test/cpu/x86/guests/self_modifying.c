/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code that overwrites the very next instruction, without a branch in between: SDM volume 3, 10.6 and 13.1.3. Each
 * function is three instructions in RAM: a store into the immediate of the second, MOV EAX, imm32, RET.
 */
#include "guest.h"

static uint8_t code[4096] __attribute__((aligned(4096)));

static const struct {
    uint8_t length, store[9];
    uint32_t first, step;        /* what the n-th call of f(3) returns: first + n * step, in the low byte */
} rows[] = {
    { 7, { 0x40, 0x88, 0x3d, 1, 0, 0, 0 }, 0x03, 0 },          /* MOV [RIP+1], DIL */
    { 6, { 0x89, 0x3d, 1, 0, 0, 0 }, 0x03, 0 },                /* MOV [RIP+1], EDI */
    { 6, { 0xfe, 0x05, 1, 0, 0, 0 }, 0x01, 1 },                /* INC BYTE [RIP+1] */
    { 7, { 0x40, 0x00, 0x3d, 1, 0, 0, 0 }, 0x03, 3 },          /* ADD [RIP+1], DIL */
    { 8, { 0xf0, 0x40, 0x00, 0x3d, 1, 0, 0, 0 }, 0x03, 3 },    /* LOCK ADD [RIP+1], DIL */
    { 9, { 0xf8, 0xf0, 0x40, 0x10, 0x3d, 1, 0, 0, 0 }, 0x03, 3 }, /* CLC; LOCK ADC [RIP+1], DIL */
};

static void put(uint8_t *at, unsigned row)
{
    static const uint8_t rest[] = { 0xb8, 0, 0, 0, 0, 0xc3 };
    for (unsigned i = 0; i < rows[row].length; i++)
        at[i] = rows[row].store[i];
    for (unsigned i = 0; i < sizeof(rest); i++)
        at[rows[row].length + i] = rest[i];
}

int main(void)
{
    enum { CALLS = 300 };        /* enough for every tier of a translator */
    for (unsigned row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        uint32_t (*f)(uint32_t) = (uint32_t (*)(uint32_t))(void *)(code + 64 * row);
        put(code + 64 * row, row);
        for (uint32_t n = 0; n < CALLS; n++)
            CHECK(f(3) & 0xff, (rows[row].first + n * rows[row].step) & 0xff);
    }
    /* The value changes from call to call: what was translated for the one before is wrong. */
    put(code + 1024, 1);
    for (uint32_t n = 0; n < CALLS; n++)
        CHECK(((uint32_t (*)(uint32_t))(void *)(code + 1024))(n * 0x01010101u), n * 0x01010101u);
    PASSED("self_modifying");
    return 0;
}
