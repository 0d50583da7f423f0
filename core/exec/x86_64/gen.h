/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CORE_EXEC_X86_64_GEN_H
#define ORRERY_CORE_EXEC_X86_64_GEN_H
/*
 * State of one compilation, and what the parts of the code generator share.
 *
 *   before emission:
 *     analyze.c    blocks of the unit: what leads where, what the entry loads, what is dirty
 *     pins.c       slots that have registers for the whole unit
 *     uses.c       values of a chain: other names, fused compares, next and last uses
 *     narrow.c     extensions that nobody sees, or that are done already
 *   emission:
 *     regalloc.c   registers and places in the frame; allocates while code is emitted
 *     slots.c      slots: GET, PUT, values that slots hold
 *     move.c       values from place to place
 *     select_*.c   IR operations -> instructions: int_emit.h, vec_emit.h, access.h
 *     page.c       page registers of loops
 *     group.c      accesses that share a probe
 *     stack.c      probes of accesses off the guest's stack pointer
 *     home.c       addends that are guessed
 *     ahead.c      blocks whose cycles are asked for before they begin
 *     late.c       PUTs that wait until they are seen, or are never done
 *     control.c    entries, edges, leaving; stubs
 *     quick*.c     the first tier, which does without most of this: quick.h
 *     compile.c    puts them together
 *
 * A value is in one of the places of enum place. *Alias*: a GET needs no copy while
 * its slot is not overwritten; before it is, `x86_save_aliases` moves those still used.
 * A pinned slot may be overwritten early, by the operation that computes its next
 * value, if nothing that could see the old one lies between that and the PUT.
 *
 * Protocol of an emitter for instruction i: take operands (x86_opnd, x86_use), then
 * the destination (x86_def; operands that die here may share it), emit, x86_done.
 */
#include "core/exec/x86_64/x86_impl.h"

enum place { P_NONE, P_CONST, P_REG, P_PIN, P_SLOT, P_SPILL };

struct value {
    uint8_t place;
    uint8_t reg;           /* P_REG; P_PIN: the pin's */
    bool fused;            /* emitted by its users: a SETCC that is only asked, a SHL that is only added */
    uint8_t asked;         /* SETCC: how many conditions it is */
    bool known_box;        /* f64 whose upper half is ones */
    bool wide;             /* somebody looks at more than its low 32 bits: narrow.c */
    bool is_signed;        /* i64 whose upper half is bit 31's copies */
    bool waits;            /* an extension that PUTs want which may wait: its upper half can be made when they are done */
    uint8_t low;           /* bits: of its first two arguments those that are read as they are before their extension: narrow.c */
    uint8_t rotate;        /* OR, XOR, ADD of two shifts of value `turned`: that, rotated right by so many bits */
    uint16_t turned;
    bool unseen;           /* PUTs of pinned slots: done, but overwritten before anybody looks */
    uint8_t late;          /* PUTs: enum late */
    uint16_t slot;         /* P_PIN, P_SLOT */
    uint16_t spill;        /* P_SPILL */
    uint16_t rep;          /* the value it is another name of, or itself */
    uint16_t uses, waiting; /* waiting: of them, by PUTs that wait */
    uint32_t last;         /* instruction of its last use; 0: none */
    uint32_t put;          /* first PUT of it, 0: none; of a PUT that waits: the last operation that may see it */
    uint32_t next;         /* instruction of its next use; 0: only `last` is known */
    uint32_t later;        /* instruction: where g->later has what its arguments' `next` are behind it */
    uint16_t next_alias;   /* of its slot */
    uint16_t home;         /* slot whose memory has it too, if slot_home says so */
};

/* What becomes of a PUT: done; its value is kept until it is known whether; nobody sees it. */
enum late { LATE_NO, LATE_WAITS, LATE_DEAD };

enum opnd_kind { O_REG, O_IMM, O_MEM };
struct opnd {
    uint8_t kind, reg;     /* O_REG; O_MEM: base */
    bool fp;               /* reg is xmm */
    int32_t disp;          /* O_MEM */
    uint64_t imm;
};

enum stub_kind { STUB_OUT, STUB_REFILL, STUB_ALONE, STUB_NAN, STUB_LEAVE, STUB_EDGE, STUB_HOT, STUB_LIGHT, STUB_HOME,
                 STUB_STACK, STUB_LAST };
#define STUBS_PER_INST 8

/* Code for later: reached by jumps at at[], goes back to `back`. */
struct stub {
    uint8_t kind;
    uint8_t n_at, n_args;
    bool is64;             /* STUB_NAN */
    bool address, value;   /* STUB_OUT: rdx = arg[0] + disp, rcx = arg[1]; else args to the frame */
    bool hook_data;        /* STUB_OUT: frame[4], [5] for the hook */
    bool forgets;          /* STUB_OUT: page registers, for it may have changed the mapping */
    bool store;            /* STUB_REFILL, STUB_ALONE; the access's STUB_OUT comes next */
    uint8_t page, reg;     /* STUB_REFILL: page register; where the addend goes, of STUB_HOME too */
    int32_t bytes;         /* STUB_REFILL, STUB_STACK: what must lie in the page */
    bool dst_fp, dst_vec, has_dst;
    bool vec;              /* STUB_OUT: vector operands, to the frame in 16 bytes each */
    uint8_t dst;
    uint8_t why;           /* enum exec_leave */
    uint32_t at[4], back;
    struct opnd arg[4];    /* STUB_LIGHT: of site->inst's helper; STUB_LAST: those that are constants */
    int64_t disp;
    const struct x86_site *site;
    uint32_t zero;         /* addends that must be forgotten: registers, and (from bit 16 on) places in the frame */
    uint32_t dirty;        /* pins to store */
    uint32_t ahead;        /* STUB_LEAVE: cycles of blocks behind `target` that were asked for, too */
    int32_t target;        /* STUB_LEAVE: pc, as offset from the first page */
    uint32_t edge;         /* STUB_EDGE: its index in the block; STUB_LEAVE: in x86_gen.leaves; STUB_HOME: in x86_homes.at */
    uint32_t late;         /* STUB_LEAVE: values to store */
};

/* A value that a STUB_LEAVE stores. */
struct leave {
    struct opnd value;
    uint16_t slot;
    uint8_t extension;
};

/* Accesses off one base that share a probe: its addend is in a register or in the frame; 0 when the probe failed. */
struct group {
    uint16_t base;         /* value */
    bool store, framed;
    bool stack;            /* off the stack pointer: for loads and stores */
    uint8_t reg, place;    /* place: in the frame, its own alone, used or not */
    uint8_t align;         /* where its first access is: address bits that were seen to be 0 */
    int32_t at;            /* displacement of that access */
    int64_t low, high;     /* displacements [low, high) it covers */
    uint32_t last;         /* instruction of its last access */
};
#define MAX_GROUPS 4

/*
 * In loops: the page that accesses off one slot used last, in the frame: its tag and
 * addend, and how far from its beginning any of them may begin, + 1; or 0 when it is not known. Only for slots that stand
 * still or move by constants. Forgotten at the unit's entry and after every call out
 * that may change a mapping; nothing else can while translated code runs.
 */
struct page_reg {
    uint16_t slot;
    bool store;
    uint16_t span;         /* bytes of the widest group so far: known when refills, which are stubs, are emitted */
};
#define MAX_PAGE_REGS 4
#define PAGE_SPAN     256  /* most bytes of a group */

struct x86_gen {
    struct exec_backend *be;
    struct x86_asm *a;
    const struct ir_unit *u;
    struct exec_block *b;
    struct x86_code *code;
    struct arena *arena;
    struct err *e;
    int rc;

    /* Unit. */
    uint8_t pin_of[IR_MAX_SLOTS];
    struct x86_pin pins[MAX_PINS];       /* while they are being chosen */
    uint32_t pins_gpr, pins_xmm;         /* host registers */
    uint32_t pool[2], free[2];           /* temporaries: [0] GPR, [1] XMM and, from bit 16 on, YMM */
    bool uses_fp, uses_wide, loops;
    uint64_t wide[IR_MAX_SLOTS / 64];    /* slots that are the lower halves of v256 */
    enum { COUNT_NO, COUNT_YES, COUNT_ASK } count; /* instructions retired: is the model uniform? */
    uint32_t load_at_entry;              /* pins */
    struct page_reg pages[MAX_PAGE_REGS];
    uint32_t n_pages;
    uint32_t dirty_in[IR_UNIT_BLOCKS], puts[IR_UNIT_BLOCKS];
    uint32_t heads[IR_UNIT_BLOCKS];      /* offsets of blocks' code */
    struct { uint32_t at; uint16_t block; } fixups[2 * IR_UNIT_BLOCKS];
    uint32_t n_fixups;
    uint32_t unasked[IR_UNIT_BLOCKS];    /* ahead.c: 0, or cycles from the block's start on to the end of the last one like it */
    uint32_t late_in[IR_UNIT_BLOCKS];    /* late slots that are seen from a block's start on */
    struct leave *leaves;                /* what stubs store */
    uint32_t n_leaves, max_leaves;
    struct x86_homes *homes;             /* home.c; NULL: no addend is guessed yet */
    const struct x86_site *homes_site;
    uint64_t loaded[IR_MAX_SLOTS / 64];  /* slots that hold what was loaded */

    /* Chain of blocks. */
    uint32_t first, end;                 /* its instructions */
    uint32_t *later;                     /* stack of `next`s that are not up to date yet */
    uint32_t n_later;

    /* Block. */
    const struct ir_block *block;
    uint32_t index;                      /* of the block */
    uint32_t i;                          /* instruction being emitted */
    struct cpu_site site;                /* of the current guest instruction */
    uint32_t dirty, valid;               /* pins */
    uint32_t locked[2];                  /* registers of this instruction's operands */
    uint16_t reg_value[2][32];           /* value in a temporary */
    uint16_t slot_alias[IR_MAX_SLOTS];   /* first alias of a slot */
    struct { uint16_t value, slot; } pin_copy[MAX_PINS]; /* what the pin of `slot` holds beside another slot; 0: nothing known */
    uint16_t slot_home[IR_MAX_SLOTS];    /* the value that an unpinned slot's memory holds; 0: not known */
    uint16_t spill_free[FRAME_SPILLS];
    uint32_t n_spill_free, n_spills;
    struct group groups[MAX_GROUPS];
    uint32_t n_groups;
    uint16_t pending[IR_MAX_SLOTS];      /* value of a slot that waits: its memory does not have it */
    uint8_t extension[IR_MAX_SLOTS];     /* enum extension: of that */
    uint64_t waiting[(IR_MAX_SLOTS + 63) / 64]; /* slots for which one does */
    const struct x86_recipe *recipe;     /* the last one made */
    struct x86_recipe draft;
    uint16_t flags_value;                /* what the host's flags tell apart from 0, unless a->flags_lost */
    uint8_t flags_cc;

    struct stub *stubs;
    uint32_t n_stubs, max_stubs;
    struct value *values;                /* by value number */
    struct quick *quick;
    struct x86_site no_memory;           /* stands in for sites when the arena is full */
};

static inline bool is_fp(unsigned type)
{
    return type == IR_F32 || type == IR_F64;
}

static inline bool is_v(unsigned type)
{
    return type == IR_V128;
}

static inline bool is_wide(unsigned type)
{
    return type == IR_V256;
}

/* Lives in an xmm register, or a ymm one. */
static inline bool in_xmm(unsigned type)
{
    return type >= IR_F32;
}

/* What calls out of the unit have to save. */
static inline enum x86_fp x86_fp_of(const struct x86_gen *g)
{
    return g->uses_wide ? FP_YMM : g->uses_fp ? FP_XMM : FP_NONE;
}

/* Registers of which values of the type have one. */
static inline uint32_t x86_pool_of(unsigned type)
{
    return is_wide(type) ? XMM_POOL | YMM_POOL : in_xmm(type) ? XMM_POOL : GPR_POOL;
}

static inline unsigned x86_slot_type(const struct x86_gen *g, unsigned slot)
{
    return g->wide[slot / 64] >> slot % 64 & 1 ? IR_V256 : g->u->guest->slots[slot].type;
}

static inline bool is_w(unsigned type)
{
    return type == IR_I64 || type == IR_F64;
}

/* A slot that helpers may touch: never kept in a register over a call. */
static inline bool is_shared(const struct x86_gen *g, unsigned slot)
{
    return slot - g->u->guest->shared < g->u->guest->n_shared;
}

static inline bool x86_is_late(const struct x86_gen *g, unsigned slot)
{
    return slot - g->u->guest->late < g->u->guest->n_late;
}

static inline uint32_t x86_late_bit(const struct x86_gen *g, unsigned slot)
{
    return 1u << (slot - g->u->guest->late);
}

static inline struct x86_mem opnd_mem(struct opnd o)
{
    return mem_at(o.reg, o.disp);
}

static inline bool imm_fits(uint64_t v, bool w)
{
    return !w || (int64_t)v == (int32_t)v;
}

static inline bool has(const struct x86_gen *g, uint32_t host)
{
    return (g->be->host & host) == host;
}

static inline struct opnd opnd_reg(unsigned r)
{
    return (struct opnd){ .kind = O_REG, .reg = (uint8_t)r };
}

/* A slot's or another place in the CPU's struct. */
static inline struct opnd opnd_cpu(int32_t offset)
{
    return (struct opnd){ .kind = O_MEM, .reg = RBP, .disp = offset - CPU_BIAS };
}

/* The type of value v itself (compares name that of their arguments). */
static inline enum ir_type value_type(const struct x86_gen *g, uint16_t v)
{
    const struct ir_inst *in = &g->u->insts[v];
    return ir_op_info[in->op].result == 'I' ? IR_I64 : (enum ir_type)in->type;
}

/* tag at +0, addend at +8, limit at +16 */
static inline struct x86_mem page_mem(unsigned n, int32_t member)
{
    return mem_at(RSP, (int32_t)(FRAME_ARGS + 32 * n) + member);
}

/* Behind a page register: a group's addend. */
static inline struct x86_mem group_mem(unsigned place)
{
    return page_mem(place, 24);
}

/* analyze.c: once per unit, before anything is emitted. Calls what pins.c, home.c, ahead.c, late.c and page.c find for units. */
void x86_analyze_unit(struct x86_gen *g);
/*
 * The block of the unit that a jump to `target`, an offset from the first page, enters directly, or -1: none begins there, or
 * it is in another page (edges between pages are not the unit's, as the interpreter has it, too).
 */
int x86_block_at(const struct x86_gen *g, int64_t target);

/* pins.c: by what each block counts. Sets pin_of, the pins of g->code, pools of temporaries, wide, uses_fp, uses_wide. */
void x86_choose_pins(struct x86_gen *g, const uint32_t weights[IR_UNIT_BLOCKS]);

/* page.c */
/* The slot whose value v is but for constants added, or -1. */
int x86_root_slot(const struct ir_unit *u, uint16_t v);
/* The slots with which loops access memory most; `depth`: how many loops each block is in. */
void x86_choose_pages(struct x86_gen *g, const uint8_t depth[IR_UNIT_BLOCKS]);
void x86_forget_pages(struct x86_gen *g);
/* STUB_REFILL: probes the set (to `miss` if that fails) and, on a hit, remembers the page. */
void x86_emit_refill(struct x86_gen *g, const struct stub *s, struct stub *miss);

/* uses.c: instructions [first, end), once per chain, before they are emitted. Calls what late.c and narrow.c find for chains. */
void x86_analyze_chain(struct x86_gen *g);
/* The values instruction i reads, seen through other names and fused compares; how many. */
unsigned x86_args(const struct x86_gen *g, uint32_t i, uint16_t out[8]);

/* narrow.c */
void x86_find_wide(struct x86_gen *g);
/* Is i a rotation put together from shifts? Sets rotate and turned. */
void x86_find_rotation(struct x86_gen *g, uint32_t i);
void x86_emit_rotation(struct x86_gen *g, const struct ir_inst *in);
/* Which of i's arguments are read in front of their extension: sets low. */
void x86_find_low(struct x86_gen *g, uint32_t i);
/* What argument k of instruction i is read as. */
uint16_t x86_arg(const struct x86_gen *g, uint32_t i, unsigned k);
/* AND with a constant of 32 bits: its upper half is zeros, whatever that of the other argument. */
bool x86_is_mask(const struct x86_gen *g, const struct ir_inst *in);
/* i64 of which nobody looks at the upper half: it is computed as 32 bits, with zeros above. */
bool x86_is_narrow(const struct x86_gen *g, uint16_t v);
/* i32, or narrow, whose register, and whatever it is stored to, has zeros above. */
bool x86_is_clean(const struct x86_gen *g, uint16_t v);
bool x86_is_positive(const struct x86_gen *g, uint16_t v); /* and so is bit 31 */
/* Value v has all bits that a place of 64 (w) or 32 bits holds. */
static inline bool x86_fills(const struct x86_gen *g, uint16_t v, bool w)
{
    return is_w(value_type(g, v)) == w || (w && x86_is_clean(g, v));
}

/*
 * 8 or 16 if SETCC `in` may compare so many bits of its operands, which were extended from them or loaded so, or are constants;
 * else 0.
 */
unsigned x86_narrow_bits(const struct x86_gen *g, const struct ir_inst *in);

/* move.c */
/* Load an operand into that very register. Keeps the flags. */
void gen_load(struct x86_gen *g, unsigned reg, struct opnd o, bool w);
void x86_load_fp(struct x86_gen *g, unsigned reg, struct opnd o, bool is64); /* may use rax */
void x86_load_vec(struct x86_gen *g, unsigned reg, struct opnd o);
void x86_store_opnd(struct x86_gen *g, struct x86_mem m, struct opnd o, bool w); /* may use rax */
void x86_store_vec(struct x86_gen *g, struct x86_mem m, struct opnd o); /* may use xmm0 */
void x86_load_wide(struct x86_gen *g, unsigned reg, struct opnd o);
void x86_store_wide(struct x86_gen *g, struct x86_mem m, struct opnd o); /* may use ymm0 */
void x86_clear_upper(struct x86_gen *g); /* on the way out, if the unit has values of 256 bits: x86_impl.h */
/* As loads and stores of the type want it. */
void x86_load_typed(struct x86_gen *g, unsigned reg, struct opnd o, unsigned type);
void x86_store_typed(struct x86_gen *g, struct x86_mem m, struct opnd o, unsigned type);
void x86_store_pins(struct x86_gen *g, uint32_t pins);
/* The 16-byte result of a call out; rax is used. */
void x86_load_out_vec(struct x86_gen *g, unsigned reg);

/* regalloc.c */
void x86_begin_chain_regs(struct x86_gen *g);
/* Where value v is. A register of it is locked until the instruction ends. */
struct opnd x86_opnd(struct x86_gen *g, uint16_t v);
/* Into a register, if there is one, or (`evicts`) a value that is wanted later has one, and v is wanted again. */
void x86_bring_back(struct x86_gen *g, uint16_t v, bool evicts);
/* A register that holds v: its own, or `scratch` loaded with it. */
unsigned x86_use(struct x86_gen *g, uint16_t v, unsigned scratch, bool w);
unsigned x86_use_fp(struct x86_gen *g, uint16_t v, unsigned scratch);
unsigned x86_use_vec(struct x86_gen *g, uint16_t v, unsigned scratch);
/* The register for the instruction's result: rax or xmm0 when there is none. May evict others; keeps the flags. */
unsigned x86_def(struct x86_gen *g);
/* The result is in `reg`, which x86_def gave. After the join with the operation's stubs. */
void x86_done(struct x86_gen *g, unsigned reg);
void x86_result(struct x86_gen *g, unsigned reg, bool w);   /* x86_def and x86_done: the result is in `reg` */
void x86_result_fp(struct x86_gen *g, unsigned reg);
void x86_end_inst(struct x86_gen *g);
/* A temporary register for an addend that is used so often, or -1. */
int x86_take_reg(struct x86_gen *g, unsigned uses);
/* Its last use was before: what it is in is free. */
void x86_release_if_done(struct x86_gen *g, uint16_t v);

/* slots.c */
void gen_get(struct x86_gen *g, const struct ir_inst *in);
void gen_put(struct x86_gen *g, const struct ir_inst *in);
/* `slot` is about to be overwritten: values that it holds and that are wanted yet, but `except`, go elsewhere. */
void x86_save_aliases(struct x86_gen *g, unsigned slot, uint16_t except);
void x86_save_shared_aliases(struct x86_gen *g); /* of slots that helpers may touch */
void x86_save_all_aliases(struct x86_gen *g); /* slots' memory may be written by others */

/* stack.c */
/* Is the address off the guest's stack pointer? Then a probe serves loads and stores. */
bool x86_is_stack(const struct x86_gen *g, uint16_t address);
/* rdx = address of away->bytes bytes; the addend to `reg`. To `away`, which the access's other stub follows. */
void x86_emit_stack_probe(struct x86_gen *g, struct stub *away, struct stub *failed, unsigned align, unsigned reg);
void x86_emit_stack_stub(struct x86_gen *g, const struct stub *s, struct stub *failed);

/* home.c */
void x86_find_loaded(struct x86_gen *g);
/* May the addend for an access at value `address` be guessed? */
bool x86_can_guess(struct x86_gen *g, uint16_t address);
/* reg = addend of the load entry at rcx, guessed */
void x86_emit_home(struct x86_gen *g, unsigned reg);
void x86_emit_missed_home(struct x86_gen *g, const struct stub *s);

/* ahead.c */
void x86_find_unasked(struct x86_gen *g);
/* May instruction i of the chain be where the unit is left without having faulted? */
bool x86_is_way_out(const struct x86_gen *g, uint32_t i);

/* late.c */
void x86_late_unit(struct x86_gen *g);
void x86_late_chain(struct x86_gen *g); /* which PUTs of the chain wait */
void x86_late_begin(struct x86_gen *g);
void x86_late_drop(struct x86_gen *g, unsigned slot);
bool x86_late_put(struct x86_gen *g, const struct ir_inst *in);
int x86_late_home(struct x86_gen *g, uint16_t v);
void x86_late_store(struct x86_gen *g, int64_t target, bool inside); /* uses rax, xmm0; keeps the flags */
void x86_late_leave(struct x86_gen *g, struct stub *s, int64_t target, bool inside);
void x86_late_emit_leave(struct x86_gen *g, const struct stub *s);
const struct x86_recipe *x86_late_recipe(struct x86_gen *g); /* NULL: nothing waits */

/* group.c */
void x86_drop_groups(struct x86_gen *g);
/* What struct stub.zero says. */
void x86_forget_addends(struct x86_gen *g, uint32_t zero);

/* select_int.c, select_mem.c, select_fp.c, select_vec.c: emit g->u->insts[g->i] */
void x86_select_int(struct x86_gen *g, const struct ir_inst *in);
void x86_select_mem(struct x86_gen *g, const struct ir_inst *in);
void x86_select_fp(struct x86_gen *g, const struct ir_inst *in);
void x86_select_vec(struct x86_gen *g, const struct ir_inst *in);
/* select_wide.c: of v256, and between them and v128 */
void x86_select_wide(struct x86_gen *g, const struct ir_inst *in);
/* select_cond.c. Compare for v (SETCC or any i64) != 0; returns the condition code. May use rax, rcx. */
unsigned gen_condition(struct x86_gen *g, uint16_t v);
/* To stub `s` when an operation with rounding `mode` (enum ir_rm) cannot run inline as things stand. */
void x86_check_mode(struct x86_gen *g, unsigned mode, struct stub *s);
/* rdx = address of `bytes` bytes; the entry's addend to `reg`; failing that, the stub. Uses rcx. */
void x86_emit_probe(struct x86_gen *g, struct stub *s, bool store, int32_t bytes, unsigned align, unsigned reg);
void x86_fence(struct x86_gen *g); /* stores before loads; nothing while one thread runs all CPUs */
void x86_emit_alone(struct x86_gen *g, const struct stub *s, struct stub *miss);
/* reg = base + disp; rax may be used. */
void x86_load_address(struct x86_gen *g, unsigned reg, struct opnd base, int64_t disp);

/* control.c */
struct stub *x86_stub(struct x86_gen *g, enum stub_kind kind);
struct x86_site *x86_site(struct x86_gen *g, const struct ir_inst *in, x86_out_fn *fn);
void x86_stub_jcc(struct x86_gen *g, struct stub *s, unsigned cc);
void x86_call_out(struct x86_gen *g, const struct x86_site *site);
/* CALL and operations done in C: arguments to the frame, call, result. */
void x86_select_call(struct x86_gen *g, const struct ir_inst *in, x86_out_fn *fn, unsigned n);
void x86_select_trap(struct x86_gen *g, const struct ir_inst *in);
void x86_select_end(struct x86_gen *g, const struct ir_inst *in);
void x86_emit_entry(struct x86_gen *g);
void x86_begin_block_code(struct x86_gen *g);
void x86_emit_guard(struct x86_asm *a, uint32_t page, uint32_t miss);
void x86_emit_shared_count(struct x86_gen *g);

/* Instructions retired, if the model is not uniform. */
void x86_count_insns(struct x86_gen *g);
/* One side of the block's JUMP or BRANCH, off the unit; no pin is dirty. */
void x86_outer_edge(struct x86_gen *g, unsigned side);
/* rax = where the JUMPR goes; no pin is dirty. */
void x86_end_jumpr(struct x86_gen *g, const struct ir_inst *in);
/* Is nothing to be done behind call `i` but to leave the unit, to where memory or its own result says? */
bool x86_is_last_call(const struct x86_gen *g, uint32_t i);

/* stubs.c */
void x86_emit_stubs(struct x86_gen *g);

/* compile.c */
void x86_set_up(struct x86_gen *g, struct exec_backend *be, const struct ir_unit *u, struct exec_block *b,
                struct arena *arena, struct err *e);
/* Are instructions retired to be counted? Not if all CPUs' models are uniform. */
void x86_choose_count(struct x86_gen *g);
/* In both parts of the buffer, for the unit: 0 or ERR_LIMIT, ERR_UNSUPPORTED. */
int x86_make_room(struct x86_gen *g, const struct ir_unit *u) MUST_CHECK;
int x86_compile(struct exec_backend *be, const struct ir_unit *u, struct exec_block *b,
                struct arena *arena, struct err *e) MUST_CHECK;
/* quick.c. By the first tier if it can: ERR_UNSUPPORTED, and nothing has happened, if not. The unit may be changed. */
int x86_compile_quick(struct exec_backend *be, struct ir_unit *u, struct exec_block *b, struct arena *arena,
                      struct err *e) MUST_CHECK;
int x86_gen_create(struct exec_backend *be, struct err *e) MUST_CHECK;
void x86_gen_destroy(struct exec_backend *be);

#endif
