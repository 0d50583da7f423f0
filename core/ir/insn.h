/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_IR_INSN_H
#define ORRERY_CORE_IR_INSN_H
/*
 * Instruction descriptors: what the decode tables say about one guest
 * instruction beyond its meaning. tools/decodegen makes one `insn_desc` per row;
 * timing models, the disassembler, coverage and the random-instruction generator
 * read them.
 */
#include "core/util/types.h"
#include <stdio.h>

/* Functional-unit classes that timing models know. Rows name them in lower case. */
#define INSN_CLASSES(X)                                                                            \
    X(int_alu) X(int_shift) X(int_mul) X(int_div) X(bit) X(clmul) X(crypto)                        \
    X(load) X(store) X(amo) X(lr) X(sc) X(cache_op) X(prefetch)                                    \
    X(branch) X(jump) X(call) X(ret) X(indirect)                                                   \
    X(fp_add) X(fp_mul) X(fp_fma) X(fp_div) X(fp_sqrt) X(fp_cmp) X(fp_cvt) X(fp_move) X(fp_misc)   \
    X(fp_load) X(fp_store) X(vec_int) X(vec_fp) X(vec_mem)                                         \
    X(system) X(csr) X(fence) X(hint) X(nop)
enum insn_class {
#define X(n) INSN_##n,
    INSN_CLASSES(X)
#undef X
    INSN_CLASS_COUNT
};

enum insn_mem { INSN_NO_MEM, INSN_MEM_READ = 1, INSN_MEM_WRITE = 2, INSN_MEM_RMW = 3 };
enum insn_branch { INSN_NO_BRANCH, INSN_COND, INSN_DIRECT, INSN_CALL_DIRECT, INSN_INDIRECT,
                   INSN_CALL_INDIRECT, INSN_RETURN };

/* Registers of one occurrence: slot numbers (INSN_NO_REG = none), sources then destinations. */
struct insn_regs {
    uint8_t src[4], dst[4];
};
#define INSN_NO_REG 0xff
#define INSN_NO_REGS                                                                               \
    { { INSN_NO_REG, INSN_NO_REG, INSN_NO_REG, INSN_NO_REG },                                      \
      { INSN_NO_REG, INSN_NO_REG, INSN_NO_REG, INSN_NO_REG } }

struct insn_desc {
    const char *name;       /* as the manual spells it: "czero.eqz" */
    const char *format;     /* operand format for the disassembler */
    uint16_t id;            /* place in the ISA's table */
    uint8_t klass;          /* enum insn_class */
    uint8_t mem;            /* enum insn_mem */
    uint8_t mem_size;       /* bytes, 0 if none or several */
    uint8_t branch;         /* enum insn_branch */
    uint8_t length;         /* bytes; 0 = varies */
    const char *feature;    /* extension that brings it, e.g. "zicond"; "" = base */
};

/* One guest instruction of a unit. */
struct insn_at {
    const struct insn_desc *desc;
    struct insn_regs regs;
    int32_t at;             /* offset from the unit's first page */
    uint8_t length;
    uint32_t cost_before;   /* static cycles of its block before it, from the model; unless the unit is uniform */
};

#endif
