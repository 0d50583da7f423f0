/* SPDX-License-Identifier: Apache-2.0 */
/* What -smp leaves out, as QEMU completes it. */
#include "core/util/bits.h"
#include "devices/board/board.h"
#include <inttypes.h>

/* Levels a board may lack, by what -smp calls them. */
static int check_levels(const struct board_topology *t, uint32_t levels, struct err *e)
{
    const struct {
        enum board_level level;
        uint32_t n;
        const char *name;
    } rows[] = { { BOARD_DIES, t->dies, "dies" }, { BOARD_CLUSTERS, t->clusters, "clusters" }, { BOARD_MODULES, t->modules, "modules" } };

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].n > 1 && !(levels & rows[i].level))
            return err_set(e, ERR_ARG, "%s > 1 not supported by this machine's CPU topology", rows[i].name);
    return 0;
}

static uint32_t or_one(uint32_t n)
{
    return n != 0 ? n : 1;
}

int board_complete_topology(struct board_topology *t, uint32_t levels, struct err *e)
{
    uint64_t most = t->max != 0 ? t->max : t->cpus;
    int r = check_levels(t, levels, e);

    if (r < 0)
        return r;
    t->dies = or_one(t->dies);
    t->clusters = or_one(t->clusters);
    t->modules = or_one(t->modules);
    /* Each is at most 4096 where they are read: so bounded, no product below overflows */
    uint64_t inner = (uint64_t)t->dies * t->clusters * t->modules;
    if (inner > 4096)
        return err_set(e, ERR_ARG, "dies (%u) * clusters (%u) * modules (%u) in a socket are too many; 4096 are accepted",
                       t->dies, t->clusters, t->modules);
    if (most == 0) {
        t->sockets = or_one(t->sockets);
        t->cores = or_one(t->cores);
        t->threads = or_one(t->threads);
    } else if (t->cores == 0) {
        t->sockets = or_one(t->sockets);
        t->threads = or_one(t->threads);
        t->cores = (uint32_t)(most / (inner * t->sockets * t->threads));
    } else if (t->sockets == 0) {
        t->threads = or_one(t->threads);
        t->sockets = (uint32_t)(most / (inner * t->cores * t->threads));
    } else if (t->threads == 0) {
        t->threads = (uint32_t)(most / (inner * t->cores * t->sockets));
    }
    uint64_t total = inner * t->sockets * t->cores * t->threads;
    if (most == 0)
        most = total;
    if (total != most || total > UINT32_MAX)
        return err_set(e, ERR_ARG, "Invalid CPU topology: product of the hierarchy must match maxcpus: sockets (%u) * dies (%u) * "
                       "clusters (%u) * modules (%u) * cores (%u) * threads (%u) != maxcpus (%" PRIu64 ")",
                       t->sockets, t->dies, t->clusters, t->modules, t->cores, t->threads, most);
    t->max = (uint32_t)most;
    if (t->cpus == 0)
        t->cpus = t->max;
    if (t->max < t->cpus)
        return err_set(e, ERR_ARG, "Invalid CPU topology: maxcpus must be equal to or greater than smp: maxcpus (%u) < smp_cpus (%u)",
                       t->max, t->cpus);
    if (t->cpus == 0)
        return err_set(e, ERR_ARG, "a machine without CPUs; give -smp 1 or more");
    return 0;
}
