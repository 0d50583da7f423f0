/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Set algebra on cubes. To take E from C where they meet, C is split at a bit that E fixes and C
 * does not: one half lies outside E, the other is split on, until it is E's part.
 */
#include "tools/decodegen/decodegen.h"

bool cubes_meet(struct cube a, struct cube b)
{
    return ((a.value ^ b.value) & a.mask & b.mask) == 0;
}

struct cube cube_and(struct cube a, struct cube b)
{
    return (struct cube){ a.mask | b.mask, a.value | b.value };
}

/* `c` with one more bit fixed: the lowest of `bits`, to what `e` does not have there. */
static struct cube cube_outside(struct cube c, struct cube e, uint32_t bits)
{
    uint32_t bit = bits & -bits;
    return (struct cube){ c.mask | bit, c.value | (~e.value & bit) };
}

bool cube_left(struct cube c, const struct cube * not, unsigned n_not, uint32_t *witness)
{
    return cube_left_by_rows(c, not, n_not, NULL, 0, witness);
}

bool cube_left_by_rows(struct cube c, const struct cube * not, unsigned n_not,
                       struct row *const *rows, unsigned n_rows, uint32_t *witness)
{
    while (n_not > 0 && !cubes_meet(c, not [0])) {
        not ++;
        n_not--;
    }
    if (n_not > 0) {
        for (uint32_t bits = not [0].mask & ~c.mask; bits != 0; bits = not [0].mask & ~c.mask) {
            if (cube_left_by_rows(cube_outside(c, not [0], bits), not +1, n_not - 1, rows, n_rows,
                                  witness))
                return true;
            uint32_t bit = bits & -bits;
            c = (struct cube){ c.mask | bit, c.value | (not [0].value & bit) };
        }
        return false;
    }
    if (n_rows == 0) {
        *witness = c.value;
        return true;
    }
    const struct row *row = rows[0];
    if (!cubes_meet(c, row->bits))
        return cube_left_by_rows(c, NULL, 0, rows + 1, n_rows - 1, witness);
    /* Outside the row's cube, then inside what the row itself leaves out. */
    for (uint32_t bits = row->bits.mask & ~c.mask; bits != 0; bits = row->bits.mask & ~c.mask) {
        if (cube_left_by_rows(cube_outside(c, row->bits, bits), NULL, 0, rows + 1, n_rows - 1,
                              witness))
            return true;
        uint32_t bit = bits & -bits;
        c = (struct cube){ c.mask | bit, c.value | (row->bits.value & bit) };
    }
    for (unsigned i = 0; i < row->n_not; i++)
        if (cubes_meet(c, row->not [i]) &&
            cube_left_by_rows(cube_and(c, row->not [i]), NULL, 0, rows + 1, n_rows - 1, witness))
            return true;
    return false;
}
