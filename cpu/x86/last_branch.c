/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Last branches under DEBUGCTL.LBR: APM volume 2, 13.1.1.9 to 13.1.1.12 and "Recording Control Transfers"; SDM volume
 * 3, 18.4.1, 18.4.8, 18.12 (LBR stack of 32, its filters, its call-stack mode). While LBR is set each block is one
 * instruction (X86_MODE_TF): a branch is noted when it begins, and recorded at the boundary behind it, where it is
 * known whether and where it went. What faults is no branch; the exception is recorded when it is delivered.
 *
 * AMD records offsets in code segments, Intel linear addresses, as IA32_PERF_CAPABILITIES.LBR_FMT = 1 says: without
 * what the predictor thought of them.
 */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/translate_impl.h"
#include <string.h>

/* MSR_LBR_SELECT: what is left out */
enum {
    CPL_EQ_0 = 1u << 0,
    CPL_NEQ_0 = 1u << 1,
    JCC = 1u << 2,
    NEAR_REL_CALL = 1u << 3,
    NEAR_IND_CALL = 1u << 4,
    NEAR_RET = 1u << 5,
    NEAR_IND_JMP = 1u << 6,
    NEAR_REL_JMP = 1u << 7,
    FAR_BRANCH = 1u << 8, /* interrupts and exceptions, too */
    EN_CALLSTACK = 1u << 9,
};

/* c->last_branch */
enum { FROM, TO, EXCEPTION_FROM, EXCEPTION_TO };

static bool is_left_out(const struct x86_cpu *c, unsigned kind)
{
    static const uint16_t filter[] = {
        [INSN_COND] = JCC,
        [INSN_DIRECT] = NEAR_REL_JMP,
        [INSN_CALL_DIRECT] = NEAR_REL_CALL,
        [INSN_INDIRECT] = NEAR_IND_JMP,
        [INSN_CALL_INDIRECT] = NEAR_IND_CALL,
        [INSN_RETURN] = NEAR_RET,
        [X86_FAR_BRANCH] = FAR_BRANCH,
    };
    /* The level is the one where the branch ends */
    return c->lbr_select & (filter[kind] | (x86_cpl(c) == 0 ? CPL_EQ_0 : CPL_NEQ_0));
}

static void push(struct x86_cpu *c, unsigned kind, uint64_t from, uint64_t to)
{
    bool callstack = c->lbr_select & EN_CALLSTACK;
    uint64_t *tos = &c->lbr_tos;
    if (is_left_out(c, kind))
        return;
    if (callstack && kind == INSN_RETURN) { /* takes its call away again */
        c->lbr_from[*tos] = c->lbr_to[*tos] = 0;
        *tos = (*tos - 1) % X86_LAST_BRANCHES;
        return;
    }
    if (callstack && kind == INSN_CALL_DIRECT && x86_same_pc(c, c->branch_next, to))
        return; /* to the next instruction: nobody returns from there */
    *tos = (*tos + 1) % X86_LAST_BRANCHES;
    c->lbr_from[*tos] = from;
    c->lbr_to[*tos] = to;
}

/* From linear `from`, which in its code segment was `ip`, to where the processor is now. */
static void record(struct x86_cpu *c, unsigned kind, va_t from, uint64_t ip)
{
    bool amd = c->config->vendor == X86_AMD;
    va_t to = x86_code64(c) ? c->cpu.pc : (uint32_t)c->cpu.pc;
    c->last_branch[FROM] = amd ? ip : from;
    c->last_branch[TO] = amd ? x86_ip(c, to) : to;
    if (!amd && c->config->last_branches != 0)
        push(c, kind, from, to);
}

void x86_branch_begins(struct x86_cpu *c, va_t at, va_t next, unsigned kind)
{
    bool wide = x86_code64(c);
    c->branch_kind = kind;
    c->branch_from = wide ? at : (uint32_t)at;
    c->branch_ip = x86_ip(c, at);
    c->branch_next = next;
}

void x86_branch_done(struct x86_cpu *c)
{
    unsigned kind = (unsigned)c->branch_kind;
    c->branch_kind = INSN_NO_BRANCH;
    if (kind == INSN_NO_BRANCH || (kind == INSN_COND && x86_same_pc(c, c->branch_next, c->cpu.pc)))
        return;
    record(c, kind, c->branch_from, c->branch_ip);
}

/* The last branch before it stays to be seen (SDM 18.12.3: "Last Exception Records"). */
void x86_record_event(struct x86_cpu *c, va_t from, uint64_t ip)
{
    if (!(c->debugctl & X86_DEBUGCTL_LBR))
        return;
    c->last_branch[EXCEPTION_FROM] = c->last_branch[FROM];
    c->last_branch[EXCEPTION_TO] = c->last_branch[TO];
    record(c, X86_FAR_BRANCH, from, ip);
}

void x86_last_branch_reset(struct x86_cpu *c)
{
    memset(c->last_branch, 0, sizeof(c->last_branch));
    memset(c->lbr_from, 0, sizeof(c->lbr_from));
    memset(c->lbr_to, 0, sizeof(c->lbr_to));
    c->lbr_select = c->lbr_tos = 0;
}
