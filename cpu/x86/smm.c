/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System-management mode: SDM volume 3, chapter 33; APM volume 2, chapter 10. The state save map is
 * AMD64's (APM table 10-1) for every processor with long mode, Intel's included: it is the one that
 * firmware for these boards knows. Without long mode it is the 32-bit map of SDM table 33-1; hidden
 * parts and what restarts an I/O instruction lie in places it calls reserved, as the P6 has them.
 *
 * Not modelled: SMM_ADDR, SMM_MASK and SMM_BASE as MSRs (the controller hub knows SMRAM), SMI under
 * a hypervisor.
 */
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/x86_impl.h"
#include <string.h>

/* What lies in the map. */
struct image {
    uint64_t gpr[16], rip, rflags, cr0, cr3, cr4, efer, dr6, dr7;
    struct x86_segment seg[X86_SEG_ALL];
    uint64_t gdt_base, gdt_limit, idt_base, idt_limit;
    uint64_t revision, smbase, auto_halt, nmi_mask;
    uint64_t io_restart, io, io_ip, io_cx, io_si, io_di;
};

/* All places are offsets from SMBASE. */
struct field {
    uint16_t at;
    uint8_t bytes;
    uint16_t in; /* offset of a uint64_t in struct image */
};
struct segment_place {
    uint16_t sel, attr, limit, base;
};
struct layout {
    uint32_t revision;   /* bits 16, 17: I/O restart and SMBASE relocation are there */
    uint8_t gprs, bytes; /* bytes: of a GPR and of a segment's base */
    uint16_t gpr_at;     /* of RAX; the next one follows at `gpr_step` */
    int16_t gpr_step;
    uint8_t small; /* bytes of a selector and of attributes */
    const struct field *fields;
    uint32_t n_fields;
    struct segment_place seg[X86_SEG_ALL];
};
#define F(at_, bytes_, m)                                                                          \
    {                                                                                              \
        (at_), (bytes_), (uint16_t)offsetof(struct image, m)                                       \
    }

/* clang-format off */
static const struct field amd64_fields[] = {
    F(0xfe64, 2, gdt_limit), F(0xfe68, 8, gdt_base), F(0xfe84, 2, idt_limit), F(0xfe88, 8, idt_base),
    F(0xfea0, 8, io_ip), F(0xfea8, 8, io_cx), F(0xfeb0, 8, io_si), F(0xfeb8, 8, io_di), F(0xfec0, 4, io),
    F(0xfec8, 1, io_restart), F(0xfec9, 1, auto_halt), F(0xfeca, 1, nmi_mask), F(0xfed0, 8, efer),
    F(0xfefc, 4, revision), F(0xff00, 4, smbase),
    F(0xff48, 8, cr4), F(0xff50, 8, cr3), F(0xff58, 8, cr0), F(0xff60, 8, dr7), F(0xff68, 8, dr6),
    F(0xff70, 8, rflags), F(0xff78, 8, rip),
};
static const struct field legacy_fields[] = {
    F(0xff00, 2, io_restart), F(0xff02, 2, auto_halt), F(0xfef8, 4, smbase), F(0xfefc, 4, revision),
    F(0xff04, 4, io_ip), F(0xff08, 4, io_cx), F(0xff0c, 4, io_si), F(0xff10, 4, io_di), F(0xff18, 4, io),
    F(0xff14, 4, cr4), F(0xff54, 4, idt_limit), F(0xff58, 4, idt_base), F(0xff70, 4, gdt_limit), F(0xff74, 4, gdt_base),
    F(0xffc8, 4, dr7), F(0xffcc, 4, dr6), F(0xfff0, 4, rip), F(0xfff4, 4, rflags), F(0xfff8, 4, cr3), F(0xfffc, 4, cr0),
};
#undef F
#define WIDE(at)      { at, at + 2, at + 4, at + 8 }
#define NARROW(n, at) { 0xffa8 + 4 * (n), at, at + 4, at + 8 }
static const struct layout amd64 = {
    .revision = 0x00030064, .gprs = 16, .bytes = 8, .gpr_at = 0xfff8, .gpr_step = -8, .small = 2,
    .fields = amd64_fields, .n_fields = ARRAY_LEN(amd64_fields),
    .seg = { WIDE(0xfe00), WIDE(0xfe10), WIDE(0xfe20), WIDE(0xfe30), WIDE(0xfe40), WIDE(0xfe50),
             [X86_SEG_LDTR] = WIDE(0xfe70), [X86_SEG_TR] = WIDE(0xfe90) },
};
static const struct layout legacy = {
    .revision = 0x00030000, .gprs = 8, .bytes = 4, .gpr_at = 0xffd0, .gpr_step = 4, .small = 4,
    .fields = legacy_fields, .n_fields = ARRAY_LEN(legacy_fields),
    .seg = { NARROW(0, 0xff84), NARROW(1, 0xff90), NARROW(2, 0xff9c), NARROW(3, 0xff2c), NARROW(4, 0xff38), NARROW(5, 0xff44),
             [X86_SEG_LDTR] = NARROW(6, 0xff78), [X86_SEG_TR] = NARROW(7, 0xff5c) },
};
/* clang-format on */
#undef WIDE
#undef NARROW

static const struct layout *layout_of(const struct x86_cpu *c)
{
    return x86_cpu_has(c, X86_F_LM) ? &amd64 : &legacy;
}

/* ---- the map in memory ---- */
struct area {
    struct x86_cpu *c;
    const struct layout *l;
    struct mem_attrs attrs;
};

static struct area open_area(struct x86_cpu *c)
{
    return (struct area){ c,
                          layout_of(c),
                          { .requester = MEM_REQUESTER_CPU + c->cpu.index, .secure = 1 } };
}

static void put(const struct area *a, uint32_t at, unsigned bytes, uint64_t v)
{
    (void)mem_store(a->c->cpu.machine->memory, a->c->smbase + at, bytes, zext(v, bytes * 8),
                    &a->attrs);
}

/* Nothing there: all ones, which RSM finds illegal. */
static uint64_t get(const struct area *a, uint32_t at, unsigned bytes)
{
    uint64_t v;
    if (mem_load(a->c->cpu.machine->memory, a->c->smbase + at, bytes, &v, &a->attrs) != MEM_OK)
        v = ~0ull;
    return zext(v, bytes * 8);
}

static uint64_t *member(struct image *im, const struct field *f)
{
    return (uint64_t *)(void *)((char *)im + f->in);
}

static void write_image(const struct area *a, struct image *im)
{
    const struct layout *l = a->l;
    for (unsigned i = 0; i < l->n_fields; i++)
        put(a, l->fields[i].at, l->fields[i].bytes, *member(im, &l->fields[i]));
    for (unsigned i = 0; i < l->gprs; i++)
        put(a, (uint32_t)(l->gpr_at + (int)i * l->gpr_step), l->bytes, im->gpr[i]);
    for (unsigned i = 0; i < X86_SEG_ALL; i++) {
        put(a, l->seg[i].sel, l->small, im->seg[i].sel);
        put(a, l->seg[i].attr, l->small, im->seg[i].attr);
        put(a, l->seg[i].limit, 4, im->seg[i].limit);
        put(a, l->seg[i].base, l->bytes, im->seg[i].base);
    }
}

static void read_image(const struct area *a, struct image *im)
{
    const struct layout *l = a->l;
    *im = (struct image){ .efer = 0 };
    for (unsigned i = 0; i < l->n_fields; i++)
        *member(im, &l->fields[i]) = get(a, l->fields[i].at, l->fields[i].bytes);
    for (unsigned i = 0; i < l->gprs; i++)
        im->gpr[i] = get(a, (uint32_t)(l->gpr_at + (int)i * l->gpr_step), l->bytes);
    for (unsigned i = 0; i < X86_SEG_ALL; i++)
        im->seg[i] = (struct x86_segment){
            .sel = (uint16_t)get(a, l->seg[i].sel, l->small),
            .attr = (uint16_t)(get(a, l->seg[i].attr, l->small) & 0xf0ff),
            .limit = (uint32_t)get(a, l->seg[i].limit, 4),
            .base = get(a, l->seg[i].base, l->bytes),
        };
}

/* ---- the I/O instruction that an SMI follows (APM 10.2.5, "I/O Instruction Restart Dword") ----
 */
enum {
    IO_IN = 1u << 0,
    IO_VALID = 1u << 1,
    IO_STRING = 1u << 2,
    IO_REP = 1u << 3,
    IO_SIZE8 = 1u << 4,
    IO_TF = 1u << 11
};

void x86_smi_note_io(struct x86_cpu *c, uint64_t port, unsigned bytes, bool in)
{
    uint64_t tf = c->rflags & X86_TF ? IO_TF : 0;
    c->smi_io = IO_VALID | (in ? IO_IN : 0) | (uint64_t)IO_SIZE8 * bytes | tf |
                (c->pending_db & 15) << 12 | port << 16;
    c->smi_io_ip = x86_ip(c, cpu_pc(&c->cpu));
}

void x86_smi_note_string(struct x86_cpu *c, bool rep)
{
    c->smi_io |= IO_STRING | (rep ? IO_REP : 0);
    c->smi_io_cx = c->gpr[1];
    c->smi_io_si = c->gpr[6];
    c->smi_io_di = c->gpr[7];
}

/* ---- entry (SDM 33.4, 33.5; APM 10.3) ---- */
static void take_image(struct x86_cpu *c, bool halted, struct image *im)
{
    *im = (struct image){
        .rip = x86_ip(c, c->cpu.pc),
        .rflags = x86_get_rflags(c) | (x86_is_repeating(c) ? X86_RF : 0),
        .cr0 = c->cr0,
        .cr3 = c->cr3,
        .cr4 = c->cr4,
        .efer = c->efer,
        .dr6 = c->dr[6],
        .dr7 = c->dr[7],
        .gdt_base = c->gdtr.base,
        .gdt_limit = c->gdtr.limit,
        .idt_base = c->idtr.base,
        .idt_limit = c->idtr.limit,
        .revision = layout_of(c)->revision,
        .smbase = c->smbase,
        .auto_halt = halted,
        .nmi_mask = c->nmi_blocked,
    };
    memcpy(im->gpr, c->gpr, sizeof(im->gpr));
    memcpy(im->seg, c->seg, sizeof(im->seg));
    if (!(c->smi_io & IO_VALID))
        return;
    bool string = c->smi_io & IO_STRING; /* others leave these registers alone */
    im->io = c->smi_io;
    im->io_ip = c->smi_io_ip;
    im->io_cx = string ? c->smi_io_cx : c->gpr[1];
    im->io_si = string ? c->smi_io_si : c->gpr[6];
    im->io_di = string ? c->smi_io_di : c->gpr[7];
}

static void enter_state(struct x86_cpu *c)
{
    for (unsigned i = 0; i < X86_SEGS; i++)
        c->seg[i] = (struct x86_segment){ .limit = UINT32_MAX, .attr = 0x93 | X86_ATTR_G };
    c->seg[X86_CS] = (struct x86_segment){ .sel = (uint16_t)(c->smbase >> 4),
                                           .base = c->smbase,
                                           .limit = UINT32_MAX,
                                           .attr = 0x9b | X86_ATTR_G };
    c->cr0 &= ~(uint64_t)(X86_CR0_PE | X86_CR0_EM | X86_CR0_TS | X86_CR0_PG);
    c->cr4 = 0;
    c->efer = 0;
    c->dr[7] = X86_DR7_FIXED;
    c->idtr.base = c->idtr.limit = 0; /* no interrupt before the handler has made a table */
    x86_set_rflags(c, 2);
    c->cpu.pc = c->smbase + 0x8000;
}

void x86_enter_smm(struct x86_cpu *c, bool halted)
{
    struct area a = open_area(c);
    struct image im;
    take_image(c, halted, &im);
    c->smm = 1;
    c->smi_count++;
    if (c->wiring.smm != NULL)
        c->wiring.smm(c->wiring.arg, true);
    write_image(&a, &im);
    c->smm_nmi_blocked = c->nmi_blocked;
    c->nmi_blocked = 1;
    c->smm_pending_db = c->pending_db; /* traps of the instruction before: they come after RSM */
    c->pending_db = c->smi_io = c->repeating = 0;
    enter_state(c);
    x86_flush_tlb(c);
    x86_update_mode(c);
}

/* ---- RSM (SDM volume 2, RSM, and volume 3, 33.10; APM volume 3, RSM) ---- */

/* Is this a state that the processor could have been in? Else it shuts down. */
static bool is_legal(const struct x86_cpu *c, const struct image *im)
{
    bool pg = im->cr0 & X86_CR0_PG, lma = pg && (im->efer & X86_EFER_LME);
    if (im->cr0 >> 32 || im->cr4 & ~x86_cr4_known(c) || im->efer & ~x86_efer_known(c) ||
        im->dr6 >> 32 || im->dr7 >> 32)
        return false;
    if ((pg && !(im->cr0 & X86_CR0_PE)) || ((im->cr0 & X86_CR0_NW) && !(im->cr0 & X86_CR0_CD)))
        return false;
    if (lma && (!(im->cr4 & X86_CR4_PAE) || im->cr3 >> c->config->pa_bits))
        return false;
    return lma || !(im->cr4 & (X86_CR4_PCIDE | (pg && (im->cr4 & X86_CR4_PAE) ? X86_CR4_LA57 : 0)));
}

static uint64_t address(const struct x86_cpu *c, uint64_t v)
{
    return x86_cpu_has(c, X86_F_LM) ? sext(v, c->config->va_bits) : (uint32_t)v;
}

/* False: the PAE tables' first level is not good. */
static bool restore(struct x86_cpu *c, const struct image *im)
{
    bool pg = im->cr0 & X86_CR0_PG, lma = pg && (im->efer & X86_EFER_LME);
    if (pg && (im->cr4 & X86_CR4_PAE) && !lma && !x86_read_pdptes(c, im->cr3, false))
        return false;
    memcpy(c->gpr, im->gpr, layout_of(c)->gprs * sizeof(c->gpr[0]));
    for (unsigned i = 0; i < X86_SEG_ALL; i++) {
        c->seg[i] = im->seg[i];
        c->seg[i].base = lma ? address(c, im->seg[i].base) : (uint32_t)im->seg[i].base;
    }
    c->gdtr.base = address(c, im->gdt_base);
    c->gdtr.limit = im->gdt_limit & 0xffff;
    c->idtr.base = address(c, im->idt_base);
    c->idtr.limit = im->idt_limit & 0xffff;
    c->cr0 = im->cr0 | X86_CR0_ET;
    c->cr3 = im->cr3;
    c->cr4 = im->cr4;
    c->efer = (im->efer & ~(uint64_t)X86_EFER_LMA) | (lma ? X86_EFER_LMA : 0);
    c->dr[6] = (im->dr6 & (0xf | X86_DR6_BS | X86_DR6_BD | X86_DR6_BT)) | X86_DR6_FIXED;
    c->dr[7] = (im->dr7 & 0xffff2bff) | X86_DR7_FIXED;
    uint64_t flags = (im->rflags & 0x3f7fd5) | 2;
    x86_set_rflags(c, lma || !(im->cr0 & X86_CR0_PE) ? flags & ~(uint64_t)X86_VM : flags);
    return true;
}

/* Where it goes on: the instruction after, the I/O instruction again, or HLT. */
static void resume(struct x86_cpu *c, const struct image *im)
{
    uint64_t ip = im->rip;
    if ((im->io_restart & 0xff) == 0xff && (im->io & IO_VALID)) {
        ip = im->io_ip;
        c->gpr[1] = im->io_cx;
        c->gpr[6] = im->io_si;
        c->gpr[7] = im->io_di;
        c->smm_pending_db = 0; /* its traps come when it was done */
    }
    bool code64 = x86_long_mode(c) && (c->seg[X86_CS].attr & X86_ATTR_L);
    c->cpu.pc = code64 ? ip : (uint32_t)(c->seg[X86_CS].base + (uint32_t)ip);
}

void x86_rsm(struct x86_cpu *c)
{
    struct area a = open_area(c);
    struct image im;
    read_image(&a, &im);
    if (!is_legal(c, &im) || !restore(c, &im)) {
        x86_shutdown(c);
        return;
    }
    resume(c, &im);
    c->smbase = im.smbase;
    c->smm = 0;
    c->nmi_blocked = c->smm_nmi_blocked;
    c->pending_db = c->smm_pending_db;
    c->smm_nmi_blocked = c->smm_pending_db = c->smi_io = 0;
    c->shadow = X86_SHADOW_NONE;
    if (c->wiring.smm != NULL)
        c->wiring.smm(c->wiring.arg, false);
    x86_flush_tlb(c);
    x86_update_mode(c);
    if (im.auto_halt & 1) { /* x86_helper_rsm kicks: it goes on at once if something waits */
        x86_set_halted(c, true);
        c->cpu.run = CPU_IDLE;
    }
}
