/* SPDX-License-Identifier: Apache-2.0 */
/* Test vectors in MOO: chunks of a four-letter name, a length and a payload, which may be chunks again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/util/bytes.h"
#include "tools/orrery/vector.h"

struct chunk {
    char id[5];
    const uint8_t *data;
    uint32_t n;
};

/* The next chunk of [*at, end); false at the end, or *bad where it is cut short. */
static bool next_chunk(const uint8_t **at, const uint8_t *end, struct chunk *c, bool *bad)
{
    if (*at == end)
        return false;
    if (end - *at < 8 || (uint64_t)(end - *at) - 8 < ld_le32(*at + 4)) {
        *bad = true;
        return false;
    }
    memcpy(c->id, *at, 4);
    c->id[4] = 0;
    c->n = ld_le32(*at + 4);
    c->data = *at + 8;
    *at += 8 + (size_t)c->n;
    return true;
}

static bool is(const struct chunk *c, const char *id)
{
    return strcmp(c->id, id) == 0;
}

/* REGS, RMSK: the 16-bit ones in their order. */
static const uint8_t order16[] = { VR_EAX, VR_EBX, VR_ECX, VR_EDX, VR_CS,  VR_SS,  VR_DS,
                                   VR_ES,  VR_ESP, VR_EBP, VR_ESI, VR_EDI, VR_EIP, VR_EFLAGS };

static bool read_regs(const struct chunk *c, bool wide, uint32_t *present, uint32_t reg[VR_COUNT])
{
    unsigned size = wide ? 4 : 2, count = wide ? VR_COUNT : (unsigned)sizeof(order16);
    if (c->n < size)
        return false;
    uint32_t bits = wide ? ld_le32(c->data) : ld_le16(c->data), at = size;
    for (unsigned i = 0; i < count; i++) {
        if (!(bits >> i & 1))
            continue;
        if (c->n - at < size)
            return false;
        unsigned r = wide ? i : order16[i];
        reg[r] = wide ? ld_le32(c->data + at) : ld_le16(c->data + at);
        *present |= 1u << r;
        at += size;
    }
    return true;
}

/* What a mask chunk does not mention is vouched for. */
static bool read_mask(const struct chunk *c, uint32_t mask[VR_COUNT])
{
    uint32_t present = 0, reg[VR_COUNT] = { 0 };
    if (!read_regs(c, is(c, "RM32"), &present, reg))
        return false;
    for (unsigned i = 0; i < VR_COUNT; i++)
        if (present >> i & 1)
            mask[i] &= is(c, "RMSK") ? reg[i] | 0xffff0000 : reg[i];
    return true;
}

static bool read_ram(const struct chunk *c, struct vector_state *s)
{
    if (c->n < 4 || s->ram != NULL || (c->n - 4) / 5 < ld_le32(c->data))
        return false;
    s->n_ram = ld_le32(c->data);
    s->ram = calloc(s->n_ram + 1, sizeof(*s->ram));
    if (s->ram == NULL)
        return false;
    for (uint32_t i = 0; i < s->n_ram; i++)
        s->ram[i] = (struct vector_byte){ ld_le32(c->data + 4 + 5 * (size_t)i), c->data[8 + 5 * (size_t)i] };
    return true;
}

static bool read_state(const struct chunk *parent, struct vector_state *s, uint32_t mask[VR_COUNT])
{
    struct chunk c;
    const uint8_t *at = parent->data, *end = at + parent->n;
    bool bad = false;
    while (!bad && next_chunk(&at, end, &c, &bad))
        if (is(&c, "REGS") || is(&c, "RG32"))
            bad = !read_regs(&c, is(&c, "RG32"), &s->present, s->reg);
        else if (is(&c, "RMSK") || is(&c, "RM32"))
            bad = !read_mask(&c, mask);
        else if (is(&c, "RAM "))
            bad = !read_ram(&c, s);
    return !bad;
}

static bool read_test(const struct chunk *parent, struct vector *v)
{
    struct chunk c;
    bool bad = parent->n < 4;
    if (bad)
        return false;
    const uint8_t *at = parent->data + 4, *end = parent->data + parent->n;
    while (!bad && next_chunk(&at, end, &c, &bad)) {
        if (is(&c, "NAME") && c.n >= 4) {
            snprintf(v->name, sizeof(v->name), "%.*s", (int)(c.n - 4), (const char *)c.data + 4);
        } else if (is(&c, "BYTS") && c.n >= 4) {
            v->n_bytes = MIN(c.n - 4, (uint32_t)sizeof(v->bytes));
            memcpy(v->bytes, c.data + 4, v->n_bytes);
        } else if (is(&c, "INIT")) {
            bad = !read_state(&c, &v->before, v->mask);
        } else if (is(&c, "FINA")) {
            bad = !read_state(&c, &v->after, v->mask);
        } else if (is(&c, "EXCP") && c.n >= 5) {
            v->exception = c.data[0];
        } else if (is(&c, "HASH")) {
            for (uint32_t i = 0; i < c.n && 2 * i + 2 < sizeof(v->hash); i++)
                snprintf(v->hash + 2 * i, 3, "%02x", c.data[i]);
        }
    }
    return !bad;
}

int vector_load_moo(struct vector_file *out, const uint8_t *data, size_t n, struct err *e)
{
    const uint8_t *at = data, *end = data + n;
    uint32_t mask[VR_COUNT], room = 0;
    bool bad = false;
    struct chunk c;
    char id[5] = { 0 };

    memset(mask, 0xff, sizeof(mask));
    if (!next_chunk(&at, end, &c, &bad) || !is(&c, "MOO ") || c.n < 12)
        return err_set(e, ERR_FORMAT, "not a MOO file: it does not begin with a chunk 'MOO '");
    memcpy(id, c.data + 8, 4);
    out->cpu = vector_cpu_named(id);
    if (out->cpu == 0)
        return err_set(e, ERR_UNSUPPORTED, "vectors of processor '%s'; 8088, 8086, 186, C286 and 386E are known", id);
    room = ld_le32(c.data + 4);
    if (room > n / 8) /* a test has at least a chunk's head */
        return err_set(e, ERR_FORMAT, "the MOO file says it has %u tests and is %zu bytes long", room, n);
    out->vectors = calloc((size_t)room + 1, sizeof(*out->vectors));
    if (out->vectors == NULL)
        return err_set(e, ERR_NOMEM, "no memory for %u tests", room);
    while (!bad && next_chunk(&at, end, &c, &bad)) {
        if (is(&c, "META") && c.n >= 28 && c.data[27] != 0)
            return err_set(e, ERR_UNSUPPORTED, "vectors of processor mode %u; real mode (0) is known", c.data[27]);
        if (is(&c, "RMSK") || is(&c, "RM32"))
            bad = !read_mask(&c, mask);
        if (!is(&c, "TEST"))
            continue;
        if (out->n == room)
            return err_set(e, ERR_FORMAT, "the MOO file has more tests than the %u it speaks of", room);
        struct vector *v = &out->vectors[out->n++];
        v->index = out->n - 1; /* what files say is 0 throughout in some suites */
        v->exception = -1;
        memcpy(v->mask, mask, sizeof(mask));
        bad = !read_test(&c, v);
    }
    out->halts = out->cpu & (VC_286 | VC_386);
    return bad ? err_set(e, ERR_FORMAT, "the MOO file is cut short at byte %zu, test %u", (size_t)(at - data), out->n) : 0;
}
