/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_X86_64_X86_IMPL_H
#define ORRERY_CORE_EXEC_X86_64_X86_IMPL_H
/*
 * The x86-64 code generator, private parts.
 *
 * Host registers in translated code:
 *     rbp  struct cpu * + CPU_BIAS r12  budget        r13  cpu->set
 *     rax rcx rdx, xmm0-3        scratch inside one IR operation
 *     rbx rsi rdi r8-r11 r14 r15, xmm4-15
 *          guest slots *pinned* for the whole unit, the others *temporaries*
 *     ymm16-31  the same of 256 bits (hosts with AVX-512); xmm4-15 have such temporaries, too. On ways out of such a unit the
 *          upper halves of the latter are cleared: instructions from before AVX, of others, would have to merge with them
 *     rsp  16-aligned frame: arguments of calls out, then spilled values
 *     MXCSR  the guest's rounding mode; collects its sticky flags
 *
 * A unit's code, from its lowest address; the stubs are kept apart, in the buffer's upper half, so that
 * what runs lies close together:
 *     jump entry    b->code: from JUMPR. edx = mode, rax = va; sets cpu->page
 *     link entry    from linked edges: checks the second page where there is one
 *     entry         from `run`; the first bytes are overwritten by retire and replace
 *     loads         of the pinned slots that are read before they are written
 *     blocks        with direct jumps between them; registers keep their slots
 *     stubs         everything rare, and leaving
 *
 * An operation may go *out* to C: a stub (or, where C is the usual way, the main line)
 * puts arguments into rdx, rcx and the frame, its struct x86_site into rax and calls
 * x86_out's thunk. That saves the registers to exec_cpu.scratch, from where C rebuilds
 * guest slots when the operation faults, and restores them when it does not.
 *
 * i32 values have undefined upper halves in registers and spill places; so have f32.
 */
#include "core/exec/backend.h"
#include "core/exec/x86_64/emit.h"

/*
 * rbp points at the middle of the 256 bytes behind struct cpu, so that what lies there, the ISAs'
 * general registers, is reached with displacements of one byte.
 */
#define CPU_BIAS     ((int32_t)sizeof(struct cpu) + 128)

#define FRAME_ARGS   64                  /* bytes for arguments of calls out */
#define FRAME_PAGES  (4 * 32)            /* struct page_reg: tag, addend, limit */
#define FRAME_SPILLS 1000
#define FRAME_BYTES  (FRAME_ARGS + FRAME_PAGES + 8 * FRAME_SPILLS)
#define MAX_PINS     32 /* sets of them are words */
#define NO_PIN       0xff

/* Places in exec_cpu.scratch. */
enum { SAVE_GPR = 0, SAVE_XMM = 16 /* four words each */, SAVE_MXCSR = 144, SAVE_RESULT = 146 /* two */ };

/* Where x86_out's thunks save a register that has a value of the type. */
static inline unsigned x86_saved(unsigned type, unsigned reg)
{
    return type >= IR_F32 ? SAVE_XMM + 4 * reg : SAVE_GPR + reg;
}

/* Registers that hold slots and temporaries. */
#define GPR_POOL (1u << RBX | 1u << RSI | 1u << RDI | 1u << R8 | 1u << R9 | 1u << R10 | \
                  1u << R11 | 1u << R14 | 1u << R15)
#define XMM_POOL 0xfff0u
#define YMM_POOL 0xffff0000u

enum host { HOST_BMI1 = 1, HOST_BMI2 = 2, HOST_LZCNT = 4, HOST_POPCNT = 8, HOST_FMA = 16,
            HOST_SSE41 = 32, HOST_CLMUL = 64, HOST_AVX = 128, HOST_AVX2 = 256, HOST_AES = 512,
            HOST_SHA = 1024, HOST_GFNI = 2048, HOST_AVX512 = 4096 /* VL, BW: forms of 128 and 256 bits, 32 registers */ };

/* ---- what outlives compilation (in the block's arena) ---- */

struct x86_pin {
    uint16_t offset;                     /* of the slot in the CPU's struct */
    uint8_t type, reg;
};

struct x86_code {
    struct exec_block *block;
    const struct ir_guest *guest;
    struct x86_pin *pins;
    uint32_t n_pins;
    uint32_t link_entry, entry;          /* offsets in the code buffer */
    uint32_t counted;                    /* behind what counts arrivals at `entry` */
    uint32_t lookup_stub;                /* leaves with EXEC_LEAVE_LOOKUP at its start */
    uint8_t entry_bytes[8];              /* what `retire` and `replace` overwrite */
    uint32_t *edge_stubs;                /* of each edge: where its jump goes while it is not linked */
    struct exec_edge *incoming;          /* those that are linked to the block: exec_edge.next */
    /* What was there before, and leads here now: a block's first translation, a region's first block. */
    struct x86_code *replaces, *next_replaced, *replaced_by;
};

/* Slots whose values wait at a site: where those are if it faults. */
enum { LATE_IMM, LATE_REG, LATE_SLOT, LATE_FRAME };
/* What is yet to be done to a value of 32 bits on its way to a slot of 64. */
enum extension { EXTEND_NOT, EXTEND_SIGN, EXTEND_ZERO };
struct x86_late {
    uint16_t offset;                     /* of the slot */
    uint8_t type;                        /* enum ir_type */
    uint8_t kind : 4, extension : 4;
    int32_t at;                          /* value; index in exec_cpu.scratch; offset in the CPU's struct, in the frame */
};
struct x86_recipe {
    uint32_t n;
    struct x86_late late[IR_MAX_SLOTS];  /* as many as n */
};

struct x86_site;
/* Returns nonzero to leave with EXEC_LEAVE_EXIT; the result goes to *result. */
typedef int x86_out_fn(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b,
                       uint64_t *frame, uint64_t *result);

/* An operation that may fault or goes out: the side table. */
struct x86_site {
    struct cpu_site site;                /* first: cpu->site points at it */
    uint32_t dirty;                      /* pins that differ from memory */
    bool machine;                        /* with other host threads beside: it takes the machine's lock (parallel.h) */
    struct x86_code *code;
    x86_out_fn *fn;
    const struct x86_recipe *late;       /* NULL: nothing waits */
    struct ir_inst inst;                 /* what it does; hooks: imm as their functions say */
};

/*
 * The same for a load or store of the first tier, which keeps it in its stub, behind the call out and the jump back: no
 * pin is dirty and no slot late. C finds the operands where the thunk saved them, and puts the result there. What does not
 * fit has a struct x86_site.
 */
enum { ACCESS_REG, ACCESS_CPU, ACCESS_FRAME, ACCESS_IMM, ACCESS_LOAD };
struct x86_access {
    int16_t at;                          /* as in struct cpu_site */
    uint16_t rest, cost_before;
    uint8_t insns_before;
    uint8_t dst;                         /* of a load: index in exec_cpu.scratch */
    uint16_t memop;
    uint8_t base_kind, value_kind;       /* the latter ACCESS_LOAD: nothing is stored */
    int32_t disp;
    uint16_t base, value;                /* index in exec_cpu.scratch; offset in the CPU's struct, in the frame; constant, signed */
    uint32_t block;                      /* how far before this the pointer to the block lies */
};
#define ACCESS_STUB 10u                  /* bytes of call and jump */

/* ---- the back end ---- */

/* Fixed routines and data at the start of the code buffer (offsets). */
/* Vector registers that a unit has values in: none, xmm4-15, ymm4-31. */
enum x86_fp { FP_NONE, FP_XMM, FP_YMM, FP_SAVED };

struct x86_fixed {
    uint32_t run;                        /* (cpu, entry) -> enum exec_leave */
    uint32_t out[FP_SAVED];              /* calls out */
    uint32_t light[FP_SAVED];            /* light helpers: rdx = function, rax = site */
    uint32_t access;                     /* loads and stores of the first tier: struct x86_access */
    uint32_t stack;                      /* copies the entries of the stack's page: rdx */
    uint32_t last;                       /* calls that end a block: rax = site; no register is kept */
    uint32_t leave;                      /* eax = enum exec_leave */
    uint32_t jump;                       /* to cpu->pc by set->jump, in the mode cpu->mode_flags */
    uint32_t leave_pc[EXEC_LEAVE_HOT + 1]; /* rax = pc */
    uint32_t leave_at[EXEC_LEAVE_HOT + 1]; /* eax = offset from the first page */
    uint32_t leave_edge;                 /* rax = struct exec_edge *, r12 = what is left: BUDGET or EDGE */
    uint32_t leave_hot;                  /* rax = struct exec_block * */
    uint32_t consts;
};

/* Constants in the buffer, 16 bytes each. */
enum { K_SIGN32, K_SIGN64, K_ABS32, K_ABS64, K_BOX, K_NAN32, K_NAN64, K_TWO63_32, K_TWO63_64,
       K_TWO32_32, K_U32MAX_64, K_VSIGN32, K_VSIGN64, K_VABS32, K_VABS64, K_VMIN32, K_VMIN64,
       K_BYTES, K_TBL, K_REV, K_N = K_REV + 6 }; /* K_REV: masks that reverse lanes: of 8 bits in 16, 32, 64; of 16; of 32 */

#define X86_PIECE  (128u << 10)          /* of the buffer, for which the host is asked at once */
#define X86_PIECES 16u                   /* more than are asked for ahead of need */

struct x86_gen;
struct exec_backend {
    struct exec *x;
    struct x86_asm a;                    /* a.p: next free byte of the lower half */
    struct x86_asm cold;                 /* the same of the upper part: stubs */
    uint8_t *rw, *rx;
    uint64_t size;                       /* of the buffer, which an annex shares */
    uint64_t low, high;                  /* what of it is this back end's, in two halves: */
    uint64_t begin, half, end;           /* the one that is filled; half: where the stubs' part begins */
    uint32_t part;                       /* which */
    uint32_t filled;                     /* bits: those that ever were */
    uint64_t other_used;                 /* bytes of the one that is not */
    bool even;                           /* stubs are to have as much room as the rest, next time */
    bool wants_all, has_all;             /* both halves are to be one next time, or are */
    uint64_t viewed;                     /* used when the writable view was given back last */
    int fd;                              /* of the buffer's memory */
    uint64_t made[2];                    /* offsets that pages were ever made up to, in either half */
    uint64_t ready[2];                   /* offsets that either half is there for, in both views */
    uint64_t asked[2];                   /* those that the host was asked for, by another thread */
    uint64_t tickets[2][X86_PIECES];     /* by piece of the buffer: of exec_ask_pages */
    struct x86_fixed fixed;
    uint32_t host;                       /* enum host */
    uint32_t dump;
    bool count_entries;
    uint32_t n_counts;                   /* places of cpu->counts given out, if memory is shared */
    bool shared;                         /* memory is: other host threads run CPUs (machine.parallel) */
    void *perf_map;                      /* FILE * or NULL */
    struct exec_backend *of;             /* an annex: whose; else NULL */
    struct x86_gen *gen;
};

/* control.c: rax = va: edx is compared at the entry it leads to. To leave_pc[EXEC_LEAVE_LOOKUP] if there is none. Uses ecx. */
void x86_emit_jump(struct x86_asm *a, const struct x86_fixed *f);

/* Bytes at `offset` from the CPU's struct. */
static inline struct x86_mem x86_cpu_mem(int32_t offset)
{
    return mem_at(RBP, offset - CPU_BIAS);
}
#define CPU_MEM(member) x86_cpu_mem((int32_t)offsetof(struct cpu, member))

/* select_mem.c: ecx = offset of the load or store entry for rdx; `host`: enum host. */
void x86_emit_index(struct x86_asm *a, uint32_t host);
/*
 * stack.c: rdx = an address ^ stack.tag. The entries of the address's page are copied to mmu_set.stack, if they are there and
 * agree; then rdx = its offset in the page, else more than any. Uses rax, rcx.
 */
uint32_t x86_emit_stack_copy(struct x86_asm *a, uint32_t host);

/* buffer.c: memory, fixed routines */
int x86_buffer_create(struct exec_backend *be, uint64_t size, struct err *e) MUST_CHECK;
void x86_buffer_destroy(struct exec_backend *be);
void x86_emit_fixed(struct exec_backend *be);
/* Nothing is in it but the fixed routines. */
void x86_buffer_reset(struct exec_backend *be);
/* To the other half, in which nothing is needed any more; or to both as one. Afterwards again to the first. */
void x86_buffer_turn(struct exec_backend *be);
/* Pages written a while ago need not stay in the writable view: they would count twice. */
void x86_buffer_trim(struct exec_backend *be);
/* The host's pages for `need` bytes in either half, many at a time: a fault for each costs as much as a block's code. */
void x86_buffer_populate(struct exec_backend *be, uint64_t need);
static inline void x86_buffer_ready(struct exec_backend *be, uint64_t need)
{
    if (UNLIKELY(asm_offset(&be->a) + need > be->ready[0] || asm_offset(&be->cold) + need > be->ready[1]))
        x86_buffer_populate(be, need);
}
static inline uint64_t x86_buffer_used(const struct exec_backend *be)
{
    return (asm_offset(&be->a) - be->begin) + (asm_offset(&be->cold) - be->half) + be->other_used;
}

/* out.c, out_memory.c, out_value.c: C side of calls out. */
/* What follows an operation that was not done: EXEC_LEAVE_EXIT, or the exception's handler. */
enum x86_undone { UNDONE_NOT, UNDONE_LEAVE, UNDONE_JUMP };
int x86_out(struct cpu *cpu, const struct x86_site *s, uint64_t va, uint64_t b, uint64_t *frame,
            struct exec_cpu *ec);
/* `after`: where its call returns to. */
int x86_out_access(struct cpu *cpu, const uint8_t *after, uint64_t *frame, struct exec_cpu *ec);
int x86_out_last(struct cpu *cpu, const struct x86_site *s, uint64_t *frame, struct exec_cpu *ec);
/* exec_next_piece, where there is a run loop: an interrupt may lead to where the guest's FP mode is another. */
const void *x86_out_next(struct cpu *cpu);
x86_out_fn x86_out_load, x86_out_store, x86_out_amo, x86_out_cas, x86_out_loadr, x86_out_storec,
    x86_out_call, x86_out_trap, x86_out_pure, x86_out_light, x86_out_eval, x86_out_fp, x86_out_vec, x86_out_hook_fetch, x86_out_hook_data,
    x86_out_hook_branch, x86_out_homes;

/* dump.c */
void x86_dump(const struct exec_backend *be, const struct exec_block *b, uint32_t from, uint32_t cold_from);

#endif
