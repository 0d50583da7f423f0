/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_IR_IR_H
#define ORRERY_CORE_IR_IR_H
/*
 * The intermediate representation: what every guest ISA decodes into and every
 * executor runs. docs/ir.md explains it with an example; ops.def lists it.
 *
 * A *unit* is what is translated at once: one canonical block (first tier) or a
 * region of several with edges between them (second tier). A *canonical block*
 * is a function of guest bytes, start address and mode alone: it ends at a
 * branch, at the end of its 4 KiB page, after IR_BLOCK_INSNS instructions, or
 * after an instruction that says so (a CSR write, a fence of instructions). Cost is
 * charged and interrupts are taken at canonical boundaries only, in every tier
 * and executor.
 *
 * Values are numbered by the instruction that defines them and are assigned
 * once. They live inside one block or one *chain* of a region's blocks, each of which is
 * entered from the one before alone; what else crosses a block boundary is in *slots*:
 * the guest registers, named and typed by the ISA. A GET sees the last PUT
 * before it in program order. An instruction that faults leaves all slots as
 * the PUTs before it left them, and none after it is visible: translators
 * therefore put results after their last operation that may fault.
 *
 * Translation is by physical page: a unit knows its addresses only relative to
 * the virtual page it was entered through (op PC, branch targets), so all
 * address spaces share it. Everything else that decoding depends on is in the
 * unit's mode flags.
 *
 * There is no branch inside a block. What an ISA does conditionally within one
 * instruction is a SELECT, a helper, or ends the block.
 *
 * Condition flags are slots like any other: an ISA splits them into what is cheapest to
 * make (Arm: a value with N's sign, one that is zero for Z, C, one with V's sign), keeps in
 * mind which operation set them last, and compares its operands when they are asked
 * for in the same block; dead PUTs go away by themselves.
 *
 * Vectors have 128 bits (v128). An ISA with vector registers has them as v128 slots only: scalars are taken out by VLANE
 * and put back by VSCALAR; longer registers are several slots. Where the host computes with 256 bits, ir_widen joins what is
 * done alike to both halves of those (v256), last of all passes: no other, and no interpreter, sees that type.
 *
 * Ownership: a unit lives in the arena given to ir_unit_create and dies with it.
 */
#include "core/ir/insn.h"
#include "core/util/arena.h"
#include "core/util/err.h"
#include <string.h>

#define IR_BLOCK_INSNS 32    /* guest instructions in a canonical block at most */
#define IR_INSN_ROOM   2048u /* instructions that one guest instruction may become, with what begins and ends its block, at most */
#define IR_UNIT_BLOCKS 64    /* blocks in a region at most */
#define IR_MEMO_BYTES  ((192u << 10) + 64)
#define IR_NONE        0     /* value number 0 defines nothing */

/* V256: two v128 side by side, after ir_widen only. */
enum ir_type { IR_VOID, IR_I32, IR_I64, IR_F32, IR_F64, IR_V128, IR_V256, IR_TYPES };

enum ir_op {
#define IR_OP(name, args, result, flags) IR_##name,
#include "core/ir/ops.def"
#undef IR_OP
    IR_OPS
};

enum ir_cc { IR_EQ, IR_NE, IR_LTS, IR_GES, IR_LES, IR_GTS, IR_LTU, IR_GEU, IR_LEU, IR_GTU };
/* The same comparison with its operands the other way round. */
static inline enum ir_cc ir_cc_swapped(enum ir_cc cc)
{
    static const uint8_t swapped[] = { IR_EQ, IR_NE, IR_GTS, IR_LES, IR_GES, IR_LTS, IR_GTU, IR_LEU, IR_GEU, IR_LTU };
    return (enum ir_cc)swapped[cc];
}
/* Dynamic = the CPU's current mode. Nearest-maximum-magnitude has no host equivalent. */
enum ir_rm { IR_RNE, IR_RTZ, IR_RDN, IR_RUP, IR_RMM, IR_RM_DYN = 7 };
enum { IR_VF_LOW = 8 };          /* beside enum ir_rm in aux2 of VFADD .. VFRINT: ops.def */
/*
 * EQ is quiet; LT, LE and IMAGE signal on any NaN unless QUIET is or'ed in. IMAGE: flags as x86's COMISS leaves them,
 * 0 greater, 1 less, 0x40 equal, 0x45 unordered.
 */
enum ir_fcmp { IR_FEQ, IR_FLT, IR_FLE, IR_FUNORD, IR_FIMAGE, IR_FCMP_QUIET = 8 };
enum ir_amo { IR_AMO_SWAP, IR_AMO_ADD, IR_AMO_AND, IR_AMO_OR, IR_AMO_XOR,
              IR_AMO_MIN, IR_AMO_MAX, IR_AMO_MINU, IR_AMO_MAXU };
enum ir_fence { IR_FENCE_FULL, IR_FENCE_LOADS, IR_FENCE_STORES, IR_FENCE_ACQ, IR_FENCE_REL };
/* Hints for return prediction. MODE: the mode may have changed (only where the guest has a mode_at). */
enum ir_link { IR_LINK_NONE, IR_LINK_CALL, IR_LINK_RETURN, IR_LINK_MODE };

/* Why translated code came back (EXIT) and what the dispatcher does. */
enum ir_exit {
    IR_EXIT_LOOKUP,    /* mode or mapping may have changed: look the next block up afresh */
    IR_EXIT_IDLE,      /* WFI, HLT: stop until an interrupt */
    IR_EXIT_YIELD,     /* PAUSE, WFE hints: end this CPU's turn */
};

/* NaN and conversion rules of the guest. */
enum ir_fp_rule { IR_FP_RISCV, IR_FP_ARM, IR_FP_X86, IR_FP_LOONGARCH };

/* A memory operation's fixed facts, packed into aux2. */
enum {
    IR_MEM_SIZE     = 0x0007, /* log2 of bytes, 0..4; 4 is for v128 and only for it */
    IR_MEM_SIGNED   = 0x0008, /* loads: sign-extend to `type` */
    IR_MEM_BE       = 0x0010, /* big-endian data */
    IR_MEM_ALIGNED  = 0x0020, /* misaligned: the ISA's exception, also inside a page */
    IR_MEM_ATOMIC   = 0x0040, /* not to be split: misaligned as cpu_isa.allows_misaligned says */
    IR_MEM_ACQUIRE  = 0x0080,
    IR_MEM_RELEASE  = 0x0100,
    IR_MEM_STORE_RIGHTS = 0x0200, /* a load that needs store permission and faults as a store (AMO) */
    IR_MEM_WIDER    = 0x0c00, /* with ALIGNED, of v128: a multiple of 32 or 64 bytes (1, 2), the first part of an operand so long */
    IR_MEM_REGIME   = 0xf000, /* 0 the current data regime; else the ISA's (HLV, LDTR): slow path */
};
#define IR_MEM_WIDER_BY(n) ((uint16_t)((n) << 10))

/* What the address of an access with IR_MEM_ALIGNED or ATOMIC is a multiple of, less 1. */
static inline unsigned ir_mem_alignment(unsigned memop)
{
    return (1u << ((memop & IR_MEM_SIZE) + ((memop & IR_MEM_WIDER) >> 10))) - 1;
}

struct ir_inst {
    uint8_t op;        /* enum ir_op */
    uint8_t type;      /* enum ir_type of the result; of the arguments for SETCC, FCMP, STORE */
    uint8_t aux;       /* vectors: log2 of a lane's bytes */
    uint8_t uses;      /* filled by ir_count_uses, saturating: back ends fuse single uses */
    uint16_t aux2;
    uint16_t a, b, c;  /* value numbers; CALL: d in imm2's low 16 bits */
    int64_t imm, imm2;
};

/* A guest register as the IR sees it. At most IR_MAX_SLOTS per ISA; number = place in the table. */
struct ir_slot {
    const char *name;
    uint16_t offset;   /* in the CPU's struct */
    uint8_t type;      /* IR_I32, IR_I64, IR_F64 (FP registers of any width up to 64), IR_V128 (16-aligned) */
    bool zero;         /* reads as 0 and is never written (x0, XZR) */
    bool cold;         /* written often and hardly ever read: no register is kept for it */
    uint8_t upper;     /* v128: the slot 16 bytes behind it, with the upper half of the register of 256 bits of which it is the lower; or 0 */
};
#define IR_MAX_SLOTS 192
#define IR_MAX_LATE  4

enum {
    IR_CALL_PURE    = 1u << 0, /* function of its arguments only; may be dropped or shared */
    IR_CALL_EXITS   = 1u << 1, /* may raise or ask to leave: checked after the call */
    IR_CALL_READS   = 1u << 2, /* may read any slot: memory copies are brought up to date before */
    IR_CALL_WRITES  = 1u << 3, /* may write any slot: register copies are dropped after */
    IR_CALL_MODE    = 1u << 4, /* may change mode or mapping: must be the block's last but EXIT */
    IR_CALL_FP      = 1u << 5, /* computes with the host's FPU: its control word is swapped */
    IR_CALL_TIME    = 1u << 6, /* needs exact time or PC (cpu_now, cpu_pc) */
    /*
     * Short integer code that touches no slot but shared ones and no guest memory: called without much
     * ado. Beside it only PURE, or EXITS and TIME.
     */
    IR_CALL_LIGHT   = 1u << 7,
    /* Touches nothing but its CPU and what its store entries lead to, or takes the lock for the rest, where CPUs run on several threads. */
    IR_CALL_OWN     = 1u << 8,
};

struct cpu;
typedef uint64_t ir_helper_fn(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
struct ir_helper {
    const char *name;
    ir_helper_fn *fn;
    uint32_t flags;
    /*
     * Of helpers without result, READS and WRITES: as light as IR_CALL_LIGHT, but it may store where the TLB has an entry
     * for it. It does what `fn` does and returns 1; or 0, and nothing was done: then `fn` is called. NULL: there is none.
     */
    ir_helper_fn *quick;
    /*
     * Of helpers with READS, WRITES and a result: executors may call it first where the block ends with a jump to that result.
     * All slots are in memory then, and it may do all that `fn` does, but neither raise nor ask to leave, nor ask for time or
     * PC; it touches nothing but its CPU, and arguments that the call does not have are not there. It returns where to go on;
     * or 0, and nothing was done: then `fn` is called. NULL: there is none.
     */
    ir_helper_fn *last;
};

/* A vector in memory: lane 0 at the lowest address, little-endian. */
union ir_vec {
    uint8_t b[16];
    uint16_t h[8];
    uint32_t w[4];
    uint64_t d[2];
} __attribute__((aligned(16)));

/*
 * A vector operation no executor does inline. A function of its operands, `imm` and the CPU's
 * FP mode; it may raise sticky flags (cpu->fp_flags, saturation flags of the ISA that are
 * no slots) and does nothing else. `dst` may be one of the operands.
 */
typedef void ir_vec_fn(struct cpu *cpu, union ir_vec *dst, const union ir_vec *a,
                       const union ir_vec *b, const union ir_vec *c, uint64_t imm);

/*
 * What a vector helper does, where hosts have instructions for just that: a code generator may use
 * them instead. By the instruction's first operand (a), second (b), third (c), immediate (imm).
 */
enum ir_native {
    IR_NATIVE_NONE,
    IR_NATIVE_AES,          /* FIPS 197: a round of the state a, round key b or none; imm: enum ir_aes */
    IR_NATIVE_AES_IMC,      /* InvMixColumns(a) */
    IR_NATIVE_AES_KEYGEN,   /* of dwords 1 and 3 of a: SubWord, RotWord(SubWord) ^ imm */
    IR_NATIVE_CLMUL,        /* carry-less product of a's half imm 0 and b's half imm 4 */
    IR_NATIVE_SHA1_NEXT_E,  /* FIPS 180-4, in the pieces of Intel's SHA extensions */
    IR_NATIVE_SHA1_MSG1,
    IR_NATIVE_SHA1_MSG2,
    IR_NATIVE_SHA1_ROUNDS4, /* imm: which four times five of the rounds */
    IR_NATIVE_SHA256_MSG1,
    IR_NATIVE_SHA256_MSG2,
    IR_NATIVE_SHA256_ROUNDS2,
    IR_NATIVE_GF_MULTIPLY,  /* bytes modulo x^8 + x^4 + x^3 + x + 1 */
    IR_NATIVE_GF_AFFINE     /* matrices in b; imm 7:0 is added, imm 8: of the inverse of a */
};
enum ir_aes { IR_AES_LAST = 1, IR_AES_DECRYPT = 2 }; /* the last round; of decryption */
/* A helper with a native form reads its operands and nothing else, and raises no flags: passes may drop and join its calls. */
struct ir_vec_helper {
    const char *name;
    ir_vec_fn *fn;
    enum ir_native native;
};

/* What a translator needs to know about its ISA; constant. */
struct ir_guest {
    const char *name;
    const struct ir_slot *slots;
    uint32_t n_slots;
    const struct ir_helper *helpers;
    uint32_t n_helpers;
    enum ir_fp_rule fp;
    const struct ir_vec_helper *vec_helpers; /* of CALLV */
    uint32_t n_vec_helpers;
    /* Slots [shared, shared + n_shared): every helper that is not PURE may read and write them, whatever it promises. */
    uint32_t shared, n_shared;
    /*
     * Slots [late, late + n_late), IR_MAX_LATE at most, all i64: written by many instructions and seldom read before they are
     * overwritten (x86's flags). Executors keep no register for them, and need not write what nobody sees.
     */
    uint32_t late, n_late;
    /*
     * Where in the CPU's struct the ISA keeps what isa->mode() would say (uint32_t); 0: nowhere. If it does, EXIT for
     * LOOKUP need not leave translated code.
     */
    uint32_t mode_at;
    uint32_t stack;           /* slot of the stack pointer, off which many accesses are; 0: none */
    /* It has LR/SC: where CPUs run on several host threads its other atomic operations have to be counted (mmu/shared.h). */
    bool reserves;
};

#define IR_NO_HINT UINT32_MAX
struct ir_block {
    uint32_t first, end;      /* instructions [first, end) of the unit; the last ends the block */
    int32_t start;            /* offset of its first guest instruction from the unit's first page */
    uint32_t length;          /* guest bytes */
    uint16_t n_insns;
    uint16_t first_insn;      /* index into unit->insns */
    uint32_t cost;            /* static cycles of the whole block, from the timing model */
    bool follows;             /* entered from the block before alone: its values are known here, too (ir_chain) */
};

struct ir_unit {
    const struct ir_guest *guest;
    struct arena *arena;
    struct ir_inst *insts;
    uint32_t n_insts, max_insts;  /* insts[0] stands for IR_NONE and is never used */
    uint32_t sink;            /* the last that there is room for, which takes what is too much: ir_emit */
    struct ir_block blocks[IR_UNIT_BLOCKS];
    uint32_t n_blocks;        /* blocks[0] is the entry */
    struct insn_at *insns;    /* guest instructions in order, for timing and the side table */
    uint32_t n_insns, max_insns;
    uint32_t mode;            /* the ISA's mode flags */
    bool second_page;         /* the last instruction of a one-block unit crosses into the next page */
    bool no_regs;             /* nobody asks for insns[].regs: translators need not find them (INSN_NO_REGS) */
    uint32_t hint;            /* isa->hint of the CPU that came here, or IR_NO_HINT */
    void *memo;               /* IR_MEMO_BYTES that outlive the unit, zeros at first, for its ISA's translator alone; or NULL */
    uint32_t hooks;           /* enum tm_hook wanted (core/timing/model.h) */
    uint32_t uniform;         /* cycles of each guest instruction; 0: they differ, and insns[].cost_before tells */
    bool full;                /* out of instructions or memory: ir_finish reports it */
};

int ir_unit_create(struct ir_unit **out, struct arena *arena, const struct ir_guest *guest,
                   uint32_t mode, struct err *e) MUST_CHECK;
/* A unit that was used is empty again, as if just created; its memo and the memory that it took stay. */
static inline void ir_unit_empty(struct ir_unit *u, uint32_t mode)
{
    u->mode = mode;
    u->n_insts = 1; /* value 0 is IR_NONE */
    u->n_blocks = u->n_insns = u->hooks = u->uniform = 0;
    u->hint = IR_NO_HINT;
    u->second_page = u->full = u->no_regs = false;
}

/* ---- building: see build.h for the typed short forms ---- */
/* Room for IR_INSN_ROOM more instructions; for one more of the guest's. Or the unit is full. */
void ir_grow(struct ir_unit *u);
bool ir_grow_insns(struct ir_unit *u);
extern const struct insn_desc ir_undecoded; /* of bytes that no row matches */

/*
 * Append; returns its value number. Room is made where a guest instruction begins, not here: a call here, though it is hardly ever
 * made, has all functions that emit save registers, and makes them half as long again. What comes when there is none left overwrites
 * the last, and the unit is found full when its block ends or its next instruction begins.
 */
static inline uint16_t ir_emit(struct ir_unit *u, struct ir_inst inst)
{
    uint32_t n = u->n_insts;
    /* Member by member: a copy of what was just put together on the stack would wait for all of it to be there. */
    struct ir_inst *p = &u->insts[n];
    p->op = inst.op;
    p->type = inst.type;
    p->aux = inst.aux;
    p->uses = inst.uses;
    p->aux2 = inst.aux2;
    p->a = inst.a;
    p->b = inst.b;
    p->c = inst.c;
    p->imm = inst.imm;
    p->imm2 = inst.imm2;
    u->n_insts = n + (n != u->sink);
    return (uint16_t)n;
}

struct ir_block *ir_begin_block(struct ir_unit *u, int32_t start);
void ir_end_block(struct ir_unit *u, uint32_t length);
/*
 * Start guest instruction `d` of `length` bytes at offset `at`; `d` NULL: bytes that no row of the decoder matches.
 * `regs` NULL: none.
 */
static inline void ir_begin_insn(struct ir_unit *u, int32_t at, unsigned length, const struct insn_desc *d,
                                 const struct insn_regs *regs)
{
    if (UNLIKELY(u->n_insns == u->max_insns) && !ir_grow_insns(u))
        return;
    if (UNLIKELY(u->sink - u->n_insts < IR_INSN_ROOM))
        ir_grow(u);
    ir_emit(u, (struct ir_inst){ .op = IR_INSN, .imm = at, .imm2 = u->n_insns });
    struct insn_at *i = &u->insns[u->n_insns++];
    i->desc = d != NULL ? d : &ir_undecoded;
    memset(&i->regs, INSN_NO_REG, sizeof(i->regs));
    if (d != NULL && regs != NULL)
        i->regs = *regs;
    i->at = at;
    i->length = (uint8_t)length;
    i->cost_before = 0;
}
/* After the last block. ERR_LIMIT: the unit was full and must not be used. */
int ir_finish(const struct ir_unit *u, struct err *e) MUST_CHECK;

/* ---- checking, printing, passes ---- */
/* Of a region, before any pass: finds the blocks that follow the one before them. */
void ir_chain(struct ir_unit *u);
/* The end of the chain that block n begins: the number of the first block that is not in it. */
static inline uint32_t ir_chain_end(const struct ir_unit *u, uint32_t n)
{
    for (n++; n < u->n_blocks && u->blocks[n].follows;)
        n++;
    return n;
}
/* Every rule of docs/ir.md; ERR_FORMAT names the instruction and the rule. Debug builds: after each pass. */
int ir_verify(const struct ir_unit *u, struct err *e) MUST_CHECK;
void ir_print(const struct ir_unit *u, FILE *out);
void ir_count_uses(struct ir_unit *u);

/*
 * Passes, in the order ir_optimize runs them. None moves a memory access, a call or a
 * PUT across an operation that may fault or exit.
 *   fold      constants, identities, GET after PUT, extensions of extended values
 *   cse       equal pure operations in one block; `fold` again where that left something for it
 *   dead      unused pure operations, PUTs overwritten before anything can see them
 *   carry     regions: PUTs of what late slots are known to hold, where a chain of blocks begins; then the others again
 *   less      comparisons that are computed bit by bit
 *   join      exclusive ors into the rounds of AES before them (native.c)
 * They are linear, take their scratch memory from the unit's arena and do nothing
 * when it has none left. `dead` renumbers values.
 */
void ir_fold(struct ir_unit *u);
void ir_cse(struct ir_unit *u);
void ir_dead(struct ir_unit *u);
bool ir_carry(struct ir_unit *u); /* true: something was added, and is left for the others */
bool ir_less(struct ir_unit *u); /* true: something is left for `fold` and `dead` */
bool ir_join(struct ir_unit *u); /* for `dead` */
void ir_optimize(struct ir_unit *u);

/*
 * Joins pairs of v128 operations, done alike to both halves of registers of 256 bits, into v256 ones; true: it did, and uses are
 * counted again. For code generators whose host has them, after ir_optimize; `weights`: how much each block counts, NULL: by the
 * loops that they are in. Of a register (a slot and its `upper`) a unit's GETs and PUTs are all v256 or all v128. GET
 * and PUT of v256 name the lower slot and mean both. It changes nothing where joining and parting would cost more than it saves.
 */
bool ir_widen(struct ir_unit *u, const uint32_t *weights);
/* May the operation have type v256? It works on each half as on a v128. Beside these, GET, PUT, VCONST (the same in both halves), VJOIN. */
bool ir_is_wide(const struct ir_inst *in);

extern const struct ir_op_info {
    const char *name;
    uint8_t args;
    char result; /* 'N', 'T', 'I' */
    char flags;  /* 'P', 'S', 'W', 'F', 'E' */
} ir_op_info[IR_OPS];

#endif
