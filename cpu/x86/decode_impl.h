/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_X86_DECODE_IMPL_H
#define ORRERY_CPU_X86_DECODE_IMPL_H
/* What the files of the decoder share. */
#include "cpu/x86/decode.gen.h"
#include "cpu/x86/decode.h"
#include "cpu/x86/opcode.h"

/* An instruction being read. */
struct x86_reader {
    const uint8_t *code;
    size_t limit, at; /* limit: what there is, at most 15 */
    const uint64_t *features;
    enum x86_code mode;
    bool vex_ok, opsize, addrsize, evex_b;
    uint8_t rex, pp, map, opcode, l, vvvv;
    uint8_t r, x, b; /* 8 or 0: the register bits of REX, VEX, EVEX */
    uint8_t r2, v2;  /* 16 or 0: EVEX.R', V' */
    /* What was read behind ModRM and SIB: a displacement, then immediates. */
    uint8_t disp_size, imm_size, n_imms;
    bool imm_signed, other; /* other: neither of these, or at odd places */
};

bool x86_next(struct x86_reader *r, uint8_t *byte);

/* The instruction at r->code. */
enum x86_decode_result x86_decode_from(struct x86_reader *r, struct x86_decoded *d);

/* ModRM's memory, immediates, operands. X86_TOO_SHORT: bytes are missing, whatever the reason. */
enum x86_decode_result x86_read_operands(struct x86_reader *r, const struct x86_row *row,
                                         struct x86_decoded *d);

/* Is operand `i` of the row memory, given ModRM? */
bool x86_is_memory(const struct x86_row *row, unsigned i, const struct x86_decoded *d);

#endif
