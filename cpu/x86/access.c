/* SPDX-License-Identifier: Apache-2.0 */
/* Memory as functions reach it: segment checks (SDM volume 3, 6.3 to 6.5), linear accesses with the
 * rights wanted. */
#include "core/ir/build.h"
#include "core/util/bits.h"
#include "core/util/bytes.h"
#include "cpu/x86/bits.h"
#include "cpu/x86/reach.h"

bool x86_load_linear(struct x86_cpu *c, va_t va, unsigned size, bool implicit, uint64_t *value)
{
    const uint8_t *host = x86_load_reach(c, va, size, implicit);
    if (LIKELY(host != NULL)) {
        *value = ld_le(host, size);
        return true;
    }
    return mmu_slow_load(&c->cpu, va, ir_memop(size, implicit ? X86_REGIME_IMPLICIT << 12 : 0),
                         value) == 0;
}

bool x86_store_once(struct x86_cpu *c, va_t va, uint32_t memop, uint64_t value)
{
    bool alone = c->cpu.alone;
    c->cpu.alone = true;
    int rc = mmu_slow_store(&c->cpu, va, memop, value);
    c->cpu.alone = alone;
    return rc == 0;
}

uint64_t x86_put_off(struct x86_cpu *c)
{
    if (!(c->cpu.exit & (CPU_EXIT_EXCEPTION | CPU_EXIT_DEBUG)))
        cpu_raise(&c->cpu, X86_CAUSE_AGAIN, 0, 0, 0);
    return 0;
}

bool x86_store_linear(struct x86_cpu *c, va_t va, unsigned size, bool implicit, uint64_t value)
{
    uint8_t *host = x86_store_reach(c, va, size, implicit);
    if (LIKELY(host != NULL)) {
        st_le(host, value, size);
        return true;
    }
    return x86_store_once(c, va, ir_memop(size, implicit ? X86_REGIME_IMPLICIT << 12 : 0), value);
}

static uint32_t data_memop(const struct x86_cpu *c, unsigned size)
{
    return ir_memop(size, c->mode & X86_MODE_ALIGN ? IR_MEM_ALIGNED : 0);
}

bool x86_load_data(struct x86_cpu *c, va_t va, unsigned size, uint64_t *value)
{
    if (LIKELY(!(c->mode & X86_MODE_ALIGN)))
        return x86_load_linear(c, va, size, false, value);
    return mmu_slow_load(&c->cpu, va, data_memop(c, size), value) == 0;
}

bool x86_store_data(struct x86_cpu *c, va_t va, unsigned size, uint64_t value)
{
    if (LIKELY(!(c->mode & X86_MODE_ALIGN)))
        return x86_store_linear(c, va, size, false, value);
    return x86_store_once(c, va, data_memop(c, size), value);
}

/* Type of a segment that data accesses go through: null and unusable ones were caught when loaded
 * or are caught here. */
static bool type_allows(const struct x86_cpu *c, const struct x86_segment *s, bool write)
{
    if (!(c->cr0 & 1) || x86_v86(c))
        return true;
    if (!(s->attr & X86_ATTR_P) || !(s->attr & X86_ATTR_S))
        return false;
    bool code = s->attr & 8, bit1 = s->attr & 2; /* readable code, writable data */
    return code ? bit1 && !write : bit1 || !write;
}

static bool limit_allows(const struct x86_segment *s, uint32_t offset, unsigned size)
{
    uint64_t last = (uint64_t)offset + size - 1;
    bool expand_down = (s->attr & 0xc) == 4 && (s->attr & X86_ATTR_S);
    if (!expand_down)
        return last <= s->limit;
    uint64_t top = s->attr & X86_ATTR_DB ? UINT32_MAX : 0xffff;
    return offset > s->limit && last <= top;
}

bool x86_linear(struct x86_cpu *c, enum x86_seg seg, uint64_t offset, unsigned size, bool write,
                va_t *va)
{
    const struct x86_segment *s = &c->seg[seg];
    if (x86_code64(c)) {
        *va = offset + (seg == X86_FS || seg == X86_GS ? s->base : 0);
        return true;
    }
    if (!type_allows(c, s, write) || !limit_allows(s, (uint32_t)offset, MAX(size, 1))) {
        x86_raise_error(c, seg == X86_SS ? X86_SS_FAULT : X86_GP, 0);
        return false;
    }
    *va = (uint32_t)(s->base + offset);
    return true;
}
