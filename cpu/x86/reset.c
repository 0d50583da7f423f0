/* SPDX-License-Identifier: Apache-2.0 */
/* Power-on and INIT: SDM volume 3, table 10-1. What the manual leaves undefined is 0, so that a run
 * is a function of its inputs. */
#include <string.h>
#include "cpu/x86/bits.h"
#include "cpu/x86/x86_impl.h"

static void reset_segments(struct x86_cpu *c)
{
    for (unsigned i = 0; i < X86_SEGS; i++)
        c->seg[i] = (struct x86_segment){ .limit = 0xffff, .attr = 0x93 };
    c->seg[X86_CS] =
        (struct x86_segment){ .sel = 0xf000, .base = 0xffff0000, .limit = 0xffff, .attr = 0x9b };
    c->seg[X86_SEG_LDTR] = (struct x86_segment){ .limit = 0xffff, .attr = 0x82 };
    c->seg[X86_SEG_TR] = (struct x86_segment){ .limit = 0xffff, .attr = 0x8b };
    c->gdtr.base = c->idtr.base = 0;
    c->gdtr.limit = c->idtr.limit = 0xffff;
}

/* CPUID.1:EAX, which RDX holds after both. */
static uint64_t signature(const struct x86_cpu *c)
{
    uint32_t regs[4];
    x86_cpuid(c, 1, 0, regs);
    return regs[0];
}

/* INIT keeps the x87 and SSE state, MSRs but for a few, caches and TSC. */
void x86_reset(struct x86_cpu *c, bool init)
{
    memset(c->gpr, 0, sizeof(c->gpr));
    x86_set_rflags(c, 2);
    reset_segments(c);
    c->cr0 = X86_CR0_ET | (init ? c->cr0 & (X86_CR0_CD | X86_CR0_NW) : X86_CR0_CD | X86_CR0_NW);
    c->cr2 = c->cr3 = c->cr4 = 0;
    c->efer = 0;
    memset(c->pdpte, 0, sizeof(c->pdpte));
    memset(c->dr, 0, sizeof(c->dr));
    c->dr[6] = X86_DR6_FIXED;
    c->dr[7] = X86_DR7_FIXED;
    c->branch_kind = c->repeating = 0;
    c->shadow = c->nmi_blocked = c->halted = c->pending_db = c->smm = c->wait_sipi = 0;
    c->waiting = 0;
    c->cpu.reserved = false;
    c->inputs &= 1ull << X86_INTR | 1ull << X86_A20M;
    if (!init) {
        memset(c->v, 0, sizeof(c->v));
        memset(c->k, 0, sizeof(c->k));
        memset(c->st, 0, sizeof(c->st));
        x86_x87_reset(c);
        c->fcw = 0x40; /* power-on differs from FNINIT */
        c->ftw = 0xff;
        c->mxcsr = 0x1f80;
        c->cpu.fp_flags = 0;
        c->xcr0[0] = X86_XCR0_X87;
        c->smbase = 0x30000;
    }
    x86_msr_reset(c, init);
    c->gpr[2] = signature(c);
    c->cpu.pc = 0xfffffff0;
    c->cpu.run = CPU_RUNNING;
    if (!init && !c->config->bootstrap) { /* the others wait for INIT and start-up from the first */
        c->wait_sipi = 1;
        c->cpu.run = CPU_OFF;
    }
    c->context = ~0ull;
    x86_flush_tlb(c);
}

/* ---- starting kernels without firmware ---- */
static void flat(struct x86_cpu *c, unsigned seg, uint16_t sel, uint16_t attr)
{
    c->seg[seg] = (struct x86_segment){ .sel = sel, .limit = UINT32_MAX, .attr = attr };
}

static void flat_segments(struct x86_cpu *c, uint16_t code, uint16_t data, bool wide)
{
    static const uint8_t all[] = { X86_ES, X86_SS, X86_DS, X86_FS, X86_GS };
    flat(c, X86_CS, code, 0x9b | X86_ATTR_G | (wide ? X86_ATTR_L : X86_ATTR_DB));
    for (unsigned i = 0; i < sizeof(all); i++)
        flat(c, all[i], data, 0x93 | X86_ATTR_G | X86_ATTR_DB);
}

void x86_start_real(struct cpu *cpu, uint16_t cs, uint16_t ip)
{
    struct x86_cpu *c = X86_CPU(cpu);
    x86_load_real_segment(c, X86_CS, cs);
    cpu->pc = ((uint32_t)cs << 4) + ip;
    x86_update_mode(c);
}

void x86_start_flat32(struct cpu *cpu, uint32_t eip, uint16_t code, uint16_t data)
{
    struct x86_cpu *c = X86_CPU(cpu);
    c->cr0 = X86_CR0_PE | X86_CR0_ET;
    flat_segments(c, code, data, false);
    x86_set_rflags(c, 2);
    cpu->pc = eip;
    x86_flush_tlb(c);
    x86_update_mode(c);
}

void x86_start_long(struct cpu *cpu, uint64_t rip, uint64_t cr3, uint64_t gdt, uint16_t gdt_limit,
                    uint16_t code, uint16_t data)
{
    struct x86_cpu *c = X86_CPU(cpu);
    c->efer = X86_EFER_LME | X86_EFER_LMA;
    c->cr4 = X86_CR4_PAE;
    c->cr3 = cr3;
    c->cr0 = X86_CR0_PE | X86_CR0_ET | X86_CR0_PG;
    c->gdtr.base = gdt;
    c->gdtr.limit = gdt_limit;
    flat_segments(c, code, data, true);
    x86_set_rflags(c, 2);
    cpu->pc = rip;
    x86_flush_tlb(c);
    x86_update_mode(c);
}
