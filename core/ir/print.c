/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ir/ir_impl.h"
#include <ctype.h>
#include <inttypes.h>

/*
 *   block 0 at 0x10: 8 bytes, 2 instructions, cost 2
 *     0x10  addi
 *       %3 = add.i64 %1, %2
 *       put a0, %3
 */

static const char *const type_names[IR_TYPES] = { "", ".i32", ".i64", ".f32", ".f64", ".v128", ".v256" };
static const char *const cc_names[] = { "eq",  "ne",  "lts", "ges", "les",
                                        "gts", "ltu", "geu", "leu", "gtu" };
static const char *const rm_names[] = { "rne", "rtz", "rdn", "rup", "rmm", "?", "?", "dyn" };
static const char *const fcmp_names[] = { "eq", "lt", "le", "unord", "image" };
static const char *const amo_names[] = { "swap", "add", "and",  "or",  "xor",
                                         "min",  "max", "minu", "maxu" };
static const char *const fence_names[] = { "full", "loads", "stores", "acquire", "release" };
static const char *const link_names[] = { "", " call", " return", " mode" };
static const char *const exit_names[] = { "lookup", "idle", "yield" };

#define NAME(table, i) ((i) < ARRAY_LEN(table) ? table[i] : "?")

static void print_hex(FILE *out, int64_t v)
{
    if (v < 0)
        fprintf(out, "-0x%" PRIx64, 0 - (uint64_t)v);
    else
        fprintf(out, "0x%" PRIx64, (uint64_t)v);
}

static void print_value(FILE *out, unsigned v)
{
    if (v == IR_NONE)
        fputs("-", out);
    else
        fprintf(out, "%%%u", v);
}

static void print_memop(FILE *out, unsigned m)
{
    fprintf(out, " %u%s", 1u << (m & IR_MEM_SIZE), m & IR_MEM_SIGNED ? "s" : "");
    static const struct {
        uint16_t bit;
        const char *name;
    } bits[] = {
        { IR_MEM_BE, " be" },           { IR_MEM_ALIGNED, " aligned" },
        { IR_MEM_ATOMIC, " atomic" },   { IR_MEM_ACQUIRE, " acquire" },
        { IR_MEM_RELEASE, " release" }, { IR_MEM_STORE_RIGHTS, " store-rights" },
    };
    for (size_t i = 0; i < ARRAY_LEN(bits); i++)
        if (m & bits[i].bit)
            fputs(bits[i].name, out);
    if (m & IR_MEM_WIDER)
        fprintf(out, " to %u", ir_mem_alignment(m) + 1);
    if (m & IR_MEM_REGIME)
        fprintf(out, " regime %u", (m & IR_MEM_REGIME) >> 12);
}

static void print_args(FILE *out, const struct ir_inst *in)
{
    const unsigned v[4] = { in->a, in->b, in->c, (uint16_t)in->imm2 };
    for (unsigned k = 0; k < ir_op_info[in->op].args; k++) {
        fputs(k ? ", " : " ", out);
        print_value(out, v[k]);
    }
}

static void print_slot(FILE *out, const struct ir_unit *u, int64_t slot)
{
    if (slot >= 0 && slot < u->guest->n_slots)
        fputs(u->guest->slots[slot].name, out);
    else
        fprintf(out, "slot%" PRId64, slot);
}

static void print_memory(FILE *out, const struct ir_inst *in)
{
    fputs(" [", out);
    print_value(out, in->a);
    if (in->imm) {
        fputs(in->imm < 0 ? " - " : " + ", out);
        print_hex(out, in->imm < 0 ? -in->imm : in->imm);
    }
    fputs("]", out);
    for (unsigned k = 1; k < ir_op_info[in->op].args; k++) {
        fputs(", ", out);
        print_value(out, k == 1 ? in->b : in->c);
    }
    print_memop(out, in->aux2);
}

/* Everything after the mnemonic. */
static void print_operands(FILE *out, const struct ir_unit *u, const struct ir_inst *in)
{
    switch (in->op) {
    case IR_CONST:
    case IR_PC:
        fputs(" ", out);
        print_hex(out, in->imm);
        return;
    case IR_GET:
    case IR_PUT:
        fputs(" ", out);
        print_slot(out, u, in->imm);
        if (in->op == IR_PUT)
            fprintf(out, ", %%%u", in->a);
        return;
    case IR_LOAD:
    case IR_STORE:
    case IR_AMO:
    case IR_CAS:
    case IR_LOADR:
    case IR_STOREC:
        print_memory(out, in);
        return;
    case IR_CALL:
    case IR_TRAP:
        fprintf(out, " %s",
                in->imm >= 0 && in->imm < u->guest->n_helpers ? u->guest->helpers[in->imm].name
                                                              : "?");
        break;
    case IR_JUMP:
    case IR_BRANCH:
    case IR_EXIT:
        print_args(out, in);
        fputs(in->op == IR_BRANCH ? ", " : " ", out);
        print_hex(out, in->imm);
        if (in->op == IR_BRANCH) {
            fputs(", ", out);
            print_hex(out, in->imm2);
        }
        return;
    default:
        break;
    }
    print_args(out, in);
    if (in->op == IR_VCONST)
        fprintf(out, " 0x%016" PRIx64 "%016" PRIx64, (uint64_t)in->imm2, (uint64_t)in->imm);
    else if (in->op == IR_CALLV)
        fprintf(out, " %s, %" PRId64,
                in->imm >= 0 && in->imm < u->guest->n_vec_helpers ? u->guest->vec_helpers[in->imm].name
                                                                  : "?", in->imm2);
    else if (in->op > IR_VCONST && in->op < IR_CALLV && in->imm)
        fprintf(out, " /%" PRId64, in->imm);
    if (in->op == IR_EXTRACT || in->op == IR_DEPOSIT)
        fprintf(out, ", %u+%u", (unsigned)(in->imm & 0xff), (unsigned)(in->imm >> 8 & 0xff));
    else if (in->op == IR_FCVT || in->op == IR_FTOI || in->op == IR_ITOF)
        fprintf(out, "%s%s", NAME(type_names, (unsigned)(in->imm & 0xff)),
                in->imm & 0x100 ? " unsigned" : "");
    else if (in->imm && (in->op == IR_FMA || in->op == IR_FMIN || in->op == IR_FMAX ||
                         in->op == IR_FRINT || in->op == IR_FSGNJ))
        fprintf(out, " /%u", (unsigned)in->imm);
}

static void print_mnemonic(FILE *out, const struct ir_inst *in)
{
    for (const char *p = ir_op_info[in->op].name; *p; p++)
        fputc(tolower((unsigned char)*p), out);
    switch (in->op) {
    case IR_SETCC:
        fprintf(out, ".%s", NAME(cc_names, in->aux));
        break;
    case IR_FCMP:
        fprintf(out, ".%s%s", NAME(fcmp_names, in->aux & 7u), in->aux & IR_FCMP_QUIET ? "q" : "");
        break;
    case IR_AMO:
        fprintf(out, ".%s", NAME(amo_names, in->aux));
        break;
    case IR_FENCE:
        fprintf(out, ".%s", NAME(fence_names, in->aux));
        break;
    case IR_EXIT:
        fprintf(out, ".%s", NAME(exit_names, in->aux));
        break;
    case IR_SEXT:
    case IR_ZEXT:
        fprintf(out, "%u", in->aux);
        break;
    case IR_FADD:
    case IR_FSUB:
    case IR_FMUL:
    case IR_FDIV:
    case IR_FSQRT:
    case IR_FMA:
    case IR_FCVT:
    case IR_FTOI:
    case IR_ITOF:
    case IR_FRINT:
        fprintf(out, ".%s", NAME(rm_names, in->aux));
        break;
    default:
        break;
    }
    if (in->op >= IR_VCONST && in->op < IR_CALLV && in->op != IR_VJOIN && in->op != IR_VHALF)
        fprintf(out, "%u", 8u << in->aux);
    if ((in->op != IR_PUT && in->op != IR_GET) || in->type == IR_V256)
        fputs(NAME(type_names, in->type), out);
}

static void print_inst(FILE *out, const struct ir_unit *u, uint32_t i)
{
    const struct ir_inst *in = &u->insts[i];
    if (in->op >= IR_OPS) {
        fprintf(out, "      %%%u = undefined operation %u\n", i, in->op);
        return;
    }
    if (in->op == IR_INSN) {
        fputs("    ", out);
        print_hex(out, in->imm);
        const struct insn_desc *d =
            (uint64_t)in->imm2 < u->n_insns ? u->insns[in->imm2].desc : NULL;
        fprintf(out, "  %s\n", d ? d->name : "?");
        return;
    }
    fputs("      ", out);
    if (ir_result_type(in) != IR_VOID)
        fprintf(out, "%%%u = ", i);
    print_mnemonic(out, in);
    print_operands(out, u, in);
    if (in->op == IR_JUMPR)
        fputs(NAME(link_names, in->aux), out);
    fputc('\n', out);
}

void ir_print(const struct ir_unit *u, FILE *out)
{
    fprintf(out, "unit of %s, mode 0x%x%s%s\n", u->guest->name, u->mode,
            u->second_page ? ", crosses into the next page" : "", u->full ? ", FULL" : "");
    for (uint32_t n = 0; n < u->n_blocks; n++) {
        const struct ir_block *b = &u->blocks[n];
        fprintf(out, "  block %u at ", n);
        print_hex(out, b->start);
        fprintf(out, ": %u bytes, %u instructions, cost %u\n", b->length, b->n_insns, b->cost);
        for (uint32_t i = b->first; i < b->end && i < u->n_insts; i++)
            print_inst(out, u, i);
    }
}
