/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsetvli, vsetivli, vsetvl: "Configuration-Setting Instructions". Where vl and vtype are known when translating, the
 * block goes on in the new mode, and if that is not the one it began with it ends by looking its successor up; so a
 * loop that sets what it had costs nothing. Otherwise the block ends here.
 */
#include "cpu/riscv/vec.h"

/* ---- vtype ---- */
static int lmul_of(uint64_t vtype)
{
    int m = (int)F_GET(vtype, RV_VTYPE_VLMUL);
    return m >= 4 ? m - 8 : m;
}

/* SEW <= ELEN, and where LMUL is a fraction SEW <= LMUL * ELEN. */
uint64_t rv_vtype_legal(uint64_t vtype)
{
    int sew = (int)F_GET(vtype, RV_VTYPE_VSEW), lmul = lmul_of(vtype);
    if (vtype >> 8 != 0 || lmul == -4 || sew > 3 + MIN(lmul, 0))
        return RV_VTYPE_VILL;
    return vtype;
}

uint32_t rv_vtype_vlmax(uint64_t vtype)
{
    return 1u << (4 - (int)F_GET(vtype, RV_VTYPE_VSEW) + lmul_of(vtype));
}

/* ---- what is known now ---- */
struct setting {
    uint64_t vtype;  /* legal or RV_VTYPE_VILL */
    uint32_t vlmax;
    bool known;      /* vl is the constant below */
    uint64_t vl;
    ir_val_t avl;    /* otherwise */
};

/* vl stays ("AVL encoding": rd and rs1 x0), as far as the new VLMAX lets it. */
static void keep_length(struct rv_tr *t, struct setting *s)
{
    uint32_t vlmax = t->mode & RV_MODE_VILL ? 0 : rv_tr_vlmax(t);
    if (t->mode & (RV_MODE_VILL | RV_MODE_VL_MAX)) {
        s->known = true;
        s->vl = MIN(vlmax, s->vlmax);
    } else {
        s->avl = ir_get(t->u, RV_SLOT_VL);
    }
}

static void put_config(struct rv_tr *t, const struct setting *s, ir_val_t vl, ir_val_t key)
{
    ir_put(t->u, RV_SLOT_VL, vl);
    ir_put(t->u, RV_SLOT_VTYPE, rv_const(t, s->vtype));
    rv_put_rd(t, vl);
    /* Under VS Clean what follows makes it Dirty, and the key with it. */
    if (!(t->mode & RV_MODE_V_CLEAN))
        ir_put(t->u, RV_SLOT_MODE, key);
}

static void set(struct rv_tr *t, const struct setting *s)
{
    uint32_t rest = t->mode & ~(uint32_t)RV_MODE_V;
    if (s->known) {
        uint32_t mode = rest | rv_vector_key(s->vtype, s->vl, 0);
        put_config(t, s, rv_const(t, s->vl), ir_const(t->u, IR_I32, mode));
        t->mode = mode;
        return;
    }
    ir_val_t vlmax = rv_const(t, s->vlmax);
    ir_val_t fits = ir_setcc(t->u, IR_I64, IR_LTU, s->avl, vlmax), vl = ir_select(t->u, IR_I64, fits, s->avl, vlmax);
    uint32_t least = rest | (rv_vector_key(s->vtype, 0, 0)), most = rest | rv_vector_key(s->vtype, s->vlmax, 0);
    put_config(t, s, vl, ir_select(t->u, IR_I32, fits, ir_const(t->u, IR_I32, least), ir_const(t->u, IR_I32, most)));
    if (!(t->mode & RV_MODE_V_CLEAN)) {
        ir_exit(t->u, IR_EXIT_LOOKUP, rv_next(t));
        t->ended = true;
    }
}

/* ---- what is not ---- */
enum { KEEP = 32, MOST = 64 }; /* beside rd */

uint64_t rv_helper_vset(struct cpu *cpu, uint64_t avl, uint64_t vtype, uint64_t how, uint64_t d)
{
    struct rv_cpu *rv = RV_CPU(cpu);
    (void)d;
    rv->vtype = rv_vtype_legal(vtype);
    uint64_t vlmax = rv->vtype & RV_VTYPE_VILL ? 0 : rv_vtype_vlmax(rv->vtype);
    rv->vl = how & MOST ? vlmax : MIN(how & KEEP ? rv->vl : avl, vlmax);
    if ((how & 31) != 0)
        rv->x[how & 31] = rv->vl;
    rv->vstart = 0;
    rv->mstatus = F_PUT(rv->mstatus, RV_MSTATUS_VS, RV_FS_DIRTY);
    rv_update_key(rv);
    return 0;
}

static void by_helper(struct rv_tr *t, ir_val_t avl, ir_val_t vtype, unsigned how)
{
    ir_call(t->u, IR_VOID, RV_HELPER_vset, avl, vtype, rv_const(t, how | t->d.rd), IR_NONE);
    ir_exit(t->u, IR_EXIT_LOOKUP, rv_next(t));
    t->ended = true;
}

/* How AVL is encoded in vsetvli and vsetvl. */
static unsigned length_from(const struct rv_tr *t)
{
    return t->d.rs1 != 0 ? 0 : t->d.rd != 0 ? MOST : KEEP;
}

enum { IMMEDIATE = 1 };
static void vsetvli(struct rv_tr *t, unsigned arg)
{
    struct setting s = { .vtype = rv_vtype_legal((uint64_t)t->d.vtype) };
    bool vill = s.vtype & RV_VTYPE_VILL;
    unsigned how = arg & IMMEDIATE ? 0 : length_from(t);
    if (t->mode & RV_MODE_VSTART) {
        by_helper(t, arg & IMMEDIATE ? rv_const(t, (uint64_t)t->d.imm) : rv_x(t, t->d.rs1),
                  rv_const(t, (uint64_t)t->d.vtype), how);
        return;
    }
    s.vlmax = vill ? 0 : rv_vtype_vlmax(s.vtype);
    s.known = vill || how == MOST || (arg & IMMEDIATE);
    s.vl = arg & IMMEDIATE ? MIN((uint64_t)t->d.imm, s.vlmax) : s.vlmax;
    if (!s.known && how == KEEP)
        keep_length(t, &s);
    else if (!s.known)
        s.avl = rv_x(t, t->d.rs1);
    set(t, &s);
}

static void vsetvl(struct rv_tr *t, unsigned arg)
{
    (void)arg;
    by_helper(t, rv_x(t, t->d.rs1), rv_x(t, t->d.rs2), length_from(t));
}

/* clang-format off */
const struct rv_semantics rv_vec_config_rows[] = {
    { RV_INSN_VSETVLI, RV_SEM_VEC, vsetvli, 0 }, { RV_INSN_VSETIVLI, RV_SEM_VEC, vsetvli, IMMEDIATE },
    { RV_INSN_VSETVL, RV_SEM_VEC, vsetvl, 0 },
    RV_ROWS_END
};
/* clang-format on */
