/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a vector of an old processor does not say about one of today: flags left undefined, and what the architecture
 * changed since. Intel SDM, volume 1, appendix A (EFLAGS cross-reference) and volume 3, chapter "Architecture
 * Compatibility" (23.16 ff.).
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "tools/orrery/vector.h"

#define CF 0x001u
#define PF 0x004u
#define AF 0x010u
#define ZF 0x040u
#define SF 0x080u
#define OF 0x800u
#define ALL (CF | PF | AF | ZF | SF | OF)

struct vector_suite {
    json_t *metadata; /* NULL: the suite has none */
    char (*revoked)[41];
    size_t n_revoked;
};

/* ---- the suite's own files ---- */

/* `directory`/name, or the directory's above. */
static FILE *open_beside(const char *directory, const char *name)
{
    static const char *const where[] = { "%s/%s", "%s/../%s" };
    FILE *f = NULL;
    for (size_t i = 0; f == NULL && i < ARRAY_LEN(where); i++) {
        char path[4096];
        snprintf(path, sizeof(path), i == 0 ? "%s/%s" : "%s/../%s", directory, name);
        f = fopen(path, "r");
    }
    return f;
}

static int read_revoked(struct vector_suite *s, FILE *f, struct err *e)
{
    char line[200];
    while (fgets(line, sizeof(line), f) != NULL) {
        size_t n = strspn(line, "0123456789abcdef");
        if (n != 40)
            continue;
        char(*more)[41] = realloc(s->revoked, (s->n_revoked + 1) * sizeof(*more));
        if (more == NULL)
            return err_set(e, ERR_NOMEM, "no memory for a revocation list");
        s->revoked = more;
        memcpy(s->revoked[s->n_revoked], line, 40);
        s->revoked[s->n_revoked++][40] = 0;
    }
    return 0;
}

int vector_suite_open(struct vector_suite **out, const char *directory, struct err *e)
{
    struct vector_suite *s = *out = calloc(1, sizeof(*s));
    json_error_t where;
    int rc = 0;
    if (s == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a suite of vectors");
    FILE *f = open_beside(directory, "metadata.json");
    if (f != NULL) {
        s->metadata = json_loadf(f, 0, &where);
        fclose(f);
        if (s->metadata == NULL)
            return err_set(e, ERR_FORMAT, "%s: metadata.json, line %d: %s", directory, where.line, where.text);
    }
    f = open_beside(directory, "revocation_list.txt");
    if (f != NULL) {
        rc = read_revoked(s, f, e);
        fclose(f);
    }
    return rc;
}

void vector_suite_close(struct vector_suite *s)
{
    if (s != NULL) {
        json_decref(s->metadata);
        free(s->revoked);
    }
    free(s);
}

/* ---- the instruction ---- */

static bool is_prefix(uint8_t b)
{
    return b == 0x26 || b == 0x2e || b == 0x36 || b == 0x3e || (b >= 0x64 && b <= 0x67) || b == 0xf0 || b == 0xf2 || b == 0xf3;
}

struct insn {
    unsigned opcode;   /* 0x0fNN for the second map */
    unsigned prefixes; /* how many */
    bool lock, rep, wide, memory; /* wide: operands of 32 bits; memory: by ModRM, where there is one */
    uint8_t modrm, reg, segment;  /* segment: the last override, or 0 */
    uint32_t length;              /* of the instruction */
};

static struct insn decode(const struct vector_file *f, const struct vector *v)
{
    struct insn d = { .length = v->n_bytes - (f->halts && v->n_bytes > 1) };
    uint32_t at = 0;
    for (; at < v->n_bytes && is_prefix(v->bytes[at]); at++) {
        d.lock |= v->bytes[at] == 0xf0;
        d.rep |= v->bytes[at] == 0xf2 || v->bytes[at] == 0xf3;
        d.wide |= v->bytes[at] == 0x66;
        if ((v->bytes[at] & 0xe7) == 0x26 || v->bytes[at] == 0x64 || v->bytes[at] == 0x65)
            d.segment = v->bytes[at];
        d.prefixes++;
    }
    if (at < v->n_bytes)
        d.opcode = v->bytes[at++];
    if (d.opcode == 0x0f && at < v->n_bytes)
        d.opcode = 0x0f00u | v->bytes[at++];
    if (at < v->n_bytes)
        d.modrm = v->bytes[at];
    d.reg = d.modrm >> 3 & 7;
    d.memory = d.modrm < 0xc0;
    return d;
}

unsigned vector_opcode(const struct vector_file *f, const struct vector *v)
{
    return decode(f, v).opcode;
}

/* ---- flags that are undefined (SDM volume 1, table A-2) ---- */

/* The count of a shift by CL or an immediate, masked as it is since the 186. */
static unsigned shift_count(const struct vector *v, const struct insn *d)
{
    unsigned op = d->opcode;
    if (op == 0xc0 || op == 0xc1 || op == 0xfa4 || op == 0xfac) {
        return v->bytes[d->length - 1] & 31;
    }
    return op == 0xd0 || op == 0xd1 ? 1 : v->before.reg[VR_ECX] & 31;
}

static uint32_t undefined_by_shift(const struct vector *v, const struct insn *d)
{
    unsigned count = shift_count(v, d), bits = d->opcode & 1 ? d->wide ? 32 : 16 : 8;
    if (count == 0)
        return 0;
    uint32_t f = count == 1 ? 0 : OF;
    if (d->reg < 4) /* rotates */
        return f;
    /* SAL, SHR: CF too once the count reaches the operand's size; SAR fills with the sign */
    return f | AF | (d->reg != 7 && count >= bits ? CF : 0);
}

static uint32_t undefined_flags(const struct vector *v, const struct insn *d)
{
    unsigned op = d->opcode;
    if (op < 0x40 && (op & 7) < 6) /* OR AND XOR */
        return (op >> 3 == 1 || op >> 3 == 4 || op >> 3 == 6) ? AF : 0;
    switch (op) {
    case 0x27: case 0x2f: /* DAA DAS */
        return OF;
    case 0x37: case 0x3f: /* AAA AAS */
        return OF | SF | ZF | PF;
    case 0x69: case 0x6b: case 0xfaf: /* IMUL */
        return SF | ZF | AF | PF;
    case 0x80: case 0x81: case 0x82: case 0x83:
        return d->reg == 1 || d->reg == 4 || d->reg == 6 ? AF : 0;
    case 0x84: case 0x85: case 0xa8: case 0xa9: /* TEST */
        return AF;
    case 0xc0: case 0xc1: case 0xd0: case 0xd1: case 0xd2: case 0xd3:
        return undefined_by_shift(v, d);
    case 0xd4: /* AAM: all when it divides by 0 */
        return v->exception == 0 ? ALL : OF | AF | CF;
    case 0xd5: /* AAD */
        return OF | AF | CF;
    case 0xf6: case 0xf7:
        return d->reg < 2 ? AF : d->reg < 4 ? 0 : d->reg < 6 ? SF | ZF | AF | PF : ALL;
    case 0xfa3: case 0xfab: case 0xfb3: case 0xfbb: case 0xfba: /* BT BTS BTR BTC: ZF stays */
        return OF | SF | AF | PF;
    case 0xfa4: case 0xfa5: case 0xfac: case 0xfad: { /* SHLD SHRD */
        unsigned count = shift_count(v, d);
        return count == 0 ? 0 : count > (d->wide ? 32u : 16u) ? ALL : count == 1 ? AF : AF | OF;
    }
    case 0xfbc: case 0xfbd: /* BSF BSR */
        return ALL & ~ZF;
    default:
        return 0;
    }
}

/* ---- what has changed ---- */

/* metadata.json: {"opcodes": {"F6": {"reg": {"7": {"status": ..., "flags-mask": ...}}}}} */
static const json_t *metadata_of(const struct vector_suite *s, const struct vector_file *f)
{
    char opcode[sizeof(f->opcode)], *dot;
    snprintf(opcode, sizeof(opcode), "%s", f->opcode);
    if ((dot = strchr(opcode, '.')) != NULL)
        *dot++ = 0;
    const json_t *o = json_object_get(json_object_get(s->metadata, "opcodes"), opcode);
    return dot != NULL && json_object_get(o, "reg") != NULL ? json_object_get(json_object_get(o, "reg"), dot) : o;
}

/* SDM volume 2, LOCK: what it may stand before, with a destination in memory. */
static bool lockable(const struct insn *d)
{
    unsigned op = d->opcode;
    if (!d->memory)
        return false;
    if (op < 0x38 && (op & 7) < 2)
        return true;
    if (op >= 0x80 && op <= 0x83)
        return d->reg != 7;
    if (op == 0xf6 || op == 0xf7)
        return d->reg == 2 || d->reg == 3;
    if (op == 0xfe || op == 0xff)
        return d->reg < 2;
    return op == 0x86 || op == 0x87 || op == 0xfab || op == 0xfb3 || op == 0xfbb || (op == 0xfba && d->reg > 4);
}

/* ---- 8086 to 286 ---- */

/* Pushes or pops words. */
static bool uses_stack(const struct insn *d)
{
    unsigned op = d->opcode;
    if (op < 0x20)
        return (op & 7) >= 6;
    if (op == 0xff)
        return d->reg == 2 || d->reg == 3 || d->reg == 6;
    return (op >= 0x50 && op <= 0x61) || op == 0x68 || op == 0x6a || op == 0x8f || op == 0x9a || op == 0x9c || op == 0x9d ||
           op == 0xc2 || op == 0xc3 || (op >= 0xc8 && op <= 0xcf) || op == 0xe8;
}

/* ModRM's operand lies in SS (addresses of 16 bits). */
static bool operand_in_ss(const struct insn *d)
{
    unsigned rm = d->modrm & 7;
    bool by_bp = rm == 2 || rm == 3 || (rm == 6 && d->modrm >= 0x40);
    return d->memory && (d->segment != 0 ? d->segment == 0x36 : by_bp);
}

static bool touches(const struct vector *v, uint32_t at)
{
    const struct vector_state *states[] = { &v->before, &v->after };
    for (unsigned k = 0; k < 2; k++)
        for (uint32_t i = 0; i < states[k]->n_ram; i++)
            if (states[k]->ram[i].at == (at & 0xfffff))
                return true;
    return false;
}

/* A word at FFFF goes on at 0 of its segment. */
static bool wraps(const struct vector *v)
{
    static const uint8_t segments[] = { VR_DS, VR_ES, VR_SS, VR_CS };
    for (unsigned i = 0; i < sizeof(segments); i++) {
        uint32_t base = v->before.reg[segments[i]] << 4;
        if (touches(v, base + 0xffff) && touches(v, base))
            return true;
    }
    return false;
}

static const char *since_8086(const struct vector *v, const struct insn *d)
{
    unsigned op = d->opcode;
    bool divides = op == 0xd4 || ((op == 0xf6 || op == 0xf7) && d->reg >= 6);
    if (op == 0x54 || (op == 0xff && d->reg == 6 && d->modrm == 0xf4))
        return "PUSH SP stores SP before the push since the 286";
    if (v->before.reg[VR_EIP] + d->length >= 0x10000)
        return "IP wraps inside or after the instruction; #GP since the 386";
    if (wraps(v))
        return "a word wraps around its segment's end; #GP or #SS since the 286";
    if (divides && v->after.present >> VR_CS & 1)
        return "a divide error returns behind the instruction; to it since the 286";
    if (d->reg > 3 && (op == 0x8c || op == 0x8e))
        return "two bits choose the segment register; three since the 386";
    if (op == 0x8e && d->reg == 1)
        return "MOV to CS; #UD since the 186";
    if (d->reg != 0 && (op == 0x8f || op == 0xc6 || op == 0xc7))
        return "ModRM.reg is ignored; #UD unless it is 0 since the 186";
    if (op == 0xf6 || op == 0xf7)
        return d->rep ? "REP negates what a division gives; ignored since" : NULL;
    if ((op == 0xc0 || op == 0xc1 || op == 0xd2 || op == 0xd3) && v->before.reg[VR_ECX] & 0xe0)
        return "a shift counts beyond 31; five bits since the 186";
    if (op == 0x27 || op == 0x2f || op == 0x37 || op == 0x3f)
        return "decimal adjustment of what is no decimal differs between the 8086 and later processors";
    return NULL;
}

static int byte_after(const struct vector *v, uint32_t at)
{
    for (uint32_t i = 0; i < v->after.n_ram; i++)
        if (v->after.ram[i].at == at)
            return v->after.ram[i].value;
    return -1;
}

/* A few recordings show an exception's frame with SS where CS belongs. */
static bool frame_is_torn(const struct vector *v)
{
    uint32_t sp = v->after.reg[VR_ESP], ss = v->before.reg[VR_SS], cs = v->before.reg[VR_CS];
    uint32_t at = (ss << 4) + ((sp + 2) & 0xffff);
    return v->exception >= 0 && ss != cs && byte_after(v, at) == (int)(ss & 0xff) && byte_after(v, at + 1) == (int)(ss >> 8);
}

/* Longest instruction: 10 bytes on a 286, none on an 8086, 15 since the 386 (SDM volume 3, 23.29) */
static const char *since_286(const struct vector *v, const struct insn *d)
{
    uint32_t sp = v->before.reg[VR_ESP];
    unsigned op = d->opcode;
    bool undefined = (op == 0xc6 || op == 0xc7 || op == 0x8f) && d->reg != 0;
    if ((d->length > 10 && d->length <= 15) || (undefined && v->exception == 13))
        return "the instruction is longer than 10 bytes: #GP on a 286, 15 are allowed since the 386";
    if (op == 0xf6 && d->reg == 7 && v->exception < 0 && (v->after.reg[VR_EAX] & 0xff) == 0x80)
        return "IDIV of bytes gives -128 where the quotient does not fit; #DE by the manual";
    if (frame_is_torn(v))
        return "the recording shows SS pushed in place of CS";
    if (v->exception == 13 && (operand_in_ss(d) || (uses_stack(d) && (op == 0xc9 ? v->before.reg[VR_EBP] : sp) >= 0xfff0)))
        return "exception 13 at the end of SS; #SS (12) since the 386";
    if (v->exception == 13 && ((op & ~3u) == 0x6c || (op >= 0xa4 && op <= 0xaf && (op & ~1u) != 0xa8)))
        return "a string instruction faults after it moved SI, DI or CX on; not since the 386";
    if (v->exception == 13 && op == 0x8f)
        return "POP faults after it moved SP on; not since the 386";
    if ((op == 0x62 || op == 0xc4 || op == 0xc5 || (op == 0xff && (d->reg == 3 || d->reg == 5))) && wraps(v))
        return "two words, each inside its segment; one operand beyond its end since the 386";
    if ((op == 0x8c || op == 0x8e) && v->exception == 6 && (d->reg == 4 || d->reg == 5))
        return "FS and GS came with the 386";
    return NULL;
}

static const char *since_386(const struct vector *v, const struct insn *d)
{
    if ((v->before.reg[VR_CR0] & 0xf) != 0)
        return "begins with CR0.PE, MP, EM or TS set";
    switch (d->opcode) {
    case 0xf20: case 0xf21:
        return "reads a control or debug register, whose reserved bits are another processor's";
    case 0xf22: case 0xf23:
        return "writes a control or debug register at random: #GP for what was reserved";
    case 0xf24: case 0xf26:
        return "test registers are gone since the Pentium";
    case 0xf01:
        return d->reg == 4 || d->reg == 6 ? "SMSW, LMSW: CR0's reserved bits are another processor's" : NULL;
    default:
        return NULL;
    }
}

const char *vector_difference(const struct vector_suite *s, const struct vector_file *f, const struct vector *v,
                              uint32_t *flags)
{
    const struct insn d = decode(f, v);
    const json_t *about = metadata_of(s, f), *mask = json_object_get(about, "flags-mask");
    const char *status = json_string_value(json_object_get(about, "status"));

    *flags = ~undefined_flags(v, &d);
    if (json_is_integer(mask))
        *flags &= (uint32_t)json_integer_value(mask) | 0xffff0000;
    for (size_t i = 0; i < s->n_revoked; i++)
        if (strcmp(s->revoked[i], v->hash) == 0)
            return "revoked by the suite";
    /* What a 286 had beside its manual (SAL as /6, SALC, 82h) all have since; an 8086's 60h to 6Fh nobody has. */
    bool kept = f->cpu != VC_8086 && status != NULL &&
                (strcmp(status, "alias") == 0 || strcmp(status, "undocumented") == 0);
    if (status != NULL && strcmp(status, "normal") != 0 && !kept)
        return "the suite calls it undocumented, an alias, a prefix or a coprocessor's";
    if (f->cpu != VC_386 && d.lock && !lockable(&d))
        return "LOCK is accepted before any instruction here; #UD since the 386";
    return f->cpu == VC_386 ? since_386(v, &d) : f->cpu == VC_286 ? since_286(v, &d) : since_8086(v, &d);
}
