/* SPDX-License-Identifier: Apache-2.0 */
/* Integer instructions of user mode that the host has, their defined flags included. ORRERY_FUZZ_STEPS: operands in all. */
#include "test/cpu/x86/host_rows.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "test/check_main.h"
#include <string.h>

static bool is_integer(const struct x86_cpu *c, uint16_t form)
{
    enum { RSP_USED = 1 << 4 };
    const struct x86_row *row = &x86_rows[form];
    const struct insn_desc *desc = &x86_insn_descs[form];
    if (c->semantics[row->id].fn == NULL || (c->semantics[row->id].flags & X86_SEM_CHECKED & ~(unsigned)X86_SEM_NO_V86) != 0 ||
        ((row->reads | row->writes) & RSP_USED) || desc->branch != INSN_NO_BRANCH)
        return false;
    switch (row->id) {
    case X86_INSN_MOV_SEG: case X86_INSN_XLAT: case X86_INSN_INS: case X86_INSN_OUTS: case X86_INSN_MOVDIR64B:
        return false;
    case X86_INSN_NOP_HINT: /* undefined with AMD */
        if (row->opcode == 0x0d)
            return false;
        break;
    default:
        break;
    }
    switch (desc->klass) {
    case INSN_int_alu: case INSN_int_shift: case INSN_int_mul: case INSN_int_div: case INSN_bit: case INSN_nop:
    case INSN_amo: case INSN_hint: case INSN_prefetch:
        return true;
    case INSN_load: case INSN_store:
        return row->id == X86_INSN_MOVBE || row->id == X86_INSN_MOVNTI || row->id == X86_INSN_MOVDIRI ||
               (row->flags & X86_ROW_STRING) != 0;
    default:
        return false;
    }
}

/* The operand, which is a register or memory at the record's operand. */
static uint64_t *place_of(const struct x86_decoded *d, unsigned n, struct host_record *r)
{
    if (d->op[n].kind == X86_OP_MEM)
        return (uint64_t *)(void *)(r->memory + HOST_MEMORY / 2);
    return d->op[n].kind == X86_OP_REG ? &r->gpr[d->op[n].reg] : NULL;
}

/* A dividend that is quotient times divisor and a remainder: so it has room. */
static bool prepare_division(const struct x86_decoded *d, struct host_record *r, uint64_t *seed)
{
    unsigned bits = d->op[0].size * 8u;
    uint64_t *divisor = place_of(d, 0, r), q = x86_host_random(seed) >> (x86_host_random(seed) & 63);
    bool is_mem = d->op[0].kind == X86_OP_MEM;
    uint8_t a = is_mem ? d->base : d->op[0].reg, b = is_mem ? d->index : a;
    if (divisor == NULL || a == 0 || a == 2 || b == 0 || b == 2) /* the dividend's registers */
        return false;
    if (zext(*divisor, bits) == 0)
        *divisor |= 1;
    unsigned __int128 whole;
    if (x86_rows[d->form].id == X86_INSN_DIV) {
        uint64_t by = zext(*divisor, bits);
        whole = (unsigned __int128)zext(q, bits) * by + x86_host_random(seed) % by;
    } else { /* the remainder has the dividend's sign */
        __int128 by = (int64_t)sext(*divisor, bits), times = (int64_t)sext(q, bits);
        uint64_t most = (uint64_t)(by < 0 ? -by : by);
        __int128 rest = (__int128)(x86_host_random(seed) % most);
        whole = (unsigned __int128)(times * by + ((times < 0) != (by < 0) ? -rest : rest));
    }
    if (bits == 8) {
        r->gpr[0] = (r->gpr[0] & ~0xffffull) | (uint64_t)(whole & 0xffff);
    } else {
        r->gpr[0] = (r->gpr[0] & ~zext(~0ull, bits)) | zext((uint64_t)whole, bits);
        r->gpr[2] = (r->gpr[2] & ~zext(~0ull, bits)) | zext((uint64_t)(whole >> bits), bits);
    }
    return true;
}

static bool prepare_string(const struct x86_decoded *d, struct host_record *r, uint32_t record)
{
    uint32_t at = record + (uint32_t)offsetof(struct host_record, memory);
    if (d->seg_override)
        return false;
    r->gpr[6] = at + 64;
    r->gpr[7] = at + 128;
    return true;
}

static bool prepare(const struct x86_decoded *d, struct host_record *r, uint32_t record, uint64_t *seed)
{
    const struct x86_row *row = &x86_rows[d->form];
    for (unsigned i = 0; i < d->n_ops; i++)
        if (d->op[i].kind == X86_OP_REG && d->op[i].reg == 4)
            return false;
    if (row->flags & X86_ROW_STRING)
        return prepare_string(d, r, record);
    if (row->id == X86_INSN_DIV || row->id == X86_INSN_IDIV)
        return prepare_division(d, r, seed);
    bool bit = row->id == X86_INSN_BT || row->id == X86_INSN_BTS || row->id == X86_INSN_BTR || row->id == X86_INSN_BTC;
    if (bit && d->op[0].kind == X86_OP_MEM && d->op[1].kind == X86_OP_REG) {
        if (d->op[1].reg == d->base || d->op[1].reg == d->index)
            return false;
        int64_t n = (int64_t)(x86_host_random(seed) % 2048) - 1024; /* within the record's memory */
        r->gpr[d->op[1].reg] = (uint64_t)n;
    }
    return true;
}

/* ---- undefined flags: SDM volume 2, "Flags Affected" of each ---- */
enum { MOST = X86_OF | X86_SF | X86_AF | X86_PF };

static uint64_t of_shift(const struct x86_decoded *d, const struct host_record *in, unsigned operand)
{
    uint16_t id = x86_rows[d->form].id;
    unsigned bits = d->op[0].size * 8u, count = (unsigned)d->imm;
    if (d->op[operand].kind == X86_OP_REG)
        count = (unsigned)in->gpr[1];
    else if (x86_rows[d->form].op[operand].method == X86_METHOD_ONE)
        count = 1;
    count &= bits == 64 ? 63 : 31;
    bool rotates = id == X86_INSN_ROL || id == X86_INSN_ROR || id == X86_INSN_RCL || id == X86_INSN_RCR;
    uint64_t m = rotates || count == 0 ? 0 : X86_AF;
    if (count > 1)
        m |= X86_OF;
    if (!rotates && id != X86_INSN_SAR && count >= bits)
        m |= X86_CF;
    if (operand == 2 && count > bits)
        m |= X86_ARITH;
    return m;
}

static uint64_t undefined_of(const struct x86_decoded *d, const struct host_record *in)
{
    switch (x86_rows[d->form].id) {
    case X86_INSN_AND: case X86_INSN_OR: case X86_INSN_XOR: case X86_INSN_TEST: return X86_AF;
    case X86_INSN_MUL: case X86_INSN_IMUL: case X86_INSN_IMUL_WIDE: return X86_SF | X86_ZF | X86_AF | X86_PF;
    case X86_INSN_DIV: case X86_INSN_IDIV: return X86_ARITH;
    case X86_INSN_BSF: case X86_INSN_BSR: return MOST | X86_CF;
    case X86_INSN_TZCNT: case X86_INSN_LZCNT: case X86_INSN_BT: case X86_INSN_BTS: case X86_INSN_BTR:
    case X86_INSN_BTC: return MOST;
    case X86_INSN_BEXTR: return X86_SF | X86_AF | X86_PF;
    case X86_INSN_BLSR: case X86_INSN_BLSI: case X86_INSN_BLSMSK: case X86_INSN_BZHI: case X86_INSN_ANDN: return X86_AF | X86_PF;
    case X86_INSN_SHL: case X86_INSN_SHR: case X86_INSN_SAR: case X86_INSN_ROL: case X86_INSN_ROR:
    case X86_INSN_RCL: case X86_INSN_RCR: return of_shift(d, in, 1);
    case X86_INSN_SHLD: case X86_INSN_SHRD: return of_shift(d, in, 2);
    default: return 0;
    }
}

static uint64_t flags(const struct x86_decoded *d, const struct host_record *in)
{
    return ~undefined_of(d, in);
}

START_TEST(integers)
{
    static const struct host_rows rows = { .wanted = is_integer, .prepare = prepare, .flags = flags };
    (void)x86_host_rows(&rows, test_fuzz_steps(50000));
}
END_TEST

Suite *test_suite(void)
{
    Suite *s = suite_create("cpu/x86 against the host: integers");
    TCase *t = tcase_create("host");
    tcase_set_timeout(t, 0);
    tcase_add_test(t, integers);
    suite_add_tcase(s, t);
    return s;
}
