/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LSX and LASX loads and stores. MISC.ALCL is about other accesses: vectors may be misaligned unless the core has no
 * unaligned accesses at all. The halves of LASX are two accesses; registers are written after both.
 */
#include "cpu/loongarch/vec_impl.h"

enum { STORE = LA_VS_FLAG, INDEXED = 2 * LA_VS_FLAG };

static uint16_t memop(const struct la_tr *t, unsigned bytes)
{
    return ir_memop(bytes, la_has(t->la->config, LA_F_UAL) ? 0 : IR_MEM_ALIGNED);
}

/* rj plus displacement or index, and `offset` more; *disp is what the access adds. */
static ir_val_t address(struct la_tr *t, unsigned arg, int64_t offset, int64_t *disp)
{
    *disp = (arg & INDEXED ? 0 : t->d.imm) + offset;
    return la_address(t, t->d.rj, arg & INDEXED ? la_r(t, IR_I64, t->d.rk) : IR_NONE, disp);
}

static void whole_register(struct la_tr *t, unsigned arg)
{
    unsigned halves = la_vs_halves(arg);
    ir_val_t v[2];
    int64_t disp;
    for (unsigned h = 0; h < halves; h++) {
        ir_val_t at = address(t, arg, 16 * (int64_t)h, &disp);
        if (arg & STORE)
            ir_store(t->u, IR_V128, at, disp, la_vd(t, h), memop(t, 16));
        else
            v[h] = ir_load(t->u, IR_V128, at, disp, memop(t, 16));
    }
    for (unsigned h = 0; h < halves && !(arg & STORE); h++)
        la_put_vd(t, h, v[h]);
}

/* Lanes of the sizes floats have need not pass a general register. */
static enum ir_type lane_type(unsigned lane)
{
    return lane == 2 ? IR_F32 : lane == 3 ? IR_F64 : IR_I64;
}

/* VLDREPL: one lane, into all. */
static void load_replicated(struct la_tr *t, unsigned arg)
{
    unsigned lane = la_vs_lane(t, arg);
    int64_t disp;
    ir_val_t at = address(t, arg, 0, &disp);
    ir_val_t v = la_vop1(t, IR_VDUP, lane, ir_load(t->u, lane_type(lane), at, disp, memop(t, 1u << lane)));
    for (unsigned h = 0; h < la_vs_halves(arg); h++)
        la_put_vd(t, h, v);
}

/* VSTELM: lane idx, counted through both halves. */
static void store_lane(struct la_tr *t, unsigned arg)
{
    unsigned lane = la_vs_lane(t, arg), count = 16u >> lane;
    enum ir_type type = lane_type(lane);
    int64_t disp;
    ir_val_t at = address(t, arg, 0, &disp);
    ir_val_t v = ir_vlane(t->u, type, lane, la_vd(t, t->d.idx / count), t->d.idx % count);
    ir_store(t->u, type, at, disp, v, memop(t, 1u << lane));
}

const struct la_semantics la_vec_memory_rows[] = {
    LA_VEC(LD, whole_register, 0),
    LA_VEC(ST, whole_register, STORE),
    LA_VEC(LDX, whole_register, INDEXED),
    LA_VEC(STX, whole_register, INDEXED | STORE),
    LA_VEC_SIZES(LDREPL, load_replicated, 0),
    LA_VEC_SIZES(STELM, store_lane, 0),
    LA_ROWS_END
};
