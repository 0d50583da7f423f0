/* SPDX-License-Identifier: Apache-2.0 */
/* Ports: SDM volume 1, chapter 19. The space is the board's; what no device answers reads as ones.
 */
#include "core/memory/ports.h"
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/translate_impl.h"
#include "mmu/tlb.h"

bool x86_io_allowed(struct x86_cpu *c, uint64_t port, unsigned bytes)
{
    const struct x86_segment *tr = &c->seg[X86_SEG_TR];
    uint64_t base, map;
    if (LIKELY(x86_real_mode(c) || (!x86_v86(c) && (c->mode & X86_MODE_IOPL))))
        return true;
    /* Two bytes of the map are read, whatever the port (SDM 19.5.2) */
    if (!(tr->attr & X86_ATTR_P) || !(tr->attr & 8) || tr->limit < 0x67)
        goto refuse;
    if (!x86_load_linear(c, tr->base + 0x66, 2, true, &base))
        return false;
    if (base + port / 8 + 1 > tr->limit)
        goto refuse;
    if (!x86_load_linear(c, tr->base + base + port / 8, 2, true, &map))
        return false;
    if ((map >> (port & 7) & ((1u << bytes) - 1)) == 0)
        return true;
refuse:
    x86_raise_error(c, X86_GP, 0);
    return false;
}

static struct mem_attrs attrs_of(const struct x86_cpu *c)
{
    return (struct mem_attrs){ .requester = MEM_REQUESTER_CPU + c->cpu.index,
                               .secure = c->smm != 0 };
}

void x86_enter_device(struct x86_cpu *c)
{
    ev_set_now(c->cpu.machine->queue, cpu_now(&c->cpu));
    if (UNLIKELY(c->cpu.reserved))
        mmu_guard_reservation(&c->cpu);
}

/* Begin and end of an access, around which an SMI of the device's becomes pending. */
static bool before(struct x86_cpu *c)
{
    c->smi_io = 0;
    x86_enter_device(c);
    return c->inputs & BIT(X86_SMI);
}

static void after(struct x86_cpu *c, bool had_smi, uint64_t port, unsigned bytes, bool in)
{
    if (UNLIKELY(!had_smi && (c->inputs & BIT(X86_SMI)) && !c->smm))
        x86_smi_note_io(c, port, bytes, in);
}

uint64_t x86_io_read(struct x86_cpu *c, uint64_t port, unsigned bytes)
{
    struct mem_attrs attrs = attrs_of(c);
    x86_watch_port(c, port, bytes);
    bool had_smi = before(c);
    uint64_t v = mem_port_in(c->wiring.ports, (uint16_t)port, bytes, &attrs);
    after(c, had_smi, port, bytes, true);
    return v;
}

void x86_io_write(struct x86_cpu *c, uint64_t port, unsigned bytes, uint64_t value)
{
    struct mem_attrs attrs = attrs_of(c);
    x86_watch_port(c, port, bytes);
    bool had_smi = before(c);
    mem_port_out(c->wiring.ports, (uint16_t)port, bytes, (uint32_t)value, &attrs);
    after(c, had_smi, port, bytes, false);
}

/* ---- IN, OUT; their string forms are in string.c ---- */
static void in(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = t->d.op[0].size;
    (void)arg;
    ir_val_t port =
        t->d.op[1].kind == X86_OP_IMM ? x86_const(t, t->d.imm & 0xff) : x86_get_reg(t, 2, 2);
    x86_put(t, 0,
            ir_call(t->u, IR_I64, X86_HELPER_in, port, x86_const(t, bytes), IR_NONE, IR_NONE));
    x86_go_on(t); /* an SMI that it raises is taken before the next instruction */
}

uint64_t x86_helper_in(struct cpu *cpu, uint64_t port, uint64_t bytes, uint64_t c, uint64_t d)
{
    (void)c, (void)d;
    if (!x86_io_allowed(X86_CPU(cpu), port, (unsigned)bytes))
        return 0;
    uint64_t v = x86_io_read(X86_CPU(cpu), port, (unsigned)bytes);
    cpu_pass_time(cpu, X86_CPU(cpu)->port_cycles);
    return v;
}

static void out(struct x86_tr *t, unsigned arg)
{
    unsigned bytes = t->d.op[1].size;
    (void)arg;
    ir_val_t port =
        t->d.op[0].kind == X86_OP_IMM ? x86_const(t, t->d.imm & 0xff) : x86_get_reg(t, 2, 2);
    ir_call(t->u, IR_VOID, X86_HELPER_out, port, x86_const(t, bytes), x86_get(t, 1), IR_NONE);
    x86_go_on(t); /* a port may switch A20, memory, or raise an SMI that is due at once */
}

uint64_t x86_helper_out(struct cpu *cpu, uint64_t port, uint64_t bytes, uint64_t v, uint64_t d)
{
    (void)d;
    if (!x86_io_allowed(X86_CPU(cpu), port, (unsigned)bytes))
        return 0;
    x86_io_write(X86_CPU(cpu), port, (unsigned)bytes, v);
    cpu_pass_time(cpu, X86_CPU(cpu)->port_cycles);
    return 0;
}

/* clang-format off */
const struct x86_semantics x86_io_rows[] = {
    { X86_INSN_IN, 0, in, 0 },
    { X86_INSN_OUT, 0, out, 0 },
    X86_ROWS_END
};
/* clang-format on */
