/* SPDX-License-Identifier: Apache-2.0 */
/* Are a part's tables consistent? Asked once, when the part is created. */
#include "core/device/regs_impl.h"
#include "core/util/bits.h"

static uint64_t end_of(const struct reg_desc *r)
{
    return r->offset + (uint64_t)(reg_count(r) - 1) * reg_stride(r) + r->width;
}

/* Does any of bytes [at, at + n) belong to a register of `r`? n <= 8. */
static bool covers(const struct reg_desc *r, uint64_t at, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (at + i < r->offset)
            continue;
        uint64_t from = at + i - r->offset;
        if (from / reg_stride(r) < reg_count(r) && from % reg_stride(r) < r->width)
            return true;
    }
    return false;
}

static bool overlap(const struct reg_desc *a, const struct reg_desc *b)
{
    if (end_of(a) <= b->offset || end_of(b) <= a->offset)
        return false;
    const struct reg_desc *few = reg_count(a) < reg_count(b) ? a : b, *many = few == a ? b : a;
    for (uint32_t i = 0; i < reg_count(few); i++)
        if (covers(many, few->offset + (uint64_t)i * reg_stride(few), few->width))
            return true;
    return false;
}

static const char *row_fault(const struct device_ops *ops, const struct reg_desc *r)
{
    uint64_t value = r->width == 0 || r->width > 8 ? 0 : zext(~0ull, r->width * 8);
    if (!is_pow2(r->width) || r->width > 8)
        return "the width is not 1, 2, 4 or 8";
    if (r->sizes & ~15u)
        return "access sizes other than 1, 2, 4 and 8";
    if (reg_stride(r) < r->width)
        return "the stride is less than the width";
    if (r->offset % r->width != 0 || reg_stride(r) % r->width != 0)
        return "offset or stride is not a multiple of the width";
    if (ops->mmio_size != 0 && end_of(r) > ops->mmio_size)
        return "lies beyond mmio_size";
    if ((r->rw | r->w1c | r->w1s | r->reset) & ~value)
        return "a mask or the reset value is wider than the register";
    if ((r->rw & r->w1c) || (r->rw & r->w1s) || (r->w1c & r->w1s))
        return "the masks rw, w1c and w1s overlap";
    if (r->stored &&
        (r->at < sizeof(struct device) || r->at + (uint64_t)reg_count(r) * r->width > ops->size))
        return "the storage lies outside the part's struct";
    return NULL;
}

int reg_check_table(const struct device_ops *ops, struct err *e)
{
    for (uint32_t i = 0; i < ops->n_regs; i++) {
        const struct reg_desc *r = &ops->regs[i];
        const char *name = r->name ? r->name : "(no name)";
        const char *fault = r->name ? row_fault(ops, r) : "a row without a name";
        if (!fault && i > 0 && r->offset < ops->regs[i - 1].offset)
            fault = "the rows are not sorted by offset";
        if (fault)
            return err_set(e, ERR_ARG, "%s: register %s at %#x: %s", ops->name, name, r->offset,
                           fault);
        for (uint32_t k = 0; k < i; k++)
            if (overlap(&ops->regs[k], r))
                return err_set(e, ERR_ARG, "%s: registers %s at %#x and %s at %#x overlap",
                               ops->name, ops->regs[k].name, ops->regs[k].offset, name, r->offset);
    }
    return 0;
}
