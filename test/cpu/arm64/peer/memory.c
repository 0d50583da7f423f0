/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every load and store of SIMD&FP registers: a line for each with a hash of registers and memory
 * afterwards. First at aligned addresses, bare-metal with the MMU off, where elements are accessed one
 * by one; then at any address, with the MMU on.
 */
#include "test/cpu/arm64/peer/peer.h"

struct state { /* run_case of memory_asm.S knows the offsets */
    uint64_t v[32][2], x1, x2, x3, x4;
};
struct insn_case {
    void (*code)(void);
    const char *name;
    uint64_t unaligned;
};
extern const struct insn_case case_table[], case_table_end[];
void run_case(struct state *s, void (*code)(void));

static uint8_t memory[1024] __attribute__((aligned(64)));
static uint64_t hash;

static void add_to_hash(uint64_t v)
{
    hash = (hash ^ v) * 0x100000001b3;
    hash ^= hash >> 29;
}

static void one_case(const struct insn_case *c, unsigned offset, uint64_t step, uint64_t index)
{
    struct state s;
    for (unsigned i = 0; i < sizeof(memory); i++)
        memory[i] = (uint8_t)(i * 5 + (i >> 5) + 1);
    for (unsigned i = 0; i < 32; i++) {
        s.v[i][0] = 0x0706050403020100 + 0x0101010101010101u * (8 * i);
        s.v[i][1] = 0x8786858483828180 + 0x0101010101010101u * (3 * i);
    }
    s.x1 = (uint64_t)(uintptr_t)(memory + 512 + offset);
    s.x2 = step;
    s.x3 = index;
    s.x4 = 0xffffffff00000002;
    run_case(&s, c->code);
    for (unsigned i = 0; i < 32; i++) {
        add_to_hash(s.v[i][0]);
        add_to_hash(s.v[i][1]);
    }
    add_to_hash(s.x1 - (uint64_t)(uintptr_t)memory);
    for (unsigned i = 0; i < sizeof(memory); i += 8) {
        uint64_t v = 0;
        for (unsigned b = 0; b < 8; b++)
            v = v << 8 | memory[i + b];
        add_to_hash(v);
    }
}

static void all_cases(bool aligned)
{
    for (const struct insn_case *c = case_table; c < case_table_end; c++) {
        hash = 0xcbf29ce484222325;
        if (aligned) {
            if (c->unaligned)
                continue;
            one_case(c, 0, 48, (uint64_t)-16);
        } else {
            for (unsigned offset = 0; offset < 17; offset++)
                one_case(c, offset, 48, (uint64_t)-3);
            one_case(c, 8, (uint64_t)-21, 5);
        }
        put_text(c->name);
        put_text(": ");
        put_hex(hash);
        put_text("\n");
    }
}

int main(void)
{
    start();
    all_cases(true);
    map_memory();
    all_cases(false);
    put_text("all done\n");
    finish();
    return 0;
}
