/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of the models, for people and for programs. */
#include "core/timing/model.h"
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

static uint64_t counter(const struct tm_cpu *t, const struct tm_stat *s)
{
    uint64_t v;
    memcpy(&v, (const char *)t + s->at, sizeof(v));
    return v;
}

static double per_cycle(uint64_t insns, uint64_t cycles)
{
    return cycles == 0 ? 0 : (double)insns / (double)cycles;
}

const uint64_t *tm_find_stat(const struct tm_cpu *t, const char *name)
{
    for (uint32_t i = 0; i < t->model->n_stats; i++)
        if (strcmp(t->model->stats[i].name, name) == 0)
            return (const uint64_t *)(const void *)((const uint8_t *)t + t->model->stats[i].at);
    return NULL;
}

static void print_json(struct tm_cpu *const *tms, uint32_t n, const uint64_t *insns,
                       const uint64_t *cycles, FILE *out)
{
    json_t *root = json_object(), *cpus = json_array();
    json_object_set_new(root, "model", json_string(n == 0 ? "" : tms[0]->model->name));
    for (uint32_t i = 0; i < n; i++) {
        const struct tm_model *m = tms[i]->model;
        json_t *o = json_object();
        json_object_set_new(o, "cpu", json_integer(i));
        json_object_set_new(o, "instructions", json_integer((json_int_t)insns[i]));
        json_object_set_new(o, "cycles", json_integer((json_int_t)cycles[i]));
        json_object_set_new(o, "ipc", json_real(per_cycle(insns[i], cycles[i])));
        for (uint32_t k = 0; k < m->n_stats; k++)
            json_object_set_new(o, m->stats[k].name,
                                json_integer((json_int_t)counter(tms[i], &m->stats[k])));
        json_array_append_new(cpus, o);
    }
    json_object_set_new(root, "cpus", cpus);
    if (json_dumpf(root, out, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6)) < 0)
        fputs("{}", out); /* no memory: still one object */
    json_decref(root);
}

void tm_print_stats(struct tm_cpu *const *tms, uint32_t n, const uint64_t *insns,
                    const uint64_t *cycles, bool json, FILE *out)
{
    if (json) {
        print_json(tms, n, insns, cycles, out);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct tm_model *m = tms[i]->model;
        fprintf(out, "cpu%u, timing model %s\n", i, m->name);
        fprintf(out, "  %-28s %16" PRIu64 "\n", "instructions", insns[i]);
        fprintf(out, "  %-28s %16" PRIu64 "\n", "cycles", cycles[i]);
        fprintf(out, "  %-28s %16.3f\n", "instructions per cycle", per_cycle(insns[i], cycles[i]));
        for (uint32_t k = 0; k < m->n_stats; k++)
            fprintf(out, "  %-28s %16" PRIu64 " %-10s %s\n", m->stats[k].name,
                    counter(tms[i], &m->stats[k]), m->stats[k].unit, m->stats[k].meaning);
    }
}
