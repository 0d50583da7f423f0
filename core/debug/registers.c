/* SPDX-License-Identifier: Apache-2.0 */
/* Registers as gdb sees them: the target description and their values. */
#include "core/debug/gdb_impl.h"
#include "core/util/bytes.h"
#include "core/util/bits.h"
#include <stdlib.h>
#include <string.h>

#define XML_BYTES (1u << 20)

/* A vector of 128 bits in all the ways it is looked at, if a register of the feature has that type. */
static void print_vec128(FILE *f, const struct cpu_reg *regs, uint32_t n, const char *feature)
{
    static const struct {
        const char *field, *type;
        unsigned count;
    } views[] = { { "v4_float", "ieee_single", 4 }, { "v2_double", "ieee_double", 2 }, { "v16_int8", "int8", 16 },
                  { "v8_int16", "int16", 8 },       { "v4_int32", "int32", 4 },        { "v2_int64", "int64", 2 } };
    uint32_t i = 0;
    while (i < n && (strcmp(regs[i].feature, feature) != 0 || strcmp(regs[i].type, "vec128") != 0))
        i++;
    if (i == n)
        return;
    for (unsigned k = 0; k < ARRAY_LEN(views); k++)
        fprintf(f, "<vector id=\"vec_%s\" type=\"%s\" count=\"%u\"/>", views[k].field, views[k].type, views[k].count);
    fprintf(f, "<union id=\"vec128\">");
    for (unsigned k = 0; k < ARRAY_LEN(views); k++)
        fprintf(f, "<field name=\"%s\" type=\"vec_%s\"/>", views[k].field, views[k].field);
    fprintf(f, "<field name=\"uint128\" type=\"uint128\"/></union>");
}

/* The `n` registers of a feature, in the order of the ISA's list, one <reg> each. */
static void print_feature(FILE *f, const struct cpu_reg *regs, uint32_t n, const char *feature)
{
    fprintf(f, "<feature name=\"%s\">", feature);
    if (strstr(feature, "fpu"))
        fprintf(f, "<union id=\"float_any\"><field name=\"float\" type=\"ieee_single\"/>"
                   "<field name=\"double\" type=\"ieee_double\"/></union>");
    print_vec128(f, regs, n, feature);
    for (uint32_t i = 0; i < n; i++) {
        const struct cpu_reg *r = &regs[i];
        if (strcmp(r->feature, feature) != 0)
            continue;
        const char *type = strcmp(r->type, "ieee_double") == 0 && strstr(feature, "fpu")
                               ? "float_any" : r->type;
        fprintf(f, "<reg name=\"%s\" bitsize=\"%u\" regnum=\"%u\" type=\"%s\" group=\"%s\"/>",
                r->name, r->bits, r->gdb_number, *type ? type : "int", r->group);
    }
    fprintf(f, "</feature>");
}

const char *gdb_target_xml(struct gdb *g)
{
    const struct cpu *cpu = exec_cpu(g->exec, 0);
    size_t size = 0;
    uint32_t n;

    if (g->xml)
        return g->xml;
    FILE *f = open_memstream(&g->xml, &size);
    if (!f)
        return NULL;
    const struct cpu_reg *regs = cpu->isa->regs(cpu, &n);
    fprintf(f, "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
               "<target version=\"1.0\"><architecture>%s</architecture>", cpu->isa->gdb_arch);
    for (uint32_t i = 0; i < n; i++) {
        bool seen = false;
        for (uint32_t k = 0; k < i && !seen; k++)
            seen = strcmp(regs[k].feature, regs[i].feature) == 0;
        if (!seen)
            print_feature(f, regs, n, regs[i].feature);
    }
    fprintf(f, "</target>");
    if (fclose(f) != 0 || size > XML_BYTES) {
        free(g->xml);
        g->xml = NULL;
    }
    return g->xml;
}

const struct cpu_reg *gdb_find_reg(struct gdb *g, uint32_t number)
{
    const struct cpu *cpu = gdb_cpu(g);
    uint32_t n;
    const struct cpu_reg *regs = cpu->isa->regs(cpu, &n);

    for (uint32_t i = 0; i < n; i++)
        if (regs[i].gdb_number == number)
            return &regs[i];
    return NULL;
}

void gdb_put_reg(struct gdb *g, const struct cpu_reg *r)
{
    uint8_t bytes[16] = { 0 };

    st_le64(bytes, r->get(gdb_cpu(g), r->arg));
    if (r->get_high)
        st_le64(bytes + 8, r->get_high(gdb_cpu(g), r->arg));
    gdb_put_hex(g, bytes, MIN(r->bits / 8u, sizeof(bytes)));
}

/* The g packet: the registers of the first feature (general ones and pc), in order of number. */
void gdb_read_all(struct gdb *g)
{
    const struct cpu *cpu = gdb_cpu(g);
    uint32_t n;
    const struct cpu_reg *regs = cpu->isa->regs(cpu, &n);

    for (uint32_t i = 0; i < n && strcmp(regs[i].feature, regs[0].feature) == 0; i++)
        gdb_put_reg(g, &regs[i]);
}

bool gdb_write_reg(struct gdb *g, const struct cpu_reg *r, const char *hex)
{
    uint8_t bytes[16] = { 0 };

    if (!gdb_unhex(hex, bytes, MIN(r->bits / 8u, sizeof(bytes))) || !r->set ||
        !r->set(gdb_cpu(g), r->arg, ld_le64(bytes)))
        return false;
    return !r->set_high || r->set_high(gdb_cpu(g), r->arg, ld_le64(bytes + 8));
}

bool gdb_write_all(struct gdb *g, const char *hex)
{
    const struct cpu *cpu = gdb_cpu(g);
    uint32_t n;
    const struct cpu_reg *regs = cpu->isa->regs(cpu, &n);
    size_t left = strlen(hex);

    for (uint32_t i = 0; i < n && strcmp(regs[i].feature, regs[0].feature) == 0; i++) {
        size_t digits = regs[i].bits / 4u;
        if (left < digits)
            return false;
        /* A register that cannot be written (x0) is passed over: gdb sends them all. */
        (void)gdb_write_reg(g, &regs[i], hex);
        hex += digits;
        left -= digits;
    }
    return true;
}
