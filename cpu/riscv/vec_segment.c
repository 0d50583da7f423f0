/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quick way of strided accesses and of segments ("Vector Strided Instructions", "Vector Load/Store Segment
 * Instructions"): vl = VLMAX, no mask. Where 16 bytes hold as many fields as a register has elements, they are accessed at
 * once and blocks of segments by fields become blocks of fields by segments; else elements one by one, if they are few.
 *
 * Accesses go up, as the general way's do: what is stored twice is stored alike. One that faults starts again there
 * (rv_vec_redo).
 */
#include "cpu/riscv/vec.h"

enum { MOST_ELEMENTS = 16 };

struct segments {
    unsigned eew, count, fields, registers; /* log2 of bytes; elements of a register; registers of a field */
    ir_val_t at, stride;                    /* of the next segment; IR_NONE: they follow each other */
    int64_t offset;
};

static void next_segment(struct rv_tr *t, struct segments *s)
{
    if (s->stride == IR_NONE)
        s->offset += (int64_t)s->fields << s->eew;
    else
        s->at = ir_add(t->u, IR_I64, s->at, s->stride);
}

/* v[i]'s lane k becomes v[k]'s lane i: lanes of the lower and the upper half of them alternate, once for each bit of i. */
static void transpose(struct rv_tr *t, const struct segments *s, ir_val_t *v)
{
    ir_val_t w[8];
    for (unsigned step = 1; step < s->count; step *= 2) {
        for (unsigned i = 0; i < s->count / 2; i++) {
            w[2 * i] = ir_vop2(t->u, IR_VZIP1, s->eew, v[i], v[i + s->count / 2]);
            w[2 * i + 1] = ir_vop2(t->u, IR_VZIP2, s->eew, v[i], v[i + s->count / 2]);
        }
        for (unsigned i = 0; i < s->count; i++)
            v[i] = w[i];
    }
}

/* Block b has fields b * count and on: of each its register k. */
static void load_blocks(struct rv_tr *t, struct segments *s, unsigned k, ir_val_t fields[8][8])
{
    ir_val_t v[8][8];
    unsigned blocks = s->fields / s->count;
    for (unsigned i = 0; i < s->count; i++, next_segment(t, s))
        for (unsigned b = 0; b < blocks; b++)
            v[b][i] = ir_load(t->u, IR_V128, s->at, s->offset + b * RV_VLENB, ir_memop(RV_VLENB, 0));
    for (unsigned b = 0; b < blocks; b++) {
        transpose(t, s, v[b]);
        for (unsigned i = 0; i < s->count; i++)
            fields[b * s->count + i][k] = v[b][i];
    }
}

static void store_blocks(struct rv_tr *t, struct segments *s, unsigned k)
{
    ir_val_t v[8][8];
    unsigned blocks = s->fields / s->count;
    for (unsigned b = 0; b < blocks; b++) {
        for (unsigned i = 0; i < s->count; i++)
            v[b][i] = rv_v(t, t->d.rd + (b * s->count + i) * s->registers + k);
        transpose(t, s, v[b]);
    }
    for (unsigned i = 0; i < s->count; i++, next_segment(t, s))
        for (unsigned b = 0; b < blocks; b++)
            ir_store(t->u, IR_V128, s->at, s->offset + b * RV_VLENB, v[b][i], ir_memop(RV_VLENB, 0));
}

static enum ir_type element_type(const struct segments *s)
{
    return s->eew == 3 ? IR_I64 : IR_I32;
}

static void load_elements(struct rv_tr *t, struct segments *s, unsigned k, ir_val_t fields[8][8])
{
    for (unsigned f = 0; f < s->fields; f++)
        fields[f][k] = ir_vconst(t->u, 0, 0);
    for (unsigned i = 0; i < s->count; i++, next_segment(t, s))
        for (unsigned f = 0; f < s->fields; f++) {
            ir_val_t v = ir_load(t->u, element_type(s), s->at, s->offset + (f << s->eew), ir_memop(1u << s->eew, 0));
            fields[f][k] = ir_vins(t->u, s->eew, fields[f][k], i, v);
        }
}

static void store_elements(struct rv_tr *t, struct segments *s, unsigned k)
{
    for (unsigned i = 0; i < s->count; i++, next_segment(t, s))
        for (unsigned f = 0; f < s->fields; f++) {
            ir_val_t v = ir_vlane(t->u, element_type(s), s->eew, rv_v(t, t->d.rd + f * s->registers + k), i);
            ir_store(t->u, element_type(s), s->at, s->offset + (f << s->eew), v, ir_memop(1u << s->eew, 0));
        }
}

bool rv_vec_segments(struct rv_tr *t, unsigned eew, bool store, bool strided)
{
    int emul = rv_tr_lmul(t) + (int)eew - (int)rv_tr_sew(t);
    if (emul < 0 || !(t->mode & RV_MODE_VL_MAX))
        return false;
    struct segments s = { .eew = eew, .count = RV_VLENB >> eew, .fields = t->d.nf + 1u, .registers = 1u << emul,
                          .at = rv_x(t, t->d.rs1), .stride = strided ? rv_x(t, t->d.rs2) : IR_NONE };
    bool blocks = s.fields % s.count == 0;
    ir_val_t fields[8][8];
    if (!blocks && s.fields * s.count * s.registers > MOST_ELEMENTS)
        return false;
    for (unsigned k = 0; k < s.registers; k++) {
        if (store)
            (blocks ? store_blocks : store_elements)(t, &s, k);
        else
            (blocks ? load_blocks : load_elements)(t, &s, k, fields);
    }
    for (unsigned f = 0; f < s.fields && !store; f++)
        for (unsigned k = 0; k < s.registers; k++)
            rv_put_v(t, t->d.rd + f * s.registers + k, fields[f][k]);
    return true;
}
