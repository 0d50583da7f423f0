/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_CPU_RISCV_RISCV_IMPL_H
#define ORRERY_CPU_RISCV_RISCV_IMPL_H
/* What the files of cpu/riscv share and nobody else (but their tests) sees. */
#include "core/ir/ir.h"
#include "cpu/riscv/cpu.h"

/*
 * Block key (cpu_isa.mode). The virtualization mode will take a bit from 24 on.
 */
enum {
    RV_MODE_PRIV = 3u << 0,
    RV_MODE_FP_OFF = 1u << 2,     /* mstatus.FS = Off */
    RV_MODE_FP_CLEAN = 1u << 3,   /* Initial or Clean: the first write of FP state makes it Dirty */
    RV_MODE_RMM = 1u << 4,        /* frm = 4: no host equivalent */
    RV_MODE_BAD_RM = 1u << 5,     /* frm = 5..7: dynamic rounding is illegal */
    RV_MODE_TRIG_FETCH = 1u << 6, /* an execute trigger may match in this mode */
    RV_MODE_TRIG_DATA = 1u << 7,  /* a load or store trigger may match */
    RV_MODE_CLASS_SHIFT = 8,      /* rv_config.code_class, 4 bits */
    RV_MODE_V_OFF = 1u << 12,     /* mstatus.VS = Off; the bits below are 0 then */
    RV_MODE_V_CLEAN = 1u << 13,   /* Initial or Clean */
    RV_MODE_VTYPE_SHIFT = 14,     /* vtype's vlmul and vsew (two bits): 14 to 18 */
    RV_MODE_VTYPE = 0x1fu << 14,
    RV_MODE_VILL = 1u << 19,      /* vlmul and vsew are 0 then */
    RV_MODE_VL_MAX = 1u << 20,    /* vl = VLMAX */
    RV_MODE_VSTART = 1u << 21,    /* vstart != 0 */
    RV_MODE_V_REDO = 1u << 22,    /* the next instruction, a vector access, is done the general way: rv_vec_redo */
    RV_MODE_V = RV_MODE_VTYPE | RV_MODE_VILL | RV_MODE_VL_MAX | RV_MODE_VSTART,
};

/* Slots beyond x 0..31 and f 32..63. */
enum { RV_SLOT_V = 64, RV_SLOT_VL = 96, RV_SLOT_VTYPE, RV_SLOT_VXSAT, RV_SLOT_MODE, RV_SLOTS };

/* ---- csr.c, csr_table.c ---- */
struct rv_csr {
    uint16_t number;
    uint16_t count, step; /* bank: numbers number + i * step; count 0 = 1 */
    const char *name;     /* banks: with %u, numbered from `first` */
    uint16_t first;
    bool stored;
    bool plain;           /* .write only picks bits: nothing but the register itself changes */
    bool ends_block;      /* a write may change mode, mapping or what interrupts are enabled */
    bool own;             /* nor does it touch anything but its hart, where harts run on several threads */
    uint16_t at;          /* uint64_t in struct rv_cpu */
    uint8_t feature;      /* enum rv_feature that brings it; RV_X_I = always there */
    uint64_t mask, reset; /* stored: bits a write changes, value after reset */
    bool (*exists)(const struct rv_config *c, uint32_t index);
    bool (*may)(const struct rv_cpu *rv, uint32_t index, bool write); /* beyond the number's rule */
    uint64_t (*read)(const struct rv_cpu *rv, uint32_t index);
    uint64_t (*modify)(const struct rv_cpu *rv, uint32_t index); /* what set and clear start from */
    void (*write)(struct rv_cpu *rv, uint32_t index, uint64_t value);
    void (*wrote)(struct rv_cpu *rv, uint64_t old); /* after a stored write */
};
extern const struct rv_csr rv_csrs[];
extern const uint32_t rv_n_csrs;

/* The row of an implemented CSR, or NULL: the access is an illegal instruction. */
const struct rv_csr *rv_csr_find(const struct rv_config *c, uint32_t number, uint32_t *index);
/* The three steps. `may` is for the CPU's current privilege; read and write for anyone. */
bool rv_csr_may(const struct rv_cpu *rv, const struct rv_csr *csr, uint32_t index, bool write);
uint64_t rv_csr_read(const struct rv_cpu *rv, const struct rv_csr *csr, uint32_t index);
void rv_csr_write(struct rv_cpu *rv, const struct rv_csr *csr, uint32_t index, uint64_t value);
void rv_csr_reset(struct rv_cpu *rv);

enum rv_csr_op { RV_CSR_READ, RV_CSR_WRITE, RV_CSR_SET, RV_CSR_CLEAR };

/* ---- mode.c: everything that follows from privilege, mstatus, satp, frm... ---- */
void rv_update_mode(struct rv_cpu *rv); /* block key, FP control word, TLB context, interrupts */
void rv_update_key(struct rv_cpu *rv);  /* the block key alone */
uint32_t rv_vector_key(uint64_t vtype, uint64_t vl, uint64_t vstart); /* RV_MODE_V's bits */
void rv_set_priv(struct rv_cpu *rv, uint64_t priv);
uint64_t rv_sd(const struct rv_cpu *rv); /* mstatus with SD */
void rv_flush_tlb(struct rv_cpu *rv);    /* everything: PMP or the mode of translation changed */
uint64_t rv_get_fflags(const struct rv_cpu *rv);
void rv_set_fflags(struct rv_cpu *rv, uint64_t fflags);
uint64_t rv_data_priv(const struct rv_cpu *rv);

/* ---- interrupt.c ---- */
uint64_t rv_mip(const struct rv_cpu *rv);
/* Cause number of the interrupt to be taken now, or -1: pure. */
int rv_pending_interrupt(const struct rv_cpu *rv);
void rv_check_interrupts(struct rv_cpu *rv);
void rv_drive(struct rv_cpu *rv, unsigned line, bool level); /* a bit of mip, by a line or a comparator */
bool rv_take_interrupt(struct cpu *cpu);
bool rv_interrupt_due(const struct cpu *cpu);
bool rv_has_work(const struct cpu *cpu);

/* ---- trap.c ---- */
void rv_take_exception(struct cpu *cpu);
void rv_enter_trap(struct rv_cpu *rv, uint64_t cause, uint64_t tval, bool interrupt);
void rv_raise(struct rv_cpu *rv, uint64_t cause, uint64_t tval);

/* ---- timer.c: time, stimecmp, counters ---- */
uint64_t rv_time(const struct rv_cpu *rv);
void rv_stimecmp_changed(struct rv_cpu *rv);
int rv_timers_init(struct rv_cpu *rv, struct err *e) MUST_CHECK;
uint64_t rv_counter_read(const struct rv_cpu *rv, uint32_t n);
void rv_counter_write(struct rv_cpu *rv, uint32_t n, uint64_t value);
void rv_counters_sync(struct rv_cpu *rv); /* inhibit, event or privilege changed */
void rv_counters_derive(struct rv_cpu *rv);
bool rv_may_count(const struct rv_cpu *rv, uint32_t n);

/* ---- pmp.c, trigger.c: CSR callbacks ---- */
bool rv_pmpcfg_exists(const struct rv_config *c, uint32_t index);
bool rv_pmpaddr_exists(const struct rv_config *c, uint32_t index);
uint64_t rv_pmpcfg_read(const struct rv_cpu *rv, uint32_t index);
void rv_pmpcfg_write(struct rv_cpu *rv, uint32_t index, uint64_t value);
uint64_t rv_pmpaddr_read(const struct rv_cpu *rv, uint32_t index);
void rv_pmpaddr_write(struct rv_cpu *rv, uint32_t index, uint64_t value);
void rv_mseccfg_write(struct rv_cpu *rv, uint32_t index, uint64_t value);
uint64_t rv_tdata1_read(const struct rv_cpu *rv, uint32_t index);
void rv_tdata1_write(struct rv_cpu *rv, uint32_t index, uint64_t value);
uint64_t rv_tdata2_read(const struct rv_cpu *rv, uint32_t index);
void rv_tdata2_write(struct rv_cpu *rv, uint32_t index, uint64_t value);
uint64_t rv_tinfo_read(const struct rv_cpu *rv, uint32_t index);
uint32_t rv_trigger_mode(const struct rv_cpu *rv); /* RV_MODE_TRIG_* now */
void rv_trigger_reset(struct rv_cpu *rv);

/* ---- walk.c ---- */
int rv_walk(struct cpu *cpu, va_t va, enum cpu_access access, unsigned regime, bool probe,
            struct cpu_map *map);
void rv_raise_bus(struct cpu *cpu, va_t va, enum cpu_access access, enum mem_result why);
void rv_raise_align(struct cpu *cpu, va_t va, enum cpu_access access);
void rv_raise_fetch(struct cpu *cpu, va_t va, enum mem_result why);

/* ---- vec_memory.c ---- */
/*
 * A load or store at pc has faulted. True: it was an access of whole vector registers; it is to be done again, in a mode whose
 * translation goes element by element and so knows vstart.
 */
bool rv_vec_redo(struct rv_cpu *rv);

/* ---- translate.c, guest.c, regs.c ---- */
void rv_translate(struct cpu *cpu, struct ir_unit *u, int32_t start, const uint8_t *code,
                  uint32_t avail, const uint8_t *next);
int rv_semantics_init(struct rv_cpu *rv, struct err *e) MUST_CHECK;
extern const struct ir_guest rv_guest;
const struct cpu_reg *rv_regs(const struct cpu *cpu, uint32_t *n);
int rv_regs_init(struct rv_cpu *rv, struct err *e) MUST_CHECK;

#endif
