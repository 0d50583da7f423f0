/* SPDX-License-Identifier: Apache-2.0 */
#include "core/util/hash.h"
#include "core/util/bytes.h"

/* Long data runs in four independent lanes, so that the multiplications overlap. */
uint64_t hash_bytes(uint64_t h, const void *data, size_t n)
{
    const uint8_t *p = data;
    h = hash_add(h, n);
    if (n >= 64) {
        uint64_t lane[4] = { h, h ^ 1, h ^ 2, h ^ 3 };
        for (; n >= 32; p += 32, n -= 32)
            for (unsigned i = 0; i < 4; i++)
                lane[i] = hash_add(lane[i], ld_le64(p + 8 * i));
        for (unsigned i = 0; i < 4; i++)
            h = hash_add(h, lane[i]);
    }
    for (; n >= 8; p += 8, n -= 8)
        h = hash_add(h, ld_le64(p));
    return n == 0 ? h : hash_add(h, ld_le(p, (unsigned)n));
}
