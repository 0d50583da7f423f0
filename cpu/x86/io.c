/* SPDX-License-Identifier: Apache-2.0 */
/* Ports: SDM volume 1, chapter 19. The space is the board's; what no device answers reads as ones.
 */
#include "core/memory/ports.h"
#include "core/util/bits.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/x86_impl.h"

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

/* Begin and end of an access, around which an SMI of the device's becomes pending. */
static bool before(struct x86_cpu *c)
{
    c->smi_io = 0;
    ev_set_now(c->cpu.machine->queue, cpu_now(&c->cpu));
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
