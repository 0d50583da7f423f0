/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exec/x86_64/x86_impl.h"
#include "core/util/bits.h"
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * One memfd, mapped twice: no page is ever writable and executable at one address.
 * Jumps are relative and both mappings lie alike, so code is emitted at its offset in
 * the one and runs in the other.
 */
int x86_buffer_create(struct exec_backend *be, uint64_t size, struct err *e)
{
    int rc = 0;
    int fd = memfd_create("orrery-code", MFD_CLOEXEC);
    if (fd < 0)
        return err_set_errno(e, ERR_IO, errno, "code buffer: memfd_create");
    if (ftruncate(fd, (off_t)size) != 0) {
        rc = err_set_errno(e, ERR_NOMEM, errno, "code buffer of %llu bytes",
                           (unsigned long long)size);
        goto out;
    }
    void *rw = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    void *rx = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    be->rw = rw == MAP_FAILED ? NULL : rw;
    be->rx = rx == MAP_FAILED ? NULL : rx;
    be->size = size;
    for (unsigned k = 0; k < 2; k++) { /* fewer faults, and fewer misses of the host's TLB: both may fail */
        void *view = k ? rx : rw;
        if (view != MAP_FAILED)
            (void)madvise(view, size, MADV_HUGEPAGE);
    }
    if (!be->rw || !be->rx) {
        rc = err_set_errno(e, ERR_NOMEM, errno, "code buffer of %llu bytes: mmap",
                           (unsigned long long)size);
        x86_buffer_destroy(be);
        goto out;
    }
    be->fd = fd;
    return 0;
out:
    close(fd);
    return rc;
}

void x86_buffer_destroy(struct exec_backend *be)
{
    if (be->rw)
        munmap(be->rw, be->size);
    if (be->rx)
        munmap(be->rx, be->size);
    if (be->fd > 0)
        close(be->fd);
    be->rw = be->rx = NULL;
    be->fd = 0;
}

/* Where stubs begin. They are a third of most code; a unit so large that it may not fit has as much room for either. */
static uint64_t boundary(const struct exec_backend *be)
{
    uint64_t size = be->end - be->begin;
    return align_down(be->begin + (be->even ? size / 2 : size / 32 * 21), MEM_PAGE);
}

static void fill(struct exec_backend *be, uint32_t part)
{
    uint64_t middle = align_down(be->low + (be->high - be->low) / 2, MEM_PAGE);
    bool again = be->filled >> part & 1;
    be->part = part;
    be->has_all = be->wants_all;
    be->wants_all = false;
    be->begin = part == 0 ? be->low : middle;
    be->end = part == 0 && !be->has_all ? middle : be->high;
    be->filled |= be->has_all ? 3 : 1u << part;
    be->half = boundary(be);
    be->made[0] = again || be->has_all ? be->end : 0; /* what was made as the one may be the other now */
    be->made[1] = be->made[0];
    be->even = false;
    be->a.p = be->rw + be->begin;
    be->cold.p = be->rw + be->half;
    be->viewed = x86_buffer_used(be);
    be->ready[0] = be->ready[1] = 0;
    be->asked[0] = be->asked[1] = 0;
    memset(be->tickets, 0, sizeof(be->tickets));
}

void x86_buffer_reset(struct exec_backend *be)
{
    be->wants_all = false;
    be->other_used = 0;
    fill(be, 0);
}

void x86_buffer_turn(struct exec_backend *be)
{
    bool alone = be->has_all || be->wants_all;
    be->other_used = alone ? 0 : x86_buffer_used(be) - be->other_used;
    fill(be, alone ? 0 : 1 - be->part);
}

#define POPULATE_BYTES X86_PIECE
#define AHEAD_BYTES    (8 * X86_PIECE) /* that the host is asked for before they are needed */
#define AROUND_BYTES   (64u << 10) /* that one fault of the host maps at once, of pages that are there: its usual setting */

/* Pages that never were are made by a write to the file, which costs half of what a fault for each does. */
static bool make_pages(struct exec_backend *be, uint64_t from, uint64_t to)
{
    static const uint8_t zeros[MEM_PAGE];
    struct iovec v[POPULATE_BYTES / MEM_PAGE];
    for (uint64_t at = from; at < to;) {
        int n = (int)MIN((to - at) / MEM_PAGE, ARRAY_LEN(v));
        for (int i = 0; i < n; i++)
            v[i] = (struct iovec){ .iov_base = (void *)(uintptr_t)zeros, .iov_len = MEM_PAGE };
        if (pwritev(be->fd, v, n, (off_t)at) != (ssize_t)n * MEM_PAGE)
            return false;
        at += (uint64_t)n * MEM_PAGE;
    }
    for (uint64_t at = from; at < to; at = align_down(at, AROUND_BYTES) + AROUND_BYTES) {
        (void)*(volatile uint8_t *)(be->rw + at);
        (void)*(volatile uint8_t *)(be->rx + at);
    }
    return true;
}

static void get_pages(struct exec_backend *be, unsigned k, uint64_t at, uint64_t need, uint64_t end)
{
    uint64_t from = MAX(align_down(at, MEM_PAGE), be->ready[k]);
    uint64_t to = MIN(align_up(MAX(at + need, from + POPULATE_BYTES), MEM_PAGE), align_up(end, MEM_PAGE));
    if (from >= to)
        return;
    be->ready[k] = to;
    if (from < at || from < be->made[k] || !make_pages(be, from, to)) {
        exec_populate(be->rw + from, to - from, false);
        exec_populate(be->rx + from, to - from, true);
    }
}

/* Of what was asked for: is the piece in which what is ready ends there? */
static bool next_is_there(struct exec_backend *be, unsigned k)
{
    uint64_t piece = be->ready[k] / X86_PIECE, *ticket = &be->tickets[k][piece % X86_PIECES];
    if (be->ready[k] >= be->asked[k] || !exec_has_pages(be->x, *ticket))
        return false;
    *ticket = 0;
    be->ready[k] = (piece + 1) * X86_PIECE;
    return true;
}

/* Not much for a guest that has not translated much. */
static void look_ahead(struct exec_backend *be, unsigned k, uint64_t at, uint64_t end)
{
    uint64_t begin = k == 0 ? be->begin : be->half, lead = MIN(at - begin, AHEAD_BYTES);
    be->asked[k] = MAX(be->asked[k], align_up(MAX(be->ready[k], at), X86_PIECE));
    while (be->asked[k] < at + lead && be->asked[k] + X86_PIECE <= end) {
        uint64_t from = be->asked[k], ticket = exec_ask_pages(be->x, be->rw + from, X86_PIECE, false);
        ticket = ticket != 0 ? exec_ask_pages(be->x, be->rx + from, X86_PIECE, true) : 0;
        if (ticket == 0)
            break;
        be->tickets[k][from / X86_PIECE % X86_PIECES] = ticket;
        be->asked[k] = from + X86_PIECE;
    }
}

void x86_buffer_populate(struct exec_backend *be, uint64_t need)
{
    for (unsigned k = 0; k < 2; k++) {
        uint64_t at = asm_offset(k == 0 ? &be->a : &be->cold), end = k == 0 ? be->half : be->end;
        while (at + need > be->ready[k] && next_is_there(be, k))
            continue;
        if (at + need > be->ready[k])
            get_pages(be, k, at, need, end);
        be->made[k] = MAX(be->made[k], be->ready[k]);
        if (be->of == NULL && be->x != NULL) /* an annex is filled by that thread itself; tests have back ends alone */
            look_ahead(be, k, at, end);
    }
}

#define VIEW_BYTES (4u << 20)

/* The pages stay in the memfd; one that is written again comes back by a fault. */
void x86_buffer_trim(struct exec_backend *be)
{
    uint64_t used = x86_buffer_used(be);
    if (used - be->viewed < VIEW_BYTES)
        return;
    be->viewed = used;
    /* An optimization: may fail. What is ready and not used yet stays. */
    uint64_t begin = align_down(be->begin, MEM_PAGE), hot = align_down(asm_offset(&be->a), MEM_PAGE);
    uint64_t half = align_down(be->half, MEM_PAGE);
    (void)madvise(be->rw + begin, hot - begin, MADV_DONTNEED);
    (void)madvise(be->rw + half, align_down(asm_offset(&be->cold), MEM_PAGE) - half, MADV_DONTNEED);
}

#define CPU(member)     CPU_MEM(member)
#define SCRATCH(n)      mem_at(R12, (int32_t)(offsetof(struct exec_cpu, scratch) + 8 * (size_t)(n)))
#define MOV_LOAD        (0x8b | OP_W)
#define MOV_STORE       (0x89 | OP_W)

/* System V ABI: rbx, rbp, r12-r15 are the caller's. Seven pushes of 8 with the return address. */
static const uint8_t callee_saved[] = { RBX, RBP, R12, R13, R14, R15 };

static void emit_run(struct x86_asm *a, struct x86_fixed *f)
{
    f->run = asm_offset(a);
    for (unsigned i = 0; i < ARRAY_LEN(callee_saved); i++)
        asm_push(a, callee_saved[i]);
    asm_alu_ri(a, ALU_SUB, true, RSP, FRAME_BYTES + 8);
    asm_lea(a, true, RBP, mem_at(RDI, CPU_BIAS));
    asm_rm(a, MOV_LOAD, R12, CPU(budget));
    asm_rm(a, MOV_LOAD, R13, CPU(set));
    asm_rr(a, 0xff, 4, RSI); /* jmp rsi */

    asm_align(a, 16);
    f->leave = asm_offset(a);
    asm_rm(a, MOV_STORE, R12, CPU(budget));
    asm_alu_ri(a, ALU_ADD, true, RSP, FRAME_BYTES + 8);
    for (unsigned i = ARRAY_LEN(callee_saved); i-- > 0;)
        asm_pop(a, callee_saved[i]);
    asm_8(a, 0xc3);
}

/* Most look-ups find what was translated, and most pieces end for an interrupt: then nothing has to be left. */
static void emit_find(struct x86_asm *a, uint64_t fn, bool changes)
{
    asm_rm(a, MOV_STORE, R12, CPU(budget));
    asm_lea(a, true, RDI, x86_cpu_mem(0));
    asm_mov_ri(a, RAX, fn);
    asm_rr(a, 0xff, 2, RAX); /* call rax */
    if (changes) {
        asm_rm(a, MOV_LOAD, R12, CPU(budget));
        asm_rm(a, MOV_LOAD, R13, CPU(set));
    }
    asm_rr(a, 0x85 | OP_W, RAX, RAX);
    uint8_t *none = asm_jcc8(a, CC_E);
    asm_mov_rr(a, true, RCX, RAX);
    asm_rm(a, MOV_LOAD, RAX, CPU(pc));
    asm_rm(a, 0x8b, RDX, CPU(mode_flags));
    asm_rr(a, 0xff, 4, RCX); /* jmp rcx */
    asm_here(a, none);
}

static void emit_leaves(struct x86_asm *a, struct x86_fixed *f)
{
    for (unsigned why = 0; why <= EXEC_LEAVE_HOT; why++) {
        f->leave_at[why] = asm_offset(a);
        asm_rr(a, 0x63 | OP_W, RAX, RAX); /* movsxd */
        asm_rm(a, 0x03 | OP_W, RAX, CPU(page));
        f->leave_pc[why] = asm_offset(a);
        asm_rm(a, MOV_STORE, RAX, CPU(pc));
        if (why == EXEC_LEAVE_LOOKUP)
            emit_find(a, (uint64_t)(uintptr_t)exec_find_code, false);
        else if (why == EXEC_LEAVE_BUDGET)
            emit_find(a, (uint64_t)(uintptr_t)x86_out_next, true);
        asm_mov_ri(a, RAX, why);
        asm_jmp(a, f->leave);
    }
    f->leave_edge = asm_offset(a);
    asm_rm(a, MOV_LOAD, RCX, CPU(exec_private));
    asm_rm(a, MOV_STORE, RAX, mem_at(RCX, offsetof(struct exec_cpu, edge)));
    asm_rm(a, 0x8b, RAX, mem_at(RAX, offsetof(struct exec_edge, target)));
    asm_rr(a, 0x85 | OP_W, R12, R12); /* test */
    asm_jcc(a, CC_LE, f->leave_at[EXEC_LEAVE_BUDGET]);
    asm_jmp(a, f->leave_at[EXEC_LEAVE_EDGE]);
    f->jump = asm_offset(a);
    asm_rm(a, MOV_LOAD, RAX, CPU(pc));
    asm_rm(a, 0x8b, RDX, CPU(mode_flags));
    x86_emit_jump(a, f);
    f->leave_hot = asm_offset(a);
    asm_rm(a, MOV_LOAD, RCX, CPU(exec_private));
    asm_rm(a, MOV_STORE, RAX, mem_at(RCX, offsetof(struct exec_cpu, block)));
    asm_rm(a, 0x8b, RAX, mem_at(RAX, offsetof(struct exec_block, start)));
    asm_jmp(a, f->leave_at[EXEC_LEAVE_HOT]);
}

/* Where a thunk goes whose operation was not done: eax = enum x86_undone. */
static void emit_fault(struct x86_asm *a, const struct x86_fixed *f, uint32_t from)
{
    asm_patch(a, from, asm_offset(a));
    asm_alu_ri(a, ALU_ADD, true, RSP, 8); /* the return address */
    asm_rm(a, MOV_LOAD, R12, CPU(budget));
    asm_rm(a, MOV_LOAD, R13, CPU(set));
    asm_alu_ri(a, ALU_CMP, false, RAX, UNDONE_JUMP);
    asm_jcc(a, CC_E, f->jump);
    asm_mov_ri(a, RAX, EXEC_LEAVE_EXIT);
    asm_jmp(a, f->leave);
}

/* Into C from translated code: r12 = struct exec_cpu, rdi = CPU; registers are saved there. */
static void save_registers(struct x86_asm *a, enum x86_fp fp)
{
    asm_rm(a, MOV_STORE, R12, CPU(budget));
    asm_rm(a, MOV_LOAD, R12, CPU(exec_private));
    for (unsigned r = 0; r < 16; r++)
        if (GPR_POOL >> r & 1)
            asm_rm(a, MOV_STORE, r, SCRATCH(SAVE_GPR + r));
    for (unsigned r = 4; fp == FP_XMM && r < 16; r++)
        asm_rm(a, 0x11 | OP_0F, r, SCRATCH(SAVE_XMM + 4 * r)); /* movups */
    for (unsigned r = 4; fp == FP_YMM && r < 32; r++)
        asm_evex_rm(a, 0x11 | OP_0F | OP_Y, r, 0, SCRATCH(SAVE_XMM + 4 * r));
    if (fp == FP_YMM)
        asm_vzeroupper(a);
    asm_rm(a, 0xae | OP_0F, 3, SCRATCH(SAVE_MXCSR));               /* stmxcsr */
    asm_lea(a, true, RDI, x86_cpu_mem(0));
}

/* Under the host's usual MXCSR. A jump, to be patched, when it says that the operation was not done. */
static uint32_t call_c(struct x86_asm *a, uint64_t fn)
{
    asm_alu_ri(a, ALU_SUB, true, RSP, 8);
    asm_mov_ri(a, RAX, 0x1f80);
    asm_rm(a, 0x89, RAX, mem_at(RSP, 0));
    asm_rm(a, 0xae | OP_0F, 2, mem_at(RSP, 0)); /* ldmxcsr */
    asm_mov_ri(a, RAX, fn);
    asm_rr(a, 0xff, 2, RAX); /* call rax */
    asm_alu_ri(a, ALU_ADD, true, RSP, 8);
    asm_rm(a, 0xae | OP_0F, 2, SCRATCH(SAVE_MXCSR));
    asm_rr(a, 0x85, RAX, RAX);
    return asm_jcc(a, CC_NE, 0);
}

static void restore_registers(struct x86_asm *a, enum x86_fp fp)
{
    for (unsigned r = 4; fp == FP_YMM && r < 32; r++)
        asm_evex_rm(a, 0x10 | OP_0F | OP_Y, r, 0, SCRATCH(SAVE_XMM + 4 * r));
    for (unsigned r = 4; fp == FP_XMM && r < 16; r++)
        asm_rm(a, 0x10 | OP_0F, r, SCRATCH(SAVE_XMM + 4 * r));
    for (unsigned r = 0; r < 16; r++)
        if (GPR_POOL >> r & 1)
            asm_rm(a, MOV_LOAD, r, SCRATCH(SAVE_GPR + r));
}

/* Back to translated code. */
static void emit_return(struct x86_asm *a)
{
    asm_rm(a, MOV_LOAD, R12, CPU(budget));
    asm_rm(a, MOV_LOAD, R13, CPU(set));
    asm_8(a, 0xc3);
}

/* rax = site, rdx = va, rcx = b. Returns with rax = result, or leaves. */
static uint32_t emit_out(struct x86_asm *a, struct x86_fixed *f, enum x86_fp fp)
{
    asm_align(a, 16);
    uint32_t at = asm_offset(a);
    save_registers(a, fp);
    asm_mov_rr(a, true, RSI, RAX);
    asm_lea(a, true, R8, mem_at(RSP, 8));
    asm_mov_rr(a, true, R9, R12);
    uint32_t fault = call_c(a, (uint64_t)(uintptr_t)x86_out);
    restore_registers(a, fp);
    asm_rm(a, MOV_LOAD, RAX, SCRATCH(SAVE_RESULT));
    emit_return(a);
    emit_fault(a, f, fault);
    return at;
}

/* Behind the return address: a jump back and a struct x86_access. Returns with its result where it belongs, or leaves. */
static uint32_t emit_access(struct x86_asm *a, struct x86_fixed *f)
{
    asm_align(a, 16);
    uint32_t at = asm_offset(a);
    save_registers(a, FP_NONE);
    asm_rm(a, MOV_LOAD, RSI, mem_at(RSP, 0));
    asm_lea(a, true, RDX, mem_at(RSP, 8));
    asm_mov_rr(a, true, RCX, R12);
    uint32_t fault = call_c(a, (uint64_t)(uintptr_t)x86_out_access);
    restore_registers(a, FP_NONE);
    emit_return(a);
    emit_fault(a, f, fault);
    return at;
}

/*
 * rdx = an IR_CALL_LIGHT helper, rax = site, arguments in the frame; returns its result in rax.
 * It leaves budget, MXCSR and slots alone, so only what the ABI lets it clobber is saved.
 */
static uint32_t emit_light(struct x86_asm *a, enum x86_fp fp)
{
    static const uint8_t saved[] = { RSI, RDI, R8, R9, R10, R11 };
    static const uint8_t args[] = { RSI, RDX, RCX, R8 };
    int32_t vectors = fp == FP_XMM ? 12 * 16 : fp == FP_YMM ? 28 * 32 : 0, frame = 8 + (int32_t)sizeof(saved) * 8 + 8 + vectors;
    asm_align(a, 16);
    uint32_t at = asm_offset(a);
    for (unsigned i = 0; i < ARRAY_LEN(saved); i++)
        asm_push(a, saved[i]);
    asm_alu_ri(a, ALU_SUB, true, RSP, 8 + vectors);
    for (unsigned r = 4; fp == FP_XMM && r < 16; r++)
        asm_rm(a, 0x11 | OP_0F, r, mem_at(RSP, 16 * (int32_t)(r - 4))); /* movups */
    for (unsigned r = 4; fp == FP_YMM && r < 32; r++)
        asm_evex_rm(a, 0x11 | OP_0F | OP_Y, r, 0, mem_at(RSP, 32 * (int32_t)(r - 4)));
    if (fp == FP_YMM)
        asm_vzeroupper(a);
    asm_rm(a, MOV_STORE, RAX, CPU(site));
    asm_mov_rr(a, true, RAX, RDX);
    asm_lea(a, true, RDI, x86_cpu_mem(0));
    for (unsigned k = 0; k < ARRAY_LEN(args); k++)
        asm_rm(a, MOV_LOAD, args[k], mem_at(RSP, frame + 8 * (int32_t)k));
    asm_rr(a, 0xff, 2, RAX); /* call rax */
    asm_mov_mi(a, 3, CPU(site), 0);
    for (unsigned r = 4; fp == FP_XMM && r < 16; r++)
        asm_rm(a, 0x10 | OP_0F, r, mem_at(RSP, 16 * (int32_t)(r - 4)));
    for (unsigned r = 4; fp == FP_YMM && r < 32; r++)
        asm_evex_rm(a, 0x10 | OP_0F | OP_Y, r, 0, mem_at(RSP, 32 * (int32_t)(r - 4)));
    asm_alu_ri(a, ALU_ADD, true, RSP, 8 + vectors);
    for (unsigned i = ARRAY_LEN(saved); i-- > 0;)
        asm_pop(a, saved[i]);
    asm_8(a, 0xc3);
    return at;
}

/* rax = site, all slots in memory. Returns with rax = result, or leaves; nothing is saved. */
static uint32_t emit_last(struct x86_asm *a, struct x86_fixed *f)
{
    asm_align(a, 16);
    uint32_t at = asm_offset(a);
    asm_rm(a, MOV_STORE, R12, CPU(budget));
    asm_rm(a, MOV_LOAD, R12, CPU(exec_private));
    asm_lea(a, true, RDI, x86_cpu_mem(0));
    asm_mov_rr(a, true, RSI, RAX);
    asm_lea(a, true, RDX, mem_at(RSP, 8));
    asm_mov_rr(a, true, RCX, R12);
    asm_alu_ri(a, ALU_SUB, true, RSP, 8);
    asm_mov_ri(a, RAX, (uint64_t)(uintptr_t)x86_out_last);
    asm_rr(a, 0xff, 2, RAX); /* call rax */
    asm_alu_ri(a, ALU_ADD, true, RSP, 8);
    asm_rr(a, 0x85, RAX, RAX);
    uint32_t fault = asm_jcc(a, CC_NE, 0);
    asm_rm(a, MOV_LOAD, RAX, SCRATCH(SAVE_RESULT));
    asm_rm(a, MOV_LOAD, R12, CPU(budget));
    asm_rm(a, MOV_LOAD, R13, CPU(set));
    asm_8(a, 0xc3);
    emit_fault(a, f, fault);
    return at;
}

static void emit_consts(struct x86_asm *a, struct x86_fixed *f)
{
    static const uint64_t values[K_N][2] = {
        [K_SIGN32] = { 0x80000000 },
        [K_SIGN64] = { 0x8000000000000000 },
        [K_ABS32] = { 0x7fffffff },
        [K_ABS64] = { 0x7fffffffffffffff },
        [K_BOX] = { 0xffffffff00000000 },
        [K_NAN32] = { 0x7fc00000 },
        [K_NAN64] = { 0x7ff8000000000000 },
        [K_TWO63_32] = { 0x5f000000 },
        [K_TWO63_64] = { 0x43e0000000000000 },
        [K_TWO32_32] = { 0x4f800000 },
        [K_U32MAX_64] = { 0x41efffffffe00000 },
        [K_VSIGN32] = { 0x8000000080000000, 0x8000000080000000 },
        [K_VSIGN64] = { 0x8000000000000000, 0x8000000000000000 },
        [K_VABS32] = { 0x7fffffff7fffffff, 0x7fffffff7fffffff },
        [K_VABS64] = { 0x7fffffffffffffff, 0x7fffffffffffffff },
        [K_VMIN32] = { 0x0080000000800000, 0x0080000000800000 }, /* the least normal numbers */
        [K_VMIN64] = { 0x0010000000000000, 0x0010000000000000 },
        [K_BYTES] = { 0x00ff00ff00ff00ff, 0x00ff00ff00ff00ff },
        [K_TBL] = { 0x7070707070707070, 0x7070707070707070 },
        [K_REV + 0] = { 0x0607040502030001, 0x0e0f0c0d0a0b0809 }, /* bytes in 16 bits, in 32, in 64 */
        [K_REV + 1] = { 0x0405060700010203, 0x0c0d0e0f08090a0b },
        [K_REV + 2] = { 0x0001020304050607, 0x08090a0b0c0d0e0f },
        [K_REV + 3] = { 0x0504070601000302, 0x0d0c0f0e09080b0a }, /* 16 bits in 32, in 64 */
        [K_REV + 4] = { 0x0100030205040706, 0x09080b0a0d0c0f0e },
        [K_REV + 5] = { 0x0302010007060504, 0x0b0a09080f0e0d0c }, /* 32 bits in 64 */
    };
    asm_align(a, 16);
    f->consts = asm_offset(a);
    memcpy(a->p, values, sizeof(values));
    a->p += sizeof(values);
}

void x86_emit_fixed(struct exec_backend *be)
{
    struct x86_asm *a = &be->a;
    a->start = a->p = be->cold.start = be->rw;
    emit_consts(a, &be->fixed);
    asm_align(a, 64);
    emit_run(a, &be->fixed);
    emit_leaves(a, &be->fixed);
    be->fixed.access = emit_access(a, &be->fixed);
    for (unsigned fp = FP_NONE; fp <= (be->host & HOST_AVX512 ? FP_YMM : FP_XMM); fp++) {
        be->fixed.out[fp] = emit_out(a, &be->fixed, (enum x86_fp)fp);
        be->fixed.light[fp] = emit_light(a, (enum x86_fp)fp);
    }
    be->fixed.last = emit_last(a, &be->fixed);
    asm_align(a, 16);
    be->fixed.stack = x86_emit_stack_copy(a, be->host);
    asm_align(a, 64);
    be->low = asm_offset(a);
    be->high = be->size;
    assert(be->low < 2 * MEM_PAGE); /* LEAST_BYTES are many times as much */
    x86_buffer_reset(be);
}
