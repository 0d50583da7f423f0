/* SPDX-License-Identifier: Apache-2.0 */
/* What `orrery bench` makes of times: medians and ranges of each job, geometric means of groups, as a table or JSON. */
#include "tools/orrery/bench.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct bench_spread bench_spread_of(const double *values, unsigned n)
{
    double v[BENCH_RUNS_MAX];

    if (n == 0)
        return (struct bench_spread){ 0 };
    memcpy(v, values, n * sizeof(*v));
    qsort(v, n, sizeof(*v), by_value);
    return (struct bench_spread){ v[0], n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2, v[n - 1] };
}

struct bench_summary bench_summarise(const struct bench_result *r, size_t n, const char *group)
{
    struct bench_summary s = { .geomean = 0 };
    double logs = 0;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(r[i].group, group) != 0)
            continue;
        if (r[i].failed || r[i].speed.median <= 0) {
            s.failed++;
            continue;
        }
        if (s.jobs++ == 0 || r[i].speed.median < s.least) {
            s.least = r[i].speed.median;
            s.slowest = r[i].name;
        }
        logs += log(r[i].speed.median);
    }
    s.geomean = s.jobs ? exp(logs / s.jobs) : 0;
    return s;
}

/* Whether no result before `i` is of the same group. */
static bool is_first_of_group(const struct bench_result *r, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(r[k].group, r[i].group) == 0)
            return false;
    return true;
}

/* ---- the table ---- */

void bench_print_head(const struct bench *b)
{
    if (b->qemu)
        printf("peer: %s; speed is its %s time by Orrery's, memory Orrery's peak by its\n", b->qemu, b->cpu_time ? "CPU" : "wall");
    printf("%2u runs, %-9s %11s %8s %12s   %12s   %s\n", b->runs, b->target->name, "Orrery", "MIPS", "translating",
           b->qemu ? "QEMU" : "", b->qemu ? "speed (min..max)    memory" : "(min..max)");
    fflush(stdout);
}

static const char *time_text(double seconds, bool events, char text[16])
{
    if (events)
        snprintf(text, 16, "%.1f ns", 1e9 * seconds);
    else
        snprintf(text, 16, "%.3f s", seconds);
    return text;
}

void bench_print_result(const struct bench *b, const struct bench_result *r)
{
    char ours[16], theirs[16], most[16];

    printf("%-18s %12s %8.0f %10.1f %%", r->name, time_text(r->ours.median, r->events, ours), r->mips.median, r->translating.median);
    if (b->qemu)
        printf("   %12s   %6.2fx (%.2f..%.2f)   %.2fx\n", time_text(r->theirs.median, r->events, theirs), r->speed.median,
               r->speed.least, r->speed.most, r->memory.median);
    else
        printf("   (%s..%s)\n", time_text(r->ours.least, r->events, theirs), time_text(r->ours.most, r->events, most));
    if (r->translation)
        printf("%-18s first tier: %.1f MB/s (%.1f..%.1f) of guest code until it runs the first time; %.1f (%.1f..%.1f) with "
               "the runs that were interpreted\n", "",
               r->first_tier.median, r->first_tier.least, r->first_tier.most, r->first_run.median, r->first_run.least,
               r->first_run.most);
    if (r->cpus > 1)
        printf("%-18s %u CPUs: %.2fx (%.2f..%.2f) as fast as one; %u machines of one CPU at once: %.2fx (%.2f..%.2f); of "
               "that %.2f (%.2f..%.2f)\n", "",
               r->cpus, r->scaling.median, r->scaling.least, r->scaling.most, r->cpus, r->host.median, r->host.least, r->host.most,
               r->part.median, r->part.least, r->part.most);
    fflush(stdout);
}

void bench_print_groups(const struct bench *b, const struct bench_result *r, size_t n)
{
    for (size_t i = 0; b->qemu && i < n; i++) {
        if (!is_first_of_group(r, i))
            continue;
        struct bench_summary s = bench_summarise(r, n, r[i].group);
        printf("%-18s ", r[i].group);
        if (s.jobs)
            printf("geometric mean %.2fx of %u, least %.2fx (%s)", s.geomean, s.jobs, s.least, s.slowest);
        if (s.failed)
            printf("%s%u not measured", s.jobs ? "; " : "", s.failed);
        printf("\n");
    }
    fflush(stdout);
}

/* ---- JSON ---- */

static json_t *spread_json(struct bench_spread s)
{
    return json_pack("{s:f,s:f,s:f}", "min", s.least, "median", s.median, "max", s.most);
}

static json_t *result_json(const struct bench *b, const struct bench_result *r)
{
    const char *unit = r->events ? "seconds an event" : "seconds";
    json_t *entry = json_pack("{s:s,s:s,s:b}", "name", r->name, "group", r->group, "failed", (int)r->failed);

    if (r->failed)
        return entry;
    json_object_set_new(entry, "unit", json_string(unit));
    json_object_set_new(entry, "orrery_seconds", spread_json(r->ours));
    json_object_set_new(entry, "mips", spread_json(r->mips));
    json_object_set_new(entry, "translating_percent", spread_json(r->translating));
    if (r->translation)
        json_object_set_new(entry, "translated_megabytes_a_second", spread_json(r->first_tier));
    if (r->translation)
        json_object_set_new(entry, "first_run_megabytes_a_second", spread_json(r->first_run));
    if (r->cpus > 1) {
        json_object_set_new(entry, "speedup_by_cpus", spread_json(r->scaling));
        json_object_set_new(entry, "speedup_by_machines", spread_json(r->host));
        json_object_set_new(entry, "speedup_by_cpus_of_that", spread_json(r->part));
    }
    if (b->qemu) {
        json_object_set_new(entry, "qemu_seconds", spread_json(r->theirs));
        json_object_set_new(entry, "speedup", spread_json(r->speed));
        json_object_set_new(entry, "memory_ratio", spread_json(r->memory));
    }
    return entry;
}

json_t *bench_json(const struct bench *b, const struct bench_result *r, size_t n)
{
    json_t *results = json_array(), *groups = json_array();

    for (size_t i = 0; i < n; i++) {
        json_array_append_new(results, result_json(b, &r[i]));
        if (!b->qemu || !is_first_of_group(r, i))
            continue;
        struct bench_summary s = bench_summarise(r, n, r[i].group);
        json_array_append_new(groups, json_pack("{s:s,s:i,s:i,s:f,s:f,s:s}", "name", r[i].group, "measured", (int)s.jobs,
                                                "not_measured", (int)s.failed, "geomean", s.geomean, "least", s.least,
                                                "slowest", s.slowest ? s.slowest : ""));
    }
    return json_pack("{s:s,s:s,s:s,s:i,s:o,s:o}", "arch", b->target->name, "time", b->cpu_time ? "cpu" : "wall", "peer",
                     b->qemu ? b->qemu : "", "runs", (int)b->runs, "results", results, "groups", groups);
}
