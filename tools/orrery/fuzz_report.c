/* SPDX-License-Identifier: Apache-2.0 */
/* What random programs executed, by encoding: for people and as JSON. */
#include "tools/orrery/fuzz.h"
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

struct verdict {
    const char *reason; /* why not, or NULL */
    bool missing;
};

static struct verdict judge(const struct fuzz_isa *isa, const struct cpu *cpu,
                            const struct fuzz_coverage *c, uint16_t form)
{
    struct verdict v = { 0 };
    bool by_trap = false;
    if (c->retired[form] != 0)
        return v;
    v.reason = isa->excused(cpu, form, &by_trap);
    v.missing = v.reason == NULL || (by_trap && c->trapped[form] + c->illegal[form] == 0);
    return v;
}

unsigned fuzz_missing(const struct fuzz_isa *isa, const struct cpu *cpu, const struct fuzz_coverage *c)
{
    unsigned n = 0;
    for (uint16_t form = 0; form < isa->n_forms; form++)
        n += judge(isa, cpu, c, form).missing;
    return n;
}

static void write_table(const struct fuzz_isa *isa, const struct cpu *cpu,
                        const struct fuzz_coverage *c, FILE *out)
{
    fprintf(out, "%-16s %14s %14s %14s\n", "encoding", "executed", "illegal", "other traps");
    for (uint16_t form = 0; form < isa->n_forms; form++) {
        struct verdict v = judge(isa, cpu, c, form);
        fprintf(out, "%-16s %14" PRIu64 " %14" PRIu64 " %14" PRIu64 "%s%s\n", isa->descs[form].name,
                c->retired[form], c->illegal[form], c->trapped[form],
                v.missing ? "  never executed" : v.reason ? "  " : "",
                v.missing || !v.reason ? "" : v.reason);
    }
    fprintf(out, "%-16s %14s %14" PRIu64 "\n", "(no row)", "", c->undecodable);
    fprintf(out, "\n%-40s %14s\n", "exceptions", "taken");
    for (unsigned i = 0; i < FUZZ_CAUSES; i++)
        if (isa->cause_names[i] != NULL)
            fprintf(out, "%-40s %14" PRIu64 "\n", isa->cause_names[i], c->cause[i]);
}

static json_t *as_json(const struct fuzz_isa *isa, const struct cpu *cpu,
                       const struct fuzz_coverage *c, const struct fuzz_totals *t)
{
    json_t *forms = json_array();
    for (uint16_t form = 0; form < isa->n_forms; form++) {
        struct verdict v = judge(isa, cpu, c, form);
        json_t *entry = json_pack("{s:s,s:I,s:I,s:I,s:b}", "encoding", isa->descs[form].name, "executed",
                                  (json_int_t)c->retired[form], "illegal", (json_int_t)c->illegal[form],
                                  "other_traps", (json_int_t)c->trapped[form], "missing", v.missing);
        if (v.reason)
            json_object_set_new(entry, "reason", json_string(v.reason));
        json_array_append_new(forms, entry);
    }
    json_t *causes = json_object();
    for (unsigned i = 0; i < FUZZ_CAUSES; i++)
        if (isa->cause_names[i] != NULL)
            json_object_set_new(causes, isa->cause_names[i], json_integer((json_int_t)c->cause[i]));
    return json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:i,s:o,s:o}", "isa", isa->name, "seed",
                     (json_int_t)t->seed, "programs", (json_int_t)t->programs, "instructions",
                     (json_int_t)c->program, "instructions_with_handlers",
                     (json_int_t)t->instructions, "undecodable", (json_int_t)c->undecodable, "missing",
                     (int)fuzz_missing(isa, cpu, c), "exceptions", causes, "encodings", forms);
}

int fuzz_write_report(const struct fuzz_isa *isa, const struct cpu *cpu, const struct fuzz_coverage *c,
                      const struct fuzz_totals *t, const char *path, struct err *e)
{
    size_t n = strlen(path);
    bool json = n > 5 && strcmp(path + n - 5, ".json") == 0;
    FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
    if (out == NULL)
        return err_set_errno(e, ERR_IO, errno, "cannot write the report '%s'", path);
    if (json) {
        json_t *all = as_json(isa, cpu, c, t);
        json_dumpf(all, out, JSON_INDENT(1));
        json_decref(all);
        fputc('\n', out);
    } else {
        write_table(isa, cpu, c, out);
    }
    bool failed = ferror(out) != 0;
    if (out != stdout && fclose(out) != 0)
        failed = true;
    return failed ? err_set(e, ERR_IO, "cannot write the report '%s'", path) : 0;
}

void fuzz_print_summary(const struct fuzz_isa *isa, const struct cpu *cpu,
                        const struct fuzz_coverage *c, const struct fuzz_totals *t, FILE *out)
{
    unsigned executed = 0, excused = 0;
    for (uint16_t form = 0; form < isa->n_forms; form++) {
        struct verdict v = judge(isa, cpu, c, form);
        executed += c->retired[form] != 0;
        excused += v.reason != NULL && !v.missing;
    }
    fprintf(out,
            "%" PRIu64 " random instructions (%" PRIu64 " with trap handlers) in %" PRIu64
            " programs, %.1f s, %.2f million a second: no difference\n",
            c->program, t->instructions, t->programs, t->seconds,
            (double)t->instructions / t->seconds * 1e-6);
    fprintf(out, "%" PRIu64 " blocks translated, %" PRIu64 " grown into regions, %" PRIu64 " dropped\n",
            t->blocks, t->regions, t->dropped);
    fprintf(out, "%u of %u encodings executed, %u cannot be, %u are missing\n", executed, isa->n_forms,
            excused, fuzz_missing(isa, cpu, c));
    for (uint16_t form = 0; form < isa->n_forms; form++) {
        struct verdict v = judge(isa, cpu, c, form);
        if (v.missing)
            fprintf(out, "  never executed: %s\n", isa->descs[form].name);
    }
}
