/* SPDX-License-Identifier: Apache-2.0 */
/* A CPU's sets: how it gets them, and which is current. */
#include "mmu/tlb_impl.h"
#include <stdlib.h>
#include <string.h>

static struct mmu_set *add_set(struct mmu_pool *p)
{
    if (p->n_sets != 0 && p->n_sets >= MIN(MMU_ALL_SETS / p->cpu->machine->mmu->n_pools, MMU_SETS))
        return NULL;
    struct mmu_set *set = aligned_alloc(64, (sizeof(*set) + 63) & ~(size_t)63);
    if (set == NULL)
        return NULL;
    memset(set->homes, 0, sizeof(set->homes));
    p->sets[p->n_sets] = set;
    p->tags[p->n_sets] = (struct mmu_tag){ .filled = false };
    set->n_log = MMU_LOG + 1; /* all of it is to be emptied */
    mmu_clear_set(p, p->n_sets++);
    return set;
}

static void map_changed(void *arg)
{
    mmu_flush_all_cpus(((struct mmu_machine *)arg)->machine);
}

static void alone(void *arg, bool begin)
{
    machine_alone(arg, begin);
}

static int machine_part_of(struct machine *m, struct err *e)
{
    if (m->mmu == NULL) {
        m->mmu = ARENA_NEW(&m->arena, struct mmu_machine);
        if (m->mmu == NULL)
            return err_set(e, ERR_NOMEM, "no memory for the software TLB");
        m->mmu->machine = m;
    }
    if (!m->mmu->listening && mem_add_listener(m->memory, map_changed, m->mmu) < 0)
        return err_set(e, ERR_NOMEM, "no memory for the software TLB");
    m->mmu->listening = true;
    if (m->parallel && m->mmu->stripes == NULL) {
        size_t bytes = MMU_STRIPES * sizeof(*m->mmu->stripes);
        m->mmu->stripes = aligned_alloc(sizeof(*m->mmu->stripes), bytes);
        if (m->mmu->stripes == NULL)
            return err_set(e, ERR_NOMEM, "no memory for the software TLB");
        memset(m->mmu->stripes, 0, bytes);
        mem_share(m->memory, alone, m);
    }
    return 0;
}

int mmu_attach(struct cpu *cpu, struct err *e)
{
    int rc = machine_part_of(cpu->machine, e);
    if (rc < 0)
        return rc;
    if (cpu->index >= MMU_MAX_CPUS)
        return err_set(e, ERR_LIMIT, "%s: more than %u CPUs", cpu->name, MMU_MAX_CPUS);
    struct mmu_pool *p = calloc(1, sizeof(*p));
    if (p == NULL || add_set(p) == NULL) {
        free(p);
        return err_set(e, ERR_NOMEM, "%s: no memory for the software TLB", cpu->name);
    }
    struct mmu_pool **end = &cpu->machine->mmu->pools;
    while (*end != NULL)
        end = &(*end)->next;
    *end = p;
    cpu->machine->mmu->pool[cpu->index] = p;
    cpu->machine->mmu->n_pools++;
    cpu->machine->mmu->n_indices = MAX(cpu->machine->mmu->n_indices, cpu->index + 1);
    p->cpu = cpu;
    p->uses = p->tags[0].last_use = 1;
    cpu->mmu_private = p;
    cpu->set = p->sets[0];
    return 0;
}

void mmu_detach(struct cpu *cpu)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    if (p == NULL)
        return;
    cpu->machine->mmu->pool[cpu->index] = NULL;
    cpu->machine->mmu->guarded[cpu->index] = NULL;
    for (struct mmu_pool **at = &cpu->machine->mmu->pools; *at != NULL; at = &(*at)->next) {
        if (*at == p) {
            *at = p->next;
            cpu->machine->mmu->n_pools--;
            break;
        }
    }
    if (cpu->machine->mmu->pools == NULL) {
        free(cpu->machine->mmu->watches);
        cpu->machine->mmu->watches = NULL;
        cpu->machine->mmu->n_watches = 0;
        free(cpu->machine->mmu->stripes);
        cpu->machine->mmu->stripes = NULL;
    }
    for (uint32_t i = 0; i < p->n_sets; i++)
        free(p->sets[i]);
    free(p);
    cpu->mmu_private = NULL;
    cpu->set = NULL;
}

/* ---- contexts ---- */

/* A free set, a new one, or the one not used for longest. */
static uint32_t victim(struct mmu_pool *p)
{
    uint32_t oldest = 0;
    for (uint32_t i = 0; i < p->n_sets; i++) {
        if (p->tags[i].last_use == 0)
            return i;
        if (p->tags[i].last_use < p->tags[oldest].last_use)
            oldest = i;
    }
    return add_set(p) != NULL ? p->n_sets - 1 : oldest;
}

static bool is_of(const struct mmu_tag *t, uint64_t key, uint32_t asid, uint32_t vmid)
{
    return t->key == key && t->asid == asid && t->vmid == vmid && t->last_use != 0;
}

/* The set of that context, emptied if it was another's. Never the current one's place. */
static uint32_t find_set(struct mmu_pool *p, uint64_t key, uint32_t asid, uint32_t vmid)
{
    uint32_t i = p->previous;
    if (!is_of(&p->tags[i], key, asid, vmid)) {
        for (i = 0; i < p->n_sets && !is_of(&p->tags[i], key, asid, vmid);)
            i++;
        if (i == p->n_sets) {
            i = victim(p);
            mmu_clear_set(p, i);
            p->tags[i].key = key;
            p->tags[i].asid = asid;
            p->tags[i].vmid = vmid;
        }
    }
    p->tags[i].last_use = ++p->uses;
    return i;
}

static void make_current(struct mmu_pool *p, uint32_t i)
{
    p->previous = p->current;
    p->current = i;
    p->other_regime = 0;
    p->cpu->set = p->sets[i];
}

bool mmu_select_back(struct cpu *cpu, uint64_t key, uint32_t asid, uint32_t vmid)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    struct mmu_tag *t = &p->tags[p->previous];
    if (UNLIKELY(!is_of(t, key, asid, vmid)))
        return false;
    t->last_use = ++p->uses;
    make_current(p, p->previous);
    return true;
}

void mmu_select(struct cpu *cpu, uint64_t key, uint32_t asid, uint32_t vmid)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    if (UNLIKELY(!mmu_select_back(cpu, key, asid, vmid)))
        make_current(p, find_set(p, key, asid, vmid));
}

uint32_t mmu_set_of(struct cpu *cpu, unsigned regime)
{
    struct mmu_pool *p = mmu_pool_of(cpu);
    uint64_t key;
    uint32_t asid, vmid;
    if (regime == 0)
        return p->current;
    if (LIKELY(p->other_regime == regime))
        return p->other;
    if (cpu->isa->regime_context == NULL || !cpu->isa->regime_context(cpu, regime, &key, &asid, &vmid))
        return MMU_NO_SET;
    p->tags[p->current].last_use = ++p->uses;
    p->other = find_set(p, key, asid, vmid);
    p->other_regime = regime;
    return p->other;
}
