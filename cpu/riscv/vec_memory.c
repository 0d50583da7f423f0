/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Vector Loads and Stores". Elements are accessed one after the other, segments too; the first that faults leaves its
 * number in vstart, and those before it are done.
 *
 * Unit-stride accesses of whole registers are accesses of 16 bytes; vec_segment.c has strides and segments. One that
 * faults says nothing of elements: rv_vec_redo makes its instruction start again, translated the general way.
 */
#include "cpu/riscv/vec.h"
#include "core/util/bytes.h"
#include "mmu/tlb.h"
#include <string.h>

/* row->arg: log2 of the element's bytes (of the indices, if indexed), and what kind. */
enum {
    EEW = 3, STORE = 4, STRIDED = 8, INDEXED = 16, FIRST = 32, MASKS = 64, WHOLE = 128,
    REGISTERS = 8, /* of WHOLE, from this bit on */
};

struct access {
    unsigned eew, fields, registers; /* log2 of bytes; of a segment; registers of one field */
    uint32_t end;                    /* elements */
};

static struct access access_of(const struct rv_vop *o)
{
    uint32_t arg = o->row->arg;
    struct access a = { .eew = arg & INDEXED ? o->sew : arg & EEW, .fields = o->nf, .end = o->vl };
    int emul = arg & INDEXED ? o->lmul : o->lmul + (int)a.eew - o->sew;
    a.registers = emul > 0 ? 1u << emul : 1;
    if (arg & MASKS)
        a.end = (o->vl + 7) / 8;
    if (arg & WHOLE)
        a.end = (arg >> REGISTERS) * RV_VLENB >> a.eew;
    return a;
}

static va_t address(const struct rv_vop *o, const struct access *a, uint32_t i)
{
    uint32_t arg = o->row->arg;
    if (arg & INDEXED)
        return o->scalar + rv_vec_get(o->rv, o->vs2, arg & EEW, i);
    return o->scalar + (arg & STRIDED ? i * o->scalar2 : ((uint64_t)i * a->fields) << a->eew);
}

static bool access_one(struct rv_vop *o, const struct access *a, va_t va, unsigned reg, uint32_t i)
{
    struct cpu *cpu = &o->rv->cpu;
    bool store = o->row->arg & STORE;
    unsigned size = 1u << a->eew;
    uint16_t memop = ir_memop(size, o->rv->config->misaligned ? 0 : IR_MEM_ALIGNED);
    if (UNLIKELY(o->rv->mode & RV_MODE_TRIG_DATA)) {
        rv_helper_trigger_data(cpu, va, size, store ? INSN_MEM_WRITE : INSN_MEM_READ, 0);
        if (cpu->exit & CPU_EXIT_EXCEPTION)
            return false;
    }
    if (store)
        return mmu_slow_store(cpu, va, memop, rv_vec_get(o->rv, reg, a->eew, i)) == 0;
    uint64_t v;
    if (mmu_slow_load(cpu, va, memop, &v) != 0)
        return false;
    rv_vec_put(o->rv, reg, a->eew, i, v);
    return true;
}

/* All that lies in one page the TLB knows, where nobody looks at single elements. */
static bool access_span(struct rv_vop *o, const struct access *a)
{
    struct cpu *cpu = &o->rv->cpu;
    size_t from = (size_t)o->vstart << a->eew, size = ((size_t)a->end << a->eew) - from;
    uint8_t *v = o->rv->v[o->vd].b + from;
    va_t va = o->scalar + from;
    if (o->masked || a->fields != 1 || (o->row->arg & (STRIDED | INDEXED)) || !o->rv->config->misaligned ||
        (o->rv->mode & RV_MODE_TRIG_DATA))
        return false;
    if (o->row->arg & STORE) {
        uint8_t *host = mmu_store_hit(cpu, va, (unsigned)size);
        if (host != NULL)
            memcpy(host, v, size);
        return host != NULL;
    }
    const uint8_t *host = mmu_load_hit(cpu, va, (unsigned)size);
    if (host != NULL)
        memcpy(v, host, size);
    return host != NULL;
}

/* Element i could not be loaded. Of a fault-only-first load all but element 0 only end it. */
static bool ends_first(struct rv_vop *o, uint32_t i)
{
    struct cpu *cpu = &o->rv->cpu;
    if (!(o->row->arg & FIRST) || i == 0 || !(cpu->exit & CPU_EXIT_EXCEPTION))
        return false;
    cpu->exit &= ~(uint32_t)CPU_EXIT_EXCEPTION;
    cpu->fault.pending = false;
    o->rv->vl = i;
    return true;
}

static uint64_t access_all(struct rv_vop *o)
{
    struct access a = access_of(o);
    if (o->vstart >= a.end || access_span(o, &a))
        return 0;
    for (uint32_t i = o->vstart; i < a.end; i++) {
        if (!rv_vec_active(o, i))
            continue;
        va_t va = address(o, &a, i);
        for (unsigned f = 0; f < a.fields; f++) {
            if (access_one(o, &a, va + ((va_t)f << a.eew), o->vd + f * a.registers, i))
                continue;
            if (ends_first(o, i))
                return 0;
            o->rv->vstart = i;
            o->done = false;
            return 0;
        }
    }
    return 0;
}

/* ---- what is reserved ---- */
static bool bad_group(int emul, unsigned reg, unsigned fields)
{
    unsigned n = emul > 0 ? 1u << emul : 1;
    return emul < -3 || emul > 3 || reg % n != 0 || fields * n > 8 || reg + fields * n > 32;
}

/* Indices and data of a load: as other sources and results, but those of segments have to be apart. */
static bool bad_indices(const struct rv_tr *t, const struct rv_vec_row *row, unsigned fields)
{
    int lmul = rv_tr_lmul(t), eew = (int)(row->arg & EEW), sew = (int)rv_tr_sew(t), emul = lmul + eew - sew;
    unsigned n = emul > 0 ? 1u << emul : 1, registers = lmul > 0 ? 1u << lmul : 1, vd = t->d.rd, vs2 = t->d.rs2;
    if (bad_group(emul, vs2, 1))
        return true;
    if ((row->arg & STORE) || vd + fields * registers <= vs2 || vs2 + n <= vd)
        return false;
    if (fields > 1)
        return true;
    if (sew < eew)
        return vd != vs2;
    return sew > eew && (emul < 0 || vs2 + n != vd + registers);
}

/* Registers that are read as elements of 1 << eew bytes; -3: bits. */
struct source {
    unsigned reg, n;
    int eew;
};

/* "Vector Operands": no register gives elements of two sizes to one instruction. */
static bool bad_sources(const struct rv_tr *t, const struct rv_vec_row *row, unsigned registers)
{
    struct source s[3];
    unsigned n = 0;
    int sew = (int)rv_tr_sew(t), eew = (int)(row->arg & EEW), emul = rv_tr_lmul(t) + eew - sew;
    if (t->d.vm == 0)
        s[n++] = (struct source){ 0, 1, -3 };
    if (row->arg & STORE)
        s[n++] = (struct source){ t->d.rd, registers, row->arg & INDEXED ? sew : eew };
    if (row->arg & INDEXED)
        s[n++] = (struct source){ t->d.rs2, emul > 0 ? 1u << emul : 1, eew };
    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < i; k++)
            if (s[i].eew != s[k].eew && s[i].reg < s[k].reg + s[k].n && s[k].reg < s[i].reg + s[i].n)
                return true;
    return false;
}

static bool reserved(const struct rv_tr *t, const struct rv_vec_row *row)
{
    unsigned fields = t->d.nf + 1u, eew = row->arg & EEW;
    if (row->arg & MASKS)
        return false;
    if (row->arg & WHOLE)
        return t->d.rd % (row->arg >> REGISTERS) != 0;
    int emul = rv_tr_lmul(t) + (row->arg & INDEXED ? 0 : (int)eew - (int)rv_tr_sew(t));
    if (bad_group(emul, t->d.rd, fields))
        return true;
    if (t->d.vm == 0 && t->d.rd == 0 && !(row->arg & STORE))
        return true;
    if ((row->arg & INDEXED) && bad_indices(t, row, fields))
        return true;
    return bad_sources(t, row, fields * (emul > 0 ? 1u << emul : 1));
}

/* ---- quick ---- */
static bool emit(struct rv_tr *t, const struct rv_vec_row *row)
{
    unsigned eew = row->arg & EEW, n = row->arg >> REGISTERS;
    ir_val_t v[8];
    if (!t->rv->config->misaligned || (t->mode & (RV_MODE_TRIG_DATA | RV_MODE_V_REDO)))
        return false;
    if (!(row->arg & WHOLE)) {
        int emul = rv_tr_lmul(t) + (int)eew - (int)rv_tr_sew(t);
        if (t->d.vm != 0 && (t->d.nf != 0 || (row->arg & STRIDED)))
            return rv_vec_segments(t, eew, row->arg & STORE, row->arg & STRIDED);
        if (t->d.vm == 0 || emul < 0 || !(t->mode & RV_MODE_VL_MAX))
            return false;
        n = 1u << emul;
    }
    ir_val_t base = rv_x(t, t->d.rs1);
    for (unsigned k = 0; k < n; k++)
        if (row->arg & STORE)
            ir_store(t->u, IR_V128, base, k * RV_VLENB, rv_v(t, t->d.rd + k), ir_memop(RV_VLENB, 0));
        else
            v[k] = ir_load(t->u, IR_V128, base, k * RV_VLENB, ir_memop(RV_VLENB, 0));
    for (unsigned k = 0; k < n && !(row->arg & STORE); k++)
        rv_put_v(t, t->d.rd + k, v[k]);
    return true;
}

/* What is at pc for fetches: data may lie elsewhere there (MPRV), or be out of reach. */
static bool read_code(struct rv_cpu *rv, uint8_t code[4])
{
    const struct mem_attrs attrs = { .requester = MEM_REQUESTER_CPU + rv->cpu.index, .debug = 1 };
    for (unsigned i = 0; i < 4; i += 2) {
        struct cpu_map map = { .size = 2 };
        if (rv_walk(&rv->cpu, rv->cpu.pc + i, CPU_FETCH, 0, true, &map) != 0 ||
            mem_read(rv->cpu.machine->memory, map.pa, code + i, 2, &attrs) != MEM_OK)
            return false;
    }
    return true;
}

bool rv_vec_redo(struct rv_cpu *rv)
{
    uint8_t code[4];
    if ((rv->mode & (RV_MODE_V_OFF | RV_MODE_V_REDO | RV_MODE_VSTART)) || !rv_has(rv->config, RV_X_V) ||
        !read_code(rv, code))
        return false;
    /* LOAD-FP and STORE-FP with a vector's width, not indexed ("Vector Load/Store Instruction Encoding") */
    uint32_t word = ld_le32(code), opcode = word & 0x7f, width = word >> 12 & 7;
    if ((opcode != 0x07 && opcode != 0x27) || (width >= 1 && width <= 4) || (word >> 26 & 1) != 0)
        return false;
    rv->vector_redo = 1;
    rv_update_key(rv);
    return true;
}

/* clang-format off */
#define ROW(INSN, FLAGS, ARG, EMIT)                                                                \
    { .id = RV_INSN_##INSN, .flags = RV_VF_MEMORY | (FLAGS), .whole = access_all, .emit = EMIT, .arg = ARG, .reserved = reserved }
#define UNIT(E, N)                                                                                 \
    ROW(VL_E##E, 0, N, emit), ROW(VS_E##E, 0, N | STORE, emit), ROW(VL_E##E##FF, RV_VF_VL, N | FIRST, NULL),  \
    ROW(VLS_E##E, 0, N | STRIDED, emit), ROW(VSS_E##E, 0, N | STRIDED | STORE, emit),        \
    ROW(VLUX_EI##E, 0, N | INDEXED, NULL), ROW(VLOX_EI##E, 0, N | INDEXED, NULL),            \
    ROW(VSUX_EI##E, 0, N | INDEXED | STORE, NULL), ROW(VSOX_EI##E, 0, N | INDEXED | STORE, NULL)
#define LOAD_WHOLE(K, E, N) ROW(VL##K##RE##E##_V, RV_VF_NO_VTYPE, N | WHOLE | K << REGISTERS, emit)
#define WHOLES(K)                                                                                  \
    LOAD_WHOLE(K, 8, 0), LOAD_WHOLE(K, 16, 1), LOAD_WHOLE(K, 32, 2), LOAD_WHOLE(K, 64, 3),         \
    ROW(VS##K##R_V, RV_VF_NO_VTYPE, WHOLE | STORE | K << REGISTERS, emit)
const struct rv_vec_row rv_vec_memory_rows[] = {
    UNIT(8, 0), UNIT(16, 1), UNIT(32, 2), UNIT(64, 3),
    ROW(VLM_V, 0, MASKS, NULL), ROW(VSM_V, 0, MASKS | STORE, NULL),
    WHOLES(1), WHOLES(2), WHOLES(4), WHOLES(8),
    RV_VEC_END
};
/* clang-format on */
